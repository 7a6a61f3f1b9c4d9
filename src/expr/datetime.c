/* Functions of dates and times. SPDX-License-Identifier: Apache-2.0 */
#include "expr/datetime.h"

#include "expr/bound.h"
#include "expr/pattern.h"

/* ---- unix_timestamp -------------------------------------------------------------------------- */

GNP_APPLY(seconds_of_text)
{
  int64_t us;
  *out = GNI_NULL_VALUE;
  if (gnp_pattern_parse(node->plan, args[0].text, &us)) {
    return gnp_give_integer(out, gnp_floor_div(us, GNP_SECOND_US));
  }
  if (!node->ansi) return GN_OK;
  return gnp_fail_here(frame, "CANNOT_PARSE_TIMESTAMP", "'%.*s' does not fit the pattern",
                       (int)(args[0].text.len > 80 ? 80 : args[0].text.len), args[0].text.ptr);
}

GNP_APPLY(seconds_of_day)
{
  return gnp_give_integer(out, args[0].integer * 86400);
}

GNP_APPLY(seconds_of_timestamp)
{
  return gnp_give_integer(out, gnp_floor_div(args[0].integer, GNP_SECOND_US));
}

/* A pattern must be a constant: it is read once. */
static int take_pattern(gnp_binder *b, const gni_bound *pattern, const void **plan)
{
  gn_error why = {0};
  if (pattern->kind != GNP_CONSTANT || pattern->value.is_null)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, pattern,
                         "a pattern that is not a constant is not supported");
  int rc = gnp_pattern_take(pattern->value.text, b->arena, plan, &why);
  return rc == GN_OK ? GN_OK : gnp_bind_fail(b, rc, pattern, "%s", why.message);
}

static int bind_unix_timestamp(gnp_binder *b, gnp_call *call)
{
  bool found;
  int rc = gnp_bind_count(b, call, 0, 2);
  if (rc != GN_OK) return rc;
  call->node->type = &gni_type_long;
  if (call->count == 0) {
    call->args = GN_TAKE(b->arena, const gni_bound *, 1);
    call->count = 1;
    call->node->apply = seconds_of_timestamp;
    if (!call->args) return gnp_bind_nomem(b);
    return gnp_bind_constant(b, &gni_type_timestamp, gni_value_integer(b->options.now_us),
                             &call->args[0]);
  }
  if (!call->args[0]) return gnp_bind_mismatch(b, call);
  rc = gnp_implicit(b, call->args[0], GN_STR("string|date|timestamp"), &call->args[0], &found);
  if (rc != GN_OK) return rc;
  if (!found) return gnp_bind_mismatch(b, call);
  uint8_t kind = call->args[0]->type->kind;
  call->node->apply = kind == GNI_DATE        ? seconds_of_day
                      : kind == GNI_TIMESTAMP ? seconds_of_timestamp
                                              : seconds_of_text;
  if (kind != GNI_STRING) return GN_OK;
  const gni_bound *pattern = call->count > 1 ? call->args[1] : NULL;
  if (!pattern) {
    gni_value text = gni_value_text(GN_STR("yyyy-MM-dd HH:mm:ss"));
    if ((rc = gnp_bind_constant(b, &gni_type_string, text, &pattern)) != GN_OK) return rc;
  }
  call->node->can_fail = b->options.ansi;
  call->node->nullable = true;
  return take_pattern(b, pattern, &call->node->plan);
}

static const gnp_function functions[] = {
    {.name = "unix_timestamp", .bind = bind_unix_timestamp},
    {.name = "to_unix_timestamp", .same_as = "unix_timestamp"},
};

const gnp_family gnp_family_datetime = {"date and time", functions,
                                        sizeof functions / sizeof *functions};
