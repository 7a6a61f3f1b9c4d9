/* Definition + days + what exists already -> what to read and what to write. Pure: tables are asked
 * through callbacks. SPDX-License-Identifier: Apache-2.0
 *
 *   ranges   which days are missing, cut in steps
 *   group    a GroupBy bound to its tables: types, aggregations, derivations
 *   query    the SELECT that gives a GroupBy's rows in folding order */
#ifndef GNOMON_SRC_PLAN_H
#define GNOMON_SRC_PLAN_H

#include "agg/agg.h"
#include "def/def.h"
#include "expr/expr.h"

/* ---- ranges ---------------------------------------------------------------------------------- */

#define GNI_DAY_OPEN_START INT32_MIN
#define GNI_DAY_OPEN_END INT32_MAX

typedef struct gni_day_range { /* days since 1970-01-01, both included */
  int32_t first, last;
} gni_day_range;

typedef struct gni_range_request {
  gni_day_range range;     /* first may be GNI_DAY_OPEN_START: begin with the first input */
  const int32_t *existing; /* days of the output table, ascending */
  size_t existing_count;
  bool check_inputs;     /* else every day counts as having input */
  const int32_t *inputs; /* days that some source has, ascending, each once */
  size_t input_count;
  bool skip_first_hole; /* leave days before the first existing one alone */
  int32_t step_days;    /* at least 1 */
} gni_range_request;

typedef struct gni_range_answer {
  const gni_day_range *steps; /* ascending, each at most step_days long */
  size_t step_count;
  int32_t skipped_before; /* days left alone because they lie before the first existing one */
  int32_t already_there;  /* days of the range that exist */
  int32_t without_input;  /* missing days that no source has */
} gni_range_answer;

/* GN_E_ARG for an empty range, GN_E_LIMIT past GN_PLAN_STEPS_MAX steps. */
int gni_range_plan(const gni_range_request *request, gn_arena *arena, gni_range_answer *out,
                   gn_error *err);
/* Splits [first, last] in `parts` of equal floor size, the last taking the rest (run.py). GN_E_ARG
 * when there are more parts than days. */
int gni_range_split(gni_day_range range, int32_t parts, gn_arena *arena, gni_day_range **out,
                    gn_error *err);

/* ---- a GroupBy bound to its tables ----------------------------------------------------------- */

/* What a table has; asked once a source. `type` is a struct with the partition column as string,
 * last. `scan` appends what may follow FROM for the days [first, last] (open ends allowed): every
 * column by its name, and the hidden columns named below. */
typedef struct gni_table_access {
  int (*type)(void *user, gn_str table, gn_arena *arena, const gni_type **out, bool *partitioned,
              gn_error *err);
  int (*scan)(void *user, gn_str table, int32_t first_day, int32_t last_day, gn_buf *sql,
              gn_error *err);
  /* The newest day of a table; GN_ABSENT when it has none. */
  int (*newest)(void *user, gn_str table, int32_t *day, gn_error *err);
  void *user;
  const char *day_column, *order_column; /* the hidden columns: INTEGER day, BIGINT order */
  gn_str partition_column;               /* the warehouse's own name for the partition: "ds" */
} gni_table_access;

typedef struct gni_group_source {
  gn_str table; /* without sub-partition tokens */
  const gni_query *query;
  bool entities, cumulative;
  int32_t start_day, end_day; /* limits of the definition; open when not set */
  const gni_type *table_type;
  bool partitioned;
  /* Bound against the table: keys, then inputs; NULL members select the column as it is. */
  const gni_bound **keys, **inputs, **wheres;
  size_t where_count;
  const gni_bound *time; /* epoch milliseconds; NULL: the end of the partition's day, or no time */
} gni_group_source;

typedef struct gni_projection { /* one column of what derivations give */
  gn_str name;
  int copy_of;            /* position in `wide`, or -1 */
  const gni_bound *bound; /* evaluated over `wide` when copy_of < 0 */
} gni_projection;

typedef struct gni_group {
  const gni_group_by *def;
  gn_str name, clean_name, output_table, upload_table, batch_dataset, stream_dataset;
  bool entities, temporal, has_time;
  const gni_type *keys;     /* struct */
  const gni_type *inputs;   /* struct: what rows carry besides keys and time; the value columns */
  const gni_layout *layout; /* NULL: no aggregations, rows pass through */
  const gni_type *values;   /* struct: before derivations: layout->output or inputs */
  const gni_type *wide;     /* struct: keys, values, then ds and ts; what derivations see */
  const gni_projection *projections; /* in output order; NULL: no derivations */
  size_t projection_count;
  const gni_type *features; /* struct: values, or what the derivations give */
  const gni_group_source *sources;
  size_t source_count;
} gni_group;

/* Everything lives in `arena`. The first failure is reported, its place in `err->where`. */
int gni_group_bind(const gni_group_by *def, const gni_table_access *tables, gn_arena *arena,
                   const gni_group **out, gn_error *err);
/* The part that needs no tables: types come from what was stored with an upload. `keys` and
 * `inputs` are structs. */
int gni_group_bind_types(const gni_group_by *def, const gni_type *keys, const gni_type *inputs,
                         gn_arena *arena, const gni_group **out, gn_error *err);
/* One row of features from keys and values. `ds` and `ts_ms` may be null values. */
int gni_group_derive(const gni_group *group, const gni_value *keys, const gni_value *values,
                     const gni_value *ds, const gni_value *ts, gn_arena *arena, gni_value *features,
                     gn_error *err);

/* ---- the rows of a GroupBy ------------------------------------------------------------------- */

enum gni_query_order {
  GNI_ORDER_KEY_TIME, /* key, time, source order: snapshots and batch states */
  GNI_ORDER_DAY_KEY,  /* day, key, time, source order: entity snapshots */
  GNI_ORDER_SOURCE    /* as the tables are read, which need not be source order */
};

/* The days of one source that a run over [first, last] reads (Chronon's getIntersectedRange). */
int gni_source_days(const gni_group *group, const gni_group_source *source, gni_day_range range,
                    const gni_table_access *tables, gni_day_range *out, gn_error *err);
typedef struct gni_rows_request {
  gni_day_range range;       /* days of the output */
  int64_t before_ms;         /* events at or after this instant are left out; INT64_MAX: none */
  int order;                 /* gni_query_order */
  const gni_value *only_key; /* one value a key column: the rows of this key alone; NULL: all */
} gni_rows_request;

/* SELECT with the columns: k0…, v0…, then `ts` BIGINT and `day` INTEGER (both may be null),
 * ordered; in GNI_ORDER_SOURCE also `src` INTEGER and `ord` BIGINT, which with `day` before them
 * are the source order. */
int gni_group_sql(const gni_group *group, const gni_rows_request *request,
                  const gni_table_access *tables, gni_expr_functions *functions, gn_buf *sql,
                  gn_error *err);

#endif
