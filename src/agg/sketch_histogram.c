/* APPROX_HISTOGRAM_K: the k most frequent values. Exact while there are no more than k distinct
 * ones; then a sketch of frequent items, of which those are shown that came often for certain
 * (NO_FALSE_POSITIVES). Chronon's state is a serialised Java object, which nothing else reads; ours
 * is DataSketches' own form in both cases. SPDX-License-Identifier: Apache-2.0 */
#include "agg/frequent.h"

#include <inttypes.h>
#include <math.h>

typedef struct histogram_state {
  gnp_state head;
  gnp_frequent frequent;
} histogram_state;

static bool histogram_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = gni_type_map(arena, &gni_type_string, &gni_type_long);
  scalar->state = &gni_type_binary;
  return scalar->output != NULL;
}

static bool is_wide(const gnp_scalar *scalar)
{
  return scalar->input->kind == GNI_STRING;
}

static int histogram_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                            int64_t time_ms, gn_arena *arena)
{
  histogram_state *s = state;
  char bytes[sizeof(uint64_t)];
  gn_str key = {bytes, sizeof bytes};
  (void)time_ms;
  if (!s->head.seen) gnp_frequent_init(&s->frequent, (uint32_t)scalar->k, is_wide(scalar));
  if (is_wide(scalar)) {
    key = input->text;
  } else { /* as a JVM map has it: one NaN, two zeros */
    double real = gnp_is_real(scalar->input) && isnan(input->real) ? (double)NAN : input->real;
    gnp_put_integer(bytes,
                    gnp_is_real(scalar->input) ? gnp_double_bits(real) : (uint64_t)input->integer,
                    sizeof bytes);
  }
  return gnp_frequent_add(&s->frequent, key, 1, arena);
}

static int histogram_merge(const gnp_scalar *scalar, void *state, const void *other,
                           gn_arena *arena)
{
  (void)scalar;
  return gnp_frequent_merge(&((histogram_state *)state)->frequent,
                            &((const histogram_state *)other)->frequent, arena);
}

static int histogram_copy(const gnp_scalar *scalar, void *target, const void *state,
                          gn_arena *arena)
{
  (void)scalar;
  return gnp_frequent_copy(&((histogram_state *)target)->frequent,
                           &((const histogram_state *)state)->frequent, arena);
}

/* Larger counts first, then smaller names. */
static int by_estimate(const gnp_pair *a, const gnp_pair *b)
{
  if (a->value.integer != b->value.integer) return a->value.integer > b->value.integer ? -1 : 1;
  return gnp_pair_by_key(a, b);
}

/* The key as Java's String.valueOf has it. */
static int name_key(const gnp_scalar *scalar, gni_value *key, gn_arena *arena)
{
  char real[GN_DOUBLE_TEXT_BYTES];
  if (is_wide(scalar)) return gni_value_copy(&gni_type_string, key, arena, key);
  if (gnp_is_real(scalar->input)) {
    size_t len = gni_format_java_double(gnp_double_from_bits((uint64_t)key->integer), real);
    key->text = gni_str_take(arena, (gn_str){real, len});
  } else {
    key->text = gni_str_format(arena, "%" PRId64, key->integer);
  }
  return key->text.ptr ? GN_OK : gni_fail_arena(NULL, arena, sizeof real);
}

static int histogram_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                            gn_arena *arena)
{
  const gnp_frequent *frequent = &((const histogram_state *)state)->frequent;
  size_t count = 0;
  gnp_pair *pairs = gnp_frequent_pairs(frequent, arena);
  if (!pairs) return gni_fail_arena(NULL, arena, frequent->active * sizeof *pairs);
  for (uint32_t i = 0; i < frequent->active; i++) {
    if (pairs[i].value.integer < frequent->offset) continue;
    gnp_pair *pair = &pairs[count++];
    *pair = pairs[i];
    int rc = name_key(scalar, &pair->key, arena);
    if (rc != GN_OK) return rc;
    if (__builtin_add_overflow(pair->value.integer, frequent->offset, &pair->value.integer))
      pair->value.integer = INT64_MAX;
  }
  gnp_sort_pairs(pairs, count, by_estimate);
  if (count > frequent->k) count = frequent->k;
  gnp_sort_pairs(pairs, count, gnp_pair_by_key);
  *out = (gni_value){.list = {&pairs->key, count}};
  return GN_OK;
}

static int histogram_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                          gn_arena *arena)
{
  gn_str bytes;
  (void)scalar;
  int rc = gnp_frequent_save(&((const histogram_state *)state)->frequent, &bytes, arena);
  if (rc == GN_OK) *out = gni_value_text(bytes);
  return rc;
}

static int histogram_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                          gn_arena *arena, gn_error *err)
{
  const char *reason;
  int rc = gnp_frequent_load(&((histogram_state *)state)->frequent, (uint32_t)scalar->k,
                             is_wide(scalar), saved->text, arena, &reason);
  if (rc == GN_E_CORRUPT) return gnp_fail_saved(err, scalar, reason);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "no memory for a saved state");
}

const gnp_operation gnp_sketch_histogram = {
    .kinds = GNP_NUMBERS | GNP_KIND(GNI_STRING),
    .state_size = sizeof(histogram_state),
    .resolve = histogram_resolve,
    .update = histogram_update,
    .merge = histogram_merge,
    .copy = histogram_copy,
    .finish = histogram_finish,
    .save = histogram_save,
    .load = histogram_load,
};
