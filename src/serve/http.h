/* What speaks HTTP, behind one table: requests go in whole, replies come out whole. The driver is a
 * module of its own, so that the library has no server library in it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SERVE_HTTP_H
#define GNOMON_SRC_SERVE_HTTP_H

#include "base/base.h"

#define GN_HTTP_DRIVER_VERSION 1

typedef struct gni_http_request { /* borrowed while the handler runs */
  gn_str method;                  /* "GET" */
  gn_str path;                    /* as sent, without the query; percent signs and all */
  gn_str authorization;           /* the header; empty when there is none */
  gn_str body;
} gni_http_request;

typedef struct gni_http_reply {
  int status;               /* 200 when the handler leaves it */
  const char *content_type; /* of static storage */
  gn_buf body;              /* empty, with the driver's allocator; the handler fills it */
} gni_http_reply;

/* Called on the driver's threads, many at once. */
typedef void (*gni_http_handler)(void *user, const gni_http_request *request,
                                 gni_http_reply *reply);

typedef struct gni_http_args {
  const gn_alloc *alloc;
  const char *host; /* a numeric address */
  uint16_t port;    /* 0: a free one */
  int32_t threads, connections_max;
  int32_t idle_timeout_s; /* of a silent connection, and of the body of one request */
  size_t body_bytes_max;  /* past it 413, without a call of the handler */
  gni_http_handler handler;
  void *user;
} gni_http_args;

typedef struct gni_http_driver {
  uint32_t version;
  const char *name;
  int (*start)(const gni_http_args *args, void **server, gn_error *err);
  uint16_t (*port)(const void *server);
  /* No new connections; waits for requests under way; ends. */
  void (*stop)(void *server, int64_t grace_ms);
} gni_http_driver;

/* The one symbol of the module gnomon-http.so. */
GN_API extern const gni_http_driver gn_http_mhd;

#endif
