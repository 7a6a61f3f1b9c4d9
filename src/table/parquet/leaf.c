/* One column of a Parquet file: entries into pages. A page is its levels, then its values: as
 * positions in a dictionary where they repeat, integers that do not as differences.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"

enum {
  FIRST_BYTES = 4096,
  FIRST_LEVELS = 1024,
  NARROW_BYTES = 2,           /* of a difference, at most: then no dictionary is asked */
  LOOK_VALUES = 2048,         /* of a page, to see whether they repeat */
  DICTIONARY_MAX = 1 << 14,   /* values */
  DICTIONARY_BYTES = 1 << 20, /* and their bytes */
  HEADER_BYTES = 64
};
enum { DATA_PAGE = 0, DICTIONARY_PAGE = 2 };

/* ---- life ------------------------------------------------------------------------------------ */

static const struct {
  uint8_t physical, width;
} storage[] = {
    [GNI_BOOLEAN] = {GNP_BOOLEAN, 1},   [GNI_BYTE] = {GNP_INT32, 4},
    [GNI_SHORT] = {GNP_INT32, 4},       [GNI_INT] = {GNP_INT32, 4},
    [GNI_LONG] = {GNP_INT64, 8},        [GNI_FLOAT] = {GNP_FLOAT, 4},
    [GNI_DOUBLE] = {GNP_DOUBLE, 8},     [GNI_STRING] = {GNP_BYTE_ARRAY, 0},
    [GNI_BINARY] = {GNP_BYTE_ARRAY, 0}, [GNI_DATE] = {GNP_INT32, 4},
    [GNI_TIMESTAMP] = {GNP_INT64, 8},   [GNI_DECIMAL] = {GNP_FIXED, GNP_DECIMAL_BYTES},
    [GNI_NULL] = {GNP_INT32, 4},
};

void gnp_leaf_init(gnp_leaf *leaf, const gni_type *type, int max_def, int max_rep,
                   const gn_alloc *alloc)
{
  *leaf = (gnp_leaf){.alloc = alloc,
                     .type = type,
                     .physical = storage[type->kind].physical,
                     .width = storage[type->kind].width,
                     .max_def = (uint8_t)max_def,
                     .max_rep = (uint8_t)max_rep};
  gnp_dictionary_init(&leaf->dictionary, storage[type->kind].width, alloc);
  gnp_leaf_reset(leaf);
}

static void forget_pages(gnp_leaf *leaf)
{
  for (gnp_page *page = leaf->pages, *next; page; page = next) {
    next = page->next;
    gni_free(leaf->alloc, page, sizeof *page + page->size);
  }
  leaf->pages = NULL;
  leaf->last_page = &leaf->pages;
  leaf->pages_bytes = 0;
}

static void forget_room(gnp_leaf *leaf)
{
  gni_free(leaf->alloc, leaf->values, leaf->capacity);
  gni_free(leaf->alloc, leaf->defs.of, leaf->defs.capacity);
  gni_free(leaf->alloc, leaf->reps.of, leaf->reps.capacity);
  leaf->values = NULL;
  leaf->used = leaf->capacity = 0;
  leaf->defs = leaf->reps = (gnp_levels){0};
}

void gnp_leaf_deinit(gnp_leaf *leaf)
{
  forget_room(leaf);
  gnp_dictionary_deinit(&leaf->dictionary);
  forget_pages(leaf);
}

void gnp_leaf_reset(gnp_leaf *leaf)
{
  gnp_dictionary_deinit(&leaf->dictionary);
  forget_pages(leaf);
  forget_room(leaf);
  leaf->is_plain = leaf->physical == GNP_BOOLEAN;
  leaf->encodings = 1U << GNP_RLE; /* levels */
  leaf->entries = leaf->nulls = leaf->raw_bytes = 0;
  leaf->known_before = 0;
  leaf->least = INT64_MAX;
  leaf->most = INT64_MIN;
}

size_t gnp_leaf_held_bytes(const gnp_leaf *leaf)
{
  const gnp_dictionary *d = &leaf->dictionary;
  return leaf->capacity + leaf->pages_bytes + d->bytes.capacity +
         (d->slot_count + d->start_capacity) * sizeof(uint32_t) + leaf->defs.capacity +
         leaf->reps.capacity;
}

static bool is_full(const gnp_dictionary *d)
{
  return d->count > DICTIONARY_MAX || d->bytes.len > DICTIONARY_BYTES;
}

