/* One reading of a table's files: which they are, what is in them, and the SQL over them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_TABLE_PARQUET_READING_H
#define GNOMON_SRC_TABLE_PARQUET_READING_H

#include "table/parquet/parquet_private.h"

typedef struct gnp_reading {
  const gnp_lake *lake;
  const gni_table *table;
  const gni_scan *scan;
  gn_arena arena;
  gnp_files files;
  const gni_type
      *stored; /* columns of the files alone; NULL without files, or when not asked for */
  gnp_partition_column partition; /* where it is in the rows */
  /* The engine numbers files and rows in columns that appear when they are asked for by name; a
   * table that has such a column itself hides them. */
  bool hides_numbers;
} gnp_reading;

int gnp_reading_init(gnp_reading *reading, const gnp_lake *lake, const gni_table *table,
                     const gni_scan *scan, bool with_types, gn_error *err);
void gnp_reading_deinit(gnp_reading *reading);

/* "['a.parquet', …]" */
void gnp_add_paths(gn_buf *sql, const gnp_files *files);
/* The engine's function over these files. */
void gnp_add_reader(const gnp_reading *reading, gn_buf *sql);
/* What a scan selects from, and its GNI_SCAN_ORDER column in it. */
void gnp_add_order(const gnp_reading *reading, gn_buf *sql);
void gnp_add_from(const gnp_reading *reading, gn_buf *sql);
/* " WHERE …" of what the list of files does not settle. */
void gnp_add_where(const gnp_reading *reading, gn_buf *sql);
/* A folders' column, as text; level counts from the outermost. */
void gnp_add_level(const gnp_reading *reading, size_t level, gn_buf *sql);
/* The partition as text in the table's format, as text in the warehouse's, as a day number. */
void gnp_add_text(const gnp_reading *reading, gn_buf *sql);
void gnp_add_ds(const gnp_reading *reading, gn_buf *sql);
void gnp_add_day(const gnp_reading *reading, gn_buf *sql);

#endif
