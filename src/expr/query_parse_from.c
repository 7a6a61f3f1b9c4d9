/* FROM: tables, subqueries, VALUES, table functions, joins, LATERAL VIEW.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_tree.h"

static int refuse(gnp_parser *p, const char *what)
{
  return gnp_parse_fail(p, GN_E_UNSUPPORTED, p->token.begin, p->token.end, "%s is not supported",
                        what);
}

static gnp_source *new_source(gnp_parser *p, int kind)
{
  gnp_source *source = GN_TAKE_ZERO(p->arena, gnp_source, 1);
  if (!source) return NULL;
  source->kind = (uint8_t)kind;
  source->begin = p->token.begin;
  return source;
}

/* ---- one relation ---------------------------------------------------------------------------- */

static int parse_alias(gnp_parser *p, gnp_source *source)
{
  bool as, quoted;
  int rc = gnp_parse_accept_word(p, "as", &as);
  if (rc != GN_OK || (!as && !gnp_parse_at_alias(p))) return rc;
  if ((rc = gnp_parse_name(p, &source->alias, &quoted)) != GN_OK) return rc;
  return gnp_parse_at_mark(p, "(") ? gnp_parse_name_list(p, &source->columns) : GN_OK;
}

static int parse_value_rows(gnp_parser *p, gni_query *query)
{
  gnp_list rows = {0};
  bool more;
  int rc;
  do {
    const gni_expr *row;
    if ((rc = gnp_parse_expression(p, &row)) != GN_OK) return rc;
    if ((rc = gnp_list_add(p, &rows, row)) != GN_OK) return rc;
    if ((rc = gnp_parse_accept_mark(p, ",", &more)) != GN_OK) return rc;
  } while (more);
  query->rows = rows.items;
  query->row_count = rows.count;
  return GN_OK;
}

static gni_query *new_values(gnp_parser *p)
{
  gni_query *query = GN_TAKE_ZERO(p->arena, gni_query, 1);
  if (!query) return NULL;
  query->text = p->statement;
  query->begin = p->token.begin;
  query->kind = GNP_QUERY_VALUES;
  return query;
}

/* VALUES as a statement of its own may have an alias for its columns too. */
int gnp_parse_values(gnp_parser *p, gni_query *query)
{
  gnp_source *source = new_source(p, GNP_SOURCE_QUERY);
  gni_query *values = new_values(p);
  gnp_item star = {.begin = p->token.begin, .end = p->token.end};
  if (!source || !values) return gnp_parse_check(p, NULL);
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = parse_value_rows(p, values);
  values->end = p->previous_end;
  if (rc == GN_OK) rc = parse_alias(p, source);
  source->end = p->previous_end;
  if (rc != GN_OK || !source->alias.ptr) {
    query->rows = values->rows;
    query->row_count = values->row_count;
    return rc;
  }
  source->query = values;
  query->kind = GNP_QUERY_SELECT;
  query->select.from = source;
  query->select.item_count = 1;
  query->select.items = gni_arena_copy(p->arena, &star, sizeof star);
  return gnp_parse_check(p, query->select.items);
}

static int parse_bracketed(gnp_parser *p, gnp_source **out)
{
  size_t begin = p->token.begin;
  bool is_query = gnp_parse_at_query(p);
  int rc = gnp_parse_mark(p, "(");
  if (rc != GN_OK) return rc;
  if (p->query_depth++ >= GNP_QUERY_DEPTH_MAX)
    return gnp_parse_fail(p, GN_E_LIMIT, begin, p->token.end,
                          "statements are nested more than %d deep", GNP_QUERY_DEPTH_MAX);
  if (is_query) {
    *out = new_source(p, GNP_SOURCE_QUERY);
    if (!*out) return gnp_parse_check(p, NULL);
    rc = gnp_parse_query(p, &(*out)->query);
  } else {
    const gnp_source *inside;
    rc = gnp_parse_sources(p, &inside);
    if (rc == GN_OK) {
      *out = gni_arena_copy(p->arena, inside, sizeof *inside);
      rc = gnp_parse_check(p, *out);
    }
  }
  p->query_depth--;
  if (rc == GN_OK) rc = gnp_parse_mark(p, ")");
  if (rc != GN_OK) return rc;
  (*out)->begin = begin;
  if (!is_query && gnp_parse_at_alias(p)) return refuse(p, "an alias of bracketed joins");
  return is_query ? parse_alias(p, *out) : GN_OK;
}

