/* Sessions as Python objects. SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static pys_session *session_of(PyObject *object)
{
  return (pys_session *)(void *)object;
}

/* ---- who uses it ----------------------------------------------------------------------------- */

pys_shared *pys_session_use(PyObject *object)
{
  if (Py_TYPE(object) != pys_module_get()->session_type) {
    PyErr_SetString(PyExc_TypeError, "a Session is wanted");
    return NULL;
  }
  pys_shared *shared = session_of(object)->shared;
  if (shared)
    atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
  else
    PyErr_SetString(PyExc_ValueError, "the session is closed");
  return shared;
}

void pys_session_leave(pys_shared *shared)
{
  if (!shared || atomic_fetch_sub_explicit(&shared->users, 1, memory_order_acq_rel) != 1) return;
  PyThreadState *released = PyEval_SaveThread();
  sparkc_session_close(shared->session);
  PyEval_RestoreThread(released);
  /* `shared` stays: results that outlive the session still tell what happens. It is small. */
}

/* ---- what it tells --------------------------------------------------------------------------- */

static PyObject *event_fields(const sparkc_event *e)
{
  return Py_BuildValue("(izzzzLLiLLLLiLL)", e->kind, e->operation_id, e->name, e->key, e->text,
                       (long long)e->tasks_done, (long long)e->tasks_total, e->finished,
                       (long long)e->bytes, (long long)e->rows, (long long)e->wait_us,
                       (long long)e->stages, e->attempt, (long long)e->plan_id,
                       (long long)e->value);
}

static void on_event(void *user, const sparkc_event *event)
{
  pys_shared *shared = user;
  if (event->kind == SPARKC_EVENT_CALL || event->kind == SPARKC_EVENT_ANSWER ||
      event->kind == SPARKC_EVENT_BATCH)
    return;            /* too many to take the interpreter's lock for */
  PyObject *raised[3]; /* a result that is closed by a failure tells of its end meanwhile */
  PyGILState_STATE lock = PyGILState_Ensure();
  PyErr_Fetch(&raised[0], &raised[1], &raised[2]);
  PyObject *fields = event_fields(event);
  PyObject *result = fields ? PyObject_CallObject(shared->on_event, fields) : NULL;
  if (!result) PyErr_WriteUnraisable(shared->on_event);
  Py_XDECREF(result);
  Py_XDECREF(fields);
  PyErr_Restore(raised[0], raised[1], raised[2]);
  PyGILState_Release(lock);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The items of a dict of texts. The texts are borrowed of the list of bytes that is returned. */
static PyObject *headers_of(PyObject *dict, sparkc_header **headers, size_t *count)
{
  PyObject *kept = PyList_New(0), *key, *value;
  Py_ssize_t at = 0;
  *count = 0;
  *headers = PyMem_Calloc((size_t)PyDict_Size(dict) + 1, sizeof **headers);
  if (!kept || !*headers) {
    Py_XDECREF(kept);
    return PyErr_NoMemory();
  }
  while (PyDict_Next(dict, &at, &key, &value)) {
    PyObject *name = PyUnicode_AsUTF8String(key), *text = PyUnicode_AsUTF8String(value);
    bool ok = name && text && PyList_Append(kept, name) == 0 && PyList_Append(kept, text) == 0;
    if (ok)
      (*headers)[(*count)++] = (sparkc_header){PyBytes_AsString(name), PyBytes_AsString(text)};
    Py_XDECREF(name);
    Py_XDECREF(text);
    if (!ok) {
      Py_DECREF(kept);
      return NULL;
    }
  }
  return kept;
}

static int open_with(pys_session *self, sparkc_session_args *args, PyObject *headers)
{
  sparkc_error err = {0};
  sparkc_header *list = NULL;
  pys_shared *shared = calloc(1, sizeof *shared);
  PyObject *kept = shared ? headers_of(headers, &list, &args->header_count) : PyErr_NoMemory();
  int rc = SPARKC_E_NOMEM;
  if (kept) {
    args->headers = list;
    args->event_user = shared;
    rc = sparkc_session_open(args, &shared->session, &err);
    if (rc != SPARKC_OK) pys_raise(&err);
  }
  PyMem_Free(list);
  Py_XDECREF(kept);
  if (rc != SPARKC_OK) {
    free(shared);
    return -1;
  }
  atomic_store_explicit(&shared->users, 1, memory_order_relaxed);
  self->shared = shared;
  return 0;
}

static int session_init(PyObject *object, PyObject *args, PyObject *words)
{
  static char *names[] = {"url",
                          "user_id",
                          "user_agent",
                          "session_id",
                          "token",
                          "ca_file",
                          "cert_file",
                          "key_file",
                          "server_name",
                          "headers",
                          "allow_plaintext_token",
                          "want_stack",
                          "keep_session",
                          "connect_timeout_ms",
                          "call_timeout_ms",
                          "retries_max",
                          "message_bytes_max",
                          "on_event",
                          NULL};
  sparkc_session_args a = {.struct_size = sizeof a};
  PyObject *headers = NULL, *told = Py_None;
  long long connect_ms = 0, call_ms = 0;
  Py_ssize_t message_bytes = 0;
  if (session_of(object)->shared) {
    PyErr_SetString(PyExc_RuntimeError, "a session is opened once");
    return -1;
  }
  if (!PyArg_ParseTupleAndKeywords(
          args, words, "|zzzzzzzzzO!pppLLinO:Session", names, &a.url, &a.user_id, &a.user_agent,
          &a.session_id, &a.token, &a.ca_file, &a.cert_file, &a.key_file, &a.server_name,
          &PyDict_Type, &headers, &a.allow_plaintext_token, &a.want_stack, &a.keep_session,
          &connect_ms, &call_ms, &a.retries_max, &message_bytes, &told))
    return -1;
  a.connect_timeout_ms = connect_ms;
  a.call_timeout_ms = call_ms;
  a.message_bytes_max = (size_t)message_bytes;
  a.on_event = told == Py_None ? NULL : on_event;
  PyObject *none = headers ? NULL : PyDict_New();
  int rc = open_with(session_of(object), &a, headers ? headers : none);
  Py_XDECREF(none);
  if (rc == 0 && told != Py_None) {
    Py_INCREF(told);
    session_of(object)->shared->on_event = told;
  }
  return rc;
}

static PyObject *session_close(PyObject *object, PyObject *none)
{
  pys_shared *shared = session_of(object)->shared;
  (void)none;
  session_of(object)->shared = NULL;
  pys_session_leave(shared);
  Py_INCREF(Py_None);
  return Py_None;
}

static void session_dealloc(PyObject *object)
{
  Py_XDECREF(session_close(object, NULL));
  pys_free(object);
}

/* ---- calls that answer with a text ----------------------------------------------------------- */

typedef struct text_call {
  pys_call head;
  sparkc_session *session;
  const char *key, *value;
  char *answer;
  int32_t number;
} text_call;

static int version_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_session_version(call->session, &call->answer, &head->err);
}

