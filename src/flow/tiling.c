/* Rows of a key become a tile when there are too many of them behind the last one.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/tiling.h"

#include <stdlib.h>

#include "flow/tile.h"

enum {
  KEPT_ROWS = GN_LIVE_ROWS_MAX /
      2, /* stay single: those that come a little late are still in order */
  PREFIX_BYTES = 8,
  TRIES = 4 /* others write meanwhile; then tiles are done without */
};

struct place {
  uint64_t prefix; /* of the key: bytes that compare as a number */
  gn_str key;      /* equal ones are the same bytes once sorted */
  int64_t time_ms;
  size_t index;
};

/* One attempt at a change. */
struct tiling {
  gn_fetcher *fetcher;
  gnp_look *look;
  gnp_put_rows rows;    /* in the order of `places` */
  struct place *places; /* by key, time, put order */
  gn_str *set_keys, *set_values;
  size_t set_count, key_count;
  gn_arena keep;  /* what the change writes */
  gn_arena arena; /* of the key at hand */
  gn_buf encoded;
  gn_error *err;
};

static uint64_t prefix_of(gn_str key)
{
  uint64_t prefix = 0;
  for (size_t i = 0; i < PREFIX_BYTES; i++)
    prefix = prefix << 8 | (i < key.len ? (uint8_t)key.ptr[i] : 0);
  return prefix;
}

static int by_key(const struct place *x, const struct place *y)
{
  if (x->prefix != y->prefix) return x->prefix < y->prefix ? -1 : 1;
  bool short_ones = x->key.len <= PREFIX_BYTES && y->key.len <= PREFIX_BYTES;
  if (short_ones) return (x->key.len > y->key.len) - (x->key.len < y->key.len);
  return gni_str_compare(x->key, y->key);
}

