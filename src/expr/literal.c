/* Literals as text becomes them: numbers, quoted texts, dates, timestamps, types.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/datetime.h"
#include "expr/decimal.h"
#include "expr/tree.h"

static int make_literal(gnp_parser *p, size_t begin, const gni_type *type, gni_value value,
                        const gni_expr **out)
{
  gni_expr *node = gnp_node(p, GNP_NODE_LITERAL, begin);
  if (!node || !type) return gnp_parse_check(p, NULL);
  node->type = type;
  node->value = value;
  *out = node;
  return GN_OK;
}

/* ---- numbers --------------------------------------------------------------------------------- */

typedef struct number_text {
  gn_str digits; /* without the suffix */
  char suffix;   /* L S Y F D, B for BD, or 0 */
  bool point, exponent, negative;
} number_text;

static number_text split_number(gn_str text, bool negative)
{
  number_text n = {.digits = text, .negative = negative};
  char last = (char)(text.ptr[text.len - 1] & ~32);
  if (text.len > 2 && last == 'D' && (text.ptr[text.len - 2] & ~32) == 'B') {
    n.suffix = 'B';
    n.digits.len -= 2;
  } else if (last == 'L' || last == 'S' || last == 'Y' || last == 'F' || last == 'D') {
    n.suffix = last;
    n.digits.len--;
  }
  for (size_t i = 0; i < n.digits.len; i++) {
    n.point |= n.digits.ptr[i] == '.';
    n.exponent |= (n.digits.ptr[i] | 32) == 'e';
  }
  return n;
}

/* Spark takes a BigDecimal's own precision, at least its scale: 1.50 is decimal(3,2), .01 is (2,2).
 */
static int decimal_literal(gnp_parser *p, const number_text *n, size_t begin, const gni_expr **out)
{
  gnp_wide unscaled;
  int scale;
  bool fits = gnp_wide_parse(n->digits, &unscaled, &scale);
  if (fits && scale < 0) {
    fits = gnp_wide_rescale(unscaled, scale, 0, &unscaled);
    scale = 0;
  }
  int precision = fits ? gnp_wide_digits(unscaled) : 0;
  if (precision < scale) precision = scale;
  if (!fits || precision > GNP_DIGITS_MAX || scale > GNP_DIGITS_MAX)
    return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end,
                          "the number has more than %d digits", GNP_DIGITS_MAX);
  if (n->negative) unscaled = -unscaled;
  return make_literal(p, begin, gni_type_decimal(p->arena, precision, scale),
                      gnp_wide_value(unscaled), out);
}

static int real_literal(gnp_parser *p, const number_text *n, size_t begin, const gni_expr **out)
{
  double value;
  gn_str digits = n->digits;
  if (digits.len && digits.ptr[digits.len - 1] == '.') digits.len--;
  if (gni_parse_double(digits, &value) != GN_OK)
    return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end, "the number is out of range");
  if (n->negative) value = -value;
  if (n->suffix != 'F') return make_literal(p, begin, &gni_type_double, gni_value_real(value), out);
  return make_literal(p, begin, &gni_type_float, gni_value_real((double)(float)value), out);
}

static const gni_type *integer_type(char suffix, int64_t value)
{
  switch (suffix) {
  case 'L':
    return &gni_type_long;
  case 'S':
    return value >= INT16_MIN && value <= INT16_MAX ? &gni_type_short : NULL;
  case 'Y':
    return value >= INT8_MIN && value <= INT8_MAX ? &gni_type_byte : NULL;
  default:
    return value >= INT32_MIN && value <= INT32_MAX ? &gni_type_int : &gni_type_long;
  }
}

static int integer_literal(gnp_parser *p, const number_text *n, size_t begin, const gni_expr **out)
{
  gnp_wide unscaled;
  int scale;
  bool fits = gnp_wide_parse(n->digits, &unscaled, &scale);
  if (fits && n->negative) unscaled = -unscaled;
  fits = fits && unscaled >= INT64_MIN && unscaled <= INT64_MAX;
  if (!fits && !n->suffix) return decimal_literal(p, n, begin, out);
  const gni_type *type = fits ? integer_type(n->suffix, (int64_t)unscaled) : NULL;
  if (!type)
    return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end,
                          "the number is out of the range of its suffix '%c'", n->suffix);
  return make_literal(p, begin, type, gni_value_integer((int64_t)unscaled), out);
}

