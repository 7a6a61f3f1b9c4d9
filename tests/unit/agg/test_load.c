/* Saved states that cannot be: every one is refused with its reason, and nothing breaks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

typedef struct damage {
  worked what;
  const char *saved; /* JSON of the state's type */
  const char *message;
} damage;

static void check_damage(const damage *cases, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const gni_aggregator *aggregator = make_aggregator(&cases[i].what);
    gni_value saved = parse_value(gni_aggregator_state_type(aggregator), cases[i].saved);
    gn_error err = {0};
    void *state = make_state(aggregator);
    int rc = gni_state_load(aggregator, state, &saved, worked_arena(), &err);
    if (rc != GN_E_CORRUPT)
      test_fail(__FILE__, __LINE__, "%s as a state of %s: %d", cases[i].saved,
                cases[i].what.operation, rc);
    CHECK_TEXT(err.message, cases[i].message);
  }
}

static void a_state_with_holes_is_refused(void)
{
  static const damage cases[] = {
      {{.operation = "AVERAGE", .type = "int"},
       "{\"sum\":1,\"count\":null}",
       "saved AVERAGE state: its sum or its count is null"},
      {{.operation = "VARIANCE", .type = "int"},
       "{\"count\":1,\"mean\":null,\"m2\":0}",
       "saved VARIANCE state: one of its numbers is null"},
      {{.operation = "SKEW", .type = "int"},
       "[1,2,3,null,5]",
       "saved SKEW state: one of its moments is null"},
      {{.operation = "LAST", .type = "int"},
       "{\"epochMillis\":5,\"payload\":null}",
       "saved LAST state: its time or its payload is null"},
      {{.operation = "LAST_K", .type = "int", .k = "2"},
       "[{\"epochMillis\":5,\"payload\":1},null]",
       "saved LAST_K state: a time or a payload is null"},
      {{.operation = "FIRST_K", .type = "int", .k = "2"},
       "[{\"epochMillis\":null,\"payload\":1}]",
       "saved FIRST_K state: a time or a payload is null"},
      {{.operation = "TOP_K", .type = "int", .k = "2"},
       "[1,null]",
       "saved TOP_K state: one of its values is null"},
      {{.operation = "UNIQUE_COUNT", .type = "string"},
       "[null]",
       "saved UNIQUE_COUNT state: one of its values is null"},
      {{.operation = "HISTOGRAM", .type = "string"},
       "{\"a\":null}",
       "saved HISTOGRAM state: one of its counts is null"},
      {{.operation = "SUM", .type = "array<int>", .element_wise = true},
       "[1,null]",
       "saved SUM state: one of its elements is null"},
  };
  check_damage(cases, sizeof cases / sizeof *cases);
}

static void a_state_of_a_wrong_size_is_refused(void)
{
  static const damage cases[] = {
      {{.operation = "KURTOSIS", .type = "int"},
       "[1,2,3,4]",
       "saved KURTOSIS state: not five moments"},
      {{.operation = "KURTOSIS", .type = "int"},
       "[0,0,0,0,0]",
       "saved KURTOSIS state: its count is below 1"},
      {{.operation = "VARIANCE", .type = "int"},
       "{\"count\":0,\"mean\":0,\"m2\":0}",
       "saved VARIANCE state: its count is below 1"},
      {{.operation = "LAST_K", .type = "int", .k = "1"},
       "[{\"epochMillis\":5,\"payload\":1},{\"epochMillis\":6,\"payload\":1}]",
       "saved LAST_K state: not between 1 and k values"},
      {{.operation = "BOTTOM_K", .type = "int", .k = "1"},
       "[]",
       "saved BOTTOM_K state: not between 1 and k values"},
      {{.operation = "BOUNDED_UNIQUE_COUNT", .type = "int", .k = "2"},
       "[1,2,3]",
       "saved BOUNDED_UNIQUE_COUNT state: it has no values, or more than k"},
  };
  check_damage(cases, sizeof cases / sizeof *cases);
}

static void check_raw(worked what, gni_value saved, const char *message)
{
  const gni_aggregator *aggregator = make_aggregator(&what);
  gn_error err = {0};
  CHECK_INT(gni_state_load(aggregator, make_state(aggregator), &saved, worked_arena(), &err),
            GN_E_CORRUPT);
  CHECK_TEXT(err.message, message);
}

static gni_value list_of(const gni_value *items, size_t count)
{
  return (gni_value){.list = {items, count}};
}

