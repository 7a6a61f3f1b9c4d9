/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include "kit/random_values.h"

static const gni_json *parse(const char *text)
{
  gn_error err = {0};
  const gni_json *node;
  CHECK_OK(gni_json_parse(gni_str(text), 64, test_arena(), &node, &err), &err);
  return node;
}

static void close_buf(void *buf)
{
  gni_buf_deinit(buf);
}

static gn_buf *open_buf(void)
{
  gn_buf *buf = gni_arena_take(test_arena(), sizeof *buf);
  CHECK(buf != NULL);
  gni_buf_init(buf, &gni_libc_alloc, 1 << 20);
  test_later(close_buf, buf);
  return buf;
}

static void every_kind_of_node_is_read(void)
{
  const gni_json *node = parse(" [null, true, false, -12, 9223372036854775807, "
                               "9223372036854775808, 1.5, 1e2, \"x\", {\"a\": []}] ");
  static const uint8_t kinds[] = {
      GNI_JSON_NULL, GNI_JSON_BOOLEAN, GNI_JSON_BOOLEAN, GNI_JSON_INTEGER, GNI_JSON_INTEGER,
      GNI_JSON_REAL, GNI_JSON_REAL,    GNI_JSON_REAL,    GNI_JSON_TEXT,    GNI_JSON_OBJECT};
  const gni_json *items = node->list.items;
  CHECK_INT(node->kind, GNI_JSON_LIST);
  CHECK_INT(node->list.count, 10);
  for (size_t i = 0; i < 10; i++) CHECK_INT(items[i].kind, kinds[i]);
  CHECK(items[1].boolean && !items[2].boolean);
  CHECK_INT(items[3].integer, -12);
  CHECK_INT(items[4].integer, INT64_MAX);
  CHECK_DOUBLE(items[5].real, 9223372036854775808.0, 0);
  CHECK_DOUBLE(gni_json_number(&items[7]), 100, 0);
  CHECK_DOUBLE(gni_json_number(&items[3]), -12, 0);
  CHECK_STR(items[8].text, "x");
  CHECK_INT(gni_json_member(&items[9], "a")->kind, GNI_JSON_LIST);
}

static void check_place(const gni_json *node, unsigned line, unsigned column)
{
  CHECK_INT(node->line, line);
  CHECK_INT(node->column, column);
}

static void every_node_knows_its_line_and_column(void)
{
  const gni_json *root =
      parse("\n {\"a\\\"\\u00e9\" : [1,\t\"\xC3\xBC\xF0\x9F\x98\x80\", -2.5e3],\r\n"
            "\"b\":{} ,\n\n  \"c\": [[],{}, null,true]}");
  check_place(root, 2, 2);
  check_place(&root->list.keys[0], 2, 3);
  const gni_json *list = &root->list.items[0];
  check_place(list, 2, 17);
  check_place(&list->list.items[0], 2, 18);
  check_place(&list->list.items[1], 2, 21);
  check_place(&list->list.items[2], 2, 27);
  check_place(&root->list.keys[1], 3, 1);
  check_place(&root->list.items[1], 3, 5);
  const gni_json *last = &root->list.items[2];
  check_place(&root->list.keys[2], 5, 3);
  check_place(last, 5, 8);
  check_place(&last->list.items[0], 5, 9);
  check_place(&last->list.items[1], 5, 12);
  check_place(&last->list.items[2], 5, 16);
  check_place(&last->list.items[3], 5, 21);
}

static void escapes_and_surrogates_are_read(void)
{
  CHECK_STR(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fc\\ud83d\\ude00\"")->text,
            "\"\\/\b\f\n\r\t\xC3\xBC\xF0\x9F\x98\x80");
  CHECK_INT(parse("\"a\\u0000b\"")->text.len, 3);
}

