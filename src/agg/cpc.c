/* The CPC sketch in memory: a set of coupons, and the two estimates of how many values gave them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"

#include <math.h>

enum { LG_SLOTS_FIRST = 3, WINDOW_LAST = GNP_CPC_OUTER_COLUMNS };

static uint64_t rows_of(const gnp_cpc *cpc)
{
  return UINT64_C(1) << cpc->lg_k;
}

void gnp_cpc_init(gnp_cpc *cpc, int lg_k, bool hip)
{
  *cpc = (gnp_cpc){.lg_k = (uint8_t)lg_k, .hip = hip};
  cpc->kxp = (double)rows_of(cpc);
}

/* The window starts to slide at 27/8 coupons a row, then moves on by one for each coupon a row. */
int gnp_cpc_window(int lg_k, uint64_t count)
{
  uint64_t start = UINT64_C(19) << lg_k;
  if (count << 3 < start) return 0;
  uint64_t window = ((count << 3) - start) >> (lg_k + 3);
  return window < WINDOW_LAST ? (int)window : WINDOW_LAST;
}

/* ---- the set --------------------------------------------------------------------------------- */

static uint32_t *slot_of(const gnp_cpc *cpc, uint32_t coupon)
{
  size_t mask = ((size_t)1 << cpc->lg_slots) - 1;
  size_t slot = coupon * UINT32_C(0x9E3779B1) >> (32 - cpc->lg_slots);
  while (cpc->table[slot] != GNP_CPC_NO_COUPON && cpc->table[slot] != coupon)
    slot = (slot + 1) & mask;
  return &cpc->table[slot];
}

static int take_table(gnp_cpc *cpc, int lg_slots, gn_arena *arena)
{
  size_t size = sizeof(uint32_t) << lg_slots;
  uint32_t *table = gni_arena_take(arena, size);
  if (!table) return gni_fail_arena(NULL, arena, size);
  memset(table, 0xFF, size);
  cpc->table = table;
  cpc->lg_slots = (uint8_t)lg_slots;
  return GN_OK;
}

static bool is_crowded(uint32_t count, int lg_slots)
{
  return (uint64_t)count * 4 > UINT64_C(3) << lg_slots;
}

static bool wants_matrix(const gnp_cpc *cpc, uint32_t count)
{
  return 2 * (uint64_t)count >= rows_of(cpc);
}

int gnp_cpc_make_room(gnp_cpc *cpc, uint32_t count, gn_arena *arena)
{
  if (!wants_matrix(cpc, count)) {
    int lg_slots = LG_SLOTS_FIRST;
    while (is_crowded(count, lg_slots)) lg_slots++;
    return take_table(cpc, lg_slots, arena);
  }
  size_t size = gni_size_mul(rows_of(cpc), sizeof(uint64_t));
  cpc->matrix = gni_arena_take_zero(arena, size);
  return cpc->matrix ? GN_OK : gni_fail_arena(NULL, arena, size);
}

bool gnp_cpc_take_room(gnp_cpc *cpc, int lg_k, uint64_t count, gn_arena *arena)
{
  gnp_cpc_init(cpc, lg_k, false);
  if (count > UINT32_MAX || wants_matrix(cpc, (uint32_t)count)) return false;
  return gnp_cpc_make_room(cpc, (uint32_t)count, arena) == GN_OK;
}

bool gnp_cpc_put(gnp_cpc *cpc, uint32_t coupon)
{
  if (cpc->matrix) {
    uint64_t *row = &cpc->matrix[coupon >> 6], bit = UINT64_C(1) << (coupon & 63);
    bool is_new = !(*row & bit);
    *row |= bit;
    return is_new;
  }
  uint32_t *slot = slot_of(cpc, coupon);
  bool is_new = *slot == GNP_CPC_NO_COUPON;
  *slot = coupon;
  return is_new;
}

/* Puts the coupons of a table into a new table or matrix with room for `count`. */
static int rebuild(gnp_cpc *cpc, uint32_t count, gn_arena *arena)
{
  const uint32_t *old = cpc->table;
  size_t old_slots = old ? (size_t)1 << cpc->lg_slots : 0;
  int rc = gnp_cpc_make_room(cpc, count, arena);
  for (size_t i = 0; i < old_slots && rc == GN_OK; i++)
    if (old[i] != GNP_CPC_NO_COUPON) gnp_cpc_put(cpc, old[i]);
  if (cpc->matrix) cpc->table = NULL;
  return rc;
}

static bool has_room(const gnp_cpc *cpc, uint32_t count)
{
  if (cpc->matrix) return true;
  return cpc->table && !wants_matrix(cpc, count) && !is_crowded(count, cpc->lg_slots);
}

/* ---- HIP ------------------------------------------------------------------------------------- */

/* What rounding took from kxp comes back by counting anew, as the format's other writers do: the
 * chance of a new coupon is the sum of those that did not come; byte by byte, the rare ones first.
 */
static double count_kxp(const gnp_cpc *cpc)
{
  double sums[8] = {0}, total = 0;
  for (uint64_t row = 0; row < rows_of(cpc); row++)
    for (int column = 0; column < 64; column++)
      if (!(cpc->matrix[row] >> column & 1)) sums[column / 8] += ldexp(1, -(column % 8 + 1));
  for (int byte = 7; byte >= 0; byte--) total += ldexp(sums[byte], -8 * byte);
  return total;
}

