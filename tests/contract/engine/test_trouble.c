/* What goes wrong in an engine: bad statements, little memory, cancellation, a missing module.
 * SPDX-License-Identifier: Apache-2.0 */
#include "contract/engine/rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void a_bad_statement_says_what_is_wrong(void)
{
  static const struct {
    const char *sql;
    int code;
    const char *part;
  } cases[] = {
      {"SELEC 1", GN_E_PARSE, "SELEC"},
      {"SELECT nope FROM range(3) t(i)", GN_E_INVALID, "nope"},
      {"SELECT * FROM nowhere", GN_E_NOTFOUND, "nowhere"},
      {"SELECT * FROM read_parquet('/none/x.parquet')", GN_E_IO, "/none/x.parquet"},
      {"SELECT 1; SELECT 2", GN_E_INVALID, "multiple"},
  };
  gni_engine *engine = test_engine();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowArrayStream stream;
    gn_error err = {0};
    CHECK_INT(gni_engine_query(engine, gni_str(cases[i].sql), &stream, &err), cases[i].code);
    CHECK(strstr(err.message, cases[i].part) != NULL);
    CHECK(stream.release == NULL);
  }
}

static void a_bad_row_ends_the_stream_that_gives_it(void)
{
  gni_engine *engine = test_engine();
  struct ArrowArrayStream stream;
  struct ArrowArray batch;
  gn_error err = {0};
  int64_t rows = 0;
  int rc;
  CHECK_OK(gni_engine_query(engine,
                            GN_STR("SELECT CASE WHEN i = 500000 THEN 'oops' ELSE '1' END::INTEGER "
                                   "FROM range(1000000) t(i)"),
                            &stream, &err),
           &err);
  while ((rc = gni_stream_next(&stream, &batch, &err)) == GN_OK && batch.release) {
    rows += batch.length;
    gni_array_close(&batch);
  }
  CHECK(rc < 0 && rows <= 500000);
  CHECK(strstr(err.message, "oops") != NULL);
  gni_stream_close(&stream);
}

static void statements_stop_at_the_first_that_fails(void)
{
  gni_engine *engine = test_engine();
  gn_error err = {0};
  CHECK_INT(gni_engine_exec(engine,
                            GN_STR("CREATE TABLE a AS SELECT 1 AS x; SELECT nope; "
                                   "CREATE TABLE b AS SELECT 1"),
                            &err),
            GN_E_INVALID);
  CHECK_TEXT(test_rows(engine, "SELECT table_name FROM duckdb_tables()"), "\"a\"");
}

static const char long_query[] =
    "SELECT sum(hash(i * j)) FROM range(3000000) a(i), range(3000000) b(j)";

static void *ask_soon(void *user)
{
  nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  gni_cancel_ask(user);
  return NULL;
}

static void cancelling_ends_a_long_query(void)
{
  gn_cancel cancel = {0};
  gni_engine *engine = test_engine_with((gni_engine_config){.threads = 2, .cancel = &cancel});
  pthread_t thread;
  gn_error err = {0};
  int64_t value, begun_us = gni_monotonic_us();
  CHECK_INT(pthread_create(&thread, NULL, ask_soon, &cancel), 0);
  int rc = gni_engine_query_int64(engine, gni_str(long_query), &value, &err);
  pthread_join(thread, NULL);
  CHECK_INT(rc, GN_E_CANCELLED);
  CHECK(gni_monotonic_us() - begun_us < 20000000);
  CHECK_INT(gni_engine_exec(engine, GN_STR("SELECT 1"), NULL), GN_E_CANCELLED);
}

static void *interrupt_soon(void *user)
{
  nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  gni_engine_interrupt(user);
  return NULL;
}

static void an_interrupt_ends_what_runs_and_nothing_later(void)
{
  gni_engine *engine = test_engine();
  pthread_t thread;
  gn_error err = {0};
  int64_t value;
  CHECK_INT(pthread_create(&thread, NULL, interrupt_soon, engine), 0);
  int rc = gni_engine_query_int64(engine, gni_str(long_query), &value, &err);
  pthread_join(thread, NULL);
  CHECK_INT(rc, GN_E_CANCELLED);
  CHECK_TEXT(test_rows(engine, "SELECT 1"), "1");
}

