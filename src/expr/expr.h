/* Spark SQL expressions without Spark. SPDX-License-Identifier: Apache-2.0
 *
 *   text --parse--> gni_expr --bind--> gni_bound --+--> gni_bound_to_duckdb   SQL for the engine
 *                                                  +--> gni_bound_eval        one row, no engine
 *
 * Parsing knows grammar only; binding knows the table's types and gives every node a type, Spark's
 * implicit casts, and the function that computes it. Both back ends are made from the same bound
 * tree and mean the same. What is not in the table of functions is GN_E_UNSUPPORTED by name; what
 * does not type is GN_E_TYPE; what does not parse is GN_E_PARSE; an unknown name is GN_E_NOTFOUND.
 *
 * The time zone is UTC. Trees are immutable, live in the arena given, and may be shared between
 * threads. This module does no I/O and knows no database library. */
#ifndef GNOMON_SRC_EXPR_H
#define GNOMON_SRC_EXPR_H

#include "data/data.h"

typedef struct gni_expr gni_expr;   /* as written */
typedef struct gni_bound gni_bound; /* typed, coerced, folded */

/* Where in the text something is; filled on failure. Lines and columns count from 1, columns in
 * characters. */
typedef struct gni_expr_place {
  size_t begin, end; /* bytes, [begin, end) */
  uint32_t line, column;
} gni_expr_place;

typedef struct gni_expr_options {
  bool ansi; /* overflow, bad casts and division by zero fail instead of giving null or wrapping */
  int64_t now_us; /* what current_timestamp() says; 0 takes the clock at binding */
} gni_expr_options;

/* ---- parse ----------------------------------------------------------------------------------- */

/* One expression, nothing after it. The tree keeps pointers into `text`. On failure `*place` (may
 * be NULL) says where, and err->where says it in words: "column 8" or "line 2, column 3". */
int gni_expr_parse(gn_str text, gn_arena *arena, const gni_expr **out, gni_expr_place *place,
                   gn_error *err);

/* The text's line at `place` and under it a line with carets, each indented by two:
 *     amount * 10 +* 2
 *                  ^ */
int gni_expr_caret(gn_str text, const gni_expr_place *place, gn_buf *out);

/* The expression is a single name without dots (`name` unquoted), so no evaluation is needed. */
bool gni_expr_is_identifier(const gni_expr *expr, gn_str *name);

/* The names that an expression reads, first part only, each once, in order of appearance (lambda
 * variables are not among them). Names are unquoted. */
int gni_expr_columns(const gni_expr *expr, gn_arena *arena, const gn_str **names, size_t *count,
                     gn_error *err);

/* ---- bind ------------------------------------------------------------------------------------ */

/* Types the expression against the columns of `schema` (a struct type, which must outlive the
 * tree). Names match without regard to case, as in Spark. */
int gni_expr_bind(const gni_expr *expr, const gni_type *schema, const gni_expr_options *options,
                  gn_arena *arena, const gni_bound **out, gni_expr_place *place, gn_error *err);

/* The same with an implicit cast to `type` where Spark would insert one on store (a filter must be
 * boolean: bind it with gni_type_boolean). */
int gni_expr_bind_as(const gni_expr *expr, const gni_type *schema, const gni_type *type,
                     const gni_expr_options *options, gn_arena *arena, const gni_bound **out,
                     gni_expr_place *place, gn_error *err);

const gni_type *gni_bound_type(const gni_bound *bound);
bool gni_bound_nullable(const gni_bound *bound);
/* Evaluation may end with GN_E_INVALID: under ANSI, and of the few functions that fail without. */
bool gni_bound_can_fail(const gni_bound *bound);
/* The value when the expression is constant (folded), else NULL. */
const gni_value *gni_bound_constant(const gni_bound *bound);
/* Marks the positions of the schema's columns that the tree reads; `used` has one flag a field. */
void gni_bound_columns(const gni_bound *bound, bool *used);

/* ---- SQL for DuckDB -------------------------------------------------------------------------- */

/* What DuckDB cannot say in its own words is left to functions that call our evaluator. Before the
 * statement runs the engine registers each as a scalar function `name` (special null handling, not
 * volatile) that takes `inputs` and gives gni_bound_type(body); a row is gni_bound_eval(body,
 * args). The name tells functions apart: the same name is always the same function. */
typedef struct gni_expr_function {
  gn_str name;
  const gni_type *inputs; /* a struct with a field an argument */
  const gni_bound *body;
} gni_expr_function;

typedef struct gni_expr_functions {
  gn_arena *arena; /* where the list and its texts live; must outlive the registrations */
  gni_expr_function *list;
  size_t count, capacity;
} gni_expr_functions;

/* Appends the expression as DuckDB SQL over columns of exactly the types that
 * gni_type_to_duckdb spells, with the schema's names. DuckDB must run with TimeZone UTC and
 * gni_expr_duckdb_setup() executed. With `functions` NULL an expression that needs one is
 * GN_E_UNSUPPORTED by name. */
int gni_bound_to_duckdb(const gni_bound *bound, gni_expr_functions *functions, gn_buf *out,
                        gn_error *err);
/* Statements (macros and settings) that the emitted SQL relies on; run once a database. */
const char *gni_expr_duckdb_setup(void);
int gni_type_to_duckdb(const gni_type *type, gn_buf *out);
/* "name", with quotes doubled. */
int gni_duckdb_identifier(gn_str name, gn_buf *out);

/* ---- evaluate -------------------------------------------------------------------------------- */

/* `row` has one value a field of the schema; only those that the tree reads are looked at. Texts in
 * `out` borrow from the row, the tree or the arena; nothing is allocated but in the arena. Failures
 * at run time (ANSI) are GN_E_INVALID with Spark's error class in brackets. */
int gni_bound_eval(const gni_bound *bound, const gni_value *row, gn_arena *arena, gni_value *out,
                   gn_error *err);

/* ---- the table of functions ------------------------------------------------------------------ */

typedef struct gni_expr_function_info {
  const char *name, *family;
  const char *takes, *gives; /* "string|binary, int, [int]", "1st"; NULL when a rule decides */
  bool native; /* DuckDB computes it; otherwise our evaluator does, called from its SQL */
} gni_expr_function_info;

size_t gni_expr_function_count(void);
gni_expr_function_info gni_expr_function_at(size_t index); /* by family, then name */

#endif
