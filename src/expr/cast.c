/* CAST, TRY_CAST and the casts that Spark inserts: which are allowed, and how each is done.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/cast.h"

/* ---- the matrix ------------------------------------------------------------------------------ */

enum type_class {
  OF_BOOLEAN = 1,
  OF_INTEGER = 2,
  OF_REAL = 4,
  OF_DECIMAL = 8,
  OF_STRING = 16,
  OF_BINARY = 32,
  OF_DATE = 64,
  OF_TIMESTAMP = 128
};
enum { OF_NUMBER = OF_INTEGER | OF_REAL | OF_DECIMAL };

static unsigned class_of(const gni_type *type)
{
  switch (type->kind) {
  case GNI_BOOLEAN:
    return OF_BOOLEAN;
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
  case GNI_LONG:
    return OF_INTEGER;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return OF_REAL;
  case GNI_DECIMAL:
    return OF_DECIMAL;
  case GNI_STRING:
    return OF_STRING;
  case GNI_BINARY:
    return OF_BINARY;
  case GNI_DATE:
    return OF_DATE;
  case GNI_TIMESTAMP:
    return OF_TIMESTAMP;
  default:
    return 0;
  }
}

/* What may become each class, without ANSI and with. */
static const struct target {
  unsigned to, from, from_ansi;
  gnp_apply apply;
} targets[] = {
    {OF_BOOLEAN, OF_NUMBER | OF_STRING | OF_DATE | OF_TIMESTAMP, OF_NUMBER | OF_STRING,
     gnp_cast_to_boolean},
    {OF_INTEGER, OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_DATE | OF_TIMESTAMP,
     OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_TIMESTAMP, gnp_cast_to_integer},
    {OF_REAL, OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_DATE | OF_TIMESTAMP,
     OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_TIMESTAMP, gnp_cast_to_real},
    {OF_DECIMAL, OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_DATE | OF_TIMESTAMP,
     OF_NUMBER | OF_STRING | OF_BOOLEAN | OF_TIMESTAMP, gnp_cast_to_decimal},
    {OF_STRING, OF_NUMBER | OF_BOOLEAN | OF_BINARY | OF_DATE | OF_TIMESTAMP | OF_STRING,
     OF_NUMBER | OF_BOOLEAN | OF_BINARY | OF_DATE | OF_TIMESTAMP | OF_STRING, gnp_cast_to_text},
    {OF_BINARY, OF_STRING | OF_INTEGER, OF_STRING, gnp_cast_to_binary},
    {OF_DATE, OF_STRING | OF_TIMESTAMP, OF_STRING | OF_TIMESTAMP, gnp_cast_to_date},
    {OF_TIMESTAMP, OF_STRING | OF_DATE | OF_NUMBER | OF_BOOLEAN, OF_STRING | OF_DATE | OF_NUMBER,
     gnp_cast_to_timestamp},
};

/* What DuckDB does as Spark does; every other cast is a call to our evaluator. So are those that
 * can fail under ANSI: DuckDB drops a cast that it can turn round in a comparison, and its failure
 * too. */
static const struct native {
  unsigned from, to;
  bool widens; /* only where every value fits */
  const char *sql, *sql_ansi;
} natives[] = {
    {OF_INTEGER, OF_INTEGER, true, "CAST($1 AS $t)", "CAST($1 AS $t)"},
    {OF_INTEGER, OF_INTEGER, false, "gn_wrap$w($1)", NULL},
    {OF_INTEGER, OF_REAL, false, "CAST($1 AS $t)", "CAST($1 AS $t)"},
    {OF_REAL, OF_REAL, true, "CAST($1 AS $t)", "CAST($1 AS $t)"},
    {OF_REAL, OF_INTEGER, false, "gn_real_to_integer$w($1)", NULL},
    {OF_INTEGER, OF_DECIMAL, false, "TRY_CAST($1 AS $t)", NULL},
    {OF_DECIMAL, OF_DECIMAL, false, "TRY_CAST($1 AS $t)", NULL},
    {OF_BOOLEAN, OF_INTEGER | OF_REAL, false, "CAST($1 AS $t)", "CAST($1 AS $t)"},
    {OF_NUMBER, OF_BOOLEAN, false, "($1 <> 0)", "($1 <> 0)"},
    {OF_INTEGER | OF_BOOLEAN, OF_STRING, false, "CAST($1 AS VARCHAR)", "CAST($1 AS VARCHAR)"},
    {OF_DATE, OF_TIMESTAMP, false, "CAST($1 AS TIMESTAMP)", "CAST($1 AS TIMESTAMP)"},
    {OF_TIMESTAMP, OF_DATE, false, "CAST($1 AS DATE)", "CAST($1 AS DATE)"},
    {OF_STRING, OF_BINARY, false, "encode($1)", "encode($1)"},
};

