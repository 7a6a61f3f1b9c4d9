/* Partition columns that are in the rows, as SQL. SPDX-License-Identifier: Apache-2.0 */
#include "table/table_private.h"

#include <stdlib.h>

static bool is_iso(gn_str format)
{
  return gni_str_is(format, "yyyy-MM-dd");
}

/* Whether texts in this format are in the order of their days: year, month, day, all of full width.
 */
static bool sorts(gn_str format)
{
  char letters[9] = "";
  size_t count = 0;
  for (size_t i = 0; i < format.len; i++)
    if (format.ptr[i] == 'y' || format.ptr[i] == 'M' || format.ptr[i] == 'd') {
      if (count == 8) return false;
      letters[count++] = format.ptr[i];
    }
  return strcmp(letters, "yyyyMMdd") == 0;
}

/* A Java pattern as the engine's: yyyy is %Y, MM %m, dd %d. */
static int add_format(gn_buf *sql, gn_str format)
{
  gn_buf text;
  bool quoted = false;
  gni_buf_init(&text, sql->alloc, 4096);
  for (size_t i = 0; i < format.len; i++) {
    char c = format.ptr[i];
    const char *part = c == 'y' ? "%Y" : c == 'M' ? "%m" : c == 'd' ? "%d" : NULL;
    if (c == '\'') {
      quoted = !quoted;
    } else if (!part || quoted) {
      gni_buf_add(&text, &c, 1);
      if (c == '%') gni_buf_add_char(&text, c);
    } else {
      gni_buf_add_text(&text, part);
      while (i + 1 < format.len && format.ptr[i + 1] == c) i++;
    }
  }
  int rc = text.rc == GN_OK ? gni_sql_add_text(sql, gni_buf_view(&text)) : text.rc;
  gni_buf_deinit(&text);
  return rc;
}

static bool is_date(const gnp_partition_column *column)
{
  return column->kind == GNI_DATE || column->kind == GNI_TIMESTAMP;
}

static int add_date_text(gn_buf *sql, const gnp_partition_column *column, gn_str format)
{
  gni_buf_add_text(sql, "strftime(");
  gni_sql_add_name(sql, column->name);
  gni_buf_add_text(sql, ", ");
  add_format(sql, format);
  return gni_buf_add_char(sql, ')');
}

int gnp_add_partition_text(gn_buf *sql, const gnp_partition_column *column)
{
  if (is_date(column)) return add_date_text(sql, column, column->format);
  if (column->kind == GNI_STRING) return gni_sql_add_name(sql, column->name);
  gni_buf_add_text(sql, "CAST(");
  gni_sql_add_name(sql, column->name);
  return gni_buf_add_text(sql, " AS VARCHAR)");
}

/* The column as a DATE. */
static int add_date(gn_buf *sql, const gnp_partition_column *column)
{
  if (is_date(column)) {
    gni_buf_add_text(sql, "CAST(");
    gni_sql_add_name(sql, column->name);
    return gni_buf_add_text(sql, " AS DATE)");
  }
  if (is_iso(column->format)) {
    gni_buf_add_text(sql, "TRY_CAST(");
    gnp_add_partition_text(sql, column);
    return gni_buf_add_text(sql, " AS DATE)");
  }
  gni_buf_add_text(sql, "CAST(try_strptime(");
  gnp_add_partition_text(sql, column);
  gni_buf_add_text(sql, ", ");
  add_format(sql, column->format);
  return gni_buf_add_text(sql, ") AS DATE)");
}

int gnp_add_partition_ds(gn_buf *sql, const gnp_partition_column *column)
{
  if (is_date(column)) return add_date_text(sql, column, column->out_format);
  if (gni_str_equal(column->format, column->out_format)) return gnp_add_partition_text(sql, column);
  gni_buf_add_text(sql, "strftime(");
  add_date(sql, column);
  gni_buf_add_text(sql, ", ");
  add_format(sql, column->out_format);
  return gni_buf_add_char(sql, ')');
}

int gnp_add_partition_day(gn_buf *sql, const gnp_partition_column *column)
{
  gni_buf_add_text(sql, "CAST(");
  add_date(sql, column);
  return gni_buf_add_text(sql, " - DATE '1970-01-01' AS INTEGER)");
}

/* One bound: the column in its own type where that compares as days do, else the day number. */
static int add_bound(gn_buf *sql, const gnp_partition_column *column, const char *comparison,
                     int32_t day)
{
  char text[64];
  bool as_text = column->kind == GNI_STRING && sorts(column->format) &&
                 gni_day_format(day, column->format, text, sizeof text, NULL) == GN_OK;
  if (column->kind == GNI_DATE) {
    gni_sql_add_name(sql, column->name);
    return gni_buf_add_format(sql, " %s DATE '1970-01-01' + %d", comparison, (int)day);
  }
  if (as_text) {
    gni_sql_add_name(sql, column->name);
    gni_buf_add_format(sql, " %s ", comparison);
    return gni_sql_add_text(sql, gni_str(text));
  }
  gnp_add_partition_day(sql, column);
  return gni_buf_add_format(sql, " %s %d", comparison, (int)day);
}

int gnp_add_partition_range(gn_buf *sql, const gnp_partition_column *column, int32_t first_day,
                            int32_t last_day)
{
  bool from = first_day != INT32_MIN, to = last_day != INT32_MAX;
  if (!from && !to) return gni_buf_add_text(sql, "true");
  if (from) add_bound(sql, column, ">=", first_day);
  if (from && to) gni_buf_add_text(sql, " AND ");
  return to ? add_bound(sql, column, "<=", last_day) : sql->rc;
}

/* ---- days ------------------------------------------------------------------------------------ */

static int compare_days(const void *a, const void *b)
{
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

size_t gnp_sort_days(int32_t *days, size_t count)
{
  size_t kept = 0;
  if (count) qsort(days, count, sizeof *days, compare_days);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || days[i] != days[kept - 1]) days[kept++] = days[i];
  return kept;
}

struct day_list {
  gn_arena *arena;
  int32_t *days;
  size_t count, capacity;
};

static int take_day(void *user, const gni_value *row, size_t count)
{
  struct day_list *list = user;
  if (count == 0 || row[0].is_null) return GN_OK;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 64;
    int32_t *grown = gni_arena_grow(list->arena, list->days, list->count * sizeof *grown,
                                    capacity * sizeof *grown);
    if (!grown) return GN_E_NOMEM;
    list->days = grown;
    list->capacity = capacity;
  }
  list->days[list->count++] = (int32_t)row[0].integer;
  return GN_OK;
}

int gnp_query_days(gni_engine *engine, gn_str sql, gn_arena *arena, gni_days *out, gn_error *err)
{
  struct day_list list = {.arena = arena};
  int rc = gni_engine_each_row(engine, sql, take_day, &list, err);
  if (rc != GN_OK) return gni_fail(err, rc, "cannot list the partitions");
  *out = (gni_days){list.days, gnp_sort_days(list.days, list.count)};
  return GN_OK;
}
