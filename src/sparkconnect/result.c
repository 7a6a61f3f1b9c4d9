/* Batches: chunks joined, checked, decoded in place. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "data/ipc.h"
#include "wire/proto.h"

/* A row may be larger than any message; Arrow's offsets end here. */
static const size_t chunked_bytes_max = (size_t)4 << 30;

struct sparkc_result {
  gn_alloc alloc;
  sparkp_operation *operation;
  gni_ipc_reader *reader;
  struct ArrowArray first; /* read ahead for the schema */
  bool has_first, failed;
  int64_t rows, bytes, rows_max, bytes_max;
  gn_buf chunks; /* of a batch that came in several */
  int64_t chunk_next;
  sparkp_batch chunked;
  sparkc_error last; /* of the stream */
  gn_buf relation;
  gn_buf answers; /* encoded fields of responses that are about a command */
};

/* ---- one batch ------------------------------------------------------------------------------- */

static int damaged(sparkc_error *err, const char *what)
{
  return sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is damaged: %s", what);
}

static void release_message(void *owner)
{
  gni_grpc_message_unref(owner);
}

/* Where the transport could not see ahead, the bytes lie badly for Arrow: moved once. */
static bool align(const sparkc_result *result, gn_str *data, gni_grpc_message **owner)
{
  if ((uintptr_t)data->ptr % 8 == 0) return true;
  gni_grpc_message *moved = gni_grpc_message_new(&result->alloc, *data, NULL);
  gni_grpc_message_unref(*owner);
  *owner = moved;
  if (moved) *data = (gn_str){moved->ptr, moved->len};
  return moved != NULL;
}

/* `owner` holds the bytes of `data`; it is taken over. */
static int decode(sparkc_result *result, const sparkp_batch *batch, gn_str data,
                  gni_grpc_message *owner, struct ArrowArray *out, sparkc_error *err)
{
  gn_error why = {0};
  if (!align(result, &data, &owner)) return sparkp_nomem(err);
  const gni_ipc_bytes bytes = {data, release_message, owner};
  if (gni_ipc_read(result->reader, &bytes, out, &why) != GN_OK) return sparkp_fail_from(err, &why);
  int64_t rows = out->release ? out->length : 0;
  int rc = SPARKC_OK;
  if (rows != batch->row_count) rc = damaged(err, "a batch has not as many rows as it says");
  if (rc == SPARKC_OK && batch->has_start_offset && batch->start_offset != result->rows)
    rc = damaged(err, "rows are missing, or came twice");
  if (__builtin_add_overflow(result->rows, rows, &result->rows) ||
      __builtin_add_overflow(result->bytes, (int64_t)data.len, &result->bytes))
    rc = sparkp_fail(err, SPARKC_E_LIMIT, "there are more rows than can be counted");
  if (rc == SPARKC_OK && result->rows_max && result->rows > result->rows_max)
    rc = sparkp_fail(err, SPARKC_E_LIMIT, "there are more than rows_max = %" PRId64 " rows",
                     result->rows_max);
  if (rc == SPARKC_OK && result->bytes_max && result->bytes > result->bytes_max)
    rc = sparkp_fail(err, SPARKC_E_LIMIT, "there are more than bytes_max = %" PRId64 " bytes",
                     result->bytes_max);
  if (rc != SPARKC_OK) gni_array_close(out);
  if (rc == SPARKC_OK)
    sparkp_tell(result->operation->session, &(sparkc_event){.kind = SPARKC_EVENT_BATCH,
                                                            .operation_id = result->operation->id,
                                                            .rows = rows,
                                                            .bytes = (int64_t)data.len});
  return rc;
}

