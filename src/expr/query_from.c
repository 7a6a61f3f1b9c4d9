/* FROM, bound: tables, subqueries, VALUES, range(), joins, LATERAL VIEW.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/query_plan.h"

gnp_relation *gnp_new_relation(gnp_planner *p, int kind, const gnp_relation *input)
{
  if (++p->relations > GN_QUERY_RELATIONS_MAX) {
    gni_fail(p->binder.err, GN_E_LIMIT, "the statement has more than %d parts",
             GN_QUERY_RELATIONS_MAX);
    return NULL;
  }
  gnp_relation *relation = GN_TAKE_ZERO(p->binder.arena, gnp_relation, 1);
  if (!relation) return NULL;
  relation->kind = (uint8_t)kind;
  relation->input = input;
  relation->limit = relation->offset = -1;
  return relation;
}

int gnp_extend(gnp_planner *p, gnp_computeds items, const gnp_relation **root)
{
  if (!items.count) return GN_OK;
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_EXTEND, *root);
  if (!relation) return gnp_plan_nomem(p);
  relation->items = items;
  *root = relation;
  return GN_OK;
}

static int show(gnp_planner *p, gnp_scope *scope, gn_str space, gn_str table, gnp_column column)
{
  gnp_visible item = {.space = space, .table = table, .column = column};
  return GNP_PLAN_PUSH(p, scope->items, scope->count, item);
}

/* The columns of a subquery, under its alias and its column list. */
static int show_columns(gnp_planner *p, const gnp_source *source, const gnp_columns *columns,
                        gnp_scope *scope)
{
  static const gn_str none = {NULL, 0};
  if (source->columns.count && source->columns.count != columns->count)
    return gnp_plan_fail(p, GN_E_INVALID, source->begin, source->end,
                         "%zu names are given to %zu columns", source->columns.count,
                         columns->count);
  for (size_t i = 0; i < columns->count; i++) {
    gnp_column column = columns->items[i];
    if (source->columns.count) {
      column.name = source->columns.items[i];
      column.unnamed = false;
    }
    int rc = show(p, scope, none, source->alias, column);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static gn_str joined(gnp_planner *p, const gnp_names *parts)
{
  gn_str name = parts->items[0];
  for (size_t i = 1; i < parts->count && name.ptr; i++)
    name = gni_str_format(p->binder.arena, "%.*s.%.*s", GN_STR_ARGS(name),
                          GN_STR_ARGS(parts->items[i]));
  return name;
}

static int read_columns(gnp_planner *p, const gni_type *type, gnp_relation *relation,
                        gnp_columns *columns)
{
  int rc = GN_OK;
  for (uint32_t i = 0; rc == GN_OK && i < type->field_count; i++) {
    gnp_column column = gnp_new_column(p, type->fields[i].name, type->fields[i].type, true);
    gnp_column from = {.sql = type->fields[i].name, .type = column.type, .nullable = true};
    gnp_computed item = {.column = column};
    rc = gnp_column_node(p, &from, 0, 0, &item.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, columns->items, columns->count, column);
  }
  return rc;
}

static gnp_shared *find_shared(gnp_planner *p, const gnp_names *parts)
{
  gnp_shared *shared = parts->count == 1 ? p->shared : NULL;
  while (shared && !gnp_same_word(shared->name, parts->items[0])) shared = shared->outer;
  return shared;
}

/* A query of WITH under fresh names. */
static int bind_shared(gnp_planner *p, gnp_shared *shared, gnp_relation *relation,
                       gnp_columns *columns)
{
  int rc = GN_OK;
  shared->used = true;
  relation->sql = shared->sql;
  for (size_t i = 0; rc == GN_OK && i < shared->query.columns.count; i++) {
    const gnp_column *from = &shared->query.columns.items[i];
    gnp_computed item = {.column = gnp_new_column(p, from->name, from->type, from->nullable)};
    item.column.unnamed = from->unnamed;
    rc = gnp_column_node(p, from, 0, 0, &item.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, columns->items, columns->count, item.column);
  }
  return rc;
}

static int bind_table(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                      const gnp_relation **out)
{
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_TABLE, NULL);
  gnp_shared *shared = find_shared(p, &source->parts);
  gnp_columns columns = {0};
  gni_query_table table = {0};
  gn_str name = joined(p, &source->parts), last = source->parts.items[source->parts.count - 1];
  int rc;
  if (!relation || !name.ptr) return gnp_plan_nomem(p);
  if (shared) {
    rc = bind_shared(p, shared, relation, &columns);
  } else {
    rc = p->tables->find(p->tables->user, name, p->binder.arena, &table, p->binder.err);
    if (rc != GN_OK) {
      p->binder.fail_begin = source->begin;
      p->binder.fail_end = source->begin + name.len;
      return rc;
    }
    relation->sql = table.sql;
    rc = read_columns(p, table.type, relation, &columns);
  }
  if (rc != GN_OK) return rc;
  gnp_source named = *source;
  if (!named.alias.ptr) named.alias = last;
  size_t first = scope->count;
  rc = show_columns(p, &named, &columns, scope);
  if (!source->alias.ptr && source->parts.count > 1)
    for (size_t i = first; rc == GN_OK && i < scope->count; i++)
      scope->items[i].space = source->parts.items[source->parts.count - 2];
  *out = relation;
  return rc;
}

static int bind_subquery_source(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                                const gnp_relation **out)
{
  gnp_bound_query query;
  int rc = gnp_bind_query(p, source->query, &query);
  if (rc != GN_OK) return rc;
  *out = query.root;
  return show_columns(p, source, &query.columns, scope);
}

/* ---- VALUES ---------------------------------------------------------------------------------- */

/* (a, b) is a row; anything else is a row of one. */
static const gni_expr *const *row_cells(const gni_query *query, size_t row, size_t *width)
{
  const gni_expr *expr = query->rows[row];
  bool tuple = expr->kind == GNP_NODE_CALL && gni_str_is(expr->name, "struct") &&
               expr->text.ptr[expr->begin] == '(';
  *width = tuple ? expr->arg_count : 1;
  return tuple ? expr->args : &query->rows[row];
}

static int bind_cells(gnp_planner *p, const gni_query *query, size_t width, const gni_bound **cells)
{
  for (size_t r = 0; r < query->row_count; r++) {
    size_t found;
    const gni_expr *const *exprs = row_cells(query, r, &found);
    if (found != width)
      return gnp_plan_fail(p, GN_E_INVALID, query->rows[r]->begin, query->rows[r]->end,
                           "this row has %zu columns, the first has %zu", found, width);
    for (size_t c = 0; c < width; c++) {
      const gni_expr *expr = exprs[c]->kind == GNP_NODE_ALIAS ? exprs[c]->args[0] : exprs[c];
      int rc = gnp_bind_value(p, expr, &cells[r * width + c]);
      if (rc != GN_OK) return rc;
    }
  }
  return GN_OK;
}

static int type_column(gnp_planner *p, const gni_query *query, size_t width, size_t column,
                       const gni_bound **cells, gnp_relation *relation)
{
  const gni_type *type = cells[column]->type;
  bool nullable = false;
  for (size_t r = 0; r < query->row_count; r++) {
    const gni_bound *cell = cells[r * width + column];
    type = r && type ? gnp_type_wider(&p->binder, type, cell->type, false) : cell->type;
    nullable |= cell->nullable;
    if (type && !gnp_is_interval(type)) continue;
    return gnp_plan_fail(p, GN_E_TYPE, cell->begin, cell->end,
                         "column %zu of VALUES has no type that holds all of its values",
                         column + 1);
  }
  for (size_t r = 0; r < query->row_count; r++) {
    int rc = gnp_cast(&p->binder, cells[r * width + column], type, &cells[r * width + column]);
    if (rc != GN_OK) return rc;
  }
  gn_str name = gni_str_format(p->binder.arena, "col%zu", column + 1);
  gnp_computed item = {.column = gnp_new_column(p, name, type, nullable)};
  return GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
}

static int take_columns(gnp_planner *p, const gnp_relation *relation, gnp_columns *out)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < relation->items.count; i++)
    rc = GNP_PLAN_PUSH(p, out->items, out->count, relation->items.items[i].column);
  return rc;
}

