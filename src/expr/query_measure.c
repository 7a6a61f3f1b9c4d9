/* Aggregates and window functions: a call, what it stands in, and how it is written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_measure.h"

#include <stdio.h>

/* ---- SQL ------------------------------------------------------------------------------------- */

static int emit_frame_end(gnp_emitter *e, const gnp_over_end *end)
{
  if (end->kind == GNP_CURRENT) return gni_buf_add_text(e->out, "CURRENT ROW");
  if (end->kind == GNP_UNBOUNDED)
    gni_buf_add_text(e->out, "UNBOUNDED");
  else {
    const char *unit = end->unit;
    if (unit) gni_buf_add_text(e->out, unit);
    int rc = gnp_emit_node(e, end->offset);
    if (rc != GN_OK) return rc;
    if (unit) gni_buf_add_char(e->out, ')');
  }
  return gni_buf_add_text(e->out, end->following ? " FOLLOWING" : " PRECEDING");
}

static int emit_over(gnp_emitter *e, const gnp_bound_over *over)
{
  int rc = GN_OK;
  gni_buf_add_text(e->out, " OVER (");
  for (size_t i = 0; rc == GN_OK && i < over->partition.count; i++) {
    gni_buf_add_text(e->out, i ? ", " : "PARTITION BY ");
    rc = gnp_emit_node(e, over->partition.items[i].value);
  }
  if (rc == GN_OK && over->order.count) {
    gni_buf_add_text(e->out, over->partition.count ? " ORDER BY " : "ORDER BY ");
    rc = gnp_emit_keys(e, &over->order);
  }
  if (rc == GN_OK && over->has_frame) {
    gni_buf_add_text(e->out, over->rows ? " ROWS BETWEEN " : " RANGE BETWEEN ");
    rc = emit_frame_end(e, &over->from);
    gni_buf_add_text(e->out, " AND ");
    if (rc == GN_OK) rc = emit_frame_end(e, &over->to);
  }
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

/* FILTER and OVER; `known`: only where the first argument is not null. */
static int emit_tail(gnp_emitter *e, const gnp_measure *m, bool known)
{
  int rc = GN_OK;
  if (m->filter || known) {
    gni_buf_add_text(e->out, " FILTER (WHERE ");
    if (m->filter) rc = gnp_emit_node(e, m->filter);
    if (m->filter && known) gni_buf_add_text(e->out, " AND ");
    if (rc == GN_OK && known) {
      rc = gnp_emit_node(e, m->call->args[0]);
      gni_buf_add_text(e->out, " IS NOT NULL");
    }
    gni_buf_add_char(e->out, ')');
  }
  return rc == GN_OK && m->over ? emit_over(e, m->over) : rc;
}

static int emit_known(gnp_emitter *e, const gni_bound *call)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < call->arg_count; i++) {
    if (i) gni_buf_add_text(e->out, " AND ");
    rc = gnp_emit_node(e, call->args[i]);
    gni_buf_add_text(e->out, " IS NOT NULL");
  }
  return rc;
}

static int emit_arguments(gnp_emitter *e, const gni_bound *call)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < call->arg_count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    rc = gnp_emit_node(e, call->args[i]);
  }
  return rc;
}

/* $1 … an argument, $* all, $n "all are not null", $d DISTINCT, $f FILTER and OVER, $g the same for
 * known values only, $t the type. */
static int emit_measure(gnp_emitter *e, const gni_bound *node)
{
  const gnp_measure *m = node->plan;
  int rc = GN_OK;
  for (const char *c = m->call->sql; rc == GN_OK && *c; c++) {
    if (*c != '$') {
      gni_buf_add_char(e->out, *c);
      continue;
    }
    switch (*++c) {
    case 'd':
      if (m->distinct) gni_buf_add_text(e->out, "DISTINCT ");
      break;
    case 'f':
    case 'g':
      rc = emit_tail(e, m, *c == 'g');
      break;
    case 'n':
      rc = emit_known(e, m->call);
      break;
    case 't':
      rc = gni_type_to_duckdb(m->call->type, e->out);
      break;
    case '*':
      rc = emit_arguments(e, m->call);
      break;
    default:
      rc = gnp_emit_node(e, m->call->args[*c - '1']);
    }
  }
  return rc;
}

/* ---- one measure ----------------------------------------------------------------------------- */

static int refuse(gnp_planner *p, const gni_expr *expr, const char *why)
{
  return gnp_plan_fail(p, GN_E_UNSUPPORTED, expr->begin, expr->end, "'%.*s': %s",
                       GN_STR_ARGS(expr->name), why);
}

