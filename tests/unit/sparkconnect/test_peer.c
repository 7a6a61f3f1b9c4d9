/* A whole client against a peer on loopback that sends a recorded answer and stops at any byte of
 * it: rows are never lost and never doubled, and the operation is released.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Waits between attempts are left out, and no deadline passes; all else is as in life. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/kit.h"
#include "script.h"
#include "wire/proto.h"

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, GOAWAY = 7 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { MESSAGES = 4, ANSWER_BYTES = 4096 };

/* ---- the recorded answer --------------------------------------------------------------------- */

typedef struct wire {
  char bytes[ANSWER_BYTES];
  size_t len;
} wire;

static void add(wire *w, const void *bytes, size_t len)
{
  if (len > sizeof w->bytes - w->len) abort();
  if (len) memcpy(w->bytes + w->len, bytes, len);
  w->len += len;
}

static void add_frame(wire *w, int type, int flags, uint32_t stream, const void *bytes, size_t len)
{
  const uint8_t head[9] = {(uint8_t)(len >> 16),
                           (uint8_t)(len >> 8),
                           (uint8_t)len,
                           (uint8_t)type,
                           (uint8_t)flags,
                           0,
                           0,
                           (uint8_t)(stream >> 8),
                           (uint8_t)stream};
  add(w, head, sizeof head);
  add(w, bytes, len);
}

/* Names and values in turn, until NULL: as literals that no table keeps. */
static void add_headers(wire *w, int flags, uint32_t stream, const char *const *pairs)
{
  char block[256];
  size_t len = 0;
  for (size_t i = 0; pairs[i]; i++) {
    size_t text = strlen(pairs[i]);
    if (i % 2 == 0) block[len++] = 0;
    block[len++] = (char)text;
    memcpy(block + len, pairs[i], text);
    len += text;
  }
  add_frame(w, HEADERS, END_HEADERS | flags, stream, block, len);
}

static const char *const good_start[] = {":status", "200", "content-type", "application/grpc",
                                         NULL};
static const char *const good_end[] = {"grpc-status", "0", NULL};
static const char *const good_alone[] = {
    ":status", "200", "content-type", "application/grpc", "grpc-status", "0", NULL};

static gn_str messages[MESSAGES]; /* r1 to r4: rows 0 to 8 in three batches, and the end */

/* The answer to stream 1 from that message on. */
static void add_answer(wire *w, size_t from)
{
  add_headers(w, 0, 1, good_start);
  for (size_t i = from; i < MESSAGES; i++) {
    char framed[1200];
    uint8_t prefix[5];
    gni_grpc_prefix(messages[i].len, prefix);
    memcpy(framed, prefix, 5);
    memcpy(framed + 5, messages[i].ptr, messages[i].len);
    add_frame(w, DATA, 0, 1, framed, messages[i].len + 5);
  }
  add_headers(w, END_STREAM, 1, good_end);
}

/* ---- the peer -------------------------------------------------------------------------------- */

typedef struct peer {
  int listener;
  uint16_t port;
  pthread_t thread;
  size_t cut;      /* bytes of the first answer */
  wire instead;    /* sent behind the cut, on the first connection */
  bool closes;     /* behind that, too */
  int connections; /* so far */
  int releases;    /* that were read and answered */
  _Atomic int stop;
} peer;

