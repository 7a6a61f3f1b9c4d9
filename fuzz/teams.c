/* teams.json: whatever is read gives an environment whose names are there once.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "def/def.h"

static void check_environment(const gni_teams *teams, gn_str team, gn_arena *arena)
{
  static const char *const modes[] = {"backfill", "upload", "local-streaming", ""};
  for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
    gni_variable *variables;
    size_t count;
    gni_environment_request request = {
        .team = team, .context = GN_STR("dev"), .mode = gni_str(modes[m])};
    int rc = gni_environment(teams, &request, arena, &variables, &count, NULL);
    FUZZ_CHECK(rc == GN_OK || rc == GN_E_NOTFOUND || rc == GN_E_NOMEM);
    for (size_t i = 0; rc == GN_OK && i < count; i++)
      for (size_t j = 0; j < i; j++)
        FUZZ_CHECK(!gni_str_equal(variables[i].name, variables[j].name));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  const gni_teams *teams;
  gni_problems problems;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gni_problems_init(&problems, &arena);
  int rc =
      gni_teams_read((gn_str){(const char *)bytes, size}, "teams.json", &arena, &teams, &problems);
  FUZZ_CHECK(rc == GN_OK ? problems.errors == 0 : problems.errors > 0 || problems.rc != GN_OK);
  if (rc == GN_OK) {
    check_environment(teams, GN_STR("shop"), &arena);
    for (size_t i = 0; i < teams->json->list.count && i < 8; i++) {
      gn_str team = teams->json->list.keys[i].text;
      FUZZ_CHECK(gni_teams_has(teams, team));
      gni_teams_text(teams, team, "namespace");
      check_environment(teams, team, &arena);
    }
  }
  gni_arena_deinit(&arena);
  return 0;
}
