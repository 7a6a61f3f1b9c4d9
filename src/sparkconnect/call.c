/* Small calls: sent, checked, tried again. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/answer.h"
#include "sparkconnect/compress.h"

enum { FETCH_TIMEOUT_US = 10000000, FRAME_PREFIX = 5 };

char *sparkp_member(const char *text)
{
  union {
    const char *in;
    char *out;
  } same = {text};
  return same.out;
}

void sparkp_who_fill(sparkc_session *session, sparkp_who *who)
{
  spark__connect__user_context__init(&who->user);
  who->user.user_id = sparkp_member(session->address.user_id);
  who->user.user_name = sparkp_member(session->address.user_id);
  who->user.extensions = who->extensions;
  pthread_mutex_lock(&session->lock);
  memcpy(who->server_session, session->server_session, sizeof who->server_session);
  for (sparkp_extension *one = session->extensions; one; one = one->next)
    if (!one->gone) who->extensions[who->user.n_extensions++] = &one->message;
  pthread_mutex_unlock(&session->lock);
}

int sparkp_frame(const ProtobufCMessage *message, size_t bytes_max, gn_buf *out, sparkc_error *err)
{
  size_t size = protobuf_c_message_get_packed_size(message);
  if (size > bytes_max) {
    sparkp_hint(err, "raise grpc_max_message_size, here and on the server");
    return sparkp_fail(err, SPARKC_E_LIMIT, "a request of %zu bytes is above the limit of %zu",
                       size, bytes_max);
  }
  uint8_t *bytes = gni_buf_extend(out, size + FRAME_PREFIX);
  if (!bytes) return sparkp_nomem(err);
  gni_grpc_prefix(size, bytes);
  protobuf_c_message_pack(message, bytes + FRAME_PREFIX);
  return SPARKC_OK;
}

int sparkp_check_session(sparkc_session *session, gn_str session_id, gn_str server_session,
                         sparkc_error *err)
{
  bool changed = false;
  if (session_id.len && !gni_str_is(session_id, session->address.session_id))
    return sparkp_fail(err, SPARKC_E_REMOTE, "the server answered for session '%.*s', not ours",
                       (int)(session_id.len < 60 ? session_id.len : 60), session_id.ptr);
  if (server_session.len == 0 || server_session.len >= sizeof session->server_session)
    return SPARKC_OK;
  pthread_mutex_lock(&session->lock);
  if (session->server_session[0] == '\0') {
    memcpy(session->server_session, server_session.ptr, server_session.len);
    session->server_session[server_session.len] = '\0';
  }
  session->used = true;
  changed = !gni_str_is(server_session, session->server_session);
  session->closed = session->closed || changed;
  pthread_mutex_unlock(&session->lock);
  if (!changed) return SPARKC_OK;
  sparkp_hint(err, "open a new session");
  return sparkp_fail(err, SPARKC_E_CLOSED, "the server was started anew: the session is gone");
}

static int check_open(sparkc_session *session, sparkc_error *err)
{
  pthread_mutex_lock(&session->lock);
  bool closed = session->closed;
  pthread_mutex_unlock(&session->lock);
  if (!closed) return SPARKC_OK;
  sparkp_hint(err, "open a new session");
  return sparkp_fail(err, SPARKC_E_CLOSED, "the session was ended on the server");
}

/* ---- one attempt ----------------------------------------------------------------------------- */

struct attempt {
  sparkc_session *session;
  const char *method;
  gn_str body;
  const sparkp_feed *feed; /* instead of the body */
  int64_t deadline_us;
};

static void connection_failed(const gn_error *why, sparkp_failure *out)
{
  *out = (sparkp_failure){.retry_us = -1};
  sparkp_fail_from(&out->error, why);
  out->error.status = GNI_GRPC_UNAVAILABLE;
}

