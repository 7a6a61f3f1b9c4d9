/* Tables as files: where they are found, what is in them, and what a killed writer leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "contract/table/tables.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void folder(const char *path)
{
  gn_error err = {0};
  CHECK_OK(gni_folder_make(path, &err), &err);
}

/* Rows of a SELECT as one file under the warehouse. */
static void file(test_warehouse *w, const char *name, const char *sql)
{
  static char parent[4096];
  snprintf(parent, sizeof parent, "%s", test_path("warehouse/%s", name));
  *strrchr(parent, '/') = '\0';
  folder(parent);
  bool csv = gni_str_ends(gni_str(name), ".csv");
  test_exec(w->engine, "COPY (%s) TO '%s' (FORMAT %s)", sql, test_path("warehouse/%s", name),
            csv ? "csv, HEADER" : "parquet");
}

/* ---- places ---------------------------------------------------------------------------------- */

static void one_file_without_days_is_not_partitioned(void)
{
  test_warehouse *w = test_tables();
  file(w, "data/purchases.parquet", "SELECT unnest([3, 1, 2]) AS a");
  gni_table table = test_table(w, "data.purchases");
  CHECK(!table.partitioned && !table.folder && !table.by_folder);
  CHECK_TEXT(test_table_type(w, "data.purchases"), "struct<a:int>");
  CHECK_TEXT(test_days(w, "data.purchases", ""), "");
  CHECK_TEXT(test_scan(w, "data.purchases", "a, __gn_ds, __gn_day, __gn_order", "2024-01-01", NULL),
             "3,null,null,0\n1,null,null,1\n2,null,null,2");
}

static void days_in_rows_of_one_file_are_partitions(void)
{
  static const struct {
    const char *expression, *stored;
  } kinds[] = {
      {"('2024-01-0' || i)", "VARCHAR"},
      {"(DATE '2024-01-01' + (i - 1)::INT)", "DATE"},
      {"(TIMESTAMP '2024-01-01 07:00:00' + to_days((i - 1)::INT))", "TIMESTAMP"},
  };
  test_warehouse *w = test_tables();
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    static char name[32], sql[512];
    snprintf(name, sizeof name, "ns.t%zu", k);
    snprintf(sql, sizeof sql,
             "SELECT (6 - i)::INT AS a, %s::%s AS ds, 7 AS b FROM range(5, 0, -1) t(i)",
             kinds[k].expression, kinds[k].stored);
    file(w, k == 0 ? "ns/t0.parquet" : k == 1 ? "ns/t1.parquet" : "ns/t2.parquet", sql);
    CHECK_TEXT(test_table_type(w, name), "struct<a:int,b:int,ds:string>");
    CHECK_TEXT(test_days(w, name, ""), "2024-01-01 2024-01-02 2024-01-03 2024-01-04 2024-01-05");
    CHECK_TEXT(
        test_scan(w, name, "a, ds, __gn_ds, __gn_day, __gn_order", "2024-01-02", "2024-01-03"),
        "4,\"2024-01-02\",\"2024-01-02\",19724,3\n3,\"2024-01-03\",\"2024-01-03\",19725,2");
  }
}

static void days_as_numbers_are_read_in_their_format(void)
{
  static const gni_table_entry entry = {
      .name = "t", .path = "x/t.parquet", .partition_column = "dt", .partition_format = "yyyyMMdd"};
  test_warehouse *w = test_tables_with((gni_warehouse_config){.tables = &entry, .table_count = 1});
  file(w, "x/t.parquet", "SELECT i AS a, (20240100 + i)::INT AS dt FROM range(1, 4) t(i)");
  CHECK_TEXT(test_table_type(w, "default.t"), "struct<a:bigint,dt:string>");
  CHECK_TEXT(test_days(w, "t", ""), "2024-01-01 2024-01-02 2024-01-03");
  CHECK_TEXT(test_scan(w, "t", "a, dt, __gn_ds", "2024-01-02", NULL),
             "2,\"20240102\",\"2024-01-02\"\n3,\"20240103\",\"2024-01-03\"");
}

