/* Dates and times from and to texts and numbers, and the clock. SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "expr/date.h"
#include "expr/string.h"

/* A pattern must be a constant: it is read once. */
static int take_pattern(gnp_binder *b, const gni_bound *pattern, bool reads, const void **plan)
{
  gn_error why = {0};
  if (pattern->kind != GNP_CONSTANT)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, pattern,
                         "a pattern that is not a constant is not supported");
  int rc = pattern->value.is_null
               ? GN_OK
               : gnp_pattern_take(pattern->value.text, reads, b->arena, plan, &why);
  return rc == GN_OK ? GN_OK : gnp_bind_fail(b, rc, pattern, "%s", why.message);
}

static int misfit(gnp_frame *frame, gn_str text)
{
  return gnp_fail_here(frame, "CANNOT_PARSE_TIMESTAMP", "'%.*s' does not fit the pattern",
                       (int)(text.len > 80 ? 80 : text.len), text.ptr);
}

/* ---- unix_timestamp -------------------------------------------------------------------------- */

/* Towards zero, where casts and unix_seconds go down. */
GNP_APPLY(seconds_of_text)
{
  int64_t us;
  if (gnp_pattern_parse(node->plan, args[0].text, &us))
    return gnp_give_integer(out, us / GNP_SECOND_US);
  return node->ansi ? misfit(frame, args[0].text) : gnp_give_null(out);
}

GNP_APPLY(seconds_of_day)
{
  return gnp_give_integer(out, args[0].integer * 86400);
}

GNP_APPLY(seconds_of_timestamp)
{
  return gnp_give_integer(out, args[0].integer / GNP_SECOND_US);
}

GNP_APPLY(unix_seconds)
{
  return gnp_give_integer(out, gnp_floor_div(args[0].integer, GNP_SECOND_US));
}

static int bind_unix_timestamp(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 0, 2);
  if (rc != GN_OK) return rc;
  call->node->type = &gni_type_long;
  call->node->apply = seconds_of_timestamp;
  if (call->count == 0) {
    call->args = GN_TAKE(b->arena, const gni_bound *, 1);
    call->count = 1;
    if (!call->args) return gnp_bind_nomem(b);
    return gnp_bind_constant(b, &gni_type_timestamp, gni_value_integer(b->options.now_us),
                             &call->args[0]);
  }
  rc = gnp_bind_want(b, call, 0, "string|date|timestamp");
  if (rc == GN_OK && call->count > 1) rc = gnp_bind_want(b, call, 1, "string");
  if (rc != GN_OK) return rc;
  uint8_t kind = call->args[0]->type->kind;
  const gni_bound *pattern = call->count > 1 ? call->args[1] : NULL;
  if (pattern && pattern->kind == GNP_CONSTANT && pattern->value.is_null) {
    call->node->nullable = true;
    return GN_OK;
  }
  call->count = 1;
  if (kind == GNI_DATE) call->node->apply = seconds_of_day;
  if (kind != GNI_STRING) return GN_OK;
  call->node->apply = seconds_of_text;
  if (!pattern) {
    gni_value text = gni_value_text(GN_STR("yyyy-MM-dd HH:mm:ss"));
    if ((rc = gnp_bind_constant(b, &gni_type_string, text, &pattern)) != GN_OK) return rc;
  }
  call->node->can_fail = b->options.ansi;
  call->node->nullable = true;
  call->pattern = pattern;
  return take_pattern(b, pattern, true, &call->node->plan);
}

/* ---- to_date, to_timestamp ------------------------------------------------------------------- */

GNP_APPLY(timestamp_of_text)
{
  int64_t us;
  if (gnp_pattern_parse(node->plan, args[0].text, &us)) return gnp_give_integer(out, us);
  return node->ansi ? misfit(frame, args[0].text) : gnp_give_null(out);
}

