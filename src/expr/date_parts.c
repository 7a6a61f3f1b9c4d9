/* Parts of dates and times, and dates moved about the calendar. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/date.h"

#include <math.h>

/* ---- the calendar ---------------------------------------------------------------------------- */

gnp_civil gnp_civil_of(int64_t day)
{
  int64_t era = gnp_floor_div(day, 146097);
  int32_t year;
  gnp_civil c = {0};
  gni_day_to_civil((int32_t)(day - era * 146097), &year, &c.month, &c.day);
  c.year = year + era * 400;
  return c;
}

int64_t gnp_day_of_civil(int64_t year, int32_t month, int32_t day)
{
  int64_t era = gnp_floor_div(year, 400);
  return era * 146097 + gni_day_from_civil((int32_t)(year - era * 400), month, day);
}

int32_t gnp_month_length(int64_t year, int32_t month)
{
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return lengths[month - 1] + (month == 2 && leap);
}

static int64_t weekday_of(int64_t day) /* 0 is Monday */
{
  return gnp_floor_mod(day + 3, 7);
}

/* The week belongs to the year that has its Thursday. */
static int64_t iso_year(int64_t day)
{
  return gnp_civil_of(day - weekday_of(day) + 3).year;
}

static int64_t iso_week(int64_t day)
{
  int64_t thursday = day - weekday_of(day) + 3;
  return (thursday - gnp_day_of_civil(gnp_civil_of(thursday).year, 1, 1)) / 7 + 1;
}

/* ---- one part of a day ----------------------------------------------------------------------- */

#define GNP_DAY_PART(name, expression)                                                             \
  GNP_APPLY(name)                                                                                  \
  {                                                                                                \
    int64_t day = args[0].integer;                                                                 \
    gnp_civil c = gnp_civil_of(day);                                                               \
    (void)c;                                                                                       \
    return gnp_give_integer(out, expression);                                                      \
  }

GNP_DAY_PART(year_of, c.year)
GNP_DAY_PART(quarter_of, (c.month + 2) / 3)
GNP_DAY_PART(month_of, c.month)
GNP_DAY_PART(day_of_month, c.day)
GNP_DAY_PART(day_of_year, day - gnp_day_of_civil(c.year, 1, 1) + 1)
GNP_DAY_PART(day_of_week, (weekday_of(day) + 1) % 7 + 1)
GNP_DAY_PART(weekday, weekday_of(day))
GNP_DAY_PART(iso_weekday, weekday_of(day) + 1)
GNP_DAY_PART(week_of_year, iso_week(day))
GNP_DAY_PART(year_of_week, iso_year(day))
GNP_DAY_PART(last_day, gnp_day_of_civil(c.year, c.month, gnp_month_length(c.year, c.month)))

static int give_short_name(const char *name, gni_value *out)
{
  return gnp_give_text(out, (gn_str){name, 3});
}

GNP_APPLY(day_name)
{
  return give_short_name(gnp_day_names[weekday_of(args[0].integer)], out);
}

GNP_APPLY(month_name)
{
  return give_short_name(gnp_month_names[gnp_civil_of(args[0].integer).month - 1], out);
}

/* ---- parts of a time ------------------------------------------------------------------------- */

static int64_t second_of_day(int64_t us)
{
  return gnp_floor_mod(us, GNP_DAY_US) / GNP_SECOND_US;
}

GNP_APPLY(hour_of)
{
  return gnp_give_integer(out, second_of_day(args[0].integer) / 3600);
}

GNP_APPLY(minute_of)
{
  return gnp_give_integer(out, second_of_day(args[0].integer) / 60 % 60);
}

GNP_APPLY(second_of)
{
  return gnp_give_integer(out, second_of_day(args[0].integer) % 60);
}

/* extract(SECOND FROM t) has the fraction: decimal(8,6). */
GNP_APPLY(second_with_fraction)
{
  return gnp_give(out, gnp_wide_value(gnp_floor_mod(args[0].integer, 60 * GNP_SECOND_US)));
}

/* ---- date_part ------------------------------------------------------------------------------- */

static const struct part_row {
  const char *names; /* parted by spaces */
  const char *function;
} parts[] = {
    {"year y years yr yrs", "year"},
    {"yearofweek", "year of week"},
    {"quarter qtr", "quarter"},
    {"month mon mons months", "month"},
    {"week w weeks", "weekofyear"},
    {"day d days", "day"},
    {"dayofweek dow", "dayofweek"},
    {"dayofweek_iso dow_iso", "iso weekday"},
    {"doy", "dayofyear"},
    {"hour h hours hr hrs", "hour"},
    {"minute m min mins minutes", "minute"},
    {"second s sec seconds secs", "second with fraction"},
};

