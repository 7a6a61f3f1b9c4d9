/* Reals as Java 17 writes them, which is often but not always the shortest text that reads back:
 * whole numbers keep digits that do not count, and a digit too many may stand at the end. What is
 * written is part of what jobs store and hash, so it is done digit by digit as Java's own
 * FloatingDecimal does it: Steele and White's algorithm with its particular estimates.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/base.h"

#define BIG_WORDS 40 /* 1280 bits; the least and the largest double need some 1130 */
#define FRACTION_BITS 52

typedef struct digits {
  char text[32];
  int count;
  int exponent; /* the point stands behind so many digits */
} digits;

/* ---- large whole numbers --------------------------------------------------------------------- */

typedef struct big {
  uint32_t words[BIG_WORDS]; /* the least first */
  int count;
} big;

static void multiply(big *x, uint32_t by)
{
  uint64_t carry = 0;
  for (int i = 0; i < x->count; i++) {
    carry += (uint64_t)x->words[i] * by;
    x->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry && x->count < BIG_WORDS) x->words[x->count++] = (uint32_t)carry;
}

static void shift(big *x, int bits)
{
  for (; bits >= 31; bits -= 31) multiply(x, UINT32_C(1) << 31);
  multiply(x, UINT32_C(1) << bits);
}

/* value * 5^fives * 2^twos */
static big make(uint64_t value, int fives, int twos)
{
  big x = {.words = {(uint32_t)value, (uint32_t)(value >> 32)}, .count = value >> 32 ? 2 : 1};
  for (; fives >= 13; fives -= 13) multiply(&x, UINT32_C(1220703125)); /* 5^13 */
  for (; fives > 0; fives--) multiply(&x, 5);
  shift(&x, twos);
  return x;
}

static uint32_t word(const big *x, int i)
{
  return i < x->count ? x->words[i] : 0;
}

static int compare(const big *x, const big *y)
{
  for (int i = x->count > y->count ? x->count : y->count; i-- > 0;)
    if (word(x, i) != word(y, i)) return word(x, i) < word(y, i) ? -1 : 1;
  return 0;
}

static big sum(const big *x, const big *y)
{
  big out = {.count = 0};
  uint64_t carry = 0;
  int count = x->count > y->count ? x->count : y->count;
  for (int i = 0; i <= count && i < BIG_WORDS; i++) {
    carry += (uint64_t)word(x, i) + word(y, i);
    out.words[i] = (uint32_t)carry;
    out.count = i + 1;
    carry >>= 32;
  }
  return out;
}

/* How often `by` goes into `x`, at most nine times; x keeps the rest. */
static int divide(big *x, const big *by)
{
  int times = 0;
  for (; compare(x, by) >= 0; times++) {
    int64_t borrow = 0;
    for (int i = 0; i < x->count; i++) {
      borrow += (int64_t)x->words[i] - word(by, i);
      x->words[i] = (uint32_t)borrow;
      borrow >>= 32;
    }
    while (x->count > 1 && !x->words[x->count - 1]) x->count--;
  }
  return times;
}

/* ---- digits ---------------------------------------------------------------------------------- */

/* 1.f * 2^exponent; `bits` of the fraction count. */
typedef struct binary {
  uint64_t fraction; /* 53 bits, the first of them 1 */
  int exponent, bits;
} binary;

/* The value as b/s and the distance to its neighbours as m/s: value * 5^b5 * 2^b2, 5^s5 * 2^s2,
 * 5^m5 * 2^m2. */
typedef struct scaled {
  int b2, b5, s2, s5, m2, m5;
  uint64_t value;
  int value_bits;
} scaled;

static int bits_of_five(int power) /* bits of 5^power, as Java estimates them */
{
  static const uint8_t bits[] = {0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
                                 33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61};
  return power < (int)sizeof bits ? bits[power] : power * 3;
}

