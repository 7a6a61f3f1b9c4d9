/* A small repository to run whole steps on, through the public headers. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TESTS_FLOW_KIT_H
#define GNOMON_TESTS_FLOW_KIT_H

#include <gnomon/backfill.h>
#include <gnomon/define.h>
#include <gnomon/fetch.h>
#include <gnomon/gnomon.h>
#include <gnomon/upload.h>

#include "kit/kit.h"

/* The repository of the case; made at the first call. */
const char *flow_repo(void);
/* A path below it, with its folders made; lives until the case ends. */
const char *flow_path(const char *format, ...) GN_PRINTF(1, 2);
void flow_write(const char *path, const char *content); /* below the repository */

/* What a GroupBy of the tests says; members not given take what most tests want. */
typedef struct flow_group {
  const char *name;         /* "team.file.v1" */
  const char *sources;      /* JSON list; NULL: flow_events_source("ns.events") */
  const char *keys;         /* JSON list; NULL: ["user"] */
  const char *aggregations; /* JSON list; NULL: flow_sums; "": none */
  const char *metadata;     /* more members, with a comma in front */
  const char *more;         /* more members of the GroupBy, with a comma in front */
} flow_group;
#define FLOW_GROUP(...) flow_define(&(flow_group){__VA_ARGS__})
/* Writes production/group_bys/team/file.v1. */
void flow_define(const flow_group *group);

/* SUM, COUNT and LAST_K(3) of `amount`: windows of 1 and 2 days, and unbounded. */
extern const char flow_sums[];

/* A session on the repository, closed when the case ends. */
gn_session *flow_session(const gn_session_args *args);
#define FLOW_SESSION(...)                                                                          \
  flow_session(&(gn_session_args){.struct_size = sizeof(gn_session_args), __VA_ARGS__})

/* Rows of a statement as CSV without its header; the newest 64 answers live. */
const char *flow_rows(gn_session *session, const char *sql);
/* The answer to requests, one JSON object a line. */
const char *flow_fetch(gn_session *session, const char *name, const char *requests);

/* How many files and folders below `folder` have a name that holds `part`. */
int flow_named(const char *folder, const char *part);
/* Over the content of all files below, hidden ones aside, in the order of their names; 0: none. */
uint64_t flow_digest(const char *folder);

#endif
