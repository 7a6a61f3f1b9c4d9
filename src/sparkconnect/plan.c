/* Nodes of plans. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/plan.h"

#include "wire/proto.h"

static const size_t node_bytes_max = (size_t)1 << 31;
static _Atomic int64_t plan_ids;

void sparkc_plan_ids_reset(void)
{
  atomic_store_explicit(&plan_ids, 0, memory_order_relaxed);
}

int64_t sparkp_plan_id_next(void)
{
  return atomic_fetch_add_explicit(&plan_ids, 1, memory_order_relaxed);
}

sparkp_node *sparkp_node_new(const gn_alloc *alloc, const ProtobufCMessageDescriptor *type)
{
  sparkp_node *node = gni_alloc_zero(alloc, sizeof *node);
  if (!node) return NULL;
  node->alloc = *alloc;
  atomic_store_explicit(&node->references, 1, memory_order_relaxed);
  gni_arena_init(&node->arena, &node->alloc, node_bytes_max);
  protobuf_c_message_init(type, &node->message);
  node->depth = 1;
  return node;
}

sparkp_node *sparkp_node_shared(const sparkp_node *node)
{
  union {
    const sparkp_node *in;
    sparkp_node *out;
  } same = {node};
  return same.out;
}

void sparkp_node_ref(sparkp_node *node)
{
  atomic_fetch_add_explicit(&node->references, 1, memory_order_relaxed);
}

/* A chain is let go from its end by a loop: a long one would not fit on the stack. */
void sparkp_node_unref(sparkp_node *node)
{
  while (node && atomic_fetch_sub_explicit(&node->references, 1, memory_order_acq_rel) == 1) {
    const gn_alloc alloc = node->alloc;
    if (node->ended) node->ended(node->ended_user, node);
    sparkp_node *first = node->inputs.count ? node->inputs.items[0] : NULL;
    for (size_t i = 1; i < node->inputs.count; i++) sparkp_node_unref(node->inputs.items[i]);
    gni_arena_deinit(&node->arena);
    gni_free(&alloc, node, sizeof *node);
    node = first;
  }
}

static bool add(gn_arena *arena, sparkp_nodes *list, sparkp_node *node)
{
  if (list->count == list->room) {
    size_t room = list->room ? 2 * list->room : 4;
    sparkp_node **items = gni_arena_grow(arena, list->items, list->room * sizeof *list->items,
                                         gni_size_mul(room, sizeof *list->items));
    if (!items) return false;
    list->items = items;
    list->room = room;
  }
  list->items[list->count++] = node;
  return true;
}

bool sparkp_node_subquery(sparkp_node *node, sparkp_node *plan)
{
  return add(&node->arena, &node->subqueries, plan);
}

bool sparkp_node_keep(sparkp_node *node, sparkp_node *other)
{
  if (!add(&node->arena, &node->inputs, other)) return false;
  sparkp_node_ref(other);
  return true;
}

/* What an expression's parts refer to, it refers to; a relation has dealt with its own. */
bool sparkp_node_input(sparkp_node *node, sparkp_node *input, int level)
{
  bool is_expression = input->message.base.descriptor == &spark__connect__expression__descriptor;
  if (!sparkp_node_keep(node, input)) return false;
  if (input->depth + level - 1 > node->depth) node->depth = input->depth + level - 1;
  for (size_t i = 0; is_expression && i < input->subqueries.count; i++)
    if (!sparkp_node_subquery(node, input->subqueries.items[i])) return false;
  return true;
}

int sparkp_node_check(const sparkp_node *node, sparkc_error *err)
{
  if (node->depth <= SPARKP_PLAN_DEPTH_MAX) return SPARKC_OK;
  sparkp_hint(err, "select several columns in one step, or keep a step's rows in a view");
  return sparkp_fail(err, SPARKC_E_PLAN, "the plan has %d levels, and a server reads %d",
                     node->depth, SPARKP_PLAN_DEPTH_MAX);
}

/* ---- expressions that failed ----------------------------------------------------------------- */

const gn_alloc *sparkp_column_alloc = &gni_libc_alloc;

