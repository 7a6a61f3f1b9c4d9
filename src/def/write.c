/* Writing definitions: for files as chronon-ai does, for records as the Java writer does. Both are
 * compared byte by byte with theirs. SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

struct writer {
  gn_buf *out;
  bool pretty; /* two spaces and ASCII; else one line and UTF-8 */
  const gnp_write_options *options;
  int depth;
};

static void new_line(struct writer *w)
{
  if (!w->pretty) return;
  gni_buf_add_char(w->out, '\n');
  for (int i = 0; i < w->depth; i++) gni_buf_add_text(w->out, "  ");
}

static void open_bracket(struct writer *w, char bracket)
{
  gni_buf_add_char(w->out, bracket);
  w->depth++;
}

/* Before each element: a comma but for the first, and its own line. */
static void begin_element(struct writer *w, bool first)
{
  if (!first) gni_buf_add_char(w->out, ',');
  new_line(w);
}

static void close_bracket(struct writer *w, char bracket, bool empty)
{
  w->depth--;
  if (!empty) new_line(w);
  gni_buf_add_char(w->out, bracket);
}

static void add_text(struct writer *w, gn_str text)
{
  gni_json_add_text(w->out, text, w->pretty);
}

static void add_key(struct writer *w, gn_str key)
{
  add_text(w, key);
  gni_buf_add_text(w->out, w->pretty ? ": " : ":");
}

static void add_texts(struct writer *w, const gni_texts *texts)
{
  open_bracket(w, '[');
  for (size_t i = 0; i < texts->count; i++) {
    begin_element(w, i == 0);
    add_text(w, texts->items[i]);
  }
  close_bracket(w, ']', texts->count == 0);
}

/* ---- the order of a map ---------------------------------------------------------------------- */

