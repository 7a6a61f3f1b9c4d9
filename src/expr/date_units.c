/* timestampadd and timestampdiff: a unit as a word. SPDX-License-Identifier: Apache-2.0 */
#include "expr/date.h"

typedef struct unit_row {
  const char *name;
  int32_t months;
  int64_t micros; /* one of the two */
} unit_row;

static const unit_row units[] = {
    {"microsecond", 0, 1},
    {"millisecond", 0, 1000},
    {"second", 0, GNP_SECOND_US},
    {"minute", 0, 60 * GNP_SECOND_US},
    {"hour", 0, 3600 * GNP_SECOND_US},
    {"day", 0, GNP_DAY_US},
    {"dayofyear", 0, GNP_DAY_US},
    {"week", 0, 7 * GNP_DAY_US},
    {"month", 1, 0},
    {"quarter", 3, 0},
    {"year", 12, 0},
};

static int overflow(gnp_frame *frame)
{
  return gnp_fail_here(frame, "DATETIME_OVERFLOW", "the time is out of range");
}

GNP_APPLY(timestamp_add)
{
  const unit_row *unit = node->plan;
  int64_t count = args[0].integer, us = args[1].integer, step;
  if (!unit->months) {
    if (__builtin_mul_overflow(count, unit->micros, &step) || __builtin_add_overflow(us, step, &us))
      return overflow(frame);
    return gnp_give_integer(out, us);
  }
  int64_t day = gnp_floor_div(us, GNP_DAY_US);
  gni_value moved;
  int rc = gnp_add_months(day, count * unit->months, frame, &moved);
  if (rc != GN_OK) return rc;
  if (__builtin_mul_overflow(moved.integer, GNP_DAY_US, &step) ||
      __builtin_add_overflow(step, gnp_floor_mod(us, GNP_DAY_US), &us))
    return overflow(frame);
  return gnp_give_integer(out, us);
}

/* Whole units from the first to the second, towards zero. */
GNP_APPLY(timestamp_diff)
{
  const unit_row *unit = node->plan;
  int64_t from = args[0].integer, to = args[1].integer, diff;
  if (!unit->months) {
    if (__builtin_sub_overflow(to, from, &diff)) return overflow(frame);
    return gnp_give_integer(out, diff / unit->micros);
  }
  gnp_civil x = gnp_civil_of(gnp_floor_div(from, GNP_DAY_US));
  gnp_civil y = gnp_civil_of(gnp_floor_div(to, GNP_DAY_US));
  int64_t months = (y.year - x.year) * 12 + y.month - x.month;
  int64_t rest_x = (x.day - 1) * GNP_DAY_US + gnp_floor_mod(from, GNP_DAY_US);
  int64_t rest_y = (y.day - 1) * GNP_DAY_US + gnp_floor_mod(to, GNP_DAY_US);
  if (months > 0 && rest_y < rest_x) months--;
  if (months < 0 && rest_y > rest_x) months++;
  return gnp_give_integer(out, months / unit->months);
}

static int bind_unit(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc != GN_OK) return rc;
  const gni_bound *name = call->args[0];
  if (!name || name->kind != GNP_CONSTANT || name->type->kind != GNI_STRING)
    return gnp_bind_mismatch(b, call);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (gnp_same_word(gni_str(units[i].name), name->value.text)) call->node->plan = &units[i];
  if (!call->node->plan)
    return gnp_bind_fail(b, GN_E_TYPE, name, "there is no unit '%.*s'",
                         GN_STR_ARGS(name->value.text));
  call->pattern = name;
  call->args++;
  call->count = 2;
  bool adds = call->node->function->apply == timestamp_add;
  rc = gnp_bind_want(b, call, 0, adds ? "bigint" : "timestamp");
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 1, "timestamp");
  call->node->type = adds ? &gni_type_timestamp : &gni_type_long;
  return rc;
}

static const gnp_function functions[] = {
    {.name = "timestampadd",
     .bind = bind_unit,
     .apply = timestamp_add,
     .flags = GNP_CAN_FAIL | GNP_HIDDEN},
    {.name = "timestampdiff",
     .bind = bind_unit,
     .apply = timestamp_diff,
     .flags = GNP_CAN_FAIL | GNP_HIDDEN},
};

const gnp_family gnp_family_date_units = {"date and time", functions,
                                          sizeof functions / sizeof *functions};
