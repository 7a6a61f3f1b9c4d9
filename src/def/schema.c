/* JSON Schema and the reference of the model, from the same tables as the reader.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

struct schema {
  gn_buf *out;
  int depth;
  bool fresh; /* nothing was written since the last opening bracket */
};

static void line(struct schema *s)
{
  gni_buf_add_char(s->out, '\n');
  for (int i = 0; i < s->depth; i++) gni_buf_add_text(s->out, "  ");
}

static void element(struct schema *s)
{
  if (!s->fresh) gni_buf_add_char(s->out, ',');
  s->fresh = false;
  line(s);
}

static void key(struct schema *s, const char *name)
{
  element(s);
  gni_json_add_text(s->out, gni_str(name), true);
  gni_buf_add_text(s->out, ": ");
}

static void open_object(struct schema *s, char bracket)
{
  gni_buf_add_char(s->out, bracket);
  s->depth++;
  s->fresh = true;
}

static void close_object(struct schema *s, char bracket)
{
  s->depth--;
  line(s);
  gni_buf_add_char(s->out, bracket);
  s->fresh = false;
}

static void text_member(struct schema *s, const char *name, const char *text)
{
  key(s, name);
  gni_json_add_text(s->out, gni_str(text), true);
}

static void reference_member(struct schema *s, const char *struct_name)
{
  key(s, "$ref");
  gni_buf_add_format(s->out, "\"#/$defs/%s\"", struct_name);
}

static void object_of(struct schema *s, const char *name)
{
  key(s, name);
  open_object(s, '{');
}

/* Numbers or names are read; numbers are written. */
static void enum_members(struct schema *s, const gni_enum_names *enumeration)
{
  key(s, "enum");
  open_object(s, '[');
  for (int32_t i = 0; i < enumeration->count; i++) {
    element(s);
    gni_buf_add_format(s->out, "%d", i);
  }
  for (int32_t i = 0; i < enumeration->count; i++) {
    element(s);
    gni_json_add_text(s->out, gni_str(enumeration->values[i]), true);
  }
  close_object(s, ']');
}

static void texts_members(struct schema *s)
{
  text_member(s, "type", "array");
  key(s, "items");
  gni_buf_add_text(s->out, "{\"type\": \"string\"}");
}

static void map_members(struct schema *s, uint8_t kind)
{
  text_member(s, "type", "object");
  if (kind == GNI_MEMBER_MAP) {
    key(s, "additionalProperties");
    gni_buf_add_text(s->out, "{\"type\": \"string\"}");
    return;
  }
  object_of(s, "additionalProperties");
  if (kind == GNI_MEMBER_TEXTS_MAP)
    texts_members(s);
  else
    map_members(s, GNI_MEMBER_MAP);
  close_object(s, '}');
}

static void type_members(struct schema *s, const gni_member *member)
{
  switch (member->kind) {
  case GNI_MEMBER_TEXT:
    text_member(s, "type", "string");
    break;
  case GNI_MEMBER_BOOLEAN:
    key(s, "enum");
    gni_buf_add_text(s->out, "[0, 1, false, true]");
    break;
  case GNI_MEMBER_INTEGER:
    text_member(s, "type", "integer");
    break;
  case GNI_MEMBER_DOUBLE:
    text_member(s, "type", "number");
    break;
  case GNI_MEMBER_ENUM:
    enum_members(s, member->enumeration);
    break;
  case GNI_MEMBER_STRUCT:
    reference_member(s, member->structure->name);
    break;
  case GNI_MEMBER_TEXTS:
    texts_members(s);
    break;
  case GNI_MEMBER_STRUCTS:
    text_member(s, "type", "array");
    object_of(s, "items");
    reference_member(s, member->structure->name);
    close_object(s, '}');
    break;
  default:
    map_members(s, member->kind);
    break;
  }
}

static void struct_members(struct schema *s, const gni_struct *type)
{
  text_member(s, "description", type->doc);
  text_member(s, "type", "object");
  object_of(s, "properties");
  for (size_t i = 0; i < type->member_count; i++) {
    const gni_member *member = &type->members[i];
    object_of(s, member->name);
    text_member(s, "description", member->doc);
    type_members(s, member);
    close_object(s, '}');
  }
  close_object(s, '}');
  if (type->is_union) {
    key(s, "minProperties");
    gni_buf_add_char(s->out, '1');
    key(s, "maxProperties");
    gni_buf_add_char(s->out, '1');
  }
  key(s, "additionalProperties");
  gni_buf_add_text(s->out, "false");
}

