/* store: what it takes, writing it anew, and removing what nobody needs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/retain.h"
#include "flow/serving.h"
#include "flow/store_view.h"

enum { PAGE_BYTES = 4096 };

/* What all three verbs begin and end with. */
struct tending {
  gn_session *session;
  gni_store *store;
  gnp_store_listing listing;
  gn_buf text;
  bool json, dry_run;
  gn_error *err;
};

static int tending_init(struct tending *at, gn_session *session, int form, bool dry_run,
                        gn_text *out, gn_error *err)
{
  *at = (struct tending){
      .session = session, .json = form == GN_FORM_JSON, .dry_run = dry_run, .err = err};
  *out = (gn_text){0};
  gni_buf_init(&at->text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_store_listing_read(session, &at->listing, err);
  return rc == GN_OK ? gnp_session_store(session, &at->store, err) : rc;
}

static int tending_end(struct tending *at, int rc, gn_text *out)
{
  if (rc == GN_OK) rc = gnp_text_from(&at->text, out, at->err);
  gni_buf_deinit(&at->text);
  gnp_store_listing_deinit(&at->listing);
  return rc;
}

/* "SPEND_V1_STREAMING" beside "SPEND_V1_BATCH"; NULL when memory ran out. */
static gn_str beside(struct tending *at, gn_str dataset, const char *suffix)
{
  const gn_str batch = GN_STR("_BATCH");
  if (gni_str_ends(dataset, batch.ptr)) dataset.len -= batch.len;
  return gni_str_format(&at->listing.arena, "%.*s%s", GN_STR_ARGS(dataset), suffix);
}

static int measure_live(struct tending *at, const gnp_store_entry *entry, gni_store_measures *out)
{
  gn_str stream = beside(at, entry->dataset, "_STREAMING");
  if (!stream.ptr) return gni_fail_nomem(at->err, 1);
  return gni_store_measure(at->store, stream, entry->info.batch_end_ms - GN_LIVE_KEEP_MS, out,
                           at->err);
}

/* ---- stats ---- */

struct figures {
  gni_store_measures files, live;
  int64_t tiles, age_ms;
  double fill; /* part of the file that is keys and values */
};

static int count_key(void *user, gn_str key, gn_str value)
{
  (void)key;
  (void)value;
  ++*(int64_t *)user;
  return GN_OK;
}

static int count_tiles(struct tending *at, gn_str dataset, int64_t *out)
{
  gni_store_reader *reader = NULL;
  gn_str tiles = beside(at, dataset, "_TILES");
  if (!tiles.ptr) return gni_fail_nomem(at->err, 1);
  int rc = gni_store_reader_open(at->store, &reader, at->err);
  if (rc == GN_OK) rc = gni_store_begin(reader, at->err);
  if (rc == GN_OK) {
    rc = gni_store_keys(reader, tiles, count_key, out, at->err);
    gni_store_end(reader);
  }
  gni_store_reader_close(reader);
  return rc;
}

static int find_figures(struct tending *at, const gnp_store_entry *entry, struct figures *out)
{
  *out =
      (struct figures){.age_ms = gni_clock_now_ms(&at->session->clock) - entry->info.batch_end_ms};
  int rc = gni_store_measure(at->store, entry->dataset, INT64_MIN, &out->files, at->err);
  if (rc == GN_OK) rc = measure_live(at, entry, &out->live);
  if (rc == GN_OK) rc = count_tiles(at, entry->dataset, &out->tiles);
  if (out->files.file_bytes > 0)
    out->fill = (double)entry->info.bytes / (double)out->files.file_bytes;
  return rc;
}

static void add_json_figures(gn_buf *out, const gnp_store_entry *entry, const struct figures *of)
{
  gni_buf_add_text(out, "{\"dataset\":");
  gni_json_add_text(out, entry->dataset, false);
  gni_buf_add_format(out,
                     ",\"keys\":%" PRId64 ",\"bytes\":%" PRId64 ",\"file_bytes\":%" PRId64
                     ",\"fill\":%.3f,\"depth\":%" PRId64 ",\"pages\":%" PRId64
                     ",\"generations\":%" PRId64 ",\"upload\":%" PRId64,
                     entry->info.rows, entry->info.bytes, of->files.file_bytes, of->fill,
                     of->files.depth, of->files.pages, of->files.generations, entry->info.number);
  gni_buf_add_format(out,
                     ",\"live_rows\":%" PRId64 ",\"live_bytes\":%" PRId64 ",\"tiles\":%" PRId64
                     ",\"batch_end_ms\":%" PRId64 ",\"age_ms\":%" PRId64,
                     of->live.live_rows, of->live.live_bytes, of->tiles, entry->info.batch_end_ms,
                     of->age_ms);
  if (of->live.live_rows > 0)
    gni_buf_add_format(out, ",\"oldest_ms\":%" PRId64 ",\"newest_ms\":%" PRId64, of->live.oldest_ms,
                       of->live.newest_ms);
  gni_buf_add_char(out, '}');
}

static void add_age(gnp_grid *grid, int64_t age_ms)
{
  int64_t hours = age_ms / 3600000;
  if (hours >= 48)
    gnp_grid_add(grid, "%" PRId64 "d %" PRId64 "h", hours / 24, hours % 24);
  else
    gnp_grid_add(grid, "%" PRId64 "h %" PRId64 "m", hours, age_ms / 60000 % 60);
}

static void add_row(gnp_grid *grid, const gnp_store_entry *entry, const struct figures *of)
{
  const int64_t cells[] = {entry->info.rows, entry->info.bytes, of->files.file_bytes};
  const int64_t more[] = {of->files.depth, of->files.generations, of->live.live_rows, of->tiles};
  gnp_grid_add(grid, "%.*s", GN_STR_ARGS(entry->dataset));
  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
    gnp_grid_add(grid, "%" PRId64, cells[i]);
  gnp_grid_add(grid, "%.2f", of->fill);
  for (size_t i = 0; i < sizeof more / sizeof *more; i++) gnp_grid_add(grid, "%" PRId64, more[i]);
  add_age(grid, of->age_ms);
}

int gn_store_stats(gn_session *session, int form, gn_text *out, gn_error *err)
{
  static const char *const head[] = {"dataset", "keys",        "bytes",     "file",  "fill",
                                     "depth",   "generations", "live rows", "tiles", "age"};
  enum { COLUMNS = sizeof head / sizeof *head };
  struct tending at;
  struct figures of;
  gnp_grid grid;
  bool first = true;
  int rc = tending_init(&at, session, form, false, out, err);
  gnp_grid_begin(&grid, &at.listing.arena, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++) gnp_grid_add(&grid, "%s", head[i]);
  if (at.json) gni_buf_add_char(&at.text, '[');
  for (size_t i = 0; rc == GN_OK && i < at.listing.count; i++) {
    const gnp_store_entry *entry = &at.listing.entries[i];
    if (!entry->uploaded || (rc = find_figures(&at, entry, &of)) != GN_OK) continue;
    if (at.json && !first) gni_buf_add_char(&at.text, ',');
    if (at.json)
      add_json_figures(&at.text, entry, &of);
    else
      add_row(&grid, entry, &of);
    first = false;
  }
  if (at.json)
    gni_buf_add_char(&at.text, ']');
  else if (rc == GN_OK && gnp_grid_write(&grid, &at.text) != GN_OK)
    rc = gni_fail_nomem(err, 1);
  return tending_end(&at, rc, out);
}

/* ---- compact ---- */

/* The datasets meant by a definition's name, or by their own; NULL: all. */
static bool is_meant(const gnp_store_entry *entry, const char *name, gn_str dataset)
{
  if (!entry->uploaded) return false;
  return !name || gni_str_is(entry->dataset, name) || gni_str_equal(entry->dataset, dataset);
}

static int compact_one(struct tending *at, const gnp_store_entry *entry, bool first)
{
  gni_store_measures before, after;
  int rc = gni_store_measure(at->store, entry->dataset, INT64_MIN, &before, at->err);
  if (rc != GN_OK || before.file_bytes < 0) return rc;
  /* Two pages at the front, and the roots. */
  after.file_bytes = (before.pages + 4) * PAGE_BYTES;
  if (!at->dry_run) {
    rc = gni_store_compact(at->store, entry->dataset, at->err);
    if (rc == GN_OK) rc = gni_store_measure(at->store, entry->dataset, INT64_MIN, &after, at->err);
    if (rc != GN_OK) return rc;
  }
  if (at->json)
    gni_buf_add_format(&at->text,
                       "%s{\"dataset\":\"%.*s\",\"bytes_before\":%" PRId64
                       ",\"bytes_after\":%" PRId64 ",\"dry_run\":%s}",
                       first ? "" : ",", GN_STR_ARGS(entry->dataset), before.file_bytes,
                       after.file_bytes, at->dry_run ? "true" : "false");
  else
    gni_buf_add_format(&at->text, "%.*s %s from %" PRId64 " to %s%" PRId64 " bytes\n",
                       GN_STR_ARGS(entry->dataset), at->dry_run ? "would go" : "went",
                       before.file_bytes, at->dry_run ? "about " : "", after.file_bytes);
  return GN_OK;
}

int gn_store_compact(gn_session *session, const char *name, int dry_run, int form, gn_text *out,
                     gn_error *err)
{
  struct tending at;
  size_t done = 0;
  int rc = tending_init(&at, session, form, dry_run != 0, out, err);
  gn_str dataset = {NULL, 0};
  if (rc == GN_OK && name) {
    dataset = gnp_dataset_of(&at.listing.arena, name, "_BATCH");
    if (!dataset.ptr) rc = gni_fail_nomem(err, 1);
  }
  if (at.json) gni_buf_add_char(&at.text, '[');
  for (size_t i = 0; rc == GN_OK && i < at.listing.count; i++) {
    if (gni_cancelled(&session->cancel)) rc = gni_fail(err, GN_E_CANCELLED, "cancelled");
    if (rc == GN_OK && is_meant(&at.listing.entries[i], name, dataset))
      rc = compact_one(&at, &at.listing.entries[i], done++ == 0);
  }
  if (at.json) gni_buf_add_char(&at.text, ']');
  if (rc == GN_OK && name && !done) {
    rc = gni_fail_as(err, "GO006", GN_E_NOTFOUND, "'%s' is not in the store", name);
    gni_error_hint(err, "gnomon store ls lists what is there");
  }
  return tending_end(&at, rc, out);
}

/* ---- gc ---- */

struct collecting {
  struct tending *at;
  int64_t files, bytes;
};

static int tell_file(void *user, gn_str path, int64_t bytes)
{
  struct collecting *collecting = user;
  struct tending *at = collecting->at;
  if (at->json)
    gni_buf_add_format(&at->text, "%s{\"path\":\"%.*s\",\"bytes\":%" PRId64 "}",
                       collecting->files ? "," : "", GN_STR_ARGS(path), bytes);
  else
    gni_buf_add_format(&at->text, "%.*s %" PRId64 " bytes\n", GN_STR_ARGS(path), bytes);
  collecting->files++;
  collecting->bytes += bytes;
  return at->text.rc;
}

static int collect_live(struct tending *at, const gnp_store_entry *entry, bool *first,
                        int64_t *total_rows)
{
  gni_store_measures live;
  gni_retained gone = {0};
  int rc = measure_live(at, entry, &live);
  if (rc != GN_OK || live.live_rows < 0) return rc;
  gone.rows = live.early_rows;
  if (!at->dry_run)
    rc = gni_live_retain(at->store, at->session->alloc, entry->dataset, &gone, at->err);
  if (rc != GN_OK || gone.rows + gone.tiles == 0) return rc;
  gn_str stream = beside(at, entry->dataset, "_STREAMING");
  if (!stream.ptr) return gni_fail_nomem(at->err, 1);
  if (at->json)
    gni_buf_add_format(&at->text,
                       "%s{\"dataset\":\"%.*s\",\"rows\":%" PRId64 ",\"bytes\":%" PRId64 "}",
                       *first ? "" : ",", GN_STR_ARGS(stream), gone.rows, live.early_bytes);
  else
    gni_buf_add_format(&at->text, "%.*s %" PRId64 " rows, %" PRId64 " bytes\n", GN_STR_ARGS(stream),
                       gone.rows, live.early_bytes);
  *first = false;
  *total_rows += gone.rows;
  return GN_OK;
}

int gn_store_gc(gn_session *session, int dry_run, int form, gn_text *out, gn_error *err)
{
  struct tending at;
  struct collecting collecting = {.at = &at};
  int64_t rows = 0;
  bool first = true;
  int rc = tending_init(&at, session, form, dry_run != 0, out, err);
  if (at.json)
    gni_buf_add_format(&at.text, "{\"dry_run\":%s,\"files\":[", dry_run ? "true" : "false");
  if (rc == GN_OK) rc = gni_store_collect(at.store, at.dry_run, tell_file, &collecting, err);
  if (at.json) gni_buf_add_text(&at.text, "],\"live\":[");
  for (size_t i = 0; rc == GN_OK && i < at.listing.count; i++)
    if (at.listing.entries[i].uploaded)
      rc = collect_live(&at, &at.listing.entries[i], &first, &rows);
  if (at.json)
    gni_buf_add_format(&at.text, "],\"bytes\":%" PRId64 "}", collecting.bytes);
  else
    gni_buf_add_format(&at.text, "%s %" PRId64 " files, %" PRId64 " bytes; %" PRId64 " live rows\n",
                       dry_run ? "would remove" : "removed", collecting.files, collecting.bytes,
                       rows);
  return tending_end(&at, rc, out);
}
