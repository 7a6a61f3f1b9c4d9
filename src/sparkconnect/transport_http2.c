/* The network behind the table: one HTTP/2 connection, opened anew when the last one is through.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "sparkconnect/scan.h"
#include "sparkconnect/transport.h"

#define SERVICE "/spark.connect.SparkConnectService/"

struct channel {
  gn_alloc alloc;
  const sparkp_address *address;
  pthread_mutex_t lock; /* of conn */
  gni_h2 *conn;
};

int sparkp_http2_channel_new(const sparkp_address *address, const gn_alloc *alloc, void **out,
                             gn_error *err)
{
  struct channel *channel = gni_alloc(alloc, sizeof *channel);
  *out = channel;
  if (!channel) return gni_fail_nomem(err, sizeof *channel);
  *channel = (struct channel){.alloc = *alloc, .address = address};
  pthread_mutex_init(&channel->lock, NULL);
  return GN_OK;
}

static void channel_close(void *channel)
{
  struct channel *own = channel;
  gni_h2_close(own->conn);
  pthread_mutex_destroy(&own->lock);
  const gn_alloc alloc = own->alloc;
  gni_free(&alloc, own, sizeof *own);
}

static int64_t now_us(void *channel)
{
  (void)channel;
  return gni_monotonic_us();
}

static void wait_us(void *channel, int64_t duration_us)
{
  struct timespec left = {.tv_sec = (time_t)(duration_us / 1000000),
                          .tv_nsec = (long)(duration_us % 1000000 * 1000)};
  (void)channel;
  while (nanosleep(&left, &left) != 0) continue;
}

static int connect_anew(struct channel *channel, int64_t deadline_us, gn_error *err)
{
  const sparkp_address *a = channel->address;
  const gni_h2_options options = {.target = {.host = a->host,
                                             .port = a->port,
                                             .unix_path = a->unix_path,
                                             .tls = a->tls,
                                             .tls_unchecked = a->tls_unchecked,
                                             .ca_file = a->ca_file,
                                             .cert_file = a->cert_file,
                                             .key_file = a->key_file,
                                             .server_name = a->server_name},
                                  .window_bytes = a->window_bytes,
                                  .message_bytes_max = a->message_bytes_max,
                                  .payload_at = sparkp_payload_at,
                                  .keepalive_us = a->keepalive_us,
                                  .keepalive_timeout_us = a->keepalive_timeout_us};
  int64_t limit_us = gni_monotonic_us() + a->connect_timeout_us;
  gni_h2_close(channel->conn);
  channel->conn = NULL;
  return gni_h2_open(&options, &channel->alloc, deadline_us < limit_us ? deadline_us : limit_us,
                     &channel->conn, err);
}

static int start_over(struct channel *channel, const sparkp_request *request, void **call,
                      gn_error *err)
{
  const sparkp_address *a = channel->address;
  gni_h2_header headers[SPARKP_HEADERS_MAX + 2];
  char path[128], bearer[4096];
  size_t count = 0;
  snprintf(path, sizeof path, SERVICE "%s", request->method);
  headers[count++] = (gni_h2_header){"user-agent", gni_str(a->client_type)};
  if (a->token) {
    int len = snprintf(bearer, sizeof bearer, "Bearer %s", a->token);
    if (len < 0 || (size_t)len >= sizeof bearer)
      return gni_fail(err, GN_E_LIMIT, "the token is longer than %zu bytes", sizeof bearer - 8);
    headers[count++] = (gni_h2_header){"authorization", gni_str(bearer)};
  }
  for (size_t i = 0; i < a->header_count; i++)
    headers[count++] = (gni_h2_header){a->headers[i].name, gni_str(a->headers[i].value)};
  const gni_h2_request wire = {.scheme = a->tls ? "https" : "http",
                               .authority = a->authority,
                               .path = path,
                               .headers = headers,
                               .header_count = count,
                               .body = request->body,
                               .goes_on = request->goes_on,
                               .deadline_us = request->deadline_us};
  gni_h2_call *started = NULL;
  int rc = gni_h2_call_start(channel->conn, &wire, &started, err);
  *call = started;
  return rc;
}

static int start(void *channel, const sparkp_request *request, void **call, gn_error *err)
{
  struct channel *own = channel;
  int rc = GN_OK;
  *call = NULL;
  pthread_mutex_lock(&own->lock);
  if (!own->conn || !gni_h2_usable(own->conn)) rc = connect_anew(own, request->deadline_us, err);
  if (rc == GN_OK) rc = start_over(own, request, call, err);
  pthread_mutex_unlock(&own->lock);
  return rc;
}

static int send_piece(void *call, gn_str piece, bool last)
{
  return gni_h2_call_send(call, piece, last);
}

static int next(void *call, gni_grpc_message **out)
{
  return gni_h2_call_next(call, out);
}

static gni_h2_status status(void *call)
{
  return gni_h2_call_status(call);
}

static void cancel(void *call)
{
  gni_h2_call_cancel(call);
}

static void finish(void *call)
{
  gni_h2_call_close(call);
}

static uint64_t bytes(void *call)
{
  return gni_h2_call_bytes(call);
}

const sparkp_transport sparkp_transport_http2 = {.name = "http2",
                                                 .start = start,
                                                 .send = send_piece,
                                                 .next = next,
                                                 .status = status,
                                                 .cancel = cancel,
                                                 .finish = finish,
                                                 .bytes = bytes,
                                                 .close = channel_close,
                                                 .now_us = now_us,
                                                 .wait_us = wait_us};
