/* Texts by a format: format_string, format_number, mask, quote, str_to_map.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "expr/cast.h"
#include "expr/map.h"
#include "expr/string.h"
#include "expr/unicode.h"

/* ---- format_string: Java's Formatter --------------------------------------------------------- */

typedef struct conversion {
  bool left, zeros, plus, space, comma, bracket;
  int width, precision; /* -1: none */
  size_t argument;      /* from 1; 0: the next */
  char letter;
} conversion;

static size_t read_count(gn_str format, size_t *at)
{
  size_t value = 0;
  for (; *at < format.len && format.ptr[*at] >= '0' && format.ptr[*at] <= '9'; ++*at)
    if (value < 1000000) value = value * 10 + (size_t)(format.ptr[*at] - '0');
  return value;
}

static bool read_flag(conversion *c, char flag)
{
  switch (flag) {
  case '-':
    return c->left = true;
  case '0':
    return c->zeros = true;
  case '+':
    return c->plus = true;
  case ' ':
    return c->space = true;
  case ',':
    return c->comma = true;
  case '(':
    return c->bracket = true;
  default:
    return false;
  }
}

/* %[argument$][flags][width][.precision]letter, behind the percent sign. */
static bool read_conversion(gn_str format, size_t *at, conversion *c)
{
  *c = (conversion){.width = -1, .precision = -1};
  size_t begin = *at, number = read_count(format, at);
  if (number && *at < format.len && format.ptr[*at] == '$') {
    c->argument = number;
    ++*at;
  } else {
    *at = begin;
  }
  while (*at < format.len && read_flag(c, format.ptr[*at])) ++*at;
  begin = *at;
  number = read_count(format, at);
  if (*at > begin) c->width = (int)number;
  if (*at < format.len && format.ptr[*at] == '.') {
    ++*at;
    c->precision = (int)read_count(format, at);
  }
  if (*at >= format.len) return false;
  c->letter = format.ptr[(*at)++];
  return true;
}

static void put_padded(gnp_text *out, const conversion *c, gn_str text)
{
  int64_t missing = c->width - (int64_t)gnp_utf8_count(text);
  for (int64_t i = 0; !c->left && i < missing; i++) gnp_text_add_char(out, ' ');
  gnp_text_add(out, text);
  for (int64_t i = 0; c->left && i < missing; i++) gnp_text_add_char(out, ' ');
}

/* Digits with sign, commas and zeros as the flags ask. `digits` may have a point. */
static void put_number(gnp_text *out, const conversion *c, bool negative, gn_str digits,
                       gn_arena *arena)
{
  gnp_text text = {.arena = arena};
  const char *sign = negative ? (c->bracket ? "(" : "-") : c->plus ? "+" : c->space ? " " : "";
  size_t whole = 0;
  while (whole < digits.len && digits.ptr[whole] >= '0' && digits.ptr[whole] <= '9') whole++;
  size_t commas = c->comma && whole > 3 ? (whole - 1) / 3 : 0;
  int64_t used = (int64_t)(strlen(sign) + digits.len + commas) + (negative && c->bracket);
  gnp_text_add_word(&text, sign);
  for (int64_t i = used; c->zeros && !c->left && i < c->width; i++) gnp_text_add_char(&text, '0');
  for (size_t i = 0; i < digits.len; i++) {
    if (commas && i && i < whole && (whole - i) % 3 == 0) gnp_text_add_char(&text, ',');
    gnp_text_add_char(&text, digits.ptr[i]);
  }
  if (negative && c->bracket) gnp_text_add_char(&text, ')');
  out->failed |= text.failed;
  put_padded(out, c, (gn_str){text.ptr, text.len});
}

