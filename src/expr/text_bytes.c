/* Texts from bytes and bytes from texts: to_binary, UTF-8 looked at, bitmaps' places, names of
 * types. SPDX-License-Identifier: Apache-2.0 */
#include "expr/datetime.h"
#include "expr/string.h"
#include "expr/unicode.h"

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

GNP_APPLY(is_valid_utf8)
{
  return gnp_give_boolean(out, gni_utf8_valid(args[0].text));
}

GNP_APPLY(make_valid_utf8)
{
  return gnp_give_repaired(args[0].text, frame, out);
}

GNP_APPLY(validate_utf8)
{
  if (gni_utf8_valid(args[0].text)) return gnp_give_text(out, args[0].text);
  if (!(node->function->flags & GNP_CAN_FAIL)) return gnp_give_null(out);
  return gnp_fail_here(frame, "INVALID_UTF8_STRING", "the text is not UTF-8");
}

/* A text made of bytes is looked at as the bytes: the cast would refuse what is asked for. */
static int bind_utf8(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_bound *arg = call->args[0];
  bool cast = arg->kind == GNP_CALL && strcmp(arg->function->name, "cast") == 0;
  if (cast && arg->args[0]->type->kind == GNI_BINARY) call->args[0] = arg->args[0];
  return gnp_bind_signature(b, call);
}

/* ---- to_binary ------------------------------------------------------------------------------- */

static const char *const binary_formats[] = {"hex", "utf-8", "utf8", "base64"};

static bool binary_format(gn_str name, size_t *format)
{
  for (size_t i = 0; i < sizeof binary_formats / sizeof *binary_formats; i++) {
    *format = i;
    if (gnp_same_word(name, gni_str(binary_formats[i]))) return true;
  }
  return false;
}

static int hex_digit(char c)
{
  char low = (char)(c | 32);
  return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* An odd digit stands for itself, first. */
static bool decode_hex(gn_str in, gnp_text *out)
{
  for (size_t i = 0; i < in.len; i++)
    if (hex_digit(in.ptr[i]) < 0) return false;
  if (in.len % 2) gnp_text_add_char(out, (char)hex_digit(in.ptr[0]));
  for (size_t i = in.len % 2; i < in.len; i += 2)
    gnp_text_add_char(out, (char)(hex_digit(in.ptr[i]) << 4 | hex_digit(in.ptr[i + 1])));
  return true;
}

static int base64_digit(char c)
{
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Digits, with space between them passed over, and padding at the end: all that belongs there or
 * none. */
static bool decode_base64(gn_str in, gnp_text *out)
{
  uint32_t group = 0;
  size_t digits = 0, pads = 0;
  for (size_t i = 0; i < in.len; i++) {
    if (!pads && in.ptr[i] && strchr(" \t\r\n\v\f", in.ptr[i])) continue;
    int digit = base64_digit(in.ptr[i]);
    pads += in.ptr[i] == '=';
    if (in.ptr[i] == '=') continue;
    if (digit < 0 || pads) return false;
    group = group << 6 | (uint32_t)digit;
    if (++digits % 4) continue;
    for (int k = 2; k >= 0; k--) gnp_text_add_char(out, (char)(group >> (8 * k)));
    group = 0;
  }
  size_t rest = digits % 4;
  if (rest == 1 || (pads && (!rest || rest + pads != 4))) return false;
  if (rest == 2) gnp_text_add_char(out, (char)(group >> 4));
  if (rest == 3) gnp_text_add_char(out, (char)(group >> 10));
  if (rest == 3) gnp_text_add_char(out, (char)(group >> 2));
  return true;
}

GNP_APPLY(to_binary)
{
  gnp_text bytes = {.arena = frame->arena};
  size_t format = 0;
  if (node->arg_count > 1) (void)binary_format(args[1].text, &format);
  if (format == 1 || format == 2) return gnp_give_text(out, args[0].text);
  if (format == 0 ? decode_hex(args[0].text, &bytes) : decode_base64(args[0].text, &bytes))
    return gnp_give_made(&bytes, frame, out);
  if (!(node->function->flags & GNP_CAN_FAIL)) return gnp_give_null(out);
  return gnp_fail_here(frame, "CONVERSION_INVALID_INPUT", "the text is not %s",
                       binary_formats[format]);
}

static int bind_to_binary(gnp_binder *b, gnp_call *call)
{
  size_t format;
  int rc = gnp_bind_signature(b, call);
  if (rc != GN_OK || call->count < 2) return rc;
  const gni_bound *name = call->args[1];
  if (name->kind == GNP_CONSTANT && name->value.is_null) return GN_OK;
  if (name->kind != GNP_CONSTANT || !binary_format(name->value.text, &format))
    return gnp_bind_fail(b, GN_E_TYPE, name, "the format must be 'hex', 'utf-8' or 'base64'");
  return GN_OK;
}

/* ---- bitmaps --------------------------------------------------------------------------------- */

#define BITMAP_BITS INT64_C(32768) /* of one bitmap: 4 KiB */

GNP_APPLY(bitmap_bit_position)
{
  uint64_t value = (uint64_t)args[0].integer;
  int64_t at = args[0].integer > 0 ? args[0].integer - 1 : (int64_t)(0 - value);
  return gnp_give_integer(out, at % BITMAP_BITS);
}

GNP_APPLY(bitmap_bucket_number)
{
  int64_t value = args[0].integer;
  return gnp_give_integer(out, value > 0 ? 1 + (value - 1) / BITMAP_BITS : value / BITMAP_BITS);
}

GNP_APPLY(bitmap_count)
{
  int64_t count = 0;
  for (size_t i = 0; i < args[0].text.len; i++)
    count += __builtin_popcount((unsigned char)args[0].text.ptr[i]);
  return gnp_give_integer(out, count);
}

/* ---- typeof, collation ----------------------------------------------------------------------- */

GNP_APPLY(same_value)
{
  return gnp_give(out, args[0]);
}

/* What is asked for is known now; the argument is not computed. */
static int give_constant(gnp_binder *b, gnp_call *call, gn_str text)
{
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 1);
  if (!args || !text.ptr) return gnp_bind_nomem(b);
  call->args = args;
  call->count = 1;
  call->node->type = &gni_type_string;
  return gnp_bind_constant(b, &gni_type_string, gni_value_text(text), &args[0]);
}

static int bind_typeof(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_type *type = call->args[0]->type;
  if (gnp_is_interval(type))
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->args[0],
                         "'typeof' of an interval is not supported");
  return give_constant(b, call, gnp_type_text(b, type));
}

