/* The aggregates and window functions that there are. SPDX-License-Identifier: Apache-2.0 */
#include "expr/arithmetic.h"
#include "expr/query_measure.h"

#define ALWAYS (GNP_NO_FOLD | GNP_SEES_NULLS | GNP_MAY_BE_NULL)
#define COUNTS (GNP_NO_FOLD | GNP_SEES_NULLS | GNP_NEVER_NULL)

/* ---- sums ------------------------------------------------------------------------------------ */

static int as_double(gnp_binder *b, gnp_call *call, size_t at)
{
  return gnp_cast(b, call->args[at], &gni_type_double, &call->args[at]);
}

static bool adds_as_double(const gni_type *type)
{
  return gnp_is_real(type) || type->kind == GNI_STRING || type->kind == GNI_NULL;
}

static int at_most(int digits)
{
  return digits < GNP_DIGITS_MAX ? digits : GNP_DIGITS_MAX;
}

/* Integers wrap in 64 bits, or fail; decimals get ten digits more; the rest is a double. */
static int bind_sum(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  bool tries = gni_str_is(gni_str(call->node->function->name), "try_sum");
  if (gnp_is_integral(type)) {
    call->node->type = &gni_type_long;
    call->node->sql = tries             ? "TRY_CAST(sum($d$1)$f AS BIGINT)"
                      : b->options.ansi ? "CAST(sum($d$1)$f AS BIGINT)"
                                        : "gn_wrap64(sum($d$1)$f)";
    return GN_OK;
  }
  if (type->kind == GNI_DECIMAL) {
    call->node->type = gni_type_decimal(b->arena, at_most(type->precision + 10), type->scale);
    call->node->sql =
        b->options.ansi && !tries ? "CAST(sum($d$1)$f AS $t)" : "TRY_CAST(sum($d$1)$f AS $t)";
    return GN_OK;
  }
  if (!adds_as_double(type)) return gnp_bind_mismatch(b, call);
  call->node->type = &gni_type_double;
  call->node->sql = "sum($d$1)$f";
  return as_double(b, call, 0);
}

static int bind_average(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  if (!gnp_is_integral(type) && !adds_as_double(type)) return gnp_bind_mismatch(b, call);
  call->node->type = &gni_type_double;
  call->node->sql = "avg($d$1)$f";
  return as_double(b, call, 0);
}

static const gnp_function sum_function = {.name = "sum", .bind = bind_sum, .flags = ALWAYS};

static int bind_count_of(gnp_binder *b, gnp_call *call)
{
  (void)b;
  call->node->type = &gni_type_long;
  call->node->nullable = false;
  call->node->sql = call->count == 0   ? "count(*)$f"
                    : call->count == 1 ? "count($d$1)$f"
                                       : "count($dCASE WHEN $n THEN ROW($*) END)$f";
  return GN_OK;
}

static const gnp_function count_function = {
    .name = "count", .bind = bind_count_of, .flags = COUNTS};

/* Spark's average of decimals: the sum divided by the count, half up, with four digits more. */
GNP_APPLY(divide_sum)
{
  gnp_wide quotient = 0;
  int shift = node->type->scale - node->args[0]->type->scale;
  bool fits = gnp_wide_divide(gnp_wide_of(&args[0]), shift, args[1].integer, &quotient);
  return gnp_decimal_result(node, frame, fits, quotient, out);
}

static int average_node(gnp_planner *p, const gni_expr *expr, const gni_type *type,
                        const gni_bound *const *pair, const gni_bound **out)
{
  static const gnp_function mean = {.name = "mean of decimals", .flags = GNP_HIDDEN};
  gni_bound *node = GN_TAKE_ZERO(p->binder.arena, gni_bound, 1);
  const gni_bound **args = gni_arena_copy(p->binder.arena, pair, 2 * sizeof *pair);
  if (!node || !args || !type) return gnp_plan_nomem(p);
  node->kind = GNP_CALL;
  node->type = type;
  node->nullable = true;
  node->ansi = node->can_fail = p->binder.options.ansi;
  node->function = &mean;
  node->eval = gnp_eval_strict;
  node->apply = divide_sum;
  node->args = args;
  node->arg_count = 2;
  node->begin = expr->begin;
  node->end = expr->end;
  *out = node;
  return GN_OK;
}

