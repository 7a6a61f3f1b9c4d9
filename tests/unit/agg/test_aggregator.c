/* What an aggregator refuses, and in which words. SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

static void operations_are_known_by_name_in_any_case(void)
{
  for (int i = 0; i < GNI_OPERATION_COUNT; i++)
    CHECK_INT(gni_operation_find(gni_str(gni_operation_name(i))), i);
  CHECK_INT(gni_operation_find(GN_STR("last_k")), GNI_LAST_K);
  CHECK_INT(gni_operation_find(GN_STR("Approx_Histogram_K")), GNI_APPROX_HISTOGRAM_K);
  CHECK_INT(gni_operation_find(GN_STR("MEDIAN")), -1);
  CHECK_INT(gni_operation_find(GN_STR("")), -1);
  CHECK(gni_operation_name(-1) == NULL && gni_operation_name(GNI_OPERATION_COUNT) == NULL);
  CHECK(!gni_operation_is_timed(-1) && !gni_operation_is_timed(GNI_OPERATION_COUNT));
}

static void check_refused(worked one, int code, const char *message, const char *hint)
{
  gn_error err = {0};
  CHECK(try_aggregator(&one, &err) == NULL);
  CHECK_INT(err.code, code);
  CHECK_TEXT(err.message, message);
  CHECK_TEXT(err.hint, hint);
}

static const char *const numbers = "int, bigint, smallint, float, double";

static const char *takes(const char *operation, const char *types)
{
  return gni_str_format(worked_arena(), "%s takes %s", operation, types).ptr;
}

/* Each operation over a type of each kind: it is made or refused, as the table of Chronon says. */
static void every_operation_takes_its_types_and_no_others(void)
{
  static const char *const types[] = {
      "tinyint",     "boolean", "smallint", "int",          "bigint",        "float",
      "double",      "string",  "binary",   "decimal(9,2)", "struct<a:int>", "array<array<int>>",
      "map<int,int>"};
  enum { TYPES = sizeof types / sizeof *types };
  static const struct {
    int operation;
    const char *taken; /* one letter a type */
  } table[] = {
      {GNI_COUNT, "+++++++++++++"},        {GNI_SUM, ".++++++......"},
      {GNI_AVERAGE, "..+++++......"},      {GNI_VARIANCE, "..+++++......"},
      {GNI_SKEW, "..+++++......"},         {GNI_KURTOSIS, "..+++++......"},
      {GNI_MIN, "..++++++....."},          {GNI_MAX, "..++++++....."},
      {GNI_UNIQUE_COUNT, "..+++++++...."}, {GNI_BOUNDED_UNIQUE_COUNT, "..+++++++...."},
      {GNI_HISTOGRAM, ".......+....."},    {GNI_TOP_K, "..++++++....."},
      {GNI_BOTTOM_K, "..++++++....."},     {GNI_FIRST, "+++++++++++++"},
      {GNI_LAST, "+++++++++++++"},         {GNI_FIRST_K, "+++++++++++++"},
      {GNI_LAST_K, "+++++++++++++"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *name = gni_operation_name(table[i].operation);
    for (size_t j = 0; j < TYPES; j++) {
      const worked one = {.operation = name, .type = types[j], .k = "2"};
      gn_error err = {0};
      bool made = try_aggregator(&one, &err) != NULL;
      if (made != (table[i].taken[j] == '+'))
        test_fail(__FILE__, __LINE__, "%s of %s is %s", name, types[j], made ? "made" : "refused");
      if (made) continue;
      CHECK_INT(err.code, GN_E_TYPE);
      CHECK_TEXT(err.message, gni_str_format(worked_arena(), "%s is incompatible with %s",
                                             print_type(parse_type(types[j])), name)
                                  .ptr);
    }
  }
}

static void a_wrong_type_is_told_what_would_be_right(void)
{
  check_refused((worked){.operation = "SUM", .type = "string"}, GN_E_TYPE,
                "string is incompatible with SUM",
                "SUM takes int, bigint, smallint, float, double, boolean");
  check_refused((worked){.operation = "SUM", .type = "array<string>"}, GN_E_TYPE,
                "array<string> is incompatible with SUM",
                "SUM takes int, bigint, smallint, float, double, boolean");
  check_refused((worked){.operation = "AVERAGE", .type = "map<string,string>"}, GN_E_TYPE,
                "map<string,string> is incompatible with AVERAGE", takes("AVERAGE", numbers));
  check_refused((worked){.operation = "SUM", .type = "array<array<int>>", .element_wise = true},
                GN_E_TYPE, "array<array<int>> is incompatible with SUM",
                "SUM takes int, bigint, smallint, float, double, boolean");
  check_refused((worked){.operation = "HISTOGRAM", .type = "bigint"}, GN_E_TYPE,
                "bigint is incompatible with HISTOGRAM", "HISTOGRAM takes string");
  check_refused((worked){.operation = "MAX", .type = "boolean", .buckets = ""}, GN_E_TYPE,
                "boolean is incompatible with MAX",
                "MAX takes int, bigint, smallint, float, double, string");
}

static void dates_and_timestamps_are_to_be_converted(void)
{
  const char *hint = "convert it to a bigint in the selects, for example to milliseconds";
  for (int i = 0; i < GNI_OPERATION_COUNT; i++) {
    const char *name = gni_operation_name(i);
    check_refused((worked){.operation = name, .type = "date", .k = "1"}, GN_E_TYPE,
                  gni_str_format(worked_arena(), "date is incompatible with %s", name).ptr, hint);
    check_refused((worked){.operation = name, .type = "timestamp", .k = "1"}, GN_E_TYPE,
                  gni_str_format(worked_arena(), "timestamp is incompatible with %s", name).ptr,
                  hint);
  }
}

static void what_does_not_go_together_is_named(void)
{
  check_refused((worked){.operation = "SUM", .type = "bigint", .element_wise = true}, GN_E_TYPE,
                "element-wise SUM needs a list as its input, not bigint", "");
  check_refused(
      (worked){.operation = "SUM", .type = "array<bigint>", .element_wise = true, .buckets = ""},
      GN_E_INVALID, "an element-wise aggregation takes no buckets", "");
  check_refused((worked){.operation = "SUM", .type = "map<string,bigint>", .buckets = ""},
                GN_E_INVALID, "SUM of a map takes no buckets: the keys of the map are the buckets",
                "");
}

static void k_is_a_whole_number_in_range(void)
{
  check_refused((worked){.operation = "LAST_K", .type = "int"}, GN_E_INVALID,
                "LAST_K needs the argument 'k'",
                "write argMap {\"k\": \"3\"}, or Operation.LAST_K(3)");
  check_refused((worked){.operation = "TOP_K", .type = "int", .k = "0"}, GN_E_INVALID,
                "argument 'k' of TOP_K is 0, not between 1 and 2147483647", "");
  check_refused((worked){.operation = "FIRST_K", .type = "int", .k = "-1"}, GN_E_INVALID,
                "argument 'k' of FIRST_K is -1, not between 1 and 2147483647", "");
  check_refused((worked){.operation = "BOTTOM_K", .type = "int", .k = "many"}, GN_E_INVALID,
                "argument 'k' of BOTTOM_K is 'many', not a whole number", "");
  check_refused((worked){.operation = "BOUNDED_UNIQUE_COUNT", .type = "int", .k = "1.5"},
                GN_E_INVALID, "argument 'k' of BOUNDED_UNIQUE_COUNT is '1.5', not a whole number",
                "");
  check_refused((worked){.operation = "HISTOGRAM", .type = "string", .k = "2147483648"},
                GN_E_INVALID,
                "argument 'k' of HISTOGRAM is 2147483648, not between 0 and 2147483647", "");
  make_aggregator(&(worked){.operation = "LAST_K", .type = "int", .k = "2147483647"});
  make_aggregator(
      &(worked){.operation = "SUM", .type = "int", .k = "nonsense that SUM does not read"});
}

static void a_sketch_has_a_size_in_range(void)
{
  check_refused((worked){.operation = "APPROX_UNIQUE_COUNT", .type = "int", .k = "3"}, GN_E_INVALID,
                "argument 'k' of APPROX_UNIQUE_COUNT is 3, not between 4 and 26", "");
  check_refused((worked){.operation = "APPROX_PERCENTILE", .type = "int", .k = "7"}, GN_E_INVALID,
                "argument 'k' of APPROX_PERCENTILE is 7, not between 8 and 65535", "");
  check_refused((worked){.operation = "APPROX_HISTOGRAM_K", .type = "int", .k = "0"}, GN_E_INVALID,
                "argument 'k' of APPROX_HISTOGRAM_K is 0, not between 1 and 16777216", "");
  check_refused((worked){.operation = "APPROX_PERCENTILE", .type = "string"}, GN_E_TYPE,
                "string is incompatible with APPROX_PERCENTILE",
                "APPROX_PERCENTILE takes int, bigint, smallint, float, double");
  check_refused((worked){.operation = "APPROX_HISTOGRAM_K", .type = "binary"}, GN_E_TYPE,
                "binary is incompatible with APPROX_HISTOGRAM_K",
                "APPROX_HISTOGRAM_K takes int, bigint, smallint, float, double, string");
}

static void an_unknown_operation_is_refused(void)
{
  check_refused((worked){.operation = "MEDIAN", .type = "int"}, GN_E_INVALID,
                "there is no operation -1", "");
}

static void make_one(const gn_alloc *alloc)
{
  static const gn_str names[] = {{"k", 1}}, values[] = {{"2", 1}};
  const gni_aggregation aggregation = {.operation = GNI_LAST_K,
                                       .argument_names = names,
                                       .argument_values = values,
                                       .argument_count = 1};
  const gni_aggregator *made;
  gn_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_aggregator_take(&arena, &aggregation, &gni_type_string, true, &made, &err);
  CHECK(rc == GN_OK ? made != NULL : rc == GN_E_NOMEM && err.code == rc && !made);
  gni_arena_deinit(&arena);
}

static void refuse_one(const gn_alloc *alloc)
{
  const gni_aggregation aggregation = {.operation = GNI_SUM};
  const gni_aggregator *made;
  gn_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_aggregator_take(&arena, &aggregation, &gni_type_string, true, &made, &err);
  CHECK(!made && err.code == rc && (rc == GN_E_TYPE || rc == GN_E_NOMEM));
  gni_arena_deinit(&arena);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(make_one) >= 1);
  CHECK(test_each_oom(refuse_one) >= 2);
}