static uint8_t first_surprise(const gnp_cpc *cpc, int window)
{
  uint64_t early = (UINT64_C(1) << window) - 1, missing = 0;
  for (uint64_t row = 0; row < rows_of(cpc); row++) missing |= ~cpc->matrix[row] & early;
  return missing ? (uint8_t)__builtin_ctzll(missing) : (uint8_t)window;
}

/* After a new coupon: the estimate grows by one over the chance it had. */
static void account(gnp_cpc *cpc, uint32_t coupon)
{
  int before = gnp_cpc_window(cpc->lg_k, cpc->count - 1),
      window = gnp_cpc_window(cpc->lg_k, cpc->count);
  cpc->hip_sum += (double)rows_of(cpc) / cpc->kxp;
  cpc->kxp -= ldexp(1, -(int)((coupon & 63) + 1));
  if (window == before) return;
  if (window % 8 == 0) cpc->kxp = count_kxp(cpc);
  cpc->first_column = first_surprise(cpc, window);
}

/* ---- updates --------------------------------------------------------------------------------- */

static int add_coupon(gnp_cpc *cpc, uint32_t coupon, gn_arena *arena)
{
  if (!has_room(cpc, cpc->count + 1)) {
    if (cpc->table && *slot_of(cpc, coupon) == coupon) return GN_OK;
    int rc = rebuild(cpc, cpc->count + 1, arena);
    if (rc != GN_OK) return rc;
  }
  if (!gnp_cpc_put(cpc, coupon)) return GN_OK;
  cpc->count++;
  if (cpc->hip) account(cpc, coupon);
  return GN_OK;
}

int gnp_cpc_add_hash(gnp_cpc *cpc, gnp_murmur hash, gn_arena *arena)
{
  uint32_t column = hash.high ? (uint32_t)__builtin_clzll(hash.high) : 63;
  uint32_t coupon = (uint32_t)(hash.low & (rows_of(cpc) - 1)) << 6 | column;
  if (coupon == GNP_CPC_NO_COUPON)
    coupon ^= 1 << 6; /* the value that says "none" moves one row down */
  return add_coupon(cpc, coupon, arena);
}

static void merge_matrix(gnp_cpc *cpc, const gnp_cpc *other)
{
  uint32_t count = 0;
  for (uint64_t row = 0; row < rows_of(cpc); row++) {
    cpc->matrix[row] |= other->matrix[row];
    count += (uint32_t)__builtin_popcountll(cpc->matrix[row]);
  }
  cpc->count = count;
}

/* Where there is room for all. */
static void merge_table(gnp_cpc *cpc, const gnp_cpc *other)
{
  const uint32_t *from = other->table, *end = from + ((size_t)1 << other->lg_slots);
  for (; from < end; from++)
    if (*from != GNP_CPC_NO_COUPON) cpc->count += gnp_cpc_put(cpc, *from);
}

int gnp_cpc_merge(gnp_cpc *cpc, const gnp_cpc *other, gn_arena *arena)
{
  int rc = GN_OK;
  cpc->hip = false;
  if (other->matrix) {
    if (!cpc->matrix) rc = rebuild(cpc, other->count, arena);
    if (rc == GN_OK) merge_matrix(cpc, other);
    return rc;
  }
  if (other->table && has_room(cpc, cpc->count + other->count)) {
    merge_table(cpc, other);
    return GN_OK;
  }
  for (size_t i = 0; other->table && i < (size_t)1 << other->lg_slots && rc == GN_OK; i++)
    if (other->table[i] != GNP_CPC_NO_COUPON) rc = add_coupon(cpc, other->table[i], arena);
  return rc;
}

int gnp_cpc_copy(gnp_cpc *target, const gnp_cpc *cpc, gn_arena *arena)
{
  gnp_cpc copy = *cpc;
  size_t table_size = sizeof(uint32_t) << cpc->lg_slots;
  size_t matrix_size = gni_size_mul(rows_of(cpc), sizeof(uint64_t));
  if (cpc->table) copy.table = gni_arena_copy(arena, cpc->table, table_size);
  if (cpc->matrix) copy.matrix = gni_arena_copy(arena, cpc->matrix, matrix_size);
  if (cpc->table && !copy.table) return gni_fail_arena(NULL, arena, table_size);
  if (cpc->matrix && !copy.matrix) return gni_fail_arena(NULL, arena, matrix_size);
  *target = copy;
  return GN_OK;
}

/* ---- estimates ------------------------------------------------------------------------------- */

/* ICON: the number of values for which this many coupons are to be expected. */
static double icon(int lg_k, uint32_t count)
{
  double rows = ldexp(1, lg_k), coupons = count;
  if (count < 2) return coupons;
  if (coupons > (lg_k < 14 ? 5.7 : 5.6) * rows)
    return 0.7940236163830469 * rows * pow(2.0, coupons / rows);
  const double *terms = gnp_cpc_icon[lg_k - GNP_CPC_LG_K_MIN];
  double x = coupons / (2.0 * rows), factor = terms[GNP_CPC_ICON_TERMS - 1];
  for (int i = GNP_CPC_ICON_TERMS - 2; i >= 0; i--) {
    factor *= x;
    factor += terms[i];
  }
  double ratio = coupons / rows;
  double estimate = coupons * factor * (1.0 + ratio * ratio * ratio / 66.774757);
  return estimate >= coupons ? estimate : coupons;
}

double gnp_cpc_estimate_merged(int lg_k, uint32_t count)
{
  return icon(lg_k, count);
}

double gnp_cpc_estimate(const gnp_cpc *cpc)
{
  return cpc->hip ? cpc->hip_sum : icon(cpc->lg_k, cpc->count);
}
