/* The connection string and what stands beside it. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/uri.h"

#include "sparkconnect/client.h"

enum { USER_AGENT_BYTES_MAX = 2048 };

static const size_t message_bytes_default = 128u << 20;
static const size_t window_bytes_default = 8u << 20;

static int keep(gn_arena *arena, gn_str text, const char **out, sparkc_error *err)
{
  *out = gni_str_take(arena, text).ptr;
  return *out ? SPARKC_OK : sparkp_nomem(err);
}

/* ---- values ---------------------------------------------------------------------------------- */

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static int unescape(gn_str key, gn_str value, gn_arena *arena, const char **out, sparkc_error *err)
{
  char *text = gni_arena_take(arena, value.len + 1);
  size_t len = 0;
  if (!text) return sparkp_nomem(err);
  for (size_t i = 0; i < value.len; i++) {
    if (value.ptr[i] != '%') {
      text[len++] = value.ptr[i];
      continue;
    }
    if (i + 2 >= value.len || hex(value.ptr[i + 1]) < 0 || hex(value.ptr[i + 2]) < 0)
      return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s': '%%' must begin two hexadecimal digits",
                         GN_STR_ARGS(key));
    text[len++] = (char)(hex(value.ptr[i + 1]) << 4 | hex(value.ptr[i + 2]));
    i += 2;
  }
  text[len] = '\0';
  if (strlen(text) != len)
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' holds a zero byte", GN_STR_ARGS(key));
  *out = text;
  return SPARKC_OK;
}

static int set_flag(gn_str key, const char *value, bool *out, sparkc_error *err)
{
  char lower[6] = {0};
  size_t len = strlen(value);
  for (size_t i = 0; i < len && i < sizeof lower - 1; i++)
    lower[i] = (char)(value[i] >= 'A' && value[i] <= 'Z' ? value[i] + 32 : value[i]);
  bool yes = len == 4 && strcmp(lower, "true") == 0;
  if (!yes && !(len == 5 && strcmp(lower, "false") == 0))
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is true or false, not '%s'", GN_STR_ARGS(key),
                       value);
  *out = yes;
  return SPARKC_OK;
}

static int set_number(gn_str key, const char *value, int64_t largest, int64_t *out,
                      sparkc_error *err)
{
  if (gni_parse_int64(gni_str(value), out) != GN_OK || *out < 0 || *out > largest)
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is a number, not '%s'", GN_STR_ARGS(key), value);
  return SPARKC_OK;
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool is_reserved(const char *name)
{
  static const char *const ours[] = {"te",         "content-type",  "host",
                                     "connection", "authorization", "transfer-encoding"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcmp(name, ours[i]) == 0) return true;
  return strncmp(name, "grpc-", 5) == 0;
}

static int add_header(sparkp_address *address, gn_arena *arena, gn_str name, const char *value,
                      sparkc_error *err)
{
  char *lower = gni_arena_take(arena, name.len + 1);
  if (!lower) return sparkp_nomem(err);
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    bool fits =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!fits)
      return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' cannot be the name of a header",
                         GN_STR_ARGS(name));
    lower[i] = c;
  }
  lower[name.len] = '\0';
  if (name.len == 0) return sparkp_fail(err, SPARKC_E_PLAN, "a header has no name");
  if (is_reserved(lower))
    return sparkp_fail(err, SPARKC_E_PLAN, "the header '%s' is not yours to set", lower);
  for (const char *p = value; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7F)
      return sparkp_fail(err, SPARKC_E_PLAN, "the header '%s' holds a control character", lower);
  if (address->header_count == SPARKP_HEADERS_MAX)
    return sparkp_fail(err, SPARKC_E_LIMIT, "more than %d headers", SPARKP_HEADERS_MAX);
  address->headers[address->header_count++] = (sparkc_header){lower, value};
  return SPARKC_OK;
}

/* ---- parameters ------------------------------------------------------------------------------ */

enum kind { TEXT, FLAG, NOT_FLAG, BYTES, MILLISECONDS, IGNORED_FLAG };

