/* get_json_object, json_array_length, json_object_keys: JSON text asked by a path, by Hive's rules
 * as Spark keeps them. SPDX-License-Identifier: Apache-2.0 */
#include "expr/json_read.h"
#include "expr/string.h"

#define STEPS_MAX 64 /* of a path; each is a level of nesting */

/* ---- paths ----------------------------------------------------------------------------------- */

enum step_kind { A_KEY, A_SUBSCRIPT, A_NAMED, AN_INDEX, A_WILDCARD };

typedef struct step {
  uint8_t kind;
  gn_str name;
  int64_t index;
} step;

typedef struct path {
  step steps[STEPS_MAX];
  size_t count;
  bool too_long;
} path;

static bool add_step(path *p, enum step_kind kind, gn_str name, int64_t index)
{
  p->too_long = p->count == STEPS_MAX;
  if (p->too_long) return false;
  p->steps[p->count++] = (step){.kind = (uint8_t)kind, .name = name, .index = index};
  return true;
}

static bool take(gn_str *rest, const char *mark)
{
  if (!gni_str_starts(*rest, mark)) return false;
  *rest = (gn_str){rest->ptr + strlen(mark), rest->len - strlen(mark)};
  return true;
}

/* One character or more up to one of `ends`. */
static bool take_name(gn_str *rest, const char *ends, gn_str *name)
{
  size_t len = 0;
  while (len < rest->len && !(rest->ptr[len] && strchr(ends, rest->ptr[len]))) len++;
  *name = (gn_str){rest->ptr, len};
  *rest = (gn_str){rest->ptr + len, rest->len - len};
  return len > 0;
}

static bool take_subscript(gn_str *rest, path *p)
{
  gn_str at = *rest, digits;
  int64_t index;
  if (!take(&at, "[")) return false;
  gn_str starred = at;
  if (take(&starred, "*") && take(&starred, "]")) {
    *rest = starred;
    return add_step(p, A_SUBSCRIPT, GN_STR(""), 0) && add_step(p, A_WILDCARD, GN_STR(""), 0);
  }
  size_t len = 0;
  while (len < at.len && at.ptr[len] >= '0' && at.ptr[len] <= '9') len++;
  digits = (gn_str){at.ptr, len};
  at = (gn_str){at.ptr + len, at.len - len};
  if (!len || gni_parse_int64(digits, &index) != GN_OK || !take(&at, "]")) return false;
  *rest = at;
  return add_step(p, A_SUBSCRIPT, GN_STR(""), 0) && add_step(p, AN_INDEX, GN_STR(""), index);
}

static bool take_named(gn_str *rest, path *p)
{
  gn_str at = *rest, name;
  bool found = take(&at, ".") && take_name(&at, ".[", &name);
  if (!found) {
    at = *rest;
    found = take(&at, "['") && take_name(&at, "'?", &name) && take(&at, "']");
  }
  if (!found) return false;
  *rest = at;
  return add_step(p, A_KEY, GN_STR(""), 0) && add_step(p, A_NAMED, name, 0);
}

/* `.*` and `['*']` stand alone, without the key that would make them match: Spark's find nothing.
 */
static bool take_step(gn_str *rest, path *p)
{
  gn_str at = *rest;
  if (take(&at, ".*") || take(&at, "['*']")) {
    *rest = at;
    return add_step(p, A_WILDCARD, GN_STR(""), 0);
  }
  return take_named(rest, p) || take_subscript(rest, p);
}

