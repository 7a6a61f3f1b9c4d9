/* Rows by key: in order, and given. SPDX-License-Identifier: Apache-2.0 */
#include "flow/byte_sort.h"
#include "flow/gather_private.h"
#include "flow/key_code.h"

#include <stdlib.h>

enum {
  BLOCK_BYTES = 32 << 10,
  BUCKET_BYTES = 1024 << 10, /* near the processor */
  BUCKETS_MAX = 1024,        /* ends that are written to in turn */
  INPUTS_MAX = 32,
  SHARED_TEXTS_MAX = 1 << 16,
  PREFETCH_ROWS = 8,
  GIVEN_ROWS = 64 /* at once */
};

/* ---- memory ---------------------------------------------------------------------------------- */

int gnp_claim(gnp_gather *g, size_t bytes)
{
  g->used_bytes = gni_size_add(g->used_bytes, bytes);
  size_t all = g->used_bytes + g->key_bytes.used_bytes + g->texts.used_bytes;
  return all <= g->ceiling_bytes ? GN_OK : GN_ABSENT;
}

int gnp_add_block(gnp_gather *g, struct rows *rows, gn_error *err)
{
  size_t bytes = g->row_bytes << g->block_shift;
  if (rows->block_count == rows->block_capacity) {
    size_t capacity = rows->block_capacity ? 2 * rows->block_capacity : 16;
    char **grown = gni_resize(g->alloc, rows->blocks, rows->block_capacity * sizeof *grown,
                              capacity * sizeof *grown);
    if (!grown) return gni_fail_nomem(err, capacity * sizeof *grown);
    rows->blocks = grown;
    rows->block_capacity = capacity;
  }
  char *block = gni_alloc(g->alloc, bytes);
  if (!block) return gni_fail_nomem(err, bytes);
  rows->blocks[rows->block_count++] = block;
  return GN_OK;
}

static bool fits_slot(const gni_type *type)
{
  return type->kind <= GNI_TIMESTAMP;
}

bool gnp_gather_can(const gni_group *group)
{
  if (group->inputs->field_count > INPUTS_MAX) return false;
  for (size_t i = 0; i < group->inputs->field_count; i++)
    if (!fits_slot(group->inputs->fields[i].type)) return false;
  for (size_t i = 0; i < group->keys->field_count; i++)
    if (!gnp_key_code_can(group->keys->fields[i].type)) return false;
  return true;
}

int gnp_gather_new(const gni_group *group, const gn_alloc *alloc, size_t ceiling_bytes,
                   gnp_gather **out, gn_error *err)
{
  *out = NULL;
  gnp_gather *g = gni_alloc_zero(alloc, sizeof *g);
  if (!g) return gni_fail_nomem(err, sizeof *g);
  g->group = group;
  g->alloc = alloc;
  g->ceiling_bytes = ceiling_bytes;
  g->key_count = group->keys->field_count;
  g->input_count = group->inputs->field_count;
  g->row_bytes = sizeof(struct row) + g->input_count * sizeof(uint64_t);
  while (((size_t)2 << g->block_shift) * g->row_bytes <= BLOCK_BYTES) g->block_shift++;
  g->source = g->source_order = INT64_MIN;
  g->day = INT32_MIN;
  gni_arena_init(&g->key_bytes, alloc, SIZE_MAX);
  gni_arena_init(&g->texts, alloc, SIZE_MAX);
  gni_arena_init(&g->cells, alloc, SIZE_MAX);
  gni_buf_init(&g->coded, alloc, GN_VALUE_BYTES_MAX);
  g->given = GN_TAKE(&g->texts, gni_row, GIVEN_ROWS);
  g->values = GN_TAKE(&g->texts, gni_value, GIVEN_ROWS * g->input_count);
  g->key_values = GN_TAKE_ZERO(&g->texts, gni_value, g->key_count);
  size_t columns = g->key_count > 3 ? g->key_count : 3; /* keys; or day, source, order */
  struct chunk *chunk = &g->chunk;
  chunk->cells = GN_TAKE(&g->texts, gni_value, columns * GNP_CHUNK_ROWS);
  chunk->times_ms = GN_TAKE(&g->texts, int64_t, GNP_CHUNK_ROWS);
  chunk->hashes = GN_TAKE(&g->texts, uint64_t, GNP_CHUNK_ROWS);
  chunk->starts = GN_TAKE(&g->texts, uint32_t, GNP_CHUNK_ROWS + 1);
  bool room = chunk->cells && chunk->times_ms && chunk->hashes && chunk->starts;
  if (!g->given || !g->values || !g->key_values || !room) {
    gnp_gather_free(g);
    return gni_fail_nomem(err, sizeof(gni_value));
  }
  *out = g;
  return GN_OK;
}

