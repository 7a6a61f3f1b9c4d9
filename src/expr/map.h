/* Making and reading maps. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_MAP_H
#define GNOMON_SRC_EXPR_MAP_H

#include "expr/bound.h"

/* Keys in the order of their coming; a null or a second equal key is an error, as in Spark. */
typedef struct gnp_map_maker {
  const gni_type *key;
  gni_value *pairs;
  size_t count, capacity;
} gnp_map_maker;

int gnp_map_start(gnp_map_maker *maker, const gni_type *map, size_t capacity, gnp_frame *frame);
int gnp_map_put(gnp_map_maker *maker, const gni_value *key, const gni_value *value,
                gnp_frame *frame);
int gnp_map_finish(const gnp_map_maker *maker, gni_value *out);
/* The value of a key; NULL when the map has none. */
const gni_value *gnp_map_find(const gni_type *key_type, const gni_value *map, const gni_value *key);

#endif
