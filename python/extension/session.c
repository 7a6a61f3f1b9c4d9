/* gnomon._gnomon.Session: define, plan, backfill, upload; put. SPDX-License-Identifier: Apache-2.0
 *
 * Names and defaults are those of gnomon.Session (_session.py), which is what people call. */
#include "extension.h"

#include <stdlib.h>

/* ---- shared ---- */

pyx_shared *pyx_shared_ref(pyx_shared *shared)
{
  shared->users++;
  return shared;
}

void pyx_shared_unref(pyx_shared *shared)
{
  if (!shared || --shared->users > 0) return;
  gn_session_close(shared->session);
  if (shared->log && Py_IsInitialized()) {
    PyGILState_STATE lock = PyGILState_Ensure();
    Py_DECREF(shared->log);
    PyGILState_Release(lock);
  }
  free(shared);
}

pyx_shared *pyx_session_shared(pyx_session *self)
{
  if (self->shared) return self->shared;
  PyErr_SetString(PyExc_ValueError, "the session is closed");
  return NULL;
}

/* ---- logs ---- */

static PyObject *fields_dict(const gn_log_field *fields, size_t count)
{
  PyObject *dict = PyDict_New();
  for (size_t i = 0; dict && i < count; i++) {
    PyObject *text = PyUnicode_FromString(fields[i].text ? fields[i].text : "");
    if (!text || PyDict_SetItemString(dict, fields[i].key, text) < 0) Py_CLEAR(dict);
    Py_XDECREF(text);
  }
  return dict;
}

/* What a logger raises has nobody to go to: it is printed, as Python does for callbacks. */
static void tell_log(void *user, int level, const char *component, const char *event,
                     const gn_log_field *fields, size_t field_count)
{
  pyx_shared *shared = user;
  PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *dict = fields_dict(fields, field_count);
  PyObject *result =
      dict ? PyObject_CallFunction(shared->log, "issO", level, component, event, dict) : NULL;
  if (!result) PyErr_WriteUnraisable(shared->log);
  Py_XDECREF(result);
  Py_XDECREF(dict);
  PyGILState_Release(lock);
}

/* ---- lists of text ---- */

/* A Python list of str as C strings; `held` keeps their bytes. */
struct texts {
  PyObject *held;
  const char **items;
  Py_ssize_t count;
};

static void texts_free(struct texts *texts)
{
  Py_XDECREF(texts->held);
  free((void *)texts->items);
}

static int texts_read(PyObject *list, struct texts *out)
{
  Py_ssize_t count = PyList_Size(list);
  *out = (struct texts){0};
  if (count < 0) return -1;
  out->held = PyList_New(count);
  out->items = calloc((size_t)count + 1, sizeof *out->items);
  if (!out->held || !out->items) {
    texts_free(out);
    PyErr_NoMemory();
    return -1;
  }
  out->count = count;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *bytes = PyUnicode_AsUTF8String(PyList_GetItem(list, i));
    if (!bytes) {
      texts_free(out);
      return -1;
    }
    PyList_SetItem(out->held, i, bytes);
    out->items[i] = PyBytes_AsString(bytes);
  }
  return 0;
}

/* ---- opening and closing ---- */

static int open_shared(gn_session_args *args, PyObject *log, pyx_shared **out)
{
  gn_error err = {0};
  pyx_shared *shared = calloc(1, sizeof *shared);
  if (!shared) {
    PyErr_NoMemory();
    return -1;
  }
  shared->users = 1;
  if (log != Py_None) {
    Py_INCREF(log);
    shared->log = log;
    args->log = tell_log;
    args->log_user = shared;
  }
  args->progress = pyx_tell_progress;
  args->progress_user = shared;
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_session_open(args, &shared->session, &err);
  PyEval_RestoreThread(released);
  if (rc != GN_OK) {
    pyx_shared_unref(shared);
    pyx_raise(&err);
    return -1;
  }
  *out = shared;
  return 0;
}

