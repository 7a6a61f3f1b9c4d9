/* Reattachable execution. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/execute.h"

#include "sparkconnect/compress.h"

/* The server keeps what was not released in its memory, but drops all except 10 MB by itself. */
static const uint64_t release_every_bytes = 8u << 20;

enum { EMPTY_STREAMS_MAX = 10, EMPTY_WAIT_US = 100000 };

/* ---- requests -------------------------------------------------------------------------------- */

static int frame_request(sparkp_operation *op, Spark__Connect__Plan *plan,
                         const sparkc_execute_args *args, sparkc_error *err)
{
  Spark__Connect__ExecutePlanRequest request = SPARK__CONNECT__EXECUTE_PLAN_REQUEST__INIT;
  Spark__Connect__ExecutePlanRequest__RequestOption chunking =
      SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__INIT;
  Spark__Connect__ExecutePlanRequest__RequestOption reattach = chunking;
  Spark__Connect__ResultChunkingOptions chunks = SPARK__CONNECT__RESULT_CHUNKING_OPTIONS__INIT;
  Spark__Connect__ReattachOptions attach = SPARK__CONNECT__REATTACH_OPTIONS__INIT;
  Spark__Connect__ExecutePlanRequest__RequestOption *options[2] = {&chunking, &reattach};
  sparkc_session *session = op->session;
  sparkp_who who;
  SPARKP_SIGN(&request, session, &who);
  int rc = sparkp_who_extend(&who, args->extensions, args->extension_count, err);
  if (rc != SPARKC_OK) return rc;
  request.plan = plan;
  request.operation_id = op->id;
  chunks.has_allow_arrow_batch_chunking = true;
  chunks.allow_arrow_batch_chunking = true;
  chunks.has_preferred_arrow_chunk_size = args->chunk_bytes > 0;
  chunks.preferred_arrow_chunk_size = args->chunk_bytes;
  chunking.request_option_case =
      SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_RESULT_CHUNKING_OPTIONS;
  chunking.result_chunking_options = &chunks;
  attach.has_reattachable = true;
  attach.reattachable = true;
  reattach.request_option_case =
      SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_REATTACH_OPTIONS;
  reattach.reattach_options = &attach;
  request.request_options = options;
  request.n_request_options = op->reattachable ? 2 : 1;
  pthread_mutex_lock(&session->lock);
  request.tags = session->tags;
  request.n_tags = session->tag_count;
  rc = sparkp_frame(&request.base, session->address.message_bytes_max, &op->request, err);
  pthread_mutex_unlock(&session->lock);
  return rc;
}

static int frame_plan(sparkp_operation *op, const Spark__Connect__Plan *plan,
                      const sparkc_execute_args *args, sparkc_error *err)
{
  sparkp_squeezed squeezed;
  int rc = sparkp_compress(op->session, plan, &squeezed, err);
  if (rc == SPARKC_OK) rc = frame_request(op, &squeezed.plan, args, err);
  sparkp_squeezed_close(&squeezed);
  return rc;
}

static int frame_reattach(sparkp_operation *op, sparkc_error *err)
{
  Spark__Connect__ReattachExecuteRequest request = SPARK__CONNECT__REATTACH_EXECUTE_REQUEST__INIT;
  sparkp_who who;
  SPARKP_SIGN(&request, op->session, &who);
  request.operation_id = op->id;
  if (op->last_response[0]) request.last_response_id = op->last_response;
  gni_buf_reset(&op->reattach);
  return sparkp_frame(&request.base, SPARKP_REQUEST_ARENA_BYTES, &op->reattach, err);
}

