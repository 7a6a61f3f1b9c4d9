/* HTTP by libmicrohttpd: a pool of threads, each with an epoll loop and its share of the
 * connections. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "serve/http.h"

enum { REPLY_BYTES_MAX = 1 << 30, CONNECTION_BYTES = 16 << 10 };

/* One request under way. Kept for the next one: a warm server allocates nothing per request. */
struct exchange {
  struct exchange *next;
  gn_buf body;
  gni_http_reply reply;
  int64_t begun_us;
  bool too_big;
};

struct server {
  gni_http_args args;
  struct MHD_Daemon *daemon;
  pthread_mutex_t lock;
  struct exchange *idle;
  _Atomic int under_way;
  uint16_t port;
};

/* ---- exchanges ---- */

static struct exchange *exchange_take(struct server *server)
{
  pthread_mutex_lock(&server->lock);
  struct exchange *exchange = server->idle;
  if (exchange) server->idle = exchange->next;
  pthread_mutex_unlock(&server->lock);
  if (!exchange) {
    exchange = gni_alloc_zero(server->args.alloc, sizeof *exchange);
    if (!exchange) return NULL;
    gni_buf_init(&exchange->body, server->args.alloc, server->args.body_bytes_max);
    gni_buf_init(&exchange->reply.body, server->args.alloc, REPLY_BYTES_MAX);
  }
  gni_buf_reset(&exchange->body);
  gni_buf_reset(&exchange->reply.body);
  exchange->reply.status = MHD_HTTP_OK;
  exchange->reply.content_type = "application/json";
  exchange->too_big = false;
  exchange->begun_us = gni_monotonic_us();
  atomic_fetch_add(&server->under_way, 1);
  return exchange;
}

static void exchange_free(const struct server *server, struct exchange *exchange)
{
  gni_buf_deinit(&exchange->body);
  gni_buf_deinit(&exchange->reply.body);
  gni_free(server->args.alloc, exchange, sizeof *exchange);
}

static void request_completed(void *user, struct MHD_Connection *connection, void **slot,
                              enum MHD_RequestTerminationCode why)
{
  struct server *server = user;
  struct exchange *exchange = *slot;
  (void)connection, (void)why;
  if (!exchange) return;
  *slot = NULL;
  pthread_mutex_lock(&server->lock);
  exchange->next = server->idle;
  server->idle = exchange;
  pthread_mutex_unlock(&server->lock);
  atomic_fetch_sub(&server->under_way, 1);
}

/* ---- requests ---- */

static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  const struct exchange *exchange)
{
  const gni_http_reply *reply = &exchange->reply;
  gn_str body = gni_buf_view(&reply->body);
  /* The bytes stay until the request is completed, which is after they are sent. */
  struct MHD_Response *response = MHD_create_response_from_buffer(
      body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_PERSISTENT);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
  if (reply->status == MHD_HTTP_UNAUTHORIZED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
  enum MHD_Result done = MHD_queue_response(connection, (unsigned)reply->status, response);
  MHD_destroy_response(response);
  return done;
}

static enum MHD_Result answer(const struct server *server, struct MHD_Connection *connection,
                              const char *path, const char *method, struct exchange *exchange)
{
  const char *shown =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
  gni_http_request request = {.method = gni_str(method),
                              .path = gni_str(path),
                              .authorization = gni_str(shown),
                              .body = gni_buf_view(&exchange->body)};
  gni_http_reply *reply = &exchange->reply;
  if (exchange->too_big) {
    reply->status = MHD_HTTP_CONTENT_TOO_LARGE;
    gni_buf_add_format(&reply->body, "{\"errors\":[\"the request is larger than %zu bytes\"]}",
                       server->args.body_bytes_max);
  } else {
    server->args.handler(server->args.user, &request, reply);
  }
  if (reply->body.rc != GN_OK) {
    reply->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    gni_buf_reset(&reply->body);
  }
  return send_reply(connection, exchange);
}

/* Called once for the headers, then for each part of the body, then once more at its end. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *part,
                                  size_t *part_size, void **slot)
{
  struct server *server = user;
  struct exchange *exchange = *slot;
  (void)version;
  if (!exchange) {
    *slot = exchange = exchange_take(server);
    return exchange ? MHD_YES : MHD_NO;
  }
  if (*part_size == 0) return answer(server, connection, path, method, exchange);
  /* One that drips in is never silent for long, and would keep its connection for ever. */
  if (gni_monotonic_us() - exchange->begun_us > server->args.idle_timeout_s * INT64_C(1000000))
    return MHD_NO;
  /* Too much is read to its end all the same, so that the reply can be read. */
  if (!exchange->too_big && gni_buf_add(&exchange->body, part, *part_size) != GN_OK) {
    exchange->too_big = true;
    gni_buf_reset(&exchange->body);
  }
  *part_size = 0;
  return MHD_YES;
}

