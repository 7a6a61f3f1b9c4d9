/* Operations and small calls against a script: cuts, storms, damage. SPDX-License-Identifier:
 * Apache-2.0 */
#include <stdio.h>

#include "data/data.h"
#include "kit/kit.h"
#include "script.h"
#include "sparkconnect/plan.h"
#include "wire/proto.h"

static script play;
static sparkc_session *session;

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
  CHECK_INT(sparkp_session_open_over(SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &alloc),
                                     &script_transport, &play, &session, &err),
            SPARKC_OK);
  test_later(close_session, NULL);
}

#define PLAY(...)                                                                                  \
  const script_answer answers[] = {__VA_ARGS__};                                                   \
  open_over(answers, sizeof answers / sizeof *answers)

/* Runs a range over the script; the sum of the ids, how many, and what went wrong. */
static int run(const sparkc_execute_args *args, int64_t *rows, int64_t *sum, sparkc_error *err)
{
  struct ArrowArray batch = {.release = NULL};
  sparkc_dataframe *df;
  sparkc_result *result;
  *rows = *sum = 0;
  int rc = sparkc_range(session, 0, 100, 1, 0, &df, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_execute(df, args, &result, err);
  sparkc_dataframe_free(df);
  if (rc != SPARKC_OK) return rc;
  while ((rc = sparkc_result_next(result, &batch, err)) == SPARKC_OK && batch.release) {
    const int64_t *ids = batch.children[0]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++) *sum += ids[batch.children[0]->offset + i];
    *rows += batch.length;
    batch.release(&batch);
  }
  sparkc_result_close(result);
  return rc;
}

static void check_run(int64_t rows, int64_t sum, const char *log)
{
  int64_t got_rows, got_sum;
  sparkc_error err = {0};
  CHECK_INT(run(NULL, &got_rows, &got_sum, &err), SPARKC_OK);
  CHECK_INT(got_rows, rows);
  CHECK_INT(got_sum, sum);
  CHECK_TEXT(play.log, log);
}

/* ---- streams that end ------------------------------------------------------------------------ */

static void a_result_comes_whole(void)
{
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true), script_batch("r2", 3, 2, true),
                     script_complete("r3")}});
  check_run(5, 10, "ExecutePlan all");
}

static void a_stream_cut_by_the_server_goes_on_without_a_wait(void)
{
  PLAY({.method = "ExecutePlan", .messages = {script_batch("r1", 0, 3, true)}},
       {.method = "ReattachExecute"},
       {.method = "ReattachExecute", .messages = {script_batch("r2", 3, 2, true)}},
       {.method = "ReattachExecute", .messages = {script_complete("r3")}});
  check_run(5, 10, "ExecutePlan ReattachExecute@r1 ReattachExecute@r1 ReattachExecute@r2 all");
  CHECK_INT(play.wait_count, 0);
}

static void a_broken_stream_goes_on_after_a_wait(void)
{
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true)},
        .code = GNI_GRPC_UNAVAILABLE,
        .text = "reset"},
       {.method = "ReattachExecute", .unreachable = true},
       {.method = "ReattachExecute",
        .messages = {script_batch("r2", 3, 2, true), script_complete("r3")}});
  check_run(5, 10, "ExecutePlan ReattachExecute@r1 ReattachExecute@r1 all");
  CHECK_INT(play.wait_count, 2);
  CHECK_INT(play.waits_us[0], 50000);
  CHECK_INT(play.waits_us[1], 200000);
}

static void a_stream_that_was_taken_over_goes_on(void)
{
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 1, true)},
        .code = GNI_GRPC_INTERNAL,
        .text = "[INVALID_CURSOR.DISCONNECTED] The cursor is taken"},
       {.method = "ReattachExecute", .messages = {script_complete("r2")}});
  check_run(1, 0, "ExecutePlan ReattachExecute@r1 all");
}

