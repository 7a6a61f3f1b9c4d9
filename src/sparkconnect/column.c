/* Columns of every day, each a line in the protocol's words. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/lists.h"

sparkc_column *sparkc_column_keep(const sparkc_column *column)
{
  sparkc_column *same = sparkp_node_shared(column);
  if (same) sparkp_node_ref(same);
  return same;
}

void sparkc_column_free(sparkc_column *column)
{
  sparkp_node_unref(column);
}

int sparkc_column_error(const sparkc_column *column, sparkc_error *err)
{
  return sparkp_column_check(column, err);
}

/* A column that could not be made. */
static sparkc_column *failed(int code, const char *message)
{
  sparkc_error why = {0};
  sparkp_fail(&why, code, "%s", message);
  return sparkp_column_fail(NULL, &why);
}

#define EXPRESSION(type, ...) sparkc_expression((type), SPARKP_FIELDS(__VA_ARGS__))

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_star(const char *name)
{
  size_t len = strlen(name);
  return strcmp(name, "*") == 0 || (len > 2 && strcmp(name + len - 2, ".*") == 0);
}

sparkc_column *sparkc_col(const char *name)
{
  if (!is_star(name))
    return EXPRESSION("unresolved_attribute", {"unparsed_identifier", SPARKC_TEXT(name)},
                      {"is_metadata_column", SPARKC_INT(0)});
  if (name[1] == '\0') return sparkc_expression("unresolved_star", NULL, 0);
  return EXPRESSION("unresolved_star", {"unparsed_target", SPARKC_TEXT(name)});
}

sparkc_column *sparkc_col_of(const sparkc_dataframe *df, const char *name)
{
  if (is_star(name)) return EXPRESSION("unresolved_star", {"plan_id", SPARKC_DATAFRAME(df)});
  return EXPRESSION("unresolved_attribute", {"unparsed_identifier", SPARKC_TEXT(name)},
                    {"plan_id", SPARKC_DATAFRAME(df)}, {"is_metadata_column", SPARKC_INT(0)});
}

sparkc_column *sparkc_col_regex(const sparkc_dataframe *df, const char *pattern)
{
  return EXPRESSION("unresolved_regex", {"col_name", SPARKC_TEXT(pattern)},
                    {"plan_id", SPARKC_DATAFRAME(df)});
}

sparkc_column *sparkc_expr(const char *sql)
{
  return EXPRESSION("expression_string", {"expression", SPARKC_TEXT(sql)});
}

/* ---- literals -------------------------------------------------------------------------------- */

sparkc_column *sparkc_lit_null(void)
{
  const sparkc_field null_type = {"null", SPARKC_MESSAGE(NULL, 0)};
  return EXPRESSION("literal", {"null", SPARKC_MESSAGE(&null_type, 1)});
}

sparkc_column *sparkc_lit_bool(int value)
{
  return EXPRESSION("literal", {"boolean", SPARKC_INT(value != 0)});
}

sparkc_column *sparkc_lit_int(int64_t value)
{
  if (value < INT32_MIN || value > INT32_MAX) return sparkc_lit_long(value);
  return EXPRESSION("literal", {"integer", SPARKC_INT(value)});
}

sparkc_column *sparkc_lit_long(int64_t value)
{
  return EXPRESSION("literal", {"long", SPARKC_INT(value)});
}

sparkc_column *sparkc_lit_double(double value)
{
  return EXPRESSION("literal", {"double", SPARKC_REAL(value)});
}

sparkc_column *sparkc_lit_text(const char *value)
{
  return EXPRESSION("literal", {"string", SPARKC_TEXT(value)});
}

sparkc_column *sparkc_lit_bytes(const void *bytes, size_t size)
{
  return EXPRESSION("literal", {"binary", SPARKC_BYTES(bytes, size)});
}

sparkc_column *sparkc_lit_date(int32_t days)
{
  return EXPRESSION("literal", {"date", SPARKC_INT(days)});
}

sparkc_column *sparkc_lit_timestamp(int64_t us)
{
  return EXPRESSION("literal", {"timestamp", SPARKC_INT(us)});
}

sparkc_column *sparkc_lit_timestamp_ntz(int64_t us)
{
  return EXPRESSION("literal", {"timestamp_ntz", SPARKC_INT(us)});
}

sparkc_column *sparkc_lit_duration(int64_t us)
{
  return EXPRESSION("literal", {"day_time_interval", SPARKC_INT(us)});
}

sparkc_column *sparkc_lit_months(int32_t months)
{
  return EXPRESSION("literal", {"year_month_interval", SPARKC_INT(months)});
}

