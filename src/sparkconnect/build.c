/* Messages made from the protocol's descriptors. SPDX-License-Identifier: Apache-2.0
 *
 * A field is found by its name, its value checked against its type, and stored where the descriptor
 * says. What protoc-c cannot say is which fields were `optional`: those are sent whenever they are
 * given, the others only when they differ from 0. The list is made with the descriptors
 * (proto/lower.py). */
#include <stdlib.h>

#include "spark_optional.h"
#include "sparkconnect/plan.h"

typedef struct build {
  sparkp_node *node;
  sparkc_error *err;
} build;

/* The field that is being filled, for messages. */
typedef struct place {
  ProtobufCMessage *message;
  const ProtobufCFieldDescriptor *field;
  int level; /* of `message`; 1 is the node's own */
} place;

static const char *const kind_names[] = {"nothing",      "an integer", "a number",
                                         "a text",       "bytes",      "a column",
                                         "a data frame", "a list",     "a message"};

static int nomem(const build *b)
{
  return sparkp_nomem(b->err);
}

static int mismatch(const build *b, const place *p, const sparkc_value *value)
{
  size_t kind = (size_t)value->kind;
  const char *given = kind < sizeof kind_names / sizeof *kind_names ? kind_names[kind] : "garbage";
  return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s does not take %s",
                     p->message->descriptor->short_name, p->field->name, given);
}

/* ---- names ----------------------------------------------------------------------------------- */

static gn_str nearest_field(const ProtobufCMessageDescriptor *type, const char *name)
{
  gn_str names[96];
  size_t count = type->n_fields < 96 ? type->n_fields : 96;
  for (size_t i = 0; i < count; i++) names[i] = gni_str(type->fields[i].name);
  return gni_nearest(gni_str(name), names, count);
}

static const ProtobufCFieldDescriptor *find_field(const build *b, const ProtobufCMessage *message,
                                                  const char *name)
{
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
  if (field) return field;
  gn_str near = nearest_field(message->descriptor, name);
  if (near.len) sparkp_hint(b->err, "did you mean %.*s?", GN_STR_ARGS(near));
  sparkp_fail(b->err, SPARKC_E_PLAN, "Spark Connect %s knows no %s.%s", SPARKP_BASELINE,
              message->descriptor->short_name, name);
  return NULL;
}

static int compare_names(const void *key, const void *item)
{
  return strcmp(key, *(const char *const *)item);
}

static bool was_optional(const ProtobufCMessageDescriptor *type,
                         const ProtobufCFieldDescriptor *field)
{
  char name[256];
  size_t type_len = strlen(type->name), field_len = strlen(field->name);
  if (type_len + field_len + 2 > sizeof name) return false;
  memcpy(name, type->name, type_len);
  name[type_len] = '.';
  memcpy(name + type_len + 1, field->name, field_len + 1);
  return bsearch(name, optional_fields, sizeof optional_fields / sizeof *optional_fields,
                 sizeof *optional_fields, compare_names) != NULL;
}

static bool is_map_entry(const ProtobufCMessageDescriptor *type)
{
  return type->n_fields == 2 && gni_str_ends(gni_str(type->name), "Entry") &&
         strcmp(type->fields[0].name, "key") == 0 && strcmp(type->fields[1].name, "value") == 0;
}

/* ---- single values --------------------------------------------------------------------------- */

static int enum_member(const build *b, const place *p, const sparkc_value *value, int *out)
{
  const ProtobufCEnumDescriptor *type = p->field->descriptor;
  const ProtobufCEnumValue *member =
      value->kind == SPARKC_VALUE_TEXT
          ? protobuf_c_enum_descriptor_get_value_by_name(type, value->as.bytes)
          : protobuf_c_enum_descriptor_get_value(type, (int)value->as.integer);
  if (member) {
    *out = member->value;
    return SPARKC_OK;
  }
  if (value->kind == SPARKC_VALUE_TEXT)
    return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s has no member %s",
                       p->message->descriptor->short_name, p->field->name,
                       (const char *)value->as.bytes);
  return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s has no member %lld",
                     p->message->descriptor->short_name, p->field->name,
                     (long long)value->as.integer);
}

static int put_small(const build *b, const place *p, const sparkc_value *value, void *at)
{
  int32_t number = (int32_t)value->as.integer;
  if (p->field->type == PROTOBUF_C_TYPE_BOOL)
    number = value->as.integer != 0;
  else if (number != value->as.integer)
    return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s is a number of 32 bits",
                       p->message->descriptor->short_name, p->field->name);
  memcpy(at, &number, sizeof number);
  return SPARKC_OK;
}

