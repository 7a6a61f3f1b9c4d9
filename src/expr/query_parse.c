/* Statements: WITH, SELECT, VALUES, set operations, ORDER BY, LIMIT.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/query_tree.h"

/* ---- lists ----------------------------------------------------------------------------------- */

/* Lists grow at 4, 8, 16, …, so the count alone says whether one is full. */
void *gnp_grow(gn_arena *arena, void *list, size_t *count, size_t size)
{
  size_t n = *count;
  bool full = n == 0 || (n >= 4 && (n & (n - 1)) == 0);
  if (full) list = gni_arena_grow(arena, list, n * size, (n ? 2 * n : 4) * size);
  if (list) *count = n + 1;
  return list;
}

static int push_name(gnp_parser *p, gnp_names *names)
{
  gn_str name;
  bool quoted;
  int rc = gnp_parse_name(p, &name, &quoted);
  return rc == GN_OK ? GNP_PARSE_PUSH(p, names->items, names->count, name) : rc;
}

int gnp_parse_name_list(gnp_parser *p, gnp_names *out)
{
  bool more;
  int rc = gnp_parse_mark(p, "(");
  do {
    if (rc == GN_OK) rc = push_name(p, out);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return gnp_parse_mark(p, ")");
}

int gnp_parse_dotted(gnp_parser *p, gnp_names *out)
{
  bool more;
  do {
    int rc = push_name(p, out);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ".", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return GN_OK;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Words that end what stands before them, so that they are no alias. */
bool gnp_parse_at_alias(const gnp_parser *p)
{
  static const char *const ends[] = {
      "from",    "where",      "group",     "having", "order",   "sort",
      "cluster", "distribute", "limit",     "offset", "window",  "union",
      "except",  "minus",      "intersect", "join",   "inner",   "left",
      "right",   "full",       "cross",     "semi",   "anti",    "natural",
      "lateral", "on",         "using",     "pivot",  "unpivot", "tablesample",
      "qualify", "as",         "ignore",    "for",    "version", "timestamp"};
  if (p->token.kind == GNP_TOKEN_QUOTED) return true;
  if (p->token.kind != GNP_TOKEN_NAME) return false;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (gnp_parse_at_word(p, ends[i])) return false;
  return true;
}

static bool at_words(const gnp_parser *p, const char *first, const char *second)
{
  gnp_token next = gnp_parse_peek(p);
  return gnp_parse_at_word(p, first) && gnp_token_is_word(&next, second);
}

static int refuse(gnp_parser *p, const char *what)
{
  return gnp_parse_fail(p, GN_E_UNSUPPORTED, p->token.begin, p->token.end, "%s is not supported",
                        what);
}

/* Behind brackets that open a query, however many. */
bool gnp_parse_at_query(gnp_parser *p)
{
  gnp_token t = p->token;
  while (gnp_token_is_mark(&t, "("))
    if (gnp_token_next(p->text, t.end, &t, NULL) != GN_OK) return false;
  return gnp_token_is_word(&t, "select") || gnp_token_is_word(&t, "with") ||
         gnp_token_is_word(&t, "values") || gnp_token_is_word(&t, "from");
}

/* ---- ORDER BY -------------------------------------------------------------------------------- */

/* expr [ASC | DESC] [NULLS FIRST | LAST]: nulls come first upwards, last downwards. */
static int parse_order(gnp_parser *p, gnp_order *order)
{
  bool found;
  int rc = gnp_parse_expression(p, &order->expr);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "desc", &order->descending);
  if (rc == GN_OK && !order->descending) rc = gnp_parse_accept_word(p, "asc", &found);
  order->nulls_last = order->descending;
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "nulls", &found);
  if (rc != GN_OK || !found) return rc;
  rc = gnp_parse_accept_word(p, "last", &order->nulls_last);
  return rc == GN_OK && !order->nulls_last ? gnp_parse_word(p, "first") : rc;
}

int gnp_parse_order_list(gnp_parser *p, gnp_orders *out)
{
  bool more;
  do {
    gnp_order order = {0};
    int rc = parse_order(p, &order);
    if (rc == GN_OK) rc = GNP_PARSE_PUSH(p, out->items, out->count, order);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return GN_OK;
}

/* What follows ORDER BY, SORT BY and their like. */
static int parse_by(gnp_parser *p, gnp_orders *out)
{
  int rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  return rc == GN_OK ? gnp_parse_order_list(p, out) : rc;
}

/* LIMIT n, LIMIT ALL, OFFSET n. */
static int parse_count(gnp_parser *p, bool may_be_all, const gni_expr **out)
{
  int rc = gnp_parse_advance(p);
  if (rc != GN_OK) return rc;
  bool all = may_be_all && gnp_parse_at_word(p, "all");
  return all ? gnp_parse_advance(p) : gnp_parse_expression(p, out);
}

static int parse_organization(gnp_parser *p, gni_query *query)
{
  int rc = GN_OK;
  while (rc == GN_OK) {
    /* SORT BY, DISTRIBUTE BY and CLUSTER BY say where rows are, not what they are. */
    gnp_orders dropped = {0};
    if (at_words(p, "order", "by"))
      rc = parse_by(p, &query->order);
    else if (at_words(p, "sort", "by") || at_words(p, "cluster", "by") ||
             at_words(p, "distribute", "by"))
      rc = parse_by(p, &dropped);
    else if (gnp_parse_at_word(p, "limit") && !query->limit)
      rc = parse_count(p, true, &query->limit);
    else if (gnp_parse_at_word(p, "offset") && !query->offset)
      rc = parse_count(p, false, &query->offset);
    else
      break;
  }
  return rc;
}

/* ---- SELECT ---------------------------------------------------------------------------------- */

/* `EXCEPT (a, b)` behind a star; EXCEPT (SELECT … is a set operation. */
static int parse_star_tail(gnp_parser *p, gnp_item *item)
{
  gnp_token next = gnp_parse_peek(p);
  if (!gnp_parse_at_word(p, "except") || !gnp_token_is_mark(&next, "(")) return GN_OK;
  gnp_token inside;
  if (gnp_token_next(p->text, next.end, &inside, NULL) == GN_OK &&
      (gnp_token_is_word(&inside, "select") || gnp_token_is_mark(&inside, "(")))
    return GN_OK; /* a set operation */
  int rc = gnp_parse_advance(p);
  return rc == GN_OK ? gnp_parse_name_list(p, &item->except) : rc;
}

/* `*`, or names with dots that end in `.*`. */
static bool at_star(gnp_parser *p)
{
  gnp_token t = p->token;
  while (t.kind == GNP_TOKEN_NAME || t.kind == GNP_TOKEN_QUOTED) {
    if (gnp_token_next(p->text, t.end, &t, NULL) != GN_OK || !gnp_token_is_mark(&t, "."))
      return false;
    if (gnp_token_next(p->text, t.end, &t, NULL) != GN_OK) return false;
  }
  return gnp_token_is_mark(&t, "*");
}

static int parse_star(gnp_parser *p, gnp_item *item)
{
  int rc = GN_OK;
  while (rc == GN_OK && !gnp_parse_at_mark(p, "*")) {
    rc = push_name(p, &item->star);
    if (rc == GN_OK) rc = gnp_parse_mark(p, ".");
  }
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  return rc == GN_OK ? parse_star_tail(p, item) : rc;
}

static int parse_item(gnp_parser *p, gnp_item *item)
{
  bool as;
  item->begin = p->token.begin;
  int rc = at_star(p) ? parse_star(p, item) : gnp_parse_expression(p, &item->expr);
  if (rc == GN_OK && item->expr) {
    rc = gnp_parse_accept_word(p, "as", &as);
    if (rc == GN_OK && gnp_parse_at_mark(p, "("))
      rc = gnp_parse_name_list(p, &item->aliases);
    else if (rc == GN_OK && (as || gnp_parse_at_alias(p)))
      rc = push_name(p, &item->aliases);
  }
  item->end = p->previous_end;
  return rc;
}

static int parse_items(gnp_parser *p, gnp_select *select)
{
  bool more;
  do {
    gnp_item item = {0};
    int rc = parse_item(p, &item);
    if (rc == GN_OK) rc = GNP_PARSE_PUSH(p, select->items, select->item_count, item);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return GN_OK;
}

static int parse_windows(gnp_parser *p, gnp_select *select)
{
  bool more, quoted;
  int rc = gnp_parse_advance(p);
  do {
    gnp_named_window window = {0};
    if (rc == GN_OK) rc = gnp_parse_name(p, &window.name, &quoted);
    if (rc == GN_OK) rc = gnp_parse_word(p, "as");
    if (rc == GN_OK) rc = gnp_parse_over(p, &window.over);
    if (rc == GN_OK) rc = GNP_PARSE_PUSH(p, select->windows, select->window_count, window);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return GN_OK;
}

/* ---- GROUP BY -------------------------------------------------------------------------------- */

#define GROUPS_MAX 24 /* expressions of ROLLUP, CUBE or GROUPING SETS */

typedef struct grouping {
  gnp_parser *p;
  gnp_group *group;
  gnp_list items;
} grouping;

static bool same_text(const gni_expr *a, const gni_expr *b)
{
  gn_str x = {a->text.ptr + a->begin, a->end - a->begin},
         y = {b->text.ptr + b->begin, b->end - b->begin};
  return gnp_same_word(x, y);
}

/* The bit of an expression that several sets may name. */
static int group_bit(grouping *g, const gni_expr *item, uint64_t *bits)
{
  size_t i = 0;
  while (i < g->items.count && !same_text(g->items.items[i], item)) i++;
  if (i == GROUPS_MAX)
    return gnp_parse_fail(g->p, GN_E_LIMIT, item->begin, item->end,
                          "more than %d expressions are grouped", GROUPS_MAX);
  *bits |= UINT64_C(1) << i;
  return i < g->items.count ? GN_OK : gnp_list_add(g->p, &g->items, item);
}

static int push_set(grouping *g, uint64_t bits)
{
  return GNP_PARSE_PUSH(g->p, g->group->sets, g->group->set_count, bits);
}

/* a, or (a, b): the bits of one set. */
static int parse_set(grouping *g, uint64_t *bits)
{
  gnp_parser *p = g->p;
  const gni_expr *item;
  bool more = false, bracket = gnp_parse_at_mark(p, "(");
  int rc = bracket ? gnp_parse_advance(p) : GN_OK;
  *bits = 0;
  if (rc != GN_OK) return rc;
  if (bracket && gnp_parse_at_mark(p, ")")) return gnp_parse_advance(p);
  do {
    if ((rc = gnp_parse_expression(p, &item)) != GN_OK) return rc;
    if ((rc = group_bit(g, item, bits)) != GN_OK) return rc;
    if (bracket && (rc = gnp_parse_accept_mark(p, ",", &more)) != GN_OK) return rc;
  } while (more);
  return bracket ? gnp_parse_mark(p, ")") : GN_OK;
}

#define SETS_MAX 10 /* of CUBE; 1024 combinations */

static int add_sets(grouping *g, const char *word, const uint64_t *parts, size_t count)
{
  int rc = GN_OK;
  if (*word == 'g') {
    for (size_t i = 0; rc == GN_OK && i < count; i++) rc = push_set(g, parts[i]);
  } else if (*word == 'r') {
    for (size_t n = count + 1; rc == GN_OK && n-- > 0;) {
      uint64_t bits = 0;
      for (size_t i = 0; i < n; i++) bits |= parts[i];
      rc = push_set(g, bits);
    }
  } else {
    for (size_t chosen = (size_t)1 << count; rc == GN_OK && chosen-- > 0;) {
      uint64_t bits = 0;
      for (size_t i = 0; i < count; i++) bits |= chosen >> i & 1 ? parts[i] : 0;
      rc = push_set(g, bits);
    }
  }
  return rc;
}

/* ROLLUP (…), CUBE (…), GROUPING SETS (…), at the bracket. */
static int parse_sets(grouping *g, const char *word)
{
  gnp_parser *p = g->p;
  uint64_t parts[64];
  size_t count = 0, most = *word == 'c' ? SETS_MAX : 64;
  bool more;
  int rc = gnp_parse_mark(p, "(");
  do {
    if (rc == GN_OK && count == most)
      return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                            "more than %zu parts in %s", most, word);
    if (rc == GN_OK) rc = parse_set(g, &parts[count++]);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  if ((rc = gnp_parse_mark(p, ")")) != GN_OK) return rc;
  g->group->kind = GNP_GROUP_SETS;
  return add_sets(g, word, parts, count);
}

static int parse_grouping_item(grouping *g)
{
  gnp_parser *p = g->p;
  gnp_token next = gnp_parse_peek(p);
  const gni_expr *item;
  static const char *const words[] = {"rollup", "cube"};
  bool alone = !g->items.count && !g->group->set_count;
  int rc = GN_OK;
  const char *word = at_words(p, "grouping", "sets") ? "grouping sets" : NULL;
  for (size_t i = 0; i < 2; i++)
    if (gnp_parse_at_word(p, words[i]) && gnp_token_is_mark(&next, "(")) word = words[i];
  if (word) {
    if (!alone) return refuse(p, "ROLLUP, CUBE or GROUPING SETS beside other groupings");
    if (*word == 'g') rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_advance(p);
    return rc == GN_OK ? parse_sets(g, word) : rc;
  }
  if (g->group->kind == GNP_GROUP_SETS)
    return refuse(p, "ROLLUP, CUBE or GROUPING SETS beside other groupings");
  rc = gnp_parse_expression(p, &item);
  return rc == GN_OK ? gnp_list_add(p, &g->items, item) : rc;
}

/* a, b WITH ROLLUP; a, b GROUPING SETS (…). */
static int parse_grouping_tail(grouping *g)
{
  gnp_parser *p = g->p;
  uint64_t parts[64];
  bool with = gnp_parse_at_word(p, "with");
  if (!with && at_words(p, "grouping", "sets")) {
    int rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_advance(p);
    return rc == GN_OK ? parse_sets(g, "grouping sets") : rc;
  }
  if (!at_words(p, "with", "rollup") && !at_words(p, "with", "cube")) return GN_OK;
  int rc = gnp_parse_advance(p);
  bool cube = gnp_parse_at_word(p, "cube");
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  if (rc == GN_OK && (g->items.count > (cube ? SETS_MAX : GROUPS_MAX)))
    return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                          "too many expressions are grouped");
  for (size_t i = 0; i < g->items.count && i < 64; i++) parts[i] = UINT64_C(1) << i;
  g->group->kind = GNP_GROUP_SETS;
  return rc == GN_OK ? add_sets(g, cube ? "cube" : "rollup", parts, g->items.count) : rc;
}

static int parse_group(gnp_parser *p, gnp_select *select)
{
  grouping g = {.p = p, .group = GN_TAKE_ZERO(p->arena, gnp_group, 1)};
  bool more = true;
  int rc = gnp_parse_check(p, g.group);
  if (rc == GN_OK) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_word(p, "by");
  if (rc != GN_OK) return rc;
  gnp_token next = gnp_parse_peek(p);
  if (gnp_parse_at_word(p, "all") && next.kind != GNP_TOKEN_MARK) {
    g.group->kind = GNP_GROUP_ALL;
    rc = gnp_parse_advance(p);
    more = false;
  }
  while (rc == GN_OK && more) {
    rc = parse_grouping_item(&g);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
  }
  if (rc == GN_OK && g.group->kind == GNP_GROUP_PLAIN) rc = parse_grouping_tail(&g);
  g.group->items = g.items.items;
  g.group->count = g.items.count;
  select->group = g.group;
  return rc;
}

int gnp_parse_select(gnp_parser *p, gnp_select *out)
{
  bool found;
  int rc = gnp_parse_word(p, "select");
  if (rc != GN_OK) return rc;
  gnp_token next = gnp_parse_peek(p);
  if (gnp_parse_at_word(p, "distinct") && !gnp_token_is_mark(&next, ",")) {
    out->distinct = true;
    rc = gnp_parse_advance(p);
  } else if (gnp_parse_at_word(p, "all") && !gnp_token_is_mark(&next, ",")) {
    rc = gnp_parse_advance(p);
  }
  if (rc == GN_OK) rc = parse_items(p, out);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "from", &found);
  if (rc == GN_OK && found) rc = gnp_parse_sources(p, &out->from);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "where", &found);
  if (rc == GN_OK && found) rc = gnp_parse_expression(p, &out->where);
  if (rc == GN_OK && gnp_parse_at_word(p, "group")) rc = parse_group(p, out);
  if (rc == GN_OK) rc = gnp_parse_accept_word(p, "having", &found);
  if (rc == GN_OK && found) rc = gnp_parse_expression(p, &out->having);
  if (rc == GN_OK && gnp_parse_at_word(p, "qualify")) return refuse(p, "QUALIFY");
  if (rc == GN_OK && gnp_parse_at_word(p, "window")) rc = parse_windows(p, out);
  return rc;
}

/* ---- set operations -------------------------------------------------------------------------- */

static gni_query *new_query(gnp_parser *p, size_t begin)
{
  gni_query *query = GN_TAKE_ZERO(p->arena, gni_query, 1);
  if (!query) return NULL;
  query->text = p->statement;
  query->begin = begin;
  return query;
}

static int parse_query_primary(gnp_parser *p, const gni_query **out)
{
  if (gnp_parse_at_mark(p, "(")) {
    int rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_query(p, out);
    return rc == GN_OK ? gnp_parse_mark(p, ")") : rc;
  }
  gni_query *query = new_query(p, p->token.begin);
  if (!query) return gnp_parse_check(p, NULL);
  int rc;
  if (gnp_parse_at_word(p, "values")) {
    query->kind = GNP_QUERY_VALUES;
    rc = gnp_parse_values(p, query);
  } else if (gnp_parse_at_word(p, "from") || gnp_parse_at_word(p, "table")) {
    rc = refuse(p, gnp_parse_at_word(p, "from") ? "FROM before SELECT" : "TABLE instead of SELECT");
  } else if (gnp_parse_at_word(p, "select")) {
    rc = gnp_parse_select(p, &query->select);
  } else {
    rc = gnp_parse_expected(p, "SELECT");
  }
  query->end = p->previous_end;
  *out = query;
  return rc;
}

static bool at_set(const gnp_parser *p, bool intersects, uint8_t *set)
{
  *set = GNP_INTERSECT;
  if (intersects) return gnp_parse_at_word(p, "intersect");
  *set = gnp_parse_at_word(p, "union") ? GNP_UNION : GNP_EXCEPT;
  return *set == GNP_UNION || gnp_parse_at_word(p, "except") || gnp_parse_at_word(p, "minus");
}

/* INTERSECT binds tighter than UNION, EXCEPT and MINUS; all go from left to right. */
static int parse_query_term(gnp_parser *p, bool intersects, const gni_query **out)
{
  uint8_t set;
  bool found;
  int links = 0;
  int rc = intersects ? parse_query_primary(p, out) : parse_query_term(p, true, out);
  while (rc == GN_OK && at_set(p, intersects, &set)) {
    gni_query *query = new_query(p, (*out)->begin);
    if (!query) return gnp_parse_check(p, NULL);
    if (++links > GN_EXPR_DEPTH_MAX)
      return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                            "more than %d set operations in a row", GN_EXPR_DEPTH_MAX);
    query->kind = GNP_QUERY_SET;
    query->set = set;
    query->left = *out;
    rc = gnp_parse_advance(p);
    if (rc == GN_OK) rc = gnp_parse_accept_word(p, "all", &query->all);
    if (rc == GN_OK && !query->all) rc = gnp_parse_accept_word(p, "distinct", &found);
    if (rc == GN_OK && at_words(p, "by", "name")) return refuse(p, "BY NAME");
    if (rc == GN_OK)
      rc = intersects ? parse_query_primary(p, &query->right)
                      : parse_query_term(p, true, &query->right);
    query->end = p->previous_end;
    *out = query;
  }
  return rc;
}