static int compose_average(gnp_planner *p, const gni_expr *expr, const gnp_measure_parts *parts,
                           bool *done, const gni_bound **out)
{
  const gni_bound *pair[2];
  *done = parts->count == 1 && parts->args[0]->type->kind == GNI_DECIMAL;
  if (!*done) return GN_OK;
  const gni_type *type = parts->args[0]->type;
  int rc = gnp_add_measure(p, &sum_function, expr, parts, &pair[0]);
  if (rc == GN_OK) rc = gnp_add_measure(p, &count_function, expr, parts, &pair[1]);
  if (rc != GN_OK) return rc;
  type = gni_type_decimal(p->binder.arena, at_most(type->precision + 4), at_most(type->scale + 4));
  return average_node(p, expr, type, pair, out);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The value itself, or, of a struct, the struct with the greatest key. */
static int bind_extreme(gnp_binder *b, gnp_call *call)
{
  const gni_bound *key;
  bool least = gni_str_is(gni_str(call->node->function->name), "min");
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc == GN_OK) rc = gnp_order_key(b->planner, call->args[0], "comparing", &key);
  if (rc != GN_OK) return rc;
  call->node->type = call->args[0]->type;
  if (call->node->type->kind != GNI_STRUCT) return GN_OK;
  const gni_bound *pair[2] = {call->args[0], key};
  call->args = gni_arena_copy(b->arena, pair, sizeof pair);
  call->count = 2;
  call->node->sql = least ? "arg_min($1, $2)$f" : "arg_max($1, $2)$f";
  return call->args ? GN_OK : gnp_bind_nomem(b);
}

static int bind_extreme_by(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = gnp_order_key(b->planner, call->args[1], "comparing", &call->args[1]);
  call->node->type = rc == GN_OK ? call->args[0]->type : NULL;
  return rc;
}

static int bind_same(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  call->node->type = rc == GN_OK ? call->args[0]->type : NULL;
  return rc;
}

static int bind_mode(gnp_binder *b, gnp_call *call)
{
  int rc = bind_same(b, call);
  return rc == GN_OK ? gnp_need_groupable(b->planner, call->args[0], "comparing") : rc;
}

static int bind_list_of(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  call->node->type = gni_type_list(b->arena, call->args[0]->type);
  return call->node->type ? GN_OK : gnp_bind_nomem(b);
}

static int bind_set_of(gnp_binder *b, gnp_call *call)
{
  int rc = bind_list_of(b, call);
  return rc == GN_OK ? gnp_need_groupable(b->planner, call->args[0], "comparing") : rc;
}

/* ---- percentiles ----------------------------------------------------------------------------- */

static int need_constant(gnp_binder *b, const gnp_call *call, size_t at)
{
  if (call->args[at]->kind == GNP_CONSTANT && !call->args[at]->value.is_null) return GN_OK;
  return gnp_bind_fail(b, GN_E_TYPE, call->node, "argument %zu of '%s' is a constant", at + 1,
                       call->node->function->name);
}

static bool is_fraction(const gni_value *value)
{
  return !value->is_null && value->real >= 0 && value->real <= 1;
}

/* One fraction, or a list of them. */
static int bind_fractions(gnp_binder *b, gnp_call *call, const gni_type *element)
{
  bool many = call->args[1]->type->kind == GNI_LIST;
  const gni_type *list = gni_type_list(b->arena, &gni_type_double);
  const gni_type *answer = many ? gni_type_list(b->arena, element) : element;
  if (!list || !answer) return gnp_bind_nomem(b);
  int rc = gnp_cast(b, call->args[1], many ? list : &gni_type_double, &call->args[1]);
  if (rc == GN_OK) rc = need_constant(b, call, 1);
  if (rc != GN_OK) return rc;
  const gni_value *value = &call->args[1]->value;
  bool fine = many ? value->list.count > 0 : is_fraction(value);
  for (size_t i = 0; many && i < value->list.count; i++) fine &= is_fraction(&value->list.items[i]);
  if (!fine)
    return gnp_bind_fail(b, GN_E_INVALID, call->node, "'%s' wants fractions between 0 and 1",
                         call->node->function->name);
  call->node->type = answer;
  return GN_OK;
}