static int parse_inline_values(gnp_parser *p, gnp_source **out)
{
  gni_query *query = new_values(p);
  *out = new_source(p, GNP_SOURCE_QUERY);
  if (!query || !*out) return gnp_parse_check(p, NULL);
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = parse_value_rows(p, query);
  query->end = p->previous_end;
  (*out)->query = query;
  return rc == GN_OK ? parse_alias(p, *out) : rc;
}

static int parse_table(gnp_parser *p, gnp_source **out)
{
  gnp_token next = gnp_parse_peek(p);
  *out = new_source(p, GNP_SOURCE_TABLE);
  if (!*out) return gnp_parse_check(p, NULL);
  int rc;
  if (p->token.kind == GNP_TOKEN_NAME && gnp_token_is_mark(&next, "(")) {
    (*out)->kind = GNP_SOURCE_FUNCTION;
    rc = gnp_parse_primary(p, &(*out)->call);
    if (rc == GN_OK && (*out)->call->kind != GNP_NODE_CALL)
      return gnp_parse_fail(p, GN_E_PARSE, (*out)->begin, p->previous_end,
                            "a table function is expected");
  } else {
    rc = gnp_parse_dotted(p, &(*out)->parts);
  }
  if (rc != GN_OK) return rc;
  if (gnp_parse_at_word(p, "tablesample")) return refuse(p, "TABLESAMPLE");
  if (gnp_parse_at_word(p, "version") || gnp_parse_at_word(p, "timestamp"))
    return refuse(p, "a version of a table (time travel)");
  return parse_alias(p, *out);
}

static int parse_primary(gnp_parser *p, gnp_source **out)
{
  bool lateral = false;
  gnp_token next = gnp_parse_peek(p);
  size_t begin = p->token.begin;
  int rc = GN_OK;
  if (!gnp_token_is_word(&next, "view")) rc = gnp_parse_accept_word(p, "lateral", &lateral);
  if (rc != GN_OK) return rc;
  if (gnp_parse_at_mark(p, "("))
    rc = parse_bracketed(p, out);
  else if (gnp_parse_at_word(p, "values"))
    rc = parse_inline_values(p, out);
  else
    rc = parse_table(p, out);
  if (rc != GN_OK) return rc;
  (*out)->lateral = lateral;
  (*out)->begin = begin;
  (*out)->end = p->previous_end;
  return gnp_parse_at_word(p, "tablesample") ? refuse(p, "TABLESAMPLE") : GN_OK;
}

/* ---- joins ----------------------------------------------------------------------------------- */

typedef struct join_words {
  uint8_t kind;
  bool natural;
} join_words;

/* The words up to and with JOIN; `*found` false when there are none. */
static int parse_join_words(gnp_parser *p, join_words *join, bool *found)
{
  static const struct {
    const char *word;
    uint8_t kind;
  } sides[] = {{"left", GNP_JOIN_LEFT},
               {"right", GNP_JOIN_RIGHT},
               {"full", GNP_JOIN_FULL},
               {"inner", GNP_JOIN_INNER},
               {"cross", GNP_JOIN_INNER}};
  bool side = false, word, outer = false;
  int rc = gnp_parse_accept_word(p, "natural", &join->natural);
  for (size_t i = 0; rc == GN_OK && !side && i < sizeof sides / sizeof *sides; i++) {
    rc = gnp_parse_accept_word(p, sides[i].word, &side);
    if (side) join->kind = sides[i].kind;
  }
  bool left = side && join->kind == GNP_JOIN_LEFT;
  if (rc == GN_OK && side && join->kind != GNP_JOIN_INNER)
    rc = gnp_parse_accept_word(p, "outer", &outer);
  if (rc == GN_OK && (!side || (left && !outer))) {
    if ((rc = gnp_parse_accept_word(p, "semi", &word)) == GN_OK && word) {
      side = true;
      join->kind = GNP_JOIN_SEMI;
    } else if (rc == GN_OK && (rc = gnp_parse_accept_word(p, "anti", &word)) == GN_OK && word) {
      side = true;
      join->kind = GNP_JOIN_ANTI;
    }
  }
  *found = side || join->natural || gnp_parse_at_word(p, "join");
  return rc == GN_OK && *found ? gnp_parse_word(p, "join") : rc;
}

