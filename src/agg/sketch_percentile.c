/* APPROX_PERCENTILE: a KLL sketch of floats. Chronon throws real coins; here the values themselves
 * decide, so that the same rows give the same answer. SPDX-License-Identifier: Apache-2.0 */
#include "agg/kll.h"

typedef struct percentile_state {
  gnp_state head;
  gnp_kll kll;
} percentile_state;

static bool percentile_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = gni_type_list(arena, &gni_type_float);
  scalar->state = &gni_type_binary;
  return scalar->output != NULL;
}

static int percentile_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                             int64_t time_ms, gn_arena *arena)
{
  percentile_state *s = state;
  (void)time_ms;
  if (!s->head.seen) gnp_kll_init(&s->kll, scalar->k);
  float value = gnp_is_real(scalar->input) ? (float)input->real : (float)input->integer;
  return gnp_kll_add(&s->kll, value, arena);
}

static int percentile_merge(const gnp_scalar *scalar, void *state, const void *other,
                            gn_arena *arena)
{
  (void)scalar;
  return gnp_kll_merge(&((percentile_state *)state)->kll, &((const percentile_state *)other)->kll,
                       arena);
}

static int percentile_copy(const gnp_scalar *scalar, void *target, const void *state,
                           gn_arena *arena)
{
  (void)scalar;
  return gnp_kll_copy(&((percentile_state *)target)->kll, &((const percentile_state *)state)->kll,
                      arena);
}

static int percentile_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                             gn_arena *arena)
{
  const percentile_state *s = state;
  size_t count = scalar->percentile_count;
  float *values = GN_TAKE(arena, float, count);
  gni_value *items = gnp_items_take(arena, count, out);
  if (!values || !items) return gni_fail_arena(NULL, arena, count * sizeof *items);
  int rc = gnp_kll_quantiles(&s->kll, scalar->percentiles, count, values, arena);
  for (size_t i = 0; i < count && rc == GN_OK; i++) items[i] = gni_value_real((double)values[i]);
  return rc;
}

static int percentile_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                           gn_arena *arena)
{
  gn_str bytes;
  (void)scalar;
  int rc = gnp_kll_save(&((const percentile_state *)state)->kll, &bytes, arena);
  if (rc == GN_OK) *out = gni_value_text(bytes);
  return rc;
}

static int percentile_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                           gn_arena *arena, gn_error *err)
{
  const char *reason;
  int rc = gnp_kll_load(&((percentile_state *)state)->kll, scalar->k, saved->text, arena, &reason);
  if (rc == GN_E_CORRUPT) return gnp_fail_saved(err, scalar, reason);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "no memory for a saved state");
}

const gnp_operation gnp_sketch_percentile = {
    .kinds = GNP_NUMBERS,
    .state_size = sizeof(percentile_state),
    .resolve = percentile_resolve,
    .update = percentile_update,
    .merge = percentile_merge,
    .copy = percentile_copy,
    .finish = percentile_finish,
    .save = percentile_save,
    .load = percentile_load,
};
