/* The CPC sketch as bytes: Apache DataSketches' form, serial version 1. A preamble of 32-bit words,
 * then the code of the window, then that of the surprises:
 *
 *   bytes     0 words of the preamble, 1 version, 2 family, 3 lgK, 4 first column with a surprise,
 *             5 flags, 6..7 hash of the seed
 *   then      coupons; surprises, where there are both parts; HIP's two sums there, or else at the
 *             end; words of the surprises, words of the window, each where it is there
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"

#include <math.h>

enum {
  FLAG_COMPRESSED = 1 << 1,
  FLAG_HIP = 1 << 2,
  FLAG_PAIRS = 1 << 3,
  FLAG_WINDOW = 1 << 4,
  SERIAL_VERSION = 1,
  SEED_HASH = 0x93CC, /* of 9001 */
  PREAMBLE_BYTES_MAX = 40,
  WORD_BYTES = 4
};

/* What a preamble says. */
typedef struct preamble {
  uint8_t flags;
  uint32_t count, pair_count, pair_words, window_words;
} preamble;

static int preamble_words(uint8_t flags)
{
  bool pairs = flags & FLAG_PAIRS, window = flags & FLAG_WINDOW;
  if (!pairs && !window) return 2;
  return 3 + (pairs && window) + pairs + window + (flags & FLAG_HIP ? 4 : 0);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static char *put_hip(const gnp_cpc *cpc, char *at)
{
  at = gnp_put_integer(at, gnp_double_bits(cpc->kxp), 8);
  return gnp_put_integer(at, gnp_double_bits(cpc->hip_sum), 8);
}

/* Where HIP is kept the column is from when the window moved; else from now. */
static uint8_t first_column(const gnp_cpc *cpc)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  uint64_t surprising = 0, expected = (UINT64_C(1) << window) - 1;
  if (cpc->hip) return cpc->first_column;
  if (window == 0) return 0;
  for (uint64_t row = 0; row < UINT64_C(1) << cpc->lg_k; row++)
    surprising |= (cpc->matrix[row] ^ expected) & expected;
  return surprising ? (uint8_t)__builtin_ctzll(surprising) : (uint8_t)window;
}

static char *put_preamble(const gnp_cpc *cpc, const preamble *p, char *at)
{
  bool pairs = p->flags & FLAG_PAIRS, window = p->flags & FLAG_WINDOW, hip = p->flags & FLAG_HIP;
  at = gnp_put_integer(at, (uint64_t)preamble_words(p->flags), 1);
  at = gnp_put_integer(at, SERIAL_VERSION, 1);
  at = gnp_put_integer(at, GNP_FAMILY_CPC, 1);
  at = gnp_put_integer(at, cpc->lg_k, 1);
  at = gnp_put_integer(at, first_column(cpc), 1);
  at = gnp_put_integer(at, p->flags, 1);
  at = gnp_put_integer(at, SEED_HASH, 2);
  if (p->count == 0) return at;
  at = gnp_put_integer(at, p->count, 4);
  if (pairs && window) at = gnp_put_integer(at, p->pair_count, 4);
  if (pairs && window && hip) at = put_hip(cpc, at);
  if (pairs) at = gnp_put_integer(at, p->pair_words, 4);
  if (window) at = gnp_put_integer(at, p->window_words, 4);
  if (hip && !(pairs && window)) at = put_hip(cpc, at);
  return at;
}

/* The coupons of a table in order; NULL without memory. */
static uint32_t *sorted_coupons(const gnp_cpc *cpc, gn_arena *arena)
{
  uint32_t *coupons = GN_TAKE(arena, uint32_t, cpc->count), count = 0;
  if (!coupons) return NULL;
  for (size_t i = 0; i < (size_t)1 << cpc->lg_slots; i++)
    if (cpc->table[i] != UINT32_MAX) coupons[count++] = cpc->table[i];
  gnp_sort_words(coupons, count);
  return coupons;
}

