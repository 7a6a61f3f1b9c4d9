/* What every table driver keeps. SPDX-License-Identifier: Apache-2.0 */
#include "contract/table/tables.h"

#include <stdlib.h>

static void what_is_written_is_read_back(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(
      test_write(w, "ns.t",
                 "a:bigint,b:string,c:array<double>,d:map<string,int>,e:timestamp,"
                 "f:decimal(9,2),g:struct<x:int,y:string>,h:boolean,i:date,j:binary",
                 &written, &err,
                 "SELECT 1::BIGINT AS a, 'x' AS b, [1.5, NULL]::DOUBLE[] AS c, MAP {'k': 7} AS d, "
                 "TIMESTAMP '2024-01-01 01:02:03.004' AS e, 1.25::DECIMAL(9, 2) AS f, "
                 "{'x': 1, 'y': NULL}::STRUCT(x INT, y VARCHAR) AS g, true AS h, "
                 "DATE '2024-02-29' AS i, '\\xFF'::BLOB AS j, '2024-01-01' AS ds "
                 "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                 "'2024-01-01'"),
      &err);
  CHECK_INT(written.rows, 2);
  CHECK_INT(written.days.count, 1);
  CHECK_INT(written.days.days[0], test_day("2024-01-01"));
  CHECK_TEXT(test_table_type(w, "ns.t"),
             "struct<a:bigint,b:string,c:array<double>,d:map<string,int>,e:timestamp,"
             "f:decimal(9,2),g:struct<x:int,y:string>,h:boolean,i:date,j:binary,ds:string>");
  CHECK_TEXT(
      test_scan(w, "ns.t", "* EXCLUDE (__gn_order)", NULL, NULL),
      "1,\"x\",[1.5,null],{\"k\":7},\"2024-01-01T01:02:03.004Z\",\"1.25\","
      "{\"x\":1,\"y\":null},true,\"2024-02-29\",\"/w==\",\"2024-01-01\",\"2024-01-01\",19723\n"
      "null,null,null,null,null,null,null,null,null,null,\"2024-01-01\",\"2024-01-01\",19723");
}

static void days_written_are_the_days_there_are(void)
{
  test_warehouse *w = test_tables();
  test_fill(w, "t", "a:int",
            "SELECT 1 AS a, unnest(['2024-01-03', '2023-12-31', '2024-01-01']) AS ds");
  CHECK_TEXT(test_days(w, "t", ""), "2023-12-31 2024-01-01 2024-01-03");
  CHECK_TEXT(test_days(w, "default.t", ""), "2023-12-31 2024-01-01 2024-01-03");
}

static void a_day_is_replaced_and_the_others_stay(void)
{
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:int",
            "SELECT unnest([1, 2]) AS a, '2024-01-01' AS ds "
            "UNION ALL SELECT 3, '2024-01-02'");
  test_fill(w, "ns.t", "a:int", "SELECT 9 AS a, '2024-01-01' AS ds");
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, NULL), "9,\"2024-01-01\"\n3,\"2024-01-02\"");
}

static void rows_keep_their_order_within_a_day(void)
{
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:bigint",
            "SELECT (i * 7919) %% 300007 AS a, '2024-01-0' || (1 + i %% 3) AS ds "
            "FROM range(300007) t(i)");
  gni_table table = test_table(w, "ns.t");
  gni_scan all = GNI_SCAN_ALL;
  gn_buf from;
  gni_buf_init(&from, &gni_libc_alloc, 1 << 20);
  CHECK_INT(gni_table_scan(w->warehouse, &table, &all, &from, NULL), GN_OK);
  CHECK_TEXT(
      test_rows(w->engine,
                "SELECT count(*), bool_and(a = ((__gn_day - 19723 + 3 * n) * 7919) %% 300007) "
                "FROM (SELECT *, row_number() OVER (PARTITION BY __gn_day ORDER BY "
                "__gn_order) - 1 AS n FROM %s)",
                from.ptr),
      "300007,true");
  gni_buf_deinit(&from);
}

static void a_range_gives_its_days_alone(void)
{
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:int", "SELECT i::INT AS a, '2024-01-0' || i AS ds FROM range(1, 7) t(i)");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2024-01-02", "2024-01-03"), "2\n3");
  CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, "2024-01-02"), "1\n2");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2024-01-05", NULL), "5\n6");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2024-02-05", "2024-02-06"), "");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2024-01-03", "2024-01-02"), "");
}

