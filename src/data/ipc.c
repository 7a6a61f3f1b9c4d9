/* Arrow IPC through nanoarrow. SPDX-License-Identifier: Apache-2.0 */
#include "data/ipc.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include "data/data_private.h"

struct gni_ipc_reader {
  const gn_alloc *alloc;
  struct ArrowIpcDecoder decoder;
  struct ArrowSchema schema;
  gn_buf schema_bytes; /* the message it came in: the next one is usually the same */
};

int gni_ipc_reader_new(const gn_alloc *alloc, gni_ipc_reader **out, gn_error *err)
{
  *out = NULL;
  gni_ipc_reader *reader = gni_alloc_zero(alloc, sizeof *reader);
  if (!reader) return gni_fail_nomem(err, sizeof *reader);
  reader->alloc = alloc;
  gni_buf_init(&reader->schema_bytes, alloc, GN_VALUE_BYTES_MAX);
  int native = ArrowIpcDecoderInit(&reader->decoder);
  if (native != NANOARROW_OK) {
    gni_free(alloc, reader, sizeof *reader);
    return gnp_arrow_fail(err, native, "reading Arrow");
  }
  *out = reader;
  return GN_OK;
}

void gni_ipc_reader_free(gni_ipc_reader *reader)
{
  if (!reader) return;
  ArrowIpcDecoderReset(&reader->decoder);
  gni_schema_close(&reader->schema);
  gni_buf_deinit(&reader->schema_bytes);
  gni_free(reader->alloc, reader, sizeof *reader);
}

const struct ArrowSchema *gni_ipc_reader_schema(const gni_ipc_reader *reader)
{
  return reader->schema.release ? &reader->schema : NULL;
}

static int ipc_fail(gn_error *err, int native, const struct ArrowError *why)
{
  if (native == ENOMEM) return gni_fail_nomem(err, 1);
  return gni_fail_native(err, native == ENOTSUP ? GN_E_UNSUPPORTED : GN_E_CORRUPT, native,
                         "the Arrow data is damaged: %.300s", why->message);
}

/* ---- one message at a time ------------------------------------------------------------------- */

struct message {
  gn_str header, body;
};

static bool is_end(gn_str rest)
{
  static const char mark[8] = {'\xFF', '\xFF', '\xFF', '\xFF', 0, 0, 0, 0};
  return rest.len == 0 || (rest.len >= sizeof mark && memcmp(rest.ptr, mark, sizeof mark) == 0);
}

/* Cuts the next message off, verified. GN_ABSENT at the end of the stream. */
static int next_message(gni_ipc_reader *reader, gn_str *rest, struct message *out, gn_error *err)
{
  struct ArrowError why = {{0}};
  struct ArrowIpcDecoder *decoder = &reader->decoder;
  if (is_end(*rest)) return GN_ABSENT;
  struct ArrowBufferView view = {.data = {.data = rest->ptr}, .size_bytes = (int64_t)rest->len};
  int native = ArrowIpcDecoderVerifyHeader(decoder, view, &why);
  if (native != NANOARROW_OK) return ipc_fail(err, native, &why);
  size_t header = (size_t)decoder->header_size_bytes, body = (size_t)decoder->body_size_bytes;
  if (decoder->body_size_bytes < 0 || header > rest->len || body > rest->len - header)
    return gni_fail(err, GN_E_CORRUPT, "the Arrow data is damaged: it ends within a message");
  out->header = (gn_str){rest->ptr, header};
  out->body = (gn_str){rest->ptr + header, body};
  *rest = (gn_str){rest->ptr + header + body, rest->len - header - body};
  return GN_OK;
}

static int decode_header(gni_ipc_reader *reader, gn_str header, gn_error *err)
{
  struct ArrowError why = {{0}};
  struct ArrowBufferView view = {.data = {.data = header.ptr}, .size_bytes = (int64_t)header.len};
  int native = ArrowIpcDecoderDecodeHeader(&reader->decoder, view, &why);
  return native == NANOARROW_OK ? GN_OK : ipc_fail(err, native, &why);
}

