/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "unit/agg/random_group.h"
#include "unit/agg/reference.h"
#include "unit/agg/small_group.h"

enum { CEILING_BYTES = 64 << 20, DAYS_MAX = 8, COLUMNS_MAX = 32 };

/* What a snapshot emitted, copied. */
typedef struct emitted {
  gn_arena arena;
  const gni_layout *layout;
  size_t count, day_index[DAYS_MAX];
  gni_value values[DAYS_MAX][COLUMNS_MAX];
  int refuse; /* returned instead of taking */
} emitted;

static int take_outputs(void *user, size_t day_index, const gni_value *outputs, gn_error *err)
{
  emitted *e = user;
  if (e->refuse) return gni_fail(err, e->refuse, "refused");
  CHECK(e->count < DAYS_MAX && e->layout->column_count <= COLUMNS_MAX);
  for (size_t c = 0; c < e->layout->column_count; c++)
    CHECK_INT(gni_value_copy(e->layout->output->fields[c].type, &outputs[c], &e->arena,
                             &e->values[e->count][c]),
              GN_OK);
  e->day_index[e->count++] = day_index;
  return GN_OK;
}

static void close_emitted(void *what)
{
  gni_arena_deinit(&((emitted *)what)->arena);
}

static emitted *emitted_new(const gni_layout *layout)
{
  static emitted e;
  e = (emitted){.layout = layout};
  gni_arena_init(&e.arena, test_alloc(), CEILING_BYTES);
  test_later(close_emitted, &e);
  return &e;
}

static void emitted_reset(emitted *e, const gni_layout *layout)
{
  gni_arena_reset(&e->arena);
  e->layout = layout;
  e->count = 0;
}

static void close_snapshot(void *what)
{
  gni_snapshot_free(what);
}

static gni_snapshot *snapshot_new(const gni_layout *layout, const int32_t *days, size_t count)
{
  gni_snapshot *snapshot;
  gn_error err = {0};
  CHECK_OK(gni_snapshot_new(layout, days, count, test_alloc(), CEILING_BYTES, &snapshot, &err),
           &err);
  return snapshot;
}

static void add_rows(gni_snapshot *snapshot, const gni_row *rows, size_t count)
{
  gn_error err = {0};
  for (size_t i = 0; i < count; i++) CHECK_OK(gni_snapshot_add(snapshot, &rows[i], &err), &err);
}

static void end_key(gni_snapshot *snapshot, emitted *e)
{
  gn_error err = {0};
  CHECK_OK(gni_snapshot_end_key(snapshot, take_outputs, e, &err), &err);
}

/* ---- worked numbers ---- */

static void seven_days_end_with_the_day(void)
{
  static const int64_t times_ms[] = {MARCH_MS(4, 0, 0, 0) - 1, MARCH_MS(4, 0, 0, 0),
                                     MARCH_MS(7, 12, 0, 0), MARCH_MS(11, 0, 0, 0) - 1,
                                     MARCH_MS(11, 0, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY};
  const gni_window windows[] = {DAYS(7)};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 1);
  gni_row rows[5];
  small_rows(arena, times_ms, 5, rows);
  gni_snapshot *snapshot = snapshot_new(layout, days, 1);
  test_later(close_snapshot, snapshot);
  emitted *e = emitted_new(layout);
  add_rows(snapshot, rows, 5);
  end_key(snapshot, e);
  CHECK_INT(e->count, 1);
  CHECK_INT(e->values[0][0].integer, 2 + 4 + 8);
}

static void days_without_anything_to_show_are_left_out(void)
{
  static const int64_t times_ms[] = {MARCH_MS(9, 5, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY - 2, MARCH_10_DAY - 1, MARCH_10_DAY, MARCH_10_DAY + 1,
                                 MARCH_10_DAY + 7};
  const gni_window windows[] = {DAYS(2)};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_COUNT, windows, 1);
  gni_row row;
  small_rows(arena, times_ms, 1, &row);
  gni_snapshot *snapshot = snapshot_new(layout, days, 5);
  test_later(close_snapshot, snapshot);
  emitted *e = emitted_new(layout);
  add_rows(snapshot, &row, 1);
  end_key(snapshot, e);
  CHECK_INT(e->count, 2);
  CHECK_INT(e->day_index[0], 1);
  CHECK_INT(e->day_index[1], 2);
  end_key(snapshot, e); /* a key without rows */
  CHECK_INT(e->count, 2);
}