static int get_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_config_get(call->session, call->key, &call->answer, &head->err);
}

static int find_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_config_find(call->session, call->key, &call->answer, &head->err);
}

static int set_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_config_set(call->session, call->key, call->value, &head->err);
}

static int unset_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_config_unset(call->session, call->key, &head->err);
}

static int modifiable_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_config_is_modifiable(call->session, call->key, &call->number, &head->err);
}

static int release_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_session_release(call->session, &head->err);
}

static int tag_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  return sparkc_tag_add(call->session, call->key, &head->err);
}

static int untag_run(pys_call *head)
{
  text_call *call = (text_call *)(void *)head;
  sparkc_tag_remove(call->session, call->key);
  return SPARKC_OK;
}

/* Runs; an exception, or the text, the truth or None that it gave. */
static PyObject *ask(PyObject *object, text_call *call, int (*run)(pys_call *))
{
  PyObject *out = NULL;
  pys_shared *shared = pys_session_use(object);
  if (!shared) return NULL;
  call->session = shared->session;
  call->head.run = run;
  if (pys_wait(&call->head)) {
    if (call->head.rc != SPARKC_OK)
      pys_raise(&call->head.err);
    else if (run == modifiable_run)
      out = PyBool_FromLong(call->number);
    else
      out = pys_text(shared->session, call->answer);
  }
  pys_session_leave(shared);
  return out;
}

static PyObject *ask_word(PyObject *object, PyObject *args, int (*run)(pys_call *))
{
  text_call call = {.key = NULL};
  return PyArg_ParseTuple(args, "s", &call.key) ? ask(object, &call, run) : NULL;
}

static PyObject *session_version(PyObject *object, PyObject *none)
{
  (void)none;
  return ask(object, &(text_call){.key = NULL}, version_run);
}

static PyObject *session_release(PyObject *object, PyObject *none)
{
  (void)none;
  return ask(object, &(text_call){.key = NULL}, release_run);
}

static PyObject *session_get(PyObject *object, PyObject *args)
{
  return ask_word(object, args, get_run);
}

static PyObject *session_find(PyObject *object, PyObject *args)
{
  return ask_word(object, args, find_run);
}

static PyObject *session_unset(PyObject *object, PyObject *args)
{
  return ask_word(object, args, unset_run);
}

static PyObject *session_modifiable(PyObject *object, PyObject *args)
{
  return ask_word(object, args, modifiable_run);
}

