/* SPDX-License-Identifier: Apache-2.0 */
#include "agg/partial.h"
#include "unit/agg/small_group.h"

static void windows_hop_by_their_length(void)
{
  const struct {
    gni_window window;
    int64_t hop_ms;
  } rows[] = {
      {HOURS(1), 5 * MINUTE_MS}, {HOURS(6), 5 * MINUTE_MS},  {HOURS(11), 5 * MINUTE_MS},
      {HOURS(12), GN_HOUR_MS},   {HOURS(287), GN_HOUR_MS},   {HOURS(288), GN_DAY_MS},
      {DAYS(1), GN_HOUR_MS},     {DAYS(11), GN_HOUR_MS},     {DAYS(12), GN_DAY_MS},
      {DAYS(30), GN_DAY_MS},     {GNI_UNBOUNDED, GN_DAY_MS},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CHECK_INT(gni_hop_ms(rows[i].window, GNI_FIVE_MINUTE), rows[i].hop_ms);
    CHECK_INT(gni_hop_ms(rows[i].window, GNI_DAILY), GN_DAY_MS);
  }
}

static void a_window_starts_on_a_hop(void)
{
  int64_t at_ms = MARCH_MS(10, 10, 7, 31);
  CHECK_INT(gni_window_start(HOURS(1), at_ms, GNI_FIVE_MINUTE), MARCH_MS(10, 9, 5, 0));
  CHECK_INT(gni_window_start(DAYS(7), at_ms, GNI_FIVE_MINUTE), MARCH_MS(3, 10, 0, 0));
  CHECK_INT(gni_window_start(DAYS(30), at_ms, GNI_FIVE_MINUTE), MARCH_MS(-20, 0, 0, 0));
  CHECK_INT(gni_window_start(DAYS(7), MARCH_MS(11, 0, 0, 0), GNI_DAILY), MARCH_MS(4, 0, 0, 0));
}

static void the_first_instants_and_the_last_do_not_overflow(void)
{
  gni_window longest = {(int64_t)INT32_MAX * GN_DAY_MS - 1, INT32_MAX, false};
  CHECK_INT(gni_window_start(GNI_UNBOUNDED, MARCH_10_MS, GNI_FIVE_MINUTE), INT64_MIN);
  CHECK_INT(gni_window_start(longest, INT64_MIN, GNI_FIVE_MINUTE), INT64_MIN);
  CHECK_INT(gnp_floor_ms(INT64_MIN, GN_DAY_MS), INT64_MIN);
  CHECK_INT(gnp_floor_ms(-1, GN_DAY_MS), -GN_DAY_MS);
  CHECK_INT(gnp_floor_ms(INT64_MAX, GN_DAY_MS), INT64_MAX / GN_DAY_MS * GN_DAY_MS);
  CHECK_INT(gnp_ceil_day_ms(1), GN_DAY_MS);
  CHECK_INT(gnp_ceil_day_ms(GN_DAY_MS), GN_DAY_MS);
  CHECK_INT(gnp_ceil_day_ms(INT64_MIN), INT64_MIN);
}

static void check_split(gni_window window, int boundary, int64_t from_ms, int64_t middle_ms)
{
  gnp_split split = gnp_window_split(window, MARCH_10_MS, GNI_FIVE_MINUTE, boundary);
  CHECK_INT(split.from_ms, from_ms);
  CHECK_INT(split.middle_ms, middle_ms);
}

static void a_batch_keeps_two_days_as_hops(void)
{
  check_split(DAYS(7), GNI_BOUNDARY_CHRONON, MARCH_MS(3, 0, 0, 0) + 1, MARCH_MS(5, 0, 0, 0));
  check_split(DAYS(7), GNI_BOUNDARY_EXACT, MARCH_MS(3, 0, 0, 0), MARCH_MS(5, 0, 0, 0));
  check_split(DAYS(30), GNI_BOUNDARY_CHRONON, MARCH_MS(-20, 0, 0, 0) + 1, MARCH_MS(-18, 0, 0, 0));
  check_split(DAYS(2), GNI_BOUNDARY_EXACT, MARCH_MS(8, 0, 0, 0), MARCH_10_MS);
  check_split(HOURS(1), GNI_BOUNDARY_CHRONON, MARCH_MS(9, 23, 0, 0) + 1, MARCH_10_MS);
  check_split(GNI_UNBOUNDED, GNI_BOUNDARY_CHRONON, INT64_MIN, INT64_MIN);
}

static void only_an_exact_tail_ends_on_a_hop(void)
{
  check_split(HOURS(300), GNI_BOUNDARY_CHRONON, MARCH_MS(-3, 12, 0, 0) + 1, MARCH_MS(-1, 12, 0, 0));
  check_split(HOURS(300), GNI_BOUNDARY_EXACT, MARCH_MS(-3, 0, 0, 0), MARCH_MS(-1, 0, 0, 0));
}

int main(void)
{
  static const test_case cases[] = {
      {"windows hop by their length", windows_hop_by_their_length},
      {"a window starts on a hop", a_window_starts_on_a_hop},
      {"the first instants and the last do not overflow",
       the_first_instants_and_the_last_do_not_overflow},
      {"a batch keeps two days of a window as hops", a_batch_keeps_two_days_as_hops},
      {"only an exact tail ends on a hop", only_an_exact_tail_ends_on_a_hop},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
