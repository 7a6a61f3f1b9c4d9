/* The laws of states, for every operation, input type and mode, on seeded random rows: nulls,
 * duplicates, equal times, NaN and -0.0 where they make sense, integers small enough that sums of
 * doubles are exact. SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MAX = 24, ROUNDS = 30 };

static const char *const input_types[] = {
    "tinyint",
    "boolean",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "binary",
    "decimal(9,2)",
    "struct<a:int,b:string>",
    "array<int>",
    "array<double>",
    "array<string>",
    "array<boolean>",
    "array<array<int>>",
    "map<int,string>",
    "map<string,double>",
    "map<string,bigint>",
    "map<string,string>",
};
enum { INPUT_TYPES = sizeof input_types / sizeof *input_types };

/* One operation over one type in one mode. */
typedef struct subject {
  worked what;
  const gni_type *type;
  const gni_aggregator *aggregator;
  size_t length;      /* of lists, element by element; else any */
  bool no_minus_zero; /* -0.0 + 1 - 1 is 0.0 */
  test_random random;
  gn_arena *arena;
} subject;

typedef struct row {
  gni_value input, bucket;
  int64_t time_ms;
} row;

/* ---- random rows ---- */

static gni_value random_text(subject *s)
{
  static const char *const texts[] = {
      "", "a", "b", "ab", "\xC3\xBC", "\xF0\x9F\x98\x80", "a text that is longer than the others"};
  return gni_value_text(gni_str(texts[test_random_in(&s->random, 0, 6)]));
}

/* Moments and sums that are to be taken back get finite numbers only. */
static gni_value random_real(subject *s)
{
  int operation = gni_operation_find(gni_str(s->what.operation));
  bool finite = (operation >= GNI_SUM && operation <= GNI_KURTOSIS) ||
                operation == GNI_APPROX_HISTOGRAM_K; /* or there would be more than it counts */
  if (!finite && test_random_chance(&s->random, 0.05)) return gni_value_real(NAN);
  if (!s->no_minus_zero && test_random_chance(&s->random, 0.05)) return gni_value_real(-0.0);
  return gni_value_real((double)test_random_in(&s->random, -5, 5));
}

static gni_value random_value(subject *s, const gni_type *type, double null_chance);

static gni_value random_items(subject *s, const gni_type *type, double null_chance)
{
  size_t count = type->kind == GNI_STRUCT ? type->field_count : s->length;
  if (count == SIZE_MAX) count = (size_t)test_random_in(&s->random, 0, 3);
  size_t items_count = type->kind == GNI_MAP ? 2 * count : count;
  gni_value *items = GN_TAKE(s->arena, gni_value, items_count);
  CHECK(items != NULL);
  for (size_t i = 0; i < items_count; i++) {
    bool is_key = type->kind == GNI_MAP && i % 2 == 0;
    const gni_type *item = type->fields[type->kind == GNI_LIST  ? 0
                                        : type->kind == GNI_MAP ? i % 2
                                                                : i]
                               .type;
    items[i] = random_value(s, item, is_key ? 0 : null_chance);
  }
  return (gni_value){.list = {items, count}};
}

static gni_value random_value(subject *s, const gni_type *type, double null_chance)
{
  if (test_random_chance(&s->random, null_chance)) return GNI_NULL_VALUE;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return gni_value_boolean(test_random_chance(&s->random, 0.5));
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return random_real(s);
  case GNI_STRING:
  case GNI_BINARY:
    return random_text(s);
  case GNI_DECIMAL:
    return (gni_value){.decimal = {(uint64_t)test_random_in(&s->random, 0, 999), 0}};
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    return random_items(s, type, s->what.element_wise ? 0 : 0.15);
  default:
    return gni_value_integer(test_random_in(&s->random, -5, 5));
  }
}

static size_t random_rows(subject *s, row *rows)
{
  size_t count = (size_t)test_random_in(&s->random, 0, ROWS_MAX);
  for (size_t i = 0; i < count; i++) {
    rows[i].input = random_value(s, s->type, 0.15);
    rows[i].bucket = test_random_chance(&s->random, 0.1) ? GNI_NULL_VALUE : random_text(s);
    rows[i].time_ms = test_random_in(&s->random, -4, 4);
  }
  return count;
}

