/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include "kit/random_values.h"

static const gni_type *type_of(const char *text)
{
  gn_error err = {0};
  const gni_type *type;
  CHECK_OK(gni_type_parse(gni_str(text), test_arena(), &type, &err), &err);
  return type;
}

static int read_as(const char *type, const char *text, gni_value *out, gn_error *err)
{
  const gni_json *node;
  gn_arena *arena = test_arena();
  CHECK_INT(gni_json_parse(gni_str(text), 16, arena, &node, err), GN_OK);
  return gni_json_to_value(node, type_of(type), arena, out, err);
}

static void close_buf(void *buf)
{
  gni_buf_deinit(buf);
}

/* What is read as a type is written so. */
static void check_written(const char *type, const char *text, const char *expected)
{
  static gn_buf out;
  gn_error err = {0};
  gni_value value;
  CHECK_OK(read_as(type, text, &value, &err), &err);
  gni_buf_init(&out, &gni_libc_alloc, 1 << 20);
  test_later(close_buf, &out);
  CHECK_INT(gni_value_to_json(type_of(type), &value, &out), GN_OK);
  CHECK_STR(gni_buf_view(&out), expected);
  gni_buf_deinit(&out);
}

static void values_are_written_as_their_type_says(void)
{
  static const struct {
    const char *type, *text, *written;
  } cases[] = {
      {"boolean", "true", "true"},
      {"tinyint", "-128", "-128"},
      {"bigint", "1e3", "1000"},
      {"bigint", "-9223372036854775808", "-9223372036854775808"},
      {"float", "0.1", "0.1"},
      {"double", "3", "3.0"},
      {"double", "\"NaN\"", "\"NaN\""},
      {"double", "\"-Infinity\"", "\"-Infinity\""},
      {"string", "\"\\u00fc\\n\"", "\"\xC3\xBC\\n\""},
      {"binary", "\"AAH/\"", "\"AAH/\""},
      {"date", "\"2025-02-01\"", "\"2025-02-01\""},
      {"date", "2932897", "2932897"},
      {"date", "2932896", "\"9999-12-31\""},
      {"date", "-719528", "\"0000-01-01\""},
      {"timestamp", "-62167219200000001", "-62167219200000001"},
      {"map<date,int>", "{\"2932897\":1,\"2025-02-01\":2}", "{\"2025-02-01\":2,\"2932897\":1}"},
      {"date", "-1", "\"1969-12-31\""},
      {"timestamp", "\"2025-02-01\"", "\"2025-02-01T00:00:00Z\""},
      {"timestamp", "\"2025-02-01 06:30\"", "\"2025-02-01T06:30:00Z\""},
      {"timestamp", "\"2025-02-01T06:30:01.5+05:30\"", "\"2025-02-01T01:00:01.500Z\""},
      {"timestamp", "\"2025-02-01T06:30:01.123456789Z\"", "\"2025-02-01T06:30:01.123456Z\""},
      {"timestamp", "-1", "\"1969-12-31T23:59:59.999999Z\""},
      {"decimal(5,2)", "-1.5", "\"-1.50\""},
      {"decimal(5,2)", "\"0.01\"", "\"0.01\""},
      {"decimal(5,2)", "7", "\"7.00\""},
      {"decimal(38,0)", "\"-99999999999999999999999999999999999999\"",
       "\"-99999999999999999999999999999999999999\""},
      {"decimal(38,38)", "\"0.00000000000000000000000000000000000001\"",
       "\"0.00000000000000000000000000000000000001\""},
      {"decimal(10,0)", "\"12e3\"", "\"12000\""},
      {"decimal(10,0)", "\"1200e-2\"", "\"12\""},
      {"array<int>", "[1,null]", "[1,null]"},
      {"map<string,int>", "{\"b\":1,\"a\":null,\"\":3}", "{\"\":3,\"a\":null,\"b\":1}"},
      {"map<bigint,string>", "{\"10\":\"x\",\"9\":\"y\"}", "{\"9\":\"y\",\"10\":\"x\"}"},
      {"map<struct<a:int>,int>", "{\"{\\\"a\\\":1}\":2}", "{\"{\\\"a\\\":1}\":2}"},
      {"struct<b:int,a:string>", "{\"a\":\"x\"}", "{\"b\":null,\"a\":\"x\"}"},
      {"void", "null", "null"},
      {"int", "null", "null"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_written(cases[i].type, cases[i].text, cases[i].written);
}

static void keys_are_in_byte_order_not_in_java_order(void)
{
  check_written("map<string,int>", "{\"\xF0\x9F\x98\x80\":1,\"\xEF\xBF\xBD\":2}",
                "{\"\xEF\xBF\xBD\":2,\"\xF0\x9F\x98\x80\":1}");
}

static void what_does_not_fit_is_refused_with_path_and_place(void)
{
  static const struct {
    const char *type, *text, *where, *message;
  } cases[] = {
      {"tinyint", "128", "", "128 at line 1, column 1 does not fit into 8 bits"},
      {"int", "-2147483649", "", "-2147483649 at line 1, column 1 does not fit into 32 bits"},
      {"bigint", "9223372036854775808", "",
       "an integer expected at line 1, column 1, but there is a number"},
      {"int", "1.5", "", "an integer expected at line 1, column 1, but there is a number"},
      {"int", "\"1\"", "", "an integer expected at line 1, column 1, but there is a text"},
      {"boolean", "1", "", "a boolean expected at line 1, column 1, but there is an integer"},
      {"string", "1", "", "a text expected at line 1, column 1, but there is an integer"},
      {"double", "\"1.5\"", "",
       "'1.5' at line 1, column 1 is not a number, \"NaN\", \"Infinity\" or \"-Infinity\""},
      {"float", "1e39", "", "the number at line 1, column 1 does not fit into a float"},
      {"binary", "\"AAH\"", "", "'AAH' at line 1, column 1 is not base64"},
      {"date", "\"2025-02-30\"", "",
       "'2025-02-30' at line 1, column 1 is not a date like 2025-02-01"},
      {"timestamp", "\"2025-02-01T24:00Z\"", "",
       "'2025-02-01T24:00Z' at line 1, column 1 is not a time like 2025-02-01T06:30:00Z"},
      {"decimal(3,1)", "0.25", "", "the number at line 1, column 1 does not fit decimal(3,1)"},
      {"decimal(3,1)", "100", "", "the number at line 1, column 1 does not fit decimal(3,1)"},
      {"decimal(3,1)", "\"1.2.3\"", "", "'1.2.3' at line 1, column 1 is not a decimal number"},
      {"struct<trips:array<struct<fare:double>>>", "{\"trips\": [{\"fare\": 1}, {\"fare\": true}]}",
       "trips: [1]: fare", "a number expected at line 1, column 34, but there is a boolean"},
      {"struct<amount:int>", "{\"amuont\": 1}", "",
       "there is no field 'amuont' (line 1, column 2)"},
      {"map<int,int>", "{\"x\": 1}", "x",
       "an integer expected at line 1, column 2, but there is a text"},
      {"array<int>", "{}", "", "a list expected at line 1, column 1, but there is an object"},
      {"void", "1", "", "null expected at line 1, column 1, but there is an integer"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    gni_value value;
    CHECK_INT(read_as(cases[i].type, cases[i].text, &value, &err), GN_E_TYPE);
    CHECK_TEXT(err.message, cases[i].message);
    CHECK_TEXT(err.where, cases[i].where);
  }
  gn_error err = {0};
  gni_value value;
  read_as("struct<amount:int>", "{\"amuont\": 1}", &value, &err);
  CHECK_TEXT(err.hint, "did you mean 'amount'?");
}

static void any_value_is_read_back_as_written(void)
{
  test_random random = test_random_new(11);
  for (int i = 0; i < 2000 * test_effort(); i++) {
    gn_arena arena;
    gn_buf out;
    gn_error err = {0};
    const gni_json *node;
    gni_value back;
    gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
    gni_buf_init(&out, &gni_libc_alloc, 1 << 20);
    const gni_type *type = test_random_type(&random, &arena, 4, TEST_KINDS_ALL);
    gni_value value = test_random_value(&random, &arena, type, 0.1);
    CHECK_INT(gni_value_to_json(type, &value, &out), GN_OK);
    CHECK_OK(gni_json_parse(gni_buf_view(&out), 16, &arena, &node, &err), &err);
    CHECK_OK(gni_json_to_value(node, type, &arena, &back, &err), &err);
    CHECK(gni_value_equal(type, &value, &back));
    gni_buf_deinit(&out);
    gni_arena_deinit(&arena);
  }
}

static void write_and_read(const gn_alloc *alloc)
{
  gn_arena arena;
  gn_buf out;
  gn_error err = {0};
  gni_value value, back;
  const gni_json *node;
  const char *type = "struct<m:map<bigint,string>,b:binary>";
  CHECK_OK(read_as(type, "{\"m\":{\"2\":\"x\",\"1\":\"y\"},\"b\":\"AAAA\"}", &value, &err), &err);
  gni_buf_init(&out, alloc, 1 << 20);
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_value_to_json(type_of(type), &value, &out);
  if (rc == GN_OK) rc = gni_json_parse(gni_buf_view(&out), 8, &arena, &node, &err);
  if (rc == GN_OK) rc = gni_json_to_value(node, type_of(type), &arena, &back, &err);
  CHECK(rc == GN_OK ? gni_value_equal(type_of(type), &value, &back) : rc == GN_E_NOMEM);
  gni_buf_deinit(&out);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(write_and_read) >= 4);
}

int main(void)
{
  static const test_case cases[] = {
      {"values are written as their type says", values_are_written_as_their_type_says},
      {"keys are in byte order, not in Java's", keys_are_in_byte_order_not_in_java_order},
      {"what does not fit is refused with path and place",
       what_does_not_fit_is_refused_with_path_and_place},
      {"any value is read back as written", any_value_is_read_back_as_written},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
