/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/small_group.h"

enum { ROWS = 8 };

static int64_t fold_one(const gni_layout *layout, const gni_row *rows, size_t count, int64_t at_ms,
                        gn_arena *arena)
{
  gni_value output = GNI_NULL_VALUE;
  gn_error err = {0};
  CHECK_OK(gni_temporal_fold(layout, rows, count, &at_ms, 1, arena, &output, &err), &err);
  return output.is_null ? -1 : output.integer;
}

/* Rows just before, at and after the start of the window and the query itself. */
static void check_edges(gni_window window, int64_t start_ms)
{
  int64_t at_ms = MARCH_MS(10, 10, 7, 31);
  const int64_t times_ms[] = {start_ms - 1, start_ms, start_ms + 1, at_ms - 1, at_ms, at_ms + 1};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, &window, 1);
  gni_row rows[6];
  small_rows(arena, times_ms, 6, rows);
  CHECK_INT(fold_one(layout, rows, 6, at_ms, arena), 2 + 4 + 8);
}

static void the_tail_is_rounded_down_and_the_head_is_exact(void)
{
  check_edges(HOURS(1), MARCH_MS(10, 9, 5, 0));
  check_edges(DAYS(7), MARCH_MS(3, 10, 0, 0));
  check_edges(DAYS(30), MARCH_MS(-20, 0, 0, 0));
}

static void a_window_slides_over_midnights(void)
{
  const int64_t times_ms[] = {MARCH_MS(1, 0, 30, 0), MARCH_MS(3, 12, 0, 0), MARCH_MS(4, 0, 0, 0),
                              MARCH_MS(4, 0, 0, 0), MARCH_MS(6, 23, 59, 59)};
  const int64_t at_ms[] = {MARCH_MS(1, 0, 0, 0),   MARCH_MS(1, 0, 30, 0), MARCH_MS(1, 0, 30, 1),
                           MARCH_MS(4, 0, 0, 0),   MARCH_MS(4, 0, 0, 1),  MARCH_MS(4, 2, 0, 0),
                           MARCH_MS(6, 12, 30, 0), MARCH_MS(7, 0, 0, 0),  MARCH_MS(20, 0, 0, 0)};
  const int64_t three_days[] = {-1, -1, 1, 3, 15, 14, 14, 28, -1};
  const int64_t unbounded[] = {-1, -1, 1, 3, 15, 15, 15, 31, 31};
  const gni_window windows[] = {DAYS(3), GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 2);
  gni_row rows[5];
  gni_value outputs[9 * 2];
  gn_error err = {0};
  small_rows(arena, times_ms, 5, rows);
  CHECK_OK(gni_temporal_fold(layout, rows, 5, at_ms, 9, arena, outputs, &err), &err);
  for (size_t q = 0; q < 9; q++) {
    CHECK_INT(outputs[2 * q].is_null ? -1 : outputs[2 * q].integer, three_days[q]);
    CHECK_INT(outputs[2 * q + 1].is_null ? -1 : outputs[2 * q + 1].integer, unbounded[q]);
  }
}

static void every_query_has_an_answer(void)
{
  const int64_t at_ms[] = {MARCH_10_MS, MARCH_10_MS};
  const gni_window windows[] = {HOURS(1), DAYS(30)};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 2);
  gni_value outputs[4] = {{.integer = 1}, {.integer = 1}, {.integer = 1}, {.integer = 1}};
  gn_error err = {0};
  CHECK_OK(gni_temporal_fold(layout, NULL, 0, at_ms, 2, arena, outputs, &err), &err);
  for (size_t i = 0; i < 4; i++) CHECK(outputs[i].is_null);
  CHECK_OK(gni_temporal_fold(layout, NULL, 0, NULL, 0, arena, NULL, &err), &err);
}

static void queries_in_disorder_are_refused(void)
{
  const int64_t at_ms[] = {MARCH_10_MS, MARCH_10_MS - 1};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, NULL, 0);
  gni_value outputs[2];
  gn_error err = {0};
  CHECK_INT(gni_temporal_fold(layout, NULL, 0, at_ms, 2, arena, outputs, &err), GN_E_BUG);
}

static void rows_before_1970_count(void)
{
  const int64_t times_ms[] = {-3 * GN_DAY_MS - 5, -1, 0, 1};
  const gni_window windows[] = {GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 1);
  gni_row rows[4];
  small_rows(arena, times_ms, 4, rows);
  CHECK_INT(fold_one(layout, rows, 4, 0, arena), 1 + 2);
  CHECK_INT(fold_one(layout, rows, 4, -1, arena), 1);
  CHECK_INT(fold_one(layout, rows, 4, GN_DAY_MS, arena), 15);
}

static void lists_of_two_lengths_are_named(void)
{
  const int64_t times_ms[] = {MARCH_MS(9, 1, 0, 0), MARCH_MS(9, 2, 0, 0)};
  const int64_t at_ms = MARCH_10_MS;
  const gni_aggregation sum = {
      .input_column = GN_STR("xs"), .operation = GNI_SUM, .element_wise = true};
  const gni_value longs[] = {{.integer = 1}, {.integer = 2}, {.integer = 3}};
  const gni_value two = {.list = {longs, 2}}, three = {.list = {longs, 3}};
  const gni_row rows[] = {{&two, times_ms[0]}, {&three, times_ms[1]}};
  gn_arena *arena = small_arena();
  const gni_field field = {GN_STR("xs"), gni_type_list(arena, &gni_type_long)};
  const gni_layout *layout;
  gni_value output;
  gn_error err = {0};
  CHECK_OK(gni_layout_take(arena, &sum, 1, gni_type_struct(arena, GN_STR("Value"), &field, 1),
                           &layout, &err),
           &err);
  CHECK_INT(gni_temporal_fold(layout, rows, 2, &at_ms, 1, arena, &output, &err), GN_E_INVALID);
  CHECK_TEXT(err.where, "xs_sum");
  CHECK_TEXT(err.message, "an element-wise list has another length than before, or a null inside");
}

static const gni_layout *oom_layout;
static gni_row oom_rows[3];

static void fold_with(const gn_alloc *alloc)
{
  static const int64_t at_ms[] = {MARCH_MS(9, 12, 0, 0), MARCH_MS(10, 12, 0, 0)};
  gni_value outputs[4];
  gn_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_temporal_fold(oom_layout, oom_rows, 3, at_ms, 2, &arena, outputs, &err);
  CHECK(rc == GN_OK || (rc == GN_E_NOMEM && err.code == GN_E_NOMEM));
  gni_arena_deinit(&arena);
}

static void no_memory_is_an_answer(void)
{
  static const int64_t times_ms[] = {MARCH_MS(3, 1, 0, 0), MARCH_MS(8, 5, 0, 0),
                                     MARCH_MS(9, 5, 0, 0)};
  const gni_window windows[] = {DAYS(7), GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  oom_layout = small_layout(arena, GNI_LAST_K, windows, 2);
  small_rows(arena, times_ms, 3, oom_rows);
  CHECK(test_each_oom(fold_with) >= 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"the tail is rounded down and the head is exact",
       the_tail_is_rounded_down_and_the_head_is_exact},
      {"a window slides over midnights", a_window_slides_over_midnights},
      {"every query has an answer, also without rows", every_query_has_an_answer},
      {"queries in disorder are refused", queries_in_disorder_are_refused},
      {"rows before 1970 count", rows_before_1970_count},
      {"lists of two lengths are named", lists_of_two_lengths_are_named},
      {"running out of memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
