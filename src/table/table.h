/* Where tables are and what is in them. SPDX-License-Identifier: Apache-2.0
 *
 * A warehouse is a folder. Table `ns.t` is, in this order: the last one configured under that name
 * ([tables."ns.t"], or --table NAME=PATH), the folder root/ns/t (with ds=…/ folders, or with bare
 * files), the file root/ns/t.parquet, the file root/ns/t.csv. A name without namespace is in
 * `default`. Names of folders and files that begin with '.' or '_' are not data.
 *
 * Days are day numbers (since 1970-01-01) in here; partition values are texts in the table's own
 * partition format.
 *
 * Laws, checked by the contract suite for every driver:
 *   a reader sees a partition as it was before or as it is after a write, never a mix, also after
 *   kill -9; a write that did not end leaves nothing once the next writer has begun
 *   what is written is read back: values, nulls, types, order
 *   partitions(t) are the days that scan(t) gives */
#ifndef GNOMON_SRC_TABLE_H
#define GNOMON_SRC_TABLE_H

#include "engine/engine.h"

#define GN_TABLE_DRIVER_VERSION 1

/* Columns that a scan adds; hidden from `*` by the planner. */
#define GNI_SCAN_DS "__gn_ds"   /* VARCHAR: the partition in the warehouse's format; may be null */
#define GNI_SCAN_DAY "__gn_day" /* INTEGER: the same as a day number */
#define GNI_SCAN_ORDER                                                                             \
  "__gn_order" /* BIGINT: file (by partition, then name) and row in it. Source                     \
                  order within a table is (__gn_day nulls first, __gn_order) */

typedef struct gni_warehouse gni_warehouse;
typedef struct gni_table_writer gni_table_writer;
typedef struct gni_table_driver gni_table_driver;

enum gni_table_format { GNI_TABLE_PARQUET, GNI_TABLE_CSV, GNI_TABLE_MEMORY };

/* One [tables."ns.t"] entry, or --table NAME=PATH. NULL members take the warehouse's setting. */
typedef struct gni_table_entry {
  const char *name;
  const char *path;   /* a file or a folder; relative to the warehouse's root */
  const char *format; /* "parquet", "csv"; NULL: by the ending of the first file */
  const char *partition_column, *partition_format;
} gni_table_entry;

/* What it points to outlives the warehouse. */
typedef struct gni_warehouse_config {
  const gn_alloc *alloc;         /* NULL: gni_libc_alloc */
  const char *root;              /* a folder; need not exist yet */
  const char *partition_column;  /* NULL: "ds" */
  const char *partition_format;  /* NULL: "yyyy-MM-dd" */
  const gni_table_entry *tables; /* the last of a name counts */
  size_t table_count;
  gni_engine *engine; /* NULL: only what needs no engine works; may be given later */
  gn_cancel *cancel;
} gni_warehouse_config;

typedef struct gni_property {
  gn_str name, value;
} gni_property;

/* What a name stands for. Texts live in the arena that was given. */
typedef struct gni_table {
  gn_str name;      /* "ns.t", always with its namespace */
  gn_str location;  /* for people: the file or folder */
  bool configured;  /* by an entry */
  bool folder;      /* a folder of files, else one file */
  bool partitioned; /* has the partition column, in folders' names or in the rows */
  bool by_folder;   /* … in folders' names */
  uint8_t format;   /* gni_table_format */
  gn_str partition_column, partition_format;
  const gn_str *partition_columns; /* all levels of folders, outermost first; by_folder only */
  size_t partition_column_count;
  const gni_property *properties; /* as the writer left them */
  size_t property_count;
  const void *detail; /* the driver's own */
} gni_table;

/* "region=eu": only partitions whose folder at that level has that value. */
typedef struct gni_partition_filter {
  gn_str column, value;
} gni_partition_filter;

/* Ascending, each once. */
typedef struct gni_days {
  const int32_t *days;
  size_t count;
} gni_days;

/* Which rows to read: days [first_day, last_day], both included; rows without a day only when the
 * range is open on both sides. */
typedef struct gni_scan {
  int32_t first_day, last_day; /* INT32_MIN, INT32_MAX: open */
  const gni_partition_filter *filters;
  size_t filter_count;
} gni_scan;
#define GNI_SCAN_ALL ((gni_scan){.first_day = INT32_MIN, .last_day = INT32_MAX})

