/* JSON: reading with positions, writing. SPDX-License-Identifier: Apache-2.0
 *
 * yyjson reads and checks; a walk over the text beside its tree finds where each node begins. */
#include "wire/wire_private.h"

#include <math.h>
#include <yyjson.h>

/* ---- what went wrong, and where -------------------------------------------------------------- */

enum { EXCERPT_BEFORE = 60, EXCERPT_AFTER = 20 }; /* bytes around the place that a hint shows */

static bool is_continuation(char c)
{
  return ((unsigned char)c & 0xC0) == 0x80;
}

static void find_place(gn_str text, size_t at, unsigned *line, unsigned *column)
{
  *line = *column = 1;
  for (size_t i = 0; i < at && i < text.len; i++) {
    if (text.ptr[i] == '\n') {
      (*line)++;
      *column = 1;
    } else if (!is_continuation(text.ptr[i])) {
      (*column)++;
    }
  }
}

/* The line up to a little after the place, and a caret below it. */
static void hint_place(gn_str text, size_t at, gn_error *err)
{
  char shown[EXCERPT_BEFORE + EXCERPT_AFTER + 1], caret[EXCERPT_BEFORE + 1];
  size_t start = at, end = at, shown_len = 0, caret_len = 0;
  while (start > 0 && at - start < EXCERPT_BEFORE && text.ptr[start - 1] != '\n') start--;
  while (start < at && is_continuation(text.ptr[start])) start++;
  while (end < text.len && end - at < EXCERPT_AFTER && text.ptr[end] != '\n') end++;
  while (end > at && end < text.len && is_continuation(text.ptr[end])) end--;
  bool valid = gni_utf8_valid((gn_str){text.ptr + start, end - start});
  for (size_t i = start; i < end; i++) {
    char c = text.ptr[i];
    bool plain = (unsigned char)c >= 0x80 ? valid : c == '\t' || (c >= ' ' && c < 0x7F);
    shown[shown_len++] = plain ? c : '?';
    if (i < at && !(valid && is_continuation(c))) caret[caret_len++] = c == '\t' ? '\t' : ' ';
  }
  shown[shown_len] = caret[caret_len] = '\0';
  gni_error_hint(err, "%s\n%s^", shown, caret);
}