static int estimate_exponent(const binary *x)
{
  double f = (double)(x->fraction & ((UINT64_C(1) << FRACTION_BITS) - 1)) * 0x1p-52 + 1;
  return (int)floor((f - 1.5) * 0.289529654 + 0.176091259 + x->exponent * 0.301029995663981);
}

static scaled scale(const binary *x, int exponent)
{
  int zeros = __builtin_ctzll(x->fraction), bits = FRACTION_BITS + 1 - zeros;
  int below = bits - x->exponent - 1 > 0 ? bits - x->exponent - 1 : 0;
  scaled s = {.value = x->fraction >> zeros, .value_bits = bits};
  s.b5 = s.m5 = exponent < 0 ? -exponent : 0;
  s.s5 = exponent > 0 ? exponent : 0;
  s.b2 = s.b5 + below + x->exponent;
  s.s2 = s.s5 + below;
  s.m2 = s.b2 - x->bits;
  s.b2 -= bits - 1;
  int common = s.b2 < s.s2 ? s.b2 : s.s2;
  s.b2 -= common;
  s.s2 -= common;
  s.m2 -= common + (bits == 1); /* below a power of two the neighbour is nearer */
  if (s.m2 < 0) {
    s.b2 -= s.m2;
    s.s2 -= s.m2;
    s.m2 = 0;
  }
  return s;
}

static void round_up(digits *d)
{
  int i = d->count - 1;
  while (i > 0 && d->text[i] == '9') d->text[i--] = '0';
  if (d->text[i] != '9') {
    d->text[i]++;
    return;
  }
  d->text[0] = '1';
  d->exponent++;
}

/* Ends the digits at the side that the rest, beside half a unit, is nearer to; odd goes to even. */
static void finish(digits *d, bool low, bool high, int rest)
{
  bool odd = (d->text[d->count - 1] - '0') & 1;
  if (high && (!low || rest > 0 || (rest == 0 && odd))) round_up(d);
}

/* The first digit may be a zero that does not count; then Java wants two digits where it will write
 * an exponent, so it does not stop at the first. */
static void first_digit(digits *d, int digit, int exponent, bool *low, bool *high)
{
  if (digit || *high)
    d->text[d->count++] = (char)('0' + digit);
  else
    exponent--;
  if (exponent < -3 || exponent >= 8) *low = *high = false;
  d->exponent = exponent + 1;
}

static void short_digits(const scaled *s, int exponent, digits *d)
{
  uint64_t five[27] = {1};
  for (int i = 1; i < 27; i++) five[i] = five[i - 1] * 5;
  uint64_t b = (s->value * five[s->b5]) << s->b2, unit = five[s->s5] << s->s2, ten = unit * 10;
  uint64_t m = five[s->m5] << s->m2;
  bool low = false, high = false;
  for (int i = 0; !low && !high; i++) {
    int digit = (int)(b / unit);
    b = 10 * (b % unit);
    m *= 10;
    low = (int64_t)m <= 0 || b < m; /* past 63 bits any digit is near enough */
    high = (int64_t)m <= 0 || b + m > ten;
    if (i)
      d->text[d->count++] = (char)('0' + digit);
    else
      first_digit(d, digit, exponent, &low, &high);
  }
  finish(d, low, high, (b << 1 > ten) - (b << 1 < ten));
}

static void long_digits(const scaled *s, int exponent, digits *d)
{
  big b = make(s->value, s->b5, s->b2), unit = make(1, s->s5, s->s2);
  big ten = make(1, s->s5 + 1, s->s2 + 1), m = make(1, s->m5, s->m2);
  bool low = false, high = false;
  for (int i = 0; !low && !high; i++) {
    int digit = divide(&b, &unit);
    multiply(&b, 10);
    multiply(&m, 10);
    big above = sum(&b, &m);
    low = compare(&b, &m) < 0;
    high = compare(&above, &ten) >= 0;
    if (i)
      d->text[d->count++] = (char)('0' + digit);
    else
      first_digit(d, digit, exponent, &low, &high);
  }
  multiply(&b, 2);
  finish(d, low, high, compare(&b, &ten));
}

