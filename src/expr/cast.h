/* Inside the casts. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_CAST_H
#define GNOMON_SRC_EXPR_CAST_H

#include "expr/bound.h"
#include "expr/decimal.h"
#include "expr/text.h"

/* How one type becomes another. A bad value is null, or an error where `node->ansi`; casts made by
 * TRY_CAST have ANSI's rules and turn its errors into null. */
typedef struct gnp_cast_row {
  gnp_apply apply;
  const char *sql, *sql_ansi; /* NULL: our evaluator */
  bool fails;                 /* may give null or an error for a value that is not null */
} gnp_cast_row;

/* False when Spark does not cast `from` to `to`. Nested types are not asked for here. */
bool gnp_cast_find(const gni_type *from, const gni_type *to, bool ansi, gnp_cast_row *row);

void gnp_put_text(gnp_text *out, const gni_type *type, const gni_value *value, bool ansi);
int gnp_cast_to_text(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                     gni_value *out);
int gnp_cast_to_boolean(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out);
int gnp_cast_to_integer(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out);
int gnp_cast_to_real(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                     gni_value *out);
int gnp_cast_to_decimal(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                        gni_value *out);
int gnp_cast_to_date(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                     gni_value *out);
int gnp_cast_to_timestamp(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                          gni_value *out);
int gnp_cast_to_binary(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                       gni_value *out);
int gnp_cast_nested(const gni_bound *node, gnp_frame *frame, const gni_value *args, gni_value *out);

#endif
