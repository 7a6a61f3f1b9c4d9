/* Forms with words inside: predicates (IS, IN, BETWEEN, LIKE), CASE, CAST, and the functions whose
 * arguments are separated by words. All become calls. SPDX-License-Identifier: Apache-2.0 */
#include "expr/tree.h"

static int make(gnp_parser *p, const char *name, size_t begin, size_t count,
                const gni_expr *const *args, const gni_expr **out)
{
  *out = gnp_node_call(p, name, begin, count, args);
  return gnp_parse_check(p, *out);
}

static int make_not(gnp_parser *p, bool wanted, const gni_expr **out)
{
  const gni_expr *operand = *out;
  return wanted ? make(p, "not", operand->begin, 1, &operand, out) : GN_OK;
}

static int make_text(gnp_parser *p, size_t begin, gn_str text, const gni_expr **out)
{
  gni_expr *node = gnp_node(p, GNP_NODE_LITERAL, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->type = &gni_type_string;
  node->value = gni_value_text(text);
  *out = node;
  return GN_OK;
}

static int make_boolean(gnp_parser *p, size_t begin, bool value, const gni_expr **out)
{
  gni_expr *node = gnp_node(p, GNP_NODE_LITERAL, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->type = &gni_type_boolean;
  node->value = gni_value_boolean(value);
  *out = node;
  return GN_OK;
}

/* ---- predicates ------------------------------------------------------------------------------ */

static int parse_is_what(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *pair[2] = {*out, NULL};
  size_t begin = (*out)->begin;
  bool found;
  int rc;
  if ((rc = gnp_parse_accept_word(p, "null", &found)) != GN_OK) return rc;
  if (found) return make(p, "isnull", begin, 1, pair, out);
  if ((rc = gnp_parse_accept_word(p, "unknown", &found)) != GN_OK) return rc;
  if (found) return make(p, "is unknown", begin, 1, pair, out);
  if (gnp_parse_at_word(p, "true") || gnp_parse_at_word(p, "false")) {
    if ((rc = make_boolean(p, p->token.begin, gnp_parse_at_word(p, "true"), &pair[1])) != GN_OK)
      return rc;
    if ((rc = gnp_parse_advance(p)) != GN_OK) return rc;
    return make(p, "<=>", begin, 2, pair, out);
  }
  if (!gnp_parse_at_word(p, "distinct"))
    return gnp_parse_expected(p, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM after IS");
  if ((rc = gnp_parse_advance(p)) != GN_OK) return rc;
  if ((rc = gnp_parse_word(p, "from")) != GN_OK) return rc;
  if ((rc = gnp_parse_value(p, 0, &pair[1])) != GN_OK) return rc;
  if ((rc = make(p, "<=>", begin, 2, pair, out)) != GN_OK) return rc;
  return make_not(p, true, out);
}

static int parse_is(gnp_parser *p, const gni_expr **out)
{
  bool negated;
  int rc = gnp_parse_word(p, "is");
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "not", &negated);
  if (rc == GN_OK) rc = parse_is_what(p, out);
  return rc == GN_OK ? make_not(p, negated, out) : rc;
}

static int parse_between(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *value = *out, *low, *high;
  int rc = gnp_parse_word(p, "between");
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &low);
  if (rc == GN_OK) rc = gnp_parse_word(p, "and");
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &high);
  if (rc != GN_OK) return rc;
  const gni_expr *from[2] = {value, low}, *to[2] = {value, high}, *both[2];
  if ((rc = make(p, ">=", value->begin, 2, from, &both[0])) != GN_OK) return rc;
  if ((rc = make(p, "<=", value->begin, 2, to, &both[1])) != GN_OK) return rc;
  return make(p, "and", value->begin, 2, both, out);
}

static int parse_in(gnp_parser *p, const gni_expr **out)
{
  gnp_list list = {0};
  size_t begin = (*out)->begin;
  int rc = gnp_parse_word(p, "in");
  if (rc == GN_OK) rc = gnp_list_add(p, &list, *out);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "(");
  if (rc != GN_OK) return rc;
  if (p->statement && gnp_parse_at_subquery(p))
    return gnp_parse_subquery(p, "in", list.items[0], begin, out);
  if (gnp_parse_at_word(p, "select") || gnp_parse_at_word(p, "with"))
    return gnp_parse_fail(p, GN_E_UNSUPPORTED, begin, p->token.end,
                          "a subquery is not supported in an expression");
  if (gnp_parse_at_mark(p, ")")) return gnp_parse_expected(p, "an expression");
  if ((rc = gnp_parse_arguments(p, &list)) != GN_OK) return rc;
  return make(p, "in", begin, list.count, list.items, out);
}

