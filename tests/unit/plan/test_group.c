/* A GroupBy against its tables: columns, types, the days that it reads and the order of its rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "plan/plan.h"

#include <stdio.h>

static gn_arena arena;

static void free_arena(void *what)
{
  (void)what;
  gni_arena_deinit(&arena);
  arena = (gn_arena){0};
}

/* ---- tables that only say what they have ---- */

static int table_type(void *user, gn_str table, gn_arena *into, const gni_type **out,
                      bool *partitioned, gn_error *err)
{
  (void)user;
  *partitioned = !gni_str_is(table, "ns.whole");
  gn_str columns = gni_str_is(table, "ns.other")
                       ? GN_STR("struct<user:string,amount:double,ts:bigint,ds:string>")
                       : GN_STR("struct<user:string,amount:bigint,ts:bigint,at:timestamp,"
                                "city:string,ds:string>");
  return gni_type_parse(columns, into, out, err);
}

static int table_scan(void *user, gn_str table, int32_t first_day, int32_t last_day, gn_buf *sql,
                      gn_error *err)
{
  (void)user;
  (void)err;
  return gni_buf_add_format(sql, "<%.*s %d..%d>", GN_STR_ARGS(table), first_day, last_day);
}

static int table_newest(void *user, gn_str table, int32_t *day, gn_error *err)
{
  (void)user;
  (void)table;
  (void)err;
  *day = 777;
  return GN_OK;
}

static const gni_table_access tables = {.type = table_type,
                                        .scan = table_scan,
                                        .newest = table_newest,
                                        .day_column = "D",
                                        .order_column = "O",
                                        .partition_column = {"ds", 2}};

/* ---- definitions ---- */

#define QUERY(more)                                                                                \
  "\"query\":{\"selects\":{\"user\":\"user\",\"amount\":\"amount\"},\"timeColumn\":\"ts\"" more "}"
#define EVENTS(table, members, more)                                                               \
  "{\"events\":{\"table\":\"" table "\"" members "," QUERY(more) "}}"
#define SUM(windows)                                                                               \
  ",\"aggregations\":[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{}" windows "}]"
#define DAYS(n) ",\"windows\":[{\"length\":" #n ",\"timeUnit\":1}]"

static int bind(const char *sources, const char *more, const gni_group **out, gn_error *err)
{
  const gni_def *def;
  gni_problems problems;
  char text[2000];
  *err = (gn_error){0};
  if (!arena.alloc) test_later(free_arena, NULL);
  free_arena(NULL);
  gni_arena_init(&arena, test_alloc(), 1 << 22);
  gni_problems_init(&problems, &arena);
  snprintf(text, sizeof text,
           "{\"metaData\":{\"name\":\"team.sums.v1\",\"team\":\"team\",\"outputNamespace\":\"ns\"},"
           "\"sources\":[%s],\"keyColumns\":[\"user\"]%s}",
           sources, more);
  CHECK_INT(gni_def_read(gni_str(text), "group_bys/team/sums.v1", &arena, &def, &problems), GN_OK);
  return gni_group_bind(def->group_by, &tables, &arena, out, err);
}

static const gni_group *bound(const char *sources, const char *more)
{
  const gni_group *group = NULL;
  gn_error err;
  CHECK_OK(bind(sources, more, &group, &err), &err);
  return group;
}

static void check_type(const gni_type *type, const char *expected)
{
  gn_buf text;
  gni_buf_init(&text, test_alloc(), 1 << 16);
  gni_type_format(type, &text);
  bool same = gni_str_is(gni_buf_view(&text), expected);
  if (!same) test_fail(__FILE__, __LINE__, "%s is not %s", text.ptr, expected);
  gni_buf_deinit(&text);
}

/* ---- columns ---- */

static void names_and_types_come_from_the_definition_and_its_table(void)
{
  const gni_group *group = bound(EVENTS("ns.events", "", ""), SUM(DAYS(2)));
  CHECK_STR(group->output_table, "ns.team_sums_v1");
  CHECK_STR(group->upload_table, "ns.team_sums_v1_upload");
  CHECK_STR(group->batch_dataset, "TEAM_SUMS_V1_BATCH");
  check_type(group->keys, "struct<user:string>");
  check_type(group->inputs, "struct<amount:bigint>");
  check_type(group->values, "struct<amount_sum_2d:bigint>");
  check_type(group->features, "struct<amount_sum_2d:bigint>");
  CHECK(group->has_time && !group->entities && !group->temporal);
}

