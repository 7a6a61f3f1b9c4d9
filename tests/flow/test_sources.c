/* What a GroupBy reads: its sources, their limits, and the order of their rows. Values are computed
 * by hand. SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_kit.h"

#include <inttypes.h>
#include <stdio.h>

#define MARCH(day) (INT64_C(19782) + (day)) /* days since 1970-01-01 */

/* One source's JSON, in turn; the last two live. */
static const char *events(const char *table, const char *members, const char *query)
{
  static char texts[2][600];
  static int turn;
  turn = !turn;
  snprintf(texts[turn], sizeof texts[turn],
           "{\"events\":{\"table\":\"%s\"%s,\"query\":{\"selects\":{\"user\":\"user\","
           "\"amount\":\"amount\"},\"timeColumn\":\"ts\"%s}}}",
           table, members, query);
  return texts[turn];
}

static const char *list_of(const char *a, const char *b)
{
  static char text[1300];
  snprintf(text, sizeof text, "[%s%s%s]", a, b ? "," : "", b ? b : "");
  return text;
}

/* A day's file: "user,amount,hour" rows, parted by blanks. */
static void add_day(const char *table, int day, const char *rows)
{
  gn_buf text;
  gn_str rest = gni_str(rows), row, user, amount;
  gni_buf_init(&text, test_alloc(), 1 << 16);
  gni_buf_add_text(&text, "user,amount,ts\n");
  while (gni_str_split(&rest, ' ', &row)) {
    int64_t hour;
    if (!row.len) continue;
    gni_str_split(&row, ',', &user);
    gni_str_split(&row, ',', &amount);
    CHECK_INT(gni_parse_int64(row, &hour), GN_OK);
    gni_buf_add_format(&text, "%.*s,%.*s,%" PRId64 "\n", GN_STR_ARGS(user), GN_STR_ARGS(amount),
                       MARCH(day) * GN_DAY_MS + hour * GN_HOUR_MS);
  }
  test_write_file(flow_path("warehouse/ns/%s/ds=2024-03-%02d/part.csv", table, day), text.ptr);
  gni_buf_deinit(&text);
}

static gn_backfill_report backfill(gn_session *session, const char *start, const char *end)
{
  gn_backfill_report report;
  gn_error err = {0};
  CHECK_OK(gn_backfill(session,
                       GN_BACKFILL_ARGS(.conf = "team.sums.v1", .start_ds = start, .end_ds = end),
                       &report, &err),
           &err);
  return report;
}

static const char *sums(gn_session *session)
{
  return flow_rows(session, "SELECT ds, \"user\", amount_sum_2d, amount_count, amount_last3 "
                            "FROM ns.team_sums_v1 ORDER BY ds, \"user\"");
}

static void windows_take_rows_of_their_days(void)
{
  FLOW_GROUP(.name = "team.sums.v1");
  add_day("events", 1, "a,1,0 a,2,23 b,5,1");
  add_day("events", 2, "a,10,0");
  add_day("events", 3, "b,100,12");
  gn_session *session = FLOW_SESSION(.threads = 1);
  gn_backfill_report report = backfill(session, "2024-03-01", "2024-03-03");
  CHECK_INT(report.partitions, 3);
  CHECK_INT(report.rows, 6);
  CHECK_TEXT(sums(session), "2024-03-01,a,3,2,\"[2,1]\"\n2024-03-01,b,5,1,[5]\n"
                            "2024-03-02,a,13,3,\"[10,2,1]\"\n2024-03-02,b,5,1,[5]\n"
                            "2024-03-03,a,10,3,\"[10,2,1]\"\n2024-03-03,b,100,2,\"[100,5]\"\n");
}

