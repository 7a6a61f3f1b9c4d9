/* Rows into the gathering, a column at a time. SPDX-License-Identifier: Apache-2.0
 *
 * A chunk of a batch is taken in passes: its order is looked at, its keys are coded, hashed and
 * found, its inputs put into slots. Columns of plain numbers, which most are, take the short way
 * from Arrow's memory; all others go through values. */
#include "flow/byte_sort.h"
#include "flow/gather_private.h"
#include "flow/key_code.h"

enum {
  FIRST_KEYS = 1024,
  KEY_BYTES_MAX = INT32_MAX,
  RANK_BYTES = 2 * sizeof(gnp_bytes) + 2 * sizeof(uint32_t) + sizeof(uint16_t) /* a key, later */
};

static int resize(gnp_gather *g, void *place, size_t old_bytes, size_t bytes, gn_error *err)
{
  void *block, *grown;
  int rc = gnp_claim(g, bytes - old_bytes);
  if (rc != GN_OK) return rc;
  memcpy(&block, place, sizeof block);
  grown = gni_resize(g->alloc, block, old_bytes, bytes);
  if (!grown) return gni_fail_nomem(err, bytes);
  memcpy(place, &grown, sizeof grown);
  return GN_OK;
}

/* ---- a hash table of positions --------------------------------------------------------------- */

typedef gn_str (*text_at)(const gnp_gather *g, uint32_t id);

static gn_str key_at(const gnp_gather *g, uint32_t id)
{
  return gnp_key_bytes(&g->keys[id]);
}

static gn_str shared_at(const gnp_gather *g, uint32_t id)
{
  return (gn_str){g->shared[id]->bytes, g->shared[id]->len};
}

