/* A GroupBy over one long column, written by hand. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_AGG_SMALL_GROUP_H
#define GNOMON_TESTS_AGG_SMALL_GROUP_H

#include "agg/agg.h"
#include "kit/kit.h"

#define MINUTE_MS INT64_C(60000)
#define MARCH_10_MS INT64_C(1710028800000) /* 2024-03-10T00:00Z */
#define MARCH_10_DAY 19792
/* 2024-03-<day>T<hour>:<minute>:<second>Z; days below 1 are in February (0 is the 29th). */
#define MARCH_MS(day, hour, minute, second)                                                        \
  (MARCH_10_MS + ((day) - 10) * GN_DAY_MS + (hour) * GN_HOUR_MS + (minute) * MINUTE_MS +           \
   (second) * 1000)

#define HOURS(n) ((gni_window){(n) * GN_HOUR_MS, (n), true})
#define DAYS(n) ((gni_window){(n) * GN_DAY_MS, (n), false})

/* An arena of test_alloc that ends with the case. */
gn_arena *small_arena(void);
/* `operation` over column "x" with these windows; none gives an unbounded one. */
const gni_layout *small_layout(gn_arena *arena, int operation, const gni_window *windows,
                               size_t window_count);
/* Row i has the value 2^i, so that a sum names the rows that are in it. */
void small_rows(gn_arena *arena, const int64_t *times_ms, size_t count, gni_row *out);

#endif
