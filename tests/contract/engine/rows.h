/* An engine for a test, and answers as text. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_CONTRACT_ROWS_H
#define GNOMON_TESTS_CONTRACT_ROWS_H

#include "engine/engine.h"
#include "kit/kit.h"
#include "wire/wire.h"

/* The engine under test (GN_ENGINE, "duckdb"), closed when the case ends: two threads, 400 MB, its
 * temporary folder is test_path("temp"). */
gni_engine *test_engine(void);
gni_engine *test_engine_with(gni_engine_config config);
/* Runs statements; the case fails when they do. */
void test_exec(gni_engine *engine, const char *format, ...) GN_PRINTF(2, 3);
/* The rows of a query: cells as JSON, parted by ',', rows by '\n'. Lives until the next call. */
const char *test_rows(gni_engine *engine, const char *format, ...) GN_PRINTF(2, 3);
/* The type of the query's rows, as Spark writes it. */
const char *test_type(gni_engine *engine, const char *format, ...) GN_PRINTF(2, 3);
/* The statement of printf's arguments, for calls that take it; eight are kept at a time. */
gn_str test_sql(const char *format, ...) GN_PRINTF(1, 2);
/* How many entries a folder has; 0 when there is none. */
int test_entries(const char *folder);

#endif
