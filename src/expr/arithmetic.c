/* Arithmetic: +, -, *, /, %, div and the signs, on integers, reals and decimals.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/arithmetic.h"

#include <assert.h>
#include <math.h>

#include "expr/decimal.h"

/* ---- integers -------------------------------------------------------------------------------- */

static int64_t wrap(int64_t value, uint8_t kind)
{
  switch (kind) {
  case GNI_BYTE:
    return (int8_t)(uint8_t)value;
  case GNI_SHORT:
    return (int16_t)(uint16_t)value;
  case GNI_INT:
    return (int32_t)(uint32_t)value;
  default:
    return value;
  }
}

/* `value` is exact for types under 64 bits; `overflow` tells of 64. */
static int integer_result(const gni_bound *node, gnp_frame *frame, int64_t value, bool overflow,
                          gni_value *out)
{
  int64_t wrapped = wrap(value, node->type->kind);
  if (node->ansi && (overflow || wrapped != value))
    return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the result of '%s' does not fit",
                         node->function->name);
  return gnp_give_integer(out, wrapped);
}

GNP_APPLY(add_integer)
{
  int64_t value;
  bool overflow = __builtin_add_overflow(args[0].integer, args[1].integer, &value);
  return integer_result(node, frame, value, overflow, out);
}

GNP_APPLY(subtract_integer)
{
  int64_t value;
  bool overflow = __builtin_sub_overflow(args[0].integer, args[1].integer, &value);
  return integer_result(node, frame, value, overflow, out);
}

GNP_APPLY(multiply_integer)
{
  int64_t value;
  bool overflow = __builtin_mul_overflow(args[0].integer, args[1].integer, &value);
  return integer_result(node, frame, value, overflow, out);
}

GNP_APPLY(negate_integer)
{
  int64_t value;
  bool overflow = __builtin_sub_overflow((int64_t)0, args[0].integer, &value);
  return integer_result(node, frame, value, overflow, out);
}

bool gnp_is_zero(const gni_type *type, const gni_value *value)
{
  if (type->kind == GNI_DECIMAL) return gnp_wide_of(value) == 0;
  return gnp_is_real(type) ? value->real == 0 : value->integer == 0;
}

int gnp_zero_divisor(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  *out = GNI_NULL_VALUE;
  return node->ansi ? gnp_fail_here(frame, "DIVIDE_BY_ZERO", "division by zero") : GN_OK;
}

GNP_APPLY(remainder_integer)
{
  if (args[1].integer == 0) return gnp_zero_divisor(node, frame, out);
  return gnp_give_integer(out, args[1].integer == -1 ? 0 : args[0].integer % args[1].integer);
}

GNP_APPLY(quotient_integer)
{
  if (args[1].integer == 0) return gnp_zero_divisor(node, frame, out);
  if (args[1].integer == -1) return negate_integer(node, frame, args, out);
  return gnp_give_integer(out, args[0].integer / args[1].integer);
}

/* ---- reals ----------------------------------------------------------------------------------- */

/* A float operation in double and then rounded is the float operation: 53 >= 2 * 24 + 2 bits. */
static int real_result(const gni_bound *node, double value, gni_value *out)
{
  return gnp_give_real(out, node->type->kind == GNI_FLOAT ? (double)(float)value : value);
}

GNP_APPLY(add_real)
{
  return real_result(node, args[0].real + args[1].real, out);
}

GNP_APPLY(subtract_real)
{
  return real_result(node, args[0].real - args[1].real, out);
}

GNP_APPLY(multiply_real)
{
  return real_result(node, args[0].real * args[1].real, out);
}

GNP_APPLY(divide_real)
{
  if (args[1].real == 0) return gnp_zero_divisor(node, frame, out);
  return real_result(node, args[0].real / args[1].real, out);
}

GNP_APPLY(remainder_real)
{
  if (args[1].real == 0) return gnp_zero_divisor(node, frame, out);
  return real_result(node, fmod(args[0].real, args[1].real), out);
}

GNP_APPLY(negate_real)
{
  return real_result(node, -args[0].real, out);
}

/* ---- decimals -------------------------------------------------------------------------------- */

