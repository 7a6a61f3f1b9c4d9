/* Mathematical functions. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/arithmetic.h"

/* ---- round ----------------------------------------------------------------------------------- */

/* Places to the left of the point on an integer; the sum of the rounded is exact in 128 bits. */
static int round_integer(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                         gni_value *out)
{
  int64_t places = args[1].integer;
  gnp_wide value = args[0].integer;
  *out = args[0];
  if (places >= 0) return GN_OK;
  if (places < -19) value = 0;
  if (value) {
    (void)gnp_wide_rescale(value, (int)-places, 0, &value);
    value *= gnp_power10((int)-places);
  }
  static const int bits[] = {[GNI_BYTE] = 7, [GNI_SHORT] = 15, [GNI_INT] = 31, [GNI_LONG] = 63};
  gnp_wide most = ((gnp_wide)1 << bits[node->type->kind]) - 1;
  if (node->ansi && (value > most || value < -most - 1))
    return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the rounded value does not fit");
  uint64_t cut = (uint64_t)(gnp_wide_bits)value;
  *out = gni_value_integer(node->type->kind == GNI_LONG    ? (int64_t)cut
                           : node->type->kind == GNI_INT   ? (int32_t)(uint32_t)cut
                           : node->type->kind == GNI_SHORT ? (int16_t)(uint16_t)cut
                                                           : (int8_t)(uint8_t)cut);
  return GN_OK;
}

/* Spark rounds the shortest decimal text of the number, half away from zero: 2.675 to 2 places is
 * 2.68, though the double is below it. There is no negative zero in it. */
static int round_real(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                      gni_value *out)
{
  bool is_float = node->type->kind == GNI_FLOAT;
  double x = args[0].real;
  int64_t places = args[1].integer;
  gnp_wide digits;
  int scale;
  (void)frame;
  *out = gni_value_real(x == 0 ? 0 : x);
  if (!isfinite(x)) return GN_OK;
  gnp_decimal_shortest(x, is_float, &digits, &scale);
  if (scale <= places) return GN_OK;
  if (places < -400) places = -400;
  (void)gnp_wide_rescale(digits, scale, (int)places, &digits); /* to fewer digits, so it fits */
  x = gnp_decimal_double(digits, (int)places);
  *out = gni_value_real(is_float ? (double)(float)x : x);
  return GN_OK;
}

static int round_decimal(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                         gni_value *out)
{
  gnp_wide value = gnp_wide_of(&args[0]);
  int from = node->args[0]->type->scale;
  int64_t places = args[1].integer < -GNP_DIGITS_MAX ? -GNP_DIGITS_MAX : args[1].integer;
  bool fits = true;
  if (places < 0) {
    fits = gnp_wide_rescale(value, from - (int)places, 0, &value) && gnp_wide_fits(value, 38);
    for (int64_t i = places; fits && i < 0; i++) fits = !__builtin_mul_overflow(value, 10, &value);
  } else {
    fits = gnp_wide_rescale(value, from, node->type->scale, &value);
  }
  return gnp_decimal_result(node, frame, fits, value, out);
}

static int bind_round(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 2);
  bool found;
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  if (call->count == 1) {
    const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 2);
    if (!args) return gnp_bind_nomem(b);
    args[0] = call->args[0];
    rc = gnp_bind_constant(b, &gni_type_int, gni_value_integer(0), &args[1]);
    call->args = args;
    call->count = 2;
  }
  if (rc == GN_OK) rc = gnp_implicit(b, call->args[0], GN_STR("numeric"), &call->args[0], &found);
  if (rc != GN_OK || !found) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  rc = gnp_implicit(b, call->args[1], GN_STR("int"), &call->args[1], &found);
  if (rc != GN_OK || !found) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  if (call->args[1]->kind != GNP_CONSTANT)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the number of places must be a constant");
  const gni_type *type = call->args[0]->type;
  call->node->type = type;
  call->node->apply = gnp_is_real(type) ? round_real : round_integer;
  if (type->kind != GNI_DECIMAL) return GN_OK;
  int64_t places = call->args[1]->value.is_null ? 0 : call->args[1]->value.integer;
  int whole = type->precision - type->scale, scale = type->scale;
  if (places < scale) scale = places < 0 ? 0 : (int)places;
  /* One digit more: 9.9 rounds to 10. */
  int precision = whole + 1 + scale;
  if (places < 0 && whole < -places) precision = (int)(-places > 37 ? 38 : -places + 1);
  call->node->type = gni_type_decimal(b->arena, precision > 38 ? 38 : precision, scale);
  call->node->apply = round_decimal;
  call->node->nullable = true;
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "round", .bind = bind_round, .flags = GNP_ANSI_FAILS},
};

const gnp_family gnp_family_math = {"math", functions, sizeof functions / sizeof *functions};
