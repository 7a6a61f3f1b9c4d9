/* LMDB in a folder: the default store. Files are described in lmdb_private.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What LMDB and the kernel say, in our codes. Everything else is trouble with the files. */
static const struct failure {
  int lmdb_code, code;
  const char *page, *hint;
} failures[] = {
    {ENOENT, GN_E_NOTFOUND, "GO002", NULL},
    {EACCES, GN_E_AUTH, "GO002", NULL},
    {EPERM, GN_E_AUTH, "GO002", NULL},
    {ENOMEM, GN_E_NOMEM, "GO002", NULL},
    {ENOSPC, GN_E_IO, "GO002", "the disk is full: free space and run it again"},
    {MDB_CORRUPTED, GN_E_CORRUPT, "GO003", NULL},
    {MDB_PAGE_NOTFOUND, GN_E_CORRUPT, "GO003", NULL},
    {MDB_INVALID, GN_E_CORRUPT, "GO003", NULL},
    {MDB_NOTFOUND, GN_E_CORRUPT, "GO003", NULL},
    {MDB_VERSION_MISMATCH, GN_E_UNSUPPORTED, "GO004",
     "it was written by another major version of LMDB; upload again"},
    {MDB_READERS_FULL, GN_E_BUSY, "GO002", NULL},
};

int gnp_lmdb_fail(gn_error *err, int lmdb_code, const char *verb, const char *path)
{
  static const struct failure other = {0, GN_E_IO, "GO002", NULL};
  const struct failure *failure = &other;
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
    if (failures[i].lmdb_code == lmdb_code) failure = &failures[i];
  gni_fail_native(err, failure->code, lmdb_code, "cannot %s '%s': %s", verb, path,
                  mdb_strerror(lmdb_code));
  gni_error_diagnostic(err, failure->page);
  if (failure->hint) gni_error_hint(err, "%s", failure->hint);
  return failure->code;
}

int gnp_lmdb_check_dataset(gn_str dataset, gn_error *err)
{
  bool good = dataset.len > 0 && dataset.len <= 200 && dataset.ptr[0] != '.';
  for (size_t i = 0; good && i < dataset.len; i++) {
    char c = dataset.ptr[i];
    good = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '-' || c == '.';
  }
  if (good) return GN_OK;
  return gni_fail(err, GN_E_ARG, "dataset '%.*s' is not 1 to 200 letters, digits, '_', '-' or '.'",
                  GN_STR_ARGS(dataset));
}

int gnp_lmdb_path(const struct gnp_lmdb *store, char out[GNP_LMDB_PATH_BYTES], gn_error *err,
                  const char *format, ...)
{
  va_list args;
  int folder = snprintf(out, GNP_LMDB_PATH_BYTES, "%s/", store->folder);
  size_t left =
      folder > 0 && folder < GNP_LMDB_PATH_BYTES ? GNP_LMDB_PATH_BYTES - (size_t)folder : 0;
  va_start(args, format);
  int length = left ? vsnprintf(out + folder, left, format, args) : -1;
  va_end(args);
  if (length < 0 || (size_t)length >= left)
    return gni_fail(err, GN_E_LIMIT, "a path below '%s' is too long", store->folder);
  return GN_OK;
}

/* Nothing of a dataset is there: because nothing was uploaded, or because the place is wrong? A
 * folder that is yet to be made is an empty store; one on a disk that is not mounted is none. */