static void rows_without_a_day_are_seen_only_in_the_whole(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t.parquet", "SELECT * FROM (VALUES (1, '2024-01-01'), (2, NULL), (3, 'x')) v(a, ds)");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-01");
  CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), "2\n3\n1");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2024-01-01", "2024-12-31"), "1");
}

static void folders_of_several_levels_are_columns(void)
{
  static const char *const regions[] = {"eu", "us"};
  test_warehouse *w = test_tables();
  for (int day = 1; day <= 2; day++)
    for (int r = 0; r < 2; r++) {
      static char name[64], sql[64];
      snprintf(name, sizeof name, "ns/t/region=%s/ds=2024-01-0%d/x.parquet", regions[r], day);
      snprintf(sql, sizeof sql, "SELECT %d AS a", 10 * day + r);
      file(w, name, sql);
    }
  CHECK_TEXT(test_table_type(w, "ns.t"), "struct<a:int,region:string,ds:string>");
  CHECK_TEXT(test_scan(w, "ns.t", "a, region, ds", NULL, NULL),
             "10,\"eu\",\"2024-01-01\"\n11,\"us\",\"2024-01-01\"\n"
             "20,\"eu\",\"2024-01-02\"\n21,\"us\",\"2024-01-02\"");
  CHECK_TEXT(test_days(w, "ns.t", "region=eu"), "2024-01-01 2024-01-02");
  CHECK_TEXT(test_days(w, "ns.t", "region=asia"), "");
  gni_table table = test_table(w, "ns.t");
  CHECK_INT(table.partition_column_count, 2);
  CHECK_STR(table.partition_columns[0], "region");
  CHECK_STR(table.partition_columns[1], "ds");
}

static void files_without_folders_of_days_are_one_table(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/b.parquet", "SELECT 2 AS a, '2024-01-01' AS ds");
  file(w, "ns/t/a.parquet", "SELECT 1 AS a, '2024-01-02' AS ds");
  gni_table table = test_table(w, "ns.t");
  CHECK(table.folder && table.partitioned && !table.by_folder);
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, NULL), "2,\"2024-01-01\"\n1,\"2024-01-02\"");
}

static void hidden_and_other_files_are_passed_over(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/ds=2024-01-01/x.parquet", "SELECT 1 AS a");
  folder(test_path("warehouse/ns/t/.tmp-1/ds=2024-01-05"));
  folder(test_path("warehouse/ns/t/_temporary/ds=2024-01-06"));
  folder(test_path("warehouse/ns/t/ds=2024-01-02"));
  folder(test_path("warehouse/ns/t/notes"));
  test_write_file(test_path("warehouse/ns/t/_SUCCESS"), "");
  test_write_file(test_path("warehouse/ns/t/.x.parquet"), "no parquet");
  test_write_file(test_path("warehouse/ns/t/ds=2024-01-01/_x.parquet"), "no parquet");
  test_write_file(test_path("warehouse/ns/t/ds=2024-01-01/readme.txt"), "no parquet");
  test_write_file(test_path("warehouse/ns/t/notes/x.parquet"), "no parquet");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-01");
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, NULL), "1,\"2024-01-01\"");
}

static void folders_that_are_no_days_are_seen_only_in_the_whole(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/ds=2024-01-01/x.parquet", "SELECT 1 AS a");
  file(w, "ns/t/ds=__HIVE_DEFAULT_PARTITION__/x.parquet", "SELECT 2 AS a");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-01");
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, NULL), "2,null\n1,\"2024-01-01\"");
  CHECK_TEXT(test_scan(w, "ns.t", "a", "2000-01-01", NULL), "1");
}

