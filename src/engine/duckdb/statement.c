/* Statements: prepared, started when the first row is asked for, and run in small steps so that a
 * cancellation is seen soon. SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

#include <time.h>

static void enlist(gnp_duck *duck, gnp_statement *statement)
{
  pthread_mutex_lock(&duck->lock);
  statement->next = duck->statements;
  if (statement->next) statement->next->previous = statement;
  duck->statements = statement;
  duck->references++;
  pthread_mutex_unlock(&duck->lock);
}

static void delist(gnp_statement *statement)
{
  gnp_duck *duck = statement->duck;
  pthread_mutex_lock(&duck->lock);
  if (statement->previous)
    statement->previous->next = statement->next;
  else
    duck->statements = statement->next;
  if (statement->next) statement->next->previous = statement->previous;
  pthread_mutex_unlock(&duck->lock);
}

void gnp_statement_close(gnp_statement *statement)
{
  if (!statement) return;
  gnp_duck *duck = statement->duck;
  delist(statement);
  if (statement->started) duckdb_destroy_result(&statement->result);
  if (statement->prepared) duckdb_destroy_prepare(&statement->prepared);
  if (statement->arrow) duckdb_destroy_arrow_options(&statement->arrow);
  if (statement->connection) duckdb_disconnect(&statement->connection);
  gni_free(duck->alloc, statement, sizeof *statement);
  gnp_duck_unref(duck);
}

/* A terminated copy; DuckDB takes no length. */
static int terminated(gnp_duck *duck, gn_str sql, char **out, gn_error *err)
{
  *out = NULL;
  if (sql.len && memchr(sql.ptr, 0, sql.len))
    return gni_fail(err, GN_E_PARSE, "the statement has a zero byte in it");
  *out = gni_strdup(duck->alloc, sql.ptr, sql.len);
  return *out ? GN_OK : gni_fail_nomem(err, sql.len + 1);
}

static int prepare(gnp_statement *statement, gn_str sql, gn_error *err)
{
  gnp_duck *duck = statement->duck;
  char *text;
  int rc = terminated(duck, sql, &text, err);
  if (rc != GN_OK) return rc;
  if (duckdb_prepare(statement->connection, text, &statement->prepared) != DuckDBSuccess)
    rc = gnp_duck_fail(duck, duckdb_prepare_error(statement->prepared), err);
  gni_free(duck->alloc, text, sql.len + 1);
  return rc;
}

int gnp_statement_open(gnp_duck *duck, gn_str sql, gnp_statement **out, gn_error *err)
{
  *out = NULL;
  gnp_statement *statement = gni_alloc_zero(duck->alloc, sizeof *statement);
  if (!statement) return gni_fail_nomem(err, sizeof *statement);
  statement->duck = duck;
  int rc = GN_OK;
  if (duckdb_connect(duck->database, &statement->connection) != DuckDBSuccess)
    rc = gni_fail(err, GN_E_NOMEM, "cannot open a connection of the engine");
  enlist(duck, statement);
  if (rc == GN_OK) rc = prepare(statement, sql, err);
  if (rc == GN_OK) duckdb_connection_get_arrow_options(statement->connection, &statement->arrow);
  if (rc != GN_OK) {
    gnp_statement_close(statement);
    return rc;
  }
  *out = statement;
  return GN_OK;
}

/* Works until there are rows or there is no more to do. Sorting and grouping happen in here. A
 * cancelled statement is worked on until it has noticed: left alone, its tasks would keep the whole
 * database alive. */
static int work(gnp_duck *duck, duckdb_connection connection, duckdb_pending_result pending,
                gn_error *err)
{
  static const struct timespec moment = {.tv_nsec = 200000};
  bool cancelled = false;
  for (;;) {
    if (!cancelled && gni_cancelled(duck->cancel)) {
      duckdb_interrupt(connection);
      cancelled = true;
    }
    duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_ERROR)
      return gnp_duck_fail(duck, duckdb_pending_error(pending), err);
    if (duckdb_pending_execution_is_finished(state)) return GN_OK;
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) nanosleep(&moment, NULL);
  }
}

static int run(gnp_duck *duck, duckdb_connection connection, duckdb_prepared_statement prepared,
               bool streaming, duckdb_result *result, gn_error *err)
{
  duckdb_pending_result pending = NULL;
  if (gni_cancelled(duck->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
  duckdb_state made = streaming ? duckdb_pending_prepared_streaming(prepared, &pending)
                                : duckdb_pending_prepared(prepared, &pending);
  int rc = made == DuckDBSuccess ? work(duck, connection, pending, err)
                                 : gnp_duck_fail(duck, duckdb_pending_error(pending), err);
  if (rc == GN_OK && duckdb_execute_pending(pending, result) != DuckDBSuccess) {
    rc = gnp_duck_fail(duck, duckdb_result_error(result), err);
    duckdb_destroy_result(result);
  }
  duckdb_destroy_pending(&pending);
  return rc;
}

int gnp_statement_start(gnp_statement *statement, gn_error *err)
{
  int rc = run(statement->duck, statement->connection, statement->prepared, true,
               &statement->result, err);
  statement->started = rc == GN_OK;
  return rc;
}

int gnp_statement_fetch(gnp_statement *statement, duckdb_data_chunk *out, gn_error *err)
{
  gnp_duck *duck = statement->duck;
  *out = NULL;
  if (statement->ended) return GN_OK;
  int rc = statement->started ? GN_OK : gnp_statement_start(statement, err);
  if (rc != GN_OK) return rc;
  for (;;) {
    if (gni_cancelled(duck->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
    duckdb_data_chunk chunk = duckdb_fetch_chunk(statement->result);
    if (!chunk) break;
    if (duckdb_data_chunk_get_size(chunk) > 0) {
      *out = chunk;
      return GN_OK;
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  const char *trouble = duckdb_result_error(&statement->result);
  if (trouble && *trouble) return gnp_duck_fail(duck, trouble, err);
  statement->ended = true;
  return GN_OK;
}

/* ---- statements without rows ----------------------------------------------------------------- */

static int exec_one(gnp_duck *duck, duckdb_extracted_statements all, idx_t i, gn_error *err)
{
  duckdb_prepared_statement prepared = NULL;
  duckdb_result result;
  int rc = GN_OK;
  if (duckdb_prepare_extracted_statement(duck->connection, all, i, &prepared) != DuckDBSuccess)
    rc = gnp_duck_fail(duck, duckdb_prepare_error(prepared), err);
  if (rc == GN_OK) rc = run(duck, duck->connection, prepared, false, &result, err);
  if (rc == GN_OK) duckdb_destroy_result(&result);
  duckdb_destroy_prepare(&prepared);
  return rc;
}

int gnp_duck_exec(void *state, gn_str sql, gn_error *err)
{
  gnp_duck *duck = state;
  duckdb_extracted_statements all = NULL;
  char *text;
  int rc = terminated(duck, sql, &text, err);
  if (rc != GN_OK) return rc;
  idx_t count = duckdb_extract_statements(duck->connection, text, &all);
  const char *trouble = count == 0 ? duckdb_extract_statements_error(all) : NULL;
  if (trouble) rc = gnp_duck_fail(duck, trouble, err);
  for (idx_t i = 0; rc == GN_OK && i < count; i++) rc = exec_one(duck, all, i, err);
  if (all) duckdb_destroy_extracted(&all);
  gni_free(duck->alloc, text, sql.len + 1);
  return rc;
}