static void release(sparkp_operation *op, bool all)
{
  Spark__Connect__ReleaseExecuteRequest request = SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__INIT;
  Spark__Connect__ReleaseExecuteRequest__ReleaseAll everything =
      SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_ALL__INIT;
  Spark__Connect__ReleaseExecuteRequest__ReleaseUntil until =
      SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_UNTIL__INIT;
  sparkp_who who;
  if (!op->reattachable) return;
  SPARKP_SIGN(&request, op->session, &who);
  request.operation_id = op->id;
  until.response_id = op->last_response;
  request.release_case = all ? SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_RELEASE_ALL
                             : SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_RELEASE_UNTIL;
  if (all)
    request.release_all = &everything;
  else
    request.release_until = &until;
  op->unreleased_bytes = 0;
  sparkp_send(op->session, "ReleaseExecute", &request.base);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void end_stream(sparkp_operation *op)
{
  pthread_mutex_lock(&op->lock);
  void *call = op->call;
  op->call = NULL;
  pthread_mutex_unlock(&op->lock);
  if (call) op->session->transport->finish(call);
  op->call_bytes = 0;
}

/* ExecutePlan at first, and as long as the server may not know of the operation; then reattach. */
static int start_stream(sparkp_operation *op, bool reattach, sparkp_failure *failure)
{
  sparkc_session *session = op->session;
  sparkc_error err = {0};
  gn_error why = {0};
  void *call = NULL;
  if (reattach && frame_reattach(op, &err) != SPARKC_OK) {
    *failure = (sparkp_failure){.error = err, .retry_us = -1};
    return err.code;
  }
  const char *method = reattach ? "ReattachExecute" : "ExecutePlan";
  const sparkp_request request = {.method = method,
                                  .body = gni_buf_view(reattach ? &op->reattach : &op->request),
                                  .deadline_us = op->deadline_us};
  sparkp_tell(session, &(sparkc_event){.kind = reattach ? SPARKC_EVENT_REATTACH : SPARKC_EVENT_CALL,
                                       .method = method,
                                       .attempt = op->retry.attempts + 1,
                                       .operation_id = op->id});
  int rc = session->transport->start(session->channel, &request, &call, &why);
  if (rc != GN_OK) {
    *failure = (sparkp_failure){.retry_us = -1};
    sparkp_fail_from(&failure->error, &why);
    failure->error.status = GNI_GRPC_UNAVAILABLE;
    return failure->error.code;
  }
  pthread_mutex_lock(&op->lock);
  op->call = call;
  bool cancelled = op->cancelled;
  pthread_mutex_unlock(&op->lock);
  if (cancelled) session->transport->cancel(call);
  return SPARKC_OK;
}

static bool means_unknown(const sparkc_error *err)
{
  return sparkp_error_says(err, "INVALID_HANDLE.OPERATION_NOT_FOUND") ||
         sparkp_error_says(err, "INVALID_HANDLE.SESSION_NOT_FOUND");
}

/* One look at the stream, which is opened when there is none. GN_OK with a message; GN_ABSENT: the
 * stream ended well. Otherwise `failure` says what. */
static int read_stream(sparkp_operation *op, gni_grpc_message **message, sparkp_failure *failure)
{
  const sparkp_transport *t = op->session->transport;
  if (!op->call) {
    int rc = start_stream(op, op->anything && op->reattachable, failure);
    if (rc != SPARKC_OK) return rc;
  }
  if (t->next(op->call, message) == GN_OK) return SPARKC_OK;
  const gni_h2_status status = t->status(op->call);
  int rc = GN_ABSENT;
  if (status.code != GNI_GRPC_OK) {
    sparkp_failure_from(&status, &op->session->alloc, failure);
    rc = failure->error.code;
  }
  sparkp_tell(op->session, &(sparkc_event){.kind = SPARKC_EVENT_ANSWER,
                                           .method = "ExecutePlan",
                                           .status = status.code,
                                           .operation_id = op->id,
                                           .bytes = (int64_t)t->bytes(op->call)});
  end_stream(op);
  return rc;
}

/* Once an operation, whatever became of it, if it was sent at all. */
static void finished(sparkp_operation *op)
{
  if (op->done) return;
  op->done = true;
  sparkp_tell(op->session, &(sparkc_event){.kind = SPARKC_EVENT_PROGRESS,
                                           .operation_id = op->id,
                                           .tasks_done = op->tasks_done,
                                           .tasks_total = op->tasks_total,
                                           .finished = 1});
}

/* Whether there is to be another attempt after this failure. */
static bool go_on(sparkp_operation *op, sparkp_failure *failure, sparkc_error *err)
{
  pthread_mutex_lock(&op->lock);
  bool cancelled = op->cancelled;
  pthread_mutex_unlock(&op->lock);
  if (cancelled) {
    sparkc_error_clear(&failure->error);
    sparkp_fail(err, SPARKC_E_CANCELLED, "the operation was cancelled");
    return false;
  }
  if (means_unknown(&failure->error) && op->reattachable && op->anything && !op->last_response[0]) {
    op->anything = false; /* the server never saw it: the same request, at once */
    sparkc_error_clear(&failure->error);
    return true;
  }
  bool may_repeat = op->reattachable || !op->anything;
  if (!may_repeat) failure->error.retryable = 0;
  if (may_repeat &&
      sparkp_retry_wait(op->session, &op->retry, failure,
                        op->anything ? "ReattachExecute" : "ExecutePlan", op->deadline_us)) {
    op->anything = op->reattachable; /* it may have arrived */
    sparkc_error_clear(&failure->error);
    return true;
  }
  sparkp_fail_remote(op->session, failure, err);
  return false;
}

static int next_message(sparkp_operation *op, gni_grpc_message **message, sparkc_error *err)
{
  int empty = 0;
  op->retry = (sparkp_retry){.stop = &op->cancelled};
  for (;;) {
    sparkp_failure failure;
    int rc = read_stream(op, message, &failure);
    if (rc == SPARKC_OK) return rc;
    if (rc == GN_ABSENT && !op->reattachable) return rc;
    if (rc == GN_ABSENT) {
      op->anything = true;
      if (op->deadline_us != INT64_MAX && sparkp_now_us(op->session) >= op->deadline_us)
        return sparkp_fail(err, SPARKC_E_TIMEOUT, "the deadline passed");
      /* Cut by the server: no failure, and no wait unless it does nothing else. */
      if (++empty > EMPTY_STREAMS_MAX)
        op->session->transport->wait_us(op->session->channel, EMPTY_WAIT_US);
      continue;
    }
    if (!go_on(op, &failure, err)) {
      release(op, true);
      finished(op);
      return err && err->code != SPARKC_OK ? err->code : rc;
    }
  }
}

/* ---- responses ------------------------------------------------------------------------------- */

static void tell_progress(sparkp_operation *op, const sparkp_progress *progress)
{
  if (progress->tasks_total == 0) return;
  op->tasks_done = progress->tasks_done;
  op->tasks_total = progress->tasks_total;
  sparkp_tell(op->session, &(sparkc_event){.kind = SPARKC_EVENT_PROGRESS,
                                           .operation_id = op->id,
                                           .tasks_done = progress->tasks_done,
                                           .tasks_total = progress->tasks_total,
                                           .stages = progress->stages,
                                           .bytes = progress->bytes_read});
}

static int take_response(sparkp_operation *op, const gni_grpc_message *message,
                         sparkp_response *out, sparkc_error *err)
{
  op->anything = true;
  if (sparkp_scan((gn_str){message->ptr, message->len}, out) != GN_OK)
    return sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is damaged");
  int rc = sparkp_check_session(op->session, out->session_id, out->server_session, err);
  if (rc != SPARKC_OK) return rc;
  if (out->response_id.len && out->response_id.len < sizeof op->last_response) {
    memcpy(op->last_response, out->response_id.ptr, out->response_id.len);
    op->last_response[out->response_id.len] = '\0';
  }
  if (out->has_progress) tell_progress(op, &out->progress);
  op->unreleased_bytes += message->len;
  if (out->is_complete) {
    release(op, true);
    finished(op);
  } else if (op->unreleased_bytes >= release_every_bytes && op->last_response[0]) {
    release(op, false);
  }
  return SPARKC_OK;
}

int sparkp_operation_next(sparkp_operation *operation, gni_grpc_message **message,
                          sparkp_response *out, sparkc_error *err)
{
  *message = NULL;
  if (operation->done) return GN_ABSENT;
  int rc = next_message(operation, message, err);
  if (rc == GN_ABSENT) finished(operation);
  if (rc != SPARKC_OK) return rc;
  rc = take_response(operation, *message, out, err);
  if (rc == SPARKC_OK) return rc;
  gni_grpc_message_unref(*message);
  *message = NULL;
  release(operation, true);
  finished(operation);
  return rc;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int check_args(const sparkc_execute_args *args, sparkc_error *err)
{
  if (args->operation_id && !sparkp_is_uuid(gni_str(args->operation_id)))
    return sparkp_fail(err, SPARKC_E_PLAN, "the operation id '%.60s' is no UUID",
                       args->operation_id);
  if (args->chunk_bytes && args->chunk_bytes < 1024)
    return sparkp_fail(err, SPARKC_E_PLAN, "chunk_bytes is at least 1024");
  return SPARKC_OK;
}

int sparkp_operation_open(sparkc_session *session, const Spark__Connect__Plan *plan,
                          const sparkc_execute_args *args, sparkp_operation **out,
                          sparkc_error *err)
{
  *out = NULL;
  int rc = check_args(args, err);
  if (rc != SPARKC_OK) return rc;
  sparkp_operation *op = gni_alloc_zero(&session->alloc, sizeof *op);
  if (!op) return sparkp_nomem(err);
  op->session = session;
  op->reattachable = !args->not_reattachable;
  op->deadline_us =
      args->timeout_ms > 0 ? sparkp_now_us(session) + args->timeout_ms * 1000 : INT64_MAX;
  sparkp_session_ref(session);
  pthread_mutex_init(&op->lock, NULL);
  gni_buf_init(&op->request, &session->alloc, session->address.message_bytes_max + 6);
  gni_buf_init(&op->reattach, &session->alloc, SPARKP_REQUEST_ARENA_BYTES);
  if (args->operation_id)
    memcpy(op->id, args->operation_id, SPARKC_UUID_BYTES);
  else
    rc = sparkc_uuid(op->id, err);
  if (rc == SPARKC_OK) rc = frame_plan(op, plan, args, err);
  if (rc == SPARKC_OK) {
    *out = op;
    return rc;
  }
  op->done = true;
  sparkp_operation_close(op);
  return rc;
}

void sparkp_operation_cancel(sparkp_operation *operation)
{
  pthread_mutex_lock(&operation->lock);
  operation->cancelled = true;
  if (operation->call) operation->session->transport->cancel(operation->call);
  pthread_mutex_unlock(&operation->lock);
}

void sparkp_operation_close(sparkp_operation *operation)
{
  if (!operation) return;
  sparkc_session *session = operation->session;
  end_stream(operation);
  if (!operation->done && operation->anything) {
    release(operation, true);
    finished(operation);
  }
  pthread_mutex_destroy(&operation->lock);
  gni_buf_deinit(&operation->request);
  gni_buf_deinit(&operation->reattach);
  gni_free(&session->alloc, operation, sizeof *operation);
  sparkp_session_unref(session);
}