static int first_schema(gni_ipc_reader *reader, gn_str header, gn_error *err)
{
  struct ArrowError why = {{0}};
  int rc = decode_header(reader, header, err);
  if (rc != GN_OK) return rc;
  int native = ArrowIpcDecoderDecodeSchema(&reader->decoder, &reader->schema, &why);
  if (native == NANOARROW_OK)
    native = ArrowIpcDecoderSetSchema(&reader->decoder, &reader->schema, &why);
  if (native != NANOARROW_OK) {
    gni_schema_close(&reader->schema);
    return ipc_fail(err, native, &why);
  }
  return gni_buf_add_str(&reader->schema_bytes, header) == GN_OK ? GN_OK
                                                                 : gni_fail_nomem(err, header.len);
}

static int read_schema(gni_ipc_reader *reader, gn_str *rest, gn_error *err)
{
  gn_str known = gni_buf_view(&reader->schema_bytes);
  struct message message;
  if (known.len && rest->len >= known.len && memcmp(rest->ptr, known.ptr, known.len) == 0) {
    *rest = (gn_str){rest->ptr + known.len, rest->len - known.len};
    return GN_OK;
  }
  int rc = next_message(reader, rest, &message, err);
  if (rc == GN_ABSENT) return gni_fail(err, GN_E_CORRUPT, "the Arrow data has no schema");
  if (rc != GN_OK) return rc;
  if (reader->decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_SCHEMA)
    return gni_fail(err, GN_E_CORRUPT, "the Arrow data does not begin with its schema");
  if (known.len) return gni_fail(err, GN_E_CORRUPT, "the schema changed between two batches");
  return first_schema(reader, message.header, err);
}

/* ---- batches that borrow --------------------------------------------------------------------- */

/* nanoarrow frees a shared buffer through this; what is freed is our hold of the owner. */
static void release_bytes(struct ArrowBufferAllocator *allocator, uint8_t *ptr, int64_t size)
{
  gni_ipc_bytes *bytes = allocator->private_data;
  (void)ptr;
  (void)size;
  bytes->release(bytes->owner);
  ArrowFree(bytes);
}

/* Takes over `bytes`, even on failure. */
static int share(const gni_ipc_bytes *bytes, gn_str body, struct ArrowBuffer *out, gn_error *err)
{
  gni_ipc_bytes *hold = ArrowMalloc(sizeof *hold);
  struct ArrowBuffer source;
  if (!hold) {
    bytes->release(bytes->owner);
    return gni_fail_nomem(err, sizeof *hold);
  }
  *hold = *bytes;
  ArrowBufferInit(&source);
  source.allocator = ArrowBufferDeallocator(release_bytes, hold);
  union {
    const char *in;
    uint8_t *out;
  } start = {body.ptr}; /* nanoarrow never writes to shared bytes */
  source.data = start.out;
  source.size_bytes = source.capacity_bytes = (int64_t)body.len;
  int native = ArrowIpcSharedBufferInit(out, &source);
  if (native == NANOARROW_OK) return GN_OK;
  ArrowBufferReset(&source);
  return gni_fail_nomem(err, sizeof source);
}

static int read_batch(gni_ipc_reader *reader, const gni_ipc_bytes *bytes,
                      const struct message *message, struct ArrowArray *out, gn_error *err)
{
  struct ArrowError why = {{0}};
  struct ArrowBuffer shared;
  int rc = share(bytes, message->body, &shared, err);
  if (rc != GN_OK) return rc;
  rc = decode_header(reader, message->header, err);
  if (rc == GN_OK) {
    int native = ArrowIpcDecoderDecodeArrayFromShared(&reader->decoder, &shared, -1, out,
                                                      NANOARROW_VALIDATION_LEVEL_FULL, &why);
    if (native != NANOARROW_OK) rc = ipc_fail(err, native, &why);
  }
  ArrowBufferReset(&shared);
  return rc;
}