static void values_in_names_of_folders_are_decoded(void)
{
  static const gni_table_entry entry = {
      .name = "ns.t", .partition_column = "day", .partition_format = "dd/MM/yyyy"};
  test_warehouse *w = test_tables_with((gni_warehouse_config){.tables = &entry, .table_count = 1});
  file(w, "ns/t/day=02%2F01%2F2024/x.parquet", "SELECT 2 AS a");
  file(w, "ns/t/day=01%2F02%2F2024/x.parquet", "SELECT 1 AS a");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-02 2024-02-01");
  CHECK_TEXT(test_scan(w, "ns.t", "a, day, __gn_ds", NULL, NULL),
             "2,\"02/01/2024\",\"2024-01-02\"\n1,\"01/02/2024\",\"2024-02-01\"");
}

static void folders_of_different_depth_are_refused(void)
{
  test_warehouse *w = test_tables();
  gn_error err = {0};
  gni_days days;
  file(w, "ns/t/ds=2024-01-01/x.parquet", "SELECT 1 AS a");
  file(w, "ns/t/ds=2024-01-02/hour=3/x.parquet", "SELECT 1 AS a");
  gni_table table = test_table(w, "ns.t");
  CHECK_INT(gni_table_partitions(w->warehouse, &table, NULL, 0, &w->arena, &days, &err),
            GN_E_CORRUPT);
  CHECK(strstr(err.message, "hour=3/x.parquet") != NULL);
}

static void the_last_entry_of_a_name_counts(void)
{
  static gni_table_entry entries[3];
  static char absolute[4096];
  snprintf(absolute, sizeof absolute, "%s", test_path("elsewhere.csv"));
  test_write_file(absolute, "a,b\n1,x\n");
  entries[0] = (gni_table_entry){.name = "data.t", .path = "first.parquet"};
  entries[1] = (gni_table_entry){.name = "other.t", .path = "second.parquet"};
  entries[2] = (gni_table_entry){.name = "data.t", .path = absolute};
  test_warehouse *w = test_tables_with((gni_warehouse_config){.tables = entries, .table_count = 3});
  CHECK_TEXT(test_scan(w, "data.t", "a, b", NULL, NULL), "1,\"x\"");
  gni_table table = test_table(w, "data.t");
  CHECK(table.configured);
  CHECK_STR(table.location, absolute);
  gn_error err = {0};
  CHECK_INT(gni_table_find(w->warehouse, GN_STR("other.t"), &w->arena, &table, &err), GN_ABSENT);
}

static void names_of_the_engines_patterns_are_just_names(void)
{
  test_warehouse *w =
      test_tables_with((gni_warehouse_config){.root = test_path("w*[x]?/a=b/it's")});
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  folder(test_path("wz[x]y/a=b/it's/ns"));
  CHECK_TEXT(test_table_type(w, "ns.t"), "struct<a:int,ds:string>");
  CHECK_TEXT(test_scan(w, "ns.t", "* EXCLUDE (__gn_order)", NULL, NULL),
             "1,\"2024-01-01\",\"2024-01-01\",19723");
  CHECK_INT(unlink(test_path("w*[x]?/a=b/it's/ns/t/.gnomon-table.json")), 0);
  test_warehouse *again = test_tables_with(
      (gni_warehouse_config){.root = test_path("w*[x]?/a=b/it's"), .engine = w->engine});
  CHECK_TEXT(test_table_type(again, "ns.t"), "struct<a:int,ds:string>");
}

/* ---- contents -------------------------------------------------------------------------------- */

static void columns_are_united_over_files(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/ds=2024-01-01/x.parquet", "SELECT 1::INT AS a, 'x' AS b");
  file(w, "ns/t/ds=2024-01-02/x.parquet", "SELECT 2.5::DOUBLE AS c, 3::BIGINT AS a");
  CHECK_TEXT(test_table_type(w, "ns.t"), "struct<a:bigint,b:string,c:double,ds:string>");
  CHECK_TEXT(test_scan(w, "ns.t", "a, b, c", NULL, NULL), "1,\"x\",null\n3,null,2.5");
  CHECK_TEXT(test_scan(w, "ns.t", "a, b, c, typeof(a)", "2024-01-01", "2024-01-01"),
             "1,\"x\",null,\"BIGINT\"");
}

