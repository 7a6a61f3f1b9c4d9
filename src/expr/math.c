/* Mathematical functions of numbers. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/arithmetic.h"

/* ---- double to double ------------------------------------------------------------------------ */

#define GNP_REAL(name, expression)                                                                 \
  GNP_APPLY(name)                                                                                  \
  {                                                                                                \
    double x = args[0].real;                                                                       \
    return gnp_give_real(out, expression);                                                         \
  }

#define PI 3.14159265358979323846
#define E 2.71828182845904523536

GNP_REAL(real_acos, acos(x))
GNP_REAL(real_acosh, log(x + sqrt(x * x - 1.0))) /* as Java code has it, not the library's */
GNP_REAL(real_asin, asin(x))
GNP_REAL(real_asinh, x == -INFINITY ? -INFINITY : log(x + sqrt(x * x + 1.0)))
GNP_REAL(real_atan, atan(x))
GNP_REAL(real_atanh, 0.5 * (log1p(x) - log1p(-x)))
GNP_REAL(real_cbrt, cbrt(x))
GNP_REAL(real_cos, cos(x))
GNP_REAL(real_cosh, cosh(x))
GNP_REAL(real_cot, 1 / tan(x))
GNP_REAL(real_csc, 1 / sin(x))
GNP_REAL(real_degrees, x * (180.0 / PI))
GNP_REAL(real_exp, exp(x))
GNP_REAL(real_expm1, expm1(x))
GNP_REAL(real_radians, x *(PI / 180.0))
GNP_REAL(real_rint, nearbyint(x))
GNP_REAL(real_sec, 1 / cos(x))
GNP_REAL(real_signum, x > 0 ? 1.0 : x < 0 ? -1.0 : x)
GNP_REAL(real_sin, sin(x))
GNP_REAL(real_sinh, sinh(x))
GNP_REAL(real_sqrt, sqrt(x))
GNP_REAL(real_tan, tan(x))
GNP_REAL(real_tanh, tanh(x))

GNP_APPLY(constant_pi)
{
  return gnp_give_real(out, PI);
}

GNP_APPLY(constant_e)
{
  return gnp_give_real(out, E);
}

/* Logarithms are null where there is none. */
#define GNP_LOGARITHM(name, least, expression)                                                     \
  GNP_APPLY(name)                                                                                  \
  {                                                                                                \
    double x = args[0].real;                                                                       \
    return x <= (least) ? gnp_give_null(out) : gnp_give_real(out, expression);                     \
  }

GNP_LOGARITHM(real_ln, 0, log(x))
GNP_LOGARITHM(real_log10, 0, log10(x))
GNP_LOGARITHM(real_log1p, -1, log1p(x))
GNP_LOGARITHM(real_log2, 0, log(x) / log(2.0))

GNP_APPLY(real_log)
{
  double base = args[0].real, x = args[node->arg_count - 1].real;
  if (x <= 0 || (node->arg_count > 1 && base <= 0)) return gnp_give_null(out);
  return gnp_give_real(out, node->arg_count > 1 ? log(x) / log(base) : log(x));
}

GNP_APPLY(real_atan2)
{
  /* Java adds zeros, so that a negative one does not turn the angle. */
  return gnp_give_real(out, atan2(args[0].real + 0.0, args[1].real + 0.0));
}

GNP_APPLY(real_hypot)
{
  return gnp_give_real(out, hypot(args[0].real, args[1].real));
}

/* Java: one to the power of NaN or infinity is NaN, where C says 1. */
GNP_APPLY(real_pow)
{
  double x = args[0].real, y = args[1].real;
  if (isnan(y) || (fabs(x) == 1 && isinf(y))) return gnp_give_real(out, NAN);
  return gnp_give_real(out, pow(x, y));
}

/* ---- numbers of any type --------------------------------------------------------------------- */

