/* What runs SQL over tables: the embedded engine, later others. SPDX-License-Identifier: Apache-2.0
 *
 * An engine reads files, evaluates expressions, sorts, spills and writes Parquet. What comes out is
 * an Arrow stream; what goes in is SQL and Arrow streams. Chronon's windows are not its business.
 *
 * Laws, checked by the contract suite for every driver:
 *   a stream is lazy: rows are made when they are pulled, in bounded memory
 *   streams are independent: several may be open and pulled in turn
 *   a query without ORDER BY over files gives the rows in the order of the files
 *   cancelling, from any thread, ends every call and every stream with GN_E_CANCELLED, soon
 *   what does not fit in the memory goes to the temporary folder, which is empty again after close
 *   nothing is fetched from a network, nothing is written outside the temporary folder and the
 * paths that are named
 *
 * An engine is confined to one thread at a time, but for gni_engine_interrupt. Its streams are
 * pulled by one thread each and may be released after the engine is closed, though not pulled. */
#ifndef GNOMON_SRC_ENGINE_H
#define GNOMON_SRC_ENGINE_H

#include "data/data.h"

#define GN_ENGINE_DRIVER_VERSION 1

typedef struct gni_engine gni_engine;

/* A setting of a driver by name, as text. */
typedef struct gni_engine_setting {
  const char *name, *value;
} gni_engine_setting;

typedef struct gni_engine_option {
  const char *name, *type, *fallback, *help; /* type: "integer", "bytes", "boolean", "text" */
} gni_engine_option;

/* What an engine is opened with; what it points to outlives the engine. */
typedef struct gni_engine_config {
  const gn_alloc *alloc; /* NULL: gni_libc_alloc */
  int threads;           /* at work at most, the caller's included; 0: one a core */
  int64_t memory_bytes;  /* of the whole process; the engine takes half. 0: 80 % of the machine's */
  const char
      *temp_folder; /* for what spills; made when needed, emptied at close. NULL: no spilling */
  const char *module_folder;          /* where the driver's module is; NULL: the usual places */
  gn_cancel *cancel;                  /* NULL: never */
  const gni_engine_setting *settings; /* of the driver's options */
  size_t setting_count;
} gni_engine_config;

typedef struct gni_parquet_options {
  const char *codec;      /* "zstd" (NULL), "snappy", "uncompressed" */
  int64_t row_group_rows; /* 0: the driver's choice */
  /* NULL: `path` is one file. Else `path` is a folder that gets <column>=<value>/part-<i>.parquet;
   * the column is left out of the files, nulls are <column>=__HIVE_DEFAULT_PARTITION__. */
  const char *partition_column;
  bool in_order; /* the statement reads one attached stream, row by row: it is in order as it is */
} gni_parquet_options;

typedef struct gni_written {
  int64_t rows, bytes, files;
} gni_written;

typedef struct gni_engine_use {
  int64_t memory_bytes; /* held now in memory, by the engine's own account */
  int64_t temp_bytes;   /* held now in the temporary folder */
} gni_engine_use;

/* A function for SQL that the caller computes, called with one value a field of `inputs`, nulls
 * too, from any of the engine's threads; the same arguments must give the same answer. */
typedef struct gni_engine_function {
  gn_str name;
  const gni_type *inputs; /* a struct */
  const gni_type *output;
  int (*call)(const void *user, const gni_value *args, gn_arena *arena, gni_value *out,
              gn_error *err);
  const void *user;
} gni_engine_function;

/* What a driver fills in; it grows at the end only. Plain data and Arrow cross it. Functions that
 * may be NULL say so. */
typedef struct gni_engine_driver {
  uint32_t version;
  const char *name;
  const char *dialect;         /* which SQL it speaks, as src/expr names it */
  const char *library_version; /* of what is inside */
  const gni_engine_option *options;
  size_t option_count;

  int (*open)(const gni_engine_config *config, void **state, gn_error *err);
  void (*close)(void *state);
  int (*query)(void *state, gn_str sql, struct ArrowArrayStream *out, gn_error *err);
  int (*exec)(void *state, gn_str sql, gn_error *err);
  int (*attach)(void *state, gn_str name, struct ArrowArrayStream *stream, gn_error *err);
  int (*detach)(void *state, gn_str name, gn_error *err);
  int (*write_parquet)(void *state, gn_str sql, const char *path,
                       const gni_parquet_options *options, gni_written *out, gn_error *err);
  void (*interrupt)(void *state); /* any thread */
  int (*use)(void *state, gni_engine_use *out, gn_error *err);
  /* See gni_engine_tables; NULL when the driver cannot tell. */
  int (*tables)(void *state, gn_str sql, gn_arena *arena, gn_str **names, size_t *count,
                gn_error *err);
  int (*add_function)(void *state, const gni_engine_function *function, gn_error *err);
} gni_engine_driver;

