/* Messages of the server, printed by their descriptors. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/message_json.h"

#include <inttypes.h>
#include <math.h>

#include "wire/proto.h"
#include "wire/wire.h"

static int put_message(gn_str bytes, const ProtobufCMessageDescriptor *type, int depth,
                       gn_buf *out);

/* ---- single values --------------------------------------------------------------------------- */

static int put_real(double real, gn_buf *out)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  gni_format_double(real, text);
  return gni_buf_add_format(out, isfinite(real) ? "%s" : "\"%s\"", text);
}

static int put_base64(gn_str bytes, gn_buf *out)
{
  gni_buf_add_char(out, '"');
  gni_base64_encode(bytes, out);
  return gni_buf_add_char(out, '"');
}

static int put_enum(const ProtobufCEnumDescriptor *type, int32_t number, gn_buf *out)
{
  const ProtobufCEnumValue *member = protobuf_c_enum_descriptor_get_value(type, number);
  if (!member) return gni_buf_add_format(out, "%" PRId32, number);
  return gni_buf_add_format(out, "\"%s\"", member->name);
}

static int put_number(const ProtobufCFieldDescriptor *field, uint64_t value, gn_buf *out)
{
  double real;
  float single;
  uint32_t bits = (uint32_t)value;
  switch ((int)field->type) {
  case PROTOBUF_C_TYPE_BOOL:
    return gni_buf_add_text(out, value ? "true" : "false");
  case PROTOBUF_C_TYPE_ENUM:
    return put_enum(field->descriptor, (int32_t)value, out);
  case PROTOBUF_C_TYPE_DOUBLE:
    memcpy(&real, &value, sizeof real);
    return put_real(real, out);
  case PROTOBUF_C_TYPE_FLOAT:
    memcpy(&single, &bits, sizeof single);
    return put_real((double)single, out);
  case PROTOBUF_C_TYPE_UINT32:
    return gni_buf_add_format(out, "%" PRIu32, bits);
  case PROTOBUF_C_TYPE_INT32:
    return gni_buf_add_format(out, "%" PRId32, (int32_t)value);
  default:
    return gni_buf_add_format(out, "%" PRId64, (int64_t)value);
  }
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
  return field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_STRING &&
         field->type != PROTOBUF_C_TYPE_BYTES;
}

static int put_value(const ProtobufCFieldDescriptor *field, const gni_proto_field *value, int depth,
                     gn_buf *out)
{
  if (is_number(field)) return put_number(field, value->value, out);
  if (value->type != GNI_PROTO_BYTES) return GN_E_CORRUPT;
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    return put_message(value->bytes, field->descriptor, depth + 1, out);
  return field->type == PROTOBUF_C_TYPE_STRING ? gni_json_add_text(out, value->bytes, false)
                                               : put_base64(value->bytes, out);
}

/* ---- lists and maps -------------------------------------------------------------------------- */

static void comma(size_t *count, gn_buf *out)
{
  if ((*count)++) gni_buf_add_char(out, ',');
}

/* Numbers of a list may come packed: varints here, or as many bytes as each has. */
static int put_packed(const ProtobufCFieldDescriptor *field, gn_str bytes, size_t *count,
                      gn_buf *out)
{
  size_t width = field->type == PROTOBUF_C_TYPE_DOUBLE  ? sizeof(double)
                 : field->type == PROTOBUF_C_TYPE_FLOAT ? sizeof(float)
                                                        : 0;
  for (size_t at = 0; at < bytes.len;) {
    uint64_t value = 0;
    if (width) {
      if (bytes.len - at < width) return GN_E_CORRUPT;
      memcpy(&value, bytes.ptr + at, width);
      at += width;
    } else {
      for (unsigned shift = 0;; shift += 7) {
        if (at == bytes.len || shift > 63) return GN_E_CORRUPT;
        unsigned char byte = (unsigned char)bytes.ptr[at++];
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) break;
      }
    }
    comma(count, out);
    put_number(field, value, out);
  }
  return GN_OK;
}

static bool is_map(const ProtobufCFieldDescriptor *field)
{
  const ProtobufCMessageDescriptor *entry = field->descriptor;
  return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
         entry->n_fields == 2 && gni_str_ends(gni_str(entry->name), "Entry") &&
         strcmp(entry->fields[0].name, "key") == 0;
}

/* A key is a text in JSON, whatever it is in the protocol. */
static int put_entry(const ProtobufCFieldDescriptor *field, gn_str entry, int depth, gn_buf *out)
{
  const ProtobufCMessageDescriptor *type = field->descriptor;
  gni_proto_field key = {0}, value = {0};
  int rc = gni_proto_find(entry, 1, &key);
  if (rc == GN_OK && key.type == GNI_PROTO_BYTES)
    gni_json_add_text(out, key.bytes, false);
  else
    gni_buf_add_format(out, "\"%" PRId64 "\"", (int64_t)key.value);
  gni_buf_add_char(out, ':');
  if (gni_proto_find(entry, 2, &value) == GN_OK)
    return put_value(&type->fields[1], &value, depth, out);
  return gni_buf_add_text(out, "null");
}

static int put_list(const ProtobufCFieldDescriptor *field, gn_str message, int depth, gn_buf *out)
{
  gni_proto_field value;
  size_t count = 0;
  bool map = is_map(field);
  int rc = GN_OK;
  gni_buf_add_char(out, map ? '{' : '[');
  while (rc == GN_OK && gni_proto_next(&message, &value) == GN_OK) {
    if (value.number != field->id) continue;
    if (is_number(field) && value.type == GNI_PROTO_BYTES) {
      rc = put_packed(field, value.bytes, &count, out);
      continue;
    }
    comma(&count, out);
    rc = map ? put_entry(field, gni_proto_bytes(&value), depth, out)
             : put_value(field, &value, depth, out);
  }
  gni_buf_add_char(out, map ? '}' : ']');
  return rc;
}

/* ---- messages -------------------------------------------------------------------------------- */

static int put_message(gn_str bytes, const ProtobufCMessageDescriptor *type, int depth, gn_buf *out)
{
  gni_proto_field value;
  size_t count = 0;
  int rc;
  gn_str rest = bytes;
  if (depth > SPARKP_JSON_DEPTH_MAX) return GN_E_CORRUPT;
  do rc = gni_proto_next(&rest, &value);
  while (rc == GN_OK);
  if (rc != GN_ABSENT) return rc;
  rc = GN_OK;
  gni_buf_add_char(out, '{');
  for (unsigned i = 0; rc == GN_OK && i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &type->fields[i];
    if (gni_proto_find(bytes, field->id, &value) != GN_OK) continue;
    comma(&count, out);
    gni_buf_add_format(out, "\"%s\":", field->name);
    rc = field->label == PROTOBUF_C_LABEL_REPEATED ? put_list(field, bytes, depth, out)
                                                   : put_value(field, &value, depth, out);
  }
  gni_buf_add_char(out, '}');
  return rc == GN_OK ? out->rc : rc;
}

int sparkp_message_json(gn_str bytes, const ProtobufCMessageDescriptor *type, gn_buf *out)
{
  return put_message(bytes, type, 0, out);
}
