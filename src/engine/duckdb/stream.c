/* The rows of a statement as an Arrow stream, a chunk at a time. SPDX-License-Identifier:
 * Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

#include <errno.h>

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

struct columns {
  const char **names;
  duckdb_logical_type *types;
  idx_t count, filled;
};

static void columns_deinit(struct columns *columns, const gn_alloc *alloc)
{
  for (idx_t i = 0; i < columns->filled; i++) {
    duckdb_destroy_logical_type(&columns->types[i]);
    duckdb_free((void *)(uintptr_t)columns->names[i]);
  }
  gni_free(alloc, (void *)columns->names, columns->count * sizeof *columns->names);
  gni_free(alloc, (void *)columns->types, columns->count * sizeof *columns->types);
}

static int columns_init(struct columns *columns, gnp_statement *statement)
{
  const gn_alloc *alloc = statement->duck->alloc;
  idx_t count = duckdb_prepared_statement_column_count(statement->prepared);
  *columns = (struct columns){.count = count};
  columns->names = gni_alloc(alloc, count * sizeof *columns->names);
  columns->types = gni_alloc(alloc, count * sizeof *columns->types);
  if (!columns->names || !columns->types) return GN_E_NOMEM;
  for (; columns->filled < count; columns->filled++) {
    idx_t i = columns->filled;
    columns->names[i] = duckdb_prepared_statement_column_name(statement->prepared, i);
    columns->types[i] = duckdb_prepared_statement_column_logical_type(statement->prepared, i);
  }
  return GN_OK;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  gnp_statement *statement = stream->private_data;
  struct columns columns;
  gn_error *err = &statement->failure;
  *out = (struct ArrowSchema){.release = NULL};
  int rc = columns_init(&columns, statement);
  if (rc != GN_OK) rc = gni_fail_nomem(err, columns.count * sizeof(void *));
  if (rc == GN_OK) {
    duckdb_error_data trouble =
        duckdb_to_arrow_schema(statement->arrow, columns.types, columns.names, columns.count, out);
    rc = gnp_duck_fail_data(statement->duck, &trouble, err);
  }
  columns_deinit(&columns, statement->duck->alloc);
  return errno_of(rc);
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  gnp_statement *statement = stream->private_data;
  duckdb_data_chunk chunk;
  *out = (struct ArrowArray){.release = NULL};
  if (statement->failure.code != GN_OK) return errno_of(statement->failure.code);
  int rc = gnp_statement_fetch(statement, &chunk, &statement->failure);
  if (rc != GN_OK || !chunk) return errno_of(rc);
  duckdb_error_data trouble = duckdb_data_chunk_to_arrow(statement->arrow, chunk, out);
  rc = gnp_duck_fail_data(statement->duck, &trouble, &statement->failure);
  duckdb_destroy_data_chunk(&chunk);
  return errno_of(rc);
}

static const char *stream_last_error(struct ArrowArrayStream *stream)
{
  const gnp_statement *statement = stream->private_data;
  return statement->failure.code == GN_OK ? NULL : statement->failure.message;
}

static void stream_release(struct ArrowArrayStream *stream)
{
  gnp_statement_close(stream->private_data);
  stream->private_data = NULL;
  stream->release = NULL;
}

int gnp_duck_query(void *state, gn_str sql, struct ArrowArrayStream *out, gn_error *err)
{
  gnp_statement *statement;
  int rc = gnp_statement_open(state, sql, &statement, err);
  if (rc != GN_OK) return rc;
  *out = (struct ArrowArrayStream){.get_schema = stream_schema,
                                   .get_next = stream_next,
                                   .get_last_error = stream_last_error,
                                   .release = stream_release,
                                   .private_data = statement};
  return GN_OK;
}
