/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diagnostic.h"
#include "kit/kit.h"

#include <stdio.h>

static gn_arena arena;
static gn_buf text;

static void close_memory(void *what)
{
  (void)what;
  gni_arena_deinit(&arena);
  gni_buf_deinit(&text);
}

static void open_memory(void)
{
  gni_arena_init(&arena, &gni_libc_alloc, 1 << 24);
  gni_buf_init(&text, &gni_libc_alloc, 1 << 24);
  test_later(close_memory, NULL);
}

static gni_problem sample_problem(void)
{
  return (gni_problem){.code = "GD107",
                       .severity = GNI_ERROR,
                       .file = GN_STR("group_bys/my_team/user_purchase_features.py"),
                       .line = 31,
                       .column = 26,
                       .end_column = 42,
                       .message = GN_STR("aggregation reads a column the source does not select"),
                       .label = GN_STR("not in: user_id, purchase_price, item_category, ts"),
                       .hint = GN_STR("did you mean `purchase_price`?"),
                       .source = GN_STR("            input_column=\"purchase_prise\",")};
}

/* ---- the look ---- */

static void a_problem_shows_its_line_with_carets(void)
{
  open_memory();
  gni_problem problem = sample_problem();
  CHECK_INT(gni_problem_write(&problem, false, &text), GN_OK);
  CHECK_STR(gni_buf_view(&text),
            "error[GD107]: aggregation reads a column the source does not select\n"
            "  --> group_bys/my_team/user_purchase_features.py:31:26\n"
            "   |\n"
            "31 |             input_column=\"purchase_prise\",\n"
            "   |                          ^^^^^^^^^^^^^^^^ not in: user_id, purchase_price, "
            "item_category, ts\n"
            "   = help: did you mean `purchase_price`?\n"
            "   = more: gnomon explain GD107\n");
}

static void a_problem_without_a_place_has_no_frame(void)
{
  open_memory();
  gni_problem problem = {.code = "GD112",
                         .severity = GNI_WARNING,
                         .message = GN_STR("no namespace"),
                         .label = GN_STR("a label")};
  gni_problem_write(&problem, false, &text);
  problem.file = GN_STR("a/file");
  gni_problem_write(&problem, false, &text);
  CHECK_STR(gni_buf_view(&text),
            "warning[GD112]: no namespace\n   = note: a label\n   = more: gnomon explain GD112\n"
            "warning[GD112]: no namespace\n  --> a/file\n   = note: a label\n   = more: gnomon "
            "explain GD112\n");
}

static void carets_stand_under_tabs_and_wide_texts(void)
{
  open_memory();
  gni_problem problem = {.code = "GD102",
                         .file = GN_STR("f"),
                         .line = 12345,
                         .column = 9,
                         .end_column = 12,
                         .message = GN_STR("m"),
                         .source = GN_STR("\t\"gr\xC3\xBCn\": abc")};
  gni_problem_write(&problem, false, &text);
  CHECK_STR(gni_buf_view(&text),
            "error[GD102]: m\n     --> f:12345:9\n      |\n12345 | \t\"gr\xC3\xBCn\": abc\n"
            "      | \t       ^^^\n      = more: gnomon explain GD102\n");
}

static void carets_never_run_past_the_line(void)
{
  open_memory();
  gni_problem problem = {.code = "GD102",
                         .file = GN_STR("f"),
                         .line = 1,
                         .column = 3,
                         .end_column = 99,
                         .message = GN_STR("m"),
                         .source = GN_STR("abcd")};
  gni_problem_write(&problem, false, &text);
  problem.column = 50;
  gni_problem_write(&problem, false, &text);
  CHECK(strstr(text.ptr, " 1 | abcd\n   |   ^^\n") != NULL);
  CHECK(strstr(text.ptr, " 1 | abcd\n   |     ^\n") != NULL);
}

