/* A small HTTP/1.1 client for tests: what it sends and reads is whole. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TESTS_HTTP_CLIENT_H
#define GNOMON_TESTS_HTTP_CLIENT_H

#include "base/base.h"

typedef struct http_client {
  int socket; /* -1: closed */
  size_t used, passed;
  char room[1 << 16]; /* read and not yet asked for: [passed, used) */
} http_client;

typedef struct http_reply {
  int status;
  gn_str body; /* valid until the next reply */
} http_reply;

/* Connects to this machine; false when nobody listens. */
bool http_open(http_client *client, int32_t port);
void http_close(http_client *client);
/* Appends a request to `out`; `body` NULL: none. */
void http_write(gn_buf *out, const char *method, const char *path, const char *body);
bool http_send(http_client *client, gn_str text);
/* The next reply; false when the connection ended before all of it came, or nothing came for
 * `timeout_ms`. */
bool http_read(http_client *client, int timeout_ms, http_reply *reply);
/* Waits for what "Expect: 100-continue" asks for. */
bool http_continues(http_client *client, int timeout_ms);
/* Whether the other side ended the connection within `timeout_ms`. */
bool http_ends(http_client *client, int timeout_ms);
/* Sends and reads. */
bool http_ask(http_client *client, const char *method, const char *path, const char *body,
              http_reply *reply);

#endif
