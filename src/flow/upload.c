/* upload: one day's values or states into the `_upload` table, then into the store.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/upload.h"

#include "flow/produce.h"
#include "flow/retain.h"
#include "flow/serving.h"

#include <inttypes.h>

enum { JSON_EVERY = 100, PAGES_BYTES = 8 << 20 };

/* ---- the table ---- */

static const gni_field upload_fields[] = {
    {{"key_bytes", 9}, &gni_type_binary},
    {{"value_bytes", 11}, &gni_type_binary},
    {{"key_json", 8}, &gni_type_string},
    {{"value_json", 10}, &gni_type_string},
};
static const gni_type upload_columns = {
    .kind = GNI_STRUCT, .field_count = 4, .fields = upload_fields};

struct upload {
  gnp_job *job;
  gnp_records records;
  gnp_fold *fold; /* SNAPSHOT, or rows as they are */
  gnp_feed *feed; /* TEMPORAL: states */
  gnp_rows rows;
  gnp_sorter sorter; /* the newest run of records: all of them when they fit */
  size_t runs;
  gni_table_writer *writer;
  gn_arena arena;     /* one key's state */
  gn_arena key_arena; /* the key being folded */
  gni_value *keys;
  bool open, ended;
  gn_buf key_bytes, value_bytes, key_json, value_json;
  gn_str info;
  int32_t day;
  int64_t batch_end_ms;
};

static int json_of(struct upload *upload, const gni_avro_schema *schema, gn_str bytes, gn_buf *out,
                   gn_error *err)
{
  gni_value value;
  int rc = gni_avro_decode(schema, bytes, &upload->arena, &value, err);
  if (rc == GN_OK && gni_value_to_json(gni_avro_schema_type(schema), &value, out) != GN_OK)
    rc = gni_fail(err, out->rc, "a row does not fit in memory");
  return rc;
}

/* Readable copies of about one row in a hundred, always the same ones. */
static int add_json(struct upload *upload, gn_str key, gn_str value, gni_value *row, gn_error *err)
{
  bool info = gni_str_is(key, GNP_SERVING_KEY);
  row[2] = info ? gni_value_text(key) : GNI_NULL_VALUE;
  row[3] = info ? gni_value_text(value) : GNI_NULL_VALUE;
  if (info || gni_xxh64(key.ptr, key.len, 0) % JSON_EVERY != 0) return GN_OK;
  gni_arena_reset(&upload->arena);
  gni_buf_reset(&upload->key_json);
  gni_buf_reset(&upload->value_json);
  int rc = json_of(upload, upload->records.key, key, &upload->key_json, err);
  if (rc == GN_OK) rc = json_of(upload, upload->records.value, value, &upload->value_json, err);
  row[2] = gni_value_text(gni_buf_view(&upload->key_json));
  row[3] = gni_value_text(gni_buf_view(&upload->value_json));
  return rc;
}

static int add_upload_row(struct upload *upload, size_t index, gn_error *err)
{
  gn_str key, value;
  gni_value row[4];
  const gni_value *cells[] = {&row[0], &row[1], &row[2], &row[3]};
  gnp_sorter_get(&upload->sorter, index, &key, &value);
  row[0] = gni_value_text(key);
  row[1] = gni_value_text(value);
  int rc = add_json(upload, key, value, row, err);
  return rc == GN_OK ? gni_table_rows_add(upload->writer, 0, upload->day, cells, 1, err) : rc;
}

/* ---- records ---- */

static int write_record(struct upload *upload, const gni_value *keys, const gni_value *value,
                        gn_error *err)
{
  const gni_group *group = upload->job->group;
  gni_value key = {.list = {keys, group->keys->field_count}};
  gni_buf_reset(&upload->key_bytes);
  gni_buf_reset(&upload->value_bytes);
  int rc = gni_avro_encode(upload->records.key, &key, &upload->key_bytes, err);
  if (rc == GN_OK) rc = gni_avro_encode(upload->records.value, value, &upload->value_bytes, err);
  if (rc != GN_OK && rc != GN_E_NOMEM)
    gni_error_hint(err,
                   "Avro cannot hold a null in a list: drop it in the selection with filter(…)");
  if (rc != GN_OK) return rc;
  return gnp_sorter_add(&upload->sorter, gni_buf_view(&upload->key_bytes),
                        gni_buf_view(&upload->value_bytes), err);
}

