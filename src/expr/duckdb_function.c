/* Nodes that DuckDB has no words for: a small tree over the node's arguments, under a name made of
 * what it does, so that the same work is the same function. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/bound.h"
#include "expr/cast.h"

/* ---- what the body reads --------------------------------------------------------------------- */

/* A lambda's body may read columns and outer variables: all of them become inputs. */
#define INPUTS_MAX 64
#define NO_VARIABLES UINT32_MAX /* all variables in sight are inputs */

typedef struct extraction {
  gnp_emitter *e;
  gn_arena *arena;
  const gni_bound *inputs[INPUTS_MAX];
  size_t count;
  bool failed, too_many;
} extraction;

static int eval_input(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  *out = frame->row[node->index];
  return GN_OK;
}

static bool same_leaf(const gni_bound *a, const gni_bound *b)
{
  bool leaf = a->kind == GNP_COLUMN || a->kind == GNP_VARIABLE;
  return a == b || (leaf && a->kind == b->kind && a->index == b->index);
}

/* The input that stands for `source` in the body. */
static const gni_bound *make_input(extraction *x, const gni_bound *source)
{
  size_t i = 0;
  while (i < x->count && !same_leaf(x->inputs[i], source)) i++;
  if (i == INPUTS_MAX) {
    x->too_many = true;
    return source;
  }
  if (i == x->count) x->inputs[x->count++] = source;
  gni_bound *input = GN_TAKE_ZERO(x->arena, gni_bound, 1);
  if (!input) {
    x->failed = true;
    return source;
  }
  input->kind = GNP_COLUMN;
  input->type = source->type;
  input->nullable = source->nullable;
  input->index = (uint32_t)i;
  input->eval = eval_input;
  return input;
}

static const gni_bound *copy_body(extraction *x, const gni_bound *node, uint32_t bound_from);

static const gni_bound *copy_call(extraction *x, const gni_bound *node, uint32_t bound_from)
{
  gni_bound *copy = gni_arena_copy(x->arena, node, sizeof *node);
  const gni_bound **args = GN_TAKE(x->arena, const gni_bound *, node->arg_count);
  if (!copy || !args) {
    x->failed = true;
    return node;
  }
  for (size_t i = 0; i < node->arg_count; i++) args[i] = copy_body(x, node->args[i], bound_from);
  copy->args = args;
  return copy;
}

/* The copy of a lambda's body: variables from `bound_from` on are the lambdas' own. */
static const gni_bound *copy_body(extraction *x, const gni_bound *node, uint32_t bound_from)
{
  switch ((enum gnp_bound_kind)node->kind) {
  case GNP_CONSTANT:
    return node;
  case GNP_COLUMN:
    return make_input(x, node);
  case GNP_VARIABLE:
    return node->index >= bound_from ? node : make_input(x, node);
  case GNP_CALL:
    return copy_call(x, node, bound_from);
  case GNP_LAMBDA:
    return copy_call(x, node, bound_from < node->index ? bound_from : node->index);
  }
  return node;
}

/* The node itself over inputs: one an argument, but for constants and lambdas. */
static const gni_bound *extract(extraction *x, const gni_bound *node)
{
  gni_bound *copy = gni_arena_copy(x->arena, node, sizeof *node);
  const gni_bound **args = GN_TAKE(x->arena, const gni_bound *, node->arg_count);
  if (!copy || !args) {
    x->failed = true;
    return node;
  }
  for (size_t i = 0; i < node->arg_count; i++) {
    const gni_bound *arg = node->args[i];
    /* DuckDB computes all inputs first; one that can fail comes along, to be computed in its turn.
     */
    args[i] = arg->kind == GNP_CONSTANT ? arg
              : arg->kind == GNP_LAMBDA ? copy_body(x, arg, arg->index)
              : arg->can_fail           ? copy_body(x, arg, NO_VARIABLES)
                                        : make_input(x, arg);
  }
  copy->args = args;
  return copy;
}

/* ---- the name -------------------------------------------------------------------------------- */

static void describe_type(gn_buf *out, const gni_type *type)
{
  if (gnp_is_interval(type))
    gni_buf_add_format(out, "interval%d", type->kind);
  else
    gni_type_format(type, out);
}

