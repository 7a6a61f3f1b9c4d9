/* YAML, as the tree that JSON gives. SPDX-License-Identifier: Apache-2.0
 *
 * A library apart (gni_wire_yaml): libyaml is for those who read what people write. */
#ifndef GNOMON_SRC_WIRE_YAML_H
#define GNOMON_SRC_WIRE_YAML_H

#include "wire/wire.h"

/* Where a text stops being YAML; from 1, in characters. */
typedef struct gni_yaml_place {
  uint32_t line, column;
} gni_yaml_place;

/* One document of YAML's core schema: plain null, true, 12, 1.5, .nan and .inf are what they look
 * like, all else is text. Anchors, aliases and tags are refused, and so is a key that stands twice:
 * what a person reads is what there is. GN_E_PARSE fills `place`; an empty document is null. */
int gni_yaml_parse(gn_str text, int depth_max, gn_arena *arena, const gni_json **out,
                   gni_yaml_place *place, gn_error *err);

#endif
