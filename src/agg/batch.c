/* The state that is uploaded: for every window its tail as hops and its middle collapsed. The parts
 * are shared with temporal folds, which is why both answer alike. SPDX-License-Identifier:
 * Apache-2.0 */
#include "agg/partial.h"

/* ---- parts ---- */

int64_t gnp_tail_hop_ms(int index)
{
  static const int64_t hops_ms[GNP_TAIL_SIZES] = {GN_DAY_MS, GN_HOUR_MS, GN_HOUR_MS / 12};
  return hops_ms[index];
}

int gnp_tail_index(gni_window window)
{
  int index = 0;
  while (gnp_tail_hop_ms(index) != gni_hop_ms(window, GNI_FIVE_MINUTE)) index++;
  return index;
}

/* The tails of the windows that hop by one size, base columns ascending as columns are. */
static size_t tail_ranges(const gni_layout *layout, int index, int64_t batch_end_ms, int boundary,
                          gnp_range *out)
{
  size_t count = 0;
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    if (gnp_is_unbounded(column->window) || gnp_tail_index(column->window) != index) continue;
    gnp_split split = gnp_window_split(column->window, batch_end_ms, GNI_FIVE_MINUTE, boundary);
    out[count++] = (gnp_range){(size_t)column->base, split.from_ms, split.middle_ms};
  }
  return count;
}

int gnp_tail_fold(const gni_layout *layout, int index, const gni_row *rows, size_t row_count,
                  int64_t batch_end_ms, int boundary, gn_arena *arena, gnp_partials *out,
                  gn_error *err)
{
  gnp_range *ranges = GN_TAKE(arena, gnp_range, layout->column_count);
  int64_t from_ms = INT64_MAX, to_ms = INT64_MIN;
  *out = (gnp_partials){.layout = layout};
  if (!ranges) return gni_fail_arena(err, arena, layout->column_count * sizeof(*ranges));
  size_t range_count = tail_ranges(layout, index, batch_end_ms, boundary, ranges);
  for (size_t i = 0; i < range_count; i++) {
    if (ranges[i].from_ms < from_ms) from_ms = ranges[i].from_ms;
    if (ranges[i].to_ms > to_ms) to_ms = ranges[i].to_ms;
  }
  int rc = gnp_partials_init(out, layout, gnp_tail_hop_ms(index), ranges, range_count, arena, err);
  size_t first = gnp_rows_find(rows, row_count, from_ms);
  for (size_t i = first; i < row_count && rows[i].time_ms < to_ms && rc == GN_OK; i++)
    rc = gnp_partials_add(out, &rows[i], arena, err);
  return rc;
}

int gnp_days_init(gnp_partials *days, const gni_layout *layout, int64_t first_end_ms,
                  int64_t last_end_ms, int boundary, gn_arena *arena, gn_error *err)
{
  gnp_range *ranges = GN_TAKE(arena, gnp_range, layout->base_count);
  *days = (gnp_partials){.layout = layout};
  if (!ranges) return gni_fail_arena(err, arena, layout->base_count * sizeof(*ranges));
  for (size_t b = 0; b < layout->base_count; b++)
    ranges[b] = (gnp_range){b, last_end_ms, last_end_ms};
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    gnp_split split = gnp_window_split(column->window, first_end_ms, GNI_FIVE_MINUTE, boundary);
    int64_t from_ms = gnp_ceil_day_ms(split.middle_ms);
    gnp_range *range = &ranges[column->base];
    /* A window whose middle has no whole day at one midnight has none at any. */
    if (from_ms < first_end_ms && from_ms < range->from_ms) range->from_ms = from_ms;
  }
  return gnp_partials_init(days, layout, GN_DAY_MS, ranges, layout->base_count, arena, err);
}