static void an_operation_the_server_never_saw_is_sent_again(void)
{
  PLAY({.method = "ExecutePlan", .code = GNI_GRPC_UNAVAILABLE, .text = "reset"},
       {.method = "ReattachExecute",
        .code = GNI_GRPC_INTERNAL,
        .text = "[INVALID_HANDLE.OPERATION_NOT_FOUND] no such operation"},
       {.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 2, true), script_complete("r2")}});
  check_run(2, 1, "ExecutePlan ReattachExecute@ ExecutePlan all");
  CHECK_INT(play.wait_count, 1);
}

static void an_operation_that_is_gone_after_rows_came_is_a_failure(void)
{
  int64_t rows, sum;
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 2, true)},
        .code = GNI_GRPC_UNAVAILABLE,
        .text = "reset"},
       {.method = "ReattachExecute",
        .code = GNI_GRPC_INTERNAL,
        .text = "[INVALID_HANDLE.OPERATION_NOT_FOUND] no such operation"});
  CHECK_INT(run(NULL, &rows, &sum, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "INVALID_HANDLE.OPERATION_NOT_FOUND");
  CHECK_INT(rows, 2);
  CHECK_INT(err.retryable, 0);
  sparkc_error_clear(&err);
}

static void without_reattaching_rows_never_come_twice(void)
{
  int64_t rows, sum;
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 2, true)},
        .code = GNI_GRPC_UNAVAILABLE,
        .text = "reset"});
  CHECK_INT(run(SPARKC_EXECUTE_ARGS(.not_reattachable = 1), &rows, &sum, &err), SPARKC_E_TRANSPORT);
  CHECK_INT(rows, 2);
  CHECK_INT(err.status, GNI_GRPC_UNAVAILABLE);
  CHECK_TEXT(play.log, "ExecutePlan");
}

/* ---- storms ---------------------------------------------------------------------------------- */

static void a_storm_ends_after_fifteen_attempts(void)
{
  script_answer storm[20];
  sparkc_error err = {0};
  for (size_t i = 0; i < 20; i++)
    storm[i] =
        (script_answer){.method = "AnalyzePlan", .code = GNI_GRPC_UNAVAILABLE, .text = "the storm"};
  open_over(storm, 20);
  char *version;
  CHECK_INT(sparkc_session_version(session, &version, &err), SPARKC_E_TRANSPORT);
  CHECK_INT(err.retryable, 1);
  CHECK_TEXT(err.message, "the storm");
  CHECK_INT(play.wait_count, 15);
  static const int64_t least[] = {50000, 200000, 800000, 3200000, 12800000, 51200000, 60000000};
  for (size_t i = 0; i < 15; i++) {
    int64_t base = least[i < 6 ? i : 6];
    CHECK(play.waits_us[i] >= base);
    CHECK(play.waits_us[i] < base + (base < 2000000 ? 1 : 500000));
  }
  sparkc_error_clear(&err);
}

static void the_server_may_ask_for_a_longer_wait(void)
{
  char *version;
  sparkc_error err = {0};
  PLAY({.method = "AnalyzePlan",
        .code = GNI_GRPC_INTERNAL,
        .text = "later",
        .details = script_retry_info(7)},
       {.method = "AnalyzePlan",
        .messages = {GN_STR("\x42\x07\x0a\x05"
                            "4.1.1")}});
  CHECK_INT(sparkc_session_version(session, &version, &err), SPARKC_OK);
  CHECK_TEXT(version, "4.1.1");
  sparkc_text_free(session, version);
  CHECK(play.waits_us[0] >= 7000000 && play.waits_us[0] < 7500000);
}

static void a_deadline_ends_the_attempts(void)
{
  script_answer storm[20];
  int64_t rows, sum;
  sparkc_error err = {0};
  for (size_t i = 0; i < 20; i++)
    storm[i] =
        (script_answer){.method = i ? "ReattachExecute" : "ExecutePlan", .unreachable = true};
  open_over(storm, 20);
  CHECK_INT(run(SPARKC_EXECUTE_ARGS(.timeout_ms = 2000), &rows, &sum, &err), SPARKC_E_TRANSPORT);
  CHECK_INT(play.now_us, 50000 + 200000 + 800000);
}

