/* Generators: explode and its like, each several rows of one. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/query_plan.h"

enum { EXPLODE, POSITIONS, INLINE, STACK, TUPLE };

static const struct generator_row {
  const char *name;
  int what;
  bool outer; /* a row of nulls where there is nothing */
} rows[] = {
    {"explode", EXPLODE, false},      {"explode_outer", EXPLODE, true},
    {"posexplode", POSITIONS, false}, {"posexplode_outer", POSITIONS, true},
    {"inline", INLINE, false},        {"inline_outer", INLINE, true},
    {"stack", STACK, false},          {"json_tuple", TUPLE, false},
};

size_t gnp_generator_count(void)
{
  return sizeof rows / sizeof *rows;
}

const char *gnp_generator_name(size_t index)
{
  return rows[index].name;
}

static const struct generator_row *find_row(gn_str name)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (gni_str_is(name, rows[i].name)) return &rows[i];
  return NULL;
}

bool gnp_is_generator(gn_str name)
{
  return find_row(name) != NULL;
}

/* The engine's unnest in SELECT: several beside each other go in step, nulls and empty lists give
 * no row. */
static int add(gnp_planner *p, const char *sql, gn_str name, const gni_type *type, size_t count,
               const gni_bound *const *args, gnp_generated *out)
{
  gnp_computed item = {.value = NULL};
  int rc = gnp_text_call(p, sql, type, count, args, &item.value);
  if (rc != GN_OK) return rc;
  item.column = gnp_new_column(p, name, type, true);
  rc = GNP_PLAN_PUSH(p, out->first.items, out->first.count, item);
  if (rc != GN_OK) return rc;
  return GNP_PLAN_PUSH(p, out->columns.items, out->columns.count, item.column);
}

static int explode(gnp_planner *p, const gni_bound *value, bool outer, gnp_generated *out)
{
  const gni_type *type = value->type;
  if (type->kind == GNI_LIST)
    return add(p, outer ? "unnest(CASE WHEN len($1) > 0 THEN $1 ELSE [NULL] END)" : "unnest($1)",
               GN_STR("col"), type->fields[0].type, 1, &value, out);
  int rc = add(p,
               outer ? "unnest(CASE WHEN cardinality($1) > 0 THEN map_keys($1) ELSE [NULL] END)"
                     : "unnest(map_keys($1))",
               GN_STR("key"), type->fields[0].type, 1, &value, out);
  if (rc != GN_OK) return rc;
  return add(p,
             outer ? "unnest(CASE WHEN cardinality($1) > 0 THEN map_values($1) ELSE [NULL] END)"
                   : "unnest(map_values($1))",
             GN_STR("value"), type->fields[1].type, 1, &value, out);
}

static int positions(gnp_planner *p, const gni_bound *value, bool outer, gnp_generated *out)
{
  static const char *const texts[2][2] = {
      {"CAST(unnest(range(len($1))) AS INTEGER)",
       "CAST(unnest(CASE WHEN len($1) > 0 THEN range(len($1)) ELSE [NULL] END) AS INTEGER)"},
      {"CAST(unnest(range(CAST(cardinality($1) AS BIGINT))) AS INTEGER)",
       "CAST(unnest(CASE WHEN cardinality($1) > 0 THEN range(CAST(cardinality($1) AS BIGINT)) ELSE"
       " [NULL] END) AS INTEGER)"}};
  const char *sql = texts[value->type->kind == GNI_MAP][outer];
  int rc = add(p, sql, GN_STR("pos"), &gni_type_int, 1, &value, out);
  return rc == GN_OK ? explode(p, value, outer, out) : rc;
}

/* A list of structs: first the structs, then their fields. */
static int spread(gnp_planner *p, const gni_expr *call, const gni_bound *value, bool outer,
                  gnp_generated *out)
{
  const gni_type *structure = value->type->fields[0].type;
  const gni_bound *pair[2];
  int rc = explode(p, value, outer, out);
  if (rc == GN_OK)
    rc = gnp_column_node(p, &out->columns.items[0], call->begin, call->end, &pair[0]);
  out->columns = (gnp_columns){0};
  for (uint32_t i = 0; rc == GN_OK && i < structure->field_count; i++) {
    gnp_computed item = {.value = NULL};
    rc = gnp_bind_constant(&p->binder, &gni_type_int, gni_value_integer(i), &pair[1]);
    if (rc == GN_OK) rc = gnp_bind_call_name(&p->binder, "field", call, pair, 2, &item.value);
    if (rc != GN_OK) return rc;
    item.column = gnp_new_column(p, structure->fields[i].name, structure->fields[i].type, true);
    rc = GNP_PLAN_PUSH(p, out->then.items, out->then.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, out->columns.items, out->columns.count, item.column);
  }
  return rc;
}