static void partitions_are_chosen_by_other_columns(void)
{
  test_warehouse *w = test_tables();
  gni_table table;
  gni_days days;
  gni_partition_filter filter = {GN_STR("nope"), GN_STR("x")};
  gn_error err = {0};
  test_fill(w, "ns.t", "r:string",
            "SELECT CASE WHEN i < 3 THEN 'eu' ELSE 'us' END AS r, "
            "'2024-01-0' || i AS ds FROM range(1, 6) t(i)");
  CHECK_TEXT(test_days(w, "ns.t", "r=eu"), "2024-01-01 2024-01-02");
  CHECK_TEXT(test_days(w, "ns.t", "r='us'/ds=2024-01-04"), "2024-01-04");
  table = test_table(w, "ns.t");
  CHECK_INT(gni_table_partitions(w->warehouse, &table, &filter, 1, &w->arena, &days, &err),
            GN_E_NOTFOUND);
  CHECK(strstr(err.message, "'nope'") != NULL);
}

static void new_columns_are_added_and_old_ones_stay(void)
{
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:int,b:string", "SELECT 1 AS a, 'x' AS b, '2024-01-01' AS ds");
  test_fill(w, "ns.t", "c:double,a:int", "SELECT 2.5::DOUBLE AS c, 2 AS a, '2024-01-02' AS ds");
  CHECK_TEXT(test_table_type(w, "ns.t"), "struct<a:int,b:string,c:double,ds:string>");
  CHECK_TEXT(test_scan(w, "ns.t", "a, b, c", NULL, NULL), "1,\"x\",null\n2,null,2.5");
  CHECK_TEXT(test_scan(w, "ns.t", "a, b, c", "2024-01-01", "2024-01-01"), "1,\"x\",null");
}

static void a_changed_type_is_refused_with_both_types(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  CHECK_INT(test_write(w, "ns.t", "a:bigint", &written, &err,
                       "SELECT 1::BIGINT AS a, '2024-01-02' AS ds"),
            GN_E_TYPE);
  CHECK_TEXT(err.message, "column 'a' of table 'ns.t' is int, the rows have bigint");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-01");
}

static int open_strict(test_warehouse *w, const char *columns, gn_error *err)
{
  gni_table_spec spec = {.name = GN_STR("ns.t")};
  gni_table_writer *writer;
  CHECK_OK(gni_type_parse(gni_str_format(&w->arena, "struct<%s>", columns), &w->arena,
                          &spec.columns, err),
           err);
  int rc = gni_table_writer_open(w->warehouse, &spec, &writer, err);
  gni_table_writer_close(writer);
  return rc;
}

static void without_auto_expand_columns_must_be_the_same(void)
{
  test_warehouse *w = test_tables();
  gn_error err = {0};
  test_fill(w, "ns.t", "a:int,b:string", "SELECT 1 AS a, 'x' AS b, '2024-01-01' AS ds");
  CHECK_INT(open_strict(w, "b:string,a:int", &err), GN_OK);
  CHECK_INT(open_strict(w, "a:int", &err), GN_E_TYPE);
  CHECK_TEXT(err.message, "column 'b' is not in the rows for table 'ns.t'");
  err = (gn_error){0};
  CHECK_INT(open_strict(w, "a:int,b:string,c:int", &err), GN_E_TYPE);
  CHECK_TEXT(err.message, "column 'c' is not in table 'ns.t'");
}

static void rows_without_a_day_are_refused_and_nothing_changes(void)
{
  static const char *const wrong[] = {"NULL", "'2024-13-01'", "'someday'"};
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    gni_table_written written;
    gn_error err = {0};
    CHECK_INT(test_write(w, "ns.t", "a:int", &written, &err,
                         "SELECT 2 AS a, '2024-01-01' AS ds UNION ALL SELECT 3, %s", wrong[i]),
              GN_E_TYPE);
    CHECK_TEXT(err.diagnostic, "GT016");
    CHECK_INT(written.days.count, 0);
    CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), "1");
  }
}

