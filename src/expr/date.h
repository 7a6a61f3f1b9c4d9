/* Between the files of date functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_DATE_H
#define GNOMON_SRC_EXPR_DATE_H

#include "expr/bound.h"
#include "expr/datetime.h"
#include "expr/decimal.h"
#include "expr/pattern.h"

typedef struct gnp_civil {
  int64_t year;
  int32_t month, day;
} gnp_civil;

gnp_civil gnp_civil_of(int64_t day);
int64_t gnp_day_of_civil(int64_t year, int32_t month, int32_t day);
int32_t gnp_month_length(int64_t year, int32_t month);
/* Which function gives a part ("year", "dow"); NULL when there is no such part. */
const char *gnp_date_part_function(gn_str name);

#endif
