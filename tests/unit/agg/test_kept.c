/* Operations that keep values: FIRST, LAST, the K lists, distinct counts and histograms.
 * SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

#include <math.h>
#include <stdio.h>

static void first_and_last_go_by_time(void)
{
  static const worked cases[] = {
      {"LAST", "string", .rows = "[\"a\",\"b\",null,\"c\",\"d\"]", .answer = "\"d\""},
      {"FIRST", "string", .rows = "[null,\"b\",\"c\"]", .answer = "\"b\""},
      {"LAST", "bigint", .rows = "[1,2,3]", .times = "[5,9,7]", .answer = "2"},
      {"FIRST", "bigint", .rows = "[1,2,3]", .times = "[5,-9,7]", .answer = "2"},
      {"LAST", "bigint", .rows = "[1,null]", .answer = "1"},
      {"LAST", "boolean", .rows = "[true,false]", .answer = "false"},
      {"FIRST", "tinyint", .rows = "[4,5]", .answer = "4"},
      {"LAST", "array<string>", .rows = "[[\"a\"],[\"b\",null],[]]", .answer = "[]"},
      {"FIRST", "map<string,int>", .rows = "[{\"a\":1},{\"b\":2}]", .answer = "{\"a\":1}"},
      {"LAST", "struct<x:int,y:string>", .rows = "[{\"x\":1,\"y\":\"z\"}]",
       .answer = "{\"x\":1,\"y\":\"z\"}"},
      {"LAST", "double", .rows = "[]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void at_one_millisecond_first_and_last_keep_the_earlier_row(void)
{
  static const worked cases[] = {
      {"FIRST", "string", .rows = "[\"a\",\"b\",\"c\"]", .times = "[1,1,2]", .answer = "\"a\""},
      {"LAST", "string", .rows = "[\"a\",\"b\",\"c\"]", .times = "[0,1,1]", .answer = "\"b\""},
  };
  CHECK_WORKED(cases);
}

static void lists_by_time(void)
{
  static const worked cases[] = {
      {"LAST_K", "string", .k = "3", .rows = "[\"a\",\"b\",null,\"c\",\"d\"]",
       .answer = "[\"d\",\"c\",\"b\"]"},
      {"FIRST_K", "string", .k = "2", .rows = "[\"a\",\"b\",null,\"c\",\"d\"]",
       .answer = "[\"a\",\"b\"]"},
      {"LAST_K", "string", .k = "9", .rows = "[\"a\",\"b\"]", .answer = "[\"b\",\"a\"]"},
      {"LAST_K", "bigint", .k = "1", .rows = "[1,2,3]", .answer = "[3]"},
      {"FIRST_K", "bigint", .k = "1", .rows = "[1,2,3]", .answer = "[1]"},
      {"LAST_K", "bigint", .k = "2", .rows = "[1,2,3,4]", .answer = "[2,3]", .times = "[1,9,8,2]"},
      {"FIRST_K", "array<int>", .k = "2", .rows = "[[1],[2],[3]]", .answer = "[[1],[2]]"},
      {"LAST_K", "bigint", .k = "2", .rows = "[null]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

/* Equal times are listed in the order in which the rows came; when there is no room for both, the
 * later row stays. */
static void ties_of_lists_by_time(void)
{
  static const worked cases[] = {
      {"LAST_K", "string", .k = "3", .rows = "[\"a\",\"b\",\"c\"]", .answer = "[\"c\",\"a\",\"b\"]",
       .times = "[1,1,2]"},
      {"FIRST_K", "string", .k = "3", .rows = "[\"a\",\"b\",\"c\"]",
       .answer = "[\"c\",\"a\",\"b\"]", .times = "[2,2,1]"},
      {"LAST_K", "string", .k = "2", .rows = "[\"a\",\"b\",\"c\"]", .answer = "[\"c\",\"b\"]",
       .times = "[1,1,2]"},
      {"FIRST_K", "string", .k = "2", .rows = "[\"a\",\"b\",\"c\"]", .answer = "[\"c\",\"b\"]",
       .times = "[2,2,1]"},
      {"FIRST_K", "string", .k = "1", .rows = "[\"a\",\"b\",\"c\"]", .answer = "[\"c\"]",
       .times = "[1,1,1]"},
      {"LAST_K", "string", .k = "2", .rows = "[\"a\",\"b\",\"c\",\"d\",\"e\"]",
       .answer = "[\"d\",\"e\"]", .times = "[1,1,1,1,1]"},
  };
  CHECK_WORKED(cases);
}

