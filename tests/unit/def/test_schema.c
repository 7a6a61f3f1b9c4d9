/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

static const gni_json *schema_of(int kind)
{
  gn_buf *text = def_buf();
  const gni_json *schema;
  gn_error err = {0};
  CHECK_INT(gni_def_schema(kind, text), GN_OK);
  CHECK_OK(gni_json_parse(gni_buf_view(text), 32, def_arena(), &schema, &err), &err);
  return schema;
}

/* Every "$ref" names a definition that is there, however deep. */
static int check_references(const gni_json *node, const gni_json *defs)
{
  int found = 0;
  bool nested = node->kind == GNI_JSON_OBJECT || node->kind == GNI_JSON_LIST;
  for (size_t i = 0; nested && i < node->list.count; i++) {
    const gni_json *item = &node->list.items[i];
    if (node->kind == GNI_JSON_OBJECT && gni_str_is(node->list.keys[i].text, "$ref")) {
      CHECK(gni_str_starts(item->text, "#/$defs/"));
      gn_str name = {item->text.ptr + 8, item->text.len - 8};
      CHECK(gni_json_member(defs, gni_str_take(def_arena(), name).ptr) != NULL);
      found++;
    }
    found += check_references(item, defs);
  }
  return found;
}

static void every_kind_has_a_schema_whose_references_hold(void)
{
  for (int kind = GNI_DEF_GROUP_BY; kind <= GNI_DEF_MODEL; kind++) {
    const gni_json *schema = schema_of(kind);
    CHECK_STR(gni_json_member(schema, "title")->text, gni_def_kind_name(kind));
    CHECK(check_references(schema, gni_json_member(schema, "$defs")) >= 2);
  }
}

static void a_schema_holds_what_its_kind_reaches_and_no_more(void)
{
  const gni_json *staging = gni_json_member(schema_of(GNI_DEF_STAGING_QUERY), "$defs");
  CHECK_INT(staging->list.count, 2); /* StagingQuery and MetaData */
  const gni_json *group_by = gni_json_member(schema_of(GNI_DEF_GROUP_BY), "$defs");
  CHECK(gni_json_member(group_by, "Join") != NULL); /* through JoinSource */
  CHECK(gni_json_member(group_by, "GroupByServingInfo") == NULL);
}

/* A checker of the few keywords that our schemas use: enough to hold the golden files against them.
 */
static bool is_valid(const gni_json *value, const gni_json *schema, const gni_json *defs);

static bool is_of_type(const gni_json *value, gn_str type)
{
  switch (value->kind) {
  case GNI_JSON_TEXT:
    return gni_str_is(type, "string");
  case GNI_JSON_INTEGER:
    return gni_str_is(type, "integer") || gni_str_is(type, "number");
  case GNI_JSON_REAL:
    return gni_str_is(type, "number");
  case GNI_JSON_LIST:
    return gni_str_is(type, "array");
  case GNI_JSON_OBJECT:
    return gni_str_is(type, "object");
  default:
    return false;
  }
}

static bool is_in_enum(const gni_json *value, const gni_json *allowed)
{
  for (size_t i = 0; i < allowed->list.count; i++) {
    const gni_json *item = &allowed->list.items[i];
    if (item->kind != value->kind) continue;
    if (item->kind == GNI_JSON_INTEGER && item->integer == value->integer) return true;
    if (item->kind == GNI_JSON_TEXT && gni_str_equal(item->text, value->text)) return true;
  }
  return false;
}

static bool are_members_valid(const gni_json *value, const gni_json *schema, const gni_json *defs)
{
  const gni_json *properties = gni_json_member(schema, "properties");
  const gni_json *others = gni_json_member(schema, "additionalProperties");
  for (size_t i = 0; i < value->list.count; i++) {
    const gni_json *known =
        gni_json_member(properties, gni_str_take(def_arena(), value->list.keys[i].text).ptr);
    const gni_json *wanted = known ? known : others;
    if (wanted->kind != GNI_JSON_OBJECT || !is_valid(&value->list.items[i], wanted, defs))
      return false;
  }
  const gni_json *least = gni_json_member(schema, "minProperties");
  return !least || value->list.count == (size_t)least->integer;
}

