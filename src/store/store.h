/* Where uploaded features live online. SPDX-License-Identifier: Apache-2.0
 *
 * A store holds datasets ("SPEND_V1_BATCH"). A dataset has three kinds of content:
 *   a generation  all (key -> value) of one upload, replaced as a whole; carries the batch end
 *   settings      single (key -> newest value), e.g. metadata
 *   a stream      many values a key, each with its own time; equal times are all kept, in put order
 *
 * Laws, checked by the contract suite for every driver:
 *   a reader between begin and end sees one state of each dataset, whatever is committed meanwhile
 *   a load that is not committed was never there, also after kill -9
 *   scan gives every value with time >= after_ms, ascending by (time, put order)
 *   two values put at one millisecond both come back
 *   a change appears whole or was never there; one whose version is not the store's is
 * GN_E_CONFLICT, leaves err alone, and was never there an absent key is GN_ABSENT and leaves err
 * alone */
#ifndef GNOMON_SRC_STORE_H
#define GNOMON_SRC_STORE_H

#include "base/base.h"

#define GN_STORE_DRIVER_VERSION 1
#define GN_STORE_KEY_BYTES_MAX 65535 /* bytes; the length is kept in two */

typedef struct gni_store gni_store;
typedef struct gni_store_reader gni_store_reader;
typedef struct gni_store_load gni_store_load;

typedef struct gni_generation_info {
  int64_t batch_end_ms; /* the instant up to which the generation holds all rows, exclusive */
  int64_t number;       /* grows with each commit */
  int64_t rows, bytes;
} gni_generation_info;

/* What is written at once: rows of a stream, and settings beside them. A setting's value of {NULL,
 * 0} removes it. */
typedef struct gni_store_change {
  gn_str stream;
  const gn_str *keys, *values; /* appended, in put order */
  const int64_t *time_ms;
  size_t count;
  gn_str settings;
  const gn_str *set_keys, *set_values; /* each key once */
  size_t set_count;
  int64_t version; /* what a reader saw of the store (gni_store_written); 0: whatever it is now */
} gni_store_change;

/* One value of a stream, while the callback runs. A non-zero return ends the scan and is returned.
 */
typedef int (*gni_store_each)(void *user, gn_str value, int64_t time_ms);
typedef int (*gni_store_each_dataset)(void *user, gn_str dataset);
typedef int (*gni_store_each_key)(void *user, gn_str key, gn_str value);

/* What a dataset takes. Members that the driver does not know are -1. */
typedef struct gni_store_measures {
  int64_t file_bytes, pages, depth; /* of the newest generation */
  int64_t generations;              /* that are on disk, the newest included */
  int64_t live_rows, live_bytes;    /* of the stream */
  int64_t oldest_ms, newest_ms;     /* of the stream's rows; 0 without any */
  int64_t early_rows, early_bytes;  /* with time < before_ms */
} gni_store_measures;

/* Something that nobody needs: a file, by its path in the store. */
typedef int (*gni_store_each_garbage)(void *user, gn_str path, int64_t bytes);

/* What a store is opened with; `env` and what it points to outlive the store. */
typedef struct gni_store_env {
  const gn_alloc *alloc;
  const char *base_folder; /* relative folders are below it */
  gn_log_fn log;           /* NULL: silent */
  void *log_user;
} gni_store_env;

/* What a driver fills in. `state` is its own; all functions may be called from any thread, a reader
 * and a load from one thread each. Functions that may be NULL say so. */
typedef struct gni_store_driver {
  uint32_t version;
  const char *name; /* the scheme of its URL */
  /* `place` is the URL after the scheme. */
  int (*open)(gn_str place, const gni_store_env *env, void **state, gn_error *err);
  void (*close)(void *state);

  int (*load_begin)(void *state, gn_str dataset, int64_t rows, int64_t bytes, void **load,
                    gn_error *err); /* rows and bytes are estimates */
  int (*load_put)(void *load, gn_str key, gn_str value,
                  gn_error *err);                                      /* keys strictly ascending */
  int (*load_commit)(void *load, int64_t batch_end_ms, gn_error *err); /* ends the load */
  void (*load_abort)(void *load);

  int (*set)(void *state, gn_str dataset, gn_str key, gn_str value, gn_error *err);
  int (*append)(void *state, gn_str dataset, const gn_str *keys, const gn_str *values,
                const int64_t *time_ms, size_t count, gn_error *err);        /* durable on return */
  int (*change)(void *state, const gni_store_change *change, gn_error *err); /* durable on return */
  int (*trim)(void *state, gn_str dataset, int64_t before_ms, int64_t *removed, gn_error *err);
  /* The next three may be NULL: there are no files. */
  int (*measure)(void *state, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                 gn_error *err);
  int (*compact)(void *state, gn_str dataset, gn_error *err);
  int (*collect)(void *state, bool dry_run, gni_store_each_garbage each, void *user, gn_error *err);

  int (*reader_open)(void *state, void **reader, gn_error *err);
  void (*reader_close)(void *reader);
  int (*begin)(void *reader, gn_error *err);
  void (*end)(void *reader);
  int (*generation)(void *reader, gn_str dataset, gni_generation_info *info, gn_error *err);
  /* A setting, else the generation's value; borrowed until end. */
  int (*get)(void *reader, gn_str dataset, gn_str key, gn_str *value, gn_error *err);
  int (*scan)(void *reader, gn_str dataset, gn_str key, int64_t after_ms, gni_store_each each,
              void *user, gn_error *err);
  int (*written)(void *reader, int64_t *version, gn_error *err);
  int (*list)(void *reader, gni_store_each_dataset each, void *user, gn_error *err);
  int (*keys)(void *reader, gn_str dataset, gni_store_each_key each, void *user, gn_error *err);
} gni_store_driver;