/* ---- states ---- */

static void *fold(subject *s, void *state, const row *rows, size_t count)
{
  if (!state) state = make_state(s->aggregator);
  for (size_t i = 0; i < count; i++)
    CHECK_INT(gni_state_update(s->aggregator, state, &rows[i].input, &rows[i].bucket,
                               rows[i].time_ms, s->arena),
              GN_OK);
  return state;
}

static void *clone(subject *s, const void *state)
{
  void *copy = make_state(s->aggregator);
  memset(copy, 0xAA, gni_aggregator_state_size(s->aggregator));
  CHECK_INT(gni_state_clone(s->aggregator, copy, state, s->arena), GN_OK);
  return copy;
}

static void *merge(subject *s, void *state, const void *other)
{
  CHECK_INT(gni_state_merge(s->aggregator, state, other, s->arena), GN_OK);
  return state;
}

static void *reload(subject *s, const void *state)
{
  void *loaded = make_state(s->aggregator);
  gni_value saved;
  gn_error err = {0};
  memset(loaded, 0xAA, gni_aggregator_state_size(s->aggregator));
  CHECK_INT(gni_state_save(s->aggregator, state, &saved, s->arena), GN_OK);
  CHECK_INT(saved.is_null, gni_state_is_empty(s->aggregator, state));
  CHECK_OK(gni_state_load(s->aggregator, loaded, &saved, s->arena, &err), &err);
  return loaded;
}

/* ---- equality ---- */

static bool is_rounded(const subject *s)
{
  int operation = gni_operation_find(gni_str(s->what.operation));
  return operation == GNI_VARIANCE || operation == GNI_SKEW || operation == GNI_KURTOSIS;
}

static bool nearly_equal(const gni_type *type, const gni_value *a, const gni_value *b)
{
  if (a->is_null || b->is_null) return a->is_null && b->is_null;
  if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE) {
    double size = fmax(1, fmax(fabs(a->real), fabs(b->real)));
    return (isnan(a->real) && isnan(b->real)) || fabs(a->real - b->real) <= 1e-9 * size;
  }
  if (type->kind != GNI_LIST && type->kind != GNI_MAP && type->kind != GNI_STRUCT)
    return gni_value_equal(type, a, b);
  if (a->list.count != b->list.count) return false;
  size_t count = type->kind == GNI_MAP ? 2 * a->list.count : a->list.count;
  for (size_t i = 0; i < count; i++) {
    size_t field = type->kind == GNI_LIST ? 0 : type->kind == GNI_MAP ? i % 2 : i;
    if (!nearly_equal(type->fields[field].type, &a->list.items[i], &b->list.items[i])) return false;
  }
  return true;
}

static void check_same_value(const subject *s, const gni_type *type, const gni_value *a,
                             const gni_value *b, const char *law)
{
  bool same = is_rounded(s) ? nearly_equal(type, a, b) : gni_value_equal(type, a, b);
  if (!same)
    test_fail(__FILE__, __LINE__, "%s of %s%s%s: %s: %s against %s", s->what.operation,
              s->what.type, s->what.buckets ? ", bucketed" : "",
              s->what.element_wise ? ", element-wise" : "", law, print_value(type, a),
              print_value(type, b));
}

/* Equal in what they answer and in what they save. */
static void check_same(const subject *s, const void *a, const void *b, const char *law)
{
  gni_value left, right;
  CHECK_INT(gni_state_finish(s->aggregator, a, &left, s->arena), GN_OK);
  CHECK_INT(gni_state_finish(s->aggregator, b, &right, s->arena), GN_OK);
  check_same_value(s, gni_aggregator_output(s->aggregator), &left, &right, law);
  CHECK_INT(gni_state_save(s->aggregator, a, &left, s->arena), GN_OK);
  CHECK_INT(gni_state_save(s->aggregator, b, &right, s->arena), GN_OK);
  check_same_value(s, gni_aggregator_state_type(s->aggregator), &left, &right, law);
}

/* ---- laws ---- */

