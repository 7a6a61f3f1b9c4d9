/* Backfill and upload under kill -9: partitions and generations are old or new, never a mix, and
 * the next run mends all. SPDX-License-Identifier: Apache-2.0
 *
 * Each run is a process of its own that dies at a fault point, or after a random time. */
#include "flow/flow_kit.h"

#include <gnomon/inspect.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 100, USERS = 20, DAYS = 4 };

/* Two versions of the table of events, with the same users: `salt` tells them apart. */
static const char *write_events(const char *name, int salt)
{
  gn_buf text;
  gni_buf_init(&text, test_alloc(), 1 << 20);
  for (int day = 0; day < DAYS; day++) {
    gni_buf_reset(&text);
    gni_buf_add_text(&text, "user,amount,ts\n");
    for (int user = 0; user < USERS; user++)
      for (int i = 0; i < 3; i++)
        gni_buf_add_format(&text, "u%d,%d.25,%" PRId64 "\n", user, salt + user * 7 + day * 3 + i,
                           (INT64_C(19800) + day) * GN_DAY_MS + (user * 3 + i) * 60007);
    test_write_file(flow_path("%s/ds=%04d-%02d-%02d/part.csv", name, 2024, 3, 18 + day), text.ptr);
  }
  gni_buf_deinit(&text);
  return flow_path("%s", name);
}

/* ---- one run in a process of its own ---- */

enum verb { BACKFILL, UPLOAD, COMPACT };
struct run {
  enum verb verb;
  const char *repo, *events; /* the folder of the version that it reads */
};

static int compact(gn_session *session, gn_error *err)
{
  gn_text said;
  int rc = gn_store_compact(session, NULL, 0, GN_FORM_TEXT, &said, err);
  gn_text_free(&said);
  if (rc == GN_OK) rc = gn_store_gc(session, 0, GN_FORM_TEXT, &said, err);
  gn_text_free(&said);
  return rc;
}

static int do_run(const struct run *run)
{
  char table[4200];
  gn_session *session;
  gn_backfill_report filled;
  gn_upload_report uploaded;
  gn_error err = {0};
  snprintf(table, sizeof table, "ns.events=%s", run->events);
  gn_session_args args = {.struct_size = sizeof args,
                          .repo = run->repo,
                          .tables = (const char *[]){table},
                          .table_count = 1,
                          .threads = 1,
                          .memory_bytes = INT64_C(200) << 20};
  int rc = gn_session_open(&args, &session, &err);
  if (rc != GN_OK) return rc;
  if (run->verb == BACKFILL)
    rc = gn_backfill(session,
                     GN_BACKFILL_ARGS(.conf = "team.sums.v1", .start_ds = "2024-03-18",
                                      .end_ds = "2024-03-21", .step_days = 2, .run_first_hole = 1),
                     &filled, &err);
  else if (run->verb == COMPACT)
    rc = compact(session, &err);
  else
    rc = gn_upload(session, GN_UPLOAD_ARGS(.conf = "team.sums.v1", .ds = "2024-03-20"), &uploaded,
                   &err);
  gn_session_close(session);
  if (rc != GN_OK) fprintf(stderr, "%s: %s\n", err.where, err.message);
  return rc;
}

static pid_t start(const struct run *run, const char *fault)
{
  pid_t child = fork();
  CHECK(child >= 0);
  if (child > 0) return child;
  if (fault) setenv("GN_FAULT_AT", fault, 1);
  _exit(do_run(run) == GN_OK ? 0 : 1);
}

static void run_whole(const struct run *run)
{
  int status;
  pid_t child = start(run, NULL);
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK_INT(status, 0);
}

/* How the run dies: at a fault point, or after a time. */
struct death {
  char fault[64];
  int64_t after_us;
};

/* Every other death is at one of the points, in turn; the others are at any time of a run. */
static struct death plan_death(int i, const char *const *points, int point_count, int64_t whole_us,
                               test_random *random)
{
  struct death death = {.fault = "", .after_us = -1};
#ifdef GN_FAULTS
  if (i % 2 == 0) {
    snprintf(death.fault, sizeof death.fault, "%s:kill", points[i / 2 % point_count]);
    return death;
  }
#else
  (void)i;
  (void)points;
  (void)point_count;
#endif
  death.after_us = test_random_in(random, 0, whole_us);
  return death;
}

/* Calls `meanwhile` (or NULL) again and again until the run is dead. Whether it was killed; a run
 * that ended by itself before its time must have been a good one. */
static bool run_and_die(const struct run *run, const struct death *death, void (*meanwhile)(void))
{
  int64_t begun_us = gni_monotonic_us();
  bool killed = false;
  int status;
  pid_t child = start(run, *death->fault ? death->fault : NULL);
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (!killed && death->after_us >= 0 && gni_monotonic_us() - begun_us >= death->after_us)
      killed = kill(child, SIGKILL) == 0;
    if (meanwhile) meanwhile();
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  }
  CHECK(WIFSIGNALED(status) || status == 0);
  CHECK(!*death->fault || WIFSIGNALED(status));
  return WIFSIGNALED(status);
}

