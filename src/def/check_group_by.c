/* Rules of GroupBys and derivations. SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"

/* ---- sources together ------------------------------------------------------------------------ */

static bool is_events(const gni_source *source)
{
  return source->events != NULL;
}

static void check_same_columns(gnp_check *c, const gni_group_by *group_by, size_t index)
{
  gni_texts first = gnp_selected(&group_by->sources.items[0]);
  const gni_query *query = gni_source_query(&group_by->sources.items[index]);
  gni_texts other = gnp_selected(&group_by->sources.items[index]);
  gn_str odd = {NULL, 0};
  if (!first.items || !other.items) return;
  for (size_t i = 0; i < first.count && !odd.ptr; i++)
    if (!gnp_texts_have(&other, first.items[i])) odd = first.items[i];
  for (size_t i = 0; i < other.count && !odd.ptr; i++)
    if (!gnp_texts_have(&first, other.items[i])) odd = other.items[i];
  if (odd.ptr)
    gnp_error(c, "GD028", GNP_MEMBER(query, "selects"),
              GN_STR("all sources of a GroupBy select the same columns"),
              "sources 1 and %zu select different columns: only one has '%.*s'", index + 1,
              GN_STR_ARGS(odd));
}

static void check_reserved(gnp_check *c, const gni_query *query, const char *code)
{
  gn_str time = gni_map_get(&query->selects, "ts");
  if (!time.ptr || gni_str_equal(time, query->time_column)) return;
  gnp_error(c, code, GNP_ENTRY(query, "selects", GN_STR("ts")),
            GN_STR("give the expression as time_column"),
            "'ts' is reserved for the time of a row and cannot be selected");
}

static bool has_windows(const gni_group_by *group_by)
{
  for (size_t i = 0; i < group_by->aggregations.count; i++)
    if (group_by->aggregations.items[i].windows.count) return true;
  return false;
}

static void check_time_column(gnp_check *c, const gni_group_by *group_by, const gni_source *source)
{
  const gni_query *query = gni_source_query(source);
  gn_str hint = GN_STR("add time_column, an expression in milliseconds, to the query");
  bool snapshot = group_by->has_accuracy && group_by->accuracy == GNI_SNAPSHOT;
  if (query->time_column.len) return;
  if (source->events && !snapshot && !source->events->is_cumulative)
    gnp_error(c, "GD023", GNP_STRUCT(query), hint,
              "an event source needs a timeColumn unless the accuracy is SNAPSHOT");
  if (source->entities && has_windows(group_by))
    gnp_error(c, "GD023", GNP_STRUCT(query), hint,
              "an entity source with windowed aggregations needs a timeColumn");
}

static void check_topic(gnp_check *c, const gni_group_by *group_by, const gni_source *source)
{
  gn_str topic = gni_source_topic(source);
  if (source->join_source && source->join_source->join && !topic.len)
    gnp_error(
        c, "GD025", GNP_MEMBER(source->join_source, "join"),
        GN_STR("give the left source a topic; offline, read the Join's output table as a source"),
        "the Join behind this JoinSource has no topic on its left side");
  if (source->events && topic.len && group_by->has_accuracy && group_by->accuracy == GNI_SNAPSHOT)
    gnp_error(c, "GD024", GNP_MEMBER(source->events, "topic"),
              GN_STR("remove the topic, or the accuracy"),
              "accuracy SNAPSHOT and a source with a topic exclude each other");
}

static void check_sources(gnp_check *c, const gni_group_by *group_by)
{
  if (group_by->sources.count == 0)
    gnp_error(c, "GD020", GNP_STRUCT(group_by), GN_STR("pass sources=[Source(…)]"),
              "a GroupBy needs a source");
  for (size_t i = 0; i < group_by->sources.count; i++) {
    const gni_source *source = &group_by->sources.items[i];
    gnp_check_source(c, source);
    if (!gni_source_query(source)) continue;
    check_reserved(c, gni_source_query(source), "GD021");
    check_time_column(c, group_by, source);
    check_topic(c, group_by, source);
    if (i == 0) continue;
    check_same_columns(c, group_by, i);
    if (gni_source_is_entities(source) != gni_group_by_is_entities(group_by))
      gnp_error(c, "GD127", GNP_ELEMENT(group_by, "sources", i), GN_STR("make two GroupBys of it"),
                "sources 1 and %zu are of different models, events and entities", i + 1);
  }
}