/* Marks what a struct holds, however deep; the depth is bounded by the number of structs. */
static void mark_reached(const gni_struct *type, bool *reached)
{
  for (size_t i = 0; i < gni_struct_count; i++) {
    if (gni_structs[i] != type) continue;
    if (reached[i]) return;
    reached[i] = true;
  }
  for (size_t i = 0; i < type->member_count; i++)
    if (type->members[i].structure) mark_reached(type->members[i].structure, reached);
}

enum { STRUCTS_MAX = 64 };

int gni_def_schema(int kind, gn_buf *out)
{
  bool reached[STRUCTS_MAX] = {false};
  const gni_struct *root = gnp_kind_struct(kind);
  struct schema s = {.out = out};
  mark_reached(root, reached);
  open_object(&s, '{');
  text_member(&s, "$schema", "https://json-schema.org/draft/2020-12/schema");
  text_member(&s, "title", root->name);
  reference_member(&s, root->name);
  key(&s, "required");
  gni_buf_add_text(out, "[\"metaData\"]");
  object_of(&s, "$defs");
  for (size_t i = 0; i < gni_struct_count; i++) {
    if (!reached[i]) continue;
    object_of(&s, gni_structs[i]->name);
    struct_members(&s, gni_structs[i]);
    close_object(&s, '}');
  }
  close_object(&s, '}');
  close_object(&s, '}');
  return gni_buf_add_char(out, '\n');
}

/* ---- the reference --------------------------------------------------------------------------- */

static void add_anchor(gn_buf *out, const char *name)
{
  gni_buf_add_format(out, "[%s](#", name);
  for (; *name; name++)
    gni_buf_add_char(out, *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name);
  gni_buf_add_char(out, ')');
}

static void add_type(gn_buf *out, const gni_member *member)
{
  static const char *const names[] = {[GNI_MEMBER_TEXT] = "text",
                                      [GNI_MEMBER_BOOLEAN] = "0 or 1",
                                      [GNI_MEMBER_INTEGER] = "whole number",
                                      [GNI_MEMBER_DOUBLE] = "number",
                                      [GNI_MEMBER_TEXTS] = "list of texts",
                                      [GNI_MEMBER_MAP] = "map of texts",
                                      [GNI_MEMBER_TEXTS_MAP] = "map of lists of texts",
                                      [GNI_MEMBER_MAP_MAP] = "map of maps of texts"};
  if (member->kind == GNI_MEMBER_ENUM) {
    add_anchor(out, member->enumeration->name);
  } else if (member->structure) {
    if (member->kind == GNI_MEMBER_STRUCTS) gni_buf_add_text(out, "list of ");
    add_anchor(out, member->structure->name);
  } else {
    gni_buf_add_text(out, names[member->kind]);
  }
}

static void add_struct_page(gn_buf *out, const gni_struct *type)
{
  gni_buf_add_format(out, "\n## %s\n\n%s\n\n| member | id | type | meaning |\n|---|---|---|---|\n",
                     type->name, type->doc);
  for (size_t i = 0; i < type->member_count; i++) {
    const gni_member *member = &type->members[i];
    gni_buf_add_format(out, "| `%s` | %u | ", member->name, member->id);
    add_type(out, member);
    gni_buf_add_format(out, " | %s |\n", member->doc);
  }
}

static void add_enum_page(gn_buf *out, const gni_enum_names *enumeration)
{
  gni_buf_add_format(out, "\n## %s\n\n| number | name |\n|---|---|\n", enumeration->name);
  for (int32_t i = 0; i < enumeration->count; i++)
    gni_buf_add_format(out, "| %d | `%s` |\n", i, enumeration->values[i]);
}

/* The first member that has the enum is where it is explained; later ones only point to it. */
static void add_enum_pages(gn_buf *out)
{
  const gni_enum_names *written[8];
  size_t count = 0;
  for (size_t i = 0; i < gni_struct_count; i++)
    for (size_t j = 0; j < gni_structs[i]->member_count; j++) {
      const gni_enum_names *enumeration = gni_structs[i]->members[j].enumeration;
      bool is_known = !enumeration || count == sizeof written / sizeof *written;
      for (size_t k = 0; k < count; k++) is_known = is_known || written[k] == enumeration;
      if (is_known) continue;
      written[count++] = enumeration;
      add_enum_page(out, enumeration);
    }
}

int gni_def_reference(gn_buf *out)
{
  gni_buf_add_text(
      out, "# Definitions as JSON\n\nMade from the tables in `src/def/model.c`; do not edit.\n\n"
           "A compiled definition is one JSON object. Members are written in the order of\n"
           "their numbers, what is not set is left out, booleans are 0 and 1, enums are\n"
           "numbers. The reader also takes `true` and `false`, the names of enums, and\n"
           "members in any order.\n");
  for (size_t i = 0; i < gni_struct_count; i++) add_struct_page(out, gni_structs[i]);
  add_enum_pages(out);
  return out->rc;
}