int gnp_bind_values(gnp_planner *p, const gni_query *query, gnp_bound_query *out)
{
  size_t width;
  (void)row_cells(query, 0, &width);
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_VALUES, NULL);
  const gni_bound **cells =
      GN_TAKE(p->binder.arena, const gni_bound *, gni_size_mul(width, query->row_count));
  if (!relation || !cells) return gnp_plan_nomem(p);
  gnp_scope scope = {.outer = p->scope, .clause = "VALUES"};
  p->scope = &scope;
  int rc = bind_cells(p, query, width, cells);
  p->scope = scope.outer;
  for (size_t c = 0; rc == GN_OK && c < width; c++)
    rc = type_column(p, query, width, c, cells, relation);
  relation->cells = cells;
  relation->row_count = query->row_count;
  out->root = relation;
  return rc == GN_OK ? take_columns(p, relation, &out->columns) : rc;
}

/* ---- table functions ------------------------------------------------------------------------- */

#define RANGE_ARGUMENTS 4 /* start, end, step, partitions */

static int constant_long(gnp_planner *p, const gni_expr *expr, int64_t *out)
{
  const gni_bound *value;
  int rc = gnp_bind_value(p, expr, &value);
  if (rc == GN_OK && gnp_is_integral(value->type))
    rc = gnp_cast(&p->binder, value, &gni_type_long, &value);
  if (rc != GN_OK) return rc;
  if (value->type->kind != GNI_LONG || value->kind != GNP_CONSTANT || value->value.is_null)
    return gnp_plan_fail(p, GN_E_TYPE, expr->begin, expr->end, "a constant integer is expected");
  *out = value->value.integer;
  return GN_OK;
}

