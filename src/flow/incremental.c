/* Daily partial results: filling the table of them, and reading it. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/incremental.h"

#include "flow/produce.h"

#include <inttypes.h>

enum { BATCH_ROWS = 8192, BATCH_BYTES = 8 << 20, STEP_DAYS_DEFAULT = 30 };

/* ---- the columns of the daily table ---- */

static gn_str daily_table(gnp_job *job)
{
  return gni_output_table_suffixed(&job->arena, job->def->metadata, "_daily_inc");
}

/* Keys, then the state of each base column, then `ts`. Of equal names the first is kept. */
static const gni_type *daily_type(gnp_job *job, size_t *columns, size_t *state_count)
{
  const gni_group *group = job->group;
  const gni_layout *layout = group->layout;
  size_t keys = group->keys->field_count;
  gni_field *fields = GN_TAKE(&job->arena, gni_field, keys + layout->base_count + 1);
  if (!fields) return NULL;
  memcpy(fields, group->keys->fields, keys * sizeof *fields);
  *state_count = 0;
  for (size_t b = 0; b < layout->base_count; b++) {
    const gni_base_column *base = &layout->bases[b];
    size_t at = 0;
    while (at < *state_count && !gni_str_equal(fields[keys + at].name, base->name)) at++;
    columns[b] = at;
    if (at < *state_count) continue;
    fields[keys + at] = (gni_field){base->name, gni_aggregator_state_type(base->aggregator)};
    (*state_count)++;
  }
  fields[keys + *state_count] = (gni_field){GN_STR("ts"), &gni_type_long};
  return gni_type_struct(&job->arena, GN_STR(""), fields, keys + *state_count + 1);
}

/* With the partition after them. */
static const gni_type *with_partition(gnp_job *job, const gni_type *columns)
{
  gni_field *fields = GN_TAKE(&job->arena, gni_field, columns->field_count + 1);
  if (!fields) return NULL;
  memcpy(fields, columns->fields, columns->field_count * sizeof *fields);
  fields[columns->field_count] =
      (gni_field){job->session->config.partition_column, &gni_type_string};
  return gni_type_struct(&job->arena, GN_STR(""), fields, columns->field_count + 1);
}

/* The group again, for a scan that looks `days` back. */
static const gni_group *looking_back(gnp_job *job, const gni_group *group, int64_t days)
{
  gni_group *copy = gni_arena_copy(&job->arena, group, sizeof *group);
  gni_group_by *def = gni_arena_copy(&job->arena, group->def, sizeof *group->def);
  gni_aggregation_spec *aggregation = GN_TAKE_ZERO(&job->arena, gni_aggregation_spec, 1);
  gni_window_spec *window = GN_TAKE_ZERO(&job->arena, gni_window_spec, 1);
  if (!copy || !def || !aggregation || !window) return NULL;
  *window = (gni_window_spec){
      .has_length = true, .has_time_unit = true, .length = (int32_t)days, .time_unit = GNI_DAYS};
  aggregation->windows.items = window;
  aggregation->windows.count = 1;
  def->aggregations.items = aggregation;
  def->aggregations.count = 1;
  copy->def = def;
  return copy;
}

/* ---- filling ---- */

/* The day of one key that is being folded, and the rows that are finished. */
struct filling {
  gnp_job *job;
  gnp_feed *feed;
  gni_day_range days;
  const gni_type *type; /* the columns and the partition */
  gni_builder *builder;
  const size_t *columns;
  size_t state_count;
  gn_arena states; /* of the day at hand */
  gni_value *row;
  void **state; /* one a base column */
  int32_t day;
  bool open, ended;
  gn_error failure;
};

