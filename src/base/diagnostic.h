/* Problems found in what a person wrote: gathered, shown with the line and a caret, explained by
 * code. SPDX-License-Identifier: Apache-2.0
 *
 * Run-time code stops at the first failure and fills a gn_error. Checks of a file gather everything
 * in a gni_problems. Every code has a page in the register (register*.c); numbers are never reused.
 * Families: GD definition, GX expression, GT table and data, GP plan, GO online, GS Spark Connect,
 * GC command line, GR memory and disk, GE everything else, numbered as the result codes are. */
#ifndef GNOMON_SRC_DIAGNOSTIC_H
#define GNOMON_SRC_DIAGNOSTIC_H

#include "base/base.h"

/* ---- the register ---------------------------------------------------------------------------- */

typedef struct gni_diagnostic {
  const char *code;    /* "GD107" */
  const char *title;   /* one line, as a message reads */
  const char *meaning; /* what is wrong and why it matters */
  const char *example; /* what provokes it; several lines */
  const char *mend;    /* how to fix it */
} gni_diagnostic;

size_t gni_diagnostic_count(void);
const gni_diagnostic *gni_diagnostic_at(size_t index);  /* ascending by code */
const gni_diagnostic *gni_diagnostic_find(gn_str code); /* any case; NULL when there is none */
/* The page of one code as Markdown. */
int gni_diagnostic_page(const gni_diagnostic *diagnostic, gn_buf *out);
/* All pages with a heading for each family: docs/reference/errors.md. */
int gni_diagnostic_pages(gn_buf *out);

/* ---- problems -------------------------------------------------------------------------------- */

enum gni_severity { GNI_ERROR, GNI_WARNING, GNI_NOTE };

/* Texts may be borrowed when passed to gni_problems_add, which copies them. */
typedef struct gni_problem {
  const char *code;                  /* of the register; static */
  int severity;                      /* gni_severity */
  gn_str file;                       /* as the user named it; empty: no place */
  uint32_t line, column, end_column; /* from 1, in characters, end excluded; 0: not known */
  gn_str message;                    /* lower case, no full stop */
  gn_str label;                      /* after the carets; may be empty */
  gn_str hint;                       /* may be empty */
  gn_str source;                     /* the text of the line; may be empty */
  uint32_t source_from; /* column of its first character when it is cut on the left; 0: not cut */
} gni_problem;

/* At most GN_PROBLEMS_MAX are kept, the rest counted; of a very long line a part is kept. Sticky:
 * `rc` says whether memory ran out. */
typedef struct gni_problems {
  gn_arena *arena;
  gni_problem *items;
  size_t count, capacity;
  size_t errors, warnings; /* all of them, also those not kept */
  int rc;
} gni_problems;

void gni_problems_init(gni_problems *problems, gn_arena *arena);
void gni_problems_add(gni_problems *problems, const gni_problem *problem);
/* By file, line, column, code; equal ones once. Call before writing. */
void gni_problems_sort(gni_problems *problems);
/* GN_OK, GN_E_INVALID with the first error's code and message (and how many more there are), or
 * `rc`. */
int gni_problems_result(const gni_problems *problems, gn_error *err);

/* Finds line `line` (from 1) of a text, without its end. */
gn_str gni_text_line(gn_str text, uint32_t line);
/* How many characters the token at `column` of a line spans: a quoted text with its quotes, a word
 * or number up to a delimiter, else one character. */
uint32_t gni_token_width(gn_str line, uint32_t column);

/* error[GD107]: aggregation reads a column the source does not select
 *   --> group_bys/team/file.py:31:22
 *    |
 * 31 |             input_column="purchase_prise",
 *    |                          ^^^^^^^^^^^^^^^^ not in: user_id, purchase_price
 *    = help: did you mean `purchase_price`?
 *    = more: gnomon explain GD107
 * Control characters of the line are shown as '?'. `color` adds ANSI escapes. */
int gni_problem_write(const gni_problem *problem, bool color, gn_buf *out);
/* All of them, an empty line between, then "2 errors, 1 warning". Nothing for none. */
int gni_problems_write(const gni_problems *problems, bool color, gn_buf *out);
/* One JSON object a line: code, severity, file, line, column, end_column, message, label, hint,
 * source. Members that are not known are left out. */
int gni_problems_write_json(const gni_problems *problems, gn_buf *out);

/* ---- a single failure ------------------------------------------------------------------------ */

/* In the same shape, with `where` as its place. */
int gni_error_write(const gn_error *err, bool color, gn_buf *out);
/* One JSON object a line: code, severity, message, where, hint, result, exit_status. */
int gni_error_write_json(const gn_error *err, gn_buf *out);

#endif
