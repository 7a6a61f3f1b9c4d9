/* Rows into the leaves of a Parquet file, and what the file says about itself.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything may be null. A list is a group that repeats a group of one element, a map one that
 * repeats a key and a value; a leaf's definition level says how deep an entry is there, its
 * repetition level at which list it goes on. */
#include "table/parquet/encode.h"

enum { OPTIONAL = 1, REPEATED = 2, REQUIRED = 0 };
enum { ZSTD = 6, ROWS_AT_ONCE = 32 };
enum { UTF8 = 0, MAP = 1, LIST = 3, DECIMAL = 5, DATE = 6, INT_8 = 15, INT_16 = 16 };
static const char magic[] = {'P', 'A', 'R', '1'};

struct gnp_encoder {
  const gni_type *structure;
  const gn_alloc *alloc;
  size_t page_bytes;
  gnp_leaf *leaves;
  size_t leaf_count;
  gn_buf schema, groups; /* of the footer; schema elements, row groups */
  size_t element_count, group_count;
  gn_arena paths;
  gn_str **path_of; /* a leaf: names from the top, ended by {NULL, 0} */
  int64_t rows, file_rows, file_bytes;
};

/* ---- the schema ------------------------------------------------------------------------------ */

static bool is_leaf(const gni_type *type)
{
  return type->kind != GNI_STRUCT && type->kind != GNI_LIST && type->kind != GNI_MAP;
}

static size_t count_leaves(const gni_type *type)
{
  size_t count = 0;
  if (is_leaf(type)) return 1;
  for (uint32_t i = 0; i < type->field_count; i++) count += count_leaves(type->fields[i].type);
  return count;
}

/* The names above what is described. */
struct path {
  const struct path *above;
  gn_str name;
  size_t depth;
};

static void add_group(gnp_encoder *e, gn_str name, int repetition, size_t children, int converted)
{
  int last = 0;
  if (repetition >= 0) gnp_thrift_int(&e->schema, &last, 3, repetition, false);
  gnp_thrift_text(&e->schema, &last, 4, name);
  gnp_thrift_int(&e->schema, &last, 5, (int64_t)children, false);
  if (converted >= 0) gnp_thrift_int(&e->schema, &last, 6, converted, false);
  gnp_thrift_end(&e->schema);
  e->element_count++;
}

/* A time without a zone, in microseconds. */
static void add_timestamp(gn_buf *out, int *last)
{
  int timestamp = 0, inside = 0, unit = 0;
  gnp_thrift_struct(out, last, 10);
  gnp_thrift_struct(out, &timestamp, 8);
  gnp_thrift_bool(out, &inside, 1, false);
  gnp_thrift_struct(out, &inside, 2);
  gnp_thrift_struct(out, &unit, 2);
  for (int i = 0; i < 4; i++) gnp_thrift_end(out);
}

static int converted_type(const gni_type *type)
{
  switch (type->kind) {
  case GNI_BYTE:
    return INT_8;
  case GNI_SHORT:
    return INT_16;
  case GNI_STRING:
    return UTF8;
  case GNI_DATE:
    return DATE;
  case GNI_DECIMAL:
    return DECIMAL;
  default:
    return -1;
  }
}

static void add_leaf_element(gnp_encoder *e, const gnp_leaf *leaf, gn_str name, int repetition)
{
  int last = 0, converted = converted_type(leaf->type);
  gn_buf *out = &e->schema;
  gnp_thrift_int(out, &last, 1, leaf->physical, false);
  if (leaf->physical == GNP_FIXED) gnp_thrift_int(out, &last, 2, leaf->width, false);
  gnp_thrift_int(out, &last, 3, repetition, false);
  gnp_thrift_text(out, &last, 4, name);
  if (converted >= 0) gnp_thrift_int(out, &last, 6, converted, false);
  if (leaf->type->kind == GNI_DECIMAL) {
    gnp_thrift_int(out, &last, 7, leaf->type->scale, false);
    gnp_thrift_int(out, &last, 8, leaf->type->precision, false);
  }
  if (leaf->type->kind == GNI_TIMESTAMP) add_timestamp(out, &last);
  gnp_thrift_end(out);
  e->element_count++;
}