static int by_place(const void *a, const void *b)
{
  const struct place *x = a, *y = b;
  int order = by_key(x, y);
  if (order == 0) order = (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* The rows as the store has them, key by key, so that it need not sort them again. */
static int arrange(struct tiling *t, const gnp_put_rows *rows)
{
  gn_str *keys = GN_TAKE(&t->keep, gn_str, rows->count);
  gn_str *values = GN_TAKE(&t->keep, gn_str, rows->count);
  int64_t *times_ms = GN_TAKE(&t->keep, int64_t, rows->count);
  if (!keys || !values || !times_ms)
    return gni_fail_arena(t->err, &t->keep, rows->count * sizeof *keys);
  for (size_t i = 0; i < rows->count; i++) {
    struct place *place = &t->places[i];
    bool same = i > 0 && by_key(place, place - 1) == 0;
    if (same) place->key = place[-1].key;
    t->key_count += !same;
    keys[i] = place->key;
    values[i] = rows->values[place->index];
    times_ms[i] = place->time_ms;
    place->index = i;
  }
  t->rows = (gnp_put_rows){keys, values, times_ms, rows->count};
  return GN_OK;
}

static int sort_places(struct tiling *t, const gnp_put_rows *rows)
{
  t->places = GN_TAKE(&t->keep, struct place, rows->count);
  if (!t->places) return gni_fail_arena(t->err, &t->keep, rows->count * sizeof *t->places);
  for (size_t i = 0; i < rows->count; i++)
    t->places[i] = (struct place){prefix_of(rows->keys[i]), rows->keys[i], rows->times_ms[i], i};
  qsort(t->places, rows->count, sizeof *t->places, by_place);
  int rc = arrange(t, rows);
  if (rc != GN_OK) return rc;
  t->set_keys = GN_TAKE(&t->keep, gn_str, t->key_count);
  t->set_values = GN_TAKE(&t->keep, gn_str, t->key_count);
  if (!t->set_keys || !t->set_values)
    return gni_fail_arena(t->err, &t->keep, t->key_count * sizeof *t->set_keys);
  return GN_OK;
}

/* ---- one key ---- */

/* What is known of a key before its tile is made. */
struct key_rows {
  gn_str key;
  const struct place *places; /* the new ones */
  size_t count;
  gnp_tile tile;
  bool tiled, stale; /* has a tile that counts; has one that must go */
  int64_t from_ms;   /* single rows are counted from here on */
};

static int count_one(void *user, gn_str value, int64_t time_ms)
{
  (void)value, (void)time_ms;
  ++*(size_t *)user;
  return GN_OK;
}

static size_t first_at(const struct key_rows *k, int64_t ms)
{
  size_t first = 0;
  while (first < k->count && k->places[first].time_ms < ms) first++;
  return first;
}

static int open_key(struct tiling *t, struct key_rows *k)
{
  int64_t batch_end_ms = t->look->serving->generation.batch_end_ms;
  const gnp_tile *tile = &k->tile;
  int rc =
      gnp_tile_find(t->look->serving, t->look->reader, t->fetcher->tiles, k->key, &k->tile, t->err);
  k->from_ms = batch_end_ms;
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc;
  k->stale = first_at(k, tile->from_ms) < first_at(k, tile->until_ms);
  k->tiled = !k->stale && tile->from_ms <= batch_end_ms && tile->until_ms > batch_end_ms;
  if (k->tiled) k->from_ms = tile->until_ms;
  return GN_OK;
}

/* The stored rows and the new ones in one order; equal times as they came. */
static int merge_rows(struct tiling *t, const struct key_rows *k, gni_row **out, size_t *count)
{
  const gnp_live *live = &t->look->live;
  size_t next = first_at(k, k->from_ms), stored = 0, total = live->count + k->count - next;
  gni_row *rows = GN_TAKE(&t->arena, gni_row, total);
  if (!rows) return gni_fail_arena(t->err, &t->arena, total * sizeof *rows);
  for (size_t i = 0; i < total; i++) {
    bool old = next == k->count ||
               (stored < live->count && live->rows[stored].time_ms <= k->places[next].time_ms);
    if (old) {
      rows[i] = live->rows[stored++];
      continue;
    }
    gni_value record;
    const struct place *place = &k->places[next++];
    int rc = gni_avro_decode(t->look->serving->records.live, t->rows.values[place->index],
                             &t->arena, &record, t->err);
    if (rc != GN_OK) return rc;
    rows[i] = (gni_row){record.list.items, place->time_ms};
  }
  *out = rows;
  *count = total;
  return GN_OK;
}

static int set_tile(struct tiling *t, const struct key_rows *k, const gnp_tile *tile)
{
  gn_str bytes = {NULL, 0};
  if (tile) {
    int rc = gnp_tile_write(t->look->serving, tile, &t->encoded, t->err);
    if (rc != GN_OK) return rc;
    bytes = gni_str_take(&t->keep, gni_buf_view(&t->encoded));
    if (!bytes.ptr) return gni_fail_arena(t->err, &t->keep, t->encoded.len);
  }
  t->set_keys[t->set_count] = k->key;
  t->set_values[t->set_count++] = bytes;
  return GN_OK;
}

static int make_tile(struct tiling *t, struct key_rows *k)
{
  const gnp_serving *serving = t->look->serving;
  int64_t now_ms = gni_clock_now_ms(&t->fetcher->session->clock);
  gni_row *rows = NULL;
  size_t count = 0;
  int rc = gnp_live_read(&t->look->live, serving, t->look->reader, t->fetcher->stream, k->key,
                         k->from_ms, &t->arena, t->err);
  if (rc == GN_OK) rc = merge_rows(t, k, &rows, &count);
  if (rc != GN_OK) return rc;
  gnp_tile tile = {.from_ms = k->tiled ? k->tile.from_ms : k->from_ms,
                   .until_ms = rows[count - KEPT_ROWS].time_ms};
  if (tile.until_ms > now_ms) tile.until_ms = now_ms; /* questions of now must find it of use */
  if (tile.until_ms <= k->from_ms) return k->stale ? set_tile(t, k, NULL) : GN_OK;
  if (k->tiled) rc = gnp_tile_load(serving, &k->tile, &t->arena, t->err);
  if (rc == GN_OK)
    rc = gni_tile_fold(serving->group->layout, k->tiled ? &k->tile.value : NULL, rows, count,
                       tile.until_ms, &t->arena, &tile.value, t->err);
  return rc == GN_OK ? set_tile(t, k, &tile) : rc;
}

static int tile_key(struct tiling *t, const struct place *places, size_t count)
{
  struct key_rows k = {.key = places->key, .places = places, .count = count};
  size_t single = 0;
  gni_arena_reset(&t->arena);
  int rc = open_key(t, &k);
  if (rc == GN_OK)
    rc = gni_store_scan(t->look->reader, t->fetcher->stream, k.key, k.from_ms, count_one, &single,
                        t->err);
  if (rc != GN_OK) return rc;
  if (single + count - first_at(&k, k.from_ms) > GN_LIVE_ROWS_MAX) return make_tile(t, &k);
  return k.stale ? set_tile(t, &k, NULL) : GN_OK;
}

/* ---- the change ---- */

static int commit(struct tiling *t, int64_t version)
{
  const gni_store_change change = {.stream = t->fetcher->stream,
                                   .keys = t->rows.keys,
                                   .values = t->rows.values,
                                   .time_ms = t->rows.times_ms,
                                   .count = t->rows.count,
                                   .settings = t->fetcher->tiles,
                                   .set_keys = t->set_keys,
                                   .set_values = t->set_values,
                                   .set_count = t->set_count,
                                   .version = version};
  return gni_store_change_commit(t->fetcher->store, &change, t->err);
}

static int attempt(struct tiling *t)
{
  int64_t version = 0;
  t->set_count = 0;
  int rc = gnp_look_begin(t->fetcher, &t->look, t->err);
  if (rc != GN_OK) return rc;
  rc = gni_store_written(t->look->reader, &version, t->err);
  for (size_t from = 0, to; from < t->rows.count && rc == GN_OK; from = to) {
    for (to = from + 1; to < t->rows.count; to++)
      if (t->places[to].key.ptr != t->places[from].key.ptr) break;
    rc = tile_key(t, &t->places[from], to - from);
  }
  gnp_look_end(t->fetcher, t->look);
  return rc == GN_OK ? commit(t, version) : rc;
}

/* Among many writers: the rows go in, and no tile of their keys stays that may lack them. */
static int commit_without(struct tiling *t)
{
  t->set_count = 0;
  for (size_t i = 0; i < t->rows.count; i++) {
    if (i > 0 && t->places[i].key.ptr == t->places[i - 1].key.ptr) continue;
    t->set_keys[t->set_count] = t->places[i].key;
    t->set_values[t->set_count++] = (gn_str){NULL, 0};
  }
  return commit(t, 0);
}

int gnp_put_with_tiles(gn_fetcher *fetcher, const gnp_put_rows *rows, gn_error *err)
{
  const gn_alloc *alloc = fetcher->session->alloc;
  struct tiling t = {.fetcher = fetcher, .err = err};
  gni_arena_init(&t.keep, alloc, GN_PUT_BYTES_MAX);
  gni_arena_init(&t.arena, alloc, GN_PUT_BYTES_MAX);
  gni_buf_init(&t.encoded, alloc, GN_VALUE_BYTES_MAX);
  int rc = sort_places(&t, rows);
  if (rc == GN_OK) {
    rc = GN_E_CONFLICT;
    for (int i = 0; i < TRIES && rc == GN_E_CONFLICT; i++) rc = attempt(&t);
    if (rc == GN_E_CONFLICT) rc = commit_without(&t);
  }
  gni_buf_deinit(&t.encoded);
  gni_arena_deinit(&t.arena);
  gni_arena_deinit(&t.keep);
  return rc;
}
