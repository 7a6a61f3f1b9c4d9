/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/json_read.h"

#include <math.h>

#include "expr/unicode.h"

/* What may come next. */
enum expectation { A_VALUE, A_NAME, FIRST_OR_END, NEXT_OR_END };

void gnp_json_start(gnp_json *json, gn_str in, gn_arena *arena)
{
  json->in = in;
  json->arena = arena;
  json->not_numbers = json->failed = false;
  json->token = GNP_JSON_NOTHING;
  json->expects = A_VALUE;
  json->depth = 0;
  json->at = json->begin = 0;
  json->text = GN_STR("");
}

/* The character at the reader; 0 at the end, where none is meant by any caller. */
static char look(const gnp_json *json)
{
  return json->at < json->in.len ? json->in.ptr[json->at] : '\0';
}

static void skip_space(gnp_json *json)
{
  while (json->at < json->in.len && strchr(" \t\r\n", json->in.ptr[json->at]) &&
         json->in.ptr[json->at])
    json->at++;
}

static enum gnp_json_token bad(gnp_json *json)
{
  json->token = GNP_JSON_BAD;
  return GNP_JSON_BAD;
}

static bool in_object(const gnp_json *json)
{
  uint32_t level = json->depth - 1;
  return json->depth && (json->objects[level / 8] >> (level % 8) & 1);
}

static enum gnp_json_token give(gnp_json *json, enum gnp_json_token token)
{
  json->token = (uint8_t)token;
  json->expects = json->depth ? NEXT_OR_END : A_VALUE;
  return token;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool read_hex(gnp_json *json, uint32_t *unit)
{
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    char c = look(json), low = (char)(c | 32);
    int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
    if (digit < 0) return false;
    *unit = *unit << 4 | (uint32_t)digit;
    json->at++;
  }
  return true;
}

/* \uXXXX, and a second one behind the first half of a pair. Half a pair alone is no character: it
 * becomes "?", as Java writes it. */
static bool read_unit(gnp_json *json, gnp_text *out)
{
  uint32_t unit, second;
  char bytes[4];
  if (!read_hex(json, &unit)) return false;
  if (unit >= 0xD800 && unit < 0xDC00 && json->at + 1 < json->in.len && look(json) == '\\' &&
      json->in.ptr[json->at + 1] == 'u') {
    size_t back = json->at;
    json->at += 2;
    if (!read_hex(json, &second)) return false;
    if (second >= 0xDC00 && second < 0xE000)
      unit = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
    else
      json->at = back;
  }
  if (unit >= 0xD800 && unit < 0xE000) unit = '?';
  gnp_text_add(out, (gn_str){bytes, gnp_utf8_put(unit, bytes)});
  return true;
}

static bool read_escape(gnp_json *json, gnp_text *out)
{
  static const char from[] = "bfnrt\"\\/'", to[] = "\b\f\n\r\t\"\\/'";
  char c = look(json);
  json->at++;
  if (c == 'u') return read_unit(json, out);
  const char *found = c ? strchr(from, c) : NULL;
  if (found) gnp_text_add_char(out, to[found - from]);
  return found != NULL;
}

