/* The sketches as operations: what they count, how they answer, what they refuse to load, and that
 * running out of memory is an answer. SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"
#include "agg/frequent.h"
#include "agg/kll.h"
#include "unit/agg/sketch_kit.h"

/* ---- answers ---- */

static void distinct_values_are_counted(void)
{
  static const worked cases[] = {
      {"APPROX_UNIQUE_COUNT", "bigint", .rows = "[1,2,2,null,3,-1]", .answer = "4"},
      {"APPROX_UNIQUE_COUNT", "int", .k = "11", .rows = "[1,2,2]", .answer = "2"},
      {"APPROX_UNIQUE_COUNT", "smallint", .rows = "[7]", .answer = "1"},
      {"APPROX_UNIQUE_COUNT", "double", .rows = "[0.0,-0.0,1.5]", .answer = "2"},
      {"APPROX_UNIQUE_COUNT", "double", .rows = "[\"NaN\",\"NaN\"]", .answer = "1"},
      {"APPROX_UNIQUE_COUNT", "float", .rows = "[0.5,0.25,0.5]", .answer = "2"},
      {"APPROX_UNIQUE_COUNT", "string", .rows = "[\"a\",\"b\",\"a\"]", .answer = "2"},
      {"APPROX_UNIQUE_COUNT", "bigint", .rows = "[null]", .answer = "null"},
      {"APPROX_UNIQUE_COUNT", "array<string>", .rows = "[[\"a\",null],[\"b\",\"a\"]]",
       .answer = "2"},
      {"APPROX_UNIQUE_COUNT", "map<string,bigint>", .rows = "[{\"x\":1,\"y\":2},{\"x\":3}]",
       .answer = "{\"x\":2,\"y\":1}"},
      {"APPROX_UNIQUE_COUNT", "bigint", .rows = "[1,2,3]", .buckets = "[\"x\",\"y\",\"x\"]",
       .answer = "{\"x\":2,\"y\":1}"},
      {"APPROX_UNIQUE_COUNT", "array<int>", .rows = "[[1,2],[1,3]]", .answer = "[1,2]",
       .element_wise = true},
  };
  CHECK_WORKED(cases);
}

/* DataSketches takes no notice of it, so Chronon does not count it; but something was seen. */
static void the_empty_text_does_not_count(void)
{
  static const worked cases[] = {
      {"APPROX_UNIQUE_COUNT", "string", .rows = "[\"\"]", .answer = "0"},
      {"APPROX_UNIQUE_COUNT", "string", .rows = "[\"\",\"a\"]", .answer = "1"},
  };
  CHECK_WORKED(cases);
}

static void the_median_is_the_percentile_when_none_is_asked_for(void)
{
  static const worked cases[] = {
      {"APPROX_PERCENTILE", "bigint", .rows = "[3,null,1,2]", .answer = "[2.0]"},
      {"APPROX_PERCENTILE", "int", .rows = "[1,2,3,4]", .answer = "[3.0]"},
      {"APPROX_PERCENTILE", "double", .rows = "[0.1]", .answer = "[0.1]"},
      {"APPROX_PERCENTILE", "bigint", .rows = "[16777217]", .answer = "[16777216.0]"},
      {"APPROX_PERCENTILE", "float", .rows = "[null]", .answer = "null"},
      {"APPROX_PERCENTILE", "array<double>", .rows = "[[1,2],[3],[]]", .answer = "[2.0]"},
      {"APPROX_PERCENTILE", "int", .rows = "[1,2,3]", .buckets = "[\"x\",\"y\",\"x\"]",
       .answer = "{\"x\":[3.0],\"y\":[2.0]}"},
      {"APPROX_PERCENTILE", "array<int>", .rows = "[[1,20],[3,10],[2,30]]",
       .answer = "[[2.0],[20.0]]", .element_wise = true},
  };
  CHECK_WORKED(cases);
}

/* Doubles are named as Java names them. */
static void frequent_values_are_counted_by_name(void)
{
  static const worked cases[] = {
      {"APPROX_HISTOGRAM_K", "bigint", .rows = "[5,5,null,-7]", .answer = "{\"-7\":1,\"5\":2}"},
      {"APPROX_HISTOGRAM_K", "double", .rows = "[1.5,1e10,1.5,-0.0]",
       .answer = "{\"-0.0\":1,\"1.0E10\":1,\"1.5\":2}"},
      {"APPROX_HISTOGRAM_K", "float", .rows = "[0.5,0.5]", .answer = "{\"0.5\":2}"},
      {"APPROX_HISTOGRAM_K", "string", .rows = "[\"b\",\"a\",\"b\",\"\"]",
       .answer = "{\"\":1,\"a\":1,\"b\":2}"},
      {"APPROX_HISTOGRAM_K", "string", .rows = "[null]", .answer = "null"},
      {"APPROX_HISTOGRAM_K", "string", .k = "2", .rows = "[\"c\",\"a\",\"b\",\"a\",\"b\",\"a\"]",
       .answer = "{\"a\":3,\"b\":2}"},
      {"APPROX_HISTOGRAM_K", "string", .k = "1", .rows = "[\"b\",\"a\"]", .answer = "{\"a\":1}"},
      {"APPROX_HISTOGRAM_K", "array<int>", .rows = "[[1,2],[2]]", .answer = "{\"1\":1,\"2\":2}"},
  };
  CHECK_WORKED(cases);
}

