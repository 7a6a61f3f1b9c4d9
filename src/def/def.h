/* The Chronon model: what a compiled definition says. Reader, writer, names, hashes, rules.
 * Pure: no file is opened here. SPDX-License-Identifier: Apache-2.0
 *
 *   model     gni_group_by, gni_join, gni_staging_query, gni_model and all they are made of
 *   tables    gni_struct: one descriptor a struct; reader, writer, schema, hash and docs follow it
 *   read      gni_def_read (all problems at once), gni_serving_info_read
 *   write     gni_def_write (as chronon-ai does, byte for byte), gni_node_write_compact
 *   names     gni_output_table, gni_batch_dataset, …
 *   rules     gni_def_check
 *   teams     gni_teams_read and look-ups
 *
 * Everything lives in the arena it was read into, is immutable, and may be shared by threads.
 *
 * What is absent: a text has ptr NULL (an empty one has not); a list or map has items/keys NULL (an
 * empty one has not, and count 0 in both cases, so loops need no test); a struct is a NULL pointer;
 * a number, boolean or enum has its `has_` member false and is 0. */
#ifndef GNOMON_SRC_DEF_H
#define GNOMON_SRC_DEF_H

#include "agg/agg.h"
#include "base/diagnostic.h"
#include "wire/wire.h"

/* ---- what every struct begins with ----------------------------------------------------------- */

typedef struct gni_struct gni_struct;

typedef struct gni_node {
  const gni_struct *type;
  const gni_json *json; /* where it was read from; NULL when made by hand */
} gni_node;

typedef struct gni_place { /* from 1; 0: not known */
  uint32_t line, column;
} gni_place;

/* Of the struct itself (field NULL), of a member's value ("timeColumn", the JSON name), or, where
 * the member is absent, of the struct. */
gni_place gni_place_of(const gni_node *node, const char *field);
/* Of an element of a list member, and of the value of an entry of a map member. */
gni_place gni_place_at(const gni_node *node, const char *field, size_t index);
gni_place gni_place_of_entry(const gni_node *node, const char *field, gn_str key);

typedef struct gni_texts {
  const gn_str *items;
  size_t count;
} gni_texts;

typedef struct gni_map { /* in the order of the file */
  const gn_str *keys, *values;
  size_t count;
} gni_map;

typedef struct gni_texts_map {
  const gn_str *keys;
  const gni_texts *values;
  size_t count;
} gni_texts_map;

typedef struct gni_map_map {
  const gn_str *keys;
  const gni_map *values;
  size_t count;
} gni_map_map;

/* The value of a key; {NULL, 0} when absent. */
gn_str gni_map_get(const gni_map *map, const char *key);

#define GNI_LIST_OF(type)                                                                          \
  struct {                                                                                         \
    const type *items;                                                                             \
    size_t count;                                                                                  \
  }

/* ---- the model ------------------------------------------------------------------------------- */

enum gni_time_unit { GNI_HOURS = 0, GNI_DAYS = 1 };
enum gni_accuracy { GNI_TEMPORAL = 0, GNI_SNAPSHOT = 1 };

typedef struct gni_query {
  gni_node node;
  gni_map selects; /* output column -> SQL; absent: every column */
  gni_texts wheres;
  gn_str start_partition, end_partition;
  gn_str time_column; /* SQL, milliseconds */
  gni_texts setups;   /* never absent */
  gn_str mutation_time_column, reversal_column;
  gn_str partition_column;
} gni_query;

typedef struct gni_metadata {
  gni_node node;
  gn_str name;
  bool has_online, online, has_production, production;
  gn_str custom_json;
  gni_texts dependencies; /* each JSON in a text */
  gni_map table_properties;
  gn_str output_namespace, team;
  gni_map_map mode_to_env_map;
  bool has_consistency_check, consistency_check;
  bool has_sample_percent, has_consistency_sample_percent;
  double sample_percent, consistency_sample_percent;
  gn_str offline_schedule;
  bool has_historical_backfill, historical_backfill;
  gn_str deprecation_date, description;
} gni_metadata;

typedef struct gni_staging_query {
  gni_node node;
  const gni_metadata *metadata;
  gn_str query, start_partition;
  gni_texts setups;
  bool has_create_view, create_view;
} gni_staging_query;

typedef struct gni_event_source {
  gni_node node;
  gn_str table, topic;
  const gni_query *query;
  bool has_is_cumulative, is_cumulative;
} gni_event_source;

typedef struct gni_entity_source {
  gni_node node;
  gn_str snapshot_table, mutation_table, mutation_topic;
  const gni_query *query;
} gni_entity_source;

