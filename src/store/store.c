/* The dispatcher: finds the driver of a URL and passes calls on. SPDX-License-Identifier:
 * Apache-2.0 */
#include "store/store.h"

static const gni_store_driver *const drivers[] = {&gni_store_lmdb, &gni_store_memory,
                                                  &gni_store_faulty, &gni_store_traced};
enum { DRIVER_COUNT = sizeof drivers / sizeof *drivers };

struct gni_store {
  const gni_store_driver *driver;
  void *state;
  const gn_alloc *alloc;
  char *url;
};

struct gni_store_reader {
  const gni_store_driver *driver;
  const gn_alloc *alloc;
  void *state;
};

struct gni_store_load {
  const gni_store_driver *driver;
  const gn_alloc *alloc;
  void *state;
  gn_str last_key; /* owned; keys must ascend */
  size_t last_capacity;
};

static const gni_store_driver *find_driver(gn_str scheme, gn_error *err)
{
  gn_str names[DRIVER_COUNT];
  for (size_t i = 0; i < DRIVER_COUNT; i++) {
    names[i] = gni_str(drivers[i]->name);
    if (gni_str_equal(scheme, names[i])) return drivers[i];
  }
  gn_str near = gni_nearest(scheme, names, DRIVER_COUNT);
  gni_fail_as(err, "GO001", GN_E_UNSUPPORTED, "no store driver is called '%.*s'",
              GN_STR_ARGS(scheme));
  if (near.ptr)
    gni_error_hint(err, "did you mean '%.*s:'?", GN_STR_ARGS(near));
  else
    gni_error_hint(err, "use lmdb:FOLDER or memory:");
  return NULL;
}

int gni_store_open(const char *url, const gni_store_env *env, gni_store **out, gn_error *err)
{
  const gn_alloc *alloc = env->alloc;
  gn_str place = gni_str(url), scheme;
  *out = NULL;
  if (!gni_str_split(&place, ':', &scheme) || !place.ptr) {
    gni_fail_as(err, "GO001", GN_E_ARG, "store '%s' has no scheme", url);
    gni_error_hint(err, "write it as lmdb:%s", url);
    return GN_E_ARG;
  }
  const gni_store_driver *driver = find_driver(scheme, err);
  if (!driver) return GN_E_UNSUPPORTED;
  gni_store *store = gni_alloc_zero(alloc, sizeof *store);
  char *copy = store ? gni_strdup(alloc, url, strlen(url)) : NULL;
  if (!copy) {
    gni_free(alloc, store, sizeof *store);
    return gni_fail_nomem(err, sizeof *store);
  }
  *store = (gni_store){.driver = driver, .alloc = alloc, .url = copy};
  int rc = driver->open(place, env, &store->state, err);
  if (rc != GN_OK) {
    gni_free(alloc, copy, strlen(copy) + 1);
    gni_free(alloc, store, sizeof *store);
    return rc;
  }
  *out = store;
  return GN_OK;
}

void gni_store_close(gni_store *store)
{
  if (!store) return;
  store->driver->close(store->state);
  gni_free(store->alloc, store->url, strlen(store->url) + 1);
  gni_free(store->alloc, store, sizeof *store);
}

const char *gni_store_url(const gni_store *store)
{
  return store->url;
}

/* ---- loads ---- */

int gni_store_load_begin(gni_store *store, gn_str dataset, int64_t rows, int64_t bytes,
                         gni_store_load **out, gn_error *err)
{
  *out = NULL;
  gni_store_load *load = gni_alloc_zero(store->alloc, sizeof *load);
  if (!load) return gni_fail_nomem(err, sizeof *load);
  *load = (gni_store_load){.driver = store->driver, .alloc = store->alloc};
  int rc = store->driver->load_begin(store->state, dataset, rows, bytes, &load->state, err);
  if (rc != GN_OK) {
    gni_free(store->alloc, load, sizeof *load);
    return rc;
  }
  *out = load;
  return GN_OK;
}

/* Remembers the key, so that the next one can be compared. */
static int keep_last_key(gni_store_load *load, gn_str key, gn_error *err)
{
  if (key.len > load->last_capacity) {
    size_t capacity = key.len * 2;
    /* The cast drops const of our own memory. */
    void *old = (void *)(uintptr_t)load->last_key.ptr;
    char *grown = gni_resize(load->alloc, old, load->last_capacity, capacity);
    if (!grown) return gni_fail_nomem(err, capacity);
    load->last_key.ptr = grown;
    load->last_capacity = capacity;
  }
  char *mine = (char *)(uintptr_t)load->last_key.ptr;
  if (mine && key.len) memcpy(mine, key.ptr, key.len);
  load->last_key.len = key.len;
  return GN_OK;
}

