/* The bound tree, the table of functions, and what their authors use. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_BOUND_H
#define GNOMON_SRC_EXPR_BOUND_H

#include "expr/tree.h"

#define GNP_VARIABLES_MAX 24 /* lambda variables in sight at once */
#define GNP_ARGS_FAST 6      /* arguments evaluated on the stack; more go to the arena */

/* ---- evaluation ------------------------------------------------------------------------------ */

typedef struct gnp_frame {
  const gni_value *row;
  gn_arena *arena;
  gn_error *err;
  gni_value variables[GNP_VARIABLES_MAX];
} gnp_frame;

/* Computes the node, evaluating what it needs of its arguments. */
typedef int (*gnp_eval)(const gni_bound *node, gnp_frame *frame, gni_value *out);
/* Computes the node from its arguments' values. */
typedef int (*gnp_apply)(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                         gni_value *out);

/* The head of a function of the table that gets its arguments evaluated. */
#define GNP_UNUSED __attribute__((unused))
#define GNP_APPLY(name)                                                                            \
  static int name(const gni_bound *node GNP_UNUSED, gnp_frame *frame GNP_UNUSED,                   \
                  const gni_value *args GNP_UNUSED, gni_value *out)

static inline int gnp_give(gni_value *out, gni_value value)
{
  *out = value;
  return GN_OK;
}
static inline int gnp_give_integer(gni_value *out, int64_t value)
{
  return gnp_give(out, gni_value_integer(value));
}
static inline int gnp_give_real(gni_value *out, double value)
{
  return gnp_give(out, gni_value_real(value));
}
static inline int gnp_give_boolean(gni_value *out, bool value)
{
  return gnp_give(out, gni_value_boolean(value));
}
static inline int gnp_give_text(gni_value *out, gn_str value)
{
  return gnp_give(out, gni_value_text(value));
}
static inline int gnp_give_null(gni_value *out)
{
  return gnp_give(out, GNI_NULL_VALUE);
}
static inline int gnp_give_items(gni_value *out, const gni_value *items, size_t count)
{
  return gnp_give(out, (gni_value){.list = {items, count}});
}

/* ---- the bound tree -------------------------------------------------------------------------- */

enum gnp_bound_kind { GNP_CONSTANT, GNP_COLUMN, GNP_VARIABLE, GNP_CALL, GNP_LAMBDA };

typedef struct gnp_function gnp_function;
typedef struct gnp_emitter gnp_emitter;

struct gni_bound {
  uint8_t kind;
  bool nullable;
  bool can_fail; /* may end the evaluation with an error */
  bool doomed;   /* under ANSI: a constant in it fails, whatever the row */
  bool ansi;
  bool literal; /* a constant that was written as one: Spark types those more closely */
  const gni_type *type;
  gnp_eval eval;
  gnp_apply apply; /* used by the eval that evaluates all arguments first */
  const char *sql; /* DuckDB's text with $1 … for the arguments */
  int (*emit)(gnp_emitter *e, const gni_bound *node); /* instead; with neither, a call to us. Of a
                                                         column: a subquery or an aggregate */
  const gnp_function *function;
  const gni_bound *const *args;
  size_t arg_count;
  uint32_t index; /* of the column, of the variable, of a lambda's first variable */
  uint32_t parameter_count;
  gni_value value;          /* of a constant */
  gn_str name;              /* of a column */
  const void *plan;         /* what the function prepared while binding */
  const gni_bound *planned; /* the constant that it was prepared from, when that is no argument */
  size_t begin, end;        /* in the text */
};

/* ---- binding --------------------------------------------------------------------------------- */

typedef struct gnp_binder {
  const gni_type *schema;
  gni_expr_options options;
  gn_arena *arena;
  gn_error *err;
  size_t fail_begin, fail_end;
  gn_str variable_names[GNP_VARIABLES_MAX];
  const gni_type *variable_types[GNP_VARIABLES_MAX];
  uint32_t variable_count;
  const gni_type *cast_type;   /* what the cast that is bound now casts to */
  struct gnp_planner *planner; /* of the statement around; NULL for an expression alone */
} gnp_binder;

/* A call while it is bound: `node->args` is `args`. An argument that is a lambda starts as NULL and
 * is bound by the function, which knows the types of the parameters. */
typedef struct gnp_call {
  const gni_expr *expr;
  gni_bound *node;
  const gni_bound **args;
  size_t count;
  const gni_bound *pattern; /* a constant that went into the node's plan; part of what it does */
} gnp_call;