static bool take_path(gnp_encoder *e, const struct path *path)
{
  gn_str *names = GN_TAKE_ZERO(&e->paths, gn_str, path->depth + 1);
  for (size_t i = path->depth; names && i > 0; i--, path = path->above) names[i - 1] = path->name;
  e->path_of[e->leaf_count - 1] = names;
  return names != NULL;
}

static bool describe(gnp_encoder *e, const gni_type *type, const struct path *above, gn_str name,
                     int repetition, int def, int rep);

static bool describe_fields(gnp_encoder *e, const gni_type *type, const struct path *above,
                            const gn_str *names, int def, int rep)
{
  for (uint32_t i = 0; i < type->field_count; i++) {
    bool is_key = type->kind == GNI_MAP && i == 0;
    gn_str name = names ? names[i] : type->fields[i].name;
    if (!describe(e, type->fields[i].type, above, name, is_key ? REQUIRED : OPTIONAL, def, rep))
      return false;
  }
  return true;
}

/* What is `name` below `above`, where entries above are defined to `def` and repeat at `rep`. */
static bool describe(gnp_encoder *e, const gni_type *type, const struct path *above, gn_str name,
                     int repetition, int def, int rep)
{
  static const gn_str element[] = {{"element", 7}}, pair[] = {{"key", 3}, {"value", 5}};
  struct path here = {above, name, above ? above->depth + 1 : 1};
  def += repetition == OPTIONAL;
  if (type->kind == GNI_STRUCT) {
    add_group(e, name, repetition, type->field_count, -1);
    return describe_fields(e, type, &here, NULL, def, rep);
  }
  if (type->kind == GNI_LIST || type->kind == GNI_MAP) {
    bool is_map = type->kind == GNI_MAP;
    struct path inner = {&here, is_map ? GN_STR("key_value") : GN_STR("list"), here.depth + 1};
    add_group(e, name, repetition, 1, is_map ? MAP : LIST);
    add_group(e, inner.name, REPEATED, type->field_count, -1);
    return describe_fields(e, type, &inner, is_map ? pair : element, def + 1, rep + 1);
  }
  gnp_leaf *leaf = &e->leaves[e->leaf_count++];
  gnp_leaf_init(leaf, type, def, rep, e->alloc);
  add_leaf_element(e, leaf, name, repetition);
  return take_path(e, &here);
}

static int describe_all(gnp_encoder *e, gn_error *err)
{
  size_t count = count_leaves(e->structure);
  e->leaves = GN_TAKE_ZERO(&e->paths, gnp_leaf, count);
  e->path_of = GN_TAKE(&e->paths, gn_str *, count);
  if (!e->leaves || !e->path_of) return gni_fail_nomem(err, count * sizeof *e->leaves);
  add_group(e, GN_STR("gnomon"), -1, e->structure->field_count, -1);
  bool done = describe_fields(e, e->structure, NULL, NULL, 0, 0);
  return done && e->schema.rc == GN_OK ? GN_OK : gni_fail_nomem(err, e->schema.len);
}

int gnp_encoder_new(const gni_type *structure, size_t page_bytes, const gn_alloc *alloc,
                    gnp_encoder **out, gn_error *err)
{
  *out = NULL;
  gnp_encoder *e = gni_alloc_zero(alloc, sizeof *e);
  if (!e) return gni_fail_nomem(err, sizeof *e);
  e->structure = structure;
  e->alloc = alloc;
  e->page_bytes = page_bytes;
  gni_buf_init(&e->schema, alloc, SIZE_MAX);
  gni_buf_init(&e->groups, alloc, SIZE_MAX);
  gni_arena_init(&e->paths, alloc, SIZE_MAX);
  int rc = describe_all(e, err);
  if (rc != GN_OK)
    gnp_encoder_free(e);
  else
    *out = e;
  return rc;
}

