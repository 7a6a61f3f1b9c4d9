/* A warehouse for a test, and shorthand to fill and read its tables. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TESTS_CONTRACT_TABLES_H
#define GNOMON_TESTS_CONTRACT_TABLES_H

#include "contract/engine/rows.h"
#include "table/table.h"

typedef struct test_warehouse {
  gni_warehouse *warehouse;
  gni_engine *engine;
  gn_arena arena; /* of answers */
} test_warehouse;

/* The driver under test (GN_TABLE_DRIVER, "parquet" or "memory") over test_path("warehouse") with
 * the engine of test_engine(); closed when the case ends. `config` may name tables. */
test_warehouse *test_tables(void);
test_warehouse *test_tables_with(gni_warehouse_config config);
bool test_tables_are_files(void);

/* Writes the rows of a SELECT (columns and ds) as a table of that type ("a:int,b:string"). */
int test_write(test_warehouse *w, const char *table, const char *columns, gni_table_written *out,
               gn_error *err, const char *format, ...) GN_PRINTF(6, 7);
/* The same, which must succeed. */
void test_fill(test_warehouse *w, const char *table, const char *columns, const char *format, ...)
    GN_PRINTF(4, 5);
gni_table test_table(test_warehouse *w, const char *name);
/* "2024-01-01 2024-01-03" */
const char *test_days(test_warehouse *w, const char *name, const char *filters);
/* Rows of a scan in source order. `what` are columns; days may be NULL: open. */
const char *test_scan(test_warehouse *w, const char *name, const char *what, const char *first_day,
                      const char *last_day);
const char *test_table_type(test_warehouse *w, const char *name);
int32_t test_day(const char *text);

#endif
