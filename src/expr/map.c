/* Maps. SPDX-License-Identifier: Apache-2.0 */
#include "expr/map.h"

#include "expr/text.h"

/* ---- making ---------------------------------------------------------------------------------- */

int gnp_map_start(gnp_map_maker *maker, const gni_type *map, size_t capacity, gnp_frame *frame)
{
  *maker = (gnp_map_maker){.key = map->fields[0].type, .capacity = capacity};
  maker->pairs = GN_TAKE(frame->arena, gni_value, gni_size_mul(2, capacity));
  return maker->pairs ? GN_OK : gnp_frame_nomem(frame);
}

const gni_value *gnp_map_find(const gni_type *key_type, const gni_value *map, const gni_value *key)
{
  for (size_t i = 0; i < map->list.count; i++)
    if (gnp_compare(key_type, &map->list.items[2 * i], key) == 0)
      return &map->list.items[2 * i + 1];
  return NULL;
}

/* A negative zero is a zero, once it is a key. */
static gni_value normal_key(const gni_type *type, const gni_value *key)
{
  bool real = type->kind == GNI_DOUBLE || type->kind == GNI_FLOAT;
  return real && key->real == 0 ? gni_value_real(0) : *key;
}

int gnp_map_put(gnp_map_maker *maker, const gni_value *key, const gni_value *value,
                gnp_frame *frame)
{
  if (key->is_null) return gnp_fail_here(frame, "NULL_MAP_KEY", "a map's key is null");
  const gni_value made = {.list = {maker->pairs, maker->count}};
  if (gnp_map_find(maker->key, &made, key))
    return gnp_fail_here(frame, "DUPLICATED_MAP_KEY", "a map has a key twice");
  maker->pairs[2 * maker->count] = normal_key(maker->key, key);
  maker->pairs[2 * maker->count + 1] = *value;
  maker->count++;
  return GN_OK;
}

int gnp_map_finish(const gnp_map_maker *maker, gni_value *out)
{
  return gnp_give_items(out, maker->pairs, maker->count);
}

GNP_APPLY(make_map)
{
  gnp_map_maker maker;
  int rc = gnp_map_start(&maker, node->type, node->arg_count / 2, frame);
  for (size_t i = 0; rc == GN_OK && i + 1 < node->arg_count; i += 2)
    rc = gnp_map_put(&maker, &args[i], &args[i + 1], frame);
  return rc == GN_OK ? gnp_map_finish(&maker, out) : rc;
}

GNP_APPLY(map_from_arrays)
{
  gnp_map_maker maker;
  if (args[0].list.count != args[1].list.count)
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE", "%zu keys and %zu values",
                         args[0].list.count, args[1].list.count);
  int rc = gnp_map_start(&maker, node->type, args[0].list.count, frame);
  for (size_t i = 0; rc == GN_OK && i < args[0].list.count; i++)
    rc = gnp_map_put(&maker, &args[0].list.items[i], &args[1].list.items[i], frame);
  return rc == GN_OK ? gnp_map_finish(&maker, out) : rc;
}

/* A null entry makes the whole null. */
GNP_APPLY(map_from_entries)
{
  gnp_map_maker maker;
  size_t count = args[0].list.count;
  for (size_t i = 0; i < count; i++)
    if (args[0].list.items[i].is_null) return gnp_give_null(out);
  int rc = gnp_map_start(&maker, node->type, count, frame);
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    const gni_value *pair = args[0].list.items[i].list.items;
    rc = gnp_map_put(&maker, &pair[0], &pair[1], frame);
  }
  return rc == GN_OK ? gnp_map_finish(&maker, out) : rc;
}

