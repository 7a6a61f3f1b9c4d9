/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"

#include "flow/byte_sort.h"

#include <stdlib.h>

enum {
  BLOCK_BYTES = 1 << 20,
  INPUTS_MAX = 32,
  SHARED_TEXTS_MAX = 1 << 16,
  PREFETCH_ROWS = 16,
  PREFETCH_KEYS = 8
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
  uint32_t first; /* of its rows in `order` */
  bool unordered; /* a row came that is earlier than one before it */
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
  char **blocks;
  size_t block_count, block_capacity;
  uint32_t rows;
  gn_arena key_bytes, texts, cells;
  struct key *keys;
  uint32_t keys_capacity;
  struct slots key_slots, text_slots;
  const struct text **shared; /* texts that are kept once */
  gn_buf coded;               /* the key being looked up */
  int64_t source, order;      /* of the row before */
  int32_t day;
  /* after finishing */
  uint32_t *ranked; /* keys in their order */
  uint32_t *order_of_rows;
  uint32_t at_key, at_row, next_key_row;
  gni_value *values, *key_values;
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
  g->source = g->order = INT64_MIN;
  g->day = INT32_MIN;
  gni_arena_init(&g->key_bytes, alloc, SIZE_MAX);
  gni_arena_init(&g->texts, alloc, SIZE_MAX);
  gni_arena_init(&g->cells, alloc, SIZE_MAX);
  gni_buf_init(&g->coded, alloc, GN_VALUE_BYTES_MAX);
  g->values = GN_TAKE_ZERO(&g->texts, gni_value, g->input_count);
  g->key_values = GN_TAKE_ZERO(&g->texts, gni_value, g->key_count);
  if (!g->values || !g->key_values) {
    gnp_gather_free(g);
    return gni_fail_nomem(err, sizeof(gni_value));
  }
  *out = g;
  return GN_OK;
}

