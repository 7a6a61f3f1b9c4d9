/* CAST to numbers, booleans, dates, timestamps and bytes. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/cast.h"
#include "expr/datetime.h"
#include "expr/unicode.h"

/* Null, or the failure under ANSI. */
static int bad_value(const gni_bound *node, gnp_frame *frame, const gni_value *value,
                     gni_value *out)
{
  *out = GNI_NULL_VALUE;
  if (!node->ansi) return GN_OK;
  gnp_text text = {.arena = frame->arena};
  gnp_put_text(&text, node->args[0]->type, value, true);
  return gnp_fail_here(frame, "CAST_INVALID_INPUT", "'%.*s' cannot be cast",
                       text.len > 100 ? 100 : (int)text.len, text.ptr ? text.ptr : "");
}

static int overflowed(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  *out = GNI_NULL_VALUE;
  if (!node->ansi) return GN_OK;
  return gnp_fail_here(frame, "CAST_OVERFLOW", "the value does not fit the type it is cast to");
}

static const gni_type *source(const gni_bound *node)
{
  return node->args[0]->type;
}

/* ---- boolean --------------------------------------------------------------------------------- */

int gnp_cast_to_boolean(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out)
{
  bool value;
  switch (source(node)->kind) {
  case GNI_STRING:
    if (!gnp_text_to_boolean(args[0].text, &value)) return bad_value(node, frame, &args[0], out);
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    value = args[0].real != 0;
    break;
  case GNI_DECIMAL:
    value = gnp_wide_of(&args[0]) != 0;
    break;
  case GNI_DATE:
    *out = GNI_NULL_VALUE;
    return GN_OK;
  default:
    value = args[0].integer != 0;
    break;
  }
  return gnp_give_boolean(out, value);
}

/* ---- integers -------------------------------------------------------------------------------- */

static bool fits(int64_t value, uint8_t kind)
{
  switch (kind) {
  case GNI_BYTE:
    return value == (int8_t)value;
  case GNI_SHORT:
    return value == (int16_t)value;
  case GNI_INT:
    return value == (int32_t)value;
  default:
    return true;
  }
}

static int64_t cut(int64_t value, uint8_t kind)
{
  switch (kind) {
  case GNI_BYTE:
    return (int8_t)(uint8_t)value;
  case GNI_SHORT:
    return (int16_t)(uint16_t)value;
  case GNI_INT:
    return (int32_t)(uint32_t)value;
  default:
    return value;
  }
}

static int put_integer(const gni_bound *node, gnp_frame *frame, int64_t value, gni_value *out)
{
  if (node->ansi && !fits(value, node->type->kind)) return overflowed(node, frame, out);
  return gnp_give_integer(out, cut(value, node->type->kind));
}

/* Java's (int) and (long): towards zero, NaN is 0, the ends are sticky. */
static int64_t saturate(double value, double low, double high, int64_t least, int64_t most)
{
  if (isnan(value)) return 0;
  if (value <= low) return least;
  return value >= high ? most : (int64_t)value;
}

static int real_to_integer(const gni_bound *node, gnp_frame *frame, double value, gni_value *out)
{
  uint8_t kind = node->type->kind;
  bool is_long = kind == GNI_LONG;
  double limit = is_long ? 0x1p63 : kind == GNI_INT ? 0x1p31 : kind == GNI_SHORT ? 0x1p15 : 0x1p7;
  double whole = trunc(value);
  if (node->ansi && !(whole >= -limit && whole < limit)) return overflowed(node, frame, out);
  int64_t number = is_long ? saturate(value, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX)
                           : saturate(value, -0x1p31, 0x1p31 - 1, INT32_MIN, INT32_MAX);
  return gnp_give_integer(out, cut(number, kind));
}

static int decimal_to_integer(const gni_bound *node, gnp_frame *frame, const gni_value *value,
                              gni_value *out)
{
  gnp_wide whole = gnp_wide_of(value) / gnp_power10(source(node)->scale);
  if (node->ansi && (whole < INT64_MIN || whole > INT64_MAX)) return overflowed(node, frame, out);
  return put_integer(node, frame, (int64_t)(uint64_t)(gnp_wide_bits)whole, out);
}