/* Over UTF-16 code units; wraps. */
uint32_t gnp_java_hash(gn_str text)
{
  uint32_t hash = 0;
  for (size_t i = 0; i < text.len;) {
    unsigned char lead = (unsigned char)text.ptr[i];
    size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t code = len == 1 ? lead : lead & (0xFFu >> (len + 1));
    for (size_t j = 1; j < len && i + j < text.len; j++)
      code = code << 6 | ((unsigned char)text.ptr[i + j] & 0x3F);
    if (code > 0xFFFF) {
      hash = hash * 31 + (0xD800 + ((code - 0x10000) >> 10));
      code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    hash = hash * 31 + code;
    i += len;
  }
  return hash;
}

/* Buckets of a HashMap copied from a map of `count` entries: the next power of two above
 * count / 0.75 + 1. */
static uint32_t java_buckets(size_t count)
{
  size_t wanted = (size_t)((double)count / 0.75 + 1.0);
  uint32_t buckets = 1;
  while (buckets < wanted) buckets *= 2;
  return buckets;
}

static uint32_t java_bucket(gn_str key, uint32_t buckets)
{
  uint32_t hash = gnp_java_hash(key);
  return (hash ^ hash >> 16) & (buckets - 1);
}

static void add_entry(struct writer *w, const gni_map *map, size_t index, bool first)
{
  begin_element(w, first);
  add_key(w, map->keys[index]);
  add_text(w, map->values[index]);
}

/* Bucket by bucket; within one, in the order of insertion. */
static void add_entries_as_java(struct writer *w, const gni_map *map)
{
  uint32_t count = java_buckets(map->count);
  size_t size = gni_size_mul(map->count, sizeof(uint32_t)), written = 0;
  uint32_t *buckets = gni_alloc(w->out->alloc, size);
  if (!buckets) {
    w->out->rc = GN_E_NOMEM;
    return;
  }
  for (size_t i = 0; i < map->count; i++) buckets[i] = java_bucket(map->keys[i], count);
  for (uint32_t bucket = 0; bucket < count; bucket++)
    for (size_t i = 0; i < map->count; i++)
      if (buckets[i] == bucket) add_entry(w, map, i, written++ == 0);
  gni_free(w->out->alloc, buckets, size);
}

static void add_map(struct writer *w, const gni_map *map)
{
  open_bracket(w, '{');
  if (w->options->java_maps && map->count)
    add_entries_as_java(w, map);
  else
    for (size_t i = 0; i < map->count; i++) add_entry(w, map, i, i == 0);
  close_bracket(w, '}', map->count == 0);
}

static void add_texts_map(struct writer *w, const gni_texts_map *map)
{
  open_bracket(w, '{');
  for (size_t i = 0; i < map->count; i++) {
    begin_element(w, i == 0);
    add_key(w, map->keys[i]);
    add_texts(w, &map->values[i]);
  }
  close_bracket(w, '}', map->count == 0);
}

static void add_map_map(struct writer *w, const gni_map_map *map)
{
  open_bracket(w, '{');
  for (size_t i = 0; i < map->count; i++) {
    begin_element(w, i == 0);
    add_key(w, map->keys[i]);
    add_map(w, &map->values[i]);
  }
  close_bracket(w, '}', map->count == 0);
}

/* ---- structs --------------------------------------------------------------------------------- */

static void add_struct(struct writer *w, const gni_node *node);

static void add_structs(struct writer *w, const gni_node *node, const gni_member *member)
{
  size_t count = gnp_list_of(node, member).count;
  open_bracket(w, '[');
  for (size_t i = 0; i < count; i++) {
    begin_element(w, i == 0);
    add_struct(w, gnp_element_of(node, member, i));
  }
  close_bracket(w, ']', count == 0);
}

static void add_member(struct writer *w, const gni_node *node, const gni_member *member)
{
  const void *at = gnp_at(node, member->offset);
  char real[GN_DOUBLE_TEXT_BYTES];
  switch (member->kind) {
  case GNI_MEMBER_TEXT:
    add_text(w, *(const gn_str *)at);
    break;
  case GNI_MEMBER_BOOLEAN:
    gni_buf_add_char(w->out, *(const bool *)at ? '1' : '0');
    break;
  case GNI_MEMBER_INTEGER:
  case GNI_MEMBER_ENUM:
    gni_buf_add_format(w->out, "%d", *(const int32_t *)at);
    break;
  case GNI_MEMBER_DOUBLE:
    gni_buf_add(w->out, real, gni_format_double(*(const double *)at, real));
    break;
  case GNI_MEMBER_STRUCT:
    add_struct(w, gnp_struct_of(node, member));
    break;
  case GNI_MEMBER_TEXTS:
    add_texts(w, at);
    break;
  case GNI_MEMBER_STRUCTS:
    add_structs(w, node, member);
    break;
  case GNI_MEMBER_MAP:
    add_map(w, at);
    break;
  case GNI_MEMBER_TEXTS_MAP:
    add_texts_map(w, at);
    break;
  default:
    add_map_map(w, at);
    break;
  }
}

static bool is_left_out(const struct writer *w, const gni_member *member)
{
  const gnp_write_options *options = w->options;
  if (options->without_topics &&
      (strcmp(member->name, "topic") == 0 || strcmp(member->name, "mutationTopic") == 0))
    return true;
  return options->without_metadata && w->depth == 1 && strcmp(member->name, "metaData") == 0;
}

static void add_struct(struct writer *w, const gni_node *node)
{
  bool first = true;
  open_bracket(w, '{');
  for (size_t i = 0; i < node->type->member_count; i++) {
    const gni_member *member = &node->type->members[i];
    if (!gnp_is_present(node, member) || is_left_out(w, member)) continue;
    begin_element(w, first);
    first = false;
    add_key(w, gni_str(member->name));
    add_member(w, node, member);
  }
  close_bracket(w, '}', first);
}

static const gnp_write_options as_it_is = {0};

int gni_node_write(const gni_node *node, gn_buf *out)
{
  struct writer w = {.out = out, .pretty = true, .options = &as_it_is};
  add_struct(&w, node);
  return out->rc;
}

int gni_def_write(const gni_def *def, gn_buf *out)
{
  return gni_node_write(def->node, out);
}

int gni_node_write_compact(const gni_node *node, gn_buf *out)
{
  return gnp_node_write(node, &as_it_is, out);
}

int gnp_node_write(const gni_node *node, const gnp_write_options *options, gn_buf *out)
{
  struct writer w = {.out = out, .options = options};
  add_struct(&w, node);
  return out->rc;
}
