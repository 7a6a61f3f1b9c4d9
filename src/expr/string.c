/* Texts. SPDX-License-Identifier: Apache-2.0 */
#include "expr/string.h"
#include "expr/bound.h"
#include "expr/cast.h"

/* ---- concat ---------------------------------------------------------------------------------- */

GNP_APPLY(concat_texts)
{
  gnp_text text = {.arena = frame->arena};
  for (size_t i = 0; i < node->arg_count; i++) gnp_text_add(&text, args[i].text);
  if (text.failed) return gnp_frame_nomem(frame);
  return gnp_give_text(out, (gn_str){text.ptr ? text.ptr : "", text.len});
}

GNP_APPLY(concat_lists)
{
  size_t total = 0, at = 0;
  for (size_t i = 0; i < node->arg_count; i++) total += args[i].list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, total);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < node->arg_count; i++) {
    if (args[i].list.count)
      memcpy(items + at, args[i].list.items, args[i].list.count * sizeof *items);
    at += args[i].list.count;
  }
  return gnp_give_items(out, items, total);
}

/* All lists, or all bytes, or else all texts. */
static int bind_concat(gnp_binder *b, gnp_call *call)
{
  bool lists = call->count > 0, bytes = call->count > 0;
  for (size_t i = 0; i < call->count; i++) {
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
    uint8_t kind = call->args[i]->type->kind;
    lists &= kind == GNI_LIST || kind == GNI_NULL;
    bytes &= kind == GNI_BINARY;
  }
  bool some_list = false;
  for (size_t i = 0; i < call->count; i++) some_list |= call->args[i]->type->kind == GNI_LIST;
  if (some_list && !lists) return gnp_bind_mismatch(b, call);
  call->node->apply = some_list ? concat_lists : concat_texts;
  call->node->sql = some_list ? "list_concat($*)" : call->count == 1 ? "$1" : "($|)";
  call->node->type = some_list ? gnp_type_common(b, call->args, call->count, true)
                     : bytes   ? &gni_type_binary
                               : &gni_type_string;
  if (!call->node->type) return gnp_bind_mismatch(b, call);
  if (call->count == 0) call->node->sql = "''";
  if (some_list) call->node->sql = NULL; /* DuckDB's skips null lists */
  return gnp_cast_all(b, call, 0, call->node->type);
}

/* ---- LIKE ------------------------------------------------------------------------------------ */

static size_t character_size(gn_str text, size_t at)
{
  unsigned char lead = (unsigned char)text.ptr[at];
  size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return at + size <= text.len ? size : 1;
}

static char escape_of(const gni_bound *node, const gni_value *args)
{
  return node->arg_count > 2 && args[2].text.len ? args[2].text.ptr[0] : '\\';
}

/* The escape stands before %, _ or itself, and not at the end. */
static bool pattern_is_valid(gn_str pattern, char escape)
{
  for (size_t i = 0; i < pattern.len; i++) {
    if (pattern.ptr[i] != escape) continue;
    if (++i == pattern.len) return false;
    if (pattern.ptr[i] != '%' && pattern.ptr[i] != '_' && pattern.ptr[i] != escape) return false;
  }
  return true;
}

/* Spark makes a regular expression of the pattern, quoting each UTF-16 unit by itself, and a
 * character of two units quoted so matches nothing. */
static bool has_two_unit_character(gn_str pattern)
{
  for (size_t i = 0; i < pattern.len; i++)
    if ((unsigned char)pattern.ptr[i] >= 0xF0) return true;
  return false;
}

/* Greedy with one place to go back to: the last %, which is all that LIKE needs. */
static bool like_matches(gn_str text, gn_str pattern, char escape)
{
  if (has_two_unit_character(pattern)) return false;
  size_t t = 0, p = 0, star = SIZE_MAX, mark = 0;
  while (t < text.len) {
    bool escaped = p + 1 < pattern.len && pattern.ptr[p] == escape;
    size_t at = p + escaped;
    if (at < pattern.len && !escaped && pattern.ptr[at] == '%') {
      star = p++;
      mark = t;
    } else if (at < pattern.len && !escaped && pattern.ptr[at] == '_') {
      p++;
      t += character_size(text, t);
    } else if (at < pattern.len && pattern.ptr[at] == text.ptr[t]) {
      p = at + 1;
      t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      mark += character_size(text, mark);
      t = mark;
    } else {
      return false;
    }
  }
  while (p < pattern.len && pattern.ptr[p] == '%' && pattern.ptr[p] != escape) p++;
  return p == pattern.len;
}

GNP_APPLY(like)
{
  char escape = escape_of(node, args);
  if (!pattern_is_valid(args[1].text, escape))
    return gnp_fail_here(frame, "INVALID_FORMAT", "the pattern '%.*s' has an escape that is none",
                         (int)(args[1].text.len > 80 ? 80 : args[1].text.len), args[1].text.ptr);
  return gnp_give_boolean(out, like_matches(args[0].text, args[1].text, escape));
}

/* Both sides in lower case. */
GNP_APPLY(ilike)
{
  gni_value lowered[3];
  for (size_t i = 0; i < node->arg_count; i++) {
    int rc =
        i < 2 ? gnp_lower_text(args[i].text, frame, &lowered[i]) : gnp_give(&lowered[i], args[i]);
    if (rc != GN_OK) return rc;
  }
  return like(node, frame, lowered, out);
}

static int bind_like(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  if (rc != GN_OK) return rc;
  const gni_bound *pattern = call->args[1], *escape = call->count > 2 ? call->args[2] : NULL;
  if (escape &&
      (escape->kind != GNP_CONSTANT || escape->value.is_null || escape->value.text.len != 1))
    return gnp_bind_fail(b, GN_E_TYPE, escape, "ESCAPE takes one character");
  char mark = escape ? escape->value.text.ptr[0] : '\\';
  bool plain = pattern->kind == GNP_CONSTANT && !pattern->value.is_null &&
               pattern_is_valid(pattern->value.text, mark) && mark != '%' && mark != '_' &&
               !has_two_unit_character(pattern->value.text);
  call->node->can_fail = !plain;
  if (call->node->function->name[0] == 'i') plain = false;
  if (plain) call->node->sql = escape ? "($1 LIKE $2 ESCAPE $3)" : "($1 LIKE $2 ESCAPE '\\')";
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "concat", .bind = bind_concat},
    {.name = "||", .same_as = "concat", .flags = GNP_HIDDEN},
    {.name = "ilike",
     .takes = "string, string, [string]",
     .gives = "boolean",
     .apply = ilike,
     .bind = bind_like},
    {.name = "like",
     .takes = "string, string, [string]",
     .gives = "boolean",
     .apply = like,
     .bind = bind_like},
};

const gnp_family gnp_family_string = {"string", functions, sizeof functions / sizeof *functions};
