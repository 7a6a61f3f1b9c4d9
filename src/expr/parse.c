/* Spark's expression grammar: precedence climbing over the tokens. Names, calls, operators and
 * predicates are here; literals and functions with words between their arguments have files of
 * their own. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/tree.h"

const gni_type gnp_type_months = {.kind = GNP_MONTHS}, gnp_type_micros = {.kind = GNP_MICROS},
               gnp_type_days = {.kind = GNP_DAYS};

/* ---- the token looked at --------------------------------------------------------------------- */

int gnp_parse_fail(gnp_parser *p, int code, size_t begin, size_t end, const char *format, ...)
{
  char message[sizeof((gn_error *)0)->message];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  p->fail_begin = begin;
  p->fail_end = end;
  return gni_fail(p->err, code, "%s", message);
}

int gnp_parse_expected(gnp_parser *p, const char *what)
{
  const gnp_token *t = &p->token;
  if (t->kind == GNP_TOKEN_END)
    return gnp_parse_fail(p, GN_E_PARSE, t->begin, t->end, "expected %s, found the end", what);
  return gnp_parse_fail(p, GN_E_PARSE, t->begin, t->end, "expected %s, found '%.*s'", what,
                        GN_STR_ARGS(t->text));
}

int gnp_parse_check(gnp_parser *p, const void *taken)
{
  return taken ? GN_OK : gni_fail(p->err, GN_E_NOMEM, "out of memory while parsing an expression");
}

int gnp_parse_advance(gnp_parser *p)
{
  p->previous_end = p->token.end;
  int rc = gnp_token_next(p->text, p->token.end, &p->token, p->err);
  if (rc != GN_OK) {
    p->fail_begin = p->token.begin;
    p->fail_end = p->token.end;
  }
  return rc;
}

gnp_token gnp_parse_peek(const gnp_parser *p)
{
  gnp_token next = {.kind = GNP_TOKEN_END};
  if (gnp_token_next(p->text, p->token.end, &next, NULL) != GN_OK) next.kind = GNP_TOKEN_END;
  return next;
}

bool gnp_token_is_word(const gnp_token *token, const char *keyword)
{
  return token->kind == GNP_TOKEN_NAME && gnp_same_word(token->text, gni_str(keyword));
}

bool gnp_token_is_mark(const gnp_token *token, const char *mark)
{
  return token->kind == GNP_TOKEN_MARK && gni_str_is(token->text, mark);
}

bool gnp_parse_at_mark(const gnp_parser *p, const char *mark)
{
  return gnp_token_is_mark(&p->token, mark);
}

bool gnp_parse_at_word(const gnp_parser *p, const char *keyword)
{
  return gnp_token_is_word(&p->token, keyword);
}

int gnp_parse_accept_mark(gnp_parser *p, const char *mark, bool *found)
{
  *found = gnp_parse_at_mark(p, mark);
  return *found ? gnp_parse_advance(p) : GN_OK;
}

int gnp_parse_accept_word(gnp_parser *p, const char *keyword, bool *found)
{
  *found = gnp_parse_at_word(p, keyword);
  return *found ? gnp_parse_advance(p) : GN_OK;
}

int gnp_parse_mark(gnp_parser *p, const char *mark)
{
  char quoted[8];
  snprintf(quoted, sizeof quoted, "'%s'", mark);
  return gnp_parse_at_mark(p, mark) ? gnp_parse_advance(p) : gnp_parse_expected(p, quoted);
}

