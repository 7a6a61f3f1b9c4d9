/* The only place where SUM or LAST_K is written. Backfill, upload and fetch all call it, so
 * training and serving cannot differ. SPDX-License-Identifier: Apache-2.0
 *
 *   operation  gni_aggregator: one operation on one input type, with its state
 *   layout     gni_layout: all columns of a GroupBy: base columns (aggregation x bucket) and the
 *              window columns made of them
 *   windows    gni_hop_ms, gni_window_start: when a row belongs to a window
 *   snapshot   gni_snapshot: rows of one key in time order -> one output row a day
 *   temporal   gni_temporal: rows of one key and query times -> one output row a query
 *   batch      gni_batch: rows of one key -> the state that is uploaded; merged with live rows
 * online
 *
 * The canonical fold, everywhere: the window's tail hops (its hop size, ascending), then the middle
 * (day partials, ascending, folded by themselves first), then the head's hops (the window's hop
 * size again, ascending, the last one cut off at the query); the batch end is the midnight of the
 * query's day. Inside a hop or a day partial rows fold by (time, source order). */
#ifndef GNOMON_SRC_AGG_H
#define GNOMON_SRC_AGG_H

#include "data/data.h"

/* ---- operations ------------------------------------------------------------------------------ */

/* Chronon's Operation with its numbers. */
enum gni_operation {
  GNI_MIN = 0,
  GNI_MAX = 1,
  GNI_FIRST = 2,
  GNI_LAST = 3,
  GNI_UNIQUE_COUNT = 4,
  GNI_APPROX_UNIQUE_COUNT = 5,
  GNI_COUNT = 6,
  GNI_SUM = 7,
  GNI_AVERAGE = 8,
  GNI_VARIANCE = 9,
  GNI_SKEW = 10,
  GNI_KURTOSIS = 11,
  GNI_APPROX_PERCENTILE = 12,
  GNI_LAST_K = 13,
  GNI_FIRST_K = 14,
  GNI_TOP_K = 15,
  GNI_BOTTOM_K = 16,
  GNI_HISTOGRAM = 17,
  GNI_APPROX_HISTOGRAM_K = 18,
  GNI_BOUNDED_UNIQUE_COUNT = 19,
  GNI_OPERATION_COUNT = 20
};

const char *gni_operation_name(int operation); /* "LAST_K"; NULL for an unknown number */
int gni_operation_find(gn_str name);           /* any case; -1 when unknown */
bool gni_operation_is_timed(int operation);    /* FIRST, LAST and their K lists: need a time */

/* One aggregation as a definition writes it. */
typedef struct gni_aggregation {
  gn_str input_column;
  int operation;
  bool element_wise;
  const gn_str *argument_names, *argument_values; /* argMap: "k" -> "3" */
  size_t argument_count;
  const struct gni_window *windows; /* none given: one unbounded */
  size_t window_count;
  const gn_str *buckets; /* none given: not bucketed */
  size_t bucket_count;
} gni_aggregation;

/* One operation resolved against its input type: list inputs flattened (or element by element),
 * maps and buckets key by key, as the type and the definition ask. Immutable; any number of
 * threads. */
typedef struct gni_aggregator gni_aggregator;

/* GN_E_TYPE "<type> is incompatible with <OPERATION>", GN_E_INVALID for a bad argument,
 * GN_E_UNSUPPORTED for operations not offered. `bucketed` adds the map over bucket values. */
int gni_aggregator_take(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                        bool bucketed, const gni_aggregator **out, gn_error *err);
const gni_type *gni_aggregator_output(const gni_aggregator *aggregator);
/* What save gives: Avro-visible, with Chronon's struct names (AvgIr, TimePair_string, …). */
const gni_type *gni_aggregator_state_type(const gni_aggregator *aggregator);
size_t gni_aggregator_state_size(const gni_aggregator *aggregator); /* bytes, 8-byte aligned */
bool gni_aggregator_deletable(const gni_aggregator *aggregator);

