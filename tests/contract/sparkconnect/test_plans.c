/* Our plans have the bytes of PySpark's: the same program in C and in record.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/sparkconnect.h>
#include <stdio.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

static gn_buf golden;
static sparkc_session *spark;
static sparkc_error err;

static void end(void *unused)
{
  (void)unused;
  gni_buf_deinit(&golden);
  sparkc_session_close(spark);
}

/* A session that never asks a server. */
static void begin(void)
{
  gn_error why = {0};
  sparkc_error_clear(&err);
  gni_buf_init(&golden, test_alloc(), 4 << 20);
  CHECK_INT(sparkc_session_open(SPARKC_SESSION_ARGS(.url = "sc://localhost:1/;user_id=none"),
                                &spark, &err),
            SPARKC_OK);
  test_later(end, NULL);
  CHECK_OK(gni_file_read(test_golden("sparkconnect/plans.txt"), &golden, &why), &why);
}

/* The hexadecimal text behind a name; empty when there is none. */
static gn_str expected(const char *name)
{
  gn_str rest = gni_buf_view(&golden), line;
  while (gni_str_split(&rest, '\n', &line)) {
    gn_str first;
    if (gni_str_split(&line, ' ', &first) && gni_str_is(first, name)) return line;
  }
  return GN_STR("");
}

