/* Which days are missing, with Chronon's worked numbers. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "plan/plan.h"

#include <stdio.h>

/* "01-03 06" -> the steps as days of January 2023, 01 being FIRST. */
enum { FIRST = 19358 };

static gn_arena arena;

static void free_arena(void *what)
{
  (void)what;
  gni_arena_deinit(&arena);
}

static void use_arena(void)
{
  gni_arena_init(&arena, test_alloc(), 1 << 22);
  test_later(free_arena, NULL);
}

/* A list of days written as their numbers in the month; 0 ends it. */
static size_t days_of(const int *numbers, int32_t *out)
{
  size_t count = 0;
  for (; numbers[count]; count++) out[count] = FIRST + numbers[count] - 1;
  return count;
}

static const char *text_of(const gni_day_range *steps, size_t count)
{
  static char text[512];
  size_t len = 0;
  text[0] = '\0';
  for (size_t i = 0; i < count && len < sizeof text; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%02d-%02d", i ? " " : "",
                            steps[i].first - FIRST + 1, steps[i].last - FIRST + 1);
  return text;
}

struct missing {
  int first, last;
  int existing[12], inputs[12];
  bool any_input, run_first_hole;
  int step_days;
};

static const char *missing(const struct missing *given, gni_range_answer *answer)
{
  int32_t existing[12], inputs[12];
  gn_error err = {0};
  gni_range_request request = {.range = {FIRST + given->first - 1, FIRST + given->last - 1},
                               .existing = existing,
                               .existing_count = days_of(given->existing, existing),
                               .check_inputs = !given->any_input,
                               .inputs = inputs,
                               .input_count = days_of(given->inputs, inputs),
                               .skip_first_hole = !given->run_first_hole,
                               .step_days = given->step_days ? given->step_days : 30};
  CHECK_OK(gni_range_plan(&request, &arena, answer, &err), &err);
  return text_of(answer->steps, answer->step_count);
}
#define MISSING(answer, ...) missing(&(struct missing){__VA_ARGS__}, answer)
#define NINE {1, 2, 3, 4, 5, 6, 7, 8, 9}

static void holes_after_the_first_partition_are_filled(void)
{
  gni_range_answer answer;
  use_arena();
  CHECK_TEXT(MISSING(&answer, .first = 1, .last = 10, .existing = {4, 5, 8}, .inputs = NINE),
             "06-07 09-09");
  CHECK_INT(answer.skipped_before, 3);
  CHECK_INT(answer.already_there, 3);
  CHECK_INT(answer.without_input, 1);
}

static void the_first_hole_is_filled_when_asked(void)
{
  gni_range_answer answer;
  use_arena();
  CHECK_TEXT(MISSING(&answer, .first = 1, .last = 10, .existing = {4, 5, 8}, .inputs = NINE,
                     .run_first_hole = true),
             "01-03 06-07 09-09");
  CHECK_INT(answer.skipped_before, 0);
}

static void an_empty_table_lacks_every_day_with_input(void)
{
  gni_range_answer answer;
  use_arena();
  CHECK_TEXT(MISSING(&answer, .first = 1, .last = 10, .existing = {0}, .inputs = NINE), "01-09");
  CHECK_INT(answer.without_input, 1);
  CHECK_TEXT(
      MISSING(&answer, .first = 1, .last = 10, .existing = {0}, .inputs = {0}, .any_input = true),
      "01-10");
  CHECK_TEXT(MISSING(&answer, .first = 1, .last = 10, .existing = {0}, .inputs = {2, 3, 7}),
             "02-03 07-07");
  CHECK_INT(answer.without_input, 7);
}

static void a_range_is_cut_in_steps(void)
{
  gni_range_answer answer;
  use_arena();
  CHECK_TEXT(
      MISSING(&answer, .first = 1, .last = 9, .existing = {0}, .inputs = NINE, .step_days = 2),
      "01-02 03-04 05-06 07-08 09-09");
  CHECK_TEXT(
      MISSING(&answer, .first = 1, .last = 9, .existing = {0}, .inputs = NINE, .step_days = 9),
      "01-09");
  /* A hole ends a step. */
  CHECK_TEXT(MISSING(&answer, .first = 1, .last = 9, .existing = {2, 6}, .inputs = NINE,
                     .step_days = 3, .run_first_hole = true),
             "01-01 03-05 07-09");
}

static void a_table_that_is_complete_or_newer_lacks_nothing(void)
{
  gni_range_answer answer;
  use_arena();
  CHECK_TEXT(MISSING(&answer, .first = 2, .last = 4, .existing = {1, 2, 3, 4, 5}, .inputs = NINE),
             "");
  CHECK_INT(answer.already_there, 3);
  CHECK_TEXT(MISSING(&answer, .first = 2, .last = 4, .existing = {8}, .inputs = NINE), "");
  CHECK_INT(answer.skipped_before, 3);
  CHECK_TEXT(MISSING(&answer, .first = 2, .last = 4, .existing = {1}, .inputs = NINE), "02-04");
}