/* "lmdb:folder", "memory:", "faulty:<n>:<url>" (every nth call fails), "traced:<url>" (calls go to
 * the log). */
int gni_store_open(const char *url, const gni_store_env *env, gni_store **out, gn_error *err);
void gni_store_close(gni_store *store);
const char *gni_store_url(const gni_store *store);

int gni_store_load_begin(gni_store *store, gn_str dataset, int64_t rows, int64_t bytes,
                         gni_store_load **out, gn_error *err);
int gni_store_load_put(gni_store_load *load, gn_str key, gn_str value, gn_error *err);
/* Readers that begin afterwards see the new generation whole. The load is gone, also on failure. */
int gni_store_load_commit(gni_store_load *load, int64_t batch_end_ms, gn_error *err);
void gni_store_load_abort(gni_store_load *load); /* NULL does nothing */

int gni_store_set(gni_store *store, gn_str dataset, gn_str key, gn_str value, gn_error *err);
int gni_store_append(gni_store *store, gn_str dataset, const gn_str *keys, const gn_str *values,
                     const int64_t *time_ms, size_t count, gn_error *err);
/* GN_E_CONFLICT, with err left alone: something was written since `change->version`. Read again. */
int gni_store_change_commit(gni_store *store, const gni_store_change *change, gn_error *err);
/* Removes the values of a stream with time < before_ms, in steps: what was removed when it fails
 * stays removed. */
int gni_store_trim(gni_store *store, gn_str dataset, int64_t before_ms, int64_t *removed,
                   gn_error *err);

/* Looks at every row of the stream. */
int gni_store_measure(gni_store *store, gn_str dataset, int64_t before_ms, gni_store_measures *out,
                      gn_error *err);
/* Writes the newest generation anew, without what is between its rows, as a generation of its own:
 * readers go on as after an upload. GN_ABSENT when there is none, GN_E_BUSY during a load. */
int gni_store_compact(gni_store *store, gn_str dataset, gn_error *err);
/* Removes (dry_run: only tells of) files that no reader will open again. Datasets that are being
 * loaded are left alone. */
int gni_store_collect(gni_store *store, bool dry_run, gni_store_each_garbage each, void *user,
                      gn_error *err);

/* A reader is for one thread at a time and is meant to be kept: begin and end are cheap. */
int gni_store_reader_open(gni_store *store, gni_store_reader **out, gn_error *err);
void gni_store_reader_close(gni_store_reader *reader);
int gni_store_begin(gni_store_reader *reader, gn_error *err);
void gni_store_end(gni_store_reader *reader);
int gni_store_generation(gni_store_reader *reader, gn_str dataset, gni_generation_info *info,
                         gn_error *err);
int gni_store_get(gni_store_reader *reader, gn_str dataset, gn_str key, gn_str *value,
                  gn_error *err);
int gni_store_scan(gni_store_reader *reader, gn_str dataset, gn_str key, int64_t after_ms,
                   gni_store_each each, void *user, gn_error *err);
/* Grows with each set, append, change and trim; at least 1. Of what the reader sees. */
int gni_store_written(gni_store_reader *reader, int64_t *version, gn_error *err);
int gni_store_list(gni_store_reader *reader, gni_store_each_dataset each, void *user,
                   gn_error *err);
int gni_store_keys(gni_store_reader *reader, gn_str dataset, gni_store_each_key each, void *user,
                   gn_error *err);

extern const gni_store_driver gni_store_lmdb, gni_store_memory, gni_store_faulty, gni_store_traced;

#endif
