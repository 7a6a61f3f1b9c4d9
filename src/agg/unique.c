/* UNIQUE_COUNT and BOUNDED_UNIQUE_COUNT: a set of the distinct values, saved as their list in the
 * order in which they came. Numbers are equal as a JVM set sees it (NaN equals NaN, 0.0 differs
 * from -0.0), binary by its bytes.
 *
 * The bounded set stops at k values; a full one answers k, whatever came after. Where this differs
 * from Chronon: it saves digests in place of strings, and one marker string in place of a set that
 * overflowed, which no list of numbers can hold. We save the values themselves, at most k of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

#include <math.h>

typedef struct unique_state {
  gnp_state head;
  gnp_keyed set;
} unique_state;

static const gnp_keyed_form number_form = {.wide_key = false}, text_form = {.wide_key = true};

static gnp_keyed_form form_of(const gnp_scalar *scalar)
{
  return GNP_KIND(scalar->input->kind) & GNP_TEXTS ? text_form : number_form;
}

static bool unique_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = &gni_type_long;
  scalar->state = gni_type_list(arena, scalar->input);
  return scalar->state != NULL;
}

/* The eight bytes by which a number is known. */
static uint64_t number_key(const gni_type *type, const gni_value *value)
{
  uint64_t bits;
  double real = gnp_is_real(type) && isnan(value->real) ? NAN : value->real;
  memcpy(&bits, &real, sizeof bits);
  return gnp_is_real(type) ? bits : (uint64_t)value->integer;
}

static int add_key(const gnp_scalar *scalar, unique_state *s, gn_str key, gn_arena *arena)
{
  if (s->set.count >= (uint32_t)scalar->k) return GN_OK;
  void *payload; /* there is none: being there is all */
  return gnp_keyed_put(&s->set, form_of(scalar), key, arena, &payload);
}

static int unique_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                         int64_t time_ms, gn_arena *arena)
{
  (void)time_ms;
  if (form_of(scalar).wide_key) return add_key(scalar, state, input->text, arena);
  uint64_t bits = number_key(scalar->input, input);
  return add_key(scalar, state, (gn_str){(const char *)&bits, sizeof bits}, arena);
}

/* Also copies: into a state that saw nothing. */
static int unique_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  const unique_state *o = other;
  for (size_t i = 0; i < o->set.count; i++) {
    int rc = add_key(scalar, state, gnp_keyed_key(&o->set, form_of(scalar), i), arena);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int unique_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                         gn_arena *arena)
{
  const unique_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_integer(s->set.count);
  return GN_OK;
}

/* ---- how many keys spans have ---- */

static int find_keys(const gnp_scalar *scalar, gnp_run run, gnp_distinct *out, gn_arena *arena)
{
  size_t total = 0;
  for (size_t i = 0; i < run.count; i++)
    total += ((const unique_state *)gnp_run_state(run, i))->set.count;
  int rc = gnp_distinct_init(out, total, run.count, arena);
  for (size_t i = 0; rc == GN_OK && i < run.count; i++) {
    const gnp_keyed *set = &((const unique_state *)gnp_run_state(run, i))->set;
    for (size_t k = 0; k < set->count; k++)
      gnp_distinct_add(out, gnp_keyed_key(set, form_of(scalar), k));
    gnp_distinct_end_state(out);
  }
  return rc;
}

/* Counting needs no copies of the keys. A bounded set among the states that is full holds k. */
static int unique_finish_spans(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans,
                               size_t count, gni_value *out, gn_arena *arena)
{
  gnp_distinct keys;
  size_t limit = (size_t)scalar->k;
  int rc = find_keys(scalar, run, &keys, arena);
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    size_t found = gnp_distinct_slide(&keys, spans[i].low, spans[i].high);
    out[i] = found ? gni_value_integer((int64_t)(found < limit ? found : limit)) : GNI_NULL_VALUE;
  }
  return rc;
}

static int save_number(const gnp_scalar *scalar, gn_str key, gni_value *out)
{
  uint64_t bits;
  double real;
  memcpy(&bits, key.ptr, sizeof bits);
  memcpy(&real, key.ptr, sizeof real);
  *out = gnp_is_real(scalar->input) ? gni_value_real(real) : gni_value_integer((int64_t)bits);
  return GN_OK;
}

static int unique_save(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  const unique_state *s = state;
  int rc = GN_OK;
  gni_value *items = gnp_items_take(arena, s->set.count, out);
  if (!items) return gni_fail_arena(NULL, arena, s->set.count * sizeof *items);
  for (size_t i = 0; i < s->set.count && rc == GN_OK; i++) {
    gn_str key = gnp_keyed_key(&s->set, form_of(scalar), i);
    gni_value text = gni_value_text(key);
    rc = form_of(scalar).wide_key ? gni_value_copy(scalar->input, &text, arena, &items[i])
                                  : save_number(scalar, key, &items[i]);
  }
  return rc;
}

static int unique_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                       gn_arena *arena, gn_error *err)
{
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "out of range");
  if (saved->list.count == 0 || saved->list.count > (size_t)scalar->k)
    return gnp_fail_saved(err, scalar, "it has no values, or more than k");
  for (size_t i = 0; i < saved->list.count; i++) {
    const gni_value *value = &saved->list.items[i];
    if (value->is_null) return gnp_fail_saved(err, scalar, "one of its values is null");
    int rc = unique_update(scalar, state, value, 0, arena);
    if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
  }
  return GN_OK;
}

const gnp_operation gnp_unique = {
    .kinds = GNP_NUMBERS | GNP_TEXTS,
    .state_size = sizeof(unique_state),
    .resolve = unique_resolve,
    .update = unique_update,
    .merge = unique_merge,
    .finish_spans = unique_finish_spans,
    .copy = unique_merge,
    .finish = unique_finish,
    .save = unique_save,
    .load = unique_load,
};
