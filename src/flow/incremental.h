/* GroupBys that are computed from daily partial results. SPDX-License-Identifier: Apache-2.0
 *
 * isIncremental: the rows of each day are folded once, into a state for each key and aggregation
 * without its window, and kept in the table `<output>_daily_inc`. A backfill fills the days that
 * this table lacks and puts its windows together from there, so that a long window is not read
 * again for every day. The answers are those of the plain backfill, bit for bit: both merge the
 * same day states in the same order. */
#ifndef GNOMON_SRC_FLOW_INCREMENTAL_H
#define GNOMON_SRC_FLOW_INCREMENTAL_H

#include "flow/range.h"

/* What a run reads of the daily table. */
typedef struct gnp_daily {
  const gni_group *group; /* its rows: keys, then a state a base column */
  size_t *columns;        /* of each base column: the position of its state */
  size_t state_count;
} gnp_daily;

/* Fills the daily table for the steps to come and opens it: job->daily is set. Nothing for a
 * GroupBy that is not incremental. */
int gnp_incremental_prepare(gnp_job *job, const gnp_ranges *ranges, const gn_backfill_args *args,
                            gn_error *err);
/* The days that windows of an output range span, instead of their rows. */
int gnp_daily_open(gnp_job *job, gni_day_range range, gnp_feed **out, gn_error *err);

#endif
