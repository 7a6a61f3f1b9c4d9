/* Generations: written once in key order, then only read. SPDX-License-Identifier: Apache-2.0 */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* The record under "meta" in the main database, little endian on every machine we build for. */
struct meta {
  uint32_t format, spare;
  int64_t batch_end_ms, number, rows, bytes;
};
_Static_assert(sizeof(struct meta) == 40, "the meta record is a file format");

struct load {
  struct gnp_lmdb *store;
  char *dataset;
  char folder[GNP_LMDB_PATH_BYTES], temporary[GNP_LMDB_PATH_BYTES];
  int lock_file;
  struct gnp_build *build;
  struct meta meta;
  gn_buf packed;
};

int gnp_lmdb_lock(const struct gnp_lmdb *store, const char *dataset, int *lock, gn_error *err)
{
  char path[GNP_LMDB_PATH_BYTES];
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  *lock = -1;
  int rc = gnp_lmdb_path(store, path, err, "%s/LOCK", dataset);
  if (rc != GN_OK) return rc;
  *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (*lock < 0)
    return gni_fail_native(err, GN_E_IO, errno, "cannot open '%s': %s", path, strerror(errno));
  if (fcntl(*lock, F_SETLK, &whole) == 0) return GN_OK;
  gni_fail_native(err, GN_E_BUSY, errno, "another upload of '%s' is running", dataset);
  gni_error_diagnostic(err, "GO005");
  gni_error_hint(err, "wait for it to end; '%s' is free as soon as its process is gone", path);
  close(*lock);
  *lock = -1;
  return GN_E_BUSY;
}

