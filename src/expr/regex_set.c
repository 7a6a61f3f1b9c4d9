/* Character classes of regular expressions: […], \d, \p{Alpha}. SPDX-License-Identifier: Apache-2.0
 */
#include "expr/regex_parse.h"
#include "expr/unicode.h"

static bool in_ranges(const gnp_regex_set *set, uint32_t c)
{
  for (size_t i = 0; i < set->count; i++)
    if (c >= set->ranges[2 * i] && c <= set->ranges[2 * i + 1]) return true;
  return false;
}

static uint32_t other_case(uint32_t c)
{
  if (c >= 'a' && c <= 'z') return c - 32;
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool gnp_regex_set_has(const gnp_regex_set *set, uint32_t c)
{
  bool has = in_ranges(set, c) || (set->fold && in_ranges(set, other_case(c)));
  return has != set->negated && (!set->both || gnp_regex_set_has(set->both, c));
}

int gnp_regex_set_add(regex_parser *p, gnp_regex_set *set, uint32_t low, uint32_t high)
{
  if (set->count == set->capacity) {
    size_t capacity = set->capacity ? 2 * set->capacity : 8;
    void *grown = gni_arena_grow(p->arena, set->ranges, 2 * set->capacity * sizeof(uint32_t),
                                 2 * capacity * sizeof(uint32_t));
    if (!grown) return GN_E_NOMEM;
    set->ranges = grown;
    set->capacity = capacity;
  }
  set->ranges[2 * set->count] = low;
  set->ranges[2 * set->count++ + 1] = high;
  return GN_OK;
}

static int add_pairs(regex_parser *p, gnp_regex_set *set, const char *pairs, bool negated)
{
  uint32_t next = 0;
  int rc = GN_OK;
  for (; rc == GN_OK && *pairs; pairs += 2) {
    uint32_t low = (unsigned char)pairs[0], high = (unsigned char)pairs[1];
    if (!negated)
      rc = gnp_regex_set_add(p, set, low, high);
    else if (low > next)
      rc = gnp_regex_set_add(p, set, next, low - 1);
    next = high + 1;
  }
  return rc == GN_OK && negated ? gnp_regex_set_add(p, set, next, 0x10FFFF) : rc;
}

/* Pairs of both ends, ascending; ASCII, as Java's are without its Unicode flag. */
static const struct class_row {
  char letter;
  const char *pairs;
} classes[] = {{'d', "09"}, {'w', "09AZ__az"}, {'s', "\t\r  "}, {'h', "\t\t  "}, {'v', "\n\r"}};

/* \d \w \s and their opposites; `*found` false for other letters. */
int gnp_regex_set_class(regex_parser *p, gnp_regex_set *set, char letter, bool *found)
{
  char low = (char)(letter | 32);
  *found = false;
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    if (classes[i].letter != low) continue;
    *found = true;
    int rc = add_pairs(p, set, classes[i].pairs, letter != low);
    if (rc != GN_OK || letter != low) return rc;
    if (low == 'h') rc = gnp_regex_set_add(p, set, 0xA0, 0xA0);
    if (low == 'v') rc = gnp_regex_set_add(p, set, 0x85, 0x85);
    return rc;
  }
  return GN_OK;
}

static const struct property_row {
  const char *name, *pairs;
} properties[] = {
    {"Lower", "az"},     {"Upper", "AZ"},     {"ASCII", "\x01\x7f"},         {"Alpha", "AZaz"},
    {"Digit", "09"},     {"Alnum", "09AZaz"}, {"Punct", "!/:@[`{~"},         {"Graph", "!~"},
    {"Print", " ~"},     {"Blank", "\t\t  "}, {"Cntrl", "\x01\x1f\x7f\x7f"}, {"XDigit", "09AFaf"},
    {"Space", "\t\r  "},
};

/* \p{Name} behind the p; `negated` for P. */
int gnp_regex_set_property(regex_parser *p, gnp_regex_set *set, bool negated)
{
  size_t begin = p->at, end;
  if (p->at < p->text.len && p->text.ptr[p->at] == '{') {
    begin = ++p->at;
    while (p->at < p->text.len && p->text.ptr[p->at] != '}') p->at++;
    if (p->at == p->text.len) return gnp_regex_fail(p, "a property is not closed");
    end = p->at++;
  } else {
    end = ++p->at;
  }
  gn_str name = {p->text.ptr + begin, end - begin};
  for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
    if (!gni_str_is(name, properties[i].name)) continue;
    return add_pairs(p, set, properties[i].pairs, negated);
  }
  return gni_fail(p->err, GN_E_UNSUPPORTED, "'\\p{%.*s}' in a regular expression is not supported",
                  (int)(name.len > 40 ? 40 : name.len), name.ptr);
}