/* range(end), range(start, end[, step[, partitions]]) */
static int bind_range(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                      const gnp_relation **out)
{
  const gni_expr *call = source->call;
  int64_t n[RANGE_ARGUMENTS] = {0, 0, 1, 1};
  if (call->arg_count < 1 || call->arg_count > RANGE_ARGUMENTS || call->clauses)
    return gnp_plan_fail(p, GN_E_TYPE, call->begin, call->end,
                         "range takes 1 to 4 integers: start, end, step, partitions");
  for (size_t i = 0; i < call->arg_count; i++) {
    int rc = constant_long(p, call->args[i], &n[call->arg_count == 1 ? 1 : i]);
    if (rc != GN_OK) return rc;
  }
  if (!n[2])
    return gnp_plan_fail(p, GN_E_INVALID, call->begin, call->end, "the step of range is 0");
  gnp_relation *relation = gnp_new_relation(p, GNP_REL_TABLE, NULL);
  if (!relation) return gnp_plan_nomem(p);
  gnp_computed item = {.column = gnp_new_column(p, GN_STR("id"), &gni_type_long, false)};
  gnp_column from = {.sql = GN_STR("range"), .type = &gni_type_long};
  gnp_columns columns = {&item.column, 1};
  int rc = gnp_column_node(p, &from, 0, 0, &item.value);
  if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, relation->items.items, relation->items.count, item);
  relation->sql = gni_str_format(p->binder.arena, "range(%lld, %lld, %lld)", (long long)n[0],
                                 (long long)n[1], (long long)n[2]);
  *out = relation;
  if (!relation->sql.ptr) return gnp_plan_nomem(p);
  return rc == GN_OK ? show_columns(p, source, &columns, scope) : rc;
}

