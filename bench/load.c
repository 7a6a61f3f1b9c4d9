/* W4's load alone: the records of one LMDB file, in memory and in no order, sorted, loaded into a
 * store and served. SPDX-License-Identifier: Apache-2.0
 *
 * usage: load FROM.lmdb FOLDER     prints rows, bytes of payload, CPU-seconds and bytes on disk */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "flow/upload_sort.h"
#include "store/store.h"

static const gn_str dataset = {"BENCH_LOAD_BATCH", 16};
static gn_error err;

/* A record as an upload's encoder leaves it. */
struct record {
  gn_str key, value;
};

static double cpu_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int rc, const char *what)
{
  if (rc == 0) return;
  fprintf(stderr, "load: %s: %s\n", what, err.code ? err.message : mdb_strerror(rc));
  exit(1);
}

static gn_str copy(MDB_val from)
{
  char *bytes = malloc(from.mv_size + 1);
  check(bytes == NULL, "memory");
  memcpy(bytes, from.mv_data, from.mv_size);
  return (gn_str){bytes, from.mv_size};
}

/* In the order of the hashes of their keys. */
static int by_hash(const void *a, const void *b)
{
  const struct record *x = a, *y = b;
  uint64_t p = gni_xxh64(x->key.ptr, x->key.len, 0), q = gni_xxh64(y->key.ptr, y->key.len, 0);
  return (p > q) - (p < q);
}

static struct record *read_records(const char *path, size_t *count)
{
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi rows;
  MDB_cursor *cursor;
  MDB_stat stat;
  MDB_val key, value;
  check(mdb_env_create(&env), "create");
  mdb_env_set_maxdbs(env, 2);
  check(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0666), path);
  check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
  check(mdb_dbi_open(txn, "rows", 0, &rows), "open rows");
  check(mdb_stat(txn, rows, &stat), "stat");
  check(mdb_cursor_open(txn, rows, &cursor), "cursor");
  struct record *records = malloc((stat.ms_entries + 1) * sizeof *records);
  check(records == NULL, "memory");
  for (*count = 0; mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0; ++*count)
    records[*count] = (struct record){copy(key), copy(value)};
  mdb_env_close(env);
  qsort(records, *count, sizeof *records, by_hash);
  return records;
}

/* As an upload has them when the last one is computed. */
static void gather(gnp_sorter *sorter, const char *path)
{
  size_t count;
  struct record *records = read_records(path, &count);
  gnp_sorter_init(sorter, &gni_libc_alloc, (size_t)8 << 30);
  for (size_t i = 0; i < count; i++)
    check(gnp_sorter_add(sorter, records[i].key, records[i].value, &err), "add");
}

static void load(gni_store *store, gnp_sorter *sorter)
{
  gni_store_load *load;
  gn_str key, value;
  check(gnp_sorter_sort(sorter, &err), "sort");
  check(gni_store_load_begin(store, dataset, (int64_t)sorter->count,
                             (int64_t)sorter->bytes.used_bytes, &load, &err),
        "begin");
  for (size_t i = 0; i < sorter->count; i++) {
    gnp_sorter_get(sorter, i, &key, &value);
    check(gni_store_load_put(load, key, value, &err), "put");
  }
  check(gni_store_load_commit(load, 1, &err), "commit");
}

int main(int argc, char **argv)
{
  gnp_sorter sorter;
  char url[4096];
  gni_store *store;
  gni_store_reader *reader;
  gni_generation_info info;
  gni_store_measures measures;
  gni_store_env env = {.alloc = &gni_libc_alloc};
  if (argc != 3) return 64;
  gather(&sorter, argv[1]);
  snprintf(url, sizeof url, "lmdb:%s", argv[2]);
  check(gni_store_open(url, &env, &store, &err), url);
  double begin_s = cpu_s();
  load(store, &sorter);
  double spent_s = cpu_s() - begin_s;
  check(gni_store_reader_open(store, &reader, &err), "reader");
  check(gni_store_begin(reader, &err), "reader");
  check(gni_store_generation(reader, dataset, &info, &err), "generation");
  gni_store_end(reader);
  gni_store_reader_close(reader);
  check(gni_store_measure(store, dataset, 0, &measures, &err), "measure");
  gni_store_close(store);
  printf("{\"rows\": %lld, \"payload_bytes\": %lld, \"cpu_s\": %.4f, \"file_bytes\": %lld}\n",
         (long long)info.rows, (long long)info.bytes, spent_s, (long long)measures.file_bytes);
  return 0;
}
