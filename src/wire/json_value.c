/* Values as JSON and back, by their type. SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_private.h"

#include <math.h>

/* ---- values to JSON -------------------------------------------------------------------------- */

/* A key is a text in JSON: those that are none by themselves are put in quotes. */
static void add_key(gn_buf *out, const gni_type *type, const gni_value *key)
{
  gn_buf text;
  if (type->kind == GNI_STRING && !key->is_null) {
    gni_json_add_text(out, key->text, false);
    return;
  }
  gni_buf_init(&text, out->alloc, out->ceiling_bytes);
  gni_value_to_json(type, key, &text);
  if (text.rc != GN_OK && out->rc == GN_OK) out->rc = text.rc;
  if (text.len && text.ptr[0] == '"')
    gni_buf_add_str(out, gni_buf_view(&text));
  else
    gni_json_add_text(out, gni_buf_view(&text), false);
  gni_buf_deinit(&text);
}

/* Is `a` before `b` as a key? Texts by their bytes. */
static bool key_before(const gni_type *type, const gni_value *a, const gni_value *b)
{
  if (type->kind == GNI_STRING && !a->is_null && !b->is_null)
    return gni_str_compare(a->text, b->text) < 0;
  return gni_value_compare(type, a, b) < 0;
}

/* Sinks `root` in a heap of pair numbers whose top is the last key. */
static void sink(const gni_type *key, const gni_value *items, size_t *heap, size_t root,
                 size_t count)
{
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && key_before(key, &items[2 * heap[child]], &items[2 * heap[child + 1]]))
      child++;
    if (!key_before(key, &items[2 * heap[root]], &items[2 * heap[child]])) return;
    size_t swapped = heap[root];
    heap[root] = heap[child];
    heap[child] = swapped;
  }
}

static void sort_pairs(const gni_type *key, const gni_value *items, size_t *order, size_t count)
{
  for (size_t i = 0; i < count; i++) order[i] = i;
  for (size_t i = count / 2; i > 0; i--) sink(key, items, order, i - 1, count);
  for (size_t end = count; end > 1; end--) {
    size_t last = order[0];
    order[0] = order[end - 1];
    order[end - 1] = last;
    sink(key, items, order, 0, end - 1);
  }
}

static void add_map(gn_buf *out, const gni_type *map, const gni_value *value)
{
  size_t count = value->list.count, bytes = gni_size_mul(count, sizeof(size_t));
  size_t *order = gni_alloc(out->alloc, bytes);
  if (!order) {
    if (out->rc == GN_OK) out->rc = GN_E_NOMEM;
    return;
  }
  sort_pairs(map->fields[0].type, value->list.items, order, count);
  gni_buf_add_char(out, '{');
  for (size_t i = 0; i < count; i++) {
    const gni_value *pair = &value->list.items[2 * order[i]];
    if (i) gni_buf_add_char(out, ',');
    add_key(out, map->fields[0].type, &pair[0]);
    gni_buf_add_char(out, ':');
    gni_value_to_json(map->fields[1].type, &pair[1], out);
  }
  gni_buf_add_char(out, '}');
  gni_free(out->alloc, order, bytes);
}

static void add_items(gn_buf *out, const gni_type *type, const gni_value *value)
{
  bool is_struct = type->kind == GNI_STRUCT;
  gni_buf_add_char(out, is_struct ? '{' : '[');
  for (size_t i = 0; i < value->list.count; i++) {
    const gni_field *field = &type->fields[is_struct ? i : 0];
    if (i) gni_buf_add_char(out, ',');
    if (is_struct) {
      gni_json_add_text(out, field->name, false);
      gni_buf_add_char(out, ':');
    }
    gni_value_to_json(field->type, &value->list.items[i], out);
  }
  gni_buf_add_char(out, is_struct ? '}' : ']');
}

/* Is it within the years 0000 to 9999, which is all that the texts can say? */
static bool has_time_text(const gni_type *type, const gni_value *value)
{
  static const int64_t first_day = -719528, last_day = 2932896, day_us = GN_DAY_MS * 1000;
  int64_t unit = type->kind == GNI_DATE ? 1 : day_us;
  return value->integer >= first_day * unit && value->integer < (last_day + 1) * unit;
}