typedef struct gni_join_source {
  gni_node node;
  const struct gni_join *join;
  const gni_query *query;
} gni_join_source;

typedef struct gni_source { /* exactly one is there once read without error */
  gni_node node;
  const gni_event_source *events;
  const gni_entity_source *entities;
  const gni_join_source *join_source;
} gni_source;

typedef struct gni_window_spec {
  gni_node node;
  bool has_length, has_time_unit;
  int32_t length;
  int32_t time_unit; /* gni_time_unit */
} gni_window_spec;

typedef struct gni_aggregation_spec {
  gni_node node;
  gn_str input_column;
  bool has_operation;
  int32_t operation; /* gni_operation */
  gni_map arg_map;
  GNI_LIST_OF(gni_window_spec) windows;
  gni_texts buckets;
  bool has_element_wise, element_wise;
} gni_aggregation_spec;

typedef struct gni_aggregation_part {
  gni_node node;
  gn_str input_column;
  bool has_operation;
  int32_t operation;
  gni_map arg_map;
  const gni_window_spec *window;
  gn_str bucket;
  bool has_element_wise, element_wise;
} gni_aggregation_part;

typedef struct gni_derivation {
  gni_node node;
  gn_str name, expression;
  const gni_metadata *metadata;
} gni_derivation;

typedef struct gni_group_by {
  gni_node node;
  const gni_metadata *metadata;
  GNI_LIST_OF(gni_source) sources;
  gni_texts key_columns;
  GNI_LIST_OF(gni_aggregation_spec) aggregations; /* absent: rows pass through */
  bool has_accuracy;
  int32_t accuracy; /* as written; ask gni_group_by_accuracy */
  gn_str backfill_start_date;
  GNI_LIST_OF(gni_derivation) derivations;
  bool has_is_incremental, is_incremental;
} gni_group_by;

typedef struct gni_data_type {
  gni_node node;
  bool has_kind;
  int32_t kind; /* gni_kind, up to GNI_STRUCT */
  GNI_LIST_OF(struct gni_data_field) params;
  gn_str name; /* of a struct */
} gni_data_type;

typedef struct gni_data_field {
  gni_node node;
  gn_str name;
  const gni_data_type *data_type;
} gni_data_field;

typedef struct gni_external_factory {
  gni_node node;
  gn_str factory_name;
  gni_map factory_params;
} gni_external_factory;

typedef struct gni_external_source {
  gni_node node;
  const gni_metadata *metadata;
  const gni_data_type *key_schema, *value_schema;
  const gni_external_factory *factory_config;
  const gni_group_by *offline_group_by;
} gni_external_source;

typedef struct gni_external_part {
  gni_node node;
  const gni_external_source *source;
  gni_map key_mapping;
  gn_str prefix;
} gni_external_part;

typedef struct gni_join_part {
  gni_node node;
  const gni_group_by *group_by;
  gni_map key_mapping; /* left -> right */
  gn_str prefix;
} gni_join_part;

typedef struct gni_bootstrap_part {
  gni_node node;
  const gni_metadata *metadata;
  gn_str table;
  const gni_query *query;
  gni_texts key_columns;
} gni_bootstrap_part;

typedef struct gni_label_part {
  gni_node node;
  GNI_LIST_OF(gni_join_part) labels;
  bool has_left_start_offset, has_left_end_offset;
  int32_t left_start_offset, left_end_offset; /* days */
  const gni_metadata *metadata;
} gni_label_part;

typedef struct gni_inference_spec {
  gni_node node;
  gn_str model_backend;
  gni_map model_backend_params;
} gni_inference_spec;

typedef struct gni_model {
  gni_node node;
  const gni_metadata *metadata;
  const gni_inference_spec *inference_spec;
  const gni_data_type *input_schema, *output_schema;
} gni_model;

typedef struct gni_model_transform {
  gni_node node;
  const gni_model *model;
  gni_map input_mappings, output_mappings;
  gn_str prefix;
} gni_model_transform;

typedef struct gni_model_transforms {
  gni_node node;
  GNI_LIST_OF(gni_model_transform) transforms;
  gni_texts passthrough_fields;
} gni_model_transforms;

typedef struct gni_join {
  gni_node node;
  const gni_metadata *metadata;
  const gni_source *left;
  GNI_LIST_OF(gni_join_part) join_parts;
  gni_texts_map skew_keys;
  GNI_LIST_OF(gni_external_part) online_external_parts;
  const gni_label_part *label_part;
  GNI_LIST_OF(gni_bootstrap_part) bootstrap_parts;
  gni_texts row_ids;
  GNI_LIST_OF(gni_derivation) derivations;
  const gni_model_transforms *model_transforms;
} gni_join;