/* A state is `state_size` bytes of the caller plus what it takes from the arena passed in, which
 * must live as long as the state. merge(a, init) == a                                  init is
 * neutral merge(merge(a, b), c) == merge(a, merge(b, c))       order of parts does not matter
 *   fold(xs then ys) == merge(fold(xs), fold(ys))        training and serving cannot differ
 *   load(save(a)) == a                                   what is uploaded is what is fetched
 *   drop(update(a, x), x) == a                           only where deletable
 * (doubles: on values whose sums are exact). A state that saw nothing finishes to null and saves to
 * null. Null inputs change nothing. */
void gni_state_init(const gni_aggregator *aggregator, void *state);
/* `bucket` is the bucket column's value when bucketed, else NULL. Values that are kept are copied.
 */
int gni_state_update(const gni_aggregator *aggregator, void *state, const gni_value *input,
                     const gni_value *bucket, int64_t time_ms, gn_arena *arena);
/* Takes a row back (reversals). Not deletable: nothing happens. */
int gni_state_drop(const gni_aggregator *aggregator, void *state, const gni_value *input,
                   const gni_value *bucket, int64_t time_ms, gn_arena *arena);
/* `other` is not changed and shares nothing with `state` afterwards. */
int gni_state_merge(const gni_aggregator *aggregator, void *state, const void *other,
                    gn_arena *arena);
/* An independent copy into `target` (uninitialised memory). */
int gni_state_clone(const gni_aggregator *aggregator, void *target, const void *state,
                    gn_arena *arena);
bool gni_state_is_empty(const gni_aggregator *aggregator, const void *state);
/* The feature value; null for a state that saw nothing. Does not change the state. */
int gni_state_finish(const gni_aggregator *aggregator, const void *state, gni_value *out,
                     gn_arena *arena);
int gni_state_save(const gni_aggregator *aggregator, const void *state, gni_value *out,
                   gn_arena *arena);
/* GN_E_CORRUPT when the value cannot be a state of this operation. Copies what it keeps. */
int gni_state_load(const gni_aggregator *aggregator, void *state, const gni_value *saved,
                   gn_arena *arena, gn_error *err);

/* ---- windows --------------------------------------------------------------------------------- */

typedef struct gni_window {
  int64_t length_ms; /* INT64_MAX: unbounded */
  int32_t length;    /* as written: 7 */
  bool hours;        /* as written: hours, else days */
} gni_window;

#define GNI_UNBOUNDED ((gni_window){INT64_MAX, INT32_MAX, false})

/* Resolutions: five-minute (temporal, online): 12 days and more hop by day, 12 hours and more by
 * hour, else by 5 minutes. Daily (snapshots): always by day. */
enum gni_resolution { GNI_FIVE_MINUTE, GNI_DAILY };
int64_t gni_hop_ms(gni_window window, int resolution);
/* The first instant that belongs to the window seen at `at_ms`: round(at - length, hop); INT64_MIN
 * when unbounded. A row belongs iff start <= ts < at. */
int64_t gni_window_start(gni_window window, int64_t at_ms, int resolution);
#define GNI_TAIL_BUFFER_MS                                                                         \
  (2 * GN_DAY_MS) /* a batch keeps this much of a window's tail as hops                            \
                   */

/* The event at exactly (batch end - window): CHRONON leaves it out of the batch state as upstream
 * does; EXACT keeps it, so that online equals offline. */
enum gni_boundary { GNI_BOUNDARY_CHRONON, GNI_BOUNDARY_EXACT };

/* ---- the layout of a GroupBy ----------------------------------------------------------------- */

/* One base column: an aggregation with one bucket (or none), without window. */
typedef struct gni_base_column {
  gn_str name; /* "amount_sum_by_city": the unwindowed output name */
  int input;   /* position of the input column in the input struct */
  int bucket;  /* position of the bucket column, or -1 */
  const gni_aggregator *aggregator;
} gni_base_column;

typedef struct gni_window_column {
  gn_str name; /* "amount_sum_7d_by_city" */
  int base;    /* its base column */
  gni_window window;
} gni_window_column;

