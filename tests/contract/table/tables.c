/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/table/tables.h"

#include <stdio.h>
#include <stdlib.h>

static char sql_text[1 << 16];

#define FORMAT_SQL(format)                                                                         \
  do {                                                                                             \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    int length = vsnprintf(sql_text, sizeof sql_text, format, args);                               \
    va_end(args);                                                                                  \
    CHECK(length >= 0 && (size_t)length < sizeof sql_text);                                        \
  } while (0)

static void close_warehouse(void *what)
{
  test_warehouse *w = what;
  gni_warehouse_close(w->warehouse);
  gni_arena_deinit(&w->arena);
  gni_free(&gni_libc_alloc, w, sizeof *w);
}

bool test_tables_are_files(void)
{
  const char *name = getenv("GN_TABLE_DRIVER");
  return !name || strcmp(name, "memory") != 0;
}

test_warehouse *test_tables_with(gni_warehouse_config config)
{
  const gni_table_driver *driver = test_tables_are_files() ? &gni_table_parquet : &gni_table_memory;
  gn_error err = {0};
  test_warehouse *w = gni_alloc_zero(&gni_libc_alloc, sizeof *w);
  CHECK(w != NULL);
  w->engine = config.engine ? config.engine : test_engine();
  config.engine = w->engine;
  if (!config.alloc) config.alloc = test_alloc();
  if (!config.root) config.root = test_path("warehouse");
  gni_arena_init(&w->arena, &gni_libc_alloc, 64 << 20);
  test_later(close_warehouse, w);
  CHECK_OK(gni_warehouse_open_driver(driver, &config, &w->warehouse, &err), &err);
  return w;
}

test_warehouse *test_tables(void)
{
  return test_tables_with((gni_warehouse_config){.root = NULL});
}

static int write_rows(test_warehouse *w, const char *table, const char *columns,
                      gni_table_written *out, gn_error *err)
{
  gni_table_spec spec = {.name = gni_str(table), .auto_expand = true};
  gni_table_writer *writer;
  gn_str spelt = gni_str_format(&w->arena, "struct<%s>", columns);
  CHECK_OK(gni_type_parse(spelt, &w->arena, &spec.columns, err), err);
  int rc = gni_table_writer_open(w->warehouse, &spec, &writer, err);
  if (rc != GN_OK) return rc;
  rc = gni_table_write_sql(writer, gni_str(sql_text), &w->arena, out, err);
  gni_table_writer_close(writer);
  return rc;
}

int test_write(test_warehouse *w, const char *table, const char *columns, gni_table_written *out,
               gn_error *err, const char *format, ...)
{
  FORMAT_SQL(format);
  return write_rows(w, table, columns, out, err);
}

void test_fill(test_warehouse *w, const char *table, const char *columns, const char *format, ...)
{
  gni_table_written written;
  gn_error err = {0};
  FORMAT_SQL(format);
  CHECK_OK(write_rows(w, table, columns, &written, &err), &err);
}

gni_table test_table(test_warehouse *w, const char *name)
{
  gni_table table;
  gn_error err = {0};
  CHECK_OK(gni_table_need(w->warehouse, gni_str(name), &w->arena, &table, &err), &err);
  return table;
}

int32_t test_day(const char *text)
{
  int32_t day;
  gn_error err = {0};
  CHECK_OK(gni_day_parse(gni_str(text), GN_STR("yyyy-MM-dd"), &day, &err), &err);
  return day;
}

const char *test_days(test_warehouse *w, const char *name, const char *filters)
{
  static char text[4096];
  gni_table table = test_table(w, name);
  gni_partition_filter *list;
  size_t count, used = 0;
  gni_days days;
  gn_error err = {0};
  CHECK_OK(gni_partition_filters_parse(gni_str(filters), &w->arena, &list, &count, &err), &err);
  CHECK_OK(gni_table_partitions(w->warehouse, &table, list, count, &w->arena, &days, &err), &err);
  text[0] = '\0';
  for (size_t i = 0; i < days.count; i++) {
    char day[16];
    CHECK_OK(gni_day_format(days.days[i], GN_STR("yyyy-MM-dd"), day, sizeof day, &err), &err);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", day);
    CHECK(used < sizeof text);
  }
  return text;
}

const char *test_scan(test_warehouse *w, const char *name, const char *what, const char *first_day,
                      const char *last_day)
{
  gni_table table = test_table(w, name);
  gni_scan scan = GNI_SCAN_ALL;
  gn_buf from;
  gn_error err = {0};
  if (first_day) scan.first_day = test_day(first_day);
  if (last_day) scan.last_day = test_day(last_day);
  gni_buf_init(&from, &gni_libc_alloc, 1 << 20);
  CHECK_OK(gni_table_scan(w->warehouse, &table, &scan, &from, &err), &err);
  const char *rows = test_rows(
      w->engine, "SELECT %s FROM %s ORDER BY " GNI_SCAN_DAY " NULLS FIRST, " GNI_SCAN_ORDER, what,
      from.ptr);
  gni_buf_deinit(&from);
  return rows;
}

const char *test_table_type(test_warehouse *w, const char *name)
{
  static char text[1 << 14];
  gni_table table = test_table(w, name);
  const gni_type *type;
  gn_buf spelt;
  gn_error err = {0};
  CHECK_OK(gni_table_type(w->warehouse, &table, &w->arena, &type, &err), &err);
  gni_buf_init(&spelt, &gni_libc_alloc, sizeof text - 1);
  CHECK_INT(gni_type_format(type, &spelt), GN_OK);
  memcpy(text, spelt.ptr, spelt.len + 1);
  gni_buf_deinit(&spelt);
  return text;
}
