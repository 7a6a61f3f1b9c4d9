/* A real Spark's recorded answers, against the evaluator and against DuckDB.
 * tests/golden/expr/record.py says what the files hold. SPDX-License-Identifier: Apache-2.0 */
#include "both.h"
#include "recorded.h"

#include <stdio.h>

#include "wire/wire.h"

#define ROWS_MAX 64 /* as in record.py */
#define INPUTS_MAX 8

typedef struct tally {
  int64_t cases, cells, wrong, missing, unsupported, native;
} tally;

static double real_tolerance; /* relative; of the mathematical functions, 0 for all others */
static gn_arena lists_arena, case_arena;

static void close_arenas(void *what)
{
  (void)what;
  gni_arena_deinit(&lists_arena);
  gni_arena_deinit(&case_arena);
}

static gn_str text_of(const gni_json *node)
{
  return node->text;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

typedef struct input {
  const gni_type *type;
  gni_value *values;
  size_t count;
} input;

static input read_input(const gni_json *lists, gn_str name)
{
  input in = {0};
  gn_error err = {0};
  gn_str terminated = gni_str_take(&lists_arena, name);
  const gni_json *list = gni_json_member(lists, terminated.ptr);
  CHECK(list != NULL);
  CHECK_OK(gni_type_parse(text_of(&list->list.items[0]), &lists_arena, &in.type, &err), &err);
  in.count = list->list.count - 1;
  in.values = GN_TAKE(&lists_arena, gni_value, in.count);
  for (size_t i = 0; i < in.count; i++)
    in.values[i] = recorded_literal(text_of(&list->list.items[i + 1]), in.type, &lists_arena);
  return in;
}

typedef struct given {
  const gni_type *schema;
  const gni_value **rows;
  size_t count, inputs;
} given;

/* All combinations, the last input changing fastest, or ROWS_MAX spread evenly. */
static given make_rows(const gni_json *lists, const gni_json *names)
{
  input in[INPUTS_MAX];
  gni_field fields[INPUTS_MAX];
  given g = {.inputs = names->list.count};
  size_t total = 1;
  for (size_t i = 0; i < g.inputs; i++) {
    in[i] = read_input(lists, text_of(&names->list.items[i]));
    fields[i] = (gni_field){gni_str_format(&case_arena, "%c", (char)('a' + i)), in[i].type};
    total *= in[i].count;
  }
  g.schema = gni_type_struct(&case_arena, GN_STR(""), fields, g.inputs);
  g.count = total > ROWS_MAX ? ROWS_MAX : total;
  g.rows = GN_TAKE(&case_arena, const gni_value *, g.count);
  for (size_t r = 0; r < g.count; r++) {
    size_t at = total > ROWS_MAX ? r * total / ROWS_MAX : r;
    gni_value *row = GN_TAKE(&case_arena, gni_value, g.inputs + 1);
    for (size_t i = g.inputs; i-- > 0; at /= in[i].count) row[i] = in[i].values[at % in[i].count];
    g.rows[r] = row;
  }
  return g;
}

/* ---- one case -------------------------------------------------------------------------------- */

static gn_str json_text(const gni_json *node)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  gni_json_write(node, &buf);
  gn_str text = gni_str_take(&case_arena, gni_buf_view(&buf));
  gni_buf_deinit(&buf);
  return text;
}

static gn_str value_text(const gni_type *type, const gni_value *value)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  gni_value_to_json(type, value, &buf);
  gn_str text = gni_str_take(&case_arena, gni_buf_view(&buf));
  gni_buf_deinit(&buf);
  return text;
}

static gn_str row_text(const given *g, size_t row)
{
  const gni_value all = {.list = {g->rows[row], g->inputs}};
  return value_text(g->schema, &all);
}

typedef struct mode {
  const given *g;
  const gni_bound *bound;
  const char *text;
  const gni_json *answer;
  bool ansi;
  tally *sum;
  int shown;
} mode;

static void complain(mode *m, const char *format, ...) GN_PRINTF(2, 3);

static void complain(mode *m, const char *format, ...)
{
  va_list args;
  m->sum->wrong++;
  if (m->shown++ >= 3) return;
  fprintf(stderr, "# %s%s\n#   ", m->text, m->ansi ? "  (ANSI)" : "");
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
}

static void check_type(mode *m)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 4096);
  gni_type_format(gni_bound_type(m->bound), &buf);
  const gni_json *type = gni_json_member(m->answer, "type");
  if (!gni_str_equal(type->text, gni_buf_view(&buf)))
    complain(m, "our type is %s, Spark's %.*s", buf.ptr, GN_STR_ARGS(type->text));
  gni_buf_deinit(&buf);
}

