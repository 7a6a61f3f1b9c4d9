/* Keys as bytes in their order. SPDX-License-Identifier: Apache-2.0 */
#include "flow/key_code.h"

enum { NUMBER_BYTES = 9 };
#define SIGN (UINT64_C(1) << 63)

bool gnp_key_code_can(const gni_type *type)
{
  return type->kind <= GNI_TIMESTAMP && type->kind != GNI_FLOAT && type->kind != GNI_DOUBLE;
}

/* ---- coding ---- */

static void put_number(char *to, uint64_t number)
{
  number ^= SIGN;
  to[0] = 0;
  for (int i = 0; i < 8; i++) to[1 + i] = (char)(number >> (56 - 8 * i));
}

static void code_number(gn_buf *out, int64_t number)
{
  char *bytes = gni_buf_extend(out, NUMBER_BYTES);
  if (bytes) put_number(bytes, (uint64_t)number);
}

static void code_text(gn_buf *out, gn_str text)
{
  gni_buf_add_char(out, 0);
  for (size_t at = 0; at < text.len;) {
    const char *zero = memchr(text.ptr + at, 0, text.len - at);
    size_t len = zero ? (size_t)(zero - text.ptr) - at : text.len - at;
    gni_buf_add(out, text.ptr + at, len);
    if (zero) gni_buf_add(out, "\0\377", 2);
    at += len + (zero != NULL);
  }
  gni_buf_add(out, "\0\0", 2);
}

void gnp_key_code(gn_buf *out, const gni_type *type, const gni_value *value)
{
  if (value->is_null)
    gni_buf_add_char(out, 1);
  else if (gnp_is_text(type))
    code_text(out, value->text);
  else
    code_number(out, type->kind == GNI_BOOLEAN ? value->boolean : value->integer);
}

void gnp_key_code_words(gn_buf *out, const char *words, size_t count)
{
  char *bytes = gni_buf_extend(out, count * NUMBER_BYTES);
  for (size_t i = 0; bytes && i < count; i++, bytes += NUMBER_BYTES) {
    uint64_t word;
    memcpy(&word, words + i * sizeof word, sizeof word);
    put_number(bytes, word);
  }
}

/* ---- decoding ---- */

static const char *decode_text(const char *from, gn_arena *arena, gn_str *out)
{
  const char *end = from;
  size_t zeros = 0;
  while (end[0] || end[1]) {
    zeros += end[0] == 0;
    end += end[0] ? 1 : 2;
  }
  char *bytes = zeros ? gni_arena_take(arena, (size_t)(end - from)) : NULL;
  *out = (gn_str){from, (size_t)(end - from)};
  if (!zeros) return end + 2;
  if (!bytes) return NULL;
  size_t len = 0;
  for (const char *at = from; at < end; at += *at ? 1 : 2) bytes[len++] = *at;
  *out = (gn_str){bytes, len};
  return end + 2;
}

const char *gnp_key_decode(const char *bytes, const gni_type *type, gn_arena *arena, gni_value *out)
{
  *out = (gni_value){.is_null = *bytes++ == 1};
  if (out->is_null) return bytes;
  if (gnp_is_text(type)) return decode_text(bytes, arena, &out->text);
  uint64_t bits = 0;
  for (int k = 0; k < 8; k++) bits = bits << 8 | (uint8_t)*bytes++;
  int64_t number = (int64_t)(bits ^ SIGN);
  if (type->kind == GNI_BOOLEAN)
    out->boolean = number != 0;
  else
    out->integer = number;
  return bytes;
}
