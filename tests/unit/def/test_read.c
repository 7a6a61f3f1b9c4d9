/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

#include <stdio.h>

/* ---- what chronon-ai wrote comes back byte for byte ---- */

struct walk {
  const char *folder;
  int files;
};

static void check_round_trip(gn_str text, const char *file)
{
  const gni_def *def = def_read(text, file);
  gn_buf *written = def_buf();
  CHECK_INT(gni_def_write(def, written), GN_OK);
  if (!gni_str_equal(gni_buf_view(written), text))
    test_fail(__FILE__, __LINE__, "%s comes back as\n%.*s", file,
              GN_STR_ARGS(gni_buf_view(written)));
}

static int visit_file(void *user, const char *name, bool is_folder)
{
  struct walk *walk = user;
  char path[512];
  CHECK(!is_folder);
  snprintf(path, sizeof path, "%s/%s", walk->folder, name);
  check_round_trip(def_file(path), path);
  walk->files++;
  return GN_OK;
}

static int round_trips(const char *folder)
{
  struct walk walk = {test_golden(folder), 0};
  gn_error err = {0};
  CHECK_OK(gni_folder_list(&gni_libc_alloc, walk.folder, visit_file, &walk, &err), &err);
  return walk.files;
}

static void every_compiled_group_by_comes_back(void)
{
  CHECK_INT(round_trips("compiled/group_bys/fleet"), 32);
}

static void every_compiled_join_and_staging_query_comes_back(void)
{
  CHECK_INT(round_trips("compiled/joins/fleet"), 11);
  CHECK_INT(round_trips("compiled/staging_queries/fleet"), 2);
}

/* One case: some chronon-ai files hold values that no reader can use; all others come back. */
static int check_recorded(const gni_json *recorded, gn_arena *arena, int *refused)
{
  const gni_json *files = gni_json_member(recorded, "files"), *id = gni_json_member(recorded, "id");
  int read = 0;
  for (size_t i = 0; i < files->list.count; i++) {
    gni_problems problems;
    const gni_def *def;
    gni_problems_init(&problems, arena);
    gn_str name = gni_str_take(arena, files->list.keys[i].text), text = files->list.items[i].text;
    if (text.len == 0) continue; /* chronon-ai leaves an empty file when it fails */
    if (gni_def_read(text, name.ptr, arena, &def, &problems) != GN_OK) {
      CHECK(gni_str_starts(id->text, "stricter-"));
      (*refused)++;
      continue;
    }
    gn_buf written;
    gni_buf_init(&written, &gni_libc_alloc, GN_DEF_FILE_BYTES_MAX);
    CHECK_INT(gni_def_write(def, &written), GN_OK);
    bool same = gni_str_equal(gni_buf_view(&written), text);
    if (!same)
      fprintf(stderr, "%.*s: %.*s\n", GN_STR_ARGS(name), GN_STR_ARGS(gni_buf_view(&written)));
    gni_buf_deinit(&written);
    CHECK(same);
    read++;
  }
  return read;
}

static void what_chronon_ai_was_recorded_to_write_comes_back(void)
{
  gn_str rest = def_file(test_golden("chronon-compile.jsonl")), line;
  int read = 0, refused = 0;
  while (gni_str_split(&rest, '\n', &line) && line.len) {
    gn_arena arena;
    const gni_json *json;
    gni_arena_init(&arena, &gni_libc_alloc, GN_DEF_ARENA_BYTES_MAX);
    CHECK_INT(gni_json_parse(line, GN_DEF_DEPTH_MAX, &arena, &json, NULL), GN_OK);
    read += check_recorded(json, &arena, &refused);
    gni_arena_deinit(&arena);
  }
  printf("# %d files come back, %d hold values that nobody can use\n", read, refused);
  CHECK(read >= 700 && refused < 10);
}

/* ---- the form of records: what upstream stored ---- */

static int check_serving_info(void *user, const char *name, bool is_folder)
{
  struct walk *walk = user;
  char path[512];
  gn_error err = {0};
  const gni_serving_info *info;
  (void)is_folder;
  snprintf(path, sizeof path, "%s/%s", walk->folder, name);
  gn_str text = def_file(path);
  gn_buf *written = def_buf();
  CHECK_OK(gni_serving_info_read(text, def_arena(), &info, &err), &err);
  CHECK_INT(gni_node_write_compact(&info->node, written), GN_OK);
  CHECK_STR(gni_buf_view(written), text.ptr);
  CHECK_STR(info->batch_end_date, "2025-03-09");
  CHECK(info->group_by->metadata->name.len > 0 && info->key_avro_schema.len > 0);
  walk->files++;
  return GN_OK;
}

