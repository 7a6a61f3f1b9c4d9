/* Statements of Spark SQL, emitted for DuckDB, against a real Spark's recorded answers.
 * tests/golden/expr/record_query.py says what the file holds. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/query.h"
#include "expr/tree.h"

#include <stdio.h>

#include "engine/engine.h"
#include "kit/kit.h"
#include "recorded.h"

typedef struct table {
  gn_str name;
  gni_query_table made;
} table;

typedef struct bench {
  gn_arena arena;
  gni_engine *engine;
  table tables[16];
  size_t table_count;
  int64_t statements, compared, refused, unsupported, wrong;
  int64_t tighter; /* columns that cannot be null, though Spark does not know */
} bench;

static bench b;

static void close_bench(void *what)
{
  (void)what;
  gni_engine_close(b.engine);
  gni_arena_deinit(&b.arena);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int find_table(void *user, gn_str name, gn_arena *arena, gni_query_table *out, gn_error *err)
{
  (void)user, (void)arena;
  for (size_t i = 0; i < b.table_count; i++)
    if (gnp_same_word(b.tables[i].name, name)) {
      *out = b.tables[i].made;
      return GN_OK;
    }
  return gni_fail(err, GN_E_NOTFOUND, "no table is called '%.*s'", GN_STR_ARGS(name));
}

static const gni_query_tables_of tables = {.find = find_table};

static int call_body(const void *user, const gni_value *args, gn_arena *arena, gni_value *out,
                     gn_error *err)
{
  return gni_bound_eval(user, args, arena, out, err);
}

static int add_functions(const gni_expr_functions *functions, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < functions->count; i++) {
    const gni_expr_function *f = &functions->list[i];
    gni_engine_function function = {.name = f->name,
                                    .inputs = f->inputs,
                                    .output = gni_bound_type(f->body),
                                    .call = call_body,
                                    .user = f->body};
    rc = gni_engine_add_function(b.engine, &function, err);
  }
  return rc;
}

/* A statement as a relation and its SQL. */
static int prepare(gn_str text, bool ansi, const gni_relation **relation, gn_buf *sql,
                   gn_error *err)
{
  gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
  gni_expr_functions functions = {.arena = &b.arena};
  gni_query_text filled;
  const gni_query *query;
  int rc = gni_query_fill(text, NULL, &b.arena, &filled, NULL, err);
  if (rc == GN_OK) rc = gni_query_parse(&filled, &b.arena, &query, NULL, err);
  if (rc == GN_OK) rc = gni_query_bind(query, &tables, &options, &b.arena, relation, NULL, err);
  if (rc == GN_OK) rc = gni_relation_to_duckdb(*relation, &functions, sql, err);
  return rc == GN_OK ? add_functions(&functions, err) : rc;
}

/* The table's own statement goes through the same door; SELECT * FROM it is among the cases. */
static void make_table(gn_str name, gn_str statement)
{
  const gni_relation *relation;
  gn_error err = {0};
  gn_buf sql;
  gni_buf_init(&sql, &gni_libc_alloc, 1 << 20);
  CHECK_OK(prepare(statement, false, &relation, &sql, &err), &err);
  gn_str create =
      gni_str_format(&b.arena, "CREATE TABLE \"%.*s\" AS %s", GN_STR_ARGS(name), sql.ptr);
  CHECK_OK(gni_engine_exec(b.engine, create, &err), &err);
  CHECK(b.table_count < sizeof b.tables / sizeof *b.tables);
  table *made = &b.tables[b.table_count++];
  made->name = name;
  made->made.type = gni_relation_type(relation);
  made->made.sql = gni_str_format(&b.arena, "\"%.*s\"", GN_STR_ARGS(name));
  gni_buf_deinit(&sql);
}

