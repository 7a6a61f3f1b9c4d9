/* Between the files of string functions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_STRING_H
#define GNOMON_SRC_EXPR_STRING_H

#include "expr/bound.h"
#include "expr/text.h"

int gnp_lower_text(gn_str text, gnp_frame *frame, gni_value *out);
/* With U+FFFD for what is no UTF-8. */
int gnp_give_repaired(gn_str in, gnp_frame *frame, gni_value *out);
/* With padding, without line breaks. */
void gnp_put_base64(gnp_text *text, gn_str bytes);
/* The finished text as the value. */
int gnp_give_made(const gnp_text *text, gnp_frame *frame, gni_value *out);

#endif