static void check_merging(subject *s)
{
  row a[ROWS_MAX], b[ROWS_MAX], c[ROWS_MAX];
  size_t a_count = random_rows(s, a), b_count = random_rows(s, b), c_count = random_rows(s, c);
  void *x = fold(s, NULL, a, a_count), *y = fold(s, NULL, b, b_count);
  void *z = fold(s, NULL, c, c_count), *empty = make_state(s->aggregator);
  check_same(s, merge(s, clone(s, x), empty), x, "merging nothing changes nothing");
  check_same(s, merge(s, clone(s, empty), x), x, "merging into nothing is copying");
  check_same(s, merge(s, merge(s, clone(s, x), y), z),
             merge(s, clone(s, x), merge(s, clone(s, y), z)), "the order of parts does not matter");
  void *whole = fold(s, fold(s, fold(s, NULL, a, a_count), b, b_count), c, c_count);
  check_same(s, merge(s, merge(s, clone(s, x), y), z), whole, "parts are the whole");
  check_same(s, merge(s, reload(s, x), reload(s, y)), merge(s, clone(s, x), y),
             "saved parts are the parts");
  check_same(s, fold(s, reload(s, x), b, b_count), merge(s, clone(s, x), y),
             "a loaded state goes on");
}

static void check_copies(subject *s)
{
  row a[ROWS_MAX], b[ROWS_MAX];
  size_t a_count = random_rows(s, a), b_count = random_rows(s, b);
  void *x = fold(s, NULL, a, a_count), *again = fold(s, NULL, a, a_count);
  check_same(s, reload(s, x), x, "loading what was saved");
  check_same(s, clone(s, x), x, "a clone is equal");
  void *copy = fold(s, clone(s, x), b, b_count);
  check_same(s, x, again, "a clone is independent");
  void *sum = merge(s, clone(s, x), copy);
  fold(s, copy, b, b_count);
  fold(s, sum, b, b_count);
  check_same(s, x, again, "merging changes only its first part");
}

static void check_dropping(subject *s)
{
  row a[ROWS_MAX], b[ROWS_MAX];
  s->no_minus_zero = true;
  size_t a_count = random_rows(s, a), b_count = random_rows(s, b);
  void *x = fold(s, fold(s, NULL, b, b_count), a, a_count);
  void *before = clone(s, x), *after = fold(s, clone(s, x), b, b_count);
  for (size_t i = 0; i < b_count; i++)
    CHECK_INT(
        gni_state_drop(s->aggregator, after, &b[i].input, &b[i].bucket, b[i].time_ms, s->arena),
        GN_OK);
  if (gni_aggregator_deletable(s->aggregator))
    check_same(s, after, before, "taking back undoes");
  else
    check_same(s, after, fold(s, clone(s, x), b, b_count), "what cannot go back stays");
}

static void check_nothing(subject *s)
{
  void *empty = make_state(s->aggregator);
  gni_value null = GNI_NULL_VALUE, out;
  CHECK(gni_state_is_empty(s->aggregator, empty));
  CHECK_INT(gni_state_update(s->aggregator, empty, &null, NULL, 0, s->arena), GN_OK);
  CHECK_INT(gni_state_drop(s->aggregator, empty, &null, NULL, 0, s->arena), GN_OK);
  CHECK(gni_state_is_empty(s->aggregator, empty));
  CHECK_INT(gni_state_finish(s->aggregator, empty, &out, s->arena), GN_OK);
  CHECK(out.is_null);
  CHECK(gni_state_is_empty(s->aggregator, reload(s, empty)));
}

/* ---- every subject ---- */

/* Small, but large enough for the laws: the percentiles are exact up to k values, and a sketch of
 * frequent items leaves none out before there are 12 for a k of 9. */
static const char *k_of(int operation)
{
  switch (operation) {
  case GNI_APPROX_UNIQUE_COUNT:
    return "4";
  case GNI_APPROX_PERCENTILE:
    return "128";
  case GNI_APPROX_HISTOGRAM_K:
    return "9";
  default:
    return "3";
  }
}

