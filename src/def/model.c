/* What every struct of the model is made of. Reader, writer, JSON Schema, hashes and the reference
 * all follow these tables; members are in the order of their thrift numbers, which is the order of
 * a file. SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

#define ROW(id_, name_, kind_, type, member, doc_)                                                 \
  .name = (name_), .id = (id_), .kind = (kind_), .offset = offsetof(type, member), .doc = (doc_)
#define TEXT(id, name, type, member, doc) {ROW(id, name, GNI_MEMBER_TEXT, type, member, doc)}
#define TEXTS(id, name, type, member, doc) {ROW(id, name, GNI_MEMBER_TEXTS, type, member, doc)}
#define TEXTS_ALWAYS(id, name, type, member, doc)                                                  \
  {ROW(id, name, GNI_MEMBER_TEXTS, type, member, doc), .never_absent = true}
#define MAP(id, name, type, member, doc) {ROW(id, name, GNI_MEMBER_MAP, type, member, doc)}
#define TEXTS_MAP(id, name, type, member, doc)                                                     \
  {ROW(id, name, GNI_MEMBER_TEXTS_MAP, type, member, doc)}
#define MAP_MAP(id, name, type, member, doc) {ROW(id, name, GNI_MEMBER_MAP_MAP, type, member, doc)}
#define STRUCT(id, name, type, member, of, doc)                                                    \
  {ROW(id, name, GNI_MEMBER_STRUCT, type, member, doc), .structure = &gni_struct_##of}
#define STRUCTS(id, name, type, member, of, doc)                                                   \
  {ROW(id, name, GNI_MEMBER_STRUCTS, type, member, doc), .structure = &gni_struct_##of}
/* Numbers, booleans and enums have a member that says they are there. */
#define HAS(type, member) .has_offset = offsetof(type, has_##member)
#define BOOLEAN(id, name, type, member, doc)                                                       \
  {ROW(id, name, GNI_MEMBER_BOOLEAN, type, member, doc), HAS(type, member)}
#define INTEGER(id, name, type, member, doc)                                                       \
  {ROW(id, name, GNI_MEMBER_INTEGER, type, member, doc), HAS(type, member)}
#define DOUBLE(id, name, type, member, doc)                                                        \
  {ROW(id, name, GNI_MEMBER_DOUBLE, type, member, doc), HAS(type, member)}
#define ENUM(id, name, type, member, names, doc)                                                   \
  {ROW(id, name, GNI_MEMBER_ENUM, type, member, doc), HAS(type, member), .enumeration = &(names)}

/* The table of a struct, from its array of members. */
#define TABLE(name_, type, array, doc_)                                                            \
  {.name = (name_),                                                                                \
   .doc = (doc_),                                                                                  \
   .size = sizeof(type),                                                                           \
   .members = (array),                                                                             \
   .member_count = sizeof(array) / sizeof *(array)}

/* ---- enums ----------------------------------------------------------------------------------- */

static const char *const operation_values[] = {"MIN",
                                               "MAX",
                                               "FIRST",
                                               "LAST",
                                               "UNIQUE_COUNT",
                                               "APPROX_UNIQUE_COUNT",
                                               "COUNT",
                                               "SUM",
                                               "AVERAGE",
                                               "VARIANCE",
                                               "SKEW",
                                               "KURTOSIS",
                                               "APPROX_PERCENTILE",
                                               "LAST_K",
                                               "FIRST_K",
                                               "TOP_K",
                                               "BOTTOM_K",
                                               "HISTOGRAM",
                                               "APPROX_HISTOGRAM_K",
                                               "BOUNDED_UNIQUE_COUNT"};
static const char *const time_unit_values[] = {"HOURS", "DAYS"};
static const char *const accuracy_values[] = {"TEMPORAL", "SNAPSHOT"};
static const char *const kind_values[] = {"BOOLEAN",   "BYTE",   "SHORT",  "INT",    "LONG",
                                          "FLOAT",     "DOUBLE", "STRING", "BINARY", "DATE",
                                          "TIMESTAMP", "MAP",    "LIST",   "STRUCT"};