static bool send_all(int s, const char *bytes, size_t len)
{
  while (len) {
    ssize_t n = send(s, bytes, len, MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

/* Member 5 of a request: the last_response_id of a ReattachExecuteRequest, options of an
 * ExecutePlanRequest, and the release_all, which is empty, of a ReleaseExecuteRequest. */
static bool find_member_5(gn_str body, gn_str *out)
{
  gni_proto_field found;
  bool there =
      body.len > 5 && gni_proto_find((gn_str){body.ptr + 5, body.len - 5}, 5, &found) == GN_OK;
  if (there) *out = gni_proto_bytes(&found);
  return there;
}

static bool is_release(gn_str body)
{
  gn_str all;
  return find_member_5(body, &all) && all.len == 0;
}

/* Which message comes next for a client that has seen so far. */
static size_t first_wanted(gn_str body)
{
  gn_str id;
  return find_member_5(body, &id) && id.len == 2 ? (size_t)(id.ptr[1] - '0') : 0;
}

/* Answers a request; false when the connection is to end. */
static bool answer(peer *p, int s, uint32_t stream, gn_str body)
{
  wire w = {.len = 0};
  if (is_release(body)) {
    p->releases++;
    add_headers(&w, END_STREAM, stream, good_alone);
    return send_all(s, w.bytes, w.len);
  }
  add_answer(&w, first_wanted(body));
  if (p->connections > 1) return send_all(s, w.bytes, w.len);
  send_all(s, w.bytes, p->cut < w.len ? p->cut : w.len);
  send_all(s, p->instead.bytes, p->instead.len);
  return p->cut >= w.len || (p->instead.len > 0 && !p->closes);
}

/* Frames behind the preface, one after the other; a request's last answers it. */
static void serve_one(peer *p, int s)
{
  static char bytes[64 << 10];
  char body[4096];
  size_t len = 0, at = 24, body_len = 0;
  ssize_t n;
  wire hello = {.len = 0};
  add_frame(&hello, SETTINGS, 0, 0, "", 0);
  add_frame(&hello, SETTINGS, ACK, 0, "", 0);
  send_all(s, hello.bytes, hello.len);
  while (len < sizeof bytes && (n = recv(s, bytes + len, sizeof bytes - len, 0)) > 0) {
    len += (size_t)n;
    while (len >= at + 9) {
      const uint8_t *head = (const uint8_t *)bytes + at;
      size_t size = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
      if (len < at + 9 + size) break;
      bool last = head[3] == DATA && head[4] & END_STREAM;
      if (head[3] == DATA && body_len + size <= sizeof body) {
        memcpy(body + body_len, head + 9, size);
        body_len += size;
      }
      at += 9 + size;
      if (!last) continue;
      if (!answer(p, s, (uint32_t)head[7] << 8 | head[8], (gn_str){body, body_len})) return;
      body_len = 0;
    }
  }
}

static void *serve(void *user)
{
  peer *p = user;
  while (!p->stop) {
    int s = accept(p->listener, NULL, NULL);
    if (s < 0) break;
    p->connections++;
    serve_one(p, s);
    shutdown(s, SHUT_WR);
    char rest[4096];
    while (recv(s, rest, sizeof rest, 0) > 0) continue;
    close(s);
  }
  return NULL;
}

static void start_peer(peer *p)
{
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof any;
  p->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (p->listener < 0) abort();
  CHECK(bind(p->listener, (struct sockaddr *)&any, sizeof any) == 0);
  CHECK(listen(p->listener, 4) == 0);
  CHECK(getsockname(p->listener, (struct sockaddr *)&any, &size) == 0);
  p->port = ntohs(any.sin_port);
  CHECK(pthread_create(&p->thread, NULL, serve, p) == 0);
}

static void stop_peer(peer *p)
{
  p->stop = 1;
  shutdown(p->listener, SHUT_RDWR);
  pthread_join(p->thread, NULL);
  close(p->listener);
}

/* ---- the client ------------------------------------------------------------------------------ */

static void no_wait(void *channel, int64_t duration_us)
{
  (void)channel;
  (void)duration_us;
}

/* A clock that stands still, some minutes ahead: however slow the machine, no deadline passes. */
static int64_t later_us;

static int64_t no_time_passes(void *channel)
{
  (void)channel;
  return later_us;
}

static const char *no_environment(const char *name)
{
  (void)name;
  return NULL;
}

typedef struct outcome {
  int rc, status;
  int64_t rows, sum;
} outcome;

static outcome run_over(sparkc_session *session, sparkc_error *err)
{
  struct ArrowArray batch = {.release = NULL};
  outcome out = {.rc = SPARKC_OK};
  sparkc_dataframe *df;
  sparkc_result *result;
  CHECK_INT(sparkc_range(session, 0, 9, 1, 0, &df, err), SPARKC_OK);
  CHECK_INT(sparkc_execute(df, NULL, &result, err), SPARKC_OK);
  sparkc_dataframe_free(df);
  while ((out.rc = sparkc_result_next(result, &batch, err)) == SPARKC_OK && batch.release) {
    const int64_t *ids = batch.children[0]->buffers[1];
    for (int64_t i = 0; i < batch.length; i++) out.sum += ids[i];
    out.rows += batch.length;
    batch.release(&batch);
  }
  sparkc_result_close(result);
  out.status = err->status;
  return out;
}

static outcome run_against(peer *p)
{
  static sparkp_transport quick;
  sparkp_address address;
  sparkc_error err = {0};
  gn_error why = {0};
  sparkc_session *session;
  char url[128];
  void *channel;
  gn_arena arena;
  quick = sparkp_transport_http2;
  quick.wait_us = no_wait;
  quick.now_us = no_time_passes;
  later_us = gni_monotonic_us() + (int64_t)600 * 1000000;
  start_peer(p);
  snprintf(url, sizeof url, "sc://127.0.0.1:%u/;user_id=ada;session_id=" SCRIPT_SESSION,
           (unsigned)p->port);
  const sparkc_session_args args = {.struct_size = sizeof args, .url = url};
  gni_arena_init(&arena, &gni_libc_alloc, 1 << 16);
  CHECK_INT(sparkp_uri_parse(url, &arena, &address, &err), SPARKC_OK);
  CHECK_INT(sparkp_address_complete(&args, no_environment, &arena, &address, &err), SPARKC_OK);
  CHECK_OK(sparkp_http2_channel_new(&address, test_alloc(), &channel, &why), &why);
  CHECK_INT(sparkp_session_open_over(&args, &quick, channel, &session, &err), SPARKC_OK);
  outcome out = run_over(session, &err);
  sparkc_session_close(session);
  sparkc_error_clear(&err);
  gni_arena_deinit(&arena);
  stop_peer(p);
  return out;
}

static size_t record_answer(void)
{
  wire w = {.len = 0};
  messages[0] = script_batch("r1", 0, 4, true);
  messages[1] = script_batch("r2", 4, 3, true);
  messages[2] = script_batch("r3", 7, 2, true);
  messages[3] = script_complete("r4");
  add_answer(&w, 0);
  return w.len;
}

static void check_whole(const outcome *o, size_t cut)
{
  if (o->rc != SPARKC_OK || o->rows != 9 || o->sum != 36)
    test_fail(__FILE__, __LINE__, "cut at byte %zu: code %d, %d rows, sum %d", cut, o->rc,
              (int)o->rows, (int)o->sum);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void an_answer_cut_at_any_byte_comes_whole_in_the_end(void)
{
  size_t len = record_answer();
  CHECK(len > 1000 && len <= ANSWER_BYTES);
  for (size_t cut = 0; cut <= len; cut++) {
    peer p = {.cut = cut};
    outcome o = run_against(&p);
    check_whole(&o, cut);
    /* Whether the client sees the end before or after its release went that way, the release
     * arrives over another connection. */
    CHECK_INT(p.connections, cut < len ? 2 : 1);
    CHECK_INT(p.releases, 1);
  }
}

static size_t message_end(size_t count)
{
  wire w = {.len = 0};
  add_headers(&w, 0, 1, good_start);
  size_t at = w.len;
  for (size_t i = 0; i < count; i++) at += 9 + 5 + messages[i].len;
  return at;
}

/* What the server may say between two messages instead of going on. */
static void check_between_messages(const wire *instead, bool closes, int rc, int status)
{
  record_answer();
  for (size_t count = 0; count < MESSAGES; count++) {
    peer p = {.cut = message_end(count), .instead = *instead, .closes = closes};
    outcome o = run_against(&p);
    if (rc == SPARKC_OK) {
      check_whole(&o, p.cut);
      continue;
    }
    CHECK_INT(o.rc, rc);
    CHECK_INT(o.status, status);
    CHECK_INT(o.rows, count == 0 ? 0 : count == 1 ? 4 : count == 2 ? 7 : 9);
  }
}

static void garbage_between_messages_is_a_lost_connection(void)
{
  wire garbage = {.len = 0};
  add(&garbage, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
  check_between_messages(&garbage, true, SPARKC_OK, 0);
}

static void a_goaway_between_messages_loses_nothing(void)
{
  wire away = {.len = 0};
  add_frame(&away, GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8); /* not even stream 1 */
  check_between_messages(&away, true, SPARKC_OK, 0);
}

static void resets_between_messages_have_their_kinds(void)
{
  wire inner = {.len = 0}, cancel = {.len = 0};
  add_frame(&inner, RST_STREAM, 0, 1, "\0\0\0\x02", 4);
  add_frame(&cancel, RST_STREAM, 0, 1, "\0\0\0\x08", 4);
  check_between_messages(&inner, false, SPARKC_E_TRANSPORT, GNI_GRPC_INTERNAL);
  check_between_messages(&cancel, false, SPARKC_E_CANCELLED, GNI_GRPC_CANCELLED);
}

static void trailers_between_messages_say_what_was(void)
{
  static const char *const denied[] = {"grpc-status", "7", "grpc-message", "no%21", NULL};
  wire refusal = {.len = 0};
  add_headers(&refusal, END_STREAM, 1, denied);
  check_between_messages(&refusal, false, SPARKC_E_TRANSPORT, GNI_GRPC_PERMISSION_DENIED);
}

int main(void)
{
  static const test_case cases[] = {
      {"an answer cut at any byte comes whole in the end",
       an_answer_cut_at_any_byte_comes_whole_in_the_end},
      {"garbage between messages is a lost connection",
       garbage_between_messages_is_a_lost_connection},
      {"a GOAWAY between messages loses nothing", a_goaway_between_messages_loses_nothing},
      {"resets between messages have their kinds", resets_between_messages_have_their_kinds},
      {"trailers between messages say what was", trailers_between_messages_say_what_was},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
