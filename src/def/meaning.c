/* What a definition means beyond its words: accuracy, model, windows, columns.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

/* ---- sources --------------------------------------------------------------------------------- */

const gni_query *gni_source_query(const gni_source *source)
{
  if (source->events) return source->events->query;
  if (source->entities) return source->entities->query;
  return source->join_source ? source->join_source->query : NULL;
}

gn_str gni_source_table(const gni_source *source, gn_arena *arena)
{
  gn_str text = {NULL, 0}, table = {NULL, 0};
  if (source->events)
    text = source->events->table;
  else if (source->entities)
    text = source->entities->snapshot_table;
  else if (source->join_source && source->join_source->join && source->join_source->join->metadata)
    text = gni_output_table(arena, source->join_source->join->metadata);
  gni_str_split(&text, '/', &table);
  return table;
}

/* A joinSource is what its join's left is, down to the first that is none. */
static const gni_source *innermost(const gni_source *source)
{
  while (source && source->join_source)
    source = source->join_source->join ? source->join_source->join->left : NULL;
  return source;
}

gn_str gni_source_topic(const gni_source *source)
{
  const gni_source *inner = innermost(source);
  if (inner && inner->events) return inner->events->topic;
  if (inner && inner->entities) return inner->entities->mutation_topic;
  return (gn_str){NULL, 0};
}

bool gni_source_is_entities(const gni_source *source)
{
  const gni_source *inner = innermost(source);
  return inner && inner->entities;
}

int gni_group_by_accuracy(const gni_group_by *group_by)
{
  if (group_by->has_accuracy) return group_by->accuracy;
  for (size_t i = 0; i < group_by->sources.count; i++)
    if (gni_source_topic(&group_by->sources.items[i]).ptr) return GNI_TEMPORAL;
  return GNI_SNAPSHOT;
}

bool gni_group_by_is_entities(const gni_group_by *group_by)
{
  return group_by->sources.count > 0 && gni_source_is_entities(&group_by->sources.items[0]);
}

/* ---- windows --------------------------------------------------------------------------------- */

gni_window gni_window_from_spec(const gni_window_spec *spec)
{
  if (!spec || spec->length <= 0 || spec->length == INT32_MAX) return GNI_UNBOUNDED;
  bool hours = spec->time_unit == GNI_HOURS;
  return (gni_window){.length_ms = spec->length * (hours ? GN_HOUR_MS : GN_DAY_MS),
                      .length = spec->length,
                      .hours = hours};
}

gni_window gni_group_by_max_window(const gni_group_by *group_by)
{
  gni_window longest = {0};
  for (size_t i = 0; i < group_by->aggregations.count; i++) {
    const gni_aggregation_spec *aggregation = &group_by->aggregations.items[i];
    if (aggregation->windows.count == 0) return GNI_UNBOUNDED;
    for (size_t j = 0; j < aggregation->windows.count; j++) {
      gni_window window = gni_window_from_spec(&aggregation->windows.items[j]);
      if (window.length_ms > longest.length_ms) longest = window;
    }
  }
  return longest.length_ms ? longest : GNI_UNBOUNDED;
}

/* ---- aggregations as agg takes them ---------------------------------------------------------- */

static bool convert_aggregation(const gni_aggregation_spec *spec, gn_arena *arena,
                                gni_aggregation *out)
{
  gni_window *windows = GN_TAKE(arena, gni_window, spec->windows.count);
  if (!windows) return false;
  for (size_t i = 0; i < spec->windows.count; i++)
    windows[i] = gni_window_from_spec(&spec->windows.items[i]);
  *out = (gni_aggregation){.input_column = spec->input_column,
                           .operation = spec->operation,
                           .element_wise = spec->element_wise,
                           .argument_names = spec->arg_map.keys,
                           .argument_values = spec->arg_map.values,
                           .argument_count = spec->arg_map.count,
                           .windows = windows,
                           .window_count = spec->windows.count,
                           .buckets = spec->buckets.items,
                           .bucket_count = spec->buckets.count};
  return true;
}

