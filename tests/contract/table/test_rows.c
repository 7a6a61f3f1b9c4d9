/* Rows that come one by one become the same files' content as rows that come by SQL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "contract/table/tables.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS                                                                                    \
  "id:bigint,flag:boolean,tiny:tinyint,small:smallint,whole:int,near:float,real:double,"           \
  "text:string,bytes:binary,day:date,at:timestamp,exact:decimal(30,4),"                            \
  "few:array<string>,pairs:map<string,double>,"                                                    \
  "deep:array<struct<a:int,b:array<bigint>,c:map<string,struct<d:double>>>>,nothing:int,"          \
  "late:string,twice:string,far:bigint,wild:bigint,steep:int"
/* Every kind, nulls at every depth; values that repeat, that do not, that do at first (`late`), and
 * that do but are too many (`twice`); integers that repeat far apart, and from end to end. */
#define ROWS                                                                                       \
  "SELECT i::BIGINT AS id, CASE WHEN i %% 3 <> 0 THEN i %% 2 = 0 END AS flag,"                     \
  " (i %% 100 - 50)::TINYINT AS tiny, (i %% 7)::SMALLINT AS small,"                                \
  " CASE WHEN i %% 5 <> 0 THEN (i * 7919 - 1000)::INT END AS whole, (i / 4)::FLOAT AS near,"       \
  " CASE i %% 11 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0 ELSE sqrt(i) END AS real,"             \
  " CASE WHEN i %% 4 <> 0 THEN 'text ' || i %% 1000 END AS text, encode('b' || i) AS bytes,"       \
  " DATE '1969-12-30' + (i %% 5)::INT AS day, to_timestamp(i * 1000)::TIMESTAMP AS at,"            \
  " (i::HUGEINT * 12345678901234567 - 5)::DECIMAL(30, 4) AS exact,"                                \
  " CASE i %% 6 WHEN 0 THEN NULL WHEN 1 THEN [] WHEN 2 THEN ['x', NULL]"                           \
  "  ELSE ['a' || i %% 9, 'b', ''] END AS few,"                                                    \
  " CASE i %% 4 WHEN 0 THEN NULL WHEN 1 THEN MAP {} WHEN 2 THEN MAP {'k': NULL::DOUBLE}"           \
  "  ELSE MAP {'k': i / 2, 'l': 0.5} END AS pairs,"                                                \
  " CASE i %% 4 WHEN 0 THEN NULL WHEN 1 THEN [NULL, {'a': i::INT, 'b': [1::BIGINT, NULL],"         \
  "   'c': MAP {'m': {'d': 1.5::DOUBLE}, 'n': NULL}}]"                                             \
  "  WHEN 2 THEN [{'a': NULL, 'b': NULL, 'c': NULL}, {'a': 1, 'b': [], 'c': MAP {}}]"              \
  "  ELSE [] END AS deep, NULL::INT AS nothing,"                                                   \
  " CASE WHEN i < 30000 THEN 'few' || i %% 10 ELSE 'one of many ' || i END AS late,"               \
  " 'twice ' || i // 2 AS twice, (i * 7 %% 10) * 1000000000000 AS far,"                            \
  " CASE i %% 3 WHEN 0 THEN 9223372036854775807 - i WHEN 1 THEN -9223372036854775807 + i"          \
  "  ELSE i END AS wild,"                                                                          \
  " CASE i %% 2 WHEN 0 THEN 2147483647 - i ELSE -2147483648 + i END::INT AS steep"                 \
  " FROM range(%d) t(i)"

#define SUMMARY                                                                                    \
  "SELECT count(*), md5(string_agg(t::VARCHAR, '|' ORDER BY id)), min(typeof(t))"                  \
  " FROM read_parquet('%s', hive_partitioning = true) t"

#define SINGLE                                                                                     \
  "SELECT count(*), md5(string_agg(t::VARCHAR, '|' ORDER BY id)), min(typeof(t))"                  \
  " FROM read_parquet('%s', hive_partitioning = false) t"

enum { FIRST_DAY = 19723 }; /* 2024-01-01 */
enum { CELLS_MAX = 64 };

/* A table written row by row; row i is of day i % days. */
struct adding {
  gni_table_writer *writer;
  int64_t row;
  int days;
  size_t parts; /* which rows go to in turn */
  gn_error *err;
};

static int add(void *user, const gni_value *row, size_t count)
{
  struct adding *a = user;
  const gni_value *cells[CELLS_MAX];
  CHECK(count <= CELLS_MAX);
  for (size_t i = 0; i < count; i++) cells[i] = &row[i];
  int32_t day = FIRST_DAY + (int32_t)(a->row % a->days);
  return gni_table_rows_add(a->writer, (size_t)a->row++ % a->parts, day, cells, 1, a->err);
}

