/* Small expressions as text. SPDX-License-Identifier: Apache-2.0
 *
 * One function a level of precedence, from the weakest:
 *
 *   expression  or
 *   conjunction and
 *   negation    not
 *   predicate   = <> < <= > >= <=>  is null  in  between  like ilike rlike
 *   bits        |  then ^  then &
 *   sum         + - ||
 *   product     * / %
 *   sign        - + ~
 *   item        a[0]
 *   primary     names, literals, calls, case, cast, ( )
 *
 * A failure is kept in the parser and empties the text, so that every level returns at once; what
 * it returns then is a column all the same, to be freed by the one above. */
#include <stdarg.h>
#include <stdio.h>

#include <sparkconnect/functions.h>

#include "sparkconnect/plan.h"

enum { NESTING_MAX = 100, LIST_MAX = 64 };

enum token { END, NAME, QUOTED_NAME, NUMBER, TEXT, PARAMETER, SIGN };

typedef struct parser {
  const char *begin, *at; /* `at` is after the token */
  enum token token;
  gn_str word; /* of the token, without quotes */
  const sparkc_argument *arguments;
  size_t argument_count;
  uint64_t used; /* which arguments, a bit each */
  int depth;
  gn_arena arena;
  sparkc_error why;
} parser;

/* ---- tokens ---------------------------------------------------------------------------------- */

static void fail(parser *p, const char *at, const char *format, ...) GN_PRINTF(3, 4);

/* Keeps the first failure, and lets nothing follow. */
static void fail(parser *p, const char *at, const char *format, ...)
{
  char what[256];
  size_t place = 1;
  va_list args;
  for (const char *c = p->begin; c < at; c++) place += ((unsigned char)*c & 0xC0) != 0x80;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  sparkp_fail(&p->why, SPARKC_E_PLAN, "character %zu: %s", place, what);
  p->token = END;
  p->word = GN_STR("");
  p->at = "";
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* A text or name in quotes, whose quote is written twice inside. */
static void take_quoted(parser *p, enum token token)
{
  const char *first = p->at, quote = *first;
  char *out = gni_arena_take(&p->arena, strlen(first) + 1);
  size_t len = 0;
  if (!out) {
    sparkp_nomem(&p->why);
    return;
  }
  p->at++;
  while (*p->at) {
    bool ends = *p->at == quote;
    if (ends) p->at++;
    if (ends && *p->at != quote) {
      p->token = token;
      p->word = (gn_str){out, len};
      out[len] = '\0';
      return;
    }
    out[len++] = *p->at++;
  }
  fail(p, first, "the text that begins here does not end");
}

/* 1, 1.5, .5, 1e-3; what directly follows must not look like more of it. */
static void take_number(parser *p)
{
  const char *first = p->at;
  while (is_digit(*p->at)) p->at++;
  if (*p->at == '.') p->at++;
  while (is_digit(*p->at)) p->at++;
  if (*p->at == 'e' || *p->at == 'E') {
    p->at++;
    if (*p->at == '+' || *p->at == '-') p->at++;
    while (is_digit(*p->at)) p->at++;
  }
  p->token = NUMBER;
  p->word = (gn_str){first, (size_t)(p->at - first)};
  if (is_letter(*p->at)) fail(p, first, "this is no number");
}

static void take_name(parser *p, enum token token)
{
  const char *first = p->at;
  while (is_letter(*p->at) || is_digit(*p->at)) p->at++;
  p->token = token;
  p->word = (gn_str){first, (size_t)(p->at - first)};
}

static void take_sign(parser *p)
{
  static const char *const longer[] = {"<=>", "<=", ">=", "<>", "!=", "==", "||"};
  size_t len = 1;
  for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
    if (strncmp(p->at, longer[i], strlen(longer[i])) == 0) {
      len = strlen(longer[i]);
      break;
    }
  if (len == 1 && !strchr("=<>+-*/%|&^~()[],.", *p->at)) {
    fail(p, p->at, "'%c' means nothing here", *p->at);
    return;
  }
  p->token = SIGN;
  p->word = (gn_str){p->at, len};
  p->at += len;
}

static void next(parser *p)
{
  while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r') p->at++;
  p->token = END;
  p->word = (gn_str){p->at, 0};
  if (p->why.code || *p->at == '\0') return;
  if (is_letter(*p->at))
    take_name(p, NAME);
  else if (is_digit(*p->at) || (*p->at == '.' && is_digit(p->at[1])))
    take_number(p);
  else if (*p->at == '\'')
    take_quoted(p, TEXT);
  else if (*p->at == '`')
    take_quoted(p, QUOTED_NAME);
  else if (*p->at == ':' && is_letter(p->at[1])) {
    p->at++;
    take_name(p, PARAMETER);
  } else
    take_sign(p);
}

static bool is_sign(const parser *p, const char *sign)
{
  return p->token == SIGN && gni_str_is(p->word, sign);
}

static bool is_word(const parser *p, const char *word)
{
  if (p->token != NAME || p->word.len != strlen(word)) return false;
  for (size_t i = 0; i < p->word.len; i++) {
    char c = p->word.ptr[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i]) return false;
  }
  return true;
}

