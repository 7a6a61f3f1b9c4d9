/* Statements, bound: WITH, set operations, ORDER BY, LIMIT, subqueries.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/query_plan.h"

/* ---- projections ----------------------------------------------------------------------------- */

/* One column as another type, or with -0.0 and NaN as grouping sees them. */
static int project_column(gnp_planner *p, gnp_column *from, const gni_type *type, bool normalize,
                          gnp_computed *out)
{
  int rc = gnp_column_node(p, from, p->binder.fail_begin, p->binder.fail_end, &out->value);
  if (rc == GN_OK && type) rc = gnp_cast(&p->binder, out->value, type, &out->value);
  if (rc == GN_OK && normalize) rc = gnp_normalize(p, out->value, &out->value);
  if (rc != GN_OK) return rc;
  bool may_fail = from->type->kind == GNI_STRING && out->value->type->kind != GNI_STRING;
  out->column = gnp_new_column(p, from->name, out->value->type, from->nullable || may_fail);
  out->column.unnamed = from->unnamed;
  return GN_OK;
}

int gnp_project_to(gnp_planner *p, gnp_bound_query *query, const gni_type *const *types,
                   bool normalize)
{
  gnp_relation *project = gnp_new_relation(p, GNP_REL_PROJECT, query->root);
  gnp_columns columns = {0};
  if (!project) return gnp_plan_nomem(p);
  for (size_t i = 0; i < query->columns.count; i++) {
    gnp_computed item = {.value = NULL};
    int rc = project_column(p, &query->columns.items[i], types ? types[i] : NULL, normalize, &item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, project->items.items, project->items.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, columns.items, columns.count, item.column);
    if (rc != GN_OK) return rc;
  }
  query->root = project;
  query->columns = columns;
  return GN_OK;
}

/* ---- set operations -------------------------------------------------------------------------- */

static const char *set_name(const gni_query *query)
{
  return query->set == GNP_UNION ? "UNION" : query->set == GNP_INTERSECT ? "INTERSECT" : "EXCEPT";
}

static int common_types(gnp_planner *p, const gni_query *query, const gnp_columns *left,
                        const gnp_columns *right, const gni_type **types)
{
  for (size_t i = 0; i < left->count; i++) {
    types[i] = gnp_type_wider(&p->binder, left->items[i].type, right->items[i].type, true);
    if (types[i]) continue;
    gn_str x = gnp_type_text(&p->binder, left->items[i].type);
    gn_str y = gnp_type_text(&p->binder, right->items[i].type);
    return gnp_plan_fail(p, GN_E_TYPE, query->right->begin, query->right->end,
                         "column %zu of %s is a %.*s on the left, a %.*s on the right", i + 1,
                         set_name(query), GN_STR_ARGS(x), GN_STR_ARGS(y));
  }
  return GN_OK;
}

