/* to_json: values as JSON text. SPDX-License-Identifier: Apache-2.0 */
#include "expr/datetime.h"
#include "expr/decimal.h"
#include "expr/json_read.h"
#include "expr/pattern.h"
#include "expr/string.h"

/* ---- to_json --------------------------------------------------------------------------------- */

/* How dates and timestamps are written. */
typedef struct patterns {
  const void *date, *timestamp;
} patterns;

static void put(gnp_text *out, const patterns *p, const gni_type *type, const gni_value *value);

static void put_pattern(gnp_text *out, const void *pattern, int64_t us)
{
  gnp_text text = {.arena = out->arena};
  (void)gnp_pattern_format(pattern, us, &text);
  out->failed |= text.failed;
  gnp_json_put_text(out, (gn_str){text.ptr ? text.ptr : "", text.len});
}

static void put_integer(gnp_text *out, int64_t value)
{
  gn_str text = gni_str_format(out->arena, "%lld", (long long)value);
  out->failed |= !text.ptr;
  if (text.ptr) gnp_json_put_raw(out, text);
}

static void put_base64(gnp_text *out, gn_str bytes)
{
  gnp_text text = {.arena = out->arena};
  gnp_put_base64(&text, bytes);
  out->failed |= text.failed;
  gnp_json_put_text(out, (gn_str){text.ptr ? text.ptr : "", text.len});
}

/* Members that are null are left out. */
static void put_struct(gnp_text *out, const patterns *p, const gni_type *type,
                       const gni_value *value)
{
  gnp_json_open(out, '{');
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (value->list.items[i].is_null) continue;
    gnp_json_put_name(out, type->fields[i].name);
    put(out, p, type->fields[i].type, &value->list.items[i]);
  }
  gnp_json_close(out, '}');
}

/* A map's key is the text of what Spark holds: of a date the day's number, of a time its
 * microseconds. */
static gn_str key_text(gnp_text *out, const gni_type *type, const gni_value *key)
{
  char text[GNP_DECIMAL_TEXT_BYTES > GN_DOUBLE_TEXT_BYTES ? GNP_DECIMAL_TEXT_BYTES
                                                          : GN_DOUBLE_TEXT_BYTES];
  switch (type->kind) {
  case GNI_STRING:
    return key->text;
  case GNI_BOOLEAN:
    return key->boolean ? GN_STR("true") : GN_STR("false");
  case GNI_FLOAT:
    return gni_str_take(out->arena, (gn_str){text, gni_format_java_float((float)key->real, text)});
  case GNI_DOUBLE:
    return gni_str_take(out->arena, (gn_str){text, gni_format_java_double(key->real, text)});
  case GNI_DECIMAL:
    return gni_str_take(
        out->arena, (gn_str){text, gnp_wide_format(gnp_wide_of(key), type->scale, false, text)});
  default:
    return gni_str_format(out->arena, "%lld", (long long)key->integer);
  }
}

static void put_map(gnp_text *out, const patterns *p, const gni_type *type, const gni_value *value)
{
  gnp_json_open(out, '{');
  for (size_t i = 0; i < value->list.count; i++) {
    const gni_value *pair = &value->list.items[2 * i];
    gn_str name = key_text(out, type->fields[0].type, &pair[0]);
    out->failed |= !name.ptr;
    if (name.ptr) gnp_json_put_name(out, name);
    put(out, p, type->fields[1].type, &pair[1]);
  }
  gnp_json_close(out, '}');
}

static void put(gnp_text *out, const patterns *p, const gni_type *type, const gni_value *value)
{
  char text[GNP_DECIMAL_TEXT_BYTES];
  if (value->is_null) {
    gnp_json_put_raw(out, GN_STR("null"));
    return;
  }
  switch (type->kind) {
  case GNI_STRUCT:
    put_struct(out, p, type, value);
    return;
  case GNI_MAP:
    put_map(out, p, type, value);
    return;
  case GNI_LIST:
    gnp_json_open(out, '[');
    for (size_t i = 0; i < value->list.count; i++)
      put(out, p, type->fields[0].type, &value->list.items[i]);
    gnp_json_close(out, ']');
    return;
  case GNI_BOOLEAN:
    gnp_json_put_raw(out, value->boolean ? GN_STR("true") : GN_STR("false"));
    return;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    gnp_json_put_real(out, value->real, type->kind == GNI_FLOAT);
    return;
  case GNI_STRING:
    gnp_json_put_text(out, value->text);
    return;
  case GNI_BINARY:
    put_base64(out, value->text);
    return;
  case GNI_DECIMAL:
    gnp_json_put_raw(out,
                     (gn_str){text, gnp_wide_format(gnp_wide_of(value), type->scale, false, text)});
    return;
  case GNI_DATE:
    put_pattern(out, p->date, value->integer * GNP_DAY_US);
    return;
  case GNI_TIMESTAMP:
    put_pattern(out, p->timestamp, value->integer);
    return;
  default:
    put_integer(out, value->integer);
    return;
  }
}

GNP_APPLY(to_json)
{
  gnp_text text = {.arena = frame->arena};
  put(&text, node->plan, node->args[0]->type, &args[0]);
  return gnp_give_made(&text, frame, out);
}

static bool can_be_written(const gni_type *type)
{
  if (gnp_is_interval(type)) return false;
  if (type->kind == GNI_MAP &&
      (type->fields[0].type->field_count || type->fields[0].type->kind == GNI_BINARY))
    return false;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!can_be_written(type->fields[i].type)) return false;
  return true;
}

static int bind_to(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 2);
  if (rc != GN_OK) return rc;
  if (call->count > 1)
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->args[1] ? call->args[1] : call->node,
                         "'to_json' with options is not supported");
  const gni_type *type = call->args[0] ? call->args[0]->type : &gni_type_null;
  if (type->kind != GNI_STRUCT && type->kind != GNI_LIST && type->kind != GNI_MAP)
    return gnp_bind_mismatch(b, call);
  if (!can_be_written(type))
    return gnp_bind_fail(b, GN_E_UNSUPPORTED, call->node, "'to_json' of %.*s is not supported",
                         GN_STR_ARGS(gnp_type_text(b, type)));
  patterns *p = GN_TAKE(b->arena, patterns, 1);
  if (!p) return gnp_bind_nomem(b);
  rc = gnp_pattern_take(GN_STR("yyyy-MM-dd"), false, b->arena, &p->date, b->err);
  if (rc == GN_OK)
    rc = gnp_pattern_take(GN_STR("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"), false, b->arena, &p->timestamp,
                          b->err);
  call->node->plan = p;
  call->node->type = &gni_type_string;
  return rc;
}

static const gnp_function functions[] = {
    {.name = "to_json", .bind = bind_to, .apply = to_json},
};

const gnp_family gnp_family_json_to = {"json", functions, sizeof functions / sizeof *functions};
