/* Features over HTTP. SPDX-License-Identifier: Apache-2.0
 *
 * One server speaks Chronon's fetcher service, Feast's feature server, and Prometheus. It answers
 * from the session's store; a new upload is seen by the next request. */
#ifndef GNOMON_SERVE_H
#define GNOMON_SERVE_H

#include <gnomon/gnomon.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gn_server gn_server;

/* What a server is started with. Zero members take the defaults. */
typedef struct gn_server_args {
  size_t struct_size;
  const char *listen; /* "HOST:PORT", "[::1]:PORT"; default "127.0.0.1:6566"; port 0: a free one */
  const char *token;  /* what callers must show as "Authorization: Bearer TOKEN"; NULL: nothing */
  int32_t threads;    /* default: the session's */
  int32_t connections_max; /* at one time; default 1024 */
  int64_t body_bytes_max;  /* of a request; default 8 MiB */
  /* After which a silent connection is closed, and one whose request is not whole; default 75. */
  int32_t idle_timeout_s;
  int32_t without_token_ok; /* allows listening beyond this machine without a token */
} gn_server_args;

/**
 * Starts to listen and answer, on threads of its own.
 *
 * @own     `*out` is the caller's; stop it before the session is closed. `args` may go after the
 * call
 * @err     ARG        `listen` is not HOST:PORT, or another machine could call without a token
 * @err     IO         the port is taken or not allowed
 * @err     NOTFOUND   the module that speaks HTTP is not installed
 * @err     NOMEM      out of memory
 * @thread  any; the session may be used meanwhile
 * @since   0.1
 */
GN_API int gn_server_start(gn_session *session, const gn_server_args *args, gn_server **out,
                           gn_error *err) GN_MUST_CHECK;

/**
 * The port it listens on.
 *
 * @own     nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API int32_t gn_server_port(const gn_server *server);

/**
 * Stops listening, lets the requests under way finish for at most `grace_ms`, then ends. NULL does
 * nothing.
 *
 * @unit    `grace_ms`: milliseconds
 * @own     the server is gone
 * @err     none
 * @thread  one
 * @since   0.1
 */
GN_API void gn_server_stop(gn_server *server, int64_t grace_ms);

#ifdef __cplusplus
}
#endif
#endif
