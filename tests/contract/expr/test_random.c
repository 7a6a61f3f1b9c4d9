/* Random expressions that type: the evaluator and DuckDB must agree on every row. What they are
 * made of is the table of forms below. SPDX-License-Identifier: Apache-2.0 */
#include "both.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TREES 10000     /* without ANSI, in batches */
#define ANSI_TREES 1200 /* one by one: rows fail */
#define BATCH 16
#define ROWS 24
#define COLUMNS 26
#define DEPTH_MAX 5

static gn_arena arena;

/* ---- the rows -------------------------------------------------------------------------------- */

/* Two columns a letter, named <letter>1 and <letter>2. */
static const struct kind {
  char letter;
  const char *type;
} kinds[] = {{'b', "tinyint"},      {'s', "smallint"},  {'i', "int"},           {'l', "bigint"},
             {'f', "float"},        {'d', "double"},    {'t', "string"},        {'o', "boolean"},
             {'y', "date"},         {'m', "timestamp"}, {'c', "decimal(10,2)"}, {'L', "array<int>"},
             {'T', "array<string>"}};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)
_Static_assert(KIND_COUNT * 2 == COLUMNS, "two columns a kind");

static gni_value random_item(test_random *r, const gni_type *type);

static int64_t random_integer(test_random *r, int64_t least, int64_t most)
{
  if (test_random_chance(r, 0.15)) return least;
  if (test_random_chance(r, 0.15)) return most;
  return test_random_in(r, -9, 9);
}

static double random_real(test_random *r)
{
  static const double edges[] = {0.0,  -0.0,  1.5,  2.675, -2.5,
                                 1e20, -1e-7, 1e15, 0.1,   123456789.0625};
  if (test_random_chance(r, 0.08)) return NAN;
  if (test_random_chance(r, 0.08)) return test_random_chance(r, 0.5) ? INFINITY : -INFINITY;
  if (test_random_chance(r, 0.6)) return edges[test_random_in(r, 0, 9)];
  return (test_random_unit(r) - 0.5) * pow(10, (double)test_random_in(r, -3, 12));
}

static gni_value random_list(test_random *r, const gni_type *type)
{
  size_t count = (size_t)test_random_in(r, 0, 4);
  gni_value *items = GN_TAKE(&arena, gni_value, count);
  for (size_t i = 0; i < count; i++) items[i] = random_item(r, type->fields[0].type);
  return (gni_value){.list = {items, count}};
}

static gni_value random_decimal(test_random *r)
{
  gni_value value = {0};
  int64_t unscaled = random_integer(r, -9999999999, 9999999999);
  value.decimal.low = (uint64_t)unscaled;
  value.decimal.high = unscaled < 0 ? -1 : 0;
  return value;
}

static gni_value random_item(test_random *r, const gni_type *type)
{
  static const char *const texts[] = {
      "",    "a",   "abc",  "12",         " -7 ",     "1e3",    "x y",
      "AbC", "NaN", "true", "2024-02-29", "\xc3\xa9", "a,b,,c", "\xf0\x9f\x90\xa6z"};
  if (test_random_chance(r, 0.12)) return GNI_NULL_VALUE;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return gni_value_boolean(test_random_chance(r, 0.5));
  case GNI_BYTE:
    return gni_value_integer(random_integer(r, INT8_MIN, INT8_MAX));
  case GNI_SHORT:
    return gni_value_integer(random_integer(r, INT16_MIN, INT16_MAX));
  case GNI_INT:
    return gni_value_integer(random_integer(r, INT32_MIN, INT32_MAX));
  case GNI_LONG:
    return gni_value_integer(random_integer(r, INT64_MIN, INT64_MAX));
  case GNI_FLOAT:
    return gni_value_real((double)(float)random_real(r));
  case GNI_DOUBLE:
    return gni_value_real(random_real(r));
  case GNI_DATE:
    return gni_value_integer(test_random_in(r, -800000, 3000000));
  case GNI_TIMESTAMP:
    return gni_value_integer(
        test_random_in(r, INT64_C(-62000000000000000), INT64_C(250000000000000000)));
  case GNI_DECIMAL:
    return random_decimal(r);
  case GNI_LIST:
    return random_list(r, type);
  default:
    return gni_value_text(gni_str(texts[test_random_in(r, 0, 13)]));
  }
}

