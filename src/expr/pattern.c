/* Java's patterns of dates and times. SPDX-License-Identifier: Apache-2.0 */
#include "expr/pattern.h"

#include "expr/datetime.h"

const char *const gnp_month_names[12] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
const char *const gnp_day_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};

typedef struct pattern_part {
  char letter; /* 0: literal; [ and ] open and close what may be left out */
  uint8_t count;
  gn_str literal;
} pattern_part;

typedef struct pattern_plan {
  size_t count;
  pattern_part *parts;
} pattern_plan;

/* ---- the plan -------------------------------------------------------------------------------- */

/* The letters that are known, and the most of each. */
static const struct letter_row {
  char letter;
  uint8_t most;
} letters[] = {{'y', 6}, {'u', 6}, {'M', 4}, {'L', 4}, {'d', 2}, {'D', 3}, {'E', 4},
               {'a', 1}, {'h', 2}, {'H', 2}, {'k', 2}, {'K', 2}, {'m', 2}, {'s', 2},
               {'S', 9}, {'Q', 4}, {'q', 4}, {'G', 4}, {'X', 3}, {'x', 3}, {'Z', 4},
               {'z', 4}, {'V', 2}, {'O', 4}, {'F', 1}};

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_known(char letter, size_t count)
{
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
    if (letters[i].letter == letter) return count <= letters[i].most && letter != 'u';
  return false;
}

/* 'quoted' text; '' is a quote. */
static int read_quoted(gn_str pattern, size_t *at, pattern_part *part, gn_error *err)
{
  size_t i = *at, end = i + 1;
  while (end < pattern.len && pattern.ptr[end] != '\'') end++;
  if (end == pattern.len)
    return gni_fail(err, GN_E_PARSE, "a quote of the pattern '%.*s' is not closed",
                    GN_STR_ARGS(pattern));
  part->literal =
      end == i + 1 ? (gn_str){pattern.ptr + i, 1} : (gn_str){pattern.ptr + i + 1, end - i - 1};
  *at = end + 1;
  return GN_OK;
}

static int read_part(gn_str pattern, bool reads, size_t *at, pattern_part *part, gn_error *err)
{
  size_t i = *at;
  char c = pattern.ptr[i];
  *part = (pattern_part){0};
  if (c == '\'') return read_quoted(pattern, at, part, err);
  if (c == '[' || c == ']') {
    part->letter = c;
    *at = i + 1;
    return GN_OK;
  }
  if (!is_letter(c)) {
    part->literal = (gn_str){pattern.ptr + i, 1};
    *at = i + 1;
    return GN_OK;
  }
  while (i < pattern.len && pattern.ptr[i] == c) i++;
  part->letter = c;
  part->count = (uint8_t)(i - *at > 20 ? 20 : i - *at);
  *at = i;
  if (is_known(c, part->count) && !(reads && strchr("EFqQ", c))) return GN_OK;
  return gni_fail(err, GN_E_UNSUPPORTED, "'%.*s' in the pattern '%.*s' is not supported",
                  (int)part->count, pattern.ptr + i - part->count, GN_STR_ARGS(pattern));
}