static void serving_info_comes_back_as_upstream_stored_it(void)
{
  struct walk walk = {test_golden("serving_info"), 0};
  gn_error err = {0};
  CHECK_OK(gni_folder_list(&gni_libc_alloc, walk.folder, check_serving_info, &walk, &err), &err);
  CHECK_INT(walk.files, 25);
}

static void serving_info_without_a_group_by_is_damage(void)
{
  const gni_serving_info *info;
  gn_error err = {0};
  CHECK_INT(
      gni_serving_info_read(GN_STR("{\"batchEndDate\":\"2025-03-09\"}"), def_arena(), &info, &err),
      GN_E_CORRUPT);
  CHECK_TEXT(err.message, "the serving info has no 'groupBy'");
}

/* ---- liberal in what is read ---- */

static void booleans_enums_and_numbers_have_several_spellings(void)
{
  const gni_def *def = def_read(
      GN_STR(
          "{\"metaData\":{\"name\":\"t.f.v\",\"online\":true,\"production\":0,\"samplePercent\":5,"
          "\"description\":null},\"sources\":[],\"keyColumns\":[\"k\"],\"accuracy\":\"SNAPSHOT\","
          "\"aggregations\":[{\"inputColumn\":\"x\",\"operation\":\"LAST_K\",\"argMap\":{\"k\":"
          "\"3\"}}]}"),
      "group_bys/t/f.v");
  CHECK(def->metadata->has_online && def->metadata->online);
  CHECK(def->metadata->has_production && !def->metadata->production);
  CHECK(!def->metadata->has_historical_backfill && !def->metadata->description.ptr);
  CHECK_DOUBLE(def->metadata->sample_percent, 5.0, 0);
  CHECK_INT(def->group_by->accuracy, GNI_SNAPSHOT);
  CHECK_INT(def->group_by->aggregations.items[0].operation, GNI_LAST_K);
  gn_buf *written = def_buf();
  CHECK_INT(gni_node_write_compact(def->node, written), GN_OK);
  CHECK_STR(gni_buf_view(written), "{\"metaData\":{\"name\":\"t.f.v\",\"online\":1,\"production\":"
                                   "0,\"samplePercent\":5.0},\"sources\":[],"
                                   "\"keyColumns\":[\"k\"],\"aggregations\":[{\"inputColumn\":"
                                   "\"x\",\"operation\":13,\"argMap\":{\"k\":\"3\"}}],"
                                   "\"accuracy\":1}");
}

static void setups_are_there_even_when_the_file_has_none(void)
{
  const gni_def *def = def_read(GN_STR("{\"metaData\":{\"name\":\"t.f.v\"},\"sources\":[{"
                                       "\"events\":{\"table\":\"n.t\",\"query\":{}}}],"
                                       "\"keyColumns\":[]}"),
                                "x");
  const gni_query *query = def->group_by->sources.items[0].events->query;
  CHECK(query->setups.items != NULL && query->setups.count == 0);
  CHECK(!query->selects.keys && !query->wheres.items);
  CHECK(def->group_by->key_columns.items != NULL && !def->group_by->aggregations.items);
}

static void members_may_come_in_any_order_and_maps_keep_theirs(void)
{
  const gni_def *def =
      def_read(GN_STR("{\"keyColumns\":[\"k\"],\"sources\":[{\"events\":{\"query\":{\"selects\":"
                      "{\"z\":\"1\",\"a\":\"2\",\"m\":\"\"}},\"table\":\"n.t\"}}],\"metaData\":{"
                      "\"name\":\"t.f.v\"}}"),
               "x");
  const gni_map *selects = &def->group_by->sources.items[0].events->query->selects;
  CHECK_INT(selects->count, 3);
  CHECK_STR(selects->keys[0], "z");
  CHECK_STR(selects->keys[2], "m");
  CHECK_STR(gni_map_get(selects, "a"), "2");
  CHECK(gni_map_get(selects, "m").ptr && !gni_map_get(selects, "q").ptr);
  gn_buf *written = def_buf();
  CHECK_INT(gni_node_write_compact(def->node, written), GN_OK);
  CHECK_STR(gni_buf_view(written), "{\"metaData\":{\"name\":\"t.f.v\"},\"sources\":[{\"events\":{"
                                   "\"table\":\"n.t\",\"query\":{\"selects\":{\"z\":\"1\",\"a\":"
                                   "\"2\",\"m\":\"\"},\"setups\":[]}}}],\"keyColumns\":[\"k\"]}");
}

