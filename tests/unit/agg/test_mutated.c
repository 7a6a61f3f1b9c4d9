/* Changes of entities on top of a snapshot's state, against the plain rule: every row of the
 * snapshot and every change so far whose row lies in the window counts, a reversal backwards where
 * the operation can be taken back. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "unit/agg/small_group.h"

enum { ROWS_MAX = 24, CHANGES_MAX = 40, WINDOWS = 4 };

static const gni_window windows[WINDOWS] = {{6 * GN_HOUR_MS, 6, true},
                                            {GN_DAY_MS, 1, false},
                                            {7 * GN_DAY_MS, 7, false},
                                            {INT64_MAX, INT32_MAX, false}};

struct entities {
  gni_row rows[ROWS_MAX]; /* of the snapshot, by time */
  gni_mutation changes[CHANGES_MAX];
  size_t row_count, change_count;
};

static int by_time(const void *a, const void *b)
{
  const gni_row *x = a, *y = b;
  return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static const gni_value *value_of(test_random *random, gn_arena *arena)
{
  gni_value *value = GN_TAKE(arena, gni_value, 1);
  CHECK(value != NULL);
  *value = gni_value_integer(test_random_in(random, -50, 50));
  return value;
}

/* Inserts, deletes and updates in the order of their times; some rows are of the days before, some
 * have a time that is still to come. */
static void draw(struct entities *e, test_random *random, gn_arena *arena)
{
  e->row_count = (size_t)test_random_in(random, 0, ROWS_MAX);
  for (size_t i = 0; i < e->row_count; i++)
    e->rows[i] = (gni_row){value_of(random, arena),
                           MARCH_MS(10, 0, 0, 0) - 1 - test_random_in(random, 0, 9 * GN_DAY_MS)};
  qsort(e->rows, e->row_count, sizeof *e->rows, by_time);
  int64_t at_ms = MARCH_MS(10, 0, 0, 0) - GN_HOUR_MS; /* what came before the batch is in it */
  e->change_count = 0;
  while (e->change_count + 2 <= CHANGES_MAX && test_random_in(random, 0, 30) > 0) {
    gni_row row = {value_of(random, arena), at_ms + test_random_in(random, -GN_DAY_MS, GN_HOUR_MS)};
    bool old = e->row_count > 0 && test_random_in(random, 0, 1);
    if (old) row = e->rows[test_random_in(random, 0, (int64_t)e->row_count - 1)];
    at_ms += test_random_in(random, 0, 2 * GN_HOUR_MS);
    e->changes[e->change_count++] = (gni_mutation){row, at_ms, old};
    if (!old) continue;
    gni_row after = {value_of(random, arena), row.time_ms};
    e->changes[e->change_count++] = (gni_mutation){after, at_ms, false};
  }
}

/* ---- the plain rule ---- */

struct plain {
  int64_t count, sum, most;
  bool any, any_after;
};

static void plain_row(struct plain *plain, const gni_row *row, bool is_before)
{
  int64_t x = row->values[0].integer;
  plain->any = true;
  plain->count += is_before ? -1 : 1;
  plain->sum += is_before ? -x : x;
  if (is_before) return;
  if (!plain->any_after || x > plain->most) plain->most = x;
  plain->any_after = true;
}

static struct plain plain_answer(const struct entities *e, gni_window window, int64_t at_ms)
{
  struct plain plain = {0};
  int64_t start_ms = gni_window_start(window, at_ms, GNI_FIVE_MINUTE);
  for (size_t i = 0; i < e->row_count; i++)
    if (e->rows[i].time_ms >= start_ms) plain_row(&plain, &e->rows[i], false);
  for (size_t i = 0; i < e->change_count; i++) {
    const gni_mutation *change = &e->changes[i];
    if (change->at_ms < MARCH_MS(10, 0, 0, 0) || change->at_ms >= at_ms) continue;
    if (change->row.time_ms < start_ms || change->row.time_ms >= at_ms) continue;
    plain_row(&plain, &change->row, change->is_before);
  }
  return plain;
}

static void check_value(int operation, const struct plain *plain, const gni_value *value)
{
  if (operation == GNI_MAX ? !plain->any_after : !plain->any) {
    CHECK(value->is_null);
    return;
  }
  if (operation == GNI_AVERAGE) {
    CHECK_INT(value->is_null, plain->count == 0);
    if (plain->count) CHECK(value->real == (double)plain->sum / (double)plain->count);
    return;
  }
  CHECK(!value->is_null);
  CHECK_INT(value->integer, operation == GNI_COUNT ? plain->count
                            : operation == GNI_SUM ? plain->sum
                                                   : plain->most);
}

static void changes_count_where_their_rows_do(void)
{
  static const int operations[] = {GNI_COUNT, GNI_SUM, GNI_AVERAGE, GNI_MAX};
  test_random random = test_random_new(41);
  gn_arena *arena = small_arena();
  int64_t nulls = 0;
  for (int turn = 0; turn < 2000 * test_effort(); turn++) {
    struct entities e;
    gni_value saved, outputs[WINDOWS];
    gn_error err = {0};
    int operation = operations[turn % 4];
    const gni_layout *layout = small_layout(arena, operation, windows, WINDOWS);
    draw(&e, &random, arena);
    CHECK_OK(gni_batch_fold(layout, e.rows, e.row_count, MARCH_MS(10, 0, 0, 0), GNI_BOUNDARY_EXACT,
                            arena, &saved, &err),
             &err);
    for (int q = 0; q < 4; q++) {
      int64_t at_ms = MARCH_MS(10, 0, 0, 0) + test_random_in(&random, 0, GN_DAY_MS);
      CHECK_OK(gni_batch_answer_mutated(layout, &saved, MARCH_MS(10, 0, 0, 0), e.changes,
                                        e.change_count, at_ms, GNI_BOUNDARY_EXACT, arena, outputs,
                                        &err),
               &err);
      for (size_t w = 0; w < WINDOWS; w++) {
        struct plain plain = plain_answer(&e, windows[w], at_ms);
        check_value(operation, &plain, &outputs[w]);
        nulls += outputs[w].is_null;
      }
    }
    gni_arena_reset(arena);
  }
  CHECK(nulls > 0);
}

/* ---- by hand ---- */

static const gni_value seven = {.integer = 7}, nine = {.integer = 9};

static gni_value answer_one(int operation, const gni_mutation *changes, size_t count, int64_t at_ms)
{
  gn_arena *arena = small_arena();
  const gni_row before = {&seven, MARCH_MS(9, 12, 0, 0)};
  const gni_window day = DAYS(1);
  gni_value saved, out;
  gn_error err = {0};
  const gni_layout *layout = small_layout(arena, operation, &day, 1);
  CHECK_OK(gni_batch_fold(layout, &before, 1, MARCH_MS(10, 0, 0, 0), GNI_BOUNDARY_CHRONON, arena,
                          &saved, &err),
           &err);
  CHECK_OK(gni_batch_answer_mutated(layout, &saved, MARCH_MS(10, 0, 0, 0), changes, count, at_ms,
                                    GNI_BOUNDARY_CHRONON, arena, &out, &err),
           &err);
  return out;
}

static void a_deleted_entity_counts_zero_and_not_null(void)
{
  const gni_mutation gone = {{&seven, MARCH_MS(9, 12, 0, 0)}, MARCH_MS(10, 1, 0, 0), true};
  CHECK_INT(answer_one(GNI_COUNT, &gone, 1, MARCH_MS(10, 1, 0, 0)).integer, 1);
  gni_value after = answer_one(GNI_COUNT, &gone, 1, MARCH_MS(10, 1, 0, 1));
  CHECK(!after.is_null && after.integer == 0);
}

static void what_cannot_be_taken_back_stays(void)
{
  const int64_t row_ms = MARCH_MS(9, 12, 0, 0), at_ms = MARCH_MS(10, 1, 0, 0);
  const gni_mutation update[] = {{{&seven, row_ms}, at_ms, true}, {{&nine, row_ms}, at_ms, false}};
  CHECK_INT(answer_one(GNI_SUM, update, 2, MARCH_MS(10, 2, 0, 0)).integer, 9);
  CHECK_INT(answer_one(GNI_MIN, update, 2, MARCH_MS(10, 2, 0, 0)).integer, 7);
}

static void a_row_of_the_future_counts_once_its_time_has_come(void)
{
  const gni_mutation ahead = {{&nine, MARCH_MS(10, 5, 0, 0)}, MARCH_MS(10, 1, 0, 0), false};
  CHECK_INT(answer_one(GNI_SUM, &ahead, 1, MARCH_MS(10, 5, 0, 0)).integer, 7);
  CHECK_INT(answer_one(GNI_SUM, &ahead, 1, MARCH_MS(10, 5, 0, 1)).integer, 16);
}

int main(void)
{
  static const test_case cases[] = {
      {"changes count where their rows do", changes_count_where_their_rows_do},
      {"a deleted entity counts zero, and not null", a_deleted_entity_counts_zero_and_not_null},
      {"what cannot be taken back stays", what_cannot_be_taken_back_stays},
      {"a row of the future counts once its time has come",
       a_row_of_the_future_counts_once_its_time_has_come},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
