/* Dates, timestamps and intervals with + and -. Inside, an interval is a number of months or of
 * microseconds. SPDX-License-Identifier: Apache-2.0 */
#include "expr/arithmetic.h"
#include "expr/datetime.h"

static int out_of_range(gnp_frame *frame)
{
  return gnp_fail_here(frame, "DATETIME_OVERFLOW", "the date or time is out of range");
}

/* ---- dates ----------------------------------------------------------------------------------- */

static int put_day(int64_t day, gnp_frame *frame, gni_value *out)
{
  if (day < INT32_MIN || day > INT32_MAX) return out_of_range(frame);
  return gnp_give_integer(out, day);
}

/* Spark's day sums wrap silently, like the ints they are. */
GNP_APPLY(date_add)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)(args[0].integer + args[1].integer));
}

GNP_APPLY(date_subtract)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)(args[0].integer - args[1].integer));
}

/* date + INTERVAL n DAY */
GNP_APPLY(date_add_days)
{
  return put_day(args[0].integer + args[1].integer / GNP_DAY_US, frame, out);
}

/* The last day of a shorter month stands in for days that it does not have. */
int gnp_add_months(int64_t day, int64_t months, gnp_frame *frame, gni_value *out)
{
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t era = gnp_floor_div(day, 146097);
  int32_t year, month, of_month;
  gni_day_to_civil((int32_t)(day - era * 146097), &year, &month, &of_month);
  int64_t total = (year + era * 400) * 12 + month - 1 + months;
  int64_t new_year = gnp_floor_div(total, 12);
  int32_t new_month = (int32_t)gnp_floor_mod(total, 12);
  bool leap = (new_year % 4 == 0 && new_year % 100 != 0) || new_year % 400 == 0;
  int32_t length = lengths[new_month] + (new_month == 1 && leap);
  int64_t new_era = gnp_floor_div(new_year, 400);
  int32_t within = gni_day_from_civil((int32_t)(new_year - new_era * 400), new_month + 1,
                                      of_month < length ? of_month : length);
  return put_day(new_era * 146097 + within, frame, out);
}

GNP_APPLY(date_add_months)
{
  return gnp_add_months(args[0].integer, args[1].integer, frame, out);
}

GNP_APPLY(date_difference)
{
  int64_t us;
  if (__builtin_mul_overflow(args[0].integer - args[1].integer, GNP_DAY_US, &us))
    return out_of_range(frame);
  return gnp_give_integer(out, us);
}

/* ---- timestamps and intervals ---------------------------------------------------------------- */

GNP_APPLY(add_micros)
{
  int64_t us;
  if (__builtin_add_overflow(args[0].integer, args[1].integer, &us)) return out_of_range(frame);
  return gnp_give_integer(out, us);
}

GNP_APPLY(subtract_micros)
{
  int64_t us;
  if (__builtin_sub_overflow(args[0].integer, args[1].integer, &us)) return out_of_range(frame);
  return gnp_give_integer(out, us);
}

GNP_APPLY(timestamp_add_months)
{
  int64_t day = gnp_floor_div(args[0].integer, GNP_DAY_US);
  int64_t within = gnp_floor_mod(args[0].integer, GNP_DAY_US);
  int rc = gnp_add_months(day, args[1].integer, frame, out);
  if (rc != GN_OK) return rc;
  if (__builtin_mul_overflow(out->integer, GNP_DAY_US, &out->integer) ||
      __builtin_add_overflow(out->integer, within, &out->integer))
    return out_of_range(frame);
  return GN_OK;
}

/* ---- which one ------------------------------------------------------------------------------- */

enum operand { OF_DATE, OF_TIMESTAMP, OF_DAYS, OF_MICROS, OF_MONTHS, OF_INTEGER, OF_OTHER };

static enum operand operand_of(const gni_type *type)
{
  switch (type->kind) {
  case GNI_DATE:
    return OF_DATE;
  case GNI_TIMESTAMP:
    return OF_TIMESTAMP;
  case GNP_DAYS:
    return OF_DAYS;
  case GNP_MICROS:
    return OF_MICROS;
  case GNP_MONTHS:
    return OF_MONTHS;
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
    return OF_INTEGER;
  default:
    return OF_OTHER;
  }
}