static int bind_generated(gnp_planner *p, const gnp_source *source, const gnp_relation *input,
                          gnp_scope *scope, const gnp_relation **out)
{
  gnp_generated generated = {0};
  gnp_scope inside = {.outer = p->scope, .clause = "a generator"};
  if (source->kind == GNP_SOURCE_GENERATE || source->lateral) {
    inside.items = scope->items;
    inside.count = scope->count;
  }
  p->scope = &inside;
  int rc = gnp_bind_generator(p, source->call, source->outer, &generated);
  p->scope = inside.outer;
  *out = input;
  if (rc == GN_OK) rc = gnp_extend(p, generated.first, out);
  if (rc == GN_OK) rc = gnp_extend(p, generated.then, out);
  return rc == GN_OK ? show_columns(p, source, &generated.columns, scope) : rc;
}

static int bind_function(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                         const gnp_relation **out)
{
  gn_str name = source->call->name;
  if (gni_str_is(name, "range")) return bind_range(p, source, scope, out);
  if (!gnp_is_generator(name))
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, source->begin, source->end,
                         "table function '%.*s' is not supported", GN_STR_ARGS(name));
  const gnp_relation *one = gnp_new_relation(p, GNP_REL_ONE, NULL);
  if (!one) return gnp_plan_nomem(p);
  return bind_generated(p, source, one, scope, out);
}

/* ---- LATERAL VIEW ---------------------------------------------------------------------------- */

static int bind_view(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                     const gnp_relation **out)
{
  const gnp_relation *input;
  int rc = gnp_bind_from(p, source->left, scope, &input);
  return rc == GN_OK ? bind_generated(p, source, input, scope, out) : rc;
}

/* ---- joins ----------------------------------------------------------------------------------- */

typedef struct join_sides {
  gnp_scope *scope;
  size_t middle; /* items before it are the left side's */
} join_sides;

static int one_side(gnp_planner *p, const gnp_source *source, const join_sides *sides, bool right,
                    gn_str name, gnp_visible **out)
{
  size_t from = right ? sides->middle : 0, to = right ? sides->scope->count : sides->middle;
  *out = NULL;
  for (size_t i = from; i < to; i++) {
    gnp_visible *item = &sides->scope->items[i];
    if (item->hidden || !gnp_same_word(item->column.name, name)) continue;
    if (*out && (*out)->column.id != item->column.id)
      return gnp_plan_fail(p, GN_E_INVALID, source->begin, source->end,
                           "'%.*s' of USING is ambiguous on the %s side", GN_STR_ARGS(name),
                           right ? "right" : "left");
    *out = item;
  }
  return GN_OK;
}

static int bind_equal(gnp_planner *p, const gnp_source *source, const gnp_visible *left,
                      const gnp_visible *right, const gni_bound **out)
{
  const gni_bound *pair[2];
  int rc = gnp_column_node(p, &left->column, source->begin, source->end, &pair[0]);
  if (rc == GN_OK) rc = gnp_column_node(p, &right->column, source->begin, source->end, &pair[1]);
  p->binder.fail_begin = source->begin;
  p->binder.fail_end = source->end;
  return rc == GN_OK ? gnp_bind_call_name(&p->binder, "=", NULL, pair, 2, out) : rc;
}

/* What the common column of USING is: the left side's, the right side's, or the first that is. */
static int merge_column(gnp_planner *p, const gnp_source *source, const gnp_visible *left,
                        const gnp_visible *right, gnp_computeds *merged, gnp_visible *out)
{
  *out = source->join == GNP_JOIN_RIGHT ? *right : *left;
  if (source->join != GNP_JOIN_FULL) return GN_OK;
  const gni_bound *pair[2];
  gnp_computed item = {.value = NULL};
  int rc = gnp_column_node(p, &left->column, source->begin, source->end, &pair[0]);
  if (rc == GN_OK) rc = gnp_column_node(p, &right->column, source->begin, source->end, &pair[1]);
  if (rc == GN_OK) rc = gnp_bind_call_name(&p->binder, "coalesce", NULL, pair, 2, &item.value);
  if (rc != GN_OK) return rc;
  item.column = gnp_new_column(p, left->column.name, item.value->type, true);
  *out = (gnp_visible){.column = item.column};
  return GNP_PLAN_PUSH(p, merged->items, merged->count, item);
}

