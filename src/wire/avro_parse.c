/* Avro schemas from their text. SPDX-License-Identifier: Apache-2.0 */
#include "wire/avro_private.h"

#include <assert.h>

enum { JSON_LEVELS_PER_TYPE = 4 }; /* fields, field, union, record */

struct schema_parser {
  gn_arena *arena;
  gn_error *err;
  int depth;
};

static int parse_node(struct schema_parser *p, const gni_json *json, gnp_avro_node *out);

static int no_memory(struct schema_parser *p, size_t size)
{
  return gni_fail_arena(p->err, p->arena, size);
}

static int refuse(struct schema_parser *p, const gni_json *json, const char *why)
{
  return gni_fail(p->err, GN_E_UNSUPPORTED, "Avro schema, line %u, column %u: %s", json->line,
                  json->column, why);
}

static int wrong(struct schema_parser *p, const gni_json *json, const char *why)
{
  return gni_fail(p->err, GN_E_PARSE, "Avro schema, line %u, column %u: %s", json->line,
                  json->column, why);
}

/* The text of a member; empty when it is absent or no text. */
static gn_str text_member(const gni_json *json, const char *key)
{
  const gni_json *member = gni_json_member(json, key);
  return member && member->kind == GNI_JSON_TEXT ? member->text : GN_STR("");
}

/* Without "_REPEATED_NAME_<i>" at its end. */
static gn_str original_name(gn_str name)
{
  static const size_t mark_len = sizeof GN_AVRO_REPEATED - 1;
  size_t at = name.len;
  while (at > 0 && name.ptr[at - 1] >= '0' && name.ptr[at - 1] <= '9') at--;
  bool repeated =
      at < name.len && at >= mark_len && gni_str_ends((gn_str){name.ptr, at}, GN_AVRO_REPEATED);
  return repeated ? (gn_str){name.ptr, at - mark_len} : name;
}

static bool is_name(gn_str name, const char *also)
{
  for (size_t i = 0; i < name.len; i++)
    if (!gnp_avro_name_char(name.ptr[i]) && (!name.ptr[i] || !strchr(also, name.ptr[i])))
      return false;
  return name.len > 0;
}

/* ---- the kinds of node ----------------------------------------------------------------------- */

static int parse_field(struct schema_parser *p, const gni_json *json, gnp_avro_node *out,
                       gni_field *field)
{
  const gni_json *type = gni_json_member(json, "type");
  gn_str name = text_member(json, "name");
  if (!type || !is_name(name, "")) return wrong(p, json, "a field has a name and a type");
  int rc = parse_node(p, type, out);
  out->field_name = name;
  *field = (gni_field){original_name(name), out->type};
  if (rc != GN_OK) gni_error_where(p->err, "%.*s", GN_STR_ARGS(name));
  return rc;
}

static int parse_record(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  const gni_json *list = gni_json_member(json, "fields");
  gn_str name = text_member(json, "name");
  if (!list || list->kind != GNI_JSON_LIST || !is_name(name, "."))
    return wrong(p, json, "a record has a name and a list of fields");
  size_t count = list->list.count;
  if (count > GN_COLUMNS_MAX) return wrong(p, list, "too many fields");
  gni_field *fields = GN_TAKE(p->arena, gni_field, count);
  out->children = GN_TAKE_ZERO(p->arena, gnp_avro_node, count);
  if (!fields || !out->children) return no_memory(p, count * sizeof(gnp_avro_node));
  out->name = name;
  out->child_count = (uint32_t)count;
  out->has_bytes = false;
  for (size_t i = 0; i < count; i++) {
    int rc = parse_field(p, &list->list.items[i], &out->children[i], &fields[i]);
    if (rc != GN_OK) return rc;
    out->has_bytes |= out->children[i].has_bytes;
  }
  out->type = gni_type_struct(p->arena, original_name(name), fields, count);
  return out->type ? GN_OK : no_memory(p, count * sizeof *fields);
}

static int parse_child(struct schema_parser *p, const gni_json *json, const char *key,
                       gnp_avro_node *out)
{
  const gni_json *inner = gni_json_member(json, key);
  if (!inner) return wrong(p, json, "an array has items, a map has values");
  out->children = GN_TAKE_ZERO(p->arena, gnp_avro_node, 1);
  if (!out->children) return no_memory(p, sizeof *out->children);
  out->child_count = 1;
  return parse_node(p, inner, out->children);
}