static int check_place(const struct gnp_lmdb *store, gn_error *err)
{
  char above[GNP_LMDB_PATH_BYTES];
  struct stat info;
  if (stat(store->folder, &info) == 0) {
    if (!S_ISDIR(info.st_mode))
      return gni_fail_as(err, "GO003", GN_E_CORRUPT, "the store '%s' is a file, not a folder",
                         store->folder);
    if (access(store->folder, R_OK | X_OK) == 0) return GN_ABSENT;
    return gnp_lmdb_fail(err, errno, "open", store->folder);
  }
  if (errno != ENOENT) return gnp_lmdb_fail(err, errno, "open", store->folder);
  int length = snprintf(above, sizeof above, "%s", store->folder);
  while (length > 1 && above[length - 1] != '/') length--;
  above[length > 1 ? length - 1 : length] = '\0';
  if (length == 0 || gni_folder_exists(above)) return GN_ABSENT;
  gni_fail_as(err, "GO002", GN_E_IO, "the store '%s' cannot be reached: there is no folder '%s'",
              store->folder, above);
  gni_error_hint(err, "is its disk mounted? --store and [store] url name the place");
  return GN_E_IO;
}

int gnp_lmdb_current(const struct gnp_lmdb *store, gn_str dataset, int64_t *number, gn_error *err)
{
  char path[GNP_LMDB_PATH_BYTES], room[64];
  gn_str text;
  *number = 0;
  int rc = gnp_lmdb_path(store, path, err, "%.*s/CURRENT", GN_STR_ARGS(dataset));
  if (rc != GN_OK) return rc;
  if (!gni_file_exists(path)) return check_place(store, err);
  rc = gni_file_head(path, room, sizeof room, &text, err);
  if (rc == GN_OK && gni_parse_int64(gni_str_trim(text), number) != GN_OK)
    rc = gni_fail_as(err, "GO003", GN_E_CORRUPT, "'%s' does not hold a number", path);
  return rc;
}

void gnp_key_set(struct gnp_key *out, gn_str key)
{
  out->is_long = key.len > GNP_LMDB_KEY_BYTES_MAX;
  out->val = (MDB_val){key.len, (void *)(uintptr_t)key.ptr};
  if (!out->is_long) return;
  gni_hash128 hash = gni_xxh128(key.ptr, key.len);
  memcpy(out->hash, &hash, sizeof hash);
  out->val = (MDB_val){sizeof out->hash, out->hash};
}

int gnp_long_pack(gn_buf *out, gn_str key, gn_str value)
{
  uint32_t len = (uint32_t)key.len;
  gni_buf_add(out, &len, sizeof len);
  gni_buf_add_str(out, key);
  return gni_buf_add_str(out, value);
}

bool gnp_long_unpack(MDB_val stored, gn_str *key, gn_str *value)
{
  uint32_t len;
  if (stored.mv_size < sizeof len) return false;
  memcpy(&len, stored.mv_data, sizeof len);
  const char *bytes = (const char *)stored.mv_data + sizeof len;
  size_t left = stored.mv_size - sizeof len;
  if (len > left) return false;
  *key = (gn_str){bytes, len};
  *value = (gn_str){bytes + len, left - len};
  return true;
}

bool gnp_long_value(MDB_val stored, gn_str key, gn_str *value)
{
  gn_str found, content;
  if (!gnp_long_unpack(stored, &found, &content) || !gni_str_equal(found, key)) return false;
  *value = content;
  return true;
}

/* ---- the store ---- */

static int lmdb_open(gn_str place, const gni_store_env *env, void **state, gn_error *err)
{
  const gn_alloc *alloc = env->alloc;
  bool below = place.len && place.ptr[0] != '/' && env->base_folder;
  if (!place.len)
    return gni_fail_as(err, "GO001", GN_E_ARG, "store 'lmdb:' wants a folder after the colon");
  struct gnp_lmdb *store = gni_alloc_zero(alloc, sizeof *store);
  size_t size = place.len + (below ? strlen(env->base_folder) + 1 : 0) + 1;
  char *folder = store ? gni_alloc(alloc, size) : NULL;
  if (!folder) {
    gni_free(alloc, store, sizeof *store);
    return gni_fail_nomem(err, size);
  }
  snprintf(folder, size, "%s%s%.*s", below ? env->base_folder : "", below ? "/" : "",
           GN_STR_ARGS(place));
  store->alloc = alloc;
  store->folder = folder;
  pthread_mutex_init(&store->lock, NULL);
  gnp_live_init(&store->live);
  *state = store;
  return GN_OK;
}

