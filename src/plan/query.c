/* The SELECT that gives a GroupBy's rows in folding order. SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_private.h"

#include <inttypes.h>

static int32_t later(int32_t a, int32_t b)
{
  return a > b ? a : b;
}

static int32_t earlier(int32_t a, int32_t b)
{
  return a < b ? a : b;
}

/* The first day whose events can matter to the day `first`: a window and a day before it, so that
 * rows that landed in the partition before their time are there too. */
static int32_t lookback(const gni_group *group, int32_t first)
{
  gni_window longest = gni_group_by_max_window(group->def);
  if (longest.length_ms == INT64_MAX || first == GNI_DAY_OPEN_START) return GNI_DAY_OPEN_START;
  return gni_day_of_ms((int64_t)(first - 1) * GN_DAY_MS - longest.length_ms);
}

int gni_source_days(const gni_group *group, const gni_group_source *source, gni_day_range range,
                    const gni_table_access *tables, gni_day_range *out, gn_error *err)
{
  int32_t last = earlier(range.last, source->end_day);
  *out = (gni_day_range){GNI_DAY_OPEN_START, GNI_DAY_OPEN_END};
  if (!source->partitioned) return GN_OK;
  if (source->cumulative) { /* the newest partition holds all history */
    int32_t newest = source->end_day;
    int rc = newest == GNI_DAY_OPEN_END ? tables->newest(tables->user, source->table, &newest, err)
                                        : GN_OK;
    if (rc == GN_ABSENT)
      newest = range.last;
    else if (rc != GN_OK)
      return rc;
    *out = (gni_day_range){newest, newest};
    return GN_OK;
  }
  int32_t first = source->entities ? range.first : lookback(group, range.first);
  *out = (gni_day_range){later(first, source->start_day), last};
  return GN_OK;
}

/* ---- text ---- */

struct writing {
  const gni_group *group;
  const gni_table_access *tables;
  gni_expr_functions *functions;
  gn_buf *sql;
  gn_error *err;
};

static int add_bound(struct writing *at, const gni_bound *bound, const char *name, size_t index)
{
  int rc = gni_bound_to_duckdb(bound, at->functions, at->sql, at->err);
  if (rc == GN_OK && name) gni_buf_add_format(at->sql, " AS %s%zu, ", name, index);
  return rc;
}

static int add_columns(struct writing *at, const gni_group_source *source)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < at->group->keys->field_count; i++)
    rc = add_bound(at, source->keys[i], "k", i);
  for (size_t i = 0; rc == GN_OK && i < at->group->inputs->field_count; i++)
    rc = add_bound(at, source->inputs[i], "v", i);
  return rc;
}

/* Snapshots without a time column happen at the last millisecond of their day. */
static int add_time(struct writing *at, const gni_group_source *source)
{
  if (source->time) return gni_bound_to_duckdb(source->time, at->functions, at->sql, at->err);
  if (source->entities)
    gni_buf_add_text(at->sql, "CAST(NULL AS BIGINT)");
  else
    gni_buf_add_format(at->sql, "((CAST(%s AS BIGINT) + 1) * 86400000 - 1)",
                       at->tables->day_column);
  return GN_OK;
}

static int add_wheres(struct writing *at, const gni_group_source *source)
{
  for (size_t i = 0; i < source->where_count; i++) {
    gni_buf_add_text(at->sql, i ? " AND (" : " WHERE (");
    int rc = add_bound(at, source->wheres[i], NULL, 0);
    if (rc != GN_OK) return rc;
    gni_buf_add_text(at->sql, ")");
  }
  return GN_OK;
}

static int add_source(struct writing *at, size_t index, gni_day_range range)
{
  const gni_group_source *source = &at->group->sources[index];
  gni_day_range days;
  int rc = gni_source_days(at->group, source, range, at->tables, &days, at->err);
  if (rc != GN_OK) return rc;
  gni_buf_add_text(at->sql, index ? " UNION ALL SELECT " : "SELECT ");
  if ((rc = add_columns(at, source)) != GN_OK) return rc;
  if ((rc = add_time(at, source)) != GN_OK) return rc;
  gni_buf_add_format(at->sql, " AS ts, CAST(%s AS INTEGER) AS day, %zu AS src, %s AS ord FROM ",
                     at->tables->day_column, index, at->tables->order_column);
  rc = at->tables->scan(at->tables->user, source->table, days.first, days.last, at->sql, at->err);
  if (rc != GN_OK) return rc;
  gni_buf_add_text(at->sql, " AS source");
  return add_wheres(at, source);
}

