/* Between the files that look into the store for people. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_STORE_VIEW_H
#define GNOMON_SRC_FLOW_STORE_VIEW_H

#include "flow/inspect.h"

typedef struct gnp_store_entry {
  gn_str dataset;
  bool uploaded; /* has a generation */
  gni_generation_info info;
} gnp_store_entry;

/* Every dataset, by name. */
typedef struct gnp_store_listing {
  gn_arena arena;
  gnp_store_entry *entries;
  size_t count, capacity;
  gn_error *err;
} gnp_store_listing;

/* Also after a failure: gnp_store_listing_deinit. */
int gnp_store_listing_read(gn_session *session, gnp_store_listing *out, gn_error *err);
void gnp_store_listing_deinit(gnp_store_listing *listing);

#endif