static int begin_day(struct filling *at, int32_t day, gn_error *err)
{
  const gni_group *group = at->job->group;
  const gni_layout *layout = group->layout;
  gni_arena_reset(&at->states);
  at->row = GN_TAKE(&at->states, gni_value, at->type->field_count);
  at->state = GN_TAKE(&at->states, void *, layout->base_count);
  if (!at->row || !at->state) return gni_fail_arena(err, &at->states, 1);
  for (size_t i = 0; i < group->keys->field_count; i++) {
    int rc = gni_value_copy(group->keys->fields[i].type, &gnp_feed_keys(at->feed)[i], &at->states,
                            &at->row[i]);
    if (rc != GN_OK) return gni_fail_arena(err, &at->states, 1);
  }
  for (size_t b = 0; b < layout->base_count; b++) {
    size_t size = gni_aggregator_state_size(layout->bases[b].aggregator);
    at->state[b] = gni_arena_take(&at->states, size);
    if (!at->state[b]) return gni_fail_arena(err, &at->states, size);
    gni_state_init(layout->bases[b].aggregator, at->state[b]);
  }
  at->day = day;
  at->open = true;
  return GN_OK;
}

static int fold_row(struct filling *at, const gni_row *row, gn_error *err)
{
  const gni_layout *layout = at->job->group->layout;
  for (size_t b = 0; b < layout->base_count; b++) {
    const gni_base_column *base = &layout->bases[b];
    const gni_value *bucket = base->bucket < 0 ? NULL : &row->values[base->bucket];
    int rc = gni_state_update(base->aggregator, at->state[b], &row->values[base->input], bucket,
                              row->time_ms, &at->states);
    if (rc == GN_OK) continue;
    gni_fail(err, rc, "a day of one key cannot be folded");
    gni_error_where(err, "%.*s", GN_STR_ARGS(base->name));
    return rc;
  }
  return GN_OK;
}

static int end_day(struct filling *at, gn_error *err)
{
  const gni_group *group = at->job->group;
  const gnp_config *config = &at->job->session->config;
  size_t keys = group->keys->field_count;
  char text[64];
  if (!at->open) return GN_OK;
  at->open = false;
  for (size_t b = group->layout->base_count;
       b-- > 0;) { /* of equal names the first is written last */
    int rc = gni_state_save(group->layout->bases[b].aggregator, at->state[b],
                            &at->row[keys + at->columns[b]], &at->states);
    if (rc != GN_OK) return gni_fail(err, rc, "a day of one key cannot be saved");
  }
  int rc = gni_day_format(at->day, config->partition_format, text, sizeof text, err);
  if (rc != GN_OK) return rc;
  at->row[keys + at->state_count] = gni_value_integer((int64_t)at->day * GN_DAY_MS);
  at->row[keys + at->state_count + 1] = gni_value_text(gni_str(text));
  return gni_builder_add(at->builder, at->row, err);
}

/* One more row; those of days before the step were only read because they may have come late. */
static int next_row(struct filling *at, gn_error *err)
{
  bool new_key;
  gni_row row;
  int rc = gnp_feed_next(at->feed, &new_key, &row, err);
  if (rc == GN_ABSENT) at->ended = true;
  if (rc != GN_OK) return rc == GN_ABSENT ? end_day(at, err) : rc;
  int32_t day = gni_day_of_ms(row.time_ms);
  if (new_key || (at->open && day != at->day)) rc = end_day(at, err);
  if (rc != GN_OK || day < at->days.first || day > at->days.last) return rc;
  if (!at->open) rc = begin_day(at, day, err);
  return rc == GN_OK ? fold_row(at, &row, err) : rc;
}

static int next_batch(void *user, struct ArrowArray *out, gn_error *err)
{
  struct filling *at = user;
  int rc = GN_OK;
  while (rc == GN_OK && !at->ended && gni_builder_rows(at->builder) < BATCH_ROWS &&
         gni_builder_bytes(at->builder) < BATCH_BYTES)
    rc = next_row(at, err);
  out->release = NULL;
  if (rc == GN_OK && gni_builder_rows(at->builder)) rc = gni_builder_finish(at->builder, out, err);
  if (rc != GN_OK && err) at->failure = *err;
  return rc;
}

/* The rows of the step's days. Chronon scans as if the window were as long as the step. */
static int open_rows(gnp_job *job, gni_day_range step, gnp_feed **out, gn_error *err)
{
  const gni_group *group = job->group;
  gni_rows_request request = {.range = step,
                              .before_ms = (int64_t)(step.last + 1) * GN_DAY_MS,
                              .order = GNI_ORDER_KEY_TIME};
  const gni_group *narrow = looking_back(job, group, (int64_t)step.last - step.first + 1);
  *out = NULL;
  if (!narrow) return gni_fail_nomem(err, sizeof *narrow);
  job->group = narrow;
  int rc = gnp_feed_open(job, &request, out, err);
  job->group = group;
  return rc;
}