int gni_store_load_put(gni_store_load *load, gn_str key, gn_str value, gn_error *err)
{
  if (key.len == 0 || key.len > GN_STORE_KEY_BYTES_MAX)
    return gni_fail(err, GN_E_LIMIT, "a key of %zu bytes; keys have 1 to %d", key.len,
                    GN_STORE_KEY_BYTES_MAX);
  if (load->last_key.ptr && gni_str_compare(load->last_key, key) >= 0)
    return gni_fail(err, GN_E_ARG, "keys of a load must ascend, without repeats");
  int rc = keep_last_key(load, key, err);
  return rc == GN_OK ? load->driver->load_put(load->state, key, value, err) : rc;
}

static void free_load(gni_store_load *load)
{
  gni_free(load->alloc, (void *)(uintptr_t)load->last_key.ptr, load->last_capacity);
  gni_free(load->alloc, load, sizeof *load);
}

int gni_store_load_commit(gni_store_load *load, int64_t batch_end_ms, gn_error *err)
{
  int rc = load->driver->load_commit(load->state, batch_end_ms, err);
  free_load(load);
  return rc;
}

void gni_store_load_abort(gni_store_load *load)
{
  if (!load) return;
  load->driver->load_abort(load->state);
  free_load(load);
}

/* ---- single writes ---- */

int gni_store_set(gni_store *store, gn_str dataset, gn_str key, gn_str value, gn_error *err)
{
  return store->driver->set(store->state, dataset, key, value, err);
}

int gni_store_append(gni_store *store, gn_str dataset, const gn_str *keys, const gn_str *values,
                     const int64_t *time_ms, size_t count, gn_error *err)
{
  if (count == 0) return GN_OK;
  return store->driver->append(store->state, dataset, keys, values, time_ms, count, err);
}

int gni_store_change_commit(gni_store *store, const gni_store_change *change, gn_error *err)
{
  return store->driver->change(store->state, change, err);
}

int gni_store_trim(gni_store *store, gn_str dataset, int64_t before_ms, int64_t *removed,
                   gn_error *err)
{
  *removed = 0;
  return store->driver->trim(store->state, dataset, before_ms, removed, err);
}

/* ---- housekeeping ---- */

int gni_store_measure(gni_store *store, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                      gn_error *err)
{
  *out = (gni_store_measures){-1, -1, -1, -1, -1, -1, 0, 0, -1, -1};
  if (!store->driver->measure) return GN_OK;
  return store->driver->measure(store->state, dataset, before_ms, out, err);
}

int gni_store_compact(gni_store *store, gn_str dataset, gn_error *err)
{
  return store->driver->compact ? store->driver->compact(store->state, dataset, err) : GN_ABSENT;
}

int gni_store_collect(gni_store *store, bool dry_run, gni_store_each_garbage each, void *user,
                      gn_error *err)
{
  if (!store->driver->collect) return GN_OK;
  return store->driver->collect(store->state, dry_run, each, user, err);
}

/* ---- readers ---- */

int gni_store_reader_open(gni_store *store, gni_store_reader **out, gn_error *err)
{
  *out = NULL;
  gni_store_reader *reader = gni_alloc_zero(store->alloc, sizeof *reader);
  if (!reader) return gni_fail_nomem(err, sizeof *reader);
  *reader = (gni_store_reader){.driver = store->driver, .alloc = store->alloc};
  int rc = store->driver->reader_open(store->state, &reader->state, err);
  if (rc != GN_OK) {
    gni_free(store->alloc, reader, sizeof *reader);
    return rc;
  }
  *out = reader;
  return GN_OK;
}

void gni_store_reader_close(gni_store_reader *reader)
{
  if (!reader) return;
  reader->driver->reader_close(reader->state);
  gni_free(reader->alloc, reader, sizeof *reader);
}

int gni_store_begin(gni_store_reader *reader, gn_error *err)
{
  return reader->driver->begin(reader->state, err);
}

void gni_store_end(gni_store_reader *reader)
{
  reader->driver->end(reader->state);
}

int gni_store_generation(gni_store_reader *reader, gn_str dataset, gni_generation_info *info,
                         gn_error *err)
{
  *info = (gni_generation_info){0};
  return reader->driver->generation(reader->state, dataset, info, err);
}

int gni_store_get(gni_store_reader *reader, gn_str dataset, gn_str key, gn_str *value,
                  gn_error *err)
{
  *value = (gn_str){NULL, 0};
  return reader->driver->get(reader->state, dataset, key, value, err);
}

int gni_store_scan(gni_store_reader *reader, gn_str dataset, gn_str key, int64_t after_ms,
                   gni_store_each each, void *user, gn_error *err)
{
  return reader->driver->scan(reader->state, dataset, key, after_ms, each, user, err);
}

int gni_store_written(gni_store_reader *reader, int64_t *version, gn_error *err)
{
  return reader->driver->written(reader->state, version, err);
}

int gni_store_list(gni_store_reader *reader, gni_store_each_dataset each, void *user, gn_error *err)
{
  return reader->driver->list(reader->state, each, user, err);
}

int gni_store_keys(gni_store_reader *reader, gn_str dataset, gni_store_each_key each, void *user,
                   gn_error *err)
{
  return reader->driver->keys(reader->state, dataset, each, user, err);
}
