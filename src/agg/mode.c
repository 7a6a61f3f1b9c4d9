/* The five modes over the operations, and the state functions over the modes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/mode.h"

#include <math.h>

/* ---- states ---------------------------------------------------------------------------------- */

static bool has_seen(const void *state)
{
  return ((const gnp_state *)state)->seen;
}

static void set_seen(void *state)
{
  ((gnp_state *)state)->seen = true;
}

void gni_state_init(const gni_aggregator *aggregator, void *state)
{
  memset(state, 0, aggregator->state_size);
}

static int update_one(const gnp_scalar *scalar, void *state, const gni_value *input,
                      int64_t time_ms, gn_arena *arena)
{
  int rc = scalar->does->update(scalar, state, input, time_ms, arena);
  if (rc == GN_OK) set_seen(state);
  return rc;
}

int gni_state_update(const gni_aggregator *aggregator, void *state, const gni_value *input,
                     const gni_value *bucket, int64_t time_ms, gn_arena *arena)
{
  if (input->is_null) return GN_OK;
  if (aggregator->mode == &gnp_mode_direct) /* most columns; saves them a call */
    return update_one(&aggregator->scalar, state, input, time_ms, arena);
  gnp_change change = {input, bucket, time_ms, false, arena};
  return aggregator->mode->apply(aggregator, state, &change);
}

int gni_state_drop(const gni_aggregator *aggregator, void *state, const gni_value *input,
                   const gni_value *bucket, int64_t time_ms, gn_arena *arena)
{
  if (input->is_null || !aggregator->deletable) return GN_OK;
  gnp_change change = {input, bucket, time_ms, true, arena};
  return aggregator->mode->apply(aggregator, state, &change);
}

int gni_state_clone(const gni_aggregator *aggregator, void *target, const void *state,
                    gn_arena *arena)
{
  gni_state_init(aggregator, target);
  if (!has_seen(state)) return GN_OK;
  int rc = aggregator->mode->copy(aggregator, target, state, arena);
  if (rc == GN_OK) set_seen(target);
  return rc;
}

int gni_state_merge(const gni_aggregator *aggregator, void *state, const void *other,
                    gn_arena *arena)
{
  if (!has_seen(other)) return GN_OK;
  if (!has_seen(state)) return gni_state_clone(aggregator, state, other, arena);
  return aggregator->mode->merge(aggregator, state, other, arena);
}

/* In these modes the operation's own functions apply to the whole state. */
static bool is_plain(const gni_aggregator *aggregator)
{
  return aggregator->mode == &gnp_mode_direct || aggregator->mode == &gnp_mode_vector;
}

int gnp_state_update_rows(const gni_aggregator *aggregator, void *state, const gni_row *rows,
                          size_t count, size_t input, int bucket, gn_arena *arena)
{
  const gnp_operation *does = aggregator->scalar.does;
  if (aggregator->mode == &gnp_mode_direct && does->update_rows)
    return does->update_rows(&aggregator->scalar, state, rows, count, input, arena);
  int rc = GN_OK;
  for (size_t i = 0; i < count && rc == GN_OK; i++)
    rc = gni_state_update(aggregator, state, &rows[i].values[input],
                          bucket < 0 ? NULL : &rows[i].values[bucket], rows[i].time_ms, arena);
  return rc;
}

size_t gnp_newest_that_count(const gni_aggregator *aggregator)
{
  bool newest = aggregator->mode == &gnp_mode_direct && aggregator->scalar.operation == GNI_LAST_K;
  return newest ? (size_t)aggregator->scalar.k : SIZE_MAX;
}

int gnp_state_merge_run(const gni_aggregator *aggregator, void *state, gnp_run run, gn_arena *arena)
{
  const gnp_operation *does = aggregator->scalar.does;
  if (is_plain(aggregator) && does->merge_run)
    return does->merge_run(&aggregator->scalar, state, run, arena);
  int rc = GN_OK;
  for (size_t i = 0; i < run.count && rc == GN_OK; i++)
    rc = gni_state_merge(aggregator, state, run.first + i * run.stride, arena);
  return rc;
}

/* What cannot be told in a number finishes to null. */
static void check_real(const gni_aggregator *aggregator, gni_value *out)
{
  if (aggregator->checked && !out->is_null && gnp_is_real(aggregator->output) &&
      !isfinite(out->real))
    *out = GNI_NULL_VALUE;
}

