/* The table of functions beside Spark's own: what share of it we know, and on how many recorded
 * answers that stands. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/bound.h"
#include "kit/kit.h"
#include "wire/wire.h"

#define INPUTS_MIN 20 /* recorded inputs of a function that takes any */
#define GROUPS_MAX 32

static gn_arena arena;
static gn_buf file;

static void close_all(void *what)
{
  (void)what;
  gni_buf_deinit(&file);
  gni_arena_deinit(&arena);
}

static void open_all(void)
{
  gni_arena_init(&arena, test_alloc(), (size_t)1 << 30);
  gni_buf_init(&file, test_alloc(), 64 << 20);
  test_later(close_all, NULL);
}

static gn_str read_golden(const char *name)
{
  gn_error err = {0};
  gni_buf_reset(&file);
  CHECK_OK(gni_file_read(test_golden(name), &file, &err), &err);
  return gni_buf_view(&file);
}

static int64_t find_function(gn_str name)
{
  for (size_t i = 0; i < gni_expr_function_count(); i++)
    if (gni_str_is(name, gni_expr_function_at(i).name)) return (int64_t)i;
  return -1;
}

/* ---- Spark's registry ------------------------------------------------------------------------ */

typedef struct group {
  gn_str name;
  int known, total;
} group;

/* The next function of functions.tsv; false at the end. */
static bool next_function(gn_str *rest, gn_str *in_group, gn_str *name)
{
  while (gni_str_split(rest, '\n', name)) {
    if (!name->len || name->ptr[0] == '#') continue;
    CHECK(gni_str_split(name, '\t', in_group));
    return true;
  }
  return false;
}

static void spark_has_every_function_of_ours(void)
{
  int unknown = 0;
  open_all();
  gn_str all = read_golden("expr/functions.tsv");
  for (size_t i = 0; i < gni_expr_function_count(); i++) {
    const char *ours = gni_expr_function_at(i).name;
    gn_str rest = all, in_group, name;
    bool found = false;
    while (!found && next_function(&rest, &in_group, &name)) found = gni_str_is(name, ours);
    if (!found) fprintf(stderr, "# Spark has no function '%s'\n", ours);
    unknown += !found;
  }
  CHECK_INT(unknown, 0);
}

static void most_of_sparks_functions_are_ours(void)
{
  group groups[GROUPS_MAX] = {0};
  size_t count = 0;
  int known = 0, total = 0;
  open_all();
  gn_str rest = read_golden("expr/functions.tsv"), in_group, name;
  while (next_function(&rest, &in_group, &name)) {
    if (!count || !gni_str_equal(groups[count - 1].name, in_group)) {
      CHECK(count < GROUPS_MAX);
      groups[count++].name = in_group;
    }
    groups[count - 1].total++;
    groups[count - 1].known += find_function(name) >= 0;
  }
  for (size_t i = 0; i < count; i++) {
    fprintf(stderr, "# %-12.*s %3d of %3d\n", GN_STR_ARGS(groups[i].name), groups[i].known,
            groups[i].total);
    known += groups[i].known;
    total += groups[i].total;
  }
  fprintf(stderr, "# %d of Spark's %d scalar functions\n", known, total);
  CHECK(total > 400);
  CHECK(known >= 300);
}

/* ---- recorded answers ------------------------------------------------------------------------ */

/* Adds `inputs` to every function that the tree calls; one without arguments needs no more. */
static void count_calls(const gni_expr *tree, int64_t inputs, int64_t *counts)
{
  bool is_cast = tree->kind == GNP_NODE_CAST;
  const gnp_function *called = is_cast                       ? gnp_function_find(GN_STR("cast"))
                               : tree->kind == GNP_NODE_CALL ? gnp_function_find(tree->name)
                                                             : NULL;
  for (size_t i = 0; called && i < gni_expr_function_count(); i++)
    if (gnp_function_find(gni_str(gni_expr_function_at(i).name)) == called)
      counts[i] += tree->arg_count ? inputs : INPUTS_MIN;
  for (size_t i = 0; i < tree->arg_count; i++) count_calls(tree->args[i], inputs, counts);
}

