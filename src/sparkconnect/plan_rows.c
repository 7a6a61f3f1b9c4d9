/* Relations over another: columns by name, first rows, counting, showing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/plan.h"

/* What every relation over one input begins with: the node, and the input's message to point to. */
static sparkp_relation *over(sparkp_relation *input, int levels, Spark__Connect__Relation **message)
{
  sparkp_relation *node = sparkp_relation_new(&input->alloc);
  *message = node ? sparkp_relation_input(node, input, levels) : NULL;
  return node;
}

static int finish(sparkp_relation *node, bool whole, sparkp_relation **out, sparkc_error *err)
{
  *out = whole ? node : NULL;
  if (whole) return SPARKC_OK;
  sparkp_relation_unref(node);
  return sparkp_nomem(err);
}

/* A column by its name: "*" is all, "t.*" all of t. NULL without memory. */
static Spark__Connect__Expression *named(gn_arena *arena, const char *name)
{
  Spark__Connect__Expression *e = SPARKP_TAKE_IN(arena, Expression, expression);
  size_t len = strlen(name);
  if (!e) return NULL;
  if (strcmp(name, "*") == 0 || (len > 2 && strcmp(name + len - 2, ".*") == 0)) {
    e->expr_type_case = SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_STAR;
    e->unresolved_star =
        SPARKP_TAKE_IN(arena, Expression__UnresolvedStar, expression__unresolved_star);
    if (!e->unresolved_star) return NULL;
    if (len > 1) e->unresolved_star->unparsed_target = sparkp_take_text(arena, name);
    return len == 1 || e->unresolved_star->unparsed_target ? e : NULL;
  }
  e->expr_type_case = SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_ATTRIBUTE;
  e->unresolved_attribute =
      SPARKP_TAKE_IN(arena, Expression__UnresolvedAttribute, expression__unresolved_attribute);
  if (!e->unresolved_attribute) return NULL;
  e->unresolved_attribute->has_is_metadata_column = true;
  e->unresolved_attribute->unparsed_identifier = sparkp_take_text(arena, name);
  return e->unresolved_attribute->unparsed_identifier ? e : NULL;
}

int sparkp_plan_select_names(sparkp_relation *input, const char *const *names, size_t count,
                             sparkp_relation **out, sparkc_error *err)
{
  Spark__Connect__Relation *below;
  sparkp_relation *node = over(input, 2, &below);
  Spark__Connect__Project *own = below ? SPARKP_TAKE(node, Project, project) : NULL;
  bool whole = own != NULL;
  if (own) {
    own->input = below;
    own->expressions = GN_TAKE(&node->arena, Spark__Connect__Expression *, count ? count : 1);
    whole = own->expressions != NULL;
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_PROJECT;
    node->message.project = own;
  }
  for (size_t i = 0; whole && i < count; i++) {
    whole = (own->expressions[i] = named(&node->arena, names[i])) != NULL;
    own->n_expressions = i + 1;
  }
  return finish(node, whole, out, err);
}

int sparkp_plan_limit(sparkp_relation *input, int32_t rows, sparkp_relation **out,
                      sparkc_error *err)
{
  Spark__Connect__Relation *below;
  *out = NULL;
  if (rows < 0) return sparkp_fail(err, SPARKC_E_PLAN, "a limit is not negative");
  sparkp_relation *node = over(input, 2, &below);
  Spark__Connect__Limit *own = below ? SPARKP_TAKE(node, Limit, limit) : NULL;
  if (own) {
    own->input = below;
    own->has_limit = rows != 0;
    own->limit = rows;
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_LIMIT;
    node->message.limit = own;
  }
  return finish(node, own != NULL, out, err);
}

/* count(1) */
static Spark__Connect__Expression *count_of_one(gn_arena *arena)
{
  Spark__Connect__Expression *one = SPARKP_TAKE_IN(arena, Expression, expression);
  Spark__Connect__Expression *e = SPARKP_TAKE_IN(arena, Expression, expression);
  Spark__Connect__Expression__Literal *literal =
      SPARKP_TAKE_IN(arena, Expression__Literal, expression__literal);
  Spark__Connect__Expression__UnresolvedFunction *call =
      SPARKP_TAKE_IN(arena, Expression__UnresolvedFunction, expression__unresolved_function);
  Spark__Connect__Expression **arguments = GN_TAKE(arena, Spark__Connect__Expression *, 1);
  if (!one || !e || !literal || !call || !arguments) return NULL;
  literal->literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_INTEGER;
  literal->integer = 1;
  one->expr_type_case = SPARK__CONNECT__EXPRESSION__EXPR_TYPE_LITERAL;
  one->literal = literal;
  arguments[0] = one;
  call->function_name = sparkp_take_text(arena, "count");
  call->arguments = arguments;
  call->n_arguments = 1;
  e->expr_type_case = SPARK__CONNECT__EXPRESSION__EXPR_TYPE_UNRESOLVED_FUNCTION;
  e->unresolved_function = call;
  return call->function_name ? e : NULL;
}

int sparkp_plan_count(sparkp_relation *input, sparkp_relation **out, sparkc_error *err)
{
  Spark__Connect__Relation *below;
  sparkp_relation *node = over(input, 2, &below);
  Spark__Connect__Aggregate *own = below ? SPARKP_TAKE(node, Aggregate, aggregate) : NULL;
  bool whole = own != NULL;
  if (own) {
    own->input = below;
    own->has_group_type = true;
    own->group_type = SPARK__CONNECT__AGGREGATE__GROUP_TYPE__GROUP_TYPE_GROUPBY;
    own->aggregate_expressions = GN_TAKE(&node->arena, Spark__Connect__Expression *, 1);
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_AGGREGATE;
    node->message.aggregate = own;
    whole = own->aggregate_expressions != NULL;
  }
  if (whole) {
    own->n_aggregate_expressions = 1;
    whole = (own->aggregate_expressions[0] = count_of_one(&node->arena)) != NULL;
  }
  return finish(node, whole, out, err);
}

int sparkp_plan_show(sparkp_relation *input, int32_t rows, int32_t truncate, bool vertical,
                     sparkp_relation **out, sparkc_error *err)
{
  Spark__Connect__Relation *below;
  sparkp_relation *node = over(input, 2, &below);
  Spark__Connect__ShowString *own = below ? SPARKP_TAKE(node, ShowString, show_string) : NULL;
  if (own) {
    own->input = below;
    own->has_num_rows = rows != 0;
    own->num_rows = rows;
    own->has_truncate = truncate != 0;
    own->truncate = truncate;
    own->has_vertical = vertical;
    own->vertical = vertical;
    node->message.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SHOW_STRING;
    node->message.show_string = own;
  }
  return finish(node, own != NULL, out, err);
}
