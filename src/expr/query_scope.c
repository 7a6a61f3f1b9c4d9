/* What names mean in a statement, and which expressions may stand where.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/query_plan.h"

#define PARTS_MAX 3 /* space.table.column */

/* ---- failures and lists ---------------------------------------------------------------------- */

int gnp_plan_fail(gnp_planner *p, int code, size_t begin, size_t end, const char *format, ...)
{
  char message[sizeof((gn_error *)0)->message];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  p->binder.fail_begin = begin;
  p->binder.fail_end = end;
  return gni_fail(p->binder.err, code, "%s", message);
}

int gnp_plan_nomem(gnp_planner *p)
{
  return gni_fail(p->binder.err, GN_E_NOMEM, "out of memory while binding a statement");
}

/* ---- columns --------------------------------------------------------------------------------- */

gnp_column gnp_new_column(gnp_planner *p, gn_str name, const gni_type *type, bool nullable)
{
  gnp_column column = {.id = ++p->next_id, .name = name, .type = type, .nullable = nullable};
  column.sql = gni_str_format(p->binder.arena, "gn_c%u", column.id);
  return column;
}

static int eval_nothing(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  (void)node, (void)out;
  return gni_fail(frame->err, GN_E_BUG, "a statement's column has no value outside of it");
}

int gnp_column_node(gnp_planner *p, const gnp_column *column, size_t begin, size_t end,
                    const gni_bound **out)
{
  gni_bound *node = GN_TAKE_ZERO(p->binder.arena, gni_bound, 1);
  if (!node || !column->sql.ptr) return gnp_plan_nomem(p);
  node->kind = GNP_COLUMN;
  node->type = column->type;
  node->nullable = column->nullable;
  node->index = column->id;
  node->name = column->sql;
  node->eval = eval_nothing;
  node->begin = begin;
  node->end = end;
  *out = node;
  return GN_OK;
}

bool gnp_same_bound(const gni_bound *a, const gni_bound *b)
{
  if (a == b) return true;
  if (!a || !b || a->kind != b->kind || a->function != b->function || a->index != b->index ||
      a->arg_count != b->arg_count || a->emit != b->emit || a->sql != b->sql ||
      !gni_type_equal(a->type, b->type))
    return false;
  if (a->kind == GNP_CONSTANT) return gni_value_equal(a->type, &a->value, &b->value);
  if ((a->planned || b->planned) && !gnp_same_bound(a->planned, b->planned)) return false;
  for (size_t i = 0; i < a->arg_count; i++)
    if (!gnp_same_bound(a->args[i], b->args[i])) return false;
  return true;
}

int gnp_prepare(gnp_planner *p, gnp_computeds *list, const gni_bound *value, const gni_bound **out)
{
  *out = value;
  if (value->kind == GNP_COLUMN && !value->emit) return GN_OK;
  for (size_t i = 0; i < list->count; i++)
    if (gnp_same_bound(list->items[i].value, value))
      return gnp_column_node(p, &list->items[i].column, value->begin, value->end, out);
  gnp_computed computed = {.value = value};
  computed.column = gnp_new_column(p, GN_STR(""), value->type, value->nullable);
  int rc = GNP_PLAN_PUSH(p, list->items, list->count, computed);
  return rc == GN_OK ? gnp_column_node(p, &computed.column, value->begin, value->end, out) : rc;
}

/* ---- order and equality ---------------------------------------------------------------------- */

static bool is_nested(const gni_type *type)
{
  return type->kind == GNI_LIST || type->kind == GNI_STRUCT || type->kind == GNI_MAP;
}

static int refuse_type(gnp_planner *p, const gni_bound *value, const char *what)
{
  gn_str type = gnp_type_text(&p->binder, value->type);
  return gnp_plan_fail(p, GN_E_UNSUPPORTED, value->begin, value->end,
                       "%s a value of type %.*s is not supported", what, GN_STR_ARGS(type));
}

static bool sorts_by_fields(const gni_type *type)
{
  for (uint32_t i = 0; i < type->field_count; i++)
    if (is_nested(type->fields[i].type)) return false;
  return type->kind == GNI_STRUCT && type->field_count > 0;
}

