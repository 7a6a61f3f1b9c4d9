/* What the tests of expressions share: one schema with a column of every type, a row of it, and
 * text in, text out. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_EXPR_KIT_H
#define GNOMON_TESTS_EXPR_KIT_H

#include "expr/expr.h"
#include "kit/kit.h"

/* The fields of the schema: b tinyint, s smallint, i int, l bigint, f float, d double, t string,
 * x binary, o boolean, day date, ts timestamp, dec decimal(10,2), list array<int>,
 * words array<string>, m map<string,int>, st struct<a:int,b:string>, empty (null string), n (null
 * int). */
const gni_type *expr_schema(gn_arena *arena);
const gni_value *expr_row(gn_arena *arena);

/* The value as text: "12: bigint", "null: string", or "error: …" with where the failure is. */
const char *expr_result(const char *text, bool ansi);
/* The SQL emitted, or the error. */
const char *expr_sql(const char *text, bool ansi);

#endif
