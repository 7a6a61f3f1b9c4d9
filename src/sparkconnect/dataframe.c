/* Data frames, and what they are asked. SPDX-License-Identifier: Apache-2.0 */
#include "data/ipc.h"
#include "sparkconnect/answer.h"
#include "sparkconnect/plan.h"
#include "sparkconnect/rows.h"

/* ---- making ---------------------------------------------------------------------------------- */

int sparkp_dataframe_new(sparkc_session *session, sparkp_node *relation, sparkc_dataframe **out,
                         sparkc_error *err)
{
  *out = gni_alloc(&session->alloc, sizeof **out);
  if (!*out) {
    sparkp_node_unref(relation);
    return sparkp_nomem(err);
  }
  **out = (sparkc_dataframe){session, relation};
  sparkp_session_ref(session);
  return SPARKC_OK;
}

void sparkc_dataframe_free(sparkc_dataframe *df)
{
  if (!df) return;
  sparkc_session *session = df->session;
  sparkp_node_unref(df->relation);
  gni_free(&session->alloc, df, sizeof *df);
  sparkp_session_unref(session);
}

int sparkp_dataframe_wrap(sparkc_session *session, int rc, sparkp_node *relation,
                          sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  return rc == SPARKC_OK ? sparkp_dataframe_new(session, relation, out, err) : rc;
}

int sparkp_dataframe_make(sparkc_session *session, const char *type, const sparkc_field *fields,
                          size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  sparkp_node *node;
  int rc = sparkp_relation_make(&session->alloc, type, fields, count, &node, err);
  return sparkp_dataframe_wrap(session, rc, node, out, err);
}

int sparkc_relation_decode(sparkc_session *session, const void *bytes, size_t size,
                           sparkc_dataframe **out, sparkc_error *err)
{
  sparkp_node *node;
  int rc =
      sparkp_relation_opaque(&session->alloc, (gn_str){bytes, size}, SPARKC_E_PLAN, &node, err);
  return sparkp_dataframe_wrap(session, rc, node, out, err);
}

/* A node's message, into room that the caller has. */
static int encode(const sparkp_node *node, void *out, size_t room, size_t *size, sparkc_error *err)
{
  const ProtobufCMessage *message = &node->message.base;
  int rc = sparkp_node_check(node, err);
  *size = rc == SPARKC_OK ? protobuf_c_message_get_packed_size(message) : 0;
  if (rc != SPARKC_OK || !out) return rc;
  if (*size > room)
    return sparkp_fail(err, SPARKC_E_LIMIT, "the message has %zu bytes, and there is room for %zu",
                       *size, room);
  protobuf_c_message_pack(message, out);
  return SPARKC_OK;
}

int sparkc_relation_encode(const sparkc_dataframe *df, void *out, size_t room, size_t *size,
                           sparkc_error *err)
{
  return encode(df->relation, out, room, size, err);
}

int sparkc_command_encode(sparkc_session *session, const char *type, const sparkc_field *fields,
                          size_t count, void *out, size_t room, size_t *size, sparkc_error *err)
{
  sparkp_node *node;
  *size = 0;
  int rc = sparkp_command_make(&session->alloc, type, fields, count, &node, err);
  if (rc != SPARKC_OK) return rc;
  rc = encode(node, out, room, size, err);
  sparkp_node_unref(node);
  return rc;
}

int64_t sparkc_plan_id(const sparkc_dataframe *df)
{
  return df->relation->common.plan_id;
}

/* ---- asking for rows ------------------------------------------------------------------------- */

sparkc_execute_args sparkp_execute_args(const sparkc_execute_args *given)
{
  sparkc_execute_args args = {.struct_size = sizeof args};
  size_t size = given ? given->struct_size : 0;
  if (size > sizeof args) size = sizeof args;
  if (size) memcpy(&args, given, size);
  return args;
}

