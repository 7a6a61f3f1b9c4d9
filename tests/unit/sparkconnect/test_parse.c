/* Small expressions: what they become, and what they are refused for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/column.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

/* Columns are compared as the messages they are. Both are taken over. */
static void check_same(const char *text, sparkc_column *made, sparkc_column *expected)
{
  sparkc_error err = {0};
  uint8_t bytes[2][2048];
  size_t sizes[2];
  sparkc_column *both[2] = {made, expected};
  for (int i = 0; i < 2; i++) {
    sparkc_column_error(both[i], &err);
    if (err.code) fprintf(stderr, "%s\n", text);
    CHECK_TEXT(err.message, "");
    sizes[i] = protobuf_c_message_get_packed_size(&both[i]->message.base);
    CHECK(sizes[i] <= sizeof bytes[i]);
    protobuf_c_message_pack(&both[i]->message.base, bytes[i]);
    sparkc_column_free(both[i]);
  }
  if (sizes[0] != sizes[1] || memcmp(bytes[0], bytes[1], sizes[0]) != 0)
    test_fail(__FILE__, __LINE__, "%s became something else", text);
}

#define IS(text, column) check_same(text, sparkc_parse(text, NULL, 0), column)

static sparkc_column *a(void)
{
  return sparkc_col("a");
}

static sparkc_column *n(int64_t value)
{
  return sparkc_lit_int(value);
}

static void names_and_literals(void)
{
  IS("a", a());
  IS("t.a.b", sparkc_col("t.a.b"));
  IS("`odd name`.a", sparkc_col("`odd name`.a"));
  IS("42", n(42));
  IS("5000000000", sparkc_lit_long(5000000000));
  IS("-1", sparkc_negate(n(1)));
  IS("1.5e3", sparkc_lit_double(1500));
  IS("'it''s'", sparkc_lit_text("it's"));
  IS("TRUE", sparkc_lit_bool(1));
  IS("null", sparkc_lit_null());
  IS("date '2024-02-29'", sparkc_cast(sparkc_lit_text("2024-02-29"), "date"));
  IS("date", sparkc_col("date"));
  IS("a[0]['k']", sparkc_get(sparkc_get(a(), n(0)), sparkc_lit_text("k")));
}

static void precedence_is_that_of_SQL(void)
{
  IS("1 + 2 * 3", sparkc_add(n(1), sparkc_multiply(n(2), n(3))));
  IS("(1 + 2) * 3", sparkc_multiply(sparkc_add(n(1), n(2)), n(3)));
  IS("1 - 2 - 3", sparkc_subtract(sparkc_subtract(n(1), n(2)), n(3)));
  IS("a = 1 or a = 2 and not a > 3",
     sparkc_or(sparkc_eq(a(), n(1)),
               sparkc_and(sparkc_eq(a(), n(2)), sparkc_not(sparkc_gt(a(), n(3))))));
  IS("a & 1 = 1", sparkc_eq(sparkc_call("&", SPARKC_COLUMNS(a(), n(1))), n(1)));
  IS("a | 1 ^ 2 & 3",
     sparkc_call(
         "|", SPARKC_COLUMNS(
                  a(), sparkc_call("^", SPARKC_COLUMNS(
                                            n(1), sparkc_call("&", SPARKC_COLUMNS(n(2), n(3))))))));
  IS("a <> 1", sparkc_ne(a(), n(1)));
  IS("a <=> null", sparkc_same(a(), sparkc_lit_null()));
  IS("a || 'x'", sparkc_call("concat", SPARKC_COLUMNS(a(), sparkc_lit_text("x"))));
}

static void tests_of_SQL(void)
{
  IS("a is null", sparkc_is_null(a()));
  IS("a IS NOT NULL", sparkc_is_not_null(a()));
  IS("a in (1, 2)", sparkc_in(a(), SPARKC_COLUMNS(n(1), n(2))));
  IS("a not in (1)", sparkc_not(sparkc_in(a(), SPARKC_COLUMNS(n(1)))));
  IS("a between 1 and 2 and a = 3",
     sparkc_and(sparkc_between(a(), n(1), n(2)), sparkc_eq(a(), n(3))));
  IS("a like 'x%'", sparkc_like(a(), sparkc_lit_text("x%")));
  IS("case when a = 1 then 2 else 3 end",
     sparkc_when(SPARKC_COLUMNS(sparkc_eq(a(), n(1)), n(2), n(3))));
  IS("case a when 1 then 2 end", sparkc_when(SPARKC_COLUMNS(sparkc_eq(a(), n(1)), n(2))));
  IS("cast(a as decimal(10, 2))", sparkc_cast(a(), "decimal(10, 2)"));
  IS("try_cast(a as map<string, int>)", sparkc_try_cast(a(), "map<string, int>"));
}

static void calls_and_aliases(void)
{
  IS("sqrt(a)", sparkc_call("sqrt", SPARKC_COLUMNS(a())));
  IS("pow(a, 2)", sparkc_call("power", SPARKC_COLUMNS(a(), n(2))));
  IS("count(*)", sparkc_call("count", SPARKC_COLUMNS(n(1))));
  IS("count(distinct a)", sparkc_call_distinct("count", SPARKC_COLUMNS(a())));
  IS("current_date()", sparkc_call("current_date", NULL, 0));
  IS("sum(a) as `the total`", sparkc_alias(sparkc_call("sum", SPARKC_COLUMNS(a())), "the total"));
}

