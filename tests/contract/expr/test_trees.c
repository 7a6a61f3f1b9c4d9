/* Random expressions that a real Spark answered: the evaluator gives the same, and DuckDB the same
 * as the evaluator. tests/golden/expr/trees.py wrote them. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "both.h"
#include "recorded.h"

#define BATCH 16
#define BOTH_SHARE 0.3 /* of the trees that DuckDB computes, too; all with GN_LONG */
#define LOUD_MAX 6     /* known: a failing constant, or operand, that Spark does not reach */
#define SIGNS_MAX 1
#define REAL_TOLERANCE 4.5e-16 /* roots and powers of two libraries differ in the last bit */

static gn_arena arena, tree_arena;
static gn_buf file;

typedef struct tally {
  int64_t trees, cells, refused, unsupported, wrong;
  int64_t signs; /* zeros of another sign: Spark takes branches of 0.0 and -0.0 for the same */
  int64_t loud;  /* under ANSI: we end with an error where Spark answers */
} tally;

static void close_all(void *what)
{
  (void)what;
  gni_buf_deinit(&file);
  gni_arena_deinit(&arena);
  gni_arena_deinit(&tree_arena);
}

static void open_all(void)
{
  gn_error err = {0};
  gni_arena_init(&arena, &gni_libc_alloc, (size_t)1 << 30);
  gni_arena_init(&tree_arena, &gni_libc_alloc, (size_t)1 << 30);
  gni_buf_init(&file, &gni_libc_alloc, 64 << 20);
  test_later(close_all, NULL);
  CHECK_OK(gni_file_read(test_golden("expr/trees.jsonl"), &file, &err), &err);
}

/* The header's columns, [name, type, literal, …] each, as a table. */
static both_table *read_table(const gni_json *columns)
{
  size_t width = columns->list.count, count = columns->list.items[0].list.count - 2;
  gni_field *fields = GN_TAKE(&arena, gni_field, width);
  const gni_value **rows = GN_TAKE(&arena, const gni_value *, count);
  gni_value *cells = GN_TAKE(&arena, gni_value, width * count);
  for (size_t i = 0; i < width; i++) {
    const gni_json *column = columns->list.items[i].list.items;
    gn_error err = {0};
    fields[i].name = column[0].text;
    CHECK_OK(gni_type_parse(column[1].text, &arena, &fields[i].type, &err), &err);
    for (size_t k = 0; k < count; k++)
      cells[k * width + i] = recorded_literal(column[k + 2].text, fields[i].type, &arena);
  }
  for (size_t k = 0; k < count; k++) rows[k] = cells + k * width;
  return both_open(gni_type_struct(&arena, GN_STR(""), fields, width), rows, count);
}

/* ---- one tree -------------------------------------------------------------------------------- */

static void complain(tally *sum, const char *text, bool ansi, const char *what, gn_str detail)
{
  if (sum->wrong++ < 20)
    fprintf(stderr, "# %s%s\n#   %s %.*s\n", text, ansi ? "  (ANSI)" : "", what,
            GN_STR_ARGS(detail));
}

static gn_str answer_text(const gni_type *type, const gni_value *value, const gni_json *expected)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  if (type)
    gni_value_to_json(type, value, &buf);
  else
    gni_buf_add_text(&buf, "an error");
  gni_buf_add_text(&buf, ", Spark ");
  gni_json_write(expected, &buf);
  gn_str text = gni_str_take(&tree_arena, gni_buf_view(&buf));
  gni_buf_deinit(&buf);
  return text;
}

static void check_rows(const both_table *table, const gni_bound *bound, const char *text, bool ansi,
                       const gni_json *out, tally *sum)
{
  const gni_type *type = gni_bound_type(bound);
  for (size_t r = 0; r < out->list.count; r++) {
    const gni_json *expected = &out->list.items[r];
    bool fails = expected->kind == GNI_JSON_OBJECT;
    gni_value value;
    gn_error err = {0};
    int rc = gni_bound_eval(bound, table->rows[r], &tree_arena, &value, &err);
    sum->cells++;
    if (rc == GN_E_UNSUPPORTED) {
      sum->unsupported++;
      continue;
    }
    if (rc == GN_OK ? !fails && recorded_same(expected, type, &value, REAL_TOLERANCE) : fails)
      continue;
    bool real = type->kind == GNI_DOUBLE || type->kind == GNI_FLOAT;
    if (rc == GN_OK && real && !value.is_null && value.real == 0) {
      value.real = -value.real;
      bool sign = recorded_same(expected, type, &value, REAL_TOLERANCE);
      sum->signs += sign;
      if (sign) return;
    }
    if (ansi && rc != GN_OK) {
      sum->loud++;
      return;
    }
    complain(sum, text, ansi, gni_str_format(&tree_arena, "row %zu gave", r).ptr,
             answer_text(rc == GN_OK ? type : NULL, &value, expected));
    return;
  }
}

