/* One HTTP/2 connection as a client of gRPC. SPDX-License-Identifier: Apache-2.0
 *
 * Everything but poll() happens under the connection's lock. Of the threads that wait for calls one
 * drives: it polls and reads for all, and says so by a broadcast after each step; when its own call
 * is through it leaves, and another takes over. A pipe ends its poll when there is something new to
 * send, or a call was cancelled. */
#include "wire/http2.h"

#include <errno.h>
#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
  READ_BYTES = 256 << 10,
  FRAME_BYTES = 1 << 20, /* the largest we accept: fewer frames for big batches */
  HEADER_LIST_BYTES = 256 << 10,
  TRAILER_BYTES_MAX = 1 << 20,
  REQUEST_HEADERS_MAX = 64
};

struct gni_h2 {
  gn_alloc alloc;
  nghttp2_mem memory;
  gni_link *link;
  nghttp2_session *session;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool driving, dead, going_away;
  int references;
  int wake[2];
  char *in; /* READ_BYTES */
  const uint8_t *out;
  size_t out_len; /* of nghttp2's bytes not yet written */
  gni_h2_options options;
  int64_t heard_us, asked_us; /* last bytes in; last unanswered PING or 0 */
  gni_h2_call *calls;
  gn_error why; /* it died of */
};

struct gni_h2_call {
  gni_h2 *conn;
  gni_h2_call *next;
  int32_t stream;
  gn_str body; /* or the piece of it that is being sent */
  size_t sent;
  bool goes_on, starved; /* more pieces will come; nghttp2 waits for the next */
  int64_t deadline_us;
  gni_grpc_assembler messages;
  size_t held_bytes; /* came, but the window was not opened for them */
  uint64_t bytes;
  bool over, cancelled, is_grpc, named_by_server;
  int http_status, code;
  gn_buf message, details;
};

/* ---- memory for nghttp2: it tells no sizes, so they stand in front ----------------------------
 */

enum { SIZE_ROOM = 16 };

static void *mem_realloc(void *block, size_t size, void *user)
{
  char *start = block ? (char *)block - SIZE_ROOM : NULL;
  size_t old = 0;
  if (start) memcpy(&old, start, sizeof old);
  size_t whole = gni_size_add(size, SIZE_ROOM);
  start = gni_resize(user, start, old, whole);
  if (!start) return NULL;
  memcpy(start, &whole, sizeof whole);
  return start + SIZE_ROOM;
}

static void *mem_malloc(size_t size, void *user)
{
  return mem_realloc(NULL, size, user);
}

static void *mem_calloc(size_t count, size_t size, void *user)
{
  size_t whole = gni_size_mul(count, size);
  void *block = mem_realloc(NULL, whole, user);
  if (block) memset(block, 0, whole);
  return block;
}

static void mem_free(void *block, void *user)
{
  size_t whole;
  if (!block) return;
  char *start = (char *)block - SIZE_ROOM;
  memcpy(&whole, start, sizeof whole);
  gni_free(user, start, whole);
}

/* ---- how calls end --------------------------------------------------------------------------- */

static void call_end(gni_h2_call *call, int code, const char *why)
{
  if (call->over) return;
  call->over = true;
  if (call->named_by_server) return;
  call->code = code;
  gni_buf_reset(&call->message);
  gni_buf_add_text(&call->message, why);
}

static void conn_die(gni_h2 *conn, int code, const gn_error *why)
{
  char text[512];
  if (conn->dead) return;
  conn->dead = true;
  conn->why = *why;
  snprintf(text, sizeof text, "the connection was lost: %s", why->message);
  for (gni_h2_call *call = conn->calls; call; call = call->next) call_end(call, code, text);
}

static void conn_die_text(gni_h2 *conn, const char *text)
{
  gn_error why = {0};
  gni_fail(&why, GN_E_IO, "%s", text);
  conn_die(conn, GNI_GRPC_UNAVAILABLE, &why);
}

static void wake(gni_h2 *conn)
{
  ssize_t n;
  do n = write(conn->wake[1], "", 1);
  while (n < 0 && errno == EINTR);
}

/* ---- what nghttp2 tells ---------------------------------------------------------------------- */

static gni_h2_call *call_of(nghttp2_session *session, int32_t stream)
{
  return nghttp2_session_get_stream_user_data(session, stream);
}

