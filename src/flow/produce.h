/* The rows of an output table, made as they are pulled. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_PRODUCE_H
#define GNOMON_SRC_FLOW_PRODUCE_H

#include "flow/block.h"

/* Folds what a feed gives into finished rows: snapshots of events, snapshots of entities, or rows
 * as they are. */
typedef struct gnp_fold gnp_fold;
int gnp_fold_open(gnp_job *job, gni_day_range range, gnp_fold **out, gn_error *err);
void gnp_fold_close(gnp_fold *fold);
/* Works until at least one key was finished; GN_ABSENT when there are no more. */
int gnp_fold_step(gnp_fold *fold, gnp_emit emit, void *user, gn_error *err);
int64_t gnp_fold_rows(const gnp_fold *fold); /* read so far */
enum { GNP_PARTS_MAX = 8 };
/* How many parts of the keys can be worked on at the same time, before the first step; 1: step. */
size_t gnp_fold_parts(const gnp_fold *fold);
/* Works to the end, in place of all steps: the rows of part i go to users[i], each part on a thread
 * of its own but the first, which is on this one. Keys of a part follow those of the parts before.
 * The first failure stops all. */
int gnp_fold_run(gnp_fold *fold, gnp_emit emit, void *const *users, gn_error *err);

/* Rows of one key kept together, with what they point to. */
typedef struct gnp_rows {
  gn_arena arena;
  gni_row *items;
  size_t count, capacity;
} gnp_rows;
void gnp_rows_init(gnp_rows *rows, const gn_alloc *alloc, size_t ceiling_bytes);
void gnp_rows_deinit(gnp_rows *rows);
void gnp_rows_reset(gnp_rows *rows);
int gnp_rows_add(gnp_rows *rows, const gni_type *inputs, const gni_row *row, gn_error *err);
/* Bytes that one key may hold while it is folded: our share of the memory budget. */
size_t gnp_key_ceiling(const gnp_job *job);

#endif
