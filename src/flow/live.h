/* The live rows of one key, as a fetch folds them. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_LIVE_H
#define GNOMON_SRC_FLOW_LIVE_H

#include "flow/serving.h"

/* Rows of events, or changes of entities; one of both, in the order of the stream. Kept between
 * reads, so that a warm one allocates nothing. */
typedef struct gnp_live {
  gni_row *rows;
  gni_mutation *mutations;
  size_t count, row_capacity, mutation_capacity;
} gnp_live;

void gnp_live_deinit(gnp_live *live, const gn_alloc *alloc);
/* What the stream has of the key from `from_ms` on. Values are in `arena`, or in the store's memory
 * until the reader ends. */
int gnp_live_read(gnp_live *live, const gnp_serving *serving, gni_store_reader *reader,
                  gn_str stream, gn_str key, int64_t from_ms, gn_arena *arena, gn_error *err);
/* Features' values at `at_ms` from what was read; `saved` NULL: no batch record; `tile` NULL: all
 * rows are single ones. */
int gnp_live_answer(const gnp_live *live, const gnp_serving *serving, const gni_value *saved,
                    const gni_value *tile, int64_t at_ms, int boundary, gn_arena *arena,
                    gni_value *values, gn_error *err);

#endif
