/* The CPC sketch: how many distinct values came, in few bytes. Of this module only.
 *
 * A value's hash gives it a coupon: one of 2^lgK rows, and a column from 0 to 63, each half as
 * likely as the one before. The sketch is the set of the coupons that came, and nothing else: the
 * same whatever their order and however they were merged. Where HIP is kept (a sketch fed value by
 * value, as DataSketches writes it) two sums of that history come along and sharpen the estimate;
 * merging ends that.
 *
 * Source: K. Lang, "Back to the Future: an Even More Nearly Optimal Cardinality Estimation
 * Algorithm", arXiv:1708.06839; the serial form is that of Apache DataSketches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_AGG_CPC_H
#define GNOMON_SRC_AGG_CPC_H

#include "agg/sketch.h"

enum {
  GNP_CPC_LG_K_MIN = 4,
  GNP_CPC_LG_K_MAX = 26,
  GNP_CPC_WINDOW_CODES = 22,
  GNP_CPC_GAPS = 65,
  GNP_CPC_PHASES = 16,
  GNP_CPC_OUTER_COLUMNS = 56, /* outside of the window, which has 8 */
  GNP_CPC_ICON_TERMS = 20
};

#define GNP_CPC_NO_COUPON UINT32_MAX /* a free slot of the table */

/* Zeroed, with lg_k set, is an empty sketch; gnp_cpc_init also starts HIP. */
typedef struct gnp_cpc {
  uint32_t count; /* coupons */
  uint8_t lg_k, lg_slots;
  uint8_t first_column; /* with HIP: the first with a surprise when the window last moved */
  bool hip;
  uint32_t *table;  /* row << 6 | column in open addressing, while there are fewer than 2^lgK / 2 */
  uint64_t *matrix; /* afterwards: a word of columns a row */
  double kxp;       /* HIP: the chance that the next value is a new coupon, times 2^lgK */
  double hip_sum;   /* HIP: the estimate */
} gnp_cpc;

void gnp_cpc_init(gnp_cpc *cpc, int lg_k, bool hip);
int gnp_cpc_add_hash(gnp_cpc *cpc, gnp_murmur hash, gn_arena *arena);
/* Both have the same lgK. */
int gnp_cpc_merge(gnp_cpc *cpc, const gnp_cpc *other, gn_arena *arena);
int gnp_cpc_copy(gnp_cpc *target, const gnp_cpc *cpc, gn_arena *arena);
double gnp_cpc_estimate(const gnp_cpc *cpc);
/* That of a merged sketch which has `count` coupons. */
double gnp_cpc_estimate_merged(int lg_k, uint32_t count);
/* An empty table in which `count` coupons find room; false: so many want a matrix, or no memory. */
bool gnp_cpc_take_room(gnp_cpc *cpc, int lg_k, uint64_t count, gn_arena *arena);

int gnp_cpc_save(const gnp_cpc *cpc, gn_str *out, gn_arena *arena);
/* Bytes from outside, which should have this lgK. GN_E_CORRUPT and the reason, or out of memory. */
int gnp_cpc_load(gnp_cpc *cpc, int lg_k, gn_str bytes, gn_arena *arena, const char **reason);

/* ---- between cpc.c, cpc_save.c and cpc_code.c ------------------------------------------------ */

/* The first column of the window of eight, in which coupons are about as likely as not. */
int gnp_cpc_window(int lg_k, uint64_t count);
/* Room for `count` coupons: an empty table, or an empty matrix. */
int gnp_cpc_make_room(gnp_cpc *cpc, uint32_t count, gn_arena *arena);
/* Adds a coupon where there is room; false: it was there. */
bool gnp_cpc_put(gnp_cpc *cpc, uint32_t coupon);

/* Codes of surprises: pairs of a row and a column, in order. */
typedef struct gnp_cpc_pairs {
  const uint32_t *items; /* row << 6 | column; NULL: those of the matrix */
  uint32_t count;
} gnp_cpc_pairs;
size_t gnp_cpc_pairs_room(int lg_k, uint32_t count); /* bytes */
size_t gnp_cpc_window_room(int lg_k);
/* Write 32-bit words and return how many. */
size_t gnp_cpc_encode_window(const gnp_cpc *cpc, char *out);
size_t gnp_cpc_encode_pairs(const gnp_cpc *cpc, gnp_cpc_pairs pairs, char *out);
uint32_t gnp_cpc_count_surprises(const gnp_cpc *cpc);
/* Into an empty matrix, whose count is already set; false: the words cannot be. */
bool gnp_cpc_decode_window(gnp_cpc *cpc, gn_str words);
bool gnp_cpc_decode_surprises(gnp_cpc *cpc, uint32_t count, gn_str words);
/* Into an empty table. */
bool gnp_cpc_decode_coupons(gnp_cpc *cpc, uint32_t count, gn_str words);

extern const char *const gnp_cpc_window_lengths[GNP_CPC_WINDOW_CODES];
extern const char gnp_cpc_gap_lengths[GNP_CPC_GAPS + 1];
extern const uint8_t gnp_cpc_last_columns[GNP_CPC_PHASES][4];
extern const double gnp_cpc_icon[GNP_CPC_LG_K_MAX - GNP_CPC_LG_K_MIN + 1][GNP_CPC_ICON_TERMS];

#endif