static PyObject *session_tag(PyObject *object, PyObject *args)
{
  return ask_word(object, args, tag_run);
}

static PyObject *session_untag(PyObject *object, PyObject *args)
{
  text_call call = {.key = NULL};
  return PyArg_ParseTuple(args, "z", &call.key) ? ask(object, &call, untag_run) : NULL;
}

static PyObject *session_set(PyObject *object, PyObject *args)
{
  text_call call = {.key = NULL};
  return PyArg_ParseTuple(args, "ss", &call.key, &call.value) ? ask(object, &call, set_run) : NULL;
}

static PyObject *session_id(PyObject *object, PyObject *none)
{
  (void)none;
  pys_shared *shared = pys_session_use(object);
  PyObject *out = shared ? PyUnicode_FromString(sparkc_session_id(shared->session)) : NULL;
  pys_session_leave(shared);
  return out;
}

/* ---- other calls ----------------------------------------------------------------------------- */

typedef struct interrupt_call {
  pys_call head;
  sparkc_session *session;
  int what;
  const char *name;
  size_t count;
} interrupt_call;

static int interrupt_run(pys_call *head)
{
  interrupt_call *call = (interrupt_call *)(void *)head;
  return sparkc_session_interrupt(call->session, call->what, call->name, &call->count, &head->err);
}

static PyObject *session_interrupt(PyObject *object, PyObject *args)
{
  interrupt_call call = {.head.run = interrupt_run};
  PyObject *out = NULL;
  if (!PyArg_ParseTuple(args, "iz:interrupt", &call.what, &call.name)) return NULL;
  pys_shared *shared = pys_session_use(object);
  if (!shared) return NULL;
  call.session = shared->session;
  if (pys_wait(&call.head))
    out = call.head.rc == SPARKC_OK ? PyLong_FromSize_t(call.count) : pys_raise(&call.head.err);
  pys_session_leave(shared);
  return out;
}

static void add_setting(void *user, const char *key, const char *value)
{
  PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *text = value ? PyUnicode_FromString(value) : NULL;
  if (!value) {
    Py_INCREF(Py_None);
    text = Py_None;
  }
  if (!text || PyDict_SetItemString(user, key, text) < 0) PyErr_Clear();
  Py_XDECREF(text);
  PyGILState_Release(lock);
}

typedef struct list_call {
  pys_call head;
  sparkc_session *session;
  const char *prefix;
  PyObject *settings;
} list_call;

static int list_run(pys_call *head)
{
  list_call *call = (list_call *)(void *)head;
  return sparkc_config_list(call->session, call->prefix, add_setting, call->settings, &head->err);
}

static PyObject *session_list(PyObject *object, PyObject *args)
{
  list_call call = {.head.run = list_run};
  if (!PyArg_ParseTuple(args, "z:config_list", &call.prefix)) return NULL;
  pys_shared *shared = pys_session_use(object);
  call.settings = shared ? PyDict_New() : NULL;
  bool ok = call.settings != NULL;
  if (ok) {
    call.session = shared->session;
    ok = pys_wait(&call.head) && call.head.rc == SPARKC_OK;
    if (!ok && !PyErr_Occurred()) pys_raise(&call.head.err);
  }
  if (!ok) Py_CLEAR(call.settings);
  pys_session_leave(shared);
  return call.settings;
}

typedef struct clone_call {
  pys_call head;
  sparkc_session *session, *made;
  const char *id;
} clone_call;

static int clone_run(pys_call *head)
{
  clone_call *call = (clone_call *)(void *)head;
  return sparkc_session_clone(call->session, call->id, &call->made, &head->err);
}

static PyObject *session_clone(PyObject *object, PyObject *args)
{
  clone_call call = {.head.run = clone_run};
  pys_session *out = NULL;
  if (!PyArg_ParseTuple(args, "z:clone", &call.id)) return NULL;
  pys_shared *shared = pys_session_use(object);
  if (!shared) return NULL;
  call.session = shared->session;
  if (pys_wait(&call.head)) {
    if (call.head.rc != SPARKC_OK)
      pys_raise(&call.head.err);
    else
      out = pys_new(pys_module_get()->session_type);
  }
  if (out) out->shared = calloc(1, sizeof *out->shared);
  if (out && out->shared) {
    out->shared->session = call.made;
    atomic_store_explicit(&out->shared->users, 1, memory_order_relaxed);
    if (shared->on_event) { /* the clone tells whom its model told, through the same record */
      Py_INCREF(shared->on_event);
      out->shared->on_event = shared->on_event;
    }
  } else {
    sparkc_session_close(call.made);
    Py_CLEAR(out);
  }
  pys_session_leave(shared);
  return (PyObject *)(void *)out;
}

