/* Snapshots: the value of every window at the midnight after each day. Rows become day partials as
 * they arrive; at the end of a key each window is put together from the partials it spans. Days
 * without rows cost nothing, and a window whose span did not change since the day before keeps its
 * value. SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"

/* The day partials that a window spans: [low, middle) are its tail, [middle, high) its middle. */
struct span {
  size_t low, middle, high;
};

/* One length of windows, however many columns have it, and what it spans on the day at hand. It
 * reaches equally far back from every midnight; INT64_MAX is to the first row. */
struct reach {
  gni_window window;
  int64_t start_before_ms, middle_before_ms;
  struct span span;
  bool changed; /* the span moved since the last day */
};

/* The fold of a base column's day partials from the key's first one on: what unbounded windows
 * show, and windows that still reach back to the first row. */
struct prefix {
  void *state;
  size_t count;
};

struct gni_snapshot {
  const gni_layout *layout;
  const gn_alloc *alloc;
  size_t day_count;
  int32_t *days;
  struct reach *reaches;
  size_t reach_count;
  size_t *reach_of;        /* a window column */
  gni_value *outputs;      /* a window column; in values[current] */
  struct prefix *prefixes; /* a base column */
  gnp_partials partials;
  int64_t last_ms;    /* time of the row before */
  gn_arena home;      /* what lives as long as the snapshot */
  gn_arena key;       /* partials and prefixes of the key at hand */
  gn_arena scratch;   /* states of the day at hand */
  gn_arena values[2]; /* outputs of the key at hand, in turn */
  int current;
};

static int64_t end_of_day_ms(int32_t day)
{
  return ((int64_t)day + 1) * GN_DAY_MS;
}

static bool same_span(struct span a, struct span b)
{
  return a.low == b.low && a.middle == b.middle && a.high == b.high;
}

/* ---- making one ---- */

/* The days that any window of a base column reaches on any day asked for. */
static void set_ranges(const gni_snapshot *s, gnp_range *ranges)
{
  for (size_t b = 0; b < s->layout->base_count; b++)
    ranges[b] = (gnp_range){b, INT64_MAX, end_of_day_ms(s->days[s->day_count - 1])};
  for (size_t c = 0; c < s->layout->column_count; c++) {
    const gni_window_column *column = &s->layout->columns[c];
    int64_t from_ms = gni_window_start(column->window, end_of_day_ms(s->days[0]), GNI_DAILY);
    gnp_range *range = &ranges[column->base];
    if (from_ms < range->from_ms) range->from_ms = from_ms;
  }
}

static size_t find_reach(gni_snapshot *s, gni_window window)
{
  size_t i = 0;
  while (i < s->reach_count && s->reaches[i].window.length_ms != window.length_ms) i++;
  if (i < s->reach_count) return i;
  int64_t end_ms = end_of_day_ms(s->days[0]);
  gnp_split split = gnp_window_split(window, end_ms, GNI_DAILY, GNI_BOUNDARY_EXACT);
  bool unbounded = split.from_ms == INT64_MIN;
  s->reaches[s->reach_count++] = (struct reach){
      .window = window,
      .start_before_ms = unbounded ? INT64_MAX : end_ms - split.from_ms,
      .middle_before_ms = unbounded ? INT64_MAX : end_ms - split.middle_ms,
  };
  return i;
}

static int prepare(gni_snapshot *s, const int32_t *days, gn_error *err)
{
  const gni_layout *layout = s->layout;
  gnp_range *ranges = GN_TAKE(&s->home, gnp_range, layout->base_count);
  s->days = gni_arena_copy(&s->home, days, s->day_count * sizeof(*days));
  s->reaches = GN_TAKE(&s->home, struct reach, layout->column_count);
  s->reach_of = GN_TAKE(&s->home, size_t, layout->column_count);
  s->outputs = GN_TAKE_ZERO(&s->home, gni_value, layout->column_count);
  s->prefixes = GN_TAKE_ZERO(&s->home, struct prefix, layout->base_count);
  if (!ranges || !s->days || !s->reaches || !s->reach_of || !s->outputs || !s->prefixes)
    return gni_fail_nomem(err, s->day_count * sizeof(*days));
  set_ranges(s, ranges);
  for (size_t c = 0; c < layout->column_count; c++)
    s->reach_of[c] = find_reach(s, layout->columns[c].window);
  return gnp_partials_init(&s->partials, layout, GN_DAY_MS, ranges, layout->base_count, &s->home,
                           err);
}

static void begin_key(gni_snapshot *s)
{
  const gni_layout *layout = s->layout;
  gni_arena_reset(&s->key);
  gni_arena_reset(&s->values[s->current]);
  gnp_partials_reset(&s->partials);
  for (size_t i = 0; i < s->reach_count; i++) s->reaches[i].span = (struct span){0};
  memset(s->prefixes, 0, layout->base_count * sizeof(*s->prefixes));
  for (size_t c = 0; c < layout->column_count; c++) s->outputs[c] = GNI_NULL_VALUE;
  s->last_ms = INT64_MIN;
}