static int parse_list(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  int rc = parse_child(p, json, "items", out);
  if (rc != GN_OK) return rc;
  assert(out->children);
  /* A few bytes could then claim any number of elements. */
  if (!out->children->has_bytes) return refuse(p, json, "elements that take no bytes");
  out->type = gni_type_list(p->arena, out->children->type);
  return out->type ? GN_OK : no_memory(p, sizeof *out->type);
}

static int parse_map(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  int rc = parse_child(p, json, "values", out);
  if (rc != GN_OK) return rc;
  assert(out->children);
  out->type = gni_type_map(p->arena, &gni_type_string, out->children->type);
  return out->type ? GN_OK : no_memory(p, sizeof *out->type);
}

static int parse_union(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  const gni_json *branches = json->list.items;
  uint8_t null_at = NEVER_NULL;
  for (uint8_t i = 0; i < 2 && json->list.count == 2; i++)
    if (branches[i].kind == GNI_JSON_TEXT && gni_str_is(branches[i].text, "null")) null_at = i;
  if (null_at == NEVER_NULL) return refuse(p, json, "a union of other than null and one type");
  const gni_json *other = &branches[1 - null_at];
  if (other->kind == GNI_JSON_LIST) return wrong(p, other, "a union inside of a union");
  int rc = parse_node(p, other, out);
  out->null_at = null_at;
  out->has_bytes = true; /* which branch it is */
  return rc;
}

static int parse_scalar(struct schema_parser *p, const gni_json *json, gn_str name,
                        gn_str logical_type, gnp_avro_node *out)
{
  static const struct {
    const char *name;
    const gni_type *type;
  } scalars[] = {
      {"boolean", &gni_type_boolean}, {"int", &gni_type_int},       {"long", &gni_type_long},
      {"float", &gni_type_float},     {"double", &gni_type_double}, {"string", &gni_type_string},
      {"bytes", &gni_type_binary},
  };
  for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
    if (gni_str_is(name, scalars[i].name)) out->type = scalars[i].type;
  if (out->type == &gni_type_int && gni_str_is(logical_type, "byte")) out->type = &gni_type_byte;
  if (out->type == &gni_type_int && gni_str_is(logical_type, "short")) out->type = &gni_type_short;
  if (out->type) return GN_OK;
  int rc = refuse(p, json, "this type is not offered");
  gni_error_hint(p->err, "offered are records, arrays, maps, unions with null, boolean, int, long, "
                         "float, double, string and bytes");
  return rc;
}

static int parse_inside(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  *out = (gnp_avro_node){.null_at = NEVER_NULL, .has_bytes = true};
  if (json->kind == GNI_JSON_LIST) return parse_union(p, json, out);
  if (json->kind == GNI_JSON_TEXT) return parse_scalar(p, json, json->text, GN_STR(""), out);
  const gni_json *type = gni_json_member(json, "type");
  if (!type) return wrong(p, json, "a type expected");
  if (type->kind != GNI_JSON_TEXT) return parse_node(p, type, out);
  if (gni_str_is(type->text, "record")) return parse_record(p, json, out);
  if (gni_str_is(type->text, "array")) return parse_list(p, json, out);
  if (gni_str_is(type->text, "map")) return parse_map(p, json, out);
  return parse_scalar(p, type, type->text, text_member(json, "logicalType"), out);
}

static int parse_node(struct schema_parser *p, const gni_json *json, gnp_avro_node *out)
{
  if (p->depth == 2 * GN_TYPE_DEPTH_MAX) return wrong(p, json, "nested too deep");
  p->depth++;
  int rc = parse_inside(p, json, out);
  p->depth--;
  return rc;
}

int gni_avro_schema_parse(gn_str text, gn_arena *arena, const gni_avro_schema **out, gn_error *err)
{
  struct schema_parser p = {.arena = arena, .err = err};
  const gni_json *json;
  *out = NULL;
  gni_avro_schema *schema = GN_TAKE(arena, gni_avro_schema, 1);
  if (!schema) return no_memory(&p, sizeof *schema);
  int rc = gni_json_parse(text, JSON_LEVELS_PER_TYPE * GN_TYPE_DEPTH_MAX, arena, &json, err);
  if (rc != GN_OK) return rc;
  rc = parse_node(&p, json, &schema->root);
  if (rc != GN_OK) return rc;
  assert(schema->root.type);
  if (schema->root.type->kind != GNI_STRUCT || schema->root.null_at != NEVER_NULL)
    return refuse(&p, json, "the outermost type is no record");
  schema->name_space = text_member(json, "namespace");
  *out = schema;
  return GN_OK;
}
