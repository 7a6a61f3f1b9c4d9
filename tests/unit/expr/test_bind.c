/* What is known of an expression before a row is seen, what is said of one that is wrong, and what
 * it costs in memory. SPDX-License-Identifier: Apache-2.0 */
#include "expr_kit.h"

static gn_arena arena;

static void close_arena(void *what)
{
  gni_arena_deinit(what);
}

static void open_arena(void)
{
  gni_arena_init(&arena, &gni_libc_alloc, (size_t)1 << 30);
  test_later(close_arena, &arena);
}

/* The tree goes into `in`, the schema into the arena of the case. */
static int bind(const char *text, bool ansi, gn_arena *in, const gni_bound **out,
                gni_expr_place *place, gn_error *err)
{
  const gni_expr *tree;
  gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
  const gni_type *schema = expr_schema(&arena);
  *out = NULL;
  int rc = gni_expr_parse(gni_str(text), in, &tree, place, err);
  return rc == GN_OK ? gni_expr_bind(tree, schema, &options, in, out, place, err) : rc;
}

static const gni_bound *bound_of(const char *text, bool ansi)
{
  const gni_bound *bound;
  gn_error err = {0};
  CHECK_OK(bind(text, ansi, &arena, &bound, NULL, &err), &err);
  return bound;
}

/* ---- constants ------------------------------------------------------------------------------- */

static void constants_are_computed_once(void)
{
  static const char *const constant[] = {"1 + 2 * 3",
                                         "upper('a') || 'b'",
                                         "date_add(DATE '2024-02-28', 1)",
                                         "CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END",
                                         "get_json_object('{\"a\": 1}', '$.a')",
                                         "current_timestamp() > TIMESTAMP '2020-01-01 00:00:00'",
                                         "i + NULL",
                                         "upper(CAST(NULL AS STRING))",
                                         "try_divide(1, 0)"};
  static const char *const other[] = {"i + 0", "i = i", "coalesce(n, 1)", "length(t)"};
  open_arena();
  for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
    if (!gni_bound_constant(bound_of(constant[i], false)))
      test_fail(__FILE__, __LINE__, "%s is not folded", constant[i]);
  for (size_t i = 0; i < sizeof other / sizeof *other; i++)
    if (gni_bound_constant(bound_of(other[i], false)))
      test_fail(__FILE__, __LINE__, "%s is folded", other[i]);
  CHECK_INT(gni_bound_constant(bound_of("1 + 2 * 3", false))->integer, 7);
}

/* The branch that would fail may never be taken. */
static void a_constant_that_fails_is_refused_where_every_row_needs_it(void)
{
  static const char *const refused[] = {"1 / 0", "i + CAST('x' AS INT)", "o AND 1 / 0 = 1"};
  open_arena();
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const gni_bound *bound;
    gn_error err = {0};
    CHECK(bind(refused[i], true, &arena, &bound, NULL, &err) != GN_OK);
    CHECK_OK(bind(refused[i], false, &arena, &bound, NULL, &err), NULL);
  }
  CHECK_TEXT(expr_result("if(o, 'fine', CAST(1 / 0 AS STRING))", true), "fine: string");
  CHECK_TEXT(expr_result("coalesce(7, CAST('x' AS INT))", true), "7: int");
}

static void what_can_be_null_is_known(void)
{
  static const struct {
    const char *text;
    bool plain, ansi;
  } examples[] = {
      {"1", false, false},
      {"NULL", true, true},
      {"i", true, true}, /* every column may be null */
      {"i IS NULL", false, false},
      {"i <=> n", false, false},
      {"coalesce(n, 1)", false, false},
      {"coalesce(n, i)", true, true},
      {"nvl(n, 0) + 1", false, false},
      {"nvl(n, 1) / nvl(i, 1)", true, false},        /* by zero: null, or an error */
      {"CAST(coalesce(t, '') AS INT)", true, false}, /* no number: null, or an error */
      {"try_cast(coalesce(t, '') AS INT)", true, true},
      {"CASE WHEN o THEN 1 END", true, true},
      {"CASE WHEN o THEN 1 ELSE 2 END", false, false},
      {"if(i IS NULL, 'a', 'b')", false, false},
      {"struct(n)", false, false},
      {"array(n)", false, false},
      {"list[0]", true, true},
      {"concat('a', coalesce(t, ''))", false, false},
      {"get_json_object(coalesce(t, ''), '$.a')", true, true},
      {"from_json(coalesce(t, ''), 'a INT')", true, true},
      {"to_json(struct(n))", false, false},
      {"typeof(n)", false, false},
  };
  open_arena();
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    for (int ansi = 0; ansi < 2; ansi++) {
      bool expected = ansi ? examples[i].ansi : examples[i].plain;
      if (gni_bound_nullable(bound_of(examples[i].text, ansi)) != expected)
        test_fail(__FILE__, __LINE__, "%s: %s to be %sullable", examples[i].text,
                  ansi ? "under ANSI it is" : "it is", expected ? "n" : "non-n");
    }
  }
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void add_refusal(gn_buf *out, const char *text)
{
  const gni_bound *bound;
  gni_expr_place place = {0};
  gn_error err = {0};
  int rc = bind(text, false, &arena, &bound, &place, &err);
  CHECK(rc != GN_OK);
  gni_buf_add_format(out, "%s: %s\n", err.where, err.message);
  gni_expr_caret(gni_str(text), &place, out);
  if (err.hint[0]) gni_buf_add_format(out, "  %s\n", err.hint);
  gni_buf_add_char(out, '\n');
}

