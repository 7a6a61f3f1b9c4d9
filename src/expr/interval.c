/* INTERVAL literals: year-month ones are months, day-time ones microseconds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/datetime.h"
#include "expr/tree.h"

static const struct unit_row {
  const char *name;
  bool months; /* else microseconds */
  int64_t size;
} units[] = {
    {"year", true, 12},
    {"month", true, 1},
    {"week", false, 7 * GNP_DAY_US},
    {"day", false, GNP_DAY_US},
    {"hour", false, 3600 * GNP_SECOND_US},
    {"minute", false, 60 * GNP_SECOND_US},
    {"second", false, GNP_SECOND_US},
    {"millisecond", false, 1000},
    {"microsecond", false, 1},
};

static const struct unit_row *find_unit(gn_str word)
{
  if (word.len && (word.ptr[word.len - 1] | 32) == 's') word.len--;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (gnp_same_word(word, gni_str(units[i].name))) return &units[i];
  return NULL;
}

bool gnp_is_interval_unit(const gnp_token *token)
{
  return token->kind == GNP_TOKEN_NAME && find_unit(token->text);
}

typedef struct amounts {
  int64_t months, micros;
  bool has_months, has_micros, has_time;
} amounts;

/* A whole number times the unit; seconds may have a fraction. */
static bool add_amount(amounts *sum, const struct unit_row *unit, gn_str number, bool negative)
{
  gn_str rest = gni_str_trim(number), whole;
  int64_t count, part = 0, size = 100000;
  if (rest.len && (rest.ptr[0] == '-' || rest.ptr[0] == '+')) {
    negative = negative != (rest.ptr[0] == '-');
    rest = (gn_str){rest.ptr + 1, rest.len - 1};
  }
  if (!gni_str_split(&rest, '.', &whole) || gni_parse_int64(whole, &count) != GN_OK) return false;
  if (rest.len && unit->size != GNP_SECOND_US) return false;
  for (size_t i = 0; i < rest.len; i++, size /= 10) {
    if (rest.ptr[i] < '0' || rest.ptr[i] > '9') return false;
    part += (rest.ptr[i] - '0') * size;
  }
  int64_t *target = unit->months ? &sum->months : &sum->micros;
  *(unit->months ? &sum->has_months : &sum->has_micros) = true;
  sum->has_time |= !unit->months && unit->size < GNP_DAY_US;
  if (__builtin_mul_overflow(count, unit->size, &count) ||
      __builtin_add_overflow(count, part, &count))
    return false;
  return !(negative ? __builtin_sub_overflow(*target, count, target)
                    : __builtin_add_overflow(*target, count, target));
}

/* '1 day 2 hours' in one text. */
static bool add_words(amounts *sum, gn_str text)
{
  gn_str rest = gni_str_trim(text), word, number = {NULL, 0};
  if (rest.len > 9 && gnp_same_word((gn_str){rest.ptr, 9}, GN_STR("interval ")))
    rest = (gn_str){rest.ptr + 9, rest.len - 9};
  bool some = false;
  while (gni_str_split(&rest, ' ', &word)) {
    if (!word.len) continue;
    if (!number.ptr) {
      number = word;
      continue;
    }
    const struct unit_row *unit = find_unit(word);
    if (!unit || !add_amount(sum, unit, number, false)) return false;
    number = (gn_str){NULL, 0};
    some = true;
  }
  return some && !number.ptr;
}

/* 'y-m' YEAR TO MONTH; 'd h:m:s.f' from any unit TO a smaller one. */
static bool add_range(amounts *sum, gn_str text, const struct unit_row *from,
                      const struct unit_row *to, bool negative)
{
  static const char marks[] = "- ::"; /* after year, day, hour, minute */
  gn_str rest = gni_str_trim(text), part;
  if (rest.len && (rest.ptr[0] == '-' || rest.ptr[0] == '+')) {
    negative = negative != (rest.ptr[0] == '-');
    rest = (gn_str){rest.ptr + 1, rest.len - 1};
  }
  for (const struct unit_row *unit = from; unit <= to; unit++) {
    char mark = marks[unit->months ? 0 : unit->size == GNP_DAY_US ? 1 : 2];
    if (unit == to)
      part = rest;
    else if (!gni_str_split(&rest, mark, &part))
      return false;
    if (!part.len || part.ptr[0] == '-' || part.ptr[0] == '+') return false;
    if (!add_amount(sum, unit, part, negative)) return false;
  }
  return true;
}