/* Order: aggregations as defined; inside, buckets outer, windows inner. Immutable. */
typedef struct gni_layout {
  const gni_type *input;  /* struct of the columns that rows carry */
  const gni_type *output; /* struct of the window columns */
  const gni_base_column *bases;
  size_t base_count;
  const gni_window_column *columns;
  size_t column_count;
  bool any_windowed, any_timed;
} gni_layout;

/* `input` names and types every column the rows have; a missing one is GN_E_NOTFOUND with the
 * nearest name in the hint. `where` is "aggregations[2]". */
int gni_layout_take(gn_arena *arena, const gni_aggregation *aggregations, size_t count,
                    const gni_type *input, const gni_layout **out, gn_error *err);
/* Chronon's output column name, e.g. "amount_average_7d_by_city"; window or bucket may be absent.
 */
gn_str gni_output_name(gn_arena *arena, const gni_aggregation *aggregation, gni_window window,
                       gn_str bucket);

/* One row of one key. `values` are the fields of layout->input; they may be borrowed, what is kept
 * is copied. */
typedef struct gni_row {
  const gni_value *values;
  int64_t time_ms;
} gni_row;

/* ---- snapshot: one output row a day ---------------------------------------------------------- */

/* Folds the rows of one key after another. Rows of a key come in (time, source order); days are
 * ascending. Memory is bounded by one key. */
typedef struct gni_snapshot gni_snapshot;

int gni_snapshot_new(const gni_layout *layout, const int32_t *days, size_t day_count,
                     const gn_alloc *alloc, size_t ceiling_bytes, gni_snapshot **out,
                     gn_error *err);
void gni_snapshot_free(gni_snapshot *snapshot);
int gni_snapshot_add(gni_snapshot *snapshot, const gni_row *row, gn_error *err);
int gni_snapshot_add_rows(gni_snapshot *snapshot, const gni_row *rows, size_t count, gn_error *err);
/* The same with the rows of a whole day at once: `saved` has the state of each base column, as
 * gni_state_save gave it after the day's rows in their order; `start_ms` is the day's midnight. The
 * answers are those of the rows, bit for bit. */
int gni_snapshot_add_day(gni_snapshot *snapshot, int64_t start_ms, const gni_value *saved,
                         gn_error *err);
/* Answers the key whose rows were added, from its first day on; the answers of several keys can be
 * held, which lets them be written day by day. `rows` has a place for each day: the outputs of that
 * day, one a window column, or NULL where all are null; what is there lives until the release. Days
 * before `*answered` are. Few at a time where the values are large: then the key is asked again,
 * after a release or not, until all are. Then the snapshot is ready for the next key. */
int gni_snapshot_answer(gni_snapshot *snapshot, const gni_value **rows, size_t *answered,
                        gn_error *err);
/* Bytes of the keys answered since the last release, and of the one at hand. */
size_t gni_snapshot_held_bytes(const gni_snapshot *snapshot);
/* Gives up the answers. */
int gni_snapshot_release(gni_snapshot *snapshot, gn_error *err);
/* Answers one key and releases it: calls `emit` once for each day whose outputs are not all null,
 * in day order; `outputs` are valid during the call. */
int gni_snapshot_end_key(gni_snapshot *snapshot,
                         int (*emit)(void *user, size_t day_index, const gni_value *outputs,
                                     gn_error *err),
                         void *user, gn_error *err);

/* Entities: the rows of one key of one snapshot partition. With a window anywhere, a column takes
 * rows with end - window <= ts < end, where end is the midnight after `day`, and unbounded columns
 * those with ts < end; without any window there is no time filter. All keys give a row. */
int gni_entity_fold(const gni_layout *layout, int32_t day, const gni_row *rows, size_t row_count,
                    gn_arena *arena, gni_value *outputs, gn_error *err);

/* ---- temporal: one output row a query (offline point in time) -------------------------------- */

