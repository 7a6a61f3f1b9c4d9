/* Queries of an engine. SPDX-License-Identifier: Apache-2.0 */
#include "contract/engine/rows.h"

static void values_and_types_come_back(void)
{
  gni_engine *engine = test_engine();
  const char *sql = "SELECT true AS a, 1::TINYINT AS b, 2::SMALLINT AS c, 3::INTEGER AS d, "
                    "4::BIGINT AS e, 1.5::FLOAT AS f, 2.5::DOUBLE AS g, 'x' AS h, "
                    "'\\x00\\xFF'::BLOB AS i, DATE '2024-02-29' AS j, "
                    "TIMESTAMP '2024-01-02 03:04:05.678' AS k, 1.25::DECIMAL(9, 2) AS l";
  CHECK_TEXT(test_type(engine, "%s", sql),
             "struct<a:boolean,b:tinyint,c:smallint,d:int,e:bigint,f:float,g:double,h:string,"
             "i:binary,j:date,k:timestamp,l:decimal(9,2)>");
  CHECK_TEXT(test_rows(engine, "%s", sql),
             "true,1,2,3,4,1.5,2.5,\"x\",\"AP8=\",\"2024-02-29\",\"2024-01-02T03:04:05.678Z\","
             "\"1.25\"");
}

static void lists_maps_and_structs_come_back(void)
{
  gni_engine *engine = test_engine();
  const char *sql = "SELECT * FROM (VALUES ([1, NULL, 3], MAP {'a': 1.5, 'b': NULL}, "
                    "{'x': 1, 'y': ['p']}), (NULL, NULL, NULL), ([], MAP {}, {'x': NULL, 'y': []})"
                    ") AS t(l, m, s)";
  CHECK_TEXT(test_type(engine, "%s", sql),
             "struct<l:array<int>,m:map<string,decimal(2,1)>,s:struct<x:int,y:array<string>>>");
  CHECK_TEXT(test_rows(engine, "%s", sql),
             "[1,null,3],{\"a\":\"1.5\",\"b\":null},{\"x\":1,\"y\":[\"p\"]}\n"
             "null,null,null\n"
             "[],{},{\"x\":null,\"y\":[]}");
}

static void an_answer_without_rows_has_its_columns(void)
{
  gni_engine *engine = test_engine();
  CHECK_TEXT(test_rows(engine, "SELECT 1 AS a WHERE false"), "");
  CHECK_TEXT(test_type(engine, "SELECT 1 AS a WHERE false"), "struct<a:int>");
}

static int64_t count_rows(struct ArrowArrayStream *stream, int64_t at_most)
{
  struct ArrowArray batch;
  gn_error err = {0};
  int64_t rows = 0;
  while (rows < at_most) {
    CHECK_OK(gni_stream_next(stream, &batch, &err), &err);
    if (!batch.release) break;
    rows += batch.length;
    gni_array_close(&batch);
  }
  return rows;
}

static void close_stream(void *what)
{
  gni_stream_close(what);
}

static void a_stream_makes_rows_when_they_are_pulled(void)
{
  static struct ArrowArrayStream stream;
  gni_engine *engine = test_engine();
  gni_engine_use use;
  gn_error err = {0};
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT i, i::VARCHAR FROM range(1000000000000) t(i)"),
                            &stream, &err),
           &err);
  test_later(close_stream, &stream);
  CHECK(count_rows(&stream, 10000) >= 10000);
  CHECK_OK(gni_engine_use_now(engine, &use, &err), &err);
  CHECK(use.memory_bytes < 64 << 20);
}

static void streams_are_pulled_in_turn(void)
{
  static struct ArrowArrayStream a, b;
  gni_engine *engine = test_engine();
  gn_error err = {0};
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT * FROM range(10000)"), &a, &err), &err);
  test_later(close_stream, &a);
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT * FROM range(20000)"), &b, &err), &err);
  test_later(close_stream, &b);
  int64_t rows_a = 0, rows_b = 0, more_a, more_b;
  do {
    rows_a += more_a = count_rows(&a, 1);
    rows_b += more_b = count_rows(&b, 1);
    test_exec(engine, "SELECT 1");
  } while (more_a || more_b);
  CHECK_INT(rows_a, 10000);
  CHECK_INT(rows_b, 20000);
}

static void rows_keep_the_order_of_the_files(void)
{
  gni_engine *engine = test_engine();
  test_exec(engine, "COPY (SELECT i FROM range(300000) t(i)) TO '%s' (FORMAT parquet)",
            test_path("a.parquet"));
  test_exec(engine,
            "COPY (SELECT 300000 + i AS i FROM range(300000) t(i)) TO '%s' (FORMAT parquet)",
            test_path("b.parquet"));
  CHECK_TEXT(test_rows(engine,
                       "SELECT count(*) FROM (SELECT i, row_number() OVER () - 1 AS n "
                       "FROM read_parquet(['%s', '%s']) WHERE i %% 1000 <> 7) "
                       "WHERE i - i // 1000 + (i %% 1000 < 7)::INT - 1 <> n",
                       test_path("a.parquet"), test_path("b.parquet")),
             "0");
}

static void a_stream_may_be_released_after_the_engine(void)
{
  gni_engine_config config = {.alloc = test_alloc(), .temp_folder = test_path("temp")};
  struct ArrowArrayStream stream;
  gni_engine *engine;
  gn_error err = {0};
  CHECK_OK(gni_engine_open("duckdb", &config, &engine, &err), &err);
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT * FROM range(100000)"), &stream, &err), &err);
  CHECK(count_rows(&stream, 1) > 0);
  gni_engine_close(engine);
  gni_stream_close(&stream);
  CHECK_INT(test_entries(test_path("temp")), 0);
}