static void the_last_of_equal_members_wins(void)
{
  const gni_json *node = parse("{\"a\":1,\"b\":2,\"a\":3}");
  CHECK_INT(node->list.count, 3);
  CHECK_INT(gni_json_member(node, "a")->integer, 3);
  CHECK(gni_json_member(node, "c") == NULL);
  CHECK(gni_json_member(NULL, "c") == NULL);
  CHECK(gni_json_member(gni_json_member(node, "a"), "c") == NULL);
}

static void what_is_no_json_is_refused_with_its_place(void)
{
  static const struct {
    const char *text;
    unsigned line, column;
  } cases[] = {
      {"", 1, 1},
      {"  ", 1, 1},
      {"{\"a\":1,}", 1, 7},
      {"[1 2]", 1, 4},
      {"[1,\n 02]", 2, 2},
      {"nul", 1, 4},
      {"[\"\xC3\xBC\", x]", 1, 7},
      {"1 2", 1, 3},
      {"\"\\x\"", 1, 3},
      {"[1e999]", 1, 2},
      {"{1:2}", 1, 2},
      {"[NaN]", 1, 2},
      {"'a'", 1, 1},
      {"[1]//", 1, 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    const gni_json *node;
    CHECK_INT(gni_json_parse(gni_str(cases[i].text), 64, test_arena(), &node, &err), GN_E_PARSE);
    CHECK(node == NULL);
    const char *place =
        gni_str_format(test_arena(), "line %u, column %u: ", cases[i].line, cases[i].column).ptr;
    if (!gni_str_starts(gni_str(err.message), place)) CHECK_TEXT(err.message, place);
    CHECK(err.hint[0] != '\0');
  }
}

static void damaged_text_is_refused(void)
{
  static const char *const texts[] = {
      "\"\xC3\"", "\"\xED\xA0\x80\"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"",
      "\"\x01\"", "\"\n\"",           "\"abc",       "[",
      "{\"a\"",   "\xEF\xBB\xBF{}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    gn_error err = {0};
    const gni_json *node;
    CHECK_INT(gni_json_parse(gni_str(texts[i]), 64, test_arena(), &node, &err), GN_E_PARSE);
    CHECK(gni_utf8_valid(gni_str(err.hint)));
  }
}

static void the_hint_points_at_the_place(void)
{
  gn_error err = {0};
  const gni_json *node;
  CHECK_INT(gni_json_parse(GN_STR("{\n\t\"\xC3\xBC\": tru,\n}"), 64, test_arena(), &node, &err),
            GN_E_PARSE);
  CHECK_TEXT(err.hint, "\t\"\xC3\xBC\": tru,\n\t     ^");
}

static void nesting_stops_at_the_depth(void)
{
  gn_error err = {0};
  const gni_json *node;
  CHECK_OK(gni_json_parse(GN_STR("[[{\"a\":1}]]"), 3, test_arena(), &node, &err), &err);
  CHECK_INT(gni_json_parse(GN_STR("[[{\"a\":[]}]]"), 3, test_arena(), &node, &err), GN_E_LIMIT);
  CHECK_TEXT(err.message, "line 1, column 8: nested deeper than 3 levels");
  char deep[20001];
  memset(deep, '[', 20000);
  deep[20000] = '\0';
  CHECK(gni_json_parse(gni_str(deep), 64, test_arena(), &node, NULL) != GN_OK);
}

static void text_is_written_with_the_escapes_it_needs(void)
{
  gn_buf *out = open_buf();
  gn_str text = GN_STR("a\"\\\n\x01\x7F\xC3\xBC\xF0\x9F\x98\x80");
  gni_json_add_text(out, text, false);
  CHECK_TEXT(out->ptr, "\"a\\\"\\\\\\n\\u0001\x7F\xC3\xBC\xF0\x9F\x98\x80\"");
  gni_buf_reset(out);
  gni_json_add_text(out, text, true);
  CHECK_TEXT(out->ptr, "\"a\\\"\\\\\\n\\u0001\\u007f\\u00fc\\ud83d\\ude00\"");
  gni_buf_reset(out);
  gni_json_add_text(out, GN_STR("\xFFx\xC3"), false);
  CHECK_TEXT(out->ptr, "\"\xEF\xBF\xBDx\xEF\xBF\xBD\"");
}

static void any_text_is_read_back_as_written(void)
{
  test_random random = test_random_new(10);
  for (int i = 0; i < 2000 * test_effort(); i++) {
    gn_arena arena;
    gn_buf out;
    gn_error err = {0};
    const gni_json *node;
    gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
    gni_buf_init(&out, &gni_libc_alloc, 1 << 20);
    gni_value text = test_random_value(&random, &arena, &gni_type_string, 0);
    gni_json_add_text(&out, text.text, i % 2);
    CHECK_OK(gni_json_parse(gni_buf_view(&out), 1, &arena, &node, &err), &err);
    CHECK(gni_str_equal(node->text, text.text));
    gni_buf_deinit(&out);
    gni_arena_deinit(&arena);
  }
}

static void nodes_are_written_compactly(void)
{
  gn_buf *out = open_buf();
  CHECK_INT(gni_json_write(parse(" { \"a\" : [ 1 , 2.50 , -0.00001 , null ] , \"b\" : { } ,"
                                 " \"a\" : true } "),
                           out),
            GN_OK);
  CHECK_TEXT(out->ptr, "{\"a\":[1,2.5,-1e-05,null],\"b\":{},\"a\":true}");
}

static void base64_is_written_and_read(void)
{
  static const struct {
    const char *bytes, *text;
  } cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xFB\xFF", "+/8="}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_buf *out = open_buf();
    CHECK_INT(gni_base64_encode(gni_str(cases[i].bytes), out), GN_OK);
    CHECK_STR(gni_buf_view(out), cases[i].text);
    gni_buf_reset(out);
    CHECK_INT(gni_base64_decode(gni_str(cases[i].text), out), GN_OK);
    CHECK_STR(gni_buf_view(out), cases[i].bytes);
  }
  static const char *const wrong[] = {
      "Z", "Zg=", "Zg", "Z===", "====", "Zm9v!A==", "Zh==", "Zg==Zg=="};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    CHECK_INT(gni_base64_decode(gni_str(wrong[i]), open_buf()), GN_E_PARSE);
}

