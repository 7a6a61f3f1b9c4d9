/* Bytes as text, RFC 4648 with padding. SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_private.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int gni_base64_encode(gn_str bytes, gn_buf *out)
{
  const unsigned char *in = (const unsigned char *)bytes.ptr;
  char *to = gni_buf_extend(out, (bytes.len / 3 + (bytes.len % 3 != 0)) * 4);
  if (!to) return out->rc;
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t left = bytes.len - i;
    unsigned group = (unsigned)in[i] << 16;
    if (left > 1) group |= (unsigned)in[i + 1] << 8;
    if (left > 2) group |= in[i + 2];
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = left > 1 ? digits[group >> 6 & 63] : '=';
    *to++ = left > 2 ? digits[group & 63] : '=';
  }
  return GN_OK;
}

static int digit_value(char c)
{
  const char *found = c ? strchr(digits, c) : NULL;
  return found ? (int)(found - digits) : -1;
}

bool gnp_base64_decode(gn_str text, char *out, size_t *len)
{
  size_t padding = gni_str_ends(text, "==") ? 2 : gni_str_ends(text, "=");
  unsigned group = 0;
  *len = 0;
  if (text.len % 4 != 0) return false;
  for (size_t i = 0; i < text.len; i++) {
    int value = i >= text.len - padding ? 0 : digit_value(text.ptr[i]);
    if (value < 0) return false;
    group = group << 6 | (unsigned)value;
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out[(*len)++] = (char)(group >> shift & 0xFF);
    group = 0;
  }
  for (; padding > 0; padding--)
    if (out[--*len] != 0) return false; /* one text only for the same bytes */
  return true;
}

int gni_base64_decode(gn_str text, gn_buf *out)
{
  size_t start = out->len, len;
  char *to = gni_buf_extend(out, text.len / 4 * 3);
  if (!to) return out->rc;
  bool good = gnp_base64_decode(text, to, &len);
  out->len = start + (good ? len : 0);
  out->ptr[out->len] = '\0';
  return good ? GN_OK : GN_E_PARSE;
}
