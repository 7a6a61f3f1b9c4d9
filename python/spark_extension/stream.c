/* Rows on their way, as an Arrow stream and as Python's values. SPDX-License-Identifier: Apache-2.0
 */
#include "spark_extension.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char capsule_name[] = "arrow_array_stream";

/* The result belongs to the stream's side of it: whoever releases the stream closes it. */
typedef struct stream_object {
  PyObject_HEAD sparkc_result *result; /* NULL once it was handed on or closed */
} stream_object;

PyObject *pys_stream_new(sparkc_result *result)
{
  stream_object *self = pys_new(pys_module_get()->stream_type);
  if (self)
    self->result = result;
  else
    sparkc_result_close(result);
  return (PyObject *)(void *)self;
}

/* ---- waiting for a batch --------------------------------------------------------------------- */

typedef struct next_call {
  pys_call head;
  sparkc_result *result;
  struct ArrowSchema *schema; /* one of the two is asked for */
  struct ArrowArray *batch;
} next_call;

static int next_run(pys_call *head)
{
  next_call *call = (next_call *)(void *)head;
  return call->schema ? sparkc_result_schema(call->result, call->schema, &head->err)
                      : sparkc_result_next(call->result, call->batch, &head->err);
}

static void next_stop(pys_call *head)
{
  sparkc_result_cancel(((next_call *)(void *)head)->result, NULL);
}

/* True, or false with an exception. */
static bool ask(sparkc_result *result, struct ArrowSchema *schema, struct ArrowArray *batch)
{
  next_call call = {{next_run, next_stop, {0}, 0}, result, schema, batch};
  if (!pys_wait(&call.head)) return false;
  if (call.head.rc == SPARKC_OK) return true;
  pys_raise(&call.head.err);
  return false;
}

/* ---- as an Arrow stream ---------------------------------------------------------------------- */

/* Consumers know only an errno and a text. */
typedef struct held {
  sparkc_result *result;
  sparkc_error err;
} held;

static int errno_of(int rc)
{
  if (rc == SPARKC_OK) return 0;
  return rc == SPARKC_E_CANCELLED ? ECANCELED : rc == SPARKC_E_NOMEM ? ENOMEM : EIO;
}

/* Consumers may hold the interpreter's lock or not; with it held, Ctrl-C is seen. */
static int held_ask(held *h, struct ArrowSchema *schema, struct ArrowArray *batch)
{
  next_call call = {{next_run, next_stop, {0}, 0}, h->result, schema, batch};
  PyGILState_STATE lock = PyGILState_Ensure();
  bool calm = pys_wait(&call.head);
  if (!calm) PyErr_Clear();
  PyGILState_Release(lock);
  sparkc_error_clear(&h->err);
  h->err = call.head.err;
  if (!calm) {
    snprintf(h->err.message, sizeof h->err.message, "interrupted");
    return ECANCELED;
  }
  return errno_of(call.head.rc);
}

static int held_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  return held_ask(stream->private_data, out, NULL);
}

static int held_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  return held_ask(stream->private_data, NULL, out);
}

static const char *held_error(struct ArrowArrayStream *stream)
{
  held *h = stream->private_data;
  return sparkc_error_message(&h->err);
}

static void held_release(struct ArrowArrayStream *stream)
{
  held *h = stream->private_data;
  sparkc_result_close(h->result);
  sparkc_error_clear(&h->err);
  free(h);
  stream->release = NULL;
}

static void capsule_free(PyObject *capsule)
{
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, capsule_name);
  PyThreadState *released = PyEval_SaveThread();
  if (stream && stream->release) stream->release(stream);
  free(stream);
  PyEval_RestoreThread(released);
}

static stream_object *unread(PyObject *object)
{
  stream_object *self = (stream_object *)(void *)object;
  if (self->result) return self;
  PyErr_SetString(PyExc_ValueError, "the rows of this stream were read already");
  return NULL;
}

static PyObject *stream_capsule(PyObject *object, PyObject *args, PyObject *words)
{
  static char *names[] = {"requested_schema", NULL};
  PyObject *requested = Py_None; /* a wish that the protocol lets us leave out */
  if (!PyArg_ParseTupleAndKeywords(args, words, "|O", names, &requested)) return NULL;
  stream_object *self = unread(object);
  if (!self) return NULL;
  struct ArrowArrayStream *stream = malloc(sizeof *stream);
  held *h = calloc(1, sizeof *h);
  PyObject *capsule = stream && h ? PyCapsule_New(stream, capsule_name, capsule_free) : NULL;
  if (!capsule) {
    free(stream);
    free(h);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
  }
  h->result = self->result;
  self->result = NULL;
  *stream = (struct ArrowArrayStream){held_schema, held_next, held_error, held_release, h};
  return capsule;
}

