/* Types, partitions, estimates and scans of a table's files. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/reading.h"

#include <sys/stat.h>

static int fail_long(const gn_buf *sql, gn_error *err)
{
  return gni_fail(err, sql->rc, "there are too many files for one statement");
}

/* ---- types ----------------------------------------------------------------------------------- */

/* Columns of the rows in their order, then those of the folders, the partition column last. */
static const gni_type *in_order(const gni_table *table, const gni_type *stored, gn_arena *arena)
{
  gn_str partition = table->partition_column;
  gni_field *fields =
      GN_TAKE(arena, gni_field, stored->field_count + table->partition_column_count + 1);
  size_t count = 0;
  if (!fields) return NULL;
  for (uint32_t i = 0; i < stored->field_count; i++)
    if (!gni_str_equal(stored->fields[i].name, partition) &&
        !gnp_is_level(table, stored->fields[i].name))
      fields[count++] = stored->fields[i];
  for (size_t i = 0; i < table->partition_column_count; i++)
    if (!gni_str_equal(table->partition_columns[i], partition))
      fields[count++] = (gni_field){table->partition_columns[i], &gni_type_string};
  if (table->by_folder || gni_type_find(stored, partition) >= 0)
    fields[count++] = (gni_field){partition, &gni_type_string};
  return gni_type_struct(arena, GN_STR(""), fields, count);
}

/* Of a table that our writer made, from its record. */
static int recorded_type(const gnp_lake *lake, const gni_table *table, gn_arena *arena,
                         const gni_type **out, gn_error *err)
{
  const gnp_place *place = table->detail;
  gnp_record record;
  if (!table->folder) return GN_ABSENT;
  int rc = gnp_record_read(lake->config->alloc, place->path, arena, &record, err);
  if (rc != GN_OK) return rc;
  *out = gnp_type_with_text(record.columns, table->partition_column, arena);
  return *out ? GN_OK : gnp_fail_arena(arena, err);
}

int gnp_lake_type(void *state, const gni_table *table, gn_arena *arena, const gni_type **out,
                  gn_error *err)
{
  const gni_scan all = GNI_SCAN_ALL;
  gnp_reading reading;
  int rc = recorded_type(state, table, arena, out, err);
  if (rc != GN_ABSENT) return rc;
  rc = gnp_reading_init(&reading, state, table, &all, true, err);
  if (rc == GN_OK) {
    const gni_type *ordered = in_order(table, reading.stored, &reading.arena);
    *out = ordered ? gnp_type_copy(ordered, arena) : NULL;
    if (!*out) rc = gnp_fail_arena(arena, err);
  }
  gnp_reading_deinit(&reading);
  return rc;
}

/* ---- partitions ------------------------------------------------------------------------------ */

