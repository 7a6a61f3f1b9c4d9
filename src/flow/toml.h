/* The part of TOML that gnomon.toml uses: tables with dotted and quoted names, strings, whole
 * numbers, booleans. Anything else is an error with its place. SPDX-License-Identifier: Apache-2.0
 */
#ifndef GNOMON_SRC_FLOW_TOML_H
#define GNOMON_SRC_FLOW_TOML_H

#include "base/base.h"

enum gnp_toml_kind { GNP_TOML_TEXT, GNP_TOML_INTEGER, GNP_TOML_BOOLEAN };

/* One `key = value` line. `table` is the header's parts joined by the byte 0x1F ("tables" 0x1F
 * "ns.t"). */
typedef struct gnp_toml_entry {
  gn_str table, key, text;
  int64_t integer; /* also a boolean's 0 or 1 */
  int kind;
  uint32_t line;
} gnp_toml_entry;

/* Calls `each` for every entry in order; its texts live in `arena`. */
int gnp_toml_read(gn_str text, gn_arena *arena,
                  int (*each)(void *user, const gnp_toml_entry *entry, gn_error *err), void *user,
                  gn_error *err);

#endif