static void reset_stream(gni_h2 *conn, int32_t stream, uint32_t error)
{
  nghttp2_submit_rst_stream(conn->session, NGHTTP2_FLAG_NONE, stream, error);
}

static void on_number(gn_str value, int *out)
{
  int64_t number;
  if (gni_parse_int64(value, &number) == GN_OK && number >= 0 && number < 1000) *out = (int)number;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
  gni_h2_call *call = call_of(session, frame->hd.stream_id);
  gn_str key = {(const char *)name, name_len}, text = {(const char *)value, value_len};
  (void)flags;
  (void)user;
  if (!call || call->over) return 0;
  if (gni_str_is(key, ":status")) on_number(text, &call->http_status);
  if (gni_str_is(key, "content-type")) call->is_grpc = gni_str_starts(text, "application/grpc");
  if (gni_str_is(key, "grpc-status")) {
    call->code = GNI_GRPC_UNKNOWN;
    call->named_by_server = true;
    on_number(text, &call->code);
  }
  if (gni_str_is(key, "grpc-message")) gni_grpc_unescape(text, &call->message);
  if (gni_str_is(key, "grpc-status-details-bin")) gni_grpc_unbase64(text, &call->details);
  return 0;
}

/* The server said its last word; what it left unsaid is ours to name. */
static void on_stream_end(gni_h2 *conn, gni_h2_call *call)
{
  char text[96];
  if (call->http_status != 200) {
    snprintf(text, sizeof text, "the server answered with HTTP status %d", call->http_status);
    call_end(call, gni_grpc_code_of_http(call->http_status), text);
  } else if (!call->is_grpc && !call->named_by_server) {
    call_end(call, GNI_GRPC_UNKNOWN, "the server's answer is not gRPC");
  } else if (call->named_by_server && call->code == GNI_GRPC_OK &&
             gni_grpc_is_cut(&call->messages)) {
    call->named_by_server = false;
    call_end(call, GNI_GRPC_UNAVAILABLE, "the answer ended in the middle of a message");
  } else {
    call_end(call, GNI_GRPC_UNAVAILABLE, "the answer ended without a status");
  }
  /* It may answer before it has read all: then nobody waits for the rest. */
  if (call->goes_on || call->sent < call->body.len)
    reset_stream(conn, call->stream, NGHTTP2_NO_ERROR);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
  gni_h2 *conn = user;
  if (frame->hd.type == NGHTTP2_GOAWAY) conn->going_away = true;
  if (frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK) conn->asked_us = 0;
  bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (!can_end || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
  gni_h2_call *call = call_of(session, frame->hd.stream_id);
  if (call) on_stream_end(conn, call);
  return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t len, void *user)
{
  gni_h2 *conn = user;
  gni_h2_call *call = call_of(session, stream);
  gn_error err = {0};
  (void)flags;
  nghttp2_session_consume_connection(session, len);
  if (!call || call->over) return 0;
  call->bytes += len;
  /* The window opens again at once for a message that is waited for; behind a whole one only when
   * that is taken. So at most a window's worth lies here unread, however large a message is. */
  if (call->messages.first)
    call->held_bytes += len;
  else
    nghttp2_session_consume_stream(session, stream, len);
  if (call->http_status != 200 || !call->is_grpc) return 0;
  int rc = gni_grpc_feed(&call->messages, bytes, len, &err);
  if (rc == GN_OK) return 0;
  call_end(call, rc == GN_E_UNSUPPORTED ? GNI_GRPC_UNIMPLEMENTED : GNI_GRPC_RESOURCE_EXHAUSTED,
           err.message);
  reset_stream(conn, stream, NGHTTP2_CANCEL);
  return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *user)
{
  gni_h2_call *call = call_of(session, stream);
  char text[80];
  (void)user;
  if (!call) return 0;
  snprintf(text, sizeof text, "the server reset the call (%s)", nghttp2_http2_strerror(error));
  /* A server knows the deadline too, and may see it pass before we look. */
  if (error == NGHTTP2_CANCEL && gni_monotonic_us() >= call->deadline_us)
    call_end(call, GNI_GRPC_DEADLINE_EXCEEDED, "the deadline passed");
  else
    call_end(call, gni_grpc_code_of_h2(error), text);
  return 0;
}

static ssize_t on_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
                       uint32_t *flags, nghttp2_data_source *source, void *user)
{
  gni_h2_call *call = call_of(session, stream);
  (void)source;
  (void)user;
  if (!call) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* closed meanwhile */
  size_t left = call->body.len - call->sent;
  size_t now = left < size ? left : size;
  call->starved = now == 0 && call->goes_on;
  if (call->starved) return NGHTTP2_ERR_DEFERRED;
  if (now) memcpy(out, call->body.ptr + call->sent, now);
  call->sent += now;
  if (call->sent == call->body.len && !call->goes_on) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)now;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int make_session(gni_h2 *conn)
{
  nghttp2_session_callbacks *calls = NULL;
  nghttp2_option *option = NULL;
  int rc = nghttp2_session_callbacks_new(&calls);
  if (rc == 0) rc = nghttp2_option_new(&option);
  if (rc == 0) {
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_http_messaging(option, 1); /* trailers-only answers are ours to judge */
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    rc = nghttp2_session_client_new3(&conn->session, calls, conn, option, &conn->memory);
  }
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(calls);
  return rc;
}