/* What is written in quotes and needs no escapes. */
static void add_form(gn_buf *out, const gni_type *type, const gni_value *value)
{
  bool is_time = type->kind == GNI_DATE || type->kind == GNI_TIMESTAMP;
  if (is_time && !has_time_text(type, value)) {
    gni_buf_add_format(out, "%lld", (long long)value->integer);
    return;
  }
  gni_buf_add_char(out, '"');
  switch (type->kind) {
  case GNI_BINARY:
    gni_base64_encode(value->text, out);
    break;
  case GNI_DATE:
    gnp_date_add(out, value->integer);
    break;
  case GNI_TIMESTAMP:
    gnp_timestamp_add(out, value->integer);
    break;
  default:
    gnp_decimal_add(out, value, type->scale);
    break;
  }
  gni_buf_add_char(out, '"');
}

int gni_value_to_json(const gni_type *type, const gni_value *value, gn_buf *out)
{
  if (value->is_null) return gni_buf_add_text(out, "null");
  switch (type->kind) {
  case GNI_BOOLEAN:
    gni_buf_add_text(out, value->boolean ? "true" : "false");
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    gnp_json_add_real(out, value->real, type->kind == GNI_FLOAT);
    break;
  case GNI_STRING:
    gni_json_add_text(out, value->text, false);
    break;
  case GNI_BINARY:
  case GNI_DATE:
  case GNI_TIMESTAMP:
  case GNI_DECIMAL:
    add_form(out, type, value);
    break;
  case GNI_MAP:
    add_map(out, type, value);
    break;
  case GNI_LIST:
  case GNI_STRUCT:
    add_items(out, type, value);
    break;
  case GNI_NULL:
    gni_buf_add_text(out, "null");
    break;
  default:
    gni_buf_add_format(out, "%lld", (long long)value->integer);
    break;
  }
  return out->rc;
}

int gni_struct_to_json(const gni_type *structure, const gni_value *fields, gn_buf *out)
{
  const gni_value value = {.list = {fields, structure->field_count}};
  return gni_value_to_json(structure, &value, out);
}

/* ---- JSON to values -------------------------------------------------------------------------- */

static int mismatch(const gni_json *node, const char *wanted, gn_error *err)
{
  static const char *const found[] = {"null",   "a boolean", "an integer", "a number",
                                      "a text", "a list",    "an object"};
  return gni_fail(err, GN_E_TYPE, "%s expected at line %u, column %u, but there is %s", wanted,
                  node->line, node->column, found[node->kind]);
}

static int malformed(const gni_json *node, const char *wanted, gn_error *err)
{
  gn_str shown = {node->text.ptr, node->text.len > 80 ? 80 : node->text.len};
  return gni_fail(err, GN_E_TYPE, "'%.*s' at line %u, column %u is not %s", GN_STR_ARGS(shown),
                  node->line, node->column, wanted);
}

static int to_integer(const gni_json *node, const gni_type *type, gni_value *out, gn_error *err)
{
  static const int bits[] = {[GNI_BYTE] = 8, [GNI_SHORT] = 16, [GNI_INT] = 32, [GNI_LONG] = 64};
  int64_t high = (int64_t)(UINT64_MAX >> (65 - bits[type->kind])), integer;
  if (node->kind == GNI_JSON_INTEGER) {
    integer = node->integer;
  } else if (node->kind == GNI_JSON_REAL) {
    /* 2^63 itself does not fit; 3.0 and 1e3 are as good as 3 and 1000. */
    if (!(fabs(node->real) < 0x1p63) || trunc(node->real) != node->real)
      return mismatch(node, "an integer", err);
    integer = (int64_t)node->real;
  } else {
    return mismatch(node, "an integer", err);
  }
  if (integer > high || integer < -high - 1)
    return gni_fail(err, GN_E_TYPE, "%lld at line %u, column %u does not fit into %d bits",
                    (long long)integer, node->line, node->column, bits[type->kind]);
  *out = gni_value_integer(integer);
  return GN_OK;
}

