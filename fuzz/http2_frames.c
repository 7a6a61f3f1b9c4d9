/* What a server may send over HTTP/2, from its first byte to its last: a call ends, with messages
 * that hold together and a status, whatever came. SPDX-License-Identifier: Apache-2.0
 *
 * The peer is this process: the bytes lie in the socket before the call looks. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/http2.h"

enum { INPUT_BYTES_MAX = 64 << 10, MESSAGE_BYTES_MAX = 1 << 20 };

static int listener = -1;
static struct sockaddr_un place = {.sun_family = AF_UNIX};

static void stop_listening(void)
{
  unlink(place.sun_path);
}

static bool listen_once(void)
{
  if (listener >= 0) return true;
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0) return false;
  snprintf(place.sun_path, sizeof place.sun_path, "/tmp/fuzz-http2-%ld.sock", (long)getpid());
  unlink(place.sun_path);
  atexit(stop_listening);
  return bind(listener, (const struct sockaddr *)&place, sizeof place) == 0 &&
         listen(listener, 1) == 0;
}

static void call_over(gni_h2 *conn)
{
  const gni_h2_request request = {.scheme = "http",
                                  .authority = "peer",
                                  .path = "/service/Method",
                                  .body = GN_STR("\0\0\0\0\1x"),
                                  .deadline_us = gni_monotonic_us() + 1000000};
  gni_grpc_message *message;
  gni_h2_call *call;
  gn_error err = {0};
  if (gni_h2_call_start(conn, &request, &call, &err) != GN_OK) return;
  while (gni_h2_call_next(call, &message) == GN_OK) {
    FUZZ_CHECK(message->len <= MESSAGE_BYTES_MAX);
    gni_grpc_message_unref(message);
  }
  FUZZ_CHECK(gni_h2_call_status(call).code >= 0);
  gni_h2_call_close(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gni_h2_options options = {.target = {.unix_path = place.sun_path},
                            .window_bytes = 1 << 20,
                            .message_bytes_max = MESSAGE_BYTES_MAX};
  gni_h2 *conn;
  gn_error err = {0};
  if (size > INPUT_BYTES_MAX || !listen_once()) return 0;
  int rc = gni_h2_open(&options, &gni_libc_alloc, gni_monotonic_us() + 1000000, &conn, &err);
  if (rc != GN_OK) return 0;
  int peer = accept(listener, NULL, NULL);
  if (peer >= 0) {
    ssize_t sent = send(peer, bytes, size, MSG_NOSIGNAL);
    shutdown(peer, SHUT_WR);
    if (sent == (ssize_t)size) call_over(conn);
    close(peer);
  }
  gni_h2_close(conn);
  return 0;
}