/* ---- SQL ------------------------------------------------------------------------------------- */

#define SOME_UUID "00000000-0000-4000-8000-000000000001"

/* Runs "select 1" over the script. */
static int run_sql(const sparkc_execute_args *args, sparkc_error *err)
{
  const sparkc_field text = {"query", SPARKC_TEXT("select 1")};
  sparkc_dataframe *query, *answer;
  CHECK_INT(sparkc_relation(session, "sql", &text, 1, &query, err), SPARKC_OK);
  int rc = sparkc_sql_run(query, args, &answer, err);
  sparkc_dataframe_free(query);
  sparkc_dataframe_free(answer);
  return rc;
}

static void a_statement_runs_under_the_id_it_is_given(void)
{
  gni_proto_field id; /* ExecutePlanRequest: operation_id 6 */
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan", .messages = {script_complete("r1")}});
  CHECK_INT(run_sql(SPARKC_EXECUTE_ARGS(.operation_id = SOME_UUID), &err), SPARKC_OK);
  CHECK_OK(gni_proto_find((gn_str){play.request, play.request_len}, 6, &id), NULL);
  CHECK(gni_str_is(gni_proto_bytes(&id), SOME_UUID));
}

static void a_command_runs_under_the_id_it_is_given(void)
{
  const sparkc_field drop[] = {{"name", SPARKC_TEXT("v")}};
  char made[SPARKC_UUID_BYTES], other[SPARKC_UUID_BYTES];
  gni_proto_field id;
  sparkc_error err = {0};
  CHECK_INT(sparkc_uuid(made, &err), SPARKC_OK);
  CHECK_INT(sparkc_uuid(other, &err), SPARKC_OK);
  CHECK(strcmp(made, other) != 0);
  PLAY({.method = "ExecutePlan", .messages = {script_complete("r1")}});
  CHECK_INT(sparkc_command_run(session, "create_dataframe_view", drop, 1,
                               SPARKC_EXECUTE_ARGS(.operation_id = made), NULL, &err),
            SPARKC_OK);
  CHECK_OK(gni_proto_find((gn_str){play.request, play.request_len}, 6, &id), NULL);
  CHECK(gni_str_is(gni_proto_bytes(&id), made));
}

static void an_id_that_is_none_is_refused_before_it_is_sent(void)
{
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan", .messages = {script_complete("r1")}});
  CHECK_INT(run_sql(SPARKC_EXECUTE_ARGS(.operation_id = "7"), &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "the operation id '7' is no UUID");
  CHECK_TEXT(play.log, "");
}

static void a_statement_ends_at_its_deadline(void)
{
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan", .unreachable = true},
       {.method = "ReattachExecute", .unreachable = true});
  CHECK_INT(run_sql(SPARKC_EXECUTE_ARGS(.timeout_ms = 100), &err), SPARKC_E_TRANSPORT);
  CHECK_INT(play.now_us, 50000);
}

/* ---- what the server says -------------------------------------------------------------------- */

