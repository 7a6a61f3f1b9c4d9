/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/random_group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- inputs: every type that some operation takes ---- */

enum { BUCKET = 0, ARENA_BYTES = 256 << 20 };

static const struct {
  const char *name, *type;
  bool even; /* lists of one length without nulls, for element by element */
} inputs[] = {
    {"city", "string", false},
    {"i8", "tinyint", false},
    {"i16", "smallint", false},
    {"i32", "int", false},
    {"i64", "bigint", false},
    {"f32", "float", false},
    {"f64", "double", false},
    {"flag", "boolean", false},
    {"text", "string", false},
    {"bytes", "binary", false},
    {"ints", "array<int>", false},
    {"reals", "array<double>", false},
    {"texts", "array<string>", false},
    {"scores", "map<string,double>", false},
    {"counts", "map<string,bigint>", false},
    {"pair", "struct<x:int,y:string>", false},
    {"triple", "array<double>", true},
    {"longs3", "array<bigint>", true},
    {"names3", "array<string>", true},
};
enum { INPUT_COUNT = sizeof inputs / sizeof *inputs };

static const gni_window windows[] = {
    {1 * GN_HOUR_MS, 1, true},     {6 * GN_HOUR_MS, 6, true},   {11 * GN_HOUR_MS, 11, true},
    {12 * GN_HOUR_MS, 12, true},   {1 * GN_DAY_MS, 1, false},   {2 * GN_DAY_MS, 2, false},
    {49 * GN_HOUR_MS, 49, true},   {3 * GN_DAY_MS, 3, false},   {7 * GN_DAY_MS, 7, false},
    {100 * GN_HOUR_MS, 100, true}, {11 * GN_DAY_MS, 11, false}, {12 * GN_DAY_MS, 12, false},
    {300 * GN_HOUR_MS, 300, true}, {14 * GN_DAY_MS, 14, false}, {30 * GN_DAY_MS, 30, false},
    {INT64_MAX, INT32_MAX, false},
};
enum { WINDOW_COUNT = sizeof windows / sizeof *windows };
_Static_assert((int)WINDOW_COUNT == (int)RANDOM_WINDOWS, "a choice has one counter a class");

/* In a wild group sketches are so small that they forget much; in a tame one they are exact, so
 * that it does not matter how they were merged. */
static const gn_str *k_of(const random_group *group, int operation)
{
  static const gn_str three = {"3", 1}, four = {"4", 1}, eight = {"8", 1}, many = {"400", 3};
  switch (operation) {
  case GNI_APPROX_UNIQUE_COUNT:
    return &four;
  case GNI_APPROX_PERCENTILE:
    return group->wild ? &eight : &many;
  case GNI_APPROX_HISTOGRAM_K:
    return group->wild ? &three : &many;
  default:
    return operation >= GNI_LAST_K ? &three : NULL;
  }
}

static gni_aggregation describe(const random_group *group, const random_choice *choice,
                                const gn_str *buckets)
{
  static const gn_str names[] = {{"k", 1}};
  const gn_str *k = k_of(group, choice->operation);
  return (gni_aggregation){
      .input_column = group->input->fields[choice->input].name,
      .operation = choice->operation,
      .element_wise = choice->element_wise,
      .argument_names = names,
      .argument_values = k,
      .argument_count = k ? 1 : 0,
      .buckets = buckets,
      .bucket_count = choice->bucketed ? 1 : 0,
  };
}

static void try_choice(random_group *group, random_choice choice)
{
  static const gn_str bucket = {"city", 4};
  const gni_aggregator *aggregator;
  gn_error err = {0};
  if (choice.element_wise && (choice.bucketed || !inputs[choice.input].even)) return;
  gni_aggregation aggregation = describe(group, &choice, &bucket);
  const gni_type *type = group->input->fields[choice.input].type;
  gni_arena_reset(&group->definition);
  if (gni_aggregator_take(&group->definition, &aggregation, type, choice.bucketed, &aggregator,
                          &err) != GN_OK)
    return;
  CHECK(group->choice_count < RANDOM_CHOICES_MAX);
  group->choices[group->choice_count++] = choice;
}