static const gni_enum_names operation_names = {"Operation", operation_values, GNI_OPERATION_COUNT};
static const gni_enum_names time_unit_names = {"TimeUnit", time_unit_values, 2};
static const gni_enum_names accuracy_names = {"Accuracy", accuracy_values, 2};
static const gni_enum_names kind_names = {"DataKind", kind_values, GNI_STRUCT + 1};

_Static_assert(sizeof operation_values / sizeof *operation_values == GNI_OPERATION_COUNT,
               "a name for every operation");
_Static_assert(sizeof kind_values / sizeof *kind_values == GNI_STRUCT + 1, "a name for every kind");

/* ---- sources --------------------------------------------------------------------------------- */

static const gni_member query_members[] = {
    MAP(1, "selects", gni_query, selects,
        "Output column to SQL expression; without it every column of the table."),
    TEXTS(2, "wheres", gni_query, wheres, "SQL conditions that all must hold."),
    TEXT(3, "startPartition", gni_query, start_partition,
         "First partition that may be read, included."),
    TEXT(4, "endPartition", gni_query, end_partition, "Last partition that may be read, included."),
    TEXT(5, "timeColumn", gni_query, time_column,
         "SQL expression of the time of a row in milliseconds since 1970-01-01T00:00Z."),
    TEXTS_ALWAYS(6, "setups", gni_query, setups, "Statements that run once before the query."),
    TEXT(7, "mutationTimeColumn", gni_query, mutation_time_column,
         "SQL expression of the time of a change in milliseconds; entities only."),
    TEXT(8, "reversalColumn", gni_query, reversal_column,
         "SQL expression that is true where a row is the image before a change; entities only."),
    TEXT(9, "partitionColumn", gni_query, partition_column,
         "Partition column of this table when it is not the warehouse's own."),
};
const gni_struct gni_struct_query =
    TABLE("Query", gni_query, query_members, "What is read of a table.");

static const gni_member event_source_members[] = {
    TEXT(1, "table", gni_event_source, table,
         "Table of events, one partition a day; tokens after a slash restrict which partitions "
         "count as landed."),
    TEXT(2, "topic", gni_event_source, topic,
         "Stream of the same events; makes the GroupBy TEMPORAL unless it says otherwise."),
    STRUCT(3, "query", gni_event_source, query, query, "What is read of the table and the stream."),
    BOOLEAN(4, "isCumulative", gni_event_source, is_cumulative,
            "Every partition holds all history, so only the newest needed one is read."),
};
const gni_struct gni_struct_event_source =
    TABLE("EventSource", gni_event_source, event_source_members,
          "Rows that happened once and do not change.");

static const gni_member entity_source_members[] = {
    TEXT(1, "snapshotTable", gni_entity_source, snapshot_table,
         "Table whose partition of a day holds all entities as of the end of that day."),
    TEXT(2, "mutationTable", gni_entity_source, mutation_table, "Table of the changes of a day."),
    TEXT(3, "mutationTopic", gni_entity_source, mutation_topic,
         "Stream of changes; makes the GroupBy TEMPORAL unless it says otherwise."),
    STRUCT(4, "query", gni_entity_source, query, query,
           "What is read of the tables and the stream."),
};
const gni_struct gni_struct_entity_source =
    TABLE("EntitySource", gni_entity_source, entity_source_members,
          "Things that exist and change: a table of a database.");

static const gni_member join_source_members[] = {
    STRUCT(1, "join", gni_join_source, join, join, "The Join whose output is the source."),
    STRUCT(2, "query", gni_join_source, query, query, "What is read of the Join's output."),
};
const gni_struct gni_struct_join_source = TABLE("JoinSource", gni_join_source, join_source_members,
                                                "The output of a Join as a source: chaining.");

static const gni_member source_members[] = {
    STRUCT(1, "events", gni_source, events, event_source, "Events."),
    STRUCT(2, "entities", gni_source, entities, entity_source, "Entities."),
    STRUCT(3, "joinSource", gni_source, join_source, join_source, "The output of a Join."),
};
const gni_struct gni_struct_source = {.name = "Source",
                                      .doc = "Where rows come from: exactly one of the members.",
                                      .size = sizeof(gni_source),
                                      .is_union = true,
                                      .members = source_members,
                                      .member_count =
                                          sizeof source_members / sizeof *source_members};

/* ---- metadata -------------------------------------------------------------------------------- */

