/* COUNT, SUM, AVERAGE, VARIANCE, SKEW, KURTOSIS, MIN and MAX. SPDX-License-Identifier: Apache-2.0
 */
#include "unit/agg/worked.h"

#include <math.h>

static void nothing_seen_is_null_and_not_zero(void)
{
  static const worked cases[] = {
      {"COUNT", "bigint", .rows = "[]", .answer = "null"},
      {"COUNT", "string", .rows = "[null,null]", .answer = "null"},
      {"SUM", "bigint", .rows = "[]", .answer = "null"},
      {"SUM", "double", .rows = "[null]", .answer = "null"},
      {"AVERAGE", "int", .rows = "[null]", .answer = "null"},
      {"VARIANCE", "double", .rows = "[]", .answer = "null"},
      {"MIN", "string", .rows = "[null]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void count_counts_what_is_not_null(void)
{
  static const worked cases[] = {
      {"COUNT", "bigint", .rows = "[1,null,3]", .answer = "2"},
      {"COUNT", "boolean", .rows = "[true,false]", .answer = "2"},
      {"COUNT", "tinyint", .rows = "[1]", .answer = "1"},
      {"COUNT", "struct<a:int>", .rows = "[{\"a\":1},null,{\"a\":null}]", .answer = "2"},
      {"COUNT", "array<array<int>>", .rows = "[[[1],[2]],[]]", .answer = "2"},
      {"COUNT", "map<int,int>", .rows = "[null]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void a_count_taken_back_shows_zero_and_less(void)
{
  static const worked cases[] = {
      {"COUNT", "bigint", .rows = "[7]", .dropped = "[7]", .answer = "0"},
      {"COUNT", "bigint", .rows = "[]", .dropped = "[7,8]", .answer = "-2"},
      {"COUNT", "bigint", .rows = "[7]", .dropped = "[null]", .answer = "1"},
  };
  CHECK_WORKED(cases);
}

static void sums_are_wide_and_wrap(void)
{
  static const worked cases[] = {
      {"SUM", "int", .rows = "[2147483647,1]", .answer = "2147483648"},
      {"SUM", "smallint", .rows = "[-32768,-1]", .answer = "-32769"},
      {"SUM", "bigint", .rows = "[9223372036854775807,1]", .answer = "-9223372036854775808"},
      {"SUM", "boolean", .rows = "[true,false,true,null]", .answer = "2"},
      {"SUM", "double", .rows = "[0.1,0.2]", .answer = "0.30000000000000004"},
      {"SUM", "float", .rows = "[0.5,0.25]", .answer = "0.75"},
      {"SUM", "double", .rows = "[-0.0]", .answer = "-0.0"},
      {"SUM", "double", .rows = "[1e308,1e308]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void a_sum_taken_back_is_the_sum_of_the_rest(void)
{
  static const worked cases[] = {
      {"SUM", "bigint", .rows = "[5,6]", .dropped = "[5]", .answer = "6"},
      {"SUM", "bigint", .rows = "[]", .dropped = "[5]", .answer = "-5"},
      {"SUM", "bigint", .rows = "[]", .dropped = "[-9223372036854775808]",
       .answer = "-9223372036854775808"},
      {"SUM", "double", .rows = "[]", .dropped = "[2.5]", .answer = "-2.5"},
      {"SUM", "double", .rows = "[]", .dropped = "[0.0]", .answer = "0.0"},
      {"SUM", "boolean", .rows = "[true]", .dropped = "[true]", .answer = "0"},
  };
  CHECK_WORKED(cases);
}

static void averages_divide_doubles(void)
{
  static const worked cases[] = {
      {"AVERAGE", "int", .rows = "[1,2]", .answer = "1.5"},
      {"AVERAGE", "bigint", .rows = "[9007199254740993]", .answer = "9007199254740992.0"},
      {"AVERAGE", "float", .rows = "[0.5,null,1.5]", .answer = "1.0"},
      {"AVERAGE", "double", .rows = "[3,4,5]", .dropped = "[5]", .answer = "3.5"},
      {"AVERAGE", "double", .rows = "[3]", .dropped = "[3]", .answer = "null"},
      {"AVERAGE", "int", .rows = "[]", .dropped = "[4]", .answer = "4.0"},
  };
  CHECK_WORKED(cases);
}

static void moments_of_worked_numbers(void)
{
  static const worked cases[] = {
      {"VARIANCE", "bigint", .rows = "[2,4,4,4,5,5,7,9]", .answer = "4.0"},
      {"VARIANCE", "double", .rows = "[3.5]", .answer = "0.0"},
      {"SKEW", "double", .rows = "[1,2]", .answer = "null"},
      {"SKEW", "double", .rows = "[1,1,1,1]", .answer = "null"},
      {"SKEW", "double", .rows = "[1,2,3]", .answer = "0.0"},
      {"KURTOSIS", "double", .rows = "[1,2,3]", .answer = "null"},
      {"KURTOSIS", "int", .rows = "[1,3,1,3]", .answer = "-2.0"},
  };
  CHECK_WORKED(cases);
}

static double finish_double(const worked *one)
{
  const gni_aggregator *aggregator = make_aggregator(one);
  void *state = make_state(aggregator);
  gn_arena *arena = test_arena();
  const gni_type *rows = gni_type_list(arena, parse_type(one->type));
  gni_value list = parse_value(rows, one->rows), out;
  for (size_t i = 0; i < list.list.count; i++)
    CHECK_INT(gni_state_update(aggregator, state, &list.list.items[i], NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, state, &out, arena), GN_OK);
  CHECK(!out.is_null);
  return out.real;
}

/* Against the textbook's sums over all values. */
static void skew_and_kurtosis_are_the_standardised_moments(void)
{
  const double values[] = {1, 2, 2, 3, 9, 12};
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  for (int i = 0; i < 6; i++) mean += values[i] / 6;
  for (int i = 0; i < 6; i++) {
    double d = values[i] - mean;
    m2 += d * d / 6;
    m3 += d * d * d / 6;
    m4 += d * d * d * d / 6;
  }
  worked skew = {"SKEW", "double", .rows = "[1,2,2,3,9,12]"};
  worked kurtosis = {"KURTOSIS", "double", .rows = "[1,2,2,3,9,12]"};
  worked variance = {"VARIANCE", "double", .rows = "[1,2,2,3,9,12]"};
  CHECK_DOUBLE(finish_double(&variance), m2, 1e-14);
  CHECK_DOUBLE(finish_double(&skew), m3 / pow(m2, 1.5), 1e-13);
  CHECK_DOUBLE(finish_double(&kurtosis), m4 / (m2 * m2) - 3, 1e-13);
}

/* Two parts of very different size: the mean moves by the small part's share. */
static void merging_moments_keeps_small_parts(void)
{
  const worked one = {.operation = "VARIANCE", .type = "double"};
  const gni_aggregator *aggregator = make_aggregator(&one);
  void *large = make_state(aggregator), *small = make_state(aggregator);
  gn_arena *arena = test_arena();
  gni_value out, x;
  for (int i = 0; i < 1000; i++) {
    x = gni_value_real(i % 2);
    CHECK_INT(gni_state_update(aggregator, large, &x, NULL, 0, arena), GN_OK);
  }
  x = gni_value_real(501);
  CHECK_INT(gni_state_update(aggregator, small, &x, NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_merge(aggregator, large, small, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, large, &out, arena), GN_OK);
  double mean = (500.0 + 501) / 1001;
  CHECK_DOUBLE(out.real, (500.0 + 501 * 501) / 1001 - mean * mean, 1e-12);
  x = gni_value_real(0);
  CHECK_INT(gni_state_merge(aggregator, small, large, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, small, &out, arena), GN_OK);
  CHECK(out.real > 0);
}

static void extremes_keep_the_type(void)
{
  static const worked cases[] = {
      {"MIN", "int", .rows = "[3,null,-7,5]", .answer = "-7"},
      {"MAX", "int", .rows = "[3,null,-7,5]", .answer = "5"},
      {"MIN", "smallint", .rows = "[32767]", .answer = "32767"},
      {"MAX", "bigint", .rows = "[-9223372036854775808]", .answer = "-9223372036854775808"},
      {"MIN", "double", .rows = "[0.0,-0.0]", .answer = "-0.0"},
      {"MIN", "double", .rows = "[-0.0,0.0]", .answer = "-0.0"},
      {"MAX", "double", .rows = "[-0.0,0.0]", .answer = "0.0"},
      {"MAX", "float", .rows = "[1.5,-2.5]", .answer = "1.5"},
      {"MIN", "string", .rows = "[\"b\",\"\",\"a\"]", .answer = "\"\""},
      {"MAX", "string", .rows = "[\"a\",\"b\",\"aa\"]", .answer = "\"b\""},
  };
  CHECK_WORKED(cases);
}

static void strings_are_ordered_by_utf16_units(void)
{
  static const worked cases[] = {
      {"MAX", "string", .rows = "[\"\\uFFFD\",\"\\uD83D\\uDE00\"]", .answer = "\"\xEF\xBF\xBD\""},
      {"MIN", "string", .rows = "[\"\\uFFFD\",\"\\uD83D\\uDE00\"]",
       .answer = "\"\xF0\x9F\x98\x80\""},
  };
  CHECK_WORKED(cases);
}

/* NaN wins in MIN and MAX and poisons sums; at the end it shows as null. */
static void nan_and_infinity_show_as_null(void)
{
  static const char *const operations[] = {"SUM", "AVERAGE", "VARIANCE", "MIN", "MAX"};
  const double poison[] = {NAN, INFINITY};
  for (size_t i = 0; i < 10; i++) {
    const worked one = {.operation = operations[i / 2], .type = "double"};
    const gni_aggregator *aggregator = make_aggregator(&one);
    void *state = make_state(aggregator);
    gn_arena *arena = test_arena();
    gni_value out, values[] = {gni_value_real(1), gni_value_real(poison[i % 2]), gni_value_real(2)};
    if (i == 7) continue; /* the least of 1, 2 and infinity is 1 */
    for (int j = 0; j < 3; j++)
      CHECK_INT(gni_state_update(aggregator, state, &values[j], NULL, 0, arena), GN_OK);
    CHECK(!gni_state_is_empty(aggregator, state));
    CHECK_INT(gni_state_finish(aggregator, state, &out, arena), GN_OK);
    CHECK(out.is_null);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"nothing seen is null and not zero", nothing_seen_is_null_and_not_zero},
      {"COUNT counts what is not null", count_counts_what_is_not_null},
      {"a count taken back shows zero and less", a_count_taken_back_shows_zero_and_less},
      {"sums are wide and wrap", sums_are_wide_and_wrap},
      {"a sum taken back is the sum of the rest", a_sum_taken_back_is_the_sum_of_the_rest},
      {"averages divide doubles", averages_divide_doubles},
      {"moments of worked numbers", moments_of_worked_numbers},
      {"skew and kurtosis are the standardised moments",
       skew_and_kurtosis_are_the_standardised_moments},
      {"merging moments keeps small parts", merging_moments_keeps_small_parts},
      {"extremes keep the type", extremes_keep_the_type},
      {"strings are ordered by UTF-16 units", strings_are_ordered_by_utf16_units},
      {"NaN and infinity show as null", nan_and_infinity_show_as_null},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