static int need_groupable(gnp_planner *p, const gni_query *query, const gnp_columns *columns)
{
  for (size_t i = 0; i < columns->count; i++) {
    const gni_bound *value;
    int rc = gnp_column_node(p, &columns->items[i], query->begin, query->end, &value);
    if (rc == GN_OK) rc = gnp_need_groupable(p, value, "comparing");
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int bind_set(gnp_planner *p, const gni_query *query, gnp_bound_query *out)
{
  gnp_bound_query left, right;
  int rc = gnp_bind_query(p, query->left, &left);
  if (rc == GN_OK) rc = gnp_bind_query(p, query->right, &right);
  if (rc != GN_OK) return rc;
  size_t count = left.columns.count;
  if (count != right.columns.count)
    return gnp_plan_fail(p, GN_E_INVALID, query->right->begin, query->right->end,
                         "%s of %zu columns with %zu", set_name(query), count, right.columns.count);
  const gni_type **types = GN_TAKE(p->binder.arena, const gni_type *, count);
  if (!types) return gnp_plan_nomem(p);
  bool by_row = !(query->set == GNP_UNION && query->all);
  if ((rc = common_types(p, query, &left.columns, &right.columns, types)) != GN_OK) return rc;
  if ((rc = gnp_project_to(p, &left, types, by_row)) != GN_OK) return rc;
  if ((rc = gnp_project_to(p, &right, types, by_row)) != GN_OK) return rc;
  gnp_relation *set = gnp_new_relation(p, GNP_REL_SET, left.root);
  if (!set) return gnp_plan_nomem(p);
  set->right = right.root;
  set->set = query->set;
  set->all = query->all;
  for (size_t i = 0; i < count; i++)
    left.columns.items[i].nullable |= right.columns.items[i].nullable;
  *out = (gnp_bound_query){.root = set, .columns = left.columns};
  return by_row ? need_groupable(p, query, &left.columns) : GN_OK;
}

/* ---- ORDER BY over finished columns ---------------------------------------------------------- */

static int ordinal(gnp_planner *p, const gni_expr *expr, const gnp_columns *columns,
                   const gni_bound **out)
{
  *out = NULL;
  if (expr->kind != GNP_NODE_LITERAL || expr->type->kind != GNI_INT || expr->value.is_null)
    return GN_OK;
  int64_t at = expr->value.integer;
  if (at < 1 || (size_t)at > columns->count)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "ORDER BY %lld: there are %zu columns", (long long)at, columns->count);
  return gnp_column_node(p, &columns->items[at - 1], expr->begin, expr->end, out);
}

/* Of a set operation or VALUES: only their columns are in sight. */
static int sort_finished(gnp_planner *p, const gni_query *query, gnp_bound_query *bound,
                         gnp_relation *sort)
{
  gnp_scope scope = {.outer = p->scope, .clause = "ORDER BY"};
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < bound->columns.count; i++) {
    gnp_visible item = {.column = bound->columns.items[i]};
    rc = GNP_PLAN_PUSH(p, scope.items, scope.count, item);
  }
  p->scope = &scope;
  for (size_t i = 0; rc == GN_OK && i < query->order.count; i++) {
    const gnp_order *order = &query->order.items[i];
    gnp_key key = {.descending = order->descending, .nulls_last = order->nulls_last};
    rc = ordinal(p, order->expr, &bound->columns, &key.value);
    if (rc == GN_OK && !key.value) rc = gnp_bind_value(p, order->expr, &key.value);
    if (rc == GN_OK) rc = gnp_order_key(p, key.value, "ordering by", &key.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, sort->keys.items, sort->keys.count, key);
  }
  p->scope = scope.outer;
  return rc;
}

static int constant_count(gnp_planner *p, const gni_expr *expr, const char *clause, int64_t *out)
{
  const gni_bound *value;
  int rc = gnp_bind_value(p, expr, &value);
  if (rc != GN_OK) return rc;
  bool whole = gnp_is_integral(value->type) && value->type->kind <= GNI_INT &&
               value->kind == GNP_CONSTANT && !value->value.is_null && value->value.integer >= 0;
  if (!whole)
    return gnp_plan_fail(p, GN_E_TYPE, expr->begin, expr->end,
                         "%s wants a constant integer that is not negative", clause);
  *out = value->value.integer;
  return GN_OK;
}

/* ORDER BY, LIMIT and OFFSET; a SELECT has bound its keys itself (`sort` holds them). */
static int organize(gnp_planner *p, const gni_query *query, gnp_relation *sort,
                    gnp_bound_query *bound)
{
  int rc = GN_OK;
  if (query->kind != GNP_QUERY_SELECT) rc = sort_finished(p, query, bound, sort);
  if (rc == GN_OK && query->limit) rc = constant_count(p, query->limit, "LIMIT", &sort->limit);
  if (rc == GN_OK && query->offset) rc = constant_count(p, query->offset, "OFFSET", &sort->offset);
  if (rc != GN_OK || (!sort->keys.count && sort->limit < 0 && sort->offset < 0)) return rc;
  sort->input = bound->root;
  bound->root = sort;
  bound->ordered = sort->keys.count > 0;
  return GN_OK;
}

/* ---- WITH ------------------------------------------------------------------------------------ */

static int rename_columns(gnp_planner *p, const gnp_with *with, gnp_columns *columns)
{
  if (!with->columns.count) return GN_OK;
  if (with->columns.count != columns->count)
    return gnp_plan_fail(p, GN_E_INVALID, with->query->begin, with->query->end,
                         "'%.*s' gives %zu names to %zu columns", GN_STR_ARGS(with->name),
                         with->columns.count, columns->count);
  for (size_t i = 0; i < columns->count; i++) {
    columns->items[i].name = with->columns.items[i];
    columns->items[i].unnamed = false;
  }
  return GN_OK;
}

