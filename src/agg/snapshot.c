/* Snapshots: the value of every window at the midnight after each day. Rows become day partials as
 * they arrive; a key is answered column by column, from the partials that each window spans on each
 * day. Days without rows cost nothing, and a window whose span did not change since the day before
 * keeps its value. SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"

enum {
  CHANGES_MAX = 32,      /* days on which spans move that are answered at once */
  ANSWER_BYTES = 1 << 20 /* of values, roughly, at once */
};

/* One length of windows, however many columns have it, and what it spans on the days at hand. It
 * reaches equally far back from every midnight; INT64_MAX is to the first row. */
struct reach {
  gni_window window;
  int64_t start_before_ms, middle_before_ms;
  gnp_span span, spans[CHANGES_MAX]; /* the newest; a change */
  uint32_t changed;                  /* a bit a change: the span moved, too */
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
  struct prefix *prefixes; /* a base column */
  uint8_t *change_of_day;  /* how many changes of those at hand have happened by then */
  const gni_value **rows;  /* a day: of gni_snapshot_end_key */
  gnp_partials partials;
  int64_t last_ms;         /* time of the row before */
  size_t at_day;           /* days before are answered */
  const gni_value *newest; /* outputs after the newest change; NULL: there was none */
  gn_arena home;           /* what lives as long as the snapshot */
  gn_arena key;            /* partials and prefixes of the keys since the last release */
  gn_arena scratch;        /* states and tables of what is being computed */
  gn_arena values[2];      /* outputs since the last release, in turn */
  int current;
};

static int64_t end_of_day_ms(int32_t day)
{
  return ((int64_t)day + 1) * GN_DAY_MS;
}

static bool same_span(gnp_span a, gnp_span b)
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
  s->change_of_day = GN_TAKE(&s->home, uint8_t, s->day_count);
  s->rows = GN_TAKE(&s->home, const gni_value *, s->day_count);
  s->prefixes = GN_TAKE_ZERO(&s->home, struct prefix, layout->base_count);
  bool places = s->reaches && s->reach_of && s->prefixes && s->change_of_day && s->rows;
  if (!ranges || !s->days || !places) return gni_fail_nomem(err, s->day_count * sizeof(*days));
  set_ranges(s, ranges);
  for (size_t c = 0; c < layout->column_count; c++)
    s->reach_of[c] = find_reach(s, layout->columns[c].window);
  return gnp_partials_init(&s->partials, layout, GN_DAY_MS, ranges, layout->base_count, &s->home,
                           err);
}

