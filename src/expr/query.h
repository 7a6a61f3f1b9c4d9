/* Whole SELECT statements of Spark SQL, as staging queries use them. SPDX-License-Identifier:
 * Apache-2.0
 *
 *   template --fill--> text --parse--> gni_query --bind--> gni_relation --> SQL for DuckDB
 *
 * Parsing knows grammar only. Binding asks for the tables' types, resolves names as Spark does,
 * gives every column its type, nullability and Spark's own name, and turns the statement into
 * relations (filter, join, aggregate, …) whose columns have names of their own, so that nothing in
 * the emitted SQL is ambiguous. A construct that we do not have is GN_E_UNSUPPORTED by name, with
 * its place; codes are those of expr.h. Trees are immutable and live in the arena given. */
#ifndef GNOMON_SRC_QUERY_H
#define GNOMON_SRC_QUERY_H

#include "expr/expr.h"

typedef struct gni_query gni_query;       /* as written */
typedef struct gni_relation gni_relation; /* bound */

#define GN_QUERY_RELATIONS_MAX                                                                     \
  20000 /* of one statement; its SQL stays within the engine's stack                               \
         */

/* ---- templates ------------------------------------------------------------------------------- */

/* What Chronon's parameters stand for; a text with NULL in it cannot be used in this run. */
typedef struct gni_query_days {
  gn_str start_date, end_date, latest_date;
  /* The newest partition of a table: {{ max_date(table=ns.t) }}. NULL: cannot be used. */
  int (*max_date)(void *user, gn_str table, gn_arena *arena, gn_str *out, gn_error *err);
  void *user;
} gni_query_days;

/* A statement's text with the parameters filled in; it remembers where everything came from. */
typedef struct gni_query_text {
  gn_str text, source;
  const struct gni_query_patch *patches;
  size_t patch_count;
} gni_query_text;

/* `source` outlives the result. No quotes are added: the author writes '{{ start_date }}'. */
int gni_query_fill(gn_str source, const gni_query_days *days, gn_arena *arena, gni_query_text *out,
                   gni_expr_place *place, gn_error *err);
/* Whether the parameter occurs: "start_date", "end_date", "latest_date", "max_date". */
bool gni_query_mentions(gn_str source, const char *parameter);

/* ---- parse ----------------------------------------------------------------------------------- */

/* One SELECT (WITH, VALUES, set operations, …), with a semicolon or nothing after it. Places are of
 * the source before the parameters were filled in. */
int gni_query_parse(const gni_query_text *text, gn_arena *arena, const gni_query **out,
                    gni_expr_place *place, gn_error *err);
/* The tables that the statement reads ("ns.t", "t"), each once; its own WITH names are not among
 * them. */
int gni_query_tables(const gni_query *query, gn_arena *arena, const gn_str **names, size_t *count,
                     gn_error *err);

/* ---- bind ------------------------------------------------------------------------------------ */

typedef struct gni_query_table {
  const gni_type *type; /* a struct */
  gn_str sql; /* what stands behind FROM: a name in the engine's spelling, or (SELECT …) */
} gni_query_table;

/* Answers for a table by its name, parts joined with dots and without backquotes. GN_E_NOTFOUND
 * when there is none; what it gives lives as long as the arena. */
typedef struct gni_query_tables_of {
  int (*find)(void *user, gn_str name, gn_arena *arena, gni_query_table *out, gn_error *err);
  void *user;
} gni_query_tables_of;

int gni_query_bind(const gni_query *query, const gni_query_tables_of *tables,
                   const gni_expr_options *options, gn_arena *arena, const gni_relation **out,
                   gni_expr_place *place, gn_error *err);

typedef struct gni_query_column {
  gn_str name; /* Spark's, also where no alias is given */
  const gni_type *type;
  bool nullable;
} gni_query_column;

size_t gni_relation_width(const gni_relation *relation);
gni_query_column gni_relation_column(const gni_relation *relation, size_t index);
/* The columns as a struct type; names may repeat. */
const gni_type *gni_relation_type(const gni_relation *relation);
/* ORDER BY stands outermost, so the order of the rows is the author's. */
bool gni_relation_ordered(const gni_relation *relation);

/* ---- SQL for DuckDB -------------------------------------------------------------------------- */

/* One SELECT whose columns have Spark's names and types; the rest as gni_bound_to_duckdb. */
int gni_relation_to_duckdb(const gni_relation *relation, gni_expr_functions *functions, gn_buf *out,
                           gn_error *err);

/* ---- what there is --------------------------------------------------------------------------- */

typedef struct gni_query_function_info {
  const char *name;
  const char *family; /* "aggregate", "window", "generator" */
} gni_query_function_info;

size_t gni_query_function_count(void);
gni_query_function_info gni_query_function_at(size_t index);

#endif
