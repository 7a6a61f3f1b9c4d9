/* Catalogs, streams, models and pipelines: Spark marks their part of the protocol as unstable, so
 * what is here may change with it. SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_EXPERIMENTAL_H
#define SPARKCONNECT_EXPERIMENTAL_H

#include <sparkconnect/protocol.h>
#include <sparkconnect/writer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the catalog ----------------------------------------------------------------------------- */

/**
 * Asks the catalog by one of the protocol's 26 names: "list_tables", "table_exists", "cache_table".
 * What changes something is changed when the rows are asked for.
 *
 *   const sparkc_field db = {"db_name", SPARKC_TEXT("shop")};
 *   sparkc_catalog(session, "list_tables", &db, 1, &tables, &err);
 *
 * @shape   one row, or one a table, column, …, as Spark's Catalog gives them
 * @own     the data frame is the caller's to free; the values are borrowed
 * @err     PLAN        no such question or field
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_catalog(sparkc_session *session, const char *question,
                              const sparkc_field *fields, size_t count, sparkc_dataframe **out,
                              sparkc_error *err);

/**
 * Asks the catalog for one text or one yes or no ("current_database", "table_exists"), and runs
 * what changes something ("set_current_database", "cache_table").
 *
 * @shape   `out` becomes the one cell as text, "true" or "false"; NULL where there is none
 * @own     `out` is the caller's to free with sparkc_text_free; it may be NULL
 * @err     PLAN        no such question or field
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip, or what is done
 * @since   0.1
 */
SPARKC_API int sparkc_catalog_ask(sparkc_session *session, const char *question,
                                  const sparkc_field *fields, size_t count, char **out,
                                  sparkc_error *err);

/* ---- streams --------------------------------------------------------------------------------- */

/* A query that runs on the server until it is stopped, or has done what its trigger says. */
typedef struct sparkc_stream_query {
  char id[40], run_id[40];
  char name[128]; /* empty when it has none */
} sparkc_stream_query;

typedef struct sparkc_stream_args {
  size_t struct_size;
  const char *format;       /* "parquet", "memory", "console", … */
  const char *path, *table; /* where to; both NULL: the format knows */
  const char *output_mode;  /* "append", "complete", "update" */
  const char *name;
  const char *every;      /* a batch as often as this: "10 seconds" */
  const char *continuous; /* checkpoints of continuous processing: "1 second" */
  int32_t available_now, once;
  const sparkc_option *options;
  size_t option_count;
  const char *const *partition_by;
  size_t partition_count;
} sparkc_stream_args;

#define SPARKC_STREAM_ARGS(...)                                                                    \
  (&(sparkc_stream_args){.struct_size = sizeof(sparkc_stream_args), __VA_ARGS__})

/**
 * Starts a stream of rows; the data frame was read with `streaming`.
 *
 * @own     nothing: `out` is only a name for what runs on the server
 * @err     REMOTE      it does not stream, or has no checkpoint folder
 *          PLAN, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_stream_start(const sparkc_dataframe *df, const sparkc_stream_args *args,
                                   sparkc_stream_query *out, sparkc_error *err);

/**
 * Asks a query, or tells it something: "status", "last_progress", "recent_progress", "exception",
 * "stop", "process_all_available".
 *
 * @shape   `answer`, when it is not NULL, becomes JSON in the protocol's names:
 *          {"status":{"is_active":true,…}}
 * @own     `answer` is the caller's to free with sparkc_text_free
 * @err     PLAN        no such command
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_stream_tell(sparkc_session *session, const sparkc_stream_query *query,
                                  const char *command, char **answer, sparkc_error *err);

/**
 * Waits until a query has ended.
 *
 * @unit    `timeout_ms` 0: as long as it takes
 * @shape   `ended` becomes 1, or 0 when the time was over first
 * @own     nothing
 * @err     REMOTE      it ended by a failure
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_stream_await(sparkc_session *session, const sparkc_stream_query *query,
                                   int64_t timeout_ms, int32_t *ended, sparkc_error *err);

/**
 * Lists the session's queries that run.
 *
 * @shape   at most `room` of them in `out`; `count` becomes how many there are
 * @own     nothing
 * @err     REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_stream_list(sparkc_session *session, sparkc_stream_query *out, size_t room,
                                  size_t *count, sparkc_error *err);

/* ---- models and pipelines -------------------------------------------------------------------- */

/**
 * Runs a command of Spark ML ("fit", "delete", "write", "read", "evaluate", "clean_cache") or of
 * declarative pipelines ("create_dataflow_graph", "define_output", "start_run", …).
 *
 * @shape   `answer`, when it is not NULL, becomes JSON in the protocol's names
 * @own     `answer` is the caller's to free with sparkc_text_free; the values are borrowed
 * @err     PLAN        no such command or field
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_ml(sparkc_session *session, const char *command, const sparkc_field *fields,
                         size_t count, char **answer, sparkc_error *err);
SPARKC_API int sparkc_pipeline(sparkc_session *session, const char *command,
                               const sparkc_field *fields, size_t count, char **answer,
                               sparkc_error *err);

#ifdef __cplusplus
}
#endif
#endif
