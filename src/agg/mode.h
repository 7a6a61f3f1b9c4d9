/* The modes: one operation, met by its input in one of five ways. Of this module only.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   direct    each input is one input of the operation
 *   vector    each element of a list is
 *   keys      a state for each key of a map input
 *   buckets   a state for each value of the bucket column, around direct or vector
 *   elements  a state for each position of a list */
#ifndef GNOMON_SRC_AGG_MODE_H
#define GNOMON_SRC_AGG_MODE_H

#include "agg/agg_private.h"

typedef struct gnp_mode gnp_mode;

struct gni_aggregator {
  const gnp_mode *mode;
  gnp_scalar scalar;           /* the operation; of `inner` when there is one */
  const gni_aggregator *inner; /* keys, buckets, elements: what each of the states is */
  gnp_keyed_form keyed_form;   /* keys, buckets: entries with an inner state */
  const gni_type *output, *state_type;
  size_t state_size;
  bool deletable;
  bool checked; /* NaN and infinity finish to null; not inside maps and lists */
};

/* One row that comes or, `back`, goes. The input is not null. */
typedef struct gnp_change {
  const gni_value *input, *bucket;
  int64_t time_ms;
  bool back;
  gn_arena *arena;
} gnp_change;

/* The functions of a mode. Whether a state saw something is known to them: `copy` and `load` write
 * into a zeroed state, `apply` takes any and sets `seen`, the others get a state that saw
 * something. */
struct gnp_mode {
  size_t state_size; /* 0: that of the operation */
  int (*apply)(const gni_aggregator *aggregator, void *state, const gnp_change *change);
  int (*merge)(const gni_aggregator *aggregator, void *state, const void *other, gn_arena *arena);
  int (*copy)(const gni_aggregator *aggregator, void *target, const void *state, gn_arena *arena);
  int (*finish)(const gni_aggregator *aggregator, const void *state, gni_value *out,
                gn_arena *arena);
  int (*save)(const gni_aggregator *aggregator, const void *state, gni_value *out, gn_arena *arena);
  int (*load)(const gni_aggregator *aggregator, void *state, const gni_value *saved,
              gn_arena *arena, gn_error *err);
};
extern const gnp_mode gnp_mode_direct, gnp_mode_vector, gnp_mode_keys, gnp_mode_buckets,
    gnp_mode_elements;

#endif
