/* The KLL sketch in memory. SPDX-License-Identifier: Apache-2.0 */
#include "agg/kll.h"

#include <math.h>

enum { ROOM_FIRST = 8, LEVEL_LEAST = 8 };

gnp_float_key gnp_float_to_key(float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits & UINT32_C(0x80000000) ? ~bits : bits | UINT32_C(0x80000000);
}

float gnp_float_from_key(gnp_float_key key)
{
  uint32_t bits = key & UINT32_C(0x80000000) ? key & UINT32_C(0x7FFFFFFF) : ~key;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- capacities ------------------------------------------------------------------------------ */

/* Each level holds two thirds of the one above, the highest k, none below 8: (2/3)^depth * k,
 * rounded to nearest. */
static uint16_t capacity_at(int k, int depth)
{
  enum { EXACT_MAX = 30 }; /* powers of three in 64 bits, with k * 2^depth */
  uint64_t capacity = (uint64_t)k;
  while (depth > 0) {
    int part = depth > EXACT_MAX ? depth / 2 : depth;
    uint64_t three = 1;
    for (int i = 0; i < part; i++) three *= 3;
    capacity = ((2 * capacity << part) / three + 1) >> 1;
    depth -= part;
  }
  return capacity > LEVEL_LEAST ? (uint16_t)capacity : LEVEL_LEAST;
}

void gnp_kll_add_levels(gnp_kll *kll, int level_count)
{
  for (int depth = kll->level_count; depth < level_count; depth++) {
    kll->capacities[depth] = capacity_at(kll->k, depth);
    kll->capacity += kll->capacities[depth];
    kll->level_count = (uint8_t)(depth + 1);
  }
}

static uint32_t level_capacity(const gnp_kll *kll, int level)
{
  return kll->capacities[kll->level_count - 1 - level];
}

void gnp_kll_init(gnp_kll *kll, int k)
{
  *kll = (gnp_kll){.k = (uint16_t)k, .least_k = (uint16_t)k};
  gnp_kll_add_levels(kll, 1);
}

static void set_limit(gnp_kll *kll)
{
  kll->limit = kll->room < kll->capacity ? kll->room : kll->capacity;
}

int gnp_kll_make_room(gnp_kll *kll, uint32_t count, gn_arena *arena)
{
  uint32_t room = kll->room ? kll->room : ROOM_FIRST;
  while (room < count) room *= 2;
  gnp_float_key *items =
      gni_arena_grow(arena, kll->items, kll->room * sizeof *items, room * sizeof *items);
  if (!items) return gni_fail_arena(NULL, arena, room * sizeof *items);
  kll->items = items;
  kll->room = room;
  set_limit(kll);
  return GN_OK;
}

/* ---- compaction ------------------------------------------------------------------------------ */

/* Where a level begins. */
static gnp_float_key *level_start(const gnp_kll *kll, int level)
{
  size_t after = 0;
  for (int below = 0; below <= level; below++) after += kll->sizes[below];
  return kll->items + (kll->count - after);
}

/* A fair coin that depends on nothing but what the sketch holds. */
static uint32_t coin(const gnp_kll *kll, int level, const gnp_float_key *items, uint32_t count)
{
  uint64_t x = kll->n * 64 + (uint64_t)level;
  x ^= ((uint64_t)items[0] << 32 | items[count - 1]) * UINT64_C(0x9E3779B97F4A7C15);
  x ^= items[count / 2];
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return (uint32_t)(x >> 63);
}

/* Merges two sorted runs downwards from `end`. The first may lie in the place that is written, at
 * or before where it comes to lie. */
static void merge_runs(gnp_float_key *end, const gnp_float_key *first, size_t first_count,
                       const gnp_float_key *second, size_t second_count)
{
  while (second_count > 0)
    *--end = first_count > 0 && first[first_count - 1] > second[second_count - 1]
                 ? first[--first_count]
                 : second[--second_count];
  memmove(end - first_count, first, first_count * sizeof *first);
}

/* Halves a level into the one above, which stands right before it. */
static void compact(gnp_kll *kll, int level)
{
  gnp_float_key *start = level_start(kll, level);
  uint32_t size = kll->sizes[level], odd = size & 1, half = size / 2;
  if (level == 0) gnp_sort_words(start, size);
  gnp_float_key left_over = start[0]; /* of an odd number the least stays */
  gnp_float_key *pairs = start + odd, *kept = start + size - half;
  uint32_t offset = coin(kll, level, pairs, 2 * half);
  for (uint32_t i = half; i-- > 0;) kept[i] = pairs[2 * i + offset];
  merge_runs(start + half, start - kll->sizes[level + 1], kll->sizes[level + 1], kept, half);
  if (odd) start[half] = left_over;
  gnp_float_key *end = kll->items + kll->count, *below = start + size;
  memmove(start + half + odd, below, (size_t)(end - below) * sizeof *below);
  kll->sizes[level + 1] += half;
  kll->sizes[level] = odd;
  kll->count -= half;
  gnp_kll_add_levels(kll, level + 2);
}

/* Until there is place for `more` items. */
static int compress(gnp_kll *kll, uint32_t more)
{
  while (kll->count + more > kll->capacity) {
    int level = 0;
    while (kll->sizes[level] < level_capacity(kll, level)) level++;
    if (level + 1 == GNP_KLL_LEVELS_MAX) return GN_E_LIMIT;
    compact(kll, level);
  }
  set_limit(kll);
  return GN_OK;
}

/* ---- updates --------------------------------------------------------------------------------- */

static void widen(gnp_kll *kll, gnp_float_key least, gnp_float_key most)
{
  if (kll->n == 0 || least < kll->least) kll->least = least;
  if (kll->n == 0 || most > kll->most) kll->most = most;
}

/* Memory grows up to what the levels hold; then they are compacted. */
static int make_place(gnp_kll *kll, gn_arena *arena)
{
  if (kll->count == kll->room) return gnp_kll_make_room(kll, kll->count + 1, arena);
  return compress(kll, 1);
}

int gnp_kll_add(gnp_kll *kll, float value, gn_arena *arena)
{
  if (isnan(value)) return GN_OK;
  gnp_float_key key = gnp_float_to_key(value);
  while (kll->count >= kll->limit) {
    int rc = make_place(kll, arena);
    if (rc != GN_OK) return rc;
  }
  widen(kll, key, key);
  kll->items[kll->count++] = key;
  kll->sizes[0]++;
  kll->n++;
  return GN_OK;
}

/* Puts the items of all levels together, from the end on, where the memory is. */
static void merge_levels(gnp_kll *kll, const gnp_kll *other)
{
  const gnp_float_key *own = kll->items + kll->count, *others = other->items + other->count;
  gnp_float_key *end = kll->items + kll->count + other->count;
  for (int level = 0; level < kll->level_count; level++) {
    size_t own_size = kll->sizes[level], other_size = other->sizes[level];
    own -= own_size;
    others -= other_size;
    if (level == 0) { /* in the order in which they came */
      memcpy(end - other_size, others, other_size * sizeof *others);
      memmove(end - other_size - own_size, own, own_size * sizeof *own);
    } else {
      merge_runs(end, own, own_size, others, other_size);
    }
    end -= own_size + other_size;
    kll->sizes[level] += other->sizes[level];
  }
}

int gnp_kll_merge(gnp_kll *kll, const gnp_kll *other, gn_arena *arena)
{
  if (other->n == 0) return GN_OK;
  int rc = gnp_kll_make_room(kll, kll->count + other->count, arena);
  if (rc != GN_OK) return rc;
  gnp_kll_add_levels(kll, other->level_count);
  merge_levels(kll, other);
  widen(kll, other->least, other->most);
  kll->count += other->count;
  kll->n += other->n;
  if (other->level_count > 1 && other->least_k < kll->least_k) kll->least_k = other->least_k;
  return compress(kll, 0);
}

int gnp_kll_copy(gnp_kll *target, const gnp_kll *kll, gn_arena *arena)
{
  gnp_kll copy = *kll;
  copy.items = NULL;
  copy.room = 0;
  int rc = gnp_kll_make_room(&copy, kll->count, arena);
  if (rc != GN_OK) return rc;
  if (kll->count > 0) memcpy(copy.items, kll->items, kll->count * sizeof *kll->items);
  *target = copy;
  return GN_OK;
}

/* ---- quantiles ------------------------------------------------------------------------------- */

/* An item, and how many values are at or before it. */
typedef struct weighed {
  gnp_float_key key;
  uint64_t end;
} weighed;

/* All items in order; the levels in `items` are sorted. */
static void weigh(const gnp_kll *kll, const gnp_float_key *items, weighed *out)
{
  const gnp_float_key *next[GNP_KLL_LEVELS_MAX], *ends[GNP_KLL_LEVELS_MAX];
  const gnp_float_key *end = items + kll->count;
  uint64_t weight = 0;
  for (int level = 0; level < kll->level_count; level++) {
    ends[level] = end;
    next[level] = end -= kll->sizes[level];
  }
  for (uint32_t i = 0; i < kll->count; i++) {
    int best = -1;
    for (int level = 0; level < kll->level_count; level++)
      if (next[level] < ends[level] && (best < 0 || *next[level] < *next[best])) best = level;
    if (best < 0) return;
    weight += UINT64_C(1) << best;
    out[i] = (weighed){*next[best]++, weight};
  }
}

static float quantile(const gnp_kll *kll, const weighed *items, double rank)
{
  if (rank <= 0) return gnp_float_from_key(kll->least);
  if (rank >= 1) return gnp_float_from_key(kll->most);
  uint64_t position = (uint64_t)(rank * (double)kll->n);
  if (position >= kll->n) position = kll->n - 1;
  uint32_t low = 0, high = kll->count - 1; /* the first that ends past the position */
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (items[middle].end > position)
      high = middle;
    else
      low = middle + 1;
  }
  return gnp_float_from_key(items[low].key);
}

int gnp_kll_quantiles(const gnp_kll *kll, const double *ranks, size_t count, float *out,
                      gn_arena *arena)
{
  for (size_t i = 0; kll->n == 0 && i < count; i++) out[i] = NAN;
  if (kll->n == 0) return GN_OK;
  size_t items_size = kll->count * sizeof(gnp_float_key), size = kll->count * sizeof(weighed);
  gnp_float_key *items = gni_arena_copy(arena, kll->items, items_size);
  weighed *ordered = gni_arena_take(arena, size);
  if (!items || !ordered) return gni_fail_arena(NULL, arena, items_size + size);
  gnp_sort_words(items + kll->count - kll->sizes[0], kll->sizes[0]);
  weigh(kll, items, ordered);
  for (size_t i = 0; i < count; i++) out[i] = quantile(kll, ordered, ranks[i]);
  return GN_OK;
}
