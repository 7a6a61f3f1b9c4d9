/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_entry(void *user, const char *name, bool is_folder)
{
  (void)name;
  (void)is_folder;
  ++*(int *)user;
  return GN_OK;
}

static int entries(const char *folder)
{
  int count = 0;
  CHECK_INT(gni_folder_list(test_alloc(), folder, count_entry, &count, NULL), GN_OK);
  return count;
}

static void a_folder_goes_with_what_it_holds(void)
{
  gni_run_folder folder;
  gn_error err = {0};
  CHECK_OK(gni_run_folder_open(test_alloc(), test_path("a/b"), ".tmp-", &folder, &err), &err);
  CHECK(strstr(folder.path, "/a/b/.tmp-") != NULL);
  test_write_file(test_path("a/b/%s/x", strrchr(folder.path, '/') + 1), "x");
  gni_run_folder_close(&folder);
  CHECK_INT(entries(test_path("a/b")), 0);
  gni_run_folder_close(&folder);
}

static void a_live_folder_is_not_swept(void)
{
  gni_run_folder a, b;
  gn_error err = {0};
  CHECK_OK(gni_run_folder_open(test_alloc(), test_folder(), ".tmp-", &a, &err), &err);
  CHECK_OK(gni_run_folder_open(test_alloc(), test_folder(), ".tmp-", &b, &err), &err);
  CHECK_OK(gni_run_folder_sweep(test_alloc(), test_folder(), ".tmp-", &err), &err);
  CHECK(gni_folder_exists(a.path) && gni_folder_exists(b.path));
  gni_run_folder_close(&a);
  CHECK(gni_folder_exists(b.path));
  gni_run_folder_close(&b);
}

static void what_a_killed_process_left_is_swept(void)
{
  gn_error err = {0};
  const char *parent = test_folder(); /* made before there are two processes */
  pid_t child = fork();
  if (child == 0) {
    gni_run_folder folder;
    if (gni_run_folder_open(&gni_libc_alloc, parent, ".tmp-", &folder, NULL) == GN_OK)
      raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status));
  CHECK_INT(entries(test_folder()), 1);
  CHECK_OK(gni_folder_make(test_path("other"), &err), &err);
  CHECK_OK(gni_run_folder_sweep(test_alloc(), test_folder(), ".tmp-", &err), &err);
  CHECK_INT(entries(test_folder()), 1);
  CHECK(gni_folder_exists(test_path("other")));
}

static void an_absent_parent_has_nothing_to_sweep(void)
{
  CHECK_INT(gni_run_folder_sweep(test_alloc(), test_path("none"), ".tmp-", NULL), GN_OK);
}

static void open_and_sweep(const gn_alloc *alloc)
{
  gni_run_folder folder;
  int rc = gni_run_folder_open(alloc, test_folder(), ".tmp-", &folder, NULL);
  if (rc == GN_OK) rc = gni_run_folder_sweep(alloc, test_folder(), ".tmp-", NULL);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM || rc == GN_E_BUSY);
  gni_run_folder_close(&folder);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(open_and_sweep) > 2);
}

int main(void)
{
  static const test_case cases[] = {
      {"a folder goes with what it holds", a_folder_goes_with_what_it_holds},
      {"a live folder is not swept", a_live_folder_is_not_swept},
      {"what a killed process left is swept", what_a_killed_process_left_is_swept},
      {"an absent parent has nothing to sweep", an_absent_parent_has_nothing_to_sweep},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
