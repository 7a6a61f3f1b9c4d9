/* SPDX-License-Identifier: Apache-2.0 */
#include "both.h"

#include <stdio.h>

#include "wire/wire.h"

/* ---- the table ------------------------------------------------------------------------------- */

struct source {
  const gni_type *structure;
  both_table *table;
  bool done;
};

/* All rows as one batch, with their number in front. */
static int next_batch(void *user, struct ArrowArray *out, gn_error *err)
{
  struct source *source = user;
  gni_builder *builder;
  gni_value cells[65];
  out->release = NULL;
  if (source->done) return GN_OK;
  source->done = true;
  int rc = gni_builder_new(source->structure, &gni_libc_alloc, &builder, err);
  for (size_t i = 0; rc == GN_OK && i < source->table->count; i++) {
    cells[0] = gni_value_integer((int64_t)i);
    memcpy(cells + 1, source->table->rows[i],
           source->table->schema->field_count * sizeof(gni_value));
    rc = gni_builder_add(builder, cells, err);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, out, err);
  gni_builder_free(builder);
  return rc;
}

static void close_table(void *what)
{
  both_table *table = what;
  gni_engine_close(table->engine);
  gni_arena_deinit(&table->arena);
  gni_free(&gni_libc_alloc, table, sizeof *table);
}

static void fill_engine(both_table *table)
{
  gn_error err = {0};
  gni_field fields[65] = {{GN_STR("gn_row"), &gni_type_long}};
  struct ArrowArrayStream stream;
  CHECK(table->schema->field_count < 65);
  memcpy(fields + 1, table->schema->fields, table->schema->field_count * sizeof *fields);
  struct source source = {.table = table};
  source.structure =
      gni_type_struct(&table->arena, GN_STR(""), fields, table->schema->field_count + 1);
  CHECK_OK(
      gni_stream_new(source.structure, next_batch, NULL, &source, &gni_libc_alloc, &stream, &err),
      &err);
  CHECK_OK(gni_engine_detach(table->engine, GN_STR("given"), &err), &err);
  CHECK_OK(gni_engine_attach(table->engine, GN_STR("given"), &stream, &err), &err);
  CHECK_OK(gni_engine_exec(table->engine,
                           GN_STR("CREATE OR REPLACE TABLE t AS SELECT * FROM given"), &err),
           &err);
}

static both_table *open_engine(void)
{
  gn_error err = {0};
  both_table *table = gni_alloc_zero(&gni_libc_alloc, sizeof *table);
  gni_engine_config config = {.threads = 1, .memory_bytes = INT64_C(1) << 30};
  gni_arena_init(&table->arena, &gni_libc_alloc, (size_t)1 << 30);
  test_later(close_table, table);
  CHECK_OK(gni_engine_open("duckdb", &config, &table->engine, &err), &err);
  CHECK_OK(gni_engine_exec(table->engine, gni_str(gni_expr_duckdb_setup()), &err), &err);
  return table;
}

static both_table *fill(both_table *table, const gni_type *schema, const gni_value *const *rows,
                        size_t count)
{
  table->schema = schema;
  table->rows = rows;
  table->count = count;
  fill_engine(table);
  return table;
}

both_table *both_open(const gni_type *schema, const gni_value *const *rows, size_t count)
{
  return fill(open_engine(), schema, rows, count);
}

static both_table *shared;

static void forget_shared(void *what)
{
  (void)what;
  shared = NULL;
}

/* The arena is kept: functions that DuckDB knows have their trees in it. */
both_table *both_shared(const gni_type *schema, const gni_value *const *rows, size_t count)
{
  if (!shared) {
    shared = open_engine();
    test_later(forget_shared, NULL);
  }
  return fill(shared, schema, rows, count);
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct comparison {
  both_table *table;
  const gni_bound *bound;
  gni_value *expected; /* one a row */
  const gn_error *failures;
  both_answer *answer;
  size_t row;
  bool ansi;
};

static gn_str show(both_table *table, const gni_type *type, const gni_value *value)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  if (type->kind == GNI_DECIMAL && !value->is_null)
    gni_buf_add_format(&buf, "%lld:%llu", (long long)value->decimal.high,
                       (unsigned long long)value->decimal.low);
  else if ((type->kind == GNI_DOUBLE || type->kind == GNI_FLOAT) && !value->is_null)
    gni_buf_add_format(&buf, "%.17g", value->real);
  else
    gni_value_to_json(type, value, &buf);
  gn_str text = gni_str_take(&table->arena, gni_buf_view(&buf));
  gni_buf_deinit(&buf);
  return text;
}

