/* The names that Spark gives to columns without an alias: its pretty SQL of the expression. A
 * function is named only when how Spark writes it is known; else the column needs an alias.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/cast.h"
#include "expr/query_plan.h"
#include "expr/text.h"

typedef struct naming {
  gnp_text text;
  gnp_planner *p;
  bool unknown;
} naming;

static void put(naming *n, const char *word)
{
  gnp_text_add_word(&n->text, word);
}

static void name_node(naming *n, const gni_expr *expr);

/* ---- literals and names ---------------------------------------------------------------------- */

static void name_literal(naming *n, const gni_expr *expr)
{
  switch (expr->value.is_null ? GNI_NULL : expr->type->kind) {
  case GNI_NULL:
    put(n, "NULL");
    return;
  case GNI_BOOLEAN:
    put(n, expr->value.boolean ? "true" : "false");
    return;
  case GNI_STRING:
    gnp_text_add(&n->text, expr->value.text);
    return;
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
  case GNI_LONG: {
    gn_str text = gni_str_format(n->p->binder.arena, "%lld", (long long)expr->value.integer);
    gnp_text_add(&n->text, text);
    return;
  }
  case GNI_DOUBLE:
  case GNI_DECIMAL:
    gnp_put_text(&n->text, expr->type, &expr->value, false);
    return;
  case GNI_DATE:
    put(n, "DATE '");
    gnp_put_text(&n->text, expr->type, &expr->value, false);
    put(n, "'");
    return;
  default:
    n->unknown = true;
  }
}

/* t.s.a is s.a: a table's name is not part of it. */
static void name_field(naming *n, const gni_expr *expr)
{
  if (gnp_is_column(n->p, expr)) {
    gnp_text_add(&n->text, expr->name);
    return;
  }
  name_node(n, expr->args[0]);
  put(n, ".");
  gnp_text_add(&n->text, expr->name);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void name_list(naming *n, const gni_expr *const *items, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (i) put(n, ", ");
    name_node(n, items[i]);
  }
}

