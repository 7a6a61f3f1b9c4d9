/* store: what is in the online store, for people. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/answer.h"
#include "flow/fetcher.h"
#include "flow/key.h"
#include "flow/store_view.h"

enum { VIEW_ARENA_BYTES = 64 << 20 };

/* ---- ls ---- */

static int take_dataset(void *user, gn_str dataset)
{
  gnp_store_listing *at = user;
  if (at->count == at->capacity) {
    size_t capacity = at->capacity ? at->capacity * 2 : 64;
    at->entries = gni_arena_grow(&at->arena, at->entries, at->capacity * sizeof *at->entries,
                                 capacity * sizeof *at->entries);
    at->capacity = capacity;
  }
  gn_str name = gni_str_take(&at->arena, dataset);
  if (!at->entries || !name.ptr) return gni_fail_nomem(at->err, dataset.len);
  at->entries[at->count++] = (gnp_store_entry){.dataset = name};
  return GN_OK;
}

int gnp_store_listing_read(gn_session *session, gnp_store_listing *at, gn_error *err)
{
  gni_store *store;
  gni_store_reader *reader = NULL;
  *at = (gnp_store_listing){.err = err};
  gni_arena_init(&at->arena, session->alloc, VIEW_ARENA_BYTES);
  int rc = gnp_session_store(session, &store, at->err);
  if (rc == GN_OK) rc = gni_store_reader_open(store, &reader, at->err);
  if (rc == GN_OK) rc = gni_store_begin(reader, at->err);
  if (rc == GN_OK) {
    rc = gni_store_list(reader, take_dataset, at, at->err);
    for (size_t i = 0; rc == GN_OK && i < at->count; i++) {
      int found =
          gni_store_generation(reader, at->entries[i].dataset, &at->entries[i].info, at->err);
      at->entries[i].uploaded = found == GN_OK;
      if (found != GN_OK && found != GN_ABSENT) rc = found;
      /* The serving info beside the values is no key of anybody. */
      gn_str info;
      if (found == GN_OK && gni_store_get(reader, at->entries[i].dataset, GN_STR(GNP_SERVING_KEY),
                                          &info, at->err) == GN_OK)
        at->entries[i].info.rows--;
    }
    gni_store_end(reader);
  }
  gni_store_reader_close(reader);
  return rc;
}

void gnp_store_listing_deinit(gnp_store_listing *listing)
{
  gni_arena_deinit(&listing->arena);
}

static void write_listing_json(const gnp_store_listing *at, gn_buf *out)
{
  gni_buf_add_char(out, '[');
  for (size_t i = 0; i < at->count; i++) {
    const gnp_store_entry *entry = &at->entries[i];
    gni_buf_add_text(out, i ? ",{\"dataset\":" : "{\"dataset\":");
    gni_json_add_text(out, entry->dataset, false);
    if (entry->uploaded)
      gni_buf_add_format(out,
                         ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64 ",\"batch_end_ms\":%" PRId64
                         ",\"upload\":%" PRId64,
                         entry->info.rows, entry->info.bytes, entry->info.batch_end_ms,
                         entry->info.number);
    gni_buf_add_char(out, '}');
  }
  gni_buf_add_char(out, ']');
}

static int write_listing_text(gnp_store_listing *at, gn_buf *out)
{
  gnp_grid grid;
  int64_t rows = 0, bytes = 0;
  gnp_grid_begin(&grid, &at->arena, 5);
  static const char *const head[] = {"dataset", "rows", "bytes", "upload", "holds all before"};
  for (size_t i = 0; i < 5; i++) gnp_grid_add(&grid, "%s", head[i]);
  for (size_t i = 0; i < at->count; i++) {
    const gnp_store_entry *entry = &at->entries[i];
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(entry->dataset));
    if (!entry->uploaded) {
      for (size_t k = 1; k < 5; k++) gnp_grid_add(&grid, "%s", k == 1 ? "live" : "");
      continue;
    }
    rows += entry->info.rows;
    bytes += entry->info.bytes;
    gnp_grid_add(&grid, "%" PRId64, entry->info.rows);
    gnp_grid_add(&grid, "%" PRId64, entry->info.bytes);
    gnp_grid_add(&grid, "%" PRId64, entry->info.number);
    gnp_grid_add(&grid, "%.*s",
                 GN_STR_ARGS(gnp_instant_text(&at->arena, entry->info.batch_end_ms)));
  }
  int rc = gnp_grid_write(&grid, out);
  gni_buf_add_format(out, "%zu datasets, %" PRId64 " rows, %" PRId64 " bytes\n", at->count, rows,
                     bytes);
  return rc == GN_OK ? GN_OK : gni_fail(at->err, rc, "the list does not fit in memory");
}

