/* Decimals, dates and timestamps as text. SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_private.h"

/* ---- decimals -------------------------------------------------------------------------------- */

enum { LIMBS = 4, DIGITS_MAX = 40 }; /* 128 bits; 2^127 has 39 digits */

struct magnitude {
  uint32_t limb[LIMBS]; /* lowest first */
};

static struct magnitude magnitude_of(uint64_t low, uint64_t high)
{
  return (struct magnitude){
      {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
}

/* Divides by ten and returns the remainder. */
static unsigned take_digit(struct magnitude *m)
{
  uint64_t rest = 0;
  for (int i = LIMBS - 1; i >= 0; i--) {
    rest = rest << 32 | m->limb[i];
    m->limb[i] = (uint32_t)(rest / 10);
    rest %= 10;
  }
  return (unsigned)rest;
}

/* m * 10 + digit; false when that is more than 127 bits. */
static bool put_digit(struct magnitude *m, unsigned digit)
{
  uint64_t carry = digit;
  for (int i = 0; i < LIMBS; i++) {
    carry += (uint64_t)m->limb[i] * 10;
    m->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  return carry == 0 && m->limb[LIMBS - 1] <= INT32_MAX;
}

static void negate(uint64_t *low, uint64_t *high)
{
  *low = ~*low + 1;
  *high = ~*high + (*low == 0);
}

void gnp_decimal_add(gn_buf *out, const gni_value *value, int scale)
{
  char reversed[2 * DIGITS_MAX];
  int len = 0;
  uint64_t low = value->decimal.low, high = (uint64_t)value->decimal.high;
  if (value->decimal.high < 0) {
    gni_buf_add_char(out, '-');
    negate(&low, &high);
  }
  struct magnitude m = magnitude_of(low, high);
  for (int digits = 0; digits < DIGITS_MAX; digits++) {
    if (digits == scale && scale > 0) reversed[len++] = '.';
    if (digits > scale && !(m.limb[0] | m.limb[1] | m.limb[2] | m.limb[3])) break;
    reversed[len++] = (char)('0' + take_digit(&m));
  }
  while (len > 0) gni_buf_add_char(out, reversed[--len]);
}

/* A decimal number taken apart: sign, digits with a point somewhere, exponent. */
struct number_parts {
  bool negative;
  gn_str mantissa;
  int64_t exponent;
};

static bool split_number(gn_str text, struct number_parts *parts)
{
  size_t end = 0;
  *parts = (struct number_parts){.negative = text.len && text.ptr[0] == '-'};
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
    text = (gn_str){text.ptr + 1, text.len - 1};
  while (end < text.len && (text.ptr[end] | 0x20) != 'e') end++;
  parts->mantissa = (gn_str){text.ptr, end};
  if (end == text.len) return true;
  gn_str exponent = {text.ptr + end + 1, text.len - end - 1};
  return exponent.len <= 5 && gni_parse_int64(exponent, &parts->exponent) == GN_OK;
}

/* Zero has none. */
static int count_digits(struct magnitude m)
{
  int digits = 0;
  for (; m.limb[0] | m.limb[1] | m.limb[2] | m.limb[3]; digits++) take_digit(&m);
  return digits;
}

/* Moves the point by `shift` digits; false when a digit would be lost. */
static bool shift_digits(struct magnitude *m, int64_t shift)
{
  if (count_digits(*m) == 0) return true;
  for (; shift > 0; shift--)
    if (!put_digit(m, 0)) return false;
  for (; shift < 0; shift++)
    if (take_digit(m) != 0) return false;
  return true;
}

/* The digits of a number, moved to the scale of its type. */
static int settle(struct magnitude m, bool negative, int64_t shift, int precision, gni_value *out)
{
  if (!shift_digits(&m, shift) || count_digits(m) > precision) return GN_E_LIMIT;
  uint64_t low = (uint64_t)m.limb[1] << 32 | m.limb[0],
           high = (uint64_t)m.limb[3] << 32 | m.limb[2];
  if (negative) negate(&low, &high);
  *out = (gni_value){.decimal = {low, (int64_t)high}};
  return GN_OK;
}

int gnp_decimal_parse(gn_str text, int precision, int scale, gni_value *out)
{
  struct number_parts parts;
  struct magnitude m = {{0}};
  bool after_point = false;
  int64_t digits = 0, decimals = 0;
  if (!split_number(text, &parts)) return GN_E_PARSE;
  for (size_t i = 0; i < parts.mantissa.len; i++) {
    char c = parts.mantissa.ptr[i];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') return GN_E_PARSE;
    digits++;
    decimals += after_point;
    if (!put_digit(&m, (unsigned)(c - '0'))) return GN_E_LIMIT;
  }
  if (digits == 0) return GN_E_PARSE;
  return settle(m, parts.negative, scale - decimals + parts.exponent, precision, out);
}

int gnp_decimal_of_integer(int64_t integer, int precision, int scale, gni_value *out)
{
  uint64_t size = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
  return settle(magnitude_of(size, 0), integer < 0, scale, precision, out);
}

/* ---- time ------------------------------------------------------------------------------------ */

#define SECOND_US INT64_C(1000000)
#define DAY_US (GN_DAY_MS * 1000)

void gnp_date_add(gn_buf *out, int64_t day_number)
{
  int32_t year, month, day;
  gni_day_to_civil((int32_t)day_number, &year, &month, &day);
  gni_buf_add_format(out, "%04d-%02d-%02d", year, month, day);
}

void gnp_timestamp_add(gn_buf *out, int64_t time_us)
{
  int64_t days = time_us / DAY_US - (time_us % DAY_US < 0), rest_us = time_us - days * DAY_US;
  int seconds = (int)(rest_us / SECOND_US), micros = (int)(rest_us % SECOND_US);
  gnp_date_add(out, days);
  gni_buf_add_format(out, "T%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (micros % 1000)
    gni_buf_add_format(out, ".%06d", micros);
  else if (micros)
    gni_buf_add_format(out, ".%03d", micros / 1000);
  gni_buf_add_char(out, 'Z');
}

int gnp_date_parse(gn_str text, int64_t *day_number)
{
  int32_t day;
  int rc = gni_day_parse(text, GN_STR("yyyy-MM-dd"), &day, NULL);
  *day_number = day;
  return rc;
}

/* Takes two digits and what must stand before them off the front. */
static bool take_two(gn_str *rest, char before, int64_t below, int64_t *out)
{
  if (rest->len < 3 || rest->ptr[0] != before) return false;
  int tens = rest->ptr[1] - '0', ones = rest->ptr[2] - '0';
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9 || tens * 10 + ones >= below) return false;
  *out = tens * 10 + ones;
  *rest = (gn_str){rest->ptr + 3, rest->len - 3};
  return true;
}

/* ".123": up to nine digits, of which six count. */
static bool take_fraction(gn_str *rest, int64_t *micros)
{
  size_t i = 1;
  int64_t unit = SECOND_US / 10;
  *micros = 0;
  if (rest->len == 0 || rest->ptr[0] != '.') return true;
  for (; i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9'; i++, unit /= 10)
    *micros += (rest->ptr[i] - '0') * unit;
  *rest = (gn_str){rest->ptr + i, rest->len - i};
  return i > 1 && i <= 10;
}

static bool take_zone(gn_str *rest, int64_t *seconds)
{
  int64_t hours = 0, minutes = 0;
  char sign = rest->len ? rest->ptr[0] : 'Z';
  *seconds = 0;
  if (sign == 'Z') return rest->len <= 1;
  if ((sign != '+' && sign != '-') || !take_two(rest, sign, 19, &hours)) return false;
  if (!take_two(rest, ':', 60, &minutes) || rest->len) return false;
  *seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
  return true;
}

int gnp_timestamp_parse(gn_str text, int64_t *time_us)
{
  enum { DAY_LEN = 10 };
  int64_t day, hours, minutes, seconds = 0, micros = 0, zone;
  if (text.len < DAY_LEN || gnp_date_parse((gn_str){text.ptr, DAY_LEN}, &day) != GN_OK)
    return GN_E_PARSE;
  *time_us = day * DAY_US;
  if (text.len == DAY_LEN) return GN_OK;
  gn_str rest = {text.ptr + DAY_LEN, text.len - DAY_LEN};
  if (rest.ptr[0] != 'T' && rest.ptr[0] != ' ') return GN_E_PARSE;
  if (!take_two(&rest, rest.ptr[0], 24, &hours) || !take_two(&rest, ':', 60, &minutes))
    return GN_E_PARSE;
  if (rest.len && rest.ptr[0] == ':' && !take_two(&rest, ':', 60, &seconds)) return GN_E_PARSE;
  if (!take_fraction(&rest, &micros) || !take_zone(&rest, &zone)) return GN_E_PARSE;
  *time_us += ((hours * 60 + minutes) * 60 + seconds - zone) * SECOND_US + micros;
  return GN_OK;
}