static void types_of_csv_come_from_all_its_rows(void)
{
  test_warehouse *w = test_tables();
  folder(test_path("warehouse/ns"));
  test_write_file(test_path("warehouse/ns/t.csv"), "ds,id,amount,at,note\n"
                                                   "2024-01-02,1,2.5,2024-01-02 03:04:05,\"a,b\"\n"
                                                   "2024-01-01,2,,2024-01-01 00:00:00,\n");
  CHECK_TEXT(test_table_type(w, "ns.t"),
             "struct<id:bigint,amount:double,at:timestamp,note:string,ds:string>");
  CHECK_TEXT(test_days(w, "ns.t", ""), "2024-01-01 2024-01-02");
  CHECK_TEXT(test_scan(w, "ns.t", "*", NULL, NULL),
             "2,null,\"2024-01-01T00:00:00Z\",null,\"2024-01-01\",\"2024-01-01\",19723,1\n"
             "1,2.5,\"2024-01-02T03:04:05Z\",\"a,b\",\"2024-01-02\",\"2024-01-02\",19724,0");
}

static void folders_of_csv_are_partitions(void)
{
  test_warehouse *w = test_tables();
  gni_estimate estimate;
  gni_scan all = GNI_SCAN_ALL;
  gn_error err = {0};
  file(w, "ns/t/ds=2024-01-02/x.csv", "SELECT 2.5 AS a");
  file(w, "ns/t/ds=2024-01-01/x.csv", "SELECT i AS a FROM range(3) t(i)");
  CHECK_TEXT(test_table_type(w, "ns.t"), "struct<a:double,ds:string>");
  CHECK_TEXT(test_scan(w, "ns.t", "a, ds", NULL, "2024-01-01"),
             "0.0,\"2024-01-01\"\n1.0,\"2024-01-01\"\n2.0,\"2024-01-01\"");
  gni_table table = test_table(w, "ns.t");
  CHECK_INT(table.format, GNI_TABLE_CSV);
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &all, &estimate, &err), &err);
  CHECK_INT(estimate.rows, -1);
  CHECK_INT(estimate.files, 2);
  CHECK_INT(estimate.bytes, (int64_t)strlen("a\n2.5\n") + (int64_t)strlen("a\n0\n1\n2\n"));
}

static void columns_named_like_the_engines_own_keep_the_order(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/ds=2024-01-01/a.parquet",
       "SELECT i AS file_row_number, -1 AS file_index, 'f' AS filename FROM range(5, 0, -1) t(i)");
  file(w, "ns/t/ds=2024-01-01/b.parquet",
       "SELECT 9 AS file_row_number, -2 AS file_index, 'g' AS filename");
  CHECK_TEXT(test_scan(w, "ns.t", "file_row_number, file_index, filename, __gn_order", NULL, NULL),
             "5,-1,\"f\",0\n4,-1,\"f\",1\n3,-1,\"f\",2\n2,-1,\"f\",3\n1,-1,\"f\",4\n9,-2,\"g\",5");
}

static void source_order_is_file_then_row(void)
{
  test_warehouse *w = test_tables();
  file(w, "ns/t/ds=2024-01-02/a.parquet", "SELECT 3 AS a");
  file(w, "ns/t/ds=2024-01-01/b.parquet", "SELECT 2 AS a");
  file(w, "ns/t/ds=2024-01-01/a.parquet", "SELECT unnest([9, 1]) AS a");
  CHECK_TEXT(test_scan(w, "ns.t", "a, __gn_order", NULL, NULL),
             "9,0\n1,1\n2,1099511627776\n3,2199023255552");
}

