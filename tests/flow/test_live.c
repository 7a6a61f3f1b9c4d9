/* Live rows from put to fetch. SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/upload.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flow/fetcher.h"
#include "flow/flow_kit.h"

/* 2024-03-21T00:00Z: the end of the batch of 2024-03-20. */
#define BATCH_END_MS INT64_C(1710979200000)

static int64_t put(gn_session *session, const char *events)
{
  int64_t rows;
  gn_error err = {0};
  CHECK_OK(gn_put_events(session, "team.sums.v1", events, strlen(events), &rows, &err), &err);
  return rows;
}

/* By `session`, or NULL: by a new one, which is given back. A store is opened once in a process. */
static gn_session *upload(gn_session *session, const char *day)
{
  gn_error err = {0};
  gn_upload_report report;
  if (!session) session = FLOW_SESSION(.repo = flow_repo());
  CHECK_OK(gn_upload(session, GN_UPLOAD_ARGS(.conf = "team.sums.v1", .ds = day), &report, &err),
           &err);
  return session;
}

static const char *fetch(gn_session *session, const char *user, int64_t at_ms)
{
  char request[256];
  snprintf(request, sizeof request, "{\"keys\":{\"user\":\"%s\"},\"at_ms\":%" PRId64 "}", user,
           at_ms);
  const char *answer = flow_fetch(session, "team.sums.v1", request);
  const char *values = strstr(answer, "\"values\":");
  CHECK(values != NULL);
  return values;
}

/* ---- entities -------------------------------------------------------------------------------- */

static const char entity_sources[] =
    "[{\"entities\":{\"snapshotTable\":\"ns.accounts\",\"mutationTable\":\"ns.changes\","
    "\"mutationTopic\":\"changes\",\"query\":{\"selects\":{\"user\":\"user\",\"amount\":"
    "\"amount\"},\"timeColumn\":\"ts\",\"setups\":[],\"mutationTimeColumn\":\"mutation_ts\","
    "\"reversalColumn\":\"is_before\"}}}]";
static const char entity_sums[] =
    "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{},\"windows\":["
    "{\"length\":3,\"timeUnit\":1}]},"
    "{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}},"
    "{\"inputColumn\":\"amount\",\"operation\":1,\"argMap\":{}}]";

/* The snapshot of the 20th: u1 has rows of the 19th and the 20th, u2 one of the 20th. */
static gn_session *entities(void)
{
  flow_write("warehouse/ns/accounts/ds=2024-03-19/part.csv", "user,amount,ts\nu9,1.0,0\n");
  flow_write("warehouse/ns/accounts/ds=2024-03-20/part.csv",
             "user,amount,ts\nu1,1.5,1710806400000\nu1,2.5,1710892800000\nu2,8.0,1710892800000\n");
  FLOW_GROUP(.name = "team.sums.v1", .sources = entity_sources, .aggregations = entity_sums);
  return upload(NULL, "2024-03-20");
}

static void changes_of_an_entity_are_seen_in_their_order(void)
{
  gn_session *session = entities();
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":4.0,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_INT(put(session,
                "{\"mutation_ts\":1710979201000,\"before\":{\"user\":\"u1\",\"amount\":2.5,"
                "\"ts\":1710892800000},\"after\":{\"user\":\"u1\",\"amount\":1.0,\"ts\":"
                "1710892800000}}\n"
                "{\"ts\":1710892800000,\"mutation_ts\":1710979203000,\"is_before\":true,"
                "\"user\":\"u2\",\"amount\":8.0}\n"),
            3);
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 1000),
             "\"values\":{\"amount_sum_3d\":4.0,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 1001),
             "\"values\":{\"amount_sum_3d\":2.5,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_TEXT(fetch(session, "u2", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":0.0,\"amount_count\":0,\"amount_max\":8.0}}\n");
}

