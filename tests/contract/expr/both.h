/* One expression through both back ends: our evaluator and DuckDB with the SQL we emit.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_EXPR_BOTH_H
#define GNOMON_TESTS_EXPR_BOTH_H

#include "engine/engine.h"
#include "expr/expr.h"
#include "kit/kit.h"

typedef struct both_table {
  gn_arena arena;
  const gni_type *schema;
  const gni_value *const *rows;
  size_t count;
  gni_engine *engine;
} both_table;

/* A table of these rows in an engine of its own; closed when the case ends. The schema and the rows
 * outlive it. */
both_table *both_open(const gni_type *schema, const gni_value *const *rows, size_t count);

/* The same in one engine for all calls of a case, which is quicker; the table is replaced. */
both_table *both_shared(const gni_type *schema, const gni_value *const *rows, size_t count);

/* How an expression went: `differs` says how the back ends differ, and is empty when they agree. An
 * expression that is refused has `refused` set and is not compared. */
typedef struct both_answer {
  bool refused, native; /* native: DuckDB needed no function of ours */
  int64_t cells, failures;
  char differs[1024];
} both_answer;

/* Many without ANSI in one statement, which is quicker. */
#define BOTH_MANY_MAX 32
void both_compare_many(both_table *table, const char *const *texts, size_t count,
                       both_answer *answers);
/* Compares every row; a row that fails must fail in both. */
both_answer both_compare(both_table *table, const char *text, bool ansi);

#endif
