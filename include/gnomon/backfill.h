/* Plans, and running them: definitions and days in, table partitions out. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_BACKFILL_H
#define GNOMON_BACKFILL_H

#include <gnomon/arrow.h>
#include <gnomon/gnomon.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gn_backfill_args {
  size_t struct_size;
  const char *conf;       /* compiled file's path, "group_bys/team/file.var", "team.file.var" */
  const char *start_ds;   /* first day; NULL: the definition's backfillStartDate, else end_ds */
  const char *end_ds;     /* last day, included; NULL: yesterday */
  int32_t step_days;      /* days written by one scan; 0: 30 */
  int32_t run_first_hole; /* also fill days before the first that exists */
  int32_t parallelism;    /* worker threads; 0: as the session says */
  const char *plan;       /* what gn_plan gave: is done exactly, or refused; the members above but
                             parallelism are taken from it */
} gn_backfill_args;
#define GN_BACKFILL_ARGS(...)                                                                      \
  (&(gn_backfill_args){.struct_size = sizeof(gn_backfill_args), __VA_ARGS__})

typedef struct gn_backfill_report {
  int64_t partitions, rows, bytes; /* written */
  int64_t skipped;                 /* partitions that were there already */
} gn_backfill_report;

/**
 * Shows what gn_backfill would do, as JSON: steps, partitions, scans with estimated rows and bytes,
 * writes, and where each setting came from. Writes nothing.
 *
 * @own     `out` is the caller's
 * @err     ARG       a day is not a day, or the range is empty
 * @err     NOTFOUND  no such definition or source table
 * @err     INVALID   the definition has errors
 * @err     UNSUPPORTED it needs something this version cannot compute
 * @err     NOMEM     out of memory
 * @thread  one call at a time a session
 * @since   0.1
 */
GN_API int gn_plan(gn_session *session, const gn_backfill_args *args, gn_text *out,
                   gn_error *err) GN_MUST_CHECK;

/**
 * Tells a plan for people: days, scans, settings, and the command that runs it.
 *
 * @shape   `plan`: what gn_plan gave, or what a file holds of it; `partitions`: how many it
 * computes
 * @own     `out` is the caller's
 * @err     PARSE  it is no plan
 * @err     NOMEM  out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_plan_tell(const char *plan, size_t plan_size, gn_text *out, int64_t *partitions,
                        gn_error *err) GN_MUST_CHECK;

/**
 * Computes the missing partitions of a GroupBy's output table. Each is published whole or not at
 * all; running again computes only what is still missing.
 *
 * @shape   output table: key columns, feature columns in definition order, `ds`; rows sorted by key
 * @unit    `report` counts what this call wrote
 * @own     nothing
 * @err     ARG       a day is not a day, or the range is empty
 * @err     NOTFOUND  no such definition or source table
 * @err     INVALID   the definition has errors
 * @err     TYPE      the output table has other columns
 * @err     UNSUPPORTED it needs something this version cannot compute
 * @err     CONFLICT  definition, tables or partitions have changed since `plan` was made
 * @err     PARSE     `plan` is not a plan
 * @err     LIMIT     one key's state does not fit in the memory budget
 * @err     IO        a file could not be read or written
 * @err     NOMEM     out of memory
 * @err     CANCELLED gn_session_cancel was called; finished partitions stay
 * @thread  one call at a time a session
 * @cost    one scan of the sources a step, sorted by key; memory within the session's budget
 * @source  Chronon's GroupBy backfill (computeBackfill)
 * @since   0.1
 */
GN_API int gn_backfill(gn_session *session, const gn_backfill_args *args,
                       gn_backfill_report *report, gn_error *err) GN_MUST_CHECK;

/**
 * Lists the days that any source of a GroupBy has, the newest first, a line each.
 *
 * @shape   at most `days_max` lines "yyyy-MM-dd"; none when no source is partitioned
 * @own     `out` is the caller's
 * @err     NOTFOUND  no such definition or source table
 * @err     INVALID   the definition has errors
 * @err     NOMEM     out of memory
 * @thread  one call at a time a session
 * @since   0.1
 */
GN_API int gn_partitions(gn_session *session, const char *conf, int64_t days_max, gn_text *out,
                         gn_error *err) GN_MUST_CHECK;

/**
 * Runs a read-only SELECT, SHOW TABLES [LIKE] or DESCRIBE [EXTENDED] over the warehouse.
 *
 * @own     `out` is the caller's to release
 * @err     PARSE     the statement is not one of these, or the engine refuses it
 * @err     NOTFOUND  a table does not exist
 * @err     IO        a file could not be read
 * @err     NOMEM     out of memory
 * @thread  one call at a time a session
 * @since   0.1
 */
GN_API int gn_sql(gn_session *session, const char *sql, struct ArrowArrayStream *out,
                  gn_error *err) GN_MUST_CHECK;

/* How gn_render writes rows. */
enum gn_render_form {
  GN_RENDER_TABLE = 0, /* a box for people */
  GN_RENDER_JSON = 1,  /* a JSON list */
  GN_RENDER_JSONL = 2, /* one JSON object a line */
  GN_RENDER_CSV = 3,
  GN_RENDER_MARKDOWN = 4
};

/**
 * Writes the rows of a stream as text.
 *
 * @shape   at most `rows_max` rows (0: all); a table says how many it left out
 * @own     `rows` is consumed, also on failure; `out` is the caller's
 * @null    empty in CSV, null in JSON, NULL in tables
 * @err     IO        the stream failed
 * @err     UNSUPPORTED a column has a type that gnomon does not know
 * @err     LIMIT     the text would be larger than 4 GiB
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_render(struct ArrowArrayStream *rows, int form, int64_t rows_max, gn_text *out,
                     gn_error *err) GN_MUST_CHECK;

/**
 * Writes the rows of a stream to one Parquet file, which is there whole or not at all: one of that
 * name before is replaced when the last row is written.
 *
 * @shape   a column a field; times are microseconds without a zone
 * @own     `rows` is consumed, also on failure
 * @null    `row_count` and `byte_count` may be NULL
 * @err     IO        the stream failed, or the file cannot be written
 * @err     UNSUPPORTED a column has a type that gnomon does not know
 * @err     LIMIT     the path is too long
 * @err     NOMEM     out of memory
 * @thread  any
 * @cost    one pass; about 64 MiB of rows are held
 * @since   0.1
 */
GN_API int gn_write_parquet(struct ArrowArrayStream *rows, const char *path, int64_t *row_count,
                            int64_t *byte_count, gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