typedef int (*gnp_bind)(gnp_binder *b, gnp_call *call);
typedef int (*gnp_emit)(gnp_emitter *e, const gni_bound *node);

enum gnp_function_flags {
  GNP_SEES_NULLS = 1,  /* apply is called with null arguments too */
  GNP_MAY_BE_NULL = 2, /* null is an answer even when no argument is null */
  GNP_NEVER_NULL = 4,
  GNP_CAN_FAIL = 8,      /* even without ANSI */
  GNP_ANSI_FAILS = 16,   /* under ANSI */
  GNP_NO_FOLD = 32,      /* not a constant even of constants */
  GNP_STRICT = 128,      /* has an `eval`, yet a null argument makes it null */
  GNP_KNOWS_NULLS = 256, /* `bind` has said whether it can be null */
  GNP_CONDITIONAL = 512, /* computes only some of its arguments */
  GNP_COMPARES = 1024,   /* a comparison: the engine moves constants from one side to the other */
  GNP_HIDDEN = 64        /* an operator's or form's helper; not a name that can be called */
};

/* One row of the table of functions. Typing is by `takes` and `gives`, or by `bind`.
 *   takes  "string|binary, int, [int], any*": alternatives, optional ones in brackets, the last
 *          repeated with a star; the classes are those of gnp_class_find
 *   gives  a type's name, or "1st", "2nd" (as that argument), "list of 1st", "element of 1st" */
struct gnp_function {
  const char *name;
  const char *same_as; /* another name of that row; else only GNP_HIDDEN may be set */
  const char *takes, *gives;
  gnp_apply apply;
  const char *sql;
  uint32_t flags;
  gnp_bind bind;
  gnp_eval eval; /* instead of apply */
  gnp_emit emit; /* instead of sql */
};

typedef struct gnp_family {
  const char *name;
  const gnp_function *functions;
  size_t count;
} gnp_family;

extern const gnp_family gnp_family_arithmetic, gnp_family_comparison, gnp_family_conditional,
    gnp_family_cast, gnp_family_math, gnp_family_rounding, gnp_family_bitwise, gnp_family_hash,
    gnp_family_string, gnp_family_substring, gnp_family_encoding, gnp_family_format,
    gnp_family_regex, gnp_family_datetime, gnp_family_date_parts, gnp_family_struct,
    gnp_family_array, gnp_family_array_set, gnp_family_lambda, gnp_family_map,
    gnp_family_date_units, gnp_family_string_case, gnp_family_string_change, gnp_family_json_path,
    gnp_family_json_from, gnp_family_json_to, gnp_family_url, gnp_family_text_bytes;

const gnp_function *gnp_function_find(gn_str name);

/* Fails at the node; the first failure stays. */
int gnp_bind_fail(gnp_binder *b, int code, const gni_bound *at, const char *format, ...)
    GN_PRINTF(4, 5);
int gnp_bind_nomem(gnp_binder *b);
int gnp_bind_node(gnp_binder *b, const gni_expr *expr, const gni_bound **out);
/* In a statement: names with their tables, aggregates, windows, subqueries. `*done` false when the
 * node is like in an expression alone. query_scope.c. */
int gnp_plan_node(gnp_binder *b, const gni_expr *expr, bool *done, const gni_bound **out);
int gnp_bind_lambda(gnp_binder *b, const gni_expr *expr, const gni_type *const *types, size_t count,
                    const gni_bound **out);
/* A call of `function` to bound arguments, typed and folded. */
int gnp_bind_call(gnp_binder *b, const gnp_function *function, const gni_expr *expr,
                  const gni_bound **args, size_t count, const gni_bound **out);
int gnp_bind_call_name(gnp_binder *b, const char *name, const gni_expr *expr,
                       const gni_bound **args, size_t count, const gni_bound **out);
int gnp_bind_constant(gnp_binder *b, const gni_type *type, gni_value value, const gni_bound **out);
/* "expects 2 or 3 arguments, has 1" unless the count is in [least, most]. */
int gnp_bind_count(gnp_binder *b, const gnp_call *call, size_t least, size_t most);
/* "'upper' does not take (int)" with the types found. */
int gnp_bind_mismatch(gnp_binder *b, const gnp_call *call);
gn_str gnp_type_text(gnp_binder *b, const gni_type *type);

int gnp_eval_strict(const gni_bound *node, gnp_frame *frame, gni_value *out);
int gnp_eval_all(const gni_bound *node, gnp_frame *frame, gni_value *out); /* nulls are passed */
int gnp_fail_here(gnp_frame *frame, const char *error_class, const char *format, ...)
    GN_PRINTF(3, 4);
