/* Which tables a statement reads. SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_tree.h"

typedef struct hidden { /* a name of WITH */
  const struct hidden *outer;
  gn_str name;
} hidden;

typedef struct collector {
  gn_arena *arena;
  gn_error *err;
  gn_str *names;
  size_t count;
  const hidden *hidden;
} collector;

static int collect_query(collector *c, const gni_query *query);

static int no_memory(collector *c)
{
  return gni_fail(c->err, GN_E_NOMEM, "out of memory while listing tables");
}

/* ---- expressions ----------------------------------------------------------------------------- */

static int collect_expression(collector *c, const gni_expr *expr)
{
  int rc = expr && expr->query ? collect_query(c, expr->query) : GN_OK;
  if (!expr) return GN_OK;
  for (size_t i = 0; rc == GN_OK && i < expr->arg_count; i++)
    rc = collect_expression(c, expr->args[i]);
  if (rc == GN_OK && expr->clauses) rc = collect_expression(c, expr->clauses->filter);
  const gnp_over *over = expr->clauses ? expr->clauses->over : NULL;
  for (size_t i = 0; rc == GN_OK && over && i < over->partition_count; i++)
    rc = collect_expression(c, over->partition[i]);
  for (size_t i = 0; rc == GN_OK && over && i < over->order.count; i++)
    rc = collect_expression(c, over->order.items[i].expr);
  return rc;
}

static int collect_list(collector *c, const gni_expr *const *items, size_t count)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < count; i++) rc = collect_expression(c, items[i]);
  return rc;
}

static int collect_orders(collector *c, const gnp_orders *orders)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < orders->count; i++)
    rc = collect_expression(c, orders->items[i].expr);
  return rc;
}

/* ---- FROM ------------------------------------------------------------------------------------ */

static bool is_hidden(const collector *c, const gnp_names *parts)
{
  const hidden *one = parts->count == 1 ? c->hidden : NULL;
  while (one && !gnp_same_word(one->name, parts->items[0])) one = one->outer;
  return one != NULL;
}

static int collect_table(collector *c, const gnp_names *parts)
{
  if (is_hidden(c, parts)) return GN_OK;
  gn_str name = parts->items[0];
  for (size_t i = 1; i < parts->count && name.ptr; i++)
    name = gni_str_format(c->arena, "%.*s.%.*s", GN_STR_ARGS(name), GN_STR_ARGS(parts->items[i]));
  if (!name.ptr) return no_memory(c);
  for (size_t i = 0; i < c->count; i++)
    if (gnp_same_word(c->names[i], name)) return GN_OK;
  return GNP_PUSH(c->arena, c->names, c->count, name) == GN_OK ? GN_OK : no_memory(c);
}

static int collect_source(collector *c, const gnp_source *source)
{
  if (!source) return GN_OK;
  int rc = GN_OK;
  if (source->kind == GNP_SOURCE_TABLE) rc = collect_table(c, &source->parts);
  if (rc == GN_OK && source->query) rc = collect_query(c, source->query);
  if (rc == GN_OK) rc = collect_expression(c, source->call);
  if (rc == GN_OK) rc = collect_expression(c, source->on);
  if (rc == GN_OK) rc = collect_source(c, source->left);
  return rc == GN_OK ? collect_source(c, source->right) : rc;
}

/* ---- statements ------------------------------------------------------------------------------ */

static int collect_select(collector *c, const gnp_select *select)
{
  int rc = collect_source(c, select->from);
  for (size_t i = 0; rc == GN_OK && i < select->item_count; i++)
    rc = collect_expression(c, select->items[i].expr);
  if (rc == GN_OK) rc = collect_expression(c, select->where);
  if (rc == GN_OK) rc = collect_expression(c, select->having);
  if (rc == GN_OK && select->group)
    rc = collect_list(c, select->group->items, select->group->count);
  return rc;
}

static int collect_query(collector *c, const gni_query *query)
{
  const hidden *outer = c->hidden;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < query->with_count; i++) {
    rc = collect_query(c, query->with[i].query);
    hidden *one = GN_TAKE(c->arena, hidden, 1);
    if (!one) return no_memory(c);
    *one = (hidden){.outer = c->hidden, .name = query->with[i].name};
    c->hidden = one;
  }
  if (rc == GN_OK && query->kind == GNP_QUERY_SELECT) rc = collect_select(c, &query->select);
  if (rc == GN_OK) rc = collect_list(c, query->rows, query->row_count);
  if (rc == GN_OK && query->left) rc = collect_query(c, query->left);
  if (rc == GN_OK && query->right) rc = collect_query(c, query->right);
  if (rc == GN_OK) rc = collect_orders(c, &query->order);
  c->hidden = outer;
  return rc;
}

int gni_query_tables(const gni_query *query, gn_arena *arena, const gn_str **names, size_t *count,
                     gn_error *err)
{
  collector c = {.arena = arena, .err = err};
  *names = NULL;
  *count = 0;
  int rc = collect_query(&c, query);
  if (rc != GN_OK) return rc;
  *names = c.names;
  *count = c.count;
  return GN_OK;
}