int gnp_cast_to_integer(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out)
{
  int64_t value;
  switch (source(node)->kind) {
  case GNI_BOOLEAN:
    value = args[0].boolean;
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return real_to_integer(node, frame, args[0].real, out);
  case GNI_DECIMAL:
    return decimal_to_integer(node, frame, &args[0], out);
  case GNI_STRING:
    if (!gnp_text_to_long(args[0].text, node->ansi, &value) || !fits(value, node->type->kind))
      return bad_value(node, frame, &args[0], out);
    break;
  case GNI_DATE:
    *out = GNI_NULL_VALUE;
    return GN_OK;
  case GNI_TIMESTAMP: /* the one source that gives null where it does not fit, instead of wrapping
                       */
    value = gnp_floor_div(args[0].integer, GNP_SECOND_US);
    if (!node->ansi && !fits(value, node->type->kind)) return gnp_give_null(out);
    break;
  default:
    value = args[0].integer;
    break;
  }
  return put_integer(node, frame, value, out);
}

/* ---- reals ----------------------------------------------------------------------------------- */

int gnp_cast_to_real(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  double value;
  bool is_float = node->type->kind == GNI_FLOAT;
  switch (source(node)->kind) {
  case GNI_BOOLEAN:
    value = args[0].boolean;
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    value = args[0].real;
    break;
  case GNI_DECIMAL:
    value = gnp_decimal_double(gnp_wide_of(&args[0]), source(node)->scale);
    break;
  case GNI_STRING:
    if (!gnp_text_to_double(args[0].text, &value)) return bad_value(node, frame, &args[0], out);
    break;
  case GNI_DATE:
    *out = GNI_NULL_VALUE;
    return GN_OK;
  case GNI_TIMESTAMP:
    value = (double)args[0].integer / 1e6;
    break;
  default: /* straight from the integer: through double a float would be rounded twice */
    value = is_float ? (double)(float)args[0].integer : (double)args[0].integer;
    break;
  }
  return gnp_give_real(out, is_float ? (double)(float)value : value);
}

/* ---- decimals -------------------------------------------------------------------------------- */

/* Java's BigDecimal reads the digits of any script. */
static gn_str ascii_digits(gn_str text, gn_arena *arena)
{
  gnp_text out = {.arena = arena};
  bool ascii = true;
  for (size_t i = 0; i < text.len; i++) ascii &= (unsigned char)text.ptr[i] < 0x80;
  if (ascii) return text;
  for (size_t at = 0; at < text.len;) {
    size_t begin = at;
    int digit = gnp_digit_of(gnp_utf8_next(text, &at));
    if (digit >= 0)
      gnp_text_add_char(&out, (char)('0' + digit));
    else
      gnp_text_add(&out, (gn_str){text.ptr + begin, at - begin});
  }
  return out.failed ? text : (gn_str){out.ptr, out.len};
}

static bool text_to_decimal(gn_str text, int scale, gn_arena *arena, gnp_wide *out, bool *is_number)
{
  gnp_wide unscaled;
  int found;
  double ignored;
  text = ascii_digits(gnp_trim_all(text), arena);
  *is_number = gni_parse_double(text, &ignored) == GN_OK && isfinite(ignored);
  if (!gnp_wide_parse(text, &unscaled, &found)) return false;
  *is_number = true;
  return gnp_wide_rescale(unscaled, found, scale, out);
}

static int put_decimal(const gni_bound *node, gnp_frame *frame, bool ok, gnp_wide value,
                       gni_value *out)
{
  if (ok && gnp_wide_fits(value, node->type->precision)) {
    *out = gnp_wide_value(value);
    return GN_OK;
  }
  *out = GNI_NULL_VALUE;
  if (!node->ansi) return GN_OK;
  return gnp_fail_here(frame, "NUMERIC_VALUE_OUT_OF_RANGE", "the value does not fit decimal(%d,%d)",
                       node->type->precision, node->type->scale);
}

