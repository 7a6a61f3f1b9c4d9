/* The rows since the batch, hop by hop. SPDX-License-Identifier: Apache-2.0 */
#include "agg/head.h"

#include "agg/mode.h"

bool gnp_is_exact(const gni_aggregator *aggregator)
{
  switch (aggregator->scalar.operation) {
  case GNI_SUM:
    return !gnp_is_real(aggregator->scalar.input);
  case GNI_AVERAGE:
  case GNI_VARIANCE:
  case GNI_SKEW:
  case GNI_KURTOSIS:
  case GNI_APPROX_UNIQUE_COUNT:
  case GNI_APPROX_PERCENTILE:
  case GNI_APPROX_HISTOGRAM_K:
    return false;
  default:
    return true;
  }
}

size_t gnp_group_end(const gni_row *rows, size_t row_count, size_t from, int64_t end_ms)
{
  while (from < row_count && rows[from].time_ms < end_ms) from++;
  return from;
}

int gnp_hop_start_ms(const gni_layout *layout, const gni_value *hop, int64_t *out, gn_error *err)
{
  size_t base_count = layout->base_count;
  bool whole =
      !hop->is_null && hop->list.count == base_count + 1 && !hop->list.items[base_count].is_null;
  if (!whole) return gni_fail(err, GN_E_CORRUPT, "a saved hop is not complete");
  *out = hop->list.items[base_count].integer;
  return GN_OK;
}

int gnp_head_init(gnp_head *head)
{
  size_t count = head->layout->base_count * GNP_TAIL_SIZES;
  head->hops = GN_TAKE_ZERO(head->arena, gnp_hops, count);
  return head->hops ? GN_OK : gni_fail_arena(head->err, head->arena, count * sizeof *head->hops);
}

/* ---- rows by hop ---- */

static int find_groups(gnp_head *head, int index)
{
  int64_t hop_ms = gnp_tail_hop_ms(index);
  size_t count = head->row_count;
  gnp_group *groups = GN_TAKE(head->arena, gnp_group, count);
  if (!groups) return gni_fail_arena(head->err, head->arena, count * sizeof *groups);
  head->groups[index] = groups;
  for (size_t from = 0, to; from < count; from = to) {
    int64_t start_ms = gnp_floor_ms(head->rows[from].time_ms, hop_ms);
    to = gnp_group_end(head->rows, count, from, start_ms + hop_ms);
    if (start_ms < head->batch_end_ms) start_ms = head->batch_end_ms;
    groups[head->group_count[index]++] = (gnp_group){start_ms, from, to};
  }
  return GN_OK;
}

/* ---- hops of a base column ---- */

static void *state_at(const gnp_hops *hops, size_t stride, size_t index)
{
  return hops->states + index * stride;
}

/* What the tile holds since the batch, loaded. */
static int load_tile(gnp_head *head, size_t base, const gni_value *tail, gnp_hops *hops)
{
  const gni_base_column *column = &head->layout->bases[base];
  size_t stride = gni_aggregator_state_size(column->aggregator);
  for (size_t i = 0; i < tail->list.count; i++) {
    int64_t start_ms = 0;
    int rc = gnp_hop_start_ms(head->layout, &tail->list.items[i], &start_ms, head->err);
    if (rc != GN_OK) return rc;
    const gni_value *saved = &tail->list.items[i].list.items[base];
    if (hops->count && start_ms <= hops->starts_ms[hops->count - 1])
      return gni_fail(head->err, GN_E_CORRUPT, "saved hops are not in order");
    if (start_ms < head->batch_end_ms) continue;
    void *state = state_at(hops, stride, hops->count);
    gni_state_init(column->aggregator, state);
    if (!saved->is_null)
      rc = gni_state_load(column->aggregator, state, saved, head->arena, head->err);
    if (rc != GN_OK) return gnp_state_fail(head->err, column->name, head->arena, rc);
    hops->starts_ms[hops->count++] = start_ms;
  }
  return GN_OK;
}

