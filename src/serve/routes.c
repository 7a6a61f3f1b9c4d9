/* Which request goes where. SPDX-License-Identifier: Apache-2.0 */
#include "flow/session.h"
#include "serve/serve_private.h"

/* ---- replies ---- */

int gnp_status_of(int code)
{
  switch (code) {
  case GN_E_ARG:
  case GN_E_PARSE:
  case GN_E_INVALID:
  case GN_E_TYPE:
    return 400;
  case GN_E_NOTFOUND:
    return 404;
  case GN_E_LIMIT:
    return 413;
  case GN_E_CONFLICT:
  case GN_E_BUSY:
    return 503;
  default:
    return 500;
  }
}

void gnp_reply_error(gnp_request *request, int status, const gn_error *err)
{
  gn_buf *out = &request->reply->body;
  gni_buf_reset(out);
  request->reply->status = status;
  gni_buf_add_text(out, "{\"errors\":[");
  gni_json_add_text(out, gni_str(err->message), false);
  gni_buf_add_text(out, "]");
  if (err->hint[0]) {
    gni_buf_add_text(out, ",\"hint\":");
    gni_json_add_text(out, gni_str(err->hint), false);
  }
  gni_buf_add_char(out, '}');
}

bool gnp_request_json(gnp_request *request, int kind, const char *wanted, const gni_json **out)
{
  gn_error failure = {0};
  int rc = gni_json_parse(request->http->body, GN_DEF_DEPTH_MAX, request->arena, out, &failure);
  if (rc == GN_OK && (*out)->kind != kind)
    rc = gni_fail_as(&failure, "GO010", GN_E_PARSE, "the body is not %s", wanted);
  if (rc != GN_OK) gnp_reply_error(request, gnp_status_of(rc), &failure);
  return rc == GN_OK;
}

/* ---- small routes ---- */

static void ping(gnp_request *request)
{
  request->reply->content_type = "text/plain";
  gni_buf_add_text(&request->reply->body, "Pong!");
}

/* Able to answer when the store can be read. */
static void health(gnp_request *request)
{
  gn_error failure = {0};
  int rc = gni_session_try_store(request->server->session, &failure);
  if (rc != GN_OK)
    gnp_reply_error(request, 503, &failure);
  else
    gni_buf_add_text(&request->reply->body, "{\"status\":\"ok\"}");
}

static void config(gnp_request *request)
{
  gni_session_facts facts;
  gn_buf *out = &request->reply->body;
  gni_session_describe(request->server->session, &facts);
  gni_buf_add_text(out, "{\"version\":");
  gni_json_add_text(out, gni_str(gn_version()), false);
  gni_buf_add_text(out, ",\"store\":");
  gni_json_add_text(out, facts.store_url, false);
  gni_buf_add_format(out, ",\"boundary\":\"%s\",\"token\":%s}", facts.boundary,
                     request->server->token ? "true" : "false");
}

/* ---- the table ---- */

struct route {
  const char *method, *path; /* a path that ends in '/' takes a name after it */
  enum gnp_route counted;
  bool open; /* without the token */
  void (*answer)(gnp_request *request);
  void (*answer_name)(gnp_request *request, gn_str name);
};

static void joins_are_missing(gnp_request *request, gn_str name)
{
  gn_error failure = {0};
  gni_fail(&failure, GN_E_UNSUPPORTED,
           "'%.*s' is asked for as a join; this version serves GroupBys", GN_STR_ARGS(name));
  gnp_reply_error(request, 400, &failure);
}

