/* Between the files of src/engine/duckdb only; duckdb.h is included in this folder only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_ENGINE_DUCKDB_PRIVATE_H
#define GNOMON_SRC_ENGINE_DUCKDB_PRIVATE_H

#include "engine/engine.h"

#include <duckdb.h>
#include <pthread.h>

typedef struct gnp_attached gnp_attached;
typedef struct gnp_statement gnp_statement;

/* One open engine. Statements may outlive the engine's close, so it goes with the last of them. */
typedef struct gnp_duck {
  const gn_alloc *alloc;
  gn_cancel *cancel;
  duckdb_database database;
  duckdb_connection connection; /* of statements without rows, and of conversions */
  gni_run_folder temp;
  pthread_mutex_t lock;      /* of what follows */
  int references;            /* the engine itself and its statements */
  gnp_statement *statements; /* those that an interrupt must reach */
  gnp_attached *attached;
} gnp_duck;

/* One prepared statement on a connection of its own: DuckDB ends a streaming answer when its
 * connection gets another statement. */
struct gnp_statement {
  gnp_duck *duck;
  duckdb_connection connection;
  duckdb_prepared_statement prepared;
  duckdb_result result;
  bool started, ended;
  gn_error failure;
  duckdb_arrow_options arrow;
  gnp_statement *next, *previous;
};

/* driver.c */
void gnp_duck_ref(gnp_duck *duck);
void gnp_duck_unref(gnp_duck *duck);

/* error.c: DuckDB's text as our record. A failure of an attached stream goes before it, as it is
 * the cause. */
int gnp_duck_fail(gnp_duck *duck, const char *text, gn_error *err);
int gnp_duck_fail_data(gnp_duck *duck, duckdb_error_data *data, gn_error *err); /* OK when empty */

/* statement.c */
int gnp_statement_open(gnp_duck *duck, gn_str sql, gnp_statement **out, gn_error *err);
int gnp_statement_start(gnp_statement *statement, gn_error *err);
/* One more chunk of rows; NULL at the end. */
int gnp_statement_fetch(gnp_statement *statement, duckdb_data_chunk *out, gn_error *err);
void gnp_statement_close(gnp_statement *statement); /* NULL does nothing */
/* Runs any number of statements without rows. */
int gnp_duck_exec(void *state, gn_str sql, gn_error *err);

/* function.c */
int gnp_duck_add_function(void *state, const gni_engine_function *function, gn_error *err);

/* stream.c */
int gnp_duck_query(void *state, gn_str sql, struct ArrowArrayStream *out, gn_error *err);

/* attach.c */
int gnp_attach_register(gnp_duck *duck, gn_error *err);
int gnp_duck_attach(void *state, gn_str name, struct ArrowArrayStream *stream, gn_error *err);
int gnp_duck_detach(void *state, gn_str name, gn_error *err);
void gnp_attached_clear(gnp_duck *duck);
/* Moves the first failure of an attached stream out; false when there is none. */
bool gnp_attached_failure(gnp_duck *duck, gn_error *out);

/* write.c */
int gnp_duck_write_parquet(void *state, gn_str sql, const char *path,
                           const gni_parquet_options *options, gni_written *out, gn_error *err);

#endif
