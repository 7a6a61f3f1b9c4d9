/* Functions of regular expressions. SPDX-License-Identifier: Apache-2.0 */
#include "expr/regex.h"

#include "expr/string.h"
#include "expr/unicode.h"

/* ---- the expression -------------------------------------------------------------------------- */

static int give_failure(gnp_frame *frame, int rc, const gn_error *why)
{
  if (rc == GN_E_PARSE)
    return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.PATTERN", "%s", why->message);
  return gni_fail(frame->err, rc, "%s", why->message);
}

/* The constant's that was read while binding, or this row's. */
static int take_regex(const gni_bound *node, gn_str pattern, gnp_frame *frame,
                      const gnp_regex **regex)
{
  gn_error why = {0};
  *regex = node->plan;
  if (*regex) return GN_OK;
  int rc = gnp_regex_take(pattern, frame->arena, regex, &why);
  return rc == GN_OK ? GN_OK : give_failure(frame, rc, &why);
}

/* GN_ABSENT is an answer here. */
static int search(const gnp_regex *regex, gn_str text, size_t from, gnp_frame *frame,
                  gnp_regex_match *match)
{
  int rc = from > text.len ? GN_ABSENT : gnp_regex_find(regex, text, from, frame->arena, match);
  if (rc == GN_E_NOMEM) return gnp_frame_nomem(frame);
  if (rc == GN_E_LIMIT)
    return gni_fail(frame->err, rc, "a regular expression needs too many steps");
  if (rc == GN_E_UNSUPPORTED)
    return gni_fail(frame->err, rc, "a word's edge beside a rare character is not supported");
  return rc;
}

/* Where the next search begins: behind the match, one further when it was empty. Java goes one
 * UTF-16 unit further, into the middle of a character of two, and what it makes then is no text any
 * more. */
static int go_behind(gn_str text, const gnp_regex_match *match, gnp_frame *frame, size_t *at)
{
  *at = match->end[0];
  if (match->end[0] > match->begin[0]) return GN_OK;
  if (*at == text.len)
    ++*at;
  else if (gnp_utf8_next(text, at) >= 0x10000)
    return gni_fail(frame->err, GN_E_UNSUPPORTED,
                    "an empty match before a character beyond U+FFFF is not supported");
  return GN_OK;
}

static gn_str group_text(gn_str text, const gnp_regex_match *match, int64_t group)
{
  size_t begin = match->begin[group];
  if (begin == SIZE_MAX) return (gn_str){"", 0};
  return (gn_str){text.ptr + begin, match->end[group] - begin};
}

static int check_group(const gnp_regex *regex, int64_t group, gnp_frame *frame)
{
  if (group >= 0 && (uint64_t)group <= gnp_regex_groups(regex)) return GN_OK;
  return gnp_fail_here(frame, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
                       "the expression has no group %lld", (long long)group);
}

/* ---- asking ---------------------------------------------------------------------------------- */

GNP_APPLY(rlike)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  int rc = take_regex(node, args[1].text, frame, &regex);
  if (rc == GN_OK) rc = search(regex, args[0].text, 0, frame, &match);
  return rc < 0 ? rc : gnp_give_boolean(out, rc == GN_OK);
}

GNP_APPLY(regexp_count)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  int64_t count = 0;
  int rc = take_regex(node, args[1].text, frame, &regex);
  for (size_t at = 0; rc == GN_OK; count++) {
    if ((rc = search(regex, args[0].text, at, frame, &match)) != GN_OK) break;
    rc = go_behind(args[0].text, &match, frame, &at);
  }
  return rc < 0 ? rc : gnp_give_integer(out, count);
}

GNP_APPLY(regexp_substr)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  int rc = take_regex(node, args[1].text, frame, &regex);
  if (rc == GN_OK) rc = search(regex, args[0].text, 0, frame, &match);
  if (rc < 0) return rc;
  bool some = rc == GN_OK && match.end[0] > match.begin[0]; /* an empty match is none */
  return some ? gnp_give_text(out, group_text(args[0].text, &match, 0)) : gnp_give_null(out);
}

static int64_t units_before(gn_str text, size_t end)
{
  int64_t units = 0;
  for (size_t at = 0; at < end; units++)
    if (gnp_utf8_next(text, &at) >= 0x10000) units++;
  return units;
}

/* The place counts UTF-16 units, as Java's matcher does. */
GNP_APPLY(regexp_instr)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  int rc = take_regex(node, args[1].text, frame, &regex);
  if (rc == GN_OK) rc = search(regex, args[0].text, 0, frame, &match);
  if (rc < 0) return rc;
  return gnp_give_integer(out, rc == GN_OK ? units_before(args[0].text, match.begin[0]) + 1 : 0);
}

/* ---- taking out ------------------------------------------------------------------------------ */

