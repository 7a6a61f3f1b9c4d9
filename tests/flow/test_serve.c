/* The server under load, over real connections: nothing leaks, no request fails while what is
 * served changes or while it stops, and no client can hold more than its share.
 * SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/serve.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "flow/flow_kit.h"
#include "flow/http_client.h"

/* AddressSanitizer's own count, where it is. */
size_t sanitizer_bytes(void) __asm__("__sanitizer_get_current_allocated_bytes")
    __attribute__((weak));

enum { PATIENCE_MS = 60000, BODY_BYTES = 4096 };

static const char route[] = "/v1/fetch/groupby/team.sums.v1";
static const int64_t noon_ms = 1711022400000; /* 2024-03-21, half a day after the batch */

static void pause_ms(int64_t ms)
{
  const struct timespec moment = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  nanosleep(&moment, NULL);
}

/* ---- what is served ---- */

static const char sources[] =
    "[{\"events\":{\"table\":\"ns.events\",\"topic\":\"t\",\"query\":{\"selects\":"
    "{\"user\":\"user\",\"amount\":\"amount\"},\"timeColumn\":\"ts\",\"setups\":[]}}}]";

/* The sums of two users, of whom u1 has `amount`. */
static void upload(double amount, const char *aggregations)
{
  char text[256];
  gn_error err = {0};
  gn_upload_report report;
  gn_session_args args = {.struct_size = sizeof args,
                          .repo = flow_repo(),
                          .threads = 1,
                          .memory_bytes = INT64_C(400) << 20,
                          .tables = (const char *[]){"ns.events=../events.csv"},
                          .table_count = 1};
  gn_session *session;
  snprintf(text, sizeof text, "user,amount,ts\nu1,%g,1710950400000\nu2,2.5,1710950400000\n",
           amount);
  flow_write("events.csv", text);
  FLOW_GROUP(.name = "team.sums.v1", .sources = sources, .aggregations = aggregations,
             .more = ",\"accuracy\":0");
  CHECK_OK(gn_session_open(&args, &session, &err), &err);
  int rc =
      gn_upload(session, GN_UPLOAD_ARGS(.conf = "team.sums.v1", .ds = "2024-03-20"), &report, &err);
  gn_session_close(session);
  CHECK_OK(rc, &err);
}

static void put_rows(void)
{
  static const char rows[] = "{\"ts\":1711000000000,\"user\":\"u1\",\"amount\":10}\n"
                             "{\"ts\":1711000001000,\"user\":\"u1\",\"amount\":0.25}\n";
  gn_error err = {0};
  int64_t count;
  gn_session *session = FLOW_SESSION(.clock_ms = noon_ms);
  CHECK_OK(gn_put_events(session, "team.sums.v1", rows, strlen(rows), &count, &err), &err);
  CHECK_INT(count, 2);
}

static gn_server *running;

static void stop_running(void *what)
{
  (void)what;
  gn_server_stop(running, 0);
  running = NULL;
}

/* The port of a server that ends with the case. */
static int32_t serve(const gn_server_args *args)
{
  gn_server_args own = *args;
  gn_error err = {0};
  own.struct_size = sizeof own;
  own.listen = "127.0.0.1:0";
  gn_session *session = FLOW_SESSION(.clock_ms = noon_ms, .alloc = test_alloc());
  CHECK_OK(gn_server_start(session, &own, &running, &err), &err);
  test_later(stop_running, NULL);
  return gn_server_port(running);
}
#define SERVE(...) serve(&(gn_server_args){.struct_size = sizeof(gn_server_args), __VA_ARGS__})

static void ask(int32_t port, const char *method, const char *path, const char *body, int status,
                char out[BODY_BYTES])
{
  static http_client client;
  http_reply reply;
  CHECK(http_open(&client, port));
  bool answered = http_ask(&client, method, path, body, &reply);
  if (answered) snprintf(out, BODY_BYTES, "%.*s", GN_STR_ARGS(reply.body));
  http_close(&client);
  CHECK(answered);
  CHECK_INT(reply.status, status);
}

