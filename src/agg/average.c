/* AVERAGE: a sum of doubles and a 32-bit count, divided at the end. After as many rows were taken
 * back as came, that is 0/0, which shows as null. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct average_state {
  gnp_state head;
  int32_t count; /* 32 bits, as in the saved form; it wraps */
  double sum;
} average_state;

static const gni_field average_fields[] = {{{"sum", 3}, &gni_type_double},
                                           {{"count", 5}, &gni_type_int}};
static const gni_type average_type = {
    .kind = GNI_STRUCT, .field_count = 2, .fields = average_fields, .name = {"AvgIr", 5}};

static bool average_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = &gni_type_double;
  scalar->state = &average_type;
  return true;
}

static int average_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                          int64_t time_ms, gn_arena *arena)
{
  average_state *s = state;
  double x = gnp_as_double(scalar->input, input);
  (void)time_ms, (void)arena;
  s->sum = s->head.seen ? s->sum + x : x;
  s->count = gnp_wrap_add32(s->count, 1);
  return GN_OK;
}

GNP_UPDATE_ROWS(average_update_rows, average_update, average_state)

static int average_drop(const gnp_scalar *scalar, void *state, const gni_value *input,
                        gn_arena *arena)
{
  average_state *s = state;
  (void)arena;
  s->sum -= gnp_as_double(scalar->input, input);
  s->count = gnp_wrap_add32(s->count, -1);
  return GN_OK;
}

static int average_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  average_state *s = state;
  const average_state *o = other;
  (void)scalar, (void)arena;
  s->sum += o->sum;
  s->count = gnp_wrap_add32(s->count, o->count);
  return GN_OK;
}

GNP_MERGE_RUN(average_merge_run, average_merge, average_state)

static int average_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                          gn_arena *arena)
{
  const average_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_real(s->sum / s->count);
  return GN_OK;
}

GNP_FINISH_SPANS(average_finish_spans, average_merge_run, average_finish, average_state)

static int average_save(const gnp_scalar *scalar, const void *state, gni_value *out,
                        gn_arena *arena)
{
  const average_state *s = state;
  (void)scalar;
  gni_value *fields = gnp_items_take(arena, 2, out);
  if (!fields) return gni_fail_arena(NULL, arena, 2 * sizeof *fields);
  fields[0] = gni_value_real(s->sum);
  fields[1] = gni_value_integer(s->count);
  return GN_OK;
}

static int average_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                        gn_arena *arena, gn_error *err)
{
  average_state *s = state;
  (void)arena;
  const gni_value *fields = saved->list.items;
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "no AvgIr");
  if (fields[0].is_null || fields[1].is_null)
    return gnp_fail_saved(err, scalar, "its sum or its count is null");
  s->sum = fields[0].real;
  s->count = (int32_t)fields[1].integer;
  return GN_OK;
}

const gnp_operation gnp_average = {
    .kinds = GNP_NUMBERS,
    .state_size = sizeof(average_state),
    .resolve = average_resolve,
    .update = average_update,
    .update_rows = average_update_rows,
    .drop = average_drop,
    .merge = average_merge,
    .merge_run = average_merge_run,
    .finish_spans = average_finish_spans,
    .finish = average_finish,
    .save = average_save,
    .load = average_load,
};