/* Java rounds the shortest decimal text half up. */
static gn_str fixed_digits(double value, int places, gn_arena *arena)
{
  gnp_wide digits;
  int scale;
  char text[GNP_DECIMAL_TEXT_BYTES];
  gnp_decimal_shortest(fabs(value), false, &digits, &scale);
  int kept = scale > places ? places : scale;
  if (scale > places) (void)gnp_wide_rescale(digits, scale, places, &digits);
  gnp_text out = {.arena = arena};
  int below = kept < 0 ? 0 : kept;
  size_t len = gnp_wide_format(digits, below, true, text);
  size_t point = below ? len - (size_t)below - 1 : len;
  gnp_text_add(&out, (gn_str){text, point});
  for (int i = kept; i < 0 && digits; i++) gnp_text_add_char(&out, '0');
  if (places > 0) gnp_text_add_char(&out, '.');
  if (below) gnp_text_add(&out, (gn_str){text + point + 1, (size_t)below});
  for (int i = below; i < places; i++) gnp_text_add_char(&out, '0');
  return out.failed ? (gn_str){"", 0} : (gn_str){out.ptr, out.len};
}

/* d.ddde+xx of the shortest decimal text. */
static gn_str exponent_digits(double value, int places, gn_arena *arena)
{
  gnp_wide digits;
  int scale;
  char text[GNP_DECIMAL_TEXT_BYTES], exponent[16];
  gnp_text out = {.arena = arena};
  gnp_decimal_shortest(fabs(value), false, &digits, &scale);
  int excess = gnp_wide_digits(digits) - 1 - places;
  if (excess > 0) {
    (void)gnp_wide_rescale(digits, excess, 0, &digits);
    scale -= excess;
  }
  size_t len = gnp_wide_format(digits, 0, true, text);
  int power = digits ? (int)len - 1 - scale : 0;
  gnp_text_add(&out, (gn_str){text, 1});
  if (places > 0) gnp_text_add_char(&out, '.');
  for (size_t i = 1; i <= (size_t)places; i++) gnp_text_add_char(&out, i < len ? text[i] : '0');
  int size = snprintf(exponent, sizeof exponent, "e%c%02d", power < 0 ? '-' : '+',
                      power < 0 ? -power : power);
  gnp_text_add(&out, (gn_str){exponent, (size_t)size});
  return out.failed ? (gn_str){"", 0} : (gn_str){out.ptr, out.len};
}

static void put_real(gnp_text *out, const conversion *c, double value, gn_arena *arena)
{
  int places = c->precision < 0 ? 6 : c->precision;
  bool negative = signbit(value);
  if (!isfinite(value)) {
    conversion plain = *c;
    plain.zeros = false;
    const char *word = isnan(value) ? "NaN" : "Infinity";
    if (isnan(value))
      put_padded(out, &plain, gni_str(word));
    else
      put_number(out, &plain, negative, gni_str(word), arena);
    return;
  }
  if (c->letter == 'f') {
    put_number(out, c, negative, fixed_digits(value, places, arena), arena);
    return;
  }
  put_number(out, c, negative, exponent_digits(value, places, arena), arena);
}

static void put_integer(gnp_text *out, const conversion *c, const gni_type *type, int64_t value,
                        gn_arena *arena)
{
  static const int bits[] = {[GNI_BYTE] = 8, [GNI_SHORT] = 16, [GNI_INT] = 32, [GNI_LONG] = 64};
  char text[32];
  uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  bool decimal = c->letter == 'd';
  if (!decimal) {
    size = (uint64_t)value;
    if (bits[type->kind] < 64) size &= (UINT64_C(1) << bits[type->kind]) - 1;
  }
  const char *form = decimal            ? "%llu"
                     : c->letter == 'o' ? "%llo"
                     : c->letter == 'x' ? "%llx"
                                        : "%llX";
  int len = decimal          ? snprintf(text, sizeof text, "%llu", (unsigned long long)size)
            : form[3] == 'o' ? snprintf(text, sizeof text, "%llo", (unsigned long long)size)
            : form[3] == 'x' ? snprintf(text, sizeof text, "%llx", (unsigned long long)size)
                             : snprintf(text, sizeof text, "%llX", (unsigned long long)size);
  put_number(out, c, decimal && value < 0, (gn_str){text, (size_t)len}, arena);
}

static int bad_format(gnp_frame *frame, char letter)
{
  return gnp_fail_here(frame, "INVALID_FORMAT", "the format's '%%%c' does not fit its argument",
                       letter);
}