/* ---- nothing leaks ---- */

/* One turn of a client: requests sent together, and what each has for a reply. */
typedef struct test_turn {
  struct {
    const char *method, *path, *body;
    int status;
    char reply[BODY_BYTES];
  } requests[8];
  size_t count;
  gn_buf text;
} test_turn;

static void add_request(test_turn *turn, int32_t port, const char *method, const char *path,
                        const char *body, int status)
{
  size_t i = turn->count++;
  turn->requests[i].status = status;
  ask(port, method, path, body, status, turn->requests[i].reply);
  http_write(&turn->text, method, path, body);
}

static void free_turn(void *what)
{
  gni_buf_deinit(&((test_turn *)what)->text);
}

/* Keys that are there, that are not, and that are wrong; both protocols; requests that fail. */
static void plan_turn(test_turn *turn, int32_t port)
{
  static const char keys[] = "[{\"user\":\"u1\"},{\"user\":\"u2\"},{\"user\":\"nobody\"}]";
  static const char columns[] = "{\"features\":[\"team_sums_v1:amount_sum_1d\","
                                "\"team_sums_v1:amount_last3\"],\"entities\":{\"user\":[\"u1\"]}}";
  *turn = (test_turn){.count = 0};
  gni_buf_init(&turn->text, &gni_libc_alloc, 1 << 20);
  test_later(free_turn, turn);
  add_request(turn, port, "POST", route, "[{\"user\":\"u1\"}]", 200);
  add_request(turn, port, "POST", route, keys, 200);
  add_request(turn, port, "POST", "/get-online-features", columns, 200);
  add_request(turn, port, "POST", route, "[{\"usr\":1},7]", 200);
  add_request(turn, port, "POST", route, "[{", 400);
  add_request(turn, port, "GET", "/nothing", NULL, 404);
  add_request(turn, port, "GET", "/ping", NULL, 200);
  add_request(turn, port, "POST", route, "[{\"user\":\"u2\"}]", 200);
}

static void take_turn(const test_turn *turn, http_client *client)
{
  http_reply reply;
  CHECK(http_send(client, gni_buf_view(&turn->text)));
  for (size_t i = 0; i < turn->count; i++) {
    CHECK(http_read(client, PATIENCE_MS, &reply));
    CHECK_INT(reply.status, turn->requests[i].status);
    CHECK_STR(reply.body, turn->requests[i].reply);
  }
}

static int64_t heap_in_use(void)
{
  if (sanitizer_bytes) return (int64_t)sanitizer_bytes();
  return (int64_t)mallinfo2().uordblks;
}

static void close_client(void *client)
{
  http_close(client);
}

/* Once what the last reply needed was given back, which is after it was read. */
static int64_t settled_heap(void)
{
  int64_t before, now = heap_in_use();
  do {
    before = now;
    pause_ms(2);
    now = heap_in_use();
  } while (now != before);
  return now;
}

static void ask_turns(const test_turn *turn, http_client *clients, int client_count, int64_t wanted)
{
  int64_t asked = 0;
  for (int i = 0; asked < wanted; i++) {
    take_turn(turn, &clients[i % client_count]);
    asked += (int64_t)turn->count;
  }
}

/* Nothing of ours is allocated in a round, and of all libraries' memory not a byte more is in use
 * after it. Where two threads meet in a way that was not yet, one more desk is set up: that makes
 * a round or two loud, and a leak all of them. */