void gnp_gather_free(gnp_gather *g)
{
  if (!g) return;
  const gn_alloc *alloc = g->alloc;
  size_t block_bytes = g->row_bytes << g->block_shift;
  for (size_t i = 0; i < g->block_count; i++) gni_free(alloc, g->blocks[i], block_bytes);
  gni_free(alloc, g->blocks, g->block_capacity * sizeof *g->blocks);
  gni_free(alloc, g->keys, g->keys_capacity * sizeof *g->keys);
  gni_free(alloc, g->key_slots.ids, g->key_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->text_slots.ids, g->text_slots.capacity * sizeof(uint32_t));
  gni_free(alloc, g->shared, g->shared ? SHARED_TEXTS_MAX * sizeof *g->shared : 0);
  gni_free(alloc, g->ranked, g->key_slots.count * sizeof *g->ranked);
  gni_free(alloc, g->order_of_rows, g->rows * sizeof *g->order_of_rows);
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

static uint32_t hash_of(gn_str text)
{
  return (uint32_t)gni_xxh64(text.ptr, text.len, 0);
}

/* The slot of `text`: its own, or the free one where it belongs. */
static uint32_t find_slot(const gnp_gather *g, const struct slots *slots, text_at at, gn_str text)
{
  uint32_t mask = slots->capacity - 1, slot = hash_of(text) & mask;
  while (slots->ids[slot]) {
    gn_str there = at(g, slots->ids[slot] - 1);
    if (there.len == text.len && memcmp(there.ptr, text.ptr, text.len) == 0) break;
    slot = (slot + 1) & mask;
  }
  return slot;
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
  char bytes[9] = {0};
  for (int i = 0; i < 8; i++) bytes[1 + i] = (char)(bits >> (56 - 8 * i));
  gni_buf_add(out, bytes, sizeof bytes);
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

static int code_key(gnp_gather *g, const gni_column *columns, int64_t row, gn_error *err)
{
  gni_buf_reset(&g->coded);
  for (size_t i = 0; i < g->key_count; i++) {
    gni_value value;
    const gni_type *type = g->group->keys->fields[i].type;
    if (gni_column_get(&columns[i], row, &g->cells, &value) != GN_OK)
      return gni_fail_nomem(err, sizeof value);
    if (value.is_null)
      gni_buf_add_char(&g->coded, 1);
    else if (is_text(type))
      code_text(&g->coded, value.text);
    else
      code_number(&g->coded, type->kind == GNI_BOOLEAN ? value.boolean : value.integer);
  }
  return g->coded.rc == GN_OK ? GN_OK : gni_fail(err, g->coded.rc, "a key does not fit in memory");
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

static int add_key(gnp_gather *g, uint32_t slot, uint32_t *id, gn_error *err)
{
  struct slots *slots = &g->key_slots;
  gn_str coded = gni_buf_view(&g->coded);
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

static int find_key(gnp_gather *g, const gni_column *columns, int64_t row, uint32_t *id,
                    gn_error *err)
{
  int rc = code_key(g, columns, row, err);
  if (rc == GN_OK) rc = slots_reserve(g, &g->key_slots, key_at, err);
  if (rc != GN_OK) return rc;
  uint32_t slot = find_slot(g, &g->key_slots, key_at, gni_buf_view(&g->coded));
  *id = g->key_slots.ids[slot] - 1;
  return g->key_slots.ids[slot] ? GN_OK : add_key(g, slot, id, err);
}

static struct row *row_at(const gnp_gather *g, uint32_t index)
{
  size_t in_block = index & (((uint32_t)1 << g->block_shift) - 1);
  return (struct row *)(void *)(g->blocks[index >> g->block_shift] + in_block * g->row_bytes);
}

static uint64_t *slots_of(struct row *row)
{
  return (uint64_t *)(row + 1);
}

static int add_block(gnp_gather *g, gn_error *err)
{
  size_t bytes = g->row_bytes << g->block_shift;
  if (g->block_count == g->block_capacity) {
    size_t capacity = g->block_capacity ? 2 * g->block_capacity : 64;
    int rc = resize(g, &g->blocks, g->block_capacity * sizeof *g->blocks,
                    capacity * sizeof *g->blocks, err);
    if (rc != GN_OK) return rc;
    g->block_capacity = capacity;
  }
  /* The position of each row is kept, too. */
  int rc = claim(g, bytes + (sizeof(uint32_t) << g->block_shift));
  if (rc != GN_OK) return rc;
  char *block = gni_alloc(g->alloc, bytes);
  if (!block) return gni_fail_nomem(err, bytes);
  g->blocks[g->block_count++] = block;
  return GN_OK;
}

/* Source order is (source, day, order in the source), nulls first. */
static int follow_order(gnp_gather *g, const gni_column *columns, int64_t row, gn_error *err)
{
  gni_value day, source, order;
  size_t at = g->key_count + g->input_count + 1;
  int rc = gni_column_get(&columns[at], row, &g->cells, &day);
  if (rc == GN_OK) rc = gni_column_get(&columns[at + 1], row, &g->cells, &source);
  if (rc == GN_OK) rc = gni_column_get(&columns[at + 2], row, &g->cells, &order);
  if (rc != GN_OK) return gni_fail_nomem(err, sizeof day);
  int32_t row_day = day.is_null ? INT32_MIN : (int32_t)day.integer;
  int64_t row_order = order.is_null ? INT64_MIN : order.integer;
  bool later = source.integer != g->source ? source.integer > g->source
               : row_day != g->day         ? row_day > g->day
                                           : row_order >= g->order;
  g->source = source.integer;
  g->day = row_day;
  g->order = row_order;
  return later ? GN_OK : GN_ABSENT;
}

static int fill_row(gnp_gather *g, struct row *to, const gni_column *columns, int64_t row,
                    gn_error *err)
{
  gni_value value;
  to->nulls = 0;
  for (size_t i = 0; i < g->input_count; i++) {
    int rc = gni_column_get(&columns[g->key_count + i], row, &g->cells, &value);
    if (rc != GN_OK) return gni_fail_nomem(err, sizeof value);
    if (value.is_null) {
      to->nulls |= UINT32_C(1) << i;
      continue;
    }
    rc = to_slot(g, g->group->inputs->fields[i].type, &value, &slots_of(to)[i], err);
    if (rc != GN_OK) return rc;
  }
  if (gni_column_get(&columns[g->key_count + g->input_count], row, &g->cells, &value) != GN_OK)
    return gni_fail_nomem(err, sizeof value);
  if (value.is_null && g->group->has_time && g->group->layout)
    return gni_fail(err, GN_E_INVALID,
                    "a row has no time: filter with \"%s IS NOT NULL\" in wheres", "<timeColumn>");
  to->time_ms = value.is_null ? 0 : value.integer;
  return GN_OK;
}

static int add_row(gnp_gather *g, const gni_column *columns, int64_t row, gn_error *err)
{
  uint32_t id = 0;
  if (g->rows == UINT32_MAX) return GN_ABSENT;
  if (g->rows >> g->block_shift == g->block_count) {
    int rc = add_block(g, err);
    if (rc != GN_OK) return rc;
  }
  struct row *to = row_at(g, g->rows);
  int rc = follow_order(g, columns, row, err);
  if (rc == GN_OK) rc = find_key(g, columns, row, &id, err);
  if (rc == GN_OK) rc = fill_row(g, to, columns, row, err);
  if (rc != GN_OK) return rc;
  struct key *key = &g->keys[id];
  to->key = id;
  key->unordered |= to->time_ms < key->last_ms;
  key->last_ms = to->time_ms;
  key->rows++;
  g->rows++;
  return GN_OK;
}

int gnp_gather_add(gnp_gather *g, const gni_column *columns, int64_t rows, gn_error *err)
{
  for (int64_t row = 0; row < rows; row++) {
    int rc = add_row(g, columns, row, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
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

/* Positions of the rows by (key, source order): they are taken in source order. */
static void order_rows(gnp_gather *g)
{
  uint32_t first = 0;
  for (uint32_t i = 0; i < g->key_slots.count; i++) {
    struct key *key = &g->keys[g->ranked[i]];
    key->first = first;
    first += key->rows;
  }
  for (uint32_t i = 0; i < g->rows; i++) {
    struct key *key = &g->keys[row_at(g, i)->key];
    g->order_of_rows[key->first++] = i;
  }
  for (uint32_t i = 0; i < g->key_slots.count; i++) g->keys[i].first -= g->keys[i].rows;
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

static int sort_by_time(gnp_gather *g, const struct key *key, gn_error *err)
{
  struct timed *all = gni_alloc(g->alloc, key->rows * sizeof *all);
  uint32_t *rows = g->order_of_rows + key->first;
  if (!all) return gni_fail_nomem(err, key->rows * sizeof *all);
  for (uint32_t i = 0; i < key->rows; i++)
    all[i] = (struct timed){row_at(g, rows[i])->time_ms, rows[i]};
  qsort(all, key->rows, sizeof *all, by_time);
  for (uint32_t i = 0; i < key->rows; i++) rows[i] = all[i].row;
  gni_free(g->alloc, all, key->rows * sizeof *all);
  return GN_OK;
}

int gnp_gather_finish(gnp_gather *g, gn_error *err)
{
  if (g->rows == 0) return GN_OK;
  g->order_of_rows = gni_alloc(g->alloc, g->rows * sizeof *g->order_of_rows);
  if (!g->order_of_rows) return gni_fail_nomem(err, g->rows * sizeof *g->order_of_rows);
  int rc = rank_keys(g, err);
  if (rc != GN_OK) return rc;
  order_rows(g);
  for (uint32_t i = 0; rc == GN_OK && i < g->key_slots.count; i++)
    if (g->keys[i].unordered) rc = sort_by_time(g, &g->keys[i], err);
  return rc;
}

/* ---- giving rows ----------------------------------------------------------------------------- */

/* Rows of one key lie far apart, so they are asked for in time. */
static void prefetch(const gnp_gather *g, uint32_t index)
{
  const char *row = (const char *)row_at(g, index);
  for (size_t at = 0; at < g->row_bytes; at += 64) __builtin_prefetch(row + at);
}

static void prefetch_key(const gnp_gather *g)
{
  uint32_t soon = g->at_key + PREFETCH_KEYS, later = g->at_key + 2 * PREFETCH_KEYS;
  if (later >= g->key_slots.count) return;
  __builtin_prefetch(&g->keys[g->ranked[later]]);
  __builtin_prefetch(g->keys[g->ranked[soon]].bytes);
}

int gnp_gather_next(gnp_gather *g, bool *new_key, gni_row *row, gn_error *err)
{
  if (g->at_row == g->rows) return GN_ABSENT;
  uint32_t at = g->at_row++;
  if (at + PREFETCH_ROWS < g->rows) prefetch(g, g->order_of_rows[at + PREFETCH_ROWS]);
  *new_key = at == 0 || at == g->next_key_row;
  if (*new_key) {
    const struct key *key = &g->keys[g->ranked[g->at_key++]];
    g->next_key_row = key->first + key->rows;
    prefetch_key(g);
    int rc = decode_key(g, key->bytes, err);
    if (rc != GN_OK) return rc;
  }
  struct row *found = row_at(g, g->order_of_rows[at]);
  for (size_t i = 0; i < g->input_count; i++) {
    if (found->nulls >> i & 1)
      g->values[i] = GNI_NULL_VALUE;
    else
      from_slot(g->group->inputs->fields[i].type, slots_of(found)[i], &g->values[i]);
  }
  *row = (gni_row){g->values, found->time_ms};
  return GN_OK;
}

const gni_value *gnp_gather_keys(const gnp_gather *g)
{
  return g->key_values;
}
