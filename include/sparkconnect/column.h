/* Columns: expressions that Spark will compute. SPDX-License-Identifier: Apache-2.0
 *
 * Calls nest, so a column that is given to a call is given away:
 *
 *   sparkc_filter(df, sparkc_gt(sparkc_col("amount"), sparkc_lit_int(100)), &out, &err);
 *
 * To use one twice, keep it: sparkc_column_keep. A column that could not be made is still a column:
 * the call that uses it fails and says why, so only that call is checked. */
#ifndef SPARKCONNECT_COLUMN_H
#define SPARKCONNECT_COLUMN_H

#include <sparkconnect/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable; any number of threads may use it. */
typedef struct sparkp_node sparkc_column;
typedef struct sparkc_dataframe sparkc_dataframe;

/**
 * Takes another hold of a column: each is given away or freed once.
 *
 * @own     the same column is returned
 * @null    NULL gives NULL
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_column_keep(const sparkc_column *column);

/**
 * Frees a column that was not given away.
 *
 * @own     the hold is gone
 * @null    NULL does nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_column_free(sparkc_column *column);

/**
 * Says why a column could not be made.
 *
 * @own     the column stays the caller's
 * @err     the column's own failure: PLAN, UNSUPPORTED, NOMEM; OK when it has none
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_column_error(const sparkc_column *column, sparkc_error *err);

/* ---- names ----------------------------------------------------------------------------------- */

/**
 * A column by its name: "id", "t.id", "*", "t.*"; back-quotes around what has dots.
 *
 * @own     the column is the caller's, to give away or to free; texts are copied
 * @err     a failed column: PLAN, NOMEM (so for all that follow)
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_col(const char *name);

/**
 * A column of one data frame, where a join has two of its name.
 *
 * @own     as sparkc_col; the data frame is only read
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_col_of(const sparkc_dataframe *df, const char *name);

/**
 * The columns whose names match a regular expression of Java, back-quoted: "`(id|n.*)`".
 *
 * @own     as sparkc_col
 * @null    `df` NULL looks among all
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_col_regex(const sparkc_dataframe *df, const char *pattern);

/**
 * An expression in Spark's SQL: "price * 2 AS twice". The server parses it; never put a value of a
 * user in it, sparkc_parse is for that.
 *
 * @own     as sparkc_col
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_expr(const char *sql);

/* ---- literals -------------------------------------------------------------------------------- */

/**
 * Literals. A whole number is Spark's INT where it fits 32 bits, else BIGINT; a real is DOUBLE.
 *
 * @unit    dates are days since 1970-01-01, timestamps microseconds since then in UTC (`_ntz`: of a
 *          clock on the wall), durations microseconds, months of a year-month interval
 * @own     as sparkc_col; texts and bytes are copied
 * @err     as sparkc_col; sparkc_lit_decimal: PLAN for what is no decimal of that precision
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_lit_null(void);
SPARKC_API sparkc_column *sparkc_lit_bool(int value);
SPARKC_API sparkc_column *sparkc_lit_int(int64_t value);
SPARKC_API sparkc_column *sparkc_lit_long(int64_t value); /* BIGINT however small */
SPARKC_API sparkc_column *sparkc_lit_double(double value);
SPARKC_API sparkc_column *sparkc_lit_text(const char *value);
SPARKC_API sparkc_column *sparkc_lit_bytes(const void *bytes, size_t size);
SPARKC_API sparkc_column *sparkc_lit_date(int32_t days);
SPARKC_API sparkc_column *sparkc_lit_timestamp(int64_t us);
SPARKC_API sparkc_column *sparkc_lit_timestamp_ntz(int64_t us);
SPARKC_API sparkc_column *sparkc_lit_duration(int64_t us);
SPARKC_API sparkc_column *sparkc_lit_months(int32_t months);
SPARKC_API sparkc_column *sparkc_lit_decimal(const char *digits, int32_t precision, int32_t scale);

/* ---- functions ------------------------------------------------------------------------------- */

/**
 * Calls a function of Spark by its name in SQL, or over distinct values: count(DISTINCT a).
 * functions.h knows the names.
 *
 * @own     as sparkc_col; the arguments are given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_call(const char *function, sparkc_column *const *arguments,
                                      size_t count);
SPARKC_API sparkc_column *sparkc_call_distinct(const char *function,
                                               sparkc_column *const *arguments, size_t count);
/* The arguments of a call that are written in it: sparkc_call("concat", SPARKC_COLUMNS(a, b)). */
#define SPARKC_COLUMNS(...)                                                                        \
  (sparkc_column *const[]){__VA_ARGS__},                                                           \
      sizeof((sparkc_column *const[]){__VA_ARGS__}) / sizeof(sparkc_column *)

