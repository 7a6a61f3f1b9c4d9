/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/toml.h"

struct cursor {
  gn_str rest; /* of the current line */
  const char *line_start;
  uint32_t line;
  gn_arena *arena;
  gn_error *err;
};

static int fail_here(struct cursor *at, const char *what)
{
  int rc = gni_fail_as(at->err, "GC009", GN_E_PARSE, "%s", what);
  gni_error_where(at->err, "%u:%zu", at->line, (size_t)(at->rest.ptr - at->line_start) + 1);
  return rc;
}

static void skip_space(struct cursor *at)
{
  while (at->rest.len && (at->rest.ptr[0] == ' ' || at->rest.ptr[0] == '\t'))
    at->rest.ptr++, at->rest.len--;
}

static bool take_char(struct cursor *at, char c)
{
  if (!at->rest.len || at->rest.ptr[0] != c) return false;
  at->rest.ptr++;
  at->rest.len--;
  return true;
}

static int end_of_line(struct cursor *at)
{
  skip_space(at);
  if (at->rest.len == 0 || at->rest.ptr[0] == '#' || at->rest.ptr[0] == '\r') return GN_OK;
  return fail_here(at, "unexpected text after the value");
}

/* The character that an escape stands for, or 0. */
static char unescape(char c)
{
  switch (c) {
  case 'n':
    return '\n';
  case 't':
    return '\t';
  case 'r':
    return '\r';
  case '"':
    return '"';
  case '\\':
    return '\\';
  default:
    return 0;
  }
}

/* "basic" with escapes, 'literal' without. The opening quote was seen. */
static int read_quoted(struct cursor *at, char quote, gn_str *out)
{
  char *copy = gni_arena_take(at->arena, at->rest.len + 1);
  size_t len = 0;
  if (!copy) return gni_fail_nomem(at->err, at->rest.len);
  while (at->rest.len && at->rest.ptr[0] != quote) {
    char c = at->rest.ptr[0];
    if (c == '\\' && quote == '"') {
      at->rest.ptr++;
      at->rest.len--;
      c = at->rest.len ? unescape(at->rest.ptr[0]) : 0;
      if (!c) return fail_here(at, "unknown escape; use \\n \\t \\r \\\" or \\\\");
    }
    copy[len++] = c;
    at->rest.ptr++;
    at->rest.len--;
  }
  if (!take_char(at, quote)) return fail_here(at, "the text is not closed on its line");
  copy[len] = '\0';
  *out = (gn_str){copy, len};
  return GN_OK;
}

static bool is_bare(char c)
{
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-';
}

static int read_name(struct cursor *at, gn_str *out)
{
  skip_space(at);
  if (take_char(at, '"')) return read_quoted(at, '"', out);
  if (take_char(at, '\'')) return read_quoted(at, '\'', out);
  *out = (gn_str){at->rest.ptr, 0};
  while (at->rest.len && is_bare(at->rest.ptr[0])) {
    out->len++;
    at->rest.ptr++;
    at->rest.len--;
  }
  if (!out->len) return fail_here(at, "a name is missing");
  *out = gni_str_take(at->arena, *out);
  return out->ptr ? GN_OK : gni_fail_nomem(at->err, 1);
}

/* a.b."c.d" as parts joined by 0x1F. */
static int read_path(struct cursor *at, gn_str *out)
{
  gn_str part;
  *out = (gn_str){NULL, 0};
  do {
    int rc = read_name(at, &part);
    if (rc != GN_OK) return rc;
    *out = out->ptr
               ? gni_str_format(at->arena, "%.*s\x1F%.*s", GN_STR_ARGS(*out), GN_STR_ARGS(part))
               : part;
    if (!out->ptr) return gni_fail_nomem(at->err, part.len);
    skip_space(at);
  } while (take_char(at, '.'));
  return GN_OK;
}

static int read_value(struct cursor *at, gnp_toml_entry *entry)
{
  skip_space(at);
  entry->kind = GNP_TOML_TEXT;
  if (take_char(at, '"')) return read_quoted(at, '"', &entry->text);
  if (take_char(at, '\'')) return read_quoted(at, '\'', &entry->text);
  gn_str word = {at->rest.ptr, 0};
  while (word.len < at->rest.len && (is_bare(word.ptr[word.len]) || word.ptr[word.len] == '+'))
    word.len++;
  bool yes = gni_str_is(word, "true");
  entry->text = word;
  entry->kind = GNP_TOML_BOOLEAN;
  entry->integer = yes;
  if (!yes && !gni_str_is(word, "false")) {
    entry->kind = GNP_TOML_INTEGER;
    if (gni_parse_int64(word, &entry->integer) != GN_OK)
      return fail_here(at, "the value is no text in quotes, whole number, true or false");
  }
  at->rest.ptr += word.len;
  at->rest.len -= word.len;
  return GN_OK;
}

static int read_line(struct cursor *at, gn_str *table,
                     int (*each)(void *user, const gnp_toml_entry *entry, gn_error *err),
                     void *user)
{
  gnp_toml_entry entry = {.table = *table, .line = at->line};
  int rc;
  skip_space(at);
  if (at->rest.len == 0 || at->rest.ptr[0] == '#' || at->rest.ptr[0] == '\r') return GN_OK;
  if (take_char(at, '[')) {
    if (at->rest.len && at->rest.ptr[0] == '[')
      return fail_here(at, "lists of tables are not used here");
    if ((rc = read_path(at, table)) != GN_OK) return rc;
    if (!take_char(at, ']')) return fail_here(at, "']' is missing");
    return end_of_line(at);
  }
  if ((rc = read_path(at, &entry.key)) != GN_OK) return rc;
  skip_space(at);
  if (!take_char(at, '=')) return fail_here(at, "'=' is missing");
  if ((rc = read_value(at, &entry)) != GN_OK) return rc;
  if ((rc = end_of_line(at)) != GN_OK) return rc;
  rc = each(user, &entry, at->err);
  if (rc != GN_OK) gni_error_where(at->err, "%u", at->line);
  return rc;
}

int gnp_toml_read(gn_str text, gn_arena *arena,
                  int (*each)(void *user, const gnp_toml_entry *entry, gn_error *err), void *user,
                  gn_error *err)
{
  struct cursor at = {.arena = arena, .err = err};
  gn_str table = GN_STR("");
  if (!gni_utf8_valid(text)) return gni_fail_as(err, "GC009", GN_E_PARSE, "the file is not UTF-8");
  while (gni_str_split(&text, '\n', &at.rest)) {
    at.line++;
    at.line_start = at.rest.ptr;
    int rc = read_line(&at, &table, each, user);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}
