/* The kit around cmocka. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what is closed when a case ends ---- */

enum { LATER_MAX = 256 };
static struct {
  void (*close)(void *what);
  void *what;
} later[LATER_MAX];
static size_t later_count;

void test_later(void (*close)(void *what), void *what)
{
  if (later_count == LATER_MAX)
    test_fail(__FILE__, __LINE__, "more than %d things to close", LATER_MAX);
  later[later_count].close = close;
  later[later_count++].what = what;
}

static uint64_t seed(void)
{
  const char *text = getenv("GN_SEED");
  int64_t value = 77001;
  if (text) gni_parse_int64(gni_str(text), &value);
  return (uint64_t)value;
}

/* ---- checks ---- */

void test_fail(const char *file, int line, const char *format, ...)
{
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  print_error("%s  (GN_SEED=%" PRIu64 ")\n", text, seed());
  _fail(file, line);
}

void test_check(bool holds, const char *text, const char *file, int line)
{
  if (!holds) test_fail(file, line, "not true: %s", text);
}

void test_check_int(int64_t actual, int64_t expected, const char *text, const char *file, int line)
{
  if (actual != expected)
    test_fail(file, line, "%s is %" PRId64 ", not %" PRId64, text, actual, expected);
}

void test_check_text(const char *actual, const char *expected, const char *text, const char *file,
                     int line)
{
  if (!actual || strcmp(actual, expected) != 0)
    test_fail(file, line, "%s is\n  \"%s\", not\n  \"%s\"", text, actual ? actual : "(null)",
              expected);
}

void test_check_str(gn_str actual, const char *expected, const char *text, const char *file,
                    int line)
{
  if (!gni_str_is(actual, expected))
    test_fail(file, line, "%s is\n  \"%.*s\", not\n  \"%s\"", text, GN_STR_ARGS(actual), expected);
}

void test_check_double(double actual, double expected, double relative, const char *text,
                       const char *file, int line)
{
  if (actual == expected || (isnan(actual) && isnan(expected))) return;
  double scale = fmax(fabs(actual), fabs(expected));
  if (!(fabs(actual - expected) <= relative * scale))
    test_fail(file, line, "%s is %.17g, not %.17g", text, actual, expected);
}

void test_check_ok(int rc, const gn_error *err, const char *text, const char *file, int line)
{
  if (rc == GN_OK) return;
  test_fail(file, line, "%s gave %s\n  where:   %s\n  message: %s\n  hint:    %s", text,
            gn_code_name(rc), err ? err->where : "", err ? err->message : "", err ? err->hint : "");
}

void test_skip(const char *reason)
{
  print_message("skipped: %s\n", reason);
  skip();
}

/* ---- the failing heap: every block carries its size in front; any thread may use it ---- */

enum { GUARD_BYTES = 16 };
struct heap {
  int64_t fail_at;                   /* which allocation fails; 0 is none */
  _Atomic int64_t made, live, wrong; /* allocations, blocks out, sizes that did not match */
};

static void *heap_resize(void *user, void *block, size_t old_size, size_t size)
{
  struct heap *heap = user;
  char *whole = block ? (char *)block - GUARD_BYTES : NULL;
  size_t known = 0;
  if (whole) memcpy(&known, whole, sizeof known);
  if (known != old_size) heap->wrong++;
  if (size == 0) {
    if (whole) heap->live--;
    free(whole);
    return NULL;
  }
  if (++heap->made == heap->fail_at) return NULL;
  char *moved = realloc(whole, size + GUARD_BYTES);
  if (!moved) return NULL;
  if (!whole) heap->live++;
  memcpy(moved, &size, sizeof size);
  return moved + GUARD_BYTES;
}

/* How many allocations the body made, or asked for before it gave up. */
static int64_t fail_at(void (*body)(const gn_alloc *alloc), int64_t n)
{
  struct heap heap = {.fail_at = n};
  gn_alloc alloc = {heap_resize, &heap};
  body(&alloc);
  if (heap.live)
    test_fail(__FILE__, __LINE__, "%" PRId64 " blocks leaked when allocation %" PRId64 " failed",
              heap.live, n);
  if (heap.wrong)
    test_fail(__FILE__, __LINE__, "%" PRId64 " wrong sizes when allocation %" PRId64 " failed",
              heap.wrong, n);
  return heap.made;
}

int test_each_oom(void (*body)(const gn_alloc *alloc))
{
  for (int64_t n = 1;; n++)
    if (fail_at(body, n) < n) return (int)(n - 1);
}

int test_some_oom(void (*body)(const gn_alloc *alloc), int dense)
{
  test_random random = test_random_new((uint64_t)dense);
  int failed = 0;
  for (int64_t n = 1; fail_at(body, n) >= n; failed++)
    n += n < dense ? 1 : test_random_in(&random, 1, 1 + 2 * n / dense);
  return failed;
}

static struct heap case_heap;
static const gn_alloc case_alloc = {heap_resize, &case_heap};

