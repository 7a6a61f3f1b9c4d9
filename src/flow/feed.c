/* The rows of a GroupBy, key by key. SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"
#include "flow/job.h"
#include "flow/produce.h"

struct gnp_feed {
  const gni_group *group;
  const gn_alloc *alloc;
  gn_cancel *cancel;
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  const gni_type *type;
  gn_arena types, columns_arena, row_arena, key_arena;
  gni_column *columns;
  gni_value *values, *keys, *fresh_keys;
  size_t key_count, input_count;
  int64_t row, rows;
  int32_t day;
  bool any_key, by_day;
  gnp_gather *gather; /* NULL: the engine gives the rows in order */
  gni_row current;
  const gni_row *given; /* gathered rows, of which some were given one by one */
  size_t given_count, given_used;
};

enum { FEED_ARENA_BYTES = 256 << 20 };

void gnp_feed_close(gnp_feed *feed)
{
  if (!feed) return;
  const gn_alloc *alloc = feed->alloc;
  gnp_gather_free(feed->gather);
  gni_array_close(&feed->batch);
  gni_schema_close(&feed->schema);
  gni_stream_close(&feed->stream);
  gni_arena_deinit(&feed->types);
  gni_arena_deinit(&feed->columns_arena);
  gni_arena_deinit(&feed->row_arena);
  gni_arena_deinit(&feed->key_arena);
  gni_free(alloc, feed, sizeof *feed);
}

/* The engine may give another width than the binder proved (HUGEINT for a sum); that must not pass.
 */
static int check_types(const gnp_feed *feed, gn_error *err)
{
  for (size_t i = 0; i < feed->key_count + feed->input_count; i++) {
    bool is_key = i < feed->key_count;
    const gni_field *wanted =
        is_key ? &feed->group->keys->fields[i] : &feed->group->inputs->fields[i - feed->key_count];
    if (!gni_type_equal(wanted->type, feed->type->fields[i].type))
      return gni_fail(err, GN_E_BUG, "the engine gave another type for '%.*s' than was planned",
                      GN_STR_ARGS(wanted->name));
  }
  return GN_OK;
}

static int evaluate(const void *user, const gni_value *args, gn_arena *arena, gni_value *out,
                    gn_error *err)
{
  return gni_bound_eval(user, args, arena, out, err);
}

/* What the engine has no words for it asks of our evaluator. */
static int add_functions(gnp_job *job, const gni_expr_functions *functions, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < functions->count; i++) {
    const gni_expr_function *f = &functions->list[i];
    gni_engine_function function = {.name = f->name,
                                    .inputs = f->inputs,
                                    .output = gni_bound_type(f->body),
                                    .call = evaluate,
                                    .user = f->body};
    rc = gni_engine_add_function(job->engine, &function, err);
  }
  return rc;
}

int gnp_feed_statement(gnp_job *job, const gni_rows_request *request, gn_buf *sql, gn_error *err)
{
  gni_expr_functions functions = {.arena = &job->arena};
  int rc = gni_group_sql(job->group, request, &job->tables, &functions, sql, err);
  return rc == GN_OK ? add_functions(job, &functions, err) : rc;
}

static int start(gnp_job *job, const gni_rows_request *request, gnp_feed *feed, gn_error *err)
{
  gn_buf sql;
  gni_buf_init(&sql, feed->alloc, (size_t)256 << 20);
  int rc = gnp_feed_statement(job, request, &sql, err);
  if (rc == GN_OK) rc = gni_engine_query(job->engine, gni_buf_view(&sql), &feed->stream, err);
  gni_buf_deinit(&sql);
  if (rc == GN_OK)
    rc = gni_stream_type(&feed->stream, &feed->types, &feed->schema, &feed->type, err);
  return rc == GN_OK ? check_types(feed, err) : rc;
}

static void stop(gnp_feed *feed)
{
  gni_array_close(&feed->batch);
  gni_schema_close(&feed->schema);
  gni_stream_close(&feed->stream);
}

