/* Text in an arena; numbers from text as Java has them. SPDX-License-Identifier: Apache-2.0 */
#include "expr/text.h"

#include <math.h>

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