typedef struct gni_estimate {
  int64_t rows;  /* -1: not known (CSV) */
  int64_t bytes; /* as stored */
  int64_t files;
} gni_estimate;

/* ---- reading --------------------------------------------------------------------------------- */

int gni_warehouse_open(const gni_warehouse_config *config, gni_warehouse **out, gn_error *err);
/* The same over another driver ("parquet" is the default, "memory" is for tests). */
int gni_warehouse_open_driver(const gni_table_driver *driver, const gni_warehouse_config *config,
                              gni_warehouse **out, gn_error *err);
void gni_warehouse_close(gni_warehouse *warehouse); /* NULL does nothing; the engine stays open */
void gni_warehouse_set_engine(gni_warehouse *warehouse, gni_engine *engine);
gni_engine *gni_warehouse_engine(const gni_warehouse *warehouse);

/* GN_ABSENT when there is no such table; GN_E_ARG when it is no name. Needs the engine for a single
 * file (is the partition column in it?). */
int gni_table_find(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gni_table *out,
                   gn_error *err);
/* The same, but absence is GN_E_NOTFOUND with the nearest name as hint and the places looked at. */
int gni_table_need(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gni_table *out,
                   gn_error *err);
/* All columns, partition columns last and always strings. Kept by the warehouse after the first
 * time, until the table is written. Needs the engine unless our own writer made the table. */
int gni_table_type(gni_warehouse *warehouse, const gni_table *table, gn_arena *arena,
                   const gni_type **out, gn_error *err);
/* The days that there are; none for a table that is not partitioned. */
int gni_table_partitions(gni_warehouse *warehouse, const gni_table *table,
                         const gni_partition_filter *filters, size_t filter_count, gn_arena *arena,
                         gni_days *out, gn_error *err);
/* Rows (from the files' own counts, narrowed to the days where these tell) and bytes of a scan. */
int gni_table_estimate(gni_warehouse *warehouse, const gni_table *table, const gni_scan *scan,
                       gni_estimate *out, gn_error *err);
/* Adds "(SELECT … )", what may follow FROM: every column of the table by its own name (partition
 * columns as VARCHAR; columns that a file lacks as nulls) and the GNI_SCAN_… columns. Lists only
 * the files needed. A range without data gives the columns and no rows. */
int gni_table_scan(gni_warehouse *warehouse, const gni_table *table, const gni_scan *scan,
                   gn_buf *sql, gn_error *err);
/* Every table whose name matches `pattern` (of SHOW TABLES LIKE: '*' and '%' any text, '_' one
 * character, '|' alternatives; case does not count; empty: all), by name. */
int gni_warehouse_tables(gni_warehouse *warehouse, gn_str pattern, gn_arena *arena,
                         const gn_str **names, size_t *count, gn_error *err);
/* Makes the tables that a SELECT names readable by it in the engine, as views without the hidden
 * columns. */
int gni_warehouse_expose(gni_warehouse *warehouse, gn_str sql, gn_error *err);

/* "k=v", "k='v'" and "k=\"v\"" parted by '/' or ',', as sub-partition specs are written. */
int gni_partition_filters_parse(gn_str text, gn_arena *arena, gni_partition_filter **out,
                                size_t *count, gn_error *err);
/* Splits "t" or "ns.t"; refuses what cannot be a name of a folder. */
int gni_table_name_split(gn_str name, gn_str *ns, gn_str *base, gn_error *err);

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct gni_table_spec {
  gn_str name;
  const gni_type *columns;        /* without the partition column */
  const gni_property *properties; /* replace those of the same name */
  size_t property_count;
  bool auto_expand; /* columns that the table lacks are added to it, and those it has alone stay and
                       are null; else the columns must be the same */
} gni_table_spec;

typedef struct gni_table_written {
  int64_t rows, bytes;
  gni_days days; /* published, in the arena that was given */
} gni_table_written;

/* Compares columns: a type that changed is GN_E_TYPE with both types, a missing or new column
 * GN_E_TYPE unless auto_expand. Sweeps what dead writers left. The table's record is written with
 * the first partition. */
int gni_table_writer_open(gni_warehouse *warehouse, const gni_table_spec *spec,
                          gni_table_writer **out, gn_error *err);
/* The rows of a stream, which is taken, as one Parquet file of no table: written beside, renamed.
 * The counts may be NULL. */
