/* Catalogs, streams, models and pipelines. SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/experimental.h>

#include <stdio.h>

#include "data/data.h"
#include "sparkconnect/lists.h"
#include "wire/wire.h"

enum { ANSWER_DEPTH_MAX = 32 };

/* ---- the catalog ----------------------------------------------------------------------------- */

int sparkc_catalog(sparkc_session *session, const char *question, const sparkc_field *fields,
                   size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  const sparkc_field one = {question, SPARKC_MESSAGE(fields, count)};
  return sparkc_relation(session, "catalog", &one, 1, out, err);
}

/* The one cell of an answer: a text, a boolean, or none. */
static int cell_text(sparkc_session *session, const struct ArrowSchema *schema,
                     const struct ArrowArray *batch, char **out, sparkc_error *err)
{
  if (!batch->release || batch->length != 1 || batch->n_children != 1) return SPARKC_OK;
  const struct ArrowArray *cell = batch->children[0];
  const char *format = schema->children[0]->format;
  if (cell->null_count != 0 || cell->offset != 0) return SPARKC_OK;
  if (strcmp(format, "b") == 0) {
    bool yes = *(const uint8_t *)cell->buffers[1] & 1;
    return sparkp_text_out(session, yes ? GN_STR("true") : GN_STR("false"), out, err);
  }
  if (strcmp(format, "u") != 0) return SPARKC_OK;
  const int32_t *ends = cell->buffers[1];
  const char *text = cell->buffers[2];
  return sparkp_text_out(session, (gn_str){text + ends[0], (size_t)(ends[1] - ends[0])}, out, err);
}

