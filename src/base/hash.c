/* Digests: XXH for tables and long keys, SHA-256 for caches, MD5 for Chronon's names of things.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

gni_hash128 gni_xxh128(const void *bytes, size_t size)
{
  XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return (gni_hash128){hash.low64, hash.high64};
}

uint64_t gni_xxh64(const void *bytes, size_t size, uint64_t seed)
{
  return XXH3_64bits_withSeed(bytes, size, seed);
}

static uint32_t rotate_left(uint32_t x, unsigned n)
{
  return x << n | x >> (32 - n);
}

/* Both digests cut the message, padded with 0x80, zeros and its length in bits, into 64-byte
 * blocks; they differ in the block function and in the byte order. */
typedef void (*block_fn)(uint32_t *state, const uint8_t block[64]);

static void digest_blocks(uint32_t *state, const uint8_t *bytes, size_t size, bool big_endian,
                          block_fn step)
{
  uint8_t tail[128] = {0};
  size_t whole = size / 64 * 64, rest = size - whole;
  for (size_t at = 0; at < whole; at += 64) step(state, bytes + at);
  if (rest) memcpy(tail, bytes + whole, rest);
  tail[rest] = 0x80;
  size_t tail_size = rest < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)size * 8;
  for (unsigned i = 0; i < 8; i++)
    tail[tail_size - 8 + i] = (uint8_t)(bits >> (big_endian ? 56 - 8 * i : 8 * i));
  for (size_t at = 0; at < tail_size; at += 64) step(state, tail + at);
}

/* ---- SHA-256: FIPS 180-4 ---- */

static const uint32_t sha256_round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate_right(uint32_t x, unsigned n)
{
  return x >> n | x << (32 - n);
}

static void sha256_block(uint32_t *state, const uint8_t block[64])
{
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t sum1 = rotate_right(s[4], 6) ^ rotate_right(s[4], 11) ^ rotate_right(s[4], 25);
    uint32_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
    uint32_t one = s[7] + sum1 + choose + sha256_round[i] + w[i];
    uint32_t sum0 = rotate_right(s[0], 2) ^ rotate_right(s[0], 13) ^ rotate_right(s[0], 22);
    uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    s[7] = s[6]; /* one by one: a call to memmove would cost as much as the rest */
    s[6] = s[5];
    s[5] = s[4];
    s[4] = s[3] + one;
    s[3] = s[2];
    s[2] = s[1];
    s[1] = s[0];
    s[0] = one + sum0 + majority;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

void gni_sha256(const void *bytes, size_t size, uint8_t out[32])
{
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  digest_blocks(state, bytes, size, true, sha256_block);
  for (unsigned i = 0; i < 32; i++) out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- MD5: RFC 1321 ---- */

static const uint32_t md5_add[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t md5_turn[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static uint32_t md5_mix(int i, const uint32_t s[4])
{
  switch (i / 16) {
  case 0:
    return (s[1] & s[2]) | (~s[1] & s[3]);
  case 1:
    return (s[3] & s[1]) | (~s[3] & s[2]);
  case 2:
    return s[1] ^ s[2] ^ s[3];
  default:
    return s[2] ^ (s[1] | ~s[3]);
  }
}

static void md5_block(uint32_t *state, const uint8_t block[64])
{
  static const int stride[4] = {1, 5, 3, 7}, start[4] = {0, 1, 5, 0};
  uint32_t s[4], word[16];
  for (int i = 0; i < 16; i++)
    word[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
              (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    int pick = (start[i / 16] + stride[i / 16] * i) % 16;
    uint32_t sum = s[0] + md5_mix(i, s) + md5_add[i] + word[pick];
    s[0] = s[3];
    s[3] = s[2];
    s[2] = s[1];
    s[1] += rotate_left(sum, md5_turn[i / 16 * 4 + i % 4]);
  }
  for (int i = 0; i < 4; i++) state[i] += s[i];
}

void gni_md5(const void *bytes, size_t size, uint8_t out[16])
{
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  digest_blocks(state, bytes, size, false, md5_block);
  for (unsigned i = 0; i < 16; i++) out[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}