static void texts_are_escaped_as_each_writer_does(void)
{
  const gni_def *def = def_read(GN_STR("{\"metaData\":{\"name\":\"t.f.v\",\"description\":"
                                       "\"gr\\u00fcn \\ud83d\\ude00 \\\"a\\\" / \\u0001\\n\"},"
                                       "\"keyColumns\":[]}"),
                                "x");
  gn_buf *file = def_buf(), *record = def_buf();
  gni_def_write(def, file);
  gni_node_write_compact(def->node, record);
  CHECK_STR(gni_buf_view(file),
            "{\n  \"metaData\": {\n    \"name\": \"t.f.v\",\n    \"description\": \"gr\\u00fcn "
            "\\ud83d\\ude00 \\\"a\\\" / \\u0001\\n\"\n  },\n  \"keyColumns\": []\n}");
  CHECK_STR(gni_buf_view(record),
            "{\"metaData\":{\"name\":\"t.f.v\",\"description\":\"gr\xC3\xBCn \xF0\x9F\x98\x80 "
            "\\\"a\\\" / \\u0001\\n\"},\"keyColumns\":[]}");
}

static void the_kind_comes_from_the_path_or_the_members(void)
{
  CHECK_INT(gni_def_kind_of_path(GN_STR("production/group_bys/t/f.v")), GNI_DEF_GROUP_BY);
  CHECK_INT(gni_def_kind_of_path(GN_STR("/joins/production/staging_queries/t/f.v")),
            GNI_DEF_STAGING_QUERY);
  CHECK_INT(gni_def_kind_of_path(GN_STR("joins")), -1);
  CHECK_INT(gni_def_kind_find(GN_STR("GroupBy")), GNI_DEF_GROUP_BY);
  CHECK_INT(gni_def_kind_find(GN_STR("models")), GNI_DEF_MODEL);
  CHECK_INT(gni_def_kind_find(GN_STR("models2")), -1);
  CHECK_INT(
      def_read(GN_STR("{\"metaData\":{\"name\":\"t.f.v\"},\"query\":\"SELECT 1\"}"), "x")->kind,
      GNI_DEF_STAGING_QUERY);
  CHECK_INT(def_read(GN_STR("{\"metaData\":{\"name\":\"t.f.v\"}}"), "models/t/f.v")->kind,
            GNI_DEF_MODEL);
}

/* ---- strict in what it means, and everything at once ---- */

static void everything_that_is_wrong_is_said_at_once_with_its_place(void)
{
  gn_str text = GN_STR("{\n  \"metaData\": {\"name\": 7, \"onlin\": 1},\n  \"keyColumns\": "
                       "\"k\",\n  \"accuracy\": 3,\n"
                       "  \"aggregations\": [{\"operation\": \"SUMM\", \"windows\": [{\"length\": "
                       "99999999999}]}, 5]\n}");
  gni_problems *problems = def_problems(text, "group_bys/t/f.v");
  CHECK_STR(def_codes(problems), "GD106 GD102 GD103 GD102 GD104 GD104 GD105 GD102");
  CHECK_INT(problems->errors, 7);
  CHECK_INT(problems->warnings, 1);
  CHECK_INT(problems->items[2].line, 2);
  CHECK_INT(problems->items[2].column, 27);
  CHECK_INT(problems->items[2].end_column, 34);
  CHECK_STR(problems->items[2].hint, "did you mean `online`?");
  CHECK_STR(problems->items[5].hint, "did you mean `SUM`?");
}

static void the_last_of_equal_members_counts(void)
{
  gn_arena *arena = def_arena();
  gni_problems problems;
  const gni_def *def;
  gni_problems_init(&problems, arena);
  gn_str text = GN_STR("{\"metaData\":{\"name\":\"a\",\"name\":\"b\",\"tableProperties\":{\"x\":"
                       "\"1\",\"y\":\"2\",\"x\":\"3\"}},\"keyColumns\":[]}");
  CHECK_INT(gni_def_read(text, "x", arena, &def, &problems), GN_OK);
  CHECK_STR(def->metadata->name, "b");
  CHECK_INT(def->metadata->table_properties.count, 2);
  CHECK_STR(gni_map_get(&def->metadata->table_properties, "x"), "3");
  CHECK_STR(def_codes(&problems), "GD108 GD108");
  CHECK_INT(gni_problems_result(&problems, NULL), GN_OK);
}