/* ---- keys, schedule, increments -------------------------------------------------------------- */

static void check_keys(gnp_check *c, const gni_group_by *group_by, const gni_texts *columns)
{
  const gni_texts *keys = &group_by->key_columns;
  if (keys->count == 0)
    gnp_error(c, "GD106", GNP_STRUCT(group_by), GN_STR("pass keys=[\"a_column\"]"),
              "a GroupBy needs a key");
  for (size_t i = 0; i < keys->count; i++) {
    gni_texts before = {keys->items, i};
    if (columns->items && !gnp_texts_have(columns, keys->items[i]))
      gnp_error(c, "GD029", GNP_ELEMENT(group_by, "keyColumns", i),
                gnp_column_hint(c, keys->items[i], columns),
                "key '%.*s' is not selected by the source", GN_STR_ARGS(keys->items[i]));
    if (gnp_texts_have(&before, keys->items[i]))
      gnp_error(c, "GD125", GNP_ELEMENT(group_by, "keyColumns", i), (gn_str){NULL, 0},
                "key '%.*s' is there twice", GN_STR_ARGS(keys->items[i]));
  }
}

static void check_incremental(gnp_check *c, const gni_group_by *group_by)
{
  bool only_events = true;
  gni_spot spot = GNP_MEMBER(group_by, "isIncremental");
  if (!group_by->is_incremental) return;
  for (size_t i = 0; i < group_by->sources.count; i++)
    only_events = only_events && is_events(&group_by->sources.items[i]);
  if (!only_events)
    gnp_error(c, "GD026", spot, (gn_str){NULL, 0}, "isIncremental needs event sources");
  if (gni_group_by_accuracy(group_by) != GNI_SNAPSHOT)
    gnp_error(c, "GD026", spot, (gn_str){NULL, 0}, "isIncremental needs accuracy SNAPSHOT");
  if (gni_group_by_max_window(group_by).length_ms == INT64_MAX)
    gnp_error(c, "GD026", spot, GN_STR("give every aggregation windows in days"),
              "isIncremental needs a window on every aggregation");
}

static void check_upload_schedule(gnp_check *c, const gni_group_by *group_by)
{
  static const gn_str known[] = {
      {"@daily", 6}, {"@weekly", 7}, {"@monthly", 8}, {"@quarterly", 10}};
  const gni_json *json = gni_metadata_custom(group_by->metadata, "uploadSchedule", c->arena);
  gni_texts all = {known, 4};
  gni_spot spot = GNP_MEMBER(group_by->metadata, "customJson");
  if (!json || json->kind != GNI_JSON_TEXT || !json->text.len) return;
  if (!gnp_texts_have(&all, json->text))
    gnp_error(c, "GD027", spot, gnp_did_you_mean(c->arena, json->text, known, 4),
              "upload_schedule '%.*s' is not one of %.*s", GN_STR_ARGS(json->text),
              GN_STR_ARGS(gnp_listed(c->arena, known, 4)));
  else if (!gni_str_equal(json->text, known[0]) && gni_group_by_accuracy(group_by) == GNI_TEMPORAL)
    gnp_error(
        c, "GD027", spot,
        GN_STR("a streamed GroupBy replays all rows since its last upload, so it uploads daily"),
        "upload_schedule '%.*s' needs accuracy SNAPSHOT and no topic", GN_STR_ARGS(json->text));
}

static void check_no_aggregations(gnp_check *c, const gni_group_by *group_by)
{
  for (size_t i = 0; i < group_by->sources.count; i++) {
    const gni_source *source = &group_by->sources.items[i];
    bool changes = source->entities &&
                   (source->entities->mutation_table.ptr || source->entities->mutation_topic.ptr);
    if (!source->events && !changes) continue;
    gnp_error(c, "GD030", GNP_STRUCT(group_by), GN_STR("list the aggregations"),
              "a GroupBy without aggregations is for entity sources without mutations");
    return;
  }
}

