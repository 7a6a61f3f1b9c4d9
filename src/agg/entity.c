/* Entities: a snapshot partition already holds all rows of a key, so nothing is kept between days.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"

/* Rows of [from, to) count; without any window in the GroupBy there is no time filter. */
static bool counts(const gni_layout *layout, gni_window window, int64_t end_ms, int64_t time_ms)
{
  if (!layout->any_windowed) return true;
  if (time_ms >= end_ms) return false;
  int64_t from_ms;
  return gnp_is_unbounded(window) || __builtin_sub_overflow(end_ms, window.length_ms, &from_ms) ||
         time_ms >= from_ms;
}

int gni_entity_fold(const gni_layout *layout, int32_t day, const gni_row *rows, size_t row_count,
                    gn_arena *arena, gni_value *outputs, gn_error *err)
{
  int64_t end_ms = ((int64_t)day + 1) * GN_DAY_MS;
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    const gni_base_column *base = &layout->bases[column->base];
    void *state;
    int rc = gnp_state_take(base, arena, &state, err);
    for (size_t i = 0; i < row_count && rc == GN_OK; i++)
      if (counts(layout, column->window, end_ms, rows[i].time_ms))
        rc = gnp_state_update(base, state, &rows[i], arena, err);
    if (rc == GN_OK) rc = gnp_state_finish(base, state, &outputs[c], arena, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}
