/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/engine/rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 1 << 20, SQL_BYTES = 1 << 16, SQL_KEPT = 8 };

static char answer[TEXT_BYTES];
static char statements[SQL_KEPT][SQL_BYTES];

#define FORMAT_INTO(buffer, format)                                                                \
  do {                                                                                             \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    int length = vsnprintf(buffer, sizeof(buffer), format, args);                                  \
    va_end(args);                                                                                  \
    CHECK(length >= 0 && (size_t)length < sizeof(buffer));                                         \
  } while (0)

gn_str test_sql(const char *format, ...)
{
  static int turn;
  turn = (turn + 1) % SQL_KEPT;
  FORMAT_INTO(statements[turn], format);
  return gni_str(statements[turn]);
}

static void close_engine(void *what)
{
  gni_engine_close(what);
}

gni_engine *test_engine_with(gni_engine_config config)
{
  const char *name = getenv("GN_ENGINE");
  gni_engine *engine;
  gn_error err = {0};
  if (!config.alloc) config.alloc = test_alloc();
  CHECK_OK(gni_engine_open(name ? name : "duckdb", &config, &engine, &err), &err);
  test_later(close_engine, engine);
  return engine;
}

gni_engine *test_engine(void)
{
  return test_engine_with((gni_engine_config){
      .threads = 2, .memory_bytes = INT64_C(400) << 20, .temp_folder = test_path("temp")});
}

void test_exec(gni_engine *engine, const char *format, ...)
{
  static char sql[SQL_BYTES];
  gn_error err = {0};
  FORMAT_INTO(sql, format);
  CHECK_OK(gni_engine_exec(engine, gni_str(sql), &err), &err);
}

struct printing {
  const gni_type *type;
  gn_buf text;
};

static int print_row(void *user, const gni_value *row, size_t count)
{
  struct printing *printing = user;
  if (printing->text.len) gni_buf_add_char(&printing->text, '\n');
  for (size_t i = 0; i < count; i++) {
    if (i) gni_buf_add_char(&printing->text, ',');
    gni_value_to_json(printing->type->fields[i].type, &row[i], &printing->text);
  }
  return printing->text.rc;
}

const char *test_rows(gni_engine *engine, const char *format, ...)
{
  static char sql[SQL_BYTES];
  struct printing printing;
  gn_arena arena;
  gn_error err = {0};
  FORMAT_INTO(sql, format);
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  gni_buf_init(&printing.text, test_alloc(), TEXT_BYTES - 1);
  CHECK_OK(gni_engine_type(engine, gni_str(sql), &arena, &printing.type, &err), &err);
  CHECK_OK(gni_engine_each_row(engine, gni_str(sql), print_row, &printing, &err), &err);
  memcpy(answer, printing.text.ptr ? printing.text.ptr : "", printing.text.len + 1);
  gni_buf_deinit(&printing.text);
  gni_arena_deinit(&arena);
  return answer;
}

const char *test_type(gni_engine *engine, const char *format, ...)
{
  static char sql[SQL_BYTES];
  const gni_type *type;
  gn_arena arena;
  gn_buf text;
  gn_error err = {0};
  FORMAT_INTO(sql, format);
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  gni_buf_init(&text, test_alloc(), TEXT_BYTES - 1);
  CHECK_OK(gni_engine_type(engine, gni_str(sql), &arena, &type, &err), &err);
  CHECK_INT(gni_type_format(type, &text), GN_OK);
  memcpy(answer, text.ptr, text.len + 1);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  return answer;
}

static int count_entry(void *user, const char *name, bool is_folder)
{
  (void)name;
  (void)is_folder;
  ++*(int *)user;
  return GN_OK;
}

int test_entries(const char *folder)
{
  int count = 0;
  if (gni_folder_exists(folder))
    CHECK_INT(gni_folder_list(test_alloc(), folder, count_entry, &count, NULL), GN_OK);
  return count;
}
