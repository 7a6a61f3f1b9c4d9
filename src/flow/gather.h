/* Rows brought together by key in memory, so that the engine need not sort them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rows are taken in source order and kept as fixed 8-byte slots, texts once each. Keys are told
 * apart by a hash table, and only the keys are sorted; rows of a key mostly came in time order.
 * What does not fit in the ceiling, or comes in another order, is the engine's to sort. */
#ifndef GNOMON_SRC_FLOW_GATHER_H
#define GNOMON_SRC_FLOW_GATHER_H

#include "plan/plan.h"

typedef struct gnp_gather gnp_gather;

/* Whether the keys and inputs have types that fit the slots. */
bool gnp_gather_can(const gni_group *group);
int gnp_gather_new(const gni_group *group, const gn_alloc *alloc, size_t ceiling_bytes,
                   gnp_gather **out, gn_error *err);
void gnp_gather_free(gnp_gather *gather); /* NULL does nothing */
/* A batch of keys, inputs, time, day, source number and order in the source. GN_ABSENT: the rows
 * cannot be gathered; there is no more use for this object. */
int gnp_gather_add(gnp_gather *gather, const gni_column *columns, int64_t rows, gn_error *err);
/* After the last batch. */
int gnp_gather_finish(gnp_gather *gather, gn_error *err);
/* ---- all keys, one after another ---- */

/* More rows of one key by (time, source order), as gnp_feed_next_rows gives them; GN_ABSENT at the
 * end. Rows of keys before are given back. */
int gnp_gather_next(gnp_gather *gather, bool *new_key, const gni_row **rows, size_t *count,
                    gn_error *err);
const gni_value *gnp_gather_keys(const gnp_gather *gather); /* of the newest row */

/* ---- parts of the keys ----
 *
 * Each part has keys that follow each other, and a reader, which belongs to one thread; the readers
 * of different parts may be used at the same time. */

typedef struct gnp_reader gnp_reader;
typedef struct gnp_rows_of_key {
  const gni_row *rows; /* by (time, source order) */
  size_t count;
  bool is_first, is_last; /* whether the key has none before, none after them */
} gnp_rows_of_key;

int64_t gnp_gather_rows(const gnp_gather *gather);
int64_t gnp_gather_largest_key_rows(const gnp_gather *gather);
/* The reader of the part `index` of `count`, which have about as many rows each. */
int gnp_reader_new(gnp_gather *gather, size_t index, size_t count, gnp_reader **out, gn_error *err);
void gnp_reader_free(gnp_reader *reader); /* NULL does nothing */
/* Some rows of one key, until the next call; GN_ABSENT at the end. Rows of keys before are given
 * back to the allocator as their buckets end. */
int gnp_reader_next(gnp_reader *reader, gnp_rows_of_key *out, gn_error *err);
const gni_value *gnp_reader_keys(const gnp_reader *reader); /* of the newest rows */

#endif
