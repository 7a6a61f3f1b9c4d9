/* Arrow arrays as columns, cells as values. SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

#include <assert.h>
#include <nanoarrow/nanoarrow.h>

/* How a column's cells are stored: what gni_column_get switches on. */
enum storage {
  STORED_NOT, /* the null type */
  STORED_BITS,
  STORED_INT8,
  STORED_INT16,
  STORED_INT32,
  STORED_INT64,
  STORED_UINT8,
  STORED_UINT16,
  STORED_UINT32,
  STORED_UINT64, /* read as decimal(20,0) */
  STORED_FLOAT,
  STORED_DOUBLE,
  STORED_SCALED, /* int64 times or by `unit` */
  STORED_TEXT,
  STORED_WIDE_TEXT,
  STORED_TEXT_VIEW,
  STORED_FIXED_BYTES,
  STORED_DECIMAL32,
  STORED_DECIMAL64,
  STORED_DECIMAL128,
  STORED_LIST, /* and wide ones */
  STORED_FIXED_LIST,
  STORED_MAP,
  STORED_STRUCT
};

/* ---- reading a cell -------------------------------------------------------------------------- */

/* Buffers need not be aligned; a memcpy of fixed size is one load. */
#define LOAD(c_type, base, row)                                                                    \
  c_type loaded;                                                                                   \
  memcpy(&loaded, (const char *)(base) + (size_t)(row) * sizeof loaded, sizeof loaded)

static inline int64_t load_offset(const gni_column *column, int64_t row)
{
  if (column->wide) {
    LOAD(int64_t, column->offsets, row);
    return loaded;
  }
  LOAD(int32_t, column->offsets, row);
  return loaded;
}

static inline int64_t load_integer(const gni_column *column, int64_t row)
{
  switch (column->storage) {
  case STORED_INT8:
    return ((const int8_t *)column->values)[row];
  case STORED_UINT8:
    return ((const uint8_t *)column->values)[row];
  case STORED_INT16: {
    LOAD(int16_t, column->values, row);
    return loaded;
  }
  case STORED_UINT16: {
    LOAD(uint16_t, column->values, row);
    return loaded;
  }
  case STORED_INT32:
  case STORED_DECIMAL32: {
    LOAD(int32_t, column->values, row);
    return loaded;
  }
  case STORED_UINT32: {
    LOAD(uint32_t, column->values, row);
    return loaded;
  }
  default: {
    LOAD(int64_t, column->values, row);
    return loaded;
  }
  }
}

/* Seconds, milliseconds and nanoseconds as microseconds; milliseconds as days. Rounds down. */
static int load_scaled(const gni_column *column, int64_t row, gni_value *out)
{
  int64_t stored = load_integer(column, row), unit = column->unit;
  if (unit > 0) return __builtin_mul_overflow(stored, unit, &out->integer) ? GN_E_LIMIT : GN_OK;
  out->integer = stored / -unit - (stored % -unit < 0);
  return GN_OK;
}

static inline gn_str load_text(const gni_column *column, int64_t row)
{
  int64_t start = load_offset(column, row), end = load_offset(column, row + 1);
  if (start == end) return GN_STR("");
  return (gn_str){(const char *)column->values + start, (size_t)(end - start)};
}

enum { VIEW_BYTES = 16, VIEW_INLINE_BYTES = 12 };

static gn_str load_text_view(const gni_column *column, int64_t row)
{
  const char *view = (const char *)column->values + row * VIEW_BYTES;
  int32_t part[4]; /* length, prefix, buffer, offset */
  memcpy(part, view, sizeof part);
  if (part[0] <= VIEW_INLINE_BYTES) return (gn_str){view + 4, (size_t)part[0]};
  return (gn_str){(const char *)column->buffers[part[2]] + part[3], (size_t)part[0]};
}

static void load_decimal(const gni_column *column, int64_t row, gni_value *out)
{
  if (column->storage == STORED_DECIMAL128) {
    const char *at = (const char *)column->values + row * 16;
    memcpy(&out->decimal.low, at, 8);
    memcpy(&out->decimal.high, at + 8, 8);
    return;
  }
  int64_t stored = load_integer(column, row);
  out->decimal.low = (uint64_t)stored;
  out->decimal.high = column->storage != STORED_UINT64 && stored < 0 ? -1 : 0;
}