/* The failure is ours, not the network's: sending again would not help. */
static int feed_failed(sparkc_error *why, sparkp_failure *out)
{
  *out = (sparkp_failure){.retry_us = -1};
  out->error = *why;
  out->error.retryable = 0;
  return out->error.code;
}

/* Sends and receives one message. On failure `failure` says what. */
static int attempt_once(const struct attempt *at, gni_grpc_message **answer,
                        sparkp_failure *failure)
{
  const sparkp_transport *t = at->session->transport;
  const sparkp_request request = {.method = at->method,
                                  .body = at->body,
                                  .goes_on = at->feed != NULL,
                                  .deadline_us = at->deadline_us};
  sparkc_error own = {0};
  gni_grpc_message *more;
  gn_error why = {0};
  void *call;
  *answer = NULL;
  if (t->start(at->session->channel, &request, &call, &why) != GN_OK) {
    connection_failed(&why, failure);
    return failure->error.code;
  }
  if (at->feed && at->feed->send(at->feed->user, t, call, &own) != SPARKC_OK) {
    t->finish(call);
    return feed_failed(&own, failure);
  }
  while (t->next(call, &more) == GN_OK) {
    gni_grpc_message_unref(*answer);
    *answer = more;
  }
  const gni_h2_status status = t->status(call);
  int rc = SPARKC_OK;
  if (status.code != GNI_GRPC_OK || !*answer) {
    const gni_h2_status none = {GNI_GRPC_UNAVAILABLE, GN_STR("there was no answer"), {0}, false};
    sparkp_failure_from(status.code == GNI_GRPC_OK ? &none : &status, &at->session->alloc, failure);
    gni_grpc_message_unref(*answer);
    *answer = NULL;
    rc = failure->error.code;
  }
  t->finish(call);
  return rc;
}

static int with_retries(const struct attempt *at, gni_grpc_message **answer, sparkc_error *err)
{
  sparkc_session *session = at->session;
  sparkp_retry retry = {0};
  for (;;) {
    sparkp_failure failure;
    int64_t began_us = sparkp_now_us(session);
    sparkp_tell(session, &(sparkc_event){.kind = SPARKC_EVENT_CALL,
                                         .method = at->method,
                                         .attempt = retry.attempts + 1});
    int rc = attempt_once(at, answer, &failure);
    sparkp_tell(session, &(sparkc_event){.kind = SPARKC_EVENT_ANSWER,
                                         .method = at->method,
                                         .status = rc == SPARKC_OK ? 0 : failure.error.status,
                                         .bytes = *answer ? (int64_t)(*answer)->len : 0,
                                         .elapsed_us = sparkp_now_us(session) - began_us});
    if (rc == SPARKC_OK) return rc;
    if (!sparkp_retry_wait(session, &retry, &failure, at->method, at->deadline_us))
      return sparkp_fail_remote(session, &failure, err);
    sparkc_error_clear(&failure.error);
  }
}

int sparkp_call(sparkc_session *session, const char *method, const ProtobufCMessage *request,
                int64_t deadline_us, gni_grpc_message **answer, sparkc_error *err)
{
  gn_buf body;
  *answer = NULL;
  int rc = check_open(session, err);
  if (rc != SPARKC_OK) return rc;
  gni_buf_init(&body, &session->alloc, session->address.message_bytes_max + FRAME_PREFIX + 1);
  rc = sparkp_frame(request, session->address.message_bytes_max, &body, err);
  if (rc == SPARKC_OK) {
    const struct attempt at = {.session = session,
                               .method = method,
                               .body = gni_buf_view(&body),
                               .deadline_us =
                                   deadline_us != INT64_MAX
                                       ? deadline_us
                                       : sparkp_now_us(session) + session->call_timeout_us};
    rc = with_retries(&at, answer, err);
  }
  gni_buf_deinit(&body);
  return rc;
}