static void a_stream_that_fails_leaves_the_old_rows(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  CHECK(test_write(w, "ns.t", "a:int", &written, &err,
                   "SELECT CASE WHEN i = 90000 THEN 'oops' ELSE '2' END::INT AS a, "
                   "'2024-01-0' || (1 + i %% 5) AS ds FROM range(100000) t(i)") < 0);
  CHECK(strstr(err.message, "oops") != NULL);
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, NULL), "1,\"2024-01-01\"");
}

#ifdef GN_FAULTS
static void a_fault_leaves_old_or_new(void)
{
  /* The process counts what was passed: the second point is the second passing. */
  static const struct {
    const char *point, *rows;
  } cases[] = {{"table.before_publish", "1"}, {"table.after_publish:2", "2"}};
  test_warehouse *w = test_tables();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gni_table_written written;
    gn_error err = {0};
    test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
    setenv("GN_FAULT_AT", cases[i].point, 1);
    int rc = test_write(w, "ns.t", "a:int", &written, &err, "SELECT 2 AS a, '2024-01-01' AS ds");
    unsetenv("GN_FAULT_AT");
    CHECK_INT(rc, GN_E_IO);
    CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), cases[i].rows);
  }
}
#else
static void a_fault_leaves_old_or_new(void)
{
  test_skip("fault points are not compiled in");
}
#endif

static void properties_are_kept_and_replaced(void)
{
  const gni_property first[] = {{GN_STR("owner"), GN_STR("a")}, {GN_STR("x"), GN_STR("1\"\n")}};
  const gni_property second[] = {{GN_STR("owner"), GN_STR("b")}};
  test_warehouse *w = test_tables();
  gni_table_spec spec = {GN_STR("ns.t"), NULL, first, 2, true};
  gn_error err = {0};
  CHECK_OK(gni_type_parse(GN_STR("struct<a:int>"), &w->arena, &spec.columns, &err), &err);
  for (int i = 0; i < 2; i++) {
    gni_table_writer *writer;
    gni_table_written written;
    CHECK_OK(gni_table_writer_open(w->warehouse, &spec, &writer, &err), &err);
    CHECK_OK(gni_table_write_sql(writer, GN_STR("SELECT 1 AS a, '2024-01-01' AS ds"), &w->arena,
                                 &written, &err),
             &err);
    gni_table_writer_close(writer);
    spec.properties = second;
    spec.property_count = 1;
  }
  gni_table table = test_table(w, "ns.t");
  CHECK_INT(table.property_count, 2);
  CHECK_STR(table.properties[0].name, "x");
  CHECK_STR(table.properties[0].value, "1\"\n");
  CHECK_STR(table.properties[1].value, "b");
}

static void rows_are_estimated(void)
{
  test_warehouse *w = test_tables();
  gni_estimate estimate;
  gni_scan scan = GNI_SCAN_ALL;
  gn_error err = {0};
  test_fill(w, "ns.t", "a:bigint",
            "SELECT i AS a, '2024-01-0' || (1 + i %% 2) AS ds FROM range(10) t(i)");
  gni_table table = test_table(w, "ns.t");
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &scan, &estimate, &err), &err);
  CHECK_INT(estimate.rows, 10);
  scan.first_day = test_day("2024-01-02");
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &scan, &estimate, &err), &err);
  CHECK_INT(estimate.rows, 5);
  scan.first_day = test_day("2025-01-02");
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &scan, &estimate, &err), &err);
  CHECK_INT(estimate.rows, 0);
}

