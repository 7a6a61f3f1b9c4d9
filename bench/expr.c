/* What an expression costs: parsing, binding, and evaluating a row. SPDX-License-Identifier:
 * Apache-2.0
 *
 * Prints a line of JSON: CPU nanoseconds, the best of five rounds, by one thread. An operation is a
 * node of the tree that computes something; `derivation` is five expressions over one row, as a
 * fetch answers them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "expr/expr.h"

enum { ROWS = 1024, ROUNDS = 5, REPEATS = 400 };

static gn_arena arena, scratch;
static gn_error err;

static double cpu_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const gni_type *schema(void)
{
  const gni_field fields[] = {{GN_STR("a"), &gni_type_long},   {GN_STR("b"), &gni_type_long},
                              {GN_STR("x"), &gni_type_double}, {GN_STR("y"), &gni_type_double},
                              {GN_STR("i"), &gni_type_int},    {GN_STR("t"), &gni_type_string}};
  return gni_type_struct(&arena, GN_STR("row"), fields, sizeof fields / sizeof *fields);
}

/* Every eighth row has a null. */
static const gni_value (*make_rows(void))[6]
{
  gni_value(*rows)[6] = gni_arena_take(&arena, ROWS * sizeof *rows);
  for (int64_t r = 0; rows && r < ROWS; r++) {
    rows[r][0] = r % 8 ? gni_value_integer(r * 7919) : GNI_NULL_VALUE;
    rows[r][1] = gni_value_integer(r % 97 + 1);
    rows[r][2] = gni_value_real((double)r * 0.37);
    rows[r][3] = gni_value_real((double)(r % 13) + 0.5);
    rows[r][4] = gni_value_integer(r % 31);
    rows[r][5] = gni_value_text(r % 2 ? GN_STR("mobile") : GN_STR("web"));
  }
  return (const gni_value(*)[6])rows;
}

static const gni_bound *bind(const char *text, const gni_type *type)
{
  const gni_expr *tree;
  const gni_bound *bound = NULL;
  if (gni_expr_parse(gni_str(text), &arena, &tree, NULL, &err) != GN_OK ||
      gni_expr_bind(tree, type, NULL, &arena, &bound, NULL, &err) != GN_OK) {
    fprintf(stderr, "%s: %s\n", text, err.message);
    exit(1);
  }
  return bound;
}

/* Nanoseconds a row for all of the expressions. */
static double time_rows(const gni_bound *const *bound, size_t count, const gni_value (*rows)[6])
{
  double best = 1e300;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = cpu_ns();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      for (size_t r = 0; r < ROWS; r++) {
        gni_value out;
        for (size_t i = 0; i < count; i++)
          if (gni_bound_eval(bound[i], rows[r], &scratch, &out, &err) != GN_OK) exit(1);
        gni_arena_reset(&scratch);
      }
    }
    double spent = (cpu_ns() - begin) / ((double)REPEATS * ROWS);
    if (spent < best) best = spent;
  }
  return best;
}

static double time_parse(const char *text)
{
  double best = 1e300;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = cpu_ns();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      const gni_expr *tree;
      gni_arena_reset(&scratch);
      if (gni_expr_parse(gni_str(text), &scratch, &tree, NULL, &err) != GN_OK) exit(1);
    }
    double spent = (cpu_ns() - begin) / REPEATS;
    if (spent < best) best = spent;
  }
  return best;
}

static double time_bind(const char *text, const gni_type *type)
{
  double best = 1e300;
  const gni_expr *tree;
  if (gni_expr_parse(gni_str(text), &arena, &tree, NULL, &err) != GN_OK) exit(1);
  for (int round = 0; round < ROUNDS; round++) {
    double begin = cpu_ns();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      const gni_bound *bound;
      gni_arena_reset(&scratch);
      if (gni_expr_bind(tree, type, NULL, &scratch, &bound, NULL, &err) != GN_OK) exit(1);
    }
    double spent = (cpu_ns() - begin) / REPEATS;
    if (spent < best) best = spent;
  }
  return best;
}

int main(void)
{
  static const struct {
    const char *name, *text;
    int operations;
  } columns[] = {{"a + b", "a + b", 1},
                 {"x * y + x", "x * y + x", 2},
                 {"a > b", "a > b", 1},
                 {"six operations", "(x + y) * 2.0D - y > 10.0D AND NOT a = b", 6},
                 {"coalesce, if", "if(a > 10, coalesce(a, b), b)", 3},
                 {"text", "upper(t) = 'WEB'", 2}};
  static const char *const derivation[] = {"a / b", "coalesce(x, 0.0D) + y",
                                           "CASE WHEN a > 100 THEN 'high' ELSE 'low' END",
                                           "concat(t, '_', CAST(i AS STRING))", "log(1 + x) * 2"};
  static const char select[] = "CASE WHEN status IN ('paid', 'shipped') AND amount > 10.5 THEN "
                               "coalesce(amount * rate, 0) ELSE CAST(NULL AS DOUBLE) END";
  const gni_bound *five[5];
  gni_arena_init(&arena, &gni_libc_alloc, 64 << 20);
  gni_arena_init(&scratch, &gni_libc_alloc, 64 << 20);
  const gni_type *type = schema();
  const gni_value(*rows)[6] = make_rows();
  printf("{\"million_operations_a_second\": {");
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    const gni_bound *bound = bind(columns[i].text, type);
    double ns = time_rows(&bound, 1, rows);
    printf("%s\"%s\": %.1f", i ? ", " : "", columns[i].name, columns[i].operations * 1e3 / ns);
  }
  for (size_t i = 0; i < 5; i++) five[i] = bind(derivation[i], type);
  printf("}, \"derivation_ns\": %.0f, \"parse_select_ns\": %.0f, \"bind_ns\": %.0f}\n",
         time_rows(five, 5, rows), time_parse(select), time_bind(derivation[3], type));
  gni_arena_deinit(&scratch);
  gni_arena_deinit(&arena);
  return 0;
}