static int bad_interval(gnp_parser *p, size_t begin)
{
  return gnp_parse_fail(p, GN_E_PARSE, begin, p->previous_end, "this is not an interval");
}

static int finish(gnp_parser *p, size_t begin, const amounts *sum, const gni_expr **out)
{
  if (sum->has_months && sum->has_micros)
    return gnp_parse_fail(p, GN_E_UNSUPPORTED, begin, p->previous_end,
                          "an interval of months and of days or time is not supported");
  if (sum->months < INT32_MIN || sum->months > INT32_MAX) return bad_interval(p, begin);
  gni_expr *node = gnp_node(p, GNP_NODE_LITERAL, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->type = sum->has_months ? &gnp_type_months
               : sum->has_time ? &gnp_type_micros
                               : &gnp_type_days;
  node->value = gni_value_integer(sum->has_months ? sum->months : sum->micros);
  *out = node;
  return GN_OK;
}

/* One quantity: its number (a text without quotes, or digits) and sign. */
static int read_quantity(gnp_parser *p, gn_str *number, bool *negative)
{
  bool plus = false;
  int rc = gnp_parse_accept_mark(p, "-", negative);
  if (rc == GN_OK && !*negative) rc = gnp_parse_accept_mark(p, "+", &plus);
  if (rc != GN_OK) return rc;
  *number = p->token.text;
  if (p->token.kind == GNP_TOKEN_TEXT)
    *number = (gn_str){number->ptr + 1, number->len - 2};
  else if (p->token.kind != GNP_TOKEN_NUMBER)
    return gnp_parse_expected(p, "a number");
  return gnp_parse_advance(p);
}

/* A number and a unit is ahead. */
static bool quantity_ahead(const gnp_parser *p)
{
  gnp_token next = gnp_parse_peek(p);
  return (p->token.kind == GNP_TOKEN_NUMBER || p->token.kind == GNP_TOKEN_TEXT) &&
         gnp_is_interval_unit(&next);
}

/* One quantity with its unit, or with a range of them, which ends the interval. */
static int parse_part(gnp_parser *p, size_t begin, amounts *sum, bool *more)
{
  gn_str number;
  bool negative, range;
  int rc = read_quantity(p, &number, &negative);
  *more = false;
  if (rc != GN_OK) return rc;
  const struct unit_row *unit = p->token.kind == GNP_TOKEN_NAME ? find_unit(p->token.text) : NULL;
  if (!unit) return add_words(sum, number) ? GN_OK : bad_interval(p, begin);
  rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "to", &range);
  if (rc != GN_OK) return rc;
  if (!range) {
    if (!add_amount(sum, unit, number, negative)) return bad_interval(p, begin);
    *more = quantity_ahead(p);
    return GN_OK;
  }
  const struct unit_row *to = find_unit(p->token.text);
  bool fits = to && to > unit && to->months == unit->months && to - unit < 4;
  if ((rc = gnp_parse_advance(p)) != GN_OK) return rc;
  return fits && add_range(sum, number, unit, to, negative) ? GN_OK : bad_interval(p, begin);
}

int gnp_parse_interval(gnp_parser *p, size_t begin, const gni_expr **out)
{
  amounts sum = {0};
  int rc = gnp_parse_advance(p);
  for (bool more = true; rc == GN_OK && more;) rc = parse_part(p, begin, &sum, &more);
  return rc == GN_OK ? finish(p, begin, &sum, out) : rc;
}