static void open_bench(const gni_json *header)
{
  gn_error err = {0};
  gni_engine_config config = {.threads = 1, .memory_bytes = INT64_C(1) << 30};
  CHECK_OK(gni_engine_open("duckdb", &config, &b.engine, &err), &err);
  CHECK_OK(gni_engine_exec(b.engine, gni_str(gni_expr_duckdb_setup()), &err), &err);
  const gni_json *list = gni_json_member(header, "tables");
  for (size_t i = 0; i < list->list.count; i++)
    make_table(list->list.keys[i].text, list->list.items[i].text);
}

/* ---- one statement --------------------------------------------------------------------------- */

typedef struct trial {
  const char *text;
  bool ansi;
  const gni_relation *relation;
  const gni_json *answer;
  bool *taken; /* rows of the answer that were met */
  size_t row_count;
  char differs[1024];
} trial;

static void differ(trial *t, const char *format, ...) GN_PRINTF(2, 3);

static void differ(trial *t, const char *format, ...)
{
  va_list args;
  if (t->differs[0]) return;
  va_start(args, format);
  vsnprintf(t->differs, sizeof t->differs, format, args);
  va_end(args);
}

static void check_columns(trial *t)
{
  const gni_json *columns = gni_json_member(t->answer, "columns");
  if (columns->list.count != gni_relation_width(t->relation)) {
    differ(t, "%zu columns, Spark has %zu", gni_relation_width(t->relation), columns->list.count);
    return;
  }
  for (size_t i = 0; i < columns->list.count; i++) {
    const gni_json *column = &columns->list.items[i];
    gni_query_column ours = gni_relation_column(t->relation, i);
    gn_str name = column->list.items[0].text, type = column->list.items[1].text;
    gn_buf buf;
    gni_buf_init(&buf, &gni_libc_alloc, 1 << 16);
    gni_type_format(ours.type, &buf);
    if (!gni_str_equal(name, ours.name))
      differ(t, "column %zu is called '%.*s', Spark says '%.*s'", i, GN_STR_ARGS(ours.name),
             GN_STR_ARGS(name));
    bool null_type = ours.type->kind == GNI_NULL && gni_str_is(type, "void");
    if (!null_type && !gni_str_equal(type, gni_buf_view(&buf)))
      differ(t, "column %zu is a %s, Spark says %.*s", i, buf.ptr, GN_STR_ARGS(type));
    b.tighter += !ours.nullable && column->list.items[2].boolean;
    gni_buf_deinit(&buf);
  }
}

static bool same_row(const trial *t, const gni_json *expected, const gni_value *row)
{
  const gni_type *type = gni_relation_type(t->relation);
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!recorded_same(&expected->list.items[i], type->fields[i].type, &row[i], 1e-13))
      return false;
  return true;
}

static int check_row(void *user, const gni_value *row, size_t count)
{
  trial *t = user;
  const gni_json *rows = gni_json_member(t->answer, "rows");
  bool ordered = gni_relation_ordered(t->relation);
  for (size_t i = 0; i < count; i++)
    if (row[i].is_null && !gni_relation_column(t->relation, i).nullable)
      differ(t, "column %zu is null, which we said it cannot be", i);
  size_t from = ordered ? t->row_count : 0, to = ordered ? from + 1 : rows->list.count;
  t->row_count++;
  for (size_t i = from; i < to && i < rows->list.count; i++) {
    if (t->taken[i] || !same_row(t, &rows->list.items[i], row)) continue;
    t->taken[i] = true;
    return GN_OK;
  }
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  const gni_value all = {.list = {row, count}};
  gni_value_to_json(gni_relation_type(t->relation), &all, &buf);
  differ(t, "row %zu is not Spark's: %.600s", t->row_count - 1, buf.ptr);
  gni_buf_deinit(&buf);
  return GN_OK;
}

