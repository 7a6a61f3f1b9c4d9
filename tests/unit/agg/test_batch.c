/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/small_group.h"

/* The batch end of every case; the upload is of 2024-03-09. */
#define BATCH_END_MS MARCH_10_MS

/* A layout, its rows, and the batch made of them. */
typedef struct fixture {
  gn_arena *arena;
  const gni_layout *layout;
  gni_row rows[16];
  size_t row_count;
  gni_value saved;
} fixture;

static fixture fold_layout(gn_arena *arena, const gni_layout *layout, const int64_t *times_ms,
                           size_t row_count, int boundary)
{
  fixture f = {.arena = arena, .layout = layout, .row_count = row_count};
  gn_error err = {0};
  small_rows(f.arena, times_ms, row_count, f.rows);
  CHECK_OK(
      gni_batch_fold(layout, f.rows, row_count, BATCH_END_MS, boundary, f.arena, &f.saved, &err),
      &err);
  return f;
}

static fixture fold_batch(const gni_window *windows, size_t window_count, const int64_t *times_ms,
                          size_t row_count, int boundary)
{
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, window_count);
  return fold_layout(arena, layout, times_ms, row_count, boundary);
}

static int64_t number(const gni_value *value)
{
  return value->is_null ? -1 : value->integer;
}

static int64_t collapsed(const fixture *f, size_t column)
{
  CHECK_INT(f->saved.list.items[0].list.count, f->layout->column_count);
  return number(&f->saved.list.items[0].list.items[column]);
}

static const gni_value *tail(const fixture *f, size_t index)
{
  CHECK_INT(f->saved.list.items[1].list.count, 3);
  return &f->saved.list.items[1].list.items[index];
}

static void check_hop(const fixture *f, size_t index, size_t position, int64_t start_ms,
                      int64_t sum)
{
  CHECK(position < tail(f, index)->list.count);
  const gni_value *hop = &tail(f, index)->list.items[position];
  CHECK_INT(hop->list.count, 2);
  CHECK_INT(number(&hop->list.items[0]), sum);
  CHECK_INT(hop->list.items[1].integer, start_ms);
}

/* The answer of window column `column`, or -1 for null. */
static int64_t ask(const fixture *f, size_t column, int64_t at_ms, int boundary)
{
  gni_value outputs[8];
  gn_error err = {0};
  CHECK_OK(gni_batch_answer(f->layout, &f->saved, BATCH_END_MS, f->rows, f->row_count, at_ms,
                            boundary, f->arena, outputs, &err),
           &err);
  return number(&outputs[column]);
}

/* ---- what is kept ---- */

static void seven_days_are_hour_hops_and_a_middle(void)
{
  const int64_t times_ms[] = {MARCH_MS(3, 0, 0, 0),
                              MARCH_MS(3, 0, 0, 0) + 1,
                              MARCH_MS(3, 0, 59, 59),
                              MARCH_MS(4, 23, 59, 59),
                              MARCH_MS(5, 0, 0, 0),
                              MARCH_MS(9, 23, 59, 59),
                              MARCH_10_MS};
  const gni_window windows[] = {DAYS(7)};
  fixture f = fold_batch(windows, 1, times_ms, 7, GNI_BOUNDARY_CHRONON);
  CHECK_INT(collapsed(&f, 0), 16 + 32);
  CHECK_INT(tail(&f, 0)->list.count, 0);
  CHECK_INT(tail(&f, 1)->list.count, 2);
  CHECK_INT(tail(&f, 2)->list.count, 0);
  check_hop(&f, 1, 0, MARCH_MS(3, 0, 0, 0), 2 + 4);
  check_hop(&f, 1, 1, MARCH_MS(4, 23, 0, 0), 8);
}

static void thirty_days_are_day_hops_and_a_middle(void)
{
  const int64_t times_ms[] = {MARCH_MS(-20, 0, 0, 0), MARCH_MS(-20, 5, 0, 0),
                              MARCH_MS(-19, 23, 0, 0), MARCH_MS(-18, 0, 0, 0)};
  const gni_window windows[] = {DAYS(30)};
  fixture f = fold_batch(windows, 1, times_ms, 4, GNI_BOUNDARY_CHRONON);
  CHECK_INT(collapsed(&f, 0), 8);
  CHECK_INT(tail(&f, 0)->list.count, 2);
  check_hop(&f, 0, 0, MARCH_MS(-20, 0, 0, 0), 2);
  check_hop(&f, 0, 1, MARCH_MS(-19, 0, 0, 0), 4);
}