const char *gnp_date_part_function(gn_str name)
{
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    gn_str rest = gni_str(parts[i].names), one;
    while (gni_str_split(&rest, ' ', &one))
      if (gnp_same_word(one, name)) return parts[i].function;
  }
  return NULL;
}

static int bind_date_part(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  const gni_bound *name = call->args[0];
  if (!name || !call->args[1] || name->kind != GNP_CONSTANT || name->type->kind != GNI_STRING ||
      name->value.is_null)
    return gnp_bind_mismatch(b, call);
  const char *found = gnp_date_part_function(name->value.text);
  if (!found)
    return gnp_bind_fail(b, GN_E_TYPE, name, "there is no date part '%.*s'",
                         GN_STR_ARGS(name->value.text));
  const gnp_function *function = gnp_function_find(gni_str(found));
  call->node->function = function;
  call->node->apply = function->apply;
  call->args++;
  call->count = 1;
  return gnp_bind_signature(b, call);
}

/* ---- moving ---------------------------------------------------------------------------------- */

GNP_APPLY(add_months)
{
  return gnp_add_months(args[0].integer, args[1].integer, frame, out);
}

/* Whole months between two days of the same number or two last days; else days count as 1/31. */
GNP_APPLY(months_between)
{
  int64_t a = gnp_floor_div(args[0].integer, GNP_DAY_US),
          b = gnp_floor_div(args[1].integer, GNP_DAY_US);
  gnp_civil x = gnp_civil_of(a), y = gnp_civil_of(b);
  double months = (double)((x.year - y.year) * 12 + x.month - y.month);
  bool last =
      x.day == gnp_month_length(x.year, x.month) && y.day == gnp_month_length(y.year, y.month);
  if (x.day == y.day || last) return gnp_give_real(out, months);
  int64_t seconds = ((int64_t)(x.day - y.day) * 86400) + second_of_day(args[0].integer) -
                    second_of_day(args[1].integer);
  double diff = months + (double)seconds / (31 * 86400.0);
  bool rounds = node->arg_count < 3 || args[2].boolean;
  if (!rounds) return gnp_give_real(out, diff);
  /* (long)(x * 1e8 rounded half up) / 1e8 */
  return gnp_give_real(out, floor(diff * 1e8 + 0.5) / 1e8);
}

static int64_t weekday_named(gn_str name)
{
  static const char *const names[] = {"MO MON MONDAY",   "TU TUE TUESDAY", "WE WED WEDNESDAY",
                                      "TH THU THURSDAY", "FR FRI FRIDAY",  "SA SAT SATURDAY",
                                      "SU SUN SUNDAY"};
  for (size_t i = 0; i < 7; i++) {
    gn_str rest = gni_str(names[i]), one;
    while (gni_str_split(&rest, ' ', &one))
      if (gnp_same_word(one, name)) return (int64_t)i;
  }
  return -1;
}

GNP_APPLY(next_day)
{
  int64_t wanted = weekday_named(args[1].text);
  if (wanted < 0) {
    if (!node->ansi) return gnp_give_null(out);
    return gnp_fail_here(frame, "ILLEGAL_DAY_OF_WEEK", "no day of the week is called so");
  }
  int64_t ahead = gnp_floor_mod(wanted - weekday_of(args[0].integer) - 1, 7) + 1;
  return gnp_give_integer(out, args[0].integer + ahead);
}

/* ---- trunc, date_trunc ----------------------------------------------------------------------- */

enum unit {
  MICROSECOND,
  MILLISECOND,
  SECOND,
  MINUTE,
  HOUR,
  DAY,
  WEEK,
  MONTH,
  QUARTER,
  YEAR,
  NO_UNIT
};

static enum unit unit_named(gn_str name)
{
  static const char *const names[] = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE",
                                      "HOUR",        "DAY DD",      "WEEK",   "MONTH MON MM",
                                      "QUARTER",     "YEAR YYYY YY"};
  for (size_t i = 0; i < NO_UNIT; i++) {
    gn_str rest = gni_str(names[i]), one;
    while (gni_str_split(&rest, ' ', &one))
      if (gnp_same_word(one, name)) return (enum unit)i;
  }
  return NO_UNIT;
}

static int64_t truncate_day(int64_t day, enum unit unit)
{
  gnp_civil c = gnp_civil_of(day);
  if (unit == WEEK) return day - weekday_of(day);
  if (unit == MONTH) return day - c.day + 1;
  return gnp_day_of_civil(c.year, unit == QUARTER ? (c.month - 1) / 3 * 3 + 1 : 1, 1);
}

GNP_APPLY(trunc_date)
{
  enum unit unit = unit_named(args[1].text);
  if (unit < WEEK || unit == NO_UNIT) return gnp_give_null(out);
  return gnp_give_integer(out, truncate_day(args[0].integer, unit));
}

