/* SELECT, bound: stars, groups, items, HAVING, windows, keys of ORDER BY; then one relation on the
 * other. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/query_plan.h"

/* One column of the answer, or a generator, which gives several. */
typedef struct output {
  const gnp_item *item;
  const gnp_visible *star; /* a column that `*` stands for */
  gn_str name;
  bool unnamed;
  const gni_bound *value;
} output;

typedef struct selection {
  gnp_planner *p;
  const gni_query *query;
  const gnp_select *select;
  gnp_scope scope;
  output *items; /* as written, stars spread out */
  size_t item_count;
  output *outputs;
  size_t output_count;
  const gni_bound *where, *having;
  gnp_generated generated;
  bool generates;
} selection;

/* ---- stars ----------------------------------------------------------------------------------- */

static bool is_excepted(const gnp_item *item, gn_str name)
{
  for (size_t i = 0; i < item->except.count; i++)
    if (gnp_same_word(item->except.items[i], name)) return true;
  return false;
}

static bool in_star(const gnp_item *item, const gnp_visible *column)
{
  size_t parts = item->star.count;
  if (!parts) return !column->hidden;
  gn_str table = item->star.items[parts - 1];
  if (!column->table.ptr || !gnp_same_word(column->table, table)) return false;
  return parts == 1 ||
         (column->space.ptr && gnp_same_word(column->space, item->star.items[parts - 2]));
}

static int check_excepted(selection *s, const gnp_item *item)
{
  for (size_t i = 0; i < item->except.count; i++) {
    bool found = false;
    for (size_t k = 0; k < s->scope.count; k++)
      found |= in_star(item, &s->scope.items[k]) &&
               gnp_same_word(s->scope.items[k].column.name, item->except.items[i]);
    if (!found)
      return gnp_plan_fail(s->p, GN_E_NOTFOUND, item->begin, item->end,
                           "EXCEPT names '%.*s', which is not there",
                           GN_STR_ARGS(item->except.items[i]));
  }
  return GN_OK;
}

static int spread_star(selection *s, const gnp_item *item)
{
  size_t found = 0;
  for (size_t i = 0; i < s->scope.count; i++) {
    const gnp_visible *column = &s->scope.items[i];
    if (!in_star(item, column)) continue;
    found++;
    if (is_excepted(item, column->column.name)) continue;
    output one = {.item = item, .star = column};
    int rc = GNP_PLAN_PUSH(s->p, s->items, s->item_count, one);
    if (rc != GN_OK) return rc;
  }
  if (!found)
    return gnp_plan_fail(s->p, GN_E_NOTFOUND, item->begin, item->end,
                         item->star.count ? "no table here is called so"
                                          : "there is nothing that * could stand for");
  return check_excepted(s, item);
}

static int spread_items(selection *s)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < s->select->item_count; i++) {
    const gnp_item *item = &s->select->items[i];
    output one = {.item = item};
    rc = item->expr ? GNP_PLAN_PUSH(s->p, s->items, s->item_count, one) : spread_star(s, item);
  }
  return rc;
}

/* ---- is it grouped --------------------------------------------------------------------------- */

static bool has_aggregate(const gni_expr *expr);

static bool over_has_aggregate(const gnp_over *over)
{
  for (size_t i = 0; i < over->partition_count; i++)
    if (has_aggregate(over->partition[i])) return true;
  for (size_t i = 0; i < over->order.count; i++)
    if (has_aggregate(over->order.items[i].expr)) return true;
  return false;
}

static bool has_aggregate(const gni_expr *expr)
{
  const gnp_over *over = expr->clauses ? expr->clauses->over : NULL;
  if (expr->kind == GNP_NODE_CALL && !over && gnp_is_aggregate(expr->name)) return true;
  if (over && over_has_aggregate(over)) return true;
  for (size_t i = 0; i < expr->arg_count; i++)
    if (has_aggregate(expr->args[i])) return true;
  return false;
}

