/* COUNT: how many inputs. Taking back may leave 0 or less, and shows it; only a state that never
 * saw anything is null. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct count_state {
  gnp_state head;
  int64_t count;
} count_state;

static bool count_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = scalar->state = &gni_type_long;
  return true;
}

static int count_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                        int64_t time_ms, gn_arena *arena)
{
  count_state *s = state;
  (void)scalar, (void)input, (void)time_ms, (void)arena;
  s->count = gnp_wrap_add(s->count, 1);
  return GN_OK;
}

GNP_UPDATE_ROWS(count_update_rows, count_update, count_state)

static int count_drop(const gnp_scalar *scalar, void *state, const gni_value *input,
                      gn_arena *arena)
{
  count_state *s = state;
  (void)scalar, (void)input, (void)arena;
  s->count = gnp_wrap_sub(s->count, 1);
  return GN_OK;
}

static int count_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  count_state *s = state;
  const count_state *o = other;
  (void)scalar, (void)arena;
  s->count = gnp_wrap_add(s->count, o->count);
  return GN_OK;
}

GNP_MERGE_RUN(count_merge_run, count_merge, count_state)

static int count_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                        gn_arena *arena)
{
  const count_state *s = state;
  (void)scalar, (void)arena;
  *out = gni_value_integer(s->count);
  return GN_OK;
}

GNP_SLIDE_SPANS(count_finish_spans, count, count_finish, count_state)

static int count_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                      gn_arena *arena, gn_error *err)
{
  count_state *s = state;
  (void)scalar, (void)arena, (void)err;
  s->count = saved->integer;
  return GN_OK;
}

const gnp_operation gnp_count = {
    .kinds = GNP_ANYTHING,
    .state_size = sizeof(count_state),
    .resolve = count_resolve,
    .update = count_update,
    .update_rows = count_update_rows,
    .drop = count_drop,
    .merge = count_merge,
    .merge_run = count_merge_run,
    .finish_spans = count_finish_spans,
    .finish = count_finish,
    .save = count_finish,
    .load = count_load,
};
