/* Between query_measure.c, which binds and writes aggregates and window functions, and
 * query_aggregates.c, which lists them. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_QUERY_MEASURE_H
#define GNOMON_SRC_EXPR_QUERY_MEASURE_H

#include "expr/query_plan.h"

typedef struct gnp_over_end {
  uint8_t kind;
  bool following;
  const gni_bound *offset;
  const char *unit; /* a function around the offset: "to_days(" */
} gnp_over_end;

typedef struct gnp_bound_over {
  gnp_keys partition, order;
  bool has_frame, rows;
  gnp_over_end from, to;
} gnp_bound_over;

/* The call is typed like any function's; its `sql` has $d, $f and $g besides the arguments. */
typedef struct gnp_measure {
  const gni_bound *call;
  bool distinct;
  const gni_bound *filter;
  const gnp_bound_over *over;
} gnp_measure;

typedef struct gnp_measure_parts {
  const gni_bound **args;
  size_t count;
  bool distinct;
  const gni_bound *filter;
  const gnp_bound_over *over;
} gnp_measure_parts;

enum gnp_measure_flags {
  GNP_WINDOW_ONLY = 1,
  GNP_WANTS_ORDER = 2, /* in its window */
  GNP_NO_WINDOW = 4,
  GNP_NO_DISTINCT = 8,
  GNP_TAKES_STAR = 16,
  GNP_IGNORE_ARGUMENT = 32 /* a second argument says whether nulls are ignored */
};

typedef struct gnp_measure_row {
  gnp_function function;
  uint32_t flags;
  const gnp_function *over, *ignoring, *ignoring_over; /* instead, where that is asked for */
  /* Makes the answer of several measures; `*done` false: of one, as usual. */
  int (*compose)(gnp_planner *p, const gni_expr *expr, const gnp_measure_parts *parts, bool *done,
                 const gni_bound **out);
  /* Knows the groups; its arguments are not bound as usual. */
  int (*grouping)(gnp_planner *p, const gni_expr *expr, const gni_bound **out);
} gnp_measure_row;

const gnp_measure_row *gnp_measure_find(gn_str name); /* NULL: none */
/* A new measure of the statement; `*out` is its column. */
int gnp_add_measure(gnp_planner *p, const gnp_function *function, const gni_expr *expr,
                    const gnp_measure_parts *parts, const gni_bound **out);
int gnp_emit_keys(gnp_emitter *e, const gnp_keys *keys);

#endif
