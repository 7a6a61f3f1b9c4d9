/* from_json: JSON text as a value of a given type, by the rules of Spark's own reader. A member
 * that does not fit its type is null, its neighbours stay; a text that is no JSON gives nulls
 * alone. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/datetime.h"
#include "expr/decimal.h"
#include "expr/json_read.h"
#include "expr/string.h"

/* What became of a value: all of it; a part (made, but something inside did not fit); nothing.
 * After MISFIT the reader stands where it stumbled and goes on from there, as Spark's does. */
enum outcome { WHOLE, PART, MISFIT, MALFORMED, NO_MEMORY };

typedef struct reader {
  gnp_json json;
  gn_arena *arena;
  int64_t now_us;
  gn_str *names; /* of the member being read, a level each */
} reader;

static enum outcome convert(reader *r, const gni_type *type, gni_value *out);

static enum gnp_json_token current(const reader *r)
{
  return (enum gnp_json_token)r->json.token;
}

static enum gnp_json_token next(reader *r)
{
  enum gnp_json_token token = gnp_json_next(&r->json);
  if (token == GNP_JSON_NAME) r->names[r->json.depth] = r->json.text;
  if (token == GNP_JSON_LIST) r->names[r->json.depth] = (gn_str){NULL, 0};
  return token;
}

/* The member that a token belongs to; a list's elements have no name. */
static gn_str name_of_token(const reader *r)
{
  bool opens = current(r) == GNP_JSON_OBJECT || current(r) == GNP_JSON_LIST;
  return r->names[r->json.depth - (opens ? 1 : 0)];
}

/* ---- single values --------------------------------------------------------------------------- */

static enum outcome give_integer(gn_str text, int64_t low, int64_t high, gni_value *out)
{
  int64_t value;
  if (gni_parse_int64(text, &value) != GN_OK || value < low || value > high) return MISFIT;
  *out = gni_value_integer(value);
  return WHOLE;
}

/* Java takes a byte of up to 255 and wraps it. */
static enum outcome read_integer(const reader *r, const gni_type *type, gni_value *out)
{
  gn_str text = r->json.text;
  if (current(r) != GNP_JSON_INTEGER) return MISFIT;
  if (type->kind == GNI_SHORT) return give_integer(text, INT16_MIN, INT16_MAX, out);
  if (type->kind == GNI_INT) return give_integer(text, INT32_MIN, INT32_MAX, out);
  if (type->kind == GNI_LONG) return give_integer(text, INT64_MIN, INT64_MAX, out);
  enum outcome done = give_integer(text, INT8_MIN, UINT8_MAX, out);
  if (done == WHOLE && out->integer > INT8_MAX) out->integer -= UINT8_MAX + 1;
  return done;
}

static bool special_real(gn_str text, double *value)
{
  static const struct {
    const char *text;
    double value;
  } specials[] = {{"NaN", NAN},           {"+INF", INFINITY},  {"+Infinity", INFINITY},
                  {"Infinity", INFINITY}, {"-INF", -INFINITY}, {"-Infinity", -INFINITY}};
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
    if (!gni_str_is(text, specials[i].text)) continue;
    *value = specials[i].value;
    return true;
  }
  return false;
}

static enum outcome read_real(const reader *r, const gni_type *type, gni_value *out)
{
  enum gnp_json_token token = current(r);
  bool number = token == GNP_JSON_INTEGER || token == GNP_JSON_REAL;
  double value;
  if (!number && token != GNP_JSON_TEXT) return MISFIT;
  if (!special_real(r->json.text, &value) && !(number && gnp_text_to_double(r->json.text, &value)))
    return MISFIT;
  if (token == GNP_JSON_INTEGER && value == 0) value = 0; /* a whole -0 has no sign */
  *out = gni_value_real(type->kind == GNI_FLOAT ? (double)(float)value : value);
  return WHOLE;
}

static gn_str without_commas(reader *r, gn_str text)
{
  gnp_text made = {.arena = r->arena};
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] != ',') gnp_text_add_char(&made, text.ptr[i]);
  r->json.failed |= made.failed;
  return (gn_str){made.ptr ? made.ptr : "", made.len};
}

static enum outcome read_decimal(reader *r, const gni_type *type, gni_value *out)
{
  enum gnp_json_token token = current(r);
  gn_str text = r->json.text;
  gnp_wide value;
  int scale;
  if (token == GNP_JSON_TEXT && text.len) text = without_commas(r, text);
  if (token != GNP_JSON_TEXT && token != GNP_JSON_INTEGER && token != GNP_JSON_REAL) return MISFIT;
  if (!text.len || !gnp_wide_parse(text, &value, &scale) ||
      !gnp_wide_rescale(value, scale, type->scale, &value) ||
      !gnp_wide_fits(value, type->precision))
    return MISFIT;
  *out = gnp_wide_value(value);
  return WHOLE;
}

