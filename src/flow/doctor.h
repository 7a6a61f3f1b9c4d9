/* Between the files that examine a repository. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_DOCTOR_H
#define GNOMON_SRC_FLOW_DOCTOR_H

#include "flow/inspect.h"

enum gnp_check {
  GNP_CHECK_TABLES,    /* what gnomon.toml names */
  GNP_CHECK_SOURCES,   /* tables that definitions read */
  GNP_CHECK_OUTPUTS,   /* tables that they write */
  GNP_CHECK_ONLINE,    /* uploads */
  GNP_CHECK_CLOCK,     /* nothing is from the future */
  GNP_CHECK_RUNS,      /* folders of runs that died */
  GNP_CHECK_LEFTOVERS, /* files that nobody finished */
  GNP_CHECK_COUNT
};

typedef struct gnp_examination {
  gn_session *session;
  gnp_job job; /* engine and warehouse */
  gn_finding_fn tell;
  void *user;
  int64_t now_ms;
  int64_t looked[GNP_CHECK_COUNT], troubles[GNP_CHECK_COUNT];
  gn_arena arena;
  const gn_str *examined; /* sources, each once */
  size_t examined_count;
  gn_error *err;
} gnp_examination;

void gnp_examine_tell(gnp_examination *at, int check, int verdict, gn_str subject, const char *mend,
                      const char *format, ...) GN_PRINTF(6, 7);
/* What runs that died left in the warehouse and the store. */
int gnp_examine_leftovers(gnp_examination *at);

#endif