static const struct parameter {
  const char *name;
  enum kind kind;
  size_t offset; /* in sparkp_address */
} parameters[] = {
    {"token", TEXT, offsetof(sparkp_address, token)},
    {"use_ssl", FLAG, offsetof(sparkp_address, tls)},
    {"user_id", TEXT, offsetof(sparkp_address, user_id)},
    {"user_agent", TEXT, offsetof(sparkp_address, user_agent)},
    {"session_id", TEXT, offsetof(sparkp_address, session_id)},
    {"tls_ca_file", TEXT, offsetof(sparkp_address, ca_file)},
    {"tls_cert_file", TEXT, offsetof(sparkp_address, cert_file)},
    {"tls_key_file", TEXT, offsetof(sparkp_address, key_file)},
    {"tls_server_name", TEXT, offsetof(sparkp_address, server_name)},
    {"tls_verify", NOT_FLAG, offsetof(sparkp_address, tls_unchecked)},
    {"allow_plaintext_token", FLAG, offsetof(sparkp_address, allow_plaintext_token)},
    {"grpc_max_message_size", BYTES, offsetof(sparkp_address, message_bytes_max)},
    {"window_size", BYTES, offsetof(sparkp_address, window_bytes)},
    {"connect_timeout_ms", MILLISECONDS, offsetof(sparkp_address, connect_timeout_us)},
    {"grpc_keepalive_time_ms", MILLISECONDS, offsetof(sparkp_address, keepalive_us)},
    {"grpc_keepalive_timeout_ms", MILLISECONDS, offsetof(sparkp_address, keepalive_timeout_us)},
    {"grpc_keepalive_enabled", IGNORED_FLAG, 0},
    {"grpc_keepalive_without_calls", IGNORED_FLAG, 0},
};

static int set_parameter(const struct parameter *parameter, gn_str key, const char *value,
                         sparkp_address *address, sparkc_error *err)
{
  void *at = (char *)address + parameter->offset;
  int64_t number = 0;
  bool flag = false;
  int rc = SPARKC_OK;
  switch (parameter->kind) {
  case TEXT:
    *(const char **)at = value;
    break;
  case FLAG:
    rc = set_flag(key, value, at, err);
    break;
  case NOT_FLAG:
    if ((rc = set_flag(key, value, &flag, err)) == SPARKC_OK) *(bool *)at = !flag;
    break;
  case BYTES:
    if ((rc = set_number(key, value, INT32_MAX, &number, err)) == SPARKC_OK)
      *(size_t *)at = (size_t)number;
    break;
  case MILLISECONDS:
    if ((rc = set_number(key, value, INT32_MAX, &number, err)) == SPARKC_OK)
      *(int64_t *)at = number * 1000;
    break;
  case IGNORED_FLAG: /* of the Rust client: we ask only while calls are under way */
    rc = set_flag(key, value, &flag, err);
    break;
  }
  return rc;
}

static int read_parameter(gn_str part, gn_arena *arena, sparkp_address *address, sparkc_error *err)
{
  gn_str rest = part, key, value, more;
  const char *text = NULL;
  if (part.len == 0) return SPARKC_OK;
  bool one = gni_str_split(&rest, '=', &key) && gni_str_split(&rest, '=', &value) &&
             !gni_str_split(&rest, '=', &more);
  if (!one || key.len == 0)
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is not one key=value", GN_STR_ARGS(part));
  int rc = unescape(key, value, arena, &text, err);
  if (rc != SPARKC_OK) return rc;
  for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
    if (gni_str_is(key, parameters[i].name))
      return set_parameter(&parameters[i], key, text, address, err);
  return add_header(address, arena, key, text, err);
}

/* ---- host and port --------------------------------------------------------------------------- */

static int read_port(gn_str text, sparkp_address *address, sparkc_error *err)
{
  int64_t port;
  if (gni_parse_int64(text, &port) != GN_OK || port < 1 || port > 65535)
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is no port", GN_STR_ARGS(text));
  address->port = (uint16_t)port;
  return SPARKC_OK;
}