static void a_failure_has_its_class_state_and_parameters(void)
{
  const char *const metadata[] = {"errorClass",
                                  "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                                  "sqlState",
                                  "42703",
                                  "messageParameters",
                                  "{\"objectName\":\"`x`\",\"proposal\":\"`y`\"}",
                                  NULL};
  int64_t rows, sum;
  sparkc_error err = {0};
  const char *name, *value;
  PLAY({.method = "ExecutePlan",
        .code = GNI_GRPC_INTERNAL,
        .text = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] no x",
        .details = script_error_info(metadata)});
  CHECK_INT(run(NULL, &rows, &sum, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
  CHECK_TEXT(err.sqlstate, "42703");
  CHECK_INT(sparkc_error_parameter(&err, 1, &name, &value), 1);
  CHECK_TEXT(name, "proposal");
  CHECK_TEXT(value, "`y`");
  CHECK_INT(sparkc_error_parameter(&err, 2, &name, &value), 0);
  CHECK_TEXT(sparkc_code_kind(err.code), "remote");
  sparkc_error_clear(&err);
}

static void statuses_have_kinds(void)
{
  static const struct {
    int status, code;
    bool again;
  } cases[] = {{GNI_GRPC_UNAUTHENTICATED, SPARKC_E_TRANSPORT, false},
               {GNI_GRPC_PERMISSION_DENIED, SPARKC_E_TRANSPORT, false},
               {GNI_GRPC_RESOURCE_EXHAUSTED, SPARKC_E_LIMIT, false},
               {GNI_GRPC_UNIMPLEMENTED, SPARKC_E_UNSUPPORTED, false},
               {GNI_GRPC_DEADLINE_EXCEEDED, SPARKC_E_TIMEOUT, false},
               {GNI_GRPC_INTERNAL, SPARKC_E_REMOTE, false},
               {GNI_GRPC_UNAVAILABLE, SPARKC_E_TRANSPORT, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const gni_h2_status status = {cases[i].status, GN_STR("words"), {0}, true};
    sparkp_failure failure;
    sparkp_failure_from(&status, test_alloc(), &failure);
    CHECK_INT(failure.error.code, cases[i].code);
    CHECK_INT(failure.error.retryable, cases[i].again);
    CHECK_INT(failure.error.status, cases[i].status);
  }
}

static void a_restarted_server_ends_the_session(void)
{
  char *version;
  sparkc_error err = {0};
  PLAY({.method = "Config", .messages = {script_small(4, "server-1")}},
       {.method = "Config", .messages = {script_small(4, "server-2")}});
  CHECK_INT(sparkc_config_unset(session, "a", &err), SPARKC_OK);
  CHECK_INT(sparkc_config_unset(session, "a", &err), SPARKC_E_CLOSED);
  CHECK_TEXT(err.message, "the server was started anew: the session is gone");
  err = (sparkc_error){0};
  CHECK_INT(sparkc_session_version(session, &version, &err), SPARKC_E_CLOSED);
  CHECK_TEXT(play.log, "Config Config");
}

static void a_cancelled_operation_says_so(void)
{
  int64_t rows, sum;
  sparkc_error err = {0};
  const char *const metadata[] = {"errorClass", "OPERATION_CANCELED", "sqlState", "HY008", NULL};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 1, true)},
        .code = GNI_GRPC_INTERNAL,
        .text = "[OPERATION_CANCELED] Operation has been canceled.",
        .details = script_error_info(metadata)});
  CHECK_INT(run(NULL, &rows, &sum, &err), SPARKC_E_CANCELLED);
  CHECK_TEXT(err.sqlstate, "HY008");
}

static void cancelling_interrupts_on_the_server_and_ends_the_wait(void)
{
  struct ArrowArray batch;
  sparkc_dataframe *df;
  sparkc_result *result;
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true), script_batch("r2", 3, 3, true)}},
       {.method = "Interrupt", .messages = {script_small(3, "server-1")}});
  CHECK_INT(sparkc_range(session, 0, 6, 1, 0, &df, &err), SPARKC_OK);
  CHECK_INT(sparkc_execute(df, NULL, &result, &err), SPARKC_OK);
  CHECK_INT(sparkc_result_next(result, &batch, &err), SPARKC_OK);
  batch.release(&batch);
  CHECK_INT(sparkc_result_cancel(result, &err), SPARKC_OK);
  CHECK_INT(sparkc_result_next(result, &batch, &err), SPARKC_E_CANCELLED);
  CHECK_TEXT(err.message, "the operation was cancelled");
  CHECK_TEXT(play.log, "ExecutePlan Interrupt all");
  sparkc_result_close(result);
  sparkc_dataframe_free(df);
}