/* ---- percentiles ---- */

static const gni_aggregator *try_percentiles(const char *text, gn_error *err)
{
  static const gn_str names[] = {{"percentiles", 11}};
  const gn_str values[] = {gni_str(text)};
  const gni_aggregation aggregation = {.operation = GNI_APPROX_PERCENTILE,
                                       .argument_names = names,
                                       .argument_values = values,
                                       .argument_count = 1};
  const gni_aggregator *made;
  gni_aggregator_take(worked_arena(), &aggregation, &gni_type_long, false, &made, err);
  return made;
}

static void percentiles_answer_in_the_order_they_are_asked(void)
{
  gn_error err = {0};
  const gni_aggregator *aggregator = try_percentiles(" [1.0, 0, 0.25,5e-1] ", &err);
  CHECK_OK(err.code, &err);
  void *state = make_state(aggregator);
  for (int i = 1; i <= 100; i++) {
    gni_value value = gni_value_integer(i);
    CHECK_INT(gni_state_update(aggregator, state, &value, NULL, 0, worked_arena()), GN_OK);
  }
  gni_value answer;
  CHECK_INT(gni_state_finish(aggregator, state, &answer, worked_arena()), GN_OK);
  CHECK_TEXT(print_value(gni_aggregator_output(aggregator), &answer), "[100.0,1.0,26.0,51.0]");
}

static void percentiles_are_numbers_from_0_to_1(void)
{
  static const char *const wrong[] = {"",       "0.5",       "[0.5",    "[50]",  "[-0.1]",
                                      "[0.5,]", "[0.5 0.6]", "[\"x\"]", "[NaN]", "[[0.5]]"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    gn_error err = {0};
    CHECK(try_percentiles(wrong[i], &err) == NULL);
    CHECK_INT(err.code, GN_E_INVALID);
  }
  gn_error err = {0};
  CHECK(try_percentiles("[]", &err) != NULL);
}

/* ---- what cannot be a sketch ---- */

static int load_any(const recorded *one, gn_str bytes, const char **reason)
{
  gnp_cpc cpc;
  gnp_kll kll;
  gnp_frequent frequent;
  gn_str kind = gni_json_member(one->line, "sketch")->text;
  *reason = NULL;
  if (gni_str_is(kind, "cpc")) return gnp_cpc_load(&cpc, one->k, bytes, worked_arena(), reason);
  if (gni_str_is(kind, "kll")) return gnp_kll_load(&kll, one->k, bytes, worked_arena(), reason);
  return gnp_frequent_load(&frequent, (uint32_t)one->k, gni_str_is(one->values, "text"), bytes,
                           worked_arena(), reason);
}

static void check_corrupt(const recorded *one, gn_str bytes)
{
  const char *reason;
  int rc = load_any(one, bytes, &reason);
  if (rc != GN_E_CORRUPT || !reason)
    test_fail(__FILE__, __LINE__, "k %d, %zu of %zu bytes: %d", one->k, bytes.len, one->bytes.len,
              rc);
}

static void check_lengths(const recorded *one)
{
  char *longer = gni_arena_take(worked_arena(), one->bytes.len + 1);
  CHECK(longer != NULL);
  memcpy(longer, one->bytes.ptr, one->bytes.len);
  longer[one->bytes.len] = 0;
  check_corrupt(one, (gn_str){longer, one->bytes.len + 1});
  for (size_t len = 0; len < one->bytes.len; len += len < 64 ? 1 : 37)
    check_corrupt(one, (gn_str){one->bytes.ptr, len});
}

static void a_sketch_that_is_cut_short_or_goes_on_is_refused(void)
{
  CHECK(for_each_recorded("cpc", check_lengths) > 0);
  CHECK(for_each_recorded("kll", check_lengths) > 0);
  CHECK(for_each_recorded("frequent", check_lengths) > 0);
}

/* Version, family, k: each of these bytes with another value. */
static void check_head(const recorded *one)
{
  gn_str kind = gni_json_member(one->line, "sketch")->text;
  size_t k_at = gni_str_is(kind, "kll") ? 4 : 3;
  char *bytes = gni_arena_copy(worked_arena(), one->bytes.ptr, one->bytes.len);
  CHECK(bytes != NULL);
  for (size_t at = 1; at <= k_at; at++) {
    if (at == 3 && k_at == 4) continue; /* KLL's flags */
    char before = bytes[at];
    bytes[at] = (char)(before ^ 0x40);
    check_corrupt(one, (gn_str){bytes, one->bytes.len});
    bytes[at] = before;
  }
}

static void a_sketch_of_another_kind_or_size_is_refused(void)
{
  CHECK(for_each_recorded("cpc", check_head) > 0);
  CHECK(for_each_recorded("kll", check_head) > 0);
  CHECK(for_each_recorded("frequent", check_head) > 0);
}