static int next_batch(gnp_feed *feed, gn_error *err);

/* All rows into memory, by key; GN_ABSENT when they do not fit there. */
static int gather(gnp_job *job, const gni_rows_request *request, gnp_feed *feed, gn_error *err)
{
  gni_rows_request unordered = *request;
  unordered.order = GNI_ORDER_SOURCE;
  int rc = gnp_gather_new(feed->group, feed->alloc, gnp_key_ceiling(job), &feed->gather, err);
  if (rc == GN_OK) rc = start(job, &unordered, feed, err);
  while (rc == GN_OK) {
    rc = next_batch(feed, err);
    if (rc == GN_ABSENT) break;
    if (rc == GN_OK) rc = gnp_gather_add(feed->gather, feed->columns, feed->batch.length, err);
    if (rc == GN_ABSENT) {
      stop(feed);
      gnp_gather_free(feed->gather);
      feed->gather = NULL;
      return GN_ABSENT;
    }
  }
  if (rc != GN_ABSENT) return rc;
  stop(feed);
  return gnp_gather_finish(feed->gather, err);
}

/* Sorting is the dearest part of most runs, so it is done by the engine only when it must be. */
static int start_rows(gnp_job *job, const gni_rows_request *request, gnp_feed *feed, gn_error *err)
{
  bool can = request->order == GNI_ORDER_KEY_TIME && gnp_gather_can(feed->group);
  int rc = can ? gather(job, request, feed, err) : GN_ABSENT;
  return rc == GN_ABSENT ? start(job, request, feed, err) : rc;
}

int gnp_feed_open(gnp_job *job, const gni_rows_request *request, gnp_feed **out, gn_error *err)
{
  const gn_alloc *alloc = job->session->alloc;
  *out = NULL;
  gnp_feed *feed = gni_alloc_zero(alloc, sizeof *feed);
  if (!feed) return gni_fail_nomem(err, sizeof *feed);
  feed->group = job->group;
  feed->alloc = alloc;
  feed->cancel = &job->session->cancel;
  feed->by_day = request->order == GNI_ORDER_DAY_KEY;
  feed->key_count = job->group->keys->field_count;
  feed->input_count = job->group->inputs->field_count;
  gni_arena_init(&feed->types, alloc, FEED_ARENA_BYTES);
  gni_arena_init(&feed->columns_arena, alloc, FEED_ARENA_BYTES);
  gni_arena_init(&feed->row_arena, alloc, FEED_ARENA_BYTES);
  gni_arena_init(&feed->key_arena, alloc, FEED_ARENA_BYTES);
  feed->values = GN_TAKE(&feed->types, gni_value, feed->input_count);
  feed->keys = GN_TAKE_ZERO(&feed->types, gni_value, feed->key_count);
  feed->fresh_keys = GN_TAKE(&feed->types, gni_value, feed->key_count);
  bool room = feed->values && feed->keys && feed->fresh_keys;
  int rc = room ? start_rows(job, request, feed, err) : gni_fail_nomem(err, sizeof(gni_value));
  if (rc != GN_OK)
    gnp_feed_close(feed);
  else
    *out = feed;
  return rc;
}

