/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_RANGE_H
#define GNOMON_SRC_FLOW_RANGE_H

#include "flow/job.h"

typedef struct gnp_ranges {
  gni_day_range range; /* asked for */
  const char *start_origin;
  gni_days existing, inputs;
  gni_range_answer answer;
} gnp_ranges;

int gnp_ranges_find(gnp_job *job, const gn_backfill_args *args, gnp_ranges *out, gn_error *err);

#endif
