/* Lists, maps, buckets and list positions: what an operation makes of its input.
 * SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

#include <stdio.h>

static void elements_of_lists_are_inputs(void)
{
  static const worked cases[] = {
      {"COUNT", "array<bigint>", .rows = "[[1,null,3]]", .answer = "2"},
      {"AVERAGE", "array<int>", .rows = "[[1,2,3],[3,4],[5]]", .answer = "3.0"},
      {"SUM", "array<bigint>", .rows = "[[]]", .answer = "null"},
      {"SUM", "array<bigint>", .rows = "[null,[null]]", .answer = "null"},
      {"SUM", "array<boolean>", .rows = "[[true,true],[false]]", .answer = "2"},
      {"MAX", "array<string>", .rows = "[[\"a\",\"c\"],[\"b\"]]", .answer = "\"c\""},
      {"TOP_K", "array<float>", .k = "2", .rows = "[[1,9],[5]]", .answer = "[9.0,5.0]"},
      {"UNIQUE_COUNT", "array<binary>", .rows = "[[\"AA==\",\"AA==\"]]", .answer = "1"},
      {"HISTOGRAM", "array<string>", .rows = "[[\"a\",\"b\"],[\"a\"]]",
       .answer = "{\"a\":2,\"b\":1}"},
      {"SUM", "array<bigint>", .rows = "[[1,2],[3]]", .dropped = "[[2,null]]", .answer = "4"},
      {"SKEW", "array<double>", .rows = "[[1,1]]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void lists_of_other_things_are_one_input(void)
{
  static const worked cases[] = {
      {"COUNT", "array<tinyint>", .rows = "[[1,2],[3]]", .answer = "2"},
      {"COUNT", "array<array<int>>", .rows = "[[[1],[2]]]", .answer = "1"},
      {"LAST", "array<int>", .rows = "[[1],[2,3]]", .answer = "[2,3]"},
      {"LAST_K", "array<int>", .k = "2", .rows = "[[1],[2,3]]", .answer = "[[2,3],[1]]"},
  };
  CHECK_WORKED(cases);
}

static void maps_are_aggregated_key_by_key(void)
{
  static const worked cases[] = {
      {"SUM", "map<string,bigint>", .rows = "[{\"b\":1,\"a\":2},null,{\"b\":5,\"c\":null}]",
       .answer = "{\"a\":2,\"b\":6}"},
      {"AVERAGE", "map<string,double>", .rows = "[{\"a\":1},{\"a\":2}]", .answer = "{\"a\":1.5}"},
      {"COUNT", "map<string,array<int>>", .rows = "[{\"a\":[1,2]},{\"a\":[]}]",
       .answer = "{\"a\":2}"},
      {"TOP_K", "map<string,bigint>", .k = "2", .rows = "[{\"a\":1},{\"a\":3},{\"a\":2}]",
       .answer = "{\"a\":[3,2]}"},
      {"MIN", "map<string,string>", .rows = "[{\"\":\"z\"},{\"\":\"y\"}]",
       .answer = "{\"\":\"y\"}"},
      {"SUM", "map<string,bigint>", .rows = "[{}]", .answer = "null"},
      {"SUM", "map<string,bigint>", .rows = "[{\"a\":null}]", .answer = "null"},
      {"SUM", "map<string,bigint>", .rows = "[{\"a\":1}]", .dropped = "[{\"a\":1,\"b\":4}]",
       .answer = "{\"a\":0,\"b\":-4}"},
      {"LAST", "map<string,bigint>", .rows = "[{\"a\":1},{\"b\":2}]", .answer = "{\"b\":2}"},
      {"COUNT", "map<int,bigint>", .rows = "[{\"1\":1},{\"2\":2}]", .answer = "2"},
  };
  CHECK_WORKED(cases);
}

static void buckets_have_a_state_each(void)
{
  static const worked cases[] = {
      {"SUM", "bigint", .rows = "[1,2,4,null]", .buckets = "[\"y\",\"x\",\"y\",\"z\"]",
       .answer = "{\"x\":2,\"y\":5}"},
      {"COUNT", "string", .rows = "[\"a\",\"b\"]", .buckets = "[null,\"\"]", .answer = "{\"\":1}"},
      {"AVERAGE", "array<int>", .rows = "[[1,3],[],[null],[5]]",
       .buckets = "[\"x\",\"y\",\"z\",\"x\"]", .answer = "{\"x\":3.0}"},
      {"LAST_K", "bigint", .k = "2", .rows = "[1,2,3]", .buckets = "[\"x\",\"x\",\"x\"]",
       .answer = "{\"x\":[3,2]}"},
      {"LAST", "map<string,int>", .rows = "[{\"a\":1}]", .buckets = "[\"x\"]",
       .answer = "{\"x\":{\"a\":1}}"},
      {"HISTOGRAM", "string", .rows = "[\"a\",\"a\"]", .buckets = "[\"x\",\"y\"]",
       .answer = "{\"x\":{\"a\":1},\"y\":{\"a\":1}}"},
      {"SUM", "bigint", .rows = "[]", .buckets = "[\"x\"]", .answer = "null"},
      {"SUM", "bigint", .rows = "[5]", .buckets = "[\"x\"]", .dropped = "[2]",
       .answer = "{\"x\":3}"},
      {"COUNT", "bigint", .rows = "[]", .buckets = "[\"x\"]", .dropped = "[2]",
       .answer = "{\"x\":-1}"},
  };
  CHECK_WORKED(cases);
}

static void many_buckets_are_found_again(void)
{
  const worked one = {.operation = "COUNT", .type = "bigint", .buckets = ""};
  const gni_aggregator *aggregator = make_aggregator(&one);
  void *state = make_state(aggregator), *twice = make_state(aggregator);
  gn_arena *arena = test_arena();
  gni_value input = gni_value_integer(1), out;
  for (int i = 0; i < 5000; i++) {
    char text[16];
    int len = snprintf(text, sizeof text, "b%d", i * 7919 % 1000);
    gni_value bucket = gni_value_text((gn_str){text, (size_t)len});
    CHECK_INT(gni_state_update(aggregator, state, &input, &bucket, 0, arena), GN_OK);
  }
  CHECK_INT(gni_state_merge(aggregator, twice, state, arena), GN_OK);
  CHECK_INT(gni_state_merge(aggregator, twice, state, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, twice, &out, arena), GN_OK);
  CHECK_INT(out.list.count, 1000);
  for (size_t i = 0; i < 1000; i++) {
    CHECK_INT(out.list.items[2 * i + 1].integer, 10);
    if (i > 0)
      CHECK(gni_str_compare(out.list.items[2 * i - 2].text, out.list.items[2 * i].text) < 0);
  }
}

static void element_by_element_every_position_has_a_state(void)
{
  static const worked cases[] = {
      {"SUM", "array<bigint>", .element_wise = true, .rows = "[[1,2],null,[3,4]]",
       .answer = "[4,6]"},
      {"AVERAGE", "array<double>", .element_wise = true, .rows = "[[1,2],[3,5]]",
       .answer = "[2.0,3.5]"},
      {"LAST", "array<string>", .element_wise = true, .rows = "[[\"a\",\"b\"],[\"c\",\"d\"]]",
       .answer = "[\"c\",\"d\"]"},
      {"LAST_K", "array<int>", .k = "2", .element_wise = true, .rows = "[[1],[2],[3]]",
       .answer = "[[3,2]]"},
      {"COUNT", "array<array<int>>", .element_wise = true, .rows = "[[[1],[]],[[],[]]]",
       .answer = "[2,2]"},
      {"SUM", "array<bigint>", .element_wise = true, .rows = "[[]]", .answer = "[]"},
      {"SUM", "array<bigint>", .element_wise = true, .rows = "[null]", .answer = "null"},
      {"SUM", "array<bigint>", .element_wise = true, .rows = "[[5,6]]", .dropped = "[[1,2]]",
       .answer = "[4,4]"},
      {"COUNT", "array<bigint>", .element_wise = true, .rows = "[]", .dropped = "[[1,2]]",
       .answer = "[-1,-1]"},
  };
  CHECK_WORKED(cases);
}

static void lists_of_another_length_or_with_nulls_are_refused_element_by_element(void)
{
  const worked one = {.operation = "SUM", .type = "array<bigint>", .element_wise = true};
  const gni_aggregator *aggregator = make_aggregator(&one);
  void *state = make_state(aggregator), *other = make_state(aggregator);
  gn_arena *arena = test_arena();
  const gni_type *type = parse_type(one.type);
  gni_value good = parse_value(type, "[1,2]"), longer = parse_value(type, "[1,2,3]"), out;
  gni_value holed = parse_value(type, "[1,null]");
  CHECK_INT(gni_state_update(aggregator, state, &holed, NULL, 0, arena), GN_E_INVALID);
  CHECK(gni_state_is_empty(aggregator, state));
  CHECK_INT(gni_state_update(aggregator, state, &good, NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_update(aggregator, state, &longer, NULL, 0, arena), GN_E_INVALID);
  CHECK_INT(gni_state_update(aggregator, state, &holed, NULL, 0, arena), GN_E_INVALID);
  CHECK_INT(gni_state_update(aggregator, other, &longer, NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_merge(aggregator, state, other, arena), GN_E_INVALID);
  CHECK_INT(gni_state_finish(aggregator, state, &out, arena), GN_OK);
  CHECK_TEXT(print_value(gni_aggregator_output(aggregator), &out), "[1,2]");
}

/* Only a column that is a plain number hides NaN. */
static void nan_stays_inside_maps_and_lists(void)
{
  static const worked cases[] = {
      {"SKEW", "bigint", .rows = "[1]", .buckets = "[\"x\"]", .answer = "{\"x\":\"NaN\"}"},
      {"SKEW", "map<string,bigint>", .rows = "[{\"a\":1}]", .answer = "{\"a\":\"NaN\"}"},
      {"SKEW", "array<bigint>", .element_wise = true, .rows = "[[1]]", .answer = "[\"NaN\"]"},
      {"SKEW", "array<bigint>", .rows = "[[1]]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void check_types(worked one, const char *output, const char *state)
{
  const gni_aggregator *aggregator = make_aggregator(&one);
  CHECK_TEXT(print_type(gni_aggregator_output(aggregator)), output);
  CHECK_TEXT(print_type(gni_aggregator_state_type(aggregator)), state);
  CHECK_INT(gni_aggregator_state_size(aggregator) % 8, 0);
}

static void outputs_and_states_have_chronons_types(void)
{
  const char *pairs = "array<struct<epochMillis:bigint,payload:string>>";
  check_types((worked){.operation = "COUNT", .type = "tinyint"}, "bigint", "bigint");
  check_types((worked){.operation = "SUM", .type = "int"}, "bigint", "bigint");
  check_types((worked){.operation = "SUM", .type = "float"}, "double", "double");
  check_types((worked){.operation = "AVERAGE", .type = "int"}, "double",
              "struct<sum:double,count:int>");
  check_types((worked){.operation = "VARIANCE", .type = "int"}, "double",
              "struct<count:int,mean:double,m2:double>");
  check_types((worked){.operation = "SKEW", .type = "float"}, "double", "array<double>");
  check_types((worked){.operation = "KURTOSIS", .type = "float"}, "double", "array<double>");
  check_types((worked){.operation = "MIN", .type = "smallint"}, "smallint", "smallint");
  check_types((worked){.operation = "UNIQUE_COUNT", .type = "binary"}, "bigint", "array<binary>");
  check_types((worked){.operation = "BOUNDED_UNIQUE_COUNT", .type = "string"}, "bigint",
              "array<string>");
  check_types((worked){.operation = "HISTOGRAM", .type = "string"}, "map<string,int>",
              "map<string,int>");
  check_types((worked){.operation = "TOP_K", .type = "float", .k = "1"}, "array<float>",
              "array<float>");
  check_types((worked){.operation = "LAST", .type = "int"}, "int",
              "struct<epochMillis:bigint,payload:int>");
  check_types((worked){.operation = "LAST_K", .type = "string", .k = "1"}, "array<string>", pairs);
  check_types((worked){.operation = "SUM", .type = "array<float>"}, "double", "double");
  check_types((worked){.operation = "SUM", .type = "array<float>", .element_wise = true},
              "array<double>", "array<double>");
  check_types((worked){.operation = "SUM", .type = "map<string,int>"}, "map<string,bigint>",
              "map<string,bigint>");
  check_types((worked){.operation = "AVERAGE", .type = "int", .buckets = ""}, "map<string,double>",
              "map<string,struct<sum:double,count:int>>");
}

static void check_state_name(worked one, const char *name)
{
  const gni_type *type = gni_aggregator_state_type(make_aggregator(&one));
  while (type->kind == GNI_LIST || type->kind == GNI_MAP)
    type = type->fields[type->kind == GNI_MAP].type;
  CHECK_STR(type->name, name);
}

static void states_have_chronons_names(void)
{
  check_state_name((worked){.operation = "AVERAGE", .type = "int"}, "AvgIr");
  check_state_name((worked){.operation = "VARIANCE", .type = "int"}, "VarianceIr");
  check_state_name((worked){.operation = "FIRST", .type = "array<string>"}, "TimePair_list_string");
  check_state_name((worked){.operation = "FIRST", .type = "map<string,int>"},
                   "TimePair_map_string_int");
  check_state_name((worked){.operation = "LAST", .type = "boolean"}, "TimePair_bool");
  check_state_name((worked){.operation = "LAST", .type = "tinyint"}, "TimePair_byte");
  check_state_name((worked){.operation = "LAST", .type = "smallint"}, "TimePair_short");
  check_state_name((worked){.operation = "LAST", .type = "bigint"}, "TimePair_long");
  check_state_name((worked){.operation = "LAST", .type = "float"}, "TimePair_float");
  check_state_name((worked){.operation = "LAST", .type = "binary"}, "TimePair_binary");
  check_state_name((worked){.operation = "LAST", .type = "decimal(9,2)"}, "TimePair_decimal");
  check_state_name((worked){.operation = "LAST_K", .type = "double", .k = "2"}, "TimePair_double");
  check_state_name((worked){.operation = "LAST", .type = "int", .buckets = ""}, "TimePair_int");
  check_state_name((worked){.operation = "LAST", .type = "array<date>"}, "TimePair_list_date");
  check_state_name((worked){.operation = "LAST", .type = "map<int,array<timestamp>>"},
                   "TimePair_map_int_list_timestamp");
}

static void only_sums_counts_and_histograms_can_be_taken_back(void)
{
  static const worked cases[] = {
      {"MAX", "bigint", .rows = "[5,9]", .dropped = "[9]", .answer = "9"},
      {"LAST", "bigint", .rows = "[5,9]", .dropped = "[9]", .answer = "9"},
      {"VARIANCE", "bigint", .rows = "[5]", .dropped = "[9]", .answer = "0.0"},
      {"UNIQUE_COUNT", "bigint", .rows = "[5,9]", .dropped = "[9]", .answer = "2"},
  };
  CHECK_WORKED(cases);
  static const char *const deletable[] = {"COUNT", "SUM", "AVERAGE", "HISTOGRAM"};
  for (int i = 0; i < GNI_OPERATION_COUNT; i++) {
    bool expected = false;
    const char *name = gni_operation_name(i);
    for (int j = 0; j < 4; j++) expected = expected || strcmp(name, deletable[j]) == 0;
    bool numbers = i != GNI_HISTOGRAM;
    const worked one = {.operation = name, .k = "8", .type = numbers ? "bigint" : "string"};
    const worked bucketed = {.operation = name, .k = "8", .type = one.type, .buckets = ""};
    CHECK_INT(gni_aggregator_deletable(make_aggregator(&one)), expected);
    CHECK_INT(gni_aggregator_deletable(make_aggregator(&bucketed)), expected);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"elements of lists are inputs", elements_of_lists_are_inputs},
      {"lists of other things are one input", lists_of_other_things_are_one_input},
      {"maps are aggregated key by key", maps_are_aggregated_key_by_key},
      {"buckets have a state each", buckets_have_a_state_each},
      {"many buckets are found again", many_buckets_are_found_again},
      {"element by element, every position has a state",
       element_by_element_every_position_has_a_state},
      {"lists of another length or with nulls are refused element by element",
       lists_of_another_length_or_with_nulls_are_refused_element_by_element},
      {"NaN stays inside maps and lists", nan_stays_inside_maps_and_lists},
      {"outputs and states have Chronon's types", outputs_and_states_have_chronons_types},
      {"states have Chronon's names", states_have_chronons_names},
      {"only sums, counts and histograms can be taken back",
       only_sums_counts_and_histograms_can_be_taken_back},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
