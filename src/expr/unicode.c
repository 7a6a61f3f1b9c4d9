/* Characters. SPDX-License-Identifier: Apache-2.0 */
#include "expr/unicode.h"

static size_t size_of_lead(unsigned char lead)
{
  return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
}

uint32_t gnp_utf8_next(gn_str text, size_t *at)
{
  static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  unsigned char lead = (unsigned char)text.ptr[*at];
  size_t size = size_of_lead(lead);
  if (*at + size > text.len) size = 1;
  uint32_t c = size == 1 ? lead : lead & masks[size];
  for (size_t i = 1; i < size; i++) c = c << 6 | ((unsigned char)text.ptr[*at + i] & 0x3F);
  *at += size;
  return c;
}

bool gnp_utf8_begins(gn_str bytes)
{
  unsigned char first = (unsigned char)bytes.ptr[0], low = 0x80, high = 0xBF;
  size_t length = first < 0x80    ? 1
                  : first < 0xC2  ? 0
                  : first < 0xE0  ? 2
                  : first < 0xF0  ? 3
                  : first <= 0xF4 ? 4
                                  : 0;
  if (bytes.len > length) return false;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F; /* no surrogates */
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (size_t i = 1; i < bytes.len; i++, low = 0x80, high = 0xBF)
    if ((unsigned char)bytes.ptr[i] < low || (unsigned char)bytes.ptr[i] > high) return false;
  return true;
}

size_t gnp_utf8_put(uint32_t c, char out[4])
{
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)((len == 2 ? 0xC0 : len == 3 ? 0xE0 : 0xF0) | c);
  return len;
}

size_t gnp_utf8_count(gn_str text)
{
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
  return count;
}

size_t gnp_utf8_offset(gn_str text, size_t index)
{
  size_t at = 0;
  for (; at < text.len && index; index--) {
    at++;
    while (at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80) at++;
  }
  return at;
}

int gnp_digit_of(uint32_t c)
{
  /* Where the ten digits of each script begin (Unicode's Nd, first plane). */
  static const uint16_t zeros[] = {0x30,   0x660,  0x6F0,  0x7C0,  0x966,  0x9E6,  0xA66,  0xAE6,
                                   0xB66,  0xBE6,  0xC66,  0xCE6,  0xD66,  0xDE6,  0xE50,  0xED0,
                                   0xF20,  0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
                                   0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900,
                                   0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
    if (c >= zeros[i] && c < zeros[i] + 10u) return (int)(c - zeros[i]);
  return -1;
}
