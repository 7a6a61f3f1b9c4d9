/* Temporal: the value of every window at each query, as it was known then. For each day with
 * queries the parts of a batch that ends at its midnight are folded, and the rows of the day go on
 * top one by one, just as a fetch does it. SPDX-License-Identifier: Apache-2.0 */
#include "agg/head.h"

/* A window column on its way through the queries of a day. */
struct run {
  const void *middle; /* NULL until it is needed */
  void *state;        /* tail, middle and head so far; NULL at the start of a day */
  void *hop;          /* the head's last hop, not in `state` yet; NULL: none */
  int64_t hop_end_ms;
  int64_t start_ms; /* of the window at the last query */
  size_t next;      /* the first row that is neither in `state` nor in `hop` */
};

/* The fold of all day partials of a base column up to the batch end at hand. */
struct whole {
  void *state;
  size_t count;
};

struct temporal {
  const gni_layout *layout;
  const gni_row *rows;
  size_t row_count, next_day_row;
  int64_t batch_end_ms;
  struct run *runs;     /* a window column */
  struct whole *wholes; /* a base column */
  gnp_partials days, tails[GNP_TAIL_SIZES];
  gn_arena keep; /* what lives as long as the fold */
  gn_arena day;  /* tails and runs of the day at hand */
  gn_arena once; /* of the answer at hand */
};

static int64_t midnight_ms(int64_t at_ms)
{
  return gnp_floor_ms(at_ms, GN_DAY_MS);
}

static int prepare(struct temporal *t, int64_t first_at_ms, int64_t last_at_ms, gn_error *err)
{
  const gni_layout *layout = t->layout;
  t->runs = GN_TAKE(&t->keep, struct run, layout->column_count);
  t->wholes = GN_TAKE_ZERO(&t->keep, struct whole, layout->base_count);
  if (!t->runs || !t->wholes)
    return gni_fail_arena(err, &t->keep, layout->column_count * sizeof(struct run));
  return gnp_days_init(&t->days, layout, midnight_ms(first_at_ms), midnight_ms(last_at_ms),
                       GNI_BOUNDARY_EXACT, &t->keep, err);
}

static int begin_day(struct temporal *t, int64_t batch_end_ms, gn_error *err)
{
  t->batch_end_ms = batch_end_ms;
  gni_arena_reset(&t->day);
  memset(t->runs, 0, t->layout->column_count * sizeof(*t->runs));
  int rc =
      gnp_days_fold(&t->days, t->rows, t->row_count, &t->next_day_row, batch_end_ms, &t->keep, err);
  for (int i = 0; i < GNP_TAIL_SIZES && rc == GN_OK; i++)
    rc = gnp_tail_fold(t->layout, i, t->rows, t->row_count, batch_end_ms, GNI_BOUNDARY_EXACT,
                       &t->day, &t->tails[i], err);
  return rc;
}

/* Unbounded windows only ever grow, so their middle goes on from the day before. */
static int extend_whole(struct temporal *t, size_t base, const void **out, gn_error *err)
{
  struct whole *whole = &t->wholes[base];
  int rc = GN_OK;
  if (!whole->state) rc = gnp_state_take(&t->layout->bases[base], &t->keep, &whole->state, err);
  if (rc == GN_OK)
    rc = gnp_partials_merge(&t->days, base, whole->count, t->days.count, whole->state, &t->keep,
                            err);
  whole->count = t->days.count;
  *out = whole->state;
  return rc;
}

static int find_middle(struct temporal *t, size_t c, gn_error *err)
{
  const gni_window_column *column = &t->layout->columns[c];
  struct run *run = &t->runs[c];
  void *state;
  if (run->middle) return GN_OK;
  if (gnp_is_unbounded(column->window))
    return extend_whole(t, (size_t)column->base, &run->middle, err);
  int rc = gnp_state_take(&t->layout->bases[column->base], &t->day, &state, err);
  if (rc != GN_OK) return rc;
  run->middle = state;
  return gnp_middle_fold(t->layout, c, &t->days, t->rows, t->row_count, t->batch_end_ms,
                         GNI_BOUNDARY_EXACT, state, &t->day, err);
}

static int merge_tail(struct temporal *t, const gni_window_column *column, int64_t start_ms,
                      void *state, gn_error *err)
{
  if (gnp_is_unbounded(column->window)) return GN_OK;
  const gnp_partials *tail = &t->tails[gnp_tail_index(column->window)];
  gnp_split split =
      gnp_window_split(column->window, t->batch_end_ms, GNI_FIVE_MINUTE, GNI_BOUNDARY_EXACT);
  return gnp_partials_merge(tail, (size_t)column->base, gnp_partials_find(tail, start_ms),
                            gnp_partials_find(tail, split.middle_ms), state, &t->day, err);
}

/* The window now starts elsewhere: its tail, then its middle. */
static int restart(struct temporal *t, size_t c, int64_t start_ms, gn_error *err)
{
  const gni_window_column *column = &t->layout->columns[c];
  const gni_base_column *base = &t->layout->bases[column->base];
  struct run *run = &t->runs[c];
  int64_t head_ms = start_ms > t->batch_end_ms ? start_ms : t->batch_end_ms;
  int rc = gnp_state_take(base, &t->day, &run->state, err);
  if (rc == GN_OK) rc = merge_tail(t, column, start_ms, run->state, err);
  if (rc == GN_OK) rc = find_middle(t, c, err);
  if (rc == GN_OK) rc = gnp_state_merge(base, run->state, run->middle, &t->day, err);
  run->hop = NULL;
  run->start_ms = start_ms;
  run->next = gnp_rows_find(t->rows, t->row_count, head_ms);
  return rc;
}