static void two_days_are_hops_only_and_unbounded_a_middle_only(void)
{
  const int64_t times_ms[] = {MARCH_MS(-100, 0, 0, 0), MARCH_MS(8, 1, 0, 0), MARCH_MS(9, 23, 0, 0)};
  const gni_window windows[] = {DAYS(2), GNI_UNBOUNDED, HOURS(1)};
  fixture f = fold_batch(windows, 3, times_ms, 3, GNI_BOUNDARY_EXACT);
  CHECK_INT(collapsed(&f, 0), -1);
  CHECK_INT(collapsed(&f, 1), 1 + 2 + 4);
  CHECK_INT(collapsed(&f, 2), -1);
  CHECK_INT(tail(&f, 1)->list.count, 2);
  check_hop(&f, 1, 0, MARCH_MS(8, 1, 0, 0), 2);
  check_hop(&f, 1, 1, MARCH_MS(9, 23, 0, 0), 4);
  CHECK_INT(tail(&f, 2)->list.count, 1);
  check_hop(&f, 2, 0, MARCH_MS(9, 23, 0, 0), 4);
}

static void a_hop_of_null_inputs_is_kept_as_nulls(void)
{
  const int64_t times_ms[] = {MARCH_MS(9, 23, 0, 0)};
  const gni_window windows[] = {HOURS(6)};
  fixture f = fold_batch(windows, 1, times_ms, 1, GNI_BOUNDARY_CHRONON);
  gni_value null = GNI_NULL_VALUE;
  gni_row row = {&null, times_ms[0]};
  gn_error err = {0};
  CHECK_OK(gni_batch_fold(f.layout, &row, 1, BATCH_END_MS, GNI_BOUNDARY_CHRONON, f.arena, &f.saved,
                          &err),
           &err);
  CHECK_INT(tail(&f, 2)->list.count, 1);
  check_hop(&f, 2, 0, MARCH_MS(9, 23, 0, 0), -1);
  CHECK_INT(collapsed(&f, 0), -1);
}

static void no_rows_are_a_record_of_nulls(void)
{
  const gni_window windows[] = {DAYS(7)};
  fixture f = fold_batch(windows, 1, NULL, 0, GNI_BOUNDARY_CHRONON);
  CHECK_INT(collapsed(&f, 0), -1);
  for (size_t i = 0; i < 3; i++) CHECK(!tail(&f, i)->is_null && tail(&f, i)->list.count == 0);
  CHECK_INT(ask(&f, 0, BATCH_END_MS, GNI_BOUNDARY_CHRONON), -1);
}

static void its_type_is_written_as_chronon_does(void)
{
  const gni_window windows[] = {HOURS(1), GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_LAST, windows, 2);
  const gni_type *type = gni_batch_type(layout, GN_STR("team_file_IR"), arena);
  gn_buf text;
  CHECK(type != NULL);
  CHECK_STR(type->name, "team_file_IR");
  CHECK_STR(type->fields[0].type->name, "WindowedIr");
  CHECK_STR(type->fields[1].type->fields[0].type->fields[0].type->name, "HopIr");
  CHECK_STR(type->fields[0].type->fields[0].type->name, "TimePair_long");
  gni_buf_init(&text, test_alloc(), 1 << 16);
  CHECK_INT(gni_type_format(type, &text), GN_OK);
  CHECK_TEXT(text.ptr,
             "struct<collapsedIr:struct<x_last_1h:struct<epochMillis:bigint,payload:bigint>,"
             "x_last:struct<epochMillis:bigint,payload:bigint>>,tailHopIrs:array<array<struct<"
             "x_last:struct<epochMillis:bigint,payload:bigint>,ts:bigint>>>>");
  gni_buf_deinit(&text);
}

/* ---- what is answered ---- */

static void the_worked_query_of_seven_days(void)
{
  int64_t at_ms = MARCH_MS(10, 10, 7, 31);
  const int64_t times_ms[] = {MARCH_MS(3, 9, 59, 59),
                              MARCH_MS(3, 10, 0, 0),
                              MARCH_MS(5, 0, 0, 0),
                              MARCH_10_MS - 1,
                              MARCH_10_MS,
                              at_ms - 1,
                              at_ms};
  const gni_window windows[] = {DAYS(7)};
  fixture f = fold_batch(windows, 1, times_ms, 7, GNI_BOUNDARY_CHRONON);
  CHECK_INT(ask(&f, 0, at_ms, GNI_BOUNDARY_CHRONON), 2 + 4 + 8 + 16 + 32);
}

