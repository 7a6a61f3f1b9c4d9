/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <math.h>
#include <stdio.h>

#include "expr/decimal.h"

gni_value recorded_literal(gn_str literal, const gni_type *type, gn_arena *arena)
{
  static const gni_type none = {.kind = GNI_STRUCT};
  gn_error err = {0};
  gn_buf name;
  const gni_expr *tree;
  const gni_bound *bound;
  gni_value value;
  gni_buf_init(&name, &gni_libc_alloc, 4096);
  gni_type_format(type, &name);
  gn_str text = gni_str_format(arena, "CAST(%.*s AS %s)", GN_STR_ARGS(literal), name.ptr);
  gni_buf_deinit(&name);
  CHECK_OK(gni_expr_parse(text, arena, &tree, NULL, &err), &err);
  CHECK_OK(gni_expr_bind(tree, &none, NULL, arena, &bound, NULL, &err), &err);
  CHECK_OK(gni_bound_eval(bound, NULL, arena, &value, &err), &err);
  return value;
}

static bool is_text(const gni_json *node, gn_str text)
{
  return node->kind == GNI_JSON_TEXT && gni_str_equal(node->text, text);
}

static bool same_real(const gni_json *node, const gni_type *type, double value, double tolerance)
{
  double expected;
  if (node->kind != GNI_JSON_TEXT || gni_parse_double(node->text, &expected) != GN_OK) return false;
  if (type->kind == GNI_FLOAT) expected = (double)(float)expected;
  if (isnan(expected) || isnan(value)) return isnan(expected) && isnan(value);
  if (expected == value) return signbit(expected) == signbit(value);
  /* Sines and logarithms of two libraries may differ in the last two bits. */
  return fabs(expected - value) <= tolerance * fabs(expected);
}

static bool same_hex(const gni_json *node, gn_str bytes)
{
  if (node->kind != GNI_JSON_TEXT || node->text.len != 2 * bytes.len) return false;
  for (size_t i = 0; i < bytes.len; i++) {
    char hex[3];
    snprintf(hex, sizeof hex, "%02x", (unsigned)(unsigned char)bytes.ptr[i]);
    if (memcmp(hex, node->text.ptr + 2 * i, 2) != 0) return false;
  }
  return true;
}

static bool same_items(const gni_json *node, const gni_type *type, const gni_value *value,
                       double tolerance)
{
  size_t count = value->list.count;
  if (node->kind != GNI_JSON_LIST || node->list.count != count) return false;
  for (size_t i = 0; i < count; i++) {
    const gni_json *item = &node->list.items[i];
    if (type->kind == GNI_MAP) {
      if (item->kind != GNI_JSON_LIST || item->list.count != 2) return false;
      if (!recorded_same(&item->list.items[0], type->fields[0].type, &value->list.items[2 * i],
                         tolerance))
        return false;
      if (!recorded_same(&item->list.items[1], type->fields[1].type, &value->list.items[2 * i + 1],
                         tolerance))
        return false;
    } else if (!recorded_same(item, type->fields[type->kind == GNI_LIST ? 0 : i].type,
                              &value->list.items[i], tolerance)) {
      return false;
    }
  }
  return true;
}

bool recorded_same(const gni_json *node, const gni_type *type, const gni_value *value,
                   double tolerance)
{
  char text[GNP_DECIMAL_TEXT_BYTES];
  if (node->kind == GNI_JSON_NULL || value->is_null)
    return node->kind == GNI_JSON_NULL && value->is_null;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return node->kind == GNI_JSON_BOOLEAN && node->boolean == value->boolean;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return same_real(node, type, value->real, tolerance);
  case GNI_STRING:
    return is_text(node, value->text);
  case GNI_BINARY:
    return same_hex(node, value->text);
  case GNI_DECIMAL:
    return is_text(node,
                   (gn_str){text, gnp_wide_format(gnp_wide_of(value), type->scale, true, text)});
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    return same_items(node, type, value, tolerance);
  default:
    return node->kind == GNI_JSON_INTEGER && node->integer == value->integer;
  }
}

bool recorded_fails(const gni_json *answer)
{
  const gni_json *out = gni_json_member(answer, "out");
  bool all = out && out->list.count > 0;
  for (size_t r = 0; all && r < out->list.count; r++)
    all = out->list.items[r].kind == GNI_JSON_OBJECT;
  return all;
}
