/* Messages by their names: presence, types, order, levels, and memory that ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/sparkconnect.h>
#include <stdio.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

static sparkc_session *spark;
static sparkc_error err;

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(spark);
}

static void open_over(const gn_alloc *alloc)
{
  const sparkc_alloc own = {alloc->resize, alloc->user};
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_session_open(
                SPARKC_SESSION_ARGS(.url = "sc://localhost:1/;user_id=none", .alloc = &own), &spark,
                &err),
            SPARKC_OK);
}

static void begin(void)
{
  open_over(test_alloc());
  test_later(close_session, NULL);
}

static void check_refused(const char *type, const sparkc_field *fields, size_t count,
                          const char *message)
{
  sparkc_dataframe *df;
  CHECK_INT(sparkc_relation(spark, type, fields, count, &df, &err), SPARKC_E_PLAN);
  CHECK(df == NULL);
  CHECK_TEXT(err.message, message);
  sparkc_error_clear(&err);
}

static void values_of_another_type_are_refused(void)
{
  begin();
  sparkc_dataframe *df;
  CHECK_INT(sparkc_range(spark, 0, 3, 1, 0, &df, &err), SPARKC_OK);
  const sparkc_field text = {"input", SPARKC_TEXT("range")};
  check_refused("filter", &text, 1, "Filter.input does not take a text");
  const sparkc_field single = {"expressions", SPARKC_INT(1)};
  check_refused("project", &single, 1, "Project.expressions does not take an integer");
  const sparkc_field wide = {"num_partitions", SPARKC_INT(INT64_C(1) << 40)};
  check_refused("range", &wide, 1, "Range.num_partitions is a number of 32 bits");
  const sparkc_field member = {"join_type", SPARKC_TEXT("JOIN_TYPE_SIDEWAYS")};
  check_refused("join", &member, 1, "Join.join_type has no member JOIN_TYPE_SIDEWAYS");
  const sparkc_field number = {"join_type", SPARKC_INT(99)};
  check_refused("join", &number, 1, "Join.join_type has no member 99");
  const sparkc_field frame = {"condition", SPARKC_DATAFRAME(df)};
  check_refused("filter", &frame, 1, "Filter.condition does not take a data frame");
  const sparkc_field damaged = {"read_options", SPARKC_INT(1)};
  check_refused("read", &damaged, 1, "Spark Connect 4.1.1 knows no Read.read_options");
  const sparkc_field bytes = {"data_source", SPARKC_BYTES("\x0a\x7f", 2)};
  check_refused("read", &bytes, 1, "Read.data_source: the bytes are no message");
  sparkc_column *column = sparkc_col("a");
  const sparkc_value order = SPARKC_COLUMN(column);
  const sparkc_field unordered = {"order", SPARKC_LIST(&order, 1)};
  check_refused("sort", &unordered, 1, "Sort.order does not take a column");
  sparkc_column_free(column);
  sparkc_dataframe_free(df);
}

static void a_text_that_holds_a_nul_is_refused_and_bytes_are_not(void)
{
  begin();
  sparkc_dataframe *df;
  const sparkc_value text = {.kind = SPARKC_VALUE_TEXT, .count = 3, .as.bytes = "a\0b"};
  const sparkc_field query = {"query", text};
  check_refused("sql", &query, 1, "SQL.query holds a NUL");
  const sparkc_field named = {"schema", text};
  const sparkc_field source = {"data_source", SPARKC_MESSAGE(&named, 1)};
  check_refused("read", &source, 1, "DataSource.schema holds a NUL");
  const sparkc_field option = {"key", text};
  const sparkc_field options = {"options", SPARKC_MESSAGE(&option, 1)};
  const sparkc_field optional = {"data_source", SPARKC_MESSAGE(&options, 1)};
  check_refused("read", &optional, 1, "OptionsEntry.value holds a NUL");
  const sparkc_value paths[] = {SPARKC_TEXT("a"), text};
  const sparkc_field list = {"paths", SPARKC_LIST(paths, 2)};
  const sparkc_field listed = {"data_source", SPARKC_MESSAGE(&list, 1)};
  check_refused("read", &listed, 1, "DataSource.paths holds a NUL");
  const sparkc_field data = {"data", text};
  CHECK_INT(sparkc_relation(spark, "local_relation", &data, 1, &df, &err), SPARKC_OK);
  sparkc_dataframe_free(df);
}

static void what_is_null_is_left_out(void)
{
  begin();
  uint8_t bytes[64];
  size_t size;
  sparkc_dataframe *df;
  const sparkc_field fields[] = {{"query", SPARKC_TEXT("q")},
                                 {"named_arguments", SPARKC_MESSAGE(NULL, 0)},
                                 {"pos_arguments", SPARKC_LIST(NULL, 0)},
                                 {"args", {.kind = SPARKC_VALUE_NONE}}};
  sparkc_plan_ids_reset();
  CHECK_INT(sparkc_relation(spark, "sql", fields, 4, &df, &err), SPARKC_OK);
  CHECK_INT(sparkc_relation_encode(df, bytes, sizeof bytes, &size, &err), SPARKC_OK);
  const char expected[] = "\x0a\x02\x10\x00\x52\x03\x0a\x01q";
  CHECK_INT(size, sizeof expected - 1);
  CHECK(memcmp(bytes, expected, size) == 0);
  CHECK_INT(sparkc_relation_encode(df, bytes, size - 1, &size, &err), SPARKC_E_LIMIT);
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
}

static void a_chain_costs_what_it_adds_and_ends_at_the_servers_depth(void)
{
  begin();
  sparkc_dataframe *df, *next;
  size_t size, count = test_alloc_count();
  CHECK_INT(sparkc_range(spark, 0, 3, 1, 0, &df, &err), SPARKC_OK);
  size_t first = test_alloc_count() - count, steps = 0;
  int rc;
  do {
    count = test_alloc_count();
    CHECK_INT(sparkc_limit(df, 1, &next, &err), SPARKC_OK);
    CHECK(test_alloc_count() - count <= first + 2);
    sparkc_dataframe_free(df);
    df = next;
    steps++;
    rc = sparkc_relation_encode(df, NULL, 0, &size, &err);
  } while (rc == SPARKC_OK && steps < 2000);
  CHECK_INT(rc, SPARKC_E_PLAN);
  CHECK_INT(steps, 500); /* two levels each; servers read 1,024, of which some are around it */
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
}

