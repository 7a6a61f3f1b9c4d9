/* Arrow streams across the border, by the PyCapsule protocol. SPDX-License-Identifier: Apache-2.0
 */
#include "extension.h"

#include <stdlib.h>

static const char capsule_name[] = "arrow_array_stream";

/* A stream that keeps its session open until it is released, in whatever thread that happens. */
struct held {
  struct ArrowArrayStream inner;
  pyx_shared *shared;
};

static int held_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  struct held *held = stream->private_data;
  return held->inner.get_schema(&held->inner, out);
}

static int held_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  struct held *held = stream->private_data;
  return held->inner.get_next(&held->inner, out);
}

static const char *held_error(struct ArrowArrayStream *stream)
{
  struct held *held = stream->private_data;
  return held->inner.get_last_error(&held->inner);
}

static void held_release(struct ArrowArrayStream *stream)
{
  struct held *held = stream->private_data;
  held->inner.release(&held->inner);
  pyx_shared_unref(held->shared);
  free(held);
  stream->release = NULL;
}

static int hold(pyx_shared *shared, struct ArrowArrayStream *stream)
{
  struct held *held = malloc(sizeof *held);
  if (!held) {
    stream->release(stream);
    PyErr_NoMemory();
    return -1;
  }
  *held = (struct held){*stream, pyx_shared_ref(shared)};
  *stream = (struct ArrowArrayStream){held_schema, held_next, held_error, held_release, held};
  return 0;
}

/* ---- out ---- */

struct stream_object {
  PyObject_HEAD struct ArrowArrayStream stream; /* released: it was handed on */
};

PyObject *pyx_stream_new(pyx_shared *shared, struct ArrowArrayStream *stream)
{
  if (hold(shared, stream) != 0) return NULL;
  PyTypeObject *type = pyx_module_get()->stream_type;
  allocfunc allocate = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  struct stream_object *self = (struct stream_object *)(void *)allocate(type, 0);
  if (!self) {
    stream->release(stream);
    return NULL;
  }
  self->stream = *stream;
  return (PyObject *)self;
}

static void stream_dealloc(PyObject *object)
{
  struct stream_object *self = (struct stream_object *)(void *)object;
  PyTypeObject *type = Py_TYPE(object);
  if (self->stream.release) self->stream.release(&self->stream);
  ((freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

static void capsule_free(PyObject *capsule)
{
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, capsule_name);
  if (stream && stream->release) stream->release(stream);
  free(stream);
}

static struct stream_object *unread(PyObject *object)
{
  struct stream_object *self = (struct stream_object *)(void *)object;
  if (self->stream.release) return self;
  PyErr_SetString(PyExc_ValueError, "the rows of this stream were read already");
  return NULL;
}

static PyObject *stream_capsule(PyObject *object, PyObject *args, PyObject *words)
{
  static char *names[] = {"requested_schema", NULL};
  PyObject *requested = Py_None; /* a wish that the protocol lets us leave out */
  if (!PyArg_ParseTupleAndKeywords(args, words, "|O", names, &requested)) return NULL;
  struct stream_object *self = unread(object);
  if (!self) return NULL;
  struct ArrowArrayStream *moved = malloc(sizeof *moved);
  if (!moved) return PyErr_NoMemory();
  *moved = self->stream;
  self->stream.release = NULL;
  PyObject *capsule = PyCapsule_New(moved, capsule_name, capsule_free);
  if (capsule) return capsule;
  moved->release(moved);
  free(moved);
  return NULL;
}

static PyObject *stream_json_lines(PyObject *object, PyObject *none)
{
  (void)none;
  gn_text text = {0};
  gn_error err = {0};
  struct stream_object *self = unread(object);
  if (!self) return NULL;
  struct ArrowArrayStream rows = self->stream;
  self->stream.release = NULL;
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_render(&rows, GN_RENDER_JSONL, 0, &text, &err);
  PyEval_RestoreThread(released);
  return rc == GN_OK ? pyx_text(&text) : pyx_raise(&err);
}

static PyMethodDef stream_methods[] = {
    {"__arrow_c_stream__", PYX_KEYWORDS(stream_capsule), METH_VARARGS | METH_KEYWORDS,
     "The rows, as Arrow's PyCapsule protocol gives them; once."},
    {"json_lines", stream_json_lines, METH_NOARGS, "The rows as JSON lines; once."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot stream_slots[] = {
    {Py_tp_dealloc, PYX_SLOT(stream_dealloc)},
    {Py_tp_methods, stream_methods},
    {0, NULL},
};

PyType_Spec pyx_stream_spec = {
    .name = "gnomon._gnomon.Stream",
    .basicsize = sizeof(struct stream_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = stream_slots,
};

/* ---- in ---- */

int pyx_stream_take(PyObject *object, struct ArrowArrayStream *out)
{
  PyObject *capsule = PyObject_CallMethod(object, "__arrow_c_stream__", NULL);
  struct ArrowArrayStream *given = capsule ? PyCapsule_GetPointer(capsule, capsule_name) : NULL;
  if (given && !given->release) {
    PyErr_SetString(PyExc_ValueError, "the rows of this stream were read already");
    given = NULL;
  }
  if (given) {
    *out = *given;
    given->release = NULL;
  }
  Py_XDECREF(capsule);
  return given ? 0 : -1;
}