/* ---- WITH ------------------------------------------------------------------------------------ */

/* name [(columns)] [AS] (statement). */
static int parse_common(gnp_parser *p, gnp_with *out)
{
  bool quoted;
  int rc = gnp_parse_name(p, &out->name, &quoted);
  if (rc == GN_OK && gnp_parse_at_mark(p, "(")) rc = gnp_parse_name_list(p, &out->columns);
  if (rc == GN_OK && gnp_parse_at_word(p, "as")) rc = gnp_parse_advance(p);
  if (rc == GN_OK) rc = gnp_parse_mark(p, "(");
  if (rc == GN_OK) rc = gnp_parse_query(p, &out->query);
  return rc == GN_OK ? gnp_parse_mark(p, ")") : rc;
}

static int parse_with(gnp_parser *p, gnp_with **with, size_t *count)
{
  bool more;
  int rc = gnp_parse_advance(p);
  gnp_token next = gnp_parse_peek(p);
  if (rc == GN_OK && gnp_parse_at_word(p, "recursive") && next.kind == GNP_TOKEN_NAME &&
      !gnp_token_is_word(&next, "as"))
    return refuse(p, "WITH RECURSIVE");
  do {
    gnp_with one = {0};
    if (rc == GN_OK) rc = parse_common(p, &one);
    if (rc == GN_OK) rc = GNP_PARSE_PUSH(p, *with, *count, one);
    if (rc == GN_OK) rc = gnp_parse_accept_mark(p, ",", &more);
    if (rc != GN_OK) return rc;
  } while (more);
  return GN_OK;
}

