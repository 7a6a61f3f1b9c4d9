/* Which columns a GroupBy's rows carry, in the order in which Chronon stores them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_private.h"

static bool has_name(const gnp_names *names, gn_str name)
{
  for (size_t i = 0; i < names->count; i++)
    if (gni_str_equal(names->items[i], name)) return true;
  return false;
}

static void add_name(gnp_names *names, gn_str name)
{
  if (!has_name(names, name)) names->items[names->count++] = name;
}

/* ---- the order of a Scala map ----
 *
 * A record of selected columns is stored in the order in which upstream's immutable map gives them:
 * up to four entries as inserted, more of them by a trie over an improved hash, five bits a level.
 */

static uint32_t java_hash(gn_str text)
{
  uint32_t hash = 0; /* names are ASCII in practice; other bytes would be UTF-16 units in Java */
  for (size_t i = 0; i < text.len; i++) hash = hash * 31 + (unsigned char)text.ptr[i];
  return hash;
}

static uint32_t improved_hash(gn_str text)
{
  uint32_t hash = java_hash(text);
  hash += ~(hash << 9);
  hash ^= hash >> 14;
  hash += hash << 4;
  return hash ^ hash >> 10;
}

/* Compares five bits at a time, the lowest first. */
static bool comes_before(gn_str a, gn_str b)
{
  uint32_t left = improved_hash(a), right = improved_hash(b);
  for (int shift = 0; shift < 32; shift += 5) {
    uint32_t x = left >> shift & 31, y = right >> shift & 31;
    if (x != y) return x < y;
  }
  return false;
}

static void sort_as_scala(gnp_names *names)
{
  enum { KEPT_AS_INSERTED = 4 };
  if (names->count <= KEPT_AS_INSERTED) return;
  for (size_t i = 1; i < names->count; i++) {
    gn_str name = names->items[i];
    size_t at = i;
    for (; at > 0 && comes_before(name, names->items[at - 1]); at--)
      names->items[at] = names->items[at - 1];
    names->items[at] = name;
  }
}

/* ---- columns ---- */

static bool is_key(const gni_group_by *def, gn_str name)
{
  for (size_t i = 0; i < def->key_columns.count; i++)
    if (gni_str_equal(def->key_columns.items[i], name)) return true;
  return false;
}

/* Buckets, then the input, of each aggregation, each name once. */
static int aggregated_columns(const gni_group_by *def, gn_arena *arena, gnp_names *out)
{
  size_t room = 0;
  for (size_t i = 0; i < def->aggregations.count; i++)
    room += 1 + def->aggregations.items[i].buckets.count;
  out->items = GN_TAKE(arena, gn_str, room);
  if (!out->items) return GN_E_NOMEM;
  for (size_t i = 0; i < def->aggregations.count; i++) {
    const gni_aggregation_spec *aggregation = &def->aggregations.items[i];
    for (size_t b = 0; b < aggregation->buckets.count; b++)
      add_name(out, aggregation->buckets.items[b]);
    add_name(out, aggregation->input_column);
  }
  return GN_OK;
}

/* Rows pass through: the selected columns that are no keys. */
static int selected_columns(const gni_group_by *def, const gni_query *query, const gni_type *table,
                            gn_str partition_column, gn_arena *arena, gnp_names *out)
{
  size_t from_table = table ? table->field_count : 0;
  gnp_names all = {0};
  all.items =
      GN_TAKE(arena, gn_str, query->selects.count + def->key_columns.count + 2 + from_table);
  if (!all.items) return GN_E_NOMEM;
  if (query->selects.keys) {
    add_name(&all, partition_column);
    for (size_t i = 0; i < def->key_columns.count; i++) add_name(&all, def->key_columns.items[i]);
    if (query->time_column.len) add_name(&all, GN_STR("ts"));
    for (size_t i = 0; i < query->selects.count; i++) add_name(&all, query->selects.keys[i]);
    sort_as_scala(&all);
  }
  for (size_t i = 0; !query->selects.keys && i < from_table; i++)
    add_name(&all, table->fields[i].name);
  out->items = all.items;
  for (size_t i = 0; i < all.count; i++) {
    gn_str name = all.items[i];
    bool hidden = gni_str_equal(name, partition_column) || gni_str_is(name, "ts");
    if (!hidden && !is_key(def, name)) out->items[out->count++] = name;
  }
  return GN_OK;
}

int gnp_value_columns(const gni_group_by *def, const gni_query *query, const gni_type *table,
                      gn_str partition_column, gn_arena *arena, gnp_names *out)
{
  *out = (gnp_names){0};
  if (def->aggregations.items) return aggregated_columns(def, arena, out);
  return selected_columns(def, query, table, partition_column, arena, out);
}