static void a_file_cannot_drive_the_terminal(void)
{
  open_memory();
  gni_problem problem = {.code = "GD102",
                         .file = GN_STR("a\x1b[2J"),
                         .line = 1,
                         .column = 1,
                         .message = GN_STR("\x1b[31mred\a"),
                         .source = GN_STR("\x1b[2Jx\x7F")};
  gni_problem_write(&problem, false, &text);
  CHECK(strchr(text.ptr, '\x1b') == NULL && strchr(text.ptr, '\a') == NULL &&
        strchr(text.ptr, '\x7F') == NULL);
  CHECK(strstr(text.ptr, "?[2Jx?") != NULL);
}

static void colour_is_added_only_when_asked(void)
{
  open_memory();
  gni_problem problem = sample_problem();
  gni_problem_write(&problem, true, &text);
  CHECK(gni_str_starts(gni_buf_view(&text), "\x1b[1;31merror[GD107]\x1b[1m: "));
}

static void a_hint_of_several_lines_stays_in_its_column(void)
{
  open_memory();
  gni_problem problem = {.code = "GD102", .message = GN_STR("m"), .hint = GN_STR("one\ntwo")};
  gni_problem_write(&problem, false, &text);
  CHECK_STR(gni_buf_view(&text),
            "error[GD102]: m\n   = help: one\n           two\n   = more: gnomon explain GD102\n");
}

/* ---- gathering ---- */

static void problems_are_sorted_and_equal_ones_said_once(void)
{
  open_memory();
  gni_problems problems;
  gni_problems_init(&problems, &arena);
  gni_problem one = {.code = "GD103",
                     .severity = GNI_WARNING,
                     .file = GN_STR("b"),
                     .line = 2,
                     .message = GN_STR("w")};
  gni_problem two = {.code = "GD102", .file = GN_STR("b"), .line = 1, .message = GN_STR("e")};
  gni_problem three = {.code = "GD102", .file = GN_STR("a"), .line = 9, .message = GN_STR("e")};
  gni_problems_add(&problems, &one);
  gni_problems_add(&problems, &two);
  gni_problems_add(&problems, &three);
  gni_problems_add(&problems, &two);
  gni_problems_sort(&problems);
  CHECK_INT(problems.count, 3);
  CHECK_INT(problems.errors, 2);
  CHECK_STR(problems.items[0].file, "a");
  CHECK_INT(problems.items[1].line, 1);
  CHECK_INT(gni_problems_write(&problems, false, &text), GN_OK);
  CHECK(gni_str_ends(gni_buf_view(&text), "\n\n2 errors, 1 warning\n"));
}

static void the_first_error_becomes_the_result(void)
{
  open_memory();
  gn_error err = {0};
  gni_problems problems;
  gni_problems_init(&problems, &arena);
  CHECK_INT(gni_problems_result(&problems, &err), GN_OK);
  gni_problem warning = {.code = "GD103", .severity = GNI_WARNING, .message = GN_STR("w")};
  gni_problems_add(&problems, &warning);
  CHECK_INT(gni_problems_result(&problems, &err), GN_OK);
  gni_problem error = sample_problem();
  gni_problems_add(&problems, &error);
  error.line = 40;
  gni_problems_add(&problems, &error);
  CHECK_INT(gni_problems_result(&problems, &err), GN_E_INVALID);
  CHECK_TEXT(err.diagnostic, "GD107");
  CHECK_TEXT(err.message, "aggregation reads a column the source does not select (and 1 more)");
  CHECK_TEXT(err.where, "group_bys/my_team/user_purchase_features.py:31:26");
  CHECK_TEXT(err.hint, "did you mean `purchase_price`?");
}

