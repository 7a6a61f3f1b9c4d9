/* Between the files of src/store/lmdb only. SPDX-License-Identifier: Apache-2.0
 *
 * On disk, below the store's folder:
 *   <dataset>/gen-<number>.lmdb   one upload, never changed after it appeared
 *   <dataset>/CURRENT             text: the number that readers open; switched by rename
 *   <dataset>/LOCK                held while a load runs
 *   live.lmdb                     settings and streams, writable */
#ifndef GNOMON_SRC_STORE_LMDB_PRIVATE_H
#define GNOMON_SRC_STORE_LMDB_PRIVATE_H

#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <sys/stat.h>

#define GNP_LMDB_FORMAT 1          /* of our own layout; grows when it changes */
#define GNP_LMDB_KEY_BYTES_MAX 511 /* LMDB's own limit; longer keys become their XXH128 */
#define GNP_LMDB_PATH_BYTES 4096
#define GNP_LMDB_LOOK_AGAIN_US 2000 /* how late what another process did may be noticed */
#define GNP_LMDB_LIVE_BYTES ((size_t)64 << 30) /* first map size of the live file; sparse */

/* One opened generation, shared by all readers of the process. */
struct gnp_generation {
  struct gnp_generation *next;
  char *dataset;
  MDB_env *env;
  MDB_dbi rows, longs;
  gni_generation_info info;
  int references;
};

struct gnp_live {
  MDB_env *env;              /* NULL until first needed */
  _Atomic int64_t absent_us; /* when the file was last looked for in vain; 0: never */
  MDB_dbi settings, stream;
  pthread_rwlock_t map_lock; /* written only while the map grows */
};

struct gnp_lmdb {
  const gn_alloc *alloc;
  char *folder;
  pthread_mutex_t lock; /* guards `generations` and opening `live` */
  struct gnp_generation *generations;
  struct gnp_live live;
  _Atomic uint64_t commits; /* of this process: readers look at CURRENT again when it grew */
};

int gnp_lmdb_fail(gn_error *err, int lmdb_code, const char *verb, const char *path);
int gnp_lmdb_check_dataset(gn_str dataset, gn_error *err);
int gnp_lmdb_path(const struct gnp_lmdb *store, char out[GNP_LMDB_PATH_BYTES], gn_error *err,
                  const char *format, ...) GN_PRINTF(4, 5);
/* The number in CURRENT; GN_ABSENT when the dataset has no generation. */
int gnp_lmdb_current(const struct gnp_lmdb *store, gn_str dataset, int64_t *number, gn_error *err);

/* A key as LMDB can hold it: itself, or 16 bytes of its hash. */
struct gnp_key {
  MDB_val val;
  uint8_t hash[16];
  bool is_long;
};
void gnp_key_set(struct gnp_key *out, gn_str key);
/* The value behind "length of key, key" of a long entry when the key is the one asked for. */
bool gnp_long_value(MDB_val stored, gn_str key, gn_str *value);
/* What such an entry holds; false when it is damaged. */
bool gnp_long_unpack(MDB_val stored, gn_str *key, gn_str *value);
/* Appends "length of key, key, value" to `out`. */
int gnp_long_pack(gn_buf *out, gn_str key, gn_str value);

/* build.c: a new file with the trees "rows" and "long" and the record "meta". All give 0, errno or
 * a code of LMDB's. */
struct gnp_build;
int gnp_build_new(const char *path, const gn_alloc *alloc, struct gnp_build **out);
void gnp_build_free(struct gnp_build *build); /* NULL does nothing */
/* Keys ascend by their bytes and have 1 to GNP_LMDB_KEY_BYTES_MAX of them. */
int gnp_build_row(struct gnp_build *build, MDB_val key, MDB_val data);
/* In any order; of equal hashes the second is MDB_KEYEXIST, at the end. */
int gnp_build_long(struct gnp_build *build, const uint8_t hash[16], MDB_val data);
/* The file is whole and on disk; there is nothing to do but to free. */
int gnp_build_end(struct gnp_build *build, MDB_val meta);

/* load.c */
/* The right to load `dataset`, until `lock` is closed: GN_E_BUSY when another process has it. */
int gnp_lmdb_lock(const struct gnp_lmdb *store, const char *dataset, int *lock, gn_error *err);
int gnp_lmdb_load_begin(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **out,
                        gn_error *err);
int gnp_lmdb_load_put(void *load, gn_str key, gn_str value, gn_error *err);
int gnp_lmdb_load_commit(void *load, int64_t batch_end_ms, gn_error *err);
void gnp_lmdb_load_abort(void *load);
int gnp_generation_open(struct gnp_lmdb *store, gn_str dataset, int64_t number,
                        struct gnp_generation **out, gn_error *err);
void gnp_generation_close(struct gnp_lmdb *store, struct gnp_generation *generation);

/* former.c: removes what the generation `newest` replaced, but for what is still being read. */
void gnp_former_remove(struct gnp_lmdb *store, const char *dataset, int64_t newest);

/* tend.c */
int gnp_lmdb_measure(void *state, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                     gn_error *err);
int gnp_lmdb_compact(void *state, gn_str dataset, gn_error *err);
int gnp_lmdb_collect(void *state, bool dry_run, gni_store_each_garbage each, void *user,
                     gn_error *err);

/* live.c */
/* Of the rows of a stream. */
int gnp_live_measure(struct gnp_lmdb *store, gn_str dataset, int64_t before_ms,
                     gni_store_measures *out, gn_error *err);
int gnp_lmdb_set(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err);
int gnp_lmdb_append(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                    const int64_t *time_ms, size_t count, gn_error *err);
int gnp_lmdb_change(void *state, const gni_store_change *change, gn_error *err);
int gnp_lmdb_trim(void *state, gn_str dataset, int64_t before_ms, int64_t *removed, gn_error *err);
void gnp_live_init(struct gnp_live *live);
void gnp_live_close(struct gnp_live *live);
/* Opens it when the file exists, or makes it when `create`; GN_ABSENT when it does not exist. */
int gnp_live_open(struct gnp_lmdb *store, bool create, gn_error *err);
/* Begins (or renews) a read transaction; the map lock is held until gnp_live_end. */
int gnp_live_begin(struct gnp_lmdb *store, MDB_txn **txn, gn_error *err);
void gnp_live_end(struct gnp_lmdb *store, MDB_txn *txn);
int gnp_live_get(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset, gn_str key,
                 gn_str *value, gn_error *err);
int gnp_live_scan(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset, gn_str key,
                  int64_t after_ms, gni_store_each each, void *user, gn_error *err);
int gnp_live_keys(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset,
                  gni_store_each_key each, void *user, gn_error *err);

#endif