static const struct route routes[] = {
    {"POST", "/v1/fetch/groupby/", GNP_ROUTE_CHRONON, false, NULL, gnp_chronon_fetch},
    {"POST", "/v1/features/groupby/", GNP_ROUTE_CHRONON, false, NULL, gnp_chronon_fetch},
    {"POST", "/v1/fetch/join/", GNP_ROUTE_CHRONON, false, NULL, joins_are_missing},
    {"POST", "/v1/features/join/", GNP_ROUTE_CHRONON, false, NULL, joins_are_missing},
    {"POST", "/get-online-features", GNP_ROUTE_FEAST, false, gnp_feast_get, NULL},
    {"GET", "/ping", GNP_ROUTE_OTHER, true, ping, NULL},
    {"GET", "/health", GNP_ROUTE_OTHER, true, health, NULL},
    {"GET", "/config", GNP_ROUTE_OTHER, false, config, NULL},
    {"GET", "/metrics", GNP_ROUTE_OTHER, false, gnp_metrics, NULL},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static bool route_takes(const struct route *route, gn_str path)
{
  if (route->answer) return gni_str_is(path, route->path);
  return gni_str_starts(path, route->path) && path.len > strlen(route->path);
}

/* Compares all of it whatever differs, so that time tells nothing about the token. */
static bool shows_token(const gn_server *server, gn_str header)
{
  static const char scheme[] = "Bearer ";
  if (!server->token) return true;
  if (!gni_str_starts(header, scheme)) return false;
  gn_str shown = {header.ptr + strlen(scheme), header.len - strlen(scheme)};
  unsigned difference = shown.len != server->token_len;
  for (size_t i = 0; i < shown.len; i++)
    difference |= (unsigned char)shown.ptr[i] ^ (unsigned char)server->token[i % server->token_len];
  return difference == 0;
}

static const struct route *find_route(gnp_request *request)
{
  const gni_http_request *http = request->http;
  gn_error failure = {0};
  bool known = false;
  for (size_t i = 0; i < ROUTES; i++) {
    if (!route_takes(&routes[i], http->path)) continue;
    known = true;
    if (!gni_str_is(http->method, routes[i].method)) continue;
    if (routes[i].open || shows_token(request->server, http->authorization)) return &routes[i];
    gni_fail(&failure, GN_E_ARG, "a token is wanted: Authorization: Bearer TOKEN");
    gnp_reply_error(request, 401, &failure);
    return NULL;
  }
  gni_fail(&failure, GN_E_NOTFOUND,
           known ? "'%.*s' takes another method" : "there is no '%.*s' here",
           GN_STR_ARGS(http->path));
  gnp_reply_error(request, known ? 405 : 404, &failure);
  return NULL;
}

/* ---- desks ---- */

static gnp_desk *desk_take(gn_server *server)
{
  pthread_mutex_lock(&server->lock);
  gnp_desk *desk = server->idle;
  if (desk) server->idle = desk->next;
  pthread_mutex_unlock(&server->lock);
  if (desk) {
    gni_arena_reset(&desk->arena);
    return desk;
  }
  desk = gni_alloc_zero(server->alloc, sizeof *desk);
  if (desk) gni_arena_init(&desk->arena, server->alloc, GN_REQUEST_BYTES_MAX);
  return desk;
}

static void desk_give(gn_server *server, gnp_desk *desk)
{
  pthread_mutex_lock(&server->lock);
  desk->next = server->idle;
  server->idle = desk;
  pthread_mutex_unlock(&server->lock);
}

void gnp_server_answer(void *user, const gni_http_request *http, gni_http_reply *reply)
{
  gn_server *server = user;
  int64_t begun_us = gni_monotonic_us();
  gnp_request request = {.server = server, .http = http, .reply = reply};
  const struct route *route = find_route(&request);
  gnp_desk *desk = route ? desk_take(server) : NULL;
  if (route && !desk) {
    gn_error failure = {0};
    gni_fail_nomem(&failure, sizeof *desk);
    gnp_reply_error(&request, 500, &failure);
  } else if (desk) {
    request.arena = &desk->arena;
    if (route->answer)
      route->answer(&request);
    else
      route->answer_name(&request, (gn_str){http->path.ptr + strlen(route->path),
                                            http->path.len - strlen(route->path)});
    desk_give(server, desk);
  }
  gnp_count_request(server, route ? route->counted : GNP_ROUTE_OTHER, reply->status,
                    gni_monotonic_us() - begun_us);
}