/* The fields of a struct in turn, nulls first in each: the engine would have them last. */
static int struct_key(gnp_planner *p, const gni_bound *value, const gni_bound **out)
{
  const gni_type *type = value->type;
  const gni_bound **args =
      GN_TAKE(p->binder.arena, const gni_bound *, 2 * (size_t)type->field_count + 1);
  size_t count = 0;
  int rc = args ? GN_OK : gnp_plan_nomem(p);
  if (rc == GN_OK) args[count++] = value;
  for (uint32_t i = 0; rc == GN_OK && i < type->field_count; i++) {
    const gni_bound *pair[2] = {value, NULL};
    rc = gnp_bind_constant(&p->binder, &gni_type_int, gni_value_integer(i), &pair[1]);
    if (rc == GN_OK) rc = gnp_bind_call_name(&p->binder, "field", NULL, pair, 2, &args[count]);
    if (rc == GN_OK) rc = gnp_normalize(p, args[count], &args[count]);
    count++;
    if (rc == GN_OK)
      rc = gnp_bind_constant(&p->binder, &gni_type_string,
                             gni_value_text(GN_STR("ASC NULLS FIRST")), &args[count++]);
  }
  if (rc != GN_OK) return rc;
  return gnp_text_call(p, "CASE WHEN $1 IS NOT NULL THEN create_sort_key($+) END", &gni_type_binary,
                       count, args, out);
}

int gnp_order_key(gnp_planner *p, const gni_bound *value, const char *what, const gni_bound **out)
{
  *out = value;
  if (sorts_by_fields(value->type)) return struct_key(p, value, out);
  if (is_nested(value->type) || gnp_is_interval(value->type)) return refuse_type(p, value, what);
  return gnp_normalize(p, value, out);
}

static bool holds(const gni_type *type, bool (*is)(const gni_type *))
{
  if (is(type)) return true;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (holds(type->fields[i].type, is)) return true;
  return false;
}

static bool is_map_or_interval(const gni_type *type)
{
  return type->kind == GNI_MAP || gnp_is_interval(type);
}

int gnp_need_groupable(gnp_planner *p, const gni_bound *value, const char *what)
{
  bool inner_real = is_nested(value->type) && holds(value->type, gnp_is_real);
  return inner_real || holds(value->type, is_map_or_interval) ? refuse_type(p, value, what) : GN_OK;
}

int gnp_text_call(gnp_planner *p, const char *sql, const gni_type *type, size_t count,
                  const gni_bound *const *args, const gni_bound **out)
{
  static const gnp_function written = {.name = "written", .flags = GNP_HIDDEN};
  gni_bound *node = GN_TAKE_ZERO(p->binder.arena, gni_bound, 1);
  const gni_bound **own = gni_arena_copy(p->binder.arena, args, gni_size_mul(count, sizeof *args));
  if (!node || !own) return gnp_plan_nomem(p);
  node->kind = GNP_CALL;
  node->type = type;
  node->nullable = true;
  node->eval = eval_nothing;
  node->sql = sql;
  node->function = &written;
  node->args = own;
  node->arg_count = count;
  for (size_t i = 0; i < count; i++) node->can_fail |= args[i]->can_fail;
  node->begin = args[0]->begin;
  node->end = args[count - 1]->end;
  *out = node;
  return GN_OK;
}