static bool accept_sign(parser *p, const char *sign)
{
  bool there = is_sign(p, sign);
  if (there) next(p);
  return there;
}

static bool accept_word(parser *p, const char *word)
{
  bool there = is_word(p, word);
  if (there) next(p);
  return there;
}

/* Where the token begins, for errors; its quotes count as its beginning. */
static const char *token_at(const parser *p)
{
  bool quoted = p->token == TEXT || p->token == QUOTED_NAME;
  return quoted || p->token == END ? p->at : p->word.ptr;
}

static void expected(parser *p, const char *what)
{
  if (p->why.code) return;
  if (p->token == END)
    fail(p, p->at, "expected %s, and the text ends", what);
  else
    fail(p, token_at(p), "expected %s, not %.*s", what, GN_STR_ARGS(p->word));
}

static void expect_sign(parser *p, const char *sign)
{
  char what[8];
  snprintf(what, sizeof what, "'%s'", sign);
  if (!accept_sign(p, sign)) expected(p, what);
}

static void expect_word(parser *p, const char *word)
{
  if (!accept_word(p, word)) expected(p, word);
}

static const char *terminated(parser *p, gn_str text)
{
  gn_str copy = gni_str_take(&p->arena, text);
  if (!copy.ptr) sparkp_nomem(&p->why);
  return copy.ptr ? copy.ptr : "";
}

/* ---- primaries ------------------------------------------------------------------------------- */

static sparkc_column *expression(parser *p);
static sparkc_column *sum(parser *p);

static sparkc_column *nothing(void)
{
  return sparkc_lit_null();
}

typedef struct list {
  sparkc_column *items[LIST_MAX];
  size_t count;
} list;

static void add(parser *p, list *to, sparkc_column *column)
{
  if (to->count < LIST_MAX) {
    to->items[to->count++] = column;
    return;
  }
  sparkc_column_free(column);
  fail(p, token_at(p), "a list has at most %d members", LIST_MAX);
}

/* Up to and with the closing parenthesis. */
static void take_list(parser *p, list *to)
{
  if (accept_sign(p, ")")) return;
  do add(p, to, expression(p));
  while (accept_sign(p, ","));
  expect_sign(p, ")");
}

static sparkc_column *number(parser *p)
{
  gn_str word = p->word;
  int64_t whole;
  double real;
  next(p);
  if (gni_parse_int64(word, &whole) == GN_OK) return sparkc_lit_int(whole);
  if (gni_parse_double(word, &real) == GN_OK) return sparkc_lit_double(real);
  if (!p->why.code) fail(p, word.ptr, "this is no number");
  return nothing();
}

static sparkc_column *parameter(parser *p)
{
  gn_str word = p->word;
  for (size_t i = 0; i < p->argument_count; i++)
    if (gni_str_is(word, p->arguments[i].name)) {
      p->used |= UINT64_C(1) << i;
      next(p);
      return sparkc_column_keep(p->arguments[i].value);
    }
  fail(p, word.ptr - 1, "there is no value for :%.*s", GN_STR_ARGS(word));
  return nothing();
}

