/* One run of a verb on one definition: what it opens, and what it closes again.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_JOB_H
#define GNOMON_SRC_FLOW_JOB_H

#include "flow/flow_private.h"
#include "plan/plan.h"

typedef struct gnp_job {
  gn_session *session;
  gn_arena arena; /* the definition, the plan, everything small */
  const gni_def *def;
  gn_str conf_path;
  gni_engine *engine;
  gni_warehouse *warehouse;
  gni_table_access tables;
  const gni_group *group;
  const struct gnp_daily *daily; /* flow/incremental.h; NULL: rows are read as they are */
  int32_t threads;               /* 0: one a core, see gnp_threads */
  int64_t memory_bytes;
  const char *threads_origin, *memory_origin; /* where they came from, for the plan */
  char temp_folder[4096]; /* one for all runs over a warehouse; the engine has its own in it */
} gnp_job;

/* A compiled definition by any of its names: a path, "group_bys/team/file.var", "team.file.var". */
int gnp_conf_find(gn_session *session, const char *conf, gn_arena *arena, gn_str *path,
                  gn_error *err);
/* Reads one; the first error of its problems becomes the failure. */
int gnp_conf_read(gn_session *session, gn_str path, gn_arena *arena, const gni_def **out,
                  gni_problems *problems, gn_error *err);
/* Every compiled definition below production/, in byte order of the path. */
int gnp_conf_each(gn_session *session, gn_arena *arena,
                  int (*each)(void *user, gn_str path, gn_error *err), void *user, gn_error *err);

/* Each of the confs named (names, files, folders); none: all. */
int gnp_conf_gather(gn_session *session, const char *const *confs, size_t count, gn_arena *arena,
                    int (*each)(void *user, gn_str path, gn_error *err), void *user, gn_error *err);

/* The definition, checked; no engine yet. `mode` is run.py's ("backfill", "upload"): its
 * environment in teams.json gives threads and memory where no flag does. */
int gnp_job_open(gn_session *session, const char *conf, const char *mode, gnp_job *out,
                 gn_error *err);
/* Engine and warehouse, and the GroupBy bound to its tables. */
int gnp_job_bind(gnp_job *job, gn_error *err);
/* Engine and warehouse alone. */
int gnp_job_open_engine(gnp_job *job, gn_error *err);
void gnp_job_close(gnp_job *job);
/* A day given as text, else `fallback`. */
int gnp_day_argument(const char *text, const char *name, int32_t fallback, int32_t *out,
                     gn_error *err);
/* "2024-03-10" in the job's arena. */
gn_str gnp_day_text(gn_arena *arena, int32_t day);

/* Of a failure that crossed an Arrow stream only the text is left; `inner` is what it was. Gives
 * the code to return and fills `err`. */
int gnp_first_cause(int rc, const gn_error *inner, const gn_error *outer, gn_error *err);

/* ---- rows, key by key ------------------------------------------------------------------------ */

typedef struct gnp_feed gnp_feed;

/* The statement of such a query: columns k0…, v0…, `ts`, `day`. Adds the functions that it calls to
 * the engine. */
int gnp_feed_statement(gnp_job *job, const gni_rows_request *request, gn_buf *sql, gn_error *err);

/* Runs the GroupBy's query; rows come in folding order. */
int gnp_feed_open(gnp_job *job, const gni_rows_request *request, gnp_feed **out, gn_error *err);
void gnp_feed_close(gnp_feed *feed);
/* One more row. `*new_key` when its key (or, by day, its day) differs from the row's before.
 * GN_ABSENT at the end. Values borrow the feed and live until the next call. */
int gnp_feed_next(gnp_feed *feed, bool *new_key, gni_row *row, gn_error *err);
/* The same with as many rows of one key as are at hand, at least one. */
int gnp_feed_next_rows(gnp_feed *feed, bool *new_key, const gni_row **rows, size_t *count,
                       gn_error *err);
const gni_value *
gnp_feed_keys(const gnp_feed *feed);        /* of the newest row; kept until the key changes */
int32_t gnp_feed_day(const gnp_feed *feed); /* partition of the newest row */
int64_t gnp_feed_rows(const gnp_feed *feed);
/* The rows as they were gathered in memory, none of them given yet; NULL: the engine gives them. */
struct gnp_gather *gnp_feed_gather(const gnp_feed *feed);

#endif