static bool is_aggregated(const selection *s)
{
  if (s->select->group || s->select->having) return true;
  for (size_t i = 0; i < s->select->item_count; i++)
    if (s->select->items[i].expr && has_aggregate(s->select->items[i].expr)) return true;
  for (size_t i = 0; i < s->query->order.count; i++)
    if (has_aggregate(s->query->order.items[i].expr)) return true;
  return false;
}

/* ---- GROUP BY -------------------------------------------------------------------------------- */

static gnp_column column_of(const gni_bound *node)
{
  return (gnp_column){
      .id = node->index, .sql = node->name, .type = node->type, .nullable = node->nullable};
}

static int add_group(selection *s, const gni_bound *value)
{
  gnp_grouped group = {.value = value};
  const gni_bound *column;
  int rc = gnp_need_groupable(s->p, value, "grouping by");
  if (rc == GN_OK) rc = gnp_normalize(s->p, value, &column);
  if (rc == GN_OK) rc = gnp_prepare(s->p, &s->scope.before, column, &column);
  if (rc != GN_OK) return rc;
  group.column = column_of(column);
  group.column.nullable |= s->select->group->kind == GNP_GROUP_SETS;
  return GNP_PLAN_PUSH(s->p, s->scope.groups, s->scope.group_count, group);
}

static int bind_item_as_group(selection *s, const output *item, const gni_bound **out)
{
  if (item->star)
    return gnp_column_node(s->p, &item->star->column, item->item->begin, item->item->end, out);
  return gnp_bind_value(s->p, item->item->expr, out);
}

/* A position, or an alias where no column is called so. */
static const output *named_item(const selection *s, const gni_expr *expr)
{
  if (expr->kind != GNP_NODE_NAME) return NULL;
  for (size_t i = 0; i < s->scope.count; i++)
    if (!s->scope.items[i].hidden && gnp_same_word(s->scope.items[i].column.name, expr->name))
      return NULL;
  for (size_t i = 0; i < s->item_count; i++) {
    const gnp_item *item = s->items[i].item;
    if (!s->items[i].star && item->aliases.count == 1 &&
        gnp_same_word(item->aliases.items[0], expr->name))
      return &s->items[i];
  }
  return NULL;
}

static int bind_group(selection *s, const gni_expr *expr, const gni_bound **out)
{
  const output *item = named_item(s, expr);
  if (expr->kind == GNP_NODE_LITERAL && expr->type->kind == GNI_INT && !expr->value.is_null) {
    int64_t at = expr->value.integer;
    if (at < 1 || (size_t)at > s->item_count)
      return gnp_plan_fail(s->p, GN_E_INVALID, expr->begin, expr->end,
                           "GROUP BY %lld: there are %zu columns", (long long)at, s->item_count);
    item = &s->items[at - 1];
  }
  return item ? bind_item_as_group(s, item, out) : gnp_bind_value(s->p, expr, out);
}

static int bind_groups(selection *s)
{
  const gnp_group *group = s->select->group;
  const gni_bound *value;
  int rc = GN_OK;
  s->scope.group = group;
  s->scope.clause = "GROUP BY";
  if (!group) return GN_OK;
  if (group->kind == GNP_GROUP_ALL) {
    for (size_t i = 0; rc == GN_OK && i < s->item_count; i++) {
      if (!s->items[i].star && has_aggregate(s->items[i].item->expr)) continue;
      rc = bind_item_as_group(s, &s->items[i], &value);
      if (rc == GN_OK) rc = add_group(s, value);
    }
    return rc;
  }
  for (size_t i = 0; rc == GN_OK && i < group->count; i++) {
    rc = bind_group(s, group->items[i], &value);
    if (rc == GN_OK) rc = add_group(s, value);
  }
  return rc;
}

/* ---- items ----------------------------------------------------------------------------------- */

/* Later items that name an alias take its expression in, so a chain of them could double at every
 * link. */
#define VALUE_NODES_MAX 20000

static bool is_larger(const gni_bound *value, size_t *budget)
{
  if (!*budget) return true;
  --*budget;
  for (size_t i = 0; i < value->arg_count; i++)
    if (is_larger(value->args[i], budget)) return true;
  return false;
}

