/* Regular expressions with Java's syntax and meaning, by backtracking with a bound on its steps.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_REGEX_H
#define GNOMON_SRC_EXPR_REGEX_H

#include "base/base.h"

#define GNP_REGEX_GROUPS_MAX 32 /* groups counted, the whole match among them */
#define GNP_REGEX_STEPS_MAX                                                                        \
  (16u << 20)                       /* steps of one search; past them the pattern is at fault      \
                                     */
#define GNP_REGEX_PROGRAM_MAX 20000 /* instructions; {1000} of something large */
#define GNP_REGEX_DEPTH_MAX 100     /* nested groups */

typedef struct gnp_regex gnp_regex;

/* GN_E_PARSE: Java refuses it too; GN_E_UNSUPPORTED: Java has it, we do not; GN_E_LIMIT: too large.
 */
int gnp_regex_take(gn_str pattern, gn_arena *arena, const gnp_regex **out, gn_error *err);
size_t gnp_regex_groups(const gnp_regex *regex); /* without the whole match */
/* The group of a name, or -1. */
int gnp_regex_group_named(const gnp_regex *regex, gn_str name);

typedef struct gnp_regex_match {
  size_t begin[GNP_REGEX_GROUPS_MAX],
      end[GNP_REGEX_GROUPS_MAX]; /* SIZE_MAX: the group is not in it */
} gnp_regex_match;

/* The first match at or behind byte `from`: GN_OK, GN_ABSENT, GN_E_LIMIT, GN_E_NOMEM, or
 * GN_E_UNSUPPORTED where a word's edge meets a character whose class is not known. */
int gnp_regex_find(const gnp_regex *regex, gn_str text, size_t from, gn_arena *arena,
                   gnp_regex_match *match);

/* ---- between regex_parse.c and regex_match.c --------------------------------------------------
 */

enum gnp_regex_operation {
  RX_CHAR,  /* x: the character; y: 1 without regard to ASCII case */
  RX_ANY,   /* x: 1 also a line's end */
  RX_CLASS, /* x: the set */
  RX_SPLIT, /* first x, then y */
  RX_JUMP,  /* x */
  RX_SAVE,  /* x: the slot */
  RX_LINE_BEGIN,
  RX_LINE_END,
  RX_TEXT_BEGIN,
  RX_TEXT_END,
  RX_TEXT_LAST,
  RX_EDGE,
  RX_NO_EDGE,
  RX_BACK,      /* x: the group; y: 1 without regard to case */
  RX_LOOK,      /* x: behind it; y: 1 not */
  RX_LOOK_BACK, /* x: behind it; y: 1 not */
  RX_ATOMIC,    /* x: behind it */
  RX_MARK,      /* x: the register: where the round of a loop began */
  RX_PROGRESS,  /* x: the register: fails when the round took nothing */
  RX_DONE
};

typedef struct gnp_regex_step {
  uint8_t operation;
  uint32_t x, y;
} gnp_regex_step;

/* A set: ranges, or another set's opposite or intersection. */
typedef struct gnp_regex_set {
  uint32_t *ranges; /* pairs, both included */
  size_t count, capacity;
  bool negated, fold;
  const struct gnp_regex_set *both; /* in this one too */
} gnp_regex_set;

struct gnp_regex {
  gnp_regex_step *steps;
  size_t count, capacity;
  const gnp_regex_set **sets;
  size_t set_count, set_capacity;
  uint32_t group_count, register_count;
  gn_str names[GNP_REGEX_GROUPS_MAX];
};

bool gnp_regex_set_has(const gnp_regex_set *set, uint32_t c);

#endif
