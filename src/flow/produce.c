/* Folding rows into output rows. SPDX-License-Identifier: Apache-2.0 */
#include "flow/produce.h"
#include "flow/gather.h"
#include "flow/incremental.h"

#include <pthread.h>

enum {
  PART_ROWS_MIN = 100000,  /* fewer are not worth a thread, and a file a day */
  STATE_BYTES_PER_ROW = 64 /* of a list or a set of all values */
};

/* ---- rows kept together ---- */

size_t gnp_key_ceiling(const gnp_job *job)
{
  int64_t bytes = job->memory_bytes / 10 * 4; /* the engine has half of the budget, we 0.4 */
  return bytes > 0 ? (size_t)bytes : (size_t)4 << 30;
}

void gnp_rows_init(gnp_rows *rows, const gn_alloc *alloc, size_t ceiling_bytes)
{
  *rows = (gnp_rows){0};
  gni_arena_init(&rows->arena, alloc, ceiling_bytes);
}

void gnp_rows_deinit(gnp_rows *rows)
{
  gni_arena_deinit(&rows->arena);
}

void gnp_rows_reset(gnp_rows *rows)
{
  gni_arena_reset(&rows->arena);
  rows->items = NULL;
  rows->count = rows->capacity = 0;
}

/* `rc` is what the arena says: past our share of the budget, or no memory at all. */
static int too_large(const gnp_rows *rows, int rc, gn_error *err)
{
  if (rc != GN_E_LIMIT) return gni_fail_nomem(err, rows->arena.used_bytes);
  gni_fail_as(err, "GR004", GN_E_LIMIT, "the rows of one key need more than %zu MiB",
              rows->arena.ceiling_bytes >> 20);
  gni_error_hint(err, "raise --memory, or filter the key that has most rows");
  return GN_E_LIMIT;
}

int gnp_rows_add(gnp_rows *rows, const gni_type *inputs, const gni_row *row, gn_error *err)
{
  if (rows->count == rows->capacity) {
    size_t capacity = rows->capacity ? rows->capacity * 2 : 16;
    size_t size = capacity * sizeof(gni_row);
    gni_row *grown = gni_arena_grow(&rows->arena, rows->items, rows->count * sizeof *grown, size);
    if (!grown) return too_large(rows, gni_fail_arena(NULL, &rows->arena, size), err);
    rows->items = grown;
    rows->capacity = capacity;
  }
  size_t size = inputs->field_count * sizeof(gni_value);
  gni_value *values = gni_arena_take(&rows->arena, size);
  if (!values) return too_large(rows, gni_fail_arena(NULL, &rows->arena, size), err);
  for (size_t i = 0; i < inputs->field_count; i++) {
    int rc = gni_value_copy(inputs->fields[i].type, &row->values[i], &rows->arena, &values[i]);
    if (rc != GN_OK) return too_large(rows, rc, err);
  }
  rows->items[rows->count++] = (gni_row){values, row->time_ms};
  return GN_OK;
}

/* ---- the fold ---- */

/* Events go through blocks of keys; the rows of one entity are kept until it ends; rows without
 * aggregations pass. */
struct gnp_fold {
  gnp_job *job;
  const gni_group *group;
  gnp_feed *feed;
  int32_t *days;
  size_t day_count;
  gnp_block *block;
  gni_value *states; /* of a day, by base column; incremental */
  gnp_rows rows;     /* of the entity at hand */
  gn_arena arena;    /* its key and outputs */
  gni_value *keys;
  int32_t day;
  bool open, ended;
  gnp_emit emit;
  void *user;
  gn_cancel failed;          /* one part did: the others stop, too */
  _Atomic int64_t rows_read; /* by parts */
};

void gnp_fold_close(gnp_fold *fold)
{
  if (!fold) return;
  const gn_alloc *alloc = fold->job->session->alloc;
  gnp_block_free(fold->block);
  gnp_feed_close(fold->feed);
  gnp_rows_deinit(&fold->rows);
  gni_arena_deinit(&fold->arena);
  gni_free(alloc, fold, sizeof *fold);
}

