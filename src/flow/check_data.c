/* validate against the tables: do they give what the definition needs? SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/validate.h"

#include <stdio.h>

struct checking {
  gnp_job *job;
  gni_problems *problems;
  gn_str path;
  gn_error *err;
};

/* A failure while binding to tables becomes a problem of the definition's file. */
static void add_failure(gni_problems *problems, gn_str path, const gn_error *failure)
{
  const char *code = failure->diagnostic[1] == 'E' ? "GT003" : failure->diagnostic;
  const gni_diagnostic *page = gni_diagnostic_find(gni_str(code));
  gn_str message = gni_str_format(problems->arena, "%s%s%s", failure->where,
                                  failure->where[0] ? ": " : "", failure->message);
  gni_problem problem = {.code = page ? page->code : "GT003",
                         .severity = GNI_ERROR,
                         .file = path,
                         .message = message,
                         .hint = gni_str(failure->hint)};
  gni_problems_add(problems, &problem);
}

static void warn(const struct checking *at, const char *code, const char *hint, gn_str message)
{
  gni_problem problem = {.code = code,
                         .severity = GNI_WARNING,
                         .file = at->path,
                         .message = message,
                         .hint = gni_str(hint)};
  gni_problems_add(at->problems, &problem);
}

/* ---- times ---- */

enum { SAMPLE_ROWS = 1000 };

/* Of the first rows that the source's wheres let through, how many have a time like that? */
static int count_times(const struct checking *at, const gni_group_source *source, const char *like,
                       int64_t *count)
{
  gnp_job *job = at->job;
  gn_buf sql;
  *count = 0;
  gni_buf_init(&sql, job->session->alloc, 1 << 24);
  gni_buf_add_text(&sql, "SELECT count(*) FROM (SELECT ");
  int rc = gni_bound_to_duckdb(source->time, NULL, &sql, at->err);
  gni_buf_add_text(&sql, " AS ts FROM ");
  if (rc == GN_OK)
    rc = job->tables.scan(job->tables.user, source->table, GNI_DAY_OPEN_START, GNI_DAY_OPEN_END,
                          &sql, at->err);
  gni_buf_add_text(&sql, " AS source WHERE true");
  for (size_t i = 0; rc == GN_OK && i < source->where_count; i++) {
    gni_buf_add_text(&sql, " AND ");
    rc = gni_bound_to_duckdb(source->wheres[i], NULL, &sql, at->err);
  }
  gni_buf_add_format(&sql, " LIMIT %d) AS sample WHERE %s", SAMPLE_ROWS, like);
  if (rc == GN_OK) rc = gni_engine_query_int64(job->engine, gni_buf_view(&sql), count, at->err);
  gni_buf_deinit(&sql);
  return rc == GN_ABSENT ? GN_OK : rc;
}

static int check_times(const struct checking *at, const gni_group_source *source)
{
  gn_arena *arena = at->problems->arena;
  char future[64];
  int64_t seconds, strange, none, ahead;
  int64_t soon_ms = gni_clock_now_ms(&at->job->session->clock) + GN_DAY_MS;
  snprintf(future, sizeof future, "ts > %lld AND ts <= 4102473599999", (long long)soon_ms);
  if (!source->time) return GN_OK;
  int rc = count_times(at, source, "ts BETWEEN 31536000 AND 4102473599", &seconds);
  if (rc == GN_OK) rc = count_times(at, source, "ts < 31536000000 OR ts > 4102473599999", &strange);
  if (rc == GN_OK) rc = count_times(at, source, "ts IS NULL", &none);
  if (rc == GN_OK) rc = count_times(at, source, future, &ahead);
  if (rc != GN_OK) return rc;
  if (strange)
    warn(at, "GT004",
         seconds == strange ? "these are seconds: multiply the time column by 1000"
                            : "a time column is in milliseconds",
         gni_str_format(arena,
                        "%lld of the first %d rows of '%.*s' have a time outside 1971 to 2099",
                        (long long)strange, SAMPLE_ROWS, GN_STR_ARGS(source->table)));
  if (none)
    warn(at, "GT009",
         "rows without a time are in no window; filter them in wheres if that is meant",
         gni_str_format(arena, "%lld of the first %d rows of '%.*s' have no time", (long long)none,
                        SAMPLE_ROWS, GN_STR_ARGS(source->table)));
  if (ahead)
    warn(at, "GT010", "use the time at which the row became known",
         gni_str_format(arena, "%lld of the first %d rows of '%.*s' are from the future",
                        (long long)ahead, SAMPLE_ROWS, GN_STR_ARGS(source->table)));
  return GN_OK;
}

