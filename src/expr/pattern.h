/* Java's patterns of dates and times ("yyyy-MM-dd HH:mm:ss"). SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_PATTERN_H
#define GNOMON_SRC_EXPR_PATTERN_H

#include "data/data.h"

/* Reads a pattern into a plan in the arena; letters that are not known are GN_E_UNSUPPORTED. */
int gnp_pattern_take(gn_str pattern, gn_arena *arena, const void **plan, gn_error *err);
/* False when the text does not fit: every letter strict, nothing left over. */
bool gnp_pattern_parse(const void *plan, gn_str text, int64_t *us);

#endif
