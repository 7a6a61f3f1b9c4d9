/* Small integers in few bits: levels, positions in a dictionary, differences of what ascends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"

enum {
  GROUP = 8,         /* values; bits are packed in whole groups of them */
  RUN_GROUPS_MIN = 4 /* shorter runs are packed: what is around them would be cut */
};
/* Of differences; readers want multiples of 128 and of 32. */
enum { BLOCK = 128, MINIBLOCKS = 4, MINIBLOCK = BLOCK / MINIBLOCKS };

int gnp_bits_for(uint64_t most)
{
  return most ? 64 - __builtin_clzll(most) : 0;
}

/* ---- bits, the first in the lowest ----------------------------------------------------------- */

struct packer {
  uint8_t *to;
  uint64_t held;
  int held_bits; /* always less than 64 */
};

static inline void put_bits(struct packer *packer, uint64_t value, int bits)
{
  int before = packer->held_bits, after = before + bits;
  packer->held |= value << before;
  if (after >= 64) {
    memcpy(packer->to, &packer->held, sizeof packer->held);
    packer->to += sizeof packer->held;
    packer->held = before ? value >> (64 - before) : 0;
    after -= 64;
  }
  packer->held_bits = after;
}

static uint8_t *end_bits(struct packer *packer)
{
  for (; packer->held_bits > 0; packer->held_bits -= 8, packer->held >>= 8)
    *packer->to++ = (uint8_t)packer->held;
  packer->held_bits = 0;
  return packer->to;
}

/* ---- levels ---------------------------------------------------------------------------------- */

static uint64_t group_at(const uint8_t *levels, uint32_t group)
{
  uint64_t word;
  memcpy(&word, levels + (size_t)group * GROUP, sizeof word);
  return word;
}

/* How many groups from this one on are full of one level. */
static uint32_t equal_groups(const uint8_t *levels, uint32_t from, uint32_t groups)
{
  uint64_t first = group_at(levels, from);
  uint32_t at = from;
  if (first != (first & 0xff) * UINT64_C(0x0101010101010101)) return 0;
  while (at < groups && group_at(levels, at) == first) at++;
  return at - from;
}

static uint8_t *put_run(uint8_t *to, uint32_t count, uint8_t level)
{
  to = gnp_varint_put(to, (uint64_t)count << 1);
  *to++ = level;
  return to;
}

static uint8_t *put_packed(uint8_t *to, const uint8_t *levels, uint32_t groups, int bits)
{
  struct packer packer = {.to = gnp_varint_put(to, (uint64_t)groups << 1 | 1)};
  for (uint32_t i = 0; i < groups * GROUP; i++) put_bits(&packer, levels[i], bits);
  return end_bits(&packer);
}

void gnp_pack_levels(gn_buf *out, const uint8_t *levels, uint32_t count, int bits)
{
  uint32_t groups = (count + GROUP - 1) / GROUP, size, run, next;
  size_t before = out->len;
  /* How long a stretch is takes no more bytes than the stretch has groups. */
  size_t most =
      sizeof size + (size_t)groups * ((size_t)bits + 1) + (size_t)2 * GNP_VARINT_BYTES_MAX;
  uint8_t *start = gni_buf_extend(out, most), *to = start;
  if (!start) return;
  to += sizeof size;
  for (uint32_t at = 0; at < groups; at = next) {
    run = equal_groups(levels, at, groups);
    next = at + run;
    if (run >= RUN_GROUPS_MIN || (run && next == groups)) {
      uint32_t end = next * GROUP < count ? next * GROUP : count;
      to = put_run(to, end - at * GROUP, levels[at * GROUP]);
      continue;
    }
    next = at + 1;
    while (next < groups && equal_groups(levels, next, groups) < RUN_GROUPS_MIN) next++;
    to = put_packed(to, levels + (size_t)at * GROUP, next - at, bits);
  }
  size = (uint32_t)(to - start - (ptrdiff_t)sizeof size);
  memcpy(start, &size, sizeof size);
  out->len = before + sizeof size + size;
}

