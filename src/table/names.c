/* Names of tables, patterns over them, and partition filters as they are written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/table_private.h"

/* ---- names ----------------------------------------------------------------------------------- */

/* What can be a folder's name of ours: not hidden, no slash, no control character. */
static bool is_plain(gn_str part)
{
  if (!part.len || part.ptr[0] == '.' || part.ptr[0] == '_' || !gni_utf8_valid(part)) return false;
  if (part.ptr[part.len - 1] == '.') return false;
  for (size_t i = 0; i < part.len; i++)
    if (part.ptr[i] == '/' || part.ptr[i] == '=' || (unsigned char)part.ptr[i] < ' ') return false;
  return true;
}

int gni_table_name_split(gn_str name, gn_str *ns, gn_str *base, gn_error *err)
{
  size_t dot = name.len;
  for (size_t i = name.len; i-- > 0 && dot == name.len;)
    if (name.ptr[i] == '.') dot = i;
  *ns = dot < name.len ? (gn_str){name.ptr, dot} : GN_STR("default");
  *base = dot < name.len ? (gn_str){name.ptr + dot + 1, name.len - dot - 1} : name;
  if (is_plain(*ns) && is_plain(*base)) return GN_OK;
  gni_fail_as(err, "GT011", GN_E_ARG, "'%.*s' is no name of a table", GN_STR_ARGS(name));
  gni_error_hint(err, "write it as namespace.table, without '/' and not beginning with '.' or '_'");
  return GN_E_ARG;
}

/* ---- patterns -------------------------------------------------------------------------------- */

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One alternative, without recursion: on a mismatch the last star takes one character more. */
static bool like_one(gn_str text, gn_str pattern)
{
  size_t t = 0, p = 0, star = pattern.len, resume = 0;
  while (t < text.len) {
    char c = p < pattern.len ? pattern.ptr[p] : '\0';
    if (p < pattern.len && (c == '*' || c == '%')) {
      star = p++;
      resume = t;
    } else if (p < pattern.len && (c == '_' || lower(c) == lower(text.ptr[t]))) {
      p++;
      t++;
    } else if (star < pattern.len) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.len && (pattern.ptr[p] == '*' || pattern.ptr[p] == '%')) p++;
  return p == pattern.len;
}

bool gnp_like(gn_str text, gn_str pattern)
{
  gn_str one;
  if (!pattern.len) return true;
  while (gni_str_split(&pattern, '|', &one))
    if (like_one(text, one)) return true;
  return false;
}

/* ---- partition filters ----------------------------------------------------------------------- */

static gn_str without_quotes(gn_str text)
{
  bool quoted = text.len >= 2 && (text.ptr[0] == '\'' || text.ptr[0] == '"') &&
                text.ptr[text.len - 1] == text.ptr[0];
  return quoted ? (gn_str){text.ptr + 1, text.len - 2} : text;
}

static int parse_filter(gn_str part, gni_partition_filter *out, gn_error *err)
{
  gn_str rest = part, column;
  bool parted = gni_str_split(&rest, '=', &column) && column.len < part.len;
  out->column = gni_str_trim(column);
  out->value = without_quotes(gni_str_trim(rest));
  if (parted && out->column.len) return GN_OK;
  return gni_fail(err, GN_E_PARSE, "'%.*s' is not column=value", GN_STR_ARGS(part));
}

int gni_partition_filters_parse(gn_str text, gn_arena *arena, gni_partition_filter **out,
                                size_t *count, gn_error *err)
{
  size_t room = 1, used = 0;
  gn_str part;
  for (size_t i = 0; i < text.len; i++) room += text.ptr[i] == '/' || text.ptr[i] == ',';
  *count = 0;
  *out = GN_TAKE(arena, gni_partition_filter, room);
  if (!*out) return gnp_fail_arena(arena, err);
  for (size_t i = 0, from = 0; i <= text.len; i++) {
    if (i < text.len && text.ptr[i] != '/' && text.ptr[i] != ',') continue;
    part = gni_str_trim((gn_str){text.ptr + from, i - from});
    from = i + 1;
    if (!part.len) continue;
    int rc = parse_filter(part, &(*out)[used], err);
    if (rc != GN_OK) return rc;
    used++;
  }
  *count = used;
  return GN_OK;
}
