/* Commands: what they are, what they answer; SQL is one. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/message_json.h"
#include "sparkconnect/plan.h"
#include "sparkconnect/rows.h"

/* Runs a command to its end; `relation` and `answers` as sparkp_result_drain. */
static int run(sparkc_session *session, sparkp_node *command, const sparkc_execute_args *given,
               gn_buf *relation, gn_buf *answers, sparkc_error *err)
{
  const sparkc_execute_args args = sparkp_execute_args(given);
  Spark__Connect__Plan plan = SPARK__CONNECT__PLAN__INIT;
  sparkc_result *result;
  int rc = sparkp_node_check(command, err);
  if (rc != SPARKC_OK) return rc;
  plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
  plan.command = &command->message.command;
  rc = sparkp_result_open(session, &plan, &args, &result, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkp_result_drain(result, relation, answers, err);
  sparkc_result_close(result);
  return rc;
}

static int answers_out(sparkc_session *session, gn_str answers, char **out, sparkc_error *err)
{
  gn_buf json;
  gni_buf_init(&json, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  int rc = sparkp_message_json(answers, &spark__connect__execute_plan_response__descriptor, &json);
  if (rc == GN_OK)
    rc = sparkp_text_out(session, gni_buf_view(&json), out, err);
  else if (rc == GN_E_CORRUPT)
    rc = sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is damaged");
  else
    rc = sparkp_nomem(err);
  gni_buf_deinit(&json);
  return rc;
}

int sparkc_command_run(sparkc_session *session, const char *type, const sparkc_field *fields,
                       size_t count, const sparkc_execute_args *args, char **answer,
                       sparkc_error *err)
{
  sparkp_node *node;
  gn_buf relation, answers;
  if (answer) *answer = NULL;
  int rc = sparkp_command_make(&session->alloc, type, fields, count, &node, err);
  if (rc != SPARKC_OK) return rc;
  gni_buf_init(&relation, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  gni_buf_init(&answers, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  rc = run(session, node, args, &relation, &answers, err);
  if (rc == SPARKC_OK && answer) rc = answers_out(session, gni_buf_view(&answers), answer, err);
  gni_buf_deinit(&relation);
  gni_buf_deinit(&answers);
  sparkp_node_unref(node);
  return rc;
}

int sparkc_command(sparkc_session *session, const char *type, const sparkc_field *fields,
                   size_t count, char **answer, sparkc_error *err)
{
  return sparkc_command_run(session, type, fields, count, NULL, answer, err);
}

void sparkp_command_send(sparkc_session *session, const char *type, const sparkc_field *fields,
                         size_t count)
{
  Spark__Connect__ExecutePlanRequest request = SPARK__CONNECT__EXECUTE_PLAN_REQUEST__INIT;
  Spark__Connect__Plan plan = SPARK__CONNECT__PLAN__INIT;
  char id[SPARKC_UUID_BYTES];
  sparkp_who who;
  sparkp_node *node;
  if (sparkp_command_make(&session->alloc, type, fields, count, &node, NULL) != SPARKC_OK) return;
  if (sparkc_uuid(id, NULL) == SPARKC_OK) {
    SPARKP_SIGN(&request, session, &who);
    plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
    plan.command = &node->message.command;
    request.plan = &plan;
    request.operation_id = id;
    sparkp_send(session, "ExecutePlan", &request.base);
  }
  sparkp_node_unref(node);
}

/* ---- SQL ------------------------------------------------------------------------------------- */

/* A server that answers nothing means: ask for the query itself. */
static int answered(sparkc_session *session, const sparkc_dataframe *query, gn_str relation,
                    sparkc_dataframe **out, sparkc_error *err)
{
  sparkp_node *node = query->relation;
  int rc = SPARKC_OK;
  if (relation.len)
    rc = sparkp_relation_opaque(&session->alloc, relation, SPARKC_E_TRANSPORT, &node, err);
  else
    sparkp_node_ref(node);
  return sparkp_dataframe_wrap(session, rc, node, out, err);
}

int sparkc_sql_run(const sparkc_dataframe *query, const sparkc_execute_args *args,
                   sparkc_dataframe **out, sparkc_error *err)
{
  sparkc_session *session = query->session;
  const sparkc_field input = {"input", SPARKC_DATAFRAME(query)};
  sparkp_node *command;
  gn_buf relation;
  *out = NULL;
  int rc = sparkp_command_make(&session->alloc, "sql_command", &input, 1, &command, err);
  if (rc != SPARKC_OK) return rc;
  gni_buf_init(&relation, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  rc = run(session, command, args, &relation, NULL, err);
  if (rc == SPARKC_OK) rc = answered(session, query, gni_buf_view(&relation), out, err);
  gni_buf_deinit(&relation);
  sparkp_node_unref(command);
  return rc;
}

int sparkc_sql_with(sparkc_session *session, const char *sql, const sparkc_argument *arguments,
                    size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  sparkc_dataframe *query = NULL;
  gn_arena arena;
  size_t named = 0;
  *out = NULL;
  gni_arena_init(&arena, &session->alloc, SPARKP_REQUEST_ARENA_BYTES);
  sparkc_field *by_name = GN_TAKE(&arena, sparkc_field, count);
  sparkc_value *by_place = GN_TAKE(&arena, sparkc_value, count);
  int rc = by_name && by_place ? SPARKC_OK : sparkp_nomem(err);
  for (size_t i = 0; rc == SPARKC_OK && i < count; i++) {
    by_place[i] = (sparkc_value)SPARKC_COLUMN(arguments[i].value);
    by_name[i] = (sparkc_field){arguments[i].name, by_place[i]};
    named += arguments[i].name != NULL;
  }
  if (rc == SPARKC_OK && named && named != count)
    rc = sparkp_fail(err, SPARKC_E_PLAN, "arguments have all of them names, or none");
  if (rc == SPARKC_OK)
    rc = sparkc_relation(session, "sql",
                         SPARKP_FIELDS({"query", SPARKC_TEXT(sql)},
                                       {"named_arguments", SPARKC_MESSAGE(by_name, named)},
                                       {"pos_arguments", SPARKC_LIST(by_place, count - named)}),
                         &query, err);
  if (rc == SPARKC_OK) rc = sparkc_sql_run(query, NULL, out, err);
  for (size_t i = 0; i < count; i++) sparkc_column_free(arguments[i].value);
  sparkc_dataframe_free(query);
  gni_arena_deinit(&arena);
  return rc;
}

int sparkc_sql(sparkc_session *session, const char *sql, sparkc_dataframe **out, sparkc_error *err)
{
  return sparkc_sql_with(session, sql, NULL, 0, out, err);
}
