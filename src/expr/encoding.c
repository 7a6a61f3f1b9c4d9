/* Texts and bytes in other spellings: character codes, character sets, base 64, URLs; and distances
 * between texts. SPDX-License-Identifier: Apache-2.0 */
#include "expr/string.h"
#include "expr/unicode.h"

static void put_utf8(gnp_text *text, uint32_t c)
{
  char bytes[4];
  gnp_text_add(text, (gn_str){bytes, gnp_utf8_put(c, bytes)});
}

/* ---- ascii, chr ------------------------------------------------------------------------------ */

GNP_APPLY(ascii)
{
  size_t at = 0;
  return gnp_give_integer(out, args[0].text.len ? gnp_utf8_next(args[0].text, &at) : 0);
}

/* The low eight bits as a character of Latin-1. */
GNP_APPLY(chr)
{
  gnp_text text = {.arena = frame->arena};
  if (args[0].integer < 0) return gnp_give_text(out, GN_STR(""));
  put_utf8(&text, (uint32_t)args[0].integer & 0xFF);
  return gnp_give_made(&text, frame, out);
}

/* ---- base 64 --------------------------------------------------------------------------------- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void gnp_put_base64(gnp_text *text, gn_str bytes)
{
  for (size_t i = 0; i < bytes.len; i += 3) {
    uint32_t group = (uint32_t)(unsigned char)bytes.ptr[i] << 16;
    if (i + 1 < bytes.len) group |= (uint32_t)(unsigned char)bytes.ptr[i + 1] << 8;
    if (i + 2 < bytes.len) group |= (unsigned char)bytes.ptr[i + 2];
    char digits[] = {base64_digits[group >> 18], base64_digits[group >> 12 & 63],
                     i + 1 < bytes.len ? base64_digits[group >> 6 & 63] : '=',
                     i + 2 < bytes.len ? base64_digits[group & 63] : '='};
    gnp_text_add(text, (gn_str){digits, sizeof digits});
  }
}

GNP_APPLY(base64)
{
  gnp_text text = {.arena = frame->arena};
  gnp_put_base64(&text, args[0].text);
  return gnp_give_made(&text, frame, out);
}

/* Java's MIME decoder passes over what is no digit. */
GNP_APPLY(unbase64)
{
  gn_str in = args[0].text;
  char *bytes = gni_arena_take(frame->arena, in.len);
  uint32_t group = 0;
  size_t len = 0, count = 0, i = 0;
  if (!bytes) return gnp_frame_nomem(frame);
  for (; i < in.len; i++) {
    const char *digit = in.ptr[i] ? strchr(base64_digits, in.ptr[i]) : NULL;
    if (in.ptr[i] == '=') break;
    if (!digit) continue;
    group = group << 6 | (uint32_t)(digit - base64_digits);
    if (++count % 4 == 0) {
      for (int k = 2; k >= 0; k--) bytes[len++] = (char)(group >> (8 * k));
      group = 0;
    }
  }
  size_t rest = count % 4;
  bool pads = i < in.len, second = i + 1 < in.len && in.ptr[i + 1] == '=';
  if (rest == 1 || (pads && rest == 0) || (pads && rest == 2 && !second))
    return gnp_fail_here(frame, "CONVERSION_INVALID_INPUT", "the text is not base 64");
  if (rest == 2) bytes[len++] = (char)(group >> 4);
  if (rest == 3) {
    bytes[len++] = (char)(group >> 10);
    bytes[len++] = (char)(group >> 2);
  }
  return gnp_give_text(out, (gn_str){bytes, len});
}

/* ---- character sets -------------------------------------------------------------------------- */

enum charset { UTF8, ASCII, LATIN1, UTF16BE, UTF16LE, UTF16, UTF32, NONE };

static enum charset find_charset(gn_str name)
{
  static const struct {
    const char *name;
    enum charset set;
  } sets[] = {{"utf-8", UTF8},       {"us-ascii", ASCII},   {"iso-8859-1", LATIN1},
              {"utf-16be", UTF16BE}, {"utf-16le", UTF16LE}, {"utf-16", UTF16},
              {"utf-32", UTF32}};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
    bool same = strlen(sets[i].name) == name.len;
    for (size_t k = 0; same && k < name.len; k++) {
      char c = name.ptr[k] >= 'A' && name.ptr[k] <= 'Z' ? (char)(name.ptr[k] + 32) : name.ptr[k];
      same = c == sets[i].name[k];
    }
    if (same) return sets[i].set;
  }
  return NONE;
}

