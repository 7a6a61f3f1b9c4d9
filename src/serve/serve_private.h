/* Between the files of src/serve only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SERVE_PRIVATE_H
#define GNOMON_SRC_SERVE_PRIVATE_H

#include <gnomon/serve.h>
#include <pthread.h>
#include <stdatomic.h>

#include "flow/answer.h"
#include "serve/http.h"

/* ---- what is served -------------------------------------------------------------------------- */

/* A GroupBy that requests asked for: its fetcher, and what happened to its answers. Shared by
 * counting, so that an upload with other features can put another in its place. */
typedef struct gnp_served {
  struct gnp_served *next;
  const gn_alloc *alloc;
  gn_fetcher *fetcher;
  char *name; /* as first asked for */
  size_t name_len, feature_count;
  _Atomic int references;
  _Atomic int64_t keys, absent;
  _Atomic int64_t *nulls; /* one a feature */
} gnp_served;

/* ---- what is counted ------------------------------------------------------------------------- */

enum gnp_route { GNP_ROUTE_CHRONON, GNP_ROUTE_FEAST, GNP_ROUTE_OTHER, GNP_ROUTE_COUNT };
enum { GNP_LATENCY_BUCKETS = 12 };

typedef struct gnp_route_counts {
  _Atomic int64_t answered, refused, failed; /* 2xx, 4xx, 5xx */
  _Atomic int64_t buckets[GNP_LATENCY_BUCKETS + 1];
  _Atomic int64_t total_us;
} gnp_route_counts;

/* What one request needs; kept for the next. */
typedef struct gnp_desk {
  struct gnp_desk *next;
  gn_arena arena;
} gnp_desk;

struct gn_server {
  gn_session *session;
  const gn_alloc *alloc;
  const gni_http_driver *driver;
  void *http;
  char *token; /* NULL: everybody may ask */
  size_t token_len;
  int64_t started_us;
  pthread_t follower;
  bool follows;         /* the thread is there */
  pthread_cond_t wake;  /* the follower, to stop */
  pthread_mutex_t lock; /* of what follows */
  bool stops;
  gnp_desk *idle;
  gnp_served *served;
  gnp_route_counts routes[GNP_ROUTE_COUNT];
};

/* Finds or opens what `name` calls; gnp_served_release afterwards. */
int gnp_served_find(gn_server *server, gn_str name, gnp_served **out, gn_error *err);
/* Begins to answer; when the GroupBy was uploaded with other features, from its new form. */
int gnp_served_begin(gn_server *server, gn_str name, gnp_served **served, gni_answering *answering,
                     gn_error *err);
void gnp_served_release(gnp_served *served);
void gnp_served_count(gnp_served *served, const gni_answer *answer);

/* follow.c */
void gnp_follow_start(gn_server *server);
void gnp_follow_stop(gn_server *server); /* where it was started */

/* ---- the protocols --------------------------------------------------------------------------- */

/* One request while it is answered. */
typedef struct gnp_request {
  gn_server *server;
  const gni_http_request *http;
  gni_http_reply *reply;
  gn_arena *arena;
} gnp_request;

/* {"errors": [text]} with a status. */
void gnp_reply_error(gnp_request *request, int status, const gn_error *err);
/* The status that a failure has in HTTP. */
int gnp_status_of(int code);
/* Parses the body; false after it replied that it is not JSON of this kind. */
bool gnp_request_json(gnp_request *request, int kind, const char *wanted, const gni_json **out);

/* Chronon's service: a list of key maps in, a list of results out. `name` is escaped. */
void gnp_chronon_fetch(gnp_request *request, gn_str name);
/* Feast's feature server: columns of entities in, columns of features out. */
void gnp_feast_get(gnp_request *request);
void gnp_metrics(gnp_request *request);
void gnp_count_request(gn_server *server, enum gnp_route route, int status, int64_t took_us);
/* The driver's handler: finds the route and answers. */
void gnp_server_answer(void *server, const gni_http_request *http, gni_http_reply *reply);

#endif
