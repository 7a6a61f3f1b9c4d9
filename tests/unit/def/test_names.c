/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

static gni_metadata mill(const char *name)
{
  return (gni_metadata){.node = {.type = &gni_struct_metadata},
                        .name = gni_str(name),
                        .output_namespace = GN_STR("mill_ns"),
                        .team = GN_STR("mill")};
}

static void tables_datasets_and_paths_follow_chronons_scheme(void)
{
  gn_arena *arena = def_arena();
  gni_metadata group_by = mill("mill.spend.v1"), join = mill("mill.train.v2");
  CHECK_STR(gni_output_table(arena, &join), "mill_ns.mill_train_v2");
  CHECK_STR(gni_upload_table(arena, &group_by), "mill_ns.mill_spend_v1_upload");
  CHECK_STR(gni_batch_dataset(arena, &group_by), "MILL_SPEND_V1_BATCH");
  CHECK_STR(gni_stream_dataset(arena, &group_by), "MILL_SPEND_V1_STREAMING");
  CHECK_STR(gni_name_to_file_path(arena, join.name), "mill/train.v2");
  CHECK_STR(gni_def_path(arena, GNI_DEF_JOIN, join.name), "joins/mill/train.v2");
  CHECK_STR(gni_def_path(arena, GNI_DEF_STAGING_QUERY, GN_STR("team.dir.file.var")),
            "staging_queries/team/dir.file.var");
  join.output_namespace = (gn_str){NULL, 0};
  CHECK_STR(gni_output_table(arena, &join), "default.mill_train_v2");
}

static void every_other_character_becomes_one_underscore(void)
{
  CHECK_STR(gni_sanitize(def_arena(), GN_STR("a.b-c/d e")), "a_b_c_d_e");
  CHECK_STR(gni_sanitize(def_arena(), GN_STR("gr\xC3\xBCn\xF0\x9F\x98\x80")), "gr_n_");
  CHECK_STR(gni_sanitize(def_arena(), GN_STR("")), "");
}

static void parts_of_a_join_have_tables_and_prefixes(void)
{
  gn_arena *arena = def_arena();
  gni_metadata group_meta = mill("mill.spend.v1"), join_meta = mill("mill.train.v2"),
               weather = mill("we-ather");
  gni_group_by group_by = {.node = {.type = &gni_struct_group_by}, .metadata = &group_meta};
  gni_join_part part = {
      .node = {.type = &gni_struct_join_part}, .group_by = &group_by, .prefix = GN_STR("p")};
  gni_join join = {.node = {.type = &gni_struct_join}, .metadata = &join_meta};
  gni_external_source source = {.metadata = &weather};
  gni_external_part external = {.source = &source};
  CHECK_STR(gni_join_part_table(arena, &join, &part), "mill_ns.mill_train_v2_p_mill_spend_v1");
  CHECK_STR(gni_join_part_prefix(arena, &part), "p_mill_spend_v1");
  part.prefix = (gn_str){NULL, 0};
  CHECK_STR(gni_join_part_prefix(arena, &part), "mill_spend_v1");
  CHECK_STR(gni_external_part_name(arena, &external), "ext_we_ather");
  external.prefix = GN_STR("q");
  CHECK_STR(gni_external_part_name(arena, &external), "ext_q_we_ather");
}

static void a_table_name_may_carry_tokens(void)
{
  gni_named_table named;
  CHECK_INT(
      gni_named_table_parse(GN_STR("ns.table/system=mobile/currency=USD/raw"), def_arena(), &named),
      GN_OK);
  CHECK_STR(named.table, "ns.table");
  CHECK_INT(named.tokens.count, 3);
  CHECK_STR(named.tokens.keys[1], "currency");
  CHECK_STR(named.tokens.values[1], "USD");
  CHECK_STR(named.tokens.keys[2], "raw");
  CHECK(!named.tokens.values[2].ptr);
  CHECK_INT(gni_named_table_parse(GN_STR("ns.table"), def_arena(), &named), GN_OK);
  CHECK_STR(named.table, "ns.table");
  CHECK_INT(named.tokens.count, 0);
}

/* ---- meaning ---- */

static const gni_group_by *group_by_of(const char *sources, const char *rest)
{
  gn_str text = gni_str_format(
      def_arena(), "{\"metaData\":{\"name\":\"t.f.v\"},\"keyColumns\":[\"k\"],\"sources\":[%s]%s}",
      sources, rest);
  return def_read(text, "x")->group_by;
}

