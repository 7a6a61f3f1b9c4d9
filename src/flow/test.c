/* test: small rows in, the features expected of them. SPDX-License-Identifier: Apache-2.0 */
#include "flow/test_case.h"

struct testing {
  gn_session *session;
  const gn_test_args *args;
  int form;
  gn_arena arena; /* the files and their tests */
  gni_problems problems;
  gnp_tests tests;
  gn_str folder; /* that is walked */
  gn_error *err;
};

/* ---- which files ---- */

static bool is_test_file(const char *name)
{
  gn_str text = gni_str(name);
  return gni_str_ends(text, ".test.yaml") || gni_str_ends(text, ".test.yml");
}

/* As people know it: below the repository where it lies there. */
static gn_str shown_path(const struct testing *at, gn_str path)
{
  size_t len = strlen(at->session->repo);
  bool inside = gni_str_starts(path, at->session->repo) && path.len > len && path.ptr[len] == '/';
  return inside ? (gn_str){path.ptr + len + 1, path.len - len - 1} : path;
}

static int read_file(struct testing *at, gn_str path)
{
  gn_buf text;
  gnp_test_file *file = GN_TAKE(&at->arena, gnp_test_file, 1);
  if (!file) return gni_fail_arena(at->err, &at->arena, sizeof *file);
  gni_buf_init(&text, at->session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gni_file_read(path.ptr, &text, at->err);
  if (rc == GN_OK) {
    *file = (gnp_test_file){.path = shown_path(at, path),
                            .text = gni_str_take(&at->arena, gni_buf_view(&text)),
                            .problems = &at->problems};
    rc = file->text.ptr ? gnp_test_read(file, &at->arena, &at->tests, at->err)
                        : gni_fail_arena(at->err, &at->arena, text.len);
  }
  gni_buf_deinit(&text);
  return rc;
}

static int walk(struct testing *at, gn_str folder);

/* What is compiled, and what holds data, has no tests in it. */
static bool is_walked(const char *name)
{
  static const char *const skipped[] = {"production", "warehouse", "store", "node_modules",
                                        "__pycache__"};
  bool walked = name[0] != '.';
  for (size_t i = 0; walked && i < sizeof skipped / sizeof *skipped; i++)
    walked = strcmp(name, skipped[i]) != 0;
  return walked;
}

static int visit(void *user, const char *name, bool is_folder)
{
  struct testing *at = user;
  if (is_folder ? !is_walked(name) : !is_test_file(name)) return GN_OK;
  gn_str path = gni_str_format(&at->arena, "%.*s/%s", GN_STR_ARGS(at->folder), name);
  if (!path.ptr) return gni_fail_arena(at->err, &at->arena, 1);
  return is_folder ? walk(at, path) : read_file(at, path);
}

static int walk(struct testing *at, gn_str folder)
{
  gn_str outer = at->folder;
  at->folder = folder;
  int rc = gni_folder_list(at->session->alloc, folder.ptr, visit, at, at->err);
  at->folder = outer;
  return rc;
}

static int read_path(struct testing *at, const char *given)
{
  gn_str path = given[0] == '/' ? gni_str_take(&at->arena, gni_str(given))
                                : gni_str_format(&at->arena, "%s/%s", at->session->repo, given);
  if (!path.ptr) return gni_fail_arena(at->err, &at->arena, 1);
  if (gni_folder_exists(path.ptr)) return walk(at, path);
  return read_file(at, path);
}

static int read_files(struct testing *at)
{
  int rc = GN_OK;
  if (!at->args->path_count) return walk(at, gni_str(at->session->repo));
  for (size_t i = 0; rc == GN_OK && i < at->args->path_count; i++)
    rc = read_path(at, at->args->paths[i]);
  return rc;
}

/* ---- running ---- */

static bool is_chosen(const struct testing *at, const gnp_test *test)
{
  return !at->args->only || strstr(test->name.ptr, at->args->only) != NULL;
}

static int run_test(struct testing *at, const gnp_test *test, gn_buf *out, gn_test_report *report)
{
  gn_arena arena;
  gnp_outcome outcome = {.arena = &arena};
  if (gni_cancelled(&at->session->cancel)) return gni_fail(at->err, GN_E_CANCELLED, "cancelled");
  gni_arena_init(&arena, at->session->alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = gnp_test_run(at->session, test, &outcome, at->err);
  if (rc == GN_OK) {
    bool passed = !outcome.count && outcome.failure.code == GN_OK;
    report->passed += passed;
    report->failed += !passed;
    gnp_test_tell(test, &outcome, at->form, out);
  }
  gni_arena_deinit(&arena);
  return rc == GN_ABSENT ? GN_OK : rc;
}

static int run_tests(struct testing *at, gn_buf *out, gn_test_report *report)
{
  int64_t chosen = 0;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < at->tests.count; i++) {
    if (!is_chosen(at, &at->tests.items[i])) continue;
    chosen++;
    rc = run_test(at, &at->tests.items[i], out, report);
  }
  if (rc != GN_OK) return rc;
  if (chosen) gnp_test_tell_sum(report, at->form, out);
  if (chosen || at->problems.errors) return GN_OK;
  gni_fail_as(at->err, "GC021", GN_E_NOTFOUND, "there is no test%s%s%s",
              at->args->only ? " whose name holds '" : "", at->args->only ? at->args->only : "",
              at->args->only ? "'" : "");
  gni_error_hint(at->err, "tests are in files named *.test.yaml; see: gnomon test --help");
  return GN_E_NOTFOUND;
}

static int write_problems(struct testing *at, gn_text *out)
{
  gn_buf text;
  gni_buf_init(&text, at->session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_sort(&at->problems);
  if (at->form == GN_FORM_JSON)
    gni_problems_write_json(&at->problems, &text);
  else
    gni_problems_write(&at->problems, at->form == GN_FORM_COLOR, &text);
  int rc = gnp_text_from(&text, out, at->err);
  gni_buf_deinit(&text);
  return rc;
}

int gn_test(gn_session *session, const gn_test_args *args, int form, gn_text *out,
            gn_text *problems, gn_test_report *report, gn_error *err)
{
  gn_buf text;
  struct testing at = {.session = session, .args = args, .form = form, .err = err};
  *out = *problems = (gn_text){0};
  *report = (gn_test_report){0};
  gni_arena_init(&at.arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_problems_init(&at.problems, &at.arena);
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = read_files(&at);
  if (rc == GN_OK) rc = run_tests(&at, &text, report);
  if (rc == GN_OK) rc = write_problems(&at, problems);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  if (rc == GN_OK) rc = gni_problems_result(&at.problems, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&at.arena);
  return rc;
}