int gni_group_by_aggregations(const gni_group_by *group_by, gn_arena *arena, gni_aggregation **out,
                              size_t *count)
{
  gni_aggregation *aggregations = GN_TAKE(arena, gni_aggregation, group_by->aggregations.count);
  *out = NULL;
  *count = 0;
  if (!aggregations) return GN_E_NOMEM;
  for (size_t i = 0; i < group_by->aggregations.count; i++)
    if (!convert_aggregation(&group_by->aggregations.items[i], arena, &aggregations[i]))
      return GN_E_NOMEM;
  *out = aggregations;
  *count = group_by->aggregations.count;
  return GN_OK;
}

/* ---- output columns -------------------------------------------------------------------------- */

bool gnp_texts_have(const gni_texts *texts, gn_str text)
{
  for (size_t i = 0; i < texts->count; i++)
    if (gni_str_equal(texts->items[i], text)) return true;
  return false;
}

static int selected_columns(const gni_group_by *group_by, gn_arena *arena, gni_output_column **out,
                            size_t *count)
{
  const gni_query *query =
      group_by->sources.count ? gni_source_query(&group_by->sources.items[0]) : NULL;
  size_t selected = query ? query->selects.count : 0;
  gni_output_column *columns = GN_TAKE_ZERO(arena, gni_output_column, selected);
  if (!columns) return GN_E_NOMEM;
  for (size_t i = 0; i < selected; i++)
    if (!gnp_texts_have(&group_by->key_columns, query->selects.keys[i]))
      columns[(*count)++].name = query->selects.keys[i];
  *out = columns;
  return GN_OK;
}

/* The columns of one aggregation: buckets outside, windows inside, one of each where none is given.
 */
static bool add_columns(const gni_aggregation_spec *spec, gn_arena *arena,
                        gni_output_column *columns)
{
  gni_aggregation plain;
  size_t buckets = spec->buckets.count ? spec->buckets.count : 1;
  size_t windows = spec->windows.count ? spec->windows.count : 1;
  if (!convert_aggregation(spec, arena, &plain)) return false;
  for (size_t b = 0; b < buckets; b++)
    for (size_t w = 0; w < windows; w++) {
      gni_output_column *column = columns++;
      column->aggregation = spec;
      if (spec->windows.count) column->window = &spec->windows.items[w];
      if (spec->buckets.count) column->bucket = spec->buckets.items[b];
      column->name =
          gni_output_name(arena, &plain, gni_window_from_spec(column->window), column->bucket);
      if (!column->name.ptr) return false;
    }
  return true;
}

static size_t columns_of(const gni_aggregation_spec *spec)
{
  return (spec->buckets.count ? spec->buckets.count : 1) *
         (spec->windows.count ? spec->windows.count : 1);
}

int gni_group_by_columns(const gni_group_by *group_by, gn_arena *arena, gni_output_column **out,
                         size_t *count)
{
  size_t total = 0, at = 0;
  *out = NULL;
  *count = 0;
  if (!group_by->aggregations.items) return selected_columns(group_by, arena, out, count);
  for (size_t i = 0; i < group_by->aggregations.count; i++)
    total += columns_of(&group_by->aggregations.items[i]);
  gni_output_column *columns = GN_TAKE_ZERO(arena, gni_output_column, total);
  if (!columns) return GN_E_NOMEM;
  for (size_t i = 0; i < group_by->aggregations.count; i++) {
    const gni_aggregation_spec *spec = &group_by->aggregations.items[i];
    if (!add_columns(spec, arena, columns + at)) return GN_E_NOMEM;
    at += columns_of(spec);
  }
  *out = columns;
  *count = total;
  return GN_OK;
}

/* "*" stands for what is not itself the whole expression of a derivation: those are renamed. */
static bool is_renamed(const gni_derivation *derivations, size_t count, gn_str column)
{
  for (size_t i = 0; i < count; i++)
    if (gni_str_equal(derivations[i].expression, column)) return true;
  return false;
}