void gnp_encoder_free(gnp_encoder *e)
{
  if (!e) return;
  const gn_alloc *alloc = e->alloc;
  for (size_t i = 0; i < e->leaf_count; i++) gnp_leaf_deinit(&e->leaves[i]);
  gni_buf_deinit(&e->schema);
  gni_buf_deinit(&e->groups);
  gni_arena_deinit(&e->paths);
  gni_free(alloc, e, sizeof *e);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool put_nothing(gnp_leaf **next, size_t leaves, int rep, int def)
{
  bool done = true;
  for (size_t i = 0; i < leaves; i++) done = gnp_leaf_put((*next)++, NULL, rep, def) && done;
  return done;
}

static bool put_value(const gni_type *type, const gni_value *value, bool is_required,
                      gnp_leaf **next, int rep, int def, int depth);

static bool put_fields(const gni_type *type, const gni_value *fields, gnp_leaf **next, int rep,
                       int def, int depth)
{
  bool done = true;
  for (uint32_t i = 0; i < type->field_count; i++) {
    bool is_key = type->kind == GNI_MAP && i == 0;
    done = put_value(type->fields[i].type, &fields[i], is_key, next, rep, def, depth) && done;
  }
  return done;
}

/* A list's first element goes on where the list does, the others at the list itself. */
static bool put_items(const gni_type *type, const gni_value *value, gnp_leaf **next, int rep,
                      int def, int depth)
{
  gnp_leaf *first = *next;
  bool done = true;
  if (type->kind == GNI_LIST && is_leaf(type->fields[0].type))
    return gnp_leaf_put_items((*next)++, value->list.items, value->list.count, rep, def + 1);
  for (size_t i = 0; i < value->list.count; i++) {
    *next = first;
    const gni_value *item = &value->list.items[i * type->field_count];
    done = put_fields(type, item, next, i ? depth + 1 : rep, def + 1, depth + 1) && done;
  }
  return done;
}

/* Writes to the leaves of one field, from `*next` on. `depth` counts the lists above. */
static bool put_value(const gni_type *type, const gni_value *value, bool is_required,
                      gnp_leaf **next, int rep, int def, int depth)
{
  if (!is_required && value->is_null) return put_nothing(next, count_leaves(type), rep, def);
  def += !is_required;
  if (is_leaf(type)) return gnp_leaf_put((*next)++, value, rep, def);
  if (type->kind == GNI_STRUCT) return put_fields(type, value->list.items, next, rep, def, depth);
  if (value->list.count == 0) return put_nothing(next, count_leaves(type), rep, def);
  return put_items(type, value, next, rep, def, depth);
}

/* Pages end between rows. */
static int end_full_pages(gnp_encoder *e, gnp_press *press, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < e->leaf_count; i++)
    if (e->leaves[i].used >= e->page_bytes || e->leaves[i].entry_count >= e->page_bytes)
      rc = gnp_leaf_end_page(&e->leaves[i], press, err);
  return rc;
}

/* One field of many rows; the leaves of the next field begin at the answer, NULL without memory. */
static gnp_leaf *put_field(const gni_type *type, const gni_value *const *rows, size_t count,
                           gnp_leaf *leaf)
{
  size_t leaves = count_leaves(type);
  bool done = true;
  if (rows && is_leaf(type)) return gnp_leaf_put_rows(leaf, rows, count) ? leaf + 1 : NULL;
  for (size_t i = 0; done && i < count; i++) {
    gnp_leaf *next = leaf;
    done =
        rows ? put_value(type, rows[i], false, &next, 0, 0, 0) : put_nothing(&next, leaves, 0, 0);
  }
  return done ? leaf + leaves : NULL;
}

/* A few rows at a time, so that the cells of one column are near when those of the next are wanted.
 */
int gnp_encoder_add(gnp_encoder *e, const gni_value *const *const *columns, size_t first,
                    size_t count, gnp_press *press, gn_error *err)
{
  int rc = GN_OK;
  for (size_t end = first + count, some; rc == GN_OK && first < end; first += some) {
    gnp_leaf *leaf = e->leaves;
    some = ROWS_AT_ONCE - (size_t)(e->rows % ROWS_AT_ONCE);
    if (some > end - first) some = end - first;
    for (uint32_t i = 0; leaf && i < e->structure->field_count; i++)
      leaf = put_field(e->structure->fields[i].type, columns[i] ? columns[i] + first : NULL, some,
                       leaf);
    if (!leaf) return gni_fail_nomem(err, e->page_bytes);
    e->rows += (int64_t)some;
    if (e->rows % ROWS_AT_ONCE == 0) rc = end_full_pages(e, press, err);
  }
  return rc;
}

int64_t gnp_encoder_rows(const gnp_encoder *e)
{
  return e->rows;
}

