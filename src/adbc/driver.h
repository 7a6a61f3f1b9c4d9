/* Shared by the files of this folder only; names begin with adbcp_. The public functions of adbc.h
 * are at the end of each file; what fails before them is a sparkc_error, which adbcp_give turns
 * into an AdbcError.
 *
 *   database.c    options become the arguments of a session
 *   connection.c  the session, its catalog, its settings
 *   statement.c   one SQL text, plan or ingest at a time
 *   operation.c   what runs: its rows as a stream, its progress, its end from another thread
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_ADBC_DRIVER_H
#define GNOMON_SRC_ADBC_DRIVER_H

#include <adbc.h>
#include <pthread.h>
#include <sparkconnect/protocol.h>
#include <sparkconnect/sparkconnect.h>
#include <stdatomic.h>

#include "base/base.h"

enum {
  ADBCP_TEXT_BYTES_MAX = 64 << 20, /* of one SQL text or option */
  ADBCP_ARENA_BYTES_MAX = 256 << 20
};

/* ---- errors (error.c) ------------------------------------------------------------------------ */

/* Records the failure unless one is recorded already, and returns `code`. */
int adbcp_say(sparkc_error *err, int code, const char *format, ...) GN_PRINTF(3, 4);
int adbcp_nomem(sparkc_error *err);
/* The record of a lower module. */
int adbcp_say_from(sparkc_error *err, const gn_error *from);
/* What a failure is in ADBC's terms. */
AdbcStatusCode adbcp_status(const sparkc_error *err);
/* Moves a failure to the caller of ADBC, who may have given NULL, and returns its status; code 0
 * gives ADBC_STATUS_OK and leaves `out` alone. */
AdbcStatusCode adbcp_give(struct AdbcError *out, sparkc_error *err);
/* The same for what has no code in sparkc: an object in the wrong state, something not there. */
AdbcStatusCode adbcp_fail(struct AdbcError *out, AdbcStatusCode status, const char *format, ...)
    GN_PRINTF(3, 4);

/* ---- options (options.c) --------------------------------------------------------------------- */

/* What an object was told: texts by name. Begin with {.alloc = ...}. */
typedef struct adbcp_options {
  gn_alloc alloc;
  struct adbcp_option *items;
  size_t count, room;
} adbcp_options;

typedef struct adbcp_option {
  char *key, *value;
} adbcp_option;

void adbcp_options_deinit(adbcp_options *options);
/* A `value` of NULL forgets the option. */
int adbcp_options_set(adbcp_options *options, const char *key, const char *value,
                      sparkc_error *err);
const char *adbcp_options_get(const adbcp_options *options, const char *key); /* or NULL */
/* Strict readers: the message names the option. */
int adbcp_read_bool(const char *key, const char *value, bool *out, sparkc_error *err);
int adbcp_read_int(const char *key, const char *value, int64_t min, int64_t max, int64_t *out,
                   sparkc_error *err);
/* A text as GetOption gives it: `*length` is what it needs, terminator included. */
AdbcStatusCode adbcp_text_out(const char *text, char *value, size_t *length);
AdbcStatusCode adbcp_unknown_option(struct AdbcError *error, const char *key);

/* The entry points, which adbc.h does not declare. */
AdbcStatusCode AdbcDriverInit(int version, void *raw_driver, struct AdbcError *error);
AdbcStatusCode AdbcDriverGnomonSparkInit(int version, void *driver, struct AdbcError *error);

/* ---- objects --------------------------------------------------------------------------------- */

typedef struct adbcp_database {
  gn_alloc alloc;
  adbcp_options options;
  sparkc_header *headers; /* of the options, once it is initialised */
  size_t header_count;
  sparkc_session_args args;
  bool ready;
} adbcp_database;

/* Tests bring an allocator that fails; only before the first option. */
void adbcp_database_use(struct AdbcDatabase *database, const gn_alloc *alloc);

/* The connection's parts that statements and streams need after it is released. */
typedef struct adbcp_link {
  gn_alloc alloc;
  _Atomic int references;
  pthread_mutex_t lock; /* of `running` and of the operations' progress */
  struct adbcp_operation *running;
  sparkc_session *session; /* NULL: released, or not opened yet */
} adbcp_link;

typedef struct adbcp_connection {
  gn_alloc alloc;
  adbcp_options before; /* set before it is initialised, applied then */
  adbcp_link *link;
} adbcp_connection;

adbcp_link *adbcp_link_new(const gn_alloc *alloc);
void adbcp_link_unref(adbcp_link *link);
/* The event callback of sessions; `user` is the link. */
void adbcp_on_event(void *user, const sparkc_event *event);

/* The connection's session, or a failure that says what is missing. */
AdbcStatusCode adbcp_session_of(struct AdbcConnection *connection, adbcp_link **out,
                                struct AdbcError *error);

/* ---- operations (operation.c) ---------------------------------------------------------------- */

/* What one execution is doing. Shared by the statement, which cancels it, and the stream, which
 * reads it. An SQL text is first given to the server as a whole; its rows, if it has any, are a
 * second operation there. Each has an id, so that nothing else is interrupted with it. */
typedef struct adbcp_operation {
  adbcp_link *link;
  struct adbcp_operation *next; /* of link->running; what follows is under link->lock */
  char id[SPARKC_UUID_BYTES];   /* "" before the first */
  double done, total;           /* tasks */
  _Atomic int references;
  pthread_mutex_t lock; /* of what follows */
  sparkc_result *result;
  bool is_sent; /* a text or a command, which the server has not answered yet */
  bool cancelled;
} adbcp_operation;

