/* From the parse tree to the bound tree: names to columns, calls to rows of the table of functions,
 * types, casts, and constants computed once. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"

#include <stdio.h>

/* ---- failures -------------------------------------------------------------------------------- */

static int fail_at(gnp_binder *b, int code, size_t begin, size_t end, const char *message)
{
  b->fail_begin = begin;
  b->fail_end = end;
  return gni_fail(b->err, code, "%s", message);
}

int gnp_bind_fail(gnp_binder *b, int code, const gni_bound *at, const char *format, ...)
{
  char message[sizeof((gn_error *)0)->message];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  return fail_at(b, code, at->begin, at->end, message);
}

int gnp_bind_nomem(gnp_binder *b)
{
  return gni_fail(b->err, GN_E_NOMEM, "out of memory while typing an expression");
}

gn_str gnp_type_text(gnp_binder *b, const gni_type *type)
{
  if (type->kind == GNP_MONTHS) return GN_STR("interval year to month");
  if (gnp_is_interval(type)) return GN_STR("interval day to second");
  gn_buf buf;
  gni_buf_init(&buf, b->arena->alloc, 4096);
  gni_type_format(type, &buf);
  gn_str text = buf.len ? gni_str_take(b->arena, gni_buf_view(&buf)) : GN_STR("?");
  gni_buf_deinit(&buf);
  return text.ptr ? text : GN_STR("?");
}

int gnp_bind_count(gnp_binder *b, const gnp_call *call, size_t least, size_t most)
{
  if (call->count >= least && call->count <= most) return GN_OK;
  char wanted[64];
  if (most == least)
    snprintf(wanted, sizeof wanted, "%zu", least);
  else if (most == SIZE_MAX)
    snprintf(wanted, sizeof wanted, "at least %zu", least);
  else
    snprintf(wanted, sizeof wanted, "%zu to %zu", least, most);
  return gnp_bind_fail(b, GN_E_TYPE, call->node, "'%s' takes %s argument%s, this has %zu",
                       call->node->function->name, wanted, least == 1 && most == 1 ? "" : "s",
                       call->count);
}