static int fill_step(struct filling *at, gni_table_writer *writer, gni_day_range step,
                     gn_error *err)
{
  struct ArrowArrayStream stream = {0};
  gni_table_written written;
  gn_error outer = {0};
  at->days = step;
  at->open = at->ended = false;
  at->failure = (gn_error){0};
  int rc = open_rows(at->job, step, &at->feed, &outer);
  if (rc == GN_OK)
    rc = gni_stream_new(at->type, next_batch, NULL, at, at->job->session->alloc, &stream, &outer);
  if (rc == GN_OK) rc = gni_table_write(writer, &stream, &at->job->arena, &written, &outer);
  gnp_feed_close(at->feed);
  at->feed = NULL;
  return gnp_first_cause(rc, &at->failure, &outer, err);
}

static int table_properties(gnp_job *job, gni_table_spec *spec, gn_error *err)
{
  const gni_map *own = &job->def->metadata->table_properties;
  gni_property *properties = GN_TAKE(&job->arena, gni_property, own->count + 2);
  if (!properties) return gni_fail_nomem(err, sizeof *properties);
  properties[0] = (gni_property){GN_STR("chronon_generated"), GN_STR("true")};
  properties[1] = (gni_property){GN_STR("chronon_table_type"), GN_STR("group_by_incremental")};
  for (size_t i = 0; i < own->count; i++)
    properties[2 + i] = (gni_property){own->keys[i], own->values[i]};
  spec->properties = properties;
  spec->property_count = own->count + 2;
  return GN_OK;
}

static int fill(gnp_job *job, const gni_type *columns, const gnp_daily *daily,
                const gni_range_answer *missing, gn_error *err)
{
  gni_table_writer *writer = NULL;
  gni_table_spec spec = {.name = daily_table(job), .columns = columns};
  struct filling at = {.job = job,
                       .type = with_partition(job, columns),
                       .columns = daily->columns,
                       .state_count = daily->state_count};
  if (!spec.name.ptr || !at.type) return gni_fail_nomem(err, 1);
  gni_arena_init(&at.states, job->session->alloc, gnp_key_ceiling(job));
  int rc = table_properties(job, &spec, err);
  if (rc == GN_OK) rc = gni_builder_new(at.type, job->session->alloc, &at.builder, err);
  if (rc == GN_OK) rc = gni_table_writer_open(job->warehouse, &spec, &writer, err);
  for (size_t i = 0; rc == GN_OK && i < missing->step_count; i++)
    rc = fill_step(&at, writer, missing->steps[i], err);
  gni_table_writer_close(writer);
  gni_builder_free(at.builder);
  gni_arena_deinit(&at.states);
  return rc;
}

/* ---- which days are missing ---- */

static int64_t window_days(const gni_group *group)
{
  gni_window longest = gni_group_by_max_window(group->def);
  return (longest.length_ms + GN_DAY_MS - 1) / GN_DAY_MS;
}

static int find_missing(gnp_job *job, const gnp_ranges *ranges, const gn_backfill_args *args,
                        gni_range_answer *out, gn_error *err)
{
  gni_table table;
  gni_days existing = {NULL, 0};
  gn_str name = daily_table(job);
  if (!name.ptr) return gni_fail_nomem(err, 1);
  int rc = gni_table_find(job->warehouse, name, &job->arena, &table, err);
  if (rc == GN_OK)
    rc = gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, &existing, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  gni_range_request request = {
      .range = {ranges->range.first - (int32_t)window_days(job->group), ranges->range.last},
      .existing = existing.days,
      .existing_count = existing.count,
      .check_inputs = ranges->inputs_known,
      .inputs = ranges->inputs.days,
      .input_count = ranges->inputs.count,
      .step_days = args->step_days > 0 ? args->step_days : STEP_DAYS_DEFAULT};
  return gni_range_plan(&request, &job->arena, out, err);
}

/* ---- reading ---- */