static void find_native(const gni_type *from, const gni_type *to, gnp_cast_row *row)
{
  for (size_t i = 0; i < sizeof natives / sizeof *natives; i++) {
    const struct native *n = &natives[i];
    if (!(n->from & class_of(from)) || !(n->to & class_of(to))) continue;
    if (n->widens && from->kind > to->kind) continue;
    row->sql = n->sql;
    row->sql_ansi = n->sql_ansi;
    return;
  }
}

bool gnp_cast_find(const gni_type *from, const gni_type *to, bool ansi, gnp_cast_row *row)
{
  *row = (gnp_cast_row){0};
  bool nested = from->kind == GNI_LIST || from->kind == GNI_MAP || from->kind == GNI_STRUCT;
  if (nested && to->kind == GNI_STRING) {
    row->apply = gnp_cast_to_text;
    return true;
  }
  unsigned source = class_of(from), target = class_of(to);
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    if (targets[i].to != target) continue;
    if (!((ansi ? targets[i].from_ansi : targets[i].from) & source)) return false;
    row->apply = targets[i].apply;
    row->fails = target != OF_STRING && source != OF_BOOLEAN &&
                 !(target == OF_REAL && source != OF_STRING) &&
                 !(target == OF_BOOLEAN && source != OF_STRING);
    find_native(from, to, row);
    return true;
  }
  return false;
}

/* ---- nested types: element by element -------------------------------------------------------- */

static int cast_item(const gni_bound *item, gnp_frame *frame, const gni_value *from, gni_value *out)
{
  gnp_frame inner;
  inner.row = from;
  inner.arena = frame->arena;
  inner.err = frame->err;
  return item->eval(item, &inner, out);
}

int gnp_cast_nested(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  const gni_bound *const *items = node->plan;
  const gni_type *type = node->type;
  size_t per = type->kind == GNI_MAP ? 2 : 1, count = args[0].list.count * per;
  gni_value *copy = GN_TAKE(frame->arena, gni_value, count);
  if (!copy) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) {
    size_t field = type->kind == GNI_STRUCT ? i : i % per;
    int rc = cast_item(items[field], frame, &args[0].list.items[i], &copy[i]);
    if (rc != GN_OK) return rc;
  }
  *out = (gni_value){.list = {copy, args[0].list.count}};
  return GN_OK;
}

/* A cast of column 0 of a one-column row: the item's. */
static int bind_item(gnp_binder *b, const gni_type *from, const gni_type *to, bool is_try,
                     const gni_bound **out)
{
  static const gni_expr item = {.kind = GNP_NODE_NAME, .name = {"item", 4}};
  gni_field *field = GN_TAKE(b->arena, gni_field, 1);
  if (!field) return gnp_bind_nomem(b);
  *field = (gni_field){item.name, from};
  const gni_type *schema = b->schema, *row = gni_type_struct(b->arena, GN_STR(""), field, 1);
  uint32_t variables = b->variable_count;
  const gni_bound *value;
  if (!row) return gnp_bind_nomem(b);
  b->schema = row;
  b->variable_count = 0;
  int rc = gnp_bind_node(b, &item, &value);
  b->schema = schema;
  b->variable_count = variables;
  if (rc != GN_OK) return rc;
  *out = value;
  return gni_type_equal(from, to) ? GN_OK : gnp_bind_cast(b, NULL, value, to, is_try, out);
}

static bool is_nested_pair(const gni_type *from, const gni_type *to)
{
  if (from->kind != to->kind || from->field_count != to->field_count) return false;
  return from->kind == GNI_LIST || from->kind == GNI_MAP || from->kind == GNI_STRUCT;
}

static int bind_nested(gnp_binder *b, gni_bound *node, const gni_type *from, const gni_type *to,
                       bool is_try)
{
  const gni_bound **items = GN_TAKE(b->arena, const gni_bound *, to->field_count);
  if (!items) return gnp_bind_nomem(b);
  for (uint32_t i = 0; i < to->field_count; i++) {
    int rc = bind_item(b, from->fields[i].type, to->fields[i].type, is_try, &items[i]);
    if (rc != GN_OK) return rc;
    node->can_fail |= items[i]->can_fail;
  }
  node->plan = items;
  node->apply = gnp_cast_nested;
  return GN_OK;
}

/* ---- binding --------------------------------------------------------------------------------- */

