/* AND, OR, NOT, IS NULL, IF, CASE, COALESCE and their kin: what chooses between its arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"

#include <math.h>

static int evaluate(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  return node->eval(node, frame, out);
}

/* ---- logic ----------------------------------------------------------------------------------- */

/* `decisive` ends it: false for AND, true for OR. */
static int eval_chain(const gni_bound *node, gnp_frame *frame, bool decisive, gni_value *out)
{
  bool unknown = false;
  for (size_t i = 0; i < node->arg_count; i++) {
    int rc = evaluate(node->args[i], frame, out);
    if (rc != GN_OK) return rc;
    unknown |= out->is_null;
    if (!out->is_null && out->boolean == decisive) return GN_OK;
  }
  *out = unknown ? GNI_NULL_VALUE : gni_value_boolean(!decisive);
  return GN_OK;
}

static int eval_and(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  return eval_chain(node, frame, false, out);
}

static int eval_or(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  return eval_chain(node, frame, true, out);
}

GNP_APPLY(negate)
{
  return gnp_give_boolean(out, !args[0].boolean);
}

/* DuckDB may look at the terms of AND in any order; where a term can fail, CASE keeps the order. */
static int emit_guarded(gnp_emitter *e, const gni_bound *node, const char *word)
{
  bool is_and = word[0] == 'A';
  gni_buf_add_text(e->out, "CASE");
  for (size_t i = 0; i + 1 < node->arg_count; i++) {
    gni_buf_add_text(e->out, is_and ? " WHEN NOT " : " WHEN ");
    int rc = gnp_emit_node(e, node->args[i]);
    if (rc != GN_OK) return rc;
    gni_buf_add_text(e->out, is_and ? " THEN false" : " THEN true");
  }
  gni_buf_add_text(e->out, " ELSE ");
  return GN_OK;
}

static int emit_chain(gnp_emitter *e, const gni_bound *node, const char *word)
{
  bool guarded = false;
  for (size_t i = 1; i < node->arg_count; i++) guarded |= node->args[i]->can_fail;
  gni_buf_add_char(e->out, '(');
  int rc = guarded ? emit_guarded(e, node, word) : GN_OK;
  for (size_t i = 0; rc == GN_OK && i < node->arg_count; i++) {
    if (i) gni_buf_add_format(e->out, " %s ", word);
    rc = gnp_emit_node(e, node->args[i]);
  }
  gni_buf_add_text(e->out, guarded ? " END)" : ")");
  return rc;
}

static int emit_and(gnp_emitter *e, const gni_bound *node)
{
  return emit_chain(e, node, "AND");
}

static int emit_or(gnp_emitter *e, const gni_bound *node)
{
  return emit_chain(e, node, "OR");
}

GNP_APPLY(is_null)
{
  return gnp_give_boolean(out, args[0].is_null);
}

GNP_APPLY(is_not_null)
{
  return gnp_give_boolean(out, !args[0].is_null);
}

/* ---- choices --------------------------------------------------------------------------------- */

static int eval_if(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value condition;
  int rc = evaluate(node->args[0], frame, &condition);
  if (rc != GN_OK) return rc;
  return evaluate(node->args[!condition.is_null && condition.boolean ? 1 : 2], frame, out);
}

static int eval_case(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  size_t i = 0;
  for (; i + 1 < node->arg_count; i += 2) {
    gni_value condition;
    int rc = evaluate(node->args[i], frame, &condition);
    if (rc != GN_OK) return rc;
    if (!condition.is_null && condition.boolean) return evaluate(node->args[i + 1], frame, out);
  }
  *out = GNI_NULL_VALUE;
  return i < node->arg_count ? evaluate(node->args[i], frame, out) : GN_OK;
}

static int eval_coalesce(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  for (size_t i = 0; i < node->arg_count; i++) {
    int rc = evaluate(node->args[i], frame, out);
    if (rc != GN_OK || !out->is_null) return rc;
  }
  return GN_OK;
}

static int emit_case(gnp_emitter *e, const gni_bound *node)
{
  size_t i = 0;
  int rc = GN_OK;
  gni_buf_add_text(e->out, "CASE");
  for (; rc == GN_OK && i + 1 < node->arg_count; i += 2) {
    gni_buf_add_text(e->out, " WHEN ");
    if ((rc = gnp_emit_node(e, node->args[i])) != GN_OK) return rc;
    gni_buf_add_text(e->out, " THEN ");
    rc = gnp_emit_node(e, node->args[i + 1]);
  }
  if (rc == GN_OK && i < node->arg_count) {
    gni_buf_add_text(e->out, " ELSE ");
    rc = gnp_emit_node(e, node->args[i]);
  }
  gni_buf_add_text(e->out, " END");
  return rc;
}