static int put_text_value(gnp_text *out, const conversion *c, const gni_type *type,
                          const gni_value *value, gnp_frame *frame)
{
  gnp_text text = {.arena = frame->arena};
  /* Spark hands the formatter its own numbers of dates and times. */
  if (type->kind == GNI_DATE || type->kind == GNI_TIMESTAMP) type = &gni_type_long;
  if (value->is_null)
    gnp_text_add_word(&text, "null");
  else
    gnp_put_text(&text, type, value, false);
  gn_str made = {text.ptr ? text.ptr : "", text.len};
  if (c->precision >= 0) made.len = gnp_utf8_offset(made, (size_t)c->precision);
  out->failed |= text.failed;
  if (c->letter != 'S') {
    put_padded(out, c, made);
    return GN_OK;
  }
  return gni_fail(frame->err, GN_E_UNSUPPORTED, "'%%S' in a format is not supported");
}

static int put_conversion(gnp_text *out, const conversion *c, const gni_type *type,
                          const gni_value *value, gnp_frame *frame)
{
  conversion null = *c;
  gn_str none = GN_STR("null");
  null.zeros = false;
  if (c->precision >= 0 && c->precision < 4) none.len = (size_t)c->precision;
  switch (c->letter) {
  case 's':
    return put_text_value(out, c, type, value, frame);
  case 'b':
    put_padded(out, c,
               value->is_null                                 ? GN_STR("false")
               : type->kind == GNI_BOOLEAN && !value->boolean ? GN_STR("false")
                                                              : GN_STR("true"));
    return GN_OK;
  case 'd':
  case 'x':
  case 'X':
  case 'o':
    if (value->is_null)
      put_padded(out, &null, none);
    else if (!gnp_is_integral(type))
      return bad_format(frame, c->letter);
    else
      put_integer(out, c, type, value->integer, frame->arena);
    return GN_OK;
  case 'e':
  case 'f':
    if (value->is_null)
      put_padded(out, &null, none);
    else if (!gnp_is_real(type))
      return bad_format(frame, c->letter);
    else
      put_real(out, c, value->real, frame->arena);
    return GN_OK;
  case 'c': {
    char bytes[4];
    if (value->is_null)
      put_padded(out, &null, none);
    else if (type->kind != GNI_INT)
      return bad_format(frame, c->letter);
    else
      put_padded(out, c, (gn_str){bytes, gnp_utf8_put((uint32_t)value->integer, bytes)});
    return GN_OK;
  }
  default:
    return gni_fail(frame->err, GN_E_UNSUPPORTED, "'%%%c' in a format is not supported", c->letter);
  }
}

GNP_APPLY(format_string)
{
  gnp_text text = {.arena = frame->arena};
  size_t next = 1;
  if (args[0].is_null) return gnp_give_null(out);
  gn_str format = args[0].text;
  for (size_t at = 0; at < format.len;) {
    conversion c;
    if (format.ptr[at] != '%') {
      gnp_text_add_char(&text, format.ptr[at++]);
      continue;
    }
    at++;
    if (!read_conversion(format, &at, &c)) return bad_format(frame, '%');
    if (c.letter == '%' || c.letter == 'n') {
      put_padded(&text, &c, c.letter == '%' ? GN_STR("%") : GN_STR("\n"));
      continue;
    }
    size_t which = c.argument ? c.argument : next++;
    if (which >= node->arg_count) return bad_format(frame, c.letter);
    int rc = put_conversion(&text, &c, node->args[which]->type, &args[which], frame);
    if (rc != GN_OK) return rc;
  }
  return gnp_give_made(&text, frame, out);
}

/* ---- format_number: #,###,###.## ------------------------------------------------------------- */

/* The shortest digits when there is room for all; else the exact value of the double, half to even,
 * as DecimalFormat does. */
static void put_fixed(gnp_text *out, double value, int places)
{
  gnp_wide digits;
  int scale;
  char text[400];
  gnp_decimal_shortest(value, false, &digits, &scale);
  if (scale > places) {
    int len = snprintf(text, sizeof text, "%.*f", places, value);
    gnp_text_add(out, (gn_str){text, (size_t)len});
    return;
  }
  int below = scale < 0 ? 0 : scale;
  gnp_text_add(out, (gn_str){text, gnp_wide_format(digits, below, true, text)});
  for (int i = scale; i < 0 && digits; i++) gnp_text_add_char(out, '0');
  if (!below && places) gnp_text_add_char(out, '.');
  for (int i = below; i < places; i++) gnp_text_add_char(out, '0');
}