static int number_literal(gnp_parser *p, bool negative, size_t begin, const gni_expr **out)
{
  number_text n = split_number(p->token.text, negative);
  size_t at = p->token.begin, end = p->token.end;
  int rc = gnp_parse_advance(p);
  if (rc != GN_OK) return rc;
  bool whole = !n.point && !n.exponent;
  if (!whole && (n.suffix == 'L' || n.suffix == 'S' || n.suffix == 'Y'))
    return gnp_parse_fail(p, GN_E_PARSE, at, end, "a number with a fraction has no suffix '%c'",
                          n.suffix);
  if (n.suffix == 'B') return decimal_literal(p, &n, begin, out);
  if (n.suffix == 'F' || n.suffix == 'D' || n.exponent) return real_literal(p, &n, begin, out);
  return whole ? integer_literal(p, &n, begin, out) : decimal_literal(p, &n, begin, out);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool hex_digits(gn_str text, size_t at, size_t count, uint32_t *out)
{
  *out = 0;
  if (at + count > text.len) return false;
  for (size_t i = at; i < at + count; i++) {
    char c = text.ptr[i], low = (char)(c | 32);
    if (c >= '0' && c <= '9')
      *out = *out * 16 + (uint32_t)(c - '0');
    else if (low >= 'a' && low <= 'f')
      *out = *out * 16 + (uint32_t)(low - 'a' + 10);
    else
      return false;
  }
  return true;
}

/* A lone surrogate becomes '?', as when Java encodes it. */
static size_t put_utf8(char *out, uint32_t c)
{
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = '?';
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)((len == 2 ? 0xC0 : len == 3 ? 0xE0 : 0xF0) | c);
  return len;
}