static int bind_percentile(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  if (!gnp_is_numeric(type) && !adds_as_double(type)) return gnp_bind_mismatch(b, call);
  if ((rc = as_double(b, call, 0)) != GN_OK) return rc;
  return bind_fractions(b, call, &gni_type_double);
}

/* Exact: the third argument, how exact Spark is to be, changes nothing. */
static int bind_percentile_approx(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 3);
  if (rc != GN_OK) return rc;
  call->count = 2;
  const gni_type *type = call->args[0]->type;
  bool fine = gnp_is_numeric(type) || type->kind == GNI_DATE || type->kind == GNI_TIMESTAMP;
  return fine ? bind_fractions(b, call, type) : gnp_bind_mismatch(b, call);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static int bind_grouping_one(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  call->node->type = &gni_type_byte;
  call->node->nullable = false;
  return rc;
}

static int bind_grouping_all(gnp_binder *b, gnp_call *call)
{
  (void)b;
  call->node->type = &gni_type_long;
  call->node->nullable = false;
  return GN_OK;
}

static const gnp_function grouping_one = {
    .name = "grouping",
    .bind = bind_grouping_one,
    .sql = "CAST(grouping($1) AS TINYINT)",
    .flags = COUNTS,
};
static const gnp_function grouping_all = {
    .name = "grouping_id",
    .bind = bind_grouping_all,
    .sql = "CAST(grouping($*) AS BIGINT)",
    .flags = COUNTS,
};

static int grouped_argument(gnp_planner *p, const gni_expr *expr, const gni_bound **out)
{
  const gnp_scope *scope = p->scope;
  const gni_bound *value;
  int rc = gnp_bind_value(p, expr, &value);
  if (rc != GN_OK) return rc;
  for (size_t i = 0; i < scope->group_count; i++)
    if (gnp_same_bound(scope->groups[i].value, value))
      return gnp_column_node(p, &scope->groups[i].column, expr->begin, expr->end, out);
  return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end, "this is not in GROUP BY");
}

static int bind_grouping(gnp_planner *p, const gni_expr *expr, const gni_bound **out)
{
  const gnp_scope *scope = p->scope;
  bool all = gni_str_is(expr->name, "grouping_id");
  size_t count = expr->arg_count || !all ? expr->arg_count : scope->group_count;
  gnp_measure_parts parts = {.count = count};
  parts.args = GN_TAKE(p->binder.arena, const gni_bound *, count + 1);
  if (!parts.args) return gnp_plan_nomem(p);
  if (!scope->group || scope->group->kind != GNP_GROUP_SETS)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "'%.*s' wants ROLLUP, CUBE or GROUPING SETS", GN_STR_ARGS(expr->name));
  for (size_t i = 0; i < count; i++) {
    int rc = expr->arg_count ? grouped_argument(p, expr->args[i], &parts.args[i])
                             : gnp_column_node(p, &scope->groups[i].column, expr->begin, expr->end,
                                               &parts.args[i]);
    if (rc != GN_OK) return rc;
  }
  return gnp_add_measure(p, all ? &grouping_all : &grouping_one, expr, &parts, out);
}

/* ---- windows --------------------------------------------------------------------------------- */

/* lag(x, n, default): the default has the type of x. */
static int bind_shifted(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 3);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  if (call->count > 1) {
    rc = gnp_cast(b, call->args[1], &gni_type_int, &call->args[1]);
    if (rc == GN_OK) rc = need_constant(b, call, 1);
  }
  if (rc == GN_OK && call->count > 2) {
    type = gnp_type_wider(b, type, call->args[2]->type, true);
    if (!type) return gnp_bind_mismatch(b, call);
    rc = gnp_cast(b, call->args[0], type, &call->args[0]);
    if (rc == GN_OK) rc = gnp_cast(b, call->args[2], type, &call->args[2]);
  }
  call->node->type = type;
  return rc;
}

static int bind_nth(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 1, "int");
  if (rc == GN_OK) rc = need_constant(b, call, 1);
  call->node->type = rc == GN_OK ? call->args[0]->type : NULL;
  return rc;
}