static int make_hops(gnp_head *head, size_t base, int index, gnp_hops *hops)
{
  const gni_base_column *column = &head->layout->bases[base];
  const gni_value *tail = head->tile ? &head->tile[index] : NULL;
  size_t stride = gni_aggregator_state_size(column->aggregator);
  int rc = head->groups[index] ? GN_OK : find_groups(head, index);
  if (rc != GN_OK) return rc;
  size_t most = head->group_count[index] + (tail && !tail->is_null ? tail->list.count : 0);
  hops->starts_ms = GN_TAKE(head->arena, int64_t, most);
  hops->states = gni_arena_take(head->arena, gni_size_mul(most, stride));
  if (!hops->starts_ms || !hops->states)
    return gni_fail_arena(head->err, head->arena, gni_size_mul(most, stride));
  if (tail && !tail->is_null) rc = load_tile(head, base, tail, hops);
  for (size_t i = 0; i < head->group_count[index] && rc == GN_OK; i++) {
    const gnp_group *group = &head->groups[index][i];
    bool goes_on = hops->count && hops->starts_ms[hops->count - 1] == group->start_ms;
    if (!goes_on) {
      gni_state_init(column->aggregator, state_at(hops, stride, hops->count));
      hops->starts_ms[hops->count++] = group->start_ms;
    }
    rc = gnp_rows_fold(column, head->rows, group->from, group->to,
                       state_at(hops, stride, hops->count - 1), head->arena, head->err);
  }
  hops->made = rc == GN_OK;
  return rc;
}

/* Where grouping does not matter and nothing is folded yet, rows go on top one by one. */
static bool needs_no_hops(const gnp_head *head, size_t base)
{
  return !head->tile && gnp_is_exact(head->layout->bases[base].aggregator);
}

/* Of operations that look at every row: windows that begin before them all share one state. */
static int merge_all_rows(gnp_head *head, size_t base, void *state)
{
  const gni_base_column *column = &head->layout->bases[base];
  gnp_hops *all = &head->hops[base * GNP_TAIL_SIZES];
  if (!all->made) {
    void *folded;
    int rc = gnp_state_take(column, head->arena, &folded, head->err);
    if (rc == GN_OK)
      rc = gnp_rows_fold(column, head->rows, 0, head->row_count, folded, head->arena, head->err);
    if (rc != GN_OK) return rc;
    all->states = folded;
    all->made = true;
  }
  return gnp_state_merge(column, state, all->states, head->arena, head->err);
}

static int merge_rows(gnp_head *head, size_t base, int64_t from_ms, void *state)
{
  const gni_base_column *column = &head->layout->bases[base];
  size_t from = gnp_rows_find(head->rows, head->row_count, from_ms);
  if (from == 0 && gnp_newest_that_count(column->aggregator) == SIZE_MAX)
    return merge_all_rows(head, base, state);
  return gnp_rows_fold(column, head->rows, from, head->row_count, state, head->arena, head->err);
}

int gnp_head_merge(gnp_head *head, size_t base, int index, int64_t from_ms, void *state)
{
  const gni_base_column *column = &head->layout->bases[base];
  if (needs_no_hops(head, base)) return merge_rows(head, base, from_ms, state);
  gnp_hops *hops = &head->hops[base * GNP_TAIL_SIZES + (size_t)index];
  int rc = hops->made ? GN_OK : make_hops(head, base, index, hops);
  if (rc != GN_OK) return rc;
  size_t stride = gni_aggregator_state_size(column->aggregator), first = 0;
  while (first < hops->count && hops->starts_ms[first] < from_ms) first++;
  gnp_run run = {hops->states + first * stride, stride, hops->count - first};
  rc = gnp_state_merge_run(column->aggregator, state, run, head->arena);
  return gnp_state_fail(head->err, column->name, head->arena, rc);
}
