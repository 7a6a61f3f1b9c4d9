/* Texts made of texts: trimmed, padded, repeated, replaced, joined. SPDX-License-Identifier:
 * Apache-2.0 */
#include "expr/string.h"
#include "expr/unicode.h"

int gnp_give_made(const gnp_text *text, gnp_frame *frame, gni_value *out)
{
  if (text->failed) return gnp_frame_nomem(frame);
  return gnp_give_text(out, (gn_str){text->ptr ? text->ptr : "", text->len});
}

/* ---- trim ------------------------------------------------------------------------------------ */

static bool holds_character(gn_str set, gn_str character)
{
  for (size_t at = 0; at < set.len;) {
    size_t begin = at;
    gnp_utf8_next(set, &at);
    if (gni_str_equal((gn_str){set.ptr + begin, at - begin}, character)) return true;
  }
  return false;
}

static gn_str trim_left(gn_str text, gn_str set)
{
  while (text.len) {
    size_t at = 0;
    gnp_utf8_next(text, &at);
    if (!holds_character(set, (gn_str){text.ptr, at})) break;
    text = (gn_str){text.ptr + at, text.len - at};
  }
  return text;
}

static gn_str trim_right(gn_str text, gn_str set)
{
  while (text.len) {
    size_t begin = text.len - 1;
    while (begin > 0 && ((unsigned char)text.ptr[begin] & 0xC0) == 0x80) begin--;
    if (!holds_character(set, (gn_str){text.ptr + begin, text.len - begin})) break;
    text.len = begin;
  }
  return text;
}

/* The functions trim(set, text), ltrim(set, text), rtrim(set, text) name the set first; btrim and
 * the forms with FROM have it behind. */
static int trim_sides(const gni_bound *node, const gni_value *args, bool set_first, bool left,
                      bool right, gni_value *out)
{
  gn_str text = args[set_first ? node->arg_count - 1 : 0].text;
  gn_str set = node->arg_count < 2 ? GN_STR(" ") : args[set_first ? 0 : 1].text;
  if (left) text = trim_left(text, set);
  if (right) text = trim_right(text, set);
  return gnp_give_text(out, text);
}

GNP_APPLY(trim)
{
  return trim_sides(node, args, true, true, true, out);
}

GNP_APPLY(ltrim)
{
  return trim_sides(node, args, true, true, false, out);
}

GNP_APPLY(rtrim)
{
  return trim_sides(node, args, true, false, true, out);
}

GNP_APPLY(btrim)
{
  return trim_sides(node, args, false, true, true, out);
}

GNP_APPLY(ltrim_from)
{
  return trim_sides(node, args, false, true, false, out);
}

GNP_APPLY(rtrim_from)
{
  return trim_sides(node, args, false, false, true, out);
}

/* ---- pad, repeat ----------------------------------------------------------------------------- */

#define TEXT_MAX (64 << 20) /* bytes; what is longer is a mistake */

static int pad(const gni_bound *node, gnp_frame *frame, const gni_value *args, bool left,
               gni_value *out)
{
  bool binary = node->args[0]->type->kind == GNI_BINARY;
  gn_str text = args[0].text;
  gn_str fill = node->arg_count > 2 ? args[2].text : binary ? (gn_str){"\0", 1} : GN_STR(" ");
  int64_t wanted = args[1].integer, count = (int64_t)(binary ? text.len : gnp_utf8_count(text));
  if (wanted <= 0) return gnp_give_text(out, GN_STR(""));
  size_t kept = binary ? (size_t)wanted : gnp_utf8_offset(text, (size_t)wanted);
  if (wanted <= count) return gnp_give_text(out, (gn_str){text.ptr, kept});
  size_t fill_count = binary ? fill.len : gnp_utf8_count(fill);
  if (!fill_count) return gnp_give_text(out, text);
  if (wanted > TEXT_MAX) return gnp_fail_here(frame, "LIMIT", "the text would be too long");
  gnp_text made = {.arena = frame->arena};
  int64_t missing = wanted - count;
  if (!left) gnp_text_add(&made, text);
  for (; missing >= (int64_t)fill_count; missing -= (int64_t)fill_count) gnp_text_add(&made, fill);
  fill.len = binary ? (size_t)missing : gnp_utf8_offset(fill, (size_t)missing);
  gnp_text_add(&made, fill);
  if (left) gnp_text_add(&made, text);
  return gnp_give_made(&made, frame, out);
}