/* Names in paths keep their percent signs: a slash in a name is not a slash of the path. */
static size_t leave_escaped(void *user, struct MHD_Connection *connection, char *text)
{
  (void)user, (void)connection;
  return strlen(text);
}

/* ---- the driver ---- */

static bool address_of(const gni_http_args *args, struct sockaddr_storage *out)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, args->host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(args->port);
    return true;
  }
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET6, args->host, &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(args->port);
  return true;
}

static void mhd_free(struct server *server)
{
  while (server->idle) {
    struct exchange *next = server->idle->next;
    exchange_free(server, server->idle);
    server->idle = next;
  }
  pthread_mutex_destroy(&server->lock);
  gni_free(server->args.alloc, server, sizeof *server);
}

static int mhd_start(const gni_http_args *args, void **out, gn_error *err)
{
  struct sockaddr_storage address;
  struct server *server = gni_alloc_zero(args->alloc, sizeof *server);
  if (!server) return gni_fail_nomem(err, sizeof *server);
  server->args = *args;
  pthread_mutex_init(&server->lock, NULL);
  if (!address_of(args, &address)) {
    mhd_free(server);
    return gni_fail(err, GN_E_ARG, "'%s' is not an address", args->host);
  }
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
                   (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0U);
  server->daemon = MHD_start_daemon(
      flags, args->port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
      MHD_OPTION_THREAD_POOL_SIZE, (unsigned)(args->threads > 1 ? args->threads : 0),
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)args->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
      (unsigned)args->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
      MHD_OPTION_NOTIFY_COMPLETED, request_completed, server, MHD_OPTION_UNESCAPE_CALLBACK,
      leave_escaped, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
  if (!server->daemon) {
    mhd_free(server);
    gni_fail(err, GN_E_IO, "cannot listen on %s port %u", args->host, (unsigned)args->port);
    gni_error_hint(err, "another program may have the port; choose one with --listen HOST:PORT");
    return GN_E_IO;
  }
  server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
  *out = server;
  return GN_OK;
}

static uint16_t mhd_port(const void *server)
{
  return ((const struct server *)server)->port;
}

static void mhd_stop(void *user, int64_t grace_ms)
{
  struct server *server = user;
  const struct timespec moment = {.tv_nsec = 2000000};
  int64_t until_us = gni_monotonic_us() + grace_ms * 1000;
  MHD_socket listening = MHD_quiesce_daemon(server->daemon);
  while (atomic_load(&server->under_way) > 0 && gni_monotonic_us() < until_us)
    nanosleep(&moment, NULL);
  MHD_stop_daemon(server->daemon);
  if (listening != MHD_INVALID_SOCKET) close(listening);
  mhd_free(server);
}

const gni_http_driver gn_http_mhd = {.version = GN_HTTP_DRIVER_VERSION,
                                     .name = "mhd",
                                     .start = mhd_start,
                                     .port = mhd_port,
                                     .stop = mhd_stop};
