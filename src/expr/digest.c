/* SHA-1, SHA-2 of other widths than base has, CRC-32, XXH64. Constants: FIPS 180-4, IEEE 802.3, the
 * XXH64 specification.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/digest.h"

/* The last one or two blocks: the rest, a bit, zeros, the length in bits. Returns their size. */
static size_t last_blocks(gn_str bytes, size_t block, uint8_t *out)
{
  size_t rest = bytes.len % block, length_size = block / 8;
  size_t size = rest + 1 + length_size > block ? 2 * block : block;
  memset(out, 0, size);
  if (rest) memcpy(out, bytes.ptr + bytes.len - rest, rest);
  out[rest] = 0x80;
  uint64_t bits = (uint64_t)bytes.len * 8;
  for (size_t i = 0; i < 8; i++) out[size - 1 - i] = (uint8_t)(bits >> (8 * i));
  return size;
}

static void each_block(gn_str bytes, size_t block, void *state,
                       void (*take)(void *state, const uint8_t *block))
{
  uint8_t tail[256];
  size_t size = last_blocks(bytes, block, tail);
  for (size_t i = 0; i + block <= bytes.len; i += block)
    take(state, (const uint8_t *)bytes.ptr + i);
  for (size_t i = 0; i < size; i += block) take(state, tail + i);
}

static uint32_t read32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t left32(uint32_t x, int n)
{
  return x << n | x >> (32 - n);
}

static uint32_t right32(uint32_t x, int n)
{
  return x >> n | x << (32 - n);
}

static uint64_t right64(uint64_t x, int n)
{
  return x >> n | x << (64 - n);
}

/* ---- SHA-1 ----------------------------------------------------------------------------------- */

static void sha1_block(void *state, const uint8_t *block)
{
  static const uint32_t k[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
  uint32_t *h = state, w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++) w[i] = read32(block + 4 * i);
  for (int i = 16; i < 80; i++) w[i] = left32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20              ? (b & c) | (~b & d)
                 : i < 40 || i >= 60 ? b ^ c ^ d
                                     : (b & c) | (b & d) | (c & d);
    uint32_t next = left32(a, 5) + f + e + k[i / 20] + w[i];
    e = d;
    d = c;
    c = left32(b, 30);
    b = a;
    a = next;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
}

static void put_words32(const uint32_t *words, size_t size, uint8_t *out)
{
  for (size_t i = 0; i < size; i++) out[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
}

void gnp_sha1(gn_str bytes, uint8_t out[20])
{
  uint32_t h[] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  each_block(bytes, 64, h, sha1_block);
  put_words32(h, 20, out);
}

/* ---- SHA-2 ----------------------------------------------------------------------------------- */

/* The first 64 bits of the fractions of the cube roots of the first 80 primes; SHA-256 and SHA-224
 * use the upper halves of the first 64. */
static const uint64_t roots[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

static void sha256_block(void *state, const uint8_t *block)
{
  uint32_t *h = state, w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = read32(block + 4 * i);
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = right32(w[i - 15], 7) ^ right32(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = right32(w[i - 2], 17) ^ right32(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = right32(v[4], 6) ^ right32(v[4], 11) ^ right32(v[4], 25);
    uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    uint32_t t1 = v[7] + s1 + choice + (uint32_t)(roots[i] >> 32) + w[i];
    uint32_t s0 = right32(v[0], 2) ^ right32(v[0], 13) ^ right32(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void sha512_block(void *state, const uint8_t *block)
{
  uint64_t *h = state, w[80], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint64_t)read32(block + 8 * i) << 32 | read32(block + 8 * i + 4);
  for (int i = 16; i < 80; i++) {
    uint64_t s0 = right64(w[i - 15], 1) ^ right64(w[i - 15], 8) ^ w[i - 15] >> 7;
    uint64_t s1 = right64(w[i - 2], 19) ^ right64(w[i - 2], 61) ^ w[i - 2] >> 6;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 80; i++) {
    uint64_t s1 = right64(v[4], 14) ^ right64(v[4], 18) ^ right64(v[4], 41);
    uint64_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + roots[i] + w[i];
    uint64_t s0 = right64(v[0], 28) ^ right64(v[0], 34) ^ right64(v[0], 39);
    uint64_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

void gnp_sha224(gn_str bytes, uint8_t out[28])
{
  uint32_t h[] = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939,
                  0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4};
  each_block(bytes, 64, h, sha256_block);
  put_words32(h, 28, out);
}

static void put_words64(const uint64_t *words, size_t size, uint8_t *out)
{
  for (size_t i = 0; i < size; i++) out[i] = (uint8_t)(words[i / 8] >> (56 - 8 * (i % 8)));
}

void gnp_sha384(gn_str bytes, uint8_t out[48])
{
  uint64_t h[] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                  0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
  each_block(bytes, 128, h, sha512_block);
  put_words64(h, 48, out);
}

void gnp_sha512(gn_str bytes, uint8_t out[64])
{
  uint64_t h[] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  each_block(bytes, 128, h, sha512_block);
  put_words64(h, 64, out);
}

/* ---- CRC-32 ---------------------------------------------------------------------------------- */

uint32_t gnp_crc32(gn_str bytes)
{
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < bytes.len; i++) {
    crc ^= (unsigned char)bytes.ptr[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/* ---- XXH64 ----------------------------------------------------------------------------------- */

static const uint64_t primes[] = {0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                                  0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5};

static uint64_t left64(uint64_t x, int n)
{
  return x << n | x >> (64 - n);
}

static uint64_t load64(const char *p)
{
  uint64_t x;
  memcpy(&x, p, sizeof x);
  return x;
}

static uint64_t xx_round(uint64_t sum, uint64_t lane)
{
  return left64(sum + lane * primes[1], 31) * primes[0];
}

static uint64_t xx_stripes(gn_str bytes, uint64_t seed, size_t *at)
{
  uint64_t sums[] = {seed + primes[0] + primes[1], seed + primes[1], seed, seed - primes[0]};
  for (; *at + 32 <= bytes.len; *at += 32)
    for (size_t i = 0; i < 4; i++) sums[i] = xx_round(sums[i], load64(bytes.ptr + *at + 8 * i));
  uint64_t hash =
      left64(sums[0], 1) + left64(sums[1], 7) + left64(sums[2], 12) + left64(sums[3], 18);
  for (size_t i = 0; i < 4; i++) hash = (hash ^ xx_round(0, sums[i])) * primes[0] + primes[3];
  return hash;
}

uint64_t gnp_xxhash64(gn_str bytes, uint64_t seed)
{
  size_t at = 0;
  uint64_t hash = bytes.len >= 32 ? xx_stripes(bytes, seed, &at) : seed + primes[4];
  hash += bytes.len;
  for (; at + 8 <= bytes.len; at += 8)
    hash = left64(hash ^ xx_round(0, load64(bytes.ptr + at)), 27) * primes[0] + primes[3];
  if (at + 4 <= bytes.len) {
    uint32_t word;
    memcpy(&word, bytes.ptr + at, sizeof word);
    hash = left64(hash ^ word * primes[0], 23) * primes[1] + primes[2];
    at += 4;
  }
  for (; at < bytes.len; at++)
    hash = left64(hash ^ (unsigned char)bytes.ptr[at] * primes[4], 11) * primes[0];
  hash = (hash ^ hash >> 33) * primes[1];
  hash = (hash ^ hash >> 29) * primes[2];
  return hash ^ hash >> 32;
}