static void begin_key(gni_snapshot *s)
{
  gnp_partials_reset(&s->partials);
  for (size_t i = 0; i < s->reach_count; i++) s->reaches[i].span = (gnp_span){0};
  memset(s->prefixes, 0, s->layout->base_count * sizeof(*s->prefixes));
  s->newest = NULL;
  s->at_day = 0;
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

int gni_snapshot_add_rows(gni_snapshot *s, const gni_row *rows, size_t count, gn_error *err)
{
  for (size_t i = 0; i < count; i++) {
    if (rows[i].time_ms < s->last_ms)
      return gni_fail(err, GN_E_BUG, "rows of a key are not in time order");
    s->last_ms = rows[i].time_ms;
  }
  return gnp_partials_add_rows(&s->partials, rows, count, &s->key, err);
}

int gni_snapshot_add(gni_snapshot *s, const gni_row *row, gn_error *err)
{
  return gni_snapshot_add_rows(s, row, 1, err);
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

/* Whether a window spans the same at the midnight `end_ms`, too: on most days of most keys. */
static bool stays(const gni_snapshot *s, const struct reach *reach, size_t high, int64_t end_ms)
{
  gnp_span span = reach->span;
  return span.high == high &&
         advance(s, span.low, high, end_ms, reach->start_before_ms) == span.low &&
         advance(s, span.middle, high, end_ms, reach->middle_before_ms) == span.middle;
}

/* Moves the spans of all windows on to the midnight `end_ms`, as one more change where any moved.
 * Ends ascend, so every position only moves forward. */
static void move_spans(gni_snapshot *s, int64_t end_ms, size_t *changes)
{
  const gnp_partials *partials = &s->partials;
  size_t high = s->reaches[0].span.high, still = 0; /* `high` is the same for all windows */
  while (high < partials->count && partials->starts_ms[high] < end_ms) high++;
  while (still < s->reach_count && stays(s, &s->reaches[still], high, end_ms)) still++;
  if (still == s->reach_count) return;
  for (size_t i = 0; i < s->reach_count; i++) {
    struct reach *reach = &s->reaches[i];
    gnp_span before = reach->span, now = {.high = high};
    now.low = advance(s, before.low, high, end_ms, reach->start_before_ms);
    now.middle = before.middle > now.low ? before.middle : now.low;
    now.middle = advance(s, now.middle, high, end_ms, reach->middle_before_ms);
    bool changed = !same_span(before, now);
    reach->span = now;
    reach->spans[*changes] = now;
    reach->changed = (*changes ? reach->changed : 0) | (uint32_t)changed << *changes;
  }
  ++*changes;
}

/* The fold of the first `count` day partials, extended from the change before; another window of
 * the base column begins anew. */
static int extend_prefix(gni_snapshot *s, size_t base, size_t count, const void **out,
                         gn_error *err)
{
  struct prefix *prefix = &s->prefixes[base];
  int rc = GN_OK;
  if (prefix->count > count) *prefix = (struct prefix){0};
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
static int fold_span(gni_snapshot *s, size_t base, gnp_span span, const void **out, gn_error *err)
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

static int finish_span(gni_snapshot *s, size_t c, gnp_span span, gni_value *out, gn_error *err)
{
  const gni_window_column *column = &s->layout->columns[c];
  const gni_base_column *base = &s->layout->bases[column->base];
  const void *state = NULL;
  gn_arena *values = &s->values[s->current];
  gni_value value; /* may borrow from the state, which will change */
  *out = GNI_NULL_VALUE;
  if (span.low == span.high) return GN_OK;
  int rc = fold_span(s, (size_t)column->base, span, &state, err);
  if (rc == GN_OK) rc = gnp_state_finish(base, state, &value, &s->scratch, err);
  if (rc != GN_OK) return rc;
  rc = gni_value_copy(s->layout->output->fields[c].type, &value, values, out);
  gni_arena_reset(&s->scratch);
  return gnp_state_fail(err, base->name, values, rc);
}

/* Day partials stay as they are until the release, so values may borrow from them. */
static int finish_spans(gni_snapshot *s, size_t c, const gnp_span *spans, size_t count,
                        gni_value *out, gn_error *err)
{
  const gni_window_column *column = &s->layout->columns[c];
  const gni_base_column *base = &s->layout->bases[column->base];
  gnp_run run = gnp_partials_run(&s->partials, (size_t)column->base, 0, s->partials.count);
  bool is_number = GNP_KIND(s->layout->output->fields[c].type->kind) & GNP_NUMBERS;
  gn_arena *arena = is_number ? &s->scratch : &s->values[s->current];
  int rc = GN_OK;
  if (!gnp_is_unbounded(column->window) &&
      gnp_state_finish_spans(base->aggregator, run, spans, count, out, arena, &rc)) {
    gni_arena_reset(&s->scratch);
    return gnp_state_fail(err, base->name, arena, rc);
  }
  for (size_t i = 0; rc == GN_OK && i < count; i++) rc = finish_span(s, c, spans[i], &out[i], err);
  return rc;
}

/* A column of the outputs after each change. Where its own window did not move it stays, and
 * windows of one base column that span the same days share. */
static int compute_column(gni_snapshot *s, size_t c, size_t changes, gni_value *table,
                          gn_error *err)
{
  const gni_layout *layout = s->layout;
  const gni_window_column *column = &layout->columns[c];
  const struct reach *reach = &s->reaches[s->reach_of[c]], *twin = NULL;
  if (c > 0 && column[-1].base == column->base) twin = &s->reaches[s->reach_of[c - 1]];
  gnp_span spans[CHANGES_MAX];
  gni_value found[CHANGES_MAX];
  uint32_t computed = 0;
  size_t count = 0, taken = 0;
  for (size_t i = 0; i < changes; i++) {
    if (!(reach->changed >> i & 1) || (twin && same_span(reach->spans[i], twin->spans[i])))
      continue;
    computed |= UINT32_C(1) << i;
    spans[count++] = reach->spans[i];
  }
  int rc = count ? finish_spans(s, c, spans, count, found, err) : GN_OK;
  const gni_value *before = s->newest ? &s->newest[c] : &GNI_NULL_VALUE;
  for (size_t i = 0; rc == GN_OK && i < changes; i++) {
    gni_value *out = &table[i * layout->column_count + c];
    if (computed >> i & 1)
      *out = found[taken++];
    else
      *out = reach->changed >> i & 1 ? out[-1] : *before;
    before = out;
  }
  return rc;
}

static bool any_output(const gni_snapshot *s, const gni_value *outputs)
{
  for (size_t c = 0; c < s->layout->column_count; c++)
    if (!outputs[c].is_null) return true;
  return false;
}

/* The days from `at_day` on, until there are as many changes as are answered at once. */
static int answer_some(gni_snapshot *s, const gni_value **rows, gn_error *err)
{
  size_t columns = s->layout->column_count, changes = 0, first = s->at_day;
  for (; s->at_day < s->day_count && changes < CHANGES_MAX; s->at_day++) {
    move_spans(s, end_of_day_ms(s->days[s->at_day]), &changes);
    s->change_of_day[s->at_day] = (uint8_t)changes;
  }
  gni_value *table = NULL;
  if (changes) table = GN_TAKE(&s->values[s->current], gni_value, changes * columns);
  if (changes && !table)
    return gni_fail_arena(err, &s->values[s->current], changes * columns * sizeof *table);
  int rc = GN_OK;
  for (size_t c = 0; rc == GN_OK && table && c < columns; c++)
    rc = compute_column(s, c, changes, table, err);
  if (rc != GN_OK) return rc;
  const gni_value *shown = s->newest && any_output(s, s->newest) ? s->newest : NULL;
  for (size_t day = first, done = 0; day < s->at_day; day++) {
    if (s->change_of_day[day] > done) {
      s->newest = table + done * columns;
      done = s->change_of_day[day];
      shown = any_output(s, s->newest) ? s->newest : NULL;
    }
    rows[day] = shown;
  }
  return GN_OK;
}

int gni_snapshot_answer(gni_snapshot *s, const gni_value **rows, size_t *answered, gn_error *err)
{
  const gn_arena *values = &s->values[s->current];
  int rc = GN_OK;
  if (s->partials.count == 0 || s->layout->column_count == 0)
    for (; s->at_day < s->day_count; s->at_day++) rows[s->at_day] = NULL;
  for (bool more = true; rc == GN_OK && more && s->at_day < s->day_count;) {
    rc = answer_some(s, rows, err);
    more = values->used_bytes < ANSWER_BYTES;
  }
  *answered = s->at_day;
  if (rc != GN_OK || s->at_day == s->day_count) begin_key(s);
  return rc;
}

size_t gni_snapshot_held_bytes(const gni_snapshot *s)
{
  return s->key.used_bytes + s->values[s->current].used_bytes;
}

/* The newest outputs of a key that is not answered to its end are wanted on, in the other arena. */
static int keep_newest(gni_snapshot *s, gn_error *err)
{
  const gni_layout *layout = s->layout;
  gn_arena *values = &s->values[s->current ^= 1];
  gni_value *kept = GN_TAKE(values, gni_value, layout->column_count);
  if (!kept) return gni_fail_arena(err, values, layout->column_count * sizeof *kept);
  for (size_t c = 0; c < layout->column_count; c++) {
    int rc = gni_value_copy(layout->output->fields[c].type, &s->newest[c], values, &kept[c]);
    if (rc != GN_OK) return gnp_state_fail(err, layout->columns[c].name, values, rc);
  }
  s->newest = kept;
  return GN_OK;
}

int gni_snapshot_release(gni_snapshot *s, gn_error *err)
{
  gn_arena *values = &s->values[s->current];
  int rc = s->newest ? keep_newest(s, err) : GN_OK;
  gni_arena_reset(values);
  if (s->partials.count == 0) gni_arena_reset(&s->key);
  return rc;
}

int gni_snapshot_end_key(gni_snapshot *s,
                         int (*emit)(void *user, size_t day_index, const gni_value *outputs,
                                     gn_error *err),
                         void *user, gn_error *err)
{
  size_t at = 0, answered = 0;
  int rc = GN_OK;
  while (rc == GN_OK && answered < s->day_count) {
    rc = gni_snapshot_answer(s, s->rows, &answered, err);
    for (; rc == GN_OK && at < answered; at++)
      if (s->rows[at]) rc = emit(user, at, s->rows[at], err);
    if (rc != GN_OK) begin_key(s);
    int released = gni_snapshot_release(s, rc == GN_OK ? err : NULL);
    if (rc == GN_OK) rc = released;
  }
  return rc;
}
