/* backfill: the missing partitions of a GroupBy's output table. SPDX-License-Identifier: Apache-2.0
 */
#include "flow/incremental.h"
#include "flow/produce.h"
#include "flow/range.h"
#include "flow/validate.h"

#include <inttypes.h>

enum { PROGRESS_EVERY_US = 100000, LOOK_EVERY_STEPS = 64 };
#define PAGES_BYTES_MAX ((size_t)512 << 20)

/* Rows read, of all steps; `total` 0 is not known. */
struct reading {
  int64_t before, total; /* before: of the steps that are done */
};

struct output;

/* Where the finished rows of a part of the keys go; one thread's. */
struct outlet {
  struct output *output;
  size_t part;
  gn_arena row_arena;
  gni_value *features;     /* of a row that derivations make */
  const gni_value **cells; /* GNP_ANSWERS_MAX of each key and feature */
};

/* A step. */
struct output {
  gn_arena arena; /* given back with the step */
  gnp_job *job;
  gnp_fold *fold;
  gni_table_writer *writer;
  struct outlet *outlets;
  size_t outlet_count;
  gni_day_range days;
  gn_str *day_texts; /* one a day of the step */
  int64_t told_us;
  const char *step;
  struct reading reading;
};

static const gni_type *output_type(gnp_job *job)
{
  const gni_group *group = job->group;
  size_t keys = group->keys->field_count, features = group->features->field_count;
  gni_field *fields = GN_TAKE(&job->arena, gni_field, keys + features);
  if (!fields) return NULL;
  memcpy(fields, group->keys->fields, keys * sizeof *fields);
  memcpy(fields + keys, group->features->fields, features * sizeof *fields);
  return gni_type_struct(&job->arena, GN_STR(""), fields, keys + features);
}

static int format_day(const struct output *output, int32_t day, gn_arena *arena, gn_str *out,
                      gn_error *err)
{
  char text[64];
  gn_str format = output->job->session->config.partition_format;
  int rc = gni_day_format(day, format, text, sizeof text, err);
  if (rc != GN_OK) return rc;
  *out = gni_str_take(arena, gni_str(text));
  return out->ptr ? GN_OK : gni_fail_nomem(err, sizeof text);
}

/* Keys come one after another, each with rows of many days. */
static int format_days(struct output *output, gn_error *err)
{
  gn_arena *arena = &output->arena;
  size_t count = (size_t)(output->days.last - output->days.first) + 1;
  int rc = GN_OK;
  output->day_texts = GN_TAKE(arena, gn_str, count);
  if (!output->day_texts) return gni_fail_nomem(err, count * sizeof *output->day_texts);
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = format_day(output, output->days.first + (int32_t)i, arena, &output->day_texts[i], err);
  return rc;
}

/* The features of a row that derivations make. */
static int derive(struct outlet *to, const gnp_answer *answer, int32_t day, gn_error *err)
{
  const struct output *output = to->output;
  bool of_step = day >= output->days.first && day <= output->days.last;
  gn_str day_text = of_step ? output->day_texts[day - output->days.first] : GN_STR("");
  gni_arena_reset(&to->row_arena);
  int rc = of_step ? GN_OK : format_day(output, day, &to->row_arena, &day_text, err);
  if (rc != GN_OK) return rc;
  gni_value ds = gni_value_text(day_text), ts = GNI_NULL_VALUE;
  return gni_group_derive(output->job->group, answer->keys, answer->values, &ds, &ts,
                          &to->row_arena, to->features, err);
}

/* Rows of one day, which are columns from here on. */
static int add_rows(struct outlet *to, const gnp_answer *rows, size_t count, int32_t day,
                    gn_error *err)
{
  const gni_group *group = to->output->job->group;
  size_t keys = group->keys->field_count, features = group->features->field_count;
  const gni_value **cell = to->cells;
  for (size_t c = 0; c < keys; c++)
    for (size_t i = 0; i < count; i++) *cell++ = &rows[i].keys[c];
  for (size_t c = 0; c < features; c++)
    for (size_t i = 0; i < count; i++) *cell++ = &rows[i].values[c];
  return gni_table_rows_add(to->output->writer, to->part, day, to->cells, count, err);
}

static void tell_progress(struct output *output)
{
  gn_session *session = output->job->session;
  int64_t now_us = gni_monotonic_us();
  if (!session->progress || now_us - output->told_us < PROGRESS_EVERY_US) return;
  output->told_us = now_us;
  session->progress(session->progress_user, output->step,
                    output->reading.before + gnp_fold_rows(output->fold), output->reading.total,
                    "rows");
}