static void of_a_line_of_a_megabyte_the_part_around_the_place_is_kept(void)
{
  open_memory();
  gn_buf line;
  gni_problems problems;
  gni_problems_init(&problems, &arena);
  gni_buf_init(&line, &gni_libc_alloc, 1 << 22);
  for (int i = 0; i < 100000; i++) gni_buf_add_text(&line, "\xC3\xA4\xC3\xA4,\"abcd\"");
  gni_problem problem = {.code = "GD102",
                         .file = GN_STR("f"),
                         .line = 1,
                         .column = 450004,
                         .end_column = 450010,
                         .message = GN_STR("m"),
                         .source = gni_buf_view(&line)};
  gni_problems_add(&problems, &problem);
  gni_buf_deinit(&line);
  CHECK(problems.items[0].source.len < 500 && gni_utf8_valid(problems.items[0].source));
  CHECK(arena.used_bytes < 4096);
  gni_problems_write(&problems, false, &text);
  const char *shown = strstr(text.ptr, "| ..."), *carets = strstr(text.ptr, "^^^^^^");
  CHECK(shown && carets);
  const char *begin = strchr(shown, '.');
  size_t column = 0, wanted = (size_t)(carets - strstr(shown, "\n") - 1 - 5); /* after the frame */
  const char *at = begin;
  for (; column < wanted; at++) column += ((unsigned char)*at & 0xC0) != 0x80;
  while (((unsigned char)*at & 0xC0) == 0x80) at++;
  CHECK(memcmp(at, "\"abcd\"", 6) == 0);
}

static void json_has_what_is_known_and_is_escaped(void)
{
  open_memory();
  gni_problems problems;
  gni_problems_init(&problems, &arena);
  gni_problem bare = {.code = "GD112", .severity = GNI_NOTE, .message = GN_STR("a \"b\"\n\\")};
  gni_problem full = sample_problem();
  gni_problems_add(&problems, &bare);
  gni_problems_add(&problems, &full);
  CHECK_INT(gni_problems_write_json(&problems, &text), GN_OK);
  CHECK_STR(gni_buf_view(&text),
            "{\"code\":\"GD112\",\"severity\":\"note\",\"message\":\"a \\\"b\\\"\\u000a\\\\\"}\n"
            "{\"code\":\"GD107\",\"severity\":\"error\",\"file\":\"group_bys/my_team/"
            "user_purchase_features.py\",\"line\":31,"
            "\"column\":26,\"end_column\":42,\"message\":\"aggregation reads a column the source "
            "does not select\","
            "\"label\":\"not in: user_id, purchase_price, item_category, ts\",\"hint\":\"did you "
            "mean `purchase_price`?\","
            "\"source\":\"            input_column=\\\"purchase_prise\\\",\"}\n");
}

/* ---- places ---- */

static void lines_and_tokens_are_found(void)
{
  gn_str lines = GN_STR("one\r\n\"a \\\" b\" : 12.5,\n{last");
  CHECK_STR(gni_text_line(lines, 1), "one");
  CHECK_STR(gni_text_line(lines, 3), "{last");
  CHECK(!gni_text_line(lines, 4).ptr && !gni_text_line(lines, 0).ptr);
  CHECK_INT(gni_token_width(gni_text_line(lines, 2), 1), 8);
  CHECK_INT(gni_token_width(gni_text_line(lines, 2), 12), 4);
  CHECK_INT(gni_token_width(gni_text_line(lines, 3), 1), 1);
  CHECK_INT(gni_token_width(gni_text_line(lines, 3), 99), 1);
  CHECK_INT(gni_token_width(GN_STR("\"never ends"), 1), 11);
  CHECK_INT(gni_token_width(GN_STR("\"ends in \\"), 1), 10);
}

/* ---- the register ---- */

static void codes_ascend_and_have_a_whole_page(void)
{
  for (size_t i = 0; i < gni_diagnostic_count(); i++) {
    const gni_diagnostic *row = gni_diagnostic_at(i);
    CHECK_INT(strlen(row->code), 5);
    if (i) CHECK(strcmp(gni_diagnostic_at(i - 1)->code, row->code) < 0);
    CHECK(row->title[0] && row->meaning[0] && row->example[0] && row->mend[0]);
    CHECK(row->title[strlen(row->title) - 1] != '.' &&
          row->meaning[strlen(row->meaning) - 1] == '.');
  }
  CHECK(gni_diagnostic_find(GN_STR("gd107")) == gni_diagnostic_find(GN_STR("GD107")));
  CHECK(!gni_diagnostic_find(GN_STR("GD999")) && !gni_diagnostic_find(GN_STR("")));
}