static int put_real(const place *p, const sparkc_value *value, void *at)
{
  double real = value->kind == SPARKC_VALUE_INT ? (double)value->as.integer : value->as.real;
  float single = (float)real;
  if (p->field->type == PROTOBUF_C_TYPE_FLOAT)
    memcpy(at, &single, sizeof single);
  else
    memcpy(at, &real, sizeof real);
  return SPARKC_OK;
}

/* A plan is asked for by its id; a subquery's plan must then be sent along. */
static int put_plan_id(const build *b, const place *p, const sparkc_value *value, void *at)
{
  sparkp_node *plan = value->as.dataframe->relation;
  memcpy(at, &plan->common.plan_id, sizeof plan->common.plan_id);
  if (p->message->descriptor != &spark__connect__subquery_expression__descriptor) return SPARKC_OK;
  bool kept = sparkp_node_keep(b->node, plan) && sparkp_node_subquery(b->node, plan);
  return kept ? SPARKC_OK : nomem(b);
}

/* protobuf-c measures a text up to its first NUL: what follows would silently not be sent. */
static int put_text(const build *b, const place *p, const sparkc_value *value, void *at)
{
  const char *text = value->as.bytes;
  bool counted = value->count != SIZE_MAX;
  size_t len = counted ? value->count : strlen(text);
  if (counted && len && memchr(text, 0, value->count))
    return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s holds a NUL",
                       p->message->descriptor->short_name, p->field->name);
  char *copy = gni_arena_take(&b->node->arena, len + 1);
  if (!copy) return nomem(b);
  if (len) memcpy(copy, text, len);
  copy[len] = '\0';
  memcpy(at, &copy, sizeof copy);
  return SPARKC_OK;
}

