/* Housekeeping: what generations take, writing one anew, and files that nobody needs any more.
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_generation(const char *name)
{
  return strncmp(name, "gen-", 4) == 0;
}

/* ---- measuring ---- */

static int count_generation(void *user, const char *name, bool is_folder)
{
  if (!is_folder && is_generation(name)) ++*(int64_t *)user;
  return GN_OK;
}

static int measure_tree(const struct gnp_generation *generation, gni_store_measures *out)
{
  MDB_txn *txn = NULL;
  MDB_stat rows, longs;
  int rc = mdb_txn_begin(generation->env, NULL, MDB_RDONLY, &txn);
  if (rc) return rc;
  rc = mdb_stat(txn, generation->rows, &rows);
  if (rc == 0) rc = mdb_stat(txn, generation->longs, &longs);
  mdb_txn_abort(txn);
  if (rc) return rc;
  out->depth = rows.ms_depth;
  out->pages = (int64_t)(rows.ms_branch_pages + rows.ms_leaf_pages + rows.ms_overflow_pages +
                         longs.ms_branch_pages + longs.ms_leaf_pages + longs.ms_overflow_pages);
  return 0;
}

static int measure_generation(struct gnp_lmdb *store, gn_str dataset, int64_t number,
                              gni_store_measures *out, gn_error *err)
{
  char path[GNP_LMDB_PATH_BYTES];
  struct stat info;
  struct gnp_generation *generation;
  int rc = gnp_generation_open(store, dataset, number, &generation, err);
  if (rc != GN_OK) return rc;
  int native = measure_tree(generation, out);
  if (native) rc = gnp_lmdb_fail(err, native, "read", generation->dataset);
  gnp_generation_close(store, generation);
  if (rc == GN_OK)
    rc = gnp_lmdb_path(store, path, err, "%.*s/gen-%" PRId64 ".lmdb", GN_STR_ARGS(dataset), number);
  if (rc == GN_OK && stat(path, &info) == 0) out->file_bytes = (int64_t)info.st_blocks * 512;
  return rc;
}

int gnp_lmdb_measure(void *state, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                     gn_error *err)
{
  struct gnp_lmdb *store = state;
  char folder[GNP_LMDB_PATH_BYTES];
  int64_t number;
  int rc = gnp_lmdb_check_dataset(dataset, err);
  if (rc == GN_OK) rc = gnp_lmdb_path(store, folder, err, "%.*s", GN_STR_ARGS(dataset));
  if (rc != GN_OK) return rc;
  out->generations = 0;
  if (gni_folder_exists(folder))
    rc = gni_folder_list(store->alloc, folder, count_generation, &out->generations, err);
  if (rc == GN_OK) rc = gnp_lmdb_current(store, dataset, &number, err);
  if (rc == GN_OK) rc = measure_generation(store, dataset, number, out, err);
  if (rc == GN_OK || rc == GN_ABSENT) rc = gnp_live_measure(store, dataset, before_ms, out, err);
  return rc;
}

/* ---- compacting ---- */

