/* 128-bit decimals: digits, scales, half up. SPDX-License-Identifier: Apache-2.0 */
#include "expr/decimal.h"

#include "expr/text.h"

gnp_wide gnp_power10(int exponent)
{
  static const uint64_t small[] = {1u,
                                   10u,
                                   100u,
                                   1000u,
                                   10000u,
                                   100000u,
                                   1000000u,
                                   10000000u,
                                   100000000u,
                                   1000000000u,
                                   10000000000u,
                                   100000000000u,
                                   1000000000000u,
                                   10000000000000u,
                                   100000000000000u,
                                   1000000000000000u,
                                   10000000000000000u,
                                   100000000000000000u,
                                   1000000000000000000u,
                                   10000000000000000000u};
  if (exponent < 20) return small[exponent];
  return (gnp_wide)small[19] * (gnp_wide)small[exponent - 19];
}

static gnp_wide_bits magnitude(gnp_wide x)
{
  return x < 0 ? -(gnp_wide_bits)x : (gnp_wide_bits)x;
}

bool gnp_wide_fits(gnp_wide x, int precision)
{
  return magnitude(x) < (gnp_wide_bits)gnp_power10(precision);
}

int gnp_wide_digits(gnp_wide x)
{
  gnp_wide_bits rest = magnitude(x);
  int digits = 1;
  for (; rest >= 10; rest /= 10) digits++;
  return digits;
}

static gnp_wide divide_half_up(gnp_wide x, gnp_wide divisor)
{
  gnp_wide quotient = x / divisor, rest = x % divisor;
  gnp_wide_bits twice = 2 * magnitude(rest);
  if (twice >= magnitude(divisor)) quotient += (x < 0) == (divisor < 0) ? 1 : -1;
  return quotient;
}

bool gnp_wide_rescale(gnp_wide x, int from_scale, int to_scale, gnp_wide *out)
{
  int up = to_scale - from_scale;
  if (up < 0) {
    *out = -up > GNP_DIGITS_MAX ? 0 : divide_half_up(x, gnp_power10(-up));
    return true;
  }
  *out = x;
  for (; up > 0 && *out; up--)
    if (__builtin_mul_overflow(*out, 10, out)) return false;
  return gnp_wide_fits(*out, GNP_DIGITS_MAX);
}

static bool read_exponent(gn_str text, int *exponent)
{
  int64_t value;
  if (text.len && text.ptr[0] == '+') text = (gn_str){text.ptr + 1, text.len - 1};
  if (gni_parse_int64(text, &value) != GN_OK || value > 100000 || value < -100000) return false;
  *exponent = (int)value;
  return true;
}

bool gnp_wide_parse(gn_str text, gnp_wide *unscaled, int *scale)
{
  bool point = false, negative = false;
  int digits = 0;
  size_t i = 0;
  *unscaled = 0;
  *scale = 0;
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) negative = text.ptr[i++] == '-';
  for (; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    digits++;
    if (*unscaled >= gnp_power10(GNP_DIGITS_MAX - 1)) {
      if (!point) return false;
      continue; /* digits so far behind the point that they cannot count */
    }
    *unscaled = *unscaled * 10 + (c - '0');
    *scale += point;
  }
  if (!digits) return false;
  if (i < text.len) {
    int exponent;
    if ((text.ptr[i] | 32) != 'e') return false;
    if (!read_exponent((gn_str){text.ptr + i + 1, text.len - i - 1}, &exponent)) return false;
    *scale -= exponent;
  }
  if (negative) *unscaled = -*unscaled;
  return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static size_t put_digits(gnp_wide_bits x, char *out)
{
  char reversed[40];
  size_t len = 0;
  do {
    reversed[len++] = (char)('0' + (int)(x % 10));
    x /= 10;
  } while (x);
  for (size_t i = 0; i < len; i++) out[i] = reversed[len - 1 - i];
  return len;
}

static size_t put_exponent(char *out, int exponent)
{
  size_t len = 0;
  out[len++] = 'E';
  out[len++] = exponent < 0 ? '-' : '+';
  return len +
         put_digits((gnp_wide_bits)(unsigned)(exponent < 0 ? -exponent : exponent), out + len);
}