static int days_of_folders(const gnp_reading *reading, gn_arena *arena, gni_days *out,
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

static int days_of_rows(const gnp_reading *reading, gn_arena *arena, gni_days *out, gn_error *err)
{
  gni_engine *engine = gni_warehouse_engine(reading->lake->warehouse);
  gn_buf sql;
  if (!reading->files.count) return GN_OK;
  gnp_sql_init(&sql, reading->lake->warehouse);
  gni_buf_add_text(&sql, "SELECT DISTINCT ");
  gnp_add_day(reading, &sql);
  gni_buf_add_text(&sql, " FROM ");
  gnp_add_reader(reading, &sql);
  gnp_add_where(reading, &sql);
  int rc = sql.rc == GN_OK ? gnp_query_days(engine, gni_buf_view(&sql), arena, out, err)
                           : fail_long(&sql, err);
  gni_buf_deinit(&sql);
  return rc;
}

int gnp_lake_partitions(void *state, const gni_table *table, const gni_partition_filter *filters,
                        size_t filter_count, gn_arena *arena, gni_days *out, gn_error *err)
{
  gni_scan scan = GNI_SCAN_ALL;
  gnp_reading reading;
  bool by_name = table->by_folder; /* the listing tells all */
  scan.filters = filters;
  scan.filter_count = filter_count;
  for (size_t i = 0; i < filter_count; i++) by_name &= gnp_is_level(table, filters[i].column);
  int rc = gnp_reading_init(&reading, state, table, &scan, !by_name, err);
  if (rc == GN_OK)
    rc = by_name ? days_of_folders(&reading, arena, out, err)
                 : days_of_rows(&reading, arena, out, err);
  gnp_reading_deinit(&reading);
  return rc;
}

/* ---- estimates ------------------------------------------------------------------------------- */

static int64_t file_bytes(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* Rows of all row groups, or of those whose smallest and largest partition meet the range. */
static void add_count(const gnp_reading *reading, gn_buf *sql)
{
  const gni_scan *scan = reading->scan;
  bool open = scan->first_day == INT32_MIN && scan->last_day == INT32_MAX;
  if (open || !reading->table->partitioned || reading->table->by_folder) {
    gni_buf_add_text(sql, "SELECT sum(num_rows) FROM parquet_file_metadata(");
    gnp_add_paths(sql, &reading->files);
    gni_buf_add_char(sql, ')');
    return;
  }
  gnp_partition_column bound = reading->partition;
  bound.kind = GNI_STRING; /* statistics are texts */
  gni_buf_add_text(sql, "SELECT sum(row_group_num_rows) FROM parquet_metadata(");
  gnp_add_paths(sql, &reading->files);
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

static int count_rows(const gnp_reading *reading, int64_t *rows, gn_error *err)
{
  gni_engine *engine = gni_warehouse_engine(reading->lake->warehouse);
  gn_buf sql;
  *rows = reading->files.count ? -1 : 0;
  if (!reading->files.count || reading->table->format != GNI_TABLE_PARQUET || !engine) return GN_OK;
  gnp_sql_init(&sql, reading->lake->warehouse);
  add_count(reading, &sql);
  int rc = sql.rc == GN_OK ? gni_engine_query_int64(engine, gni_buf_view(&sql), rows, err)
                           : fail_long(&sql, err);
  gni_buf_deinit(&sql);
  return rc == GN_ABSENT ? GN_OK : rc;
}

int gnp_lake_estimate(void *state, const gni_table *table, const gni_scan *scan, gni_estimate *out,
                      gn_error *err)
{
  gnp_reading reading;
  int rc = gnp_reading_init(&reading, state, table, scan, false, err);
  if (rc == GN_OK) rc = count_rows(&reading, &out->rows, err);
  for (size_t i = 0; rc == GN_OK && i < reading.files.count; i++)
    out->bytes += file_bytes(reading.files.list[i].path);
  out->files = (int64_t)reading.files.count;
  gnp_reading_deinit(&reading);
  return rc;
}

/* ---- scans ----------------------------------------------------------------------------------- */

/* The number of the folders' level that has this name, or the count of levels. */
static size_t level_of(const gni_table *table, gn_str name)
{
  size_t level = 0;
  while (level < table->partition_column_count &&
         !gni_str_equal(table->partition_columns[level], name))
    level++;
  return level;
}

/* One column in the table's type: of the folders, of the files, or null where they lack it. */
static void add_column(const gnp_reading *reading, const gni_field *field, gn_buf *sql)
{
  size_t level = level_of(reading->table, field->name);
  int at = reading->stored ? gni_type_find(reading->stored, field->name) : -1;
  gni_buf_add_text(sql, "CAST(");
  if (!reading->stored)
    gni_buf_add_text(sql, "NULL");
  else if (level < reading->table->partition_column_count)
    gnp_add_level(reading, level, sql);
  else if (at >= 0)
    gni_sql_add_name(sql, field->name);
  else
    gni_buf_add_text(sql, "NULL");
  gni_buf_add_text(sql, " AS ");
  gni_sql_add_type(sql, field->type);
  gni_buf_add_text(sql, ") AS ");
  gni_sql_add_name(sql, field->name);
  gni_buf_add_text(sql, ", ");
}

/* One of the partition's columns, or a null of its type when there are no rows or no partitions. */
static void add_partition(const gnp_reading *reading, const char *type, gn_str name,
                          void (*add)(const gnp_reading *reading, gn_buf *sql), gn_buf *sql)
{
  if (reading->table->partitioned && reading->stored)
    add(reading, sql);
  else
    gni_buf_add_format(sql, "CAST(NULL AS %s)", type);
  gni_buf_add_text(sql, " AS ");
  gni_sql_add_name(sql, name);
  gni_buf_add_text(sql, ", ");
}

static void add_scan(const gnp_reading *reading, const gni_type *type, gn_buf *sql)
{
  gn_str partition = reading->table->partition_column;
  gni_buf_add_text(sql, "(SELECT ");
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!gni_str_equal(type->fields[i].name, partition)) add_column(reading, &type->fields[i], sql);
  if (reading->table->partitioned) add_partition(reading, "VARCHAR", partition, gnp_add_text, sql);
  add_partition(reading, "VARCHAR", GN_STR(GNI_SCAN_DS), gnp_add_ds, sql);
  add_partition(reading, "INTEGER", GN_STR(GNI_SCAN_DAY), gnp_add_day, sql);
  if (!reading->stored) {
    gni_buf_add_text(sql, "CAST(NULL AS BIGINT) AS \"" GNI_SCAN_ORDER "\" WHERE false)");
    return;
  }
  gnp_add_order(reading, sql);
  gni_buf_add_text(sql, " FROM ");
  gnp_add_from(reading, sql);
  gnp_add_where(reading, sql);
  gni_buf_add_char(sql, ')');
}

int gnp_lake_scan(void *state, const gni_table *table, const gni_scan *scan, gn_buf *sql,
                  gn_error *err)
{
  const gnp_lake *lake = state;
  const gni_type *type;
  gnp_reading reading;
  int rc = gnp_reading_init(&reading, lake, table, scan, true, err);
  if (rc == GN_OK) rc = gni_table_type(lake->warehouse, table, &reading.arena, &type, err);
  if (rc == GN_OK) add_scan(&reading, type, sql);
  gnp_reading_deinit(&reading);
  return rc;
}
