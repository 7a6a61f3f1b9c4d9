/* Rules of Joins. SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"

/* ---- the left side --------------------------------------------------------------------------- */

static void check_left(gnp_check *c, const gni_join *join)
{
  const gni_source *left = join->left;
  if (!left) {
    gnp_error(c, "GD106", GNP_STRUCT(join), GN_STR("pass left=Source(…)"),
              "a Join needs a left side");
    return;
  }
  gnp_check_source(c, left);
  if (left->join_source)
    gnp_error(c, "GD041", GNP_MEMBER(left, "joinSource"),
              GN_STR("read the other Join's output table"),
              "the left side of a Join cannot be a JoinSource");
  if (!left->events) return;
  const gni_query *query = left->events->query;
  gn_str time = query ? gni_map_get(&query->selects, "ts") : (gn_str){NULL, 0};
  if (left->events->is_cumulative)
    gnp_error(c, "GD041", GNP_MEMBER(left->events, "isCumulative"),
              GN_STR("use an EntitySource, or events that are not cumulative"),
              "the left side of a Join cannot be cumulative events");
  if (query && query->time_column.len && time.ptr && !gni_str_equal(time, query->time_column))
    gnp_error(c, "GD042", GNP_ENTRY(query, "selects", GN_STR("ts")),
              GN_STR("give the expression as time_column"),
              "'ts' is reserved for the time of a row and cannot be selected");
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* The left column that a key of the GroupBy is looked up by. */
static gn_str left_column(const gni_map *key_mapping, gn_str key)
{
  for (size_t i = 0; i < key_mapping->count; i++)
    if (gni_str_equal(key_mapping->values[i], key)) return key_mapping->keys[i];
  return key;
}

static void check_part_keys(gnp_check *c, const gni_join *join, const gni_join_part *part)
{
  const gni_texts *keys = &part->group_by->key_columns;
  gni_texts left = join->left ? gnp_selected(join->left) : (gni_texts){NULL, 0};
  for (size_t i = 0; i < part->key_mapping.count; i++)
    if (!gnp_texts_have(keys, part->key_mapping.values[i]))
      gnp_error(c, "GD040", GNP_ENTRY(part, "keyMapping", part->key_mapping.keys[i]),
                gnp_column_hint(c, part->key_mapping.values[i], keys),
                "'%.*s' is no key of the GroupBy", GN_STR_ARGS(part->key_mapping.values[i]));
  for (size_t i = 0; left.items && i < keys->count; i++) {
    gn_str column = left_column(&part->key_mapping, keys->items[i]);
    if (gnp_texts_have(&left, column)) continue;
    gnp_error(c, "GD130", GNP_STRUCT(part), gnp_column_hint(c, column, &left),
              "the left side does not select '%.*s', a key of '%.*s'", GN_STR_ARGS(column),
              GN_STR_ARGS(part->group_by->metadata->name));
  }
}

static void check_part_metadata(gnp_check *c, const gni_join *join, const gni_join_part *part)
{
  const gni_metadata *metadata = part->group_by->metadata, *own = join->metadata;
  if (own->online && !metadata->online)
    gnp_error(c, "GD050", GNP_STRUCT(metadata), GN_STR("pass online=True to the GroupBy"),
              "the Join is online, but its GroupBy '%.*s' is not", GN_STR_ARGS(metadata->name));
  if (own->production && metadata->has_production && !metadata->production)
    gnp_error(c, "GD051", GNP_MEMBER(metadata, "production"),
              GN_STR("set production=True on the GroupBy, or leave it out"),
              "the Join is production, but its GroupBy '%.*s' says production=False",
              GN_STR_ARGS(metadata->name));
  if (!metadata->team.len)
    gnp_error(c, "GD134", GNP_STRUCT(metadata), (gn_str){NULL, 0}, "GroupBy '%.*s' has no team",
              GN_STR_ARGS(metadata->name));
}

static bool is_complete(const gni_join_part *part)
{
  return part->group_by && part->group_by->metadata && part->group_by->metadata->name.len;
}

static void check_part_twice(gnp_check *c, const gni_join *join, size_t index)
{
  const gni_join_part *part = &join->join_parts.items[index];
  for (size_t i = 0; i < index; i++) {
    const gni_join_part *other = &join->join_parts.items[i];
    if (!is_complete(other) || !gni_str_equal(other->prefix, part->prefix) ||
        !gni_str_equal(other->group_by->metadata->name, part->group_by->metadata->name))
      continue;
    gnp_error(c, "GD131", GNP_STRUCT(part), GN_STR("give each a prefix of its own"),
              "GroupBy '%.*s' is there twice with the same prefix",
              GN_STR_ARGS(part->group_by->metadata->name));
    return;
  }
}

static void check_parts(gnp_check *c, const gni_join *join)
{
  for (size_t i = 0; i < join->join_parts.count; i++) {
    const gni_join_part *part = &join->join_parts.items[i];
    if (!is_complete(part)) {
      gnp_error(c, "GD106", GNP_STRUCT(part), (gn_str){NULL, 0},
                "a JoinPart needs a GroupBy with a name");
      continue;
    }
    gnp_check_metadata(c, part->group_by->metadata);
    gnp_check_group_by(c, part->group_by);
    check_part_metadata(c, join, part);
    check_part_keys(c, join, part);
    check_part_twice(c, join, i);
  }
}

/* ---- external parts -------------------------------------------------------------------------- */

static void check_schema(gnp_check *c, const gni_external_source *source, const char *field,
                         const gni_data_type *schema)
{
  const gni_type *type = NULL;
  gn_error err = {0};
  if (!schema || gni_data_type_resolve(schema, c->arena, &type, &err) != GN_OK)
    gnp_error(c, "GD132", GNP_MEMBER(source, field), (gn_str){NULL, 0}, "%s is no type: %s", field,
              schema ? err.message : "it is absent");
  else if (type->kind != GNI_STRUCT)
    gnp_error(c, "GD132", GNP_MEMBER(source, field), (gn_str){NULL, 0}, "%s is no STRUCT", field);
}

static void check_external(gnp_check *c, const gni_join *join, size_t index)
{
  const gni_external_part *part = &join->online_external_parts.items[index];
  if (!part->source || !part->source->metadata || !part->source->metadata->name.len) {
    gnp_error(c, "GD106", GNP_STRUCT(part), (gn_str){NULL, 0},
              "an external part needs a source with a name");
    return;
  }
  check_schema(c, part->source, "keySchema", part->source->key_schema);
  check_schema(c, part->source, "valueSchema", part->source->value_schema);
  for (size_t i = 0; i < index; i++) {
    const gni_external_part *other = &join->online_external_parts.items[i];
    if (!other->source || !other->source->metadata || !gni_str_equal(other->prefix, part->prefix) ||
        !gni_str_equal(other->source->metadata->name, part->source->metadata->name))
      continue;
    gnp_error(c, "GD043", GNP_STRUCT(part), GN_STR("give each a prefix of its own"),
              "external source '%.*s' is there twice with the same prefix",
              GN_STR_ARGS(part->source->metadata->name));
    return;
  }
}

/* ---- labels and skew ------------------------------------------------------------------------- */

static void check_aggregated_label(gnp_check *c, const gni_label_part *part,
                                   const gni_group_by *group_by)
{
  const gni_aggregation_spec *only = group_by->aggregations.items;
  if (part->labels.count != 1)
    gnp_error(c, "GD045", GNP_STRUCT(part), (gn_str){NULL, 0},
              "a label with aggregations must be the only label");
  if (group_by->aggregations.count != 1 || only->windows.count != 1) {
    gnp_error(c, "GD045", GNP_STRUCT(group_by), (gn_str){NULL, 0},
              "a label has one aggregation with one window");
    return;
  }
  const gni_window_spec *window = &only->windows.items[0];
  if (window->time_unit != GNI_DAYS)
    gnp_error(c, "GD045", GNP_MEMBER(window, "timeUnit"), (gn_str){NULL, 0},
              "the window of a label is in days");
  else if (part->left_start_offset != window->length || part->left_end_offset != window->length)
    gnp_error(c, "GD045", GNP_STRUCT(part),
              gni_str_format(c->arena, "set both to %d", window->length),
              "leftStartOffset %d and leftEndOffset %d differ from the label's window of %d days",
              part->left_start_offset, part->left_end_offset, window->length);
}

static void check_labels(gnp_check *c, const gni_label_part *part)
{
  if (part->left_start_offset < part->left_end_offset)
    gnp_error(c, "GD045", GNP_MEMBER(part, "leftStartOffset"), (gn_str){NULL, 0},
              "leftStartOffset %d is less than leftEndOffset %d", part->left_start_offset,
              part->left_end_offset);
  for (size_t i = 0; i < part->labels.count; i++) {
    const gni_group_by *group_by = part->labels.items[i].group_by;
    if (!group_by) continue;
    gnp_check_group_by(c, group_by);
    if (group_by->aggregations.items) check_aggregated_label(c, part, group_by);
  }
}

static void check_skew(gnp_check *c, const gni_join *join)
{
  for (size_t i = 0; i < join->skew_keys.count; i++) {
    gn_str column = join->skew_keys.keys[i];
    bool found = false;
    for (size_t j = 0; j < join->join_parts.count && !found; j++) {
      const gni_join_part *part = &join->join_parts.items[j];
      for (size_t k = 0; part->group_by && k < part->group_by->key_columns.count; k++)
        found = found ||
                gni_str_equal(left_column(&part->key_mapping, part->group_by->key_columns.items[k]),
                              column);
    }
    if (!found)
      gnp_error(c, "GD133", GNP_ENTRY(join, "skewKeys", column), (gn_str){NULL, 0},
                "'%.*s' is a key of no part, so it cannot be skewed", GN_STR_ARGS(column));
  }
}

/* ---- derivations ----------------------------------------------------------------------------- */

struct columns {
  gn_arena *arena;
  gn_str *names;
  size_t count, capacity;
  bool failed;
};

static void add_column(struct columns *columns, gn_str name)
{
  if (columns->count == columns->capacity) {
    size_t capacity = columns->capacity ? 2 * columns->capacity : 64;
    gn_str *grown = gni_arena_grow(columns->arena, columns->names, columns->capacity * sizeof name,
                                   capacity * sizeof name);
    columns->failed = columns->failed || !grown;
    if (!grown) return;
    columns->names = grown;
    columns->capacity = capacity;
  }
  columns->failed = columns->failed || !name.ptr;
  columns->names[columns->count++] = name;
}

static void add_prefixed(struct columns *columns, gn_str prefix, gn_str name)
{
  add_column(columns,
             gni_str_format(columns->arena, "%.*s_%.*s", GN_STR_ARGS(prefix), GN_STR_ARGS(name)));
}

static void add_part_columns(struct columns *columns, gn_str prefix, const gni_group_by *group_by)
{
  gni_output_column *outputs;
  gni_texts derived;
  size_t count;
  if (gni_group_by_columns(group_by, columns->arena, &outputs, &count) != GN_OK) {
    columns->failed = true;
    return;
  }
  gn_str *names = GN_TAKE(columns->arena, gn_str, count);
  for (size_t i = 0; names && i < count; i++) names[i] = outputs[i].name;
  if (!names || gni_derived_columns(group_by->derivations.items, group_by->derivations.count, names,
                                    count, columns->arena, &derived) != GN_OK) {
    columns->failed = true;
    return;
  }
  for (size_t i = 0; i < derived.count; i++) add_prefixed(columns, prefix, derived.items[i]);
}

/* Values come under the part's name; what it is asked with, under its own. */
static void add_external_columns(struct columns *columns, struct columns *readable,
                                 const gni_external_part *part)
{
  const gni_data_type *keys = part->source->key_schema;
  const gni_data_type *values = part->source->value_schema;
  gn_str name = gni_external_part_name(columns->arena, part);
  for (size_t i = 0; values && i < values->params.count; i++)
    add_prefixed(columns, name, values->params.items[i].name);
  for (size_t i = 0; keys && i < keys->params.count; i++)
    add_column(readable, keys->params.items[i].name);
}

/* Left columns may be read by derivations and replaced by them, as keys may. */
static void check_join_derivations(gnp_check *c, const gni_join *join)
{
  struct columns columns = {.arena = c->arena}, readable = {.arena = c->arena};
  gni_texts left = join->left ? gnp_selected(join->left) : (gni_texts){NULL, 0};
  if (join->derivations.count == 0 || !left.items) return;
  for (size_t i = 0; i < join->join_parts.count; i++) {
    const gni_join_part *part = &join->join_parts.items[i];
    if (!is_complete(part)) return;
    add_part_columns(&columns, gni_join_part_prefix(c->arena, part), part->group_by);
  }
  for (size_t i = 0; i < join->online_external_parts.count; i++) {
    const gni_external_part *part = &join->online_external_parts.items[i];
    if (!part->source || !part->source->metadata) return;
    add_external_columns(&columns, &readable, part);
  }
  for (size_t i = 0; i < left.count; i++) add_column(&readable, left.items[i]);
  if (columns.failed || readable.failed) {
    c->problems->rc = GN_E_NOMEM;
    return;
  }
  gnp_derivations derivations = {join->derivations.items,
                                 join->derivations.count,
                                 {columns.names, columns.count},
                                 {readable.names, readable.count}};
  gnp_check_derivations(c, &derivations);
}

void gnp_check_join(gnp_check *c, const gni_join *join)
{
  size_t errors_before = c->problems->errors;
  if (!join->metadata->team.len)
    gnp_error(c, "GD134", GNP_STRUCT(join->metadata), (gn_str){NULL, 0}, "the Join has no team");
  check_left(c, join);
  check_parts(c, join);
  for (size_t i = 0; i < join->online_external_parts.count; i++) check_external(c, join, i);
  for (size_t i = 0; i < join->bootstrap_parts.count; i++)
    if (join->bootstrap_parts.items[i].query)
      gnp_check_query(c, join->bootstrap_parts.items[i].query);
  if (join->label_part) check_labels(c, join->label_part);
  check_skew(c, join);
  /* A broken part has other columns than meant; complaints about those would mislead. */
  if (c->problems->errors == errors_before) check_join_derivations(c, join);
}