void gnp_check_group_by(gnp_check *c, const gni_group_by *group_by)
{
  gni_texts columns = {NULL, 0};
  if (group_by->sources.count) columns = gnp_selected(&group_by->sources.items[0]);
  gnp_check_day(c, group_by->backfill_start_date, GNP_MEMBER(group_by, "backfillStartDate"));
  check_sources(c, group_by);
  check_keys(c, group_by, &columns);
  check_incremental(c, group_by);
  if (group_by->metadata) check_upload_schedule(c, group_by);
  if (!group_by->aggregations.items) check_no_aggregations(c, group_by);
  for (size_t i = 0; i < group_by->aggregations.count; i++)
    gnp_check_aggregation(c, group_by, &group_by->aggregations.items[i], &columns);
  gnp_check_outputs(c, group_by);
  if (group_by->metadata && group_by->metadata->has_historical_backfill &&
      !group_by->backfill_start_date.ptr)
    gnp_error(c, "GD034", GNP_MEMBER(group_by->metadata, "historicalBackfill"),
              GN_STR("add backfill_start_date, or remove historical_backfill"),
              "historicalBackfill is set but backfillStartDate is not");
  gnp_derivations derivations = {
      group_by->derivations.items, group_by->derivations.count, {NULL, 0}, group_by->key_columns};
  if (derivations.count && (group_by->aggregations.items || columns.items)) {
    gni_output_column *outputs;
    size_t count;
    if (gni_group_by_columns(group_by, c->arena, &outputs, &count) == GN_OK) {
      gn_str *names = GN_TAKE(c->arena, gn_str, count);
      for (size_t i = 0; names && i < count; i++) names[i] = outputs[i].name;
      derivations.columns = (gni_texts){names, names ? count : 0};
    }
    if (!derivations.columns.items) c->problems->rc = GN_E_NOMEM;
    gnp_check_derivations(c, &derivations);
  }
}

/* ---- derivations ----------------------------------------------------------------------------- */

static bool is_identifier(gn_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    char ch = text.ptr[i];
    bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
    if (!letter && !(i > 0 && ch >= '0' && ch <= '9')) return false;
  }
  return text.len > 0;
}

static void check_renamed(gnp_check *c, const gnp_derivations *all,
                          const gni_derivation *derivation)
{
  gn_str column = derivation->expression;
  if (gnp_texts_have(&all->columns, column) || gnp_texts_have(&all->keys, column) ||
      gni_str_is(column, "ds") || gni_str_is(column, "ts"))
    return;
  gnp_error(c, "GD053", GNP_MEMBER(derivation, "expression"),
            gnp_column_hint(c, column, &all->columns),
            "derivation '%.*s' renames '%.*s', which is no column", GN_STR_ARGS(derivation->name),
            GN_STR_ARGS(column));
}

/* With "*" every column is taken that no derivation up to here renames. */
static bool is_taken(const gnp_derivations *all, bool everything, size_t index)
{
  gn_str name = all->items[index].name;
  if (!everything || gnp_texts_have(&all->keys, name) || !gnp_texts_have(&all->columns, name))
    return false;
  for (size_t i = 0; i <= index; i++)
    if (gni_str_equal(all->items[i].expression, name)) return false;
  return true;
}

static void check_derived_name(gnp_check *c, const gnp_derivations *all, bool everything,
                               size_t index)
{
  const gni_derivation *derivation = &all->items[index];
  if (is_taken(all, everything, index))
    gnp_error(c, "GD054", GNP_MEMBER(derivation, "name"),
              GN_STR("choose another name, or rename the column first"),
              "derivation '%.*s' has the name of another column", GN_STR_ARGS(derivation->name));
  for (size_t i = 0; i < index; i++)
    if (gni_str_equal(all->items[i].name, derivation->name)) {
      gnp_error(c, "GD125", GNP_MEMBER(derivation, "name"), (gn_str){NULL, 0},
                "derivation '%.*s' is there twice", GN_STR_ARGS(derivation->name));
      return;
    }
}

void gnp_check_derivations(gnp_check *c, const gnp_derivations *all)
{
  bool everything = false;
  for (size_t i = 0; i < all->count; i++)
    everything = everything || gni_str_is(all->items[i].name, "*");
  for (size_t i = 0; i < all->count; i++) {
    const gni_derivation *derivation = &all->items[i];
    if (!derivation->name.len || !derivation->expression.len) {
      gnp_error(c, "GD106", GNP_STRUCT(derivation), (gn_str){NULL, 0},
                "a derivation needs a name and an expression");
      continue;
    }
    if (gni_str_is(derivation->name, "*")) continue;
    if (is_identifier(derivation->expression))
      check_renamed(c, all, derivation);
    else
      gnp_check_derived_expression(c, all, derivation);
    check_derived_name(c, all, everything, i);
  }
}
