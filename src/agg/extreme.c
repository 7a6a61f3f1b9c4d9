/* MIN and MAX of integers, reals and strings. Reals follow Java's Math.min and Math.max: NaN wins,
 * -0.0 is below 0.0. Strings are ordered by UTF-16 code units. SPDX-License-Identifier: Apache-2.0
 */
#include "agg/agg_private.h"

#include <math.h>

static bool extreme_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = scalar->state = scalar->input;
  return true;
}

/* Spans only move forward, and extremes may be grouped in any way: the newest state takes what
 * comes in, and is folded anew when the part that has its value went out. Of equal parts that is
 * the newest; of several NaNs the newest is the value, too. */
#define EXTREME_FINISH_SPANS(name, merge_one, is_same, finish_one, state_type)                     \
  static int name(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans, size_t count,      \
                  gni_value *out, gn_arena *arena)                                                 \
  {                                                                                                \
    state_type best = {0};                                                                         \
    size_t at = 0, end = 0;                                                                        \
    for (size_t i = 0; i < count; i++) {                                                           \
      if (!best.head.seen || at < spans[i].low) {                                                  \
        best = (state_type){0};                                                                    \
        end = spans[i].low;                                                                        \
      }                                                                                            \
      for (; end < spans[i].high; end++) {                                                         \
        const state_type *part = (const void *)(run.first + end * run.stride);                     \
        if (!part->head.seen) continue;                                                            \
        if (best.head.seen)                                                                        \
          merge_one(scalar, &best, part, arena);                                                   \
        else                                                                                       \
          best = *part;                                                                            \
        if (is_same(best.value, part->value)) at = end;                                            \
      }                                                                                            \
      out[i] = GNI_NULL_VALUE;                                                                     \
      if (best.head.seen) finish_one(scalar, &best, &out[i], arena);                               \
    }                                                                                              \
    return GN_OK;                                                                                  \
  }

/* ---- integers -------------------------------------------------------------------------------- */

typedef struct extreme_integer_state {
  gnp_state head;
  int64_t value;
} extreme_integer_state;

static bool is_same_integer(int64_t a, int64_t b)
{
  return a == b;
}

static int extreme_integer_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                                  int64_t time_ms, gn_arena *arena)
{
  extreme_integer_state *s = state;
  int64_t x = input->integer;
  (void)time_ms, (void)arena;
  bool better = scalar->operation == GNI_MIN ? x < s->value : x > s->value;
  if (!s->head.seen || better) s->value = x;
  return GN_OK;
}

GNP_UPDATE_ROWS(extreme_integer_update_rows, extreme_integer_update, extreme_integer_state)

static int extreme_integer_merge(const gnp_scalar *scalar, void *state, const void *other,
                                 gn_arena *arena)
{
  const extreme_integer_state *o = other;
  gni_value value = gni_value_integer(o->value);
  return extreme_integer_update(scalar, state, &value, 0, arena);
}

GNP_MERGE_RUN(extreme_integer_merge_run, extreme_integer_merge, extreme_integer_state)

static int extreme_integer_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                                  gn_arena *arena)
{
  const extreme_integer_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_integer(s->value);
  return GN_OK;
}

EXTREME_FINISH_SPANS(extreme_integer_finish_spans, extreme_integer_merge, is_same_integer,
                     extreme_integer_finish, extreme_integer_state)

static int extreme_integer_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                                gn_arena *arena, gn_error *err)
{
  extreme_integer_state *s = state;
  (void)arena;
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "out of range");
  s->value = saved->integer;
  return GN_OK;
}

const gnp_operation gnp_extreme_integer = {
    .kinds = GNP_INTEGERS,
    .state_size = sizeof(extreme_integer_state),
    .resolve = extreme_resolve,
    .update = extreme_integer_update,
    .update_rows = extreme_integer_update_rows,
    .merge = extreme_integer_merge,
    .merge_run = extreme_integer_merge_run,
    .finish_spans = extreme_integer_finish_spans,
    .finish = extreme_integer_finish,
    .save = extreme_integer_finish,
    .load = extreme_integer_load,
};

