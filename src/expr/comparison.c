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
  case GNI_BOOLEAN: return (int)a->boolean - (int)b->boolean;
  case GNI_FLOAT:
  case GNI_DOUBLE: return compare_real(a->real, b->real);
  case GNI_STRING:
  case GNI_BINARY: return compare_text(a->text, b->text);
  case GNI_LIST:
  case GNI_STRUCT: return compare_nested(type, a, b);
  case GNI_DECIMAL: {
    gnp_wide x = gnp_wide_of(a), y = gnp_wide_of(b);
    return (x > y) - (x < y);
  }
  default: return (a->integer > b->integer) - (a->integer < b->integer);
  }
}

/* ---- operators ------------------------------------------------------------------------------- */

static int order_of(const gni_bound *node, const gni_value *args)
{
  return gnp_compare(node->args[0]->type, &args[0], &args[1]);
}

static int equal(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) == 0);
  return GN_OK;
}

static int not_equal(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) != 0);
  return GN_OK;
}

static int less(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) < 0);
  return GN_OK;
}

static int less_or_equal(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                         gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) <= 0);
  return GN_OK;
}

static int greater(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) > 0);
  return GN_OK;
}

static int greater_or_equal(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                            gni_value *out)
{
  (void)frame;
  *out = gni_value_boolean(order_of(node, args) >= 0);
  return GN_OK;
}

static int same(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)frame;
  bool both = !args[0].is_null && !args[1].is_null;
  *out = gni_value_boolean(both ? order_of(node, args) == 0 : args[0].is_null && args[1].is_null);
  return GN_OK;
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
  bool equality = strchr("=!", call->node->function->name[0]) ||
                  strcmp(call->node->function->name, "<=>") == 0;
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
    *out = gni_value_boolean(true);
    return GN_OK;
  }
  if (!unknown) *out = gni_value_boolean(false);
  return GN_OK;
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
  if (is_nested(type)) call->node->sql = NULL;
  return gnp_cast_all(b, call, 0, type);
}

static const gnp_function functions[] = {
    {.name = "=", .bind = bind_comparison, .apply = equal, .sql = "($1 = $2)"},
    {.name = "==", .same_as = "="},
    {.name = "!=", .bind = bind_comparison, .apply = not_equal, .sql = "($1 <> $2)"},
    {.name = "<", .bind = bind_comparison, .apply = less, .sql = "($1 < $2)"},
    {.name = "<=", .bind = bind_comparison, .apply = less_or_equal, .sql = "($1 <= $2)"},
    {.name = ">", .bind = bind_comparison, .apply = greater, .sql = "($1 > $2)"},
    {.name = ">=", .bind = bind_comparison, .apply = greater_or_equal, .sql = "($1 >= $2)"},
    {.name = "<=>",
     .bind = bind_comparison,
     .apply = same,
     .sql = "($1 IS NOT DISTINCT FROM $2)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "equal_null", .same_as = "<=>"},
    {.name = "in", .bind = bind_in, .eval = eval_in, .sql = "($1 IN ($+))"},
};

const gnp_family gnp_family_comparison = {"comparison", functions,
                                          sizeof functions / sizeof *functions};
