/* Publishing partitions: written beside, synced, swapped in. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/parquet_private.h"

#include <stdio.h>

struct lake_writer {
  gnp_lake *lake;
  gn_arena arena;
  const char *folder; /* the table's */
  gni_run_folder run; /* what is not published yet */
  gnp_record record;
  bool recorded;
  gnp_day_files **parts; /* of rows in memory */
  size_t part_count;
};

/* ---- life ------------------------------------------------------------------------------------ */

static void forget_parts(struct lake_writer *writer)
{
  for (size_t i = 0; i < writer->part_count; i++) gnp_day_files_free(writer->parts[i]);
  writer->parts = NULL;
  writer->part_count = 0;
}

void gnp_lake_write_end(void *state)
{
  struct lake_writer *writer = state;
  const gn_alloc *alloc = writer->lake->config->alloc;
  forget_parts(writer);
  gni_run_folder_close(&writer->run);
  gni_arena_deinit(&writer->arena);
  gni_free(alloc, writer, sizeof *writer);
}

/* Only a folder with this one level of partitions can be written to. */
static int check_place(const gnp_lake *lake, const gni_table *table, gn_error *err)
{
  uint8_t format;
  const gnp_place *place = table->detail;
  if (place && !table->folder)
    return gni_fail_as(err, "GT014", GN_E_UNSUPPORTED,
                       "'%s' is one file; partitions are written to a folder", place->path);
  if (place && (!table->by_folder || table->partition_column_count != 1 ||
                table->format != GNI_TABLE_PARQUET))
    return gni_fail_as(err, "GT014", GN_E_UNSUPPORTED,
                       "'%s' is not a folder of Parquet partitions by the one column '%.*s'",
                       place->path, GN_STR_ARGS(table->partition_column));
  if (place && !gni_str_is(table->partition_format, lake->config->partition_format))
    return gni_fail_as(err, "GT014", GN_E_UNSUPPORTED,
                       "partitions of format '%.*s' can be read only",
                       GN_STR_ARGS(table->partition_format));
  if (place) return GN_OK;
  gn_str ns, base;
  int rc = gni_table_name_split(table->name, &ns, &base, err);
  const gni_table_entry *entry = rc == GN_OK ? gnp_lake_entry(lake, ns, base) : NULL;
  if (entry && entry->path && gnp_format_of(gni_str(entry->path), &format))
    return gni_fail_as(err, "GT014", GN_E_UNSUPPORTED,
                       "'%s' names one file; partitions are written to a folder", entry->path);
  return rc;
}

static void take_record(struct lake_writer *writer, const gni_table *table, const gni_type *columns,
                        const gni_property *properties, size_t property_count)
{
  const char *column = writer->lake->config->partition_column;
  writer->record = (gnp_record){
      .columns = columns,
      .partition_column = table->detail ? table->partition_column : gni_str(column),
      .properties = properties,
      .property_count = property_count,
  };
}

static int prepare(struct lake_writer *writer, const gni_table *table, gn_error *err)
{
  const gn_alloc *alloc = writer->lake->config->alloc;
  gn_str ns, base;
  int rc = check_place(writer->lake, table, err);
  if (rc == GN_OK) rc = gni_table_name_split(table->name, &ns, &base, err);
  if (rc != GN_OK) return rc;
  writer->folder = gnp_lake_folder(writer->lake, ns, base, &writer->arena);
  if (!writer->folder) return gnp_fail_arena(&writer->arena, err);
  rc = gni_run_folder_sweep(alloc, writer->folder, GNP_RUN_PREFIX, err);
  if (rc == GN_OK)
    rc = gni_run_folder_open(alloc, writer->folder, GNP_RUN_PREFIX, &writer->run, err);
  return rc;
}

