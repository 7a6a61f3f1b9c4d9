/* The parameters of an SQL text, found without understanding it: what stands in quotes or comments
 * is skipped. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"

typedef struct reader {
  gn_str sql;
  size_t at;
} reader;

static char peek(const reader *r, size_t ahead)
{
  return r->at + ahead < r->sql.len ? r->sql.ptr[r->at + ahead] : '\0';
}

static bool is_name_start(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
  return is_name_start(c) || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* A doubled quote is taken for two texts side by side, which ends at the same place. */
static void skip_quoted(reader *r, char quote, bool has_escapes)
{
  r->at++;
  while (r->at < r->sql.len && peek(r, 0) != quote)
    r->at += has_escapes && peek(r, 0) == '\\' && r->at + 1 < r->sql.len ? 2 : 1;
  r->at++;
}

static void skip_line(reader *r)
{
  while (r->at < r->sql.len && peek(r, 0) != '\n') r->at++;
}

/* Such comments nest. */
static void skip_comment(reader *r)
{
  size_t depth = 0;
  do {
    bool opens = peek(r, 0) == '/' && peek(r, 1) == '*';
    bool closes = peek(r, 0) == '*' && peek(r, 1) == '/';
    depth += opens;
    depth -= closes;
    r->at += opens || closes ? 2 : 1;
  } while (depth && r->at < r->sql.len);
}

static int take_name(reader *r, gn_arena *arena, adbcp_markers *out, sparkc_error *err)
{
  size_t start = ++r->at;
  while (is_name(peek(r, 0))) r->at++;
  const gn_str name = {r->sql.ptr + start, r->at - start};
  for (size_t i = 0; i < out->name_count; i++)
    if (gni_str_equal(out->names[i], name)) return SPARKC_OK;
  gn_str *names = gni_arena_grow(arena, out->names, out->name_count * sizeof *names,
                                 (out->name_count + 1) * sizeof *names);
  if (!names) return adbcp_nomem(err);
  out->names = names;
  names[out->name_count++] = name;
  return SPARKC_OK;
}

int adbcp_markers_find(gn_str sql, gn_arena *arena, adbcp_markers *out, sparkc_error *err)
{
  reader r = {sql, 0};
  int rc = SPARKC_OK;
  *out = (adbcp_markers){0};
  while (rc == SPARKC_OK && r.at < sql.len) {
    char c = peek(&r, 0), before = r.at ? sql.ptr[r.at - 1] : ' ';
    if (c == '\'' || c == '"') {
      bool raw = (before == 'r' || before == 'R') && (r.at < 2 || !is_name(sql.ptr[r.at - 2]));
      skip_quoted(&r, c, !raw);
    } else if (c == '`') {
      skip_quoted(&r, c, false);
    } else if (c == '-' && peek(&r, 1) == '-') {
      skip_line(&r);
    } else if (c == '/' && peek(&r, 1) == '*') {
      skip_comment(&r);
    } else if (c == ':' && is_name_start(peek(&r, 1)) && !is_name(before) && before != '`' &&
               before != ':') {
      rc = take_name(&r, arena, out, err); /* not the colon of a::int or struct<a:int> */
    } else {
      out->positions += c == '?';
      r.at++;
    }
  }
  return rc;
}