/* Digits with at most one point and a sign, as many as the precision has places for. */
static bool is_decimal(const char *digits, int32_t precision, int32_t scale)
{
  int32_t whole = 0, fraction = 0;
  bool point = false;
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return false;
  for (const char *c = *digits == '-' || *digits == '+' ? digits + 1 : digits; *c; c++) {
    if (*c == '.' && !point)
      point = true;
    else if (*c < '0' || *c > '9')
      return false;
    else if (point)
      fraction++;
    else if (whole || *c != '0')
      whole++;
  }
  return fraction <= scale && whole <= precision - scale && digits[0] != '\0';
}

sparkc_column *sparkc_lit_decimal(const char *digits, int32_t precision, int32_t scale)
{
  if (!is_decimal(digits, precision, scale))
    return failed(SPARKC_E_PLAN, "a decimal is digits that its precision and scale have room for");
  const sparkc_field decimal[] = {{"value", SPARKC_TEXT(digits)},
                                  {"precision", SPARKC_INT(precision)},
                                  {"scale", SPARKC_INT(scale)}};
  return EXPRESSION("literal", {"decimal", SPARKC_MESSAGE(decimal, 3)});
}

/* ---- functions ------------------------------------------------------------------------------- */

enum { FEW = 8 };

/* The columns as a list of values: in `few` where they fit, else in memory that `free_values`
 * frees.
 */
static sparkc_value *as_values(sparkc_column *const *columns, size_t count,
                               sparkc_value few[static FEW])
{
  sparkc_value *values =
      count <= FEW ? few : gni_alloc(sparkp_column_alloc, gni_size_mul(count, sizeof *values));
  for (size_t i = 0; values && i < count; i++) values[i] = (sparkc_value)SPARKC_COLUMN(columns[i]);
  return values;
}

static void free_values(sparkc_value *values, size_t count, const sparkc_value *few)
{
  if (values != few) gni_free(sparkp_column_alloc, values, count * sizeof *values);
}

static sparkc_column *call(const char *function, sparkc_column *const *arguments, size_t count,
                           bool distinct)
{
  sparkc_value few[FEW], *values = as_values(arguments, count, few);
  sparkc_column *out =
      values ? EXPRESSION("unresolved_function", {"function_name", SPARKC_TEXT(function)},
                          {"arguments", SPARKC_LIST(values, count)},
                          {"is_distinct", SPARKC_INT(distinct)})
             : failed(SPARKC_E_NOMEM, "");
  free_values(values, count, few);
  sparkp_columns_free(arguments, count);
  return out;
}

sparkc_column *sparkc_call(const char *function, sparkc_column *const *arguments, size_t count)
{
  return call(function, arguments, count, false);
}

sparkc_column *sparkc_call_distinct(const char *function, sparkc_column *const *arguments,
                                    size_t count)
{
  return call(function, arguments, count, true);
}

#define ONE(name, function)                                                                        \
  sparkc_column *name(sparkc_column *a)                                                            \
  {                                                                                                \
    return call(function, &a, 1, false);                                                           \
  }
#define TWO(name, function)                                                                        \
  sparkc_column *name(sparkc_column *a, sparkc_column *b)                                          \
  {                                                                                                \
    return call(function, (sparkc_column *const[]){a, b}, 2, false);                               \
  }

TWO(sparkc_add, "+")
TWO(sparkc_subtract, "-")
TWO(sparkc_multiply, "*")
TWO(sparkc_divide, "/")
TWO(sparkc_modulo, "%")
TWO(sparkc_eq, "==")
TWO(sparkc_lt, "<")
TWO(sparkc_le, "<=")
TWO(sparkc_gt, ">")
TWO(sparkc_ge, ">=")
TWO(sparkc_same, "<=>")
TWO(sparkc_and, "and")
TWO(sparkc_or, "or")
TWO(sparkc_like, "like")
ONE(sparkc_not, "not")
ONE(sparkc_negate, "negative")
ONE(sparkc_is_null, "isNull")
ONE(sparkc_is_not_null, "isNotNull")

sparkc_column *sparkc_ne(sparkc_column *a, sparkc_column *b)
{
  return sparkc_not(sparkc_eq(a, b));
}

sparkc_column *sparkc_between(sparkc_column *a, sparkc_column *low, sparkc_column *high)
{
  return sparkc_and(sparkc_ge(sparkc_column_keep(a), low), sparkc_le(a, high));
}

sparkc_column *sparkc_in(sparkc_column *a, sparkc_column *const *values, size_t count)
{
  sparkc_value few[FEW], *list = as_values(values, count, few);
  size_t size = gni_size_mul(gni_size_add(count, 1), sizeof(sparkc_value));
  sparkc_value *arguments = list ? gni_alloc(sparkp_column_alloc, size) : NULL;
  sparkc_column *out = NULL;
  if (arguments) {
    arguments[0] = (sparkc_value)SPARKC_COLUMN(a);
    if (count) memcpy(arguments + 1, list, count * sizeof *list);
    out = EXPRESSION("unresolved_function", {"function_name", SPARKC_TEXT("in")},
                     {"arguments", SPARKC_LIST(arguments, count + 1)});
  }
  gni_free(sparkp_column_alloc, arguments, size);
  free_values(list, count, few);
  sparkc_column_free(a);
  sparkp_columns_free(values, count);
  return out ? out : failed(SPARKC_E_NOMEM, "");
}