static void a_server_that_was_never_reached_is_not_asked_to_end_the_session(void)
{
  const script_answer none = {.method = "Config", .unreachable = true};
  sparkc_error err = {0};
  script own = {.answers = &none, .count = 1, .alloc = test_alloc()};
  sparkc_session *s;
  CHECK_INT(
      sparkp_session_open_over(SPARKC_SESSION_ARGS(.url = "sc://localhost", .retries_max = -1),
                               &script_transport, &own, &s, &err),
      SPARKC_OK);
  CHECK_INT(sparkc_config_unset(s, "a", &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, "connection refused");
  sparkc_session_close(s);
  CHECK_TEXT(own.log, "Config");
}

/* What was sent by the time the session is closed, when so many releases are lost on their way. */
static void check_releases(int lost, bool keep, const char *log)
{
  const script_answer answers[] = {
      {.method = "ExecutePlan",
       .messages = {script_batch("r1", 0, 3, true), script_complete("r2")}},
      {.method = "ReleaseSession", .messages = {script_small(2, "server-1")}}};
  int64_t rows, sum;
  sparkc_error err = {0};
  open_over(answers, 2);
  play.releases_lost = lost;
  session->keep = keep;
  CHECK_INT(run(NULL, &rows, &sum, &err), SPARKC_OK);
  CHECK_INT(rows, 3);
  close_session(NULL);
  CHECK_TEXT(play.log, log);
}

static void a_release_that_is_lost_is_sent_once_more(void)
{
  check_releases(0, true, "ExecutePlan all");
  check_releases(1, true, "ExecutePlan all all");
  check_releases(2, true, "ExecutePlan all all");
}

static void a_lost_release_goes_with_its_session(void)
{
  check_releases(1, false, "ExecutePlan all ReleaseSession");
}

static void a_session_of_ours_is_ended_on_the_server(void)
{
  sparkc_error err = {0};
  const script_answer answers[] = {
      {.method = "Config", .messages = {script_small(4, "server-1")}},
      {.method = "ReleaseSession", .messages = {script_small(2, "server-1")}}};
  script own = {.answers = answers, .count = 2, .alloc = test_alloc()};
  sparkc_session *s;
  CHECK_INT(sparkp_session_open_over(SPARKC_SESSION_ARGS(.url = SCRIPT_URL), &script_transport,
                                     &own, &s, &err),
            SPARKC_OK);
  s->keep = false; /* the script knows its id, as if we had made it up */
  CHECK_INT(sparkc_config_unset(s, "a", &err), SPARKC_OK);
  sparkc_session_close(s);
  CHECK_TEXT(own.log, "Config ReleaseSession");
}

/* ---- chunks and damage ----------------------------------------------------------------------- */

static void chunks_are_joined(void)
{
  PLAY({.method = "ExecutePlan",
        .messages = {script_chunk("r1", 40, 0, 3), script_chunk("r2", 40, 1, 3),
                     script_chunk("r3", 40, 2, 3), script_complete("r4")}});
  check_run(40, 780, "ExecutePlan all");
}

static void check_damage(const script_answer *answers, size_t count, const char *message)
{
  int64_t rows, sum;
  sparkc_error err = {0};
  open_over(answers, count);
  CHECK_INT(run(NULL, &rows, &sum, &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, message);
  close_session(NULL);
}

static void what_does_not_fit_together_is_damage(void)
{
  const script_answer lost_chunk = {
      .method = "ExecutePlan",
      .messages = {script_chunk("r1", 40, 0, 3), script_chunk("r2", 40, 2, 3)}};
  const script_answer between = {
      .method = "ExecutePlan",
      .messages = {script_chunk("r1", 40, 0, 3), script_batch("r2", 0, 1, false)}};
  const script_answer ended = {.method = "ExecutePlan",
                               .messages = {script_chunk("r1", 40, 0, 3), script_complete("r2")}};
  const script_answer twice = {
      .method = "ExecutePlan",
      .messages = {script_batch("r1", 0, 3, true), script_batch("r2", 0, 3, true)}};
  const script_answer garbage = {.method = "ExecutePlan", .messages = {GN_STR("\xff\xff\xff")}};
  check_damage(&lost_chunk, 1, "the server's answer is damaged: a chunk is missing");
  check_damage(&between, 1,
               "the server's answer is damaged: a batch came between the chunks of another");
  check_damage(&ended, 1, "the server's answer is damaged: a chunk is missing");
  check_damage(&twice, 1, "the server's answer is damaged: rows are missing, or came twice");
  check_damage(&garbage, 1, "the server's answer is damaged");
}

static void a_ceiling_of_rows_names_its_option(void)
{
  int64_t rows, sum;
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true), script_batch("r2", 3, 3, true),
                     script_complete("r3")}});
  CHECK_INT(run(SPARKC_EXECUTE_ARGS(.rows_max = 5), &rows, &sum, &err), SPARKC_E_LIMIT);
  CHECK_TEXT(err.message, "there are more than rows_max = 5 rows");
  CHECK_TEXT(play.log, "ExecutePlan all");
}

