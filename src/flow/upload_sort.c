/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/upload_sort.h"

enum { FIRST_RECORDS = 1024 };

void gnp_sorter_init(gnp_sorter *sorter, const gn_alloc *alloc, size_t ceiling_bytes)
{
  *sorter = (gnp_sorter){.enough_bytes = ceiling_bytes / 4};
  gni_arena_init(&sorter->bytes, alloc, ceiling_bytes);
}

void gnp_sorter_deinit(gnp_sorter *sorter)
{
  const gn_alloc *alloc = sorter->bytes.alloc;
  if (!alloc) return;
  gni_free(alloc, sorter->items, sorter->capacity * sizeof *sorter->items);
  gni_free(alloc, sorter->spare, sorter->spare_capacity * sizeof *sorter->spare);
  gni_arena_deinit(&sorter->bytes);
  *sorter = (gnp_sorter){0};
}

void gnp_sorter_reset(gnp_sorter *sorter)
{
  gni_arena_reset(&sorter->bytes);
  sorter->count = 0;
}

static int reserve(gnp_sorter *sorter, gn_error *err)
{
  if (sorter->count < sorter->capacity) return GN_OK;
  size_t capacity = sorter->capacity ? 2 * sorter->capacity : FIRST_RECORDS;
  size_t bytes = gni_size_mul(capacity, sizeof *sorter->items);
  gnp_bytes *grown = capacity <= UINT32_MAX
                         ? gni_resize(sorter->bytes.alloc, sorter->items,
                                      sorter->capacity * sizeof *sorter->items, bytes)
                         : NULL;
  if (!grown) return gni_fail_nomem(err, bytes);
  sorter->items = grown;
  sorter->capacity = capacity;
  return GN_OK;
}

int gnp_sorter_add(gnp_sorter *sorter, gn_str key, gn_str value, gn_error *err)
{
  uint32_t len = (uint32_t)value.len;
  size_t size = gni_size_add(key.len + sizeof len, value.len);
  int rc = reserve(sorter, err);
  if (rc != GN_OK) return rc;
  bool fits = value.len <= UINT32_MAX && key.len <= UINT32_MAX;
  char *bytes = fits ? gni_arena_take(&sorter->bytes, size) : NULL;
  if (!bytes) return gni_fail_nomem(err, size);
  memcpy(bytes, key.ptr, key.len);
  memcpy(bytes + key.len, &len, sizeof len);
  if (len) memcpy(bytes + key.len + sizeof len, value.ptr, len);
  sorter->items[sorter->count] =
      (gnp_bytes){.ptr = bytes, .len = (uint32_t)key.len, .id = (uint32_t)sorter->count};
  sorter->count++;
  return GN_OK;
}

bool gnp_sorter_full(const gnp_sorter *sorter)
{
  size_t order = 2 * sorter->count * sizeof *sorter->items; /* sorting wants as much again */
  return sorter->bytes.used_bytes + order >= sorter->enough_bytes ||
         sorter->count >= UINT32_MAX / 2;
}

int gnp_sorter_sort(gnp_sorter *sorter, gn_error *err)
{
  const gn_alloc *alloc = sorter->bytes.alloc;
  if (sorter->spare_capacity < sorter->count) {
    gni_free(alloc, sorter->spare, sorter->spare_capacity * sizeof *sorter->spare);
    sorter->spare_capacity = 0;
    sorter->spare = gni_alloc(alloc, sorter->capacity * sizeof *sorter->spare);
    if (!sorter->spare) return gni_fail_nomem(err, sorter->capacity * sizeof *sorter->spare);
    sorter->spare_capacity = sorter->capacity;
  }
  gnp_bytes *sorted = gnp_bytes_sort(sorter->items, sorter->spare, sorter->count);
  if (sorted == sorter->items) return GN_OK;
  size_t capacity = sorter->spare_capacity;
  sorter->spare = sorter->items;
  sorter->spare_capacity = sorter->capacity;
  sorter->items = sorted;
  sorter->capacity = capacity;
  return GN_OK;
}
