/* A connection against a peer on loopback that does what it is told, down to the byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kit/kit.h"
#include "wire/http2.h"

/* ---- frames ---------------------------------------------------------------------------------- */

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

typedef struct wire {
  char bytes[4096];
  size_t len;
} wire;

static void add(wire *w, const void *bytes, size_t len)
{
  CHECK(len <= sizeof w->bytes - w->len);
  if (len) memcpy(w->bytes + w->len, bytes, len);
  w->len += len;
}

static void add_frame(wire *w, int type, int flags, int stream, const void *bytes, size_t len)
{
  const uint8_t head[9] = {(uint8_t)(len >> 16),
                           (uint8_t)(len >> 8),
                           (uint8_t)len,
                           (uint8_t)type,
                           (uint8_t)flags,
                           0,
                           0,
                           0,
                           (uint8_t)stream};
  add(w, head, sizeof head);
  add(w, bytes, len);
}

/* Names and values in turn, until NULL: as literals that no table keeps. */
static void add_headers(wire *w, int flags, const char *const *pairs)
{
  wire block = {.len = 0};
  for (size_t i = 0; pairs[i]; i++) {
    const char lead[2] = {0, (char)strlen(pairs[i])};
    if (i % 2 == 0) add(&block, lead, 1);
    add(&block, lead + 1, 1);
    add(&block, pairs[i], strlen(pairs[i]));
  }
  add_frame(w, HEADERS, END_HEADERS | flags, 1, block.bytes, block.len);
}

static void add_message(wire *w, const char *text)
{
  wire body = {.len = 0};
  uint8_t prefix[5];
  gni_grpc_prefix(strlen(text), prefix);
  add(&body, prefix, 5);
  add(&body, text, strlen(text));
  add_frame(w, DATA, 0, 1, body.bytes, body.len);
}

static const char *const good_start[] = {":status", "200", "content-type", "application/grpc",
                                         NULL};
static const char *const good_end[] = {"grpc-status", "0", NULL};

static wire good_answer(void)
{
  wire w = {.len = 0};
  add_headers(&w, 0, good_start);
  add_message(&w, "first");
  add_message(&w, "");
  add_message(&w, "third");
  add_headers(&w, END_STREAM, good_end);
  return w;
}

/* ---- the peer -------------------------------------------------------------------------------- */

typedef struct peer {
  int listener;
  uint16_t port;
  pthread_t thread;
  wire answer;
  bool at_once; /* before the request has come whole */
  bool stays;   /* keeps the connection open, and says nothing more */
  _Atomic int stop;
} peer;

