/* What things are called: tables, datasets, paths, columns. All of it is Chronon's scheme, which
 * other systems rely on. SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

gn_str gni_sanitize(gn_arena *arena, gn_str text)
{
  gn_str out = gni_str_take(arena, text);
  char *copy = gni_arena_copy(arena, out.ptr ? out.ptr : "", out.len + 1);
  if (!out.ptr || !copy) return (gn_str){NULL, 0};
  size_t kept = 0;
  for (size_t i = 0; i < out.len; i++) { /* a character of several bytes becomes one '_' */
    if (((unsigned char)copy[i] & 0xC0) == 0x80) continue;
    copy[kept++] = is_word(copy[i]) ? copy[i] : '_';
  }
  copy[kept] = '\0';
  return (gn_str){copy, kept};
}

gn_str gni_clean_name(gn_arena *arena, const gni_metadata *metadata)
{
  return gni_sanitize(arena, metadata->name);
}

gn_str gni_output_table_suffixed(gn_arena *arena, const gni_metadata *metadata, const char *suffix)
{
  gn_str name = gni_clean_name(arena, metadata);
  gn_str space = metadata->output_namespace.len ? metadata->output_namespace : GN_STR("default");
  if (!name.ptr) return name;
  return gni_str_format(arena, "%.*s.%.*s%s", GN_STR_ARGS(space), GN_STR_ARGS(name), suffix);
}

gn_str gni_output_table(gn_arena *arena, const gni_metadata *metadata)
{
  return gni_output_table_suffixed(arena, metadata, "");
}

static gn_str dataset(gn_arena *arena, const gni_metadata *metadata, const char *suffix)
{
  gn_str name = gni_clean_name(arena, metadata);
  gn_str text = gni_str_format(arena, "%.*s%s", GN_STR_ARGS(name), suffix);
  char *upper = gni_arena_copy(arena, text.ptr ? text.ptr : "", text.len + 1);
  if (!name.ptr || !text.ptr || !upper) return (gn_str){NULL, 0};
  for (size_t i = 0; i < text.len; i++)
    if (upper[i] >= 'a' && upper[i] <= 'z') upper[i] = (char)(upper[i] - 'a' + 'A');
  return (gn_str){upper, text.len};
}

gn_str gni_batch_dataset(gn_arena *arena, const gni_metadata *metadata)
{
  return dataset(arena, metadata, "_BATCH");
}

gn_str gni_stream_dataset(gn_arena *arena, const gni_metadata *metadata)
{
  return dataset(arena, metadata, "_STREAMING");
}

gn_str gni_name_to_file_path(gn_arena *arena, gn_str name)
{
  gn_str out = gni_str_take(arena, name);
  char *copy = gni_arena_copy(arena, out.ptr ? out.ptr : "", out.len + 1);
  if (!out.ptr || !copy) return (gn_str){NULL, 0};
  char *dot = memchr(copy, '.', out.len);
  if (dot) *dot = '/';
  return (gn_str){copy, out.len};
}

gn_str gni_def_path(gn_arena *arena, int kind, gn_str name)
{
  gn_str path = gni_name_to_file_path(arena, name);
  if (!path.ptr) return path;
  return gni_str_format(arena, "%s/%.*s", gni_def_kind_folder(kind), GN_STR_ARGS(path));
}

/* ---- parts of a join ------------------------------------------------------------------------- */

gn_str gni_join_part_prefix(gn_arena *arena, const gni_join_part *part)
{
  gn_str name = gni_clean_name(arena, part->group_by->metadata);
  if (!name.ptr || !part->prefix.len) return name;
  return gni_str_format(arena, "%.*s_%.*s", GN_STR_ARGS(part->prefix), GN_STR_ARGS(name));
}

gn_str gni_join_part_table(gn_arena *arena, const gni_join *join, const gni_join_part *part)
{
  gn_str prefix = gni_join_part_prefix(arena, part),
         table = gni_output_table(arena, join->metadata);
  if (!prefix.ptr || !table.ptr) return (gn_str){NULL, 0};
  return gni_str_format(arena, "%.*s_%.*s", GN_STR_ARGS(table), GN_STR_ARGS(prefix));
}

gn_str gni_external_part_name(gn_arena *arena, const gni_external_part *part)
{
  gn_str name = gni_clean_name(arena, part->source->metadata);
  if (!name.ptr) return name;
  if (!part->prefix.len) return gni_str_format(arena, "ext_%.*s", GN_STR_ARGS(name));
  return gni_str_format(arena, "ext_%.*s_%.*s", GN_STR_ARGS(part->prefix), GN_STR_ARGS(name));
}

/* ---- tables with tokens ---------------------------------------------------------------------- */

static size_t count_of(gn_str text, char c)
{
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == c;
  return count;
}

int gni_named_table_parse(gn_str text, gn_arena *arena, gni_named_table *out)
{
  size_t capacity = count_of(text, '/');
  gn_str *keys = GN_TAKE_ZERO(arena, gn_str, capacity),
         *values = GN_TAKE_ZERO(arena, gn_str, capacity);
  gn_str rest = text, token;
  *out = (gni_named_table){.table = {NULL, 0}};
  if (!keys || !values) return GN_E_NOMEM;
  gni_str_split(&rest, '/', &out->table);
  out->tokens = (gni_map){keys, values, 0};
  while (gni_str_split(&rest, '/', &token)) {
    if (!token.len) continue;
    gn_str value = token;
    gni_str_split(&value, '=', &keys[out->tokens.count]);
    values[out->tokens.count++] = value; /* {NULL, 0} without '=' */
  }
  return GN_OK;
}
