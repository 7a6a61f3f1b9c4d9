/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

enum { BUFS_MAX = 1024 };

/* One arena and the buffers of a case, closed together when it ends. */
static struct {
  bool is_open;
  gn_arena arena;
  gn_buf bufs[BUFS_MAX];
  size_t buf_count;
} memory;

static void close_memory(void *what)
{
  (void)what;
  while (memory.buf_count) gni_buf_deinit(&memory.bufs[--memory.buf_count]);
  gni_arena_deinit(&memory.arena);
  memory.is_open = false;
}

gn_arena *def_arena(void)
{
  if (memory.is_open) return &memory.arena;
  gni_arena_init(&memory.arena, &gni_libc_alloc, (size_t)4 * GN_DEF_ARENA_BYTES_MAX);
  memory.is_open = true;
  test_later(close_memory, NULL);
  return &memory.arena;
}

gn_buf *def_buf(void)
{
  def_arena();
  CHECK(memory.buf_count < BUFS_MAX);
  gn_buf *buf = &memory.bufs[memory.buf_count++];
  gni_buf_init(buf, &gni_libc_alloc, GN_DEF_FILE_BYTES_MAX);
  return buf;
}

gn_str def_file(const char *path)
{
  gn_buf *content = def_buf();
  gn_error err = {0};
  CHECK_OK(gni_file_read(path, content, &err), &err);
  return gni_buf_view(content);
}

const gni_def *def_read(gn_str text, const char *file)
{
  gn_arena *arena = def_arena();
  gni_problems problems;
  const gni_def *def;
  gni_problems_init(&problems, arena);
  int rc = gni_def_read(text, file, arena, &def, &problems);
  if (rc != GN_OK || problems.count) {
    gn_buf *shown = def_buf();
    gni_problems_write(&problems, false, shown);
    test_fail(__FILE__, __LINE__, "%s does not read well:\n%s", file,
              shown->ptr ? shown->ptr : gn_code_name(rc));
  }
  return def;
}

const gni_def *def_golden(const char *name)
{
  return def_read(def_file(test_golden(gni_str_format(def_arena(), "compiled/%s", name).ptr)),
                  name);
}

gn_str def_codes(const gni_problems *problems)
{
  gn_buf *codes = def_buf();
  for (size_t i = 0; i < problems->count; i++)
    gni_buf_add_format(codes, "%s%s", i ? " " : "", problems->items[i].code);
  return gni_buf_view(codes);
}

gni_problems *def_problems(gn_str text, const char *file)
{
  gn_arena *arena = def_arena();
  gni_problems *problems = gni_arena_take(arena, sizeof *problems);
  const gni_def *def;
  CHECK(problems != NULL);
  gni_problems_init(problems, arena);
  if (gni_def_read(text, file, arena, &def, problems) == GN_OK)
    CHECK_INT(gni_def_check(def, problems), GN_OK);
  gni_problems_sort(problems);
  return problems;
}
