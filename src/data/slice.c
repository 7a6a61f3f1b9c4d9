/* Parts of a batch as batches of their own. SPDX-License-Identifier: Apache-2.0
 *
 * Arrow says where a part begins by an offset, of the batch and of every child; IPC has no such
 * thing. So the part is copied to begin at its first value. */
#include <nanoarrow/nanoarrow.h>

#include "data/data_private.h"
#include "data/ipc.h"

static int slice_fail(gn_error *err, int native)
{
  if (native == ENOTSUP)
    return gni_fail_native(err, GN_E_UNSUPPORTED, native,
                           "a column's Arrow type cannot be cut into parts");
  return native == EINVAL ? gni_fail_native(err, GN_E_INVALID, native, "the Arrow data is damaged")
                          : gnp_arrow_fail(err, native, "copying Arrow data");
}

/* Bits [from, from + count) as bits [0, count). */
static int copy_bits(const uint8_t *bits, int64_t from, int64_t count, struct ArrowBuffer *out)
{
  int64_t bytes = (count + 7) / 8;
  int native = ArrowBufferResize(out, bytes, 0);
  if (native != NANOARROW_OK || bytes == 0) return native;
  memset(out->data, 0, (size_t)bytes);
  if (from % 8 == 0)
    memcpy(out->data, bits + from / 8, (size_t)bytes);
  else
    for (int64_t i = 0; i < count; i++)
      if (ArrowBitGet(bits, from + i)) ArrowBitSet(out->data, i);
  return NANOARROW_OK;
}

static int64_t offset_at(const struct ArrowArrayView *view, int buffer, int64_t i)
{
  return view->layout.element_size_bits[buffer] == 64 ? view->buffer_views[buffer].data.as_int64[i]
                                                      : view->buffer_views[buffer].data.as_int32[i];
}

/* Offsets that begin at 0, and the values they stood for: [*first, *first + *length). */
static int copy_offsets(const struct ArrowArrayView *view, int buffer, int64_t from, int64_t count,
                        struct ArrowBuffer *out, int64_t *first, int64_t *length)
{
  int wide = view->layout.element_size_bits[buffer] == 64;
  bool none = view->buffer_views[buffer].size_bytes == 0;
  int64_t end = none ? 0 : offset_at(view, buffer, from + count);
  *first = none ? 0 : offset_at(view, buffer, from);
  *length = end - *first;
  if (*first < 0 || *length < 0) return EINVAL;
  int native = ArrowBufferReserve(out, (count + 1) * (wide ? 8 : 4));
  for (int64_t i = 0; i <= count && native == NANOARROW_OK; i++) {
    int64_t at = none ? 0 : offset_at(view, buffer, from + i) - *first;
    native = wide ? ArrowBufferAppendInt64(out, at) : ArrowBufferAppendInt32(out, (int32_t)at);
  }
  return native;
}

static int copy_values(const struct ArrowArrayView *view, int buffer, int64_t from, int64_t count,
                       struct ArrowBuffer *out)
{
  const struct ArrowBufferView *source = &view->buffer_views[buffer];
  int64_t bits = view->layout.element_size_bits[buffer], width = bits ? bits / 8 : 1;
  if (bits == 1) return copy_bits(source->data.as_uint8, from, count, out);
  if (from + count > source->size_bytes / width) return EINVAL;
  return ArrowBufferAppend(out, source->data.as_uint8 + from * width, count * width);
}

static int copy_part(const struct ArrowArrayView *view, int64_t from, int64_t count,
                     struct ArrowArray *out);

static int copy_children(const struct ArrowArrayView *view, int64_t from, int64_t count,
                         int64_t first, int64_t length, struct ArrowArray *out)
{
  enum ArrowType type = view->storage_type;
  bool by_offsets = type == NANOARROW_TYPE_LIST || type == NANOARROW_TYPE_LARGE_LIST ||
                    type == NANOARROW_TYPE_MAP;
  int64_t width = type == NANOARROW_TYPE_FIXED_SIZE_LIST ? view->layout.child_size_elements : 1;
  int native = NANOARROW_OK;
  if (view->n_children && !by_offsets && type != NANOARROW_TYPE_STRUCT &&
      type != NANOARROW_TYPE_FIXED_SIZE_LIST)
    return ENOTSUP;
  for (int64_t i = 0; i < view->n_children && native == NANOARROW_OK; i++)
    native = by_offsets
                 ? copy_part(view->children[i], first, length, out->children[i])
                 : copy_part(view->children[i], from * width, count * width, out->children[i]);
  return native;
}

/* What a column's offsets stand for; without offsets the rows themselves. */
struct span {
  bool by_offsets;
  int64_t first, length;
};

static int copy_buffer(const struct ArrowArrayView *view, int i, int64_t from, int64_t count,
                       struct span *span, struct ArrowArray *out)
{
  const uint8_t *bits = view->buffer_views[i].data.as_uint8;
  struct ArrowBuffer *buffer = ArrowArrayBuffer(out, i);
  enum ArrowBufferType type = view->layout.buffer_type[i];
  if (type == NANOARROW_BUFFER_TYPE_NONE) return NANOARROW_OK;
  if (type == NANOARROW_BUFFER_TYPE_VALIDITY) {
    if (!bits || view->null_count == 0) return NANOARROW_OK;
    out->null_count = count - ArrowBitCountSet(bits, from, count);
    return out->null_count ? copy_bits(bits, from, count, buffer) : NANOARROW_OK;
  }
  if (type == NANOARROW_BUFFER_TYPE_DATA_OFFSET) {
    span->by_offsets = true;
    return copy_offsets(view, i, from, count, buffer, &span->first, &span->length);
  }
  if (type != NANOARROW_BUFFER_TYPE_DATA) return ENOTSUP;
  return span->by_offsets ? copy_values(view, i, span->first, span->length, buffer)
                          : copy_values(view, i, from, count, buffer);
}

/* `from` counts from the first value that the view shows. */
static int copy_part(const struct ArrowArrayView *view, int64_t from, int64_t count,
                     struct ArrowArray *out)
{
  struct span span = {0};
  int native = NANOARROW_OK;
  if (view->dictionary) return ENOTSUP;
  if (from + count > view->length) return EINVAL;
  from += view->offset;
  out->null_count = view->storage_type == NANOARROW_TYPE_NA ? count : 0;
  out->length = count;
  for (int i = 0; i < NANOARROW_MAX_FIXED_BUFFERS && native == NANOARROW_OK; i++)
    native = copy_buffer(view, i, from, count, &span, out);
  return native == NANOARROW_OK ? copy_children(view, from, count, span.first, span.length, out)
                                : native;
}

int gni_array_slice(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t from,
                    int64_t count, struct ArrowArray *out, gn_error *err)
{
  struct ArrowArrayView view;
  *out = (struct ArrowArray){.release = NULL};
  int native = ArrowArrayViewInitFromSchema(&view, schema, NULL);
  if (native == NANOARROW_OK) native = ArrowArrayViewSetArray(&view, array, NULL);
  if (native == NANOARROW_OK) native = ArrowArrayInitFromArrayView(out, &view, NULL);
  if (native == NANOARROW_OK) native = copy_part(&view, from, count, out);
  if (native == NANOARROW_OK)
    native = ArrowArrayFinishBuilding(out, NANOARROW_VALIDATION_LEVEL_MINIMAL, NULL);
  ArrowArrayViewReset(&view);
  if (native == NANOARROW_OK) return GN_OK;
  gni_array_close(out);
  return slice_fail(err, native);
}
