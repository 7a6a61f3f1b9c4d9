/* The head of a window: the rows since the batch, as hops. Of this module only.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The canonical head: hops of the window's own size, each folded from its first row on by (time,
 * source order), the last one cut off at the question; merged ascending onto tail and middle. What
 * a hop holds so far can therefore be kept, gone on with, and shared by windows and questions. */
#ifndef GNOMON_SRC_AGG_HEAD_H
#define GNOMON_SRC_AGG_HEAD_H

#include "agg/partial.h"

/* Whether parts may be merged in any grouping without a bit of the answer changing: all but sums of
 * reals, what is made of them, and sketches. */
bool gnp_is_exact(const gni_aggregator *aggregator);

/* Consecutive rows of one hop. */
typedef struct gnp_group {
  int64_t start_ms; /* of the hop, or the batch end inside it */
  size_t from, to;
} gnp_group;

/* The states of one base column, hop by hop. */
typedef struct gnp_hops {
  int64_t *starts_ms;
  char *states;
  size_t count;
  bool made;
} gnp_hops;

typedef struct gnp_head {
  const gni_layout *layout;
  int64_t batch_end_ms;
  const gni_row *rows; /* from the batch end, or where the tile ends, to the question */
  size_t row_count;
  const gni_value *tile;             /* three lists of hops, 1 d, 1 h, 5 min; NULL: no tile */
  gnp_group *groups[GNP_TAIL_SIZES]; /* of the rows, by size; NULL: not looked at yet */
  size_t group_count[GNP_TAIL_SIZES];
  gnp_hops *hops; /* by base column, then size */
  gn_arena *arena;
  gn_error *err;
} gnp_head;

/* `head` with everything down to `tile` set, and arena and err. */
int gnp_head_init(gnp_head *head);
/* Merges the hops of [from, question) of one base column into `state`. */
int gnp_head_merge(gnp_head *head, size_t base, int index, int64_t from_ms, void *state);

/* The first row at or after `end_ms` behind `from`. */
size_t gnp_group_end(const gni_row *rows, size_t row_count, size_t from, int64_t end_ms);
/* Where a saved hop starts; GN_E_CORRUPT when it is none. */
int gnp_hop_start_ms(const gni_layout *layout, const gni_value *hop, int64_t *out, gn_error *err);

/* Opens a saved tile: until when it holds rows, and its three lists. */
int gnp_tile_open(const gni_value *tile, int64_t *until_ms, const gni_value **hops, gn_error *err);

#endif