int gni_snapshot_new(const gni_layout *layout, const int32_t *days, size_t day_count,
                     const gn_alloc *alloc, size_t ceiling_bytes, gni_snapshot **out, gn_error *err)
{
  *out = NULL;
  for (size_t i = 1; i < day_count; i++)
    if (days[i] <= days[i - 1]) return gni_fail(err, GN_E_ARG, "the days are not ascending");
  if (day_count == 0) return gni_fail(err, GN_E_ARG, "no day to compute");
  gni_snapshot *s = gni_alloc_zero(alloc, sizeof(*s));
  if (!s) return gni_fail_nomem(err, sizeof(*s));
  s->layout = layout;
  s->alloc = alloc;
  s->day_count = day_count;
  gni_arena_init(&s->home, alloc, ceiling_bytes);
  gni_arena_init(&s->key, alloc, ceiling_bytes);
  gni_arena_init(&s->scratch, alloc, ceiling_bytes);
  gni_arena_init(&s->values[0], alloc, ceiling_bytes);
  gni_arena_init(&s->values[1], alloc, ceiling_bytes);
  int rc = prepare(s, days, err);
  if (rc != GN_OK) {
    gni_snapshot_free(s);
    return rc;
  }
  begin_key(s);
  *out = s;
  return GN_OK;
}

void gni_snapshot_free(gni_snapshot *s)
{
  if (!s) return;
  gni_arena_deinit(&s->values[1]);
  gni_arena_deinit(&s->values[0]);
  gni_arena_deinit(&s->scratch);
  gni_arena_deinit(&s->key);
  gni_arena_deinit(&s->home);
  gni_free(s->alloc, s, sizeof(*s));
}

int gni_snapshot_add(gni_snapshot *s, const gni_row *row, gn_error *err)
{
  if (row->time_ms < s->last_ms)
    return gni_fail(err, GN_E_BUG, "rows of a key are not in time order");
  s->last_ms = row->time_ms;
  return gnp_partials_add(&s->partials, row, &s->key, err);
}

int gni_snapshot_add_day(gni_snapshot *s, int64_t start_ms, const gni_value *saved, gn_error *err)
{
  if (start_ms < s->last_ms) return gni_fail(err, GN_E_BUG, "days of a key are not in time order");
  s->last_ms = start_ms;
  return gnp_partials_load(&s->partials, start_ms, saved, &s->key, err);
}

/* ---- ending a key ---- */

/* The first of the partials [from, high) that starts less than `before_ms` before the midnight. */
static size_t advance(const gni_snapshot *s, size_t from, size_t high, int64_t end_ms,
                      int64_t before_ms)
{
  if (before_ms == INT64_MAX) return from;
  while (from < high && s->partials.starts_ms[from] < end_ms - before_ms) from++;
  return from;
}

/* Moves the spans of all windows on to the midnight `end_ms`; false when none moved. Ends ascend,
 * so every position only moves forward. */
static bool move_spans(gni_snapshot *s, int64_t end_ms)
{
  const gnp_partials *partials = &s->partials;
  bool any_changed = false;
  size_t high = s->reaches[0].span.high; /* the same for all windows */
  while (high < partials->count && partials->starts_ms[high] < end_ms) high++;
  for (size_t i = 0; i < s->reach_count; i++) {
    struct reach *reach = &s->reaches[i];
    struct span before = reach->span, now = {.high = high};
    now.low = advance(s, before.low, high, end_ms, reach->start_before_ms);
    now.middle = before.middle > now.low ? before.middle : now.low;
    now.middle = advance(s, now.middle, high, end_ms, reach->middle_before_ms);
    reach->changed = !same_span(before, now);
    reach->span = now;
    any_changed |= reach->changed;
  }
  return any_changed;
}

/* The fold of the first `count` day partials, extended from the day before. */
static int extend_prefix(gni_snapshot *s, size_t base, size_t count, const void **out,
                         gn_error *err)
{
  struct prefix *prefix = &s->prefixes[base];
  int rc = GN_OK;
  if (!prefix->state) rc = gnp_state_take(&s->layout->bases[base], &s->key, &prefix->state, err);
  if (rc == GN_OK && prefix->count < count)
    rc = gnp_partials_merge(&s->partials, base, prefix->count, count, prefix->state, &s->key, err);
  prefix->count = count;
  *out = prefix->state;
  return rc;
}

static int merge_span(gni_snapshot *s, size_t base, size_t from, size_t to, void **out,
                      gn_error *err)
{
  int rc = gnp_state_take(&s->layout->bases[base], &s->scratch, out, err);
  if (rc != GN_OK) return rc;
  return gnp_partials_merge(&s->partials, base, from, to, *out, &s->scratch, err);
}

/* The canonical fold of a span: the tail, then the middle folded by itself. Parts that are alone
 * are used as they are, for merging into nothing changes nothing. */