/* ---- days ---- */

/* Days between the first partition that is read and the last one that are not there. */
static void check_holes(const struct checking *at, const gni_group_source *source,
                        const gni_days *days)
{
  gn_arena *arena = at->problems->arena;
  int32_t missing = 0, first = 0;
  for (size_t i = 1; i < days->count; i++) {
    int32_t gap = days->days[i] - days->days[i - 1] - 1;
    if (days->days[i - 1] < source->start_day || days->days[i] > source->end_day) continue;
    if (gap && !missing) first = days->days[i - 1] + 1;
    missing += gap;
  }
  if (!missing) return;
  warn(at, "GT008", "windows over these days hold less than they say",
       gni_str_format(arena, "'%.*s' lacks %d of the days between %.*s and %.*s, the first is %.*s",
                      GN_STR_ARGS(source->table), missing,
                      GN_STR_ARGS(gnp_day_text(arena, days->days[0])),
                      GN_STR_ARGS(gnp_day_text(arena, days->days[days->count - 1])),
                      GN_STR_ARGS(gnp_day_text(arena, first))));
}

/* Windows without an end look at whatever there is. */
static int64_t longest_window_ms(const gni_group_by *def)
{
  int64_t longest_ms = 0;
  for (size_t i = 0; i < def->aggregations.count; i++) {
    const gni_aggregation_spec *aggregation = &def->aggregations.items[i];
    for (size_t k = 0; k < aggregation->windows.count; k++) {
      gni_window window = gni_window_from_spec(&aggregation->windows.items[k]);
      if (window.length_ms != INT64_MAX && window.length_ms > longest_ms)
        longest_ms = window.length_ms;
    }
  }
  return longest_ms;
}

/* Does the table go back far enough for the longest window of the first day that is asked for? */
static int check_coverage(const struct checking *at, const gni_group_source *source,
                          const gni_days *days)
{
  gnp_job *job = at->job;
  gn_arena *arena = at->problems->arena;
  const gni_group_by *def = job->def->group_by;
  int64_t longest_ms = longest_window_ms(def);
  int32_t start;
  if (source->entities || !def->backfill_start_date.len || !longest_ms) return GN_OK;
  int rc = gnp_day_argument(gni_str_take(&job->arena, def->backfill_start_date).ptr,
                            "backfillStartDate", 0, &start, at->err);
  if (rc != GN_OK) return rc;
  int32_t needed = start - (int32_t)(longest_ms / GN_DAY_MS);
  if (needed < source->start_day) needed = source->start_day;
  if (days->days[0] > needed)
    warn(at, "GT005", "the first windows will hold less than they say",
         gni_str_format(arena, "'%.*s' begins on %.*s, the longest window of %.*s needs %.*s",
                        GN_STR_ARGS(source->table), GN_STR_ARGS(gnp_day_text(arena, days->days[0])),
                        GN_STR_ARGS(def->backfill_start_date),
                        GN_STR_ARGS(gnp_day_text(arena, needed))));
  return GN_OK;
}

static int check_days(const struct checking *at, const gni_group_source *source)
{
  gnp_job *job = at->job;
  gni_table table;
  gni_days days;
  if (!source->partitioned) return GN_OK;
  int rc = gni_table_need(job->warehouse, source->table, &job->arena, &table, at->err);
  if (rc == GN_OK)
    rc = gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, &days, at->err);
  if (rc != GN_OK) return rc;
  if (days.count == 0) {
    warn(at, "GT005", "",
         gni_str_format(at->problems->arena, "'%.*s' has no partitions",
                        GN_STR_ARGS(source->table)));
    return GN_OK;
  }
  if (!source->cumulative) check_holes(at, source, &days);
  return check_coverage(at, source, &days);
}

int gnp_check_data(gn_session *session, gn_str path, gni_problems *problems, gn_error *err)
{
  gnp_job job;
  gn_error failure = {0};
  struct checking at = {&job, problems, path, &failure};
  int rc = gnp_job_open(session, path.ptr, "backfill", &job, &failure);
  if (rc == GN_OK) rc = gnp_job_bind(&job, &failure);
  for (size_t i = 0; rc == GN_OK && i < job.group->source_count; i++) {
    rc = check_times(&at, &job.group->sources[i]);
    if (rc == GN_OK) rc = check_days(&at, &job.group->sources[i]);
  }
  gnp_job_close(&job);
  if (rc == GN_OK) return GN_OK;
  if (rc == GN_E_NOMEM || rc == GN_E_CANCELLED) {
    if (err) *err = failure;
    return rc;
  }
  add_failure(problems, path, &failure);
  return GN_OK;
}