static int take_days(gnp_fold *fold, gni_day_range range, gn_error *err)
{
  gnp_job *job = fold->job;
  fold->day_count = (size_t)range.last - (size_t)range.first + 1;
  fold->days = GN_TAKE(&job->arena, int32_t, fold->day_count);
  if (!fold->days) return gni_fail_nomem(err, fold->day_count * sizeof *fold->days);
  for (size_t i = 0; i < fold->day_count; i++) fold->days[i] = range.first + (int32_t)i;
  if (!job->daily) return GN_OK;
  fold->states = GN_TAKE(&job->arena, gni_value, fold->group->layout->base_count);
  return fold->states ? GN_OK : gni_fail_nomem(err, sizeof *fold->states);
}

int gnp_fold_open(gnp_job *job, gni_day_range range, gnp_fold **out, gn_error *err)
{
  const gn_alloc *alloc = job->session->alloc;
  const gni_group *group = job->group;
  bool events = !group->entities && group->layout;
  gni_rows_request request = {.range = range,
                              .before_ms =
                                  events ? (int64_t)(range.last + 1) * GN_DAY_MS : INT64_MAX,
                              .order = events ? GNI_ORDER_KEY_TIME : GNI_ORDER_DAY_KEY};
  *out = NULL;
  gnp_fold *fold = gni_alloc_zero(alloc, sizeof *fold);
  if (!fold) return gni_fail_nomem(err, sizeof *fold);
  fold->job = job;
  fold->group = group;
  gnp_rows_init(&fold->rows, alloc, gnp_key_ceiling(job));
  gni_arena_init(&fold->arena, alloc, GN_STATE_BYTES_MAX);
  int rc = events ? take_days(fold, range, err) : GN_OK;
  if (rc == GN_OK)
    rc = fold->states ? gnp_daily_open(job, range, &fold->feed, err)
                      : gnp_feed_open(job, &request, &fold->feed, err);
  if (rc == GN_OK && events)
    rc = gnp_block_new(job, fold->days, fold->day_count, gnp_key_ceiling(job), &fold->block, err);
  if (rc != GN_OK)
    gnp_fold_close(fold);
  else
    *out = fold;
  return rc;
}

/* ---- entities ----
 *
 * The feed changes its kept key when the first row of the next one is read, so outputs of the key
 * before are emitted with a copy of it. */

static int emit_one(gnp_fold *fold, const gni_value *keys, const gni_value *values, int32_t day,
                    gn_error *err)
{
  return fold->emit(fold->user, &(gnp_answer){keys, values}, 1, day, err);
}

static int begin_entity(gnp_fold *fold, gn_error *err)
{
  const gni_type *keys = fold->group->keys;
  gni_arena_reset(&fold->arena);
  fold->keys = GN_TAKE(&fold->arena, gni_value, keys->field_count);
  if (!fold->keys) return gni_fail_nomem(err, keys->field_count * sizeof *fold->keys);
  for (size_t i = 0; i < keys->field_count; i++) {
    const gni_value *key = &gnp_feed_keys(fold->feed)[i];
    if (gni_value_copy(keys->fields[i].type, key, &fold->arena, &fold->keys[i]) != GN_OK)
      return gni_fail_nomem(err, sizeof *key);
  }
  fold->day = gnp_feed_day(fold->feed);
  return GN_OK;
}

static int end_entity(gnp_fold *fold, gn_error *err)
{
  const gni_group *group = fold->group;
  gni_value *outputs = GN_TAKE(&fold->arena, gni_value, group->values->field_count);
  if (!outputs) return gni_fail_nomem(err, group->values->field_count * sizeof *outputs);
  int rc = gni_entity_fold(group->layout, fold->day, fold->rows.items, fold->rows.count,
                           &fold->arena, outputs, err);
  gnp_rows_reset(&fold->rows);
  return rc == GN_OK ? emit_one(fold, fold->keys, outputs, fold->day, err) : rc;
}

/* ---- keys of either kind, as the feed gives them ---- */