/* Any value has a text: of what is no text, as Jackson writes it again. */
static enum outcome read_text(reader *r, gni_value *out)
{
  gnp_text text = {.arena = r->arena};
  if (current(r) == GNP_JSON_TEXT) {
    *out = gni_value_text(r->json.text);
    return WHOLE;
  }
  if (current(r) == GNP_JSON_OBJECT_END || current(r) == GNP_JSON_LIST_END) return MISFIT;
  gnp_json_put_copy(&text, &r->json, true);
  if (current(r) == GNP_JSON_BAD) return MALFORMED;
  r->json.failed |= text.failed;
  *out = gni_value_text((gn_str){text.ptr ? text.ptr : "", text.len});
  return WHOLE;
}

/* "2024-01-01T00:00GMT+01:00" as if GMT were not written: what Spark 1 wrote. */
static gn_str without_gmt(reader *r, gn_str text)
{
  for (size_t i = 0; i + 3 <= text.len; i++)
    if (memcmp(text.ptr + i, "GMT", 3) == 0)
      return gni_str_format(r->arena, "%.*s%.*s", (int)i, text.ptr, (int)(text.len - i - 3),
                            text.ptr + i + 3);
  return text;
}

static enum outcome read_timestamp(reader *r, gni_value *out)
{
  int64_t value;
  if (current(r) == GNP_JSON_INTEGER) {
    if (gni_parse_int64(r->json.text, &value) != GN_OK) return MISFIT;
    *out = gni_value_integer((int64_t)((uint64_t)value * (uint64_t)GNP_SECOND_US));
    return WHOLE;
  }
  if (current(r) != GNP_JSON_TEXT || !r->json.text.len) return MISFIT;
  gn_str text = without_gmt(r, r->json.text);
  if (gnp_sql_timestamp_parse(r->json.text, r->now_us, &value) != GNP_TIME_OK &&
      gnp_sql_timestamp_parse(text, r->now_us, &value) != GNP_TIME_OK)
    return MISFIT;
  *out = gni_value_integer(value);
  return WHOLE;
}

/* A text that is no date may be the number of a day, as Spark 1 wrote them. */
static enum outcome read_date(reader *r, gni_value *out)
{
  int32_t day;
  if (current(r) != GNP_JSON_TEXT || !r->json.text.len) return MISFIT;
  gn_str text = without_gmt(r, r->json.text);
  if (!gnp_sql_date_parse(r->json.text, &day) && !gnp_sql_date_parse(text, &day))
    return give_integer(r->json.text, INT32_MIN, INT32_MAX, out);
  *out = gni_value_integer(day);
  return WHOLE;
}

/* ---- lists, maps, structs -------------------------------------------------------------------- */

typedef struct items {
  gni_value *values;
  size_t count, capacity;
} items;

static bool add(reader *r, items *list, gni_value value)
{
  if (list->count == list->capacity) {
    size_t grown = list->capacity ? 2 * list->capacity : 8;
    list->values = gni_arena_grow(r->arena, list->values, list->capacity * sizeof *list->values,
                                  grown * sizeof *list->values);
    if (!list->values) return false;
    list->capacity = grown;
  }
  list->values[list->count++] = value;
  return true;
}

/* The elements of a list; one that does not fit ends it. */
static enum outcome read_list(reader *r, const gni_type *type, gni_value *out)
{
  enum outcome all = WHOLE;
  items list = {0};
  while (next(r) != GNP_JSON_LIST_END) {
    gni_value value;
    if (current(r) == GNP_JSON_BAD) return MALFORMED;
    enum outcome one = convert(r, type->fields[0].type, &value);
    if (one > PART) return one;
    if (one == PART) all = PART;
    if (!add(r, &list, value)) return NO_MEMORY;
  }
  *out = (gni_value){.list = {list.values, list.count}};
  return all;
}

/* Names and values of an object, read to its end also where one does not fit. */
static enum outcome read_map(reader *r, const gni_type *type, gni_value *out)
{
  enum outcome all = WHOLE;
  items list = {0};
  while (next(r) != GNP_JSON_OBJECT_END) {
    gni_value value;
    if (current(r) == GNP_JSON_BAD) return MALFORMED;
    if (!add(r, &list, gni_value_text(r->json.text))) return NO_MEMORY;
    enum outcome one = convert(r, type->fields[1].type, &value);
    if (one > MISFIT) return one;
    if (one > all) all = one;
    if (one == MISFIT) gnp_json_skip(&r->json);
    if (!add(r, &list, value)) return NO_MEMORY;
  }
  *out = all == MISFIT ? GNI_NULL_VALUE : (gni_value){.list = {list.values, list.count / 2}};
  return all;
}

