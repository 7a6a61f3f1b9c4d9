/* Bits: operators, shifts, counts, and numbers in other bases. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/bound.h"
#include "expr/text.h"

/* ---- operators ------------------------------------------------------------------------------- */

GNP_APPLY(bit_and)
{
  return gnp_give_integer(out, args[0].integer & args[1].integer);
}

GNP_APPLY(bit_or)
{
  return gnp_give_integer(out, args[0].integer | args[1].integer);
}

GNP_APPLY(bit_xor)
{
  return gnp_give_integer(out, args[0].integer ^ args[1].integer);
}

GNP_APPLY(bit_not)
{
  return gnp_give_integer(out, ~args[0].integer);
}

static int bind_bits(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  for (size_t i = 0; rc == GN_OK && i < 2; i++) {
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
    const gni_type *type = call->args[i]->type,
                   *other = call->args[1 - i] ? call->args[1 - i]->type : type;
    if (type->kind != GNI_STRING) continue;
    rc =
        gnp_cast(b, call->args[i], gnp_is_integral(other) ? other : &gni_type_long, &call->args[i]);
  }
  if (rc != GN_OK) return rc;
  const gni_type *type = gnp_type_tightest(b, call->args[0]->type, call->args[1]->type);
  if (!type || !gnp_is_integral(type)) return gnp_bind_mismatch(b, call);
  call->node->type = type;
  return gnp_cast_all(b, call, 0, type);
}

/* ---- shifts: by the low five or six bits of the distance, as Java shifts -----------------------
 */

static unsigned distance(const gni_bound *node, const gni_value *args)
{
  return (unsigned)args[1].integer & (node->type->kind == GNI_LONG ? 63u : 31u);
}

GNP_APPLY(shift_left)
{
  uint64_t x = (uint64_t)args[0].integer << distance(node, args);
  return gnp_give_integer(out, node->type->kind == GNI_LONG ? (int64_t)x : (int32_t)(uint32_t)x);
}

GNP_APPLY(shift_right)
{
  return gnp_give_integer(out, args[0].integer >> distance(node, args));
}

GNP_APPLY(shift_right_unsigned)
{
  if (node->type->kind == GNI_LONG)
    return gnp_give_integer(out, (int64_t)((uint64_t)args[0].integer >> distance(node, args)));
  return gnp_give_integer(out, (int32_t)((uint32_t)args[0].integer >> distance(node, args)));
}

/* ---- counts ---------------------------------------------------------------------------------- */

GNP_APPLY(bit_count)
{
  if (node->args[0]->type->kind == GNI_BOOLEAN) return gnp_give_integer(out, args[0].boolean);
  return gnp_give_integer(out, __builtin_popcountll((unsigned long long)args[0].integer));
}

GNP_APPLY(bit_get)
{
  static const int sizes[] = {[GNI_BYTE] = 8, [GNI_SHORT] = 16, [GNI_INT] = 32, [GNI_LONG] = 64};
  int64_t at = args[1].integer;
  if (at < 0 || at >= sizes[node->args[0]->type->kind])
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                         "there is no bit %lld", (long long)at);
  return gnp_give_integer(out, args[0].integer >> at & 1);
}

/* ---- bases ----------------------------------------------------------------------------------- */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int give_digits(uint64_t value, unsigned base, bool negative, gnp_frame *frame,
                       gni_value *out)
{
  char reversed[68];
  size_t at = sizeof reversed;
  do {
    reversed[--at] = digits[value % base];
    value /= base;
  } while (value);
  if (negative) reversed[--at] = '-';
  char *text = gni_arena_copy(frame->arena, reversed + at, sizeof reversed - at);
  return text ? gnp_give_text(out, (gn_str){text, sizeof reversed - at}) : gnp_frame_nomem(frame);
}

GNP_APPLY(binary_digits)
{
  return give_digits((uint64_t)args[0].integer, 2, false, frame, out);
}

GNP_APPLY(hex_of)
{
  uint8_t kind = node->args[0]->type->kind;
  if (kind != GNI_STRING && kind != GNI_BINARY)
    return give_digits((uint64_t)args[0].integer, 16, false, frame, out);
  char *text = gni_arena_take(frame->arena, 2 * args[0].text.len);
  if (!text) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < args[0].text.len; i++) {
    text[2 * i] = digits[(unsigned char)args[0].text.ptr[i] >> 4];
    text[2 * i + 1] = digits[(unsigned char)args[0].text.ptr[i] & 15];
  }
  return gnp_give_text(out, (gn_str){text, 2 * args[0].text.len});
}