static void at_the_edge_chronon_leaves_out_what_exact_keeps(void)
{
  const int64_t times_ms[] = {MARCH_MS(3, 0, 0, 0), MARCH_MS(6, 0, 0, 0)};
  const gni_window seven[] = {DAYS(7)}, both[] = {DAYS(7), DAYS(8)};
  fixture chronon = fold_batch(seven, 1, times_ms, 2, GNI_BOUNDARY_CHRONON);
  fixture exact = fold_batch(seven, 1, times_ms, 2, GNI_BOUNDARY_EXACT);
  fixture rescued = fold_batch(both, 2, times_ms, 2, GNI_BOUNDARY_CHRONON);
  CHECK_INT(ask(&chronon, 0, BATCH_END_MS, GNI_BOUNDARY_CHRONON), 2);
  CHECK_INT(ask(&exact, 0, BATCH_END_MS, GNI_BOUNDARY_EXACT), 1 + 2);
  CHECK_INT(ask(&rescued, 0, BATCH_END_MS, GNI_BOUNDARY_CHRONON), 1 + 2);
  CHECK_INT(ask(&rescued, 1, BATCH_END_MS, GNI_BOUNDARY_CHRONON), 1 + 2);
}

static void only_a_tail_that_reaches_the_edge_rescues_it(void)
{
  const int64_t hour_ago_ms[] = {MARCH_MS(9, 23, 0, 0)}, days_ago_ms[] = {MARCH_MS(-2, 0, 0, 0)};
  const gni_window hours[] = {HOURS(1), HOURS(6)}, days[] = {DAYS(12), DAYS(30)};
  fixture by_hours = fold_batch(hours, 2, hour_ago_ms, 1, GNI_BOUNDARY_CHRONON);
  fixture by_days = fold_batch(days, 2, days_ago_ms, 1, GNI_BOUNDARY_CHRONON);
  CHECK_INT(ask(&by_hours, 0, BATCH_END_MS, GNI_BOUNDARY_CHRONON), 1);
  CHECK_INT(ask(&by_days, 0, BATCH_END_MS, GNI_BOUNDARY_CHRONON), -1);
  CHECK_INT(ask(&by_days, 1, BATCH_END_MS, GNI_BOUNDARY_CHRONON), 1);
}

static void a_late_batch_over_counts_or_is_refused(void)
{
  int64_t at_ms = BATCH_END_MS + 3 * GN_DAY_MS;
  const int64_t times_ms[] = {MARCH_MS(5, 0, 0, 0), MARCH_MS(9, 0, 0, 0), MARCH_MS(11, 0, 0, 0)};
  const gni_window seven[] = {DAYS(7)}, short_ones[] = {DAYS(2), GNI_UNBOUNDED};
  fixture f = fold_batch(seven, 1, times_ms, 3, GNI_BOUNDARY_EXACT);
  fixture g = fold_batch(short_ones, 2, times_ms, 3, GNI_BOUNDARY_EXACT);
  gni_value output;
  gn_error err = {0};
  CHECK_INT(ask(&f, 0, at_ms, GNI_BOUNDARY_CHRONON), 1 + 2 + 4); /* the window starts on the 6th */
  CHECK_INT(ask(&f, 0, BATCH_END_MS + 2 * GN_DAY_MS, GNI_BOUNDARY_EXACT), 1 + 2 + 4);
  CHECK_INT(gni_batch_answer(f.layout, &f.saved, BATCH_END_MS, f.rows, 3, at_ms, GNI_BOUNDARY_EXACT,
                             f.arena, &output, &err),
            GN_E_INVALID);
  CHECK_TEXT(err.message, "the batch is more than two days old");
  CHECK(err.hint[0] != '\0');
  CHECK_INT(ask(&g, 0, at_ms, GNI_BOUNDARY_EXACT),
            4); /* short windows and unbounded ones are fine */
  CHECK_INT(ask(&g, 1, at_ms, GNI_BOUNDARY_EXACT), 1 + 2 + 4);
}

