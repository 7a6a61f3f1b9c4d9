/* The KLL sketch of floats: quantiles of many values from few of them. Of this module only.
 *
 * Items stand on levels; one of level h stands for 2^h values. A full sketch sorts the lowest level
 * that is above its capacity and lifts every second item of it one level up. Which of the two
 * halves goes is a coin that is thrown by the items themselves: the same values in the same order
 * give the same bytes, and a sketch that was saved and loaded goes on as if it had not been.
 *
 * Source: Z. Karnin, K. Lang, E. Liberty, "Optimal Quantile Approximation in Streams",
 * arXiv:1603.05346; capacities and the serial form are those of Apache DataSketches.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_AGG_KLL_H
#define GNOMON_SRC_AGG_KLL_H

#include "agg/sketch.h"

enum { GNP_KLL_K_MIN = 8, GNP_KLL_K_MAX = 65535, GNP_KLL_LEVELS_MAX = 48 };

/* Floats as integers of the same order, -0.0 before 0.0. */
typedef uint32_t gnp_float_key;
gnp_float_key gnp_float_to_key(float value);
float gnp_float_from_key(gnp_float_key key);

/* gnp_kll_init makes an empty one. */
typedef struct gnp_kll {
  uint64_t n;
  uint16_t k, least_k; /* least_k: the least of what was merged in, for the error */
  uint8_t level_count;
  uint32_t count, limit, room;        /* items; how many may be; how many there is memory for */
  uint32_t capacity;                  /* items that all levels hold */
  gnp_float_key *items;               /* the highest level first; level 0, unsorted, at the end */
  uint32_t sizes[GNP_KLL_LEVELS_MAX]; /* of levels */
  uint16_t capacities[GNP_KLL_LEVELS_MAX]; /* of levels, the highest first */
  gnp_float_key least, most;
} gnp_kll;

void gnp_kll_init(gnp_kll *kll, int k);
int gnp_kll_add(gnp_kll *kll, float value, gn_arena *arena); /* NaN is nothing */
int gnp_kll_merge(gnp_kll *kll, const gnp_kll *other, gn_arena *arena);
int gnp_kll_copy(gnp_kll *target, const gnp_kll *kll, gn_arena *arena);
/* The value at each rank: floor(rank * n) of the values in order, the last for rank 1. NaN when
 * there are none. */
int gnp_kll_quantiles(const gnp_kll *kll, const double *ranks, size_t count, float *out,
                      gn_arena *arena);

int gnp_kll_save(const gnp_kll *kll, gn_str *out, gn_arena *arena);
/* Bytes from outside, which should have this k. GN_E_CORRUPT and the reason, or out of memory. */
int gnp_kll_load(gnp_kll *kll, int k, gn_str bytes, gn_arena *arena, const char **reason);
/* Room for `count` items; the ones there are stay. Also sets the limit, by room and levels. */
int gnp_kll_make_room(gnp_kll *kll, uint32_t count, gn_arena *arena);
/* Empty levels below the others', up to that many levels. */
void gnp_kll_add_levels(gnp_kll *kll, int level_count);

#endif