static void put_zeros(gnp_text *out, bool point, int count)
{
  if (point && count > 0) gnp_text_add_char(out, '.');
  for (int i = 0; i < count; i++) gnp_text_add_char(out, '0');
}

static void put_whole(gnp_text *out, int64_t value, int places)
{
  char digits[24];
  uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
  gnp_text_add(out, (gn_str){digits, (size_t)len});
  put_zeros(out, true, places);
}

/* Rounded half to even, as java.text does. */
static void put_decimal(gnp_text *out, gnp_wide x, int scale, int places)
{
  char digits[GNP_DECIMAL_TEXT_BYTES];
  if (places < scale) {
    gnp_wide unit = gnp_power10(scale - places), rest = x % unit;
    x /= unit;
    if (rest > unit - rest || (rest == unit - rest && x % 2 != 0)) x++;
    scale = places;
  }
  gnp_text_add(out, (gn_str){digits, gnp_wide_format(x, scale, true, digits)});
  put_zeros(out, !scale, places - scale);
}

static gn_str grouped_digits(const gni_type *type, const gni_value *value, int places,
                             bool *negative, gn_arena *arena)
{
  gnp_text out = {.arena = arena};
  if (gnp_is_integral(type)) {
    *negative = value->integer < 0;
    put_whole(&out, value->integer, places);
  } else if (gnp_is_real(type)) {
    *negative = signbit(value->real);
    put_fixed(&out, fabs(value->real), places);
  } else {
    gnp_wide x = gnp_wide_of(value);
    *negative = x < 0;
    put_decimal(&out, x < 0 ? -x : x, type->scale, places);
  }
  return out.failed ? (gn_str){"", 0} : (gn_str){out.ptr, out.len};
}

GNP_APPLY(format_number)
{
  const gni_type *type = node->args[0]->type;
  gnp_text text = {.arena = frame->arena};
  bool negative;
  int64_t places = args[1].integer;
  if (places < 0) return gnp_give_null(out);
  if (gnp_is_real(type) && !isfinite(args[0].real))
    return gnp_give_text(out, isnan(args[0].real) ? GN_STR("NaN")
                              : args[0].real > 0  ? GN_STR("∞")
                                                  : GN_STR("-∞"));
  gn_str digits =
      grouped_digits(type, &args[0], places > 60 ? 60 : (int)places, &negative, frame->arena);
  const conversion c = {.comma = true, .width = -1, .precision = -1};
  put_number(&text, &c, negative, digits, frame->arena);
  return gnp_give_made(&text, frame, out);
}

static int bind_format_number(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "numeric");
  if (rc != GN_OK || !call->args[1]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  call->node->type = &gni_type_string;
  call->node->nullable = true;
  if (call->args[1]->type->kind == GNI_STRING)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->args[1],
                         "'format_number' with a pattern is not supported");
  return gnp_bind_want(b, call, 1, "int");
}

/* ---- mask, quote, str_to_map ----------------------------------------------------------------- */

enum mask_kind { UPPER, LOWER, DIGIT, OTHER };

/* A character of two units to Spark is none of the first three. */
static enum mask_kind mask_kind_of(uint32_t c)
{
  if (c >= 0x10000) return OTHER;
  if (gnp_is_upper(c)) return UPPER;
  if (gnp_is_lower(c)) return LOWER;
  return gnp_digit_of(c) >= 0 ? DIGIT : OTHER;
}

/* mask(text, upper, lower, digit, other): a null argument leaves its kind as it is. */
GNP_APPLY(mask)
{
  static const gn_str standard[] = {{"X", 1}, {"x", 1}, {"n", 1}, {NULL, 0}};
  gnp_text text = {.arena = frame->arena};
  gn_str by[4];
  if (args[0].is_null) return gnp_give_null(out);
  for (size_t i = 0; i < 4; i++) {
    by[i] = standard[i];
    if (i + 1 < node->arg_count) by[i] = args[i + 1].is_null ? (gn_str){NULL, 0} : args[i + 1].text;
  }
  for (size_t at = 0; at < args[0].text.len;) {
    size_t begin = at;
    uint32_t c = gnp_utf8_next(args[0].text, &at);
    gn_str instead = by[mask_kind_of(c)];
    gnp_text_add(&text, instead.ptr ? instead : (gn_str){args[0].text.ptr + begin, at - begin});
    if (c >= 0x10000 && instead.ptr) gnp_text_add(&text, instead);
  }
  return gnp_give_made(&text, frame, out);
}

