/* Some keys of a GroupBy over events: folded, answered for many days, then emitted day by day.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A key has a row on each of many days, and each day has a file: rows of one file follow each other
 * when many keys are emitted at once, by ascending keys. A block belongs to one thread at a time.
 */
#ifndef GNOMON_SRC_FLOW_BLOCK_H
#define GNOMON_SRC_FLOW_BLOCK_H

#include "flow/job.h"

/* A finished row of a GroupBy: keys, and values before derivations. */
typedef struct gnp_answer {
  const gni_value *keys, *values;
} gnp_answer;

enum { GNP_ANSWERS_MAX = 64 /* rows at once: they are to stay near the processor */ };
/* Called with some rows of one day, by ascending keys. */
typedef int (*gnp_emit)(void *user, const gnp_answer *answers, size_t count, int32_t day,
                        gn_error *err);

typedef struct gnp_block gnp_block;

/* Snapshots at the ends of `days`, which outlive it; `ceiling_bytes` for the states of a key. */
int gnp_block_new(const gnp_job *job, const int32_t *days, size_t day_count, size_t ceiling_bytes,
                  gnp_block **out, gn_error *err);
void gnp_block_free(gnp_block *block); /* NULL does nothing */

/* A key, which is copied; then its rows, or its days' states, by time; then its end. */
int gnp_block_begin_key(gnp_block *block, const gni_value *keys, gn_error *err);
int gnp_block_add_rows(gnp_block *block, const gni_row *rows, size_t count, gn_error *err);
int gnp_block_add_day(gnp_block *block, int64_t start_ms, const gni_value *states, gn_error *err);
int gnp_block_end_key(gnp_block *block, gn_error *err);

/* Whether it is to be emitted before the next key begins. */
bool gnp_block_is_full(const gnp_block *block);
/* Emits all keys; then it is empty. */
int gnp_block_emit(gnp_block *block, gnp_emit emit, void *user, gn_error *err);

#endif
