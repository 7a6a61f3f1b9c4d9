/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

#include <stdio.h>

static const char *hex(const uint8_t *bytes, size_t size)
{
  static char text[65];
  for (size_t i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

/* The test values of FIPS 180-4 and RFC 1321. */
static void digests_of_known_texts(void)
{
  uint8_t out[32];
  gni_sha256("abc", 3, out);
  CHECK_TEXT(hex(out, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  gni_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
  CHECK_TEXT(hex(out, 32), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  gni_md5("", 0, out);
  CHECK_TEXT(hex(out, 16), "d41d8cd98f00b204e9800998ecf8427e");
  gni_md5("message digest", 14, out);
  CHECK_TEXT(hex(out, 16), "f96b697d7cb7938d525a2f31aaf161d0");
  gni_md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890", 80,
          out);
  CHECK_TEXT(hex(out, 16), "57edf4a22be3c955ac49da2e2107b67a");
}

static void xxh128_depends_on_every_byte(void)
{
  char text[300] = {0};
  gni_hash128 before = gni_xxh128(text, sizeof text);
  for (size_t i = 0; i < sizeof text; i++) {
    text[i] = 1;
    gni_hash128 after = gni_xxh128(text, sizeof text);
    CHECK(after.low != before.low && after.high != before.high);
    text[i] = 0;
  }
}

/* Tables take the low bits: numbers that differ in any one byte must differ there, mostly. */
static void short_hashes_spread_in_their_low_bits(void)
{
  enum { SLOTS = 1 << 12 };
  for (size_t size = 1; size <= 24; size++)
    for (size_t at = 0; at < size; at++) {
      static bool taken[SLOTS];
      char text[24] = {0};
      int places = 0;
      memset(taken, 0, sizeof taken);
      for (int i = 0; i < 256; i++) {
        text[at] = (char)i;
        bool *slot = &taken[gni_hash(text, size) & (SLOTS - 1)];
        places += !*slot;
        *slot = true;
      }
      CHECK(places > 225); /* 248 are to be expected */
    }
}

static void equal_bytes_are_told_from_others(void)
{
  for (size_t size = 0; size <= 24; size++) {
    char a[24] = "abcdefghijklmnopqrstuvw", b[24];
    memcpy(b, a, sizeof a);
    CHECK(gni_same_bytes(a, b, size));
    for (size_t at = 0; at < sizeof b; at++) {
      b[at] = '!';
      CHECK_INT(gni_same_bytes(a, b, size), at >= size);
      b[at] = a[at];
    }
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"digests of known texts", digests_of_known_texts},
      {"XXH128 depends on every byte", xxh128_depends_on_every_byte},
      {"short hashes spread in their low bits", short_hashes_spread_in_their_low_bits},
      {"equal bytes are told from others", equal_bytes_are_told_from_others},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