/* "[::1]:15002", "name", "name:15002" */
static int read_host(gn_str text, gn_arena *arena, sparkp_address *address, sparkc_error *err)
{
  gn_str host = text, after = {text.ptr + text.len, 0};
  bool brackets = text.len && text.ptr[0] == '[';
  const char *end = memchr(text.ptr, brackets ? ']' : ':', text.len);
  if (brackets && !end) return sparkp_fail(err, SPARKC_E_PLAN, "']' is missing after the host");
  if (brackets) {
    host = (gn_str){text.ptr + 1, (size_t)(end - text.ptr) - 1};
    after = (gn_str){end + 1, text.len - host.len - 2};
  } else if (end) {
    host.len = (size_t)(end - text.ptr);
    after = (gn_str){end, text.len - host.len};
  }
  if (host.len == 0) return sparkp_fail(err, SPARKC_E_PLAN, "there is no host");
  for (size_t i = 0; i < host.len; i++)
    if ((unsigned char)host.ptr[i] <= 0x20 || strchr("@?#%\"<>\\^`{|}", host.ptr[i]))
      return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is no host", GN_STR_ARGS(host));
  int rc = keep(arena, host, &address->host, err);
  if (rc == SPARKC_OK && after.len && after.ptr[0] != ':')
    rc = sparkp_fail(err, SPARKC_E_PLAN, "':' is missing before the port");
  if (rc == SPARKC_OK && after.len)
    rc = read_port((gn_str){after.ptr + 1, after.len - 1}, address, err);
  if (rc != SPARKC_OK) return rc;
  address->authority =
      gni_str_format(arena, brackets ? "[%s]:%u" : "%s:%u", address->host, (unsigned)address->port)
          .ptr;
  return address->authority ? SPARKC_OK : sparkp_nomem(err);
}

static int read_place(gn_str place, bool is_unix, gn_arena *arena, sparkp_address *address,
                      sparkc_error *err)
{
  gn_str host;
  if (is_unix) {
    while (gni_str_starts(place, "//")) place = (gn_str){place.ptr + 1, place.len - 1};
    if (place.len == 0) return sparkp_fail(err, SPARKC_E_PLAN, "there is no path of a socket");
    address->authority = "localhost";
    return keep(arena, place, &address->unix_path, err);
  }
  gni_str_split(&place, '/', &host);
  if (place.len)
    return sparkp_fail(err, SPARKC_E_PLAN, "a path is not allowed: '/%.*s'", GN_STR_ARGS(place));
  return read_host(host, arena, address, err);
}

int sparkp_uri_parse(const char *url, gn_arena *arena, sparkp_address *out, sparkc_error *err)
{
  gn_str rest = gni_str(url), place, part;
  *out = (sparkp_address){.port = SPARKP_PORT};
  bool is_unix = gni_str_starts(rest, "unix:");
  size_t scheme = strlen(is_unix ? "unix:" : "sc://");
  if (rest.len > SPARKP_URL_BYTES_MAX)
    return sparkp_fail(err, SPARKC_E_LIMIT, "the URL is longer than %d bytes",
                       SPARKP_URL_BYTES_MAX);
  if (!is_unix && !gni_str_starts(rest, "sc://")) {
    sparkp_fail(err, SPARKC_E_PLAN, "the URL does not begin with 'sc://' or 'unix:'");
    sparkp_hint(err, "write sc://host:15002/;key=value");
    return SPARKC_E_PLAN;
  }
  rest = (gn_str){rest.ptr + scheme, rest.len - scheme};
  if (!gni_str_split(&rest, ';', &place)) place = (gn_str){"", 0};
  int rc = read_place(place, is_unix, arena, out, err);
  while (rc == SPARKC_OK && gni_str_split(&rest, ';', &part))
    rc = read_parameter(part, arena, out, err);
  out->url_header_count = out->header_count;
  return rc == SPARKC_OK ? keep(arena, gni_str(url), &out->url, err) : rc;
}

/* ---- what stands beside the URL -------------------------------------------------------------- */

static void choose(const char **at, const char *argument, const char *fallback)
{
  if (argument) *at = argument;
  if (!*at) *at = fallback;
}

static int keep_texts(gn_arena *arena, sparkp_address *a, sparkc_error *err)
{
  const char **const texts[] = {&a->token,   &a->user_id,   &a->user_agent, &a->session_id,
                                &a->ca_file, &a->cert_file, &a->key_file,   &a->server_name};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (*texts[i] && keep(arena, gni_str(*texts[i]), texts[i], err) != SPARKC_OK)
      return SPARKC_E_NOMEM;
  return SPARKC_OK;
}

