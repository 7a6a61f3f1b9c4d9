/* What runs: one execution after the other, read as a stream, ended from another thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "adbc/driver.h"

/* ---- links ----------------------------------------------------------------------------------- */

adbcp_link *adbcp_link_new(const gn_alloc *alloc)
{
  adbcp_link *link = gni_alloc_zero(alloc, sizeof *link);
  if (!link) return NULL;
  link->alloc = *alloc;
  atomic_store_explicit(&link->references, 1, memory_order_relaxed);
  pthread_mutex_init(&link->lock, NULL);
  return link;
}

void adbcp_link_unref(adbcp_link *link)
{
  if (!link || atomic_fetch_sub_explicit(&link->references, 1, memory_order_acq_rel) != 1) return;
  const gn_alloc alloc = link->alloc;
  pthread_mutex_destroy(&link->lock);
  gni_free(&alloc, link, sizeof *link);
}

static adbcp_operation *running(adbcp_link *link, const char *id)
{
  adbcp_operation *op = link->running;
  while (op && strcmp(op->id, id) != 0) op = op->next;
  return op;
}

void adbcp_on_event(void *user, const sparkc_event *event)
{
  adbcp_link *link = user;
  if (event->kind != SPARKC_EVENT_PROGRESS || !event->operation_id) return;
  pthread_mutex_lock(&link->lock);
  adbcp_operation *op = running(link, event->operation_id);
  if (op) {
    op->done = (double)event->tasks_done;
    op->total = (double)event->tasks_total;
  }
  pthread_mutex_unlock(&link->lock);
}

/* ---- operations ------------------------------------------------------------------------------ */

/* Under link->lock. */
static void link_out(adbcp_link *link, const adbcp_operation *op)
{
  adbcp_operation **at = &link->running;
  while (*at && *at != op) at = &(*at)->next;
  if (*at) *at = op->next;
}

/* What runs now is told of under this id. */
static void watch(adbcp_operation *op, const char *id)
{
  adbcp_link *link = op->link;
  pthread_mutex_lock(&link->lock);
  link_out(link, op);
  snprintf(op->id, sizeof op->id, "%s", id);
  op->done = op->total = 0;
  op->next = link->running;
  link->running = op;
  pthread_mutex_unlock(&link->lock);
}

int adbcp_operation_new(adbcp_link *link, adbcp_operation **out, sparkc_error *err)
{
  adbcp_operation *op = *out = gni_alloc_zero(&link->alloc, sizeof *op);
  if (!op) return adbcp_nomem(err);
  op->link = link;
  atomic_fetch_add_explicit(&link->references, 1, memory_order_relaxed);
  atomic_store_explicit(&op->references, 1, memory_order_relaxed);
  pthread_mutex_init(&op->lock, NULL);
  return SPARKC_OK;
}

void adbcp_operation_ref(adbcp_operation *operation)
{
  atomic_fetch_add_explicit(&operation->references, 1, memory_order_relaxed);
}

void adbcp_operation_unref(adbcp_operation *op)
{
  if (!op || atomic_fetch_sub_explicit(&op->references, 1, memory_order_acq_rel) != 1) return;
  adbcp_link *link = op->link;
  adbcp_operation_finish(op);
  pthread_mutex_lock(&link->lock);
  link_out(link, op);
  pthread_mutex_unlock(&link->lock);
  pthread_mutex_destroy(&op->lock);
  gni_free(&link->alloc, op, sizeof *op);
  adbcp_link_unref(link);
}

void adbcp_operation_finish(adbcp_operation *operation)
{
  pthread_mutex_lock(&operation->lock);
  sparkc_result *result = operation->result;
  operation->result = NULL;
  pthread_mutex_unlock(&operation->lock);
  sparkc_result_close(result);
}

void adbcp_operation_progress(adbcp_operation *operation, double *done, double *total)
{
  pthread_mutex_lock(&operation->link->lock);
  *done = operation->done;
  *total = operation->total;
  pthread_mutex_unlock(&operation->link->lock);
}

void adbcp_operation_id(adbcp_operation *operation, char out[SPARKC_UUID_BYTES])
{
  pthread_mutex_lock(&operation->link->lock);
  memcpy(out, operation->id, SPARKC_UUID_BYTES);
  pthread_mutex_unlock(&operation->link->lock);
}

