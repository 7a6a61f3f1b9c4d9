/* W5: what one key of one GroupBy costs in process, beside one LMDB look-up of the same keys.
 *
 * usage: fetch REPO CONF FILE.lmdb KEYS SKEW TURNS REQUESTS AT_MS
 *
 * Keys are 0 .. KEYS - 1, uniform (SKEW 0) or Zipf. The first lines are answers, for the caller to
 * check; the last is what was measured. SPDX-License-Identifier: Apache-2.0 */
#include "allocations.h"

#include <gnomon/fetch.h>
#include <lmdb.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEATURES_MAX = 256, TEXT_BYTES = 1 << 16, SHOWN = 1000, TURNS_MAX = 64 };

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t now_ns(clockid_t clock)
{
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static uint64_t seed = 20240310;

static double next_unit(void)
{
  uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Zipf by inverting the integral of x^-skew; ranks are spread over the keys by a prime. */
static int64_t next_key(int64_t keys, double skew)
{
  double u = next_unit(), n = (double)keys;
  if (skew <= 0) return (int64_t)(u * n);
  double rank = pow(u * (pow(n + 1, 1 - skew) - 1) + 1, 1 / (1 - skew)) - 1;
  return (int64_t)rank * INT64_C(1000003) % keys;
}

static int64_t *draw_keys(int64_t count, int64_t keys, double skew)
{
  int64_t *out = malloc((size_t)count * sizeof *out);
  for (int64_t i = 0; i < count; i++) out[i] = next_key(keys, skew);
  return out;
}

/* ---- the floor ------------------------------------------------------------------------------- */

struct floor {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi rows;
};

static int floor_open(struct floor *f, const char *path)
{
  unsigned flags = MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NORDAHEAD | MDB_NOTLS;
  int rc = mdb_env_create(&f->env);
  if (rc == 0) rc = mdb_env_set_maxdbs(f->env, 2);
  if (rc == 0) rc = mdb_env_open(f->env, path, flags, 0666);
  if (rc == 0) rc = mdb_txn_begin(f->env, NULL, MDB_RDONLY, &f->txn);
  if (rc == 0) rc = mdb_dbi_open(f->txn, "rows", 0, &f->rows);
  if (rc == 0) rc = mdb_txn_commit(f->txn); /* or the handle would not outlive it */
  if (rc == 0) rc = mdb_txn_begin(f->env, NULL, MDB_RDONLY, &f->txn);
  return rc;
}

/* An Avro record of one union{null, long}. */
static size_t encode_key(int64_t key, uint8_t out[16])
{
  uint64_t rest = (uint64_t)key << 1;
  size_t len = 0;
  out[len++] = 2;
  for (; rest > 0x7F; rest >>= 7) out[len++] = (uint8_t)(rest | 0x80);
  out[len++] = (uint8_t)rest;
  return len;
}

static uint64_t floor_get(struct floor *f, int64_t key)
{
  uint8_t bytes[16];
  MDB_val data, name = {encode_key(key, bytes), bytes};
  uint64_t sum = 0;
  mdb_txn_reset(f->txn);
  int rc = mdb_txn_renew(f->txn);
  if (rc == 0) rc = mdb_get(f->txn, f->rows, &name, &data);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc) exit(1);
  for (size_t i = 0; i < data.mv_size; i += 64) sum += ((const uint8_t *)data.mv_data)[i];
  return sum;
}

/* ---- ours ------------------------------------------------------------------------------------ */

struct ours {
  gn_session *session;
  gn_fetcher *fetcher;
  size_t feature_count;
  int64_t at_ms;
  gn_cell features[FEATURES_MAX];
  char text[TEXT_BYTES];
};

static int ours_get(struct ours *o, int64_t key)
{
  gn_error err = {0};
  gn_cell name = {.kind = GN_CELL_INTEGER, .as.integer = key};
  int rc = gn_fetcher_get(o->fetcher, &name, 1, o->at_ms, o->features, o->feature_count, o->text,
                          sizeof o->text, &err);
  if (rc == GN_OK || rc == GN_ABSENT) return rc;
  fprintf(stderr, "fetch: %s %s\n", err.message, err.hint);
  exit(1);
}

static void show(const struct ours *o, int64_t key)
{
  printf("{\"key\": %lld, \"values\": [", (long long)key);
  for (size_t i = 0; i < o->feature_count; i++) {
    const gn_cell *cell = &o->features[i];
    if (i) printf(", ");
    if (cell->kind == GN_CELL_INTEGER)
      printf("%lld", (long long)cell->as.integer);
    else if (cell->kind == GN_CELL_REAL)
      printf("%.17g", cell->as.real);
    else if (cell->kind == GN_CELL_JSON)
      printf("%.*s", (int)cell->len, cell->as.text);
    else if (cell->kind == GN_CELL_TEXT)
      printf("\"%.*s\"", (int)cell->len, cell->as.text);
    else
      printf("null");
  }
  printf("]}\n");
}

/* ---- measuring ------------------------------------------------------------------------------- */

struct measured {
  double ours_us[TURNS_MAX], floor_us[TURNS_MAX];
  int64_t *latencies_ns;
  int64_t allocations;
};

static double median(double *values, int count)
{
  for (int i = 1; i < count; i++)
    for (int k = i; k > 0 && values[k] < values[k - 1]; k--) {
      double kept = values[k];
      values[k] = values[k - 1];
      values[k - 1] = kept;
    }
  return values[count / 2];
}

static double measure_ours(struct ours *o, const int64_t *keys, int64_t count)
{
  int64_t begin = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (int64_t i = 0; i < count; i++) ours_get(o, keys[i]);
  return (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1000 / (double)count;
}

static double measure_floor(struct floor *f, const int64_t *keys, int64_t count)
{
  static volatile uint64_t kept;
  uint64_t sum = 0;
  int64_t begin = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (int64_t i = 0; i < count; i++) sum += floor_get(f, keys[i]);
  double us = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1000 / (double)count;
  kept = sum;
  (void)kept;
  return us;
}

static void measure(struct ours *o, struct floor *f, const int64_t *keys, int64_t count, int turns,
                    struct measured *out)
{
  measure_ours(o, keys, count);
  measure_floor(f, keys, count);
  int64_t before = allocations;
  for (int turn = 0; turn < turns; turn++) {
    out->ours_us[turn] = measure_ours(o, keys, count);
    out->floor_us[turn] = measure_floor(f, keys, count);
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    ours_get(o, keys[i]);
    out->latencies_ns[i] = now_ns(CLOCK_MONOTONIC) - begin;
  }
  out->allocations = allocations - before;
  qsort(out->latencies_ns, (size_t)count, sizeof *out->latencies_ns, by_size);
}

static double at(const struct measured *m, int64_t count, double share)
{
  return (double)m->latencies_ns[(int64_t)(share * (double)(count - 1))] / 1000;
}

int main(int argc, char **argv)
{
  static struct ours o;
  struct floor f = {0};
  struct measured m = {.allocations = 0};
  gn_error err = {0};
  if (argc != 9) return 64;
  int64_t keys = atoll(argv[4]), requests = atoll(argv[7]);
  int turns = atoi(argv[6]) < TURNS_MAX ? atoi(argv[6]) : TURNS_MAX;
  gn_session_args args = {.struct_size = sizeof args, .repo = argv[1]};
  if (gn_session_open(&args, &o.session, &err) ||
      gn_fetcher_open(o.session, argv[2], &o.fetcher, &err)) {
    fprintf(stderr, "fetch: %s %s\n", err.message, err.hint);
    return 1;
  }
  o.at_ms = atoll(argv[8]);
  o.feature_count = gn_fetcher_feature(o.fetcher, SIZE_MAX, NULL);
  if (o.feature_count > FEATURES_MAX || floor_open(&f, argv[3])) return 1;
  int64_t *drawn = draw_keys(requests, keys, atof(argv[5]));
  m.latencies_ns = malloc((size_t)requests * sizeof *m.latencies_ns);
  for (int64_t i = 0; i < SHOWN && i < requests; i++)
    if (ours_get(&o, drawn[i]) == GN_OK) show(&o, drawn[i]);
  measure(&o, &f, drawn, requests, turns, &m);
  printf(
      "{\"features\": %zu, \"cpu_us\": %.4f, \"floor_cpu_us\": %.4f, \"p50_us\": %.3f, \"p99_us\": "
      "%.3f, \"p999_us\": %.3f, \"allocations\": %lld}\n",
      o.feature_count, median(m.ours_us, turns), median(m.floor_us, turns), at(&m, requests, 0.5),
      at(&m, requests, 0.99), at(&m, requests, 0.999), (long long)m.allocations);
  free(m.latencies_ns);
  free(drawn);
  gn_fetcher_close(o.fetcher);
  gn_session_close(o.session);
  return 0;
}