GNP_APPLY(absolute)
{
  switch (node->type->kind) {
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return gnp_give_real(out, fabs(args[0].real));
  case GNI_DECIMAL: {
    gnp_wide x = gnp_wide_of(&args[0]);
    return gnp_give(out, gnp_wide_value(x < 0 ? -x : x));
  }
  default:
    break;
  }
  static const int64_t least[] = {[GNI_BYTE] = INT8_MIN,
                                  [GNI_SHORT] = INT16_MIN,
                                  [GNI_INT] = INT32_MIN,
                                  [GNI_LONG] = INT64_MIN};
  int64_t x = args[0].integer;
  if (x != least[node->type->kind]) return gnp_give_integer(out, x < 0 ? -x : x);
  if (node->ansi)
    return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the result of 'abs' does not fit");
  return gnp_give_integer(out, x);
}

GNP_APPLY(factorial)
{
  int64_t product = 1;
  if (args[0].integer < 0 || args[0].integer > 20) return gnp_give_null(out);
  for (int64_t i = 2; i <= args[0].integer; i++) product *= i;
  return gnp_give_integer(out, product);
}

/* The bucket, from 1, of `count` equal ones between two bounds; 0 and count + 1 are outside. */
GNP_APPLY(width_bucket)
{
  double value = args[0].real, low = args[1].real, high = args[2].real;
  int64_t count = args[3].integer;
  if (count <= 0 || count == INT64_MAX || isnan(value) || low == high || !isfinite(low) ||
      !isfinite(high))
    return gnp_give_null(out);
  double bottom = low < high ? low : high, top = low < high ? high : low;
  if (low < high) {
    if (value < low) return gnp_give_integer(out, 0);
    if (value >= high) return gnp_give_integer(out, count + 1);
    return gnp_give_integer(out, (int64_t)((double)count * (value - bottom) / (top - bottom)) + 1);
  }
  if (value > low) return gnp_give_integer(out, 0);
  if (value <= high) return gnp_give_integer(out, count + 1);
  return gnp_give_integer(out, (int64_t)((double)count * (top - value) / (top - bottom)) + 1);
}

/* ---- try_add and its kin: the operator under ANSI, null where it fails -------------------------
 */

static int eval_try(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value values[2];
  *out = GNI_NULL_VALUE;
  for (size_t i = 0; i < 2; i++) {
    int rc = node->args[i]->eval(node->args[i], frame, &values[i]);
    if (rc != GN_OK || values[i].is_null) return rc;
  }
  gn_error *err = frame->err, ignored = {0};
  frame->err = &ignored;
  int rc = node->apply(node, frame, values, out);
  frame->err = err;
  if (rc == GN_OK) return rc;
  if (rc != GN_E_INVALID) return gni_fail(err, rc, "%s", ignored.message);
  return gnp_give_null(out);
}

static int bind_try(gnp_binder *b, gnp_call *call)
{
  static const char *const operators[][2] = {{"try_add", "+"},
                                             {"try_subtract", "-"},
                                             {"try_multiply", "*"},
                                             {"try_divide", "/"},
                                             {"try_mod", "%"}};
  const gnp_function *function = call->node->function, *inner = NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (strcmp(function->name, operators[i][0]) == 0)
      inner = gnp_function_find(gni_str(operators[i][1]));
  bool ansi = b->options.ansi;
  b->options.ansi = true;
  call->node->function = inner;
  call->node->ansi = true;
  int rc = inner->bind(b, call);
  b->options.ansi = ansi;
  call->node->function = function;
  call->node->eval = eval_try;
  call->node->sql = NULL;
  call->node->nullable = true;
  call->node->can_fail = false;
  return rc;
}

