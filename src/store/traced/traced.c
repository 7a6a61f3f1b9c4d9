/* Any other store, each call told to the log: "traced:lmdb:store". SPDX-License-Identifier:
 * Apache-2.0 */
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

struct traced {
  const gni_store_env *env;
  gni_store *inner;
};

struct traced_part { /* a load or a reader */
  struct traced *traced;
  gni_store_load *load;
  gni_store_reader *reader;
};

enum { TEXT_BYTES = 160 };

/* One log event a call: what, on which dataset, how it went, how long it took. */
static int told(const struct traced *traced, const char *call, gn_str dataset, int64_t started_us,
                int rc)
{
  char name[TEXT_BYTES], micros[32];
  if (!traced->env->log) return rc;
  snprintf(name, sizeof name, "%.*s", GN_STR_ARGS(dataset));
  snprintf(micros, sizeof micros, "%" PRId64, gni_monotonic_us() - started_us);
  const gn_log_field fields[] = {{"dataset", name}, {"result", gn_code_name(rc)}, {"us", micros}};
  traced->env->log(traced->env->log_user, GN_LOG_DEBUG, "store", call, fields, 3);
  return rc;
}

static int traced_open(gn_str place, const gni_store_env *env, void **state, gn_error *err)
{
  if (!place.len) return gni_fail_as(err, "GO001", GN_E_ARG, "store 'traced:' wants traced:<url>");
  struct traced *traced = gni_alloc_zero(env->alloc, sizeof *traced);
  if (!traced) return gni_fail_nomem(err, sizeof *traced);
  traced->env = env;
  int rc = gni_store_open(place.ptr, env, &traced->inner, err);
  if (rc != GN_OK)
    gni_free(env->alloc, traced, sizeof *traced);
  else
    *state = traced;
  return rc;
}

static void traced_close(void *state)
{
  struct traced *traced = state;
  gni_store_close(traced->inner);
  gni_free(traced->env->alloc, traced, sizeof *traced);
}

static struct traced_part *part_new(struct traced *traced)
{
  struct traced_part *part = gni_alloc_zero(traced->env->alloc, sizeof *part);
  if (part) part->traced = traced;
  return part;
}

static void part_free(struct traced_part *part)
{
  gni_free(part->traced->env->alloc, part, sizeof *part);
}

static int traced_load_begin(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **out,
                             gn_error *err)
{
  struct traced *traced = state;
  struct traced_part *part = part_new(traced);
  int64_t started = gni_monotonic_us();
  if (!part) return gni_fail_nomem(err, sizeof *part);
  int rc = gni_store_load_begin(traced->inner, dataset, rows, bytes, &part->load, err);
  if (rc != GN_OK)
    part_free(part);
  else
    *out = part;
  return told(traced, "load_begin", dataset, started, rc);
}

static int traced_load_put(void *load, gn_str key, gn_str value, gn_error *err)
{
  struct traced_part *part = load;
  return gni_store_load_put(part->load, key, value, err); /* too many to tell one by one */
}

static int traced_load_commit(void *load, int64_t batch_end_ms, gn_error *err)
{
  struct traced_part *part = load;
  struct traced *traced = part->traced;
  int64_t started = gni_monotonic_us();
  int rc = gni_store_load_commit(part->load, batch_end_ms, err);
  part_free(part);
  return told(traced, "load_commit", GN_STR(""), started, rc);
}

static void traced_load_abort(void *load)
{
  struct traced_part *part = load;
  gni_store_load_abort(part->load);
  told(part->traced, "load_abort", GN_STR(""), gni_monotonic_us(), GN_OK);
  part_free(part);
}

static int traced_set(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "set", dataset, started,
              gni_store_set(traced->inner, dataset, key, value, err));
}

static int traced_append(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                         const int64_t *time_ms, size_t count, gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "append", dataset, started,
              gni_store_append(traced->inner, dataset, keys, values, time_ms, count, err));
}

static int traced_change(void *state, const gni_store_change *change, gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "change", change->stream, started,
              gni_store_change_commit(traced->inner, change, err));
}

static int traced_trim(void *state, gn_str dataset, int64_t before_ms, int64_t *removed,
                       gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "trim", dataset, started,
              gni_store_trim(traced->inner, dataset, before_ms, removed, err));
}

static int traced_measure(void *state, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                          gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "measure", dataset, started,
              gni_store_measure(traced->inner, dataset, before_ms, out, err));
}

static int traced_compact(void *state, gn_str dataset, gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "compact", dataset, started, gni_store_compact(traced->inner, dataset, err));
}

static int traced_collect(void *state, bool dry_run, gni_store_each_garbage each, void *user,
                          gn_error *err)
{
  struct traced *traced = state;
  int64_t started = gni_monotonic_us();
  return told(traced, "collect", GN_STR(""), started,
              gni_store_collect(traced->inner, dry_run, each, user, err));
}

static int traced_reader_open(void *state, void **reader, gn_error *err)
{
  struct traced *traced = state;
  struct traced_part *part = part_new(traced);
  if (!part) return gni_fail_nomem(err, sizeof *part);
  int rc = gni_store_reader_open(traced->inner, &part->reader, err);
  if (rc != GN_OK)
    part_free(part);
  else
    *reader = part;
  return rc;
}

static void traced_reader_close(void *reader)
{
  struct traced_part *part = reader;
  gni_store_reader_close(part->reader);
  part_free(part);
}

static int traced_begin(void *reader, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "begin", GN_STR(""), started, gni_store_begin(part->reader, err));
}

static void traced_end(void *reader)
{
  struct traced_part *part = reader;
  gni_store_end(part->reader);
}

static int traced_generation(void *reader, gn_str dataset, gni_generation_info *info, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "generation", dataset, started,
              gni_store_generation(part->reader, dataset, info, err));
}

static int traced_get(void *reader, gn_str dataset, gn_str key, gn_str *value, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "get", dataset, started,
              gni_store_get(part->reader, dataset, key, value, err));
}

static int traced_scan(void *reader, gn_str dataset, gn_str key, int64_t after_ms,
                       gni_store_each each, void *user, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "scan", dataset, started,
              gni_store_scan(part->reader, dataset, key, after_ms, each, user, err));
}

static int traced_written(void *reader, int64_t *version, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "written", GN_STR(""), started,
              gni_store_written(part->reader, version, err));
}

static int traced_list(void *reader, gni_store_each_dataset each, void *user, gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "list", GN_STR(""), started,
              gni_store_list(part->reader, each, user, err));
}

static int traced_keys(void *reader, gn_str dataset, gni_store_each_key each, void *user,
                       gn_error *err)
{
  const struct traced_part *part = reader;
  int64_t started = gni_monotonic_us();
  return told(part->traced, "keys", dataset, started,
              gni_store_keys(part->reader, dataset, each, user, err));
}

const gni_store_driver gni_store_traced = {
    .version = GN_STORE_DRIVER_VERSION,
    .name = "traced",
    .open = traced_open,
    .close = traced_close,
    .load_begin = traced_load_begin,
    .load_put = traced_load_put,
    .load_commit = traced_load_commit,
    .load_abort = traced_load_abort,
    .set = traced_set,
    .append = traced_append,
    .change = traced_change,
    .trim = traced_trim,
    .measure = traced_measure,
    .compact = traced_compact,
    .collect = traced_collect,
    .reader_open = traced_reader_open,
    .reader_close = traced_reader_close,
    .begin = traced_begin,
    .end = traced_end,
    .generation = traced_generation,
    .get = traced_get,
    .scan = traced_scan,
    .written = traced_written,
    .list = traced_list,
    .keys = traced_keys,
};
