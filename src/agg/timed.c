/* FIRST and LAST by time. Of inputs at one millisecond the one that came first stays, in both. Any
 * type is taken, lists and maps whole. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct timed_state {
  gnp_state head;
  int64_t time_ms;
  gnp_box box;
} timed_state;

static bool timed_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = scalar->input;
  scalar->state = gnp_time_pair_type(arena, scalar->input);
  return scalar->state != NULL;
}

static int timed_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                        int64_t time_ms, gn_arena *arena)
{
  timed_state *s = state;
  bool better = scalar->operation == GNI_FIRST ? time_ms < s->time_ms : time_ms > s->time_ms;
  if (s->head.seen && !better) return GN_OK;
  int rc = gnp_box_set(&s->box, scalar->input, input, arena);
  if (rc == GN_OK) s->time_ms = time_ms;
  return rc;
}

/* Also copies: into a state that saw nothing. */
static int timed_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  const timed_state *o = other;
  return timed_update(scalar, state, &o->box.value, o->time_ms, arena);
}

static int timed_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                        gn_arena *arena)
{
  const timed_state *s = state;
  return gni_value_copy(scalar->input, &s->box.value, arena, out);
}

static int timed_save(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  const timed_state *s = state;
  gni_value *fields = gnp_items_take(arena, 2, out);
  if (!fields) return gni_fail_arena(NULL, arena, 2 * sizeof *fields);
  fields[0] = gni_value_integer(s->time_ms);
  return gni_value_copy(scalar->input, &s->box.value, arena, &fields[1]);
}

static int timed_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                      gn_arena *arena, gn_error *err)
{
  const gni_value *fields = saved->list.items;
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "no TimePair");
  if (fields[0].is_null || fields[1].is_null)
    return gnp_fail_saved(err, scalar, "its time or its payload is null");
  int rc = timed_update(scalar, state, &fields[1], fields[0].integer, arena);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "no memory for a saved state");
}

const gnp_operation gnp_timed = {
    .kinds = GNP_ANYTHING,
    .state_size = sizeof(timed_state),
    .resolve = timed_resolve,
    .update = timed_update,
    .merge = timed_merge,
    .copy = timed_merge,
    .finish = timed_finish,
    .save = timed_save,
    .load = timed_load,
};
