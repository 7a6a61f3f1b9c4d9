/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static void read_back(const char *path, const char *expected)
{
  gn_buf buf;
  gn_error err = {0};
  gni_buf_init(&buf, test_alloc(), 1 << 20);
  CHECK_OK(gni_file_read(path, &buf, &err), &err);
  CHECK_STR(gni_buf_view(&buf), expected);
  gni_buf_deinit(&buf);
}

static void a_published_file_replaces_the_old_one(void)
{
  const char *path = test_path("a.txt");
  test_write_file(path, "old");
  test_write_file(path, "new");
  read_back(path, "new");
}

/* As a killed process leaves it, and as a living one holds it. */
static void publishing_removes_what_dead_writers_left(void)
{
  test_write_file(test_path("a.txt.tmp-1-0"), "half");
  test_write_file(test_path("a.txt.tmp-2-0"), "at work");
  test_write_file(test_path("b.txt.tmp-1-0"), "another's");
  int held = open(test_path("a.txt.tmp-2-0"), O_WRONLY);
  CHECK(held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0);
  test_write_file(test_path("a.txt"), "whole");
  CHECK(!gni_file_exists(test_path("a.txt.tmp-1-0")));
  CHECK(gni_file_exists(test_path("a.txt.tmp-2-0")));
  CHECK(gni_file_exists(test_path("b.txt.tmp-1-0")));
  close(held);
  read_back(test_path("a.txt"), "whole");
}

static void an_absent_file_is_not_found(void)
{
  gn_buf buf;
  gn_error err = {0};
  gni_buf_init(&buf, test_alloc(), 1 << 20);
  CHECK_INT(gni_file_read(test_path("none"), &buf, &err), GN_E_NOTFOUND);
  CHECK(strstr(err.message, "cannot open '") != NULL);
  gni_buf_deinit(&buf);
}

static void the_beginning_of_a_file_is_read_without_the_rest(void)
{
  char room[4];
  gn_str text;
  gn_error err = {0};
  const char *path = test_path("a.txt");
  test_write_file(path, "abcdef");
  CHECK_OK(gni_file_head(path, room, sizeof room, &text, &err), &err);
  CHECK_STR(text, "abcd");
  test_write_file(path, "ab");
  CHECK_OK(gni_file_head(path, room, sizeof room, &text, &err), &err);
  CHECK_STR(text, "ab");
  CHECK_INT(gni_file_head(test_path("none"), room, sizeof room, &text, &err), GN_E_NOTFOUND);
  CHECK_INT(text.len, 0);
}

static int collect(void *user, const char *name, bool is_folder)
{
  gn_buf *names = user;
  return gni_buf_add_format(names, "%s%s ", name, is_folder ? "/" : "");
}

static void a_folder_lists_in_byte_order(void)
{
  gn_buf names;
  gn_error err = {0};
  gni_buf_init(&names, test_alloc(), 1 << 20);
  CHECK_OK(gni_folder_make(test_path("d/e/f"), &err), &err);
  test_write_file(test_path("d/b"), "");
  test_write_file(test_path("d/B"), "");
  CHECK_OK(gni_folder_list(test_alloc(), test_path("d"), collect, &names, &err), &err);
  CHECK_STR(gni_buf_view(&names), "B b e/ ");
  gni_buf_deinit(&names);
}

static void publishing_a_folder_swaps_it_in(void)
{
  gn_error err = {0};
  CHECK_OK(gni_folder_make(test_path("ds=1"), &err), &err);
  test_write_file(test_path("ds=1/old"), "old");
  CHECK_OK(gni_folder_make(test_path(".tmp-1"), &err), &err);
  test_write_file(test_path(".tmp-1/new"), "new");
  CHECK_OK(gni_folder_publish(test_path(".tmp-1"), test_path("ds=1"), &err), &err);
  CHECK(!gni_file_exists(test_path("ds=1/old")));
  read_back(test_path("ds=1/new"), "new");
  CHECK(!gni_folder_exists(test_path(".tmp-1")));
}

static void publishing_where_nothing_was_moves_it_there(void)
{
  gn_error err = {0};
  CHECK_OK(gni_folder_make(test_path(".tmp-2"), &err), &err);
  CHECK_OK(gni_folder_publish(test_path(".tmp-2"), test_path("ds=2"), &err), &err);
  CHECK(gni_folder_exists(test_path("ds=2")) && !gni_folder_exists(test_path(".tmp-2")));
}

int main(void)
{
  static const test_case cases[] = {
      {"a published file replaces the old one", a_published_file_replaces_the_old_one},
      {"publishing removes what dead writers left", publishing_removes_what_dead_writers_left},
      {"an absent file is not found", an_absent_file_is_not_found},
      {"the beginning of a file is read without the rest",
       the_beginning_of_a_file_is_read_without_the_rest},
      {"a folder lists in byte order", a_folder_lists_in_byte_order},
      {"publishing a folder swaps it in", publishing_a_folder_swaps_it_in},
      {"publishing where nothing was moves it there", publishing_where_nothing_was_moves_it_there},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
