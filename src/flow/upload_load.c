/* Records into the store, as a new generation. SPDX-License-Identifier: Apache-2.0
 *
 * A store is loaded in the order of the keys' bytes. Our own tables have that order and are read
 * once, straight into the load; where a table does not, its records are kept and sorted, or, when
 * they do not fit in memory, sorted by the engine. */
#include "flow/produce.h"
#include "flow/serving.h"
#include "flow/upload.h"

enum { OUT_OF_ORDER = GN_ABSENT, TOO_MANY = GN_ABSENT };

struct loading {
  gni_store_load *load;
  gn_upload_report *report;
  gn_str last;    /* the key before, borrowed */
  bool described; /* has the record that says how to read the others */
};

static int load_begin(gnp_job *job, const gnp_sorter *records, gn_upload_report *report,
                      struct loading *to, gn_error *err)
{
  gni_store *store;
  gn_str dataset = gni_batch_dataset(&job->arena, job->def->metadata);
  int64_t rows = records ? (int64_t)records->count : 0;
  int64_t bytes = records ? (int64_t)records->bytes.used_bytes : 0;
  *report = (gn_upload_report){.batch_end_ms = report->batch_end_ms};
  *to = (struct loading){.report = report};
  if (!dataset.ptr) return gni_fail_nomem(err, 1);
  int rc = gnp_session_store(job->session, &store, err);
  return rc == GN_OK ? gni_store_load_begin(store, dataset, rows, bytes, &to->load, err) : rc;
}

/* A load that cannot be ended well was never there. */
static int load_end(struct loading *to, int rc, gn_error *err)
{
  if (rc == GN_OK && !to->described)
    rc = gni_fail_as(err, "GO016", GN_E_INVALID,
                     "no upload wrote this partition: it lacks the "
                     "record '" GNP_SERVING_KEY "'");
  if (rc == GN_OK) rc = GN_FAULT("upload.before_commit");
  if (rc == GN_OK) return gni_store_load_commit(to->load, to->report->batch_end_ms, err);
  gni_store_load_abort(to->load);
  return rc == OUT_OF_ORDER ? rc : gni_fail(err, rc, "the upload stopped before its commit");
}

/* The first of equal keys counts (rows that are passed through may have some). */
static int put_next(void *user, gn_str key, gn_str value, gn_error *err)
{
  struct loading *to = user;
  int order = to->last.len ? gni_str_compare(to->last, key) : -1;
  if (order == 0) return GN_OK;
  if (order > 0) return OUT_OF_ORDER;
  bool info = !to->described && gni_str_is(key, GNP_SERVING_KEY);
  to->last = key;
  to->described |= info;
  to->report->keys += !info;
  to->report->bytes += (int64_t)(key.len + value.len);
  return gni_store_load_put(to->load, key, value, err);
}

static int cancelled(gnp_job *job, gn_error *err)
{
  return gni_cancelled(&job->session->cancel) ? gni_fail(err, GN_E_CANCELLED, "cancelled") : GN_OK;
}

/* ---- from memory ---- */

int gnp_upload_load(gnp_job *job, const gnp_sorter *records, gn_upload_report *report,
                    gn_error *err)
{
  enum { LOOK_EVERY = 4096 };
  struct loading to;
  gn_str key, value;
  int rc = load_begin(job, records, report, &to, err);
  for (size_t i = 0; rc == GN_OK && i < records->count; i++) {
    gnp_sorter_get(records, i, &key, &value);
    rc = put_next(&to, key, value, err);
    if (rc == GN_OK && i % LOOK_EVERY == 0) rc = cancelled(job, err);
  }
  return load_end(&to, rc, err);
}

/* ---- from the table ---- */

/* Takes one record more. */
typedef int (*take_record)(void *user, gn_str key, gn_str value, gn_error *err);

static int take_batch(const gni_column *columns, int64_t rows, gn_arena *arena, take_record take,
                      void *user, gn_error *err)
{
  for (int64_t row = 0; row < rows; row++) {
    gni_value key, value;
    int rc = gni_column_get(&columns[0], row, arena, &key);
    if (rc == GN_OK) rc = gni_column_get(&columns[1], row, arena, &value);
    if (rc != GN_OK) return gni_fail_nomem(err, 1);
    if ((rc = take(user, key.text, value.text, err)) != GN_OK) return rc;
  }
  return GN_OK;
}

