/* Dates and timestamps from and to text, as Spark's casts do it. SPDX-License-Identifier:
 * Apache-2.0 */
#include <stdio.h>

#include "expr/datetime.h"

gn_str gnp_trim_all(gn_str text)
{
  while (text.len && ((unsigned char)text.ptr[0] <= ' ' || text.ptr[0] == 127)) {
    text.ptr++;
    text.len--;
  }
  while (text.len &&
         ((unsigned char)text.ptr[text.len - 1] <= ' ' || text.ptr[text.len - 1] == 127))
    text.len--;
  return text;
}

static bool civil_to_day(int64_t year, int32_t month, int32_t day, int32_t *out)
{
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1) return false;
  if (day > lengths[month - 1] + (month == 2 && leap)) return false;
  /* 400 years are 146097 days; keeping the year small keeps the sum in range. */
  int64_t era = gnp_floor_div(year, 400);
  int64_t whole = era * 146097 + gni_day_from_civil((int32_t)(year - era * 400), month, day);
  if (whole < INT32_MIN || whole > INT32_MAX) return false;
  *out = (int32_t)whole;
  return true;
}

typedef struct reader {
  gn_str text;
  size_t at;
} reader;

static char peek(const reader *r)
{
  return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static bool done(const reader *r)
{
  return r->at >= r->text.len;
}

static bool accept(reader *r, char c)
{
  if (done(r) || peek(r) != c) return false;
  r->at++;
  return true;
}

/* Between `least` and `most` digits; more than `most` is a failure. */
static bool digits(reader *r, int least, int most, int32_t *out)
{
  int count = 0;
  int32_t value = 0;
  for (; peek(r) >= '0' && peek(r) <= '9'; r->at++, count++) {
    if (count == most) return false;
    value = value * 10 + (peek(r) - '0');
  }
  *out = value;
  return count >= least;
}

static int64_t read_sign(reader *r)
{
  if (accept(r, '-')) return -1;
  accept(r, '+');
  return 1;
}

bool gnp_sql_date_parse(gn_str text, int32_t *day)
{
  reader r = {gnp_trim_all(text), 0};
  int32_t year, month = 1, of_month = 1;
  int64_t sign = read_sign(&r);
  if (!digits(&r, 4, 7, &year)) return false;
  if (accept(&r, '-')) {
    if (!digits(&r, 1, 2, &month)) return false;
    if (accept(&r, '-')) {
      if (!digits(&r, 1, 2, &of_month)) return false;
      if (!done(&r) && peek(&r) != ' ' && peek(&r) != 'T') return false;
      r.at = r.text.len;
    }
  }
  return done(&r) && civil_to_day(sign * year, month, of_month, day);
}

/* ---- zones ----------------------------------------------------------------------------------- */

/* [+-]h[h][:m[m][:ss]] or [+-]hhmm[ss]; at most 18 hours. */
static bool read_offset(reader *r, int64_t *seconds)
{
  int32_t hour, minute = 0, second = 0;
  if (peek(r) != '-' && peek(r) != '+') return false;
  int64_t sign = read_sign(r);
  size_t begin = r->at;
  if (!digits(r, 1, 6, &hour)) return false;
  size_t count = r->at - begin;
  if (count == 4) {
    minute = hour % 100;
    hour /= 100;
  } else if (count == 6) {
    second = hour % 100;
    minute = hour / 100 % 100;
    hour /= 10000;
  } else if (count > 2) {
    return false;
  }
  if (count <= 2 && accept(r, ':')) {
    if (!digits(r, 1, 2, &minute)) return false;
    if (accept(r, ':') && !digits(r, 2, 2, &second)) return false;
  }
  if (!done(r) || minute > 59 || second > 59) return false;
  *seconds = sign * (hour * 3600 + minute * 60 + second);
  return *seconds >= -64800 && *seconds <= 64800;
}

static int read_zone(gn_str name, int64_t *seconds)
{
  static const char *const prefixes[] = {"UTC", "GMT", "UT", "Z"};
  reader r = {gnp_trim_all(name), 0};
  *seconds = 0;
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    if (!gni_str_starts(r.text, prefixes[i])) continue;
    r.at = strlen(prefixes[i]);
    if (done(&r)) return GNP_TIME_OK;
    if (i < 3 && read_offset(&r, seconds)) return GNP_TIME_OK;
    break;
  }
  r.at = 0;
  if (read_offset(&r, seconds)) return GNP_TIME_OK;
  for (size_t i = 0; i < r.text.len; i++)
    if (r.text.ptr[i] == '/' || (r.text.ptr[i] >= 'A' && r.text.ptr[i] <= 'Z'))
      return GNP_TIME_ZONE;
  return GNP_TIME_BAD;
}

/* ---- timestamps ------------------------------------------------------------------------------ */

typedef struct clock_time {
  int32_t hour, minute, second;
  int64_t micros;
  gn_str zone;
} clock_time;