static const gni_member metadata_members[] = {
    TEXT(1, "name", gni_metadata, name,
         "team.file.variable, with a dot more for every folder between."),
    BOOLEAN(2, "online", gni_metadata, online, "May be uploaded and fetched."),
    BOOLEAN(3, "production", gni_metadata, production, "Something in production relies on it."),
    TEXT(4, "customJson", gni_metadata, custom_json,
         "A JSON object in a text: lag, tags, and whatever else the builder was given."),
    TEXTS(5, "dependencies", gni_metadata, dependencies,
          "Partitions that a scheduler waits for; each a JSON object {name, spec, start, end} in a "
          "text."),
    MAP(6, "tableProperties", gni_metadata, table_properties, "Properties of the output table."),
    TEXT(7, "outputNamespace", gni_metadata, output_namespace,
         "Namespace of the output table; the team's `namespace` when not given."),
    TEXT(8, "team", gni_metadata, team, "The owning team."),
    MAP_MAP(9, "modeToEnvMap", gni_metadata, mode_to_env_map,
            "Environment variables of the jobs, by mode."),
    BOOLEAN(10, "consistencyCheck", gni_metadata, consistency_check,
            "Online answers are to be compared with offline ones."),
    DOUBLE(11, "samplePercent", gni_metadata, sample_percent,
           "Share of online requests that are logged, in percent."),
    TEXT(12, "offlineSchedule", gni_metadata, offline_schedule,
         "When the backfill runs: a cron text or @daily, @never, …"),
    DOUBLE(13, "consistencySamplePercent", gni_metadata, consistency_sample_percent,
           "Share of logged requests that are compared, in percent."),
    BOOLEAN(14, "historicalBackfill", gni_metadata, historical_backfill,
            "False: a backfill fills the last day alone."),
    TEXT(15, "deprecationDate", gni_metadata, deprecation_date,
         "Day after which nothing may rely on it, yyyy-MM-dd."),
    TEXT(16, "description", gni_metadata, description, "What it is, for people."),
};
const gni_struct gni_struct_metadata =
    TABLE("MetaData", gni_metadata, metadata_members, "Name, owner and how it is run.");

static const gni_member derivation_members[] = {
    TEXT(1, "name", gni_derivation, name,
         "Name of the column, or * for all columns that are not renamed."),
    TEXT(2, "expression", gni_derivation, expression, "SQL over the columns before derivations."),
    STRUCT(3, "metaData", gni_derivation, metadata, metadata, "Holds the description."),
};
const gni_struct gni_struct_derivation =
    TABLE("Derivation", gni_derivation, derivation_members, "A column computed from the others.");

/* ---- GroupBy --------------------------------------------------------------------------------- */

static const gni_member window_members[] = {
    INTEGER(1, "length", gni_window_spec, length, "How many units; at least 1."),
    ENUM(2, "timeUnit", gni_window_spec, time_unit, time_unit_names, "Hours or days."),
};
const gni_struct gni_struct_window =
    TABLE("Window", gni_window_spec, window_members, "How far an aggregation looks back.");

static const gni_member aggregation_members[] = {
    TEXT(1, "inputColumn", gni_aggregation_spec, input_column, "A column that the sources select."),
    ENUM(2, "operation", gni_aggregation_spec, operation, operation_names, "What is computed."),
    MAP(3, "argMap", gni_aggregation_spec, arg_map, "Arguments of the operation: k, percentiles."),
    STRUCTS(4, "windows", gni_aggregation_spec, windows, window,
            "One output a window; without any, one over all time."),
    TEXTS(5, "buckets", gni_aggregation_spec, buckets,
          "Columns of text; one output a bucket, a map from its values."),
    BOOLEAN(6, "elementWise", gni_aggregation_spec, element_wise,
            "Lists are aggregated position by position."),
};
const gni_struct gni_struct_aggregation =
    TABLE("Aggregation", gni_aggregation_spec, aggregation_members,
          "One operation on one column, over windows and buckets.");

