/* Partial states: the pieces from which snapshots, temporal folds and batches are put together, so
 * that all three fold in the same order. Of this module only. SPDX-License-Identifier: Apache-2.0
 */
#ifndef GNOMON_SRC_AGG_PARTIAL_H
#define GNOMON_SRC_AGG_PARTIAL_H

#include "agg/agg_private.h"

/* ---- windows --------------------------------------------------------------------------------- */

bool gnp_is_unbounded(gni_window window);
/* The multiple of `step_ms` at or before `ms`, also before 1970. */
int64_t gnp_floor_ms(int64_t ms, int64_t step_ms);
int64_t gnp_ceil_day_ms(int64_t ms); /* the midnight at or after `ms` */

/* How a window is cut at a batch end: rows of [from, middle) become hops, rows of [middle, batch
 * end) the collapsed middle. Unbounded: everything is middle. */
typedef struct gnp_split {
  int64_t from_ms, middle_ms;
} gnp_split;

/* CHRONON begins after the instant (batch end - window) and cuts two days later to the millisecond.
 * EXACT begins where queries at the batch end do, and cuts at a hop, so that hops are whole. */
gnp_split gnp_window_split(gni_window window, int64_t batch_end_ms, int resolution, int boundary);

/* ---- states of a base column ----------------------------------------------------------------- */

/* Says what a state function of the column called `name` meant by `rc`, and returns it. */
int gnp_state_fail(gn_error *err, gn_str name, const gn_arena *arena, int rc);

/* What gni_state_... does, with failures told in words. */
int gnp_state_take(const gni_base_column *base, gn_arena *arena, void **out, gn_error *err);
static inline int gnp_state_update(const gni_base_column *base, void *state, const gni_row *row,
                                   gn_arena *arena, gn_error *err)
{
  const gni_value *bucket = base->bucket < 0 ? NULL : &row->values[base->bucket];
  int rc = gni_state_update(base->aggregator, state, &row->values[base->input], bucket,
                            row->time_ms, arena);
  return rc == GN_OK ? GN_OK : gnp_state_fail(err, base->name, arena, rc);
}
int gnp_state_merge(const gni_base_column *base, void *state, const void *other, gn_arena *arena,
                    gn_error *err);
/* `out` may borrow from the state. */
int gnp_state_finish(const gni_base_column *base, const void *state, gni_value *out,
                     gn_arena *arena, gn_error *err);
int gnp_state_save(const gni_base_column *base, const void *state, gni_value *out, gn_arena *arena,
                   gn_error *err);

/* ---- rows ------------------------------------------------------------------------------------ */

/* The first row at or after `ms`; `row_count` when there is none. Rows are in time order. */
size_t gnp_rows_find(const gni_row *rows, size_t row_count, int64_t ms);
/* Updates `state` with rows [from, to). */
int gnp_rows_fold(const gni_base_column *base, const gni_row *rows, size_t from, size_t to,
                  void *state, gn_arena *arena, gn_error *err);

/* ---- partial states -------------------------------------------------------------------------- */

/* Rows of [from, to) count for base column `base`. */
typedef struct gnp_range {
  size_t base;
  int64_t from_ms, to_ms;
} gnp_range;

/* The hops of one size that have rows, ascending. Hop i starts at starts_ms[i]; its state of base
 * column b is at states + i * states_bytes + offsets[b]. Both move while hops are added. */
typedef struct gnp_partials {
  const gni_layout *layout;
  int64_t hop_ms;
  const gnp_range *ranges; /* by base column; several for one column count a row once */
  size_t range_count;
  size_t *offsets;
  size_t states_bytes;
  int64_t *starts_ms;
  char *states;
  size_t count, capacity;
} gnp_partials;

/* `ranges` must live as long as the partials. */
int gnp_partials_init(gnp_partials *partials, const gni_layout *layout, int64_t hop_ms,
                      const gnp_range *ranges, size_t range_count, gn_arena *arena, gn_error *err);
void gnp_partials_reset(gnp_partials *partials); /* no hops; their arena was reset by the caller */
/* Rows come in time order. A row outside every range makes no hop. */
int gnp_partials_add(gnp_partials *partials, const gni_row *row, gn_arena *arena, gn_error *err);
/* The same with many, where every base column has one range. */
int gnp_partials_add_rows(gnp_partials *partials, const gni_row *rows, size_t count,
                          gn_arena *arena, gn_error *err);
/* A hop that was folded and saved before: one value a base column. Hops come in time order. */
int gnp_partials_load(gnp_partials *partials, int64_t start_ms, const gni_value *saved,
                      gn_arena *arena, gn_error *err);
/* The first hop that starts at or after `ms`. */
size_t gnp_partials_find(const gnp_partials *partials, int64_t ms);
/* Whether the hops have a state of this base column. */
static inline bool gnp_partials_keep(const gnp_partials *partials, size_t base)
{
  return partials->offsets[base] != SIZE_MAX;
}
static inline const void *gnp_partials_state(const gnp_partials *partials, size_t index,
                                             size_t base)
{
  return partials->states + index * partials->states_bytes + partials->offsets[base];
}
/* The states of hops [from, to) of one base column. */
static inline gnp_run gnp_partials_run(const gnp_partials *partials, size_t base, size_t from,
                                       size_t to)
{
  return (gnp_run){(const char *)gnp_partials_state(partials, from, base), partials->states_bytes,
                   to - from};
}
/* Merges hops [from, to) of one base column into `state`, ascending. */
int gnp_partials_merge(const gnp_partials *partials, size_t base, size_t from, size_t to,
                       void *state, gn_arena *arena, gn_error *err);

/* ---- batch: what temporal folds and uploads share -------------------------------------------- */

enum { GNP_TAIL_SIZES = 3 };           /* 1 d, 1 h, 5 min: the order of tailHopIrs */
int gnp_tail_index(gni_window window); /* which of them a window hops by */
int64_t gnp_tail_hop_ms(int index);

/* The tail hops of one size for a batch end; empty when no window hops by it. */
int gnp_tail_fold(const gni_layout *layout, int index, const gni_row *rows, size_t row_count,
                  int64_t batch_end_ms, int boundary, gn_arena *arena, gnp_partials *out,
                  gn_error *err);
/* Merges the middle of window column `column` into the empty `state`: the rest of the day in which
 * it begins, then whole days. `days` has the days that are whole. */
int gnp_middle_fold(const gni_layout *layout, size_t column, const gnp_partials *days,
                    const gni_row *rows, size_t row_count, int64_t batch_end_ms, int boundary,
                    void *state, gn_arena *arena, gn_error *err);
/* One range a base column: the whole days of its middles for batch ends of [first, last]. */
int gnp_days_init(gnp_partials *days, const gni_layout *layout, int64_t first_end_ms,
                  int64_t last_end_ms, int boundary, gn_arena *arena, gn_error *err);
/* Adds the rows before `until_ms` from `*next` on. */
int gnp_days_fold(gnp_partials *days, const gni_row *rows, size_t row_count, size_t *next,
                  int64_t until_ms, gn_arena *arena, gn_error *err);

#endif
