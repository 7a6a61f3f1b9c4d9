/* Where in the text, for people. SPDX-License-Identifier: Apache-2.0 */
#include "expr/tree.h"

static uint32_t characters(gn_str text)
{
  uint32_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
  return count;
}

static size_t line_begin(gn_str text, size_t position)
{
  while (position > 0 && text.ptr[position - 1] != '\n') position--;
  return position;
}

void gnp_place_fill(gn_str text, size_t begin, size_t end, gni_expr_place *place, gn_error *err)
{
  if (begin > text.len) begin = text.len;
  if (end > text.len) end = text.len;
  if (end < begin) end = begin;
  uint32_t line = 1;
  for (size_t i = 0; i < begin; i++) line += text.ptr[i] == '\n';
  size_t start = line_begin(text, begin);
  uint32_t column = characters((gn_str){text.ptr + start, begin - start}) + 1;
  if (place) *place = (gni_expr_place){begin, end, line, column};
  if (line > 1)
    gni_error_where(err, "line %u, column %u", line, column);
  else
    gni_error_where(err, "column %u", column);
}

int gni_expr_caret(gn_str text, const gni_expr_place *place, gn_buf *out)
{
  size_t begin = place->begin > text.len ? text.len : place->begin;
  size_t start = line_begin(text, begin), stop = begin;
  while (stop < text.len && text.ptr[stop] != '\n') stop++;
  size_t end = place->end < stop ? place->end : stop;
  gni_buf_add_text(out, "  ");
  gni_buf_add(out, text.ptr + start, stop - start);
  gni_buf_add_text(out, "\n  ");
  /* A tab stays a tab, so that the caret stands under its character. */
  for (size_t i = start; i < begin; i++)
    if (((unsigned char)text.ptr[i] & 0xC0) != 0x80)
      gni_buf_add_char(out, text.ptr[i] == '\t' ? '\t' : ' ');
  uint32_t carets = end > begin ? characters((gn_str){text.ptr + begin, end - begin}) : 1;
  for (uint32_t i = 0; i < carets; i++) gni_buf_add_char(out, '^');
  return gni_buf_add_char(out, '\n');
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool gnp_same_word(gn_str a, gn_str b)
{
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
  return true;
}

gn_str gnp_lower(gn_arena *arena, gn_str text)
{
  char *copy = gni_arena_take(arena, text.len + 1);
  if (!copy) return (gn_str){NULL, 0};
  for (size_t i = 0; i < text.len; i++) copy[i] = lower(text.ptr[i]);
  copy[text.len] = '\0';
  return (gn_str){copy, text.len};
}