int gnp_parse_word(gnp_parser *p, const char *keyword)
{
  char word[32];
  size_t len = 0;
  if (gnp_parse_at_word(p, keyword)) return gnp_parse_advance(p);
  for (; keyword[len] && len + 1 < sizeof word; len++)
    word[len] =
        keyword[len] >= 'a' && keyword[len] <= 'z' ? (char)(keyword[len] - 32) : keyword[len];
  word[len] = '\0';
  return gnp_parse_expected(p, word);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

gni_expr *gnp_node(gnp_parser *p, int kind, size_t begin)
{
  gni_expr *node = GN_TAKE_ZERO(p->arena, gni_expr, 1);
  if (!node) return NULL;
  node->kind = (uint8_t)kind;
  node->text = p->text;
  node->begin = begin;
  node->end = p->previous_end;
  node->depth = 1;
  return node;
}

const gni_expr *gnp_node_call(gnp_parser *p, const char *name, size_t begin, size_t count,
                              const gni_expr *const *args)
{
  gni_expr *node = gnp_node(p, GNP_NODE_CALL, begin);
  if (!node) return NULL;
  node->name = gni_str(name);
  gnp_node_give(p, node, count, args);
  return node->args || !count ? node : NULL;
}

void gnp_node_give(gnp_parser *p, gni_expr *node, size_t count, const gni_expr *const *args)
{
  node->args = gni_arena_copy(p->arena, args, gni_size_mul(count, sizeof *args));
  node->arg_count = count;
  for (size_t i = 0; i < count; i++)
    if (args[i]->depth >= node->depth) node->depth = args[i]->depth + 1;
}

/* A long chain (a + b + c + …) nests to the left without the parser recursing, so the depth of the
 * tree is checked where the tree grows. */
static int check_depth(gnp_parser *p, const gni_expr *node)
{
  if (!node) return gnp_parse_check(p, NULL);
  if (node->depth <= GN_EXPR_DEPTH_MAX) return GN_OK;
  return gnp_parse_fail(p, GN_E_LIMIT, node->begin, node->end,
                        "the expression is nested more than %d deep", GN_EXPR_DEPTH_MAX);
}

static int enter(gnp_parser *p)
{
  if (p->depth++ < GN_EXPR_DEPTH_MAX) return GN_OK;
  return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                        "the expression is nested more than %d deep", GN_EXPR_DEPTH_MAX);
}

/* ---- names and calls ------------------------------------------------------------------------- */

int gnp_parse_name(gnp_parser *p, gn_str *name, bool *quoted)
{
  if (p->token.kind != GNP_TOKEN_NAME && p->token.kind != GNP_TOKEN_QUOTED)
    return gnp_parse_expected(p, "a name");
  *quoted = p->token.kind == GNP_TOKEN_QUOTED;
  *name = p->token.text;
  if (*quoted && memchr(name->ptr, '`', name->len)) {
    char *copy = gni_arena_take(p->arena, name->len);
    if (!copy) return gnp_parse_check(p, NULL);
    size_t len = 0;
    for (size_t i = 0; i < name->len; i++) {
      copy[len++] = name->ptr[i];
      if (name->ptr[i] == '`') i++; /* the lexer saw to it that they come in pairs */
    }
    *name = (gn_str){copy, len};
  }
  return gnp_parse_advance(p);
}

/* Growing list of arguments; the arena extends it in place while nothing else is taken. */
int gnp_list_add(gnp_parser *p, gnp_list *list, const gni_expr *item)
{
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? 2 * list->capacity : 4;
    void *grown =
        gni_arena_grow(p->arena, list->items, list->capacity * sizeof item, capacity * sizeof item);
    if (!grown) return gnp_parse_check(p, NULL);
    list->items = grown;
    list->capacity = capacity;
  }
  list->items[list->count++] = item;
  return GN_OK;
}

static int parse_alias(gnp_parser *p, const gni_expr **item)
{
  bool found;
  int rc = gnp_parse_accept_word(p, "as", &found);
  if (rc != GN_OK || !found) return rc;
  gn_str name;
  bool quoted;
  if ((rc = gnp_parse_name(p, &name, &quoted)) != GN_OK) return rc;
  gni_expr *alias = gnp_node(p, GNP_NODE_ALIAS, (*item)->begin);
  if (!alias) return gnp_parse_check(p, NULL);
  alias->name = name;
  gnp_node_give(p, alias, 1, item);
  *item = alias;
  return gnp_parse_check(p, alias->args);
}

