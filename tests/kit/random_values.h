/* Random types and values for tests of laws. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_RANDOM_VALUES_H
#define GNOMON_TESTS_RANDOM_VALUES_H

#include "data/data.h"
#include "kit/kit.h"

/* Which kinds a random type may have: bits 1 << gni_kind, and one more wish. */
#define TEST_KINDS_ALL 0xFFFFu
#define TEST_KINDS_SCALAR (TEST_KINDS_ALL & ~TEST_KINDS_NESTED)
#define TEST_KINDS_NESTED (1u << GNI_MAP | 1u << GNI_LIST | 1u << GNI_STRUCT)
#define TEST_KEYS_TEXT 0x10000u /* keys of maps are strings */
/* What Avro can carry. */
#define TEST_KINDS_AVRO                                                                            \
  (TEST_KEYS_TEXT | (TEST_KINDS_ALL & ~(1u << GNI_DATE | 1u << GNI_TIMESTAMP | 1u << GNI_DECIMAL | \
                                        1u << GNI_NULL)))

/* At most `depth` levels; 1 gives scalars only. Structs have 1 to 4 fields of distinct names. */
const gni_type *test_random_type(test_random *random, gn_arena *arena, int depth, unsigned kinds);
/* A struct type of `count` fields named "c0", "c1", …: the type of a row. */
const gni_type *test_random_row_type(test_random *random, gn_arena *arena, size_t count, int depth,
                                     unsigned kinds);
/* Ordinary and extreme values; null with the given probability at every place but the keys of maps,
 * which are distinct. */
gni_value test_random_value(test_random *random, gn_arena *arena, const gni_type *type,
                            double null_chance);
/* An arena that ends with the case. */
gn_arena *test_arena(void);

#endif
