/* Rules of sources and queries. SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"

gni_texts gnp_selected(const gni_source *source)
{
  const gni_query *query = gni_source_query(source);
  if (!query || !query->selects.keys) return (gni_texts){NULL, 0};
  return (gni_texts){query->selects.keys, query->selects.count};
}

static void check_expressions(gnp_check *c, const gni_query *query)
{
  for (size_t i = 0; i < query->selects.count; i++)
    gnp_check_expression(c, GNP_ENTRY(query, "selects", query->selects.keys[i]),
                         query->selects.values[i]);
  for (size_t i = 0; i < query->wheres.count; i++)
    gnp_check_expression(c, GNP_ELEMENT(query, "wheres", i), query->wheres.items[i]);
  gnp_check_expression(c, GNP_MEMBER(query, "timeColumn"), query->time_column);
  gnp_check_expression(c, GNP_MEMBER(query, "mutationTimeColumn"), query->mutation_time_column);
  gnp_check_expression(c, GNP_MEMBER(query, "reversalColumn"), query->reversal_column);
}

void gnp_check_query(gnp_check *c, const gni_query *query)
{
  gn_str start = query->start_partition, end = query->end_partition;
  check_expressions(c, query);
  gnp_check_day(c, start, GNP_MEMBER(query, "startPartition"));
  gnp_check_day(c, end, GNP_MEMBER(query, "endPartition"));
  if (start.len && end.len && start.len == end.len && gni_str_compare(start, end) > 0)
    gnp_error(c, "GD121", GNP_MEMBER(query, "endPartition"), (gn_str){NULL, 0},
              "endPartition '%.*s' is before startPartition '%.*s'", GN_STR_ARGS(end),
              GN_STR_ARGS(start));
}

/* Tokens say which partitions count as landed. People take them for filters. */
static void check_tokens(gnp_check *c, gn_str text, gni_spot spot)
{
  gni_named_table named;
  if (!text.len) return;
  if (gni_named_table_parse(text, c->arena, &named) != GN_OK) {
    c->problems->rc = GN_E_NOMEM;
    return;
  }
  if (!named.table.len)
    gnp_error(c, "GD020", spot, (gn_str){NULL, 0}, "'%.*s' names no table", GN_STR_ARGS(text));
  if (named.tokens.count == 0 || !named.table.len) return;
  gn_str key = named.tokens.keys[0], value = named.tokens.values[0];
  gnp_warn(
      c, "GD119", spot,
      gni_str_format(c->arena, "to read those rows alone, add to wheres: %.*s = '%.*s'",
                     GN_STR_ARGS(key), GN_STR_ARGS(value)),
      "what follows '%.*s/' restricts which partitions count as landed, not which rows are read",
      GN_STR_ARGS(named.table));
}

static void need_table(gnp_check *c, gn_str table, gni_spot spot, const char *what)
{
  if (!table.len) gnp_error(c, "GD020", spot, (gn_str){NULL, 0}, "this source has no %s", what);
}

static void check_mutations(gnp_check *c, const gni_entity_source *entities)
{
  const gni_query *query = entities->query;
  if (!entities->mutation_table.len && !entities->mutation_topic.len) return;
  if (!query->mutation_time_column.len)
    gnp_warn(c, "GD128", GNP_STRUCT(query),
             GN_STR("add mutation_time_column, an expression in milliseconds"),
             "changes are read, but the query has no mutationTimeColumn");
  if (!query->reversal_column.len)
    gnp_warn(c, "GD128", GNP_STRUCT(query),
             GN_STR("add reversal_column, true where a row is the image before a change"),
             "changes are read, but the query has no reversalColumn");
}

static void check_events(gnp_check *c, const gni_event_source *events)
{
  const gni_query *query = events->query;
  need_table(c, events->table, GNP_STRUCT(events), "table");
  check_tokens(c, events->table, GNP_MEMBER(events, "table"));
  if (!query) return;
  if (query->mutation_time_column.ptr)
    gnp_error(c, "GD022", GNP_MEMBER(query, "mutationTimeColumn"),
              GN_STR("remove mutation_time_column"),
              "mutationTimeColumn is for entities; events do not change");
  if (query->reversal_column.ptr)
    gnp_error(c, "GD022", GNP_MEMBER(query, "reversalColumn"), GN_STR("remove reversal_column"),
              "reversalColumn is for entities; events do not change");
  if (events->is_cumulative && !query->time_column.len)
    gnp_error(c, "GD056", GNP_STRUCT(query),
              GN_STR("add time_column, an expression in milliseconds, to the query"),
              "the cumulative events of '%.*s' need a timeColumn", GN_STR_ARGS(events->table));
}

static void check_entities(gnp_check *c, const gni_entity_source *entities)
{
  need_table(c, entities->snapshot_table, GNP_STRUCT(entities), "snapshotTable");
  check_tokens(c, entities->snapshot_table, GNP_MEMBER(entities, "snapshotTable"));
  check_tokens(c, entities->mutation_table, GNP_MEMBER(entities, "mutationTable"));
  if (entities->query) check_mutations(c, entities);
}

static void check_join_source(gnp_check *c, const gni_join_source *source)
{
  if (!source->join || !source->join->metadata || !source->join->metadata->name.len)
    gnp_error(c, "GD020", GNP_STRUCT(source), (gn_str){NULL, 0},
              "this source has no join with a name");
}

void gnp_check_source(gnp_check *c, const gni_source *source)
{
  const gni_query *query = gni_source_query(source);
  if (source->events) check_events(c, source->events);
  if (source->entities) check_entities(c, source->entities);
  if (source->join_source) check_join_source(c, source->join_source);
  if (query)
    gnp_check_query(c, query);
  else
    gnp_error(c, "GD020", GNP_STRUCT(source),
              GN_STR("add query=Query(selects=select(…), time_column=…)"),
              "this source has no query");
}