static void check_rows(mode *m)
{
  const gni_type *type = gni_bound_type(m->bound);
  const gni_json *out = gni_json_member(m->answer, "out");
  for (size_t r = 0; r < m->g->count && r < out->list.count; r++) {
    const gni_json *expected = &out->list.items[r];
    gni_value value;
    gn_error err = {0};
    int rc = gni_bound_eval(m->bound, m->g->rows[r], &case_arena, &value, &err);
    m->sum->cells++;
    bool fails = expected->kind == GNI_JSON_OBJECT;
    if (rc == GN_E_UNSUPPORTED) { /* said plainly, so no silent difference */
      m->sum->unsupported++;
      continue;
    }
    if (rc == GN_OK ? !fails && recorded_same(expected, type, &value, real_tolerance) : fails)
      continue;
    complain(m, "%.*s gave %.*s, Spark %.*s", GN_STR_ARGS(row_text(m->g, r)),
             GN_STR_ARGS(rc == GN_OK ? value_text(type, &value) : gni_str(err.message)),
             GN_STR_ARGS(json_text(expected)));
  }
}

static void check_mode(both_table *table, const given *g, const char *text, const gni_json *answer,
                       bool ansi, tally *sum)
{
  mode m = {.g = g, .text = text, .answer = answer, .ansi = ansi, .sum = sum};
  gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
  const gni_expr *tree;
  gn_error err = {0};
  const gni_json *refused = gni_json_member(answer, "refused");
  sum->cases++;
  int rc = gni_expr_parse(gni_str(text), &case_arena, &tree, NULL, &err);
  if (rc == GN_OK) rc = gni_expr_bind(tree, g->schema, &options, &case_arena, &m.bound, NULL, &err);
  if (rc == GN_OK && refused) {
    complain(&m, "Spark refuses it: %.*s", GN_STR_ARGS(refused->text));
    return;
  }
  if (refused) return;
  if (rc == GN_E_UNSUPPORTED) {
    sum->missing++;
    fprintf(stderr, "# missing: %s%s: %s\n", text, ansi ? "  (ANSI)" : "", err.message);
    return;
  }
  if (rc != GN_OK && ansi && recorded_fails(answer)) return; /* a constant that fails */
  if (rc != GN_OK) {
    complain(&m, "refused: %s: %s", err.where, err.message);
    return;
  }
  check_type(&m);
  check_rows(&m);
  both_answer both = both_compare(table, text, ansi);
  sum->native += both.native;
  if (both.differs[0]) complain(&m, "%s", both.differs);
}

static void check_case(const gni_json *lists, const gni_json *line, tally *sum)
{
  gni_arena_reset(&case_arena);
  given g = make_rows(lists, gni_json_member(line, "in"));
  const char *text = gni_str_take(&case_arena, gni_json_member(line, "e")->text).ptr;
  both_table *table = both_shared(g.schema, g.rows, g.count);
  check_mode(table, &g, text, gni_json_member(line, "plain"), false, sum);
  check_mode(table, &g, text, gni_json_member(line, "ansi"), true, sum);
}

/* ---- a family -------------------------------------------------------------------------------- */

static void check_family(const char *family)
{
  gn_error err = {0};
  gn_buf file;
  gn_str rest, line;
  tally sum = {0};
  const gni_json *header, *node;
  char name[64];
  gni_arena_init(&lists_arena, &gni_libc_alloc, (size_t)1 << 30);
  gni_arena_init(&case_arena, &gni_libc_alloc, (size_t)1 << 30);
  test_later(close_arenas, NULL);
  real_tolerance = strcmp(family, "math") == 0 ? 4.5e-16 : 0;
  snprintf(name, sizeof name, "expr/%s.jsonl", family);
  gni_buf_init(&file, &gni_libc_alloc, 64 << 20);
  CHECK_OK(gni_file_read(test_golden(name), &file, &err), &err);
  rest = gni_buf_view(&file);
  CHECK(gni_str_split(&rest, '\n', &line));
  CHECK_OK(gni_json_parse(line, 16, &lists_arena, &header, &err), &err);
  while (gni_str_split(&rest, '\n', &line)) {
    if (!line.len) continue;
    CHECK_OK(gni_json_parse(line, 32, &lists_arena, &node, &err), &err);
    check_case(gni_json_member(header, "lists"), node, &sum);
  }
  gni_buf_deinit(&file);
  fprintf(
      stderr,
      "# %s: %lld cases, %lld cells compared with Spark, %lld different, %lld refused, %lld cases "
      "missing, %lld in DuckDB's own words\n",
      family, (long long)sum.cases, (long long)sum.cells, (long long)sum.wrong,
      (long long)sum.unsupported, (long long)sum.missing, (long long)sum.native);
  CHECK_INT(sum.wrong, 0);
}

#define FAMILY(name)                                                                               \
  static void family_##name(void)                                                                  \
  {                                                                                                \
    check_family(#name);                                                                           \
  }
#define FAMILIES(X)                                                                                \
  X(arithmetic)                                                                                    \
  X(array)                                                                                         \
  X(bytes)                                                                                         \
  X(cast)                                                                                          \
  X(comparison)                                                                                    \
  X(conditional)                                                                                   \
  X(datetime)                                                                                      \
  X(hash)                                                                                          \
  X(json)                                                                                          \
  X(math)                                                                                          \
  X(regex)                                                                                         \
  X(string)                                                                                        \
  X(url)
FAMILIES(FAMILY)

int main(void)
{
  static const test_case cases[] = {
#define ROW(name) {"Spark's answers: " #name, family_##name},
      FAMILIES(ROW)
#undef ROW
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
