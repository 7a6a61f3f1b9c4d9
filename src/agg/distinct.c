/* How many distinct values the states of a span have, for spans that only move forward: each value
 * is looked up once, however many spans it is in. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

enum { LEAST_SLOTS = 8 };

/* A value, and in how many states of the span at hand it is. */
struct gnp_distinct_value {
  gn_str bytes;
  uint32_t states;
};

static uint64_t hash_of(gn_str bytes)
{
  uint64_t word = 0;
  if (bytes.len > sizeof word) return gni_xxh64(bytes.ptr, bytes.len, 0);
  if (bytes.len) memcpy(&word, bytes.ptr, bytes.len);
  word = (word ^ word >> 32 ^ bytes.len) * UINT64_C(0x9E3779B97F4A7C15);
  return word ^ word >> 32;
}

int gnp_distinct_init(gnp_distinct *distinct, size_t values, size_t states, gn_arena *arena)
{
  size_t slots = LEAST_SLOTS;
  while (slots < 2 * values) slots *= 2;
  *distinct = (gnp_distinct){.mask = slots - 1};
  distinct->values = GN_TAKE(arena, struct gnp_distinct_value, values);
  distinct->slots = GN_TAKE_ZERO(arena, uint32_t, slots);
  distinct->ids = GN_TAKE(arena, uint32_t, values);
  distinct->ends = GN_TAKE(arena, size_t, states);
  bool room = distinct->values && distinct->slots && distinct->ids && distinct->ends;
  return room ? GN_OK : gni_fail_arena(NULL, arena, slots * sizeof *distinct->values);
}

void gnp_distinct_add(gnp_distinct *distinct, gn_str value)
{
  size_t slot = hash_of(value) & distinct->mask;
  while (distinct->slots[slot] &&
         !gni_str_equal(distinct->values[distinct->slots[slot] - 1].bytes, value))
    slot = (slot + 1) & distinct->mask;
  if (!distinct->slots[slot]) {
    distinct->values[distinct->value_count] = (struct gnp_distinct_value){.bytes = value};
    distinct->slots[slot] = ++distinct->value_count;
  }
  distinct->ids[distinct->id_count++] = distinct->slots[slot] - 1;
}

void gnp_distinct_end_state(gnp_distinct *distinct)
{
  distinct->ends[distinct->state_count++] = distinct->id_count;
}

/* The position of the first value of a state. */
static size_t start_of(const gnp_distinct *distinct, size_t state)
{
  return state ? distinct->ends[state - 1] : 0;
}

size_t gnp_distinct_slide(gnp_distinct *distinct, size_t from, size_t to)
{
  for (size_t i = start_of(distinct, distinct->to); i < start_of(distinct, to); i++)
    distinct->alive += distinct->values[distinct->ids[i]].states++ == 0;
  for (size_t i = start_of(distinct, distinct->from); i < start_of(distinct, from); i++)
    distinct->alive -= --distinct->values[distinct->ids[i]].states == 0;
  distinct->from = from;
  distinct->to = to;
  return distinct->alive;
}