const gn_alloc *test_alloc(void)
{
  return &case_alloc;
}

size_t test_alloc_live(void)
{
  return (size_t)case_heap.live;
}

size_t test_alloc_count(void)
{
  return (size_t)case_heap.made;
}

/* ---- randomness: splitmix64 ---- */

test_random test_random_new(uint64_t salt)
{
  return (test_random){seed() * UINT64_C(0x9E3779B97F4A7C15) + salt};
}

uint64_t test_random_bits(test_random *random)
{
  uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

int64_t test_random_in(test_random *random, int64_t low, int64_t high)
{
  uint64_t span = (uint64_t)high - (uint64_t)low + 1;
  uint64_t bits = test_random_bits(random);
  return (int64_t)((uint64_t)low + (span ? bits % span : bits));
}

double test_random_unit(test_random *random)
{
  return (double)(test_random_bits(random) >> 11) * 0x1p-53;
}

bool test_random_chance(test_random *random, double probability)
{
  return test_random_unit(random) < probability;
}

int test_effort(void)
{
  const char *text = getenv("GN_LONG");
  return text && strcmp(text, "1") == 0 ? 10 : 1;
}

/* ---- folders ---- */

static char folder[PATH_MAX];
static char *paths[LATER_MAX];
static size_t path_count;

static void remove_folder(void *what)
{
  (void)what;
  gni_folder_remove(folder, NULL);
  folder[0] = '\0';
}

const char *test_folder(void)
{
  const char *base = getenv("TMPDIR");
  if (folder[0]) return folder;
  snprintf(folder, sizeof folder, "%s/gnomon-test-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(folder)) test_fail(__FILE__, __LINE__, "cannot make %s", folder);
  test_later(remove_folder, NULL);
  return folder;
}

static const char *keep_path(const char *text)
{
  if (path_count == LATER_MAX) test_fail(__FILE__, __LINE__, "more than %d paths", LATER_MAX);
  char *copy = malloc(strlen(text) + 1);
  if (!copy) abort();
  memcpy(copy, text, strlen(text) + 1);
  return paths[path_count++] = copy;
}

const char *test_path(const char *format, ...)
{
  char name[PATH_MAX], full[2 * PATH_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(name, sizeof name, format, args);
  va_end(args);
  snprintf(full, sizeof full, "%s/%s", test_folder(), name);
  return keep_path(full);
}

void test_write_file(const char *path, const char *content)
{
  gn_error err = {0};
  CHECK_OK(gni_file_publish(path, gni_str(content), &err), &err);
}

const char *test_golden(const char *name)
{
  char full[2 * PATH_MAX];
  snprintf(full, sizeof full, "%s/%s", GN_GOLDEN_FOLDER, name);
  return keep_path(full);
}

void test_check_golden(const char *name, gn_str actual)
{
  const char *path = test_golden(name), *update = getenv("GN_UPDATE");
  gn_error err = {0};
  gn_buf expected;
  if (update && strcmp(update, "1") == 0) {
    CHECK_OK(gni_file_publish(path, actual, &err), &err);
    return;
  }
  gni_buf_init(&expected, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gni_file_read(path, &expected, &err);
  bool same = rc == GN_OK && gni_str_equal(gni_buf_view(&expected), actual);
  if (!same)
    print_error("%s holds\n%.*s\nbut this was made\n%.*s\n(GN_UPDATE=1 rewrites it)\n", name,
                GN_STR_ARGS(gni_buf_view(&expected)), GN_STR_ARGS(actual));
  gni_buf_deinit(&expected);
  if (!same) test_fail(__FILE__, __LINE__, "%s differs", name);
}

/* ---- the runner ---- */

static int end_case(void **state)
{
  (void)state;
  while (later_count) {
    later_count--;
    later[later_count].close(later[later_count].what);
  }
  while (path_count) free(paths[--path_count]);
  int64_t live = case_heap.live, wrong = case_heap.wrong;
  case_heap = (struct heap){0};
  if (live) print_error("%" PRId64 " blocks of test_alloc were not freed\n", live);
  if (wrong) print_error("%" PRId64 " blocks of test_alloc had a wrong size\n", wrong);
  return live || wrong ? -1 : 0;
}

static void run_case(void **state)
{
  ((const test_case *)*state)->run();
}

int test_main(const test_case *cases, size_t count)
{
  const char *only = getenv("GN_TEST");
  struct CMUnitTest *tests = calloc(count, sizeof *tests);
  size_t chosen = 0;
  if (!tests) return 1;
  for (size_t i = 0; i < count; i++) {
    if (only && !strstr(cases[i].name, only)) continue;
    void *initial = (void *)(uintptr_t)&cases[i];
    tests[chosen++] = (struct CMUnitTest){cases[i].name, run_case, NULL, end_case, initial};
  }
  if (test_effort() > 1) printf("# GN_SEED=%" PRIu64 "\n", seed());
  int failed = _cmocka_run_group_tests("", tests, chosen, NULL, NULL);
  free(tests);
  return failed != 0;
}