static void lmdb_close(void *state)
{
  struct gnp_lmdb *store = state;
  const gn_alloc *alloc = store->alloc;
  gnp_live_close(&store->live);
  pthread_mutex_destroy(&store->lock);
  gni_free(alloc, store->folder, strlen(store->folder) + 1);
  gni_free(alloc, store, sizeof *store);
}

/* ---- readers ---- */

/* What a reader knows of one dataset. */
struct seen {
  struct seen *next;
  char *dataset;
  struct gnp_generation *generation; /* NULL: there was none */
  MDB_txn *txn;
  bool active; /* looked at since begin: its transaction is open */
  bool looked; /* CURRENT was read at least once */
  int64_t looked_us;
  uint64_t commits;
};

struct reader {
  struct gnp_lmdb *store;
  struct seen *seen;
  MDB_txn *live_txn;
  bool live_active;
};

static int reader_open(void *state, void **out, gn_error *err)
{
  struct gnp_lmdb *store = state;
  struct reader *reader = gni_alloc_zero(store->alloc, sizeof *reader);
  if (!reader) return gni_fail_nomem(err, sizeof *reader);
  reader->store = store;
  *out = reader;
  return GN_OK;
}

static void drop_generation(struct reader *reader, struct seen *seen)
{
  if (seen->txn) mdb_txn_abort(seen->txn);
  if (seen->generation) gnp_generation_close(reader->store, seen->generation);
  seen->txn = NULL;
  seen->generation = NULL;
}

static void reader_close(void *state)
{
  struct reader *reader = state;
  const gn_alloc *alloc = reader->store->alloc;
  for (struct seen *seen = reader->seen, *next; seen; seen = next) {
    next = seen->next;
    drop_generation(reader, seen);
    gni_free(alloc, seen->dataset, strlen(seen->dataset) + 1);
    gni_free(alloc, seen, sizeof *seen);
  }
  if (reader->live_txn) mdb_txn_abort(reader->live_txn);
  gni_free(alloc, reader, sizeof *reader);
}

static int reader_begin(void *state, gn_error *err)
{
  (void)state;
  (void)err; /* transactions open when a dataset is first asked for */
  return GN_OK;
}

static void reader_end(void *state)
{
  struct reader *reader = state;
  for (struct seen *seen = reader->seen; seen; seen = seen->next) {
    if (seen->active && seen->txn) mdb_txn_reset(seen->txn);
    seen->active = false;
  }
  if (reader->live_active) gnp_live_end(reader->store, reader->live_txn);
  reader->live_active = false;
}

static struct seen *find_seen(struct reader *reader, gn_str dataset)
{
  for (struct seen *seen = reader->seen; seen; seen = seen->next)
    if (gni_str_is(dataset, seen->dataset)) return seen;
  const gn_alloc *alloc = reader->store->alloc;
  struct seen *seen = gni_alloc_zero(alloc, sizeof *seen);
  char *name = seen ? gni_strdup(alloc, dataset.ptr, dataset.len) : NULL;
  if (!name) {
    gni_free(alloc, seen, sizeof *seen);
    return NULL;
  }
  *seen = (struct seen){.next = reader->seen, .dataset = name};
  return reader->seen = seen;
}

/* Reads CURRENT and moves to the generation it names. The file may be gone by the time it is
 * opened, when yet another upload ended in between: then CURRENT says something newer. */
static int follow_current(struct reader *reader, struct seen *seen, gn_error *err)
{
  gn_str dataset = gni_str(seen->dataset);
  for (int tries = 0;; tries++) {
    int64_t number;
    struct gnp_generation *fresh = NULL;
    gn_error lost = {0};
    int rc = gnp_lmdb_current(reader->store, dataset, &number, err);
    if (rc == GN_ABSENT) {
      drop_generation(reader, seen);
      return GN_OK;
    }
    if (rc != GN_OK) return rc;
    if (seen->generation && seen->generation->info.number == number) return GN_OK;
    rc = gnp_generation_open(reader->store, dataset, number, &fresh, &lost);
    if (rc == GN_OK) {
      drop_generation(reader, seen);
      seen->generation = fresh;
      return GN_OK;
    }
    if (rc == GN_E_NOTFOUND && tries < 100) continue;
    if (err && err->code == GN_OK) *err = lost;
    return rc;
  }
}