static void row_groups_narrow_an_estimate(void)
{
  test_warehouse *w = test_tables();
  gni_estimate estimate;
  gni_scan scan = GNI_SCAN_ALL;
  gn_error err = {0};
  folder(test_path("warehouse/ns"));
  test_exec(
      w->engine,
      "COPY (SELECT i AS a, strftime(DATE '2024-01-01' + (i // 2048)::INT, '%%Y-%%m-%%d') AS ds "
      "FROM range(20480) t(i)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
      test_path("warehouse/ns/t.parquet"));
  gni_table table = test_table(w, "ns.t");
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &scan, &estimate, &err), &err);
  CHECK_INT(estimate.rows, 20480);
  CHECK_INT(estimate.files, 1);
  scan.first_day = test_day("2024-01-03");
  scan.last_day = test_day("2024-01-05");
  CHECK_OK(gni_table_estimate(w->warehouse, &table, &scan, &estimate, &err), &err);
  CHECK_INT(estimate.rows, 3 * 2048);
}

static void a_damaged_file_is_named(void)
{
  test_warehouse *w = test_tables();
  gni_table table;
  gn_error err = {0};
  folder(test_path("warehouse/ns"));
  test_write_file(test_path("warehouse/ns/t.parquet"), "PAR1 this is none");
  int rc = gni_table_find(w->warehouse, GN_STR("ns.t"), &w->arena, &table, &err);
  CHECK(rc < 0);
  CHECK(strstr(err.message, "t.parquet") != NULL);
  CHECK(strstr(err.where, "ns.t") != NULL);
}

static void a_file_is_not_written_to(void)
{
  test_warehouse *w = test_tables();
  gni_table_written written;
  gn_error err = {0};
  file(w, "ns/t.parquet", "SELECT 1 AS a, '2024-01-01' AS ds");
  CHECK_INT(test_write(w, "ns.t", "a:int", &written, &err, "SELECT 1 AS a, '2024-01-02' AS ds"),
            GN_E_UNSUPPORTED);
  CHECK(strstr(err.message, "one file") != NULL);
}

static void a_damaged_record_is_named(void)
{
  static const char *const records[] = {
      "{", "[]", "{\"format\": 1}",
      "{\"format\": 1, \"partition_column\": \"ds\", \"columns\": [{}]}"};
  test_warehouse *w = test_tables();
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
    gni_table table;
    gn_error err = {0};
    test_write_file(test_path("warehouse/ns/t/.gnomon-table.json"), records[i]);
    CHECK(gni_table_find(w->warehouse, GN_STR("ns.t"), &w->arena, &table, &err) < 0);
    CHECK(strstr(err.where, "ns.t") != NULL);
  }
  gni_table table;
  gn_error err = {0};
  test_write_file(test_path("warehouse/ns/t/.gnomon-table.json"), "{\"format\": 2}");
  CHECK_INT(gni_table_find(w->warehouse, GN_STR("ns.t"), &w->arena, &table, &err),
            GN_E_UNSUPPORTED);
}

/* ---- killed writers -------------------------------------------------------------------------- */

enum { DAYS = 3, ROWS = 2000 };

/* In a process of its own: days 2024-01-01 … get ROWS rows of `value`. */
static int write_all_days(const char *root, int value)
{
  gni_engine_config engine_config = {.threads = 1, .memory_bytes = INT64_C(200) << 20};
  gni_warehouse_config config = {.root = root};
  static const gni_field field = {{"a", 1}, &gni_type_int};
  static const gni_type columns = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  gni_table_spec spec = {.name = GN_STR("ns.t"), .columns = &columns};
  gni_engine *engine = NULL;
  gni_warehouse *warehouse = NULL;
  gni_table_writer *writer = NULL;
  gni_table_written written;
  gn_arena arena;
  gn_buf sql;
  gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
  gni_buf_init(&sql, &gni_libc_alloc, 4096);
  gni_buf_add_format(&sql,
                     "SELECT %d::INT AS a, '2024-01-0' || (1 + i %% %d) AS ds FROM range(%d) t(i)",
                     value, DAYS, DAYS * ROWS);
  int rc = gni_engine_open("duckdb", &engine_config, &engine, NULL);
  config.engine = engine;
  if (rc == GN_OK) rc = gni_warehouse_open(&config, &warehouse, NULL);
  if (rc == GN_OK) rc = gni_table_writer_open(warehouse, &spec, &writer, NULL);
  if (rc == GN_OK) rc = gni_table_write_sql(writer, gni_buf_view(&sql), &arena, &written, NULL);
  gni_table_writer_close(writer);
  gni_warehouse_close(warehouse);
  gni_engine_close(engine);
  gni_buf_deinit(&sql);
  gni_arena_deinit(&arena);
  return rc == GN_OK ? 0 : 1;
}

