/* The client against a real Spark whose network is bad: streams that end after 123 bytes,
 * connections that break, sockets and TLS of every kind, a token, a restart. with_server.py builds
 * all of it. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sparkconnect/sparkconnect.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "data/data.h"
#include "kit/kit.h"

#define TOKEN "letmein"

static sparkc_session *session;
static _Atomic int64_t reattached, retried, uploaded_bytes, metrics, finished;

static void count_events(void *user, const sparkc_event *event)
{
  (void)user;
  reattached += event->kind == SPARKC_EVENT_REATTACH;
  retried += event->kind == SPARKC_EVENT_RETRY;
  metrics += event->kind == SPARKC_EVENT_METRIC;
  finished += event->kind == SPARKC_EVENT_PROGRESS && event->finished;
  if (event->kind == SPARKC_EVENT_UPLOAD && event->finished) uploaded_bytes += event->bytes;
}

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(session);
  session = NULL;
}

static void check_ok(int rc, sparkc_error *err, const char *call, int line)
{
  if (rc == SPARKC_OK) return;
  test_fail(__FILE__, line, "%s gave %s: %s", call, sparkc_code_name(rc),
            sparkc_error_message(err));
}
#define OK(call) check_ok((call), &err, #call, __LINE__)

static void open_with(const sparkc_session_args *args)
{
  sparkc_error err = {0};
  const sparkc_alloc alloc = {test_alloc()->resize, test_alloc()->user};
  sparkc_session_args own = *args;
  own.alloc = &alloc;
  own.on_event = count_events;
  if (!own.token) own.token = TOKEN;
  if (!own.retries_max) own.retries_max = 6; /* what is broken is to be said soon */
  reattached = retried = uploaded_bytes = metrics = finished = 0;
  OK(sparkc_session_open(&own, &session, &err));
  test_later(close_session, NULL);
}

static const char *place(const char *name)
{
  const char *url = getenv(name);
  if (!url) test_skip("nghttpx is not installed");
  return url;
}

static void open_at(const char *name)
{
  open_with(SPARKC_SESSION_ARGS(.url = place(name)));
}

/* What a session with these arguments says when it is asked for the version; never tried again. */
static int ask_with(const sparkc_session_args *args, sparkc_error *err)
{
  sparkc_session_args own = *args;
  sparkc_session *s;
  char *text;
  *err = (sparkc_error){0};
  own.retries_max = -1;
  int rc = sparkc_session_open(&own, &s, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_session_version(s, &text, err);
  if (rc == SPARKC_OK) sparkc_text_free(s, text);
  sparkc_session_close(s);
  return rc;
}

static void check_says(const sparkc_error *err, const char *text, int line)
{
  if (!strstr(err->message, text))
    test_fail(__FILE__, line, "'%s' does not say '%s'", err->message, text);
}
#define SAYS(text) check_says(&err, (text), __LINE__)

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

static void check_sum(const sparkc_dataframe *df, const sparkc_execute_args *args, int64_t rows,
                      int64_t sum)
{
  sparkc_error err = {0};
  int64_t got_rows, got_sum;
  OK(sum_of(df, args, &got_rows, &got_sum, &err));
  CHECK_INT(got_rows, rows);
  CHECK_INT(got_sum, sum);
}

/* ---- who may come in ------------------------------------------------------------------------- */

static void a_missing_and_a_wrong_token_are_refused(void)
{
  const char *url = getenv("GNOMON_SPARK");
  sparkc_error err;
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = url), &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, "No authentication token provided");
  CHECK_INT(err.status, 16);
  CHECK_INT(err.retryable, 0);
  sparkc_error_clear(&err);
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = "guess"), &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, "Invalid authentication token");
  sparkc_error_clear(&err);
  OK(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = TOKEN), &err));
}