/* Adds a chunk; GN_ABSENT while the batch is not whole. */
static int join(sparkc_result *result, const sparkp_batch *chunk, gni_grpc_message **whole,
                sparkc_error *err)
{
  if (chunk->chunk_index != result->chunk_next) return damaged(err, "a chunk is missing");
  if (chunk->chunk_index == 0) {
    gni_buf_reset(&result->chunks);
    result->chunked = *chunk;
  }
  if (chunk->chunk_count != result->chunked.chunk_count ||
      chunk->row_count != result->chunked.row_count)
    return damaged(err, "chunks of a batch do not agree");
  if (gni_buf_add_str(&result->chunks, chunk->data) != GN_OK)
    return result->chunks.rc == GN_E_LIMIT
               ? sparkp_fail(err, SPARKC_E_LIMIT, "a batch is above %zu bytes",
                             result->chunks.ceiling_bytes)
               : sparkp_nomem(err);
  if (++result->chunk_next < chunk->chunk_count) return GN_ABSENT;
  *whole = gni_grpc_message_new(&result->alloc, gni_buf_view(&result->chunks), NULL);
  result->chunk_next = 0;
  gni_buf_deinit(&result->chunks); /* a large one is not kept: batches in chunks are rare */
  gni_buf_init(&result->chunks, &result->alloc, chunked_bytes_max);
  return *whole ? SPARKC_OK : sparkp_nomem(err);
}

/* Takes over `message`. */
static int take_batch(sparkc_result *result, const sparkp_batch *batch, gni_grpc_message *message,
                      struct ArrowArray *out, sparkc_error *err)
{
  gni_grpc_message *whole = NULL;
  bool in_chunks = batch->has_chunk_index && batch->chunk_count > 1;
  if (!in_chunks && result->chunk_next != 0) {
    gni_grpc_message_unref(message);
    return damaged(err, "a batch came between the chunks of another");
  }
  if (!in_chunks) return decode(result, batch, batch->data, message, out, err);
  int rc = join(result, batch, &whole, err);
  gni_grpc_message_unref(message);
  if (rc != SPARKC_OK || !whole) return rc;
  const sparkp_batch joined = result->chunked;
  return decode(result, &joined, (gn_str){whole->ptr, whole->len}, whole, out, err);
}

/* ---- metrics --------------------------------------------------------------------------------- */

enum { METRIC_TEXT_BYTES = 256 };

static const char *cut_text(gn_str text, char out[METRIC_TEXT_BYTES])
{
  size_t len = text.len < METRIC_TEXT_BYTES - 1 ? text.len : METRIC_TEXT_BYTES - 1;
  if (len) memcpy(out, text.ptr, len);
  out[len] = '\0';
  return out;
}

static void tell_observed(void *user, const sparkp_metric *metric)
{
  const sparkc_result *result = user;
  const sparkp_operation *operation = result->operation;
  char name[METRIC_TEXT_BYTES], key[METRIC_TEXT_BYTES], value[METRIC_TEXT_BYTES];
  if (gni_str_is(metric->name, "__python_accumulator__")) return;
  if (metric->key.ptr)
    cut_text(metric->key, key);
  else
    snprintf(key, sizeof key, "observed_metric_%" PRId64, metric->value);
  sparkp_literal_text(metric->literal, value, sizeof value);
  sparkp_tell(operation->session, &(sparkc_event){.kind = SPARKC_EVENT_OBSERVED,
                                                  .operation_id = operation->id,
                                                  .name = cut_text(metric->name, name),
                                                  .key = key,
                                                  .text = value,
                                                  .plan_id = metric->plan_id});
}

static void tell_metric(void *user, const sparkp_metric *metric)
{
  const sparkc_result *result = user;
  const sparkp_operation *operation = result->operation;
  char name[METRIC_TEXT_BYTES], key[METRIC_TEXT_BYTES], kind[METRIC_TEXT_BYTES];
  sparkp_tell(operation->session, &(sparkc_event){.kind = SPARKC_EVENT_METRIC,
                                                  .operation_id = operation->id,
                                                  .name = cut_text(metric->name, name),
                                                  .key = cut_text(metric->key, key),
                                                  .text = cut_text(metric->kind, kind),
                                                  .plan_id = metric->plan_id,
                                                  .value = metric->value});
}

/* ---- responses ------------------------------------------------------------------------------- */

enum { STEP_OTHER = GN_ABSENT + 1 };

/* Whether a field of a response answers a command: not the ids, not what a query gives. */
static bool is_answer(uint32_t field)
{
  return (field >= 8 && field <= 11) || field == 16 || field == 17 ||
         (field >= 19 && field <= 23) || field == 999;
}

