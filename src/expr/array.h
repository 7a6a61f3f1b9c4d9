/* Between the files of array functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_ARRAY_H
#define GNOMON_SRC_EXPR_ARRAY_H

#include "expr/bound.h"

/* The first element that equals `item`, or -1; nulls equal nothing. */
int64_t gnp_list_find(const gni_type *type, const gni_value *list, const gni_value *item);

#endif