int gnp_add_measure(gnp_planner *p, const gnp_function *function, const gni_expr *expr,
                    const gnp_measure_parts *parts, const gni_bound **out)
{
  gnp_measure *m = GN_TAKE_ZERO(p->binder.arena, gnp_measure, 1);
  const gni_bound *call, *column;
  if (!m) return gnp_plan_nomem(p);
  int rc = gnp_bind_call(&p->binder, function, expr, parts->args, parts->count, &call);
  if (rc != GN_OK) return rc;
  if (!call->sql) return gni_fail(p->binder.err, GN_E_BUG, "'%s' has no SQL", function->name);
  *m = (gnp_measure){
      .call = call, .distinct = parts->distinct, .filter = parts->filter, .over = parts->over};
  gnp_computed computed = {.column = gnp_new_column(p, GN_STR(""), call->type, call->nullable)};
  rc = gnp_column_node(p, &computed.column, expr->begin, expr->end, &column);
  if (rc != GN_OK) return rc;
  gni_bound *node = gni_arena_copy(p->binder.arena, column, sizeof *column);
  if (!node) return gnp_plan_nomem(p);
  node->emit = emit_measure;
  node->plan = m;
  computed.value = node;
  gnp_computeds *list = parts->over ? &p->scope->windows : &p->scope->measures;
  rc = GNP_PLAN_PUSH(p, list->items, list->count, computed);
  *out = column;
  return rc;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* Bound where they are computed: below the groups, or above them for a window. */
static int bind_input(gnp_planner *p, const gni_expr *expr, bool window, const gni_bound **out)
{
  gnp_scope *scope = p->scope;
  uint8_t where = scope->where;
  scope->where = window ? GNP_IN_WINDOW : GNP_IN_MEASURE;
  int rc = gnp_bind_value(p, expr->kind == GNP_NODE_ALIAS ? expr->args[0] : expr, out);
  scope->where = where;
  if (rc == GN_OK && window) rc = gnp_settle(p, *out, out);
  return rc;
}

static int prepare_input(gnp_planner *p, bool window, const gni_bound **value)
{
  gnp_scope *scope = p->scope;
  if ((*value)->kind == GNP_CONSTANT) return GN_OK;
  return gnp_prepare(p, window ? &scope->between : &scope->before, *value, value);
}

static int bind_arguments(gnp_planner *p, const gni_expr *expr, bool window,
                          gnp_measure_parts *parts)
{
  parts->args = GN_TAKE(p->binder.arena, const gni_bound *, expr->arg_count + 1);
  if (!parts->args) return gnp_plan_nomem(p);
  parts->count = expr->arg_count;
  for (size_t i = 0; i < expr->arg_count; i++) {
    if (expr->args[i]->kind == GNP_NODE_LAMBDA) return refuse(p, expr, "takes no lambda");
    int rc = bind_input(p, expr->args[i], window, &parts->args[i]);
    if (rc == GN_OK && gnp_is_interval(parts->args[i]->type))
      return refuse(p, expr, "intervals are not supported here");
    if (rc == GN_OK && parts->distinct) {
      rc = gnp_need_groupable(p, parts->args[i], "comparing");
      if (rc == GN_OK) rc = gnp_normalize(p, parts->args[i], &parts->args[i]);
    }
    if (rc == GN_OK) rc = prepare_input(p, window, &parts->args[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- OVER ------------------------------------------------------------------------------------ */

static const gnp_over *named_window(const gnp_scope *scope, gn_str name)
{
  for (size_t i = 0; scope->select && i < scope->select->window_count; i++)
    if (gnp_same_word(scope->select->windows[i].name, name)) return scope->select->windows[i].over;
  return NULL;
}

static int bind_partition(gnp_planner *p, const gnp_over *over, gnp_bound_over *out)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < over->partition_count; i++) {
    gnp_key key = {.value = NULL};
    rc = bind_input(p, over->partition[i], true, &key.value);
    if (rc == GN_OK) rc = gnp_need_groupable(p, key.value, "partitioning by");
    if (rc == GN_OK) rc = gnp_normalize(p, key.value, &key.value);
    if (rc == GN_OK) rc = prepare_input(p, true, &key.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, out->partition.items, out->partition.count, key);
  }
  return rc;
}

static int bind_window_order(gnp_planner *p, const gnp_over *over, gnp_bound_over *out)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < over->order.count; i++) {
    const gnp_order *order = &over->order.items[i];
    gnp_key key = {.descending = order->descending, .nulls_last = order->nulls_last};
    rc = bind_input(p, order->expr, true, &key.value);
    if (rc == GN_OK) rc = gnp_order_key(p, key.value, "ordering by", &key.value);
    if (rc == GN_OK) rc = prepare_input(p, true, &key.value);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, out->order.items, out->order.count, key);
  }
  return rc;
}

