/* Every verb with the nth allocation failing: it says so, gives everything back, and leaves nothing
 * half done. What the engine allocates by itself does not fail. SPDX-License-Identifier: Apache-2.0
 */
#include "flow/flow_kit.h"

#include <gnomon/inspect.h>
#include <gnomon/test.h>
#include <inttypes.h>
#include <stdio.h>

static const char conf[] = "team.sums.v1";
static const char *repo, *output_folder, *upload_folder;
static uint64_t output_digests[2], upload_digest;

/* ---- the world ---- */

static void write_events(void)
{
  gn_buf text;
  gni_buf_init(&text, test_alloc(), 1 << 16);
  for (int day = 0; day < 2; day++) {
    gni_buf_reset(&text);
    gni_buf_add_text(&text, "user,amount,ts\n");
    for (int i = 0; i < 6; i++)
      gni_buf_add_format(&text, "u%d,%d.5,%" PRId64 "\n", i / 2, i + 10 * day,
                         (INT64_C(19800) + day) * GN_DAY_MS + i * 1000);
    test_write_file(flow_path("warehouse/ns/events/ds=2024-03-%d/part.csv", 18 + day), text.ptr);
  }
  gni_buf_deinit(&text);
}

static void make_world(void)
{
  FLOW_GROUP(.name = conf, .metadata = ",\"tableProperties\":{\"owner\":\"us\"}",
             .more = ",\"accuracy\":0,\"backfillStartDate\":\"2024-03-18\",\"derivations\":["
                     "{\"name\":\"*\",\"expression\":\"*\"},"
                     "{\"name\":\"double_sum\",\"expression\":\"amount_sum_1d * 2\"}]");
  flow_write("teams.json", "{\"default\":{},\"team\":{\"namespace\":\"ns\",\"production\":{"
                           "\"backfill\":{\"EXECUTOR_CORES\":\"1\"}}}}");
  flow_write("gnomon.toml",
             "[compat]\nboundary = \"exact\"\n[tables.\"ns.other\"]\npath = \"x\"\n");
  flow_write("sums.test.yaml",
             "conf: team.sums.v1\n"
             "given: {ns.events: [{user: u1, amount: 1.5, ts: 2024-03-18T10:00}]}\n"
             "tests:\n"
             "  - name: amounts are added\n"
             "    partial: true\n"
             "    batch: [{ds: 2024-03-18, user: u1, amount_sum_1d: 1.5, double_sum: 3.0}]\n"
             "    online: [{at: 2024-03-19T08:00, keys: {user: u1}, values: {double_sum: 3.0}}]\n");
  write_events();
  repo = flow_repo();
  output_folder = flow_path("warehouse/ns/team_sums_v1");
  upload_folder = flow_path("warehouse/ns/team_sums_v1_upload");
}

static gn_session *open_session(const gn_alloc *alloc)
{
  gn_session_args args = {.struct_size = sizeof args,
                          .repo = repo,
                          .threads = 1,
                          .memory_bytes = INT64_C(200) << 20,
                          .clock_ms = INT64_C(19803) * GN_DAY_MS,
                          .alloc = alloc};
  gn_session *session;
  gn_error err = {0};
  int rc = gn_session_open(&args, &session, &err);
  CHECK_INT(rc, err.code);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  return session;
}

/* Done, or refused for want of memory, with words for it. */
static void check_answer(int rc, const gn_error *err)
{
  if (rc == GN_OK) return;
  if (rc != GN_E_NOMEM)
    test_fail(__FILE__, __LINE__, "%s: %s: %s", gn_code_name(rc), err->where, err->message);
  CHECK_INT(err->code, rc);
  CHECK(err->message[0] != '\0');
}

static void nothing_is_left_over(void)
{
  CHECK_INT(flow_named(repo, "tmp"), 0);
  CHECK_INT(flow_named(repo, ".engine"), 0);
}

/* ---- the verbs ---- */

static int backfill_now(gn_session *session, gn_error *err)
{
  gn_backfill_report report;
  return gn_backfill(session, GN_BACKFILL_ARGS(.conf = conf, .end_ds = "2024-03-19"), &report, err);
}

static int upload_now(gn_session *session, gn_error *err)
{
  gn_upload_report report;
  return gn_upload(session, GN_UPLOAD_ARGS(.conf = conf, .ds = "2024-03-19"), &report, err);
}

static int plan_now(gn_session *session, gn_error *err)
{
  gn_text text;
  int rc = gn_plan(session, GN_BACKFILL_ARGS(.conf = conf, .end_ds = "2024-03-19"), &text, err);
  CHECK(rc != GN_OK || strstr(text.ptr, "\"partitions\":2,") != NULL);
  gn_text_free(&text);
  return rc;
}

static int validate_level(gn_session *session, int level, gn_error *err)
{
  gn_text text;
  int rc = gn_validate(session, (const char *[]){conf}, 1, level, GN_FORM_TEXT, &text, err);
  CHECK(rc != GN_OK || !strstr(text.ptr, "error"));
  gn_text_free(&text);
  return rc;
}