int adbcp_operation_new(adbcp_link *link, adbcp_operation **out, sparkc_error *err);
void adbcp_operation_ref(adbcp_operation *operation);
void adbcp_operation_unref(adbcp_operation *operation);
/* Ends it, here and on the server, from any thread. */
int adbcp_operation_cancel(adbcp_operation *operation, sparkc_error *err);
/* CANCELLED once somebody asked for it. */
int adbcp_operation_check(adbcp_operation *operation, sparkc_error *err);
/* Gives the server an SQL text, as a relation of it, or a command, and waits for the answer. The id
 * in the arguments is for the rows: it is not used here. */
int adbcp_operation_sql(adbcp_operation *operation, const sparkc_dataframe *query,
                        const sparkc_execute_args *args, sparkc_dataframe **out, sparkc_error *err);
int adbcp_operation_command(adbcp_operation *operation, const char *type,
                            const sparkc_field *fields, size_t count,
                            const sparkc_execute_args *args, sparkc_error *err);
/* Starts the query as the operation's. */
int adbcp_operation_start(adbcp_operation *operation, const sparkc_dataframe *df,
                          const sparkc_execute_args *args, sparkc_error *err);
/* Reads to the end. `rows` is the number that Spark says were changed, or -1. */
int adbcp_operation_drain(adbcp_operation *operation, int64_t *rows, sparkc_error *err);
void adbcp_operation_finish(adbcp_operation *operation);
void adbcp_operation_progress(adbcp_operation *operation, double *done, double *total);
void adbcp_operation_id(adbcp_operation *operation, char out[SPARKC_UUID_BYTES]);

/* Where a stream's rows come from, one source after the other (one for each row of parameters). */
typedef struct adbcp_source {
  adbcp_operation *operation;
  /* Starts the next execution, or gives GN_ABSENT. NULL: the one that runs is all. */
  int (*next)(void *user, sparkc_error *err);
  void (*close)(void *user);
  void *user;
} adbcp_source;
/* The source is the stream's, also on failure. */
int adbcp_stream_new(const adbcp_source *source, struct ArrowArrayStream *out, sparkc_error *err);

/* ---- statements ------------------------------------------------------------------------------ */

typedef struct adbcp_statement {
  gn_alloc alloc;
  adbcp_link *link;
  pthread_mutex_t lock; /* of `operation` */
  adbcp_operation *operation;
  char *sql; /* this or the plan; NULL: neither */
  void *plan;
  size_t plan_size;
  bool prepared;
  struct ArrowArrayStream bound; /* rows of parameters or to be written; released: none */
  adbcp_options options;
} adbcp_statement;

/* Of the manager for Python, which binds columns by their names where it is set. */
#define ADBCP_BIND_BY_NAME "adbc.statement.bind_by_name"

/* Runs the statement's text once for every bound row (bind.c): rows of all of them, one after the
 * other, or with `out` NULL none. The caller's hold of the operation is taken over. */
int adbcp_execute_bound(adbcp_statement *statement, adbcp_operation *operation,
                        const sparkc_execute_args *args, struct ArrowArrayStream *out,
                        int64_t *rows, sparkc_error *err);
/* Writes the bound rows to the target (ingest.c); `rows` is how many. */
int adbcp_ingest(adbcp_statement *statement, adbcp_operation *operation,
                 const sparkc_execute_args *args, int64_t *rows, sparkc_error *err);

/* A serialised spark.connect.Plan: a relation, or a command that runs SQL (plan.c). */
int adbcp_plan_frame(adbcp_operation *operation, const void *bytes, size_t size,
                     const sparkc_execute_args *args, sparkc_dataframe **out, sparkc_error *err);

/* ---- SQL (sql.c, markers.c) ------------------------------------------------------------------ */

/* `name` between backquotes. */
void adbcp_add_quoted(gn_buf *sql, gn_str name);
/* "`catalog`.`schema`.`table`", without what is NULL or empty. */
void adbcp_add_table(gn_buf *sql, const char *catalog, const char *schema, const char *table);
/* SQL's LIKE: '%' any text, '_' any character, '\' before them themselves. NULL matches all. */
bool adbcp_like(gn_str text, const char *pattern);

/* The parameters of an SQL text: `?` in order, or the names of `:name`, each once. */
typedef struct adbcp_markers {
  size_t positions;
  gn_str *names; /* of the arena; borrow the text */
  size_t name_count;
} adbcp_markers;
int adbcp_markers_find(gn_str sql, gn_arena *arena, adbcp_markers *out, sparkc_error *err);

/* Rows of an SQL text whose columns are texts, numbers or truths, as texts. */
typedef struct adbcp_rows {
  gn_str *cells; /* rows × columns; a ptr of NULL is a null */
  size_t columns, rows, room;
} adbcp_rows;
int adbcp_query(adbcp_link *link, const char *sql, gn_arena *arena, adbcp_rows *out,
                sparkc_error *err);
static inline gn_str adbcp_cell(const adbcp_rows *rows, size_t row, size_t column)
{
  return column < rows->columns ? rows->cells[row * rows->columns + column] : (gn_str){NULL, 0};
}
/* The schema of a query's rows, without running it. */
int adbcp_query_schema(adbcp_link *link, const char *sql, struct ArrowSchema *out,
                       sparkc_error *err);

#endif