GNP_APPLY(date_of_text)
{
  int64_t us;
  if (gnp_pattern_parse(node->plan, args[0].text, &us))
    return gnp_give_integer(out, gnp_floor_div(us, GNP_DAY_US));
  return node->ansi ? misfit(frame, args[0].text) : gnp_give_null(out);
}

GNP_APPLY(same_value)
{
  return gnp_give(out, args[0]);
}

/* Without a pattern it is a cast. The ones with try_ give null where the others fail. */
static int bind_to(gnp_binder *b, gnp_call *call, const gni_type *type, gnp_apply with_pattern)
{
  int rc = gnp_bind_count(b, call, 1, 2);
  bool is_try = call->node->function->name[0] == 't' && call->node->function->name[1] == 'r';
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  call->node->type = type;
  call->node->nullable = true;
  if (call->count == 1 || call->args[0]->type->kind != GNI_STRING) {
    call->node->apply = same_value;
    call->node->sql = "$1";
    call->count = 1;
    return gnp_bind_cast(b, call->expr, call->args[0], type, is_try, &call->args[0]);
  }
  if ((rc = gnp_bind_want(b, call, 1, "string")) != GN_OK) return rc;
  const gni_bound *pattern = call->args[1];
  call->node->apply = with_pattern;
  call->node->ansi = b->options.ansi && !is_try;
  call->node->can_fail = call->node->ansi;
  if (pattern->kind == GNP_CONSTANT && pattern->value.is_null) return GN_OK;
  call->count = 1;
  call->pattern = pattern;
  return take_pattern(b, pattern, true, &call->node->plan);
}

static int bind_to_date(gnp_binder *b, gnp_call *call)
{
  return bind_to(b, call, &gni_type_date, date_of_text);
}

static int bind_to_timestamp(gnp_binder *b, gnp_call *call)
{
  return bind_to(b, call, &gni_type_timestamp, timestamp_of_text);
}

/* ---- date_format, from_unixtime -------------------------------------------------------------- */

static int give_formatted(const gni_bound *node, int64_t us, gnp_frame *frame, gni_value *out)
{
  gnp_text text = {.arena = frame->arena};
  gnp_pattern_format(node->plan, us, &text);
  return gnp_give_made(&text, frame, out);
}

GNP_APPLY(date_format)
{
  return give_formatted(node, args[0].integer, frame, out);
}

GNP_APPLY(from_unixtime)
{
  /* wraps, as Spark's product does */
  return give_formatted(node, (int64_t)((uint64_t)args[0].integer * (uint64_t)GNP_SECOND_US), frame,
                        out);
}

static int bind_formatting(gnp_binder *b, gnp_call *call)
{
  bool seconds = call->node->function->apply == from_unixtime;
  int rc = gnp_bind_count(b, call, seconds ? 1 : 2, 2);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, seconds ? "bigint" : "timestamp");
  if (rc == GN_OK && call->count > 1) rc = gnp_bind_want(b, call, 1, "string");
  if (rc != GN_OK) return rc;
  const gni_bound *pattern = call->count > 1 ? call->args[1] : NULL;
  call->node->type = &gni_type_string;
  if (!pattern) {
    gni_value text = gni_value_text(GN_STR("yyyy-MM-dd HH:mm:ss"));
    if ((rc = gnp_bind_constant(b, &gni_type_string, text, &pattern)) != GN_OK) return rc;
  }
  if (pattern->kind == GNP_CONSTANT && pattern->value.is_null) return GN_OK;
  call->count = 1;
  call->pattern = pattern;
  return take_pattern(b, pattern, false, &call->node->plan);
}

/* ---- numbers --------------------------------------------------------------------------------- */

GNP_APPLY(same_integer)
{
  return gnp_give(out, args[0]);
}

GNP_APPLY(unix_millis)
{
  return gnp_give_integer(out, gnp_floor_div(args[0].integer, 1000));
}

static int overflow(gnp_frame *frame)
{
  return gnp_fail_here(frame, "ARITHMETIC_OVERFLOW", "the time is out of range");
}

