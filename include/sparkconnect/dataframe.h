/* Lazy, immutable descriptions of rows on the server. SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_DATAFRAME_H
#define SPARKCONNECT_DATAFRAME_H

#include <sparkconnect/result.h>
#include <sparkconnect/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* May be used from any number of threads. It keeps alive what it was made from, and the session. */
typedef struct sparkc_dataframe sparkc_dataframe;

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
 * @own     the bytes are copied; the data frame is the caller's to free
 * @err     LIMIT       more than the server takes in one message
 *          NOMEM
 * @thread  any
 * @cost    no network; the bytes are sent with every query over it
 * @since   0.1
 */
SPARKC_API int sparkc_local(sparkc_session *session, const void *arrow_ipc, size_t size,
                            const char *schema, sparkc_dataframe **out, sparkc_error *err);

/**
 * Rows of any Arrow stream as a data frame: read to its end here, sent with every query over it.
 *
 * @shape   the rows and columns of the stream
 * @null    `schema` as in sparkc_local
 * @own     the stream stays the caller's to release; the data frame is the caller's to free
 * @err     UNSUPPORTED  a column is encoded by a dictionary, which Spark would misread
 *          PLAN         the stream fails
 *          LIMIT        more than the server takes in one message
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_create(sparkc_session *session, struct ArrowArrayStream *rows,
                             const char *schema, sparkc_dataframe **out, sparkc_error *err);

/**
 * Columns by their names; "*" is all of them.
 *
 * @own     the data frame is the caller's to free; the names are copied
 * @err     PLAN, NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_select_names(const sparkc_dataframe *df, const char *const *names,
                                   size_t count, sparkc_dataframe **out, sparkc_error *err);

/**
 * The first rows.
 *
 * @own     the data frame is the caller's to free
 * @err     PLAN        a negative number
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_limit(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                            sparkc_error *err);

/* ---- asking ---- */

typedef struct sparkc_execute_args {
  size_t struct_size;
  const char *operation_id;    /* a UUID, to interrupt it by; NULL: a new one */
  int64_t timeout_ms;          /* over all attempts until the last row; 0: none */
  int32_t not_reattachable;    /* a cut stream is then a failure */
  int64_t chunk_bytes;         /* preferred size of a message, at least 1,024; 0: the server's */
  int64_t rows_max, bytes_max; /* more is LIMIT; 0: no ceiling */
} sparkc_execute_args;

#define SPARKC_EXECUTE_ARGS(...)                                                                   \
  (&(sparkc_execute_args){.struct_size = sizeof(sparkc_execute_args), __VA_ARGS__})

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
 * Runs the query as an Arrow stream.
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
