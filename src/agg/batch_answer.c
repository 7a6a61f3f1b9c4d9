/* What a fetch does: the uploaded batch and the live rows become features. This is the hot path, so
 * only the hops inside a window are loaded, and nothing but the request's arena is used.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/head.h"

struct question {
  const gni_layout *layout;
  const gni_value *collapsed; /* a state a window column; NULL: no batch */
  const gni_value *tails;     /* lists of hops, by size */
  int64_t batch_end_ms, at_ms;
  int boundary;
  gnp_head head;                 /* rows since the batch */
  const gni_mutation *mutations; /* instead of live rows */
  size_t mutation_count;
  gn_arena *arena;
  gn_error *err;
};

/* The state of a window column as it grows; `scratch` receives what is loaded to be merged in. */
struct growing {
  const gni_base_column *base;
  void *state, *scratch;
  bool any;
};

/* ---- what may be asked ---- */

static bool has_long_window(const gni_layout *layout)
{
  for (size_t c = 0; c < layout->column_count; c++) {
    gni_window window = layout->columns[c].window;
    if (!gnp_is_unbounded(window) && window.length_ms > GNI_TAIL_BUFFER_MS) return true;
  }
  return false;
}

static int check_times(const struct question *q)
{
  if (q->at_ms < q->batch_end_ms)
    return gni_fail(q->err, GN_E_INVALID, "asked for %lld, which is before the batch end %lld",
                    (long long)q->at_ms, (long long)q->batch_end_ms);
  if (q->boundary != GNI_BOUNDARY_EXACT || q->at_ms <= q->batch_end_ms + GNI_TAIL_BUFFER_MS ||
      !has_long_window(q->layout))
    return GN_OK;
  int rc = gni_fail(q->err, GN_E_INVALID, "the batch is more than two days old");
  gni_error_hint(q->err, "upload a newer day, or set boundary = chronon, which over-counts");
  return rc;
}

/* ---- opening a saved batch ---- */

static int fail_shape(gn_error *err, const char *what)
{
  return gni_fail(err, GN_E_CORRUPT, "saved batch: %s", what);
}

static bool is_list_of(const gni_value *value, size_t count)
{
  return !value->is_null && value->list.count == count;
}

static int open_saved(struct question *q, const gni_value *saved)
{
  if (!saved) return GN_OK;
  if (!is_list_of(saved, 2)) return fail_shape(q->err, "it is not a record of two fields");
  const gni_value *collapsed = &saved->list.items[0], *tails = &saved->list.items[1];
  if (!is_list_of(collapsed, q->layout->column_count))
    return fail_shape(q->err, "its collapsed states are not one a window");
  if (!is_list_of(tails, GNP_TAIL_SIZES))
    return fail_shape(q->err, "its tails are not three lists");
  q->collapsed = collapsed->list.items;
  q->tails = tails->list.items;
  return GN_OK;
}

/* The instant at which a saved hop starts, or INT64_MIN when it is no hop. */
static int64_t hop_start_ms(const struct question *q, const gni_value *hop)
{
  size_t base_count = q->layout->base_count;
  if (!is_list_of(hop, base_count + 1) || hop->list.items[base_count].is_null) return INT64_MIN;
  return hop->list.items[base_count].integer;
}

/* The first hop at or after `ms`. */
static int find_hop(const struct question *q, const gni_value *tail, int64_t ms, size_t *out)
{
  size_t low = 0, high = tail->list.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int64_t start_ms = hop_start_ms(q, &tail->list.items[middle]);
    if (start_ms == INT64_MIN) return fail_shape(q->err, "a hop is not complete");
    if (start_ms < ms)
      low = middle + 1;
    else
      high = middle;
  }
  *out = low;
  return GN_OK;
}

/* ---- growing a state ---- */