static int fail_at(gn_str text, size_t at, const char *why, gn_error *err)
{
  unsigned line, column;
  if (at > text.len) at = text.len;
  find_place(text, at, &line, &column);
  int rc = gni_fail(err, GN_E_PARSE, "line %u, column %u: %s", line, column, why);
  hint_place(text, at, err);
  return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* yyjson takes its memory from the arena too: the texts of the nodes stay where it put them. */
struct reader_memory {
  gn_arena *arena;
  size_t refused_bytes;
};

static void *take_memory(void *user, size_t size)
{
  struct reader_memory *memory = user;
  void *taken = gni_arena_take(memory->arena, size);
  if (!taken) memory->refused_bytes = size;
  return taken;
}

static void *grow_memory(void *user, void *block, size_t old_size, size_t size)
{
  struct reader_memory *memory = user;
  void *grown = gni_arena_grow(memory->arena, block, old_size, size);
  if (!grown) memory->refused_bytes = size;
  return grown;
}

static void keep_memory(void *user, void *block)
{
  (void)user;
  (void)block;
}

struct walk {
  gn_str text;
  size_t at;
  uint32_t line, column;
  int depth, depth_max;
  gn_arena *arena;
  gn_error *err;
};

static void step(struct walk *w)
{
  char c = w->text.ptr[w->at++];
  if (c == '\n') {
    w->line++;
    w->column = 1;
  } else if (!is_continuation(c)) {
    w->column++;
  }
}

static void step_to_token(struct walk *w)
{
  while (strchr(" \t\r\n,:", w->text.ptr[w->at])) step(w);
}

static void step_over_text(struct walk *w)
{
  step(w);
  while (w->text.ptr[w->at] != '"') {
    if (w->text.ptr[w->at] == '\\') step(w);
    step(w);
  }
  step(w);
}

static void step_over_word(struct walk *w) /* a number or a literal */
{
  while (w->at < w->text.len && !strchr(" \t\r\n,:]}", w->text.ptr[w->at])) step(w);
}

static int read_node(struct walk *w, yyjson_val *val, gni_json *out);

static void read_text(struct walk *w, yyjson_val *val, gni_json *out)
{
  step_to_token(w);
  *out = (gni_json){.kind = GNI_JSON_TEXT,
                    .line = w->line,
                    .column = w->column,
                    .text = {yyjson_get_str(val), yyjson_get_len(val)}};
  step_over_text(w);
}

static int read_list(struct walk *w, yyjson_val *list, gni_json *out)
{
  size_t count = yyjson_arr_size(list);
  gni_json *items = GN_TAKE(w->arena, gni_json, count);
  yyjson_arr_iter iter = yyjson_arr_iter_with(list);
  if (!items) return gni_fail_arena(w->err, w->arena, gni_size_mul(count, sizeof *items));
  for (size_t i = 0; i < count; i++) {
    int rc = read_node(w, yyjson_arr_iter_next(&iter), &items[i]);
    if (rc != GN_OK) return rc;
  }
  out->list.items = items;
  out->list.keys = NULL;
  out->list.count = count;
  return GN_OK;
}

static int read_object(struct walk *w, yyjson_val *object, gni_json *out)
{
  size_t count = yyjson_obj_size(object);
  gni_json *keys = GN_TAKE(w->arena, gni_json, gni_size_mul(count, 2));
  yyjson_obj_iter iter = yyjson_obj_iter_with(object);
  if (!keys) return gni_fail_arena(w->err, w->arena, gni_size_mul(count, 2 * sizeof *keys));
  gni_json *items = keys + count;
  for (size_t i = 0; i < count; i++) {
    yyjson_val *key = yyjson_obj_iter_next(&iter);
    read_text(w, key, &keys[i]);
    int rc = read_node(w, yyjson_obj_iter_get_val(key), &items[i]);
    if (rc != GN_OK) return rc;
  }
  out->list.items = items;
  out->list.keys = keys;
  out->list.count = count;
  return GN_OK;
}

static int read_nested(struct walk *w, yyjson_val *val, gni_json *out)
{
  if (w->depth == w->depth_max) {
    int rc = gni_fail(w->err, GN_E_LIMIT, "line %u, column %u: nested deeper than %d levels",
                      w->line, w->column, w->depth_max);
    hint_place(w->text, w->at, w->err);
    return rc;
  }
  w->depth++;
  step(w);
  out->kind = yyjson_is_arr(val) ? GNI_JSON_LIST : GNI_JSON_OBJECT;
  int rc = yyjson_is_arr(val) ? read_list(w, val, out) : read_object(w, val, out);
  if (rc != GN_OK) return rc;
  step_to_token(w);
  step(w);
  w->depth--;
  return GN_OK;
}

static void read_number(yyjson_val *val, gni_json *out)
{
  bool fits = yyjson_is_int(val) && (yyjson_is_sint(val) || yyjson_get_uint(val) <= INT64_MAX);
  out->kind = fits ? GNI_JSON_INTEGER : GNI_JSON_REAL;
  if (fits)
    out->integer = yyjson_get_sint(val);
  else
    out->real = yyjson_get_num(val);
}

static int read_node(struct walk *w, yyjson_val *val, gni_json *out)
{
  step_to_token(w);
  *out = (gni_json){.kind = GNI_JSON_NULL, .line = w->line, .column = w->column};
  switch (yyjson_get_type(val)) {
  case YYJSON_TYPE_ARR:
  case YYJSON_TYPE_OBJ:
    return read_nested(w, val, out);
  case YYJSON_TYPE_STR:
    read_text(w, val, out);
    return GN_OK;
  case YYJSON_TYPE_NUM:
    read_number(val, out);
    break;
  case YYJSON_TYPE_BOOL:
    out->kind = GNI_JSON_BOOLEAN;
    out->boolean = yyjson_get_bool(val);
    break;
  default:
    break;
  }
  step_over_word(w);
  return GN_OK;
}

int gni_json_parse(gn_str text, int depth_max, gn_arena *arena, const gni_json **out, gn_error *err)
{
  struct reader_memory memory = {arena, 0};
  yyjson_alc alc = {take_memory, grow_memory, keep_memory, &memory};
  yyjson_read_err why = {0};
  struct walk w = {text, 0, 1, 1, 0, depth_max, arena, err};
  *out = NULL;
  char *copy = gni_arena_take(arena, gni_size_add(text.len, YYJSON_PADDING_SIZE));
  gni_json *root = GN_TAKE(arena, gni_json, 1);
  if (!copy || !root) return gni_fail_arena(err, arena, gni_size_add(text.len, sizeof *root));
  if (text.len) memcpy(copy, text.ptr, text.len);
  memset(copy + text.len, 0, YYJSON_PADDING_SIZE);
  yyjson_doc *doc = yyjson_read_opts(copy, text.len, YYJSON_READ_INSITU, &alc, &why);
  if (memory.refused_bytes) return gni_fail_arena(err, arena, memory.refused_bytes);
  if (!doc) return fail_at(text, why.pos, text.len ? why.msg : "the text is empty", err);
  int rc = read_node(&w, yyjson_doc_get_root(doc), root);
  if (rc == GN_OK) *out = root;
  return rc;
}

const gni_json *gni_json_member(const gni_json *object, const char *key)
{
  if (!object || object->kind != GNI_JSON_OBJECT) return NULL;
  for (size_t i = object->list.count; i > 0; i--)
    if (gni_str_is(object->list.keys[i - 1].text, key)) return &object->list.items[i - 1];
  return NULL;
}

double gni_json_number(const gni_json *node)
{
  if (node->kind == GNI_JSON_INTEGER) return (double)node->integer;
  return node->kind == GNI_JSON_REAL ? node->real : NAN;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The character at the start of `rest` and how many bytes it takes; damage is one byte that stands
 * for U+FFFD. */
static size_t next_character(gn_str rest, uint32_t *code)
{
  static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  const unsigned char *p = (const unsigned char *)rest.ptr;
  size_t len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (len > rest.len || !gni_utf8_valid((gn_str){rest.ptr, len})) {
    *code = 0xFFFD;
    return 1;
  }
  *code = p[0] & masks[len];
  for (size_t i = 1; i < len; i++) *code = *code << 6 | (p[i] & 0x3F);
  return len;
}

static void add_unit(gn_buf *out, unsigned unit)
{
  gni_buf_add_format(out, "\\u%04x", unit);
}

static void add_escape(gn_buf *out, uint32_t code)
{
  static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* a character, then its letter */
  for (size_t i = 0; i + 1 < sizeof shorts; i += 2) {
    if (code != (unsigned char)shorts[i]) continue;
    gni_buf_add_char(out, '\\');
    gni_buf_add_char(out, shorts[i + 1]);
    return;
  }
  if (code > 0xFFFF) {
    add_unit(out, 0xD800 + ((code - 0x10000) >> 10));
    add_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
  } else {
    add_unit(out, code);
  }
}

static bool stands_for_itself(unsigned char c)
{
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

int gni_json_add_text(gn_buf *out, gn_str text, bool ascii)
{
  gni_buf_add_char(out, '"');
  while (text.len) {
    size_t plain = 0;
    while (plain < text.len && stands_for_itself((unsigned char)text.ptr[plain])) plain++;
    gni_buf_add(out, text.ptr, plain);
    text = (gn_str){text.ptr + plain, text.len - plain};
    if (text.len == 0) break;
    uint32_t code;
    size_t len = next_character(text, &code);
    if (ascii || code < 0x7F)
      add_escape(out, code);
    else if (code == 0xFFFD)
      gni_buf_add_text(out, "\xEF\xBF\xBD");
    else
      gni_buf_add(out, text.ptr, len);
    text = (gn_str){text.ptr + len, text.len - len};
  }
  return gni_buf_add_char(out, '"');
}

void gnp_json_add_real(gn_buf *out, double value, bool single)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  if (isnan(value))
    gni_buf_add_text(out, "\"NaN\"");
  else if (isinf(value))
    gni_buf_add_text(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  else if (single)
    gni_buf_add(out, text, gni_format_float((float)value, text));
  else
    gni_buf_add(out, text, gni_format_double(value, text));
}

static void write_nested(const gni_json *node, gn_buf *out)
{
  bool is_object = node->kind == GNI_JSON_OBJECT;
  gni_buf_add_char(out, is_object ? '{' : '[');
  for (size_t i = 0; i < node->list.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    if (is_object) {
      gni_json_add_text(out, node->list.keys[i].text, false);
      gni_buf_add_char(out, ':');
    }
    gni_json_write(&node->list.items[i], out);
  }
  gni_buf_add_char(out, is_object ? '}' : ']');
}

int gni_json_write(const gni_json *node, gn_buf *out)
{
  switch (node->kind) {
  case GNI_JSON_BOOLEAN:
    gni_buf_add_text(out, node->boolean ? "true" : "false");
    break;
  case GNI_JSON_INTEGER:
    gni_buf_add_format(out, "%lld", (long long)node->integer);
    break;
  case GNI_JSON_REAL:
    gnp_json_add_real(out, node->real, false);
    break;
  case GNI_JSON_TEXT:
    gni_json_add_text(out, node->text, false);
    break;
  case GNI_JSON_LIST:
  case GNI_JSON_OBJECT:
    write_nested(node, out);
    break;
  default:
    gni_buf_add_text(out, "null");
    break;
  }
  return out->rc;
}
