/* What an error holds beside its record. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_ERROR_DETAILS_H
#define GNOMON_SRC_SPARKCONNECT_ERROR_DETAILS_H

#include "sparkconnect/client.h"

enum { SPARKP_PARAMETERS_MAX = 64, SPARKP_CONTEXTS_MAX = 16 };

typedef struct sparkp_parameter {
  const char *name, *value;
} sparkp_parameter;

struct sparkc_error_details {
  gn_alloc alloc; /* by value: an error may outlive its session */
  gn_arena arena;
  const char *message, *stack;
  sparkp_parameter parameters[SPARKP_PARAMETERS_MAX];
  size_t parameter_count;
  sparkc_query_context contexts[SPARKP_CONTEXTS_MAX];
  size_t context_count;
};

/* Makes room for details; NULL without memory. */
struct sparkc_error_details *sparkp_error_details(sparkc_error *err, const gn_alloc *alloc);

#endif