static void before_the_batch_end_nothing_is_known(void)
{
  const gni_window windows[] = {DAYS(7)};
  fixture f = fold_batch(windows, 1, NULL, 0, GNI_BOUNDARY_CHRONON);
  gni_value output;
  gn_error err = {0};
  CHECK_INT(gni_batch_answer(f.layout, &f.saved, BATCH_END_MS, NULL, 0, BATCH_END_MS - 1,
                             GNI_BOUNDARY_CHRONON, f.arena, &output, &err),
            GN_E_INVALID);
}

static void without_a_batch_the_live_rows_answer(void)
{
  const int64_t times_ms[] = {MARCH_10_MS - 1, MARCH_10_MS, MARCH_MS(10, 1, 0, 0)};
  const gni_window windows[] = {DAYS(7), HOURS(1), GNI_UNBOUNDED};
  fixture f = fold_batch(windows, 3, times_ms, 3, GNI_BOUNDARY_CHRONON);
  gni_value outputs[3];
  gn_error err = {0};
  CHECK_OK(gni_batch_answer(f.layout, NULL, BATCH_END_MS, f.rows, 3, MARCH_MS(10, 2, 0, 0),
                            GNI_BOUNDARY_CHRONON, f.arena, outputs, &err),
           &err);
  CHECK_INT(number(&outputs[0]), 2 + 4);
  CHECK_INT(number(&outputs[1]), 4);
  CHECK_INT(number(&outputs[2]), 2 + 4);
}

/* ---- what must not pass ---- */

static void check_refused(const fixture *f, gni_value saved)
{
  gni_value output;
  gn_error err = {0};
  CHECK_INT(gni_batch_answer(f->layout, &saved, BATCH_END_MS, NULL, 0, BATCH_END_MS,
                             GNI_BOUNDARY_CHRONON, f->arena, &output, &err),
            GN_E_CORRUPT);
  CHECK(err.message[0] != '\0');
}

static gni_value list_of(const gni_value *items, size_t count)
{
  return (gni_value){.list = {items, count}};
}

static void a_saved_batch_of_another_shape_is_refused(void)
{
  const int64_t times_ms[] = {MARCH_MS(9, 0, 0, 0)};
  const gni_window windows[] = {DAYS(2)};
  fixture f = fold_batch(windows, 1, times_ms, 1, GNI_BOUNDARY_CHRONON);
  const gni_value null = GNI_NULL_VALUE, good = f.saved.list.items[0];
  check_refused(&f, null);
  check_refused(&f, list_of(&good, 1));
  check_refused(&f, list_of((const gni_value[]){null, f.saved.list.items[1]}, 2));
  check_refused(&f, list_of((const gni_value[]){list_of(NULL, 0), f.saved.list.items[1]}, 2));
  check_refused(&f, list_of((const gni_value[]){good, null}, 2));
  check_refused(&f, list_of((const gni_value[]){good, list_of(tail(&f, 0), 2)}, 2));
  const gni_value nulls[] = {null, null, null}, empty = list_of(NULL, 0);
  check_refused(&f, list_of((const gni_value[]){good, list_of(nulls, 3)}, 2));
  const gni_value short_hop = list_of(&null, 1), lists[] = {empty, list_of(&short_hop, 1), empty};
  gni_value output;
  gn_error err = {0};
  gni_value saved = list_of((const gni_value[]){good, list_of(lists, 3)}, 2);
  int rc = gni_batch_answer(f.layout, &saved, BATCH_END_MS, NULL, 0, BATCH_END_MS,
                            GNI_BOUNDARY_CHRONON, f.arena, &output, &err);
  CHECK_INT(rc, GN_E_CORRUPT);
}

/* ---- memory ---- */

