/* Between the files that look at tables: diff, stats, analyze. SPDX-License-Identifier: Apache-2.0
 */
#ifndef GNOMON_SRC_FLOW_INSPECT_H
#define GNOMON_SRC_FLOW_INSPECT_H

#include <gnomon/inspect.h>

#include "flow/job.h"

/* Engine and warehouse without a definition; gnp_job_close afterwards, also on failure. */
int gnp_inspect_open(gn_session *session, gnp_job *job, gn_error *err);
/* A definition by any of its names; GN_ABSENT when `name` is none. */
int gnp_inspect_def(gnp_job *job, const char *name, const gni_def **out, gn_error *err);
/* A table's name, or a definition's: then its output table. */
int gnp_inspect_table(gnp_job *job, const char *name, gni_table *out, const gni_def **def,
                      gn_error *err);

/* "name" quoted for the engine, after an alias: a."name". */
void gnp_add_column(gn_buf *sql, const char *alias, gn_str name);

/* Whether values of a type are numbers: whole, real or decimal. */
bool gnp_is_number(const gni_type *type);
/* A type in quotes, as Spark writes it; null for none. */
void gnp_add_type_json(gn_buf *out, const gni_type *type);
/* "2023-12-01T00:00:00Z", with milliseconds when there are any. */
gn_str gnp_instant_text(gn_arena *arena, int64_t ms);
/* Text inside of a picture: what XML would take for its own is written as entities. */
void gnp_add_xml(gn_buf *out, gn_str text);

/* Cells of a table for people: right-aligned when they begin with a digit or a sign. */
typedef struct gnp_grid {
  gn_arena *arena;
  gn_str *cells;
  size_t columns, rows, capacity;
} gnp_grid;
void gnp_grid_begin(gnp_grid *grid, gn_arena *arena, size_t columns);
/* One more cell, row by row. A failure shows when the grid is written. */
void gnp_grid_add(gnp_grid *grid, const char *format, ...) GN_PRINTF(2, 3);
int gnp_grid_write(const gnp_grid *grid, gn_buf *out);

#endif
