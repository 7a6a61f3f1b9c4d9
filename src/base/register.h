/* The families of the register, a file each. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_BASE_REGISTER_H
#define GNOMON_SRC_BASE_REGISTER_H

#include "base/diagnostic.h"

typedef struct gnp_family {
  const char *title;          /* of its chapter */
  const gni_diagnostic *rows; /* ascending by code */
  size_t count;
} gnp_family;

extern const gnp_family gnp_command_codes, gnp_general_codes, gnp_online_codes, gnp_plan_codes,
    gnp_resource_codes, gnp_spark_codes, gnp_table_codes, gnp_expression_codes;

#endif
