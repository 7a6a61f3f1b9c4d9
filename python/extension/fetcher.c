/* gnomon._gnomon.Fetcher: many keys, one call. SPDX-License-Identifier: Apache-2.0
 *
 * Keys are turned into cells, all of them are answered without the interpreter's lock, and the
 * features become dicts. Texts of features live in blocks that grow in number, never in place,
 * since cells point into them. */
#include "extension.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  ROUND_KEYS = 1024, /* keys answered before the interpreter's lock is taken back */
  FIRST_BLOCK_BYTES = 4096,
  BLOCK_BYTES_MAX = 256 << 20, /* one answer that does not fit is an error, not a death */
};

struct fetcher {
  PyObject_HEAD pyx_shared *shared;
  gn_fetcher *fetcher;
  PyObject *keys, *features; /* tuples of str */
};

/* ---- opening ---- */

static PyObject *names_of(const gn_fetcher *fetcher,
                          size_t (*name_at)(const gn_fetcher *, size_t, const char **))
{
  const char *name = NULL;
  size_t count = name_at(fetcher, SIZE_MAX, &name);
  PyObject *names = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; names && i < count; i++) {
    name_at(fetcher, i, &name);
    PyObject *text = PyUnicode_InternFromString(name);
    if (!text || PyTuple_SetItem(names, (Py_ssize_t)i, text) < 0) Py_CLEAR(names);
  }
  return names;
}

PyObject *pyx_fetcher_open(pyx_session *session, PyObject *name)
{
  gn_error err = {0};
  gn_fetcher *fetcher = NULL;
  pyx_shared *shared = pyx_session_shared(session);
  PyObject *bytes = shared ? PyUnicode_AsUTF8String(name) : NULL;
  if (!bytes) return NULL;
  pyx_shared_ref(shared);
  PyThreadState *released = PyEval_SaveThread();
  int rc = gn_fetcher_open(shared->session, PyBytes_AsString(bytes), &fetcher, &err);
  PyEval_RestoreThread(released);
  Py_DECREF(bytes);
  PyTypeObject *type = pyx_module_get()->fetcher_type;
  allocfunc allocate = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *object = rc == GN_OK ? allocate(type, 0) : pyx_raise(&err);
  if (!object) {
    gn_fetcher_close(fetcher);
    pyx_shared_unref(shared);
    return NULL;
  }
  struct fetcher *self = (struct fetcher *)(void *)object;
  self->shared = shared;
  self->fetcher = fetcher;
  self->keys = names_of(fetcher, gn_fetcher_key);
  self->features = self->keys ? names_of(fetcher, gn_fetcher_feature) : NULL;
  if (!self->features) Py_CLEAR(object);
  return object;
}