/* No dictionary from here on, to the end of the row group. */
static void give_up(gnp_leaf *leaf)
{
  leaf->is_plain = true;
  if (!gnp_leaf_has_dictionary(leaf)) gnp_dictionary_deinit(&leaf->dictionary);
}

/* ---- entries --------------------------------------------------------------------------------- */

static bool grow_levels(gnp_levels *levels, uint64_t capacity, const gn_alloc *alloc)
{
  if (levels->capacity >= capacity) return true;
  uint8_t *grown =
      capacity > UINT32_MAX ? NULL : gni_resize(alloc, levels->of, levels->capacity, capacity);
  if (!grown) return false;
  *levels = (gnp_levels){grown, (uint32_t)capacity};
  return true;
}

/* Room for the levels of `count` more entries. */
static bool make_level_room(gnp_leaf *leaf, size_t count)
{
  uint64_t capacity = leaf->defs.capacity ? leaf->defs.capacity : FIRST_LEVELS;
  while (capacity - leaf->entry_count < count) capacity *= 2;
  if (leaf->max_rep && !grow_levels(&leaf->reps, capacity, leaf->alloc)) return false;
  return grow_levels(&leaf->defs, capacity, leaf->alloc);
}

static inline bool has_level_room(const gnp_leaf *leaf, size_t count)
{
  return leaf->defs.capacity - leaf->entry_count >= count;
}

static bool make_room(gnp_leaf *leaf, size_t bytes)
{
  size_t capacity = leaf->capacity ? leaf->capacity : FIRST_BYTES;
  while (capacity - leaf->used < bytes) capacity = gni_size_mul(capacity, 2);
  char *grown = gni_resize(leaf->alloc, leaf->values, leaf->capacity, capacity);
  if (!grown) return false;
  leaf->values = grown;
  leaf->capacity = capacity;
  return true;
}

static void put_decimal(char *to, const gni_value *value)
{
  for (int i = 0; i < 8; i++) {
    to[i] = (char)(uint8_t)((uint64_t)value->decimal.high >> (56 - 8 * i));
    to[8 + i] = (char)(uint8_t)(value->decimal.low >> (56 - 8 * i));
  }
}

static void put_number(const gnp_leaf *leaf, char *to, const gni_value *value)
{
  int32_t narrow = (int32_t)value->integer;
  float real = 0;
  switch (leaf->physical) {
  case GNP_BOOLEAN:
    *to = (char)value->boolean;
    break;
  case GNP_INT32:
    memcpy(to, &narrow, sizeof narrow);
    break;
  case GNP_FLOAT:
    real = (float)value->real;
    memcpy(to, &real, sizeof real);
    break;
  case GNP_FIXED:
    put_decimal(to, value);
    break;
  default: /* 64 bits, whole or not */
    memcpy(to, &value->integer, sizeof value->integer);
  }
}

/* Short texts, which most are, are copied by two moves that may overlap. */
static inline void put_text(char *to, gn_str text)
{
  uint64_t first, last;
  if (text.len < sizeof first || text.len > 2 * sizeof first) {
    if (text.len) memcpy(to, text.ptr, text.len);
    return;
  }
  memcpy(&first, text.ptr, sizeof first);
  memcpy(&last, text.ptr + text.len - sizeof last, sizeof last);
  memcpy(to, &first, sizeof first);
  memcpy(to + text.len - sizeof last, &last, sizeof last);
}

static inline bool put_plain(gnp_leaf *leaf, const gni_value *value)
{
  uint32_t len = leaf->width ? 0 : (uint32_t)value->text.len;
  size_t bytes = leaf->width ? leaf->width : sizeof len + value->text.len;
  if (leaf->capacity - leaf->used < bytes && !make_room(leaf, bytes)) return false;
  char *to = leaf->values + leaf->used;
  if (leaf->width) {
    put_number(leaf, to, value);
  } else {
    memcpy(to, &len, sizeof len);
    put_text(to + sizeof len, value->text);
  }
  leaf->used += bytes;
  leaf->value_count++;
  return true;
}

/* Texts mostly repeat, so they are looked up as they come, and the page at hand holds positions;
 * where that turns out to be no use they become texts again. Numbers are looked up when the page is
 * full: copying them costs less than asking. */