static int add_output(selection *s, output one)
{
  gnp_alias alias = {one.name, one.value};
  size_t budget = VALUE_NODES_MAX;
  if (is_larger(one.value, &budget))
    return gnp_plan_fail(s->p, GN_E_LIMIT, one.item->begin, one.item->end,
                         "this column has more than %d parts, those of its aliases counted",
                         VALUE_NODES_MAX);
  int rc = GNP_PLAN_PUSH(s->p, s->outputs, s->output_count, one);
  if (rc != GN_OK || !one.name.ptr) return rc;
  return GNP_PLAN_PUSH(s->p, s->scope.aliases, s->scope.alias_count, alias);
}

static int bind_generator_item(selection *s, const output *item)
{
  const gnp_names *aliases = &item->item->aliases;
  if (s->generates)
    return gnp_plan_fail(s->p, GN_E_UNSUPPORTED, item->item->begin, item->item->end,
                         "one generator in a SELECT is allowed");
  s->generates = true;
  int rc = gnp_bind_generator(s->p, item->item->expr, false, &s->generated);
  const gnp_columns *columns = &s->generated.columns;
  if (rc == GN_OK && aliases->count && aliases->count != columns->count)
    return gnp_plan_fail(s->p, GN_E_INVALID, item->item->begin, item->item->end,
                         "%zu names are given to %zu columns", aliases->count, columns->count);
  for (size_t i = 0; rc == GN_OK && i < columns->count; i++) {
    output one = *item;
    one.name = aliases->count ? aliases->items[i] : columns->items[i].name;
    rc = gnp_column_node(s->p, &columns->items[i], item->item->begin, item->item->end, &one.value);
    if (rc == GN_OK) rc = add_output(s, one);
  }
  return rc;
}

static int name_output(selection *s, output *one)
{
  const gnp_item *item = one->item;
  if (one->star) {
    one->name = one->star->column.name;
    one->unnamed = one->star->column.unnamed;
    return GN_OK;
  }
  if (item->aliases.count > 1)
    return gnp_plan_fail(s->p, GN_E_INVALID, item->begin, item->end,
                         "%zu names are given to one column", item->aliases.count);
  if (item->aliases.count) {
    one->name = item->aliases.items[0];
    return GN_OK;
  }
  if (item->expr->kind == GNP_NODE_NAME || item->expr->kind == GNP_NODE_FIELD) {
    one->name = item->expr->name;
    return GN_OK;
  }
  int rc = gnp_query_name(s->p, item->expr, &one->name);
  one->unnamed = !one->name.ptr;
  return rc;
}

static int bind_item(selection *s, const output *item)
{
  output one = *item;
  const gni_expr *expr = item->item->expr;
  int rc;
  if (!one.star && expr->kind == GNP_NODE_CALL && gnp_is_generator(expr->name))
    return bind_generator_item(s, item);
  if (one.star)
    rc = gnp_column_node(s->p, &one.star->column, item->item->begin, item->item->end, &one.value);
  else
    rc = gnp_bind_value(s->p, expr, &one.value);
  if (rc == GN_OK) rc = gnp_settle(s->p, one.value, &one.value);
  if (rc == GN_OK) rc = name_output(s, &one);
  return rc == GN_OK ? add_output(s, one) : rc;
}

static int bind_items(selection *s)
{
  int rc = GN_OK;
  s->scope.where = GNP_IN_ITEM;
  s->scope.clause = "SELECT";
  s->scope.alias_use = GNP_ALIASES_AFTER;
  for (size_t i = 0; rc == GN_OK && i < s->item_count; i++) rc = bind_item(s, &s->items[i]);
  if (rc == GN_OK && s->generates && s->scope.windows.count)
    return gnp_plan_fail(s->p, GN_E_UNSUPPORTED, s->query->begin, s->query->end,
                         "a generator beside window functions is not supported");
  return rc;
}

/* ---- one relation on the other --------------------------------------------------------------- */