static void a_sort_beyond_the_memory_spills(void)
{
  gni_engine *engine = test_engine_with((gni_engine_config){
      .threads = 2, .memory_bytes = INT64_C(120) << 20, .temp_folder = test_path("temp")});
  struct ArrowArrayStream stream;
  struct ArrowArray batch;
  gni_engine_use use;
  gn_error err = {0};
  int64_t rows = 0, last = -1;
  CHECK_OK(gni_engine_query(engine,
                            GN_STR("SELECT i, repeat(i::VARCHAR, 8) AS pad FROM "
                                   "(SELECT (i * 7919) % 2000003 AS i FROM range(2000003) t(i)) "
                                   "ORDER BY i"),
                            &stream, &err),
           &err);
  bool spilled = false, in_order = true;
  for (;;) {
    CHECK_OK(gni_stream_next(&stream, &batch, &err), &err);
    if (!batch.release) break;
    const int64_t *values = batch.children[0]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++, last++) in_order &= values[i] == last + 1;
    if (rows == 0) {
      CHECK_OK(gni_engine_use_now(engine, &use, &err), &err);
      spilled = use.temp_bytes > 0;
      CHECK(use.memory_bytes <= 60 << 20);
    }
    rows += batch.length;
    gni_array_close(&batch);
  }
  gni_stream_close(&stream);
  CHECK(spilled && in_order);
  CHECK_INT(rows, 2000003);
}

static void without_a_temporary_folder_it_is_out_of_memory(void)
{
  gni_engine *engine =
      test_engine_with((gni_engine_config){.threads = 2, .memory_bytes = INT64_C(60) << 20});
  gn_error err = {0};
  CHECK_INT(gni_engine_exec(engine,
                            GN_STR("CREATE TABLE t AS SELECT i, repeat(hash(i)::VARCHAR, 9) AS pad "
                                   "FROM range(3000000) t(i) ORDER BY hash(i)"),
                            &err),
            GN_E_NOMEM);
  CHECK(err.hint[0] != '\0');
}

static void close_engine_now(gni_engine_config config)
{
  gni_engine *engine;
  gn_error err = {0};
  CHECK_OK(gni_engine_open("duckdb", &config, &engine, &err), &err);
  gni_engine_close(engine);
}

static void the_temporary_folder_is_left_empty(void)
{
  gni_engine_config config = {.alloc = test_alloc(), .temp_folder = test_path("temp")};
  CHECK_OK(gni_folder_make(test_path("temp/.engine-1-dead"), NULL), NULL);
  test_write_file(test_path("temp/.engine-1-dead/duckdb_temp_storage-0.tmp"), "left by a kill");
  test_write_file(test_path("temp/mine"), "not ours");
  close_engine_now(config);
  CHECK_INT(test_entries(test_path("temp")), 1);
}

static void two_engines_share_a_temporary_folder(void)
{
  gni_engine *a = test_engine();
  gni_engine *b = test_engine();
  CHECK_INT(test_entries(test_path("temp")), 2);
  CHECK_TEXT(test_rows(a, "SELECT 1"), "1");
  CHECK_TEXT(test_rows(b, "SELECT 2"), "2");
}

static void a_missing_module_is_explained(void)
{
  const char *place = getenv("GNOMON_ENGINE_PATH");
  char saved[4096];
  gni_engine_config config = {.threads = 1};
  gni_engine *engine;
  gn_error err = {0};
  snprintf(saved, sizeof saved, "%s", place ? place : "");
  setenv("GNOMON_ENGINE_PATH", test_path("nowhere.so"), 1);
  CHECK_INT(gni_engine_open("duckdb", &config, &engine, &err), GN_E_NOTFOUND);
  CHECK(strstr(err.message, "nowhere.so") != NULL);
  CHECK(strstr(err.hint, "GNOMON_ENGINE_PATH") != NULL);
  setenv("GNOMON_ENGINE_PATH", test_folder(), 1);
  err = (gn_error){0};
  CHECK_INT(gni_engine_open("duckdb", &config, &engine, &err), GN_E_NOTFOUND);
  CHECK(strstr(err.message, "gnomon-engine-duckdb.so") != NULL);
  setenv("GNOMON_ENGINE_PATH", saved, 1);
}