static int parse_escape(gnp_parser *p, gnp_list *list)
{
  bool found;
  const gni_expr *escape;
  int rc = gnp_parse_accept_word(p, "escape", &found);
  if (rc != GN_OK || !found) return rc;
  if (p->token.kind != GNP_TOKEN_TEXT) return gnp_parse_expected(p, "a text after ESCAPE");
  if ((rc = gnp_parse_literal(p, false, p->token.begin, &escape)) != GN_OK) return rc;
  return gnp_list_add(p, list, escape);
}

/* x LIKE ANY (a, b): x LIKE a OR x LIKE b; ALL is AND; NOT goes inside, as in Spark. */
static int parse_like_many(gnp_parser *p, const char *name, const char *chain, bool *negated,
                           const gni_expr **out)
{
  gnp_list patterns = {0}, terms = {0};
  const gni_expr *value = *out;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "(");
  if (rc != GN_OK) return rc;
  if (gnp_parse_at_mark(p, ")")) return gnp_parse_expected(p, "a pattern");
  if ((rc = gnp_parse_arguments(p, &patterns)) != GN_OK) return rc;
  for (size_t i = 0; i < patterns.count; i++) {
    const gni_expr *pair[2] = {value, patterns.items[i]}, *term;
    if ((rc = make(p, name, value->begin, 2, pair, &term)) != GN_OK) return rc;
    if ((rc = make_not(p, *negated, &term)) != GN_OK) return rc;
    if ((rc = gnp_list_add(p, &terms, term)) != GN_OK) return rc;
  }
  *negated = false;
  if (terms.count == 1) {
    *out = terms.items[0];
    return GN_OK;
  }
  return make(p, chain, value->begin, terms.count, terms.items, out);
}

static int parse_like(gnp_parser *p, const char *name, bool *negated, const gni_expr **out)
{
  gnp_list list = {0};
  const gni_expr *pattern;
  size_t begin = (*out)->begin;
  int rc = gnp_parse_advance(p);
  if (rc != GN_OK) return rc;
  gnp_token next = gnp_parse_peek(p);
  if (gnp_token_is_mark(&next, "(")) {
    if (gnp_parse_at_word(p, "any") || gnp_parse_at_word(p, "some"))
      return parse_like_many(p, name, "or", negated, out);
    if (gnp_parse_at_word(p, "all")) return parse_like_many(p, name, "and", negated, out);
  }
  if ((rc = gnp_list_add(p, &list, *out)) != GN_OK) return rc;
  if ((rc = gnp_parse_value(p, 0, &pattern)) != GN_OK) return rc;
  if ((rc = gnp_list_add(p, &list, pattern)) != GN_OK) return rc;
  if ((rc = parse_escape(p, &list)) != GN_OK) return rc;
  return make(p, name, begin, list.count, list.items, out);
}

static int parse_rlike(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *pair[2] = {*out, NULL};
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &pair[1]);
  return rc == GN_OK ? make(p, "rlike", pair[0]->begin, 2, pair, out) : rc;
}

static int parse_predicate_word(gnp_parser *p, bool *negated, const gni_expr **out)
{
  if (gnp_parse_at_word(p, "between")) return parse_between(p, out);
  if (gnp_parse_at_word(p, "in")) return parse_in(p, out);
  if (gnp_parse_at_word(p, "like")) return parse_like(p, "like", negated, out);
  if (gnp_parse_at_word(p, "ilike")) return parse_like(p, "ilike", negated, out);
  if (gnp_parse_at_word(p, "rlike") || gnp_parse_at_word(p, "regexp")) return parse_rlike(p, out);
  if (*negated) return gnp_parse_expected(p, "IN, BETWEEN, LIKE or RLIKE after NOT");
  return GN_OK;
}

int gnp_parse_predicate(gnp_parser *p, const gni_expr **out)
{
  if (p->token.kind != GNP_TOKEN_NAME) return GN_OK;
  if (gnp_parse_at_word(p, "is")) return parse_is(p, out);
  bool negated;
  int rc = gnp_parse_accept_word(p, "not", &negated);
  if (rc == GN_OK) rc = parse_predicate_word(p, &negated, out);
  return rc == GN_OK ? make_not(p, negated, out) : rc;
}

/* ---- CASE and CAST --------------------------------------------------------------------------- */

/* An expression behind a word, added to the list; with a subject, that it equals it. */
static int parse_branch(gnp_parser *p, const char *word, const gni_expr *subject, gnp_list *list)
{
  const gni_expr *item;
  int rc = gnp_parse_word(p, word);
  if (rc == GN_OK) rc = gnp_parse_expression(p, &item);
  if (rc != GN_OK) return rc;
  const gni_expr *pair[2] = {subject, item};
  if (subject && (rc = make(p, "=", item->begin, 2, pair, &item)) != GN_OK) return rc;
  return gnp_list_add(p, list, item);
}

