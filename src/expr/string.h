/* Between the files of string functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_STRING_H
#define GNOMON_SRC_EXPR_STRING_H

#include "expr/bound.h"
#include "expr/text.h"

int gnp_lower_text(gn_str text, gnp_frame *frame, gni_value *out);
/* The finished text as the value. */
int gnp_give_made(const gnp_text *text, gnp_frame *frame, gni_value *out);

#endif
