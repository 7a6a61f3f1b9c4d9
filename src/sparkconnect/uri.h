/* Where a server is and how it is spoken to: "sc://host:15002/;key=value". Pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_URI_H
#define GNOMON_SRC_SPARKCONNECT_URI_H

#include <sparkconnect/session.h>

#include "base/base.h"

enum { SPARKP_HEADERS_MAX = 40, SPARKP_PORT = 15002, SPARKP_URL_BYTES_MAX = 64 << 10 };

/* Texts are terminated and live in the arena they were read into; NULL where nothing was said. */
typedef struct sparkp_address {
  const char *host, *unix_path;
  uint16_t port;
  const char *authority; /* "host:15002", "[::1]:15002" */
  bool tls, tls_unchecked;
  const char *ca_file, *cert_file, *key_file, *server_name;
  const char *token, *user_id, *user_agent, *session_id;
  const char *client_type; /* the whole of it, for requests */
  bool allow_plaintext_token, has_session_id;
  size_t message_bytes_max, window_bytes;
  int64_t connect_timeout_us, keepalive_us, keepalive_timeout_us;
  sparkc_header headers[SPARKP_HEADERS_MAX];
  size_t header_count, url_header_count; /* those of the URL stand first */
  const char *url;                       /* as it was given */
} sparkp_address;

/* What the URL says. A failure names the part that is wrong. */
int sparkp_uri_parse(const char *url, gn_arena *arena, sparkp_address *out, sparkc_error *err);
/* Adds arguments and environment (`get` is getenv, or a test's), defaults, and decides on TLS: a
 * token goes in the clear to localhost and unix sockets only, unless that was asked for. */
int sparkp_address_complete(const sparkc_session_args *args, const char *(*get)(const char *name),
                            gn_arena *arena, sparkp_address *address, sparkc_error *err);

#endif
