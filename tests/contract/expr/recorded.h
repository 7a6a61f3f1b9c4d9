/* What a recording holds: inputs as Spark's literals, answers as JSON. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TESTS_EXPR_RECORDED_H
#define GNOMON_TESTS_EXPR_RECORDED_H

#include "expr/expr.h"
#include "kit/kit.h"
#include "wire/wire.h"

/* CAST(<literal> AS <type>), as the recording wrote it. */
gni_value recorded_literal(gn_str literal, const gni_type *type, gn_arena *arena);
/* The answer is this value; reals may differ by `tolerance` of the answer. */
bool recorded_same(const gni_json *node, const gni_type *type, const gni_value *value,
                   double tolerance);
/* Every row of the answer is an error: under ANSI a constant that fails ends each of them with
 * Spark, and is refused by us. */
bool recorded_fails(const gni_json *answer);

#endif