GNP_APPLY(trunc_timestamp)
{
  static const int64_t sizes[] = {
      1, 1000, GNP_SECOND_US, 60 * GNP_SECOND_US, 3600 * GNP_SECOND_US, GNP_DAY_US};
  enum unit unit = unit_named(args[0].text);
  if (unit == NO_UNIT) return gnp_give_null(out);
  int64_t us = args[1].integer;
  if (unit <= DAY) return gnp_give_integer(out, gnp_floor_div(us, sizes[unit]) * sizes[unit]);
  return gnp_give_integer(out, truncate_day(gnp_floor_div(us, GNP_DAY_US), unit) * GNP_DAY_US);
}

/* ---- date_add, datediff ---------------------------------------------------------------------- */

GNP_APPLY(date_add)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)(args[0].integer + args[1].integer));
}

GNP_APPLY(date_sub)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)(args[0].integer - args[1].integer));
}

GNP_APPLY(date_diff)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)(args[0].integer - args[1].integer));
}

/* Whole numbers only: '1.5' days is a mistake, as it is in Spark. */
static int bind_date_add(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "day");
  if (rc != GN_OK || !call->args[1]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_type *type = call->args[1]->type;
  call->node->type = &gni_type_date;
  if (type->kind == GNI_STRING) {
    if (call->args[1]->kind != GNP_CONSTANT)
      return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the number of days cannot be a text");
    return gnp_cast(b, call->args[1], &gni_type_int, &call->args[1]);
  }
  if (type->kind == GNI_NULL) return gnp_cast(b, call->args[1], &gni_type_int, &call->args[1]);
  return gnp_is_integral(type) && type->kind != GNI_LONG ? GN_OK : gnp_bind_mismatch(b, call);
}

static const gnp_function functions[] = {
    {.name = "add_months", .takes = "day, int", .gives = "date", .apply = add_months},
    {.name = "date_add", .bind = bind_date_add, .apply = date_add},
    {.name = "date_diff", .same_as = "datediff"},
    {.name = "date_part", .bind = bind_date_part},
    {.name = "date_sub", .bind = bind_date_add, .apply = date_sub},
    {.name = "date_trunc",
     .takes = "string, timestamp",
     .gives = "timestamp",
     .apply = trunc_timestamp,
     .flags = GNP_MAY_BE_NULL},
    {.name = "dateadd", .same_as = "date_add"},
    {.name = "datediff", .takes = "day, day", .gives = "int", .apply = date_diff},
    {.name = "datepart", .same_as = "date_part"},
    {.name = "day", .takes = "day", .gives = "int", .apply = day_of_month},
    {.name = "dayname", .takes = "day", .gives = "string", .apply = day_name},
    {.name = "dayofmonth", .same_as = "day"},
    {.name = "dayofweek", .takes = "day", .gives = "int", .apply = day_of_week},
    {.name = "dayofyear", .takes = "day", .gives = "int", .apply = day_of_year},
    {.name = "extract", .same_as = "date_part"},
    {.name = "hour", .takes = "timestamp", .gives = "int", .apply = hour_of},
    {.name = "iso weekday",
     .takes = "day",
     .gives = "int",
     .apply = iso_weekday,
     .flags = GNP_HIDDEN},
    {.name = "last_day", .takes = "day", .gives = "date", .apply = last_day},
    {.name = "minute", .takes = "timestamp", .gives = "int", .apply = minute_of},
    {.name = "month", .takes = "day", .gives = "int", .apply = month_of},
    {.name = "monthname", .takes = "day", .gives = "string", .apply = month_name},
    {.name = "months_between",
     .takes = "timestamp, timestamp, [boolean]",
     .gives = "double",
     .apply = months_between},
    {.name = "next_day",
     .takes = "day, string",
     .gives = "date",
     .apply = next_day,
     .flags = GNP_MAY_BE_NULL | GNP_ANSI_FAILS},
    {.name = "quarter", .takes = "day", .gives = "int", .apply = quarter_of},
    {.name = "second", .takes = "timestamp", .gives = "int", .apply = second_of},
    {.name = "second with fraction",
     .takes = "timestamp",
     .gives = "decimal(8,6)",
     .apply = second_with_fraction,
     .flags = GNP_HIDDEN},
    {.name = "trunc",
     .takes = "day, string",
     .gives = "date",
     .apply = trunc_date,
     .flags = GNP_MAY_BE_NULL},
    {.name = "weekday", .takes = "day", .gives = "int", .apply = weekday},
    {.name = "weekofyear", .takes = "day", .gives = "int", .apply = week_of_year},
    {.name = "year", .takes = "day", .gives = "int", .apply = year_of},
    {.name = "year of week",
     .takes = "day",
     .gives = "int",
     .apply = year_of_week,
     .flags = GNP_HIDDEN},
};

const gnp_family gnp_family_date_parts = {"date and time", functions,
                                          sizeof functions / sizeof *functions};
