/* analyze: what a GroupBy would read, counted, and what it would give.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/inspect.h"
#include "plan/plan.h"

enum { HITTERS_DEFAULT = 128, SAMPLE_ROWS = 100, SQL_BYTES_MAX = 256 << 20 };
/* Times outside of 1971 to 2099 are taken for another unit than milliseconds. */
static const int64_t least_ms = INT64_C(31536000000), most_ms = INT64_C(4102473599999);

struct hitter {
  gn_str value; /* as JSON without quotes */
  int64_t rows;
};

struct counted { /* a list of values with their counts */
  gn_str name;
  struct hitter *hitters;
  size_t count, capacity;
  const gni_type *type; /* of the values */
};

struct analyzing {
  gnp_job *job;
  const gni_group *group;
  gn_str from; /* the rows, as a subquery */
  gn_buf sql;
  struct counted *keys, years;
  struct counted *filling;
  int64_t rows, not_null, bad_range;
  int32_t hitters_max;
  gn_error *err;
};

/* ---- counting ---- */

static int take_hitter(void *user, const gni_value *row, size_t count)
{
  struct analyzing *at = user;
  struct counted *list = at->filling;
  gn_buf text;
  (void)count;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 64;
    list->hitters =
        gni_arena_grow(&at->job->arena, list->hitters, list->capacity * sizeof *list->hitters,
                       capacity * sizeof *list->hitters);
    if (!list->hitters) return gni_fail_nomem(at->err, capacity * sizeof *list->hitters);
    list->capacity = capacity;
  }
  gni_buf_init(&text, at->job->session->alloc, GN_VALUE_BYTES_MAX);
  if (list->type->kind == GNI_STRING)
    gni_buf_add_str(&text, row[0].text);
  else
    gni_value_to_json(list->type, &row[0], &text);
  gn_str value = gni_str_take(&at->job->arena, gni_buf_view(&text));
  gni_buf_deinit(&text);
  if (!value.ptr) return gni_fail_nomem(at->err, 1);
  list->hitters[list->count++] = (struct hitter){value, row[1].integer};
  return GN_OK;
}

static int count_values(struct analyzing *at, struct counted *list, const char *expression)
{
  gni_buf_reset(&at->sql);
  gni_buf_add_format(&at->sql, "SELECT %s, count(*) FROM (", expression);
  gni_buf_add_str(&at->sql, at->from);
  gni_buf_add_format(&at->sql,
                     ") WHERE %s IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %" PRId32,
                     expression, at->hitters_max);
  at->filling = list;
  return gni_engine_each_row(at->job->engine, gni_buf_view(&at->sql), take_hitter, at, at->err);
}

static int take_times(void *user, const gni_value *row, size_t count)
{
  struct analyzing *at = user;
  (void)count;
  at->not_null = row[0].integer;
  at->bad_range = row[1].integer;
  return GN_OK;
}

static int count_times(struct analyzing *at)
{
  gni_buf_reset(&at->sql);
  gni_buf_add_text(&at->sql, "SELECT count(ts), count(*) FILTER (ts NOT BETWEEN ");
  gni_buf_add_format(&at->sql, "%" PRId64 " AND %" PRId64 ") FROM (SELECT ts FROM (", least_ms,
                     most_ms);
  gni_buf_add_str(&at->sql, at->from);
  gni_buf_add_format(&at->sql, ") LIMIT %d)", SAMPLE_ROWS);
  int rc = gni_engine_each_row(at->job->engine, gni_buf_view(&at->sql), take_times, at, at->err);
  gni_buf_reset(&at->sql);
  gni_buf_add_text(&at->sql, "SELECT count(*) FROM (");
  gni_buf_add_str(&at->sql, at->from);
  gni_buf_add_char(&at->sql, ')');
  if (rc == GN_OK)
    rc = gni_engine_query_int64(at->job->engine, gni_buf_view(&at->sql), &at->rows, at->err);
  return rc;
}