static void lists_by_value(void)
{
  static const worked cases[] = {
      {"TOP_K", "bigint", .k = "2", .rows = "[5,1,5,3]", .answer = "[5,5]"},
      {"BOTTOM_K", "bigint", .k = "2", .rows = "[5,1,5,3]", .answer = "[1,3]"},
      {"TOP_K", "int", .k = "1", .rows = "[5,1,7,3]", .answer = "[7]"},
      {"TOP_K", "double", .k = "3", .rows = "[1.5,null,-1]", .answer = "[1.5,-1.0]"},
      {"BOTTOM_K", "string", .k = "2", .rows = "[\"b\",\"a\",\"c\"]", .answer = "[\"a\",\"b\"]"},
      {"TOP_K", "smallint", .k = "4", .rows = "[4,3,2,1,0,9,8,7,6,5]", .answer = "[9,8,7,6]"},
      {"BOTTOM_K", "float", .k = "4", .rows = "[4,3,2,1,0,9,8,7,6,5]",
       .answer = "[0.0,1.0,2.0,3.0]"},
  };
  CHECK_WORKED(cases);
}

static void nan_is_above_all_numbers_and_stays_inside_lists(void)
{
  const worked one = {.operation = "TOP_K", .type = "double", .k = "2"};
  const gni_aggregator *aggregator = make_aggregator(&one);
  void *state = make_state(aggregator);
  gn_arena *arena = test_arena();
  gni_value out, values[] = {gni_value_real(1), gni_value_real(NAN), gni_value_real(INFINITY)};
  for (int i = 0; i < 3; i++)
    CHECK_INT(gni_state_update(aggregator, state, &values[i], NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, state, &out, arena), GN_OK);
  CHECK_TEXT(print_value(gni_aggregator_output(aggregator), &out), "[\"NaN\",\"Infinity\"]");
}