static int session_init(PyObject *object, PyObject *args, PyObject *words)
{
  static char *names[] = {"repo",         "warehouse", "store",    "tables", "threads",
                          "memory_bytes", "clock_ms",  "boundary", "log",    NULL};
  pyx_session *self = (pyx_session *)(void *)object;
  gn_session_args open = {.struct_size = sizeof open};
  PyObject *tables, *log;
  struct texts paths;
  long long memory_bytes, clock_ms;
  if (!PyArg_ParseTupleAndKeywords(args, words, "szzOiLLzO", names, &open.repo, &open.warehouse,
                                   &open.store, &tables, &open.threads, &memory_bytes, &clock_ms,
                                   &open.boundary, &log))
    return -1;
  if (texts_read(tables, &paths) < 0) return -1;
  open.tables = paths.items;
  open.table_count = (size_t)paths.count;
  open.memory_bytes = memory_bytes;
  open.clock_ms = clock_ms;
  pyx_shared *shared = NULL;
  int rc = open_shared(&open, log, &shared);
  texts_free(&paths);
  if (rc < 0) return -1;
  pyx_shared *before = self->shared;
  self->shared = shared;
  pyx_shared_unref(before);
  return 0;
}

static PyObject *session_close(PyObject *object, PyObject *none)
{
  (void)none;
  pyx_session *self = (pyx_session *)(void *)object;
  pyx_shared *shared = self->shared;
  self->shared = NULL;
  pyx_shared_unref(shared);
  Py_RETURN_NONE;
}