/* CASE x WHEN a … is CASE WHEN x = a …; the call's arguments are condition, value, …, [else]. */
int gnp_parse_case(gnp_parser *p, const gni_expr **out)
{
  gnp_list list = {0};
  size_t begin = p->token.begin;
  const gni_expr *subject = NULL;
  int rc = gnp_parse_word(p, "case");
  if (rc == GN_OK && !gnp_parse_at_word(p, "when")) rc = gnp_parse_expression(p, &subject);
  if (rc == GN_OK && !gnp_parse_at_word(p, "when")) rc = gnp_parse_expected(p, "WHEN");
  while (rc == GN_OK && gnp_parse_at_word(p, "when")) {
    rc = parse_branch(p, "when", subject, &list);
    if (rc == GN_OK) rc = parse_branch(p, "then", NULL, &list);
  }
  if (rc == GN_OK && gnp_parse_at_word(p, "else")) rc = parse_branch(p, "else", NULL, &list);
  if (rc == GN_OK) rc = gnp_parse_word(p, "end");
  if (rc != GN_OK) return rc;
  return make(p, "case", begin, list.count, list.items, out);
}

static int parse_cast(gnp_parser *p, size_t begin, bool is_try, const gni_expr **out)
{
  const gni_expr *operand;
  const gni_type *type;
  int rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = gnp_parse_expression(p, &operand);
  if (rc == GN_OK) rc = gnp_parse_word(p, "as");
  if (rc == GN_OK) rc = gnp_parse_type(p, &type);
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_CAST, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->type = type;
  node->is_try = is_try;
  gnp_node_give(p, node, 1, &operand);
  *out = node;
  return gnp_parse_check(p, node->args);
}

/* ---- functions with words between their arguments -------------------------------------------- */

/* EXTRACT(field FROM source) is date_part('field', source). */
static int parse_extract(gnp_parser *p, size_t begin, const gni_expr **out)
{
  const gni_expr *pair[2];
  gn_str field;
  bool quoted;
  size_t at = 0;
  int rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) {
    at = p->token.begin;
    rc = gnp_parse_name(p, &field, &quoted);
  }
  if (rc == GN_OK) rc = make_text(p, at, field, &pair[0]);
  if (rc == GN_OK) rc = gnp_parse_word(p, "from");
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &pair[1]);
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  return rc == GN_OK ? make(p, "date_part", begin, 2, pair, out) : rc;
}

/* name(first WORD second [WORD third]); commas do instead of words where `commas`. */
static int parse_worded(gnp_parser *p, const char *name, const char *first_word,
                        const char *second_word, const char *third_word, bool commas, size_t begin,
                        const gni_expr **out)
{
  const char *words[] = {first_word, second_word, third_word};
  gnp_list list = {0};
  int rc = gnp_parse_mark(p, "(");
  for (size_t i = 0; rc == GN_OK; i++) {
    const gni_expr *item;
    bool found = false;
    if ((rc = gnp_parse_expression(p, &item)) != GN_OK) return rc;
    if ((rc = gnp_list_add(p, &list, item)) != GN_OK) return rc;
    if (i < 3 && words[i]) rc = gnp_parse_accept_word(p, words[i], &found);
    if (rc == GN_OK && !found && commas) rc = gnp_parse_accept_mark(p, ",", &found);
    if (!found) break;
  }
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  return rc == GN_OK ? make(p, name, begin, list.count, list.items, out) : rc;
}

/* POSITION(a IN b): the operand stops before IN, so it is a value, not an expression. */
static int parse_position(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gnp_list list = {0};
  const gni_expr *item;
  bool more;
  int rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &item);
  if (rc == GN_OK) rc = gnp_list_add(p, &list, item);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "in", &more);
  if (rc == GN_OK && !more && gnp_parse_at_mark(p, ",")) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_arguments(p, &list);
  return rc == GN_OK ? make(p, "position", begin, list.count, list.items, out) : rc;
}

/* BOTH, LEADING or TRAILING, unless it is a column that is trimmed. */
static int parse_trim_side(gnp_parser *p, const char **name, bool *found)
{
  static const char *const sides[][2] = {
      {"both", "btrim"}, {"leading", "ltrim from"}, {"trailing", "rtrim from"}};
  gnp_token next = gnp_parse_peek(p);
  *found = false;
  for (size_t i = 0; i < 3 && !gnp_token_is_mark(&next, ")"); i++) {
    if (!gnp_parse_at_word(p, sides[i][0])) continue;
    *name = sides[i][1];
    return gnp_parse_accept_word(p, sides[i][0], found);
  }
  return GN_OK;
}

static int parse_from(gnp_parser *p, const gni_expr **text)
{
  int rc = gnp_parse_word(p, "from");
  return rc == GN_OK ? gnp_parse_value(p, 0, text) : rc;
}