/* Merging into nothing is loading. */
static int add_saved(const struct question *q, struct growing *g, const gni_value *saved)
{
  const gni_base_column *base = g->base;
  if (saved->is_null) return GN_OK;
  if (g->any && !g->scratch) {
    int rc = gnp_state_take(base, q->arena, &g->scratch, q->err);
    if (rc != GN_OK) return rc;
  }
  void *target = g->any ? g->scratch : g->state;
  int rc = gni_state_load(base->aggregator, target, saved, q->arena, q->err);
  if (rc != GN_OK) return gnp_state_fail(q->err, base->name, q->arena, rc);
  if (g->any) return gnp_state_merge(base, g->state, g->scratch, q->arena, q->err);
  g->any = true;
  return GN_OK;
}

static int add_tail(const struct question *q, const gni_window_column *column, int64_t start_ms,
                    struct growing *g)
{
  const gni_value *tail = &q->tails[gnp_tail_index(column->window)];
  gnp_split split = gnp_window_split(column->window, q->batch_end_ms, GNI_FIVE_MINUTE, q->boundary);
  size_t first = 0;
  if (tail->is_null) return fail_shape(q->err, "a tail is null");
  int rc = find_hop(q, tail, start_ms, &first);
  for (size_t i = first; i < tail->list.count && rc == GN_OK; i++) {
    const gni_value *hop = &tail->list.items[i];
    int64_t hop_ms = hop_start_ms(q, hop);
    if (hop_ms < start_ms) return fail_shape(q->err, "a hop is not complete or not in order");
    if (hop_ms >= split.middle_ms) break;
    rc = add_saved(q, g, &hop->list.items[column->base]);
  }
  return rc;
}

/* The collapsed middle was folded by itself, so it is merged even into an empty tail. */
static int add_batch(const struct question *q, size_t c, int64_t start_ms, struct growing *g)
{
  const gni_window_column *column = &q->layout->columns[c];
  if (!q->collapsed) return GN_OK;
  int rc = gnp_is_unbounded(column->window) ? GN_OK : add_tail(q, column, start_ms, g);
  return rc == GN_OK ? add_saved(q, g, &q->collapsed[c]) : rc;
}

static int answer(struct question *q, size_t c, gni_value *out)
{
  const gni_window_column *column = &q->layout->columns[c];
  const gni_base_column *base = &q->layout->bases[column->base];
  int64_t start_ms = gni_window_start(column->window, q->at_ms, GNI_FIVE_MINUTE);
  struct growing g = {.base = base};
  int rc = gnp_state_take(base, q->arena, &g.state, q->err);
  if (rc == GN_OK) rc = add_batch(q, c, start_ms, &g);
  if (rc != GN_OK) return rc;
  int64_t from_ms = start_ms > q->batch_end_ms ? start_ms : q->batch_end_ms;
  rc = gnp_head_merge(&q->head, (size_t)column->base, gnp_tail_index(column->window), from_ms,
                      g.state);
  return rc == GN_OK ? gnp_state_finish(base, g.state, out, q->arena, q->err) : rc;
}

/* ---- entities ---- */

/* A change counts where the row that it is about lies in the window. What cannot be taken back
 * stays: operations that are not deletable do not see reversals. */
static int apply_mutations(const struct question *q, const gni_window_column *column,
                           int64_t start_ms, struct growing *g)
{
  const gni_base_column *base = g->base;
  for (size_t i = 0; i < q->mutation_count; i++) {
    const gni_mutation *mutation = &q->mutations[i];
    const gni_row *row = &mutation->row;
    if (mutation->at_ms < q->batch_end_ms || mutation->at_ms >= q->at_ms) continue;
    if (row->time_ms < start_ms || row->time_ms >= q->at_ms) continue;
    const gni_value *input = &row->values[base->input];
    const gni_value *bucket = base->bucket < 0 ? NULL : &row->values[base->bucket];
    int rc =
        mutation->is_before
            ? gni_state_drop(base->aggregator, g->state, input, bucket, row->time_ms, q->arena)
            : gni_state_update(base->aggregator, g->state, input, bucket, row->time_ms, q->arena);
    if (rc != GN_OK) return gnp_state_fail(q->err, column->name, q->arena, rc);
    g->any = true;
  }
  return GN_OK;
}

