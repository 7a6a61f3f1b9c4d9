/* Reading YAML: libyaml cuts the text into events, here they become a tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml.h"

#include <math.h>
#include <yaml.h>

struct reading {
  yaml_parser_t parser;
  yaml_event_t event; /* the newest */
  bool has_event;
  gn_arena *arena;
  int depth_max;
  gni_yaml_place *place;
  gn_error *err;
};

/* Children as they come; libyaml does not say how many there will be. */
struct children {
  gni_json *items, *keys;
  size_t count, capacity;
};

static int refuse(struct reading *at, yaml_mark_t mark, const char *why)
{
  *at->place = (gni_yaml_place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
  return gni_fail(at->err, GN_E_PARSE, "%s", why);
}

static int next_event(struct reading *at)
{
  if (at->has_event) yaml_event_delete(&at->event);
  at->has_event = yaml_parser_parse(&at->parser, &at->event) == 1;
  if (at->has_event) return GN_OK;
  if (at->parser.error == YAML_MEMORY_ERROR) return gni_fail_nomem(at->err, 1);
  return refuse(at, at->parser.problem_mark,
                at->parser.problem ? at->parser.problem : "it cannot be read");
}

/* ---- scalars ---- */

static bool is_one_of(gn_str text, const char *const *words)
{
  for (; *words; words++)
    if (gni_str_is(text, *words)) return true;
  return false;
}

/* Digits with a point or an exponent, and the names of what is no number and of infinities. */
static bool read_real(gn_str text, double *out)
{
  static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL};
  static const char *const none[] = {".nan", ".NaN", ".NAN", NULL};
  bool negative = text.len && text.ptr[0] == '-';
  gn_str bare = text;
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
    bare = (gn_str){text.ptr + 1, text.len - 1};
  *out = NAN;
  if (is_one_of(text, none)) return true;
  *out = negative ? -INFINITY : INFINITY;
  if (is_one_of(bare, infinite)) return true;
  bool digit = bare.len && bare.ptr[0] >= '0' && bare.ptr[0] <= '9';
  bool point = bare.len > 1 && bare.ptr[0] == '.' && bare.ptr[1] >= '0' && bare.ptr[1] <= '9';
  if ((!digit && !point) || gni_parse_double(bare, out) != GN_OK) return false;
  if (negative) *out = -*out;
  return true;
}

static void read_plain(gn_str text, gni_json *node)
{
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
  static const char *const yes[] = {"true", "True", "TRUE", NULL};
  static const char *const no[] = {"false", "False", "FALSE", NULL};
  gn_str digits = text.len && text.ptr[0] == '+' ? (gn_str){text.ptr + 1, text.len - 1} : text;
  if (is_one_of(text, nulls)) {
    node->kind = GNI_JSON_NULL;
  } else if (is_one_of(text, yes) || is_one_of(text, no)) {
    node->kind = GNI_JSON_BOOLEAN;
    node->boolean = is_one_of(text, yes);
  } else if (gni_parse_int64(digits, &node->integer) == GN_OK) {
    node->kind = GNI_JSON_INTEGER;
  } else if (read_real(text, &node->real)) {
    node->kind = GNI_JSON_REAL;
  } else {
    node->kind = GNI_JSON_TEXT;
    node->text = text;
  }
}

static int read_scalar(struct reading *at, gni_json *node)
{
  gn_str text = {(const char *)at->event.data.scalar.value, at->event.data.scalar.length};
  bool plain = at->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  text = gni_str_take(at->arena, text);
  if (!text.ptr) return gni_fail_arena(at->err, at->arena, 1);
  if (plain) {
    read_plain(text, node);
  } else {
    node->kind = GNI_JSON_TEXT;
    node->text = text;
  }
  return GN_OK;
}

/* ---- lists and objects ---- */

static int add_child(struct reading *at, struct children *children, bool keyed)
{
  if (children->count == children->capacity) {
    size_t old = children->capacity * sizeof(gni_json);
    size_t size = old ? old * 2 : 8 * sizeof(gni_json);
    children->items = gni_arena_grow(at->arena, children->items, old, size);
    if (keyed) children->keys = gni_arena_grow(at->arena, children->keys, old, size);
    if (!children->items || (keyed && !children->keys))
      return gni_fail_arena(at->err, at->arena, size);
    children->capacity = size / sizeof(gni_json);
  }
  children->items[children->count] = (gni_json){0};
  if (keyed) children->keys[children->count] = (gni_json){0};
  children->count++;
  return GN_OK;
}

static int read_node(struct reading *at, int depth, gni_json *node);

