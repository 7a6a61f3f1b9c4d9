/* Rows into Parquet files. SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

enum { ROW_GROUP_ROWS = 122880 }; /* DuckDB's own choice; a multiple of its chunk of 2048 */

/* Of zstd: half the time of its default, for files a few percent larger. */
enum { ZSTD_LEVEL = 1 };

static void add_partition(gn_buf *copy, const char *column)
{
  gni_buf_add_text(copy, ", PARTITION_BY (");
  gni_sql_add_name(copy, gni_str(column));
  gni_buf_add_text(copy, "), FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE true");
}

/* The statement's one row a file is (file, rows, bytes, …). */
static int build_copy(gn_buf *copy, gn_str sql, const char *path,
                      const gni_parquet_options *options)
{
  int64_t group = options->row_group_rows > 0 ? options->row_group_rows : ROW_GROUP_ROWS;
  gni_buf_add_text(copy, "COPY (");
  gni_buf_add_str(copy, sql);
  gni_buf_add_text(copy, "\n) TO ");
  gni_sql_add_text(copy, gni_str(path));
  gni_buf_add_text(copy, " (FORMAT parquet, RETURN_STATS true, COMPRESSION ");
  const char *codec = options->codec ? options->codec : "zstd";
  gni_sql_add_text(copy, gni_str(codec));
  if (strcmp(codec, "zstd") == 0) gni_buf_add_format(copy, ", COMPRESSION_LEVEL %d", ZSTD_LEVEL);
  gni_buf_add_format(copy, ", ROW_GROUP_SIZE %lld", (long long)group);
  if (options->partition_column) add_partition(copy, options->partition_column);
  return gni_buf_add_char(copy, ')');
}

static int add_up(gnp_statement *statement, gni_written *out, gn_error *err)
{
  enum { ROWS_COLUMN = 1, BYTES_COLUMN = 2 };
  duckdb_data_chunk chunk;
  int rc;
  while ((rc = gnp_statement_fetch(statement, &chunk, err)) == GN_OK && chunk) {
    const uint64_t *rows = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, ROWS_COLUMN));
    const uint64_t *bytes =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, BYTES_COLUMN));
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++) {
      out->rows += (int64_t)rows[i];
      out->bytes += (int64_t)bytes[i];
      out->files++;
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  return rc;
}

int gnp_duck_write_parquet(void *state, gn_str sql, const char *path,
                           const gni_parquet_options *options, gni_written *out, gn_error *err)
{
  static const gni_parquet_options defaults = {.codec = NULL};
  gnp_duck *duck = state;
  gnp_statement *statement = NULL;
  gn_buf copy;
  *out = (gni_written){0};
  gni_buf_init(&copy, duck->alloc, GN_SQL_BYTES_MAX);
  int rc = build_copy(&copy, sql, path, options ? options : &defaults);
  if (rc != GN_OK) rc = gni_fail(err, rc, "a statement of %zu bytes is too long", sql.len);
  if (rc == GN_OK) rc = gnp_statement_open(duck, gni_buf_view(&copy), &statement, err);
  if (rc == GN_OK) rc = add_up(statement, out, err);
  gnp_statement_close(statement);
  gni_buf_deinit(&copy);
  return rc;
}