static int emit_values(void *user, const gnp_answer *answers, size_t count, int32_t day,
                       gn_error *err)
{
  struct upload *upload = user;
  int rc = GN_OK;
  (void)day;
  for (size_t i = 0; rc == GN_OK && i < count; i++) {
    gni_value record = {.list = {answers[i].values, upload->job->group->values->field_count}};
    rc = write_record(upload, answers[i].keys, &record, err);
  }
  return rc;
}

/* ---- states of TEMPORAL GroupBys ---- */

static int end_state(struct upload *upload, gn_error *err)
{
  gn_session *session = upload->job->session;
  gni_value saved;
  upload->open = false;
  gni_arena_reset(&upload->arena);
  int rc =
      gni_batch_fold(upload->job->group->layout, upload->rows.items, upload->rows.count,
                     upload->batch_end_ms, session->config.boundary, &upload->arena, &saved, err);
  gnp_rows_reset(&upload->rows);
  return rc == GN_OK ? write_record(upload, upload->keys, &saved, err) : rc;
}

static int keep_key(struct upload *upload, gn_error *err)
{
  const gni_type *keys = upload->job->group->keys;
  gni_arena_reset(&upload->key_arena);
  upload->keys = GN_TAKE(&upload->key_arena, gni_value, keys->field_count);
  if (!upload->keys) return gni_fail_nomem(err, sizeof *upload->keys);
  for (size_t i = 0; i < keys->field_count; i++)
    if (gni_value_copy(keys->fields[i].type, &gnp_feed_keys(upload->feed)[i], &upload->key_arena,
                       &upload->keys[i]) != GN_OK)
      return gni_fail_nomem(err, 1);
  upload->open = true;
  return GN_OK;
}

static int state_step(struct upload *upload, gn_error *err)
{
  bool new_key;
  gni_row row;
  if (upload->ended) return GN_ABSENT;
  for (;;) {
    int rc = gnp_feed_next(upload->feed, &new_key, &row, err);
    if (rc == GN_ABSENT) {
      upload->ended = true;
      return upload->open ? end_state(upload, err) : GN_ABSENT;
    }
    if (rc != GN_OK) return rc;
    bool finished = new_key && upload->open;
    if (finished) rc = end_state(upload, err);
    if (rc == GN_OK && new_key) rc = keep_key(upload, err);
    if (rc == GN_OK) rc = gnp_rows_add(&upload->rows, upload->job->group->inputs, &row, err);
    if (rc != GN_OK || finished) return rc;
  }
}

/* ---- runs of sorted rows ---- */

/* As many records as fit in memory, in order. GN_ABSENT when there are no more behind them. */
static int gather_run(struct upload *upload, gn_error *err)
{
  gnp_sorter_reset(&upload->sorter);
  int rc = GN_OK;
  if (!upload->runs++)
    rc = gnp_sorter_add(&upload->sorter, GN_STR(GNP_SERVING_KEY), upload->info, err);
  while (rc == GN_OK && !gnp_sorter_full(&upload->sorter))
    rc = upload->feed ? state_step(upload, err)
                      : gnp_fold_step(upload->fold, emit_values, upload, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  int sorted = gnp_sorter_sort(&upload->sorter, err);
  return sorted == GN_OK ? rc : sorted;
}

static int write_run(struct upload *upload, gn_error *err)
{
  enum { LOOK_EVERY = 4096 };
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < upload->sorter.count; i++) {
    if (i % LOOK_EVERY == 0 && gni_cancelled(&upload->job->session->cancel))
      return gni_fail(err, GN_E_CANCELLED, "cancelled");
    rc = add_upload_row(upload, i, err);
  }
  return rc;
}

