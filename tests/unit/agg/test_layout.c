/* The columns of a GroupBy: their names, order and types. SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

#define HOURS(n) ((gni_window){(n) * GN_HOUR_MS, (n), true})
#define DAYS(n) ((gni_window){(n) * GN_DAY_MS, (n), false})

static const gn_str k_name[] = {{"k", 1}}, k_three[] = {{"3", 1}};
static const char *const columns =
    "struct<amount:bigint,city:string,lane:string,tags:array<string>,at:timestamp,ok:boolean>";

/* Aggregation of one column; k is 3. */
static gni_aggregation of(const char *column, int operation)
{
  return (gni_aggregation){
      .input_column = gni_str(column),
      .operation = operation,
      .argument_names = k_name,
      .argument_values = k_three,
      .argument_count = 1,
  };
}

static const gni_layout *take(const gni_aggregation *aggregations, size_t count)
{
  const gni_layout *layout;
  gn_error err = {0};
  CHECK_OK(gni_layout_take(worked_arena(), aggregations, count, parse_type(columns), &layout, &err),
           &err);
  return layout;
}

static void check_name(const char *column, int operation, gni_window window, const char *bucket,
                       const char *expected)
{
  gni_aggregation aggregation = of(column, operation);
  CHECK_STR(gni_output_name(worked_arena(), &aggregation, window, gni_str(bucket)), expected);
}

static void names_are_chronons(void)
{
  check_name("amount", GNI_AVERAGE, DAYS(7), NULL, "amount_average_7d");
  check_name("ts", GNI_LAST_K, DAYS(30), "country", "ts_last3_30d_by_country");
  check_name("user", GNI_APPROX_UNIQUE_COUNT, HOURS(12), NULL, "user_approx_unique_count_12h");
  check_name("x", GNI_APPROX_PERCENTILE, GNI_UNBOUNDED, NULL, "x_approx_percentile");
  check_name("x", GNI_HISTOGRAM, DAYS(1), NULL, "x_histogram_1d");
  check_name("x", GNI_BOUNDED_UNIQUE_COUNT, DAYS(7), NULL, "x_bounded_unique_count_7d");
  check_name("x", GNI_APPROX_HISTOGRAM_K, GNI_UNBOUNDED, NULL, "x_approx_histogram_k");
  check_name("x", GNI_FIRST_K, GNI_UNBOUNDED, NULL, "x_first3");
  check_name("x", GNI_TOP_K, GNI_UNBOUNDED, NULL, "x_top3");
  check_name("x", GNI_BOTTOM_K, HOURS(1), NULL, "x_bottom3_1h");
  check_name("cents", GNI_AVERAGE, DAYS(7), "lane", "cents_average_7d_by_lane");
  check_name("x", GNI_UNIQUE_COUNT, GNI_UNBOUNDED, "city", "x_unique_count_by_city");
}

static void a_window_of_all_time_has_no_suffix(void)
{
  check_name("x", GNI_SUM, (gni_window){INT64_MAX, 0, false}, NULL, "x_sum");
  check_name("x", GNI_SUM, (gni_window){GN_DAY_MS, 0, false}, NULL, "x_sum");
}

static void columns_come_by_aggregation_then_bucket_then_window(void)
{
  static const char *const expected[] = {
      "amount_sum_7d_by_city",
      "amount_sum_1h_by_city",
      "amount_sum_7d_by_lane",
      "amount_sum_1h_by_lane",
      "city_last",
  };
  const gni_window windows[] = {DAYS(7), HOURS(1)};
  const gn_str buckets[] = {GN_STR("city"), GN_STR("lane")};
  gni_aggregation aggregations[] = {of("amount", GNI_SUM), of("city", GNI_LAST)};
  aggregations[0].windows = windows;
  aggregations[0].window_count = 2;
  aggregations[0].buckets = buckets;
  aggregations[0].bucket_count = 2;
  const gni_layout *layout = take(aggregations, 2);

  CHECK_INT(layout->column_count, 5);
  CHECK_INT(layout->output->field_count, 5);
  for (size_t i = 0; i < 5; i++) {
    CHECK_STR(layout->columns[i].name, expected[i]);
    CHECK_STR(layout->output->fields[i].name, expected[i]);
  }
  CHECK_TEXT(print_type(layout->output->fields[0].type), "map<string,bigint>");
  CHECK_TEXT(print_type(layout->output->fields[4].type), "string");
  CHECK(layout->any_windowed && layout->any_timed);

  CHECK_INT(layout->base_count, 3);
  CHECK_STR(layout->bases[0].name, "amount_sum_by_city");
  CHECK_STR(layout->bases[1].name, "amount_sum_by_lane");
  CHECK_STR(layout->bases[2].name, "city_last");
  CHECK_INT(layout->bases[1].input, 0);
  CHECK_INT(layout->bases[1].bucket, 2);
  CHECK_INT(layout->bases[2].bucket, -1);
  CHECK_INT(layout->columns[3].base, 1);
  CHECK_INT(layout->columns[3].window.length_ms, GN_HOUR_MS);
  CHECK_INT(layout->columns[4].window.length_ms, INT64_MAX);
}

static void without_windows_or_times_it_says_so(void)
{
  const gni_aggregation aggregation = of("amount", GNI_SUM);
  const gni_layout *layout = take(&aggregation, 1);
  CHECK(!layout->any_windowed && !layout->any_timed);
  CHECK_INT(take(NULL, 0)->column_count, 0);
}

static void check_refused(const gni_aggregation *aggregations, size_t count, int code,
                          const char *where, const char *message, const char *hint)
{
  const gni_layout *layout;
  gn_error err = {0};
  CHECK_INT(
      gni_layout_take(worked_arena(), aggregations, count, parse_type(columns), &layout, &err),
      code);
  CHECK(layout == NULL);
  CHECK_INT(err.code, code);
  CHECK_TEXT(err.where, where);
  CHECK_TEXT(err.message, message);
  CHECK_TEXT(err.hint, hint);
}