static int greet(gni_h2 *conn, gn_error *err)
{
  int32_t window =
      conn->options.window_bytes > INT32_MAX ? INT32_MAX : (int32_t)conn->options.window_bytes;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)window},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, FRAME_BYTES},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_BYTES}};
  int rc = make_session(conn);
  if (rc == 0)
    rc = nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings,
                                 sizeof settings / sizeof *settings);
  if (rc == 0) rc = nghttp2_session_set_local_window_size(conn->session, 0, 0, window);
  if (rc == 0) return GN_OK;
  return gni_fail_native(err, rc == NGHTTP2_ERR_NOMEM ? GN_E_NOMEM : GN_E_BUG, rc,
                         "HTTP/2 cannot start: %s", nghttp2_strerror(rc));
}

static int make_locks(gni_h2 *conn, gn_error *err)
{
  pthread_condattr_t monotonic;
  pthread_mutex_init(&conn->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&conn->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pipe(conn->wake) != 0) {
    conn->wake[0] = conn->wake[1] = -1;
    return gni_fail_native(err, GN_E_IO, errno, "no pipe: %s", strerror(errno));
  }
  for (int i = 0; i < 2; i++) {
    fcntl(conn->wake[i], F_SETFD, FD_CLOEXEC);
    fcntl(conn->wake[i], F_SETFL, O_NONBLOCK);
  }
  return GN_OK;
}

static void conn_free(gni_h2 *conn)
{
  const gn_alloc alloc = conn->alloc;
  nghttp2_session_del(conn->session);
  gni_link_close(conn->link);
  for (int i = 0; i < 2; i++)
    if (conn->wake[i] >= 0) close(conn->wake[i]);
  pthread_cond_destroy(&conn->changed);
  pthread_mutex_destroy(&conn->lock);
  gni_free(&alloc, conn->in, READ_BYTES);
  gni_free(&alloc, conn, sizeof *conn);
}

int gni_h2_open(const gni_h2_options *options, const gn_alloc *alloc, int64_t deadline_us,
                gni_h2 **out, gn_error *err)
{
  *out = NULL;
  gni_h2 *conn = gni_alloc_zero(alloc, sizeof *conn);
  if (!conn) return gni_fail_nomem(err, sizeof *conn);
  conn->alloc = *alloc;
  conn->memory = (nghttp2_mem){&conn->alloc, mem_malloc, mem_free, mem_calloc, mem_realloc};
  conn->references = 1;
  conn->options = *options;
  int rc = make_locks(conn, err);
  conn->in = rc == GN_OK ? gni_alloc(alloc, READ_BYTES) : NULL;
  if (rc == GN_OK && !conn->in) rc = gni_fail_nomem(err, READ_BYTES);
  if (rc == GN_OK) rc = greet(conn, err);
  if (rc == GN_OK)
    rc = gni_link_open(&options->target, &conn->alloc, deadline_us, &conn->link, err);
  conn->heard_us = gni_monotonic_us();
  if (rc == GN_OK)
    *out = conn;
  else
    conn_free(conn);
  return rc;
}

/* With the lock held; gives it up. */
static void conn_unref(gni_h2 *conn)
{
  bool last = --conn->references == 0;
  pthread_mutex_unlock(&conn->lock);
  if (last) conn_free(conn);
}

/* ---- moving bytes, with the lock held -------------------------------------------------------- */