static bool is_plain(const gni_query *query)
{
  return !query->with_count && !query->order.count && !query->limit && !query->offset;
}

/* ORDER BY and LIMIT belong to the statement itself; around one that has its own, in brackets, a
 * statement is put that selects everything. */
static int wrap(gnp_parser *p, const gni_query *inner, size_t begin, gni_query **out)
{
  gnp_item star = {.begin = inner->begin, .end = inner->end};
  gni_query *query = new_query(p, begin);
  gnp_source *from = GN_TAKE_ZERO(p->arena, gnp_source, 1);
  gnp_item *item = gni_arena_copy(p->arena, &star, sizeof star);
  if (!query || !from || !item) return gnp_parse_check(p, NULL);
  *from = (gnp_source){
      .kind = GNP_SOURCE_QUERY, .begin = inner->begin, .end = inner->end, .query = inner};
  query->select.items = item;
  query->select.item_count = 1;
  query->select.from = from;
  *out = query;
  return GN_OK;
}

static int parse_query_inside(gnp_parser *p, const gni_query **out)
{
  size_t begin = p->token.begin, with_count = 0;
  gnp_with *with = NULL;
  const gni_query *term;
  int rc = gnp_parse_at_word(p, "with") ? parse_with(p, &with, &with_count) : GN_OK;
  bool bracket = gnp_parse_at_mark(p, "(");
  if (rc == GN_OK) rc = parse_query_term(p, false, &term);
  if (rc != GN_OK) return rc;
  gni_query own = {0}, *query = NULL;
  if ((rc = parse_organization(p, &own)) != GN_OK) return rc;
  *out = term;
  if (is_plain(&own) && !with_count) return GN_OK;
  if (bracket && !is_plain(term))
    rc = wrap(p, term, begin, &query);
  else
    query = gni_arena_copy(p->arena, term, sizeof *term);
  if (rc != GN_OK || !query) return gnp_parse_check(p, query);
  query->begin = begin;
  query->end = p->previous_end;
  query->with = with;
  query->with_count = with_count;
  query->order = own.order;
  query->limit = own.limit;
  query->offset = own.offset;
  *out = query;
  return GN_OK;
}

