/* Statements without an engine: their SQL, what is refused and where, parameters, tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query.h"

#include "kit/kit.h"

static gn_arena arena;
static gn_buf answer;

static void close_all(void *what)
{
  (void)what;
  gni_arena_deinit(&arena);
  gni_buf_deinit(&answer);
}

static void open_all(void)
{
  gni_arena_init(&arena, test_alloc(), 64u << 20);
  gni_buf_init(&answer, test_alloc(), 1u << 20);
  test_later(close_all, NULL);
}

static const gni_field event_fields[] = {{{"user", 4}, &gni_type_string},
                                         {{"ts", 2}, &gni_type_long},
                                         {{"price", 5}, &gni_type_double},
                                         {{"ds", 2}, &gni_type_string}};
static const gni_type event_type = {.kind = GNI_STRUCT, .field_count = 4, .fields = event_fields};

static int find_table(void *user, gn_str name, gn_arena *own, gni_query_table *out, gn_error *err)
{
  (void)user, (void)own;
  if (!gni_str_is(name, "db.events") && !gni_str_is(name, "events"))
    return gni_fail(err, GN_E_NOTFOUND, "no table is called '%.*s'", GN_STR_ARGS(name));
  *out = (gni_query_table){.type = &event_type, .sql = GN_STR("events")};
  return GN_OK;
}

static int last_day(void *user, gn_str table, gn_arena *own, gn_str *out, gn_error *err)
{
  (void)user, (void)own;
  if (!gni_str_is(table, "db.events")) return gni_fail(err, GN_E_NOTFOUND, "no such table");
  *out = GN_STR("2024-03-09");
  return GN_OK;
}

static const gni_query_days days = {.start_date = {"2024-03-01", 10},
                                    .end_date = {"2024-03-07", 10},
                                    .latest_date = {NULL, 0},
                                    .max_date = last_day};
static const gni_query_tables_of tables = {.find = find_table};

static int translate(gn_str source, gn_arena *own, const gni_relation **relation, gn_buf *sql,
                     gni_expr_place *place, gn_error *err)
{
  gni_expr_functions functions = {.arena = own};
  gni_query_text text;
  const gni_query *query;
  int rc = gni_query_fill(source, &days, own, &text, place, err);
  if (rc == GN_OK) rc = gni_query_parse(&text, own, &query, place, err);
  if (rc == GN_OK) rc = gni_query_bind(query, &tables, NULL, own, relation, place, err);
  return rc == GN_OK ? gni_relation_to_duckdb(*relation, &functions, sql, err) : rc;
}

/* The SQL; or the failure with the carets under its place. */
static const char *result(const char *text)
{
  const gni_relation *relation;
  gni_expr_place place = {0};
  gn_error err = {0};
  open_all();
  if (translate(gni_str(text), &arena, &relation, &answer, &place, &err) == GN_OK)
    return answer.ptr;
  gni_buf_reset(&answer);
  gni_buf_add_format(&answer, "%s: %s\n", err.where, err.message);
  gni_expr_caret(gni_str(text), &place, &answer);
  return answer.ptr;
}

/* ---- SQL ------------------------------------------------------------------------------------- */

static void columns_have_numbers_of_their_own(void)
{
  CHECK_TEXT(result("SELECT user, e.ts FROM db.events e WHERE price > 1 ORDER BY ts"),
             "SELECT gn_c5 AS \"user\", gn_c6 AS \"ts\" FROM (SELECT \"gn_c1\" AS gn_c5, \"gn_c2\""
             " AS gn_c6 FROM (SELECT \"user\" AS gn_c1, \"ts\" AS gn_c2, \"price\" AS gn_c3,"
             " \"ds\" AS gn_c4 FROM events) WHERE (\"gn_c3\" > CAST('1.0' AS DOUBLE))) ORDER BY"
             " \"gn_c6\" ASC NULLS FIRST");
}