size_t gnp_encoder_held_bytes(const gnp_encoder *e)
{
  size_t bytes = 0;
  for (size_t i = 0; i < e->leaf_count; i++) bytes += gnp_leaf_held_bytes(&e->leaves[i]);
  return bytes;
}

size_t gnp_encoder_leaves(const gni_type *structure)
{
  return count_leaves(structure);
}

int64_t gnp_encoder_file_bytes(const gnp_encoder *e)
{
  return e->file_bytes;
}

int64_t gnp_encoder_file_rows(const gnp_encoder *e)
{
  return e->file_rows;
}

/* ---- row groups ------------------------------------------------------------------------------ */

static int write_bytes(gnp_encoder *e, gn_str bytes, FILE *file, gn_error *err)
{
  e->file_bytes += (int64_t)bytes.len;
  if (bytes.len == 0 || fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len) return GN_OK;
  return gni_fail(err, GN_E_IO, "cannot write a Parquet file");
}

static gn_str bytes_of(const void *value, size_t size)
{
  return (gn_str){value, size};
}

static void add_statistics(const gnp_leaf *leaf, gn_buf *out, int *last)
{
  int inner = 0;
  bool is_wide = leaf->physical == GNP_INT64;
  int32_t least = (int32_t)leaf->least, most = (int32_t)leaf->most;
  gnp_thrift_struct(out, last, 12);
  gnp_thrift_int(out, &inner, 3, leaf->nulls, true);
  if (leaf->least <= leaf->most) {
    size_t size = is_wide ? sizeof leaf->most : sizeof most;
    gnp_thrift_text(out, &inner, 5,
                    bytes_of(is_wide ? (const void *)&leaf->most : (const void *)&most, size));
    gnp_thrift_text(out, &inner, 6,
                    bytes_of(is_wide ? (const void *)&leaf->least : (const void *)&least, size));
  }
  gnp_thrift_end(out);
}

/* A dictionary's own page is plain. */
static void add_encodings(const gnp_leaf *leaf, gn_buf *out, int *last)
{
  uint32_t all = leaf->encodings | (gnp_leaf_has_dictionary(leaf) ? 1U << GNP_PLAIN : 0);
  gnp_thrift_list(out, last, 2, GNP_THRIFT_I32, (size_t)__builtin_popcount(all));
  for (int encoding = 0; all >> encoding; encoding++)
    if (all >> encoding & 1) gnp_thrift_varint(out, gnp_thrift_zigzag(encoding));
}

/* Where a column's bytes are, and how many they were before compression. */
struct place {
  int64_t first, pages, end, raw_bytes;
};

static void add_column(gnp_encoder *e, size_t i, struct place place)
{
  const gnp_leaf *leaf = &e->leaves[i];
  gn_buf *out = &e->groups;
  int chunk = 0, last = 0;
  size_t names = 0;
  while (e->path_of[i][names].ptr) names++;
  gnp_thrift_int(out, &chunk, 2, place.first, true);
  gnp_thrift_struct(out, &chunk, 3);
  gnp_thrift_int(out, &last, 1, leaf->physical, false);
  add_encodings(leaf, out, &last);
  gnp_thrift_list(out, &last, 3, GNP_THRIFT_TEXT, names);
  for (size_t n = 0; n < names; n++) {
    gnp_thrift_varint(out, e->path_of[i][n].len);
    gni_buf_add_str(out, e->path_of[i][n]);
  }
  gnp_thrift_int(out, &last, 4, ZSTD, false);
  gnp_thrift_int(out, &last, 5, leaf->entries, true);
  gnp_thrift_int(out, &last, 6, place.raw_bytes, true);
  gnp_thrift_int(out, &last, 7, place.end - place.first, true);
  gnp_thrift_int(out, &last, 9, place.pages, true);
  if (gnp_leaf_has_dictionary(leaf)) gnp_thrift_int(out, &last, 11, place.first, true);
  add_statistics(leaf, out, &last);
  gnp_thrift_end(out);
  gnp_thrift_end(out);
}

