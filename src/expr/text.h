/* Text being built in an arena, and numbers as Java reads them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_TEXT_H
#define GNOMON_SRC_EXPR_TEXT_H

#include "data/data.h"

/* Grows in place while nothing else is taken from the arena. After a failure appends do nothing. */
typedef struct gnp_text {
  gn_arena *arena;
  char *ptr;
  size_t len, capacity;
  bool failed;
} gnp_text;

void gnp_text_add(gnp_text *text, gn_str part);
void gnp_text_add_char(gnp_text *text, char c);
static inline void gnp_text_add_word(gnp_text *text, const char *terminated)
{
  gnp_text_add(text, gni_str(terminated));
}

/* What CAST accepts; false when it does not. `exact` refuses a fraction, as ANSI does. */
bool gnp_text_to_long(gn_str text, bool exact, int64_t *out);
bool gnp_text_to_double(gn_str text, double *out);
bool gnp_text_to_boolean(gn_str text, bool *out);

#endif