static void keys_do_not_see_each_other(void)
{
  static const int64_t times_ms[] = {MARCH_MS(9, 5, 0, 0), MARCH_MS(10, 5, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY - 1, MARCH_10_DAY};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, NULL, 0);
  gni_row rows[2];
  small_rows(arena, times_ms, 2, rows);
  gni_snapshot *snapshot = snapshot_new(layout, days, 2);
  test_later(close_snapshot, snapshot);
  emitted *e = emitted_new(layout);
  for (int key = 0; key < 3; key++) {
    emitted_reset(e, layout);
    add_rows(snapshot, rows, 2);
    end_key(snapshot, e);
    CHECK_INT(e->count, 2);
    CHECK_INT(e->values[0][0].integer, 1);
    CHECK_INT(e->values[1][0].integer, 3);
  }
}

static void disorder_is_refused(void)
{
  static const int64_t times_ms[] = {MARCH_MS(9, 5, 0, 0), MARCH_MS(8, 5, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY}, twice[] = {MARCH_10_DAY, MARCH_10_DAY};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, NULL, 0);
  gni_row rows[2];
  gn_error err = {0}, other = {0};
  gni_snapshot *snapshot, *none;
  small_rows(arena, times_ms, 2, rows);
  snapshot = snapshot_new(layout, days, 1);
  test_later(close_snapshot, snapshot);
  CHECK_OK(gni_snapshot_add(snapshot, &rows[0], &err), &err);
  CHECK_INT(gni_snapshot_add(snapshot, &rows[1], &err), GN_E_BUG);
  CHECK_INT(gni_snapshot_new(layout, twice, 2, test_alloc(), CEILING_BYTES, &none, &other),
            GN_E_ARG);
  CHECK(none == NULL);
}

