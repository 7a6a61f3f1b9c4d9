/* Cutting and finding in texts, by characters. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"
#include "expr/text.h"
#include "expr/unicode.h"

static gn_str cut(gn_str text, size_t begin, size_t end)
{
  return (gn_str){text.ptr + begin, end > begin ? end - begin : 0};
}

/* ---- substring, left, right ------------------------------------------------------------------ */

/* Characters (or bytes) [start, start + length) where position 1 is the first and negative ones
 * count from the end; what lies before the first is not there but counts. */
static gn_str take(gn_str text, bool binary, int64_t position, int64_t length)
{
  int64_t count = (int64_t)(binary ? text.len : gnp_utf8_count(text));
  int64_t start = position > 0 ? position - 1 : position < 0 ? count + position : 0;
  int64_t end = start + length > INT32_MAX ? INT32_MAX : start + length;
  if (start < 0) start = 0;
  if (end > count) end = count;
  if (end <= start) return (gn_str){"", 0};
  if (binary) return cut(text, (size_t)start, (size_t)end);
  return cut(text, gnp_utf8_offset(text, (size_t)start), gnp_utf8_offset(text, (size_t)end));
}

static bool is_binary(const gni_bound *node)
{
  return node->args[0]->type->kind == GNI_BINARY;
}

GNP_APPLY(substring)
{
  int64_t length = node->arg_count > 2 ? args[2].integer : INT32_MAX;
  return gnp_give_text(out, take(args[0].text, is_binary(node), args[1].integer, length));
}

GNP_APPLY(left)
{
  return gnp_give_text(out, take(args[0].text, is_binary(node), 1, args[1].integer));
}

GNP_APPLY(right)
{
  if (args[1].integer <= 0) return gnp_give_text(out, GN_STR(""));
  return gnp_give_text(out, take(args[0].text, is_binary(node), -args[1].integer, INT32_MAX));
}

GNP_APPLY(length)
{
  gn_str text = args[0].text;
  return gnp_give_integer(out, (int64_t)(is_binary(node) ? text.len : gnp_utf8_count(text)));
}

GNP_APPLY(octet_length)
{
  return gnp_give_integer(out, (int64_t)args[0].text.len);
}

GNP_APPLY(bit_length)
{
  return gnp_give_integer(out, (int64_t)args[0].text.len * 8);
}

/* ---- finding --------------------------------------------------------------------------------- */

/* The byte where `what` begins at or behind `from`, or SIZE_MAX. */
static size_t find(gn_str text, gn_str what, size_t from)
{
  for (size_t i = from; i + what.len <= text.len; i++)
    if (!what.len || memcmp(text.ptr + i, what.ptr, what.len) == 0) return i;
  return SIZE_MAX;
}

static size_t find_last(gn_str text, gn_str what, size_t before)
{
  for (size_t i = before; i-- > 0;)
    if (i + what.len <= text.len && memcmp(text.ptr + i, what.ptr, what.len) == 0) return i;
  return SIZE_MAX;
}

GNP_APPLY(contains)
{
  return gnp_give_boolean(out, find(args[0].text, args[1].text, 0) != SIZE_MAX);
}

GNP_APPLY(starts_with)
{
  gn_str text = args[0].text, what = args[1].text;
  return gnp_give_boolean(out, what.len <= text.len &&
                                   (!what.len || memcmp(text.ptr, what.ptr, what.len) == 0));
}

GNP_APPLY(ends_with)
{
  gn_str text = args[0].text, what = args[1].text;
  bool fits = what.len <= text.len;
  return gnp_give_boolean(
      out, fits && (!what.len || memcmp(text.ptr + text.len - what.len, what.ptr, what.len) == 0));
}

static int64_t place_of(gn_str text, gn_str what, size_t from)
{
  size_t at = find(text, what, from);
  return at == SIZE_MAX ? 0 : (int64_t)gnp_utf8_count(cut(text, 0, at)) + 1;
}

GNP_APPLY(instr)
{
  return gnp_give_integer(out, place_of(args[0].text, args[1].text, 0));
}

/* locate(what, text[, from]): from a null place it is 0, not null. */
GNP_APPLY(locate)
{
  int64_t from = 1;
  if (node->arg_count > 2) {
    if (args[2].is_null) return gnp_give_integer(out, 0);
    from = args[2].integer;
  }
  if (args[0].is_null || args[1].is_null) return gnp_give_null(out);
  if (from < 1) return gnp_give_integer(out, 0);
  if (!args[0].text.len) return gnp_give_integer(out, 1);
  return gnp_give_integer(
      out, place_of(args[1].text, args[0].text, gnp_utf8_offset(args[1].text, (size_t)from - 1)));
}

