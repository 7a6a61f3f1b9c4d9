/* What is wrong in a compiled file is shown where it was written, while nothing has changed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "flow/flow_kit.h"

static const char python_text[] = "from ai.chronon.group_by import *\n"
                                  "v1 = GroupBy(\n"
                                  "    aggregations=[Aggregation(\"amuont\")],\n"
                                  ")\n";

static void add_digest(gn_buf *out, const char *name)
{
  uint8_t digest[32];
  gn_error err = {0};
  gn_buf text;
  gni_buf_init(&text, test_alloc(), 1 << 20);
  CHECK_OK(gni_file_read(flow_path("%s", name), &text, &err), &err);
  gni_sha256(text.ptr, text.len, digest);
  gni_buf_deinit(&text);
  gni_buf_add_format(out, "\"%s\":\"", name);
  for (size_t i = 0; i < sizeof digest; i++) gni_buf_add_format(out, "%02x", digest[i]);
  gni_buf_add_text(out, "\"");
}

/* A GroupBy that reads a column which its source does not select, and what the compiler noted. */
static void define(void)
{
  static const char compiled[] = "production/group_bys/team/sums.v1";
  gn_buf positions;
  flow_write("group_bys/team/sums.py", python_text);
  FLOW_GROUP(.name = "team.sums.v1",
             .aggregations = "[{\"inputColumn\":\"amuont\",\"operation\":7,\"argMap\":{}}]");
  gni_buf_init(&positions, test_alloc(), 1 << 20);
  gni_buf_add_text(&positions, "{\"format\":1,\"file\":\"group_bys/team/sums.py\",\"digests\":{");
  add_digest(&positions, "group_bys/team/sums.py");
  gni_buf_add_text(&positions, ",");
  add_digest(&positions, compiled);
  gni_buf_add_text(&positions,
                   "},\"positions\":{\".\":[2,6],\"aggregations[0].inputColumn\":[3,31]}}");
  flow_write(".gnomon/positions/production/group_bys/team/sums.v1.json", positions.ptr);
  gni_buf_deinit(&positions);
}

static const char *problems(void)
{
  static char kept[4096];
  gn_error err = {0};
  gn_text text;
  gn_session *session = FLOW_SESSION(.repo = flow_repo());
  CHECK_INT(gn_validate(session, NULL, 0, GN_LEVEL_DEFINITION, GN_FORM_JSON, &text, &err),
            GN_E_INVALID);
  snprintf(kept, sizeof kept, "%s", text.ptr);
  gn_text_free(&text);
  CHECK_TEXT(err.diagnostic, "GD107");
  return kept;
}

static void a_problem_is_shown_in_the_python_file(void)
{
  define();
  const char *told = problems();
  CHECK(strstr(told, "group_bys/team/sums.py\",\"line\":3,\"column\":31,") != NULL);
  CHECK(strstr(told, "\"source\":\"    aggregations=[Aggregation(\\\"amuont\\\")],\"") != NULL);
}

static void a_file_that_has_changed_is_not_pointed_at(void)
{
  static const char *const changed[] = {"group_bys/team/sums.py",
                                        "production/group_bys/team/sums.v1"};
  for (size_t i = 0; i < 2; i++) {
    gn_buf text;
    gn_error err = {0};
    define();
    gni_buf_init(&text, test_alloc(), 1 << 20);
    CHECK_OK(gni_file_read(flow_path("%s", changed[i]), &text, &err), &err);
    gni_buf_add_text(&text, "\n");
    flow_write(changed[i], text.ptr);
    gni_buf_deinit(&text);
    CHECK(strstr(problems(), "production/group_bys/team/sums.v1\",\"line\":1,") != NULL);
  }
}

static void notes_that_make_no_sense_are_passed_over(void)
{
  static const char stale[] = "{\"format\":1,\"file\":\"x\",\"positions\":{},"
                              "\"digests\":{\"x\":\"y\"}}";
  static const char *const wrong[] = {"", "[]", "{\"format\":2}", "{\"format\":1,\"file\":7}",
                                      stale};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    define();
    flow_write(".gnomon/positions/production/group_bys/team/sums.v1.json", wrong[i]);
    CHECK(strstr(problems(), "production/group_bys/team/sums.v1\",\"line\":1,") != NULL);
  }
}

static void validate_with(const gn_alloc *alloc)
{
  gn_session_args args = {.struct_size = sizeof args, .repo = flow_repo(), .alloc = alloc};
  gn_session *session;
  gn_text text = {0};
  gn_error err = {0};
  int rc = gn_session_open(&args, &session, &err);
  if (rc == GN_OK) {
    rc = gn_validate(session, NULL, 0, GN_LEVEL_DEFINITION, GN_FORM_TEXT, &text, &err);
    gn_text_free(&text);
    gn_session_close(session);
  }
  CHECK(rc == GN_E_INVALID || rc == GN_E_NOMEM);
}

static void running_out_of_memory_is_an_answer(void)
{
  define();
  CHECK(test_each_oom(validate_with) >= 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"a problem is shown in the Python file", a_problem_is_shown_in_the_python_file},
      {"a file that has changed is not pointed at", a_file_that_has_changed_is_not_pointed_at},
      {"notes that make no sense are passed over", notes_that_make_no_sense_are_passed_over},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
