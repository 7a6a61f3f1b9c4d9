/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

static const char sample[] =
    "{\"default\":{\"table_properties\":{\"source\":\"chronon\"},\"namespace\":\"shared\","
    "\"common_env\":{\"VERSION\":\"latest\",\"JOB_MODE\":\"local[*]\",\"CORES\":4},"
    "\"production\":{\"backfill\":{\"EXECUTOR_CORES\":\"2\",\"PARALLELISM\":\"10\",\"VERSION\":"
    "\"1\"},\"streaming\":{\"A\":\"b\"}}},"
    "\"shop\":{\"description\":\"sells\",\"namespace\":\"shop_ns\","
    "\"dev\":{\"backfill\":{\"PARALLELISM\":\"1\"}},\"production\":{\"backfill\":{\"PARALLELISM\":"
    "\"20\",\"DRIVER_MEMORY\":\"8G\"}}},"
    "\"poor\":{}}";

static const gni_teams *read_teams(const char *text)
{
  gni_problems problems;
  const gni_teams *teams;
  gni_problems_init(&problems, def_arena());
  CHECK_INT(gni_teams_read(gni_str(text), "teams.json", def_arena(), &teams, &problems), GN_OK);
  CHECK_INT(problems.count, 0);
  return teams;
}

static void a_team_falls_back_to_the_default(void)
{
  const gni_teams *teams = read_teams(sample);
  CHECK(gni_teams_has(teams, GN_STR("shop")) && !gni_teams_has(teams, GN_STR("shoe")));
  CHECK_STR(gni_teams_text(teams, GN_STR("shop"), "namespace"), "shop_ns");
  CHECK_STR(gni_teams_text(teams, GN_STR("poor"), "namespace"), "shared");
  CHECK(gni_teams_get(teams, GN_STR("poor"), "table_properties") != NULL);
  CHECK(!gni_teams_text(teams, GN_STR("poor"), "user").ptr);
  CHECK(!gni_teams_text(teams, GN_STR("nobody"), "namespace").ptr);
}

struct environment {
  gni_variable *variables;
  size_t count;
};

static struct environment environment_of(const gni_metadata *metadata, const char *context,
                                         const char *mode)
{
  struct environment found;
  gn_error err = {0};
  gni_environment_request request = {
      .metadata = metadata, .context = gni_str(context), .mode = gni_str(mode)};
  CHECK_OK(gni_environment(read_teams(sample), &request, def_arena(), &found.variables,
                           &found.count, &err),
           &err);
  return found;
}

static void check_variable(const struct environment *environment, const char *name,
                           const char *value, const char *origin)
{
  const gni_variable *variable =
      gni_environment_find(environment->variables, environment->count, name);
  if (!variable) test_fail(__FILE__, __LINE__, "%s is not set", name);
  CHECK_STR(variable->value, value);
  CHECK_TEXT(variable->origin, origin);
}

static void the_first_layer_that_has_a_variable_wins(void)
{
  static const gn_str modes[] = {{"backfill", 8}}, names[] = {{"EXECUTOR_CORES", 14}},
                      values[] = {{"7", 1}};
  static const gni_map backfill = {names, values, 1};
  gni_metadata metadata = {.name = GN_STR("shop.a.v1"),
                           .team = GN_STR("shop"),
                           .mode_to_env_map = {modes, &backfill, 1},
                           .custom_json = GN_STR("{\"additional_args\": [\"--a\", \"b\"]}")};
  struct environment dev = environment_of(&metadata, "dev", "backfill");
  check_variable(&dev, "EXECUTOR_CORES", "7", "metaData.modeToEnvMap");
  check_variable(&dev, "CHRONON_CONFIG_ADDITIONAL_ARGS", "--a b", "customJson.additional_args");
  check_variable(&dev, "PARALLELISM", "1", "teams.json: shop.dev.backfill");
  check_variable(&dev, "DRIVER_MEMORY", "8G", "teams.json: shop.production.backfill");
  check_variable(&dev, "VERSION", "1", "teams.json: default.production.backfill");
  check_variable(&dev, "JOB_MODE", "local[*]", "teams.json: default.common_env");
  check_variable(&dev, "CORES", "4", "teams.json: default.common_env");
  CHECK_INT(dev.count, 7);
  struct environment production = environment_of(&metadata, "production", "backfill");
  check_variable(&production, "PARALLELISM", "20", "teams.json: shop.production.backfill");
  struct environment fetch = environment_of(&metadata, "production", "fetch");
  CHECK(!gni_environment_find(fetch.variables, fetch.count, "CHRONON_CONFIG_ADDITIONAL_ARGS"));
  check_variable(&fetch, "VERSION", "latest", "teams.json: default.common_env");
}

static void local_streaming_takes_the_variables_of_streaming(void)
{
  struct environment found = environment_of(NULL, "production", "local-streaming");
  check_variable(&found, "A", "b", "teams.json: default.production.streaming");
}

static void an_unknown_team_is_named_with_the_nearest(void)
{
  gni_variable *variables;
  size_t count;
  gn_error err = {0};
  gni_environment_request request = {
      .team = GN_STR("shoop"), .context = GN_STR("dev"), .mode = GN_STR("upload")};
  CHECK_INT(gni_environment(read_teams(sample), &request, def_arena(), &variables, &count, &err),
            GN_E_NOTFOUND);
  CHECK_TEXT(err.message, "team 'shoop' is not in 'teams.json'");
  CHECK_TEXT(err.hint, "did you mean `shop`?");
}

static void read_and_layer(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_problems problems;
  const gni_teams *teams;
  gni_variable *variables;
  size_t count;
  gni_arena_init(&arena, alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_problems_init(&problems, &arena);
  gni_environment_request request = {
      .team = GN_STR("shop"), .context = GN_STR("dev"), .mode = GN_STR("backfill")};
  int rc = gni_teams_read(gni_str(sample), "teams.json", &arena, &teams, &problems);
  if (rc == GN_OK) rc = gni_environment(teams, &request, &arena, &variables, &count, NULL);
  CHECK(rc == GN_OK ? count == 6 : rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(read_and_layer) >= 2);
}

int main(void)
{
  static const test_case cases[] = {
      {"a team falls back to the default", a_team_falls_back_to_the_default},
      {"the first layer that has a variable wins", the_first_layer_that_has_a_variable_wins},
      {"local-streaming takes the variables of streaming",
       local_streaming_takes_the_variables_of_streaming},
      {"an unknown team is named with the nearest", an_unknown_team_is_named_with_the_nearest},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