/* Every day is whole and of one write, at most `newest` and at least `oldest`; rows in all. */
static void check_days(const char *root, int oldest, int newest)
{
  test_warehouse *w = test_tables_with((gni_warehouse_config){.root = root});
  gni_table table = test_table(w, "ns.t");
  gni_scan all = GNI_SCAN_ALL;
  gn_buf from;
  gn_error err = {0};
  gni_buf_init(&from, &gni_libc_alloc, 1 << 20);
  CHECK_OK(gni_table_scan(w->warehouse, &table, &all, &from, &err), &err);
  CHECK_TEXT(
      test_rows(w->engine,
                "SELECT count(*), bool_and(n = %d AND low = high AND low BETWEEN %d AND %d) FROM "
                "(SELECT count(*) AS n, min(a) AS low, max(a) AS high FROM %s GROUP BY ds)",
                ROWS, oldest, newest, from.ptr),
      "3,true");
  gni_buf_deinit(&from);
}

static int in_a_child(const char *root, int value, const char *fault, int kill_after_us)
{
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    if (fault) setenv("GN_FAULT_AT", fault, 1);
    _exit(write_all_days(root, value));
  }
  CHECK(child > 0);
  if (kill_after_us) {
    nanosleep(&(struct timespec){kill_after_us / 1000000, kill_after_us % 1000000 * 1000}, NULL);
    kill(child, SIGKILL);
  }
  CHECK_INT(waitpid(child, &status, 0), child);
  return status;
}

static void a_writer_killed_between_days_leaves_whole_days(void)
{
#ifdef GN_FAULTS
  static const char *const faults[] = {"table.before_publish:kill",   "table.after_publish:kill",
                                       "table.before_publish:2:kill", "table.after_publish:2:kill",
                                       "table.before_publish:3:kill", "table.after_publish:3:kill"};
  const char *root = test_path("warehouse");
  CHECK_INT(in_a_child(root, 0, NULL, 0), 0);
  for (int i = 0; i < (int)(sizeof faults / sizeof *faults); i++) {
    CHECK(WIFSIGNALED(in_a_child(root, i + 1, faults[i], 0)));
    check_days(root, 0, i + 1);
    CHECK(test_entries(test_path("warehouse/ns/t")) > DAYS + 1); /* what was left … */
    CHECK_INT(in_a_child(root, i + 1, NULL, 0), 0);
    CHECK_INT(test_entries(test_path("warehouse/ns/t")), DAYS + 1); /* … is swept */
    check_days(root, i + 1, i + 1);
  }
#else
  test_skip("fault points are not compiled in");
#endif
}

static void a_writer_killed_at_any_time_leaves_whole_days(void)
{
  const char *root = test_path("warehouse");
  test_random random = test_random_new(2);
  CHECK_INT(in_a_child(root, 0, NULL, 0), 0);
  int64_t begun_us = gni_monotonic_us();
  CHECK_INT(in_a_child(root, 1, NULL, 0), 0);
  int64_t whole_us = gni_monotonic_us() - begun_us;
  for (int i = 0; i < 8 * test_effort(); i++)
    in_a_child(root, i + 2, NULL, (int)test_random_in(&random, whole_us / 3, whole_us));
  check_days(root, 1, 1 + 8 * test_effort());
  CHECK_INT(in_a_child(root, 100000, NULL, 0), 0);
  CHECK_INT(test_entries(test_path("warehouse/ns/t")), DAYS + 1);
  check_days(root, 100000, 100000);
}