static void one_number_is_asked_for(void)
{
  gni_engine *engine = test_engine();
  int64_t value;
  gn_error err = {0};
  CHECK_OK(gni_engine_query_int64(engine, GN_STR("SELECT 41::SMALLINT + 1"), &value, &err), &err);
  CHECK_INT(value, 42);
  CHECK_INT(gni_engine_query_int64(engine, GN_STR("SELECT NULL"), &value, &err), GN_ABSENT);
  CHECK_INT(gni_engine_query_int64(engine, GN_STR("SELECT 1 WHERE false"), &value, &err),
            GN_ABSENT);
  CHECK_INT(err.code, GN_OK);
}

static void a_statement_tells_its_tables(void)
{
  static const struct {
    const char *sql, *names;
  } cases[] = {
      {"SELECT * FROM data.trips AS t, \"a b\".\"c\"\"d\" WHERE x IN (SELECT y FROM plain)",
       "plain|a b.c\"d|data.trips|"},
      {"WITH q AS (SELECT * FROM a.b) SELECT q.* FROM q JOIN t USING (x)", "q|t|a.b|"},
      {"SELECT 1 FROM range(3)", ""},
      {"this is no statement", ""},
  };
  gni_engine *engine = test_engine();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_arena arena;
    gn_str *names;
    size_t count;
    gn_buf text;
    gn_error err = {0};
    gni_arena_init(&arena, test_alloc(), 1 << 16);
    gni_buf_init(&text, test_alloc(), 1 << 10);
    CHECK_OK(gni_engine_tables(engine, gni_str(cases[i].sql), &arena, &names, &count, &err), &err);
    for (size_t k = 0; k < count; k++) gni_buf_add_format(&text, "%.*s|", GN_STR_ARGS(names[k]));
    CHECK_STR(gni_buf_view(&text), cases[i].names);
    gni_buf_deinit(&text);
    gni_arena_deinit(&arena);
  }
}

static void names_and_texts_are_quoted_whatever_is_in_them(void)
{
  static const char letters[] = "a'\"\\;-/* \n%_\xc3\xa9`$";
  gni_engine *engine = test_engine();
  test_random random = test_random_new(1);
  for (int i = 0; i < 200 * test_effort(); i++) {
    char text[16];
    size_t len = (size_t)test_random_in(&random, 1, 10);
    for (size_t k = 0; k < len; k++)
      text[k] = letters[test_random_in(&random, 0, (int64_t)sizeof letters - 2)];
    gn_str given = {text, len};
    if (!gni_utf8_valid(given)) continue;
    gn_buf sql;
    gn_arena arena;
    const gni_type *type;
    gn_error err = {0};
    gni_buf_init(&sql, test_alloc(), 1 << 16);
    gni_arena_init(&arena, test_alloc(), 1 << 16);
    gni_buf_add_text(&sql, "SELECT 1 AS ");
    gni_sql_add_name(&sql, given);
    gni_buf_add_text(&sql, " WHERE ");
    gni_sql_add_text(&sql, given);
    gni_buf_add_format(&sql, " = '' AND %zu = length(", len);
    gni_sql_add_text(&sql, given);
    gni_buf_add_char(&sql, ')');
    CHECK_OK(gni_engine_type(engine, gni_buf_view(&sql), &arena, &type, &err), &err);
    CHECK_INT(type->field_count, 1);
    CHECK(gni_str_equal(type->fields[0].name, given));
    gni_buf_deinit(&sql);
    gni_arena_deinit(&arena);
  }
}

static void a_text_with_a_zero_byte_is_written(void)
{
  gni_engine *engine = test_engine();
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), 1 << 10);
  gni_buf_add_text(&sql, "SELECT length(");
  gni_sql_add_text(&sql, (gn_str){"a\0'\0", 4});
  gni_buf_add_char(&sql, ')');
  CHECK_TEXT(test_rows(engine, "%s", sql.ptr), "4");
  gni_buf_deinit(&sql);
}

static void times_are_utc_and_nothing_is_fetched(void)
{
  gni_engine *engine = test_engine();
  struct ArrowArrayStream stream;
  gn_error err = {0};
  CHECK_TEXT(test_rows(engine, "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AT TIME ZONE "
                               "current_setting('TimeZone')"),
             "\"2024-01-01T00:00:00Z\"");
  int rc = gni_engine_query(engine, GN_STR("SELECT * FROM 'https://localhost:1/x.parquet'"),
                            &stream, &err);
  CHECK_INT(rc, GN_E_UNSUPPORTED);
  CHECK(gni_engine_exec(engine, GN_STR("SET autoload_known_extensions = true"), NULL) != GN_OK);
}

int main(void)
{
  static const test_case cases[] = {
      {"values and types come back", values_and_types_come_back},
      {"lists, maps and structs come back", lists_maps_and_structs_come_back},
      {"an answer without rows has its columns", an_answer_without_rows_has_its_columns},
      {"a stream makes rows when they are pulled", a_stream_makes_rows_when_they_are_pulled},
      {"streams are pulled in turn", streams_are_pulled_in_turn},
      {"rows keep the order of the files", rows_keep_the_order_of_the_files},
      {"a stream may be released after the engine", a_stream_may_be_released_after_the_engine},
      {"one number is asked for", one_number_is_asked_for},
      {"a statement tells its tables", a_statement_tells_its_tables},
      {"names and texts are quoted whatever is in them",
       names_and_texts_are_quoted_whatever_is_in_them},
      {"a text with a zero byte is written", a_text_with_a_zero_byte_is_written},
      {"times are UTC and nothing is fetched", times_are_utc_and_nothing_is_fetched},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