/* An offset of RANGE is added to the key, so it has the key's type. */
static int range_offset(gnp_planner *p, const gnp_bound_over *out, gnp_over_end *end)
{
  const gni_type *key = out->order.items[0].value->type, *type = end->offset->type;
  if (key->kind == GNI_DATE && gnp_is_integral(type)) {
    end->unit = "to_days(";
    return gnp_cast(&p->binder, end->offset, &gni_type_int, &end->offset);
  }
  if (key->kind == GNI_TIMESTAMP && (type->kind == GNP_MICROS || type->kind == GNP_DAYS)) {
    end->unit = "to_microseconds(";
    return gnp_bind_constant(&p->binder, &gni_type_long, end->offset->value, &end->offset);
  }
  if (gnp_is_numeric(key) && gnp_is_numeric(type))
    return gnp_cast(&p->binder, end->offset, key, &end->offset);
  return gnp_plan_fail(p, GN_E_UNSUPPORTED, end->offset->begin, end->offset->end,
                       "this offset of RANGE is not supported for the type of ORDER BY");
}

static int bind_frame_end(gnp_planner *p, const gnp_over *over, const gnp_frame_end *from,
                          const gnp_bound_over *bound, gnp_over_end *out)
{
  *out = (gnp_over_end){.kind = from->kind, .following = from->following};
  if (from->kind != GNP_OFFSET) return GN_OK;
  int rc = gnp_bind_value(p, from->offset, &out->offset);
  if (rc != GN_OK) return rc;
  if (out->offset->kind != GNP_CONSTANT || out->offset->value.is_null)
    return gnp_plan_fail(p, GN_E_TYPE, from->offset->begin, from->offset->end,
                         "a frame's offset is a constant");
  if (over->rows) {
    if (gnp_is_integral(out->offset->type)) return GN_OK;
    return gnp_plan_fail(p, GN_E_TYPE, from->offset->begin, from->offset->end,
                         "an offset of ROWS is an integer");
  }
  if (bound->order.count == 1) return range_offset(p, bound, out);
  return gnp_plan_fail(p, GN_E_INVALID, over->begin, over->end,
                       "RANGE with an offset wants one ORDER BY");
}

/* OVER w, OVER (w ORDER BY …) and OVER (…) become one specification. */
static int merge_over(gnp_planner *p, const gnp_over *over, gnp_over *out)
{
  *out = *over;
  if (!over->base.ptr) return GN_OK;
  const gnp_over *base = named_window(p->scope, over->base);
  if (!base || base->base.ptr)
    return gnp_plan_fail(p, base ? GN_E_UNSUPPORTED : GN_E_NOTFOUND, over->begin, over->end,
                         base ? "a WINDOW made from another is not supported"
                              : "no WINDOW is called '%.*s'",
                         GN_STR_ARGS(over->base));
  if (over->partition_count || over->order.count || over->has_frame)
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, over->begin, over->end,
                         "a named window with more in its brackets is not supported");
  *out = *base;
  return GN_OK;
}

static int bind_over(gnp_planner *p, const gnp_over *written, const gnp_bound_over **out)
{
  gnp_bound_over *bound = GN_TAKE_ZERO(p->binder.arena, gnp_bound_over, 1);
  gnp_over over;
  if (!bound) return gnp_plan_nomem(p);
  int rc = merge_over(p, written, &over);
  if (rc == GN_OK) rc = bind_partition(p, &over, bound);
  if (rc == GN_OK) rc = bind_window_order(p, &over, bound);
  bound->has_frame = over.has_frame;
  bound->rows = over.rows;
  if (rc == GN_OK && over.has_frame && !over.rows && !over.order.count)
    return gnp_plan_fail(p, GN_E_INVALID, over.begin, over.end, "a RANGE frame wants ORDER BY");
  if (rc == GN_OK && over.has_frame) rc = bind_frame_end(p, &over, &over.from, bound, &bound->from);
  if (rc == GN_OK && over.has_frame) rc = bind_frame_end(p, &over, &over.to, bound, &bound->to);
  *out = bound;
  return rc;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int check_place(gnp_planner *p, const gni_expr *expr, bool window)
{
  const gnp_scope *scope = p->scope;
  const char *what = window ? "a window function" : "an aggregate";
  if (scope && scope->where == GNP_IN_MEASURE)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "%s does not belong inside an aggregate", what);
  if (scope && window && scope->where == GNP_IN_WINDOW)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "a window function does not belong inside another");
  bool fine = scope && (scope->where == GNP_IN_ITEM || scope->where == GNP_IN_WINDOW ||
                        (scope->where == GNP_IN_HAVING && !window));
  if (fine) return GN_OK;
  return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end, "%s does not belong in %s", what,
                       scope && scope->clause ? scope->clause : "this place");
}