static void send_all(int s, const char *bytes, size_t len)
{
  while (len) {
    ssize_t n = send(s, bytes, len, MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes += n;
    len -= (size_t)n;
  }
}

/* Reads frames behind the preface until the request's last; false when the client went away. */
static bool read_request(int s, bool at_once)
{
  uint8_t bytes[64 << 10];
  size_t len = 0, at = 24;
  for (;;) {
    ssize_t n = recv(s, bytes + len, sizeof bytes - len, 0);
    if (n <= 0) return false;
    len += (size_t)n;
    while (len >= at + 9) {
      size_t size = (size_t)bytes[at] << 16 | (size_t)bytes[at + 1] << 8 | bytes[at + 2];
      bool last = bytes[at + 3] == DATA && bytes[at + 4] & END_STREAM;
      if (last || (at_once && bytes[at + 3] == HEADERS)) return true;
      at += 9 + size;
    }
    if (len == sizeof bytes) return true;
  }
}

static void *serve(void *user)
{
  peer *p = user;
  wire hello = {.len = 0};
  add_frame(&hello, SETTINGS, 0, 0, "", 0);
  add_frame(&hello, SETTINGS, ACK, 0, "", 0);
  int s = accept(p->listener, NULL, NULL);
  if (s < 0) return NULL;
  send_all(s, hello.bytes, hello.len);
  if (read_request(s, p->at_once)) send_all(s, p->answer.bytes, p->answer.len);
  while (p->stays && !p->stop) {
    char rest[4096];
    struct pollfd one = {.fd = s, .events = POLLIN};
    if (poll(&one, 1, 20) > 0 && recv(s, rest, sizeof rest, 0) <= 0) break;
  }
  /* What is unread would turn the close into a reset that overtakes the answer. */
  shutdown(s, SHUT_WR);
  for (;;) {
    char rest[4096];
    if (recv(s, rest, sizeof rest, 0) <= 0) break;
  }
  close(s);
  return NULL;
}

static void start_peer(peer *p)
{
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof any;
  p->listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(p->listener, (struct sockaddr *)&any, sizeof any) == 0);
  CHECK(listen(p->listener, 1) == 0);
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

/* ---- one call -------------------------------------------------------------------------------- */

typedef struct outcome {
  char messages[256]; /* "first||third|" */
  int code;
  char text[300], details[64];
  bool usable;
} outcome;

typedef struct wish {
  int64_t deadline_us; /* from now; 0: ten seconds */
  int64_t keepalive_us, keepalive_timeout_us;
  size_t body_bytes, message_bytes_max;
  bool goes_on; /* `during` sends the rest of the body */
  void (*during)(gni_h2_call *call);
} wish;

static outcome call_peer(peer *p, const wish *wished)
{
  static char body[1 << 20];
  start_peer(p);
  const gni_h2_options options = {.target = {.host = "127.0.0.1", .port = p->port},
                                  .window_bytes = 1 << 20,
                                  .message_bytes_max =
                                      wished->message_bytes_max ? wished->message_bytes_max : 1000,
                                  .keepalive_us = wished->keepalive_us,
                                  .keepalive_timeout_us = wished->keepalive_timeout_us};
  int64_t now_us = gni_monotonic_us();
  const gni_h2_request request = {
      .scheme = "http",
      .authority = "peer",
      .path = "/service/Method",
      .body = {body, wished->body_bytes ? wished->body_bytes : 10},
      .goes_on = wished->goes_on,
      .deadline_us = now_us + (wished->deadline_us ? wished->deadline_us : 10000000)};
  outcome out = {.code = -1};
  gn_error err = {0};
  gni_h2 *conn;
  gni_h2_call *call;
  gni_grpc_message *message;
  CHECK_OK(gni_h2_open(&options, test_alloc(), now_us + 5000000, &conn, &err), &err);
  CHECK_OK(gni_h2_call_start(conn, &request, &call, &err), &err);
  if (wished->during) wished->during(call);
  while (gni_h2_call_next(call, &message) == GN_OK) {
    size_t len = strlen(out.messages);
    snprintf(out.messages + len, sizeof out.messages - len, "%.*s|", (int)message->len,
             message->ptr);
    gni_grpc_message_unref(message);
  }
  const gni_h2_status status = gni_h2_call_status(call);
  out.code = status.code;
  snprintf(out.text, sizeof out.text, "%.*s", GN_STR_ARGS(status.message));
  snprintf(out.details, sizeof out.details, "%.*s", GN_STR_ARGS(status.details));
  out.usable = gni_h2_usable(conn);
  gni_h2_call_close(call);
  gni_h2_close(conn);
  stop_peer(p);
  return out;
}

static outcome answered(const wire *answer)
{
  peer p = {.answer = *answer};
  return call_peer(&p, &(wish){0});
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void an_answer_comes_whole(void)
{
  wire w = good_answer();
  outcome o = answered(&w);
  CHECK_TEXT(o.messages, "first||third|");
  CHECK_INT(o.code, GNI_GRPC_OK);
}

static void an_answer_cut_at_any_byte_is_never_good(void)
{
  wire whole = good_answer();
  const char *all = "first||third|";
  for (size_t len = 0; len < whole.len; len++) {
    wire cut = whole;
    cut.len = len;
    outcome o = answered(&cut);
    CHECK_INT(o.code, GNI_GRPC_UNAVAILABLE);
    CHECK(strncmp(o.messages, all, strlen(o.messages)) == 0);
    CHECK(!o.usable);
  }
}

static void an_answer_with_any_byte_changed_ends(void)
{
  wire whole = good_answer();
  for (size_t i = 0; i < whole.len; i++) {
    wire changed = whole;
    changed.bytes[i] = (char)(changed.bytes[i] ^ 0x15);
    outcome o = answered(&changed);
    CHECK(o.code >= 0 && o.code < 1000);
  }
}

static void a_refusal_is_headers_alone(void)
{
  static const char *const headers[] = {
      ":status", "200",          "content-type", "application/grpc",        "grpc-status",
      "13",      "grpc-message", "50%25 gone",   "grpc-status-details-bin", "YWJjZA",
      NULL};
  wire w = {.len = 0};
  add_headers(&w, END_STREAM, headers);
  outcome o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_INTERNAL);
  CHECK_TEXT(o.text, "50% gone");
  CHECK_TEXT(o.details, "abcd");
}

static void a_proxy_may_answer_instead(void)
{
  static const struct {
    const char *status, *type;
    int code;
    const char *text;
  } cases[] = {
      {"503", "text/html", GNI_GRPC_UNAVAILABLE, "the server answered with HTTP status 503"},
      {"404", "text/html", GNI_GRPC_UNIMPLEMENTED, "the server answered with HTTP status 404"},
      {"200", "text/html", GNI_GRPC_UNKNOWN, "the server's answer is not gRPC"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const headers[] = {":status", cases[i].status, "content-type", cases[i].type, NULL};
    wire w = {.len = 0};
    add_headers(&w, 0, headers);
    add_frame(&w, DATA, END_STREAM, 1, "<html>", 6);
    outcome o = answered(&w);
    CHECK_INT(o.code, cases[i].code);
    CHECK_TEXT(o.text, cases[i].text);
  }
}

static void resets_have_codes(void)
{
  static const struct {
    uint8_t error;
    int code;
  } cases[] = {{0x2, GNI_GRPC_INTERNAL},
               {0x7, GNI_GRPC_UNAVAILABLE},
               {0x8, GNI_GRPC_CANCELLED},
               {0xb, GNI_GRPC_RESOURCE_EXHAUSTED}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const uint8_t error[4] = {0, 0, 0, cases[i].error};
    wire w = {.len = 0};
    add_headers(&w, 0, good_start);
    add_message(&w, "first");
    add_frame(&w, RST_STREAM, 0, 1, error, 4);
    outcome o = answered(&w);
    CHECK_TEXT(o.messages, "first|");
    CHECK_INT(o.code, cases[i].code);
  }
}

static void goaway_refuses_what_is_later_and_lets_the_rest_end(void)
{
  const uint8_t refused[8] = {0}, ends[8] = {0, 0, 0, 1};
  wire w = {.len = 0};
  add_frame(&w, GOAWAY, 0, 0, refused, 8);
  outcome o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_UNAVAILABLE);
  w = (wire){.len = 0};
  add_frame(&w, GOAWAY, 0, 0, ends, 8);
  wire rest = good_answer();
  add(&w, rest.bytes, rest.len);
  o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_OK);
  CHECK_TEXT(o.messages, "first||third|");
  CHECK(!o.usable);
}