static void put16(gnp_text *text, uint32_t unit, bool little)
{
  gnp_text_add_char(text, (char)(little ? unit : unit >> 8));
  gnp_text_add_char(text, (char)(little ? unit >> 8 : unit));
}

/* False when the set has no such character. */
static bool put_encoded(gnp_text *text, enum charset set, uint32_t c)
{
  switch (set) {
  case ASCII:
  case LATIN1:
    gnp_text_add_char(text, (char)c);
    return c < (set == ASCII ? 0x80u : 0x100u);
  case UTF16BE:
  case UTF16LE:
  case UTF16:
    if (c >= 0x10000) {
      put16(text, 0xD800 + ((c - 0x10000) >> 10), set == UTF16LE);
      put16(text, 0xDC00 + ((c - 0x10000) & 0x3FF), set == UTF16LE);
    } else {
      put16(text, c, set == UTF16LE);
    }
    return true;
  case UTF32:
    for (int k = 3; k >= 0; k--) gnp_text_add_char(text, (char)(c >> (8 * k)));
    return true;
  case UTF8:
  case NONE:
    put_utf8(text, c);
    return true;
  }
  return false;
}

static int unknown_charset(gnp_frame *frame, gn_str name)
{
  return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.CHARSET",
                       "no character set is called '%.*s'", (int)(name.len > 60 ? 60 : name.len),
                       name.ptr);
}

GNP_APPLY(encode)
{
  enum charset set = find_charset(args[1].text);
  gnp_text text = {.arena = frame->arena};
  if (set == NONE) return unknown_charset(frame, args[1].text);
  if (set == UTF16 && args[0].text.len) put16(&text, 0xFEFF, false);
  for (size_t at = 0; at < args[0].text.len;)
    if (!put_encoded(&text, set, gnp_utf8_next(args[0].text, &at)))
      return gnp_fail_here(frame, "MALFORMED_CHARACTER_CODING", "the set lacks a character");
  return gnp_give_made(&text, frame, out);
}

/* The next character of bytes in a set; false when there is none that is whole. */
static bool decode_next(gn_str in, enum charset set, bool little, size_t *at, uint32_t *c)
{
  const unsigned char *p = (const unsigned char *)in.ptr + *at;
  size_t left = in.len - *at;
  if (set == ASCII || set == LATIN1) {
    *c = p[0];
    *at += 1;
    return set == LATIN1 || *c < 0x80;
  }
  if (set == UTF32) {
    if (left < 4) return false;
    *c = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    *at += 4;
    return *c < 0x110000 && (*c < 0xD800 || *c >= 0xE000);
  }
  if (left < 2) return false;
  *c = little ? (uint32_t)p[1] << 8 | p[0] : (uint32_t)p[0] << 8 | p[1];
  *at += 2;
  if (*c < 0xD800 || *c >= 0xE000) return true;
  if (*c >= 0xDC00 || left < 4) return false;
  uint32_t low = little ? (uint32_t)p[3] << 8 | p[2] : (uint32_t)p[2] << 8 | p[3];
  *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
  *at += 2;
  return low >= 0xDC00 && low < 0xE000;
}

static int malformed(gnp_frame *frame)
{
  return gnp_fail_here(frame, "MALFORMED_CHARACTER_CODING", "the bytes are not of that set");
}

GNP_APPLY(decode)
{
  enum charset set = find_charset(args[1].text);
  gnp_text text = {.arena = frame->arena};
  gn_str in = args[0].text;
  bool little = set == UTF16LE;
  size_t at = 0;
  if (set == NONE) return unknown_charset(frame, args[1].text);
  if (set == UTF8) return gni_utf8_valid(in) ? gnp_give_text(out, in) : malformed(frame);
  if (set == UTF16 && in.len >= 2 && memcmp(in.ptr, "\xFF\xFE", 2) == 0) little = true;
  if (set == UTF16 && in.len >= 2 && (little || memcmp(in.ptr, "\xFE\xFF", 2) == 0)) at = 2;
  while (at < in.len) {
    uint32_t c;
    if (!decode_next(in, set, little, &at, &c)) return malformed(frame);
    put_utf8(&text, c);
  }
  return gnp_give_made(&text, frame, out);
}

/* decode(x, a, va, b, vb, …, [other]): the value behind the first that is the same, null included.
 */