int gni_table_write_single(struct ArrowArrayStream *rows, const char *path, const gn_alloc *alloc,
                           int64_t *row_count, int64_t *byte_count, gn_error *err);
/* Replaces the partitions that the rows have: columns of spec (by name, any order) and the
 * partition column as text in the warehouse's format. Rows keep their order within a partition. The
 * stream is taken. Partitions are published when the stream has ended, each atomically, ascending;
 * after a failure the ones before stay. */
int gni_table_write(gni_table_writer *writer, struct ArrowArrayStream *rows, gn_arena *arena,
                    gni_table_written *out, gn_error *err);
/* The same from a SELECT. */
int gni_table_write_sql(gni_table_writer *writer, gn_str sql, gn_arena *arena,
                        gni_table_written *out, gn_error *err);
/* The same from rows in memory, without the engine. Begin, add rows, end; about `memory_bytes` are
 * held for the `day_count` days that will come. Nothing is published before the end, and nothing
 * without it. A driver that takes SQL only is GN_E_UNSUPPORTED. */
int gni_table_rows_begin(gni_table_writer *writer, size_t day_count, size_t memory_bytes,
                         size_t parts, gn_error *err);
/* Rows of one day: a value for each column of the spec and, inside, each row. Rows of a part follow
 * those of the parts before; different parts may be added to by different threads. */
int gni_table_rows_add(gni_table_writer *writer, size_t part, int32_t day,
                       const gni_value *const *cells, size_t count, gn_error *err);
int gni_table_rows_end(gni_table_writer *writer, gn_arena *arena, gni_table_written *out,
                       gn_error *err);
void gni_table_writer_close(gni_table_writer *writer); /* NULL does nothing */

/* Removes what dead writers left beside the partitions, as opening a writer does. */
int gni_table_sweep(gni_warehouse *warehouse, const gni_table *table, gn_error *err);
int gni_table_drop(gni_warehouse *warehouse, gn_str name, gn_error *err); /* absent is fine */

/* ---- drivers --------------------------------------------------------------------------------- */

/* What a driver fills in; it grows at the end only. `state` is its own. */
struct gni_table_driver {
  uint32_t version;
  const char *name;
  int (*open)(gni_warehouse *warehouse, const gni_warehouse_config *config, void **state,
              gn_error *err);
  void (*close)(void *state);
  int (*find)(void *state, gn_str ns, gn_str base, gn_arena *arena, gni_table *out, gn_error *err);
  int (*list)(void *state, int (*each)(void *user, gn_str name), void *user, gn_error *err);
  int (*type)(void *state, const gni_table *table, gn_arena *arena, const gni_type **out,
              gn_error *err);
  int (*partitions)(void *state, const gni_table *table, const gni_partition_filter *filters,
                    size_t filter_count, gn_arena *arena, gni_days *out, gn_error *err);
  int (*estimate)(void *state, const gni_table *table, const gni_scan *scan, gni_estimate *out,
                  gn_error *err);
  int (*scan)(void *state, const gni_table *table, const gni_scan *scan, gn_buf *sql,
              gn_error *err);
  /* `columns` and `properties` are what the table is to have afterwards. */
  int (*write_begin)(void *state, const gni_table *table, const gni_type *columns,
                     const gni_property *properties, size_t property_count, void **writer,
                     gn_error *err);
  /* Rows of a SELECT with the columns and the partition column. */
  int (*write)(void *writer, gn_str sql, gn_arena *arena, gni_table_written *out, gn_error *err);
  void (*write_end)(void *writer);
  int (*drop)(void *state, const gni_table *table, gn_error *err);
  int (*sweep)(void *state, const gni_table *table, gn_error *err); /* NULL: nothing is left */
  /* See gni_table_rows_begin; NULL when rows come by SQL only. `columns` has the
   * values of a column of the table each, NULL where the rows have none. */
  int (*rows_begin)(void *writer, size_t day_count, size_t memory_bytes, size_t parts,
                    gn_error *err);
  int (*rows_add)(void *writer, size_t part, int32_t day, const gni_value *const *const *columns,
                  size_t count, gn_error *err);
  int (*rows_end)(void *writer, gn_arena *arena, gni_table_written *out, gn_error *err);
};

extern const gni_table_driver gni_table_parquet, gni_table_memory;

#endif