/* What an upload leaves in the store beside the values: everything a fetch needs to know. */
typedef struct gni_serving_info {
  gni_node node;
  const gni_group_by *group_by;
  gn_str input_avro_schema, selected_avro_schema, key_avro_schema; /* schema texts */
  gn_str batch_end_date;
  gn_str date_format;
} gni_serving_info;

/* ---- descriptors ----------------------------------------------------------------------------- */

enum gni_member_kind {
  GNI_MEMBER_TEXT,
  GNI_MEMBER_BOOLEAN,
  GNI_MEMBER_INTEGER, /* 32 bits */
  GNI_MEMBER_DOUBLE,
  GNI_MEMBER_ENUM,
  GNI_MEMBER_STRUCT,
  GNI_MEMBER_TEXTS,
  GNI_MEMBER_STRUCTS,
  GNI_MEMBER_MAP,       /* text -> text */
  GNI_MEMBER_TEXTS_MAP, /* text -> texts */
  GNI_MEMBER_MAP_MAP    /* text -> (text -> text) */
};

typedef struct gni_enum_names {
  const char *name; /* "Operation" */
  const char *const *values;
  int32_t count;
} gni_enum_names;

typedef struct gni_member {
  const char *name;                  /* in JSON */
  uint8_t id;                        /* of thrift; members are listed in this order */
  uint8_t kind;                      /* gni_member_kind */
  bool never_absent;                 /* a list that is empty when the file does not have it */
  uint16_t offset, has_offset;       /* in the struct; `has_offset` for numbers, booleans, enums */
  const gni_struct *structure;       /* STRUCT, STRUCTS */
  const gni_enum_names *enumeration; /* ENUM */
  const char *doc;                   /* one sentence */
} gni_member;

struct gni_struct {
  const char *name; /* "GroupBy" */
  const char *doc;
  uint32_t size;
  bool is_union; /* exactly one member is there */
  const gni_member *members;
  size_t member_count;
};

extern const gni_struct gni_struct_query, gni_struct_metadata, gni_struct_staging_query,
    gni_struct_event_source, gni_struct_entity_source, gni_struct_join_source, gni_struct_source,
    gni_struct_window, gni_struct_aggregation, gni_struct_aggregation_part, gni_struct_derivation,
    gni_struct_group_by, gni_struct_data_type, gni_struct_data_field, gni_struct_external_factory,
    gni_struct_external_source, gni_struct_external_part, gni_struct_join_part,
    gni_struct_bootstrap_part, gni_struct_label_part, gni_struct_inference_spec, gni_struct_model,
    gni_struct_model_transform, gni_struct_model_transforms, gni_struct_join,
    gni_struct_serving_info;

/* All of them, outer ones first. */
extern const gni_struct *const gni_structs[];
extern const size_t gni_struct_count;

/* ---- read ------------------------------------------------------------------------------------ */

enum gni_def_kind { GNI_DEF_GROUP_BY, GNI_DEF_JOIN, GNI_DEF_STAGING_QUERY, GNI_DEF_MODEL };

typedef struct gni_def {
  int kind;                     /* gni_def_kind */
  gn_str file;                  /* as given */
  gn_str text;                  /* what was read; for carets */
  const gni_node *node;         /* the one of these that is there */
  const gni_metadata *metadata; /* its own; never NULL once read without error */
  const gni_group_by *group_by;
  const gni_join *join;
  const gni_staging_query *staging_query;
  const gni_model *model;
} gni_def;

const char *gni_def_kind_name(int kind);   /* "GroupBy" */
const char *gni_def_kind_word(int kind);   /* "group_by": what `gnomon schema` takes */
const char *gni_def_kind_folder(int kind); /* "group_bys" */
/* From a path with a folder group_bys, joins, … in it; -1 when there is none. */
int gni_def_kind_of_path(gn_str path);
/* "group_by", "GroupBy", "group_bys", … ; -1. */
int gni_def_kind_find(gn_str word);

/* Reads a compiled definition. The kind comes from `file`'s folders, else from the members. Liberal
 * in values: integers or true/false for booleans, numbers or names for enums, integers for doubles;
 * an unknown member is a warning. Everything that is wrong is added to `problems` at once, and
 * GN_E_INVALID (GN_E_PARSE when it is no JSON) returned when an error was among it. `text` is
 * copied. */
int gni_def_read(gn_str text, const char *file, gn_arena *arena, const gni_def **out,
                 gni_problems *problems);
