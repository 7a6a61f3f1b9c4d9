/* Parquet files that an engine writes. SPDX-License-Identifier: Apache-2.0 */
#include "contract/engine/rows.h"

static void rows_are_written_and_read_back(void)
{
  gni_engine *engine = test_engine();
  const char *path = test_path("it's.parquet");
  gni_written written;
  gn_error err = {0};
  CHECK_OK(
      gni_engine_write_parquet(engine,
                               GN_STR("SELECT i, 'v' || i AS s, CASE WHEN i > 1 THEN [i] END AS l "
                                      "FROM range(3) t(i) -- a comment"),
                               path, NULL, &written, &err),
      &err);
  CHECK_INT(written.rows, 3);
  CHECK_INT(written.files, 1);
  CHECK(written.bytes > 100);
  CHECK_TEXT(test_rows(engine, "FROM read_parquet('%s')", test_path("it''s.parquet")),
             "0,\"v0\",null\n1,\"v1\",null\n2,\"v2\",[2]");
}

static void no_rows_make_a_file_with_columns(void)
{
  gni_engine *engine = test_engine();
  gni_written written;
  gn_error err = {0};
  CHECK_OK(gni_engine_write_parquet(engine, GN_STR("SELECT 1 AS a WHERE false"),
                                    test_path("a.parquet"), NULL, &written, &err),
           &err);
  CHECK_INT(written.rows, 0);
  CHECK_TEXT(test_type(engine, "FROM read_parquet('%s')", test_path("a.parquet")), "struct<a:int>");
}

static void rows_are_parted_in_their_order(void)
{
  enum { DAYS = 200, ROWS = 400000 };
  gni_engine *engine = test_engine();
  gni_parquet_options options = {.partition_column = "ds"};
  gni_written written;
  gn_error err = {0};
  CHECK_OK(gni_engine_write_parquet(
               engine, test_sql("SELECT i, 'd' || i %% %d AS ds FROM range(%d) t(i)", DAYS, ROWS),
               test_path("out"), &options, &written, &err),
           &err);
  CHECK_INT(written.rows, ROWS);
  CHECK_INT(written.files, DAYS);
  CHECK_INT(test_entries(test_path("out")), DAYS);
  CHECK_INT(test_entries(test_path("out/ds=d7")), 1);
  CHECK_TEXT(test_type(engine, "FROM read_parquet('%s', hive_partitioning=false)",
                       test_path("out/ds=d7/*.parquet")),
             "struct<i:bigint>");
  CHECK_TEXT(test_rows(engine,
                       "SELECT count(*), bool_and(i %% %d = 7 AND i // %d = n) FROM (SELECT i, "
                       "row_number() OVER () - 1 AS n FROM read_parquet('%s'))",
                       DAYS, DAYS, test_path("out/ds=d7/*.parquet")),
             "2000,true");
}

static void a_stream_is_written(void)
{
  gni_engine *engine = test_engine();
  struct ArrowArrayStream stream;
  gni_written written;
  gn_error err = {0};
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT i FROM range(5000) t(i)"), &stream, &err), &err);
  CHECK_OK(gni_engine_write_stream(engine, &stream, test_path("a.parquet"), NULL, &written, &err),
           &err);
  CHECK_INT(written.rows, 5000);
  CHECK_TEXT(
      test_rows(engine, "SELECT sum(i)::BIGINT FROM read_parquet('%s')", test_path("a.parquet")),
      "12497500");
}

static void a_place_that_cannot_be_written_is_named(void)
{
  gni_engine *engine = test_engine();
  gni_written written;
  gn_error err = {0};
  CHECK_INT(gni_engine_write_parquet(engine, GN_STR("SELECT 1 AS a"), test_path("none/a.parquet"),
                                     NULL, &written, &err),
            GN_E_IO);
  CHECK(strstr(err.message, "none/a.parquet") != NULL);
}

static void a_row_that_fails_fails_the_write(void)
{
  gni_engine *engine = test_engine();
  gni_written written;
  gn_error err = {0};
  CHECK_INT(gni_engine_write_parquet(
                engine,
                GN_STR("SELECT CASE WHEN i = 99999 THEN 'x' ELSE '1' END::INTEGER AS a "
                       "FROM range(100000) t(i)"),
                test_path("a.parquet"), NULL, &written, &err),
            GN_E_TYPE);
}

int main(void)
{
  static const test_case cases[] = {
      {"rows are written and read back", rows_are_written_and_read_back},
      {"no rows make a file with columns", no_rows_make_a_file_with_columns},
      {"rows are parted in their order", rows_are_parted_in_their_order},
      {"a stream is written", a_stream_is_written},
      {"a place that cannot be written is named", a_place_that_cannot_be_written_is_named},
      {"a row that fails fails the write", a_row_that_fails_fails_the_write},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