static int fold_span(gni_snapshot *s, size_t base, struct span span, const void **out,
                     gn_error *err)
{
  void *tail = NULL, *middle = NULL;
  int rc;
  if (span.high - span.low == 1) {
    *out = gnp_partials_state(&s->partials, span.low, base);
    return GN_OK;
  }
  if (span.middle == 0) return extend_prefix(s, base, span.high, out, err);
  bool one_part = span.low == span.middle || span.middle == span.high;
  rc = merge_span(s, base, span.low, one_part ? span.high : span.middle, &tail, err);
  *out = tail;
  if (rc != GN_OK || one_part) return rc;
  if ((rc = merge_span(s, base, span.middle, span.high, &middle, err)) != GN_OK) return rc;
  return gnp_state_merge(&s->layout->bases[base], tail, middle, &s->scratch, err);
}

static int compute_column(gni_snapshot *s, size_t c, gni_value *out, gn_arena *values,
                          gn_error *err)
{
  const gni_window_column *column = &s->layout->columns[c];
  const gni_base_column *base = &s->layout->bases[column->base];
  struct span span = s->reaches[s->reach_of[c]].span;
  const void *state = NULL;
  gni_value value = GNI_NULL_VALUE; /* may borrow from the state, which will change */
  *out = GNI_NULL_VALUE;
  if (span.low == span.high) return GN_OK;
  int rc = GN_OK;
  gnp_run run = gnp_partials_run(&s->partials, (size_t)column->base, span.low, span.high);
  bool in_one_go = !gnp_is_unbounded(column->window) &&
                   gnp_state_finish_run(base->aggregator, run, &value, &s->scratch, &rc);
  if (in_one_go)
    rc = gnp_state_fail(err, base->name, &s->scratch, rc);
  else
    rc = fold_span(s, (size_t)column->base, span, &state, err);
  if (rc == GN_OK && !in_one_go) rc = gnp_state_finish(base, state, &value, &s->scratch, err);
  if (rc != GN_OK) return rc;
  rc = gni_value_copy(s->layout->output->fields[c].type, &value, values, out);
  return gnp_state_fail(err, base->name, values, rc);
}

/* Outputs gather in one arena until it is worth moving those that still count to the other. */
static int move_outputs(gni_snapshot *s, gn_error *err)
{
  enum { MOVE_FROM_BYTES = 1 << 16 };
  const gni_layout *layout = s->layout;
  if (s->values[s->current].used_bytes < MOVE_FROM_BYTES) return GN_OK;
  gn_arena *values = &s->values[s->current ^= 1];
  gni_arena_reset(values);
  for (size_t c = 0; c < layout->column_count; c++) {
    gni_value kept;
    int rc = gni_value_copy(layout->output->fields[c].type, &s->outputs[c], values, &kept);
    if (rc != GN_OK) return gnp_state_fail(err, layout->columns[c].name, values, rc);
    s->outputs[c] = kept;
  }
  return GN_OK;
}

/* Recomputes what moved and keeps the rest. Windows of one column that span the same days share. */
static int compute_outputs(gni_snapshot *s, gn_error *err)
{
  const gni_layout *layout = s->layout;
  int rc = move_outputs(s, err);
  gn_arena *values = &s->values[s->current];
  gni_arena_reset(&s->scratch);
  for (size_t c = 0; rc == GN_OK && c < layout->column_count; c++) {
    const gni_window_column *column = &layout->columns[c];
    const struct reach *reach = &s->reaches[s->reach_of[c]];
    if (!reach->changed) continue;
    if (c > 0 && column[-1].base == column->base &&
        same_span(reach->span, s->reaches[s->reach_of[c - 1]].span))
      s->outputs[c] = s->outputs[c - 1];
    else
      rc = compute_column(s, c, &s->outputs[c], values, err);
  }
  return rc;
}

static bool any_output(const gni_snapshot *s)
{
  for (size_t c = 0; c < s->layout->column_count; c++)
    if (!s->outputs[c].is_null) return true;
  return false;
}

static int end_key(gni_snapshot *s,
                   int (*emit)(void *user, size_t day_index, const gni_value *outputs,
                               gn_error *err),
                   void *user, gn_error *err)
{
  if (s->partials.count == 0) return GN_OK;
  for (size_t i = 0; i < s->day_count; i++) {
    int64_t end_ms = end_of_day_ms(s->days[i]);
    if (s->partials.starts_ms[0] >= end_ms) continue; /* before the key's first row */
    int rc = GN_OK;
    if (move_spans(s, end_ms)) rc = compute_outputs(s, err);
    if (rc == GN_OK && any_output(s)) rc = emit(user, i, s->outputs, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

int gni_snapshot_end_key(gni_snapshot *s,
                         int (*emit)(void *user, size_t day_index, const gni_value *outputs,
                                     gn_error *err),
                         void *user, gn_error *err)
{
  int rc = s->layout->column_count ? end_key(s, emit, user, err) : GN_OK;
  begin_key(s);
  return rc;
}