/* Elements, or the pairs of a map, `count` of them from `start` on. */
static int load_items(const gni_column *column, int64_t start, int64_t count, gn_arena *arena,
                      gni_value *out)
{
  size_t step = column->storage == STORED_MAP ? 2 : 1, total = (size_t)count * step;
  gni_value *items = GN_TAKE(arena, gni_value, total);
  if (!items) return gni_fail_arena(NULL, arena, gni_size_mul(total, sizeof *items));
  for (size_t i = 0; i < total; i++) {
    int rc =
        gni_column_get(&column->children[i % step], start + (int64_t)(i / step), arena, &items[i]);
    if (rc != GN_OK) return rc;
  }
  *out = (gni_value){.list = {items, (size_t)count}};
  return GN_OK;
}

static int load_fields(const gni_column *column, int64_t row, gn_arena *arena, gni_value *out)
{
  size_t count = column->type->field_count;
  gni_value *items = GN_TAKE(arena, gni_value, count);
  if (!items) return gni_fail_arena(NULL, arena, gni_size_mul(count, sizeof *items));
  for (size_t i = 0; i < count; i++) {
    int rc = gni_column_get(&column->children[i], row, arena, &items[i]);
    if (rc != GN_OK) return rc;
  }
  *out = (gni_value){.list = {items, count}};
  return GN_OK;
}

static int load_nested(const gni_column *column, int64_t row, gn_arena *arena, gni_value *out)
{
  if (column->storage == STORED_STRUCT) return load_fields(column, row, arena, out);
  if (column->storage == STORED_FIXED_LIST)
    return load_items(column, row * column->value_width, column->value_width, arena, out);
  int64_t start = load_offset(column, row);
  return load_items(column, start, load_offset(column, row + 1) - start, arena, out);
}

int gni_column_get(const gni_column *column, int64_t row, gn_arena *arena, gni_value *out)
{
  int64_t bit = column->bit_offset + row;
  out->is_null = gni_column_is_null(column, row) || column->storage == STORED_NOT;
  if (out->is_null) return GN_OK;
  switch (column->storage) {
  case STORED_INT64: { /* the common ones first, without a second switch */
    LOAD(int64_t, column->values, row);
    out->integer = loaded;
    return GN_OK;
  }
  case STORED_DOUBLE: {
    LOAD(double, column->values, row);
    out->real = loaded;
    return GN_OK;
  }
  case STORED_BITS:
    out->boolean = ((const uint8_t *)column->values)[bit >> 3] >> (bit & 7) & 1;
    return GN_OK;
  case STORED_FLOAT: {
    LOAD(float, column->values, row);
    out->real = (double)loaded;
    return GN_OK;
  }
  case STORED_SCALED:
    return load_scaled(column, row, out);
  case STORED_TEXT:
  case STORED_WIDE_TEXT:
    out->text = load_text(column, row);
    return GN_OK;
  case STORED_TEXT_VIEW:
    out->text = load_text_view(column, row);
    return GN_OK;
  case STORED_FIXED_BYTES:
    out->text =
        (gn_str){(const char *)column->values + row * column->value_width, column->value_width};
    return GN_OK;
  case STORED_UINT64:
  case STORED_DECIMAL32:
  case STORED_DECIMAL64:
  case STORED_DECIMAL128:
    load_decimal(column, row, out);
    return GN_OK;
  case STORED_LIST:
  case STORED_FIXED_LIST:
  case STORED_MAP:
  case STORED_STRUCT:
    return load_nested(column, row, arena, out);
  default:
    out->integer = load_integer(column, row);
    return GN_OK;
  }
}

/* The common ones in a loop of their own. */
int gni_column_get_many(const gni_column *column, int64_t first, size_t count, gn_arena *arena,
                        gni_value *out)
{
  int rc = GN_OK;
  size_t done = 0;
  if (!column->validity && column->storage == STORED_INT64) {
    for (; done < count; done++) {
      LOAD(int64_t, column->values, first + (int64_t)done);
      out[done] = gni_value_integer(loaded);
    }
  } else if (!column->validity && column->storage == STORED_DOUBLE) {
    for (; done < count; done++) {
      LOAD(double, column->values, first + (int64_t)done);
      out[done] = gni_value_real(loaded);
    }
  } else if (!column->validity && column->storage == STORED_TEXT) {
    for (; done < count; done++)
      out[done] = gni_value_text(load_text(column, first + (int64_t)done));
  }
  for (; rc == GN_OK && done < count; done++)
    rc = gni_column_get(column, first + (int64_t)done, arena, &out[done]);
  return rc;
}

const char *gni_column_words(const gni_column *column)
{
  bool is_word = column->storage == STORED_INT64 || column->storage == STORED_DOUBLE;
  return is_word && !column->validity ? column->values : NULL;
}