/* The dataset as this begin..end sees it. */
static int look(struct reader *reader, gn_str dataset, struct seen **out, gn_error *err)
{
  struct seen *seen = find_seen(reader, dataset);
  int rc = GN_OK;
  *out = seen;
  if (!seen) return gni_fail_nomem(err, sizeof *seen);
  if (seen->active) return GN_OK;
  int64_t now_us = gni_monotonic_us();
  uint64_t commits = reader->store->commits;
  if (!seen->looked || commits != seen->commits ||
      now_us - seen->looked_us >= GNP_LMDB_LOOK_AGAIN_US) {
    rc = follow_current(reader, seen, err);
    if (rc != GN_OK) return rc;
    seen->looked = true;
    seen->looked_us = now_us;
    seen->commits = commits;
  }
  if (seen->generation) {
    int native = seen->txn ? mdb_txn_renew(seen->txn)
                           : mdb_txn_begin(seen->generation->env, NULL, MDB_RDONLY, &seen->txn);
    if (native) return gnp_lmdb_fail(err, native, "read", seen->dataset);
  }
  seen->active = true;
  return GN_OK;
}

/* Opens the live part of this begin..end; GN_ABSENT while nothing was ever put. */
static int look_live(struct reader *reader, gn_error *err)
{
  if (reader->live_active) return GN_OK;
  int rc = gnp_live_open(reader->store, false, err);
  if (rc == GN_OK) rc = gnp_live_begin(reader->store, &reader->live_txn, err);
  if (rc == GN_OK) reader->live_active = true;
  return rc;
}

static int lmdb_generation(void *state, gn_str dataset, gni_generation_info *info, gn_error *err)
{
  struct seen *seen;
  int rc = look(state, dataset, &seen, err);
  if (rc != GN_OK) return rc;
  if (!seen->generation) return GN_ABSENT;
  *info = seen->generation->info;
  return GN_OK;
}

static int get_from_generation(const struct seen *seen, gn_str key, gn_str *value, gn_error *err)
{
  struct gnp_key stored;
  MDB_val data;
  gnp_key_set(&stored, key);
  MDB_dbi dbi = stored.is_long ? seen->generation->longs : seen->generation->rows;
  int rc = key.len ? mdb_get(seen->txn, dbi, &stored.val, &data) : MDB_NOTFOUND;
  if (rc == MDB_NOTFOUND) return GN_ABSENT;
  if (rc) return gnp_lmdb_fail(err, rc, "read", seen->dataset);
  *value = (gn_str){data.mv_data, data.mv_size};
  return stored.is_long && !gnp_long_value(data, key, value) ? GN_ABSENT : GN_OK;
}

static int lmdb_get(void *state, gn_str dataset, gn_str key, gn_str *value, gn_error *err)
{
  struct reader *reader = state;
  struct seen *seen;
  int rc = look(reader, dataset, &seen, err);
  if (rc != GN_OK) return rc;
  /* A dataset with a generation rarely has settings, but where it has one, that is newer. */
  rc = look_live(reader, err);
  if (rc == GN_OK) rc = gnp_live_get(reader->store, reader->live_txn, dataset, key, value, err);
  if (rc != GN_ABSENT) return rc;
  return seen->generation ? get_from_generation(seen, key, value, err) : GN_ABSENT;
}

static int lmdb_scan(void *state, gn_str dataset, gn_str key, int64_t after_ms, gni_store_each each,
                     void *user, gn_error *err)
{
  struct reader *reader = state;
  int rc = look_live(reader, err);
  if (rc == GN_ABSENT) return GN_OK;
  if (rc != GN_OK) return rc;
  return gnp_live_scan(reader->store, reader->live_txn, dataset, key, after_ms, each, user, err);
}