static void free_rows(const gnp_gather *g, struct rows *rows)
{
  size_t block_bytes = g->row_bytes << g->block_shift;
  for (size_t i = 0; i < rows->block_count; i++) gni_free(g->alloc, rows->blocks[i], block_bytes);
  gni_free(g->alloc, rows->blocks, rows->block_capacity * sizeof *rows->blocks);
  *rows = (struct rows){0};
}

void gnp_gather_free(gnp_gather *g)
{
  if (!g) return;
  const gn_alloc *alloc = g->alloc;
  free_rows(g, &g->rows);
  for (uint32_t i = 0; i < g->bucket_count; i++) free_rows(g, &g->buckets[i]);
  gni_free(alloc, g->buckets, g->bucket_count * sizeof *g->buckets);
  gni_free(alloc, g->keys, g->keys_capacity * sizeof *g->keys);
  gni_free(alloc, g->key_slots.ids, g->key_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->text_slots.ids, g->text_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->shared, g->shared ? SHARED_TEXTS_MAX * sizeof *g->shared : 0);
  gni_free(alloc, g->ranked, g->key_slots.count * sizeof *g->ranked);
  gni_free(alloc, g->order, g->order_capacity * sizeof *g->order);
  gni_arena_deinit(&g->key_bytes);
  gni_arena_deinit(&g->texts);
  gni_arena_deinit(&g->cells);
  gni_buf_deinit(&g->coded);
  gni_free(alloc, g, sizeof *g);
}

/* ---- ordering -------------------------------------------------------------------------------- */

static int rank_keys(gnp_gather *g, gn_error *err)
{
  uint32_t count = g->key_slots.count;
  size_t bytes = 2 * count * sizeof(gnp_bytes);
  gnp_bytes *room = gni_alloc(g->alloc, bytes);
  g->ranked = gni_alloc(g->alloc, count * sizeof *g->ranked);
  if (!room || !g->ranked) {
    gni_free(g->alloc, room, bytes);
    return gni_fail_nomem(err, bytes);
  }
  for (uint32_t i = 0; i < count; i++) {
    gn_str key = gnp_key_bytes(&g->keys[i]);
    room[i] = (gnp_bytes){.ptr = key.ptr, .len = (uint32_t)key.len, .id = i};
  }
  const gnp_bytes *sorted = gnp_bytes_sort(room, room + count, count);
  for (uint32_t i = 0; i < count; i++) g->ranked[i] = sorted[i].id;
  gni_free(g->alloc, room, bytes);
  return GN_OK;
}

/* Keys that follow each other share a bucket, until it is full. */
static int assign_buckets(gnp_gather *g, gn_error *err)
{
  size_t fair = g->row_count / BUCKETS_MAX + 1, near = BUCKET_BYTES / g->row_bytes;
  size_t rows_of_bucket = fair > near ? fair : near;
  uint32_t first = 0, began = 0, count = 0;
  for (uint32_t i = 0; i < g->key_slots.count; i++) {
    struct key *key = &g->keys[g->ranked[i]];
    if (i == 0 || first - began >= rows_of_bucket) {
      began = first;
      count++;
    }
    key->first = first;
    key->bucket = (uint16_t)(count - 1);
    first += key->rows;
  }
  g->buckets = gni_alloc_zero(g->alloc, count * sizeof *g->buckets);
  if (!g->buckets) return gni_fail_nomem(err, count * sizeof *g->buckets);
  g->bucket_count = count;
  return GN_OK;
}

