/* Any other store whose nth call fails: "faulty:3:memory:" fails the third call, and no other. It
 * is how tests see that nothing is lost or half-written when a store breaks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

struct faulty {
  const gn_alloc *alloc;
  gni_store *inner;
  int64_t fail_at;
  _Atomic int64_t calls;
};

struct faulty_part { /* a load or a reader */
  struct faulty *faulty;
  gni_store_load *load;
  gni_store_reader *reader;
};

static int step(struct faulty *faulty, const char *call, gn_error *err)
{
  if (++faulty->calls != faulty->fail_at) return GN_OK;
  return gni_fail_as(err, "GO002", GN_E_IO, "the store failed on purpose in %s", call);
}

static int faulty_open(gn_str place, const gni_store_env *env, void **state, gn_error *err)
{
  gn_str count;
  int64_t fail_at = 0;
  if (!gni_str_split(&place, ':', &count) || gni_parse_int64(count, &fail_at) != GN_OK ||
      !place.ptr)
    return gni_fail_as(err, "GO001", GN_E_ARG, "store 'faulty:' wants faulty:<n>:<url>");
  struct faulty *faulty = gni_alloc_zero(env->alloc, sizeof *faulty);
  if (!faulty) return gni_fail_nomem(err, sizeof *faulty);
  faulty->alloc = env->alloc;
  faulty->fail_at = fail_at;
  int rc = gni_store_open(place.ptr, env, &faulty->inner, err);
  if (rc != GN_OK) {
    gni_free(env->alloc, faulty, sizeof *faulty);
    return rc;
  }
  *state = faulty;
  return GN_OK;
}

static void faulty_close(void *state)
{
  struct faulty *faulty = state;
  gni_store_close(faulty->inner);
  gni_free(faulty->alloc, faulty, sizeof *faulty);
}

static struct faulty_part *part_new(struct faulty *faulty)
{
  struct faulty_part *part = gni_alloc_zero(faulty->alloc, sizeof *part);
  if (part) part->faulty = faulty;
  return part;
}

static void part_free(struct faulty_part *part)
{
  gni_free(part->faulty->alloc, part, sizeof *part);
}

static int faulty_load_begin(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **out,
                             gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "load_begin", err);
  if (rc != GN_OK) return rc;
  struct faulty_part *part = part_new(faulty);
  if (!part) return gni_fail_nomem(err, sizeof *part);
  rc = gni_store_load_begin(faulty->inner, dataset, rows, bytes, &part->load, err);
  if (rc != GN_OK)
    part_free(part);
  else
    *out = part;
  return rc;
}

static int faulty_load_put(void *load, gn_str key, gn_str value, gn_error *err)
{
  struct faulty_part *part = load;
  int rc = step(part->faulty, "load_put", err);
  return rc == GN_OK ? gni_store_load_put(part->load, key, value, err) : rc;
}

static void faulty_load_abort(void *load)
{
  struct faulty_part *part = load;
  gni_store_load_abort(part->load);
  part_free(part);
}

static int faulty_load_commit(void *load, int64_t batch_end_ms, gn_error *err)
{
  struct faulty_part *part = load;
  int rc = step(part->faulty, "load_commit", err);
  if (rc != GN_OK) {
    faulty_load_abort(part);
    return rc;
  }
  rc = gni_store_load_commit(part->load, batch_end_ms, err);
  part_free(part);
  return rc;
}

static int faulty_set(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "set", err);
  return rc == GN_OK ? gni_store_set(faulty->inner, dataset, key, value, err) : rc;
}

static int faulty_append(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                         const int64_t *time_ms, size_t count, gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "append", err);
  if (rc != GN_OK) return rc;
  return gni_store_append(faulty->inner, dataset, keys, values, time_ms, count, err);
}

static int faulty_change(void *state, const gni_store_change *change, gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "change", err);
  return rc == GN_OK ? gni_store_change_commit(faulty->inner, change, err) : rc;
}

