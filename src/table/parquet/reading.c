/* The files of a reading as SQL. SPDX-License-Identifier: Apache-2.0
 *
 * Values of folders are constants of a file. The engine could read them from the paths itself, but
 * it would take every `k=v` above the table too, and let it win over a column of that name. */
#include "table/parquet/reading.h"

/* Files are below rows in an order number: 2^23 files of 2^40 rows fit a signed 64-bit number. */
#define ROWS_OF_FILE "1099511627776"
#define PATH_COLUMN "__gn_file"

/* ---- the reader ------------------------------------------------------------------------------ */

void gnp_add_paths(gn_buf *sql, const gnp_files *files)
{
  gni_buf_add_char(sql, '[');
  for (size_t i = 0; i < files->count; i++) {
    if (i) gni_buf_add_text(sql, ", ");
    gni_sql_add_text(sql, gni_str(files->list[i].path));
  }
  gni_buf_add_char(sql, ']');
}

/* To the engine a path that exists is no pattern, whatever '*', '?' and '[' are in it. */
void gnp_add_reader(const gnp_reading *reading, gn_buf *sql)
{
  bool csv = reading->table->format == GNI_TABLE_CSV;
  gni_buf_add_text(sql, csv ? "read_csv(" : "read_parquet(");
  gnp_add_paths(sql, &reading->files);
  if (csv) gni_buf_add_text(sql, ", header=true, sample_size=-1");
  if (reading->hides_numbers) gni_buf_add_text(sql, ", filename='" PATH_COLUMN "'");
  gni_buf_add_text(sql, ", union_by_name=true, hive_partitioning=false)");
}

static int take_types(gnp_reading *reading, gn_error *err)
{
  gn_buf sql;
  gni_engine *engine = gnp_need_engine(reading->lake->warehouse, err);
  if (!engine) return GN_E_ARG;
  gnp_sql_init(&sql, reading->lake->warehouse);
  gni_buf_add_text(&sql, "SELECT * FROM ");
  gnp_add_reader(reading, &sql);
  int rc = sql.rc != GN_OK ? gni_fail(err, sql.rc, "there are too many files for one statement")
                           : gni_engine_type(engine, gni_buf_view(&sql), &reading->arena,
                                             &reading->stored, err);
  gni_buf_deinit(&sql);
  if (rc != GN_OK) return rc;
  int at = gni_type_find(reading->stored, reading->partition.name);
  if (at >= 0) reading->partition.kind = reading->stored->fields[at].type->kind;
  reading->hides_numbers = gni_type_find(reading->stored, GN_STR("file_index")) >= 0 ||
                           gni_type_find(reading->stored, GN_STR("file_row_number")) >= 0;
  return GN_OK;
}

/* A filter names a folders' column, which the listing has looked at, or a column of the rows. */
static int check_filters(const gnp_reading *reading, gn_error *err)
{
  for (size_t i = 0; i < reading->scan->filter_count; i++) {
    gn_str column = reading->scan->filters[i].column;
    if (!gnp_is_level(reading->table, column) && gni_type_find(reading->stored, column) < 0)
      return gni_fail(err, GN_E_NOTFOUND, "there is no column '%.*s' to choose partitions by",
                      GN_STR_ARGS(column));
  }
  return GN_OK;
}