static int check_clauses(gnp_planner *p, const gni_expr *expr, const gnp_measure_row *row,
                         const struct gnp_clauses *clauses)
{
  bool window = clauses->over != NULL;
  if (row->flags & GNP_WINDOW_ONLY && !window)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end, "'%.*s' wants OVER (…)",
                         GN_STR_ARGS(expr->name));
  if (window && clauses->distinct) return refuse(p, expr, "DISTINCT with OVER is not supported");
  if (window && clauses->filter) return refuse(p, expr, "FILTER with OVER is not supported");
  if (window && row->flags & GNP_NO_WINDOW) return refuse(p, expr, "OVER is not supported");
  if (clauses->distinct && row->flags & GNP_NO_DISTINCT)
    return refuse(p, expr, "DISTINCT is not supported");
  if (clauses->ignore_nulls && !row->ignoring)
    return refuse(p, expr, "IGNORE NULLS is not supported");
  if (clauses->within.count) return refuse(p, expr, "WITHIN GROUP is not supported");
  if (clauses->star && !(row->flags & GNP_TAKES_STAR)) return refuse(p, expr, "takes no *");
  return GN_OK;
}

/* first(x, true) ignores nulls. */
static int take_ignore(gnp_planner *p, const gni_expr *expr, const gnp_measure_row *row,
                       gnp_measure_parts *parts, bool *ignore)
{
  if (!(row->flags & GNP_IGNORE_ARGUMENT) || parts->count != 2) return GN_OK;
  const gni_bound *flag = parts->args[1];
  if (flag->kind != GNP_CONSTANT || flag->type->kind != GNI_BOOLEAN || flag->value.is_null)
    return refuse(p, expr, "its second argument is true or false");
  *ignore |= flag->value.boolean;
  parts->count = 1;
  return GN_OK;
}

static const gnp_function *row_function(const gnp_measure_row *row, bool ignore, bool window)
{
  if (ignore) return window && row->ignoring_over ? row->ignoring_over : row->ignoring;
  return window && row->over ? row->over : &row->function;
}

int gnp_bind_measure(gnp_planner *p, const gni_expr *expr, const gni_bound **out)
{
  static const struct gnp_clauses none = {.star = false};
  const struct gnp_clauses *clauses = expr->clauses ? expr->clauses : &none;
  const gnp_measure_row *row = gnp_measure_find(expr->name);
  bool window = clauses->over != NULL, ignore = clauses->ignore_nulls;
  gnp_measure_parts parts = {.distinct = clauses->distinct};
  int rc = check_place(p, expr, window);
  if (rc == GN_OK) rc = check_clauses(p, expr, row, clauses);
  if (rc == GN_OK && row->grouping) return row->grouping(p, expr, out);
  if (rc == GN_OK) rc = bind_arguments(p, expr, window, &parts);
  if (rc == GN_OK && clauses->filter) {
    rc = bind_input(p, clauses->filter, false, &parts.filter);
    if (rc == GN_OK && parts.filter->type->kind != GNI_BOOLEAN)
      return refuse(p, expr, "FILTER wants a boolean");
    if (rc == GN_OK) rc = prepare_input(p, false, &parts.filter);
  }
  if (rc == GN_OK && window) rc = bind_over(p, clauses->over, &parts.over);
  if (rc == GN_OK && window && row->flags & GNP_WANTS_ORDER && !parts.over->order.count)
    return gnp_plan_fail(p, GN_E_INVALID, expr->begin, expr->end,
                         "'%.*s' wants ORDER BY in its window", GN_STR_ARGS(expr->name));
  if (rc == GN_OK) rc = take_ignore(p, expr, row, &parts, &ignore);
  if (rc != GN_OK) return rc;
  if (row->compose) {
    bool done;
    rc = row->compose(p, expr, &parts, &done, out);
    if (rc != GN_OK || done) return rc;
  }
  return gnp_add_measure(p, row_function(row, ignore, window), expr, &parts, out);
}
