/* Between the files of src/table and its drivers only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_TABLE_PRIVATE_H
#define GNOMON_SRC_TABLE_PRIVATE_H

#include "table/table.h"

#define GNP_TABLE_ARENA_BYTES_MAX ((size_t)256 << 20) /* of listings: a million files */
#define GNP_RECORD_BYTES_MAX ((size_t)16 << 20)       /* of a table's record */

/* ---- SQL of partitions in rows (partition_sql.c) --------------------------------------------- */

/* How a partition column looks in rows. */
typedef struct gnp_partition_column {
  gn_str name;       /* of the column */
  uint8_t kind;      /* gni_kind of what is stored */
  gn_str format;     /* the table's Java pattern */
  gn_str out_format; /* the warehouse's */
} gnp_partition_column;

/* The column as text in the table's format. */
int gnp_add_partition_text(gn_buf *sql, const gnp_partition_column *column);
/* … in the warehouse's format; null where it is no day. */
int gnp_add_partition_ds(gn_buf *sql, const gnp_partition_column *column);
/* … as an INTEGER day number; null where it is no day. */
int gnp_add_partition_day(gn_buf *sql, const gnp_partition_column *column);
/* Adds "<condition>" for the days, true when open on both sides; made so that the engine can skip
 * row groups where the column's kind and format allow. */
int gnp_add_partition_range(gn_buf *sql, const gnp_partition_column *column, int32_t first_day,
                            int32_t last_day);

/* Collects the days that a query gives (one column, INTEGER), ascending, each once. */
int gnp_query_days(gni_engine *engine, gn_str sql, gn_arena *arena, gni_days *out, gn_error *err);
/* Ascending, each once, in place. */
size_t gnp_sort_days(int32_t *days, size_t count);

/* ---- records (record.c) ---------------------------------------------------------------------- */

#define GNP_RECORD_NAME ".gnomon-table.json"

/* What our writer keeps beside a table's partitions. */
typedef struct gnp_record {
  const gni_type *columns; /* without the partition column */
  gn_str partition_column;
  const gni_property *properties;
  size_t property_count;
} gnp_record;

/* GN_ABSENT when the folder has none. */
int gnp_record_read(const gn_alloc *alloc, const char *folder, gn_arena *arena, gnp_record *out,
                    gn_error *err);
int gnp_record_write(const gn_alloc *alloc, const char *folder, const gnp_record *record,
                     gn_error *err);

/* ---- the rest -------------------------------------------------------------------------------- */

const gni_warehouse_config *gnp_warehouse_config(const gni_warehouse *warehouse);
gni_engine *gnp_need_engine(const gni_warehouse *warehouse, gn_error *err); /* NULL: none */
/* SHOW TABLES LIKE. */
bool gnp_like(gn_str text, gn_str pattern);
/* "out of memory" when the arena is full. */
int gnp_fail_arena(const gn_arena *arena, gn_error *err);
/* A buffer for statements. */
void gnp_sql_init(gn_buf *sql, const gni_warehouse *warehouse);
/* A deep copy; NULL without memory. */
const gni_type *gnp_type_copy(const gni_type *type, gn_arena *arena);
/* A type with one more string column at the end. */
const gni_type *gnp_type_with_text(const gni_type *columns, gn_str name, gn_arena *arena);
/* Terminated copy of a text, for calls that take paths. */
const char *gnp_path(gn_arena *arena, const char *format, ...) GN_PRINTF(2, 3);

#endif
