/* Data frames and columns as Python objects. SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

PyObject *pys_frame_new(sparkc_session *session, sparkc_dataframe *df)
{
  pys_frame *self = pys_new(pys_module_get()->frame_type);
  if (self) {
    self->df = df;
    self->session = session;
  } else {
    sparkc_dataframe_free(df);
  }
  return (PyObject *)(void *)self;
}

static pys_frame *frame_of(PyObject *object)
{
  return (pys_frame *)(void *)object;
}

static PyObject *frame_plan_id(PyObject *object, PyObject *none)
{
  (void)none;
  return PyLong_FromLongLong(sparkc_plan_id(frame_of(object)->df));
}

static PyObject *frame_encode(PyObject *object, PyObject *none)
{
  size_t size;
  sparkc_error err = {0};
  (void)none;
  const sparkc_dataframe *df = frame_of(object)->df;
  if (sparkc_relation_encode(df, NULL, 0, &size, &err) != SPARKC_OK) return pys_raise(&err);
  PyObject *out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
  if (out && sparkc_relation_encode(df, PyBytes_AsString(out), size, &size, &err) != SPARKC_OK) {
    Py_DECREF(out);
    return pys_raise(&err);
  }
  return out;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct execute_call {
  pys_call head;
  const sparkc_dataframe *df;
  sparkc_execute_args args;
  sparkc_result *result;
} execute_call;

static int execute_run(pys_call *head)
{
  execute_call *call = (execute_call *)(void *)head;
  return sparkc_execute(call->df, &call->args, &call->result, &head->err);
}

static PyObject *frame_execute(PyObject *object, PyObject *args, PyObject *words)
{
  static char *names[] = {"operation_id", "timeout_ms",   "rows_max", "bytes_max",
                          "chunk_bytes",  "reattachable", NULL};
  long long timeout_ms = 0, rows_max = 0, bytes_max = 0, chunk_bytes = 0;
  int reattachable = 1;
  execute_call call = {.head.run = execute_run,
                       .df = frame_of(object)->df,
                       .args.struct_size = sizeof(sparkc_execute_args)};
  if (!PyArg_ParseTupleAndKeywords(args, words, "|zLLLLp:execute", names, &call.args.operation_id,
                                   &timeout_ms, &rows_max, &bytes_max, &chunk_bytes, &reattachable))
    return NULL;
  call.args.timeout_ms = timeout_ms;
  call.args.rows_max = rows_max;
  call.args.bytes_max = bytes_max;
  call.args.chunk_bytes = chunk_bytes;
  call.args.not_reattachable = !reattachable;
  bool calm = pys_wait(&call.head);
  if (calm && call.head.rc == SPARKC_OK) return pys_stream_new(call.result);
  sparkc_result_close(call.result);
  return calm ? pys_raise(&call.head.err) : NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

typedef struct ask_call {
  pys_call head;
  const pys_frame *frame;
  int mode;
  char *answer;
} ask_call;

static int explain_run(pys_call *head)
{
  ask_call *call = (ask_call *)(void *)head;
  return sparkc_explain(call->frame->df, call->mode, &call->answer, &head->err);
}

static int tree_run(pys_call *head)
{
  ask_call *call = (ask_call *)(void *)head;
  return sparkc_schema_tree(call->frame->df, &call->answer, &head->err);
}

static int schema_run(pys_call *head)
{
  ask_call *call = (ask_call *)(void *)head;
  return sparkc_schema_text(call->frame->df, &call->answer, &head->err);
}

static PyObject *ask(PyObject *object, int mode, int (*run)(pys_call *))
{
  ask_call call = {.head.run = run, .frame = frame_of(object), .mode = mode};
  if (!pys_wait(&call.head)) {
    sparkc_text_free(call.frame->session, call.answer);
    return NULL;
  }
  return call.head.rc == SPARKC_OK ? pys_text(call.frame->session, call.answer)
                                   : pys_raise(&call.head.err);
}

static PyObject *frame_explain(PyObject *object, PyObject *args)
{
  int mode;
  return PyArg_ParseTuple(args, "i:explain", &mode) ? ask(object, mode, explain_run) : NULL;
}

static PyObject *frame_tree(PyObject *object, PyObject *none)
{
  (void)none;
  return ask(object, 0, tree_run);
}

static PyObject *frame_schema(PyObject *object, PyObject *none)
{
  (void)none;
  return ask(object, 0, schema_run);
}

static void frame_dealloc(PyObject *object)
{
  sparkc_dataframe *df = frame_of(object)->df;
  PyThreadState *released = PyEval_SaveThread(); /* it may be the last that holds the session */
  sparkc_dataframe_free(df);
  PyEval_RestoreThread(released);
  pys_free(object);
}

static PyMethodDef frame_methods[] = {
    {"plan_id", frame_plan_id, METH_NOARGS, "The id of its plan; -1: it has none."},
    {"encode", frame_encode, METH_NOARGS, "Its relation as the bytes of the protocol."},
    {"execute", PYS_KEYWORDS(frame_execute), METH_VARARGS | METH_KEYWORDS, "Runs it: a Stream."},
    {"explain", frame_explain, METH_VARARGS, "How Spark would run it, by the number of a mode."},
    {"tree", frame_tree, METH_NOARGS, "The schema as Spark's tree."},
    {"schema", frame_schema, METH_NOARGS, "The schema as one line."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot frame_slots[] = {
    {Py_tp_dealloc, PYS_SLOT(frame_dealloc)},
    {Py_tp_methods, frame_methods},
    {0, NULL},
};

PyType_Spec pys_frame_spec = {
    .name = "gnomon.spark._spark.Frame",
    .basicsize = sizeof(pys_frame),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = frame_slots,
};

/* ---- columns --------------------------------------------------------------------------------- */

static void expr_dealloc(PyObject *object)
{
  sparkc_column_free(((pys_expr *)(void *)object)->column);
  pys_free(object);
}

static PyType_Slot expr_slots[] = {
    {Py_tp_dealloc, PYS_SLOT(expr_dealloc)},
    {0, NULL},
};

PyType_Spec pys_expr_spec = {
    .name = "gnomon.spark._spark.Expr",
    .basicsize = sizeof(pys_expr),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = expr_slots,
};