static int bind_condition(gnp_binder *b, gnp_call *call, size_t at)
{
  bool found = false;
  int rc = call->args[at]
               ? gnp_implicit(b, call->args[at], GN_STR("boolean"), &call->args[at], &found)
               : GN_OK;
  if (rc != GN_OK) return rc;
  return found ? GN_OK : gnp_bind_mismatch(b, call);
}

/* The values (arguments `first`, first + step, … and the last) become one type, the node's. */
static int bind_values(gnp_binder *b, gnp_call *call, size_t first, size_t step)
{
  const gni_bound **values = GN_TAKE(b->arena, const gni_bound *, call->count + 1);
  size_t count = 0;
  if (!values) return gnp_bind_nomem(b);
  for (size_t i = 0; i < call->count; i++) {
    bool last = step > 1 && i + 1 == call->count && (i - first) % step != 0;
    if (i >= first && ((i - first) % step == 0 || last)) {
      if (!call->args[i]) return gnp_bind_mismatch(b, call);
      values[count++] = call->args[i];
    }
  }
  const gni_type *type = gnp_type_common(b, values, count, true);
  if (!type) return gnp_bind_mismatch(b, call);
  call->node->type = type;
  for (size_t i = first; i < call->count; i++) {
    bool last = step > 1 && i + 1 == call->count && (i - first) % step != 0;
    if ((i - first) % step != 0 && !last) continue;
    int rc = gnp_cast(b, call->args[i], type, &call->args[i]);
    if (rc != GN_OK) return rc;
    call->node->nullable |= call->args[i]->nullable;
  }
  return GN_OK;
}

static int bind_if(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc == GN_OK) rc = bind_condition(b, call, 0);
  return rc == GN_OK ? bind_values(b, call, 1, 1) : rc;
}

static int bind_case(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, SIZE_MAX);
  for (size_t i = 0; rc == GN_OK && i + 1 < call->count; i += 2) {
    if (call->args[i] && call->args[i]->type->kind == GNI_NULL) /* IF takes it, CASE does not */
      return gnp_bind_fail(b, GN_E_TYPE, call->args[i], "a condition of CASE must be a boolean");
    rc = bind_condition(b, call, i);
  }
  if (rc == GN_OK) rc = bind_values(b, call, 1, 2);
  if (call->count % 2 == 0) call->node->nullable = true;
  return rc;
}

/* The first that is not null: null only when all of them can be. */
static int bind_first(gnp_binder *b, gnp_call *call)
{
  int rc = bind_values(b, call, 0, 1);
  for (size_t i = 0; rc == GN_OK && i < call->count; i++)
    call->node->nullable &= call->args[i]->nullable;
  return rc;
}

static int bind_coalesce(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, SIZE_MAX);
  return rc == GN_OK ? bind_first(b, call) : rc;
}

static int bind_two(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  return rc == GN_OK ? bind_first(b, call) : rc;
}

/* nvl2(a, b, c) is if(a IS NOT NULL, b, c). */
static int bind_nvl2(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_bound *subject[1] = {call->args[0]};
  rc = gnp_bind_call_name(b, "isnotnull", call->expr, subject, 1, &call->args[0]);
  return rc == GN_OK ? bind_values(b, call, 1, 1) : rc;
}

/* nullif(a, b) is if(a = b, null, a), of a's type. */
static int bind_nullif(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK || !call->args[0] || !call->args[1])
    return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 3);
  if (!args) return gnp_bind_nomem(b);
  const gni_bound *pair[2] = {call->args[0], call->args[1]};
  args[2] = call->args[0];
  call->node->type = call->args[0]->type;
  call->node->nullable = true;
  if ((rc = gnp_bind_call_name(b, "=", call->expr, pair, 2, &args[0])) != GN_OK) return rc;
  if ((rc = gnp_bind_constant(b, call->node->type, GNI_NULL_VALUE, &args[1])) != GN_OK) return rc;
  call->args = args;
  call->count = 3;
  return GN_OK;
}

/* nanvl(a, b): b where a is NaN. */
static int eval_nanvl(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  int rc = evaluate(node->args[0], frame, out);
  if (rc != GN_OK || out->is_null || !isnan(out->real)) return rc;
  return evaluate(node->args[1], frame, out);
}