static void a_snapshot_holds_its_own_partition_alone(void)
{
  gn_session *session = entities();
  const char *nothing =
      "\"values\":{\"amount_sum_3d\":null,\"amount_count\":null,\"amount_max\":null}}\n";
  CHECK_TEXT(fetch(session, "u9", BATCH_END_MS + 5000), nothing);
  CHECK_INT(put(session, "{\"mutation_ts\":1710979201000,\"after\":{\"user\":\"u9\",\"amount\":3.0,"
                         "\"ts\":1710979201000}}\n"),
            1);
  CHECK_TEXT(fetch(session, "u9", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":3.0,\"amount_count\":1,\"amount_max\":3.0}}\n");
}

static void check_refused(gn_session *session, const char *event, const char *message)
{
  int64_t rows;
  gn_error err = {0};
  CHECK_INT(gn_put_events(session, "team.sums.v1", event, strlen(event), &rows, &err), GN_E_PARSE);
  CHECK_TEXT(err.message, message);
  CHECK_TEXT(err.diagnostic, "GO014");
  CHECK_INT(rows, 0);
}

static void a_change_that_cannot_be_read_is_refused(void)
{
  gn_session *session = entities();
  check_refused(session, "{\"before\":3}", "\"before\" is no object");
  check_refused(session, "{\"ts\":1,\"is_before\":1,\"user\":\"u\"}",
                "\"is_before\" is not true or false");
  check_refused(session, "{\"mutation_ts\":\"now\",\"after\":{\"user\":\"u\",\"ts\":1}}",
                "\"mutation_ts\" is not a whole number of milliseconds");
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static const char live_sources[] =
    "[{\"events\":{\"table\":\"ns.events\",\"topic\":\"events\",\"query\":{\"selects\":"
    "{\"user\":\"user\",\"amount\":\"amount\"},\"timeColumn\":\"ts\",\"setups\":[]}}}]";
#define LIVE_WINDOWS                                                                               \
  "\"windows\":[{\"length\":3,\"timeUnit\":0},{\"length\":1,\"timeUnit\":1},"                      \
  "{\"length\":30,\"timeUnit\":1}]}"
static const char live_aggregations[] =
    "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{}," LIVE_WINDOWS
    ",{\"inputColumn\":\"amount\",\"operation\":8,\"argMap\":{}," LIVE_WINDOWS
    ",{\"inputColumn\":\"amount\",\"operation\":13,\"argMap\":{\"k\":\"3\"}," LIVE_WINDOWS "]";

static gn_session *events(void)
{
  flow_write("warehouse/ns/events/ds=2024-03-20/part.csv",
             "user,amount,ts\nu1,1.5,1710806400000\nu1,0.1,1710896400000\n");
  FLOW_GROUP(.name = "team.sums.v1", .sources = live_sources, .aggregations = live_aggregations);
  return upload(NULL, "2024-03-20");
}

struct row {
  int64_t ts_ms, cents;
};

static void add_event(gn_buf *lines, const char *user, const struct row *row)
{
  gni_buf_add_format(lines, "{\"ts\":%" PRId64 ",\"user\":\"%s\",\"amount\":%" PRId64 ".1}\n",
                     row->ts_ms, user, row->cents);
}

/* How many rows the last answer of the fetcher folded one by one. */
static size_t folded(const gn_fetcher *fetcher)
{
  return fetcher->idle->live.count;
}

static void get(gn_fetcher *fetcher, const char *user, int64_t at_ms, gn_cell *features, char *room,
                size_t room_size)
{
  gn_error err = {0};
  gn_cell key = {.kind = GN_CELL_TEXT, .len = strlen(user), .as.text = user};
  CHECK_OK(gn_fetcher_get(fetcher, &key, 1, at_ms, features, 9, room, room_size, &err), &err);
}

static void same_features(const gn_cell *a, const gn_cell *b)
{
  for (int i = 0; i < 9; i++) {
    CHECK_INT(a[i].kind, b[i].kind);
    if (a[i].kind == GN_CELL_REAL) CHECK(a[i].as.real == b[i].as.real);
    if (a[i].kind == GN_CELL_JSON) CHECK(a[i].len == b[i].len);
    if (a[i].kind == GN_CELL_JSON) CHECK(memcmp(a[i].as.text, b[i].as.text, a[i].len) == 0);
  }
}

/* Takes the tile of the key that was asked for last. */
static void drop_tile(gn_fetcher *fetcher)
{
  const gn_str key = gni_buf_view(&fetcher->idle->key), nothing = {NULL, 0};
  const gni_store_change change = {
      .settings = fetcher->tiles, .set_keys = &key, .set_values = &nothing, .set_count = 1};
  gn_error err = {0};
  CHECK_OK(gni_store_change_commit(fetcher->store, &change, &err), &err);
}

/* "one" gets its rows in small puts, most of them in order; "all" gets them at once, and has no
 * tile. What they answer must be the same bits, and "one" must fold few rows. */
static void puts_in_any_order_answer_alike(void)
{
  enum { ROWS = 3000, PUTS = 60, ROOM = 4096 };
  static struct row rows[ROWS];
  static char room[2][ROOM];
  gn_session *session = events();
  test_random random = test_random_new(8);
  gn_error err = {0};
  gn_fetcher *fetcher;
  gn_buf lines;
  gn_cell tiled[9], plain[9];
  size_t most = 0, least = ROWS;
  gni_buf_init(&lines, test_alloc(), 1 << 20);
  for (int i = 0; i < ROWS; i++) {
    int64_t late = test_random_in(&random, 0, 40) ? 0 : test_random_in(&random, 0, 3600000);
    rows[i] =
        (struct row){BATCH_END_MS + i * INT64_C(20000) - late, test_random_in(&random, 0, 99)};
    if (rows[i].ts_ms < BATCH_END_MS) rows[i].ts_ms = BATCH_END_MS;
  }
  CHECK_OK(gn_fetcher_open(session, "team.sums.v1", &fetcher, &err), &err);
  for (int i = 0; i < PUTS; i++) {
    int from = i * (ROWS / PUTS), to = from + ROWS / PUTS;
    gni_buf_reset(&lines);
    for (int k = from; k < to; k++) add_event(&lines, "one", &rows[k]);
    CHECK_INT(put(session, lines.ptr), to - from);
    get(fetcher, "one", rows[to - 1].ts_ms + 3600000, tiled, room[0], ROOM);
    if (folded(fetcher) > most) most = folded(fetcher);
    if (folded(fetcher) < least && i > 10) least = folded(fetcher);
  }
  CHECK(most <= GN_LIVE_ROWS_MAX);
  CHECK(least >= GN_LIVE_ROWS_MAX / 2);
  gni_buf_reset(&lines);
  for (int k = 0; k < ROWS; k++) add_event(&lines, "all", &rows[k]);
  CHECK_INT(put(session, lines.ptr), ROWS);
  get(fetcher, "all", rows[ROWS - 1].ts_ms + 1, plain, room[1], ROOM);
  CHECK(folded(fetcher) <= GN_LIVE_ROWS_MAX);
  drop_tile(fetcher);
  get(fetcher, "all", rows[ROWS - 1].ts_ms + 1, plain, room[1], ROOM);
  CHECK_INT(folded(fetcher), ROWS);
  for (int q = 0; q < 200; q++) {
    int64_t at_ms = BATCH_END_MS + test_random_in(&random, 0, ROWS * INT64_C(20000) + 7200000);
    get(fetcher, "one", at_ms, tiled, room[0], ROOM);
    get(fetcher, "all", at_ms, plain, room[1], ROOM);
    if (test_random_chance(&random, 0.5)) fetcher->session->config.boundary = q % 2;
    same_features(tiled, plain);
  }
  gni_buf_deinit(&lines);
  gn_fetcher_close(fetcher);
}

/* ---- what an upload makes superfluous -------------------------------------------------------- */

static size_t stored_rows(gn_fetcher *fetcher, const char *user)
{
  gn_cell features[9];
  char room[4096];
  gnp_look *look;
  gn_error err = {0};
  gn_cell key = {.kind = GN_CELL_TEXT, .len = strlen(user), .as.text = user};
  int rc = gn_fetcher_get(fetcher, &key, 1, BATCH_END_MS + 30 * GN_DAY_MS, features, 9, room,
                          sizeof room, &err);
  if (rc != GN_ABSENT) CHECK_OK(rc, &err);
  CHECK_OK(gnp_look_begin(fetcher, &look, &err), &err);
  CHECK_OK(gnp_live_read(&look->live, look->serving, look->reader, fetcher->stream,
                         gni_buf_view(&look->key), INT64_MIN, &look->arena, &err),
           &err);
  size_t count = look->live.count;
  gnp_look_end(fetcher, look);
  return count;
}

static bool has_tile(gn_fetcher *fetcher)
{
  gn_str value;
  gnp_look *look;
  gn_error err = {0};
  CHECK_OK(gnp_look_begin(fetcher, &look, &err), &err);
  int rc = gni_store_get(look->reader, fetcher->tiles, gni_buf_view(&look->key), &value, &err);
  gnp_look_end(fetcher, look);
  return rc == GN_OK;
}

static void rows_two_days_before_the_batch_go_with_an_upload(void)
{
  gn_session *session = events();
  gn_error err = {0};
  gn_fetcher *fetcher;
  gn_buf lines;
  gni_buf_init(&lines, test_alloc(), 1 << 20);
  for (int i = 0; i < 400; i++) /* an hour of the 21st, and the 22nd at noon */
    add_event(
        &lines, "old",
        &(struct row){BATCH_END_MS + i * INT64_C(9000) + (i == 399 ? 36 * GN_HOUR_MS : 0), i});
  add_event(&lines, "new", &(struct row){BATCH_END_MS + 3 * GN_DAY_MS, 1});
  CHECK_INT(put(session, lines.ptr), 401);
  gni_buf_deinit(&lines);
  CHECK_OK(gn_fetcher_open(session, "team.sums.v1", &fetcher, &err), &err);
  CHECK_INT(stored_rows(fetcher, "old"), 400);
  CHECK(has_tile(fetcher));
  flow_write("warehouse/ns/events/ds=2024-03-22/part.csv",
             "user,amount,ts\nu1,1.5,1711065600000\n");
  upload(session, "2024-03-22"); /* the batch ends two days later: what came before the 21st goes */
  CHECK_INT(stored_rows(fetcher, "old"), 400);
  flow_write("warehouse/ns/events/ds=2024-03-23/part.csv",
             "user,amount,ts\nu1,1.5,1711152000000\n");
  upload(session, "2024-03-23");
  CHECK_INT(stored_rows(fetcher, "old"), 1);
  CHECK(!has_tile(fetcher));
  CHECK_INT(stored_rows(fetcher, "new"), 1);
  gn_fetcher_close(fetcher);
}

/* ---- late batches ---------------------------------------------------------------------------- */

/* One row of the 20th in the batch, one live row of the 21st; the 1-day and 30-day sums, days
 * after. */
static void check_late(gn_session *session, int days, const char *expected)
{
  const char *answer = fetch(session, "u1", BATCH_END_MS + days * GN_DAY_MS);
  if (!strstr(answer, expected)) CHECK_TEXT(answer, expected);
}

static void a_late_batch_is_answered_for_two_days(void)
{
  gn_session *session = events();
  put(session, "{\"ts\":1710979200000,\"user\":\"u1\",\"amount\":4.0}");
  /* u1: 1.5 on the 19th, 0.1 on the 20th; 4.0 at the batch end. */
  check_late(session, 0, "\"amount_sum_1d\":0.1,\"amount_sum_30d\":1.6");
  check_late(session, 1, "\"amount_sum_1d\":4.0,\"amount_sum_30d\":5.6");
  check_late(session, 2, "\"amount_sum_1d\":null,\"amount_sum_30d\":5.6");
  check_late(session, 3, "\"amount_sum_1d\":null,\"amount_sum_30d\":5.6");
  /* Both rows of the batch have left the 30 days, but no tail says so: upstream's over-count. */
  check_late(session, 40, "\"amount_sum_1d\":null,\"amount_sum_30d\":1.6");
}

static void a_late_batch_is_refused_where_answers_are_exact(void)
{
  gn_session *session = events();
  gn_session_args exact = {.struct_size = sizeof exact, .repo = flow_repo(), .boundary = "exact"};
  gn_session *strict = flow_session(&exact);
  (void)session;
  char request[256];
  snprintf(request, sizeof request, "{\"keys\":{\"user\":\"u1\"},\"at_ms\":%" PRId64 "}",
           BATCH_END_MS + 2 * GN_DAY_MS);
  CHECK(strstr(flow_fetch(strict, "team.sums.v1", request), "\"values\":") != NULL);
  snprintf(request, sizeof request, "{\"keys\":{\"user\":\"u1\"},\"at_ms\":%" PRId64 "}",
           BATCH_END_MS + 2 * GN_DAY_MS + 1);
  CHECK(strstr(flow_fetch(strict, "team.sums.v1", request),
               "\"error\":\"the batch is more than two days old\"") != NULL);
}

/* ---- killed, and without memory -------------------------------------------------------------- */

enum { KILLED_ROWS = 70 };

static void add_put(gn_buf *lines, const char *user, int turn)
{
  for (int i = 0; i < KILLED_ROWS; i++)
    add_event(lines, user,
              &(struct row){BATCH_END_MS + (turn * KILLED_ROWS + i) * INT64_C(1000), i});
}

static int put_in_session(const gn_alloc *alloc, const char *lines, int64_t *rows, gn_error *err)
{
  gn_session *session;
  gn_session_args args = {
      .struct_size = sizeof args, .repo = flow_repo(), .threads = 1, .alloc = alloc};
  *rows = 0;
  int rc = gn_session_open(&args, &session, err);
  if (rc != GN_OK) return rc;
  rc = gn_put_events(session, "team.sums.v1", lines, strlen(lines), rows, err);
  gn_session_close(session);
  return rc;
}

/* A process of its own, that dies after a time or has put its rows. */
static bool put_and_die(const char *lines, int64_t after_us)
{
  int status;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    int64_t rows;
    gn_error err = {0};
    _exit(put_in_session(NULL, lines, &rows, &err) == GN_OK ? 0 : 1);
  }
  nanosleep(&(struct timespec){0, after_us * 1000}, NULL);
  kill(child, SIGKILL);
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status) || status == 0);
  return WIFSIGNALED(status);
}

