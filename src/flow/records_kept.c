/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/records_kept.h"

enum { FIRST_RECORDS = 1024 };

void gnp_kept_init(gnp_kept *kept, const gn_alloc *alloc, size_t ceiling_bytes)
{
  *kept = (gnp_kept){0};
  gni_arena_init(&kept->bytes, alloc, ceiling_bytes);
}

void gnp_kept_deinit(gnp_kept *kept)
{
  if (!kept->bytes.alloc) return;
  gni_free(kept->bytes.alloc, kept->keys, kept->capacity * sizeof *kept->keys);
  kept->keys = NULL;
  kept->count = kept->capacity = 0;
  gni_arena_deinit(&kept->bytes);
}

/* Sorting takes as much room again as the keys. */
static bool reserve(gnp_kept *kept)
{
  if (kept->count < kept->capacity) return true;
  size_t capacity = kept->capacity ? 2 * kept->capacity : FIRST_RECORDS;
  if (capacity > UINT32_MAX || 2 * capacity * sizeof *kept->keys > kept->bytes.ceiling_bytes)
    return false;
  gnp_bytes *grown = gni_resize(kept->bytes.alloc, kept->keys, kept->capacity * sizeof *grown,
                                capacity * sizeof *grown);
  if (!grown) return false;
  kept->keys = grown;
  kept->capacity = capacity;
  return true;
}

void gnp_kept_add(gnp_kept *kept, gn_str key, gn_str value)
{
  if (kept->overflowed) return;
  uint32_t len = (uint32_t)value.len;
  bool fits = value.len <= UINT32_MAX && key.len <= UINT32_MAX && reserve(kept);
  char *bytes =
      fits ? gni_arena_take(&kept->bytes, gni_size_add(key.len + sizeof len, value.len)) : NULL;
  if (!bytes) {
    gnp_kept_deinit(kept);
    kept->overflowed = true;
    return;
  }
  memcpy(bytes, key.ptr, key.len);
  memcpy(bytes + key.len, &len, sizeof len);
  if (len) memcpy(bytes + key.len + sizeof len, value.ptr, len);
  kept->keys[kept->count] =
      (gnp_bytes){.ptr = bytes, .len = (uint32_t)key.len, .id = (uint32_t)kept->count};
  kept->count++;
}

static int give(const gnp_bytes *sorted, size_t count,
                int (*each)(void *user, gn_str key, gn_str value, gn_error *err), void *user,
                gn_error *err)
{
  gn_str last = {NULL, 0};
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    uint32_t len;
    gn_str key = {sorted[i].ptr, sorted[i].len};
    if (i > 0 && gni_str_equal(key, last)) continue;
    last = key;
    memcpy(&len, key.ptr + key.len, sizeof len);
    rc = each(user, key, (gn_str){key.ptr + key.len + sizeof len, len}, err);
  }
  return rc;
}

int gnp_kept_each(gnp_kept *kept, int (*each)(void *user, gn_str key, gn_str value, gn_error *err),
                  void *user, gn_error *err)
{
  size_t bytes = kept->count * sizeof *kept->keys;
  gnp_bytes *spare = kept->overflowed ? NULL : gni_alloc(kept->bytes.alloc, bytes);
  if (!spare) return GN_ABSENT;
  int rc = give(gnp_bytes_sort(kept->keys, spare, kept->count), kept->count, each, user, err);
  gni_free(kept->bytes.alloc, spare, bytes);
  return rc;
}
