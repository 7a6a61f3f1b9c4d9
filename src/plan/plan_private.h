/* Between the files of src/plan only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_PLAN_PRIVATE_H
#define GNOMON_SRC_PLAN_PRIVATE_H

#include "plan/plan.h"

typedef struct gnp_names {
  gn_str *items;
  size_t count;
} gnp_names;

/* The columns that rows carry besides keys and time. `table` is looked at when nothing is selected.
 */
int gnp_value_columns(const gni_group_by *def, const gni_query *query, const gni_type *table,
                      gn_str partition_column, gn_arena *arena, gnp_names *out);

/* A group while it is being bound. */
typedef struct gnp_binding {
  gni_group *group;
  gn_arena *arena;
  gn_error *err;
} gnp_binding;

/* Fills in names, layout, values, derivations and features from keys and inputs. */
int gnp_bind_outputs(gnp_binding *binding);
/* An expression against a struct type; its text and a caret are in the hint of a failure. */
int gnp_bind_text(gn_str text, const gni_type *schema, const gni_type *as, gn_arena *arena,
                  const gni_bound **out, gn_error *err);

#endif