#define SHIFT(word)                                                                                \
  static const gnp_function word##_ignoring = {                                                    \
      .name = #word, .bind = bind_shifted, .sql = #word "($* IGNORE NULLS)$f", .flags = ALWAYS};
SHIFT(lag)
SHIFT(lead)

static const gnp_function nth_ignoring = {.name = "nth_value",
                                          .bind = bind_nth,
                                          .sql = "nth_value($1, $2 IGNORE NULLS)$f",
                                          .flags = ALWAYS};

#define ENDS(word, text)                                                                           \
  static const gnp_function word = {                                                               \
      .name = #word, .bind = bind_same, .sql = (text), .flags = ALWAYS};
ENDS(first_known, "first($1)$g")
ENDS(last_known, "last($1)$g")
ENDS(first_over, "first_value($1)$f")
ENDS(last_over, "last_value($1)$f")
ENDS(first_known_over, "first_value($1 IGNORE NULLS)$f")
ENDS(last_known_over, "last_value($1 IGNORE NULLS)$f")

/* ---- moments --------------------------------------------------------------------------------- */

/* The engine fails where a value is not finite; Spark's answer is NaN. */
#define NOT_FINITE "bool_or(NOT isfinite($1))$f THEN CAST('NaN' AS DOUBLE)"
#define FINITE "$dCASE WHEN isfinite($1) THEN $1 END"
#define MOMENT(least, call)                                                                        \
  "CASE WHEN count($d$1)$f > " least " THEN CASE WHEN " NOT_FINITE " ELSE " call "$f END END"
#define PAIR_NOT_FINITE                                                                            \
  "bool_or((NOT isfinite($1) OR NOT isfinite($2)) AND $n)$f THEN CAST('NaN' AS DOUBLE)"
#define PAIR(least, call)                                                                          \
  "CASE WHEN count(CASE WHEN $n THEN 1 END)$f > " least " THEN CASE WHEN " PAIR_NOT_FINITE         \
  " ELSE " call                                                                                    \
  "(CASE WHEN isfinite($1) THEN $1 END, CASE WHEN isfinite($2) THEN $2 END)$f END END"
/* Without variance there is no correlation: null, or the failure; the engine's answer is NaN. */
#define CORRELATION "corr(CASE WHEN isfinite($1) THEN $1 END, CASE WHEN isfinite($2) THEN $2 END)$f"
#define CORRELATED(otherwise)                                                                      \
  "CASE WHEN count(CASE WHEN $n THEN 1 END)$f > 1 THEN CASE WHEN " PAIR_NOT_FINITE                 \
  " WHEN isnan(" CORRELATION ") THEN " otherwise " ELSE " CORRELATION " END END"

static int bind_correlation(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  for (size_t i = 0; rc == GN_OK && i < 2; i++) rc = gnp_bind_want(b, call, i, "double");
  call->node->type = &gni_type_double;
  call->node->sql = b->options.ansi
                        ? CORRELATED("CAST(error('[DIVIDE_BY_ZERO] division by zero') AS DOUBLE)")
                        : CORRELATED("NULL");
  return rc;
}

#define SKEWNESS                                                                                   \
  "CASE WHEN count($d$1)$f > 0 THEN CASE WHEN " NOT_FINITE " WHEN var_pop(" FINITE                 \
  ")$f > 0 THEN CASE WHEN count($d$1)$f = 2 THEN CAST(0 AS DOUBLE) ELSE "                          \
  "skewness(" FINITE ")$f * (count($d$1)$f - 2) / sqrt(CAST(count($d$1)$f AS DOUBLE) *"            \
  " (count($d$1)$f - 1)) END END END"
#define KURTOSIS                                                                                   \
  "CASE WHEN count($d$1)$f > 0 THEN CASE WHEN " NOT_FINITE " WHEN var_pop(" FINITE                 \
  ")$f > 0 THEN kurtosis_pop(" FINITE ")$f END END"

#define REAL(word, text)                                                                           \
  {                                                                                                \
    .function = {                                                                                  \
        .name = word, .takes = "double", .gives = "double", .sql = (text), .flags = ALWAYS}        \
  }
#define REALS(word, text)                                                                          \
  {.function =                                                                                     \
       {                                                                                           \
           .name = word,                                                                           \
           .takes = "double, double",                                                              \
           .gives = "double",                                                                      \
           .sql = (text),                                                                          \
           .flags = ALWAYS,                                                                        \
       },                                                                                          \
   .flags = GNP_NO_DISTINCT}
#define SAMPLE_DEVIATION MOMENT("1", "stddev_samp(" FINITE ")")
#define SAMPLE_VARIANCE MOMENT("1", "var_samp(" FINITE ")")

/* ---- the table ------------------------------------------------------------------------------- */

#define BOUND(word, how, text)                                                                     \
  .function = {.name = word, .bind = how, .sql = (text), .flags = ALWAYS}
#define TAKES(word, classes, type, text)                                                           \
  .function = {.name = word, .takes = classes, .gives = type, .sql = (text), .flags = ALWAYS}
#define RANKS(word, type, text)                                                                    \
  {.function = {.name = word, .takes = "", .gives = type, .sql = (text), .flags = COUNTS},         \
   .flags = GNP_WINDOW_ONLY | GNP_WANTS_ORDER}
#define FIRSTS(word)                                                                               \
  {BOUND(word, bind_same, "first($1)$f"), .flags = GNP_IGNORE_ARGUMENT | GNP_NO_DISTINCT,          \
   .over = &first_over, .ignoring = &first_known, .ignoring_over = &first_known_over}
#define LASTS(word)                                                                                \
  {BOUND(word, bind_same, "last($1)$f"), .flags = GNP_IGNORE_ARGUMENT | GNP_NO_DISTINCT,           \
   .over = &last_over, .ignoring = &last_known, .ignoring_over = &last_known_over}
#define LISTS(word)                                                                                \
  {                                                                                                \
    .function = {.name = word,                                                                     \
                 .bind = bind_list_of,                                                             \
                 .sql = "coalesce(list($d$1)$g, CAST([] AS $t))",                                  \
                 .flags = COUNTS}                                                                  \
  }

static const gnp_measure_row rows[] = {
    {BOUND("sum", bind_sum, NULL)},
    {.function = {.name = "try_sum", .bind = bind_sum, .flags = ALWAYS}},
    {BOUND("avg", bind_average, NULL), .compose = compose_average},
    {BOUND("mean", bind_average, NULL), .compose = compose_average},
    {.function = {.name = "count", .bind = bind_count_of, .flags = COUNTS},
     .flags = GNP_TAKES_STAR},
    {.function = {.name = "count_if",
                  .takes = "boolean",
                  .gives = "bigint",
                  .sql = "count($dCASE WHEN $1 THEN 1 END)$f",
                  .flags = COUNTS},
     .flags = GNP_NO_DISTINCT},
    {.function = {.name = "approx_count_distinct",
                  .takes = "any",
                  .gives = "bigint",
                  .sql = "count(DISTINCT $1)$f",
                  .flags = COUNTS},
     .flags = GNP_NO_DISTINCT},
    {BOUND("min", bind_extreme, "min($1)$f")},
    {BOUND("max", bind_extreme, "max($1)$f")},
    {BOUND("min_by", bind_extreme_by, "arg_min_null($1, $2)$f"), .flags = GNP_NO_DISTINCT},
    {BOUND("max_by", bind_extreme_by, "arg_max_null($1, $2)$f"), .flags = GNP_NO_DISTINCT},
    FIRSTS("first"),
    FIRSTS("first_value"),
    FIRSTS("any_value"),
    LASTS("last"),
    LASTS("last_value"),
    LISTS("collect_list"),
    LISTS("array_agg"),
    {.function = {.name = "collect_set",
                  .bind = bind_set_of,
                  .sql = "coalesce(list(DISTINCT $1)$g, CAST([] AS $t))",
                  .flags = COUNTS}},
    {TAKES("bool_and", "boolean", "boolean", "bool_and($1)$f")},
    {TAKES("every", "boolean", "boolean", "bool_and($1)$f")},
    {TAKES("bool_or", "boolean", "boolean", "bool_or($1)$f")},
    {TAKES("some", "boolean", "boolean", "bool_or($1)$f")},
    {TAKES("any", "boolean", "boolean", "bool_or($1)$f")},
    {TAKES("bit_and", "integral", "1st", "bit_and($1)$f")},
    {TAKES("bit_or", "integral", "1st", "bit_or($1)$f")},
    {TAKES("bit_xor", "integral", "1st", "bit_xor($d$1)$f")},
    REAL("stddev", SAMPLE_DEVIATION),
    REAL("std", SAMPLE_DEVIATION),
    REAL("stddev_samp", SAMPLE_DEVIATION),
    REAL("stddev_pop", MOMENT("0", "stddev_pop(" FINITE ")")),
    REAL("variance", SAMPLE_VARIANCE),
    REAL("var_samp", SAMPLE_VARIANCE),
    REAL("var_pop", MOMENT("0", "var_pop(" FINITE ")")),
    REAL("skewness", SKEWNESS),
    REAL("kurtosis", KURTOSIS),
    {.function = {.name = "corr", .bind = bind_correlation, .flags = ALWAYS},
     .flags = GNP_NO_DISTINCT},
    REALS("covar_pop", PAIR("0", "covar_pop")),
    REALS("covar_samp", PAIR("1", "covar_samp")),
    {BOUND("percentile", bind_percentile, "quantile_cont($d$1, $2)$f")},
    {BOUND("percentile_approx", bind_percentile_approx, "quantile_disc($d$1, $2)$f")},
    {BOUND("approx_percentile", bind_percentile_approx, "quantile_disc($d$1, $2)$f")},
    REAL("median", "quantile_cont($d$1, 0.5)$f"),
    {BOUND("mode", bind_mode, "mode($1)$f"), .flags = GNP_NO_DISTINCT},
    {.function = {.name = "grouping", .flags = COUNTS},
     .grouping = bind_grouping,
     .flags = GNP_NO_WINDOW | GNP_NO_DISTINCT},
    {.function = {.name = "grouping_id", .flags = COUNTS},
     .grouping = bind_grouping,
     .flags = GNP_NO_WINDOW | GNP_NO_DISTINCT},
    RANKS("row_number", "int", "CAST(row_number()$f AS INTEGER)"),
    RANKS("rank", "int", "CAST(rank()$f AS INTEGER)"),
    RANKS("dense_rank", "int", "CAST(dense_rank()$f AS INTEGER)"),
    RANKS("percent_rank", "double", "percent_rank()$f"),
    RANKS("cume_dist", "double", "cume_dist()$f"),
    {.function = {.name = "ntile",
                  .takes = "int",
                  .gives = "int",
                  .sql = "CAST(ntile($1)$f AS INTEGER)",
                  .flags = COUNTS},
     .flags = GNP_WINDOW_ONLY | GNP_WANTS_ORDER},
    {BOUND("lag", bind_shifted, "lag($*)$f"), .flags = GNP_WINDOW_ONLY | GNP_WANTS_ORDER,
     .ignoring = &lag_ignoring},
    {BOUND("lead", bind_shifted, "lead($*)$f"), .flags = GNP_WINDOW_ONLY | GNP_WANTS_ORDER,
     .ignoring = &lead_ignoring},
    {BOUND("nth_value", bind_nth, "nth_value($1, $2)$f"),
     .flags = GNP_WINDOW_ONLY | GNP_WANTS_ORDER, .ignoring = &nth_ignoring},
};

const gnp_measure_row *gnp_measure_find(gn_str name)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (gni_str_is(name, rows[i].function.name)) return &rows[i];
  return NULL;
}

bool gnp_is_measure(gn_str name)
{
  return gnp_measure_find(name) != NULL;
}

bool gnp_is_aggregate(gn_str name)
{
  const gnp_measure_row *row = gnp_measure_find(name);
  return row && !(row->flags & GNP_WINDOW_ONLY);
}

/* ---- the list for people --------------------------------------------------------------------- */

size_t gni_query_function_count(void)
{
  return sizeof rows / sizeof *rows + gnp_generator_count();
}

gni_query_function_info gni_query_function_at(size_t index)
{
  size_t count = sizeof rows / sizeof *rows;
  if (index >= count)
    return (gni_query_function_info){gnp_generator_name(index - count), "generator"};
  bool window = rows[index].flags & GNP_WINDOW_ONLY;
  return (gni_query_function_info){rows[index].function.name, window ? "window" : "aggregate"};
}
