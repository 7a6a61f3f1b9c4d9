/* Reading protobuf without copying it. SPDX-License-Identifier: Apache-2.0 */
#include "wire/proto.h"

static bool cut_varint(gn_str *rest, uint64_t *out)
{
  uint64_t value = 0;
  for (unsigned i = 0; i < rest->len && i < 10; i++) {
    uint8_t byte = (uint8_t)rest->ptr[i];
    value |= (uint64_t)(byte & 0x7F) << (7 * i);
    if (byte >= 0x80) continue;
    *rest = (gn_str){rest->ptr + i + 1, rest->len - i - 1};
    *out = value;
    return true;
  }
  return false;
}

static bool cut_fixed(gn_str *rest, size_t size, uint64_t *out)
{
  uint64_t value = 0;
  if (rest->len < size) return false;
  for (size_t i = 0; i < size; i++) value |= (uint64_t)(uint8_t)rest->ptr[i] << (8 * i);
  *rest = (gn_str){rest->ptr + size, rest->len - size};
  *out = value;
  return true;
}

static bool cut_bytes(gn_str *rest, gn_str *out)
{
  uint64_t size;
  if (!cut_varint(rest, &size) || size > rest->len) return false;
  *out = (gn_str){rest->ptr, (size_t)size};
  *rest = (gn_str){rest->ptr + size, rest->len - (size_t)size};
  return true;
}

int gni_proto_next(gn_str *message, gni_proto_field *out)
{
  uint64_t tag;
  bool whole = false;
  *out = (gni_proto_field){0};
  if (message->len == 0) return GN_ABSENT;
  if (!cut_varint(message, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
    return GN_E_CORRUPT;
  out->number = (uint32_t)(tag >> 3);
  out->type = (uint8_t)(tag & 7);
  if (out->type == GNI_PROTO_VARINT) whole = cut_varint(message, &out->value);
  if (out->type == GNI_PROTO_64) whole = cut_fixed(message, 8, &out->value);
  if (out->type == GNI_PROTO_32) whole = cut_fixed(message, 4, &out->value);
  if (out->type == GNI_PROTO_BYTES) whole = cut_bytes(message, &out->bytes);
  return whole ? GN_OK : GN_E_CORRUPT;
}

gn_str gni_proto_bytes(const gni_proto_field *field)
{
  return field->type == GNI_PROTO_BYTES ? field->bytes : (gn_str){NULL, 0};
}

int gni_proto_find(gn_str message, uint32_t number, gni_proto_field *out)
{
  gni_proto_field field;
  int rc, found = GN_ABSENT;
  while ((rc = gni_proto_next(&message, &field)) == GN_OK) {
    if (field.number != number) continue;
    *out = field;
    found = GN_OK;
  }
  return rc < 0 ? rc : found;
}
