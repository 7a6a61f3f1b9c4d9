/* Reading definitions: JSON into the structs, following their tables. Liberal in how a value is
 * spelt, strict in what it means, and everything that is wrong is said at once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

struct reader {
  gnp_source source;
  gn_arena *arena;
  gni_problems *problems;
  size_t full_bytes; /* the take that the arena refused; 0: none */
};

static void *take(struct reader *r, size_t size)
{
  void *taken = gni_arena_take_zero(r->arena, size);
  if (!taken) r->full_bytes = size ? size : 1;
  return taken;
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void report(struct reader *r, const char *code, int severity, const gni_json *at,
                   gn_str message, gn_str hint)
{
  gnp_finding finding = {.code = code,
                         .severity = severity,
                         .place = {at->line, at->column},
                         .message = message,
                         .hint = hint};
  gnp_report(&r->source, r->problems, &finding);
}

static const char *json_kind_name(const gni_json *json)
{
  static const char *const names[] = {"null",   "a boolean", "a whole number", "a number",
                                      "a text", "a list",    "an object"};
  return names[json->kind];
}

static void report_kind(struct reader *r, const gni_json *at, const char *name, const char *wanted)
{
  report(r, "GD102", GNI_ERROR, at,
         gni_str_format(r->arena, "'%s' wants %s, not %s", name, wanted, json_kind_name(at)),
         (gn_str){NULL, 0});
}

gn_str gnp_did_you_mean(gn_arena *arena, gn_str wrong, const gn_str *names, size_t count)
{
  gn_str nearest = gni_nearest(wrong, names, count);
  if (!nearest.ptr) return (gn_str){NULL, 0};
  return gni_str_format(arena, "did you mean `%.*s`?", GN_STR_ARGS(nearest));
}

enum { NAMES_MAX = 32 }; /* more than any struct has members, or any enum values */

static void report_unknown_member(struct reader *r, const gni_struct *type, const gni_json *key)
{
  gn_str names[NAMES_MAX];
  size_t count = type->member_count < NAMES_MAX ? type->member_count : NAMES_MAX;
  for (size_t i = 0; i < count; i++) names[i] = gni_str(type->members[i].name);
  report(r, "GD103", GNI_WARNING, key,
         gni_str_format(r->arena, "%s has no member '%.*s'; it is ignored", type->name,
                        GN_STR_ARGS(key->text)),
         gnp_did_you_mean(r->arena, key->text, names, count));
}

static void report_unknown_value(struct reader *r, const gni_enum_names *enumeration,
                                 const gni_json *at)
{
  gn_str names[NAMES_MAX], hint;
  size_t count = (size_t)enumeration->count < NAMES_MAX ? (size_t)enumeration->count : NAMES_MAX;
  for (size_t i = 0; i < count; i++) names[i] = gni_str(enumeration->values[i]);
  if (at->kind == GNI_JSON_INTEGER) {
    hint = gni_str_format(r->arena, "known are 0 to %d", enumeration->count - 1);
    report(r, "GD104", GNI_ERROR, at,
           gni_str_format(r->arena, "%lld is not a number of %s", (long long)at->integer,
                          enumeration->name),
           hint);
    return;
  }
  report(r, "GD104", GNI_ERROR, at,
         gni_str_format(r->arena, "'%.*s' is not a name of %s", GN_STR_ARGS(at->text),
                        enumeration->name),
         gnp_did_you_mean(r->arena, at->text, names, count));
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_text(struct reader *r, const char *name, const gni_json *json, gn_str *out)
{
  if (json->kind != GNI_JSON_TEXT) {
    report_kind(r, json, name, "a text");
    return false;
  }
  *out = json->text;
  if (!out->ptr) out->ptr = ""; /* an empty text is there */
  return true;
}

static bool read_boolean(struct reader *r, const char *name, const gni_json *json, bool *out)
{
  bool is_bit = json->kind == GNI_JSON_INTEGER && (json->integer == 0 || json->integer == 1);
  if (json->kind != GNI_JSON_BOOLEAN && !is_bit) {
    report_kind(r, json, name, "true or false (or 1 or 0)");
    return false;
  }
  *out = json->kind == GNI_JSON_BOOLEAN ? json->boolean : json->integer == 1;
  return true;
}

static bool read_integer(struct reader *r, const char *name, const gni_json *json, int32_t *out)
{
  if (json->kind != GNI_JSON_INTEGER) {
    report_kind(r, json, name, "a whole number");
    return false;
  }
  if (json->integer < INT32_MIN || json->integer > INT32_MAX) {
    report(r, "GD105", GNI_ERROR, json,
           gni_str_format(r->arena, "'%s' does not fit into 32 bits", name), (gn_str){NULL, 0});
    return false;
  }
  *out = (int32_t)json->integer;
  return true;
}

static bool read_double(struct reader *r, const char *name, const gni_json *json, double *out)
{
  if (json->kind != GNI_JSON_INTEGER && json->kind != GNI_JSON_REAL) {
    report_kind(r, json, name, "a number");
    return false;
  }
  *out = gni_json_number(json);
  return true;
}

static bool read_enum(struct reader *r, const gni_member *member, const gni_json *json,
                      int32_t *out)
{
  const gni_enum_names *enumeration = member->enumeration;
  if (json->kind == GNI_JSON_INTEGER && json->integer >= 0 && json->integer < enumeration->count) {
    *out = (int32_t)json->integer;
    return true;
  }
  for (int32_t i = 0; json->kind == GNI_JSON_TEXT && i < enumeration->count; i++) {
    if (!gni_str_is(json->text, enumeration->values[i])) continue;
    *out = i;
    return true;
  }
  if (json->kind == GNI_JSON_INTEGER || json->kind == GNI_JSON_TEXT)
    report_unknown_value(r, enumeration, json);
  else
    report_kind(r, json, member->name, "a number or a name");
  return false;
}

static bool read_texts(struct reader *r, const char *name, const gni_json *json, gni_texts *out)
{
  if (json->kind != GNI_JSON_LIST) {
    report_kind(r, json, name, "a list of texts");
    return false;
  }
  gn_str *items = take(r, gni_size_mul(json->list.count, sizeof *items));
  if (!items) return false;
  *out = (gni_texts){items, json->list.count};
  for (size_t i = 0; i < json->list.count; i++) {
    items[i] = GN_STR(""); /* stands in for what is not a text */
    read_text(r, name, &json->list.items[i], &items[i]);
  }
  return true;
}

/* The last of equal keys counts, as in every reader of JSON; the others are left out. */
static bool is_overridden(const gni_json *object, size_t index)
{
  for (size_t i = index + 1; i < object->list.count; i++)
    if (gni_str_equal(object->list.keys[i].text, object->list.keys[index].text)) return true;
  return false;
}

static void report_twice(struct reader *r, const gni_json *key)
{
  report(r, "GD108", GNI_WARNING, key,
         gni_str_format(r->arena, "'%.*s' is there twice; the last one counts",
                        GN_STR_ARGS(key->text)),
         (gn_str){NULL, 0});
}

static gn_str key_text(const gni_json *key)
{
  return key->text.ptr ? key->text : GN_STR("");
}

/* One shape for the three kinds of maps: keys, then values of `value_size` bytes each. */
typedef bool (*read_value)(struct reader *r, const char *name, const gni_json *json, void *out);

static bool read_text_value(struct reader *r, const char *name, const gni_json *json, void *out)
{
  *(gn_str *)out = GN_STR("");
  return read_text(r, name, json, out);
}

static bool read_texts_value(struct reader *r, const char *name, const gni_json *json, void *out)
{
  return read_texts(r, name, json, out);
}

static bool read_map_value(struct reader *r, const char *name, const gni_json *json, void *out);

struct any_map { /* what gni_map, gni_texts_map and gni_map_map have in common */
  const gn_str *keys;
  const void *values;
  size_t count;
};

static bool read_any_map(struct reader *r, const char *name, const gni_json *json,
                         size_t value_size, read_value read, struct any_map *out)
{
  if (json->kind != GNI_JSON_OBJECT) {
    report_kind(r, json, name, "an object");
    return false;
  }
  if (json->list.count > GN_COLUMNS_MAX) {
    report(r, "GD109", GNI_ERROR, json,
           gni_str_format(r->arena, "'%s' has more than %d entries", name, GN_COLUMNS_MAX),
           (gn_str){NULL, 0});
    return false;
  }
  gn_str *keys = take(r, gni_size_mul(json->list.count, sizeof *keys));
  char *values = take(r, gni_size_mul(json->list.count, value_size));
  if (!keys || !values) return false;
  *out = (struct any_map){keys, values, 0};
  for (size_t i = 0; i < json->list.count; i++) {
    if (is_overridden(json, i)) {
      report_twice(r, &json->list.keys[i]);
      continue;
    }
    keys[out->count] = key_text(&json->list.keys[i]);
    read(r, name, &json->list.items[i], values + out->count * value_size);
    out->count++;
  }
  return true;
}

static bool read_map(struct reader *r, const char *name, const gni_json *json, gni_map *out)
{
  struct any_map map = {0};
  if (!read_any_map(r, name, json, sizeof(gn_str), read_text_value, &map)) return false;
  *out = (gni_map){map.keys, map.values, map.count};
  return true;
}

static bool read_map_value(struct reader *r, const char *name, const gni_json *json, void *out)
{
  return read_map(r, name, json, out);
}

static bool read_texts_map(struct reader *r, const char *name, const gni_json *json,
                           gni_texts_map *out)
{
  struct any_map map = {0};
  if (!read_any_map(r, name, json, sizeof(gni_texts), read_texts_value, &map)) return false;
  *out = (gni_texts_map){map.keys, map.values, map.count};
  return true;
}

static bool read_map_map(struct reader *r, const char *name, const gni_json *json, gni_map_map *out)
{
  struct any_map map = {0};
  if (!read_any_map(r, name, json, sizeof(gni_map), read_map_value, &map)) return false;
  *out = (gni_map_map){map.keys, map.values, map.count};
  return true;
}

/* ---- structs --------------------------------------------------------------------------------- */

static void fill_struct(struct reader *r, const gni_struct *type, const gni_json *json, void *out);

static void read_struct(struct reader *r, const gni_member *member, const gni_json *json, void *at)
{
  if (json->kind != GNI_JSON_OBJECT) {
    report_kind(r, json, member->name, "an object");
    return;
  }
  void *inner = take(r, member->structure->size);
  if (!inner) return;
  fill_struct(r, member->structure, json, inner);
  memcpy(at, &inner, sizeof inner);
}

static void read_structs(struct reader *r, const gni_member *member, const gni_json *json, void *at)
{
  size_t size = member->structure->size;
  if (json->kind != GNI_JSON_LIST) {
    report_kind(r, json, member->name, "a list of objects");
    return;
  }
  char *items = take(r, gni_size_mul(json->list.count, size));
  if (!items) return;
  gnp_list list = {items, 0};
  for (size_t i = 0; i < json->list.count; i++) {
    const gni_json *item = &json->list.items[i];
    if (item->kind == GNI_JSON_OBJECT)
      fill_struct(r, member->structure, item, items + list.count++ * size);
    else
      report_kind(r, item, member->name, "a list of objects");
  }
  memcpy(at, &list, sizeof list);
}

static void read_member(struct reader *r, const gni_member *member, const gni_json *json, void *out)
{
  char *at = (char *)out + member->offset;
  bool *has = (bool *)((char *)out + member->has_offset);
  switch (member->kind) {
  case GNI_MEMBER_TEXT:
    read_text(r, member->name, json, (gn_str *)(void *)at);
    break;
  case GNI_MEMBER_BOOLEAN:
    *has = read_boolean(r, member->name, json, (bool *)at);
    break;
  case GNI_MEMBER_INTEGER:
    *has = read_integer(r, member->name, json, (int32_t *)(void *)at);
    break;
  case GNI_MEMBER_DOUBLE:
    *has = read_double(r, member->name, json, (double *)(void *)at);
    break;
  case GNI_MEMBER_ENUM:
    *has = read_enum(r, member, json, (int32_t *)(void *)at);
    break;
  case GNI_MEMBER_STRUCT:
    read_struct(r, member, json, at);
    break;
  case GNI_MEMBER_TEXTS:
    read_texts(r, member->name, json, (gni_texts *)(void *)at);
    break;
  case GNI_MEMBER_STRUCTS:
    read_structs(r, member, json, at);
    break;
  case GNI_MEMBER_MAP:
    read_map(r, member->name, json, (gni_map *)(void *)at);
    break;
  case GNI_MEMBER_TEXTS_MAP:
    read_texts_map(r, member->name, json, (gni_texts_map *)(void *)at);
    break;
  default:
    read_map_map(r, member->name, json, (gni_map_map *)(void *)at);
    break;
  }
}

static void add_defaults(const gni_struct *type, void *out)
{
  for (size_t i = 0; i < type->member_count; i++) {
    const gni_member *member = &type->members[i];
    gnp_list empty = {"", 0};
    if (member->never_absent && !gnp_is_present(out, member))
      memcpy((char *)out + member->offset, &empty, sizeof empty);
  }
}

static void check_union(struct reader *r, const gni_struct *type, const gni_json *json,
                        const gni_node *node)
{
  size_t present = 0;
  for (size_t i = 0; i < type->member_count; i++)
    present += gnp_is_present(node, &type->members[i]);
  if (!type->is_union || present == 1) return;
  report(r, "GD020", GNI_ERROR, json,
         gni_str_format(r->arena,
                        "a %s has exactly one of events, entities and joinSource, not %zu",
                        type->name, present),
         (gn_str){NULL, 0});
}

/* Nesting is bounded by GN_DEF_DEPTH_MAX, which the parser enforces. */
static void fill_struct(struct reader *r, const gni_struct *type, const gni_json *json, void *out)
{
  gni_node *node = out;
  uint32_t seen = 0; /* a bit a member; from the end, as the last of equal keys counts */
  *node = (gni_node){type, json};
  for (size_t i = json->list.count; i > 0; i--) {
    const gni_json *key = &json->list.keys[i - 1], *value = &json->list.items[i - 1];
    const gni_member *member = gnp_member_find(type, key->text);
    uint32_t bit = member ? UINT32_C(1) << (member - type->members) : 0;
    if (!member)
      report_unknown_member(r, type, key);
    else if (seen & bit)
      report_twice(r, key);
    else if (value->kind != GNI_JSON_NULL)
      read_member(r, member, value, out);
    seen |= bit;
  }
  add_defaults(type, out);
  check_union(r, type, json, node);
}

/* ---- entries --------------------------------------------------------------------------------- */

/* The parser says "line 3, column 7: why"; a problem has the place in numbers. */
static gni_place split_place(gn_str *message)
{
  gn_str rest = *message, line, column;
  int64_t numbers[2] = {0, 0};
  if (gni_str_starts(rest, "line ") && gni_str_split(&rest, ',', &line) &&
      gni_str_split(&rest, ':', &column) && rest.ptr && gni_str_starts(column, " column ") &&
      gni_parse_int64((gn_str){line.ptr + 5, line.len - 5}, &numbers[0]) == GN_OK &&
      gni_parse_int64((gn_str){column.ptr + 8, column.len - 8}, &numbers[1]) == GN_OK)
    *message = gni_str_trim(rest);
  return (gni_place){(uint32_t)numbers[0], (uint32_t)numbers[1]};
}

const gni_json *gnp_parse(const gnp_source *source, const char *code, gn_arena *arena,
                          gni_problems *problems, int *rc)
{
  const gni_json *json = NULL;
  gn_error err = {0};
  *rc = gni_json_parse(source->text, GN_DEF_DEPTH_MAX, arena, &json, &err);
  if (*rc == GN_OK) return json;
  if (*rc == GN_E_NOMEM) problems->rc = *rc;
  gn_str message = gni_str(err.message);
  gnp_finding finding = {.code = code, .severity = GNI_ERROR, .place = split_place(&message)};
  finding.message = gni_str_format(arena, "not JSON: %.*s", GN_STR_ARGS(message));
  gnp_report(source, problems, &finding);
  return NULL;
}

static int finish(struct reader *r, size_t errors_before)
{
  if (r->full_bytes && r->problems->rc == GN_OK) r->problems->rc = GN_E_NOMEM;
  if (r->problems->rc != GN_OK) return r->problems->rc;
  return r->problems->errors > errors_before ? GN_E_INVALID : GN_OK;
}

static int start(struct reader *r, gn_str text, const char *file, const gni_json **json)
{
  int rc;
  *json = NULL;
  r->source = (gnp_source){gni_str_take(r->arena, gni_str(file)), gni_str_take(r->arena, text)};
  if (!r->source.file.ptr || !r->source.text.ptr) return r->problems->rc = GN_E_NOMEM;
  *json = gnp_parse(&r->source, "GD100", r->arena, r->problems, &rc);
  return rc;
}

static void *read_root(struct reader *r, const gni_struct *type, const gni_json *json)
{
  if (json->kind != GNI_JSON_OBJECT) {
    report_kind(r, json, type->name, "an object");
    return NULL;
  }
  void *root = take(r, type->size);
  if (root) fill_struct(r, type, json, root);
  return root;
}

int gni_node_read(const gni_struct *type, gn_str text, const char *file, gn_arena *arena,
                  const void **out, gni_problems *problems)
{
  struct reader r = {.arena = arena, .problems = problems};
  size_t errors_before = problems->errors;
  const gni_json *json;
  *out = NULL;
  int rc = start(&r, text, file, &json);
  if (rc != GN_OK) return rc;
  void *root = read_root(&r, type, json);
  rc = finish(&r, errors_before);
  if (rc == GN_OK) *out = root;
  return rc;
}

int gni_serving_info_read(gn_str text, gn_arena *arena, const gni_serving_info **out, gn_error *err)
{
  gni_problems problems;
  const void *info = NULL;
  gni_problems_init(&problems, arena);
  *out = NULL;
  int rc = gni_node_read(&gni_struct_serving_info, text, "serving info", arena, &info, &problems);
  if (rc == GN_E_NOMEM) return gni_fail_nomem(err, text.len);
  if (rc != GN_OK) return gni_problems_result(&problems, err);
  *out = info;
  if (!(*out)->group_by) return gni_fail(err, GN_E_CORRUPT, "the serving info has no 'groupBy'");
  return GN_OK;
}

static const struct {
  const gni_struct *type;
  const char *word, *folder, *mark; /* a member that only this kind has */
} kinds[] = {
    {&gni_struct_group_by, "group_by", "group_bys", "keyColumns"},
    {&gni_struct_join, "join", "joins", "left"},
    {&gni_struct_staging_query, "staging_query", "staging_queries", "query"},
    {&gni_struct_model, "model", "models", "inferenceSpec"},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

const gni_struct *gnp_kind_struct(int kind)
{
  return kinds[kind].type;
}

const char *gni_def_kind_name(int kind)
{
  return kinds[kind].type->name;
}

const char *gni_def_kind_word(int kind)
{
  return kinds[kind].word;
}

const char *gni_def_kind_folder(int kind)
{
  return kinds[kind].folder;
}

int gni_def_kind_find(gn_str word)
{
  for (int kind = 0; kind < KIND_COUNT; kind++)
    if (gni_str_is(word, kinds[kind].word) || gni_str_is(word, kinds[kind].folder) ||
        gni_str_is(word, kinds[kind].type->name))
      return kind;
  return -1;
}

int gni_def_kind_of_path(gn_str path)
{
  int found = -1;
  gn_str part;
  while (gni_str_split(&path, '/', &part)) /* the last folder that is one counts */
    for (int kind = 0; kind < KIND_COUNT; kind++)
      if (path.ptr && gni_str_is(part, kinds[kind].folder)) found = kind;
  return found;
}

static int kind_of_content(const gni_json *json)
{
  for (int kind = 0; kind < KIND_COUNT; kind++)
    if (gni_json_member(json, kinds[kind].mark)) return kind;
  return -1;
}

static void set_root(gni_def *def, const void *root)
{
  def->node = root;
  if (def->kind == GNI_DEF_GROUP_BY) def->group_by = root;
  if (def->kind == GNI_DEF_JOIN) def->join = root;
  if (def->kind == GNI_DEF_STAGING_QUERY) def->staging_query = root;
  if (def->kind == GNI_DEF_MODEL) def->model = root;
  const gni_member *member = gnp_member_find(def->node->type, GN_STR("metaData"));
  def->metadata = (const gni_metadata *)(const void *)gnp_struct_of(root, member);
}

static void check_metadata(struct reader *r, const gni_def *def)
{
  if (def->metadata && def->metadata->name.len) return;
  gn_str hint =
      GN_STR("every compiled file begins with \"metaData\": {\"name\": \"team.file.variable\", …}");
  const gni_json *at = def->metadata ? def->metadata->node.json : def->node->json;
  report(r, "GD106", GNI_ERROR, at,
         gni_str_format(r->arena, "this %s has no metaData.name", def->node->type->name), hint);
}

int gni_def_read(gn_str text, const char *file, gn_arena *arena, const gni_def **out,
                 gni_problems *problems)
{
  struct reader r = {.arena = arena, .problems = problems};
  size_t errors_before = problems->errors;
  const gni_json *json;
  *out = NULL;
  gni_def *def = GN_TAKE_ZERO(arena, gni_def, 1);
  if (!def) return problems->rc = GN_E_NOMEM;
  int rc = start(&r, text, file, &json);
  if (rc != GN_OK) return rc;
  def->file = r.source.file;
  def->text = r.source.text;
  def->kind = gni_def_kind_of_path(def->file);
  if (def->kind < 0) def->kind = kind_of_content(json);
  if (def->kind < 0) {
    report(&r, "GD101", GNI_ERROR, json, GN_STR("this is no definition that is known"),
           GN_STR("a definition lies under group_bys/, joins/, staging_queries/ or models/, or has "
                  "a member keyColumns, left, query or inferenceSpec"));
    return finish(&r, errors_before);
  }
  const void *root = read_root(&r, kinds[def->kind].type, json);
  if (root) {
    set_root(def, root);
    check_metadata(&r, def);
  }
  rc = finish(&r, errors_before);
  if (rc == GN_OK) *out = def;
  return rc;
}
