/* 128-bit decimals with Spark's rules. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_DECIMAL_H
#define GNOMON_SRC_EXPR_DECIMAL_H

#include "data/data.h"

__extension__ typedef __int128 gnp_wide;
__extension__ typedef unsigned __int128 gnp_wide_bits;

#define GNP_DIGITS_MAX 38
/* Sign, 38 digits, point, and what an exponent needs. */
#define GNP_DECIMAL_TEXT_BYTES 64

static inline gnp_wide gnp_wide_of(const gni_value *value)
{
  return (gnp_wide)(((gnp_wide_bits)(uint64_t)value->decimal.high << 64) | value->decimal.low);
}

static inline gni_value gnp_wide_value(gnp_wide x)
{
  gni_value value = {0};
  value.decimal.low = (uint64_t)(gnp_wide_bits)x;
  value.decimal.high = (int64_t)(uint64_t)((gnp_wide_bits)x >> 64);
  return value;
}

gnp_wide gnp_power10(int exponent); /* 0..38 */
/* |x| < 10^precision */
bool gnp_wide_fits(gnp_wide x, int precision);
int gnp_wide_digits(gnp_wide x); /* at least 1 */
/* From one scale to another, half up (away from zero); false when 38 digits do not hold it. */
bool gnp_wide_rescale(gnp_wide x, int from_scale, int to_scale, gnp_wide *out);
/* Digits with one optional point and an optional exponent, into unscaled * 10^-scale; `scale` may
 * be negative. False when it is not that, or has more digits than fit. */
bool gnp_wide_parse(gn_str text, gnp_wide *unscaled, int *scale);
/* "12.50"; with `plain` false, Java's BigDecimal.toString, which turns to an exponent for tiny
 * ones. */
size_t gnp_wide_format(gnp_wide x, int scale, bool plain, char out[GNP_DECIMAL_TEXT_BYTES]);
double gnp_decimal_double(gnp_wide x, int scale); /* the nearest; a scale may be negative */
/* The shortest decimal that reads back as the finite number: x = digits * 10^-scale. */
void gnp_decimal_shortest(double x, bool is_float, gnp_wide *digits, int *scale);
/* The shortest decimal text of a double, rounded half up to `scale`: Spark's Decimal(double). False
 * for NaN, infinities and what does not fit. */
bool gnp_decimal_from_double(double value, int scale, gnp_wide *out);
bool gnp_decimal_from_float(float value, int scale, gnp_wide *out);

/* a*10^k / b, half up, exactly, in 256 bits; false past 128 bits. b is not 0. */
bool gnp_wide_divide(gnp_wide a, int k, gnp_wide b, gnp_wide *out);
/* a*b / 10^k, half up, exactly; false past 128 bits. */
bool gnp_wide_multiply(gnp_wide a, gnp_wide b, int k, gnp_wide *out);

/* a*10^-scale_a + b*10^-scale_b (or minus), half up to `scale`, exactly; false past 128 bits. */
bool gnp_wide_add(gnp_wide a, int scale_a, gnp_wide b, int scale_b, bool minus, int scale,
                  gnp_wide *out);

/* a % b with the sign of a, and the whole part of a / b cut to 64 bits; exactly. The first is false
 * past 128 bits. */
bool gnp_wide_remainder(gnp_wide a, int scale_a, gnp_wide b, int scale_b, int scale, gnp_wide *out);
void gnp_wide_quotient(gnp_wide a, int scale_a, gnp_wide b, int scale_b, int64_t *out);

#endif
