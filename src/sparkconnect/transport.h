/* The table behind which the network is. Tests bring a script instead. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_TRANSPORT_H
#define GNOMON_SRC_SPARKCONNECT_TRANSPORT_H

#include "sparkconnect/uri.h"
#include "wire/http2.h"

typedef struct sparkp_request {
  const char *method; /* "ExecutePlan" */
  gn_str body;        /* whole frames; must live until the call is finished */
  bool goes_on;       /* more frames come by `send` */
  int64_t deadline_us;
} sparkp_request;

/* Laws: after a start that succeeded, `send` is called until its last piece where the request goes
 * on; `next` gives messages until GN_ABSENT; then `status` holds; `finish` is called once. `cancel`
 * may come from any thread in between. */
typedef struct sparkp_transport {
  const char *name;
  /* GN_E_IO, GN_E_TIMEOUT, GN_E_AUTH: no connection; trying again may help for the first two. */
  int (*start)(void *channel, const sparkp_request *request, void **call, gn_error *err);
  /* GN_OK once `piece` may be changed; GN_ABSENT when the call is over before: ask for the rest. */
  int (*send)(void *call, gn_str piece, bool last);
  int (*next)(void *call, gni_grpc_message **out);
  gni_h2_status (*status)(void *call);
  void (*cancel)(void *call);
  void (*finish)(void *call);
  uint64_t (*bytes)(void *call); /* received so far */
  void (*close)(void *channel);
  int64_t (*now_us)(void *channel);                    /* monotonic */
  void (*wait_us)(void *channel, int64_t duration_us); /* between attempts */
} sparkp_transport;

/* A call whose answer nobody waits for, with what is needed to send it again. */
typedef struct sparkp_lingering {
  const char *method;
  void *call;
  gn_buf body;
} sparkp_lingering;

extern const sparkp_transport sparkp_transport_http2;
/* One connection at a time, opened when it is needed. `address` must outlive it. */
int sparkp_http2_channel_new(const sparkp_address *address, const gn_alloc *alloc, void **out,
                             gn_error *err);

#endif