static bool write_out(gnp_leaf *leaf)
{
  gnp_leaf plain = *leaf;
  plain.values = NULL;
  plain.used = plain.capacity = plain.value_count = 0;
  bool done = true;
  for (size_t at = 0; done && at < leaf->used; at += sizeof(uint32_t)) {
    uint32_t id;
    memcpy(&id, leaf->values + at, sizeof id);
    done = put_plain(&plain, &(gni_value){.text = gnp_dictionary_get(&leaf->dictionary, id)});
  }
  gni_free(leaf->alloc, done ? leaf->values : plain.values, done ? leaf->capacity : plain.capacity);
  if (!done) return false;
  leaf->values = plain.values;
  leaf->used = plain.used;
  leaf->capacity = plain.capacity;
  give_up(leaf);
  return true;
}

static bool put_position(gnp_leaf *leaf, gn_str text)
{
  gnp_dictionary *d = &leaf->dictionary;
  uint32_t id;
  if (leaf->capacity - leaf->used < sizeof id && !make_room(leaf, sizeof id)) return false;
  if (!gnp_dictionary_find(d, text, &id)) return false;
  memcpy(leaf->values + leaf->used, &id, sizeof id);
  leaf->used += sizeof id;
  leaf->value_count++;
  uint64_t fresh = d->count - leaf->known_before;
  bool hopeless = leaf->value_count == LOOK_VALUES && 5 * fresh > 4 * (uint64_t)LOOK_VALUES;
  return (!hopeless && !is_full(d)) || write_out(leaf);
}

static inline bool put_value(gnp_leaf *leaf, const gni_value *value)
{
  bool by_position = !leaf->width && !leaf->is_plain;
  return by_position ? put_position(leaf, value->text) : put_plain(leaf, value);
}

bool gnp_leaf_put(gnp_leaf *leaf, const gni_value *value, int rep, int def)
{
  if (!has_level_room(leaf, 1) && !make_level_room(leaf, 1)) return false;
  leaf->defs.of[leaf->entry_count] = (uint8_t)def;
  if (leaf->max_rep) leaf->reps.of[leaf->entry_count] = (uint8_t)rep;
  leaf->entry_count++;
  return !value || put_value(leaf, value);
}

bool gnp_leaf_put_items(gnp_leaf *leaf, const gni_value *items, size_t count, int rep, int def)
{
  if (!has_level_room(leaf, count) && !make_level_room(leaf, count)) return false;
  uint8_t *defs = leaf->defs.of + leaf->entry_count, *reps = leaf->reps.of + leaf->entry_count;
  bool done = true;
  memset(reps, leaf->max_rep, count);
  reps[0] = (uint8_t)rep;
  leaf->entry_count += (uint32_t)count;
  for (size_t i = 0; done && i < count; i++) {
    defs[i] = (uint8_t)(def + !items[i].is_null);
    done = items[i].is_null || put_value(leaf, &items[i]);
  }
  return done;
}

/* Most of all columns: words. */
static bool put_words(gnp_leaf *leaf, const gni_value *const *rows, size_t count)
{
  size_t wanted = count * sizeof(int64_t);
  if (leaf->capacity - leaf->used < wanted && !make_room(leaf, wanted)) return false;
  if (!has_level_room(leaf, count) && !make_level_room(leaf, count)) return false;
  uint8_t *defs = leaf->defs.of + leaf->entry_count;
  char *start = leaf->values + leaf->used, *to = start;
  for (size_t i = 0; i < count; i++) {
    bool there = !rows[i]->is_null;
    memcpy(to, &rows[i]->integer, sizeof rows[i]->integer);
    to += there ? sizeof rows[i]->integer : 0;
    defs[i] = there;
  }
  leaf->used += (size_t)(to - start);
  leaf->value_count += (uint32_t)((size_t)(to - start) / sizeof(int64_t));
  leaf->entry_count += (uint32_t)count;
  return true;
}

bool gnp_leaf_put_rows(gnp_leaf *leaf, const gni_value *const *rows, size_t count)
{
  bool done = true;
  if (leaf->width == sizeof(int64_t)) return put_words(leaf, rows, count);
  for (size_t i = 0; done && i < count; i++)
    done = gnp_leaf_put(leaf, rows[i]->is_null ? NULL : rows[i], 0, !rows[i]->is_null);
  return done;
}

/* ---- the dictionary -------------------------------------------------------------------------- */

