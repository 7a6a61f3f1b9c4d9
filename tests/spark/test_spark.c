/* The client against a real Spark 4.1.1, through its public headers. with_server.py starts it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sparkconnect/sparkconnect.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "data/data.h"
#include "kit/kit.h"

static sparkc_session *session;
static _Atomic int reattached, retried, observed;

static void count_events(void *user, const sparkc_event *event)
{
  (void)user;
  reattached += event->kind == SPARKC_EVENT_REATTACH;
  retried += event->kind == SPARKC_EVENT_RETRY;
  observed += event->kind == SPARKC_EVENT_PROGRESS;
}

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(session);
  session = NULL;
}

/* Said with the whole error, since a server has much to say. */
static void check_ok(int rc, sparkc_error *err, const char *call, int line)
{
  if (rc == SPARKC_OK) return;
  test_fail(__FILE__, line, "%s gave %s: %s", call, sparkc_code_name(rc),
            sparkc_error_message(err));
}
#define OK(call) check_ok((call), &err, #call, __LINE__)

static void open_at(const char *url)
{
  sparkc_error err = {0};
  const sparkc_alloc alloc = {test_alloc()->resize, test_alloc()->user};
  reattached = retried = observed = 0;
  OK(sparkc_session_open(
      SPARKC_SESSION_ARGS(.url = url, .on_event = count_events, .want_stack = 1, .alloc = &alloc),
      &session, &err));
  test_later(close_session, NULL);
}

static void open_session(void)
{
  open_at(getenv("GNOMON_SPARK"));
}

static sparkc_dataframe *frame;

static void free_frame(void *unused)
{
  (void)unused;
  sparkc_dataframe_free(frame);
  frame = NULL;
}

static sparkc_dataframe *sql(const char *text)
{
  sparkc_error err = {0};
  if (frame) free_frame(NULL);
  OK(sparkc_sql(session, text, &frame, &err));
  test_later(free_frame, NULL);
  return frame;
}

/* Rows and the sum of the first column, a bigint. */
static int sum_of(const sparkc_dataframe *df, const sparkc_execute_args *args, int64_t *rows,
                  int64_t *sum, sparkc_error *err)
{
  struct ArrowArray batch = {.release = NULL};
  sparkc_result *result;
  *rows = *sum = 0;
  int rc = sparkc_execute(df, args, &result, err);
  if (rc != SPARKC_OK) return rc;
  while ((rc = sparkc_result_next(result, &batch, err)) == SPARKC_OK && batch.release) {
    const int64_t *values = batch.children[0]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++) *sum += values[batch.children[0]->offset + i];
    *rows += batch.length;
    batch.release(&batch);
  }
  sparkc_result_close(result);
  return rc;
}

static void check_text(int rc, char *text, const char *expected, sparkc_error *err)
{
  check_ok(rc, err, "the call", __LINE__);
  CHECK_TEXT(text, expected);
  sparkc_text_free(session, text);
}

