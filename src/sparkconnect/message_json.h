/* Encoded messages as JSON in the protocol's own names. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_MESSAGE_JSON_H
#define GNOMON_SRC_SPARKCONNECT_MESSAGE_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "base/base.h"

enum { SPARKP_JSON_DEPTH_MAX = 64 };

/* Appends an object with the fields that are there: enums by their names, bytes in base64, maps as
 * objects, reals that JSON has no number for as texts. Fields that the protocol's version does not
 * know are left out. GN_E_CORRUPT for what is no message of that type, or is deeper than
 * SPARKP_JSON_DEPTH_MAX. */
int sparkp_message_json(gn_str bytes, const ProtobufCMessageDescriptor *type, gn_buf *out);

#endif