/* The daily table bound as a GroupBy without aggregations: its states pass through. */
static int bind_daily(gnp_job *job, gnp_daily *daily, gn_error *err)
{
  const gni_group_by *own = job->group->def;
  gni_event_source *events = GN_TAKE_ZERO(&job->arena, gni_event_source, 1);
  gni_query *query = GN_TAKE_ZERO(&job->arena, gni_query, 1);
  gni_source *source = GN_TAKE_ZERO(&job->arena, gni_source, 1);
  gni_group_by *def = GN_TAKE_ZERO(&job->arena, gni_group_by, 1);
  if (!events || !query || !source || !def) return gni_fail_nomem(err, sizeof *def);
  *events = (gni_event_source){.table = daily_table(job), .query = query};
  if (!events->table.ptr) return gni_fail_nomem(err, 1);
  source->events = events;
  *def = (gni_group_by){.metadata = own->metadata,
                        .sources = {source, 1},
                        .key_columns = own->key_columns,
                        .has_accuracy = true,
                        .accuracy = GNI_SNAPSHOT};
  const gni_group *group;
  int rc = gni_group_bind(def, &job->tables, &job->arena, &group, err);
  if (rc != GN_OK) return rc;
  daily->group = looking_back(job, group, window_days(job->group));
  return daily->group ? GN_OK : gni_fail_nomem(err, sizeof *group);
}

static int find_columns(gnp_job *job, gnp_daily *daily, gn_error *err)
{
  const gni_layout *layout = job->group->layout;
  const gni_type *inputs = daily->group->inputs;
  for (size_t b = 0; b < layout->base_count; b++) {
    int at = gni_type_find(inputs, layout->bases[b].name);
    const gni_type *wanted = gni_aggregator_state_type(layout->bases[b].aggregator);
    if (at < 0 || !gni_type_equal(inputs->fields[at].type, wanted)) {
      gn_str table = daily_table(job);
      gni_fail_as(err, "GT013", GN_E_TYPE, "'%.*s' of '%.*s' is no longer what is computed",
                  GN_STR_ARGS(layout->bases[b].name), GN_STR_ARGS(table));
      gni_error_hint(err, "remove that table: the next backfill fills it again");
      return GN_E_TYPE;
    }
    daily->columns[b] = (size_t)at;
  }
  return GN_OK;
}

int gnp_daily_open(gnp_job *job, gni_day_range range, gnp_feed **out, gn_error *err)
{
  const gni_group *group = job->group;
  gni_rows_request request = {.range = range,
                              .before_ms = (int64_t)(range.last + 1) * GN_DAY_MS,
                              .order = GNI_ORDER_KEY_TIME};
  job->group = job->daily->group;
  int rc = gnp_feed_open(job, &request, out, err);
  job->group = group;
  return rc;
}

int gnp_incremental_prepare(gnp_job *job, const gnp_ranges *ranges, const gn_backfill_args *args,
                            gn_error *err)
{
  const gni_layout *layout = job->group->layout;
  gni_range_answer missing;
  gni_table table;
  if (!job->def->group_by->is_incremental || !layout || !ranges->answer.step_count) return GN_OK;
  gnp_daily *daily = GN_TAKE_ZERO(&job->arena, gnp_daily, 1);
  if (!daily) return gni_fail_nomem(err, sizeof *daily);
  daily->columns = GN_TAKE_ZERO(&job->arena, size_t, layout->base_count);
  const gni_type *columns =
      daily->columns ? daily_type(job, daily->columns, &daily->state_count) : NULL;
  if (!columns) return gni_fail_nomem(err, layout->base_count * sizeof *daily->columns);
  int rc = find_missing(job, ranges, args, &missing, err);
  if (rc == GN_OK && missing.step_count) rc = fill(job, columns, daily, &missing, err);
  if (rc == GN_OK) rc = gni_table_find(job->warehouse, daily_table(job), &job->arena, &table, err);
  if (rc == GN_ABSENT) return GN_OK; /* there was no row to keep, so there is none to read */
  if (rc == GN_OK) rc = bind_daily(job, daily, err);
  if (rc == GN_OK) rc = find_columns(job, daily, err);
  if (rc == GN_OK) job->daily = daily;
  return rc;
}
