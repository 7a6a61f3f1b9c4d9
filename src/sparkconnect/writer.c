/* What stays on the server. SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/writer.h>

#include "sparkconnect/lists.h"
#include "wire/wire.h"

enum { ANSWER_DEPTH_MAX = 16 };

/* A word of the user's as a member of the protocol's enum; NULL, with an error, for another. */
typedef struct word {
  const char *word, *member;
} word;

static int member_of(const word *words, size_t count, const char *given, const char *what,
                     const char **out, sparkc_error *err)
{
  gn_str known[16];
  *out = NULL;
  for (size_t i = 0; i < count; i++) {
    known[i] = gni_str(words[i].word);
    if (given && strcmp(words[i].word, given) == 0) *out = words[i].member;
  }
  if (*out) return SPARKC_OK;
  gn_str near = gni_nearest(gni_str(given), known, count);
  if (near.len) sparkp_hint(err, "did you mean %.*s?", GN_STR_ARGS(near));
  return sparkp_fail(err, SPARKC_E_PLAN, "there is no %s called %.32s", what,
                     given ? given : "NULL");
}

#define MEMBER(words, given, what, out)                                                            \
  member_of((words), sizeof(words) / sizeof *(words), (given), (what), (out), err)

/* ---- files and tables ------------------------------------------------------------------------ */

static const word save_modes[] = {{"append", "SAVE_MODE_APPEND"},
                                  {"overwrite", "SAVE_MODE_OVERWRITE"},
                                  {"error", "SAVE_MODE_ERROR_IF_EXISTS"},
                                  {"errorifexists", "SAVE_MODE_ERROR_IF_EXISTS"},
                                  {"ignore", "SAVE_MODE_IGNORE"}};

static sparkc_value message_or_none(bool wanted, const sparkc_field *fields, size_t count)
{
  sparkc_value none = {.kind = SPARKC_VALUE_NONE};
  return wanted ? (sparkc_value)SPARKC_MESSAGE(fields, count) : none;
}

int sparkc_write(const sparkc_dataframe *df, const sparkc_write_args *given, sparkc_error *err)
{
  sparkc_write_args args = {0};
  sparkp_lists own;
  const char *mode = NULL;
  memcpy(&args, given, given->struct_size < sizeof args ? given->struct_size : sizeof args);
  if (args.path && args.table)
    return sparkp_fail(err, SPARKC_E_PLAN, "rows go to a path or to a table, not to both");
  int rc = args.mode ? MEMBER(save_modes, args.mode, "mode", &mode) : SPARKC_OK;
  if (rc != SPARKC_OK) return rc;
  sparkp_lists_begin(&own, df->session);
  const sparkc_field table[] = {
      {"table_name", SPARKC_TEXT(args.table)},
      {"save_method", SPARKC_TEXT(args.insert ? "TABLE_SAVE_METHOD_INSERT_INTO"
                                              : "TABLE_SAVE_METHOD_SAVE_AS_TABLE")}};
  const sparkc_field buckets[] = {
      {"bucket_column_names", sparkp_list_texts(&own, args.bucket_by, args.bucket_columns)},
      {"num_buckets", SPARKC_INT(args.buckets)}};
  const sparkc_field fields[] = {
      {"input", SPARKC_DATAFRAME(df)},
      {"source", SPARKC_TEXT(args.format)},
      {"path", SPARKC_TEXT(args.path)},
      {"table", message_or_none(args.table != NULL, table, 2)},
      {"mode", SPARKC_TEXT(mode)},
      {"sort_column_names", sparkp_list_texts(&own, args.sort_by, args.sort_count)},
      {"partitioning_columns", sparkp_list_texts(&own, args.partition_by, args.partition_count)},
      {"bucket_by", message_or_none(args.bucket_columns > 0, buckets, 2)},
      {"options", sparkp_map_options(&own, args.options, args.option_count)},
      {"clustering_columns", sparkp_list_texts(&own, args.cluster_by, args.cluster_count)},
  };
  rc = own.whole ? sparkc_command(df->session, "write_operation", fields,
                                  sizeof fields / sizeof *fields, NULL, err)
                 : sparkp_nomem(err);
  sparkp_lists_end(&own);
  return rc;
}

static const word table_modes[] = {
    {"create", "MODE_CREATE"},       {"append", "MODE_APPEND"},
    {"overwrite", "MODE_OVERWRITE"}, {"overwrite_partitions", "MODE_OVERWRITE_PARTITIONS"},
    {"replace", "MODE_REPLACE"},     {"create_or_replace", "MODE_CREATE_OR_REPLACE"}};