static void tables_are_listed_by_pattern(void)
{
  static const struct {
    const char *pattern, *names;
  } cases[] = {
      {"", "a.trips a.trips_upload b.rides "},
      {"a.*", "a.trips a.trips_upload "},
      {"*TRIPS", "a.trips "},
      {"%r_des|a.trips", "a.trips b.rides "},
      {"trips", ""},
  };
  test_warehouse *w = test_tables();
  test_fill(w, "b.rides", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  test_fill(w, "a.trips_upload", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  test_fill(w, "a.trips", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const gn_str *names;
    size_t count;
    gn_buf text;
    gn_error err = {0};
    CHECK_OK(gni_warehouse_tables(w->warehouse, gni_str(cases[i].pattern), &w->arena, &names,
                                  &count, &err),
             &err);
    gni_buf_init(&text, test_alloc(), 4096);
    for (size_t k = 0; k < count; k++) gni_buf_add_format(&text, "%.*s ", GN_STR_ARGS(names[k]));
    CHECK_STR(gni_buf_view(&text), cases[i].names);
    gni_buf_deinit(&text);
  }
}

static void a_table_that_is_not_there_has_a_hint(void)
{
  test_warehouse *w = test_tables();
  gni_table table;
  gn_error err = {0};
  test_fill(w, "data.purchases", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  CHECK_INT(gni_table_find(w->warehouse, GN_STR("data.purchase"), &w->arena, &table, &err),
            GN_ABSENT);
  CHECK_INT(gni_table_need(w->warehouse, GN_STR("data.purchase"), &w->arena, &table, &err),
            GN_E_NOTFOUND);
  CHECK_TEXT(err.message, "there is no table 'data.purchase'");
  CHECK_TEXT(err.hint, "did you mean 'data.purchases'?");
}

static void names_that_are_no_folders_are_refused(void)
{
  static const char *const names[] = {"",       ".",      "a.",    ".a",      "a/b.c", "../x.y",
                                      "a..b/c", "a.b\nc", "a.b=c", "ns._tmp", "ns..t"};
  test_warehouse *w = test_tables();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    gni_table table;
    gn_error err = {0};
    CHECK_INT(gni_table_find(w->warehouse, gni_str(names[i]), &w->arena, &table, &err), GN_E_ARG);
    CHECK(err.hint[0] != '\0');
  }
}

static void odd_names_are_quoted(void)
{
  test_warehouse *w = test_tables();
  const char *name = "n's.it's \"odd\" [a-z]*?; DROP TABLE x --";
  test_fill(w, name, "a 'b' \"c\":int,select:string",
            "SELECT 1 AS \"a 'b' \"\"c\"\"\", 'x' AS \"select\", '2024-01-01' AS ds");
  CHECK_TEXT(test_table_type(w, name), "struct<a 'b' \"c\":int,select:string,ds:string>");
  CHECK_TEXT(test_scan(w, name, "\"a 'b' \"\"c\"\"\", \"select\"", "2024-01-01", NULL), "1,\"x\"");
  CHECK_TEXT(test_days(w, name, ""), "2024-01-01");
}

static void tables_are_read_by_name_in_sql(void)
{
  test_warehouse *w = test_tables();
  gn_error err = {0};
  gn_str sql =
      GN_STR("WITH q AS (SELECT * FROM data.trips) SELECT q.*, t.b FROM q JOIN t USING (a)");
  test_fill(w, "data.trips", "a:int", "SELECT unnest([1, 2]) AS a, '2024-01-01' AS ds");
  test_fill(w, "t", "a:int,b:string", "SELECT 2 AS a, 'x' AS b, '2024-01-01' AS ds");
  CHECK_OK(gni_warehouse_expose(w->warehouse, sql, &err), &err);
  CHECK_TEXT(test_rows(w->engine, "%s", sql.ptr), "2,\"2024-01-01\",\"x\"");
  test_fill(w, "t", "a:int,b:string", "SELECT 1 AS a, 'y' AS b, '2024-01-02' AS ds");
  CHECK_OK(gni_warehouse_expose(w->warehouse, sql, &err), &err);
  CHECK_TEXT(test_rows(w->engine, "%s ORDER BY b", sql.ptr),
             "2,\"2024-01-01\",\"x\"\n1,\"2024-01-01\",\"y\"");
  CHECK_INT(gni_warehouse_expose(w->warehouse, GN_STR("SELECT * FROM data.trip"), &err),
            GN_E_NOTFOUND);
  CHECK_TEXT(err.hint, "did you mean 'data.trips'?");
}

static void a_dropped_table_is_gone(void)
{
  test_warehouse *w = test_tables();
  gni_table table;
  gn_error err = {0};
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  CHECK_OK(gni_table_drop(w->warehouse, GN_STR("ns.t"), &err), &err);
  CHECK_INT(gni_table_find(w->warehouse, GN_STR("ns.t"), &w->arena, &table, &err), GN_ABSENT);
  CHECK_OK(gni_table_drop(w->warehouse, GN_STR("ns.t"), &err), &err);
  test_fill(w, "ns.t", "a:string", "SELECT 'new' AS a, '2024-01-01' AS ds");
  CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), "\"new\"");
}