static int begin_key(gnp_fold *fold, gn_error *err)
{
  fold->open = true;
  return fold->block ? gnp_block_begin_key(fold->block, gnp_feed_keys(fold->feed), err)
                     : begin_entity(fold, err);
}

static int end_key(gnp_fold *fold, gn_error *err)
{
  fold->open = false;
  if (!fold->block) return end_entity(fold, err);
  int rc = gnp_block_end_key(fold->block, err);
  if (rc != GN_OK || !gnp_block_is_full(fold->block)) return rc;
  return gnp_block_emit(fold->block, fold->emit, fold->user, err);
}

static int end_last(gnp_fold *fold, gn_error *err)
{
  fold->ended = true;
  int rc = fold->open ? end_key(fold, err) : GN_OK;
  if (rc == GN_OK && fold->block) rc = gnp_block_emit(fold->block, fold->emit, fold->user, err);
  return rc == GN_OK ? GN_ABSENT : rc;
}

/* A row of the daily table: the states of a day. */
static int add_day(gnp_fold *fold, const gni_row *row, gn_error *err)
{
  const gnp_daily *daily = fold->job->daily;
  for (size_t b = 0; b < fold->group->layout->base_count; b++)
    fold->states[b] = row->values[daily->columns[b]];
  return gnp_block_add_day(fold->block, row->time_ms, fold->states, err);
}

static int add_rows(gnp_fold *fold, const gni_row *rows, size_t count, gn_error *err)
{
  int rc = GN_OK;
  if (fold->block && !fold->states) return gnp_block_add_rows(fold->block, rows, count, err);
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = fold->states ? add_day(fold, &rows[i], err)
                      : gnp_rows_add(&fold->rows, fold->group->inputs, &rows[i], err);
  return rc;
}

/* ---- a step ---- */

static int pass_through(gnp_fold *fold, gn_error *err)
{
  bool new_key;
  gni_row row;
  int rc = gnp_feed_next(fold->feed, &new_key, &row, err);
  if (rc != GN_OK) return rc;
  return emit_one(fold, gnp_feed_keys(fold->feed), row.values, gnp_feed_day(fold->feed), err);
}

int gnp_fold_step(gnp_fold *fold, gnp_emit emit, void *user, gn_error *err)
{
  bool new_key;
  const gni_row *rows;
  size_t count;
  fold->emit = emit;
  fold->user = user;
  if (!fold->group->layout) return pass_through(fold, err);
  if (fold->ended) return GN_ABSENT;
  for (;;) {
    int rc = gnp_feed_next_rows(fold->feed, &new_key, &rows, &count, err);
    if (rc == GN_ABSENT) return end_last(fold, err);
    if (rc != GN_OK) return rc;
    bool finished = new_key && fold->open;
    if (finished) rc = end_key(fold, err);
    if (rc == GN_OK && new_key) rc = begin_key(fold, err);
    if (rc == GN_OK) rc = add_rows(fold, rows, count, err);
    if (rc != GN_OK || finished) return rc;
  }
}

int64_t gnp_fold_rows(const gnp_fold *fold)
{
  return fold->rows_read ? fold->rows_read : gnp_feed_rows(fold->feed);
}

/* ---- parts ----
 *
 * Rows that were gathered in memory are cut by their keys into parts of as many rows each: a key
 * with many rows makes its part short of keys, not long. A part reads, answers and emits by itself,
 * so that what one step makes is near the processor for the next. */

/* Each part has its share of the memory for the states of its keys, so there are only as many as
 * leave enough to the key with most rows. */
size_t gnp_fold_parts(const gnp_fold *fold)
{
  const gnp_gather *gather = gnp_feed_gather(fold->feed);
  int64_t threads = gnp_threads(fold->job->threads);
  int64_t most = threads < GNP_PARTS_MAX ? threads : GNP_PARTS_MAX;
  if (!fold->block || fold->states || !gather) return 1;
  int64_t parts = gnp_gather_rows(gather) / PART_ROWS_MIN;
  int64_t largest_bytes = gnp_gather_largest_key_rows(gather) * STATE_BYTES_PER_ROW + 1;
  int64_t that_fit = (int64_t)gnp_key_ceiling(fold->job) / largest_bytes;
  if (parts > that_fit) parts = that_fit;
  return (size_t)(parts < 1 ? 1 : parts < most ? parts : most);
}