int gnp_bind_mismatch(gnp_binder *b, const gnp_call *call)
{
  char types[256];
  size_t len = 0;
  types[0] = '\0';
  for (size_t i = 0; i < call->count && len < sizeof types; i++) {
    gn_str text = call->args[i] ? gnp_type_text(b, call->args[i]->type) : GN_STR("lambda");
    len += (size_t)snprintf(types + len, sizeof types - len, "%s%.*s", i ? ", " : "",
                            GN_STR_ARGS(text));
  }
  int rc = gnp_bind_fail(b, GN_E_TYPE, call->node, "'%s' does not take (%s)",
                         call->node->function->name, types);
  if (call->node->function->takes)
    gni_error_hint(b->err, "it takes (%s)", call->node->function->takes);
  return rc;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static gni_bound *new_node(gnp_binder *b, int kind, const gni_expr *expr)
{
  gni_bound *node = GN_TAKE_ZERO(b->arena, gni_bound, 1);
  if (!node) return NULL;
  node->kind = (uint8_t)kind;
  node->ansi = b->options.ansi;
  node->begin = expr ? expr->begin : b->fail_begin;
  node->end = expr ? expr->end : b->fail_end;
  return node;
}

static int eval_constant(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  (void)frame;
  *out = node->value;
  return GN_OK;
}

static int eval_column(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  *out = frame->row[node->index];
  return GN_OK;
}

static int eval_variable(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  *out = frame->variables[node->index];
  return GN_OK;
}

static int constant_node(gnp_binder *b, const gni_expr *expr, const gni_type *type, gni_value value,
                         const gni_bound **out)
{
  gni_bound *node = new_node(b, GNP_CONSTANT, expr);
  if (!node) return gnp_bind_nomem(b);
  node->type = type;
  node->nullable = value.is_null;
  node->value = value;
  node->literal = expr && expr->kind == GNP_NODE_LITERAL;
  node->eval = eval_constant;
  *out = node;
  return GN_OK;
}

int gnp_bind_constant(gnp_binder *b, const gni_type *type, gni_value value, const gni_bound **out)
{
  return constant_node(b, NULL, type, value, out);
}

/* ---- names ----------------------------------------------------------------------------------- */

static int find_field(const gni_type *structure, gn_str name, bool *twice)
{
  int found = -1;
  *twice = false;
  for (uint32_t i = 0; i < structure->field_count; i++) {
    if (!gnp_same_word(structure->fields[i].name, name)) continue;
    *twice = found >= 0;
    if (found < 0) found = (int)i;
  }
  return found;
}

static int unknown_name(gnp_binder *b, const gni_expr *expr, const gni_type *structure,
                        const char *what)
{
  char message[sizeof((gn_error *)0)->message];
  size_t count = structure->field_count;
  gn_str *names = GN_TAKE(b->arena, gn_str, count + 1);
  if (!names) return gnp_bind_nomem(b);
  for (size_t i = 0; i < count; i++) names[i] = structure->fields[i].name;
  snprintf(message, sizeof message, "no %s is called '%.*s'", what, GN_STR_ARGS(expr->name));
  size_t begin = expr->kind == GNP_NODE_FIELD ? expr->end - expr->name.len : expr->begin;
  int rc = fail_at(b, GN_E_NOTFOUND, begin, expr->end, message);
  gn_str near = gni_nearest(expr->name, names, count);
  if (near.ptr)
    gni_error_hint(b->err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  else if (count && count <= 8) {
    char list[160];
    size_t len = 0;
    for (size_t i = 0; i < count && len < sizeof list; i++)
      len += (size_t)snprintf(list + len, sizeof list - len, "%s%.*s", i ? ", " : "",
                              GN_STR_ARGS(names[i]));
    gni_error_hint(b->err, "there are: %s", list);
  }
  return rc;
}

static int bind_name(gnp_binder *b, const gni_expr *expr, const gni_bound **out)
{
  for (uint32_t i = b->variable_count; i-- > 0;) {
    if (!gnp_same_word(b->variable_names[i], expr->name)) continue;
    gni_bound *node = new_node(b, GNP_VARIABLE, expr);
    if (!node) return gnp_bind_nomem(b);
    node->type = b->variable_types[i];
    node->nullable = true;
    node->index = i;
    node->eval = eval_variable;
    *out = node;
    return GN_OK;
  }
  bool twice;
  int index = find_field(b->schema, expr->name, &twice);
  if (index < 0) return unknown_name(b, expr, b->schema, "column");
  if (twice) {
    char message[256];
    snprintf(message, sizeof message, "two columns are called '%.*s' but for case",
             GN_STR_ARGS(expr->name));
    return fail_at(b, GN_E_INVALID, expr->begin, expr->end, message);
  }
  gni_bound *node = new_node(b, GNP_COLUMN, expr);
  if (!node) return gnp_bind_nomem(b);
  node->type = b->schema->fields[index].type;
  node->nullable = true;
  node->index = (uint32_t)index;
  node->name = b->schema->fields[index].name;
  node->eval = eval_column;
  *out = node;
  return GN_OK;
}

/* a.b: a field of a struct, of each struct of a list, or a map's value. */
static int bind_field(gnp_binder *b, const gni_expr *expr, const gni_bound **out)
{
  const gni_bound *pair[2];
  int rc = gnp_bind_node(b, expr->args[0], &pair[0]);
  if (rc != GN_OK) return rc;
  const gni_type *structure = pair[0]->type;
  if (structure->kind == GNI_LIST) structure = structure->fields[0].type;
  if (structure->kind == GNI_STRUCT) {
    bool twice;
    int index = find_field(structure, expr->name, &twice);
    if (index < 0) return unknown_name(b, expr, structure, "field");
    rc = constant_node(b, expr, &gni_type_int, gni_value_integer(index), &pair[1]);
    if (rc != GN_OK) return rc;
    return gnp_bind_call_name(b, "field", expr, pair, 2, out);
  }
  rc = constant_node(b, expr, &gni_type_string, gni_value_text(expr->name), &pair[1]);
  return rc == GN_OK ? gnp_bind_call_name(b, "[]", expr, pair, 2, out) : rc;
}

/* ---- calls ----------------------------------------------------------------------------------- */

int gnp_frame_nomem(gnp_frame *frame)
{
  return gni_fail(frame->err, GN_E_NOMEM, "out of memory while evaluating an expression");
}

static bool all_constant(const gni_bound *const *args, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!args[i] || args[i]->kind != GNP_CONSTANT) return false;
  return true;
}

/* A constant that fails is left for run time where a branch may never be taken. Elsewhere it ends
 * the query under ANSI, as Spark's folding does. */
static int fold(gnp_binder *b, const gni_expr *expr, gni_bound *node, const gni_bound **out)
{
  gni_value value;
  gn_error ignored = {0};
  gnp_frame frame;
  frame.row = NULL;
  frame.arena = b->arena;
  frame.err = &ignored;
  *out = node;
  int rc = node->eval(node, &frame, &value);
  if (rc == GN_E_NOMEM || rc == GN_E_LIMIT) return gnp_bind_nomem(b);
  if (rc == GN_OK) return constant_node(b, expr, node->type, value, out);
  node->doomed = b->options.ansi;
  return GN_OK;
}

static void settle_nulls(gni_bound *node)
{
  uint32_t flags = node->function->flags;
  bool any = false;
  if (flags & GNP_KNOWS_NULLS) return;
  for (size_t i = 0; i < node->arg_count; i++) any |= node->args[i]->nullable;
  if (flags & GNP_NEVER_NULL)
    node->nullable = false;
  else if (flags & GNP_MAY_BE_NULL)
    node->nullable = true;
  else if (!node->function->bind || any)
    node->nullable |= any;
}

/* A constant null among the arguments of what gives null for any: the rest is not looked at, so it
 * cannot fail either. */
static bool is_surely_null(const gni_bound *node)
{
  bool strict = node->eval == gnp_eval_strict || node->function->flags & GNP_STRICT;
  if (!strict || node->function->flags & GNP_SEES_NULLS) return false;
  for (size_t i = 0; i < node->arg_count; i++)
    if (node->args[i]->kind == GNP_CONSTANT && node->args[i]->value.is_null) return true;
  return false;
}

int gnp_bind_call(gnp_binder *b, const gnp_function *function, const gni_expr *expr,
                  const gni_bound **args, size_t count, const gni_bound **out)
{
  gni_bound *node = new_node(b, GNP_CALL, expr);
  if (!node) return gnp_bind_nomem(b);
  const gni_bound **own = gni_arena_copy(b->arena, args, gni_size_mul(count, sizeof *args));
  if (!own) return gnp_bind_nomem(b);
  node->function = function;
  node->sql = function->sql;
  node->emit = function->emit;
  node->apply = function->apply;
  node->eval = function->eval                     ? function->eval
               : function->flags & GNP_SEES_NULLS ? gnp_eval_all
                                                  : gnp_eval_strict;
  gnp_call call = {.expr = expr, .node = node, .args = own, .count = count};
  int rc = function->bind ? function->bind(b, &call) : gnp_bind_signature(b, &call);
  if (rc != GN_OK) return rc;
  if (!node->type) return gnp_bind_nomem(b);
  node->args = call.args;
  node->arg_count = call.count;
  node->planned = call.pattern;
  settle_nulls(node);
  node->can_fail |=
      (function->flags & GNP_CAN_FAIL) || (b->options.ansi && (function->flags & GNP_ANSI_FAILS));
  bool some = function->flags & GNP_CONDITIONAL;
  for (size_t i = 0; i < node->arg_count; i++) {
    node->can_fail |= node->args[i]->can_fail;
    node->doomed |= node->args[i]->doomed && !some;
  }
  *out = node;
  if (is_surely_null(node)) return constant_node(b, expr, node->type, GNI_NULL_VALUE, out);
  if (function->flags & GNP_NO_FOLD || !all_constant(node->args, node->arg_count)) return GN_OK;
  return fold(b, expr, node, out);
}

int gnp_bind_call_name(gnp_binder *b, const char *name, const gni_expr *expr,
                       const gni_bound **args, size_t count, const gni_bound **out)
{
  const gnp_function *function = gnp_function_find(gni_str(name));
  if (!function) return gni_fail(b->err, GN_E_BUG, "the table of functions has no '%s'", name);
  return gnp_bind_call(b, function, expr, args, count, out);
}

static int unknown_function(gnp_binder *b, const gni_expr *expr)
{
  char message[256];
  size_t count = gni_expr_function_count();
  gn_str *names = GN_TAKE(b->arena, gn_str, count);
  if (!names) return gnp_bind_nomem(b);
  for (size_t i = 0; i < count; i++) names[i] = gni_str(gni_expr_function_at(i).name);
  snprintf(message, sizeof message, "function '%.*s' is not supported", GN_STR_ARGS(expr->name));
  int rc = fail_at(b, GN_E_UNSUPPORTED, expr->begin, expr->end, message);
  gni_error_diagnostic(b->err, "GX003");
  gn_str near = gni_nearest(expr->name, names, count);
  if (near.ptr) gni_error_hint(b->err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  return rc;
}

static int bind_call(gnp_binder *b, const gni_expr *expr, const gni_bound **out)
{
  const gnp_function *function = gnp_function_find(expr->name);
  if (!function || (expr->by_name && function->flags & GNP_HIDDEN))
    return unknown_function(b, expr);
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, expr->arg_count);
  if (!args) return gnp_bind_nomem(b);
  for (size_t i = 0; i < expr->arg_count; i++) {
    const gni_expr *arg = expr->args[i];
    args[i] = NULL; /* a lambda: the function binds it, knowing the parameters' types */
    if (arg->kind == GNP_NODE_LAMBDA) continue;
    if (arg->kind == GNP_NODE_ALIAS) arg = arg->args[0];
    int rc = gnp_bind_node(b, arg, &args[i]);
    if (rc != GN_OK) return rc;
  }
  return gnp_bind_call(b, function, expr, args, expr->arg_count, out);
}

int gnp_bind_lambda(gnp_binder *b, const gni_expr *expr, const gni_type *const *types, size_t count,
                    const gni_bound **out)
{
  gni_bound *node = new_node(b, GNP_LAMBDA, expr);
  if (!node) return gnp_bind_nomem(b);
  if (expr->kind != GNP_NODE_LAMBDA || expr->parameter_count > count) {
    char message[128];
    snprintf(message, sizeof message, "a lambda of %zu parameter%s is expected here", count,
             count == 1 ? "" : "s");
    return fail_at(b, GN_E_TYPE, expr->begin, expr->end, message);
  }
  uint32_t first = b->variable_count;
  if (first + expr->parameter_count > GNP_VARIABLES_MAX)
    return fail_at(b, GN_E_LIMIT, expr->begin, expr->end, "too many lambda variables are nested");
  for (size_t i = 0; i < expr->parameter_count; i++) {
    b->variable_names[b->variable_count] = expr->parameters[i];
    b->variable_types[b->variable_count++] = types[i];
  }
  const gni_bound *body;
  int rc = gnp_bind_node(b, expr->args[0], &body);
  b->variable_count = first;
  if (rc != GN_OK) return rc;
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 1);
  if (!args) return gnp_bind_nomem(b);
  args[0] = body;
  node->args = args;
  node->arg_count = 1;
  node->type = body->type;
  node->nullable = body->nullable;
  node->can_fail = body->can_fail;
  node->index = first;
  node->parameter_count = (uint32_t)expr->parameter_count;
  *out = node;
  return GN_OK;
}

