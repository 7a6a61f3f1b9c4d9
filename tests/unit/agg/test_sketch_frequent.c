/* The frequent values: what Apache DataSketches wrote is read, and counts keep the stated bound.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/frequent.h"
#include "unit/agg/sketch_kit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static gn_str save(const gnp_frequent *frequent)
{
  gn_str bytes;
  CHECK_INT(gnp_frequent_save(frequent, &bytes, worked_arena()), GN_OK);
  return bytes;
}

static gnp_frequent load(uint32_t k, bool wide, gn_str bytes)
{
  gnp_frequent frequent;
  const char *reason;
  int rc = gnp_frequent_load(&frequent, k, wide, bytes, worked_arena(), &reason);
  if (rc != GN_OK) test_fail(__FILE__, __LINE__, "k %u: %d, %s", k, rc, reason);
  return frequent;
}

static void check_same(const gnp_frequent *a, const gnp_frequent *b)
{
  gn_str left = save(a), right = save(b);
  CHECK(gni_str_equal(left, right));
}

static void add_number(gnp_frequent *frequent, uint64_t number)
{
  char bytes[sizeof number];
  gnp_put_integer(bytes, number, sizeof number);
  CHECK_INT(gnp_frequent_add(frequent, (gn_str){bytes, sizeof bytes}, 1, worked_arena()), GN_OK);
}

/* ---- the other makers ---- */

/* As Python's str has it. */
static gn_str name_of(gn_str values, const gni_value *key)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  if (gni_str_is(values, "text")) return key->text;
  if (gni_str_is(values, "long")) return gni_str_format(worked_arena(), "%" PRId64, key->integer);
  size_t len = gni_format_double(gnp_double_from_bits((uint64_t)key->integer), text);
  return gni_str_take(worked_arena(), (gn_str){text, len});
}

static void check_read(const recorded *one)
{
  const gni_json *items = gni_json_member(one->line, "items");
  bool wide = gni_str_is(one->values, "text");
  gnp_frequent read = load((uint32_t)one->k, wide, one->bytes);
  gnp_frequent again = load((uint32_t)one->k, wide, save(&read));
  check_same(&read, &again);
  CHECK_INT(again.weight, one->count);
  CHECK_INT(again.active, items->list.count);
  gnp_pair *pairs = gnp_frequent_pairs(&again, worked_arena());
  CHECK(pairs != NULL);
  for (uint32_t i = 0; i < again.active; i++) {
    gn_str name = name_of(one->values, &pairs[i].key);
    const gni_json *estimate = gni_json_member(items, name.ptr);
    CHECK(estimate != NULL);
    CHECK_INT(pairs[i].value.integer + again.offset, estimate->integer);
  }
}

static void what_others_wrote_is_read(void)
{
  CHECK_INT(for_each_recorded("frequent", check_read), 45);
}

/* ---- exact and not ---- */

static void up_to_k_values_are_counted(void)
{
  for (uint32_t k = 1; k < 40; k++) {
    gnp_frequent frequent;
    gnp_frequent_init(&frequent, k, false);
    for (uint64_t i = 0; i < (uint64_t)k * 7; i++) add_number(&frequent, i % k);
    frequent = load(k, false, save(&frequent));
    CHECK(frequent.exact);
    CHECK_INT(frequent.active, k);
    CHECK_INT(frequent.offset, 0);
    const gnp_pair *pairs = gnp_frequent_pairs(&frequent, worked_arena());
    for (uint32_t i = 0; i < k; i++) CHECK_INT(pairs[i].value.integer, 7);
    add_number(&frequent, k);
    CHECK(!frequent.exact);
    CHECK(!load(k, false, save(&frequent)).exact);
  }
}

static void texts_of_any_length_come_and_go(void)
{
  test_random random = test_random_new(3);
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz and so on, for a while";
  gnp_frequent frequent;
  gnp_frequent_init(&frequent, 8, true);
  size_t before = worked_arena()->used_bytes;
  for (int i = 0; i < 20000; i++) {
    size_t len = (size_t)test_random_in(&random, 0, (int64_t)sizeof letters - 1);
    size_t start = (size_t)test_random_in(&random, 0, (int64_t)(sizeof letters - 1 - len));
    gn_str text = {letters + start, len};
    CHECK_INT(gnp_frequent_add(&frequent, text, 1, worked_arena()), GN_OK);
  }
  CHECK(worked_arena()->used_bytes - before < 16384); /* what goes leaves its memory to others */
  gnp_frequent loaded = load(8, true, save(&frequent));
  check_same(&frequent, &loaded);
}

