/* While a regular expression is read. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_REGEX_PARSE_H
#define GNOMON_SRC_EXPR_REGEX_PARSE_H

#include "expr/regex.h"

typedef struct regex_parser {
  gn_str text;
  size_t at;
  gn_arena *arena;
  gn_error *err;
  gnp_regex *regex;
  int depth;
  bool fold, dot_all, multi_line, comments; /* (?i), (?s), (?m), (?x) */
} regex_parser;

int gnp_regex_fail(regex_parser *p, const char *why);
/* The character that an escape means; `at` is behind the backslash. */
int gnp_regex_escape(regex_parser *p, uint32_t *c);

int gnp_regex_set_add(regex_parser *p, gnp_regex_set *set, uint32_t low, uint32_t high);
int gnp_regex_set_class(regex_parser *p, gnp_regex_set *set, char letter, bool *found);
int gnp_regex_set_property(regex_parser *p, gnp_regex_set *set, bool negated);
int gnp_regex_read_set(regex_parser *p, const gnp_regex_set **out); /* at the bracket */

#endif
