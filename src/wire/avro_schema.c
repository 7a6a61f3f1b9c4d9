/* Avro schemas from types, and as text. SPDX-License-Identifier: Apache-2.0 */
#include "wire/avro_private.h"

/* ---- names ----------------------------------------------------------------------------------- */

/* The names of one schema, of records and fields alike: an open hash of texts. */
struct name_set {
  gn_arena *arena;
  gn_str *slots; /* a slot without pointer is free */
  size_t room, count;
};

static gn_str *find_slot(gn_str *slots, size_t room, gn_str name)
{
  size_t at = gni_xxh64(name.ptr, name.len, 0) & (room - 1);
  while (slots[at].ptr && !gni_str_equal(slots[at], name)) at = (at + 1) & (room - 1);
  return &slots[at];
}

static bool has_name(const struct name_set *set, gn_str name)
{
  return set->room && find_slot(set->slots, set->room, name)->ptr;
}

static bool grow_names(struct name_set *set)
{
  size_t room = set->room ? set->room * 2 : 64;
  gn_str *slots = GN_TAKE_ZERO(set->arena, gn_str, room);
  if (!slots) return false;
  for (size_t i = 0; i < set->room; i++)
    if (set->slots[i].ptr) *find_slot(slots, room, set->slots[i]) = set->slots[i];
  set->slots = slots;
  set->room = room;
  return true;
}

static bool put_name(struct name_set *set, gn_str name)
{
  if (set->count * 2 >= set->room && !grow_names(set)) return false;
  *find_slot(set->slots, set->room, name) = name;
  set->count++;
  return true;
}

bool gnp_avro_name_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Every character that Avro does not know becomes one underscore. */
static gn_str clean_name(gn_arena *arena, gn_str name)
{
  char *clean = gni_arena_take(arena, gni_size_add(name.len, 1));
  size_t len = 0;
  if (!clean) return (gn_str){NULL, 0};
  for (size_t i = 0; i < name.len; i++) {
    bool continues = ((unsigned char)name.ptr[i] & 0xC0) == 0x80;
    if (!continues) clean[len++] = gnp_avro_name_char(name.ptr[i]) ? name.ptr[i] : '_';
  }
  return (gn_str){clean, len};
}

/* The name as it may be written: clean, and told apart from the ones before it. */
static gn_str unique_name(struct name_set *set, gn_str name)
{
  gn_str clean = clean_name(set->arena, name), unique = clean;
  for (int i = 0; unique.ptr && has_name(set, unique); i++)
    unique = gni_str_format(set->arena, "%.*s" GN_AVRO_REPEATED "%d", GN_STR_ARGS(clean), i);
  if (unique.ptr && !put_name(set, unique)) unique.ptr = NULL;
  return unique;
}

/* ---- from types ------------------------------------------------------------------------------ */

struct planner {
  struct name_set names;
  gn_error *err;
  int depth;
};

static int plan(struct planner *p, const gni_type *type, gn_str path, gnp_avro_node *out);

static int no_memory(struct planner *p, size_t size)
{
  return gni_fail_arena(p->err, p->names.arena, size);
}

/* Names a nested type by its place, as Spark's are: "items" gives ItemsElement, ItemsStruct. */
static gn_str extend_path(struct planner *p, gn_str path, const char *part)
{
  bool lower = path.len && path.ptr[0] >= 'a' && path.ptr[0] <= 'z';
  gn_str rest = {path.ptr + (path.len > 0), path.len - (path.len > 0)};
  char first[2] = {path.len ? (char)(path.ptr[0] - (lower ? 'a' - 'A' : 0)) : '\0', '\0'};
  return gni_str_format(p->names.arena, "%s%.*s%s", first, GN_STR_ARGS(rest), part);
}

/* The one child of a list or map: never null. */
static int plan_child(struct planner *p, const gni_type *type, gn_str path, const char *part,
                      gnp_avro_node *out)
{
  out->children = GN_TAKE_ZERO(p->names.arena, gnp_avro_node, 1);
  gn_str inner = extend_path(p, path, part);
  if (!out->children || !inner.ptr) return no_memory(p, sizeof *out->children);
  out->child_count = 1;
  int rc = plan(p, type, inner, out->children);
  if (rc != GN_OK) gni_error_where(p->err, out->type->kind == GNI_LIST ? "[]" : "{}");
  return rc;
}

