/* Reading a table's files: types, partitions, estimates, and the SQL of a scan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/parquet_private.h"

#include <sys/stat.h>

/* Files below an order number: 2^23 files of 2^40 rows fit a signed 64-bit number. */
#define ROWS_OF_FILE "1099511627776"

/* ---- the reader ------------------------------------------------------------------------------ */

static void add_paths(gn_buf *sql, const gnp_files *files)
{
  gni_buf_add_char(sql, '[');
  for (size_t i = 0; i < files->count; i++) {
    if (i) gni_buf_add_text(sql, ", ");
    gni_sql_add_text(sql, gni_str(files->list[i].path));
  }
  gni_buf_add_char(sql, ']');
}

/* The engine's function over exactly these files: to it a path that exists is no pattern, whatever
 * '*', '?' and '[' are in it. */
static int add_reader(gn_buf *sql, const gni_table *table, const gnp_files *files)
{
  bool csv = table->format == GNI_TABLE_CSV;
  gni_buf_add_text(sql, csv ? "read_csv(" : "read_parquet(");
  add_paths(sql, files);
  gni_buf_add_text(sql, ", union_by_name=true");
  if (csv) gni_buf_add_text(sql, ", header=true, sample_size=-1");
  if (table->partition_column_count)
    return gni_buf_add_text(sql, ", hive_partitioning=true, hive_types_autocast=false)");
  return gni_buf_add_text(sql, ", hive_partitioning=false)");
}