int sparkc_write_table(const sparkc_dataframe *df, const char *table,
                       const sparkc_write_table_args *given, sparkc_error *err)
{
  sparkc_write_table_args args = {0};
  sparkp_lists own;
  const char *mode = NULL;
  memcpy(&args, given, given->struct_size < sizeof args ? given->struct_size : sizeof args);
  int rc = MEMBER(table_modes, args.mode, "mode", &mode);
  sparkp_lists_begin(&own, df->session);
  const sparkc_field fields[] = {
      {"input", SPARKC_DATAFRAME(df)},
      {"table_name", SPARKC_TEXT(table)},
      {"provider", SPARKC_TEXT(args.provider)},
      {"partitioning_columns", sparkp_list_columns(&own, args.partition_by, args.partition_count)},
      {"options", sparkp_map_options(&own, args.options, args.option_count)},
      {"table_properties", sparkp_map_options(&own, args.properties, args.property_count)},
      {"mode", SPARKC_TEXT(mode)},
      {"overwrite_condition", SPARKC_COLUMN(args.condition)},
      {"clustering_columns", sparkp_list_texts(&own, args.cluster_by, args.cluster_count)},
  };
  if (rc == SPARKC_OK)
    rc = own.whole ? sparkc_command(df->session, "write_operation_v2", fields,
                                    sizeof fields / sizeof *fields, NULL, err)
                   : sparkp_nomem(err);
  sparkp_lists_end(&own);
  sparkp_columns_free(args.partition_by, args.partition_count);
  sparkc_column_free(args.condition);
  return rc;
}

/* ---- merging --------------------------------------------------------------------------------- */

static const word actions[] = {{"delete", "ACTION_TYPE_DELETE"},
                               {"update", "ACTION_TYPE_UPDATE"},
                               {"update_star", "ACTION_TYPE_UPDATE_STAR"},
                               {"insert", "ACTION_TYPE_INSERT"},
                               {"insert_star", "ACTION_TYPE_INSERT_STAR"}};

/* An action as the expression it is in the protocol; its columns are let go of by free_actions. */
static sparkc_column *merge_action(sparkp_lists *own, const sparkc_merge_action *action,
                                   const char *type)
{
  sparkc_value *assignments = sparkp_list_room(own, action->count);
  sparkc_field(*pairs)[2] = gni_arena_take(&own->arena, gni_size_mul(action->count, sizeof *pairs));
  own->whole &= pairs != NULL;
  for (size_t i = 0; own->whole && i < action->count; i++) {
    pairs[i][0] = (sparkc_field){"key", SPARKC_COLUMN(action->keys[i])};
    pairs[i][1] = (sparkc_field){"value", SPARKC_COLUMN(action->values[i])};
    assignments[i] = (sparkc_value)SPARKC_MESSAGE(pairs[i], 2);
  }
  const sparkc_field fields[] = {{"action_type", SPARKC_TEXT(type)},
                                 {"condition", SPARKC_COLUMN(action->condition)},
                                 {"assignments", SPARKC_LIST(assignments, action->count)}};
  return own->whole ? sparkc_expression("merge_action", fields, 3) : NULL;
}

static sparkc_value merge_actions(sparkp_lists *own, const sparkc_merge_action *list, size_t count,
                                  sparkc_error *err)
{
  sparkc_column **made = GN_TAKE_ZERO(&own->arena, sparkc_column *, count);
  own->whole &= made != NULL;
  for (size_t i = 0; own->whole && i < count; i++) {
    const char *type;
    if (MEMBER(actions, list[i].action, "action", &type) != SPARKC_OK) break;
    made[i] = merge_action(own, &list[i], type);
  }
  return sparkp_list_columns(own, made, own->whole ? count : 0);
}

/* The expressions that merge_actions made. */
static void free_made(const sparkc_value *list)
{
  for (size_t i = 0; i < list->count; i++)
    sparkc_column_free(sparkp_node_shared(list->as.items[i].as.column));
}

static void free_actions(const sparkc_merge_action *list, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    sparkc_column_free(list[i].condition);
    sparkp_columns_free(list[i].keys, list[i].count);
    sparkp_columns_free(list[i].values, list[i].count);
  }
}