static void two_writers_do_not_sweep_each_other(void)
{
  test_warehouse *w = test_tables();
  gni_table_spec spec = {.name = GN_STR("ns.t")};
  gni_table_writer *a, *b;
  gni_table_written written;
  gn_error err = {0};
  CHECK_OK(gni_type_parse(GN_STR("struct<a:int>"), &w->arena, &spec.columns, &err), &err);
  CHECK_OK(gni_table_writer_open(w->warehouse, &spec, &a, &err), &err);
  CHECK_OK(gni_table_writer_open(w->warehouse, &spec, &b, &err), &err);
  CHECK_OK(gni_table_write_sql(a, GN_STR("SELECT 1 AS a, '2024-01-01' AS ds"), &w->arena, &written,
                               &err),
           &err);
  CHECK_OK(gni_table_write_sql(b, GN_STR("SELECT 2 AS a, '2024-01-02' AS ds"), &w->arena, &written,
                               &err),
           &err);
  gni_table_writer_close(a);
  gni_table_writer_close(b);
  CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), "1\n2");
  CHECK_INT(test_entries(test_path("warehouse/ns/t")), 3);
}

static void a_cancelled_write_publishes_nothing(void)
{
  static gn_cancel cancel;
  cancel = (gn_cancel){0};
  test_warehouse *w = test_tables_with((gni_warehouse_config){.cancel = &cancel});
  gni_table_written written;
  gn_error err = {0};
  test_fill(w, "ns.t", "a:int", "SELECT 1 AS a, '2024-01-01' AS ds");
  gni_cancel_ask(&cancel);
  CHECK_INT(test_write(w, "ns.t", "a:int", &written, &err, "SELECT 2 AS a, '2024-01-01' AS ds"),
            GN_E_CANCELLED);
  CHECK_TEXT(test_scan(w, "ns.t", "a", NULL, NULL), "1");
  CHECK_INT(test_entries(test_path("warehouse/ns/t")), 2);
}

int main(void)
{
  static const test_case cases[] = {
      {"one file without days is not partitioned", one_file_without_days_is_not_partitioned},
      {"days in the rows of one file are partitions", days_in_rows_of_one_file_are_partitions},
      {"days as numbers are read in their format", days_as_numbers_are_read_in_their_format},
      {"rows without a day are seen only in the whole",
       rows_without_a_day_are_seen_only_in_the_whole},
      {"folders of several levels are columns", folders_of_several_levels_are_columns},
      {"files without folders of days are one table", files_without_folders_of_days_are_one_table},
      {"hidden and other files are passed over", hidden_and_other_files_are_passed_over},
      {"folders that are no days are seen only in the whole",
       folders_that_are_no_days_are_seen_only_in_the_whole},
      {"values in the names of folders are decoded", values_in_names_of_folders_are_decoded},
      {"folders of different depth are refused", folders_of_different_depth_are_refused},
      {"the last entry of a name counts", the_last_entry_of_a_name_counts},
      {"names of the engine's patterns are just names",
       names_of_the_engines_patterns_are_just_names},
      {"columns are united over files", columns_are_united_over_files},
      {"types of CSV come from all its rows", types_of_csv_come_from_all_its_rows},
      {"folders of CSV are partitions", folders_of_csv_are_partitions},
      {"columns named like the engine's own keep the order",
       columns_named_like_the_engines_own_keep_the_order},
      {"source order is file, then row", source_order_is_file_then_row},
      {"row groups narrow an estimate", row_groups_narrow_an_estimate},
      {"a damaged file is named", a_damaged_file_is_named},
      {"one file is not written to", a_file_is_not_written_to},
      {"a damaged record is named", a_damaged_record_is_named},
      {"a writer killed between days leaves whole days",
       a_writer_killed_between_days_leaves_whole_days},
      {"a writer killed at any time leaves whole days",
       a_writer_killed_at_any_time_leaves_whole_days},
      {"two writers do not sweep each other", two_writers_do_not_sweep_each_other},
      {"a cancelled write publishes nothing", a_cancelled_write_publishes_nothing},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