/* Of rows at one instant the source counts first, then the file, then the row in it. */
static void ties_are_in_the_order_of_the_sources(void)
{
  FLOW_GROUP(.name = "team.sums.v1",
             .sources = list_of(events("ns.one", "", ""), events("ns.two", "", "")));
  add_day("one", 1, "a,1,5 a,2,5");
  add_day("two", 1, "a,3,5");
  gn_session *session = FLOW_SESSION(.threads = 2);
  backfill(session, "2024-03-01", "2024-03-01");
  CHECK_TEXT(sums(session), "2024-03-01,a,6,3,\"[1,2,3]\"\n");
}

static void partitions_outside_of_a_sources_limits_are_not_read(void)
{
  FLOW_GROUP(.name = "team.sums.v1",
             .sources = list_of(events("ns.one", "", ",\"endPartition\":\"2024-03-01\""),
                                events("ns.two", "", ",\"startPartition\":\"2024-03-02\"")));
  add_day("one", 1, "a,1,5");
  add_day("one", 2, "a,2,5");
  add_day("two", 1, "a,10,6");
  add_day("two", 2, "a,20,6");
  gn_session *session = FLOW_SESSION(.threads = 1);
  backfill(session, "2024-03-02", "2024-03-02");
  CHECK_TEXT(sums(session), "2024-03-02,a,21,2,\"[20,1]\"\n");
}

static void wheres_filter_rows(void)
{
  FLOW_GROUP(.name = "team.sums.v1",
             .sources = list_of(
                 events("ns.one", "", ",\"wheres\":[\"amount > 1\",\"user <> 'b'\"]"), NULL));
  add_day("one", 1, "a,1,5 a,2,6 b,7,7 a,3,8");
  gn_session *session = FLOW_SESSION(.threads = 1);
  backfill(session, "2024-03-01", "2024-03-01");
  CHECK_TEXT(sums(session), "2024-03-01,a,5,2,\"[3,2]\"\n");
}

/* The newest partition holds all history. */
static void of_cumulative_events_the_newest_partition_is_read(void)
{
  FLOW_GROUP(.name = "team.sums.v1",
             .sources = list_of(events("ns.one", ",\"isCumulative\":1", ""), NULL));
  add_day("one", 1, "a,1,5");
  add_day("one", 3, "a,1,-43 a,2,-10 b,4,1"); /* hours before the 3rd */
  gn_session *session = FLOW_SESSION(.threads = 1);
  backfill(session, "2024-03-01", "2024-03-03");
  CHECK_TEXT(sums(session), "2024-03-01,a,1,1,[1]\n2024-03-02,a,3,2,\"[2,1]\"\n"
                            "2024-03-03,a,2,2,\"[2,1]\"\n2024-03-03,b,4,1,[4]\n");
}

/* Tokens after the table's name say what to wait for; as upstream, they do not filter. */
static void sub_partition_specs_do_not_filter_rows(void)
{
  static const char row[] = "user,amount,ts\na,%d,%" PRId64 "\n";
  char text[100];
  FLOW_GROUP(.name = "team.sums.v1", .sources = list_of(events("ns.one/region=eu", "", ""), NULL));
  snprintf(text, sizeof text, row, 1, MARCH(1) * GN_DAY_MS);
  flow_write("warehouse/ns/one/ds=2024-03-01/region=eu/part.csv", text);
  snprintf(text, sizeof text, row, 20, MARCH(1) * GN_DAY_MS + 1);
  flow_write("warehouse/ns/one/ds=2024-03-01/region=us/part.csv", text);
  snprintf(text, sizeof text, row, 300, MARCH(2) * GN_DAY_MS);
  flow_write("warehouse/ns/one/ds=2024-03-02/region=us/part.csv", text);
  gn_session *session = FLOW_SESSION(.threads = 1);
  gn_backfill_report report = backfill(session, "2024-03-01", "2024-03-02");
  CHECK_INT(report.partitions, 1); /* the 2nd has no region=eu to wait for */
  CHECK_TEXT(sums(session), "2024-03-01,a,21,2,\"[20,1]\"\n");
}

