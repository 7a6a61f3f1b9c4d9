/* What expressions have in a statement only: DISTINCT, FILTER, WITHIN GROUP, OVER, subqueries.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_tree.h"

/* ---- subqueries ------------------------------------------------------------------------------ */

bool gnp_parse_at_subquery(gnp_parser *p)
{
  return gnp_parse_at_word(p, "select") || gnp_parse_at_word(p, "with") ||
         gnp_parse_at_word(p, "values");
}

int gnp_parse_subquery(gnp_parser *p, const char *name, const gni_expr *value, size_t begin,
                       const gni_expr **out)
{
  const gni_query *query;
  int rc = gnp_parse_query(p, &query);
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_QUERY, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->name = gni_str(name);
  node->query = query;
  if (value) gnp_node_give(p, node, 1, &value);
  *out = node;
  return gnp_parse_check(p, value ? (const void *)node->args : node);
}

/* ---- OVER ------------------------------------------------------------------------------------ */

static int parse_frame_end(gnp_parser *p, gnp_frame_end *end)
{
  bool found;
  int rc = gnp_parse_accept_word(p, "current", &found);
  if (rc != GN_OK) return rc;
  if (found) {
    end->kind = GNP_CURRENT;
    return gnp_parse_word(p, "row");
  }
  if ((rc = gnp_parse_accept_word(p, "unbounded", &found)) != GN_OK) return rc;
  end->kind = found ? GNP_UNBOUNDED : GNP_OFFSET;
  if (!found && (rc = gnp_parse_value(p, 0, &end->offset)) != GN_OK) return rc;
  if ((rc = gnp_parse_accept_word(p, "following", &end->following)) != GN_OK) return rc;
  return end->following ? GN_OK : gnp_parse_word(p, "preceding");
}

static int parse_frame(gnp_parser *p, gnp_over *over)
{
  bool between;
  over->rows = gnp_parse_at_word(p, "rows");
  over->has_frame = true;
  over->to.kind = GNP_CURRENT;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "between", &between);
  if (rc == GN_OK) rc = parse_frame_end(p, &over->from);
  if (rc != GN_OK || !between) return rc;
  if ((rc = gnp_parse_word(p, "and")) != GN_OK) return rc;
  return parse_frame_end(p, &over->to);
}

static int parse_partition(gnp_parser *p, gnp_over *over)
{
  gnp_list list = {0};
  bool more;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_word(p, "by");
  if (rc != GN_OK) return rc;
  do {
    const gni_expr *item;
    if ((rc = gnp_parse_expression(p, &item)) != GN_OK) return rc;
    if ((rc = gnp_list_add(p, &list, item)) != GN_OK) return rc;
    if ((rc = gnp_parse_accept_mark(p, ",", &more)) != GN_OK) return rc;
  } while (more);
  over->partition = list.items;
  over->partition_count = list.count;
  return GN_OK;
}

static bool at_by(const gnp_parser *p, const char *first, const char *second)
{
  gnp_token next = gnp_parse_peek(p);
  return (gnp_parse_at_word(p, first) || gnp_parse_at_word(p, second)) &&
         gnp_token_is_word(&next, "by");
}

static int parse_over_inside(gnp_parser *p, gnp_over *over)
{
  bool quoted;
  int rc = GN_OK;
  if (p->token.kind == GNP_TOKEN_NAME && !at_by(p, "partition", "distribute") &&
      !at_by(p, "order", "sort") && !gnp_parse_at_word(p, "rows") && !gnp_parse_at_word(p, "range"))
    rc = gnp_parse_name(p, &over->base, &quoted);
  if (rc == GN_OK && at_by(p, "partition", "distribute")) rc = parse_partition(p, over);
  if (rc == GN_OK && at_by(p, "order", "sort")) {
    rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_order_list(p, &over->order);
  }
  if (rc == GN_OK && (gnp_parse_at_word(p, "rows") || gnp_parse_at_word(p, "range")))
    rc = parse_frame(p, over);
  return rc;
}