static void accuracy_is_inferred_from_topics(void)
{
  static const char events[] = "{\"events\":{\"table\":\"n.t/a=b\",\"query\":{}}}";
  static const char streamed[] = "{\"events\":{\"table\":\"n.t\",\"topic\":\"s\",\"query\":{}}}";
  static const char changed[] =
      "{\"entities\":{\"snapshotTable\":\"n.s\",\"mutationTable\":\"n.m\",\"query\":{}}}";
  static const char chained[] =
      "{\"joinSource\":{\"query\":{},\"join\":{\"metaData\":{\"name\":\"t.j.v\","
      "\"outputNamespace\":\"n\"},"
      "\"left\":{\"entities\":{\"snapshotTable\":\"n.s\",\"mutationTopic\":\"c\",\"query\":{}}}}}}";
  CHECK_INT(gni_group_by_accuracy(group_by_of(events, "")), GNI_SNAPSHOT);
  CHECK_INT(gni_group_by_accuracy(group_by_of(streamed, "")), GNI_TEMPORAL);
  CHECK_INT(gni_group_by_accuracy(group_by_of(events, ",\"accuracy\":0")), GNI_TEMPORAL);
  CHECK_INT(gni_group_by_accuracy(group_by_of(changed, "")), GNI_SNAPSHOT);
  CHECK(gni_group_by_is_entities(group_by_of(changed, "")) &&
        !gni_group_by_is_entities(group_by_of(events, "")));
  const gni_group_by *chain = group_by_of(chained, "");
  CHECK_INT(gni_group_by_accuracy(chain), GNI_TEMPORAL);
  CHECK(gni_group_by_is_entities(chain));
  CHECK_STR(gni_source_topic(&chain->sources.items[0]), "c");
  CHECK_STR(gni_source_table(&chain->sources.items[0], def_arena()), "n.t_j_v");
  CHECK_STR(gni_source_table(&group_by_of(events, "")->sources.items[0], def_arena()), "n.t");
}

static void the_longest_window_counts_unless_one_is_unbounded(void)
{
  gni_window longest = gni_group_by_max_window(
      group_by_of("", ",\"aggregations\":[{\"inputColumn\":\"x\",\"operation\":7,\"windows\":[{"
                      "\"length\":47,\"timeUnit\":0},"
                      "{\"length\":2,\"timeUnit\":1}]},{\"inputColumn\":\"x\",\"operation\":7,"
                      "\"windows\":[{\"length\":1,\"timeUnit\":1}]}]"));
  CHECK_INT(longest.length_ms, 2 * GN_DAY_MS);
  CHECK(!longest.hours);
  longest = gni_group_by_max_window(
      group_by_of("", ",\"aggregations\":[{\"inputColumn\":\"x\",\"operation\":7,\"windows\":[{"
                      "\"length\":47,\"timeUnit\":0}]},"
                      "{\"inputColumn\":\"x\",\"operation\":7}]"));
  CHECK_INT(longest.length_ms, INT64_MAX);
  CHECK_INT(gni_group_by_max_window(group_by_of("", "")).length_ms, INT64_MAX);
  gni_window_spec endless = {.has_length = true, .length = INT32_MAX, .time_unit = GNI_DAYS};
  CHECK_INT(gni_window_from_spec(&endless).length_ms, INT64_MAX);
}

static void check_columns(const gni_group_by *group_by, const char *expected)
{
  gni_output_column *columns;
  size_t count;
  gn_buf *names = def_buf();
  CHECK_INT(gni_group_by_columns(group_by, def_arena(), &columns, &count), GN_OK);
  for (size_t i = 0; i < count; i++)
    gni_buf_add_format(names, "%s%.*s", i ? " " : "", GN_STR_ARGS(columns[i].name));
  CHECK_STR(gni_buf_view(names), expected);
}

static void columns_come_by_aggregation_bucket_and_window(void)
{
  check_columns(group_by_of("", ",\"aggregations\":[{\"inputColumn\":\"x\",\"operation\":8,"
                                "\"windows\":[{\"length\":7,\"timeUnit\":1},"
                                "{\"length\":12,\"timeUnit\":0}],\"buckets\":[\"a\",\"b\"]},{"
                                "\"inputColumn\":\"y\",\"operation\":13,"
                                "\"argMap\":{\"k\":\"3\"}},{\"inputColumn\":\"z\",\"operation\":17,"
                                "\"argMap\":{\"k\":\"5\"}}]"),
                "x_average_7d_by_a x_average_12h_by_a x_average_7d_by_b x_average_12h_by_b y_last3 "
                "z_histogram");
}

static void without_aggregations_the_selected_columns_but_the_keys_pass(void)
{
  check_columns(group_by_of("{\"entities\":{\"snapshotTable\":\"n.s\",\"query\":{\"selects\":{"
                            "\"a\":\"1\",\"k\":\"2\",\"b\":\"3\"}}}}",
                            ""),
                "a b");
}

