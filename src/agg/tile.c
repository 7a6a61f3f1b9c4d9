/* Tiles: the live rows of a key folded into hops, so that a fetch need not fold them one by one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/head.h"

enum { UNTIL, HOPS, TILE_FIELDS };

const gni_type *gni_tile_type(const gni_layout *layout, gn_str record_name, gn_arena *arena)
{
  const gni_type *batch = gni_batch_type(layout, record_name, arena);
  if (!batch) return NULL;
  const gni_field fields[TILE_FIELDS] = {
      [UNTIL] = {GN_STR("untilMs"), &gni_type_long},
      [HOPS] = {GN_STR("hops"), batch->fields[1].type},
  };
  return gni_type_struct(arena, record_name, fields, TILE_FIELDS);
}

static int fail_tile(gn_error *err, const char *what)
{
  return gni_fail(err, GN_E_CORRUPT, "tile: %s", what);
}

int gnp_tile_open(const gni_value *tile, int64_t *until_ms, const gni_value **hops, gn_error *err)
{
  *hops = NULL;
  if (tile->is_null || tile->list.count != TILE_FIELDS) return fail_tile(err, "it is no record");
  const gni_value *until = &tile->list.items[UNTIL], *lists = &tile->list.items[HOPS];
  if (until->is_null) return fail_tile(err, "it does not say until when");
  if (lists->is_null || lists->list.count != GNP_TAIL_SIZES)
    return fail_tile(err, "its hops are not three lists");
  *until_ms = until->integer;
  *hops = lists->list.items;
  return GN_OK;
}

/* ---- folding ---- */

struct tiling {
  const gni_layout *layout;
  const gni_row *rows;
  size_t row_count;
  int64_t until_ms;
  gn_arena *arena;
  gn_error *err;
};

static bool hops_by(const gni_layout *layout, size_t base, int index, int64_t *longest_ms)
{
  bool any = false;
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    if ((size_t)column->base != base || gnp_tail_index(column->window) != index) continue;
    any = true;
    if (column->window.length_ms > *longest_ms) *longest_ms = column->window.length_ms;
  }
  return any;
}

/* The first instant of hops of this size that a question at or after `until_ms` can ask for. */
static int64_t needed_from_ms(const struct tiling *t, int index, bool *any)
{
  int64_t longest_ms = 0;
  *any = false;
  for (size_t b = 0; b < t->layout->base_count; b++)
    *any = hops_by(t->layout, b, index, &longest_ms) || *any;
  return gni_window_start((gni_window){.length_ms = longest_ms}, t->until_ms, GNI_FIVE_MINUTE);
}

/* The state of a base column goes on with the rows of a group. */
static int extend_state(const struct tiling *t, size_t base, const gnp_group *group,
                        gni_value *saved)
{
  const gni_base_column *column = &t->layout->bases[base];
  void *state;
  int rc = gnp_state_take(column, t->arena, &state, t->err);
  if (rc == GN_OK && !saved->is_null) {
    rc = gni_state_load(column->aggregator, state, saved, t->arena, t->err);
    if (rc != GN_OK) return gnp_state_fail(t->err, column->name, t->arena, rc);
  }
  if (rc == GN_OK)
    rc = gnp_rows_fold(column, t->rows, group->from, group->to, state, t->arena, t->err);
  return rc == GN_OK ? gnp_state_save(column, state, saved, t->arena, t->err) : rc;
}

/* `old` NULL: the hop begins with the group. */
static int fold_hop(const struct tiling *t, int index, const gnp_group *group, const gni_value *old,
                    gni_value *out)
{
  size_t count = t->layout->base_count;
  gni_value *fields = GN_TAKE(t->arena, gni_value, count + 1);
  if (!fields) return gni_fail_arena(t->err, t->arena, (count + 1) * sizeof *fields);
  for (size_t b = 0; b < count; b++) {
    int64_t longest_ms = 0;
    fields[b] = old ? old->list.items[b] : GNI_NULL_VALUE;
    if (!hops_by(t->layout, b, index, &longest_ms)) continue;
    int rc = extend_state(t, b, group, &fields[b]);
    if (rc != GN_OK) return rc;
  }
  fields[count] = gni_value_integer(group->start_ms);
  *out = (gni_value){.list = {fields, count + 1}};
  return GN_OK;
}