static int write_column(gnp_encoder *e, size_t i, gnp_press *press, FILE *file, int64_t *raw_bytes,
                        gn_error *err)
{
  gnp_leaf *leaf = &e->leaves[i];
  gn_buf dictionary;
  struct place place = {.first = e->file_bytes};
  gni_buf_init(&dictionary, e->alloc, SIZE_MAX);
  int rc = gnp_leaf_dictionary_page(leaf, press, &dictionary, &place.raw_bytes, err);
  if (rc == GN_OK) rc = write_bytes(e, gni_buf_view(&dictionary), file, err);
  place.pages = e->file_bytes;
  for (const gnp_page *page = leaf->pages; rc == GN_OK && page; page = page->next)
    rc = write_bytes(e, bytes_of(page->bytes, page->size), file, err);
  place.end = e->file_bytes;
  place.raw_bytes += leaf->raw_bytes;
  *raw_bytes += place.raw_bytes;
  gni_buf_deinit(&dictionary);
  if (rc == GN_OK) add_column(e, i, place);
  gnp_leaf_reset(leaf);
  return rc;
}

static int begin_file(gnp_encoder *e, FILE *file, gn_error *err)
{
  return e->file_bytes ? GN_OK : write_bytes(e, bytes_of(magic, sizeof magic), file, err);
}

int gnp_encoder_flush(gnp_encoder *e, gnp_press *press, FILE *file, gn_error *err)
{
  int last = 0;
  int64_t raw_bytes = 0, first = e->file_bytes ? e->file_bytes : (int64_t)sizeof magic;
  if (e->rows == 0) return GN_OK;
  int rc = begin_file(e, file, err);
  for (size_t i = 0; rc == GN_OK && i < e->leaf_count; i++)
    rc = gnp_leaf_end_page(&e->leaves[i], press, err);
  gnp_thrift_list(&e->groups, &last, 1, GNP_THRIFT_STRUCT, e->leaf_count);
  for (size_t i = 0; rc == GN_OK && i < e->leaf_count; i++)
    rc = write_column(e, i, press, file, &raw_bytes, err);
  if (rc != GN_OK) return rc;
  gnp_thrift_int(&e->groups, &last, 2, raw_bytes, true);
  gnp_thrift_int(&e->groups, &last, 3, e->rows, true);
  gnp_thrift_int(&e->groups, &last, 5, first, true);
  gnp_thrift_int(&e->groups, &last, 6, e->file_bytes - first, true);
  gnp_thrift_end(&e->groups);
  e->group_count++;
  e->file_rows += e->rows;
  e->rows = 0;
  return e->groups.rc == GN_OK ? GN_OK : gni_fail_nomem(err, e->groups.len);
}

/* The smallest and the largest value are by the order of the type: readers want to be told. */
static void add_column_orders(const gnp_encoder *e, gn_buf *out, int *last)
{
  gnp_thrift_list(out, last, 7, GNP_THRIFT_STRUCT, e->leaf_count);
  for (size_t i = 0; i < e->leaf_count; i++) {
    int inner = 0;
    gnp_thrift_struct(out, &inner, 1);
    gnp_thrift_end(out);
    gnp_thrift_end(out);
  }
}

int gnp_encoder_end(gnp_encoder *e, FILE *file, gn_error *err)
{
  gn_buf footer;
  int last = 0, rc = begin_file(e, file, err);
  gni_buf_init(&footer, e->alloc, SIZE_MAX);
  gnp_thrift_int(&footer, &last, 1, 1, false);
  gnp_thrift_list(&footer, &last, 2, GNP_THRIFT_STRUCT, e->element_count);
  gni_buf_add_str(&footer, gni_buf_view(&e->schema));
  gnp_thrift_int(&footer, &last, 3, e->file_rows, true);
  gnp_thrift_list(&footer, &last, 4, GNP_THRIFT_STRUCT, e->group_count);
  gni_buf_add_str(&footer, gni_buf_view(&e->groups));
  gnp_thrift_text(&footer, &last, 6, GN_STR("gnomon " GN_VERSION));
  add_column_orders(e, &footer, &last);
  gnp_thrift_end(&footer);
  uint32_t size = (uint32_t)footer.len;
  gni_buf_add(&footer, &size, sizeof size);
  gni_buf_add(&footer, magic, sizeof magic);
  if (rc == GN_OK && footer.rc != GN_OK) rc = gni_fail_nomem(err, footer.len);
  if (rc == GN_OK) rc = write_bytes(e, gni_buf_view(&footer), file, err);
  gni_buf_deinit(&footer);
  return rc;
}
