/* Expressions: parsed, bound, evaluated and written as SQL, with and without ANSI. What folds to a
 * constant is what a row gives. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "expr/expr.h"

typedef struct given {
  const gni_type *schema;
  gni_value row[9];
} given;

static void make_given(given *g, gn_arena *arena)
{
  static const char *const columns[][2] = {
      {"i", "int"},       {"l", "bigint"},        {"d", "double"},
      {"t", "string"},    {"o", "boolean"},       {"y", "date"},
      {"m", "timestamp"}, {"c", "decimal(10,2)"}, {"a", "array<int>"}};
  static const gni_value items[] = {{.integer = 3}, {.is_null = true}, {.integer = -1}};
  gni_field fields[9];
  for (size_t i = 0; i < 9; i++) {
    fields[i].name = gni_str(columns[i][0]);
    FUZZ_CHECK(gni_type_parse(gni_str(columns[i][1]), arena, &fields[i].type, NULL) == GN_OK);
  }
  g->schema = gni_type_struct(arena, GN_STR(""), fields, 9);
  FUZZ_CHECK(g->schema != NULL);
  g->row[0] = gni_value_integer(-7);
  g->row[1] = gni_value_integer(INT64_MIN);
  g->row[2] = gni_value_real(-2.5);
  g->row[3] = gni_value_text(GN_STR("{\"a\": [1, \"x\"]} \xf0\x9f\x90\xa6 12"));
  g->row[4] = gni_value_boolean(true);
  g->row[5] = gni_value_integer(19782);
  g->row[6] = gni_value_integer(INT64_C(1709210096789012));
  g->row[7] = (gni_value){.decimal = {.low = 12345}};
  g->row[8] = (gni_value){.list = {items, 3}};
}

static void use_bound(const gni_bound *bound, const given *g, gn_arena *arena)
{
  gn_error err = {0};
  gn_buf sql;
  gni_value value;
  gni_expr_functions functions = {.arena = arena};
  int rc = gni_bound_eval(bound, g->row, arena, &value, &err);
  FUZZ_CHECK(rc == err.code);
  /* Without the flag nothing fails but for want of memory, or of what we do not know. */
  FUZZ_CHECK(rc != GN_E_INVALID || gni_bound_can_fail(bound));
  FUZZ_CHECK(rc != GN_OK || !value.is_null || gni_bound_nullable(bound));
  gni_buf_init(&sql, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  err = (gn_error){0};
  rc = gni_bound_to_duckdb(bound, &functions, &sql, &err);
  FUZZ_CHECK(rc != GN_OK || sql.len > 0);
  gni_buf_deinit(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  given g;
  gn_error err = {0};
  const gni_expr *tree;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  make_given(&g, &arena);
  int rc = gni_expr_parse((gn_str){(const char *)bytes, size}, &arena, &tree, NULL, &err);
  FUZZ_CHECK(rc == err.code);
  for (int ansi = 0; rc == GN_OK && ansi < 2; ansi++) {
    gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
    gni_expr_place place;
    const gni_bound *bound;
    gn_error why = {0};
    int typed = gni_expr_bind(tree, g.schema, &options, &arena, &bound, &place, &why);
    FUZZ_CHECK(typed == why.code);
    FUZZ_CHECK(typed == GN_OK || typed == GN_E_NOMEM || place.end <= size);
    if (typed == GN_OK) use_bound(bound, &g, &arena);
  }
  gni_arena_deinit(&arena);
  return 0;
}