static void derivations_choose_the_features(void)
{
  const gni_group *group =
      bound(EVENTS("ns.events", "", ""),
            SUM(DAYS(2)) ",\"derivations\":[{\"name\":\"*\",\"expression\":\"*\"},"
                         "{\"name\":\"half\",\"expression\":\"amount_sum_2d / 2\"},"
                         "{\"name\":\"day\",\"expression\":\"ds\"}]");
  check_type(group->features, "struct<amount_sum_2d:bigint,half:double,day:string>");
  group = bound(EVENTS("ns.events", "", ""),
                SUM(DAYS(2)) ",\"derivations\":[{\"name\":\"*\",\"expression\":\"*\"},"
                             "{\"name\":\"total\",\"expression\":\"amount_sum_2d\"}]");
  check_type(group->features, "struct<total:bigint>"); /* renamed: not there twice */
}

static void without_aggregations_the_selected_columns_are_the_values(void)
{
  const gni_group *group = bound(EVENTS("ns.events", "", ""), "");
  check_type(group->values, "struct<amount:bigint>");
  CHECK(group->layout == NULL);
  group = bound("{\"events\":{\"table\":\"ns.events\",\"query\":{\"timeColumn\":\"ts\"}}}", "");
  check_type(group->values, "struct<amount:bigint,at:timestamp,city:string>");
}

static void what_does_not_fit_is_refused_with_its_place(void)
{
  const gni_group *group;
  gn_error err;
  CHECK_INT(bind(EVENTS("ns.events", "", "") "," EVENTS("ns.other", "", ""), SUM(""), &group, &err),
            GN_E_TYPE);
  CHECK(strstr(err.where, "sources[1]") != NULL);
  CHECK(strstr(err.message, "'amount' is double here and bigint in the first source") != NULL);
  CHECK_INT(bind("{\"events\":{\"table\":\"ns.events\",\"query\":{\"selects\":{\"user\":\"user\","
                 "\"amount\":\"amount\"},\"timeColumn\":\"at\"}}}",
                 SUM(""), &group, &err),
            GN_E_TYPE);
  CHECK(strstr(err.message, "milliseconds") != NULL && strstr(err.hint, "unix_millis(at)"));
  CHECK_INT(bind("{\"entities\":{\"snapshotTable\":\"ns.events\",\"query\":{\"selects\":{"
                 "\"user\":\"user\",\"amount\":\"amount\"}}}}",
                 SUM(DAYS(2)), &group, &err),
            GN_E_INVALID);
  CHECK(strstr(err.message, "no timeColumn") != NULL);
  CHECK(bind(EVENTS("ns.events", "", ",\"wheres\":[\"amount > 1\",\"nope = 1\"]"), SUM(""), &group,
             &err) < 0);
  CHECK(strstr(err.where, "wheres[1]") != NULL);
}

/* ---- days ---- */

static void check_days(const gni_group *group, int32_t first, int32_t last)
{
  gni_day_range days;
  gn_error err = {0};
  CHECK_OK(
      gni_source_days(group, &group->sources[0], (gni_day_range){100, 109}, &tables, &days, &err),
      &err);
  CHECK_INT(days.first, first);
  CHECK_INT(days.last, last);
}

static void a_source_is_read_as_far_back_as_the_longest_window(void)
{
  check_days(bound(EVENTS("ns.events", "", ""), SUM(DAYS(7))), 100 - 1 - 7, 109);
  check_days(
      bound(EVENTS("ns.events", "", ""),
            SUM(",\"windows\":[{\"length\":36,\"timeUnit\":0},{\"length\":1,\"timeUnit\":1}]")),
      100 - 1 - 2, 109);
  check_days(bound(EVENTS("ns.events", "", ""), SUM("")), GNI_DAY_OPEN_START, 109);
  check_days(bound(EVENTS("ns.whole", "", ""), SUM(DAYS(7))), GNI_DAY_OPEN_START, GNI_DAY_OPEN_END);
}

static void limits_of_a_source_cut_what_is_read(void)
{
  check_days(bound(EVENTS("ns.events", "", ",\"startPartition\":\"1970-04-08\""), SUM(DAYS(7))), 97,
             109);
  check_days(bound(EVENTS("ns.events", "", ",\"endPartition\":\"1970-04-15\""), SUM(DAYS(7))), 92,
             104);
  check_days(bound(EVENTS("ns.events", ",\"isCumulative\":1", ""), SUM(DAYS(7))), 777, 777);
  check_days(bound(EVENTS("ns.events", ",\"isCumulative\":1", ",\"endPartition\":\"1970-04-15\""),
                   SUM(DAYS(7))),
             104, 104);
  check_days(bound("{\"entities\":{\"snapshotTable\":\"ns.events\"," QUERY("") "}}", SUM(DAYS(7))),
             100, 109);
}