/* \uXXXX, a pair of them, \UXXXXXXXX; 0 when it is none. Returns the bytes read. */
static size_t unescape_unicode(gn_str in, size_t at, char *out, size_t *written)
{
  uint32_t c, low;
  if (in.ptr[at] == 'U' && hex_digits(in, at + 1, 8, &c)) {
    *written = put_utf8(out, c);
    return 9;
  }
  if (in.ptr[at] != 'u' || !hex_digits(in, at + 1, 4, &c)) return 0;
  if (c >= 0xD800 && c < 0xDC00 && at + 6 < in.len && in.ptr[at + 5] == '\\' &&
      in.ptr[at + 6] == 'u' && hex_digits(in, at + 7, 4, &low) && low >= 0xDC00 && low < 0xE000) {
    *written = put_utf8(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
    return 11;
  }
  *written = put_utf8(out, c);
  return 5;
}

static bool octal_digits(gn_str in, size_t at, uint32_t *out)
{
  if (at + 3 > in.len || in.ptr[at] < '0' || in.ptr[at] > '1') return false;
  *out = 0;
  for (size_t i = at; i < at + 3; i++) {
    if (in.ptr[i] < '0' || in.ptr[i] > '7') return false;
    *out = *out * 8 + (uint32_t)(in.ptr[i] - '0');
  }
  return true;
}

/* What follows a backslash. \% and \_ keep it: they are for LIKE. */
static size_t unescape(gn_str in, size_t at, char *out, size_t *written)
{
  static const char from[] = "0bnrtZ", to[] = "\0\b\n\r\t\032";
  uint32_t c;
  size_t read = unescape_unicode(in, at, out, written);
  if (read) return read;
  if (octal_digits(in, at, &c)) {
    *written = put_utf8(out, c);
    return 3;
  }
  *written = 1;
  const char *known = in.ptr[at] ? strchr(from, in.ptr[at]) : NULL;
  if (known) {
    out[0] = to[known - from];
  } else if (in.ptr[at] == '%' || in.ptr[at] == '_') {
    out[0] = '\\';
    out[1] = in.ptr[at];
    *written = 2;
  } else {
    out[0] = in.ptr[at];
  }
  return 1;
}

/* The value of one quoted token; never longer than the token. */
static size_t unquote(gn_str token, char *out)
{
  bool raw = token.ptr[0] != '\'' && token.ptr[0] != '"';
  char quote = token.ptr[raw];
  gn_str in = {token.ptr + raw + 1, token.len - raw - 2};
  size_t len = 0;
  for (size_t i = 0; i < in.len;) {
    size_t written = 1;
    if (in.ptr[i] == '\\' && !raw && i + 1 < in.len) {
      i += 1 + unescape(in, i + 1, out + len, &written);
    } else {
      out[len] = in.ptr[i];
      i += in.ptr[i] == quote && !raw ? 2 : 1;
    }
    len += written;
  }
  return len;
}

/* Texts that follow each other are one: 'a' 'b' is 'ab'. */
static int text_value(gnp_parser *p, gn_str *out)
{
  size_t len = 0;
  char *bytes = NULL;
  while (p->token.kind == GNP_TOKEN_TEXT) {
    bytes = gni_arena_grow(p->arena, bytes, len, len + p->token.text.len);
    if (!bytes) return gnp_parse_check(p, NULL);
    len += unquote(p->token.text, bytes + len);
    int rc = gnp_parse_advance(p);
    if (rc != GN_OK) return rc;
  }
  *out = (gn_str){bytes, len};
  return GN_OK;
}

static int text_literal(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gn_str text;
  int rc = text_value(p, &text);
  return rc == GN_OK ? make_literal(p, begin, &gni_type_string, gni_value_text(text), out) : rc;
}

int gnp_parse_literal(gnp_parser *p, bool negative, size_t begin, const gni_expr **out)
{
  if (p->token.kind == GNP_TOKEN_TEXT) return text_literal(p, begin, out);
  return number_literal(p, negative, begin, out);
}

/* ---- typed literals -------------------------------------------------------------------------- */

static int date_literal(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gn_str text;
  int32_t day;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = text_value(p, &text);
  if (rc != GN_OK) return rc;
  if (!gnp_sql_date_parse(text, &day))
    return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end, "'%.*s' is not a date",
                          GN_STR_ARGS(text));
  return make_literal(p, begin, &gni_type_date, gni_value_integer(day), out);
}

static int timestamp_literal(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gn_str text;
  int64_t us;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = text_value(p, &text);
  if (rc != GN_OK) return rc;
  if (gnp_sql_timestamp_parse(text, 0, &us) != GNP_TIME_OK)
    return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end, "'%.*s' is not a timestamp",
                          GN_STR_ARGS(text));
  return make_literal(p, begin, &gni_type_timestamp, gni_value_integer(us), out);
}

/* An odd number of digits has a zero in front, as in Spark. */
static int binary_literal(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gn_str text;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = text_value(p, &text);
  if (rc != GN_OK) return rc;
  size_t odd = text.len & 1;
  char *bytes = gni_arena_take(p->arena, (text.len + 1) / 2);
  if (!bytes) return gnp_parse_check(p, NULL);
  size_t len = 0;
  for (size_t i = 0; i < text.len; i += i == 0 && odd ? 1 : 2) {
    uint32_t value;
    if (!hex_digits(text, i, i == 0 && odd ? 1 : 2, &value))
      return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end, "'%.*s' is not hexadecimal",
                            GN_STR_ARGS(text));
    bytes[len++] = (char)value;
  }
  return make_literal(p, begin, &gni_type_binary, gni_value_text((gn_str){bytes, len}), out);
}

static int word_literal(gnp_parser *p, size_t begin, const gni_type *type, gni_value value,
                        const gni_expr **out)
{
  int rc = gnp_parse_advance(p);
  return rc == GN_OK ? make_literal(p, begin, type, value, out) : rc;
}

