/* Java's regular expressions: text to tree, tree to steps. SPDX-License-Identifier: Apache-2.0 */
#include "expr/regex_parse.h"

#include "expr/unicode.h"

enum node_kind { EMPTY, LEAF, SEQUENCE, CHOICE, REPEAT, GROUP, LOOK, LOOK_BACK, ATOMIC };
enum greed { GREEDY, LAZY, POSSESSIVE };

typedef struct node node;
struct node {
  uint8_t kind, greed;
  bool negated;
  uint32_t group;       /* of a capturing group; 0: none */
  uint32_t least, most; /* of a repetition; most UINT32_MAX: no end */
  gnp_regex_step leaf;
  node **parts;
  size_t count, capacity;
};

int gnp_regex_fail(regex_parser *p, const char *why)
{
  return gni_fail(p->err, GN_E_PARSE, "the regular expression '%.*s' is wrong at character %zu: %s",
                  (int)(p->text.len > 80 ? 80 : p->text.len), p->text.ptr,
                  gnp_utf8_count((gn_str){p->text.ptr, p->at}) + 1, why);
}

static int nomem(regex_parser *p)
{
  return gni_fail(p->err, GN_E_NOMEM, "out of memory while reading a regular expression");
}

static int refuse(regex_parser *p, const char *what)
{
  return gni_fail(p->err, GN_E_UNSUPPORTED, "%s in a regular expression is not supported", what);
}

static node *make(regex_parser *p, int kind)
{
  node *n = GN_TAKE_ZERO(p->arena, node, 1);
  if (n) n->kind = (uint8_t)kind;
  return n;
}

static int add_part(regex_parser *p, node *parent, node *part)
{
  if (!part) return nomem(p);
  if (parent->count == parent->capacity) {
    size_t capacity = parent->capacity ? 2 * parent->capacity : 4;
    void *grown = gni_arena_grow(p->arena, parent->parts, parent->capacity * sizeof part,
                                 capacity * sizeof part);
    if (!grown) return nomem(p);
    parent->parts = grown;
    parent->capacity = capacity;
  }
  parent->parts[parent->count++] = part;
  return GN_OK;
}

