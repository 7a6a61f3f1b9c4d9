/* Protobuf's wire format, for what is not worth generated code: a reader that borrows, and the few
 * writers that framing needs. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_WIRE_PROTO_H
#define GNOMON_SRC_WIRE_PROTO_H

#include "base/base.h"

enum gni_proto_type {
  GNI_PROTO_VARINT = 0,
  GNI_PROTO_64 = 1,
  GNI_PROTO_BYTES = 2,
  GNI_PROTO_32 = 5
};

typedef struct gni_proto_field {
  uint32_t number;
  uint8_t type;   /* gni_proto_type */
  uint64_t value; /* of numbers */
  gn_str bytes;   /* of GNI_PROTO_BYTES; borrows the message */
} gni_proto_field;

/* Cuts the first field off `*message`. GN_ABSENT at its end; GN_E_CORRUPT for what is cut short, a
 * varint above ten bytes, field number 0, or a group. */
int gni_proto_next(gn_str *message, gni_proto_field *out);
/* The field as it is asked for: bytes, or {NULL, 0} when it is of another type. */
gn_str gni_proto_bytes(const gni_proto_field *field);
/* The last field of that number among the fields of `message`; GN_ABSENT when there is none. */
int gni_proto_find(gn_str message, uint32_t number, gni_proto_field *out);

#endif