static void what_reads_no_table_is_a_statement_too(void)
{
  CHECK_TEXT(result("SELECT 1 AS one"),
             "SELECT gn_c1 AS \"one\" FROM (SELECT CAST(1 AS INTEGER) AS gn_c1 FROM (SELECT 1 AS"
             " gn_one))");
}

static void columns_are_typed_named_and_nullable_or_not(void)
{
  const gni_relation *relation;
  gn_error err = {0};
  open_all();
  CHECK_OK(translate(GN_STR("SELECT user, count(*) AS n, sum(ts) FROM events GROUP BY user"),
                     &arena, &relation, &answer, NULL, &err),
           &err);
  CHECK_INT(gni_relation_width(relation), 3);
  CHECK_STR(gni_relation_column(relation, 0).name, "user");
  CHECK_STR(gni_relation_column(relation, 1).name, "n");
  CHECK_INT(gni_relation_column(relation, 1).type->kind, GNI_LONG);
  CHECK(!gni_relation_column(relation, 1).nullable);
  CHECK_STR(gni_relation_column(relation, 2).name, "sum(ts)");
  CHECK(gni_relation_column(relation, 2).nullable);
  CHECK_INT(gni_relation_type(relation)->field_count, 3);
  CHECK(!gni_relation_ordered(relation));
}

/* ---- parameters ------------------------------------------------------------------------------ */

static void parameters_are_filled_in(void)
{
  gni_query_text text;
  gn_error err = {0};
  open_all();
  CHECK_OK(gni_query_fill(GN_STR("ds BETWEEN '{{ start_date }}' AND '{{end_date}}' OR ds = "
                                 "'{{ max_date(table=db.events, other=1) }}'"),
                          &days, &arena, &text, NULL, &err),
           &err);
  CHECK_STR(text.text, "ds BETWEEN '2024-03-01' AND '2024-03-07' OR ds = '2024-03-09'");
  CHECK(gni_query_mentions(text.source, "start_date"));
  CHECK(!gni_query_mentions(text.source, "latest_date"));
}

static void what_is_no_parameter_stays(void)
{
  gni_query_text text;
  gn_error err = {0};
  open_all();
  CHECK_OK(gni_query_fill(GN_STR("'{{' || '{ { start_date } }' || '{{ 1 + }}'"), &days, &arena,
                          &text, NULL, &err),
           &err);
  CHECK_STR(text.text, "'{{' || '{ { start_date } }' || '{{ 1 + }}'");
}

static void an_unknown_parameter_is_named(void)
{
  CHECK_TEXT(result("SELECT '{{ yesterday }}' AS d"),
             "column 9: 'yesterday' is not a parameter of a query\n"
             "  SELECT '{{ yesterday }}' AS d\n"
             "          ^^^^^^^^^^^^^^^\n");
}

static void a_parameter_without_value_is_refused(void)
{
  CHECK_TEXT(result("SELECT '{{ latest_date }}' AS d"),
             "column 9: 'latest_date' has no value here\n"
             "  SELECT '{{ latest_date }}' AS d\n"
             "          ^^^^^^^^^^^^^^^^^\n");
}

static void places_are_of_the_text_before_parameters(void)
{
  CHECK_TEXT(result("SELECT *\nFROM events WHERE ds >= '{{ start_date }}' AND nope = 1"),
             "line 2, column 48: no column is called 'nope'\n"
             "  FROM events WHERE ds >= '{{ start_date }}' AND nope = 1\n"
             "                                                 ^^^^\n");
}

/* ---- failures -------------------------------------------------------------------------------- */