int gnp_parse_over(gnp_parser *p, const gnp_over **out)
{
  gnp_over *over = GN_TAKE_ZERO(p->arena, gnp_over, 1);
  bool quoted;
  int rc = gnp_parse_check(p, over);
  if (rc != GN_OK) return rc;
  over->begin = p->token.begin;
  if (!gnp_parse_at_mark(p, "(")) {
    rc = gnp_parse_name(p, &over->base, &quoted);
  } else {
    rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = parse_over_inside(p, over);
    if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  }
  over->end = p->previous_end;
  *out = over;
  return rc;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int parse_nulls(gnp_parser *p, struct gnp_clauses *clauses, bool *any)
{
  gnp_token next = gnp_parse_peek(p);
  if (!gnp_token_is_word(&next, "nulls")) return GN_OK;
  bool ignore = gnp_parse_at_word(p, "ignore");
  if (!ignore && !gnp_parse_at_word(p, "respect")) return GN_OK;
  clauses->ignore_nulls |= ignore;
  *any |= ignore;
  int rc = gnp_parse_advance(p);
  return rc == GN_OK ? gnp_parse_advance(p) : rc;
}

static int parse_within(gnp_parser *p, struct gnp_clauses *clauses, bool *any)
{
  gnp_token next = gnp_parse_peek(p);
  if (!gnp_parse_at_word(p, "within") || !gnp_token_is_word(&next, "group")) return GN_OK;
  *any = true;
  static const char *const words[] = {"within", "group"};
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < 2; i++) rc = gnp_parse_word(p, words[i]);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = gnp_parse_word(p, "order");
  if (rc == GN_OK) rc = gnp_parse_word(p, "by");
  if (rc == GN_OK) rc = gnp_parse_order_list(p, &clauses->within);
  return rc == GN_OK ? gnp_parse_mark(p, ")") : rc;
}

static int parse_filter(gnp_parser *p, struct gnp_clauses *clauses, bool *any)
{
  gnp_token next = gnp_parse_peek(p);
  if (!gnp_parse_at_word(p, "filter") || !gnp_token_is_mark(&next, "(")) return GN_OK;
  *any = true;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = gnp_parse_word(p, "where");
  if (rc == GN_OK) rc = gnp_parse_expression(p, &clauses->filter);
  return rc == GN_OK ? gnp_parse_mark(p, ")") : rc;
}

static int parse_tail(gnp_parser *p, struct gnp_clauses *clauses, bool *any)
{
  int rc = parse_within(p, clauses, any);
  if (rc == GN_OK) rc = parse_filter(p, clauses, any);
  if (rc == GN_OK) rc = parse_nulls(p, clauses, any);
  if (rc != GN_OK || !gnp_parse_at_word(p, "over")) return rc;
  gnp_token next = gnp_parse_peek(p);
  bool over =
      gnp_token_is_mark(&next, "(") || next.kind == GNP_TOKEN_NAME || next.kind == GNP_TOKEN_QUOTED;
  if (!over || gnp_token_is_word(&next, "from")) return GN_OK;
  *any = true;
  rc = gnp_parse_advance(p);
  return rc == GN_OK ? gnp_parse_over(p, &clauses->over) : rc;
}

static int parse_star(gnp_parser *p, struct gnp_clauses *clauses)
{
  clauses->star = true;
  int rc = gnp_parse_advance(p);
  return rc == GN_OK ? gnp_parse_mark(p, ")") : rc;
}

int gnp_parse_query_call(gnp_parser *p, gn_str name, size_t begin, const gni_expr **out)
{
  struct gnp_clauses clauses = {0};
  gnp_list list = {0};
  gnp_token next;
  int rc = gnp_parse_mark(p, "(");
  if (rc != GN_OK) return rc;
  if (gni_str_is(name, "exists") && gnp_parse_at_subquery(p))
    return gnp_parse_subquery(p, "exists", NULL, begin, out);
  next = gnp_parse_peek(p);
  if (gnp_parse_at_word(p, "distinct") && !gnp_token_is_mark(&next, ")") &&
      !gnp_token_is_mark(&next, ",")) {
    clauses.distinct = true;
    rc = gnp_parse_advance(p);
    next = gnp_parse_peek(p);
  }
  if (rc != GN_OK) return rc;
  bool any = clauses.distinct || gnp_parse_at_mark(p, "*");
  if (gnp_parse_at_mark(p, "*") && gnp_token_is_mark(&next, ")"))
    rc = parse_star(p, &clauses);
  else
    rc = gnp_parse_arguments(p, &list);
  if (rc == GN_OK) rc = parse_tail(p, &clauses, &any);
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_CALL, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->name = name;
  node->by_name = true;
  gnp_node_give(p, node, list.count, list.items);
  if (any) node->clauses = gni_arena_copy(p->arena, &clauses, sizeof clauses);
  *out = node;
  bool taken = (node->args || !list.count) && (!any || node->clauses);
  return gnp_parse_check(p, taken ? node : NULL);
}
