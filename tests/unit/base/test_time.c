/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

static void every_day_of_eight_centuries_comes_back(void)
{
  int32_t year, month, day, expected = gni_day_from_civil(1600, 1, 1);
  CHECK_INT(gni_day_from_civil(1970, 1, 1), 0);
  for (int32_t number = expected; number < gni_day_from_civil(2400, 1, 1); number++) {
    gni_day_to_civil(number, &year, &month, &day);
    CHECK_INT(gni_day_from_civil(year, month, day), number);
  }
}

static void days_are_written_and_read_in_a_pattern(void)
{
  char text[32];
  int32_t number;
  gn_error err = {0};
  CHECK_OK(gni_day_parse(GN_STR("2024-03-10"), GN_STR("yyyy-MM-dd"), &number, &err), &err);
  CHECK_INT((int64_t)number * GN_DAY_MS, INT64_C(1710028800000));
  CHECK_OK(gni_day_format(number, GN_STR("yyyyMMdd"), text, sizeof text, &err), &err);
  CHECK_TEXT(text, "20240310");
}

static void what_is_no_day_is_refused(void)
{
  int32_t number;
  static const char *const bad[] = {"2024-02-30",  "2023-02-29", "2024-13-01", "2024-3-10",
                                    "2024-03-10x", "",           "x"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK_INT(gni_day_parse(gni_str(bad[i]), GN_STR("yyyy-MM-dd"), &number, NULL), GN_E_PARSE);
  CHECK_INT(gni_day_parse(GN_STR("2024"), GN_STR("yyyyHH"), &number, NULL), GN_E_PARSE);
}

static void an_instant_before_1970_belongs_to_the_day_below(void)
{
  CHECK_INT(gni_day_of_ms(-1), -1);
  CHECK_INT(gni_day_of_ms(0), 0);
  CHECK_INT(gni_day_of_ms(GN_DAY_MS - 1), 0);
}

static void a_fixed_clock_stands_still(void)
{
  gni_clock clock = {42, true};
  CHECK_INT(gni_clock_now_ms(&clock), 42);
  CHECK(gni_clock_now_ms(NULL) > INT64_C(1700000000000));
}

int main(void)
{
  static const test_case cases[] = {
      {"every day of eight centuries comes back", every_day_of_eight_centuries_comes_back},
      {"days are written and read in a pattern", days_are_written_and_read_in_a_pattern},
      {"what is no day is refused", what_is_no_day_is_refused},
      {"an instant before 1970 belongs to the day below",
       an_instant_before_1970_belongs_to_the_day_below},
      {"a fixed clock stands still", a_fixed_clock_stands_still},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