int gnp_pattern_take(gn_str pattern, bool reads, gn_arena *arena, const void **plan, gn_error *err)
{
  pattern_plan *p = GN_TAKE_ZERO(arena, pattern_plan, 1);
  if (p) p->parts = GN_TAKE(arena, pattern_part, pattern.len);
  if (!p || !p->parts) return gni_fail(err, GN_E_NOMEM, "out of memory while reading a pattern");
  for (size_t i = 0; i < pattern.len; p->count++) {
    int rc = read_part(pattern, reads, &i, &p->parts[p->count], err);
    if (rc != GN_OK) return rc;
  }
  *plan = p;
  return GN_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct fields {
  int32_t year, month, day, of_year, hour, half_hour, minute, second, half;
  int64_t micros, offset_seconds;
  bool has_half, has_hour, has_half_hour, has_of_year, before_christ;
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

/* One letter takes one or two digits, two letters two. Next to another number the width is fixed.
 */
static bool take_width(gn_str text, size_t *at, const pattern_part *part, bool adjacent,
                       int32_t *out)
{
  size_t width = part->count;
  return take_number(text, at, width, width > 1 || adjacent ? width : 2, out);
}

static bool take_year(gn_str text, size_t *at, const pattern_part *part, bool adjacent, fields *f)
{
  size_t count = part->count;
  if (count == 2) {
    if (!take_number(text, at, 2, 2, &f->year)) return false;
    f->year += 2000;
    return true;
  }
  bool plus = *at < text.len && text.ptr[*at] == '+',
       minus = *at < text.len && text.ptr[*at] == '-';
  if (plus && count < 4) return false;
  *at += plus || minus;
  size_t most = plus || count < 4 ? 9 : count;
  size_t least = plus ? count + 1 : count;
  if (!take_number(text, at, least, adjacent && !plus ? count : most, &f->year)) return false;
  if (minus) f->year = -f->year;
  return true;
}

/* However many letters, one to nine digits; what is finer than a microsecond is cut. */
static bool take_fraction(gn_str text, size_t *at, int64_t *micros)
{
  size_t begin = *at;
  *micros = 0;
  for (; *at < text.len && *at - begin < 9 && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at)
    if (*at - begin < 6) *micros = *micros * 10 + (text.ptr[*at] - '0');
  if (*at == begin) return false;
  for (size_t count = *at - begin; count < 6; count++) *micros *= 10;
  return true;
}

static bool take_name(gn_str text, size_t *at, const char *const *names, size_t count, bool full,
                      int32_t *out)
{
  for (size_t i = 0; i < count; i++) {
    size_t len = full ? strlen(names[i]) : 3;
    if (*at + len > text.len || memcmp(text.ptr + *at, names[i], len) != 0) continue;
    *out = (int32_t)i + 1;
    *at += len;
    return true;
  }
  return false;
}

static bool take_half(gn_str text, size_t *at, fields *f)
{
  if (*at + 2 > text.len || text.ptr[*at + 1] != 'M') return false;
  if (text.ptr[*at] != 'A' && text.ptr[*at] != 'P') return false;
  f->half = text.ptr[*at] == 'P';
  f->has_half = true;
  *at += 2;
  return true;
}

static bool take_word(gn_str text, size_t *at, const char *word)
{
  size_t len = strlen(word);
  if (*at + len > text.len || memcmp(text.ptr + *at, word, len) != 0) return false;
  *at += len;
  return true;
}

static bool letter_in(const pattern_part *part, const char *several)
{
  return strchr(several, part->letter) != NULL;
}

/* A name of UTC, where the letter takes one. */
static bool take_zone_name(const pattern_part *part, gn_str text, size_t *at)
{
  bool named = letter_in(part, "Vz");
  if (named && (take_word(text, at, "UTC") || take_word(text, at, "GMT"))) return true;
  return (named || part->letter == 'X') && take_word(text, at, "Z");
}

/* The minutes of an offset: with a colon they may be left out, without only from +hh. */
static bool take_minute(const pattern_part *part, gn_str text, size_t *at, int32_t *minute)
{
  bool colon = part->count == 3 || letter_in(part, "OVz");
  *minute = 0;
  if (colon) return !take_word(text, at, ":") || take_number(text, at, 2, 2, minute);
  return take_number(text, at, 2, 2, minute) || (part->count == 1 && letter_in(part, "Xx"));
}

/* +hh, +hhmm, +hh:mm, Z: which of them depends on the letters. */
static bool take_offset(const pattern_part *part, gn_str text, size_t *at, fields *f)
{
  int32_t hour, minute;
  if (take_zone_name(part, text, at)) return true;
  if (part->letter == 'O' && !take_word(text, at, "GMT")) return false;
  if (*at >= text.len || (text.ptr[*at] != '+' && text.ptr[*at] != '-')) return part->letter == 'O';
  bool negative = text.ptr[(*at)++] == '-';
  if (!take_number(text, at, part->letter == 'O' ? 1 : 2, 2, &hour)) return false;
  if (!take_minute(part, text, at, &minute)) return false;
  if (hour > 18 || minute > 59) return false;
  f->offset_seconds = (negative ? -1 : 1) * (hour * 3600 + minute * 60);
  return true;
}

static bool take_hour(const pattern_part *part, bool adjacent, gn_str text, size_t *at, fields *f)
{
  int32_t value;
  if (!take_width(text, at, part, adjacent, &value)) return false;
  bool of_half = part->letter == 'h' || part->letter == 'K';
  int32_t least = part->letter == 'h' || part->letter == 'k';
  int32_t most = (of_half ? 11 : 23) + least;
  if (value < least || value > most) return false;
  if (least && value == most) value = 0;
  *(of_half ? &f->half_hour : &f->hour) = value;
  *(of_half ? &f->has_half_hour : &f->has_hour) = true;
  return true;
}

static bool take_month(const pattern_part *part, bool adjacent, gn_str text, size_t *at, fields *f)
{
  if (part->count > 2) return take_name(text, at, gnp_month_names, 12, part->count == 4, &f->month);
  return take_width(text, at, part, adjacent, &f->month);
}

static bool take_era(gn_str text, size_t *at, fields *f)
{
  f->before_christ = take_word(text, at, "BC");
  return f->before_christ || take_word(text, at, "AD");
}

static bool take_part(const pattern_part *part, bool adjacent, gn_str text, size_t *at, fields *f)
{
  switch (part->letter) {
  case 'y':
    return take_year(text, at, part, adjacent, f);
  case 'M':
  case 'L':
    return take_month(part, adjacent, text, at, f);
  case 'd':
    return take_width(text, at, part, adjacent, &f->day);
  case 'D':
    f->has_of_year = true;
    return take_number(text, at, part->count, 3, &f->of_year);
  case 'H':
  case 'k':
  case 'h':
  case 'K':
    return take_hour(part, adjacent, text, at, f);
  case 'm':
    return take_width(text, at, part, adjacent, &f->minute);
  case 's':
    return take_width(text, at, part, adjacent, &f->second);
  case 'S':
    return take_fraction(text, at, &f->micros);
  case 'a':
    return take_half(text, at, f);
  case 'G':
    return take_era(text, at, f);
  case 'X':
  case 'x':
  case 'Z':
  case 'V':
  case 'z':
  case 'O':
    return take_offset(part, text, at, f);
  case '\0':
    break;
  default:
    return false;
  }
  if (part->literal.len > text.len - *at) return false;
  if (memcmp(text.ptr + *at, part->literal.ptr, part->literal.len) != 0) return false;
  *at += part->literal.len;
  return true;
}

static bool combine(fields *f, int64_t *us)
{
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (f->before_christ) f->year = 1 - f->year;
  bool leap = (f->year % 4 == 0 && f->year % 100 != 0) || f->year % 400 == 0;
  if (f->month < 1 || f->month > 12 || f->day < 1) return false;
  if (f->day > lengths[f->month - 1] + (f->month == 2 && leap)) return false;
  if (f->has_of_year && (f->of_year < 1 || f->of_year > 365 + leap)) return false;
  if (f->minute > 59 || f->second > 59) return false;
  /* An hour of the half day is one of the morning unless it says otherwise. */
  if (f->has_half_hour) f->hour = f->half_hour + (f->has_half ? 12 * f->half : 0);
  int64_t day = gni_day_from_civil(f->year, f->month, f->day);
  if (f->has_of_year) day = gni_day_from_civil(f->year, 1, 1) + f->of_year - 1;
  int64_t seconds = day * 86400 + f->hour * 3600 + f->minute * 60 + f->second - f->offset_seconds;
  *us = seconds * GNP_SECOND_US + f->micros;
  return true;
}

static bool is_number_part(const pattern_part *part)
{
  return (part->letter && strchr("ydDHhKkmsS", part->letter)) ||
         ((part->letter == 'M' || part->letter == 'L') && part->count <= 2);
}

static size_t closing(const pattern_plan *p, size_t open)
{
  size_t depth = 0, i = open;
  for (; i < p->count; i++) {
    if (p->parts[i].letter == '[') depth++;
    if (p->parts[i].letter == ']' && --depth == 0) break;
  }
  return i;
}

/* Reads parts [begin, end); what is in brackets is read when it fits. */
static bool take_parts(const pattern_plan *p, size_t begin, size_t end, gn_str text, size_t *at,
                       fields *f, int depth)
{
  for (size_t i = begin; i < end; i++) {
    const pattern_part *part = &p->parts[i];
    if (part->letter == '[' && depth < 8) {
      size_t close = closing(p, i), tried = *at;
      fields saved = *f;
      if (take_parts(p, i + 1, close < end ? close : end, text, &tried, f, depth + 1))
        *at = tried;
      else
        *f = saved;
      i = close;
      continue;
    }
    bool adjacent = i + 1 < end && is_number_part(&p->parts[i + 1]) && is_number_part(part);
    if (part->letter != ']' && !take_part(part, adjacent, text, at, f)) return false;
  }
  return true;
}

bool gnp_pattern_parse(const void *plan, gn_str text, int64_t *us)
{
  const pattern_plan *p = plan;
  fields f = {.year = 1970, .month = 1, .day = 1};
  size_t at = 0;
  return take_parts(p, 0, p->count, text, &at, &f, 0) && at == text.len && combine(&f, us);
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct moment {
  int64_t year, day, second_of_day, micros;
  int32_t month, of_month;
} moment;

static moment split_moment(int64_t us)
{
  moment m = {.day = gnp_floor_div(us, GNP_DAY_US)};
  int64_t within = gnp_floor_mod(us, GNP_DAY_US), era = gnp_floor_div(m.day, 146097);
  int32_t year;
  gni_day_to_civil((int32_t)(m.day - era * 146097), &year, &m.month, &m.of_month);
  m.year = year + era * 400;
  m.second_of_day = within / GNP_SECOND_US;
  m.micros = within % GNP_SECOND_US;
  return m;
}

static void put_number(gnp_text *out, int64_t value, size_t width)
{
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  while (sizeof digits - at < width) digits[--at] = '0';
  if (value < 0) gnp_text_add_char(out, '-');
  gnp_text_add(out, (gn_str){digits + at, sizeof digits - at});
}

static void put_year(gnp_text *out, int64_t year, size_t count)
{
  if (count == 2) {
    put_number(out, (year < 0 ? -year : year) % 100, 2);
    return;
  }
  if (count >= 4 && year > 9999 && count < 5) gnp_text_add_char(out, '+');
  put_number(out, year, count);
}

static void put_name(gnp_text *out, const char *name, bool full)
{
  gnp_text_add(out, (gn_str){name, full ? strlen(name) : 3});
}

static void put_fraction(gnp_text *out, int64_t micros, size_t count)
{
  char digits[9] = "000000000";
  for (int i = 5; i >= 0; i--, micros /= 10) digits[i] = (char)('0' + micros % 10);
  gnp_text_add(out, (gn_str){digits, count});
}

static void put_zone(gnp_text *out, const pattern_part *part)
{
  switch (part->letter) {
  case 'X':
    gnp_text_add_char(out, 'Z');
    break;
  case 'x':
    gnp_text_add_word(out, part->count == 1 ? "+00" : part->count == 2 ? "+0000" : "+00:00");
    break;
  case 'Z':
    gnp_text_add_word(out, part->count == 4 ? "GMT" : "+0000");
    break;
  case 'O':
    gnp_text_add_word(out, "GMT");
    break;
  case 'z':
    gnp_text_add_word(out, part->count == 4 ? "Coordinated Universal Time" : "UTC");
    break;
  default:
    gnp_text_add_word(out, "UTC");
    break;
  }
}

static void put_quarter(gnp_text *out, int32_t month, size_t count)
{
  static const char *const names[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  int32_t quarter = (month + 2) / 3;
  if (count == 3) gnp_text_add_char(out, 'Q');
  if (count == 4)
    gnp_text_add_word(out, names[quarter - 1]);
  else
    put_number(out, quarter, count == 2 ? 2 : 1);
}

static void put_hour(gnp_text *out, const pattern_part *part, int64_t hour)
{
  switch (part->letter) {
  case 'h':
    hour = (hour + 11) % 12 + 1;
    break;
  case 'K':
    hour %= 12;
    break;
  case 'k':
    hour = hour ? hour : 24;
    break;
  default:
    break;
  }
  put_number(out, hour, part->count);
}

static int64_t of_year(const moment *m)
{
  int64_t era = gnp_floor_div(m->year, 400);
  return m->day - (era * 146097 + gni_day_from_civil((int32_t)(m->year - era * 400), 1, 1)) + 1;
}

static bool put_part(gnp_text *out, const pattern_part *part, const moment *m)
{
  int64_t hour = m->second_of_day / 3600;
  size_t count = part->count;
  switch (part->letter) {
  case 'y':
    put_year(out, m->year, count);
    break;
  case 'M':
  case 'L':
    if (count > 2)
      put_name(out, gnp_month_names[m->month - 1], count == 4);
    else
      put_number(out, m->month, count);
    break;
  case 'd':
    put_number(out, m->of_month, count);
    break;
  case 'D':
    put_number(out, of_year(m), count);
    break;
  case 'E':
    put_name(out, gnp_day_names[gnp_floor_mod(m->day + 3, 7)], count == 4);
    break;
  case 'F':
    put_number(out, (m->of_month - 1) % 7 + 1, count);
    break;
  case 'a':
    gnp_text_add_word(out, hour < 12 ? "AM" : "PM");
    break;
  case 'H':
  case 'k':
  case 'h':
  case 'K':
    put_hour(out, part, hour);
    break;
  case 'm':
    put_number(out, m->second_of_day / 60 % 60, count);
    break;
  case 's':
    put_number(out, m->second_of_day % 60, count);
    break;
  case 'S':
    put_fraction(out, m->micros, count);
    break;
  case 'Q':
  case 'q':
    put_quarter(out, m->month, count);
    break;
  case 'G':
    gnp_text_add_word(out, count == 4 ? (m->year > 0 ? "Anno Domini" : "Before Christ")
                                      : (m->year > 0 ? "AD" : "BC"));
    break;
  case 'X':
  case 'x':
  case 'Z':
  case 'z':
  case 'V':
  case 'O':
    put_zone(out, part);
    break;
  case '[':
  case ']':
    break;
  default:
    gnp_text_add(out, part->literal);
    break;
  }
  return true;
}

/* With an era in the pattern the year counts within it. */
bool gnp_pattern_format(const void *plan, int64_t us, gnp_text *out)
{
  const pattern_plan *p = plan;
  moment m = split_moment(us), with_era = m;
  bool era = false;
  for (size_t i = 0; i < p->count; i++) era |= p->parts[i].letter == 'G';
  if (m.year <= 0) with_era.year = 1 - m.year;
  for (size_t i = 0; i < p->count; i++) {
    bool year = p->parts[i].letter == 'y' && era;
    if (!put_part(out, &p->parts[i], year ? &with_era : &m)) return false;
  }
  return true;
}
