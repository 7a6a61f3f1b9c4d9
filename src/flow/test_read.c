/* Reading tests of definitions. SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "flow/test_case.h"
#include "wire/yaml.h"

/* ---- what is wrong, and where ---- */

static void add_problem(const gnp_test_file *file, const char *code, uint32_t line, uint32_t column,
                        const char *hint, const char *message)
{
  gn_str source = gni_text_line(file->text, line);
  gni_problem problem = {.code = code,
                         .severity = GNI_ERROR,
                         .file = file->path,
                         .line = line,
                         .column = column,
                         .end_column = column + gni_token_width(source, column),
                         .message = gni_str(message),
                         .hint = gni_str(hint),
                         .source = source};
  gni_problems_add(file->problems, &problem);
}

void gnp_test_problem(const gnp_test_file *file, const char *code, const gni_json *node,
                      const char *hint, const char *format, ...)
{
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  add_problem(file, code, node->line, node->column, hint, message);
}

void gnp_test_unknown(const gnp_test_file *file, const gni_json *node, const char *what,
                      const gn_str *names, size_t count)
{
  char hint[512] = "";
  gn_str near = gni_nearest(node->text, names, count);
  if (near.ptr) snprintf(hint, sizeof hint, "did you mean '%.*s'?", GN_STR_ARGS(near));
  for (size_t i = 0; !near.ptr && i < count; i++) {
    size_t used = strlen(hint);
    snprintf(hint + used, sizeof hint - used, "%s%.*s",
             i ? ", " : "there are: ", GN_STR_ARGS(names[i]));
  }
  gnp_test_problem(file, "GC018", node, hint, "%s has no member '%.*s'", what,
                   GN_STR_ARGS(node->text));
}

/* ---- members ---- */

enum wanted { TEXT, FLAG, NUMBER, LIST, OBJECT, ANY };
static const char *const wanted_words[] = {"a text", "true or false", "a number",
                                           "a list", "an object",     "a value"};

struct member {
  const char *name;
  enum wanted kind;
  bool required;
};

static bool is_wanted(const gni_json *node, enum wanted kind)
{
  switch (kind) {
  case TEXT:
    return node->kind == GNI_JSON_TEXT;
  case FLAG:
    return node->kind == GNI_JSON_BOOLEAN;
  case NUMBER:
    return node->kind == GNI_JSON_INTEGER || node->kind == GNI_JSON_REAL;
  case LIST:
    return node->kind == GNI_JSON_LIST;
  case OBJECT:
    return node->kind == GNI_JSON_OBJECT;
  case ANY:
    break;
  }
  return true;
}

static bool check_kind(const gnp_test_file *file, const gni_json *node, const char *name,
                       enum wanted kind)
{
  if (is_wanted(node, kind)) return true;
  gnp_test_problem(file, "GC017", node, NULL, "'%s' is not %s", name, wanted_words[kind]);
  return false;
}

/* Every member is known, of its kind, and there when it must be. */
static bool check_members(const gnp_test_file *file, const gni_json *node, const char *what,
                          const struct member *members, size_t count)
{
  gn_str names[8];
  bool sound = true;
  if (node->kind != GNI_JSON_OBJECT) {
    gnp_test_problem(file, "GC017", node, NULL, "%s is not an object", what);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const gni_json *value = gni_json_member(node, members[i].name);
    names[i] = gni_str(members[i].name);
    if (value && !check_kind(file, value, members[i].name, members[i].kind)) sound = false;
    if (value || !members[i].required) continue;
    gnp_test_problem(file, "GC017", node, NULL, "%s lacks '%s'", what, members[i].name);
    sound = false;
  }
  for (size_t i = 0; i < node->list.count; i++) {
    const gni_json *key = &node->list.keys[i];
    bool known = false;
    for (size_t j = 0; j < count && !known; j++) known = gni_str_equal(key->text, names[j]);
    if (!known) gnp_test_unknown(file, key, what, names, count);
    sound = sound && known;
  }
  return sound;
}
#define CHECK_MEMBERS(file, node, what, members)                                                   \
  check_members((file), (node), (what), (members), sizeof(members) / sizeof *(members))