static int filter(gnp_planner *p, const gni_bound *condition, const gnp_relation **root)
{
  if (!condition) return GN_OK;
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_FILTER, *root);
  if (!relation) return gnp_plan_nomem(p);
  relation->condition = condition;
  *root = relation;
  return GN_OK;
}

static int aggregate(selection *s, const gnp_relation **root)
{
  gnp_planner *p = s->p;
  if (!s->scope.aggregated) return GN_OK;
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_AGGREGATE, *root);
  if (!relation) return gnp_plan_nomem(p);
  relation->group = s->select->group;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < s->scope.group_count; i++) {
    gnp_computed item = {.column = s->scope.groups[i].column};
    rc = gnp_column_node(p, &item.column, 0, 0, &item.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
  }
  relation->group_count = relation->items.count;
  for (size_t i = 0; rc == GN_OK && i < s->scope.measures.count; i++)
    rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, s->scope.measures.items[i]);
  *root = relation;
  return rc;
}

static int project(selection *s, const gnp_relation *root, gnp_relation **out, gnp_columns *columns)
{
  gnp_planner *p = s->p;
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_PROJECT, root);
  if (!relation) return gnp_plan_nomem(p);
  relation->distinct = s->select->distinct;
  for (size_t i = 0; i < s->output_count; i++) {
    const output *one = &s->outputs[i];
    gnp_computed item = {.value = one->value};
    int rc = GN_OK;
    if (relation->distinct) rc = gnp_need_groupable(p, one->value, "comparing");
    if (rc == GN_OK && relation->distinct) rc = gnp_normalize(p, one->value, &item.value);
    if (rc != GN_OK) return rc;
    item.column = gnp_new_column(p, one->name, one->value->type, one->value->nullable);
    item.column.unnamed = one->unnamed;
    rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, columns->items, columns->count, item.column);
    if (rc != GN_OK) return rc;
  }
  *out = relation;
  return GN_OK;
}

/* ---- ORDER BY -------------------------------------------------------------------------------- */

static int order_position(selection *s, const gni_expr *expr, const output **out)
{
  *out = NULL;
  if (expr->kind != GNP_NODE_LITERAL || expr->type->kind != GNI_INT || expr->value.is_null)
    return GN_OK;
  int64_t at = expr->value.integer;
  if (at < 1 || (size_t)at > s->output_count)
    return gnp_plan_fail(s->p, GN_E_INVALID, expr->begin, expr->end,
                         "ORDER BY %lld: there are %zu columns", (long long)at, s->output_count);
  *out = &s->outputs[at - 1];
  return GN_OK;
}

