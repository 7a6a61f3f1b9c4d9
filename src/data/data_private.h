/* Shared by the files of this folder only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_DATA_PRIVATE_H
#define GNOMON_SRC_DATA_PRIVATE_H

#include "data/data.h"

static inline bool gnp_type_is_nested(const gni_type *type)
{
  return type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT;
}

/* What a type with so many fields takes from an arena, for the message when there is no room. */
size_t gnp_type_bytes(size_t field_count);

/* nanoarrow's errno as a code of ours; 0 is GN_OK. */
int gnp_arrow_fail(gn_error *err, int native, const char *doing);

#endif
