/* One operation on the server, until its result is complete. SPDX-License-Identifier: Apache-2.0
 *
 * A stream may end well before the result does (servers cut them), break, or be taken over; the
 * operation goes on, and so do we: from the last response that arrived, over a new stream. */
#ifndef GNOMON_SRC_SPARKCONNECT_EXECUTE_H
#define GNOMON_SRC_SPARKCONNECT_EXECUTE_H

#include "sparkconnect/client.h"
#include "sparkconnect/scan.h"

typedef struct sparkp_operation {
  sparkc_session *session; /* kept alive */
  char id[SPARKC_UUID_BYTES];
  char last_response[80]; /* "" before the first */
  bool reattachable, done, anything;
  int64_t deadline_us;
  gn_buf request; /* ExecutePlan's, to be sent again when the server never saw it */
  gn_buf reattach;
  pthread_mutex_t lock; /* of call, for who cancels */
  void *call;
  _Atomic bool cancelled;
  sparkp_retry retry;
  uint64_t call_bytes, unreleased_bytes;
  int64_t tasks_done, tasks_total;
} sparkp_operation;

/* Prepares; nothing is sent before the first sparkp_operation_next. `plan` is serialised here. */
int sparkp_operation_open(sparkc_session *session, const Spark__Connect__Plan *plan,
                          const sparkc_execute_args *args, sparkp_operation **out,
                          sparkc_error *err);
/* The next response in `out`, which borrows `*message`, the caller's to unref. GN_ABSENT at the end
 * of the operation. */
int sparkp_operation_next(sparkp_operation *operation, gni_grpc_message **message,
                          sparkp_response *out, sparkc_error *err);
/* Any thread. */
void sparkp_operation_cancel(sparkp_operation *operation);
void sparkp_operation_close(sparkp_operation *operation); /* NULL does nothing */

#endif