static void a_refusal_says_why(void)
{
  static const worked what = {.operation = "APPROX_UNIQUE_COUNT", .type = "bigint"};
  const gni_aggregator *aggregator = make_aggregator(&what);
  gni_value saved = gni_value_text(GN_STR("no sketch at all"));
  gn_error err = {0};
  void *state = make_state(aggregator);
  CHECK_INT(gni_state_load(aggregator, state, &saved, worked_arena(), &err), GN_E_CORRUPT);
  CHECK_TEXT(err.message, "saved APPROX_UNIQUE_COUNT state: no CPC sketch");
}

/* ---- memory ---- */

enum { VALUES = 400 };

static int live_cpc(gn_arena *arena)
{
  gnp_cpc a, b;
  gn_str bytes;
  const char *reason;
  int rc = GN_OK;
  gnp_cpc_init(&a, 7, true);
  gnp_cpc_init(&b, 7, false);
  for (uint64_t i = 0; i < VALUES && rc == GN_OK; i++)
    rc = gnp_cpc_add_hash(i < 50 ? &b : &a, gnp_murmur_long(i), arena);
  if (rc == GN_OK) rc = gnp_cpc_merge(&b, &a, arena);
  if (rc == GN_OK) rc = gnp_cpc_copy(&a, &b, arena);
  if (rc == GN_OK) rc = gnp_cpc_save(&a, &bytes, arena);
  if (rc == GN_OK) rc = gnp_cpc_load(&b, 7, bytes, arena, &reason);
  return rc;
}

static int live_kll(gn_arena *arena)
{
  const double rank = 0.5;
  float median;
  gnp_kll a, b;
  gn_str bytes;
  const char *reason;
  int rc = GN_OK;
  gnp_kll_init(&a, 30);
  gnp_kll_init(&b, 30);
  for (int i = 0; i < VALUES && rc == GN_OK; i++)
    rc = gnp_kll_add(i < VALUES / 2 ? &a : &b, real_value(i), arena);
  if (rc == GN_OK) rc = gnp_kll_merge(&a, &b, arena);
  if (rc == GN_OK) rc = gnp_kll_copy(&b, &a, arena);
  if (rc == GN_OK) rc = gnp_kll_save(&b, &bytes, arena);
  if (rc == GN_OK) rc = gnp_kll_load(&a, 30, bytes, arena, &reason);
  if (rc == GN_OK) rc = gnp_kll_quantiles(&a, &rank, 1, &median, arena);
  return rc;
}

static int live_frequent(gn_arena *arena)
{
  gnp_frequent a, b;
  gn_str bytes;
  const char *reason;
  int rc = GN_OK;
  gnp_frequent_init(&a, 20, true);
  gnp_frequent_init(&b, 20, true);
  for (int i = 0; i < VALUES && rc == GN_OK; i++) {
    char text[] = {(char)('a' + i * i % 26), (char)('a' + i % 7), 0};
    rc = gnp_frequent_add(i % 2 ? &a : &b, gni_str(text), 1, arena);
  }
  if (rc == GN_OK) rc = gnp_frequent_merge(&a, &b, arena);
  if (rc == GN_OK) rc = gnp_frequent_copy(&b, &a, arena);
  if (rc == GN_OK) rc = gnp_frequent_save(&b, &bytes, arena);
  if (rc == GN_OK) rc = gnp_frequent_load(&a, 20, true, bytes, arena, &reason);
  return rc;
}

static int (*live)(gn_arena *arena);

static void live_through(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_arena_init(&arena, alloc, 16 << 20);
  int rc = live(&arena);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

/* Every take fails once: with ever larger arenas, and with an allocator that fails. */
static void no_memory_is_an_answer(void)
{
  static int (*const lives[])(gn_arena *arena) = {live_cpc, live_kll, live_frequent};
  for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
    int rc = GN_E_LIMIT;
    live = lives[i];
    CHECK(test_each_oom(live_through) > 0);
    for (size_t ceiling = 0; rc != GN_OK; ceiling += 32) {
      gn_arena arena;
      gni_arena_init(&arena, test_alloc(), ceiling);
      rc = live(&arena);
      gni_arena_deinit(&arena);
      CHECK(rc == GN_OK || rc == GN_E_LIMIT);
      CHECK(ceiling < 1 << 20);
    }
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"distinct values are counted", distinct_values_are_counted},
      {"the empty text does not count", the_empty_text_does_not_count},
      {"the median is the percentile when none is asked for",
       the_median_is_the_percentile_when_none_is_asked_for},
      {"frequent values are counted by name", frequent_values_are_counted_by_name},
      {"percentiles answer in the order they are asked",
       percentiles_answer_in_the_order_they_are_asked},
      {"percentiles are numbers from 0 to 1", percentiles_are_numbers_from_0_to_1},
      {"a sketch that is cut short or goes on is refused",
       a_sketch_that_is_cut_short_or_goes_on_is_refused},
      {"a sketch of another kind or size is refused", a_sketch_of_another_kind_or_size_is_refused},
      {"a refusal says why", a_refusal_says_why},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