/* A few words: not worth a call. */
static inline void copy_row(struct row *to, const struct row *from, size_t slots)
{
  const uint64_t *words = (const uint64_t *)(from + 1);
  *to = *from;
  for (size_t i = 0; i < slots; i++) gnp_slots_of(to)[i] = words[i];
}

/* Brings the rows, still in source order, to their buckets; their blocks are given back on the way.
 */
static int fill_buckets(gnp_gather *g, gn_error *err)
{
  size_t block_bytes = g->row_bytes << g->block_shift;
  for (uint32_t i = 0; i < g->row_count; i++) {
    const struct row *row = gnp_row_at(g, &g->rows, i);
    struct rows *bucket = &g->buckets[g->keys[row->key].bucket];
    if (bucket->count >> g->block_shift == bucket->block_count) {
      int rc = gnp_add_block(g, bucket, err);
      if (rc != GN_OK) return rc;
    }
    copy_row(gnp_row_at(g, bucket, bucket->count++), row, g->input_count);
    bool was_last = (i + 1) >> g->block_shift != i >> g->block_shift;
    if (!was_last) continue;
    gni_free(g->alloc, g->rows.blocks[i >> g->block_shift], block_bytes);
    g->rows.blocks[i >> g->block_shift] = NULL;
  }
  free_rows(g, &g->rows);
  return GN_OK;
}

struct timed {
  int64_t time_ms;
  uint32_t row;
};

static int by_time(const void *a, const void *b)
{
  const struct timed *x = a, *y = b;
  if (x->time_ms != y->time_ms) return x->time_ms < y->time_ms ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static int sort_by_time(gnp_gather *g, const struct rows *bucket, uint32_t *order, uint32_t count,
                        gn_error *err)
{
  struct timed *all = gni_alloc(g->alloc, count * sizeof *all);
  if (!all) return gni_fail_nomem(err, count * sizeof *all);
  for (uint32_t i = 0; i < count; i++)
    all[i] = (struct timed){gnp_row_at(g, bucket, order[i])->time_ms, order[i]};
  qsort(all, count, sizeof *all, by_time);
  for (uint32_t i = 0; i < count; i++) order[i] = all[i].row;
  gni_free(g->alloc, all, count * sizeof *all);
  return GN_OK;
}

int gnp_gather_finish(gnp_gather *g, gn_error *err)
{
  g->row_count = g->rows.count;
  if (g->row_count == 0) return GN_OK;
  int rc = rank_keys(g, err);
  if (rc == GN_OK) rc = assign_buckets(g, err);
  return rc == GN_OK ? fill_buckets(g, err) : rc;
}

/* ---- giving rows ----------------------------------------------------------------------------- */

static int reserve_order(gnp_gather *g, uint32_t count, gn_error *err)
{
  if (count <= g->order_capacity) return GN_OK;
  gni_free(g->alloc, g->order, g->order_capacity * sizeof *g->order);
  g->order_capacity = 0;
  g->order = gni_alloc(g->alloc, count * sizeof *g->order);
  if (!g->order) return gni_fail_nomem(err, count * sizeof *g->order);
  g->order_capacity = count;
  return GN_OK;
}

/* Positions of the bucket's rows by (key, time, source order); they are there in source order. */
static int open_bucket(gnp_gather *g, gn_error *err)
{
  const struct rows *bucket = &g->buckets[g->at_bucket];
  int rc = reserve_order(g, bucket->count, err);
  if (rc != GN_OK) return rc;
  g->bucket_first = g->at_row;
  g->bucket_rows = bucket->count;
  for (uint32_t i = 0; i < bucket->count; i++)
    g->order[g->keys[gnp_row_at(g, bucket, i)->key].first++ - g->bucket_first] = i;
  for (uint32_t at = g->at_key, row = 0; rc == GN_OK && row < bucket->count; at++) {
    struct key *key = &g->keys[g->ranked[at]];
    key->first -= key->rows;
    if (key->unordered) rc = sort_by_time(g, bucket, g->order + row, key->rows, err);
    row += key->rows;
  }
  return rc;
}

static int next_bucket(gnp_gather *g, gn_error *err)
{
  if (g->at_row > 0) free_rows(g, &g->buckets[g->at_bucket++]);
  return open_bucket(g, err);
}

static void from_slot(const gni_type *type, uint64_t slot, gni_value *out)
{
  out->is_null = false;
  if (gnp_is_text(type)) {
    const struct text *kept = (const struct text *)(uintptr_t)slot;
    out->text = (gn_str){kept->bytes, kept->len};
  } else if (type->kind == GNI_BOOLEAN) {
    out->boolean = slot != 0;
  } else if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE) {
    memcpy(&out->real, &slot, sizeof out->real);
  } else {
    out->integer = (int64_t)slot;
  }
}

