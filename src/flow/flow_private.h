/* Between the files of src/flow only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_PRIVATE_H
#define GNOMON_SRC_FLOW_PRIVATE_H

#include <gnomon/backfill.h>
#include <gnomon/define.h>
#include <gnomon/fetch.h>
#include <gnomon/gnomon.h>
#include <gnomon/upload.h>
#include <pthread.h>

#include "agg/agg.h"
#include "engine/engine.h"
#include "store/store.h"
#include "table/table.h"
#include "wire/wire.h"

/* Everything gnomon.toml can say, with what flags put over it. */
typedef struct gnp_config {
  gn_str warehouse_root, partition_column, partition_format, store_url;
  gni_table_entry *tables;
  size_t table_count;
  int32_t threads;
  int64_t memory_bytes;
  int boundary; /* gni_boundary */
  /* Where threads and memory came from, for plans: "default", "gnomon.toml", "flag". */
  const char *threads_origin, *memory_origin;
} gnp_config;

int gnp_config_read(const gn_session_args *args, const char *repo, gn_arena *arena, gnp_config *out,
                    gn_error *err);

struct gn_session {
  const gn_alloc *alloc;
  gn_arena arena;
  char *repo;
  gnp_config config;
  gni_clock clock;
  gn_log_fn log;
  void *log_user;
  gn_progress_fn progress;
  void *progress_user;
  gn_cancel cancel;
  pthread_mutex_t lock; /* guards what is opened when first needed */
  gni_store_env store_env;
  gni_store *store;
};

/* Opens what is needed when it is needed. */
int gnp_session_store(gn_session *session, gni_store **out, gn_error *err);
/* The threads that a setting means: 0 is one a core. */
int32_t gnp_threads(int32_t wanted);
/* The day before the session's clock, as a day number. */
int32_t gnp_session_yesterday(const gn_session *session);
void gnp_session_log(gn_session *session, int level, const char *component, const char *event,
                     const char *key, const char *text);
/* A warning under a code of the register. */
void gnp_session_warn(gn_session *session, const char *diagnostic, const char *component,
                      const char *event, const char *key, const char *text);
/* Moves a buffer's content into a public text. */
int gnp_text_from(gn_buf *buf, gn_text *out, gn_error *err);

#endif