int gnp_cpc_save(const gnp_cpc *cpc, gn_str *out, gn_arena *arena)
{
  preamble p = {.flags = FLAG_COMPRESSED | (cpc->hip ? FLAG_HIP : 0), .count = cpc->count};
  gnp_cpc_pairs pairs = {NULL, cpc->matrix ? gnp_cpc_count_surprises(cpc) : cpc->count};
  if (!cpc->matrix && cpc->count > 0) {
    pairs.items = sorted_coupons(cpc, arena);
    if (!pairs.items) return gni_fail_arena(NULL, arena, cpc->count * sizeof(uint32_t));
  }
  if (pairs.count > 0) p.flags |= FLAG_PAIRS;
  if (cpc->matrix) p.flags |= FLAG_WINDOW;
  p.pair_count = pairs.count;
  size_t window_room = cpc->matrix ? gnp_cpc_window_room(cpc->lg_k) : 0;
  size_t room = PREAMBLE_BYTES_MAX + window_room + gnp_cpc_pairs_room(cpc->lg_k, pairs.count);
  char *bytes = gni_arena_take(arena, room);
  if (!bytes) return gni_fail_arena(NULL, arena, room);
  char *body = bytes + preamble_words(p.flags) * WORD_BYTES, *at = body;
  if (cpc->matrix) p.window_words = (uint32_t)gnp_cpc_encode_window(cpc, at);
  at += (size_t)p.window_words * WORD_BYTES;
  if (pairs.count > 0) p.pair_words = (uint32_t)gnp_cpc_encode_pairs(cpc, pairs, at);
  at += (size_t)p.pair_words * WORD_BYTES;
  put_preamble(cpc, &p, bytes);
  *out = (gn_str){bytes, (size_t)(at - bytes)};
  return GN_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static void take_hip(gnp_cpc *cpc, gnp_bytes *bytes)
{
  cpc->kxp = gnp_double_from_bits(gnp_take_integer(bytes, 8));
  cpc->hip_sum = gnp_double_from_bits(gnp_take_integer(bytes, 8));
}

static const char *take_head(gnp_cpc *cpc, preamble *p, int lg_k, gnp_bytes *bytes)
{
  uint64_t words = gnp_take_integer(bytes, 1), version = gnp_take_integer(bytes, 1);
  uint64_t family = gnp_take_integer(bytes, 1), stored_lg_k = gnp_take_integer(bytes, 1);
  cpc->first_column = (uint8_t)gnp_take_integer(bytes, 1);
  p->flags = (uint8_t)gnp_take_integer(bytes, 1);
  uint64_t seed = gnp_take_integer(bytes, 2);
  if (bytes->short_of) return "it is cut short";
  if (version != SERIAL_VERSION || family != GNP_FAMILY_CPC) return "no CPC sketch";
  if (stored_lg_k != (uint64_t)lg_k) return "its k is another";
  if (seed != SEED_HASH) return "its seed is another";
  if (!(p->flags & FLAG_COMPRESSED)) return "it is not compressed";
  if (words != (uint64_t)preamble_words(p->flags)) return "its preamble has another length";
  return NULL;
}

static const char *take_preamble(gnp_cpc *cpc, preamble *p, int lg_k, gnp_bytes *bytes)
{
  const char *reason = take_head(cpc, p, lg_k, bytes);
  if (reason) return reason;
  bool pairs = p->flags & FLAG_PAIRS, window = p->flags & FLAG_WINDOW;
  if (!pairs && !window) return NULL;
  cpc->hip = p->flags & FLAG_HIP;
  p->count = (uint32_t)gnp_take_integer(bytes, 4);
  p->pair_count = pairs ? p->count : 0;
  if (pairs && window) p->pair_count = (uint32_t)gnp_take_integer(bytes, 4);
  if (pairs && window && cpc->hip) take_hip(cpc, bytes);
  if (pairs) p->pair_words = (uint32_t)gnp_take_integer(bytes, 4);
  if (window) p->window_words = (uint32_t)gnp_take_integer(bytes, 4);
  if (cpc->hip && !(pairs && window)) take_hip(cpc, bytes);
  if (bytes->short_of) return "it is cut short";
  if (p->count == 0 || p->count > UINT64_C(64) << lg_k) return "its number of coupons";
  if (window != (2 * (uint64_t)p->count >= UINT64_C(1) << lg_k))
    return "its parts do not fit its number of coupons";
  if (pairs && p->pair_count == 0) return "its number of surprises";
  if (cpc->hip &&
      !(isfinite(cpc->hip_sum) && cpc->hip_sum >= 0 && cpc->kxp > 0 && cpc->kxp <= ldexp(1, lg_k)))
    return "its estimate cannot be";
  if (cpc->first_column > gnp_cpc_window(lg_k, p->count)) return "its first column";
  return NULL;
}

static uint64_t count_coupons(const gnp_cpc *cpc)
{
  uint64_t count = 0;
  if (cpc->matrix)
    for (uint64_t row = 0; row < UINT64_C(1) << cpc->lg_k; row++)
      count += (uint64_t)__builtin_popcountll(cpc->matrix[row]);
  else
    for (size_t i = 0; i < (size_t)1 << cpc->lg_slots; i++) count += cpc->table[i] != UINT32_MAX;
  return count;
}

static bool decode(gnp_cpc *cpc, const preamble *p, gn_str window, gn_str pairs)
{
  if (!cpc->matrix) return gnp_cpc_decode_coupons(cpc, p->pair_count, pairs);
  if (!gnp_cpc_decode_window(cpc, window)) return false;
  return !(p->flags & FLAG_PAIRS) || gnp_cpc_decode_surprises(cpc, p->pair_count, pairs);
}

int gnp_cpc_load(gnp_cpc *cpc, int lg_k, gn_str bytes, gn_arena *arena, const char **reason)
{
  gnp_bytes left = {.rest = bytes};
  preamble p = {0};
  gnp_cpc_init(cpc, lg_k, false);
  *reason = take_preamble(cpc, &p, lg_k, &left);
  if (*reason) return GN_E_CORRUPT;
  gn_str window = gnp_take_text(&left, (size_t)p.window_words * WORD_BYTES);
  gn_str pairs = gnp_take_text(&left, (size_t)p.pair_words * WORD_BYTES);
  *reason = "its bytes are cut short or go on";
  if (left.short_of || left.rest.len > 0) return GN_E_CORRUPT;
  cpc->count = p.count;
  if (p.count == 0) return GN_OK;
  *reason = "its code cannot be read";
  if (p.pair_count / 16 > p.pair_words) return GN_E_CORRUPT; /* a pair has two bits or more */
  if ((p.flags & FLAG_WINDOW) && window.len < (size_t)1 << lg_k >> 3) return GN_E_CORRUPT;
  int rc = gnp_cpc_make_room(cpc, p.count, arena);
  if (rc != GN_OK) return rc;
  return decode(cpc, &p, window, pairs) && count_coupons(cpc) == p.count ? GN_OK : GN_E_CORRUPT;
}