static void messages_that_are_not_wanted_end_the_call(void)
{
  wire w = {.len = 0};
  add_headers(&w, 0, good_start);
  add_frame(&w, DATA, 0, 1, "\1\0\0\0\1x", 6);
  outcome o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_UNIMPLEMENTED);
  w = (wire){.len = 0};
  add_headers(&w, 0, good_start);
  add_frame(&w, DATA, 0, 1, "\0\0\0\x03\xe9", 5);
  o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_RESOURCE_EXHAUSTED);
  CHECK_TEXT(o.text, "a message of 1001 bytes is above the limit of 1000");
}

static void a_message_without_its_end_is_not_good(void)
{
  wire w = {.len = 0};
  add_headers(&w, 0, good_start);
  add_frame(&w, DATA, 0, 1, "\0\0\0\0\5ab", 7);
  add_headers(&w, END_STREAM, good_end);
  outcome o = answered(&w);
  CHECK_INT(o.code, GNI_GRPC_UNAVAILABLE);
  CHECK_TEXT(o.text, "the answer ended in the middle of a message");
}

static void trailers_may_come_before_the_request_is_through(void)
{
  static const char *const headers[] = {
      ":status", "200", "content-type", "application/grpc", "grpc-status", "8", NULL};
  peer p = {.at_once = true, .stays = true};
  add_headers(&p.answer, END_STREAM, headers);
  outcome o = call_peer(&p, &(wish){.body_bytes = 1 << 20}); /* above the window of 64 KiB */
  CHECK_INT(o.code, GNI_GRPC_RESOURCE_EXHAUSTED);
}

static size_t pieces_sent;

/* Ten pieces, which may be changed as soon as they were taken. */
static void send_pieces(gni_h2_call *call)
{
  static char piece[100];
  pieces_sent = 0;
  for (int i = 0; i < 10; i++) {
    memset(piece, i, sizeof piece);
    if (gni_h2_call_send(call, (gn_str){piece, sizeof piece}, i == 9) != GN_OK) return;
    pieces_sent++;
  }
}

static void a_body_may_be_sent_piece_by_piece(void)
{
  peer p = {.answer = good_answer()};
  outcome o = call_peer(&p, &(wish){.goes_on = true, .during = send_pieces});
  CHECK_INT(o.code, GNI_GRPC_OK);
  CHECK_TEXT(o.messages, "first||third|");
  CHECK_INT(pieces_sent, 10);
}

