/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

static void text_is_split_at_each_separator(void)
{
  gn_str rest = GN_STR("a,,b"), part;
  CHECK(gni_str_split(&rest, ',', &part));
  CHECK_STR(part, "a");
  CHECK(gni_str_split(&rest, ',', &part));
  CHECK_STR(part, "");
  CHECK(gni_str_split(&rest, ',', &part));
  CHECK_STR(part, "b");
  CHECK(!gni_str_split(&rest, ',', &part));
}

static void the_nearest_name_is_found_and_a_far_one_is_not(void)
{
  const gn_str names[] = {GN_STR("user_id"), GN_STR("purchase_price"), GN_STR("ts")};
  CHECK_STR(gni_nearest(GN_STR("purchase_prise"), names, 3), "purchase_price");
  CHECK_STR(gni_nearest(GN_STR("userid"), names, 3), "user_id");
  CHECK(gni_nearest(GN_STR("category"), names, 3).ptr == NULL);
  CHECK(gni_nearest(GN_STR(""), names, 3).ptr == NULL);
}

static void a_buffer_past_its_ceiling_stays_failed_until_reset(void)
{
  gn_buf buf;
  gni_buf_init(&buf, test_alloc(), 16);
  CHECK_INT(gni_buf_add_text(&buf, "0123456789"), GN_OK);
  CHECK_INT(gni_buf_add_text(&buf, "0123456789"), GN_E_LIMIT);
  CHECK_INT(gni_buf_add_char(&buf, 'x'), GN_E_LIMIT);
  CHECK_STR(gni_buf_view(&buf), "0123456789");
  gni_buf_reset(&buf);
  CHECK_INT(gni_buf_add_format(&buf, "%d-%s", 7, "x"), GN_OK);
  CHECK_TEXT(buf.ptr, "7-x");
  gni_buf_deinit(&buf);
}

static void utf8_is_checked_strictly(void)
{
  static const char *const good[] = {"", "a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82",
                                    "\x80"};
  for (size_t i = 0; i < 5; i++) CHECK(gni_utf8_valid(gni_str(good[i])));
  for (size_t i = 0; i < 5; i++) CHECK(!gni_utf8_valid(gni_str(bad[i])));
}

static void fill(const gn_alloc *alloc)
{
  gn_buf buf;
  gni_buf_init(&buf, alloc, 1 << 20);
  for (int i = 0; i < 100; i++) gni_buf_add_text(&buf, "0123456789");
  CHECK(buf.rc == GN_OK ? buf.len == 1000 : buf.rc == GN_E_NOMEM);
  gni_buf_deinit(&buf);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(fill) >= 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"text is split at each separator", text_is_split_at_each_separator},
      {"the nearest name is found, a far one is not",
       the_nearest_name_is_found_and_a_far_one_is_not},
      {"a buffer past its ceiling stays failed until reset",
       a_buffer_past_its_ceiling_stays_failed_until_reset},
      {"UTF-8 is checked strictly", utf8_is_checked_strictly},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