static void add_quoted(gn_buf *sql, gn_str text)
{
  gni_buf_add_char(sql, '\'');
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'') gni_buf_add_char(sql, '\'');
    gni_buf_add_char(sql, text.ptr[i]);
  }
  gni_buf_add_char(sql, '\'');
}

static void add_literal(gn_buf *sql, const gni_type *type, const gni_value *value)
{
  char real[GN_DOUBLE_TEXT_BYTES];
  bool text = type->kind == GNI_STRING,
       number = type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE;
  if (value->is_null)
    gni_buf_add_text(sql, "NULL");
  else if (text)
    add_quoted(sql, value->text);
  else if (number)
    gni_buf_add_format(sql, "'%.*s'::DOUBLE", (int)gni_format_double(value->real, real), real);
  else if (type->kind == GNI_BOOLEAN)
    gni_buf_add_text(sql, value->boolean ? "true" : "false");
  else
    gni_buf_add_format(sql, "%" PRId64, value->integer);
}

/* A row whose keys are all null belongs to nobody. A table without days is cut by its rows' times;
 * rows without one pass, to be told of (with OR the engine sorts the positions of what passes). */
static void add_filter(struct writing *at, const gni_rows_request *request)
{
  for (size_t i = 0; i < at->group->keys->field_count; i++)
    gni_buf_add_format(at->sql, "%sk%zu IS NOT NULL", i ? " OR " : " WHERE (", i);
  gni_buf_add_text(at->sql, ")");
  bool windows_only = at->group->layout && at->group->layout->any_windowed && !at->group->entities;
  int32_t from = windows_only ? lookback(at->group, request->range.first) : GNI_DAY_OPEN_START;
  if (from != GNI_DAY_OPEN_START)
    gni_buf_add_format(at->sql, " AND coalesce(ts, %" PRId64 ") >= %" PRId64,
                       (int64_t)from * GN_DAY_MS, (int64_t)from * GN_DAY_MS);
  if (request->before_ms != INT64_MAX)
    gni_buf_add_format(at->sql, " AND ts < %" PRId64, request->before_ms);
  for (size_t i = 0; request->only_key && i < at->group->keys->field_count; i++) {
    gni_buf_add_format(at->sql, " AND k%zu IS NOT DISTINCT FROM ", i);
    add_literal(at->sql, at->group->keys->fields[i].type, &request->only_key[i]);
  }
}

static void add_order(struct writing *at, int order)
{
  gni_buf_add_text(at->sql,
                   order == GNI_ORDER_DAY_KEY ? " ORDER BY day NULLS FIRST, " : " ORDER BY ");
  for (size_t i = 0; i < at->group->keys->field_count; i++)
    gni_buf_add_format(at->sql, "k%zu NULLS LAST, ", i);
  gni_buf_add_text(at->sql, "ts NULLS FIRST, src, day NULLS FIRST, ord");
}

int gni_group_sql(const gni_group *group, const gni_rows_request *request,
                  const gni_table_access *tables, gni_expr_functions *functions, gn_buf *sql,
                  gn_error *err)
{
  struct writing at = {group, tables, functions, sql, err};
  gni_buf_add_text(sql, "SELECT ");
  for (size_t i = 0; i < group->keys->field_count; i++) gni_buf_add_format(sql, "k%zu, ", i);
  for (size_t i = 0; i < group->inputs->field_count; i++) gni_buf_add_format(sql, "v%zu, ", i);
  bool with_order = request->order == GNI_ORDER_SOURCE;
  gni_buf_add_text(sql, with_order ? "ts, day, src, ord FROM (" : "ts, day FROM (");
  for (size_t i = 0; i < group->source_count; i++) {
    int rc = add_source(&at, i, request->range);
    if (rc != GN_OK) {
      gni_error_where(err, "sources[%zu]", i);
      return rc;
    }
  }
  gni_buf_add_text(sql, ") AS sources");
  add_filter(&at, request);
  if (!with_order) add_order(&at, request->order);
  return sql->rc == GN_OK ? GN_OK : gni_fail(err, sql->rc, "the query is too long");
}
