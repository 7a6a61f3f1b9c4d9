/* What no test framework has: the allocator that fails the nth time, seeded random, temporary
 * folders. Around cmocka, which runs the cases. SPDX-License-Identifier: Apache-2.0
 *
 *   static void one_value_is_doubled(void) { CHECK_INT(twice(1), 2); }
 *   int main(void) {
 *     static const test_case cases[] = {{"one value is doubled", one_value_is_doubled}};
 *     return test_main(cases, sizeof cases / sizeof *cases);
 *   }
 */
#ifndef GNOMON_TESTS_KIT_H
#define GNOMON_TESTS_KIT_H

#include "base/base.h"

typedef struct test_case {
  const char *name; /* a sentence */
  void (*run)(void);
} test_case;

/* Runs every case (or those whose name contains argv-less GN_TEST=text); 0 when all pass. */
int test_main(const test_case *cases, size_t count);

/* A failed check ends the case; what it opened must be registered with test_later to be closed. */
#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, expected)                                                                \
  test_check_int((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected)                                                               \
  test_check_text((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_STR(actual, expected)                                                                \
  test_check_str((actual), (expected), #actual, __FILE__, __LINE__)
/* Equal, or within `relative` of each other; NaN equals NaN. */
#define CHECK_DOUBLE(actual, expected, relative)                                                   \
  test_check_double((actual), (expected), (relative), #actual, __FILE__, __LINE__)
/* The call succeeded; on failure prints the whole error record. */
#define CHECK_OK(call, err) test_check_ok((call), (err), #call, __FILE__, __LINE__)

void test_check(bool holds, const char *text, const char *file, int line);
void test_check_int(int64_t actual, int64_t expected, const char *text, const char *file, int line);
void test_check_text(const char *actual, const char *expected, const char *text, const char *file,
                     int line);
void test_check_str(gn_str actual, const char *expected, const char *text, const char *file,
                    int line);
void test_check_double(double actual, double expected, double relative, const char *text,
                       const char *file, int line);
void test_check_ok(int rc, const gn_error *err, const char *text, const char *file, int line);
void test_fail(const char *file, int line, const char *format, ...) GN_PRINTF(3, 4);
/* Counts the case as skipped, with the reason. */
void test_skip(const char *reason);

/* Called in reverse order when the case ends, however it ends. */
void test_later(void (*close)(void *what), void *what);

/* ---- the failing heap ---- */

/* Runs body(alloc) again and again, the nth allocation failing for n = 1, 2, … until one run needs
 * fewer; every block must have come back, with its exact size. Returns how many allocations failed
 * on the way (so a body that allocates once gives 1). */
int test_each_oom(void (*body)(const gn_alloc *alloc));
/* The same for bodies that allocate much and take long: every one of the first `dense` allocations
 * fails, later ones at random distances that grow with n. */
int test_some_oom(void (*body)(const gn_alloc *alloc), int dense);
/* An allocator that checks sizes and leaks at the end of the case; never fails. */
const gn_alloc *test_alloc(void);
/* Blocks handed out and not yet returned, and allocations made so far, by test_alloc. */
size_t test_alloc_live(void);
size_t test_alloc_count(void);

/* ---- randomness ---- */

/* Seeded from GN_SEED or a fixed number; printed with every failure. */
typedef struct test_random {
  uint64_t state;
} test_random;
test_random test_random_new(uint64_t salt);
uint64_t test_random_bits(test_random *random);
int64_t test_random_in(test_random *random, int64_t low, int64_t high); /* both included */
double test_random_unit(test_random *random);                           /* [0, 1) */
bool test_random_chance(test_random *random, double probability);
/* 1, or 10 with GN_LONG=1: multiplies the random counts. */
int test_effort(void);

/* ---- folders and processes ---- */

/* A fresh folder, removed when the case ends. */
const char *test_folder(void);
/* A path under it; the text lives until the case ends. */
const char *test_path(const char *format, ...) GN_PRINTF(1, 2);
void test_write_file(const char *path, const char *content);
/* The folder of checked-in data: tests/golden. */
const char *test_golden(const char *name);
/* Compares with tests/golden/<name>; GN_UPDATE=1 rewrites it instead. */
void test_check_golden(const char *name, gn_str actual);

#endif
