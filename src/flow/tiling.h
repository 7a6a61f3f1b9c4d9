/* What a put does beside its rows, so that a fetch folds a bounded number of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_TILING_H
#define GNOMON_SRC_FLOW_TILING_H

#include "flow/fetcher.h"

/* Rows to be put, each with its place in the stream. */
typedef struct gnp_put_rows {
  const gn_str *keys, *values; /* as records.key and records.live encode them */
  const int64_t *times_ms;
  size_t count;
} gnp_put_rows;

/* Appends the rows and brings the tiles of their keys up to date, in one change. */
int gnp_put_with_tiles(gn_fetcher *fetcher, const gnp_put_rows *rows, gn_error *err);

#endif
