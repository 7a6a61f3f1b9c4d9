/* Numbers as text, without locale and without partial reads. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t gni_size_mul(size_t a, size_t b)
{
  size_t product;
  return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

size_t gni_size_add(size_t a, size_t b)
{
  size_t sum;
  return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

int gni_parse_int64(gn_str text, int64_t *out)
{
  size_t i = 0;
  bool negative = text.len && text.ptr[0] == '-';
  int64_t value = 0;
  *out = 0;
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) i++;
  if (i == text.len) return GN_E_PARSE;
  for (; i < text.len; i++) {
    int digit = text.ptr[i] - '0';
    if (digit < 0 || digit > 9) return GN_E_PARSE;
    if (__builtin_mul_overflow(value, 10, &value)) return GN_E_LIMIT;
    if (__builtin_add_overflow(value, negative ? -digit : digit, &value)) return GN_E_LIMIT;
  }
  *out = value;
  return GN_OK;
}

enum {
  NUMBER_TEXT_MAX = 400
}; /* bytes; no double needs more digits than that to be exact enough */

static size_t skip_digits(gn_str text, size_t at)
{
  while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') at++;
  return at;
}

/* Is it [+-] digits [. digits] [e [+-] digits], with a digit somewhere in the mantissa? */
static bool is_decimal(gn_str text)
{
  size_t at = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;
  size_t whole_end = skip_digits(text, at), digits = whole_end - at;
  at = whole_end;
  if (at < text.len && text.ptr[at] == '.') {
    size_t fraction_end = skip_digits(text, at + 1);
    digits += fraction_end - at - 1;
    at = fraction_end;
  }
  if (digits == 0) return false;
  if (at < text.len && (text.ptr[at] | 0x20) == 'e') {
    at++;
    if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) at++;
    size_t exponent_end = skip_digits(text, at);
    if (exponent_end == at) return false;
    at = exponent_end;
  }
  return at == text.len;
}

static bool parse_special(gn_str text, double *out)
{
  if (gni_str_is(text, "NaN"))
    *out = NAN;
  else if (gni_str_is(text, "Infinity"))
    *out = INFINITY;
  else if (gni_str_is(text, "-Infinity"))
    *out = -INFINITY;
  else
    return false;
  return true;
}

int gni_parse_double(gn_str text, double *out)
{
  char copy[NUMBER_TEXT_MAX + 1];
  *out = 0;
  if (parse_special(text, out)) return GN_OK;
  if (!is_decimal(text)) return GN_E_PARSE;
  if (text.len > NUMBER_TEXT_MAX) return GN_E_LIMIT;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  char *point = strchr(copy, '.');
  if (point) *point = localeconv()->decimal_point[0]; /* what strtod of this process expects */
  *out = strtod(copy, NULL);
  return GN_OK;
}

/* Rewrites C's "1e+16", "100", "1,5" into Python's "1e+16", "100.0", "1.5". */
static size_t finish_number(char *text)
{
  char point = localeconv()->decimal_point[0];
  bool plain = true;
  for (char *p = text; *p; p++) {
    if (*p == point) *p = '.';
    if (*p == '.' || *p == 'e') plain = false;
  }
  size_t len = strlen(text);
  if (plain) memcpy(text + len, ".0", 3);
  return plain ? len + 2 : len;
}

/* Python prints decimally while the exponent is in [-4, 16); C's %g switches at the precision. */
static void format_digits(double value, int digits, char *out)
{
  char scientific[GN_DOUBLE_TEXT_BYTES + 8];
  snprintf(scientific, sizeof scientific, "%.*e", digits - 1, value);
  int exponent = 0;
  const char *e = strchr(scientific, 'e');
  for (const char *p = e + 2; *p; p++) exponent = exponent * 10 + (*p - '0');
  if (e[1] == '-') exponent = -exponent;
  if (exponent >= -4 && exponent < 16) {
    int decimals = digits - 1 - exponent;
    snprintf(out, GN_DOUBLE_TEXT_BYTES, "%.*f", decimals > 0 ? decimals : 0, value);
  } else {
    memcpy(out, scientific, strlen(scientific) + 1); /* 25 bytes at most: sign, 17 digits, e-308 */
  }
}

static bool format_special(double value, char *out, size_t *len)
{
  const char *text = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (isfinite(value)) return false;
  *len = strlen(text);
  memcpy(out, text, *len + 1);
  return true;
}

/* Prices, scores and counts have few decimals: n / 10^places with both exact is rounded once, as
 * reading the text is, so it is the text when it gives the value back. 0: it has more decimals. */