static void a_killed_put_is_there_whole_or_not_at_all(void)
{
  enum { TURNS = 40, ROOM = 4096 };
  static char room[2][ROOM];
  gn_session *session = events();
  test_random random = test_random_new(9);
  gn_error err = {0};
  gn_fetcher *fetcher;
  gn_cell tiled[9], plain[9];
  gn_buf lines;
  int killed = 0;
  size_t before = 0;
  gni_buf_init(&lines, test_alloc(), 1 << 20);
  CHECK_OK(gn_fetcher_open(session, "team.sums.v1", &fetcher, &err), &err);
  for (int i = 0; i < TURNS; i++) {
    gni_buf_reset(&lines);
    add_put(&lines, "one", i);
    killed += put_and_die(lines.ptr, test_random_in(&random, 0, 60000));
    /* What was committed while its process died is seen once the next writer has the lock. */
    CHECK_OK(gni_store_set(fetcher->store, GN_STR("X"), GN_STR("k"), GN_STR("v"), &err), &err);
    size_t now = stored_rows(fetcher, "one");
    if (now == before) CHECK_INT(put(session, lines.ptr), KILLED_ROWS);
    before += KILLED_ROWS;
    CHECK_INT(stored_rows(fetcher, "one"), before);
    int64_t at_ms = BATCH_END_MS + ((i + 1) * KILLED_ROWS - 5) * INT64_C(1000);
    get(fetcher, "one", at_ms, tiled, room[0], ROOM);
    CHECK(folded(fetcher) <= GN_LIVE_ROWS_MAX);
    if (i % 8 != 7) continue;
    drop_tile(fetcher);
    get(fetcher, "one", at_ms, plain, room[1], ROOM);
    same_features(tiled, plain);
  }
  CHECK(killed > 0 && killed < TURNS);
  gni_buf_deinit(&lines);
  gn_fetcher_close(fetcher);
}

