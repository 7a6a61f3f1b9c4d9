/* Texts of statements: whatever comes is read, bound or refused, and what is bound can be written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "expr/query.h"

static const gni_field fields[] = {
    {{"a", 1}, &gni_type_int}, {{"b", 1}, &gni_type_string}, {{"d", 1}, &gni_type_double}};
static const gni_type type = {.kind = GNI_STRUCT, .field_count = 3, .fields = fields};

/* Any name is a table. */
static int find_table(void *user, gn_str name, gn_arena *arena, gni_query_table *out, gn_error *err)
{
  (void)user, (void)name, (void)arena, (void)err;
  *out = (gni_query_table){.type = &type, .sql = GN_STR("t")};
  return GN_OK;
}

static void bind(const gni_query *query, gn_arena *arena)
{
  static const gni_query_tables_of tables = {.find = find_table};
  gni_expr_functions functions = {.arena = arena};
  gni_expr_options options = {.now_us = 1};
  const gni_relation *relation;
  gni_expr_place place = {0};
  gn_error err = {0};
  int rc = gni_query_bind(query, &tables, &options, arena, &relation, &place, &err);
  FUZZ_CHECK(rc == err.code && rc != GN_E_BUG);
  if (rc != GN_OK) return;
  gn_buf sql;
  gni_buf_init(&sql, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  rc = gni_relation_to_duckdb(relation, &functions, &sql, &err);
  FUZZ_CHECK(rc == err.code && rc != GN_E_BUG);
  gni_buf_deinit(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static const gni_query_days days = {.start_date = {"2024-01-01", 10},
                                      .end_date = {"2024-01-02", 10}};
  gn_arena arena;
  gni_query_text text;
  const gni_query *query;
  const gn_str *names;
  size_t count;
  gni_expr_place place = {0};
  gn_error err = {0};
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str source = {(const char *)bytes, size};
  int rc = gni_query_fill(source, &days, &arena, &text, &place, &err);
  if (rc == GN_OK) rc = gni_query_parse(&text, &arena, &query, &place, &err);
  FUZZ_CHECK(rc == err.code && rc != GN_E_BUG);
  FUZZ_CHECK(place.begin <= place.end && place.end <= size);
  if (rc == GN_OK) {
    FUZZ_CHECK(gni_query_tables(query, &arena, &names, &count, &err) == GN_OK);
    bind(query, &arena);
  }
  gni_arena_deinit(&arena);
  return 0;
}