static bool read_path(gn_str text, path *p)
{
  gn_str rest = text;
  p->count = 0;
  p->too_long = false;
  if (!take(&rest, "$")) return false;
  while (rest.len)
    if (!take_step(&rest, p)) return false;
  return true;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Raw texts lose their quotes; flat lists melt into the one around them. */
enum style { RAW, QUOTED, FLAT };

typedef struct walk {
  gnp_json json;
  const path *p;
  bool buffered; /* in a list of matches, where Jackson writes characters, not bytes */
} walk;

static bool step_is(const walk *w, size_t at, enum step_kind kind)
{
  return at < w->p->count && w->p->steps[at].kind == kind;
}

static bool find(walk *w, gnp_text *out, enum style style, size_t at);

static bool more(walk *w, enum gnp_json_token end)
{
  enum gnp_json_token token = gnp_json_next(&w->json);
  return token != end && token != GNP_JSON_BAD;
}

static bool find_in_items(walk *w, gnp_text *out, enum style style, size_t at)
{
  bool found = false;
  while (more(w, GNP_JSON_LIST_END)) found |= find(w, out, style, at);
  return found;
}

/* The first member that fits; the rest is passed over. */
static bool find_in_members(walk *w, gnp_text *out, enum style style, size_t at)
{
  bool found = false;
  while (more(w, GNP_JSON_OBJECT_END)) {
    if (found)
      gnp_json_skip(&w->json);
    else
      found = find(w, out, style, at);
  }
  return found;
}

/* [*] below no other: one match stands alone, several are a list. */
static bool find_all(walk *w, gnp_text *out, enum style style, size_t at)
{
  gnp_text list = {.arena = out->arena};
  bool buffered = w->buffered;
  int matches = 0;
  w->buffered = true;
  gnp_json_open(&list, '[');
  while (more(w, GNP_JSON_LIST_END)) matches += find(w, &list, style == RAW ? QUOTED : FLAT, at);
  gnp_json_close(&list, ']');
  w->buffered = buffered;
  out->failed |= list.failed;
  if (list.failed || !matches) return false;
  gnp_json_put_raw(out, matches > 1 ? (gn_str){list.ptr, list.len}
                                    : (gn_str){list.ptr + 1, list.len - 2});
  return true;
}

static bool find_listed(walk *w, gnp_text *out, enum style style, size_t at)
{
  gnp_json_open(out, '[');
  bool found = find_in_items(w, out, style, at);
  gnp_json_close(out, ']');
  return found;
}

static bool find_at_index(walk *w, gnp_text *out, enum style style, size_t at)
{
  int64_t left = w->p->steps[at - 1].index;
  bool quoted = step_is(w, at, A_SUBSCRIPT) && step_is(w, at + 1, A_WILDCARD);
  bool found = false;
  for (; more(w, GNP_JSON_LIST_END); left--) {
    if (left == 0)
      found = find(w, out, quoted ? QUOTED : style, at);
    else
      gnp_json_skip(&w->json);
  }
  return found;
}

static bool find_in_list(walk *w, gnp_text *out, enum style style, size_t at)
{
  if (step_is(w, at + 1, AN_INDEX)) return find_at_index(w, out, style, at + 2);
  if (step_is(w, at + 2, A_SUBSCRIPT) && step_is(w, at + 3, A_WILDCARD))
    return find_listed(w, out, FLAT, at + 4);
  return style == QUOTED ? find_listed(w, out, QUOTED, at + 2) : find_all(w, out, style, at + 2);
}

static bool find_in_name(walk *w, gnp_text *out, enum style style, size_t at)
{
  bool named = step_is(w, at, A_NAMED);
  if (named && !gni_str_equal(w->json.text, w->p->steps[at].name)) {
    gnp_json_next(&w->json);
    gnp_json_skip(&w->json);
    return false;
  }
  if (gnp_json_next(&w->json) == GNP_JSON_NULL && named) return false;
  return find(w, out, style, at + 1);
}

static bool find(walk *w, gnp_text *out, enum style style, size_t at)
{
  enum gnp_json_token token = (enum gnp_json_token)w->json.token;
  if (at == w->p->count) {
    if (token == GNP_JSON_TEXT && style == RAW)
      gnp_text_add(out, w->json.text);
    else if (token == GNP_JSON_LIST && style == FLAT)
      return find_in_items(w, out, FLAT, at);
    else
      gnp_json_put_copy(out, &w->json, !w->buffered);
    return true;
  }
  if (token == GNP_JSON_OBJECT && step_is(w, at, A_KEY))
    return find_in_members(w, out, style, at + 1);
  if (token == GNP_JSON_LIST && step_is(w, at, A_SUBSCRIPT)) return find_in_list(w, out, style, at);
  if (token == GNP_JSON_NAME && (step_is(w, at, A_NAMED) || step_is(w, at, A_WILDCARD)))
    return find_in_name(w, out, style, at);
  gnp_json_skip(&w->json);
  return false;
}

static int get(const path *p, gn_str json, gnp_frame *frame, gni_value *out)
{
  walk w = {.p = p};
  gnp_text text = {.arena = frame->arena};
  gnp_json_start(&w.json, json, frame->arena);
  enum gnp_json_token first = gnp_json_next(&w.json);
  bool found = first != GNP_JSON_NOTHING && first != GNP_JSON_BAD && find(&w, &text, RAW, 0);
  if (w.json.failed || text.failed) return gnp_frame_nomem(frame);
  if (!found || w.json.token == GNP_JSON_BAD) return gnp_give_null(out);
  return gnp_give_made(&text, frame, out);
}

GNP_APPLY(get_json_object)
{
  path own;
  if (node->plan) return get(node->plan, args[0].text, frame, out);
  if (read_path(args[1].text, &own)) return get(&own, args[0].text, frame, out);
  if (own.too_long)
    return gni_fail(frame->err, GN_E_UNSUPPORTED, "a JSON path of more than %d steps",
                    STEPS_MAX / 2);
  return gnp_give_null(out);
}

static int bind_get(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  if (rc != GN_OK || call->args[1]->kind != GNP_CONSTANT || call->args[1]->value.is_null) return rc;
  path *p = GN_TAKE(b->arena, path, 1);
  if (!p) return gnp_bind_nomem(b);
  if (read_path(call->args[1]->value.text, p)) call->node->plan = p;
  return GN_OK;
}

/* ---- whole texts ----------------------------------------------------------------------------- */

/* The elements of the list that the text is; null when it is none. Spark asks no further than the
 * list's end. */
GNP_APPLY(json_array_length)
{
  gnp_json json;
  int64_t count = 0;
  gnp_json_start(&json, args[0].text, frame->arena);
  if (gnp_json_next(&json) != GNP_JSON_LIST) return gnp_give_null(out);
  while (gnp_json_next(&json) != GNP_JSON_LIST_END && json.token != GNP_JSON_BAD) {
    gnp_json_skip(&json);
    count++;
  }
  if (json.failed) return gnp_frame_nomem(frame);
  return json.token == GNP_JSON_BAD ? gnp_give_null(out) : gnp_give_integer(out, count);
}

GNP_APPLY(json_object_keys)
{
  gnp_json json;
  gni_value *keys = NULL;
  size_t count = 0, capacity = 0;
  gnp_json_start(&json, args[0].text, frame->arena);
  if (gnp_json_next(&json) != GNP_JSON_OBJECT) return gnp_give_null(out);
  while (gnp_json_next(&json) == GNP_JSON_NAME) {
    if (count == capacity) {
      size_t grown = capacity ? 2 * capacity : 8;
      keys = gni_arena_grow(frame->arena, keys, capacity * sizeof *keys, grown * sizeof *keys);
      if (!keys) return gnp_frame_nomem(frame);
      capacity = grown;
    }
    keys[count++] = gni_value_text(json.text);
    gnp_json_next(&json);
    gnp_json_skip(&json);
  }
  if (json.failed) return gnp_frame_nomem(frame);
  return json.token == GNP_JSON_BAD ? gnp_give_null(out) : gnp_give_items(out, keys, count);
}

static const gnp_function functions[] = {
    {.name = "get_json_object",
     .takes = "string, string",
     .gives = "string",
     .bind = bind_get,
     .apply = get_json_object,
     .flags = GNP_MAY_BE_NULL},
    {.name = "json_array_length",
     .takes = "string",
     .gives = "int",
     .apply = json_array_length,
     .flags = GNP_MAY_BE_NULL},
    {.name = "json_object_keys",
     .takes = "string",
     .gives = "array<string>",
     .apply = json_object_keys,
     .flags = GNP_MAY_BE_NULL},
};

const gnp_family gnp_family_json_path = {"json", functions, sizeof functions / sizeof *functions};