static int name_client(gn_arena *arena, sparkp_address *a, sparkc_error *err)
{
  if (strlen(a->user_agent) > USER_AGENT_BYTES_MAX)
    return sparkp_fail(err, SPARKC_E_LIMIT, "'user_agent' has more than %d bytes",
                       USER_AGENT_BYTES_MAX);
  a->client_type =
      gni_str_format(arena, "%s spark/" SPARKP_BASELINE " os/linux c/17", a->user_agent).ptr;
  return a->client_type ? SPARKC_OK : sparkp_nomem(err);
}

static int check_session_id(gn_arena *arena, sparkp_address *a, sparkc_error *err)
{
  char made[SPARKC_UUID_BYTES];
  a->has_session_id = a->session_id != NULL;
  if (!a->has_session_id) {
    int rc = sparkc_uuid(made, err);
    return rc == SPARKC_OK ? keep(arena, gni_str(made), &a->session_id, err) : rc;
  }
  if (sparkp_is_uuid(gni_str(a->session_id))) return SPARKC_OK;
  return sparkp_fail(err, SPARKC_E_PLAN, "the session id '%.60s' is no UUID", a->session_id);
}

static void protect_token(sparkp_address *a)
{
  bool local = a->unix_path || strcmp(a->host, "localhost") == 0;
  if (a->token && !local && !a->allow_plaintext_token) a->tls = true;
}

static int64_t or_default(int64_t argument, int64_t url, int64_t otherwise)
{
  return argument ? argument : url ? url : otherwise;
}

int sparkp_address_complete(const sparkc_session_args *args, const char *(*get)(const char *name),
                            gn_arena *arena, sparkp_address *a, sparkc_error *err)
{
  int rc = SPARKC_OK;
  const char *user = get("SPARK_USER");
  choose(&a->user_id, args->user_id, user ? user : get("USER"));
  choose(&a->token, args->token, get("SPARK_CONNECT_AUTHENTICATE_TOKEN"));
  choose(&a->user_agent, args->user_agent, get("SPARK_CONNECT_USER_AGENT"));
  choose(&a->user_agent, NULL, "gnomon/" GN_VERSION);
  choose(&a->session_id, args->session_id, NULL);
  choose(&a->ca_file, args->ca_file, NULL);
  choose(&a->cert_file, args->cert_file, NULL);
  choose(&a->key_file, args->key_file, NULL);
  choose(&a->server_name, args->server_name, NULL);
  if (args->allow_plaintext_token) a->allow_plaintext_token = true;
  if (a->ca_file || a->cert_file || a->server_name) a->tls = true;
  a->message_bytes_max =
      (size_t)or_default((int64_t)args->message_bytes_max, (int64_t)a->message_bytes_max,
                         (int64_t)message_bytes_default);
  a->window_bytes = (size_t)or_default((int64_t)args->window_bytes, (int64_t)a->window_bytes,
                                       (int64_t)window_bytes_default);
  if (a->window_bytes < 65536) a->window_bytes = 65536;
  a->connect_timeout_us =
      or_default(args->connect_timeout_ms * 1000, a->connect_timeout_us, 20000000);
  a->keepalive_us = or_default(args->keepalive_ms * 1000, a->keepalive_us, 0);
  a->keepalive_timeout_us =
      or_default(args->keepalive_timeout_ms * 1000, a->keepalive_timeout_us, 20000000);
  if ((rc = keep_texts(arena, a, err)) != SPARKC_OK) return rc;
  if ((rc = name_client(arena, a, err)) != SPARKC_OK) return rc;
  if ((rc = check_session_id(arena, a, err)) != SPARKC_OK) return rc;
  for (size_t i = 0; i < args->header_count && rc == SPARKC_OK; i++) {
    const char *value;
    rc = keep(arena, gni_str(args->headers[i].value), &value, err);
    if (rc == SPARKC_OK) rc = add_header(a, arena, gni_str(args->headers[i].name), value, err);
  }
  protect_token(a);
  return rc;
}
