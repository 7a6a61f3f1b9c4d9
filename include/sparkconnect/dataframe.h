/* Lazy, immutable descriptions of rows on the server. SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_DATAFRAME_H
#define SPARKCONNECT_DATAFRAME_H

#include <sparkconnect/column.h>
#include <sparkconnect/result.h>
#include <sparkconnect/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A sparkc_dataframe may be used from any number of threads. It keeps alive what it was made from,
 * and the session. Every step gives a new one, costs what it adds, and sends nothing; columns that
 * are given to a step are given away. */

/**
 * Frees a data frame. Others made from it stay whole.
 *
 * @own     the data frame is gone
 * @null    NULL does nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_dataframe_free(sparkc_dataframe *df);

/* How one operation runs on the server. */
typedef struct sparkc_execute_args {
  size_t struct_size;
  const char *operation_id;    /* a UUID, to interrupt it by; NULL: a new one */
  int64_t timeout_ms;          /* over all attempts until the last row; 0: none */
  int32_t not_reattachable;    /* a cut stream is then a failure */
  int64_t chunk_bytes;         /* preferred size of a message, at least 1,024; 0: the server's */
  int64_t rows_max, bytes_max; /* more is LIMIT; 0: no ceiling */
  const sparkc_extension *extensions; /* for this operation alone, at most 16 */
  size_t extension_count;
} sparkc_execute_args;

#define SPARKC_EXECUTE_ARGS(...)                                                                   \
  (&(sparkc_execute_args){.struct_size = sizeof(sparkc_execute_args), __VA_ARGS__})

/**
 * Runs an SQL text. A statement with side effects is executed at once, and its answer is the data
 * frame's rows; a query is run when its rows are asked for.
 *
 * @own     the data frame is the caller's to free
 * @err     REMOTE      Spark refuses the text; class, SQLSTATE and place are in the error
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip, and the statement
 * @since   0.1
 */
SPARKC_API int sparkc_sql(sparkc_session *session, const char *sql, sparkc_dataframe **out,
                          sparkc_error *err);

/**
 * The same with arguments, which become literals and never text.
 *
 * @own     the values are given away; the data frame is the caller's to free
 * @err     PLAN        some arguments have names and some have not, a value that could not be made
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip, and the statement
 * @since   0.1
 */
SPARKC_API int sparkc_sql_with(sparkc_session *session, const char *sql,
                               const sparkc_argument *arguments, size_t count,
                               sparkc_dataframe **out, sparkc_error *err);

/**
 * Runs a relation "sql", or one that brings others along for it (protocol.h), as sparkc_sql does.
 * The arguments are those of the statement; the data frame's rows are fetched with their own.
 *
 * @own     the query stays the caller's; the data frame is the caller's to free
 * @null    `args` NULL means defaults
 * @err     as sparkc_sql
 *          CANCELLED   interrupted, by its operation's id for example
 *          PLAN        the operation's id is no UUID
 * @thread  any
 * @cost    one round trip, and the statement
 * @since   0.1
 */
SPARKC_API int sparkc_sql_run(const sparkc_dataframe *query, const sparkc_execute_args *args,
                              sparkc_dataframe **out, sparkc_error *err);

/**
 * The numbers [start, end) in steps, as a column "id".
 *
 * @shape   one row a number: id bigint
 * @null    `partitions` 0 leaves it to the server
 * @own     the data frame is the caller's to free
 * @err     PLAN        a step of 0
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_range(sparkc_session *session, int64_t start, int64_t end, int64_t step,
                            int32_t partitions, sparkc_dataframe **out, sparkc_error *err);

/**
 * Rows of this process as a data frame: an Arrow IPC stream, without dictionaries.
 *
 * @shape   the rows and columns of the stream
 * @null    `schema`, Spark's DDL or JSON, renames and casts the columns; NULL leaves them
 * @own     the bytes are copied or sent; the data frame is the caller's to free
 * @err     LIMIT       more than the server takes at once
 *          above 64 KiB also TRANSPORT, REMOTE, TIMEOUT, CLOSED
 *          NOMEM
 * @thread  any
 * @cost    up to 64 KiB no network; up to the server's threshold (1 MiB) they go with every query;
 *          more goes once into the session's cache, and not at all when it is there already
 * @since   0.1
 */
SPARKC_API int sparkc_local(sparkc_session *session, const void *arrow_ipc, size_t size,
                            const char *schema, sparkc_dataframe **out, sparkc_error *err);