static void what_the_receiver_returns_ends_the_key(void)
{
  static const int64_t times_ms[] = {MARCH_MS(9, 5, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, NULL, 0);
  gn_error err = {0};
  gni_row row;
  small_rows(arena, times_ms, 1, &row);
  gni_snapshot *snapshot = snapshot_new(layout, days, 1);
  test_later(close_snapshot, snapshot);
  emitted *e = emitted_new(layout);
  e->refuse = GN_E_CANCELLED;
  add_rows(snapshot, &row, 1);
  CHECK_INT(gni_snapshot_end_key(snapshot, take_outputs, e, &err), GN_E_CANCELLED);
  e->refuse = GN_OK;
  end_key(snapshot, e);
  CHECK_INT(e->count, 0);
}

static void answers_of_several_keys_are_held(void)
{
  enum { KEYS = 3, HELD_DAYS = 2 };
  static const int64_t times_ms[] = {MARCH_MS(9, 5, 0, 0), MARCH_MS(10, 5, 0, 0),
                                     MARCH_MS(10, 6, 0, 0)};
  static const int32_t days[] = {MARCH_10_DAY - 1, MARCH_10_DAY};
  const gni_window windows[] = {DAYS(7)};
  const gni_value *answers[KEYS][HELD_DAYS];
  gn_arena *arena = small_arena();
  gn_error err = {0};
  gni_row rows[KEYS];
  small_rows(arena, times_ms, KEYS, rows);
  gni_snapshot *snapshot = snapshot_new(small_layout(arena, GNI_SUM, windows, 1), days, HELD_DAYS);
  test_later(close_snapshot, snapshot);
  for (size_t key = 0; key < KEYS; key++) {
    size_t answered = 0;
    CHECK_OK(gni_snapshot_add_rows(snapshot, rows + key, KEYS - key, &err), &err);
    CHECK_OK(gni_snapshot_answer(snapshot, answers[key], &answered, &err), &err);
    CHECK_INT(answered, HELD_DAYS);
  }
  CHECK_INT(answers[0][0][0].integer, 1);
  CHECK_INT(answers[0][1][0].integer, 1 + 2 + 4);
  CHECK(answers[1][0] == NULL && answers[2][0] == NULL);
  CHECK_INT(answers[1][1][0].integer, 2 + 4);
  CHECK_INT(answers[2][1][0].integer, 4);
  CHECK(gni_snapshot_held_bytes(snapshot) > 0);
  CHECK_OK(gni_snapshot_release(snapshot, &err), &err);
  CHECK_INT(gni_snapshot_held_bytes(snapshot), 0);
}

/* HISTOGRAM of texts, without a window. */
static const gni_layout *histogram_layout(gn_arena *arena)
{
  const gni_field field = {GN_STR("x"), &gni_type_string};
  const gni_type *input = gni_type_struct(arena, GN_STR("Value"), &field, 1);
  const gni_aggregation aggregation = {.input_column = GN_STR("x"), .operation = GNI_HISTOGRAM};
  const gni_layout *layout = NULL;
  gn_error err = {0};
  CHECK_OK(gni_layout_take(arena, &aggregation, 1, input, &layout, &err), &err);
  return layout;
}

static void add_text(gni_snapshot *snapshot, int number, int64_t time_ms)
{
  char text[32];
  gn_error err = {0};
  snprintf(text, sizeof text, "a text of some length %d", number);
  gni_value value = gni_value_text(gni_str(text));
  CHECK_OK(gni_snapshot_add(snapshot, &(gni_row){&value, time_ms}, &err), &err);
}

/* One more text on each of the first days; what was known then is still so when it was released. */
static void a_large_key_is_answered_in_parts(void)
{
  enum { TEXTS = 6000, ALL = 40, WITH_ROWS = 32 };
  static int32_t days[ALL];
  static const gni_value *answers[ALL];
  size_t at = 0, answered = 0, parts = 0;
  gn_arena *arena = small_arena();
  gn_error err = {0};
  for (int i = 0; i < ALL; i++) days[i] = MARCH_10_DAY + i;
  gni_snapshot *snapshot = snapshot_new(histogram_layout(arena), days, ALL);
  test_later(close_snapshot, snapshot);
  for (int i = 0; i < TEXTS; i++) add_text(snapshot, i, MARCH_10_MS);
  for (int i = 1; i < WITH_ROWS; i++) add_text(snapshot, TEXTS + i, MARCH_10_MS + i * GN_DAY_MS);
  for (; answered < ALL; parts++) {
    CHECK_OK(gni_snapshot_answer(snapshot, answers, &answered, &err), &err);
    for (; at < answered; at++) {
      size_t known = TEXTS + (at < WITH_ROWS ? at : WITH_ROWS - 1);
      CHECK_INT(answers[at][0].list.count, known);
    }
    CHECK_OK(gni_snapshot_release(snapshot, &err), &err);
  }
  CHECK(parts > 1);
  CHECK_INT(gni_snapshot_held_bytes(snapshot), 0);
}

static void a_key_past_the_ceiling_is_an_answer(void)
{
  static const int32_t days[] = {MARCH_10_DAY};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_UNIQUE_COUNT, NULL, 0);
  gni_snapshot *snapshot;
  gn_error err = {0};
  int rc = GN_OK;
  CHECK_OK(gni_snapshot_new(layout, days, 1, test_alloc(), 64 << 10, &snapshot, &err), &err);
  test_later(close_snapshot, snapshot);
  for (int64_t i = 0; i < 100000 && rc == GN_OK; i++) {
    gni_value value = gni_value_integer(i);
    rc = gni_snapshot_add(snapshot, &(gni_row){&value, MARCH_10_MS}, &err);
  }
  CHECK_INT(rc, GN_E_LIMIT);
}

/* ---- entities ---- */

static void an_entity_window_is_cut_to_the_millisecond(void)
{
  static const int64_t times_ms[] = {MARCH_10_MS - 1, MARCH_10_MS, MARCH_MS(11, 0, 0, 0) - 1,
                                     MARCH_MS(11, 0, 0, 0)};
  const gni_window windows[] = {DAYS(1), GNI_UNBOUNDED, HOURS(1)};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 3);
  gni_row rows[4];
  gni_value outputs[3];
  gn_error err = {0};
  small_rows(arena, times_ms, 4, rows);
  CHECK_OK(gni_entity_fold(layout, MARCH_10_DAY, rows, 4, arena, outputs, &err), &err);
  CHECK_INT(outputs[0].integer, 2 + 4);
  CHECK_INT(outputs[1].integer,
            1 + 2 + 4); /* with a window anywhere nothing after the day counts */
  CHECK_INT(outputs[2].integer, 4);
}

