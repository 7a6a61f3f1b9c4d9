/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random_values.h"

#include <math.h>

static gni_value text(const char *terminated)
{
  return gni_value_text(gni_str(terminated));
}

static void check_order(const gni_type *type, gni_value low, gni_value high)
{
  CHECK(gni_value_compare(type, &low, &high) < 0);
  CHECK(gni_value_compare(type, &high, &low) > 0);
  CHECK_INT(gni_value_compare(type, &low, &low), 0);
  CHECK(!gni_value_equal(type, &low, &high));
}

static void numbers_are_ordered_as_java_orders_them(void)
{
  check_order(&gni_type_double, gni_value_real(-INFINITY), gni_value_real(-1));
  check_order(&gni_type_double, gni_value_real(-0.0), gni_value_real(0.0));
  check_order(&gni_type_double, gni_value_real(INFINITY), gni_value_real(NAN));
  check_order(&gni_type_double, gni_value_real(NAN), GNI_NULL_VALUE);
  check_order(&gni_type_long, gni_value_integer(INT64_MIN), gni_value_integer(INT64_MAX));
  check_order(&gni_type_boolean, gni_value_boolean(false), gni_value_boolean(true));
  gni_value minus_one = {.decimal = {UINT64_MAX, -1}}, one = {.decimal = {1, 0}};
  gni_value large = {.decimal = {UINT64_MAX, 0}};
  const gni_type *decimal = gni_type_decimal(test_arena(), 38, 0);
  check_order(decimal, minus_one, one);
  check_order(decimal, one, large);
}

static void strings_are_ordered_by_utf16_units_and_binary_by_bytes(void)
{
  gni_value astral = text("\xF0\x9F\x98\x80"), private_use = text("\xEE\x80\x80"),
            last = text("\xEF\xBF\xBD");
  check_order(&gni_type_string, astral, private_use);
  check_order(&gni_type_string, astral, last);
  check_order(&gni_type_binary, private_use, astral);
  check_order(&gni_type_string, text("\xED\x9F\xBF"), astral);
  check_order(&gni_type_string, text("\xEE\x80\x80"), text("\xEF\xBF\xBD"));
  check_order(&gni_type_string, text("a"), text("\xC3\xBC"));
  check_order(&gni_type_string, text(""), text("a"));
  check_order(&gni_type_string, text("a"), text("aa"));
}

static void lists_are_ordered_by_their_first_difference(void)
{
  const gni_type *list = gni_type_list(test_arena(), &gni_type_long);
  const gni_value a[] = {gni_value_integer(1), gni_value_integer(2)};
  const gni_value b[] = {gni_value_integer(1), gni_value_integer(3)};
  const gni_value c[] = {gni_value_integer(1), GNI_NULL_VALUE};
  check_order(list, (gni_value){.list = {a, 2}}, (gni_value){.list = {b, 2}});
  check_order(list, (gni_value){.list = {a, 1}}, (gni_value){.list = {a, 2}});
  check_order(list, (gni_value){.list = {b, 2}}, (gni_value){.list = {c, 2}});
}

static void nan_equals_nan_whatever_its_bits(void)
{
  gni_value a = gni_value_real(NAN), b = gni_value_real(-NAN);
  CHECK(gni_value_equal(&gni_type_double, &a, &b));
  CHECK_INT(gni_value_compare(&gni_type_double, &a, &b), 0);
  CHECK(gni_value_hash(&gni_type_double, &a) == gni_value_hash(&gni_type_double, &b));
}

