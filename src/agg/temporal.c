/* Temporal: the value of every window at each query, as it was known then. For each day with
 * queries the parts of a batch that ends at its midnight are folded, and the rows of the day go on
 * top one by one, just as a fetch does it. SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"

/* A window column on its way through the queries of a day. */
struct run {
  const void *middle; /* NULL until it is needed */
  void *state;        /* tail, middle and head rows so far; NULL at the start of a day */
  int64_t start_ms;   /* of the window at the last query */
  size_t next;        /* the first row that is not in `state` */
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
};

static int64_t midnight_ms(int64_t at_ms)
{
  return gnp_floor_ms(at_ms, GN_DAY_MS);
}

static int prepare(struct temporal *t, int64_t first_at_ms, int64_t last_at_ms)
{
  const gni_layout *layout = t->layout;
  gnp_range *ranges = gnp_middle_ranges(layout, midnight_ms(first_at_ms), midnight_ms(last_at_ms),
                                        GNI_BOUNDARY_EXACT, &t->keep);
  t->runs = GN_TAKE(&t->keep, struct run, layout->column_count);
  t->wholes = GN_TAKE_ZERO(&t->keep, struct whole, layout->base_count);
  if (!ranges || !t->runs || !t->wholes) return GN_E_NOMEM;
  return gnp_partials_init(&t->days, layout, GN_DAY_MS, ranges, layout->base_count, &t->keep);
}

static int begin_day(struct temporal *t, int64_t batch_end_ms)
{
  t->batch_end_ms = batch_end_ms;
  gni_arena_reset(&t->day);
  memset(t->runs, 0, t->layout->column_count * sizeof(*t->runs));
  int rc = gnp_days_fold(&t->days, t->rows, t->row_count, &t->next_day_row, batch_end_ms, &t->keep);
  for (int i = 0; i < GNP_TAIL_SIZES && rc == GN_OK; i++)
    rc = gnp_tail_fold(t->layout, i, t->rows, t->row_count, batch_end_ms, GNI_BOUNDARY_EXACT,
                       &t->day, &t->tails[i]);
  return rc;
}

/* Unbounded windows only ever grow, so their middle goes on from the day before. */
static int extend_whole(struct temporal *t, size_t base, const void **out)
{
  struct whole *whole = &t->wholes[base];
  if (!whole->state) whole->state = gnp_state_take(t->layout->bases[base].aggregator, &t->keep);
  if (!whole->state) return GN_E_NOMEM;
  int rc = gnp_partials_merge(&t->days, base, whole->count, t->days.count, whole->state, &t->keep);
  whole->count = t->days.count;
  *out = whole->state;
  return rc;
}

static int find_middle(struct temporal *t, size_t c, const void **out)
{
  const gni_window_column *column = &t->layout->columns[c];
  struct run *run = &t->runs[c];
  *out = run->middle;
  if (run->middle) return GN_OK;
  if (gnp_is_unbounded(column->window)) {
    int rc = extend_whole(t, (size_t)column->base, out);
    run->middle = *out;
    return rc;
  }
  void *state = gnp_state_take(t->layout->bases[column->base].aggregator, &t->day);
  if (!state) return GN_E_NOMEM;
  run->middle = *out = state;
  return gnp_middle_fold(t->layout, c, &t->days, t->rows, t->row_count, t->batch_end_ms,
                         GNI_BOUNDARY_EXACT, state, &t->day);
}

/* The window now starts elsewhere: its tail, then its middle. */
static int restart(struct temporal *t, size_t c, int64_t start_ms)
{
  const gni_window_column *column = &t->layout->columns[c];
  const gni_aggregator *aggregator = t->layout->bases[column->base].aggregator;
  struct run *run = &t->runs[c];
  const void *middle;
  int rc = GN_OK;
  run->start_ms = start_ms;
  run->next =
      gnp_rows_find(t->rows, t->row_count, start_ms > t->batch_end_ms ? start_ms : t->batch_end_ms);
  run->state = gnp_state_take(aggregator, &t->day);
  if (!run->state) return GN_E_NOMEM;
  if (!gnp_is_unbounded(column->window)) {
    const gnp_partials *tail = &t->tails[gnp_tail_index(column->window)];
    gnp_split split =
        gnp_window_split(column->window, t->batch_end_ms, GNI_FIVE_MINUTE, GNI_BOUNDARY_EXACT);
    rc = gnp_partials_merge(tail, (size_t)column->base, gnp_partials_find(tail, start_ms),
                            gnp_partials_find(tail, split.middle_ms), run->state, &t->day);
  }
  if (rc == GN_OK) rc = find_middle(t, c, &middle);
  return rc == GN_OK ? gni_state_merge(aggregator, run->state, middle, &t->day) : rc;
}

static int answer(struct temporal *t, size_t c, int64_t at_ms, size_t row_end, gni_value *out,
                  gn_arena *arena)
{
  const gni_window_column *column = &t->layout->columns[c];
  int64_t start_ms = gni_window_start(column->window, at_ms, GNI_FIVE_MINUTE);
  struct run *run = &t->runs[c];
  int rc = run->state && run->start_ms == start_ms ? GN_OK : restart(t, c, start_ms);
  if (rc == GN_OK && run->next < row_end) {
    rc = gnp_rows_fold(t->layout, (size_t)column->base, t->rows, run->next, row_end, run->state,
                       &t->day);
    run->next = row_end;
  }
  gni_value value = GNI_NULL_VALUE; /* may borrow from the state, which goes on */
  if (rc == GN_OK)
    rc = gni_state_finish(t->layout->bases[column->base].aggregator, run->state, &value, &t->day);
  if (rc != GN_OK) return rc;
  return gni_value_copy(t->layout->output->fields[c].type, &value, arena, out);
}

static int fold(struct temporal *t, const int64_t *at_ms, size_t query_count, gn_arena *arena,
                gni_value *outputs, gn_error *err)
{
  size_t row_end = 0, column_count = t->layout->column_count;
  int rc = prepare(t, at_ms[0], at_ms[query_count - 1]);
  for (size_t q = 0; q < query_count && rc == GN_OK; q++) {
    int64_t batch_end_ms = midnight_ms(at_ms[q]);
    if (q > 0 && at_ms[q] < at_ms[q - 1])
      return gni_fail(err, GN_E_BUG, "query times are not ascending");
    if (q == 0 || batch_end_ms != t->batch_end_ms) rc = begin_day(t, batch_end_ms);
    while (row_end < t->row_count && t->rows[row_end].time_ms < at_ms[q]) row_end++;
    for (size_t c = 0; c < column_count && rc == GN_OK; c++)
      rc = answer(t, c, at_ms[q], row_end, &outputs[q * column_count + c], arena);
  }
  return gnp_fold_fail(err, rc, arena);
}

int gni_temporal_fold(const gni_layout *layout, const gni_row *rows, size_t row_count,
                      const int64_t *at_ms, size_t query_count, gn_arena *arena, gni_value *outputs,
                      gn_error *err)
{
  struct temporal t = {.layout = layout, .rows = rows, .row_count = row_count};
  if (query_count == 0) return GN_OK;
  gni_arena_init(&t.keep, arena->alloc, arena->ceiling_bytes);
  gni_arena_init(&t.day, arena->alloc, arena->ceiling_bytes);
  int rc = fold(&t, at_ms, query_count, arena, outputs, err);
  gni_arena_deinit(&t.day);
  gni_arena_deinit(&t.keep);
  return rc;
}