static void ten_million_requests_leak_nothing(void)
{
  enum { USUAL = 100000, LONG = 10000000, CLIENTS = 2, WARM = 2000, ROUNDS = 10, LOUD_MAX = 2 };
  static http_client clients[CLIENTS];
  static test_turn turn;
  const int64_t wanted = test_effort() > 1 ? LONG : USUAL;
  upload(1.5, NULL);
  put_rows();
  int32_t port = SERVE(.threads = 2);
  plan_turn(&turn, port);
  CHECK(strstr(turn.requests[0].reply, "\"amount_sum_1d\":11.75,") != NULL);
  for (int i = 0; i < CLIENTS; i++) {
    CHECK(http_open(&clients[i], port));
    test_later(close_client, &clients[i]);
  }
  ask_turns(&turn, clients, CLIENTS, WARM);
  int loud = 0;
  int64_t first = settled_heap(), before = first;
  for (int round = 0; round < ROUNDS; round++) {
    size_t allocations = test_alloc_count();
    ask_turns(&turn, clients, CLIENTS, wanted / ROUNDS);
    int64_t after = settled_heap();
    loud += after > before || test_alloc_count() != allocations;
    before = after;
  }
  printf("# %" PRId64 " requests; bytes in use %" PRId64 " before, %" PRId64
         " after; rounds in which anything was allocated: %d\n",
         wanted, first, before, loud);
  CHECK(loud <= LOUD_MAX);
}

/* ---- what is served changes ---- */

enum { UPLOADS = 6, ASKERS = 3 };

/* What u1 may have: before any upload is `expected[0]`, after the nth one `expected[n]`. */
typedef struct changing {
  int32_t port;
  char expected[UPLOADS][BODY_BYTES];
  _Atomic bool stop;
} changing;

typedef struct asker {
  changing *shared;
  pthread_t thread;
  int64_t asked;
  _Atomic int newest;          /* upload that it saw */
  _Atomic(const char *) wrong; /* what happened that should not */
} asker;

/* Which upload a reply is of; UPLOADS: of none. */
static int upload_of(const changing *shared, gn_str body)
{
  int number = 0;
  while (number < UPLOADS && !gni_str_is(body, shared->expected[number])) number++;
  return number;
}

/* Every reply is of one upload, and none is of an older one than the reply before. */
static void *ask_on(void *user)
{
  asker *me = user;
  changing *shared = me->shared;
  http_client *client = malloc(sizeof *client);
  http_reply reply;
  if (!client || !http_open(client, shared->port)) me->wrong = "cannot connect";
  while (!me->wrong && !shared->stop) {
    if (!http_ask(client, "POST", route, "[{\"user\":\"u1\"}]", &reply)) {
      me->wrong = "no reply";
      break;
    }
    int number = upload_of(shared, reply.body);
    if (reply.status != 200) me->wrong = "a request failed";
    if (number == UPLOADS) me->wrong = "a reply is of no upload";
    if (number < me->newest) me->wrong = "a reply is older than the one before";
    me->newest = number;
    if (++me->asked % 16 == 0) pause_ms(1); /* the uploads want the processor, too */
  }
  if (client && client->socket >= 0) http_close(client);
  free(client);
  return NULL;
}

/* Every other upload has other features, so that the GroupBy is opened anew. */
static void upload_number(int number)
{
  static const char counts[] = "[{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}},"
                               "{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{}}]";
  upload(1.5 + number, number % 2 ? counts : NULL);
}

static void wait_for_newest(asker *who)
{
  for (int i = 0; i < PATIENCE_MS && !who->wrong && who->newest < UPLOADS - 1; i++) pause_ms(1);
}