int gnp_lake_write_begin(void *state, const gni_table *table, const gni_type *columns,
                         const gni_property *properties, size_t property_count, void **out,
                         gn_error *err)
{
  gnp_lake *lake = state;
  struct lake_writer *writer = gni_alloc_zero(lake->config->alloc, sizeof *writer);
  if (!writer) return gni_fail_nomem(err, sizeof *writer);
  writer->lake = lake;
  writer->run.lock = -1;
  gni_arena_init(&writer->arena, lake->config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = prepare(writer, table, err);
  if (rc == GN_OK) take_record(writer, table, columns, properties, property_count);
  if (rc != GN_OK) {
    gnp_lake_write_end(writer);
    return rc;
  }
  *out = writer;
  return GN_OK;
}

/* ---- what was written ------------------------------------------------------------------------ */

struct fresh {
  struct lake_writer *writer;
  gn_arena *arena;
  const char *data; /* the folder of the fresh partitions */
  int32_t *days;
  size_t count;
  gn_error *err;
};

static int count_folder(void *user, const char *name, bool is_folder)
{
  (void)name;
  if (is_folder) ++*(size_t *)user;
  return GN_OK;
}

static int take_partition(void *user, const char *name, bool is_folder)
{
  struct fresh *fresh = user;
  gn_str column, value;
  gn_str pattern = gni_str(fresh->writer->lake->config->partition_format);
  if (!is_folder) return GN_OK;
  int rc = gnp_partition_name(gni_str(name), &fresh->writer->arena, &column, &value, fresh->err);
  if (rc == GN_ABSENT) return gni_fail(fresh->err, GN_E_BUG, "the engine wrote '%s'", name);
  if (rc != GN_OK) return rc;
  if (gni_day_parse(value, pattern, &fresh->days[fresh->count], NULL) != GN_OK) {
    gni_fail_as(fresh->err, "GT016", GN_E_TYPE, "rows have '%.*s' as '%.*s', which is no day",
                GN_STR_ARGS(value), GN_STR_ARGS(fresh->writer->record.partition_column));
    gni_error_hint(fresh->err, "days are written %s", pattern.ptr);
    return GN_E_TYPE;
  }
  fresh->count++;
  return GN_OK;
}

/* Every partition must be a day before the first of them is published. */
static int look_at_fresh(struct fresh *fresh, gn_error *err)
{
  const gn_alloc *alloc = fresh->writer->lake->config->alloc;
  size_t room = 0;
  if (!gni_folder_exists(fresh->data)) return GN_OK; /* there were no rows */
  int rc = gni_folder_list(alloc, fresh->data, count_folder, &room, err);
  if (rc != GN_OK) return rc;
  fresh->days = GN_TAKE(fresh->arena, int32_t, room);
  if (!fresh->days) return gnp_fail_arena(fresh->arena, err);
  rc = gni_folder_list(alloc, fresh->data, take_partition, fresh, err);
  fresh->count = gnp_sort_days(fresh->days, fresh->count);
  return rc;
}

/* ---- publishing ------------------------------------------------------------------------------ */

struct rename_files {
  struct lake_writer *writer;
  const char *folder;
  gn_error *err;
};

/* "part-7.parquet" becomes "part-00007-<run>.parquet": names in the order of the rows, and never
 * those of the files that they replace, so that a reader with an old list fails rather than mix. */
static int rename_file(void *user, const char *name, bool is_folder)
{
  struct rename_files *files = user;
  struct lake_writer *writer = files->writer;
  const char *run = strrchr(writer->run.path, '/') + 1 + strlen(GNP_RUN_PREFIX);
  gn_str digits = gni_str(name);
  int64_t number;
  if (is_folder || !gni_str_starts(digits, "part-") || !gni_str_ends(digits, ".parquet"))
    return GN_OK;
  digits = (gn_str){digits.ptr + strlen("part-"), digits.len - strlen("part-.parquet")};
  if (gni_parse_int64(digits, &number) != GN_OK)
    return gni_fail(files->err, GN_E_BUG, "the engine wrote '%s'", name);
  const char *from = gnp_path(&writer->arena, "%s/%s", files->folder, name);
  const char *to =
      gnp_path(&writer->arena, "%s/part-%05lld-%s.parquet", files->folder, (long long)number, run);
  if (!from || !to) return gnp_fail_arena(&writer->arena, files->err);
  if (rename(from, to) != 0) return gni_fail(files->err, GN_E_IO, "cannot rename '%s'", from);
  return GN_OK;
}

static int publish_day(struct fresh *fresh, int32_t day, gn_error *err)
{
  struct lake_writer *writer = fresh->writer;
  const char *format = writer->lake->config->partition_format;
  char text[64];
  int rc = gni_day_format(day, gni_str(format), text, sizeof text, err);
  if (rc != GN_OK) return rc;
  gn_str column = writer->record.partition_column;
  const char *from = gnp_path(&writer->arena, "%s/%.*s=%s", fresh->data, GN_STR_ARGS(column), text);
  const char *to =
      gnp_path(&writer->arena, "%s/%.*s=%s", writer->folder, GN_STR_ARGS(column), text);
  if (!from || !to) return gnp_fail_arena(&writer->arena, err);
  struct rename_files files = {writer, from, err};
  rc = gni_folder_list(writer->lake->config->alloc, from, rename_file, &files, err);
  if (rc == GN_OK && (rc = GN_FAULT("table.before_publish")) != GN_OK)
    gni_fail(err, rc, "fault before publishing '%s'", to);
  if (rc == GN_OK) rc = gni_folder_publish(from, to, err);
  if (rc == GN_OK && (rc = GN_FAULT("table.after_publish")) != GN_OK)
    gni_fail(err, rc, "fault after publishing '%s'", to);
  return rc;
}

static int publish(struct fresh *fresh, gni_table_written *out, gn_error *err)
{
  struct lake_writer *writer = fresh->writer;
  const gni_warehouse_config *config = writer->lake->config;
  int rc = GN_OK;
  if (fresh->count && !writer->recorded)
    rc = gnp_record_write(config->alloc, writer->folder, &writer->record, err);
  if (rc == GN_OK && fresh->count) writer->recorded = true;
  out->days.days = fresh->days;
  for (size_t i = 0; rc == GN_OK && i < fresh->count; i++) {
    if (gni_cancelled(config->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
    rc = publish_day(fresh, fresh->days[i], err);
    if (rc == GN_OK) out->days.count++;
  }
  return rc;
}

int gnp_lake_write(void *state, gn_str sql, gn_arena *arena, gni_table_written *out, gn_error *err)
{
  struct lake_writer *writer = state;
  gni_parquet_options options = {.in_order = true};
  gni_written written;
  struct fresh fresh = {.writer = writer, .arena = arena, .err = err};
  fresh.data = gnp_path(&writer->arena, "%s/data", writer->run.path);
  gn_str column = gni_str_take(&writer->arena, writer->record.partition_column);
  if (!fresh.data || !column.ptr) return gnp_fail_arena(&writer->arena, err);
  options.partition_column = column.ptr;
  int rc = gni_engine_write_parquet(gni_warehouse_engine(writer->lake->warehouse), sql, fresh.data,
                                    &options, &written, err);
  if (rc == GN_OK) rc = look_at_fresh(&fresh, err);
  if (rc == GN_OK) rc = publish(&fresh, out, err);
  out->rows = written.rows;
  out->bytes = written.bytes;
  gni_folder_remove(fresh.data, NULL);
  return rc;
}

/* ---- rows in memory -------------------------------------------------------------------------- */

int gnp_lake_rows_begin(void *state, size_t day_count, size_t memory_bytes, size_t parts,
                        gn_error *err)
{
  struct lake_writer *writer = state;
  int rc = GN_OK;
  forget_parts(writer);
  gnp_day_files_args args = {.lake = writer->lake,
                             .folder = gnp_path(&writer->arena, "%s/data", writer->run.path),
                             .partition_column = writer->record.partition_column,
                             .columns = writer->record.columns,
                             .day_count = day_count,
                             .memory_bytes = memory_bytes / parts};
  writer->parts = GN_TAKE_ZERO(&writer->arena, gnp_day_files *, parts);
  if (!args.folder || !writer->parts) return gnp_fail_arena(&writer->arena, err);
  for (; rc == GN_OK && args.part < parts; args.part++, writer->part_count++)
    rc = gnp_day_files_new(&args, &writer->parts[args.part], err);
  return rc;
}

int gnp_lake_rows_add(void *state, size_t part, int32_t day, const gni_value *const *const *columns,
                      size_t count, gn_error *err)
{
  const struct lake_writer *writer = state;
  return gnp_day_files_add(writer->parts[part], day, columns, count, err);
}

static int end_parts(struct fresh *fresh, gni_table_written *out, gn_error *err)
{
  const struct lake_writer *writer = fresh->writer;
  size_t count = 0;
  int rc = GN_OK;
  for (size_t i = 0; i < writer->part_count; i++) count += gnp_day_files_count(writer->parts[i]);
  fresh->data = gnp_path(&fresh->writer->arena, "%s/data", writer->run.path);
  fresh->days = GN_TAKE(fresh->arena, int32_t, count);
  if (!fresh->data || !fresh->days) return gnp_fail_arena(fresh->arena, err);
  for (size_t i = 0; rc == GN_OK && i < writer->part_count; i++) {
    rc = gnp_day_files_end(writer->parts[i], fresh->days + fresh->count, out, err);
    fresh->count += gnp_day_files_count(writer->parts[i]);
  }
  if (rc == GN_OK) fresh->count = gnp_sort_days(fresh->days, count);
  return rc;
}

int gnp_lake_rows_end(void *state, gn_arena *arena, gni_table_written *out, gn_error *err)
{
  struct lake_writer *writer = state;
  struct fresh fresh = {.writer = writer, .arena = arena, .err = err};
  int rc = end_parts(&fresh, out, err);
  if (rc == GN_OK) rc = publish(&fresh, out, err);
  forget_parts(writer);
  if (fresh.data) gni_folder_remove(fresh.data, NULL);
  return rc;
}
