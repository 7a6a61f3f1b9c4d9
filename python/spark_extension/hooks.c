/* What only tests that compare plans ask for. SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

PyObject *pys_reset_plan_ids(PyObject *module, PyObject *none)
{
  (void)module;
  (void)none;
  sparkc_plan_ids_reset();
  Py_INCREF(Py_None);
  return Py_None;
}

static PyObject *encode(sparkc_session *session, const char *type, const sparkc_field *fields,
                        size_t count)
{
  sparkc_error err = {0};
  size_t size;
  if (sparkc_command_encode(session, type, fields, count, NULL, 0, &size, &err) != SPARKC_OK)
    return pys_raise(&err);
  PyObject *out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
  if (out && sparkc_command_encode(session, type, fields, count, PyBytes_AsString(out), size, &size,
                                   &err) != SPARKC_OK) {
    Py_DECREF(out);
    return pys_raise(&err);
  }
  return out;
}

PyObject *pys_encode_command(PyObject *module, PyObject *args)
{
  PyObject *session, *dict, *out = NULL;
  const char *type;
  const sparkc_field *fields;
  size_t count;
  pys_values values = {0};
  (void)module;
  if (!PyArg_ParseTuple(args, "OsO:_encode_command", &session, &type, &dict)) return NULL;
  pys_shared *shared = pys_session_use(session);
  if (!shared) return NULL;
  if (pys_fields(&values, dict, &fields, &count))
    out = encode(shared->session, type, fields, count);
  pys_values_free(&values);
  pys_session_leave(shared);
  return out;
}