int gnp_frame_nomem(gnp_frame *frame);

/* ---- types ----------------------------------------------------------------------------------- */

static inline bool gnp_is_integral(const gni_type *t)
{
  return t->kind >= GNI_BYTE && t->kind <= GNI_LONG;
}
static inline bool gnp_is_real(const gni_type *t)
{
  return t->kind == GNI_FLOAT || t->kind == GNI_DOUBLE;
}
static inline bool gnp_is_numeric(const gni_type *t)
{
  return gnp_is_integral(t) || gnp_is_real(t) || t->kind == GNI_DECIMAL;
}
static inline bool gnp_is_interval(const gni_type *t)
{
  return t->kind >= GNP_MONTHS;
}
/* Spark's order of equal types: NaN above all and equal to itself, -0.0 = 0.0, texts by bytes,
 * nulls inside lists and structs first. */
int gnp_compare(const gni_type *type, const gni_value *a, const gni_value *b);
bool gnp_is_orderable(const gni_type *t); /* no map inside */

/* Spark's rules for one type of two or more; NULL when there is none. `strings`: a string makes the
 * rest strings (under ANSI: becomes the rest's type). */
const gni_type *gnp_type_tightest(gnp_binder *b, const gni_type *x, const gni_type *y);
const gni_type *gnp_type_wider(gnp_binder *b, const gni_type *x, const gni_type *y, bool strings);
const gni_type *gnp_type_common(gnp_binder *b, const gni_bound *const *args, size_t count,
                                bool strings);
/* For =, <, …; NULL when they do not compare. */
const gni_type *gnp_type_compared(gnp_binder *b, const gni_type *x, const gni_type *y);
/* The decimal that holds every value of an integral type. */
const gni_type *gnp_decimal_for(gnp_binder *b, const gni_type *integral);
/* Precision and scale kept within 38 digits as Spark does, whole digits first. */
const gni_type *gnp_decimal_bounded(gnp_binder *b, int precision, int scale);

/* The cast that Spark would write here; the value itself when the type is right. */
int gnp_cast(gnp_binder *b, const gni_bound *value, const gni_type *type, const gni_bound **out);
int gnp_cast_all(gnp_binder *b, gnp_call *call, size_t from, const gni_type *type);
/* An implicit cast to a class of types by name ("numeric", "string", "array"); false in `*found`
 * when there is none. */
int gnp_implicit(gnp_binder *b, const gni_bound *value, gn_str wanted, const gni_bound **out,
                 bool *found);
int gnp_bind_signature(gnp_binder *b, gnp_call *call);
/* Sets the node's type from the row's `gives`. */
int gnp_bind_gives(gnp_binder *b, gnp_call *call);
/* The argument becomes the class or it is a mismatch. */
int gnp_bind_want(gnp_binder *b, gnp_call *call, size_t at, const char *wanted);
/* (array<T>, T, …): both get the wider type; (array<T>, array<T>); then `gives`. */
int gnp_bind_list_and_item(gnp_binder *b, gnp_call *call);
int gnp_bind_two_lists(gnp_binder *b, gnp_call *call);
/* Calls a bound lambda with up to three values. */
int gnp_call_lambda(const gni_bound *lambda, gnp_frame *frame, const gni_value *first,
                    const gni_value *second, const gni_value *third, gni_value *out);

/* ---- casts ----------------------------------------------------------------------------------- */

/* Fills a cast node: CAST or TRY_CAST (`is_try`: never fails, null instead). */
int gnp_bind_cast(gnp_binder *b, const gni_expr *at, const gni_bound *value, const gni_type *type,
                  bool is_try, const gni_bound **out);
/* A day some months away; the last day of a shorter month stands in. */
int gnp_add_months(int64_t day, int64_t months, gnp_frame *frame, gni_value *out);

/* ---- DuckDB ---------------------------------------------------------------------------------- */

struct gnp_emitter {
  gn_buf *out;
  gni_expr_functions *functions;
  gn_error *err;
};

int gnp_emit_node(gnp_emitter *e, const gni_bound *node);
/* `text` with $1 … replaced by the arguments; $* is all with commas, $+ all but the first, $| all
 * with ||; $t is the node's type, $w its bits, $W an integer type that holds its sums and products.
 */
int gnp_emit_template(gnp_emitter *e, const gni_bound *node, const char *text);
int gnp_emit_constant(gnp_emitter *e, const gni_type *type, const gni_value *value);
/* A call to our evaluator for this one node. */
int gnp_emit_function(gnp_emitter *e, const gni_bound *node);

#endif
