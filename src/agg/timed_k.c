/* FIRST_K, earliest first, and LAST_K, latest first, of any type. At one millisecond the earlier
 * input is listed first; when there is no room for both, the later one stays.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

static bool timed_k_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  const gni_type *pair = gnp_time_pair_type(arena, scalar->input);
  scalar->output = gni_type_list(arena, scalar->input);
  scalar->state = pair ? gni_type_list(arena, pair) : NULL;
  return scalar->output && scalar->state;
}

static int timed_k_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                          int64_t time_ms, gn_arena *arena)
{
  return gnp_ranked_add(scalar, state, input, time_ms, arena);
}

/* ---- the k of a run ---- */

/* The first `room` of `count` listed items. Of those at one millisecond the later ones stay. */
static void take_first(gnp_item *const *items, size_t count, size_t room, gni_value *out)
{
  size_t before = room - 1, after = room; /* those at the millisecond of the cut: [before, after) */
  int64_t cut_ms = items[room - 1]->time_ms;
  while (before > 0 && items[before - 1]->time_ms == cut_ms) before--;
  while (after < count && items[after]->time_ms == cut_ms) after++;
  for (size_t i = 0; i < before; i++) out[i] = items[i]->box.value;
  for (size_t i = before; i < room; i++) out[i] = items[after - room + i]->box.value;
}

/* The items of the states of a run, each as it would list them; NULL: not asked for yet. */
struct listed {
  const gnp_scalar *scalar;
  gnp_run run;
  gnp_item ***items; /* a state */
};

static gnp_item *const *items_of(struct listed *listed, size_t state, gn_arena *arena)
{
  gnp_item ***items = &listed->items[state];
  if (!*items)
    *items = gnp_ranked_sorted(listed->scalar, gnp_run_state(listed->run, state), true, arena);
  return *items;
}

/* The state of a span that is the i-th from the end that counts. */
static size_t state_from_end(const gnp_scalar *scalar, gnp_span span, size_t i)
{
  return scalar->operation == GNI_LAST_K ? span.high - 1 - i : span.low + i;
}

/* Every state of a run is later than those before it, so the first k found from the right end are
 * the k best, and in their order. */
static int list_span(struct listed *listed, gnp_span span, gni_value *out, gn_arena *arena)
{
  const gnp_scalar *scalar = listed->scalar;
  size_t k = (size_t)scalar->k, total = 0, filled = 0;
  for (size_t i = span.low; i < span.high && total < k; i++)
    total += ((const gnp_ranked *)gnp_run_state(listed->run, i))->count;
  *out = GNI_NULL_VALUE;
  if (total == 0) return GN_OK;
  gni_value *values = gnp_items_take(arena, total < k ? total : k, out);
  if (!values) return gni_fail_arena(NULL, arena, total * sizeof *values);
  for (size_t i = 0; filled < out->list.count; i++) {
    size_t state = state_from_end(scalar, span, i), room = out->list.count - filled;
    const gnp_ranked *ranked = gnp_run_state(listed->run, state);
    if (ranked->count == 0) continue;
    gnp_item *const *items = items_of(listed, state, arena);
    if (!items) return gni_fail_arena(NULL, arena, ranked->count * sizeof(gnp_item *));
    if (room > ranked->count) room = ranked->count;
    take_first(items, ranked->count, room, values + filled);
    filled += room;
  }
  return GN_OK;
}

static int timed_k_finish_spans(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans,
                                size_t count, gni_value *out, gn_arena *arena)
{
  struct listed listed = {scalar, run, GN_TAKE_ZERO(arena, gnp_item **, run.count)};
  int rc = listed.items ? GN_OK : gni_fail_arena(NULL, arena, run.count * sizeof(gnp_item **));
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = list_span(&listed, spans[i], &out[i], arena);
  return rc;
}

static int save_pair(const gnp_scalar *scalar, const gnp_item *item, gni_value *out,
                     gn_arena *arena)
{
  gni_value *fields = gnp_items_take(arena, 2, out);
  if (!fields) return gni_fail_arena(NULL, arena, 2 * sizeof *fields);
  fields[0] = gni_value_integer(item->time_ms);
  return gni_value_copy(scalar->input, &item->box.value, arena, &fields[1]);
}

static int timed_k_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                        gn_arena *arena)
{
  const gnp_ranked *ranked = state;
  gni_value *pairs = gnp_items_take(arena, ranked->count, out);
  gnp_item **items = pairs ? gnp_ranked_sorted(scalar, ranked, false, arena) : NULL;
  if (!items) return gni_fail_arena(NULL, arena, ranked->count * sizeof *pairs);
  for (uint32_t i = 0; i < ranked->count; i++) {
    int rc = save_pair(scalar, items[i], &pairs[i], arena);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int timed_k_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                        gn_arena *arena, gn_error *err)
{
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "no TimePairs");
  if (saved->list.count == 0 || saved->list.count > (size_t)scalar->k)
    return gnp_fail_saved(err, scalar, "not between 1 and k values");
  for (size_t i = 0; i < saved->list.count; i++) {
    const gni_value *pair = &saved->list.items[i], *fields = pair->list.items;
    if (pair->is_null || fields[0].is_null || fields[1].is_null)
      return gnp_fail_saved(err, scalar, "a time or a payload is null");
    int rc = gnp_ranked_add(scalar, state, &fields[1], fields[0].integer, arena);
    if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
  }
  return GN_OK;
}

const gnp_operation gnp_timed_k = {
    .kinds = GNP_ANYTHING,
    .state_size = sizeof(gnp_ranked),
    .resolve = timed_k_resolve,
    .update = timed_k_update,
    .merge = gnp_ranked_merge,
    .finish_spans = timed_k_finish_spans,
    .copy = gnp_ranked_merge,
    .finish = gnp_ranked_finish,
    .save = timed_k_save,
    .load = timed_k_load,
};