static int next_batch(gnp_feed *feed, gn_error *err)
{
  for (;;) {
    gni_array_close(&feed->batch);
    if (gni_cancelled(feed->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
    int rc = gni_stream_next(&feed->stream, &feed->batch, err);
    if (rc != GN_OK) return rc;
    if (!feed->batch.release) return GN_ABSENT;
    if (feed->batch.length == 0) continue;
    gni_arena_reset(&feed->columns_arena);
    feed->row = 0;
    return gni_batch_view(feed->type, &feed->schema, &feed->batch, &feed->columns_arena,
                          &feed->columns, err);
  }
}

static int get_cells(gnp_feed *feed, size_t from, size_t count, gni_value *out, gn_error *err)
{
  for (size_t i = 0; i < count; i++) {
    int rc = gni_column_get(&feed->columns[from + i], feed->row, &feed->row_arena, &out[i]);
    if (rc != GN_OK) return gni_fail(err, rc, "a row does not fit in memory");
  }
  return GN_OK;
}

/* Keeps the key when it differs from the one kept. */
static int follow_key(gnp_feed *feed, bool *new_key, gn_error *err)
{
  const gni_field *fields = feed->group->keys->fields;
  bool same = feed->any_key;
  for (size_t i = 0; same && i < feed->key_count; i++)
    same = gni_value_equal(fields[i].type, &feed->keys[i], &feed->fresh_keys[i]);
  *new_key = !same;
  if (same) return GN_OK;
  gni_arena_reset(&feed->key_arena);
  for (size_t i = 0; i < feed->key_count; i++) {
    int rc = gni_value_copy(fields[i].type, &feed->fresh_keys[i], &feed->key_arena, &feed->keys[i]);
    if (rc != GN_OK) return gni_fail(err, rc, "a key does not fit in memory");
  }
  feed->any_key = true;
  return GN_OK;
}

/* The engine's next row. */
static int next_sorted(gnp_feed *feed, bool *new_key, gni_row *row, gn_error *err)
{
  gni_value time, day;
  if (!feed->batch.release || feed->row == feed->batch.length) {
    int rc = next_batch(feed, err);
    if (rc != GN_OK) return rc;
  }
  gni_arena_reset(&feed->row_arena);
  int rc = get_cells(feed, 0, feed->key_count, feed->fresh_keys, err);
  if (rc == GN_OK) rc = get_cells(feed, feed->key_count, feed->input_count, feed->values, err);
  if (rc == GN_OK) rc = get_cells(feed, feed->key_count + feed->input_count, 1, &time, err);
  if (rc == GN_OK) rc = get_cells(feed, feed->key_count + feed->input_count + 1, 1, &day, err);
  if (rc == GN_OK) rc = follow_key(feed, new_key, err);
  if (rc != GN_OK) return rc;
  if (time.is_null && feed->group->has_time && feed->group->layout)
    return gni_fail(err, GN_E_INVALID,
                    "a row has no time: filter with \"%s IS NOT NULL\" in wheres", "<timeColumn>");
  int32_t row_day = day.is_null ? INT32_MIN : (int32_t)day.integer;
  if (feed->by_day && row_day != feed->day) *new_key = true;
  feed->day = row_day;
  *row = (gni_row){feed->values, time.is_null ? 0 : time.integer};
  feed->row++;
  feed->rows++;
  return GN_OK;
}

int gnp_feed_next_rows(gnp_feed *feed, bool *new_key, const gni_row **rows, size_t *count,
                       gn_error *err)
{
  int rc;
  if (feed->gather) {
    if (gni_cancelled(feed->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
    rc = gnp_gather_next(feed->gather, new_key, rows, count, err);
    if (rc == GN_OK) feed->rows += (int64_t)*count;
    return rc;
  }
  rc = next_sorted(feed, new_key, &feed->current, err);
  *rows = &feed->current;
  *count = 1;
  return rc;
}

int gnp_feed_next(gnp_feed *feed, bool *new_key, gni_row *row, gn_error *err)
{
  *new_key = false;
  if (feed->given_used == feed->given_count) {
    int rc = gnp_feed_next_rows(feed, new_key, &feed->given, &feed->given_count, err);
    feed->given_used = 0;
    if (rc != GN_OK) {
      feed->given_count = 0;
      return rc;
    }
  }
  *row = feed->given[feed->given_used++];
  return GN_OK;
}

const gni_value *gnp_feed_keys(const gnp_feed *feed)
{
  return feed->gather ? gnp_gather_keys(feed->gather) : feed->keys;
}

int32_t gnp_feed_day(const gnp_feed *feed)
{
  return feed->day;
}

int64_t gnp_feed_rows(const gnp_feed *feed)
{
  return feed->rows;
}

gnp_gather *gnp_feed_gather(const gnp_feed *feed)
{
  return feed->gather;
}