static void session_dealloc(PyObject *object)
{
  pyx_session *self = (pyx_session *)(void *)object;
  PyTypeObject *type = Py_TYPE(object);
  pyx_shared_unref(self->shared);
  ((freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

/* ---- define ---- */

struct validate_call {
  pyx_long head;
  struct texts confs;
  int level;
  gn_text problems;
};

static int run_validate(pyx_long *call)
{
  struct validate_call *at = (struct validate_call *)call;
  return gn_validate(call->shared->session, at->confs.items, (size_t)at->confs.count, at->level,
                     GN_FORM_JSON, &at->problems, &call->err);
}

/* INVALID is told by the problems themselves. */
static PyObject *session_validate(PyObject *object, PyObject *args)
{
  struct validate_call call = {.head.run = run_validate};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  PyObject *confs, *out = NULL;
  if (!shared || !PyArg_ParseTuple(args, "Oi", &confs, &call.level)) return NULL;
  if (texts_read(confs, &call.confs) < 0) return NULL;
  if (pyx_long_run(&call.head, shared, Py_None)) {
    bool told = call.head.rc == GN_OK || (call.head.rc == GN_E_INVALID && call.problems.len);
    out = told ? pyx_text(&call.problems) : pyx_raise(&call.head.err);
  }
  gn_text_free(&call.problems);
  texts_free(&call.confs);
  return out;
}

static PyObject *session_definitions(PyObject *object, PyObject *none)
{
  (void)none;
  gn_text text = {0};
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_list(shared->session, &text, &err);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  return rc == GN_OK ? pyx_text(&text) : pyx_raise(&err);
}

static PyObject *session_describe(PyObject *object, PyObject *args)
{
  gn_text text = {0};
  gn_error err = {0};
  const char *conf;
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "s", &conf)) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_describe(shared->session, conf, &text, &err);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  return rc == GN_OK ? pyx_text(&text) : pyx_raise(&err);
}

/* ---- plan, backfill ---- */

struct backfill_call {
  pyx_long head;
  gn_backfill_args args;
  gn_backfill_report report;
  gn_text plan;
};

static int run_plan(pyx_long *call)
{
  struct backfill_call *at = (struct backfill_call *)call;
  return gn_plan(call->shared->session, &at->args, &at->plan, &call->err);
}

static int run_backfill(pyx_long *call)
{
  struct backfill_call *at = (struct backfill_call *)call;
  return gn_backfill(call->shared->session, &at->args, &at->report, &call->err);
}

/* (conf, start_ds, end_ds, step_days, run_first_hole, parallelism, progress) */
static bool backfill_do(PyObject *object, PyObject *args, struct backfill_call *call)
{
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  PyObject *progress = Py_None;
  gn_backfill_args *at = &call->args;
  at->struct_size = sizeof *at;
  if (!shared ||
      !PyArg_ParseTuple(args, "szzipi|O", &at->conf, &at->start_ds, &at->end_ds, &at->step_days,
                        &at->run_first_hole, &at->parallelism, &progress))
    return false;
  if (!pyx_long_run(&call->head, shared, progress)) return false;
  if (call->head.rc != GN_OK) pyx_raise(&call->head.err);
  return call->head.rc == GN_OK;
}

static PyObject *session_plan(PyObject *object, PyObject *args)
{
  struct backfill_call call = {.head.run = run_plan};
  bool done = backfill_do(object, args, &call);
  PyObject *out = done ? pyx_text(&call.plan) : NULL;
  gn_text_free(&call.plan);
  return out;
}

static PyObject *session_backfill(PyObject *object, PyObject *args)
{
  struct backfill_call call = {.head.run = run_backfill};
  if (!backfill_do(object, args, &call)) return NULL;
  const gn_backfill_report *report = &call.report;
  return Py_BuildValue("LLLL", (long long)report->partitions, (long long)report->rows,
                       (long long)report->bytes, (long long)report->skipped);
}

/* ---- upload, put ---- */

struct upload_call {
  pyx_long head;
  gn_upload_args args;
  gn_upload_report report;
};

static int run_upload(pyx_long *call)
{
  struct upload_call *at = (struct upload_call *)call;
  return gn_upload(call->shared->session, &at->args, &at->report, &call->err);
}

static PyObject *session_upload(PyObject *object, PyObject *args)
{
  struct upload_call call = {.head.run = run_upload, .args.struct_size = sizeof call.args};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  PyObject *progress;
  if (!shared || !PyArg_ParseTuple(args, "szO", &call.args.conf, &call.args.ds, &progress))
    return NULL;
  if (!pyx_long_run(&call.head, shared, progress)) return NULL;
  if (call.head.rc != GN_OK) return pyx_raise(&call.head.err);
  const gn_upload_report *report = &call.report;
  return Py_BuildValue("LLL", (long long)report->keys, (long long)report->bytes,
                       (long long)report->batch_end_ms);
}

static PyObject *session_metadata_upload(PyObject *object, PyObject *confs)
{
  struct texts names;
  int64_t count = 0;
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || texts_read(confs, &names) < 0) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_metadata_upload(shared->session, names.items, (size_t)names.count, &count, &err);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  texts_free(&names);
  return rc == GN_OK ? PyLong_FromLongLong((long long)count) : pyx_raise(&err);
}

static PyObject *session_put(PyObject *object, PyObject *args)
{
  const char *name, *lines;
  Py_ssize_t size;
  int64_t rows = 0;
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "sy#", &name, &lines, &size)) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_put_events(shared->session, name, lines, (size_t)size, &rows, &err);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  return rc == GN_OK ? PyLong_FromLongLong((long long)rows) : pyx_raise(&err);
}

static PyObject *session_put_arrow(PyObject *object, PyObject *args)
{
  const char *name;
  PyObject *rows_object;
  struct ArrowArrayStream rows;
  gn_text lines = {0};
  int64_t count = 0;
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "sO", &name, &rows_object)) return NULL;
  if (pyx_stream_take(rows_object, &rows) < 0) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_render(&rows, GN_RENDER_JSONL, 0, &lines, &err);
  if (rc == GN_OK) rc = gn_put_events(shared->session, name, lines.ptr, lines.len, &count, &err);
  gn_text_free(&lines);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  return rc == GN_OK ? PyLong_FromLongLong((long long)count) : pyx_raise(&err);
}

