/* KLL sketches: what loads answers in order, is written as it was understood, and goes on.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "agg/kll.h"

static void check_answers(const gnp_kll *kll, gn_arena *arena)
{
  static const double ranks[] = {0, 0.3, 0.6, 1};
  float quantiles[4];
  FUZZ_CHECK(gnp_kll_quantiles(kll, ranks, 4, quantiles, arena) == GN_OK);
  for (int i = 1; i < 4 && kll->n > 0; i++) FUZZ_CHECK(quantiles[i - 1] <= quantiles[i]);
}

static void check_sketch(gnp_kll *kll, int k, gn_arena *arena)
{
  gnp_kll again;
  gn_str first, second;
  const char *reason;
  FUZZ_CHECK(gnp_kll_save(kll, &first, arena) == GN_OK);
  FUZZ_CHECK(gnp_kll_load(&again, k, first, arena, &reason) == GN_OK);
  FUZZ_CHECK(gnp_kll_save(&again, &second, arena) == GN_OK);
  FUZZ_CHECK(gni_str_equal(first, second));
  int rc = gnp_kll_add(kll, 1.5F, arena);
  if (rc == GN_OK) rc = gnp_kll_merge(kll, &again, arena);
  FUZZ_CHECK(rc == GN_OK || rc == GN_E_LIMIT);
}

/* The first byte is k; the rest is the sketch. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gnp_kll kll;
  const char *reason;
  if (size < 1) return 0;
  int k = GNP_KLL_K_MIN + bytes[0];
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str rest = {(const char *)bytes + 1, size - 1};
  int rc = gnp_kll_load(&kll, k, rest, &arena, &reason);
  FUZZ_CHECK(rc == GN_OK || (rc == GN_E_CORRUPT && reason));
  if (rc == GN_OK) check_answers(&kll, &arena);
  if (rc == GN_OK) check_sketch(&kll, k, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
