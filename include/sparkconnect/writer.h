/* Rows that stay on the server: files, tables, views, checkpoints. SPDX-License-Identifier:
 * Apache-2.0
 */
#ifndef SPARKCONNECT_WRITER_H
#define SPARKCONNECT_WRITER_H

#include <sparkconnect/dataframe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is NULL or 0 is left to the server. */
typedef struct sparkc_write_args {
  size_t struct_size;
  const char *path;  /* of files */
  const char *table; /* or a table, by its name */
  int32_t insert;    /* 1: into the table there is, by the order of its columns */
  const char *format;
  const char *mode; /* "append", "overwrite", "error", "ignore" */
  const sparkc_option *options;
  size_t option_count;
  const char *const *partition_by, *const *sort_by, *const *bucket_by, *const *cluster_by;
  size_t partition_count, sort_count, bucket_columns, cluster_count;
  int32_t buckets;
} sparkc_write_args;

#define SPARKC_WRITE_ARGS(...)                                                                     \
  (&(sparkc_write_args){.struct_size = sizeof(sparkc_write_args), __VA_ARGS__})

/**
 * Writes the rows as files or into a table.
 *
 * @own     nothing
 * @err     PLAN        a path and a table, or a mode there is not
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    runs the query
 * @since   0.1
 */
SPARKC_API int sparkc_write(const sparkc_dataframe *df, const sparkc_write_args *args,
                            sparkc_error *err);

typedef struct sparkc_write_table_args {
  size_t struct_size;
  const char *provider;     /* "iceberg"; NULL: the catalog's */
  const char *mode;         /* "create", "append", "overwrite", "overwrite_partitions", "replace",
                               "create_or_replace" */
  sparkc_column *condition; /* of "overwrite": which rows go */
  sparkc_column *const *partition_by;
  size_t partition_count;
  const char *const *cluster_by;
  size_t cluster_count;
  const sparkc_option *options, *properties;
  size_t option_count, property_count;
} sparkc_write_table_args;

#define SPARKC_WRITE_TABLE_ARGS(...)                                                               \
  (&(sparkc_write_table_args){.struct_size = sizeof(sparkc_write_table_args), __VA_ARGS__})

/**
 * Writes the rows into a table of a catalog, by the names of its columns (PySpark's writeTo).
 *
 * @own     the columns of `args` are given away
 * @err     PLAN        a mode there is not, a column that could not be made
 *          REMOTE, TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    runs the query
 * @since   0.1
 */
SPARKC_API int sparkc_write_table(const sparkc_dataframe *df, const char *table,
                                  const sparkc_write_table_args *args, sparkc_error *err);

/* What a merge does with a row. */
typedef struct sparkc_merge_action {
  const char *action;       /* "delete", "update", "update_star", "insert", "insert_star" */
  sparkc_column *condition; /* NULL: always */
  sparkc_column *const *keys, *const *values; /* columns of the target, and what they become */
  size_t count;
} sparkc_merge_action;

typedef struct sparkc_merge_args {
  size_t struct_size;
  sparkc_column *on;
  const sparkc_merge_action *matched, *not_matched, *not_matched_by_source;
  size_t matched_count, not_matched_count, not_matched_by_source_count;
  int32_t evolve_schema;
} sparkc_merge_args;

#define SPARKC_MERGE_ARGS(...)                                                                     \
  (&(sparkc_merge_args){.struct_size = sizeof(sparkc_merge_args), __VA_ARGS__})

/**
 * Merges the rows into a table: what happens to rows that match, and to those of one side only.
 *
 * @own     the columns of `args` are given away
 * @err     PLAN        an action there is not, a column that could not be made
 *          REMOTE      the table's format cannot merge
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    runs the query
 * @since   0.1
 */
SPARKC_API int sparkc_merge(const sparkc_dataframe *source, const char *table,
                            const sparkc_merge_args *args, sparkc_error *err);

/**
 * Gives the data frame a name in the session, or, where `global`, in "global_temp".
 *
 * @own     nothing
 * @err     REMOTE      there is one of that name, and `replace` is 0
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip; nothing is run
 * @since   0.1
 */
SPARKC_API int sparkc_create_view(const sparkc_dataframe *df, const char *name, int32_t replace,
                                  int32_t global, sparkc_error *err);

/**
 * Computes the rows once and keeps them on the server, until the last data frame over them is
 * freed.
 *
 * @own     the data frame is the caller's to free
 * @null    `local` 1 keeps them on the executors, 0 in the server's checkpoint folder; `eager` 0
 *          computes them when they are asked for first
 * @err     REMOTE      the server has no such folder
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    runs the query
 * @since   0.1
 */
SPARKC_API int sparkc_checkpoint(const sparkc_dataframe *df, int32_t local, int32_t eager,
                                 sparkc_dataframe **out, sparkc_error *err);

#ifdef __cplusplus
}
#endif
#endif
