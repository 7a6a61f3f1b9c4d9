/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_RANGE_H
#define GNOMON_SRC_FLOW_RANGE_H

#include "flow/job.h"

typedef struct gnp_ranges {
  gni_day_range range; /* asked for */
  const char *start_origin;
  gni_days existing, inputs;
  bool inputs_known; /* every source can tell its days */
  gni_range_answer answer;
} gnp_ranges;

int gnp_ranges_find(gnp_job *job, const gn_backfill_args *args, gnp_ranges *out, gn_error *err);

/* What a written plan asks for, or the arguments as they are given. */
typedef struct gnp_written_plan {
  gn_backfill_args args;
  gn_arena arena; /* its texts */
} gnp_written_plan;

/* Refuses a plan that would not be written again as it is: the world has changed. */
int gnp_written_plan_read(gn_session *session, const gn_backfill_args *given, gnp_written_plan *out,
                          gn_error *err);
void gnp_written_plan_free(gnp_written_plan *plan);

#endif
