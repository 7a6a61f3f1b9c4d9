/* The columns that an expression reads. SPDX-License-Identifier: Apache-2.0 */
#include "expr/tree.h"

typedef struct collector {
  gn_arena *arena;
  gn_str *names, *hidden; /* hidden: variables of the lambdas around */
  size_t count, capacity, hidden_count, hidden_capacity;
  gn_error *err;
} collector;

static int push(collector *c, gn_str **list, size_t *count, size_t *capacity, gn_str name)
{
  if (*count == *capacity) {
    size_t more = *capacity ? 2 * *capacity : 8;
    void *grown = gni_arena_grow(c->arena, *list, *capacity * sizeof name, more * sizeof name);
    if (!grown) return gni_fail(c->err, GN_E_NOMEM, "out of memory while listing columns");
    *list = grown;
    *capacity = more;
  }
  (*list)[(*count)++] = name;
  return GN_OK;
}

static bool holds(const gn_str *list, size_t count, gn_str name)
{
  for (size_t i = 0; i < count; i++)
    if (gnp_same_word(list[i], name)) return true;
  return false;
}

static int collect(collector *c, const gni_expr *expr)
{
  size_t outside = c->hidden_count;
  int rc = GN_OK;
  if (expr->kind == GNP_NODE_NAME) {
    bool known =
        holds(c->hidden, c->hidden_count, expr->name) || holds(c->names, c->count, expr->name);
    return known ? GN_OK : push(c, &c->names, &c->count, &c->capacity, expr->name);
  }
  for (size_t i = 0; rc == GN_OK && i < expr->parameter_count; i++)
    rc = push(c, &c->hidden, &c->hidden_count, &c->hidden_capacity, expr->parameters[i]);
  for (size_t i = 0; rc == GN_OK && i < expr->arg_count; i++) rc = collect(c, expr->args[i]);
  c->hidden_count = outside;
  return rc;
}

int gni_expr_columns(const gni_expr *expr, gn_arena *arena, const gn_str **names, size_t *count,
                     gn_error *err)
{
  collector c = {.arena = arena, .err = err};
  *names = NULL;
  *count = 0;
  int rc = collect(&c, expr);
  if (rc != GN_OK) return rc;
  *names = c.names;
  *count = c.count;
  return GN_OK;
}
