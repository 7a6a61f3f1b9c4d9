/* Rows into Arrow arrays. SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

#include <nanoarrow/nanoarrow.h>

struct gni_builder {
  const gni_type *structure;
  const gn_alloc *alloc;
  struct ArrowSchema schema;
  struct ArrowArray array; /* released while there is no row */
  int rc;                  /* of the first failure */
};

/* ---- buffers from our allocator -------------------------------------------------------------- */

static uint8_t *resize_buffer(struct ArrowBufferAllocator *allocator, uint8_t *block,
                              int64_t old_size, int64_t size)
{
  const gn_alloc *alloc = allocator->private_data;
  size_t old_bytes = block ? (size_t)old_size : 0;
  uint8_t *moved = gni_resize(alloc, block, old_bytes, (size_t)size);
  /* nanoarrow forgets the old block when there is no new one. */
  if (!moved && block && size > 0) gni_resize(alloc, block, old_bytes, 0);
  return moved;
}

static void free_buffer(struct ArrowBufferAllocator *allocator, uint8_t *block, int64_t size)
{
  if (block) gni_resize(allocator->private_data, block, (size_t)size, 0);
}

static int use_alloc(struct ArrowArray *array, const gn_alloc *alloc)
{
  struct ArrowBufferAllocator allocator = {resize_buffer, free_buffer, NULL};
  memcpy(&allocator.private_data, &alloc, sizeof alloc); /* nanoarrow's member is not const */
  for (int64_t i = 0; i < NANOARROW_MAX_FIXED_BUFFERS; i++) {
    int native = ArrowBufferSetAllocator(ArrowArrayBuffer(array, i), allocator);
    if (native != NANOARROW_OK) return native;
  }
  for (int64_t i = 0; i < array->n_children; i++) {
    int native = use_alloc(array->children[i], alloc);
    if (native != NANOARROW_OK) return native;
  }
  return NANOARROW_OK;
}

/* ---- one value ------------------------------------------------------------------------------- */

static int append(struct ArrowArray *array, const gni_type *type, const gni_value *value);

static int append_decimal(struct ArrowArray *array, const gni_type *type, const gni_value *value)
{
  struct ArrowDecimal decimal;
  ArrowDecimalInit(&decimal, 128, type->precision, type->scale);
  decimal.words[decimal.low_word_index] = value->decimal.low;
  decimal.words[decimal.high_word_index] = (uint64_t)value->decimal.high;
  return ArrowArrayAppendDecimal(array, &decimal);
}

static int append_list(struct ArrowArray *array, const gni_type *type, const gni_value *value)
{
  for (size_t i = 0; i < value->list.count; i++) {
    int native = append(array->children[0], type->fields[0].type, &value->list.items[i]);
    if (native != NANOARROW_OK) return native;
  }
  return ArrowArrayFinishElement(array);
}

static int append_struct(struct ArrowArray *array, const gni_type *type, const gni_value *fields)
{
  for (uint32_t i = 0; i < type->field_count; i++) {
    int native = append(array->children[i], type->fields[i].type, &fields[i]);
    if (native != NANOARROW_OK) return native;
  }
  return ArrowArrayFinishElement(array);
}

/* The entries are structs of key and value: a map type's fields in that order. */
static int append_map(struct ArrowArray *array, const gni_type *type, const gni_value *value)
{
  for (size_t i = 0; i < value->list.count; i++) {
    int native = append_struct(array->children[0], type, &value->list.items[2 * i]);
    if (native != NANOARROW_OK) return native;
  }
  return ArrowArrayFinishElement(array);
}

static int append(struct ArrowArray *array, const gni_type *type, const gni_value *value)
{
  if (value->is_null) return ArrowArrayAppendNull(array, 1);
  switch (type->kind) {
  case GNI_BOOLEAN:
    return ArrowArrayAppendInt(array, value->boolean);
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return ArrowArrayAppendDouble(array, value->real);
  case GNI_STRING:
  case GNI_BINARY: {
    struct ArrowBufferView bytes = {.data.as_char = value->text.ptr,
                                    .size_bytes = (int64_t)value->text.len};
    return ArrowArrayAppendBytes(array, bytes);
  }
  case GNI_MAP:
    return append_map(array, type, value);
  case GNI_LIST:
    return append_list(array, type, value);
  case GNI_STRUCT:
    return append_struct(array, type, value->list.items);
  case GNI_DECIMAL:
    return append_decimal(array, type, value);
  case GNI_NULL:
    return ArrowArrayAppendNull(array, 1);
  default:
    return ArrowArrayAppendInt(array, value->integer);
  }
}