static int parse_criteria(gnp_parser *p, gnp_source *join)
{
  bool found;
  int rc = gnp_parse_accept_word(p, "on", &found);
  if (rc == GN_OK && found) return gnp_parse_expression(p, &join->on);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "using", &found);
  return rc == GN_OK && found ? gnp_parse_name_list(p, &join->using) : rc;
}

static gnp_source *new_join(gnp_parser *p, const gnp_source *left, const gnp_source *right)
{
  gnp_source *join = new_source(p, GNP_SOURCE_JOIN);
  if (!join) return NULL;
  join->begin = left->begin;
  join->left = left;
  join->right = right;
  return join;
}

#define JOINS_MAX 150 /* in a row; the tree leans to the left and is walked by recursion */

static int parse_relation(gnp_parser *p, int *links, const gnp_source **out)
{
  gnp_source *first, *right;
  int rc = parse_primary(p, &first);
  *out = first;
  while (rc == GN_OK) {
    join_words words = {0};
    bool found;
    if (gnp_parse_at_word(p, "pivot")) return refuse(p, "PIVOT");
    if (gnp_parse_at_word(p, "unpivot")) return refuse(p, "UNPIVOT");
    size_t begin = p->token.begin;
    rc = parse_join_words(p, &words, &found);
    if (rc != GN_OK || !found) break;
    if (++*links > JOINS_MAX)
      return gnp_parse_fail(p, GN_E_LIMIT, begin, p->previous_end, "more than %d joins in a row",
                            JOINS_MAX);
    if ((rc = parse_primary(p, &right)) != GN_OK) break;
    gnp_source *join = new_join(p, *out, right);
    if (!join) return gnp_parse_check(p, NULL);
    join->join = words.kind;
    join->natural = words.natural;
    rc = parse_criteria(p, join);
    join->end = p->previous_end;
    *out = join;
  }
  return rc;
}

/* LATERAL VIEW [OUTER] explode(x) t AS a, b */
static int parse_view(gnp_parser *p, const gnp_source **out)
{
  gnp_source *view = new_source(p, GNP_SOURCE_GENERATE);
  bool more = false, as, quoted;
  if (!view) return gnp_parse_check(p, NULL);
  view->left = *out;
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "outer", &view->outer);
  if (rc == GN_OK) rc = gnp_parse_primary(p, &view->call);
  if (rc == GN_OK && view->call->kind != GNP_NODE_CALL)
    return gnp_parse_fail(p, GN_E_PARSE, view->call->begin, view->call->end,
                          "LATERAL VIEW wants a generator such as explode(…)");
  if (rc == GN_OK && gnp_parse_at_alias(p)) rc = gnp_parse_name(p, &view->alias, &quoted);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "as", &as);
  if (rc == GN_OK) more = as || gnp_parse_at_alias(p);
  while (rc == GN_OK && more) {
    gn_str name;
    rc = gnp_parse_name(p, &name, &quoted);
    if (rc == GN_OK) rc = GNP_PARSE_PUSH(p, view->columns.items, view->columns.count, name);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
  }
  view->end = p->previous_end;
  *out = view;
  return rc;
}

static bool at_view(const gnp_parser *p)
{
  gnp_token next = gnp_parse_peek(p);
  return gnp_parse_at_word(p, "lateral") && gnp_token_is_word(&next, "view");
}

int gnp_parse_sources(gnp_parser *p, const gnp_source **out)
{
  const gnp_source *right;
  int links = 0;
  bool more;
  int rc = parse_relation(p, &links, out);
  if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
  while (rc == GN_OK && more) {
    if (++links > JOINS_MAX)
      return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                            "more than %d joins in a row", JOINS_MAX);
    rc = parse_relation(p, &links, &right);
    gnp_source *join = rc == GN_OK ? new_join(p, *out, right) : NULL;
    if (rc == GN_OK && !join) return gnp_parse_check(p, NULL);
    if (rc == GN_OK) {
      join->end = p->previous_end;
      *out = join;
      rc = gnp_parse_accept_mark(p, ",", &more);
    }
  }
  while (rc == GN_OK && at_view(p)) {
    if (++links > JOINS_MAX)
      return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                            "more than %d joins in a row", JOINS_MAX);
    rc = parse_view(p, out);
  }
  if (rc == GN_OK && gnp_parse_at_word(p, "pivot")) return refuse(p, "PIVOT");
  if (rc == GN_OK && gnp_parse_at_word(p, "unpivot")) return refuse(p, "UNPIVOT");
  return rc;
}
