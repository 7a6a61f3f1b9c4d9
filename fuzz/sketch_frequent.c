/* Sketches of frequent items: what loads is written as it was understood, and goes on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "agg/frequent.h"

static void check_sketch(gnp_frequent *frequent, gn_arena *arena)
{
  gnp_frequent again;
  gn_str first, second;
  const char *reason;
  uint32_t k = frequent->k;
  bool wide = frequent->wide;
  FUZZ_CHECK(gnp_frequent_save(frequent, &first, arena) == GN_OK);
  FUZZ_CHECK(gnp_frequent_load(&again, k, wide, first, arena, &reason) == GN_OK);
  FUZZ_CHECK(gnp_frequent_save(&again, &second, arena) == GN_OK);
  FUZZ_CHECK(gni_str_equal(first, second));
  FUZZ_CHECK(gnp_frequent_add(frequent, GN_STR("eight by"), 1, arena) == GN_OK);
  FUZZ_CHECK(gnp_frequent_merge(frequent, &again, arena) == GN_OK);
  FUZZ_CHECK(gnp_frequent_save(frequent, &first, arena) == GN_OK);
}

/* The first byte is k, its highest bit says that items are texts; the rest is the sketch. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gnp_frequent frequent;
  const char *reason;
  if (size < 1) return 0;
  uint32_t k = 1 + (bytes[0] & 0x7F);
  bool wide = bytes[0] & 0x80;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str rest = {(const char *)bytes + 1, size - 1};
  int rc = gnp_frequent_load(&frequent, k, wide, rest, &arena, &reason);
  FUZZ_CHECK(rc == GN_OK || (rc == GN_E_CORRUPT && reason));
  if (rc == GN_OK) check_sketch(&frequent, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
