/* Arrays: making, asking, cutting. SPDX-License-Identifier: Apache-2.0 */
#include "expr/array.h"

#include "expr/map.h"
#include "expr/text.h"

/* ---- making ---------------------------------------------------------------------------------- */

GNP_APPLY(make_array)
{
  gni_value *items = gni_arena_copy(frame->arena, args, node->arg_count * sizeof *args);
  return items ? gnp_give_items(out, items, node->arg_count) : gnp_frame_nomem(frame);
}

static int bind_array(gnp_binder *b, gnp_call *call)
{
  for (size_t i = 0; i < call->count; i++)
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
  const gni_type *item = gnp_type_common(b, call->args, call->count, true);
  if (!item) return gnp_bind_mismatch(b, call);
  call->node->type = gni_type_list(b->arena, item);
  return gnp_cast_all(b, call, 0, item);
}

GNP_APPLY(array_repeat)
{
  if (args[1].is_null) return gnp_give_null(out);
  int64_t count = args[1].integer < 0 ? 0 : args[1].integer;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  if (!items) return gnp_frame_nomem(frame);
  for (int64_t i = 0; i < count; i++) items[i] = args[0];
  return gnp_give_items(out, items, (size_t)count);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static const gni_type *item_type(const gni_bound *node, size_t arg)
{
  return node->args[arg]->type->fields[0].type;
}

int64_t gnp_list_find(const gni_type *type, const gni_value *list, const gni_value *item)
{
  for (size_t i = 0; i < list->list.count; i++) {
    const gni_value *candidate = &list->list.items[i];
    if (!candidate->is_null && gnp_compare(type, candidate, item) == 0) return (int64_t)i;
  }
  return -1;
}

static bool has_null(const gni_value *list)
{
  for (size_t i = 0; i < list->list.count; i++)
    if (list->list.items[i].is_null) return true;
  return false;
}

GNP_APPLY(array_contains)
{
  if (gnp_list_find(item_type(node, 0), &args[0], &args[1]) >= 0)
    return gnp_give_boolean(out, true);
  return has_null(&args[0]) ? gnp_give_null(out) : gnp_give_boolean(out, false);
}

GNP_APPLY(array_position)
{
  return gnp_give_integer(out, gnp_list_find(item_type(node, 0), &args[0], &args[1]) + 1);
}

/* Without ANSI the size of null is -1, an old habit of Hive's. */
GNP_APPLY(size_of)
{
  if (args[0].is_null) return node->ansi ? gnp_give_null(out) : gnp_give_integer(out, -1);
  return gnp_give_integer(out, (int64_t)args[0].list.count);
}

GNP_APPLY(array_size)
{
  return gnp_give_integer(out, (int64_t)args[0].list.count);
}

static int extreme(const gni_bound *node, const gni_value *list, int sign, gni_value *out)
{
  const gni_value *best = NULL;
  for (size_t i = 0; i < list->list.count; i++) {
    const gni_value *item = &list->list.items[i];
    if (item->is_null) continue;
    if (!best || sign * gnp_compare(node->type, item, best) > 0) best = item;
  }
  return best ? gnp_give(out, *best) : gnp_give_null(out);
}

GNP_APPLY(array_max)
{
  return extreme(node, &args[0], 1, out);
}

GNP_APPLY(array_min)
{
  return extreme(node, &args[0], -1, out);
}

GNP_APPLY(arrays_overlap)
{
  for (size_t i = 0; i < args[0].list.count; i++) {
    const gni_value *item = &args[0].list.items[i];
    if (!item->is_null && gnp_list_find(item_type(node, 0), &args[1], item) >= 0)
      return gnp_give_boolean(out, true);
  }
  bool unknown =
      args[0].list.count && args[1].list.count && (has_null(&args[0]) || has_null(&args[1]));
  return unknown ? gnp_give_null(out) : gnp_give_boolean(out, false);
}

/* ---- elements -------------------------------------------------------------------------------- */

GNP_APPLY(get_item)
{
  int64_t at = args[1].integer;
  if (at < 0 || (uint64_t)at >= args[0].list.count) return gnp_give_null(out);
  return gnp_give(out, args[0].list.items[at]);
}

/* From 1, or from the end when negative. */
GNP_APPLY(element_of_list)
{
  int64_t at = args[1].integer, count = (int64_t)args[0].list.count;
  if (at == 0) return gnp_fail_here(frame, "INVALID_INDEX_OF_ZERO", "elements count from 1");
  if (at > count || at < -count) {
    if (!node->ansi) return gnp_give_null(out);
    return gnp_fail_here(frame, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                         "index %lld is outside of %lld elements", (long long)at, (long long)count);
  }
  return gnp_give(out, args[0].list.items[at > 0 ? at - 1 : count + at]);
}

GNP_APPLY(element_of_map)
{
  const gni_value *found = gnp_map_find(node->args[1]->type, &args[0], &args[1]);
  return found ? gnp_give(out, *found) : gnp_give_null(out);
}

static int bind_element_at(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1]) return gnp_bind_mismatch(b, call);
  const gni_type *type = call->args[0]->type;
  bool is_try = call->node->function->name[0] == 't';
  if (is_try) call->node->ansi = false;
  call->node->nullable = true;
  if (type->kind == GNI_LIST) {
    call->node->apply = element_of_list;
    call->node->type = type->fields[0].type;
    call->node->can_fail = true;
    const gni_type *index = call->args[1]->type;
    bool fits = gnp_is_integral(index) && index->kind != GNI_LONG;
    if (!fits && index->kind != GNI_NULL) return gnp_bind_mismatch(b, call);
    return gnp_bind_want(b, call, 1, "int");
  }
  if (type->kind != GNI_MAP || call->args[1]->type->kind == GNI_NULL)
    return gnp_bind_mismatch(b, call);
  const gni_type *key = gnp_type_wider(b, type->fields[0].type, call->args[1]->type, false);
  if (!key) return gnp_bind_mismatch(b, call);
  call->node->apply = element_of_map;
  call->node->type = type->fields[1].type;
  rc =
      gnp_cast(b, call->args[0], gni_type_map(b->arena, key, type->fields[1].type), &call->args[0]);
  return rc == GN_OK ? gnp_cast(b, call->args[1], key, &call->args[1]) : rc;
}