/* Each partition of an entity's table is the whole of it. */
static void entities_are_taken_from_their_own_partition(void)
{
  static const char source[] =
      "[{\"entities\":{\"snapshotTable\":\"ns.one\",\"query\":{\"selects\":{\"user\":\"user\","
      "\"amount\":\"amount\"},\"setups\":[]}}}]";
  static const char counts[] = "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{}},"
                               "{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}}]";
  FLOW_GROUP(.name = "team.sums.v1", .sources = source, .aggregations = counts);
  add_day("one", 1, "a,1,0 a,2,0 b,5,0");
  add_day("one", 2, "a,10,0");
  gn_session *session = FLOW_SESSION(.threads = 1);
  CHECK_INT(backfill(session, "2024-03-01", "2024-03-03").partitions, 2);
  CHECK_TEXT(flow_rows(session, "SELECT ds, \"user\", amount_sum, amount_count FROM "
                                "ns.team_sums_v1 ORDER BY ds, \"user\""),
             "2024-03-01,a,3,2\n2024-03-01,b,5,1\n2024-03-02,a,10,1\n");
}

/* Rows pass through when nothing is aggregated. */
static void without_aggregations_the_selected_columns_come_out(void)
{
  static const char source[] =
      "[{\"entities\":{\"snapshotTable\":\"ns.one\",\"query\":{\"selects\":{\"user\":\"user\","
      "\"twice\":\"amount * 2\"},\"setups\":[]}}}]";
  FLOW_GROUP(.name = "team.sums.v1", .sources = source, .aggregations = "");
  add_day("one", 1, "a,1,0 b,5,0");
  gn_session *session = FLOW_SESSION(.threads = 1);
  backfill(session, "2024-03-01", "2024-03-01");
  CHECK_TEXT(flow_rows(session, "SELECT * FROM ns.team_sums_v1 ORDER BY \"user\""),
             "a,2,2024-03-01\nb,10,2024-03-01\n");
}

static void rows_whose_keys_are_all_null_belong_to_nobody(void)
{
  FLOW_GROUP(.name = "team.sums.v1");
  add_day("events", 1, "a,1,0 ,2,1 a,3,2");
  gn_session *session = FLOW_SESSION(.threads = 1);
  backfill(session, "2024-03-01", "2024-03-01");
  CHECK_TEXT(sums(session), "2024-03-01,a,4,2,\"[3,1]\"\n");
}

static void a_definition_is_found_by_each_of_its_names(void)
{
  static const char *const names[] = {"team.sums.v1", "team/sums.v1", "group_bys/team/sums.v1",
                                      "production/group_bys/team/sums.v1"};
  gn_error err = {0};
  gn_text text;
  FLOW_GROUP(.name = "team.sums.v1");
  gn_session *session = FLOW_SESSION(.threads = 1);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    CHECK_OK(gn_describe(session, names[i], &text, &err), &err);
    CHECK(strstr(text.ptr, "\"name\":\"team.sums.v1\"") != NULL);
    gn_text_free(&text);
  }
  CHECK_INT(gn_describe(session, "team.sum.v1", &text, &err), GN_E_NOTFOUND);
  CHECK(strstr(err.hint, "team.sums.v1") != NULL);
}

int main(void)
{
  static const test_case cases[] = {
      {"windows take rows of their days", windows_take_rows_of_their_days},
      {"ties are in the order of the sources", ties_are_in_the_order_of_the_sources},
      {"partitions outside of a source's limits are not read",
       partitions_outside_of_a_sources_limits_are_not_read},
      {"wheres filter rows", wheres_filter_rows},
      {"of cumulative events the newest partition is read",
       of_cumulative_events_the_newest_partition_is_read},
      {"sub-partition specs do not filter rows", sub_partition_specs_do_not_filter_rows},
      {"entities are taken from their own partition", entities_are_taken_from_their_own_partition},
      {"without aggregations the selected columns come out",
       without_aggregations_the_selected_columns_come_out},
      {"rows whose keys are all null belong to nobody",
       rows_whose_keys_are_all_null_belong_to_nobody},
      {"a definition is found by each of its names", a_definition_is_found_by_each_of_its_names},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