static both_table *make_table(test_random *r)
{
  gni_field fields[COLUMNS];
  const gni_value **rows = GN_TAKE(&arena, const gni_value *, ROWS);
  gn_error err = {0};
  for (size_t i = 0; i < COLUMNS; i++) {
    const struct kind *kind = &kinds[i / 2];
    fields[i].name = gni_str_format(&arena, "%c%d%s", kind->letter, (int)(i % 2) + 1,
                                    kind->letter < 'a' ? "s" : "");
    CHECK_OK(gni_type_parse(gni_str(kind->type), &arena, &fields[i].type, &err), &err);
  }
  for (size_t k = 0; k < ROWS; k++) {
    gni_value *row = GN_TAKE(&arena, gni_value, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) row[i] = random_item(r, fields[i].type);
    rows[k] = row;
  }
  return both_open(gni_type_struct(&arena, GN_STR(""), fields, COLUMNS), rows, ROWS);
}

/* ---- the forms ------------------------------------------------------------------------------- */

/* {x} is a tree of kind x; the result's kind is first. 'N' is any number, 'A' anything. */
static const struct form {
  char result;
  const char *text;
} forms[] = {
    {'b', "({b} + {b})"},
    {'b', "({b} * {b})"},
    {'b', "(-{b})"},
    {'b', "CAST({N} AS TINYINT)"},
    {'s', "({s} - {b})"},
    {'s', "CAST({N} AS SMALLINT)"},
    {'i', "({i} + {i})"},
    {'i', "({i} - {s})"},
    {'i', "({i} * {i})"},
    {'i', "({i} % {i})"},
    {'i', "pmod({i}, {i})"},
    {'i', "(-{i})"},
    {'i', "({i} & {i})"},
    {'i', "(~{i})"},
    {'i', "shiftleft({i}, {i})"},
    {'i', "length({t})"},
    {'i', "size({Ls})"},
    {'i', "{Ls}[{b}]"},
    {'i', "element_at({Ls}, 1)"},
    {'i', "array_max({Ls})"},
    {'i', "CAST({N} AS INT)"},
    {'i', "CAST({t} AS INT)"},
    {'i', "datediff({y}, {y})"},
    {'i', "year({y})"},
    {'i', "hour({m})"},
    {'i', "hash({A}, {A})"},
    {'i', "instr({t}, {t})"},
    {'i', "coalesce({i}, {i})"},
    {'i', "if({o}, {i}, {i})"},
    {'i', "CASE {i} WHEN {i} THEN {i} ELSE {s} END"},
    {'i', "aggregate({Ls}, 0, (acc, x) -> acc + coalesce(x, {i}))"},
    {'l', "({l} + {i})"},
    {'l', "({l} * {l})"},
    {'l', "({l} - {l})"},
    {'l', "({l} div {i})"},
    {'l', "({l} % {l})"},
    {'l', "CAST({N} AS BIGINT)"},
    {'l', "CAST({m} AS BIGINT)"},
    {'l', "floor({d})"},
    {'l', "ceil({f})"},
    {'l', "xxhash64({A})"},
    {'l', "nvl({l}, {i})"},
    {'l', "unix_timestamp({t}, 'yyyy-MM-dd')"},
    {'f', "({f} + {f})"},
    {'f', "({f} * {s})"},
    {'f', "CAST({N} AS FLOAT)"},
    {'f', "nanvl({f}, {f})"},
    {'d', "({d} + {d})"},
    {'d', "({d} * {N})"},
    {'d', "({N} / {i})"},
    {'d', "({d} - {f})"},
    {'d', "({d} % {d})"},
    {'d', "abs({d})"},
    {'d', "round({d}, 2)"},
    {'d', "CAST({N} AS DOUBLE)"},
    {'d', "CAST({t} AS DOUBLE)"},
    {'d', "greatest({d}, {d}, {f})"},
    {'d', "if({o}, {d}, {i})"},
    {'d', "signum({d})"},
    {'d', "sqrt(abs({d}))"},
    {'t', "concat({t}, {t})"},
    {'t', "({t} || {A})"},
    {'t', "upper({t})"},
    {'t', "lower({t})"},
    {'t', "trim({t})"},
    {'t', "substring({t}, {b}, {b})"},
    {'t', "replace({t}, {t}, {t})"},
    {'t', "CAST({A} AS STRING)"},
    {'t', "coalesce({t}, {A})"},
    {'t', "CASE WHEN {o} THEN {t} WHEN {o} THEN {t} END"},
    {'t', "date_format({m}, 'yyyy-MM-dd HH:mm:ss.SSS')"},
    {'t', "{Ts}[0]"},
    {'t', "array_join({Ts}, '-')"},
    {'t', "regexp_replace({t}, '[a-c]+', '_')"},
    {'t', "nullif({t}, {t})"},
    {'o', "({N} = {N})"},
    {'o', "({N} < {N})"},
    {'o', "({N} >= {N})"},
    {
        'o',
        "({A} <=> {A})",
    },
    {'o', "({t} = {t})"},
    {'o', "({t} < {t})"},
    {'o', "({y} <= {m})"},
    {'o', "({o} AND {o})"},
    {'o', "({o} OR {o} OR {o})"},
    {'o', "(NOT {o})"},
    {'o', "({A} IS NULL)"},
    {'o', "({A} IS NOT NULL)"},
    {'o', "({i} IN ({i}, {i}, 7, NULL))"},
    {'o', "({d} BETWEEN {d} AND {d})"},
    {'o', "({t} LIKE '%a%')"},
    {'o', "({t} RLIKE '^[0-9]+$')"},
    {'o', "array_contains({Ls}, {i})"},
    {'o', "exists({Ls}, x -> x > {i})"},
    {'o', "CAST({t} AS BOOLEAN)"},
    {'o', "CAST({N} AS BOOLEAN)"},
    {'o', "({Ls} = {Ls})"},
    {'y', "date_add({y}, {b})"},
    {'y', "({y} - {b})"},
    {'y', "CAST({t} AS DATE)"},
    {'y', "CAST({m} AS DATE)"},
    {'y', "last_day({y})"},
    {'y', "trunc({y}, 'month')"},
    {'y', "add_months({y}, {b})"},
    {'y', "if({o}, {y}, {y})"},
    {'m', "CAST({y} AS TIMESTAMP)"},
    {'m', "date_trunc('hour', {m})"},
    {'m', "({m} + INTERVAL 1 DAY)"},
    {'m', "coalesce({m}, {y})"},
    {'c', "({c} + {c})"},
    {'c', "({c} * {b})"},
    {'c', "({c} / {i})"},
    {'c', "({c} - {i})"},
    {'c', "({c} % {c})"},
    {'c', "CAST({N} AS DECIMAL(10,2))"},
    {'c', "round({c}, 1)"},
    {'c', "if({o}, {c}, 1.5)"},
    {'L', "filter({Ls}, x -> x > {i})"},
    {'L', "filter({Ls}, x -> x IS NOT NULL AND {o})"},
    {'L', "transform({Ls}, x -> x + {i})"},
    {'L', "array({i}, {i})"},
    {'L', "array_distinct({Ls})"},
    {'L', "sort_array({Ls})"},
    {'L', "concat({Ls}, {Ls})"},
    {'L', "slice({Ls}, 1, 2)"},
    {'L', "array_union({Ls}, {Ls})"},
    {'T', "split({t}, ',')"},
    {'T', "filter({Ts}, x -> x LIKE {t})"},
    {'T', "transform({Ts}, x -> concat(x, {t}))"},
    {'T', "array({t}, {A})"},
};
#define FORM_COUNT (sizeof forms / sizeof *forms)