static int eval_choose(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value subject, candidate;
  int rc = node->args[0]->eval(node->args[0], frame, &subject);
  size_t i = 1;
  for (; rc == GN_OK && i + 1 < node->arg_count; i += 2) {
    rc = node->args[i]->eval(node->args[i], frame, &candidate);
    if (rc != GN_OK) break;
    bool both = !subject.is_null && !candidate.is_null;
    bool same = both ? gnp_compare(node->args[0]->type, &subject, &candidate) == 0
                     : subject.is_null && candidate.is_null;
    if (same) return node->args[i + 1]->eval(node->args[i + 1], frame, out);
  }
  if (rc != GN_OK) return rc;
  return i < node->arg_count ? node->args[i]->eval(node->args[i], frame, out) : gnp_give_null(out);
}

static int bind_decode(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, SIZE_MAX);
  if (rc != GN_OK) return rc;
  if (call->count == 2) {
    rc = gnp_bind_want(b, call, 0, "binary");
    if (rc == GN_OK) rc = gnp_bind_want(b, call, 1, "string");
    call->node->type = &gni_type_string;
    call->node->can_fail = true;
    return rc;
  }
  const gni_bound **values = GN_TAKE(b->arena, const gni_bound *, call->count);
  size_t count = 0;
  if (!values) return gnp_bind_nomem(b);
  for (size_t i = 0; i < call->count; i++)
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
  for (size_t i = 2; i < call->count; i += 2) values[count++] = call->args[i];
  if (call->count % 2 == 0) values[count++] = call->args[call->count - 1];
  const gni_type *type = gnp_type_common(b, values, count, true);
  if (!type) return gnp_bind_mismatch(b, call);
  for (size_t i = 1; rc == GN_OK && i < call->count; i++) {
    bool value = i % 2 == 0 || (i + 1 == call->count && call->count % 2 == 0);
    const gni_type *wanted =
        value ? type : gnp_type_compared(b, call->args[0]->type, call->args[i]->type);
    if (!wanted || (!value && !gni_type_equal(wanted, call->args[0]->type)))
      return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->node,
                           "'decode' over values of several types is not supported");
    rc = gnp_cast(b, call->args[i], wanted, &call->args[i]);
  }
  call->node->type = type;
  call->node->nullable = true;
  call->node->eval = eval_choose;
  return rc;
}

/* ---- URLs ------------------------------------------------------------------------------------ */

GNP_APPLY(url_encode)
{
  gnp_text text = {.arena = frame->arena};
  for (size_t i = 0; i < args[0].text.len; i++) {
    unsigned char c = (unsigned char)args[0].text.ptr[i];
    bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z' && c < 0x80) ||
                 (c && strchr("-_.*", c));
    if (plain || c == ' ') {
      gnp_text_add_char(&text, c == ' ' ? '+' : (char)c);
    } else {
      gnp_text_add_char(&text, '%');
      gnp_text_add_char(&text, "0123456789ABCDEF"[c >> 4]);
      gnp_text_add_char(&text, "0123456789ABCDEF"[c & 15]);
    }
  }
  return gnp_give_made(&text, frame, out);
}