int gn_store_list(gn_session *session, int form, gn_text *out, gn_error *err)
{
  gn_buf text;
  gnp_store_listing at;
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_store_listing_read(session, &at, err);
  if (rc == GN_OK && form == GN_FORM_JSON)
    write_listing_json(&at, &text);
  else if (rc == GN_OK)
    rc = write_listing_text(&at, &text);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gnp_store_listing_deinit(&at);
  return rc;
}

/* ---- get ---- */

struct record {
  gn_fetcher *fetcher;
  gnp_look *look;
  gn_buf *out;
  size_t live;
  gn_error *err;
};

static int add_live(void *user, gn_str bytes, int64_t time_ms)
{
  struct record *at = user;
  gni_value row;
  const gni_avro_schema *schema = at->look->serving->records.live;
  int rc = gni_avro_decode(schema, bytes, &at->look->arena, &row, at->err);
  if (rc != GN_OK) return rc;
  gni_buf_add_format(at->out, "%s{\"ts\":%" PRId64 ",\"row\":", at->live++ ? "," : "", time_ms);
  gni_value_to_json(gni_avro_schema_type(schema), &row, at->out);
  gni_buf_add_char(at->out, '}');
  return at->out->rc;
}

/* The key's bytes, in look->key. */
static int encode_key(struct record *at, const char *key_text)
{
  gnp_look *look = at->look;
  const gni_type *keys = look->serving->group->keys;
  const gni_json *key;
  gni_value *cells = GN_TAKE(&look->arena, gni_value, keys->field_count);
  if (!cells) return gni_fail_nomem(at->err, keys->field_count * sizeof *cells);
  int rc = gni_json_parse(gni_str(key_text), GN_DEF_DEPTH_MAX, &look->arena, &key, at->err);
  if (rc == GN_OK) rc = gnp_key_read(keys, key, &look->arena, cells, at->err);
  gni_value record = {.list = {cells, keys->field_count}};
  gni_buf_reset(&look->key);
  return rc == GN_OK ? gni_avro_encode(look->serving->records.key, &record, &look->key, at->err)
                     : rc;
}

static int write_record(struct record *at, const char *key_text)
{
  gnp_look *look = at->look;
  const gni_avro_schema *schema = look->serving->records.value;
  gni_value value;
  gn_str bytes;
  int rc = encode_key(at, key_text);
  if (rc != GN_OK) return rc;
  gni_buf_add_text(at->out, "{\"dataset\":");
  gni_json_add_text(at->out, at->fetcher->dataset, false);
  gni_buf_add_text(at->out, ",\"key_bytes\":\"");
  gni_base64_encode(gni_buf_view(&look->key), at->out);
  gni_buf_add_format(at->out, "\",\"batch_end_ms\":%" PRId64 ",\"value\":",
                     look->serving->generation.batch_end_ms);
  rc = gni_store_get(look->reader, at->fetcher->dataset, gni_buf_view(&look->key), &bytes, at->err);
  if (rc == GN_ABSENT) {
    gni_buf_add_text(at->out, "null");
  } else {
    if (rc == GN_OK) rc = gni_avro_decode(schema, bytes, &look->arena, &value, at->err);
    if (rc != GN_OK) return rc;
    gni_value_to_json(gni_avro_schema_type(schema), &value, at->out);
    gni_buf_add_format(at->out, ",\"value_size\":%zu", bytes.len);
  }
  gni_buf_add_text(at->out, ",\"live\":[");
  rc = gni_store_scan(look->reader, at->fetcher->stream, gni_buf_view(&look->key), INT64_MIN,
                      add_live, at, at->err);
  gni_buf_add_text(at->out, "]}");
  return rc;
}

int gn_store_get(gn_session *session, const char *conf, const char *key, gn_text *out,
                 gn_error *err)
{
  gn_buf text;
  struct record at = {.out = &text, .err = err};
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gn_fetcher_open(session, conf, &at.fetcher, err);
  if (rc == GN_OK) rc = gnp_look_begin(at.fetcher, &at.look, err);
  if (rc == GN_OK) {
    rc = write_record(&at, key);
    gnp_look_end(at.fetcher, at.look);
  }
  gn_fetcher_close(at.fetcher);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}