static int digit_value(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  char low = (char)(c | 32);
  return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}

/* An odd number of digits has a zero in front. */
GNP_APPLY(unhex)
{
  gn_str in = args[0].text;
  size_t odd = in.len & 1;
  char *bytes = gni_arena_take(frame->arena, (in.len + 1) / 2);
  if (!bytes) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < in.len + odd; i++) {
    int digit = i < odd ? 0 : digit_value(in.ptr[i - odd]);
    if (digit > 15) return gnp_give_null(out);
    bytes[i / 2] = (char)(i % 2 ? bytes[i / 2] | digit : digit << 4);
  }
  return gnp_give_text(out, (gn_str){bytes, (in.len + 1) / 2});
}

/* Reads digits of a base until something else; what is too large sticks to the unsigned end. */
static bool read_base(gn_str text, unsigned base, uint64_t *value, bool *overflow)
{
  *value = 0;
  *overflow = false;
  for (size_t i = 0; i < text.len; i++) {
    int digit = digit_value(text.ptr[i]);
    if (digit >= (int)base) break;
    if (*overflow) continue;
    if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
        __builtin_add_overflow(*value, (uint64_t)digit, value)) {
      *overflow = true;
      *value = UINT64_MAX;
    }
  }
  return true;
}

/* conv(text, from, to): a negative `to` gives a signed number. */
GNP_APPLY(conv)
{
  int64_t from = args[1].integer, to = args[2].integer, size = to < 0 ? -to : to;
  gn_str text = args[0].text;
  uint64_t value;
  bool overflow;
  while (text.len && text.ptr[0] == ' ') text = (gn_str){text.ptr + 1, text.len - 1};
  while (text.len && text.ptr[text.len - 1] == ' ') text.len--;
  if (from < 2 || from > 36 || size < 2 || size > 36 || !text.len) return gnp_give_null(out);
  bool negative = text.ptr[0] == '-';
  if (negative) text = (gn_str){text.ptr + 1, text.len - 1};
  read_base(text, (unsigned)from, &value, &overflow);
  if (overflow && node->ansi)
    return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the number is too large for 'conv'");
  if (negative && to > 0) value = overflow || (int64_t)value < 0 ? UINT64_MAX : 0 - value;
  if (to < 0 && (int64_t)value < 0) {
    value = 0 - value;
    negative = true;
  }
  return give_digits(value, (unsigned)size, negative && to < 0, frame, out);
}

static const gnp_function functions[] = {
    {.name = "&", .bind = bind_bits, .apply = bit_and, .sql = "($1 & $2)"},
    {.name = "|", .bind = bind_bits, .apply = bit_or, .sql = "($1 | $2)"},
    {.name = "^", .bind = bind_bits, .apply = bit_xor, .sql = "xor($1, $2)"},
    {.name = "~", .takes = "integral", .gives = "1st", .apply = bit_not, .sql = "(~$1)"},
    {.name = "<<", .same_as = "shiftleft"},
    {.name = ">>", .same_as = "shiftright"},
    {.name = ">>>", .same_as = "shiftrightunsigned"},
    {.name = "bin", .takes = "bigint", .gives = "string", .apply = binary_digits},
    {.name = "bit_count", .takes = "integral|boolean", .gives = "int", .apply = bit_count},
    {.name = "bit_get",
     .takes = "integral, int",
     .gives = "tinyint",
     .apply = bit_get,
     .flags = GNP_CAN_FAIL},
    {.name = "conv",
     .takes = "string, int, int",
     .gives = "string",
     .apply = conv,
     .flags = GNP_MAY_BE_NULL | GNP_ANSI_FAILS},
    {.name = "getbit", .same_as = "bit_get"},
    {.name = "hex", .takes = "bigint|binary|string", .gives = "string", .apply = hex_of},
    {.name = "shiftleft", .takes = "int|bigint, int", .gives = "1st", .apply = shift_left},
    {.name = "shiftright", .takes = "int|bigint, int", .gives = "1st", .apply = shift_right},
    {.name = "shiftrightunsigned",
     .takes = "int|bigint, int",
     .gives = "1st",
     .apply = shift_right_unsigned},
    {.name = "unhex",
     .takes = "string",
     .gives = "binary",
     .apply = unhex,
     .flags = GNP_MAY_BE_NULL},
};

const gnp_family gnp_family_bitwise = {"bitwise", functions, sizeof functions / sizeof *functions};