static char pick(test_random *r, const char *letters)
{
  return letters[test_random_in(r, 0, (int64_t)strlen(letters) - 1)];
}

static void add_leaf(test_random *r, char kind, gn_buf *out)
{
  static const struct {
    char kind;
    const char *literals[6];
  } rows[] = {{'b', {"1Y", "-128Y", "NULL"}},
              {'s', {"3S", "32767S"}},
              {'i', {"0", "1", "-7", "2147483647", "NULL"}},
              {'l', {"5L", "-9223372036854775808L", "1000000000000"}},
              {'f', {"1.5F", "CAST('NaN' AS FLOAT)"}},
              {'d', {"0.0D", "2.5D", "-1e-5", "CAST('Infinity' AS DOUBLE)"}},
              {'t', {"''", "'abc'", "'12'", "'\xc3\x89'", "NULL"}},
              {'o', {"true", "false", "NULL"}},
              {'y', {"DATE '2024-02-29'", "DATE '1969-12-31'"}},
              {'m', {"TIMESTAMP '2024-02-29 12:34:56.789'"}},
              {'c', {"1.50", "-12345.67", "0.01"}},
              {'L', {"array(1, NULL, 3)"}},
              {'T', {"array('a', NULL)"}}};
  if (test_random_chance(r, 0.25)) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      if (rows[i].kind != kind) continue;
      int64_t count = 0;
      while (count < 6 && rows[i].literals[count]) count++;
      gni_buf_add_text(out, rows[i].literals[test_random_in(r, 0, count - 1)]);
      return;
    }
  }
  gni_buf_add_format(out, "%c%d%s", kind, (int)test_random_in(r, 1, 2), kind < 'a' ? "s" : "");
}