static bool is_valid(const gni_json *value, const gni_json *schema, const gni_json *defs)
{
  const gni_json *reference = gni_json_member(schema, "$ref"),
                 *type = gni_json_member(schema, "type");
  const gni_json *allowed = gni_json_member(schema, "enum"),
                 *items = gni_json_member(schema, "items");
  if (reference) {
    gn_str name = {reference->text.ptr + 8, reference->text.len - 8};
    return is_valid(value, gni_json_member(defs, gni_str_take(def_arena(), name).ptr), defs);
  }
  if (type && !is_of_type(value, type->text)) return false;
  if (allowed && !is_in_enum(value, allowed)) return false;
  if (value->kind == GNI_JSON_OBJECT) return are_members_valid(value, schema, defs);
  for (size_t i = 0; items && i < value->list.count; i++)
    if (!is_valid(&value->list.items[i], items, defs)) return false;
  return true;
}

static bool fits(const char *text, int kind)
{
  const gni_json *value, *schema = schema_of(kind);
  CHECK_INT(gni_json_parse(gni_str(text), 64, def_arena(), &value, NULL), GN_OK);
  return is_valid(value, schema, gni_json_member(schema, "$defs"));
}

static void golden_files_fit_their_schema(void)
{
  CHECK(
      fits(def_file(test_golden("compiled/group_bys/fleet/daily.derived")).ptr, GNI_DEF_GROUP_BY));
  CHECK(fits(def_file(test_golden("compiled/group_bys/fleet/people.element_wise")).ptr,
             GNI_DEF_GROUP_BY));
  CHECK(fits(def_file(test_golden("compiled/joins/fleet/sets.mixed")).ptr, GNI_DEF_JOIN));
  CHECK(fits(def_file(test_golden("compiled/staging_queries/fleet/daily.split")).ptr,
             GNI_DEF_STAGING_QUERY));
  CHECK(!fits(def_file(test_golden("compiled/staging_queries/fleet/daily.split")).ptr,
              GNI_DEF_GROUP_BY));
}

static void what_is_wrong_does_not_fit(void)
{
  CHECK(fits("{\"metaData\":{\"name\":\"a\",\"online\":1}}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"metaData\":{\"name\":\"a\",\"online\":2}}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"metaData\":{\"title\":\"a\"}}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"keyColumns\":[1]}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"accuracy\":2}", GNI_DEF_GROUP_BY));
  CHECK(fits("{\"accuracy\":\"SNAPSHOT\"}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"sources\":[{}]}", GNI_DEF_GROUP_BY));
  CHECK(!fits("{\"metaData\":{\"tableProperties\":{\"a\":1}}}", GNI_DEF_GROUP_BY));
  CHECK(fits(
      "{\"skewKeys\":{\"a\":[\"1\"]},\"metaData\":{\"modeToEnvMap\":{\"upload\":{\"A\":\"b\"}}}}",
      GNI_DEF_JOIN));
  CHECK(!fits("{\"skewKeys\":{\"a\":\"1\"}}", GNI_DEF_JOIN));
}

static void the_reference_in_docs_is_what_the_tables_say(void)
{
  gn_buf *text = def_buf();
  CHECK_INT(gni_def_reference(text), GN_OK);
  test_check_golden("../../docs/reference/definitions.md", gni_buf_view(text));
}

int main(void)
{
  static const test_case cases[] = {
      {"every kind has a schema whose references hold",
       every_kind_has_a_schema_whose_references_hold},
      {"a schema holds what its kind reaches and no more",
       a_schema_holds_what_its_kind_reaches_and_no_more},
      {"golden files fit their schema", golden_files_fit_their_schema},
      {"what is wrong does not fit", what_is_wrong_does_not_fit},
      {"the reference in docs is what the tables say",
       the_reference_in_docs_is_what_the_tables_say},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
