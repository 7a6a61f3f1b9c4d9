/* The reference driver: everything in lists under one lock, plain enough to be believed. Readers
 * hold the lock from begin to end, so they see one state. SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <pthread.h>

enum content { GENERATION, SETTING, STREAM };

struct entry {
  char *bytes; /* key, then value */
  size_t key_len, value_len;
  int64_t time_ms;
};

struct entries {
  struct entry *items; /* by key, then time, then put order */
  size_t count, capacity;
};

struct dataset {
  struct dataset *next;
  char *name;
  struct entries content[3];
  gni_generation_info info;
};

struct memory {
  const gn_alloc *alloc;
  pthread_rwlock_t lock;
  struct dataset *datasets;
  int64_t version; /* counts what was written in place */
};

struct memory_load {
  struct memory *memory;
  char *name;
  struct entries entries;
};

static gn_str entry_key(const struct entry *entry)
{
  return (gn_str){entry->bytes, entry->key_len};
}

static gn_str entry_value(const struct entry *entry)
{
  return (gn_str){entry->bytes + entry->key_len, entry->value_len};
}

static void free_entry(const gn_alloc *alloc, struct entry *entry)
{
  gni_free(alloc, entry->bytes, entry->key_len + entry->value_len);
}

static void free_entries(const gn_alloc *alloc, struct entries *entries)
{
  for (size_t i = 0; i < entries->count; i++) free_entry(alloc, &entries->items[i]);
  gni_free(alloc, entries->items, entries->capacity * sizeof *entries->items);
  *entries = (struct entries){0};
}

