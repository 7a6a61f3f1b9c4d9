/* The KLL sketch: what Apache DataSketches wrote is read, and ranks keep the stated bound.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/kll.h"
#include "unit/agg/sketch_kit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static gn_str save(const gnp_kll *kll)
{
  gn_str bytes;
  CHECK_INT(gnp_kll_save(kll, &bytes, worked_arena()), GN_OK);
  return bytes;
}

static gnp_kll load(int k, gn_str bytes)
{
  gnp_kll kll;
  const char *reason;
  int rc = gnp_kll_load(&kll, k, bytes, worked_arena(), &reason);
  if (rc != GN_OK) test_fail(__FILE__, __LINE__, "k %d: %d, %s", k, rc, reason);
  return kll;
}

static void add(gnp_kll *kll, float value)
{
  CHECK_INT(gnp_kll_add(kll, value, worked_arena()), GN_OK);
}

static void merge(gnp_kll *kll, const gnp_kll *other)
{
  CHECK_INT(gnp_kll_merge(kll, other, worked_arena()), GN_OK);
}

static void check_same(const gnp_kll *a, const gnp_kll *b)
{
  gn_str left = save(a), right = save(b);
  CHECK(gni_str_equal(left, right));
}

/* ---- the other makers ---- */

static void check_read(const recorded *one)
{
  enum { MOST = 16 };
  double ranks[MOST];
  float quantiles[MOST];
  const gni_json *asked = gni_json_member(one->line, "ranks");
  const gni_json *expected = gni_json_member(one->line, "quantiles");
  gnp_kll read = load(one->k, one->bytes), again = load(one->k, save(&read));
  check_same(&read, &again);
  if (!is_java(one)) CHECK_INT(read.n, one->count);
  if (expected->list.count == 0) return;
  for (size_t i = 0; i < asked->list.count; i++) ranks[i] = gni_json_number(&asked->list.items[i]);
  CHECK_INT(gnp_kll_quantiles(&again, ranks, asked->list.count, quantiles, worked_arena()), GN_OK);
  for (size_t i = 0; i < asked->list.count; i++)
    CHECK_DOUBLE((double)quantiles[i], gni_json_number(&expected->list.items[i]), 0);
}

static void what_others_wrote_is_read(void)
{
  CHECK_INT(for_each_recorded("kll", check_read), 96);
}

/* ---- small ones ---- */

static void up_to_k_values_are_exact(void)
{
  enum { K = 128 };
  gnp_kll up, down;
  double rank = 0;
  float quantile;
  gnp_kll_init(&up, K);
  gnp_kll_init(&down, K);
  for (int i = 0; i < K; i++) {
    add(&up, (float)i);
    add(&down, (float)(K - 1 - i));
  }
  check_same(&up, &down);
  for (int i = 0; i < K; i++) {
    rank = ((double)i + 0.5) / K;
    CHECK_INT(gnp_kll_quantiles(&up, &rank, 1, &quantile, worked_arena()), GN_OK);
    CHECK_DOUBLE((double)quantile, i, 0);
  }
}

static void not_a_number_is_nothing(void)
{
  double ranks[] = {0, 0.5, 1};
  float quantiles[3];
  gnp_kll kll, again;
  gnp_kll_init(&kll, 8);
  add(&kll, NAN);
  again = load(8, save(&kll));
  CHECK_INT(again.n, 0);
  CHECK_INT(gnp_kll_quantiles(&again, ranks, 3, quantiles, worked_arena()), GN_OK);
  for (int i = 0; i < 3; i++) CHECK(isnan(quantiles[i]));
}

static void infinities_and_both_zeros_have_their_order(void)
{
  static const float values[] = {INFINITY, 0.0F, -0.0F, -INFINITY, -1.5F, 1e-45F};
  static const float ordered[] = {-INFINITY, -1.5F, -0.0F, 0.0F, 1e-45F, INFINITY};
  gnp_kll kll;
  gnp_kll_init(&kll, 8);
  for (int i = 0; i < 6; i++) add(&kll, values[i]);
  kll = load(8, save(&kll));
  for (int i = 0; i < 6; i++) {
    double rank = ((double)i + 0.5) / 6;
    float quantile;
    CHECK_INT(gnp_kll_quantiles(&kll, &rank, 1, &quantile, worked_arena()), GN_OK);
    CHECK_INT(gnp_float_to_key(quantile), gnp_float_to_key(ordered[i]));
  }
}

/* ---- one history, one sketch ---- */