static int bind_collation(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  return rc == GN_OK ? give_constant(b, call, GN_STR("SYSTEM.BUILTIN.UTF8_BINARY")) : rc;
}

static const gnp_function functions[] = {
    {.name = "bitmap_bit_position",
     .takes = "bigint",
     .gives = "bigint",
     .apply = bitmap_bit_position},
    {.name = "bitmap_bucket_number",
     .takes = "bigint",
     .gives = "bigint",
     .apply = bitmap_bucket_number},
    {.name = "bitmap_count", .takes = "binary", .gives = "bigint", .apply = bitmap_count},
    {.name = "collation",
     .takes = "string",
     .gives = "string",
     .bind = bind_collation,
     .apply = same_value},
    {.name = "is_valid_utf8",
     .takes = "string|binary",
     .gives = "boolean",
     .bind = bind_utf8,
     .apply = is_valid_utf8},
    {.name = "make_valid_utf8",
     .takes = "string|binary",
     .gives = "string",
     .bind = bind_utf8,
     .apply = make_valid_utf8},
    {.name = "to_binary",
     .takes = "string, [string]",
     .gives = "binary",
     .bind = bind_to_binary,
     .apply = to_binary,
     .flags = GNP_CAN_FAIL | GNP_MAY_BE_NULL},
    {.name = "try_to_binary",
     .takes = "string, [string]",
     .gives = "binary",
     .bind = bind_to_binary,
     .apply = to_binary,
     .flags = GNP_MAY_BE_NULL},
    {.name = "try_validate_utf8",
     .takes = "string|binary",
     .gives = "string",
     .bind = bind_utf8,
     .apply = validate_utf8,
     .flags = GNP_MAY_BE_NULL},
    {.name = "typeof", .bind = bind_typeof, .apply = same_value},
    {.name = "validate_utf8",
     .takes = "string|binary",
     .gives = "string",
     .bind = bind_utf8,
     .apply = validate_utf8,
     .flags = GNP_CAN_FAIL},
};

const gnp_family gnp_family_text_bytes = {"text and bytes", functions,
                                          sizeof functions / sizeof *functions};
