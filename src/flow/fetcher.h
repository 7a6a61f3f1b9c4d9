/* Between the files that answer requests. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_FETCHER_H
#define GNOMON_SRC_FLOW_FETCHER_H

#include "flow/live.h"

/* What one call needs; kept between calls, so that a warm one allocates nothing. */
typedef struct gnp_look {
  struct gnp_look *next;
  gni_store_reader *reader;
  gnp_serving *serving;
  gn_arena arena;
  gn_buf key, text;
  gnp_live live;
} gnp_look;

struct gn_fetcher {
  gn_session *session;
  gni_store *store;
  gn_arena arena;
  gn_str dataset, stream, tiles;
  const char *name;
  gnp_serving *first; /* what callers were told; later uploads must agree */
  pthread_mutex_t lock;
  gnp_look *idle;
  /* Of gni_fetcher_keep_up, for one thread: the generation it holds open. */
  gni_store_reader *keeper;
  int64_t kept;
  bool keeper_is_behind;
};

int gnp_look_begin(gn_fetcher *fetcher, gnp_look **out, gn_error *err);
void gnp_look_end(gn_fetcher *fetcher, gnp_look *look);
int gnp_look_follow(gn_fetcher *fetcher, gnp_look *look, gn_error *err);
/* GN_OK, or GN_ABSENT with features made of nulls. They live until the look ends. */
int gnp_look_answer(gn_fetcher *fetcher, gnp_look *look, const gni_value *keys, int64_t at_ms,
                    gni_value *features, gn_error *err);

#endif