static int find_exactly(const gni_type *structure, gn_str name)
{
  for (uint32_t i = 0; name.ptr && i < structure->field_count; i++)
    if (gni_str_equal(structure->fields[i].name, name)) return (int)i;
  return -1;
}

static enum outcome read_object(reader *r, const gni_type *type, gni_value *out)
{
  gni_value *fields = GN_TAKE(r->arena, gni_value, type->field_count);
  enum outcome all = WHOLE;
  if (!fields) return NO_MEMORY;
  for (uint32_t i = 0; i < type->field_count; i++) fields[i] = GNI_NULL_VALUE;
  while (next(r) != GNP_JSON_OBJECT_END) {
    if (current(r) == GNP_JSON_BAD) return MALFORMED;
    int field = find_exactly(type, name_of_token(r));
    gni_value value = GNI_NULL_VALUE;
    enum outcome one = field >= 0 ? convert(r, type->fields[field].type, &value) : WHOLE;
    if (one > MISFIT) return one;
    if (one != WHOLE) all = PART;
    if (field < 0 || one == MISFIT)
      gnp_json_skip(&r->json);
    else
      fields[field] = value;
  }
  *out = (gni_value){.list = {fields, type->field_count}};
  return all;
}

static enum outcome convert(reader *r, const gni_type *type, gni_value *out)
{
  *out = GNI_NULL_VALUE;
  if (current(r) == GNP_JSON_NAME) next(r);
  if (current(r) == GNP_JSON_BAD) return MALFORMED;
  if (current(r) == GNP_JSON_NULL) return WHOLE;
  switch (type->kind) {
  case GNI_BOOLEAN:
    *out = gni_value_boolean(current(r) == GNP_JSON_TRUE);
    return current(r) == GNP_JSON_TRUE || current(r) == GNP_JSON_FALSE ? WHOLE : MISFIT;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return read_real(r, type, out);
  case GNI_DECIMAL:
    return read_decimal(r, type, out);
  case GNI_STRING:
    return read_text(r, out);
  case GNI_TIMESTAMP:
    return read_timestamp(r, out);
  case GNI_DATE:
    return read_date(r, out);
  case GNI_LIST:
    return current(r) == GNP_JSON_LIST ? read_list(r, type, out) : MISFIT;
  case GNI_MAP:
    return current(r) == GNP_JSON_OBJECT ? read_map(r, type, out) : MISFIT;
  case GNI_STRUCT:
    return current(r) == GNP_JSON_OBJECT ? read_object(r, type, out) : MISFIT;
  default:
    return read_integer(r, type, out);
  }
}

/* ---- the whole text -------------------------------------------------------------------------- */

/* An object where a list of structs is wanted is a list of one. */
static enum outcome read_list_of_one(reader *r, const gni_type *type, gni_value *out)
{
  gni_value *one = GN_TAKE(r->arena, gni_value, 1);
  if (!one) return NO_MEMORY;
  enum outcome done = read_object(r, type->fields[0].type, one);
  if (done <= PART) *out = (gni_value){.list = {one, 1}};
  return done;
}

static enum outcome read_root(reader *r, const gni_type *type, gni_value *out)
{
  enum gnp_json_token wanted = type->kind == GNI_LIST ? GNP_JSON_LIST : GNP_JSON_OBJECT;
  bool single = type->kind == GNI_LIST && type->fields[0].type->kind == GNI_STRUCT;
  if (current(r) == GNP_JSON_BAD) return MALFORMED;
  if (single && current(r) == GNP_JSON_OBJECT) return read_list_of_one(r, type, out);
  if (current(r) != wanted) return MISFIT;
  if (type->kind == GNI_LIST) return read_list(r, type, out);
  return type->kind == GNI_MAP ? read_map(r, type, out) : read_object(r, type, out);
}

static int give_nulls(const gni_type *type, gnp_frame *frame, gni_value *out)
{
  if (type->kind != GNI_STRUCT) return gnp_give_null(out);
  gni_value *fields = GN_TAKE(frame->arena, gni_value, type->field_count);
  if (!fields) return gnp_frame_nomem(frame);
  for (uint32_t i = 0; i < type->field_count; i++) fields[i] = GNI_NULL_VALUE;
  return gnp_give_items(out, fields, type->field_count);
}

GNP_APPLY(from_json)
{
  const int64_t *now_us = node->plan;
  reader r = {.arena = frame->arena, .now_us = *now_us};
  r.names = GN_TAKE(frame->arena, gn_str, GNP_JSON_DEPTH_MAX + 1);
  if (!r.names) return gnp_frame_nomem(frame);
  r.names[0] = (gn_str){NULL, 0};
  gnp_json_start(&r.json, args[0].text, frame->arena);
  r.json.not_numbers = true;
  if (next(&r) == GNP_JSON_NOTHING) return gnp_give_null(out);
  enum outcome done = read_root(&r, node->type, out);
  if (done == NO_MEMORY || r.json.failed) return gnp_frame_nomem(frame);
  return done <= PART ? GN_OK : give_nulls(node->type, frame, out);
}