GNP_APPLY(timestamp_millis)
{
  int64_t us;
  if (__builtin_mul_overflow(args[0].integer, 1000, &us)) return overflow(frame);
  return gnp_give_integer(out, us);
}

/* Whole, decimal or real seconds; finer than a microsecond is an error for decimals, cut for reals.
 */
GNP_APPLY(timestamp_seconds)
{
  const gni_type *type = node->args[0]->type;
  int64_t us;
  if (gnp_is_real(type)) {
    double x = args[0].real;
    if (!isfinite(x)) return gnp_give_null(out);
    x *= 1e6;
    if (x >= 0x1p63 || x < -0x1p63) return gnp_give_integer(out, x > 0 ? INT64_MAX : INT64_MIN);
    return gnp_give_integer(out, (int64_t)x);
  }
  if (type->kind == GNI_DECIMAL) {
    gnp_wide x = gnp_wide_of(&args[0]);
    int shift = 6 - type->scale;
    if (shift < 0 && x % gnp_power10(-shift) != 0)
      return gnp_fail_here(frame, "ROUNDING_NECESSARY", "the seconds are finer than a microsecond");
    if (shift < 0)
      x /= gnp_power10(-shift);
    else if (!gnp_wide_rescale(x, type->scale, 6, &x))
      return overflow(frame);
    if (x < INT64_MIN || x > INT64_MAX) return overflow(frame);
    return gnp_give_integer(out, (int64_t)x);
  }
  if (__builtin_mul_overflow(args[0].integer, GNP_SECOND_US, &us)) return overflow(frame);
  return gnp_give_integer(out, us);
}

/* ---- making ---------------------------------------------------------------------------------- */

GNP_APPLY(make_date)
{
  int64_t year = args[0].integer, month = args[1].integer, day = args[2].integer;
  bool good = month >= 1 && month <= 12 && day >= 1 && year >= -999999999 && year <= 999999999 &&
              day <= gnp_month_length(year, (int32_t)month);
  int64_t made = good ? gnp_day_of_civil(year, (int32_t)month, (int32_t)day) : INT64_MAX;
  if (made >= INT32_MIN && made <= INT32_MAX) return gnp_give_integer(out, made);
  if (!node->ansi) return gnp_give_null(out);
  return gnp_fail_here(frame, "DATETIME_FIELD_OUT_OF_BOUNDS", "there is no such day");
}

/* Seconds are decimal(16,6); sixty whole ones are the next minute's first. */
static bool make_time(const gni_value *args, int64_t *us)
{
  int64_t year = args[0].integer, month = args[1].integer, day = args[2].integer;
  int64_t hour = args[3].integer, minute = args[4].integer;
  int64_t micros = (int64_t)gnp_wide_of(&args[5]);
  bool next = micros == 60 * GNP_SECOND_US;
  if (month < 1 || month > 12 || day < 1 || year < -999999999 || year > 999999999) return false;
  if (day > gnp_month_length(year, (int32_t)month)) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  if (micros < 0 || (micros >= 60 * GNP_SECOND_US && !next)) return false;
  int64_t days = gnp_day_of_civil(year, (int32_t)month, (int32_t)day);
  return !__builtin_mul_overflow(days, GNP_DAY_US, us) &&
         !__builtin_add_overflow(*us, (hour * 3600 + minute * 60) * GNP_SECOND_US + micros, us);
}

GNP_APPLY(make_timestamp)
{
  int64_t us;
  if (make_time(args, &us)) return gnp_give_integer(out, us);
  if (!node->ansi || node->function->name[0] == 't') return gnp_give_null(out);
  return gnp_fail_here(frame, "DATETIME_FIELD_OUT_OF_BOUNDS", "there is no such time");
}

static int bind_make_timestamp(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 6, 7);
  if (rc == GN_OK && call->count == 7)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->args[6],
                         "'%s' with a time zone is not supported", call->node->function->name);
  for (size_t i = 0; rc == GN_OK && i < 5; i++) rc = gnp_bind_want(b, call, i, "int");
  if (rc != GN_OK || !call->args[5]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  call->node->type = &gni_type_timestamp;
  return gnp_cast(b, call->args[5], gni_type_decimal(b->arena, 16, 6), &call->args[5]);
}