static void close_group(void *what)
{
  random_group *group = what;
  gni_arena_deinit(&group->data);
  gni_arena_deinit(&group->definition);
  gni_arena_deinit(&group->types);
  free(group);
}

random_group *random_group_new(uint64_t salt)
{
  gni_field fields[INPUT_COUNT];
  gn_error err = {0};
  random_group *group = calloc(1, sizeof *group);
  CHECK(group != NULL);
  test_later(close_group, group);
  group->random = test_random_new(salt);
  gni_arena_init(&group->types, test_alloc(), ARENA_BYTES);
  gni_arena_init(&group->definition, test_alloc(), ARENA_BYTES);
  gni_arena_init(&group->data, test_alloc(), ARENA_BYTES);
  for (size_t i = 0; i < INPUT_COUNT; i++) {
    fields[i].name = gni_str(inputs[i].name);
    CHECK_OK(gni_type_parse(gni_str(inputs[i].type), &group->types, &fields[i].type, &err), &err);
  }
  group->input = gni_type_struct(&group->types, GN_STR("Value"), fields, INPUT_COUNT);
  for (int i = 0; i < INPUT_COUNT * GNI_OPERATION_COUNT * 4; i++)
    try_choice(group, (random_choice){.operation = i / 4 % GNI_OPERATION_COUNT,
                                      .input = i / 4 / GNI_OPERATION_COUNT,
                                      .bucketed = i & 1,
                                      .element_wise = i >> 1 & 1});
  CHECK(group->choice_count > 0);
  for (size_t i = group->choice_count - 1; i > 0; i--) { /* any order, the same for a seed */
    size_t j = (size_t)test_random_in(&group->random, 0, (int64_t)i);
    random_choice swap = group->choices[i];
    group->choices[i] = group->choices[j];
    group->choices[j] = swap;
  }
  return group;
}

/* ---- layouts ---- */

static size_t random_windows(random_group *group, random_choice *choice, gni_window *out,
                             size_t most)
{
  size_t count = 0, wanted = (size_t)test_random_in(&group->random, 1, (int64_t)most);
  bool taken[WINDOW_COUNT] = {false};
  for (int tries = 0; count < wanted && tries < 100; tries++) {
    size_t class = (size_t)test_random_in(&group->random, 0, WINDOW_COUNT - 1);
    if (taken[class] || (group->whole_days && windows[class].hours)) continue;
    taken[class] = true;
    choice->uses[class]++;
    out[count++] = windows[class];
  }
  return count;
}

static bool same_name(const random_choice *a, const random_choice *b)
{
  return a->operation == b->operation && a->input == b->input && a->bucketed == b->bucketed;
}

void random_layout(random_group *group)
{
  enum { MOST = 4 };
  static const gn_str bucket = {"city", 4};
  gni_aggregation aggregations[MOST];
  gni_window chosen[MOST][MOST];
  const random_choice *taken[MOST];
  size_t count = 0, wanted = (size_t)test_random_in(&group->random, 1, MOST);
  gn_error err = {0};
  gni_arena_reset(&group->definition);
  while (count < wanted) {
    random_choice *choice = &group->choices[group->next_choice++ % group->choice_count];
    bool again = false;
    for (size_t i = 0; i < count; i++) again |= same_name(taken[i], choice);
    if (again) continue;
    taken[count] = choice;
    aggregations[count] = describe(group, choice, &bucket);
    aggregations[count].windows = chosen[count];
    aggregations[count].window_count = random_windows(group, choice, chosen[count], MOST);
    count++;
  }
  CHECK_OK(
      gni_layout_take(&group->definition, aggregations, count, group->input, &group->layout, &err),
      &err);
}