bool gnp_state_finish_spans(const gni_aggregator *aggregator, gnp_run run, const gnp_span *spans,
                            size_t count, gni_value *out, gn_arena *arena, int *rc)
{
  const gnp_operation *does = aggregator->scalar.does;
  if (!is_plain(aggregator) || !does->finish_spans) return false;
  *rc = does->finish_spans(&aggregator->scalar, run, spans, count, out, arena);
  for (size_t i = 0; *rc == GN_OK && i < count; i++) check_real(aggregator, &out[i]);
  return true;
}

bool gni_state_is_empty(const gni_aggregator *aggregator, const void *state)
{
  (void)aggregator;
  return !has_seen(state);
}

int gni_state_finish(const gni_aggregator *aggregator, const void *state, gni_value *out,
                     gn_arena *arena)
{
  *out = GNI_NULL_VALUE;
  return has_seen(state) ? aggregator->mode->finish(aggregator, state, out, arena) : GN_OK;
}

int gni_state_save(const gni_aggregator *aggregator, const void *state, gni_value *out,
                   gn_arena *arena)
{
  *out = GNI_NULL_VALUE;
  return has_seen(state) ? aggregator->mode->save(aggregator, state, out, arena) : GN_OK;
}

int gni_state_load(const gni_aggregator *aggregator, void *state, const gni_value *saved,
                   gn_arena *arena, gn_error *err)
{
  gni_state_init(aggregator, state);
  if (saved->is_null) return GN_OK;
  return aggregator->mode->load(aggregator, state, saved, arena, err);
}

/* ---- direct ---------------------------------------------------------------------------------- */

static int direct_apply(const gni_aggregator *aggregator, void *state, const gnp_change *change)
{
  const gnp_scalar *scalar = &aggregator->scalar;
  int rc = change->back
               ? scalar->does->drop(scalar, state, change->input, change->arena)
               : scalar->does->update(scalar, state, change->input, change->time_ms, change->arena);
  if (rc == GN_OK) set_seen(state);
  return rc;
}

static int direct_merge(const gni_aggregator *aggregator, void *state, const void *other,
                        gn_arena *arena)
{
  return aggregator->scalar.does->merge(&aggregator->scalar, state, other, arena);
}

static int direct_copy(const gni_aggregator *aggregator, void *target, const void *state,
                       gn_arena *arena)
{
  const gnp_operation *does = aggregator->scalar.does;
  if (does->copy) return does->copy(&aggregator->scalar, target, state, arena);
  memcpy(target, state, does->state_size);
  return GN_OK;
}

static int direct_finish(const gni_aggregator *aggregator, const void *state, gni_value *out,
                         gn_arena *arena)
{
  int rc = aggregator->scalar.does->finish(&aggregator->scalar, state, out, arena);
  if (rc == GN_OK) check_real(aggregator, out);
  return rc;
}

static int direct_save(const gni_aggregator *aggregator, const void *state, gni_value *out,
                       gn_arena *arena)
{
  return aggregator->scalar.does->save(&aggregator->scalar, state, out, arena);
}

static int direct_load(const gni_aggregator *aggregator, void *state, const gni_value *saved,
                       gn_arena *arena, gn_error *err)
{
  int rc = aggregator->scalar.does->load(&aggregator->scalar, state, saved, arena, err);
  if (rc == GN_OK) set_seen(state);
  return rc;
}

const gnp_mode gnp_mode_direct = {
    .apply = direct_apply,
    .merge = direct_merge,
    .copy = direct_copy,
    .finish = direct_finish,
    .save = direct_save,
    .load = direct_load,
};

/* ---- vector ---------------------------------------------------------------------------------- */

