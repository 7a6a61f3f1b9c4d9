/* Bound statements: columns, relations, what is visible where. SPDX-License-Identifier: Apache-2.0
 *
 * Every column of every relation has a number of its own, and is called gn_c<number> in the SQL, so
 * that an expression may be written anywhere below, above or beside, also in a correlated subquery,
 * and means the same. Aggregates, windows and subqueries are columns with an `emit`. */
#ifndef GNOMON_SRC_EXPR_QUERY_PLAN_H
#define GNOMON_SRC_EXPR_QUERY_PLAN_H

#include "expr/bound.h"
#include "expr/query_tree.h"

/* ---- columns and relations ------------------------------------------------------------------- */

typedef struct gnp_column {
  uint32_t id;
  gn_str sql;  /* gn_c<id> */
  gn_str name; /* Spark's */
  const gni_type *type;
  bool nullable;
  bool unnamed; /* no alias, and Spark's name is not known: cannot leave the statement */
} gnp_column;

typedef struct gnp_columns {
  gnp_column *items;
  size_t count;
} gnp_columns;

/* A column and what computes it. */
typedef struct gnp_computed {
  gnp_column column;
  const gni_bound *value;
} gnp_computed;

typedef struct gnp_computeds {
  gnp_computed *items;
  size_t count;
} gnp_computeds;

typedef struct gnp_key {
  const gni_bound *value;
  bool descending, nulls_last;
} gnp_key;

typedef struct gnp_keys {
  gnp_key *items;
  size_t count;
} gnp_keys;

enum gnp_relation_kind {
  GNP_REL_ONE,       /* one row without columns */
  GNP_REL_TABLE,     /* `sql`; items are its columns under new names */
  GNP_REL_VALUES,    /* rows of width items.count */
  GNP_REL_PROJECT,   /* items and nothing else */
  GNP_REL_EXTEND,    /* items beside what `input` has */
  GNP_REL_FILTER,    /* condition */
  GNP_REL_JOIN,      /* input, right, join, condition */
  GNP_REL_AGGREGATE, /* the first group_count items are the groups */
  GNP_REL_SET,       /* input and right have the same width; columns are those of input */
  GNP_REL_SORT,      /* keys, limit, offset */
  GNP_REL_WITH       /* `shared` under their names, then input */
};

typedef struct gnp_shared gnp_shared;

struct gnp_relation {
  uint8_t kind, join, set;
  bool distinct, all, lateral;
  const struct gnp_relation *input, *right;
  gnp_computeds items;
  size_t group_count;
  const gnp_group *group; /* for its sets */
  const gni_bound *condition;
  gnp_keys keys;
  int64_t limit, offset; /* -1: none */
  gn_str sql;
  const gni_bound *const *cells; /* of VALUES, row by row */
  size_t row_count;
  gnp_shared **shared;
  size_t shared_count;
};
typedef struct gnp_relation gnp_relation;

/* A relation with the columns that its users see, in their order. */
typedef struct gnp_bound_query {
  const gnp_relation *root;
  gnp_columns columns;
  bool ordered;
} gnp_bound_query;

/* A query of WITH: bound once, read under new column names wherever it is named. */
struct gnp_shared {
  gn_str name, sql; /* as written; in the SQL */
  gnp_bound_query query;
  bool used;
  gnp_shared *outer; /* the one declared before */
};

struct gni_relation {
  gnp_bound_query query;
  const gni_type *type;
};

/* ---- what is visible ------------------------------------------------------------------------- */

typedef struct gnp_visible {
  gn_str space, table; /* what may stand before the name; {NULL, 0} for none */
  gnp_column column;
  bool hidden; /* needs its table: the other side's column of USING */
} gnp_visible;

/* A name that SELECT gives: for ORDER BY, HAVING, GROUP BY and later items. */
typedef struct gnp_alias {
  gn_str name;
  const gni_bound *value;
} gnp_alias;

enum gnp_alias_use { GNP_ALIASES_NO, GNP_ALIASES_AFTER, GNP_ALIASES_FIRST };

enum gnp_where {
  GNP_IN_FILTER,  /* neither aggregates nor windows */
  GNP_IN_ITEM,    /* both */
  GNP_IN_HAVING,  /* aggregates */
  GNP_IN_MEASURE, /* inside an aggregate */
  GNP_IN_WINDOW   /* inside a window function: aggregates */
};

typedef struct gnp_grouped {
  const gni_bound *value; /* as bound from the text */
  gnp_column column;
} gnp_grouped;

typedef struct gnp_scope {
  struct gnp_scope *outer;
  gnp_visible *items;
  size_t count;
  gnp_alias *aliases;
  size_t alias_count;
  uint8_t alias_use, where;
  const char *clause; /* for messages: "WHERE" */
  bool aggregated, is_having;
  const gnp_group *group;
  gnp_grouped *groups;
  size_t group_count;
  gnp_computeds before; /* inputs of aggregates and groups */
  gnp_computeds measures;
  gnp_computeds between; /* inputs of windows */
  gnp_computeds windows;
  const gnp_select *select; /* for its named windows */
} gnp_scope;

