/* Keys that come as JSON. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_KEY_H
#define GNOMON_SRC_FLOW_KEY_H

#include "wire/wire.h"

/* The members of the object `given` that are fields of the struct `keys`, into `out`, one a field.
 * GN_E_ARG: one is missing (GO007), and perhaps another's name is a slip (GO008); GN_E_TYPE or
 * GN_E_PARSE: one has another type (GO009). Null is a value. */
int gnp_key_read(const gni_type *keys, const gni_json *given, gn_arena *arena, gni_value *out,
                 gn_error *err);
/* One part of a key; `cell` NULL: it is missing. */
int gnp_key_read_part(const gni_field *key, const gni_json *cell, gn_arena *arena, gni_value *out,
                      gn_error *err);

#endif