/* ---- positions ------------------------------------------------------------------------------- */

void gnp_pack_positions(gn_buf *out, const uint32_t *positions, uint32_t count, int bits)
{
  uint32_t groups = (count + GROUP - 1) / GROUP;
  size_t before = out->len;
  size_t most = 1 + GNP_VARINT_BYTES_MAX + (size_t)groups * (size_t)bits;
  uint8_t *start = gni_buf_extend(out, most), *to = start;
  if (!start) return;
  *to++ = (uint8_t)bits;
  struct packer packer = {.to = gnp_varint_put(to, (uint64_t)groups << 1 | 1)};
  for (uint32_t i = 0; i < groups * GROUP; i++)
    put_bits(&packer, i < count ? positions[i] : 0, bits);
  out->len = before + (size_t)(end_bits(&packer) - start);
}

/* ---- differences ----------------------------------------------------------------------------- */

/* Integers of 4 or 8 bytes, whose differences wrap around in as many. */
struct integers {
  const char *bytes;
  uint32_t count;
  size_t width;
};

static int64_t integer_at(const struct integers *from, uint32_t i)
{
  int64_t wide;
  int32_t narrow;
  if (from->width == sizeof wide) {
    memcpy(&wide, from->bytes + i * sizeof wide, sizeof wide);
    return wide;
  }
  memcpy(&narrow, from->bytes + i * sizeof narrow, sizeof narrow);
  return narrow;
}

static int64_t difference(const struct integers *of, int64_t a, int64_t b)
{
  uint64_t difference = (uint64_t)a - (uint64_t)b;
  return of->width == sizeof a ? (int64_t)difference : (int32_t)(uint32_t)difference;
}

/* Up to BLOCK differences: the smallest, then how much larger each is. */
static uint8_t *put_block(uint8_t *to, const struct integers *from, uint32_t first, uint32_t count)
{
  uint64_t above[BLOCK] = {0}, mask = from->width == sizeof mask ? UINT64_MAX : UINT32_MAX;
  int64_t least = INT64_MAX;
  for (uint32_t i = 0; i < count; i++) {
    int64_t step = difference(from, integer_at(from, first + i), integer_at(from, first + i - 1));
    above[i] = (uint64_t)step;
    least = step < least ? step : least;
  }
  for (uint32_t i = 0; i < count; i++) above[i] = (above[i] - (uint64_t)least) & mask;
  to = gnp_varint_put(to, gnp_thrift_zigzag(least));
  struct packer packer = {.to = to + MINIBLOCKS};
  for (uint32_t start = 0; start < BLOCK; start += MINIBLOCK) {
    uint64_t any = 0;
    for (uint32_t i = start; i < start + MINIBLOCK; i++) any |= above[i];
    int bits = gnp_bits_for(any);
    *to++ = (uint8_t)bits;
    for (uint32_t i = start; i < start + MINIBLOCK && start < count; i++)
      put_bits(&packer, above[i], bits);
  }
  return end_bits(&packer);
}

void gnp_pack_differences(gn_buf *out, const char *bytes, uint32_t count, size_t width)
{
  struct integers from = {bytes, count, width};
  size_t before = out->len;
  size_t of_block = GNP_VARINT_BYTES_MAX + MINIBLOCKS + BLOCK * sizeof(uint64_t);
  size_t most = (size_t)4 * GNP_VARINT_BYTES_MAX + (count / BLOCK + 1) * of_block;
  uint8_t *start = gni_buf_extend(out, most), *to = start;
  if (!start) return;
  to = gnp_varint_put(to, BLOCK);
  to = gnp_varint_put(to, MINIBLOCKS);
  to = gnp_varint_put(to, count);
  to = gnp_varint_put(to, gnp_thrift_zigzag(count ? integer_at(&from, 0) : 0));
  for (uint32_t i = 1; i < count; i += BLOCK)
    to = put_block(to, &from, i, count - i < BLOCK ? count - i : BLOCK);
  out->len = before + (size_t)(to - start);
}