static size_t format_few_decimals(double value, char *out)
{
  static const double scales[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
  char reversed[GN_DOUBLE_TEXT_BYTES];
  double size = value < 0 ? -value : value;
  size_t places = 0, digits = 0, len = 0;
  if (!(size >= 1e-3 && size < 1e9)) return 0;
  uint64_t rest = (uint64_t)(size + 0.5);
  while ((double)rest / scales[places] != size) {
    if (++places == sizeof scales / sizeof *scales) return 0;
    rest = (uint64_t)(size * scales[places] + 0.5);
  }
  if (places == 0) reversed[digits++] = '0';
  for (size_t i = 0; i < places; i++, rest /= 10) reversed[digits++] = (char)('0' + rest % 10);
  reversed[digits++] = '.';
  for (; len == 0 || rest; rest /= 10, len++) reversed[digits++] = (char)('0' + rest % 10);
  if (value < 0) reversed[digits++] = '-';
  for (len = 0; digits; len++) out[len] = reversed[--digits];
  out[len] = '\0';
  return len;
}

size_t gni_format_double(double value, char out[GN_DOUBLE_TEXT_BYTES])
{
  size_t len;
  if (format_special(value, out, &len)) return len;
  if ((len = format_few_decimals(value, out)) > 0) return len;
  for (int digits = 1; digits <= 17; digits++) {
    char probe[GN_DOUBLE_TEXT_BYTES + 8];
    if (digits > 1 && digits < 15)
      digits = 15; /* one digit for small integers, then the long ones */
    snprintf(probe, sizeof probe, "%.*e", digits - 1, value);
    if (digits < 17 && strtod(probe, NULL) != value) continue;
    while (digits > 1) { /* drop digits that say nothing */
      snprintf(probe, sizeof probe, "%.*e", digits - 2, value);
      if (strtod(probe, NULL) != value) break;
      digits--;
    }
    format_digits(value, digits, out);
    break;
  }
  return finish_number(out);
}

size_t gni_format_float(float value, char out[GN_DOUBLE_TEXT_BYTES])
{
  size_t len;
  if (format_special((double)value, out, &len)) return len;
  for (int digits = 1; digits <= 9; digits++) {
    char probe[GN_DOUBLE_TEXT_BYTES + 8];
    snprintf(probe, sizeof probe, "%.*e", digits - 1, (double)value);
    if (digits < 9 && strtof(probe, NULL) != value) continue;
    format_digits((double)value, digits, out);
    break;
  }
  return finish_number(out);
}

/* ---- as Java writes them --------------------------------------------------------------------- */

/* The digits of the shortest text without point and leading zeros, and where the point stands:
 * 0.0012 is "12" with -2, 1200.0 is "12" with 4. */
static size_t split_digits(gn_str shortest, char *digits, int *point)
{
  size_t count = 0;
  int exponent = 0, places = 0;
  bool after = false;
  for (size_t i = 0; i < shortest.len; i++) {
    char c = shortest.ptr[i];
    if (c == '.') {
      after = true;
    } else if (c == 'e') {
      int64_t value = 0;
      gn_str rest = {shortest.ptr + i + 1, shortest.len - i - 1};
      if (rest.ptr[0] == '+') rest = (gn_str){rest.ptr + 1, rest.len - 1};
      (void)gni_parse_int64(rest, &value);
      exponent = (int)value;
      break;
    } else {
      places += after;
      if (c != '0' || count) digits[count++] = c;
    }
  }
  *point = (int)count - places + exponent;
  while (count > 1 && digits[count - 1] == '0') count--;
  return count;
}

static size_t put_text(char *out, const char *text)
{
  size_t len = 0;
  for (; text[len]; len++) out[len] = text[len]; /* the caller ends the text */
  return len;
}

static size_t put_plain(char *out, const char *digits, size_t count, int point)
{
  size_t len = 0, used = 0;
  if (point <= 0) out[len++] = '0';
  for (int i = 0; i < point; i++) out[len++] = used < count ? digits[used++] : '0';
  out[len++] = '.';
  for (int i = point; i < 0; i++) out[len++] = '0';
  if (used == count) out[len++] = '0';
  while (used < count) out[len++] = digits[used++];
  return len;
}

static size_t put_scientific(char *out, const char *digits, size_t count, int exponent)
{
  size_t len = put_plain(out, digits, count, 1);
  int rest = exponent < 0 ? -exponent : exponent;
  out[len++] = 'E';
  if (exponent < 0) out[len++] = '-';
  if (rest >= 100) out[len++] = (char)('0' + rest / 100);
  if (rest >= 10) out[len++] = (char)('0' + rest / 10 % 10);
  out[len++] = (char)('0' + rest % 10);
  return len;
}

/* Where one digit tells a number from all others Java still writes two, the nearest two: the least
 * double is 4.9E-324, though 5E-324 reads back as it. */
static size_t second_digit(double magnitude, bool is_float, char *digits, int *point)
{
  char two[GN_DOUBLE_TEXT_BYTES];
  double back;
  int len = snprintf(two, sizeof two, "%.1e", magnitude);
  if (gni_parse_double((gn_str){two, (size_t)len}, &back) != GN_OK) return 1;
  if (is_float) back = (double)(float)back;
  if (back != magnitude || two[2] == '0') return 1;
  return split_digits((gn_str){two, (size_t)len}, digits, point);
}

static size_t java_real(gn_str shortest, double value, bool is_float, char *out)
{
  char digits[GN_DOUBLE_TEXT_BYTES];
  int point;
  size_t count = split_digits(shortest, digits, &point), len = 0;
  if (signbit(value)) out[len++] = '-';
  if (count == 1) count = second_digit(fabs(value), is_float, digits, &point);
  if (count == 0) return len + put_text(out + len, "0.0");
  if (point > -3 && point <= 7) return len + put_plain(out + len, digits, count, point);
  return len + put_scientific(out + len, digits, count, point - 1);
}

static size_t java_special(double value, char *out)
{
  return put_text(out, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

size_t gni_format_java_double(double value, char out[GN_DOUBLE_TEXT_BYTES])
{
  char shortest[GN_DOUBLE_TEXT_BYTES];
  if (!isfinite(value)) return java_special(value, out);
  size_t len = gni_format_double(fabs(value), shortest);
  return java_real((gn_str){shortest, len}, value, false, out);
}

size_t gni_format_java_float(float value, char out[GN_DOUBLE_TEXT_BYTES])
{
  char shortest[GN_DOUBLE_TEXT_BYTES];
  if (!isfinite(value)) return java_special((double)value, out);
  size_t len = gni_format_float(fabsf(value), shortest);
  return java_real((gn_str){shortest, len}, (double)value, true, out);
}