static int to_real(const gni_json *node, const gni_type *type, gni_value *out, gn_error *err)
{
  double real = gni_json_number(node);
  if (node->kind == GNI_JSON_TEXT) {
    if (gni_parse_double(node->text, &real) != GN_OK || isfinite(real))
      return malformed(node, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"", err);
  } else if (node->kind != GNI_JSON_INTEGER && node->kind != GNI_JSON_REAL) {
    return mismatch(node, "a number", err);
  }
  if (type->kind == GNI_FLOAT) {
    float single = (float)real;
    if (isinf(single) && isfinite(real))
      return gni_fail(err, GN_E_TYPE, "the number at line %u, column %u does not fit into a float",
                      node->line, node->column);
    real = (double)single;
  }
  *out = gni_value_real(real);
  return GN_OK;
}

static int to_decimal(const gni_json *node, const gni_type *type, gni_value *out, gn_error *err)
{
  char digits[GN_DOUBLE_TEXT_BYTES];
  int rc;
  switch (node->kind) {
  case GNI_JSON_INTEGER:
    rc = gnp_decimal_of_integer(node->integer, type->precision, type->scale, out);
    break;
  case GNI_JSON_REAL: {
    gn_str text = {digits, gni_format_double(node->real, digits)};
    rc = gnp_decimal_parse(text, type->precision, type->scale, out);
    break;
  }
  case GNI_JSON_TEXT:
    rc = gnp_decimal_parse(node->text, type->precision, type->scale, out);
    break;
  default:
    return mismatch(node, "a decimal number", err);
  }
  if (rc == GN_E_PARSE) return malformed(node, "a decimal number", err);
  if (rc == GN_OK) return GN_OK;
  return gni_fail(err, GN_E_TYPE, "the number at line %u, column %u does not fit decimal(%d,%d)",
                  node->line, node->column, type->precision, type->scale);
}

/* Dates and timestamps: ISO texts, or the days and microseconds themselves. */
static int to_time(const gni_json *node, const gni_type *type, gni_value *out, gn_error *err)
{
  bool is_date = type->kind == GNI_DATE;
  const char *wanted = is_date ? "a date like 2025-02-01" : "a time like 2025-02-01T06:30:00Z";
  *out = gni_value_integer(node->kind == GNI_JSON_INTEGER ? node->integer : 0);
  if (node->kind == GNI_JSON_INTEGER) {
    if (is_date && (node->integer > INT32_MAX || node->integer < INT32_MIN))
      return gni_fail(err, GN_E_TYPE, "%lld at line %u, column %u is no day",
                      (long long)node->integer, node->line, node->column);
    return GN_OK;
  }
  if (node->kind != GNI_JSON_TEXT) return mismatch(node, wanted, err);
  int rc = is_date ? gnp_date_parse(node->text, &out->integer)
                   : gnp_timestamp_parse(node->text, &out->integer);
  return rc == GN_OK ? GN_OK : malformed(node, wanted, err);
}

static int to_text(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                   gn_error *err)
{
  if (node->kind != GNI_JSON_TEXT)
    return mismatch(node, type->kind == GNI_STRING ? "a text" : "base64 text", err);
  *out = gni_value_text(node->text);
  if (type->kind == GNI_STRING) return GN_OK;
  size_t room = node->text.len / 4 * 3;
  char *bytes = gni_arena_take(arena, room);
  if (!bytes) return gni_fail_arena(err, arena, room);
  out->text.ptr = bytes;
  return gnp_base64_decode(node->text, bytes, &out->text.len) ? GN_OK
                                                              : malformed(node, "base64", err);
}

static int to_list(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                   gn_error *err)
{
  size_t count = node->list.count;
  if (node->kind != GNI_JSON_LIST) return mismatch(node, "a list", err);
  gni_value *items = GN_TAKE(arena, gni_value, count);
  if (!items) return gni_fail_arena(err, arena, gni_size_mul(count, sizeof *items));
  for (size_t i = 0; i < count; i++) {
    int rc = gni_json_to_value(&node->list.items[i], type->fields[0].type, arena, &items[i], err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "[%zu]", i);
    return rc;
  }
  *out = (gni_value){.list = {items, count}};
  return GN_OK;
}

