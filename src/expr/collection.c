/* Lists, maps and structs: elements, fields, functions with lambdas. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"

/* ---- a.b ------------------------------------------------------------------------------------- */

static int field_of(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  (void)node;
  (void)frame;
  *out = args[0].list.items[args[1].integer];
  return GN_OK;
}

/* A list of structs gives the list of their fields. */
static int field_of_each(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                         gni_value *out)
{
  size_t count = args[0].list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  (void)node;
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) {
    const gni_value *structure = &args[0].list.items[i];
    items[i] = structure->is_null ? GNI_NULL_VALUE : structure->list.items[args[1].integer];
  }
  *out = (gni_value){.list = {items, count}};
  return GN_OK;
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

static int item_of(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  int64_t index = args[1].integer;
  *out = GNI_NULL_VALUE;
  if (index >= 0 && (uint64_t)index < args[0].list.count) *out = args[0].list.items[index];
  else if (node->ansi)
    return gnp_fail_here(frame, "INVALID_ARRAY_INDEX", "index %lld is outside of %zu elements",
                         (long long)index, args[0].list.count);
  return GN_OK;
}

static int value_of(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  const gni_type *key = node->args[1]->type;
  (void)frame;
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

/* ---- filter ---------------------------------------------------------------------------------- */

static int eval_filter(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  const gni_bound *lambda = node->args[1], *body = lambda->args[0];
  gni_value list, keep;
  size_t count = 0;
  int rc = node->args[0]->eval(node->args[0], frame, &list);
  *out = GNI_NULL_VALUE;
  if (rc != GN_OK || list.is_null) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, list.list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < list.list.count; i++) {
    frame->variables[lambda->index] = list.list.items[i];
    if (lambda->parameter_count > 1)
      frame->variables[lambda->index + 1] = gni_value_integer((int64_t)i);
    if ((rc = body->eval(body, frame, &keep)) != GN_OK) return rc;
    if (!keep.is_null && keep.boolean) items[count++] = list.list.items[i];
  }
  *out = (gni_value){.list = {items, count}};
  return GN_OK;
}

static int bind_filter(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || call->args[0]->type->kind != GNI_LIST || call->args[1])
    return gnp_bind_mismatch(b, call);
  const gni_type *types[] = {call->args[0]->type->fields[0].type, &gni_type_int};
  rc = gnp_bind_lambda(b, call->expr->args[1], types, 2, &call->args[1]);
  if (rc != GN_OK) return rc;
  if (call->args[1]->type->kind != GNI_BOOLEAN)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the lambda must give a boolean");
  call->node->type = call->args[0]->type;
  call->node->nullable = call->args[0]->nullable;
  if (call->args[1]->parameter_count > 1) call->node->sql = NULL; /* DuckDB counts from 1 */
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "field", .bind = bind_field, .emit = emit_field, .flags = GNP_HIDDEN},
    {.name = "[]", .bind = bind_element, .flags = GNP_MAY_BE_NULL},
    {.name = "filter", .bind = bind_filter, .eval = eval_filter, .sql = "list_filter($1, $2)"},
};

const gnp_family gnp_family_collection = {"collection", functions,
                                          sizeof functions / sizeof *functions};