static void entities_without_windows_have_no_time_filter(void)
{
  static const int64_t times_ms[] = {MARCH_10_MS - 1, MARCH_MS(20, 0, 0, 0)};
  gn_arena *arena = small_arena();
  const gni_layout *layout = small_layout(arena, GNI_SUM, NULL, 0);
  gni_row rows[2];
  gni_value output;
  gn_error err = {0};
  small_rows(arena, times_ms, 2, rows);
  CHECK_OK(gni_entity_fold(layout, MARCH_10_DAY, rows, 2, arena, &output, &err), &err);
  CHECK_INT(output.integer, 1 + 2);
  CHECK_OK(gni_entity_fold(layout, MARCH_10_DAY, rows, 0, arena, &output, &err), &err);
  CHECK(output.is_null);
}

/* ---- laws ---- */

typedef struct law {
  random_group *group;
  gn_arena arena;
  emitted *e;
  int32_t days[DAYS_MAX];
  size_t day_count;
  int64_t compared;
} law;

static void close_law(void *what)
{
  gni_arena_deinit(&((law *)what)->arena);
}

static law *law_new(uint64_t salt)
{
  static law l;
  l = (law){.group = random_group_new(salt), .e = emitted_new(NULL)};
  gni_arena_init(&l.arena, test_alloc(), 256 << 20);
  test_later(close_law, &l);
  return &l;
}

/* Some of the days around the rows, ascending. */
static void random_days(law *l)
{
  l->day_count = 0;
  for (int32_t day = MARCH_10_DAY - 6; day < MARCH_10_DAY + 6; day++)
    if (l->day_count < DAYS_MAX && test_random_chance(&l->group->random, 0.6))
      l->days[l->day_count++] = day;
  if (l->day_count == 0) l->days[l->day_count++] = MARCH_10_DAY;
}

typedef void (*expect)(law *l, int64_t end_ms, gni_value *out);

static void expect_plain(law *l, int64_t end_ms, gni_value *out)
{
  random_group *group = l->group;
  CHECK_INT(reference_answer(group->layout, group->rows, group->row_count, end_ms, GNI_DAILY,
                             &l->arena, out),
            GN_OK);
}

static void expect_temporal(law *l, int64_t end_ms, gni_value *out)
{
  random_group *group = l->group;
  gn_error err = {0};
  CHECK_OK(gni_temporal_fold(group->layout, group->rows, group->row_count, &end_ms, 1, &l->arena,
                             out, &err),
           &err);
}

/* Windows of 12 days and more hop by day on both sides, so not a bit may differ. */
static void compare_day(law *l, const gni_value *actual, const gni_value *expected, bool bits)
{
  const gni_layout *layout = l->group->layout;
  for (size_t c = 0; c < layout->column_count; c++) {
    const gni_type *type = layout->output->fields[c].type;
    bool whole_days = gni_hop_ms(layout->columns[c].window, GNI_FIVE_MINUTE) == GN_DAY_MS;
    if (bits && l->group->wild && !whole_days) continue;
    bool same = bits && whole_days ? gni_value_equal(type, &actual[c], &expected[c])
                                   : values_agree(type, &actual[c], &expected[c], 1e-9);
    if (!same) test_fail(__FILE__, __LINE__, "%.*s differs", GN_STR_ARGS(layout->columns[c].name));
    l->compared++;
  }
}

static void compare_key(law *l, gni_snapshot *snapshot, expect expected_of, bool bits)
{
  const gni_layout *layout = l->group->layout;
  size_t taken = 0;
  emitted_reset(l->e, layout);
  add_rows(snapshot, l->group->rows, l->group->row_count);
  end_key(snapshot, l->e);
  for (size_t d = 0; d < l->day_count; d++) {
    gni_value expected[COLUMNS_MAX], nulls[COLUMNS_MAX];
    bool emitted_day = taken < l->e->count && l->e->day_index[taken] == d;
    bool any = false;
    gni_arena_reset(&l->arena);
    expected_of(l, ((int64_t)l->days[d] + 1) * GN_DAY_MS, expected);
    for (size_t c = 0; c < layout->column_count; c++) {
      nulls[c] = GNI_NULL_VALUE;
      any |= !expected[c].is_null;
    }
    CHECK_INT(emitted_day, any);
    compare_day(l, emitted_day ? l->e->values[taken] : nulls, expected, bits);
    taken += emitted_day;
  }
  CHECK_INT(taken, l->e->count);
}