/* Up to six digits count; the rest is cut. */
static void read_fraction(reader *r, int64_t *micros)
{
  int count = 0;
  *micros = 0;
  for (; peek(r) >= '0' && peek(r) <= '9'; r->at++, count++)
    if (count < 6) *micros = *micros * 10 + (peek(r) - '0');
  for (; count < 6; count++) *micros *= 10;
}

/* h[:m[:s[.f]]][zone]; the hour was read when `has_hour`. A zone may follow the seconds only. */
static bool read_clock(reader *r, bool has_hour, clock_time *t)
{
  if (!has_hour && !digits(r, 1, 2, &t->hour)) return false;
  if (done(r)) return true;
  if (!accept(r, ':') || !digits(r, 1, 2, &t->minute)) return false;
  if (done(r)) return true;
  if (!accept(r, ':') || !digits(r, 1, 2, &t->second)) return false;
  if (accept(r, '.')) read_fraction(r, &t->micros);
  t->zone = (gn_str){r->text.ptr + r->at, r->text.len - r->at};
  return true;
}

static int combine(int32_t day, const clock_time *t, int64_t *us)
{
  int64_t offset = 0;
  if (t->hour > 23 || t->minute > 59 || t->second > 59) return GNP_TIME_BAD;
  int rc = t->zone.len ? read_zone(t->zone, &offset) : GNP_TIME_OK;
  if (rc != GNP_TIME_OK) return rc;
  int64_t seconds = t->hour * 3600 + t->minute * 60 + t->second - offset;
  int64_t within = seconds * GNP_SECOND_US + t->micros;
  if (__builtin_mul_overflow((int64_t)day, GNP_DAY_US, us)) return GNP_TIME_BAD;
  return __builtin_add_overflow(*us, within, us) ? GNP_TIME_BAD : GNP_TIME_OK;
}

static int parse_time_only(reader *r, bool has_hour, clock_time *t, int64_t now_us, int64_t *us)
{
  if (!read_clock(r, has_hour, t)) return GNP_TIME_BAD;
  return combine((int32_t)gnp_floor_div(now_us, GNP_DAY_US), t, us);
}

int gnp_sql_timestamp_parse(gn_str text, int64_t now_us, int64_t *us)
{
  reader r = {gnp_trim_all(text), 0};
  clock_time t = {0};
  int32_t first, month = 1, of_month = 1, day;
  if (accept(&r, 'T')) return parse_time_only(&r, false, &t, now_us, us);
  bool bare = peek(&r) != '-' && peek(&r) != '+';
  int64_t sign = read_sign(&r);
  size_t begin = r.at;
  if (!digits(&r, 1, 6, &first)) return GNP_TIME_BAD;
  if (bare && peek(&r) == ':') {
    t.hour = first;
    return r.at - begin <= 2 ? parse_time_only(&r, true, &t, now_us, us) : GNP_TIME_BAD;
  }
  if (r.at - begin < 4) return GNP_TIME_BAD;
  if (accept(&r, '-')) {
    if (!digits(&r, 1, 2, &month)) return GNP_TIME_BAD;
    if (accept(&r, '-')) {
      if (!digits(&r, 1, 2, &of_month)) return GNP_TIME_BAD;
      bool clock = accept(&r, ' ') || accept(&r, 'T');
      if (clock && !read_clock(&r, false, &t)) return GNP_TIME_BAD;
    }
  }
  if (!t.zone.len && !done(&r)) return GNP_TIME_BAD;
  if (!civil_to_day(sign * first, month, of_month, &day)) return GNP_TIME_BAD;
  return combine(day, &t, us);
}

/* ---- to text --------------------------------------------------------------------------------- */

/* Java writes a plus before years past 9999. */
size_t gnp_sql_date_format(int32_t day, char out[GNP_DATE_TEXT_BYTES])
{
  int64_t era = gnp_floor_div(day, 146097);
  int32_t year, month, of_month;
  gni_day_to_civil((int32_t)(day - era * 146097), &year, &month, &of_month);
  int64_t whole = year + era * 400;
  const char *sign = whole < 0 ? "-" : whole > 9999 ? "+" : "";
  int len = snprintf(out, GNP_DATE_TEXT_BYTES, "%s%04lld-%02d-%02d", sign,
                     (long long)(whole < 0 ? -whole : whole), month, of_month);
  return (size_t)len;
}

size_t gnp_sql_timestamp_format(int64_t us, char out[GNP_TIMESTAMP_TEXT_BYTES])
{
  int64_t day = gnp_floor_div(us, GNP_DAY_US), within = gnp_floor_mod(us, GNP_DAY_US);
  int64_t seconds = within / GNP_SECOND_US, micros = within % GNP_SECOND_US;
  size_t len = gnp_sql_date_format((int32_t)day, out);
  len += (size_t)snprintf(out + len, GNP_TIMESTAMP_TEXT_BYTES - len, " %02d:%02d:%02d",
                          (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
  if (!micros) return len;
  len += (size_t)snprintf(out + len, GNP_TIMESTAMP_TEXT_BYTES - len, ".%06d", (int)micros);
  while (out[len - 1] == '0') len--;
  return len;
}