/**
 * Rows of any Arrow stream as a data frame: read to its end here, and kept as in sparkc_local.
 *
 * @shape   the rows and columns of the stream
 * @null    `schema` as in sparkc_local
 * @own     the stream stays the caller's to release; the data frame is the caller's to free
 * @err     UNSUPPORTED  a column is encoded by a dictionary, which Spark would misread
 *          PLAN         the stream fails
 *          LIMIT        more than the server takes
 *          above 64 KiB also TRANSPORT, REMOTE, TIMEOUT, CLOSED
 *          NOMEM
 * @thread  any
 * @cost    network as in sparkc_local; memory of 64 MiB and a batch, however many rows (a server
 *          before 4.1 wants all of them at once); after a failure the same rows again send only
 *          what has not arrived
 * @since   0.1
 */
SPARKC_API int sparkc_create(sparkc_session *session, struct ArrowArrayStream *rows,
                             const char *schema, sparkc_dataframe **out, sparkc_error *err);

/* ---- reading --------------------------------------------------------------------------------- */

/* A setting of a reader, a writer or a hint. */
typedef struct sparkc_option {
  const char *name, *value;
} sparkc_option;

typedef struct sparkc_read_args {
  size_t struct_size;
  const char *format; /* "parquet", "csv", "json", "orc", "text", …; NULL: the server's default */
  const char *schema; /* DDL or JSON; NULL: what the files say */
  const sparkc_option *options;
  size_t option_count;
  const char *const *paths;
  size_t path_count;
  int32_t streaming;
} sparkc_read_args;

#define SPARKC_READ_ARGS(...)                                                                      \
  (&(sparkc_read_args){.struct_size = sizeof(sparkc_read_args), __VA_ARGS__})

/**
 * Reads files or another data source.
 *
 * @own     the data frame is the caller's to free
 * @null    what is NULL or 0 in `args` is left to the server
 * @err     PLAN, NOMEM; what the server makes of it comes when it is asked
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_read(sparkc_session *session, const sparkc_read_args *args,
                           sparkc_dataframe **out, sparkc_error *err);

/**
 * A table or view by its name.
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_table(sparkc_session *session, const char *name, sparkc_dataframe **out,
                            sparkc_error *err);

/**
 * A function that gives a table: explode, range.
 *
 * @own     the arguments are given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_table_function(sparkc_session *session, const char *name,
                                     sparkc_column *const *arguments, size_t count,
                                     sparkc_dataframe **out, sparkc_error *err);

/* ---- columns and rows ------------------------------------------------------------------------ */

/**
 * Other columns: the ones given; by their names or in SQL; those there are and more; under other
 * names; without some.
 *
 * @own     columns are given away, texts copied; the data frame is the caller's to free
 * @err     PLAN        a column that could not be made
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_select(const sparkc_dataframe *df, sparkc_column *const *columns,
                             size_t count, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_select_names(const sparkc_dataframe *df, const char *const *names,
                                   size_t count, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_select_expr(const sparkc_dataframe *df, const char *const *sql, size_t count,
                                  sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_with_columns(const sparkc_dataframe *df, const char *const *names,
                                   sparkc_column *const *columns, size_t count,
                                   sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_with_column(const sparkc_dataframe *df, const char *name,
                                  sparkc_column *column, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_drop(const sparkc_dataframe *df, const char *const *names, size_t count,
                           sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_rename(const sparkc_dataframe *df, const char *const *from,
                             const char *const *to, size_t count, sparkc_dataframe **out,
                             sparkc_error *err);
SPARKC_API int sparkc_to_df(const sparkc_dataframe *df, const char *const *names, size_t count,
                            sparkc_dataframe **out, sparkc_error *err);

/**
 * The data frame under a name, for columns such as "t.id".
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_as(const sparkc_dataframe *df, const char *name, sparkc_dataframe **out,
                         sparkc_error *err);

/**
 * Fewer rows: those of which a condition is true; the first; those after the first; the last.
 *
 * @own     the condition is given away; the data frame is the caller's to free
 * @err     PLAN        a column that could not be made, a negative number
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_filter(const sparkc_dataframe *df, sparkc_column *condition,
                             sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_limit(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                            sparkc_error *err);
SPARKC_API int sparkc_offset(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                             sparkc_error *err);
SPARKC_API int sparkc_tail(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                           sparkc_error *err);

/**
 * Some of the rows, at random.
 *
 * @unit    `fraction` is about how many of a row; with replacement it may be above 1
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_sample(const sparkc_dataframe *df, double fraction, int32_t replacement,
                             int64_t seed, sparkc_dataframe **out, sparkc_error *err);

/**
 * Rows in an order; sparkc_sort_within_partitions leaves partitions where they are.
 *
 * @own     columns and orders are given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_order_by(const sparkc_dataframe *df, sparkc_column *const *orders,
                               size_t count, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_sort_within_partitions(const sparkc_dataframe *df,
                                             sparkc_column *const *orders, size_t count,
                                             sparkc_dataframe **out, sparkc_error *err);

/**
 * One of each row that is the same in these columns; in all of them where `count` is 0.
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_distinct(const sparkc_dataframe *df, const char *const *names, size_t count,
                               sparkc_dataframe **out, sparkc_error *err);

/**
 * Nulls: rows with fewer than `threshold` values among the named columns (all where `count` is 0)
 * go, -1 meaning any null; or nulls become a value.
 *
 * @own     the value, a literal, is given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_drop_na(const sparkc_dataframe *df, const char *const *names, size_t count,
                              int32_t threshold, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_fill_na(const sparkc_dataframe *df, const char *const *names, size_t count,
                              sparkc_column *value, sparkc_dataframe **out, sparkc_error *err);

/* ---- two data frames ------------------------------------------------------------------------- */

