/* The CPC sketch: byte for byte what Apache DataSketches makes of the same values, and how far its
 * estimates are from the truth. SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"
#include "unit/agg/sketch_kit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static gnp_murmur hash_of(gn_str values, int64_t i)
{
  gni_value value = distinct_value(values, i);
  if (gni_str_is(values, "text")) return gnp_murmur_bytes(value.text);
  if (!gni_str_is(values, "double")) return gnp_murmur_long((uint64_t)value.integer);
  return gnp_murmur_long(gnp_double_bits(value.real == 0 ? 0.0 : value.real));
}

static gnp_cpc sketch_of(gn_str values, int lg_k, bool hip, int64_t first, int64_t count)
{
  gnp_cpc cpc;
  gnp_cpc_init(&cpc, lg_k, hip);
  for (int64_t i = first; i < first + count; i++)
    CHECK_INT(gnp_cpc_add_hash(&cpc, hash_of(values, i), worked_arena()), GN_OK);
  return cpc;
}

static gn_str save(const gnp_cpc *cpc)
{
  gn_str bytes;
  CHECK_INT(gnp_cpc_save(cpc, &bytes, worked_arena()), GN_OK);
  return bytes;
}

static gnp_cpc load(int lg_k, gn_str bytes)
{
  gnp_cpc cpc;
  const char *reason;
  int rc = gnp_cpc_load(&cpc, lg_k, bytes, worked_arena(), &reason);
  if (rc != GN_OK) test_fail(__FILE__, __LINE__, "lgK %d: %d, %s", lg_k, rc, reason);
  return cpc;
}

/* ---- the other makers ---- */

static void check_made(const recorded *one)
{
  const gni_json *was_merged = gni_json_member(one->line, "merged");
  bool merged = was_merged && was_merged->boolean;
  if (is_java(one) || (merged && one->count == 0))
    return; /* merging nothing is not merging there */
  gnp_cpc made = sketch_of(one->values, one->k, !merged, 0, one->count);
  if (merged) {
    gnp_cpc other = sketch_of(one->values, one->k, false, one->count / 2, one->count);
    CHECK_INT(gnp_cpc_merge(&made, &other, worked_arena()), GN_OK);
  }
  check_bytes(one, save(&made));
}

static void the_same_values_are_the_same_bytes(void)
{
  CHECK_INT(for_each_recorded("cpc", check_made), 186);
}

static void check_read(const recorded *one)
{
  double estimate = gni_json_number(gni_json_member(one->line, "estimate"));
  gnp_cpc read = load(one->k, one->bytes);
  CHECK_DOUBLE(gnp_cpc_estimate(&read), estimate, 0);
  if (read.count > 0) check_bytes(one, save(&read)); /* of an empty one no history is kept */
}

static void what_others_wrote_is_read_and_written_again(void)
{
  CHECK_INT(for_each_recorded("cpc", check_read), 186);
}

/* ---- the set ---- */

static void check_same(const gnp_cpc *a, const gnp_cpc *b)
{
  gn_str left = save(a), right = save(b);
  CHECK(gni_str_equal(left, right));
}

/* In any order and in any parts. */
static void a_sketch_is_the_set_of_its_coupons(void)
{
  test_random random = test_random_new(1);
  for (int round = 0; round < 60 * test_effort(); round++) {
    int lg_k = (int)test_random_in(&random, 4, 10);
    int64_t count = test_random_in(&random, 0, (INT64_C(8) << lg_k));
    gnp_cpc whole = sketch_of(GN_STR("long"), lg_k, false, 0, count), parts, again;
    gnp_cpc_init(&parts, lg_k, false);
    for (int64_t first = 0; first < count;) {
      int64_t size = test_random_in(&random, 1, count - first);
      gnp_cpc part = sketch_of(GN_STR("long"), lg_k, false, first, size);
      if (test_random_chance(&random, 0.5)) part = load(lg_k, save(&part));
      if (test_random_chance(&random, 0.5)) {
        CHECK_INT(gnp_cpc_merge(&part, &parts, worked_arena()), GN_OK);
        parts = part;
      } else {
        CHECK_INT(gnp_cpc_merge(&parts, &part, worked_arena()), GN_OK);
      }
      first += size;
    }
    check_same(&parts, &whole);
    again = load(lg_k, save(&whole));
    for (int64_t i = count - 1; i >= 0; i--)
      CHECK_INT(gnp_cpc_add_hash(&again, hash_of(GN_STR("long"), i), worked_arena()), GN_OK);
    check_same(&again, &whole);
    gni_arena_reset(worked_arena());
  }
}

static void merging_ends_hip(void)
{
  gnp_cpc hip = sketch_of(GN_STR("long"), 8, true, 0, 1000), empty, plain;
  gnp_cpc_init(&empty, 8, false);
  plain = sketch_of(GN_STR("long"), 8, false, 0, 1000);
  CHECK(gnp_cpc_estimate(&hip) != gnp_cpc_estimate(&plain));
  CHECK_INT(gnp_cpc_merge(&hip, &empty, worked_arena()), GN_OK);
  check_same(&hip, &plain);
}

/* ---- the bound ---- */

/* The standard error of a merged sketch, as the paper has it: ln 2 over the root of K. */
static void estimates_keep_the_bound(void)
{
  enum { TRIALS = 40 };
  static const int sizes[] = {8, 11};
  int64_t most = test_effort() > 1 ? 10000000 : 1000000;
  for (size_t s = 0; s < 2; s++)
    for (int64_t count = 100; count <= most; count *= 10) {
      int trials = count >= 1000000 ? 4 : count >= 100000 ? 10 : TRIALS;
      double bound = 0.6931 / sqrt(ldexp(1, sizes[s])), squares = 0;
      for (int trial = 0; trial < trials; trial++) {
        gnp_cpc cpc = sketch_of(GN_STR("long"), sizes[s], false, trial * count + 17, count);
        double error = (gnp_cpc_estimate(&cpc) - (double)count) / (double)count;
        CHECK(fabs(error) <= 4 * bound);
        squares += error * error;
        gni_arena_reset(worked_arena());
      }
      double measured = sqrt(squares / trials);
      printf("# lgK %d, %" PRId64 " values: standard error %.4f, stated %.4f\n", sizes[s], count,
             measured, bound);
      CHECK(measured <= bound * (trials < TRIALS ? 2 : 1.3));
    }
}

int main(void)
{
  static const test_case cases[] = {
      {"the same values are the same bytes", the_same_values_are_the_same_bytes},
      {"what others wrote is read and written again", what_others_wrote_is_read_and_written_again},
      {"a sketch is the set of its coupons", a_sketch_is_the_set_of_its_coupons},
      {"merging ends HIP", merging_ends_hip},
      {"estimates keep the bound", estimates_keep_the_bound},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
