/* SUM: 64-bit integers that wrap as Java's do, or doubles added as the inputs come. The first input
 * is taken as it is, so that a sum of -0.0 stays -0.0. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

/* ---- integers and booleans ------------------------------------------------------------------- */

typedef struct sum_long_state {
  gnp_state head;
  int64_t sum;
} sum_long_state;

static bool sum_long_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = scalar->state = &gni_type_long;
  return true;
}

static int64_t as_long(const gnp_scalar *scalar, const gni_value *input)
{
  return scalar->input->kind == GNI_BOOLEAN ? input->boolean : input->integer;
}

static int sum_long_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                           int64_t time_ms, gn_arena *arena)
{
  sum_long_state *s = state;
  (void)time_ms, (void)arena;
  s->sum = gnp_wrap_add(s->sum, as_long(scalar, input));
  return GN_OK;
}

GNP_UPDATE_ROWS(sum_long_update_rows, sum_long_update, sum_long_state)

static int sum_long_drop(const gnp_scalar *scalar, void *state, const gni_value *input,
                         gn_arena *arena)
{
  sum_long_state *s = state;
  (void)arena;
  s->sum = gnp_wrap_sub(s->sum, as_long(scalar, input));
  return GN_OK;
}

static int sum_long_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  sum_long_state *s = state;
  const sum_long_state *o = other;
  (void)scalar, (void)arena;
  s->sum = gnp_wrap_add(s->sum, o->sum);
  return GN_OK;
}

GNP_MERGE_RUN(sum_long_merge_run, sum_long_merge, sum_long_state)

static int sum_long_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                           gn_arena *arena)
{
  const sum_long_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_integer(s->sum);
  return GN_OK;
}

GNP_SLIDE_SPANS(sum_long_finish_spans, sum, sum_long_finish, sum_long_state)

static int sum_long_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                         gn_arena *arena, gn_error *err)
{
  sum_long_state *s = state;
  (void)scalar, (void)arena, (void)err;
  s->sum = saved->integer;
  return GN_OK;
}

const gnp_operation gnp_sum_long = {
    .kinds = GNP_INTEGERS | GNP_KIND(GNI_BOOLEAN),
    .state_size = sizeof(sum_long_state),
    .resolve = sum_long_resolve,
    .update = sum_long_update,
    .update_rows = sum_long_update_rows,
    .drop = sum_long_drop,
    .merge = sum_long_merge,
    .merge_run = sum_long_merge_run,
    .finish_spans = sum_long_finish_spans,
    .finish = sum_long_finish,
    .save = sum_long_finish,
    .load = sum_long_load,
};

/* ---- floats and doubles ---------------------------------------------------------------------- */

typedef struct sum_double_state {
  gnp_state head;
  double sum;
} sum_double_state;

static bool sum_double_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = scalar->state = &gni_type_double;
  return true;
}

static int sum_double_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                             int64_t time_ms, gn_arena *arena)
{
  sum_double_state *s = state;
  (void)scalar, (void)time_ms, (void)arena;
  s->sum = s->head.seen ? s->sum + input->real : input->real;
  return GN_OK;
}

GNP_UPDATE_ROWS(sum_double_update_rows, sum_double_update, sum_double_state)

static int sum_double_drop(const gnp_scalar *scalar, void *state, const gni_value *input,
                           gn_arena *arena)
{
  sum_double_state *s = state;
  (void)scalar, (void)arena;
  s->sum -= input->real;
  return GN_OK;
}

static int sum_double_merge(const gnp_scalar *scalar, void *state, const void *other,
                            gn_arena *arena)
{
  sum_double_state *s = state;
  const sum_double_state *o = other;
  (void)scalar, (void)arena;
  s->sum += o->sum;
  return GN_OK;
}

GNP_MERGE_RUN(sum_double_merge_run, sum_double_merge, sum_double_state)

static int sum_double_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                             gn_arena *arena)
{
  const sum_double_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_real(s->sum);
  return GN_OK;
}

GNP_FINISH_SPANS(sum_double_finish_spans, sum_double_merge_run, sum_double_finish, sum_double_state)

static int sum_double_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                           gn_arena *arena, gn_error *err)
{
  sum_double_state *s = state;
  (void)scalar, (void)arena, (void)err;
  s->sum = saved->real;
  return GN_OK;
}

const gnp_operation gnp_sum_double = {
    .kinds = GNP_REALS,
    .state_size = sizeof(sum_double_state),
    .resolve = sum_double_resolve,
    .update = sum_double_update,
    .update_rows = sum_double_update_rows,
    .drop = sum_double_drop,
    .merge = sum_double_merge,
    .merge_run = sum_double_merge_run,
    .finish_spans = sum_double_finish_spans,
    .finish = sum_double_finish,
    .save = sum_double_finish,
    .load = sum_double_load,
};
