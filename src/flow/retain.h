/* What of the live rows an upload makes superfluous. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_RETAIN_H
#define GNOMON_SRC_FLOW_RETAIN_H

#include "store/store.h"

/* How long before the batch end live rows stay: so long an older day can be uploaded again, should
 * the newest one be found wrong, and answers with the rows since. */
#define GN_LIVE_KEEP_MS (2 * GN_DAY_MS)

typedef struct gni_retained {
  int64_t rows, tiles; /* removed */
} gni_retained;

/* Removes the live rows, and the tiles of keys without newer ones, that lie before the batch end of
 * `batch_dataset` ("SPEND_V1_BATCH") less GN_LIVE_KEEP_MS. A dataset without an upload keeps all
 * its rows. Each step is a transaction, so others write in between. */
int gni_live_retain(gni_store *store, const gn_alloc *alloc, gn_str batch_dataset,
                    gni_retained *out, gn_error *err);

#endif
