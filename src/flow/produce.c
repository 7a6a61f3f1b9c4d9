/* Folding rows into output rows. SPDX-License-Identifier: Apache-2.0 */
#include "flow/produce.h"
#include "flow/incremental.h"

#include <inttypes.h>

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

enum { BLOCK_KEYS = GNP_ANSWERS_MAX, BLOCK_BYTES = 512 << 10 };

/* A key that is answered and not yet emitted. */
struct answered {
  gni_value *keys;
  const gni_value **rows; /* a day; NULL where there is nothing to show */
};

struct gnp_fold {
  gnp_job *job;
  const gni_group *group;
  gnp_feed *feed;
  gni_snapshot *snapshot; /* events with aggregations */
  gnp_rows rows;          /* entities */
  gni_value *states;      /* of a day, by base column; incremental */
  gn_arena arena;         /* keys of a block; outputs of one key */
  struct answered block[BLOCK_KEYS];
  size_t block_count;
  int32_t *days;
  size_t day_count;
  gni_value *keys; /* of the key being folded */
  int32_t day;
  bool open, ended;
  gnp_emit emit;
  void *user;
};

void gnp_fold_close(gnp_fold *fold)
{
  if (!fold) return;
  const gn_alloc *alloc = fold->job->session->alloc;
  gni_snapshot_free(fold->snapshot);
  gnp_feed_close(fold->feed);
  gnp_rows_deinit(&fold->rows);
  gni_arena_deinit(&fold->arena);
  gni_free(alloc, fold, sizeof *fold);
}

static int open_snapshot(gnp_fold *fold, gni_day_range range, gn_error *err)
{
  gnp_job *job = fold->job;
  fold->day_count = (size_t)range.last - (size_t)range.first + 1;
  fold->days = GN_TAKE(&job->arena, int32_t, fold->day_count);
  if (!fold->days) return gni_fail_nomem(err, fold->day_count * sizeof *fold->days);
  for (size_t i = 0; i < fold->day_count; i++) fold->days[i] = range.first + (int32_t)i;
  for (size_t i = 0; i < BLOCK_KEYS; i++) {
    fold->block[i].rows = GN_TAKE(&job->arena, const gni_value *, fold->day_count);
    if (!fold->block[i].rows) return gni_fail_nomem(err, fold->day_count * sizeof(gni_value *));
  }
  if (job->daily) {
    fold->states = GN_TAKE(&job->arena, gni_value, fold->group->layout->base_count);
    if (!fold->states) return gni_fail_nomem(err, sizeof *fold->states);
  }
  return gni_snapshot_new(fold->group->layout, fold->days, fold->day_count, job->session->alloc,
                          gnp_key_ceiling(job), &fold->snapshot, err);
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
  int rc = events ? open_snapshot(fold, range, err) : GN_OK;
  if (rc == GN_OK)
    rc = fold->states ? gnp_daily_open(job, range, &fold->feed, err)
                      : gnp_feed_open(job, &request, &fold->feed, err);
  if (rc != GN_OK)
    gnp_fold_close(fold);
  else
    *out = fold;
  return rc;
}

/* ---- the key at hand ----
 *
 * The feed changes its kept key when the first row of the next one is read, so outputs of the key
 * before are emitted with a copy of it. */

static int keep_keys(gnp_fold *fold, gn_error *err)
{
  const gni_type *keys = fold->group->keys;
  if (fold->block_count == 0) gni_arena_reset(&fold->arena);
  fold->keys = GN_TAKE(&fold->arena, gni_value, keys->field_count);
  if (!fold->keys) return gni_fail_nomem(err, keys->field_count * sizeof *fold->keys);
  for (size_t i = 0; i < keys->field_count; i++) {
    const gni_value *key = &gnp_feed_keys(fold->feed)[i];
    if (gni_value_copy(keys->fields[i].type, key, &fold->arena, &fold->keys[i]) != GN_OK)
      return gni_fail_nomem(err, sizeof *key);
  }
  fold->day = gnp_feed_day(fold->feed);
  fold->open = true;
  return GN_OK;
}