static void compare_layouts(law *l, int layouts, expect expected_of, bool bits)
{
  for (int i = 0; i < layouts * test_effort(); i++) {
    random_layout(l->group);
    random_days(l);
    gni_snapshot *snapshot = snapshot_new(l->group->layout, l->days, l->day_count);
    for (int key = 0; key < 10; key++) {
      random_rows(l->group, 60, 6);
      compare_key(l, snapshot, expected_of, bits);
    }
    gni_snapshot_free(snapshot);
  }
  printf("# %" PRId64 " values compared\n", l->compared);
}

static void snapshots_are_the_plain_rule(void)
{
  law *l = law_new(11);
  compare_layouts(l, 300, expect_plain, false);
}

static void snapshots_are_what_was_known_at_midnight(void)
{
  law *l = law_new(12);
  l->group->whole_days = true;
  compare_layouts(l, 150, expect_temporal, true);
  l->group->wild = true;
  compare_layouts(l, 150, expect_temporal, true);
}

/* ---- memory ---- */

static const gni_layout *oom_layout;
static gni_row oom_rows[3];

static int ignore_outputs(void *user, size_t day_index, const gni_value *outputs, gn_error *err)
{
  (void)user, (void)day_index, (void)outputs, (void)err;
  return GN_OK;
}

static void snapshot_of_a_key(const gn_alloc *alloc)
{
  static const int32_t days[] = {MARCH_10_DAY - 1, MARCH_10_DAY};
  gni_snapshot *snapshot;
  gn_error err = {0};
  int rc = gni_snapshot_new(oom_layout, days, 2, alloc, CEILING_BYTES, &snapshot, &err);
  for (size_t i = 0; i < 3 && rc == GN_OK; i++) rc = gni_snapshot_add(snapshot, &oom_rows[i], &err);
  if (rc == GN_OK) rc = gni_snapshot_end_key(snapshot, ignore_outputs, NULL, &err);
  gni_snapshot_free(snapshot);
  CHECK(rc == GN_OK || (rc == GN_E_NOMEM && err.code == GN_E_NOMEM));
}

static void no_memory_is_an_answer(void)
{
  static const int64_t times_ms[] = {MARCH_MS(3, 1, 0, 0), MARCH_MS(8, 5, 0, 0),
                                     MARCH_MS(9, 5, 0, 0)};
  const gni_window windows[] = {DAYS(7), GNI_UNBOUNDED};
  gn_arena *arena = small_arena();
  oom_layout = small_layout(arena, GNI_LAST_K, windows, 2);
  small_rows(arena, times_ms, 3, oom_rows);
  CHECK(test_each_oom(snapshot_of_a_key) >= 4);
}

int main(void)
{
  static const test_case cases[] = {
      {"seven days end with the day", seven_days_end_with_the_day},
      {"days without anything to show are left out", days_without_anything_to_show_are_left_out},
      {"keys do not see each other", keys_do_not_see_each_other},
      {"disorder is refused", disorder_is_refused},
      {"what the receiver returns ends the key", what_the_receiver_returns_ends_the_key},
      {"answers of several keys are held", answers_of_several_keys_are_held},
      {"a large key is answered in parts", a_large_key_is_answered_in_parts},
      {"a key past the ceiling is an answer", a_key_past_the_ceiling_is_an_answer},
      {"an entity window is cut to the millisecond", an_entity_window_is_cut_to_the_millisecond},
      {"entities without windows have no time filter",
       entities_without_windows_have_no_time_filter},
      {"snapshots are the plain rule: start <= ts < midnight", snapshots_are_the_plain_rule},
      {"snapshots are what was known at midnight", snapshots_are_what_was_known_at_midnight},
      {"running out of memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
