/* Starting and stopping. SPDX-License-Identifier: Apache-2.0 */
#include "base/module.h"
#include "flow/session.h"
#include "serve/serve_private.h"

#ifndef GN_ENGINE_FOLDER
#define GN_ENGINE_FOLDER "/usr/local/lib/gnomon"
#endif

enum {
  PORT_DEFAULT = 6566, /* Feast's */
  CONNECTIONS_MAX = 1024,
  BODY_BYTES_MAX = 8 << 20,
  IDLE_TIMEOUT_S = 75,
  HOST_BYTES = 64
};

/* Programs that link the driver's archive have it; for the others this is NULL. */
#pragma weak gn_http_mhd

static int find_driver(const gni_http_driver **out, gn_error *err)
{
  const gni_module_places places = {.what = "server",
                                    .file = "gnomon-http.so",
                                    .variable = "GNOMON_HTTP_PATH",
                                    .installed = GN_ENGINE_FOLDER};
  const void *driver = &gn_http_mhd;
  int rc = driver ? GN_OK : gni_module_open(&places, "gn_http_mhd", &driver, err);
  if (rc != GN_OK) return rc;
  *out = driver;
  if ((*out)->version == GN_HTTP_DRIVER_VERSION) return GN_OK;
  return gni_fail(err, GN_E_UNSUPPORTED, "'%s' is of another version of gnomon", places.file);
}

/* "HOST:PORT", "[v6]:PORT". */
static int read_listen(const char *listen, char host[HOST_BYTES], uint16_t *port, gn_error *err)
{
  gn_str text = gni_str(listen ? listen : "127.0.0.1:6566"), name = text;
  int64_t number;
  while (name.len && name.ptr[name.len - 1] != ':') name.len--;
  if (name.len) {
    gn_str digits = {text.ptr + name.len, text.len - name.len};
    name.len--;
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
      name = (gn_str){name.ptr + 1, name.len - 2};
    if (gni_str_is(name, "localhost")) name = GN_STR("127.0.0.1");
    if (gni_parse_int64(digits, &number) == GN_OK && number >= 0 && number <= UINT16_MAX &&
        name.len && name.len < HOST_BYTES) {
      memcpy(host, name.ptr, name.len);
      host[name.len] = 0;
      *port = (uint16_t)number;
      return GN_OK;
    }
  }
  gni_fail_as(err, "GC004", GN_E_ARG, "'%s' is not HOST:PORT", listen);
  gni_error_hint(err, "for instance 127.0.0.1:%d, or 0.0.0.0:%d for every network", PORT_DEFAULT,
                 PORT_DEFAULT);
  return GN_E_ARG;
}

static bool is_loopback(const char *host)
{
  return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static int check_open(const gn_server_args *args, const char *host, gn_error *err)
{
  if (args->token || args->without_token_ok || is_loopback(host)) return GN_OK;
  gni_fail(err, GN_E_ARG, "'%s' is reachable from other machines, and no token is set", host);
  gni_error_hint(err, "set GNOMON_TOKEN or --token-file FILE, or say --without-token");
  return GN_E_ARG;
}

static void server_free(gn_server *server)
{
  while (server->idle) {
    gnp_desk *next = server->idle->next;
    gni_arena_deinit(&server->idle->arena);
    gni_free(server->alloc, server->idle, sizeof *server->idle);
    server->idle = next;
  }
  while (server->served) {
    gnp_served *next = server->served->next;
    gnp_served_release(server->served);
    server->served = next;
  }
  if (server->token) gni_free(server->alloc, server->token, server->token_len + 1);
  pthread_cond_destroy(&server->wake);
  pthread_mutex_destroy(&server->lock);
  gni_free(server->alloc, server, sizeof *server);
}

static int listen_with(gn_server *server, const gn_server_args *args, const char *host,
                       uint16_t port, gn_error *err)
{
  gni_session_facts facts;
  gni_session_describe(server->session, &facts);
  gni_http_args http = {
      .alloc = server->alloc,
      .host = host,
      .port = port,
      .threads = args->threads > 0 ? args->threads : facts.threads,
      .connections_max = args->connections_max > 0 ? args->connections_max : CONNECTIONS_MAX,
      .idle_timeout_s = args->idle_timeout_s > 0 ? args->idle_timeout_s : IDLE_TIMEOUT_S,
      .body_bytes_max = args->body_bytes_max > 0 ? (size_t)args->body_bytes_max : BODY_BYTES_MAX,
      .handler = gnp_server_answer,
      .user = server};
  int rc = find_driver(&server->driver, err);
  return rc == GN_OK ? server->driver->start(&http, &server->http, err) : rc;
}

int gn_server_start(gn_session *session, const gn_server_args *args, gn_server **out, gn_error *err)
{
  char host[HOST_BYTES];
  uint16_t port;
  gni_session_facts facts;
  *out = NULL;
  gni_session_describe(session, &facts);
  int rc = read_listen(args->listen, host, &port, err);
  if (rc == GN_OK) rc = check_open(args, host, err);
  if (rc == GN_OK) rc = gni_session_try_store(session, err);
  if (rc != GN_OK) return rc;
  gn_server *server = gni_alloc_zero(facts.alloc, sizeof *server);
  if (!server) return gni_fail_nomem(err, sizeof *server);
  server->session = session;
  server->alloc = facts.alloc;
  server->started_us = gni_monotonic_us();
  pthread_mutex_init(&server->lock, NULL);
  pthread_cond_init(&server->wake, NULL);
  if (args->token) {
    server->token_len = strlen(args->token);
    server->token = gni_strdup(server->alloc, args->token, server->token_len);
    if (!server->token) rc = gni_fail_nomem(err, server->token_len);
    if (server->token_len == 0) rc = gni_fail(err, GN_E_ARG, "the token is empty");
  }
  if (rc == GN_OK) rc = listen_with(server, args, host, port, err);
  if (rc != GN_OK) {
    server_free(server);
    return rc;
  }
  gnp_follow_start(server);
  *out = server;
  return GN_OK;
}

int32_t gn_server_port(const gn_server *server)
{
  return server->driver->port(server->http);
}

void gn_server_stop(gn_server *server, int64_t grace_ms)
{
  if (!server) return;
  server->driver->stop(server->http, grace_ms);
  gnp_follow_stop(server);
  server_free(server);
}
