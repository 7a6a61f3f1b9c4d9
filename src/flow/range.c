/* Which days a backfill is to fill, from arguments, definition and tables. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/range.h"

static int compare_days(const int32_t *days, size_t count, int32_t day, size_t *at)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (days[middle] < day)
      low = middle + 1;
    else
      high = middle;
  }
  *at = low;
  return low < count && days[low] == day;
}

/* Unites two ascending lists. */
static int unite(gn_arena *arena, gni_days *into, const gni_days *more)
{
  int32_t *days = GN_TAKE(arena, int32_t, into->count + more->count);
  size_t count = 0, at;
  if (!days) return GN_E_NOMEM;
  for (size_t i = 0, k = 0; i < into->count || k < more->count;) {
    bool first = k == more->count || (i < into->count && into->days[i] <= more->days[k]);
    int32_t day = first ? into->days[i++] : more->days[k++];
    if (!compare_days(days, count, day, &at)) days[count++] = day;
  }
  *into = (gni_days){days, count};
  return GN_OK;
}

/* The name with its sub-partition tokens, as the definition writes it. */
static gn_str written_table(const gni_source *source)
{
  return source->events ? source->events->table : source->entities->snapshot_table;
}

static int source_days(gnp_job *job, const gni_source *source, gni_days *out, bool *partitioned,
                       gn_error *err)
{
  gni_named_table named;
  gni_table table;
  int rc = gni_named_table_parse(written_table(source), &job->arena, &named);
  if (rc != GN_OK) return gni_fail_nomem(err, 1);
  gni_partition_filter *filters = GN_TAKE(&job->arena, gni_partition_filter, named.tokens.count);
  if (!filters) return gni_fail_nomem(err, named.tokens.count * sizeof *filters);
  for (size_t i = 0; i < named.tokens.count; i++)
    filters[i] = (gni_partition_filter){named.tokens.keys[i], named.tokens.values[i]};
  rc = gni_table_need(job->warehouse, named.table, &job->arena, &table, err);
  *partitioned = rc == GN_OK && table.partitioned;
  *out = (gni_days){NULL, 0};
  if (rc != GN_OK || !table.partitioned) return rc;
  return gni_table_partitions(job->warehouse, &table, filters, named.tokens.count, &job->arena, out,
                              err);
}

/* The days that any source has; `*known` is false when a source has no days to tell, or holds all
 * history in its newest one. */
static int input_days(gnp_job *job, gni_days *out, bool *known, gn_error *err)
{
  const gni_group_by *def = job->def->group_by;
  *out = (gni_days){NULL, 0};
  *known = true;
  for (size_t i = 0; i < def->sources.count; i++) {
    gni_days days;
    bool partitioned;
    int rc = source_days(job, &def->sources.items[i], &days, &partitioned, err);
    if (rc != GN_OK) return rc;
    bool cumulative = def->sources.items[i].events && def->sources.items[i].events->is_cumulative;
    if (!partitioned || cumulative) *known = false;
    if (unite(&job->arena, out, &days) != GN_OK) return gni_fail_nomem(err, sizeof days);
  }
  return GN_OK;
}

static int existing_days(gnp_job *job, gni_days *out, gn_error *err)
{
  gni_table table;
  *out = (gni_days){NULL, 0};
  int rc = gni_table_find(job->warehouse, job->group->output_table, &job->arena, &table, err);
  if (rc == GN_ABSENT) return GN_OK;
  if (rc != GN_OK) return rc;
  return gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, out, err);
}

static int find_bounds(gnp_job *job, const gn_backfill_args *args, gnp_ranges *out, gn_error *err)
{
  const gni_group_by *def = job->def->group_by;
  int32_t start;
  int rc = gnp_day_argument(args->end_ds, "end day", gnp_session_yesterday(job->session),
                            &out->range.last, err);
  if (rc != GN_OK) return rc;
  out->range.first = out->range.last;
  out->start_origin = "only the end day: the definition has no backfillStartDate";
  if (def->backfill_start_date.len) {
    rc = gnp_day_argument(gni_str_take(&job->arena, def->backfill_start_date).ptr,
                          "backfillStartDate", 0, &start, err);
    if (rc != GN_OK) return rc;
    out->range.first = start;
    out->start_origin = "backfillStartDate";
  }
  if (args->start_ds) {
    rc = gnp_day_argument(args->start_ds, "start day", 0, &out->range.first, err);
    out->start_origin = "flag";
  }
  if (def->metadata->has_historical_backfill && !def->metadata->historical_backfill) {
    out->range.first = out->range.last;
    out->start_origin = "historicalBackfill is off: only the end day";
  }
  return rc;
}

int gnp_ranges_find(gnp_job *job, const gn_backfill_args *args, gnp_ranges *out, gn_error *err)
{
  *out = (gnp_ranges){0};
  int rc = find_bounds(job, args, out, err);
  if (rc == GN_OK) rc = existing_days(job, &out->existing, err);
  if (rc == GN_OK) rc = input_days(job, &out->inputs, &out->inputs_known, err);
  if (rc != GN_OK) return rc;
  gni_range_request request = {.range = out->range,
                               .existing = out->existing.days,
                               .existing_count = out->existing.count,
                               .check_inputs = out->inputs_known,
                               .inputs = out->inputs.days,
                               .input_count = out->inputs.count,
                               .skip_first_hole = !args->run_first_hole,
                               .step_days = args->step_days > 0 ? args->step_days : 30};
  return gni_range_plan(&request, &job->arena, &out->answer, err);
}

int gn_partitions(gn_session *session, const char *conf, int64_t days_max, gn_text *out,
                  gn_error *err)
{
  gnp_job job;
  gni_days days = {NULL, 0};
  gn_buf text;
  bool known;
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_job_open(session, conf, "backfill", &job, err);
  if (rc == GN_OK) rc = gnp_job_open_engine(&job, err);
  if (rc == GN_OK) rc = input_days(&job, &days, &known, err);
  for (size_t i = 0; i < days.count && (int64_t)i < days_max; i++)
    gni_buf_add_format(&text, "%.*s\n",
                       GN_STR_ARGS(gnp_day_text(&job.arena, days.days[days.count - 1 - i])));
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gnp_job_close(&job);
  return rc;
}
