/* The part of TOML that gnomon.toml uses. SPDX-License-Identifier: Apache-2.0 */
#include "flow/toml.h"
#include "kit/kit.h"

#include <inttypes.h>

static gn_arena arena;
static gn_buf seen;

static void free_reading(void *what)
{
  (void)what;
  if (seen.alloc) gni_buf_deinit(&seen);
  if (arena.alloc) gni_arena_deinit(&arena);
  seen = (gn_buf){0};
  arena = (gn_arena){0};
}

/* "table/key=value", the parts of a table's name with '|' between. */
static int collect(void *user, const gnp_toml_entry *entry, gn_error *err)
{
  (void)user;
  if (gni_str_is(entry->key, "refused")) return gni_fail(err, GN_E_INVALID, "no such setting");
  for (size_t i = 0; i < entry->table.len; i++)
    gni_buf_add_char(&seen, entry->table.ptr[i] == '\x1F' ? '|' : entry->table.ptr[i]);
  gni_buf_add_format(&seen, "/%.*s=", GN_STR_ARGS(entry->key));
  if (entry->kind == GNP_TOML_TEXT)
    gni_buf_add_format(&seen, "'%.*s'", GN_STR_ARGS(entry->text));
  else
    gni_buf_add_format(&seen, "%s%" PRId64, entry->kind == GNP_TOML_BOOLEAN ? "b" : "",
                       entry->integer);
  return gni_buf_add_format(&seen, "@%u ", entry->line);
}

static int read(const char *text, gn_error *err)
{
  *err = (gn_error){0};
  if (!arena.alloc) test_later(free_reading, NULL);
  free_reading(NULL);
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  gni_buf_init(&seen, test_alloc(), 1 << 16);
  return gnp_toml_read(gni_str(text), &arena, collect, NULL, err);
}

static void check_entries(const char *text, const char *expected)
{
  gn_error err;
  CHECK_OK(read(text, &err), &err);
  CHECK_TEXT(seen.ptr ? seen.ptr : "", expected);
}

static void check_refused(const char *text, int code, const char *where, const char *message)
{
  gn_error err;
  CHECK_INT(read(text, &err), code);
  CHECK_TEXT(err.where, where);
  CHECK(strstr(err.message, message) != NULL);
}

static void entries_come_with_their_tables_and_lines(void)
{
  check_entries("a = 1\n[t]\nb = \"x\"\n\n[t.\"ns.name\"]\nc = true\n",
                "/a=1@1 t/b='x'@3 t|ns.name/c=b1@6 ");
  check_entries("[ a . 'b c' ] # said\n  k-1 = -7 # why\n", "a|b c/k-1=-7@2 ");
  check_entries("\"quoted key\" = false", "/quoted key=b0@1 ");
}

static void nothing_is_nothing(void)
{
  check_entries("", "");
  check_entries("\n  \t\n# only said\n\r\n", "");
}

static void texts_have_escapes_or_are_literal(void)
{
  check_entries("a = \"tab\\t, quote \\\", slash \\\\\"", "/a='tab\t, quote \", slash \\'@1 ");
  check_entries("a = 'C:\\dir'", "/a='C:\\dir'@1 ");
  check_entries("a = \"# no comment\"", "/a='# no comment'@1 ");
  check_entries("a = \"\xC3\xA9\"", "/a='\xC3\xA9'@1 ");
}

static void lines_of_windows_are_read(void)
{
  check_entries("[t]\r\na = 1\r\nb = 'x'\r\n", "t/a=1@2 t/b='x'@3 ");
}

static void mistakes_are_told_with_their_place(void)
{
  check_refused("a = 1\nb = \n", GN_E_PARSE, "2:5", "no text in quotes");
  check_refused("a = \"open\n", GN_E_PARSE, "1:10", "not closed");
  check_refused("a = \"\\q\"", GN_E_PARSE, "1:7", "unknown escape");
  check_refused("a 1", GN_E_PARSE, "1:3", "'=' is missing");
  check_refused("[t\na = 1", GN_E_PARSE, "1:3", "']' is missing");
  check_refused("[t] more", GN_E_PARSE, "1:5", "unexpected text");
  check_refused("a = 1 2", GN_E_PARSE, "1:7", "unexpected text");
  check_refused("= 1", GN_E_PARSE, "1:1", "a name is missing");
  check_refused("\n[[t]]", GN_E_PARSE, "2:2", "lists of tables");
  check_refused("a = 1.5", GN_E_PARSE, "1:6", "unexpected text");
  check_refused("a = 99999999999999999999", GN_E_PARSE, "1:5", "whole number");
}

static void what_the_caller_refuses_has_its_line(void)
{
  check_refused("[t]\nrefused = 1", GN_E_INVALID, "2", "no such setting");
}

static void bytes_that_are_no_text_are_refused(void)
{
  check_refused("a = \"\xFF\"", GN_E_PARSE, "", "not UTF-8");
}

static int ignore(void *user, const gnp_toml_entry *entry, gn_error *err)
{
  (void)user;
  (void)entry;
  (void)err;
  return GN_OK;
}

static void read_with(const gn_alloc *alloc)
{
  gn_arena own;
  gn_error err = {0};
  gni_arena_init(&own, alloc, 1 << 20);
  int rc = gnp_toml_read(GN_STR("[a.'b']\nk = \"v\\n\"\nn = 1\n"), &own, ignore, NULL, &err);
  CHECK(rc == GN_OK || (rc == GN_E_NOMEM && err.code == GN_E_NOMEM));
  gni_arena_deinit(&own);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(read_with) > 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"entries come with their tables and lines", entries_come_with_their_tables_and_lines},
      {"nothing is nothing", nothing_is_nothing},
      {"texts have escapes or are literal", texts_have_escapes_or_are_literal},
      {"lines of Windows are read", lines_of_windows_are_read},
      {"mistakes are told with their place", mistakes_are_told_with_their_place},
      {"what the caller refuses has its line", what_the_caller_refuses_has_its_line},
      {"bytes that are no text are refused", bytes_that_are_no_text_are_refused},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