static int emit_rows(void *user, const gnp_answer *answers, size_t count, int32_t day,
                     gn_error *err)
{
  struct outlet *to = user;
  struct output *output = to->output;
  int rc = GN_OK;
  if (to->part == 0 && output->outlet_count > 1) tell_progress(output);
  if (!output->job->group->projections) return add_rows(to, answers, count, day, err);
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    gnp_answer derived = {answers[i].keys, to->features};
    rc = derive(to, &answers[i], day, err);
    if (rc == GN_OK) rc = add_rows(to, &derived, 1, day, err);
  }
  return rc;
}

static void output_deinit(struct output *output)
{
  gnp_fold_close(output->fold);
  for (size_t i = 0; i < output->outlet_count; i++) gni_arena_deinit(&output->outlets[i].row_arena);
  if (output->arena.alloc) gni_arena_deinit(&output->arena);
}

/* The rest of the budget, which the engine and our largest key leave. */
static size_t pages_bytes(const gnp_job *job)
{
  int64_t bytes = job->memory_bytes / 10;
  return bytes <= 0 || (size_t)bytes > PAGES_BYTES_MAX ? PAGES_BYTES_MAX : (size_t)bytes;
}

static int open_outlets(struct output *output, gn_error *err)
{
  gnp_job *job = output->job;
  const gni_group *group = job->group;
  size_t columns = group->keys->field_count + group->features->field_count;
  size_t count = gnp_fold_parts(output->fold);
  output->outlets = GN_TAKE_ZERO(&output->arena, struct outlet, count);
  if (!output->outlets) return gni_fail_nomem(err, count * sizeof *output->outlets);
  for (; output->outlet_count < count; output->outlet_count++) {
    struct outlet *to = &output->outlets[output->outlet_count];
    *to = (struct outlet){.output = output, .part = output->outlet_count};
    gni_arena_init(&to->row_arena, job->session->alloc, GN_REQUEST_BYTES_MAX);
    to->features = GN_TAKE(&output->arena, gni_value, group->features->field_count);
    to->cells = GN_TAKE(&output->arena, const gni_value *, columns *GNP_ANSWERS_MAX);
    if (!to->features || !to->cells) return gni_fail_nomem(err, columns * sizeof *to->cells);
  }
  return GN_OK;
}

static int output_init(gnp_job *job, gni_day_range step, const char *name, struct output *output,
                       gn_error *err)
{
  size_t days = (size_t)step.last - (size_t)step.first + 1;
  *output = (struct output){.job = job, .writer = output->writer, .days = step, .step = name};
  gni_arena_init(&output->arena, job->session->alloc, GN_REQUEST_BYTES_MAX);
  int rc = format_days(output, err);
  if (rc == GN_OK) rc = gnp_fold_open(job, step, &output->fold, err);
  if (rc == GN_OK) rc = open_outlets(output, err);
  if (rc != GN_OK) return rc;
  return gni_table_rows_begin(output->writer, days, pages_bytes(job), output->outlet_count, err);
}