/* Takes the data frame over. */
static void check_plan(const char *name, sparkc_dataframe *df)
{
  uint8_t bytes[4096];
  char hex[2 * sizeof bytes + 1];
  size_t size;
  CHECK_INT(sparkc_relation_encode(df, bytes, sizeof bytes, &size, &err), SPARKC_OK);
  for (size_t i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  char wanted[sizeof hex];
  snprintf(wanted, sizeof wanted, "%.*s", GN_STR_ARGS(expected(name)));
  if (strcmp(hex, wanted) != 0) fprintf(stderr, "%s\n", name);
  CHECK_TEXT(hex, wanted);
  sparkc_dataframe_free(df);
}

static sparkc_dataframe *made;

/* Unwraps a call that must succeed, and lets go of what it was made from. */
static sparkc_dataframe *step(int rc, sparkc_dataframe *input)
{
  CHECK_TEXT(err.message, "");
  CHECK_INT(rc, SPARKC_OK);
  sparkc_dataframe_free(input);
  return made;
}

#define INTO &made, &err

static sparkc_dataframe *range(int64_t end_before)
{
  return step(sparkc_range(spark, 0, end_before, 1, 0, INTO), NULL);
}

static sparkc_dataframe *table(const char *name)
{
  return step(sparkc_table(spark, name, INTO), NULL);
}

#define TEXTS(...)                                                                                 \
  (const char *const[]){__VA_ARGS__},                                                              \
      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static void beginnings(void)
{
  check_plan("range", step(sparkc_range(spark, 0, 10, 1, 4, INTO), NULL));
  sparkc_plan_ids_reset();
  check_plan("range-without-partitions", step(sparkc_range(spark, 5, 100, 7, 0, INTO), NULL));
  sparkc_plan_ids_reset();
  check_plan("range-below-zero", step(sparkc_range(spark, -3, 0, 1, 0, INTO), NULL));
  sparkc_plan_ids_reset();
  const sparkc_field query = {"query", SPARKC_TEXT("SELECT 1")};
  check_plan("sql", step(sparkc_relation(spark, "sql", &query, 1, INTO), NULL));
  sparkc_plan_ids_reset();
  check_plan("schema-only", step(sparkc_local(spark, NULL, 0, "a INT", INTO), NULL));
}

static sparkc_dataframe *selected(void)
{
  sparkc_dataframe *df = range(10);
  return step(sparkc_select_names(df, TEXTS("id", "*", "t.*", "a.b"), INTO), df);
}

static sparkc_dataframe *nothing_selected(void)
{
  sparkc_dataframe *df = range(10);
  return step(sparkc_select(df, NULL, 0, INTO), df);
}

static sparkc_dataframe *limited(int32_t rows)
{
  sparkc_dataframe *df = range(10);
  return step(sparkc_limit(df, rows, INTO), df);
}

static sparkc_dataframe *counted(void)
{
  sparkc_dataframe *df = range(10);
  sparkc_column *one = sparkc_lit_int(1);
  sparkc_column *count = sparkc_call("count", &one, 1);
  return step(sparkc_group_by(df, NULL, 0, &count, 1, INTO), df);
}

static sparkc_dataframe *three_steps(void)
{
  sparkc_dataframe *df = limited(5);
  df = step(sparkc_select_names(df, TEXTS("id"), INTO), df);
  return step(sparkc_limit(df, 2, INTO), df);
}

static sparkc_dataframe *filtered(void)
{
  sparkc_dataframe *df = table("orders");
  sparkc_column *dear = sparkc_gt(sparkc_col("amount"), sparkc_lit_double(2.5));
  sparkc_column *polish = sparkc_eq(sparkc_col("country"), sparkc_lit_text("PL"));
  return step(sparkc_filter(df, sparkc_and(dear, polish), INTO), df);
}

static sparkc_dataframe *shaped(void)
{
  static const char *const from[] = {"a", "b"}, *const to[] = {"c", "d"};
  sparkc_dataframe *df = table("orders");
  df = step(sparkc_with_column(df, "twice",
                               sparkc_multiply(sparkc_col("amount"), sparkc_lit_int(2)), INTO),
            df);
  df = step(sparkc_rename(df, from, to, 2, INTO), df);
  df = step(sparkc_drop(df, TEXTS("country", "city"), INTO), df);
  df = step(sparkc_order_by(df,
                            SPARKC_COLUMNS(sparkc_desc(sparkc_col("twice"), SPARKC_NULLS_USUAL),
                                           sparkc_col("id")),
                            INTO),
            df);
  df = step(sparkc_offset(df, 3, INTO), df);
  return step(sparkc_as(df, "t", INTO), df);
}

static sparkc_dataframe *grouped(void)
{
  sparkc_dataframe *df = table("orders");
  sparkc_column *amount = sparkc_col("amount");
  sparkc_column *city = sparkc_col("city");
  return step(sparkc_group_by(df, SPARKC_COLUMNS(sparkc_col("country")),
                              SPARKC_COLUMNS(sparkc_alias(sparkc_call("sum", &amount, 1), "total"),
                                             sparkc_call_distinct("count", &city, 1)),
                              INTO),
              df);
}

static sparkc_dataframe *pivoted(void)
{
  sparkc_dataframe *df = table("orders");
  sparkc_column *amount = sparkc_col("amount");
  return step(sparkc_pivot(df, SPARKC_COLUMNS(sparkc_col("country")), sparkc_col_of(df, "year"),
                           SPARKC_COLUMNS(sparkc_lit_int(2023), sparkc_lit_int(2024)),
                           SPARKC_COLUMNS(sparkc_call("sum", &amount, 1)), INTO),
              df);
}

static sparkc_dataframe *joined(void)
{
  sparkc_dataframe *left = table("a"), *right = table("b");
  sparkc_column *same = sparkc_eq(sparkc_col_of(left, "id"), sparkc_col_of(right, "id"));
  sparkc_dataframe *df = step(sparkc_join(left, right, "left_outer", same, INTO), left);
  sparkc_dataframe_free(right);
  sparkc_dataframe *third = table("c");
  df = step(sparkc_join_using(df, third, "inner", TEXTS("id", "day"), INTO), df);
  sparkc_dataframe_free(third);
  return df;
}

static sparkc_dataframe *united(void)
{
  sparkc_dataframe *a = table("a"), *b = table("b");
  sparkc_dataframe *df =
      step(sparkc_set_operation(a, b, SPARKC_SET_UNION_BY_NAME_ALLOW_MISSING, 1, INTO), a);
  sparkc_dataframe_free(b);
  return step(sparkc_distinct(df, NULL, 0, INTO), df);
}

static sparkc_dataframe *windowed(void)
{
  sparkc_dataframe *df = table("orders");
  sparkc_column *amount = sparkc_col("amount");
  sparkc_column *by[] = {sparkc_col("country")};
  sparkc_column *order[] = {sparkc_desc(sparkc_col("day"), SPARKC_NULLS_USUAL), sparkc_col("id")};
  const sparkc_window window = {by, 1, order, 2, 1, -2, 0};
  sparkc_column *running = sparkc_over(sparkc_call("sum", &amount, 1), &window);
  return step(sparkc_select(df, SPARKC_COLUMNS(sparkc_alias(running, "running")), INTO), df);
}

static sparkc_dataframe *with_subquery(void)
{
  sparkc_dataframe *df = table("orders"), *limits = table("limits");
  sparkc_dataframe *top = step(sparkc_select_names(limits, TEXTS("top"), INTO), limits);
  df = step(sparkc_filter(df, sparkc_lt(sparkc_col("amount"), sparkc_scalar(top)), INTO), df);
  sparkc_dataframe_free(top);
  return df;
}

static sparkc_dataframe *read_files(void)
{
  const sparkc_option options[] = {{"sep", ";"}, {"header", "true"}};
  const char *paths[] = {"/data/a.csv", "/data/b.csv"};
  return step(
      sparkc_read(spark,
                  SPARKC_READ_ARGS(.format = "csv", .schema = "a INT, b STRING", .options = options,
                                   .option_count = 2, .paths = paths, .path_count = 2),
                  INTO),
      NULL);
}

static sparkc_dataframe *literals(void)
{
  sparkc_dataframe *df = range(1);
  return step(
      sparkc_select(df,
                    SPARKC_COLUMNS(sparkc_lit_null(), sparkc_lit_bool(0), sparkc_lit_int(0),
                                   sparkc_lit_int(1) /* INT */, sparkc_lit_int(INT64_C(1) << 40),
                                   sparkc_lit_double(-0.0), sparkc_lit_text(""),
                                   sparkc_lit_bytes("\0\1", 2), sparkc_lit_date(19000),
                                   sparkc_cast(sparkc_col("id"), "decimal(10,2)"),
                                   sparkc_get(sparkc_col("m"), sparkc_lit_text("k"))),
                    INTO),
      df);
}

static sparkc_dataframe *transformed(void)
{
  static const char *const x[] = {"x"};
  sparkc_dataframe *df = table("t");
  sparkc_column *body = sparkc_add(sparkc_parameter("x"), sparkc_lit_int(1));
  sparkc_column *whens[] = {sparkc_is_null(sparkc_col("a")), sparkc_lit_int(0), sparkc_col("a")};
  return step(
      sparkc_select(
          df,
          SPARKC_COLUMNS(
              sparkc_call("transform", SPARKC_COLUMNS(sparkc_col("xs"), sparkc_lambda(body, x, 1))),
              sparkc_when(whens, 3),
              sparkc_in(sparkc_col("a"), SPARKC_COLUMNS(sparkc_lit_int(1), sparkc_lit_int(2)))),
          INTO),
      df);
}

static sparkc_dataframe *cleaned(void)
{
  sparkc_dataframe *df = table("t");
  df = step(sparkc_drop_na(df, TEXTS("a", "b"), 1, INTO), df);
  df = step(sparkc_fill_na(df, TEXTS("c"), sparkc_lit_long(0), INTO), df);
  df = step(sparkc_sample(df, 0.5, 0, 7, INTO), df);
  df = step(sparkc_repartition_by(df, 3, SPARKC_COLUMNS(sparkc_col("a")), INTO), df);
  df = step(sparkc_repartition(df, 1, 0, INTO), df);
  return step(sparkc_hint(df, "broadcast", NULL, 0, INTO), df);
}

#define PLAN(function, name, program)                                                              \
  static void function(void)                                                                       \
  {                                                                                                \
    begin();                                                                                       \
    sparkc_plan_ids_reset();                                                                       \
    check_plan(name, program);                                                                     \
  }

static void sources_begin_plans(void)
{
  begin();
  sparkc_plan_ids_reset();
  beginnings();
}

PLAN(names_select, "select", selected())
PLAN(nothing_is_selected, "select-nothing", nothing_selected())
PLAN(limits, "limit", limited(3))
PLAN(counts, "count", counted())
PLAN(steps_follow_steps, "three-steps", three_steps())
PLAN(conditions, "filter", filtered())
PLAN(columns_are_shaped, "shaped", shaped())
PLAN(groups, "grouped", grouped())
PLAN(pivots, "pivoted", pivoted())
PLAN(joins, "joined", joined())
PLAN(unions, "united", united())
PLAN(windows, "windowed", windowed())
PLAN(subqueries_bring_their_plans, "subquery", with_subquery())
PLAN(files, "read", read_files())
PLAN(literals_of_all_kinds, "literals", literals())
PLAN(lambdas_and_cases, "transformed", transformed())
PLAN(rows_are_cleaned, "cleaned", cleaned())

int main(void)
{
  static const test_case cases[] = {
      {"sources begin plans", sources_begin_plans},
      {"names select", names_select},
      {"nothing is selected", nothing_is_selected},
      {"limits", limits},
      {"counts", counts},
      {"steps follow steps", steps_follow_steps},
      {"conditions", conditions},
      {"columns are shaped", columns_are_shaped},
      {"groups", groups},
      {"pivots", pivots},
      {"joins", joins},
      {"unions", unions},
      {"windows", windows},
      {"subqueries bring their plans", subqueries_bring_their_plans},
      {"files", files},
      {"literals of all kinds", literals_of_all_kinds},
      {"lambdas and cases", lambdas_and_cases},
      {"rows are cleaned", rows_are_cleaned},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