static bool all_null(const gni_column *column, int64_t first, size_t count)
{
  int64_t bit = column->bit_offset + first, end = bit + (int64_t)count;
  for (; bit < end && bit & 7; bit++)
    if (column->validity[bit >> 3] >> (bit & 7) & 1) return false;
  for (; bit + 8 <= end; bit += 8)
    if (column->validity[bit >> 3]) return false;
  for (; bit < end; bit++)
    if (column->validity[bit >> 3] >> (bit & 7) & 1) return false;
  return true;
}

bool gni_column_is_constant(const gni_column *column, int64_t first, size_t count)
{
  size_t width = column->value_width;
  if (column->storage != STORED_INT32 && column->storage != STORED_INT64) return false;
  if (column->validity) return all_null(column, first, count);
  const char *values = (const char *)column->values + (size_t)first * width;
  return count < 2 || memcmp(values, values + width, (count - 1) * width) == 0;
}

/* ---- viewing an array ------------------------------------------------------------------------ */

/* How an Arrow type is stored: its width in bits, the buffers it has, the unit of time. */
static enum storage storage_of(const struct ArrowSchemaView *view)
{
  switch ((int)view->type) {
  case NANOARROW_TYPE_BOOL:
    return STORED_BITS;
  case NANOARROW_TYPE_INT8:
    return STORED_INT8;
  case NANOARROW_TYPE_INT16:
    return STORED_INT16;
  case NANOARROW_TYPE_DATE32:
  case NANOARROW_TYPE_INT32:
    return STORED_INT32;
  case NANOARROW_TYPE_INT64:
    return STORED_INT64;
  case NANOARROW_TYPE_UINT8:
    return STORED_UINT8;
  case NANOARROW_TYPE_UINT16:
    return STORED_UINT16;
  case NANOARROW_TYPE_UINT32:
    return STORED_UINT32;
  case NANOARROW_TYPE_UINT64:
    return STORED_UINT64;
  case NANOARROW_TYPE_FLOAT:
    return STORED_FLOAT;
  case NANOARROW_TYPE_DOUBLE:
    return STORED_DOUBLE;
  case NANOARROW_TYPE_DATE64:
    return STORED_SCALED;
  case NANOARROW_TYPE_TIMESTAMP:
    return view->time_unit == NANOARROW_TIME_UNIT_MICRO ? STORED_INT64 : STORED_SCALED;
  case NANOARROW_TYPE_STRING:
  case NANOARROW_TYPE_BINARY:
    return STORED_TEXT;
  case NANOARROW_TYPE_LARGE_STRING:
  case NANOARROW_TYPE_LARGE_BINARY:
    return STORED_WIDE_TEXT;
  case NANOARROW_TYPE_STRING_VIEW:
  case NANOARROW_TYPE_BINARY_VIEW:
    return STORED_TEXT_VIEW;
  case NANOARROW_TYPE_FIXED_SIZE_BINARY:
    return STORED_FIXED_BYTES;
  case NANOARROW_TYPE_DECIMAL32:
    return STORED_DECIMAL32;
  case NANOARROW_TYPE_DECIMAL64:
    return STORED_DECIMAL64;
  case NANOARROW_TYPE_DECIMAL128:
    return STORED_DECIMAL128;
  case NANOARROW_TYPE_LIST:
  case NANOARROW_TYPE_LARGE_LIST:
    return STORED_LIST;
  case NANOARROW_TYPE_FIXED_SIZE_LIST:
    return STORED_FIXED_LIST;
  case NANOARROW_TYPE_MAP:
    return STORED_MAP;
  case NANOARROW_TYPE_STRUCT:
    return STORED_STRUCT;
  default:
    return STORED_NOT;
  }
}

static int64_t unit_of(const struct ArrowSchemaView *view)
{
  if (view->type == NANOARROW_TYPE_DATE64) return -GN_DAY_MS;
  if (view->type != NANOARROW_TYPE_TIMESTAMP) return 1;
  switch ((int)view->time_unit) {
  case NANOARROW_TIME_UNIT_SECOND:
    return 1000000;
  case NANOARROW_TIME_UNIT_MILLI:
    return 1000;
  case NANOARROW_TIME_UNIT_NANO:
    return -1000;
  default:
    return 1;
  }
}

struct array_viewer {
  gn_arena *arena;
  gn_error *err;
};

static int view_array(struct array_viewer *v, const gni_type *type,
                      const struct ArrowSchema *schema, const struct ArrowArray *array,
                      int64_t skip, gni_column *out);

static int64_t buffers_wanted(int storage)
{
  switch (storage) {
  case STORED_NOT:
    return 0;
  case STORED_STRUCT:
  case STORED_FIXED_LIST:
    return 1;
  case STORED_TEXT:
  case STORED_WIDE_TEXT:
  case STORED_TEXT_VIEW:
    return 3;
  default:
    return 2;
  }
}

