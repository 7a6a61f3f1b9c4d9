/* Sketches of other makers, recorded in tests/golden/sketch/oracle.jsonl, and the values they were
 * made of. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_AGG_SKETCH_KIT_H
#define GNOMON_TESTS_AGG_SKETCH_KIT_H

#include "agg/sketch.h"
#include "unit/agg/worked.h"
#include "wire/wire.h"

/* One line. */
typedef struct recorded {
  const gni_json *line;
  int k;
  int64_t count; /* values it was made of */
  gn_str values; /* "long", "double", "text" */
  gn_str bytes;
} recorded;

/* Calls `each` for every line of that sketch; returns how many there were. */
size_t for_each_recorded(const char *sketch, void (*each)(const recorded *one));
/* The same, of the lines that Chronon's Java library wrote, or did not. */
bool is_java(const recorded *one);

/* The i-th value, as the recorder has them. Texts live in the test's arena. */
gni_value distinct_value(gn_str values, int64_t i);
gni_value frequent_value(gn_str values, int64_t i);
float real_value(int64_t i);

/* Fails, naming the line, unless the bytes are the recorded ones. */
void check_bytes(const recorded *one, gn_str bytes);
void add_hex(gn_buf *out, gn_str bytes);

#endif
