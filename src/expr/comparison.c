/* =, <, <=>, IN and the order they stand on. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"
#include "expr/decimal.h"

/* ---- the order ------------------------------------------------------------------------------- */

static int compare_real(double a, double b)
{
  bool nan_a = a != a, nan_b = b != b;
  if (nan_a || nan_b) return (int)nan_a - (int)nan_b;
  return (a > b) - (a < b);
}

static int compare_text(gn_str a, gn_str b)
{
  size_t len = a.len < b.len ? a.len : b.len;
  int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
  return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_nested(const gni_type *type, const gni_value *a, const gni_value *b)
{
  size_t count = a->list.count < b->list.count ? a->list.count : b->list.count;
  for (size_t i = 0; i < count; i++) {
    const gni_value *x = &a->list.items[i], *y = &b->list.items[i];
    if (x->is_null && y->is_null) continue;
    if (x->is_null || y->is_null) return x->is_null ? -1 : 1;
    const gni_type *item = type->fields[type->kind == GNI_STRUCT ? i : 0].type;
    int order = gnp_compare(item, x, y);
    if (order) return order;
  }
  return (a->list.count > b->list.count) - (a->list.count < b->list.count);
}

int gnp_compare(const gni_type *type, const gni_value *a, const gni_value *b)
{
  switch (type->kind) {
  case GNI_BOOLEAN:
    return (int)a->boolean - (int)b->boolean;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return compare_real(a->real, b->real);
  case GNI_STRING:
  case GNI_BINARY:
    return compare_text(a->text, b->text);
  case GNI_LIST:
  case GNI_STRUCT:
    return compare_nested(type, a, b);
  case GNI_DECIMAL: {
    gnp_wide x = gnp_wide_of(a), y = gnp_wide_of(b);
    return (x > y) - (x < y);
  }
  default:
    return (a->integer > b->integer) - (a->integer < b->integer);
  }
}

/* ---- operators ------------------------------------------------------------------------------- */

static int order_of(const gni_bound *node, const gni_value *args)
{
  return gnp_compare(node->args[0]->type, &args[0], &args[1]);
}

GNP_APPLY(equal)
{
  return gnp_give_boolean(out, order_of(node, args) == 0);
}

GNP_APPLY(not_equal)
{
  return gnp_give_boolean(out, order_of(node, args) != 0);
}

GNP_APPLY(less)
{
  return gnp_give_boolean(out, order_of(node, args) < 0);
}

GNP_APPLY(less_or_equal)
{
  return gnp_give_boolean(out, order_of(node, args) <= 0);
}

GNP_APPLY(greater)
{
  return gnp_give_boolean(out, order_of(node, args) > 0);
}

GNP_APPLY(greater_or_equal)
{
  return gnp_give_boolean(out, order_of(node, args) >= 0);
}

GNP_APPLY(same)
{
  bool both = !args[0].is_null && !args[1].is_null;
  return gnp_give_boolean(out,
                          both ? order_of(node, args) == 0 : args[0].is_null && args[1].is_null);
}

/* Spark reads `flag = 1` as the flag beside numbers, without ANSI. */
static const gni_type *boolean_beside_number(const gnp_binder *b, const gni_type *x,
                                             const gni_type *y)
{
  if (b->options.ansi) return NULL;
  if (x->kind == GNI_BOOLEAN && gnp_is_numeric(y)) return y;
  return y->kind == GNI_BOOLEAN && gnp_is_numeric(x) ? x : NULL;
}

static bool is_nested(const gni_type *type)
{
  return type->kind == GNI_LIST || type->kind == GNI_STRUCT;
}

static int bind_comparison(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1]) return gnp_bind_mismatch(b, call);
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  const gni_type *type = gnp_type_compared(b, x, y);
  bool equality =
      strchr("=!", call->node->function->name[0]) || strcmp(call->node->function->name, "<=>") == 0;
  if (!type && equality) type = boolean_beside_number(b, x, y);
  if (!type) return gnp_bind_mismatch(b, call);
  if (!gnp_is_orderable(type))
    return gnp_bind_fail(b, GN_E_TYPE, call->node, "maps cannot be compared");
  if (type->kind == GNI_NULL) type = &gni_type_boolean;
  call->node->type = &gni_type_boolean;
  /* DuckDB puts nulls inside lists and structs last, Spark first. */
  if (is_nested(type)) call->node->sql = NULL;
  return gnp_cast_all(b, call, 0, type);
}

/* ---- IN -------------------------------------------------------------------------------------- */

static int eval_in(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value value, candidate;
  bool unknown = false;
  int rc = node->args[0]->eval(node->args[0], frame, &value);
  *out = GNI_NULL_VALUE;
  if (rc != GN_OK || value.is_null) return rc;
  for (size_t i = 1; i < node->arg_count; i++) {
    rc = node->args[i]->eval(node->args[i], frame, &candidate);
    if (rc != GN_OK) return rc;
    unknown |= candidate.is_null;
    if (candidate.is_null || gnp_compare(node->args[0]->type, &value, &candidate) != 0) continue;
    return gnp_give_boolean(out, true);
  }
  return unknown ? gnp_give_null(out) : gnp_give_boolean(out, false);
}

