/* A recorded answer against a value. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_EXPR_ANSWERS_H
#define GNOMON_TESTS_EXPR_ANSWERS_H

#include "wire/wire.h"

/* The cell of a recorded answer is this value; reals within `tolerance` of it, relatively. */
bool answer_is(const gni_json *node, const gni_type *type, const gni_value *value,
               double tolerance);

#endif
