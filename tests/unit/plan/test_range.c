/* Ranges that cannot be planned are refused by name. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "plan/plan.h"

static void without_a_start_and_without_inputs_there_is_no_range(void)
{
  gn_arena arena;
  gn_error err = {0};
  gni_range_answer answer;
  gni_range_request request = {.range = {GNI_DAY_OPEN_START, 20000}, .step_days = 30};
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  CHECK_INT(gni_range_plan(&request, &arena, &answer, &err), GN_E_NOTFOUND);
  CHECK_TEXT(err.diagnostic, "GP003");
  gni_arena_deinit(&arena);
}

static void a_range_is_not_cut_finer_than_days(void)
{
  gn_arena arena;
  gn_error err = {0};
  gni_day_range *parts;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  CHECK_INT(gni_range_split((gni_day_range){10, 12}, 3, &arena, &parts, &err), GN_OK);
  CHECK_INT(parts[2].first, 12);
  CHECK_INT(gni_range_split((gni_day_range){10, 12}, 4, &arena, &parts, &err), GN_E_ARG);
  CHECK_TEXT(err.diagnostic, "GP005");
  gni_arena_deinit(&arena);
}

int main(void)
{
  static const test_case cases[] = {
      {"without a start and without inputs there is no range",
       without_a_start_and_without_inputs_there_is_no_range},
      {"a range is not cut finer than days", a_range_is_not_cut_finer_than_days},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
