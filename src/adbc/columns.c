/* Arrow columns that the driver makes itself. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"

#include <errno.h>

#include "data/ipc.h"

enum { BUFFERS_MAX = 2 };

/* ---- schemas --------------------------------------------------------------------------------- */

typedef struct made_schema {
  gn_alloc alloc;
  size_t size;
  struct ArrowSchema **list; /* to the children, which stand before them */
  struct ArrowSchema children[];
} made_schema;

static void release_schema(struct ArrowSchema *schema)
{
  made_schema *own = schema->private_data;
  const gn_alloc alloc = own->alloc;
  for (int64_t i = 0; i < schema->n_children; i++) gni_schema_close(schema->children[i]);
  gni_free(&alloc, own, own->size);
  schema->release = NULL;
}

int adbcp_schema_wrap(const gn_alloc *alloc, const struct ArrowSchema *like,
                      struct ArrowSchema **children, size_t count, struct ArrowSchema *out,
                      sparkc_error *err)
{
  size_t size = sizeof(made_schema) + count * (sizeof **children + sizeof *children);
  made_schema *own = gni_alloc_zero(alloc, size);
  *out = (struct ArrowSchema){.release = NULL};
  if (!own) return adbcp_nomem(err);
  own->size = size;
  own->list = (struct ArrowSchema **)(void *)&own->children[count];
  own->alloc = *alloc;
  for (size_t i = 0; i < count; i++) {
    own->children[i] = *children[i];
    children[i]->release = NULL;
    own->list[i] = &own->children[i];
  }
  *out = *like;
  out->n_children = (int64_t)count;
  out->children = own->list;
  out->release = release_schema;
  out->private_data = own;
  return SPARKC_OK;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

typedef struct made_array {
  gn_alloc alloc;
  const void *buffers[BUFFERS_MAX];
  adbcp_block owned;
  size_t size;
  struct ArrowArray **list; /* to the children, which stand before them */
  struct ArrowArray children[];
} made_array;

static void release_array(struct ArrowArray *array)
{
  made_array *own = array->private_data;
  const gn_alloc alloc = own->alloc;
  for (int64_t i = 0; i < array->n_children; i++) gni_array_close(array->children[i]);
  gni_free(&alloc, own->owned.ptr, own->owned.size);
  gni_free(&alloc, own, own->size);
  array->release = NULL;
}

int adbcp_array_wrap(const gn_alloc *alloc, int64_t length, const void *const *buffers,
                     size_t buffer_count, struct ArrowArray **children, size_t count,
                     const adbcp_block *owned, struct ArrowArray *out, sparkc_error *err)
{
  size_t size = sizeof(made_array) + count * (sizeof **children + sizeof *children);
  made_array *own = gni_alloc_zero(alloc, size);
  *out = (struct ArrowArray){.release = NULL};
  if (!own) return adbcp_nomem(err);
  own->size = size;
  own->list = (struct ArrowArray **)(void *)&own->children[count];
  own->alloc = *alloc;
  if (owned) own->owned = *owned;
  for (size_t i = 0; i < buffer_count; i++) own->buffers[i] = buffers[i];
  for (size_t i = 0; i < count; i++) {
    own->children[i] = *children[i];
    children[i]->release = NULL;
    own->list[i] = &own->children[i];
  }
  *out = (struct ArrowArray){.length = length,
                             .n_buffers = (int64_t)buffer_count,
                             .n_children = (int64_t)count,
                             .buffers = own->buffers,
                             .children = own->list,
                             .release = release_array,
                             .private_data = own};
  return SPARKC_OK;
}

/* ---- one batch as a stream ------------------------------------------------------------------- */

typedef struct one_batch {
  gn_alloc alloc;
  struct ArrowSchema schema;
  struct ArrowArray array;
  gn_error why;
} one_batch;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  one_batch *own = stream->private_data;
  own->why = (gn_error){0};
  return gni_schema_copy(&own->schema, out, &own->why) == GN_OK ? 0 : ENOMEM;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  one_batch *own = stream->private_data;
  *out = own->array;
  own->array.release = NULL;
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
  const one_batch *own = stream->private_data;
  return own->why.code == GN_OK ? NULL : own->why.message;
}

static void release(struct ArrowArrayStream *stream)
{
  one_batch *own = stream->private_data;
  const gn_alloc alloc = own->alloc;
  gni_schema_close(&own->schema);
  gni_array_close(&own->array);
  gni_free(&alloc, own, sizeof *own);
  stream->release = NULL;
}

int adbcp_stream_of(const gn_alloc *alloc, struct ArrowSchema *schema, struct ArrowArray *array,
                    struct ArrowArrayStream *out, sparkc_error *err)
{
  one_batch *own = gni_alloc_zero(alloc, sizeof *own);
  *out = (struct ArrowArrayStream){.release = NULL};
  if (!own) return adbcp_nomem(err);
  own->alloc = *alloc;
  own->schema = *schema;
  own->array = *array;
  schema->release = NULL;
  array->release = NULL;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, own};
  return SPARKC_OK;
}