static int write_one_by_one(test_warehouse *w, const gn_alloc *alloc, int rows, int days,
                            size_t memory, gni_table_written *out, gn_error *err)
{
  gni_table_spec spec = {.name = GN_STR("ns.rows"), .auto_expand = true};
  struct adding adding = {.days = days, .parts = rows % 2 ? 2 : 1, .err = err};
  gn_arena arena;
  gni_arena_init(&arena, alloc, 64 << 20);
  int rc = gni_type_parse(GN_STR("struct<" COLUMNS ">"), &w->arena, &spec.columns, err);
  if (rc == GN_OK) rc = gni_table_writer_open(w->warehouse, &spec, &adding.writer, err);
  if (rc == GN_OK)
    rc = gni_table_rows_begin(adding.writer, (size_t)days, memory, adding.parts, err);
  if (rc == GN_OK) rc = gni_engine_each_row(w->engine, test_sql(ROWS, rows), add, &adding, err);
  if (rc == GN_OK) rc = gni_table_rows_end(adding.writer, &arena, out, err);
  gni_table_writer_close(adding.writer);
  gni_arena_deinit(&arena);
  return rc;
}

static void check_same(test_warehouse *w, int rows, int days)
{
  char text[1024];
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(test_write(w, "ns.sql", COLUMNS, &written, &err,
                      "SELECT *, strftime(DATE '2024-01-01' + (id %% %d)::INT, '%%Y-%%m-%%d') AS ds"
                      " FROM (" ROWS ")",
                      days, rows),
           &err);
  snprintf(text, sizeof text, "%s",
           test_rows(w->engine, SUMMARY, test_path("warehouse/ns/sql/*/*.parquet")));
  CHECK(strstr(text, "null") == NULL);
  CHECK_TEXT(test_rows(w->engine, SUMMARY, test_path("warehouse/ns/rows/*/*.parquet")), text);
}

static void rows_one_by_one_are_what_sql_would_write(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(write_one_by_one(w, test_alloc(), 1000, 3, 1 << 20, &written, &err), &err);
  CHECK_INT(written.rows, 1000);
  CHECK_INT(written.days.count, 3);
  CHECK_TEXT(test_days(w, "ns.rows", ""), "2024-01-01 2024-01-02 2024-01-03");
  check_same(w, 1000, 3);
  CHECK_OK(write_one_by_one(w, test_alloc(), 1001, 3, 1 << 20, &written, &err), &err);
  CHECK_INT(written.rows, 1001);
  CHECK_INT(written.days.count, 3);
  check_same(w, 1001, 3);
}

/* Pages of all encodings, several row groups by their rows and by the memory. */
static void many_rows_are_written_in_little_memory(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(write_one_by_one(w, test_alloc(), 124000, 1, 64 << 20, &written, &err), &err);
  check_same(w, 124000, 1);
  CHECK_OK(write_one_by_one(w, test_alloc(), 20000, 4, 1 << 16, &written, &err), &err);
  check_same(w, 20000, 4);
  CHECK(strcmp(test_rows(w->engine, "SELECT max(row_group_id) > 0 FROM parquet_metadata('%s')",
                         test_path("warehouse/ns/rows/*/*.parquet")),
               "true") == 0);
}

static void a_filter_skips_by_the_smallest_and_largest(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(write_one_by_one(w, test_alloc(), 100, 1, 1 << 20, &written, &err), &err);
  CHECK_TEXT(test_rows(w->engine,
                       "SELECT stats_min_value, stats_max_value, stats_null_count"
                       " FROM parquet_metadata('%s') WHERE path_in_schema IN ('id', 'whole')",
                       test_path("warehouse/ns/rows/*/*.parquet")),
             "\"0\",\"99\",0\n\"6919\",\"782981\",20");
}

static void nothing_is_published_without_the_end(void)
{
  test_warehouse *w = test_tables();
  gni_table_spec spec = {.name = GN_STR("ns.rows"), .auto_expand = true};
  gni_table_writer *writer;
  gn_error err = {0};
  gni_value row = gni_value_integer(1);
  const gni_value *cell = &row;
  CHECK_OK(gni_type_parse(GN_STR("struct<a:int>"), &w->arena, &spec.columns, &err), &err);
  CHECK_OK(gni_table_writer_open(w->warehouse, &spec, &writer, &err), &err);
  CHECK_OK(gni_table_rows_begin(writer, 1, 1 << 20, 1, &err), &err);
  CHECK_OK(gni_table_rows_add(writer, 0, FIRST_DAY, &cell, 1, &err), &err);
  gni_table_writer_close(writer);
  CHECK_INT(test_entries(test_path("warehouse/ns/rows")), 0);
}

