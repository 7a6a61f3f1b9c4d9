/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"

#include "flow/byte_sort.h"

#include <stdlib.h>

enum {
  BLOCK_BYTES = 32 << 10,
  BUCKET_BYTES = 256 << 10, /* near the processor */
  BUCKETS_MAX = 1024,       /* ends that are written to in turn */
  CHUNK_ROWS = 1024,
  INPUTS_MAX = 32,
  SHARED_TEXTS_MAX = 1 << 16,
  PREFETCH_ROWS = 8,
  GIVEN_ROWS = 64 /* at once */
};
enum { FIRST_KEYS = 1024 };

/* One row; the slots of its inputs follow. */
struct row {
  int64_t time_ms;
  uint32_t key;   /* by first appearance */
  uint32_t nulls; /* a bit an input */
};

/* A text of a slot. */
struct text {
  uint32_t len;
  char bytes[];
};

/* A key: bytes that compare as keys are ordered. */
struct key {
  const char *bytes;
  uint32_t len, rows;
  int64_t last_ms;
  uint32_t first;  /* of its rows, among those of all keys in order */
  uint16_t bucket; /* that its rows are brought to */
  bool unordered;  /* a row came that is earlier than one before it */
};

/* Rows in blocks of equal size. */
struct rows {
  char **blocks;
  size_t block_count, block_capacity;
  uint32_t count;
};

/* Room for some rows of a batch, a column at a time. */
struct chunk {
  gni_value *cells; /* CHUNK_ROWS of a few columns */
  uint64_t *hashes; /* of keys */
  uint32_t *starts; /* of keys in `coded`, and where the last ends */
};

struct slots {
  uint32_t *ids; /* id + 1; 0 is free */
  uint32_t capacity, count;
};

struct gnp_gather {
  const gni_group *group;
  const gn_alloc *alloc;
  size_t ceiling_bytes, used_bytes;
  size_t key_count, input_count, row_bytes;
  unsigned block_shift; /* rows of a block, as a power of two */
  struct rows rows;     /* as they came */
  struct chunk chunk;
  gn_arena key_bytes, texts, cells;
  struct key *keys;
  uint32_t keys_capacity;
  struct slots key_slots, text_slots;
  const struct text **shared;   /* texts that are kept once */
  gn_buf coded;                 /* the keys being looked up */
  int64_t source, source_order; /* of the row before */
  int32_t day;
  /* after finishing */
  uint32_t *ranked;     /* keys in their order */
  struct rows *buckets; /* rows of keys that follow each other */
  uint32_t bucket_count, row_count;
  uint32_t *order; /* of the bucket at hand: positions of its rows */
  uint32_t order_capacity;
  uint32_t at_bucket, bucket_first, bucket_rows; /* bucket_first: among the rows of all keys */
  uint32_t at_key, at_row, next_key_row;
  gni_row *given;
  gni_value *values, *key_values; /* of the rows given; of their key */
};

/* ---- memory ---------------------------------------------------------------------------------- */

/* Absent when the ceiling is reached: then the engine sorts. */
static int claim(gnp_gather *g, size_t bytes)
{
  g->used_bytes = gni_size_add(g->used_bytes, bytes);
  size_t all = g->used_bytes + g->key_bytes.used_bytes + g->texts.used_bytes;
  return all <= g->ceiling_bytes ? GN_OK : GN_ABSENT;
}

static int resize(gnp_gather *g, void *place, size_t old_bytes, size_t bytes, gn_error *err)
{
  void *block, *grown;
  int rc = claim(g, bytes - old_bytes);
  if (rc != GN_OK) return rc;
  memcpy(&block, place, sizeof block);
  grown = gni_resize(g->alloc, block, old_bytes, bytes);
  if (!grown) return gni_fail_nomem(err, bytes);
  memcpy(place, &grown, sizeof grown);
  return GN_OK;
}

static bool fits_slot(const gni_type *type)
{
  return type->kind <= GNI_TIMESTAMP;
}

static bool is_text(const gni_type *type)
{
  return type->kind == GNI_STRING || type->kind == GNI_BINARY;
}