static int64_t time_of(const struct run *run)
{
  int64_t begun_us = gni_monotonic_us();
  run_whole(run);
  return gni_monotonic_us() - begun_us;
}

/* ---- backfill ---- */

static const char *day_folders[DAYS], *output_folder;

static void find_output(void)
{
  output_folder = flow_path("warehouse/ns/team_sums_v1");
  for (int day = 0; day < DAYS; day++)
    day_folders[day] = flow_path("warehouse/ns/team_sums_v1/ds=2024-03-%d", 18 + day);
}

static void take_digests(uint64_t digests[DAYS])
{
  for (int day = 0; day < DAYS; day++) digests[day] = flow_digest(day_folders[day]);
}

/* The first day is there from before, and stays; on every fourth run there is no table at all. */
static void forget_output(int i, const char *aside)
{
  for (int day = 1; day < DAYS; day++) CHECK_INT(gni_folder_remove(day_folders[day], NULL), GN_OK);
  if (i % 4 == 3) CHECK_INT(rename(output_folder, aside), 0);
}

static void bring_back_output(int i, const char *aside)
{
  if (i % 4 != 3) return;
  CHECK_INT(gni_folder_remove(output_folder, NULL), GN_OK);
  CHECK_INT(rename(aside, output_folder), 0);
}

static void a_killed_backfill_leaves_whole_partitions(void)
{
  static const char *const points[] = {
      "file.before_rename",       "table.before_publish",   "folder.before_exchange",
      "table.after_publish",      "table.before_publish:2", "folder.before_exchange:2",
      "folder.after_exchange:2",  "table.after_publish:2",  "table.before_publish:3",
      "folder.before_exchange:3", "table.after_publish:3",
  };
  uint64_t old[DAYS], fresh[DAYS], now[DAYS];
  test_random random = test_random_new(1);
  int killed = 0;
  FLOW_GROUP(.name = "team.sums.v1");
  struct run before = {BACKFILL, flow_repo(), write_events("before", 0)};
  struct run run = {BACKFILL, flow_repo(), write_events("after", 5000)};
  const char *aside = flow_path("aside");
  find_output();
  int64_t whole_us = time_of(&run);
  take_digests(fresh);
  CHECK_INT(gni_folder_remove(output_folder, NULL), GN_OK);
  run_whole(&before);
  take_digests(old);
  for (int day = 0; day < DAYS; day++) CHECK(old[day] && fresh[day] && old[day] != fresh[day]);
  for (int i = 0; i < KILLS; i++) {
    struct death death = plan_death(i, points, sizeof points / sizeof *points, whole_us, &random);
    uint64_t first = i % 4 == 3 ? fresh[0] : old[0];
    forget_output(i, aside);
    killed += run_and_die(&run, &death, NULL);
    take_digests(now);
    CHECK(now[0] == first || (i % 4 == 3 && now[0] == 0));
    for (int day = 1; day < DAYS; day++) CHECK(now[day] == 0 || now[day] == fresh[day]);
    run_whole(&run);
    take_digests(now);
    CHECK(now[0] == first);
    for (int day = 1; day < DAYS; day++) CHECK(now[day] == fresh[day]);
    CHECK_INT(flow_named(run.repo, "tmp"), 0);
    CHECK_INT(flow_named(run.repo, ".engine"), 0);
    bring_back_output(i, aside);
  }
  CHECK(killed > KILLS / 2);
}

/* ---- upload ---- */

/* What readers may see: the answers of either version. */
static gn_session *reading;
static char requests[USERS * 64], *answers_of[2];
static int64_t reads_of[2];

static void free_answers(void *what)
{
  (void)what;
  for (int i = 0; i < 2; i++) {
    free(answers_of[i]);
    answers_of[i] = NULL;
  }
}

static void write_requests(void)
{
  size_t len = 0;
  for (int user = 0; user < USERS; user++)
    len += (size_t)snprintf(requests + len, sizeof requests - len,
                            "{\"keys\":{\"user\":\"u%d\"},\"at_ms\":%" PRId64 "}\n", user,
                            INT64_C(19804) * GN_DAY_MS);
}

/* Which version a fetch of all keys answers; a mix is neither. */
static int version_now(gn_session *session)
{
  const char *answers = flow_fetch(session, "team.sums.v1", requests);
  for (int i = 0; i < 2; i++)
    if (strcmp(answers, answers_of[i]) == 0) return i;
  test_fail(__FILE__, __LINE__, "the answers are of no version: %s", answers);
  return -1;
}