/* The number that the next write will have. */
static int lmdb_written(void *state, int64_t *version, gn_error *err)
{
  struct reader *reader = state;
  int rc = look_live(reader, err);
  *version = rc == GN_OK ? (int64_t)mdb_txn_id(reader->live_txn) + 1 : 1;
  return rc == GN_ABSENT ? GN_OK : rc;
}

struct listing {
  struct gnp_lmdb *store;
  gni_store_each_dataset each;
  void *user;
};

static int list_entry(void *user, const char *name, bool is_folder)
{
  const struct listing *listing = user;
  int64_t number;
  if (!is_folder || gnp_lmdb_current(listing->store, gni_str(name), &number, NULL) != GN_OK)
    return GN_OK;
  return listing->each(listing->user, gni_str(name));
}

static int lmdb_list(void *state, gni_store_each_dataset each, void *user, gn_error *err)
{
  struct reader *reader = state;
  struct listing listing = {reader->store, each, user};
  if (!gni_folder_exists(reader->store->folder)) return GN_OK;
  return gni_folder_list(reader->store->alloc, reader->store->folder, list_entry, &listing, err);
}

static int walk_rows(const struct seen *seen, MDB_dbi dbi, bool is_long, gni_store_each_key each,
                     void *user, gn_error *err)
{
  MDB_cursor *cursor = NULL;
  MDB_val key, data;
  int rc = mdb_cursor_open(seen->txn, dbi, &cursor), ours = GN_OK;
  if (rc) return gnp_lmdb_fail(err, rc, "read", seen->dataset);
  while (ours == GN_OK) {
    rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
    if (rc) break;
    gn_str name = {key.mv_data, key.mv_size}, value = {data.mv_data, data.mv_size};
    if (is_long) gnp_long_unpack(data, &name, &value);
    ours = each(user, name, value);
  }
  mdb_cursor_close(cursor);
  if (ours == GN_OK && rc != MDB_NOTFOUND) return gnp_lmdb_fail(err, rc, "read", seen->dataset);
  return ours;
}

static int lmdb_keys(void *state, gn_str dataset, gni_store_each_key each, void *user,
                     gn_error *err)
{
  struct reader *reader = state;
  struct seen *seen;
  int rc = look(reader, dataset, &seen, err);
  if (rc == GN_OK && seen->generation)
    rc = walk_rows(seen, seen->generation->rows, false, each, user, err);
  if (rc == GN_OK && seen->generation)
    rc = walk_rows(seen, seen->generation->longs, true, each, user, err);
  if (rc != GN_OK) return rc;
  rc = look_live(reader, err);
  if (rc == GN_ABSENT) return GN_OK;
  return rc == GN_OK ? gnp_live_keys(reader->store, reader->live_txn, dataset, each, user, err)
                     : rc;
}

const gni_store_driver gni_store_lmdb = {
    .version = GN_STORE_DRIVER_VERSION,
    .name = "lmdb",
    .open = lmdb_open,
    .close = lmdb_close,
    .load_begin = gnp_lmdb_load_begin,
    .load_put = gnp_lmdb_load_put,
    .load_commit = gnp_lmdb_load_commit,
    .load_abort = gnp_lmdb_load_abort,
    .set = gnp_lmdb_set,
    .append = gnp_lmdb_append,
    .change = gnp_lmdb_change,
    .trim = gnp_lmdb_trim,
    .measure = gnp_lmdb_measure,
    .compact = gnp_lmdb_compact,
    .collect = gnp_lmdb_collect,
    .reader_open = reader_open,
    .reader_close = reader_close,
    .begin = reader_begin,
    .end = reader_end,
    .generation = lmdb_generation,
    .get = lmdb_get,
    .scan = lmdb_scan,
    .written = lmdb_written,
    .list = lmdb_list,
    .keys = lmdb_keys,
};