GNP_APPLY(regexp_extract)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  int64_t group = node->arg_count > 2 ? args[2].integer : 1;
  int rc = take_regex(node, args[1].text, frame, &regex);
  if (rc == GN_OK) rc = search(regex, args[0].text, 0, frame, &match);
  if (rc < 0) return rc;
  if (rc == GN_ABSENT) return gnp_give_text(out, GN_STR(""));
  if ((rc = check_group(regex, group, frame)) != GN_OK) return rc;
  return gnp_give_text(out, group_text(args[0].text, &match, group));
}

typedef struct text_list {
  gni_value *items;
  size_t count, capacity;
} text_list;

static int add_text(text_list *list, gn_str text, gnp_frame *frame)
{
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? 2 * list->capacity : 8;
    void *grown = gni_arena_grow(frame->arena, list->items, list->capacity * sizeof *list->items,
                                 capacity * sizeof *list->items);
    if (!grown) return gnp_frame_nomem(frame);
    list->items = grown;
    list->capacity = capacity;
  }
  list->items[list->count++] = gni_value_text(text);
  return GN_OK;
}

GNP_APPLY(regexp_extract_all)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  text_list list = {0};
  int64_t group = node->arg_count > 2 ? args[2].integer : 1;
  int rc = take_regex(node, args[1].text, frame, &regex);
  for (size_t at = 0; rc == GN_OK;) {
    if ((rc = search(regex, args[0].text, at, frame, &match)) != GN_OK) break;
    if ((rc = check_group(regex, group, frame)) != GN_OK) break;
    rc = add_text(&list, group_text(args[0].text, &match, group), frame);
    if (rc == GN_OK) rc = go_behind(args[0].text, &match, frame, &at);
  }
  return rc < 0 ? rc : gnp_give_items(out, list.items, list.count);
}

/* ---- replacing ------------------------------------------------------------------------------- */

static int bad_replacement(gnp_frame *frame)
{
  return gnp_fail_here(frame, "INVALID_REPLACEMENT",
                       "the replacement names a group that is not there");
}

/* The group named behind a dollar sign at `*i`, which moves to its last character; -1: none. */
static int64_t read_group(const gnp_regex *regex, gn_str by, size_t *i)
{
  ++*i;
  if (*i < by.len && by.ptr[*i] == '{') {
    size_t begin = *i + 1;
    while (*i < by.len && by.ptr[*i] != '}') ++*i;
    if (*i == by.len) return -1;
    return gnp_regex_group_named(regex, (gn_str){by.ptr + begin, *i - begin});
  }
  if (*i >= by.len || by.ptr[*i] < '0' || by.ptr[*i] > '9') return -1;
  int64_t group = by.ptr[*i] - '0';
  for (; *i + 1 < by.len && by.ptr[*i + 1] >= '0' && by.ptr[*i + 1] <= '9'; ++*i) {
    int64_t longer = group * 10 + by.ptr[*i + 1] - '0';
    if ((uint64_t)longer > gnp_regex_groups(regex)) break;
    group = longer;
  }
  return (uint64_t)group > gnp_regex_groups(regex) ? -1 : group;
}

/* $1 and ${name} are groups, a backslash takes the next character as it is. */
static int put_replacement(const gnp_regex *regex, gn_str text, gn_str by,
                           const gnp_regex_match *match, gnp_frame *frame, gnp_text *made)
{
  for (size_t i = 0; i < by.len; i++) {
    if (by.ptr[i] == '$') {
      int64_t group = read_group(regex, by, &i);
      if (group < 0) return bad_replacement(frame);
      gnp_text_add(made, group_text(text, match, group));
      continue;
    }
    if (by.ptr[i] == '\\') i++;
    if (i == by.len) return bad_replacement(frame);
    gnp_text_add_char(made, by.ptr[i]);
  }
  return GN_OK;
}

/* The bytes in front of UTF-16 unit number `units`. */
static size_t offset_of_unit(gn_str text, int64_t units)
{
  size_t at = 0;
  while (units > 0 && at < text.len) units -= gnp_utf8_next(text, &at) >= 0x10000 ? 2 : 1;
  return units > 0 ? SIZE_MAX : at;
}