static void a_unix_socket_is_a_way_in(void)
{
  open_at("GNOMON_SPARK_UNIX");
  check_sum(sql("SELECT id FROM range(1000)"), NULL, 1000, 499500);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

#define CA getenv("GNOMON_SPARK_CA")

static void tls_trusts_whom_it_is_told_to(void)
{
  char url[80];
  sparkc_error err;
  snprintf(url, sizeof url, "%s/;use_ssl=true", place("GNOMON_SPARK_TLS"));
  open_with(SPARKC_SESSION_ARGS(.url = url, .ca_file = CA));
  check_sum(sql("SELECT id FROM range(1000)"), NULL, 1000, 499500);
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = TOKEN), &err), SPARKC_E_TRANSPORT);
  SAYS("the server's certificate is refused");
  CHECK_INT(err.retryable, 0);
  sparkc_error_clear(&err);
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = TOKEN,
                                         .ca_file = getenv("GNOMON_SPARK_CERT")),
                     &err),
            SPARKC_E_TRANSPORT);
  sparkc_error_clear(&err);
}

static void the_name_in_the_certificate_counts(void)
{
  const char *url = place("GNOMON_SPARK_TLS");
  char by_address[64];
  sparkc_error err;
  snprintf(by_address, sizeof by_address, "sc://127.0.0.1:%s", strrchr(url, ':') + 1);
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = by_address, .token = TOKEN, .ca_file = CA), &err),
            SPARKC_E_TRANSPORT);
  sparkc_error_clear(&err);
  OK(ask_with(SPARKC_SESSION_ARGS(.url = by_address, .token = TOKEN, .ca_file = CA,
                                  .server_name = "spark.internal"),
              &err));
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = by_address, .token = TOKEN, .ca_file = CA,
                                         .server_name = "elsewhere"),
                     &err),
            SPARKC_E_TRANSPORT);
  sparkc_error_clear(&err);
}

static void a_server_may_want_a_certificate_too(void)
{
  const char *url = place("GNOMON_SPARK_TLS_MUTUAL");
  sparkc_error err;
  OK(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = TOKEN, .ca_file = CA,
                                  .cert_file = getenv("GNOMON_SPARK_CERT"),
                                  .key_file = getenv("GNOMON_SPARK_KEY")),
              &err));
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = url, .token = TOKEN, .ca_file = CA), &err),
            SPARKC_E_TRANSPORT);
  sparkc_error_clear(&err);
}

static void a_server_without_http2_is_said(void)
{
  sparkc_error err;
  CHECK_INT(ask_with(SPARKC_SESSION_ARGS(.url = place("GNOMON_SPARK_TLS_OLD"), .token = TOKEN,
                                         .ca_file = CA),
                     &err),
            SPARKC_E_UNSUPPORTED);
  SAYS("HTTP/2");
  sparkc_error_clear(&err);
}

/* ---- streams that end ------------------------------------------------------------------------ */

static void a_stream_that_ends_after_every_message_goes_on(void)
{
  open_at("GNOMON_SPARK");
  check_sum(sql("SELECT id FROM range(0, 200000, 1, 3)"), NULL, 200000, INT64_C(19999900000));
  CHECK(reattached >= 20);
  CHECK_INT(retried, 0);
}

static void a_row_larger_than_many_messages_comes_whole(void)
{
  sparkc_error err = {0};
  struct ArrowArray batch;
  sparkc_result *result;
  int64_t size = getenv("GN_LONG") ? 30000000 : 300000;
  char text[100];
  open_at("GNOMON_SPARK");
  snprintf(text, sizeof text, "SELECT repeat('0123456789', %d) AS t", (int)(size / 10));
  OK(sparkc_execute(sql(text), SPARKC_EXECUTE_ARGS(.chunk_bytes = 1024), &result, &err));
  OK(sparkc_result_next(result, &batch, &err));
  CHECK_INT(batch.length, 1);
  const int32_t *offsets = batch.children[0]->buffers[1];
  const char *bytes = batch.children[0]->buffers[2];
  CHECK_INT(offsets[1], size);
  int64_t wrong = 0;
  for (int64_t i = 0; i < size; i++) wrong += bytes[i] != '0' + (char)(i % 10);
  CHECK_INT(wrong, 0);
  CHECK(reattached >= size / 1024);
  batch.release(&batch);
  sparkc_result_close(result);
}