int gnp_parse_arguments(gnp_parser *p, gnp_list *list)
{
  bool more;
  int rc = gnp_parse_accept_mark(p, ")", &more);
  if (rc != GN_OK || more) return rc;
  if (gnp_parse_at_mark(p, "*"))
    return gnp_parse_fail(p, GN_E_UNSUPPORTED, p->token.begin, p->token.end,
                          "'*' as an argument is not supported here");
  do {
    const gni_expr *item;
    if (p->token.kind == GNP_TOKEN_NAME) {
      gnp_token next = gnp_parse_peek(p);
      if (gnp_token_is_mark(&next, "=>"))
        return gnp_parse_fail(p, GN_E_UNSUPPORTED, p->token.begin, next.end,
                              "named arguments are not supported");
    }
    if ((rc = gnp_parse_expression(p, &item)) != GN_OK) return rc;
    if ((rc = parse_alias(p, &item)) != GN_OK) return rc;
    if ((rc = gnp_list_add(p, list, item)) != GN_OK) return rc;
    if ((rc = gnp_parse_accept_mark(p, ",", &more)) != GN_OK) return rc;
  } while (more);
  return gnp_parse_mark(p, ")");
}

static int refuse_clause(gnp_parser *p, const char *word, const char *what)
{
  if (!gnp_parse_at_word(p, word)) return GN_OK;
  return gnp_parse_fail(p, GN_E_UNSUPPORTED, p->token.begin, p->token.end,
                        "%s is not supported in an expression", what);
}

/* The token looked at is the opening bracket. */
static int parse_call(gnp_parser *p, gn_str name, size_t begin, const gni_expr **out)
{
  bool done;
  gn_str lower = gnp_lower(p->arena, name);
  int rc = gnp_parse_check(p, lower.ptr);
  if (rc != GN_OK) return rc;
  if ((rc = gnp_parse_special(p, lower, begin, &done, out)) != GN_OK || done) return rc;
  if (p->statement) return gnp_parse_query_call(p, lower, begin, out);
  gnp_list list = {0};
  if ((rc = gnp_parse_mark(p, "(")) != GN_OK) return rc;
  if ((rc = refuse_clause(p, "distinct", "DISTINCT")) != GN_OK) return rc;
  if ((rc = gnp_parse_arguments(p, &list)) != GN_OK) return rc;
  if ((rc = refuse_clause(p, "over", "a window (OVER)")) != GN_OK) return rc;
  if (gnp_parse_at_word(p, "filter") && (rc = refuse_clause(p, "filter", "FILTER")) != GN_OK)
    return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_CALL, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->name = lower;
  node->by_name = true;
  gnp_node_give(p, node, list.count, list.items);
  *out = node;
  return gnp_parse_check(p, node->args || !list.count ? node : NULL);
}

static int parse_lambda(gnp_parser *p, size_t begin, const gn_str *names, size_t count,
                        const gni_expr **out)
{
  const gni_expr *body;
  int rc = gnp_parse_mark(p, "->");
  if (rc == GN_OK) rc = gnp_parse_expression(p, &body);
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_LAMBDA, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->parameters = gni_arena_copy(p->arena, names, count * sizeof *names);
  node->parameter_count = count;
  gnp_node_give(p, node, 1, &body);
  *out = node;
  return gnp_parse_check(p, node->args && node->parameters ? node : NULL);
}

#define GNP_PARAMETERS_MAX 4 /* map_zip_with's lambda has three */

/* `(a, b) ->`: brackets that hold only names and are followed by an arrow. */
static bool lambda_ahead(gnp_parser *p)
{
  gnp_token t = p->token;
  while (true) {
    if (gnp_token_next(p->text, t.end, &t, NULL) != GN_OK) return false;
    if (t.kind != GNP_TOKEN_NAME && t.kind != GNP_TOKEN_QUOTED) return false;
    if (gnp_token_next(p->text, t.end, &t, NULL) != GN_OK) return false;
    if (gnp_token_is_mark(&t, ")")) break;
    if (!gnp_token_is_mark(&t, ",")) return false;
  }
  return gnp_token_next(p->text, t.end, &t, NULL) == GN_OK && gnp_token_is_mark(&t, "->");
}