static bool same_value(const gni_type *type, const gni_value *a, const gni_value *b)
{
  return gni_value_equal(type, a, b);
}

static int check_row(void *user, const gni_value *row, size_t count)
{
  struct comparison *c = user;
  (void)count;
  const gni_type *type = gni_bound_type(c->bound);
  const gni_value *expected = &c->expected[c->row];
  c->answer->cells++;
  if (!same_value(type, &row[0], expected) && !c->answer->differs[0]) {
    gn_str ours = show(c->table, type, expected), theirs = show(c->table, type, &row[0]);
    snprintf(c->answer->differs, sizeof c->answer->differs, "row %zu: evaluator %.*s, DuckDB %.*s",
             c->row, GN_STR_ARGS(ours), GN_STR_ARGS(theirs));
  }
  c->row++;
  return GN_OK;
}

static int call_body(const void *user, const gni_value *args, gn_arena *arena, gni_value *out,
                     gn_error *err)
{
  return gni_bound_eval(user, args, arena, out, err);
}

static int add_functions(both_table *table, const gni_expr_functions *functions, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < functions->count; i++) {
    const gni_expr_function *f = &functions->list[i];
    gni_engine_function function = {.name = f->name,
                                    .inputs = f->inputs,
                                    .output = gni_bound_type(f->body),
                                    .call = call_body,
                                    .user = f->body};
    rc = gni_engine_add_function(table->engine, &function, err);
  }
  return rc;
}

static void run_sql(struct comparison *c, const char *sql, bool must_fail)
{
  gn_error err = {0};
  int rc = gni_engine_each_row(c->table->engine, gni_str(sql), check_row, c, &err);
  if (must_fail && rc == GN_OK)
    snprintf(c->answer->differs, sizeof c->answer->differs,
             "row %zu: the evaluator failed (%s), DuckDB did not", c->row - 1,
             c->failures[c->row - 1].message);
  if (!must_fail && rc != GN_OK && !c->answer->differs[0])
    snprintf(c->answer->differs, sizeof c->answer->differs,
             "row %zu: DuckDB failed (%.600s), the evaluator did not", c->row, err.message);
}

/* With a failure among the rows each is run alone: DuckDB's answer ends at its first failure. */
static void run_all(struct comparison *c, const char *sql)
{
  both_table *table = c->table;
  if (!c->answer->failures && !(c->ansi && gni_bound_can_fail(c->bound))) {
    const char *all = gni_str_format(&table->arena, "SELECT %s FROM t ORDER BY gn_row", sql).ptr;
    run_sql(c, all, false);
    return;
  }
  for (size_t i = 0; i < table->count && !c->answer->differs[0]; i++) {
    bool must_fail = c->failures[i].code != GN_OK;
    c->row = i;
    run_sql(c, gni_str_format(&table->arena, "SELECT %s FROM t WHERE gn_row = %zu", sql, i).ptr,
            must_fail);
  }
}

static bool type_is(struct comparison *c, const char *sql)
{
  const gni_type *found;
  gn_error err = {0};
  const char *text = gni_str_format(&c->table->arena, "SELECT %s AS v FROM t", sql).ptr;
  int rc = gni_engine_type(c->table->engine, gni_str(text), &c->table->arena, &found, &err);
  if (rc != GN_OK) {
    snprintf(c->answer->differs, sizeof c->answer->differs, "DuckDB refuses: %.700s", err.message);
    return false;
  }
  const gni_type *wanted = gni_bound_type(c->bound);
  if (wanted->kind == GNI_NULL) wanted = &gni_type_int;
  if (gni_type_equal(found->fields[0].type, wanted)) return true;
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 4096);
  gni_type_format(wanted, &buf);
  gni_buf_add_text(&buf, ", DuckDB's is ");
  gni_type_format(found->fields[0].type, &buf);
  snprintf(c->answer->differs, sizeof c->answer->differs, "our type is %.900s", buf.ptr);
  gni_buf_deinit(&buf);
  return false;
}