int gnp_decimal_result(const gni_bound *node, gnp_frame *frame, bool fits, gnp_wide value,
                       gni_value *out)
{
  if (fits && gnp_wide_fits(value, node->type->precision)) {
    *out = gnp_wide_value(value);
    return GN_OK;
  }
  *out = GNI_NULL_VALUE;
  if (!node->ansi) return GN_OK;
  return gnp_fail_here(frame, "NUMERIC_VALUE_OUT_OF_RANGE", "the decimal does not fit (%d,%d)",
                       node->type->precision, node->type->scale);
}

static int add_or_subtract(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                           bool minus, gni_value *out)
{
  gnp_wide sum = 0;
  bool fits = gnp_wide_add(gnp_wide_of(&args[0]), node->args[0]->type->scale, gnp_wide_of(&args[1]),
                           node->args[1]->type->scale, minus, node->type->scale, &sum);
  return gnp_decimal_result(node, frame, fits, sum, out);
}

GNP_APPLY(add_decimal)
{
  return add_or_subtract(node, frame, args, false, out);
}

GNP_APPLY(subtract_decimal)
{
  return add_or_subtract(node, frame, args, true, out);
}

GNP_APPLY(multiply_decimal)
{
  gnp_wide product = 0;
  int excess = node->args[0]->type->scale + node->args[1]->type->scale - node->type->scale;
  bool fits = gnp_wide_multiply(gnp_wide_of(&args[0]), gnp_wide_of(&args[1]), excess, &product);
  return gnp_decimal_result(node, frame, fits, product, out);
}

GNP_APPLY(divide_decimal)
{
  gnp_wide quotient = 0, divisor = gnp_wide_of(&args[1]);
  if (divisor == 0) return gnp_zero_divisor(node, frame, out);
  int shift = node->type->scale - node->args[0]->type->scale + node->args[1]->type->scale;
  bool fits = gnp_wide_divide(gnp_wide_of(&args[0]), shift, divisor, &quotient);
  return gnp_decimal_result(node, frame, fits, quotient, out);
}

GNP_APPLY(remainder_decimal)
{
  gnp_wide rest = 0;
  if (gnp_wide_of(&args[1]) == 0) return gnp_zero_divisor(node, frame, out);
  bool fits =
      gnp_wide_remainder(gnp_wide_of(&args[0]), node->args[0]->type->scale, gnp_wide_of(&args[1]),
                         node->args[1]->type->scale, node->type->scale, &rest);
  return gnp_decimal_result(node, frame, fits, rest, out);
}

/* What does not fit is cut, under ANSI too. */
GNP_APPLY(quotient_decimal)
{
  int64_t quotient;
  if (gnp_wide_of(&args[1]) == 0) return gnp_zero_divisor(node, frame, out);
  gnp_wide_quotient(gnp_wide_of(&args[0]), node->args[0]->type->scale, gnp_wide_of(&args[1]),
                    node->args[1]->type->scale, &quotient);
  return gnp_give_integer(out, quotient);
}

GNP_APPLY(negate_decimal)
{
  return gnp_decimal_result(node, frame, true, -gnp_wide_of(&args[0]), out);
}

/* Spark looks at the divisor first: null or zero there and the dividend is not computed. */
static int eval_division(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value args[2];
  int rc = node->args[1]->eval(node->args[1], frame, &args[1]);
  *out = GNI_NULL_VALUE;
  if (rc != GN_OK || args[1].is_null) return rc;
  if (!node->ansi && gnp_is_zero(node->args[1]->type, &args[1])) return GN_OK;
  rc = node->args[0]->eval(node->args[0], frame, &args[0]);
  if (rc != GN_OK || args[0].is_null) return rc;
  return node->apply(node, frame, args, out);
}

/* ---- pmod: the remainder that is never negative ---------------------------------------------- */

GNP_APPLY(pmod_integer)
{
  int64_t a = args[0].integer, n = args[1].integer;
  if (n == 0) return gnp_zero_divisor(node, frame, out);
  int64_t rest = n == -1 ? 0 : a % n;
  /* Java adds in the type's own width, which may wrap */
  if (rest < 0)
    rest = n == -1 ? 0 : wrap((int64_t)((uint64_t)rest + (uint64_t)n), node->type->kind) % n;
  return gnp_give_integer(out, rest);
}

