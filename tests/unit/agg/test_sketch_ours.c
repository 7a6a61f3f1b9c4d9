/* Bytes of ours, as they are stored: tests/golden/sketch/ours.jsonl has them and what we say of
 * them, and tests/python/test_sketch.py what Apache DataSketches does. SPDX-License-Identifier:
 * Apache-2.0 */
#include "agg/cpc.h"
#include "agg/frequent.h"
#include "agg/kll.h"
#include "unit/agg/sketch_kit.h"

#include <inttypes.h>

static const int64_t counts[] = {1, 2, 9, 100, 129, 1000, 30000};
enum { COUNTS = sizeof counts / sizeof *counts };

static void put_line(gn_buf *out, const char *sketch, int k, int64_t count, gn_str bytes)
{
  gni_buf_add_format(out, "{\"sketch\":\"%s\",\"k\":%d,\"count\":%" PRId64 ",\"bytes\":\"", sketch,
                     k, count);
  add_hex(out, bytes);
  gni_buf_add_text(out, "\"");
}

static void put_cpc(gn_buf *out, int lg_k, int64_t count)
{
  gnp_cpc cpc;
  gn_str bytes;
  gnp_cpc_init(&cpc, lg_k, false);
  for (int64_t i = 0; i < count; i++)
    CHECK_INT(gnp_cpc_add_hash(&cpc, gnp_murmur_long((uint64_t)i), worked_arena()), GN_OK);
  CHECK_INT(gnp_cpc_save(&cpc, &bytes, worked_arena()), GN_OK);
  put_line(out, "cpc", lg_k, count, bytes);
  gni_buf_add_format(out, ",\"estimate\":%.17g}\n", gnp_cpc_estimate(&cpc));
}

static void put_kll(gn_buf *out, int k, int64_t count)
{
  static const double ranks[] = {0.05, 0.25, 0.5, 0.75, 0.95};
  enum { RANKS = sizeof ranks / sizeof *ranks };
  float quantiles[RANKS];
  gnp_kll kll;
  gn_str bytes;
  gnp_kll_init(&kll, k);
  for (int64_t i = 0; i < count; i++)
    CHECK_INT(gnp_kll_add(&kll, real_value(i), worked_arena()), GN_OK);
  CHECK_INT(gnp_kll_save(&kll, &bytes, worked_arena()), GN_OK);
  CHECK_INT(gnp_kll_quantiles(&kll, ranks, RANKS, quantiles, worked_arena()), GN_OK);
  put_line(out, "kll", k, count, bytes);
  for (int i = 0; i < RANKS; i++)
    gni_buf_add_format(out, "%s[%g,%.17g]", i ? "," : ",\"quantiles\":[", ranks[i],
                       (double)quantiles[i]);
  gni_buf_add_text(out, "]}\n");
}

static void put_frequent(gn_buf *out, int k, int64_t count)
{
  gnp_frequent frequent;
  gn_str bytes;
  gnp_frequent_init(&frequent, (uint32_t)k, true);
  for (int64_t i = 0; i < count; i++)
    CHECK_INT(
        gnp_frequent_add(&frequent, frequent_value(GN_STR("text"), i).text, 1, worked_arena()),
        GN_OK);
  CHECK_INT(gnp_frequent_save(&frequent, &bytes, worked_arena()), GN_OK);
  put_line(out, "frequent", k, count, bytes);
  gni_buf_add_format(out, ",\"offset\":%" PRId64 ",\"items\":{", frequent.offset);
  const gnp_pair *pairs = gnp_frequent_pairs(&frequent, worked_arena());
  for (uint32_t i = 0; i < frequent.active; i++)
    gni_buf_add_format(out, "%s\"%.*s\":%" PRId64, i ? "," : "", GN_STR_ARGS(pairs[i].key.text),
                       pairs[i].value.integer);
  gni_buf_add_text(out, "}}\n");
}

static void free_buf(void *buf)
{
  gni_buf_deinit(buf);
}

static void our_bytes_never_change(void)
{
  static gn_buf out;
  gni_buf_init(&out, &gni_libc_alloc, 4 << 20);
  test_later(free_buf, &out);
  for (int i = 0; i < COUNTS; i++) {
    put_cpc(&out, 4, counts[i]);
    put_cpc(&out, 8, counts[i]);
    put_kll(&out, 8, counts[i]);
    put_kll(&out, 128, counts[i]);
    put_frequent(&out, 3, counts[i]);
    put_frequent(&out, 12, counts[i]);
  }
  CHECK_INT(out.rc, GN_OK);
  test_check_golden("sketch/ours.jsonl", gni_buf_view(&out));
}

int main(void)
{
  static const test_case cases[] = {{"our bytes never change", our_bytes_never_change}};
  return test_main(cases, sizeof cases / sizeof *cases);
}