struct part {
  gnp_fold *fold;
  gnp_reader *reader;
  gnp_block *block;
  gnp_emit emit;
  void *user;
  pthread_t thread;
  bool started;
  int rc;
  gn_error err;
};

/* GN_ABSENT: another part failed, and says why. */
static int look_around(struct part *part)
{
  const gn_cancel *cancel = &part->fold->job->session->cancel;
  if (gni_cancelled(cancel)) return gni_fail(&part->err, GN_E_CANCELLED, "cancelled");
  return gni_cancelled(&part->fold->failed) ? GN_ABSENT : GN_OK;
}

static int run_part(struct part *part)
{
  gn_error *err = &part->err;
  gnp_rows_of_key some;
  for (;;) {
    int rc = look_around(part);
    if (rc != GN_OK) return rc;
    rc = gnp_reader_next(part->reader, &some, err);
    if (rc == GN_ABSENT) return gnp_block_emit(part->block, part->emit, part->user, err);
    if (rc == GN_OK && some.is_first)
      rc = gnp_block_begin_key(part->block, gnp_reader_keys(part->reader), err);
    if (rc == GN_OK) rc = gnp_block_add_rows(part->block, some.rows, some.count, err);
    if (rc == GN_OK && some.is_last) rc = gnp_block_end_key(part->block, err);
    if (rc == GN_OK && some.is_last && gnp_block_is_full(part->block))
      rc = gnp_block_emit(part->block, part->emit, part->user, err);
    if (rc != GN_OK) return rc;
    part->fold->rows_read += (int64_t)some.count;
  }
}

static void *work(void *user)
{
  struct part *part = user;
  part->rc = run_part(part);
  if (part->rc != GN_OK && part->rc != GN_ABSENT) gni_cancel_ask(&part->fold->failed);
  return NULL;
}

static int make_parts(gnp_fold *fold, struct part *parts, size_t count, gn_error *err)
{
  gnp_gather *gather = gnp_feed_gather(fold->feed);
  size_t ceiling_bytes = gnp_key_ceiling(fold->job) / count;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    rc = gnp_reader_new(gather, i, count, &parts[i].reader, err);
    if (rc == GN_OK)
      rc = gnp_block_new(fold->job, fold->days, fold->day_count, ceiling_bytes, &parts[i].block,
                         err);
  }
  return rc;
}

/* Where the system has no thread to give, the caller does the part itself. */
static int run_parts(struct part *parts, size_t count, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 1; i < count; i++)
    parts[i].started = pthread_create(&parts[i].thread, NULL, work, &parts[i]) == 0;
  for (size_t i = 0; i < count; i++)
    if (!parts[i].started) work(&parts[i]);
  for (size_t i = 0; i < count; i++) {
    if (parts[i].started) pthread_join(parts[i].thread, NULL);
    if (rc != GN_OK || parts[i].rc == GN_OK || parts[i].rc == GN_ABSENT) continue;
    rc = parts[i].rc;
    if (err) *err = parts[i].err;
  }
  return rc;
}

int gnp_fold_run(gnp_fold *fold, gnp_emit emit, void *const *users, gn_error *err)
{
  struct part parts[GNP_PARTS_MAX] = {{0}};
  size_t count = gnp_fold_parts(fold);
  for (size_t i = 0; i < count; i++)
    parts[i] = (struct part){.fold = fold, .emit = emit, .user = users[i]};
  int rc = make_parts(fold, parts, count, err);
  if (rc == GN_OK) rc = run_parts(parts, count, err);
  for (size_t i = 0; i < count; i++) {
    gnp_reader_free(parts[i].reader);
    gnp_block_free(parts[i].block);
  }
  return rc;
}