/* ---- the clock: one reading for the whole expression ------------------------------------------
 */

static int bind_now(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 0, 0);
  bool date = call->node->function->gives[0] == 'd';
  int64_t now = b->options.now_us;
  call->args = GN_TAKE(b->arena, const gni_bound *, 1);
  if (rc != GN_OK || !call->args) return rc != GN_OK ? rc : gnp_bind_nomem(b);
  call->count = 1;
  call->node->type = date ? &gni_type_date : &gni_type_timestamp;
  return gnp_bind_constant(b, call->node->type,
                           gni_value_integer(date ? gnp_floor_div(now, GNP_DAY_US) : now),
                           &call->args[0]);
}

GNP_APPLY(current_timezone)
{
  return gnp_give_text(out, GN_STR("UTC"));
}

static const gnp_function functions[] = {
    {.name = "curdate", .same_as = "current_date"},
    {.name = "current_date", .bind = bind_now, .gives = "date", .apply = same_value},
    {.name = "current_timestamp", .bind = bind_now, .gives = "timestamp", .apply = same_value},
    {.name = "current_timezone", .takes = "", .gives = "string", .apply = current_timezone},
    {.name = "date_format", .bind = bind_formatting, .apply = date_format},
    {.name = "date_from_unix_date", .takes = "int", .gives = "date", .apply = same_integer},
    {.name = "from_unixtime", .bind = bind_formatting, .apply = from_unixtime},
    {.name = "make_date",
     .takes = "int, int, int",
     .gives = "date",
     .apply = make_date,
     .flags = GNP_MAY_BE_NULL | GNP_ANSI_FAILS},
    {.name = "make_timestamp",
     .bind = bind_make_timestamp,
     .apply = make_timestamp,
     .flags = GNP_MAY_BE_NULL | GNP_ANSI_FAILS},
    {.name = "make_timestamp_ltz", .same_as = "make_timestamp"},
    {.name = "now", .same_as = "current_timestamp"},
    {.name = "timestamp_micros", .takes = "bigint", .gives = "timestamp", .apply = same_integer},
    {.name = "timestamp_millis",
     .takes = "bigint",
     .gives = "timestamp",
     .apply = timestamp_millis,
     .flags = GNP_CAN_FAIL},
    {.name = "timestamp_seconds",
     .takes = "numeric",
     .gives = "timestamp",
     .apply = timestamp_seconds,
     .flags = GNP_CAN_FAIL | GNP_MAY_BE_NULL},
    {.name = "to_date", .bind = bind_to_date},
    {.name = "to_timestamp", .bind = bind_to_timestamp},
    {.name = "to_timestamp_ltz", .same_as = "to_timestamp"},
    {.name = "to_unix_timestamp", .same_as = "unix_timestamp"},
    {.name = "try_make_timestamp",
     .bind = bind_make_timestamp,
     .apply = make_timestamp,
     .flags = GNP_MAY_BE_NULL},
    {.name = "try_make_timestamp_ltz", .same_as = "try_make_timestamp"},
    {.name = "try_to_date", .bind = bind_to_date},
    {.name = "try_to_timestamp", .bind = bind_to_timestamp},
    {.name = "unix_date", .takes = "date", .gives = "int", .apply = same_integer},
    {.name = "unix_micros", .takes = "timestamp", .gives = "bigint", .apply = same_integer},
    {.name = "unix_millis", .takes = "timestamp", .gives = "bigint", .apply = unix_millis},
    {.name = "unix_seconds", .takes = "timestamp", .gives = "bigint", .apply = unix_seconds},
    {.name = "unix_timestamp", .bind = bind_unix_timestamp},
};

const gnp_family gnp_family_datetime = {"date and time", functions,
                                        sizeof functions / sizeof *functions};
