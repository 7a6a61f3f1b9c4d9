/* What the arithmetic of numbers shares with that of time. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_ARITHMETIC_H
#define GNOMON_SRC_EXPR_ARITHMETIC_H

#include "expr/bound.h"
#include "expr/decimal.h"

bool gnp_is_zero(const gni_type *type, const gni_value *value);
/* Null, or the failure under ANSI. */
int gnp_zero_divisor(const gni_bound *node, gnp_frame *frame, gni_value *out);
/* `value` at the node's scale when it fits the node's precision; else null, or the failure. */
int gnp_decimal_result(const gni_bound *node, gnp_frame *frame, bool fits, gnp_wide value,
                       gni_value *out);
/* Dates, timestamps and intervals with +, -, * and /; `*done` false when none is among them. */
int gnp_bind_time_arithmetic(gnp_binder *b, gnp_call *call, bool *done);

#endif
