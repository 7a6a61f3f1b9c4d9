/* Structs and access: fields, elements, values by key, and what makes structs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/bound.h"

/* ---- a.b ------------------------------------------------------------------------------------- */

GNP_APPLY(field_of)
{
  *out = args[0].list.items[args[1].integer];
  return GN_OK;
}

/* A list of structs gives the list of their fields. */
GNP_APPLY(field_of_each)
{
  size_t count = args[0].list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) {
    const gni_value *structure = &args[0].list.items[i];
    items[i] = structure->is_null ? GNI_NULL_VALUE : structure->list.items[args[1].integer];
  }
  return gnp_give_items(out, items, count);
}

static int emit_field(gnp_emitter *e, const gni_bound *node)
{
  const gni_type *type = node->args[0]->type;
  bool each = type->kind == GNI_LIST;
  if (each) type = type->fields[0].type;
  const gni_value name = gni_value_text(type->fields[node->args[1]->value.integer].name);
  gni_buf_add_text(e->out, each ? "list_transform(" : "struct_extract(");
  int rc = gnp_emit_node(e, node->args[0]);
  if (rc != GN_OK) return rc;
  gni_buf_add_text(e->out, each ? ", lambda gn_s: struct_extract(gn_s, " : ", ");
  gnp_emit_constant(e, &gni_type_string, &name);
  return gni_buf_add_text(e->out, each ? "))" : ")");
}

static int bind_field(gnp_binder *b, gnp_call *call)
{
  const gni_type *type = call->args[0]->type;
  bool each = type->kind == GNI_LIST;
  if (each) type = type->fields[0].type;
  const gni_type *field = type->fields[call->args[1]->value.integer].type;
  call->node->apply = each ? field_of_each : field_of;
  call->node->type = each ? gni_type_list(b->arena, field) : field;
  call->node->nullable = true;
  return GN_OK;
}

/* ---- a[i], m[k] ------------------------------------------------------------------------------ */

GNP_APPLY(item_of)
{
  int64_t index = args[1].integer;
  *out = GNI_NULL_VALUE;
  if (index >= 0 && (uint64_t)index < args[0].list.count)
    *out = args[0].list.items[index];
  else if (node->ansi)
    return gnp_fail_here(frame, "INVALID_ARRAY_INDEX", "index %lld is outside of %zu elements",
                         (long long)index, args[0].list.count);
  return GN_OK;
}

GNP_APPLY(value_of)
{
  const gni_type *key = node->args[1]->type;
  *out = GNI_NULL_VALUE;
  for (size_t i = 0; i < args[0].list.count; i++) {
    if (gnp_compare(key, &args[0].list.items[2 * i], &args[1]) != 0) continue;
    *out = args[0].list.items[2 * i + 1];
    break;
  }
  return GN_OK;
}

/* s['name'] with a constant name is s.name. */
static int bind_named_field(gnp_binder *b, gnp_call *call, const gni_type *structure)
{
  const gni_bound *name = call->args[1];
  if (name->kind != GNP_CONSTANT || name->type->kind != GNI_STRING || name->value.is_null)
    return gnp_bind_mismatch(b, call);
  for (uint32_t i = 0; i < structure->field_count; i++) {
    if (!gnp_same_word(structure->fields[i].name, name->value.text)) continue;
    int rc = gnp_bind_constant(b, &gni_type_int, gni_value_integer(i), &call->args[1]);
    if (rc != GN_OK) return rc;
    call->node->emit = emit_field;
    return bind_field(b, call);
  }
  return gnp_bind_fail(b, GN_E_NOTFOUND, name, "no field is called '%.*s'",
                       GN_STR_ARGS(name->value.text));
}