static void a_missing_column_is_answered_with_the_nearest(void)
{
  const gni_aggregation cases[] = {of("amount", GNI_SUM), of("amuont", GNI_SUM)};
  check_refused(cases, 2, GN_E_NOTFOUND, "aggregations[1]", "there is no column 'amuont'",
                "did you mean 'amount'?");
  const gni_aggregation far = of("zzzzzz", GNI_SUM);
  check_refused(&far, 1, GN_E_NOTFOUND, "aggregations[0]", "there is no column 'zzzzzz'", "");
}

static void bucket_columns_must_be_strings(void)
{
  const gn_str buckets[] = {GN_STR("city"), GN_STR("ok")}, missing[] = {GN_STR("citty")};
  gni_aggregation aggregation = of("amount", GNI_SUM);
  aggregation.buckets = buckets;
  aggregation.bucket_count = 2;
  check_refused(&aggregation, 1, GN_E_TYPE, "aggregations[0]: buckets[1]",
                "bucket column 'ok' is not a string", "cast it in the selects: CAST(ok AS STRING)");
  aggregation.buckets = missing;
  aggregation.bucket_count = 1;
  check_refused(&aggregation, 1, GN_E_NOTFOUND, "aggregations[0]: buckets[0]",
                "there is no column 'citty'", "did you mean 'city'?");
}

static void what_an_operation_refuses_says_where(void)
{
  const gni_aggregation cases[] = {of("amount", GNI_SUM), of("at", GNI_MAX)};
  check_refused(cases, 2, GN_E_TYPE, "aggregations[1]", "timestamp is incompatible with MAX",
                "convert it to a bigint in the selects, for example to milliseconds");
}

static void two_columns_of_one_name_are_refused(void)
{
  gni_aggregation cases[] = {of("tags", GNI_HISTOGRAM), of("tags", GNI_HISTOGRAM)};
  const char *hint = "rename the input column of one in the selects";
  check_refused(cases, 2, GN_E_INVALID, "aggregations[1]",
                "two aggregations give the column 'tags_histogram'", hint);
  const gni_window windows[] = {DAYS(1), DAYS(2), DAYS(1)};
  cases[0].windows = windows;
  cases[0].window_count = 3;
  check_refused(cases, 1, GN_E_INVALID, "aggregations[0]: windows[2]",
                "two aggregations give the column 'tags_histogram_1d'", hint);
}

static void too_many_columns_are_refused(void)
{
  static gni_window windows[GN_COLUMNS_MAX + 1];
  for (int i = 0; i <= GN_COLUMNS_MAX; i++) windows[i] = DAYS(i + 1);
  gni_aggregation aggregation = of("amount", GNI_SUM);
  aggregation.windows = windows;
  aggregation.window_count = GN_COLUMNS_MAX + 1;
  check_refused(&aggregation, 1, GN_E_LIMIT, "", "10001 output columns are more than 10000", "");
  aggregation.window_count = GN_COLUMNS_MAX;
  CHECK_INT(take(&aggregation, 1)->column_count, GN_COLUMNS_MAX);
}

static void take_all(gn_arena *arena, gni_aggregation *aggregation, int *rc)
{
  static const gn_str buckets[] = {{"city", 4}, {"lane", 4}};
  const gni_window windows[] = {DAYS(7), HOURS(1)};
  const gni_layout *layout;
  gn_error err = {0};
  aggregation->windows = windows;
  aggregation->window_count = 2;
  aggregation->buckets = buckets;
  aggregation->bucket_count = 2;
  *rc = gni_layout_take(arena, aggregation, 1, parse_type(columns), &layout, &err);
  CHECK((*rc == GN_OK) == (layout != NULL));
  CHECK_INT(err.code, *rc);
}

static void take_with(const gn_alloc *alloc)
{
  gni_aggregation aggregation = of("amount", GNI_LAST_K);
  gn_arena arena;
  int rc;
  gni_arena_init(&arena, alloc, 1 << 20);
  take_all(&arena, &aggregation, &rc);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void no_memory_is_an_answer(void)
{
  parse_type(columns); /* outside of what is counted */
  CHECK(test_each_oom(take_with) >= 1);
}

static void a_full_arena_is_an_answer(void)
{
  int rc = GN_E_LIMIT;
  size_t refused = 0;
  for (size_t ceiling = 0; rc != GN_OK; ceiling += 16) {
    gni_aggregation aggregation = of("amount", GNI_LAST_K);
    gn_arena arena;
    gni_arena_init(&arena, test_alloc(), ceiling);
    take_all(&arena, &aggregation, &rc);
    gni_arena_deinit(&arena);
    CHECK(rc == GN_OK || rc == GN_E_LIMIT);
    refused += rc != GN_OK;
  }
  CHECK(refused > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"names are Chronon's", names_are_chronons},
      {"a window of all time has no suffix", a_window_of_all_time_has_no_suffix},
      {"columns come by aggregation, then bucket, then window",
       columns_come_by_aggregation_then_bucket_then_window},
      {"without windows or times it says so", without_windows_or_times_it_says_so},
      {"a missing column is answered with the nearest",
       a_missing_column_is_answered_with_the_nearest},
      {"bucket columns must be strings", bucket_columns_must_be_strings},
      {"what an operation refuses says where", what_an_operation_refuses_says_where},
      {"two columns of one name are refused", two_columns_of_one_name_are_refused},
      {"too many columns are refused", too_many_columns_are_refused},
      {"no memory is an answer", no_memory_is_an_answer},
      {"a full arena is an answer", a_full_arena_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
