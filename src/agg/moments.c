/* SKEW and KURTOSIS from the first four moments, updated in one pass. The order of the
 * floating-point steps is part of the answer and is Chronon's. SPDX-License-Identifier: Apache-2.0
 */
#include "agg/agg_private.h"

#include <math.h>

typedef struct moments {
  double n, m1, m2, m3, m4; /* the saved form is the list of these five */
} moments;
enum { MOMENT_COUNT = 5 };

typedef struct moments_state {
  gnp_state head;
  moments of;
} moments_state;

static bool moments_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = &gni_type_double;
  scalar->state = gni_type_list(arena, &gni_type_double);
  return scalar->state != NULL;
}

static int moments_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                          int64_t time_ms, gn_arena *arena)
{
  moments *m = &((moments_state *)state)->of;
  (void)time_ms, (void)arena;
  double before = m->n;
  double n = m->n = before + 1;
  double delta = gnp_as_double(scalar->input, input) - m->m1;
  double delta_n = delta / n;
  double delta_n2 = delta_n * delta_n;
  double term = delta * delta_n * before;
  m->m1 += delta_n;
  m->m4 += term * delta_n2 * (n * n - 3 * n + 3) + 6 * delta_n2 * m->m2 - 4 * delta_n * m->m3;
  m->m3 += term * delta_n * (n - 2) - 3 * delta_n * m->m2;
  m->m2 += term;
  return GN_OK;
}

static int moments_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  moments *to = &((moments_state *)state)->of;
  const moments a = *to, b = ((const moments_state *)other)->of;
  (void)scalar, (void)arena;
  double n = a.n + b.n;
  double d = b.m1 - a.m1;
  double d2 = d * d, d3 = d * d2, d4 = d2 * d2;
  to->n = n;
  to->m1 = (a.n * a.m1 + b.n * b.m1) / n;
  to->m2 = a.m2 + b.m2 + d2 * a.n * b.n / n;
  to->m3 =
      a.m3 + b.m3 + d3 * a.n * b.n * (a.n - b.n) / (n * n) + 3 * d * (a.n * b.m2 - b.n * a.m2) / n;
  to->m4 = a.m4 + b.m4 + d4 * a.n * b.n * (a.n * a.n - a.n * b.n + b.n * b.n) / (n * n * n) +
           6 * d2 * (a.n * a.n * b.m2 + b.n * b.n * a.m2) / (n * n) +
           4 * d * (a.n * b.m3 - b.n * a.m3) / n;
  return GN_OK;
}

static int skew_finish(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  const moments *m = &((const moments_state *)state)->of;
  (void)scalar, (void)arena;
  bool too_few = m->n < 3 || m->m2 == 0;
  *out = gni_value_real(too_few ? NAN : sqrt(m->n) * m->m3 / pow(m->m2, 1.5));
  return GN_OK;
}

static int kurtosis_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                           gn_arena *arena)
{
  const moments *m = &((const moments_state *)state)->of;
  (void)scalar, (void)arena;
  bool too_few = m->n < 4 || m->m2 == 0;
  *out = gni_value_real(too_few ? NAN : m->n * m->m4 / (m->m2 * m->m2) - 3);
  return GN_OK;
}

static int moments_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                        gn_arena *arena)
{
  const moments *m = &((const moments_state *)state)->of;
  (void)scalar;
  gni_value *items = gnp_items_take(arena, MOMENT_COUNT, out);
  if (!items) return gni_fail_arena(NULL, arena, MOMENT_COUNT * sizeof *items);
  items[0] = gni_value_real(m->n);
  items[1] = gni_value_real(m->m1);
  items[2] = gni_value_real(m->m2);
  items[3] = gni_value_real(m->m3);
  items[4] = gni_value_real(m->m4);
  return GN_OK;
}

static int moments_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                        gn_arena *arena, gn_error *err)
{
  moments *m = &((moments_state *)state)->of;
  (void)arena;
  const gni_value *items = saved->list.items;
  if (saved->list.count != MOMENT_COUNT) return gnp_fail_saved(err, scalar, "not five moments");
  for (size_t i = 0; i < MOMENT_COUNT; i++)
    if (items[i].is_null) return gnp_fail_saved(err, scalar, "one of its moments is null");
  *m = (moments){items[0].real, items[1].real, items[2].real, items[3].real, items[4].real};
  if (!(m->n >= 1)) return gnp_fail_saved(err, scalar, "its count is below 1");
  return GN_OK;
}

const gnp_operation gnp_skew = {
    .kinds = GNP_NUMBERS,
    .state_size = sizeof(moments_state),
    .resolve = moments_resolve,
    .update = moments_update,
    .merge = moments_merge,
    .finish = skew_finish,
    .save = moments_save,
    .load = moments_load,
};

const gnp_operation gnp_kurtosis = {
    .kinds = GNP_NUMBERS,
    .state_size = sizeof(moments_state),
    .resolve = moments_resolve,
    .update = moments_update,
    .merge = moments_merge,
    .finish = kurtosis_finish,
    .save = moments_save,
    .load = moments_load,
};