static int bind_element(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  bool found;
  if (rc != GN_OK || !call->args[0] || !call->args[1])
    return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_type *type = call->args[0]->type;
  const gni_type *inner = type->kind == GNI_LIST ? type->fields[0].type : type;
  if (inner->kind == GNI_STRUCT && call->args[1]->type->kind == GNI_STRING)
    return bind_named_field(b, call, inner);
  call->node->nullable = true;
  if (type->kind == GNI_LIST) {
    rc = gnp_implicit(b, call->args[1], GN_STR("integral"), &call->args[1], &found);
    call->node->apply = item_of;
    call->node->type = type->fields[0].type;
    call->node->can_fail = b->options.ansi;
    call->node->sql = b->options.ansi ? NULL : "gn_item($1, $2)";
    return rc != GN_OK || found ? rc : gnp_bind_mismatch(b, call);
  }
  if (type->kind != GNI_MAP) return gnp_bind_mismatch(b, call);
  call->node->apply = value_of;
  call->node->type = type->fields[1].type;
  const gni_type *key = type->fields[0].type;
  if (!gnp_type_wider(b, call->args[1]->type, key, true)) return gnp_bind_mismatch(b, call);
  return gnp_cast(b, call->args[1], key, &call->args[1]);
}

/* ---- struct(…), named_struct(…) -------------------------------------------------------------- */

GNP_APPLY(make_struct)
{
  gni_value *items = gni_arena_copy(frame->arena, args, node->arg_count * sizeof *args);
  return items ? gnp_give_items(out, items, node->arg_count) : gnp_frame_nomem(frame);
}

/* A column's name, a field's, an alias; else col1, col2, … */
static gn_str field_name(gnp_binder *b, const gni_expr *arg, size_t at)
{
  if (arg->kind == GNP_NODE_NAME || arg->kind == GNP_NODE_FIELD || arg->kind == GNP_NODE_ALIAS)
    return arg->name;
  return gni_str_format(b->arena, "col%zu", at + 1);
}

static int bind_struct(gnp_binder *b, gnp_call *call)
{
  gni_field *fields = GN_TAKE(b->arena, gni_field, call->count);
  if (!fields) return gnp_bind_nomem(b);
  for (size_t i = 0; i < call->count; i++) {
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
    fields[i] = (gni_field){field_name(b, call->expr->args[i], i), call->args[i]->type};
  }
  call->node->type = gni_type_struct(b->arena, GN_STR(""), fields, call->count);
  return GN_OK;
}

static int bind_named_struct(gnp_binder *b, gnp_call *call)
{
  size_t count = call->count / 2;
  gni_field *fields = GN_TAKE(b->arena, gni_field, count);
  const gni_bound **values = GN_TAKE(b->arena, const gni_bound *, count);
  if (!fields || !values) return gnp_bind_nomem(b);
  if (call->count % 2 || !count) return gnp_bind_mismatch(b, call);
  for (size_t i = 0; i < count; i++) {
    const gni_bound *name = call->args[2 * i];
    values[i] = call->args[2 * i + 1];
    if (!name || !values[i]) return gnp_bind_mismatch(b, call);
    if (name->kind != GNP_CONSTANT || name->type->kind != GNI_STRING || name->value.is_null)
      return gnp_bind_fail(b, GN_E_TYPE, name, "a field's name must be a constant text");
    fields[i] = (gni_field){name->value.text, values[i]->type};
  }
  call->args = values;
  call->count = count;
  call->node->type = gni_type_struct(b->arena, GN_STR(""), fields, count);
  return GN_OK;
}

static int emit_struct(gnp_emitter *e, const gni_bound *node)
{
  gni_buf_add_char(e->out, '{');
  for (size_t i = 0; i < node->arg_count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    gni_duckdb_identifier(node->type->fields[i].name, e->out);
    gni_buf_add_text(e->out, ": ");
    int rc = gnp_emit_node(e, node->args[i]);
    if (rc != GN_OK) return rc;
  }
  return gni_buf_add_char(e->out, '}');
}

static const gnp_function functions[] = {
    {.name = "field", .bind = bind_field, .emit = emit_field, .flags = GNP_HIDDEN},
    {.name = "[]", .bind = bind_element, .flags = GNP_MAY_BE_NULL | GNP_HIDDEN},
    {.name = "struct",
     .bind = bind_struct,
     .apply = make_struct,
     .emit = emit_struct,
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "named_struct",
     .bind = bind_named_struct,
     .apply = make_struct,
     .emit = emit_struct,
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
};

const gnp_family gnp_family_struct = {"struct", functions, sizeof functions / sizeof *functions};
