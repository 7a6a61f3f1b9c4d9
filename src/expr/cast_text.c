/* CAST(… AS STRING), for every type. SPDX-License-Identifier: Apache-2.0 */
#include "expr/cast.h"
#include "expr/datetime.h"

static void put_integer(gnp_text *out, int64_t value)
{
  char digits[24];
  size_t len = sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[--len] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) digits[--len] = '-';
  gnp_text_add(out, (gn_str){digits + len, sizeof digits - len});
}

static void put_real(gnp_text *out, const gni_type *type, double value)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  size_t len = type->kind == GNI_FLOAT ? gni_format_java_float((float)value, text)
                                       : gni_format_java_double(value, text);
  gnp_text_add(out, (gn_str){text, len});
}

static void put_item(gnp_text *out, const gni_type *type, const gni_value *value, bool ansi)
{
  if (value->is_null)
    gnp_text_add_word(out, "null");
  else
    gnp_put_text(out, type, value, ansi);
}

/* [1, null], {1, a} for structs, {a -> 1, b -> 2} for maps. */
static void put_nested(gnp_text *out, const gni_type *type, const gni_value *value, bool ansi)
{
  bool list = type->kind == GNI_LIST, map = type->kind == GNI_MAP;
  gnp_text_add_char(out, list ? '[' : '{');
  for (size_t i = 0; i < value->list.count; i++) {
    if (i) gnp_text_add_word(out, ", ");
    if (map) {
      put_item(out, type->fields[0].type, &value->list.items[2 * i], ansi);
      gnp_text_add_word(out, " -> ");
      put_item(out, type->fields[1].type, &value->list.items[2 * i + 1], ansi);
    } else {
      put_item(out, type->fields[list ? 0 : i].type, &value->list.items[i], ansi);
    }
  }
  gnp_text_add_char(out, list ? ']' : '}');
}

static void put_decimal(gnp_text *out, const gni_type *type, const gni_value *value, bool ansi)
{
  char text[GNP_DECIMAL_TEXT_BYTES];
  size_t len = gnp_wide_format(gnp_wide_of(value), type->scale, ansi, text);
  gnp_text_add(out, (gn_str){text, len});
}

void gnp_put_text(gnp_text *out, const gni_type *type, const gni_value *value, bool ansi)
{
  char text[GNP_TIMESTAMP_TEXT_BYTES];
  switch (type->kind) {
  case GNI_BOOLEAN:
    gnp_text_add_word(out, value->boolean ? "true" : "false");
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    put_real(out, type, value->real);
    break;
  case GNI_STRING:
  case GNI_BINARY:
    gnp_text_add(out, value->text);
    break;
  case GNI_DECIMAL:
    put_decimal(out, type, value, ansi);
    break;
  case GNI_DATE:
    gnp_text_add(out, (gn_str){text, gnp_sql_date_format((int32_t)value->integer, text)});
    break;
  case GNI_TIMESTAMP:
    gnp_text_add(out, (gn_str){text, gnp_sql_timestamp_format(value->integer, text)});
    break;
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    put_nested(out, type, value, ansi);
    break;
  default:
    put_integer(out, value->integer);
    break;
  }
}

int gnp_cast_to_text(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out)
{
  const gni_type *from = node->args[0]->type;
  if (from->kind == GNI_STRING) {
    *out = args[0];
    return GN_OK;
  }
  if (from->kind == GNI_BINARY) {
    *out = args[0];
    if (gni_utf8_valid(args[0].text)) return GN_OK;
    return gnp_fail_here(frame, "INVALID_UTF8_STRING", "the bytes are not UTF-8 text");
  }
  gnp_text text = {.arena = frame->arena};
  gnp_put_text(&text, from, &args[0], node->ansi);
  if (text.failed) return gnp_frame_nomem(frame);
  return gnp_give_text(out, (gn_str){text.ptr ? text.ptr : "", text.len});
}
