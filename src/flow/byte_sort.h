/* Keys in the order of their bytes. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_BYTE_SORT_H
#define GNOMON_SRC_FLOW_BYTE_SORT_H

#include "base/base.h"

typedef struct gnp_bytes {
  const char *ptr;
  uint32_t len;
  uint32_t id;   /* the caller's; of equal keys the lower comes first */
  uint64_t head; /* the sort's own */
} gnp_bytes;

/* Sorts `count` items with as many in `spare` as room; gives the one of both that has the result.
 */
gnp_bytes *gnp_bytes_sort(gnp_bytes *items, gnp_bytes *spare, size_t count);

#endif
