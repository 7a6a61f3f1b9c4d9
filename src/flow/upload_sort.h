/* The records of an upload in memory, in the order of the bytes of their keys: as the store wants
 * them, and the `_upload` table has them. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_UPLOAD_SORT_H
#define GNOMON_SRC_FLOW_UPLOAD_SORT_H

#include "flow/byte_sort.h"

typedef struct gnp_sorter {
  gn_arena bytes; /* key, length of the value, value, of one record after the other */
  gnp_bytes *items, *spare;
  size_t count, capacity, spare_capacity;
  size_t enough_bytes;
} gnp_sorter;

/* Is full from a quarter of `ceiling_bytes` on, for the engine and the key being folded hold theirs
 * at the same time; refuses records above `ceiling_bytes`. */
void gnp_sorter_init(gnp_sorter *sorter, const gn_alloc *alloc, size_t ceiling_bytes);
void gnp_sorter_deinit(gnp_sorter *sorter);
void gnp_sorter_reset(gnp_sorter *sorter);
/* Copies a record. */
int gnp_sorter_add(gnp_sorter *sorter, gn_str key, gn_str value, gn_error *err);
/* Whether the records so far should be sorted and used before more come. */
bool gnp_sorter_full(const gnp_sorter *sorter);
/* Records with equal keys stay in the order in which they were added. */
int gnp_sorter_sort(gnp_sorter *sorter, gn_error *err);

/* Record `index` in order, after sorting. Asked one after another, records further on are already
 * on their way from memory: they lie in the order in which they came. */
static inline void gnp_sorter_get(const gnp_sorter *sorter, size_t index, gn_str *key,
                                  gn_str *value)
{
  enum { AHEAD = 16 };
  uint32_t len;
  const gnp_bytes *item = &sorter->items[index];
  if (index + AHEAD < sorter->count) {
    __builtin_prefetch(item[AHEAD].ptr);
    __builtin_prefetch(item[AHEAD].ptr + 64);
  }
  *key = (gn_str){item->ptr, item->len};
  memcpy(&len, item->ptr + item->len, sizeof len);
  *value = (gn_str){item->ptr + item->len + sizeof len, len};
}

#endif