/* The text behind its quote; one without escapes stays where it is. */
static bool read_text(gnp_json *json)
{
  char quote = look(json);
  gnp_text made = {.arena = json->arena};
  size_t from = ++json->at;
  bool escaped = false;
  for (;;) {
    while (json->at < json->in.len && look(json) != quote && look(json) != '\\') json->at++;
    if (json->at >= json->in.len) return false;
    if (look(json) == quote) break;
    gnp_text_add(&made, (gn_str){json->in.ptr + from, json->at - from});
    json->at++;
    escaped = true;
    if (!read_escape(json, &made)) return false;
    from = json->at;
  }
  gn_str rest = {json->in.ptr + from, json->at++ - from};
  if (escaped) gnp_text_add(&made, rest);
  json->failed |= made.failed;
  json->text = escaped ? (gn_str){made.ptr ? made.ptr : "", made.len} : rest;
  return !made.failed;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool read_digits(gnp_json *json)
{
  size_t from = json->at;
  while (look(json) >= '0' && look(json) <= '9') json->at++;
  return json->at > from;
}

/* Behind a number that is all of the text only space may stand. */
static bool ends_well(const gnp_json *json)
{
  return json->depth || json->at >= json->in.len || (look(json) && strchr(" \t\r\n", look(json)));
}

static enum gnp_json_token read_number(gnp_json *json)
{
  bool real = false;
  if (look(json) == '-') json->at++;
  bool zero = look(json) == '0';
  size_t from = json->at;
  if (!read_digits(json) || (zero && json->at - from > 1)) return bad(json);
  if (look(json) == '.') {
    real = true;
    json->at++;
    if (!read_digits(json)) return bad(json);
  }
  if ((look(json) | 32) == 'e') {
    real = true;
    json->at++;
    if (look(json) == '+' || look(json) == '-') json->at++;
    if (!read_digits(json)) return bad(json);
  }
  if (!ends_well(json)) return bad(json);
  json->text = (gn_str){json->in.ptr + json->begin, json->at - json->begin};
  return give(json, real ? GNP_JSON_REAL : GNP_JSON_INTEGER);
}

static bool goes_on(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '$' ||
         (unsigned char)c >= 0x80;
}

static enum gnp_json_token read_word(gnp_json *json)
{
  static const struct {
    const char *word;
    enum gnp_json_token token;
    bool not_number;
  } words[] = {{"true", GNP_JSON_TRUE, false},     {"false", GNP_JSON_FALSE, false},
               {"null", GNP_JSON_NULL, false},     {"NaN", GNP_JSON_REAL, true},
               {"Infinity", GNP_JSON_REAL, true},  {"-Infinity", GNP_JSON_REAL, true},
               {"+Infinity", GNP_JSON_REAL, true}, {"-INF", GNP_JSON_REAL, true},
               {"+INF", GNP_JSON_REAL, true}};
  gn_str rest = {json->in.ptr + json->at, json->in.len - json->at};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t len = strlen(words[i].word);
    if (!gni_str_starts(rest, words[i].word)) continue;
    if (words[i].not_number && !json->not_numbers) continue;
    if (len < rest.len && goes_on(rest.ptr[len])) continue;
    json->text = (gn_str){rest.ptr, len};
    json->at += len;
    return give(json, words[i].token);
  }
  char c = look(json);
  return c == '-' || (c >= '0' && c <= '9') ? read_number(json) : bad(json);
}

/* ---- structure ------------------------------------------------------------------------------- */

static enum gnp_json_token open(gnp_json *json, bool object)
{
  if (json->depth == GNP_JSON_DEPTH_MAX) return bad(json);
  uint8_t bit = (uint8_t)(1u << (json->depth % 8)), *level = &json->objects[json->depth / 8];
  *level = (uint8_t)(object ? *level | bit : *level & ~bit);
  json->depth++;
  json->at++;
  json->token = object ? GNP_JSON_OBJECT : GNP_JSON_LIST;
  json->expects = FIRST_OR_END;
  return json->token;
}

static enum gnp_json_token close(gnp_json *json, bool object)
{
  json->at++;
  json->depth--;
  return give(json, object ? GNP_JSON_OBJECT_END : GNP_JSON_LIST_END);
}

static enum gnp_json_token read_value(gnp_json *json)
{
  json->begin = json->at;
  switch (look(json)) {
  case '{':
    return open(json, true);
  case '[':
    return open(json, false);
  case '"':
  case '\'':
    return read_text(json) ? give(json, GNP_JSON_TEXT) : bad(json);
  default:
    return read_word(json);
  }
}

static enum gnp_json_token read_name(gnp_json *json)
{
  json->begin = json->at;
  if ((look(json) != '"' && look(json) != '\'') || !read_text(json)) return bad(json);
  skip_space(json);
  if (look(json) != ':') return bad(json);
  json->at++;
  json->token = GNP_JSON_NAME;
  json->expects = A_VALUE;
  return GNP_JSON_NAME;
}

enum gnp_json_token gnp_json_next(gnp_json *json)
{
  if (json->token == GNP_JSON_BAD) return GNP_JSON_BAD;
  bool object = in_object(json);
  skip_space(json);
  json->begin = json->at;
  if (json->at >= json->in.len) {
    if (json->depth) return bad(json);
    json->token = GNP_JSON_NOTHING;
    return GNP_JSON_NOTHING;
  }
  if (json->expects == A_VALUE) return read_value(json);
  if (look(json) == (object ? '}' : ']')) return close(json, object);
  if (json->expects == NEXT_OR_END) {
    if (look(json) != ',') return bad(json);
    json->at++;
    skip_space(json);
  }
  return object ? read_name(json) : read_value(json);
}