static void a_warm_arena_is_all_the_memory_a_fetch_takes(void)
{
  enum { LIVE = 100 };
  const int64_t times_ms[] = {MARCH_MS(3, 5, 0, 0), MARCH_MS(5, 0, 0, 0), MARCH_MS(9, 23, 0, 0)};
  const gni_window windows[] = {HOURS(6), DAYS(7), DAYS(30)};
  gn_arena *arena = small_arena(), *request = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_LAST_K, windows, 3);
  fixture f = fold_layout(arena, layout, times_ms, 3, GNI_BOUNDARY_EXACT);
  gni_value values[LIVE], outputs[3];
  gni_row live[LIVE];
  gn_error err = {0};
  size_t made = 0;
  for (int i = 0; i < LIVE; i++) {
    values[i] = gni_value_integer(i);
    live[i] = (gni_row){&values[i], MARCH_10_MS + i * 60000};
  }
  for (int turn = 0; turn < 3; turn++) {
    if (turn == 1) made = test_alloc_count();
    gni_arena_reset(request);
    CHECK_OK(gni_batch_answer(layout, &f.saved, BATCH_END_MS, live, LIVE, MARCH_MS(10, 3, 0, 0),
                              GNI_BOUNDARY_EXACT, request, outputs, &err),
             &err);
  }
  CHECK_INT(test_alloc_count(), made);
  CHECK_INT(outputs[1].list.items[0].integer, LIVE - 1);
}

static const gni_layout *oom_layout;
static gni_row oom_rows[4];

static void fold_and_ask(const gn_alloc *alloc)
{
  gni_value saved, outputs[3];
  gn_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_batch_fold(oom_layout, oom_rows, 4, BATCH_END_MS, GNI_BOUNDARY_EXACT, &arena, &saved,
                          &err);
  if (rc == GN_OK)
    rc = gni_batch_answer(oom_layout, &saved, BATCH_END_MS, oom_rows, 4, MARCH_MS(10, 1, 0, 0),
                          GNI_BOUNDARY_EXACT, &arena, outputs, &err);
  CHECK(rc == GN_OK || (rc == GN_E_NOMEM && err.code == GN_E_NOMEM));
  gni_arena_deinit(&arena);
}

static void no_memory_is_an_answer(void)
{
  static const int64_t times_ms[] = {MARCH_MS(3, 1, 0, 0), MARCH_MS(8, 5, 0, 0),
                                     MARCH_MS(9, 5, 0, 0), MARCH_MS(10, 0, 0, 0)};
  const gni_window windows[] = {DAYS(7), HOURS(6), GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  oom_layout = small_layout(arena, GNI_LAST_K, windows, 3);
  small_rows(arena, times_ms, 4, oom_rows);
  CHECK(test_each_oom(fold_and_ask) >= 1);
}

static void past_the_ceiling_is_an_answer(void)
{
  const int64_t times_ms[] = {MARCH_MS(9, 0, 0, 0)};
  const gni_window windows[] = {DAYS(7)};
  fixture f = fold_batch(windows, 1, times_ms, 1, GNI_BOUNDARY_EXACT);
  gn_error err = {0};
  gn_arena small;
  gni_arena_init(&small, test_alloc(), 200);
  int rc =
      gni_batch_fold(f.layout, f.rows, 1, BATCH_END_MS, GNI_BOUNDARY_EXACT, &small, &f.saved, &err);
  gni_arena_deinit(&small);
  CHECK_INT(rc, GN_E_LIMIT);
}

int main(void)
{
  static const test_case cases[] = {
      {"seven days are hour hops and a middle", seven_days_are_hour_hops_and_a_middle},
      {"thirty days are day hops and a middle", thirty_days_are_day_hops_and_a_middle},
      {"two days are hops only, unbounded is a middle only",
       two_days_are_hops_only_and_unbounded_a_middle_only},
      {"a hop of null inputs is kept as nulls", a_hop_of_null_inputs_is_kept_as_nulls},
      {"no rows are a record of nulls", no_rows_are_a_record_of_nulls},
      {"its type is written as Chronon does", its_type_is_written_as_chronon_does},
      {"the worked query of seven days", the_worked_query_of_seven_days},
      {"at the edge chronon leaves out what exact keeps",
       at_the_edge_chronon_leaves_out_what_exact_keeps},
      {"only a tail that reaches the edge rescues it",
       only_a_tail_that_reaches_the_edge_rescues_it},
      {"a late batch over-counts or is refused", a_late_batch_over_counts_or_is_refused},
      {"before the batch end nothing is known", before_the_batch_end_nothing_is_known},
      {"without a batch the live rows answer", without_a_batch_the_live_rows_answer},
      {"a saved batch of another shape is refused", a_saved_batch_of_another_shape_is_refused},
      {"a warm arena is all the memory a fetch takes",
       a_warm_arena_is_all_the_memory_a_fetch_takes},
      {"running out of memory is an answer", no_memory_is_an_answer},
      {"past the ceiling is an answer", past_the_ceiling_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
