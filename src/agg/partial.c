/* Partial states: rows of a hop folded by (time, source order), and their merging in ascending
 * order. SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"

/* ---- states of a base column ---- */

int gnp_state_fail(gn_error *err, gn_str name, const gn_arena *arena, int rc)
{
  if (rc == GN_OK) return GN_OK;
  if (rc == GN_E_NOMEM) return gni_fail(err, rc, "out of memory for the states of one key");
  if (rc == GN_E_LIMIT)
    gni_fail_as(err, "GR004", rc, "the states of one key need more than %zu bytes",
                arena->ceiling_bytes);
  else if (rc == GN_E_INVALID)
    gni_fail_as(err, "GT003", rc,
                "an element-wise list has another length than before, or a null inside");
  else
    gni_fail_as(err, "GT002", rc, "a value does not fit its aggregation");
  gni_error_where(err, "%.*s", GN_STR_ARGS(name));
  return rc;
}

int gnp_state_take(const gni_base_column *base, gn_arena *arena, void **out, gn_error *err)
{
  size_t size = gni_aggregator_state_size(base->aggregator);
  *out = gni_arena_take(arena, size);
  if (!*out) return gni_fail_arena(err, arena, size);
  gni_state_init(base->aggregator, *out);
  return GN_OK;
}

int gnp_state_merge(const gni_base_column *base, void *state, const void *other, gn_arena *arena,
                    gn_error *err)
{
  int rc = gni_state_merge(base->aggregator, state, other, arena);
  return gnp_state_fail(err, base->name, arena, rc);
}

int gnp_state_finish(const gni_base_column *base, const void *state, gni_value *out,
                     gn_arena *arena, gn_error *err)
{
  int rc = gni_state_finish(base->aggregator, state, out, arena);
  return gnp_state_fail(err, base->name, arena, rc);
}

int gnp_state_save(const gni_base_column *base, const void *state, gni_value *out, gn_arena *arena,
                   gn_error *err)
{
  int rc = gni_state_save(base->aggregator, state, out, arena);
  return gnp_state_fail(err, base->name, arena, rc);
}

/* ---- rows ---- */