/* Opens the driver of that name ("duckdb"). It is in a module of its own, gnomon-engine-duckdb.so,
 * looked for in this order: GNOMON_ENGINE_PATH (a file or a folder), config->module_folder, the
 * loader's own search (beside the library, by its $ORIGIN), the folder of the installation. A
 * program that links the driver's archive needs no module. GN_E_NOTFOUND with the places tried. */
int gni_engine_open(const char *name, const gni_engine_config *config, gni_engine **out,
                    gn_error *err);
/* The same with a driver at hand. */
int gni_engine_open_driver(const gni_engine_driver *driver, const gni_engine_config *config,
                           gni_engine **out, gn_error *err);
void gni_engine_close(gni_engine *engine); /* NULL does nothing */
const gni_engine_driver *gni_engine_driver_of(const gni_engine *engine);

/* One SELECT as a stream. Errors of the statement come here, errors of the rows from the stream;
 * its get_next answers ECANCELED, ENOMEM, EIO or EINVAL. */
int gni_engine_query(gni_engine *engine, gn_str sql, struct ArrowArrayStream *out, gn_error *err);
/* Statements without rows, one or several. */
int gni_engine_exec(gni_engine *engine, gn_str sql, gn_error *err);
/* The first cell of the first row as a 64-bit integer; GN_ABSENT when there is none or it is null.
 */
int gni_engine_query_int64(gni_engine *engine, gn_str sql, int64_t *out, gn_error *err);
/* Calls `each` for every row of a query; cells live for the call. A non-zero return ends it and is
 * returned. For answers that are small. */
int gni_engine_each_row(gni_engine *engine, gn_str sql,
                        int (*each)(void *user, const gni_value *row, size_t count), void *user,
                        gn_error *err);
/* Makes a function known to later statements; what it points to outlives the engine. A name that is
 * known is kept as it is. */
int gni_engine_add_function(gni_engine *engine, const gni_engine_function *function, gn_error *err);
/* The struct type of a query's rows, without running it. */
int gni_engine_type(gni_engine *engine, gn_str sql, gn_arena *arena, const gni_type **out,
                    gn_error *err);

/* Lets SQL read a stream as a table of that name, once: a second reading is GN_E_ARG. The stream is
 * taken, also on failure. Its batches may be of any size. */
int gni_engine_attach(gni_engine *engine, gn_str name, struct ArrowArrayStream *stream,
                      gn_error *err);
int gni_engine_detach(gni_engine *engine, gn_str name, gn_error *err); /* unknown names are fine */

/* Writes the rows of a SELECT, in their order, and syncs nothing. */
int gni_engine_write_parquet(gni_engine *engine, gn_str sql, const char *path,
                             const gni_parquet_options *options, gni_written *out, gn_error *err);
/* The same for a stream, which is taken. */
int gni_engine_write_stream(gni_engine *engine, struct ArrowArrayStream *stream, const char *path,
                            const gni_parquet_options *options, gni_written *out, gn_error *err);

/* Ends what runs now, from any thread; config->cancel does the same and stays. */
void gni_engine_interrupt(gni_engine *engine);
int gni_engine_use_now(gni_engine *engine, gni_engine_use *out, gn_error *err);
/* The tables that a SELECT names ("ns.t", "t"), queries of its WITH among them; none when it cannot
 * be parsed, which running it will say better. */
int gni_engine_tables(gni_engine *engine, gn_str sql, gn_arena *arena, gn_str **names,
                      size_t *count, gn_error *err);

/* A name or a text as SQL, quoted for any content: "a ""b""" and 'it''s'. */
int gni_sql_add_name(gn_buf *sql, gn_str name);
int gni_sql_add_text(gn_buf *sql, gn_str text);
/* A type as the embedded engine spells it: BIGINT, MAP(VARCHAR, DOUBLE), STRUCT("a" INTEGER). */
int gni_sql_add_type(gn_buf *sql, const gni_type *type);

extern GN_API const gni_engine_driver gn_engine_duckdb; /* the module's one symbol */

#endif