static int plan_list(struct planner *p, gn_str path, gnp_avro_node *out)
{
  int rc = plan_child(p, out->type->fields[0].type, path, "Element", out);
  if (rc != GN_OK || out->children->has_bytes) return rc;
  return gni_fail(p->err, GN_E_UNSUPPORTED, "a list of structs without fields has no Avro form");
}

static int plan_map(struct planner *p, gn_str path, gnp_avro_node *out)
{
  if (out->type->fields[0].type->kind != GNI_STRING)
    return gni_fail(p->err, GN_E_UNSUPPORTED, "Avro's maps have strings for keys only");
  return plan_child(p, out->type->fields[1].type, path, "Value", out);
}

static int plan_record(struct planner *p, gn_str path, gnp_avro_node *out)
{
  const gni_type *type = out->type;
  gn_str name = type->name.len ? type->name : extend_path(p, path, "Struct");
  if (name.ptr) name = unique_name(&p->names, name);
  out->children = GN_TAKE_ZERO(p->names.arena, gnp_avro_node, type->field_count);
  if (!name.ptr || !out->children) return no_memory(p, type->field_count * sizeof *out->children);
  out->name = name;
  out->child_count = type->field_count;
  out->has_bytes = type->field_count > 0; /* each field says at least whether it is null */
  for (uint32_t i = 0; i < type->field_count; i++) {
    gnp_avro_node *child = &out->children[i];
    gn_str written = unique_name(&p->names, type->fields[i].name);
    if (!written.ptr) return no_memory(p, type->fields[i].name.len);
    int rc = plan(p, type->fields[i].type, type->fields[i].name, child);
    child->field_name = written;
    child->null_at = NULL_FIRST;
    if (rc == GN_OK) continue;
    gni_error_where(p->err, "%.*s", GN_STR_ARGS(type->fields[i].name));
    return rc;
  }
  return GN_OK;
}

static int plan_inside(struct planner *p, const gni_type *type, gn_str path, gnp_avro_node *out)
{
  *out = (gnp_avro_node){.type = type, .null_at = NEVER_NULL, .has_bytes = true};
  switch (type->kind) {
  case GNI_LIST:
    return plan_list(p, path, out);
  case GNI_MAP:
    return plan_map(p, path, out);
  case GNI_STRUCT:
    return plan_record(p, path, out);
  case GNI_DATE:
    return gni_fail(p->err, GN_E_UNSUPPORTED, "dates have no Avro form here");
  case GNI_TIMESTAMP:
    return gni_fail(p->err, GN_E_UNSUPPORTED, "timestamps have no Avro form here");
  case GNI_DECIMAL:
    return gni_fail(p->err, GN_E_UNSUPPORTED, "decimals have no Avro form here");
  case GNI_NULL:
    return gni_fail(p->err, GN_E_UNSUPPORTED, "a column of nulls has no Avro form");
  default:
    return GN_OK;
  }
}

static int plan(struct planner *p, const gni_type *type, gn_str path, gnp_avro_node *out)
{
  if (p->depth == GN_TYPE_DEPTH_MAX)
    return gni_fail(p->err, GN_E_LIMIT, "a type of more than %d levels", GN_TYPE_DEPTH_MAX);
  p->depth++;
  int rc = plan_inside(p, type, path, out);
  p->depth--;
  return rc;
}

int gni_avro_schema_from_type(const gni_type *record, gn_arena *arena, const gni_avro_schema **out,
                              gn_error *err)
{
  struct planner p = {.names = {.arena = arena}, .err = err};
  *out = NULL;
  if (record->kind != GNI_STRUCT) return gni_fail(err, GN_E_ARG, "only a struct is a record");
  gni_avro_schema *schema = GN_TAKE(arena, gni_avro_schema, 1);
  if (!schema) return no_memory(&p, sizeof *schema);
  schema->name_space = GN_STR("ai.chronon.data");
  int rc = plan(&p, record, GN_STR(""), &schema->root);
  if (rc == GN_OK) *out = schema;
  return rc;
}

const gni_type *gni_avro_schema_type(const gni_avro_schema *schema)
{
  return schema->root.type;
}

/* ---- as text --------------------------------------------------------------------------------- */

/* Objects a line a member, lists in one line, or all without a space: Java's two printers. */
struct printer {
  gn_buf *out;
  bool pretty;
  int level; /* of objects */
};

static void new_line(struct printer *p)
{
  if (!p->pretty) return;
  gni_buf_add_char(p->out, '\n');
  for (int i = 0; i < p->level; i++) gni_buf_add_text(p->out, "  ");
}

