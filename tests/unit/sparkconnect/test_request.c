/* What requests carry beside the plan, and what callers are told meanwhile.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "data/data.h"
#include "kit/kit.h"
#include "script.h"
#include "wire/proto.h"

static script play;
static sparkc_session *session;
static char told[2048]; /* progress' ends, observed and plan metrics */

static void write_event(void *user, const sparkc_event *event)
{
  size_t len = strlen(told), room = sizeof told - len;
  (void)user;
  if (event->kind == SPARKC_EVENT_OBSERVED)
    snprintf(told + len, room, "%s.%s=%s@%d ", event->name, event->key, event->text,
             (int)event->plan_id);
  if (event->kind == SPARKC_EVENT_METRIC)
    snprintf(told + len, room, "%s@%d.%s=%d(%s) ", event->name, (int)event->plan_id, event->key,
             (int)event->value, event->text);
  if (event->kind == SPARKC_EVENT_PROGRESS)
    snprintf(told + len, room, event->finished ? "finished " : "%d/%d ", (int)event->tasks_done,
             (int)event->tasks_total);
}

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(session);
  session = NULL;
}

static void open_over(const script_answer *answers, size_t count)
{
  sparkc_error err = {0};
  play = (script){.answers = answers, .count = count, .alloc = test_alloc()};
  const sparkc_alloc alloc = {play.alloc->resize, play.alloc->user};
  told[0] = '\0';
  CHECK_INT(sparkp_session_open_over(
                SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &alloc, .on_event = write_event),
                &script_transport, &play, &session, &err),
            SPARKC_OK);
  test_later(close_session, NULL);
}

#define PLAY(...)                                                                                  \
  const script_answer answers[] = {__VA_ARGS__};                                                   \
  open_over(answers, sizeof answers / sizeof *answers)

/* A member of the newest request, by its path of field numbers until 0. */
static gn_str sent(const uint32_t *path)
{
  gn_str at = {play.request, play.request_len};
  gni_proto_field field;
  for (; *path; path++) {
    if (gni_proto_find(at, *path, &field) != GN_OK) return (gn_str){NULL, 0};
    at = gni_proto_bytes(&field);
  }
  return at;
}
#define SENT(...) sent((const uint32_t[]){__VA_ARGS__, 0})

