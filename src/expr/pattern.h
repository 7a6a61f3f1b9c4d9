/* Java's patterns of dates and times ("yyyy-MM-dd HH:mm:ss"), in UTC. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_PATTERN_H
#define GNOMON_SRC_EXPR_PATTERN_H

#include "expr/text.h"

/* Reads a pattern into a plan in the arena; letters that are not known are GN_E_UNSUPPORTED, also
 * those that Spark does not read (`reads`), only writes. */
int gnp_pattern_take(gn_str pattern, bool reads, gn_arena *arena, const void **plan, gn_error *err);
/* False when the text does not fit: every letter strict, nothing left over. */
bool gnp_pattern_parse(const void *plan, gn_str text, int64_t *us);
/* False for a letter that can only be read. */
bool gnp_pattern_format(const void *plan, int64_t us, gnp_text *out);

extern const char *const gnp_month_names[12], *const gnp_day_names[7]; /* Monday first */

#endif
