/* Every function of PySpark is sent as PySpark sends it. SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/functions.h>
#include <stdio.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

enum { ARGUMENTS_MAX = 8 };

static gn_buf golden;

static void free_golden(void *unused)
{
  (void)unused;
  gni_buf_deinit(&golden);
}

static void read_golden(void)
{
  gn_error why = {0};
  gni_buf_init(&golden, test_alloc(), 4 << 20);
  test_later(free_golden, NULL);
  CHECK_OK(gni_file_read(test_golden("sparkconnect/functions.txt"), &golden, &why), &why);
}

/* name, then a number and bytes, or a dash */
static bool next_row(gn_str *rest, char name[64], int64_t *count, gn_str *bytes)
{
  gn_str line, word;
  if (!gni_str_split(rest, '\n', &line) || line.len == 0) return false;
  CHECK(gni_str_split(&line, ' ', &word));
  snprintf(name, 64, "%.*s", GN_STR_ARGS(word));
  CHECK(gni_str_split(&line, ' ', &word));
  *bytes = line;
  if (gni_parse_int64(word, count) != GN_OK) *count = -1;
  return true;
}

static sparkc_column *call(const char *name, size_t count)
{
  sparkc_column *arguments[ARGUMENTS_MAX];
  for (size_t i = 0; i < count; i++) {
    char column[24];
    snprintf(column, sizeof column, "c%zu", i);
    arguments[i] = sparkc_col(column);
  }
  return sparkc_function(name, arguments, count);
}

static void check_call(const char *name, size_t count, gn_str expected)
{
  uint8_t bytes[1024];
  char hex[2 * sizeof bytes + 1] = "", wanted[sizeof hex];
  sparkc_error err = {0};
  sparkc_column *column = call(name, count);
  sparkc_column_error(column, &err);
  CHECK_TEXT(err.message, "");
  size_t size = protobuf_c_message_pack(&column->message.base, bytes);
  for (size_t i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  snprintf(wanted, sizeof wanted, "%.*s", GN_STR_ARGS(expected));
  if (strcmp(hex, wanted) != 0) fprintf(stderr, "%s of %zu\n", name, count);
  CHECK_TEXT(hex, wanted);
  sparkc_column_free(column);
}

static void every_number_of_arguments_has_pysparks_bytes(void)
{
  char name[64];
  int64_t count;
  gn_str bytes;
  read_golden();
  for (gn_str rest = gni_buf_view(&golden); next_row(&rest, name, &count, &bytes);)
    if (count >= 0) check_call(name, (size_t)count, bytes);
}

static bool known(const char *name)
{
  sparkc_function_info info;
  for (size_t i = 0; sparkc_function_at(i, &info); i++)
    if (strcmp(info.name, name) == 0) return true;
  return false;
}

/* Names of PySpark's list that have a call of their own here. */
static const char *const elsewhere[] = {
    "asc", "asc_nulls_first", "asc_nulls_last", "broadcast",        "call_function",   "call_udf",
    "col", "column",          "desc",           "desc_nulls_first", "desc_nulls_last", "expr",
    "lit",
};
/* Python's own: classes, and functions that are sent as Python code. */
static const char *const of_python[] = {
    "AnalyzeArgument", "AnalyzeResult", "arrow_udf", "arrow_udtf", "pandas_udf", "udf", "udtf"};

static bool among(const char *name, const char *const *names, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static void all_of_pysparks_names_are_known_but_those_of_python_itself(void)
{
  char name[64], last[64] = "";
  int64_t count;
  gn_str bytes;
  int total = 0, covered = 0;
  read_golden();
  for (gn_str rest = gni_buf_view(&golden); next_row(&rest, name, &count, &bytes);) {
    if (strcmp(name, last) == 0) continue;
    memcpy(last, name, sizeof last);
    total++;
    bool here = known(name) || among(name, elsewhere, sizeof elsewhere / sizeof *elsewhere);
    covered += here;
    if (!here && !among(name, of_python, sizeof of_python / sizeof *of_python))
      test_fail(__FILE__, __LINE__, "%s is not known", name);
  }
  fprintf(stderr, "# functions: %d of %d\n", covered, total);
  CHECK_INT(total - covered, (int)(sizeof of_python / sizeof *of_python));
}

static void the_table_is_sorted_and_its_numbers_make_sense(void)
{
  sparkc_function_info info, last = {.name = ""};
  for (size_t i = 0; sparkc_function_at(i, &info); i++) {
    int order = strcmp(last.name, info.name);
    CHECK(order < 0 || (order == 0 && last.most < info.least));
    CHECK(info.least <= info.most);
    last = info;
  }
}

static void check_failed(sparkc_column *column, const char *message, const char *hint)
{
  sparkc_error err = {0};
  CHECK_INT(sparkc_column_error(column, &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, message);
  CHECK_TEXT(err.hint, hint);
  sparkc_column_free(column);
}

static void wrong_names_and_numbers_are_told(void)
{
  check_failed(call("greatst", 2), "PySpark 4.1.1 has no function greatst",
               "did you mean greatest?");
  check_failed(call("sqrt", 2), "sqrt does not take 2 arguments", "it takes 1");
  check_failed(call("lag", 0), "lag does not take 0 arguments", "it takes 1 to 3");
  check_failed(call("greatest", 1), "greatest does not take 1 arguments", "it takes at least 2");
}

static void a_seed_is_sent_where_none_is_given(void)
{
  sparkc_column *a = call("rand", 0), *b = call("rand", 0);
  const Spark__Connect__Expression *one = &a->message.expression, *two = &b->message.expression;
  CHECK_INT(one->unresolved_function->n_arguments, 1);
  CHECK(one->unresolved_function->arguments[0]->literal->long_ !=
        two->unresolved_function->arguments[0]->literal->long_);
  sparkc_column_free(a);
  sparkc_column_free(b);
}

static void an_argument_that_failed_fails_the_call(void)
{
  sparkc_column *inner = call("greatst", 1);
  check_failed(sparkc_function("sqrt", &inner, 1), "PySpark 4.1.1 has no function greatst",
               "did you mean greatest?");
}

int main(void)
{
  static const test_case cases[] = {
      {"every number of arguments has PySpark's bytes",
       every_number_of_arguments_has_pysparks_bytes},
      {"all of PySpark's names are known but those of Python itself",
       all_of_pysparks_names_are_known_but_those_of_python_itself},
      {"the table is sorted, and its numbers make sense",
       the_table_is_sorted_and_its_numbers_make_sense},
      {"wrong names and numbers are told", wrong_names_and_numbers_are_told},
      {"a seed is sent where none is given", a_seed_is_sent_where_none_is_given},
      {"an argument that failed fails the call", an_argument_that_failed_fails_the_call},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