int gnp_bind_node(gnp_binder *b, const gni_expr *expr, const gni_bound **out)
{
  if (b->planner) {
    bool done;
    int rc = gnp_plan_node(b, expr, &done, out);
    if (rc != GN_OK || done) return rc;
  }
  switch ((enum gnp_node_kind)expr->kind) {
  case GNP_NODE_NAME:
    return bind_name(b, expr, out);
  case GNP_NODE_LITERAL:
    return constant_node(b, expr, expr->type, expr->value, out);
  case GNP_NODE_FIELD:
    return bind_field(b, expr, out);
  case GNP_NODE_CALL:
    return bind_call(b, expr, out);
  case GNP_NODE_CAST: {
    const gni_bound *value;
    int rc = gnp_bind_node(b, expr->args[0], &value);
    return rc == GN_OK ? gnp_bind_cast(b, expr, value, expr->type, expr->is_try, out) : rc;
  }
  case GNP_NODE_LAMBDA:
    return fail_at(b, GN_E_TYPE, expr->begin, expr->end, "a lambda does not belong here");
  case GNP_NODE_QUERY:
    return fail_at(b, GN_E_UNSUPPORTED, expr->begin, expr->end,
                   "a subquery is not supported in an expression");
  case GNP_NODE_ALIAS:
    return fail_at(b, GN_E_PARSE, expr->begin, expr->end, "AS does not belong here");
  }
  return gni_fail(b->err, GN_E_BUG, "unknown node %d", expr->kind);
}

