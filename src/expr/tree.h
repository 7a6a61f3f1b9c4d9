/* The parse tree and how it is made: tokens, nodes, places. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_TREE_H
#define GNOMON_SRC_EXPR_TREE_H

#include "expr/expr.h"

/* Interval types exist inside expressions only (a column cannot have one), so their kinds follow
 * gni_kind's. Months; microseconds; and microseconds that are whole days (INTERVAL DAY). */
enum gnp_kind { GNP_MONTHS = 32, GNP_MICROS = 33, GNP_DAYS = 34 };
extern const gni_type gnp_type_months, gnp_type_micros, gnp_type_days;

/* ---- tokens ---------------------------------------------------------------------------------- */

enum gnp_token_kind {
  GNP_TOKEN_END,
  GNP_TOKEN_NAME,   /* a word; may be a keyword where the grammar wants one */
  GNP_TOKEN_QUOTED, /* `word`; `text` is without the outer quotes, doubled ones still doubled */
  GNP_TOKEN_NUMBER, /* with its suffix: 12, 1.5, 1e3, 7L */
  GNP_TOKEN_TEXT,   /* 'text' or "text" with its quotes (and r prefix) */
  GNP_TOKEN_MARK    /* an operator or bracket, the longest that fits */
};

typedef struct gnp_token {
  uint8_t kind;
  size_t begin, end;
  gn_str text;
} gnp_token;

/* Reads the token at or after `position`, skipping white space and comments. */
int gnp_token_next(gn_str text, size_t position, gnp_token *out, gn_error *err);

/* ---- nodes ----------------------------------------------------------------------------------- */

enum gnp_node_kind {
  GNP_NODE_NAME,    /* `name`: a column or lambda variable */
  GNP_NODE_LITERAL, /* `type`, `value` */
  GNP_NODE_FIELD,   /* args[0] . `name` */
  GNP_NODE_CALL,    /* `name`(args): functions, and operators under their symbol or keyword */
  GNP_NODE_CAST,    /* args[0] as `type` */
  GNP_NODE_LAMBDA,  /* parameters -> args[0] */
  GNP_NODE_ALIAS,   /* args[0] AS `name`, inside struct(…) */
  GNP_NODE_QUERY    /* a subquery; `name` is "exists", "in" (args[0] is the value) or empty */
};

struct gni_expr {
  uint8_t kind;
  bool is_try;    /* TRY_CAST */
  bool quoted;    /* a name in backquotes */
  bool by_name;   /* a call as written, name(…); not an operator or form */
  uint16_t depth; /* of the tree below, this node counted */
  size_t begin, end;
  gn_str text; /* the whole expression's */
  gn_str name; /* of a call: lower case */
  const gni_type *type;
  gni_value value;
  const gni_expr *const *args;
  size_t arg_count;
  const gn_str *parameters;
  size_t parameter_count;
  const struct gnp_clauses *clauses; /* of a call in a statement: DISTINCT, OVER, …; or NULL */
  const struct gni_query *query;     /* of a subquery */
};

typedef struct gnp_parser {
  gn_str text;
  gn_arena *arena;
  gnp_token token;     /* the one looked at */
  size_t previous_end; /* where the last accepted token ended */
  int depth;
  size_t fail_begin, fail_end;
  gn_error *err;
  const struct gni_query_text *statement; /* expressions may have subqueries and windows; or NULL */
  int query_depth;
} gnp_parser;

/* Fails at [begin, end) with a message. */
int gnp_parse_fail(gnp_parser *p, int code, size_t begin, size_t end, const char *format, ...)
    GN_PRINTF(5, 6);
