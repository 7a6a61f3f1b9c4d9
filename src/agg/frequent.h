/* The most frequent of many values, and how often they came. Of this module only.
 *
 * While at most k distinct values came, every one is counted. From then on as many counters as
 * three quarters of a power of two that is k or more: when one too many is needed, the median of
 * all counts is taken from each, and those that reach 0 go. What was taken so far is the offset: a
 * count is too low by that at most.
 *
 * Source: D. Anderson et al., "A High-Performance Algorithm for Identifying Frequent Items in Data
 * Streams", arXiv:1705.07001; the serial form is that of Apache DataSketches' ItemsSketch.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_AGG_FREQUENT_H
#define GNOMON_SRC_AGG_FREQUENT_H

#include "agg/sketch.h"

enum { GNP_FREQUENT_K_MAX = 1 << 24 }; /* a table of half a GiB */

typedef struct gnp_counter gnp_counter;

typedef struct gnp_frequent {
  uint32_t k, active, room;
  bool wide;  /* texts; else eight bytes */
  bool exact; /* nothing was ever left out */
  uint8_t lg_slots;
  int64_t offset, weight; /* weight: of all that came */
  gnp_counter *counters;  /* the active ones first, then those whose memory waits */
  uint32_t *slots;        /* position + 1 by hash; NULL while there are few */
} gnp_frequent;

void gnp_frequent_init(gnp_frequent *frequent, uint32_t k, bool wide);
/* The key is a text, or a number's eight bytes. */
int gnp_frequent_add(gnp_frequent *frequent, gn_str key, int64_t count, gn_arena *arena);
int gnp_frequent_merge(gnp_frequent *frequent, const gnp_frequent *other, gn_arena *arena);
int gnp_frequent_copy(gnp_frequent *target, const gnp_frequent *frequent, gn_arena *arena);
/* The counters by key; the keys of numbers are integers with their eight bytes. NULL without
 * memory. */
gnp_pair *gnp_frequent_pairs(const gnp_frequent *frequent, gn_arena *arena);

int gnp_frequent_save(const gnp_frequent *frequent, gn_str *out, gn_arena *arena);
/* Bytes from outside. GN_E_CORRUPT and the reason, or out of memory. */
int gnp_frequent_load(gnp_frequent *frequent, uint32_t k, bool wide, gn_str bytes, gn_arena *arena,
                      const char **reason);

/* ---- between frequent.c and frequent_save.c -------------------------------------------------- */

int gnp_frequent_lg(uint32_t k); /* of the table that a sketch for k has */
static inline uint32_t gnp_frequent_capacity(int lg)
{
  return (uint32_t)(UINT64_C(3) << lg >> 2);
}
/* Adds to a key's counter without ever leaving one out; `is_new`: there was none. */
int gnp_frequent_count(gnp_frequent *frequent, gn_str key, int64_t count, bool *is_new,
                       gn_arena *arena);

#endif