GNP_APPLY(quote)
{
  gnp_text text = {.arena = frame->arena};
  gnp_text_add_char(&text, '\'');
  for (size_t i = 0; i < args[0].text.len; i++) {
    if (args[0].text.ptr[i] == '\'') gnp_text_add_char(&text, '\\');
    gnp_text_add_char(&text, args[0].text.ptr[i]);
  }
  gnp_text_add_char(&text, '\'');
  return gnp_give_made(&text, frame, out);
}

static size_t find(gn_str text, gn_str mark)
{
  for (size_t i = 0; mark.len && i + mark.len <= text.len; i++)
    if (memcmp(text.ptr + i, mark.ptr, mark.len) == 0) return i;
  return SIZE_MAX;
}

/* "a:1,b:2"; a part without the second mark has a null value. */
GNP_APPLY(str_to_map)
{
  gn_str rest = args[0].text;
  gn_str pairs = node->arg_count > 1 ? args[1].text : GN_STR(",");
  gn_str inside = node->arg_count > 2 ? args[2].text : GN_STR(":");
  gnp_map_maker maker;
  int rc = gnp_map_start(&maker, node->type, rest.len + 1, frame);
  bool more = true;
  while (rc == GN_OK && more) {
    size_t end = find(rest, pairs);
    more = end != SIZE_MAX;
    gn_str part = {rest.ptr, more ? end : rest.len};
    size_t cut = find(part, inside);
    gni_value key = gni_value_text((gn_str){part.ptr, cut == SIZE_MAX ? part.len : cut});
    gni_value value = GNI_NULL_VALUE;
    if (cut != SIZE_MAX)
      value = gni_value_text((gn_str){part.ptr + cut + inside.len, part.len - cut - inside.len});
    rc = gnp_map_put(&maker, &key, &value, frame);
    if (more) rest = (gn_str){rest.ptr + end + pairs.len, rest.len - end - pairs.len};
  }
  return rc == GN_OK ? gnp_map_finish(&maker, out) : rc;
}

/* The marks are regular expressions in Spark; one that is just itself is all that is taken here. */
static int bind_str_to_map(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  for (size_t i = 1; rc == GN_OK && i < call->count; i++) {
    const gni_bound *mark = call->args[i];
    bool plain = mark->kind == GNP_CONSTANT && !mark->value.is_null && mark->value.text.len;
    for (size_t k = 0; plain && k < mark->value.text.len; k++)
      plain = !strchr("\\^$.|?*+()[]{}", mark->value.text.ptr[k]);
    if (!plain)
      return gnp_bind_fail(b, GN_E_UNSUPPORTED, mark,
                           "'str_to_map' takes constant marks without special characters");
  }
  return rc;
}

static const gnp_function functions[] = {
    {.name = "format_number", .bind = bind_format_number, .apply = format_number},
    {.name = "format_string",
     .takes = "string, any*",
     .gives = "string",
     .apply = format_string,
     .flags = GNP_SEES_NULLS | GNP_CAN_FAIL},
    {.name = "mask",
     .takes = "string, [string], [string], [string], [string]",
     .gives = "string",
     .apply = mask,
     .flags = GNP_SEES_NULLS},
    {.name = "printf", .same_as = "format_string"},
    {.name = "quote", .takes = "string", .gives = "string", .apply = quote},
    {.name = "str_to_map",
     .takes = "string, [string], [string]",
     .gives = "map<string,string>",
     .bind = bind_str_to_map,
     .apply = str_to_map,
     .flags = GNP_CAN_FAIL},
};

const gnp_family gnp_family_format = {"string", functions, sizeof functions / sizeof *functions};