static const gni_member aggregation_part_members[] = {
    TEXT(1, "inputColumn", gni_aggregation_part, input_column, "A column that the sources select."),
    ENUM(2, "operation", gni_aggregation_part, operation, operation_names, "What is computed."),
    MAP(3, "argMap", gni_aggregation_part, arg_map, "Arguments of the operation: k, percentiles."),
    STRUCT(4, "window", gni_aggregation_part, window, window, "How far it looks back."),
    TEXT(5, "bucket", gni_aggregation_part, bucket, "A column of text."),
    BOOLEAN(6, "elementWise", gni_aggregation_part, element_wise,
            "Lists are aggregated position by position."),
};
const gni_struct gni_struct_aggregation_part =
    TABLE("AggregationPart", gni_aggregation_part, aggregation_part_members,
          "An aggregation with one window and one bucket at most.");

static const gni_member group_by_members[] = {
    STRUCT(1, "metaData", gni_group_by, metadata, metadata, "Name, owner and how it is run."),
    STRUCTS(2, "sources", gni_group_by, sources, source,
            "Where rows come from; all select the same columns and are of one model."),
    TEXTS(3, "keyColumns", gni_group_by, key_columns, "Selected columns that features belong to."),
    STRUCTS(4, "aggregations", gni_group_by, aggregations, aggregation,
            "What is computed; without it rows of entities pass through as they are."),
    ENUM(5, "accuracy", gni_group_by, accuracy, accuracy_names,
         "To the millisecond or as of midnight; inferred from topics when not given."),
    TEXT(6, "backfillStartDate", gni_group_by, backfill_start_date,
         "First day of the backfill, yyyy-MM-dd."),
    STRUCTS(7, "derivations", gni_group_by, derivations, derivation,
            "Columns computed from the aggregated ones."),
    BOOLEAN(8, "isIncremental", gni_group_by, is_incremental,
            "The backfill goes through daily running states."),
};
const gni_struct gni_struct_group_by =
    TABLE("GroupBy", gni_group_by, group_by_members, "Features of a key, computed from sources.");

/* ---- types of external data ------------------------------------------------------------------ */

static const gni_member data_type_members[] = {
    ENUM(1, "kind", gni_data_type, kind, kind_names, "Which type."),
    STRUCTS(2, "params", gni_data_type, params, data_field,
            "Of a MAP `key` and `value`, of a LIST `elem`, of a STRUCT its fields."),
    TEXT(3, "name", gni_data_type, name, "Of a STRUCT."),
};
const gni_struct gni_struct_data_type =
    TABLE("TDataType", gni_data_type, data_type_members, "A type of a column.");

static const gni_member data_field_members[] = {
    TEXT(1, "name", gni_data_field, name, "Name of the field."),
    STRUCT(2, "dataType", gni_data_field, data_type, data_type, "Type of the field."),
};
const gni_struct gni_struct_data_field =
    TABLE("DataField", gni_data_field, data_field_members, "A part of a type.");

static const gni_member external_factory_members[] = {
    TEXT(1, "factoryName", gni_external_factory, factory_name, "Registered name of the factory."),
    MAP(2, "factoryParams", gni_external_factory, factory_params, "What it is given."),
};
const gni_struct gni_struct_external_factory =
    TABLE("ExternalSourceFactoryConfig", gni_external_factory, external_factory_members,
          "How the handler of an external source is made.");

static const gni_member external_source_members[] = {
    STRUCT(1, "metadata", gni_external_source, metadata, metadata, "Name and owner."),
    STRUCT(2, "keySchema", gni_external_source, key_schema, data_type,
           "A STRUCT of what it is asked with."),
    STRUCT(3, "valueSchema", gni_external_source, value_schema, data_type,
           "A STRUCT of what it answers."),
    STRUCT(4, "factoryConfig", gni_external_source, factory_config, external_factory,
           "How its handler is made."),
    STRUCT(5, "offlineGroupBy", gni_external_source, offline_group_by, group_by,
           "Gives the same values offline."),
};
const gni_struct gni_struct_external_source =
    TABLE("ExternalSource", gni_external_source, external_source_members,
          "Values that another service gives when asked.");

static const gni_member external_part_members[] = {
    STRUCT(1, "source", gni_external_part, source, external_source, "Who is asked."),
    MAP(2, "keyMapping", gni_external_part, key_mapping,
        "Column of the left side to key of the source, where names differ."),
    TEXT(3, "prefix", gni_external_part, prefix, "Put before the names of its columns."),
};
const gni_struct gni_struct_external_part = TABLE(
    "ExternalPart", gni_external_part, external_part_members, "An external source in a Join.");

