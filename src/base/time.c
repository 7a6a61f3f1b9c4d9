/* Clocks, and days as numbers and as text. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <time.h>

int64_t gni_clock_now_ms(const gni_clock *clock)
{
  struct timespec now;
  if (clock && clock->fixed) return clock->fixed_ms;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t gni_monotonic_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Years are counted from March, so that the leap day is the last of its year; an era is 400 of
 * them, always 146,097 days. */
int32_t gni_day_from_civil(int32_t year, int32_t month, int32_t day)
{
  int32_t shifted = month <= 2 ? year - 1 : year;
  int32_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  int32_t year_of_era = shifted - era * 400;
  int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void gni_day_to_civil(int32_t day_number, int32_t *year, int32_t *month, int32_t *day)
{
  int32_t shifted = day_number + 719468;
  int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int32_t day_of_era = shifted - era * 146097;
  int32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int32_t march_month = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * march_month + 2) / 5 + 1;
  *month = march_month < 10 ? march_month + 3 : march_month - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}

int32_t gni_day_of_ms(int64_t ms)
{
  int64_t day = ms / GN_DAY_MS;
  if (ms % GN_DAY_MS < 0) day--;
  return (int32_t)day;
}

/* Length of the run of one letter that starts at `at`. */
static size_t run_length(gn_str pattern, size_t at)
{
  size_t end = at;
  while (end < pattern.len && pattern.ptr[end] == pattern.ptr[at]) end++;
  return end - at;
}

static bool is_letter(char c)
{
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static int bad_pattern(gn_str pattern, gn_error *err)
{
  gni_fail(err, GN_E_PARSE, "day pattern '%.*s' has letters other than y, M and d",
           GN_STR_ARGS(pattern));
  gni_error_hint(err, "use yyyy-MM-dd or yyyyMMdd");
  return GN_E_PARSE;
}

static int32_t *pattern_part(char letter, int32_t parts[3])
{
  return letter == 'y' ? &parts[0] : letter == 'M' ? &parts[1] : letter == 'd' ? &parts[2] : NULL;
}

static bool read_digits(gn_str text, size_t at, size_t count, int32_t *out)
{
  *out = 0;
  if (at + count > text.len || count > 6) return false;
  for (size_t i = at; i < at + count; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
    *out = *out * 10 + (text.ptr[i] - '0');
  }
  return true;
}

static int not_a_day(gn_str text, gn_str pattern, gn_error *err)
{
  gni_fail(err, GN_E_PARSE, "'%.*s' is not a day written as %.*s", GN_STR_ARGS(text),
           GN_STR_ARGS(pattern));
  return GN_E_PARSE;
}

int gni_day_parse(gn_str text, gn_str pattern, int32_t *day_number, gn_error *err)
{
  int32_t parts[3] = {1970, 1, 1}, year, month, day;
  size_t at = 0;
  *day_number = 0;
  for (size_t i = 0; i < pattern.len;) {
    size_t run = run_length(pattern, i);
    int32_t *part = pattern_part(pattern.ptr[i], parts);
    if (part) {
      if (!read_digits(text, at, run, part)) return not_a_day(text, pattern, err);
    } else if (is_letter(pattern.ptr[i])) {
      return bad_pattern(pattern, err);
    } else if (at + run > text.len || memcmp(text.ptr + at, pattern.ptr + i, run) != 0) {
      return not_a_day(text, pattern, err);
    }
    at += run;
    i += run;
  }
  if (at != text.len || parts[1] < 1 || parts[1] > 12) return not_a_day(text, pattern, err);
  *day_number = gni_day_from_civil(parts[0], parts[1], parts[2]);
  gni_day_to_civil(*day_number, &year, &month, &day);
  if (month != parts[1] || day != parts[2]) return not_a_day(text, pattern, err);
  return GN_OK;
}

int gni_day_format(int32_t day_number, gn_str pattern, char *out, size_t out_size, gn_error *err)
{
  int32_t parts[3];
  size_t at = 0;
  gni_day_to_civil(day_number, &parts[0], &parts[1], &parts[2]);
  if (pattern.len + 1 > out_size)
    return gni_fail(err, GN_E_LIMIT, "day pattern '%.*s' is too long", GN_STR_ARGS(pattern));
  for (size_t i = 0; i < pattern.len;) {
    size_t run = run_length(pattern, i);
    const int32_t *part = pattern_part(pattern.ptr[i], parts);
    if (!part && is_letter(pattern.ptr[i])) return bad_pattern(pattern, err);
    int32_t value = part ? *part : 0;
    for (size_t k = run; k-- > 0;) {
      out[at + k] = part ? "0123456789"[value % 10] : pattern.ptr[i];
      value /= 10;
    }
    at += run;
    i += run;
  }
  out[at] = '\0';
  return GN_OK;
}