static void evaluate(struct comparison *c, gn_error *failures)
{
  both_table *table = c->table;
  for (size_t i = 0; i < table->count; i++) {
    failures[i] = (gn_error){0};
    int rc = gni_bound_eval(c->bound, table->rows[i], &table->arena, &c->expected[i], &failures[i]);
    c->answer->failures += rc != GN_OK;
  }
}

/* Binds, evaluates all rows and writes the SQL; false when the expression is refused or differs
 * already. */
static bool prepare(struct comparison *c, const char *text, gn_buf *sql)
{
  both_table *table = c->table;
  gni_expr_options options = {.ansi = c->ansi, .now_us = INT64_C(1709210096789012)};
  gni_expr_functions functions = {.arena = &table->arena};
  const gni_expr *tree;
  gn_error err = {0};
  *c->answer = (both_answer){0};
  int rc = gni_expr_parse(gni_str(text), &table->arena, &tree, NULL, &err);
  if (rc == GN_OK)
    rc = gni_expr_bind(tree, table->schema, &options, &table->arena, &c->bound, NULL, &err);
  if (rc != GN_OK) {
    c->answer->refused = true;
    snprintf(c->answer->differs, sizeof c->answer->differs, "refused: %s: %s", err.where,
             err.message);
    return false;
  }
  gn_error *failures = GN_TAKE(&table->arena, gn_error, table->count);
  c->failures = failures;
  c->expected = GN_TAKE_ZERO(&table->arena, gni_value, table->count);
  evaluate(c, failures);
  rc = gni_bound_to_duckdb(c->bound, &functions, sql, &err);
  c->answer->native = functions.count == 0;
  if (rc == GN_OK) rc = add_functions(table, &functions, &err);
  if (rc != GN_OK)
    snprintf(c->answer->differs, sizeof c->answer->differs, "no SQL: %s", err.message);
  return rc == GN_OK;
}

static void add_sql(both_answer *answer, const char *sql)
{
  size_t len = strlen(answer->differs);
  snprintf(answer->differs + len, sizeof answer->differs - len, "\n  SQL: %s", sql);
}

both_answer both_compare(both_table *table, const char *text, bool ansi)
{
  both_answer answer;
  struct comparison c = {.table = table, .answer = &answer, .ansi = ansi};
  gn_buf sql;
  gni_buf_init(&sql, &gni_libc_alloc, 16 << 20);
  if (prepare(&c, text, &sql) && type_is(&c, sql.ptr)) run_all(&c, sql.ptr);
  if (answer.differs[0] && !answer.refused) add_sql(&answer, sql.ptr ? sql.ptr : "");
  gni_buf_deinit(&sql);
  return answer;
}

struct many {
  struct comparison one[BOTH_MANY_MAX];
  size_t count;
};

static int check_rows(void *user, const gni_value *row, size_t count)
{
  struct many *many = user;
  (void)count;
  for (size_t i = 0; i < many->count; i++) (void)check_row(&many->one[i], &row[i], 1);
  return GN_OK;
}

/* Those that DuckDB refuses, or that fail on a row, are asked again alone. */
void both_compare_many(both_table *table, const char *const *texts, size_t count,
                       both_answer *answers)
{
  struct many many = {.count = 0};
  gn_error err = {0};
  gn_buf all, sql;
  gni_buf_init(&all, &gni_libc_alloc, 64 << 20);
  gni_buf_init(&sql, &gni_libc_alloc, 16 << 20);
  gni_buf_add_text(&all, "SELECT ");
  for (size_t i = 0; i < count && i < BOTH_MANY_MAX; i++) {
    struct comparison *c = &many.one[many.count];
    *c = (struct comparison){.table = table, .answer = &answers[i]};
    gni_buf_reset(&sql);
    if (!prepare(c, texts[i], &sql) || answers[i].failures) continue;
    if (many.count++) gni_buf_add_text(&all, ", ");
    gni_buf_add_str(&all, gni_buf_view(&sql));
  }
  gni_buf_add_text(&all, " FROM t ORDER BY gn_row");
  int rc = many.count
               ? gni_engine_each_row(table->engine, gni_buf_view(&all), check_rows, &many, &err)
               : GN_OK;
  for (size_t i = 0; i < count; i++)
    if (!answers[i].refused && (rc != GN_OK || answers[i].failures || answers[i].differs[0]))
      answers[i] = both_compare(table, texts[i], false);
  gni_buf_deinit(&all);
  gni_buf_deinit(&sql);
}