int sparkc_merge(const sparkc_dataframe *source, const char *table, const sparkc_merge_args *given,
                 sparkc_error *err)
{
  sparkc_merge_args args = {0};
  sparkc_error why = {0};
  sparkp_lists own;
  memcpy(&args, given, given->struct_size < sizeof args ? given->struct_size : sizeof args);
  sparkp_lists_begin(&own, source->session);
  const sparkc_value lists[] = {
      merge_actions(&own, args.matched, args.matched_count, &why),
      merge_actions(&own, args.not_matched, args.not_matched_count, &why),
      merge_actions(&own, args.not_matched_by_source, args.not_matched_by_source_count, &why)};
  const sparkc_field fields[] = {{"target_table_name", SPARKC_TEXT(table)},
                                 {"source_table_plan", SPARKC_DATAFRAME(source)},
                                 {"merge_condition", SPARKC_COLUMN(args.on)},
                                 {"match_actions", lists[0]},
                                 {"not_matched_actions", lists[1]},
                                 {"not_matched_by_source_actions", lists[2]},
                                 {"with_schema_evolution", SPARKC_INT(args.evolve_schema != 0)}};
  int rc = own.whole ? why.code : sparkp_nomem(&why);
  if (rc == SPARKC_OK)
    rc = sparkc_command(source->session, "merge_into_table_command", fields, 7, NULL, &why);
  for (int i = 0; i < 3; i++) free_made(&lists[i]);
  sparkp_lists_end(&own);
  sparkc_column_free(args.on);
  free_actions(args.matched, args.matched_count);
  free_actions(args.not_matched, args.not_matched_count);
  free_actions(args.not_matched_by_source, args.not_matched_by_source_count);
  return rc == SPARKC_OK ? rc : sparkp_error_move(&why, err);
}

/* ---- views and checkpoints ------------------------------------------------------------------- */

int sparkc_create_view(const sparkc_dataframe *df, const char *name, int32_t replace,
                       int32_t global, sparkc_error *err)
{
  const sparkc_field fields[] = {{"input", SPARKC_DATAFRAME(df)},
                                 {"name", SPARKC_TEXT(name)},
                                 {"is_global", SPARKC_INT(global != 0)},
                                 {"replace", SPARKC_INT(replace != 0)}};
  return sparkc_command(df->session, "create_dataframe_view", fields, 4, NULL, err);
}

/* The id in {"checkpoint_command_result":{"relation":{"relation_id":"…"}}}. */
static const char *relation_id(const char *answer, gn_arena *arena)
{
  static const char *const path[] = {"checkpoint_command_result", "relation", "relation_id"};
  const gni_json *node = NULL;
  if (gni_json_parse(gni_str(answer), ANSWER_DEPTH_MAX, arena, &node, NULL) != GN_OK) return NULL;
  for (size_t i = 0; node && i < sizeof path / sizeof *path; i++)
    node = gni_json_member(node, path[i]);
  return node && node->kind == GNI_JSON_TEXT ? gni_str_take(arena, node->text).ptr : NULL;
}

/* The rows are freed on the server when nobody here can ask for them any more. */
static void forget(void *user, const sparkp_node *node)
{
  sparkc_session *session = user;
  const char *id = node->message.relation.cached_remote_relation->relation_id;
  const sparkc_field relation = {"relation_id", SPARKC_TEXT(id)};
  const sparkc_field fields = {"relation", SPARKC_MESSAGE(&relation, 1)};
  sparkp_command_send(session, "remove_cached_remote_relation_command", &fields, 1);
  sparkp_session_unref(session);
}

int sparkc_checkpoint(const sparkc_dataframe *df, int32_t local, int32_t eager,
                      sparkc_dataframe **out, sparkc_error *err)
{
  const sparkc_field fields[] = {{"relation", SPARKC_DATAFRAME(df)},
                                 {"local", SPARKC_INT(local != 0)},
                                 {"eager", SPARKC_INT(eager != 0)}};
  sparkp_lists own;
  char *answer = NULL;
  *out = NULL;
  int rc = sparkc_command(df->session, "checkpoint_command", fields, 3, &answer, err);
  if (rc != SPARKC_OK) return rc;
  sparkp_lists_begin(&own, df->session);
  const char *id = relation_id(answer, &own.arena);
  const sparkc_field relation = {"relation_id", SPARKC_TEXT(id)};
  rc = id ? sparkc_relation(df->session, "cached_remote_relation", &relation, 1, out, err)
          : sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer names no checkpoint");
  if (rc == SPARKC_OK) {
    sparkp_session_ref(df->session);
    (*out)->relation->ended = forget;
    (*out)->relation->ended_user = df->session;
  }
  sparkp_lists_end(&own);
  sparkc_text_free(df->session, answer);
  return rc;
}