size_t gnp_wide_format(gnp_wide x, int scale, bool plain, char out[GNP_DECIMAL_TEXT_BYTES])
{
  char digits[40];
  size_t count = put_digits(magnitude(x), digits), len = 0;
  size_t places = (size_t)scale;
  int exponent = (int)count - 1 - scale;
  if (x < 0) out[len++] = '-';
  if (!plain && exponent < -6) {
    out[len++] = digits[0];
    if (count > 1) out[len++] = '.';
    memcpy(out + len, digits + 1, count - 1);
    len += count - 1;
    return len + put_exponent(out + len, exponent);
  }
  size_t whole = count > places ? count - places : 0;
  if (whole)
    memcpy(out + len, digits, whole);
  else
    out[len] = '0';
  len += whole ? whole : 1;
  if (!places) return len;
  out[len++] = '.';
  for (size_t i = count; i < places; i++) out[len++] = '0';
  memcpy(out + len, digits + whole, count - whole);
  return len + count - whole;
}

/* ---- doubles --------------------------------------------------------------------------------- */

double gnp_decimal_double(gnp_wide x, int scale)
{
  char text[GNP_DECIMAL_TEXT_BYTES];
  double value = 0;
  if (magnitude(x) < (UINT64_C(1) << 53) && scale >= 0 && scale <= 22) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return (double)(int64_t)x / powers[scale]; /* both exact, so the quotient is the nearest */
  }
  size_t len = x < 0 ? 1 : 0;
  text[0] = '-';
  len += put_digits(magnitude(x), text + len);
  len += put_exponent(text + len, -scale);
  (void)gni_parse_double((gn_str){text, len}, &value);
  return value;
}

static size_t java_text(double x, bool is_float, char *out)
{
  return is_float ? gni_format_java_float((float)x, out) : gni_format_java_double(x, out);
}

void gnp_decimal_shortest(double x, bool is_float, gnp_wide *digits, int *scale)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  (void)gnp_wide_parse((gn_str){text, java_text(x, is_float, text)}, digits, scale);
  while (*scale > 0 && *digits % 10 == 0) { /* "5.0" */
    *digits /= 10;
    --*scale;
  }
}

static bool from_text(gn_str text, int scale, gnp_wide *out)
{
  gnp_wide unscaled;
  int found;
  if (!gnp_wide_parse(text, &unscaled, &found)) return false;
  return gnp_wide_rescale(unscaled, found, scale, out);
}

bool gnp_decimal_from_double(double value, int scale, gnp_wide *out)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  return from_text((gn_str){text, java_text(value, false, text)}, scale, out);
}

bool gnp_decimal_from_float(float value, int scale, gnp_wide *out)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  return from_text((gn_str){text, java_text((double)value, true, text)}, scale, out);
}

/* ---- 256 bits -------------------------------------------------------------------------------- */

typedef struct wide256 {
  gnp_wide_bits high, low;
} wide256;

static wide256 multiply256(gnp_wide_bits a, gnp_wide_bits b)
{
  const gnp_wide_bits mask = UINT64_MAX;
  gnp_wide_bits a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  gnp_wide_bits low = a0 * b0, mid1 = a1 * b0, mid2 = a0 * b1, high = a1 * b1;
  gnp_wide_bits carry = (low >> 64) + (mid1 & mask) + (mid2 & mask);
  return (wide256){high + (mid1 >> 64) + (mid2 >> 64) + (carry >> 64),
                   (carry << 64) | (low & mask)};
}

/* Schoolbook, bit by bit; false when the quotient needs more than 128 bits. */
static bool divide256(wide256 a, gnp_wide_bits b, gnp_wide_bits *quotient, gnp_wide_bits *rest)
{
  if (!a.high) {
    *quotient = a.low / b;
    *rest = a.low % b;
    return true;
  }
  if (a.high >= b) return false;
  gnp_wide_bits r = a.high, q = 0;
  for (int bit = 127; bit >= 0; bit--) {
    bool over = r >> 127;
    r = r << 1 | (a.low >> bit & 1);
    q <<= 1;
    if (over || r >= b) {
      r -= b;
      q |= 1;
    }
  }
  *quotient = q;
  *rest = r;
  return true;
}

static bool signed_half_up(gnp_wide_bits quotient, gnp_wide_bits rest, gnp_wide_bits divisor,
                           bool negative, gnp_wide *out)
{
  if (rest >= divisor - rest) quotient++;
  if (quotient >> 127) return false;
  *out = negative ? -(gnp_wide)quotient : (gnp_wide)quotient;
  return true;
}

bool gnp_wide_divide(gnp_wide a, int k, gnp_wide b, gnp_wide *out)
{
  gnp_wide_bits quotient, rest, divisor = magnitude(b);
  if (k > GNP_DIGITS_MAX) return false;
  wide256 scaled = multiply256(magnitude(a), (gnp_wide_bits)gnp_power10(k));
  if (!divide256(scaled, divisor, &quotient, &rest)) return false;
  return signed_half_up(quotient, rest, divisor, (a < 0) != (b < 0), out);
}