/* The left operand is cast to `left`, the right negated under '-' where there is no row for it. */
static const struct rule {
  char operation;
  enum operand x, y;
  gnp_apply apply;
  const gni_type *left, *result; /* left NULL: as it is */
} rules[] = {
    {'+', OF_DATE, OF_INTEGER, date_add, NULL, &gni_type_date},
    {'-', OF_DATE, OF_INTEGER, date_subtract, NULL, &gni_type_date},
    {'+', OF_DATE, OF_DAYS, date_add_days, NULL, &gni_type_date},
    {'+', OF_DATE, OF_MONTHS, date_add_months, NULL, &gni_type_date},
    {'+', OF_DATE, OF_MICROS, add_micros, &gni_type_timestamp, &gni_type_timestamp},
    {'+', OF_TIMESTAMP, OF_DAYS, add_micros, NULL, &gni_type_timestamp},
    {'+', OF_TIMESTAMP, OF_MICROS, add_micros, NULL, &gni_type_timestamp},
    {'+', OF_TIMESTAMP, OF_MONTHS, timestamp_add_months, NULL, &gni_type_timestamp},
    {'-', OF_DATE, OF_DATE, date_difference, NULL, &gnp_type_days},
    {'-', OF_TIMESTAMP, OF_TIMESTAMP, subtract_micros, NULL, &gnp_type_micros},
    {'-', OF_TIMESTAMP, OF_DATE, subtract_micros, NULL, &gnp_type_micros},
    {'-', OF_DATE, OF_TIMESTAMP, subtract_micros, &gni_type_timestamp, &gnp_type_micros},
    {'+', OF_DAYS, OF_DAYS, add_micros, NULL, &gnp_type_days},
    {'+', OF_DAYS, OF_MICROS, add_micros, NULL, &gnp_type_micros},
    {'+', OF_MICROS, OF_DAYS, add_micros, NULL, &gnp_type_micros},
    {'+', OF_MICROS, OF_MICROS, add_micros, NULL, &gnp_type_micros},
    {'+', OF_MONTHS, OF_MONTHS, add_micros, NULL, &gnp_type_months},
};

static const struct rule *find_rule(char operation, enum operand x, enum operand y)
{
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (rules[i].operation == operation && rules[i].x == x && rules[i].y == y) return &rules[i];
  return NULL;
}

static bool is_time(enum operand x)
{
  return x < OF_INTEGER;
}

/* Interval arithmetic is written for +; x - interval is x + -interval, interval + x is x +
 * interval. */
static int arrange(gnp_binder *b, gnp_call *call, const struct rule **rule)
{
  char operation = call->node->function->name[0];
  enum operand x = operand_of(call->args[0]->type), y = operand_of(call->args[1]->type);
  *rule = find_rule(operation, x, y);
  if (*rule) return GN_OK;
  if (operation == '+' && (*rule = find_rule('+', y, x)) != NULL) {
    const gni_bound *swapped = call->args[0];
    call->args[0] = call->args[1];
    call->args[1] = swapped;
    return GN_OK;
  }
  if (operation != '-' || (y != OF_DAYS && y != OF_MICROS && y != OF_MONTHS)) return GN_OK;
  *rule = find_rule('+', x, y);
  return gnp_bind_call_name(b, "negative", call->expr, &call->args[1], 1, &call->args[1]);
}

int gnp_bind_time_arithmetic(gnp_binder *b, gnp_call *call, bool *done)
{
  const struct rule *rule = NULL;
  enum operand x = operand_of(call->args[0]->type), y = operand_of(call->args[1]->type);
  *done = is_time(x) || is_time(y);
  if (!*done) return GN_OK;
  for (size_t i = 0; i < 2; i++) { /* '2020-01-01' beside a date or a timestamp is one */
    const gni_type *other = call->args[1 - i]->type;
    bool time = other->kind == GNI_DATE || other->kind == GNI_TIMESTAMP;
    bool text = call->args[i]->type->kind == GNI_STRING || call->args[i]->type->kind == GNI_NULL;
    bool null = call->args[i]->type->kind == GNI_NULL;
    if (!text || !time || (other->kind == GNI_DATE && i == 1 && !null)) continue;
    int rc = gnp_cast(b, call->args[i], other, &call->args[i]);
    if (rc != GN_OK) return rc;
  }
  int rc = arrange(b, call, &rule);
  if (rc != GN_OK) return rc;
  if (!rule) return gnp_bind_mismatch(b, call);
  if (rule->left && (rc = gnp_cast(b, call->args[0], rule->left, &call->args[0])) != GN_OK)
    return rc;
  if (rule->x == OF_TIMESTAMP && rule->y == OF_DATE &&
      (rc = gnp_cast(b, call->args[1], &gni_type_timestamp, &call->args[1])) != GN_OK)
    return rc;
  call->node->apply = rule->apply;
  call->node->type = rule->result;
  call->node->can_fail = true;
  return GN_OK;
}