/* The slot of `text`: its own, or the free one where it belongs. */
static inline uint32_t find_hashed(const gnp_gather *g, const struct slots *slots, text_at at,
                                   gn_str text, uint64_t hash)
{
  uint32_t mask = slots->capacity - 1, slot = (uint32_t)hash & mask;
  while (slots->ids[slot]) {
    gn_str there = at(g, slots->ids[slot] - 1);
    if (there.len == text.len && gni_same_bytes(there.ptr, text.ptr, text.len)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

static uint32_t find_slot(const gnp_gather *g, const struct slots *slots, text_at at, gn_str text)
{
  return find_hashed(g, slots, at, text, gni_hash(text.ptr, text.len));
}

/* Room for one more, with a third of the slots free. */
static int slots_reserve(gnp_gather *g, struct slots *slots, text_at at, gn_error *err)
{
  if (slots->count + slots->count / 2 < slots->capacity) return GN_OK;
  if (slots->capacity > UINT32_MAX / 4) return GN_ABSENT;
  uint32_t capacity = slots->capacity ? 2 * slots->capacity : 2 * FIRST_KEYS;
  size_t old_bytes = slots->capacity * sizeof(uint32_t), bytes = capacity * sizeof(uint32_t);
  int rc = resize(g, &slots->ids, old_bytes, bytes, err);
  if (rc != GN_OK) return rc;
  memset(slots->ids, 0, bytes);
  slots->capacity = capacity;
  for (uint32_t id = 0; id < slots->count; id++)
    slots->ids[find_slot(g, slots, at, at(g, id))] = id + 1;
  return GN_OK;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int keep_text(gnp_gather *g, gn_str text, const struct text **out, gn_error *err)
{
  struct text *kept = gni_arena_take(&g->texts, gni_size_add(sizeof *kept, text.len));
  if (!kept || text.len > UINT32_MAX) return gni_fail_nomem(err, text.len);
  kept->len = (uint32_t)text.len;
  if (text.len) memcpy(kept->bytes, text.ptr, text.len);
  *out = kept;
  return gnp_claim(g, 0);
}

static int share_text(gnp_gather *g, gn_str text, const struct text **out, gn_error *err)
{
  struct slots *slots = &g->text_slots;
  int rc =
      g->shared ? GN_OK : resize(g, &g->shared, 0, GNP_SHARED_TEXTS_MAX * sizeof *g->shared, err);
  if (rc == GN_OK) rc = slots_reserve(g, slots, shared_at, err);
  if (rc != GN_OK) return rc;
  uint32_t slot = find_slot(g, slots, shared_at, text);
  if (slots->ids[slot]) {
    *out = g->shared[slots->ids[slot] - 1];
    return GN_OK;
  }
  rc = keep_text(g, text, out, err);
  if (rc != GN_OK || slots->count == GNP_SHARED_TEXTS_MAX) return rc;
  g->shared[slots->count++] = *out;
  slots->ids[slot] = slots->count;
  return GN_OK;
}

static int to_slot(gnp_gather *g, const gni_type *type, const gni_value *value, uint64_t *out,
                   gn_error *err)
{
  if (gnp_is_text(type)) {
    const struct text *kept = NULL;
    int rc = share_text(g, value->text, &kept, err);
    *out = (uint64_t)(uintptr_t)kept;
    return rc;
  }
  if (type->kind == GNI_BOOLEAN)
    *out = value->boolean;
  else if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE)
    memcpy(out, &value->real, sizeof *out);
  else
    *out = (uint64_t)value->integer;
  return GN_OK;
}

/* ---- taking rows ----------------------------------------------------------------------------- */

static int add_key(gnp_gather *g, gn_str coded, uint32_t slot, uint32_t *id, gn_error *err)
{
  struct slots *slots = &g->key_slots;
  if (slots->count == g->keys_capacity) {
    uint32_t capacity = g->keys_capacity ? 2 * g->keys_capacity : FIRST_KEYS;
    int rc =
        resize(g, &g->keys, g->keys_capacity * sizeof *g->keys, capacity * sizeof *g->keys, err);
    if (rc != GN_OK) return rc;
    g->keys_capacity = capacity;
  }
  if (coded.len > KEY_BYTES_MAX) return GN_ABSENT;
  struct key key = {.len = (uint32_t)coded.len & KEY_BYTES_MAX, .last_ms = INT64_MIN};
  if (coded.len <= sizeof key.here)
    memcpy(key.here, coded.ptr, coded.len);
  else if (!(key.there = gni_arena_copy(&g->key_bytes, coded.ptr, coded.len)))
    return gni_fail_nomem(err, coded.len);
  *id = slots->count;
  g->keys[slots->count++] = key;
  slots->ids[slot] = slots->count;
  return gnp_claim(g, RANK_BYTES);
}

/* ---- a chunk of a batch, a column at a time ---- */

static int get_cells(gnp_gather *g, const gni_column *columns, size_t column, int64_t from,
                     uint32_t count, size_t place, gn_error *err)
{
  gni_value *to = g->chunk.cells + place * GNP_CHUNK_ROWS;
  int rc = gni_column_get_many(&columns[column], from, count, &g->cells, to);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "a row does not fit in memory");
}

/* Source order is (source, day, order in the source), nulls first. */
static bool follow_row(gnp_gather *g, int64_t source, int32_t day, int64_t order)
{
  bool later = source != g->source ? source > g->source
               : day != g->day     ? day > g->day
                                   : order >= g->source_order;
  g->source = source;
  g->day = day;
  g->source_order = order;
  return later;
}

static bool ascends(const char *words, uint32_t count)
{
  int64_t before, now;
  uint32_t down = 0;
  for (uint32_t i = 1; i < count; i++) {
    memcpy(&before, words + (i - 1) * sizeof before, sizeof before);
    memcpy(&now, words + i * sizeof now, sizeof now);
    down += now < before;
  }
  return down == 0;
}

/* Rows of one source and one day, which follow each other: the first and the last tell all. */
static bool is_in_order(const gni_column *day, int64_t from, uint32_t count)
{
  const gni_column *source = day + 1, *order = day + 2;
  const char *orders = gni_column_words(order);
  return orders && gni_column_is_constant(day, from, count) &&
         gni_column_is_constant(source, from, count) &&
         ascends(orders + (size_t)from * sizeof(int64_t), count);
}

static int follow_order(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                        gn_error *err)
{
  const gni_column *day = &columns[g->key_count + g->input_count + 1];
  uint32_t step = count > 1 && is_in_order(day, from, count) ? count - 1 : 1;
  for (uint32_t i = 0; i < count; i += step) {
    gni_value at[3];
    for (size_t c = 0; c < 3; c++) {
      int rc = gni_column_get(&day[c], from + i, &g->cells, &at[c]);
      if (rc != GN_OK) return gni_fail(err, rc, "a row does not fit in memory");
    }
    if (!follow_row(g, at[1].integer, at[0].is_null ? INT32_MIN : (int32_t)at[0].integer,
                    at[2].is_null ? INT64_MIN : at[2].integer))
      return GN_ABSENT;
  }
  return GN_OK;
}

/* The keys as bytes. */
static int code_keys(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                     gn_error *err)
{
  const char *words = g->key_count == 1 ? gni_column_words(columns) : NULL;
  uint32_t *starts = g->chunk.starts;
  gni_buf_reset(&g->coded);
  if (words) {
    gnp_key_code_words(&g->coded, words + (size_t)from * sizeof(int64_t), count);
    for (uint32_t row = 0; row <= count; row++)
      starts[row] = (uint32_t)(g->coded.len / count) * row;
    return g->coded.rc;
  }
  for (size_t i = 0; i < g->key_count; i++) {
    int rc = get_cells(g, columns, i, from, count, i, err);
    if (rc != GN_OK) return rc;
  }
  for (uint32_t row = 0; row < count; row++) {
    starts[row] = (uint32_t)g->coded.len;
    for (size_t i = 0; i < g->key_count; i++)
      gnp_key_code(&g->coded, g->group->keys->fields[i].type,
                   &g->chunk.cells[i * GNP_CHUNK_ROWS + row]);
  }
  starts[count] = (uint32_t)g->coded.len;
  return g->coded.rc;
}

/* What the hashes of keys will look at is asked for in time. */
static void hash_keys(gnp_gather *g, uint32_t count)
{
  const struct chunk *chunk = &g->chunk;
  for (uint32_t row = 0; row < count; row++) {
    uint32_t start = chunk->starts[row];
    chunk->hashes[row] = gni_hash(g->coded.ptr + start, chunk->starts[row + 1] - start);
    __builtin_prefetch(&g->key_slots.ids[chunk->hashes[row] & (g->key_slots.capacity - 1)]);
  }
}

static struct row *next_row(const gnp_gather *g, struct row *row)
{
  return (struct row *)(void *)((char *)row + g->row_bytes);
}

static void prefetch_key(const gnp_gather *g, uint64_t hash)
{
  uint32_t id = g->key_slots.ids[hash & (g->key_slots.capacity - 1)];
  if (id) __builtin_prefetch(&g->keys[id - 1]);
}

static int find_keys(gnp_gather *g, struct row *row, uint32_t count, gn_error *err)
{
  for (uint32_t i = 0; i < count && i < GNP_PREFETCH_ROWS; i++) prefetch_key(g, g->chunk.hashes[i]);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = g->chunk.starts[i], id = 0;
    gn_str coded = {g->coded.ptr + start, g->chunk.starts[i + 1] - start};
    int rc = slots_reserve(g, &g->key_slots, key_at, err);
    if (rc != GN_OK) return rc;
    if (i + GNP_PREFETCH_ROWS < count) prefetch_key(g, g->chunk.hashes[i + GNP_PREFETCH_ROWS]);
    uint32_t slot = find_hashed(g, &g->key_slots, key_at, coded, g->chunk.hashes[i]);
    if (g->key_slots.ids[slot])
      id = g->key_slots.ids[slot] - 1;
    else if ((rc = add_key(g, coded, slot, &id, err)) != GN_OK)
      return rc;
    struct key *key = &g->keys[id];
    int64_t time_ms = g->chunk.times_ms[i];
    key->is_unordered |= time_ms < key->last_ms;
    key->last_ms = time_ms;
    key->rows++;
    *row = (struct row){.time_ms = time_ms, .key = id};
    row = next_row(g, row);
  }
  return GN_OK;
}

static int fill_input(gnp_gather *g, const gni_column *columns, size_t input, int64_t from,
                      struct row *row, uint32_t count, gn_error *err)
{
  const gni_column *column = &columns[g->key_count + input];
  const gni_type *type = g->group->inputs->fields[input].type;
  const char *words = gni_column_words(column);
  if (words) {
    words += (size_t)from * sizeof(uint64_t);
    for (uint32_t i = 0; i < count; i++, row = next_row(g, row))
      memcpy(&gnp_slots_of(row)[input], words + i * sizeof(uint64_t), sizeof(uint64_t));
    return GN_OK;
  }
  int rc = get_cells(g, columns, g->key_count + input, from, count, 0, err);
  for (uint32_t i = 0; rc == GN_OK && i < count; i++, row = next_row(g, row)) {
    if (g->chunk.cells[i].is_null)
      row->nulls |= UINT32_C(1) << input;
    else
      rc = to_slot(g, type, &g->chunk.cells[i], &gnp_slots_of(row)[input], err);
  }
  return rc;
}

static int take_times(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                      gn_error *err)
{
  const gni_column *column = &columns[g->key_count + g->input_count];
  const char *words = gni_column_words(column);
  if (words) {
    memcpy(g->chunk.times_ms, words + (size_t)from * sizeof(int64_t), count * sizeof(int64_t));
    return GN_OK;
  }
  int rc = get_cells(g, columns, g->key_count + g->input_count, from, count, 0, err);
  for (uint32_t i = 0; rc == GN_OK && i < count; i++) {
    const gni_value *time = &g->chunk.cells[i];
    if (time->is_null && g->group->has_time && g->group->layout)
      return gni_fail(err, GN_E_INVALID,
                      "a row has no time: filter with \"<timeColumn> IS NOT NULL\" in wheres");
    g->chunk.times_ms[i] = time->is_null ? 0 : time->integer;
  }
  return rc;
}

/* Rows of a chunk lie in one block. */
static int add_chunk(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                     gn_error *err)
{
  struct row *first = gnp_row_at(g, &g->rows, g->rows.count);
  int rc = follow_order(g, columns, from, count, err);
  if (rc == GN_OK) rc = take_times(g, columns, from, count, err);
  if (rc == GN_OK) rc = slots_reserve(g, &g->key_slots, key_at, err);
  if (rc != GN_OK) return rc;
  rc = code_keys(g, columns, from, count, err);
  if (rc == GN_E_LIMIT) return GN_ABSENT; /* the engine can sort keys that long */
  if (rc != GN_OK) return gni_fail(err, rc, "keys do not fit in memory");
  hash_keys(g, count);
  rc = find_keys(g, first, count, err);
  for (size_t i = 0; rc == GN_OK && i < g->input_count; i++)
    rc = fill_input(g, columns, i, from, first, count, err);
  g->rows.count += count;
  return rc;
}

int gnp_gather_add(gnp_gather *g, const gni_column *columns, int64_t rows, gn_error *err)
{
  uint32_t block_rows = (uint32_t)1 << g->block_shift;
  int rc = GN_OK;
  for (int64_t from = 0; rc == GN_OK && from < rows;) {
    uint32_t in_block = g->rows.count & (block_rows - 1), count = block_rows - in_block;
    if (g->rows.count > UINT32_MAX - block_rows) return GN_ABSENT;
    if (g->rows.count >> g->block_shift == g->rows.block_count) {
      /* The positions of a bucket's rows are kept, too; all rows may be of one. */
      rc = gnp_claim(g, (g->row_bytes + sizeof(uint32_t)) << g->block_shift);
      if (rc == GN_OK) rc = gnp_add_block(g, &g->rows, err);
      if (rc != GN_OK) return rc;
    }
    if (count > GNP_CHUNK_ROWS) count = GNP_CHUNK_ROWS;
    if (count > rows - from) count = (uint32_t)(rows - from);
    rc = add_chunk(g, columns, from, count, err);
    from += count;
  }
  return rc;
}