/* ---- values ---- */

static double random_real(random_group *group, bool single)
{
  static const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -0.0, 0.0, 1e300};
  test_random *random = &group->random;
  if (!group->wild) return (double)test_random_in(random, -40, 200) / 4;
  if (test_random_chance(random, 0.01)) return odd[test_random_in(random, 0, single ? 4 : 5)];
  double x = (test_random_unit(random) - 0.3) * 1000;
  return single ? (double)(float)x : x;
}

static gn_str random_text(random_group *group)
{
  static const char *const texts[] = {"",
                                      "a",
                                      "b",
                                      "Lima",
                                      "Z\xc3\xbcrich",
                                      "\xe4\xba\xac\xe9\x83\xbd",
                                      "a text that is longer than the others",
                                      "\xf0\x9f\x8c\x9e",
                                      "\xef\xbf\xbd"};
  return gni_str(texts[test_random_in(&group->random, 0, 8)]);
}

static gni_value random_value(random_group *group, const gni_type *type, bool even, int depth);

static gni_value random_items(random_group *group, const gni_type *type, bool even)
{
  bool is_map = type->kind == GNI_MAP, is_struct = type->kind == GNI_STRUCT;
  size_t count = even        ? 3
                 : is_struct ? type->field_count
                             : (size_t)test_random_in(&group->random, 0, 3);
  gni_value *items = GN_TAKE(&group->data, gni_value, is_map ? 2 * count : count);
  CHECK(items != NULL);
  for (size_t i = 0; i < count; i++) {
    if (is_map) {
      static const char *const keys[] = {"x", "y", "z"};
      items[2 * i] = gni_value_text(gni_str(keys[i]));
      items[2 * i + 1] = random_value(group, type->fields[1].type, false, 1);
    } else {
      items[i] = random_value(group, type->fields[is_struct ? i : 0].type, even, 1);
    }
  }
  return (gni_value){.list = {items, count}};
}

static gni_value random_value(random_group *group, const gni_type *type, bool even, int depth)
{
  test_random *random = &group->random;
  if (!(even && depth) && test_random_chance(random, 0.15)) return GNI_NULL_VALUE;
  if (type->kind == GNI_BOOLEAN) return gni_value_boolean(test_random_chance(random, 0.5));
  if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE)
    return gni_value_real(random_real(group, type->kind == GNI_FLOAT));
  if (type->kind == GNI_STRING || type->kind == GNI_BINARY)
    return gni_value_text(random_text(group));
  if (type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT)
    return random_items(group, type, even);
  if (type->kind == GNI_LONG && group->wild && test_random_chance(random, 0.02))
    return gni_value_integer(INT64_MAX); /* sums wrap */
  return gni_value_integer(test_random_in(random, -10, 50));
}

/* ---- times ---- */

static int64_t around(test_random *random, int64_t ms)
{
  return ms + test_random_in(random, -1, 1);
}

/* An instant at which a row begins or ceases to count for some window of the layout. */
static int64_t random_edge_ms(random_group *group, int days)
{
  test_random *random = &group->random;
  const gni_layout *layout = group->layout;
  gni_window window =
      layout->columns[test_random_in(random, 0, (int64_t)layout->column_count - 1)].window;
  int64_t at_ms = TEST_EPOCH_MS + test_random_in(random, 0, days - 1) * GN_DAY_MS;
  if (window.length_ms == INT64_MAX) return around(random, at_ms);
  switch (test_random_in(random, 0, 4)) {
  case 0:
    return around(random, at_ms - window.length_ms);
  case 1:
    return around(random, at_ms - window.length_ms + 2 * GN_DAY_MS);
  case 2:
    return around(random, at_ms);
  case 3:
    at_ms += test_random_in(random, 0, 287) * 300000;
    break;
  default:
    at_ms += test_random_in(random, 0, GN_DAY_MS - 1);
    break;
  }
  return around(random, gni_window_start(window, at_ms, GNI_FIVE_MINUTE));
}