static void a_star_stands_where_it_is_written_for_what_is_not_renamed(void)
{
  static const gn_str base[] = {{"a", 1}, {"b", 1}, {"c", 1}};
  const gni_derivation derivations[] = {{.name = GN_STR("first"), .expression = GN_STR("b")},
                                        {.name = GN_STR("*"), .expression = GN_STR("*")},
                                        {.name = GN_STR("sum"), .expression = GN_STR("a + c")}};
  gni_texts names;
  CHECK_INT(gni_derived_columns(derivations, 3, base, 3, def_arena(), &names), GN_OK);
  CHECK_INT(names.count, 4);
  CHECK_STR(names.items[0], "first");
  CHECK_STR(names.items[1], "a");
  CHECK_STR(names.items[2], "c");
  CHECK_STR(names.items[3], "sum");
  CHECK_INT(gni_derived_columns(NULL, 0, base, 3, def_arena(), &names), GN_OK);
  CHECK_INT(names.count, 3);
}

static void aggregations_convert_to_what_agg_takes(void)
{
  gni_aggregation *aggregations;
  size_t count;
  const gni_group_by *group_by = group_by_of(
      "", ",\"aggregations\":[{\"inputColumn\":\"x\",\"operation\":13,\"argMap\":{\"k\":\"3\"},"
          "\"windows\":[{\"length\":36,\"timeUnit\":0}],\"buckets\":[\"c\"],\"elementWise\":1}]");
  CHECK_INT(gni_group_by_aggregations(group_by, def_arena(), &aggregations, &count), GN_OK);
  CHECK_INT(count, 1);
  CHECK_STR(aggregations[0].input_column, "x");
  CHECK_INT(aggregations[0].operation, GNI_LAST_K);
  CHECK(aggregations[0].element_wise);
  CHECK_STR(aggregations[0].argument_values[0], "3");
  CHECK_INT(aggregations[0].windows[0].length_ms, 36 * GN_HOUR_MS);
  CHECK_STR(aggregations[0].buckets[0], "c");
}

static void schemas_of_external_data_become_types(void)
{
  gn_buf *text = def_buf();
  const gni_type *type;
  const void *read;
  gni_problems problems;
  gn_error err = {0};
  gni_problems_init(&problems, def_arena());
  gn_str json =
      GN_STR("{\"kind\":13,\"name\":\"s\",\"params\":[{\"name\":\"a\",\"dataType\":{\"kind\":12,"
             "\"params\":[{\"name\":\"elem\","
             "\"dataType\":{\"kind\":\"DOUBLE\"}}]}},{\"name\":\"b\",\"dataType\":{\"kind\":11,"
             "\"params\":[{\"name\":\"key\","
             "\"dataType\":{\"kind\":7}},{\"name\":\"value\",\"dataType\":{\"kind\":4}}]}}]}");
  CHECK_INT(gni_node_read(&gni_struct_data_type, json, "x", def_arena(), &read, &problems), GN_OK);
  CHECK_OK(gni_data_type_resolve(read, def_arena(), &type, &err), &err);
  CHECK_INT(gni_type_format(type, text), GN_OK);
  CHECK_STR(gni_buf_view(text), "struct<a:array<double>,b:map<string,bigint>>");
  CHECK_INT(gni_data_type_resolve(NULL, def_arena(), &type, &err), GN_E_INVALID);
}

static void custom_json_is_looked_into(void)
{
  gni_metadata metadata = mill("a.b.c");
  metadata.custom_json = GN_STR("{\"lag\": 2, \"groupby_tags\": null}");
  CHECK_INT(gni_metadata_custom(&metadata, "lag", def_arena())->integer, 2);
  CHECK(!gni_metadata_custom(&metadata, "nothing", def_arena()));
  metadata.custom_json = GN_STR("lag");
  CHECK(!gni_metadata_custom(&metadata, "lag", def_arena()));
}

int main(void)
{
  static const test_case cases[] = {
      {"tables, datasets and paths follow Chronon's scheme",
       tables_datasets_and_paths_follow_chronons_scheme},
      {"every other character becomes one underscore",
       every_other_character_becomes_one_underscore},
      {"parts of a Join have tables and prefixes", parts_of_a_join_have_tables_and_prefixes},
      {"a table name may carry tokens", a_table_name_may_carry_tokens},
      {"accuracy is inferred from topics", accuracy_is_inferred_from_topics},
      {"the longest window counts, unless one is unbounded",
       the_longest_window_counts_unless_one_is_unbounded},
      {"columns come by aggregation, bucket and window",
       columns_come_by_aggregation_bucket_and_window},
      {"without aggregations the selected columns but the keys pass",
       without_aggregations_the_selected_columns_but_the_keys_pass},
      {"a star stands where it is written for what is not renamed",
       a_star_stands_where_it_is_written_for_what_is_not_renamed},
      {"aggregations convert to what agg takes", aggregations_convert_to_what_agg_takes},
      {"schemas of external data become types", schemas_of_external_data_become_types},
      {"customJson is looked into", custom_json_is_looked_into},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