static int open_result(sparkc_session *session, sparkp_node *relation,
                       const sparkc_execute_args *given, sparkc_result **out, sparkc_error *err)
{
  Spark__Connect__Plan plan = SPARK__CONNECT__PLAN__INIT;
  const sparkc_execute_args args = sparkp_execute_args(given);
  *out = NULL;
  int rc = sparkp_node_check(relation, err);
  if (rc != SPARKC_OK) return rc;
  plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_ROOT;
  plan.root = &relation->message.relation;
  return sparkp_result_open(session, &plan, &args, out, err);
}

int sparkc_execute(const sparkc_dataframe *df, const sparkc_execute_args *args, sparkc_result **out,
                   sparkc_error *err)
{
  return open_result(df->session, df->relation, args, out, err);
}

int sparkc_collect(const sparkc_dataframe *df, const sparkc_execute_args *args,
                   struct ArrowArrayStream *out, sparkc_error *err)
{
  sparkc_result *result;
  *out = (struct ArrowArrayStream){.release = NULL};
  int rc = sparkc_execute(df, args, &result, err);
  return rc == SPARKC_OK ? sparkc_result_to_stream(result, out, err) : rc;
}

/* The first cell of the first row of a data frame that gives one, which is taken over. The batch is
 * the caller's to release, and holds the cell. */
static int one_cell(sparkc_dataframe *df, const char *format, struct ArrowArray *batch,
                    sparkc_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  sparkc_result *result;
  *batch = (struct ArrowArray){.release = NULL};
  int rc = sparkc_execute(df, NULL, &result, err);
  sparkc_dataframe_free(df);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_result_schema(result, &schema, err);
  if (rc == SPARKC_OK) rc = sparkc_result_next(result, batch, err);
  bool fits = rc == SPARKC_OK && batch->release && batch->length == 1 && batch->n_children == 1 &&
              batch->children[0]->null_count == 0 && batch->children[0]->offset == 0 &&
              schema.n_children == 1 && strcmp(schema.children[0]->format, format) == 0;
  if (rc == SPARKC_OK && !fits) {
    gni_array_close(batch);
    rc = sparkp_fail(err, SPARKC_E_TRANSPORT,
                     "the server's answer is not the one cell it should be");
  }
  /* To the end, so that the server may forget the operation. */
  struct ArrowArray rest = {.release = NULL};
  if (rc == SPARKC_OK && sparkc_result_next(result, &rest, NULL) == SPARKC_OK)
    gni_array_close(&rest);
  gni_schema_close(&schema);
  sparkc_result_close(result);
  return rc;
}

int sparkc_count(const sparkc_dataframe *df, int64_t *rows, sparkc_error *err)
{
  struct ArrowArray batch;
  sparkc_dataframe *counted;
  sparkc_column *one = sparkc_lit_int(1);
  sparkc_column *count = sparkc_call("count", &one, 1);
  *rows = 0;
  int rc = sparkc_group_by(df, NULL, 0, &count, 1, &counted, err);
  if (rc == SPARKC_OK) rc = one_cell(counted, "l", &batch, err);
  if (rc != SPARKC_OK) return rc;
  *rows = ((const int64_t *)batch.children[0]->buffers[1])[0];
  gni_array_close(&batch);
  return SPARKC_OK;
}

int sparkc_show(const sparkc_dataframe *df, int32_t rows, int32_t truncate, int32_t vertical,
                char **out, sparkc_error *err)
{
  struct ArrowArray batch;
  sparkc_dataframe *shown;
  *out = NULL;
  int rc = sparkp_dataframe_make(
      df->session, "show_string",
      SPARKP_FIELDS({"input", SPARKC_DATAFRAME(df)}, {"num_rows", SPARKC_INT(rows)},
                    {"truncate", SPARKC_INT(truncate)}, {"vertical", SPARKC_INT(vertical != 0)}),
      &shown, err);
  if (rc == SPARKC_OK) rc = one_cell(shown, "u", &batch, err);
  if (rc != SPARKC_OK) return rc;
  const int32_t *offsets = batch.children[0]->buffers[1];
  const char *text = batch.children[0]->buffers[2];
  rc = sparkp_text_out(df->session, (gn_str){text + offsets[0], (size_t)(offsets[1] - offsets[0])},
                       out, err);
  gni_array_close(&batch);
  return rc;
}
