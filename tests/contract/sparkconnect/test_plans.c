/* Our plans have the bytes of PySpark's. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

static gn_buf golden;

static void free_golden(void *unused)
{
  (void)unused;
  gni_buf_deinit(&golden);
}

/* The hexadecimal text behind a name; empty when there is none. */
static gn_str expected(const char *name)
{
  gn_str rest = gni_buf_view(&golden), line;
  while (gni_str_split(&rest, '\n', &line)) {
    gn_str first;
    if (gni_str_split(&line, ' ', &first) && gni_str_is(first, name)) return line;
  }
  return GN_STR("");
}

/* Takes the relation over. */
static void check_plan(const char *name, sparkp_relation *relation)
{
  char hex[2048];
  uint8_t bytes[1024];
  size_t size = spark__connect__relation__get_packed_size(&relation->message);
  CHECK(size <= sizeof bytes);
  spark__connect__relation__pack(&relation->message, bytes);
  for (size_t i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  sparkp_relation_unref(relation);
  char wanted[2048];
  snprintf(wanted, sizeof wanted, "%.*s", GN_STR_ARGS(expected(name)));
  CHECK_TEXT(hex, wanted);
}

static sparkp_relation *made;

/* Unwraps a call that must succeed, and lets go of what it was made from. */
static sparkp_relation *over(int rc, sparkp_relation *input)
{
  CHECK_INT(rc, SPARKC_OK);
  sparkp_relation_unref(input);
  return made;
}

static sparkp_relation *range(int64_t start, int64_t end, int64_t step, int32_t partitions)
{
  return over(sparkp_plan_range(test_alloc(), start, end, step, partitions, &made, NULL), NULL);
}

static sparkp_relation *limit(sparkp_relation *input, int32_t rows)
{
  return over(sparkp_plan_limit(input, rows, &made, NULL), input);
}

static sparkp_relation *chosen(sparkp_relation *input, const char *const *names, size_t count)
{
  return over(sparkp_plan_select_names(input, names, count, &made, NULL), input);
}

static void begin(void)
{
  gn_error err = {0};
  gni_buf_init(&golden, test_alloc(), 1 << 20);
  test_later(free_golden, NULL);
  CHECK_OK(gni_file_read(test_golden("sparkconnect/plans.txt"), &golden, &err), &err);
  sparkp_plan_id_reset();
}

#define PLAN(function, name, relation)                                                             \
  static void function(void)                                                                       \
  {                                                                                                \
    begin();                                                                                       \
    check_plan(name, relation);                                                                    \
  }

static const char *const columns[] = {"id", "*", "t.*", "a.b"};

PLAN(ranges, "range", range(0, 10, 1, 4))
PLAN(ranges_without_partitions, "range-without-partitions", range(5, 100, 7, 0))
PLAN(ranges_below_zero, "range-below-zero", range(-3, 0, 1, 0))
PLAN(statements, "sql", over(sparkp_plan_sql(test_alloc(), "SELECT 1", &made, NULL), NULL))
PLAN(limits, "limit", limit(range(0, 10, 1, 0), 3))
PLAN(selections, "select", chosen(range(0, 10, 1, 0), columns, 4))
PLAN(empty_selections, "select-nothing", chosen(range(0, 10, 1, 0), columns, 0))
PLAN(chains, "three-steps", limit(chosen(limit(range(0, 10, 1, 0), 5), columns, 1), 2))
PLAN(schemas_alone, "schema-only",
     over(sparkp_plan_local(test_alloc(), (gn_str){NULL, 0}, "a INT", &made, NULL), NULL))

static void counts(void)
{
  begin();
  sparkp_relation *input = range(0, 10, 1, 0);
  check_plan("count", over(sparkp_plan_count(input, &made, NULL), input));
}

static void pictures(void)
{
  begin();
  sparkp_relation *input = range(0, 10, 1, 0);
  check_plan("show", over(sparkp_plan_show(input, 20, 20, false, &made, NULL), input));
  sparkp_plan_id_reset();
  input = range(0, 10, 1, 0);
  check_plan("show-vertical", over(sparkp_plan_show(input, 5, 0, true, &made, NULL), input));
}

int main(void)
{
  static const test_case cases[] = {
      {"ranges", ranges},
      {"ranges without partitions", ranges_without_partitions},
      {"ranges below zero", ranges_below_zero},
      {"statements", statements},
      {"limits", limits},
      {"selections", selections},
      {"empty selections", empty_selections},
      {"chains", chains},
      {"schemas alone", schemas_alone},
      {"counts", counts},
      {"pictures", pictures},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