/* ---- Join ------------------------------------------------------------------------------------ */

static const gni_member join_part_members[] = {
    STRUCT(1, "groupBy", gni_join_part, group_by, group_by, "Whose features."),
    MAP(2, "keyMapping", gni_join_part, key_mapping,
        "Column of the left side to key of the GroupBy, where names differ."),
    TEXT(4, "prefix", gni_join_part, prefix, "Put before the names of its columns."),
};
const gni_struct gni_struct_join_part =
    TABLE("JoinPart", gni_join_part, join_part_members, "A GroupBy in a Join.");

static const gni_member bootstrap_part_members[] = {
    STRUCT(1, "metaData", gni_bootstrap_part, metadata, metadata, "Name and owner."),
    TEXT(2, "table", gni_bootstrap_part, table, "Table that has some features already."),
    STRUCT(3, "query", gni_bootstrap_part, query, query, "What is read of it."),
    TEXTS(4, "keyColumns", gni_bootstrap_part, key_columns,
          "Columns its rows are matched by; the Join's rowIds when not given."),
};
const gni_struct gni_struct_bootstrap_part =
    TABLE("BootstrapPart", gni_bootstrap_part, bootstrap_part_members,
          "Features that are there before the Join runs.");

static const gni_member label_part_members[] = {
    STRUCTS(1, "labels", gni_label_part, labels, join_part, "GroupBys that give labels."),
    INTEGER(2, "leftStartOffset", gni_label_part, left_start_offset,
            "Days from the label's day back to the first left partition."),
    INTEGER(3, "leftEndOffset", gni_label_part, left_end_offset,
            "Days from the label's day back to the last left partition."),
    STRUCT(4, "metaData", gni_label_part, metadata, metadata, "Its dependencies and schedule."),
};
const gni_struct gni_struct_label_part = TABLE("LabelPart", gni_label_part, label_part_members,
                                               "Labels that arrive days after the left rows.");

static const gni_member inference_spec_members[] = {
    TEXT(1, "modelBackend", gni_inference_spec, model_backend,
         "Registered name of what runs the model."),
    MAP(2, "modelBackendParams", gni_inference_spec, model_backend_params, "What it is given."),
};
const gni_struct gni_struct_inference_spec =
    TABLE("InferenceSpec", gni_inference_spec, inference_spec_members, "How a model is run.");

static const gni_member model_members[] = {
    STRUCT(1, "metaData", gni_model, metadata, metadata, "Name and owner."),
    STRUCT(2, "inferenceSpec", gni_model, inference_spec, inference_spec, "How it is run."),
    STRUCT(3, "inputSchema", gni_model, input_schema, data_type, "A STRUCT of what it takes."),
    STRUCT(4, "outputSchema", gni_model, output_schema, data_type, "A STRUCT of what it gives."),
};
const gni_struct gni_struct_model =
    TABLE("Model", gni_model, model_members, "A model that turns features into scores.");

static const gni_member model_transform_members[] = {
    STRUCT(1, "model", gni_model_transform, model, model, "Which model."),
    MAP(2, "inputMappings", gni_model_transform, input_mappings,
        "Input of the model to column of the Join."),
    MAP(3, "outputMappings", gni_model_transform, output_mappings,
        "Output of the model to column of the result."),
    TEXT(4, "prefix", gni_model_transform, prefix, "Put before the names of its columns."),
};
const gni_struct gni_struct_model_transform =
    TABLE("ModelTransform", gni_model_transform, model_transform_members,
          "A model applied to the rows of a Join.");

static const gni_member model_transforms_members[] = {
    STRUCTS(1, "transforms", gni_model_transforms, transforms, model_transform,
            "The models, in order."),
    TEXTS(2, "passthroughFields", gni_model_transforms, passthrough_fields,
          "Columns that stay beside the models' outputs."),
};
const gni_struct gni_struct_model_transforms =
    TABLE("ModelTransforms", gni_model_transforms, model_transforms_members,
          "Models applied to the rows of a Join.");

