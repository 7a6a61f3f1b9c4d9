/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

#include <math.h>

static void whole_numbers_are_read_whole_or_not_at_all(void)
{
  int64_t value;
  CHECK_INT(gni_parse_int64(GN_STR("-9223372036854775808"), &value), GN_OK);
  CHECK_INT(value, INT64_MIN);
  CHECK_INT(gni_parse_int64(GN_STR("9223372036854775808"), &value), GN_E_LIMIT);
  static const char *const bad[] = {"", "-", " 1", "1 ", "1x", "0x1", "1.0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_INT(gni_parse_int64(gni_str(bad[i]), &value), GN_E_PARSE);
}

static void doubles_are_read_whole_or_not_at_all(void)
{
  double value;
  CHECK_INT(gni_parse_double(GN_STR("-1.5e3"), &value), GN_OK);
  CHECK_DOUBLE(value, -1500.0, 0);
  CHECK_INT(gni_parse_double(GN_STR("NaN"), &value), GN_OK);
  CHECK(isnan(value));
  static const char *const bad[] = {"", ".", "1e", "1e+", "nan", "inf", "0x1p3", "1,5", "1.5 "};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_INT(gni_parse_double(gni_str(bad[i]), &value), GN_E_PARSE);
}

static void doubles_print_as_python_prints_them(void)
{
  static const struct {
    double value;
    const char *text;
  } rows[] = {{5, "5.0"},          {0.1, "0.1"},
              {1e16, "1e+16"},     {1e15, "1000000000000000.0"},
              {1e-5, "1e-05"},     {0.0001, "0.0001"},
              {-0.0, "-0.0"},      {1.0 / 3, "0.3333333333333333"},
              {1e300, "1e+300"},   {123456789.125, "123456789.125"},
              {5e-324, "5e-324"},  {INFINITY, "inf"},
              {100, "100.0"},      {120, "120.0"},
              {2.5e17, "2.5e+17"}, {1.7976931348623157e308, "1.7976931348623157e+308"}};
  char text[GN_DOUBLE_TEXT_BYTES];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CHECK_INT(gni_format_double(rows[i].value, text), strlen(rows[i].text));
    CHECK_TEXT(text, rows[i].text);
  }
}

static void what_is_printed_reads_back_the_same(void)
{
  test_random random = test_random_new(1);
  char text[GN_DOUBLE_TEXT_BYTES];
  for (int i = 0; i < 20000 * test_effort(); i++) {
    uint64_t bits = test_random_bits(&random);
    double value, back;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    size_t len = gni_format_double(value, text);
    CHECK_INT(gni_parse_double((gn_str){text, len}, &back), GN_OK);
    CHECK(memcmp(&value, &back, sizeof value) == 0);
  }
}

static void floats_print_their_own_shortest_form(void)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  gni_format_float(0.1f, text);
  CHECK_TEXT(text, "0.1");
  gni_format_float(16777216.0f, text);
  CHECK_TEXT(text, "16777216.0");
}

static void sizes_do_not_wrap(void)
{
  CHECK(gni_size_mul(SIZE_MAX / 2, 3) == SIZE_MAX);
  CHECK(gni_size_add(SIZE_MAX, 1) == SIZE_MAX);
  CHECK_INT(gni_size_mul(3, 4), 12);
}

int main(void)
{
  static const test_case cases[] = {
      {"whole numbers are read whole or not at all", whole_numbers_are_read_whole_or_not_at_all},
      {"doubles are read whole or not at all", doubles_are_read_whole_or_not_at_all},
      {"doubles print as Python prints them", doubles_print_as_python_prints_them},
      {"what is printed reads back the same", what_is_printed_reads_back_the_same},
      {"floats print their own shortest form", floats_print_their_own_shortest_form},
      {"sizes do not wrap", sizes_do_not_wrap},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