static int using_column(gnp_planner *p, const gnp_source *source, const join_sides *sides,
                        gn_str name, gnp_visible **left, gnp_visible **right)
{
  int rc = one_side(p, source, sides, false, name, left);
  if (rc == GN_OK) rc = one_side(p, source, sides, true, name, right);
  if (rc != GN_OK || (*left && *right)) return rc;
  return gnp_plan_fail(p, GN_E_NOTFOUND, source->begin, source->end,
                       "the %s side of the join has no column '%.*s'", *left ? "right" : "left",
                       GN_STR_ARGS(name));
}

/* The names that both sides have, in the order of the left. */
static int natural_names(gnp_planner *p, const gnp_source *source, const join_sides *sides,
                         gnp_names *out)
{
  for (size_t i = 0; i < sides->middle; i++) {
    gnp_visible *left = &sides->scope->items[i], *right;
    if (left->hidden) continue;
    int rc = one_side(p, source, sides, true, left->column.name, &right);
    if (rc == GN_OK && right) rc = GNP_PLAN_PUSH(p, out->items, out->count, left->column.name);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static bool is_common(const gnp_visible *common, size_t count, const gnp_visible *item)
{
  for (size_t i = 0; i < count; i++)
    if (common[i].column.id == item->column.id) return true;
  return false;
}

/* The columns that are not common ones behind those: t.* begins with its side of the pairs. */
static size_t add_others(const gnp_scope *scope, gnp_visible *items, size_t common)
{
  size_t count = common;
  for (int hidden = 1; hidden >= 0; hidden--)
    for (size_t i = 0; i < scope->count; i++)
      if (scope->items[i].hidden == hidden && !is_common(items, common, &scope->items[i]))
        items[count++] = scope->items[i];
  return count;
}

/* USING: equality of each pair, then the common columns first and the pairs only by their table. */
static int bind_using(gnp_planner *p, const gnp_source *source, const join_sides *sides,
                      gnp_names names, gnp_relation *join, const gnp_relation **out)
{
  gnp_scope *scope = sides->scope;
  gnp_computeds merged = {0};
  gnp_visible *items = GN_TAKE(p->binder.arena, gnp_visible, scope->count + names.count);
  const gni_bound **equal = GN_TAKE(p->binder.arena, const gni_bound *, names.count + 1);
  bool one_sided = source->join == GNP_JOIN_SEMI || source->join == GNP_JOIN_ANTI;
  size_t count = 0;
  if (!items || !equal) return gnp_plan_nomem(p);
  for (size_t i = 0; i < names.count; i++) {
    gnp_visible *left, *right;
    int rc = using_column(p, source, sides, names.items[i], &left, &right);
    if (rc == GN_OK) rc = bind_equal(p, source, left, right, &equal[i]);
    if (rc == GN_OK) rc = merge_column(p, source, left, right, &merged, &items[count++]);
    if (rc != GN_OK) return rc;
    left->hidden = right->hidden = true;
  }
  scope->count = add_others(scope, items, count);
  scope->items = items;
  if (names.count > 1) {
    int rc = gnp_bind_call_name(&p->binder, "and", NULL, equal, names.count, &join->condition);
    if (rc != GN_OK) return rc;
  } else if (names.count) {
    join->condition = equal[0];
  }
  if (!merged.count || one_sided) return GN_OK;
  gnp_relation *extend = gnp_new_relation(p, GNP_REL_EXTEND, join);
  if (!extend) return gnp_plan_nomem(p);
  extend->items = merged;
  *out = extend;
  return GN_OK;
}

static int bind_on(gnp_planner *p, const gnp_source *source, gnp_scope *scope, gnp_relation *join)
{
  if (!source->on) return GN_OK;
  gnp_scope inside = {
      .outer = p->scope, .items = scope->items, .count = scope->count, .clause = "ON"};
  p->scope = &inside;
  int rc = gnp_bind_condition(p, source->on, "ON", &join->condition);
  p->scope = inside.outer;
  return rc;
}

static void make_nullable(const gnp_source *source, const join_sides *sides)
{
  gnp_scope *scope = sides->scope;
  for (size_t i = 0; i < scope->count; i++) {
    bool is_left = i < sides->middle;
    bool padded = source->join == GNP_JOIN_FULL || (source->join == GNP_JOIN_LEFT && !is_left) ||
                  (source->join == GNP_JOIN_RIGHT && is_left);
    scope->items[i].column.nullable |= padded;
  }
}

static int bind_right(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                      const gnp_relation **out)
{
  const gnp_source *right = source->right;
  if (!right->lateral) return gnp_bind_from(p, right, scope, out);
  if (source->join != GNP_JOIN_INNER && source->join != GNP_JOIN_LEFT)
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, right->begin, right->end,
                         "LATERAL is not supported in this kind of join");
  gnp_scope left = {
      .outer = p->scope, .items = scope->items, .count = scope->count, .clause = "LATERAL"};
  p->scope = &left;
  int rc = gnp_bind_from(p, right, scope, out);
  p->scope = left.outer;
  return rc;
}

/* SEMI and ANTI: the right side is out of sight. */
static int keep_left(gnp_planner *p, const gnp_columns *left, gnp_scope *both)
{
  gnp_scope kept = {0};
  for (size_t i = 0; i < both->count; i++) {
    bool is_left = false;
    for (size_t k = 0; k < left->count; k++)
      is_left |= left->items[k].id == both->items[i].column.id;
    int rc = is_left ? GNP_PLAN_PUSH(p, kept.items, kept.count, both->items[i]) : GN_OK;
    if (rc != GN_OK) return rc;
    if (is_left) kept.items[kept.count - 1].hidden = false;
  }
  *both = kept;
  return GN_OK;
}

static int columns_of(gnp_planner *p, const gnp_scope *scope, gnp_columns *out)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < scope->count; i++)
    rc = GNP_PLAN_PUSH(p, out->items, out->count, scope->items[i].column);
  return rc;
}