static int validate_definition(gn_session *session, gn_error *err)
{
  return validate_level(session, GN_LEVEL_DEFINITION, err);
}

static int validate_data(gn_session *session, gn_error *err)
{
  return validate_level(session, GN_LEVEL_DATA, err);
}

static int list_now(gn_session *session, gn_error *err)
{
  gn_text text;
  int rc = gn_list(session, &text, err);
  CHECK(rc != GN_OK || strstr(text.ptr, "\"name\":\"team.sums.v1\"") != NULL);
  gn_text_free(&text);
  return rc;
}

static int describe_now(gn_session *session, gn_error *err)
{
  gn_text text;
  int rc = gn_describe(session, conf, &text, err);
  CHECK(rc != GN_OK || strstr(text.ptr, "\"double_sum\"") != NULL);
  gn_text_free(&text);
  return rc;
}

static const char requests[] = "{\"keys\":{\"user\":\"u1\"}}\n{\"keys\":{\"user\":\"nobody\"}}\n";

static int fetch_now(gn_session *session, gn_error *err)
{
  gn_text text;
  int rc =
      gn_fetch_json(session, conf, requests, sizeof requests - 1, GN_ANSWER_EXPLICIT, &text, err);
  /* A request that ran out of memory says so in its own answer. */
  CHECK(rc != GN_OK || strstr(text.ptr, "\"amount_count\":4") || strstr(text.ptr, "NOMEM"));
  gn_text_free(&text);
  return rc;
}

static int get_now(gn_session *session, gn_error *err)
{
  gn_fetcher *fetcher;
  gn_cell key = {.kind = GN_CELL_TEXT, .len = 2, .as.text = "u1"}, features[5];
  char buffer[1024];
  int rc = gn_fetcher_open(session, conf, &fetcher, err);
  if (rc != GN_OK) return rc;
  CHECK_INT(gn_fetcher_feature(fetcher, 0, NULL), 5);
  rc = gn_fetcher_get(fetcher, &key, 1, INT64_C(19802) * GN_DAY_MS, features, 5, buffer,
                      sizeof buffer, err);
  if (rc == GN_OK) CHECK_INT(features[2].as.integer, 4);
  gn_fetcher_close(fetcher);
  return rc;
}

static int put_now(gn_session *session, gn_error *err)
{
  static const char event[] = "{\"ts\":1711000000000,\"row\":{\"user\":\"u9\",\"amount\":1.5}}\n";
  int64_t rows;
  int rc = gn_put_events(session, conf, event, sizeof event - 1, &rows, err);
  CHECK_INT(rows, rc == GN_OK);
  return rc;
}

static int metadata_now(gn_session *session, gn_error *err)
{
  int64_t count;
  return gn_metadata_upload(session, NULL, 0, &count, err);
}

static int sql_now(gn_session *session, gn_error *err)
{
  struct ArrowArrayStream rows;
  gn_text text;
  int rc = gn_sql(session, "SELECT count(*) AS n FROM ns.events", &rows, err);
  if (rc == GN_OK) rc = gn_render(&rows, GN_RENDER_CSV, 0, &text, err);
  if (rc != GN_OK) return rc;
  CHECK_TEXT(text.ptr, "n\n12\n");
  gn_text_free(&text);
  return rc;
}

static int describe_table_now(gn_session *session, gn_error *err)
{
  struct ArrowArrayStream rows;
  gn_text text;
  int rc = gn_sql(session, "DESCRIBE EXTENDED ns.events", &rows, err);
  if (rc == GN_OK) rc = gn_render(&rows, GN_RENDER_CSV, 0, &text, err);
  if (rc != GN_OK) return rc;
  CHECK(strstr(text.ptr, "amount,double,") != NULL);
  gn_text_free(&text);
  return rc;
}

/* ---- the cases ---- */

static int (*verb)(gn_session *session, gn_error *err);

static void run_verb(const gn_alloc *alloc)
{
  gn_session *session = open_session(alloc);
  gn_error err = {0};
  if (!session) return;
  check_answer(verb(session, &err), &err);
  gn_session_close(session);
}

static void reading_definitions_survives_every_failure(void)
{
  static int (*const verbs[])(gn_session *, gn_error *) = {list_now, describe_now,
                                                           validate_definition};
  make_world();
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    verb = verbs[i];
    CHECK(test_each_oom(run_verb) > 10);
  }
}

static void hear(void *user, const gn_finding *finding)
{
  (void)user;
  CHECK(finding->found != NULL);
}

static int examine_now(gn_session *session, gn_error *err)
{
  return gn_examine(session, hear, NULL, err);
}

static void reading_tables_survives_failures(void)
{
  static int (*const verbs[])(gn_session *, gn_error *) = {plan_now, validate_data, sql_now,
                                                           describe_table_now, examine_now};
  make_world();
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    verb = verbs[i];
    CHECK(test_some_oom(run_verb, 25) > 20);
    nothing_is_left_over();
  }
}