/* ---- as values ------------------------------------------------------------------------------- */

static bool add_batch(PyObject *rows, const struct ArrowSchema *schema, struct ArrowArray *batch)
{
  PyObject *more = pys_rows(schema, batch);
  bool ok = more && PyList_SetSlice(rows, PyList_Size(rows), PyList_Size(rows), more) == 0;
  Py_XDECREF(more);
  batch->release(batch);
  return ok;
}

static PyObject *names_of(const struct ArrowSchema *schema)
{
  PyObject *names = PyTuple_New((Py_ssize_t)schema->n_children);
  for (int64_t i = 0; names && i < schema->n_children; i++) {
    PyObject *name = PyUnicode_FromString(schema->children[i]->name);
    if (!name || PyTuple_SetItem(names, (Py_ssize_t)i, name) < 0) Py_CLEAR(names);
  }
  return names;
}

static PyObject *stream_batches(PyObject *object, PyObject *none)
{
  struct ArrowSchema schema = {0};
  struct ArrowArray batch = {0};
  (void)none;
  stream_object *self = unread(object);
  if (!self || !ask(self->result, &schema, NULL)) return NULL;
  PyObject *names = names_of(&schema), *rows = PyList_New(0);
  bool ok = names && rows;
  while (ok) {
    ok = ask(self->result, NULL, &batch);
    if (!ok || !batch.release) break;
    ok = add_batch(rows, &schema, &batch);
  }
  schema.release(&schema);
  PyObject *out = ok ? PyTuple_Pack(2, names, rows) : NULL;
  Py_XDECREF(names);
  Py_XDECREF(rows);
  return out;
}

/* The next batch's rows, or None at the end: for iterators, which keep one batch. */
static PyObject *stream_next_rows(PyObject *object, PyObject *none)
{
  struct ArrowSchema schema = {0};
  struct ArrowArray batch = {0};
  (void)none;
  stream_object *self = unread(object);
  if (!self || !ask(self->result, &schema, NULL)) return NULL;
  bool ok = ask(self->result, NULL, &batch);
  PyObject *names = ok && batch.release ? names_of(&schema) : NULL;
  PyObject *rows = names ? pys_rows(&schema, &batch) : NULL;
  PyObject *out = rows ? PyTuple_Pack(2, names, rows) : NULL;
  bool end = ok && !batch.release;
  if (batch.release) batch.release(&batch);
  schema.release(&schema);
  Py_XDECREF(names);
  Py_XDECREF(rows);
  if (!end) return out;
  Py_INCREF(Py_None);
  return Py_None;
}

static PyObject *stream_operation_id(PyObject *object, PyObject *none)
{
  (void)none;
  stream_object *self = unread(object);
  return self ? PyUnicode_FromString(sparkc_result_operation_id(self->result)) : NULL;
}

static PyObject *stream_close(PyObject *object, PyObject *none)
{
  stream_object *self = (stream_object *)(void *)object;
  sparkc_result *result = self->result;
  (void)none;
  self->result = NULL;
  PyThreadState *released = PyEval_SaveThread();
  sparkc_result_close(result);
  PyEval_RestoreThread(released);
  Py_INCREF(Py_None);
  return Py_None;
}

static void stream_dealloc(PyObject *object)
{
  Py_XDECREF(stream_close(object, NULL));
  pys_free(object);
}

static PyMethodDef stream_methods[] = {
    {"__arrow_c_stream__", PYS_KEYWORDS(stream_capsule), METH_VARARGS | METH_KEYWORDS,
     "The rows, as Arrow's PyCapsule protocol gives them; once."},
    {"rows", stream_batches, METH_NOARGS, "Names of the columns, and all rows as tuples; once."},
    {"next_rows", stream_next_rows, METH_NOARGS, "The same of the next batch; None at the end."},
    {"operation_id", stream_operation_id, METH_NOARGS, "The operation's UUID."},
    {"close", stream_close, METH_NOARGS, "Ends the operation where it still runs."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot stream_slots[] = {
    {Py_tp_dealloc, PYS_SLOT(stream_dealloc)},
    {Py_tp_methods, stream_methods},
    {0, NULL},
};

PyType_Spec pys_stream_spec = {
    .name = "gnomon.spark._spark.Stream",
    .basicsize = sizeof(stream_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = stream_slots,
};