static void an_open_start_is_the_first_day_with_input(void)
{
  int32_t inputs[12];
  gni_range_answer answer;
  gn_error err = {0};
  use_arena();
  gni_range_request request = {.range = {GNI_DAY_OPEN_START, FIRST + 4},
                               .inputs = inputs,
                               .input_count = days_of((int[]){3, 4, 5, 0}, inputs),
                               .check_inputs = true,
                               .step_days = 30};
  CHECK_OK(gni_range_plan(&request, &arena, &answer, &err), &err);
  CHECK_TEXT(text_of(answer.steps, answer.step_count), "03-05");
}

static void a_range_is_refused_that_ends_before_it_starts_or_has_too_many_steps(void)
{
  gni_range_answer answer;
  gn_error err = {0};
  use_arena();
  gni_range_request request = {.range = {FIRST + 1, FIRST}, .step_days = 1};
  CHECK_INT(gni_range_plan(&request, &arena, &answer, &err), GN_E_ARG);
  request.range = (gni_day_range){FIRST, FIRST + GN_PLAN_STEPS_MAX - 1};
  CHECK_INT(gni_range_plan(&request, &arena, &answer, NULL), GN_OK);
  CHECK_INT(answer.step_count, GN_PLAN_STEPS_MAX);
  request.range.last++;
  CHECK_INT(gni_range_plan(&request, &arena, &answer, NULL), GN_E_LIMIT);
}

static const char *split(int first, int last, int parts)
{
  gni_day_range *items;
  gn_error err = {0};
  CHECK_OK(gni_range_split((gni_day_range){FIRST + first - 1, FIRST + last - 1}, parts, &arena,
                           &items, &err),
           &err);
  return text_of(items, (size_t)parts);
}

static void a_range_is_split_for_several_runs(void)
{
  use_arena();
  CHECK_TEXT(split(1, 10, 3), "01-03 04-06 07-10");
  CHECK_TEXT(split(1, 10, 1), "01-10");
  CHECK_TEXT(split(1, 4, 4), "01-01 02-02 03-03 04-04");
}

/* Every day of the range is in exactly one of: a step, there already, without input, skipped. */
static void every_day_is_accounted_for(void)
{
  test_random random = test_random_new(3);
  use_arena();
  for (int round = 0; round < 200 * test_effort(); round++) {
    int32_t existing[60], inputs[60];
    size_t existing_count = 0, input_count = 0;
    gni_range_answer answer;
    for (int32_t day = 0; day < 60; day++) {
      if (test_random_chance(&random, 0.3)) existing[existing_count++] = FIRST + day;
      if (test_random_chance(&random, 0.8)) inputs[input_count++] = FIRST + day;
    }
    gni_range_request request = {.range = {FIRST + (int32_t)test_random_in(&random, 0, 20),
                                           FIRST + (int32_t)test_random_in(&random, 20, 70)},
                                 .existing = existing,
                                 .existing_count = existing_count,
                                 .check_inputs = test_random_chance(&random, 0.5),
                                 .inputs = inputs,
                                 .input_count = input_count,
                                 .skip_first_hole = test_random_chance(&random, 0.5),
                                 .step_days = (int32_t)test_random_in(&random, 1, 10)};
    CHECK_INT(gni_range_plan(&request, &arena, &answer, NULL), GN_OK);
    int32_t days = answer.skipped_before + answer.already_there + answer.without_input;
    for (size_t i = 0; i < answer.step_count; i++) {
      int32_t length = answer.steps[i].last - answer.steps[i].first + 1;
      CHECK(length >= 1 && length <= request.step_days);
      CHECK(i == 0 || answer.steps[i - 1].last < answer.steps[i].first);
      days += length;
    }
    CHECK_INT(days, request.range.last - request.range.first + 1);
    gni_arena_reset(&arena);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"holes after the first partition are filled", holes_after_the_first_partition_are_filled},
      {"the first hole is filled when asked", the_first_hole_is_filled_when_asked},
      {"an empty table lacks every day with input", an_empty_table_lacks_every_day_with_input},
      {"a range is cut in steps", a_range_is_cut_in_steps},
      {"a table that is complete or newer lacks nothing",
       a_table_that_is_complete_or_newer_lacks_nothing},
      {"an open start is the first day with input", an_open_start_is_the_first_day_with_input},
      {"a range is refused that ends before it starts or has too many steps",
       a_range_is_refused_that_ends_before_it_starts_or_has_too_many_steps},
      {"a range is split for several runs", a_range_is_split_for_several_runs},
      {"every day is accounted for", every_day_is_accounted_for},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
