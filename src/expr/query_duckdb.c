/* Relations as SQL for DuckDB. SPDX-License-Identifier: Apache-2.0
 *
 * Each relation is a SELECT around the one below it; a filter, and the order of the outermost, go
 * into the SELECT of their user, so that what is written is not deeper than it need be. */
#include "expr/query_measure.h"

static int emit_select(gnp_emitter *e, const gnp_relation *r);

/* ---- parts ----------------------------------------------------------------------------------- */

int gnp_emit_keys(gnp_emitter *e, const gnp_keys *keys)
{
  for (size_t i = 0; i < keys->count; i++) {
    const gnp_key *key = &keys->items[i];
    if (i) gni_buf_add_text(e->out, ", ");
    int rc = gnp_emit_node(e, key->value);
    if (rc != GN_OK) return rc;
    gni_buf_add_text(e->out, key->descending ? " DESC" : " ASC");
    gni_buf_add_text(e->out, key->nulls_last ? " NULLS LAST" : " NULLS FIRST");
  }
  return GN_OK;
}

static int emit_items(gnp_emitter *e, const gnp_computeds *items)
{
  for (size_t i = 0; i < items->count; i++) {
    const gnp_computed *item = &items->items[i];
    if (i) gni_buf_add_text(e->out, ", ");
    int rc = gnp_emit_node(e, item->value);
    if (rc != GN_OK) return rc;
    bool same = item->value->kind == GNP_COLUMN && !item->value->emit &&
                item->value->index == item->column.id;
    if (same) continue;
    gni_buf_add_text(e->out, " AS ");
    gni_buf_add_str(e->out, item->column.sql);
  }
  return GN_OK;
}

/* ---- FROM ------------------------------------------------------------------------------------ */

static int emit_from(gnp_emitter *e, const gnp_relation *r);