static void uploads_are_seen_without_a_failed_request(void)
{
  static changing shared;
  static asker askers[ASKERS];
  int64_t asked = 0;
  shared = (changing){.port = 0};
  for (int i = UPLOADS - 1; i >= 0; i--) { /* what each will say; the first is left to be served */
    upload_number(i);
    int32_t port = SERVE(.threads = 1);
    ask(port, "POST", route, "[{\"user\":\"u1\"}]", 200, shared.expected[i]);
    stop_running(NULL);
  }
  shared.port = SERVE(.threads = 2);
  for (int i = 0; i < ASKERS; i++) {
    askers[i] = (asker){.shared = &shared};
    CHECK_INT(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
  }
  for (int i = 1; i < UPLOADS; i++) {
    pause_ms(100);
    upload_number(i);
  }
  for (int i = 0; i < ASKERS; i++) wait_for_newest(&askers[i]);
  shared.stop = true;
  for (int i = 0; i < ASKERS; i++) pthread_join(askers[i].thread, NULL);
  for (int i = 0; i < ASKERS; i++) {
    const char *wrong = askers[i].wrong;
    if (wrong) test_fail(__FILE__, __LINE__, "%s", wrong);
    CHECK_INT(askers[i].newest, UPLOADS - 1);
    asked += askers[i].asked;
  }
  printf("# %" PRId64 " requests during %d uploads\n", asked, UPLOADS - 1);
}

/* How many files of generations this process has open although they were removed. */
static int removed_and_open(void)
{
  char path[64], target[512];
  int count = 0;
  for (int file = 0; file < 1024; file++) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    count += strstr(target, "SUMS_V1_BATCH/gen-") && strstr(target, "(deleted)");
  }
  return count;
}

static void what_an_upload_replaced_is_closed_although_nobody_asks(void)
{
  static char said[BODY_BYTES];
  upload(1.5, NULL);
  int32_t port = SERVE(.threads = 1);
  ask(port, "POST", route, "[{\"user\":\"u1\"}]", 200, said);
  pause_ms(200);
  for (int i = 0; i < 2; i++) {
    upload(2.5 + i, NULL);
    for (int waited = 0; removed_and_open() && waited < PATIENCE_MS; waited += 5) pause_ms(5);
    CHECK_INT(removed_and_open(), 0);
  }
}

/* ---- stopping ---- */

static void *stop_patiently(void *what)
{
  gn_server_stop(what, PATIENCE_MS);
  return NULL;
}

/* All of a request but its end, of which the server has said that it is at it. */
static void begin_request(http_client *client, int32_t port)
{
  CHECK(http_open(client, port));
  test_later(close_client, client);
  CHECK(http_send(client, GN_STR("POST /v1/fetch/groupby/team.sums.v1 HTTP/1.1\r\nHost: test\r\n"
                                 "Expect: 100-continue\r\nContent-Length: 15\r\n\r\n")));
  CHECK(http_continues(client, PATIENCE_MS));
  CHECK(http_send(client, GN_STR("[{\"user\":\"u2")));
}

static void requests_under_way_are_answered_before_it_stops(void)
{
  enum { CLIENTS = 16 };
  static http_client clients[CLIENTS], late;
  pthread_t stopping;
  http_reply reply;
  upload(1.5, NULL);
  int32_t port = SERVE(.threads = 2);
  for (int i = 0; i < CLIENTS; i++) begin_request(&clients[i], port);
  gn_server *server = running;
  running = NULL;
  CHECK_INT(pthread_create(&stopping, NULL, stop_patiently, server), 0);
  pause_ms(100);
  int answered = 0;
  for (int i = 0; i < CLIENTS; i++)
    answered += http_send(&clients[i], GN_STR("\"}]")) &&
                http_read(&clients[i], PATIENCE_MS, &reply) && reply.status == 200 &&
                strstr(reply.body.ptr, "\"amount_sum_1d\":2.5,") != NULL;
  pthread_join(stopping, NULL);
  CHECK_INT(answered, CLIENTS);
  CHECK(!http_open(&late, port));
}

static void a_client_that_never_ends_does_not_hold_the_stop(void)
{
  static http_client client;
  upload(1.5, NULL);
  int32_t port = SERVE(.threads = 2);
  begin_request(&client, port);
  gn_server_stop(running, 100);
  running = NULL;
  CHECK(http_ends(&client, PATIENCE_MS));
}

/* ---- limits ---- */

