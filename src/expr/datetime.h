/* Dates and timestamps as Spark reads and writes them; the zone is UTC.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_DATETIME_H
#define GNOMON_SRC_EXPR_DATETIME_H

#include "data/data.h"

#define GNP_SECOND_US INT64_C(1000000)
#define GNP_DAY_US (GNP_SECOND_US * 86400)
#define GNP_DATE_TEXT_BYTES 32      /* "+5881580-07-11" and room */
#define GNP_TIMESTAMP_TEXT_BYTES 48 /* "+294247-01-10 04:00:54.775807" and room */

enum gnp_time_result {
  GNP_TIME_OK,
  GNP_TIME_BAD,
  GNP_TIME_ZONE /* a region's name: not known here */
};

/* White space and control characters at both ends, as Spark's casts trim. */
gn_str gnp_trim_all(gn_str text);

/* [+-]yyyy[-[m]m[-[d]d[ …|T…]]] */
bool gnp_sql_date_parse(gn_str text, int32_t *day);
/* The same with [ |T][h]h:[m]m:[s]s[.ffffff…][zone]; a bare time is on the day of `now_us`. */
int gnp_sql_timestamp_parse(gn_str text, int64_t now_us, int64_t *us);

size_t gnp_sql_date_format(int32_t day, char out[GNP_DATE_TEXT_BYTES]);
size_t gnp_sql_timestamp_format(int64_t us, char out[GNP_TIMESTAMP_TEXT_BYTES]);

/* Floor division, for times before 1970. */
static inline int64_t gnp_floor_div(int64_t a, int64_t b)
{
  return a / b - ((a % b != 0) & ((a < 0) != (b < 0)));
}
static inline int64_t gnp_floor_mod(int64_t a, int64_t b)
{
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#endif