int gnp_cast(gnp_binder *b, const gni_bound *value, const gni_type *type, const gni_bound **out)
{
  *out = value;
  if (!type) return gnp_bind_nomem(b);
  if (gni_type_equal(value->type, type)) return GN_OK;
  if (value->kind == GNP_CONSTANT && value->value.is_null)
    return gnp_bind_constant(b, type, GNI_NULL_VALUE, out);
  return gnp_bind_cast(b, NULL, value, type, false, out);
}

int gnp_cast_all(gnp_binder *b, gnp_call *call, size_t from, const gni_type *type)
{
  for (size_t i = from; i < call->count; i++) {
    int rc = gnp_cast(b, call->args[i], type, &call->args[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- the entry points ------------------------------------------------------------------------ */

static int bind_text(gnp_binder *b, const gni_expr *expr, const gni_type *type,
                     const gni_bound **out)
{
  const gni_bound *bound;
  int rc = gnp_bind_node(b, expr, &bound);
  if (rc == GN_OK && gnp_is_interval(bound->type))
    rc = gnp_bind_fail(b, GN_E_UNSUPPORTED, bound, "an interval as the result is not supported");
  if (rc == GN_OK && type && !gni_type_equal(bound->type, type)) {
    if (bound->type->kind != GNI_NULL && gnp_type_wider(b, bound->type, type, true) == NULL)
      rc = gnp_bind_fail(b, GN_E_TYPE, bound, "this is a %.*s, a %.*s is needed",
                         GN_STR_ARGS(gnp_type_text(b, bound->type)),
                         GN_STR_ARGS(gnp_type_text(b, type)));
    else
      rc = gnp_cast(b, bound, type, &bound);
  }
  *out = rc == GN_OK ? bound : NULL;
  return rc;
}

/* Fails as the innermost constant does. */
static int fail_doomed(gnp_binder *b, const gni_bound *node)
{
  gni_value value;
  gnp_frame frame = {.arena = b->arena, .err = b->err};
  for (bool deeper = true; deeper;) {
    deeper = false;
    for (size_t i = 0; i < node->arg_count && !deeper; i++)
      if (node->args[i]->doomed) {
        node = node->args[i];
        deeper = true;
      }
  }
  int rc = node->eval(node, &frame, &value);
  return rc == GN_OK ? gni_fail(b->err, GN_E_INVALID, "a constant cannot be computed") : rc;
}

int gni_expr_bind_as(const gni_expr *expr, const gni_type *schema, const gni_type *type,
                     const gni_expr_options *options, gn_arena *arena, const gni_bound **out,
                     gni_expr_place *place, gn_error *err)
{
  gn_error own = {0};
  gnp_binder *b = GN_TAKE_ZERO(arena, gnp_binder, 1);
  *out = NULL;
  if (!b) return gni_fail(err, GN_E_NOMEM, "out of memory while typing an expression");
  b->schema = schema;
  b->arena = arena;
  b->err = err ? err : &own;
  if (options) b->options = *options;
  if (!b->options.now_us) b->options.now_us = gni_clock_now_ms(NULL) * 1000;
  b->fail_begin = expr->begin;
  b->fail_end = expr->end;
  int rc = bind_text(b, expr, type, out);
  if (rc == GN_OK && (*out)->doomed) rc = fail_doomed(b, *out);
  if (rc != GN_OK && rc != GN_E_NOMEM)
    gnp_place_fill(expr->text, b->fail_begin, b->fail_end, place, b->err);
  return rc;
}

int gni_expr_bind(const gni_expr *expr, const gni_type *schema, const gni_expr_options *options,
                  gn_arena *arena, const gni_bound **out, gni_expr_place *place, gn_error *err)
{
  return gni_expr_bind_as(expr, schema, NULL, options, arena, out, place, err);
}

const gni_type *gni_bound_type(const gni_bound *bound)
{
  return bound->type;
}

bool gni_bound_nullable(const gni_bound *bound)
{
  return bound->nullable;
}

bool gni_bound_can_fail(const gni_bound *bound)
{
  return bound->can_fail;
}

const gni_value *gni_bound_constant(const gni_bound *bound)
{
  return bound->kind == GNP_CONSTANT ? &bound->value : NULL;
}

void gni_bound_columns(const gni_bound *bound, bool *used)
{
  if (bound->kind == GNP_COLUMN) used[bound->index] = true;
  for (size_t i = 0; i < bound->arg_count; i++) gni_bound_columns(bound->args[i], used);
}
