/* The functions of PySpark 4.1, by their names there. SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_FUNCTIONS_H
#define SPARKCONNECT_FUNCTIONS_H

#include <sparkconnect/column.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPARKC_ARGUMENTS_MANY INT32_MAX

typedef struct sparkc_function_info {
  const char *name;    /* as PySpark spells it: "count_distinct" */
  const char *spark;   /* what is sent: "count" */
  int32_t least, most; /* arguments; SPARKC_ARGUMENTS_MANY: any number */
  int32_t distinct;    /* 1: over distinct values */
  int32_t takes_seed;  /* 1: a random one is sent where the last argument is left out */
} sparkc_function_info;

/**
 * Calls a function by its name in PySpark. Lambdas are arguments like others: sparkc_lambda.
 *
 * @own     the column is the caller's, to give away or to free; the arguments are given away
 * @err     a failed column: PLAN for a name or a number of arguments there is not, NOMEM
 * @thread  any
 * @cost    a search among some 480 names
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_function(const char *name, sparkc_column *const *arguments,
                                          size_t count);

/**
 * Lists the functions, in the order of their names.
 *
 * @own     the texts are static
 * @null    0 when there is no i-th
 * @err     none; 1 when there is an i-th
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_function_at(size_t i, sparkc_function_info *out);

#ifdef __cplusplus
}
#endif
#endif
