/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <math.h>
#include <stdio.h>

#include "expr/decimal.h"

static bool same_real(const gni_json *node, const gni_type *type, double value, double tolerance)
{
  double expected;
  if (node->kind != GNI_JSON_TEXT || gni_parse_double(node->text, &expected) != GN_OK) return false;
  if (type->kind == GNI_FLOAT) expected = (double)(float)expected;
  if (isnan(expected) || isnan(value)) return isnan(expected) && isnan(value);
  if (expected == value) return signbit(expected) == signbit(value);
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
    const gni_value *items = value->list.items;
    if (type->kind == GNI_MAP) {
      if (item->kind != GNI_JSON_LIST || item->list.count != 2) return false;
      if (!answer_is(&item->list.items[0], type->fields[0].type, &items[2 * i], tolerance) ||
          !answer_is(&item->list.items[1], type->fields[1].type, &items[2 * i + 1], tolerance))
        return false;
    } else if (!answer_is(item, type->fields[type->kind == GNI_LIST ? 0 : i].type, &items[i],
                          tolerance)) {
      return false;
    }
  }
  return true;
}

bool answer_is(const gni_json *node, const gni_type *type, const gni_value *value, double tolerance)
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
    return node->kind == GNI_JSON_TEXT && gni_str_equal(node->text, value->text);
  case GNI_BINARY:
    return same_hex(node, value->text);
  case GNI_DECIMAL: {
    gn_str written = {text, gnp_wide_format(gnp_wide_of(value), type->scale, true, text)};
    return node->kind == GNI_JSON_TEXT && gni_str_equal(node->text, written);
  }
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    return same_items(node, type, value, tolerance);
  default:
    return node->kind == GNI_JSON_INTEGER && node->integer == value->integer;
  }
}