/* What JSON cannot say: structs without all fields, integers beyond their type, maps without keys.
 */
static void a_state_that_does_not_fit_its_type_is_refused(void)
{
  const gni_value large = gni_value_integer(INT64_C(1) << 31), null = GNI_NULL_VALUE;
  const gni_value pair[] = {gni_value_integer(1), large}, keyless[] = {null, large};
  const gni_value average[] = {gni_value_real(1), large}, short_list = list_of(&large, 1);
  check_raw((worked){.operation = "MIN", .type = "int"}, large, "saved MIN state: out of range");
  check_raw((worked){.operation = "MAX", .type = "smallint"}, gni_value_integer(-40000),
            "saved MAX state: out of range");
  check_raw((worked){.operation = "AVERAGE", .type = "int"}, list_of(average, 2),
            "saved AVERAGE state: no AvgIr");
  check_raw((worked){.operation = "AVERAGE", .type = "int"}, list_of(average, 1),
            "saved AVERAGE state: no AvgIr");
  check_raw((worked){.operation = "VARIANCE", .type = "int"}, list_of(average, 2),
            "saved VARIANCE state: no VarianceIr");
  check_raw((worked){.operation = "FIRST", .type = "int"}, list_of(pair, 2),
            "saved FIRST state: no TimePair");
  check_raw((worked){.operation = "FIRST", .type = "tinyint"}, list_of(pair, 2),
            "saved FIRST state: no TimePair");
  check_raw((worked){.operation = "LAST_K", .type = "int", .k = "2"}, list_of(&short_list, 1),
            "saved LAST_K state: no TimePairs");
  check_raw((worked){.operation = "TOP_K", .type = "int", .k = "2"}, short_list,
            "saved TOP_K state: out of range");
  check_raw((worked){.operation = "UNIQUE_COUNT", .type = "int"}, short_list,
            "saved UNIQUE_COUNT state: out of range");
  check_raw((worked){.operation = "HISTOGRAM", .type = "string"}, list_of(keyless, 1),
            "saved HISTOGRAM state: no counts");
  check_raw((worked){.operation = "SUM", .type = "int", .buckets = ""}, list_of(keyless, 1),
            "saved SUM state: one of its keys is null");
}

/* What upstream wrote differently but can be read. */
static void lists_in_any_order_are_states(void)
{
  static const struct {
    worked what;
    const char *saved, *answer;
  } cases[] = {
      {{.operation = "TOP_K", .type = "int", .k = "3"}, "[9,1,5]", "[9,5,1]"},
      {{.operation = "BOTTOM_K", .type = "int", .k = "3"}, "[9,1,5]", "[1,5,9]"},
      {{.operation = "LAST_K", .type = "string", .k = "3"},
       "[{\"epochMillis\":2,\"payload\":\"b\"},{\"epochMillis\":9,\"payload\":\"c\"},"
       "{\"epochMillis\":1,\"payload\":\"a\"}]",
       "[\"c\",\"b\",\"a\"]"},
      {{.operation = "UNIQUE_COUNT", .type = "string"}, "[\"a\",\"b\",\"a\"]", "2"},
      {{.operation = "HISTOGRAM", .type = "string"}, "{\"b\":2,\"a\":-1}", "{\"a\":-1,\"b\":2}"},
      {{.operation = "SUM", .type = "int", .buckets = ""}, "{\"b\":2,\"a\":null}", "{\"b\":2}"},
      {{.operation = "SUM", .type = "int", .buckets = ""}, "{}", "null"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const gni_aggregator *aggregator = make_aggregator(&cases[i].what);
    gni_value saved = parse_value(gni_aggregator_state_type(aggregator), cases[i].saved), out;
    gn_error err = {0};
    void *state = make_state(aggregator);
    CHECK_OK(gni_state_load(aggregator, state, &saved, worked_arena(), &err), &err);
    CHECK_INT(gni_state_finish(aggregator, state, &out, worked_arena()), GN_OK);
    CHECK_TEXT(print_value(gni_aggregator_output(aggregator), &out), cases[i].answer);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"a state with holes is refused", a_state_with_holes_is_refused},
      {"a state of a wrong size is refused", a_state_of_a_wrong_size_is_refused},
      {"a state that does not fit its type is refused",
       a_state_that_does_not_fit_its_type_is_refused},
      {"lists in any order are states", lists_in_any_order_are_states},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