/* The hops of the old tile that are still asked for. */
static int keep_hops(const struct tiling *t, const gni_value *old, int64_t from_ms,
                     gni_value *items, size_t *count)
{
  int64_t last_ms = INT64_MIN;
  for (size_t i = 0; i < old->list.count; i++) {
    int64_t start_ms;
    int rc = gnp_hop_start_ms(t->layout, &old->list.items[i], &start_ms, t->err);
    if (rc != GN_OK) return rc;
    if (start_ms <= last_ms) return fail_tile(t->err, "its hops are not in order");
    last_ms = start_ms;
    if (start_ms >= from_ms) items[(*count)++] = old->list.items[i];
  }
  return GN_OK;
}

static int fold_size(const struct tiling *t, int index, const gni_value *old, gni_value *out)
{
  int64_t hop_ms = gnp_tail_hop_ms(index);
  size_t most = t->row_count + (old && !old->is_null ? old->list.count : 0), count = 0;
  gni_value *items = GN_TAKE(t->arena, gni_value, most);
  bool any;
  int64_t from_ms = needed_from_ms(t, index, &any);
  if (!items) return gni_fail_arena(t->err, t->arena, most * sizeof *items);
  int rc = any && old && !old->is_null ? keep_hops(t, old, from_ms, items, &count) : GN_OK;
  for (size_t from = 0, to; any && from < t->row_count && rc == GN_OK; from = to) {
    gnp_group group = {gnp_floor_ms(t->rows[from].time_ms, hop_ms), from, 0};
    to = group.to = gnp_group_end(t->rows, t->row_count, from, group.start_ms + hop_ms);
    if (group.start_ms < from_ms) continue;
    const gni_value *last = count ? &items[count - 1] : NULL;
    bool goes_on = last && last->list.items[t->layout->base_count].integer == group.start_ms;
    if (!goes_on) count++;
    rc = fold_hop(t, index, &group, goes_on ? last : NULL, &items[count - 1]);
  }
  *out = (gni_value){.list = {items, count}};
  return rc;
}

int gni_tile_fold(const gni_layout *layout, const gni_value *old, const gni_row *rows,
                  size_t row_count, int64_t until_ms, gn_arena *arena, gni_value *saved,
                  gn_error *err)
{
  gni_value *fields = GN_TAKE(arena, gni_value, TILE_FIELDS);
  gni_value *lists = GN_TAKE(arena, gni_value, GNP_TAIL_SIZES);
  const gni_value *old_lists = NULL;
  int64_t old_until_ms = INT64_MIN;
  *saved = GNI_NULL_VALUE;
  if (!fields || !lists) return gni_fail_arena(err, arena, GNP_TAIL_SIZES * sizeof *lists);
  int rc = old ? gnp_tile_open(old, &old_until_ms, &old_lists, err) : GN_OK;
  size_t first = gnp_rows_find(rows, row_count, old_until_ms);
  size_t end = gnp_rows_find(rows, row_count, until_ms);
  struct tiling t = {layout, rows + first, end > first ? end - first : 0, until_ms, arena, err};
  for (int i = 0; i < GNP_TAIL_SIZES && rc == GN_OK; i++)
    rc = fold_size(&t, i, old_lists ? &old_lists[i] : NULL, &lists[i]);
  if (rc != GN_OK) return rc;
  fields[UNTIL] = gni_value_integer(until_ms);
  fields[HOPS] = (gni_value){.list = {lists, GNP_TAIL_SIZES}};
  *saved = (gni_value){.list = {fields, TILE_FIELDS}};
  return GN_OK;
}

int gni_tile_until(const gni_value *tile, int64_t *until_ms, gn_error *err)
{
  const gni_value *hops;
  return gnp_tile_open(tile, until_ms, &hops, err);
}
