/* Java's patterns of dates and times. SPDX-License-Identifier: Apache-2.0 */
#include "expr/pattern.h"

#include "expr/datetime.h"

typedef struct pattern_part {
  char letter; /* 0: literal */
  uint8_t count;
  gn_str literal;
} pattern_part;

typedef struct pattern_plan {
  size_t count;
  pattern_part *parts;
} pattern_plan;

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int unknown_letter(gn_error *err, gn_str pattern, char letter)
{
  return gni_fail(err, GN_E_UNSUPPORTED, "letter '%c' of the pattern '%.*s' is not supported",
                  letter, GN_STR_ARGS(pattern));
}

/* 'quoted' text; '' is a quote. */
static size_t quoted_end(gn_str pattern, size_t at)
{
  size_t i = at + 1;
  while (i < pattern.len && pattern.ptr[i] != '\'') i++;
  return i;
}

static int read_part(gn_str pattern, size_t *at, pattern_part *part, gn_error *err)
{
  size_t i = *at;
  char c = pattern.ptr[i];
  *part = (pattern_part){0};
  if (is_letter(c)) {
    while (i < pattern.len && pattern.ptr[i] == c) i++;
    part->letter = c;
    part->count = (uint8_t)(i - *at > 20 ? 20 : i - *at);
    *at = i;
    bool known = strchr("yMdHhmsSa", c) && !(c == 'M' && part->count > 2) &&
                 !(c == 'y' && part->count == 3) && !(c == 'S' && part->count > 9) &&
                 !(strchr("dHhms", c) && part->count > 2);
    return known ? GN_OK : unknown_letter(err, pattern, c);
  }
  if (c == '\'') {
    size_t end = quoted_end(pattern, i);
    if (end == pattern.len)
      return gni_fail(err, GN_E_PARSE, "a quote of the pattern '%.*s' is not closed",
                      GN_STR_ARGS(pattern));
    part->literal = end == i + 1 ? (gn_str){pattern.ptr + i, 1}
                                 : (gn_str){pattern.ptr + i + 1, end - i - 1};
    *at = end + 1;
    return GN_OK;
  }
  part->literal = (gn_str){pattern.ptr + i, 1};
  *at = i + 1;
  return GN_OK;
}

int gnp_pattern_take(gn_str pattern, gn_arena *arena, const void **plan, gn_error *err)
{
  pattern_plan *p = GN_TAKE_ZERO(arena, pattern_plan, 1);
  if (p) p->parts = GN_TAKE(arena, pattern_part, pattern.len);
  if (!p || !p->parts) return gni_fail(err, GN_E_NOMEM, "out of memory while reading a pattern");
  for (size_t i = 0; i < pattern.len; p->count++) {
    int rc = read_part(pattern, &i, &p->parts[p->count], err);
    if (rc != GN_OK) return rc;
  }
  *plan = p;
  return GN_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct fields {
  int32_t year, month, day, hour, minute, second, half;
  int64_t micros;
  bool has_half;
} fields;

static bool take_number(gn_str text, size_t *at, size_t least, size_t most, int32_t *out)
{
  size_t i = *at;
  int32_t value = 0;
  for (; i < text.len && i - *at < most && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
    value = value * 10 + (text.ptr[i] - '0');
  if (i - *at < least) return false;
  *out = value;
  *at = i;
  return true;
}

/* A letter next to a digit letter must not eat the other's digits. */
static bool take_width(gn_str text, size_t *at, const pattern_part *part, bool adjacent, int32_t *out)
{
  size_t width = part->count;
  return take_number(text, at, width, width > 1 || adjacent ? width : 2, out);
}

static bool take_year(gn_str text, size_t *at, const pattern_part *part, bool adjacent, fields *f)
{
  if (part->count == 2) {
    if (!take_number(text, at, 2, 2, &f->year)) return false;
    f->year += 2000;
    return true;
  }
  size_t least = part->count, most = adjacent ? part->count : 9;
  return take_number(text, at, least, part->count >= 4 && !adjacent ? part->count : most, &f->year);
}

static bool take_fraction(gn_str text, size_t *at, size_t count, int64_t *micros)
{
  int32_t value;
  if (!take_number(text, at, count, count, &value)) return false;
  *micros = value;
  for (; count < 6; count++) *micros *= 10;
  for (; count > 6; count--) *micros /= 10;
  return true;
}

static bool take_half(gn_str text, size_t *at, fields *f)
{
  if (*at + 2 > text.len || (text.ptr[*at + 1] | 32) != 'm') return false;
  char c = (char)(text.ptr[*at] | 32);
  if (c != 'a' && c != 'p') return false;
  f->half = c == 'p';
  f->has_half = true;
  *at += 2;
  return true;
}

static bool take_part(const pattern_part *part, bool adjacent, gn_str text, size_t *at, fields *f)
{
  switch (part->letter) {
  case 'y': return take_year(text, at, part, adjacent, f);
  case 'M': return take_width(text, at, part, adjacent, &f->month);
  case 'd': return take_width(text, at, part, adjacent, &f->day);
  case 'H':
  case 'h': return take_width(text, at, part, adjacent, &f->hour);
  case 'm': return take_width(text, at, part, adjacent, &f->minute);
  case 's': return take_width(text, at, part, adjacent, &f->second);
  case 'S': return take_fraction(text, at, part->count, &f->micros);
  case 'a': return take_half(text, at, f);
  default: break;
  }
  if (part->literal.len > text.len - *at) return false;
  if (memcmp(text.ptr + *at, part->literal.ptr, part->literal.len) != 0) return false;
  *at += part->literal.len;
  return true;
}

static bool combine(const fields *f, int64_t *us)
{
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (f->year % 4 == 0 && f->year % 100 != 0) || f->year % 400 == 0;
  if (f->month < 1 || f->month > 12 || f->day < 1) return false;
  if (f->day > lengths[f->month - 1] + (f->month == 2 && leap)) return false;
  if (f->hour > 23 || f->minute > 59 || f->second > 59) return false;
  if (f->has_half && (f->hour < 1 || f->hour > 12)) return false;
  int32_t hour = f->has_half ? f->hour % 12 + 12 * f->half : f->hour;
  int64_t day = gni_day_from_civil(f->year, f->month, f->day);
  int64_t seconds = day * 86400 + hour * 3600 + f->minute * 60 + f->second;
  *us = seconds * GNP_SECOND_US + f->micros;
  return true;
}

bool gnp_pattern_parse(const void *plan, gn_str text, int64_t *us)
{
  const pattern_plan *p = plan;
  fields f = {.year = 1970, .month = 1, .day = 1};
  size_t at = 0;
  for (size_t i = 0; i < p->count; i++) {
    bool adjacent = i + 1 < p->count && p->parts[i + 1].letter && p->parts[i + 1].letter != 'a';
    if (!take_part(&p->parts[i], adjacent, text, &at, &f)) return false;
  }
  return at == text.len && combine(&f, us);
}
