/* Nodes of plans. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/plan.h"

#include "wire/proto.h"

static const size_t node_bytes_max = (size_t)1 << 31;
static _Atomic int64_t plan_ids;

void sparkp_plan_id_reset(void)
{
  atomic_store_explicit(&plan_ids, 0, memory_order_relaxed);
}

int64_t sparkp_plan_id_next(void)
{
  return atomic_fetch_add_explicit(&plan_ids, 1, memory_order_relaxed);
}

void *sparkp_init(void *message, const ProtobufCMessageDescriptor *descriptor)
{
  if (message) protobuf_c_message_init(descriptor, message);
  return message;
}

char *sparkp_take_text(gn_arena *arena, const char *text)
{
  return gni_arena_copy(arena, text, strlen(text) + 1);
}

static sparkp_relation *node_new(const gn_alloc *alloc)
{
  sparkp_relation *relation = gni_alloc_zero(alloc, sizeof *relation);
  if (!relation) return NULL;
  relation->alloc = *alloc;
  atomic_store_explicit(&relation->references, 1, memory_order_relaxed);
  gni_arena_init(&relation->arena, &relation->alloc, node_bytes_max);
  spark__connect__relation__init(&relation->message);
  relation->depth = 2;
  return relation;
}

sparkp_relation *sparkp_relation_new(const gn_alloc *alloc)
{
  sparkp_relation *relation = node_new(alloc);
  if (!relation) return NULL;
  spark__connect__relation_common__init(&relation->common);
  relation->common.has_plan_id = true;
  relation->common.plan_id = sparkp_plan_id_next();
  relation->message.common = &relation->common;
  return relation;
}

void sparkp_relation_ref(sparkp_relation *relation)
{
  atomic_fetch_add_explicit(&relation->references, 1, memory_order_relaxed);
}

/* A chain is let go from its end by a loop: a long one would not fit on the stack. */
void sparkp_relation_unref(sparkp_relation *relation)
{
  while (relation &&
         atomic_fetch_sub_explicit(&relation->references, 1, memory_order_acq_rel) == 1) {
    const gn_alloc alloc = relation->alloc;
    sparkp_relation *first = relation->input_count ? relation->inputs[0] : NULL;
    for (size_t i = 1; i < relation->input_count; i++) sparkp_relation_unref(relation->inputs[i]);
    gni_arena_deinit(&relation->arena);
    gni_free(&alloc, relation, sizeof *relation);
    relation = first;
  }
}

Spark__Connect__Relation *sparkp_relation_input(sparkp_relation *relation, sparkp_relation *input,
                                                int levels)
{
  if (relation->input_count == SPARKP_INPUTS_MAX) return NULL;
  sparkp_relation_ref(input);
  relation->inputs[relation->input_count++] = input;
  if (input->depth + levels > relation->depth) relation->depth = input->depth + levels;
  return &input->message;
}

int sparkp_relation_check(const sparkp_relation *relation, sparkc_error *err)
{
  if (relation->depth <= SPARKP_PLAN_DEPTH_MAX) return SPARKC_OK;
  sparkp_hint(err, "select several columns in one step, or keep a step's rows in a view");
  return sparkp_fail(err, SPARKC_E_PLAN, "the plan has %d levels, and a server reads %d",
                     relation->depth, SPARKP_PLAN_DEPTH_MAX);
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

static int split_fields(sparkp_relation *relation, gn_str bytes)
{
  size_t count = 0, i = 0;
  gni_proto_field field;
  gn_str rest = bytes, before = bytes;
  if (count_fields(bytes, &count) != GN_OK) return GN_E_CORRUPT;
  ProtobufCMessageUnknownField *fields =
      GN_TAKE(&relation->arena, ProtobufCMessageUnknownField, count ? count : 1);
  if (!fields) return GN_E_NOMEM;
  while (gni_proto_next(&rest, &field) == GN_OK) {
    as_unknown(before, rest, &field, &fields[i++]);
    before = rest;
  }
  relation->message.base.n_unknown_fields = (unsigned)count;
  relation->message.base.unknown_fields = fields;
  return GN_OK;
}

int sparkp_relation_opaque(const gn_alloc *alloc, gn_str bytes, sparkp_relation **out,
                           sparkc_error *err)
{
  *out = NULL;
  sparkp_relation *relation = node_new(alloc);
  char *copy = relation ? gni_arena_copy(&relation->arena, bytes.ptr, bytes.len) : NULL;
  int rc = copy ? split_fields(relation, (gn_str){copy, bytes.len}) : GN_E_NOMEM;
  if (rc == GN_OK) {
    *out = relation;
    return SPARKC_OK;
  }
  sparkp_relation_unref(relation);
  if (rc == GN_E_NOMEM) return sparkp_nomem(err);
  return sparkp_fail(err, SPARKC_E_TRANSPORT, "the server gave a relation that is damaged");
}