/* However often a sketch is saved and loaded on its way, what follows is the same. */
static void a_loaded_sketch_goes_on_alike(void)
{
  test_random random = test_random_new(2);
  for (int round = 0; round < 30 * test_effort(); round++) {
    int k = (int)test_random_in(&random, 8, 60);
    gnp_kll straight, stored, part;
    gnp_kll_init(&straight, k);
    gnp_kll_init(&stored, k);
    for (int step = 0; step < 40; step++) {
      gnp_kll_init(&part, k);
      int64_t count = test_random_in(&random, 0, 200);
      bool direct = test_random_chance(&random, 0.5);
      for (int64_t i = 0; i < count; i++) {
        float value = (float)test_random_in(&random, -1000, 1000) / 8;
        if (direct) add(&straight, value);
        add(direct ? &stored : &part, value);
      }
      gnp_kll loaded = load(k, save(&part));
      merge(&straight, &part);
      merge(&stored, &loaded);
      stored = load(k, save(&stored));
      check_same(&straight, &stored);
    }
    uint64_t weight = 0;
    for (int level = 0; level < straight.level_count; level++)
      weight += (uint64_t)straight.sizes[level] << level;
    CHECK_INT(weight, straight.n);
    CHECK(straight.count <= straight.capacity);
    gni_arena_reset(worked_arena());
  }
}

/* ---- the bound ---- */

typedef float (*pattern)(int64_t i, int64_t count);

static float anywhere(int64_t i, int64_t count)
{
  (void)count;
  return real_value(i);
}

static float ascending(int64_t i, int64_t count)
{
  return (float)i / (float)count;
}

static float descending(int64_t i, int64_t count)
{
  return (float)(count - i) / (float)count;
}

static float few_values(int64_t i, int64_t count)
{
  (void)count;
  return (float)((int)real_value(i) % 50);
}

static int by_value(const void *a, const void *b)
{
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static int64_t count_below(const float *sorted, int64_t count, float value, bool equal)
{
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (sorted[middle] < value || (equal && sorted[middle] == value))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The largest distance of an answer's true ranks from the one that was asked for. */
static double largest_error(const gnp_kll *kll, float *values, int64_t count)
{
  double largest = 0;
  qsort(values, (size_t)count, sizeof *values, by_value);
  for (int i = 1; i < 42; i++) {
    double rank = (double)i / 42;
    float quantile;
    CHECK_INT(gnp_kll_quantiles(kll, &rank, 1, &quantile, worked_arena()), GN_OK);
    double low = (double)count_below(values, count, quantile, false) / (double)count;
    double high = (double)count_below(values, count, quantile, true) / (double)count;
    largest = fmax(largest, fmax(low - rank, rank - high));
  }
  return largest;
}

static void free_values(void *values)
{
  free(values);
}

/* In `parts` sketches that are merged, as days are. */
static double error_of(pattern value_at, int64_t count, int k, int parts, float *values)
{
  gnp_kll kll, part;
  gnp_kll_init(&kll, k);
  for (int p = 0; p < parts; p++) {
    gnp_kll_init(&part, k);
    for (int64_t i = count * p / parts; i < count * (p + 1) / parts; i++) {
      values[i] = value_at(i, count);
      add(&part, values[i]);
    }
    merge(&kll, &part);
  }
  CHECK_INT(kll.n, count);
  double error = largest_error(&kll, values, count);
  gni_arena_reset(worked_arena());
  return error;
}

/* The bound is one that 99 of 100 sketches keep. */
static void ranks_keep_the_bound(void)
{
  static const struct {
    const char *name;
    pattern value_at;
  } patterns[] = {{"anywhere", anywhere},
                  {"ascending", ascending},
                  {"descending", descending},
                  {"few values", few_values}};
  int64_t most = test_effort() > 1 ? 10000000 : 1000000;
  float *values = malloc((size_t)most * sizeof *values);
  CHECK(values != NULL);
  test_later(free_values, values);
  int sketches = 0, beyond = 0;
  for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++)
    for (int64_t count = 100; count <= most; count *= 10) {
      double worst = 0, bound = 2.296 / pow(128, 0.9723);
      for (int parts = 1; parts <= 30; parts += 29) {
        double error = error_of(patterns[p].value_at, count, 128, parts, values);
        worst = fmax(worst, error);
        sketches++;
        beyond += error > bound;
        CHECK(error <= 1.5 * bound);
      }
      printf("# %s, %" PRId64 " values: rank error %.4f, stated %.4f\n", patterns[p].name, count,
             worst, bound);
    }
  CHECK(beyond * 20 <= sketches);
}

int main(void)
{
  static const test_case cases[] = {
      {"what others wrote is read", what_others_wrote_is_read},
      {"up to k values are exact", up_to_k_values_are_exact},
      {"not a number is nothing", not_a_number_is_nothing},
      {"infinities and both zeros have their order", infinities_and_both_zeros_have_their_order},
      {"a loaded sketch goes on alike", a_loaded_sketch_goes_on_alike},
      {"ranks keep the bound", ranks_keep_the_bound},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
