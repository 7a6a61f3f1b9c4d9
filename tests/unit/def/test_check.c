/* Every code that a definition can earn has a case in tests/golden/diagnostics/: case.json (or
 * teams.json) and the whole of what is said about it, expected.txt. SPDX-License-Identifier:
 * Apache-2.0 */
#include "unit/def/def_kit.h"

#include <stdio.h>

enum { PATH_BYTES = 512 };

/* Codes that only Python's side finds: they are about Python files and how a repository is
 * compiled. */
static bool is_found_in_python_alone(gn_str code)
{
  static const char *const codes[] = {"GD001", "GD002", "GD003", "GD004", "GD005", "GD007",
                                      "GD008", "GD009", "GD010", "GD011", "GD012", "GD035",
                                      "GD044", "GD046", "GD047", "GD048", "GD052", "GD058",
                                      "GD059", "GD060", "GD061", "GD062", "GD063", "GD064"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (gni_str_is(code, codes[i])) return true;
  return false;
}

static const char *cases_folder;

static bool has_file(const char *case_name, const char *file, char path[PATH_BYTES])
{
  snprintf(path, PATH_BYTES, "%s/%s/%s", cases_folder, case_name, file);
  return gni_file_exists(path);
}

static void check_names(const char *case_path, const char *other_path, gn_arena *arena,
                        gni_problems *problems)
{
  const gni_def *defs[2];
  CHECK_INT(gni_def_read(def_file(case_path), "case.json", arena, &defs[0], problems), GN_OK);
  CHECK_INT(gni_def_read(def_file(other_path), "other.json", arena, &defs[1], problems), GN_OK);
  CHECK_INT(gni_defs_check_names(defs, 2, problems), GN_OK);
  gni_problems_sort(problems);
}

static void check_case(const char *name)
{
  char path[PATH_BYTES], other[PATH_BYTES], golden[PATH_BYTES];
  gni_problems teams_problems, *problems = &teams_problems;
  const gni_teams *teams;
  gn_arena *arena = def_arena();
  gn_buf *said = def_buf();
  bool found = false;
  gni_problems_init(problems, arena);
  if (has_file(name, "teams.json", path))
    CHECK_INT(gni_teams_read(def_file(path), "teams.json", arena, &teams, problems) == GN_OK, 0);
  else if (has_file(name, "other.json", other) && has_file(name, "case.json", path))
    check_names(path, other, arena, problems);
  else if (has_file(name, "case.json", path))
    problems = def_problems(def_file(path), "case.json");
  for (size_t i = 0; i < problems->count; i++)
    found = found || strncmp(problems->items[i].code, name, 5) == 0;
  CHECK_INT(gni_problems_write(problems, false, said), GN_OK);
  if (!found)
    test_fail(__FILE__, __LINE__, "%s does not show its code:\n%s", name,
              said->ptr ? said->ptr : "");
  snprintf(golden, sizeof golden, "diagnostics/%s/expected.txt", name);
  test_check_golden(golden, gni_buf_view(said));
}

struct walk {
  int cases;
  bool seen[1000]; /* by the code's number */
};

static int visit_case(void *user, const char *name, bool is_folder)
{
  struct walk *walk = user;
  int64_t number;
  CHECK(is_folder);
  CHECK_INT(gni_parse_int64((gn_str){name + 2, 3}, &number), GN_OK);
  check_case(name);
  walk->seen[number] = true;
  walk->cases++;
  return GN_OK;
}

static void every_code_has_a_case_and_says_exactly_this(void)
{
  static struct walk walk;
  gn_error err = {0};
  cases_folder = test_golden("diagnostics");
  CHECK_OK(gni_folder_list(&gni_libc_alloc, cases_folder, visit_case, &walk, &err), &err);
  CHECK(walk.cases >= 60);
  for (size_t i = 0; i < gni_diagnostic_count(); i++) {
    gn_str code = gni_str(gni_diagnostic_at(i)->code);
    int64_t number;
    if (!gni_str_starts(code, "GD") || is_found_in_python_alone(code)) continue;
    CHECK_INT(gni_parse_int64((gn_str){code.ptr + 2, 3}, &number), GN_OK);
    if (!walk.seen[number]) test_fail(__FILE__, __LINE__, "%s has no case", code.ptr);
  }
}

/* ---- what is right is left alone ---- */

static int count_problems(const char *name)
{
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "compiled/%s", name);
  gni_problems *problems = def_problems(def_file(test_golden(path)), name);
  if (problems->count) {
    gn_buf *said = def_buf();
    gni_problems_write(problems, false, said);
    fprintf(stderr, "%s\n", said->ptr);
  }
  return (int)problems->count;
}

static void golden_definitions_have_no_problem(void)
{
  static const char *const names[] = {"group_bys/fleet/daily.derived",
                                      "group_bys/fleet/daily.derived_only",
                                      "group_bys/fleet/live.derived",
                                      "group_bys/fleet/daily.k_lists",
                                      "group_bys/fleet/daily.sketches",
                                      "group_bys/fleet/daily.uniques",
                                      "group_bys/fleet/daily.list_buckets",
                                      "group_bys/fleet/people.riders_v1",
                                      "group_bys/fleet/people.by_city_windowed",
                                      "group_bys/fleet/live.complaints_v1",
                                      "joins/fleet/sets.mixed",
                                      "joins/fleet/sets.derived",
                                      "joins/fleet/sets.listed",
                                      "joins/fleet/sets.riders_left",
                                      "joins/fleet/sets.edges",
                                      "staging_queries/fleet/daily.v1",
                                      "staging_queries/fleet/daily.split"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) CHECK_INT(count_problems(names[i]), 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"every code has a case, and says exactly this", every_code_has_a_case_and_says_exactly_this},
      {"golden definitions have no problem", golden_definitions_have_no_problem},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
