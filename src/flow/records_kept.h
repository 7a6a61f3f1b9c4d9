/* The records of an upload in memory, so that the store can be loaded in key order without reading
 * and sorting the table that was just written. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_RECORDS_KEPT_H
#define GNOMON_SRC_FLOW_RECORDS_KEPT_H

#include "flow/byte_sort.h"

typedef struct gnp_kept {
  gn_arena bytes; /* key and value of each, one after the other */
  gnp_bytes *keys;
  size_t count, capacity;
  bool overflowed; /* they did not fit: nothing is kept any more */
} gnp_kept;

void gnp_kept_init(gnp_kept *kept, const gn_alloc *alloc, size_t ceiling_bytes);
void gnp_kept_deinit(gnp_kept *kept);
/* Copies a record, or gives up keeping. */
void gnp_kept_add(gnp_kept *kept, gn_str key, gn_str value);
/* Calls `each` in the order of the keys; of equal keys with the first record alone. GN_ABSENT
 * when the records were not kept, or there is no room to sort them. */
int gnp_kept_each(gnp_kept *kept, int (*each)(void *user, gn_str key, gn_str value, gn_error *err),
                  void *user, gn_error *err);

#endif