static void an_unknown_engine_and_setting_are_named(void)
{
  static const gni_engine_setting setting = {"memry", "1"};
  gni_engine_config config = {.settings = &setting, .setting_count = 1};
  gni_engine *engine;
  gn_error err = {0};
  CHECK_INT(gni_engine_open("duckbd", &config, &engine, &err), GN_E_NOTFOUND);
  CHECK(strstr(err.message, "'duckbd'") != NULL);
  err = (gn_error){0};
  CHECK_INT(gni_engine_open("duckdb", &config, &engine, &err), GN_E_ARG);
  CHECK(strstr(err.message, "'memry'") != NULL);
}

static int refuse_open(const gni_engine_config *config, void **state, gn_error *err)
{
  (void)config;
  (void)state;
  return gni_fail(err, GN_E_BUG, "opened");
}

static void a_driver_of_another_version_is_refused(void)
{
  static const gni_engine_driver old = {
      .version = GN_ENGINE_DRIVER_VERSION + 1, .name = "old", .open = refuse_open};
  gni_engine_config config = {.threads = 1};
  gni_engine *engine;
  gn_error err = {0};
  CHECK_INT(gni_engine_open_driver(&old, &config, &engine, &err), GN_E_UNSUPPORTED);
}

/* One thread: the failing heap counts without a lock. */
static void use_everything(const gn_alloc *alloc)
{
  gni_engine_config config = {.alloc = alloc,
                              .threads = 1,
                              .memory_bytes = INT64_C(200) << 20,
                              .temp_folder = test_path("temp")};
  gni_parquet_options options = {.partition_column = "ds"};
  gni_engine *engine;
  gni_written written;
  gn_error err = {0};
  int rc = gni_engine_open("duckdb", &config, &engine, &err);
  if (rc == GN_OK)
    rc = gni_engine_write_parquet(engine, GN_STR("SELECT 1 AS a, 'x' AS ds"), test_path("out"),
                                  &options, &written, &err);
  int64_t value = 0;
  if (rc == GN_OK) rc = gni_engine_query_int64(engine, GN_STR("SELECT 42"), &value, &err);
  gni_engine_close(engine);
  if (rc == GN_OK)
    CHECK_INT(value, 42);
  else if (rc != GN_E_BUSY && rc != GN_E_NOMEM)
    CHECK_OK(rc, &err); /* busy: no memory to try the lock */
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(use_everything) > 10);
  CHECK_INT(test_entries(test_path("temp")), 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"a bad statement says what is wrong", a_bad_statement_says_what_is_wrong},
      {"a bad row ends the stream that gives it", a_bad_row_ends_the_stream_that_gives_it},
      {"statements stop at the first that fails", statements_stop_at_the_first_that_fails},
      {"cancelling ends a long query", cancelling_ends_a_long_query},
      {"an interrupt ends what runs and nothing later",
       an_interrupt_ends_what_runs_and_nothing_later},
      {"a sort beyond the memory spills", a_sort_beyond_the_memory_spills},
      {"without a temporary folder it is out of memory",
       without_a_temporary_folder_it_is_out_of_memory},
      {"the temporary folder is left empty", the_temporary_folder_is_left_empty},
      {"two engines share a temporary folder", two_engines_share_a_temporary_folder},
      {"a missing module is explained", a_missing_module_is_explained},
      {"an unknown engine and an unknown setting are named",
       an_unknown_engine_and_setting_are_named},
      {"a driver of another version is refused", a_driver_of_another_version_is_refused},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