static int write_rows(struct output *output, gn_error *err)
{
  void *users[GNP_PARTS_MAX];
  int rc = GN_OK;
  for (size_t i = 0; i < output->outlet_count; i++) users[i] = &output->outlets[i];
  if (output->outlet_count > 1) return gnp_fold_run(output->fold, emit_rows, users, err);
  for (int64_t steps = 0; rc == GN_OK; steps++) {
    rc = gnp_fold_step(output->fold, emit_rows, users[0], err);
    if (rc != GN_OK || steps % LOOK_EVERY_STEPS == 0) tell_progress(output);
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* One step: a scan, a fold, and the partitions of its days. */
static int run_step(gnp_job *job, gni_table_writer *writer, gni_day_range step,
                    struct reading *reading, gn_backfill_report *report, gn_error *err)
{
  struct output output = {.writer = writer};
  gni_table_written written = {0};
  gn_str name =
      gni_str_format(&job->arena, "%.*s..%.*s", GN_STR_ARGS(gnp_day_text(&job->arena, step.first)),
                     GN_STR_ARGS(gnp_day_text(&job->arena, step.last)));
  int rc = output_init(job, step, name.ptr, &output, err);
  output.reading = *reading;
  if (rc == GN_OK) rc = write_rows(&output, err);
  if (rc == GN_OK) rc = gni_table_rows_end(writer, &job->arena, &written, err);
  report->partitions += (int64_t)written.days.count;
  report->rows += written.rows;
  report->bytes += written.bytes;
  if (output.fold) reading->before += gnp_fold_rows(output.fold);
  output_deinit(&output);
  return rc;
}

/* How many rows all steps will read, for the progress; 0 when a table cannot tell. Without anybody
 * to tell it to, no file is opened for it. */
static int64_t rows_to_read(gnp_job *job, const gnp_ranges *ranges)
{
  int64_t total = 0;
  if (!job->session->progress) return 0;
  for (size_t i = 0; i < ranges->answer.step_count * job->group->source_count; i++) {
    const gni_group_source *source = &job->group->sources[i % job->group->source_count];
    gni_day_range step = ranges->answer.steps[i / job->group->source_count], days;
    gni_table table;
    gni_estimate estimate = {.rows = -1};
    int rc = gni_source_days(job->group, source, step, &job->tables, &days, NULL);
    if (rc == GN_OK) rc = gni_table_need(job->warehouse, source->table, &job->arena, &table, NULL);
    gni_scan scan = {.first_day = days.first, .last_day = days.last};
    if (rc == GN_OK) rc = gni_table_estimate(job->warehouse, &table, &scan, &estimate, NULL);
    if (rc != GN_OK || estimate.rows < 0) return 0;
    total += estimate.rows;
  }
  return total;
}

/* Chronon's tags and the definition's own properties. */
static int table_properties(gnp_job *job, gni_table_spec *spec, gn_error *err)
{
  const gni_map *own = &job->def->metadata->table_properties;
  gni_property *properties = GN_TAKE(&job->arena, gni_property, own->count + 2);
  if (!properties) return gni_fail_nomem(err, sizeof *properties);
  properties[0] = (gni_property){GN_STR("chronon_generated"), GN_STR("true")};
  properties[1] = (gni_property){GN_STR("chronon_table_type"), GN_STR("group_by")};
  for (size_t i = 0; i < own->count; i++)
    properties[2 + i] = (gni_property){own->keys[i], own->values[i]};
  spec->properties = properties;
  spec->property_count = own->count + 2;
  return GN_OK;
}

static int run_steps(gnp_job *job, const gnp_ranges *ranges, gn_backfill_report *report,
                     gn_error *err)
{
  gni_table_writer *writer = NULL;
  struct reading reading = {.total = rows_to_read(job, ranges)};
  gni_table_spec spec = {
      .name = job->group->output_table, .columns = output_type(job), .auto_expand = true};
  if (!spec.columns) return gni_fail_nomem(err, sizeof spec);
  int rc = table_properties(job, &spec, err);
  if (rc == GN_OK) rc = gni_table_writer_open(job->warehouse, &spec, &writer, err);
  for (size_t i = 0; rc == GN_OK && i < ranges->answer.step_count; i++)
    rc = run_step(job, writer, ranges->answer.steps[i], &reading, report, err);
  gni_table_writer_close(writer);
  return rc;
}

/* A run that was killed after its last partition left its folder, and this one writes nothing. */
static int sweep_output(gnp_job *job, gn_error *err)
{
  gni_table table;
  int rc = gni_table_find(job->warehouse, job->group->output_table, &job->arena, &table, err);
  if (rc == GN_OK) rc = gni_table_sweep(job->warehouse, &table, err);
  return rc == GN_ABSENT ? GN_OK : rc;
}

static void tell_holes(gnp_job *job, const gnp_ranges *ranges)
{
  gn_session *session = job->session;
  if (ranges->answer.skipped_before)
    gnp_session_warn(
        session, "GP007", "flow.backfill",
        "days before the first existing partition are left alone (--run-first-hole fills them)",
        "days", gni_str_format(&job->arena, "%" PRId32, ranges->answer.skipped_before).ptr);
  if (ranges->answer.without_input)
    gnp_session_warn(session, "GP008", "flow.backfill", "days without input are left out", "days",
                     gni_str_format(&job->arena, "%" PRId32, ranges->answer.without_input).ptr);
}

static int backfill(gn_session *session, const gn_backfill_args *args, gn_backfill_report *report,
                    gn_error *err)
{
  gnp_job job;
  gnp_ranges ranges;
  int rc = gnp_job_open(session, args->conf, "backfill", &job, err);
  if (rc == GN_OK && args->parallelism > 0) job.threads = args->parallelism;
  if (rc == GN_OK) rc = gnp_job_bind(&job, err);
  if (rc == GN_OK) rc = gnp_ranges_find(&job, args, &ranges, err);
  if (rc == GN_OK) {
    report->skipped = ranges.answer.already_there;
    tell_holes(&job, &ranges);
    rc = gnp_incremental_prepare(&job, &ranges, args, err);
  }
  if (rc == GN_OK)
    rc = ranges.answer.step_count ? run_steps(&job, &ranges, report, err) : sweep_output(&job, err);
  gnp_error_trace(session, job.conf_path, err);
  gnp_job_close(&job);
  return rc;
}

int gn_backfill(gn_session *session, const gn_backfill_args *args, gn_backfill_report *report,
                gn_error *err)
{
  gnp_written_plan written;
  *report = (gn_backfill_report){0};
  int rc = gnp_written_plan_read(session, args, &written, err);
  if (rc == GN_OK) rc = backfill(session, &written.args, report, err);
  gnp_written_plan_free(&written);
  return rc;
}