static int bind_nanvl(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  for (size_t i = 0; rc == GN_OK && i < 2; i++) rc = gnp_bind_want(b, call, i, "double|float");
  if (rc != GN_OK) return rc;
  call->node->type = gnp_type_wider(b, call->args[0]->type, call->args[1]->type, false);
  call->node->nullable = true;
  return call->node->type ? gnp_cast_all(b, call, 0, call->node->type) : gnp_bind_mismatch(b, call);
}

GNP_APPLY(is_nan)
{
  return gnp_give_boolean(out, !args[0].is_null && isnan(args[0].real));
}

/* zeroifnull(x) is coalesce(x, 0). */
static int bind_zeroifnull(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 2);
  if (!args) return gnp_bind_nomem(b);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  args[0] = call->args[0];
  rc = gnp_bind_constant(b, &gni_type_int, gni_value_integer(0), &args[1]);
  call->args = args;
  call->count = 2;
  return rc == GN_OK ? bind_first(b, call) : rc;
}

/* nullifzero(x) is nullif(x, 0). */
static int bind_nullifzero(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 1);
  const gni_bound **args = GN_TAKE(b->arena, const gni_bound *, 2);
  if (!args) return gnp_bind_nomem(b);
  if (rc != GN_OK || !call->args[0]) return rc != GN_OK ? rc : gnp_bind_mismatch(b, call);
  args[0] = call->args[0];
  rc = gnp_bind_constant(b, &gni_type_int, gni_value_integer(0), &args[1]);
  call->args = args;
  call->count = 2;
  return rc == GN_OK ? bind_nullif(b, call) : rc;
}

static const gnp_function functions[] = {
    {.name = "and",
     .takes = "boolean, boolean, boolean*",
     .gives = "boolean",
     .eval = eval_and,
     .emit = emit_and},
    {.name = "or",
     .takes = "boolean, boolean, boolean*",
     .gives = "boolean",
     .eval = eval_or,
     .emit = emit_or},
    {.name = "not", .takes = "boolean", .gives = "boolean", .apply = negate, .sql = "(NOT $1)"},
    {.name = "!", .same_as = "not"},
    {.name = "isnull",
     .takes = "any",
     .gives = "boolean",
     .apply = is_null,
     .sql = "($1 IS NULL)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "is unknown",
     .takes = "boolean",
     .gives = "boolean",
     .apply = is_null,
     .sql = "($1 IS NULL)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL | GNP_HIDDEN},
    {.name = "isnotnull",
     .takes = "any",
     .gives = "boolean",
     .apply = is_not_null,
     .sql = "($1 IS NOT NULL)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "if",
     .bind = bind_if,
     .eval = eval_if,
     .sql = "CASE WHEN $1 THEN $2 ELSE $3 END",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "case",
     .bind = bind_case,
     .eval = eval_case,
     .emit = emit_case,
     .flags = GNP_HIDDEN | GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "when", .same_as = "case"},
    {.name = "coalesce",
     .bind = bind_coalesce,
     .eval = eval_coalesce,
     .sql = "COALESCE($*)",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "nvl",
     .bind = bind_two,
     .eval = eval_coalesce,
     .sql = "COALESCE($*)",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "ifnull", .same_as = "nvl"},
    {.name = "nvl2",
     .bind = bind_nvl2,
     .eval = eval_if,
     .sql = "CASE WHEN $1 THEN $2 ELSE $3 END",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "nanvl",
     .bind = bind_nanvl,
     .eval = eval_nanvl,
     .sql = "CASE WHEN isnan($1) THEN $2 ELSE $1 END",
     .flags = GNP_CONDITIONAL},
    {.name = "isnan",
     .takes = "double|float",
     .gives = "boolean",
     .apply = is_nan,
     .sql = "COALESCE(isnan($1), false)",
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "nullifzero",
     .bind = bind_nullifzero,
     .eval = eval_if,
     .sql = "CASE WHEN $1 THEN $2 ELSE $3 END",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "zeroifnull",
     .bind = bind_zeroifnull,
     .eval = eval_coalesce,
     .sql = "COALESCE($*)",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
    {.name = "nullif",
     .bind = bind_nullif,
     .eval = eval_if,
     .sql = "CASE WHEN $1 THEN $2 ELSE $3 END",
     .flags = GNP_KNOWS_NULLS | GNP_CONDITIONAL},
};

const gnp_family gnp_family_conditional = {"conditional", functions,
                                           sizeof functions / sizeof *functions};
