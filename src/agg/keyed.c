/* An insertion-ordered hash table in an arena. Few entries are searched one after another; more get
 * an index of open addressing. Growth leaves the old arrays in the arena, less than the new ones
 * take. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

enum { KEYED_FIRST = 4, KEYED_SCAN_MAX = 8 };

static size_t key_size(gnp_keyed_form form)
{
  return form.wide_key ? sizeof(gn_str) : sizeof(uint64_t);
}

static size_t stride_of(gnp_keyed_form form)
{
  return key_size(form) + ((size_t)form.payload_size + 7) / 8 * 8;
}

static char *entry_at(const gnp_keyed *keyed, gnp_keyed_form form, size_t index)
{
  return keyed->entries + index * stride_of(form);
}

gn_str gnp_keyed_key(const gnp_keyed *keyed, gnp_keyed_form form, size_t index)
{
  const char *entry = entry_at(keyed, form, index);
  gn_str key = {entry, sizeof(uint64_t)};
  if (form.wide_key) memcpy(&key, entry, sizeof key);
  return key;
}

void *gnp_keyed_payload(const gnp_keyed *keyed, gnp_keyed_form form, size_t index)
{
  return entry_at(keyed, form, index) + key_size(form);
}

static size_t first_slot(const gnp_keyed *keyed, gn_str key)
{
  return gni_xxh64(key.ptr, key.len, 0) & (2 * (size_t)keyed->capacity - 1);
}

static size_t next_slot(const gnp_keyed *keyed, size_t slot)
{
  return (slot + 1) & (2 * (size_t)keyed->capacity - 1);
}

void *gnp_keyed_find(const gnp_keyed *keyed, gnp_keyed_form form, gn_str key)
{
  if (!keyed->slots) {
    for (size_t i = 0; i < keyed->count; i++)
      if (gni_str_equal(gnp_keyed_key(keyed, form, i), key))
        return gnp_keyed_payload(keyed, form, i);
    return NULL;
  }
  for (size_t slot = first_slot(keyed, key); keyed->slots[slot]; slot = next_slot(keyed, slot)) {
    size_t index = keyed->slots[slot] - 1;
    if (gni_str_equal(gnp_keyed_key(keyed, form, index), key))
      return gnp_keyed_payload(keyed, form, index);
  }
  return NULL;
}

/* Enters an entry whose key is not there yet. */
static void index_entry(gnp_keyed *keyed, gnp_keyed_form form, uint32_t index)
{
  size_t slot = first_slot(keyed, gnp_keyed_key(keyed, form, index));
  while (keyed->slots[slot]) slot = next_slot(keyed, slot);
  keyed->slots[slot] = index + 1;
}

/* Capacities are powers of two, so that slots are found by a mask. */
static int grow(gnp_keyed *keyed, gnp_keyed_form form, gn_arena *arena)
{
  uint32_t capacity = keyed->capacity ? 2 * keyed->capacity : KEYED_FIRST;
  size_t size = capacity * stride_of(form), slots_size = 2 * capacity * sizeof(uint32_t);
  if (capacity > UINT32_MAX / 8) return GN_E_LIMIT;
  char *entries = gni_arena_grow(arena, keyed->entries, keyed->capacity * stride_of(form), size);
  if (!entries) return gni_fail_arena(NULL, arena, size);
  keyed->entries = entries; /* good also when the slots fail: the capacity stays */
  uint32_t *slots = NULL;
  if (capacity > KEYED_SCAN_MAX) {
    slots = gni_arena_take_zero(arena, slots_size);
    if (!slots) return gni_fail_arena(NULL, arena, slots_size);
  }
  keyed->slots = slots;
  keyed->capacity = capacity;
  for (uint32_t i = 0; slots && i < keyed->count; i++) index_entry(keyed, form, i);
  return GN_OK;
}

static int add_entry(gnp_keyed *keyed, gnp_keyed_form form, gn_str key, gn_arena *arena)
{
  if (keyed->count == keyed->capacity) {
    int rc = grow(keyed, form, arena);
    if (rc != GN_OK) return rc;
  }
  char *entry = entry_at(keyed, form, keyed->count);
  if (form.wide_key) {
    gn_str stored = gni_str_take(arena, key);
    if (!stored.ptr) return gni_fail_arena(NULL, arena, gni_size_add(key.len, 1));
    memcpy(entry, &stored, sizeof stored);
  } else {
    memcpy(entry, key.ptr, sizeof(uint64_t));
  }
  memset(entry + key_size(form), 0, form.payload_size);
  if (keyed->slots) index_entry(keyed, form, keyed->count);
  keyed->count++;
  return GN_OK;
}

int gnp_keyed_put(gnp_keyed *keyed, gnp_keyed_form form, gn_str key, gn_arena *arena,
                  void **payload)
{
  *payload = gnp_keyed_find(keyed, form, key);
  if (*payload) return GN_OK;
  int rc = add_entry(keyed, form, key, arena);
  if (rc == GN_OK) *payload = gnp_keyed_payload(keyed, form, keyed->count - 1);
  return rc;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

int gnp_pair_by_key(const gnp_pair *a, const gnp_pair *b)
{
  return gni_str_compare(a->key.text, b->key.text);
}

static void sift_down(gnp_pair *pairs, size_t count, size_t at,
                      int (*order)(const gnp_pair *a, const gnp_pair *b))
{
  gnp_pair sinking = pairs[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && order(&pairs[child + 1], &pairs[child]) > 0) child++;
    if (order(&pairs[child], &sinking) <= 0) break;
    pairs[at] = pairs[child];
  }
  pairs[at] = sinking;
}

void gnp_sort_pairs(gnp_pair *pairs, size_t count,
                    int (*order)(const gnp_pair *a, const gnp_pair *b))
{
  for (size_t i = count / 2; i-- > 0;) sift_down(pairs, count, i, order);
  for (size_t end = count; end > 1;) {
    gnp_pair largest = pairs[0];
    pairs[0] = pairs[--end];
    pairs[end] = largest;
    sift_down(pairs, end, 0, order);
  }
}