int sparkp_call_fed(sparkc_session *session, const char *method, const sparkp_feed *feed,
                    int64_t deadline_us, gni_grpc_message **answer, sparkc_error *err)
{
  const struct attempt at = {.session = session,
                             .method = method,
                             .body = GN_STR(""),
                             .feed = feed,
                             .deadline_us = deadline_us};
  *answer = NULL;
  int rc = check_open(session, err);
  return rc == SPARKC_OK ? with_retries(&at, answer, err) : rc;
}

/* ---- the whole of a failure ------------------------------------------------------------------ */

static void fetch_details(sparkc_session *session, sparkp_failure *failure)
{
  Spark__Connect__FetchErrorDetailsRequest request =
      SPARK__CONNECT__FETCH_ERROR_DETAILS_REQUEST__INIT;
  sparkp_failure second;
  sparkp_who who;
  gni_grpc_message *answer = NULL;
  gn_buf body;
  SPARKP_SIGN(&request, session, &who);
  request.error_id = failure->error_id;
  gni_buf_init(&body, &session->alloc, SPARKP_REQUEST_ARENA_BYTES);
  if (sparkp_frame(&request.base, SPARKP_REQUEST_ARENA_BYTES, &body, NULL) == SPARKC_OK) {
    const struct attempt at = {.session = session,
                               .method = "FetchErrorDetails",
                               .body = gni_buf_view(&body),
                               .deadline_us = sparkp_now_us(session) + FETCH_TIMEOUT_US};
    /* Once only: the server forgets the details as it gives them. */
    if (attempt_once(&at, &answer, &second) != SPARKC_OK) sparkc_error_clear(&second.error);
  }
  if (answer)
    sparkp_error_enrich(&failure->error, (gn_str){answer->ptr, answer->len}, &session->alloc,
                        session->want_stack);
  gni_grpc_message_unref(answer);
  gni_buf_deinit(&body);
}

/* A proxy or a fork may announce what it does not read. */
static void stop_compressing(sparkc_session *session, sparkc_error *err)
{
  pthread_mutex_lock(&session->lock);
  bool compressed = session->compress_from >= 0;
  pthread_mutex_unlock(&session->lock);
  if (!compressed) return;
  sparkp_compress_never(session);
  sparkp_hint(err, "plans are no longer compressed in this session: try again");
  err->retryable = 1;
}

int sparkp_fail_remote(sparkc_session *session, sparkp_failure *failure, sparkc_error *err)
{
  bool closed = failure->error.code == SPARKC_E_CLOSED;
  pthread_mutex_lock(&session->lock);
  session->closed = session->closed || closed;
  session->used = session->used || failure->error.status != GNI_GRPC_UNAVAILABLE;
  pthread_mutex_unlock(&session->lock);
  if (closed) return sparkp_error_move(&failure->error, err);
  if (failure->error_id[0] && err && err->code == SPARKC_OK) fetch_details(session, failure);
  if (sparkp_error_says(&failure->error, "CONNECT_INVALID_PLAN.CANNOT_PARSE"))
    stop_compressing(session, &failure->error);
  return sparkp_error_move(&failure->error, err);
}

/* ---- calls nobody waits for ------------------------------------------------------------------ */

static void lingering_free(sparkc_session *session, sparkp_lingering *one)
{
  if (one->call) session->transport->finish(one->call);
  gni_buf_deinit(&one->body);
  gni_free(&session->alloc, one, sizeof *one);
}

static int start_lingering(sparkc_session *session, sparkp_lingering *one, int64_t deadline_us)
{
  const sparkp_request sent = {
      .method = one->method, .body = gni_buf_view(&one->body), .deadline_us = deadline_us};
  return session->transport->start(session->channel, &sent, &one->call, NULL);
}

/* Waits until it is over; whether its connection went before the server answered. */
static bool is_lost(sparkc_session *session, sparkp_lingering *one)
{
  gni_grpc_message *message;
  while (session->transport->next(one->call, &message) == GN_OK) gni_grpc_message_unref(message);
  return session->transport->status(one->call).code == GNI_GRPC_UNAVAILABLE;
}