/**
 * Joins. `how` is as in PySpark: inner, cross, outer, left, right, semi, anti.
 *
 * @own     the condition is given away; the data frame is the caller's to free
 * @null    `on` NULL: no condition
 * @err     PLAN        a join there is not, data frames of two sessions
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_join(const sparkc_dataframe *left, const sparkc_dataframe *right,
                           const char *how, sparkc_column *on, sparkc_dataframe **out,
                           sparkc_error *err);
SPARKC_API int sparkc_join_using(const sparkc_dataframe *left, const sparkc_dataframe *right,
                                 const char *how, const char *const *names, size_t count,
                                 sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_lateral_join(const sparkc_dataframe *left, const sparkc_dataframe *right,
                                   const char *how, sparkc_column *on, sparkc_dataframe **out,
                                   sparkc_error *err);

typedef struct sparkc_as_of_args {
  size_t struct_size;
  sparkc_column *left_as_of, *right_as_of;
  const char *how;
  sparkc_column *on; /* or `names`; NULL and 0: neither */
  const char *const *names;
  size_t name_count;
  sparkc_column *tolerance; /* NULL: however far */
  int32_t forbid_exact;
  const char *direction; /* "backward", "forward", "nearest" */
} sparkc_as_of_args;

/**
 * Joins each row with the nearest of the other side.
 *
 * @own     the columns of `args` are given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_join_as_of(const sparkc_dataframe *left, const sparkc_dataframe *right,
                                 const sparkc_as_of_args *args, sparkc_dataframe **out,
                                 sparkc_error *err);

enum sparkc_set_kind {
  SPARKC_SET_INTERSECT = 1,
  SPARKC_SET_UNION = 2,
  SPARKC_SET_EXCEPT = 3,
  SPARKC_SET_UNION_BY_NAME = 4,
  SPARKC_SET_UNION_BY_NAME_ALLOW_MISSING = 5
};

/**
 * Rows of both, of both at once, or of one only; `all` keeps rows that are the same.
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_set_operation(const sparkc_dataframe *left, const sparkc_dataframe *right,
                                    int kind, int32_t all, sparkc_dataframe **out,
                                    sparkc_error *err);

/* ---- groups ---------------------------------------------------------------------------------- */

/**
 * Aggregates of groups; of all rows where `by_count` is 0. Rollups and cubes have subtotals.
 *
 * @own     columns are given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_group_by(const sparkc_dataframe *df, sparkc_column *const *by,
                               size_t by_count, sparkc_column *const *aggregates,
                               size_t aggregate_count, sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_rollup(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                             sparkc_column *const *aggregates, size_t aggregate_count,
                             sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_cube(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                           sparkc_column *const *aggregates, size_t aggregate_count,
                           sparkc_dataframe **out, sparkc_error *err);

/**
 * Aggregates of groups, a column for each value of another column.
 *
 * @own     columns and values, literals, are given away; the data frame is the caller's to free
 * @null    without values the server looks which there are
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_pivot(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                            sparkc_column *pivot, sparkc_column *const *values, size_t value_count,
                            sparkc_column *const *aggregates, size_t aggregate_count,
                            sparkc_dataframe **out, sparkc_error *err);

/**
 * Columns as rows: a name and a value for each of `values` (all but `ids` where there are none).
 *
 * @own     columns are given away; the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_unpivot(const sparkc_dataframe *df, sparkc_column *const *ids,
                              size_t id_count, sparkc_column *const *values, size_t value_count,
                              const char *variable_name, const char *value_name,
                              sparkc_dataframe **out, sparkc_error *err);

/**
 * Figures of columns: count, mean, stddev, min, max for sparkc_describe; those named, "25%" too,
 * for sparkc_summary.
 *
 * @own     the data frame is the caller's to free
 * @null    no names: all columns, or the usual figures
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_describe(const sparkc_dataframe *df, const char *const *columns, size_t count,
                               sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_summary(const sparkc_dataframe *df, const char *const *figures, size_t count,
                              sparkc_dataframe **out, sparkc_error *err);

/* ---- how it is run --------------------------------------------------------------------------- */

