/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random_values.h"

static void formats_as(const gni_type *type, const char *expected)
{
  gn_buf text;
  gni_buf_init(&text, &gni_libc_alloc, 1 << 20);
  CHECK_INT(gni_type_format(type, &text), GN_OK);
  bool same = gni_str_is(gni_buf_view(&text), expected);
  if (!same) CHECK_TEXT(text.ptr, expected);
  gni_buf_deinit(&text);
}

static const gni_type *parse(const char *text)
{
  gn_error err = {0};
  const gni_type *type;
  CHECK_OK(gni_type_parse(gni_str(text), test_arena(), &type, &err), &err);
  return type;
}

static void types_are_written_as_spark_writes_them(void)
{
  static const char *const texts[] = {
      "boolean",
      "tinyint",
      "smallint",
      "int",
      "bigint",
      "float",
      "double",
      "string",
      "binary",
      "date",
      "timestamp",
      "void",
      "decimal(38,18)",
      "array<string>",
      "map<string,bigint>",
      "struct<a:int,b:map<string,double>>",
      "array<array<struct<x y:int>>>",
      "struct<>",
      "struct<`a:b`:int,`c``d`:int,``:int>",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) formats_as(parse(texts[i]), texts[i]);
}

static void other_spellings_are_read(void)
{
  static const struct {
    const char *text, *meaning;
  } cases[] = {
      {"LONG", "bigint"},
      {"Integer", "int"},
      {"BYTE", "tinyint"},
      {"short", "smallint"},
      {"real", "float"},
      {"varchar(20)", "string"},
      {"char ( 3 )", "string"},
      {"timestamp_ntz", "timestamp"},
      {"decimal", "decimal(10,0)"},
      {"numeric(5)", "decimal(5,0)"},
      {" Map < String , Array < Long > > ", "map<string,array<bigint>>"},
      {"struct< a : int , b : string >", "struct<a:int,b:string>"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    formats_as(parse(cases[i].text), cases[i].meaning);
}

static void wrong_texts_are_refused_with_the_place(void)
{
  static const struct {
    const char *text, *message;
    int code;
  } cases[] = {
      {"", "type '': a type expected at position 1", GN_E_PARSE},
      {"strin", "no type is called 'strin'", GN_E_PARSE},
      {"array<int", "type 'array<int': '>' expected at position 10", GN_E_PARSE},
      {"map<int>", "type 'map<int>': ',' expected at position 8", GN_E_PARSE},
      {"struct<a int>", "type 'struct<a int>': ':' expected at position 13", GN_E_PARSE},
      {"struct<:int>", "type 'struct<:int>': a name expected at position 8", GN_E_PARSE},
      {"struct<`a:int>", "type 'struct<`a:int>': a name expected at position 9", GN_E_PARSE},
      {"int int", "type 'int int': nothing expected after position 4", GN_E_PARSE},
      {"decimal(39)", "decimal(39,0) is outside of 1..38 digits", GN_E_PARSE},
      {"decimal(5,6)", "decimal(5,6) is outside of 1..38 digits", GN_E_PARSE},
      {"decimal(x)", "type 'decimal(x)': a number expected at position 10", GN_E_PARSE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    const gni_type *type;
    CHECK_INT(gni_type_parse(gni_str(cases[i].text), test_arena(), &type, &err), cases[i].code);
    CHECK_TEXT(err.message, cases[i].message);
    CHECK(type == NULL);
  }
}

static void types_past_the_depth_are_refused(void)
{
  char text[8 * (GN_TYPE_DEPTH_MAX + 2)] = "";
  gn_error err = {0};
  const gni_type *type;
  for (int i = 0; i < GN_TYPE_DEPTH_MAX; i++) memcpy(text + 6 * i, "array<", 7);
  CHECK_INT(gni_type_parse(gni_str(text), test_arena(), &type, &err), GN_E_LIMIT);
  CHECK_TEXT(err.message, "a type of more than 32 levels");
}

static void random_types_are_read_back_as_written(void)
{
  test_random random = test_random_new(1);
  for (int i = 0; i < 500 * test_effort(); i++) {
    gn_arena arena;
    gn_buf text;
    gn_error err = {0};
    const gni_type *back;
    gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
    gni_buf_init(&text, &gni_libc_alloc, 1 << 20);
    const gni_type *type = test_random_type(&random, &arena, 5, TEST_KINDS_ALL);
    CHECK_INT(gni_type_format(type, &text), GN_OK);
    CHECK_OK(gni_type_parse(gni_buf_view(&text), &arena, &back, &err), &err);
    CHECK(gni_type_equal(type, back) && gni_type_equal(back, type));
    gni_buf_deinit(&text);
    gni_arena_deinit(&arena);
  }
}

static void equality_sees_every_part_but_struct_names(void)
{
  CHECK(gni_type_equal(parse("struct<a:int>"), parse("struct<a:int>")));
  CHECK(!gni_type_equal(parse("struct<a:int>"), parse("struct<b:int>")));
  CHECK(!gni_type_equal(parse("struct<a:int>"), parse("struct<a:int,b:int>")));
  CHECK(!gni_type_equal(parse("array<int>"), parse("array<bigint>")));
  CHECK(!gni_type_equal(parse("decimal(5,2)"), parse("decimal(5,1)")));
  const gni_type *a = parse("struct<a:int>");
  CHECK(gni_type_equal(a, gni_type_struct(test_arena(), GN_STR("Named"), a->fields, 1)));
}

static void fields_are_found_by_name(void)
{
  const gni_type *type = parse("struct<a:int,b:string>");
  CHECK_INT(gni_type_find(type, GN_STR("b")), 1);
  CHECK_INT(gni_type_find(type, GN_STR("B")), -1);
  CHECK_INT(gni_type_find(&gni_type_int, GN_STR("b")), -1);
}

static void parse_with(const gn_alloc *alloc)
{
  gn_arena arena;
  gn_error err = {0};
  const gni_type *type;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_type_parse(GN_STR("struct<a:map<string,array<decimal(3,1)>>>"), &arena, &type, &err);
  CHECK(rc == GN_OK ? type->field_count == 1 : rc == GN_E_NOMEM && err.code == rc && !type);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK_INT(test_each_oom(parse_with), 1);
  for (size_t ceiling = 0; ceiling < 400; ceiling += 16) {
    gn_arena arena;
    gn_error err = {0};
    const gni_type *type;
    gni_arena_init(&arena, test_alloc(), ceiling);
    int rc = gni_type_parse(GN_STR("struct<a:array<int>,b:decimal(3,1)>"), &arena, &type, &err);
    CHECK(rc == GN_OK || rc == GN_E_LIMIT);
    gni_arena_deinit(&arena);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"types are written as Spark writes them", types_are_written_as_spark_writes_them},
      {"other spellings are read", other_spellings_are_read},
      {"wrong texts are refused with the place", wrong_texts_are_refused_with_the_place},
      {"types past the depth are refused", types_past_the_depth_are_refused},
      {"random types are read back as written", random_types_are_read_back_as_written},
      {"equality sees every part but struct names", equality_sees_every_part_but_struct_names},
      {"fields are found by name", fields_are_found_by_name},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