/* ---- the builder ----------------------------------------------------------------------------- */

int gni_builder_new(const gni_type *structure, const gn_alloc *alloc, gni_builder **out,
                    gn_error *err)
{
  *out = NULL;
  gni_builder *builder = gni_alloc_zero(alloc, sizeof *builder);
  if (!builder) return gni_fail_nomem(err, sizeof *builder);
  builder->structure = structure;
  builder->alloc = alloc;
  int rc = gni_type_to_arrow(structure, GN_STR(""), &builder->schema, err);
  if (rc != GN_OK) {
    gni_builder_free(builder);
    return rc;
  }
  *out = builder;
  return GN_OK;
}

void gni_builder_free(gni_builder *builder)
{
  if (!builder) return;
  gni_array_close(&builder->array);
  gni_schema_close(&builder->schema);
  gni_free(builder->alloc, builder, sizeof *builder);
}

static int start(gni_builder *builder)
{
  int native = ArrowArrayInitFromSchema(&builder->array, &builder->schema, NULL);
  if (native != NANOARROW_OK) return native;
  native = use_alloc(&builder->array, builder->alloc);
  return native == NANOARROW_OK ? ArrowArrayStartAppending(&builder->array) : native;
}

static int add_row(gni_builder *builder, const gni_value *row, gn_error *err)
{
  const gni_type *type = builder->structure;
  struct ArrowArray *array = &builder->array;
  int rc;
  if (!array->release && (rc = gnp_arrow_fail(err, start(builder), "starting a batch")) != GN_OK)
    return rc;
  for (uint32_t i = 0; i < type->field_count; i++) {
    int native = append(array->children[i], type->fields[i].type, &row[i]);
    if (native == NANOARROW_OK) continue;
    rc = gnp_arrow_fail(err, native, "adding a row");
    gni_error_where(err, "column '%.*s'", GN_STR_ARGS(type->fields[i].name));
    return rc;
  }
  return gnp_arrow_fail(err, ArrowArrayFinishElement(array), "adding a row");
}

int gni_builder_add(gni_builder *builder, const gni_value *row, gn_error *err)
{
  if (builder->rc != GN_OK) return gni_fail(err, builder->rc, "an earlier row failed");
  return builder->rc = add_row(builder, row, err);
}

int64_t gni_builder_rows(const gni_builder *builder)
{
  return builder->array.release ? builder->array.length : 0;
}

static int64_t count_bytes(struct ArrowArray *array)
{
  int64_t bytes = 0;
  for (int64_t i = 0; i < NANOARROW_MAX_FIXED_BUFFERS; i++)
    bytes += ArrowArrayBuffer(array, i)->size_bytes;
  for (int64_t i = 0; i < array->n_children; i++) bytes += count_bytes(array->children[i]);
  return bytes;
}

int64_t gni_builder_bytes(const gni_builder *builder)
{
  struct ArrowArray array = builder->array;
  return array.release ? count_bytes(&array) : 0;
}

int gni_builder_finish(gni_builder *builder, struct ArrowArray *out, gn_error *err)
{
  *out = (struct ArrowArray){.release = NULL};
  if (builder->rc != GN_OK) return gni_fail(err, builder->rc, "an earlier row failed");
  int native = builder->array.release ? NANOARROW_OK : start(builder);
  if (native == NANOARROW_OK) native = ArrowArrayFinishBuildingDefault(&builder->array, NULL);
  builder->rc = gnp_arrow_fail(err, native, "finishing a batch");
  if (builder->rc == GN_OK) ArrowArrayMove(&builder->array, out);
  return builder->rc;
}
