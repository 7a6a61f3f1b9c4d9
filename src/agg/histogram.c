/* HISTOGRAM: how often each string came, in 32-bit counts. A count that is taken back to exactly 0
 * is as if it never was; one below 0 stays. With k, the k largest counts are shown; among equal
 * counts the smaller key by bytes comes first (Chronon leaves that to the order of a Java map).
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct histogram_state {
  gnp_state head;
  gnp_keyed counts;
} histogram_state;

static const gnp_keyed_form counts_form = {.wide_key = true, .payload_size = sizeof(int32_t)};

static bool histogram_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = scalar->state = gni_type_map(arena, &gni_type_string, &gni_type_int);
  return scalar->state != NULL;
}

static int add_count(histogram_state *s, gn_str key, int32_t count, gn_arena *arena)
{
  void *payload;
  int rc = gnp_keyed_put(&s->counts, counts_form, key, arena, &payload);
  if (rc != GN_OK) return rc;
  int32_t *stored = payload;
  *stored = gnp_wrap_add32(*stored, count);
  return GN_OK;
}

static int histogram_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                            int64_t time_ms, gn_arena *arena)
{
  (void)scalar, (void)time_ms;
  return add_count(state, input->text, 1, arena);
}

static int histogram_drop(const gnp_scalar *scalar, void *state, const gni_value *input,
                          gn_arena *arena)
{
  (void)scalar;
  return add_count(state, input->text, -1, arena);
}

static int32_t count_at(const histogram_state *s, size_t index)
{
  const int32_t *stored = gnp_keyed_payload(&s->counts, counts_form, index);
  return *stored;
}

/* Also copies: into a state that saw nothing. */
static int histogram_merge(const gnp_scalar *scalar, void *state, const void *other,
                           gn_arena *arena)
{
  const histogram_state *o = other;
  (void)scalar;
  for (size_t i = 0; i < o->counts.count; i++) {
    if (count_at(o, i) == 0) continue;
    int rc = add_count(state, gnp_keyed_key(&o->counts, counts_form, i), count_at(o, i), arena);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* The pairs in the order in which their keys came. */
static int collect(const histogram_state *s, gnp_pair **pairs, gni_value *out, gn_arena *arena)
{
  size_t count = 0;
  *pairs = GN_TAKE(arena, gnp_pair, s->counts.count);
  if (!*pairs) return gni_fail_arena(NULL, arena, s->counts.count * sizeof **pairs);
  for (size_t i = 0; i < s->counts.count; i++) {
    if (count_at(s, i) == 0) continue;
    gnp_pair *pair = &(*pairs)[count++];
    gni_value key = gni_value_text(gnp_keyed_key(&s->counts, counts_form, i));
    int rc = gni_value_copy(&gni_type_string, &key, arena, &pair->key);
    if (rc != GN_OK) return rc;
    pair->value = gni_value_integer(count_at(s, i));
  }
  *out = (gni_value){.list = {&(*pairs)->key, count}};
  return GN_OK;
}

static int histogram_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                          gn_arena *arena)
{
  gnp_pair *pairs;
  (void)scalar;
  return collect(state, &pairs, out, arena);
}

/* Larger counts first, then smaller keys. */
static int by_count(const gnp_pair *a, const gnp_pair *b)
{
  if (a->value.integer != b->value.integer) return a->value.integer > b->value.integer ? -1 : 1;
  return gnp_pair_by_key(a, b);
}

static int histogram_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                            gn_arena *arena)
{
  gnp_pair *pairs;
  int rc = collect(state, &pairs, out, arena);
  if (rc != GN_OK) return rc;
  size_t shown = (size_t)scalar->k;
  if (shown > 0 && out->list.count > shown) {
    gnp_sort_pairs(pairs, out->list.count, by_count);
    out->list.count = shown;
  }
  gnp_sort_pairs(pairs, out->list.count, gnp_pair_by_key);
  return GN_OK;
}

static int histogram_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                          gn_arena *arena, gn_error *err)
{
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "no counts");
  for (size_t i = 0; i < saved->list.count; i++) {
    const gni_value *key = &saved->list.items[2 * i], *count = key + 1;
    if (count->is_null) return gnp_fail_saved(err, scalar, "one of its counts is null");
    int rc = add_count(state, key->text, (int32_t)count->integer, arena);
    if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
  }
  return GN_OK;
}

const gnp_operation gnp_histogram = {
    .kinds = GNP_KIND(GNI_STRING),
    .state_size = sizeof(histogram_state),
    .resolve = histogram_resolve,
    .update = histogram_update,
    .drop = histogram_drop,
    .merge = histogram_merge,
    .copy = histogram_merge,
    .finish = histogram_finish,
    .save = histogram_save,
    .load = histogram_load,
};