/* The same for one struct whose kind is known; `*out` is a pointer to it. */
int gni_node_read(const gni_struct *type, gn_str text, const char *file, gn_arena *arena,
                  const void **out, gni_problems *problems);
/* Serving info as an upload wrote it. The first problem becomes the error. */
int gni_serving_info_read(gn_str text, gn_arena *arena, const gni_serving_info **out,
                          gn_error *err);

/* Something of a struct: the struct itself (field NULL), a member, an element of a list member, or
 * an entry of a map member. */
typedef struct gni_spot {
  const gni_node *node;
  const char *field;
  size_t element; /* from 1; 0: not an element */
  gn_str key;     /* absent: not an entry */
} gni_spot;

/* Adds a problem with its place, the source line and the width of what is there. */
typedef struct gni_def_problem {
  const char *code;
  int severity;
  gni_spot spot;
  gn_str message, label, hint;
} gni_def_problem;
void gni_def_report(const gni_def *def, gni_problems *problems, const gni_def_problem *problem);

/* ---- write ----------------------------------------------------------------------------------- */

/* As chronon-ai writes a file: two spaces, members in thrift order, 0 and 1 for booleans, ASCII, no
 * newline at the end. */
int gni_def_write(const gni_def *def, gn_buf *out);
int gni_node_write(const gni_node *node, gn_buf *out);
/* One line without spaces, as the Java writer does: the JSON of serving info and metadata records.
 */
int gni_node_write_compact(const gni_node *node, gn_buf *out);

/* ---- names ----------------------------------------------------------------------------------- */

/* Every character outside [A-Za-z0-9_] becomes '_'. */
gn_str gni_sanitize(gn_arena *arena, gn_str text);
/* "team.file.var" -> "team_file_var". */
gn_str gni_clean_name(gn_arena *arena, const gni_metadata *metadata);
/* "namespace.team_file_var"; without a namespace "default.…". */
gn_str gni_output_table(gn_arena *arena, const gni_metadata *metadata);
/* The output table's name with one of Chronon's suffixes: "_upload", "_daily_inc", … */
gn_str gni_output_table_suffixed(gn_arena *arena, const gni_metadata *metadata, const char *suffix);
#define gni_upload_table(arena, metadata) gni_output_table_suffixed((arena), (metadata), "_upload")
gn_str gni_batch_dataset(gn_arena *arena, const gni_metadata *metadata); /* "TEAM_FILE_VAR_BATCH" */
gn_str gni_stream_dataset(gn_arena *arena, const gni_metadata *metadata); /* "…_STREAMING" */
/* "team.file.var" -> "team/file.var". */
gn_str gni_name_to_file_path(gn_arena *arena, gn_str name);
/* Where compile puts it: "group_bys/team/file.var". */
gn_str gni_def_path(gn_arena *arena, int kind, gn_str name);
/* Of a join: its part's table and the prefix of its columns. */
gn_str gni_join_part_table(gn_arena *arena, const gni_join *join, const gni_join_part *part);
gn_str gni_join_part_prefix(gn_arena *arena, const gni_join_part *part);
gn_str gni_external_part_name(gn_arena *arena, const gni_external_part *part); /* "ext_p_name" */

/* "ns.t/k=v/k2=v2": the table, and the tokens after it (which restrict look-ups of partitions and
 * never filter rows). A token without '=' is its own key with an absent value. */
typedef struct gni_named_table {
  gn_str table;
  gni_map tokens;
} gni_named_table;
int gni_named_table_parse(gn_str text, gn_arena *arena, gni_named_table *out);

/* ---- meaning --------------------------------------------------------------------------------- */

const gni_query *gni_source_query(const gni_source *source); /* NULL when there is none */
/* Table without tokens; of a joinSource the output table of its join. */
gn_str gni_source_table(const gni_source *source, gn_arena *arena);
/* events.topic, entities.mutationTopic, of a joinSource its join's left; {NULL, 0} when none. */
gn_str gni_source_topic(const gni_source *source);
/* Entities; of a joinSource what its join's left is. */
bool gni_source_is_entities(const gni_source *source);
/* As written, else TEMPORAL when a source has a topic, else SNAPSHOT. */
int gni_group_by_accuracy(const gni_group_by *group_by);
bool gni_group_by_is_entities(const gni_group_by *group_by);
gni_window gni_window_from_spec(const gni_window_spec *spec); /* NULL or unbounded: GNI_UNBOUNDED */
/* The longest window; GNI_UNBOUNDED when an aggregation has none or there is no aggregation. */
gni_window gni_group_by_max_window(const gni_group_by *group_by);
/* As agg takes them. Texts are borrowed. */
int gni_group_by_aggregations(const gni_group_by *group_by, gn_arena *arena, gni_aggregation **out,
                              size_t *count);