static int decode_key(gnp_gather *g, const char *bytes, gn_error *err)
{
  gni_arena_reset(&g->cells);
  for (size_t i = 0; bytes && i < g->key_count; i++)
    bytes = gnp_key_decode(bytes, g->group->keys->fields[i].type, &g->cells, &g->key_values[i]);
  return bytes ? GN_OK : gni_fail_nomem(err, 1);
}

/* Rows of one key lie apart, so they are asked for in time. */
static void prefetch(const gnp_gather *g, const struct rows *bucket, uint32_t index)
{
  const char *row = (const char *)gnp_row_at(g, bucket, index);
  for (size_t at = 0; at < g->row_bytes; at += 64) __builtin_prefetch(row + at);
}

/* The bucket's rows from `place` on, as they are given. */
static void fill_given(gnp_gather *g, uint32_t place, uint32_t count)
{
  const struct rows *bucket = &g->buckets[g->at_bucket];
  const gni_field *inputs = g->group->inputs->fields;
  gni_value *to = g->values;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t ahead = place + i + PREFETCH_ROWS;
    if (ahead < g->bucket_rows) prefetch(g, bucket, g->order[ahead]);
    struct row *row = gnp_row_at(g, bucket, g->order[place + i]);
    g->given[i] = (gni_row){to, row->time_ms};
    for (size_t k = 0; k < g->input_count; k++, to++) {
      if (row->nulls >> k & 1)
        *to = GNI_NULL_VALUE;
      else
        from_slot(inputs[k].type, gnp_slots_of(row)[k], to);
    }
  }
}

int gnp_gather_next(gnp_gather *g, bool *new_key, const gni_row **rows, size_t *count,
                    gn_error *err)
{
  if (g->at_row == g->row_count) return GN_ABSENT;
  if (g->at_row == g->bucket_first + g->bucket_rows) {
    int rc = next_bucket(g, err);
    if (rc != GN_OK) return rc;
  }
  *new_key = g->at_row == 0 || g->at_row == g->next_key_row;
  if (*new_key) {
    const struct key *key = &g->keys[g->ranked[g->at_key++]];
    g->next_key_row = g->at_row + key->rows;
    int rc = decode_key(g, gnp_key_bytes(key).ptr, err);
    if (rc != GN_OK) return rc;
  }
  uint32_t left = g->next_key_row - g->at_row, given = left < GIVEN_ROWS ? left : GIVEN_ROWS;
  fill_given(g, g->at_row - g->bucket_first, given);
  g->at_row += given;
  *rows = g->given;
  *count = given;
  return GN_OK;
}

const gni_value *gnp_gather_keys(const gnp_gather *g)
{
  return g->key_values;
}
