/* Between the files of src/table/parquet only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_TABLE_PARQUET_PRIVATE_H
#define GNOMON_SRC_TABLE_PARQUET_PRIVATE_H

#include "table/table_private.h"

#define GNP_RUN_PREFIX ".tmp-" /* of a writer's folder beside the partitions */

/* The driver's state. */
typedef struct gnp_lake {
  gni_warehouse *warehouse;
  const gni_warehouse_config *config;
} gnp_lake;

/* What a gni_table's `detail` is. */
typedef struct gnp_place {
  const char *path;
  bool any_ending; /* the format is configured: every file that is not hidden is data */
} gnp_place;

typedef struct gnp_file {
  const char *path;
  bool has_day;
  int32_t day;
  const gn_str *values; /* of the folders' columns; {NULL, 0} is null */
} gnp_file;

/* Files in source order: by day (those without first), then by path. */
typedef struct gnp_files {
  gnp_file *list;
  size_t count;
} gnp_files;

/* files.c */
/* The files that a scan reads. Folders of other days, or that a filter excludes, are not entered.
 */
int gnp_files_list(const gnp_lake *lake, const gni_table *table, const gni_scan *scan,
                   gn_arena *arena, gnp_files *out, gn_error *err);
/* Looks at the first file of a folder: its format, and the columns of the folders above it, into
 * `table`. GN_ABSENT when there is none. */
int gnp_files_peek(const gnp_lake *lake, gni_table *table, gn_arena *arena, gn_error *err);
/* The format that a file's ending says; false when it says none. */
bool gnp_format_of(gn_str name, uint8_t *format);
/* "ds=2024-01-01" with %XX undone; GN_ABSENT when it is no partition's name. */
int gnp_partition_name(gn_str name, gn_arena *arena, gn_str *column, gn_str *value, gn_error *err);
/* Whether a folder's column is among the table's. */
bool gnp_is_level(const gni_table *table, gn_str column);

/* scan.c */
int gnp_lake_type(void *state, const gni_table *table, gn_arena *arena, const gni_type **out,
                  gn_error *err);
int gnp_lake_partitions(void *state, const gni_table *table, const gni_partition_filter *filters,
                        size_t filter_count, gn_arena *arena, gni_days *out, gn_error *err);
int gnp_lake_estimate(void *state, const gni_table *table, const gni_scan *scan, gni_estimate *out,
                      gn_error *err);
int gnp_lake_scan(void *state, const gni_table *table, const gni_scan *scan, gn_buf *sql,
                  gn_error *err);

/* write.c */
int gnp_lake_write_begin(void *state, const gni_table *table, const gni_type *columns,
                         const gni_property *properties, size_t property_count, void **writer,
                         gn_error *err);
int gnp_lake_write(void *writer, gn_str sql, gn_arena *arena, gni_table_written *out,
                   gn_error *err);
void gnp_lake_write_end(void *writer);
int gnp_lake_rows_begin(void *writer, size_t day_count, size_t memory_bytes, size_t parts,
                        gn_error *err);
int gnp_lake_rows_add(void *writer, size_t part, int32_t day,
                      const gni_value *const *const *columns, size_t count, gn_error *err);
int gnp_lake_rows_end(void *writer, gn_arena *arena, gni_table_written *out, gn_error *err);

/* day_files.c */
/* Rows in memory become one file a day below `folder`; those of other parts lie beside them, in the
 * order of the parts. */
typedef struct gnp_day_files_args {
  const gnp_lake *lake;
  const char *folder; /* outlives the files, as all that is pointed to */
  gn_str partition_column;
  const gni_type *columns;
  size_t part, day_count, memory_bytes;
} gnp_day_files_args;
typedef struct gnp_day_files gnp_day_files;
int gnp_day_files_new(const gnp_day_files_args *args, gnp_day_files **out, gn_error *err);
void gnp_day_files_free(gnp_day_files *files); /* NULL does nothing; what is written stays */
int gnp_day_files_add(gnp_day_files *files, int32_t day, const gni_value *const *const *columns,
                      size_t count, gn_error *err);
size_t gnp_day_files_count(const gnp_day_files *files);
/* Ends all files; a day each into `days`. */
int gnp_day_files_end(gnp_day_files *files, int32_t *days, gni_table_written *out, gn_error *err);

/* parquet.c */
/* The entry of a table in the configuration; NULL when it has none. */
const gni_table_entry *gnp_lake_entry(const gnp_lake *lake, gn_str ns, gn_str base);
/* Where a table is, or would be: its entry's path, else root/ns/base. NULL without memory. */
const char *gnp_lake_folder(const gnp_lake *lake, gn_str ns, gn_str base, gn_arena *arena);

#endif