static int faulty_trim(void *state, gn_str dataset, int64_t before_ms, int64_t *removed,
                       gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "trim", err);
  return rc == GN_OK ? gni_store_trim(faulty->inner, dataset, before_ms, removed, err) : rc;
}

static int faulty_measure(void *state, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                          gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "measure", err);
  return rc == GN_OK ? gni_store_measure(faulty->inner, dataset, before_ms, out, err) : rc;
}

static int faulty_compact(void *state, gn_str dataset, gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "compact", err);
  return rc == GN_OK ? gni_store_compact(faulty->inner, dataset, err) : rc;
}

static int faulty_collect(void *state, bool dry_run, gni_store_each_garbage each, void *user,
                          gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "collect", err);
  return rc == GN_OK ? gni_store_collect(faulty->inner, dry_run, each, user, err) : rc;
}

static int faulty_reader_open(void *state, void **reader, gn_error *err)
{
  struct faulty *faulty = state;
  int rc = step(faulty, "reader_open", err);
  if (rc != GN_OK) return rc;
  struct faulty_part *part = part_new(faulty);
  if (!part) return gni_fail_nomem(err, sizeof *part);
  rc = gni_store_reader_open(faulty->inner, &part->reader, err);
  if (rc != GN_OK)
    part_free(part);
  else
    *reader = part;
  return rc;
}

static void faulty_reader_close(void *reader)
{
  struct faulty_part *part = reader;
  gni_store_reader_close(part->reader);
  part_free(part);
}

static int faulty_begin(void *reader, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "begin", err);
  return rc == GN_OK ? gni_store_begin(part->reader, err) : rc;
}

static void faulty_end(void *reader)
{
  struct faulty_part *part = reader;
  gni_store_end(part->reader);
}

static int faulty_generation(void *reader, gn_str dataset, gni_generation_info *info, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "generation", err);
  return rc == GN_OK ? gni_store_generation(part->reader, dataset, info, err) : rc;
}

static int faulty_get(void *reader, gn_str dataset, gn_str key, gn_str *value, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "get", err);
  return rc == GN_OK ? gni_store_get(part->reader, dataset, key, value, err) : rc;
}

static int faulty_scan(void *reader, gn_str dataset, gn_str key, int64_t after_ms,
                       gni_store_each each, void *user, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "scan", err);
  if (rc != GN_OK) return rc;
  return gni_store_scan(part->reader, dataset, key, after_ms, each, user, err);
}

static int faulty_written(void *reader, int64_t *version, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "written", err);
  return rc == GN_OK ? gni_store_written(part->reader, version, err) : rc;
}

static int faulty_list(void *reader, gni_store_each_dataset each, void *user, gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "list", err);
  return rc == GN_OK ? gni_store_list(part->reader, each, user, err) : rc;
}

static int faulty_keys(void *reader, gn_str dataset, gni_store_each_key each, void *user,
                       gn_error *err)
{
  struct faulty_part *part = reader;
  int rc = step(part->faulty, "keys", err);
  return rc == GN_OK ? gni_store_keys(part->reader, dataset, each, user, err) : rc;
}

const gni_store_driver gni_store_faulty = {
    .version = GN_STORE_DRIVER_VERSION,
    .name = "faulty",
    .open = faulty_open,
    .close = faulty_close,
    .load_begin = faulty_load_begin,
    .load_put = faulty_load_put,
    .load_commit = faulty_load_commit,
    .load_abort = faulty_load_abort,
    .set = faulty_set,
    .append = faulty_append,
    .change = faulty_change,
    .trim = faulty_trim,
    .measure = faulty_measure,
    .compact = faulty_compact,
    .collect = faulty_collect,
    .reader_open = faulty_reader_open,
    .reader_close = faulty_reader_close,
    .begin = faulty_begin,
    .end = faulty_end,
    .generation = faulty_generation,
    .get = faulty_get,
    .scan = faulty_scan,
    .written = faulty_written,
    .list = faulty_list,
    .keys = faulty_keys,
};
