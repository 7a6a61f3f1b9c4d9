/* Text in an arena; numbers from and to text as Java has them. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/text.h"

#include <math.h>
#include <stdio.h>

#include "expr/datetime.h"

void gnp_text_add(gnp_text *text, gn_str part)
{
  if (text->failed || !part.len) return;
  if (part.len > text->capacity - text->len) {
    size_t capacity = text->capacity ? text->capacity : 32;
    while (capacity - text->len < part.len) capacity *= 2;
    char *grown = gni_arena_grow(text->arena, text->ptr, text->capacity, capacity);
    if (!grown) {
      text->failed = true;
      return;
    }
    text->ptr = grown;
    text->capacity = capacity;
  }
  memcpy(text->ptr + text->len, part.ptr, part.len);
  text->len += part.len;
}

void gnp_text_add_char(gnp_text *text, char c)
{
  gnp_text_add(text, (gn_str){&c, 1});
}

/* ---- to text --------------------------------------------------------------------------------- */

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

size_t gnp_java_double(double value, char out[GN_DOUBLE_TEXT_BYTES])
{
  char shortest[GN_DOUBLE_TEXT_BYTES];
  if (!isfinite(value)) return java_special(value, out);
  size_t len = gni_format_double(fabs(value), shortest);
  return java_real((gn_str){shortest, len}, value, false, out);
}

size_t gnp_java_float(float value, char out[GN_DOUBLE_TEXT_BYTES])
{
  char shortest[GN_DOUBLE_TEXT_BYTES];
  if (!isfinite(value)) return java_special((double)value, out);
  size_t len = gni_format_float(fabsf(value), shortest);
  return java_real((gn_str){shortest, len}, (double)value, true, out);
}

/* ---- from text ------------------------------------------------------------------------------- */

bool gnp_text_to_long(gn_str text, bool exact, int64_t *out)
{
  text = gnp_trim_all(text);
  size_t i = 0;
  int64_t value = 0;
  bool negative = text.len && text.ptr[0] == '-';
  if (negative || (text.len && text.ptr[0] == '+')) i++;
  if (i == text.len) return false;
  for (; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '.' && !exact) break;
    if (c < '0' || c > '9') return false;
    /* downwards, since the least long has no positive */
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, c - '0', &value))
      return false;
  }
  for (i++; i < text.len; i++)
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
  return negative ? (*out = value, true) : !__builtin_sub_overflow((int64_t)0, value, out);
}

static bool is_word(gn_str text, const char *lower)
{
  size_t len = strlen(lower);
  if (text.len != len) return false;
  for (size_t i = 0; i < len; i++) {
    char c = text.ptr[i];
    if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

static bool special_real(gn_str text, double *out)
{
  static const struct {
    const char *word;
    double value;
  } words[] = {{"inf", INFINITY},
               {"+inf", INFINITY},
               {"infinity", INFINITY},
               {"+infinity", INFINITY},
               {"-inf", -INFINITY},
               {"-infinity", -INFINITY},
               {"nan", NAN}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!is_word(text, words[i].word)) continue;
    *out = words[i].value;
    return true;
  }
  /* Java knows signs before NaN, in this spelling only. */
  *out = NAN;
  return gni_str_is(text, "+NaN") || gni_str_is(text, "-NaN");
}

static gn_str java_trim(gn_str text)
{
  while (text.len && (unsigned char)text.ptr[0] <= ' ') {
    text.ptr++;
    text.len--;
  }
  while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ') text.len--;
  return text;
}

bool gnp_text_to_double(gn_str text, double *out)
{
  text = java_trim(text);
  if (special_real(text, out)) return true;
  char last = text.len ? (char)(text.ptr[text.len - 1] | 32) : '\0';
  if (last == 'd' || last == 'f') text.len--;
  for (size_t i = 0; i < text.len; i++) /* an exponent is the only letter left */
    if (!strchr("0123456789.+-eE", text.ptr[i]) || !text.ptr[i]) return false;
  return gni_parse_double(text, out) == GN_OK;
}

bool gnp_text_to_boolean(gn_str text, bool *out)
{
  static const char *const words[] = {"t", "true", "y", "yes", "1", "f", "false", "n", "no", "0"};
  text = gnp_trim_all(text);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!is_word(text, words[i])) continue;
    *out = i < 5;
    return true;
  }
  return false;
}