/* The place of a text in a list parted by commas. */
GNP_APPLY(find_in_set)
{
  gn_str rest = args[1].text, part;
  if (args[0].text.len && memchr(args[0].text.ptr, ',', args[0].text.len))
    return gnp_give_integer(out, 0);
  for (int64_t i = 1;; i++) {
    const char *comma = rest.len ? memchr(rest.ptr, ',', rest.len) : NULL;
    part = (gn_str){rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
    if (gni_str_equal(part, args[0].text)) return gnp_give_integer(out, i);
    if (!comma) return gnp_give_integer(out, 0);
    rest = (gn_str){comma + 1, rest.len - part.len - 1};
  }
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* What stands before the nth delimiter, or behind the nth from the end when negative. */
GNP_APPLY(substring_index)
{
  gn_str text = args[0].text, mark = args[1].text;
  int64_t count = args[2].integer;
  if (count == 0 || !mark.len) return gnp_give_text(out, GN_STR(""));
  size_t at = count > 0 ? 0 : text.len;
  for (; count > 0; count--) {
    size_t found = find(text, mark, at);
    if (found == SIZE_MAX) return gnp_give_text(out, text);
    if (count == 1) return gnp_give_text(out, cut(text, 0, found));
    at = found + 1;
  }
  for (; count < 0; count++) {
    size_t found = find_last(text, mark, at);
    if (found == SIZE_MAX) return gnp_give_text(out, text);
    if (count == -1) return gnp_give_text(out, cut(text, found + mark.len, text.len));
    at = found;
  }
  return gnp_give_text(out, text);
}

static size_t count_parts(gn_str text, gn_str mark)
{
  size_t count = 1;
  for (size_t at = 0; (at = find(text, mark, at)) != SIZE_MAX; at += mark.len) count++;
  return count;
}

GNP_APPLY(split_part)
{
  gn_str text = args[0].text, mark = args[1].text;
  int64_t which = args[2].integer;
  if (which == 0) return gnp_fail_here(frame, "INVALID_INDEX_OF_ZERO", "parts count from 1");
  size_t count = mark.len ? count_parts(text, mark) : 1;
  if (which < 0) which += (int64_t)count + 1;
  if (which < 1 || (uint64_t)which > count) return gnp_give_text(out, GN_STR(""));
  if (!mark.len) return gnp_give_text(out, text);
  size_t begin = 0;
  for (; which > 1; which--) begin = find(text, mark, begin) + mark.len;
  size_t end = find(text, mark, begin);
  return gnp_give_text(out, cut(text, begin, end == SIZE_MAX ? text.len : end));
}

static const gnp_function functions[] = {
    {.name = "bit_length", .takes = "string|binary", .gives = "int", .apply = bit_length},
    {.name = "char_length", .same_as = "length"},
    {.name = "character_length", .same_as = "length"},
    {.name = "contains",
     .takes = "string|binary, string|binary",
     .gives = "boolean",
     .apply = contains},
    {.name = "endswith",
     .takes = "string|binary, string|binary",
     .gives = "boolean",
     .apply = ends_with},
    {.name = "find_in_set", .takes = "string, string", .gives = "int", .apply = find_in_set},
    {.name = "instr", .takes = "string, string", .gives = "int", .apply = instr},
    {.name = "left", .takes = "string|binary, int", .gives = "1st", .apply = left},
    {.name = "len", .same_as = "length"},
    {.name = "length", .takes = "string|binary", .gives = "int", .apply = length},
    {.name = "locate",
     .takes = "string, string, [int]",
     .gives = "int",
     .apply = locate,
     .flags = GNP_SEES_NULLS},
    {.name = "octet_length", .takes = "string|binary", .gives = "int", .apply = octet_length},
    {.name = "position", .same_as = "locate"},
    {.name = "right", .takes = "string|binary, int", .gives = "1st", .apply = right},
    {.name = "split_part",
     .takes = "string, string, int",
     .gives = "string",
     .apply = split_part,
     .flags = GNP_CAN_FAIL},
    {.name = "startswith",
     .takes = "string|binary, string|binary",
     .gives = "boolean",
     .apply = starts_with},
    {.name = "substr", .same_as = "substring"},
    {.name = "substring", .takes = "string|binary, int, [int]", .gives = "1st", .apply = substring},
    {.name = "substring_index",
     .takes = "string, string, int",
     .gives = "string",
     .apply = substring_index},
};

const gnp_family gnp_family_substring = {"string", functions, sizeof functions / sizeof *functions};
