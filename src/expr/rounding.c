/* round, bround, ceil, floor. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/arithmetic.h"

/* How a digit is dropped: round goes away from zero at half, bround to the even neighbour, ceil and
 * floor always one way. */
typedef enum direction { HALF_UP, HALF_EVEN, UP, DOWN } direction;

static direction direction_of(const gni_bound *node)
{
  switch (node->function->name[0]) {
  case 'b':
    return HALF_EVEN;
  case 'c':
    return UP;
  case 'f':
    return DOWN;
  default:
    return HALF_UP;
  }
}

/* x / 10^places, rounded; places is at least 1 and may be more than there are digits. */
static gnp_wide drop_digits(gnp_wide x, int places, direction how)
{
  if (places > GNP_DIGITS_MAX) {
    if (how == UP) return x > 0;
    return how == DOWN ? -(gnp_wide)(x < 0) : 0;
  }
  gnp_wide unit = gnp_power10(places), quotient = x / unit, rest = x % unit;
  gnp_wide size = rest < 0 ? -rest : rest, side = x < 0 ? -1 : 1;
  bool above = size > unit - size, half = size == unit - size;
  switch (how) {
  case HALF_UP:
    return quotient + (above || half ? side : 0);
  case HALF_EVEN:
    return quotient + (above || (half && quotient % 2 != 0) ? side : 0);
  case UP:
    return quotient + (rest > 0);
  case DOWN:
    return quotient - (rest < 0);
  }
  return quotient;
}

/* ---- round and bround ------------------------------------------------------------------------ */

/* Places to the left of the point. */
GNP_APPLY(round_integer)
{
  static const int bits[] = {[GNI_BYTE] = 7, [GNI_SHORT] = 15, [GNI_INT] = 31, [GNI_LONG] = 63};
  int64_t places = args[1].integer;
  if (places >= 0) return gnp_give(out, args[0]);
  if (places < -20) places = -20;
  gnp_wide value = drop_digits(args[0].integer, (int)-places, direction_of(node));
  value *= gnp_power10((int)-places);
  gnp_wide most = ((gnp_wide)1 << bits[node->type->kind]) - 1;
  if (node->ansi && (value > most || value < -most - 1))
    return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the rounded value does not fit");
  uint64_t cut = (uint64_t)(gnp_wide_bits)value;
  return gnp_give_integer(out, node->type->kind == GNI_LONG    ? (int64_t)cut
                               : node->type->kind == GNI_INT   ? (int32_t)(uint32_t)cut
                               : node->type->kind == GNI_SHORT ? (int16_t)(uint16_t)cut
                                                               : (int8_t)(uint8_t)cut);
}

/* Spark rounds the shortest decimal text of the number: 2.675 to 2 places is 2.68, though the
 * double is below it. There is no negative zero in it. */
GNP_APPLY(round_real)
{
  bool is_float = node->type->kind == GNI_FLOAT;
  double x = args[0].real;
  int64_t places = args[1].integer;
  gnp_wide digits;
  int scale;
  if (!isfinite(x) || x == 0) return gnp_give_real(out, x == 0 ? 0 : x);
  gnp_decimal_shortest(x, is_float, &digits, &scale);
  if (scale <= places) return gnp_give_real(out, x);
  if (places < -400) places = -400;
  digits = drop_digits(digits, (int)(scale - places), direction_of(node));
  x = gnp_decimal_double(digits, (int)places);
  return gnp_give_real(out, is_float ? (double)(float)x : x);
}

GNP_APPLY(round_decimal)
{
  gnp_wide value = gnp_wide_of(&args[0]);
  int from = node->args[0]->type->scale;
  int64_t places = args[1].integer < -GNP_DIGITS_MAX ? -GNP_DIGITS_MAX : args[1].integer;
  bool fits = true;
  if (places < from) {
    value = drop_digits(value, from - (int)places, direction_of(node));
    for (int64_t i = places; fits && i < 0; i++) fits = !__builtin_mul_overflow(value, 10, &value);
  }
  return gnp_decimal_result(node, frame, fits, value, out);
}

