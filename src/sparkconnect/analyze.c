/* What a server says of a plan without running it. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/answer.h"
#include "sparkconnect/message_json.h"
#include "sparkconnect/plan.h"
#include "sparkconnect/type_text.h"

typedef Spark__Connect__AnalyzePlanRequest analysis;

enum { SERVER_SESSION_FIELD = 15 }; /* of AnalyzePlanResponse */

/* Sends; the member of the answer's oneof with that number is cut out of `*answer` into `body`. */
static int analyze(sparkc_session *session, analysis *request, uint32_t member,
                   gni_grpc_message **answer, gn_str *body, sparkc_error *err)
{
  gni_proto_field field;
  sparkp_who who;
  SPARKP_SIGN(request, session, &who);
  int rc = sparkp_ask(session, "AnalyzePlan", &request->base, SERVER_SESSION_FIELD, answer, err);
  if (rc != SPARKC_OK) return rc;
  if (gni_proto_find((gn_str){(*answer)->ptr, (*answer)->len}, member, &field) == GN_OK &&
      field.type == GNI_PROTO_BYTES) {
    *body = field.bytes;
    return SPARKC_OK;
  }
  gni_grpc_message_unref(*answer);
  *answer = NULL;
  return sparkp_fail(err, SPARKC_E_UNSUPPORTED, "the server does not answer this question");
}

/* The same where the answer is one text, in field 1 of the member. */
static int analyze_text(sparkc_session *session, analysis *request, uint32_t member, char **out,
                        sparkc_error *err)
{
  gni_grpc_message *answer;
  gni_proto_field text;
  gn_str body;
  *out = NULL;
  int rc = analyze(session, request, member, &answer, &body, err);
  if (rc != SPARKC_OK) return rc;
  bool there = gni_proto_find(body, 1, &text) == GN_OK;
  rc = sparkp_text_out(session, there ? gni_proto_bytes(&text) : GN_STR(""), out, err);
  gni_grpc_message_unref(answer);
  return rc;
}

static int plan_of(const sparkc_dataframe *df, Spark__Connect__Plan *out, sparkc_error *err)
{
  spark__connect__plan__init(out);
  out->op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_ROOT;
  out->root = &df->relation->message.relation;
  return sparkp_node_check(df->relation, err);
}

int sparkc_session_version(sparkc_session *session, char **out, sparkc_error *err)
{
  analysis request = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__INIT;
  Spark__Connect__AnalyzePlanRequest__SparkVersion own =
      SPARK__CONNECT__ANALYZE_PLAN_REQUEST__SPARK_VERSION__INIT;
  pthread_mutex_lock(&session->lock);
  const char *known = session->version;
  pthread_mutex_unlock(&session->lock);
  if (known) return sparkp_text_out(session, gni_str(known), out, err);
  request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SPARK_VERSION;
  request.spark_version = &own;
  int rc = analyze_text(session, &request, 8, out, err);
  if (rc != SPARKC_OK) return rc;
  char *copy = NULL;
  if (sparkp_text_out(session, gni_str(*out), &copy, NULL) != SPARKC_OK) return SPARKC_OK;
  pthread_mutex_lock(&session->lock);
  bool first = session->version == NULL;
  if (first) session->version = copy;
  pthread_mutex_unlock(&session->lock);
  if (!first) sparkc_text_free(session, copy);
  return SPARKC_OK;
}

int sparkc_schema_tree(const sparkc_dataframe *df, char **out, sparkc_error *err)
{
  analysis request = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__INIT;
  Spark__Connect__AnalyzePlanRequest__TreeString own =
      SPARK__CONNECT__ANALYZE_PLAN_REQUEST__TREE_STRING__INIT;
  Spark__Connect__Plan plan;
  *out = NULL;
  int rc = plan_of(df, &plan, err);
  if (rc != SPARKC_OK) return rc;
  own.plan = &plan;
  request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_TREE_STRING;
  request.tree_string = &own;
  return analyze_text(df->session, &request, 4, out, err);
}