int gnp_days_fold(gnp_partials *days, const gni_row *rows, size_t row_count, size_t *next,
                  int64_t until_ms, gn_arena *arena, gn_error *err)
{
  int rc = GN_OK;
  for (; *next < row_count && rows[*next].time_ms < until_ms && rc == GN_OK; ++*next)
    rc = gnp_partials_add(days, &rows[*next], arena, err);
  return rc;
}

/* The middle begins inside a day when the window is not a whole number of days. */
static int merge_first_day(const gni_base_column *base, const gni_row *rows, size_t row_count,
                           int64_t from_ms, int64_t to_ms, void *state, gn_arena *arena,
                           gn_error *err)
{
  size_t from = gnp_rows_find(rows, row_count, from_ms), to = gnp_rows_find(rows, row_count, to_ms);
  void *part;
  if (from >= to) return GN_OK;
  int rc = gnp_state_take(base, arena, &part, err);
  if (rc == GN_OK) rc = gnp_rows_fold(base, rows, from, to, part, arena, err);
  return rc == GN_OK ? gnp_state_merge(base, state, part, arena, err) : rc;
}

int gnp_middle_fold(const gni_layout *layout, size_t column, const gnp_partials *days,
                    const gni_row *rows, size_t row_count, int64_t batch_end_ms, int boundary,
                    void *state, gn_arena *arena, gn_error *err)
{
  size_t base = (size_t)layout->columns[column].base;
  gnp_split split =
      gnp_window_split(layout->columns[column].window, batch_end_ms, GNI_FIVE_MINUTE, boundary);
  int64_t whole_ms = gnp_ceil_day_ms(split.middle_ms);
  int rc = GN_OK;
  if (whole_ms > batch_end_ms) whole_ms = batch_end_ms;
  if (split.middle_ms < whole_ms)
    rc = merge_first_day(&layout->bases[base], rows, row_count, split.middle_ms, whole_ms, state,
                         arena, err);
  if (rc != GN_OK) return rc;
  return gnp_partials_merge(days, base, gnp_partials_find(days, whole_ms),
                            gnp_partials_find(days, batch_end_ms), state, arena, err);
}

/* ---- the type of a saved batch ---- */

static const gni_type *collapsed_type(const gni_layout *layout, gn_arena *arena)
{
  gni_field *fields = GN_TAKE(arena, gni_field, layout->column_count);
  if (!fields) return NULL;
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_base_column *base = &layout->bases[layout->columns[c].base];
    fields[c] = (gni_field){layout->columns[c].name, gni_aggregator_state_type(base->aggregator)};
  }
  return gni_type_struct(arena, GN_STR("WindowedIr"), fields, layout->column_count);
}

static const gni_type *hop_type(const gni_layout *layout, gn_arena *arena)
{
  gni_field *fields = GN_TAKE(arena, gni_field, layout->base_count + 1);
  if (!fields) return NULL;
  for (size_t b = 0; b < layout->base_count; b++)
    fields[b] =
        (gni_field){layout->bases[b].name, gni_aggregator_state_type(layout->bases[b].aggregator)};
  fields[layout->base_count] = (gni_field){GN_STR("ts"), &gni_type_long};
  return gni_type_struct(arena, GN_STR("HopIr"), fields, layout->base_count + 1);
}

const gni_type *gni_batch_type(const gni_layout *layout, gn_str record_name, gn_arena *arena)
{
  const gni_type *collapsed = collapsed_type(layout, arena), *hop = hop_type(layout, arena);
  const gni_type *hops = hop ? gni_type_list(arena, hop) : NULL;
  const gni_type *tails = hops ? gni_type_list(arena, hops) : NULL;
  if (!collapsed || !tails) return NULL;
  const gni_field fields[] = {{GN_STR("collapsedIr"), collapsed}, {GN_STR("tailHopIrs"), tails}};
  return gni_type_struct(arena, record_name, fields, 2);
}

/* ---- folding and saving ---- */

