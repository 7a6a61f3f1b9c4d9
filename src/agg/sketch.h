/* What the three sketches share: bytes in little-endian order, a hash, a sort. Of this module only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_AGG_SKETCH_H
#define GNOMON_SRC_AGG_SKETCH_H

#include "agg/agg_private.h"

/* ---- bytes ----------------------------------------------------------------------------------- */

enum gnp_sketch_family { GNP_FAMILY_FREQUENCY = 10, GNP_FAMILY_KLL = 15, GNP_FAMILY_CPC = 16 };

/* Writes where the caller made room. */
static inline char *gnp_put_integer(char *at, uint64_t value, size_t size)
{
  for (size_t i = 0; i < size; i++) at[i] = (char)(value >> 8 * i);
  return at + size;
}

static inline uint64_t gnp_see_integer(const char *at, size_t size)
{
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) value |= (uint64_t)(uint8_t)at[i] << 8 * i;
  return value;
}

/* Reads from the front of bytes that came from outside; past their end it gives 0 and remembers. */
typedef struct gnp_bytes {
  gn_str rest;
  bool short_of;
} gnp_bytes;

static inline uint64_t gnp_take_integer(gnp_bytes *bytes, size_t size)
{
  if (bytes->rest.len < size) {
    bytes->short_of = true;
    return 0;
  }
  uint64_t value = gnp_see_integer(bytes->rest.ptr, size);
  bytes->rest = (gn_str){bytes->rest.ptr + size, bytes->rest.len - size};
  return value;
}

static inline gn_str gnp_take_text(gnp_bytes *bytes, size_t size)
{
  if (bytes->rest.len < size) {
    bytes->short_of = true;
    return (gn_str){NULL, 0};
  }
  gn_str text = {bytes->rest.ptr, size};
  bytes->rest = (gn_str){bytes->rest.ptr + size, bytes->rest.len - size};
  return text;
}

static inline uint64_t gnp_double_bits(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double gnp_double_from_bits(uint64_t bits)
{
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- hash and order -------------------------------------------------------------------------- */

/* MurmurHash3_x64_128 (Austin Appleby, public domain) with DataSketches' seed. */
typedef struct gnp_murmur {
  uint64_t low, high;
} gnp_murmur;
gnp_murmur gnp_murmur_bytes(gn_str bytes);
gnp_murmur gnp_murmur_long(uint64_t value); /* of its eight bytes */

/* Ascending, in place. */
void gnp_sort_words(uint32_t *words, size_t count);

#endif
