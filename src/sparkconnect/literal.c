/* Literals of the server as text. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "sparkconnect/client.h"
#include "wire/proto.h"

/* Expression.Literal: null 1, binary 2, boolean 3, byte 4, short 5, integer 6, long 7, float 10,
 * double 11, decimal 12 {value 1}, string 13 */
void sparkp_literal_text(gn_str literal, char *out, size_t size)
{
  gni_proto_field field, value;
  double real;
  float single;
  out[0] = '\0';
  if (gni_proto_next(&literal, &field) != GN_OK) return;
  switch (field.number) {
  case 1:
    snprintf(out, size, "null");
    break;
  case 3:
    snprintf(out, size, "%s", field.value ? "true" : "false");
    break;
  case 4:
  case 5:
  case 6:
    snprintf(out, size, "%" PRId32, (int32_t)field.value);
    break;
  case 7:
    snprintf(out, size, "%" PRId64, (int64_t)field.value);
    break;
  case 10: {
    uint32_t bits = (uint32_t)field.value;
    memcpy(&single, &bits, sizeof single);
    char text[GN_DOUBLE_TEXT_BYTES];
    gni_format_float(single, text);
    snprintf(out, size, "%s", text);
    break;
  }
  case 11: {
    memcpy(&real, &field.value, sizeof real);
    char text[GN_DOUBLE_TEXT_BYTES];
    gni_format_double(real, text);
    snprintf(out, size, "%s", text);
    break;
  }
  case 12:
    if (gni_proto_find(gni_proto_bytes(&field), 1, &value) == GN_OK)
      snprintf(out, size, "%.*s", GN_STR_ARGS(gni_proto_bytes(&value)));
    break;
  case 13:
    snprintf(out, size, "%.*s", GN_STR_ARGS(gni_proto_bytes(&field)));
    break;
  default:
    snprintf(out, size, "(a literal of kind %" PRIu32 ")", field.number);
    break;
  }
}