/* ---- changing -------------------------------------------------------------------------------- */

GNP_APPLY(array_compact)
{
  gni_value *items = GN_TAKE(frame->arena, gni_value, args[0].list.count);
  size_t count = 0;
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < args[0].list.count; i++)
    if (!args[0].list.items[i].is_null) items[count++] = args[0].list.items[i];
  return gnp_give_items(out, items, count);
}

GNP_APPLY(array_remove)
{
  const gni_type *type = item_type(node, 0);
  gni_value *items = GN_TAKE(frame->arena, gni_value, args[0].list.count);
  size_t count = 0;
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < args[0].list.count; i++) {
    const gni_value *item = &args[0].list.items[i];
    if (item->is_null || gnp_compare(type, item, &args[1]) != 0) items[count++] = *item;
  }
  return gnp_give_items(out, items, count);
}

/* The list with `item` put at [0, count]; nulls fill the way to a place behind its end. */
static int insert(const gni_value *list, size_t at, const gni_value *item, gnp_frame *frame,
                  gni_value *out)
{
  size_t count = list->list.count, total = at > count ? at + 1 : count + 1;
  gni_value *items = GN_TAKE(frame->arena, gni_value, total);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0, from = 0; i < total; i++)
    items[i] = i == at ? *item : from < count ? list->list.items[from++] : GNI_NULL_VALUE;
  return gnp_give_items(out, items, total);
}

GNP_APPLY(array_append)
{
  if (args[0].is_null) return gnp_give_null(out);
  return insert(&args[0], args[0].list.count, &args[1], frame, out);
}

GNP_APPLY(array_prepend)
{
  if (args[0].is_null) return gnp_give_null(out);
  return insert(&args[0], 0, &args[1], frame, out);
}

/* Negative places count from the end: -1 is behind the last, and nulls fill the way to places
 * before the first. */
GNP_APPLY(array_insert)
{
  if (args[0].is_null || args[1].is_null) return gnp_give_null(out);
  int64_t at = args[1].integer, count = (int64_t)args[0].list.count;
  if (at == 0) return gnp_fail_here(frame, "INVALID_INDEX_OF_ZERO", "elements count from 1");
  if (at > 0) return insert(&args[0], (size_t)at - 1, &args[2], frame, out);
  if (-at <= count + 1) return insert(&args[0], (size_t)(count + 1 + at), &args[2], frame, out);
  size_t total = (size_t)-at, gap = total - (size_t)count - 1;
  gni_value *items = GN_TAKE(frame->arena, gni_value, total);
  if (!items) return gnp_frame_nomem(frame);
  items[0] = args[2];
  for (size_t i = 0; i < gap; i++) items[1 + i] = GNI_NULL_VALUE;
  if (count) memcpy(items + 1 + gap, args[0].list.items, (size_t)count * sizeof *items);
  return gnp_give_items(out, items, total);
}

