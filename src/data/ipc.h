/* Arrow's IPC streams: bytes into arrays that borrow them, and arrays into bytes. nanoarrow is
 * included in src/data only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_DATA_IPC_H
#define GNOMON_SRC_DATA_IPC_H

#include "data/data.h"

/* Bytes with an owner that is told once nobody needs them any more, on any thread. */
typedef struct gni_ipc_bytes {
  gn_str text; /* best aligned to 64 bytes; arrays point into it */
  void (*release)(void *owner);
  void *owner;
} gni_ipc_bytes;

/* Reads streams of one schema, one after the other. Confined to one thread. */
typedef struct gni_ipc_reader gni_ipc_reader;
int gni_ipc_reader_new(const gn_alloc *alloc, gni_ipc_reader **out, gn_error *err);
void gni_ipc_reader_free(gni_ipc_reader *reader); /* NULL does nothing */

/* A whole stream: schema, then at most one batch (zstd and lz4 bodies are unpacked). `out` borrows
 * the bytes, which are taken over even on failure; out->release is NULL when there is no batch. The
 * schema must be that of the streams before. GN_E_CORRUPT for damage, checked before anything is
 * believed. */
int gni_ipc_read(gni_ipc_reader *reader, const gni_ipc_bytes *bytes, struct ArrowArray *out,
                 gn_error *err);
/* Of the streams so far; NULL before the first. Belongs to the reader. */
const struct ArrowSchema *gni_ipc_reader_schema(const gni_ipc_reader *reader);
/* All that is left of a stream of batches as one IPC stream, uncompressed. Columns with
 * dictionaries are GN_E_UNSUPPORTED, with their name: Spark would read their numbers as values.
 * `rows` stays the caller's to release. */
int gni_ipc_write(struct ArrowArrayStream *rows, gn_buf *out, gn_error *err);

/* Rows [from, from + count) of a batch, copied so that they begin at their first value everywhere:
 * the writer knows no offsets. GN_E_UNSUPPORTED for views, unions and dictionaries. */
int gni_array_slice(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t from,
                    int64_t count, struct ArrowArray *out, gn_error *err);

/* A deep copy, the caller's to release. */
int gni_schema_copy(const struct ArrowSchema *schema, struct ArrowSchema *out, gn_error *err);
/* A struct without fields: the schema of what has no columns. */
int gni_schema_empty(struct ArrowSchema *out, gn_error *err);

#endif