void gnp_json_skip(gnp_json *json)
{
  if (json->token != GNP_JSON_OBJECT && json->token != GNP_JSON_LIST) return;
  uint32_t outside = json->depth - 1;
  while (json->depth > outside && gnp_json_next(json) != GNP_JSON_BAD) continue;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A comma, but for the first of a list or object and the value of a name. */
static void part(gnp_text *out)
{
  if (out->len && !strchr("[{:", out->ptr[out->len - 1])) gnp_text_add_char(out, ',');
}

static void put_unit(gnp_text *out, uint32_t unit)
{
  gnp_text_add_word(out, "\\u");
  for (int shift = 12; shift >= 0; shift -= 4)
    gnp_text_add_char(out, "0123456789ABCDEF"[unit >> shift & 15]);
}

static void put_pair(gnp_text *out, gn_str text, size_t at)
{
  uint32_t c = gnp_utf8_next(text, &at) - 0x10000;
  put_unit(out, 0xD800 + (c >> 10));
  put_unit(out, 0xDC00 + (c & 0x3FF));
}

static void put_quoted(gnp_text *out, gn_str text, bool pairs)
{
  static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
  gnp_text_add_char(out, '"');
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
      gnp_text_add_char(out, '\\');
      gnp_text_add_char(out, to[found - from]);
    } else if ((unsigned char)c < 0x20) {
      put_unit(out, (unsigned char)c);
    } else if (pairs && (unsigned char)c >= 0xF0 && i + 3 < text.len) {
      put_pair(out, text, i);
      i += 3;
    } else {
      gnp_text_add_char(out, c);
    }
  }
  gnp_text_add_char(out, '"');
}

void gnp_json_put_text(gnp_text *out, gn_str text)
{
  part(out);
  put_quoted(out, text, false);
}

void gnp_json_put_escaped(gnp_text *out, gn_str text)
{
  part(out);
  put_quoted(out, text, true);
}

void gnp_json_put_name(gnp_text *out, gn_str name)
{
  gnp_json_put_text(out, name);
  gnp_text_add_char(out, ':');
}

void gnp_json_put_raw(gnp_text *out, gn_str text)
{
  part(out);
  gnp_text_add(out, text);
}

/* What is no number stands in quotes. */
void gnp_json_put_real(gnp_text *out, double value, bool is_float)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  size_t len =
      is_float ? gni_format_java_float((float)value, text) : gni_format_java_double(value, text);
  if (isfinite(value))
    gnp_json_put_raw(out, (gn_str){text, len});
  else
    gnp_json_put_text(out, (gn_str){text, len});
}

void gnp_json_open(gnp_text *out, char bracket)
{
  part(out);
  gnp_text_add_char(out, bracket);
}

void gnp_json_close(gnp_text *out, char bracket)
{
  gnp_text_add_char(out, bracket);
}

/* Whole numbers keep their digits; others are written as the double they are. */
static void put_token(gnp_text *out, gnp_json *json, bool escaped)
{
  void (*put_text)(gnp_text *, gn_str) = escaped ? gnp_json_put_escaped : gnp_json_put_text;
  double value;
  switch ((enum gnp_json_token)json->token) {
  case GNP_JSON_OBJECT:
    gnp_json_open(out, '{');
    return;
  case GNP_JSON_LIST:
    gnp_json_open(out, '[');
    return;
  case GNP_JSON_OBJECT_END:
    gnp_json_close(out, '}');
    return;
  case GNP_JSON_LIST_END:
    gnp_json_close(out, ']');
    return;
  case GNP_JSON_NAME:
    put_text(out, json->text);
    gnp_text_add_char(out, ':');
    return;
  case GNP_JSON_TEXT:
    put_text(out, json->text);
    return;
  case GNP_JSON_INTEGER:
    gnp_json_put_raw(out, gni_str_is(json->text, "-0") ? GN_STR("0") : json->text);
    return;
  case GNP_JSON_REAL:
    if (!gnp_text_to_double(json->text, &value)) value = NAN;
    gnp_json_put_real(out, value, false);
    return;
  case GNP_JSON_TRUE:
    gnp_json_put_raw(out, GN_STR("true"));
    return;
  case GNP_JSON_FALSE:
    gnp_json_put_raw(out, GN_STR("false"));
    return;
  case GNP_JSON_NULL:
    gnp_json_put_raw(out, GN_STR("null"));
    return;
  case GNP_JSON_NOTHING:
  case GNP_JSON_BAD:
    return;
  }
}

void gnp_json_put_copy(gnp_text *out, gnp_json *json, bool escaped)
{
  bool nested = json->token == GNP_JSON_OBJECT || json->token == GNP_JSON_LIST;
  uint32_t outside = json->depth - (nested ? 1 : 0);
  put_token(out, json, escaped);
  while (nested && json->depth > outside && gnp_json_next(json) != GNP_JSON_BAD)
    put_token(out, json, escaped);
}
