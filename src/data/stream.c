/* Callbacks as Arrow streams, and streams with our error record.
 * SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>

/* ---- callbacks as streams -------------------------------------------------------------------- */

struct callback_stream {
  struct ArrowSchema schema;
  gni_next_batch next;
  void (*close)(void *user);
  void *user;
  const gn_alloc *alloc;
  gn_error last;
};

static int errno_of(int code)
{
  switch (code) {
  case GN_OK:
    return 0;
  case GN_E_NOMEM:
    return ENOMEM;
  case GN_E_CANCELLED:
    return ECANCELED;
  case GN_E_IO:
    return EIO;
  default:
    return EINVAL;
  }
}

static int callback_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  struct callback_stream *own = stream->private_data;
  return ArrowSchemaDeepCopy(&own->schema, out);
}

static int callback_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  struct callback_stream *own = stream->private_data;
  *out = (struct ArrowArray){.release = NULL};
  own->last = (gn_error){.code = GN_OK};
  return errno_of(own->next(own->user, out, &own->last));
}

static const char *callback_last_error(struct ArrowArrayStream *stream)
{
  struct callback_stream *own = stream->private_data;
  return own->last.code == GN_OK ? NULL : own->last.message;
}

static void callback_release(struct ArrowArrayStream *stream)
{
  struct callback_stream *own = stream->private_data;
  if (own->close) own->close(own->user);
  gni_schema_close(&own->schema);
  gni_free(own->alloc, own, sizeof *own);
  stream->release = NULL;
}

int gni_stream_new(const gni_type *structure, gni_next_batch next, void (*close)(void *user),
                   void *user, const gn_alloc *alloc, struct ArrowArrayStream *out, gn_error *err)
{
  *out = (struct ArrowArrayStream){.release = NULL};
  struct callback_stream *own = gni_alloc(alloc, sizeof *own);
  if (!own) return gni_fail_nomem(err, sizeof *own);
  *own = (struct callback_stream){.next = next, .close = close, .user = user, .alloc = alloc};
  int rc = gni_type_to_arrow(structure, GN_STR(""), &own->schema, err);
  if (rc != GN_OK) {
    gni_free(alloc, own, sizeof *own);
    return rc;
  }
  *out = (struct ArrowArrayStream){.get_schema = callback_schema,
                                   .get_next = callback_next,
                                   .get_last_error = callback_last_error,
                                   .release = callback_release,
                                   .private_data = own};
  return GN_OK;
}

/* ---- streams with our error record ----------------------------------------------------------- */

/* Our own streams hand over the whole record; of others there is a text and an errno. */
static int stream_fail(struct ArrowArrayStream *stream, int native, gn_error *err)
{
  if (stream->release == callback_release) {
    const struct callback_stream *own = stream->private_data;
    if (own->last.code != GN_OK) {
      if (err && err->code == GN_OK) *err = own->last;
      return own->last.code;
    }
  }
  const char *text = stream->get_last_error(stream);
  int code = native == ENOMEM      ? GN_E_NOMEM
             : native == ECANCELED ? GN_E_CANCELLED
             : native == EINVAL    ? GN_E_INVALID
                                   : GN_E_IO;
  int rc = gni_fail_native(err, code, native, "%.300s", text ? text : "the stream failed");
  if (text && text[0] == '[') gni_error_diagnostic(err, "GX005"); /* a class of Spark's errors */
  if (text && code == GN_E_NOMEM) {
    gni_error_diagnostic(err, "GR003"); /* the engine's budget; our own memory has a record */
    gni_error_hint(err, "give more memory, fewer threads, or room for temporary files");
  }
  return rc;
}

int gni_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out, gn_error *err)
{
  *out = (struct ArrowArray){.release = NULL};
  int native = stream->get_next(stream, out);
  return native == 0 ? GN_OK : stream_fail(stream, native, err);
}

int gni_stream_type(struct ArrowArrayStream *stream, gn_arena *arena, struct ArrowSchema *schema,
                    const gni_type **out, gn_error *err)
{
  *out = NULL;
  *schema = (struct ArrowSchema){.release = NULL};
  int native = stream->get_schema(stream, schema);
  if (native != 0) return stream_fail(stream, native, err);
  int rc = gni_type_from_arrow(schema, arena, out, err);
  if (rc != GN_OK) gni_schema_close(schema);
  return rc;
}

void gni_stream_close(struct ArrowArrayStream *stream)
{
  if (stream->release) stream->release(stream);
}

void gni_array_close(struct ArrowArray *array)
{
  if (array->release) array->release(array);
}

void gni_schema_close(struct ArrowSchema *schema)
{
  if (schema->release) schema->release(schema);
}