static void columns_that_rows_lack_are_null(void)
{
  test_warehouse *w = test_tables();
  gni_table_spec spec = {.name = GN_STR("ns.t"), .auto_expand = true};
  gni_table_writer *writer;
  gni_table_written written;
  gn_error err = {0};
  gni_value row[2] = {gni_value_integer(7), gni_value_integer(2)};
  const gni_value *cells[2] = {&row[0], &row[1]};
  test_fill(w, "ns.t", "a:int,b:string", "SELECT 1 AS a, 'x' AS b, '2024-01-01' AS ds");
  CHECK_OK(gni_type_parse(GN_STR("struct<c:bigint,a:int>"), &w->arena, &spec.columns, &err), &err);
  CHECK_OK(gni_table_writer_open(w->warehouse, &spec, &writer, &err), &err);
  CHECK_OK(gni_table_rows_begin(writer, 1, 1 << 20, 1, &err), &err);
  CHECK_OK(gni_table_rows_add(writer, 0, FIRST_DAY + 1, cells, 1, &err), &err);
  CHECK_OK(gni_table_rows_end(writer, &w->arena, &written, &err), &err);
  gni_table_writer_close(writer);
  CHECK_TEXT(test_scan(w, "ns.t", "a, b, c", NULL, NULL), "1,\"x\",null\n2,null,7");
}

/* ---- a file of no table ---------------------------------------------------------------------- */

static int write_single(gni_engine *engine, const gn_alloc *alloc, int rows, const char *path,
                        int64_t *row_count, int64_t *bytes, gn_error *err)
{
  struct ArrowArrayStream stream = {0};
  int rc = gni_engine_query(engine, test_sql(ROWS, rows), &stream, err);
  if (rc != GN_OK) return rc;
  rc = gni_table_write_single(&stream, path, alloc, row_count, bytes, err);
  CHECK(stream.release == NULL);
  return rc;
}

static void a_stream_becomes_one_file_with_its_rows(void)
{
  test_warehouse *w = test_tables();
  char wanted[1024], path[512];
  gni_table_written written;
  int64_t rows = 0, bytes = 0;
  gn_error err = {0};
  snprintf(path, sizeof path, "%s", test_path("single/rows.parquet"));
  CHECK_OK(gni_folder_make(test_path("single"), &err), &err);
  CHECK_OK(write_one_by_one(w, test_alloc(), 3000, 1, 1 << 20, &written, &err), &err);
  CHECK_OK(write_single(w->engine, test_alloc(), 3000, path, &rows, &bytes, &err), &err);
  CHECK_INT(rows, 3000);
  CHECK(bytes > 1000);
  CHECK_INT(test_entries(test_path("single")), 1);
  snprintf(wanted, sizeof wanted, "%s",
           test_rows(w->engine, SINGLE, test_path("warehouse/ns/rows/*/*.parquet")));
  CHECK_TEXT(test_rows(w->engine, SINGLE, path), wanted);
}

/* ---- without memory -------------------------------------------------------------------------- */

static gni_engine *oom_engine;
static const char *oom_root;

static void write_few(const gn_alloc *alloc)
{
  gni_warehouse_config config = {.alloc = alloc, .root = oom_root, .engine = oom_engine};
  test_warehouse w = {.engine = oom_engine};
  gni_table_written written;
  gn_error err = {0};
  int rc = gni_warehouse_open_driver(&gni_table_parquet, &config, &w.warehouse, &err);
  if (rc == GN_OK) {
    gni_arena_init(&w.arena, &gni_libc_alloc, 1 << 20);
    rc = write_one_by_one(&w, alloc, 12, 2, 1 << 16, &written, &err);
    gni_arena_deinit(&w.arena);
  }
  gni_warehouse_close(w.warehouse);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM || rc == GN_E_BUSY);
}

static void write_few_single(const gn_alloc *alloc)
{
  gn_error err = {0};
  int rc = write_single(oom_engine, alloc, 12, oom_root, NULL, NULL, &err);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM || rc == GN_E_LIMIT);
}

static void a_single_file_without_memory_is_not_there(void)
{
  oom_engine = test_engine_with((gni_engine_config){.threads = 1, .alloc = &gni_libc_alloc});
  oom_root = test_path("single.parquet");
  CHECK(test_each_oom(write_few_single) > 20);
}

static void no_memory_is_an_answer(void)
{
  oom_engine = test_engine_with((gni_engine_config){.threads = 1, .alloc = &gni_libc_alloc});
  oom_root = test_path("warehouse");
  CHECK(test_each_oom(write_few) > 100);
}

int main(void)
{
  static const test_case cases[] = {
      {"rows one by one are what SQL would write", rows_one_by_one_are_what_sql_would_write},
      {"many rows are written in little memory", many_rows_are_written_in_little_memory},
      {"a filter skips by the smallest and largest", a_filter_skips_by_the_smallest_and_largest},
      {"nothing is published without the end", nothing_is_published_without_the_end},
      {"columns that rows lack are null", columns_that_rows_lack_are_null},
      {"no memory is an answer", no_memory_is_an_answer},
      {"a stream becomes one file with its rows", a_stream_becomes_one_file_with_its_rows},
      {"a single file without memory is not there", a_single_file_without_memory_is_not_there},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
