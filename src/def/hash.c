/* Chronon's digests. An offline table carries the hashes of what it was made from, so a change of
 * meaning is noticed. They depend on the order in which a Java HashMap gives its entries, which the
 * writer copies. SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

enum { MD5_BYTES = 16 };

int gni_digest_text(gn_str text, char out[GNI_DIGEST_BYTES])
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t md5[MD5_BYTES];
  uint64_t bits = 0;
  gni_md5(text.ptr ? text.ptr : "", text.len, md5);
  for (int i = 0; i < 8; i++) bits = bits << 8 | md5[i]; /* ten digits need sixty bits */
  for (int i = 0; i < GNI_DIGEST_BYTES - 1; i++) out[i] = digits[bits >> (58 - 6 * i) & 63];
  out[GNI_DIGEST_BYTES - 1] = '\0';
  return GN_OK;
}

static int digest_node(const gni_node *node, const gnp_write_options *options,
                       const gn_alloc *alloc, char out[GNI_DIGEST_BYTES])
{
  gn_buf json;
  gni_buf_init(&json, alloc, GN_DEF_FILE_BYTES_MAX);
  int rc = gnp_node_write(node, options, &json);
  if (rc == GN_OK) rc = gni_digest_text(gni_buf_view(&json), out);
  gni_buf_deinit(&json);
  return rc;
}

int gni_semantic_hash(const gni_node *node, bool with_topics, const gn_alloc *alloc,
                      char out[GNI_DIGEST_BYTES])
{
  gnp_write_options options = {
      .java_maps = true, .without_metadata = true, .without_topics = !with_topics};
  return digest_node(node, &options, alloc, out);
}

/* ---- of a join ------------------------------------------------------------------------------- */

struct hashes {
  const gni_join *join;
  bool with_topics;
  gn_arena *arena;
  gn_str *keys, *values;
  size_t count;
};

static int add_hash(struct hashes *h, gn_str key, const char *hash)
{
  gn_str value = gni_str_take(h->arena, gni_str(hash));
  if (!key.ptr || !value.ptr) return GN_E_NOMEM;
  h->keys[h->count] = key;
  h->values[h->count++] = value;
  return GN_OK;
}

static int add_part(struct hashes *h, const gni_group_by *group_by, gn_str table)
{
  char hash[GNI_DIGEST_BYTES];
  int rc = gni_semantic_hash(&group_by->node, h->with_topics, h->arena->alloc, hash);
  return rc == GN_OK ? add_hash(h, table, hash) : rc;
}

static int add_parts(struct hashes *h)
{
  const gni_join *join = h->join;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < join->join_parts.count; i++) {
    const gni_join_part *part = &join->join_parts.items[i];
    if (part->group_by && part->group_by->metadata)
      rc = add_part(h, part->group_by, gni_join_part_table(h->arena, join, part));
  }
  for (size_t i = 0; rc == GN_OK && i < join->online_external_parts.count; i++) {
    const gni_external_part *part = &join->online_external_parts.items[i];
    if (!part->source || !part->source->offline_group_by || !part->source->metadata) continue;
    gn_str table = gni_output_table(h->arena, join->metadata);
    gn_str name = gni_external_part_name(h->arena, part);
    if (!table.ptr || !name.ptr) return GN_E_NOMEM;
    rc = add_part(h, part->source->offline_group_by,
                  gni_str_format(h->arena, "%.*s_%.*s", GN_STR_ARGS(table), GN_STR_ARGS(name)));
  }
  return rc;
}

static int add_left(struct hashes *h)
{
  char hash[GNI_DIGEST_BYTES];
  gnp_write_options options = {.java_maps = true, .without_topics = !h->with_topics};
  if (!h->join->left) return GN_OK;
  int rc = digest_node(&h->join->left->node, &options, h->arena->alloc, hash);
  return rc == GN_OK ? add_hash(h, GN_STR("left_source"), hash) : rc;
}

/* The list as "[a,b]"; no list is the empty text. */
static int add_bootstrap(struct hashes *h)
{
  gn_buf json;
  char hash[GNI_DIGEST_BYTES];
  gnp_write_options options = {.java_maps = true, .without_topics = !h->with_topics};
  const gni_join *join = h->join;
  gni_buf_init(&json, h->arena->alloc, GN_DEF_FILE_BYTES_MAX);
  if (join->bootstrap_parts.items) gni_buf_add_char(&json, '[');
  for (size_t i = 0; i < join->bootstrap_parts.count; i++) {
    if (i) gni_buf_add_char(&json, ',');
    gnp_node_write(&join->bootstrap_parts.items[i].node, &options, &json);
  }
  if (join->bootstrap_parts.items) gni_buf_add_char(&json, ']');
  gni_digest_text(gni_buf_view(&json), hash);
  int rc = json.rc;
  gni_buf_deinit(&json);
  if (rc != GN_OK) return rc;
  return add_hash(h, gni_output_table_suffixed(h->arena, join->metadata, "_bootstrap"), hash);
}

static int add_derived(struct hashes *h)
{
  gn_buf text;
  char hash[16];
  const gni_join *join = h->join;
  if (!join->derivations.items) return GN_OK;
  gni_buf_init(&text, h->arena->alloc, GN_DEF_FILE_BYTES_MAX);
  for (size_t i = 0; i < join->derivations.count; i++) {
    const gni_derivation *derivation = &join->derivations.items[i];
    gni_buf_add_format(&text, "%s%.*s as %.*s", i ? ", " : "", GN_STR_ARGS(derivation->expression),
                       GN_STR_ARGS(derivation->name));
  }
  uint32_t java = gnp_java_hash(gni_buf_view(&text));
  int rc = text.rc;
  gni_buf_reset(&text);
  if (rc == GN_OK) rc = gni_buf_add_format(&text, "%x", java);
  if (rc == GN_OK) memcpy(hash, text.ptr, text.len + 1);
  gni_buf_deinit(&text);
  return rc == GN_OK ? add_hash(h, GN_STR("derived"), hash) : rc;
}

int gni_join_hashes(const gni_join *join, bool with_topics, gn_arena *arena, gni_map *out)
{
  size_t capacity = join->join_parts.count + join->online_external_parts.count + 3;
  struct hashes h = {.join = join, .with_topics = with_topics, .arena = arena};
  h.keys = GN_TAKE(arena, gn_str, capacity);
  h.values = GN_TAKE(arena, gn_str, capacity);
  *out = (gni_map){NULL, NULL, 0};
  if (!h.keys || !h.values) return GN_E_NOMEM;
  int rc = add_parts(&h);
  if (rc == GN_OK) rc = add_left(&h);
  if (rc == GN_OK) rc = add_bootstrap(&h);
  if (rc == GN_OK) rc = add_derived(&h);
  if (rc == GN_OK) *out = (gni_map){h.keys, h.values, h.count};
  return rc;
}