/* Where grouping does not matter, rows go on top one by one. */
static int add_rows(struct temporal *t, const gni_base_column *base, struct run *run,
                    size_t row_end, gn_error *err)
{
  if (run->next >= row_end) return GN_OK;
  int rc = gnp_rows_fold(base, t->rows, run->next, row_end, run->state, &t->day, err);
  run->next = row_end;
  return rc;
}

/* Elsewhere hop by hop; the last hop stays apart, for more rows of it may follow. */
static int add_hops(struct temporal *t, const gni_window_column *column, struct run *run,
                    size_t row_end, gn_error *err)
{
  const gni_base_column *base = &t->layout->bases[column->base];
  int64_t hop_ms = gnp_tail_hop_ms(gnp_tail_index(column->window));
  int rc = GN_OK;
  while (run->next < row_end && rc == GN_OK) {
    int64_t time_ms = t->rows[run->next].time_ms;
    if (run->hop && time_ms >= run->hop_end_ms) {
      rc = gnp_state_merge(base, run->state, run->hop, &t->day, err);
      run->hop = NULL;
    }
    if (rc == GN_OK && !run->hop) {
      rc = gnp_state_take(base, &t->day, &run->hop, err);
      run->hop_end_ms = gnp_floor_ms(time_ms, hop_ms) + hop_ms;
    }
    if (rc != GN_OK) return rc;
    size_t to = gnp_group_end(t->rows, row_end, run->next, run->hop_end_ms);
    rc = gnp_rows_fold(base, t->rows, run->next, to, run->hop, &t->day, err);
    run->next = to;
  }
  return rc;
}

/* The state with the hop that stays apart; in `once` where there is one. */
static int whole_state(struct temporal *t, const gni_base_column *base, const struct run *run,
                       const void **out, gn_error *err)
{
  size_t size = gni_aggregator_state_size(base->aggregator);
  *out = run->state;
  if (!run->hop) return GN_OK;
  void *state = gni_arena_take(&t->once, size);
  if (!state) return gni_fail_arena(err, &t->once, size);
  int rc = gni_state_clone(base->aggregator, state, run->state, &t->once);
  if (rc != GN_OK) return gnp_state_fail(err, base->name, &t->once, rc);
  *out = state;
  return gnp_state_merge(base, state, run->hop, &t->once, err);
}

static int answer(struct temporal *t, size_t c, int64_t at_ms, size_t row_end, gni_value *out,
                  gn_arena *arena, gn_error *err)
{
  const gni_window_column *column = &t->layout->columns[c];
  const gni_base_column *base = &t->layout->bases[column->base];
  int64_t start_ms = gni_window_start(column->window, at_ms, GNI_FIVE_MINUTE);
  struct run *run = &t->runs[c];
  const void *state;
  gni_value value = GNI_NULL_VALUE; /* may borrow from the state, which goes on */
  int rc = run->state && run->start_ms == start_ms ? GN_OK : restart(t, c, start_ms, err);
  if (rc == GN_OK)
    rc = gnp_is_exact(base->aggregator) ? add_rows(t, base, run, row_end, err)
                                        : add_hops(t, column, run, row_end, err);
  gni_arena_reset(&t->once);
  if (rc == GN_OK) rc = whole_state(t, base, run, &state, err);
  if (rc == GN_OK) rc = gnp_state_finish(base, state, &value, &t->day, err);
  if (rc != GN_OK) return rc;
  rc = gni_value_copy(t->layout->output->fields[c].type, &value, arena, out);
  return gnp_state_fail(err, base->name, arena, rc);
}

static int fold(struct temporal *t, const int64_t *at_ms, size_t query_count, gn_arena *arena,
                gni_value *outputs, gn_error *err)
{
  size_t row_end = 0, column_count = t->layout->column_count;
  int rc = prepare(t, at_ms[0], at_ms[query_count - 1], err);
  for (size_t q = 0; q < query_count && rc == GN_OK; q++) {
    int64_t batch_end_ms = midnight_ms(at_ms[q]);
    if (q > 0 && at_ms[q] < at_ms[q - 1])
      return gni_fail(err, GN_E_BUG, "query times are not ascending");
    if (q == 0 || batch_end_ms != t->batch_end_ms) rc = begin_day(t, batch_end_ms, err);
    while (row_end < t->row_count && t->rows[row_end].time_ms < at_ms[q]) row_end++;
    for (size_t c = 0; c < column_count && rc == GN_OK; c++)
      rc = answer(t, c, at_ms[q], row_end, &outputs[q * column_count + c], arena, err);
  }
  return rc;
}

int gni_temporal_fold(const gni_layout *layout, const gni_row *rows, size_t row_count,
                      const int64_t *at_ms, size_t query_count, gn_arena *arena, gni_value *outputs,
                      gn_error *err)
{
  struct temporal t = {.layout = layout, .rows = rows, .row_count = row_count};
  if (query_count == 0) return GN_OK;
  gni_arena_init(&t.keep, arena->alloc, arena->ceiling_bytes);
  gni_arena_init(&t.day, arena->alloc, arena->ceiling_bytes);
  gni_arena_init(&t.once, arena->alloc, arena->ceiling_bytes);
  int rc = fold(&t, at_ms, query_count, arena, outputs, err);
  gni_arena_deinit(&t.once);
  gni_arena_deinit(&t.day);
  gni_arena_deinit(&t.keep);
  return rc;
}
