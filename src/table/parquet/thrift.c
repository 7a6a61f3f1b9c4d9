/* Thrift's compact protocol: numbers as zigzag varints, fields by how far their number is from the
 * one before. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"

enum { TRUE = 1, FALSE = 2, I64 = 6, LIST = 9, SHORT_LIST = 15 };

uint64_t gnp_thrift_zigzag(int64_t value)
{
  return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

uint8_t *gnp_varint_put(uint8_t *to, uint64_t value)
{
  for (; value >= 128; value >>= 7) *to++ = (uint8_t)(value | 128);
  *to++ = (uint8_t)value;
  return to;
}

void gnp_thrift_varint(gn_buf *out, uint64_t value)
{
  uint8_t bytes[GNP_VARINT_BYTES_MAX];
  gni_buf_add(out, bytes, (size_t)(gnp_varint_put(bytes, value) - bytes));
}

/* Parquet's numbers ascend and are at most 15 apart. */
static void add_field(gn_buf *out, int *last, int field, int type)
{
  gni_buf_add_char(out, (char)((field - *last) << 4 | type));
  *last = field;
}

void gnp_thrift_int(gn_buf *out, int *last, int field, int64_t value, bool is_long)
{
  add_field(out, last, field, is_long ? I64 : GNP_THRIFT_I32);
  gnp_thrift_varint(out, gnp_thrift_zigzag(value));
}

void gnp_thrift_text(gn_buf *out, int *last, int field, gn_str text)
{
  add_field(out, last, field, GNP_THRIFT_TEXT);
  gnp_thrift_varint(out, text.len);
  gni_buf_add_str(out, text);
}

void gnp_thrift_bool(gn_buf *out, int *last, int field, bool value)
{
  add_field(out, last, field, value ? TRUE : FALSE);
}

void gnp_thrift_list(gn_buf *out, int *last, int field, int element, size_t count)
{
  add_field(out, last, field, LIST);
  bool is_short = count < SHORT_LIST;
  gni_buf_add_char(out, (char)((is_short ? (int)count : SHORT_LIST) << 4 | element));
  if (!is_short) gnp_thrift_varint(out, count);
}

void gnp_thrift_struct(gn_buf *out, int *last, int field)
{
  add_field(out, last, field, GNP_THRIFT_STRUCT);
}

void gnp_thrift_end(gn_buf *out)
{
  gni_buf_add_char(out, 0);
}