/* Under TRY_CAST the rules are ANSI's and its failures become null. */
static int eval_try(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value value;
  int rc = node->args[0]->eval(node->args[0], frame, &value);
  *out = GNI_NULL_VALUE;
  if (rc != GN_OK || value.is_null) return rc;
  gn_error *err = frame->err, ignored = {0};
  frame->err = &ignored;
  rc = node->apply(node, frame, &value, out);
  frame->err = err;
  if (rc != GN_E_INVALID) return rc == GN_OK ? rc : gni_fail(err, rc, "%s", ignored.message);
  *out = GNI_NULL_VALUE;
  return GN_OK;
}

static int refuse_cast(gnp_binder *b, const gni_bound *value, const gni_type *type)
{
  return gnp_bind_fail(b, GN_E_TYPE, value, "a %.*s cannot be cast to %.*s",
                       GN_STR_ARGS(gnp_type_text(b, value->type)),
                       GN_STR_ARGS(gnp_type_text(b, type)));
}

/* Spark's optimizer takes the float out of integer -> float -> double, and its rounding with it. */
static void skip_float(gnp_call *call, const gni_type *to)
{
  const gni_bound *inner = call->args[0];
  if (to->kind != GNI_DOUBLE || inner->type->kind != GNI_FLOAT) return;
  if (inner->kind != GNP_CALL || inner->apply != gnp_cast_to_real) return;
  if (gnp_is_integral(inner->args[0]->type)) call->args[0] = inner->args[0];
}

static int bind_rule(gnp_binder *b, gnp_call *call)
{
  const gni_type *to = b->cast_type;
  skip_float(call, to);
  const gni_type *from = call->args[0]->type;
  gni_bound *node = call->node;
  node->type = to;
  bool is_try = node->eval == eval_try;
  gnp_cast_row row;
  node->ansi |= is_try;
  node->nullable = call->args[0]->nullable;
  if (is_nested_pair(from, to)) return bind_nested(b, node, from, to, is_try);
  if (!gnp_cast_find(from, to, node->ansi, &row)) return refuse_cast(b, call->args[0], to);
  node->apply = row.apply;
  node->sql = is_try ? NULL : node->ansi ? row.sql_ansi : row.sql;
  node->nullable |= row.fails && (is_try || !node->ansi);
  node->can_fail = row.fails && node->ansi && !is_try;
  if (from->kind == GNI_STRING && to->kind == GNI_TIMESTAMP) node->plan = &b->options.now_us;
  return GN_OK;
}

GNP_APPLY(same_value)
{
  return gnp_give(out, args[0]);
}

/* int(x), date(x), …: a cast under the name of its type, which is `gives`. */
static int bind_conversion(gnp_binder *b, gnp_call *call)
{
  const gni_type *type;
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  if (gni_type_parse(gni_str(call->node->function->gives), b->arena, &type, NULL) != GN_OK)
    return gnp_bind_nomem(b);
  if (gni_type_equal(call->args[0]->type, type)) {
    call->node->type = type;
    call->node->apply = same_value;
    call->node->sql = "$1";
    return GN_OK;
  }
  b->cast_type = type;
  if (call->args[0]->type->kind != GNI_NULL) return bind_rule(b, call);
  call->node->type = type;
  call->node->apply = same_value;
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "cast", .bind = bind_rule},
    {.name = "try_cast", .bind = bind_rule, .eval = eval_try, .flags = GNP_HIDDEN},
    {.name = "bigint", .bind = bind_conversion, .gives = "bigint"},
    {.name = "binary", .bind = bind_conversion, .gives = "binary"},
    {.name = "boolean", .bind = bind_conversion, .gives = "boolean"},
    {.name = "date", .bind = bind_conversion, .gives = "date"},
    {.name = "decimal", .bind = bind_conversion, .gives = "decimal(10,0)"},
    {.name = "double", .bind = bind_conversion, .gives = "double"},
    {.name = "float", .bind = bind_conversion, .gives = "float"},
    {.name = "int", .bind = bind_conversion, .gives = "int"},
    {.name = "smallint", .bind = bind_conversion, .gives = "smallint"},
    {.name = "string", .bind = bind_conversion, .gives = "string"},
    {.name = "timestamp", .bind = bind_conversion, .gives = "timestamp"},
    {.name = "tinyint", .bind = bind_conversion, .gives = "tinyint"},
};

const gnp_family gnp_family_cast = {"cast", functions, sizeof functions / sizeof *functions};

int gnp_bind_cast(gnp_binder *b, const gni_expr *at, const gni_bound *value, const gni_type *type,
                  bool is_try, const gni_bound **out)
{
  *out = value;
  if (!type) return gnp_bind_nomem(b);
  if (gni_type_equal(value->type, type)) return GN_OK;
  if (value->type->kind == GNI_NULL) return gnp_bind_constant(b, type, GNI_NULL_VALUE, out);
  b->cast_type = type;
  return gnp_bind_call(b, &functions[is_try], at, &value, 1, out);
}