sparkc_column *sparkc_when(sparkc_column *const *branches, size_t count)
{
  if (count >= 2) return call("when", branches, count, false);
  sparkp_columns_free(branches, count);
  return failed(SPARKC_E_PLAN, "when takes a condition and a value");
}

/* ---- shapes ---------------------------------------------------------------------------------- */

sparkc_column *sparkc_alias(sparkc_column *column, const char *name)
{
  const sparkc_value names = SPARKC_TEXT(name);
  sparkc_column *out =
      EXPRESSION("alias", {"expr", SPARKC_COLUMN(column)}, {"name", SPARKC_LIST(&names, 1)});
  sparkc_column_free(column);
  return out;
}

static sparkc_column *cast(sparkc_column *column, const char *type, const char *mode)
{
  sparkc_column *out =
      EXPRESSION("cast", {"expr", SPARKC_COLUMN(column)}, {"type_str", SPARKC_TEXT(type)},
                 {"eval_mode", SPARKC_TEXT(mode)});
  sparkc_column_free(column);
  return out;
}

sparkc_column *sparkc_cast(sparkc_column *column, const char *type)
{
  return cast(column, type, NULL);
}

sparkc_column *sparkc_try_cast(sparkc_column *column, const char *type)
{
  return cast(column, type, "EVAL_MODE_TRY");
}

sparkc_column *sparkc_get(sparkc_column *column, sparkc_column *key)
{
  sparkc_column *out = EXPRESSION("unresolved_extract_value", {"child", SPARKC_COLUMN(column)},
                                  {"extraction", SPARKC_COLUMN(key)});
  sparkc_column_free(column);
  sparkc_column_free(key);
  return out;
}

sparkc_column *sparkc_with_field(sparkc_column *column, const char *field, sparkc_column *value)
{
  sparkc_column *out =
      EXPRESSION("update_fields", {"struct_expression", SPARKC_COLUMN(column)},
                 {"field_name", SPARKC_TEXT(field)}, {"value_expression", SPARKC_COLUMN(value)});
  sparkc_column_free(column);
  sparkc_column_free(value);
  return out;
}

static sparkc_column *sorted(sparkc_column *column, bool ascending, int nulls)
{
  if (nulls == SPARKC_NULLS_USUAL) nulls = ascending ? SPARKC_NULLS_FIRST : SPARKC_NULLS_LAST;
  sparkc_column *out = EXPRESSION("sort_order", {"child", SPARKC_COLUMN(column)},
                                  {"direction", SPARKC_INT(ascending ? 1 : 2)},
                                  {"null_ordering", SPARKC_INT(nulls)});
  sparkc_column_free(column);
  return out;
}

sparkc_column *sparkc_asc(sparkc_column *column, int nulls)
{
  return sorted(column, true, nulls);
}

sparkc_column *sparkc_desc(sparkc_column *column, int nulls)
{
  return sorted(column, false, nulls);
}

/* ---- windows --------------------------------------------------------------------------------- */

/* An end of a frame; `literal` is kept until the frame is made. Rows count in INT, values in
 * BIGINT. */
static sparkc_field boundary(int64_t at, int32_t frame, sparkc_column **literal)
{
  *literal = NULL;
  if (at == 0) return (sparkc_field){"current_row", SPARKC_INT(1)};
  if (at == SPARKC_UNBOUNDED_PRECEDING || at == SPARKC_UNBOUNDED_FOLLOWING)
    return (sparkc_field){"unbounded", SPARKC_INT(1)};
  *literal = frame == 1 ? sparkc_lit_int(at) : sparkc_lit_long(at);
  return (sparkc_field){"value", SPARKC_COLUMN(*literal)};
}

sparkc_column *sparkp_column_order(sparkc_column *column)
{
  bool ordered =
      column->message.expression.expr_type_case == SPARK__CONNECT__EXPRESSION__EXPR_TYPE_SORT_ORDER;
  return ordered || column->failure ? column : sparkc_asc(column, SPARKC_NULLS_USUAL);
}

/* They are let go by sparkp_columns_free. */
static sparkc_column **as_orders(const sparkc_window *window)
{
  sparkc_column **orders =
      gni_alloc(sparkp_column_alloc, gni_size_mul(window->order_count, sizeof *orders));
  for (size_t i = 0; orders && i < window->order_count; i++)
    orders[i] = sparkp_column_order(sparkc_column_keep(window->order_by[i]));
  return orders;
}