bool gnp_gather_can(const gni_group *group)
{
  if (group->inputs->field_count > INPUTS_MAX) return false;
  for (size_t i = 0; i < group->inputs->field_count; i++)
    if (!fits_slot(group->inputs->fields[i].type)) return false;
  for (size_t i = 0; i < group->keys->field_count; i++) {
    int kind = group->keys->fields[i].type->kind;
    if (!fits_slot(group->keys->fields[i].type) || kind == GNI_FLOAT || kind == GNI_DOUBLE)
      return false;
  }
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
  g->chunk.cells = GN_TAKE(&g->texts, gni_value, columns * CHUNK_ROWS);
  g->chunk.hashes = GN_TAKE(&g->texts, uint64_t, CHUNK_ROWS);
  g->chunk.starts = GN_TAKE(&g->texts, uint32_t, CHUNK_ROWS + 1);
  bool room = g->chunk.cells && g->chunk.hashes && g->chunk.starts;
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

/* ---- a hash table of positions --------------------------------------------------------------- */

typedef gn_str (*text_at)(const gnp_gather *g, uint32_t id);

static gn_str key_at(const gnp_gather *g, uint32_t id)
{
  return (gn_str){g->keys[id].bytes, g->keys[id].len};
}

static gn_str shared_at(const gnp_gather *g, uint32_t id)
{
  return (gn_str){g->shared[id]->bytes, g->shared[id]->len};
}

/* Keys and shared texts are short, mostly: two loads that may overlap. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
  uint64_t x[2], y[2];
  if (len < sizeof *x || len > sizeof x) return memcmp(a, b, len) == 0;
  memcpy(&x[0], a, sizeof *x);
  memcpy(&y[0], b, sizeof *y);
  memcpy(&x[1], a + len - sizeof *x, sizeof *x);
  memcpy(&y[1], b + len - sizeof *y, sizeof *y);
  return x[0] == y[0] && x[1] == y[1];
}

/* The slot of `text`: its own, or the free one where it belongs. */
static inline uint32_t find_hashed(const gnp_gather *g, const struct slots *slots, text_at at,
                                   gn_str text, uint64_t hash)
{
  uint32_t mask = slots->capacity - 1, slot = (uint32_t)hash & mask;
  while (slots->ids[slot]) {
    gn_str there = at(g, slots->ids[slot] - 1);
    if (there.len == text.len && same_bytes(there.ptr, text.ptr, text.len)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

static uint32_t find_slot(const gnp_gather *g, const struct slots *slots, text_at at, gn_str text)
{
  return find_hashed(g, slots, at, text, gni_xxh64(text.ptr, text.len, 0));
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
  return claim(g, 0);
}

static int share_text(gnp_gather *g, gn_str text, const struct text **out, gn_error *err)
{
  struct slots *slots = &g->text_slots;
  int rc = g->shared ? GN_OK : resize(g, &g->shared, 0, SHARED_TEXTS_MAX * sizeof *g->shared, err);
  if (rc == GN_OK) rc = slots_reserve(g, slots, shared_at, err);
  if (rc != GN_OK) return rc;
  uint32_t slot = find_slot(g, slots, shared_at, text);
  if (slots->ids[slot]) {
    *out = g->shared[slots->ids[slot] - 1];
    return GN_OK;
  }
  rc = keep_text(g, text, out, err);
  if (rc != GN_OK || slots->count == SHARED_TEXTS_MAX) return rc;
  g->shared[slots->count++] = *out;
  slots->ids[slot] = slots->count;
  return GN_OK;
}

static int to_slot(gnp_gather *g, const gni_type *type, const gni_value *value, uint64_t *out,
                   gn_error *err)
{
  if (is_text(type)) {
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

static void from_slot(const gni_type *type, uint64_t slot, gni_value *out)
{
  out->is_null = false;
  if (is_text(type)) {
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

/* ---- keys as bytes in their order ------------------------------------------------------------
 *
 * A column is 0 and its value, or 1 for a null, which sorts last. Numbers are big endian with the
 * sign flipped; texts end in 0 0, and a zero inside them is 0 255. */

static void code_number(gn_buf *out, int64_t number)
{
  uint64_t bits = (uint64_t)number ^ UINT64_C(1) << 63;
  char *bytes = gni_buf_extend(out, 9);
  if (!bytes) return;
  bytes[0] = 0;
  for (int i = 0; i < 8; i++) bytes[1 + i] = (char)(bits >> (56 - 8 * i));
}

static void code_text(gn_buf *out, gn_str text)
{
  gni_buf_add_char(out, 0);
  for (size_t at = 0; at < text.len;) {
    const char *zero = memchr(text.ptr + at, 0, text.len - at);
    size_t len = zero ? (size_t)(zero - text.ptr) - at : text.len - at;
    gni_buf_add(out, text.ptr + at, len);
    if (zero) gni_buf_add(out, "\0\377", 2);
    at += len + (zero != NULL);
  }
  gni_buf_add(out, "\0\0", 2);
}

static void code_cell(gn_buf *out, const gni_type *type, const gni_value *value)
{
  if (value->is_null)
    gni_buf_add_char(out, 1);
  else if (is_text(type))
    code_text(out, value->text);
  else
    code_number(out, type->kind == GNI_BOOLEAN ? value->boolean : value->integer);
}

static const char *decode_text(const char *from, gn_arena *arena, gn_str *out)
{
  const char *end = from;
  size_t zeros = 0;
  while (end[0] || end[1]) {
    zeros += end[0] == 0;
    end += end[0] ? 1 : 2;
  }
  char *bytes = zeros ? gni_arena_take(arena, (size_t)(end - from)) : NULL;
  *out = (gn_str){from, (size_t)(end - from)};
  if (!zeros) return end + 2;
  if (!bytes) return NULL;
  size_t len = 0;
  for (const char *at = from; at < end; at += *at ? 1 : 2) bytes[len++] = *at;
  *out = (gn_str){bytes, len};
  return end + 2;
}

static int decode_key(gnp_gather *g, const char *bytes, gn_error *err)
{
  gni_arena_reset(&g->cells);
  for (size_t i = 0; i < g->key_count; i++) {
    const gni_type *type = g->group->keys->fields[i].type;
    gni_value *out = &g->key_values[i];
    *out = (gni_value){.is_null = *bytes++ == 1};
    if (out->is_null) continue;
    if (is_text(type)) {
      bytes = decode_text(bytes, &g->cells, &out->text);
      if (!bytes) return gni_fail_nomem(err, 1);
      continue;
    }
    uint64_t bits = 0;
    for (int k = 0; k < 8; k++) bits = bits << 8 | (uint8_t)*bytes++;
    int64_t number = (int64_t)(bits ^ UINT64_C(1) << 63);
    if (type->kind == GNI_BOOLEAN)
      out->boolean = number != 0;
    else
      out->integer = number;
  }
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
  const char *kept = gni_arena_copy(&g->key_bytes, coded.ptr, coded.len);
  if (!kept) return gni_fail_nomem(err, coded.len);
  *id = slots->count;
  g->keys[slots->count++] =
      (struct key){.bytes = kept, .len = (uint32_t)coded.len, .last_ms = INT64_MIN};
  slots->ids[slot] = slots->count;
  return claim(g, 0);
}

static struct row *row_at(const gnp_gather *g, const struct rows *rows, uint32_t index)
{
  size_t in_block = index & (((uint32_t)1 << g->block_shift) - 1);
  return (struct row *)(void *)(rows->blocks[index >> g->block_shift] + in_block * g->row_bytes);
}

static uint64_t *slots_of(struct row *row)
{
  return (uint64_t *)(row + 1);
}

static int add_block(gnp_gather *g, struct rows *rows, gn_error *err)
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

/* ---- a chunk of a batch, a column at a time ---- */

static int get_cells(gnp_gather *g, const gni_column *columns, size_t column, int64_t from,
                     uint32_t count, size_t place, gn_error *err)
{
  gni_value *to = g->chunk.cells + place * CHUNK_ROWS;
  int rc = gni_column_get_many(&columns[column], from, count, &g->cells, to);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "a row does not fit in memory");
}

/* Source order is (source, day, order in the source), nulls first. */
static int follow_order(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                        gn_error *err)
{
  const gni_value *days = g->chunk.cells, *sources = days + CHUNK_ROWS,
                  *orders = sources + CHUNK_ROWS;
  for (size_t i = 0; i < 3; i++) {
    int rc = get_cells(g, columns, g->key_count + g->input_count + 1 + i, from, count, i, err);
    if (rc != GN_OK) return rc;
  }
  for (uint32_t i = 0; i < count; i++) {
    int32_t day = days[i].is_null ? INT32_MIN : (int32_t)days[i].integer;
    int64_t order = orders[i].is_null ? INT64_MIN : orders[i].integer;
    bool later = sources[i].integer != g->source ? sources[i].integer > g->source
                 : day != g->day                 ? day > g->day
                                                 : order >= g->source_order;
    if (!later) return GN_ABSENT;
    g->source = sources[i].integer;
    g->day = day;
    g->source_order = order;
  }
  return GN_OK;
}

/* The keys as bytes, and their hashes; what those will look at is asked for in time. */
static int code_keys(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                     gn_error *err)
{
  for (size_t i = 0; i < g->key_count; i++) {
    int rc = get_cells(g, columns, i, from, count, i, err);
    if (rc != GN_OK) return rc;
  }
  gni_buf_reset(&g->coded);
  for (uint32_t row = 0; row < count; row++) {
    g->chunk.starts[row] = (uint32_t)g->coded.len;
    for (size_t i = 0; i < g->key_count; i++)
      code_cell(&g->coded, g->group->keys->fields[i].type, &g->chunk.cells[i * CHUNK_ROWS + row]);
  }
  g->chunk.starts[count] = (uint32_t)g->coded.len;
  if (g->coded.rc != GN_OK) return gni_fail(err, g->coded.rc, "keys do not fit in memory");
  for (uint32_t row = 0; row < count; row++) {
    uint32_t start = g->chunk.starts[row];
    g->chunk.hashes[row] = gni_xxh64(g->coded.ptr + start, g->chunk.starts[row + 1] - start, 0);
    __builtin_prefetch(&g->key_slots.ids[g->chunk.hashes[row] & (g->key_slots.capacity - 1)]);
  }
  return GN_OK;
}

static void prefetch_key(const gnp_gather *g, uint64_t hash)
{
  uint32_t id = g->key_slots.ids[hash & (g->key_slots.capacity - 1)];
  if (id) __builtin_prefetch(&g->keys[id - 1]);
}

static int find_keys(gnp_gather *g, uint32_t first, uint32_t count, gn_error *err)
{
  for (uint32_t i = 0; i < count && i < PREFETCH_ROWS; i++) prefetch_key(g, g->chunk.hashes[i]);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t start = g->chunk.starts[i], id = 0;
    gn_str coded = {g->coded.ptr + start, g->chunk.starts[i + 1] - start};
    int rc = slots_reserve(g, &g->key_slots, key_at, err);
    if (rc != GN_OK) return rc;
    if (i + PREFETCH_ROWS < count) prefetch_key(g, g->chunk.hashes[i + PREFETCH_ROWS]);
    uint32_t slot = find_hashed(g, &g->key_slots, key_at, coded, g->chunk.hashes[i]);
    if (g->key_slots.ids[slot])
      id = g->key_slots.ids[slot] - 1;
    else if ((rc = add_key(g, coded, slot, &id, err)) != GN_OK)
      return rc;
    *row_at(g, &g->rows, first + i) = (struct row){.key = id};
  }
  return GN_OK;
}

static int fill_input(gnp_gather *g, const gni_column *columns, size_t input, int64_t from,
                      uint32_t first, uint32_t count, gn_error *err)
{
  const gni_type *type = g->group->inputs->fields[input].type;
  int rc = get_cells(g, columns, g->key_count + input, from, count, 0, err);
  for (uint32_t i = 0; rc == GN_OK && i < count; i++) {
    struct row *row = row_at(g, &g->rows, first + i);
    if (g->chunk.cells[i].is_null)
      row->nulls |= UINT32_C(1) << input;
    else
      rc = to_slot(g, type, &g->chunk.cells[i], &slots_of(row)[input], err);
  }
  return rc;
}

static int fill_times(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t first,
                      uint32_t count, gn_error *err)
{
  int rc = get_cells(g, columns, g->key_count + g->input_count, from, count, 0, err);
  for (uint32_t i = 0; rc == GN_OK && i < count; i++) {
    const gni_value *time = &g->chunk.cells[i];
    struct row *row = row_at(g, &g->rows, first + i);
    struct key *key = &g->keys[row->key];
    if (time->is_null && g->group->has_time && g->group->layout)
      return gni_fail(err, GN_E_INVALID,
                      "a row has no time: filter with \"%s IS NOT NULL\" in wheres",
                      "<timeColumn>");
    row->time_ms = time->is_null ? 0 : time->integer;
    key->unordered |= row->time_ms < key->last_ms;
    key->last_ms = row->time_ms;
    key->rows++;
  }
  return rc;
}

/* Rows of a chunk lie in one block. */
static int add_chunk(gnp_gather *g, const gni_column *columns, int64_t from, uint32_t count,
                     gn_error *err)
{
  uint32_t first = g->rows.count;
  int rc = follow_order(g, columns, from, count, err);
  if (rc == GN_OK) rc = slots_reserve(g, &g->key_slots, key_at, err);
  if (rc == GN_OK) rc = code_keys(g, columns, from, count, err);
  if (rc == GN_OK) rc = find_keys(g, first, count, err);
  for (size_t i = 0; rc == GN_OK && i < g->input_count; i++)
    rc = fill_input(g, columns, i, from, first, count, err);
  if (rc == GN_OK) rc = fill_times(g, columns, from, first, count, err);
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
      /* The position of each row is kept, too, and blocks are filled in turn. */
      rc = claim(g, (g->row_bytes + sizeof(uint32_t)) << g->block_shift);
      if (rc == GN_OK) rc = add_block(g, &g->rows, err);
      if (rc != GN_OK) return rc;
    }
    if (count > CHUNK_ROWS) count = CHUNK_ROWS;
    if (count > rows - from) count = (uint32_t)(rows - from);
    rc = add_chunk(g, columns, from, count, err);
    from += count;
  }
  return rc;
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
  for (uint32_t i = 0; i < count; i++)
    room[i] = (gnp_bytes){.ptr = g->keys[i].bytes, .len = g->keys[i].len, .id = i};
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

/* Brings the rows, still in source order, to their buckets; their blocks are given back on the way.
 */
static int fill_buckets(gnp_gather *g, gn_error *err)
{
  size_t block_bytes = g->row_bytes << g->block_shift;
  for (uint32_t i = 0; i < g->row_count; i++) {
    const struct row *row = row_at(g, &g->rows, i);
    struct rows *bucket = &g->buckets[g->keys[row->key].bucket];
    if (bucket->count >> g->block_shift == bucket->block_count) {
      int rc = add_block(g, bucket, err);
      if (rc != GN_OK) return rc;
    }
    memcpy(row_at(g, bucket, bucket->count++), row, g->row_bytes);
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
    all[i] = (struct timed){row_at(g, bucket, order[i])->time_ms, order[i]};
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
    g->order[g->keys[row_at(g, bucket, i)->key].first++ - g->bucket_first] = i;
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

/* Rows of one key lie apart, so they are asked for in time. */
static void prefetch(const gnp_gather *g, const struct rows *bucket, uint32_t index)
{
  const char *row = (const char *)row_at(g, bucket, index);
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
    struct row *row = row_at(g, bucket, g->order[place + i]);
    g->given[i] = (gni_row){to, row->time_ms};
    for (size_t k = 0; k < g->input_count; k++, to++) {
      if (row->nulls >> k & 1)
        *to = GNI_NULL_VALUE;
      else
        from_slot(inputs[k].type, slots_of(row)[k], to);
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
    int rc = decode_key(g, key->bytes, err);
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