/* ---- values ---- */

bool gnp_test_value(const gnp_test_file *file, const gni_json *node, const gni_type *type,
                    gn_arena *arena, gni_value *out)
{
  gn_error err = {0};
  if (gni_json_to_value(node, type, arena, out, &err) == GN_OK) return true;
  gnp_test_problem(file, "GC019", node, NULL, "%s", err.message);
  return false;
}

bool gnp_test_instant(const gnp_test_file *file, const gni_json *node, int64_t *ms)
{
  gni_value value;
  *ms = node->integer;
  if (node->kind == GNI_JSON_INTEGER) return true;
  if (!gnp_test_value(file, node, &gni_type_timestamp, NULL, &value)) return false;
  *ms = value.integer / 1000;
  return true;
}

bool gnp_test_day(const gnp_test_file *file, const gni_json *node, int32_t *day)
{
  gni_value value;
  if (node->kind != GNI_JSON_TEXT) {
    gnp_test_problem(file, "GC019", node, NULL, "a day like 2025-01-31 is wanted here");
    return false;
  }
  if (!gnp_test_value(file, node, &gni_type_date, NULL, &value)) return false;
  *day = (int32_t)value.integer;
  return true;
}

/* ---- tables ---- */

static bool check_rows(const gnp_test_file *file, const gni_json *rows, const char *what)
{
  bool sound = true;
  for (size_t i = 0; i < rows->list.count; i++) {
    if (rows->list.items[i].kind == GNI_JSON_OBJECT) continue;
    gnp_test_problem(file, "GC017", &rows->list.items[i], "write {column: value, …}",
                     "a row of %s is not an object", what);
    sound = false;
  }
  return sound;
}

/* Rows alone, or {types: {…}, rows: […]}. */
static bool read_table(const gnp_test_file *file, const gni_json *node, gnp_test_table *out)
{
  static const struct member members[] = {{"types", OBJECT, false}, {"rows", LIST, true}};
  out->rows = node;
  if (node->kind != GNI_JSON_LIST) {
    if (!CHECK_MEMBERS(file, node, "a table", members)) return false;
    out->types = gni_json_member(node, "types");
    out->rows = gni_json_member(node, "rows");
  }
  return check_rows(file, out->rows, "a table");
}

static int add_tables(const gnp_test_file *file, const gni_json *given, gn_arena *arena,
                      gnp_test *test, bool *sound)
{
  size_t count = given ? given->list.count : 0;
  gnp_test_table *tables = GN_TAKE_ZERO(arena, gnp_test_table, test->table_count + count);
  if (!tables) return GN_E_NOMEM;
  if (test->table_count) memcpy(tables, test->tables, test->table_count * sizeof *tables);
  test->tables = tables;
  for (size_t i = 0; i < count; i++) {
    gnp_test_table table = {.name = &given->list.keys[i]};
    size_t at = 0;
    if (!read_table(file, &given->list.items[i], &table)) *sound = false;
    while (at < test->table_count && !gni_str_equal(tables[at].name->text, table.name->text)) at++;
    tables[at] = table; /* a test's own goes before what all of the file have */
    if (at == test->table_count) test->table_count++;
  }
  return GN_OK;
}

/* ---- tests ---- */

static const struct member online_members[] = {
    {"at", ANY, true}, {"keys", OBJECT, true}, {"values", OBJECT, true}, {"upload", TEXT, false}};