static void parse_with(const gn_alloc *alloc)
{
  gn_arena arena;
  gn_error err = {0};
  const gni_json *node;
  char large[6000];
  memset(large, ' ', sizeof large);
  gn_str text = GN_STR("{\"a\":[1,2,{\"b\":null}]}");
  memcpy(large, text.ptr, text.len);
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_json_parse((gn_str){large, sizeof large}, 8, &arena, &node, &err);
  CHECK(rc == GN_OK ? node != NULL : rc == GN_E_NOMEM && !node && err.code == rc);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(parse_with) >= 2);
  for (size_t ceiling = 0; ceiling < 2000; ceiling += 16) {
    gn_arena arena;
    const gni_json *node;
    gni_arena_init(&arena, test_alloc(), ceiling);
    int rc = gni_json_parse(GN_STR("{\"a\":[1,2,{\"b\":null}]}"), 8, &arena, &node, NULL);
    CHECK(rc == GN_OK || rc == GN_E_LIMIT);
    gni_arena_deinit(&arena);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"every kind of node is read", every_kind_of_node_is_read},
      {"every node knows its line and column", every_node_knows_its_line_and_column},
      {"escapes and surrogates are read", escapes_and_surrogates_are_read},
      {"the last of equal members wins", the_last_of_equal_members_wins},
      {"what is no JSON is refused with its place", what_is_no_json_is_refused_with_its_place},
      {"damaged text is refused", damaged_text_is_refused},
      {"the hint points at the place", the_hint_points_at_the_place},
      {"nesting stops at the depth", nesting_stops_at_the_depth},
      {"text is written with the escapes it needs", text_is_written_with_the_escapes_it_needs},
      {"any text is read back as written", any_text_is_read_back_as_written},
      {"nodes are written compactly", nodes_are_written_compactly},
      {"base64 is written and read", base64_is_written_and_read},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