/* A hop is saved as {a state a base column, ts}. */
static int save_hop(const gnp_partials *tail, size_t index, gni_value *out, gn_arena *arena,
                    gn_error *err)
{
  const gni_layout *layout = tail->layout;
  size_t count = layout->base_count;
  gni_value *fields = GN_TAKE(arena, gni_value, count + 1);
  if (!fields) return gni_fail_arena(err, arena, (count + 1) * sizeof(*fields));
  for (size_t b = 0; b < count; b++) {
    fields[b] = GNI_NULL_VALUE;
    if (!gnp_partials_keep(tail, b)) continue;
    int rc = gnp_state_save(&layout->bases[b], gnp_partials_state(tail, index, b), &fields[b],
                            arena, err);
    if (rc != GN_OK) return rc;
  }
  fields[count] = gni_value_integer(tail->starts_ms[index]);
  *out = (gni_value){.list = {fields, count + 1}};
  return GN_OK;
}

static int save_tail(const gnp_partials *tail, gni_value *out, gn_arena *arena, gn_error *err)
{
  gni_value *hops = GN_TAKE(arena, gni_value, tail->count);
  int rc = hops ? GN_OK : gni_fail_arena(err, arena, tail->count * sizeof(*hops));
  for (size_t i = 0; i < tail->count && rc == GN_OK; i++)
    rc = save_hop(tail, i, &hops[i], arena, err);
  *out = (gni_value){.list = {hops, tail->count}};
  return rc;
}

static int save_collapsed(const gni_layout *layout, const gni_row *rows, size_t row_count,
                          int64_t batch_end_ms, int boundary, gni_value *out, gn_arena *arena,
                          gn_error *err)
{
  gni_value *fields = GN_TAKE(arena, gni_value, layout->column_count);
  gnp_partials days;
  size_t next = 0;
  if (!fields) return gni_fail_arena(err, arena, layout->column_count * sizeof(*fields));
  int rc = gnp_days_init(&days, layout, batch_end_ms, batch_end_ms, boundary, arena, err);
  if (rc == GN_OK) rc = gnp_days_fold(&days, rows, row_count, &next, batch_end_ms, arena, err);
  for (size_t c = 0; c < layout->column_count && rc == GN_OK; c++) {
    const gni_base_column *base = &layout->bases[layout->columns[c].base];
    void *state;
    rc = gnp_state_take(base, arena, &state, err);
    if (rc == GN_OK)
      rc = gnp_middle_fold(layout, c, &days, rows, row_count, batch_end_ms, boundary, state, arena,
                           err);
    if (rc == GN_OK) rc = gnp_state_save(base, state, &fields[c], arena, err);
  }
  *out = (gni_value){.list = {fields, layout->column_count}};
  return rc;
}

int gni_batch_fold(const gni_layout *layout, const gni_row *rows, size_t row_count,
                   int64_t batch_end_ms, int boundary, gn_arena *arena, gni_value *saved,
                   gn_error *err)
{
  gni_value *parts = GN_TAKE(arena, gni_value, 2),
            *tails = GN_TAKE(arena, gni_value, GNP_TAIL_SIZES);
  *saved = GNI_NULL_VALUE;
  if (!parts || !tails) return gni_fail_arena(err, arena, GNP_TAIL_SIZES * sizeof(*tails));
  int rc = save_collapsed(layout, rows, row_count, batch_end_ms, boundary, &parts[0], arena, err);
  for (int i = 0; i < GNP_TAIL_SIZES && rc == GN_OK; i++) {
    gnp_partials tail;
    rc = gnp_tail_fold(layout, i, rows, row_count, batch_end_ms, boundary, arena, &tail, err);
    if (rc == GN_OK) rc = save_tail(&tail, &tails[i], arena, err);
  }
  if (rc != GN_OK) return rc;
  parts[1] = (gni_value){.list = {tails, GNP_TAIL_SIZES}};
  *saved = (gni_value){.list = {parts, 2}};
  return GN_OK;
}