/* Changes go onto the collapsed state, where most rows that they are about are; the tail follows.
 */
static int answer_mutated(const struct question *q, size_t c, gni_value *out)
{
  const gni_window_column *column = &q->layout->columns[c];
  int64_t start_ms = gni_window_start(column->window, q->at_ms, GNI_FIVE_MINUTE);
  struct growing g = {.base = &q->layout->bases[column->base]};
  int rc = gnp_state_take(g.base, q->arena, &g.state, q->err);
  if (rc == GN_OK && q->collapsed) rc = add_saved(q, &g, &q->collapsed[c]);
  if (rc == GN_OK) rc = apply_mutations(q, column, start_ms, &g);
  if (rc == GN_OK && q->collapsed && !gnp_is_unbounded(column->window))
    rc = add_tail(q, column, start_ms, &g);
  return rc == GN_OK ? gnp_state_finish(g.base, g.state, out, q->arena, q->err) : rc;
}

int gni_batch_answer_mutated(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                             const gni_mutation *mutations, size_t count, int64_t at_ms,
                             int boundary, gn_arena *arena, gni_value *outputs, gn_error *err)
{
  struct question q = {
      .layout = layout,
      .batch_end_ms = batch_end_ms,
      .at_ms = at_ms,
      .boundary = boundary,
      .mutations = mutations,
      .mutation_count = count,
      .arena = arena,
      .err = err,
  };
  int rc = check_times(&q);
  if (rc == GN_OK) rc = open_saved(&q, saved);
  for (size_t c = 0; c < layout->column_count && rc == GN_OK; c++)
    rc = answer_mutated(&q, c, &outputs[c]);
  return rc;
}

/* ---- events ---- */

/* Rows at or after `at_ms` do not count, nor do those that the tile holds. */
static int open_head(struct question *q, const gni_value *tile, const gni_row *live,
                     size_t live_count)
{
  int64_t from_ms = q->batch_end_ms, until_ms;
  gnp_head *head = &q->head;
  *head = (gnp_head){
      .layout = q->layout, .batch_end_ms = q->batch_end_ms, .arena = q->arena, .err = q->err};
  int rc = tile ? gnp_tile_open(tile, &until_ms, &head->tile, q->err) : GN_OK;
  if (rc == GN_OK && tile && until_ms > q->at_ms)
    rc = gni_fail(q->err, GN_E_BUG, "a tile of later rows than the question's");
  if (rc != GN_OK) return rc;
  if (tile && until_ms > from_ms) from_ms = until_ms;
  size_t first = gnp_rows_find(live, live_count, from_ms);
  size_t end = gnp_rows_find(live, live_count, q->at_ms);
  head->rows = live + first;
  head->row_count = end > first ? end - first : 0;
  return gnp_head_init(head);
}

int gni_batch_answer_tiled(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                           const gni_value *tile, const gni_row *live, size_t live_count,
                           int64_t at_ms, int boundary, gn_arena *arena, gni_value *outputs,
                           gn_error *err)
{
  struct question q = {
      .layout = layout,
      .batch_end_ms = batch_end_ms,
      .at_ms = at_ms,
      .boundary = boundary,
      .arena = arena,
      .err = err,
  };
  int rc = check_times(&q);
  if (rc == GN_OK) rc = open_saved(&q, saved);
  if (rc == GN_OK) rc = open_head(&q, tile, live, live_count);
  for (size_t c = 0; c < layout->column_count && rc == GN_OK; c++) rc = answer(&q, c, &outputs[c]);
  return rc;
}

int gni_batch_answer(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                     const gni_row *live, size_t live_count, int64_t at_ms, int boundary,
                     gn_arena *arena, gni_value *outputs, gn_error *err)
{
  return gni_batch_answer_tiled(layout, saved, batch_end_ms, NULL, live, live_count, at_ms,
                                boundary, arena, outputs, err);
}
