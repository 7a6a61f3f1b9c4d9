/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/reference.h"

#include <math.h>

static int64_t hop_ms(gni_window window, int resolution)
{
  int64_t hours = window.length_ms / 3600000;
  if (resolution == GNI_DAILY || hours >= 288) return 86400000;
  return hours >= 12 ? 3600000 : 300000;
}

static bool belongs(gni_window window, int64_t ts_ms, int64_t at_ms, int resolution)
{
  int64_t hop = hop_ms(window, resolution);
  if (ts_ms >= at_ms) return false;
  return window.length_ms == INT64_MAX || ts_ms >= (at_ms - window.length_ms) / hop * hop;
}

int reference_answer(const gni_layout *layout, const gni_row *rows, size_t row_count, int64_t at_ms,
                     int resolution, gn_arena *arena, gni_value *outputs)
{
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    const gni_base_column *base = &layout->bases[column->base];
    void *state = gni_arena_take(arena, gni_aggregator_state_size(base->aggregator));
    if (!state) return GN_E_NOMEM;
    gni_state_init(base->aggregator, state);
    for (size_t i = 0; i < row_count; i++) {
      const gni_value *bucket = base->bucket < 0 ? NULL : &rows[i].values[base->bucket];
      if (!belongs(column->window, rows[i].time_ms, at_ms, resolution)) continue;
      int rc = gni_state_update(base->aggregator, state, &rows[i].values[base->input], bucket,
                                rows[i].time_ms, arena);
      if (rc != GN_OK) return rc;
    }
    int rc = gni_state_finish(base->aggregator, state, &outputs[c], arena);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static bool reals_agree(double a, double b, double tolerance)
{
  if (isnan(a) || isnan(b) || isinf(a) || isinf(b)) return a == b || (isnan(a) && isnan(b));
  return fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

/* The value under a map's key; NULL when there is none. */
static const gni_value *map_find(const gni_type *type, const gni_value *map, const gni_value *key)
{
  for (size_t i = 0; i < map->list.count; i++)
    if (gni_value_equal(type->fields[0].type, &map->list.items[2 * i], key))
      return &map->list.items[2 * i + 1];
  return NULL;
}

bool values_agree(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance)
{
  if (a->is_null || b->is_null) return a->is_null == b->is_null;
  if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE)
    return reals_agree(a->real, b->real, tolerance);
  if (type->kind != GNI_LIST && type->kind != GNI_STRUCT && type->kind != GNI_MAP)
    return gni_value_equal(type, a, b);
  if (a->list.count != b->list.count) return false;
  for (size_t i = 0; i < a->list.count; i++) {
    const gni_value *x = &a->list.items[i], *y = &b->list.items[i];
    size_t field = type->kind == GNI_STRUCT ? i : 0;
    if (type->kind == GNI_MAP) {
      field = 1;
      y = map_find(type, b, &a->list.items[2 * i]);
      x = &a->list.items[2 * i + 1];
    }
    if (!y || !values_agree(type->fields[field].type, x, y, tolerance)) return false;
  }
  return true;
}