/* With ever larger arenas every single take fails once. */
static void a_full_arena_is_an_answer(void)
{
  static const gn_str names[] = {{"k", 1}}, values[] = {{"2", 1}};
  const gni_aggregation aggregation = {.operation = GNI_LAST_K,
                                       .argument_names = names,
                                       .argument_values = values,
                                       .argument_count = 1};
  int rc = GN_E_LIMIT;
  size_t refused = 0;
  for (size_t ceiling = 0; rc != GN_OK; ceiling += 16) {
    const gni_aggregator *made;
    gn_error err = {0};
    gn_arena arena;
    gni_arena_init(&arena, test_alloc(), ceiling);
    rc = gni_aggregator_take(&arena, &aggregation, parse_type("map<string,array<int>>"), true,
                             &made, &err);
    gni_arena_deinit(&arena);
    CHECK(rc == GN_OK || (rc == GN_E_LIMIT && err.code == rc && !made));
    refused += rc != GN_OK;
  }
  CHECK(refused > 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"operations are known by name in any case", operations_are_known_by_name_in_any_case},
      {"every operation takes its types and no others",
       every_operation_takes_its_types_and_no_others},
      {"a wrong type is told what would be right", a_wrong_type_is_told_what_would_be_right},
      {"dates and timestamps are to be converted", dates_and_timestamps_are_to_be_converted},
      {"what does not go together is named", what_does_not_go_together_is_named},
      {"k is a whole number in range", k_is_a_whole_number_in_range},
      {"a sketch has a size in range", a_sketch_has_a_size_in_range},
      {"an unknown operation is refused", an_unknown_operation_is_refused},
      {"no memory is an answer", no_memory_is_an_answer},
      {"a full arena is an answer", a_full_arena_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