/* ---- the query ---- */

static void check_sql(const gni_group *group, int order, const char *const *parts)
{
  gni_rows_request request = {.range = {100, 109}, .before_ms = 110 * GN_DAY_MS, .order = order};
  gni_expr_functions functions = {.arena = &arena};
  gn_error err = {0};
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), 1 << 16);
  CHECK_OK(gni_group_sql(group, &request, &tables, &functions, &sql, &err), &err);
  const char *at = sql.ptr;
  for (size_t i = 0; at && parts[i]; i++) {
    at = strstr(at, parts[i]);
    if (!at) test_fail(__FILE__, __LINE__, "no \"%s\" (then) in\n  %s", parts[i], sql.ptr);
  }
  gni_buf_deinit(&sql);
}

static void rows_come_by_key_time_and_source(void)
{
  check_sql(
      bound(EVENTS("ns.events", "",
                   ",\"wheres\":[\"amount > 1\",\"city = 'x'\"]") "," EVENTS("ns.whole", "", ""),
            SUM(DAYS(7))),
      GNI_ORDER_KEY_TIME,
      (const char *const[]){
          "SELECT k0, v0, ts, day FROM (", " AS k0, ", " AS v0, ",
          " AS ts, CAST(D AS INTEGER) AS day, 0 AS src, O AS ord FROM ",
          "<ns.events 92..109> AS source WHERE (", ") AND (", " UNION ALL SELECT ", "1 AS src",
          "<ns.whole ", "WHERE (k0 IS NOT NULL)", "coalesce(ts, 7948800000) >= 7948800000",
          "ts < 9504000000", " ORDER BY k0 NULLS LAST, ts NULLS FIRST, src", "day", "ord", NULL});
}

static void snapshots_of_entities_come_by_day(void)
{
  check_sql(bound("{\"entities\":{\"snapshotTable\":\"ns.events\",\"query\":{\"selects\":{"
                  "\"user\":\"user\",\"amount\":\"amount + 1\"}}}}",
                  SUM("")),
            GNI_ORDER_DAY_KEY,
            (const char *const[]){"CAST(NULL AS BIGINT) AS ts", "<ns.events 100..109>",
                                  " ORDER BY day NULLS FIRST, k0 NULLS LAST, ts", NULL});
}

/* ---- memory ---- */

static void bind_with(const gn_alloc *alloc)
{
  static const char text[] =
      "{\"metaData\":{\"name\":\"team.sums.v1\",\"team\":\"team\",\"outputNamespace\":\"ns\"},"
      "\"sources\":[" EVENTS("ns.events", "", "") "],\"keyColumns\":[\"user\"]" SUM(
          DAYS(2)) ",\"derivations\":[{\"name\":\"half\",\"expression\":\"amount_sum_2d / 2\"}]}";
  const gni_def *def;
  const gni_group *group;
  gni_problems problems;
  gn_arena own;
  gn_error err = {0};
  gni_arena_init(&own, alloc, 1 << 22);
  gni_problems_init(&problems, &own);
  int rc = gni_def_read(gni_str(text), "group_bys/team/sums.v1", &own, &def, &problems);
  if (rc == GN_OK) {
    rc = gni_group_bind(def->group_by, &tables, &own, &group, &err);
    CHECK_INT(err.code, rc);
  }
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_arena_deinit(&own);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(bind_with) > 1);
}

int main(void)
{
  static const test_case cases[] = {
      {"names and types come from the definition and its table",
       names_and_types_come_from_the_definition_and_its_table},
      {"derivations choose the features", derivations_choose_the_features},
      {"without aggregations the selected columns are the values",
       without_aggregations_the_selected_columns_are_the_values},
      {"what does not fit is refused with its place", what_does_not_fit_is_refused_with_its_place},
      {"a source is read as far back as the longest window",
       a_source_is_read_as_far_back_as_the_longest_window},
      {"limits of a source cut what is read", limits_of_a_source_cut_what_is_read},
      {"rows come by key, time and source", rows_come_by_key_time_and_source},
      {"snapshots of entities come by day", snapshots_of_entities_come_by_day},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