/* What every call gives that found no memory; it is never freed. */
static sparkp_node no_memory = {.references = 1, .failure = SPARKC_E_NOMEM, .why = "out of memory"};

sparkp_node *sparkp_column_fail(sparkp_node *node, sparkc_error *err)
{
  if (!node) node = sparkp_node_new(sparkp_column_alloc, &spark__connect__expression__descriptor);
  if (node && err->code != SPARKC_E_NOMEM) {
    const char *why = sparkc_error_message(err);
    node->failure = err->code;
    node->why = gni_arena_copy(&node->arena, why, strlen(why) + 1);
    node->hint =
        err->hint[0] ? gni_arena_copy(&node->arena, err->hint, strlen(err->hint) + 1) : NULL;
  }
  sparkc_error_clear(err);
  if (node && node->why) return node;
  sparkp_node_unref(node);
  sparkp_node_ref(&no_memory);
  return &no_memory;
}

int sparkp_column_check(const sparkp_node *node, sparkc_error *err)
{
  if (node->failure == SPARKC_OK) return SPARKC_OK;
  if (node->hint) sparkp_hint(err, "%s", node->hint);
  return sparkp_fail(err, node->failure, "%s", node->why);
}

/* ---- what the server gave -------------------------------------------------------------------- */

static int count_fields(gn_str bytes, size_t *count)
{
  gni_proto_field field;
  int rc;
  *count = 0;
  while ((rc = gni_proto_next(&bytes, &field)) == GN_OK) ++*count;
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* protobuf-c writes unknown fields as they came: the tag, then these bytes. */
static void as_unknown(gn_str before, gn_str after, const gni_proto_field *field,
                       ProtobufCMessageUnknownField *out)
{
  gn_str body = {before.ptr, (size_t)(after.ptr - before.ptr)};
  while ((unsigned char)*body.ptr >= 0x80) body = (gn_str){body.ptr + 1, body.len - 1};
  union {
    const char *in;
    uint8_t *out;
  } data = {body.ptr + 1};
  *out = (ProtobufCMessageUnknownField){.tag = field->number,
                                        .wire_type = (ProtobufCWireType)field->type,
                                        .len = body.len - 1,
                                        .data = data.out};
}

int sparkp_message_opaque(gn_arena *arena, gn_str bytes, ProtobufCMessage *message)
{
  size_t count = 0, i = 0;
  gni_proto_field field;
  gn_str rest = bytes, before = bytes;
  if (count_fields(bytes, &count) != GN_OK) return GN_E_CORRUPT;
  ProtobufCMessageUnknownField *fields =
      GN_TAKE(arena, ProtobufCMessageUnknownField, count ? count : 1);
  if (!fields) return GN_E_NOMEM;
  while (gni_proto_next(&rest, &field) == GN_OK) {
    as_unknown(before, rest, &field, &fields[i++]);
    before = rest;
  }
  message->n_unknown_fields = (unsigned)count;
  message->unknown_fields = fields;
  return GN_OK;
}

int sparkp_relation_opaque(const gn_alloc *alloc, gn_str bytes, int code, sparkp_node **out,
                           sparkc_error *err)
{
  *out = NULL;
  sparkp_node *node = sparkp_node_new(alloc, &spark__connect__relation__descriptor);
  char *copy = node ? gni_arena_copy(&node->arena, bytes.ptr, bytes.len) : NULL;
  int rc = copy
               ? sparkp_message_opaque(&node->arena, (gn_str){copy, bytes.len}, &node->message.base)
               : GN_E_NOMEM;
  if (rc == GN_OK) {
    gni_proto_field common, id;
    node->common.plan_id = -1;
    if (gni_proto_find((gn_str){copy, bytes.len}, 1, &common) == GN_OK &&
        gni_proto_find(gni_proto_bytes(&common), 2, &id) == GN_OK)
      node->common.plan_id = (int64_t)id.value;
    *out = node;
    return SPARKC_OK;
  }
  sparkp_node_unref(node);
  if (rc == GN_E_NOMEM) return sparkp_nomem(err);
  return sparkp_fail(err, code, "the bytes of a relation are damaged");
}
