/* Borrowed text, growing buffers, and the nearest name. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdio.h>

gn_str gni_str(const char *terminated)
{
  return (gn_str){terminated, terminated ? strlen(terminated) : 0};
}

bool gni_str_equal(gn_str a, gn_str b)
{
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool gni_str_is(gn_str a, const char *terminated)
{
  return gni_str_equal(a, gni_str(terminated));
}

bool gni_str_starts(gn_str text, const char *prefix)
{
  size_t len = strlen(prefix);
  return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

bool gni_str_ends(gn_str text, const char *suffix)
{
  size_t len = strlen(suffix);
  return text.len >= len && memcmp(text.ptr + text.len - len, suffix, len) == 0;
}

int gni_str_compare(gn_str a, gn_str b)
{
  size_t shared = a.len < b.len ? a.len : b.len;
  int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;
  if (order) return order;
  return a.len < b.len ? -1 : a.len > b.len;
}

static bool is_space(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

gn_str gni_str_trim(gn_str text)
{
  while (text.len && is_space(text.ptr[0])) text.ptr++, text.len--;
  while (text.len && is_space(text.ptr[text.len - 1])) text.len--;
  return text;
}

bool gni_str_split(gn_str *rest, char separator, gn_str *part)
{
  if (!rest->ptr) return false;
  const char *found = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
  if (!found) {
    *part = *rest;
    *rest = (gn_str){NULL, 0};
    return true;
  }
  *part = (gn_str){rest->ptr, (size_t)(found - rest->ptr)};
  *rest = (gn_str){found + 1, rest->len - part->len - 1};
  return true;
}

gn_str gni_str_take(gn_arena *arena, gn_str text)
{
  char *copy = gni_arena_take(arena, gni_size_add(text.len, 1));
  if (!copy) return (gn_str){NULL, 0};
  if (text.len) memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  return (gn_str){copy, text.len};
}

gn_str gni_str_format(gn_arena *arena, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : gni_arena_take(arena, (size_t)length + 1);
  if (text) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return (gn_str){text, text ? (size_t)length : 0};
}

/* Bytes of the sequence at `p`, or 0 when it is not well formed (overlong, surrogate, too far). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
  if (p[0] < 0x80) return 1;
  size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || left < need) return 0;
  for (size_t i = 1; i < need; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
  if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
  return need;
}

bool gni_utf8_valid(gn_str text)
{
  const unsigned char *p = (const unsigned char *)text.ptr;
  for (size_t i = 0; i < text.len;) {
    size_t step = utf8_sequence(p + i, text.len - i);
    if (!step) return false;
    i += step;
  }
  return true;
}

/* ---- the nearest name ---- */

enum { NAME_MAX_COMPARED = 64 };

/* Levenshtein distance of two short names, ASCII case ignored. */
static size_t edit_distance(gn_str a, gn_str b)
{
  size_t row[NAME_MAX_COMPARED + 1];
  for (size_t j = 0; j <= b.len; j++) row[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t above = row[j];
      size_t best = diagonal + ((a.ptr[i - 1] | 0x20) != (b.ptr[j - 1] | 0x20));
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[b.len];
}

gn_str gni_nearest(gn_str wrong, const gn_str *names, size_t count)
{
  gn_str nearest = {NULL, 0};
  size_t least = wrong.len / 3 + 1; /* "sum" and "sim" are near, "sum" and "max" are not */
  if (wrong.len == 0 || wrong.len > NAME_MAX_COMPARED) return nearest;
  for (size_t i = 0; i < count; i++) {
    if (names[i].len == 0 || names[i].len > NAME_MAX_COMPARED) continue;
    size_t distance = edit_distance(wrong, names[i]);
    if (distance < least || (distance == least && !nearest.ptr && distance < names[i].len)) {
      least = distance;
      nearest = names[i];
    }
  }
  return nearest;
}

/* ---- growing buffers ---- */

void gni_buf_init(gn_buf *buf, const gn_alloc *alloc, size_t ceiling_bytes)
{
  *buf = (gn_buf){.alloc = alloc, .ceiling_bytes = ceiling_bytes};
}

void gni_buf_deinit(gn_buf *buf)
{
  if (buf->ptr) gni_free(buf->alloc, buf->ptr, buf->capacity);
  buf->ptr = NULL;
  buf->len = buf->capacity = 0;
}

void gni_buf_reset(gn_buf *buf)
{
  buf->len = 0;
  buf->rc = GN_OK;
  if (buf->ptr) buf->ptr[0] = '\0';
}

void *gni_buf_extend(gn_buf *buf, size_t size)
{
  size_t need = gni_size_add(gni_size_add(buf->len, size), 1);
  if (buf->rc != GN_OK) return NULL;
  if (need > buf->ceiling_bytes) {
    buf->rc = GN_E_LIMIT;
    return NULL;
  }
  if (need > buf->capacity) {
    size_t wanted = buf->capacity ? buf->capacity * 2 : 64;
    if (wanted > buf->ceiling_bytes) wanted = buf->ceiling_bytes;
    if (wanted < need) wanted = need;
    char *grown = gni_resize(buf->alloc, buf->ptr, buf->capacity, wanted);
    if (!grown) {
      buf->rc = GN_E_NOMEM;
      return NULL;
    }
    buf->ptr = grown;
    buf->capacity = wanted;
  }
  void *room = buf->ptr + buf->len;
  buf->len += size;
  buf->ptr[buf->len] = '\0';
  return room;
}

int gni_buf_add(gn_buf *buf, const void *bytes, size_t size)
{
  void *room = gni_buf_extend(buf, size);
  if (room && size) memcpy(room, bytes, size);
  return buf->rc;
}

int gni_buf_add_str(gn_buf *buf, gn_str text)
{
  return gni_buf_add(buf, text.ptr, text.len);
}

int gni_buf_add_text(gn_buf *buf, const char *terminated)
{
  return gni_buf_add(buf, terminated, strlen(terminated));
}

int gni_buf_add_char(gn_buf *buf, char c)
{
  return gni_buf_add(buf, &c, 1);
}

int gni_buf_add_format(gn_buf *buf, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 && buf->rc == GN_OK) buf->rc = GN_E_BUG;
  char *room = length < 0 ? NULL : gni_buf_extend(buf, (size_t)length);
  if (room) vsnprintf(room, (size_t)length + 1, format, again);
  va_end(again);
  return buf->rc;
}

gn_str gni_buf_view(const gn_buf *buf)
{
  return (gn_str){buf->ptr ? buf->ptr : "", buf->len};
}