static const gni_member join_members[] = {
    STRUCT(1, "metaData", gni_join, metadata, metadata, "Name, owner and how it is run."),
    STRUCT(2, "left", gni_join, left, source, "The rows that features are looked up for."),
    STRUCTS(3, "joinParts", gni_join, join_parts, join_part,
            "The GroupBys whose features are joined."),
    TEXTS_MAP(4, "skewKeys", gni_join, skew_keys,
              "Left column to the values whose rows are left out."),
    STRUCTS(5, "onlineExternalParts", gni_join, online_external_parts, external_part,
            "Services that are asked online."),
    STRUCT(6, "labelPart", gni_join, label_part, label_part, "Labels for training."),
    STRUCTS(7, "bootstrapParts", gni_join, bootstrap_parts, bootstrap_part,
            "Tables that have some features already; earlier ones win."),
    TEXTS(8, "rowIds", gni_join, row_ids, "Columns that tell left rows apart."),
    STRUCTS(9, "derivations", gni_join, derivations, derivation,
            "Columns computed from the joined ones."),
    STRUCT(10, "modelTransforms", gni_join, model_transforms, model_transforms,
           "Models applied at the end."),
};
const gni_struct gni_struct_join =
    TABLE("Join", gni_join, join_members, "Features of many GroupBys for the rows of a left side.");

/* ---- the rest -------------------------------------------------------------------------------- */

static const gni_member staging_query_members[] = {
    STRUCT(1, "metaData", gni_staging_query, metadata, metadata, "Name, owner and how it is run."),
    TEXT(2, "query", gni_staging_query, query,
         "A SELECT with the macros {{ start_date }}, {{ end_date }}, {{ latest_date }} and {{ "
         "max_date(table=…) }}."),
    TEXT(3, "startPartition", gni_staging_query, start_partition,
         "First partition of the output; without it the query runs once."),
    TEXTS(4, "setups", gni_staging_query, setups, "Statements that run once before the query."),
    BOOLEAN(5, "createView", gni_staging_query, create_view, "Makes a view instead of a table."),
};
const gni_struct gni_struct_staging_query =
    TABLE("StagingQuery", gni_staging_query, staging_query_members, "A table made by a query.");

static const gni_member serving_info_members[] = {
    STRUCT(1, "groupBy", gni_serving_info, group_by, group_by, "What was uploaded."),
    TEXT(2, "inputAvroSchema", gni_serving_info, input_avro_schema,
         "Avro schema of the stream's rows."),
    TEXT(3, "selectedAvroSchema", gni_serving_info, selected_avro_schema,
         "Avro schema of the selected columns."),
    TEXT(4, "keyAvroSchema", gni_serving_info, key_avro_schema, "Avro schema of the keys."),
    TEXT(5, "batchEndDate", gni_serving_info, batch_end_date,
         "Day at whose first instant the upload ends."),
    TEXT(6, "dateFormat", gni_serving_info, date_format,
         "Pattern of batchEndDate when it is not yyyy-MM-dd."),
};
const gni_struct gni_struct_serving_info =
    TABLE("GroupByServingInfo", gni_serving_info, serving_info_members,
          "What an upload leaves beside the values.");

const gni_struct *const gni_structs[] = {
    &gni_struct_group_by,         &gni_struct_join,
    &gni_struct_staging_query,    &gni_struct_model,
    &gni_struct_metadata,         &gni_struct_source,
    &gni_struct_event_source,     &gni_struct_entity_source,
    &gni_struct_join_source,      &gni_struct_query,
    &gni_struct_aggregation,      &gni_struct_window,
    &gni_struct_aggregation_part, &gni_struct_derivation,
    &gni_struct_join_part,        &gni_struct_external_part,
    &gni_struct_external_source,  &gni_struct_external_factory,
    &gni_struct_bootstrap_part,   &gni_struct_label_part,
    &gni_struct_model_transforms, &gni_struct_model_transform,
    &gni_struct_inference_spec,   &gni_struct_data_type,
    &gni_struct_data_field,       &gni_struct_serving_info,
};
const size_t gni_struct_count = sizeof gni_structs / sizeof *gni_structs;

const gni_member *gnp_member_find(const gni_struct *type, gn_str name)
{
  for (size_t i = 0; i < type->member_count; i++)
    if (gni_str_is(name, type->members[i].name)) return &type->members[i];
  return NULL;
}