static int run(const sparkc_execute_args *args, sparkc_error *err)
{
  struct ArrowArray batch = {.release = NULL};
  sparkc_dataframe *df;
  sparkc_result *result;
  int rc = sparkc_range(session, 0, 9, 1, 0, &df, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_execute(df, args, &result, err);
  sparkc_dataframe_free(df);
  if (rc != SPARKC_OK) return rc;
  while ((rc = sparkc_result_next(result, &batch, err)) == SPARKC_OK && batch.release)
    batch.release(&batch);
  sparkc_result_close(result);
  return rc;
}

/* ---- extensions of the user's context -------------------------------------------------------- */

enum { USER = 2, EXTENSIONS = 999, TYPE_URL = 1, VALUE = 2 };

static size_t extension_count(void)
{
  gn_str user = SENT(USER);
  gni_proto_field field;
  size_t count = 0;
  while (gni_proto_next(&user, &field) == GN_OK) count += field.number == EXTENSIONS;
  return count;
}

static void extensions_travel_with_every_call(void)
{
  const sparkc_extension trace = {"type/Trace", "abc", 3}, newer = {"type/Trace", "de", 2},
                         nameless = {"", "x", 1};
  sparkc_error err = {0};
  const script_answer ok = {.method = "Config", .messages = {script_small(4, "server-1")}};
  PLAY(ok, ok, ok);
  CHECK_INT(sparkc_extension_add(session, &trace, &err), SPARKC_OK);
  CHECK_INT(sparkc_config_unset(session, "a", &err), SPARKC_OK);
  CHECK_STR(SENT(USER, EXTENSIONS, TYPE_URL), "type/Trace");
  CHECK_STR(SENT(USER, EXTENSIONS, VALUE), "abc");
  CHECK_INT(sparkc_extension_add(session, &newer, &err), SPARKC_OK);
  CHECK_INT(sparkc_config_unset(session, "a", &err), SPARKC_OK);
  CHECK_INT(extension_count(), 1);
  CHECK_STR(SENT(USER, EXTENSIONS, VALUE), "de");
  sparkc_extension_remove(session, "type/Other");
  sparkc_extension_remove(session, "type/Trace");
  CHECK_INT(sparkc_config_unset(session, "a", &err), SPARKC_OK);
  CHECK_INT(extension_count(), 0);
  CHECK_INT(sparkc_extension_add(session, &nameless, &err), SPARKC_E_PLAN);
}

static void an_operation_may_carry_its_own(void)
{
  const sparkc_extension of_session = {"type/A", "a", 1},
                         own[] = {{"type/B", "b", 1}, {"type/C", NULL, 0}};
  sparkc_error err = {0};
  const script_answer ok = {.method = "ExecutePlan", .messages = {script_complete("r1")}};
  PLAY(ok, ok);
  CHECK_INT(sparkc_extension_add(session, &of_session, &err), SPARKC_OK);
  CHECK_INT(run(SPARKC_EXECUTE_ARGS(.extensions = own, .extension_count = 2), &err), SPARKC_OK);
  CHECK_INT(extension_count(), 3);
  CHECK_STR(SENT(USER, EXTENSIONS, TYPE_URL), "type/C");
  CHECK_INT(run(NULL, &err), SPARKC_OK);
  CHECK_INT(extension_count(), 1);
}

static void a_session_carries_sixteen_at_most(void)
{
  char url[16];
  sparkc_error err = {0};
  open_over(NULL, 0);
  for (int i = 0; i < 16; i++) {
    snprintf(url, sizeof url, "type/%d", i);
    CHECK_INT(sparkc_extension_add(session, &(sparkc_extension){url, "", 0}, &err), SPARKC_OK);
  }
  CHECK_INT(sparkc_extension_add(session, &(sparkc_extension){"type/x", "", 0}, &err),
            SPARKC_E_LIMIT);
  sparkc_extension_remove(session, NULL);
  err = (sparkc_error){0};
  CHECK_INT(sparkc_extension_add(session, &(sparkc_extension){"type/x", "", 0}, &err), SPARKC_OK);
}

/* ---- compressed plans ------------------------------------------------------------------------ */

#define THRESHOLD "spark.connect.session.planCompression.threshold"
#define ALGORITHM "spark.connect.session.planCompression.defaultAlgorithm"
#define SETTINGS(...) script_settings((const char *const[]){__VA_ARGS__, NULL})

static int run_long(size_t size, sparkc_error *err)
{
  char *text = gni_alloc_zero(test_alloc(), size + 1);
  sparkc_dataframe *df = NULL;
  memset(text, 'x', size);
  int rc = sparkc_sql(session, text, &df, err);
  sparkc_dataframe_free(df);
  gni_free(test_alloc(), text, size + 1);
  return rc;
}

enum { PLAN = 3, COMMAND = 2, COMPRESSED = 3, DATA = 1 };

static void a_large_plan_goes_as_a_zstd_frame(void)
{
  sparkc_error err = {0};
  const script_answer ok = {.method = "ExecutePlan", .messages = {script_complete("r1")}};
  PLAY(ok, {.method = "Config", .messages = {SETTINGS(THRESHOLD, "90000", ALGORITHM, "ZSTD")}}, ok,
       ok);
  CHECK_INT(run_long(60000, &err), SPARKC_OK);
  CHECK_INT(run_long(80000, &err), SPARKC_OK);
  CHECK(SENT(PLAN, COMMAND).ptr != NULL || play.request_len == sizeof play.request);
  CHECK_INT(run_long(100000, &err), SPARKC_OK);
  gn_str frame = SENT(PLAN, COMPRESSED, DATA), whole = SENT(PLAN, COMPRESSED);
  CHECK(frame.len > 10 && frame.len < 1000);
  CHECK(memcmp(frame.ptr, "\x28\xB5\x2F\xFD", 4) == 0);
  CHECK(memcmp(whole.ptr + whole.len - 4, "\x10\x02\x18\x01", 4) == 0); /* a command, by zstd */
  CHECK_TEXT(play.log, "ExecutePlan all Config ExecutePlan all ExecutePlan all");
}

static void a_server_that_knows_no_compression_is_asked_once(void)
{
  sparkc_error err = {0};
  const script_answer ok = {.method = "ExecutePlan", .messages = {script_complete("r1")}};
  PLAY({.method = "Config", .code = GNI_GRPC_INTERNAL, .text = "what is that"}, ok, ok);
  CHECK_INT(run_long(100000, &err), SPARKC_OK);
  CHECK_INT(run_long(100000, &err), SPARKC_OK);
  CHECK_TEXT(play.log, "Config ExecutePlan all ExecutePlan all");
}

static void a_server_that_cannot_read_it_gets_no_more_of_them(void)
{
  const char *const metadata[] = {"errorClass", "CONNECT_INVALID_PLAN.CANNOT_PARSE", NULL};
  sparkc_error err = {0};
  PLAY({.method = "Config", .messages = {SETTINGS(THRESHOLD, "0", ALGORITHM, "ZSTD")}},
       {.method = "ExecutePlan",
        .code = GNI_GRPC_INTERNAL,
        .text = "[CONNECT_INVALID_PLAN.CANNOT_PARSE] no",
        .details = script_error_info(metadata)},
       {.method = "ExecutePlan", .messages = {script_complete("r1")}});
  CHECK_INT(run_long(100000, &err), SPARKC_E_REMOTE);
  CHECK_INT(err.retryable, 1);
  CHECK_TEXT(err.hint, "plans are no longer compressed in this session: try again");
  sparkc_error_clear(&err);
  CHECK_INT(run_long(100000, &err), SPARKC_OK);
  CHECK_INT(play.request_len, sizeof play.request);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void the_end_is_told_once_whatever_it_was(void)
{
  sparkc_error err = {0};
  sparkc_dataframe *df;
  sparkc_result *result;
  struct ArrowArray batch;
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true), script_complete("r2")}},
       {.method = "ExecutePlan", .code = GNI_GRPC_INTERNAL, .text = "no"},
       {.method = "ExecutePlan", .messages = {script_batch("r1", 0, 3, true)}});
  CHECK_INT(run(NULL, &err), SPARKC_OK);
  CHECK_TEXT(told, "finished ");
  CHECK_INT(run(NULL, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(told, "finished finished ");
  CHECK_INT(sparkc_range(session, 0, 9, 1, 0, &df, NULL), SPARKC_OK);
  CHECK_INT(sparkc_execute(df, NULL, &result, NULL), SPARKC_OK);
  CHECK_INT(sparkc_result_next(result, &batch, NULL), SPARKC_OK);
  batch.release(&batch);
  sparkc_result_close(result);
  sparkc_dataframe_free(df);
  CHECK_TEXT(told, "finished finished finished ");
  sparkc_error_clear(&err);
}

static void metrics_are_told_with_names_for_all(void)
{
  /* {name "o", values {long 7}, {long 8}, key "k", plan_id 3}: the second has no key */
  gn_str observed = GN_STR("\x0a\x01o\x12\x02\x38\x07\x12\x02\x38\x08\x1a\x01k\x20\x03");
  /* {{name "Range", plan_id 5, {key "rows", {value 9, type "sum"}}}} */
  gn_str metrics = GN_STR("\x0a\x1a\x0a\x05Range\x10\x05\x22\x0f\x0a\x04rows\x12\x07\x10\x09\x1a"
                          "\x03sum");
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_member("r1", 6, observed), script_member("r2", 4, metrics),
                     script_complete("r3")}});
  CHECK_INT(run(NULL, &err), SPARKC_OK);
  CHECK_TEXT(told, "o.k=7@3 o.observed_metric_1=8@3 Range@5.rows=9(sum) finished ");
}

int main(void)
{
  static const test_case cases[] = {
      {"extensions travel with every call", extensions_travel_with_every_call},
      {"an operation may carry its own", an_operation_may_carry_its_own},
      {"a session carries sixteen at most", a_session_carries_sixteen_at_most},
      {"a large plan goes as a zstd frame", a_large_plan_goes_as_a_zstd_frame},
      {"a server that knows no compression is asked once",
       a_server_that_knows_no_compression_is_asked_once},
      {"a server that cannot read it gets no more of them",
       a_server_that_cannot_read_it_gets_no_more_of_them},
      {"the end is told once, whatever it was", the_end_is_told_once_whatever_it_was},
      {"metrics are told, with names for all", metrics_are_told_with_names_for_all},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
