/* Relations that begin a plan: SQL, numbers, rows of this process. SPDX-License-Identifier:
 * Apache-2.0 */
#include "sparkconnect/plan.h"

/* Ends the making of a node: gives it out, or lets it go when a part found no memory. */
static int finish(sparkp_relation *relation, bool whole, sparkp_relation **out, sparkc_error *err)
{
  *out = whole ? relation : NULL;
  if (whole) return SPARKC_OK;
  sparkp_relation_unref(relation);
  return sparkp_nomem(err);
}

int sparkp_plan_sql(const gn_alloc *alloc, const char *sql, sparkp_relation **out,
                    sparkc_error *err)
{
  sparkp_relation *node = sparkp_relation_new(alloc);
  Spark__Connect__SQL *own = node ? SPARKP_TAKE(node, SQL, sql) : NULL;
  if (own) {
    own->query = sparkp_take_text(&node->arena, sql);
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SQL;
    node->message.sql = own;
  }
  return finish(node, own && own->query, out, err);
}

int sparkp_plan_range(const gn_alloc *alloc, int64_t start, int64_t end, int64_t step,
                      int32_t partitions, sparkp_relation **out, sparkc_error *err)
{
  *out = NULL;
  if (step == 0) return sparkp_fail(err, SPARKC_E_PLAN, "a range has a step other than 0");
  if (partitions < 0) return sparkp_fail(err, SPARKC_E_PLAN, "a range has no negative partitions");
  sparkp_relation *node = sparkp_relation_new(alloc);
  Spark__Connect__Range *own = node ? SPARKP_TAKE(node, Range, range) : NULL;
  if (own) {
    own->has_start = true;
    own->start = start;
    own->has_end = end != 0;
    own->end = end;
    own->has_step = true;
    own->step = step;
    own->has_num_partitions = partitions != 0;
    own->num_partitions = partitions;
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_RANGE;
    node->message.range = own;
  }
  return finish(node, own != NULL, out, err);
}

int sparkp_plan_local(const gn_alloc *alloc, gn_str arrow_ipc, const char *schema,
                      sparkp_relation **out, sparkc_error *err)
{
  sparkp_relation *node = sparkp_relation_new(alloc);
  Spark__Connect__LocalRelation *own =
      node ? SPARKP_TAKE(node, LocalRelation, local_relation) : NULL;
  bool whole = own != NULL;
  if (own && arrow_ipc.len) {
    own->has_data = true;
    own->data.len = arrow_ipc.len;
    own->data.data = gni_arena_copy(&node->arena, arrow_ipc.ptr, arrow_ipc.len);
    whole = own->data.data != NULL;
  }
  if (whole && schema) {
    own->schema = sparkp_take_text(&node->arena, schema);
    whole = own->schema != NULL;
  }
  if (own) {
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_LOCAL_RELATION;
    node->message.local_relation = own;
  }
  return finish(node, whole, out, err);
}
