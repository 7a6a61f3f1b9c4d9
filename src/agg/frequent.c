/* The frequent values in memory. SPDX-License-Identifier: Apache-2.0 */
#include "agg/frequent.h"

enum { ROOM_FIRST = 4, SCAN_MAX = 8, LG_LEAST = 3 };

struct gnp_counter {
  uint64_t bits; /* of the number, or the text's hash */
  int64_t count;
  char *text; /* a buffer of its own, which stays when the counter goes */
  uint32_t len, capacity;
};

void gnp_frequent_init(gnp_frequent *frequent, uint32_t k, bool wide)
{
  *frequent = (gnp_frequent){.k = k, .wide = wide, .exact = true};
}

int gnp_frequent_lg(uint32_t k)
{
  int lg = LG_LEAST;
  while (UINT64_C(1) << lg < k) lg++;
  return lg;
}

/* Counts from outside may be of any size. */
static int64_t add_up(int64_t a, int64_t b)
{
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* ---- counters by key ------------------------------------------------------------------------- */

static size_t first_slot(const gnp_frequent *frequent, uint64_t bits)
{
  return bits * UINT64_C(0x9E3779B97F4A7C15) >> (64 - frequent->lg_slots);
}

static bool is_of(const gnp_frequent *frequent, const gnp_counter *counter, uint64_t bits,
                  gn_str key)
{
  return counter->bits == bits &&
         (!frequent->wide || gni_str_equal((gn_str){counter->text, counter->len}, key));
}

static gnp_counter *find(const gnp_frequent *frequent, uint64_t bits, gn_str key)
{
  if (!frequent->slots) {
    for (uint32_t i = 0; i < frequent->active; i++)
      if (is_of(frequent, &frequent->counters[i], bits, key)) return &frequent->counters[i];
    return NULL;
  }
  size_t mask = ((size_t)1 << frequent->lg_slots) - 1, slot = first_slot(frequent, bits);
  for (; frequent->slots[slot]; slot = (slot + 1) & mask) {
    gnp_counter *counter = &frequent->counters[frequent->slots[slot] - 1];
    if (is_of(frequent, counter, bits, key)) return counter;
  }
  return NULL;
}

static void index_counter(gnp_frequent *frequent, uint32_t index)
{
  size_t mask = ((size_t)1 << frequent->lg_slots) - 1;
  size_t slot = first_slot(frequent, frequent->counters[index].bits);
  while (frequent->slots[slot]) slot = (slot + 1) & mask;
  frequent->slots[slot] = index + 1;
}

static void index_all(gnp_frequent *frequent)
{
  if (!frequent->slots) return;
  memset(frequent->slots, 0, sizeof(uint32_t) << frequent->lg_slots);
  for (uint32_t i = 0; i < frequent->active; i++) index_counter(frequent, i);
}

static int grow(gnp_frequent *frequent, gn_arena *arena)
{
  uint32_t room = frequent->room ? 2 * frequent->room : ROOM_FIRST;
  size_t old_size = frequent->room * sizeof(gnp_counter), size = room * sizeof(gnp_counter);
  if (room > UINT32_MAX / 8) return GN_E_LIMIT;
  gnp_counter *counters = gni_arena_grow(arena, frequent->counters, old_size, size);
  if (!counters) return gni_fail_arena(NULL, arena, size);
  memset(counters + frequent->room, 0, size - old_size);
  frequent->counters = counters;
  if (room > SCAN_MAX) {
    uint32_t *slots = GN_TAKE(arena, uint32_t, 2 * (size_t)room);
    if (!slots) return gni_fail_arena(NULL, arena, 2 * room * sizeof *slots);
    frequent->slots = slots;
    frequent->lg_slots = (uint8_t)(__builtin_ctz(room) + 1);
  }
  frequent->room = room;
  index_all(frequent);
  return GN_OK;
}

/* The text in the counter's own buffer. */
static int keep_text(gnp_counter *counter, gn_str text, gn_arena *arena)
{
  if (text.len > UINT32_MAX / 2) return GN_E_LIMIT;
  uint32_t len = (uint32_t)text.len;
  if (len > counter->capacity || !counter->text) {
    uint32_t wanted = len > 2 * counter->capacity ? len : 2 * counter->capacity;
    char *buffer = gni_arena_take(arena, wanted);
    if (!buffer) return gni_fail_arena(NULL, arena, wanted);
    counter->text = buffer;
    counter->capacity = wanted;
  }
  if (len > 0) memcpy(counter->text, text.ptr, len);
  counter->len = len;
  return GN_OK;
}

int gnp_frequent_count(gnp_frequent *frequent, gn_str key, int64_t count, bool *is_new,
                       gn_arena *arena)
{
  uint64_t bits =
      frequent->wide ? gni_xxh64(key.ptr, key.len, 0) : gnp_see_integer(key.ptr, sizeof(uint64_t));
  gnp_counter *counter = find(frequent, bits, key);
  int rc = GN_OK;
  *is_new = !counter;
  if (counter) {
    counter->count = add_up(counter->count, count);
    return GN_OK;
  }
  if (frequent->active == frequent->room) rc = grow(frequent, arena);
  if (rc != GN_OK) return rc;
  counter = &frequent->counters[frequent->active];
  if (frequent->wide) rc = keep_text(counter, key, arena);
  if (rc != GN_OK) return rc;
  counter->bits = bits;
  counter->count = count;
  if (frequent->slots) index_counter(frequent, frequent->active);
  frequent->active++;
  return GN_OK;
}

/* ---- leaving out ----------------------------------------------------------------------------- */

/* Descending by count; which of equal ones comes first makes no difference. */
static void sort_counters(gnp_counter *counters, uint32_t count)
{
  for (uint32_t gap = count / 2; gap > 0; gap /= 2)
    for (uint32_t i = gap; i < count; i++) {
      gnp_counter moved = counters[i];
      uint32_t at = i;
      for (; at >= gap && counters[at - gap].count < moved.count; at -= gap)
        counters[at] = counters[at - gap];
      counters[at] = moved;
    }
}

/* Takes the median from all; at least half of them go. */
static void purge(gnp_frequent *frequent)
{
  sort_counters(frequent->counters, frequent->active);
  int64_t median = frequent->counters[(frequent->active - 1) / 2].count;
  uint32_t kept = 0;
  while (frequent->counters[kept].count > median) frequent->counters[kept++].count -= median;
  frequent->active = kept;
  frequent->offset = add_up(frequent->offset, median);
  index_all(frequent);
}

static void settle(gnp_frequent *frequent)
{
  if (frequent->exact && frequent->active > frequent->k) frequent->exact = false;
  if (frequent->exact) return;
  if (frequent->active > gnp_frequent_capacity(gnp_frequent_lg(frequent->k))) purge(frequent);
}

int gnp_frequent_add(gnp_frequent *frequent, gn_str key, int64_t count, gn_arena *arena)
{
  bool is_new;
  int rc = gnp_frequent_count(frequent, key, count, &is_new, arena);
  if (rc != GN_OK) return rc;
  frequent->weight = add_up(frequent->weight, count);
  if (is_new) settle(frequent);
  return GN_OK;
}

static gn_str key_of(const gnp_frequent *frequent, const gnp_counter *counter, char bits[8])
{
  if (frequent->wide) return (gn_str){counter->text, counter->len};
  gnp_put_integer(bits, counter->bits, sizeof(uint64_t));
  return (gn_str){bits, sizeof(uint64_t)};
}

/* All counters are added up before any is left out, so it does not matter which side is first. */
int gnp_frequent_merge(gnp_frequent *frequent, const gnp_frequent *other, gn_arena *arena)
{
  for (uint32_t i = 0; i < other->active; i++) {
    char bits[sizeof(uint64_t)];
    bool is_new;
    gn_str key = key_of(other, &other->counters[i], bits);
    int rc = gnp_frequent_count(frequent, key, other->counters[i].count, &is_new, arena);
    if (rc != GN_OK) return rc;
  }
  frequent->weight = add_up(frequent->weight, other->weight);
  frequent->offset = add_up(frequent->offset, other->offset);
  frequent->exact = frequent->exact && other->exact;
  settle(frequent);
  return GN_OK;
}

int gnp_frequent_copy(gnp_frequent *target, const gnp_frequent *frequent, gn_arena *arena)
{
  gnp_frequent copy;
  gnp_frequent_init(&copy, frequent->k, frequent->wide);
  int rc = gnp_frequent_merge(&copy, frequent, arena);
  if (rc == GN_OK) *target = copy;
  return rc;
}

/* ---- out ------------------------------------------------------------------------------------- */

static int by_number(const gnp_pair *a, const gnp_pair *b)
{
  return (a->key.integer > b->key.integer) - (a->key.integer < b->key.integer);
}

gnp_pair *gnp_frequent_pairs(const gnp_frequent *frequent, gn_arena *arena)
{
  gnp_pair *pairs = GN_TAKE(arena, gnp_pair, frequent->active);
  if (!pairs) return NULL;
  for (uint32_t i = 0; i < frequent->active; i++) {
    const gnp_counter *counter = &frequent->counters[i];
    gn_str text = {counter->text, counter->len};
    pairs[i].key =
        frequent->wide ? gni_value_text(text) : gni_value_integer((int64_t)counter->bits);
    pairs[i].value = gni_value_integer(counter->count);
  }
  gnp_sort_pairs(pairs, frequent->active, frequent->wide ? gnp_pair_by_key : by_number);
  return pairs;
}
