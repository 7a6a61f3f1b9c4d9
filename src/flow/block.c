/* A block of keys. SPDX-License-Identifier: Apache-2.0 */
#include "flow/block.h"

enum { BLOCK_BYTES = 512 << 10 }; /* of states and answers; near the processor */

/* A key that is answered and not yet emitted. */
struct answered {
  gni_value *keys;
  const gni_value **rows; /* a day; NULL where there is nothing to show */
};

struct gnp_block {
  const gni_group *group;
  const gn_alloc *alloc;
  const int32_t *days;
  size_t day_count;
  gni_snapshot *snapshot;
  gn_arena home, keys; /* as long as the block; as long as its keys */
  struct answered answered[GNP_ANSWERS_MAX];
  size_t count;
  size_t days_answered; /* of the last key: fewer than there are when its values are large */
};

static int make(gnp_block *block, size_t ceiling_bytes, gn_error *err)
{
  for (size_t i = 0; i < GNP_ANSWERS_MAX; i++) {
    block->answered[i].rows = GN_TAKE(&block->home, const gni_value *, block->day_count);
    if (!block->answered[i].rows)
      return gni_fail_nomem(err, block->day_count * sizeof(gni_value *));
  }
  return gni_snapshot_new(block->group->layout, block->days, block->day_count, block->alloc,
                          ceiling_bytes, &block->snapshot, err);
}

int gnp_block_new(const gnp_job *job, const int32_t *days, size_t day_count, size_t ceiling_bytes,
                  gnp_block **out, gn_error *err)
{
  const gn_alloc *alloc = job->session->alloc;
  *out = NULL;
  gnp_block *block = gni_alloc_zero(alloc, sizeof *block);
  if (!block) return gni_fail_nomem(err, sizeof *block);
  block->group = job->group;
  block->alloc = alloc;
  block->days = days;
  block->day_count = block->days_answered = day_count;
  gni_arena_init(&block->home, alloc, SIZE_MAX);
  gni_arena_init(&block->keys, alloc, GN_STATE_BYTES_MAX);
  int rc = make(block, ceiling_bytes, err);
  if (rc != GN_OK)
    gnp_block_free(block);
  else
    *out = block;
  return rc;
}

void gnp_block_free(gnp_block *block)
{
  if (!block) return;
  gni_snapshot_free(block->snapshot);
  gni_arena_deinit(&block->keys);
  gni_arena_deinit(&block->home);
  gni_free(block->alloc, block, sizeof *block);
}

/* ---- keys ---- */

int gnp_block_begin_key(gnp_block *block, const gni_value *keys, gn_error *err)
{
  const gni_type *types = block->group->keys;
  if (block->count == 0) gni_arena_reset(&block->keys);
  gni_value *copy = GN_TAKE(&block->keys, gni_value, types->field_count);
  if (!copy) return gni_fail_arena(err, &block->keys, types->field_count * sizeof *copy);
  for (size_t i = 0; i < types->field_count; i++)
    if (gni_value_copy(types->fields[i].type, &keys[i], &block->keys, &copy[i]) != GN_OK)
      return gni_fail_arena(err, &block->keys, sizeof *copy);
  block->answered[block->count].keys = copy;
  return GN_OK;
}

int gnp_block_add_rows(gnp_block *block, const gni_row *rows, size_t count, gn_error *err)
{
  return gni_snapshot_add_rows(block->snapshot, rows, count, err);
}

int gnp_block_add_day(gnp_block *block, int64_t start_ms, const gni_value *states, gn_error *err)
{
  return gni_snapshot_add_day(block->snapshot, start_ms, states, err);
}

int gnp_block_end_key(gnp_block *block, gn_error *err)
{
  return gni_snapshot_answer(block->snapshot, block->answered[block->count++].rows,
                             &block->days_answered, err);
}

bool gnp_block_is_full(const gnp_block *block)
{
  return block->count == GNP_ANSWERS_MAX || block->days_answered < block->day_count ||
         gni_snapshot_held_bytes(block->snapshot) + block->keys.used_bytes >= BLOCK_BYTES;
}

/* ---- emitting ---- */

/* Days [from, to) of the keys [first, end). */
static int emit_days(const gnp_block *block, size_t first, size_t end, size_t from, size_t to,
                     gnp_emit emit, void *user, gn_error *err)
{
  gnp_answer answers[GNP_ANSWERS_MAX];
  int rc = GN_OK;
  for (size_t day = from; rc == GN_OK && day < to; day++) {
    size_t shown = 0;
    for (size_t i = first; i < end; i++) {
      const struct answered *key = &block->answered[i];
      if (key->rows[day]) answers[shown++] = (gnp_answer){key->keys, key->rows[day]};
    }
    if (shown) rc = emit(user, answers, shown, block->days[day], err);
  }
  return rc;
}

/* The last key is so large that it is answered in parts: those before it are out of the way, and
 * each part is emitted at once. */
static int emit_large(gnp_block *block, gnp_emit emit, void *user, gn_error *err)
{
  size_t last = block->count - 1, from = 0, to = block->days_answered;
  int rc = emit_days(block, 0, last, 0, block->day_count, emit, user, err);
  while (rc == GN_OK) {
    rc = emit_days(block, last, last + 1, from, to, emit, user, err);
    if (rc == GN_OK) rc = gni_snapshot_release(block->snapshot, err);
    from = to;
    if (rc != GN_OK || to == block->day_count) break;
    rc = gni_snapshot_answer(block->snapshot, block->answered[last].rows, &to, err);
  }
  return rc;
}

int gnp_block_emit(gnp_block *block, gnp_emit emit, void *user, gn_error *err)
{
  bool in_parts = block->count && block->days_answered < block->day_count;
  int rc = in_parts ? emit_large(block, emit, user, err)
                    : emit_days(block, 0, block->count, 0, block->day_count, emit, user, err);
  if (rc == GN_OK && !in_parts) rc = gni_snapshot_release(block->snapshot, err);
  block->count = 0;
  block->days_answered = block->day_count;
  return rc;
}