static void merging_is_the_same_from_both_sides(void)
{
  test_random random = test_random_new(4);
  for (int round = 0; round < 200 * test_effort(); round++) {
    uint32_t k = (uint32_t)test_random_in(&random, 1, 30);
    gnp_frequent a, b, a_first, b_first;
    gnp_frequent_init(&a, k, false);
    gnp_frequent_init(&b, k, false);
    for (int64_t i = test_random_in(&random, 0, 300); i > 0; i--)
      add_number(test_random_chance(&random, 0.5) ? &a : &b,
                 (uint64_t)test_random_in(&random, 0, 50));
    CHECK_INT(gnp_frequent_copy(&a_first, &a, worked_arena()), GN_OK);
    CHECK_INT(gnp_frequent_copy(&b_first, &b, worked_arena()), GN_OK);
    CHECK_INT(gnp_frequent_merge(&a_first, &b, worked_arena()), GN_OK);
    CHECK_INT(gnp_frequent_merge(&b_first, &a, worked_arena()), GN_OK);
    check_same(&a_first, &b_first);
    gni_arena_reset(worked_arena());
  }
}

/* ---- the bound ---- */

/* A count is never above the truth and below it by the offset at most, which is at most 3.5 of the
 * weight over the size of the table. In `parts` sketches that are merged, as days are. */
static void check_bound(int64_t count, uint32_t k, int parts)
{
  enum { VALUES = 1000 };
  int64_t truth[VALUES] = {0};
  gnp_frequent frequent, part;
  gnp_frequent_init(&frequent, k, false);
  for (int p = 0; p < parts; p++) {
    gnp_frequent_init(&part, k, false);
    for (int64_t i = count * p / parts; i < count * (p + 1) / parts; i++) {
      int64_t value = frequent_value(GN_STR("long"), i).integer;
      truth[value]++;
      add_number(&part, (uint64_t)value);
    }
    CHECK_INT(gnp_frequent_merge(&frequent, &part, worked_arena()), GN_OK);
  }
  const gnp_pair *pairs = gnp_frequent_pairs(&frequent, worked_arena());
  int64_t seen = 0;
  for (uint32_t i = 0; i < frequent.active; i++) {
    int64_t *actual = &truth[pairs[i].key.integer], counted = pairs[i].value.integer;
    CHECK(counted <= *actual && *actual <= counted + frequent.offset);
    *actual = 0;
    seen++;
  }
  for (int i = 0; i < VALUES; i++) CHECK(truth[i] <= frequent.offset); /* who is not there */
  double bound = 3.5 / ldexp(1, gnp_frequent_lg(k)) * (double)count;
  printf("# k %u, %" PRId64 " values in %d parts: %" PRId64 " counters, offset %" PRId64
         ", stated %.0f\n",
         k, count, parts, seen, frequent.offset, bound);
  CHECK((double)frequent.offset <= bound);
  CHECK_INT(frequent.weight, count);
  gni_arena_reset(worked_arena());
}

static void counts_keep_the_bound(void)
{
  int64_t most = test_effort() > 1 ? 10000000 : 1000000;
  for (int64_t count = 100; count <= most; count *= 10)
    for (uint32_t k = 8; k <= 128; k *= 4)
      for (int parts = 1; parts <= 30; parts += 29) check_bound(count, k, parts);
}

int main(void)
{
  static const test_case cases[] = {
      {"what others wrote is read", what_others_wrote_is_read},
      {"up to k values are counted", up_to_k_values_are_counted},
      {"texts of any length come and go", texts_of_any_length_come_and_go},
      {"merging is the same from both sides", merging_is_the_same_from_both_sides},
      {"counts keep the bound", counts_keep_the_bound},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