GNP_APPLY(regexp_replace)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  gnp_text made = {.arena = frame->arena};
  gn_str text = args[0].text;
  size_t kept = 0, at = offset_of_unit(text, node->arg_count > 3 ? args[3].integer - 1 : 0);
  int rc = take_regex(node, args[1].text, frame, &regex);
  if (rc != GN_OK) return rc;
  /* A place behind the end finds nothing, nor does one on it: Spark asks whether it is inside. */
  if (at == SIZE_MAX || (at >= text.len && at > 0)) return gnp_give_text(out, text);
  while (rc == GN_OK) {
    if ((rc = search(regex, text, at, frame, &match)) != GN_OK) break;
    gnp_text_add(&made, (gn_str){text.ptr + kept, match.begin[0] - kept});
    rc = put_replacement(regex, text, args[2].text, &match, frame, &made);
    kept = match.end[0];
    if (rc == GN_OK) rc = go_behind(text, &match, frame, &at);
  }
  if (rc < 0) return rc;
  gnp_text_add(&made, (gn_str){text.ptr + kept, text.len - kept});
  return gnp_give_made(&made, frame, out);
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* An empty expression parts the characters; the last part has what is left. */
static int split_characters(gn_str text, int64_t limit, gnp_frame *frame, gni_value *out)
{
  text_list list = {0};
  int rc = GN_OK;
  for (size_t at = 0; rc == GN_OK && at < text.len;) {
    size_t begin = at;
    (void)gnp_utf8_next(text, &at);
    if (limit > 0 && (int64_t)list.count == limit - 1) at = text.len;
    rc = add_text(&list, (gn_str){text.ptr + begin, at - begin}, frame);
  }
  return rc == GN_OK ? gnp_give_items(out, list.items, list.count) : rc;
}

/* At most `limit` parts; an empty match at the very beginning parts nothing off. */
GNP_APPLY(split)
{
  const gnp_regex *regex;
  gnp_regex_match match;
  text_list list = {0};
  gn_str text = args[0].text;
  int64_t limit = node->arg_count > 2 ? args[2].integer : -1;
  size_t kept = 0;
  if (!args[1].text.len && text.len) return split_characters(text, limit, frame, out);
  int rc = take_regex(node, args[1].text, frame, &regex);
  for (size_t at = 0; rc == GN_OK;) {
    if (limit > 0 && (int64_t)list.count >= limit - 1) break;
    if ((rc = search(regex, text, at, frame, &match)) != GN_OK) break;
    if (match.end[0] > 0)
      rc = add_text(&list, (gn_str){text.ptr + kept, match.begin[0] - kept}, frame);
    kept = match.end[0];
    if (rc == GN_OK) rc = go_behind(text, &match, frame, &at);
  }
  if (rc < 0) return rc;
  rc = add_text(&list, (gn_str){text.ptr + kept, text.len - kept}, frame);
  return rc == GN_OK ? gnp_give_items(out, list.items, list.count) : rc;
}

/* ---- binding --------------------------------------------------------------------------------- */

/* A constant expression is read once. One that Java refuses too fails when it is used. */
static int bind_regex(gnp_binder *b, gnp_call *call)
{
  gn_error why = {0};
  const gnp_regex *regex;
  int rc = gnp_bind_signature(b, call);
  if (rc != GN_OK) return rc;
  const gni_bound *pattern = call->args[1];
  if (call->count > 3 && call->args[3]->kind != GNP_CONSTANT)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[3], "the place must be a constant");
  call->node->can_fail = true;
  if (pattern->kind != GNP_CONSTANT || pattern->value.is_null) return GN_OK;
  rc = gnp_regex_take(pattern->value.text, b->arena, &regex, &why);
  if (rc == GN_E_PARSE) return GN_OK;
  if (rc != GN_OK) return gnp_bind_fail(b, rc, pattern, "%s", why.message);
  call->node->plan = regex;
  call->node->can_fail = call->count > 2;
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "regexp", .same_as = "rlike"},
    {.name = "regexp_count",
     .takes = "string, string",
     .gives = "int",
     .bind = bind_regex,
     .apply = regexp_count},
    {.name = "regexp_extract",
     .takes = "string, string, [int]",
     .gives = "string",
     .bind = bind_regex,
     .apply = regexp_extract,
     .flags = GNP_CAN_FAIL},
    {.name = "regexp_extract_all",
     .takes = "string, string, [int]",
     .gives = "array<string>",
     .bind = bind_regex,
     .apply = regexp_extract_all,
     .flags = GNP_CAN_FAIL},
    {.name = "regexp_instr",
     .takes = "string, string, [int]",
     .gives = "int",
     .bind = bind_regex,
     .apply = regexp_instr},
    {.name = "regexp_like", .same_as = "rlike"},
    {.name = "regexp_replace",
     .takes = "string, string, string, [int]",
     .gives = "string",
     .bind = bind_regex,
     .apply = regexp_replace},
    {.name = "regexp_substr",
     .takes = "string, string",
     .gives = "string",
     .bind = bind_regex,
     .apply = regexp_substr,
     .flags = GNP_MAY_BE_NULL},
    {.name = "rlike",
     .takes = "string, string",
     .gives = "boolean",
     .bind = bind_regex,
     .apply = rlike},
    {.name = "split",
     .takes = "string, string, [int]",
     .gives = "array<string>",
     .bind = bind_regex,
     .apply = split},
};

const gnp_family gnp_family_regex = {"regex", functions, sizeof functions / sizeof *functions};
