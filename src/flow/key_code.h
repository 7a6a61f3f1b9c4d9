/* Keys as bytes that compare as the keys are ordered. SPDX-License-Identifier: Apache-2.0
 *
 * A column is 0 and its value, or 1 for a null, which sorts last. Numbers are big endian with the
 * sign flipped; texts end in 0 0, and a zero inside them is 0 255. */
#ifndef GNOMON_SRC_FLOW_KEY_CODE_H
#define GNOMON_SRC_FLOW_KEY_CODE_H

#include "data/data.h"

static inline bool gnp_is_text(const gni_type *type)
{
  return type->kind == GNI_STRING || type->kind == GNI_BINARY;
}

bool gnp_key_code_can(const gni_type *type);
/* Appends a column of one key. */
void gnp_key_code(gn_buf *out, const gni_type *type, const gni_value *value);
/* Appends many keys that are one 64-bit number each, as they are stored. */
void gnp_key_code_words(gn_buf *out, const char *words, size_t count);
/* Reads a column and gives where the next one begins; NULL without memory. Texts borrow from
 * `bytes` or take from the arena. */
const char *gnp_key_decode(const char *bytes, const gni_type *type, gn_arena *arena,
                           gni_value *out);

#endif
