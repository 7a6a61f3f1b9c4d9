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
/* More rows of one key by (time, source order), as gnp_feed_next_rows gives them; GN_ABSENT at the
 * end. */
int gnp_gather_next(gnp_gather *gather, bool *new_key, const gni_row **rows, size_t *count,
                    gn_error *err);
const gni_value *gnp_gather_keys(const gnp_gather *gather); /* of the newest row */

#endif