int gnp_cast_to_decimal(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out)
{
  gnp_wide value = 0;
  int scale = node->type->scale;
  bool ok, is_number;
  switch (source(node)->kind) {
  case GNI_BOOLEAN:
    ok = gnp_wide_rescale(args[0].boolean, 0, scale, &value);
    break;
  case GNI_FLOAT: /* Spark goes through double here, so 0.1f is 0.10000000149011612 */
  case GNI_DOUBLE:
    if (!isfinite(args[0].real)) return gnp_give_null(out); /* under ANSI too */
    ok = gnp_decimal_from_double(args[0].real, scale, &value);
    break;
  case GNI_DECIMAL:
    ok = gnp_wide_rescale(gnp_wide_of(&args[0]), source(node)->scale, scale, &value);
    break;
  case GNI_STRING:
    ok = text_to_decimal(args[0].text, scale, frame->arena, &value, &is_number);
    if (!is_number) return bad_value(node, frame, &args[0], out);
    break;
  case GNI_DATE:
    *out = GNI_NULL_VALUE;
    return GN_OK;
  case GNI_TIMESTAMP:
    ok = gnp_wide_rescale(args[0].integer, 6, scale, &value);
    break;
  default:
    ok = gnp_wide_rescale(args[0].integer, 0, scale, &value);
    break;
  }
  return put_decimal(node, frame, ok, value, out);
}

/* ---- dates and timestamps -------------------------------------------------------------------- */

int gnp_cast_to_date(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  int32_t day;
  if (source(node)->kind == GNI_TIMESTAMP) {
    return gnp_give_integer(out, gnp_floor_div(args[0].integer, GNP_DAY_US));
  }
  if (!gnp_sql_date_parse(args[0].text, &day)) return bad_value(node, frame, &args[0], out);
  return gnp_give_integer(out, day);
}

static int text_to_timestamp(const gni_bound *node, gnp_frame *frame, const gni_value *value,
                             gni_value *out)
{
  int64_t us;
  const int64_t *now_us = node->plan;
  switch (gnp_sql_timestamp_parse(value->text, now_us ? *now_us : 0, &us)) {
  case GNP_TIME_OK:
    *out = gni_value_integer(us);
    return GN_OK;
  case GNP_TIME_ZONE:
    return gni_fail(frame->err, GN_E_UNSUPPORTED, "time zones by name are not supported: '%.*s'",
                    value->text.len > 60 ? 60 : (int)value->text.len, value->text.ptr);
  default:
    return bad_value(node, frame, value, out);
  }
}

static int real_to_timestamp(const gni_bound *node, gnp_frame *frame, const gni_value *value,
                             gni_value *out)
{
  double seconds = value->real;
  if (!isfinite(seconds)) return bad_value(node, frame, value, out);
  double us = seconds * 1e6;
  if (node->ansi && !(us >= -0x1p63 && us < 0x1p63)) return overflowed(node, frame, out);
  return gnp_give_integer(out, saturate(us, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX));
}

/* Seconds that do not fit stick to the ends, as TimeUnit.toMicros does. */
static int64_t seconds_to_us(int64_t seconds)
{
  int64_t us;
  if (!__builtin_mul_overflow(seconds, GNP_SECOND_US, &us)) return us;
  return seconds < 0 ? INT64_MIN : INT64_MAX;
}

int gnp_cast_to_timestamp(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                          gni_value *out)
{
  int64_t us;
  switch (source(node)->kind) {
  case GNI_STRING:
    return text_to_timestamp(node, frame, &args[0], out);
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return real_to_timestamp(node, frame, &args[0], out);
  case GNI_BOOLEAN:
    us = args[0].boolean;
    break;
  case GNI_DATE:
    if (__builtin_mul_overflow(args[0].integer, GNP_DAY_US, &us))
      return gnp_fail_here(frame, "DATETIME_OVERFLOW", "the date is out of a timestamp's range");
    break;
  case GNI_DECIMAL: {
    gnp_wide whole = gnp_wide_of(&args[0]);
    int shift = 6 - source(node)->scale;
    whole = shift >= 0 ? whole * gnp_power10(shift) : whole / gnp_power10(-shift);
    us = (int64_t)(uint64_t)(gnp_wide_bits)whole;
    break;
  }
  default:
    us = seconds_to_us(args[0].integer);
    break;
  }
  return gnp_give_integer(out, us);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* An integer's bytes, the highest first. */
int gnp_cast_to_binary(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                       gni_value *out)
{
  static const uint8_t sizes[] = {[GNI_BYTE] = 1, [GNI_SHORT] = 2, [GNI_INT] = 4, [GNI_LONG] = 8};
  *out = args[0];
  if (source(node)->kind == GNI_STRING) return GN_OK;
  size_t size = sizes[source(node)->kind];
  char *bytes = gni_arena_take(frame->arena, size);
  if (!bytes) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (char)((uint64_t)args[0].integer >> (8 * (size - 1 - i)));
  return gnp_give_text(out, (gn_str){bytes, size});
}
