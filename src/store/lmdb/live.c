/* The writable file: settings, and streams of timed values. SPDX-License-Identifier: Apache-2.0
 *
 * A stream's key is
 *   length of dataset (1), dataset, length of key (2), key, time (8), put sequence (8)
 * all big endian, the time with its sign flipped, so that bytes sort as (dataset, key, time, put).
 * A setting's key stops after the key. Where that exceeds what LMDB holds, the key is replaced by
 * its XXH128 with length 0xFFFF, and the value starts with the full key, which is compared. */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <stdlib.h>

enum { LENGTH_HASHED = 0xFFFF, SUFFIX_BYTES = 16 };
enum { AHEAD_BYTES = 384 };
enum { CHANGED_SINCE = 1 }; /* no code of LMDB's, which are negative, nor an errno we get */

struct live_key {
  uint8_t bytes[GNP_LMDB_KEY_BYTES_MAX];
  size_t prefix_len; /* up to the time */
  bool hashed;
};

static void add_big_endian(struct live_key *out, uint64_t value, unsigned bytes)
{
  for (unsigned i = 0; i < bytes; i++)
    out->bytes[out->prefix_len++] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static void add_bytes(struct live_key *out, const void *bytes, size_t size)
{
  if (size) memcpy(out->bytes + out->prefix_len, bytes, size);
  out->prefix_len += size;
}

static void live_key_set(struct live_key *out, gn_str dataset, gn_str key)
{
  out->prefix_len = 0;
  out->hashed = 3 + dataset.len + key.len + SUFFIX_BYTES > sizeof out->bytes;
  add_big_endian(out, dataset.len, 1);
  add_bytes(out, dataset.ptr, dataset.len);
  add_big_endian(out, out->hashed ? LENGTH_HASHED : key.len, 2);
  if (out->hashed) {
    gni_hash128 hash = gni_xxh128(key.ptr, key.len);
    add_big_endian(out, hash.high, 8);
    add_big_endian(out, hash.low, 8);
  } else {
    add_bytes(out, key.ptr, key.len);
  }
}

static void put_suffix(struct live_key *key, int64_t time_ms, uint64_t sequence)
{
  size_t keep = key->prefix_len;
  add_big_endian(key, (uint64_t)time_ms ^ UINT64_C(1) << 63, 8);
  add_big_endian(key, sequence, 8);
  key->prefix_len = keep;
}

static uint64_t get_big_endian(const uint8_t *bytes)
{
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

/* ---- opening ---- */

void gnp_live_init(struct gnp_live *live)
{
  pthread_rwlock_init(&live->map_lock, NULL);
}

void gnp_live_close(struct gnp_live *live)
{
  if (live->env) mdb_env_close(live->env);
  pthread_rwlock_destroy(&live->map_lock);
}

/* The two databases of the file; only a writer may create them. */
static int open_databases(struct gnp_live *live, bool create)
{
  MDB_txn *txn = NULL;
  unsigned make = create ? MDB_CREATE : 0;
  int rc = mdb_txn_begin(live->env, NULL, create ? 0 : MDB_RDONLY, &txn);
  if (rc) return rc;
  rc = mdb_dbi_open(txn, "settings", make, &live->settings);
  if (rc == 0) rc = mdb_dbi_open(txn, "stream", make, &live->stream);
  if (rc) {
    mdb_txn_abort(txn);
    return rc;
  }
  return mdb_txn_commit(txn);
}

static int open_locked(struct gnp_lmdb *store, bool create, gn_error *err)
{
  struct gnp_live *live = &store->live;
  char path[GNP_LMDB_PATH_BYTES];
  int ours = gnp_lmdb_path(store, path, err, "live.lmdb");
  if (ours != GN_OK) return ours;
  if (!create && !gni_file_exists(path)) return GN_ABSENT;
  if (create) ours = gni_folder_make(store->folder, err);
  if (ours != GN_OK) return ours;
  int rc = mdb_env_create(&live->env);
  if (rc == 0) rc = mdb_env_set_maxdbs(live->env, 2);
  if (rc == 0) rc = mdb_env_set_maxreaders(live->env, 1024);
  if (rc == 0) rc = mdb_env_set_mapsize(live->env, GNP_LMDB_LIVE_BYTES);
  if (rc == 0) rc = mdb_env_open(live->env, path, MDB_NOSUBDIR | MDB_NORDAHEAD | MDB_NOTLS, 0666);
  if (rc == 0) rc = open_databases(live, create);
  if (rc == 0) return GN_OK;
  if (live->env) mdb_env_close(live->env);
  live->env = NULL;
  /* A file whose creator has not finished its first transaction holds nothing yet. */
  return rc == MDB_NOTFOUND && !create ? GN_ABSENT : gnp_lmdb_fail(err, rc, "open", path);
}

/* Most stores that only serve have no live file, and asking the system at each fetch would cost
 * more than the rest of the fetch. */
int gnp_live_open(struct gnp_lmdb *store, bool create, gn_error *err)
{
  struct gnp_live *live = &store->live;
  int64_t now_us = create ? 0 : gni_monotonic_us(), absent_us = live->absent_us;
  if (!create && absent_us && now_us - absent_us < GNP_LMDB_LOOK_AGAIN_US) return GN_ABSENT;
  pthread_mutex_lock(&store->lock);
  int rc = live->env ? GN_OK : open_locked(store, create, err);
  live->absent_us = rc == GN_ABSENT ? now_us : 0;
  pthread_mutex_unlock(&store->lock);
  return rc;
}

/* ---- writing ---- */

static int pack_value(const struct live_key *live_key, gn_buf *packed, gn_str key, gn_str value,
                      MDB_val *out)
{
  *out = (MDB_val){value.len, (void *)(uintptr_t)value.ptr};
  if (!live_key->hashed) return 0;
  gni_buf_reset(packed);
  if (gnp_long_pack(packed, key, value) != GN_OK) return ENOMEM;
  *out = (MDB_val){packed->len, packed->ptr};
  return 0;
}

/* One more than the sequence of the newest value at this very (key, time). */
static int next_sequence(MDB_cursor *cursor, struct live_key *key, int64_t time_ms, uint64_t *out)
{
  MDB_val found, data;
  put_suffix(key, time_ms, UINT64_MAX);
  MDB_val wanted = {key->prefix_len + SUFFIX_BYTES, key->bytes};
  found = wanted;
  *out = 0;
  int rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
  rc = mdb_cursor_get(cursor, &found, &data, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
  if (rc == MDB_NOTFOUND) return 0;
  if (rc == 0 && found.mv_size == wanted.mv_size &&
      memcmp(found.mv_data, wanted.mv_data, key->prefix_len + 8) == 0)
    *out = get_big_endian((const uint8_t *)found.mv_data + key->prefix_len + 8) + 1;
  return rc;
}

struct puts {
  struct gnp_lmdb *store;
  gn_str dataset;
  const gn_str *keys, *values;
  const int64_t *time_ms; /* NULL: settings */
  size_t count;
  struct puts *then; /* written with them */
  int64_t version;   /* what the store must be at; 0: whatever it is */
  gn_buf packed;
  struct place *order; /* of timed values: neighbours in the file one after another */
};

struct place {
  gn_str key;
  int64_t time_ms;
  size_t index;
};

static int by_place(const void *a, const void *b)
{
  const struct place *x = a, *y = b;
  int order = gni_str_compare(x->key, y->key);
  if (order == 0) order = (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool are_in_order(const struct puts *puts)
{
  for (size_t i = 1; i < puts->count; i++) {
    gn_str key = puts->keys[i], before = puts->keys[i - 1];
    bool same = key.ptr == before.ptr && key.len == before.len;
    int order = same ? 0 : gni_str_compare(before, key);
    if (order > 0 || (order == 0 && puts->time_ms[i - 1] > puts->time_ms[i])) return false;
  }
  return true;
}

/* Pages are found in the cache, and filled, when rows of a key are put together. */
static int sort_puts(struct puts *puts, gn_error *err)
{
  if (are_in_order(puts)) return GN_OK;
  size_t bytes = gni_size_mul(puts->count, sizeof *puts->order);
  puts->order = gni_alloc(puts->store->alloc, bytes);
  if (!puts->order) return gni_fail_nomem(err, bytes);
  for (size_t i = 0; i < puts->count; i++)
    puts->order[i] = (struct place){puts->keys[i], puts->time_ms[i], i};
  qsort(puts->order, puts->count, sizeof *puts->order, by_place);
  return GN_OK;
}

static int put_one(struct puts *puts, MDB_txn *txn, MDB_cursor *cursor, size_t i)
{
  struct live_key key;
  MDB_val data;
  uint64_t sequence = 0;
  live_key_set(&key, puts->dataset, puts->keys[i]);
  if (!puts->time_ms && !puts->values[i].ptr) {
    MDB_val gone = {key.prefix_len, key.bytes};
    int rc = mdb_del(txn, puts->store->live.settings, &gone, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
  }
  int rc = pack_value(&key, &puts->packed, puts->keys[i], puts->values[i], &data);
  if (rc) return rc;
  MDB_val where = {key.prefix_len, key.bytes};
  if (!puts->time_ms) return mdb_put(txn, puts->store->live.settings, &where, &data, 0);
  MDB_val kept = data; /* a key that exists gives its value back */
  put_suffix(&key, puts->time_ms[i], 0);
  where.mv_size = key.prefix_len + SUFFIX_BYTES;
  rc = mdb_cursor_put(cursor, &where, &data, MDB_NOOVERWRITE);
  if (rc != MDB_KEYEXIST) return rc;
  rc = next_sequence(cursor, &key, puts->time_ms[i], &sequence);
  if (rc) return rc;
  put_suffix(&key, puts->time_ms[i], sequence);
  return mdb_cursor_put(cursor, &where, &kept, 0);
}

static int put_list(struct puts *puts, MDB_txn *txn)
{
  MDB_cursor *cursor = NULL;
  int rc = mdb_cursor_open(txn, puts->store->live.stream, &cursor);
  for (size_t i = 0; rc == 0 && i < puts->count; i++)
    rc = put_one(puts, txn, cursor, puts->order ? puts->order[i].index : i);
  if (cursor) mdb_cursor_close(cursor);
  return rc;
}

/* A reader that saw the transaction before ours saw all there is. */
static bool is_current(const struct puts *puts, MDB_txn *txn)
{
  return !puts->version || puts->version == (int64_t)mdb_txn_id(txn);
}

static int put_all(struct puts *puts)
{
  struct gnp_live *live = &puts->store->live;
  MDB_txn *txn = NULL;
  int rc = mdb_txn_begin(live->env, NULL, 0, &txn);
  if (rc) return rc;
  if (!is_current(puts, txn)) rc = CHANGED_SINCE;
  if (rc == 0) rc = put_list(puts, txn);
  if (rc == 0 && puts->then) rc = put_list(puts->then, txn);
  if (rc == 0) return mdb_txn_commit(txn);
  mdb_txn_abort(txn);
  return rc;
}

/* Doubles the map (or follows what another process did to it) while no transaction of ours is open.
 */
static int grow_map(struct gnp_live *live, int reason)
{
  MDB_envinfo info;
  pthread_rwlock_wrlock(&live->map_lock);
  int rc = mdb_env_info(live->env, &info);
  if (rc == 0)
    rc = mdb_env_set_mapsize(live->env, reason == MDB_MAP_FULL ? info.me_mapsize * 2 : 0);
  pthread_rwlock_unlock(&live->map_lock);
  return rc;
}

static int put_with_growth(struct puts *puts, gn_error *err)
{
  struct gnp_live *live = &puts->store->live;
  int rc = gnp_live_open(puts->store, true, err), native;
  if (rc != GN_OK) return rc;
  gni_buf_init(&puts->packed, puts->store->alloc, GN_VALUE_BYTES_MAX + 65536u + 8u);
  if (puts->then)
    gni_buf_init(&puts->then->packed, puts->store->alloc, GN_VALUE_BYTES_MAX + 65536u + 8u);
  for (;;) {
    pthread_rwlock_rdlock(&live->map_lock);
    native = put_all(puts);
    pthread_rwlock_unlock(&live->map_lock);
    if (native != MDB_MAP_FULL && native != MDB_MAP_RESIZED) break;
    native = grow_map(live, native);
    if (native) break;
  }
  gni_buf_deinit(&puts->packed);
  if (puts->then) gni_buf_deinit(&puts->then->packed);
  if (native == CHANGED_SINCE) return GN_E_CONFLICT;
  return native ? gnp_lmdb_fail(err, native, "write", "live.lmdb") : GN_OK;
}

int gnp_lmdb_set(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err)
{
  struct puts puts = {
      .store = state, .dataset = dataset, .keys = &key, .values = &value, .count = 1};
  int rc = gnp_lmdb_check_dataset(dataset, err);
  return rc == GN_OK ? put_with_growth(&puts, err) : rc;
}

int gnp_lmdb_append(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                    const int64_t *time_ms, size_t count, gn_error *err)
{
  struct puts puts = {.store = state,
                      .dataset = dataset,
                      .keys = keys,
                      .values = values,
                      .time_ms = time_ms,
                      .count = count};
  int rc = gnp_lmdb_check_dataset(dataset, err);
  if (rc == GN_OK && count > 1) rc = sort_puts(&puts, err);
  if (rc == GN_OK) rc = put_with_growth(&puts, err);
  gni_free(puts.store->alloc, puts.order, count * sizeof *puts.order);
  return rc;
}

int gnp_lmdb_change(void *state, const gni_store_change *change, gn_error *err)
{
  struct puts settings = {.store = state,
                          .dataset = change->settings,
                          .keys = change->set_keys,
                          .values = change->set_values,
                          .count = change->set_count};
  struct puts puts = {.store = state,
                      .dataset = change->stream,
                      .keys = change->keys,
                      .values = change->values,
                      .time_ms = change->time_ms,
                      .count = change->count,
                      .then = &settings,
                      .version = change->version};
  int rc = change->count ? gnp_lmdb_check_dataset(change->stream, err) : GN_OK;
  if (rc == GN_OK && change->set_count) rc = gnp_lmdb_check_dataset(change->settings, err);
  if (rc == GN_OK && change->count > 1) rc = sort_puts(&puts, err);
  if (rc == GN_OK) rc = put_with_growth(&puts, err);
  gni_free(puts.store->alloc, puts.order, change->count * sizeof *puts.order);
  return rc;
}

/* ---- removing ---- */

enum { TRIM_STEP = 1 << 16 }; /* values a transaction: others may write in between */

struct trim {
  struct gnp_live *live;
  struct live_key at; /* where to go on; its `prefix_len` covers all of it */
  size_t dataset_len;
  int64_t before_ms, removed;
};

static void trim_from(struct trim *trim, const MDB_val *key)
{
  memcpy(trim->at.bytes, key->mv_data, key->mv_size);
  trim->at.prefix_len = key->mv_size;
}

/* Values of a key are in the order of their times, so the first that stays ends the key. */
static int trim_cursor(struct trim *trim, MDB_cursor *cursor, bool *more)
{
  MDB_val found = {trim->at.prefix_len, trim->at.bytes}, data;
  int64_t step = 0;
  int rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
  while (rc == 0) {
    if (found.mv_size < trim->dataset_len + SUFFIX_BYTES ||
        memcmp(found.mv_data, trim->at.bytes, trim->dataset_len) != 0)
      return 0;
    trim_from(trim, &found);
    if ((*more = step == TRIM_STEP)) return 0;
    uint8_t *suffix = trim->at.bytes + found.mv_size - SUFFIX_BYTES;
    if ((int64_t)(get_big_endian(suffix) ^ UINT64_C(1) << 63) < trim->before_ms) {
      if ((rc = mdb_cursor_del(cursor, 0)) != 0) return rc;
      step++;
      trim->removed++;
      rc = mdb_cursor_get(cursor, &found, &data, MDB_NEXT); /* the one behind the gone one */
    } else {
      memset(suffix, 0xFF, SUFFIX_BYTES);
      found = (MDB_val){trim->at.prefix_len, trim->at.bytes};
      rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
    }
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

static int trim_step(struct trim *trim, bool *more)
{
  MDB_txn *txn = NULL;
  MDB_cursor *cursor = NULL;
  int64_t removed = trim->removed;
  *more = false;
  int rc = mdb_txn_begin(trim->live->env, NULL, 0, &txn);
  if (rc) return rc;
  rc = mdb_cursor_open(txn, trim->live->stream, &cursor);
  if (rc == 0) rc = trim_cursor(trim, cursor, more);
  if (cursor) mdb_cursor_close(cursor);
  if (rc == 0 && trim->removed > removed) return mdb_txn_commit(txn);
  mdb_txn_abort(txn);
  if (rc) trim->removed = removed;
  return rc;
}

int gnp_lmdb_trim(void *state, gn_str dataset, int64_t before_ms, int64_t *removed, gn_error *err)
{
  struct gnp_lmdb *store = state;
  struct trim trim = {.live = &store->live, .before_ms = before_ms};
  bool more = true;
  int native = 0, rc = gnp_lmdb_check_dataset(dataset, err);
  if (rc == GN_OK) rc = gnp_live_open(store, false, err);
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc;
  live_key_set(&trim.at, dataset, GN_STR(""));
  trim.at.prefix_len = trim.dataset_len = trim.at.prefix_len - 2; /* without the key's length */
  while (more && native == 0) {
    pthread_rwlock_rdlock(&store->live.map_lock);
    native = trim_step(&trim, &more);
    pthread_rwlock_unlock(&store->live.map_lock);
    if (native == MDB_MAP_FULL || native == MDB_MAP_RESIZED) {
      native = grow_map(&store->live, native);
      more = true;
    }
  }
  *removed = trim.removed;
  return native ? gnp_lmdb_fail(err, native, "write", "live.lmdb") : GN_OK;
}

/* ---- reading ---- */

int gnp_live_begin(struct gnp_lmdb *store, MDB_txn **txn, gn_error *err)
{
  struct gnp_live *live = &store->live;
  for (;;) {
    pthread_rwlock_rdlock(&live->map_lock);
    int rc = *txn ? mdb_txn_renew(*txn) : mdb_txn_begin(live->env, NULL, MDB_RDONLY, txn);
    if (rc == 0) return GN_OK;
    pthread_rwlock_unlock(&live->map_lock);
    if (rc == MDB_MAP_RESIZED) rc = grow_map(live, rc);
    /* Another session of this process closed the file, and LMDB gave up our place in its table of
     * readers, which may be somebody else's by now: ending the transaction would take it away. */
    if (rc == MDB_BAD_RSLOT && *txn) {
      gni_free(&gni_libc_alloc, *txn, 1); /* its size is not told; libc knows */
      *txn = NULL;
      continue;
    }
    if (rc) return gnp_lmdb_fail(err, rc, "read", "live.lmdb");
  }
}

void gnp_live_end(struct gnp_lmdb *store, MDB_txn *txn)
{
  mdb_txn_reset(txn);
  pthread_rwlock_unlock(&store->live.map_lock);
}

int gnp_live_get(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset, gn_str key,
                 gn_str *value, gn_error *err)
{
  struct live_key live_key;
  MDB_val data;
  live_key_set(&live_key, dataset, key);
  MDB_val where = {live_key.prefix_len, live_key.bytes};
  int rc = mdb_get(txn, store->live.settings, &where, &data);
  if (rc == MDB_NOTFOUND) return GN_ABSENT;
  if (rc) return gnp_lmdb_fail(err, rc, "read", "live.lmdb");
  *value = (gn_str){data.mv_data, data.mv_size};
  return live_key.hashed && !gnp_long_value(data, key, value) ? GN_ABSENT : GN_OK;
}

/* A page fills from its end, so what follows lies before. In a page that was just entered, none of
 * it is on its way yet. */
static void ask_ahead(uintptr_t at, uintptr_t *before)
{
  enum { LINE_BYTES = 64, PAGE_BYTES = 4096 };
  bool entered = at / PAGE_BYTES != *before / PAGE_BYTES;
  for (uintptr_t ahead = entered ? LINE_BYTES : AHEAD_BYTES; ahead <= AHEAD_BYTES;
       ahead += LINE_BYTES)
    __builtin_prefetch((const void *)(at - ahead));
  *before = at;
}

static int scan_cursor(MDB_cursor *cursor, struct live_key *live_key, gn_str key, int64_t after_ms,
                       gni_store_each each, void *user, gn_error *err)
{
  MDB_val found, data;
  uintptr_t before = 0;
  put_suffix(live_key, after_ms, 0);
  found = (MDB_val){live_key->prefix_len + SUFFIX_BYTES, live_key->bytes};
  int rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &found, &data, MDB_NEXT)) {
    gn_str value = {data.mv_data, data.mv_size};
    ask_ahead((uintptr_t)found.mv_data, &before);
    if (found.mv_size != live_key->prefix_len + SUFFIX_BYTES ||
        memcmp(found.mv_data, live_key->bytes, live_key->prefix_len) != 0)
      return GN_OK;
    if (live_key->hashed && !gnp_long_value(data, key, &value)) continue;
    uint64_t time = get_big_endian((const uint8_t *)found.mv_data + live_key->prefix_len);
    int ours = each(user, value, (int64_t)(time ^ UINT64_C(1) << 63));
    if (ours != GN_OK) return ours;
  }
  return rc == MDB_NOTFOUND ? GN_OK : gnp_lmdb_fail(err, rc, "read", "live.lmdb");
}

int gnp_live_scan(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset, gn_str key,
                  int64_t after_ms, gni_store_each each, void *user, gn_error *err)
{
  struct live_key live_key;
  MDB_cursor *cursor = NULL;
  live_key_set(&live_key, dataset, key);
  int rc = mdb_cursor_open(txn, store->live.stream, &cursor);
  if (rc) return gnp_lmdb_fail(err, rc, "read", "live.lmdb");
  rc = scan_cursor(cursor, &live_key, key, after_ms, each, user, err);
  mdb_cursor_close(cursor);
  return rc;
}

int gnp_live_keys(const struct gnp_lmdb *store, MDB_txn *txn, gn_str dataset,
                  gni_store_each_key each, void *user, gn_error *err)
{
  struct live_key live_key;
  MDB_cursor *cursor = NULL;
  MDB_val found, data;
  live_key_set(&live_key, dataset, GN_STR(""));
  size_t prefix = live_key.prefix_len - 2; /* without the key's length */
  int rc = mdb_cursor_open(txn, store->live.settings, &cursor), ours = GN_OK;
  if (rc) return gnp_lmdb_fail(err, rc, "read", "live.lmdb");
  found = (MDB_val){prefix, live_key.bytes};
  rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
  for (; rc == 0 && ours == GN_OK; rc = mdb_cursor_get(cursor, &found, &data, MDB_NEXT)) {
    const uint8_t *bytes = found.mv_data;
    if (found.mv_size < prefix + 2 || memcmp(bytes, live_key.bytes, prefix) != 0) break;
    gn_str key = {(const char *)bytes + prefix + 2, found.mv_size - prefix - 2};
    gn_str value = {data.mv_data, data.mv_size};
    if ((bytes[prefix] << 8 | bytes[prefix + 1]) == LENGTH_HASHED && data.mv_size >= 4) {
      uint32_t len;
      memcpy(&len, data.mv_data, sizeof len);
      key = (gn_str){value.ptr + 4, len};
      value = (gn_str){value.ptr + 4 + len, value.len - 4 - len};
    }
    ours = each(user, key, value);
  }
  mdb_cursor_close(cursor);
  return ours;
}

static void measure_row(gni_store_measures *out, int64_t time_ms, int64_t bytes, int64_t before_ms)
{
  bool first = out->live_rows++ == 0;
  if (first || time_ms < out->oldest_ms) out->oldest_ms = time_ms;
  if (first || time_ms > out->newest_ms) out->newest_ms = time_ms;
  out->live_bytes += bytes;
  if (time_ms >= before_ms) return;
  out->early_rows++;
  out->early_bytes += bytes;
}

static int measure_stream(MDB_cursor *cursor, gn_str dataset, int64_t before_ms,
                          gni_store_measures *out)
{
  struct live_key from;
  MDB_val data;
  live_key_set(&from, dataset, GN_STR(""));
  size_t prefix = from.prefix_len - 2; /* without the key's length */
  MDB_val found = {prefix, from.bytes};
  int rc = mdb_cursor_get(cursor, &found, &data, MDB_SET_RANGE);
  for (; rc == 0; rc = mdb_cursor_get(cursor, &found, &data, MDB_NEXT)) {
    const uint8_t *bytes = found.mv_data;
    if (found.mv_size < prefix + SUFFIX_BYTES || memcmp(bytes, from.bytes, prefix) != 0) return 0;
    uint64_t time = get_big_endian(bytes + found.mv_size - SUFFIX_BYTES);
    measure_row(out, (int64_t)(time ^ UINT64_C(1) << 63), (int64_t)(found.mv_size + data.mv_size),
                before_ms);
  }
  return rc == MDB_NOTFOUND ? 0 : rc;
}

int gnp_live_measure(struct gnp_lmdb *store, gn_str dataset, int64_t before_ms,
                     gni_store_measures *out, gn_error *err)
{
  MDB_txn *txn = NULL;
  MDB_cursor *cursor = NULL;
  out->live_rows = out->live_bytes = out->early_rows = out->early_bytes = 0;
  int rc = gnp_live_open(store, false, err);
  if (rc == GN_OK) rc = gnp_live_begin(store, &txn, err);
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc;
  int native = mdb_cursor_open(txn, store->live.stream, &cursor);
  if (native == 0) native = measure_stream(cursor, dataset, before_ms, out);
  if (cursor) mdb_cursor_close(cursor);
  gnp_live_end(store, txn);
  mdb_txn_abort(txn);
  return native ? gnp_lmdb_fail(err, native, "read", "live.lmdb") : GN_OK;
}