GNP_APPLY(pmod_real)
{
  if (args[1].real == 0) return gnp_zero_divisor(node, frame, out);
  double rest = fmod(args[0].real, args[1].real);
  if (rest < 0) rest = fmod(rest + args[1].real, args[1].real);
  return real_result(node, rest, out);
}

GNP_APPLY(pmod_decimal)
{
  gnp_wide rest = 0, sum = 0, n = gnp_wide_of(&args[1]);
  int x = node->args[0]->type->scale, y = node->args[1]->type->scale, scale = x > y ? x : y;
  if (n == 0) return gnp_zero_divisor(node, frame, out);
  bool fits = gnp_wide_remainder(gnp_wide_of(&args[0]), x, n, y, scale, &rest);
  if (fits && rest < 0) {
    fits = gnp_wide_add(rest, scale, n, y, false, scale, &sum);
    if (fits) fits = gnp_wide_remainder(sum, scale, n, y, scale, &rest);
  }
  if (fits) fits = gnp_wide_rescale(rest, scale, node->type->scale, &rest);
  return gnp_decimal_result(node, frame, fits, rest, out);
}

/* ---- which one ------------------------------------------------------------------------------- */

enum arithmetic_class { INTEGER, REAL, DECIMAL };

/* DuckDB aligns two decimals in the narrower's bits, so both get the sum's type first. */
#define SUM(sign) "CAST(CAST($1 AS $t) " sign " CAST($2 AS $t) AS $t)"

static const struct variant {
  const char *name;
  enum arithmetic_class kind;
  gnp_apply apply;
  const char *sql, *sql_ansi;
} variants[] = {
    {"+", INTEGER, add_integer, "gn_wrap$w($1::$W + $2::$W)", "($1 + $2)"},
    {"-", INTEGER, subtract_integer, "gn_wrap$w($1::$W - $2::$W)", "($1 - $2)"},
    {"*", INTEGER, multiply_integer, "gn_wrap$w($1::$W * $2::$W)", "($1 * $2)"},
    {"%", INTEGER, remainder_integer, "gn_remainder($1, $2)", "gn_remainder_ansi($1, $2)"},
    {"div", INTEGER, quotient_integer, "gn_quotient($1, $2)", "gn_quotient_ansi($1, $2)"},
    {"pmod", INTEGER, pmod_integer, NULL, NULL},
    {"pmod", REAL, pmod_real, NULL, NULL},
    {"pmod", DECIMAL, pmod_decimal, NULL, NULL},
    {"negative", INTEGER, negate_integer, "gn_wrap$w(-($1::$W))", "(-$1)"},
    {"+", REAL, add_real, "($1 + $2)", "($1 + $2)"},
    {"-", REAL, subtract_real, "($1 - $2)", "($1 - $2)"},
    {"*", REAL, multiply_real, "($1 * $2)", "($1 * $2)"},
    {"/", REAL, divide_real, "($1 / NULLIF($2, 0))", "gn_divide_ansi($1, $2)"},
    {"%", REAL, remainder_real, NULL, NULL},
    {"negative", REAL, negate_real, "(-$1)", "(-$1)"},
    {"+", DECIMAL, add_decimal, SUM("+"), SUM("+")},
    {"-", DECIMAL, subtract_decimal, SUM("-"), SUM("-")},
    {"*", DECIMAL, multiply_decimal, "CAST($1 * $2 AS $t)", "CAST($1 * $2 AS $t)"},
    {"/", DECIMAL, divide_decimal, NULL, NULL},
    {"%", DECIMAL, remainder_decimal, NULL, NULL},
    {"div", DECIMAL, quotient_decimal, NULL, NULL},
    {"negative", DECIMAL, negate_decimal, "(-$1)", "(-$1)"},
};

static void choose_variant(gni_bound *node, const gni_type *operand)
{
  enum arithmetic_class kind = operand->kind == GNI_DECIMAL ? DECIMAL
                               : gnp_is_real(operand)       ? REAL
                                                            : INTEGER;
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    const struct variant *v = &variants[i];
    if (v->kind != kind || strcmp(v->name, node->function->name) != 0) continue;
    node->apply = v->apply;
    node->sql = node->ansi ? v->sql_ansi : v->sql;
    return;
  }
  assert(false && "an arithmetic operator without a variant");
}