static int64_t random_row_ms(random_group *group, int days)
{
  test_random *random = &group->random;
  int64_t end_ms = TEST_EPOCH_MS + days * GN_DAY_MS;
  int64_t dice = test_random_in(random, 0, 99);
  if (dice < 15 && group->row_count) return group->rows[group->row_count - 1].time_ms;
  if (dice < 55) return random_edge_ms(group, days);
  if (dice < 75) return test_random_in(random, TEST_EPOCH_MS, end_ms);
  if (dice < 85) return test_random_in(random, TEST_EPOCH_MS - 4 * GN_DAY_MS, TEST_EPOCH_MS);
  return test_random_in(random, TEST_EPOCH_MS - 40 * GN_DAY_MS, end_ms);
}

/* In time order; rows of one time stay in the order in which they were made. */
static void sort_rows(gni_row *rows, size_t count)
{
  for (size_t i = 1; i < count; i++) {
    gni_row row = rows[i];
    size_t j = i;
    for (; j > 0 && rows[j - 1].time_ms > row.time_ms; j--) rows[j] = rows[j - 1];
    rows[j] = row;
  }
}

void random_rows(random_group *group, size_t most, int days)
{
  CHECK(most <= RANDOM_ROWS_MAX);
  size_t count = (size_t)test_random_in(&group->random, 0, (int64_t)most);
  gni_arena_reset(&group->data);
  for (group->row_count = 0; group->row_count < count; group->row_count++) {
    gni_value *values = GN_TAKE(&group->data, gni_value, INPUT_COUNT);
    CHECK(values != NULL);
    for (size_t i = 0; i < INPUT_COUNT; i++)
      values[i] = random_value(group, group->input->fields[i].type, inputs[i].even, 0);
    group->rows[group->row_count] = (gni_row){values, random_row_ms(group, days)};
  }
  sort_rows(group->rows, group->row_count);
}

static int compare_times(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int64_t random_query_ms(random_group *group, int days)
{
  test_random *random = &group->random;
  int64_t end_ms = TEST_EPOCH_MS + days * GN_DAY_MS, at_ms;
  switch (test_random_in(random, 0, 4)) {
  case 0:
    at_ms = TEST_EPOCH_MS + test_random_in(random, 0, days - 1) * GN_DAY_MS;
    break;
  case 1:
    at_ms = TEST_EPOCH_MS + test_random_in(random, 0, days * 288 - 1) * 300000;
    break;
  case 2:
    at_ms = random_edge_ms(group, days);
    break;
  case 3:
    at_ms = group->row_count
                ? group->rows[test_random_in(random, 0, (int64_t)group->row_count - 1)].time_ms
                : end_ms - 1;
    break;
  default:
    at_ms = test_random_in(random, TEST_EPOCH_MS, end_ms - 1);
    break;
  }
  if (at_ms < TEST_EPOCH_MS || at_ms >= end_ms)
    at_ms = test_random_in(random, TEST_EPOCH_MS, end_ms - 1);
  return at_ms;
}

void random_queries(random_group *group, size_t count, int days)
{
  CHECK(count <= RANDOM_QUERIES_MAX);
  for (size_t i = 0; i < count; i++) group->queries[i] = random_query_ms(group, days);
  group->query_count = count;
  qsort(group->queries, count, sizeof *group->queries, compare_times);
}

void random_group_report(const random_group *group)
{
  size_t pairs = 0;
  for (size_t i = 0; i < group->choice_count; i++)
    for (size_t class = 0; class < RANDOM_WINDOWS; class++)
      pairs += group->choices[i].uses[class] > 0;
  printf("# %zu combinations of operation, type and bucket; %zu of %zu pairs with a window\n",
         group->choice_count, pairs, group->choice_count * RANDOM_WINDOWS);
}