/* Columns before derivations, in Chronon's order: aggregation, bucket, window; without aggregations
 * the selected columns that are no keys. Each has what it came from. */
typedef struct gni_output_column {
  gn_str name;
  const gni_aggregation_spec *aggregation; /* NULL: a selected column passed through */
  const gni_window_spec *window;           /* NULL: unbounded */
  gn_str bucket;                           /* absent: none */
} gni_output_column;
int gni_group_by_columns(const gni_group_by *group_by, gn_arena *arena, gni_output_column **out,
                         size_t *count);
/* What derivations make of those names, in order ("*" expanded); the same list without derivations.
 */
int gni_derived_columns(const gni_derivation *derivations, size_t derivation_count,
                        const gn_str *base, size_t base_count, gn_arena *arena, gni_texts *out);
/* A schema of a definition as a type; GN_E_INVALID when it is not well formed. */
int gni_data_type_resolve(const gni_data_type *data_type, gn_arena *arena, const gni_type **out,
                          gn_error *err);
/* A member of customJson; NULL when absent, or when customJson is no JSON. */
const gni_json *gni_metadata_custom(const gni_metadata *metadata, const char *key, gn_arena *arena);

/* ---- hashes ---------------------------------------------------------------------------------- */

/* First ten characters of Base64(MD5(text)). */
#define GNI_DIGEST_BYTES 11 /* with the end */
int gni_digest_text(gn_str text, char out[GNI_DIGEST_BYTES]);
/* Chronon's semantic hash: the struct without metaData (and without topics unless `with_topics`),
 * its maps in the order a Java HashMap has them. */
int gni_semantic_hash(const gni_node *node, bool with_topics, const gn_alloc *alloc,
                      char out[GNI_DIGEST_BYTES]);
/* The map of a join's hashes: part table -> hash, "left_source", the bootstrap table, "derived". */
int gni_join_hashes(const gni_join *join, bool with_topics, gn_arena *arena, gni_map *out);

/* ---- rules ----------------------------------------------------------------------------------- */

/* Adds every rule of Chronon that a definition breaks on its own, and warnings where it will
 * surprise. Returns GN_OK also when problems were found; GN_E_NOMEM when memory ran out. */
int gni_def_check(const gni_def *def, gni_problems *problems);
/* Adds what only shows among many: names that fall together as tables and datasets. */
int gni_defs_check_names(const gni_def *const *defs, size_t count, gni_problems *problems);

/* ---- teams.json ------------------------------------------------------------------------------ */

typedef struct gni_teams {
  gn_str file;
  const gni_json *json; /* an object with an object for each team */
} gni_teams;

int gni_teams_read(gn_str text, const char *file, gn_arena *arena, const gni_teams **out,
                   gni_problems *problems);
bool gni_teams_has(const gni_teams *teams, gn_str team);
/* A member of a team, else of "default"; NULL when neither has it. An unknown team has nothing. */
const gni_json *gni_teams_get(const gni_teams *teams, gn_str team, const char *key);
/* As a text; {NULL, 0} when absent or no text. */
gn_str gni_teams_text(const gni_teams *teams, gn_str team, const char *key);

/* One variable of a job's environment; the first layer that has a name wins. The process
 * environment goes before all of these, and is the caller's to look at. */
typedef struct gni_variable {
  gn_str name, value;
  const char *origin; /* "metaData.modeToEnvMap", "teams.json: team.production.backfill", … */
} gni_variable;

typedef struct gni_environment_request {
  const gni_metadata *metadata; /* NULL: no conf */
  gn_str team;                  /* empty: the metadata's */
  gn_str context;               /* "production", "dev" */
  gn_str mode;                  /* "backfill", "upload", … */
} gni_environment_request;

/* GN_E_NOTFOUND for a team that teams.json does not have. */
int gni_environment(const gni_teams *teams, const gni_environment_request *request, gn_arena *arena,
                    gni_variable **out, size_t *count, gn_error *err);
/* The variable of a name among these; NULL. */
const gni_variable *gni_environment_find(const gni_variable *variables, size_t count,
                                         const char *name);

/* ---- documents ------------------------------------------------------------------------------- */

/* JSON Schema (2020-12) of a kind of definition. */
int gni_def_schema(int kind, gn_buf *out);
/* docs/reference/definitions.md. */
int gni_def_reference(gn_buf *out);

#endif