/* stack(n, a, b, …): n rows, filled up with nulls. */
static int stack(gnp_planner *p, const gni_expr *call, const gni_bound **args, gnp_generated *out)
{
  const gni_bound *rows_bound = args[0];
  size_t values = call->arg_count - 1;
  bool fine = rows_bound->kind == GNP_CONSTANT && rows_bound->type->kind == GNI_INT &&
              !rows_bound->value.is_null && rows_bound->value.integer > 0 &&
              rows_bound->value.integer <= GN_COLUMNS_MAX;
  if (!fine || !values)
    return gnp_plan_fail(p, GN_E_TYPE, call->begin, call->end,
                         "stack wants a constant number of rows, then values");
  size_t height = (size_t)rows_bound->value.integer, width = (values + height - 1) / height;
  const gni_bound **cells = GN_TAKE(p->binder.arena, const gni_bound *, height);
  if (!cells) return gnp_plan_nomem(p);
  for (size_t c = 0; c < width; c++) {
    const gni_type *type = args[1 + c]->type;
    for (size_t r = 0; r < height; r++) {
      size_t at = r * width + c;
      int rc = GN_OK;
      if (at < values)
        cells[r] = args[1 + at];
      else
        rc = gnp_bind_constant(&p->binder, type, GNI_NULL_VALUE, &cells[r]);
      if (rc != GN_OK) return rc;
      type = gnp_type_wider(&p->binder, type, cells[r]->type, false);
      if (!type)
        return gnp_plan_fail(p, GN_E_TYPE, cells[r]->begin, cells[r]->end,
                             "column %zu of stack has values of two types", c);
    }
    for (size_t r = 0; r < height; r++) {
      int rc = gnp_cast(&p->binder, cells[r], type, &cells[r]);
      if (rc != GN_OK) return rc;
    }
    gn_str name = gni_str_format(p->binder.arena, "col%zu", c);
    int rc = add(p, "unnest([$*])", name, type, height, cells, out);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static bool is_plain_key(gn_str key)
{
  for (size_t i = 0; i < key.len; i++) {
    char c = key.ptr[i];
    bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
    if (!plain) return false;
  }
  return key.len > 0;
}

/* $.key of a text. */
static int json_field(gnp_planner *p, const gni_expr *call, const gni_bound *json,
                      const gni_bound *key, const gni_bound **out)
{
  const gni_bound *pair[2] = {json, NULL};
  bool fine = key->kind == GNP_CONSTANT && key->type->kind == GNI_STRING && !key->value.is_null &&
              is_plain_key(key->value.text);
  if (!fine)
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, key->begin, key->end,
                         "a name in json_tuple that is not a constant word is not supported");
  gn_str path = gni_str_format(p->binder.arena, "$.%.*s", GN_STR_ARGS(key->value.text));
  if (!path.ptr) return gnp_plan_nomem(p);
  int rc = gnp_bind_constant(&p->binder, &gni_type_string, gni_value_text(path), &pair[1]);
  return rc == GN_OK ? gnp_bind_call_name(&p->binder, "get_json_object", call, pair, 2, out) : rc;
}

/* json_tuple(json, 'a', 'b'): one row whose columns are $.a and $.b. */
static int json_tuple(gnp_planner *p, const gni_expr *call, const gni_bound **args,
                      gnp_generated *out)
{
  if (call->arg_count < 2)
    return gnp_plan_fail(p, GN_E_TYPE, call->begin, call->end,
                         "json_tuple wants a text and names of fields");
  for (size_t i = 1; i < call->arg_count; i++) {
    gn_str name = gni_str_format(p->binder.arena, "c%zu", i - 1);
    gnp_computed item = {.value = NULL};
    int rc = json_field(p, call, args[0], args[i], &item.value);
    if (rc != GN_OK) return rc;
    item.column = gnp_new_column(p, name, &gni_type_string, true);
    rc = GNP_PLAN_PUSH(p, out->first.items, out->first.count, item);
    if (rc == GN_OK) rc = GNP_PLAN_PUSH(p, out->columns.items, out->columns.count, item.column);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int bind_arguments(gnp_planner *p, const gni_expr *call, const gni_bound **args)
{
  for (size_t i = 0; i < call->arg_count; i++) {
    if (call->args[i]->kind == GNP_NODE_LAMBDA || call->args[i]->kind == GNP_NODE_ALIAS)
      return gnp_plan_fail(p, GN_E_TYPE, call->args[i]->begin, call->args[i]->end,
                           "this is no value");
    int rc = gnp_bind_value(p, call->args[i], &args[i]);
    if (rc == GN_OK) rc = gnp_settle(p, args[i], &args[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

int gnp_bind_generator(gnp_planner *p, const gni_expr *call, bool outer, gnp_generated *out)
{
  const struct generator_row *row = find_row(call->name);
  const gni_bound **args = GN_TAKE(p->binder.arena, const gni_bound *, call->arg_count + 1);
  if (!args) return gnp_plan_nomem(p);
  if (!row || call->clauses)
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, call->begin, call->end,
                         "'%.*s' is not a generator that is supported", GN_STR_ARGS(call->name));
  int rc = bind_arguments(p, call, args);
  if (rc != GN_OK) return rc;
  if (row->what == TUPLE) return json_tuple(p, call, args, out);
  if (row->what == STACK && call->arg_count) {
    if (!outer) return stack(p, call, args, out);
    return gnp_plan_fail(p, GN_E_UNSUPPORTED, call->begin, call->end,
                         "OUTER with stack is not supported");
  }
  const gni_type *type = call->arg_count == 1 ? args[0]->type : &gni_type_null;
  bool list = type->kind == GNI_LIST, map = type->kind == GNI_MAP && row->what != INLINE;
  bool structs = list && type->fields[0].type->kind == GNI_STRUCT;
  if (row->what == INLINE ? !structs : !list && !map)
    return gnp_plan_fail(p, GN_E_TYPE, call->begin, call->end, "'%s' takes one %s", row->name,
                         row->what == INLINE ? "array of structs" : "array or map");
  outer |= row->outer;
  if (row->what == INLINE) return spread(p, call, args[0], outer, out);
  return row->what == EXPLODE ? explode(p, args[0], outer, out) : positions(p, args[0], outer, out);
}