static int put_bytes(const build *b, const sparkc_value *value, void *at)
{
  size_t len = value->count == SIZE_MAX ? strlen(value->as.bytes) : value->count;
  ProtobufCBinaryData bytes = {len, gni_arena_copy(&b->node->arena, value->as.bytes, len)};
  if (!bytes.data) return nomem(b);
  memcpy(at, &bytes, sizeof bytes);
  return SPARKC_OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

static int put_field(const build *b, ProtobufCMessage *message, const sparkc_field *field,
                     int level);

static int put_fields(const build *b, ProtobufCMessage *message, const sparkc_field *fields,
                      size_t count, int level)
{
  int rc = SPARKC_OK;
  if (level > b->node->depth) b->node->depth = level;
  for (size_t i = 0; rc == SPARKC_OK && i < count; i++)
    if (fields[i].value.kind != SPARKC_VALUE_NONE) rc = put_field(b, message, &fields[i], level);
  return rc;
}

/* An expression where one is asked for, or where the message that it consists of is: a sort order,
 * an alias, a literal. */
static const void *message_of_column(const sparkp_node *column,
                                     const ProtobufCMessageDescriptor *type)
{
  const Spark__Connect__Expression *e = &column->message.expression;
  if (type == &spark__connect__expression__descriptor) return e;
  const ProtobufCFieldDescriptor *member =
      protobuf_c_message_descriptor_get_field(e->base.descriptor, (unsigned)e->expr_type_case);
  if (!member || member->descriptor != type) return NULL;
  return e->literal; /* any member of the union: all are pointers */
}

static int put_column(const build *b, const place *p, const sparkc_value *value, void *at)
{
  sparkp_node *column = sparkp_node_shared(value->as.column);
  int rc = sparkp_column_check(column, b->err);
  if (rc != SPARKC_OK) return rc;
  const void *message = message_of_column(column, p->field->descriptor);
  if (!message) return mismatch(b, p, value);
  if (!sparkp_node_input(b->node, column, p->level + 1)) return nomem(b);
  memcpy(at, &message, sizeof message);
  return SPARKC_OK;
}

static int put_dataframe(const build *b, const place *p, const sparkc_value *value, void *at)
{
  sparkp_node *relation = value->as.dataframe->relation;
  const void *message = &relation->message;
  if (p->field->descriptor != &spark__connect__relation__descriptor) {
    if (p->field->descriptor != &spark__connect__plan__descriptor) return mismatch(b, p, value);
    Spark__Connect__Plan *plan = GN_TAKE(&b->node->arena, Spark__Connect__Plan, 1);
    if (!plan) return nomem(b);
    spark__connect__plan__init(plan);
    plan->op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_ROOT;
    plan->root = &relation->message.relation;
    message = plan;
  }
  if (!sparkp_node_input(b->node, relation, p->level + 1)) return nomem(b);
  memcpy(at, &message, sizeof message);
  return SPARKC_OK;
}

static ProtobufCMessage *message_new(const build *b, const ProtobufCMessageDescriptor *type)
{
  ProtobufCMessage *message = gni_arena_take(&b->node->arena, type->sizeof_message);
  if (message) protobuf_c_message_init(type, message);
  return message;
}

static int put_encoded(const build *b, const place *p, const sparkc_value *value,
                       ProtobufCMessage *message)
{
  char *copy = gni_arena_copy(&b->node->arena, value->as.bytes, value->count);
  int rc = copy ? sparkp_message_opaque(&b->node->arena, (gn_str){copy, value->count}, message)
                : GN_E_NOMEM;
  if (rc == GN_OK) return SPARKC_OK;
  if (rc == GN_E_NOMEM) return nomem(b);
  return sparkp_fail(b->err, SPARKC_E_PLAN, "%s.%s: the bytes are no message",
                     p->message->descriptor->short_name, p->field->name);
}

static int put_message(const build *b, const place *p, const sparkc_value *value, void *at)
{
  if (value->kind == SPARKC_VALUE_COLUMN) return put_column(b, p, value, at);
  if (value->kind == SPARKC_VALUE_DATAFRAME) return put_dataframe(b, p, value, at);
  if (value->kind != SPARKC_VALUE_MESSAGE && value->kind != SPARKC_VALUE_BYTES)
    return mismatch(b, p, value);
  ProtobufCMessage *message = message_new(b, p->field->descriptor);
  if (!message) return nomem(b);
  memcpy(at, &message, sizeof(void *));
  if (value->kind == SPARKC_VALUE_BYTES) return put_encoded(b, p, value, message);
  return put_fields(b, message, value->as.fields, value->count, p->level + 1);
}

/* ---- any value ------------------------------------------------------------------------------- */

static bool takes(ProtobufCType type, int kind)
{
  switch ((int)type) {
  case PROTOBUF_C_TYPE_MESSAGE:
    return kind == SPARKC_VALUE_COLUMN || kind == SPARKC_VALUE_DATAFRAME ||
           kind == SPARKC_VALUE_MESSAGE || kind == SPARKC_VALUE_BYTES;
  case PROTOBUF_C_TYPE_STRING:
    return kind == SPARKC_VALUE_TEXT;
  case PROTOBUF_C_TYPE_BYTES:
    return kind == SPARKC_VALUE_TEXT || kind == SPARKC_VALUE_BYTES;
  case PROTOBUF_C_TYPE_ENUM:
    return kind == SPARKC_VALUE_TEXT || kind == SPARKC_VALUE_INT;
  case PROTOBUF_C_TYPE_FLOAT:
  case PROTOBUF_C_TYPE_DOUBLE:
    return kind == SPARKC_VALUE_INT || kind == SPARKC_VALUE_REAL;
  case PROTOBUF_C_TYPE_INT64:
    return kind == SPARKC_VALUE_INT || kind == SPARKC_VALUE_DATAFRAME;
  default:
    return kind == SPARKC_VALUE_INT;
  }
}

static int put_value(const build *b, const place *p, const sparkc_value *value, void *at)
{
  int member = 0, rc;
  if (!takes(p->field->type, value->kind)) return mismatch(b, p, value);
  switch ((int)p->field->type) {
  case PROTOBUF_C_TYPE_MESSAGE:
    return put_message(b, p, value, at);
  case PROTOBUF_C_TYPE_STRING:
    return put_text(b, p, value, at);
  case PROTOBUF_C_TYPE_BYTES:
    return put_bytes(b, value, at);
  case PROTOBUF_C_TYPE_ENUM:
    rc = enum_member(b, p, value, &member);
    if (rc == SPARKC_OK) memcpy(at, &member, sizeof member);
    return rc;
  case PROTOBUF_C_TYPE_FLOAT:
  case PROTOBUF_C_TYPE_DOUBLE:
    return put_real(p, value, at);
  case PROTOBUF_C_TYPE_INT64:
    if (value->kind == SPARKC_VALUE_DATAFRAME) return put_plan_id(b, p, value, at);
    memcpy(at, &value->as.integer, sizeof value->as.integer);
    return SPARKC_OK;
  default:
    return put_small(b, p, value, at);
  }
}

static size_t item_size(const ProtobufCFieldDescriptor *field)
{
  switch ((int)field->type) {
  case PROTOBUF_C_TYPE_BYTES:
    return sizeof(ProtobufCBinaryData);
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_DOUBLE:
    return sizeof(int64_t);
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE:
    return sizeof(void *);
  default:
    return sizeof(int32_t);
  }
}

static int compare_entries(const void *a, const void *b)
{
  const sparkc_field *const *x = a, *const *y = b;
  return strcmp((*x)->name, (*y)->name);
}

/* A map is its entries, in the order of their keys. An entry always has both of its members. */
static int put_map(const build *b, const place *p, const sparkc_value *value, char *items)
{
  const sparkc_field **sorted = GN_TAKE(&b->node->arena, const sparkc_field *, value->count);
  if (!sorted) return nomem(b);
  for (size_t i = 0; i < value->count; i++) sorted[i] = &value->as.fields[i];
  qsort(sorted, value->count, sizeof *sorted, compare_entries);
  int rc = SPARKC_OK;
  for (size_t i = 0; rc == SPARKC_OK && i < value->count; i++) {
    const sparkc_field entry[] = {{"key", SPARKC_TEXT(sorted[i]->name)},
                                  {"value", sorted[i]->value}};
    const sparkc_value message = SPARKC_MESSAGE(entry, 2);
    rc = put_value(b, p, &message, items + i * sizeof(void *));
  }
  return rc;
}

static int put_repeated(const build *b, const place *p, const sparkc_value *value)
{
  bool map = p->field->type == PROTOBUF_C_TYPE_MESSAGE && is_map_entry(p->field->descriptor);
  if (value->kind != (map ? SPARKC_VALUE_MESSAGE : SPARKC_VALUE_LIST)) return mismatch(b, p, value);
  if (value->count == 0) return SPARKC_OK;
  size_t size = item_size(p->field);
  char *items = gni_arena_take_zero(&b->node->arena, gni_size_mul(size, value->count));
  if (!items) return nomem(b);
  int rc = map ? put_map(b, p, value, items) : SPARKC_OK;
  for (size_t i = 0; !map && rc == SPARKC_OK && i < value->count; i++)
    rc = put_value(b, p, &value->as.items[i], items + i * size);
  char *base = (char *)p->message;
  memcpy(base + p->field->offset, &items, sizeof items);
  memcpy(base + p->field->quantifier_offset, &value->count, sizeof value->count);
  return rc;
}

/* Values that a field without presence does not send. */
static bool is_default(const sparkc_value *value)
{
  switch (value->kind) {
  case SPARKC_VALUE_INT:
    return value->as.integer == 0;
  case SPARKC_VALUE_REAL: {
    uint64_t bits;
    memcpy(&bits, &value->as.real, sizeof bits);
    return bits == 0;
  }
  case SPARKC_VALUE_TEXT:
    return value->count == 0 ||
           (value->count == SIZE_MAX && *(const char *)value->as.bytes == '\0');
  case SPARKC_VALUE_BYTES:
    return value->count == 0;
  default:
    return false;
  }
}

static bool is_null(const sparkc_value *value)
{
  return (value->kind == SPARKC_VALUE_TEXT || value->kind == SPARKC_VALUE_COLUMN ||
          value->kind == SPARKC_VALUE_DATAFRAME) &&
         value->as.bytes == NULL;
}

static int put_field(const build *b, ProtobufCMessage *message, const sparkc_field *given,
                     int level)
{
  const sparkc_value *value = &given->value;
  if (is_null(value)) return SPARKC_OK;
  const place p = {message, find_field(b, message, given->name), level};
  if (!p.field) return SPARKC_E_PLAN;
  if (p.field->label == PROTOBUF_C_LABEL_REPEATED) return put_repeated(b, &p, value);
  bool in_oneof = p.field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
  bool scalar = p.field->type != PROTOBUF_C_TYPE_MESSAGE;
  if (scalar && !in_oneof && is_default(value) && takes(p.field->type, value->kind) &&
      !is_map_entry(message->descriptor) && !was_optional(message->descriptor, p.field))
    return SPARKC_OK;
  char *base = (char *)message;
  int rc = put_value(b, &p, value, base + p.field->offset);
  if (rc != SPARKC_OK) return rc;
  if (in_oneof) {
    const uint32_t member = p.field->id;
    memcpy(base + p.field->quantifier_offset, &member, sizeof member);
  } else if (p.field->quantifier_offset) {
    const protobuf_c_boolean there = true;
    memcpy(base + p.field->quantifier_offset, &there, sizeof there);
  }
  return SPARKC_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

int sparkp_message_fill(sparkp_node *node, ProtobufCMessage *message, const sparkc_field *fields,
                        size_t count, sparkc_error *err)
{
  return put_fields(&(build){node, err}, message, fields, count, 1);
}

/* Fills the member of the node's one oneof that `type` names. */
static int fill(sparkp_node *node, const char *type, const sparkc_field *fields, size_t count,
                sparkc_error *err)
{
  const sparkc_field whole = {type, SPARKC_MESSAGE(fields, count)};
  const build b = {node, err};
  return put_field(&b, &node->message.base, &whole, 1);
}

/* A relation over expressions with subqueries brings their plans along under an id of its own. */
static int with_subqueries(sparkp_node *node, sparkp_node **out, sparkc_error *err)
{
  sparkp_node *whole = sparkp_node_new(&node->alloc, &spark__connect__relation__descriptor);
  size_t count = node->subqueries.count;
  sparkc_dataframe root = {NULL, node};
  sparkc_dataframe *plans = whole ? GN_TAKE(&whole->arena, sparkc_dataframe, count) : NULL;
  sparkc_value *values = plans ? GN_TAKE(&whole->arena, sparkc_value, count) : NULL;
  int rc = values ? SPARKC_OK : sparkp_nomem(err);
  for (size_t i = 0; values && i < count; i++) {
    plans[i] = (sparkc_dataframe){NULL, node->subqueries.items[i]};
    values[i] = (sparkc_value)SPARKC_DATAFRAME(&plans[i]);
  }
  if (rc == SPARKC_OK) {
    const sparkc_field fields[] = {{"root", SPARKC_DATAFRAME(&root)},
                                   {"references", SPARKC_LIST(values, count)}};
    spark__connect__relation_common__init(&whole->common);
    whole->common.has_plan_id = true;
    whole->common.plan_id = sparkp_plan_id_next();
    whole->message.relation.common = &whole->common;
    rc = fill(whole, "with_relations", fields, 2, err);
  }
  sparkp_node_unref(node); /* the whole keeps it */
  if (rc == SPARKC_OK)
    *out = whole;
  else
    sparkp_node_unref(whole);
  return rc;
}

int sparkp_relation_make(const gn_alloc *alloc, const char *type, const sparkc_field *fields,
                         size_t count, sparkp_node **out, sparkc_error *err)
{
  sparkc_error own = {0};
  *out = NULL;
  sparkp_node *node = sparkp_node_new(alloc, &spark__connect__relation__descriptor);
  if (!node) return sparkp_nomem(err);
  spark__connect__relation_common__init(&node->common);
  node->common.has_plan_id = true;
  node->common.plan_id = sparkp_plan_id_next();
  node->message.relation.common = &node->common;
  node->depth = 2;
  int rc = fill(node, type, fields, count, &own);
  if (rc == SPARKC_OK && node->subqueries.count) return with_subqueries(node, out, err);
  if (rc == SPARKC_OK)
    *out = node;
  else
    sparkp_node_unref(node);
  return rc == SPARKC_OK ? rc : sparkp_error_move(&own, err);
}

int sparkp_command_make(const gn_alloc *alloc, const char *type, const sparkc_field *fields,
                        size_t count, sparkp_node **out, sparkc_error *err)
{
  *out = NULL;
  sparkp_node *node = sparkp_node_new(alloc, &spark__connect__command__descriptor);
  if (!node) return sparkp_nomem(err);
  int rc = fill(node, type, fields, count, err);
  if (rc == SPARKC_OK)
    *out = node;
  else
    sparkp_node_unref(node);
  return rc;
}

sparkc_column *sparkc_expression(const char *type, const sparkc_field *fields, size_t count)
{
  sparkc_error why = {0};
  sparkp_node *node = sparkp_node_new(sparkp_column_alloc, &spark__connect__expression__descriptor);
  int rc = node ? fill(node, type, fields, count, &why) : sparkp_nomem(&why);
  return rc == SPARKC_OK ? node : sparkp_column_fail(node, &why);
}

int sparkc_relation(sparkc_session *session, const char *type, const sparkc_field *fields,
                    size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  return sparkp_dataframe_make(session, type, fields, count, out, err);
}
