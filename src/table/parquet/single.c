/* The rows of a stream as one file that belongs to no table. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"
#include "table/table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const size_t row_group_bytes_max = (size_t)64 << 20, batch_bytes_max = (size_t)1 << 30;

struct single {
  const gn_alloc *alloc;
  struct ArrowArrayStream *rows;
  struct ArrowSchema schema;
  const gni_type *type;
  gn_arena types, batch_arena;
  gnp_press *press;
  gnp_encoder *encoder;
  gni_value *values; /* of a row */
  const gni_value **cells;
  const gni_value *const **columns; /* one cell each */
  FILE *file;
};

static int add_row(struct single *at, const gni_column *columns, int64_t number, gn_error *err)
{
  for (size_t i = 0; i < at->type->field_count; i++) {
    if (gni_column_get(&columns[i], number, &at->batch_arena, &at->values[i]) != GN_OK)
      return gni_fail_arena(err, &at->batch_arena, 1);
  }
  int rc = gnp_encoder_add(at->encoder, at->columns, 0, 1, at->press, err);
  if (rc == GN_OK && (gnp_encoder_rows(at->encoder) == GNP_ROW_GROUP_ROWS ||
                      gnp_encoder_held_bytes(at->encoder) > row_group_bytes_max))
    rc = gnp_encoder_flush(at->encoder, at->press, at->file, err);
  return rc;
}

static int add_batches(struct single *at, gn_error *err)
{
  struct ArrowArray batch = {0};
  gni_column *columns;
  int rc = GN_OK;
  while (rc == GN_OK) {
    rc = gni_stream_next(at->rows, &batch, err);
    if (rc != GN_OK || !batch.release) break;
    gni_arena_reset(&at->batch_arena);
    rc = gni_batch_view(at->type, &at->schema, &batch, &at->batch_arena, &columns, err);
    for (int64_t i = 0; rc == GN_OK && i < batch.length; i++) rc = add_row(at, columns, i, err);
    gni_array_close(&batch);
  }
  return rc;
}

static int begin(struct single *at, gn_error *err)
{
  int rc = gni_stream_type(at->rows, &at->types, &at->schema, &at->type, err);
  if (rc != GN_OK) return rc;
  at->values = GN_TAKE(&at->types, gni_value, at->type->field_count);
  at->cells = GN_TAKE(&at->types, const gni_value *, at->type->field_count);
  at->columns = GN_TAKE(&at->types, const gni_value *const *, at->type->field_count);
  if (!at->values || !at->cells || !at->columns)
    return gni_fail_arena(err, &at->types, at->type->field_count);
  for (size_t i = 0; i < at->type->field_count; i++) {
    at->cells[i] = &at->values[i];
    at->columns[i] = &at->cells[i];
  }
  rc = gnp_press_new(at->alloc, &at->press, err);
  return rc == GN_OK ? gnp_encoder_new(at->type, GNP_PAGE_BYTES, at->alloc, &at->encoder, err) : rc;
}

static int fail_to(const char *verb, const char *path, gn_error *err)
{
  int number = errno;
  return gni_fail_native(err, GN_E_IO, number, "cannot %s '%s': %s", verb, path, strerror(number));
}

static int write_all(struct single *at, const char *path, gn_error *err)
{
  at->file = fopen(path, "wb");
  if (!at->file) return fail_to("write", path, err);
  int rc = add_batches(at, err);
  if (rc == GN_OK) rc = gnp_encoder_flush(at->encoder, at->press, at->file, err);
  if (rc == GN_OK) rc = gnp_encoder_end(at->encoder, at->file, err);
  if (rc == GN_OK && (fflush(at->file) != 0 || fsync(fileno(at->file)) != 0))
    rc = fail_to("write", path, err);
  if (fclose(at->file) != 0 && rc == GN_OK) rc = fail_to("write", path, err);
  return rc;
}

static int write_beside(struct single *at, const char *path, gn_error *err)
{
  char beside[PATH_MAX];
  int len = snprintf(beside, sizeof beside, "%s.tmp-%ld", path, (long)getpid());
  if (len < 0 || (size_t)len >= sizeof beside)
    return gni_fail(err, GN_E_LIMIT, "path '%s' is too long", path);
  int rc = write_all(at, beside, err);
  if (rc == GN_OK && rename(beside, path) != 0) rc = fail_to("write", path, err);
  if (rc != GN_OK) unlink(beside);
  return rc;
}

int gni_table_write_single(struct ArrowArrayStream *rows, const char *path, const gn_alloc *alloc,
                           int64_t *row_count, int64_t *byte_count, gn_error *err)
{
  struct single at = {.alloc = alloc, .rows = rows};
  gni_arena_init(&at.types, alloc, GN_REQUEST_BYTES_MAX);
  gni_arena_init(&at.batch_arena, alloc, batch_bytes_max);
  int rc = begin(&at, err);
  if (rc == GN_OK) rc = write_beside(&at, path, err);
  if (rc == GN_OK && row_count) *row_count = gnp_encoder_file_rows(at.encoder);
  if (rc == GN_OK && byte_count) *byte_count = gnp_encoder_file_bytes(at.encoder);
  gnp_encoder_free(at.encoder);
  gnp_press_free(at.press);
  gni_stream_close(rows);
  gni_schema_close(&at.schema);
  gni_arena_deinit(&at.types);
  gni_arena_deinit(&at.batch_arena);
  return rc;
}