static void stop_all(pys_call *head)
{
  sparkc_session_interrupt(((text_call *)(void *)head)->session, SPARKC_INTERRUPT_ALL, NULL, NULL,
                           NULL);
}

typedef struct frame_call {
  text_call head; /* key: a schema */
  const sparkc_dataframe *query;
  struct ArrowArrayStream rows;
  sparkc_dataframe *df;
} frame_call;

static int sql_run(pys_call *head)
{
  frame_call *call = (frame_call *)(void *)head;
  return sparkc_sql_run(call->query, NULL, &call->df, &head->err);
}

static int create_run(pys_call *head)
{
  frame_call *call = (frame_call *)(void *)head;
  return sparkc_create(call->head.session, &call->rows, call->head.key, &call->df, &head->err);
}

static PyObject *made(frame_call *call, pys_shared *shared, int (*run)(pys_call *))
{
  PyObject *out = NULL;
  call->head.session = shared->session;
  call->head.head.run = run;
  if (pys_wait(&call->head.head))
    out = call->head.head.rc == SPARKC_OK ? pys_frame_new(shared->session, call->df)
                                          : pys_raise(&call->head.head.err);
  else
    sparkc_dataframe_free(call->df);
  return out;
}

static PyObject *session_sql(PyObject *object, PyObject *args)
{
  frame_call call = {.head.head.stop = stop_all};
  PyObject *query;
  if (!PyArg_ParseTuple(args, "O!:sql", pys_module_get()->frame_type, &query)) return NULL;
  call.query = ((pys_frame *)(void *)query)->df;
  pys_shared *shared = pys_session_use(object);
  PyObject *out = shared ? made(&call, shared, sql_run) : NULL;
  pys_session_leave(shared);
  return out;
}

static PyObject *session_create(PyObject *object, PyObject *args)
{
  frame_call call = {.head.key = NULL};
  PyObject *capsule, *out = NULL;
  if (!PyArg_ParseTuple(args, "Oz:create", &capsule, &call.head.key)) return NULL;
  struct ArrowArrayStream *given = PyCapsule_GetPointer(capsule, "arrow_array_stream");
  if (!given) return NULL;
  if (!given->release) {
    PyErr_SetString(PyExc_ValueError, "the rows of this stream were read already");
    return NULL;
  }
  call.rows = *given;
  given->release = NULL;
  pys_shared *shared = pys_session_use(object);
  if (shared) out = made(&call, shared, create_run);
  PyThreadState *released = PyEval_SaveThread();
  if (call.rows.release) call.rows.release(&call.rows);
  PyEval_RestoreThread(released);
  pys_session_leave(shared);
  return out;
}

static PyMethodDef session_methods[] = {
    {"id", session_id, METH_NOARGS, "The session's UUID."},
    {"version", session_version, METH_NOARGS, "The server's version."},
    {"close", session_close, METH_NOARGS, "Closes it, once its last call has ended."},
    {"release", session_release, METH_NOARGS, "Ends it on the server."},
    {"clone", session_clone, METH_VARARGS, "A copy of it, under an id or a new one."},
    {"config_get", session_get, METH_VARARGS, "A setting."},
    {"config_find", session_find, METH_VARARGS, "A setting that may not exist."},
    {"config_set", session_set, METH_VARARGS, "Changes a setting."},
    {"config_unset", session_unset, METH_VARARGS, "Takes a setting back."},
    {"config_is_modifiable", session_modifiable, METH_VARARGS, "Whether it can be changed."},
    {"config_list", session_list, METH_VARARGS, "All settings with a prefix."},
    {"tag_add", session_tag, METH_VARARGS, "Tags what begins from now on."},
    {"tag_remove", session_untag, METH_VARARGS, "Removes a tag; None: all."},
    {"interrupt", session_interrupt, METH_VARARGS, "Interrupts: what, and its name."},
    {"artifacts_add", pys_artifacts_add, METH_VARARGS, "Sends files: (kind, name, path) each."},
    {"copy_to_server", pys_copy_to_server, METH_VARARGS, "A file to the server's file system."},
    {"sql", session_sql, METH_VARARGS, "Runs a relation that is SQL: a Frame."},
    {"create", session_create, METH_VARARGS, "A Frame of the rows of an Arrow stream."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot session_slots[] = {
    {Py_tp_init, PYS_SLOT(session_init)},
    {Py_tp_new, PYS_SLOT(PyType_GenericNew)},
    {Py_tp_dealloc, PYS_SLOT(session_dealloc)},
    {Py_tp_methods, session_methods},
    {0, NULL},
};

PyType_Spec pys_session_spec = {
    .name = "gnomon.spark._spark.Session",
    .basicsize = sizeof(pys_session),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = session_slots,
};
