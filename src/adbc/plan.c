/* Plans that another client encoded. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"
#include "wire/proto.h"

/* Numbers of fields: of a Plan, of a Command, of a SqlCommand. */
enum { PLAN_ROOT = 1, PLAN_COMMAND = 2, COMMAND_SQL = 5, SQL_INPUT = 6 };

static int no_plan(sparkc_error *err)
{
  return adbcp_say(err, SPARKC_E_PLAN, "the bytes are no serialised spark.connect.Plan");
}

/* The message in a field of another: GN_ABSENT when there is none. */
static int find(gn_str message, uint32_t number, gn_str *out, sparkc_error *err)
{
  gni_proto_field field;
  *out = (gn_str){NULL, 0};
  int rc = gni_proto_find(message, number, &field);
  if (rc == GN_ABSENT) return rc;
  if (rc != GN_OK || field.type != GNI_PROTO_BYTES) return no_plan(err);
  *out = field.bytes;
  return SPARKC_OK;
}

/* What PySpark's sql() sends: the text is run now, as its rows are asked for later. */
static int run_sql(adbcp_operation *op, gn_str command, const sparkc_execute_args *args,
                   sparkc_dataframe **out, sparkc_error *err)
{
  sparkc_dataframe *query = NULL;
  gn_str sql, input = {NULL, 0};
  int rc = find(command, COMMAND_SQL, &sql, err);
  if (rc == SPARKC_OK) rc = find(sql, SQL_INPUT, &input, err);
  if (rc == GN_ABSENT)
    return adbcp_say(err, SPARKC_E_UNSUPPORTED,
                     "of the commands, a plan may only be one that runs SQL");
  if (rc == SPARKC_OK)
    rc = sparkc_relation_decode(op->link->session, input.ptr, input.len, &query, err);
  if (rc == SPARKC_OK) rc = adbcp_operation_sql(op, query, args, out, err);
  sparkc_dataframe_free(query);
  return rc;
}

int adbcp_plan_frame(adbcp_operation *op, const void *bytes, size_t size,
                     const sparkc_execute_args *args, sparkc_dataframe **out, sparkc_error *err)
{
  const gn_str plan = {bytes, size};
  gn_str part;
  *out = NULL;
  int rc = find(plan, PLAN_ROOT, &part, err);
  if (rc == SPARKC_OK)
    return sparkc_relation_decode(op->link->session, part.ptr, part.len, out, err);
  if (rc == GN_ABSENT) rc = find(plan, PLAN_COMMAND, &part, err);
  if (rc == SPARKC_OK) return run_sql(op, part, args, out, err);
  return rc == GN_ABSENT ? no_plan(err) : rc;
}