/* More than the window of 64 KiB: without the trailers it would wait for ever. */
static void send_until_it_is_over(gni_h2_call *call)
{
  static char piece[40000];
  pieces_sent = 0;
  while (gni_h2_call_send(call, (gn_str){piece, sizeof piece}, false) == GN_OK) pieces_sent++;
}

static void trailers_end_a_body_that_goes_on(void)
{
  static const char *const headers[] = {
      ":status", "200", "content-type", "application/grpc", "grpc-status", "8", NULL};
  peer p = {.at_once = true, .stays = true};
  add_headers(&p.answer, END_STREAM, headers);
  outcome o = call_peer(&p, &(wish){.goes_on = true, .during = send_until_it_is_over});
  CHECK_INT(o.code, GNI_GRPC_RESOURCE_EXHAUSTED);
  CHECK(pieces_sent < 3);
}

static void a_deadline_ends_a_body_nobody_reads(void)
{
  peer p = {.stays = true};
  outcome o = call_peer(
      &p, &(wish){.goes_on = true, .deadline_us = 100000, .during = send_until_it_is_over});
  CHECK_INT(o.code, GNI_GRPC_DEADLINE_EXCEEDED);
}

static void a_deadline_ends_the_wait(void)
{
  peer p = {.stays = true};
  outcome o = call_peer(&p, &(wish){.deadline_us = 50000});
  CHECK_INT(o.code, GNI_GRPC_DEADLINE_EXCEEDED);
  CHECK(o.usable);
}

static void a_peer_that_answers_no_ping_is_gone(void)
{
  peer p = {.stays = true};
  outcome o = call_peer(&p, &(wish){.keepalive_us = 20000, .keepalive_timeout_us = 20000});
  CHECK_INT(o.code, GNI_GRPC_UNAVAILABLE);
  CHECK_TEXT(o.text, "the connection was lost: it did not answer a ping");
}

static pthread_t canceller;

static void *cancel_soon(void *call)
{
  const struct timespec soon = {.tv_nsec = 20000000};
  nanosleep(&soon, NULL);
  gni_h2_call_cancel(call);
  return NULL;
}

static void start_canceller(gni_h2_call *call)
{
  CHECK(pthread_create(&canceller, NULL, cancel_soon, call) == 0);
}

static void another_thread_may_cancel(void)
{
  peer p = {.stays = true};
  outcome o = call_peer(&p, &(wish){.during = start_canceller});
  pthread_join(canceller, NULL);
  CHECK_INT(o.code, GNI_GRPC_CANCELLED);
}

static void nobody_listening_is_said(void)
{
  peer p = {.stays = false};
  gn_error err = {0};
  gni_h2 *conn;
  start_peer(&p);
  stop_peer(&p);
  const gni_h2_options options = {.target = {.host = "127.0.0.1", .port = p.port},
                                  .window_bytes = 1 << 20};
  CHECK_INT(gni_h2_open(&options, test_alloc(), gni_monotonic_us() + 1000000, &conn, &err),
            GN_E_IO);
  CHECK_TEXT(err.message, "Connection refused");
}

int main(void)
{
  static const test_case cases[] = {
      {"an answer comes whole", an_answer_comes_whole},
      {"an answer cut at any byte is never good", an_answer_cut_at_any_byte_is_never_good},
      {"an answer with any byte changed ends", an_answer_with_any_byte_changed_ends},
      {"a refusal is headers alone", a_refusal_is_headers_alone},
      {"a proxy may answer instead", a_proxy_may_answer_instead},
      {"resets have codes", resets_have_codes},
      {"GOAWAY refuses what is later and lets the rest end",
       goaway_refuses_what_is_later_and_lets_the_rest_end},
      {"messages that are not wanted end the call", messages_that_are_not_wanted_end_the_call},
      {"a message without its end is not good", a_message_without_its_end_is_not_good},
      {"trailers may come before the request is through",
       trailers_may_come_before_the_request_is_through},
      {"a body may be sent piece by piece", a_body_may_be_sent_piece_by_piece},
      {"trailers end a body that goes on", trailers_end_a_body_that_goes_on},
      {"a deadline ends a body nobody reads", a_deadline_ends_a_body_nobody_reads},
      {"a deadline ends the wait", a_deadline_ends_the_wait},
      {"a peer that answers no ping is gone", a_peer_that_answers_no_ping_is_gone},
      {"another thread may cancel", another_thread_may_cancel},
      {"nobody listening is said", nobody_listening_is_said},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
