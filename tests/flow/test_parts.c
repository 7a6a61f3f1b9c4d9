/* Backfills in parts, on many threads: the same rows in the same order as on one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_kit.h"

#include <inttypes.h>

#define MARCH(day) (INT64_C(19782) + (day)) /* days since 1970-01-01 */
enum { DAYS = 2, USERS = 900, ROWS_OF_DAY = 155000, HOT_EVERY = 10, HOT_USER = 477 };

static const char aggregations[] =
    "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{},\"windows\":["
    "{\"length\":1,\"timeUnit\":1},{\"length\":2,\"timeUnit\":1}]},"
    "{\"inputColumn\":\"amount\",\"operation\":1,\"argMap\":{},\"windows\":["
    "{\"length\":2,\"timeUnit\":1}]},"
    "{\"inputColumn\":\"amount\",\"operation\":13,\"argMap\":{\"k\":\"30000\"},\"windows\":["
    "{\"length\":30,\"timeUnit\":1}]},"
    "{\"inputColumn\":\"amount\",\"operation\":5,\"argMap\":{},\"windows\":["
    "{\"length\":30,\"timeUnit\":1}]}]";

/* A tenth of the rows are of one user, whose answers take more than one go. */
static void write_day(int day)
{
  test_random random = test_random_new((uint64_t)day);
  gn_buf text;
  gni_buf_init(&text, test_alloc(), 1 << 24);
  gni_buf_add_text(&text, "user,amount,ts\n");
  for (int i = 0; i < ROWS_OF_DAY; i++)
    gni_buf_add_format(&text, "u%d,%d.25,%" PRId64 "\n",
                       i % HOT_EVERY ? (int)test_random_in(&random, 0, USERS) : HOT_USER,
                       (int)test_random_in(&random, -900, 900), MARCH(day) * GN_DAY_MS + i * 500);
  test_write_file(flow_path("warehouse/ns/events/ds=2024-03-%02d/part.csv", day), text.ptr);
  gni_buf_deinit(&text);
}

static void make_world(void)
{
  FLOW_GROUP(.name = "team.sums.v1", .aggregations = aggregations,
             .more = ",\"accuracy\":1,\"derivations\":[{\"name\":\"*\",\"expression\":\"*\"},"
                     "{\"name\":\"twice\",\"expression\":\"amount_sum_1d * 2\"}]");
  for (int day = 1; day <= DAYS; day++) write_day(day);
}

static int backfill(gn_session *session, gn_backfill_report *report, gn_error *err)
{
  return gn_backfill(
      session,
      GN_BACKFILL_ARGS(.conf = "team.sums.v1", .start_ds = "2024-03-01", .end_ds = "2024-03-02"),
      report, err);
}

/* All rows in one number. */
static const char *digest(gn_session *session)
{
  return flow_rows(session,
                   "SELECT count(*), md5(string_agg(r::VARCHAR, '|' ORDER BY ds, \"user\"))"
                   " FROM ns.team_sums_v1 r");
}

/* How many rows of a day come before one that they should follow. */
static const char *disorder(gn_session *session)
{
  return flow_rows(
      session, "SELECT count(*) FROM (SELECT \"user\" < lag(\"user\") OVER (PARTITION BY ds"
               " ORDER BY place) AS back FROM (SELECT ds, \"user\", row_number() OVER () AS place"
               " FROM ns.team_sums_v1 r) AS placed) AS looked WHERE back");
}

static void rows_do_not_depend_on_the_number_of_threads(void)
{
  gn_backfill_report report;
  gn_error err = {0};
  const char *output = flow_path("warehouse/ns/team_sums_v1"), *alone = NULL;
  make_world();
  for (int i = 0; i < 4; i++) {
    static const int32_t counts[] = {1, 2, 8, 0}; /* 0: one a core */
    int32_t threads = counts[i];
    gn_session *session = FLOW_SESSION(.threads = threads);
    CHECK_OK(backfill(session, &report, &err), &err);
    CHECK_INT(report.rows, DAYS * (USERS + 1));
    if (threads) CHECK_INT(flow_named(output, ".parquet"), DAYS * (threads < 3 ? threads : 3));
    if (alone) CHECK_TEXT(digest(session), alone);
    if (!alone) alone = digest(session);
    CHECK_TEXT(disorder(session), "0\n");
    CHECK_OK(gni_folder_remove(output, &err), &err);
  }
}

static gn_session *cancelled_session;
static void cancel_soon(void *user, const char *step, int64_t done, int64_t total, const char *unit)
{
  (void)user, (void)step, (void)total, (void)unit;
  if (done > 0) gn_session_cancel(cancelled_session);
}

/* From the progress, which the first part tells: the others stop, too, and nothing is left. */
static void cancelled_parts_leave_nothing(void)
{
  gn_backfill_report report;
  gn_error err = {0};
  make_world();
  cancelled_session = FLOW_SESSION(.threads = 3, .progress = cancel_soon);
  CHECK_INT(backfill(cancelled_session, &report, &err), GN_E_CANCELLED);
  CHECK_INT(flow_named(flow_path("warehouse/ns"), "team_sums_v1/ds="), 0);
}

/* ---- an allocator that fails from some request on, whatever the thread ---- */

static _Atomic int64_t asked, granted;

static void *resize_some(void *user, void *block, size_t old_size, size_t size)
{
  (void)user;
  if (size && asked++ >= granted) return NULL;
  return gni_libc_alloc.resize(gni_libc_alloc.user, block, old_size, size);
}

static void parts_without_memory_say_so(void)
{
  enum { TURNS = 10 };
  static const gn_alloc some = {.resize = resize_some};
  gn_backfill_report report;
  int64_t all = INT64_MAX;
  make_world();
  for (int turn = 0; turn <= TURNS; turn++) {
    gn_error err = {0};
    asked = 0;
    granted = turn ? all / TURNS * (turn - 1) + 10 : INT64_MAX;
    gn_session *session = FLOW_SESSION(.threads = 3, .alloc = &some);
    int rc = backfill(session, &report, &err);
    CHECK_INT(rc, turn ? GN_E_NOMEM : GN_OK);
    if (!turn) all = asked;
    granted = INT64_MAX;
    CHECK_OK(gni_folder_remove(flow_path("warehouse/ns/team_sums_v1"), &err), &err);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"rows do not depend on the number of threads", rows_do_not_depend_on_the_number_of_threads},
      {"cancelled parts leave nothing", cancelled_parts_leave_nothing},
      {"parts without memory say so", parts_without_memory_say_so},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