/* The key is the event at hand. */
static int read_key(struct reading *at, struct children *children)
{
  gni_json *key = &children->keys[children->count - 1];
  if (at->event.type != YAML_SCALAR_EVENT)
    return refuse(at, at->event.start_mark, "a key is a word or a text");
  int rc = read_node(at, 0, key);
  if (rc != GN_OK) return rc;
  gn_str text = {(const char *)at->event.data.scalar.value, at->event.data.scalar.length};
  if (key->kind != GNI_JSON_TEXT) { /* 1: x names a member "1" */
    key->kind = GNI_JSON_TEXT;
    key->text = gni_str_take(at->arena, text);
    if (!key->text.ptr) return gni_fail_arena(at->err, at->arena, text.len);
  }
  for (size_t i = 0; i + 1 < children->count; i++)
    if (gni_str_equal(children->keys[i].text, key->text))
      return refuse(at, at->event.start_mark, "this key stands here already");
  return GN_OK;
}

static int read_children(struct reading *at, int depth, bool keyed, gni_json *node)
{
  struct children children = {0};
  yaml_event_type_t end = keyed ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
  if (depth >= at->depth_max) return refuse(at, at->event.start_mark, "it is nested too deeply");
  for (;;) {
    gni_json child = {0};
    int rc = next_event(at);
    if (rc == GN_OK && at->event.type == end) break;
    if (rc == GN_OK) rc = add_child(at, &children, keyed);
    if (rc == GN_OK && keyed) rc = read_key(at, &children);
    if (rc == GN_OK && keyed) rc = next_event(at);
    if (rc == GN_OK) rc = read_node(at, depth + 1, &child);
    if (rc != GN_OK) return rc;
    children.items[children.count - 1] = child;
  }
  node->kind = keyed ? GNI_JSON_OBJECT : GNI_JSON_LIST;
  node->list.items = children.items;
  node->list.keys = children.keys;
  node->list.count = children.count;
  return GN_OK;
}

static int read_node(struct reading *at, int depth, gni_json *node)
{
  const yaml_event_t *event = &at->event;
  const yaml_char_t *anchor = NULL, *tag = NULL;
  *node = (gni_json){.line = (uint32_t)event->start_mark.line + 1,
                     .column = (uint32_t)event->start_mark.column + 1};
  if (event->type == YAML_SCALAR_EVENT) {
    anchor = event->data.scalar.anchor;
    tag = event->data.scalar.tag;
  } else if (event->type == YAML_SEQUENCE_START_EVENT) {
    anchor = event->data.sequence_start.anchor;
    tag = event->data.sequence_start.tag;
  } else if (event->type == YAML_MAPPING_START_EVENT) {
    anchor = event->data.mapping_start.anchor;
    tag = event->data.mapping_start.tag;
  } else if (event->type == YAML_ALIAS_EVENT) {
    return refuse(at, event->start_mark, "aliases are not read: write the value itself");
  }
  if (anchor) return refuse(at, event->start_mark, "anchors are not read: write the value itself");
  if (tag) return refuse(at, event->start_mark, "tags are not read");
  if (event->type == YAML_SCALAR_EVENT) return read_scalar(at, node);
  return read_children(at, depth, event->type == YAML_MAPPING_START_EVENT, node);
}

/* ---- the document ---- */

static int read_document(struct reading *at, gni_json *root)
{
  int rc = next_event(at);
  if (rc == GN_OK) rc = next_event(at); /* after the start of the stream */
  if (rc != GN_OK || at->event.type == YAML_STREAM_END_EVENT) return rc;
  if (rc == GN_OK) rc = next_event(at); /* after the start of the document */
  if (rc == GN_OK) rc = read_node(at, 0, root);
  if (rc == GN_OK) rc = next_event(at); /* its end */
  if (rc == GN_OK) rc = next_event(at);
  if (rc == GN_OK && at->event.type != YAML_STREAM_END_EVENT)
    return refuse(at, at->event.start_mark, "a second document begins here");
  return rc;
}

int gni_yaml_parse(gn_str text, int depth_max, gn_arena *arena, const gni_json **out,
                   gni_yaml_place *place, gn_error *err)
{
  struct reading at = {.arena = arena, .depth_max = depth_max, .place = place, .err = err};
  gni_json *root = GN_TAKE_ZERO(arena, gni_json, 1);
  *out = NULL;
  *place = (gni_yaml_place){1, 1};
  if (!root) return gni_fail_arena(err, arena, sizeof *root);
  *root = (gni_json){.kind = GNI_JSON_NULL, .line = 1, .column = 1};
  if (!yaml_parser_initialize(&at.parser)) return gni_fail_nomem(err, sizeof at.parser);
  yaml_parser_set_encoding(&at.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&at.parser, (const unsigned char *)text.ptr, text.len);
  int rc = read_document(&at, root);
  if (at.has_event) yaml_event_delete(&at.event);
  yaml_parser_delete(&at.parser);
  if (rc == GN_OK) *out = root;
  return rc;
}