/* ---- reals ----------------------------------------------------------------------------------- */

typedef struct extreme_real_state {
  gnp_state head;
  double value;
} extreme_real_state;

static bool is_below(double a, double b)
{
  return a < b || (a == b && signbit(a) && !signbit(b));
}

static bool is_same_real(double a, double b)
{
  return isnan(a) ? isnan(b) : a == b && !is_below(a, b) && !is_below(b, a);
}

static int extreme_real_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                               int64_t time_ms, gn_arena *arena)
{
  extreme_real_state *s = state;
  double x = input->real;
  (void)time_ms, (void)arena;
  bool better = scalar->operation == GNI_MIN ? is_below(x, s->value) : is_below(s->value, x);
  if (!s->head.seen || better || isnan(x)) s->value = x;
  return GN_OK;
}

GNP_UPDATE_ROWS(extreme_real_update_rows, extreme_real_update, extreme_real_state)

static int extreme_real_merge(const gnp_scalar *scalar, void *state, const void *other,
                              gn_arena *arena)
{
  const extreme_real_state *o = other;
  gni_value value = gni_value_real(o->value);
  return extreme_real_update(scalar, state, &value, 0, arena);
}

GNP_MERGE_RUN(extreme_real_merge_run, extreme_real_merge, extreme_real_state)

static int extreme_real_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                               gn_arena *arena)
{
  const extreme_real_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_real(s->value);
  return GN_OK;
}

EXTREME_FINISH_SPANS(extreme_real_finish_spans, extreme_real_merge, is_same_real,
                     extreme_real_finish, extreme_real_state)

static int extreme_real_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                             gn_arena *arena, gn_error *err)
{
  extreme_real_state *s = state;
  (void)scalar, (void)arena, (void)err;
  s->value = saved->real;
  return GN_OK;
}

const gnp_operation gnp_extreme_real = {
    .kinds = GNP_REALS,
    .state_size = sizeof(extreme_real_state),
    .resolve = extreme_resolve,
    .update = extreme_real_update,
    .update_rows = extreme_real_update_rows,
    .merge = extreme_real_merge,
    .merge_run = extreme_real_merge_run,
    .finish_spans = extreme_real_finish_spans,
    .finish = extreme_real_finish,
    .save = extreme_real_finish,
    .load = extreme_real_load,
};

/* ---- strings --------------------------------------------------------------------------------- */

typedef struct extreme_text_state {
  gnp_state head;
  gnp_box box;
} extreme_text_state;

static int extreme_text_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                               int64_t time_ms, gn_arena *arena)
{
  extreme_text_state *s = state;
  (void)time_ms;
  if (s->head.seen) {
    int order = gni_value_compare(scalar->input, input, &s->box.value);
    if (scalar->operation == GNI_MIN ? order >= 0 : order <= 0) return GN_OK;
  }
  return gnp_box_set(&s->box, scalar->input, input, arena);
}

static int extreme_text_merge(const gnp_scalar *scalar, void *state, const void *other,
                              gn_arena *arena)
{
  const extreme_text_state *o = other;
  return extreme_text_update(scalar, state, &o->box.value, 0, arena);
}

static int extreme_text_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                               gn_arena *arena)
{
  const extreme_text_state *s = state;
  return gni_value_copy(scalar->output, &s->box.value, arena, out);
}

static int extreme_text_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                             gn_arena *arena, gn_error *err)
{
  (void)err;
  return extreme_text_update(scalar, state, saved, 0, arena);
}

const gnp_operation gnp_extreme_text = {
    .kinds = GNP_KIND(GNI_STRING),
    .state_size = sizeof(extreme_text_state),
    .resolve = extreme_resolve,
    .update = extreme_text_update,
    .merge = extreme_text_merge,
    .copy = extreme_text_merge,
    .finish = extreme_text_finish,
    .save = extreme_text_finish,
    .load = extreme_text_load,
};
