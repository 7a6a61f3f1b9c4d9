/* fetch: keys and a time in, features out. SPDX-License-Identifier: Apache-2.0 */
#include "flow/answer.h"
#include "flow/fetcher.h"
#include "flow/tile.h"

/* ---- looks: what one call needs, kept for the next ---- */

static void look_free(gn_fetcher *fetcher, gnp_look *look)
{
  gni_store_reader_close(look->reader);
  gnp_serving_unref(look->serving);
  gni_arena_deinit(&look->arena);
  gni_buf_deinit(&look->key);
  gni_buf_deinit(&look->text);
  gnp_live_deinit(&look->live, fetcher->session->alloc);
  gni_free(fetcher->session->alloc, look, sizeof *look);
}

static int look_new(gn_fetcher *fetcher, gnp_look **out, gn_error *err)
{
  const gn_alloc *alloc = fetcher->session->alloc;
  gnp_look *look = gni_alloc_zero(alloc, sizeof *look);
  if (!look) return gni_fail_nomem(err, sizeof *look);
  gni_arena_init(&look->arena, alloc, GN_REQUEST_BYTES_MAX);
  gni_buf_init(&look->key, alloc, GN_STORE_KEY_BYTES_MAX);
  gni_buf_init(&look->text, alloc, GN_VALUE_BYTES_MAX);
  int rc = gni_store_reader_open(fetcher->store, &look->reader, err);
  if (rc != GN_OK)
    look_free(fetcher, look);
  else
    *out = look;
  return rc;
}

int gnp_look_begin(gn_fetcher *fetcher, gnp_look **out, gn_error *err)
{
  int rc = GN_OK;
  pthread_mutex_lock(&fetcher->lock);
  gnp_look *look = fetcher->idle;
  if (look) fetcher->idle = look->next;
  pthread_mutex_unlock(&fetcher->lock);
  if (!look) rc = look_new(fetcher, &look, err);
  if (rc != GN_OK || !look) return rc;
  gni_arena_reset(&look->arena);
  *out = look;
  rc = gni_store_begin(look->reader, err);
  if (rc == GN_OK) rc = gnp_look_follow(fetcher, look, err);
  if (rc != GN_OK) gnp_look_end(fetcher, look);
  return rc;
}

void gnp_look_end(gn_fetcher *fetcher, gnp_look *look)
{
  gni_store_end(look->reader);
  pthread_mutex_lock(&fetcher->lock);
  look->next = fetcher->idle;
  fetcher->idle = look;
  pthread_mutex_unlock(&fetcher->lock);
}

static bool same_features(const gnp_serving *a, const gnp_serving *b)
{
  const gni_type *x = a->group->features, *y = b->group->features;
  bool same = gni_type_equal(x, y) && gni_type_equal(a->group->keys, b->group->keys);
  for (size_t i = 0; same && i < x->field_count; i++)
    same = gni_str_equal(x->fields[i].name, y->fields[i].name);
  return same;
}

/* Looks that nobody uses would keep the file of the generation before open, and its space. */
static void drop_idle(gn_fetcher *fetcher)
{
  pthread_mutex_lock(&fetcher->lock);
  gnp_look *idle = fetcher->idle;
  fetcher->idle = NULL;
  pthread_mutex_unlock(&fetcher->lock);
  for (gnp_look *next; idle; idle = next) {
    next = idle->next;
    look_free(fetcher, idle);
  }
}

/* An upload since the last look brought new serving info; features must have stayed what callers of
 * this fetcher were told. */