static void run(trial *t, gn_str sql)
{
  gn_error err = {0};
  const gni_json *rows = gni_json_member(t->answer, "rows");
  const gni_json *error = gni_json_member(t->answer, "error");
  t->taken = GN_TAKE_ZERO(&b.arena, bool, rows ? rows->list.count + 1 : 1);
  if (rows) {
    int rc = gni_engine_each_row(b.engine, sql, check_row, t, &err);
    if (rc != GN_OK) differ(t, "the engine fails: %.700s", err.message);
    if (t->row_count != rows->list.count)
      differ(t, "%zu rows, Spark has %zu", t->row_count, rows->list.count);
    return;
  }
  struct ArrowArrayStream stream;
  struct ArrowArray batch = {0};
  int rc = gni_engine_query(b.engine, sql, &stream, &err);
  while (rc == GN_OK && (rc = gni_stream_next(&stream, &batch, &err)) == GN_OK && batch.release)
    gni_array_close(&batch);
  gni_stream_close(&stream);
  if (rc == GN_OK) differ(t, "Spark fails with %.*s", GN_STR_ARGS(error->text));
}

static void check_mode(gn_str text, const gni_json *answer, bool ansi)
{
  trial t = {.answer = answer, .ansi = ansi};
  gn_error err = {0};
  gn_buf sql;
  gni_buf_init(&sql, &gni_libc_alloc, 16 << 20);
  b.statements++;
  int rc = prepare(text, ansi, &t.relation, &sql, &err);
  const gni_json *refused = gni_json_member(answer, "refused");
  if (refused) {
    b.refused++;
    if (rc == GN_OK) differ(&t, "Spark refuses it: %.*s", GN_STR_ARGS(refused->text));
  } else if (rc == GN_E_UNSUPPORTED) {
    b.unsupported++;
    fprintf(stderr, "# refused: %.*s: %s: %s\n", GN_STR_ARGS(text), err.where, err.message);
  } else if (rc != GN_OK) {
    differ(&t, "refused: %s: %s", err.where, err.message);
  } else {
    b.compared++;
    check_columns(&t);
    run(&t, gni_buf_view(&sql));
  }
  if (t.differs[0]) {
    b.wrong++;
    fprintf(stderr, "# %.*s%s\n#   %s\n#   %s\n", GN_STR_ARGS(text), ansi ? "  (ANSI)" : "",
            t.differs, sql.ptr ? sql.ptr : "");
  }
  gni_buf_deinit(&sql);
}

static void statements_answer_as_in_spark(void)
{
  gn_error err = {0};
  gn_buf file;
  gn_str rest, line;
  const gni_json *node;
  gni_arena_init(&b.arena, &gni_libc_alloc, (size_t)1 << 30);
  test_later(close_bench, NULL);
  gni_buf_init(&file, &gni_libc_alloc, 64 << 20);
  CHECK_OK(gni_file_read(test_golden("expr/query.jsonl"), &file, &err), &err);
  rest = gni_str_take(&b.arena, gni_buf_view(&file));
  gni_buf_deinit(&file);
  CHECK(gni_str_split(&rest, '\n', &line));
  CHECK_OK(gni_json_parse(line, 16, &b.arena, &node, &err), &err);
  open_bench(node);
  while (gni_str_split(&rest, '\n', &line)) {
    if (!line.len) continue;
    CHECK_OK(gni_json_parse(line, 32, &b.arena, &node, &err), &err);
    gn_str text = gni_json_member(node, "q")->text;
    const gni_json *plain = gni_json_member(node, "plain"), *ansi = gni_json_member(node, "ansi");
    check_mode(text, plain, false);
    check_mode(text, ansi->kind == GNI_JSON_TEXT ? plain : ansi, true);
  }
  fprintf(stderr,
          "# %lld statements: %lld compared with Spark, %lld different; Spark refuses %lld, we "
          "refuse %lld more; %lld columns less nullable than Spark's\n",
          (long long)b.statements, (long long)b.compared, (long long)b.wrong, (long long)b.refused,
          (long long)b.unsupported, (long long)b.tighter);
  CHECK_INT(b.wrong, 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"statements answer as in Spark, or are refused", statements_answer_as_in_spark},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