static const gnp_function functions[] = {
    {.name = "abs", .takes = "numeric", .gives = "1st", .apply = absolute, .flags = GNP_ANSI_FAILS},
    {.name = "acos", .takes = "double", .gives = "double", .apply = real_acos},
    {.name = "acosh", .takes = "double", .gives = "double", .apply = real_acosh},
    {.name = "asin", .takes = "double", .gives = "double", .apply = real_asin},
    {.name = "asinh", .takes = "double", .gives = "double", .apply = real_asinh},
    {.name = "atan", .takes = "double", .gives = "double", .apply = real_atan},
    {.name = "atan2", .takes = "double, double", .gives = "double", .apply = real_atan2},
    {.name = "atanh", .takes = "double", .gives = "double", .apply = real_atanh},
    {.name = "cbrt", .takes = "double", .gives = "double", .apply = real_cbrt},
    {.name = "cos", .takes = "double", .gives = "double", .apply = real_cos},
    {.name = "cosh", .takes = "double", .gives = "double", .apply = real_cosh},
    {.name = "cot", .takes = "double", .gives = "double", .apply = real_cot},
    {.name = "csc", .takes = "double", .gives = "double", .apply = real_csc},
    {.name = "degrees", .takes = "double", .gives = "double", .apply = real_degrees},
    {.name = "e", .takes = "", .gives = "double", .apply = constant_e},
    {.name = "exp", .takes = "double", .gives = "double", .apply = real_exp},
    {.name = "expm1", .takes = "double", .gives = "double", .apply = real_expm1},
    {.name = "factorial",
     .takes = "int",
     .gives = "bigint",
     .apply = factorial,
     .flags = GNP_MAY_BE_NULL},
    {.name = "hypot", .takes = "double, double", .gives = "double", .apply = real_hypot},
    {.name = "ln",
     .takes = "double",
     .gives = "double",
     .apply = real_ln,
     .flags = GNP_MAY_BE_NULL},
    {.name = "log",
     .takes = "double, [double]",
     .gives = "double",
     .apply = real_log,
     .flags = GNP_MAY_BE_NULL},
    {.name = "log10",
     .takes = "double",
     .gives = "double",
     .apply = real_log10,
     .flags = GNP_MAY_BE_NULL},
    {.name = "log1p",
     .takes = "double",
     .gives = "double",
     .apply = real_log1p,
     .flags = GNP_MAY_BE_NULL},
    {.name = "log2",
     .takes = "double",
     .gives = "double",
     .apply = real_log2,
     .flags = GNP_MAY_BE_NULL},
    {.name = "pi", .takes = "", .gives = "double", .apply = constant_pi},
    {.name = "pow", .takes = "double, double", .gives = "double", .apply = real_pow},
    {.name = "power", .same_as = "pow"},
    {.name = "radians", .takes = "double", .gives = "double", .apply = real_radians},
    {.name = "rint", .takes = "double", .gives = "double", .apply = real_rint},
    {.name = "sec", .takes = "double", .gives = "double", .apply = real_sec},
    {.name = "sign", .same_as = "signum"},
    {.name = "signum", .takes = "double", .gives = "double", .apply = real_signum},
    {.name = "sin", .takes = "double", .gives = "double", .apply = real_sin},
    {.name = "sinh", .takes = "double", .gives = "double", .apply = real_sinh},
    {.name = "sqrt", .takes = "double", .gives = "double", .apply = real_sqrt},
    {.name = "tan", .takes = "double", .gives = "double", .apply = real_tan},
    {.name = "tanh", .takes = "double", .gives = "double", .apply = real_tanh},
    {.name = "try_add", .bind = bind_try},
    {.name = "try_divide", .bind = bind_try},
    {.name = "try_mod", .bind = bind_try},
    {.name = "try_multiply", .bind = bind_try},
    {.name = "try_subtract", .bind = bind_try},
    {.name = "width_bucket",
     .takes = "double, double, double, bigint",
     .gives = "bigint",
     .apply = width_bucket,
     .flags = GNP_MAY_BE_NULL},
};

const gnp_family gnp_family_math = {"math", functions, sizeof functions / sizeof *functions};