static bool check_expected(const gnp_test_file *file, const gnp_test *test)
{
  bool sound = true;
  if (!test->batch && !test->online) {
    gnp_test_problem(file, "GC017", test->node, "say batch: or online:, with what is expected",
                     "the test expects nothing");
    return false;
  }
  if (test->batch) sound = check_rows(file, test->batch, "'batch'");
  if (test->batch && !test->batch->list.count) {
    gnp_test_problem(file, "GC017", test->batch, NULL, "'batch' has no row");
    sound = false;
  }
  for (size_t i = 0; test->online && i < test->online->list.count; i++)
    if (!CHECK_MEMBERS(file, &test->online->list.items[i], "a fetch", online_members))
      sound = false;
  return sound;
}

static int add_test(gnp_tests *tests, gn_arena *arena, const gnp_test *test)
{
  if (tests->count == tests->capacity) {
    size_t old = tests->capacity * sizeof *test, size = old ? old * 2 : 8 * sizeof *test;
    tests->items = gni_arena_grow(arena, tests->items, old, size);
    if (!tests->items) return GN_E_NOMEM;
    tests->capacity = size / sizeof *test;
  }
  tests->items[tests->count++] = *test;
  return GN_OK;
}

static gn_str text_of(const gni_json *node, gn_str fallback)
{
  return node && node->kind == GNI_JSON_TEXT ? node->text : fallback;
}

static int read_test(const gnp_test_file *file, const gni_json *root, const gni_json *node,
                     gn_arena *arena, gnp_tests *out)
{
  static const struct member members[] = {{"name", TEXT, true},        {"conf", TEXT, false},
                                          {"given", OBJECT, false},    {"batch", LIST, false},
                                          {"online", LIST, false},     {"partial", FLAG, false},
                                          {"tolerance", NUMBER, false}};
  if (!CHECK_MEMBERS(file, node, "a test", members)) return GN_OK;
  const gni_json *tolerance = gni_json_member(node, "tolerance");
  const gni_json *partial = gni_json_member(node, "partial");
  gnp_test test = {.file = file,
                   .node = node,
                   .name = text_of(gni_json_member(node, "name"), GN_STR("")),
                   .batch = gni_json_member(node, "batch"),
                   .online = gni_json_member(node, "online"),
                   .partial = partial && partial->boolean,
                   .tolerance = tolerance ? gni_json_number(tolerance) : GNP_TEST_TOLERANCE};
  test.conf = text_of(gni_json_member(node, "conf"),
                      text_of(gni_json_member(root, "conf"), (gn_str){NULL, 0}));
  if (!test.conf.ptr) {
    gnp_test_problem(file, "GC017", node, "name the definition: conf: my_team.purchases.v1",
                     "a test lacks 'conf'");
    return GN_OK;
  }
  bool sound = check_expected(file, &test);
  int rc = add_tables(file, gni_json_member(root, "given"), arena, &test, &sound);
  if (rc == GN_OK) rc = add_tables(file, gni_json_member(node, "given"), arena, &test, &sound);
  return rc == GN_OK && sound ? add_test(out, arena, &test) : rc;
}

int gnp_test_read(const gnp_test_file *file, gn_arena *arena, gnp_tests *out, gn_error *err)
{
  static const struct member members[] = {
      {"conf", TEXT, false}, {"given", OBJECT, false}, {"tests", LIST, true}};
  const gni_json *root;
  gni_yaml_place place;
  gn_error wrong = {0};
  int rc = gni_yaml_parse(file->text, GN_DEF_DEPTH_MAX, arena, &root, &place, &wrong);
  if (rc == GN_E_PARSE) {
    add_problem(file, "GC020", place.line, place.column, NULL, wrong.message);
    return GN_OK;
  }
  if (rc != GN_OK) return gni_fail(err, rc, "%s", wrong.message);
  if (!CHECK_MEMBERS(file, root, "a file of tests", members)) return GN_OK;
  const gni_json *tests = gni_json_member(root, "tests");
  for (size_t i = 0; rc == GN_OK && i < tests->list.count; i++)
    rc = read_test(file, root, &tests->list.items[i], arena, out);
  return rc == GN_OK ? GN_OK : gni_fail_nomem(err, 1);
}
