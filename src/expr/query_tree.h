/* The parse tree of statements. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_QUERY_TREE_H
#define GNOMON_SRC_EXPR_QUERY_TREE_H

#include "expr/query.h"
#include "expr/tree.h"

#define GNP_QUERY_DEPTH_MAX 60 /* statements in statements; bounds the stack */

typedef struct gnp_names {
  gn_str *items;
  size_t count;
} gnp_names;

/* ---- inside expressions ---------------------------------------------------------------------- */

typedef struct gnp_order {
  const gni_expr *expr;
  bool descending, nulls_last;
} gnp_order;

typedef struct gnp_orders {
  gnp_order *items;
  size_t count;
} gnp_orders;

enum gnp_bound_of_frame { GNP_UNBOUNDED, GNP_CURRENT, GNP_OFFSET };

typedef struct gnp_frame_end {
  uint8_t kind;
  bool following;
  const gni_expr *offset;
} gnp_frame_end;

/* OVER (…): either a name, or a specification that may begin with one. */
typedef struct gnp_over {
  gn_str base; /* of a WINDOW clause; {NULL, 0} for none */
  const gni_expr *const *partition;
  size_t partition_count;
  gnp_orders order;
  bool has_frame, rows; /* rows: ROWS, else RANGE */
  gnp_frame_end from, to;
  size_t begin, end;
} gnp_over;

/* What a call has in a statement only. */
struct gnp_clauses {
  bool star, distinct, ignore_nulls;
  const gni_expr *filter;
  gnp_orders within; /* WITHIN GROUP (ORDER BY …) */
  const gnp_over *over;
};

/* ---- FROM ------------------------------------------------------------------------------------ */

enum gnp_source_kind {
  GNP_SOURCE_TABLE,
  GNP_SOURCE_QUERY,    /* also VALUES */
  GNP_SOURCE_FUNCTION, /* range(…), explode(…) */
  GNP_SOURCE_JOIN,
  GNP_SOURCE_GENERATE /* `left` LATERAL VIEW generator */
};

enum gnp_join_kind {
  GNP_JOIN_INNER,
  GNP_JOIN_LEFT,
  GNP_JOIN_RIGHT,
  GNP_JOIN_FULL,
  GNP_JOIN_SEMI,
  GNP_JOIN_ANTI
};

typedef struct gnp_source gnp_source;

struct gnp_source {
  uint8_t kind;
  size_t begin, end;
  gnp_names parts; /* of a table's name */
  const gni_query *query;
  const gni_expr *call; /* of a table function or a generator */
  bool outer;           /* LATERAL VIEW OUTER */
  bool lateral;         /* of a subquery or function: sees the tables before it */
  gn_str alias;         /* {NULL, 0} for none */
  gnp_names columns;    /* AS t(a, b) */
  uint8_t join;
  bool natural;
  const gnp_source *left, *right;
  const gni_expr *on;
  gnp_names using;
};

/* ---- SELECT ---------------------------------------------------------------------------------- */

typedef struct gnp_item {
  const gni_expr *expr; /* NULL: a star */
  gnp_names star;       /* t.* has {t} */
  gnp_names except;
  gnp_names aliases; /* AS a; of generators AS (a, b) */
  size_t begin, end;
} gnp_item;

typedef struct gnp_named_window {
  gn_str name;
  const gnp_over *over;
} gnp_named_window;

enum gnp_grouping { GNP_GROUP_PLAIN, GNP_GROUP_ALL, GNP_GROUP_SETS };

/* GROUP BY: the expressions, and, with ROLLUP, CUBE or GROUPING SETS, which of them each set has,
 * as bits. */
typedef struct gnp_group {
  uint8_t kind;
  const gni_expr *const *items;
  size_t count;
  uint64_t *sets;
  size_t set_count;
} gnp_group;

typedef struct gnp_select {
  bool distinct;
  gnp_item *items;
  size_t item_count;
  const gnp_source *from; /* NULL: one row without columns */
  const gni_expr *where, *having;
  const gnp_group *group;
  gnp_named_window *windows;
  size_t window_count;
} gnp_select;

/* ---- statements ------------------------------------------------------------------------------ */

enum gnp_query_kind { GNP_QUERY_SELECT, GNP_QUERY_VALUES, GNP_QUERY_SET };
enum gnp_set_kind { GNP_UNION, GNP_INTERSECT, GNP_EXCEPT };

typedef struct gnp_with {
  gn_str name;
  gnp_names columns;
  const gni_query *query;
} gnp_with;

/* A statement with its own WITH, ORDER BY and LIMIT around one SELECT, VALUES or set operation. */
struct gni_query {
  const gni_query_text *text;
  size_t begin, end;
  const gnp_with *with;
  size_t with_count;
  uint8_t kind;
  gnp_select select;
  const gni_expr *const *rows; /* VALUES */
  size_t row_count;
  uint8_t set;
  bool all;
  const gni_query *left, *right;
  gnp_orders order;
  const gni_expr *limit, *offset;
};

/* ---- between the files of the parser --------------------------------------------------------- */

int gnp_parse_query(gnp_parser *p, const gni_query **out);
int gnp_parse_select(gnp_parser *p, gnp_select *out);         /* at SELECT */
int gnp_parse_sources(gnp_parser *p, const gnp_source **out); /* behind FROM */
int gnp_parse_values(gnp_parser *p, gni_query *query);        /* at VALUES */
int gnp_parse_over(gnp_parser *p, const gnp_over **out);      /* behind OVER, or WINDOW name AS */
int gnp_parse_order_list(gnp_parser *p, gnp_orders *out);     /* behind ORDER BY */
int gnp_parse_name_list(gnp_parser *p, gnp_names *out);       /* (a, b), at the bracket */
int gnp_parse_dotted(gnp_parser *p, gnp_names *out);
/* A word that may be an alias without AS. */
bool gnp_parse_at_alias(const gnp_parser *p);
/* SELECT, WITH, VALUES or FROM, or brackets around them. */
bool gnp_parse_at_query(gnp_parser *p);
/* Room for one more in a list that grows in the arena, counted; NULL without memory. */
void *gnp_grow(gn_arena *arena, void *list, size_t *count, size_t size);
#define GNP_PUSH(arena, list, count, item)                                                         \
  (((list) = gnp_grow((arena), (list), &(count), sizeof *(list))) != NULL                          \
       ? ((list)[(count) - 1] = (item), GN_OK)                                                     \
       : GN_E_NOMEM)
#define GNP_PARSE_PUSH(p, list, count, item)                                                       \
  (GNP_PUSH((p)->arena, list, count, item) == GN_OK ? GN_OK : gnp_parse_check((p), NULL))

/* The place in the source, before parameters were filled in. */
void gnp_query_place(const gni_query_text *text, size_t begin, size_t end, gni_expr_place *place,
                     gn_error *err);

#endif