static void what_is_no_json_has_its_place(void)
{
  gni_problems *problems =
      def_problems(GN_STR("{\n  \"metaData\": {\"name\" \"x\"}\n}"), "group_bys/t/f.v");
  CHECK_INT(problems->count, 1);
  CHECK_TEXT(problems->items[0].code, "GD100");
  CHECK_INT(problems->items[0].line, 2);
  CHECK_INT(problems->items[0].column, 23);
  CHECK_STR(problems->items[0].source, "  \"metaData\": {\"name\" \"x\"}");
}

static void nesting_past_the_ceiling_is_a_problem_not_a_crash(void)
{
  gn_buf *text = def_buf();
  for (int i = 0; i < 5000; i++) gni_buf_add_text(text, "{\"joinSource\":");
  CHECK_STR(def_codes(def_problems(gni_buf_view(text), "group_bys/t/f.v")), "GD100");
}

static void thousands_of_problems_are_counted_and_two_hundred_kept(void)
{
  gn_buf *text = def_buf();
  gni_buf_add_text(text, "{\"metaData\":{\"name\":\"t.f.v\"},\"keyColumns\":[");
  for (int i = 0; i < 5000; i++) gni_buf_add_text(text, i ? ",\n1" : "1");
  gni_buf_add_text(text, "]}");
  gn_arena *arena = def_arena();
  gni_problems problems;
  const gni_def *def;
  gni_problems_init(&problems, arena);
  CHECK_INT(gni_def_read(gni_buf_view(text), "x", arena, &def, &problems), GN_E_INVALID);
  CHECK_INT(problems.errors, 5000);
  CHECK_INT(problems.count, GN_PROBLEMS_MAX);
}

/* ---- memory ---- */

static gn_str oom_text;

static void read_check_and_write(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_problems problems;
  const gni_def *def;
  gn_buf written;
  gni_arena_init(&arena, alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_problems_init(&problems, &arena);
  gni_buf_init(&written, alloc, GN_DEF_FILE_BYTES_MAX);
  int rc = gni_def_read(oom_text, "joins/fleet/sets.mixed", &arena, &def, &problems);
  if (rc == GN_OK) rc = gni_def_check(def, &problems);
  if (rc == GN_OK) rc = gni_def_write(def, &written);
  CHECK(rc == GN_OK ? gni_str_equal(gni_buf_view(&written), oom_text) : rc == GN_E_NOMEM);
  gni_buf_deinit(&written);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  oom_text = def_file(test_golden("compiled/joins/fleet/sets.mixed"));
  CHECK(test_each_oom(read_check_and_write) >= 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"every compiled GroupBy comes back byte for byte", every_compiled_group_by_comes_back},
      {"every compiled Join and StagingQuery comes back byte for byte",
       every_compiled_join_and_staging_query_comes_back},
      {"what chronon-ai was recorded to write comes back byte for byte",
       what_chronon_ai_was_recorded_to_write_comes_back},
      {"serving info comes back as upstream stored it",
       serving_info_comes_back_as_upstream_stored_it},
      {"serving info without a GroupBy is damage", serving_info_without_a_group_by_is_damage},
      {"booleans, enums and numbers have several spellings",
       booleans_enums_and_numbers_have_several_spellings},
      {"setups are there even when the file has none",
       setups_are_there_even_when_the_file_has_none},
      {"members may come in any order, and maps keep theirs",
       members_may_come_in_any_order_and_maps_keep_theirs},
      {"texts are escaped as each writer does", texts_are_escaped_as_each_writer_does},
      {"the kind comes from the path or the members", the_kind_comes_from_the_path_or_the_members},
      {"everything that is wrong is said at once, with its place",
       everything_that_is_wrong_is_said_at_once_with_its_place},
      {"the last of equal members counts", the_last_of_equal_members_counts},
      {"what is no JSON has its place", what_is_no_json_has_its_place},
      {"nesting past the ceiling is a problem, not a crash",
       nesting_past_the_ceiling_is_a_problem_not_a_crash},
      {"thousands of problems are counted, and two hundred kept",
       thousands_of_problems_are_counted_and_two_hundred_kept},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