static int bind_with(gnp_planner *p, const gni_query *query, gnp_relation *with)
{
  for (size_t i = 0; i < query->with_count; i++) {
    const gnp_with *one = &query->with[i];
    gnp_shared *shared = GN_TAKE_ZERO(p->binder.arena, gnp_shared, 1);
    if (!shared) return gnp_plan_nomem(p);
    gnp_scope *scope = p->scope;
    p->scope = NULL; /* nothing around is in sight */
    int rc = gnp_bind_query(p, one->query, &shared->query);
    p->scope = scope;
    if (rc == GN_OK) rc = rename_columns(p, one, &shared->query.columns);
    if (rc != GN_OK) return rc;
    shared->name = one->name;
    shared->sql = gni_str_format(p->binder.arena, "gn_w%u", ++p->next_shared);
    shared->outer = p->shared;
    if (!shared->sql.ptr) return gnp_plan_nomem(p);
    p->shared = shared;
    rc = GNP_PLAN_PUSH(p, with->shared, with->shared_count, shared);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- statements ------------------------------------------------------------------------------ */

static int bind_body(gnp_planner *p, const gni_query *query, gnp_relation *sort,
                     gnp_bound_query *out)
{
  switch ((enum gnp_query_kind)query->kind) {
  case GNP_QUERY_SELECT:
    return gnp_bind_select(p, query, sort, out);
  case GNP_QUERY_VALUES:
    return gnp_bind_values(p, query, out);
  case GNP_QUERY_SET:
    return bind_set(p, query, out);
  }
  return gni_fail(p->binder.err, GN_E_BUG, "unknown statement %d", query->kind);
}

int gnp_bind_query(gnp_planner *p, const gni_query *query, gnp_bound_query *out)
{
  gnp_shared *outer = p->shared;
  gnp_relation *with = NULL, *sort = gnp_new_relation(p, GNP_REL_SORT, NULL);
  int rc = sort ? GN_OK : gnp_plan_nomem(p);
  *out = (gnp_bound_query){.root = NULL};
  if (rc == GN_OK && query->with_count) {
    with = gnp_new_relation(p, GNP_REL_WITH, NULL);
    rc = with ? bind_with(p, query, with) : gnp_plan_nomem(p);
  }
  if (rc == GN_OK) rc = bind_body(p, query, sort, out);
  if (rc == GN_OK) rc = organize(p, query, sort, out);
  if (rc == GN_OK && with) {
    with->input = out->root;
    out->root = with;
  }
  p->shared = outer;
  return rc;
}

/* ---- subqueries ------------------------------------------------------------------------------ */

typedef struct subquery {
  gnp_bound_query query;
  const gnp_outer_use *uses, *before;
} subquery;

static int emit_exists(gnp_emitter *e, const gni_bound *node)
{
  const subquery *s = node->plan;
  gni_buf_add_text(e->out, "EXISTS (");
  int rc = gnp_emit_query(e, &s->query);
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

static int emit_scalar(gnp_emitter *e, const gni_bound *node)
{
  const subquery *s = node->plan;
  gni_buf_add_char(e->out, '(');
  int rc = gnp_emit_query(e, &s->query);
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

static int emit_in(gnp_emitter *e, const gni_bound *node)
{
  const subquery *s = node->plan;
  gni_buf_add_char(e->out, '(');
  int rc = gnp_emit_node(e, node->args[0]);
  gni_buf_add_text(e->out, " IN (");
  if (rc == GN_OK) rc = gnp_emit_query(e, &s->query);
  return rc == GN_OK ? gni_buf_add_text(e->out, "))") : rc;
}

int gnp_check_outer_uses(gnp_planner *p, const gni_bound *node,
                         int (*check)(gnp_planner *p, const gni_bound *column))
{
  const subquery *s = node->plan;
  int rc = GN_OK;
  for (const gnp_outer_use *use = s->uses; rc == GN_OK && use != s->before; use = use->next)
    rc = check(p, use->column);
  return rc;
}

/* x IN (SELECT y …): both become the type in which they compare. */
static int bind_in(gnp_planner *p, const gni_expr *expr, subquery *s, gni_bound *node)
{
  const gni_bound *value;
  int rc = gnp_bind_value(p, expr->args[0], &value);
  if (rc != GN_OK) return rc;
  const gni_type *inner = s->query.columns.items[0].type;
  const gni_type *type = gnp_type_compared(&p->binder, value->type, inner);
  if (!type) {
    gn_str x = gnp_type_text(&p->binder, value->type), y = gnp_type_text(&p->binder, inner);
    return gnp_plan_fail(p, GN_E_TYPE, expr->begin, expr->end, "IN compares a %.*s with a %.*s",
                         GN_STR_ARGS(x), GN_STR_ARGS(y));
  }
  if ((rc = gnp_cast(&p->binder, value, type, &value)) != GN_OK) return rc;
  if ((rc = gnp_project_to(p, &s->query, &type, false)) != GN_OK) return rc;
  node->args = gni_arena_copy(p->binder.arena, &value, sizeof value);
  node->arg_count = 1;
  node->type = &gni_type_boolean;
  node->nullable = value->nullable || s->query.columns.items[0].nullable;
  node->emit = emit_in;
  return node->args ? GN_OK : gnp_plan_nomem(p);
}

int gnp_bind_subquery(gnp_planner *p, const gni_expr *expr, const gni_bound **out)
{
  subquery *s = GN_TAKE_ZERO(p->binder.arena, subquery, 1);
  gnp_column column = gnp_new_column(p, GN_STR(""), &gni_type_boolean, false);
  if (!s) return gnp_plan_nomem(p);
  s->before = p->outer_uses;
  int rc = gnp_bind_query(p, expr->query, &s->query);
  if (rc != GN_OK) return rc;
  s->uses = p->outer_uses;
  size_t width = s->query.columns.count;
  bool exists = gni_str_is(expr->name, "exists");
  if (width != 1 && !exists)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "a subquery here gives one column, this one gives %zu", width);
  const gni_bound *made;
  if ((rc = gnp_column_node(p, &column, expr->begin, expr->end, &made)) != GN_OK) return rc;
  gni_bound *node = gni_arena_copy(p->binder.arena, made, sizeof *made);
  if (!node) return gnp_plan_nomem(p);
  node->plan = s;
  *out = node;
  if (gni_str_is(expr->name, "in")) return bind_in(p, expr, s, node);
  node->emit = exists ? emit_exists : emit_scalar;
  node->type = exists ? &gni_type_boolean : s->query.columns.items[0].type;
  node->nullable = !exists;
  return GN_OK;
}

/* ---- the entry points ------------------------------------------------------------------------ */

static int finish(gnp_planner *p, const gni_query *query, gni_relation *relation)
{
  gnp_columns *columns = &relation->query.columns;
  gni_field *fields = GN_TAKE(p->binder.arena, gni_field, columns->count + 1);
  if (!fields) return gnp_plan_nomem(p);
  for (size_t i = 0; i < columns->count; i++) {
    if (columns->items[i].unnamed)
      return gnp_plan_fail(p, GN_E_UNSUPPORTED, query->begin, query->end,
                           "column %zu needs an alias: Spark's name for it is not known", i + 1);
    if (gnp_is_interval(columns->items[i].type))
      return gnp_plan_fail(p, GN_E_UNSUPPORTED, query->begin, query->end,
                           "column %zu is an interval, which is not supported as a result", i + 1);
    fields[i] = (gni_field){columns->items[i].name, columns->items[i].type};
  }
  relation->type = gni_type_struct(p->binder.arena, GN_STR(""), fields, columns->count);
  return relation->type ? GN_OK : gnp_plan_nomem(p);
}

int gni_query_bind(const gni_query *query, const gni_query_tables_of *tables,
                   const gni_expr_options *options, gn_arena *arena, const gni_relation **out,
                   gni_expr_place *place, gn_error *err)
{
  static const gni_type nothing = {.kind = GNI_STRUCT};
  gn_error own = {0};
  gnp_planner *p = GN_TAKE_ZERO(arena, gnp_planner, 1);
  gni_relation *relation = GN_TAKE_ZERO(arena, gni_relation, 1);
  *out = NULL;
  if (!p || !relation) return gni_fail(err, GN_E_NOMEM, "out of memory while binding a statement");
  p->tables = tables;
  p->text = query->text;
  p->binder = (gnp_binder){.schema = &nothing, .arena = arena, .err = err ? err : &own};
  p->binder.planner = p;
  p->schema = &nothing;
  if (options) p->binder.options = *options;
  if (!p->binder.options.now_us) p->binder.options.now_us = gni_clock_now_ms(NULL) * 1000;
  p->binder.fail_begin = query->begin;
  p->binder.fail_end = query->end;
  int rc = gnp_bind_query(p, query, &relation->query);
  if (rc == GN_OK) rc = finish(p, query, relation);
  if (rc == GN_OK)
    *out = relation;
  else if (rc != GN_E_NOMEM)
    gnp_query_place(p->text, p->binder.fail_begin, p->binder.fail_end, place, p->binder.err);
  return rc;
}

size_t gni_relation_width(const gni_relation *relation)
{
  return relation->query.columns.count;
}

gni_query_column gni_relation_column(const gni_relation *relation, size_t index)
{
  const gnp_column *column = &relation->query.columns.items[index];
  return (gni_query_column){column->name, column->type, column->nullable};
}

const gni_type *gni_relation_type(const gni_relation *relation)
{
  return relation->type;
}

bool gni_relation_ordered(const gni_relation *relation)
{
  return relation->query.ordered;
}
