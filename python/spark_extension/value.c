/* Python's values as the fields of a message, and what is made of them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

#include <string.h>

enum { NESTED_MAX = 500 };

typedef struct pys_block {
  struct pys_block *next;
  union {
    int64_t integer;
    double real;
    void *pointer;
  } data[];
} pys_block;

static void *take(pys_values *values, size_t count, size_t size)
{
  pys_block *block = PyMem_Calloc(1, sizeof *block + (count ? count : 1) * size);
  if (!block) {
    PyErr_NoMemory();
    return NULL;
  }
  block->next = values->blocks;
  values->blocks = block;
  return block->data;
}

void pys_values_free(pys_values *values)
{
  while (values->blocks) {
    pys_block *next = values->blocks->next;
    PyMem_Free(values->blocks);
    values->blocks = next;
  }
  Py_CLEAR(values->handles);
}

/* ---- one value ------------------------------------------------------------------------------- */

static bool convert(pys_values *values, PyObject *object, sparkc_value *out, int level);

static const char *text_of(pys_values *values, PyObject *object, size_t *size)
{
  PyObject *bytes = PyUnicode_AsUTF8String(object);
  char *given, *copy;
  Py_ssize_t len;
  if (!bytes) return NULL;
  if (PyBytes_AsStringAndSize(bytes, &given, &len) < 0) return NULL;
  copy = take(values, (size_t)len + 1, 1);
  if (copy && memchr(given, '\0', (size_t)len)) {
    PyErr_SetString(PyExc_ValueError, "a text with a NUL character cannot be sent");
    copy = NULL;
  }
  if (copy) memcpy(copy, given, (size_t)len + 1);
  Py_DECREF(bytes);
  *size = (size_t)len;
  return copy;
}

static bool from_text(pys_values *values, PyObject *object, sparkc_value *out)
{
  out->kind = SPARKC_VALUE_TEXT;
  out->as.bytes = text_of(values, object, &out->count);
  return out->as.bytes != NULL;
}

static bool from_bytes(pys_values *values, PyObject *object, sparkc_value *out)
{
  char *given;
  Py_ssize_t len;
  PyObject *bytes = PyBytes_FromObject(object);
  if (!bytes || PyBytes_AsStringAndSize(bytes, &given, &len) < 0) {
    Py_XDECREF(bytes);
    return false;
  }
  char *copy = take(values, (size_t)len + 1, 1);
  if (copy) memcpy(copy, given, (size_t)len);
  Py_DECREF(bytes);
  *out = (sparkc_value){.kind = SPARKC_VALUE_BYTES, .count = (size_t)len, .as.bytes = copy};
  return copy != NULL;
}

static bool from_integer(PyObject *object, sparkc_value *out)
{
  out->kind = SPARKC_VALUE_INT;
  out->as.integer = PyLong_AsLongLong(object);
  return !(out->as.integer == -1 && PyErr_Occurred());
}

static bool from_sequence(pys_values *values, PyObject *object, sparkc_value *out, int level)
{
  Py_ssize_t count = PySequence_Size(object);
  sparkc_value *items = count < 0 ? NULL : take(values, (size_t)count, sizeof *items);
  if (!items) return false;
  *out = (sparkc_value){.kind = SPARKC_VALUE_LIST, .count = (size_t)count, .as.items = items};
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PySequence_GetItem(object, i);
    bool ok = item && convert(values, item, &items[i], level + 1);
    Py_XDECREF(item); /* the sequence holds it while the call lasts */
    if (!ok) return false;
  }
  return true;
}

static bool from_dict(pys_values *values, PyObject *dict, sparkc_value *out, int level)
{
  Py_ssize_t at = 0, size = PyDict_Size(dict);
  PyObject *key, *item;
  size_t count = 0, ignored;
  sparkc_field *fields = take(values, (size_t)size, sizeof *fields);
  if (!fields) return false;
  while (PyDict_Next(dict, &at, &key, &item)) {
    if (!PyUnicode_Check(key)) {
      PyErr_SetString(PyExc_TypeError, "the names of fields are str");
      return false;
    }
    fields[count].name = text_of(values, key, &ignored);
    if (!fields[count].name || !convert(values, item, &fields[count].value, level + 1))
      return false;
    count++;
  }
  *out = (sparkc_value){.kind = SPARKC_VALUE_MESSAGE, .count = count, .as.fields = fields};
  return true;
}

/* The handle may be one that was made to be asked for: it has to live as long as the values. */
static bool keep(pys_values *values, PyObject *handle)
{
  if (!values->handles) values->handles = PyList_New(0);
  return values->handles && PyList_Append(values->handles, handle) == 0;
}

/* Classes of the package give their handle as `_native`. */
static bool from_wrapper(pys_values *values, PyObject *object, sparkc_value *out, int level)
{
  PyObject *native = PyObject_GetAttrString(object, "_native");
  if (!native) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "a plan cannot hold %R", (PyObject *)Py_TYPE(object));
    return false;
  }
  bool ok = keep(values, native) && convert(values, native, out, level + 1);
  Py_DECREF(native);
  return ok;
}