/* Each partition is not there, or as it should be. */
static void run_backfill(const gn_alloc *alloc)
{
  static const char days[2][16] = {"ds=2024-03-18", "ds=2024-03-19"};
  char path[4200];
  gni_folder_remove(output_folder, NULL);
  run_verb(alloc);
  for (int day = 0; day < 2; day++) {
    snprintf(path, sizeof path, "%s/%s", output_folder, days[day]);
    uint64_t digest = flow_digest(path);
    if (output_digests[day] == 0) output_digests[day] = digest; /* the first run has its memory */
    CHECK(digest == 0 || digest == output_digests[day]);
  }
  nothing_is_left_over();
}

static void a_backfill_survives_failures(void)
{
  make_world();
  verb = backfill_now;
  run_backfill(test_alloc());
  CHECK(output_digests[0] && output_digests[1]);
  CHECK(test_some_oom(run_backfill, 40) > 40);
}

static int incremental_now(gn_session *session, gn_error *err)
{
  gn_backfill_report report;
  return gn_backfill(
      session,
      GN_BACKFILL_ARGS(.conf = "team.daily.v1", .start_ds = "2024-03-18", .end_ds = "2024-03-19"),
      &report, err);
}

/* The daily table and what is made of it, from nothing. */
static void run_incremental(const gn_alloc *alloc)
{
  static uint64_t digests[2];
  static const char *const tables[] = {"team_daily_v1", "team_daily_v1_daily_inc"};
  char path[4200];
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/warehouse/ns/%s", repo, tables[i]);
    gni_folder_remove(path, NULL);
  }
  run_verb(alloc);
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/warehouse/ns/%s/ds=2024-03-19", repo, tables[i]);
    uint64_t digest = flow_digest(path);
    if (digests[i] == 0) digests[i] = digest;
    CHECK(digest == 0 || digest == digests[i]);
    CHECK(digests[i] != 0);
  }
  nothing_is_left_over();
}

static void an_incremental_backfill_survives_failures(void)
{
  make_world();
  FLOW_GROUP(.name = "team.daily.v1",
             .aggregations = "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{},"
                             "\"windows\":[{\"length\":1,\"timeUnit\":1},"
                             "{\"length\":2,\"timeUnit\":1}]},"
                             "{\"inputColumn\":\"amount\",\"operation\":13,"
                             "\"argMap\":{\"k\":\"3\"},"
                             "\"windows\":[{\"length\":2,\"timeUnit\":1}]}]",
             .more = ",\"accuracy\":1,\"isIncremental\":1");
  verb = incremental_now;
  run_incremental(test_alloc());
  CHECK(test_some_oom(run_incremental, 25) > 25);
}

/* What is in the store is there, old, or the same again. */
static void run_upload(const gn_alloc *alloc)
{
  run_verb(alloc);
  uint64_t digest = flow_digest(upload_folder);
  if (upload_digest == 0) upload_digest = digest;
  CHECK(digest == upload_digest);
  nothing_is_left_over();
}

static void an_upload_survives_failures(void)
{
  make_world();
  verb = upload_now;
  run_upload(test_alloc());
  CHECK(upload_digest != 0);
  CHECK(test_some_oom(run_upload, 40) > 40);
  gn_session *session = open_session(test_alloc());
  gn_error err = {0};
  CHECK_OK(get_now(session, &err), &err);
  gn_session_close(session);
}

static void what_is_online_survives_every_failure(void)
{
  static int (*const verbs[])(gn_session *, gn_error *) = {fetch_now, get_now, metadata_now,
                                                           put_now};
  make_world();
  verb = upload_now;
  run_verb(test_alloc());
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    verb = verbs[i];
    CHECK(test_each_oom(run_verb) > 10);
  }
  nothing_is_left_over();
}

static int test_now(gn_session *session, gn_error *err)
{
  gn_text told, wrong;
  gn_test_report report;
  gn_test_args args = {.struct_size = sizeof args};
  int rc = gn_test(session, &args, GN_FORM_TEXT, &told, &wrong, &report, err);
  if (rc == GN_OK) CHECK_TEXT(told.ptr, "ok    amounts are added\n1 passed, 0 failed\n");
  if (rc == GN_OK) CHECK_INT(report.passed, 1);
  gn_text_free(&told);
  gn_text_free(&wrong);
  return rc;
}

static void a_test_survives_failures(void)
{
  make_world();
  verb = test_now;
  run_verb(test_alloc());
  CHECK(test_some_oom(run_verb, 25) > 25);
  nothing_is_left_over();
}

int main(void)
{
  static const test_case cases[] = {
      {"reading definitions survives every failure", reading_definitions_survives_every_failure},
      {"reading tables survives failures", reading_tables_survives_failures},
      {"a backfill survives failures", a_backfill_survives_failures},
      {"an incremental backfill survives failures", an_incremental_backfill_survives_failures},
      {"an upload survives failures", an_upload_survives_failures},
      {"a test survives failures", a_test_survives_failures},
      {"what is online survives every failure", what_is_online_survives_every_failure},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