/* A connection may end while a call is on its way in it: then the call goes once more. */
static void send_again(sparkc_session *session, sparkp_lingering *one, int64_t deadline_us)
{
  pthread_mutex_lock(&session->lock);
  bool closed = session->closed; /* with all there was to release */
  pthread_mutex_unlock(&session->lock);
  if (closed) return;
  session->transport->finish(one->call);
  one->call = NULL;
  if (start_lingering(session, one, deadline_us) == GN_OK) is_lost(session, one);
}

/* Takes what the server answered to, in the order of sending, out of a full list. */
static void wait_for_first(sparkc_session *session, int64_t deadline_us)
{
  pthread_mutex_lock(&session->lock);
  sparkp_lingering *first = session->lingering[0];
  memmove(session->lingering, session->lingering + 1,
          (SPARKP_LINGERING_MAX - 1) * sizeof *session->lingering);
  session->lingering[SPARKP_LINGERING_MAX - 1] = NULL;
  pthread_mutex_unlock(&session->lock);
  if (!first) return;
  if (is_lost(session, first)) send_again(session, first, deadline_us);
  lingering_free(session, first);
}

static bool keep_lingering(sparkc_session *session, sparkp_lingering *one)
{
  bool kept = false;
  pthread_mutex_lock(&session->lock);
  for (size_t i = 0; i < SPARKP_LINGERING_MAX && !kept; i++) {
    if (session->lingering[i]) continue;
    session->lingering[i] = one;
    kept = true;
  }
  pthread_mutex_unlock(&session->lock);
  return kept;
}

void sparkp_send(sparkc_session *session, const char *method, const ProtobufCMessage *request)
{
  sparkp_lingering *one = gni_alloc_zero(&session->alloc, sizeof *one);
  if (!one) return;
  one->method = method;
  gni_buf_init(&one->body, &session->alloc, SPARKP_REQUEST_ARENA_BYTES);
  int64_t deadline_us = sparkp_now_us(session) + FETCH_TIMEOUT_US;
  if (sparkp_frame(request, SPARKP_REQUEST_ARENA_BYTES, &one->body, NULL) != SPARKC_OK ||
      start_lingering(session, one, deadline_us) != GN_OK) {
    lingering_free(session, one);
    return;
  }
  while (!keep_lingering(session, one)) wait_for_first(session, deadline_us);
}

void sparkp_lingering_end(sparkc_session *session, int64_t deadline_us)
{
  for (int i = 0; i < SPARKP_LINGERING_MAX; i++) {
    pthread_mutex_lock(&session->lock);
    bool any = session->lingering[0] != NULL;
    pthread_mutex_unlock(&session->lock);
    if (!any) return;
    if (sparkp_now_us(session) >= deadline_us)
      session->transport->cancel(session->lingering[0]->call);
    wait_for_first(session, deadline_us);
  }
}

/* ---- answers --------------------------------------------------------------------------------- */

gn_str sparkp_answer_text(const gni_grpc_message *answer, uint32_t field)
{
  gni_proto_field found;
  bool there = gni_proto_find((gn_str){answer->ptr, answer->len}, field, &found) == GN_OK;
  gn_str text = there ? gni_proto_bytes(&found) : (gn_str){NULL, 0};
  return text.ptr ? text : GN_STR("");
}

int sparkp_ask(sparkc_session *session, const char *method, const ProtobufCMessage *request,
               uint32_t server_field, gni_grpc_message **answer, sparkc_error *err)
{
  int rc = sparkp_call(session, method, request, INT64_MAX, answer, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkp_check_session(session, sparkp_answer_text(*answer, 1),
                            sparkp_answer_text(*answer, server_field), err);
  if (rc == SPARKC_OK) return rc;
  gni_grpc_message_unref(*answer);
  *answer = NULL;
  return rc;
}