static bool convert(pys_values *values, PyObject *object, sparkc_value *out, int level)
{
  const pys_module *module = pys_module_get();
  *out = (sparkc_value){.kind = SPARKC_VALUE_NONE};
  if (level > NESTED_MAX) {
    PyErr_SetString(PyExc_ValueError, "a value is nested too deeply");
    return false;
  }
  if (object == Py_None) return true;
  if (Py_TYPE(object) == module->expr_type) {
    out->kind = SPARKC_VALUE_COLUMN;
    out->as.column = ((pys_expr *)(void *)object)->column;
    return true;
  }
  if (Py_TYPE(object) == module->frame_type) {
    out->kind = SPARKC_VALUE_DATAFRAME;
    out->as.dataframe = ((pys_frame *)(void *)object)->df;
    return true;
  }
  if (PyLong_Check(object)) return from_integer(object, out);
  if (PyUnicode_Check(object)) return from_text(values, object, out);
  if (PyFloat_Check(object)) {
    out->kind = SPARKC_VALUE_REAL;
    out->as.real = PyFloat_AsDouble(object);
    return true;
  }
  if (PyBytes_Check(object) || PyByteArray_Check(object)) return from_bytes(values, object, out);
  if (PyList_Check(object) || PyTuple_Check(object))
    return from_sequence(values, object, out, level);
  if (PyDict_Check(object)) return from_dict(values, object, out, level);
  return from_wrapper(values, object, out, level);
}

bool pys_fields(pys_values *values, PyObject *dict, const sparkc_field **fields, size_t *count)
{
  sparkc_value message;
  if (!PyDict_Check(dict)) {
    PyErr_SetString(PyExc_TypeError, "the fields of a message are a dict");
    return false;
  }
  if (!from_dict(values, dict, &message, 0)) return false;
  *fields = message.as.fields;
  *count = message.count;
  return true;
}

/* ---- what is made of them -------------------------------------------------------------------- */

PyObject *pys_relation(PyObject *module, PyObject *args)
{
  PyObject *session, *dict;
  const char *type;
  const sparkc_field *fields;
  size_t count;
  pys_values values = {0};
  sparkc_error err = {0};
  sparkc_dataframe *df = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "OsO:relation", &session, &type, &dict)) return NULL;
  pys_shared *shared = pys_session_use(session);
  if (!shared) return NULL;
  bool ok = pys_fields(&values, dict, &fields, &count);
  int rc = ok ? sparkc_relation(shared->session, type, fields, count, &df, &err) : SPARKC_OK;
  PyObject *out = rc != SPARKC_OK ? pys_raise(&err)
                  : ok            ? pys_frame_new(shared->session, df)
                                  : NULL;
  pys_values_free(&values);
  pys_session_leave(shared);
  return out;
}

PyObject *pys_expression(PyObject *module, PyObject *args)
{
  PyObject *dict;
  const char *type;
  const sparkc_field *fields;
  size_t count;
  pys_values values = {0};
  sparkc_error err = {0};
  pys_expr *out = NULL;
  (void)module;
  if (!PyArg_ParseTuple(args, "sO:expression", &type, &dict)) return NULL;
  if (pys_fields(&values, dict, &fields, &count)) out = pys_new(pys_module_get()->expr_type);
  if (out) {
    out->column = sparkc_expression(type, fields, count);
    if (sparkc_column_error(out->column, &err) != SPARKC_OK) {
      Py_DECREF(out);
      out = NULL;
      pys_raise(&err);
    }
  }
  pys_values_free(&values);
  return (PyObject *)(void *)out;
}

PyObject *pys_decode(PyObject *module, PyObject *args)
{
  PyObject *session;
  const char *bytes;
  Py_ssize_t size;
  sparkc_error err = {0};
  sparkc_dataframe *df;
  (void)module;
  if (!PyArg_ParseTuple(args, "Oy#:decode", &session, &bytes, &size)) return NULL;
  pys_shared *shared = pys_session_use(session);
  if (!shared) return NULL;
  int rc = sparkc_relation_decode(shared->session, bytes, (size_t)size, &df, &err);
  PyObject *out = rc == SPARKC_OK ? pys_frame_new(shared->session, df) : pys_raise(&err);
  pys_session_leave(shared);
  return out;
}

/* ---- questions and commands, which the server answers ---------------------------------------- */

typedef struct told_call {
  pys_call head;
  int (*tell)(sparkc_session *session, const char *type, const sparkc_field *fields, size_t count,
              char **answer, sparkc_error *err);
  sparkc_session *session;
  const char *type;
  const sparkc_field *fields;
  size_t count;
  char *answer;
} told_call;

static int told_run(pys_call *head)
{
  told_call *call = (told_call *)(void *)head;
  return call->tell(call->session, call->type, call->fields, call->count, &call->answer,
                    &head->err);
}

/* The library gives a command's operation no name to the caller: all of the session's end. */
static void told_stop(pys_call *head)
{
  sparkc_session_interrupt(((told_call *)(void *)head)->session, SPARKC_INTERRUPT_ALL, NULL, NULL,
                           NULL);
}

static PyObject *told(PyObject *args,
                      int (*tell)(sparkc_session *, const char *, const sparkc_field *, size_t,
                                  char **, sparkc_error *))
{
  told_call call = {.head = {.run = told_run, .stop = told_stop}, .tell = tell};
  pys_values values = {0};
  PyObject *session, *dict, *out = NULL;
  if (!PyArg_ParseTuple(args, "OsO", &session, &call.type, &dict)) return NULL;
  pys_shared *shared = pys_session_use(session);
  if (!shared) return NULL;
  call.session = shared->session;
  if (pys_fields(&values, dict, &call.fields, &call.count) && pys_wait(&call.head))
    out = call.head.rc == SPARKC_OK ? pys_text(shared->session, call.answer)
                                    : pys_raise(&call.head.err);
  else
    sparkc_text_free(shared->session, call.answer);
  pys_values_free(&values);
  pys_session_leave(shared);
  return out;
}

PyObject *pys_command(PyObject *module, PyObject *args)
{
  (void)module;
  return told(args, sparkc_command);
}

PyObject *pys_analyze(PyObject *module, PyObject *args)
{
  (void)module;
  return told(args, sparkc_analyze);
}