/* a.b.c, each part as it is or in back-quotes, which stay for the server. */
static sparkc_column *name(parser *p)
{
  gn_buf path;
  gni_buf_init(&path, p->arena.alloc, 1 << 16);
  while (true) {
    bool quoted = p->token == QUOTED_NAME;
    if (quoted) gni_buf_add_char(&path, '`');
    for (size_t i = 0; i < p->word.len; i++) {
      if (quoted && p->word.ptr[i] == '`') gni_buf_add_char(&path, '`');
      gni_buf_add_char(&path, p->word.ptr[i]);
    }
    if (quoted) gni_buf_add_char(&path, '`');
    next(p);
    if (!is_sign(p, ".")) break;
    next(p);
    gni_buf_add_char(&path, '.');
    if (p->token != NAME && p->token != QUOTED_NAME) {
      expected(p, "a name");
      break;
    }
  }
  if (path.rc != GN_OK) sparkp_nomem(&p->why);
  sparkc_column *out = path.ptr ? sparkc_col(path.ptr) : nothing();
  gni_buf_deinit(&path);
  return out;
}

/* The text of a type up to the parenthesis that closes the cast. */
static const char *type_text(parser *p)
{
  const char *first = token_at(p), *last = first;
  for (int open = 0; p->token != END && !(open == 0 && is_sign(p, ")")); next(p)) {
    open += is_sign(p, "(") - is_sign(p, ")");
    last = p->at;
  }
  if (first == last) expected(p, "a type");
  return terminated(p, (gn_str){first, (size_t)(last - first)});
}

static sparkc_column *cast(parser *p, bool try)
{
  expect_sign(p, "(");
  sparkc_column *value = expression(p);
  expect_word(p, "as");
  const char *type = type_text(p);
  expect_sign(p, ")");
  return try ? sparkc_try_cast(value, type) : sparkc_cast(value, type);
}

/* Without a condition after CASE, or with a value that the branches are compared with. */
static sparkc_column *cases(parser *p)
{
  list branches = {.count = 0};
  sparkc_column *subject = is_word(p, "when") ? NULL : expression(p);
  if (!is_word(p, "when")) expected(p, "when");
  while (accept_word(p, "when")) {
    sparkc_column *condition = expression(p);
    if (subject) condition = sparkc_eq(sparkc_column_keep(subject), condition);
    add(p, &branches, condition);
    expect_word(p, "then");
    add(p, &branches, expression(p));
  }
  if (accept_word(p, "else")) add(p, &branches, expression(p));
  expect_word(p, "end");
  sparkc_column_free(subject);
  return sparkc_when(branches.items, branches.count);
}

static sparkc_column *call(parser *p, gn_str function)
{
  list arguments = {.count = 0};
  const char *text = terminated(p, function);
  bool distinct = accept_word(p, "distinct");
  if (is_sign(p, "*")) {
    next(p);
    add(p, &arguments, sparkc_lit_int(1)); /* count(*) counts ones */
    expect_sign(p, ")");
  } else
    take_list(p, &arguments);
  sparkc_column *out = distinct ? sparkc_call_distinct(text, arguments.items, arguments.count)
                                : sparkc_function(text, arguments.items, arguments.count);
  sparkc_error why = {0};
  int rc = p->why.code ? SPARKC_OK : sparkc_column_error(out, &why);
  if (rc == SPARKC_E_NOMEM) sparkp_nomem(&p->why);
  if (why.hint[0]) sparkp_hint(&p->why, "%s", why.hint);
  if (rc == SPARKC_E_PLAN) fail(p, function.ptr, "%s", why.message);
  sparkc_error_clear(&why);
  return out;
}

/* date '2024-01-31' */
static sparkc_column *typed_text(parser *p, const char *type)
{
  sparkc_column *text = sparkc_lit_text(terminated(p, p->word));
  next(p);
  return sparkc_cast(text, type);
}