GNP_APPLY(lpad)
{
  return pad(node, frame, args, true, out);
}

GNP_APPLY(rpad)
{
  return pad(node, frame, args, false, out);
}

GNP_APPLY(repeat)
{
  gnp_text made = {.arena = frame->arena};
  int64_t count = args[1].integer;
  if (count > 0 && (int64_t)args[0].text.len > TEXT_MAX / count)
    return gnp_fail_here(frame, "LIMIT", "the text would be too long");
  for (; count > 0 && args[0].text.len; count--) gnp_text_add(&made, args[0].text);
  return gnp_give_made(&made, frame, out);
}

GNP_APPLY(space)
{
  gnp_text made = {.arena = frame->arena};
  if (args[0].integer > TEXT_MAX)
    return gnp_fail_here(frame, "LIMIT", "the text would be too long");
  for (int64_t i = 0; i < args[0].integer; i++) gnp_text_add_char(&made, ' ');
  return gnp_give_made(&made, frame, out);
}

/* ---- replace, translate, overlay ------------------------------------------------------------- */

GNP_APPLY(replace)
{
  gn_str text = args[0].text, what = args[1].text;
  gn_str by = node->arg_count > 2 ? args[2].text : GN_STR("");
  gnp_text made = {.arena = frame->arena};
  if (!what.len) return gnp_give_text(out, text);
  for (size_t i = 0; i < text.len;) {
    bool here = i + what.len <= text.len && memcmp(text.ptr + i, what.ptr, what.len) == 0;
    gnp_text_add(&made, here ? by : (gn_str){text.ptr + i, 1});
    i += here ? what.len : 1;
  }
  return gnp_give_made(&made, frame, out);
}

/* Each character of `from` becomes the one at its place in `to`, or nothing. The first place wins.
 */
GNP_APPLY(translate)
{
  gn_str text = args[0].text, from = args[1].text, to = args[2].text;
  gnp_text made = {.arena = frame->arena};
  for (size_t at = 0; at < text.len;) {
    size_t begin = at, f = 0, t = 0;
    gnp_utf8_next(text, &at);
    gn_str character = {text.ptr + begin, at - begin}, kept = character;
    while (f < from.len) {
      size_t f_begin = f, t_begin = t;
      gnp_utf8_next(from, &f);
      if (t < to.len) gnp_utf8_next(to, &t);
      if (!gni_str_equal((gn_str){from.ptr + f_begin, f - f_begin}, character)) continue;
      kept = (gn_str){to.ptr + t_begin, t - t_begin};
      break;
    }
    gnp_text_add(&made, kept);
  }
  return gnp_give_made(&made, frame, out);
}

/* [1, position) of the text, the replacement, and what follows `length` characters. */
GNP_APPLY(overlay)
{
  bool binary = node->args[0]->type->kind == GNI_BINARY;
  gn_str text = args[0].text, by = args[1].text;
  int64_t count = (int64_t)(binary ? text.len : gnp_utf8_count(text)), position = args[2].integer;
  int64_t length = node->arg_count > 3 && args[3].integer >= 0
                       ? args[3].integer
                       : (int64_t)(binary ? by.len : gnp_utf8_count(by));
  int64_t before = position - 1, after = position + length - 1;
  /* The parts are substrings from 1 and from position + length, with their odd rules. */
  if (before < 0) before = 0;
  if (before > count) before = count;
  if (after + 1 < 0) after = count + after + 1;
  if (after < 0) after = 0;
  if (after > count) after = count;
  size_t first = binary ? (size_t)before : gnp_utf8_offset(text, (size_t)before);
  size_t second = binary ? (size_t)after : gnp_utf8_offset(text, (size_t)after);
  gnp_text made = {.arena = frame->arena};
  gnp_text_add(&made, (gn_str){text.ptr, first});
  gnp_text_add(&made, by);
  gnp_text_add(&made, (gn_str){text.ptr + second, text.len - second});
  return gnp_give_made(&made, frame, out);
}

