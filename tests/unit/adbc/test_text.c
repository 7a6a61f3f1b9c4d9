/* Parameters in SQL texts, names in quotes, LIKE. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"
#include "kit/kit.h"

/* "2" for two question marks, "a,b" for names, "1;a" for both. */
static void check_markers(const char *sql, const char *expected)
{
  sparkc_error err = {0};
  adbcp_markers markers;
  gn_arena arena;
  gn_buf found;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  gni_buf_init(&found, test_alloc(), 1 << 20);
  CHECK_INT(adbcp_markers_find(gni_str(sql), &arena, &markers, &err), SPARKC_OK);
  gni_buf_add_format(&found, "%zu", markers.positions);
  for (size_t i = 0; i < markers.name_count; i++)
    gni_buf_add_format(&found, " %.*s", GN_STR_ARGS(markers.names[i]));
  CHECK_TEXT(found.ptr, expected);
  gni_buf_deinit(&found);
  gni_arena_deinit(&arena);
}

static void parameters_are_found_outside_of_quotes_and_comments(void)
{
  check_markers("", "0");
  check_markers("SELECT ?, ?", "2");
  check_markers("SELECT :b, :a, :b WHERE x>:c_1", "0 b a c_1");
  check_markers("SELECT '?', \"?\", `?`, ?", "1");
  check_markers("SELECT 'it''s ?', 'a\\'?', ?", "1");
  check_markers("SELECT r'\\', ?", "1");
  check_markers("SELECT var'\\', ?'", "0"); /* no raw text: the quote is escaped */
  check_markers("-- ?\nSELECT ? -- :x", "1");
  check_markers("/* ? /* ? */ ? */ SELECT ? /**/", "1");
  check_markers("SELECT a::int, CAST(x AS STRUCT<a:INT,`b`:INT>), ts '10:20'", "0");
  check_markers("SELECT ':no', :ż, :ja1", "0 ja1");
}

static void texts_that_never_end_end(void)
{
  check_markers("'", "0");
  check_markers("'\\", "0");
  check_markers("/* ?", "0");
  check_markers("/*/", "0");
  check_markers("SELECT ? -", "1");
  check_markers("SELECT :", "0");
}

static void no_memory_for_names(const gn_alloc *alloc)
{
  sparkc_error err = {0};
  adbcp_markers markers;
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = adbcp_markers_find(GN_STR("SELECT :a, :b, :c"), &arena, &markers, &err);
  CHECK(rc == SPARKC_OK ? markers.name_count == 3 : rc == SPARKC_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(no_memory_for_names) >= 1);
}

static void names_are_quoted(void)
{
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), 1 << 10);
  adbcp_add_table(&sql, "c", "", "a`b.c");
  CHECK_TEXT(sql.ptr, "`c`.`a``b.c`");
  gni_buf_deinit(&sql);
}

static void patterns_match_as_like_does(void)
{
  static const struct {
    const char *text, *pattern;
    bool matches;
  } cases[] = {
      {"abc", NULL, true},      {"abc", "abc", true},
      {"abc", "ab", false},     {"abc", "%", true},
      {"", "%", true},          {"", "", true},
      {"abc", "", false},       {"abc", "a%c", true},
      {"abc", "%b%", true},     {"abc", "_b_", true},
      {"abc", "__", false},     {"ó", "_", true},
      {"aab", "%ab", true},     {"abab", "%ab", true},
      {"aXbXc", "a%b%c", true}, {"a_c", "a\\_c", true},
      {"abc", "a\\_c", false},  {"a%", "a\\%", true},
      {"ABC", "abc", false},    {"aaaaaaaaab", "%a%a%a%c", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK_INT(adbcp_like(gni_str(cases[i].text), cases[i].pattern), cases[i].matches);
}

int main(void)
{
  static const test_case cases[] = {
      {"parameters are found outside of quotes and comments",
       parameters_are_found_outside_of_quotes_and_comments},
      {"texts that never end, end", texts_that_never_end_end},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
      {"names are quoted", names_are_quoted},
      {"patterns match as LIKE does", patterns_match_as_like_does},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