static void count_line(gn_str line, int64_t *counts)
{
  gn_error err = {0};
  const gni_json *node;
  const gni_expr *tree;
  CHECK_OK(gni_json_parse(line, 32, &arena, &node, &err), &err);
  const gni_json *text = gni_json_member(node, "e");
  if (!text || gni_expr_parse(text->text, &arena, &tree, NULL, &err) != GN_OK) return;
  const gni_json *plain = gni_json_member(gni_json_member(node, "plain"), "out");
  const gni_json *ansi = gni_json_member(gni_json_member(node, "ansi"), "out");
  count_calls(tree,
              (plain ? (int64_t)plain->list.count : 0) + (ansi ? (int64_t)ansi->list.count : 0),
              counts);
}

static void count_file(const char *name, int64_t *counts)
{
  gn_str rest = read_golden(name), line;
  CHECK(gni_str_split(&rest, '\n', &line)); /* the lists */
  while (gni_str_split(&rest, '\n', &line))
    if (line.len) count_line(line, counts);
}

static void every_function_stands_on_recorded_answers(void)
{
  static const char *const families[] = {"arithmetic",  "array",    "bytes", "cast", "comparison",
                                         "conditional", "datetime", "hash",  "json", "math",
                                         "regex",       "string",   "url"};
  size_t total = gni_expr_function_count();
  int few = 0;
  open_all();
  int64_t *counts = GN_TAKE_ZERO(&arena, int64_t, total);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    count_file(gni_str_format(&arena, "expr/%s.jsonl", families[i]).ptr, counts);
  for (size_t i = 0; i < total; i++) {
    if (counts[i] >= INPUTS_MIN) continue;
    fprintf(stderr, "# '%s' has %lld recorded inputs\n", gni_expr_function_at(i).name,
            (long long)counts[i]);
    few++;
  }
  CHECK_INT(few, 0);
}

/* ---- the guide ------------------------------------------------------------------------------- */

/* A signature in a table's cell: bars would end it. */
static void add_types(gn_buf *out, const char *types)
{
  for (; types && *types; types++)
    if (*types == '|')
      gni_buf_add_text(out, " or ");
    else
      gni_buf_add_char(out, *types);
}

static void add_row(gn_buf *out, const gni_expr_function_info *function)
{
  bool known = function->takes && function->gives;
  gni_buf_add_format(out, "| `%s` | ", function->name);
  add_types(out, !known ? "by rule" : *function->takes ? function->takes : "nothing");
  gni_buf_add_format(out, " | %s |\n", known ? function->gives : "by rule");
}

/* All functions of the family that begins at `first`; nothing when it began before. */
static void add_family(gn_buf *out, size_t first)
{
  const char *family = gni_expr_function_at(first).family;
  for (size_t i = 0; i < first; i++)
    if (strcmp(gni_expr_function_at(i).family, family) == 0) return;
  gni_buf_add_format(out, "\n## %s\n\n| function | takes | gives |\n|---|---|---|\n", family);
  for (size_t i = first; i < gni_expr_function_count(); i++) {
    gni_expr_function_info function = gni_expr_function_at(i);
    if (strcmp(function.family, family) == 0) add_row(out, &function);
  }
}

static void the_guide_lists_every_function(void)
{
  gn_buf out;
  open_all();
  gni_buf_init(&out, test_alloc(), 1 << 20);
  gni_buf_add_text(
      &out, "# Functions\n\nMade from the table of functions by its test; what they mean is "
            "[Spark's](https://spark.apache.org/docs/latest/api/sql/).\n"
            "`[x]` may be left out, `x*` repeats, `1st` is the first argument's type, \"by rule\" "
            "depends on the\narguments. What is not here is refused: see "
            "[expressions](expressions.md).\n");
  for (size_t i = 0; i < gni_expr_function_count(); i++) add_family(&out, i);
  test_check_golden("../../docs/guide/expression-functions.md", gni_buf_view(&out));
  gni_buf_deinit(&out);
}

int main(void)
{
  static const test_case cases[] = {
      {"Spark has every function of ours", spark_has_every_function_of_ours},
      {"most of Spark's scalar functions are ours", most_of_sparks_functions_are_ours},
      {"every function stands on recorded answers", every_function_stands_on_recorded_answers},
      {"the guide lists every function", the_guide_lists_every_function},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