static void a_batch_outlives_its_session(void)
{
  struct ArrowArray batch;
  sparkc_dataframe *df;
  sparkc_result *result;
  sparkc_error err = {0};
  PLAY({.method = "ExecutePlan",
        .messages = {script_batch("r1", 0, 3, true), script_complete("r2")}});
  CHECK_INT(sparkc_range(session, 0, 3, 1, 0, &df, &err), SPARKC_OK);
  CHECK_INT(sparkc_execute(df, NULL, &result, &err), SPARKC_OK);
  CHECK_INT(sparkc_result_next(result, &batch, &err), SPARKC_OK);
  sparkc_result_close(result);
  sparkc_dataframe_free(df);
  close_session(NULL);
  CHECK_INT(((const int64_t *)batch.children[0]->buffers[1])[2], 2);
  batch.release(&batch);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void a_relation_of_the_server_is_sent_back_byte_for_byte(void)
{
  const char *const inputs[] = {"\x0a\x02\x10\x05\x52\x03\x0a\x01q", "",
                                "\xf2\x3e\x02xy\x08\x96\x01"};
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    gn_str bytes = gni_str(inputs[i]);
    uint8_t packed[32];
    sparkp_node *relation;
    sparkc_error err = {0};
    CHECK_INT(sparkp_relation_opaque(test_alloc(), bytes, SPARKC_E_TRANSPORT, &relation, &err),
              SPARKC_OK);
    CHECK_INT(protobuf_c_message_get_packed_size(&relation->message.base), bytes.len);
    protobuf_c_message_pack(&relation->message.base, packed);
    CHECK(memcmp(packed, bytes.ptr, bytes.len) == 0);
    sparkp_node_unref(relation);
  }
}