static int hex_value(char c)
{
  char low = (char)(c | 32);
  return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool decode_url(gn_str in, gnp_text *text)
{
  for (size_t i = 0; i < in.len; i++) {
    if (in.ptr[i] != '%') {
      gnp_text_add_char(text, in.ptr[i] == '+' ? ' ' : in.ptr[i]);
      continue;
    }
    if (i + 2 >= in.len || hex_value(in.ptr[i + 1]) < 0 || hex_value(in.ptr[i + 2]) < 0)
      return false;
    gnp_text_add_char(text, (char)(hex_value(in.ptr[i + 1]) << 4 | hex_value(in.ptr[i + 2])));
    i += 2;
  }
  return true;
}

/* What is no UTF-8 becomes the replacement character, one for each longest beginning of a
 * character. */
int gnp_give_repaired(gn_str in, gnp_frame *frame, gni_value *out)
{
  gnp_text made = {.arena = frame->arena};
  if (gni_utf8_valid(in)) return gnp_give_text(out, in);
  for (size_t at = 0; at < in.len;) {
    size_t len = 1, begin = at;
    while (len < 4 && begin + len < in.len && !gni_utf8_valid((gn_str){in.ptr + begin, len}) &&
           gnp_utf8_begins((gn_str){in.ptr + begin, len + 1}))
      len++;
    bool whole = gni_utf8_valid((gn_str){in.ptr + begin, len});
    gnp_text_add(&made, whole ? (gn_str){in.ptr + begin, len} : GN_STR("\xEF\xBF\xBD"));
    at += len;
  }
  return gnp_give_made(&made, frame, out);
}

GNP_APPLY(url_decode)
{
  gnp_text text = {.arena = frame->arena};
  if (decode_url(args[0].text, &text))
    return text.failed
               ? gnp_frame_nomem(frame)
               : gnp_give_repaired((gn_str){text.ptr ? text.ptr : "", text.len}, frame, out);
  if (node->function->name[0] == 't') return gnp_give_null(out);
  return gnp_fail_here(frame, "CANNOT_DECODE_URL", "the text is not an encoded URL");
}

/* ---- distances ------------------------------------------------------------------------------- */

/* One row of the table of edits at a time. */
GNP_APPLY(levenshtein)
{
  gn_str a = args[0].text, b = args[1].text;
  size_t width = gnp_utf8_count(b);
  int64_t *row = GN_TAKE(frame->arena, int64_t, width + 1), count = 0;
  if (!row) return gnp_frame_nomem(frame);
  for (size_t i = 0; i <= width; i++) row[i] = (int64_t)i;
  for (size_t x = 0; x < a.len;) {
    uint32_t c = gnp_utf8_next(a, &x);
    int64_t corner = count++;
    row[0] = count;
    for (size_t y = 0, k = 1; y < b.len; k++) {
      int64_t swap = corner + (gnp_utf8_next(b, &y) != c), drop = row[k] + 1, add = row[k - 1] + 1;
      corner = row[k];
      row[k] = swap < drop ? swap < add ? swap : add : drop < add ? drop : add;
    }
  }
  if (node->arg_count > 2 && row[width] > args[2].integer) return gnp_give_integer(out, -1);
  return gnp_give_integer(out, row[width]);
}

/* A letter and three digits; texts that begin with no letter stay as they are. */
GNP_APPLY(soundex)
{
  static const char codes[] = "01230120022455012623010202";
  gn_str in = args[0].text;
  char *text = gni_arena_take(frame->arena, 4);
  if (!text) return gnp_frame_nomem(frame);
  char first = in.len ? (char)(in.ptr[0] & ~32) : '\0';
  if (first < 'A' || first > 'Z' || (unsigned char)in.ptr[0] >= 0x80) return gnp_give_text(out, in);
  size_t len = 1;
  char last = codes[first - 'A'];
  text[0] = first;
  for (size_t i = 1; i < in.len && len < 4; i++) {
    char c = (char)(in.ptr[i] & ~32);
    if (c < 'A' || c > 'Z' || (unsigned char)in.ptr[i] >= 0x80) {
      last = '0';
      continue;
    }
    if (c == 'H' || c == 'W') continue; /* they part nothing */
    char code = codes[c - 'A'];
    if (code != '0' && code != last) text[len++] = code;
    last = code;
  }
  while (len < 4) text[len++] = '0';
  return gnp_give_text(out, (gn_str){text, 4});
}

GNP_APPLY(luhn_check)
{
  gn_str in = args[0].text;
  int sum = 0;
  for (size_t i = 0; i < in.len; i++) {
    char c = in.ptr[in.len - 1 - i];
    if (c < '0' || c > '9') return gnp_give_boolean(out, false);
    int digit = c - '0';
    if (i % 2) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return gnp_give_boolean(out, in.len && sum % 10 == 0);
}

static const gnp_function functions[] = {
    {.name = "ascii", .takes = "string", .gives = "int", .apply = ascii},
    {.name = "base64", .takes = "binary", .gives = "string", .apply = base64},
    {.name = "char", .same_as = "chr"},
    {.name = "chr", .takes = "bigint", .gives = "string", .apply = chr},
    {.name = "decode", .bind = bind_decode, .apply = decode},
    {.name = "encode",
     .takes = "string, string",
     .gives = "binary",
     .apply = encode,
     .flags = GNP_CAN_FAIL},
    {.name = "levenshtein", .takes = "string, string, [int]", .gives = "int", .apply = levenshtein},
    {.name = "luhn_check", .takes = "string", .gives = "boolean", .apply = luhn_check},
    {.name = "soundex", .takes = "string", .gives = "string", .apply = soundex},
    {.name = "try_url_decode",
     .takes = "string",
     .gives = "string",
     .apply = url_decode,
     .flags = GNP_MAY_BE_NULL},
    {.name = "unbase64",
     .takes = "string",
     .gives = "binary",
     .apply = unbase64,
     .flags = GNP_CAN_FAIL},
    {.name = "url_decode",
     .takes = "string",
     .gives = "string",
     .apply = url_decode,
     .flags = GNP_CAN_FAIL},
    {.name = "url_encode", .takes = "string", .gives = "string", .apply = url_encode},
};

const gnp_family gnp_family_encoding = {"string", functions, sizeof functions / sizeof *functions};