static void foreign_plans_pass_and_keep_their_ids(void)
{
  begin();
  uint8_t bytes[64];
  size_t size;
  sparkc_dataframe *df;
  const char given[] = "\x0a\x02\x10\x2a\x52\x03\x0a\x01q";
  CHECK_INT(sparkc_relation_decode(spark, given, sizeof given - 1, &df, &err), SPARKC_OK);
  CHECK_INT(sparkc_plan_id(df), 42);
  CHECK_INT(sparkc_relation_encode(df, bytes, sizeof bytes, &size, &err), SPARKC_OK);
  CHECK(size == sizeof given - 1 && memcmp(bytes, given, size) == 0);
  sparkc_dataframe_free(df);
  CHECK_INT(sparkc_relation_decode(spark, "\x0a\x7f", 2, &df, &err), SPARKC_E_PLAN);
  sparkc_error_clear(&err);
}

static void data_frames_of_two_sessions_do_not_join(void)
{
  begin();
  sparkc_session *mine = spark;
  sparkc_dataframe *a, *b, *df;
  CHECK_INT(sparkc_table(spark, "a", &a, &err), SPARKC_OK);
  open_over(test_alloc());
  CHECK_INT(sparkc_table(spark, "b", &b, &err), SPARKC_OK);
  CHECK_INT(sparkc_join(a, b, "inner", sparkc_lit_bool(1), &df, &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "the data frames are of two sessions");
  sparkc_error_clear(&err);
  sparkc_dataframe_free(a);
  sparkc_dataframe_free(b);
  sparkc_session_close(spark);
  spark = mine;
}

/* A step that needs no memory but the session's is let go, the failure told. */
static sparkc_dataframe *advance(int rc, sparkc_dataframe *df, sparkc_dataframe *next)
{
  sparkc_dataframe_free(df);
  CHECK(rc == SPARKC_OK || rc == SPARKC_E_NOMEM);
  sparkc_error_clear(&err);
  return rc == SPARKC_OK ? next : NULL;
}

static void build_much(const gn_alloc *alloc)
{
  static const char *const from[] = {"a"}, *const to[] = {"b"};
  const gn_alloc *usual = sparkp_column_alloc;
  sparkc_session *session;
  sparkc_dataframe *df = NULL, *next = NULL;
  const sparkc_alloc own = {alloc->resize, alloc->user};
  int rc = sparkc_session_open(
      SPARKC_SESSION_ARGS(.url = "sc://localhost:1/;user_id=none", .alloc = &own), &session, &err);
  if (rc != SPARKC_OK) {
    sparkc_error_clear(&err);
    return;
  }
  sparkp_column_alloc = alloc;
  rc = sparkc_table(session, "t", &next, &err);
  df = advance(rc, NULL, next);
  if (df) {
    sparkc_column *order[] = {sparkc_col("b")};
    const sparkc_window window = {NULL, 0, order, 1, 1, -1, 1};
    sparkc_column *c = sparkc_over(sparkc_call("sum", SPARKC_COLUMNS(sparkc_col("a"))), &window);
    rc = sparkc_with_columns(df, to, &c, 1, &next, &err);
    df = advance(rc, df, next);
  }
  if (df) rc = sparkc_rename(df, from, to, 1, &next, &err);
  if (df) df = advance(rc, df, next);
  if (df) rc = sparkc_order_by(df, SPARKC_COLUMNS(sparkc_col("b")), &next, &err);
  if (df) df = advance(rc, df, next);
  if (df) {
    sparkc_column *test = sparkc_lt(sparkc_col("a"), sparkc_scalar(df));
    rc = sparkc_filter(df, test, &next, &err);
    df = advance(rc, df, next);
  }
  if (df) {
    sparkc_column *by[] = {sparkc_col("a")},
                  *sums[] = {sparkc_function("count", SPARKC_COLUMNS(sparkc_col("b")))};
    rc = sparkc_pivot(df, by, 1, sparkc_col("c"), SPARKC_COLUMNS(sparkc_lit_int(1)), sums, 1, &next,
                      &err);
    df = advance(rc, df, next);
  }
  sparkc_dataframe_free(df);
  sparkp_column_alloc = usual;
  sparkc_session_close(session);
}

static void every_missing_block_is_survived(void)
{
  CHECK(test_each_oom(build_much) > 60);
}

int main(void)
{
  static const test_case cases[] = {
      {"values of another type are refused", values_of_another_type_are_refused},
      {"a text that holds a NUL is refused, and bytes are not",
       a_text_that_holds_a_nul_is_refused_and_bytes_are_not},
      {"what is null is left out", what_is_null_is_left_out},
      {"a chain costs what it adds, and ends at the server's depth",
       a_chain_costs_what_it_adds_and_ends_at_the_servers_depth},
      {"foreign plans pass and keep their ids", foreign_plans_pass_and_keep_their_ids},
      {"data frames of two sessions do not join", data_frames_of_two_sessions_do_not_join},
      {"every missing block is survived", every_missing_block_is_survived},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