static void write_some(gni_h2 *conn)
{
  gn_error err = {0};
  int rc = GN_OK;
  while (!conn->dead && rc == GN_OK) {
    size_t put = 0;
    if (conn->out_len == 0) {
      ssize_t n = nghttp2_session_mem_send(conn->session, &conn->out);
      if (n < 0) conn_die_text(conn, nghttp2_strerror((int)n));
      if (n <= 0) return;
      conn->out_len = (size_t)n;
    }
    rc = gni_link_write(conn->link, conn->out, conn->out_len, &put, &err);
    conn->out += put;
    conn->out_len -= put;
  }
  if (rc != GN_OK && rc != GN_E_BUSY) {
    if (rc == GN_ABSENT) gni_fail(&err, GN_E_IO, "the server closed it");
    conn_die(conn, GNI_GRPC_UNAVAILABLE, &err);
  }
}

static void read_some(gni_h2 *conn)
{
  gn_error err = {0};
  for (int turn = 0; turn < 8 && !conn->dead; turn++) {
    size_t got = 0;
    int rc = gni_link_read(conn->link, conn->in, READ_BYTES, &got, &err);
    if (rc == GN_E_BUSY) return;
    if (rc == GN_ABSENT) gni_fail(&err, GN_E_IO, "the server closed it");
    if (rc != GN_OK) {
      conn_die(conn, GNI_GRPC_UNAVAILABLE, &err);
      return;
    }
    conn->heard_us = gni_monotonic_us();
    ssize_t n = nghttp2_session_mem_recv(conn->session, (const uint8_t *)conn->in, got);
    if (n < 0) conn_die_text(conn, nghttp2_strerror((int)n));
    if (got < READ_BYTES && !gni_link_has_bytes(conn->link)) return;
  }
}

/* Asks a silent server whether it lives; the time of the next look. */
static int64_t keep_alive(gni_h2 *conn, int64_t now_us)
{
  const gni_h2_options *o = &conn->options;
  if (o->keepalive_us <= 0) return INT64_MAX;
  if (conn->asked_us) {
    int64_t end_us = conn->asked_us + o->keepalive_timeout_us;
    if (conn->heard_us > conn->asked_us) conn->asked_us = 0;
    if (conn->asked_us && now_us >= end_us) conn_die_text(conn, "it did not answer a ping");
    return end_us;
  }
  if (now_us < conn->heard_us + o->keepalive_us) return conn->heard_us + o->keepalive_us;
  nghttp2_submit_ping(conn->session, NGHTTP2_FLAG_NONE, NULL);
  conn->asked_us = now_us;
  return now_us + o->keepalive_timeout_us;
}

/* Waits for the socket with the lock given up, then reads and writes what there is. */
static void drive_once(gni_h2 *conn, int64_t until_us)
{
  int64_t now_us = gni_monotonic_us(), look_us = keep_alive(conn, now_us);
  write_some(conn);
  if (conn->dead) return;
  if (look_us < until_us) until_us = look_us;
  struct pollfd both[2] = {
      {.fd = gni_link_fd(conn->link),
       .events =
           (short)(POLLIN |
                   (conn->out_len || nghttp2_session_want_write(conn->session) ? POLLOUT : 0))},
      {.fd = conn->wake[0], .events = POLLIN}};
  int64_t wait_ms = until_us <= now_us ? 0 : (until_us - now_us) / 1000 + 1;
  if (gni_link_has_bytes(conn->link)) wait_ms = 0;
  pthread_mutex_unlock(&conn->lock);
  int ready = poll(both, 2, wait_ms > 60000 ? 60000 : (int)wait_ms);
  if (ready > 0 && both[1].revents) {
    char drain[64];
    /* NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): unlocked, and it never blocks */
    while (read(conn->wake[0], drain, sizeof drain) > 0) continue;
  }
  pthread_mutex_lock(&conn->lock);
  if (!conn->dead && (both[0].revents || gni_link_has_bytes(conn->link))) read_some(conn);
  if (!conn->dead) write_some(conn);
  if (!conn->dead && !nghttp2_session_want_read(conn->session) &&
      !nghttp2_session_want_write(conn->session))
    conn_die_text(conn, "the server ended it");
}