static int take_stream(gnp_job *job, struct ArrowArrayStream *stream, take_record take, void *user,
                       gn_error *err)
{
  struct ArrowSchema schema = {0};
  struct ArrowArray batch = {0}, before = {0};
  const gni_type *type;
  gni_column *columns;
  gn_arena arena;
  gni_arena_init(&arena, job->session->alloc, GN_VALUE_BYTES_MAX);
  int rc = gni_stream_type(stream, &job->arena, &schema, &type, err);
  while (rc == GN_OK) {
    rc = gni_stream_next(stream, &batch, err);
    if (rc != GN_OK || !batch.release) break;
    gni_arena_reset(&arena);
    rc = gni_batch_view(type, &schema, &batch, &arena, &columns, err);
    if (rc == GN_OK) rc = take_batch(columns, batch.length, &arena, take, user, err);
    if (rc == GN_OK) rc = cancelled(job, err);
    gni_array_close(&before);
    before = batch; /* whose last key is still looked at */
  }
  gni_array_close(&before);
  gni_schema_close(&schema);
  gni_arena_deinit(&arena);
  return rc;
}

static int read_table(gnp_job *job, int32_t day, bool sorted, take_record take, void *user,
                      gn_error *err)
{
  struct ArrowArrayStream stream = {0};
  gn_buf sql;
  gn_str table = gni_upload_table(&job->arena, job->def->metadata);
  gni_buf_init(&sql, job->session->alloc, (size_t)256 << 20);
  gni_buf_add_text(&sql, "SELECT key_bytes, value_bytes FROM ");
  int rc = table.ptr ? job->tables.scan(job->tables.user, table, day, day, &sql, err)
                     : gni_fail_nomem(err, 1);
  gni_buf_add_text(&sql, " AS upload");
  if (sorted) gni_buf_add_text(&sql, " ORDER BY key_bytes");
  if (rc == GN_OK) rc = gni_engine_query(job->engine, gni_buf_view(&sql), &stream, err);
  gni_buf_deinit(&sql);
  if (rc == GN_OK) rc = take_stream(job, &stream, take, user, err);
  gni_stream_close(&stream);
  return rc;
}

/* One pass; OUT_OF_ORDER where the table is not sorted, unless the engine is to sort it. */
static int load_stream(gnp_job *job, int32_t day, bool sorted, gn_upload_report *report,
                       gn_error *err)
{
  struct loading to;
  int rc = load_begin(job, NULL, report, &to, err);
  if (rc == GN_OK) rc = read_table(job, day, sorted, put_next, &to, err);
  return load_end(&to, rc, err);
}

static int sort_record(void *user, gn_str key, gn_str value, gn_error *err)
{
  gnp_sorter *sorter = user;
  if (gnp_sorter_full(sorter)) return TOO_MANY;
  return gnp_sorter_add(sorter, key, value, err);
}

static int load_sorting(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err)
{
  gnp_sorter sorter;
  gnp_sorter_init(&sorter, job->session->alloc, gnp_key_ceiling(job));
  int rc = read_table(job, day, false, sort_record, &sorter, err);
  if (rc == GN_OK) rc = gnp_sorter_sort(&sorter, err);
  if (rc == GN_OK) rc = gnp_upload_load(job, &sorter, report, err);
  gnp_sorter_deinit(&sorter);
  return rc == TOO_MANY ? load_stream(job, day, true, report, err) : rc;
}

/* Most tables are sorted, or are not from the first records on. */
int gnp_upload_load_table(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err)
{
  int rc = load_stream(job, day, false, report, err);
  return rc == OUT_OF_ORDER ? load_sorting(job, day, report, err) : rc;
}

/* ---- from what an earlier upload wrote ---- */

static int check_partition(gnp_job *job, int32_t day, gn_error *err)
{
  gni_table table;
  gni_days days;
  gn_str name = gni_upload_table(&job->arena, job->def->metadata);
  if (!name.ptr) return gni_fail_nomem(err, 1);
  int rc = gni_table_find(job->warehouse, name, &job->arena, &table, err);
  if (rc == GN_OK)
    rc = gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, &days, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  for (size_t i = 0; rc == GN_OK && i < days.count; i++)
    if (days.days[i] == day) return GN_OK;
  gni_fail_as(err, "GO016", GN_E_NOTFOUND, "%.*s has no partition %.*s", GN_STR_ARGS(name),
              GN_STR_ARGS(gnp_day_text(&job->arena, day)));
  gni_error_hint(err, "without --from-table an upload computes and writes it");
  return GN_E_NOTFOUND;
}

int gnp_upload_load_again(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err)
{
  int rc = check_partition(job, day, err);
  return rc == GN_OK ? gnp_upload_load_table(job, day, report, err) : rc;
}