/* ---- fetch, sql ---- */

static PyObject *session_fetch_json(PyObject *object, PyObject *args)
{
  const char *name, *requests;
  Py_ssize_t size;
  int mode;
  gn_text answers = {0};
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "sy#i", &name, &requests, &size, &mode)) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_fetch_json(shared->session, name, requests, (size_t)size, mode, &answers, &err);
  PyEval_RestoreThread(released);
  pyx_shared_unref(shared);
  return rc == GN_OK ? pyx_text(&answers) : pyx_raise(&err);
}

static PyObject *session_fetch_arrow(PyObject *object, PyObject *args)
{
  const char *name;
  PyObject *keys_object;
  long long at_ms;
  struct ArrowArrayStream keys, out;
  gn_error err = {0};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "sOL", &name, &keys_object, &at_ms)) return NULL;
  if (pyx_stream_take(keys_object, &keys) < 0) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_fetch(shared->session, name, &keys, at_ms, &out, &err);
  PyEval_RestoreThread(released);
  PyObject *stream = rc == GN_OK ? pyx_stream_new(shared, &out) : pyx_raise(&err);
  pyx_shared_unref(shared);
  return stream;
}

static PyObject *session_fetcher(PyObject *object, PyObject *name)
{
  return pyx_fetcher_open((pyx_session *)(void *)object, name);
}

struct sql_call {
  pyx_long head;
  const char *statement;
  struct ArrowArrayStream rows;
};

static int run_sql(pyx_long *call)
{
  struct sql_call *at = (struct sql_call *)call;
  return gn_sql(call->shared->session, at->statement, &at->rows, &call->err);
}

static PyObject *session_sql(PyObject *object, PyObject *args)
{
  struct sql_call call = {.head.run = run_sql};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)object);
  if (!shared || !PyArg_ParseTuple(args, "s", &call.statement)) return NULL;
  if (!pyx_long_run(&call.head, shared, Py_None)) {
    if (call.rows.release) call.rows.release(&call.rows);
    return NULL;
  }
  if (call.head.rc != GN_OK) return pyx_raise(&call.head.err);
  return pyx_stream_new(shared, &call.rows);
}

/* ---- the type ---- */

static PyMethodDef session_methods[] = {
    {"close", session_close, METH_NOARGS, NULL},
    {"validate", session_validate, METH_VARARGS, NULL},
    {"definitions", session_definitions, METH_NOARGS, NULL},
    {"describe", session_describe, METH_VARARGS, NULL},
    {"plan", session_plan, METH_VARARGS, NULL},
    {"backfill", session_backfill, METH_VARARGS, NULL},
    {"upload", session_upload, METH_VARARGS, NULL},
    {"metadata_upload", session_metadata_upload, METH_O, NULL},
    {"put", session_put, METH_VARARGS, NULL},
    {"put_arrow", session_put_arrow, METH_VARARGS, NULL},
    {"fetcher", session_fetcher, METH_O, NULL},
    {"fetch_json", session_fetch_json, METH_VARARGS, NULL},
    {"fetch_arrow", session_fetch_arrow, METH_VARARGS, NULL},
    {"sql", session_sql, METH_VARARGS, NULL},
    {"diff", pyx_session_diff, METH_VARARGS, NULL},
    {"stats", pyx_session_stats, METH_VARARGS, NULL},
    {"explain", pyx_session_explain, METH_VARARGS, NULL},
    {"analyze", pyx_session_analyze, METH_VARARGS, NULL},
    {"test", pyx_session_test, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot session_slots[] = {
    {Py_tp_init, PYX_SLOT(session_init)},
    {Py_tp_dealloc, PYX_SLOT(session_dealloc)},
    {Py_tp_methods, session_methods},
    {0, NULL},
};

PyType_Spec pyx_session_spec = {
    .name = "gnomon._gnomon.Session",
    .basicsize = sizeof(pyx_session),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = session_slots,
};