int gnp_reading_init(gnp_reading *reading, const gnp_lake *lake, const gni_table *table,
                     const gni_scan *scan, bool with_types, gn_error *err)
{
  *reading = (gnp_reading){.lake = lake, .table = table, .scan = scan};
  reading->partition = (gnp_partition_column){
      .name = table->partition_column,
      .kind = GNI_STRING,
      .format = table->partition_format,
      .out_format = gni_str(lake->config->partition_format),
  };
  gni_arena_init(&reading->arena, lake->config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = gnp_files_list(lake, table, scan, &reading->arena, &reading->files, err);
  if (rc != GN_OK || !with_types || !reading->files.count) return rc;
  rc = take_types(reading, err);
  return rc == GN_OK ? check_filters(reading, err) : rc;
}

void gnp_reading_deinit(gnp_reading *reading)
{
  gni_arena_deinit(&reading->arena);
}

/* ---- constants of a file --------------------------------------------------------------------- */

/* "[<one a file>][<number of the file>]", made of `add`. */
static void add_by_file(const gnp_reading *reading, const char *type, size_t level,
                        void (*add)(const gnp_reading *reading, const gnp_file *file, size_t level,
                                    gn_buf *sql),
                        gn_buf *sql)
{
  gni_buf_add_text(sql, "CAST([");
  for (size_t i = 0; i < reading->files.count; i++) {
    if (i) gni_buf_add_text(sql, ", ");
    add(reading, &reading->files.list[i], level, sql);
  }
  gni_buf_add_format(sql, "] AS %s[])[", type);
  if (reading->hides_numbers) {
    gni_buf_add_text(sql, "list_position(");
    gnp_add_paths(sql, &reading->files);
    gni_buf_add_text(sql, ", \"" PATH_COLUMN "\")]");
  } else {
    gni_buf_add_text(sql, "CAST(file_index AS BIGINT) + 1]");
  }
}

static void add_value(const gnp_reading *reading, const gnp_file *file, size_t level, gn_buf *sql)
{
  (void)reading;
  if (file->values[level].ptr)
    gni_sql_add_text(sql, file->values[level]);
  else
    gni_buf_add_text(sql, "NULL");
}

static void add_file_day(const gnp_reading *reading, const gnp_file *file, size_t level,
                         gn_buf *sql)
{
  (void)reading;
  (void)level;
  if (file->has_day)
    gni_buf_add_format(sql, "%d", (int)file->day);
  else
    gni_buf_add_text(sql, "NULL");
}

static void add_file_ds(const gnp_reading *reading, const gnp_file *file, size_t level, gn_buf *sql)
{
  char text[64];
  (void)level;
  if (file->has_day &&
      gni_day_format(file->day, reading->partition.out_format, text, sizeof text, NULL) == GN_OK)
    gni_sql_add_text(sql, gni_str(text));
  else
    gni_buf_add_text(sql, "NULL");
}

void gnp_add_level(const gnp_reading *reading, size_t level, gn_buf *sql)
{
  add_by_file(reading, "VARCHAR", level, add_value, sql);
}

/* ---- the partition --------------------------------------------------------------------------- */

void gnp_add_text(const gnp_reading *reading, gn_buf *sql)
{
  const gni_table *table = reading->table;
  if (!table->by_folder) {
    gnp_add_partition_text(sql, &reading->partition);
    return;
  }
  size_t level = 0;
  while (!gni_str_equal(table->partition_columns[level], table->partition_column)) level++;
  gnp_add_level(reading, level, sql);
}

void gnp_add_ds(const gnp_reading *reading, gn_buf *sql)
{
  if (reading->table->by_folder)
    add_by_file(reading, "VARCHAR", 0, add_file_ds, sql);
  else
    gnp_add_partition_ds(sql, &reading->partition);
}

void gnp_add_day(const gnp_reading *reading, gn_buf *sql)
{
  if (reading->table->by_folder)
    add_by_file(reading, "INTEGER", 0, add_file_day, sql);
  else
    gnp_add_partition_day(sql, &reading->partition);
}

/* ---- order and conditions -------------------------------------------------------------------- */

/* Rows of CSV have no number of their own; they are counted as they come. */
static bool counts_rows(const gnp_reading *reading)
{
  return reading->table->format == GNI_TABLE_CSV || reading->hides_numbers;
}

void gnp_add_order(const gnp_reading *reading, gn_buf *sql)
{
  if (counts_rows(reading))
    gni_buf_add_text(sql, "\"" GNI_SCAN_ORDER "\"");
  else if (reading->files.count == 1)
    gni_buf_add_text(sql, "file_row_number AS \"" GNI_SCAN_ORDER "\"");
  else
    gni_buf_add_text(sql, "CAST(file_index AS BIGINT) * " ROWS_OF_FILE
                          " + file_row_number AS \"" GNI_SCAN_ORDER "\"");
}

void gnp_add_from(const gnp_reading *reading, gn_buf *sql)
{
  if (!counts_rows(reading)) {
    gnp_add_reader(reading, sql);
    return;
  }
  gni_buf_add_text(sql, "(SELECT *, ");
  if (!reading->hides_numbers) gni_buf_add_text(sql, "file_index, ");
  gni_buf_add_text(sql, "row_number() OVER () - 1 AS \"" GNI_SCAN_ORDER "\" FROM ");
  gnp_add_reader(reading, sql);
  gni_buf_add_char(sql, ')');
}

void gnp_add_where(const gnp_reading *reading, gn_buf *sql)
{
  const gni_table *table = reading->table;
  gni_buf_add_text(sql, " WHERE ");
  if (table->partitioned && !table->by_folder)
    gnp_add_partition_range(sql, &reading->partition, reading->scan->first_day,
                            reading->scan->last_day);
  else
    gni_buf_add_text(sql, "true");
  for (size_t i = 0; i < reading->scan->filter_count; i++) {
    const gni_partition_filter *filter = &reading->scan->filters[i];
    if (gnp_is_level(table, filter->column)) continue;
    gni_buf_add_text(sql, " AND CAST(");
    gni_sql_add_name(sql, filter->column);
    gni_buf_add_text(sql, " AS VARCHAR) = ");
    gni_sql_add_text(sql, filter->value);
  }
}