static int vector_apply(const gni_aggregator *aggregator, void *state, const gnp_change *change)
{
  gnp_change one = *change;
  for (size_t i = 0; i < change->input->list.count; i++) {
    one.input = &change->input->list.items[i];
    if (one.input->is_null) continue;
    int rc = direct_apply(aggregator, state, &one);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

const gnp_mode gnp_mode_vector = {
    .apply = vector_apply,
    .merge = direct_merge,
    .copy = direct_copy,
    .finish = direct_finish,
    .save = direct_save,
    .load = direct_load,
};

/* ---- keys and buckets ------------------------------------------------------------------------ */

typedef struct keyed_state {
  gnp_state head;
  gnp_keyed states;
} keyed_state;

static const void *state_at(const gni_aggregator *aggregator, const keyed_state *s, size_t index)
{
  return gnp_keyed_payload(&s->states, aggregator->keyed_form, index);
}

static gn_str key_at(const gni_aggregator *aggregator, const keyed_state *s, size_t index)
{
  return gnp_keyed_key(&s->states, aggregator->keyed_form, index);
}

static int apply_key(const gni_aggregator *aggregator, keyed_state *s, gn_str key,
                     const gnp_change *change)
{
  void *inner;
  int rc = gnp_keyed_put(&s->states, aggregator->keyed_form, key, change->arena, &inner);
  if (rc == GN_OK) rc = aggregator->inner->mode->apply(aggregator->inner, inner, change);
  if (rc == GN_OK) s->head.seen = true;
  return rc;
}

static int keys_apply(const gni_aggregator *aggregator, void *state, const gnp_change *change)
{
  gnp_change one = *change;
  for (size_t i = 0; i < change->input->list.count; i++) {
    const gni_value *key = &change->input->list.items[2 * i];
    one.input = key + 1;
    if (key->is_null || one.input->is_null) continue;
    int rc = apply_key(aggregator, state, key->text, &one);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static bool has_element(const gni_value *list)
{
  for (size_t i = 0; i < list->list.count; i++)
    if (!list->list.items[i].is_null) return true;
  return false;
}

/* A list without elements makes no bucket. */
static int buckets_apply(const gni_aggregator *aggregator, void *state, const gnp_change *change)
{
  const gni_value *bucket = change->bucket;
  if (!bucket || bucket->is_null) return GN_OK;
  if (aggregator->inner->mode == &gnp_mode_vector && !has_element(change->input)) return GN_OK;
  return apply_key(aggregator, state, bucket->text, change);
}

/* Also copies: into a state that saw nothing. */
static int keyed_merge(const gni_aggregator *aggregator, void *state, const void *other,
                       gn_arena *arena)
{
  keyed_state *s = state;
  const keyed_state *o = other;
  for (size_t i = 0; i < o->states.count; i++) {
    const void *from = state_at(aggregator, o, i);
    void *to;
    if (!has_seen(from)) continue;
    int rc =
        gnp_keyed_put(&s->states, aggregator->keyed_form, key_at(aggregator, o, i), arena, &to);
    if (rc == GN_OK) rc = gni_state_merge(aggregator->inner, to, from, arena);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

typedef int (*state_to_value)(const gni_aggregator *aggregator, const void *state, gni_value *out,
                              gn_arena *arena);

/* The states as values under copies of their keys, in key order: answers do not depend on which
 * bucket came first. */
static int keyed_collect(const gni_aggregator *aggregator, const keyed_state *s,
                         state_to_value convert, gni_value *out, gn_arena *arena)
{
  size_t count = 0;
  gnp_pair *pairs = GN_TAKE(arena, gnp_pair, s->states.count);
  if (!pairs) return gni_fail_arena(NULL, arena, s->states.count * sizeof *pairs);
  for (size_t i = 0; i < s->states.count; i++) {
    const void *inner = state_at(aggregator, s, i);
    gni_value key = gni_value_text(key_at(aggregator, s, i));
    if (!has_seen(inner)) continue; /* memory ran out before its first input was in */
    int rc = gni_value_copy(&gni_type_string, &key, arena, &pairs[count].key);
    if (rc == GN_OK) rc = convert(aggregator->inner, inner, &pairs[count].value, arena);
    if (rc != GN_OK) return rc;
    count++;
  }
  gnp_sort_pairs(pairs, count, gnp_pair_by_key);
  *out = (gni_value){.list = {&pairs->key, count}};
  return GN_OK;
}

static int keyed_finish(const gni_aggregator *aggregator, const void *state, gni_value *out,
                        gn_arena *arena)
{
  return keyed_collect(aggregator, state, gni_state_finish, out, arena);
}

static int keyed_save(const gni_aggregator *aggregator, const void *state, gni_value *out,
                      gn_arena *arena)
{
  return keyed_collect(aggregator, state, gni_state_save, out, arena);
}

static int keyed_load(const gni_aggregator *aggregator, void *state, const gni_value *saved,
                      gn_arena *arena, gn_error *err)
{
  keyed_state *s = state;
  for (size_t i = 0; i < saved->list.count; i++) {
    const gni_value *key = &saved->list.items[2 * i], *value = key + 1;
    void *inner;
    if (key->is_null) return gnp_fail_saved(err, &aggregator->scalar, "one of its keys is null");
    if (value->is_null) continue;
    int rc = gnp_keyed_put(&s->states, aggregator->keyed_form, key->text, arena, &inner);
    if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
    rc = gni_state_load(aggregator->inner, inner, value, arena, err);
    if (rc != GN_OK) return rc;
    s->head.seen = true;
  }
  return GN_OK;
}

const gnp_mode gnp_mode_keys = {
    .state_size = sizeof(keyed_state),
    .apply = keys_apply,
    .merge = keyed_merge,
    .copy = keyed_merge,
    .finish = keyed_finish,
    .save = keyed_save,
    .load = keyed_load,
};

const gnp_mode gnp_mode_buckets = {
    .state_size = sizeof(keyed_state),
    .apply = buckets_apply,
    .merge = keyed_merge,
    .copy = keyed_merge,
    .finish = keyed_finish,
    .save = keyed_save,
    .load = keyed_load,
};

/* ---- elements -------------------------------------------------------------------------------- */

typedef struct elements_state {
  gnp_state head;
  char *states;
  size_t count; /* the length of the first list; all others must have it */
} elements_state;

static int elements_start(const gni_aggregator *aggregator, elements_state *s, size_t count,
                          gn_arena *arena)
{
  size_t size = gni_size_mul(count, aggregator->inner->state_size);
  s->states = gni_arena_take_zero(arena, size);
  if (!s->states) return gni_fail_arena(NULL, arena, size);
  s->count = count;
  return GN_OK;
}

static void *element_at(const gni_aggregator *aggregator, const elements_state *s, size_t index)
{
  return s->states + index * aggregator->inner->state_size;
}

static int elements_apply(const gni_aggregator *aggregator, void *state, const gnp_change *change)
{
  elements_state *s = state;
  gnp_change one = *change;
  size_t count = change->input->list.count;
  int rc = GN_OK;
  for (size_t i = 0; i < count; i++)
    if (change->input->list.items[i].is_null) return GN_E_INVALID;
  if (s->head.seen && s->count != count) return GN_E_INVALID;
  if (!s->head.seen) rc = elements_start(aggregator, s, count, change->arena);
  for (size_t i = 0; i < count && rc == GN_OK; i++) {
    one.input = &change->input->list.items[i];
    rc = aggregator->inner->mode->apply(aggregator->inner, element_at(aggregator, s, i), &one);
  }
  if (rc == GN_OK) s->head.seen = true;
  return rc;
}

static int elements_merge(const gni_aggregator *aggregator, void *state, const void *other,
                          gn_arena *arena)
{
  elements_state *s = state;
  const elements_state *o = other;
  int rc = s->count == o->count ? GN_OK : GN_E_INVALID;
  for (size_t i = 0; i < s->count && rc == GN_OK; i++)
    rc = gni_state_merge(aggregator->inner, element_at(aggregator, s, i),
                         element_at(aggregator, o, i), arena);
  return rc;
}

static int elements_copy(const gni_aggregator *aggregator, void *target, const void *state,
                         gn_arena *arena)
{
  const elements_state *from = state;
  int rc = elements_start(aggregator, target, from->count, arena);
  return rc == GN_OK ? elements_merge(aggregator, target, state, arena) : rc;
}

static int elements_collect(const gni_aggregator *aggregator, const elements_state *s,
                            state_to_value convert, gni_value *out, gn_arena *arena)
{
  gni_value *items = gnp_items_take(arena, s->count, out);
  int rc = items ? GN_OK : gni_fail_arena(NULL, arena, s->count * sizeof *items);
  for (size_t i = 0; i < s->count && rc == GN_OK; i++)
    rc = convert(aggregator->inner, element_at(aggregator, s, i), &items[i], arena);
  return rc;
}

static int elements_finish(const gni_aggregator *aggregator, const void *state, gni_value *out,
                           gn_arena *arena)
{
  return elements_collect(aggregator, state, gni_state_finish, out, arena);
}

static int elements_save(const gni_aggregator *aggregator, const void *state, gni_value *out,
                         gn_arena *arena)
{
  return elements_collect(aggregator, state, gni_state_save, out, arena);
}

static int elements_load(const gni_aggregator *aggregator, void *state, const gni_value *saved,
                         gn_arena *arena, gn_error *err)
{
  elements_state *s = state;
  int rc = elements_start(aggregator, s, saved->list.count, arena);
  if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
  for (size_t i = 0; i < s->count && rc == GN_OK; i++) {
    const gni_value *item = &saved->list.items[i];
    if (item->is_null)
      return gnp_fail_saved(err, &aggregator->scalar, "one of its elements is null");
    rc = gni_state_load(aggregator->inner, element_at(aggregator, s, i), item, arena, err);
  }
  if (rc == GN_OK) s->head.seen = true;
  return rc;
}

const gnp_mode gnp_mode_elements = {
    .state_size = sizeof(elements_state),
    .apply = elements_apply,
    .merge = elements_merge,
    .copy = elements_copy,
    .finish = elements_finish,
    .save = elements_save,
    .load = elements_load,
};