GNP_APPLY(map_concat)
{
  gnp_map_maker maker;
  size_t total = 0;
  for (size_t i = 0; i < node->arg_count; i++) total += args[i].list.count;
  int rc = gnp_map_start(&maker, node->type, total, frame);
  for (size_t i = 0; i < node->arg_count; i++) {
    for (size_t k = 0; rc == GN_OK && k < args[i].list.count; k++)
      rc = gnp_map_put(&maker, &args[i].list.items[2 * k], &args[i].list.items[2 * k + 1], frame);
  }
  return rc == GN_OK ? gnp_map_finish(&maker, out) : rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int every_second(const gni_value *map, size_t first, gnp_frame *frame, gni_value *out)
{
  gni_value *items = GN_TAKE(frame->arena, gni_value, map->list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < map->list.count; i++) items[i] = map->list.items[2 * i + first];
  return gnp_give_items(out, items, map->list.count);
}

GNP_APPLY(map_keys)
{
  return every_second(&args[0], 0, frame, out);
}

GNP_APPLY(map_values)
{
  return every_second(&args[0], 1, frame, out);
}

GNP_APPLY(map_entries)
{
  gni_value *items = GN_TAKE(frame->arena, gni_value, args[0].list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < args[0].list.count; i++)
    gnp_give_items(&items[i], &args[0].list.items[2 * i], 2);
  return gnp_give_items(out, items, args[0].list.count);
}

GNP_APPLY(map_contains_key)
{
  return gnp_give_boolean(out, gnp_map_find(node->args[1]->type, &args[0], &args[1]) != NULL);
}

/* ---- binding --------------------------------------------------------------------------------- */

/* Keys and values each become one type. */
static int bind_map(gnp_binder *b, gnp_call *call)
{
  const gni_type *types[2];
  size_t half = call->count / 2;
  const gni_bound **side = GN_TAKE(b->arena, const gni_bound *, half + 1);
  if (!side) return gnp_bind_nomem(b);
  if (call->count % 2) return gnp_bind_mismatch(b, call);
  for (size_t part = 0; part < 2; part++) {
    for (size_t i = 0; i < half; i++) {
      side[i] = call->args[2 * i + part];
      if (!side[i]) return gnp_bind_mismatch(b, call);
    }
    types[part] = gnp_type_common(b, side, half, true);
    if (!types[part]) return gnp_bind_mismatch(b, call);
    for (size_t i = 0; i < half; i++) {
      int rc = gnp_cast(b, side[i], types[part], &call->args[2 * i + part]);
      if (rc != GN_OK) return rc;
    }
  }
  if (!gnp_is_orderable(types[0]))
    return gnp_bind_fail(b, GN_E_TYPE, call->node, "a map cannot be a map's key");
  call->node->type = gni_type_map(b->arena, types[0], types[1]);
  return GN_OK;
}

static int bind_from_arrays(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  for (size_t i = 0; rc == GN_OK && i < 2; i++)
    if (!call->args[i] || call->args[i]->type->kind != GNI_LIST) rc = gnp_bind_mismatch(b, call);
  if (rc != GN_OK) return rc;
  call->node->type = gni_type_map(b->arena, call->args[0]->type->fields[0].type,
                                  call->args[1]->type->fields[0].type);
  return GN_OK;
}

static int bind_from_entries(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0] ? call->args[0]->type : &gni_type_null;
  const gni_type *entry = type->kind == GNI_LIST ? type->fields[0].type : &gni_type_null;
  if (entry->kind != GNI_STRUCT || entry->field_count != 2) return gnp_bind_mismatch(b, call);
  call->node->type = gni_type_map(b->arena, entry->fields[0].type, entry->fields[1].type);
  return GN_OK;
}

static int bind_concat(gnp_binder *b, gnp_call *call)
{
  for (size_t i = 0; i < call->count; i++)
    if (!call->args[i] || call->args[i]->type->kind != GNI_MAP) return gnp_bind_mismatch(b, call);
  call->node->type = gnp_type_common(b, call->args, call->count, true);
  if (!call->count) call->node->type = gni_type_map(b->arena, &gni_type_string, &gni_type_string);
  if (!call->node->type) return gnp_bind_mismatch(b, call);
  return gnp_cast_all(b, call, 0, call->node->type);
}

static int bind_one_map(gnp_binder *b, gnp_call *call)
{
  static const gn_str names[] = {{"key", 3}, {"value", 5}};
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || call->args[0]->type->kind != GNI_MAP) return gnp_bind_mismatch(b, call);
  const gni_field *fields = call->args[0]->type->fields;
  gnp_apply apply = call->node->function->apply;
  const gni_field entry[] = {{names[0], fields[0].type}, {names[1], fields[1].type}};
  const gni_type *item = apply == map_keys     ? fields[0].type
                         : apply == map_values ? fields[1].type
                                               : gni_type_struct(b->arena, GN_STR(""), entry, 2);
  call->node->type = item ? gni_type_list(b->arena, item) : NULL;
  return GN_OK;
}

static int bind_contains_key(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1] || call->args[0]->type->kind != GNI_MAP)
    return gnp_bind_mismatch(b, call);
  const gni_type *map = call->args[0]->type;
  const gni_type *key = gnp_type_wider(b, map->fields[0].type, call->args[1]->type, false);
  if (!key || call->args[1]->type->kind == GNI_NULL) return gnp_bind_mismatch(b, call);
  map = gni_type_map(b->arena, key, map->fields[1].type);
  rc = gnp_cast(b, call->args[0], map, &call->args[0]);
  call->node->type = &gni_type_boolean;
  return rc == GN_OK ? gnp_cast(b, call->args[1], key, &call->args[1]) : rc;
}

static const gnp_function functions[] = {
    {.name = "map",
     .bind = bind_map,
     .apply = make_map,
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL | GNP_CAN_FAIL},
    {.name = "map_from_arrays",
     .bind = bind_from_arrays,
     .apply = map_from_arrays,
     .flags = GNP_CAN_FAIL},
    {.name = "map_from_entries",
     .bind = bind_from_entries,
     .apply = map_from_entries,
     .flags = GNP_CAN_FAIL | GNP_MAY_BE_NULL},
    {.name = "map_concat", .bind = bind_concat, .apply = map_concat, .flags = GNP_CAN_FAIL},
    {.name = "map_keys", .bind = bind_one_map, .apply = map_keys, .sql = "map_keys($1)"},
    {.name = "map_values", .bind = bind_one_map, .apply = map_values, .sql = "map_values($1)"},
    {.name = "map_entries", .bind = bind_one_map, .apply = map_entries},
    {.name = "map_contains_key", .bind = bind_contains_key, .apply = map_contains_key},
};

const gnp_family gnp_family_map = {"map", functions, sizeof functions / sizeof *functions};
