/* CPC sketches: what loads says a number, is written as it was understood, and goes on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "agg/cpc.h"

static void check_sketch(gnp_cpc *cpc, int lg_k, gn_arena *arena)
{
  gnp_cpc again;
  gn_str first, second;
  const char *reason;
  FUZZ_CHECK(gnp_cpc_estimate(cpc) >= 0);
  FUZZ_CHECK(gnp_cpc_save(cpc, &first, arena) == GN_OK);
  FUZZ_CHECK(gnp_cpc_load(&again, lg_k, first, arena, &reason) == GN_OK);
  FUZZ_CHECK(gnp_cpc_save(&again, &second, arena) == GN_OK);
  FUZZ_CHECK(gni_str_equal(first, second));
  FUZZ_CHECK(gnp_cpc_add_hash(cpc, gnp_murmur_long(first.len), arena) == GN_OK);
  FUZZ_CHECK(gnp_cpc_merge(cpc, &again, arena) == GN_OK);
  FUZZ_CHECK(gnp_cpc_save(cpc, &first, arena) == GN_OK);
}

/* The first byte is lgK, so small that a matrix is small; the rest is the sketch. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gnp_cpc cpc;
  const char *reason;
  if (size < 1) return 0;
  int lg_k = 4 + bytes[0] % 9;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str rest = {(const char *)bytes + 1, size - 1};
  int rc = gnp_cpc_load(&cpc, lg_k, rest, &arena, &reason);
  FUZZ_CHECK(rc == GN_OK || (rc == GN_E_CORRUPT && reason));
  if (rc == GN_OK) check_sketch(&cpc, lg_k, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