int adbcp_operation_check(adbcp_operation *operation, sparkc_error *err)
{
  pthread_mutex_lock(&operation->lock);
  bool cancelled = operation->cancelled;
  pthread_mutex_unlock(&operation->lock);
  return cancelled ? adbcp_say(err, SPARKC_E_CANCELLED, "the statement was cancelled") : SPARKC_OK;
}

/* Before the server is sent something; `out` are the arguments of the operation it will be. */
static int begin(adbcp_operation *op, const sparkc_execute_args *given, sparkc_execute_args *out,
                 sparkc_error *err)
{
  char id[SPARKC_UUID_BYTES];
  int rc = adbcp_operation_check(op, err);
  if (rc == SPARKC_OK) rc = sparkc_uuid(id, err);
  if (rc != SPARKC_OK) return rc;
  watch(op, id);
  *out = *given;
  out->operation_id = op->id; /* which this thread alone changes */
  pthread_mutex_lock(&op->lock);
  op->is_sent = true;
  pthread_mutex_unlock(&op->lock);
  return SPARKC_OK;
}

static void end(adbcp_operation *op)
{
  pthread_mutex_lock(&op->lock);
  op->is_sent = false;
  pthread_mutex_unlock(&op->lock);
}

int adbcp_operation_sql(adbcp_operation *op, const sparkc_dataframe *query,
                        const sparkc_execute_args *args, sparkc_dataframe **out, sparkc_error *err)
{
  sparkc_execute_args own;
  *out = NULL;
  int rc = begin(op, args, &own, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_sql_run(query, &own, out, err);
  end(op);
  return rc;
}

int adbcp_operation_command(adbcp_operation *op, const char *type, const sparkc_field *fields,
                            size_t count, const sparkc_execute_args *args, sparkc_error *err)
{
  sparkc_execute_args own;
  int rc = begin(op, args, &own, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_command_run(op->link->session, type, fields, count, &own, NULL, err);
  end(op);
  return rc;
}

/* So that what is wrong with a query is said by the call that runs it. */
static int wait_for_schema(adbcp_operation *op, sparkc_error *err)
{
  struct ArrowSchema schema;
  int rc = sparkc_result_schema(op->result, &schema, err);
  if (schema.release) schema.release(&schema);
  if (rc != SPARKC_OK) adbcp_operation_finish(op);
  return rc;
}

int adbcp_operation_start(adbcp_operation *op, const sparkc_dataframe *df,
                          const sparkc_execute_args *args, sparkc_error *err)
{
  sparkc_result *result;
  int rc = adbcp_operation_check(op, err);
  if (rc == SPARKC_OK) rc = sparkc_execute(df, args, &result, err);
  if (rc != SPARKC_OK) return rc;
  watch(op, sparkc_result_operation_id(result));
  pthread_mutex_lock(&op->lock);
  op->result = result;
  pthread_mutex_unlock(&op->lock);
  return wait_for_schema(op, err);
}

static bool is_sent(adbcp_operation *op)
{
  pthread_mutex_lock(&op->lock);
  bool sent = op->is_sent;
  pthread_mutex_unlock(&op->lock);
  return sent;
}

/* The server may not know it yet, though it is on its way: asked until it does. */
static int interrupt_sent(adbcp_operation *op, sparkc_error *err)
{
  enum { TRIES = 50 };
  const struct timespec pause = {0, 20000000};
  char id[SPARKC_UUID_BYTES];
  size_t ended = 0;
  int rc = SPARKC_OK;
  for (int i = 0; i < TRIES && rc == SPARKC_OK && ended == 0 && is_sent(op); i++) {
    if (i) nanosleep(&pause, NULL);
    adbcp_operation_id(op, id);
    rc = sparkc_session_interrupt(op->link->session, SPARKC_INTERRUPT_OPERATION, id, &ended, err);
  }
  return rc;
}

int adbcp_operation_cancel(adbcp_operation *op, sparkc_error *err)
{
  int rc = SPARKC_OK;
  pthread_mutex_lock(&op->lock);
  op->cancelled = true;
  bool sent = op->is_sent;
  if (op->result) rc = sparkc_result_cancel(op->result, err);
  pthread_mutex_unlock(&op->lock);
  return sent ? interrupt_sent(op, err) : rc;
}

/* The one number of a table's own answer to a change: Delta's and Iceberg's "num_affected_rows". */
static int64_t affected(const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
  for (int64_t i = 0; batch->length == 1 && i < schema->n_children; i++) {
    const struct ArrowSchema *field = schema->children[i];
    const struct ArrowArray *column = batch->children[i];
    if (strcmp(field->name, "num_affected_rows") == 0 && strcmp(field->format, "l") == 0 &&
        column->null_count == 0)
      return ((const int64_t *)column->buffers[1])[column->offset + batch->offset];
  }
  return -1;
}

int adbcp_operation_drain(adbcp_operation *op, int64_t *rows, sparkc_error *err)
{
  struct ArrowSchema schema;
  struct ArrowArray batch;
  *rows = -1;
  int rc = sparkc_result_schema(op->result, &schema, err);
  while (rc == SPARKC_OK) {
    rc = sparkc_result_next(op->result, &batch, err);
    if (rc != SPARKC_OK || !batch.release) break;
    if (*rows < 0) *rows = affected(&schema, &batch);
    batch.release(&batch);
  }
  if (schema.release) schema.release(&schema);
  adbcp_operation_finish(op);
  return rc;
}

/* ---- as a stream ----------------------------------------------------------------------------- */

typedef struct rows_stream {
  gn_alloc alloc;
  adbcp_source source;
  bool ended;
  AdbcStatusCode status;
  struct AdbcError last;
} rows_stream;

static int errno_of(AdbcStatusCode status)
{
  switch (status) {
  case ADBC_STATUS_OK:
    return 0;
  case ADBC_STATUS_CANCELLED:
    return ECANCELED;
  case ADBC_STATUS_TIMEOUT:
    return ETIMEDOUT;
  case ADBC_STATUS_IO:
    return EIO;
  case ADBC_STATUS_NOT_FOUND:
    return ENOENT;
  default:
    return EINVAL;
  }
}

static int give(rows_stream *s, sparkc_error *err)
{
  s->status = adbcp_give(&s->last, err);
  return errno_of(s->status);
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  rows_stream *s = stream->private_data;
  sparkc_error err = {0};
  *out = (struct ArrowSchema){.release = NULL};
  if (s->source.operation->result)
    sparkc_result_schema(s->source.operation->result, out, &err);
  else
    adbcp_say(&err, SPARKC_E_PLAN, "the rows have all been read");
  return give(s, &err);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  rows_stream *s = stream->private_data;
  adbcp_operation *op = s->source.operation;
  sparkc_error err = {0};
  *out = (struct ArrowArray){.release = NULL};
  while (!s->ended && err.code == SPARKC_OK) {
    int rc = sparkc_result_next(op->result, out, &err);
    if (rc != SPARKC_OK || out->release) break;
    rc = s->source.next ? s->source.next(s->source.user, &err) : GN_ABSENT;
    s->ended = rc != SPARKC_OK;
  }
  if (err.code != SPARKC_OK && adbcp_operation_check(op, NULL) != SPARKC_OK)
    err.code = SPARKC_E_CANCELLED; /* whatever the server says of it */
  return give(s, &err);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
  return ((const rows_stream *)stream->private_data)->last.message;
}

static void close_source(const adbcp_source *source)
{
  adbcp_operation_finish(source->operation);
  if (source->close) source->close(source->user);
  adbcp_operation_unref(source->operation);
}

static void release(struct ArrowArrayStream *stream)
{
  rows_stream *s = stream->private_data;
  const gn_alloc alloc = s->alloc;
  stream->release = NULL;
  if (s->last.release) s->last.release(&s->last);
  close_source(&s->source);
  gni_free(&alloc, s, sizeof *s);
}

int adbcp_stream_new(const adbcp_source *source, struct ArrowArrayStream *out, sparkc_error *err)
{
  const gn_alloc alloc = source->operation->link->alloc;
  rows_stream *s = gni_alloc_zero(&alloc, sizeof *s);
  *out = (struct ArrowArrayStream){.release = NULL};
  if (!s) {
    close_source(source);
    return adbcp_nomem(err);
  }
  *s = (rows_stream){.alloc = alloc, .source = *source, .last = ADBC_ERROR_INIT};
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, s};
  return SPARKC_OK;
}

/* ---- public ---------------------------------------------------------------------------------- */

const struct AdbcError *AdbcErrorFromArrayStream(struct ArrowArrayStream *stream,
                                                 AdbcStatusCode *status)
{
  if (!stream || stream->release != release) return NULL;
  const rows_stream *s = stream->private_data;
  if (s->status == ADBC_STATUS_OK) return NULL;
  if (status) *status = s->status;
  return &s->last;
}
