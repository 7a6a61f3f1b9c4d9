/* Records in the order of their keys. SPDX-License-Identifier: Apache-2.0 */
#include "flow/records_kept.h"
#include "kit/kit.h"

struct seen {
  char last[16];
  size_t last_len, count;
  int64_t values;
  bool ordered;
};

static int see(void *user, gn_str key, gn_str value, gn_error *err)
{
  struct seen *seen = user;
  (void)err;
  gn_str last = {seen->last, seen->last_len};
  if (seen->count && gni_str_compare(last, key) >= 0) seen->ordered = false;
  memcpy(seen->last, key.ptr, key.len);
  seen->last_len = key.len;
  seen->count++;
  seen->values += (int64_t)value.len;
  return GN_OK;
}

static void keys_come_by_their_bytes_and_once(void)
{
  test_random random = test_random_new(91);
  for (int turn = 0; turn < 20 * test_effort(); turn++) {
    gnp_kept kept;
    struct seen seen = {.ordered = true};
    bool used[4096] = {false};
    size_t distinct = 0;
    gnp_kept_init(&kept, test_alloc(), 1 << 20);
    for (int i = 0; i < 2000; i++) {
      uint64_t bits = test_random_bits(&random) & 0xFFF;
      char key[16] = "common prefix";
      size_t len = 13;
      key[len++] = (char)(bits >> 8);
      if (bits & 0xFF) key[len++] = (char)bits; /* else a beginning of others */
      distinct += !used[bits];
      used[bits] = true;
      gnp_kept_add(&kept, (gn_str){key, len}, (gn_str){key, len});
    }
    CHECK_INT(gnp_kept_each(&kept, see, &seen, NULL), GN_OK);
    CHECK(seen.ordered);
    CHECK_INT(seen.count, distinct);
    gnp_kept_deinit(&kept);
  }
}

static void the_first_of_equal_keys_stays(void)
{
  gnp_kept kept;
  struct seen seen = {.ordered = true};
  gnp_kept_init(&kept, test_alloc(), 1 << 20);
  gnp_kept_add(&kept, GN_STR("b"), GN_STR("four"));
  gnp_kept_add(&kept, GN_STR("a"), GN_STR(""));
  gnp_kept_add(&kept, GN_STR("b"), GN_STR("seventy"));
  CHECK_INT(gnp_kept_each(&kept, see, &seen, NULL), GN_OK);
  CHECK_INT(seen.count, 2);
  CHECK_INT(seen.values, 4);
  gnp_kept_deinit(&kept);
}

static void what_does_not_fit_is_not_kept(void)
{
  gnp_kept kept;
  struct seen seen = {.ordered = true};
  char value[1000] = "";
  gnp_kept_init(&kept, test_alloc(), 64 << 10);
  for (int i = 0; i < 100; i++)
    gnp_kept_add(&kept, (gn_str){(const char *)&i, sizeof i}, (gn_str){value, sizeof value});
  CHECK(kept.overflowed);
  CHECK_INT(gnp_kept_each(&kept, see, &seen, NULL), GN_ABSENT);
  CHECK_INT(seen.count, 0);
  CHECK_INT(test_alloc_live(), 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"keys come by their bytes, and once", keys_come_by_their_bytes_and_once},
      {"the first of equal keys stays", the_first_of_equal_keys_stays},
      {"what does not fit is not kept", what_does_not_fit_is_not_kept},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
