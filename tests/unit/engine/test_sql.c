/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"
#include "kit/kit.h"

static void names_are_quoted(void)
{
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), 1 << 10);
  gni_sql_add_name(&sql, GN_STR("a \"b\"'c"));
  CHECK_STR(gni_buf_view(&sql), "\"a \"\"b\"\"'c\"");
  gni_buf_deinit(&sql);
}

static void texts_are_quoted(void)
{
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), 1 << 10);
  gni_sql_add_text(&sql, GN_STR("it's \"x\\"));
  gni_sql_add_text(&sql, (gn_str){"a\0b", 3});
  gni_sql_add_text(&sql, GN_STR(""));
  CHECK_STR(gni_buf_view(&sql), "'it''s \"x\\'('a' || chr(0) || 'b')''");
  gni_buf_deinit(&sql);
}

static void types_are_spelt_as_the_engine_does(void)
{
  static const struct {
    const char *spark, *engine;
  } cases[] = {
      {"boolean", "BOOLEAN"},
      {"tinyint", "TINYINT"},
      {"binary", "BLOB"},
      {"decimal(20,3)", "DECIMAL(20, 3)"},
      {"array<array<bigint>>", "BIGINT[][]"},
      {"map<string,double>", "MAP(VARCHAR, DOUBLE)"},
      {"struct<a:int,b c:array<timestamp>>", "STRUCT(\"a\" INTEGER, \"b c\" TIMESTAMP[])"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_arena arena;
    gn_buf sql;
    const gni_type *type;
    gn_error err = {0};
    gni_arena_init(&arena, test_alloc(), 1 << 16);
    gni_buf_init(&sql, test_alloc(), 1 << 10);
    CHECK_OK(gni_type_parse(gni_str(cases[i].spark), &arena, &type, &err), &err);
    CHECK_INT(gni_sql_add_type(&sql, type), GN_OK);
    CHECK_STR(gni_buf_view(&sql), cases[i].engine);
    gni_buf_deinit(&sql);
    gni_arena_deinit(&arena);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"names are quoted", names_are_quoted},
      {"texts are quoted", texts_are_quoted},
      {"types are spelt as the engine does", types_are_spelt_as_the_engine_does},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