/* The columns as the files have them, folders' columns last. */
static int stored_type(const gnp_lake *lake, const gni_table *table, const gnp_files *files,
                       gn_arena *arena, const gni_type **out, gn_error *err)
{
  gn_buf sql;
  gni_engine *engine = gnp_need_engine(lake->warehouse, err);
  if (!engine) return GN_E_ARG;
  gnp_sql_init(&sql, lake->warehouse);
  gni_buf_add_text(&sql, "SELECT * FROM ");
  int rc = add_reader(&sql, table, files);
  rc = rc == GN_OK ? gni_engine_type(engine, gni_buf_view(&sql), arena, out, err)
                   : gni_fail(err, rc, "there are too many files for one statement");
  gni_buf_deinit(&sql);
  return rc;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* Whether the path above the table has a folder of that column, which the engine would add. */
static bool is_above(const gni_table *table, gn_str column)
{
  gn_str rest = table->location, part;
  while (gni_str_split(&rest, '/', &part))
    if (part.len > column.len && part.ptr[column.len] == '=' &&
        memcmp(part.ptr, column.ptr, column.len) == 0)
      return true;
  return false;
}

/* Columns of the rows in their order, then those of the folders, the partition column last. */
static const gni_type *in_order(const gni_table *table, const gni_type *stored, gn_arena *arena)
{
  gn_str partition = table->partition_column;
  gni_field *fields =
      GN_TAKE(arena, gni_field, stored->field_count + table->partition_column_count + 1);
  size_t count = 0;
  if (!fields) return NULL;
  for (uint32_t i = 0; i < stored->field_count; i++) {
    gn_str name = stored->fields[i].name;
    bool by_folder = table->partition_column_count && is_above(table, name);
    if (!gni_str_equal(name, partition) && !gnp_is_level(table, name) && !by_folder)
      fields[count++] = stored->fields[i];
  }
  for (size_t i = 0; i < table->partition_column_count; i++)
    if (!gni_str_equal(table->partition_columns[i], partition))
      fields[count++] = (gni_field){table->partition_columns[i], &gni_type_string};
  if (table->by_folder || gni_type_find(stored, partition) >= 0)
    fields[count++] = (gni_field){partition, &gni_type_string};
  return gni_type_struct(arena, GN_STR(""), fields, count);
}

int gnp_lake_type(void *state, const gni_table *table, gn_arena *arena, const gni_type **out,
                  gn_error *err)
{
  const gnp_lake *lake = state;
  const gnp_place *place = table->detail;
  const gni_scan all = GNI_SCAN_ALL;
  const gni_type *stored;
  gnp_record record;
  gnp_files files;
  int rc = table->folder ? gnp_record_read(lake->config->alloc, place->path, arena, &record, err)
                         : GN_ABSENT;
  if (rc < 0) return rc;
  if (rc == GN_OK) {
    *out = gnp_type_with_text(record.columns, table->partition_column, arena);
    return *out ? GN_OK : gnp_fail_arena(arena, err);
  }
  rc = gnp_files_list(lake, table, &all, arena, &files, err);
  if (rc == GN_OK) rc = stored_type(lake, table, &files, arena, &stored, err);
  if (rc != GN_OK) return rc;
  *out = in_order(table, stored, arena);
  return *out ? GN_OK : gnp_fail_arena(arena, err);
}

/* ---- what a scan needs to know --------------------------------------------------------------- */

struct reading {
  const gnp_lake *lake;
  const gni_table *table;
  const gni_scan *scan;
  gn_arena arena;
  gnp_files files;
  const gni_type *stored; /* NULL when there are no files, or no need */
  gnp_partition_column partition;
};

static void reading_deinit(struct reading *reading)
{
  gni_arena_deinit(&reading->arena);
}

/* A filter names a folder's column, which the listing has looked at, or a column of the rows. */
static int check_filters(const struct reading *reading, gn_error *err)
{
  for (size_t i = 0; i < reading->scan->filter_count; i++) {
    gn_str column = reading->scan->filters[i].column;
    if (gnp_is_level(reading->table, column)) continue;
    if (reading->stored && gni_type_find(reading->stored, column) < 0)
      return gni_fail(err, GN_E_NOTFOUND, "there is no column '%.*s' to choose partitions by",
                      GN_STR_ARGS(column));
  }
  return GN_OK;
}

static int reading_init(struct reading *reading, const gnp_lake *lake, const gni_table *table,
                        const gni_scan *scan, bool need_types, gn_error *err)
{
  *reading = (struct reading){.lake = lake, .table = table, .scan = scan};
  reading->partition = (gnp_partition_column){
      .name = table->partition_column,
      .kind = GNI_STRING,
      .format = table->partition_format,
      .out_format = gni_str(lake->config->partition_format),
  };
  gni_arena_init(&reading->arena, lake->config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = gnp_files_list(lake, table, scan, &reading->arena, &reading->files, err);
  if (rc != GN_OK || !need_types || !reading->files.count) return rc;
  rc = stored_type(lake, table, &reading->files, &reading->arena, &reading->stored, err);
  if (rc != GN_OK) return rc;
  int at = gni_type_find(reading->stored, table->partition_column);
  if (at >= 0) reading->partition.kind = reading->stored->fields[at].type->kind;
  return check_filters(reading, err);
}

/* " WHERE …" of what the list of files does not settle. */
static int add_where(const struct reading *reading, gn_buf *sql)
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
  return sql->rc;
}

/* ---- partitions ------------------------------------------------------------------------------ */

static int days_of_folders(const struct reading *reading, gn_arena *arena, gni_days *out,
                           gn_error *err)
{
  int32_t *days = GN_TAKE(arena, int32_t, reading->files.count);
  size_t count = 0;
  if (!days) return gnp_fail_arena(arena, err);
  for (size_t i = 0; i < reading->files.count; i++)
    if (reading->files.list[i].has_day) days[count++] = reading->files.list[i].day;
  *out = (gni_days){days, gnp_sort_days(days, count)};
  return GN_OK;
}

static int days_of_rows(const struct reading *reading, gn_arena *arena, gni_days *out,
                        gn_error *err)
{
  gn_buf sql;
  if (!reading->files.count) return GN_OK;
  gnp_sql_init(&sql, reading->lake->warehouse);
  gni_buf_add_text(&sql, "SELECT DISTINCT ");
  gnp_add_partition_day(&sql, &reading->partition);
  gni_buf_add_text(&sql, " FROM ");
  add_reader(&sql, reading->table, &reading->files);
  int rc = add_where(reading, &sql);
  rc = rc == GN_OK ? gnp_query_days(gni_warehouse_engine(reading->lake->warehouse),
                                    gni_buf_view(&sql), arena, out, err)
                   : gni_fail(err, rc, "there are too many files for one statement");
  gni_buf_deinit(&sql);
  return rc;
}

int gnp_lake_partitions(void *state, const gni_table *table, const gni_partition_filter *filters,
                        size_t filter_count, gn_arena *arena, gni_days *out, gn_error *err)
{
  gni_scan scan = GNI_SCAN_ALL;
  struct reading reading;
  scan.filters = filters;
  scan.filter_count = filter_count;
  bool by_name = table->by_folder; /* the listing tells all */
  for (size_t i = 0; i < filter_count; i++) by_name &= gnp_is_level(table, filters[i].column);
  int rc = reading_init(&reading, state, table, &scan, !by_name, err);
  if (rc == GN_OK)
    rc = by_name ? days_of_folders(&reading, arena, out, err)
                 : days_of_rows(&reading, arena, out, err);
  reading_deinit(&reading);
  return rc;
}

/* ---- estimates ------------------------------------------------------------------------------- */

static int64_t file_bytes(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* Rows of all row groups, or of those whose smallest and largest partition meet the range. */
static void add_count(const struct reading *reading, gn_buf *sql)
{
  const gni_scan *scan = reading->scan;
  bool open = scan->first_day == INT32_MIN && scan->last_day == INT32_MAX;
  if (open || !reading->table->partitioned || reading->table->by_folder) {
    gni_buf_add_text(sql, "SELECT sum(num_rows) FROM parquet_file_metadata(");
    add_paths(sql, &reading->files);
    gni_buf_add_char(sql, ')');
    return;
  }
  gnp_partition_column bound = reading->partition;
  bound.kind = GNI_STRING; /* statistics are texts */
  gni_buf_add_text(sql, "SELECT sum(row_group_num_rows) FROM parquet_metadata(");
  add_paths(sql, &reading->files);
  gni_buf_add_text(sql, ") WHERE path_in_schema = ");
  gni_sql_add_text(sql, reading->table->partition_column);
  bound.name = GN_STR("stats_max_value");
  gni_buf_add_text(sql, " AND (stats_max_value IS NULL OR (");
  gnp_add_partition_range(sql, &bound, scan->first_day, INT32_MAX);
  bound.name = GN_STR("stats_min_value");
  gni_buf_add_text(sql, " AND ");
  gnp_add_partition_range(sql, &bound, INT32_MIN, scan->last_day);
  gni_buf_add_text(sql, "))");
}

static int count_rows(const struct reading *reading, int64_t *rows, gn_error *err)
{
  gni_engine *engine = gni_warehouse_engine(reading->lake->warehouse);
  gn_buf sql;
  *rows = reading->files.count ? -1 : 0;
  if (!reading->files.count || reading->table->format != GNI_TABLE_PARQUET || !engine) return GN_OK;
  gnp_sql_init(&sql, reading->lake->warehouse);
  add_count(reading, &sql);
  int rc = sql.rc == GN_OK ? gni_engine_query_int64(engine, gni_buf_view(&sql), rows, err)
                           : gni_fail(err, sql.rc, "there are too many files for one statement");
  gni_buf_deinit(&sql);
  return rc == GN_ABSENT ? GN_OK : rc;
}

int gnp_lake_estimate(void *state, const gni_table *table, const gni_scan *scan, gni_estimate *out,
                      gn_error *err)
{
  struct reading reading;
  int rc = reading_init(&reading, state, table, scan, false, err);
  if (rc == GN_OK) rc = count_rows(&reading, &out->rows, err);
  for (size_t i = 0; rc == GN_OK && i < reading.files.count; i++)
    out->bytes += file_bytes(reading.files.list[i].path);
  out->files = (int64_t)reading.files.count;
  reading_deinit(&reading);
  return rc;
}

/* ---- the scan -------------------------------------------------------------------------------- */

static void add_cast(gn_buf *sql, const gni_field *field, const gni_type *stored)
{
  int at = stored ? gni_type_find(stored, field->name) : -1;
  bool same = at >= 0 && gni_type_equal(stored->fields[at].type, field->type);
  if (!same) gni_buf_add_text(sql, "CAST(");
  if (at >= 0)
    gni_sql_add_name(sql, field->name);
  else
    gni_buf_add_text(sql, "NULL");
  if (!same) {
    gni_buf_add_text(sql, " AS ");
    gni_sql_add_type(sql, field->type);
    gni_buf_add_text(sql, ") AS ");
    gni_sql_add_name(sql, field->name);
  }
  gni_buf_add_text(sql, ", ");
}

static void add_partition_columns(const struct reading *reading, gn_buf *sql)
{
  bool known = reading->table->partitioned && reading->stored;
  if (reading->table->partitioned) {
    if (known)
      gnp_add_partition_text(sql, &reading->partition);
    else
      gni_buf_add_text(sql, "CAST(NULL AS VARCHAR)");
    gni_buf_add_text(sql, " AS ");
    gni_sql_add_name(sql, reading->table->partition_column);
    gni_buf_add_text(sql, ", ");
  }
  if (known)
    gnp_add_partition_ds(sql, &reading->partition);
  else
    gni_buf_add_text(sql, "CAST(NULL AS VARCHAR)");
  gni_buf_add_text(sql, " AS \"" GNI_SCAN_DS "\", ");
  if (known)
    gnp_add_partition_day(sql, &reading->partition);
  else
    gni_buf_add_text(sql, "CAST(NULL AS INTEGER)");
  gni_buf_add_text(sql, " AS \"" GNI_SCAN_DAY "\", ");
}

/* Whether rows must be counted: the engine numbers them in Parquet files, unless a column of the
 * table has the name of its number. */
static bool counts_rows(const struct reading *reading)
{
  return reading->table->format == GNI_TABLE_CSV ||
         gni_type_find(reading->stored, GN_STR("file_index")) >= 0 ||
         gni_type_find(reading->stored, GN_STR("file_row_number")) >= 0;
}

static void add_from(const struct reading *reading, gn_buf *sql)
{
  if (!counts_rows(reading)) {
    gni_buf_add_text(sql, "CAST(file_index AS BIGINT) * " ROWS_OF_FILE
                          " + file_row_number AS \"" GNI_SCAN_ORDER "\" FROM ");
    add_reader(sql, reading->table, &reading->files);
    return;
  }
  gni_buf_add_text(sql, "\"" GNI_SCAN_ORDER "\" FROM (SELECT *, row_number() OVER () - 1 AS \"" //
                   GNI_SCAN_ORDER "\" FROM ");
  add_reader(sql, reading->table, &reading->files);
  gni_buf_add_char(sql, ')');
}

static int add_scan(const struct reading *reading, const gni_type *type, gn_buf *sql)
{
  gni_buf_add_text(sql, "(SELECT ");
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!gni_str_equal(type->fields[i].name, reading->table->partition_column))
      add_cast(sql, &type->fields[i], reading->stored);
  add_partition_columns(reading, sql);
  if (!reading->stored)
    return gni_buf_add_text(sql, "CAST(NULL AS BIGINT) AS \"" GNI_SCAN_ORDER "\" WHERE false)");
  add_from(reading, sql);
  add_where(reading, sql);
  return gni_buf_add_char(sql, ')');
}

int gnp_lake_scan(void *state, const gni_table *table, const gni_scan *scan, gn_buf *sql,
                  gn_error *err)
{
  const gnp_lake *lake = state;
  const gni_type *type;
  struct reading reading;
  int rc = reading_init(&reading, lake, table, scan, true, err);
  if (rc == GN_OK) rc = gni_table_type(lake->warehouse, table, &reading.arena, &type, err);
  if (rc == GN_OK) add_scan(&reading, type, sql);
  reading_deinit(&reading);
  return rc;
}