/* Names mean outputs first, then columns of the tables. */
static int bind_keys(selection *s, gnp_relation *sort)
{
  s->scope.alias_use = GNP_ALIASES_FIRST;
  s->scope.clause = "ORDER BY";
  s->scope.where = GNP_IN_HAVING; /* aggregates, no windows */
  for (size_t i = 0; i < s->query->order.count; i++) {
    const gnp_order *order = &s->query->order.items[i];
    gnp_key key = {.descending = order->descending, .nulls_last = order->nulls_last};
    const output *one;
    int rc = order_position(s, order->expr, &one);
    if (rc != GN_OK) return rc;
    if (one) {
      key.value = one->value;
    } else {
      rc = gnp_bind_value(s->p, order->expr, &key.value);
      if (rc == GN_OK) rc = gnp_settle(s->p, key.value, &key.value);
    }
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(s->p, sort->keys.items, sort->keys.count, key);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* Keys become columns of the projection: outputs where they are, else hidden ones. */
static int place_keys(selection *s, gnp_relation *sort, gnp_relation *projection)
{
  for (size_t k = 0; k < sort->keys.count; k++) {
    gnp_key *key = &sort->keys.items[k];
    size_t at = 0;
    while (at < s->output_count && !gnp_same_bound(s->outputs[at].value, key->value)) at++;
    gnp_computed item;
    /* The engine's sort would give a -0.0 back as 0.0, were the key the column itself. */
    int rc = gnp_order_key(s->p, key->value, "ordering by", &item.value);
    if (at < s->output_count && (s->select->distinct || item.value == key->value)) {
      item = projection->items.items[at];
    } else if (rc == GN_OK) {
      if (s->select->distinct)
        return gnp_plan_fail(s->p, GN_E_INVALID, key->value->begin, key->value->end,
                             "with DISTINCT, ORDER BY takes columns of the answer only");
      item.column = gnp_new_column(s->p, GN_STR(""), key->value->type, key->value->nullable);
      rc = GNP_PLAN_PUSH(s->p, projection->items.items, projection->items.count, item);
    }
    if (rc == GN_OK)
      rc = gnp_column_node(s->p, &item.column, key->value->begin, key->value->end, &key->value);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- SELECT ---------------------------------------------------------------------------------- */

static int assemble(selection *s, const gnp_relation *root, gnp_relation *sort,
                    gnp_bound_query *out)
{
  gnp_relation *projection = NULL;
  int rc = filter(s->p, s->where, &root);
  if (rc == GN_OK) rc = gnp_extend(s->p, s->scope.before, &root);
  if (rc == GN_OK) rc = aggregate(s, &root);
  if (rc == GN_OK) rc = filter(s->p, s->having, &root);
  if (rc == GN_OK) rc = gnp_extend(s->p, s->generated.first, &root);
  if (rc == GN_OK) rc = gnp_extend(s->p, s->generated.then, &root);
  if (rc == GN_OK) rc = gnp_extend(s->p, s->scope.between, &root);
  if (rc == GN_OK) rc = gnp_extend(s->p, s->scope.windows, &root);
  if (rc == GN_OK) rc = project(s, root, &projection, &out->columns);
  if (rc == GN_OK) rc = place_keys(s, sort, projection);
  out->root = projection;
  return rc;
}

static int bind_having(selection *s)
{
  if (!s->select->having) return GN_OK;
  s->scope.clause = "HAVING";
  s->scope.where = GNP_IN_HAVING;
  s->scope.alias_use = GNP_ALIASES_FIRST;
  s->scope.is_having = true;
  int rc = gnp_bind_condition(s->p, s->select->having, "HAVING", &s->having);
  s->scope.is_having = false;
  return rc == GN_OK ? gnp_settle(s->p, s->having, &s->having) : rc;
}

static int bind_clauses(selection *s, gnp_relation *sort)
{
  int rc = GN_OK;
  s->scope.where = GNP_IN_FILTER;
  s->scope.clause = "WHERE";
  if (s->select->where) rc = gnp_bind_condition(s->p, s->select->where, "WHERE", &s->where);
  if (rc == GN_OK) rc = spread_items(s);
  if (rc == GN_OK) rc = bind_groups(s);
  s->scope.aggregated = is_aggregated(s);
  if (rc == GN_OK) rc = bind_items(s);
  if (rc == GN_OK) rc = bind_having(s);
  return rc == GN_OK ? bind_keys(s, sort) : rc;
}

int gnp_bind_select(gnp_planner *p, const gni_query *query, gnp_relation *sort,
                    gnp_bound_query *out)
{
  selection *s = GN_TAKE_ZERO(p->binder.arena, selection, 1);
  const gnp_relation *root = NULL;
  int rc = GN_OK;
  if (!s) return gnp_plan_nomem(p);
  s->p = p;
  s->query = query;
  s->select = &query->select;
  s->scope.outer = p->scope;
  s->scope.select = s->select;
  if (s->select->from)
    rc = gnp_bind_from(p, s->select->from, &s->scope, &root);
  else if (!(root = gnp_new_relation(p, GNP_REL_ONE, NULL)))
    return gnp_plan_nomem(p);
  if (rc != GN_OK) return rc;
  p->scope = &s->scope;
  rc = bind_clauses(s, sort);
  p->scope = s->scope.outer;
  return rc == GN_OK ? assemble(s, root, sort, out) : rc;
}