/* Cut at random within a stream that the server ends after each message anyhow. */
static void random_cuts_lose_and_double_nothing(void)
{
  int runs = getenv("GN_LONG") ? 1000 : 20;
  open_with(SPARKC_SESSION_ARGS(.url = place("GNOMON_SPARK_CUT_SMALL"), .token = TOKEN,
                                .retries_max = 100));
  for (int i = 0; i < runs; i++) {
    sparkc_error err = {0};
    sparkc_dataframe *df;
    int64_t rows = 3000 + i, got_rows, sum;
    OK(sparkc_range(session, 0, rows, 1, 2, &df, &err));
    int rc = sum_of(df, NULL, &got_rows, &sum, &err);
    sparkc_dataframe_free(df);
    OK(rc);
    CHECK_INT(got_rows, rows);
    CHECK_INT(sum, rows * (rows - 1) / 2);
  }
  printf("# %d queries, %d calls were cut\n", runs, (int)retried);
  CHECK(retried > 0);
}

/* ---- values of every type -------------------------------------------------------------------- */

static const struct {
  const char *sql;    /* of a value */
  const char *format; /* of its Arrow column */
  const char *bytes;  /* of its first value, in this machine's order */
  size_t size;
  int buffer; /* which of the column's */
} values[] = {
    {"true", "b", "\x01", 1, 1},
    {"-2Y", "c", "\xfe", 1, 1},
    {"-2S", "s", "\xfe\xff", 2, 1},
    {"-2", "i", "\xfe\xff\xff\xff", 4, 1},
    {"9223372036854775807L", "l", "\xff\xff\xff\xff\xff\xff\xff\x7f", 8, 1},
    {"float(0.5)", "f", "\x00\x00\x00\x3f", 4, 1},
    {"-0.25D", "g", "\x00\x00\x00\x00\x00\x00\xd0\xbf", 8, 1},
    {"'łódź'", "u", "łódź", 7, 2},
    {"X'00FF'", "z", "\x00\xff", 2, 2},
    {"-1.5BD", "d:2,1", "\xf1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, 1},
    {"CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))", "d:38,0",
     "\xff\xff\xff\xff\x3f\x22\x8a\x09\x7a\xc4\x86\x5a\xa8\x4c\x3b\x4b", 16, 1},
    {"DATE'1969-12-31'", "tdD", "\xff\xff\xff\xff", 4, 1},
    {"TIMESTAMP'1970-01-01 00:00:01Z'", "tsu:UTC", "\x40\x42\x0f\x00\x00\x00\x00\x00", 8, 1},
    {"TIMESTAMP_NTZ'1970-01-01 00:00:01'", "tsu:", "\x40\x42\x0f\x00\x00\x00\x00\x00", 8, 1},
    {"INTERVAL '1' SECOND", "tDu", "\x40\x42\x0f\x00\x00\x00\x00\x00", 8, 1}};
enum { VALUES = sizeof values / sizeof *values };

static void check_value(size_t i, const struct ArrowSchema *schema, const struct ArrowArray *column)
{
  CHECK_TEXT(schema->format, values[i].format);
  CHECK_INT(column->length, 2);
  CHECK_INT(column->null_count, 1); /* the second row is all nulls */
  const char *got = column->buffers[values[i].buffer];
  const char *bits = column->buffers[0];
  if (strcmp(values[i].format, "b") == 0)
    CHECK_INT(got[0] & 1, 1);
  else if (memcmp(got, values[i].bytes, values[i].size) != 0)
    test_fail(__FILE__, __LINE__, "%s has another value", values[i].sql);
  CHECK_INT(bits[0] & 3, 1);
}

static void values_of_every_type_arrive(void)
{
  sparkc_error err = {0};
  struct ArrowSchema schema;
  struct ArrowArray batch;
  sparkc_result *result;
  gn_buf text;
  open_at("GNOMON_SPARK");
  gni_buf_init(&text, &gni_libc_alloc, 1 << 16);
  gni_buf_add_text(&text, "SELECT ");
  for (size_t i = 0; i < VALUES; i++)
    gni_buf_add_format(&text, "%sIF(id = 0, %s, NULL)", i ? ", " : "", values[i].sql);
  gni_buf_add_text(&text, " FROM range(0, 2, 1, 1) ORDER BY id");
  int rc = sparkc_sql(session, text.ptr, &frame, &err);
  gni_buf_deinit(&text);
  OK(rc);
  test_later(free_frame, NULL);
  OK(sparkc_execute(frame, NULL, &result, &err));
  OK(sparkc_result_schema(result, &schema, &err));
  OK(sparkc_result_next(result, &batch, &err));
  CHECK_INT(schema.n_children, VALUES);
  for (size_t i = 0; i < VALUES; i++) check_value(i, schema.children[i], batch.children[i]);
  schema.release(&schema);
  batch.release(&batch);
  sparkc_result_close(result);
}

static void nested_values_arrive(void)
{
  sparkc_error err = {0};
  struct ArrowSchema schema;
  struct ArrowArray batch;
  sparkc_result *result;
  open_at("GNOMON_SPARK");
  sql("SELECT array(array(1, NULL), array(), NULL) AS a, map('k', named_struct('x', 7L)) AS m, "
      "parse_json('{\"a\": 1}') AS v");
  OK(sparkc_execute(frame, NULL, &result, &err));
  OK(sparkc_result_schema(result, &schema, &err));
  OK(sparkc_result_next(result, &batch, &err));
  CHECK_TEXT(schema.children[0]->format, "+l");
  CHECK_TEXT(schema.children[1]->format, "+m");
  const struct ArrowArray *outer = batch.children[0], *inner = outer->children[0];
  CHECK_INT(((const int32_t *)outer->buffers[1])[1], 3);
  CHECK_INT(inner->null_count, 1);
  CHECK_INT(((const int32_t *)inner->buffers[1])[1], 2);
  CHECK_INT(((const int32_t *)inner->children[0]->buffers[1])[0], 1);
  CHECK_INT(inner->children[0]->null_count, 1);
  const struct ArrowArray *entry = batch.children[1]->children[0];
  CHECK(memcmp(entry->children[0]->buffers[2], "k", 1) == 0);
  CHECK_INT(((const int64_t *)entry->children[1]->children[0]->buffers[1])[0], 7);
  CHECK_TEXT(schema.children[2]->children[0]->name, "value");
  CHECK_TEXT(schema.children[2]->children[1]->name, "metadata");
  const int32_t *offsets = batch.children[2]->children[0]->buffers[1];
  CHECK(offsets[1] > 0);
  schema.release(&schema);
  batch.release(&batch);
  sparkc_result_close(result);
}

static void metrics_are_told_as_they_come(void)
{
  sparkc_error err = {0};
  int64_t rows, sum;
  open_at("GNOMON_SPARK");
  OK(sum_of(sql("SELECT id FROM range(0, 1000, 1, 2)"), NULL, &rows, &sum, &err));
  CHECK(metrics > 0);
  CHECK_INT(finished, 2); /* the statement, the query */
}

struct meter {
  _Atomic size_t now, most;
};

static void *metered(void *user, void *block, size_t old_size, size_t size)
{
  struct meter *meter = user;
  size_t now = (meter->now += size) - old_size;
  meter->now -= old_size;
  if (now > meter->most) meter->most = now;
  return gni_libc_alloc.resize(gni_libc_alloc.user, block, old_size, size);
}

/* A batch in the caller's hands, the next one, what lies unread, the buffer that is read into. */
static void memory_is_that_of_two_batches_and_the_window(void)
{
  enum { BATCH = 82 << 10, WINDOW = 128 << 10, READ = 256 << 10, REST = 256 << 10 };
  struct meter meter = {0, 0};
  const sparkc_alloc alloc = {metered, &meter};
  sparkc_error err = {0};
  sparkc_session *own;
  sparkc_dataframe *df;
  int64_t rows, sum;
  OK(sparkc_session_open(SPARKC_SESSION_ARGS(.url = getenv("GNOMON_SPARK"), .token = TOKEN,
                                             .window_bytes = WINDOW, .alloc = &alloc),
                         &own, &err));
  OK(sparkc_range(own, 0, 400000, 1, 2, &df, &err));
  int rc = sum_of(df, NULL, &rows, &sum, &err);
  sparkc_dataframe_free(df);
  sparkc_session_close(own);
  OK(rc);
  CHECK_INT(rows, 400000);
  CHECK(meter.most < 2 * BATCH + WINDOW + READ + REST);
  CHECK_INT(meter.now, 0);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void bodies_compressed_by_zstd_and_lz4_are_read(void)
{
  open_at("GNOMON_SPARK");
  sql("SET spark.sql.execution.arrow.compression.codec=zstd");
  check_sum(sql("SELECT id, repeat('x', 50) FROM range(20000)"), NULL, 20000, 199990000);
  sql("SET spark.sql.execution.arrow.compression.codec=lz4"); /* few rows: its LZ4 takes minutes */
  check_sum(sql("SELECT id, repeat('x', 50) FROM range(100)"), NULL, 100, 4950);
}

static void a_large_plan_is_read_compressed(void)
{
  sparkc_error err = {0};
  gn_buf text;
  open_at("GNOMON_SPARK");
  OK(sparkc_config_set(session, "spark.connect.session.planCompression.threshold", "1000", &err));
  gni_buf_init(&text, &gni_libc_alloc, 1 << 20);
  gni_buf_add_text(&text, "SELECT id FROM range(30000) WHERE id IN (0");
  for (int i = 1; i < 30000; i += 2) gni_buf_add_format(&text, ", %d", i);
  gni_buf_add_text(&text, ")");
  CHECK(text.len > 64 << 10); /* of what is worth to be compressed */
  int rc = sparkc_sql(session, text.ptr, &frame, &err);
  gni_buf_deinit(&text);
  OK(rc);
  test_later(free_frame, NULL);
  check_sum(frame, NULL, 15001, 225000000);
}

/* ---- rows and files of ours ------------------------------------------------------------------ */

static const gni_field own_fields[] = {{{"n", 1}, &gni_type_long}, {{"t", 1}, &gni_type_string}};
static const gni_type own_type = {.kind = GNI_STRUCT, .field_count = 2, .fields = own_fields};

static int give_rows(void *given, struct ArrowArray *out, gn_error *err)
{
  int64_t *left = given;
  gni_builder *builder;
  *out = (struct ArrowArray){.release = NULL};
  if (*left == 0) return GN_OK;
  int rc = gni_builder_new(&own_type, &gni_libc_alloc, &builder, err);
  if (rc != GN_OK) return rc;
  for (int64_t i = 0; i < 5000 && *left && rc == GN_OK; i++, --*left) {
    const gni_value row[2] = {gni_value_integer(*left), gni_value_text(GN_STR("łódź"))};
    rc = gni_builder_add(builder, row, err);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, out, err);
  gni_builder_free(builder);
  return rc;
}

static void create_and_sum(int64_t rows, const char *schema)
{
  struct ArrowArrayStream stream;
  sparkc_dataframe *df;
  sparkc_error err = {0};
  gn_error why = {0};
  int64_t left = rows, got_rows, sum;
  CHECK_OK(gni_stream_new(&own_type, give_rows, NULL, &left, &gni_libc_alloc, &stream, &why), &why);
  int rc = sparkc_create(session, &stream, schema, &df, &err);
  stream.release(&stream);
  OK(rc);
  rc = sum_of(df, NULL, &got_rows, &sum, &err);
  sparkc_dataframe_free(df);
  OK(rc);
  CHECK_INT(got_rows, rows);
  CHECK_INT(sum, rows * (rows + 1) / 2);
}

static void many_rows_of_ours_are_sent_once(void)
{
  open_at("GNOMON_SPARK");
  create_and_sum(200000, "n BIGINT, t STRING");
  CHECK(uploaded_bytes > 3000000);
  uploaded_bytes = 0;
  create_and_sum(200000, "n BIGINT, t STRING");
  CHECK_INT(uploaded_bytes, 0);
}

static void an_upload_over_a_breaking_network_arrives(void)
{
  sparkc_error err = {0};
  open_with(
      SPARKC_SESSION_ARGS(.url = place("GNOMON_SPARK_CUT"), .token = TOKEN, .retries_max = 100));
  OK(sparkc_config_set(session, "spark.sql.session.localRelationCacheThreshold", "100000", &err));
  create_and_sum(10000, NULL);
  CHECK(uploaded_bytes > 150000);
}

static void files_are_there_once_they_were_added(void)
{
  const char *const names[] = {"files/words.txt", "pyfiles/m.py", "files/none"};
  const sparkc_artifact artifacts[] = {
      {.kind = SPARKC_ARTIFACT_FILE, .name = "words.txt", .bytes = "one two", .size = 7},
      {.kind = SPARKC_ARTIFACT_PYFILE, .name = "m.py", .bytes = "x = 1\n", .size = 6}};
  static char large[3 << 20];
  const sparkc_artifact jar = {
      .kind = SPARKC_ARTIFACT_FILE, .name = "large.bin", .bytes = large, .size = sizeof large};
  sparkc_error err = {0};
  char hash[65], name[80];
  int32_t there[3];
  open_at("GNOMON_SPARK");
  OK(sparkc_artifacts_add(session, artifacts, 2, &err));
  OK(sparkc_artifacts_add(session, &jar, 1, &err));
  CHECK_INT(uploaded_bytes, 13 + (3 << 20));
  OK(sparkc_cache_bytes(session, large, sizeof large, hash, &err));
  snprintf(name, sizeof name, "cache/%s", hash);
  const char *const cached[] = {name};
  OK(sparkc_artifacts_exist(session, cached, 1, there, &err));
  CHECK_INT(there[0], 1);
  OK(sparkc_artifacts_exist(session, names, 3, there, &err));
  CHECK_INT(there[2], 0);
}

static void a_jar_of_another_content_is_refused(void)
{
  const sparkc_artifact one = {.kind = SPARKC_ARTIFACT_JAR,
                               .name = "a.jar",
                               .bytes = "x",
                               .size = 1},
                        other = {
                            .kind = SPARKC_ARTIFACT_JAR, .name = "a.jar", .bytes = "yy", .size = 2};
  sparkc_error err = {0};
  open_at("GNOMON_SPARK");
  OK(sparkc_artifacts_add(session, &one, 1, &err));
  OK(sparkc_artifacts_add(session, &one, 1, &err));
  CHECK_INT(sparkc_artifacts_add(session, &other, 1, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "ARTIFACT_ALREADY_EXISTS");
  sparkc_error_clear(&err);
}

/* ---- many, and none -------------------------------------------------------------------------- */

enum { THREADS = 10, SESSIONS_EACH = 10 };

static void *run_sessions(void *failures)
{
  for (int i = 0; i < SESSIONS_EACH; i++) {
    sparkc_error err = {0};
    sparkc_session *own;
    sparkc_dataframe *df;
    int64_t rows = 0, sum = 0;
    int rc = sparkc_session_open(SPARKC_SESSION_ARGS(.url = getenv("GNOMON_SPARK"), .token = TOKEN),
                                 &own, &err);
    if (rc == SPARKC_OK) rc = sparkc_config_set(own, "spark.sql.shuffle.partitions", "2", &err);
    if (rc == SPARKC_OK) rc = sparkc_range(own, 0, 100 + i, 1, 1, &df, &err);
    if (rc == SPARKC_OK) {
      rc = sum_of(df, NULL, &rows, &sum, &err);
      sparkc_dataframe_free(df);
    }
    if (rc != SPARKC_OK || sum != (int64_t)(100 + i) * (99 + i) / 2)
      atomic_fetch_add((_Atomic int *)failures, 1);
    sparkc_error_clear(&err);
    sparkc_session_close(own);
  }
  return NULL;
}

static void a_hundred_sessions_keep_apart(void)
{
  pthread_t threads[THREADS];
  _Atomic int failures = 0;
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, run_sessions, &failures) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK_INT(failures, 0);
}

static void close_twin(void *twin)
{
  sparkc_session_close(twin);
}

static void a_clone_and_its_model_do_not_see_each_other(void)
{
  sparkc_error err = {0};
  sparkc_session *twin;
  sparkc_dataframe *df;
  open_at("GNOMON_SPARK");
  sql("CREATE TEMPORARY VIEW before AS SELECT 1 AS a");
  OK(sparkc_session_clone(session, NULL, &twin, &err));
  test_later(close_twin, twin);
  OK(sparkc_sql(twin, "SELECT a FROM before", &df, &err)); /* the server copies now */
  sparkc_dataframe_free(df);
  sql("CREATE TEMPORARY VIEW after AS SELECT 1 AS a");
  CHECK_INT(sparkc_sql(twin, "SELECT a FROM after", &df, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "TABLE_OR_VIEW_NOT_FOUND");
  CHECK_TEXT(err.sqlstate, "42P01");
  sparkc_error_clear(&err);
  OK(sparkc_sql(twin, "CREATE TEMPORARY VIEW of_twin AS SELECT 1 AS a", &df, &err));
  sparkc_dataframe_free(df);
  CHECK_INT(sparkc_sql(session, "SELECT a FROM of_twin", &df, &err), SPARKC_E_REMOTE);
  sparkc_error_clear(&err);
}

static void ask_for(const char *word)
{
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int64_t port = 0;
  char answer[16];
  gni_parse_int64(gni_str(getenv("GNOMON_SPARK_CONTROL")), &port);
  if (port == 0) test_skip("the server is not ours to restart");
  there.sin_port = htons((uint16_t)port);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(s >= 0);
  CHECK(connect(s, (struct sockaddr *)&there, sizeof there) == 0);
  CHECK(write(s, word, strlen(word)) > 0);
  CHECK(read(s, answer, sizeof answer) > 0);
  close(s);
}

/* Last: what other cases left on the server is gone after it. */
static void a_server_that_was_started_anew_is_noticed(void)
{
  sparkc_error err = {0};
  sparkc_dataframe *df;
  char *text;
  open_at("GNOMON_SPARK");
  sql("CREATE TEMPORARY VIEW mine AS SELECT 1 AS a");
  ask_for("restart\n");
  CHECK_INT(sparkc_sql(session, "SELECT a FROM mine", &df, &err), SPARKC_E_CLOSED);
  CHECK_TEXT(err.hint, "open a new session");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_config_get(session, "spark.app.name", &text, &err), SPARKC_E_CLOSED);
  sparkc_error_clear(&err);
}

int main(void)
{
  static const test_case cases[] = {
      {"a missing and a wrong token are refused", a_missing_and_a_wrong_token_are_refused},
      {"a unix socket is a way in", a_unix_socket_is_a_way_in},
      {"TLS trusts whom it is told to", tls_trusts_whom_it_is_told_to},
      {"the name in the certificate counts", the_name_in_the_certificate_counts},
      {"a server may want a certificate too", a_server_may_want_a_certificate_too},
      {"a server without HTTP/2 is said", a_server_without_http2_is_said},
      {"a stream that ends after every message goes on",
       a_stream_that_ends_after_every_message_goes_on},
      {"a row larger than many messages comes whole", a_row_larger_than_many_messages_comes_whole},
      {"random cuts lose and double nothing", random_cuts_lose_and_double_nothing},
      {"values of every type arrive", values_of_every_type_arrive},
      {"nested values arrive", nested_values_arrive},
      {"metrics are told as they come", metrics_are_told_as_they_come},
      {"memory is that of two batches and the window",
       memory_is_that_of_two_batches_and_the_window},
      {"bodies compressed by zstd and lz4 are read", bodies_compressed_by_zstd_and_lz4_are_read},
      {"a large plan is read compressed", a_large_plan_is_read_compressed},
      {"many rows of ours are sent once", many_rows_of_ours_are_sent_once},
      {"an upload over a breaking network arrives", an_upload_over_a_breaking_network_arrives},
      {"files are there once they were added", files_are_there_once_they_were_added},
      {"a jar of another content is refused", a_jar_of_another_content_is_refused},
      {"a hundred sessions keep apart", a_hundred_sessions_keep_apart},
      {"a clone and its model do not see each other", a_clone_and_its_model_do_not_see_each_other},
      {"a server that was started anew is noticed", a_server_that_was_started_anew_is_noticed},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
