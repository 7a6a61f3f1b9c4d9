/* SPDX-License-Identifier: Apache-2.0 */
#include "agg/sketch.h"

/* ---- hash ------------------------------------------------------------------------------------ */

#define MURMUR_SEED UINT64_C(9001) /* DataSketches' default; it is part of the format */

static uint64_t rotate(uint64_t x, int bits)
{
  return x << bits | x >> (64 - bits);
}

static uint64_t mix_low(uint64_t k)
{
  return rotate(k * UINT64_C(0x87c37b91114253d5), 31) * UINT64_C(0x4cf5ad432745937f);
}

static uint64_t mix_high(uint64_t k)
{
  return rotate(k * UINT64_C(0x4cf5ad432745937f), 33) * UINT64_C(0x87c37b91114253d5);
}

static uint64_t avalanche(uint64_t h)
{
  h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
  h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
  return h ^ h >> 33;
}

static gnp_murmur finish(uint64_t low, uint64_t high, size_t size)
{
  low ^= size;
  high ^= size;
  low += high;
  high += low;
  low = avalanche(low);
  high = avalanche(high);
  low += high;
  return (gnp_murmur){low, high + low};
}

gnp_murmur gnp_murmur_long(uint64_t value)
{
  return finish(MURMUR_SEED ^ mix_low(value), MURMUR_SEED, sizeof value);
}

gnp_murmur gnp_murmur_bytes(gn_str bytes)
{
  uint64_t low = MURMUR_SEED, high = MURMUR_SEED;
  size_t at = 0;
  for (; bytes.len - at >= 16; at += 16) {
    low ^= mix_low(gnp_see_integer(bytes.ptr + at, 8));
    low = (rotate(low, 27) + high) * 5 + 0x52dce729;
    high ^= mix_high(gnp_see_integer(bytes.ptr + at + 8, 8));
    high = (rotate(high, 31) + low) * 5 + 0x38495ab5;
  }
  size_t rest = bytes.len - at;
  if (rest > 8) high ^= mix_high(gnp_see_integer(bytes.ptr + at + 8, rest - 8));
  if (rest > 0) low ^= mix_low(gnp_see_integer(bytes.ptr + at, rest < 8 ? rest : 8));
  return finish(low, high, bytes.len);
}

/* ---- order ----------------------------------------------------------------------------------- */

static void insert_words(uint32_t *words, size_t count, size_t gap)
{
  for (size_t i = gap; i < count; i++) {
    uint32_t word = words[i];
    size_t at = i;
    for (; at >= gap && words[at - gap] > word; at -= gap) words[at] = words[at - gap];
    words[at] = word;
  }
}

enum { RANKED_MAX = 20 };

/* A few words go where the number of smaller ones says, without a branch that could be foreseen
 * wrongly. */
static void rank_words(uint32_t *words, size_t count)
{
  uint32_t ranks[RANKED_MAX], sorted[RANKED_MAX];
  for (size_t i = 0; i < count; i++) {
    uint32_t greater = 0;
    for (size_t j = 0; j < i; j++) {
      uint32_t is_greater = words[j] > words[i];
      ranks[j] += is_greater;
      greater += is_greater;
    }
    ranks[i] = (uint32_t)i - greater;
  }
  for (size_t i = 0; i < count; i++) sorted[ranks[i]] = words[i];
  memcpy(words, sorted, count * sizeof *words);
}

/* Else Shell's sort with Ciura's gaps: no memory, no worst case to speak of at these sizes. */
void gnp_sort_words(uint32_t *words, size_t count)
{
  if (count <= RANKED_MAX) {
    if (count > 1) rank_words(words, count);
    return;
  }
  static const size_t least_gaps[] = {1, 4, 10, 23, 57, 132, 301, 701};
  enum { GAPS_MAX = 24 };
  size_t gaps[GAPS_MAX], gap_count = 0;
  while (gap_count < GAPS_MAX) {
    size_t gap = gap_count < 8 ? least_gaps[gap_count] : gaps[gap_count - 1] * 9 / 4;
    if (gap_count > 0 && gap >= count) break;
    gaps[gap_count++] = gap;
  }
  while (gap_count-- > 0) insert_words(words, count, gaps[gap_count]);
}
