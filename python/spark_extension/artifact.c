/* Files of this machine on their way to the session. SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

typedef struct artifact_call {
  pys_call head;
  sparkc_session *session;
  sparkc_artifact *artifacts;
  size_t count;
  const char *path, *destination;
} artifact_call;

static int add_run(pys_call *head)
{
  artifact_call *call = (artifact_call *)(void *)head;
  return sparkc_artifacts_add(call->session, call->artifacts, call->count, &head->err);
}

static int copy_run(pys_call *head)
{
  artifact_call *call = (artifact_call *)(void *)head;
  return sparkc_copy_to_server(call->session, call->path, call->destination, &head->err);
}

/* Runs; None, or NULL with an exception. */
static PyObject *send(PyObject *session, artifact_call *call)
{
  PyObject *out = NULL;
  pys_shared *shared = pys_session_use(session);
  if (!shared) return NULL;
  call->session = shared->session;
  if (pys_wait(&call->head)) {
    if (call->head.rc != SPARKC_OK)
      pys_raise(&call->head.err);
    else
      out = pys_text(shared->session, NULL);
  }
  pys_session_leave(shared);
  return out;
}

/* The texts of a list of (kind, name, path) are borrowed of it. */
static bool artifacts_of(PyObject *list, artifact_call *call)
{
  Py_ssize_t count = PyList_Size(list);
  call->artifacts = PyMem_Calloc((size_t)count + 1, sizeof *call->artifacts);
  if (!call->artifacts) {
    PyErr_NoMemory();
    return false;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    sparkc_artifact *one = &call->artifacts[i];
    PyObject *item = PyList_GetItem(list, i);
    if (!PyTuple_Check(item)) {
      PyErr_SetString(PyExc_TypeError, "an artifact is (kind, name, path)");
      return false;
    }
    if (!PyArg_ParseTuple(item, "iss", &one->kind, &one->name, &one->path)) return false;
  }
  call->count = (size_t)count;
  return true;
}

PyObject *pys_artifacts_add(PyObject *session, PyObject *args)
{
  artifact_call call = {.head.run = add_run};
  PyObject *list, *out = NULL;
  if (!PyArg_ParseTuple(args, "O!:artifacts_add", &PyList_Type, &list)) return NULL;
  /* A list of our own, which nobody changes while other threads run. */
  PyObject *kept = PyList_GetSlice(list, 0, PyList_Size(list));
  if (kept && artifacts_of(kept, &call)) out = send(session, &call);
  PyMem_Free(call.artifacts);
  Py_XDECREF(kept);
  return out;
}

PyObject *pys_copy_to_server(PyObject *session, PyObject *args)
{
  artifact_call call = {.head.run = copy_run};
  if (!PyArg_ParseTuple(args, "ss:copy_to_server", &call.path, &call.destination)) return NULL;
  return send(session, &call);
}