/* The rows of one of both trees into the load. */
static int copy_rows(void *load, const struct gnp_generation *from, MDB_txn *txn, bool longs,
                     gn_error *err)
{
  MDB_cursor *cursor = NULL;
  MDB_val key, data;
  int rc = GN_OK;
  int native = mdb_cursor_open(txn, longs ? from->longs : from->rows, &cursor);
  while (rc == GN_OK && native == 0 &&
         (native = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
    gn_str name = {key.mv_data, key.mv_size}, value = {data.mv_data, data.mv_size};
    if (longs && !gnp_long_unpack(data, &name, &value))
      rc = gnp_lmdb_fail(err, MDB_CORRUPTED, "read", from->dataset);
    if (rc == GN_OK) rc = gnp_lmdb_load_put(load, name, value, err);
  }
  if (cursor) mdb_cursor_close(cursor);
  if (rc == GN_OK && native != MDB_NOTFOUND) rc = gnp_lmdb_fail(err, native, "read", from->dataset);
  return rc;
}

static int copy_generation(void *load, const struct gnp_generation *from, gn_error *err)
{
  MDB_txn *txn = NULL;
  int native = mdb_txn_begin(from->env, NULL, MDB_RDONLY, &txn);
  if (native) return gnp_lmdb_fail(err, native, "read", from->dataset);
  int rc = copy_rows(load, from, txn, false, err);
  if (rc == GN_OK) rc = copy_rows(load, from, txn, true, err);
  mdb_txn_abort(txn);
  return rc;
}

/* CURRENT is read once the load has the dataset's lock: no other upload can end in between. */
int gnp_lmdb_compact(void *state, gn_str dataset, gn_error *err)
{
  struct gnp_lmdb *store = state;
  struct gnp_generation *from;
  int64_t number;
  void *load;
  int rc = gnp_lmdb_check_dataset(dataset, err);
  if (rc == GN_OK) rc = gnp_lmdb_current(store, dataset, &number, err);
  if (rc != GN_OK) return rc; /* nothing to do leaves nothing behind */
  rc = gnp_lmdb_load_begin(state, dataset, 0, 0, &load, err);
  if (rc != GN_OK) return rc;
  rc = gnp_lmdb_current(store, dataset, &number, err);
  if (rc == GN_OK) rc = gnp_generation_open(store, dataset, number, &from, err);
  if (rc != GN_OK) {
    gnp_lmdb_load_abort(load);
    return rc;
  }
  rc = copy_generation(load, from, err);
  int64_t batch_end_ms = from->info.batch_end_ms;
  gnp_generation_close(store, from);
  if (rc == GN_OK) return gnp_lmdb_load_commit(load, batch_end_ms, err);
  gnp_lmdb_load_abort(load);
  return rc;
}

/* ---- collecting ---- */

struct garbage {
  struct gnp_lmdb *store;
  const char *dataset;
  bool dry_run;
  char newest[64]; /* the file that CURRENT names; empty: there is none */
  gni_store_each_garbage each;
  void *user;
  gn_error *err;
};

static int collect_file(void *user, const char *name, bool is_folder)
{
  const struct garbage *at = user;
  char path[GNP_LMDB_PATH_BYTES];
  struct stat info;
  bool ours = is_generation(name) || strncmp(name, ".tmp-", 5) == 0;
  if (is_folder || !ours || strcmp(name, at->newest) == 0) return GN_OK;
  int rc = gnp_lmdb_path(at->store, path, at->err, "%s/%s", at->dataset, name);
  if (rc != GN_OK) return rc;
  if (stat(path, &info) != 0) return GN_OK; /* somebody else took it away */
  if (!at->dry_run && unlink(path) != 0 && errno != ENOENT)
    return gnp_lmdb_fail(at->err, errno, "remove", path);
  return at->each(at->user, gni_str(path + strlen(at->store->folder) + 1),
                  (int64_t)info.st_blocks * 512);
}

/* While we hold the lock nobody loads, so what is not the newest generation is nobody's: readers
 * that have it open keep it until they let go. */
static int collect_dataset(void *user, const char *name, bool is_folder)
{
  struct garbage *at = user;
  char path[GNP_LMDB_PATH_BYTES];
  gn_error busy = {0};
  int64_t number;
  int lock;
  if (!is_folder || gnp_lmdb_check_dataset(gni_str(name), NULL) != GN_OK) return GN_OK;
  int rc = gnp_lmdb_path(at->store, path, at->err, "%s/LOCK", name);
  if (rc != GN_OK || !gni_file_exists(path)) return rc; /* no dataset of ours */
  rc = gnp_lmdb_lock(at->store, name, &lock, &busy);
  if (rc == GN_E_BUSY) return GN_OK;
  if (rc != GN_OK) {
    if (at->err && at->err->code == GN_OK) *at->err = busy;
    return rc;
  }
  at->dataset = name;
  at->newest[0] = '\0';
  rc = gnp_lmdb_current(at->store, gni_str(name), &number, at->err);
  if (rc == GN_OK) snprintf(at->newest, sizeof at->newest, "gen-%" PRId64 ".lmdb", number);
  if (rc == GN_OK || rc == GN_ABSENT) {
    rc = gnp_lmdb_path(at->store, path, at->err, "%s", name);
    if (rc == GN_OK) rc = gni_folder_list(at->store->alloc, path, collect_file, at, at->err);
  }
  close(lock);
  return rc;
}

int gnp_lmdb_collect(void *state, bool dry_run, gni_store_each_garbage each, void *user,
                     gn_error *err)
{
  struct gnp_lmdb *store = state;
  struct garbage at = {.store = store, .dry_run = dry_run, .each = each, .user = user, .err = err};
  if (!gni_folder_exists(store->folder)) return GN_OK;
  return gni_folder_list(store->alloc, store->folder, collect_dataset, &at, err);
}
