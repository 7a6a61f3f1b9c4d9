/* VARIANCE of the population, by Welford's method. The order of the floating-point steps is part of
 * the answer and is Chronon's. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct variance_state {
  gnp_state head;
  int32_t count; /* 32 bits, as in the saved form */
  double mean;
  double m2; /* sum of squared distances from the mean */
} variance_state;

static const gni_field variance_fields[] = {
    {{"count", 5}, &gni_type_int}, {{"mean", 4}, &gni_type_double}, {{"m2", 2}, &gni_type_double}};
static const gni_type variance_type = {
    .kind = GNI_STRUCT, .field_count = 3, .fields = variance_fields, .name = {"VarianceIr", 10}};

static bool variance_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = &gni_type_double;
  scalar->state = &variance_type;
  return true;
}

static int variance_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                           int64_t time_ms, gn_arena *arena)
{
  variance_state *s = state;
  double x = gnp_as_double(scalar->input, input);
  (void)time_ms, (void)arena;
  s->count = gnp_wrap_add32(s->count, 1);
  double delta = x - s->mean;
  s->mean += delta / s->count;
  s->m2 += delta * (x - s->mean);
  return GN_OK;
}

/* The mean of two parts. While one part is small against the other, moving the larger mean loses
 * less than adding two products. */
static double combined_mean(double n, double mean_n, double k, double mean_k)
{
  if (n < k) return combined_mean(k, mean_k, n, mean_n);
  double total = n + k;
  if (total == 0) return 0;
  if (total == n) return mean_n;
  double share = k / total;
  if (share < 0.1) return mean_n + (mean_k - mean_n) * share;
  return (n * mean_n + k * mean_k) / total;
}

static int variance_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  variance_state *s = state;
  const variance_state *o = other;
  (void)scalar, (void)arena;
  int32_t count = gnp_wrap_add32(s->count, o->count);
  double delta = o->mean - s->mean;
  double step = delta / count;
  s->mean = combined_mean(s->count, s->mean, o->count, o->mean);
  s->m2 = s->m2 + o->m2 + delta * step * s->count * o->count;
  s->count = count;
  return GN_OK;
}

static int variance_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                           gn_arena *arena)
{
  const variance_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_real(s->m2 / s->count);
  return GN_OK;
}

static int variance_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                         gn_arena *arena)
{
  const variance_state *s = state;
  (void)scalar;
  gni_value *fields = gnp_items_take(arena, 3, out);
  if (!fields) return gni_fail_arena(NULL, arena, 3 * sizeof *fields);
  fields[0] = gni_value_integer(s->count);
  fields[1] = gni_value_real(s->mean);
  fields[2] = gni_value_real(s->m2);
  return GN_OK;
}

static int variance_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                         gn_arena *arena, gn_error *err)
{
  variance_state *s = state;
  (void)arena;
  const gni_value *fields = saved->list.items;
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "no VarianceIr");
  if (fields[0].is_null || fields[1].is_null || fields[2].is_null)
    return gnp_fail_saved(err, scalar, "one of its numbers is null");
  if (fields[0].integer < 1) return gnp_fail_saved(err, scalar, "its count is below 1");
  s->count = (int32_t)fields[0].integer;
  s->mean = fields[1].real;
  s->m2 = fields[2].real;
  return GN_OK;
}

const gnp_operation gnp_variance = {
    .kinds = GNP_NUMBERS,
    .state_size = sizeof(variance_state),
    .resolve = variance_resolve,
    .update = variance_update,
    .merge = variance_merge,
    .finish = variance_finish,
    .save = variance_save,
    .load = variance_load,
};