/* Of the pinned server, or of the one that tools/spark_compatibility.py runs. */
static const char *server_version(void)
{
  const char *other = getenv("GNOMON_SPARK_VERSION");
  return other ? other : "4.1.1";
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void a_server_says_its_version(void)
{
  sparkc_error err = {0};
  char *text;
  open_session();
  int rc = sparkc_session_version(session, &text, &err);
  check_text(rc, text, server_version(), &err);
}

static void settings_are_changed_and_taken_back(void)
{
  const char *key = "spark.sql.shuffle.partitions";
  sparkc_error err = {0};
  char *text;
  int32_t modifiable;
  open_session();
  OK(sparkc_config_set(session, key, "7", &err));
  int rc = sparkc_config_get(session, key, &text, &err);
  check_text(rc, text, "7", &err);
  OK(sparkc_config_unset(session, key, &err));
  rc = sparkc_config_get(session, key, &text, &err);
  check_text(rc, text, "200", &err);
  OK(sparkc_config_find(session, "spark.no.such", &text, &err));
  CHECK(text == NULL);
  OK(sparkc_config_is_modifiable(session, key, &modifiable, &err));
  CHECK_INT(modifiable, 1);
  CHECK_INT(sparkc_config_get(session, "spark.no.such", &text, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "SQL_CONF_NOT_FOUND");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_config_set(session, "spark.sql.execution.arrow.compression.codec", "lz4", &err),
            SPARKC_E_UNSUPPORTED);
  sparkc_error_clear(&err);
}

static void a_clone_has_the_settings_and_views_of_its_own(void)
{
  sparkc_error err = {0};
  sparkc_session *twin;
  char *text;
  open_session();
  OK(sparkc_config_set(session, "spark.sql.shuffle.partitions", "9", &err));
  OK(sparkc_session_clone(session, NULL, &twin, &err));
  OK(sparkc_config_get(twin, "spark.sql.shuffle.partitions", &text, &err));
  CHECK_TEXT(text, "9");
  sparkc_text_free(twin, text);
  OK(sparkc_config_set(twin, "spark.sql.shuffle.partitions", "3", &err));
  sparkc_session_close(twin);
  int rc = sparkc_config_get(session, "spark.sql.shuffle.partitions", &text, &err);
  check_text(rc, text, "9", &err);
}

static void a_released_session_is_closed(void)
{
  sparkc_error err = {0};
  sparkc_session *again;
  char *text, id[64];
  open_session();
  sql("SELECT 1");
  snprintf(id, sizeof id, "%s", sparkc_session_id(session));
  OK(sparkc_session_release(session, &err));
  CHECK_INT(sparkc_session_version(session, &text, &err), SPARKC_E_CLOSED);
  sparkc_error_clear(&err);
  OK(sparkc_session_open(SPARKC_SESSION_ARGS(.url = getenv("GNOMON_SPARK"), .session_id = id),
                         &again, &err));
  CHECK_INT(sparkc_session_version(again, &text, &err), SPARKC_E_CLOSED);
  CHECK_TEXT(err.error_class, "INVALID_HANDLE.SESSION_CLOSED");
  sparkc_error_clear(&err);
  sparkc_session_close(again);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void rows_are_counted_summed_and_shown(void)
{
  sparkc_error err = {0};
  sparkc_dataframe *df, *two;
  int64_t rows, sum;
  char *text;
  const char *names[] = {"id"};
  open_session();
  OK(sparkc_range(session, 0, 1000, 1, 4, &df, &err));
  OK(sparkc_count(df, &rows, &err));
  CHECK_INT(rows, 1000);
  OK(sum_of(df, NULL, &rows, &sum, &err));
  CHECK_INT(sum, 499500);
  sparkc_dataframe_free(df);
  OK(sparkc_select_names(sql("SELECT id, id * 2 AS d FROM range(10)"), names, 1, &df, &err));
  OK(sparkc_limit(df, 2, &two, &err));
  int rc = sparkc_show(two, 20, 20, 0, &text, &err);
  check_text(rc, text, "+---+\n| id|\n+---+\n|  0|\n|  1|\n+---+\n", &err);
  sparkc_dataframe_free(two);
  sparkc_dataframe_free(df);
}

static void a_command_runs_once_and_its_rows_stay(void)
{
  sparkc_error err = {0};
  int64_t rows;
  open_session();
  sql("CREATE TEMPORARY VIEW numbers AS SELECT id FROM range(5)");
  OK(sparkc_count(sql("SELECT * FROM numbers"), &rows, &err));
  CHECK_INT(rows, 5);
  OK(sparkc_count(sql("SHOW VIEWS"), &rows, &err));
  CHECK_INT(rows, 1);
}

static void every_type_has_its_arrow_format(void)
{
  static const char *const formats[] = {
      "n",     "b",   "c",       "s",    "i",   "l",  "f",  "g",  "u", "z",
      "d:7,2", "tdD", "tsu:UTC", "tsu:", "tDu", "+l", "+m", "+s", "+s"};
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  sparkc_error err = {0};
  char *text;
  open_session();
  OK(sparkc_config_set(session, "spark.sql.session.timeZone", "UTC", &err));
  sql("SELECT NULL, true, 1Y, 2S, 3, 4L, float(0.5), 0.25D, 'a', X'00FF', 12345.67BD, "
      "DATE'2026-01-02', TIMESTAMP'2026-01-02 03:04:05', TIMESTAMP_NTZ'2026-01-02 03:04:05', "
      "INTERVAL '1' DAY, array(1, 2), map('k', 1), named_struct('a', 1), parse_json('1')");
  OK(sparkc_collect(frame, NULL, &stream, &err));
  CHECK_INT(stream.get_schema(&stream, &schema), 0);
  CHECK_INT(schema.n_children, sizeof formats / sizeof *formats);
  for (int64_t i = 0; i < schema.n_children; i++)
    CHECK_TEXT(schema.children[i]->format, formats[i]);
  schema.release(&schema);
  CHECK_INT(stream.get_next(&stream, &batch), 0);
  CHECK_INT(batch.length, 1);
  CHECK_INT(((const int32_t *)batch.children[11]->buffers[1])[0], 20455);
  for (int64_t i = 0; i < batch.n_children; i++)
    for (int64_t k = 0; k < batch.children[i]->n_buffers; k++)
      CHECK((uintptr_t)batch.children[i]->buffers[k] % 8 == 0);
  batch.release(&batch);
  stream.release(&stream);
  int rc = sparkc_schema_text(sql("SELECT array(1) a, map('k', 1.5) m, INTERVAL '1' YEAR y"), &text,
                              &err);
  check_text(rc, text, "struct<a:array<int>,m:map<string,decimal(2,1)>,y:interval year>", &err);
}

static const gni_field own_fields[] = {{{"n", 1}, &gni_type_long}, {{"t", 1}, &gni_type_string}};
static const gni_type own_type = {.kind = GNI_STRUCT, .field_count = 2, .fields = own_fields};

/* The numbers from 1 to 100 with a text, once. */
static int give_rows(void *given, struct ArrowArray *out, gn_error *err)
{
  gni_builder *builder;
  *out = (struct ArrowArray){.release = NULL};
  if (*(bool *)given) return GN_OK;
  *(bool *)given = true;
  int rc = gni_builder_new(&own_type, &gni_libc_alloc, &builder, err);
  if (rc != GN_OK) return rc;
  for (int64_t i = 1; i <= 100 && rc == GN_OK; i++) {
    const gni_value row[2] = {gni_value_integer(i), gni_value_text(GN_STR("łódź"))};
    rc = gni_builder_add(builder, row, err);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, out, err);
  gni_builder_free(builder);
  return rc;
}

static void rows_of_ours_reach_the_server(void)
{
  struct ArrowArrayStream stream;
  sparkc_dataframe *df;
  sparkc_error err = {0};
  gn_error why = {0};
  int64_t rows, sum;
  bool given = false;
  open_session();
  CHECK_OK(gni_stream_new(&own_type, give_rows, NULL, &given, &gni_libc_alloc, &stream, &why),
           &why);
  OK(sparkc_create(session, &stream, "n BIGINT, t STRING", &df, &err));
  stream.release(&stream);
  OK(sum_of(df, NULL, &rows, &sum, &err));
  CHECK_INT(rows, 100);
  CHECK_INT(sum, 5050);
  sparkc_dataframe_free(df);
}

static void compressed_bodies_and_small_chunks_come_whole(void)
{
  sparkc_error err = {0};
  int64_t rows, sum;
  open_session();
  OK(sparkc_config_set(session, "spark.sql.execution.arrow.compression.codec", "zstd", &err));
  sql("SELECT id, repeat('x', 20) AS t FROM range(30000)");
  OK(sum_of(frame, NULL, &rows, &sum, &err));
  CHECK_INT(sum, 449985000);
  OK(sum_of(frame, SPARKC_EXECUTE_ARGS(.chunk_bytes = 1024), &rows, &sum, &err));
  CHECK_INT(rows, 30000);
  CHECK_INT(sum, 449985000);
}

static void a_batch_larger_than_the_window_comes_whole(void)
{
  sparkc_error err = {0};
  char url[200];
  int64_t rows, sum;
  snprintf(url, sizeof url, "%s/;window_size=65536", getenv("GNOMON_SPARK"));
  open_at(url);
  OK(sparkc_config_set(session, "spark.sql.execution.arrow.maxRecordsPerBatch", "200000", &err));
  sql("SELECT id, id AS b FROM range(150000)");
  OK(sum_of(frame, NULL, &rows, &sum, &err));
  CHECK_INT(sum, INT64_C(11249925000));
}

/* ---- reattaching ----------------------------------------------------------------------------- */

static void streams_the_server_cuts_go_on(void)
{
  sparkc_error err = {0};
  int64_t rows, sum;
  open_session();
  sql("SELECT id, id AS a, id AS b FROM range(500000)"); /* 12 MB, and a stream ends after 2 */
  OK(sum_of(frame, NULL, &rows, &sum, &err));
  CHECK_INT(rows, 500000);
  CHECK_INT(sum, INT64_C(124999750000));
  CHECK(reattached >= 4);
  CHECK_INT(retried, 0);
}

static void broken_connections_lose_and_double_nothing(void)
{
  int runs = getenv("GN_LONG") ? 1000 : 20;
  open_at(getenv("GNOMON_SPARK_CUT"));
  for (int i = 0; i < runs; i++) {
    sparkc_error err = {0};
    sparkc_dataframe *df;
    int64_t rows, sum;
    OK(sparkc_range(session, 0, 60000 + i, 1, 2, &df, &err));
    int rc = sum_of(df, NULL, &rows, &sum, &err);
    sparkc_dataframe_free(df);
    OK(rc);
    CHECK_INT(rows, 60000 + i);
    CHECK_INT(sum, (int64_t)(60000 + i) * (60000 + i - 1) / 2);
  }
  printf("# %d queries, %d calls were cut\n", runs, retried);
  CHECK(retried > 0);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void a_wrong_column_has_its_class_state_parameters_and_place(void)
{
  sparkc_error err = {0};
  sparkc_dataframe *df;
  sparkc_query_context at;
  const char *name, *value;
  open_session();
  CHECK_INT(sparkc_sql(session, "SELECT nope FROM range(3)", &df, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
  CHECK_TEXT(err.sqlstate, "42703");
  CHECK_INT(err.retryable, 0);
  CHECK_INT(sparkc_error_parameter(&err, 0, &name, &value), 1);
  CHECK_TEXT(name, "objectName");
  CHECK_TEXT(value, "`nope`");
  CHECK_INT(sparkc_error_context(&err, 0, &at), 1);
  CHECK_TEXT(at.fragment, "nope");
  CHECK_INT(at.start_index, 7);
  CHECK_INT(at.stop_index, 10);
  CHECK(strstr(sparkc_error_stack(&err), "AnalysisException") != NULL);
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_sql(session, "SELEC 1", &df, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "PARSE_SYNTAX_ERROR");
  CHECK_TEXT(err.sqlstate, "42601");
  sparkc_error_clear(&err);
}

static void a_failure_while_rows_come_is_the_streams(void)
{
  struct ArrowArrayStream stream;
  struct ArrowArray batch;
  sparkc_error err = {0};
  open_session();
  OK(sparkc_config_set(session, "spark.sql.ansi.enabled", "true", &err));
  OK(sparkc_collect(sql("SELECT 1 / (id - id) FROM range(3)"), NULL, &stream, &err));
  CHECK(stream.get_next(&stream, &batch) != 0);
  CHECK(strstr(stream.get_last_error(&stream), "DIVIDE_BY_ZERO") != NULL);
  CHECK_TEXT(sparkc_stream_error(&stream)->sqlstate, "22012");
  stream.release(&stream);
}

static void every_explain_mode_has_a_plan(void)
{
  sparkc_error err = {0};
  open_session();
  sql("SELECT id, count(*) FROM range(3) GROUP BY id");
  for (int mode = SPARKC_EXPLAIN_SIMPLE; mode <= SPARKC_EXPLAIN_FORMATTED; mode++) {
    char *text;
    OK(sparkc_explain(frame, mode, &text, &err));
    CHECK(strstr(text, mode == SPARKC_EXPLAIN_CODEGEN ? "Codegen" : "Range") != NULL);
    sparkc_text_free(session, text);
  }
}

/* ---- interrupting ---------------------------------------------------------------------------- */

struct interruption {
  int what;
  const char *name;
  size_t count;
};

static void *interrupt_soon(void *user)
{
  struct interruption *own = user;
  for (int i = 0; i < 200 && own->count == 0; i++) {
    const struct timespec pause = {.tv_nsec = 50000000};
    nanosleep(&pause, NULL);
    sparkc_session_interrupt(session, own->what, own->name, &own->count, NULL);
  }
  return NULL;
}

#define FOREVER "SELECT sum(a.id * b.id) FROM range(10000000) a, range(10000000) b"

/* A query that nobody has run yet, so that nothing else is there to be interrupted. */
static sparkc_dataframe *lazy(const char *text)
{
  const sparkc_field query = {"query", SPARKC_TEXT(text)};
  sparkc_error err = {0};
  if (frame) free_frame(NULL);
  OK(sparkc_relation(session, "sql", &query, 1, &frame, &err));
  test_later(free_frame, NULL);
  return frame;
}

static int endless_query(const sparkc_execute_args *args, sparkc_error *err)
{
  int64_t rows, sum;
  return sum_of(lazy(FOREVER), args, &rows, &sum, err);
}

/* Takes as long, and gives no rows to wait for. */
static int endless_statement(const sparkc_execute_args *args, sparkc_error *err)
{
  sparkc_dataframe *answer;
  int rc = sparkc_sql_run(lazy("CREATE TABLE never USING parquet AS " FOREVER), args, &answer, err);
  sparkc_dataframe_free(answer);
  return rc;
}

static void check_interrupt(int what, const char *name, const char *operation_id,
                            int (*run)(const sparkc_execute_args *args, sparkc_error *err))
{
  struct interruption own = {.what = what, .name = name};
  sparkc_error err = {0};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, interrupt_soon, &own) == 0);
  int rc = run(SPARKC_EXECUTE_ARGS(.operation_id = operation_id), &err);
  pthread_join(thread, NULL);
  CHECK_INT(rc, SPARKC_E_CANCELLED);
  CHECK_TEXT(err.sqlstate, "HY008");
  CHECK_INT(own.count, 1);
  sparkc_error_clear(&err);
}

static void another_thread_interrupts_by_id_tag_and_at_large(void)
{
  const char *id = "3c2b6c1e-6d0a-4d8e-9b59-6a4b0a3b7f10";
  const char *second = "3c2b6c1e-6d0a-4d8e-9b59-6a4b0a3b7f11";
  sparkc_error err = {0};
  open_session();
  OK(sparkc_tag_add(session, "nightly", &err));
  check_interrupt(SPARKC_INTERRUPT_OPERATION, id, id, endless_query);
  check_interrupt(SPARKC_INTERRUPT_OPERATION, second, second, endless_statement);
  check_interrupt(SPARKC_INTERRUPT_TAG, "nightly", NULL, endless_query);
  check_interrupt(SPARKC_INTERRUPT_ALL, NULL, NULL, endless_query);
}

static void a_deadline_ends_a_query(void)
{
  sparkc_error err = {0};
  int64_t rows, sum;
  open_session();
  sql(FOREVER);
  CHECK_INT(sum_of(frame, SPARKC_EXECUTE_ARGS(.timeout_ms = 1500), &rows, &sum, &err),
            SPARKC_E_TIMEOUT);
  sparkc_error_clear(&err);
  sparkc_session_interrupt(session, SPARKC_INTERRUPT_ALL, NULL, NULL, NULL);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static void tls_trusts_whom_it_is_told_to(void)
{
  const char *url = getenv("GNOMON_SPARK_TLS");
  char with[600];
  sparkc_error err = {0};
  sparkc_session *stranger;
  char *text;
  if (!url) test_skip("nghttpx is not installed");
  snprintf(with, sizeof with, "%s/;use_ssl=true;tls_ca_file=%s;token=secret", url,
           getenv("GNOMON_SPARK_CA"));
  open_at(with);
  int rc = sparkc_session_version(session, &text, &err);
  check_text(rc, text, server_version(), &err);
  snprintf(with, sizeof with, "%s/;use_ssl=true", url);
  OK(sparkc_session_open(SPARKC_SESSION_ARGS(.url = with), &stranger, &err));
  CHECK_INT(sparkc_session_version(stranger, &text, &err), SPARKC_E_TRANSPORT);
  CHECK(strstr(err.message, "the server's certificate is refused") != NULL);
  CHECK_INT(err.retryable, 0);
  sparkc_error_clear(&err);
  sparkc_session_close(stranger);
  snprintf(with, sizeof with, "%s/;use_ssl=true;tls_ca_file=%s;tls_server_name=elsewhere", url,
           getenv("GNOMON_SPARK_CA"));
  OK(sparkc_session_open(SPARKC_SESSION_ARGS(.url = with), &stranger, &err));
  CHECK_INT(sparkc_session_version(stranger, &text, &err), SPARKC_E_TRANSPORT);
  sparkc_error_clear(&err);
  sparkc_session_close(stranger);
}

int main(void)
{
  static const test_case cases[] = {
      {"a server says its version", a_server_says_its_version},
      {"settings are changed and taken back", settings_are_changed_and_taken_back},
      {"a clone has the settings, and views of its own",
       a_clone_has_the_settings_and_views_of_its_own},
      {"a released session is closed", a_released_session_is_closed},
      {"rows are counted, summed and shown", rows_are_counted_summed_and_shown},
      {"a command runs once and its rows stay", a_command_runs_once_and_its_rows_stay},
      {"every type has its Arrow format", every_type_has_its_arrow_format},
      {"rows of ours reach the server", rows_of_ours_reach_the_server},
      {"compressed bodies and small chunks come whole",
       compressed_bodies_and_small_chunks_come_whole},
      {"a batch larger than the window comes whole", a_batch_larger_than_the_window_comes_whole},
      {"streams the server cuts go on", streams_the_server_cuts_go_on},
      {"broken connections lose and double nothing", broken_connections_lose_and_double_nothing},
      {"a wrong column has its class, state, parameters and place",
       a_wrong_column_has_its_class_state_parameters_and_place},
      {"a failure while rows come is the stream's", a_failure_while_rows_come_is_the_streams},
      {"every explain mode has a plan", every_explain_mode_has_a_plan},
      {"another thread interrupts by id, tag and at large",
       another_thread_interrupts_by_id_tag_and_at_large},
      {"a deadline ends a query", a_deadline_ends_a_query},
      {"TLS trusts whom it is told to", tls_trusts_whom_it_is_told_to},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