static bool is_operator(gn_str name)
{
  static const char *const names[] = {"=",  "<",  "<=",  ">", ">=", "<=>", "|", "^", "&",
                                      "<<", ">>", ">>>", "+", "-",  "*",   "/", "%", "div"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (gni_str_is(name, names[i])) return true;
  return false;
}

static void name_between_marks(naming *n, const gni_expr *expr, const char *mark)
{
  put(n, "(");
  name_node(n, expr->args[0]);
  put(n, " ");
  put(n, mark);
  put(n, " ");
  name_node(n, expr->args[1]);
  put(n, ")");
}

/* a AND b AND c is ((a AND b) AND c). */
static void name_chain(naming *n, const gni_expr *expr, const char *word)
{
  for (size_t i = 1; i < expr->arg_count; i++) put(n, "(");
  name_node(n, expr->args[0]);
  for (size_t i = 1; i < expr->arg_count; i++) {
    put(n, word);
    name_node(n, expr->args[i]);
    put(n, ")");
  }
}

/* The parser makes x >= a AND x <= b of BETWEEN; both share x itself. */
static bool is_between(const gni_expr *expr)
{
  return expr->arg_count == 2 && expr->args[0]->kind == GNP_NODE_CALL &&
         expr->args[1]->kind == GNP_NODE_CALL && expr->args[0]->arg_count == 2 &&
         expr->args[1]->arg_count == 2 && expr->args[0]->args[0] == expr->args[1]->args[0];
}

static void name_and(naming *n, const gni_expr *expr)
{
  if (!is_between(expr)) {
    name_chain(n, expr, " AND ");
    return;
  }
  put(n, "between(");
  name_node(n, expr->args[0]->args[0]);
  put(n, ", ");
  name_node(n, expr->args[0]->args[1]);
  put(n, ", ");
  name_node(n, expr->args[1]->args[1]);
  put(n, ")");
}

static void name_around(naming *n, const char *before, const gni_expr *expr, const char *after)
{
  put(n, before);
  name_node(n, expr);
  put(n, after);
}

static void name_in(naming *n, const gni_expr *expr)
{
  put(n, "(");
  name_node(n, expr->args[0]);
  put(n, " IN (");
  name_list(n, expr->args + 1, expr->arg_count - 1);
  put(n, "))");
}

static void name_case(naming *n, const gni_expr *expr)
{
  size_t i = 0;
  put(n, "CASE");
  for (; i + 1 < expr->arg_count; i += 2) {
    name_around(n, " WHEN ", expr->args[i], " THEN ");
    name_node(n, expr->args[i + 1]);
  }
  if (i < expr->arg_count) name_around(n, " ELSE ", expr->args[i], "");
  put(n, " END");
}

static void name_like(naming *n, const gni_expr *expr)
{
  n->unknown |= expr->arg_count != 2;
  name_node(n, expr->args[0]);
  put(n, " LIKE ");
  name_node(n, expr->args[1]);
}

/* IS NOT NULL and IS NOT DISTINCT FROM begin where their operand does; a written NOT does not. */
static void name_not(naming *n, const gni_expr *expr)
{
  const gni_expr *inner = expr->args[0];
  bool one_form = inner->kind == GNP_NODE_CALL && inner->begin == expr->begin;
  if (one_form && gni_str_is(inner->name, "isnull"))
    name_around(n, "(", inner->args[0], " IS NOT NULL)");
  else if (one_form && gni_str_is(inner->name, "not"))
    name_node(n, inner->args[0]);
  else
    name_around(n, "(NOT ", inner, ")");
}

/* Forms with words or marks of their own; false for functions. */
static bool name_form(naming *n, const gni_expr *expr)
{
  gn_str name = expr->name;
  if (is_operator(name))
    name_between_marks(n, expr, gni_str_take(n->p->binder.arena, name).ptr);
  else if (gni_str_is(name, "!=")) {
    put(n, "(NOT ");
    name_between_marks(n, expr, "=");
    put(n, ")");
  } else if (gni_str_is(name, "and"))
    name_and(n, expr);
  else if (gni_str_is(name, "or"))
    name_chain(n, expr, " OR ");
  else if (gni_str_is(name, "not"))
    name_not(n, expr);
  else if (gni_str_is(name, "negative"))
    name_around(n, "(- ", expr->args[0], ")");
  else if (gni_str_is(name, "positive"))
    name_around(n, "(+ ", expr->args[0], ")");
  else if (gni_str_is(name, "~"))
    name_around(n, "~", expr->args[0], "");
  else if (gni_str_is(name, "isnull"))
    name_around(n, "(", expr->args[0], " IS NULL)");
  else if (gni_str_is(name, "isnotnull"))
    name_around(n, "(", expr->args[0], " IS NOT NULL)");
  else if (gni_str_is(name, "in"))
    name_in(n, expr);
  else if (gni_str_is(name, "case"))
    name_case(n, expr);
  else if (gni_str_is(name, "like"))
    name_like(n, expr);
  else if (gni_str_is(name, "if")) {
    put(n, "(IF(");
    name_list(n, expr->args, expr->arg_count);
    put(n, "))");
  } else if (gni_str_is(name, "[]")) {
    name_node(n, expr->args[0]);
    name_around(n, "[", expr->args[1], "]");
  } else
    return false;
  return true;
}

/* How Spark writes functions where it is not "name(arguments)": its own name, what it adds for
 * arguments left out. */
static const struct written {
  const char *name, *spelling; /* NULL: not known */
  size_t count;                /* arguments, below which `rest` follows; 0: any */
  const char *rest;
} spellings[] = {
    {"||", "concat", 0, NULL},
    {"ceil", "CEIL", 0, NULL},
    {"floor", "FLOOR", 0, NULL},
    {"exp", "EXP", 0, NULL},
    {"sqrt", "SQRT", 0, NULL},
    {"power", "POWER", 0, NULL},
    {"signum", "SIGNUM", 0, NULL},
    {"array_agg", "collect_list", 0, NULL},
    {"round", "round", 2, ", 0"},
    {"substring", "substring", 3, ", 2147483647"},
    {"split", "split", 3, ", -1"},
    {"sort_array", "sort_array", 2, ", true"},
    {"unix_timestamp", "unix_timestamp", 2, ", yyyy-MM-dd HH:mm:ss"},
    {"from_unixtime", "from_unixtime", 2, ", yyyy-MM-dd HH:mm:ss"},
    {"percentile", "percentile", 3, ", 1"},
    {"percentile_approx", "percentile_approx", 3, ", 10000"},
    {"approx_percentile", "approx_percentile", 3, ", 10000"},
    {"regexp_replace", "regexp_replace", 4, ", 1"},
    {"regexp_extract", "regexp_extract", 3, ", 1"},
};

/* Functions that Spark is known to write as they are called: query.cases asks it about each. A line
 * of words, so that the list is read as one. */
static const char plain_functions[] =
    " abs add_months any any_value approx_count_distinct array array_contains array_distinct avg "
    "bool_and bool_or ceiling char_length coalesce collect_list collect_set concat concat_ws "
    "corr count count_if covar_pop covar_samp current_date date_add date_diff "
    "date_format date_sub date_trunc datediff day dayofweek dayofyear element_at "
    "every first get_json_object greatest hash hour ifnull instr kurtosis last last_day lcase "
    "least len length ln lower lpad ltrim map map_keys map_values max max_by md5 mean median min "
    "min_by minute mod mode month named_struct nullif nvl nvl2 pmod pow quarter repeat "
    "reverse rpad rtrim second sha1 sign size skewness some std stddev stddev_pop "
    "stddev_samp struct sum to_date to_timestamp trim trunc try_sum ucase upper var_pop var_samp "
    "variance weekofyear xxhash64 year ";

static bool is_plain(gn_str name)
{
  gn_str rest = {plain_functions, sizeof plain_functions - 1}, word;
  while (gni_str_split(&rest, ' ', &word))
    if (word.len && gni_str_equal(word, name)) return true;
  return false;
}

static void name_function(naming *n, const gni_expr *expr)
{
  const struct written *found = NULL;
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
    if (gni_str_is(expr->name, spellings[i].name)) found = &spellings[i];
  bool tuple = gni_str_is(expr->name, "struct") && expr->text.ptr[expr->begin] == '(';
  n->unknown |= tuple || (!found && !is_plain(expr->name));
  bool short_word =
      gni_str_is(expr->name, "substring") && (expr->text.ptr[expr->begin + 6] | 32) != 'i';
  if (found)
    put(n, short_word ? "substr" : found->spelling);
  else
    gnp_text_add(&n->text, expr->name);
  put(n, "(");
  if (expr->clauses && expr->clauses->distinct) put(n, "DISTINCT ");
  if (expr->clauses && expr->clauses->star) put(n, "1");
  bool flagged =
      expr->arg_count == 2 && (gni_str_is(expr->name, "first") || gni_str_is(expr->name, "last") ||
                               gni_str_is(expr->name, "any_value"));
  name_list(n, expr->args, flagged ? 1 : expr->arg_count);
  if (found && found->rest && expr->arg_count < found->count) {
    n->unknown |= expr->arg_count + 1 != found->count;
    put(n, found->rest);
  }
  put(n, ")");
}

static void name_call(naming *n, const gni_expr *expr)
{
  if (!expr->clauses && name_form(n, expr)) return;
  name_function(n, expr);
  if (!expr->clauses) return;
  if (expr->clauses->over || expr->clauses->within.count) n->unknown = true;
  if (expr->clauses->filter) name_around(n, " FILTER (WHERE ", expr->clauses->filter, ")");
}

static void name_cast(naming *n, const gni_expr *expr)
{
  gn_buf type;
  gni_buf_init(&type, n->p->binder.arena->alloc, 1 << 16);
  gni_type_format(expr->type, &type);
  put(n, expr->is_try ? "TRY_CAST(" : "CAST(");
  name_node(n, expr->args[0]);
  put(n, " AS ");
  for (size_t i = 0; i < type.len; i++) {
    char c = type.ptr[i];
    gnp_text_add_char(&n->text, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
  }
  put(n, ")");
  n->unknown |= type.rc != GN_OK || expr->type->field_count || gnp_is_interval(expr->type);
  gni_buf_deinit(&type);
}

static void name_node(naming *n, const gni_expr *expr)
{
  switch ((enum gnp_node_kind)expr->kind) {
  case GNP_NODE_NAME:
    gnp_text_add(&n->text, expr->name);
    return;
  case GNP_NODE_LITERAL:
    name_literal(n, expr);
    return;
  case GNP_NODE_FIELD:
    name_field(n, expr);
    return;
  case GNP_NODE_CALL:
    name_call(n, expr);
    return;
  case GNP_NODE_CAST:
    name_cast(n, expr);
    return;
  case GNP_NODE_LAMBDA:
  case GNP_NODE_ALIAS:
    break;
  case GNP_NODE_QUERY:
    if (!expr->name.len) {
      put(n, "scalarsubquery()");
      n->unknown = true; /* outer columns that it reads stand in the brackets */
      return;
    }
    break;
  }
  n->unknown = true;
}

int gnp_query_name(gnp_planner *p, const gni_expr *expr, gn_str *out)
{
  naming n = {.text = {.arena = p->binder.arena}, .p = p};
  *out = (gn_str){NULL, 0};
  if (expr->kind == GNP_NODE_CAST && gnp_is_column(p, expr->args[0])) {
    *out = expr->args[0]->name; /* a cast of a column keeps the column's name */
    return GN_OK;
  }
  name_node(&n, expr);
  if (n.text.failed) return gnp_plan_nomem(p);
  if (!n.unknown) *out = (gn_str){n.text.ptr, n.text.len};
  return GN_OK;
}