static void check_type(const gni_bound *bound, const char *text, bool ansi, gn_str expected,
                       tally *sum)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 4096);
  gni_type_format(gni_bound_type(bound), &buf);
  if (!gni_str_equal(expected, gni_buf_view(&buf)))
    complain(sum, text, ansi, "Spark's type is not ours but", expected);
  gni_buf_deinit(&buf);
}

/* False when both refuse the tree. */
static bool check_tree(const both_table *table, const gni_json *line, const char *text, bool ansi,
                       tally *sum)
{
  gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
  const gni_json *type = gni_json_member(line, "type");
  const gni_expr *tree;
  const gni_bound *bound = NULL;
  gn_error err = {0};
  sum->trees++;
  int rc = gni_expr_parse(gni_str(text), &tree_arena, &tree, NULL, &err);
  if (rc == GN_OK)
    rc = gni_expr_bind(tree, table->schema, &options, &tree_arena, &bound, NULL, &err);
  if (rc == GN_E_UNSUPPORTED) { /* said plainly */
    sum->unsupported++;
    return false;
  }
  bool both = rc != GN_OK && (!type || (ansi && recorded_fails(line)));
  if (!both && (rc != GN_OK || !type)) {
    gn_str why = type ? gni_str(err.message) : gni_json_member(line, "refused")->text;
    complain(sum, text, ansi, type ? "we refuse it:" : "Spark refuses it:", why);
  }
  if (rc != GN_OK || !type) {
    sum->refused++;
    return false;
  }
  check_type(bound, text, ansi, type->text, sum);
  check_rows(table, bound, text, ansi, gni_json_member(line, "out"), sum);
  return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void check_both(both_table *table, const char *const *texts, size_t count, tally *sum)
{
  both_answer answers[BATCH];
  both_compare_many(table, texts, count, answers);
  for (size_t i = 0; i < count; i++)
    if (answers[i].differs[0])
      complain(sum, texts[i], false, "the back ends differ:", gni_str(answers[i].differs));
}

/* Each line {"e": tree, "type", "out"} or {"e", "refused"}; "ansi": true where it was on. */
static void check_recording(bool ansi, tally *sum)
{
  gn_str rest = gni_buf_view(&file), line;
  const gni_json *header, *node;
  const char *batch[BATCH];
  size_t count = 0;
  gn_error err = {0};
  test_random random = test_random_new(4);
  double share = ansi || test_effort() > 1 ? 1 : BOTH_SHARE;
  CHECK(gni_str_split(&rest, '\n', &line));
  CHECK_OK(gni_json_parse(line, 16, &arena, &header, &err), &err);
  both_table *table = read_table(gni_json_member(header, "columns"));
  while (gni_str_split(&rest, '\n', &line)) {
    if (!line.len) continue;
    CHECK_OK(gni_json_parse(line, 32, &tree_arena, &node, &err), &err);
    if ((gni_json_member(node, "ansi") != NULL) != ansi) continue;
    const char *text = gni_str_take(&tree_arena, gni_json_member(node, "e")->text).ptr;
    bool typed = check_tree(table, node, text, ansi, sum);
    if (typed && !ansi && test_random_chance(&random, share)) batch[count++] = text;
    if (typed && ansi) {
      both_answer both = both_compare(table, text, true);
      bool loud = gni_str_starts(gni_str(both.differs), "DuckDB refuses");
      sum->loud += loud;
      if (both.differs[0] && !loud)
        complain(sum, text, true, "the back ends differ:", gni_str(both.differs));
    }
    if (count == BATCH) check_both(table, batch, count, sum);
    if (count == BATCH || (ansi && sum->trees % BATCH == 0)) {
      gni_arena_reset(&tree_arena);
      count = 0;
    }
  }
  check_both(table, batch, count, sum);
}

static void check(bool ansi, int64_t at_least)
{
  tally sum = {0};
  open_all();
  check_recording(ansi, &sum);
  fprintf(stderr,
          "# %lld trees%s, %lld refused by both, %lld cells, %lld unsupported, %lld loud, %lld "
          "differ\n",
          (long long)sum.trees, ansi ? " under ANSI" : "", (long long)sum.refused,
          (long long)sum.cells, (long long)sum.unsupported, (long long)sum.loud,
          (long long)sum.wrong);
  CHECK(sum.trees - sum.refused - sum.unsupported >= at_least);
  CHECK(sum.signs <= SIGNS_MAX);
  CHECK(sum.loud <= LOUD_MAX);
  CHECK_INT(sum.wrong, 0);
}

static void without_ansi(void)
{
  check(false, 10000);
}

static void with_ansi(void)
{
  check(true, 200);
}

int main(void)
{
  static const test_case cases[] = {
      {"random expressions: Spark's answers without ANSI", without_ansi},
      {"random expressions: Spark's answers under ANSI", with_ansi},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
