/* The distinct values of a column, by position: an open hash table over their bytes, which are
 * stored as a dictionary page has them. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"

enum { FIRST_SLOTS = 512 };

void gnp_dictionary_init(gnp_dictionary *d, size_t width, const gn_alloc *alloc)
{
  *d = (gnp_dictionary){.alloc = alloc, .width = (uint8_t)width};
  gni_buf_init(&d->bytes, alloc, SIZE_MAX);
}

void gnp_dictionary_deinit(gnp_dictionary *d)
{
  gni_free(d->alloc, d->slots, d->slot_count * sizeof *d->slots);
  gni_free(d->alloc, d->starts, d->start_capacity * sizeof *d->starts);
  gni_buf_deinit(&d->bytes);
  gnp_dictionary_init(d, d->width, d->alloc);
}

gn_str gnp_dictionary_get(const gnp_dictionary *d, uint32_t id)
{
  uint32_t len;
  if (d->width) return (gn_str){d->bytes.ptr + (size_t)id * d->width, d->width};
  const char *at = d->bytes.ptr + d->starts[id];
  memcpy(&len, at, sizeof len);
  return (gn_str){at + sizeof len, len};
}

static bool grow_slots(gnp_dictionary *d)
{
  size_t count = d->slot_count ? 2 * d->slot_count : FIRST_SLOTS;
  uint32_t *slots = gni_alloc_zero(d->alloc, count * sizeof *slots);
  if (!slots) return false;
  gni_free(d->alloc, d->slots, d->slot_count * sizeof *slots);
  d->slots = slots;
  d->slot_count = count;
  for (uint32_t id = 0; id < d->count; id++) {
    size_t slot = gnp_dictionary_hash(d, gnp_dictionary_get(d, id)) & (count - 1);
    while (slots[slot]) slot = (slot + 1) & (count - 1);
    slots[slot] = id + 1;
  }
  return true;
}

static bool add_start(gnp_dictionary *d)
{
  if (d->count == d->start_capacity) {
    size_t capacity = d->start_capacity ? 2 * d->start_capacity : FIRST_SLOTS;
    uint32_t *grown = gni_resize(d->alloc, d->starts, d->start_capacity * sizeof *grown,
                                 capacity * sizeof *grown);
    if (!grown) return false;
    d->starts = grown;
    d->start_capacity = capacity;
  }
  d->starts[d->count] = (uint32_t)d->bytes.len;
  return true;
}

/* Texts come after their length. */
static bool add_value(gnp_dictionary *d, gn_str value)
{
  uint32_t len = (uint32_t)value.len;
  if (!d->width && !add_start(d)) return false;
  if (!d->width && gni_buf_add(&d->bytes, &len, sizeof len) != GN_OK) return false;
  if (gni_buf_add_str(&d->bytes, value) != GN_OK) return false;
  d->count++;
  return true;
}

bool gnp_dictionary_add(gnp_dictionary *d, gn_str value, uint32_t *id)
{
  if (2 * ((size_t)d->count + 1) > d->slot_count && !grow_slots(d)) return false;
  size_t slot = gnp_dictionary_hash(d, value) & (d->slot_count - 1);
  for (; d->slots[slot]; slot = (slot + 1) & (d->slot_count - 1)) {
    *id = d->slots[slot] - 1;
    gn_str known = gnp_dictionary_get(d, *id);
    if (known.len == value.len && gni_same_bytes(known.ptr, value.ptr, value.len)) return true;
  }
  *id = d->count;
  if (!add_value(d, value)) return false;
  d->slots[slot] = d->count;
  return true;
}