static char peek(const regex_parser *p)
{
  return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool accept(regex_parser *p, const char *mark)
{
  size_t len = strlen(mark);
  if (p->at + len > p->text.len || memcmp(p->text.ptr + p->at, mark, len) != 0) return false;
  p->at += len;
  return true;
}

/* ---- escapes --------------------------------------------------------------------------------- */

static int hex_value(char c)
{
  char low = (char)(c | 32);
  return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static int read_hex(regex_parser *p, int count, uint32_t *c)
{
  *c = 0;
  for (int i = 0; i < count; i++, p->at++) {
    int digit = hex_value(peek(p));
    if (digit < 0) return gnp_regex_fail(p, "an escape lacks hexadecimal digits");
    *c = *c * 16 + (uint32_t)digit;
  }
  return GN_OK;
}

static int read_octal(regex_parser *p, uint32_t *c)
{
  *c = 0;
  size_t begin = p->at;
  while (p->at - begin < 3 && peek(p) >= '0' && peek(p) <= '7' && *c * 8 < 256)
    *c = *c * 8 + (uint32_t)(p->text.ptr[p->at++] - '0');
  return p->at > begin ? GN_OK : gnp_regex_fail(p, "an escape lacks octal digits");
}

int gnp_regex_escape(regex_parser *p, uint32_t *c)
{
  static const char names[] = "tnrfae", values[] = "\t\n\r\f\a\033";
  char letter = peek(p);
  const char *known = letter ? strchr(names, letter) : NULL;
  if ((unsigned char)letter >= 0x80) {
    *c = gnp_utf8_next(p->text, &p->at);
    return GN_OK;
  }
  p->at++;
  if (known) {
    *c = (unsigned char)values[known - names];
    return GN_OK;
  }
  if (letter == 'x' && peek(p) != '{') return read_hex(p, 2, c);
  if (letter == 'u') return read_hex(p, 4, c);
  if (letter == '0') return read_octal(p, c);
  bool is_letter = (letter | 32) >= 'a' && (letter | 32) <= 'z';
  if (letter == 'x' || letter == 'c' || letter == 'N') return refuse(p, "this escape");
  if (is_letter) return gnp_regex_fail(p, "no escape has this letter");
  *c = (unsigned char)letter;
  return GN_OK;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static node *leaf(regex_parser *p, int operation, uint32_t x, uint32_t y)
{
  node *n = make(p, LEAF);
  if (n) n->leaf = (gnp_regex_step){(uint8_t)operation, x, y};
  return n;
}

static int give(regex_parser *p, node *made, node **out)
{
  *out = made;
  return made ? GN_OK : nomem(p);
}

static int add_set(regex_parser *p, const gnp_regex_set *set, node **out)
{
  gnp_regex *r = p->regex;
  if (r->set_count == r->set_capacity) {
    size_t capacity = r->set_capacity ? 2 * r->set_capacity : 8;
    void *grown =
        gni_arena_grow(p->arena, r->sets, r->set_capacity * sizeof set, capacity * sizeof set);
    if (!grown) return nomem(p);
    r->sets = grown;
    r->set_capacity = capacity;
  }
  r->sets[r->set_count] = set;
  return give(p, leaf(p, RX_CLASS, (uint32_t)r->set_count++, 0), out);
}

/* \Q…\E: all of it as it is. */
static int read_quoted(regex_parser *p, node **out)
{
  node *all = make(p, SEQUENCE);
  int rc = all ? GN_OK : nomem(p);
  while (rc == GN_OK && p->at < p->text.len && !accept(p, "\\E"))
    rc = add_part(p, all, leaf(p, RX_CHAR, gnp_utf8_next(p->text, &p->at), p->fold));
  *out = all;
  return rc;
}

static int read_back_reference(regex_parser *p, node **out)
{
  uint32_t group = (uint32_t)(p->text.ptr[p->at++] - '0');
  while (peek(p) >= '0' && peek(p) <= '9' &&
         group * 10 + (uint32_t)(peek(p) - '0') < p->regex->group_count)
    group = group * 10 + (uint32_t)(p->text.ptr[p->at++] - '0');
  if (group >= GNP_REGEX_GROUPS_MAX) return refuse(p, "a reference to that many groups");
  return give(p, leaf(p, RX_BACK, group, p->fold), out);
}

static int read_group_name(regex_parser *p, gn_str *name)
{
  size_t begin = p->at;
  while (peek(p) && peek(p) != '>') p->at++;
  *name = (gn_str){p->text.ptr + begin, p->at - begin};
  return accept(p, ">") && name->len ? GN_OK : gnp_regex_fail(p, "a group's name is not closed");
}

static int read_named_reference(regex_parser *p, node **out)
{
  gn_str name;
  p->at++;
  if (!accept(p, "<")) return gnp_regex_fail(p, "a name in <> must follow \\k");
  int rc = read_group_name(p, &name);
  if (rc != GN_OK) return rc;
  int group = gnp_regex_group_named(p->regex, name);
  if (group < 0) return gnp_regex_fail(p, "no group has this name");
  return give(p, leaf(p, RX_BACK, (uint32_t)group, p->fold), out);
}

static int assertion_of(char letter)
{
  switch (letter) {
  case 'b':
    return RX_EDGE;
  case 'B':
    return RX_NO_EDGE;
  case 'A':
    return RX_TEXT_BEGIN;
  case 'z':
    return RX_TEXT_LAST;
  case 'Z':
    return RX_TEXT_END;
  default:
    return -1;
  }
}

static int read_escaped(regex_parser *p, node **out)
{
  uint32_t c;
  bool found = false;
  if (++p->at == p->text.len) return gnp_regex_fail(p, "nothing follows a backslash");
  char letter = peek(p);
  int assertion = assertion_of(letter);
  if (assertion >= 0) {
    p->at++;
    return give(p, leaf(p, assertion, 0, 0), out);
  }
  if (letter == 'Q') {
    p->at++;
    return read_quoted(p, out);
  }
  if (letter >= '1' && letter <= '9') return read_back_reference(p, out);
  if (letter == 'k') return read_named_reference(p, out);
  if (letter == 'R' || letter == 'X' || letter == 'G') return refuse(p, "this escape");
  gnp_regex_set *set = GN_TAKE_ZERO(p->arena, gnp_regex_set, 1);
  if (!set) return nomem(p);
  set->fold = p->fold;
  if (letter == 'p' || letter == 'P') {
    p->at++;
    int rc = gnp_regex_set_property(p, set, letter == 'P');
    return rc == GN_OK ? add_set(p, set, out) : rc;
  }
  int rc = gnp_regex_set_class(p, set, letter, &found);
  if (rc == GN_OK && found) {
    p->at++;
    return add_set(p, set, out);
  }
  if (rc == GN_OK) rc = gnp_regex_escape(p, &c);
  return rc == GN_OK ? give(p, leaf(p, RX_CHAR, c, p->fold), out) : rc;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static int read_choice(regex_parser *p, node **out);

static bool set_flag(regex_parser *p, char flag, bool on)
{
  switch (flag) {
  case 'i':
    p->fold = on;
    return true;
  case 's':
    p->dot_all = on;
    return true;
  case 'm':
    p->multi_line = on;
    return true;
  case 'x':
    p->comments = on;
    return true;
  default:
    return false;
  }
}

/* (?i) for what follows in the group around, (?i:…) for its own. */
static int read_flags(regex_parser *p, bool *own)
{
  bool on = true;
  for (; peek(p) && peek(p) != ')' && peek(p) != ':'; p->at++) {
    if (peek(p) == '-' && on)
      on = false;
    else if (strchr("udU", peek(p)))
      return refuse(p, "this flag");
    else if (!set_flag(p, peek(p), on))
      return gnp_regex_fail(p, "this is no flag");
  }
  *own = accept(p, ":");
  if (!*own && !accept(p, ")")) return gnp_regex_fail(p, "a group is not closed");
  return GN_OK;
}

static int open_capture(regex_parser *p, gn_str name, node **group)
{
  if (p->regex->group_count == GNP_REGEX_GROUPS_MAX) return refuse(p, "that many groups");
  p->regex->names[p->regex->group_count] = name;
  (*group)->group = p->regex->group_count++;
  return GN_OK;
}

/* What stands behind "(?"; `*whole` when the group is only flags. */
static int open_special(regex_parser *p, node **group, bool *whole)
{
  node *g = *group;
  gn_str name;
  if (accept(p, ":")) return GN_OK;
  if (accept(p, "=") || accept(p, "!")) {
    g->kind = LOOK;
    g->negated = p->text.ptr[p->at - 1] == '!';
    return GN_OK;
  }
  if (accept(p, "<=") || accept(p, "<!")) {
    g->kind = LOOK_BACK;
    g->negated = p->text.ptr[p->at - 1] == '!';
    return GN_OK;
  }
  if (accept(p, ">")) {
    g->kind = ATOMIC;
    return GN_OK;
  }
  if (accept(p, "<")) {
    int rc = read_group_name(p, &name);
    return rc == GN_OK ? open_capture(p, name, group) : rc;
  }
  bool own;
  int rc = read_flags(p, &own);
  *whole = rc == GN_OK && !own;
  return rc;
}

static int read_group(regex_parser *p, node **out)
{
  regex_parser saved = *p;
  bool whole = false;
  node *group = make(p, GROUP), *inside;
  if (!group) return nomem(p);
  p->at++;
  int rc =
      accept(p, "?") ? open_special(p, &group, &whole) : open_capture(p, (gn_str){NULL, 0}, &group);
  if (rc != GN_OK) return rc;
  if (whole) return give(p, make(p, EMPTY), out);
  if (p->depth++ >= GNP_REGEX_DEPTH_MAX) return gnp_regex_fail(p, "it is nested too deep");
  if ((rc = read_choice(p, &inside)) != GN_OK) return rc;
  p->depth--;
  if (!accept(p, ")")) return gnp_regex_fail(p, "a group is not closed");
  p->fold = saved.fold;
  p->dot_all = saved.dot_all;
  p->multi_line = saved.multi_line;
  p->comments = saved.comments;
  *out = group;
  return add_part(p, group, inside);
}

/* ---- sequences and repetitions --------------------------------------------------------------- */

static int read_atom(regex_parser *p, node **out)
{
  const gnp_regex_set *set;
  switch (peek(p)) {
  case '(':
    return read_group(p, out);
  case '[': {
    int rc = gnp_regex_read_set(p, &set);
    return rc == GN_OK ? add_set(p, set, out) : rc == GN_E_NOMEM ? nomem(p) : rc;
  }
  case '\\':
    return read_escaped(p, out);
  case '.':
    p->at++;
    return give(p, leaf(p, RX_ANY, p->dot_all, 0), out);
  case '^':
    p->at++;
    return give(p, leaf(p, p->multi_line ? RX_LINE_BEGIN : RX_TEXT_BEGIN, 0, 0), out);
  case '$':
    p->at++;
    return give(p, leaf(p, p->multi_line ? RX_LINE_END : RX_TEXT_END, 0, 0), out);
  case '*':
  case '+':
  case '?':
    return gnp_regex_fail(p, "there is nothing to repeat");
  default:
    break;
  }
  return give(p, leaf(p, RX_CHAR, gnp_utf8_next(p->text, &p->at), p->fold), out);
}

static int read_number(regex_parser *p, uint32_t *out)
{
  size_t begin = p->at;
  *out = 0;
  for (; peek(p) >= '0' && peek(p) <= '9'; p->at++) {
    *out = *out * 10 + (uint32_t)(peek(p) - '0');
    if (*out > GNP_REGEX_PROGRAM_MAX)
      return gni_fail(p->err, GN_E_LIMIT, "a repetition of a regular expression is too large");
  }
  return p->at > begin ? GN_OK : gnp_regex_fail(p, "a repetition lacks its number");
}

static int read_counts(regex_parser *p, uint32_t *least, uint32_t *most)
{
  int rc = read_number(p, least);
  *most = *least;
  if (rc == GN_OK && accept(p, ",")) {
    *most = UINT32_MAX;
    if (peek(p) != '}') rc = read_number(p, most);
  }
  if (rc != GN_OK) return rc;
  if (!accept(p, "}")) return gnp_regex_fail(p, "a repetition is not closed");
  return *most < *least ? gnp_regex_fail(p, "a repetition's numbers have no order") : GN_OK;
}

static int read_repeated(regex_parser *p, node **out)
{
  int rc = read_atom(p, out);
  while (rc == GN_OK) {
    uint32_t least = 0, most = UINT32_MAX;
    if (accept(p, "?"))
      most = 1;
    else if (accept(p, "+"))
      least = 1;
    else if (accept(p, "{"))
      rc = read_counts(p, &least, &most);
    else if (!accept(p, "*"))
      break;
    if (rc != GN_OK) return rc;
    node *repeat = make(p, REPEAT), *inside = *out;
    if (!repeat) return nomem(p);
    repeat->least = least;
    repeat->most = most;
    repeat->greed = accept(p, "?") ? LAZY : accept(p, "+") ? POSSESSIVE : GREEDY;
    rc = add_part(p, repeat, inside);
    *out = repeat;
  }
  return rc;
}

/* (?x): blanks and what follows # on a line are not there. */
static void skip_comments(regex_parser *p)
{
  while (p->comments && p->at < p->text.len) {
    char c = peek(p);
    if (c == '#')
      while (p->at < p->text.len && peek(p) != '\n') p->at++;
    else if (c == ' ' || (c >= '\t' && c <= '\r'))
      p->at++;
    else
      break;
  }
}

static int read_sequence(regex_parser *p, node **out)
{
  node *sequence = make(p, SEQUENCE), *part;
  int rc = sequence ? GN_OK : nomem(p);
  skip_comments(p);
  while (rc == GN_OK && p->at < p->text.len && peek(p) != '|' && peek(p) != ')') {
    rc = read_repeated(p, &part);
    if (rc == GN_OK) rc = add_part(p, sequence, part);
    skip_comments(p);
  }
  *out = sequence;
  return rc;
}

static int read_choice(regex_parser *p, node **out)
{
  node *choice = make(p, CHOICE), *part;
  int rc = choice ? GN_OK : nomem(p);
  do {
    if (rc == GN_OK) rc = read_sequence(p, &part);
    if (rc == GN_OK) rc = add_part(p, choice, part);
  } while (rc == GN_OK && accept(p, "|"));
  *out = choice;
  return rc;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int put(regex_parser *p, int operation, uint32_t x, uint32_t y)
{
  gnp_regex *r = p->regex;
  if (r->count == GNP_REGEX_PROGRAM_MAX)
    return gni_fail(p->err, GN_E_LIMIT, "a regular expression is too large");
  if (r->count == r->capacity) {
    size_t capacity = r->capacity ? 2 * r->capacity : 32;
    void *grown = gni_arena_grow(p->arena, r->steps, r->capacity * sizeof *r->steps,
                                 capacity * sizeof *r->steps);
    if (!grown) return nomem(p);
    r->steps = grown;
    r->capacity = capacity;
  }
  r->steps[r->count++] = (gnp_regex_step){(uint8_t)operation, x, y};
  return GN_OK;
}

static int emit(regex_parser *p, const node *n);

static int emit_choice(regex_parser *p, const node *n)
{
  size_t jumps[2] = {SIZE_MAX, 0}; /* a chain through the jumps' own x */
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < n->count; i++) {
    bool last = i + 1 == n->count;
    size_t split = p->regex->count;
    if (!last) rc = put(p, RX_SPLIT, (uint32_t)split + 1, 0);
    if (rc == GN_OK) rc = emit(p, n->parts[i]);
    if (rc != GN_OK || last) break;
    jumps[1] = p->regex->count;
    rc = put(p, RX_JUMP, (uint32_t)(jumps[0] == SIZE_MAX ? UINT32_MAX : jumps[0]), 0);
    jumps[0] = jumps[1];
    p->regex->steps[split].y = (uint32_t)p->regex->count;
  }
  for (size_t at = jumps[0]; rc == GN_OK && at != SIZE_MAX;) {
    uint32_t next = p->regex->steps[at].x;
    p->regex->steps[at].x = (uint32_t)p->regex->count;
    at = next == UINT32_MAX ? SIZE_MAX : next;
  }
  return rc;
}

static void set_split(regex_parser *p, size_t split, uint8_t greed, size_t body, size_t behind)
{
  p->regex->steps[split].x = (uint32_t)(greed == LAZY ? behind : body);
  p->regex->steps[split].y = (uint32_t)(greed == LAZY ? body : behind);
}

/* split, mark, body, progress, jump back. */
static int emit_star(regex_parser *p, const node *n)
{
  size_t split = p->regex->count;
  uint32_t mark = p->regex->register_count++;
  int rc = put(p, RX_SPLIT, 0, 0);
  if (rc == GN_OK) rc = put(p, RX_MARK, mark, 0);
  if (rc == GN_OK) rc = emit(p, n->parts[0]);
  if (rc == GN_OK) rc = put(p, RX_PROGRESS, mark, 0);
  if (rc == GN_OK) rc = put(p, RX_JUMP, (uint32_t)split, 0);
  if (rc == GN_OK) set_split(p, split, n->greed, split + 1, p->regex->count);
  return rc;
}

static int emit_repeat(regex_parser *p, const node *n)
{
  size_t atomic = p->regex->count;
  int rc = n->greed == POSSESSIVE ? put(p, RX_ATOMIC, 0, 0) : GN_OK;
  for (uint32_t i = 0; rc == GN_OK && i < n->least; i++) rc = emit(p, n->parts[0]);
  if (rc == GN_OK && n->most == UINT32_MAX) rc = emit_star(p, n);
  for (uint32_t i = n->least; rc == GN_OK && n->most != UINT32_MAX && i < n->most; i++) {
    size_t split = p->regex->count;
    rc = put(p, RX_SPLIT, 0, 0);
    if (rc == GN_OK) rc = emit(p, n->parts[0]);
    if (rc == GN_OK) set_split(p, split, n->greed, split + 1, p->regex->count);
  }
  if (rc != GN_OK || n->greed != POSSESSIVE) return rc;
  rc = put(p, RX_DONE, 0, 0);
  p->regex->steps[atomic].x = (uint32_t)p->regex->count;
  return rc;
}

static int emit_group(regex_parser *p, const node *n)
{
  int rc = n->group ? put(p, RX_SAVE, 2 * n->group, 0) : GN_OK;
  if (rc == GN_OK) rc = emit(p, n->parts[0]);
  return rc == GN_OK && n->group ? put(p, RX_SAVE, 2 * n->group + 1, 0) : rc;
}

/* A part with an end of its own. */
static int emit_inner(regex_parser *p, const node *n, int operation)
{
  size_t at = p->regex->count;
  int rc = put(p, operation, 0, n->negated);
  if (rc == GN_OK) rc = emit(p, n->parts[0]);
  if (rc == GN_OK) rc = put(p, RX_DONE, 0, 0);
  if (rc == GN_OK) p->regex->steps[at].x = (uint32_t)p->regex->count;
  return rc;
}

static int emit(regex_parser *p, const node *n)
{
  int rc = GN_OK;
  switch ((enum node_kind)n->kind) {
  case EMPTY:
    return GN_OK;
  case LEAF:
    return put(p, n->leaf.operation, n->leaf.x, n->leaf.y);
  case SEQUENCE:
    for (size_t i = 0; rc == GN_OK && i < n->count; i++) rc = emit(p, n->parts[i]);
    return rc;
  case CHOICE:
    return emit_choice(p, n);
  case REPEAT:
    return emit_repeat(p, n);
  case GROUP:
    return emit_group(p, n);
  case LOOK:
    return emit_inner(p, n, RX_LOOK);
  case LOOK_BACK:
    return emit_inner(p, n, RX_LOOK_BACK);
  case ATOMIC:
    return emit_inner(p, n, RX_ATOMIC);
  }
  return rc;
}

int gnp_regex_take(gn_str pattern, gn_arena *arena, const gnp_regex **out, gn_error *err)
{
  gnp_regex *regex = GN_TAKE_ZERO(arena, gnp_regex, 1);
  regex_parser p = {.text = pattern, .arena = arena, .err = err, .regex = regex};
  node *tree;
  *out = NULL;
  if (!regex) return nomem(&p);
  regex->group_count = 1;
  int rc = read_choice(&p, &tree);
  if (rc == GN_OK && p.at < pattern.len) rc = gnp_regex_fail(&p, "a bracket closes nothing");
  if (rc == GN_OK) rc = emit(&p, tree);
  if (rc == GN_OK) rc = put(&p, RX_DONE, 0, 0);
  if (rc == GN_E_NOMEM) (void)nomem(&p);
  *out = rc == GN_OK ? regex : NULL;
  return rc;
}

size_t gnp_regex_groups(const gnp_regex *regex)
{
  return regex->group_count - 1;
}

int gnp_regex_group_named(const gnp_regex *regex, gn_str name)
{
  for (uint32_t i = 1; i < regex->group_count; i++)
    if (regex->names[i].ptr && gni_str_equal(regex->names[i], name)) return (int)i;
  return -1;
}