static void a_large_body_is_refused_and_the_next_request_answered(void)
{
  static http_client client;
  static char body[4002];
  http_reply reply;
  upload(1.5, NULL);
  int32_t port = SERVE(.body_bytes_max = 4000);
  CHECK(http_open(&client, port));
  test_later(close_client, &client);
  memset(body, ' ', sizeof body - 1);
  CHECK(http_ask(&client, "POST", route, body, &reply));
  CHECK_INT(reply.status, 413);
  CHECK_STR(reply.body, "{\"errors\":[\"the request is larger than 4000 bytes\"]}");
  memcpy(body, "[]", 2);
  body[3999] = '\0';
  CHECK(http_ask(&client, "POST", route, body, &reply));
  CHECK_INT(reply.status, 200);
  CHECK_STR(reply.body, "{\"results\":[]}");
}

/* The one too many waits in the queue of the system, until another goes. */
static void one_connection_too_many_waits_for_its_turn(void)
{
  static http_client clients[3];
  http_reply reply;
  upload(1.5, NULL);
  int32_t port = SERVE(.connections_max = 2);
  for (int i = 0; i < 2; i++) {
    CHECK(http_open(&clients[i], port));
    test_later(close_client, &clients[i]);
    CHECK(http_ask(&clients[i], "GET", "/ping", NULL, &reply));
  }
  CHECK(http_open(&clients[2], port));
  test_later(close_client, &clients[2]);
  CHECK(http_send(&clients[2], GN_STR("GET /ping HTTP/1.1\r\nHost: test\r\n\r\n")));
  CHECK(!http_read(&clients[2], 200, &reply));
  CHECK(http_ask(&clients[0], "GET", "/ping", NULL, &reply));
  http_close(&clients[0]);
  CHECK(http_read(&clients[2], PATIENCE_MS, &reply));
  CHECK_STR(reply.body, "Pong!");
}

static void a_silent_connection_is_closed(void)
{
  static http_client silent, half;
  upload(1.5, NULL);
  int32_t port = SERVE(.idle_timeout_s = 1);
  CHECK(http_open(&silent, port));
  test_later(close_client, &silent);
  begin_request(&half, port);
  CHECK(http_ends(&silent, PATIENCE_MS));
  CHECK(http_ends(&half, PATIENCE_MS));
}

/* It never falls silent, and still does not keep its place. */
static void a_request_that_drips_in_is_cut(void)
{
  static http_client client;
  bool sent = true;
  upload(1.5, NULL);
  int32_t port = SERVE(.idle_timeout_s = 1);
  CHECK(http_open(&client, port));
  test_later(close_client, &client);
  CHECK(http_send(&client, GN_STR("POST /ping HTTP/1.1\r\nHost: test\r\n"
                                  "Content-Length: 100000\r\n\r\n")));
  for (int i = 0; sent && i < PATIENCE_MS / 50; i++) {
    sent = http_send(&client, GN_STR("x"));
    pause_ms(50);
  }
  CHECK(!sent);
}

int main(void)
{
  static const test_case cases[] = {
      {"after ten million requests not a byte more is in use", ten_million_requests_leak_nothing},
      {"what an upload replaced is closed although nobody asks",
       what_an_upload_replaced_is_closed_although_nobody_asks},
      {"uploads are seen without a failed request, whole and in order",
       uploads_are_seen_without_a_failed_request},
      {"requests under way are answered before it stops",
       requests_under_way_are_answered_before_it_stops},
      {"a client that never ends does not hold the stop",
       a_client_that_never_ends_does_not_hold_the_stop},
      {"a large body is refused, and the next request answered",
       a_large_body_is_refused_and_the_next_request_answered},
      {"one connection too many waits for its turn", one_connection_too_many_waits_for_its_turn},
      {"a silent connection is closed", a_silent_connection_is_closed},
      {"a request that drips in is cut", a_request_that_drips_in_is_cut},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
