/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/retain.h"

#include "flow/tile.h"

enum { KEYS_A_CHANGE = 1 << 14, ARENA_BYTES = 256 << 20 };

/* Keys whose tiles end too early, as many as one change takes. */
struct ended {
  gn_arena arena;
  gn_str *keys, *nothing;
  size_t count;
  int64_t before_ms;
  gn_error *err;
};

static int take_ended(void *user, gn_str key, gn_str value)
{
  struct ended *ended = user;
  int64_t until_ms;
  if (ended->count == KEYS_A_CHANGE || !gnp_tile_until(value, &until_ms)) return GN_OK;
  if (until_ms > ended->before_ms) return GN_OK;
  gn_str copy = gni_str_take(&ended->arena, key);
  if (!copy.ptr) return gni_fail_arena(ended->err, &ended->arena, key.len);
  ended->keys[ended->count++] = copy;
  return GN_OK;
}

static int remove_some(gni_store *store, gni_store_reader *reader, gn_str tiles,
                       struct ended *ended)
{
  gni_arena_reset(&ended->arena);
  ended->count = 0;
  ended->keys = GN_TAKE(&ended->arena, gn_str, KEYS_A_CHANGE);
  ended->nothing = GN_TAKE_ZERO(&ended->arena, gn_str, KEYS_A_CHANGE);
  if (!ended->keys || !ended->nothing) return gni_fail_nomem(ended->err, KEYS_A_CHANGE);
  int rc = gni_store_begin(reader, ended->err);
  if (rc != GN_OK) return rc;
  rc = gni_store_keys(reader, tiles, take_ended, ended, ended->err);
  gni_store_end(reader);
  if (rc != GN_OK || ended->count == 0) return rc;
  /* A tile that a put makes meanwhile may go too; it can be done without. */
  const gni_store_change change = {.settings = tiles,
                                   .set_keys = ended->keys,
                                   .set_values = ended->nothing,
                                   .set_count = ended->count};
  return gni_store_change_commit(store, &change, ended->err);
}

static int remove_tiles(gni_store *store, gni_store_reader *reader, const gn_alloc *alloc,
                        gn_str tiles, int64_t before_ms, int64_t *removed, gn_error *err)
{
  struct ended ended = {.before_ms = before_ms, .err = err};
  int rc;
  gni_arena_init(&ended.arena, alloc, ARENA_BYTES);
  do {
    rc = remove_some(store, reader, tiles, &ended);
    if (rc == GN_OK) *removed += (int64_t)ended.count;
  } while (rc == GN_OK && ended.count == KEYS_A_CHANGE);
  gni_arena_deinit(&ended.arena);
  return rc;
}

static int batch_end(gni_store_reader *reader, gn_str dataset, int64_t *out_ms, gn_error *err)
{
  gni_generation_info info;
  int rc = gni_store_begin(reader, err);
  if (rc != GN_OK) return rc;
  rc = gni_store_generation(reader, dataset, &info, err);
  gni_store_end(reader);
  *out_ms = info.batch_end_ms;
  return rc;
}

int gni_live_retain(gni_store *store, const gn_alloc *alloc, gn_str batch_dataset,
                    gni_retained *out, gn_error *err)
{
  const gn_str suffix = GN_STR("_BATCH");
  gni_store_reader *reader;
  gn_arena names;
  int64_t end_ms = 0;
  *out = (gni_retained){0};
  if (!gni_str_ends(batch_dataset, suffix.ptr)) return GN_OK;
  int rc = gni_store_reader_open(store, &reader, err);
  if (rc != GN_OK) return rc;
  gni_arena_init(&names, alloc, 1 << 16);
  gn_str name = {batch_dataset.ptr, batch_dataset.len - suffix.len};
  gn_str stream = gni_str_format(&names, "%.*s_STREAMING", GN_STR_ARGS(name));
  gn_str tiles = gni_str_format(&names, "%.*s_TILES", GN_STR_ARGS(name));
  rc = stream.ptr && tiles.ptr ? batch_end(reader, batch_dataset, &end_ms, err)
                               : gni_fail_nomem(err, batch_dataset.len);
  if (rc == GN_OK) rc = gni_store_trim(store, stream, end_ms - GN_LIVE_KEEP_MS, &out->rows, err);
  if (rc == GN_OK)
    rc = remove_tiles(store, reader, alloc, tiles, end_ms - GN_LIVE_KEEP_MS, &out->tiles, err);
  gni_arena_deinit(&names);
  gni_store_reader_close(reader);
  return rc == GN_ABSENT ? GN_OK : rc;
}