static sparkc_column *word(parser *p)
{
  static const char *const reserved[] = {"and", "or",   "not",  "in",   "is",  "between", "like",
                                         "as",  "when", "then", "else", "end", "select",  "over"};
  gn_str first = p->word;
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (is_word(p, reserved[i])) {
      expected(p, "a value");
      return nothing();
    }
  if (accept_word(p, "true")) return sparkc_lit_bool(1);
  if (accept_word(p, "false")) return sparkc_lit_bool(0);
  if (accept_word(p, "null")) return sparkc_lit_null();
  if (accept_word(p, "case")) return cases(p);
  const parser before = *p;
  bool date = is_word(p, "date"), timestamp = is_word(p, "timestamp");
  bool casts = is_word(p, "cast"), tries = is_word(p, "try_cast");
  next(p);
  if ((date || timestamp) && p->token == TEXT) return typed_text(p, date ? "date" : "timestamp");
  if ((casts || tries) && is_sign(p, "(")) return cast(p, tries);
  if (accept_sign(p, "(")) return call(p, first);
  if (!p->why.code) {
    p->at = before.at;
    p->token = before.token;
    p->word = before.word;
  }
  return name(p);
}

static sparkc_column *primary(parser *p)
{
  sparkc_column *out;
  switch ((int)p->token) {
  case NUMBER:
    return number(p);
  case TEXT:
    out = sparkc_lit_text(terminated(p, p->word));
    next(p);
    return out;
  case PARAMETER:
    return parameter(p);
  case NAME:
    return word(p);
  case QUOTED_NAME:
    return name(p);
  default:
    break;
  }
  if (accept_sign(p, "(")) {
    out = expression(p);
    expect_sign(p, ")");
    return out;
  }
  expected(p, "a value");
  return nothing();
}

static sparkc_column *item(parser *p)
{
  sparkc_column *out = primary(p);
  while (accept_sign(p, "[")) {
    out = sparkc_get(out, expression(p));
    expect_sign(p, "]");
  }
  return out;
}

/* ---- operators ------------------------------------------------------------------------------- */

/* Deep nesting would not fit on the stack. */
static bool enter(parser *p)
{
  if (++p->depth <= NESTING_MAX) return true;
  if (!p->why.code) fail(p, token_at(p), "this is nested more than %d deep", NESTING_MAX);
  return false;
}

static sparkc_column *sign(parser *p)
{
  sparkc_column *out;
  bool minus = is_sign(p, "-"), plus = is_sign(p, "+"), inverse = is_sign(p, "~");
  if (!minus && !plus && !inverse) return item(p);
  next(p);
  out = enter(p) ? sign(p) : nothing();
  p->depth--;
  if (minus) return sparkc_negate(out);
  return inverse ? sparkc_call("~", &out, 1) : out;
}

static sparkc_column *two(const char *function, sparkc_column *a, sparkc_column *b)
{
  return sparkc_call(function, (sparkc_column *const[]){a, b}, 2);
}

static sparkc_column *product(parser *p)
{
  sparkc_column *out = sign(p);
  while (is_sign(p, "*") || is_sign(p, "/") || is_sign(p, "%")) {
    const char function[2] = {*p->word.ptr, '\0'};
    next(p);
    out = two(function, out, sign(p));
  }
  return out;
}

static sparkc_column *sum(parser *p)
{
  sparkc_column *out = product(p);
  while (is_sign(p, "+") || is_sign(p, "-") || is_sign(p, "||")) {
    const char function[2] = {*p->word.ptr, '\0'};
    next(p);
    out = two(*function == '|' ? "concat" : function, out, product(p));
  }
  return out;
}

static sparkc_column *bits(parser *p, const char *weakest)
{
  sparkc_column *out = *weakest == '&' ? sum(p) : bits(p, weakest + 1);
  const char function[2] = {*weakest, '\0'};
  while (accept_sign(p, function))
    out = two(function, out, *weakest == '&' ? sum(p) : bits(p, weakest + 1));
  return out;
}

static sparkc_column *operand(parser *p)
{
  return bits(p, "|^&");
}

static sparkc_column *in_list(parser *p, sparkc_column *value)
{
  list members = {.count = 0};
  expect_sign(p, "(");
  take_list(p, &members);
  return sparkc_in(value, members.items, members.count);
}