static int bind_join(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                     const gnp_relation **out)
{
  gnp_relation *join = gnp_new_relation(p, GNP_REL_JOIN, NULL);
  gnp_names names = source->using;
  gnp_scope both = {0};
  if (!join) return gnp_plan_nomem(p);
  int rc = gnp_bind_from(p, source->left, &both, &join->input);
  join_sides sides = {.scope = &both, .middle = both.count};
  gnp_columns left = {0};
  if (rc == GN_OK) rc = columns_of(p, &both, &left);
  if (rc == GN_OK) rc = bind_right(p, source, &both, &join->right);
  if (rc != GN_OK) return rc;
  join->join = source->join;
  join->lateral = source->right->lateral;
  *out = join;
  if (source->natural) rc = natural_names(p, source, &sides, &names);
  make_nullable(source, &sides);
  if (rc == GN_OK && names.count)
    rc = bind_using(p, source, &sides, names, join, out);
  else if (rc == GN_OK)
    rc = bind_on(p, source, &both, join);
  bool left_only = source->join == GNP_JOIN_SEMI || source->join == GNP_JOIN_ANTI;
  if (rc == GN_OK && left_only) rc = keep_left(p, &left, &both);
  for (size_t i = 0; rc == GN_OK && i < both.count; i++)
    rc = GNP_PLAN_PUSH(p, scope->items, scope->count, both.items[i]);
  return rc;
}

int gnp_bind_from(gnp_planner *p, const gnp_source *source, gnp_scope *scope,
                  const gnp_relation **out)
{
  switch ((enum gnp_source_kind)source->kind) {
  case GNP_SOURCE_TABLE:
    return bind_table(p, source, scope, out);
  case GNP_SOURCE_QUERY:
    return bind_subquery_source(p, source, scope, out);
  case GNP_SOURCE_FUNCTION:
    return bind_function(p, source, scope, out);
  case GNP_SOURCE_GENERATE:
    return bind_view(p, source, scope, out);
  case GNP_SOURCE_JOIN:
    return bind_join(p, source, scope, out);
  }
  return gni_fail(p->binder.err, GN_E_BUG, "unknown source %d", source->kind);
}