int gnp_look_follow(gn_fetcher *fetcher, gnp_look *look, gn_error *err)
{
  gni_generation_info info;
  int rc = gni_store_generation(look->reader, fetcher->dataset, &info, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  if (look->serving && rc == GN_OK && look->serving->generation.number == info.number) return GN_OK;
  gnp_serving *fresh;
  rc = gnp_serving_read(fetcher->session, look->reader, fetcher->dataset, fetcher->name, &fresh,
                        err);
  if (rc != GN_OK) return rc;
  if (fetcher->first && !same_features(fetcher->first, fresh)) {
    gnp_serving_unref(fresh);
    gni_fail_as(err, "GO012", GN_E_CONFLICT, "'%s' was uploaded with other keys or features",
                fetcher->name);
    gni_error_hint(err, "close the fetcher and open it again");
    return GN_E_CONFLICT;
  }
  if (look->serving) drop_idle(fetcher);
  gnp_serving_unref(look->serving);
  look->serving = fresh;
  return GN_OK;
}

/* ---- keeping up ---- */

static int move_keeper(gn_fetcher *fetcher, gn_error *err)
{
  gni_generation_info info = {0};
  int rc = gni_store_begin(fetcher->keeper, err);
  if (rc != GN_OK) return rc;
  rc = gni_store_generation(fetcher->keeper, fetcher->dataset, &info, err);
  gni_store_end(fetcher->keeper);
  fetcher->kept = info.number;
  fetcher->keeper_is_behind = false;
  return rc;
}

int gni_fetcher_keep_up(gn_fetcher *fetcher, gn_error *err)
{
  gnp_look *look;
  int rc = fetcher->keeper ? GN_OK : gni_store_reader_open(fetcher->store, &fetcher->keeper, err);
  if (rc == GN_OK) rc = gnp_look_begin(fetcher, &look, err);
  if (rc != GN_OK) return rc;
  int64_t newest = look->serving->generation.number;
  gnp_look_end(fetcher, look);
  if (newest == fetcher->kept) return GN_OK;
  if (fetcher->kept == 0 || fetcher->keeper_is_behind) return move_keeper(fetcher, err);
  fetcher->keeper_is_behind = true;
  return GN_OK;
}

/* ---- opening ---- */

int gn_fetcher_open(gn_session *session, const char *conf, gn_fetcher **out, gn_error *err)
{
  gnp_look *look;
  *out = NULL;
  gn_fetcher *fetcher = gni_alloc_zero(session->alloc, sizeof *fetcher);
  if (!fetcher) return gni_fail_nomem(err, sizeof *fetcher);
  fetcher->session = session;
  pthread_mutex_init(&fetcher->lock, NULL);
  gni_arena_init(&fetcher->arena, session->alloc, 1 << 20);
  fetcher->dataset = gnp_dataset_of(&fetcher->arena, conf, "_BATCH");
  fetcher->stream = gnp_dataset_of(&fetcher->arena, conf, "_STREAMING");
  fetcher->tiles = gnp_dataset_of(&fetcher->arena, conf, "_TILES");
  fetcher->name = gni_str_take(&fetcher->arena, gni_str(conf)).ptr;
  bool named = fetcher->name && fetcher->dataset.ptr && fetcher->stream.ptr && fetcher->tiles.ptr;
  int rc = named ? GN_OK : gni_fail_nomem(err, 1);
  if (rc == GN_OK) rc = gnp_session_store(session, &fetcher->store, err);
  if (rc == GN_OK) rc = gnp_look_begin(fetcher, &look, err);
  if (rc != GN_OK) {
    gn_fetcher_close(fetcher);
    return rc;
  }
  fetcher->first = gnp_serving_ref(look->serving);
  gnp_look_end(fetcher, look);
  *out = fetcher;
  return GN_OK;
}

void gn_fetcher_close(gn_fetcher *fetcher)
{
  if (!fetcher) return;
  const gn_alloc *alloc = fetcher->session->alloc;
  drop_idle(fetcher);
  gni_store_reader_close(fetcher->keeper);
  gnp_serving_unref(fetcher->first);
  gni_arena_deinit(&fetcher->arena);
  pthread_mutex_destroy(&fetcher->lock);
  gni_free(alloc, fetcher, sizeof *fetcher);
}

static size_t name_at(const gni_type *fields, size_t index, const char **name)
{
  if (name && index < fields->field_count) *name = fields->fields[index].name.ptr;
  return fields->field_count;
}

size_t gn_fetcher_key(const gn_fetcher *fetcher, size_t index, const char **name)
{
  return name_at(fetcher->first->group->keys, index, name);
}

size_t gn_fetcher_feature(const gn_fetcher *fetcher, size_t index, const char **name)
{
  return name_at(fetcher->first->group->features, index, name);
}

/* ---- answering one key ---- */

/* The tile, where it holds rows that count and none that come after the question; `*from_ms` is
 * where single rows begin. */
static int find_tile(const gn_fetcher *fetcher, gnp_look *look, int64_t at_ms, gnp_tile *tile,
                     bool *tiled, int64_t *from_ms, gn_error *err)
{
  const gnp_serving *serving = look->serving;
  int rc =
      gnp_tile_find(serving, look->reader, fetcher->tiles, gni_buf_view(&look->key), tile, err);
  *tiled = false;
  *from_ms = serving->generation.batch_end_ms;
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc;
  if (tile->from_ms > *from_ms || tile->until_ms <= *from_ms || tile->until_ms > at_ms)
    return GN_OK;
  *tiled = true;
  *from_ms = tile->until_ms;
  return gnp_tile_load(serving, tile, &look->arena, err);
}

/* TEMPORAL: the batch state and the rows since. */
static int answer_temporal(gn_fetcher *fetcher, gnp_look *look, const gni_value *saved,
                           int64_t at_ms, gni_value *values, gn_error *err)
{
  int64_t batch_end_ms = look->serving->generation.batch_end_ms, from_ms;
  gnp_tile tile;
  bool tiled;
  int rc = find_tile(fetcher, look, at_ms, &tile, &tiled, &from_ms, err);
  if (rc == GN_OK)
    rc = gnp_live_read(&look->live, look->serving, look->reader, fetcher->stream,
                       gni_buf_view(&look->key), from_ms, &look->arena, err);
  if (rc != GN_OK) return rc;
  if (!saved && !tiled && look->live.count == 0) return GN_ABSENT;
  if (at_ms < batch_end_ms) {
    gni_fail_as(err, "GO011", GN_E_INVALID,
                "the time asked for is before the batch end (%lld < %lld)", (long long)at_ms,
                (long long)batch_end_ms);
    gni_error_hint(
        err, "states only look forward: ask for a time after the upload, or upload an earlier day");
    return GN_E_INVALID;
  }
  return gnp_live_answer(&look->live, look->serving, saved, tiled ? &tile.value : NULL, at_ms,
                         fetcher->session->config.boundary, &look->arena, values, err);
}

static int find_values(gn_fetcher *fetcher, gnp_look *look, const gni_value *keys, int64_t at_ms,
                       gni_value *values, gn_error *err)
{
  const gnp_serving *serving = look->serving;
  const gni_group *group = serving->group;
  gni_value key = {.list = {keys, group->keys->field_count}}, record;
  gn_str bytes;
  gni_buf_reset(&look->key);
  int rc = gni_avro_encode(serving->records.key, &key, &look->key, err);
  if (rc == GN_OK)
    rc = gni_store_get(look->reader, fetcher->dataset, gni_buf_view(&look->key), &bytes, err);
  bool found = rc == GN_OK;
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  if (found) rc = gni_avro_decode(serving->records.value, bytes, &look->arena, &record, err);
  if (found && rc != GN_OK) return rc;
  if (group->layout && group->temporal)
    return answer_temporal(fetcher, look, found ? &record : NULL, at_ms, values, err);
  if (found) memcpy(values, record.list.items, group->values->field_count * sizeof *values);
  return rc;
}

/* Features from values. Day and time are only for derivations to see. */
static int derive(const gni_group *group, gnp_look *look, const gni_value *keys, int64_t at_ms,
                  const gni_value *values, gni_value *features, gn_error *err)
{
  char day[16];
  gni_value ds = GNI_NULL_VALUE, ts = gni_value_integer(at_ms);
  if (group->projections) {
    int rc = gni_day_format(gni_day_of_ms(at_ms), GN_STR("yyyy-MM-dd"), day, sizeof day, err);
    if (rc != GN_OK) return rc;
    ds = gni_value_text(gni_str_take(&look->arena, gni_str(day)));
    if (!ds.text.ptr) return gni_fail_nomem(err, sizeof day);
  }
  return gni_group_derive(group, keys, values, &ds, &ts, &look->arena, features, err);
}

int gnp_look_answer(gn_fetcher *fetcher, gnp_look *look, const gni_value *keys, int64_t at_ms,
                    gni_value *features, gn_error *err)
{
  const gni_group *group = look->serving->group;
  if (at_ms == 0) at_ms = gni_clock_now_ms(&fetcher->session->clock);
  gni_value *values = GN_TAKE(&look->arena, gni_value, group->values->field_count);
  if (!values) return gni_fail_nomem(err, group->values->field_count * sizeof *values);
  int rc = find_values(fetcher, look, keys, at_ms, values, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  for (size_t i = 0; rc == GN_ABSENT && i < group->values->field_count; i++)
    values[i] = GNI_NULL_VALUE;
  int derived = derive(group, look, keys, at_ms, values, features, err);
  return derived == GN_OK ? rc : derived;
}

/* ---- cells ---- */

static bool fits(int kind, int64_t x)
{
  if (kind == GNI_BYTE) return x == (int8_t)x;
  if (kind == GNI_SHORT) return x == (int16_t)x;
  if (kind == GNI_INT || kind == GNI_DATE) return x == (int32_t)x;
  return true;
}

static int key_from_cell(const gni_field *field, const gn_cell *cell, gni_value *out, gn_error *err)
{
  int kind = field->type->kind;
  bool whole = kind >= GNI_BYTE && kind <= GNI_LONG;
  bool good = false;
  switch (cell->kind) {
  case GN_CELL_NULL:
    *out = GNI_NULL_VALUE;
    return GN_OK;
  case GN_CELL_BOOLEAN:
    *out = gni_value_boolean(cell->as.integer != 0);
    good = kind == GNI_BOOLEAN;
    break;
  case GN_CELL_INTEGER:
    *out = whole ? gni_value_integer(cell->as.integer) : gni_value_real((double)cell->as.integer);
    good = (whole && fits(kind, cell->as.integer)) || kind == GNI_DOUBLE || kind == GNI_FLOAT;
    break;
  case GN_CELL_REAL:
    *out = gni_value_real(kind == GNI_FLOAT ? (double)(float)cell->as.real : cell->as.real);
    good = kind == GNI_DOUBLE || kind == GNI_FLOAT;
    break;
  case GN_CELL_TEXT:
  case GN_CELL_BYTES:
    *out = gni_value_text((gn_str){cell->as.text, cell->len});
    good = kind == (cell->kind == GN_CELL_TEXT ? GNI_STRING : GNI_BINARY);
    break;
  default:
    break;
  }
  if (good) return GN_OK;
  return gni_fail_as(err, "GO009", GN_E_ARG, "key '%.*s' has another type than was uploaded",
                     GN_STR_ARGS(field->name));
}

struct cell_writer {
  gnp_look *look;
  char *buffer;
  size_t size, used;
};

static int copy_text(struct cell_writer *writer, gn_str text, gn_cell *out, gn_error *err)
{
  if (text.len > writer->size - writer->used)
    return gni_fail(err, GN_E_LIMIT, "the buffer of %zu bytes is too small for the features",
                    writer->size);
  if (text.len) memcpy(writer->buffer + writer->used, text.ptr, text.len);
  out->as.text = writer->buffer + writer->used;
  out->len = text.len;
  writer->used += text.len;
  return GN_OK;
}

static int cell_from_value(struct cell_writer *writer, const gni_type *type, const gni_value *value,
                           gn_cell *out, gn_error *err)
{
  *out = (gn_cell){.kind = GN_CELL_NULL};
  if (value->is_null) return GN_OK;
  switch (type->kind) {
  case GNI_BOOLEAN:
    *out = (gn_cell){.kind = GN_CELL_BOOLEAN, .as.integer = value->boolean};
    return GN_OK;
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
  case GNI_LONG:
  case GNI_DATE:
  case GNI_TIMESTAMP:
    *out = (gn_cell){.kind = GN_CELL_INTEGER, .as.integer = value->integer};
    return GN_OK;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    *out = (gn_cell){.kind = GN_CELL_REAL, .as.real = value->real};
    return GN_OK;
  case GNI_STRING:
  case GNI_BINARY:
    out->kind = type->kind == GNI_STRING ? GN_CELL_TEXT : GN_CELL_BYTES;
    return copy_text(writer, value->text, out, err);
  default:
    break;
  }
  out->kind = GN_CELL_JSON;
  gni_buf_reset(&writer->look->text);
  int rc = gni_value_to_json(type, value, &writer->look->text);
  if (rc != GN_OK) return gni_fail(err, rc, "a feature does not fit in memory");
  return copy_text(writer, gni_buf_view(&writer->look->text), out, err);
}

static int answer_cells(gn_fetcher *fetcher, gnp_look *look, const gn_cell *keys, int64_t at_ms,
                        gn_cell *features, struct cell_writer *writer, gn_error *err)
{
  const gni_group *group = look->serving->group;
  gni_value *key_values = GN_TAKE(&look->arena, gni_value, group->keys->field_count);
  gni_value *values = GN_TAKE(&look->arena, gni_value, group->features->field_count);
  int rc = key_values && values ? GN_OK : gni_fail_nomem(err, 1);
  for (size_t i = 0; rc == GN_OK && i < group->keys->field_count; i++)
    rc = key_from_cell(&group->keys->fields[i], &keys[i], &key_values[i], err);
  if (rc != GN_OK) return rc;
  int found = gnp_look_answer(fetcher, look, key_values, at_ms, values, err);
  if (found != GN_OK && found != GN_ABSENT) return found;
  for (size_t i = 0; rc == GN_OK && i < group->features->field_count; i++)
    rc = cell_from_value(writer, group->features->fields[i].type, &values[i], &features[i], err);
  return rc == GN_OK ? found : rc;
}

int gn_fetcher_get(gn_fetcher *fetcher, const gn_cell *keys, size_t key_count, int64_t at_ms,
                   gn_cell *features, size_t feature_count, char *buffer, size_t buffer_size,
                   gn_error *err)
{
  const gni_group *group = fetcher->first->group;
  gnp_look *look;
  if (key_count != group->keys->field_count || feature_count != group->features->field_count)
    return gni_fail(err, GN_E_ARG, "%zu keys and %zu features are given; there are %u and %u",
                    key_count, feature_count, group->keys->field_count,
                    group->features->field_count);
  int rc = gnp_look_begin(fetcher, &look, err);
  if (rc != GN_OK) return rc;
  struct cell_writer writer = {look, buffer, buffer_size, 0};
  rc = answer_cells(fetcher, look, keys, at_ms, features, &writer, err);
  gnp_look_end(fetcher, look);
  return rc;
}

/* ---- Arrow in, Arrow out ---- */

struct arrow_fetch {
  gn_fetcher *fetcher;
  struct ArrowArrayStream keys;
  struct ArrowSchema schema;
  const gni_type *type;
  gn_arena arena;
  int *columns; /* of each key, in the batches */
  gni_builder *builder;
  int64_t at_ms, rows;
};

static void close_arrow(void *user)
{
  struct arrow_fetch *fetch = user;
  const gn_alloc *alloc = fetch->arena.alloc;
  gni_stream_close(&fetch->keys);
  gni_schema_close(&fetch->schema);
  gni_builder_free(fetch->builder);
  gn_fetcher_close(fetch->fetcher);
  gni_arena_deinit(&fetch->arena);
  gni_free(alloc, fetch, sizeof *fetch);
}

static int answer_rows(struct arrow_fetch *fetch, const gni_column *columns, int64_t rows,
                       gn_arena *arena, gn_error *err)
{
  const gni_group *group = fetch->fetcher->first->group;
  for (int64_t row = 0; row < rows; row++) {
    gnp_look *look;
    int rc = gnp_look_begin(fetch->fetcher, &look, err);
    if (rc != GN_OK) return rc;
    gni_value *keys = GN_TAKE(&look->arena, gni_value, group->keys->field_count);
    gni_value *features = GN_TAKE(&look->arena, gni_value, group->features->field_count);
    if (!keys || !features) rc = gni_fail_nomem(err, 1);
    for (size_t i = 0; rc == GN_OK && i < group->keys->field_count; i++)
      rc = gni_column_get(&columns[fetch->columns[i]], row, arena, &keys[i]);
    if (rc == GN_OK) rc = gnp_look_answer(fetch->fetcher, look, keys, fetch->at_ms, features, err);
    if (rc == GN_OK || rc == GN_ABSENT) rc = gni_builder_add(fetch->builder, features, err);
    gnp_look_end(fetch->fetcher, look);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static int next_features(void *user, struct ArrowArray *out, gn_error *err)
{
  struct arrow_fetch *fetch = user;
  struct ArrowArray batch = {0};
  gni_column *columns;
  gn_arena arena;
  out->release = NULL;
  int rc = gni_stream_next(&fetch->keys, &batch, err);
  if (rc != GN_OK || !batch.release) return rc;
  fetch->rows += batch.length;
  if (fetch->rows > GN_FETCH_KEYS_MAX)
    rc = gni_fail_as(err, "GO015", GN_E_LIMIT, "more than %d keys in one call", GN_FETCH_KEYS_MAX);
  gni_arena_init(&arena, fetch->arena.alloc, GN_REQUEST_BYTES_MAX);
  if (rc == GN_OK) rc = gni_batch_view(fetch->type, &fetch->schema, &batch, &arena, &columns, err);
  if (rc == GN_OK) rc = answer_rows(fetch, columns, batch.length, &arena, err);
  gni_arena_deinit(&arena);
  gni_array_close(&batch);
  return rc == GN_OK ? gni_builder_finish(fetch->builder, out, err) : rc;
}

static int match_keys(struct arrow_fetch *fetch, gn_error *err)
{
  const gni_type *keys = fetch->fetcher->first->group->keys;
  fetch->columns = GN_TAKE(&fetch->arena, int, keys->field_count);
  if (!fetch->columns) return gni_fail_nomem(err, 1);
  for (size_t i = 0; i < keys->field_count; i++) {
    const gni_field *key = &keys->fields[i];
    int at = gni_type_find(fetch->type, key->name);
    if (at < 0)
      return gni_fail_as(err, "GO007", GN_E_INVALID, "the keys have no column '%.*s'",
                         GN_STR_ARGS(key->name));
    if (!gni_type_equal(fetch->type->fields[at].type, key->type))
      return gni_fail_as(err, "GO009", GN_E_TYPE,
                         "key column '%.*s' has another type than was uploaded",
                         GN_STR_ARGS(key->name));
    fetch->columns[i] = at;
  }
  return GN_OK;
}

int gn_fetch(gn_session *session, const char *conf, struct ArrowArrayStream *keys, int64_t at_ms,
             struct ArrowArrayStream *out, gn_error *err)
{
  struct arrow_fetch *fetch = gni_alloc_zero(session->alloc, sizeof *fetch);
  if (!fetch) {
    gni_stream_close(keys);
    return gni_fail_nomem(err, sizeof *fetch);
  }
  fetch->keys = *keys;
  keys->release = NULL;
  fetch->at_ms = at_ms;
  gni_arena_init(&fetch->arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = gn_fetcher_open(session, conf, &fetch->fetcher, err);
  if (rc == GN_OK)
    rc = gni_stream_type(&fetch->keys, &fetch->arena, &fetch->schema, &fetch->type, err);
  if (rc == GN_OK) rc = match_keys(fetch, err);
  if (rc == GN_OK)
    rc = gni_builder_new(fetch->fetcher->first->group->features, session->alloc, &fetch->builder,
                         err);
  if (rc == GN_OK)
    rc = gni_stream_new(fetch->fetcher->first->group->features, next_features, close_arrow, fetch,
                        session->alloc, out, err);
  if (rc != GN_OK) close_arrow(fetch);
  return rc;
}