static void distinct_values_are_counted_once(void)
{
  static const worked cases[] = {
      {"UNIQUE_COUNT", "bigint", .rows = "[1,2,1,null,-1]", .answer = "3"},
      {"UNIQUE_COUNT", "string", .rows = "[\"\",\"a\",\"\"]", .answer = "2"},
      {"UNIQUE_COUNT", "double", .rows = "[0.0,-0.0,0.0]", .answer = "2"},
      {"UNIQUE_COUNT", "float", .rows = "[0.5,0.5]", .answer = "1"},
      {"UNIQUE_COUNT", "binary", .rows = "[\"AAE=\",\"AAE=\",\"AA==\"]", .answer = "2"},
      {"UNIQUE_COUNT", "int", .rows = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,17,1,2]",
       .answer = "17"},
      {"UNIQUE_COUNT", "smallint", .rows = "[null]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void every_nan_is_the_same_value(void)
{
  const worked one = {.operation = "UNIQUE_COUNT", .type = "double"};
  const gni_aggregator *aggregator = make_aggregator(&one);
  void *state = make_state(aggregator);
  gn_arena *arena = test_arena();
  gni_value out, values[] = {gni_value_real(NAN), gni_value_real(-NAN), gni_value_real(nan("7"))};
  for (int i = 0; i < 3; i++)
    CHECK_INT(gni_state_update(aggregator, state, &values[i], NULL, 0, arena), GN_OK);
  CHECK_INT(gni_state_finish(aggregator, state, &out, arena), GN_OK);
  CHECK_INT(out.integer, 1);
}

static void a_bounded_count_stops_at_k(void)
{
  static const worked cases[] = {
      {"BOUNDED_UNIQUE_COUNT", "bigint", .k = "2", .rows = "[7,7]", .answer = "1"},
      {"BOUNDED_UNIQUE_COUNT", "bigint", .k = "2", .rows = "[7,8]", .answer = "2"},
      {"BOUNDED_UNIQUE_COUNT", "bigint", .k = "2", .rows = "[7,8,9,10,11]", .answer = "2"},
      {"BOUNDED_UNIQUE_COUNT", "string", .k = "2", .rows = "[\"a\",\"b\",\"c\"]", .answer = "2"},
      {"BOUNDED_UNIQUE_COUNT", "int", .rows = "[1,2,3,4,5,6,7,8,9]", .answer = "8"},
  };
  CHECK_WORKED(cases);
}

static void histograms_count_strings(void)
{
  static const worked cases[] = {
      {"HISTOGRAM", "string", .rows = "[\"b\",\"a\",\"a\",null]", .answer = "{\"a\":2,\"b\":1}"},
      {"HISTOGRAM", "string", .rows = "[\"a\",\"b\",\"a\",null]", .dropped = "[\"b\"]",
       .answer = "{\"a\":2}"},
      {"HISTOGRAM", "string", .rows = "[\"a\",\"a\"]", .dropped = "[\"c\"]",
       .answer = "{\"a\":2,\"c\":-1}"},
      {"HISTOGRAM", "string", .rows = "[\"a\"]", .dropped = "[\"a\"]", .answer = "{}"},
      {"HISTOGRAM", "string", .rows = "[]", .answer = "null"},
  };
  CHECK_WORKED(cases);
}

static void histograms_show_the_largest_counts_then_the_smaller_keys(void)
{
  static const worked cases[] = {
      {"HISTOGRAM", "string", .k = "2", .rows = "[\"d\",\"b\",\"c\",\"c\",\"a\"]",
       .answer = "{\"a\":1,\"c\":2}"},
      {"HISTOGRAM", "string", .k = "1", .rows = "[\"b\",\"a\"]", .answer = "{\"a\":1}"},
      {"HISTOGRAM", "string", .k = "5", .rows = "[\"b\",\"a\"]", .answer = "{\"a\":1,\"b\":1}"},
      {"HISTOGRAM", "string", .k = "0", .rows = "[\"b\",\"a\"]", .answer = "{\"a\":1,\"b\":1}"},
  };
  CHECK_WORKED(cases);
}

/* A key with a long history keeps a constant amount of memory. */
static void replaced_values_give_their_memory_to_the_next(void)
{
  static const worked kept[] = {
      {.operation = "LAST", .type = "string"},
      {.operation = "LAST_K", .type = "string", .k = "10"},
      {.operation = "LAST", .type = "array<string>"},
      {.operation = "TOP_K", .type = "string", .k = "10"},
      {.operation = "MAX", .type = "string"},
      {.operation = "LAST", .type = "map<string,string>"},
  };
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    const gni_aggregator *aggregator = make_aggregator(&kept[i]);
    void *state = make_state(aggregator);
    gn_arena *arena = test_arena();
    for (int row = 0; row < 20000; row++) {
      char text[32];
      int len = snprintf(text, sizeof text, "value %08d", row);
      gni_value texts[] = {gni_value_text((gn_str){text, (size_t)len}),
                           gni_value_text((gn_str){text, (size_t)len})};
      gni_value nested = {.list = {texts, 1}};
      bool is_text = strcmp(kept[i].type, "string") == 0;
      CHECK_INT(gni_state_update(aggregator, state, is_text ? texts : &nested, NULL, row, arena),
                GN_OK);
    }
    CHECK(arena->used_bytes <= 4096);
  }
}

static void what_is_kept_is_copied(void)
{
  static const worked kept[] = {{.operation = "LAST", .type = "string"},
                                {.operation = "FIRST_K", .type = "string", .k = "3"},
                                {.operation = "TOP_K", .type = "string", .k = "3"},
                                {.operation = "MIN", .type = "string"},
                                {.operation = "UNIQUE_COUNT", .type = "string"},
                                {.operation = "HISTOGRAM", .type = "string"}};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    const gni_aggregator *aggregator = make_aggregator(&kept[i]);
    void *state = make_state(aggregator);
    gn_arena *arena = test_arena();
    char text[] = "kept";
    gni_value input = gni_value_text((gn_str){text, 4}), before, after;
    CHECK_INT(gni_state_update(aggregator, state, &input, NULL, 1, arena), GN_OK);
    CHECK_INT(gni_state_save(aggregator, state, &before, arena), GN_OK);
    memcpy(text, "gone", 4);
    CHECK_INT(gni_state_save(aggregator, state, &after, arena), GN_OK);
    CHECK(gni_value_equal(gni_aggregator_state_type(aggregator), &before, &after));
    input = gni_value_text(GN_STR("a"));
    CHECK_INT(gni_state_update(aggregator, state, &input, NULL, 2, arena), GN_OK);
    CHECK(gni_value_equal(gni_aggregator_state_type(aggregator), &before, &after));
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"FIRST and LAST go by time", first_and_last_go_by_time},
      {"at one millisecond FIRST and LAST keep the earlier row",
       at_one_millisecond_first_and_last_keep_the_earlier_row},
      {"lists by time", lists_by_time},
      {"ties of lists by time", ties_of_lists_by_time},
      {"lists by value", lists_by_value},
      {"NaN is above all numbers and stays inside lists",
       nan_is_above_all_numbers_and_stays_inside_lists},
      {"distinct values are counted once", distinct_values_are_counted_once},
      {"every NaN is the same value", every_nan_is_the_same_value},
      {"a bounded count stops at k", a_bounded_count_stops_at_k},
      {"histograms count strings", histograms_count_strings},
      {"histograms show the largest counts, then the smaller keys",
       histograms_show_the_largest_counts_then_the_smaller_keys},
      {"replaced values give their memory to the next",
       replaced_values_give_their_memory_to_the_next},
      {"what is kept is copied", what_is_kept_is_copied},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