static void what_is_refused_is_named_with_its_place(void)
{
  static const struct {
    const char *text, *says;
  } rows[] = {
      {"SELECT user FROM events e QUALIFY 1 = 1",
       "column 27: QUALIFY is not supported\n"
       "  SELECT user FROM events e QUALIFY 1 = 1\n                            ^^^^^^^\n"},
      {"SELECT user FROM events TABLESAMPLE (1 PERCENT)",
       "column 25: TABLESAMPLE is not supported\n"
       "  SELECT user FROM events TABLESAMPLE (1 PERCENT)\n                          "
       "^^^^^^^^^^^\n"},
      {"SELECT e.nope FROM events e", "column 10: no column is called 'nope'\n"
                                      "  SELECT e.nope FROM events e\n           ^^^^\n"},
      {"SELECT x FROM other", "column 15: no table is called 'other'\n"
                              "  SELECT x FROM other\n                ^^^^^\n"},
      {"SELECT user, ts FROM events GROUP BY user",
       "column 14: 'ts' is neither grouped nor inside an aggregate\n"
       "  SELECT user, ts FROM events GROUP BY user\n               ^^\n"},
      {"SELECT a.user FROM events a, events b WHERE user = 'x'",
       "column 45: 'user' is ambiguous: several columns are called so\n"
       "  SELECT a.user FROM events a, events b WHERE user = 'x'\n"
       "                                              ^^^^\n"},
      {"SELECT sum(ts) OVER (ORDER BY ds) FROM events WHERE count(*) > 1",
       "column 53: an aggregate does not belong in WHERE\n"
       "  SELECT sum(ts) OVER (ORDER BY ds) FROM events WHERE count(*) > 1\n"
       "                                                      ^^^^^^^^\n"},
      {"SELECT upper(DISTINCT user) AS u FROM events",
       "column 8: 'upper' is not an aggregate or window function that is supported\n"
       "  SELECT upper(DISTINCT user) AS u FROM events\n         ^^^^^^^^^^^^^^^^^^^^\n"},
      {"SELECT user FROM",
       "column 17: expected a name, found the end\n  SELECT user FROM\n                  ^\n"},
      {"SELECT user FROM events WHERE",
       "column 30: expected an expression, found the end\n"
       "  SELECT user FROM events WHERE\n                               ^\n"},
      {"SELECT listagg(user) AS l FROM events",
       "column 8: function 'listagg' is not supported\n"
       "  SELECT listagg(user) AS l FROM events\n         ^^^^^^^^^^^^^\n"},
      {"SELECT explode(user) AS x FROM events",
       "column 8: 'explode' takes one array or map\n"
       "  SELECT explode(user) AS x FROM events\n         ^^^^^^^^^^^^^\n"},
      {"SELECT 1 AS a UNION SELECT 2, 3",
       "column 21: UNION of 1 columns with 2\n"
       "  SELECT 1 AS a UNION SELECT 2, 3\n                      ^^^^^^^^^^^\n"},
      {"DELETE FROM events",
       "column 1: expected SELECT, found 'DELETE'\n  DELETE FROM events\n  ^^^^^^\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CHECK_TEXT(result(rows[i].text), rows[i].says);
    close_all(NULL);
  }
  open_all();
}

static void helpers_of_ours_are_no_functions(void)
{
  const gni_expr *tree;
  const gni_bound *bound;
  gn_error err = {0};
  CHECK_TEXT(result("SELECT field(1, 2) AS x FROM events"),
             "column 8: function 'field' is not supported\n"
             "  SELECT field(1, 2) AS x FROM events\n         ^^^^^^^^^^^\n");
  CHECK_OK(gni_expr_parse(GN_STR("`case`(1)"), &arena, &tree, NULL, &err), &err);
  CHECK_INT(gni_expr_bind(tree, &event_type, NULL, &arena, &bound, NULL, &err), GN_E_UNSUPPORTED);
}

static void statements_within_statements_have_an_end(void)
{
  gn_buf deep;
  gni_buf_init(&deep, &gni_libc_alloc, 1 << 20);
  for (int i = 0; i < 5000; i++) gni_buf_add_text(&deep, "SELECT * FROM (");
  gni_query_text text;
  const gni_query *query;
  gn_error err = {0};
  open_all();
  CHECK_OK(gni_query_fill(gni_buf_view(&deep), NULL, &arena, &text, NULL, &err), &err);
  CHECK_INT(gni_query_parse(&text, &arena, &query, NULL, &err), GN_E_LIMIT);
  gni_buf_deinit(&deep);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void tables_are_listed_once_and_without_those_of_with(void)
{
  const gn_str *names;
  size_t count;
  gni_query_text text;
  const gni_query *query;
  gn_error err = {0};
  open_all();
  CHECK_OK(gni_query_fill(GN_STR("WITH a AS (SELECT * FROM ns.x) SELECT * FROM a JOIN ns.y ON "
                                 "EXISTS (SELECT 1 FROM z) WHERE q IN (SELECT q FROM NS.X) UNION "
                                 "ALL SELECT * FROM `odd name`"),
                          NULL, &arena, &text, NULL, &err),
           &err);
  CHECK_OK(gni_query_parse(&text, &arena, &query, NULL, &err), &err);
  CHECK_OK(gni_query_tables(query, &arena, &names, &count, &err), &err);
  CHECK_INT(count, 4);
  CHECK_STR(names[0], "ns.x");
  CHECK_STR(names[1], "z");
  CHECK_STR(names[2], "ns.y");
  CHECK_STR(names[3], "odd name");
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void translate_once(const gn_alloc *alloc)
{
  gn_arena own;
  gn_buf sql;
  gn_error err = {0};
  const gni_relation *relation;
  gni_arena_init(&own, alloc, 64u << 20);
  gni_buf_init(&sql, alloc, 1u << 20);
  int rc = translate(
      GN_STR("WITH a AS (SELECT user, max(ts) AS m, avg(price) FROM events WHERE ds >= "
             "'{{ start_date }}' GROUP BY user) SELECT upper(a.user), row_number() OVER (PARTITION "
             "BY ds ORDER BY m DESC) AS r, explode_outer(split(ds, '-')) AS part FROM a LEFT JOIN "
             "events USING (user) WHERE price IN (SELECT price FROM events) ORDER BY m"),
      &own, &relation, &sql, NULL, &err);
  CHECK(rc == GN_E_UNSUPPORTED || rc == GN_E_NOMEM); /* a generator beside a window */
  rc = translate(
      GN_STR("SELECT user, count(DISTINCT ds), sum(price) FILTER (WHERE ts > 1) AS s, (SELECT "
             "max(ts) FROM events i WHERE i.user = o.user) AS m FROM events o LATERAL VIEW "
             "explode(array(1, 2)) t AS n GROUP BY user WITH ROLLUP HAVING count(*) > 1 UNION "
             "VALUES ('a', 1, 2, 3) LIMIT 3"),
      &own, &relation, &sql, NULL, &err);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_buf_deinit(&sql);
  gni_arena_deinit(&own);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(translate_once) > 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"every column has a number of its own", columns_have_numbers_of_their_own},
      {"a statement may read no table", what_reads_no_table_is_a_statement_too},
      {"columns are typed, named, and nullable or not",
       columns_are_typed_named_and_nullable_or_not},
      {"parameters are filled in", parameters_are_filled_in},
      {"what is no parameter stays as it is", what_is_no_parameter_stays},
      {"an unknown parameter is named", an_unknown_parameter_is_named},
      {"a parameter without value is refused", a_parameter_without_value_is_refused},
      {"places are of the text before parameters", places_are_of_the_text_before_parameters},
      {"what is refused is named with its place", what_is_refused_is_named_with_its_place},
      {"helpers of ours are no functions", helpers_of_ours_are_no_functions},
      {"statements within statements have an end", statements_within_statements_have_an_end},
      {"tables are listed once, without those of WITH",
       tables_are_listed_once_and_without_those_of_with},
      {"running out of memory is an answer, and nothing leaks", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