bool gnp_wide_multiply(gnp_wide a, gnp_wide b, int k, gnp_wide *out)
{
  gnp_wide_bits quotient, rest, divisor = (gnp_wide_bits)gnp_power10(k);
  if (!divide256(multiply256(magnitude(a), magnitude(b)), divisor, &quotient, &rest)) return false;
  return signed_half_up(quotient, rest, divisor, (a < 0) != (b < 0), out);
}

static bool wide256_less(wide256 a, wide256 b)
{
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static wide256 wide256_sum(wide256 a, wide256 b)
{
  gnp_wide_bits low = a.low + b.low;
  return (wide256){a.high + b.high + (low < a.low), low};
}

static wide256 wide256_difference(wide256 a, wide256 b)
{
  return (wide256){a.high - b.high - (a.low < b.low), a.low - b.low};
}

bool gnp_wide_add(gnp_wide a, int scale_a, gnp_wide b, int scale_b, bool minus, int scale,
                  gnp_wide *out)
{
  int common = scale_a > scale_b ? scale_a : scale_b;
  wide256 x = multiply256(magnitude(a), (gnp_wide_bits)gnp_power10(common - scale_a));
  wide256 y = multiply256(magnitude(b), (gnp_wide_bits)gnp_power10(common - scale_b)), sum;
  bool negative = a < 0, other = (b < 0) != minus;
  if (negative == other) {
    sum = wide256_sum(x, y);
  } else if (wide256_less(x, y)) {
    sum = wide256_difference(y, x);
    negative = other;
  } else {
    sum = wide256_difference(x, y);
  }
  gnp_wide_bits quotient, rest, divisor = (gnp_wide_bits)gnp_power10(common - scale);
  if (!divide256(sum, divisor, &quotient, &rest)) return false;
  return signed_half_up(quotient, rest, divisor, negative, out);
}

/* Bit by bit; only numbers of more than 128 bits come here in practice once in a blue moon, but
 * they must come out right. */
static void divide256_full(wide256 a, wide256 b, wide256 *quotient, wide256 *rest)
{
  wide256 q = {0, 0}, r = {0, 0};
  for (int bit = 255; bit >= 0; bit--) {
    gnp_wide_bits source = bit >= 128 ? a.high >> (bit - 128) : a.low >> bit;
    bool over = r.high >> 127;
    r = (wide256){r.high << 1 | r.low >> 127, r.low << 1 | (source & 1)};
    q = (wide256){q.high << 1 | q.low >> 127, q.low << 1};
    if (over || !wide256_less(r, b)) {
      r = wide256_difference(r, b);
      q.low |= 1;
    }
  }
  *quotient = q;
  *rest = r;
}

static void divide_aligned(gnp_wide a, int scale_a, gnp_wide b, int scale_b, wide256 *quotient,
                           wide256 *rest)
{
  int common = scale_a > scale_b ? scale_a : scale_b;
  wide256 x = multiply256(magnitude(a), (gnp_wide_bits)gnp_power10(common - scale_a));
  wide256 y = multiply256(magnitude(b), (gnp_wide_bits)gnp_power10(common - scale_b));
  if (x.high || y.high) {
    divide256_full(x, y, quotient, rest);
  } else {
    *quotient = (wide256){0, x.low / y.low};
    *rest = (wide256){0, x.low % y.low};
  }
}

bool gnp_wide_remainder(gnp_wide a, int scale_a, gnp_wide b, int scale_b, int scale, gnp_wide *out)
{
  wide256 quotient, rest;
  int common = scale_a > scale_b ? scale_a : scale_b;
  divide_aligned(a, scale_a, b, scale_b, &quotient, &rest);
  gnp_wide_bits kept, cut, divisor = (gnp_wide_bits)gnp_power10(common - scale);
  if (!divide256(rest, divisor, &kept, &cut)) return false;
  return signed_half_up(kept, cut, divisor, a < 0, out);
}

void gnp_wide_quotient(gnp_wide a, int scale_a, gnp_wide b, int scale_b, int64_t *out)
{
  wide256 quotient, rest;
  divide_aligned(a, scale_a, b, scale_b, &quotient, &rest);
  bool negative = (a < 0) != (b < 0);
  uint64_t low = (uint64_t)quotient.low;
  *out = (int64_t)(negative ? 0 - low : low); /* as Java cuts a BigInteger */
}