static int prepare(struct load *load, gn_error *err)
{
  gn_str dataset = gni_str(load->dataset);
  int rc = gnp_lmdb_path(load->store, load->folder, err, "%s", load->dataset);
  if (rc == GN_OK) rc = gni_folder_make(load->folder, err);
  if (rc == GN_OK) rc = gnp_lmdb_lock(load->store, load->dataset, &load->lock_file, err);
  if (rc == GN_OK) rc = gnp_lmdb_current(load->store, dataset, &load->meta.number, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  load->meta.number++;
  rc = gnp_lmdb_path(load->store, load->temporary, err, "%s/.tmp-%" PRId64, load->dataset,
                     load->meta.number);
  if (rc != GN_OK) return rc;
  if (unlink(load->temporary) != 0 && errno != ENOENT) /* left by a process that died */
    return gni_fail_native(err, GN_E_IO, errno, "cannot remove '%s'", load->temporary);
  int native = gnp_build_new(load->temporary, load->store->alloc, &load->build);
  return native ? gnp_lmdb_fail(err, native, "create", load->temporary) : GN_OK;
}

int gnp_lmdb_load_begin(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **out,
                        gn_error *err)
{
  struct gnp_lmdb *store = state;
  (void)rows;
  (void)bytes;
  int rc = gnp_lmdb_check_dataset(dataset, err);
  if (rc != GN_OK) return rc;
  struct load *load = gni_alloc_zero(store->alloc, sizeof *load);
  char *name = load ? gni_strdup(store->alloc, dataset.ptr, dataset.len) : NULL;
  if (!name) {
    gni_free(store->alloc, load, sizeof *load);
    return gni_fail_nomem(err, sizeof *load);
  }
  load->store = store;
  load->dataset = name;
  load->lock_file = -1;
  gni_buf_init(&load->packed, store->alloc, GN_VALUE_BYTES_MAX + 65536u + 8u);
  rc = prepare(load, err);
  if (rc != GN_OK) {
    gnp_lmdb_load_abort(load);
    return rc;
  }
  *out = load;
  return GN_OK;
}

static int put_long(struct load *load, const struct gnp_key *stored, gn_str key, gn_str value)
{
  gni_buf_reset(&load->packed);
  if (gnp_long_pack(&load->packed, key, value) != GN_OK) return ENOMEM;
  return gnp_build_long(load->build, stored->hash, (MDB_val){load->packed.len, load->packed.ptr});
}

int gnp_lmdb_load_put(void *state, gn_str key, gn_str value, gn_error *err)
{
  struct load *load = state;
  struct gnp_key stored;
  gnp_key_set(&stored, key);
  MDB_val data = {value.len, (void *)(uintptr_t)value.ptr};
  int native = stored.is_long ? put_long(load, &stored, key, value)
                              : gnp_build_row(load->build, stored.val, data);
  if (native) return gnp_lmdb_fail(err, native, "write", load->temporary);
  load->meta.rows++;
  load->meta.bytes += (int64_t)(key.len + value.len);
  return GN_OK;
}

static void free_load(struct load *load)
{
  const gn_alloc *alloc = load->store->alloc;
  gnp_build_free(load->build);
  if (load->lock_file >= 0) close(load->lock_file);
  gni_buf_deinit(&load->packed);
  gni_free(alloc, load->dataset, strlen(load->dataset) + 1);
  gni_free(alloc, load, sizeof *load);
}

void gnp_lmdb_load_abort(void *state)
{
  struct load *load = state;
  if (load->build) unlink(load->temporary);
  free_load(load);
}

static int finish_file(struct load *load, int64_t batch_end_ms, gn_error *err)
{
  load->meta.format = GNP_LMDB_FORMAT;
  load->meta.batch_end_ms = batch_end_ms;
  int rc = gnp_build_end(load->build, (MDB_val){sizeof load->meta, &load->meta});
  gnp_build_free(load->build);
  load->build = NULL;
  return rc ? gnp_lmdb_fail(err, rc, "write", load->temporary) : GN_OK;
}

static int publish(struct load *load, gn_error *err)
{
  char final[GNP_LMDB_PATH_BYTES], current[GNP_LMDB_PATH_BYTES], number[32];
  int rc = gnp_lmdb_path(load->store, final, err, "%s/gen-%" PRId64 ".lmdb", load->dataset,
                         load->meta.number);
  if (rc == GN_OK) rc = gnp_lmdb_path(load->store, current, err, "%s/CURRENT", load->dataset);
  if (rc == GN_OK) rc = GN_FAULT("store.before_rename");
  if (rc != GN_OK)
    return gni_fail(err, rc, "stopped before the new generation of '%s'", load->dataset);
  if (rename(load->temporary, final) != 0)
    return gni_fail_native(err, GN_E_IO, errno, "cannot rename to '%s': %s", final,
                           strerror(errno));
  rc = GN_FAULT("store.before_switch");
  if (rc != GN_OK) return gni_fail(err, rc, "stopped before switching to '%s'", final);
  int length = snprintf(number, sizeof number, "%" PRId64 "\n", load->meta.number);
  rc = gni_file_publish(current, (gn_str){number, (size_t)length}, err);
  if (rc == GN_OK) load->store->commits++;
  return rc;
}

int gnp_lmdb_load_commit(void *state, int64_t batch_end_ms, gn_error *err)
{
  struct load *load = state;
  int rc = finish_file(load, batch_end_ms, err);
  if (rc == GN_OK) rc = publish(load, err);
  if (rc == GN_OK)
    gnp_former_remove(load->store, load->dataset, load->meta.number);
  else
    unlink(load->temporary);
  free_load(load);
  return rc;
}

/* ---- reading ---- */

static int read_meta(struct gnp_generation *generation, MDB_txn *txn, const char *path,
                     gn_error *err)
{
  MDB_dbi main_db;
  struct meta meta;
  MDB_val key = {4, (char[]){'m', 'e', 't', 'a'}}, data;
  int rc = mdb_dbi_open(txn, NULL, 0, &main_db);
  if (rc == 0) rc = mdb_get(txn, main_db, &key, &data);
  if (rc == 0) rc = mdb_dbi_open(txn, "rows", 0, &generation->rows);
  if (rc == 0) rc = mdb_dbi_open(txn, "long", 0, &generation->longs);
  if (rc) return gnp_lmdb_fail(err, rc, "read", path);
  if (data.mv_size != sizeof meta)
    return gni_fail_as(err, "GO003", GN_E_CORRUPT, "'%s' has no valid meta record", path);
  memcpy(&meta, data.mv_data, sizeof meta);
  if (meta.format != GNP_LMDB_FORMAT) {
    gni_fail_as(err, "GO004", GN_E_UNSUPPORTED,
                "'%s' has format %" PRIu32 ", this library reads %d", path, meta.format,
                GNP_LMDB_FORMAT);
    gni_error_hint(err, "upload again with this version, or update gnomon");
    return GN_E_UNSUPPORTED;
  }
  generation->info = (gni_generation_info){.batch_end_ms = meta.batch_end_ms,
                                           .number = meta.number,
                                           .rows = meta.rows,
                                           .bytes = meta.bytes};
  return GN_OK;
}

static int open_for_reading(struct gnp_generation *generation, const char *path, gn_error *err)
{
  MDB_txn *txn = NULL;
  mdb_filehandle_t file;
  unsigned flags = MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NORDAHEAD | MDB_NOTLS;
  int rc = mdb_env_create(&generation->env);
  if (rc == 0) rc = mdb_env_set_maxdbs(generation->env, 2);
  if (rc == 0) rc = mdb_env_open(generation->env, path, flags, 0666);
  if (rc == 0) rc = mdb_txn_begin(generation->env, NULL, MDB_RDONLY, &txn);
  if (rc) return gnp_lmdb_fail(err, rc, "open", path);
  if (mdb_env_get_fd(generation->env, &file) == 0) flock(file, LOCK_SH | LOCK_NB); /* former.c */
  int ours = read_meta(generation, txn, path, err);
  mdb_txn_commit(txn); /* keeps the handles it opened */
  return ours;
}

static void free_generation(const gn_alloc *alloc, struct gnp_generation *generation)
{
  if (generation->env) mdb_env_close(generation->env);
  gni_free(alloc, generation->dataset, strlen(generation->dataset) + 1);
  gni_free(alloc, generation, sizeof *generation);
}

static int generation_new(struct gnp_lmdb *store, gn_str dataset, int64_t number,
                          struct gnp_generation **out, gn_error *err)
{
  char path[GNP_LMDB_PATH_BYTES];
  int rc =
      gnp_lmdb_path(store, path, err, "%.*s/gen-%" PRId64 ".lmdb", GN_STR_ARGS(dataset), number);
  if (rc != GN_OK) return rc;
  struct gnp_generation *generation = gni_alloc_zero(store->alloc, sizeof *generation);
  char *name = generation ? gni_strdup(store->alloc, dataset.ptr, dataset.len) : NULL;
  if (!name) {
    gni_free(store->alloc, generation, sizeof *generation);
    return gni_fail_nomem(err, sizeof *generation);
  }
  generation->dataset = name;
  rc = open_for_reading(generation, path, err);
  if (rc != GN_OK)
    free_generation(store->alloc, generation);
  else
    *out = generation;
  return rc;
}

int gnp_generation_open(struct gnp_lmdb *store, gn_str dataset, int64_t number,
                        struct gnp_generation **out, gn_error *err)
{
  struct gnp_generation *found = NULL;
  int rc = GN_OK;
  pthread_mutex_lock(&store->lock);
  for (struct gnp_generation *g = store->generations; g && !found; g = g->next)
    if (g->info.number == number && gni_str_is(dataset, g->dataset)) found = g;
  if (!found) {
    rc = generation_new(store, dataset, number, &found, err);
    if (rc == GN_OK) {
      found->next = store->generations;
      store->generations = found;
    }
  }
  if (rc == GN_OK) found->references++;
  pthread_mutex_unlock(&store->lock);
  *out = found;
  return rc;
}

void gnp_generation_close(struct gnp_lmdb *store, struct gnp_generation *generation)
{
  pthread_mutex_lock(&store->lock);
  bool last = --generation->references == 0;
  for (struct gnp_generation **at = &store->generations; last && *at; at = &(*at)->next) {
    if (*at != generation) continue;
    *at = generation->next;
    break;
  }
  pthread_mutex_unlock(&store->lock);
  if (last) free_generation(store->alloc, generation);
}