static void add_tree(test_random *r, char kind, int depth, gn_buf *out)
{
  if (kind == 'N') kind = pick(r, "bsilfdc");
  if (kind == 'A') kind = pick(r, "bilfdtoymcL");
  if (depth == 0 || test_random_chance(r, 0.2)) {
    add_leaf(r, kind, out);
    return;
  }
  size_t chosen;
  do chosen = (size_t)test_random_in(r, 0, FORM_COUNT - 1);
  while (forms[chosen].result != kind);
  for (const char *p = forms[chosen].text; *p; p++) {
    if (*p != '{') {
      gni_buf_add_char(out, *p);
      continue;
    }
    add_tree(r, p[1], depth - 1, out);
    p = strchr(p, '}');
  }
}

static const char *make_tree(test_random *r, gn_buf *out)
{
  gni_buf_reset(out);
  add_tree(r, pick(r, "bsilfdtoymcLT"), (int)test_random_in(r, 1, DEPTH_MAX), out);
  return gni_str_take(&arena, gni_buf_view(out)).ptr;
}

/* ---- the law --------------------------------------------------------------------------------- */

static gn_buf text;

static void close_all(void *what)
{
  (void)what;
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
}

static void open_all(void)
{
  gni_arena_init(&arena, &gni_libc_alloc, (size_t)2 << 30);
  gni_buf_init(&text, &gni_libc_alloc, 1 << 20);
  test_later(close_all, NULL);
}

static void report(const char *what, int64_t trees, int64_t typed, int64_t cells, int64_t native)
{
  fprintf(stderr,
          "# %s: %lld trees, %lld of them type, %lld cells equal, %lld in DuckDB's own words\n",
          what, (long long)trees, (long long)typed, (long long)cells, (long long)native);
}

static void without_ansi(void)
{
  int64_t typed = 0, cells = 0, native = 0, trees = TREES * test_effort();
  open_all();
  test_random r = test_random_new(1);
  both_table *table = make_table(&r);
  for (int64_t done = 0; done < trees; done += BATCH) {
    const char *batch[BATCH];
    both_answer answers[BATCH];
    for (size_t i = 0; i < BATCH; i++) batch[i] = make_tree(&r, &text);
    both_compare_many(table, batch, BATCH, answers);
    for (size_t i = 0; i < BATCH; i++) {
      if (answers[i].refused) continue;
      typed++;
      cells += answers[i].cells;
      native += answers[i].native;
      if (answers[i].differs[0])
        test_fail(__FILE__, __LINE__, "%s\n  %s", batch[i], answers[i].differs);
    }
  }
  report("without ANSI", trees, typed, cells, native);
  CHECK(typed > trees * 6 / 10);
}