static int bind_insert(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 1, "int");
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[2] || call->args[0]->type->kind != GNI_LIST)
    return gnp_bind_mismatch(b, call);
  const gni_type *item =
      gnp_type_wider(b, call->args[0]->type->fields[0].type, call->args[2]->type, false);
  if (!item) return gnp_bind_mismatch(b, call);
  call->node->type = gni_type_list(b->arena, item);
  rc = gnp_cast(b, call->args[0], call->node->type, &call->args[0]);
  return rc == GN_OK ? gnp_cast(b, call->args[2], item, &call->args[2]) : rc;
}

GNP_APPLY(slice)
{
  int64_t start = args[1].integer, length = args[2].integer, count = (int64_t)args[0].list.count;
  if (start == 0)
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.START", "elements count from 1");
  if (length < 0)
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.LENGTH", "a length cannot be negative");
  start = start > 0 ? start - 1 : count + start;
  if (start < 0 || start >= count) return gnp_give_items(out, NULL, 0);
  if (length > count - start) length = count - start;
  return gnp_give_items(out, args[0].list.items + start, (size_t)length);
}

GNP_APPLY(flatten)
{
  size_t total = 0, at = 0;
  for (size_t i = 0; i < args[0].list.count; i++) {
    if (args[0].list.items[i].is_null) return gnp_give_null(out);
    total += args[0].list.items[i].list.count;
  }
  gni_value *items = GN_TAKE(frame->arena, gni_value, total);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < args[0].list.count; i++) {
    const gni_value *inner = &args[0].list.items[i];
    if (inner->list.count) memcpy(items + at, inner->list.items, inner->list.count * sizeof *items);
    at += inner->list.count;
  }
  return gnp_give_items(out, items, total);
}

static int bind_flatten(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  if (rc != GN_OK) return rc;
  const gni_type *type = call->args[0] ? call->args[0]->type : &gni_type_null;
  if (type->kind != GNI_LIST || type->fields[0].type->kind != GNI_LIST)
    return gnp_bind_mismatch(b, call);
  call->node->type = type->fields[0].type;
  call->node->nullable = true;
  return GN_OK;
}

/* Lists of different lengths are filled with nulls. */
GNP_APPLY(arrays_zip)
{
  size_t count = 0, width = node->arg_count;
  for (size_t k = 0; k < width; k++)
    if (args[k].list.count > count) count = args[k].list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  gni_value *cells = GN_TAKE(frame->arena, gni_value, gni_size_mul(count, width));
  if (!items || !cells) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) {
    gni_value *row = cells + i * width;
    for (size_t k = 0; k < width; k++)
      row[k] = i < args[k].list.count ? args[k].list.items[i] : GNI_NULL_VALUE;
    gnp_give_items(&items[i], row, width);
  }
  return gnp_give_items(out, items, count);
}

static int bind_zip(gnp_binder *b, gnp_call *call)
{
  gni_field *fields = GN_TAKE(b->arena, gni_field, call->count);
  if (!fields) return gnp_bind_nomem(b);
  for (size_t i = 0; i < call->count; i++) {
    if (!call->args[i] || call->args[i]->type->kind != GNI_LIST) return gnp_bind_mismatch(b, call);
    const gni_expr *arg = call->expr->args[i];
    bool named =
        arg->kind == GNP_NODE_NAME || arg->kind == GNP_NODE_FIELD || arg->kind == GNP_NODE_ALIAS;
    fields[i].name = named ? arg->name : gni_str_format(b->arena, "%zu", i);
    fields[i].type = call->args[i]->type->fields[0].type;
  }
  const gni_type *row = gni_type_struct(b->arena, GN_STR(""), fields, call->count);
  call->node->type = row ? gni_type_list(b->arena, row) : NULL;
  return GN_OK;
}

/* ---- array_join ------------------------------------------------------------------------------ */