/* ---- binding --------------------------------------------------------------------------------- */

/* NOT NULL and COMMENT say nothing about what is read. */
static int parse_column(gnp_parser *p, gni_field *field)
{
  bool found, quoted;
  int rc = gnp_parse_name(p, &field->name, &quoted);
  if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ":", &found);
  if (rc == GN_OK) rc = gnp_parse_type(p, &field->type);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "not", &found);
  if (rc == GN_OK && found) rc = gnp_parse_word(p, "null");
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "comment", &found);
  if (rc == GN_OK && found)
    rc = p->token.kind == GNP_TOKEN_TEXT ? gnp_parse_advance(p) : gnp_parse_expected(p, "a text");
  return rc;
}

static int parse_columns(gnp_parser *p, const gni_type **out)
{
  gni_field *fields = NULL;
  size_t count = 0, capacity = 0;
  bool more = true;
  int rc = GN_OK;
  while (rc == GN_OK && more) {
    if (count == capacity) {
      size_t grown = capacity ? 2 * capacity : 8;
      fields = gni_arena_grow(p->arena, fields, capacity * sizeof *fields, grown * sizeof *fields);
      if (!fields) return gnp_parse_check(p, NULL);
      capacity = grown;
    }
    rc = parse_column(p, &fields[count++]);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
  }
  if (rc != GN_OK) return rc;
  *out = gni_type_struct(p->arena, GN_STR(""), fields, count);
  return gnp_parse_check(p, *out);
}

int gnp_parse_schema(gn_str text, gn_arena *arena, const gni_type **out, gn_error *err)
{
  gnp_parser p = {.text = text, .arena = arena, .err = err};
  int rc = gnp_parse_advance(&p);
  if (rc != GN_OK) return rc;
  gnp_token second = gnp_parse_peek(&p);
  bool columns = second.kind == GNP_TOKEN_NAME || second.kind == GNP_TOKEN_QUOTED ||
                 gnp_token_is_mark(&second, ":");
  rc = columns ? parse_columns(&p, out) : gnp_parse_type(&p, out);
  if (rc != GN_OK || p.token.kind == GNP_TOKEN_END) return rc;
  return gnp_parse_expected(&p, "the end of the schema");
}

static bool can_be_read(const gni_type *type)
{
  if (type->kind == GNI_BINARY || type->kind == GNI_NULL || gnp_is_interval(type)) return false;
  if (type->kind == GNI_MAP && type->fields[0].type->kind != GNI_STRING) return false;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!can_be_read(type->fields[i].type)) return false;
  return true;
}

static int bind_from(gnp_binder *b, gnp_call *call)
{
  gn_error why = {0};
  int rc = gnp_bind_count(b, call, 2, 3);
  if (rc == GN_OK) rc = gnp_bind_want(b, call, 0, "string");
  if (rc != GN_OK) return rc;
  if (call->count > 2)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->args[2] ? call->args[2] : call->node,
                         "'from_json' with options is not supported");
  const gni_bound *schema = call->args[1];
  if (!schema || schema->kind != GNP_CONSTANT || schema->type->kind != GNI_STRING ||
      schema->value.is_null)
    return gnp_bind_fail(b, GN_E_TYPE, schema ? schema : call->node,
                         "the schema must be a constant text");
  rc = gnp_parse_schema(schema->value.text, b->arena, &call->node->type, &why);
  if (rc == GN_E_NOMEM) return gnp_bind_nomem(b);
  if (rc != GN_OK) return gnp_bind_fail(b, rc, schema, "in the schema: %s", why.message);
  const gni_type *type = call->node->type;
  if (type->kind != GNI_STRUCT && type->kind != GNI_LIST && type->kind != GNI_MAP)
    return gnp_bind_fail(b, GN_E_TYPE, schema, "'from_json' gives a struct, an array or a map");
  if (!can_be_read(type))
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, schema, "'from_json' to %.*s is not supported",
                         GN_STR_ARGS(gnp_type_text(b, type)));
  call->node->plan = gni_arena_copy(b->arena, &b->options.now_us, sizeof b->options.now_us);
  return call->node->plan ? GN_OK : gnp_bind_nomem(b);
}

static const gnp_function functions[] = {
    {.name = "from_json", .bind = bind_from, .apply = from_json, .flags = GNP_MAY_BE_NULL},
};

const gnp_family gnp_family_json_from = {"json", functions, sizeof functions / sizeof *functions};
