/* APPROX_UNIQUE_COUNT: a CPC sketch of 2^k rows. Chronon's estimate depends on how often a state
 * was merged or cloned on its way; here a state is the set of its coupons alone, so the answer is
 * the same on every path: that of a merged sketch (ICON). A state that Chronon saved before merging
 * keeps its own estimate (HIP) until something is merged into it. SPDX-License-Identifier:
 * Apache-2.0 */
#include "agg/cpc.h"

#include <math.h>

typedef struct unique_state {
  gnp_state head;
  gnp_cpc cpc;
} unique_state;

static bool unique_resolve(gnp_scalar *scalar, gn_arena *arena)
{
  (void)arena;
  scalar->output = &gni_type_long;
  scalar->state = &gni_type_binary;
  return true;
}

/* As the JVM writes them: one zero, one NaN. */
static uint64_t real_bits(double real)
{
  if (isnan(real)) return UINT64_C(0x7ff8000000000000);
  return gnp_double_bits(real == 0 ? 0.0 : real);
}

static int unique_update(const gnp_scalar *scalar, void *state, const gni_value *input,
                         int64_t time_ms, gn_arena *arena)
{
  unique_state *s = state;
  gnp_murmur hash;
  (void)time_ms;
  if (!s->head.seen) gnp_cpc_init(&s->cpc, scalar->k, false);
  if (GNP_KIND(scalar->input->kind) & GNP_TEXTS) {
    if (input->text.len == 0) return GN_OK; /* the sketch takes the empty text for nothing */
    hash = gnp_murmur_bytes(input->text);
  } else if (gnp_is_real(scalar->input)) {
    hash = gnp_murmur_long(real_bits(input->real));
  } else {
    hash = gnp_murmur_long((uint64_t)input->integer);
  }
  return gnp_cpc_add_hash(&s->cpc, hash, arena);
}

static int unique_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  (void)scalar;
  return gnp_cpc_merge(&((unique_state *)state)->cpc, &((const unique_state *)other)->cpc, arena);
}

static int unique_copy(const gnp_scalar *scalar, void *target, const void *state, gn_arena *arena)
{
  (void)scalar;
  return gnp_cpc_copy(&((unique_state *)target)->cpc, &((const unique_state *)state)->cpc, arena);
}

static gni_value count_of(double estimate)
{
  return gni_value_integer(estimate < 0x1p63 ? (int64_t)estimate : INT64_MAX);
}

static int unique_finish(const gnp_scalar *scalar, const void *state, gni_value *out,
                         gn_arena *arena)
{
  (void)scalar, (void)arena;
  *out = count_of(gnp_cpc_estimate(&((const unique_state *)state)->cpc));
  return GN_OK;
}

/* ---- the estimates of spans ---- */

/* A union has as many coupons in whatever order it is made, so one table is made large enough for
 * all parts at once. */
static int merge_all(const gnp_scalar *scalar, gnp_run run, gni_value *out, gn_arena *arena)
{
  unique_state all = {.head.seen = true};
  uint64_t count = 0;
  for (size_t i = 0; i < run.count; i++)
    count += ((const unique_state *)gnp_run_state(run, i))->cpc.count;
  if (!gnp_cpc_take_room(&all.cpc, scalar->k, count, arena))
    gnp_cpc_init(&all.cpc, scalar->k, false);
  for (size_t i = 0; i < run.count; i++) {
    const unique_state *s = gnp_run_state(run, i);
    int rc = s->head.seen ? gnp_cpc_merge(&all.cpc, &s->cpc, arena) : GN_OK;
    if (rc != GN_OK) return rc;
  }
  return unique_finish(scalar, &all, out, arena);
}

/* The coupons of all states; GN_ABSENT when some state has so many that it holds no table. */
static int find_coupons(gnp_run run, gnp_distinct *out, gn_arena *arena)
{
  size_t total = 0;
  for (size_t i = 0; i < run.count; i++) {
    const gnp_cpc *cpc = &((const unique_state *)gnp_run_state(run, i))->cpc;
    if (cpc->matrix) return GN_ABSENT;
    total += cpc->count;
  }
  int rc = gnp_distinct_init(out, total, run.count, arena);
  for (size_t i = 0; rc == GN_OK && i < run.count; i++) {
    const gnp_cpc *cpc = &((const unique_state *)gnp_run_state(run, i))->cpc;
    size_t slots = cpc->table ? (size_t)1 << cpc->lg_slots : 0;
    for (size_t k = 0; k < slots; k++)
      if (cpc->table[k] != GNP_CPC_NO_COUPON)
        gnp_distinct_add(out, (gn_str){(const char *)&cpc->table[k], sizeof *cpc->table});
    gnp_distinct_end_state(out);
  }
  return rc;
}

/* How many states of a span saw something, as far as two; the last of them in `only`. */
static int count_seen(gnp_run run, gnp_span span, const unique_state **only)
{
  int seen = 0;
  for (size_t i = span.low; seen < 2 && i < span.high; i++) {
    const unique_state *s = gnp_run_state(run, i);
    if (!s->head.seen) continue;
    *only = s;
    seen++;
  }
  return seen;
}

/* What is merged is known by how many coupons it has; a state that is alone keeps its own estimate.
 */
static int unique_finish_spans(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans,
                               size_t count, gni_value *out, gn_arena *arena)
{
  gnp_distinct coupons;
  int found = find_coupons(run, &coupons, arena), rc = found == GN_ABSENT ? GN_OK : found;
  size_t estimated = SIZE_MAX; /* windows mostly have as many coupons as the one before */
  gni_value estimate = GNI_NULL_VALUE;
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    const unique_state *only = NULL;
    int seen = count_seen(run, spans[i], &only);
    size_t all = found == GN_OK ? gnp_distinct_slide(&coupons, spans[i].low, spans[i].high) : 0;
    if (seen == 2 && found == GN_OK && all != estimated) {
      estimated = all;
      estimate = count_of(gnp_cpc_estimate_merged(scalar->k, (uint32_t)all));
    }
    out[i] = GNI_NULL_VALUE;
    if (seen == 1)
      rc = unique_finish(scalar, only, &out[i], arena);
    else if (seen == 2 && found == GN_OK)
      out[i] = estimate;
    else if (seen == 2)
      rc = merge_all(scalar, gnp_run_part(run, spans[i].low, spans[i].high), &out[i], arena);
  }
  return rc;
}

static int unique_save(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  gn_str bytes;
  (void)scalar;
  int rc = gnp_cpc_save(&((const unique_state *)state)->cpc, &bytes, arena);
  if (rc == GN_OK) *out = gni_value_text(bytes);
  return rc;
}

static int unique_load(const gnp_scalar *scalar, void *state, const gni_value *saved,
                       gn_arena *arena, gn_error *err)
{
  const char *reason;
  int rc = gnp_cpc_load(&((unique_state *)state)->cpc, scalar->k, saved->text, arena, &reason);
  if (rc == GN_E_CORRUPT) return gnp_fail_saved(err, scalar, reason);
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "no memory for a saved state");
}

const gnp_operation gnp_sketch_unique = {
    .kinds = GNP_NUMBERS | GNP_TEXTS,
    .state_size = sizeof(unique_state),
    .resolve = unique_resolve,
    .update = unique_update,
    .merge = unique_merge,
    .finish_spans = unique_finish_spans,
    .copy = unique_copy,
    .finish = unique_finish,
    .save = unique_save,
    .load = unique_load,
};