/* Keeps the answers, each with its tag as it came. */
static int keep_answers(sparkc_result *result, gn_str response)
{
  gni_proto_field field;
  gn_str rest = response, before = response;
  while (gni_proto_next(&rest, &field) == GN_OK) {
    if (is_answer(field.number))
      gni_buf_add(&result->answers, before.ptr, (size_t)(rest.ptr - before.ptr));
    before = rest;
  }
  return result->answers.rc;
}

/* One response. GN_OK with a batch in `out`, GN_ABSENT at the end, STEP_OTHER: something else. */
static int step(sparkc_result *result, struct ArrowArray *out, sparkc_error *err)
{
  gni_grpc_message *message;
  sparkp_response response;
  int rc = sparkp_operation_next(result->operation, &message, &response, err);
  if (rc == GN_ABSENT && result->chunk_next != 0) return damaged(err, "a chunk is missing");
  if (rc != SPARKC_OK) return rc;
  if (sparkp_scan_metrics(response.whole, result, tell_metric) != GN_OK ||
      sparkp_scan_observed(response.whole, result, tell_observed) != GN_OK) {
    gni_grpc_message_unref(message);
    return damaged(err, "a metric");
  }
  if (response.has_sql_relation) {
    gni_buf_reset(&result->relation);
    if (gni_buf_add_str(&result->relation, response.sql_relation) != GN_OK) rc = sparkp_nomem(err);
  }
  if (rc == SPARKC_OK && !response.has_batch && keep_answers(result, response.whole) != GN_OK)
    rc = sparkp_nomem(err);
  if (rc == SPARKC_OK && response.has_batch)
    rc = take_batch(result, &response.batch, message, out, err);
  else {
    gni_grpc_message_unref(message);
    rc = rc == SPARKC_OK ? STEP_OTHER : rc;
  }
  return rc == GN_ABSENT ? STEP_OTHER : rc; /* a chunk of several */
}

static int next_batch(sparkc_result *result, struct ArrowArray *out, sparkc_error *err)
{
  int rc;
  *out = (struct ArrowArray){.release = NULL};
  if (result->failed) return sparkp_fail(err, SPARKC_E_PLAN, "the result has failed before");
  do rc = step(result, out, err);
  while (rc == STEP_OTHER);
  if (rc == GN_ABSENT) return SPARKC_OK;
  result->failed = rc != SPARKC_OK;
  return rc;
}

int sparkc_result_next(sparkc_result *result, struct ArrowArray *out, sparkc_error *err)
{
  sparkc_error own = {0};
  if (result->has_first) {
    *out = result->first;
    result->has_first = false;
    return SPARKC_OK;
  }
  int rc = next_batch(result, out, &own);
  return rc == SPARKC_OK ? rc : sparkp_error_move(&own, err);
}

int sparkc_result_schema(sparkc_result *result, struct ArrowSchema *out, sparkc_error *err)
{
  gn_error why = {0};
  *out = (struct ArrowSchema){.release = NULL};
  if (!gni_ipc_reader_schema(result->reader) && !result->has_first) {
    int rc = sparkc_result_next(result, &result->first, err);
    if (rc != SPARKC_OK) return rc;
    result->has_first = result->first.release != NULL;
  }
  const struct ArrowSchema *schema = gni_ipc_reader_schema(result->reader);
  int rc = schema ? gni_schema_copy(schema, out, &why) : gni_schema_empty(out, &why);
  return rc == GN_OK ? SPARKC_OK : sparkp_fail_from(err, &why);
}

int sparkp_result_drain(sparkc_result *result, gn_buf *relation, gn_buf *answers, sparkc_error *err)
{
  struct ArrowArray batch;
  int rc;
  do {
    rc = sparkc_result_next(result, &batch, err);
    if (rc != SPARKC_OK || !batch.release) break;
    gni_array_close(&batch);
  } while (true);
  if (rc == SPARKC_OK && gni_buf_add_str(relation, gni_buf_view(&result->relation)) != GN_OK)
    rc = sparkp_nomem(err);
  if (rc == SPARKC_OK && answers &&
      gni_buf_add_str(answers, gni_buf_view(&result->answers)) != GN_OK)
    rc = sparkp_nomem(err);
  return rc;
}