/* What stands in the brackets, into (text[, what]). */
static int parse_trim_operands(gnp_parser *p, bool side, const char **name, const gni_expr **pair,
                               size_t *count)
{
  bool second = false;
  *count = 1;
  if (side && gnp_parse_at_word(p, "from")) return parse_from(p, &pair[0]);
  int rc = gnp_parse_expression(p, &pair[0]);
  if (rc != GN_OK) return rc;
  *count = 2;
  if (side || gnp_parse_at_word(p, "from")) {
    pair[1] = pair[0];
    return parse_from(p, &pair[0]);
  }
  *name = "trim";
  rc = gnp_parse_accept_mark(p, ",", &second);
  *count = second ? 2 : 1;
  return rc == GN_OK && second ? gnp_parse_expression(p, &pair[1]) : rc;
}

/* TRIM([BOTH|LEADING|TRAILING] [what] FROM text), and plain trim(text). The result's arguments are
 * (text[, what]), as those of btrim, ltrim and rtrim in our table. */
static int parse_trim(gnp_parser *p, size_t begin, const gni_expr **out)
{
  const char *name = "btrim";
  const gni_expr *pair[2];
  size_t count = 1;
  bool side = false;
  int rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = parse_trim_side(p, &name, &side);
  if (rc == GN_OK) rc = parse_trim_operands(p, side, &name, pair, &count);
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  return rc == GN_OK ? make(p, name, begin, count, pair, out) : rc;
}

/* DATEADD(DAY, 1, d): the unit is a bare word; with a unit these are other functions than without.
 */
/* With one argument behind it, the unit's word is a column: date_add(day, 1). */
static int parse_unit_call(gnp_parser *p, gn_str plain, const char *name, size_t begin,
                           const gni_expr **out)
{
  gnp_list list = {0};
  const gni_expr *unit = NULL;
  gnp_token word = gnp_parse_peek(p);
  int rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = make_text(p, p->token.begin, p->token.text, &unit);
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_list_add(p, &list, unit);
  if (rc == GN_OK) rc = gnp_parse_mark(p, ",");
  if (rc == GN_OK) rc = gnp_parse_arguments(p, &list);
  if (rc != GN_OK || list.count != 2)
    return rc == GN_OK ? make(p, name, begin, list.count, list.items, out) : rc;
  gni_expr *column = gnp_node(p, GNP_NODE_NAME, word.begin);
  if (!column) return gnp_parse_check(p, NULL);
  column->end = word.end;
  column->name = word.text;
  list.items[0] = column;
  return make(p, plain.ptr, begin, list.count, list.items, out);
}

static bool is_date_unit(const gnp_token *token)
{
  static const char *const units[] = {"year",   "quarter",     "month",      "week",
                                      "day",    "dayofyear",   "hour",       "minute",
                                      "second", "millisecond", "microsecond"};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (gnp_token_is_word(token, units[i])) return true;
  return false;
}

/* The token looked at is "(": is what follows `unit ,`? */
static bool unit_ahead(gnp_parser *p)
{
  gnp_token unit = gnp_parse_peek(p), comma;
  return is_date_unit(&unit) && gnp_token_next(p->text, unit.end, &comma, NULL) == GN_OK &&
         gnp_token_is_mark(&comma, ",");
}

static const char *unit_function(gn_str name)
{
  static const char *const rows[][2] = {
      {"dateadd", "timestampadd"},       {"date_add", "timestampadd"},
      {"timestampadd", "timestampadd"},  {"datediff", "timestampdiff"},
      {"date_diff", "timestampdiff"},    {"timediff", "timestampdiff"},
      {"timestampdiff", "timestampdiff"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (gni_str_is(name, rows[i][0])) return rows[i][1];
  return NULL;
}

int gnp_parse_special(gnp_parser *p, gn_str name, size_t begin, bool *done, const gni_expr **out)
{
  *done = true;
  if (gni_str_is(name, "cast")) return parse_cast(p, begin, false, out);
  if (gni_str_is(name, "try_cast")) return parse_cast(p, begin, true, out);
  if (gni_str_is(name, "extract")) return parse_extract(p, begin, out);
  if (gni_str_is(name, "trim")) return parse_trim(p, begin, out);
  if (gni_str_is(name, "position")) return parse_position(p, begin, out);
  if (gni_str_is(name, "substring") || gni_str_is(name, "substr"))
    return parse_worded(p, "substring", "from", "for", NULL, true, begin, out);
  if (gni_str_is(name, "overlay"))
    return parse_worded(p, "overlay", "placing", "from", "for", true, begin, out);
  const char *with_unit = unit_function(name);
  if (with_unit && unit_ahead(p)) return parse_unit_call(p, name, with_unit, begin, out);
  *done = false;
  return GN_OK;
}
