/* The KLL sketch as bytes: Apache DataSketches' form.
 *
 *   bytes     0 words of the preamble, 1 version, 2 family, 3 flags, 4..5 k, 6 least capacity of a
 *             level; nothing more for an empty one, the item for a single one
 *   then      n, the least k merged in, levels; where each level begins, counted as if all levels
 *             were full; least and greatest value; the items, level 0 first
 *
 * Level 0 is written sorted, so that equal sketches are equal bytes. SPDX-License-Identifier:
 * Apache-2.0 */
#include "agg/kll.h"

#include <math.h>

enum {
  FLAG_EMPTY = 1,
  FLAG_SORTED = 2,
  FLAG_SINGLE = 4,
  VERSION = 1,
  VERSION_SINGLE = 2,
  SHORT_WORDS = 2,
  FULL_WORDS = 5,
  LEVEL_LEAST = 8,
  HEAD_BYTES = 8,
  FULL_BYTES = 20
};

static uint32_t float_bits(gnp_float_key key)
{
  uint32_t bits;
  float value = gnp_float_from_key(key);
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* ---- saving ---------------------------------------------------------------------------------- */

static char *put_head(const gnp_kll *kll, char *at)
{
  bool is_short = kll->n <= 1;
  int kind = kll->n == 0 ? FLAG_EMPTY : kll->n == 1 ? FLAG_SORTED | FLAG_SINGLE : FLAG_SORTED;
  at = gnp_put_integer(at, is_short ? SHORT_WORDS : FULL_WORDS, 1);
  at = gnp_put_integer(at, kll->n == 1 ? VERSION_SINGLE : VERSION, 1);
  at = gnp_put_integer(at, GNP_FAMILY_KLL, 1);
  at = gnp_put_integer(at, (uint64_t)kind, 1);
  at = gnp_put_integer(at, kll->k, 2);
  return gnp_put_integer(at, LEVEL_LEAST, 2);
}

static char *put_levels(const gnp_kll *kll, char *at)
{
  at = gnp_put_integer(at, kll->n, 8);
  at = gnp_put_integer(at, kll->least_k, 2);
  at = gnp_put_integer(at, kll->level_count, 2);
  uint32_t start = kll->capacity - kll->count;
  for (int level = 0; level < kll->level_count; level++) {
    at = gnp_put_integer(at, start, 4);
    start += kll->sizes[level];
  }
  at = gnp_put_integer(at, float_bits(kll->least), 4);
  return gnp_put_integer(at, float_bits(kll->most), 4);
}

/* From the lowest level up, the lowest one sorted: equal sketches are equal bytes. */
static void put_items(const gnp_kll *kll, gnp_float_key *bottom, char *at)
{
  const gnp_float_key *end = kll->items + kll->count - kll->sizes[0];
  if (kll->sizes[0] > 0) memcpy(bottom, end, kll->sizes[0] * sizeof *end);
  gnp_sort_words(bottom, kll->sizes[0]);
  for (uint32_t i = 0; i < kll->sizes[0]; i++) at = gnp_put_integer(at, float_bits(bottom[i]), 4);
  for (int level = 1; level < kll->level_count; level++) {
    const gnp_float_key *start = end - kll->sizes[level];
    for (; start < end; start++) at = gnp_put_integer(at, float_bits(*start), 4);
    end -= kll->sizes[level];
  }
}

int gnp_kll_save(const gnp_kll *kll, gn_str *out, gn_arena *arena)
{
  size_t items_size = kll->count * sizeof(gnp_float_key);
  size_t size = items_size + (kll->n <= 1 ? (size_t)HEAD_BYTES
                                          : FULL_BYTES + 4 * ((size_t)kll->level_count + 2));
  char *bytes = gni_arena_take(arena, size);
  gnp_float_key *bottom = GN_TAKE(arena, gnp_float_key, kll->sizes[0]);
  if (!bytes || !bottom) return gni_fail_arena(NULL, arena, size + items_size);
  char *at = put_head(kll, bytes);
  if (kll->n > 1) at = put_levels(kll, at);
  if (kll->count > 0) put_items(kll, bottom, at); /* an empty one has none to point at */
  *out = (gn_str){bytes, size};
  return GN_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static float take_float(gnp_bytes *bytes)
{
  uint32_t bits = (uint32_t)gnp_take_integer(bytes, 4);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static const char *take_head(int k, gnp_bytes *bytes, int *flags)
{
  uint64_t words = gnp_take_integer(bytes, 1), version = gnp_take_integer(bytes, 1);
  uint64_t family = gnp_take_integer(bytes, 1);
  *flags = (int)gnp_take_integer(bytes, 1);
  uint64_t stored_k = gnp_take_integer(bytes, 2), least = gnp_take_integer(bytes, 1);
  bool is_short = *flags & (FLAG_EMPTY | FLAG_SINGLE);
  gnp_take_integer(bytes, 1);
  if (bytes->short_of) return "it is cut short";
  if (family != GNP_FAMILY_KLL || (version != VERSION && version != VERSION_SINGLE))
    return "no KLL sketch";
  if (words != (is_short ? SHORT_WORDS : FULL_WORDS)) return "its preamble has another length";
  if (stored_k != (uint64_t)k) return "its k is another";
  return least == LEVEL_LEAST ? NULL : "its levels are of another kind";
}

/* Sizes from where the levels begin; they must hold the weight of n values. */
static const char *take_levels(gnp_kll *kll, gnp_bytes *bytes)
{
  kll->n = gnp_take_integer(bytes, 8);
  kll->least_k = (uint16_t)gnp_take_integer(bytes, 2);
  int level_count = (int)gnp_take_integer(bytes, 1);
  gnp_take_integer(bytes, 1);
  if (bytes->short_of) return "it is cut short";
  if (level_count < 1 || level_count >= GNP_KLL_LEVELS_MAX) return "its levels";
  if (kll->least_k < GNP_KLL_K_MIN || kll->least_k > kll->k) return "its least k";
  gnp_kll_add_levels(kll, level_count);
  uint32_t end = kll->capacity;
  uint64_t start = gnp_take_integer(bytes, 4), weight = 0;
  for (int level = 0; level < kll->level_count; level++) {
    uint64_t next = level + 1 < kll->level_count ? gnp_take_integer(bytes, 4) : end;
    if (start > next || next > end) return "its levels";
    kll->sizes[level] = (uint32_t)(next - start);
    kll->count += kll->sizes[level];
    weight += (uint64_t)kll->sizes[level] << level;
    start = next;
  }
  if (bytes->short_of) return "it is cut short";
  return weight == kll->n && weight > 0 ? NULL : "its weights are not its number of values";
}

/* In other writers' files equal zeros of both signs may stand in any order. */
static const char *take_items(gnp_kll *kll, float least, float most, gnp_bytes *bytes)
{
  gnp_float_key *end = kll->items + kll->count;
  if (isnan(least) || isnan(most)) return "it holds what is no number";
  for (int level = 0; level < kll->level_count; level++) {
    gnp_float_key *start = end - kll->sizes[level];
    float before = least;
    for (uint32_t i = 0; i < kll->sizes[level]; i++) {
      float value = take_float(bytes);
      if (!(value >= least && value <= most)) return "an item is out of range";
      if (level > 0 && value < before) return "its items are out of order";
      start[i] = gnp_float_to_key(value);
      before = value;
    }
    if (level > 0) gnp_sort_words(start, kll->sizes[level]);
    end = start;
  }
  return NULL;
}

int gnp_kll_load(gnp_kll *kll, int k, gn_str bytes, gn_arena *arena, const char **reason)
{
  gnp_bytes left = {.rest = bytes};
  int flags;
  gnp_kll_init(kll, k);
  *reason = take_head(k, &left, &flags);
  bool full = !(flags & (FLAG_EMPTY | FLAG_SINGLE));
  if (!*reason && full) *reason = take_levels(kll, &left);
  if (*reason) return GN_E_CORRUPT;
  if (flags & FLAG_EMPTY) {
    *reason = "its bytes go on";
    return left.rest.len > 0 ? GN_E_CORRUPT : GN_OK;
  }
  if (!full) kll->n = kll->count = kll->sizes[0] = 1;
  *reason = "its bytes are cut short or go on";
  if (left.rest.len != 4 * ((size_t)kll->count + (full ? 2 : 0))) return GN_E_CORRUPT;
  int rc = gnp_kll_make_room(kll, kll->count, arena);
  if (rc != GN_OK) return rc;
  gnp_bytes ahead = left;
  float least = take_float(full ? &left : &ahead);
  float most = full ? take_float(&left) : least;
  kll->least = gnp_float_to_key(least);
  kll->most = gnp_float_to_key(most);
  *reason = take_items(kll, least, most, &left);
  return *reason ? GN_E_CORRUPT : GN_OK;
}
