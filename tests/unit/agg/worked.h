/* Operations tried on numbers written as JSON. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_AGG_WORKED_H
#define GNOMON_TESTS_AGG_WORKED_H

#include "agg/agg.h"
#include "kit/random_values.h"

/* {"SUM", .type = "bigint", .rows = "[1,null,3]", .answer = "4"} */
typedef struct worked {
  const char *operation, *type; /* the type of the input column, as Spark writes it */
  const char *k;                /* argument; NULL: none */
  const char *rows;             /* JSON list of inputs; at 1, 2, 3, … ms */
  const char *answer;           /* JSON */
  const char *buckets;          /* JSON list of the bucket column's values; NULL: not bucketed */
  const char *times;            /* JSON list of ms, when they are others */
  const char *dropped;          /* JSON list of inputs that are taken back afterwards */
  bool element_wise;
} worked;

/* Fails with the case's text where an answer differs. Each case is also folded in two halves, and
 * through a saved state. */
void check_worked(const worked *cases, size_t count);
#define CHECK_WORKED(cases) check_worked((cases), sizeof(cases) / sizeof *(cases))

gn_arena *worked_arena(void); /* ends with the test */
const gni_type *parse_type(const char *text);
gni_value parse_value(const gni_type *type, const char *json);
const char *print_value(const gni_type *type, const gni_value *value);
const char *print_type(const gni_type *type);
/* NULL and the error when it cannot be made. */
const gni_aggregator *try_aggregator(const worked *one, gn_error *err);
const gni_aggregator *make_aggregator(const worked *one);
/* A state in that arena, which saw nothing. */
void *make_state(const gni_aggregator *aggregator);

#endif
