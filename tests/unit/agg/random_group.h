/* Random GroupBys, keys full of awkward rows, and awkward query times. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TESTS_AGG_RANDOM_GROUP_H
#define GNOMON_TESTS_AGG_RANDOM_GROUP_H

#include "agg/agg.h"
#include "kit/kit.h"

#define TEST_EPOCH_MS INT64_C(1710028800000) /* 2024-03-10T00:00Z */

enum {
  RANDOM_CHOICES_MAX = 1024,
  RANDOM_ROWS_MAX = 200,
  RANDOM_QUERIES_MAX = 400,
  RANDOM_WINDOWS = 16 /* classes of windows */
};

/* One operation on one input column that is allowed, found by trying. */
typedef struct random_choice {
  int operation, input;
  bool bucketed, element_wise;
  size_t uses[RANDOM_WINDOWS]; /* by class of window */
} random_choice;

typedef struct random_group {
  test_random random;
  gn_arena types, definition, data;
  const gni_type *input;
  random_choice choices[RANDOM_CHOICES_MAX];
  size_t choice_count, next_choice;
  bool wild;       /* NaN, infinities, -0.0 and reals whose sums are not exact */
  bool whole_days; /* windows in whole days only */
  const gni_layout *layout;
  gni_row rows[RANDOM_ROWS_MAX];
  size_t row_count;
  int64_t queries[RANDOM_QUERIES_MAX];
  size_t query_count;
} random_group;

/* On the heap, freed when the case ends. */
random_group *random_group_new(uint64_t salt);
/* A new layout of 1..4 aggregations; all choices come up equally often. */
void random_layout(random_group *group);
/* The rows of a key: up to `most`, around the midnights of `days` days from TEST_EPOCH_MS on, many
 * on the edges of the layout's windows and many at the same millisecond. */
void random_rows(random_group *group, size_t most, int days);
/* Ascending times in those days: midnights, rows' own times, hop edges, and others. */
void random_queries(random_group *group, size_t count, int days);
/* Prints how many pairs of a choice and a class of window came up. */
void random_group_report(const random_group *group);

#endif