/* While an upload runs each answer is of one version, if not all of them of the same. */
static void read_once(void)
{
  gn_str answers = gni_str(flow_fetch(reading, "team.sums.v1", requests)), line, expected;
  gn_str versions[2] = {gni_str(answers_of[0]), gni_str(answers_of[1])};
  while (gni_str_split(&answers, '\n', &line)) {
    bool known = false;
    for (int i = 0; i < 2; i++) {
      gni_str_split(&versions[i], '\n', &expected);
      bool same = gni_str_equal(line, expected);
      reads_of[i] += same && line.len;
      known = known || same;
    }
    if (!known)
      test_fail(__FILE__, __LINE__, "an answer is of no version: %.*s", GN_STR_ARGS(line));
  }
}

static void a_killed_upload_leaves_the_old_generation_or_the_new(void)
{
  static const char *const points[] = {
      "file.before_rename",  "folder.before_exchange", "folder.after_exchange",
      "table.after_publish", "upload.before_commit",   "store.before_rename",
      "store.before_switch", "file.before_rename:2",
  };
  test_random random = test_random_new(2);
  uint64_t digests[2];
  int killed = 0, now = 1;
  FLOW_GROUP(.name = "team.sums.v1", .more = ",\"accuracy\":0");
  struct run runs[2] = {{UPLOAD, flow_repo(), write_events("zero", 0)},
                        {UPLOAD, flow_repo(), write_events("one", 5000)}};
  const char *table = flow_path("warehouse/ns/team_sums_v1_upload");
  write_requests();
  test_later(free_answers, NULL);
  int64_t whole_us = 0;
  for (int i = 0; i < 2; i++) {
    whole_us = time_of(&runs[i]);
    gn_session *session = FLOW_SESSION(.threads = 1);
    const char *answers = flow_fetch(session, "team.sums.v1", requests);
    answers_of[i] = malloc(strlen(answers) + 1);
    CHECK(answers_of[i] != NULL);
    memcpy(answers_of[i], answers, strlen(answers) + 1);
    digests[i] = flow_digest(table);
  }
  CHECK(strcmp(answers_of[0], answers_of[1]) != 0 && digests[0] != digests[1]);
  CHECK(strstr(answers_of[0], "\"amount_sum_2d\":") != NULL);
  reading = FLOW_SESSION(.threads = 1);
  for (int i = 0; i < KILLS; i++) {
    struct death death = plan_death(i, points, sizeof points / sizeof *points, whole_us, &random);
    const struct run *run = &runs[1 - now];
    killed += run_and_die(run, &death, read_once);
    uint64_t digest = flow_digest(table);
    CHECK(digest == digests[0] || digest == digests[1]);
    version_now(reading);
    run_whole(run);
    now = 1 - now;
    CHECK(flow_digest(table) == digests[now]);
    nanosleep(&(struct timespec){0, 3000000}, NULL); /* how late another's upload is noticed */
    CHECK_INT(version_now(reading), now);
    CHECK_INT(flow_named(run->repo, "tmp"), 0);
    CHECK_INT(flow_named(run->repo, ".engine"), 0);
  }
  CHECK(killed > KILLS / 2);
  CHECK(reads_of[0] > 0 && reads_of[1] > 0);
}

static void a_killed_compaction_changes_no_answer(void)
{
  static const char *const points[] = {"store.before_rename", "store.before_switch",
                                       "file.before_rename"};
  enum { DEATHS = KILLS / 4 };
  test_random random = test_random_new(3);
  int killed = 0;
  FLOW_GROUP(.name = "team.sums.v1", .more = ",\"accuracy\":0");
  struct run upload = {UPLOAD, flow_repo(), write_events("zero", 0)};
  struct run run = {COMPACT, upload.repo, upload.events};
  write_requests();
  run_whole(&upload);
  gn_session *session = FLOW_SESSION(.threads = 1);
  char answers[USERS * 256];
  snprintf(answers, sizeof answers, "%s", flow_fetch(session, "team.sums.v1", requests));
  CHECK(strstr(answers, "\"amount_sum_2d\":") != NULL);
  int64_t whole_us = time_of(&run);
  for (int i = 0; i < DEATHS; i++) {
    struct death death = plan_death(i, points, sizeof points / sizeof *points, whole_us, &random);
    killed += run_and_die(&run, &death, NULL);
    CHECK_TEXT(flow_fetch(session, "team.sums.v1", requests), answers);
    run_whole(&run);
    nanosleep(&(struct timespec){0, 3000000}, NULL);
    CHECK_TEXT(flow_fetch(session, "team.sums.v1", requests), answers);
    CHECK_INT(flow_named(run.repo, "tmp"), 0);
    CHECK_INT(flow_named(run.repo, "gen-"), 1);
  }
  CHECK(killed > DEATHS / 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"a killed backfill leaves whole partitions", a_killed_backfill_leaves_whole_partitions},
      {"a killed upload leaves the old generation or the new",
       a_killed_upload_leaves_the_old_generation_or_the_new},
      {"a killed compaction changes no answer", a_killed_compaction_changes_no_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