int gnp_parse_query(gnp_parser *p, const gni_query **out)
{
  if (p->query_depth++ >= GNP_QUERY_DEPTH_MAX)
    return gnp_parse_fail(p, GN_E_LIMIT, p->token.begin, p->token.end,
                          "statements are nested more than %d deep", GNP_QUERY_DEPTH_MAX);
  int rc = parse_query_inside(p, out);
  p->query_depth--;
  return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

int gni_query_parse(const gni_query_text *text, gn_arena *arena, const gni_query **out,
                    gni_expr_place *place, gn_error *err)
{
  gn_error own = {0};
  gnp_parser p = {.text = text->text, .arena = arena, .err = err ? err : &own, .statement = text};
  const gni_query *query = NULL;
  bool found;
  *out = NULL;
  if (text->text.len > GN_EXPR_BYTES_MAX)
    return gni_fail(p.err, GN_E_LIMIT, "the statement is longer than %u bytes", GN_EXPR_BYTES_MAX);
  if (!gni_utf8_valid(text->text)) return gni_fail(p.err, GN_E_PARSE, "the statement is not UTF-8");
  int rc = gnp_parse_advance(&p);
  if (rc == GN_OK) rc = gnp_parse_query(&p, &query);
  if (rc == GN_OK) rc = gnp_parse_accept_mark(&p, ";", &found);
  if (rc == GN_OK && p.token.kind != GNP_TOKEN_END)
    rc = gnp_parse_expected(&p, "a clause or the end");
  if (rc != GN_OK) {
    if (rc != GN_E_NOMEM) gnp_query_place(text, p.fail_begin, p.fail_end, place, p.err);
    return rc;
  }
  *out = query;
  return GN_OK;
}