/* Spark's result types; `exact` false when digits had to be dropped to stay within 38. */
static const gni_type *decimal_type(gnp_binder *b, char operation, const gni_type *x,
                                    const gni_type *y, bool *exact)
{
  int whole_x = x->precision - x->scale, whole_y = y->precision - y->scale;
  int scale = x->scale > y->scale ? x->scale : y->scale, precision;
  switch (operation) {
  case '*':
    scale = x->scale + y->scale;
    precision = x->precision + y->precision + 1;
    break;
  case '/':
    scale = x->scale + y->precision + 1 > 6 ? x->scale + y->precision + 1 : 6;
    precision = whole_x + y->scale + scale;
    break;
  case 'p': /* pmod */
  case '%':
    precision = (whole_x < whole_y ? whole_x : whole_y) + scale;
    break;
  default:
    precision = (whole_x > whole_y ? whole_x : whole_y) + scale + 1;
    break;
  }
  *exact = precision <= GNP_DIGITS_MAX;
  return gnp_decimal_bounded(b, precision, scale);
}

/* An integer beside a decimal: a literal takes just its digits (but for a tinyint's), all else
 * those of its type. */
static int integral_to_decimal(gnp_binder *b, const gni_bound **arg)
{
  const gni_bound *value = *arg;
  if (!gnp_is_integral(value->type)) return GN_OK;
  const gni_type *type = gnp_decimal_for(b, value->type);
  if (value->literal && value->type->kind != GNI_BYTE && !value->value.is_null)
    type = gni_type_decimal(b->arena, gnp_wide_digits(value->value.integer), 0);
  return gnp_cast(b, value, type, arg);
}

/* DuckDB multiplies in 64 bits what came in 64 bits, so one factor is widened first. */
static void choose_product(gnp_binder *b, gni_bound *node, const gni_type *x, const gni_type *y)
{
  if (!node->sql || x->precision + y->precision <= 18) return;
  node->sql = NULL;
  if (x->precision <= 19 && y->precision <= 19)
    node->sql =
        gni_str_format(b->arena, "CAST(CAST($1 AS DECIMAL(19,%d)) * $2 AS $t)", x->scale).ptr;
}

static int bind_decimals(gnp_binder *b, gnp_call *call)
{
  bool exact;
  for (size_t i = 0; i < 2; i++) {
    int rc = integral_to_decimal(b, &call->args[i]);
    if (rc != GN_OK) return rc;
  }
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  bool div = strcmp(call->node->function->name, "div") == 0;
  call->node->type =
      div ? &gni_type_long : decimal_type(b, call->node->function->name[0], x, y, &exact);
  if (!call->node->type) return gnp_bind_nomem(b);
  choose_variant(call->node, x);
  if (!div && !exact) call->node->sql = NULL; /* DuckDB has 38 digits and no more */
  if (call->node->function->name[0] == '*') choose_product(b, call->node, x, y);
  call->node->nullable = true;
  return GN_OK;
}

static const gni_type *beside_string(gnp_binder *b, const gni_type *other)
{
  if (!b->options.ansi || other->kind == GNI_STRING) return &gni_type_double;
  return gnp_is_integral(other) ? &gni_type_long : &gni_type_double;
}

