/* What a planned Avro schema is, for the files that make, print and use it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_WIRE_AVRO_PRIVATE_H
#define GNOMON_SRC_WIRE_AVRO_PRIVATE_H

#include "wire/wire_private.h"

/* Where null stands in the union of a node, if it is one. */
enum { NULL_FIRST = 0, NULL_SECOND = 1, NEVER_NULL = 2 };

typedef struct gnp_avro_node gnp_avro_node;
struct gnp_avro_node {
  const gni_type *type;
  uint8_t null_at;
  bool has_bytes; /* every value of it takes a byte at least */
  gn_str name;    /* of a record, as written; its fields' are in the children */
  gn_str field_name;
  gnp_avro_node *children; /* fields; the element; the map's value */
  uint32_t child_count;
};

struct gni_avro_schema {
  gnp_avro_node root;
  gn_str name_space;
};

bool gnp_avro_name_char(char c); /* a letter, digit or underscore of ASCII */

#define GN_AVRO_REPEATED "_REPEATED_NAME_"

#endif