static int count_all(struct analyzing *at)
{
  const gni_type *keys = at->group->keys;
  at->keys = GN_TAKE_ZERO(&at->job->arena, struct counted, keys->field_count);
  if (!at->keys) return gni_fail_nomem(at->err, keys->field_count * sizeof *at->keys);
  int rc = count_times(at);
  for (size_t i = 0; rc == GN_OK && i < keys->field_count; i++) {
    gn_str column = gni_str_format(&at->job->arena, "k%zu", i);
    at->keys[i] = (struct counted){.name = keys->fields[i].name, .type = keys->fields[i].type};
    rc = column.ptr ? count_values(at, &at->keys[i], column.ptr) : gni_fail_nomem(at->err, 1);
  }
  at->years = (struct counted){.name = GN_STR("ts_year"), .type = &gni_type_long};
  return rc == GN_OK ? count_values(at, &at->years, "year(epoch_ms(ts))") : rc;
}

/* ---- Chronon's text ---- */

/* A type as upstream prints its own: ListType(StringType). */
static void add_type(gn_buf *out, const gni_type *type)
{
  static const char *const names[] = {
      [GNI_BOOLEAN] = "BooleanType", [GNI_BYTE] = "ByteType",          [GNI_SHORT] = "ShortType",
      [GNI_INT] = "IntType",         [GNI_LONG] = "LongType",          [GNI_FLOAT] = "FloatType",
      [GNI_DOUBLE] = "DoubleType",   [GNI_STRING] = "StringType",      [GNI_BINARY] = "BinaryType",
      [GNI_DATE] = "DateType",       [GNI_TIMESTAMP] = "TimestampType"};
  switch (type->kind) {
  case GNI_LIST:
    gni_buf_add_text(out, "ListType(");
    add_type(out, type->fields[0].type);
    gni_buf_add_char(out, ')');
    return;
  case GNI_MAP:
    gni_buf_add_text(out, "MapType(");
    add_type(out, type->fields[0].type);
    gni_buf_add_char(out, ',');
    add_type(out, type->fields[1].type);
    gni_buf_add_char(out, ')');
    return;
  default:
    break;
  }
  if (type->kind <= GNI_TIMESTAMP)
    gni_buf_add_text(out, names[type->kind]);
  else
    gni_type_format(type, out);
}

static void add_schema(gn_buf *out, const gni_type *type)
{
  for (size_t i = 0; i < type->field_count; i++) {
    gni_buf_add_format(out, " %.*s => ", GN_STR_ARGS(type->fields[i].name));
    add_type(out, type->fields[i].type);
    gni_buf_add_char(out, '\n');
  }
}

static void add_counted(gn_buf *out, const struct counted *list)
{
  gni_buf_add_format(out, "  %.*s\n", GN_STR_ARGS(list->name));
  for (size_t i = 0; i < list->count; i++)
    gni_buf_add_format(out, "    %.*s: %" PRId64 "\n", GN_STR_ARGS(list->hitters[i].value),
                       list->hitters[i].rows);
}

static void write_text(const struct analyzing *at, gn_buf *out)
{
  const gni_group *group = at->group;
  gn_str name = group->name;
  gni_buf_add_format(out,
                     "Running GroupBy analysis for group_by/%.*s ...\n"
                     "Validating %zu tables permissions ...\n"
                     "ANALYSIS TIMESTAMP completed for group_by/%.*s.\n"
                     "check notNullCount: %" PRId64 "\ncheck badRangeCount: %" PRId64 "\n\n\n"
                     "ANALYSIS for group_by/%.*s:\n",
                     GN_STR_ARGS(name), group->source_count, GN_STR_ARGS(name), at->not_null,
                     at->bad_range, GN_STR_ARGS(name));
  gni_buf_add_text(out, "Analyzing heavy-hitters from table ");
  for (size_t i = 0; i < group->source_count; i++)
    gni_buf_add_format(out, i ? ",%.*s" : "%.*s", GN_STR_ARGS(group->sources[i].table));
  gni_buf_add_text(out, " over columns: [");
  for (size_t i = 0; i < group->keys->field_count; i++)
    gni_buf_add_format(out, i ? ", %.*s" : "%.*s", GN_STR_ARGS(group->keys->fields[i].name));
  gni_buf_add_text(out, "]\n");
  for (size_t i = 0; i < group->keys->field_count; i++) add_counted(out, &at->keys[i]);
  gni_buf_add_format(out, "  total_count\n    rows: %" PRId64 "\n", at->rows);
  add_counted(out, &at->years);
  gni_buf_add_text(out, "\n\n----- KEY SCHEMA -----\n");
  add_schema(out, group->keys);
  gni_buf_add_text(out, "----- OUTPUT SCHEMA -----\n");
  add_schema(out, group->features);
  gni_buf_add_text(out, "------ END --------------\n");
}

