/* plan: what a backfill would do, told as JSON. SPDX-License-Identifier: Apache-2.0 */
#include "flow/range.h"
#include "flow/validate.h"

#include <inttypes.h>

struct scans {
  int64_t rows, bytes;
};

static void add_text_member(gn_buf *out, const char *name, gn_str text)
{
  gni_buf_add_format(out, "\"%s\":", name);
  gni_json_add_text(out, text, false);
}

static void add_day_member(gn_buf *out, gn_arena *arena, const char *name, int32_t day)
{
  gni_buf_add_format(out, "\"%s\":", name);
  if (day == GNI_DAY_OPEN_START || day == GNI_DAY_OPEN_END)
    gni_buf_add_text(out, "null");
  else
    gni_json_add_text(out, gnp_day_text(arena, day), false);
}

static int add_scan(gnp_job *job, const gni_group_source *source, gni_day_range step,
                    struct scans *total, gn_buf *out, gn_error *err)
{
  gni_day_range days;
  gni_table table;
  gni_estimate estimate = {-1, 0, 0};
  int rc = gni_source_days(job->group, source, step, &job->tables, &days, err);
  if (rc == GN_OK) rc = gni_table_need(job->warehouse, source->table, &job->arena, &table, err);
  gni_scan scan = {.first_day = days.first, .last_day = days.last};
  if (rc == GN_OK) rc = gni_table_estimate(job->warehouse, &table, &scan, &estimate, err);
  if (rc != GN_OK) return rc;
  gni_buf_add_char(out, '{');
  add_text_member(out, "table", table.name);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "first", days.first);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "last", days.last);
  gni_buf_add_format(out, ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64 ",\"files\":%" PRId64 "}",
                     estimate.rows, estimate.bytes, estimate.files);
  if (estimate.rows > 0) total->rows += estimate.rows;
  total->bytes += estimate.bytes;
  return GN_OK;
}

static int add_step(gnp_job *job, gni_day_range step, struct scans *total, gn_buf *out,
                    gn_error *err)
{
  gni_buf_add_char(out, '{');
  add_day_member(out, &job->arena, "first", step.first);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "last", step.last);
  gni_buf_add_format(out, ",\"partitions\":%d,\"scans\":[", step.last - step.first + 1);
  for (size_t i = 0; i < job->group->source_count; i++) {
    if (i) gni_buf_add_char(out, ',');
    int rc = add_scan(job, &job->group->sources[i], step, total, out, err);
    if (rc != GN_OK) return rc;
  }
  gni_buf_add_text(out, "]}");
  return GN_OK;
}

static void add_setting(gn_buf *out, const char *name, int64_t value, const char *origin)
{
  gni_buf_add_format(out, "\"%s\":{\"value\":", name);
  if (value > 0)
    gni_buf_add_format(out, "%" PRId64, value);
  else
    gni_buf_add_text(out, "null");
  gni_buf_add_char(out, ',');
  add_text_member(out, "from", gni_str(origin));
  gni_buf_add_char(out, '}');
}

static void add_settings(const gnp_job *job, const gn_backfill_args *args, const gnp_ranges *ranges,
                         gn_buf *out)
{
  gni_buf_add_text(out, ",\"settings\":{");
  add_setting(out, "threads", job->threads, job->threads_origin);
  gni_buf_add_char(out, ',');
  add_setting(out, "memory_bytes", job->memory_bytes, job->memory_origin);
  gni_buf_add_char(out, ',');
  add_setting(out, "step_days", args->step_days > 0 ? args->step_days : 30,
              args->step_days > 0 ? "flag" : "default");
  gni_buf_add_text(out, ",\"start\":{");
  add_text_member(out, "from", gni_str(ranges->start_origin));
  gni_buf_add_text(out, "}}");
}

/* What a written plan is made again from. */
static void add_arguments(gnp_job *job, const gn_backfill_args *args, const gnp_ranges *ranges,
                          gn_buf *out)
{
  gni_buf_add_text(out, "\"arguments\":{");
  add_text_member(out, "conf", job->group->name);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "start_ds", ranges->range.first);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "end_ds", ranges->range.last);
  gni_buf_add_format(out, ",\"step_days\":%d,\"run_first_hole\":%d},", args->step_days,
                     args->run_first_hole != 0);
}

/* The compiled file as it is: any change of it is a change of the plan. */
static void add_definition(const gnp_job *job, gn_buf *out)
{
  uint8_t digest[32];
  gni_sha256(job->def->text.ptr, job->def->text.len, digest);
  gni_buf_add_text(out, "\"definition\":\"");
  for (size_t i = 0; i < sizeof digest; i++) gni_buf_add_format(out, "%02x", digest[i]);
  gni_buf_add_char(out, '"');
}

static int write_plan(gnp_job *job, const gn_backfill_args *args, const gnp_ranges *ranges,
                      gn_buf *out, gn_error *err)
{
  struct scans total = {0};
  int64_t partitions = 0;
  gni_buf_add_text(out, "{\"version\":1,");
  add_text_member(out, "name", job->group->name);
  gni_buf_add_char(out, ',');
  add_arguments(job, args, ranges, out);
  add_definition(job, out);
  gni_buf_add_char(out, ',');
  add_text_member(out, "output", job->group->output_table);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "start_ds", ranges->range.first);
  gni_buf_add_char(out, ',');
  add_day_member(out, &job->arena, "end_ds", ranges->range.last);
  gni_buf_add_text(out, ",\"steps\":[");
  for (size_t i = 0; i < ranges->answer.step_count; i++) {
    gni_day_range step = ranges->answer.steps[i];
    if (i) gni_buf_add_char(out, ',');
    int rc = add_step(job, step, &total, out, err);
    if (rc != GN_OK) return rc;
    partitions += step.last - step.first + 1;
  }
  gni_buf_add_format(out,
                     "],\"partitions\":%" PRId64
                     ",\"already_there\":%d,\"skipped_before\":%d,\"without_input\":%d",
                     partitions, ranges->answer.already_there, ranges->answer.skipped_before,
                     ranges->answer.without_input);
  gni_buf_add_format(out, ",\"scan_rows\":%" PRId64 ",\"scan_bytes\":%" PRId64, total.rows,
                     total.bytes);
  add_settings(job, args, ranges, out);
  gni_buf_add_char(out, '}');
  return GN_OK;
}

int gn_plan(gn_session *session, const gn_backfill_args *args, gn_text *out, gn_error *err)
{
  gnp_job job;
  gnp_ranges ranges;
  gn_buf text;
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_job_open(session, args->conf, "backfill", &job, err);
  if (rc == GN_OK && args->parallelism > 0) {
    job.threads = args->parallelism;
    job.threads_origin = "flag";
  }
  if (rc == GN_OK) rc = gnp_job_bind(&job, err);
  if (rc == GN_OK) rc = gnp_ranges_find(&job, args, &ranges, err);
  if (rc == GN_OK) rc = write_plan(&job, args, &ranges, &text, err);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gnp_error_trace(session, job.conf_path, err);
  gnp_job_close(&job);
  return rc;
}