int sparkc_catalog_ask(sparkc_session *session, const char *question, const sparkc_field *fields,
                       size_t count, char **out, sparkc_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowArray batch = {.release = NULL}, rest = {.release = NULL};
  sparkc_dataframe *df;
  sparkc_result *result = NULL;
  if (out) *out = NULL;
  int rc = sparkc_catalog(session, question, fields, count, &df, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_execute(df, NULL, &result, err);
  if (rc == SPARKC_OK) rc = sparkc_result_schema(result, &schema, err);
  if (rc == SPARKC_OK) rc = sparkc_result_next(result, &batch, err);
  if (rc == SPARKC_OK && out) rc = cell_text(session, &schema, &batch, out, err);
  /* To the end, so that the server may forget the operation. */
  if (rc == SPARKC_OK && sparkc_result_next(result, &rest, NULL) == SPARKC_OK)
    gni_array_close(&rest);
  gni_array_close(&batch);
  gni_schema_close(&schema);
  sparkc_result_close(result);
  sparkc_dataframe_free(df);
  return rc;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The answer of a command as a tree; the member that answers it, or NULL. */
static const gni_json *member_of(const char *answer, const char *member, gn_arena *arena)
{
  const gni_json *tree;
  if (!answer || gni_json_parse(gni_str(answer), ANSWER_DEPTH_MAX, arena, &tree, NULL) != GN_OK)
    return NULL;
  return gni_json_member(tree, member);
}

static void copy_text(const gni_json *object, const char *member, char *out, size_t size)
{
  const gni_json *node = object ? gni_json_member(object, member) : NULL;
  out[0] = '\0';
  if (node && node->kind == GNI_JSON_TEXT) snprintf(out, size, "%.*s", GN_STR_ARGS(node->text));
}

/* {"id":…,"run_id":…} beside a name */
static void copy_query(const gni_json *id, const gni_json *named, sparkc_stream_query *out)
{
  copy_text(id, "id", out->id, sizeof out->id);
  copy_text(id, "run_id", out->run_id, sizeof out->run_id);
  copy_text(named, "name", out->name, sizeof out->name);
}

static int no_answer(sparkc_error *err)
{
  return sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is not one of a stream");
}

/* ---- streams --------------------------------------------------------------------------------- */

/* The fields of a start; lists are of `own`. */
static size_t start_fields(const sparkc_dataframe *df, const sparkc_stream_args *args,
                           sparkp_lists *own, sparkc_field out[static 12])
{
  sparkc_value none = {.kind = SPARKC_VALUE_NONE};
  sparkc_value yes = SPARKC_INT(1);
  const sparkc_field fields[] = {
      {"input", SPARKC_DATAFRAME(df)},
      {"format", SPARKC_TEXT(args->format)},
      {"options", sparkp_map_options(own, args->options, args->option_count)},
      {"partitioning_column_names",
       sparkp_list_texts(own, args->partition_by, args->partition_count)},
      {"processing_time_interval", SPARKC_TEXT(args->every)},
      {"continuous_checkpoint_interval", SPARKC_TEXT(args->continuous)},
      {"available_now", args->available_now ? yes : none},
      {"once", args->once ? yes : none},
      {"output_mode", SPARKC_TEXT(args->output_mode)},
      {"query_name", SPARKC_TEXT(args->name)},
      {"path", SPARKC_TEXT(args->path)},
      {"table_name", SPARKC_TEXT(args->table)},
  };
  memcpy(out, fields, sizeof fields);
  return sizeof fields / sizeof *fields;
}

int sparkc_stream_start(const sparkc_dataframe *df, const sparkc_stream_args *given,
                        sparkc_stream_query *out, sparkc_error *err)
{
  sparkc_stream_args args = {0};
  sparkc_field fields[12];
  sparkp_lists own;
  char *answer = NULL;
  *out = (sparkc_stream_query){.id = ""};
  memcpy(&args, given, given->struct_size < sizeof args ? given->struct_size : sizeof args);
  if ((args.every != NULL) + (args.continuous != NULL) + (args.available_now != 0) +
          (args.once != 0) >
      1)
    return sparkp_fail(err, SPARKC_E_PLAN, "a stream has one trigger");
  sparkp_lists_begin(&own, df->session);
  size_t count = start_fields(df, &args, &own, fields);
  int rc = own.whole ? sparkc_command(df->session, "write_stream_operation_start", fields, count,
                                      &answer, err)
                     : sparkp_nomem(err);
  if (rc == SPARKC_OK) {
    const gni_json *started = member_of(answer, "write_stream_operation_start_result", &own.arena);
    const gni_json *id = started ? gni_json_member(started, "query_id") : NULL;
    if (id)
      copy_query(id, started, out);
    else
      rc = no_answer(err);
  }
  sparkc_text_free(df->session, answer);
  sparkp_lists_end(&own);
  return rc;
}

static int tell(sparkc_session *session, const sparkc_stream_query *query, sparkc_field command,
                char **answer, sparkc_error *err)
{
  const sparkc_field id[] = {{"id", SPARKC_TEXT(query->id)},
                             {"run_id", SPARKC_TEXT(query->run_id)}};
  const sparkc_field fields[] = {{"query_id", SPARKC_MESSAGE(id, 2)}, command};
  return sparkc_command(session, "streaming_query_command", fields, 2, answer, err);
}

int sparkc_stream_tell(sparkc_session *session, const sparkc_stream_query *query,
                       const char *command, char **answer, sparkc_error *err)
{
  gn_arena arena;
  char *whole = NULL;
  if (answer) *answer = NULL;
  int rc = tell(session, query, (sparkc_field){command, SPARKC_INT(1)}, &whole, err);
  if (rc != SPARKC_OK || !answer) {
    sparkc_text_free(session, whole);
    return rc;
  }
  gni_arena_init(&arena, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  const gni_json *result = member_of(whole, "streaming_query_command_result", &arena);
  gn_buf text;
  gni_buf_init(&text, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  if (!result)
    rc = no_answer(err);
  else if (gni_json_write(result, &text) != GN_OK)
    rc = sparkp_nomem(err);
  else
    rc = sparkp_text_out(session, gni_buf_view(&text), answer, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  sparkc_text_free(session, whole);
  return rc;
}

int sparkc_stream_await(sparkc_session *session, const sparkc_stream_query *query,
                        int64_t timeout_ms, int32_t *ended, sparkc_error *err)
{
  const sparkc_field timeout = {"timeout_ms", SPARKC_INT(timeout_ms)};
  const sparkc_field await = {"await_termination", SPARKC_MESSAGE(&timeout, timeout_ms > 0)};
  gn_arena arena;
  char *answer = NULL;
  *ended = 0;
  int rc = tell(session, query, await, &answer, err);
  if (rc != SPARKC_OK) return rc;
  gni_arena_init(&arena, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  const gni_json *node = member_of(answer, "streaming_query_command_result", &arena);
  if (node) node = gni_json_member(node, "await_termination");
  if (node) node = gni_json_member(node, "terminated");
  *ended = node && node->kind == GNI_JSON_BOOLEAN && node->boolean;
  gni_arena_deinit(&arena);
  sparkc_text_free(session, answer);
  return SPARKC_OK;
}

int sparkc_stream_list(sparkc_session *session, sparkc_stream_query *out, size_t room,
                       size_t *count, sparkc_error *err)
{
  const sparkc_field active = {"active", SPARKC_INT(1)};
  gn_arena arena;
  char *answer = NULL;
  *count = 0;
  int rc = sparkc_command(session, "streaming_query_manager_command", &active, 1, &answer, err);
  if (rc != SPARKC_OK) return rc;
  gni_arena_init(&arena, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  const gni_json *node = member_of(answer, "streaming_query_manager_command_result", &arena);
  if (node) node = gni_json_member(node, "active");
  if (node) node = gni_json_member(node, "active_queries");
  for (size_t i = 0; node && node->kind == GNI_JSON_LIST && i < node->list.count; i++) {
    const gni_json *query = &node->list.items[i];
    if (i < room) copy_query(gni_json_member(query, "id"), query, &out[i]);
    ++*count;
  }
  gni_arena_deinit(&arena);
  sparkc_text_free(session, answer);
  return SPARKC_OK;
}

/* ---- models and pipelines -------------------------------------------------------------------- */

int sparkc_ml(sparkc_session *session, const char *command, const sparkc_field *fields,
              size_t count, char **answer, sparkc_error *err)
{
  const sparkc_field one = {command, SPARKC_MESSAGE(fields, count)};
  return sparkc_command(session, "ml_command", &one, 1, answer, err);
}

int sparkc_pipeline(sparkc_session *session, const char *command, const sparkc_field *fields,
                    size_t count, char **answer, sparkc_error *err)
{
  const sparkc_field one = {command, SPARKC_MESSAGE(fields, count)};
  return sparkc_command(session, "pipeline_command", &one, 1, answer, err);
}