/**
 * Operators of SQL: arithmetic, comparison (sparkc_same: `<=>`, equal also where both are null),
 * three-valued logic.
 *
 * @own     as sparkc_col; the operands are given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_add(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_subtract(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_multiply(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_divide(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_modulo(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_eq(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_ne(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_lt(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_le(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_gt(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_ge(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_same(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_and(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_or(sparkc_column *a, sparkc_column *b);
SPARKC_API sparkc_column *sparkc_not(sparkc_column *a);
SPARKC_API sparkc_column *sparkc_negate(sparkc_column *a);
SPARKC_API sparkc_column *sparkc_is_null(sparkc_column *a);
SPARKC_API sparkc_column *sparkc_is_not_null(sparkc_column *a);
SPARKC_API sparkc_column *sparkc_like(sparkc_column *a, sparkc_column *pattern);
SPARKC_API sparkc_column *sparkc_between(sparkc_column *a, sparkc_column *low, sparkc_column *high);
SPARKC_API sparkc_column *sparkc_in(sparkc_column *a, sparkc_column *const *values, size_t count);

/**
 * CASE WHEN: pairs of a condition and a value, then, where the count is odd, what else it is.
 *
 * @own     as sparkc_col; the branches are given away
 * @err     as sparkc_col; PLAN for fewer than two
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_when(sparkc_column *const *branches, size_t count);

/* ---- shapes ---------------------------------------------------------------------------------- */

/**
 * Gives a column a name.
 *
 * @own     as sparkc_col; the column is given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_alias(sparkc_column *column, const char *name);

/**
 * Casts to a type in Spark's DDL, "decimal(10,2)"; sparkc_try_cast gives null where that fails.
 *
 * @own     as sparkc_col; the column is given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_cast(sparkc_column *column, const char *type);
SPARKC_API sparkc_column *sparkc_try_cast(sparkc_column *column, const char *type);

/**
 * An item of an array or map, or a field of a struct.
 *
 * @own     as sparkc_col; both columns are given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_get(sparkc_column *column, sparkc_column *key);

/**
 * A struct with a field set, or, where `value` is NULL, dropped: "address.city".
 *
 * @own     as sparkc_col; both columns are given away
 * @null    `value` NULL drops the field
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_with_field(sparkc_column *column, const char *field,
                                            sparkc_column *value);

enum sparkc_nulls { SPARKC_NULLS_USUAL = 0, SPARKC_NULLS_FIRST = 1, SPARKC_NULLS_LAST = 2 };

/**
 * An order: nulls usually stand first in an ascending one, last in a descending one.
 *
 * @own     as sparkc_col; the column is given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_asc(sparkc_column *column, int nulls);
SPARKC_API sparkc_column *sparkc_desc(sparkc_column *column, int nulls);

#define SPARKC_UNBOUNDED_PRECEDING INT64_MIN
#define SPARKC_UNBOUNDED_FOLLOWING INT64_MAX

/* Rows around the current one; without a frame, what Spark takes for the order. */
typedef struct sparkc_window {
  sparkc_column *const *partition_by;
  size_t partition_count;
  sparkc_column *const *order_by; /* columns, ascending, or orders */
  size_t order_count;
  int32_t frame;      /* 0: none; 1: rows; 2: range of the order's values */
  int64_t start, end; /* relative to the current row: -1, 0, SPARKC_UNBOUNDED_FOLLOWING */
} sparkc_window;

/**
 * A function over a window.
 *
 * @own     as sparkc_col; the function and the window's columns are given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_over(sparkc_column *function, const sparkc_window *window);

/**
 * A parameter of a lambda, and the lambda itself: the last argument of functions such as transform.
 * Names must differ between lambdas that nest.
 *
 * @own     as sparkc_col; the body is given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_parameter(const char *name);
SPARKC_API sparkc_column *sparkc_lambda(sparkc_column *body, const char *const *parameters,
                                        size_t count);

/**
 * A query as a value: its one cell, whether it has rows, or whether it holds these values.
 *
 * @own     as sparkc_col; the data frame is kept, the values are given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_scalar(const sparkc_dataframe *df);
SPARKC_API sparkc_column *sparkc_exists(const sparkc_dataframe *df);
SPARKC_API sparkc_column *sparkc_in_query(sparkc_column *const *values, size_t count,
                                          const sparkc_dataframe *df);

/**
 * An argument by its name, for functions that take them so.
 *
 * @own     as sparkc_col; the value is given away
 * @err     as sparkc_col
 * @thread  any
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_named(const char *name, sparkc_column *value);

/* ---- text ------------------------------------------------------------------------------------ */

/* A value for a `:name` of a text, or, in SQL without names, for the next `?`. */
typedef struct sparkc_argument {
  const char *name;     /* NULL: by its place */
  sparkc_column *value; /* a literal, or an expression over literals */
} sparkc_argument;

/**
 * Makes a column of a small expression: "amount > :min and country in ('PL', 'DE')". Values of
 * users come as arguments: they become literals, and cannot be read as anything else. It knows
 * names with dots and back-quotes, numbers, texts in single quotes, true, false, null, date and
 * timestamp literals; the operators of SQL with their precedence; is null, in, between, like,
 * ilike, rlike, case, cast and try_cast, items in brackets, calls of functions.h with distinct, and
 * "as name" at its end. A server is not asked.
 *
 * @unit    places in errors count characters from 1
 * @own     the values are given away; the column is the caller's, to give away or to free
 * @null    `arguments` NULL where `count` is 0
 * @err     a failed column: PLAN for what it does not know, a name without a value, a value that no
 *          name asks for; NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_parse(const char *text, const sparkc_argument *arguments,
                                       size_t count);

#ifdef __cplusplus
}
#endif
#endif