/* One thread: the failing heap counts without a lock. */
static gni_engine *oom_engine;

static void write_and_read(const gn_alloc *alloc)
{
  const gni_table_driver *driver = test_tables_are_files() ? &gni_table_parquet : &gni_table_memory;
  gni_warehouse_config config = {
      .alloc = alloc, .root = test_path("warehouse"), .engine = oom_engine};
  static const gni_field field = {{"a", 1}, &gni_type_int};
  static const gni_type columns = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  gni_table_spec spec = {.name = GN_STR("ns.t"), .columns = &columns};
  gni_warehouse *warehouse;
  gni_table_writer *writer = NULL;
  gni_table_written written;
  gni_table table;
  gni_days days = {NULL, 0};
  gni_scan all = GNI_SCAN_ALL;
  gn_arena arena;
  gn_buf sql;
  gn_error err = {0};
  int rc = gni_warehouse_open_driver(driver, &config, &warehouse, &err);
  if (rc != GN_OK) {
    CHECK_INT(rc, GN_E_NOMEM);
    return;
  }
  gni_arena_init(&arena, alloc, 1 << 20);
  gni_buf_init(&sql, alloc, 1 << 20);
  rc = gni_table_writer_open(warehouse, &spec, &writer, &err);
  if (rc == GN_OK)
    rc = gni_table_write_sql(writer, GN_STR("SELECT 1 AS a, '2024-01-01' AS ds"), &arena, &written,
                             &err);
  gni_table_writer_close(writer);
  if (rc == GN_OK) rc = gni_table_need(warehouse, GN_STR("ns.t"), &arena, &table, &err);
  if (rc == GN_OK) rc = gni_table_partitions(warehouse, &table, NULL, 0, &arena, &days, &err);
  if (rc == GN_OK) rc = gni_table_scan(warehouse, &table, &all, &sql, &err);
  if (rc == GN_OK)
    CHECK_INT(days.count, 1);
  else if (rc != GN_E_BUSY && rc != GN_E_NOMEM)
    CHECK_OK(rc, &err);
  gni_table_drop(warehouse, GN_STR("ns.t"), NULL);
  gni_buf_deinit(&sql);
  gni_arena_deinit(&arena);
  gni_warehouse_close(warehouse);
}

static void no_memory_is_an_answer(void)
{
  oom_engine = test_engine_with((gni_engine_config){.threads = 1, .alloc = &gni_libc_alloc});
  CHECK(test_each_oom(write_and_read) > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"what is written is read back", what_is_written_is_read_back},
      {"days written are the days there are", days_written_are_the_days_there_are},
      {"a day is replaced and the others stay", a_day_is_replaced_and_the_others_stay},
      {"rows keep their order within a day", rows_keep_their_order_within_a_day},
      {"a range gives its days alone", a_range_gives_its_days_alone},
      {"partitions are chosen by other columns", partitions_are_chosen_by_other_columns},
      {"new columns are added and old ones stay", new_columns_are_added_and_old_ones_stay},
      {"a changed type is refused with both types", a_changed_type_is_refused_with_both_types},
      {"without auto-expand columns must be the same",
       without_auto_expand_columns_must_be_the_same},
      {"rows without a day are refused and nothing changes",
       rows_without_a_day_are_refused_and_nothing_changes},
      {"a stream that fails leaves the old rows", a_stream_that_fails_leaves_the_old_rows},
      {"a fault leaves old or new", a_fault_leaves_old_or_new},
      {"properties are kept and replaced", properties_are_kept_and_replaced},
      {"rows are estimated", rows_are_estimated},
      {"tables are listed by pattern", tables_are_listed_by_pattern},
      {"a table that is not there has a hint", a_table_that_is_not_there_has_a_hint},
      {"names that are no folders are refused", names_that_are_no_folders_are_refused},
      {"odd names are quoted", odd_names_are_quoted},
      {"tables are read by name in SQL", tables_are_read_by_name_in_sql},
      {"a dropped table is gone", a_dropped_table_is_gone},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
