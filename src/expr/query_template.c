/* Chronon's parameters in a staging query: {{ start_date }} and its like.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_tree.h"

/* A parameter: [begin, end) of the source became the value, at `at` of the text. */
struct gni_query_patch {
  size_t begin, end, at;
  gn_str value;
};

typedef struct macro {
  size_t begin, end; /* with the braces */
  gn_str name, arguments;
  bool has_arguments;
} macro;

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

static size_t skip_blank(gn_str text, size_t i)
{
  while (i < text.len && is_blank(text.ptr[i])) i++;
  return i;
}

/* `{{`, a name, optional brackets around words, `.`, `,` and `=`, `}}`. False: no parameter begins
 * at `begin`. */
static bool read_macro(gn_str text, size_t begin, macro *out)
{
  if (begin + 1 >= text.len || text.ptr[begin] != '{' || text.ptr[begin + 1] != '{') return false;
  size_t i = skip_blank(text, begin + 2), from = i;
  while (i < text.len && is_word(text.ptr[i])) i++;
  *out = (macro){.begin = begin, .name = {text.ptr + from, i - from}};
  if (!out->name.len) return false;
  if (i < text.len && text.ptr[i] == '(') {
    out->has_arguments = true;
    from = ++i;
    while (i < text.len && (is_word(text.ptr[i]) || is_blank(text.ptr[i]) || text.ptr[i] == '.' ||
                            text.ptr[i] == ',' || text.ptr[i] == '='))
      i++;
    out->arguments = (gn_str){text.ptr + from, i - from};
    if (i >= text.len || text.ptr[i] != ')') return false;
    i++;
  }
  i = skip_blank(text, i);
  out->end = i + 2;
  return i + 1 < text.len && text.ptr[i] == '}' && text.ptr[i + 1] == '}';
}

bool gni_query_mentions(gn_str source, const char *parameter)
{
  macro found;
  for (size_t i = 0; i < source.len; i++)
    if (read_macro(source, i, &found) && gni_str_is(found.name, parameter)) return true;
  return false;
}

static gn_str argument(gn_str arguments, const char *name)
{
  gn_str part, key;
  while (gni_str_split(&arguments, ',', &part)) {
    gni_str_split(&part, '=', &key);
    if (gni_str_is(gni_str_trim(key), name)) return gni_str_trim(part);
  }
  return (gn_str){NULL, 0};
}

static int macro_day(const macro *m, const gni_query_days *days, gn_arena *arena, gn_str *out,
                     gn_error *err)
{
  *out = (gn_str){NULL, 0};
  if (gni_str_is(m->name, "start_date"))
    *out = days->start_date;
  else if (gni_str_is(m->name, "end_date"))
    *out = days->end_date;
  else if (gni_str_is(m->name, "latest_date"))
    *out = days->latest_date;
  else if (gni_str_is(m->name, "max_date")) {
    gn_str table = argument(m->arguments, "table");
    if (!table.len)
      return gni_fail(err, GN_E_PARSE, "max_date wants a table: {{ max_date(table=ns.t) }}");
    if (days->max_date) return days->max_date(days->user, table, arena, out, err);
  } else {
    gni_fail(err, GN_E_UNSUPPORTED, "'%.*s' is not a parameter of a query", GN_STR_ARGS(m->name));
    gni_error_hint(err, "there are: start_date, end_date, latest_date, max_date(table=ns.t)");
    return GN_E_UNSUPPORTED;
  }
  if (out->ptr) return GN_OK;
  return gni_fail(err, GN_E_INVALID, "'%.*s' has no value here", GN_STR_ARGS(m->name));
}

/* Finds the parameters and what they stand for; `*len` is how long the text becomes. */
static int find_patches(gn_str source, const gni_query_days *days, gn_arena *arena,
                        gni_query_text *out, size_t *len, gni_expr_place *place, gn_error *err)
{
  struct gni_query_patch *patches = NULL;
  macro m;
  *len = 0;
  for (size_t i = 0; i < source.len;) {
    if (!read_macro(source, i, &m)) {
      ++*len, ++i;
      continue;
    }
    struct gni_query_patch patch = {.begin = m.begin, .end = m.end, .at = *len};
    int rc = macro_day(&m, days, arena, &patch.value, err);
    if (rc != GN_OK) {
      gnp_place_fill(source, m.begin, m.end, place, err);
      return rc;
    }
    if (GNP_PUSH(arena, patches, out->patch_count, patch) != GN_OK)
      return gni_fail_arena(err, arena, sizeof patch);
    *len += patch.value.len;
    i = m.end;
  }
  out->patches = patches;
  return GN_OK;
}

int gni_query_fill(gn_str source, const gni_query_days *days, gn_arena *arena, gni_query_text *out,
                   gni_expr_place *place, gn_error *err)
{
  static const gni_query_days none = {.start_date = {NULL, 0}};
  gn_error own = {0};
  size_t len, from = 0, at = 0;
  *out = (gni_query_text){.text = source, .source = source};
  if (!err) err = &own;
  int rc = find_patches(source, days ? days : &none, arena, out, &len, place, err);
  if (rc != GN_OK || !out->patch_count) return rc;
  char *text = gni_arena_take(arena, len);
  if (!text) return gni_fail_arena(err, arena, len);
  for (size_t i = 0; i < out->patch_count; i++) {
    const struct gni_query_patch *patch = &out->patches[i];
    memcpy(text + at, source.ptr + from, patch->begin - from);
    memcpy(text + patch->at, patch->value.ptr, patch->value.len);
    at = patch->at + patch->value.len;
    from = patch->end;
  }
  memcpy(text + at, source.ptr + from, source.len - from);
  out->text = (gn_str){text, len};
  return GN_OK;
}

/* Where a position of the text was in the source; one inside a parameter is its begin or its end.
 */
static size_t source_position(const gni_query_text *text, size_t position, bool is_end)
{
  size_t at = position;
  for (size_t i = 0; i < text->patch_count; i++) {
    const struct gni_query_patch *patch = &text->patches[i];
    if (position < patch->at + (is_end ? 1 : 0)) break;
    if (position < patch->at + patch->value.len + (is_end ? 1 : 0))
      return is_end ? patch->end : patch->begin;
    at = position - (patch->at + patch->value.len) + patch->end;
  }
  return at;
}

void gnp_query_place(const gni_query_text *text, size_t begin, size_t end, gni_expr_place *place,
                     gn_error *err)
{
  gnp_place_fill(text->source, source_position(text, begin, false),
                 source_position(text, end, true), place, err);
}