static size_t for_each_subject(void (*check)(subject *s), int rounds)
{
  size_t subjects = 0;
  gn_arena *arena = test_arena(), *scratch = worked_arena();
  for (int i = 0; i < GNI_OPERATION_COUNT * INPUT_TYPES * 4; i++) {
    subject s = {
        .what = {.operation = gni_operation_name(i / 4 / INPUT_TYPES),
                 .type = input_types[i / 4 % INPUT_TYPES],
                 .k = k_of(i / 4 / INPUT_TYPES),
                 .buckets = i & 1 ? "" : NULL,
                 .element_wise = i & 2},
        .length = i & 2 ? 2 : SIZE_MAX,
        .random = test_random_new((uint64_t)i),
        .arena = arena,
    };
    gn_error err = {0};
    gni_arena_reset(scratch);
    s.aggregator = try_aggregator(&s.what, &err);
    if (!s.aggregator) continue;
    s.type = parse_type(s.what.type);
    for (int round = 0; round < rounds * test_effort(); round++) {
      gni_arena_reset(arena);
      check(&s);
    }
    subjects++;
  }
  return subjects;
}

static void folding_in_parts_is_folding_in_one_piece(void)
{
  size_t subjects = for_each_subject(check_merging, ROUNDS);
  printf("# %zu combinations of operation, type and mode\n", subjects);
  CHECK(subjects > 400);
}

static void copies_are_equal_and_independent(void)
{
  CHECK(for_each_subject(check_copies, ROUNDS) > 400);
}

static void taking_back_undoes_where_it_can(void)
{
  CHECK(for_each_subject(check_dropping, ROUNDS) > 400);
}

static void nothing_is_null(void)
{
  CHECK(for_each_subject(check_nothing, 1) > 400);
}

/* ---- memory ---- */

static int live_through(subject *s, gn_arena *arena)
{
  row rows[ROWS_MAX];
  gni_value saved = GNI_NULL_VALUE, out;
  gn_error err = {0};
  size_t count = random_rows(s, rows), size = gni_aggregator_state_size(s->aggregator);
  void *state = gni_arena_take(s->arena, size), *other = gni_arena_take(s->arena, size);
  int rc = GN_OK;
  gni_state_init(s->aggregator, state);
  gni_state_init(s->aggregator, other);
  for (size_t i = 0; i < count && rc == GN_OK; i++)
    rc = gni_state_update(s->aggregator, i % 2 ? state : other, &rows[i].input, &rows[i].bucket,
                          rows[i].time_ms, arena);
  if (rc == GN_OK) rc = gni_state_merge(s->aggregator, state, other, arena);
  if (rc == GN_OK && count > 0)
    rc = gni_state_drop(s->aggregator, state, &rows[0].input, &rows[0].bucket, 0, arena);
  if (rc == GN_OK) rc = gni_state_clone(s->aggregator, other, state, arena);
  if (rc == GN_OK) rc = gni_state_save(s->aggregator, other, &saved, arena);
  if (rc == GN_OK) rc = gni_state_load(s->aggregator, state, &saved, arena, &err);
  if (rc == GN_OK) rc = gni_state_finish(s->aggregator, state, &out, arena);
  return rc;
}

/* With ever larger arenas, every single take of every operation fails once. */
static void check_ceilings(subject *s)
{
  int rc = GN_E_LIMIT;
  test_random seed = s->random;
  for (size_t ceiling = 0; rc != GN_OK; ceiling += 32) {
    gn_arena arena;
    s->random = seed;
    gni_arena_init(&arena, test_alloc(), ceiling);
    rc = live_through(s, &arena);
    gni_arena_deinit(&arena);
    CHECK(rc == GN_OK || rc == GN_E_LIMIT);
    CHECK(ceiling < 1 << 20);
  }
}

static void a_full_arena_is_an_answer(void)
{
  CHECK(for_each_subject(check_ceilings, 3) > 400);
}

static subject *oom_subject;

static void live_through_oom(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_arena_init(&arena, alloc, 16 << 20);
  oom_subject->random = test_random_new(1);
  int rc = live_through(oom_subject, &arena);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void check_oom(subject *s)
{
  oom_subject = s;
  test_each_oom(live_through_oom);
}

static void no_memory_is_an_answer(void)
{
  CHECK(for_each_subject(check_oom, 3) > 400);
}

int main(void)
{
  static const test_case cases[] = {
      {"folding in parts is folding in one piece", folding_in_parts_is_folding_in_one_piece},
      {"copies are equal and independent", copies_are_equal_and_independent},
      {"taking back undoes where it can", taking_back_undoes_where_it_can},
      {"nothing is null", nothing_is_null},
      {"a full arena is an answer", a_full_arena_is_an_answer},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