static int emit_one(gnp_fold *fold, const gni_value *keys, const gni_value *values, int32_t day,
                    gn_error *err)
{
  return fold->emit(fold->user, &(gnp_answer){keys, values}, 1, day, err);
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

/* ---- snapshots of events: rows stream through, keys follow each other ----
 *
 * A key has a row on each of many days, and each day has a file. So a block of keys is answered
 * first and emitted day by day: rows of one file follow each other, keys ascending as before. */

/* Days [from, to) of the first `count` keys of the block. */
static int emit_days(gnp_fold *fold, size_t first, size_t count, size_t from, size_t to,
                     gn_error *err)
{
  gnp_answer answers[BLOCK_KEYS];
  int rc = GN_OK;
  for (size_t day = from; rc == GN_OK && day < to; day++) {
    size_t shown = 0;
    for (size_t i = first; i < count; i++) {
      const struct answered *key = &fold->block[i];
      if (key->rows[day]) answers[shown++] = (gnp_answer){key->keys, key->rows[day]};
    }
    if (shown) rc = fold->emit(fold->user, answers, shown, fold->days[day], err);
  }
  return rc;
}

static int emit_block(gnp_fold *fold, gn_error *err)
{
  int rc = emit_days(fold, 0, fold->block_count, 0, fold->day_count, err);
  fold->block_count = 0;
  return rc == GN_OK ? gni_snapshot_release(fold->snapshot, err) : rc;
}

/* The last key of the block is so large that it is answered in parts: those before it are out of
 * the way, and each part is emitted at once. */
static int emit_large(gnp_fold *fold, size_t answered, gn_error *err)
{
  size_t last = fold->block_count, from = 0;
  int rc = emit_days(fold, 0, last, 0, fold->day_count, err);
  while (rc == GN_OK) {
    rc = emit_days(fold, last, last + 1, from, answered, err);
    if (rc == GN_OK) rc = gni_snapshot_release(fold->snapshot, err);
    from = answered;
    if (rc != GN_OK || answered == fold->day_count) break;
    rc = gni_snapshot_answer(fold->snapshot, fold->block[last].rows, &answered, err);
  }
  fold->block_count = 0;
  return rc;
}

static int end_snapshot(gnp_fold *fold, gn_error *err)
{
  struct answered *key = &fold->block[fold->block_count];
  size_t answered;
  key->keys = fold->keys;
  int rc = gni_snapshot_answer(fold->snapshot, key->rows, &answered, err);
  if (rc != GN_OK) return rc;
  if (answered < fold->day_count) return emit_large(fold, answered, err);
  fold->block_count++;
  bool is_full =
      fold->block_count == BLOCK_KEYS || gni_snapshot_held_bytes(fold->snapshot) >= BLOCK_BYTES;
  return is_full ? emit_block(fold, err) : GN_OK;
}

/* Finishes the key that is open. */
static int end_key(gnp_fold *fold, gn_error *err)
{
  fold->open = false;
  return fold->snapshot ? end_snapshot(fold, err) : end_entity(fold, err);
}

static int end_last(gnp_fold *fold, gn_error *err)
{
  fold->ended = true;
  int rc = fold->open ? end_key(fold, err) : GN_OK;
  if (rc == GN_OK && fold->block_count) rc = emit_block(fold, err);
  return rc == GN_OK ? GN_ABSENT : rc;
}

/* A row of the daily table: the states of a day. */
static int add_day(gnp_fold *fold, const gni_row *row, gn_error *err)
{
  const gnp_daily *daily = fold->job->daily;
  for (size_t b = 0; b < fold->group->layout->base_count; b++)
    fold->states[b] = row->values[daily->columns[b]];
  return gni_snapshot_add_day(fold->snapshot, row->time_ms, fold->states, err);
}

static int add_rows(gnp_fold *fold, const gni_row *rows, size_t count, gn_error *err)
{
  int rc = GN_OK;
  if (fold->snapshot && !fold->states)
    return gni_snapshot_add_rows(fold->snapshot, rows, count, err);
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = fold->states ? add_day(fold, &rows[i], err)
                      : gnp_rows_add(&fold->rows, fold->group->inputs, &rows[i], err);
  return rc;
}

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
    if (rc == GN_OK && new_key) rc = keep_keys(fold, err);
    if (rc == GN_OK) rc = add_rows(fold, rows, count, err);
    if (rc != GN_OK || finished) return rc;
  }
}

int64_t gnp_fold_rows(const gnp_fold *fold)
{
  return gnp_feed_rows(fold->feed);
}
