/* parse_url: the parts of a URL as java.net.URI sees them. SPDX-License-Identifier: Apache-2.0 */
#include "expr/regex.h"
#include "expr/string.h"
#include "expr/unicode.h"

/* ---- characters ------------------------------------------------------------------------------ */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UNRESERVED LETTERS DIGITS "_-!.~'()*"
#define PATH_CHARS UNRESERVED ":@&=+$,;/"
#define URI_CHARS UNRESERVED ";/?:@&=+$,[]"
#define USER_CHARS UNRESERVED ";:&=+$,"
#define SERVER_CHARS USER_CHARS "@[]"
#define REGISTRY_CHARS UNRESERVED "$,;:@&=+"

typedef struct url {
  gn_str text;
  bool bad; /* a percent sign without two digits */
  gn_str scheme, authority, user, host, path, query, fragment; /* ptr NULL: there is none */
} url;

static bool is_hex(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Unicode's separators, and its control characters behind ASCII's. */
static bool is_space_or_control(uint32_t c)
{
  return c < 0xA0 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool one_of(char c, const char *set)
{
  return c && strchr(set, c);
}

/* As far as characters of the set go; with `others` also escapes and what is not ASCII. */
static size_t scan(url *u, size_t from, size_t end, const char *set, bool others)
{
  size_t at = from;
  while (at < end) {
    char c = u->text.ptr[at];
    if (one_of(c, set)) {
      at++;
    } else if (others && c == '%') {
      bool good = at + 3 <= end && is_hex(u->text.ptr[at + 1]) && is_hex(u->text.ptr[at + 2]);
      if (!good) u->bad = true;
      if (!good) return at;
      at += 3;
    } else if (others && (unsigned char)c >= 0x80) {
      size_t next = at;
      if (is_space_or_control(gnp_utf8_next(u->text, &next))) return at;
      at = next;
    } else {
      return at;
    }
  }
  return at;
}

static bool all(url *u, size_t from, size_t end, const char *set)
{
  return scan(u, from, end, set, true) == end;
}

static size_t find(const url *u, size_t from, size_t end, const char *stops)
{
  while (from < end && !one_of(u->text.ptr[from], stops)) from++;
  return from;
}

static bool at_mark(const url *u, size_t at, size_t end, char mark)
{
  return at < end && u->text.ptr[at] == mark;
}

static gn_str cut(const url *u, size_t from, size_t end)
{
  return (gn_str){u->text.ptr + from, end - from};
}

/* ---- hosts ----------------------------------------------------------------------------------- */

/* Four numbers up to 255 with points; how far it goes, or `from` when it is none. */
static size_t scan_ipv4(const url *u, size_t from, size_t end)
{
  size_t at = from;
  for (int part = 0; part < 4; part++) {
    int value = 0;
    size_t begin = at;
    if (part && !at_mark(u, at++, end, '.')) return from;
    if (part) begin = at;
    while (at < end && one_of(u->text.ptr[at], DIGITS) && value < 1000)
      value = value * 10 + (u->text.ptr[at++] - '0');
    if (at == begin || value > 255) return from;
  }
  return at;
}

static size_t parse_ipv4(url *u, size_t from, size_t end)
{
  size_t at = scan_ipv4(u, from, end);
  if (at == from || (at < end && u->text.ptr[at] != ':')) return from;
  u->host = cut(u, from, at);
  return at;
}

/* Labels of letters, digits and inner dashes; the last begins with a letter. */
static bool parse_hostname(url *u, size_t from, size_t end, size_t *out)
{
  size_t at = from, last = SIZE_MAX;
  while (at < end) {
    size_t label = scan(u, at, end, LETTERS DIGITS, false);
    if (label == at) break;
    last = at;
    at = scan(u, label, end, LETTERS DIGITS "-", false);
    if (u->text.ptr[at - 1] == '-') return false;
    if (!at_mark(u, at, end, '.')) break;
    at++;
  }
  if ((at < end && u->text.ptr[at] != ':') || last == SIZE_MAX) return false;
  if (last > from && !one_of(u->text.ptr[last], LETTERS)) return false;
  u->host = cut(u, from, at);
  *out = at;
  return true;
}

/* [address]: digits in groups; what Java finds fault with beyond its characters is let pass. */
static bool parse_bracketed(url *u, size_t from, size_t end, size_t *out)
{
  size_t close = find(u, from + 1, end, "]");
  if (close == end || close == from + 1) return false;
  size_t address = find(u, from + 1, close, "%");
  if (scan(u, from + 1, address, DIGITS "abcdefABCDEF:.", false) != address) return false;
  if (find(u, from + 1, address, ":") == address) return false;
  u->host = cut(u, from, close + 1);
  *out = close + 1;
  return true;
}

static bool parse_port(url *u, size_t *at, size_t end)
{
  if (!at_mark(u, *at, end, ':')) return *at == end;
  size_t from = ++*at;
  *at = end;
  int64_t port;
  if (from == end) return true;
  return scan(u, from, end, DIGITS, false) == end &&
         gni_parse_int64(cut(u, from, end), &port) == GN_OK && port <= INT32_MAX;
}

static bool parse_server(url *u, size_t from, size_t end)
{
  size_t at = from, user = find(u, from, end, "@");
  if (user < end) {
    if (!all(u, from, user, USER_CHARS)) return false;
    u->user = cut(u, from, user);
    at = user + 1;
  }
  size_t host = at;
  if (at_mark(u, at, end, '[')) {
    if (!parse_bracketed(u, at, end, &at)) return false;
  } else {
    at = parse_ipv4(u, at, end);
    if (at == host && !parse_hostname(u, host, end, &at)) return false;
  }
  return parse_port(u, &at, end);
}

/* A server, or else a name of some registry, which has no host. */
static bool parse_authority(url *u, size_t from, size_t end)
{
  bool bracket = find(u, from, end, "]") > from && find(u, from, end, "]") < end;
  bool server = scan(u, from, end, bracket ? SERVER_CHARS "%" : SERVER_CHARS, true) == end;
  bool registry = scan(u, from, end, REGISTRY_CHARS, true) == end;
  u->authority = cut(u, from, end);
  if (server && parse_server(u, from, end)) return true;
  u->user = u->host = (gn_str){NULL, 0};
  return registry;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool parse_path(url *u, size_t at, size_t *out)
{
  size_t end = u->text.len;
  if (at_mark(u, at, end, '/') && at_mark(u, at + 1, end, '/')) {
    size_t stop = find(u, at + 2, end, "/?#");
    if (stop == at + 2 && stop == end) return false;
    if (stop > at + 2 && !parse_authority(u, at + 2, stop)) return false;
    at = stop;
  }
  size_t stop = find(u, at, end, "?#");
  if (!all(u, at, stop, PATH_CHARS)) return false;
  u->path = cut(u, at, stop);
  if (at_mark(u, stop, end, '?')) {
    at = stop + 1;
    stop = find(u, at, end, "#");
    if (!all(u, at, stop, URI_CHARS)) return false;
    u->query = cut(u, at, stop);
  }
  *out = stop;
  return true;
}

/* "scheme:" and something behind it; `*at` is behind the colon. */
static bool parse_scheme(url *u, size_t *at)
{
  size_t end = u->text.len, colon = find(u, 0, end, ":/?#");
  if (!at_mark(u, colon, end, ':')) return true;
  if (colon == 0 || !one_of(u->text.ptr[0], LETTERS)) return false;
  if (scan(u, 0, colon, LETTERS DIGITS "+-.", false) != colon) return false;
  u->scheme = cut(u, 0, colon);
  *at = colon + 1;
  return true;
}

static bool parse_url(gn_str text, url *u)
{
  size_t at = 0, end = text.len;
  *u = (url){.text = text};
  if (!parse_scheme(u, &at)) return false;
  if (at && !at_mark(u, at, end, '/')) {
    size_t stop = find(u, at, end, "#"); /* opaque: "mailto:…" has no parts */
    if (stop == at || !all(u, at, stop, URI_CHARS)) return false;
    at = stop;
  } else if (!parse_path(u, at, &at)) {
    return false;
  }
  if (at_mark(u, at, end, '#')) {
    if (!all(u, at + 1, end, URI_CHARS)) return false;
    u->fragment = cut(u, at + 1, end);
  }
  return !u->bad;
}

/* ---- parse_url ------------------------------------------------------------------------------- */

static gn_str part_named(const url *u, gn_str name)
{
  const struct {
    const char *name;
    gn_str part;
  } parts[] = {{"HOST", u->host},    {"PATH", u->path},       {"QUERY", u->query},
               {"REF", u->fragment}, {"PROTOCOL", u->scheme}, {"AUTHORITY", u->authority},
               {"USERINFO", u->user}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (gni_str_is(name, parts[i].name)) return parts[i].part;
  if (!gni_str_is(name, "FILE") || !u->path.ptr) return (gn_str){NULL, 0};
  size_t query = u->query.ptr ? u->query.len + 1 : 0;
  return (gn_str){u->path.ptr, u->path.len + query};
}

static int give_part(gn_str part, gni_value *out)
{
  return part.ptr ? gnp_give_text(out, part) : gnp_give_null(out);
}

/* The key is part of a regular expression, as in Spark. */
static int find_key(gn_str query, gn_str key, gnp_frame *frame, gni_value *out)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  gn_error why = {0};
  gn_str pattern = gni_str_format(frame->arena, "(&|^)%.*s=([^&]*)", GN_STR_ARGS(key));
  if (!pattern.ptr) return gnp_frame_nomem(frame);
  int rc = gnp_regex_take(pattern, frame->arena, &regex, &why);
  if (rc == GN_E_PARSE)
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.PATTERN", "%s", why.message);
  if (rc == GN_OK) rc = gnp_regex_find(regex, query, 0, frame->arena, &match);
  if (rc == GN_ABSENT) return gnp_give_null(out);
  if (rc != GN_OK) return gni_fail(frame->err, rc, "the key of 'parse_url' cannot be searched for");
  if (match.begin[2] == SIZE_MAX) return gnp_give_null(out);
  return gnp_give_text(out, (gn_str){query.ptr + match.begin[2], match.end[2] - match.begin[2]});
}

GNP_APPLY(url_part)
{
  url u;
  if (node->arg_count > 2 && !gni_str_is(args[1].text, "QUERY")) return gnp_give_null(out);
  if (!parse_url(args[0].text, &u)) {
    if (!node->ansi || node->function->name[0] == 't') return gnp_give_null(out);
    return gnp_fail_here(frame, "INVALID_URL", "'%.*s' is not a URL",
                         args[0].text.len > 100 ? 100 : (int)args[0].text.len, args[0].text.ptr);
  }
  if (node->arg_count < 3) return give_part(part_named(&u, args[1].text), out);
  return u.query.ptr ? find_key(u.query, args[2].text, frame, out) : gnp_give_null(out);
}

static const gnp_function functions[] = {
    {.name = "parse_url",
     .takes = "string, string, [string]",
     .gives = "string",
     .apply = url_part,
     .flags = GNP_MAY_BE_NULL | GNP_CAN_FAIL},
    {.name = "try_parse_url",
     .takes = "string, string, [string]",
     .gives = "string",
     .apply = url_part,
     .flags = GNP_MAY_BE_NULL | GNP_CAN_FAIL},
};

const gnp_family gnp_family_url = {"url", functions, sizeof functions / sizeof *functions};