size_t gnp_rows_find(const gni_row *rows, size_t row_count, int64_t ms)
{
  size_t low = 0, high = row_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (rows[middle].time_ms < ms)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int gnp_rows_fold(const gni_base_column *base, const gni_row *rows, size_t from, size_t to,
                  void *state, gn_arena *arena, gn_error *err)
{
  size_t newest = gnp_newest_that_count(base->aggregator), first = to;
  if (newest == SIZE_MAX) first = from;
  for (size_t found = 0; first > from && found < newest; first--)
    found += !rows[first - 1].values[base->input].is_null;
  if (first >= to) return GN_OK;
  int rc = gnp_state_update_rows(base->aggregator, state, rows + first, to - first,
                                 (size_t)base->input, base->bucket, arena);
  return gnp_state_fail(err, base->name, arena, rc);
}

/* ---- partial states ---- */

int gnp_partials_init(gnp_partials *partials, const gni_layout *layout, int64_t hop_ms,
                      const gnp_range *ranges, size_t range_count, gn_arena *arena, gn_error *err)
{
  *partials = (gnp_partials){
      .layout = layout, .hop_ms = hop_ms, .ranges = ranges, .range_count = range_count};
  partials->offsets = GN_TAKE(arena, size_t, layout->base_count);
  if (!partials->offsets) return gni_fail_arena(err, arena, layout->base_count * sizeof(size_t));
  for (size_t b = 0; b < layout->base_count; b++) partials->offsets[b] = SIZE_MAX;
  for (size_t i = 0; i < range_count; i++) {
    size_t base = ranges[i].base;
    if (gnp_partials_keep(partials, base)) continue;
    partials->offsets[base] = partials->states_bytes;
    partials->states_bytes += gni_aggregator_state_size(layout->bases[base].aggregator);
  }
  return GN_OK;
}

void gnp_partials_reset(gnp_partials *partials)
{
  partials->starts_ms = NULL;
  partials->states = NULL;
  partials->count = partials->capacity = 0;
}

static int grow(gnp_partials *partials, gn_arena *arena, gn_error *err)
{
  size_t old = partials->capacity, wanted = old ? 2 * old : 8, bytes = partials->states_bytes;
  int64_t *starts_ms = gni_arena_grow(arena, partials->starts_ms, old * sizeof *starts_ms,
                                      gni_size_mul(wanted, sizeof *starts_ms));
  if (!starts_ms) return gni_fail_arena(err, arena, wanted * sizeof *starts_ms);
  char *states = gni_arena_grow(arena, partials->states, old * bytes, gni_size_mul(wanted, bytes));
  if (!states) return gni_fail_arena(err, arena, gni_size_mul(wanted, bytes));
  partials->starts_ms = starts_ms;
  partials->states = states;
  partials->capacity = wanted;
  return GN_OK;
}

/* States begin zeroed. */
static int append(gnp_partials *partials, int64_t start_ms, gn_arena *arena, gn_error *err)
{
  int rc = partials->count < partials->capacity ? GN_OK : grow(partials, arena, err);
  if (rc != GN_OK) return rc;
  size_t bytes = partials->states_bytes;
  memset(partials->states + partials->count * bytes, 0, bytes);
  partials->starts_ms[partials->count++] = start_ms;
  return GN_OK;
}

int gnp_partials_add(gnp_partials *partials, const gni_row *row, gn_arena *arena, gn_error *err)
{
  int64_t newest_ms = partials->count ? partials->starts_ms[partials->count - 1] : 0;
  bool has_hop =
      partials->count && row->time_ms >= newest_ms && row->time_ms - newest_ms < partials->hop_ms;
  int64_t start_ms = has_hop ? newest_ms : gnp_floor_ms(row->time_ms, partials->hop_ms);
  size_t counted = SIZE_MAX; /* the base column that took the row last */
  for (size_t i = 0; i < partials->range_count; i++) {
    const gnp_range *range = &partials->ranges[i];
    if (row->time_ms < range->from_ms || row->time_ms >= range->to_ms || range->base == counted)
      continue;
    int rc = has_hop ? GN_OK : append(partials, start_ms, arena, err);
    if (rc != GN_OK) return rc;
    has_hop = true;
    counted = range->base;
    char *states = partials->states + (partials->count - 1) * partials->states_bytes;
    rc = gnp_state_update(&partials->layout->bases[counted], states + partials->offsets[counted],
                          row, arena, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* Rows of one hop, a base column at a time. */
static int add_hop_rows(gnp_partials *partials, const gni_row *rows, size_t count, bool has_hop,
                        gn_arena *arena, gn_error *err)
{
  int64_t start_ms = gnp_floor_ms(rows[0].time_ms, partials->hop_ms);
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < partials->range_count; i++) {
    const gnp_range *range = &partials->ranges[i];
    size_t from = 0, to = count;
    while (from < to && rows[from].time_ms < range->from_ms) from++;
    while (to > from && rows[to - 1].time_ms >= range->to_ms) to--;
    if (from == to) continue;
    if (!has_hop) rc = append(partials, start_ms, arena, err);
    if (rc != GN_OK) return rc;
    has_hop = true;
    char *states = partials->states + (partials->count - 1) * partials->states_bytes;
    rc = gnp_rows_fold(&partials->layout->bases[range->base], rows, from, to,
                       states + partials->offsets[range->base], arena, err);
  }
  return rc;
}

int gnp_partials_add_rows(gnp_partials *partials, const gni_row *rows, size_t count,
                          gn_arena *arena, gn_error *err)
{
  int64_t newest_ms = partials->count ? partials->starts_ms[partials->count - 1] : 0;
  bool any = partials->count > 0;
  int rc = GN_OK;
  for (size_t i = 0, next; rc == GN_OK && i < count; i = next) {
    int64_t end_ms = gnp_floor_ms(rows[i].time_ms, partials->hop_ms) + partials->hop_ms;
    for (next = i + 1; next < count && rows[next].time_ms < end_ms;) next++;
    bool has_hop = i == 0 && any && end_ms == newest_ms + partials->hop_ms;
    rc = add_hop_rows(partials, rows + i, next - i, has_hop, arena, err);
  }
  return rc;
}

int gnp_partials_load(gnp_partials *partials, int64_t start_ms, const gni_value *saved,
                      gn_arena *arena, gn_error *err)
{
  bool has_hop = false;
  for (size_t i = 0; i < partials->range_count; i++) {
    const gnp_range *range = &partials->ranges[i];
    const gni_base_column *base = &partials->layout->bases[range->base];
    if (start_ms < range->from_ms || start_ms >= range->to_ms) continue;
    int rc = has_hop ? GN_OK : append(partials, start_ms, arena, err);
    if (rc != GN_OK) return rc;
    has_hop = true;
    char *state = partials->states + (partials->count - 1) * partials->states_bytes +
                  partials->offsets[range->base];
    if (saved[range->base].is_null) continue;
    rc = gni_state_load(base->aggregator, state, &saved[range->base], arena, err);
    if (rc != GN_OK) {
      gni_error_where(err, "%.*s", GN_STR_ARGS(base->name));
      return rc;
    }
  }
  return GN_OK;
}

size_t gnp_partials_find(const gnp_partials *partials, int64_t ms)
{
  size_t low = 0, high = partials->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (partials->starts_ms[middle] < ms)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int gnp_partials_merge(const gnp_partials *partials, size_t base, size_t from, size_t to,
                       void *state, gn_arena *arena, gn_error *err)
{
  const gni_base_column *column = &partials->layout->bases[base];
  int rc = gnp_state_merge_run(column->aggregator, state,
                               gnp_partials_run(partials, base, from, to), arena);
  return gnp_state_fail(err, column->name, arena, rc);
}
