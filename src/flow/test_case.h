/* Between the files of `gnomon test`. SPDX-License-Identifier: Apache-2.0
 *
 *   test.c         which files, which tests; the tally
 *   test_read.c    a file's YAML into tests, every mistake with its place
 *   test_tables.c  the rows given, written as tables of a session of their own
 *   test_run.c     days computed and keys fetched, compared with what is expected
 *   test_write.c   what is told */
#ifndef GNOMON_SRC_FLOW_TEST_CASE_H
#define GNOMON_SRC_FLOW_TEST_CASE_H

#include <gnomon/test.h>

#include "flow/job.h"

#define GNP_TEST_TOLERANCE 1e-9 /* of the larger: 0.1 + 0.2 is 0.3 to whoever writes a test */

typedef struct gnp_test_file {
  gn_str path, text; /* the path as people know it */
  gni_problems *problems;
} gnp_test_file;

typedef struct gnp_test_table {
  const gni_json *name;  /* the node of its name */
  const gni_json *types; /* NULL: all of them are seen from the rows */
  const gni_json *rows;  /* a list of objects */
} gnp_test_table;

typedef struct gnp_test {
  const gnp_test_file *file;
  const gni_json *node; /* where it begins */
  gn_str name, conf;
  gnp_test_table *tables;
  size_t table_count;
  const gni_json *batch, *online; /* lists of objects; NULL: not asked */
  bool partial;                   /* features that are not named are not compared */
  double tolerance;
} gnp_test;

typedef struct gnp_tests {
  gnp_test *items;
  size_t count, capacity;
} gnp_tests;

/* A mistake at a node; `hint` may be NULL. */
void gnp_test_problem(const gnp_test_file *file, const char *code, const gni_json *node,
                      const char *hint, const char *format, ...) GN_PRINTF(5, 6);
/* The same for a name that is none of `names`: the hint is the nearest, or all of them. */
void gnp_test_unknown(const gnp_test_file *file, const gni_json *node, const char *what,
                      const gn_str *names, size_t count);
/* Adds the tests of a file; what is wrong goes to its problems. */
int gnp_test_read(const gnp_test_file *file, gn_arena *arena, gnp_tests *out, gn_error *err);
/* "2025-01-04T12:00", or milliseconds; adds a problem when it is neither. */
bool gnp_test_instant(const gnp_test_file *file, const gni_json *node, int64_t *ms);
bool gnp_test_day(const gnp_test_file *file, const gni_json *node, int32_t *day);
/* A value of a type; adds a problem when it does not fit. */
bool gnp_test_value(const gnp_test_file *file, const gni_json *node, const gni_type *type,
                    gn_arena *arena, gni_value *out);

/* A session with tables of its own and a store in memory, and the definition bound to them. */
typedef struct gnp_test_world {
  gn_session *session;
  gni_run_folder folder;
  gnp_job job;
} gnp_test_world;

/* GN_ABSENT: the file has a problem. Closed by the caller in any case. */
int gnp_test_world_open(gn_session *outer, const gnp_test *test, gnp_test_world *out,
                        gn_error *err);
void gnp_test_world_close(gnp_test_world *world);

/* One cell, or one row, that is not as expected. Texts are JSON; empty: there is none. */
typedef struct gnp_difference {
  uint32_t line; /* of what is expected; 0: nothing is */
  bool online;
  gn_str row;     /* the key, with its day or time */
  gn_str feature; /* empty: the whole row */
  gn_str expected, actual;
} gnp_difference;

typedef struct gnp_outcome {
  gn_arena *arena;
  gnp_difference *differences;
  size_t count, capacity;
  gn_error failure; /* why it could not be computed; code GN_OK: it could */
} gnp_outcome;

/* GN_ABSENT: the file has a problem, and the outcome counts for nothing. */
int gnp_test_run(gn_session *outer, const gnp_test *test, gnp_outcome *out, gn_error *err);

void gnp_test_tell(const gnp_test *test, const gnp_outcome *outcome, int form, gn_buf *out);
void gnp_test_tell_sum(const gn_test_report *report, int form, gn_buf *out);

#endif