/* One step towards something new for the caller: it drives, or waits for who does. */
static void step(gni_h2 *conn, int64_t until_us)
{
  if (!conn->driving) {
    conn->driving = true;
    drive_once(conn, until_us);
    conn->driving = false;
    pthread_cond_broadcast(&conn->changed);
    return;
  }
  struct timespec when = {.tv_sec = (time_t)(until_us / 1000000),
                          .tv_nsec = (long)(until_us % 1000000 * 1000)};
  pthread_cond_timedwait(&conn->changed, &conn->lock, &when);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static nghttp2_nv header(const char *name, gn_str value)
{
  /* nghttp2 copies both; its interface only forgot to say const. */
  union {
    const char *in;
    uint8_t *out;
  } key = {name}, text = {value.ptr ? value.ptr : ""};
  return (nghttp2_nv){key.out, text.out, strlen(name), value.len, NGHTTP2_NV_FLAG_NONE};
}

static int submit(gni_h2 *conn, gni_h2_call *call, const gni_h2_request *request)
{
  nghttp2_nv headers[REQUEST_HEADERS_MAX];
  char timeout[GNI_GRPC_TIMEOUT_BYTES];
  size_t count = 0;
  headers[count++] = header(":method", GN_STR("POST"));
  headers[count++] = header(":scheme", gni_str(request->scheme));
  headers[count++] = header(":path", gni_str(request->path));
  headers[count++] = header(":authority", gni_str(request->authority));
  headers[count++] = header("te", GN_STR("trailers"));
  headers[count++] = header("content-type", GN_STR("application/grpc"));
  headers[count++] = header("grpc-accept-encoding", GN_STR("identity"));
  if (request->deadline_us != INT64_MAX) {
    gni_grpc_timeout(request->deadline_us - gni_monotonic_us(), timeout);
    headers[count++] = header("grpc-timeout", gni_str(timeout));
  }
  if (request->header_count > REQUEST_HEADERS_MAX - count) return NGHTTP2_ERR_INVALID_ARGUMENT;
  for (size_t i = 0; i < request->header_count; i++)
    headers[count++] = header(request->headers[i].name, request->headers[i].value);
  const nghttp2_data_provider body = {.read_callback = on_body};
  return nghttp2_submit_request(conn->session, NULL, headers, count, &body, call);
}

static void call_free(gni_h2_call *call)
{
  const gn_alloc *alloc = &call->conn->alloc;
  gni_grpc_assembler_deinit(&call->messages);
  gni_buf_deinit(&call->message);
  gni_buf_deinit(&call->details);
  gni_free(alloc, call, sizeof *call);
}

int gni_h2_call_start(gni_h2 *conn, const gni_h2_request *request, gni_h2_call **out, gn_error *err)
{
  *out = NULL;
  gni_h2_call *call = gni_alloc(&conn->alloc, sizeof *call);
  if (!call) return gni_fail_nomem(err, sizeof *call);
  *call = (gni_h2_call){.conn = conn,
                        .body = request->body,
                        .goes_on = request->goes_on,
                        .deadline_us = request->deadline_us,
                        .code = GNI_GRPC_UNKNOWN};
  gni_buf_init(&call->message, &conn->alloc, TRAILER_BYTES_MAX);
  gni_buf_init(&call->details, &conn->alloc, TRAILER_BYTES_MAX);
  gni_grpc_assembler_init(&call->messages, &conn->alloc, conn->options.message_bytes_max,
                          conn->options.payload_at);
  pthread_mutex_lock(&conn->lock);
  int rc = conn->dead || conn->going_away ? NGHTTP2_ERR_START_STREAM_NOT_ALLOWED
                                          : submit(conn, call, request);
  if (rc > 0) {
    call->stream = rc;
    call->next = conn->calls;
    conn->calls = call;
    conn->references++;
    write_some(conn);
    if (conn->driving) wake(conn);
  }
  pthread_mutex_unlock(&conn->lock);
  if (rc > 0) {
    *out = call;
    return GN_OK;
  }
  call_free(call);
  if (rc == NGHTTP2_ERR_NOMEM) return gni_fail_nomem(err, sizeof *call);
  if (rc == NGHTTP2_ERR_INVALID_ARGUMENT)
    return gni_fail(err, GN_E_LIMIT, "more than %d headers", REQUEST_HEADERS_MAX - 8);
  return gni_fail_native(err, GN_E_IO, rc, "the connection takes no more calls");
}

/* Why the call is over for us though the server has not said so; false while it goes on. */
static bool give_up(gni_h2_call *call, int64_t now_us)
{
  if (call->cancelled) call_end(call, GNI_GRPC_CANCELLED, "the call was cancelled");
  if (!call->over && now_us >= call->deadline_us)
    call_end(call, GNI_GRPC_DEADLINE_EXCEEDED, "the deadline passed");
  return call->over;
}

/* One step of the connection for this call, or its end. */
static void wait_for_call(gni_h2_call *call)
{
  int64_t now_us = gni_monotonic_us();
  if (give_up(call, now_us)) return;
  step(call->conn, call->deadline_us == INT64_MAX ? now_us + 60000000 : call->deadline_us);
}

/* With the lock held: until all of the piece at hand is on its way; false when the call is over. */
static bool wait_until_sent(gni_h2_call *call)
{
  while (!call->over && call->sent < call->body.len) wait_for_call(call);
  return !give_up(call, gni_monotonic_us());
}

int gni_h2_call_send(gni_h2_call *call, gn_str piece, bool last)
{
  gni_h2 *conn = call->conn;
  pthread_mutex_lock(&conn->lock);
  bool lives = wait_until_sent(call);
  if (lives) {
    call->body = piece;
    call->sent = 0;
    call->goes_on = !last;
    if (call->starved) nghttp2_session_resume_data(conn->session, call->stream);
    call->starved = false;
    write_some(conn);
    if (conn->driving) wake(conn);
    lives = wait_until_sent(call);
  }
  pthread_mutex_unlock(&conn->lock);
  return lives ? GN_OK : GN_ABSENT;
}

int gni_h2_call_next(gni_h2_call *call, gni_grpc_message **out)
{
  gni_h2 *conn = call->conn;
  pthread_mutex_lock(&conn->lock);
  while ((*out = gni_grpc_take(&call->messages)) == NULL && !call->over) wait_for_call(call);
  if (*out && !call->messages.first && call->held_bytes) {
    nghttp2_session_consume_stream(conn->session, call->stream, call->held_bytes);
    call->held_bytes = 0;
    if (!conn->dead) write_some(conn);
  }
  pthread_mutex_unlock(&conn->lock);
  return *out ? GN_OK : GN_ABSENT;
}

gni_h2_status gni_h2_call_status(const gni_h2_call *call)
{
  return (gni_h2_status){.code = call->code,
                         .message = gni_buf_view(&call->message),
                         .details = gni_buf_view(&call->details),
                         .from_server = call->named_by_server};
}

void gni_h2_call_cancel(gni_h2_call *call)
{
  gni_h2 *conn = call->conn;
  pthread_mutex_lock(&conn->lock);
  call->cancelled = true;
  if (conn->driving) wake(conn);
  pthread_cond_broadcast(&conn->changed);
  pthread_mutex_unlock(&conn->lock);
}

void gni_h2_call_close(gni_h2_call *call)
{
  if (!call) return;
  gni_h2 *conn = call->conn;
  pthread_mutex_lock(&conn->lock);
  for (gni_h2_call **at = &conn->calls; *at; at = &(*at)->next) {
    if (*at != call) continue;
    *at = call->next;
    break;
  }
  if (nghttp2_session_set_stream_user_data(conn->session, call->stream, NULL) == 0 &&
      !conn->dead) { /* the stream is still there */
    reset_stream(conn, call->stream, NGHTTP2_CANCEL);
    write_some(conn);
    if (conn->driving) wake(conn);
  }
  call_free(call);
  conn_unref(conn);
}

uint64_t gni_h2_call_bytes(gni_h2_call *call)
{
  pthread_mutex_lock(&call->conn->lock);
  uint64_t bytes = call->bytes;
  pthread_mutex_unlock(&call->conn->lock);
  return bytes;
}

bool gni_h2_usable(gni_h2 *conn)
{
  pthread_mutex_lock(&conn->lock);
  /* What the server did while nobody looked: a close is seen before a call is lost to it. */
  if (!conn->dead && !conn->driving) read_some(conn);
  bool usable =
      !conn->dead && !conn->going_away && nghttp2_session_check_request_allowed(conn->session);
  pthread_mutex_unlock(&conn->lock);
  return usable;
}

void gni_h2_close(gni_h2 *conn)
{
  if (!conn) return;
  pthread_mutex_lock(&conn->lock);
  if (!conn->dead && !conn->calls) {
    nghttp2_session_terminate_session(conn->session, NGHTTP2_NO_ERROR);
    write_some(conn);
  }
  conn_unref(conn);
}
