/* Records in the order of their keys. SPDX-License-Identifier: Apache-2.0 */
#include "flow/upload_sort.h"
#include "kit/kit.h"

static gn_str key_of(const gnp_sorter *sorter, size_t index)
{
  gn_str key, value;
  gnp_sorter_get(sorter, index, &key, &value);
  return key;
}

static uint32_t value_of(const gnp_sorter *sorter, size_t index)
{
  gn_str key, value;
  uint32_t number;
  gnp_sorter_get(sorter, index, &key, &value);
  CHECK_INT(value.len, sizeof number);
  memcpy(&number, value.ptr, sizeof number);
  return number;
}

/* Keys with a common beginning, some the beginning of others, many equal: used again and again. */
static void keys_come_by_their_bytes_and_equal_ones_as_they_came(void)
{
  enum { RECORDS = 2000 };
  test_random random = test_random_new(91);
  gnp_sorter sorter;
  gnp_sorter_init(&sorter, test_alloc(), 1 << 20);
  for (int turn = 0; turn < 20 * test_effort(); turn++) {
    gnp_sorter_reset(&sorter);
    for (uint32_t i = 0; i < RECORDS; i++) {
      uint64_t bits = test_random_bits(&random) & 0xFFF;
      char key[16] = "common prefix";
      size_t len = 13;
      key[len++] = (char)(bits >> 8);
      if (bits & 0xFF) key[len++] = (char)bits;
      gn_str value = {(const char *)&i, sizeof i};
      CHECK_INT(gnp_sorter_add(&sorter, (gn_str){key, len}, value, NULL), GN_OK);
    }
    CHECK_INT(gnp_sorter_sort(&sorter, NULL), GN_OK);
    CHECK_INT(sorter.count, RECORDS);
    bool seen[RECORDS] = {false};
    for (size_t i = 0; i < RECORDS; i++) {
      int order = i ? gni_str_compare(key_of(&sorter, i - 1), key_of(&sorter, i)) : -1;
      uint32_t number = value_of(&sorter, i);
      CHECK(order < 0 || (order == 0 && value_of(&sorter, i - 1) < number));
      CHECK(number < RECORDS && !seen[number]);
      seen[number] = true;
    }
  }
  gnp_sorter_deinit(&sorter);
}

static void it_says_when_it_is_full_before_it_refuses(void)
{
  gnp_sorter sorter;
  char value[1000] = "";
  int added = 0;
  gnp_sorter_init(&sorter, test_alloc(), 256 << 10);
  for (; !gnp_sorter_full(&sorter); added++) {
    gn_str key = {(const char *)&added, sizeof added}, bytes = {value, sizeof value};
    CHECK_INT(gnp_sorter_add(&sorter, key, bytes, NULL), GN_OK);
  }
  CHECK(added >= 32 && added < 128);
  CHECK_INT(gnp_sorter_sort(&sorter, NULL), GN_OK);
  CHECK_INT(sorter.count, added);
  gnp_sorter_reset(&sorter);
  CHECK(!gnp_sorter_full(&sorter));
  gnp_sorter_deinit(&sorter);
  CHECK_INT(test_alloc_live(), 0);
}

static void sort_three(const gn_alloc *alloc)
{
  gnp_sorter sorter;
  gnp_sorter_init(&sorter, alloc, 1 << 20);
  int rc = gnp_sorter_add(&sorter, GN_STR("b"), GN_STR("four"), NULL);
  if (rc == GN_OK) rc = gnp_sorter_add(&sorter, GN_STR("a"), GN_STR(""), NULL);
  if (rc == GN_OK) rc = gnp_sorter_add(&sorter, GN_STR("ab"), GN_STR("x"), NULL);
  if (rc == GN_OK) rc = gnp_sorter_sort(&sorter, NULL);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  if (rc == GN_OK) {
    CHECK_STR(key_of(&sorter, 0), "a");
    CHECK_STR(key_of(&sorter, 1), "ab");
    CHECK_STR(key_of(&sorter, 2), "b");
  }
  gnp_sorter_deinit(&sorter);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(sort_three) > 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"keys come by their bytes, and equal ones as they came",
       keys_come_by_their_bytes_and_equal_ones_as_they_came},
      {"it says when it is full before it refuses", it_says_when_it_is_full_before_it_refuses},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
