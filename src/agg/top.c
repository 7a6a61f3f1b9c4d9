/* TOP_K and BOTTOM_K: the k largest or smallest values, duplicates kept, best first. The saved list
 * has the worst first, which is a heap to Chronon too. SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

static bool top_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  scalar->output = scalar->state = gni_type_list(arena, scalar->input);
  return scalar->state != NULL;
}

static int top_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                      int64_t time_ms, gn_arena *arena)
{
  (void)time_ms;
  return gnp_ranked_add(scalar, state, input, 0, arena);
}

static int top_save(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  const gnp_ranked *ranked = state;
  gni_value *values = gnp_items_take(arena, ranked->count, out);
  gnp_item **items = values ? gnp_ranked_sorted(scalar, ranked, false, arena) : NULL;
  if (!items) return gni_fail_arena(NULL, arena, ranked->count * sizeof *values);
  for (uint32_t i = 0; i < ranked->count; i++) {
    int rc = gni_value_copy(scalar->input, &items[i]->box.value, arena, &values[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int top_load(const gnp_scalar *scalar, void *state, const gni_value *saved, gn_arena *arena,
                    gn_error *err)
{
  if (!gnp_value_fits(scalar->state, saved)) return gnp_fail_saved(err, scalar, "out of range");
  if (saved->list.count == 0 || saved->list.count > (size_t)scalar->k)
    return gnp_fail_saved(err, scalar, "not between 1 and k values");
  for (size_t i = 0; i < saved->list.count; i++) {
    const gni_value *value = &saved->list.items[i];
    if (value->is_null) return gnp_fail_saved(err, scalar, "one of its values is null");
    int rc = gnp_ranked_add(scalar, state, value, 0, arena);
    if (rc != GN_OK) return gni_fail(err, rc, "no memory for a saved state");
  }
  return GN_OK;
}

const gnp_operation gnp_top = {
    .kinds = GNP_NUMBERS | GNP_KIND(GNI_STRING),
    .state_size = sizeof(gnp_ranked),
    .resolve = top_resolve,
    .update = top_update,
    .merge = gnp_ranked_merge,
    .copy = gnp_ranked_merge,
    .finish = gnp_ranked_finish,
    .save = top_save,
    .load = top_load,
};
