/* Which days are missing. SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

static bool has_day(const int32_t *days, size_t count, int32_t day)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (days[middle] < day)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && days[low] == day;
}

/* Collects runs of missing days, cutting each after step_days. */
struct steps {
  gni_day_range *items;
  size_t count;
  int32_t step_days;
};

static int add_day(struct steps *steps, int32_t day, gn_error *err)
{
  gni_day_range *last = steps->count ? &steps->items[steps->count - 1] : NULL;
  if (last && last->last + 1 == day && last->last - last->first + 1 < steps->step_days) {
    last->last = day;
    return GN_OK;
  }
  if (steps->count == GN_PLAN_STEPS_MAX) {
    gni_fail_as(err, "GP004", GN_E_LIMIT, "the range needs more than %d steps", GN_PLAN_STEPS_MAX);
    gni_error_hint(err, "use larger steps (--step-days) or a shorter range");
    return GN_E_LIMIT;
  }
  steps->items[steps->count++] = (gni_day_range){day, day};
  return GN_OK;
}

static int first_day_of(const gni_range_request *request, int32_t *first, gn_error *err)
{
  *first = request->range.first;
  if (*first != GNI_DAY_OPEN_START) return GN_OK;
  if (!request->input_count)
    return gni_fail_as(err, "GP003", GN_E_NOTFOUND,
                       "no start day is given and the sources have no partitions");
  *first = request->inputs[0];
  return GN_OK;
}

int gni_range_plan(const gni_range_request *request, gn_arena *arena, gni_range_answer *out,
                   gn_error *err)
{
  struct steps steps = {.step_days = request->step_days};
  int32_t first;
  *out = (gni_range_answer){0};
  int rc = first_day_of(request, &first, err);
  if (rc != GN_OK) return rc;
  if (first > request->range.last)
    return gni_fail_as(err, "GP002", GN_E_ARG, "the range ends before it starts");
  steps.items = GN_TAKE(arena, gni_day_range, GN_PLAN_STEPS_MAX);
  if (!steps.items) return gni_fail_nomem(err, GN_PLAN_STEPS_MAX * sizeof *steps.items);
  /* Days before the first that exists were dropped by retention, as far as anyone can tell. */
  int32_t fill_from = first;
  if (request->skip_first_hole && request->existing_count && request->existing[0] > first)
    fill_from =
        request->existing[0] > request->range.last ? request->range.last + 1 : request->existing[0];
  out->skipped_before = fill_from - first;
  for (int32_t day = fill_from; rc == GN_OK && day <= request->range.last; day++) {
    if (has_day(request->existing, request->existing_count, day))
      out->already_there++;
    else if (request->check_inputs && !has_day(request->inputs, request->input_count, day))
      out->without_input++;
    else
      rc = add_day(&steps, day, err);
  }
  out->steps = steps.items;
  out->step_count = steps.count;
  return rc;
}

int gni_range_split(gni_day_range range, int32_t parts, gn_arena *arena, gni_day_range **out,
                    gn_error *err)
{
  int64_t days = (int64_t)range.last - range.first + 1;
  if (parts < 1 || parts > days)
    return gni_fail_as(err, "GP005", GN_E_ARG,
                       "%d parts of %lld days: there must be at least one day a part", parts,
                       (long long)days);
  gni_day_range *items = GN_TAKE(arena, gni_day_range, parts);
  if (!items) return gni_fail_nomem(err, (size_t)parts * sizeof *items);
  int32_t each = (int32_t)(days / parts);
  for (int32_t i = 0; i < parts; i++) {
    items[i].first = range.first + i * each;
    items[i].last = i + 1 == parts ? range.last : items[i].first + each - 1;
  }
  *out = items;
  return GN_OK;
}