/* The columns of outer statements that a subquery reads. */
typedef struct gnp_outer_use {
  const struct gnp_outer_use *next;
  const gni_bound *column;
} gnp_outer_use;

typedef struct gnp_planner {
  gnp_binder binder;
  const gni_query_tables_of *tables;
  const gni_query_text *text;
  const gni_type *schema; /* the binder's, while names are the statement's */
  gnp_scope *scope;
  gnp_shared *shared; /* the newest WITH in sight */
  gnp_outer_use *outer_uses;
  uint32_t next_id, next_shared;
  size_t relations;
  int depth;
} gnp_planner;

/* ---- between the files ----------------------------------------------------------------------- */

int gnp_plan_fail(gnp_planner *p, int code, size_t begin, size_t end, const char *format, ...)
    GN_PRINTF(5, 6);
int gnp_plan_nomem(gnp_planner *p);
#define GNP_PLAN_PUSH(p, list, count, item)                                                        \
  (GNP_PUSH((p)->binder.arena, list, count, item) == GN_OK ? GN_OK : gnp_plan_nomem(p))
gnp_relation *gnp_new_relation(gnp_planner *p, int kind, const gnp_relation *input);
/* A new column; `column->sql.ptr` is NULL without memory. */
gnp_column gnp_new_column(gnp_planner *p, gn_str name, const gni_type *type, bool nullable);
int gnp_column_node(gnp_planner *p, const gnp_column *column, size_t begin, size_t end,
                    const gni_bound **out);
/* A column that stands for `value`, computed in `list`; the value itself when it is a column. */
int gnp_prepare(gnp_planner *p, gnp_computeds *list, const gni_bound *value, const gni_bound **out);
bool gnp_same_bound(const gni_bound *a, const gni_bound *b);
/* What a value is sorted by in Spark's order, which is not always the engine's; refused by name
 * where there is no such thing. */
int gnp_order_key(gnp_planner *p, const gni_bound *value, const char *what, const gni_bound **out);
/* Refused by name where values are not equal in both alike. */
int gnp_need_groupable(gnp_planner *p, const gni_bound *value, const char *what);
/* A call written as this template of ours, over arguments that are bound. */
int gnp_text_call(gnp_planner *p, const char *sql, const gni_type *type, size_t count,
                  const gni_bound *const *args, const gni_bound **out);
/* -0.0 becomes 0.0, as Spark's groups and keys have it. */
int gnp_normalize(gnp_planner *p, const gni_bound *value, const gni_bound **out);

int gnp_bind_value(gnp_planner *p, const gni_expr *expr, const gni_bound **out);
int gnp_bind_condition(gnp_planner *p, const gni_expr *expr, const char *clause,
                       const gni_bound **out);
/* Over grouped rows only groups and aggregates are left; grouped expressions become columns. */
int gnp_settle(gnp_planner *p, const gni_bound *value, const gni_bound **out);

int gnp_bind_query(gnp_planner *p, const gni_query *query, gnp_bound_query *out);
/* ORDER BY's keys go into `sort`. */
int gnp_bind_select(gnp_planner *p, const gni_query *query, gnp_relation *sort,
                    gnp_bound_query *out);
/* FROM: the relation, and its columns in `scope`. */
int gnp_bind_from(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                  const gnp_relation **out);
int gnp_bind_values(gnp_planner *p, const gni_query *query, gnp_bound_query *out);
/* A subquery's node. */
int gnp_bind_subquery(gnp_planner *p, const gni_expr *expr, const gni_bound **out);
/* Calls `check` for each column of outer statements that a subquery's node reads. */
int gnp_check_outer_uses(gnp_planner *p, const gni_bound *subquery,
                         int (*check)(gnp_planner *p, const gni_bound *column));
/* The projection of a query's columns to these types. */
int gnp_project_to(gnp_planner *p, gnp_bound_query *query, const gni_type *const *types,
                   bool normalize);

bool gnp_is_measure(gn_str name);   /* an aggregate or window function */
bool gnp_is_aggregate(gn_str name); /* without OVER it groups */
int gnp_bind_measure(gnp_planner *p, const gni_expr *expr, const gni_bound **out);
bool gnp_is_generator(gn_str name);
size_t gnp_generator_count(void);
const char *gnp_generator_name(size_t index);
/* What a generator makes: columns computed over its input, and columns over those. */
typedef struct gnp_generated {
  gnp_computeds first, then;
  gnp_columns columns;
} gnp_generated;
int gnp_bind_generator(gnp_planner *p, const gni_expr *call, bool outer, gnp_generated *out);
int gnp_extend(gnp_planner *p, gnp_computeds items, const gnp_relation **root);
/* A column's name, perhaps with its table; not a field of one. */
bool gnp_is_column(gnp_planner *p, const gni_expr *expr);
/* The name that Spark gives to an expression without alias; {NULL, 0} when it is not known. */
int gnp_query_name(gnp_planner *p, const gni_expr *expr, gn_str *out);

int gnp_emit_query(gnp_emitter *e, const gnp_bound_query *query); /* a SELECT of its columns */

#endif
