/* The frequent values as bytes: Apache DataSketches' form of an ItemsSketch.
 *
 *   bytes     0 words of 8 in the preamble, 1 version, 2 family, 3 lg of the largest table, 4 lg of
 *             the table, 5 flags, 6..7 nothing; no more when empty
 *   then      counters (4 bytes, and 4 of nothing), weight, offset; the counts; the items: numbers
 *             in 8 bytes, texts after their length in 4
 *
 * While all values are counted, the largest table is given as twice that of the sketch: a reader
 * then leaves none out, and we know on loading. SPDX-License-Identifier: Apache-2.0 */
#include "agg/frequent.h"

enum {
  VERSION = 1,
  EMPTY_WORDS = 1,
  FULL_WORDS = 4,
  FULL_BYTES = 32,
  FLAG_EMPTY = 1 << 2,
  COUNT_BYTES = 8,
  NUMBER_BYTES = 8,
  LENGTH_BYTES = 4
};

static int largest_lg(const gnp_frequent *frequent)
{
  return gnp_frequent_lg(frequent->k) + frequent->exact;
}

static int current_lg(const gnp_frequent *frequent)
{
  int lg = gnp_frequent_lg(1);
  while (gnp_frequent_capacity(lg) < frequent->active) lg++;
  return lg;
}

static char *put_preamble(const gnp_frequent *frequent, char *at)
{
  at = gnp_put_integer(at, FULL_WORDS, 1);
  at = gnp_put_integer(at, VERSION, 1);
  at = gnp_put_integer(at, GNP_FAMILY_FREQUENCY, 1);
  at = gnp_put_integer(at, (uint64_t)largest_lg(frequent), 1);
  at = gnp_put_integer(at, (uint64_t)current_lg(frequent), 1);
  at = gnp_put_integer(at, 0, 3);
  at = gnp_put_integer(at, frequent->active, 8);
  at = gnp_put_integer(at, (uint64_t)frequent->weight, 8);
  return gnp_put_integer(at, (uint64_t)frequent->offset, 8);
}

static size_t items_size(const gnp_frequent *frequent, const gnp_pair *pairs)
{
  size_t size = 0;
  for (uint32_t i = 0; i < frequent->active; i++)
    size += frequent->wide ? LENGTH_BYTES + pairs[i].key.text.len : NUMBER_BYTES;
  return size;
}

int gnp_frequent_save(const gnp_frequent *frequent, gn_str *out, gn_arena *arena)
{
  gnp_pair *pairs = gnp_frequent_pairs(frequent, arena);
  if (!pairs) return gni_fail_arena(NULL, arena, frequent->active * sizeof *pairs);
  size_t size = FULL_BYTES + (size_t)frequent->active * COUNT_BYTES + items_size(frequent, pairs);
  char *bytes = gni_arena_take(arena, size);
  if (!bytes) return gni_fail_arena(NULL, arena, size);
  char *at = put_preamble(frequent, bytes);
  for (uint32_t i = 0; i < frequent->active; i++)
    at = gnp_put_integer(at, (uint64_t)pairs[i].value.integer, COUNT_BYTES);
  for (uint32_t i = 0; i < frequent->active; i++) {
    gn_str text = pairs[i].key.text;
    if (!frequent->wide) {
      at = gnp_put_integer(at, (uint64_t)pairs[i].key.integer, NUMBER_BYTES);
      continue;
    }
    at = gnp_put_integer(at, text.len, LENGTH_BYTES);
    if (text.len > 0) memcpy(at, text.ptr, text.len);
    at += text.len;
  }
  *out = (gn_str){bytes, size};
  return GN_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static const char *take_head(gnp_frequent *frequent, bool *empty, gnp_bytes *bytes)
{
  uint64_t words = gnp_take_integer(bytes, 1), version = gnp_take_integer(bytes, 1);
  uint64_t family = gnp_take_integer(bytes, 1), largest = gnp_take_integer(bytes, 1);
  gnp_take_integer(bytes, 1);
  *empty = gnp_take_integer(bytes, 1) & FLAG_EMPTY;
  gnp_take_integer(bytes, 2);
  if (bytes->short_of) return "it is cut short";
  if (version != VERSION || family != GNP_FAMILY_FREQUENCY) return "no sketch of frequent items";
  if (words != (*empty ? EMPTY_WORDS : FULL_WORDS)) return "its preamble has another length";
  frequent->exact = largest == (uint64_t)gnp_frequent_lg(frequent->k) + 1;
  if (!frequent->exact && largest != (uint64_t)gnp_frequent_lg(frequent->k))
    return "its k is another";
  return NULL;
}

static const char *take_preamble(gnp_frequent *frequent, uint32_t *active, gnp_bytes *bytes)
{
  *active = (uint32_t)gnp_take_integer(bytes, 4);
  gnp_take_integer(bytes, 4);
  frequent->weight = (int64_t)gnp_take_integer(bytes, 8);
  frequent->offset = (int64_t)gnp_take_integer(bytes, 8);
  uint32_t most =
      frequent->exact ? frequent->k : gnp_frequent_capacity(gnp_frequent_lg(frequent->k));
  if (bytes->short_of || bytes->rest.len / COUNT_BYTES < *active) return "it is cut short";
  if (*active > most) return "it has more items than k lets it";
  if (frequent->weight < 0 || frequent->offset < 0 || (frequent->exact && frequent->offset > 0))
    return "its weights cannot be";
  return NULL;
}

/* NULL for a text that is cut short. */
static gn_str take_key(const gnp_frequent *frequent, gnp_bytes *items)
{
  if (!frequent->wide) return gnp_take_text(items, NUMBER_BYTES);
  size_t len = (size_t)gnp_take_integer(items, LENGTH_BYTES);
  gn_str text = gnp_take_text(items, len);
  return !items->short_of && gni_utf8_valid(text) ? text : (gn_str){NULL, 0};
}

static int take_counters(gnp_frequent *frequent, uint32_t active, gnp_bytes *counts,
                         gnp_bytes *items, const char **reason, gn_arena *arena)
{
  for (uint32_t i = 0; i < active; i++) {
    int64_t count = (int64_t)gnp_take_integer(counts, COUNT_BYTES);
    gn_str key = take_key(frequent, items);
    bool is_new;
    *reason = "one of its items cannot be read";
    if (!key.ptr) return GN_E_CORRUPT;
    *reason = "one of its counts is below 1";
    if (count < 1) return GN_E_CORRUPT;
    int rc = gnp_frequent_count(frequent, key, count, &is_new, arena);
    if (rc != GN_OK) return rc;
    *reason = "an item comes twice";
    if (!is_new) return GN_E_CORRUPT;
  }
  *reason = "its bytes go on";
  return items->rest.len > 0 ? GN_E_CORRUPT : GN_OK;
}

int gnp_frequent_load(gnp_frequent *frequent, uint32_t k, bool wide, gn_str bytes, gn_arena *arena,
                      const char **reason)
{
  gnp_bytes left = {.rest = bytes};
  bool empty;
  uint32_t active = 0;
  gnp_frequent_init(frequent, k, wide);
  *reason = take_head(frequent, &empty, &left);
  if (!*reason && !empty) *reason = take_preamble(frequent, &active, &left);
  if (*reason) return GN_E_CORRUPT;
  gnp_bytes counts = {.rest = gnp_take_text(&left, (size_t)active * COUNT_BYTES)};
  return take_counters(frequent, active, &counts, &left, reason, arena);
}