GNP_APPLY(array_join)
{
  gnp_text text = {.arena = frame->arena};
  bool first = true;
  for (size_t i = 0; i < args[0].list.count; i++) {
    const gni_value *item = &args[0].list.items[i];
    if (item->is_null && node->arg_count < 3) continue;
    if (!first) gnp_text_add(&text, args[1].text);
    first = false;
    gnp_text_add(&text, item->is_null ? args[2].text : item->text);
  }
  if (text.failed) return gnp_frame_nomem(frame);
  return gnp_give_text(out, (gn_str){text.ptr ? text.ptr : "", text.len});
}

static int bind_join(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 3);
  for (size_t i = 1; rc == GN_OK && i < call->count; i++) rc = gnp_bind_want(b, call, i, "string");
  if (rc != GN_OK) return rc;
  if (!call->args[0] || call->args[0]->type->kind != GNI_LIST) return gnp_bind_mismatch(b, call);
  call->node->type = &gni_type_string;
  const gni_type *item = call->args[0]->type->fields[0].type;
  if (item->kind == GNI_LIST || item->kind == GNI_MAP || item->kind == GNI_STRUCT)
    return gnp_bind_mismatch(b, call);
  return gnp_cast(b, call->args[0], gni_type_list(b->arena, &gni_type_string), &call->args[0]);
}

static const gnp_function functions[] = {
    {.name = "array",
     .bind = bind_array,
     .apply = make_array,
     .sql = "CAST([$*] AS $t)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "array_append",
     .bind = gnp_bind_list_and_item,
     .gives = "1st",
     .apply = array_append,
     .flags = GNP_SEES_NULLS},
    {.name = "array_compact", .takes = "array", .gives = "1st", .apply = array_compact},
    {.name = "array_contains",
     .bind = gnp_bind_list_and_item,
     .gives = "boolean",
     .apply = array_contains,
     .flags = GNP_MAY_BE_NULL},
    {.name = "array_insert",
     .bind = bind_insert,
     .apply = array_insert,
     .flags = GNP_SEES_NULLS | GNP_CAN_FAIL | GNP_MAY_BE_NULL},
    {.name = "array_join", .bind = bind_join, .apply = array_join},
    {.name = "array_max",
     .takes = "array",
     .gives = "element of 1st",
     .apply = array_max,
     .flags = GNP_MAY_BE_NULL},
    {.name = "array_min",
     .takes = "array",
     .gives = "element of 1st",
     .apply = array_min,
     .flags = GNP_MAY_BE_NULL},
    {.name = "array_position",
     .bind = gnp_bind_list_and_item,
     .gives = "bigint",
     .apply = array_position},
    {.name = "array_prepend",
     .bind = gnp_bind_list_and_item,
     .gives = "1st",
     .apply = array_prepend,
     .flags = GNP_SEES_NULLS},
    {.name = "array_remove", .bind = gnp_bind_list_and_item, .gives = "1st", .apply = array_remove},
    {.name = "array_repeat",
     .takes = "any, only int",
     .gives = "list of 1st",
     .apply = array_repeat,
     .flags = GNP_SEES_NULLS},
    {.name = "array_size",
     .takes = "array",
     .gives = "int",
     .apply = array_size,
     .sql = "CAST(len($1) AS INTEGER)"},
    {.name = "arrays_overlap",
     .bind = gnp_bind_two_lists,
     .gives = "boolean",
     .apply = arrays_overlap,
     .flags = GNP_MAY_BE_NULL},
    {.name = "arrays_zip", .bind = bind_zip, .apply = arrays_zip},
    {.name = "cardinality", .same_as = "size"},
    {.name = "element_at", .bind = bind_element_at},
    {.name = "flatten", .bind = bind_flatten, .apply = flatten},
    {.name = "get",
     .takes = "array, int",
     .gives = "element of 1st",
     .apply = get_item,
     .sql = "gn_item($1, $2)",
     .flags = GNP_MAY_BE_NULL},
    {.name = "size",
     .takes = "array|map",
     .gives = "int",
     .apply = size_of,
     .flags = GNP_SEES_NULLS},
    {.name = "slice",
     .takes = "array, int, int",
     .gives = "1st",
     .apply = slice,
     .flags = GNP_CAN_FAIL},
    {.name = "try_element_at", .bind = bind_element_at},
};

const gnp_family gnp_family_array = {"array", functions, sizeof functions / sizeof *functions};