/* The numbers of the page as positions. GN_ABSENT when they hardly repeat, or are too many. */
static int index_numbers(gnp_leaf *leaf, gnp_press *press, uint32_t **out, gn_error *err)
{
  gnp_dictionary *d = &leaf->dictionary;
  *out = gnp_press_indices(press, leaf->value_count);
  if (!*out) return gni_fail_nomem(err, leaf->value_count * sizeof **out);
  gn_str value = {leaf->values, leaf->width};
  for (uint32_t i = 0; i < leaf->value_count; i++, value.ptr += leaf->width) {
    if (!gnp_dictionary_find(d, value, &(*out)[i])) return gni_fail_nomem(err, d->bytes.len);
    uint64_t fresh = d->count - leaf->known_before;
    if ((i == LOOK_VALUES && 5 * fresh > 4 * (uint64_t)i) || is_full(d)) return GN_ABSENT;
  }
  return GN_OK;
}

/* Tries the dictionary on the page at hand, and gives it up for the row group where it is no use.
 */
static int choose(gnp_leaf *leaf, gnp_press *press, uint32_t **indices, gn_error *err)
{
  const gnp_dictionary *d = &leaf->dictionary;
  *indices = NULL;
  if (leaf->is_plain || leaf->value_count == 0) return GN_OK;
  int rc = leaf->width ? index_numbers(leaf, press, indices, err) : GN_OK;
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  bool repeats = rc == GN_OK && d->count - leaf->known_before <= leaf->value_count / 2 + 1;
  if (!leaf->width) *indices = (uint32_t *)(void *)leaf->values;
  if (repeats) return GN_OK;
  *indices = NULL;
  if (!leaf->width) return write_out(leaf) ? GN_OK : gni_fail_nomem(err, leaf->used);
  give_up(leaf);
  return GN_OK;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* The last is repeated to the end of its group of eight. */
static void add_levels(gn_buf *page, const gnp_levels *levels, uint32_t count, int most)
{
  for (uint32_t i = count; i % 8; i++) levels->of[i] = levels->of[count - 1];
  gnp_pack_levels(page, levels->of, count, gnp_bits_for((uint64_t)most));
}

static void add_booleans(gn_buf *page, const gnp_leaf *leaf)
{
  for (uint32_t i = 0; i < leaf->value_count; i += 8) {
    uint8_t bits = 0;
    for (uint32_t k = 0; k < 8 && i + k < leaf->value_count; k++)
      bits = (uint8_t)(bits | (leaf->values[i + k] != 0) << k);
    gni_buf_add_char(page, (char)bits);
  }
}

static void add_plain(gn_buf *page, const gnp_leaf *leaf)
{
  if (leaf->physical == GNP_BOOLEAN)
    add_booleans(page, leaf);
  else
    gni_buf_add(page, leaf->values, leaf->used);
}

/* Integers that lie near each other are written as differences, which asks for no look-ups; where
 * those are wide, and for all others, a dictionary may do better. */
static int add_values(gnp_leaf *leaf, gnp_press *press, gn_buf *page, enum gnp_encoding *encoding,
                      gn_error *err)
{
  bool is_integer =
      leaf->value_count && (leaf->physical == GNP_INT32 || leaf->physical == GNP_INT64);
  uint32_t *indices;
  size_t before = page->len;
  *encoding = GNP_DIFFERENCES;
  if (is_integer) gnp_pack_differences(page, leaf->values, leaf->value_count, leaf->width);
  if (is_integer && page->len - before <= NARROW_BYTES * (size_t)leaf->value_count) return GN_OK;
  int rc = choose(leaf, press, &indices, err);
  if (rc != GN_OK || (is_integer && !indices)) return rc;
  page->len = before;
  *encoding = indices ? GNP_RLE_DICTIONARY : GNP_PLAIN;
  if (!indices) {
    add_plain(page, leaf);
    return GN_OK;
  }
  int bits = gnp_bits_for(leaf->dictionary.count - 1);
  gnp_pack_positions(page, indices, leaf->value_count, bits ? bits : 1);
  return GN_OK;
}

static void begin_header(gn_buf *out, int *last, int type, size_t raw, size_t squeezed)
{
  *last = 0;
  gnp_thrift_int(out, last, 1, type, false);
  gnp_thrift_int(out, last, 2, (int64_t)raw, false);
  gnp_thrift_int(out, last, 3, (int64_t)squeezed, false);
}

static void follow_range(gnp_leaf *leaf)
{
  int64_t least = leaf->least, most = leaf->most;
  for (uint32_t i = 0; leaf->physical == GNP_INT64 && i < leaf->value_count; i++) {
    int64_t value;
    memcpy(&value, leaf->values + i * sizeof value, sizeof value);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  for (uint32_t i = 0; leaf->physical == GNP_INT32 && i < leaf->value_count; i++) {
    int32_t value;
    memcpy(&value, leaf->values + i * sizeof value, sizeof value);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  leaf->least = least;
  leaf->most = most;
}

static void add_data_header(const gnp_leaf *leaf, size_t raw, size_t squeezed,
                            enum gnp_encoding encoding, gn_buf *out)
{
  int last, inner = 0;
  begin_header(out, &last, DATA_PAGE, raw, squeezed);
  gnp_thrift_struct(out, &last, 5);
  gnp_thrift_int(out, &inner, 1, leaf->entry_count, false);
  gnp_thrift_int(out, &inner, 2, encoding, false);
  gnp_thrift_int(out, &inner, 3, GNP_RLE, false);
  gnp_thrift_int(out, &inner, 4, GNP_RLE, false);
  gnp_thrift_end(out);
  gnp_thrift_end(out);
}

static void empty_page(gnp_leaf *leaf)
{
  leaf->entries += leaf->entry_count;
  leaf->nulls += leaf->entry_count - leaf->value_count;
  leaf->used = 0;
  leaf->value_count = leaf->entry_count = 0;
  leaf->known_before = leaf->dictionary.count;
}

static int keep_page(gnp_leaf *leaf, gn_str header, gn_str squeezed, gn_error *err)
{
  size_t size = header.len + squeezed.len;
  gnp_page *page = gni_alloc(leaf->alloc, sizeof *page + size);
  if (!page) return gni_fail_nomem(err, size);
  page->next = NULL;
  page->size = size;
  memcpy(page->bytes, header.ptr, header.len);
  memcpy(page->bytes + header.len, squeezed.ptr, squeezed.len);
  *leaf->last_page = page;
  leaf->last_page = &page->next;
  leaf->pages_bytes += size;
  return GN_OK;
}

int gnp_leaf_end_page(gnp_leaf *leaf, gnp_press *press, gn_error *err)
{
  enum gnp_encoding encoding;
  gn_str squeezed;
  if (leaf->entry_count == 0) return GN_OK;
  gn_buf *page = gnp_press_page(press), *header = gnp_press_header(press);
  if (leaf->max_rep) add_levels(page, &leaf->reps, leaf->entry_count, leaf->max_rep);
  add_levels(page, &leaf->defs, leaf->entry_count, leaf->max_def);
  int rc = add_values(leaf, press, page, &encoding, err);
  if (rc != GN_OK) return rc;
  follow_range(leaf);
  rc = gnp_press_squeeze(press, &squeezed, err);
  if (rc != GN_OK) return rc;
  add_data_header(leaf, page->len, squeezed.len, encoding, header);
  if (header->rc != GN_OK) return gni_fail_nomem(err, HEADER_BYTES);
  leaf->raw_bytes += (int64_t)(header->len + page->len);
  leaf->encodings |= 1U << encoding;
  empty_page(leaf);
  return keep_page(leaf, gni_buf_view(header), squeezed, err);
}

int gnp_leaf_dictionary_page(const gnp_leaf *leaf, gnp_press *press, gn_buf *out,
                             int64_t *raw_bytes, gn_error *err)
{
  gn_str squeezed;
  int last, inner = 0;
  *raw_bytes = 0;
  if (!gnp_leaf_has_dictionary(leaf)) return GN_OK;
  gn_buf *page = gnp_press_page(press);
  gni_buf_add_str(page, gni_buf_view(&leaf->dictionary.bytes));
  int rc = gnp_press_squeeze(press, &squeezed, err);
  if (rc != GN_OK) return rc;
  size_t before = out->len;
  begin_header(out, &last, DICTIONARY_PAGE, page->len, squeezed.len);
  gnp_thrift_struct(out, &last, 7);
  gnp_thrift_int(out, &inner, 1, leaf->dictionary.count, false);
  gnp_thrift_int(out, &inner, 2, GNP_PLAIN, false);
  gnp_thrift_end(out);
  gnp_thrift_end(out);
  *raw_bytes = (int64_t)(out->len - before + page->len);
  return gni_buf_add_str(out, squeezed) == GN_OK ? GN_OK : gni_fail_nomem(err, squeezed.len);
}