static sparkc_column *over(sparkc_column *function, const sparkc_window *window,
                           sparkc_column *const *orders)
{
  sparkc_value few[2][FEW], frame_value = {0};
  sparkc_column *literals[2];
  const sparkc_field ends[2] = {boundary(window->start, window->frame, &literals[0]),
                                boundary(window->end, window->frame, &literals[1])};
  const sparkc_field frame[] = {{"frame_type", SPARKC_INT(window->frame)},
                                {"lower", SPARKC_MESSAGE(&ends[0], 1)},
                                {"upper", SPARKC_MESSAGE(&ends[1], 1)}};
  if (window->frame) frame_value = (sparkc_value)SPARKC_MESSAGE(frame, 3);
  sparkc_value *partitions = as_values(window->partition_by, window->partition_count, few[0]);
  sparkc_value *order = as_values(orders, window->order_count, few[1]);
  sparkc_column *out =
      partitions && order
          ? EXPRESSION("window", {"window_function", SPARKC_COLUMN(function)},
                       {"partition_spec", SPARKC_LIST(partitions, window->partition_count)},
                       {"order_spec", SPARKC_LIST(order, window->order_count)},
                       {"frame_spec", frame_value})
          : failed(SPARKC_E_NOMEM, "");
  free_values(partitions, window->partition_count, few[0]);
  free_values(order, window->order_count, few[1]);
  sparkp_columns_free(literals, 2);
  return out;
}

sparkc_column *sparkc_over(sparkc_column *function, const sparkc_window *window)
{
  sparkc_column **orders = window->order_count ? as_orders(window) : NULL;
  sparkc_column *out =
      window->order_count && !orders ? failed(SPARKC_E_NOMEM, "") : over(function, window, orders);
  if (orders) sparkp_columns_free(orders, window->order_count);
  gni_free(sparkp_column_alloc, orders, window->order_count * sizeof *orders);
  sparkc_column_free(function);
  sparkp_columns_free(window->partition_by, window->partition_count);
  sparkp_columns_free(window->order_by, window->order_count);
  return out;
}

/* ---- lambdas, subqueries, named arguments ---------------------------------------------------- */

sparkc_column *sparkc_parameter(const char *name)
{
  const sparkc_value part = SPARKC_TEXT(name);
  return EXPRESSION("unresolved_named_lambda_variable", {"name_parts", SPARKC_LIST(&part, 1)});
}

sparkc_column *sparkc_lambda(sparkc_column *body, const char *const *parameters, size_t count)
{
  enum { PARAMETERS_MAX = 3 };
  sparkc_column *made[PARAMETERS_MAX] = {NULL};
  sparkc_value values[PARAMETERS_MAX];
  sparkc_column *out = NULL;
  for (size_t i = 0; i < count && i < PARAMETERS_MAX; i++) {
    made[i] = sparkc_parameter(parameters[i]);
    values[i] = (sparkc_value)SPARKC_COLUMN(made[i]);
  }
  if (count >= 1 && count <= PARAMETERS_MAX)
    out = EXPRESSION("lambda_function", {"function", SPARKC_COLUMN(body)},
                     {"arguments", SPARKC_LIST(values, count)});
  sparkp_columns_free(made, PARAMETERS_MAX);
  sparkc_column_free(body);
  return out ? out : failed(SPARKC_E_PLAN, "a lambda has one to three parameters");
}

static sparkc_column *subquery(const sparkc_dataframe *df, const char *type, sparkc_value *values,
                               size_t count)
{
  return EXPRESSION("subquery_expression", {"plan_id", SPARKC_DATAFRAME(df)},
                    {"subquery_type", SPARKC_TEXT(type)},
                    {"in_subquery_values", SPARKC_LIST(values, count)});
}

sparkc_column *sparkc_scalar(const sparkc_dataframe *df)
{
  return subquery(df, "SUBQUERY_TYPE_SCALAR", NULL, 0);
}

sparkc_column *sparkc_exists(const sparkc_dataframe *df)
{
  return subquery(df, "SUBQUERY_TYPE_EXISTS", NULL, 0);
}

sparkc_column *sparkc_in_query(sparkc_column *const *values, size_t count,
                               const sparkc_dataframe *df)
{
  sparkc_value few[FEW], *list = as_values(values, count, few);
  sparkc_column *out =
      list ? subquery(df, "SUBQUERY_TYPE_IN", list, count) : failed(SPARKC_E_NOMEM, "");
  free_values(list, count, few);
  sparkp_columns_free(values, count);
  return out;
}

sparkc_column *sparkc_named(const char *name, sparkc_column *value)
{
  sparkc_column *out = EXPRESSION("named_argument_expression", {"key", SPARKC_TEXT(name)},
                                  {"value", SPARKC_COLUMN(value)});
  sparkc_column_free(value);
  return out;
}