/* What may follow NOT; NULL when nothing of it does. */
static sparkc_column *tested(parser *p, sparkc_column *value)
{
  static const char *const likes[] = {"like", "ilike", "rlike"};
  if (accept_word(p, "in")) return in_list(p, value);
  if (accept_word(p, "between")) {
    sparkc_column *low = operand(p);
    expect_word(p, "and");
    return sparkc_between(value, low, operand(p));
  }
  for (size_t i = 0; i < sizeof likes / sizeof *likes; i++)
    if (accept_word(p, likes[i])) return two(likes[i], value, operand(p));
  return NULL;
}

static sparkc_column *is_null(parser *p, sparkc_column *value)
{
  bool not = accept_word(p, "not");
  expect_word(p, "null");
  return not ? sparkc_is_not_null(value) : sparkc_is_null(value);
}

static sparkc_column *predicate(parser *p)
{
  static const char *const signs[][2] = {{"=", "=="}, {"==", "=="}, {"<", "<"},    {"<=", "<="},
                                         {">", ">"},  {">=", ">="}, {"<=>", "<=>"}};
  sparkc_column *out = operand(p);
  if (accept_word(p, "is")) return is_null(p, out);
  bool not = accept_word(p, "not");
  sparkc_column *test = tested(p, out);
  if (test) return not ? sparkc_not(test) : test;
  if (not) expected(p, "in, between or like");
  if (accept_sign(p, "<>") || accept_sign(p, "!=")) return sparkc_ne(out, operand(p));
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (accept_sign(p, signs[i][0])) return two(signs[i][1], out, operand(p));
  return out;
}

static sparkc_column *negation(parser *p)
{
  if (!accept_word(p, "not")) return predicate(p);
  sparkc_column *out = enter(p) ? negation(p) : nothing();
  p->depth--;
  return sparkc_not(out);
}

static sparkc_column *conjunction(parser *p)
{
  sparkc_column *out = negation(p);
  while (accept_word(p, "and")) out = sparkc_and(out, negation(p));
  return out;
}

static sparkc_column *expression(parser *p)
{
  sparkc_column *out = enter(p) ? conjunction(p) : nothing();
  while (accept_word(p, "or")) out = sparkc_or(out, conjunction(p));
  p->depth--;
  return out;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static sparkc_column *named(parser *p, sparkc_column *column)
{
  if (!accept_word(p, "as")) return column;
  if (p->token != NAME && p->token != QUOTED_NAME) {
    expected(p, "a name");
    return column;
  }
  sparkc_column *out = sparkc_alias(column, terminated(p, p->word));
  next(p);
  return out;
}

static void check_arguments(parser *p)
{
  for (size_t i = 0; i < p->argument_count && !p->why.code; i++)
    if (!(p->used >> i & 1))
      fail(p, p->begin, "nothing asks for the value of :%.64s", p->arguments[i].name);
}

static bool begin(parser *p)
{
  const size_t arguments_max = 64;
  if (p->argument_count > arguments_max) fail(p, p->begin, "there are more than 64 values");
  for (size_t i = 0; i < p->argument_count && !p->why.code; i++)
    if (!p->arguments[i].name) fail(p, p->begin, "a value has no name");
  next(p);
  return p->why.code == SPARKC_OK;
}

sparkc_column *sparkc_parse(const char *text, const sparkc_argument *arguments, size_t count)
{
  parser p = {.begin = text, .at = text, .arguments = arguments, .argument_count = count};
  gni_arena_init(&p.arena, sparkp_column_alloc, SPARKP_REQUEST_ARENA_BYTES);
  sparkc_column *out = begin(&p) ? named(&p, expression(&p)) : NULL;
  if (!p.why.code && p.token != END) expected(&p, "an operator");
  check_arguments(&p);
  if (p.why.code) {
    sparkc_column_free(out);
    out = sparkp_column_fail(NULL, &p.why);
  }
  for (size_t i = 0; i < count; i++) sparkc_column_free(arguments[i].value);
  gni_arena_deinit(&p.arena);
  return out;
}