static void with_ansi(void)
{
  int64_t typed = 0, cells = 0, native = 0, trees = ANSI_TREES * test_effort();
  open_all();
  test_random r = test_random_new(2);
  both_table *table = make_table(&r);
  for (int64_t done = 0; done < trees; done++) {
    const char *tree = make_tree(&r, &text);
    both_answer answer = both_compare(table, tree, true);
    if (answer.refused) continue;
    typed++;
    cells += answer.cells;
    native += answer.native;
    if (answer.differs[0]) test_fail(__FILE__, __LINE__, "%s\n  %s", tree, answer.differs);
  }
  report("under ANSI", trees, typed, cells, native);
  CHECK(typed > trees * 4 / 10);
}

/* ---- trees to ask Spark ---------------------------------------------------------------------- */

static void add_literal(gn_buf *out, const gni_type *type, const gni_value *value)
{
  if (value->is_null) {
    gni_buf_add_text(out, "NULL");
  } else if (type->kind == GNI_LIST) {
    gni_buf_add_text(out, "array(");
    for (size_t i = 0; i < value->list.count; i++) {
      if (i) gni_buf_add_text(out, ", ");
      add_literal(out, type->fields[0].type, &value->list.items[i]);
    }
    gni_buf_add_char(out, ')');
  } else if (type->kind == GNI_STRING) {
    gni_buf_add_format(out, "'%.*s'", GN_STR_ARGS(value->text));
  } else if (type->kind == GNI_BOOLEAN) {
    gni_buf_add_text(out, value->boolean ? "true" : "false");
  } else if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE) {
    gni_buf_add_format(out, "'%.17g'", value->real);
  } else if (type->kind == GNI_DATE) {
    gni_buf_add_format(out, "date_from_unix_date(%lld)", (long long)value->integer);
  } else if (type->kind == GNI_TIMESTAMP) {
    gni_buf_add_format(out, "timestamp_micros(%lld)", (long long)value->integer);
  } else if (type->kind == GNI_DECIMAL) {
    gni_buf_add_format(out, "CAST(%lld AS DECIMAL(20,0)) / 100", (long long)value->decimal.low);
  } else {
    gni_buf_add_format(out, "'%lld'", (long long)value->integer);
  }
}

/* A line a column (name, type, a literal a row), then a line a tree; read by trees.py. */
static void print_trees(int64_t count)
{
  open_all();
  test_random r = test_random_new(3);
  both_table *table = make_table(&r);
  for (size_t i = 0; i < COLUMNS; i++) {
    const gni_field *field = &table->schema->fields[i];
    printf("%.*s\t%s", GN_STR_ARGS(field->name), kinds[i / 2].type);
    for (size_t k = 0; k < ROWS; k++) {
      gni_buf_reset(&text);
      add_literal(&text, field->type, &table->rows[k][i]);
      printf("\t%s", text.ptr);
    }
    putchar('\n');
  }
  for (int64_t i = 0; i < count; i++) printf("%s\n", make_tree(&r, &text));
}

static void print_some(void)
{
  int64_t count = 0;
  CHECK_INT(gni_parse_int64(gni_str(getenv("GN_TREES")), &count), GN_OK);
  print_trees(count);
}

int main(void)
{
  static const test_case printing[] = {{"random expressions, printed", print_some}};
  if (getenv("GN_TREES")) return test_main(printing, 1);
  static const test_case cases[] = {
      {"random expressions: the evaluator and DuckDB agree without ANSI", without_ansi},
      {"random expressions: the evaluator and DuckDB agree under ANSI", with_ansi},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