int gni_ipc_read(gni_ipc_reader *reader, const gni_ipc_bytes *bytes, struct ArrowArray *out,
                 gn_error *err)
{
  struct message message;
  gn_str rest = bytes->text;
  *out = (struct ArrowArray){.release = NULL};
  int rc = read_schema(reader, &rest, err);
  if (rc == GN_OK) rc = next_message(reader, &rest, &message, err);
  if (rc == GN_OK && reader->decoder.message_type != NANOARROW_IPC_MESSAGE_TYPE_RECORD_BATCH)
    rc = gni_fail(err, GN_E_UNSUPPORTED, "the Arrow data holds something other than batches");
  if (rc == GN_OK) return read_batch(reader, bytes, &message, out, err);
  bytes->release(bytes->owner);
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

enum { SCHEMA_DEPTH_MAX = 100 };

static int refuse_dictionaries(const struct ArrowSchema *schema, int depth, gn_error *err)
{
  if (depth > SCHEMA_DEPTH_MAX)
    return gni_fail(err, GN_E_LIMIT, "a type has more than %d levels", SCHEMA_DEPTH_MAX);
  if (schema->dictionary) {
    gni_error_hint(err, "cast it to the type of its values first");
    return gni_fail(err, GN_E_UNSUPPORTED, "column '%.100s' is encoded by a dictionary",
                    schema->name ? schema->name : "");
  }
  for (int64_t i = 0; i < schema->n_children; i++) {
    int rc = refuse_dictionaries(schema->children[i], depth + 1, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static ArrowErrorCode write_to_buf(struct ArrowIpcOutputStream *stream, const void *bytes,
                                   int64_t size, int64_t *written, struct ArrowError *error)
{
  gn_buf *out = stream->private_data;
  (void)error;
  if (gni_buf_add(out, bytes, (size_t)size) != GN_OK) return ENOMEM;
  *written = size;
  return NANOARROW_OK;
}

static void release_nothing(struct ArrowIpcOutputStream *stream)
{
  stream->release = NULL;
}

int gni_ipc_write(struct ArrowArrayStream *rows, gn_buf *out, gn_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowIpcOutputStream output = {write_to_buf, release_nothing, out};
  struct ArrowIpcWriter writer;
  struct ArrowError why = {{0}};
  int native = rows->get_schema(rows, &schema);
  if (native != 0) {
    const char *text = rows->get_last_error(rows);
    return gni_fail_native(err, GN_E_INVALID, native, "%.300s",
                           text ? text : "the stream has no schema");
  }
  int rc = refuse_dictionaries(&schema, 0, err);
  gni_schema_close(&schema);
  if (rc != GN_OK) return rc;
  native = ArrowIpcWriterInit(&writer, &output);
  if (native != NANOARROW_OK) return gnp_arrow_fail(err, native, "writing Arrow");
  native = ArrowIpcWriterWriteArrayStream(&writer, rows, &why);
  ArrowIpcWriterReset(&writer);
  if (out->rc != GN_OK)
    return out->rc == GN_E_LIMIT
               ? gni_fail(err, out->rc, "the rows have more than %zu bytes", out->ceiling_bytes)
               : gni_fail_nomem(err, out->len);
  if (native == NANOARROW_OK) return GN_OK;
  return gni_fail_native(err, native == ENOMEM ? GN_E_NOMEM : GN_E_INVALID, native, "%.300s",
                         why.message);
}

/* ---- schemas --------------------------------------------------------------------------------- */

int gni_schema_copy(const struct ArrowSchema *schema, struct ArrowSchema *out, gn_error *err)
{
  *out = (struct ArrowSchema){.release = NULL};
  int native = ArrowSchemaDeepCopy(schema, out);
  return native == NANOARROW_OK ? GN_OK : gnp_arrow_fail(err, native, "copying a schema");
}

int gni_schema_empty(struct ArrowSchema *out, gn_error *err)
{
  ArrowSchemaInit(out);
  int native = ArrowSchemaSetTypeStruct(out, 0);
  if (native == NANOARROW_OK) return GN_OK;
  gni_schema_close(out);
  return gnp_arrow_fail(err, native, "making a schema");
}
