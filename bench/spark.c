/* Reads a query's rows from a Spark Connect server.
 *
 * usage: spark URL SQL stream|keep|check [DRIVER]     SPDX-License-Identifier: Apache-2.0
 *
 * `stream` lets each batch go as the next one comes, `keep` holds all of them as a table would,
 * `check` also sums up each column. With DRIVER, an ADBC driver's file, the rows come through it:
 * every driver is read by these same lines. */
#include <adbc.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <sparkconnect/sparkconnect.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES_MAX = 100000, COLUMNS_MAX = 16 };

typedef struct summary {
  int64_t rows, columns;
  uint64_t sums[COLUMNS_MAX];
} summary;

static void fail(const char *what, const char *why)
{
  fprintf(stderr, "spark: %s: %s\n", what, why ? why : "no reason given");
  exit(1);
}

/* ---- what the rows are ----------------------------------------------------------------------- */

static uint64_t add(uint64_t sum, uint64_t value)
{
  return sum * 31 + value; /* the order of rows counts */
}

static uint64_t sum_numbers(uint64_t sum, const struct ArrowArray *column)
{
  const int64_t *values = column->buffers[1];
  for (int64_t i = 0; i < column->length; i++) sum = add(sum, (uint64_t)values[column->offset + i]);
  return sum;
}

static uint64_t sum_texts(uint64_t sum, const struct ArrowArray *column)
{
  const int32_t *ends = (const int32_t *)column->buffers[1] + column->offset;
  const uint8_t *bytes = column->buffers[2];
  for (int64_t i = 0; i < column->length; i++) {
    for (int32_t at = ends[i]; at < ends[i + 1]; at++) sum = add(sum, bytes[at]);
    sum = add(sum, (uint64_t)(ends[i + 1] - ends[i]));
  }
  return sum;
}

static void sum_batch(summary *all, const struct ArrowSchema *schema, const struct ArrowArray *rows)
{
  all->columns = rows->n_children;
  for (int64_t i = 0; i < rows->n_children && i < COLUMNS_MAX; i++) {
    const char *format = schema->children[i]->format;
    if (rows->offset != 0 || rows->children[i]->null_count > 0)
      fail("a sum", "the rows are a slice, or some are null");
    if (strcmp(format, "l") == 0)
      all->sums[i] = sum_numbers(all->sums[i], rows->children[i]);
    else if (strcmp(format, "u") == 0)
      all->sums[i] = sum_texts(all->sums[i], rows->children[i]);
    else
      fail("a sum: a column is of the type", format);
  }
}

/* ---- where they come from -------------------------------------------------------------------- */

static void open_own(const char *url, const char *sql, struct ArrowArrayStream *rows)
{
  sparkc_session *session;
  sparkc_dataframe *df;
  sparkc_result *result;
  sparkc_error err = {0};
  if (sparkc_session_open(SPARKC_SESSION_ARGS(.url = url), &session, &err) != SPARKC_OK ||
      sparkc_sql(session, sql, &df, &err) != SPARKC_OK ||
      sparkc_execute(df, NULL, &result, &err) != SPARKC_OK ||
      sparkc_result_to_stream(result, rows, &err) != SPARKC_OK)
    fail(url, sparkc_error_message(&err));
}

static void ok(AdbcStatusCode status, const char *what, const struct AdbcError *err)
{
  if (status != ADBC_STATUS_OK) fail(what, err->message);
}

static AdbcDriverInitFunc init_of(const char *file)
{
  AdbcDriverInitFunc init = NULL;
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "AdbcDriverInit") : NULL;
  if (!symbol) fail(file, dlerror());
  memcpy(&init, &symbol, sizeof init); /* ISO C has no cast from an object to a function */
  return init;
}

static void open_driver(const char *file, const char *url, const char *sql,
                        struct ArrowArrayStream *rows)
{
  static struct AdbcDriver driver;
  struct AdbcDatabase database = {.private_driver = &driver};
  struct AdbcConnection connection = {.private_driver = &driver};
  struct AdbcStatement statement = {.private_driver = &driver};
  struct AdbcError err = ADBC_ERROR_INIT;
  int64_t affected;
  ok(init_of(file)(ADBC_VERSION_1_1_0, &driver, &err), file, &err);
  ok(driver.DatabaseNew(&database, &err), "database", &err);
  ok(driver.DatabaseSetOption(&database, "uri", url, &err), url, &err);
  ok(driver.DatabaseInit(&database, &err), url, &err);
  ok(driver.ConnectionNew(&connection, &err), "connection", &err);
  ok(driver.ConnectionInit(&connection, &database, &err), url, &err);
  ok(driver.StatementNew(&connection, &statement, &err), "statement", &err);
  ok(driver.StatementSetSqlQuery(&statement, sql, &err), sql, &err);
  ok(driver.StatementExecuteQuery(&statement, rows, &affected, &err), sql, &err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static summary read_rows(struct ArrowArrayStream *rows, bool keeps, bool sums)
{
  static struct ArrowArray kept[BATCHES_MAX];
  struct ArrowSchema schema;
  struct ArrowArray batch;
  summary all = {0};
  size_t count = 0;
  if (rows->get_schema(rows, &schema) != 0) fail("schema", rows->get_last_error(rows));
  for (;;) {
    if (rows->get_next(rows, &batch) != 0) fail("batch", rows->get_last_error(rows));
    if (!batch.release) break;
    all.rows += batch.length;
    if (sums) sum_batch(&all, &schema, &batch);
    if (keeps && count < BATCHES_MAX)
      kept[count++] = batch;
    else
      batch.release(&batch);
  }
  for (size_t i = 0; i < count; i++) kept[i].release(&kept[i]);
  schema.release(&schema);
  rows->release(rows);
  return all;
}

int main(int argc, char **argv)
{
  struct ArrowArrayStream rows = {0};
  if (argc != 4 && argc != 5) return 64;
  if (argc == 5)
    open_driver(argv[4], argv[1], argv[2], &rows);
  else
    open_own(argv[1], argv[2], &rows);
  summary all = read_rows(&rows, strcmp(argv[3], "keep") == 0, strcmp(argv[3], "check") == 0);
  printf("{\"rows\": %" PRId64 ", \"sums\": [", all.rows);
  for (int64_t i = 0; i < all.columns; i++) printf("%s%" PRIu64, i ? ", " : "", all.sums[i]);
  printf("]}\n");
  return 0; /* the session ends with the process: no client is asked to tidy up */
}