static int bind_in(gnp_binder *b, gnp_call *call)
{
  for (size_t i = 0; i < call->count; i++)
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
  const gni_type *type = gnp_type_common(b, call->args, call->count, true);
  if (!type) return gnp_bind_mismatch(b, call);
  if (!gnp_is_orderable(type))
    return gnp_bind_fail(b, GN_E_TYPE, call->node, "maps cannot be compared");
  if (type->kind == GNI_NULL) type = &gni_type_boolean;
  call->node->type = &gni_type_boolean;
  int rc = gnp_cast_all(b, call, 0, type);
  bool may_fail = false; /* then the order matters: a match ends it */
  for (size_t i = 0; rc == GN_OK && i < call->count; i++) may_fail |= call->args[i]->can_fail;
  if (is_nested(type) || may_fail) call->node->sql = NULL;
  return rc;
}

/* ---- greatest, least: nulls are passed over -------------------------------------------------- */

static int choose(const gni_bound *node, const gni_value *args, int sign, gni_value *out)
{
  const gni_value *best = NULL;
  for (size_t i = 0; i < node->arg_count; i++) {
    if (args[i].is_null) continue;
    if (!best || sign * gnp_compare(node->type, &args[i], best) > 0) best = &args[i];
  }
  return best ? gnp_give(out, *best) : gnp_give_null(out);
}

GNP_APPLY(greatest)
{
  return choose(node, args, 1, out);
}

GNP_APPLY(least)
{
  return choose(node, args, -1, out);
}

static int bind_choice(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, SIZE_MAX);
  for (size_t i = 0; rc == GN_OK && i < call->count; i++)
    if (!call->args[i]) rc = gnp_bind_mismatch(b, call);
  if (rc != GN_OK) return rc;
  const gni_type *type = gnp_type_common(b, call->args, call->count, false);
  if (!type || !gnp_is_orderable(type)) return gnp_bind_mismatch(b, call);
  call->node->type = type;
  return gnp_cast_all(b, call, 0, type);
}

/* between(x, low, high) */
static int bind_between(gnp_binder *b, gnp_call *call)
{
  static const char *const names[] = {">=", "<="};
  int rc = gnp_bind_count(b, call, 3, 3);
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 2);
  if (!args) return gnp_bind_nomem(b);
  for (size_t i = 0; rc == GN_OK && i < 2; i++) {
    if (!call->args[0] || !call->args[i + 1]) return gnp_bind_mismatch(b, call);
    const gni_bound *pair[] = {call->args[0], call->args[i + 1]};
    rc = gnp_bind_call_name(b, names[i], call->expr, pair, 2, &args[i]);
  }
  call->args = args;
  call->count = 2;
  call->node->type = &gni_type_boolean;
  if (rc == GN_OK && args[1]->can_fail) call->node->sql = NULL;
  return rc;
}

static int eval_between(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value low, high;
  int rc = node->args[0]->eval(node->args[0], frame, &low);
  if (rc == GN_OK && !low.is_null && !low.boolean) return gnp_give_boolean(out, false);
  if (rc == GN_OK) rc = node->args[1]->eval(node->args[1], frame, &high);
  if (rc != GN_OK) return rc;
  if (!high.is_null && !high.boolean) return gnp_give_boolean(out, false);
  return low.is_null || high.is_null ? gnp_give_null(out) : gnp_give_boolean(out, true);
}

static const gnp_function functions[] = {
    {.name = "=",
     .bind = bind_comparison,
     .apply = equal,
     .sql = "($1 = $2)",
     .flags = GNP_COMPARES},
    {.name = "==", .same_as = "="},
    {.name = "!=",
     .bind = bind_comparison,
     .apply = not_equal,
     .sql = "($1 <> $2)",
     .flags = GNP_HIDDEN | GNP_COMPARES},
    {.name = "<",
     .bind = bind_comparison,
     .apply = less,
     .sql = "($1 < $2)",
     .flags = GNP_COMPARES},
    {.name = "<=",
     .bind = bind_comparison,
     .apply = less_or_equal,
     .sql = "($1 <= $2)",
     .flags = GNP_COMPARES},
    {.name = ">",
     .bind = bind_comparison,
     .apply = greater,
     .sql = "($1 > $2)",
     .flags = GNP_COMPARES},
    {.name = ">=",
     .bind = bind_comparison,
     .apply = greater_or_equal,
     .sql = "($1 >= $2)",
     .flags = GNP_COMPARES},
    {.name = "<=>",
     .bind = bind_comparison,
     .apply = same,
     .sql = "($1 IS NOT DISTINCT FROM $2)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL | GNP_COMPARES},
    {.name = "equal_null", .same_as = "<=>"},
    {.name = "between", .bind = bind_between, .eval = eval_between, .sql = "($1 AND $2)"},
    {.name = "greatest",
     .bind = bind_choice,
     .apply = greatest,
     .flags = GNP_SEES_NULLS | GNP_MAY_BE_NULL},
    {.name = "least",
     .bind = bind_choice,
     .apply = least,
     .flags = GNP_SEES_NULLS | GNP_MAY_BE_NULL},
    {.name = "in", .bind = bind_in, .eval = eval_in, .sql = "($1 IN ($+))"},
};

const gnp_family gnp_family_comparison = {"comparison", functions,
                                          sizeof functions / sizeof *functions};