static bool at_mark(const regex_parser *p, const char *mark)
{
  size_t len = strlen(mark);
  return p->at + len <= p->text.len && memcmp(p->text.ptr + p->at, mark, len) == 0;
}

/* One member: a character, or a class that needs no end. */
static int read_member(regex_parser *p, gnp_regex_set *set, uint32_t *c, bool *is_class)
{
  *is_class = false;
  if (p->text.ptr[p->at] != '\\') {
    *c = gnp_utf8_next(p->text, &p->at);
    return GN_OK;
  }
  if (++p->at == p->text.len) return gnp_regex_fail(p, "nothing follows a backslash");
  char letter = p->text.ptr[p->at];
  if (letter == 'p' || letter == 'P') {
    p->at++;
    *is_class = true;
    return gnp_regex_set_property(p, set, letter == 'P');
  }
  int rc = gnp_regex_set_class(p, set, letter, is_class);
  if (rc != GN_OK || *is_class) {
    p->at++;
    return rc;
  }
  return gnp_regex_escape(p, c);
}

static int read_members(regex_parser *p, gnp_regex_set *set);

/* A nested […] is a part of the union: its ranges join, unless it is an opposite. */
static int read_nested(regex_parser *p, gnp_regex_set *set)
{
  const gnp_regex_set *inner;
  int rc = gnp_regex_read_set(p, &inner);
  if (rc != GN_OK) return rc;
  if (inner->negated || inner->both)
    return gni_fail(p->err, GN_E_UNSUPPORTED,
                    "an opposite inside a class of a regular expression is not supported");
  for (size_t i = 0; rc == GN_OK && i < inner->count; i++)
    rc = gnp_regex_set_add(p, set, inner->ranges[2 * i], inner->ranges[2 * i + 1]);
  return rc;
}

/* && […] or && members. */
static int read_intersection(regex_parser *p, gnp_regex_set *set)
{
  const gnp_regex_set *other = NULL;
  p->at += 2;
  if (at_mark(p, "[")) {
    int rc = gnp_regex_read_set(p, &other);
    if (rc == GN_OK && !at_mark(p, "]"))
      return gni_fail(
          p->err, GN_E_UNSUPPORTED,
          "more than one intersection in a regular expression's class is not supported");
    set->both = other;
    return rc;
  }
  gnp_regex_set *made = GN_TAKE_ZERO(p->arena, gnp_regex_set, 1);
  if (!made) return GN_E_NOMEM;
  made->fold = set->fold;
  set->both = made;
  return read_members(p, made);
}

/* A member, or two with a hyphen between. */
static int read_range(regex_parser *p, gnp_regex_set *set)
{
  uint32_t low, high;
  bool is_class;
  int rc = read_member(p, set, &low, &is_class);
  if (rc != GN_OK || is_class) return rc;
  high = low;
  bool range = at_mark(p, "-") && !at_mark(p, "-]") && !at_mark(p, "-[") && !at_mark(p, "-&&");
  if (range) {
    if (++p->at >= p->text.len) return gnp_regex_fail(p, "a class is not closed");
    if ((rc = read_member(p, set, &high, &is_class)) != GN_OK) return rc;
    if (is_class || high < low) return gnp_regex_fail(p, "a range of a class has no order");
  }
  return gnp_regex_set_add(p, set, low, high);
}

/* Up to the closing bracket, which is left. */
static int read_members(regex_parser *p, gnp_regex_set *set)
{
  for (bool first = true; p->at < p->text.len; first = false) {
    if (at_mark(p, "]") && !first) return GN_OK;
    if (at_mark(p, "&&")) return read_intersection(p, set);
    int rc = at_mark(p, "[") ? read_nested(p, set) : read_range(p, set);
    if (rc != GN_OK) return rc;
  }
  return gnp_regex_fail(p, "a class is not closed");
}

int gnp_regex_read_set(regex_parser *p, const gnp_regex_set **out)
{
  gnp_regex_set *set = GN_TAKE_ZERO(p->arena, gnp_regex_set, 1);
  if (!set) return GN_E_NOMEM;
  if (p->depth++ >= GNP_REGEX_DEPTH_MAX) return gnp_regex_fail(p, "it is nested too deep");
  p->at++;
  set->fold = p->fold;
  if (at_mark(p, "^")) {
    set->negated = true;
    p->at++;
  }
  int rc = read_members(p, set);
  if (rc == GN_OK) p->at++;
  p->depth--;
  *out = set;
  return rc;
}