static void describe_constant(extraction *x, gn_buf *out, const gni_bound *node)
{
  if (node->value.is_null) {
    gni_buf_add_text(out, "null");
    return;
  }
  gnp_text text = {.arena = x->arena};
  gnp_put_text(&text, node->type, &node->value, true);
  x->failed |= text.failed;
  gni_buf_add_format(out, "%zu:", text.len);
  gni_buf_add(out, text.ptr, text.len);
}

static void describe(extraction *x, gn_buf *out, const gni_bound *node)
{
  describe_type(out, node->type);
  switch ((enum gnp_bound_kind)node->kind) {
  case GNP_CONSTANT:
    describe_constant(x, out, node);
    return;
  case GNP_COLUMN:
    gni_buf_add_format(out, "#%u", node->index);
    return;
  case GNP_VARIABLE:
    gni_buf_add_format(out, "@%u", node->index);
    return;
  case GNP_LAMBDA:
    gni_buf_add_format(out, "\\%u+%u", node->index, node->parameter_count);
    break;
  case GNP_CALL:
    gni_buf_add_format(out, "%s%s", node->function->name, node->ansi ? "!" : "");
    break;
  }
  gni_buf_add_char(out, '(');
  if (node->planned) describe(x, out, node->planned);
  for (size_t i = 0; i < node->arg_count; i++) describe(x, out, node->args[i]);
  gni_buf_add_char(out, ')');
}

static gn_str name_of(extraction *x, const gni_bound *body)
{
  gn_buf text;
  gni_buf_init(&text, x->arena->alloc, GN_EXPR_BYTES_MAX * 4u);
  describe(x, &text, body);
  x->failed |= text.rc != GN_OK;
  gni_hash128 hash = gni_xxh128(text.ptr, text.len);
  gni_buf_deinit(&text);
  return gni_str_format(x->arena, "gn_x%016llx%016llx", (unsigned long long)hash.high,
                        (unsigned long long)hash.low);
}

/* ---- the list -------------------------------------------------------------------------------- */

static const gni_type *inputs_type(extraction *x)
{
  gni_field *fields = GN_TAKE(x->arena, gni_field, x->count);
  if (!fields) return NULL;
  for (size_t i = 0; i < x->count; i++) {
    const gni_type *type = x->inputs[i]->type;
    if (gnp_is_interval(type)) type = type->kind == GNP_MONTHS ? &gni_type_int : &gni_type_long;
    fields[i] = (gni_field){gni_str_format(x->arena, "a%zu", i), type};
  }
  return gni_type_struct(x->arena, GN_STR(""), fields, x->count);
}

static bool is_listed(const gni_expr_functions *functions, gn_str name)
{
  for (size_t i = 0; i < functions->count; i++)
    if (gni_str_equal(functions->list[i].name, name)) return true;
  return false;
}

static bool list_function(extraction *x, gn_str name, const gni_bound *body)
{
  gni_expr_functions *f = x->e->functions;
  if (is_listed(f, name)) return true;
  if (f->count == f->capacity) {
    size_t capacity = f->capacity ? 2 * f->capacity : 8;
    void *grown = gni_arena_grow(f->arena, f->list, f->capacity * sizeof *f->list,
                                 capacity * sizeof *f->list);
    if (!grown) return false;
    f->list = grown;
    f->capacity = capacity;
  }
  const gni_type *inputs = inputs_type(x);
  if (!inputs) return false;
  f->list[f->count++] = (gni_expr_function){.name = name, .inputs = inputs, .body = body};
  return true;
}

int gnp_emit_function(gnp_emitter *e, const gni_bound *node)
{
  if (!e->functions)
    return gni_fail(e->err, GN_E_UNSUPPORTED, "'%s' needs functions of ours in the engine",
                    node->function->name);
  extraction x = {.e = e, .arena = e->functions->arena};
  const gni_bound *body = extract(&x, node);
  gn_str name = name_of(&x, body);
  if (x.too_many)
    return gni_fail(e->err, GN_E_LIMIT, "'%s' reads more than %d values", node->function->name,
                    INPUTS_MAX);
  if (x.failed || !name.ptr || !list_function(&x, name, body))
    return gni_fail(e->err, GN_E_NOMEM, "out of memory while writing SQL");
  gni_buf_add_str(e->out, name);
  gni_buf_add_char(e->out, '(');
  for (size_t i = 0; i < x.count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    int rc = gnp_emit_node(e, x.inputs[i]);
    if (rc != GN_OK) return rc;
  }
  return gni_buf_add_char(e->out, ')');
}