static void a_page_reads_like_a_page(void)
{
  open_memory();
  CHECK_INT(gni_diagnostic_page(gni_diagnostic_find(GN_STR("GD113")), &text), GN_OK);
  CHECK_STR(
      gni_buf_view(&text),
      "GD113: an empty window\n\nA window is at least one hour or one day long.\n\nFor example\n\n"
      "    Window(0, TimeUnit.DAYS)\n\nHow to mend it\n\nWindow(1, TimeUnit.DAYS)\n");
}

/* Python's table of codes and this one may not drift apart. */
static void every_code_of_python_is_registered(void)
{
  open_memory();
  gn_error err = {0};
  int found = 0;
  gn_str line;
  CHECK_OK(gni_file_read(test_golden("../../python/gnomon/_codes.py"), &text, &err), &err);
  gn_str rest = gni_buf_view(&text);
  while (gni_str_split(&rest, '\n', &line)) {
    line = gni_str_trim(line);
    if (!gni_str_starts(line, "\"GD") || line.len < 9 || line.ptr[6] != '"') continue;
    gn_str code = {line.ptr + 1, 5};
    if (!gni_diagnostic_find(code))
      test_fail(__FILE__, __LINE__, "%.*s is not registered", GN_STR_ARGS(code));
    found++;
  }
  CHECK(found >= 50);
}

static void the_reference_in_docs_is_the_register(void)
{
  open_memory();
  CHECK_INT(gni_diagnostic_pages(&text), GN_OK);
  test_check_golden("../../docs/reference/errors.md", gni_buf_view(&text));
}

static void gather_and_write(const gn_alloc *alloc)
{
  gn_arena own;
  gn_buf out;
  gni_problems problems;
  gni_arena_init(&own, alloc, 1 << 20);
  gni_buf_init(&out, alloc, 1 << 20);
  gni_problems_init(&problems, &own);
  gni_problem problem = sample_problem();
  for (uint32_t i = 0; i < 20; i++) {
    problem.line = i;
    gni_problems_add(&problems, &problem);
  }
  CHECK_INT(problems.errors, 20);
  int rc = gni_problems_write(&problems, true, &out);
  CHECK(problems.rc == GN_OK ? problems.count == 20 : problems.rc == GN_E_NOMEM);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  CHECK_INT(gni_problems_result(&problems, NULL), problems.rc == GN_OK ? GN_E_INVALID : GN_E_NOMEM);
  gni_buf_deinit(&out);
  gni_arena_deinit(&own);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(gather_and_write) >= 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"a problem shows its line with carets", a_problem_shows_its_line_with_carets},
      {"a problem without a place has no frame", a_problem_without_a_place_has_no_frame},
      {"carets stand under tabs and wide texts", carets_stand_under_tabs_and_wide_texts},
      {"carets never run past the line", carets_never_run_past_the_line},
      {"a file cannot drive the terminal", a_file_cannot_drive_the_terminal},
      {"colour is added only when asked", colour_is_added_only_when_asked},
      {"a hint of several lines stays in its column", a_hint_of_several_lines_stays_in_its_column},
      {"problems are sorted, and equal ones said once",
       problems_are_sorted_and_equal_ones_said_once},
      {"the first error becomes the result", the_first_error_becomes_the_result},
      {"of a line of a megabyte the part around the place is kept",
       of_a_line_of_a_megabyte_the_part_around_the_place_is_kept},
      {"JSON has what is known, and is escaped", json_has_what_is_known_and_is_escaped},
      {"lines and tokens are found", lines_and_tokens_are_found},
      {"codes ascend and have a whole page", codes_ascend_and_have_a_whole_page},
      {"a page reads like a page", a_page_reads_like_a_page},
      {"every code of Python is registered", every_code_of_python_is_registered},
      {"the reference in docs is the register", the_reference_in_docs_is_the_register},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