/* Whole numbers are written out, less the last digits that their bits say nothing about. */
static void whole_digits(const binary *x, digits *d)
{
  uint64_t value = x->exponent >= FRACTION_BITS ? x->fraction << (x->exponent - FRACTION_BITS)
                                                : x->fraction >> (FRACTION_BITS - x->exponent);
  int unknown = x->exponent - x->bits - 1; /* powers of two */
  int cut = unknown > 1 ? (int)(unknown * 0.30103) : 0;
  uint64_t power = 1;
  for (int i = 0; i < cut; i++) power *= 10;
  value = value / power + (cut && value % power >= power / 2);
  char reversed[24];
  int count = 0;
  for (; value; value /= 10) reversed[count++] = (char)('0' + value % 10);
  d->exponent = count + cut;
  while (count) d->text[d->count++] = reversed[--count];
  while (d->count > 1 && d->text[d->count - 1] == '0') d->count--;
}

static void make_digits(const binary *x, digits *d)
{
  int zeros = __builtin_ctzll(x->fraction), bits = FRACTION_BITS + 1 - zeros;
  bool whole = bits - x->exponent - 1 <= 0;
  d->count = 0;
  if (whole && x->exponent <= 62) {
    whole_digits(x, d);
    return;
  }
  int exponent = estimate_exponent(x);
  scaled s = scale(x, exponent);
  int b_bits = s.value_bits + s.b2 + bits_of_five(s.b5);
  int ten_bits = s.s2 + 1 + bits_of_five(s.s5 + 1);
  if (b_bits < 64 && ten_bits < 64)
    short_digits(&s, exponent, d);
  else
    long_digits(&s, exponent, d);
}

/* ---- text ------------------------------------------------------------------------------------ */

static size_t put_digits(const digits *d, char *out)
{
  size_t len = 0;
  int used = 0, point = d->exponent;
  bool scientific = point <= -3 || point > 7;
  if (scientific) point = 1;
  if (point <= 0) out[len++] = '0';
  for (int i = 0; i < point; i++) out[len++] = used < d->count ? d->text[used++] : '0';
  out[len++] = '.';
  for (int i = point; i < 0; i++) out[len++] = '0';
  if (used == d->count) out[len++] = '0';
  while (used < d->count) out[len++] = d->text[used++];
  if (!scientific) return len;
  int exponent = d->exponent - 1, size = exponent < 0 ? -exponent : exponent;
  out[len++] = 'E';
  if (exponent < 0) out[len++] = '-';
  if (size >= 100) out[len++] = (char)('0' + size / 100);
  if (size >= 10) out[len++] = (char)('0' + size / 10 % 10);
  out[len++] = (char)('0' + size % 10);
  return len;
}

static size_t put_word(char *out, const char *text)
{
  size_t len = 0;
  for (; text[len]; len++) out[len] = text[len]; /* the caller ends the text */
  return len;
}

/* `least` is the exponent of the smallest normal number, below which fewer bits count. */
static size_t format(double value, int bits, int least, char *out)
{
  digits d = {.count = 0, .exponent = 0};
  int exponent;
  size_t len = 0;
  if (isnan(value)) return put_word(out, "NaN");
  if (signbit(value)) out[len++] = '-';
  if (isinf(value)) return len + put_word(out + len, "Infinity");
  if (value == 0) return len + put_word(out + len, "0.0");
  double fraction = frexp(fabs(value), &exponent);
  binary x = {.fraction = (uint64_t)ldexp(fraction, FRACTION_BITS + 1), .exponent = exponent - 1};
  x.bits = x.exponent < least ? bits - (least - x.exponent) : bits;
  make_digits(&x, &d);
  return len + put_digits(&d, out + len);
}

size_t gni_format_java_double(double value, char out[GN_DOUBLE_TEXT_BYTES])
{
  return format(value, 53, -1022, out);
}

size_t gni_format_java_float(float value, char out[GN_DOUBLE_TEXT_BYTES])
{
  return format((double)value, 24, -126, out);
}