static int emit_join(gnp_emitter *e, const gnp_relation *r)
{
  static const char *const words[] = {
      [GNP_JOIN_INNER] = "JOIN",     [GNP_JOIN_LEFT] = "LEFT JOIN", [GNP_JOIN_RIGHT] = "RIGHT JOIN",
      [GNP_JOIN_FULL] = "FULL JOIN", [GNP_JOIN_SEMI] = "SEMI JOIN", [GNP_JOIN_ANTI] = "ANTI JOIN"};
  gni_buf_add_char(e->out, '(');
  int rc = emit_from(e, r->input);
  gni_buf_add_format(e->out, " %s %s", words[r->join], r->lateral ? "LATERAL " : "");
  if (rc == GN_OK) rc = emit_from(e, r->right);
  gni_buf_add_text(e->out, " ON ");
  if (rc == GN_OK && r->condition) rc = gnp_emit_node(e, r->condition);
  if (!r->condition) gni_buf_add_text(e->out, "true");
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

static int emit_from(gnp_emitter *e, const gnp_relation *r)
{
  if (r->kind == GNP_REL_JOIN) return emit_join(e, r);
  gni_buf_add_char(e->out, '(');
  int rc = emit_select(e, r);
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

/* " FROM … [WHERE …]" */
static int emit_source(gnp_emitter *e, const gnp_relation *r)
{
  const gnp_relation *filter = r->kind == GNP_REL_FILTER ? r : NULL;
  gni_buf_add_text(e->out, " FROM ");
  int rc = emit_from(e, filter ? filter->input : r);
  if (rc != GN_OK || !filter) return rc;
  gni_buf_add_text(e->out, " WHERE ");
  return gnp_emit_node(e, filter->condition);
}

/* ---- relations ------------------------------------------------------------------------------- */

static int emit_values(gnp_emitter *e, const gnp_relation *r)
{
  size_t width = r->items.count;
  int rc = GN_OK;
  gni_buf_add_text(e->out, "SELECT * FROM (VALUES ");
  for (size_t i = 0; rc == GN_OK && i < r->row_count * width; i++) {
    gni_buf_add_text(e->out, i % width ? ", " : i ? "), (" : "(");
    rc = gnp_emit_node(e, r->cells[i]);
  }
  gni_buf_add_text(e->out, ")) AS gn_v(");
  for (size_t i = 0; i < width; i++)
    gni_buf_add_format(e->out, "%s%.*s", i ? ", " : "", GN_STR_ARGS(r->items.items[i].column.sql));
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

static int emit_sets(gnp_emitter *e, const gnp_relation *r)
{
  gni_buf_add_text(e->out, "GROUPING SETS (");
  for (size_t s = 0; s < r->group->set_count; s++) {
    bool any = false;
    gni_buf_add_text(e->out, s ? ", (" : "(");
    for (size_t i = 0; i < r->group_count; i++) {
      if (!(r->group->sets[s] >> i & 1)) continue;
      if (any) gni_buf_add_text(e->out, ", ");
      gni_buf_add_str(e->out, r->items.items[i].column.sql);
      any = true;
    }
    gni_buf_add_char(e->out, ')');
  }
  return gni_buf_add_char(e->out, ')');
}

static int emit_aggregate(gnp_emitter *e, const gnp_relation *r)
{
  gni_buf_add_text(e->out, "SELECT ");
  int rc = emit_items(e, &r->items);
  if (!r->items.count) gni_buf_add_text(e->out, "count(*) AS gn_rows");
  if (rc == GN_OK) rc = emit_source(e, r->input);
  if (rc != GN_OK || !r->group) return rc;
  bool sets = r->group->kind == GNP_GROUP_SETS;
  if (!r->group_count && !sets) return GN_OK;
  gni_buf_add_text(e->out, " GROUP BY ");
  /* Without rows Spark has no grand total either. */
  if (sets) {
    emit_sets(e, r);
    return gni_buf_add_text(e->out, " HAVING count(*) > 0");
  }
  for (size_t i = 0; i < r->group_count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    gni_buf_add_str(e->out, r->items.items[i].column.sql);
  }
  return GN_OK;
}

static int emit_set(gnp_emitter *e, const gnp_relation *r)
{
  static const char *const words[] = {
      [GNP_UNION] = " UNION ", [GNP_INTERSECT] = " INTERSECT ", [GNP_EXCEPT] = " EXCEPT "};
  gni_buf_add_char(e->out, '(');
  int rc = emit_select(e, r->input);
  gni_buf_add_char(e->out, ')');
  gni_buf_add_text(e->out, words[r->set]);
  gni_buf_add_text(e->out, r->all ? "ALL (" : "(");
  if (rc == GN_OK) rc = emit_select(e, r->right);
  return rc == GN_OK ? gni_buf_add_char(e->out, ')') : rc;
}

static int emit_order(gnp_emitter *e, const gnp_relation *sort)
{
  int rc = GN_OK;
  if (sort->keys.count) {
    gni_buf_add_text(e->out, " ORDER BY ");
    rc = gnp_emit_keys(e, &sort->keys);
  }
  if (sort->limit >= 0) gni_buf_add_format(e->out, " LIMIT %lld", (long long)sort->limit);
  if (sort->offset >= 0) gni_buf_add_format(e->out, " OFFSET %lld", (long long)sort->offset);
  return rc == GN_OK ? e->out->rc : rc;
}

static int emit_shared(gnp_emitter *e, const gnp_relation *with)
{
  bool any = false;
  for (size_t i = 0; i < with->shared_count; i++) {
    const gnp_shared *shared = with->shared[i];
    if (!shared->used) continue;
    gni_buf_add_text(e->out, any ? ", " : "WITH ");
    gni_buf_add_str(e->out, shared->sql);
    gni_buf_add_text(e->out, " AS (");
    int rc = gnp_emit_query(e, &shared->query);
    if (rc != GN_OK) return rc;
    gni_buf_add_char(e->out, ')');
    any = true;
  }
  return any ? gni_buf_add_char(e->out, ' ') : GN_OK;
}

static int emit_over_input(gnp_emitter *e, const gnp_relation *r, const char *begin)
{
  gni_buf_add_text(e->out, begin);
  int rc = emit_items(e, &r->items);
  return rc == GN_OK ? emit_source(e, r->input) : rc;
}

static int emit_select(gnp_emitter *e, const gnp_relation *r)
{
  int rc;
  switch ((enum gnp_relation_kind)r->kind) {
  case GNP_REL_ONE:
    return gni_buf_add_text(e->out, "SELECT 1 AS gn_one");
  case GNP_REL_TABLE:
    gni_buf_add_text(e->out, "SELECT ");
    rc = emit_items(e, &r->items);
    gni_buf_add_text(e->out, " FROM ");
    gni_buf_add_str(e->out, r->sql);
    return rc;
  case GNP_REL_VALUES:
    return emit_values(e, r);
  case GNP_REL_PROJECT:
    return emit_over_input(e, r, r->distinct ? "SELECT DISTINCT " : "SELECT ");
  case GNP_REL_EXTEND:
    return emit_over_input(e, r, "SELECT *, ");
  case GNP_REL_FILTER:
  case GNP_REL_JOIN:
    gni_buf_add_text(e->out, "SELECT *");
    return emit_source(e, r);
  case GNP_REL_AGGREGATE:
    return emit_aggregate(e, r);
  case GNP_REL_SET:
    return emit_set(e, r);
  case GNP_REL_SORT:
    gni_buf_add_text(e->out, "SELECT *");
    rc = emit_source(e, r->input);
    return rc == GN_OK ? emit_order(e, r) : rc;
  case GNP_REL_WITH:
    rc = emit_shared(e, r);
    return rc == GN_OK ? emit_select(e, r->input) : rc;
  }
  return gni_fail(e->err, GN_E_BUG, "unknown relation %d", r->kind);
}

/* ---- statements ------------------------------------------------------------------------------ */

static int emit_columns(gnp_emitter *e, const gnp_columns *columns, bool named)
{
  gni_buf_add_text(e->out, "SELECT ");
  for (size_t i = 0; i < columns->count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    gni_buf_add_str(e->out, columns->items[i].sql);
    if (!named) continue;
    gni_buf_add_text(e->out, " AS ");
    gni_duckdb_identifier(columns->items[i].name, e->out);
  }
  return e->out->rc;
}

/* The order of rows is that of the SELECT that has ORDER BY, so this one has it. */
static int emit_statement(gnp_emitter *e, const gnp_bound_query *query, bool named)
{
  const gnp_relation *r = query->root, *sort = NULL;
  int rc = GN_OK;
  if (r->kind == GNP_REL_WITH) {
    rc = emit_shared(e, r);
    r = r->input;
  }
  if (r->kind == GNP_REL_SORT) {
    sort = r;
    r = r->input;
  }
  emit_columns(e, &query->columns, named);
  if (rc == GN_OK) rc = emit_source(e, r);
  return rc == GN_OK && sort ? emit_order(e, sort) : rc;
}

int gnp_emit_query(gnp_emitter *e, const gnp_bound_query *query)
{
  return emit_statement(e, query, false);
}

int gni_relation_to_duckdb(const gni_relation *relation, gni_expr_functions *functions, gn_buf *out,
                           gn_error *err)
{
  gnp_emitter e = {.out = out, .functions = functions, .err = err};
  int rc = emit_statement(&e, &relation->query, true);
  if (rc == GN_OK && out->rc != GN_OK)
    rc = gni_fail(err, out->rc, "the SQL of a statement does not fit its buffer");
  return rc;
}