/* ---- opening and closing --------------------------------------------------------------------- */

int sparkp_result_open(sparkc_session *session, const Spark__Connect__Plan *plan,
                       const sparkc_execute_args *args, sparkc_result **out, sparkc_error *err)
{
  gn_error why = {0};
  *out = NULL;
  sparkc_result *result = gni_alloc_zero(&session->alloc, sizeof *result);
  if (!result) return sparkp_nomem(err);
  result->alloc = session->alloc;
  result->rows_max = args->rows_max;
  result->bytes_max = args->bytes_max;
  gni_buf_init(&result->chunks, &result->alloc, chunked_bytes_max);
  gni_buf_init(&result->relation, &result->alloc, SPARKP_TEXT_BYTES_MAX);
  gni_buf_init(&result->answers, &result->alloc, SPARKP_TEXT_BYTES_MAX);
  int rc = SPARKC_OK;
  if (gni_ipc_reader_new(&result->alloc, &result->reader, &why) != GN_OK)
    rc = sparkp_fail_from(err, &why);
  if (rc == SPARKC_OK) rc = sparkp_operation_open(session, plan, args, &result->operation, err);
  if (rc == SPARKC_OK)
    *out = result;
  else
    sparkc_result_close(result);
  return rc;
}

void sparkc_result_close(sparkc_result *result)
{
  if (!result) return;
  const gn_alloc alloc = result->alloc;
  if (result->has_first) gni_array_close(&result->first);
  gni_ipc_reader_free(result->reader);
  gni_buf_deinit(&result->chunks);
  gni_buf_deinit(&result->relation);
  gni_buf_deinit(&result->answers);
  sparkc_error_clear(&result->last);
  sparkp_operation_close(result->operation);
  gni_free(&alloc, result, sizeof *result);
}

const char *sparkc_result_operation_id(const sparkc_result *result)
{
  return result->operation->id;
}

int sparkc_result_cancel(sparkc_result *result, sparkc_error *err)
{
  sparkp_operation *operation = result->operation;
  int rc = sparkc_session_interrupt(operation->session, SPARKC_INTERRUPT_OPERATION, operation->id,
                                    NULL, err);
  sparkp_operation_cancel(operation);
  return rc;
}

/* ---- as an Arrow stream ---------------------------------------------------------------------- */

static int errno_of(int code)
{
  switch (code) {
  case SPARKC_OK:
    return 0;
  case SPARKC_E_NOMEM:
    return ENOMEM;
  case SPARKC_E_CANCELLED:
    return ECANCELED;
  case SPARKC_E_TIMEOUT:
    return ETIMEDOUT;
  case SPARKC_E_TRANSPORT:
    return EIO;
  default:
    return EINVAL;
  }
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  sparkc_result *result = stream->private_data;
  sparkc_error_clear(&result->last);
  return errno_of(sparkc_result_schema(result, out, &result->last));
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  sparkc_result *result = stream->private_data;
  sparkc_error_clear(&result->last);
  return errno_of(sparkc_result_next(result, out, &result->last));
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
  const sparkc_result *result = stream->private_data;
  return result->last.code == SPARKC_OK ? NULL : sparkc_error_message(&result->last);
}

static void stream_release(struct ArrowArrayStream *stream)
{
  sparkc_result_close(stream->private_data);
  stream->release = NULL;
}

int sparkc_result_to_stream(sparkc_result *result, struct ArrowArrayStream *out, sparkc_error *err)
{
  (void)err;
  *out = (struct ArrowArrayStream){.get_schema = stream_schema,
                                   .get_next = stream_next,
                                   .get_last_error = stream_error,
                                   .release = stream_release,
                                   .private_data = result};
  return SPARKC_OK;
}

const sparkc_error *sparkc_stream_error(struct ArrowArrayStream *stream)
{
  if (stream->release != stream_release) return NULL;
  return &((sparkc_result *)stream->private_data)->last;
}