int gnp_normalize(gnp_planner *p, const gni_bound *value, const gni_bound **out)
{
  *out = value;
  if (!gnp_is_real(value->type)) return GN_OK;
  return gnp_text_call(p, "($1 + CAST(0 AS $t))", value->type, 1, &value, out);
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct chain {
  gn_str parts[PARTS_MAX];
  size_t count;
  const gni_expr *expr;
} chain;

/* a, t.a, s.t.a from the tree; false for anything else. */
static bool read_chain(const gni_expr *expr, chain *c)
{
  gn_str reversed[PARTS_MAX];
  c->expr = expr;
  c->count = 0;
  for (; expr->kind == GNP_NODE_FIELD; expr = expr->args[0]) {
    if (c->count == PARTS_MAX) return false;
    reversed[c->count++] = expr->name;
  }
  if (expr->kind != GNP_NODE_NAME || c->count == PARTS_MAX) return false;
  reversed[c->count++] = expr->name;
  for (size_t i = 0; i < c->count; i++) c->parts[i] = reversed[c->count - 1 - i];
  return true;
}

static bool is_variable(const gnp_binder *b, gn_str name)
{
  for (uint32_t i = 0; i < b->variable_count; i++)
    if (gnp_same_word(b->variable_names[i], name)) return true;
  return false;
}

static bool matches(const gnp_visible *item, const chain *c)
{
  if (!gnp_same_word(item->column.name, c->parts[c->count - 1])) return false;
  if (c->count == 1) return !item->hidden;
  if (!item->table.ptr || !gnp_same_word(item->table, c->parts[c->count - 2])) return false;
  return c->count == 2 || (item->space.ptr && gnp_same_word(item->space, c->parts[0]));
}

static int ambiguous(gnp_planner *p, const chain *c)
{
  return gnp_plan_fail(p, GN_E_INVALID, c->expr->begin, c->expr->end,
                       "'%.*s' is ambiguous: several columns are called so",
                       GN_STR_ARGS(c->parts[c->count - 1]));
}

static const gnp_visible *find_visible(const gnp_scope *scope, const chain *c, bool *several)
{
  const gnp_visible *found = NULL;
  *several = false;
  for (size_t i = 0; i < scope->count; i++) {
    const gnp_visible *item = &scope->items[i];
    if (!matches(item, c)) continue;
    *several |= found && found->column.id != item->column.id;
    found = item;
  }
  return found;
}

static int find_alias(gnp_planner *p, const gnp_scope *scope, const chain *c, const gni_bound **out)
{
  *out = NULL;
  if (c->count != 1) return GN_OK;
  for (size_t i = 0; i < scope->alias_count; i++) {
    const gnp_alias *alias = &scope->aliases[i];
    if (!gnp_same_word(alias->name, c->parts[0])) continue;
    if (*out && !gnp_same_bound(*out, alias->value)) return ambiguous(p, c);
    *out = alias->value;
  }
  return GN_OK;
}

static int note_outer_use(gnp_planner *p, const gni_bound *column)
{
  gnp_outer_use *use = GN_TAKE(p->binder.arena, gnp_outer_use, 1);
  if (!use) return gnp_plan_nomem(p);
  *use = (gnp_outer_use){.next = p->outer_uses, .column = column};
  p->outer_uses = use;
  return GN_OK;
}

static bool is_grouped(const gnp_scope *scope, const gnp_visible *item)
{
  for (size_t i = 0; i < scope->group_count; i++)
    if (scope->groups[i].column.id == item->column.id) return true;
  return false;
}

/* A name of SELECT's that comes before columns: in ORDER BY always, in HAVING but for a group's. */
static int resolve_first(gnp_planner *p, const gnp_scope *scope, const chain *c,
                         const gnp_visible *column, const gni_bound **out)
{
  bool inside = scope->where == GNP_IN_MEASURE;
  if (scope->alias_use != GNP_ALIASES_FIRST || (inside && scope->is_having)) return GN_OK;
  if (scope->is_having && column && is_grouped(scope, column)) return GN_OK;
  int rc = find_alias(p, scope, c, out);
  if (rc != GN_OK || !*out || !inside) return rc;
  bool same = column && (*out)->kind == GNP_COLUMN && (*out)->index == column->column.id;
  if (same) return GN_OK;
  return gnp_plan_fail(p, GN_E_INVALID, c->expr->begin, c->expr->end,
                       "'%.*s' is an alias here, which does not belong inside an aggregate",
                       GN_STR_ARGS(c->parts[0]));
}

/* In this statement, then in the one around it; Spark looks no further. NULL: nowhere. */
static int resolve(gnp_planner *p, const chain *c, const gni_bound **out)
{
  int rc;
  *out = NULL;
  for (const gnp_scope *scope = p->scope; scope; scope = scope->outer) {
    if (scope != p->scope && scope != p->scope->outer) break;
    bool several;
    const gnp_visible *found = find_visible(scope, c, &several);
    if ((rc = resolve_first(p, scope, c, found, out)) != GN_OK || *out) return rc;
    if (several) return ambiguous(p, c);
    if (found) {
      rc = gnp_column_node(p, &found->column, c->expr->begin, c->expr->end, out);
      return rc == GN_OK && scope != p->scope ? note_outer_use(p, *out) : rc;
    }
    bool later =
        scope == p->scope && scope->alias_use != GNP_ALIASES_NO && scope->where != GNP_IN_MEASURE;
    if (later && (rc = find_alias(p, scope, c, out)) != GN_OK) return rc;
    if (*out) return GN_OK;
  }
  return GN_OK;
}

static int unknown_column(gnp_planner *p, const chain *c)
{
  const gnp_scope *scope = p->scope;
  gn_str name = c->parts[c->count - 1];
  size_t count = scope ? scope->count : 0;
  gn_str *names = GN_TAKE(p->binder.arena, gn_str, count + 1);
  if (!names) return gnp_plan_nomem(p);
  for (size_t i = 0; i < count; i++) names[i] = scope->items[i].column.name;
  int rc = gnp_plan_fail(p, GN_E_NOTFOUND,
                         c->expr->end - name.len > c->expr->begin ? c->expr->end - name.len
                                                                  : c->expr->begin,
                         c->expr->end, "no column is called '%.*s'", GN_STR_ARGS(name));
  gn_str near = gni_nearest(name, names, count);
  if (near.ptr) gni_error_hint(p->binder.err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  return rc;
}

static bool is_table(const gnp_scope *scope, gn_str name)
{
  for (; scope; scope = scope->outer)
    for (size_t i = 0; i < scope->count; i++)
      if (scope->items[i].table.ptr && gnp_same_word(scope->items[i].table, name)) return true;
  return false;
}

bool gnp_is_column(gnp_planner *p, const gni_expr *expr)
{
  const gnp_visible *found = NULL;
  chain c;
  if (!read_chain(expr, &c)) return false;
  for (const gnp_scope *scope = p->scope; scope && !found; scope = scope->outer)
    for (size_t i = 0; i < scope->count && !found; i++)
      if (matches(&scope->items[i], &c)) found = &scope->items[i];
  return found != NULL;
}

static int plan_name(gnp_planner *p, const gni_expr *expr, bool *done, const gni_bound **out)
{
  chain c, first = {.count = 1};
  const gni_bound *column;
  if (!read_chain(expr, &c) || is_variable(&p->binder, c.parts[0])) return GN_OK;
  int rc = resolve(p, &c, out);
  *done = rc == GN_OK && *out;
  if (rc != GN_OK || *done) return rc;
  if (c.count == 1) return unknown_column(p, &c);
  first.parts[0] = c.parts[0];
  first.expr = expr;
  if (c.count == 2 && is_table(p->scope, c.parts[0]) &&
      (rc = resolve(p, &first, &column)) == GN_OK && !column)
    return unknown_column(p, &c);
  return rc;
}

/* ---- nodes of statements --------------------------------------------------------------------- */

static int plan_call(gnp_planner *p, const gni_expr *expr, bool *done, const gni_bound **out)
{
  if (gnp_is_measure(expr->name)) {
    *done = true;
    return gnp_bind_measure(p, expr, out);
  }
  if (gnp_is_generator(expr->name))
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, expr->begin, expr->end,
                         "'%.*s' makes rows: it stands alone in SELECT, or in LATERAL VIEW",
                         GN_STR_ARGS(expr->name));
  if (!expr->clauses) return GN_OK;
  return gnp_plan_fail(p, GN_E_UNSUPPORTED, expr->begin, expr->end,
                       "'%.*s' is not an aggregate or window function that is supported",
                       GN_STR_ARGS(expr->name));
}

int gnp_plan_node(gnp_binder *b, const gni_expr *expr, bool *done, const gni_bound **out)
{
  gnp_planner *p = b->planner;
  *done = false;
  if (b->schema != p->schema) return GN_OK; /* the element of a cast array, bound by itself */
  if (expr->kind == GNP_NODE_NAME || expr->kind == GNP_NODE_FIELD)
    return plan_name(p, expr, done, out);
  if (expr->kind == GNP_NODE_CALL) return plan_call(p, expr, done, out);
  if (expr->kind != GNP_NODE_QUERY) return GN_OK;
  *done = true;
  return gnp_bind_subquery(p, expr, out);
}

int gnp_bind_value(gnp_planner *p, const gni_expr *expr, const gni_bound **out)
{
  return gnp_bind_node(&p->binder, expr, out);
}

int gnp_bind_condition(gnp_planner *p, const gni_expr *expr, const char *clause,
                       const gni_bound **out)
{
  int rc = gnp_bind_value(p, expr, out);
  if (rc != GN_OK) return rc;
  const gni_type *type = (*out)->type;
  if (type->kind == GNI_STRING && p->binder.options.ansi)
    return gnp_cast(&p->binder, *out, &gni_type_boolean, out);
  if (type->kind == GNI_BOOLEAN) return GN_OK;
  gn_str text = gnp_type_text(&p->binder, type);
  return gnp_plan_fail(p, GN_E_TYPE, expr->begin, expr->end,
                       "%s wants a boolean, this is of type %.*s", clause, GN_STR_ARGS(text));
}

/* ---- over groups ----------------------------------------------------------------------------- */

static bool is_input(const gnp_scope *scope, uint32_t id)
{
  for (size_t i = 0; i < scope->count; i++)
    if (scope->items[i].column.id == id) return true;
  return false;
}

static int check_grouped(gnp_planner *p, const gni_bound *column)
{
  const gnp_scope *scope = p->scope;
  if (!is_input(scope, column->index)) return GN_OK;
  for (size_t i = 0; i < scope->group_count; i++)
    if (scope->groups[i].column.id == column->index) return GN_OK;
  const char *name = "?";
  for (size_t i = 0; i < scope->count; i++)
    if (scope->items[i].column.id == column->index) {
      gn_str text = gni_str_take(p->binder.arena, scope->items[i].column.name);
      if (text.ptr) name = text.ptr;
    }
  return gnp_plan_fail(p, GN_E_INVALID, column->begin, column->end,
                       "'%s' is neither grouped nor inside an aggregate", name);
}

static int settle_arguments(gnp_planner *p, const gni_bound *value, const gni_bound **out)
{
  gni_bound *copy = gni_arena_copy(p->binder.arena, value, sizeof *value);
  const gni_bound **args = GN_TAKE(p->binder.arena, const gni_bound *, value->arg_count);
  if (!copy || !args) return gnp_plan_nomem(p);
  for (size_t i = 0; i < value->arg_count; i++) {
    int rc = gnp_settle(p, value->args[i], &args[i]);
    if (rc != GN_OK) return rc;
  }
  copy->args = args;
  *out = copy;
  return GN_OK;
}

int gnp_settle(gnp_planner *p, const gni_bound *value, const gni_bound **out)
{
  const gnp_scope *scope = p->scope;
  *out = value;
  if (!scope->aggregated) return GN_OK;
  for (size_t i = 0; i < scope->group_count; i++)
    if (gnp_same_bound(scope->groups[i].value, value))
      return gnp_column_node(p, &scope->groups[i].column, value->begin, value->end, out);
  if (value->kind == GNP_CONSTANT || value->kind == GNP_VARIABLE) return GN_OK;
  if (value->kind == GNP_COLUMN && !value->emit) return check_grouped(p, value);
  if (value->kind == GNP_COLUMN) {
    int rc = gnp_check_outer_uses(p, value, check_grouped);
    if (rc != GN_OK || !value->arg_count) return rc;
  }
  return settle_arguments(p, value, out);
}
