/* Values that states own, and whether a value from outside fits its type.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

static size_t item_count(const gni_type *type, const gni_value *value)
{
  return type->kind == GNI_MAP ? 2 * value->list.count : value->list.count;
}

static const gni_type *item_type(const gni_type *type, size_t index)
{
  if (type->kind == GNI_LIST) return type->fields[0].type;
  return type->fields[type->kind == GNI_MAP ? index & 1 : index].type;
}

static bool is_text(const gni_type *type)
{
  return GNP_KIND(type->kind) & GNP_TEXTS;
}

static bool is_nested(const gni_type *type)
{
  return type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT;
}

static size_t round_up(size_t size)
{
  return gni_size_add(size, 7) & ~(size_t)7;
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Bytes of all texts and items behind a value. */
static size_t deep_size(const gni_type *type, const gni_value *value)
{
  if (value->is_null) return 0;
  if (is_text(type)) return round_up(value->text.len);
  if (!is_nested(type)) return 0;
  size_t count = item_count(type, value), size = gni_size_mul(count, sizeof(gni_value));
  for (size_t i = 0; i < count; i++)
    size = gni_size_add(size, deep_size(item_type(type, i), &value->list.items[i]));
  return size;
}

/* Copies a value with all that is behind it to `*cursor`, which moves past it. */
static gni_value deep_place(const gni_type *type, const gni_value *value, char **cursor)
{
  char *place = *cursor;
  if (value->is_null) return GNI_NULL_VALUE;
  if (is_text(type)) {
    if (value->text.len) memcpy(place, value->text.ptr, value->text.len);
    *cursor += round_up(value->text.len);
    return gni_value_text((gn_str){place, value->text.len});
  }
  if (!is_nested(type)) return *value;
  size_t count = item_count(type, value);
  gni_value *items = (gni_value *)(void *)place;
  *cursor += count * sizeof *items;
  for (size_t i = 0; i < count; i++)
    items[i] = deep_place(item_type(type, i), &value->list.items[i], cursor);
  return (gni_value){.list = {items, value->list.count}};
}

int gnp_box_set(gnp_box *box, const gni_type *type, const gni_value *value, gn_arena *arena)
{
  if (!is_text(type) && !is_nested(type)) {
    box->value = *value;
    return GN_OK;
  }
  size_t size = deep_size(type, value);
  if (size > box->capacity || !box->buffer) {
    size_t wanted = size > 2 * box->capacity ? size : 2 * box->capacity;
    char *buffer = gni_arena_take(arena, wanted);
    if (!buffer) return gni_fail_arena(NULL, arena, wanted);
    box->buffer = buffer;
    box->capacity = wanted;
  }
  char *cursor = box->buffer;
  box->value = deep_place(type, value, &cursor);
  return GN_OK;
}

/* ---- values from outside --------------------------------------------------------------------- */

static bool integer_fits(uint8_t kind, int64_t x)
{
  if (kind == GNI_BYTE) return x >= INT8_MIN && x <= INT8_MAX;
  if (kind == GNI_SHORT) return x >= INT16_MIN && x <= INT16_MAX;
  if (kind == GNI_INT || kind == GNI_DATE) return x >= INT32_MIN && x <= INT32_MAX;
  return true;
}

bool gnp_value_fits(const gni_type *type, const gni_value *value)
{
  if (value->is_null) return true;
  if (!is_nested(type))
    return is_text(type) || gnp_is_real(type) || type->kind == GNI_BOOLEAN ||
           type->kind == GNI_DECIMAL || integer_fits(type->kind, value->integer);
  if (type->kind == GNI_STRUCT && value->list.count != type->field_count) return false;
  for (size_t i = 0, count = item_count(type, value); i < count; i++) {
    const gni_value *item = &value->list.items[i];
    if (type->kind == GNI_MAP && i % 2 == 0 && item->is_null) return false;
    if (!gnp_value_fits(item_type(type, i), item)) return false;
  }
  return true;
}

gni_value *gnp_items_take(gn_arena *arena, size_t count, gni_value *out)
{
  gni_value *items = GN_TAKE(arena, gni_value, count);
  *out = (gni_value){.list = {items, count}};
  return items;
}
