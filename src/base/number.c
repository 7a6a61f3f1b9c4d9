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