static void refusals_say_where_and_what(void)
{
  static const char *const wrong[] = {
      "i +* 2",
      "upper(t",
      "coalesce(t, 'x'",
      "'open",
      "CASE WHEN o THEN 1",
      "i BETWEEN 1",
      "\xc3\xa9t\xc3\xa9 + itm",
      "levenstein(t, t)",
      "frobnicate(i)",
      "rand()",
      "itm + 1",
      "st.aa",
      "upper(i, t)",
      "substring()",
      "array_max(t)",
      "t + list",
      "list = m",
      "o AND i",
      "size(i)",
      "filter(list, x -> x + 1)",
      "filter(list, 3)",
      "transform(list, (x, y, z) -> x)",
      "CAST(list AS INT)",
      "CAST(i AS WIDGET)",
      "INTERVAL 1 MONTH",
      "day - INTERVAL '1' FORTNIGHT",
      "date_format(ts, 'QQQQQ')",
      "to_json(i)",
      "from_json(t, 'a WIDGET')",
      "from_json(t, t)",
      "from_json(t, 'a INT', map('mode', 'FAILFAST'))",
      "named_struct('a')",
      "x -> x",
      "SELECT 1",
      "sum(i)",
      "i -- comment\n  + bad",
      "make_timestamp(1, 2, 3, 4, 5, 6, 'UTC')",
  };
  gn_buf all;
  open_arena();
  gni_buf_init(&all, test_alloc(), 1u << 20);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) add_refusal(&all, wrong[i]);
  test_check_golden("expr/refusals.txt", gni_buf_view(&all));
  gni_buf_deinit(&all);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const char *const derivation[] = {
    "i / s",
    "coalesce(d, 0.0D) * 2 + f",
    "CASE WHEN i > 100 THEN 'high' WHEN i > 10 THEN 'middle' ELSE 'low' END",
    "concat(t, '_', CAST(l AS STRING))",
    "filter(list, x -> x > 1)",
    "get_json_object(concat('{\"a\": ', CAST(i AS STRING), '}'), '$.a')",
    "regexp_replace(t, '[0-9]+', '#')",
    "date_format(ts, 'yyyy-MM-dd')"};
#define DERIVATION_COUNT (sizeof derivation / sizeof *derivation)

static void rows_cost_no_allocation_after_the_first(void)
{
  const gni_bound *bound[DERIVATION_COUNT];
  gn_arena scratch;
  gn_error err = {0};
  size_t warm = 0;
  open_arena();
  gni_arena_init(&scratch, test_alloc(), 64u << 20);
  const gni_value *row = expr_row(&arena);
  for (size_t i = 0; i < DERIVATION_COUNT; i++) bound[i] = bound_of(derivation[i], false);
  for (int round = 0; round < 100; round++) {
    for (size_t i = 0; i < DERIVATION_COUNT; i++) {
      gni_value out;
      CHECK_OK(gni_bound_eval(bound[i], row, &scratch, &out, &err), &err);
    }
    gni_arena_reset(&scratch);
    if (round == 0) warm = test_alloc_count();
  }
  CHECK_INT(test_alloc_count() - warm, 0);
  gni_arena_deinit(&scratch);
}

static void add_sql(const gni_bound *bound, const gn_alloc *alloc, gn_arena *in, int *rc)
{
  gni_expr_functions functions = {.arena = in};
  gn_buf sql;
  gn_error err = {0};
  gni_buf_init(&sql, alloc, 1u << 20);
  if (*rc == GN_OK) *rc = gni_bound_to_duckdb(bound, &functions, &sql, &err);
  if (*rc == GN_OK) *rc = sql.rc;
  gni_buf_deinit(&sql);
}

static void use_one(const char *text, const gn_alloc *alloc)
{
  const gni_bound *bound;
  gni_value out;
  gn_arena in;
  gn_error err = {0};
  gni_arena_init(&in, alloc, 64u << 20);
  int rc = bind(text, false, &in, &bound, NULL, &err);
  if (rc == GN_OK) rc = gni_bound_eval(bound, expr_row(&arena), &in, &out, &err);
  add_sql(bound, alloc, &in, &rc);
  if (rc != GN_OK && rc != GN_E_NOMEM)
    test_fail(__FILE__, __LINE__, "%s gave %d: %s", text, rc, err.message);
  gni_arena_deinit(&in);
}

static const char *using;

static void use_it(const gn_alloc *alloc)
{
  use_one(using, alloc);
}

static void no_memory_is_an_answer(void)
{
  static const char *const more[] = {
      "from_json('{\"b\": {\"x\": \"\\\\u00e9\"}}', 'b map<string,string>')",
      "to_json(struct(st, m, ts, dec, x))",
      "parse_url(t, 'QUERY', 'k')",
      "make_valid_utf8(CAST(x AS STRING))",
      "aggregate(list, 0, (a, v) -> a + coalesce(v, 1))",
      "map_zip_with(m, m, (k, a, b) -> a + b)"};
  open_arena();
  for (size_t i = 0; i < DERIVATION_COUNT; i++) {
    using = derivation[i];
    CHECK(test_each_oom(use_it) > 0);
  }
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
    using = more[i];
    CHECK(test_each_oom(use_it) > 0);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"constants are computed once", constants_are_computed_once},
      {"a constant that fails is refused where every row needs it",
       a_constant_that_fails_is_refused_where_every_row_needs_it},
      {"what can be null is known", what_can_be_null_is_known},
      {"refusals say where and what", refusals_say_where_and_what},
      {"rows cost no allocation after the first", rows_cost_no_allocation_after_the_first},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