static int parse_bracketed_lambda(gnp_parser *p, size_t begin, const gni_expr **out)
{
  gn_str names[GNP_PARAMETERS_MAX];
  size_t count = 0;
  bool more, quoted;
  int rc = gnp_parse_mark(p, "(");
  do {
    if (count == GNP_PARAMETERS_MAX)
      return gnp_parse_fail(p, GN_E_PARSE, begin, p->token.end, "too many lambda parameters");
    if (rc == GN_OK) rc = gnp_parse_name(p, &names[count++], &quoted);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  if ((rc = gnp_parse_mark(p, ")")) != GN_OK) return rc;
  return parse_lambda(p, begin, names, count, out);
}

static int parse_bracket(gnp_parser *p, const gni_expr **out)
{
  size_t begin = p->token.begin;
  if (lambda_ahead(p)) return parse_bracketed_lambda(p, begin, out);
  gnp_list list = {0};
  int rc = gnp_parse_mark(p, "(");
  if (rc != GN_OK) return rc;
  if (p->statement && gnp_parse_at_subquery(p)) return gnp_parse_subquery(p, "", NULL, begin, out);
  if (gnp_parse_at_word(p, "select") || gnp_parse_at_word(p, "with"))
    return gnp_parse_fail(p, GN_E_UNSUPPORTED, begin, p->token.end,
                          "a subquery is not supported in an expression");
  if (gnp_parse_at_mark(p, ")")) return gnp_parse_expected(p, "an expression");
  if ((rc = gnp_parse_arguments(p, &list)) != GN_OK) return rc;
  if (list.count == 1 && list.items[0]->kind != GNP_NODE_ALIAS)
    *out = list.items[0];
  else
    *out = gnp_node_call(p, "struct", begin, list.count, list.items); /* (a, b) */
  return gnp_parse_check(p, *out);
}

/* Words that are calls without brackets. */
static bool is_bare_call(gn_str word)
{
  static const char *const words[] = {"current_date", "current_timestamp", "localtimestamp",
                                      "current_user", "current_time",      "session_user"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (gnp_same_word(word, gni_str(words[i]))) return true;
  return false;
}

/* Every word may be a column's name; CASE is the keyword when an expression or WHEN follows. Before
 * a sign it is the keyword too: `case - 1` over a column wants backquotes. */
static bool begins_operand(gnp_token next)
{
  return gnp_token_is_mark(&next, "-") || gnp_token_is_mark(&next, "+") ||
         gnp_token_is_mark(&next, "~") || next.kind == GNP_TOKEN_NAME ||
         next.kind == GNP_TOKEN_QUOTED || next.kind == GNP_TOKEN_NUMBER ||
         next.kind == GNP_TOKEN_TEXT || gnp_token_is_mark(&next, "(");
}

static int parse_word(gnp_parser *p, const gni_expr **out)
{
  size_t begin = p->token.begin;
  gn_str name;
  bool quoted, done;
  int rc = gnp_parse_typed_literal(p, &done, out);
  if (rc != GN_OK || done) return rc;
  if (gnp_parse_at_word(p, "case") && begins_operand(gnp_parse_peek(p)))
    return gnp_parse_case(p, out);
  if ((rc = gnp_parse_name(p, &name, &quoted)) != GN_OK) return rc;
  if (gnp_parse_at_mark(p, "->")) return parse_lambda(p, begin, &name, 1, out);
  if (gnp_parse_at_mark(p, "(")) return parse_call(p, name, begin, out);
  if (!quoted && is_bare_call(name)) {
    gn_str lower = gnp_lower(p->arena, name);
    if (!lower.ptr) return gnp_parse_check(p, NULL);
    *out = gnp_node_call(p, lower.ptr, begin, 0, NULL);
    return gnp_parse_check(p, *out);
  }
  gni_expr *node = gnp_node(p, GNP_NODE_NAME, begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->name = name;
  node->quoted = quoted;
  *out = node;
  return GN_OK;
}

/* ---- primary expressions: what follows them -------------------------------------------------- */

static int parse_cast_mark(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *operand = *out;
  const gni_type *type;
  int rc = gnp_parse_mark(p, "::");
  if (rc == GN_OK) rc = gnp_parse_type(p, &type);
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_CAST, operand->begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->type = type;
  gnp_node_give(p, node, 1, &operand);
  *out = node;
  return gnp_parse_check(p, node->args);
}

static int parse_field(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *operand = *out;
  gn_str name;
  bool quoted;
  int rc = gnp_parse_mark(p, ".");
  if (rc == GN_OK) rc = gnp_parse_name(p, &name, &quoted);
  if (rc != GN_OK) return rc;
  gni_expr *node = gnp_node(p, GNP_NODE_FIELD, operand->begin);
  if (!node) return gnp_parse_check(p, NULL);
  node->name = name;
  gnp_node_give(p, node, 1, &operand);
  *out = node;
  return gnp_parse_check(p, node->args);
}

static int parse_element(gnp_parser *p, const gni_expr **out)
{
  const gni_expr *pair[2] = {*out, NULL};
  int rc = gnp_parse_mark(p, "[");
  if (rc == GN_OK) rc = gnp_parse_value(p, 0, &pair[1]);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "]");
  if (rc != GN_OK) return rc;
  *out = gnp_node_call(p, "[]", pair[0]->begin, 2, pair);
  return gnp_parse_check(p, *out);
}

int gnp_parse_primary(gnp_parser *p, const gni_expr **out)
{
  int rc;
  uint8_t kind = p->token.kind;
  if (kind == GNP_TOKEN_NUMBER || kind == GNP_TOKEN_TEXT)
    rc = gnp_parse_literal(p, false, p->token.begin, out);
  else if (kind == GNP_TOKEN_NAME || kind == GNP_TOKEN_QUOTED)
    rc = parse_word(p, out);
  else if (gnp_parse_at_mark(p, "("))
    rc = parse_bracket(p, out);
  else
    rc = gnp_parse_expected(p, "an expression");
  while (rc == GN_OK) {
    if (gnp_parse_at_mark(p, "::"))
      rc = parse_cast_mark(p, out);
    else if (gnp_parse_at_mark(p, "."))
      rc = parse_field(p, out);
    else if (gnp_parse_at_mark(p, "["))
      rc = parse_element(p, out);
    else
      break;
    if (rc == GN_OK) rc = check_depth(p, *out);
  }
  return rc;
}

/* ---- operators ------------------------------------------------------------------------------- */

static const struct operator_row {
  const char *mark;
  int level;
  const char *name; /* of the function that it is */
} operators[] = {
    {"=", 1, "="},   {"==", 1, "="}, {"<>", 1, "!="}, {"!=", 1, "!="},   {"<", 1, "<"},
    {"<=", 1, "<="}, {">", 1, ">"},  {">=", 1, ">="}, {"<=>", 1, "<=>"}, {"|", 2, "|"},
    {"^", 3, "^"},   {"&", 4, "&"},  {"<<", 5, "<<"}, {">>", 5, ">>"},   {">>>", 5, ">>>"},
    {"+", 6, "+"},   {"-", 6, "-"},  {"||", 6, "||"}, {"*", 7, "*"},     {"/", 7, "/"},
    {"%", 7, "%"},
};

static const struct operator_row *operator_at(const gnp_parser *p)
{
  static const struct operator_row div = {"div", 7, "div"};
  if (gnp_parse_at_word(p, "div")) return &div;
  if (p->token.kind != GNP_TOKEN_MARK) return NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (gni_str_is(p->token.text, operators[i].mark)) return &operators[i];
  return NULL;
}

/* A sign before a number belongs to the literal, so that -2147483648 is an int. */
static int parse_unary(gnp_parser *p, const gni_expr **out)
{
  static const struct {
    const char *mark, *name;
  } signs[] = {{"-", "negative"}, {"+", "positive"}, {"~", "~"}};
  size_t begin = p->token.begin;
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    if (!gnp_parse_at_mark(p, signs[i].mark)) continue;
    int rc = enter(p);
    if (rc == GN_OK) rc = gnp_parse_advance(p);
    if (rc != GN_OK) return rc;
    gnp_token next = gnp_parse_peek(p);
    bool bare = !gnp_token_is_mark(&next, "::") && !gnp_token_is_mark(&next, ".") &&
                !gnp_token_is_mark(&next, "[");
    if (i == 0 && p->token.kind == GNP_TOKEN_NUMBER && bare) {
      rc = gnp_parse_literal(p, true, begin, out);
    } else {
      const gni_expr *operand;
      if ((rc = parse_unary(p, &operand)) != GN_OK) return rc;
      *out = gnp_node_call(p, signs[i].name, begin, 1, &operand);
      rc = check_depth(p, *out);
    }
    p->depth--;
    return rc;
  }
  return gnp_parse_primary(p, out);
}

int gnp_parse_value(gnp_parser *p, int level, const gni_expr **out)
{
  int rc = enter(p);
  if (rc == GN_OK) rc = parse_unary(p, out);
  while (rc == GN_OK) {
    const struct operator_row *found = operator_at(p);
    if (!found || found->level <= level) break;
    const gni_expr *pair[2] = {*out, NULL};
    rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_value(p, found->level, &pair[1]);
    if (rc != GN_OK) break;
    *out = gnp_node_call(p, found->name, pair[0]->begin, 2, pair);
    rc = check_depth(p, *out);
  }
  p->depth--;
  return rc;
}

/* ---- AND, OR, NOT ---------------------------------------------------------------------------- */

static int parse_negation(gnp_parser *p, const gni_expr **out)
{
  size_t begin = p->token.begin;
  bool mark = gnp_parse_at_mark(p, "!"), word = gnp_parse_at_word(p, "not");
  if (!mark && !word) {
    int rc = gnp_parse_value(p, 0, out);
    return rc == GN_OK ? gnp_parse_predicate(p, out) : rc;
  }
  const gni_expr *operand;
  int rc = enter(p);
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = parse_negation(p, &operand);
  if (rc != GN_OK) return rc;
  p->depth--;
  *out = gnp_node_call(p, "not", begin, 1, &operand);
  return check_depth(p, *out);
}

/* AND and OR take any number of operands, so that a filter of a thousand terms is not deep. */
static int parse_chain(gnp_parser *p, const char *word,
                       int (*part)(gnp_parser *, const gni_expr **), const gni_expr **out)
{
  gnp_list list = {0};
  bool more;
  size_t begin = p->token.begin;
  do {
    const gni_expr *item;
    int rc = part(p, &item);
    if (rc == GN_OK) rc = gnp_list_add(p, &list, item);
    if (rc == GN_OK) rc = gnp_parse_accept_word(p, word, &more);
    if (rc != GN_OK) return rc;
  } while (more);
  *out = list.count == 1 ? list.items[0] : gnp_node_call(p, word, begin, list.count, list.items);
  return check_depth(p, *out);
}

static int parse_conjunction(gnp_parser *p, const gni_expr **out)
{
  return parse_chain(p, "and", parse_negation, out);
}

int gnp_parse_expression(gnp_parser *p, const gni_expr **out)
{
  int rc = enter(p);
  if (rc == GN_OK) rc = parse_chain(p, "or", parse_conjunction, out);
  p->depth--;
  return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Where "${" stands, or NULL. */
static const char *find_variable(gn_str text)
{
  for (size_t i = 0; i + 1 < text.len; i++)
    if (text.ptr[i] == '$' && text.ptr[i + 1] == '{') return text.ptr + i;
  return NULL;
}

int gni_expr_parse(gn_str text, gn_arena *arena, const gni_expr **out, gni_expr_place *place,
                   gn_error *err)
{
  gn_error own = {0};
  gnp_parser p = {.text = text, .arena = arena, .err = err ? err : &own};
  *out = NULL;
  if (text.len > GN_EXPR_BYTES_MAX)
    return gni_fail(p.err, GN_E_LIMIT, "the expression is longer than %u bytes", GN_EXPR_BYTES_MAX);
  const char *variable = find_variable(text);
  if (variable) {
    size_t at = (size_t)(variable - text.ptr);
    int rc =
        gni_fail(p.err, GN_E_UNSUPPORTED,
                 "'${…}' is replaced by Spark before it reads the text; that is not supported");
    gnp_place_fill(text, at, at + 2, place, p.err);
    return rc;
  }
  if (!gni_utf8_valid(text)) return gni_fail(p.err, GN_E_PARSE, "the expression is not UTF-8");
  const gni_expr *tree = NULL;
  int rc = gnp_parse_advance(&p);
  if (rc == GN_OK) rc = gnp_parse_expression(&p, &tree);
  if (rc == GN_OK && p.token.kind != GNP_TOKEN_END)
    rc = gnp_parse_expected(&p, "an operator or the end");
  if (rc != GN_OK) {
    if (rc != GN_E_NOMEM) gnp_place_fill(text, p.fail_begin, p.fail_end, place, p.err);
    return rc;
  }
  *out = tree;
  return GN_OK;
}

bool gni_expr_is_identifier(const gni_expr *expr, gn_str *name)
{
  if (expr->kind != GNP_NODE_NAME) return false;
  if (name) *name = expr->name;
  return true;
}