static int promote_strings(gnp_binder *b, gnp_call *call)
{
  bool both = call->args[0]->type->kind == GNI_STRING && call->args[1]->type->kind == GNI_STRING;
  if (both && b->options.ansi) return gnp_bind_mismatch(b, call);
  for (size_t i = 0; i < 2; i++) {
    if (call->args[i]->type->kind != GNI_STRING) continue;
    const gni_type *type = beside_string(b, call->args[1 - i]->type);
    int rc = gnp_cast(b, call->args[i], type, &call->args[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static bool is_number_or_null(const gni_type *t)
{
  return gnp_is_numeric(t) || t->kind == GNI_NULL;
}

static const gni_type *operand_type(gnp_binder *b, const gnp_call *call)
{
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  bool divide = call->node->function->name[0] == '/';
  if (x->kind == GNI_NULL && y->kind == GNI_NULL) return &gni_type_double;
  if (divide) return &gni_type_double;
  return gnp_type_tightest(b, x, y);
}

static int bind_null_decimal(gnp_binder *b, gnp_call *call, size_t null_at)
{
  int rc = gnp_cast(b, call->args[null_at], call->args[1 - null_at]->type, &call->args[null_at]);
  return rc == GN_OK ? bind_decimals(b, call) : rc;
}

static bool decimal_beside(const gni_type *x, const gni_type *other)
{
  return x->kind == GNI_DECIMAL && !gnp_is_real(other) && other->kind != GNI_NULL;
}

static int bind_numbers(gnp_binder *b, gnp_call *call)
{
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  bool div = strcmp(call->node->function->name, "div") == 0,
       real = gnp_is_real(x) || gnp_is_real(y);
  if (div && real) return gnp_bind_mismatch(b, call);
  const gni_type *type = div ? &gni_type_long : operand_type(b, call);
  if (!type && real) type = &gni_type_double;
  if (!type) return gnp_bind_mismatch(b, call);
  int rc = gnp_cast_all(b, call, 0, type);
  if (rc != GN_OK) return rc;
  call->node->type = type;
  call->node->nullable = strchr("/%dp", call->node->function->name[0]) != NULL && !b->options.ansi;
  choose_variant(call->node, type);
  return GN_OK;
}

static int bind_arithmetic(gnp_binder *b, gnp_call *call)
{
  bool done;
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1]) return gnp_bind_mismatch(b, call);
  if ((rc = gnp_bind_time_arithmetic(b, call, &done)) != GN_OK || done) return rc;
  if ((rc = promote_strings(b, call)) != GN_OK) return rc;
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  if (!is_number_or_null(x) || !is_number_or_null(y)) return gnp_bind_mismatch(b, call);
  if (decimal_beside(x, y) || decimal_beside(y, x)) return bind_decimals(b, call);
  if (x->kind == GNI_DECIMAL && y->kind == GNI_NULL) return bind_null_decimal(b, call, 1);
  if (y->kind == GNI_DECIMAL && x->kind == GNI_NULL) return bind_null_decimal(b, call, 0);
  return bind_numbers(b, call);
}

static int bind_sign(gnp_binder *b, gnp_call *call)
{
  bool found;
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  rc = gnp_implicit(b, call->args[0], GN_STR("numeric|interval"), &call->args[0], &found);
  if (rc != GN_OK) return rc;
  if (!found) return gnp_bind_mismatch(b, call);
  call->node->type = call->args[0]->type;
  if (gnp_is_interval(call->node->type)) {
    call->node->apply = negate_integer;
    call->node->sql = "(-$1)";
  } else if (call->node->function->name[0] == 'n') {
    choose_variant(call->node, call->node->type);
  }
  return GN_OK;
}

GNP_APPLY(same_value)
{
  *out = args[0];
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "+", .bind = bind_arithmetic, .flags = GNP_ANSI_FAILS},
    {.name = "-", .bind = bind_arithmetic, .flags = GNP_ANSI_FAILS},
    {.name = "*", .bind = bind_arithmetic, .flags = GNP_ANSI_FAILS},
    {.name = "/",
     .bind = bind_arithmetic,
     .eval = eval_division,
     .flags = GNP_ANSI_FAILS | GNP_STRICT},
    {.name = "%",
     .bind = bind_arithmetic,
     .eval = eval_division,
     .flags = GNP_ANSI_FAILS | GNP_STRICT},
    {.name = "mod", .same_as = "%"},
    {.name = "div",
     .bind = bind_arithmetic,
     .eval = eval_division,
     .flags = GNP_ANSI_FAILS | GNP_STRICT},
    {.name = "negative", .bind = bind_sign, .flags = GNP_ANSI_FAILS},
    {.name = "pmod",
     .bind = bind_arithmetic,
     .eval = eval_division,
     .flags = GNP_ANSI_FAILS | GNP_STRICT},
    {.name = "positive", .bind = bind_sign, .apply = same_value, .sql = "$1"},
};

const gnp_family gnp_family_arithmetic = {"arithmetic", functions,
                                          sizeof functions / sizeof *functions};