/* Fails at the token looked at: "expected X, found Y". */
int gnp_parse_expected(gnp_parser *p, const char *what);
int gnp_parse_advance(gnp_parser *p);
bool gnp_parse_at_mark(const gnp_parser *p, const char *mark);
bool gnp_parse_at_word(const gnp_parser *p, const char *keyword); /* without regard to case */
/* Accepts the mark or word when it is there; `*found` says so. */
int gnp_parse_accept_mark(gnp_parser *p, const char *mark, bool *found);
int gnp_parse_accept_word(gnp_parser *p, const char *keyword, bool *found);
int gnp_parse_mark(gnp_parser *p, const char *mark);
int gnp_parse_word(gnp_parser *p, const char *keyword);
/* The token after the one looked at. */
gnp_token gnp_parse_peek(const gnp_parser *p);
bool gnp_token_is_word(const gnp_token *token, const char *keyword);
bool gnp_token_is_mark(const gnp_token *token, const char *mark);

int gnp_parse_name(gnp_parser *p, gn_str *name, bool *quoted);
int gnp_parse_expression(gnp_parser *p, const gni_expr **out);
int gnp_parse_value(gnp_parser *p, int level, const gni_expr **out); /* no AND, OR, predicates */
int gnp_parse_primary(gnp_parser *p, const gni_expr **out);
/* Functions whose arguments have words between them; `*done` false when it is none of them. */
int gnp_parse_special(gnp_parser *p, gn_str name, size_t begin, bool *done, const gni_expr **out);
int gnp_parse_literal(gnp_parser *p, bool negative, size_t begin, const gni_expr **out);
/* DATE '…', TIMESTAMP '…', X'…', INTERVAL …; `*done` false when no literal begins here. */
int gnp_parse_typed_literal(gnp_parser *p, bool *done, const gni_expr **out);
int gnp_parse_interval(gnp_parser *p, size_t begin, const gni_expr **out);
bool gnp_is_interval_unit(const gnp_token *token);
int gnp_parse_type(gnp_parser *p, const gni_type **out);
/* Columns of a schema, "a INT, b: STRING" (then a struct), or a single type. */
int gnp_parse_schema(gn_str text, gn_arena *arena, const gni_type **out, gn_error *err);

/* [NOT] IN, BETWEEN, LIKE, RLIKE, IS … after a value, when one follows. */
int gnp_parse_predicate(gnp_parser *p, const gni_expr **out);

int gnp_parse_case(gnp_parser *p, const gni_expr **out);

typedef struct gnp_list {
  const gni_expr **items;
  size_t count, capacity;
} gnp_list;
int gnp_list_add(gnp_parser *p, gnp_list *list, const gni_expr *item);
int gnp_parse_arguments(gnp_parser *p, gnp_list *list); /* up to and with the closing bracket */

/* In a statement: DISTINCT before the arguments, a lone star, and what follows the bracket; and
 * what stands in brackets when it is a SELECT (`value` IN, or NULL). query_call.c. */
int gnp_parse_query_call(gnp_parser *p, gn_str name, size_t begin, const gni_expr **out);
int gnp_parse_subquery(gnp_parser *p, const char *name, const gni_expr *value, size_t begin,
                       const gni_expr **out);
bool gnp_parse_at_subquery(gnp_parser *p); /* behind the opening bracket */

/* Node makers; NULL without memory, which gnp_parse_check turns into the failure. */
gni_expr *gnp_node(gnp_parser *p, int kind, size_t begin);
const gni_expr *gnp_node_call(gnp_parser *p, const char *name, size_t begin, size_t count,
                              const gni_expr *const *args);
void gnp_node_give(gnp_parser *p, gni_expr *node, size_t count, const gni_expr *const *args);
int gnp_parse_check(gnp_parser *p, const void *taken);

/* ---- places ---------------------------------------------------------------------------------- */

void gnp_place_fill(gn_str text, size_t begin, size_t end, gni_expr_place *place, gn_error *err);

bool gnp_same_word(gn_str a, gn_str b); /* ASCII letters without regard to case */
gn_str gnp_lower(gn_arena *arena, gn_str text);

#endif
