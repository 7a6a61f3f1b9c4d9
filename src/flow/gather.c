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
  struct chunk *chunk = &g->chunk;
  chunk->cells = GN_TAKE(&g->texts, gni_value, (g->key_count ? g->key_count : 1) * GNP_CHUNK_ROWS);
  chunk->times_ms = GN_TAKE(&g->texts, int64_t, GNP_CHUNK_ROWS);
  chunk->hashes = GN_TAKE(&g->texts, uint64_t, GNP_CHUNK_ROWS);
  chunk->starts = GN_TAKE(&g->texts, uint32_t, GNP_CHUNK_ROWS + 1);
  bool room = chunk->cells && chunk->times_ms && chunk->hashes && chunk->starts;
  if (!room) {
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
  for (uint32_t i = 0; i < g->bucket_count; i++) free_rows(g, &g->buckets[i].rows);
  gni_free(alloc, g->buckets, g->bucket_capacity * sizeof *g->buckets);
  gni_free(alloc, g->keys, g->keys_capacity * sizeof *g->keys);
  gni_free(alloc, g->key_slots.ids, g->key_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->text_slots.ids, g->text_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->shared, g->shared ? GNP_SHARED_TEXTS_MAX * sizeof *g->shared : 0);
  gni_free(alloc, g->ranked, g->key_slots.count * sizeof *g->ranked);
  gni_free(alloc, g->rank_of, g->key_slots.count * sizeof *g->rank_of);
  gni_free(alloc, g->bucket_of, g->key_slots.count * sizeof *g->bucket_of);
  gnp_reader_free(g->whole);
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
  g->rank_of = gni_alloc(g->alloc, count * sizeof *g->rank_of);
  g->bucket_of = gni_alloc(g->alloc, count * sizeof *g->bucket_of);
  if (!room || !g->ranked || !g->rank_of || !g->bucket_of) {
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
  size_t most = g->row_count / rows_of_bucket + 1;
  uint32_t first = 0;
  struct bucket *bucket = g->buckets = gni_alloc_zero(g->alloc, most * sizeof *g->buckets);
  if (!g->buckets) return gni_fail_nomem(err, most * sizeof *g->buckets);
  g->bucket_capacity = (uint32_t)most;
  for (uint32_t i = 0; i < g->key_slots.count; i++) {
    uint32_t id = g->ranked[i];
    const struct key *key = &g->keys[id];
    if (i == 0 || first - bucket->first_row >= rows_of_bucket) {
      bucket = &g->buckets[g->bucket_count++];
      bucket->first_key = i;
      bucket->first_row = first;
    }
    g->rank_of[id] = i;
    g->bucket_of[id] = (uint16_t)(g->bucket_count - 1);
    first += key->rows;
    if (key->rows > g->largest_key_rows) g->largest_key_rows = key->rows;
  }
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
    struct rows *bucket = &g->buckets[g->bucket_of[row->key]].rows;
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

int gnp_gather_finish(gnp_gather *g, gn_error *err)
{
  g->row_count = g->rows.count;
  if (g->row_count == 0) return GN_OK;
  int rc = rank_keys(g, err);
  if (rc == GN_OK) rc = assign_buckets(g, err);
  return rc == GN_OK ? fill_buckets(g, err) : rc;
}

int64_t gnp_gather_rows(const gnp_gather *g)
{
  return g->row_count;
}

int64_t gnp_gather_largest_key_rows(const gnp_gather *g)
{
  return g->largest_key_rows;
}

/* ---- reading a part -------------------------------------------------------------------------- */

struct gnp_reader {
  gnp_gather *gather;
  uint32_t at_bucket, end_bucket; /* at_bucket: the one after the bucket at hand */
  struct bucket *bucket;
  uint32_t *order;  /* of the bucket at hand: positions of its rows */
  uint32_t *places; /* of its keys: where the next of their rows goes in `order` */
  uint32_t order_capacity, places_capacity;
  uint32_t at_key, at_row, end_row; /* in the bucket; end_row: of the key at hand */
  gni_row *given;
  gni_value *values, *keys; /* of the rows given; of their key */
  gn_arena home, cells;
};

/* The first bucket that begins at row `number` or later. */
static uint32_t bucket_from(const gnp_gather *g, uint64_t number)
{
  uint32_t at = 0;
  while (at < g->bucket_count && g->buckets[at].first_row < number) at++;
  return at;
}

int gnp_reader_new(gnp_gather *g, size_t index, size_t count, gnp_reader **out, gn_error *err)
{
  *out = NULL;
  gnp_reader *reader = gni_alloc_zero(g->alloc, sizeof *reader);
  if (!reader) return gni_fail_nomem(err, sizeof *reader);
  reader->gather = g;
  reader->at_bucket = bucket_from(g, g->row_count * (uint64_t)index / count);
  reader->end_bucket = bucket_from(g, g->row_count * (uint64_t)(index + 1) / count);
  gni_arena_init(&reader->home, g->alloc, SIZE_MAX);
  gni_arena_init(&reader->cells, g->alloc, SIZE_MAX);
  reader->given = GN_TAKE(&reader->home, gni_row, GIVEN_ROWS);
  reader->values = GN_TAKE(&reader->home, gni_value, GIVEN_ROWS * g->input_count);
  reader->keys = GN_TAKE_ZERO(&reader->home, gni_value, g->key_count);
  if (!reader->given || !reader->values || !reader->keys) {
    gnp_reader_free(reader);
    return gni_fail_nomem(err, GIVEN_ROWS * sizeof(gni_row));
  }
  *out = reader;
  return GN_OK;
}

void gnp_reader_free(gnp_reader *reader)
{
  if (!reader) return;
  const gn_alloc *alloc = reader->gather->alloc;
  gni_free(alloc, reader->order, reader->order_capacity * sizeof *reader->order);
  gni_free(alloc, reader->places, reader->places_capacity * sizeof *reader->places);
  gni_arena_deinit(&reader->cells);
  gni_arena_deinit(&reader->home);
  gni_free(alloc, reader, sizeof *reader);
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

/* Room for `count` numbers, whose content does not matter. */
static int reserve(const gn_alloc *alloc, uint32_t **numbers, uint32_t *capacity, uint32_t count,
                   gn_error *err)
{
  if (count <= *capacity) return GN_OK;
  gni_free(alloc, *numbers, *capacity * sizeof **numbers);
  *capacity = 0;
  *numbers = gni_alloc(alloc, count * sizeof **numbers);
  if (!*numbers) return gni_fail_nomem(err, count * sizeof **numbers);
  *capacity = count;
  return GN_OK;
}

/* Positions of the bucket's rows by key, then as they came. Keys are only read here: those beside
 * one may belong to another reader. */
static void order_rows(gnp_reader *reader, uint32_t key_count)
{
  const gnp_gather *g = reader->gather;
  const struct bucket *bucket = reader->bucket;
  uint32_t place = 0;
  for (uint32_t k = 0; k < key_count; k++) {
    reader->places[k] = place;
    place += g->keys[g->ranked[bucket->first_key + k]].rows;
  }
  for (uint32_t i = 0; i < bucket->rows.count; i++) {
    uint32_t rank = g->rank_of[gnp_row_at(g, &bucket->rows, i)->key];
    reader->order[reader->places[rank - bucket->first_key]++] = i;
  }
}

/* The next bucket: positions of its rows by (key, time, source order). */
static int open_bucket(gnp_reader *reader, gn_error *err)
{
  gnp_gather *g = reader->gather;
  if (reader->bucket) free_rows(g, &reader->bucket->rows);
  struct bucket *bucket = reader->bucket = &g->buckets[reader->at_bucket++];
  bool is_last = reader->at_bucket == g->bucket_count;
  uint32_t end_key = is_last ? g->key_slots.count : bucket[1].first_key;
  uint32_t key_count = end_key - bucket->first_key, row = 0;
  int rc = reserve(g->alloc, &reader->order, &reader->order_capacity, bucket->rows.count, err);
  if (rc == GN_OK)
    rc = reserve(g->alloc, &reader->places, &reader->places_capacity, key_count, err);
  if (rc == GN_OK) order_rows(reader, key_count);
  for (uint32_t k = 0; rc == GN_OK && k < key_count; k++) {
    const struct key *key = &g->keys[g->ranked[bucket->first_key + k]];
    if (key->is_unordered) rc = sort_by_time(g, &bucket->rows, reader->order + row, key->rows, err);
    row += key->rows;
  }
  reader->at_key = bucket->first_key;
  reader->at_row = reader->end_row = 0;
  return rc;
}

static int open_key(gnp_reader *reader, gn_error *err)
{
  const gnp_gather *g = reader->gather;
  const struct key *key = &g->keys[g->ranked[reader->at_key++]];
  const char *bytes = gnp_key_bytes(key).ptr;
  reader->end_row = reader->at_row + key->rows;
  gni_arena_reset(&reader->cells);
  for (size_t i = 0; bytes && i < g->key_count; i++)
    bytes = gnp_key_decode(bytes, g->group->keys->fields[i].type, &reader->cells, &reader->keys[i]);
  return bytes ? GN_OK : gni_fail_nomem(err, 1);
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

/* Rows of one key lie apart, so they are asked for in time. */
static void prefetch(const gnp_gather *g, const struct rows *bucket, uint32_t index)
{
  const char *row = (const char *)gnp_row_at(g, bucket, index);
  for (size_t at = 0; at < g->row_bytes; at += 64) __builtin_prefetch(row + at);
}

/* The next `count` rows of the key at hand, as they are given. */
static void fill_given(gnp_reader *reader, uint32_t count)
{
  const gnp_gather *g = reader->gather;
  const struct rows *bucket = &reader->bucket->rows;
  const gni_field *inputs = g->group->inputs->fields;
  gni_value *to = reader->values;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place = reader->at_row + i, ahead = place + GNP_PREFETCH_ROWS;
    if (ahead < bucket->count) prefetch(g, bucket, reader->order[ahead]);
    struct row *row = gnp_row_at(g, bucket, reader->order[place]);
    reader->given[i] = (gni_row){to, row->time_ms};
    for (size_t k = 0; k < g->input_count; k++, to++) {
      if (row->nulls >> k & 1)
        *to = GNI_NULL_VALUE;
      else
        from_slot(inputs[k].type, gnp_slots_of(row)[k], to);
    }
  }
}

int gnp_reader_next(gnp_reader *reader, gnp_rows_of_key *out, gn_error *err)
{
  int rc = GN_OK;
  out->is_first = reader->at_row == reader->end_row;
  if (!reader->bucket || reader->at_row == reader->bucket->rows.count) {
    if (reader->at_bucket == reader->end_bucket) return GN_ABSENT;
    rc = open_bucket(reader, err);
  }
  if (rc == GN_OK && out->is_first) rc = open_key(reader, err);
  if (rc != GN_OK) return rc;
  uint32_t left = reader->end_row - reader->at_row, given = left < GIVEN_ROWS ? left : GIVEN_ROWS;
  fill_given(reader, given);
  reader->at_row += given;
  out->rows = reader->given;
  out->count = given;
  out->is_last = given == left;
  return GN_OK;
}

const gni_value *gnp_reader_keys(const gnp_reader *reader)
{
  return reader->keys;
}

/* ---- all of them, one after another ---------------------------------------------------------- */

int gnp_gather_next(gnp_gather *g, bool *new_key, const gni_row **rows, size_t *count,
                    gn_error *err)
{
  gnp_rows_of_key given;
  int rc = g->whole ? GN_OK : gnp_reader_new(g, 0, 1, &g->whole, err);
  if (rc == GN_OK) rc = gnp_reader_next(g->whole, &given, err);
  if (rc != GN_OK) return rc;
  *new_key = given.is_first;
  *rows = given.rows;
  *count = given.count;
  return GN_OK;
}

const gni_value *gnp_gather_keys(const gnp_gather *g)
{
  return g->whole->keys;
}
