/* gRPC calls over one HTTP/2 connection. nghttp2 is included in wire/http2*.c only.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No thread of its own: whoever waits for a call does the work of the connection meanwhile, also
 * for the calls of others. A connection may be used from any number of threads, a call from one at
 * a time; gni_h2_call_cancel is for any. */
#ifndef GNOMON_SRC_WIRE_HTTP2_H
#define GNOMON_SRC_WIRE_HTTP2_H

#include "wire/grpc.h"
#include "wire/link.h"

typedef struct gni_h2_options {
  gni_link_target target;
  size_t window_bytes;            /* what may be under way unread, of a call */
  size_t message_bytes_max;       /* of an answer's message */
  gni_grpc_payload_fn payload_at; /* what to align in messages; NULL: nothing */
  int64_t keepalive_us;           /* silence after which to ask whether it lives; 0: never */
  int64_t keepalive_timeout_us;   /* and how long the answer may take */
} gni_h2_options;

typedef struct gni_h2 gni_h2;
typedef struct gni_h2_call gni_h2_call;

/* Connects and greets. References: one, the caller's; each call holds another. */
int gni_h2_open(const gni_h2_options *options, const gn_alloc *alloc, int64_t deadline_us,
                gni_h2 **out, gn_error *err);
void gni_h2_close(gni_h2 *conn); /* NULL does nothing; calls under way keep it alive */
/* Whether new calls can start: not after GOAWAY, a reset, or the end of the stream. */
bool gni_h2_usable(gni_h2 *conn);

typedef struct gni_h2_header {
  const char *name; /* lower case */
  gn_str value;
} gni_h2_header;

typedef struct gni_h2_request {
  const char *scheme, *authority, *path;
  const gni_h2_header *headers; /* beside those that gRPC asks for */
  size_t header_count;
  gn_str body;  /* whole frames; must live until the call is closed */
  bool goes_on; /* more comes by gni_h2_call_send */
  int64_t deadline_us;
} gni_h2_request;

/* How a call ended. Texts belong to the call. */
typedef struct gni_h2_status {
  int code; /* gni_grpc_code */
  gn_str message;
  gn_str details;   /* a google.rpc.Status, in protobuf */
  bool from_server; /* the code was in trailers; otherwise it is our reading of what happened */
} gni_h2_status;

/* Sends. A connection that is no longer usable is GN_E_IO: open another. */
int gni_h2_call_start(gni_h2 *conn, const gni_h2_request *request, gni_h2_call **out,
                      gn_error *err);
/* More of a body that goes on; `last` ends it. GN_OK once `piece` is on its way and may be changed;
 * GN_ABSENT when the call is over, whatever was sent: then ask for what came. Waits while the
 * server takes no more, until the request's deadline at most. */
int gni_h2_call_send(gni_h2_call *call, gn_str piece, bool last);
/* GN_OK with a message, the caller's to unref; GN_ABSENT once the call is over: then ask for its
 * status. Waits until the request's deadline at most. */
int gni_h2_call_next(gni_h2_call *call, gni_grpc_message **out);
/* After GN_ABSENT. */
gni_h2_status gni_h2_call_status(const gni_h2_call *call);
/* Ends it with CANCELLED; whoever waits for it returns. Any thread, while the call is open. */
void gni_h2_call_cancel(gni_h2_call *call);
void gni_h2_call_close(gni_h2_call *call); /* resets the stream when it is not over */
/* Bytes of DATA that came for this call so far. */
uint64_t gni_h2_call_bytes(gni_h2_call *call);

#endif