/* The first position whose (key, time) is at or after the one asked for. */
static size_t lower_bound(const struct entries *entries, gn_str key, int64_t time_ms)
{
  size_t low = 0, high = entries->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = gni_str_compare(entry_key(&entries->items[middle]), key);
    if (order < 0 || (order == 0 && entries->items[middle].time_ms < time_ms))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The first position after every entry of (key, time). */
static size_t upper_bound(const struct entries *entries, gn_str key, int64_t time_ms)
{
  size_t at = lower_bound(entries, key, time_ms);
  while (at < entries->count && entries->items[at].time_ms == time_ms &&
         gni_str_equal(entry_key(&entries->items[at]), key))
    at++;
  return at;
}

static int insert_at(const gn_alloc *alloc, struct entries *entries, size_t at, gn_str key,
                     gn_str value, int64_t time_ms)
{
  if (entries->count == entries->capacity) {
    size_t capacity = entries->capacity ? entries->capacity * 2 : 16;
    struct entry *grown = gni_resize(alloc, entries->items, entries->capacity * sizeof *grown,
                                     gni_size_mul(capacity, sizeof *grown));
    if (!grown) return GN_E_NOMEM;
    entries->items = grown;
    entries->capacity = capacity;
  }
  char *bytes = gni_alloc(alloc, gni_size_add(key.len, value.len));
  if (!bytes) return GN_E_NOMEM;
  if (key.len) memcpy(bytes, key.ptr, key.len);
  if (value.len) memcpy(bytes + key.len, value.ptr, value.len);
  struct entry *room = entries->items + at;
  memmove(room + 1, room, (entries->count - at) * sizeof *room);
  *room = (struct entry){bytes, key.len, value.len, time_ms};
  entries->count++;
  return GN_OK;
}

static void remove_at(const gn_alloc *alloc, struct entries *entries, size_t at)
{
  struct entry *gone = entries->items + at;
  free_entry(alloc, gone);
  memmove(gone, gone + 1, (entries->count - at - 1) * sizeof *gone);
  entries->count--;
}

static bool is_at(const struct entries *entries, size_t at, gn_str key)
{
  return at < entries->count && gni_str_equal(entry_key(&entries->items[at]), key);
}

static struct dataset *find_dataset(struct memory *memory, gn_str name)
{
  for (struct dataset *set = memory->datasets; set; set = set->next)
    if (gni_str_is(name, set->name)) return set;
  return NULL;
}

static struct dataset *make_dataset(struct memory *memory, gn_str name)
{
  struct dataset *found = find_dataset(memory, name);
  if (found) return found;
  struct dataset *made = gni_alloc_zero(memory->alloc, sizeof *made);
  char *copy = made ? gni_strdup(memory->alloc, name.ptr, name.len) : NULL;
  if (!copy) {
    gni_free(memory->alloc, made, sizeof *made);
    return NULL;
  }
  *made = (struct dataset){.name = copy, .next = memory->datasets};
  return memory->datasets = made;
}

static int memory_open(gn_str place, const gni_store_env *env, void **state, gn_error *err)
{
  if (place.len)
    return gni_fail_as(err, "GO001", GN_E_ARG, "store 'memory:' takes no place after the colon");
  struct memory *memory = gni_alloc_zero(env->alloc, sizeof *memory);
  if (!memory) return gni_fail_nomem(err, sizeof *memory);
  memory->alloc = env->alloc;
  pthread_rwlock_init(&memory->lock, NULL);
  *state = memory;
  return GN_OK;
}

static void memory_close(void *state)
{
  struct memory *memory = state;
  const gn_alloc *alloc = memory->alloc;
  for (struct dataset *set = memory->datasets, *next; set; set = next) {
    next = set->next;
    for (int i = 0; i < 3; i++) free_entries(alloc, &set->content[i]);
    gni_free(alloc, set->name, strlen(set->name) + 1);
    gni_free(alloc, set, sizeof *set);
  }
  pthread_rwlock_destroy(&memory->lock);
  gni_free(alloc, memory, sizeof *memory);
}

/* ---- loads ---- */

static int memory_load_begin(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **out,
                             gn_error *err)
{
  struct memory *memory = state;
  (void)rows;
  (void)bytes;
  struct memory_load *load = gni_alloc_zero(memory->alloc, sizeof *load);
  char *name = load ? gni_strdup(memory->alloc, dataset.ptr, dataset.len) : NULL;
  if (!name) {
    gni_free(memory->alloc, load, sizeof *load);
    return gni_fail_nomem(err, sizeof *load);
  }
  *load = (struct memory_load){.memory = memory, .name = name};
  *out = load;
  return GN_OK;
}

static int memory_load_put(void *state, gn_str key, gn_str value, gn_error *err)
{
  struct memory_load *load = state;
  int rc = insert_at(load->memory->alloc, &load->entries, load->entries.count, key, value, 0);
  return rc == GN_OK ? GN_OK : gni_fail_nomem(err, key.len + value.len);
}

static void memory_load_abort(void *state)
{
  struct memory_load *load = state;
  const gn_alloc *alloc = load->memory->alloc;
  free_entries(alloc, &load->entries);
  gni_free(alloc, load->name, strlen(load->name) + 1);
  gni_free(alloc, load, sizeof *load);
}

static int64_t entries_bytes(const struct entries *entries)
{
  int64_t bytes = 0;
  for (size_t i = 0; i < entries->count; i++)
    bytes += (int64_t)(entries->items[i].key_len + entries->items[i].value_len);
  return bytes;
}

static int memory_load_commit(void *state, int64_t batch_end_ms, gn_error *err)
{
  struct memory_load *load = state;
  struct memory *memory = load->memory;
  pthread_rwlock_wrlock(&memory->lock);
  struct dataset *set = make_dataset(memory, gni_str(load->name));
  if (set) {
    struct entries old = set->content[GENERATION];
    set->content[GENERATION] = load->entries;
    load->entries = old;
    set->info = (gni_generation_info){
        .batch_end_ms = batch_end_ms,
        .number = set->info.number + 1,
        .rows = (int64_t)set->content[GENERATION].count,
        .bytes = entries_bytes(&set->content[GENERATION]),
    };
  }
  pthread_rwlock_unlock(&memory->lock);
  memory_load_abort(load);
  return set ? GN_OK : gni_fail_nomem(err, sizeof *set);
}

/* ---- single writes ---- */

static int memory_set(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err)
{
  struct memory *memory = state;
  int rc = GN_E_NOMEM;
  pthread_rwlock_wrlock(&memory->lock);
  struct dataset *set = make_dataset(memory, dataset);
  if (set) {
    struct entries *settings = &set->content[SETTING];
    size_t at = lower_bound(settings, key, INT64_MIN);
    bool replaces = is_at(settings, at, key);
    rc = insert_at(memory->alloc, settings, at, key, value, 0);
    if (rc == GN_OK && replaces) /* the old one now stands behind the new one */
      remove_at(memory->alloc, settings, at + 1);
    memory->version++;
  }
  pthread_rwlock_unlock(&memory->lock);
  return rc == GN_OK ? GN_OK : gni_fail_nomem(err, key.len + value.len);
}

/* Takes back what an append that ran out of memory put so far. */
static void take_back(struct memory *memory, struct entries *stream, const gn_str *keys,
                      const int64_t *time_ms, size_t count)
{
  while (count-- > 0) {
    size_t after = upper_bound(stream, keys[count], time_ms[count]);
    remove_at(memory->alloc, stream, after - 1);
  }
}

/* All of them or none. */
static int add_rows(struct memory *memory, struct entries *stream, const gn_str *keys,
                    const gn_str *values, const int64_t *time_ms, size_t count)
{
  for (size_t done = 0; done < count; done++) {
    size_t at = upper_bound(stream, keys[done], time_ms[done]);
    int rc = insert_at(memory->alloc, stream, at, keys[done], values[done], time_ms[done]);
    if (rc == GN_OK) continue;
    take_back(memory, stream, keys, time_ms, done);
    return rc;
  }
  memory->version++;
  return GN_OK;
}

static int memory_append(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                         const int64_t *time_ms, size_t count, gn_error *err)
{
  struct memory *memory = state;
  pthread_rwlock_wrlock(&memory->lock);
  struct dataset *set = make_dataset(memory, dataset);
  int rc = set ? add_rows(memory, &set->content[STREAM], keys, values, time_ms, count) : GN_E_NOMEM;
  pthread_rwlock_unlock(&memory->lock);
  return rc == GN_OK ? GN_OK : gni_fail_nomem(err, count * sizeof(struct entry));
}

/* ---- changes ---- */

/* The first `count` new settings of a change, put before the old ones, go again. */
static void take_back_settings(struct memory *memory, struct entries *settings,
                               const gni_store_change *change, size_t count)
{
  while (count-- > 0)
    if (change->set_values[count].ptr)
      remove_at(memory->alloc, settings, lower_bound(settings, change->set_keys[count], INT64_MIN));
}

static int add_settings(struct memory *memory, struct entries *settings,
                        const gni_store_change *change)
{
  for (size_t i = 0; i < change->set_count; i++) {
    if (!change->set_values[i].ptr) continue;
    size_t at = lower_bound(settings, change->set_keys[i], INT64_MIN);
    int rc = insert_at(memory->alloc, settings, at, change->set_keys[i], change->set_values[i], 0);
    if (rc == GN_OK) continue;
    take_back_settings(memory, settings, change, i);
    return rc;
  }
  return GN_OK;
}

/* What the change replaces, or removes, stands behind its new settings. */
static void remove_old_settings(struct memory *memory, struct entries *settings,
                                const gni_store_change *change)
{
  for (size_t i = 0; i < change->set_count; i++) {
    gn_str key = change->set_keys[i];
    size_t old = lower_bound(settings, key, INT64_MIN) + (change->set_values[i].ptr != NULL);
    if (is_at(settings, old, key)) remove_at(memory->alloc, settings, old);
  }
}

static int change_locked(struct memory *memory, const gni_store_change *change)
{
  if (change->version && change->version != memory->version + 1) return GN_E_CONFLICT;
  struct dataset *set = change->set_count ? make_dataset(memory, change->settings) : NULL;
  struct dataset *rows = change->count ? make_dataset(memory, change->stream) : NULL;
  if ((change->set_count && !set) || (change->count && !rows)) return GN_E_NOMEM;
  struct entries *settings = set ? &set->content[SETTING] : NULL;
  int rc = set ? add_settings(memory, settings, change) : GN_OK;
  if (rc != GN_OK) return rc;
  if (rows)
    rc = add_rows(memory, &rows->content[STREAM], change->keys, change->values, change->time_ms,
                  change->count);
  if (rc != GN_OK && set) take_back_settings(memory, settings, change, change->set_count);
  if (rc == GN_OK && set) remove_old_settings(memory, settings, change);
  memory->version += rc == GN_OK;
  return rc;
}

static int memory_change(void *state, const gni_store_change *change, gn_error *err)
{
  struct memory *memory = state;
  pthread_rwlock_wrlock(&memory->lock);
  int rc = change_locked(memory, change);
  pthread_rwlock_unlock(&memory->lock);
  return rc == GN_E_NOMEM ? gni_fail_nomem(err, change->count * sizeof(struct entry)) : rc;
}

static int memory_trim(void *state, gn_str dataset, int64_t before_ms, int64_t *removed,
                       gn_error *err)
{
  struct memory *memory = state;
  (void)err;
  pthread_rwlock_wrlock(&memory->lock);
  struct dataset *set = find_dataset(memory, dataset);
  struct entries *stream = set ? &set->content[STREAM] : NULL;
  size_t kept = 0;
  for (size_t i = 0; stream && i < stream->count; i++) {
    if (stream->items[i].time_ms < before_ms)
      free_entry(memory->alloc, &stream->items[i]);
    else
      stream->items[kept++] = stream->items[i];
  }
  if (stream) {
    *removed = (int64_t)(stream->count - kept);
    stream->count = kept;
    memory->version += *removed > 0;
  }
  pthread_rwlock_unlock(&memory->lock);
  return GN_OK;
}

/* ---- readers: the state itself, locked ---- */

static int memory_reader_open(void *state, void **reader, gn_error *err)
{
  (void)err;
  *reader = state;
  return GN_OK;
}

static void memory_reader_close(void *reader)
{
  (void)reader;
}

static int memory_begin(void *reader, gn_error *err)
{
  struct memory *memory = reader;
  (void)err;
  pthread_rwlock_rdlock(&memory->lock);
  return GN_OK;
}

static void memory_end(void *reader)
{
  struct memory *memory = reader;
  pthread_rwlock_unlock(&memory->lock);
}

static int memory_generation(void *reader, gn_str dataset, gni_generation_info *info, gn_error *err)
{
  const struct dataset *set = find_dataset(reader, dataset);
  (void)err;
  if (!set || set->info.number == 0) return GN_ABSENT;
  *info = set->info;
  return GN_OK;
}

static int memory_get(void *reader, gn_str dataset, gn_str key, gn_str *value, gn_error *err)
{
  const struct dataset *set = find_dataset(reader, dataset);
  (void)err;
  static const int order[] = {SETTING, GENERATION};
  for (int i = 0; set && i < 2; i++) {
    const struct entries *entries = &set->content[order[i]];
    size_t at = lower_bound(entries, key, INT64_MIN);
    if (at < entries->count && gni_str_equal(entry_key(&entries->items[at]), key)) {
      *value = entry_value(&entries->items[at]);
      return GN_OK;
    }
  }
  return GN_ABSENT;
}

static int memory_scan(void *reader, gn_str dataset, gn_str key, int64_t after_ms,
                       gni_store_each each, void *user, gn_error *err)
{
  const struct dataset *set = find_dataset(reader, dataset);
  (void)err;
  if (!set) return GN_OK;
  const struct entries *stream = &set->content[STREAM];
  for (size_t i = lower_bound(stream, key, after_ms); i < stream->count; i++) {
    if (!gni_str_equal(entry_key(&stream->items[i]), key)) break;
    int rc = each(user, entry_value(&stream->items[i]), stream->items[i].time_ms);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int memory_written(void *reader, int64_t *version, gn_error *err)
{
  const struct memory *memory = reader;
  (void)err;
  *version = memory->version + 1;
  return GN_OK;
}

static int memory_list(void *reader, gni_store_each_dataset each, void *user, gn_error *err)
{
  const struct memory *memory = reader;
  (void)err;
  /* In byte order, as the other drivers give them: the least name above the last one given. */
  gn_str last = {NULL, 0};
  for (;;) {
    const struct dataset *least = NULL;
    for (const struct dataset *set = memory->datasets; set; set = set->next)
      if ((!last.ptr || gni_str_compare(gni_str(set->name), last) > 0) &&
          (!least || strcmp(set->name, least->name) < 0))
        least = set;
    if (!least) return GN_OK;
    last = gni_str(least->name);
    int rc = each(user, last);
    if (rc != GN_OK) return rc;
  }
}

static int memory_keys(void *reader, gn_str dataset, gni_store_each_key each, void *user,
                       gn_error *err)
{
  const struct dataset *set = find_dataset(reader, dataset);
  (void)err;
  for (int i = GENERATION; set && i <= SETTING; i++) {
    for (size_t k = 0; k < set->content[i].count; k++) {
      const struct entry *entry = &set->content[i].items[k];
      int rc = each(user, entry_key(entry), entry_value(entry));
      if (rc != GN_OK) return rc;
    }
  }
  return GN_OK;
}

const gni_store_driver gni_store_memory = {
    .version = GN_STORE_DRIVER_VERSION,
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .load_begin = memory_load_begin,
    .load_put = memory_load_put,
    .load_commit = memory_load_commit,
    .load_abort = memory_load_abort,
    .set = memory_set,
    .append = memory_append,
    .change = memory_change,
    .trim = memory_trim,
    .reader_open = memory_reader_open,
    .reader_close = memory_reader_close,
    .begin = memory_begin,
    .end = memory_end,
    .generation = memory_generation,
    .get = memory_get,
    .scan = memory_scan,
    .written = memory_written,
    .list = memory_list,
    .keys = memory_keys,
};