/**
 * Partitions: as many, without a shuffle only fewer; by the values of columns; a hint by its name.
 *
 * @own     columns are given away; the data frame is the caller's to free
 * @null    `partitions` 0 leaves the number to the server
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_repartition(const sparkc_dataframe *df, int32_t partitions, int32_t shuffle,
                                  sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_repartition_by(const sparkc_dataframe *df, int32_t partitions,
                                     sparkc_column *const *columns, size_t count,
                                     sparkc_dataframe **out, sparkc_error *err);
SPARKC_API int sparkc_hint(const sparkc_dataframe *df, const char *name,
                           sparkc_column *const *parameters, size_t count, sparkc_dataframe **out,
                           sparkc_error *err);

/**
 * The columns of a schema, in its order and its types.
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_to_schema(const sparkc_dataframe *df, const char *ddl, sparkc_dataframe **out,
                                sparkc_error *err);

/**
 * Metrics of the rows that pass by, told as SPARKC_EVENT_OBSERVED under `name` when they have.
 *
 * @own     the metrics, aggregates with aliases, are given away; the data frame is the caller's
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_observe(const sparkc_dataframe *df, const char *name,
                              sparkc_column *const *metrics, size_t count, sparkc_dataframe **out,
                              sparkc_error *err);

/* ---- asking ---- */

/**
 * Runs the query; rows come as they are asked for.
 *
 * @shape   as the data frame
 * @own     the result is the caller's to close
 * @null    `args` NULL means defaults
 * @err     PLAN        more levels than a server reads
 *          TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM: most come with the first rows
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_execute(const sparkc_dataframe *df, const sparkc_execute_args *args,
                              sparkc_result **out, sparkc_error *err);

/**
 * Runs the query as an Arrow stream. For the first n rows, ask for n + 1 by sparkc_limit: whether
 * the last comes says whether there are more. A mark in the stream's schema would be too early for
 * that.
 *
 * @shape   as the data frame
 * @own     the stream is the caller's to release; it keeps what it needs of the session
 * @null    `args` NULL means defaults
 * @err     as sparkc_execute; later failures are the stream's get_last_error, whole in
 *          sparkc_stream_error
 * @thread  any; the stream is for one at a time
 * @since   0.1
 */
SPARKC_API int sparkc_collect(const sparkc_dataframe *df, const sparkc_execute_args *args,
                              struct ArrowArrayStream *out, sparkc_error *err);

/**
 * Counts the rows.
 *
 * @own     nothing
 * @err     as sparkc_execute
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_count(const sparkc_dataframe *df, int64_t *rows, sparkc_error *err);

/**
 * Spark's own picture of the first rows, as `show` prints it.
 *
 * @unit    `truncate` is characters of a cell; 0 shows all of it
 * @own     `out` is the caller's to free with sparkc_text_free
 * @err     as sparkc_execute
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_show(const sparkc_dataframe *df, int32_t rows, int32_t truncate,
                           int32_t vertical, char **out, sparkc_error *err);

/**
 * The columns and their types as Spark's tree, or as DDL.
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @err     REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip; nothing is run
 * @since   0.1
 */
SPARKC_API int sparkc_schema_tree(const sparkc_dataframe *df, char **out, sparkc_error *err);
/**
 * The columns and their types as one line: "struct<id:bigint,name:string>".
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @err     UNSUPPORTED  a type this version does not know
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip; nothing is run
 * @since   0.1
 */
SPARKC_API int sparkc_schema_text(const sparkc_dataframe *df, char **out, sparkc_error *err);

enum sparkc_explain_mode {
  SPARKC_EXPLAIN_SIMPLE = 1,
  SPARKC_EXPLAIN_EXTENDED = 2,
  SPARKC_EXPLAIN_CODEGEN = 3,
  SPARKC_EXPLAIN_COST = 4,
  SPARKC_EXPLAIN_FORMATTED = 5
};

/**
 * How Spark would run it.
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @err     REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip; nothing is run
 * @since   0.1
 */
SPARKC_API int sparkc_explain(const sparkc_dataframe *df, int mode, char **out, sparkc_error *err);

#ifdef __cplusplus
}
#endif
#endif