/* `interval` may be a column; it is the keyword when a quantity follows. */
static bool interval_ahead(gnp_parser *p)
{
  gnp_token next = gnp_parse_peek(p), after;
  if (next.kind == GNP_TOKEN_NUMBER || next.kind == GNP_TOKEN_TEXT) return true;
  if (!gnp_token_is_mark(&next, "-") && !gnp_token_is_mark(&next, "+")) return false;
  if (gnp_token_next(p->text, next.end, &after, NULL) != GN_OK) return false;
  if (after.kind != GNP_TOKEN_NUMBER && after.kind != GNP_TOKEN_TEXT) return false;
  return gnp_token_next(p->text, after.end, &after, NULL) == GN_OK && gnp_is_interval_unit(&after);
}

int gnp_parse_typed_literal(gnp_parser *p, bool *done, const gni_expr **out)
{
  size_t begin = p->token.begin;
  gnp_token next = gnp_parse_peek(p);
  *done = true;
  if (p->token.kind == GNP_TOKEN_NAME && next.kind == GNP_TOKEN_TEXT) {
    if (gnp_parse_at_word(p, "date")) return date_literal(p, begin, out);
    if (gnp_parse_at_word(p, "timestamp") || gnp_parse_at_word(p, "timestamp_ltz"))
      return timestamp_literal(p, begin, out);
    if (gnp_parse_at_word(p, "x")) return binary_literal(p, begin, out);
    if (!gnp_parse_at_word(p, "interval") && !gnp_parse_at_word(p, "case"))
      return gnp_parse_fail(p, GN_E_UNSUPPORTED, begin, next.end,
                            "literals of type '%.*s' are not supported",
                            GN_STR_ARGS(p->token.text));
  }
  if (gnp_parse_at_word(p, "null"))
    return word_literal(p, begin, &gni_type_null, GNI_NULL_VALUE, out);
  if (gnp_parse_at_word(p, "true") || gnp_parse_at_word(p, "false"))
    return word_literal(p, begin, &gni_type_boolean,
                        gni_value_boolean(gnp_parse_at_word(p, "true")), out);
  if (gnp_parse_at_word(p, "interval") && interval_ahead(p))
    return gnp_parse_interval(p, begin, out);
  *done = false;
  return GN_OK;
}

/* ---- types ----------------------------------------------------------------------------------- */

static int bracket_change(const gnp_token *token)
{
  if (gnp_token_is_mark(token, "<") || gnp_token_is_mark(token, "(")) return 1;
  if (gnp_token_is_mark(token, ">") || gnp_token_is_mark(token, ")")) return -1;
  if (gnp_token_is_mark(token, ">>")) return -2;
  return gnp_token_is_mark(token, ">>>") ? -3 : 0;
}

/* The type ends where its brackets close: a name, then (…) or <…>. */
static int type_extent(gnp_parser *p, size_t *end)
{
  if (p->token.kind != GNP_TOKEN_NAME) return gnp_parse_expected(p, "a type");
  int rc = gnp_parse_advance(p), depth = 0;
  bool brackets = gnp_parse_at_mark(p, "<") || gnp_parse_at_mark(p, "(");
  if (rc == GN_OK && gnp_parse_at_mark(p, "<>")) rc = gnp_parse_advance(p); /* struct<> */
  while (rc == GN_OK && brackets) {
    depth += bracket_change(&p->token);
    if (p->token.kind == GNP_TOKEN_END || depth < 0) return gnp_parse_expected(p, "a type");
    rc = gnp_parse_advance(p);
    brackets = depth > 0;
  }
  *end = p->previous_end;
  return rc;
}

int gnp_parse_type(gnp_parser *p, const gni_type **out)
{
  size_t begin = p->token.begin, end = begin;
  gn_error why = {0};
  int rc = type_extent(p, &end);
  if (rc != GN_OK) return rc;
  gn_str text = {p->text.ptr + begin, end - begin};
  rc = gni_type_parse(text, p->arena, out, &why);
  if (rc == GN_OK) return rc;
  if (rc == GN_E_NOMEM) return gnp_parse_check(p, NULL);
  return gnp_parse_fail(p, rc, begin, end, "%s", why.message);
}