int sparkc_explain(const sparkc_dataframe *df, int mode, char **out, sparkc_error *err)
{
  analysis request = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__INIT;
  Spark__Connect__AnalyzePlanRequest__Explain own =
      SPARK__CONNECT__ANALYZE_PLAN_REQUEST__EXPLAIN__INIT;
  Spark__Connect__Plan plan;
  *out = NULL;
  if (mode < SPARKC_EXPLAIN_SIMPLE || mode > SPARKC_EXPLAIN_FORMATTED)
    return sparkp_fail(err, SPARKC_E_PLAN, "there is no explain mode %d", mode);
  int rc = plan_of(df, &plan, err);
  if (rc != SPARKC_OK) return rc;
  own.plan = &plan;
  own.has_explain_mode = true;
  own.explain_mode = (Spark__Connect__AnalyzePlanRequest__Explain__ExplainMode)mode;
  request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_EXPLAIN;
  request.explain = &own;
  return analyze_text(df->session, &request, 3, out, err);
}

int sparkc_schema_text(const sparkc_dataframe *df, char **out, sparkc_error *err)
{
  analysis request = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__INIT;
  Spark__Connect__AnalyzePlanRequest__Schema own =
      SPARK__CONNECT__ANALYZE_PLAN_REQUEST__SCHEMA__INIT;
  Spark__Connect__Plan plan;
  gni_grpc_message *answer;
  gni_proto_field type;
  gn_str body;
  gn_buf text;
  *out = NULL;
  int rc = plan_of(df, &plan, err);
  if (rc != SPARKC_OK) return rc;
  own.plan = &plan;
  request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_SCHEMA;
  request.schema = &own;
  rc = analyze(df->session, &request, 2, &answer, &body, err);
  if (rc != SPARKC_OK) return rc;
  gni_buf_init(&text, &df->session->alloc, SPARKP_TEXT_BYTES_MAX);
  bool there = gni_proto_find(body, 1, &type) == GN_OK;
  rc = sparkp_type_text(there ? gni_proto_bytes(&type) : GN_STR(""), &text, err);
  if (rc == SPARKC_OK) rc = sparkp_text_out(df->session, gni_buf_view(&text), out, err);
  gni_buf_deinit(&text);
  gni_grpc_message_unref(answer);
  return rc;
}

/* ---- any question, by the protocol's own names ----------------------------------------------- */

static int answer_json(sparkc_session *session, const gni_grpc_message *answer, char **out,
                       sparkc_error *err)
{
  gn_buf json;
  gni_buf_init(&json, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  int rc = sparkp_message_json((gn_str){answer->ptr, answer->len},
                               &spark__connect__analyze_plan_response__descriptor, &json);
  if (rc == GN_OK)
    rc = sparkp_text_out(session, gni_buf_view(&json), out, err);
  else if (rc == GN_E_CORRUPT)
    rc = sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is damaged");
  else
    rc = sparkp_nomem(err);
  gni_buf_deinit(&json);
  return rc;
}

int sparkc_analyze(sparkc_session *session, const char *type, const sparkc_field *fields,
                   size_t count, char **answer, sparkc_error *err)
{
  analysis request = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__INIT;
  sparkp_who who;
  gni_grpc_message *message = NULL;
  const sparkc_field question = {type, SPARKC_MESSAGE(fields, count)};
  *answer = NULL;
  sparkp_node *node =
      sparkp_node_new(&session->alloc, &spark__connect__relation__descriptor); /* for its arena */
  if (!node) return sparkp_nomem(err);
  int rc = sparkp_message_fill(node, &request.base, &question, 1, err);
  if (rc == SPARKC_OK) rc = sparkp_node_check(node, err);
  if (rc == SPARKC_OK) {
    SPARKP_SIGN(&request, session, &who);
    rc = sparkp_ask(session, "AnalyzePlan", &request.base, SERVER_SESSION_FIELD, &message, err);
  }
  if (rc == SPARKC_OK) {
    rc = answer_json(session, message, answer, err);
    gni_grpc_message_unref(message);
  }
  sparkp_node_unref(node);
  return rc;
}
