/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml.h"

#include <math.h>

#include "kit/random_values.h"

static const gni_json *parse(const char *text)
{
  gn_error err = {0};
  const gni_json *node;
  gni_yaml_place place;
  CHECK_OK(gni_yaml_parse(gni_str(text), 16, test_arena(), &node, &place, &err), &err);
  return node;
}

static void plain_scalars_are_what_they_look_like(void)
{
  const gni_json *node = parse(
      "[~, null, NULL, true, False, -12, +7, 1.5, -.5, 1e3, .inf, -.inf, .nan, 9223372036854775808,"
      " 2025-01-02, 1.2.3, '5', \"6\", yes]");
  static const uint8_t kinds[] = {
      GNI_JSON_NULL,    GNI_JSON_NULL,    GNI_JSON_NULL, GNI_JSON_BOOLEAN, GNI_JSON_BOOLEAN,
      GNI_JSON_INTEGER, GNI_JSON_INTEGER, GNI_JSON_REAL, GNI_JSON_REAL,    GNI_JSON_REAL,
      GNI_JSON_REAL,    GNI_JSON_REAL,    GNI_JSON_REAL, GNI_JSON_REAL,    GNI_JSON_TEXT,
      GNI_JSON_TEXT,    GNI_JSON_TEXT,    GNI_JSON_TEXT, GNI_JSON_TEXT};
  const gni_json *items = node->list.items;
  CHECK_INT(node->list.count, sizeof kinds);
  for (size_t i = 0; i < sizeof kinds; i++) CHECK_INT(items[i].kind, kinds[i]);
  CHECK(items[3].boolean && !items[4].boolean);
  CHECK_INT(items[5].integer, -12);
  CHECK_INT(items[6].integer, 7);
  CHECK_DOUBLE(items[7].real, 1.5, 0);
  CHECK_DOUBLE(items[8].real, -0.5, 0);
  CHECK_DOUBLE(items[9].real, 1000, 0);
  CHECK(isinf(items[10].real) && items[10].real > 0 && isinf(items[11].real));
  CHECK(items[11].real < 0 && isnan(items[12].real));
  CHECK_STR(items[14].text, "2025-01-02");
  CHECK_STR(items[16].text, "5");
}

static void blocks_and_flows_give_the_same_tree(void)
{
  const gni_json *node = parse("# rows\n"
                               "rows:\n"
                               "  - {a: 1, b: x}\n"
                               "  - a: 2\n"
                               "    b: |\n"
                               "      two\n"
                               "      lines\n"
                               "7: seven\n");
  const gni_json *rows = gni_json_member(node, "rows");
  CHECK_INT(rows->kind, GNI_JSON_LIST);
  CHECK_INT(rows->list.count, 2);
  CHECK_INT(gni_json_member(&rows->list.items[0], "a")->integer, 1);
  CHECK_STR(gni_json_member(&rows->list.items[0], "b")->text, "x");
  CHECK_STR(gni_json_member(&rows->list.items[1], "b")->text, "two\nlines\n");
  CHECK_STR(gni_json_member(node, "7")->text, "seven");
}

static void every_node_knows_its_place(void)
{
  const gni_json *node = parse("\xC3\xBC: 1\nlist:\n  - \xC3\xBC\xC3\xBC: [1,  2]\n");
  const gni_json *item = &gni_json_member(node, "list")->list.items[0];
  CHECK_INT(item->line, 3);
  CHECK_INT(item->column, 5);
  CHECK_INT(item->list.keys[0].column, 5);
  CHECK_INT(item->list.items[0].list.items[1].column, 14);
}

static void nothing_is_null(void)
{
  CHECK_INT(parse("")->kind, GNI_JSON_NULL);
  CHECK_INT(parse("# nothing\n")->kind, GNI_JSON_NULL);
}

static void what_is_not_read_is_refused_with_its_place(void)
{
  static const struct {
    const char *text, *why;
    unsigned line, column;
  } cases[] = {
      {"a: 1\nb: 2\na: 3\n", "this key stands here already", 3, 1},
      {"a: &x 1\n", "anchors are not read: write the value itself", 1, 4},
      {"a: *x\n", "aliases are not read: write the value itself", 1, 4},
      {"a: !!str 1\n", "tags are not read", 1, 4},
      {"a: 1\n---\nb: 2\n", "a second document begins here", 2, 1},
      {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "it is nested too deeply", 1, 17},
      {"? [1]\n: 2\n", "a key is a word or a text", 1, 3},
      {"a: [1, 2\nb: 3\n", "did not find expected ',' or ']'", 2, 2},
      {"a: \"b\n", "found unexpected end of stream", 2, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    const gni_json *node;
    gni_yaml_place place;
    gn_arena *arena = test_arena();
    int rc = gni_yaml_parse(gni_str(cases[i].text), 16, arena, &node, &place, &err);
    CHECK_INT(rc, GN_E_PARSE);
    CHECK_TEXT(err.message, cases[i].why);
    CHECK_INT(place.line, cases[i].line);
    CHECK_INT(place.column, cases[i].column);
    CHECK(node == NULL);
  }
}

static void read_with(const gn_alloc *alloc)
{
  gn_arena arena;
  gn_error err = {0};
  const gni_json *node;
  gni_yaml_place place;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_yaml_parse(GN_STR("{a: [1, 2, 3, 4, 5, 6, 7, 8, 9], b: {c: text}}"), 16, &arena,
                          &node, &place, &err);
  if (rc == GN_OK)
    CHECK_INT(gni_json_member(node, "a")->list.items[8].integer, 9);
  else
    CHECK_INT(rc, GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(read_with) >= 1);
}

int main(void)
{
  static const test_case cases[] = {
      {"plain scalars are what they look like, quoted ones are text",
       plain_scalars_are_what_they_look_like},
      {"blocks and flows give the same tree", blocks_and_flows_give_the_same_tree},
      {"every node knows its line and column, in characters", every_node_knows_its_place},
      {"an empty document is null", nothing_is_null},
      {"what is not read is refused with its place", what_is_not_read_is_refused_with_its_place},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