static void a_plan_that_is_too_deep_is_refused_before_it_is_sent(void)
{
  sparkc_dataframe *df, *next;
  sparkc_error err = {0};
  int64_t rows;
  PLAY({.method = "ExecutePlan"});
  CHECK_INT(sparkc_range(session, 0, 3, 1, 0, &df, &err), SPARKC_OK);
  for (int i = 0; i < 600; i++) {
    CHECK_INT(sparkc_limit(df, 1, &next, &err), SPARKC_OK);
    sparkc_dataframe_free(df);
    df = next;
  }
  CHECK_INT(sparkc_count(df, &rows, &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "the plan has 1204 levels, and a server reads 1000");
  CHECK_TEXT(play.log, "");
  sparkc_dataframe_free(df);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const script_answer *oom_answers;
static size_t oom_count;

static void one_run_with(const gn_alloc *alloc)
{
  script own = {.answers = oom_answers, .count = oom_count, .alloc = alloc};
  const sparkc_alloc hooks = {alloc->resize, alloc->user};
  sparkc_session *s;
  sparkc_dataframe *df, *selected;
  sparkc_error err = {0};
  struct ArrowArrayStream stream;
  struct ArrowArray batch;
  const char *names[] = {"id", "*"};
  if (sparkp_session_open_over(SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &hooks),
                               &script_transport, &own, &s, &err) != SPARKC_OK)
    return;
  s->retries_max = 0;
  if (sparkc_tag_add(s, "night", &err) == SPARKC_OK &&
      sparkc_sql(s, "select 1", &df, &err) == SPARKC_OK) {
    if (sparkc_select_names(df, names, 2, &selected, &err) == SPARKC_OK) {
      if (sparkc_collect(selected, NULL, &stream, &err) == SPARKC_OK) {
        while (stream.get_next(&stream, &batch) == 0 && batch.release) batch.release(&batch);
        stream.release(&stream);
      }
      sparkc_dataframe_free(selected);
    }
    sparkc_dataframe_free(df);
  }
  sparkc_error_clear(&err);
  sparkc_session_close(s);
}

static void every_failed_allocation_is_survived(void)
{
  const script_answer answers[] = {
      {.method = "ExecutePlan",
       .messages = {script_member("r1", 5, GN_STR("\x0a\x06\x52\x04\x0a\x02qq")),
                    script_complete("r2")}},
      {.method = "ExecutePlan",
       .messages = {script_chunk("r1", 40, 0, 2), script_chunk("r2", 40, 1, 2),
                    script_complete("r3")}}};
  oom_answers = answers;
  oom_count = 2;
  CHECK(test_each_oom(one_run_with) > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"a result comes whole", a_result_comes_whole},
      {"a stream cut by the server goes on without a wait",
       a_stream_cut_by_the_server_goes_on_without_a_wait},
      {"a broken stream goes on after a wait", a_broken_stream_goes_on_after_a_wait},
      {"a stream that was taken over goes on", a_stream_that_was_taken_over_goes_on},
      {"an operation the server never saw is sent again",
       an_operation_the_server_never_saw_is_sent_again},
      {"an operation that is gone after rows came is a failure",
       an_operation_that_is_gone_after_rows_came_is_a_failure},
      {"without reattaching, rows never come twice", without_reattaching_rows_never_come_twice},
      {"a storm ends after fifteen attempts", a_storm_ends_after_fifteen_attempts},
      {"the server may ask for a longer wait", the_server_may_ask_for_a_longer_wait},
      {"a deadline ends the attempts", a_deadline_ends_the_attempts},
      {"a statement runs under the id it is given", a_statement_runs_under_the_id_it_is_given},
      {"a command runs under the id it is given", a_command_runs_under_the_id_it_is_given},
      {"an id that is none is refused before it is sent",
       an_id_that_is_none_is_refused_before_it_is_sent},
      {"a statement ends at its deadline", a_statement_ends_at_its_deadline},
      {"a failure has its class, state and parameters",
       a_failure_has_its_class_state_and_parameters},
      {"statuses have kinds", statuses_have_kinds},
      {"a restarted server ends the session", a_restarted_server_ends_the_session},
      {"a cancelled operation says so", a_cancelled_operation_says_so},
      {"cancelling interrupts on the server and ends the wait",
       cancelling_interrupts_on_the_server_and_ends_the_wait},
      {"a server that was never reached is not asked to end the session",
       a_server_that_was_never_reached_is_not_asked_to_end_the_session},
      {"a release that is lost is sent once more", a_release_that_is_lost_is_sent_once_more},
      {"a lost release goes with its session", a_lost_release_goes_with_its_session},
      {"a session of ours is ended on the server", a_session_of_ours_is_ended_on_the_server},
      {"chunks are joined", chunks_are_joined},
      {"what does not fit together is damage", what_does_not_fit_together_is_damage},
      {"a ceiling of rows names its option", a_ceiling_of_rows_names_its_option},
      {"a batch outlives its session", a_batch_outlives_its_session},
      {"a relation of the server is sent back byte for byte",
       a_relation_of_the_server_is_sent_back_byte_for_byte},
      {"a plan that is too deep is refused before it is sent",
       a_plan_that_is_too_deep_is_refused_before_it_is_sent},
      {"every failed allocation is survived", every_failed_allocation_is_survived},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