int gni_derived_columns(const gni_derivation *derivations, size_t derivation_count,
                        const gn_str *base, size_t base_count, gn_arena *arena, gni_texts *out)
{
  size_t stars = derivation_count == 0;
  for (size_t i = 0; i < derivation_count; i++) stars += gni_str_is(derivations[i].name, "*");
  size_t capacity = gni_size_add(gni_size_mul(stars, base_count), derivation_count), count = 0;
  gn_str *names = GN_TAKE(arena, gn_str, capacity);
  *out = (gni_texts){NULL, 0};
  if (!names) return GN_E_NOMEM;
  for (size_t i = 0; derivation_count == 0 && i < base_count; i++) names[count++] = base[i];
  for (size_t i = 0; i < derivation_count; i++) {
    if (!gni_str_is(derivations[i].name, "*")) {
      names[count++] = derivations[i].name;
      continue;
    }
    for (size_t j = 0; j < base_count; j++)
      if (!is_renamed(derivations, derivation_count, base[j])) names[count++] = base[j];
  }
  *out = (gni_texts){names, count};
  return GN_OK;
}

/* ---- types and custom JSON ------------------------------------------------------------------- */

static const gni_type *scalar_type(int32_t kind)
{
  static const gni_type *const types[] = {&gni_type_boolean, &gni_type_byte,     &gni_type_short,
                                          &gni_type_int,     &gni_type_long,     &gni_type_float,
                                          &gni_type_double,  &gni_type_string,   &gni_type_binary,
                                          &gni_type_date,    &gni_type_timestamp};
  return types[kind];
}

static int resolve(const gni_data_type *data_type, int depth, gn_arena *arena, const gni_type **out,
                   gn_error *err);

static int resolve_nested(const gni_data_type *data_type, int depth, gn_arena *arena,
                          const gni_type **out, gn_error *err)
{
  size_t count = data_type->params.count, wanted = data_type->kind == GNI_LIST ? 1 : 2;
  gni_field *fields = GN_TAKE_ZERO(arena, gni_field, count);
  if (!fields) return gni_fail_arena(err, arena, gni_size_mul(count, sizeof *fields));
  if (data_type->kind != GNI_STRUCT && count != wanted)
    return gni_fail(err, GN_E_INVALID, "a %s wants %zu param%s and has %zu",
                    data_type->kind == GNI_LIST ? "LIST" : "MAP", wanted, wanted == 1 ? "" : "s",
                    count);
  for (size_t i = 0; i < count; i++) {
    const gni_data_field *param = &data_type->params.items[i];
    int rc = resolve(param->data_type, depth + 1, arena, &fields[i].type, err);
    if (rc != GN_OK) {
      gni_error_where(err, "%.*s", GN_STR_ARGS(param->name));
      return rc;
    }
    fields[i].name = param->name;
  }
  if (data_type->kind == GNI_LIST)
    *out = gni_type_list(arena, fields[0].type);
  else if (data_type->kind == GNI_MAP)
    *out = gni_type_map(arena, fields[0].type, fields[1].type);
  else
    *out = gni_type_struct(arena, data_type->name, fields, count);
  return *out ? GN_OK : gni_fail_arena(err, arena, sizeof(gni_type));
}

static int resolve(const gni_data_type *data_type, int depth, gn_arena *arena, const gni_type **out,
                   gn_error *err)
{
  if (!data_type || !data_type->has_kind) return gni_fail(err, GN_E_INVALID, "a type has no kind");
  if (depth == GN_TYPE_DEPTH_MAX)
    return gni_fail(err, GN_E_LIMIT, "a type is nested deeper than %d levels", GN_TYPE_DEPTH_MAX);
  if (data_type->kind >= GNI_MAP) return resolve_nested(data_type, depth, arena, out, err);
  *out = scalar_type(data_type->kind);
  return GN_OK;
}

int gni_data_type_resolve(const gni_data_type *data_type, gn_arena *arena, const gni_type **out,
                          gn_error *err)
{
  *out = NULL;
  return resolve(data_type, 0, arena, out, err);
}

const gni_json *gni_metadata_custom(const gni_metadata *metadata, const char *key, gn_arena *arena)
{
  const gni_json *json = NULL;
  if (!metadata->custom_json.len) return NULL;
  if (gni_json_parse(metadata->custom_json, GN_DEF_DEPTH_MAX, arena, &json, NULL) != GN_OK)
    return NULL;
  return gni_json_member(json, key);
}