static int write_runs(struct upload *upload, gn_error *err)
{
  for (bool more = true; more;) {
    int rc = gather_run(upload, err);
    more = rc == GN_OK;
    if (rc == GN_OK || rc == GN_ABSENT) rc = write_run(upload, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- serving info ---- */

static int schema_text(const gni_avro_schema *schema, gn_arena *arena, gn_str *out, gn_error *err)
{
  gn_buf text;
  gni_buf_init(&text, arena->alloc, GN_DEF_FILE_BYTES_MAX);
  int rc = gni_avro_schema_to_json(schema, true, &text);
  *out = rc == GN_OK ? gni_str_take(arena, gni_buf_view(&text)) : (gn_str){NULL, 0};
  gni_buf_deinit(&text);
  return out->ptr ? GN_OK : gni_fail_nomem(err, 1);
}

/* A stream's rows as they arrive: the columns of the table that the source reads, in the table's
 * order. */
static int input_schema(gnp_job *job, const gni_avro_schema **out, gn_error *err)
{
  const gni_group_source *source = &job->group->sources[0];
  const gni_type *table = source->table_type;
  bool *used = GN_TAKE_ZERO(&job->arena, bool, table->field_count);
  gni_field *fields = GN_TAKE(&job->arena, gni_field, table->field_count);
  size_t count = 0;
  if (!used || !fields) return gni_fail_nomem(err, table->field_count * sizeof *fields);
  for (size_t i = 0; i < job->group->keys->field_count; i++)
    gni_bound_columns(source->keys[i], used);
  for (size_t i = 0; i < source->query->selects.count; i++) {
    const gni_bound *bound;
    const gni_expr *expr;
    int rc = gni_expr_parse(source->query->selects.values[i], &job->arena, &expr, NULL, err);
    if (rc == GN_OK)
      rc = gni_expr_bind(expr, table, &(gni_expr_options){0}, &job->arena, &bound, NULL, err);
    if (rc != GN_OK) return rc;
    gni_bound_columns(bound, used);
  }
  if (source->time) gni_bound_columns(source->time, used);
  for (size_t i = 0; i < table->field_count; i++)
    if (used[i]) fields[count++] = table->fields[i];
  const gni_type *input = gni_type_struct(&job->arena, GN_STR("Input"), fields, count);
  if (!input) return gni_fail_nomem(err, 1);
  return gni_avro_schema_from_type(input, &job->arena, out, err);
}

static int make_info(struct upload *upload, int32_t day, gn_error *err)
{
  gnp_job *job = upload->job;
  const gni_avro_schema *input;
  gni_serving_info info = {.node = {.type = &gni_struct_serving_info}, .group_by = job->group->def};
  gn_buf text;
  int rc = schema_text(upload->records.key, &job->arena, &info.key_avro_schema, err);
  if (rc == GN_OK)
    rc = schema_text(upload->records.selected, &job->arena, &info.selected_avro_schema, err);
  if (rc == GN_OK && job->group->temporal) {
    rc = input_schema(job, &input, err);
    if (rc == GN_OK) rc = schema_text(input, &job->arena, &info.input_avro_schema, err);
  }
  if (rc != GN_OK) return rc;
  info.batch_end_date = gnp_day_text(&job->arena, day + 1);
  gni_buf_init(&text, job->session->alloc, GN_VALUE_BYTES_MAX);
  rc = gni_node_write_compact(&info.node, &text);
  upload->info = rc == GN_OK ? gni_str_take(&job->arena, gni_buf_view(&text)) : (gn_str){NULL, 0};
  gni_buf_deinit(&text);
  return upload->info.ptr ? GN_OK : gni_fail_nomem(err, 1);
}

/* ---- the run ---- */

/* All but the records: what made them is not needed when they are loaded. */
static void upload_deinit(struct upload *upload)
{
  gnp_fold_close(upload->fold);
  gnp_feed_close(upload->feed);
  gnp_rows_deinit(&upload->rows);
  gni_arena_deinit(&upload->arena);
  gni_arena_deinit(&upload->key_arena);
  gni_buf_deinit(&upload->key_bytes);
  gni_buf_deinit(&upload->value_bytes);
  gni_buf_deinit(&upload->key_json);
  gni_buf_deinit(&upload->value_json);
}

static void init_buffers(struct upload *upload)
{
  const gn_alloc *alloc = upload->job->session->alloc;
  gnp_rows_init(&upload->rows, alloc, gnp_key_ceiling(upload->job));
  gni_arena_init(&upload->arena, alloc, gnp_key_ceiling(upload->job));
  gni_arena_init(&upload->key_arena, alloc, GN_STATE_BYTES_MAX);
  gni_buf_init(&upload->key_bytes, alloc, GN_VALUE_BYTES_MAX);
  gni_buf_init(&upload->value_bytes, alloc, GN_VALUE_BYTES_MAX);
  gni_buf_init(&upload->key_json, alloc, GN_VALUE_BYTES_MAX);
  gni_buf_init(&upload->value_json, alloc, GN_VALUE_BYTES_MAX);
}

/* TEMPORAL reads a partition further, as upstream does: rows that landed a day after they happened
 * are there, and a key whose rows are all newer than the batch has a record, with an empty state.
 */
static int open_rows(struct upload *upload, int32_t day, gn_error *err)
{
  gnp_job *job = upload->job;
  bool states = job->group->temporal && job->group->layout;
  int32_t newest = job->group->entities ? day : day + 1;
  gni_rows_request request = {
      .range = {newest, newest}, .before_ms = INT64_MAX, .order = GNI_ORDER_KEY_TIME};
  if (states) return gnp_feed_open(job, &request, &upload->feed, err);
  return gnp_fold_open(job, (gni_day_range){day, day}, &upload->fold, err);
}

static int write_table(struct upload *upload, gn_error *err)
{
  gnp_job *job = upload->job;
  gni_property properties[] = {{GN_STR("chronon_generated"), GN_STR("true")},
                               {GN_STR("chronon_table_type"), GN_STR("upload")}};
  gni_table_spec spec = {job->group->upload_table, &upload_columns, properties, 2, true};
  gni_table_written written;
  int rc = gni_table_writer_open(job->warehouse, &spec, &upload->writer, err);
  if (rc == GN_OK) rc = gni_table_rows_begin(upload->writer, 1, PAGES_BYTES, 1, err);
  if (rc == GN_OK) rc = write_runs(upload, err);
  if (rc == GN_OK) rc = gni_table_rows_end(upload->writer, &job->arena, &written, err);
  gni_table_writer_close(upload->writer);
  return rc;
}

/* ---- entry ---- */

static int run(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err)
{
  struct upload upload = {.job = job, .day = day, .batch_end_ms = report->batch_end_ms};
  init_buffers(&upload);
  gnp_sorter_init(&upload.sorter, job->session->alloc, gnp_key_ceiling(job));
  int rc = gnp_records_take(job->group, &job->arena, &upload.records, err);
  if (rc == GN_OK) rc = make_info(&upload, day, err);
  if (rc == GN_OK) rc = open_rows(&upload, day, err);
  if (rc == GN_OK) rc = write_table(&upload, err);
  upload_deinit(&upload);
  bool in_memory = upload.runs == 1;
  if (rc == GN_OK && in_memory) rc = gnp_upload_load(job, &upload.sorter, report, err);
  gnp_sorter_deinit(&upload.sorter);
  return rc == GN_OK && !in_memory ? gnp_upload_load_table(job, day, report, err) : rc;
}

/* The upload stands whatever becomes of the rows that it makes superfluous. */
static void retain_live(gnp_job *job, const char *conf)
{
  gni_store *store;
  gni_retained gone;
  gn_error why = {0};
  gn_str dataset = gnp_dataset_of(&job->arena, conf, "_BATCH");
  if (!dataset.ptr || gni_group_by_accuracy(job->def->group_by) != GNI_TEMPORAL) return;
  int rc = gnp_session_store(job->session, &store, &why);
  if (rc == GN_OK) rc = gni_live_retain(store, job->session->alloc, dataset, &gone, &why);
  if (rc != GN_OK)
    gnp_session_log(job->session, GN_LOG_WARN, "flow.upload",
                    "live rows of before were not removed", "reason", why.message);
}

int gn_upload(gn_session *session, const gn_upload_args *args, gn_upload_report *report,
              gn_error *err)
{
  gnp_job job;
  int32_t day;
  bool from_table = args->struct_size >= sizeof *args && args->from_table;
  *report = (gn_upload_report){0};
  int rc = gnp_job_open(session, args->conf, "upload", &job, err);
  if (rc == GN_OK)
    rc = gnp_day_argument(args->ds, "day", gnp_session_yesterday(session), &day, err);
  if (rc == GN_OK) report->batch_end_ms = (int64_t)(day + 1) * GN_DAY_MS;
  if (rc == GN_OK) rc = from_table ? gnp_job_open_engine(&job, err) : gnp_job_bind(&job, err);
  if (rc == GN_OK)
    rc = from_table ? gnp_upload_load_again(&job, day, report, err) : run(&job, day, report, err);
  if (rc == GN_OK) retain_live(&job, args->conf);
  gnp_job_close(&job);
  return rc;
}