/* ---- JSON ---- */

static void add_counted_json(gn_buf *out, const struct counted *list)
{
  gni_buf_add_char(out, '[');
  for (size_t i = 0; i < list->count; i++) {
    gni_buf_add_text(out, i ? ",{\"value\":" : "{\"value\":");
    if (list->type->kind == GNI_STRING)
      gni_json_add_text(out, list->hitters[i].value, false);
    else
      gni_buf_add_str(out, list->hitters[i].value);
    gni_buf_add_format(out, ",\"rows\":%" PRId64 "}", list->hitters[i].rows);
  }
  gni_buf_add_char(out, ']');
}

static void add_schema_json(gn_buf *out, const char *name, const gni_type *type)
{
  gni_buf_add_format(out, ",\"%s\":[", name);
  for (size_t i = 0; i < type->field_count; i++) {
    gni_buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
    gni_json_add_text(out, type->fields[i].name, false);
    gni_buf_add_text(out, ",\"type\":");
    gnp_add_type_json(out, type->fields[i].type);
    gni_buf_add_char(out, '}');
  }
  gni_buf_add_char(out, ']');
}

static void write_json(const struct analyzing *at, gn_buf *out)
{
  gni_buf_add_text(out, "{\"name\":");
  gni_json_add_text(out, at->group->name, false);
  gni_buf_add_format(out,
                     ",\"rows\":%" PRId64 ",\"times\":{\"sampled_not_null\":%" PRId64
                     ",\"sampled_out_of_range\":%" PRId64 "},\"heavy_hitters\":{",
                     at->rows, at->not_null, at->bad_range);
  for (size_t i = 0; i < at->group->keys->field_count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, at->keys[i].name, false);
    gni_buf_add_char(out, ':');
    add_counted_json(out, &at->keys[i]);
  }
  gni_buf_add_text(out, "},\"years\":");
  add_counted_json(out, &at->years);
  add_schema_json(out, "keys", at->group->keys);
  add_schema_json(out, "features", at->group->features);
  gni_buf_add_char(out, '}');
}

/* ---- the verb ---- */

static int analyze(struct analyzing *at, const gn_analyze_args *args, gn_buf *from)
{
  enum { DAYS_DEFAULT = 3 };
  gnp_job *job = at->job;
  gni_day_range days;
  int rc = gnp_day_argument(args->end_ds, "end-ds", gnp_session_yesterday(job->session), &days.last,
                            at->err);
  if (rc == GN_OK)
    rc = gnp_day_argument(args->start_ds, "start-ds", days.last - DAYS_DEFAULT, &days.first,
                          at->err);
  if (rc == GN_OK) rc = gnp_job_bind(job, at->err);
  if (rc != GN_OK) return rc;
  at->group = job->group;
  gni_rows_request request = {
      .range = days,
      .before_ms = at->group->entities ? INT64_MAX : (int64_t)(days.last + 1) * GN_DAY_MS,
      .order = GNI_ORDER_KEY_TIME};
  rc = gnp_feed_statement(job, &request, from, at->err);
  at->from = gni_buf_view(from);
  return rc == GN_OK ? count_all(at) : rc;
}

int gn_analyze(gn_session *session, const gn_analyze_args *args, int form, gn_text *out,
               gn_error *err)
{
  gnp_job job;
  gn_buf text, from;
  struct analyzing at = {.job = &job,
                         .hitters_max = args->hitters_max > 0 ? args->hitters_max : HITTERS_DEFAULT,
                         .err = err};
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_buf_init(&from, session->alloc, SQL_BYTES_MAX);
  gni_buf_init(&at.sql, session->alloc, SQL_BYTES_MAX);
  int rc = gnp_job_open(session, args->conf, "backfill", &job, err);
  if (rc == GN_OK) rc = analyze(&at, args, &from);
  if (rc == GN_OK && form == GN_FORM_JSON)
    write_json(&at, &text);
  else if (rc == GN_OK)
    write_text(&at, &text);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gnp_job_close(&job);
  gni_buf_deinit(&at.sql);
  gni_buf_deinit(&from);
  gni_buf_deinit(&text);
  return rc;
}