/* The name of a member, read as the type of a map's keys: what is no text in JSON is JSON in it. */
static int to_key(const gni_json *name, const gni_type *type, gn_arena *arena, gni_value *out,
                  gn_error *err)
{
  const gni_json *inner;
  bool is_text = type->kind == GNI_STRING || type->kind == GNI_BINARY || type->kind == GNI_DECIMAL;
  if (is_text || gni_json_parse(name->text, GN_TYPE_DEPTH_MAX, arena, &inner, NULL) != GN_OK)
    return gni_json_to_value(name, type, arena, out, err);
  gni_json placed = *inner; /* messages name the place of the whole key */
  placed.line = name->line;
  placed.column = name->column;
  return gni_json_to_value(&placed, type, arena, out, err);
}

static int to_map(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                  gn_error *err)
{
  size_t count = node->list.count;
  if (node->kind != GNI_JSON_OBJECT) return mismatch(node, "an object", err);
  gni_value *items = GN_TAKE(arena, gni_value, gni_size_mul(count, 2));
  if (!items) return gni_fail_arena(err, arena, gni_size_mul(count, 2 * sizeof *items));
  for (size_t i = 0; i < count; i++) {
    const gni_json *key = &node->list.keys[i], *value = &node->list.items[i];
    int rc = to_key(key, type->fields[0].type, arena, &items[2 * i], err);
    if (rc == GN_OK)
      rc = gni_json_to_value(value, type->fields[1].type, arena, &items[2 * i + 1], err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "%.*s", GN_STR_ARGS(key->text));
    return rc;
  }
  *out = (gni_value){.list = {items, count}};
  return GN_OK;
}

static int unknown_member(const gni_json *name, const gni_type *type, gn_arena *arena,
                          gn_error *err)
{
  gn_str *names = GN_TAKE(arena, gn_str, type->field_count);
  for (uint32_t i = 0; names && i < type->field_count; i++) names[i] = type->fields[i].name;
  gn_str nearest = names ? gni_nearest(name->text, names, type->field_count) : GN_STR("");
  int rc = gni_fail(err, GN_E_TYPE, "there is no field '%.*s' (line %u, column %u)",
                    GN_STR_ARGS(name->text), name->line, name->column);
  if (nearest.len) gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(nearest));
  return rc;
}

/* Absent members are null. */
static int to_struct(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                     gn_error *err)
{
  if (node->kind != GNI_JSON_OBJECT) return mismatch(node, "an object", err);
  gni_value *items = GN_TAKE(arena, gni_value, type->field_count);
  if (!items) return gni_fail_arena(err, arena, type->field_count * sizeof *items);
  for (uint32_t i = 0; i < type->field_count; i++) items[i] = GNI_NULL_VALUE;
  for (size_t i = 0; i < node->list.count; i++) {
    const gni_json *name = &node->list.keys[i];
    int field = gni_type_find(type, name->text);
    if (field < 0) return unknown_member(name, type, arena, err);
    int rc = gni_json_to_value(&node->list.items[i], type->fields[field].type, arena, &items[field],
                               err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "%.*s", GN_STR_ARGS(name->text));
    return rc;
  }
  *out = (gni_value){.list = {items, type->field_count}};
  return GN_OK;
}

int gni_json_to_value(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                      gn_error *err)
{
  *out = GNI_NULL_VALUE;
  if (node->kind == GNI_JSON_NULL) return GN_OK;
  switch (type->kind) {
  case GNI_BOOLEAN:
    if (node->kind != GNI_JSON_BOOLEAN) return mismatch(node, "a boolean", err);
    *out = gni_value_boolean(node->boolean);
    return GN_OK;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return to_real(node, type, out, err);
  case GNI_STRING:
  case GNI_BINARY:
    return to_text(node, type, arena, out, err);
  case GNI_DATE:
  case GNI_TIMESTAMP:
    return to_time(node, type, out, err);
  case GNI_DECIMAL:
    return to_decimal(node, type, out, err);
  case GNI_MAP:
    return to_map(node, type, arena, out, err);
  case GNI_LIST:
    return to_list(node, type, arena, out, err);
  case GNI_STRUCT:
    return to_struct(node, type, arena, out, err);
  case GNI_NULL:
    return mismatch(node, "null", err);
  default:
    return to_integer(node, type, out, err);
  }
}
