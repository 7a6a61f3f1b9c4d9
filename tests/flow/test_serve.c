/* The server under load, over real connections: nothing leaks, no request fails while what is
 * served changes or while it stops, and no client can hold more than its share.
 * SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/serve.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

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

static void ten_million_requests_leak_nothing(void)
{
  enum { USUAL = 100000, LONG = 10000000, CLIENTS = 2, WARM_TURNS = 100, SETTLE_MS = 5000 };
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
  for (int i = 0; i < WARM_TURNS * CLIENTS; i++) take_turn(&turn, &clients[i % CLIENTS]);
  pause_ms(50); /* what the last reply needed is given back after it was sent */
  size_t allocations = test_alloc_count(), blocks = test_alloc_live();
  int64_t before = heap_in_use(), asked = 0;
  for (int i = 0; asked < wanted; i++) {
    take_turn(&turn, &clients[i % CLIENTS]);
    asked += (int64_t)turn.count;
  }
  for (int i = 0; i < SETTLE_MS && heap_in_use() > before; i++) pause_ms(1);
  printf("# %" PRId64 " requests; bytes in use %" PRId64 " before, %" PRId64 " after\n", asked,
         before, heap_in_use());
  CHECK_INT(test_alloc_live(), blocks);
  CHECK_INT(test_alloc_count(), allocations);
  CHECK(heap_in_use() <= before);
}

int main(void)
{
  static const test_case cases[] = {
      {"after ten million requests not a byte more is in use", ten_million_requests_leak_nothing},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