static const void *move(const void *buffer, int64_t bytes)
{
  return buffer ? (const char *)buffer + bytes : NULL; /* an empty array may have none */
}

/* Points the column at the buffers, moved to row `offset` of the array. */
static void set_buffers(gni_column *column, const struct ArrowArray *array, int64_t offset)
{
  const void *const *buffers = array->buffers;
  bool has_offsets = column->storage == STORED_TEXT || column->storage == STORED_WIDE_TEXT ||
                     column->storage == STORED_LIST || column->storage == STORED_MAP;
  if (column->storage == STORED_NOT) return;
  if (array->null_count != 0) column->validity = buffers[0];
  column->bit_offset = offset;
  if (has_offsets) {
    column->offsets = move(buffers[1], offset * (column->wide ? 8 : 4));
    if (array->n_buffers > 2) column->values = buffers[2];
  } else if (column->storage == STORED_TEXT_VIEW) {
    column->view = true;
    column->values = move(buffers[1], offset * VIEW_BYTES);
    column->buffers = buffers + 2;
  } else if (column->storage == STORED_BITS) {
    column->values = buffers[1];
  } else if (array->n_buffers > 1) {
    column->values = move(buffers[1], offset * column->value_width);
  }
}

static int damaged(struct array_viewer *v, const struct ArrowSchema *schema)
{
  return gni_fail(v->err, GN_E_CORRUPT, "column '%.100s' is not what its schema says",
                  schema->name ? schema->name : "");
}

/* Children of a struct are read from the struct's own row on; those of a list by its offsets. */
static int view_children(struct array_viewer *v, const gni_type *type,
                         const struct ArrowSchema *schema, const struct ArrowArray *array,
                         int64_t skip, gni_column *out)
{
  size_t count = type->field_count;
  if (array->n_children != (int64_t)count || schema->n_children != (int64_t)count)
    return damaged(v, schema);
  out->children = GN_TAKE(v->arena, gni_column, count);
  if (!out->children) return gni_fail_arena(v->err, v->arena, count * sizeof(gni_column));
  for (size_t i = 0; i < count; i++) {
    int rc = view_array(v, type->fields[i].type, schema->children[i], array->children[i], skip,
                        &out->children[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int view_array(struct array_viewer *v, const gni_type *type,
                      const struct ArrowSchema *schema, const struct ArrowArray *array,
                      int64_t skip, gni_column *out)
{
  struct ArrowSchemaView view;
  if (ArrowSchemaViewInit(&view, schema, NULL) != NANOARROW_OK) return damaged(v, schema);
  int64_t offset = array->offset + skip;
  *out = (gni_column){.type = type,
                      .length = array->length - skip,
                      .storage = (uint8_t)storage_of(&view),
                      .unit = unit_of(&view)};
  out->wide = view.type == NANOARROW_TYPE_LARGE_STRING ||
              view.type == NANOARROW_TYPE_LARGE_BINARY || view.type == NANOARROW_TYPE_LARGE_LIST;
  out->value_width =
      (uint32_t)(out->storage == STORED_FIXED_LIST || out->storage == STORED_FIXED_BYTES
                     ? view.fixed_size
                     : view.layout.element_size_bits[1] / 8);
  if (array->n_buffers < buffers_wanted(out->storage)) return damaged(v, schema);
  set_buffers(out, array, offset);
  switch (out->storage) {
  case STORED_LIST:
    return view_children(v, type, schema, array, 0, out);
  case STORED_FIXED_LIST:
    return view_children(v, type, schema, array, offset * out->value_width, out);
  case STORED_STRUCT:
    return view_children(v, type, schema, array, offset, out);
  case STORED_MAP:
    if (array->n_children != 1) return damaged(v, schema);
    return view_children(v, type, schema->children[0], array->children[0],
                         array->children[0]->offset, out);
  default:
    return GN_OK;
  }
}

int gni_batch_view(const gni_type *schema_type, const struct ArrowSchema *schema,
                   const struct ArrowArray *batch, gn_arena *arena, gni_column **columns,
                   gn_error *err)
{
  struct array_viewer v = {.arena = arena, .err = err};
  gni_column root = {.type = schema_type};
  *columns = NULL;
  int rc = view_children(&v, schema_type, schema, batch, batch->offset, &root);
  if (rc != GN_OK) return rc;
  assert(root.children);
  for (uint32_t i = 0; i < schema_type->field_count; i++) root.children[i].length = batch->length;
  *columns = root.children;
  return GN_OK;
}