static void put_without_memory(const gn_alloc *alloc)
{
  static int turn;
  char user[32];
  int64_t rows;
  gn_error err = {0};
  gn_buf lines;
  gni_buf_init(&lines, &gni_libc_alloc, 1 << 20);
  snprintf(user, sizeof user, "u%d", turn++);
  for (int turn_of = 0; turn_of < 3; turn_of++) add_put(&lines, user, turn_of);
  int rc = put_in_session(alloc, lines.ptr, &rows, &err);
  CHECK(rc == GN_OK ? rows == 3 * KILLED_ROWS : rc == GN_E_NOMEM && rows == 0);
  gni_buf_deinit(&lines);
}

static void a_put_that_runs_out_of_memory_puts_nothing(void)
{
  events(); /* its session has not opened the live rows, so others may */
  CHECK(test_each_oom(put_without_memory) > 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"changes of an entity are seen in their order",
       changes_of_an_entity_are_seen_in_their_order},
      {"a snapshot holds its own partition alone", a_snapshot_holds_its_own_partition_alone},
      {"a change that cannot be read is refused", a_change_that_cannot_be_read_is_refused},
      {"puts in any order answer alike, and few rows are folded", puts_in_any_order_answer_alike},
      {"rows two days before the batch go with an upload",
       rows_two_days_before_the_batch_go_with_an_upload},
      {"a late batch is answered for two days", a_late_batch_is_answered_for_two_days},
      {"a late batch is refused where answers are exact",
       a_late_batch_is_refused_where_answers_are_exact},
      {"a killed put is there whole or not at all", a_killed_put_is_there_whole_or_not_at_all},
      {"a put that runs out of memory puts nothing", a_put_that_runs_out_of_memory_puts_nothing},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