/* ---- concat_ws, elt -------------------------------------------------------------------------- */

/* Nulls are left out; lists give their elements. */
GNP_APPLY(concat_ws)
{
  gnp_text made = {.arena = frame->arena};
  bool first = true;
  if (args[0].is_null) return gnp_give_null(out);
  for (size_t i = 1; i < node->arg_count; i++) {
    bool list = node->args[i]->type->kind == GNI_LIST;
    if (args[i].is_null) continue;
    size_t count = list ? args[i].list.count : 1;
    for (size_t k = 0; k < count; k++) {
      const gni_value *part = list ? &args[i].list.items[k] : &args[i];
      if (part->is_null) continue;
      if (!first) gnp_text_add(&made, args[0].text);
      first = false;
      gnp_text_add(&made, part->text);
    }
  }
  return gnp_give_made(&made, frame, out);
}

static int bind_concat_ws(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, SIZE_MAX);
  const gni_type *strings = gni_type_list(b->arena, &gni_type_string);
  for (size_t i = 0; rc == GN_OK && i < call->count; i++) {
    bool list = i && call->args[i] && call->args[i]->type->kind == GNI_LIST;
    rc = list ? gnp_cast(b, call->args[i], strings, &call->args[i])
              : gnp_bind_want(b, call, i, "string");
  }
  call->node->type = &gni_type_string;
  return rc;
}

GNP_APPLY(elt)
{
  if (args[0].is_null) return gnp_give_null(out);
  int64_t which = args[0].integer;
  if (which >= 1 && (uint64_t)which < node->arg_count) return gnp_give(out, args[which]);
  if (!node->ansi) return gnp_give_null(out);
  return gnp_fail_here(frame, "INVALID_ARRAY_INDEX", "there is no argument %lld", (long long)which);
}

static const gnp_function functions[] = {
    {.name = "btrim", .takes = "string, [string]", .gives = "string", .apply = btrim},
    {.name = "concat_ws", .bind = bind_concat_ws, .apply = concat_ws, .flags = GNP_SEES_NULLS},
    {.name = "elt",
     .takes = "int, string, string*",
     .gives = "string",
     .apply = elt,
     .flags = GNP_SEES_NULLS | GNP_MAY_BE_NULL | GNP_ANSI_FAILS},
    {.name = "lpad", .takes = "string|binary, int, [string|binary]", .gives = "1st", .apply = lpad},
    {.name = "ltrim", .takes = "string, [string]", .gives = "string", .apply = ltrim},
    {.name = "ltrim from",
     .takes = "string, [string]",
     .gives = "string",
     .apply = ltrim_from,
     .flags = GNP_HIDDEN},
    {.name = "overlay",
     .takes = "string|binary, string|binary, int, [int]",
     .gives = "1st",
     .apply = overlay},
    {.name = "repeat", .takes = "string, int", .gives = "string", .apply = repeat},
    {.name = "replace", .takes = "string, string, [string]", .gives = "string", .apply = replace},
    {.name = "rpad", .takes = "string|binary, int, [string|binary]", .gives = "1st", .apply = rpad},
    {.name = "rtrim", .takes = "string, [string]", .gives = "string", .apply = rtrim},
    {.name = "rtrim from",
     .takes = "string, [string]",
     .gives = "string",
     .apply = rtrim_from,
     .flags = GNP_HIDDEN},
    {.name = "space", .takes = "int", .gives = "string", .apply = space},
    {.name = "translate", .takes = "string, string, string", .gives = "string", .apply = translate},
    {.name = "trim", .takes = "string, [string]", .gives = "string", .apply = trim},
};

const gnp_family gnp_family_string_change = {"string", functions,
                                             sizeof functions / sizeof *functions};