static void open_object(struct printer *p)
{
  gni_buf_add_char(p->out, '{');
  p->level++;
}

static void close_object(struct printer *p)
{
  p->level--;
  new_line(p);
  gni_buf_add_char(p->out, '}');
}

static void add_member(struct printer *p, const char *key, bool first)
{
  if (!first) gni_buf_add_char(p->out, ',');
  new_line(p);
  gni_json_add_text(p->out, gni_str(key), false);
  gni_buf_add_text(p->out, p->pretty ? " : " : ":");
}

static void add_text_member(struct printer *p, const char *key, gn_str text, bool first)
{
  add_member(p, key, first);
  gni_json_add_text(p->out, text, false);
}

static void open_list(struct printer *p)
{
  gni_buf_add_text(p->out, p->pretty ? "[ " : "[");
}

static void add_comma(struct printer *p)
{
  gni_buf_add_text(p->out, p->pretty ? ", " : ",");
}

static void close_list(struct printer *p, bool empty)
{
  gni_buf_add_text(p->out, p->pretty && !empty ? " ]" : "]");
}

static void print_node(struct printer *p, const gnp_avro_node *node, gn_str name_space);

static void print_field(struct printer *p, const gnp_avro_node *field)
{
  open_object(p);
  add_text_member(p, "name", field->field_name, true);
  add_member(p, "type", false);
  print_node(p, field, GN_STR(""));
  add_text_member(p, "doc", GN_STR(""), false);
  close_object(p);
}

static void print_record(struct printer *p, const gnp_avro_node *node, gn_str name_space)
{
  open_object(p);
  add_text_member(p, "type", GN_STR("record"), true);
  add_text_member(p, "name", node->name, false);
  if (name_space.len) add_text_member(p, "namespace", name_space, false);
  add_text_member(p, "doc", GN_STR(""), false);
  add_member(p, "fields", false);
  open_list(p);
  for (uint32_t i = 0; i < node->child_count; i++) {
    if (i) add_comma(p);
    print_field(p, &node->children[i]);
  }
  close_list(p, node->child_count == 0);
  close_object(p);
}

static void print_container(struct printer *p, const char *type, const char *inner,
                            const gnp_avro_node *child)
{
  open_object(p);
  add_text_member(p, "type", gni_str(type), true);
  add_member(p, inner, false);
  print_node(p, child, GN_STR(""));
  close_object(p);
}

static void print_logical_int(struct printer *p, const char *logical_type)
{
  open_object(p);
  add_text_member(p, "type", GN_STR("int"), true);
  add_text_member(p, "logicalType", gni_str(logical_type), false);
  close_object(p);
}

static void print_bare(struct printer *p, const gnp_avro_node *node, gn_str name_space)
{
  static const char *const names[] = {
      [GNI_BOOLEAN] = "boolean", [GNI_INT] = "int",       [GNI_LONG] = "long",
      [GNI_FLOAT] = "float",     [GNI_DOUBLE] = "double", [GNI_STRING] = "string",
      [GNI_BINARY] = "bytes",
  };
  switch (node->type->kind) {
  case GNI_BYTE:
    print_logical_int(p, "byte");
    break;
  case GNI_SHORT:
    print_logical_int(p, "short");
    break;
  case GNI_LIST:
    print_container(p, "array", "items", node->children);
    break;
  case GNI_MAP:
    print_container(p, "map", "values", node->children);
    break;
  case GNI_STRUCT:
    print_record(p, node, name_space);
    break;
  default:
    gni_json_add_text(p->out, gni_str(names[node->type->kind]), false);
    break;
  }
}

static void print_node(struct printer *p, const gnp_avro_node *node, gn_str name_space)
{
  if (node->null_at == NEVER_NULL) {
    print_bare(p, node, name_space);
    return;
  }
  open_list(p);
  if (node->null_at == NULL_FIRST) {
    gni_json_add_text(p->out, GN_STR("null"), false);
    add_comma(p);
  }
  print_bare(p, node, name_space);
  if (node->null_at == NULL_SECOND) {
    add_comma(p);
    gni_json_add_text(p->out, GN_STR("null"), false);
  }
  close_list(p, false);
}

int gni_avro_schema_to_json(const gni_avro_schema *schema, bool pretty, gn_buf *out)
{
  struct printer p = {.out = out, .pretty = pretty};
  print_node(&p, &schema->root, schema->name_space);
  return out->rc;
}