static void fetcher_dealloc(PyObject *object)
{
  struct fetcher *self = (struct fetcher *)(void *)object;
  PyTypeObject *type = Py_TYPE(object);
  gn_fetcher_close(self->fetcher);
  pyx_shared_unref(self->shared);
  Py_XDECREF(self->keys);
  Py_XDECREF(self->features);
  ((freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

/* ---- one round ---- */

struct block {
  struct block *next;
  size_t size, used;
  char bytes[];
};

/* Up to ROUND_KEYS requests: `keys` and `features` have key_count and feature_count cells each. */
struct round {
  gn_fetcher *fetcher;
  size_t count, key_count, feature_count;
  gn_cell *keys, *features;
  int64_t *at_ms;
  PyObject *held; /* what cells of keys borrow */
  struct block *blocks;
  size_t failed; /* the request that `err` is about */
  int rc;
  gn_error err;
};

static int round_init(struct round *round, const struct fetcher *self, size_t count)
{
  *round = (struct round){.fetcher = self->fetcher,
                          .count = count,
                          .key_count = (size_t)PyTuple_Size(self->keys),
                          .feature_count = (size_t)PyTuple_Size(self->features)};
  size_t cells = count * (round->key_count + round->feature_count);
  round->keys = calloc(cells + 1, sizeof(gn_cell));
  round->at_ms = calloc(count + 1, sizeof(int64_t));
  round->held = PyList_New(0);
  if (!round->keys || !round->at_ms || !round->held) {
    PyErr_NoMemory();
    return -1;
  }
  round->features = round->keys + count * round->key_count;
  return 0;
}

static void round_deinit(struct round *round)
{
  for (struct block *block = round->blocks; block;) {
    struct block *next = block->next;
    free(block);
    block = next;
  }
  free(round->keys);
  free(round->at_ms);
  Py_XDECREF(round->held);
}

/* ---- keys ---- */

static int text_cell(struct round *round, PyObject *bytes, int kind, gn_cell *out)
{
  char *text;
  Py_ssize_t len;
  int rc = bytes ? PyBytes_AsStringAndSize(bytes, &text, &len) : -1;
  if (rc == 0) rc = PyList_Append(round->held, bytes);
  if (rc == 0) *out = (gn_cell){.kind = kind, .len = (size_t)len, .as.text = text};
  return rc;
}

static int key_cell(struct round *round, PyObject *value, gn_cell *out)
{
  *out = (gn_cell){.kind = GN_CELL_NULL};
  if (value == Py_None) return 0;
  if (value == Py_True || value == Py_False) {
    *out = (gn_cell){.kind = GN_CELL_BOOLEAN, .as.integer = value == Py_True};
  } else if (PyLong_Check(value)) {
    *out = (gn_cell){.kind = GN_CELL_INTEGER, .as.integer = PyLong_AsLongLong(value)};
  } else if (PyFloat_Check(value)) {
    *out = (gn_cell){.kind = GN_CELL_REAL, .as.real = PyFloat_AsDouble(value)};
  } else if (PyUnicode_Check(value)) {
    PyObject *bytes = PyUnicode_AsUTF8String(value);
    int rc = text_cell(round, bytes, GN_CELL_TEXT, out);
    Py_XDECREF(bytes);
    return rc;
  } else if (PyBytes_Check(value)) {
    return text_cell(round, value, GN_CELL_BYTES, out);
  } else {
    PyErr_Format(PyExc_TypeError, "a key cannot be %R", (PyObject *)Py_TYPE(value));
  }
  return PyErr_Occurred() ? -1 : 0;
}

static int missing_key(PyObject *name, Py_ssize_t index)
{
  gn_error err = {.code = GN_E_ARG, .hint = "None is a key's null", .diagnostic = "GO007"};
  PyObject *text = PyUnicode_AsUTF8String(name);
  if (!text) return -1;
  snprintf(err.message, sizeof err.message, "key '%.300s' is missing", PyBytes_AsString(text));
  Py_DECREF(text);
  pyx_raise_at(&err, "keys", index);
  return -1;
}

/* The request at `index` of the whole call becomes the one at `at` of the round. */
static int read_request(struct round *round, const struct fetcher *self, PyObject *requests,
                        Py_ssize_t index, size_t at)
{
  PyObject *request = PyList_GetItem(requests, index);
  if (!request) return -1;
  if (!PyDict_Check(request)) {
    PyErr_Format(PyExc_TypeError, "keys[%zd] is no dict", index);
    return -1;
  }
  for (size_t i = 0; i < round->key_count; i++) {
    PyObject *name = PyTuple_GetItem(self->keys, (Py_ssize_t)i);
    PyObject *value = PyDict_GetItemWithError(request, name);
    if (!value) return PyErr_Occurred() ? -1 : missing_key(name, index);
    if (key_cell(round, value, &round->keys[at * round->key_count + i]) < 0) return -1;
  }
  return 0;
}

/* ---- answers, without the interpreter's lock ---- */

static struct block *add_block(struct round *round)
{
  size_t size = round->blocks ? 2 * round->blocks->size : FIRST_BLOCK_BYTES;
  if (size > BLOCK_BYTES_MAX) return NULL;
  struct block *block = malloc(sizeof *block + size);
  if (!block) return NULL;
  *block = (struct block){.next = round->blocks, .size = size};
  round->blocks = block;
  return block;
}

/* How much of a block the texts of an answer reach into. */
static size_t reach(const struct block *block, const gn_cell *cells, size_t count)
{
  size_t end = block->used;
  for (size_t i = 0; i < count; i++) {
    if (cells[i].kind < GN_CELL_TEXT || cells[i].len == 0) continue;
    size_t after = (size_t)(cells[i].as.text - block->bytes) + cells[i].len;
    if (after > end) end = after;
  }
  return end;
}

static int answer_one(struct round *round, size_t at)
{
  gn_cell *features = round->features + at * round->feature_count;
  struct block *block = round->blocks ? round->blocks : add_block(round);
  while (block) {
    gn_error err = {0};
    int rc = gn_fetcher_get(round->fetcher, round->keys + at * round->key_count, round->key_count,
                            round->at_ms[at], features, round->feature_count,
                            block->bytes + block->used, block->size - block->used, &err);
    if (rc == GN_OK || rc == GN_ABSENT) block->used = reach(block, features, round->feature_count);
    round->err = err;
    if (rc != GN_E_LIMIT) return rc;
    block = add_block(round);
  }
  return GN_E_LIMIT;
}

static void answer_all(struct round *round)
{
  round->rc = GN_OK;
  for (size_t at = 0; at < round->count; at++) {
    int rc = answer_one(round, at);
    if (rc == GN_OK || rc == GN_ABSENT) continue;
    round->failed = at;
    round->rc = rc;
    if (round->err.code == GN_OK)
      round->err = (gn_error){.code = GN_E_NOMEM, .message = "out of memory"};
    return;
  }
}

/* ---- features ---- */

static PyObject *cell_object(const gn_cell *cell)
{
  switch (cell->kind) {
  case GN_CELL_BOOLEAN:
    return PyBool_FromLong(cell->as.integer != 0);
  case GN_CELL_INTEGER:
    return PyLong_FromLongLong((long long)cell->as.integer);
  case GN_CELL_REAL:
    return PyFloat_FromDouble(cell->as.real);
  case GN_CELL_TEXT:
    return PyUnicode_DecodeUTF8(cell->as.text, (Py_ssize_t)cell->len, "replace");
  case GN_CELL_BYTES:
    return PyBytes_FromStringAndSize(cell->as.text, (Py_ssize_t)cell->len);
  case GN_CELL_JSON:
    return pyx_json(cell->as.text, (Py_ssize_t)cell->len);
  default:
    Py_RETURN_NONE;
  }
}

static PyObject *features_dict(const struct round *round, const struct fetcher *self, size_t at)
{
  PyObject *dict = PyDict_New();
  for (size_t i = 0; dict && i < round->feature_count; i++) {
    PyObject *value = cell_object(&round->features[at * round->feature_count + i]);
    PyObject *name = PyTuple_GetItem(self->features, (Py_ssize_t)i);
    if (!value || PyDict_SetItem(dict, name, value) < 0) Py_CLEAR(dict);
    Py_XDECREF(value);
  }
  return dict;
}

static int give_answers(const struct round *round, const struct fetcher *self, PyObject *answers,
                        Py_ssize_t first)
{
  if (round->rc != GN_OK) {
    pyx_raise_at(&round->err, "keys", first + (Py_ssize_t)round->failed);
    return -1;
  }
  for (size_t at = 0; at < round->count; at++) {
    PyObject *dict = features_dict(round, self, at);
    if (!dict || PyList_SetItem(answers, first + (Py_ssize_t)at, dict) < 0) return -1;
  }
  return 0;
}

/* ---- the call ---- */

/* `times` is one int for all requests, or a list with one of each. */
static int read_times(struct round *round, PyObject *times, Py_ssize_t first)
{
  for (size_t at = 0; at < round->count; at++) {
    PyObject *time = PyList_Check(times) ? PyList_GetItem(times, first + (Py_ssize_t)at) : times;
    round->at_ms[at] = time ? PyLong_AsLongLong(time) : -1;
    if (round->at_ms[at] == -1 && PyErr_Occurred()) return -1;
  }
  return 0;
}

static int answer_round(const struct fetcher *self, PyObject *requests, PyObject *times,
                        PyObject *answers, Py_ssize_t first)
{
  struct round round;
  Py_ssize_t left = PyList_Size(answers) - first;
  size_t count = left < ROUND_KEYS ? (size_t)left : ROUND_KEYS;
  int rc = round_init(&round, self, count);
  if (rc == 0) rc = read_times(&round, times, first);
  for (size_t at = 0; rc == 0 && at < count; at++)
    rc = read_request(&round, self, requests, first + (Py_ssize_t)at, at);
  if (rc == 0) {
    PyThreadState *released = PyEval_SaveThread();
    answer_all(&round);
    PyEval_RestoreThread(released);
    rc = give_answers(&round, self, answers, first);
  }
  round_deinit(&round);
  return rc;
}

static PyObject *fetcher_get(PyObject *object, PyObject *args)
{
  struct fetcher *self = (struct fetcher *)(void *)object;
  PyObject *requests, *times;
  if (!PyArg_ParseTuple(args, "OO", &requests, &times)) return NULL;
  if (!self->fetcher || !PyList_Check(requests)) {
    PyErr_SetString(PyExc_TypeError, "keys are a list of dicts");
    return NULL;
  }
  Py_ssize_t count = PyList_Size(requests);
  PyObject *answers = PyList_New(count);
  for (Py_ssize_t first = 0; answers && first < count; first += ROUND_KEYS)
    if (answer_round(self, requests, times, answers, first) < 0) Py_CLEAR(answers);
  return answers;
}

static PyObject *fetcher_names(PyObject *object, PyObject *none)
{
  struct fetcher *self = (struct fetcher *)(void *)object;
  (void)none;
  if (!self->fetcher) Py_RETURN_NONE;
  return Py_BuildValue("OO", self->keys, self->features);
}

static PyMethodDef fetcher_methods[] = {
    {"get", fetcher_get, METH_VARARGS, "get(list of dicts, time or list of times): list of dicts"},
    {"names", fetcher_names, METH_NOARGS, "(names of keys, names of features)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot fetcher_slots[] = {
    {Py_tp_dealloc, PYX_SLOT(fetcher_dealloc)},
    {Py_tp_methods, fetcher_methods},
    {0, NULL},
};

PyType_Spec pyx_fetcher_spec = {
    .name = "gnomon._gnomon.Fetcher",
    .basicsize = sizeof(struct fetcher),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = fetcher_slots,
};