/* The second argument, 0 when it is not there, must be a constant. */
static int want_places(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 2);
  if (rc != GN_OK) return rc;
  if (call->count == 1) {
    const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 2);
    if (!args) return gnp_bind_nomem(b);
    args[0] = call->args[0];
    call->args = args;
    call->count = 2;
    return gnp_bind_constant(b, &gni_type_int, gni_value_integer(0), &call->args[1]);
  }
  rc = gnp_bind_want(b, call, 1, "int");
  if (rc == GN_OK && call->args[1]->kind != GNP_CONSTANT)
    rc = gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the number of places must be a constant");
  return rc;
}

static const gni_type *rounded_decimal(gnp_binder *b, const gni_type *type, int64_t places)
{
  int whole = type->precision - type->scale + 1; /* one digit more: 9.9 rounds to 10 */
  if (places >= 0) {
    int scale = places < type->scale ? (int)places : type->scale;
    int precision = whole + scale;
    return gni_type_decimal(b->arena, precision > 38 ? 38 : precision, scale);
  }
  int64_t needed = places < -37 ? 38 : -places + 1;
  return gni_type_decimal(
      b->arena,
      (int)(whole > needed ? whole : needed) > 38 ? 38 : (int)(whole > needed ? whole : needed), 0);
}

static int bind_round(gnp_binder *b, gnp_call *call)
{
  int rc = want_places(b, call);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "numeric");
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  call->node->type = type;
  call->node->apply = gnp_is_real(type) ? round_real : round_integer;
  if (type->kind != GNI_DECIMAL) return GN_OK;
  const gni_value *places = &call->args[1]->value;
  call->node->type = rounded_decimal(b, type, places->is_null ? 0 : places->integer);
  call->node->apply = round_decimal;
  call->node->nullable = true;
  return GN_OK;
}

/* ---- ceil and floor -------------------------------------------------------------------------- */

GNP_APPLY(ceil_real)
{
  double x = direction_of(node) == UP ? ceil(args[0].real) : floor(args[0].real);
  if (isnan(x)) return gnp_give_integer(out, 0);
  if (x >= 0x1p63) return gnp_give_integer(out, INT64_MAX);
  return gnp_give_integer(out, x < -0x1p63 ? INT64_MIN : (int64_t)x);
}

GNP_APPLY(same_integer)
{
  return gnp_give(out, args[0]);
}

/* With places: on the decimal of a double, as round does. */
static int bind_ceil_places(gnp_binder *b, gnp_call *call)
{
  int rc = want_places(b, call);
  if (rc == GN_OK && call->args[1]->value.is_null)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the number of places must not be null");
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "decimal");
  if (rc != GN_OK) return rc;
  call->node->type = rounded_decimal(b, call->args[0]->type, call->args[1]->value.integer);
  call->node->apply = round_decimal;
  call->node->nullable = true;
  return GN_OK;
}

static int bind_ceil(gnp_binder *b, gnp_call *call)
{
  if (call->count == 2) return bind_ceil_places(b, call);
  int rc = gnp_bind_count(b, call, 1, 2);
  if (rc == GN_OK && call->args[0] && gnp_is_integral(call->args[0]->type))
    rc = gnp_cast(b, call->args[0], &gni_type_long, &call->args[0]);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "double|decimal|bigint");
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0]->type;
  call->node->type = &gni_type_long;
  call->node->apply = type->kind == GNI_LONG ? same_integer : ceil_real;
  if (type->kind != GNI_DECIMAL) return GN_OK;
  if ((rc = want_places(b, call)) != GN_OK) return rc;
  int precision = type->precision - type->scale + 1;
  call->node->type =
      type->scale == 0 ? type : gni_type_decimal(b->arena, precision > 38 ? 38 : precision, 0);
  call->node->apply = round_decimal;
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "bround", .bind = bind_round, .flags = GNP_ANSI_FAILS},
    {.name = "ceil", .bind = bind_ceil},
    {.name = "ceiling", .same_as = "ceil"},
    {.name = "floor", .bind = bind_ceil},
    {.name = "round", .bind = bind_round, .flags = GNP_ANSI_FAILS},
};

const gnp_family gnp_family_rounding = {"math", functions, sizeof functions / sizeof *functions};