static void maps_are_equal_in_any_order(void)
{
  const gni_type *map = gni_type_map(test_arena(), &gni_type_string, &gni_type_long);
  const gni_value one = gni_value_integer(1), two = gni_value_integer(2);
  const gni_value ab[] = {text("a"), one, text("b"), two}, ba[] = {text("b"), two, text("a"), one};
  const gni_value swapped[] = {text("a"), two, text("b"), one};
  const gni_value twice_a[] = {text("a"), one, text("a"), one};
  gni_value x = {.list = {ab, 2}}, y = {.list = {ba, 2}}, z = {.list = {swapped, 2}};
  gni_value w = {.list = {twice_a, 2}};
  CHECK(gni_value_equal(map, &x, &y));
  CHECK_INT(gni_value_compare(map, &x, &y), 0);
  CHECK(gni_value_hash(map, &x) == gni_value_hash(map, &y));
  CHECK(!gni_value_equal(map, &x, &z) && gni_value_compare(map, &x, &z) != 0);
  CHECK(!gni_value_equal(map, &x, &w) && !gni_value_equal(map, &w, &x));
}

static void equal_and_only_equal_values_compare_as_equal_and_hash_alike(void)
{
  test_random random = test_random_new(2);
  for (int i = 0; i < 2000 * test_effort(); i++) {
    gn_arena arena;
    gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
    const gni_type *type = test_random_type(&random, &arena, 3, TEST_KINDS_ALL);
    gni_value x[3], copy;
    for (int k = 0; k < 3; k++) x[k] = test_random_value(&random, &arena, type, 0.1);
    CHECK_INT(gni_value_copy(type, &x[0], &arena, &copy), GN_OK);
    CHECK(gni_value_equal(type, &x[0], &copy));
    CHECK(gni_value_hash(type, &x[0]) == gni_value_hash(type, &copy));
    int ab = gni_value_compare(type, &x[0], &x[1]), bc = gni_value_compare(type, &x[1], &x[2]);
    CHECK((ab == 0) == gni_value_equal(type, &x[0], &x[1]));
    CHECK(ab != 0 || gni_value_hash(type, &x[0]) == gni_value_hash(type, &x[1]));
    int ba = gni_value_compare(type, &x[1], &x[0]);
    CHECK((ab > 0) == (ba < 0) && (ab < 0) == (ba > 0));
    if (ab <= 0 && bc <= 0) CHECK(gni_value_compare(type, &x[0], &x[2]) <= 0);
    gni_arena_deinit(&arena);
  }
}

static void a_copy_shares_nothing(void)
{
  gn_arena *arena = test_arena();
  const gni_type *list = gni_type_list(arena, &gni_type_string);
  char word[] = "word";
  gni_value items[] = {text(word)}, copy;
  gni_value value = {.list = {items, 1}};
  CHECK_INT(gni_value_copy(list, &value, arena, &copy), GN_OK);
  word[0] = 'x';
  items[0] = GNI_NULL_VALUE;
  CHECK_STR(copy.list.items[0].text, "word");
}

static void copy_with(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_value copy;
  const gni_type *list = gni_type_list(test_arena(), &gni_type_string);
  char large[5000];
  memset(large, 'x', sizeof large);
  const gni_value items[] = {gni_value_text((gn_str){large, sizeof large})};
  gni_value value = {.list = {items, 1}};
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_value_copy(list, &value, &arena, &copy);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
  gni_arena_init(&arena, alloc, 100);
  CHECK_INT(gni_value_copy(list, &value, &arena, &copy) == GN_OK, false);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK_INT(test_each_oom(copy_with), 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"numbers are ordered as Java orders them", numbers_are_ordered_as_java_orders_them},
      {"strings are ordered by UTF-16 units, binary by bytes",
       strings_are_ordered_by_utf16_units_and_binary_by_bytes},
      {"lists are ordered by their first difference", lists_are_ordered_by_their_first_difference},
      {"NaN equals NaN whatever its bits", nan_equals_nan_whatever_its_bits},
      {"maps are equal in any order", maps_are_equal_in_any_order},
      {"equal, and only equal, values compare as equal and hash alike",
       equal_and_only_equal_values_compare_as_equal_and_hash_alike},
      {"a copy shares nothing", a_copy_shares_nothing},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