/* `rows` in (time, source order), `at_ms` ascending. Writes query_count x column_count values. The
 * canonical fold, batch end = midnight of each query's day; rows at or after the query do not
 * count. */
int gni_temporal_fold(const gni_layout *layout, const gni_row *rows, size_t row_count,
                      const int64_t *at_ms, size_t query_count, gn_arena *arena, gni_value *outputs,
                      gn_error *err);

/* ---- batch state: uploaded, and merged with live rows online --------------------------------- */

/* struct { collapsedIr: struct WindowedIr{a field a window column}, tailHopIrs: list of 3 (1 d, 1
 * h, 5 min) lists of struct HopIr{a field a base column, ts: long} }, named <clean name>_IR. */
const gni_type *gni_batch_type(const gni_layout *layout, gn_str record_name, gn_arena *arena);

/* Builds the state of one key. Rows in (time, source order); rows at or after batch_end_ms and rows
 * before every window are ignored. The saved value is in `arena`. */
int gni_batch_fold(const gni_layout *layout, const gni_row *rows, size_t row_count,
                   int64_t batch_end_ms, int boundary, gn_arena *arena, gni_value *saved,
                   gn_error *err);

/* What a fetch does: `saved` (NULL: no batch record) at `batch_end_ms`, plus live rows by (time,
 * put order), seen at `at_ms` >= batch_end_ms. Rows outside [batch_end, at) are skipped. `outputs`
 * has column_count values. EXACT refuses (GN_E_INVALID) a batch more than the tail buffer before
 * at_ms when a window is longer than the buffer; CHRONON over-counts as upstream does. */
int gni_batch_answer(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                     const gni_row *live, size_t live_count, int64_t at_ms, int boundary,
                     gn_arena *arena, gni_value *outputs, gn_error *err);

/* A tile holds the live rows of one key before an instant as hops, so that a fetch starts from
 * them: struct { untilMs: long, hops: list of 3 lists of HopIr }, as a batch's tails are. Hops do
 * not depend on a batch; one that a tile holds only in part is gone on with by the rows after it,
 * as if it had been folded in one go. */
const gni_type *gni_tile_type(const gni_layout *layout, gn_str record_name, gn_arena *arena);
/* `old` (NULL: none) and the rows of [its end, until_ms), by (time, put order), in one tile. Hops
 * that no question at or after `until_ms` asks for are left out. GN_E_CORRUPT when `old` is no tile
 * of this layout. The saved value is in `arena`. */
int gni_tile_fold(const gni_layout *layout, const gni_value *old, const gni_row *rows,
                  size_t row_count, int64_t until_ms, gn_arena *arena, gni_value *saved,
                  gn_error *err);
/* The instant before which a tile holds all rows. */
int gni_tile_until(const gni_value *tile, int64_t *until_ms, gn_error *err);
/* gni_batch_answer where a tile (NULL: none) holds the first of the live rows; it ends at or before
 * `at_ms`. Bit for bit the same answer. */
int gni_batch_answer_tiled(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                           const gni_value *tile, const gni_row *live, size_t live_count,
                           int64_t at_ms, int boundary, gn_arena *arena, gni_value *outputs,
                           gn_error *err);

/* A change of an entity: an image of its row, and when the change was made. An update is two: the
 * image before, taken back, and the image after. */
typedef struct gni_mutation {
  gni_row row;
  int64_t at_ms; /* of the change; row.time_ms is the row's own time */
  bool is_before;
} gni_mutation;

/* The same for entities: `mutations` by (time of change, put order). One counts iff batch_end <=
 * its at_ms < at_ms and its row lies in the window. All of them are applied at each question, so a
 * row whose time is still to come counts once it has. Operations that are not deletable ignore
 * reversals, as upstream's do. */
int gni_batch_answer_mutated(const gni_layout *layout, const gni_value *saved, int64_t batch_end_ms,
                             const gni_mutation *mutations, size_t count, int64_t at_ms,
                             int boundary, gn_arena *arena, gni_value *outputs, gn_error *err);

#endif