static void values_of_the_host_become_literals(void)
{
  const sparkc_argument arguments[] = {{"min", n(5)}, {"name", sparkc_lit_text("' or 1=1")}};
  check_same("parameters", sparkc_parse("a > :min and b = :name and a < :min * 2", arguments, 2),
             sparkc_and(sparkc_and(sparkc_gt(a(), n(5)),
                                   sparkc_eq(sparkc_col("b"), sparkc_lit_text("' or 1=1"))),
                        sparkc_lt(a(), sparkc_multiply(n(5), n(2)))));
}

static void refused_with(const char *text, const sparkc_argument *arguments, size_t count,
                         const char *message)
{
  sparkc_error err = {0};
  sparkc_column *made = sparkc_parse(text, arguments, count);
  CHECK_INT(sparkc_column_error(made, &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, message);
  sparkc_column_free(made);
}

static void what_it_does_not_know_is_refused_with_its_place(void)
{
  refused_with("", NULL, 0, "character 1: expected a value, and the text ends");
  refused_with("a >", NULL, 0, "character 4: expected a value, and the text ends");
  refused_with("a > 1 b", NULL, 0, "character 7: expected an operator, not b");
  refused_with("a ; drop", NULL, 0, "character 3: ';' means nothing here");
  refused_with("(a", NULL, 0, "character 3: expected ')', and the text ends");
  refused_with("'\xc3\xa9' = 'x", NULL, 0, "character 7: the text that begins here does not end");
  refused_with("1x", NULL, 0, "character 1: this is no number");
  refused_with("select 1", NULL, 0, "character 1: expected a value, not select");
  refused_with("a in 1", NULL, 0, "character 6: expected '(', not 1");
  refused_with("a not 1", NULL, 0, "character 7: expected in, between or like, not 1");
  refused_with("greatst(a, 1)", NULL, 0, "character 1: PySpark 4.1.1 has no function greatst");
  refused_with("sum(a) over (1)", NULL, 0, "character 8: expected an operator, not over");
  refused_with("cast(a)", NULL, 0, "character 7: expected as, not )");
  refused_with("case end", NULL, 0, "character 6: expected a value, not end");
  refused_with("a > :min", NULL, 0, "character 5: there is no value for :min");
  refused_with("a > 1", &(sparkc_argument){"min", n(1)}, 1,
               "character 1: nothing asks for the value of :min");
  refused_with("a", &(sparkc_argument){NULL, n(1)}, 1, "character 1: a value has no name");
}

static void deep_nesting_is_refused(void)
{
  char text[2048];
  memset(text, '(', 1000);
  text[1000] = '\0';
  refused_with(text, NULL, 0, "character 101: this is nested more than 100 deep");
  memset(text, '-', 1000);
  refused_with(text, NULL, 0, "character 101: this is nested more than 100 deep");
}

/* Any bytes at all: a column or a failure, and nothing left behind. */
static void garbage_is_survived(void)
{
  static const char *const parts[] = {
      "a",    "(",  ")",   "'x'", ",", " and ", " not ", "in",  "1.5", "case", " when ", "then",
      " end", ":p", "`q`", "[",   "]", "cast(", " as ",  "int", "||",  "<=>",  "count(", "\xff"};
  enum { PARTS = sizeof parts / sizeof *parts };
  test_random random = test_random_new(1);
  for (int i = 0; i < 20000 * test_effort(); i++) {
    char text[256];
    size_t at = 0;
    text[0] = '\0';
    for (int64_t more = test_random_in(&random, 0, 12); more > 0; more--)
      at += (size_t)snprintf(text + at, sizeof text - at, "%s",
                             parts[test_random_in(&random, 0, PARTS - 1)]);
    sparkc_column_free(sparkc_parse(text, NULL, 0));
  }
}

static void parse_once(const gn_alloc *alloc)
{
  const gn_alloc *usual = sparkp_column_alloc;
  sparkc_error err = {0};
  sparkp_column_alloc = alloc;
  sparkc_column *made = sparkc_parse(
      "case when a.b in (1, 2, 'x') then cast(sqrt(a) as int) else a[0] end as q", NULL, 0);
  int rc = sparkc_column_error(made, &err);
  CHECK(rc == SPARKC_OK || rc == SPARKC_E_NOMEM);
  sparkc_column_free(made);
  sparkc_error_clear(&err);
  sparkp_column_alloc = usual;
}

static void every_missing_block_is_survived(void)
{
  CHECK(test_each_oom(parse_once) > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"names and literals", names_and_literals},
      {"precedence is that of SQL", precedence_is_that_of_SQL},
      {"tests of SQL", tests_of_SQL},
      {"calls and aliases", calls_and_aliases},
      {"values of the host become literals", values_of_the_host_become_literals},
      {"what it does not know is refused with its place",
       what_it_does_not_know_is_refused_with_its_place},
      {"deep nesting is refused", deep_nesting_is_refused},
      {"garbage is survived", garbage_is_survived},
      {"every missing block is survived", every_missing_block_is_survived},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
