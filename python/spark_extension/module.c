/* gnomon.spark._spark: the module, its exceptions, what needs no session.
 * SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

/* One interpreter a process: the module is found again where no object of ours is at hand. */
static pys_module state;

pys_module *pys_module_get(void)
{
  return &state;
}

void *pys_new(PyTypeObject *type)
{
  allocfunc allocate = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
  return allocate(type, 0);
}

void pys_free(PyObject *object)
{
  PyTypeObject *type = Py_TYPE(object);
  ((freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(type);
}

PyObject *pys_text(sparkc_session *session, char *text)
{
  if (!text) {
    Py_INCREF(Py_None);
    return Py_None;
  }
  PyObject *out = PyUnicode_FromString(text);
  sparkc_text_free(session, text);
  return out;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static PyObject *parameters_of(const sparkc_error *err)
{
  const char *name, *value;
  PyObject *out = PyDict_New();
  for (size_t i = 0; out && sparkc_error_parameter(err, i, &name, &value); i++) {
    PyObject *text = PyUnicode_FromString(value);
    if (!text || PyDict_SetItemString(out, name, text) < 0) Py_CLEAR(out);
    Py_XDECREF(text);
  }
  return out;
}

static PyObject *contexts_of(const sparkc_error *err)
{
  sparkc_query_context c;
  PyObject *out = PyList_New(0);
  for (size_t i = 0; out && sparkc_error_context(err, i, &c); i++) {
    PyObject *fields = Py_BuildValue(
        "{sNszszsisiszszsz}", "is_dataframe", PyBool_FromLong(c.is_dataframe), "object_type",
        c.object_type, "object_name", c.object_name, "start_index", c.start_index, "stop_index",
        c.stop_index, "fragment", c.fragment, "call_site", c.call_site, "summary", c.summary);
    if (!fields || PyList_Append(out, fields) < 0) Py_CLEAR(out);
    Py_XDECREF(fields);
  }
  return out;
}

PyObject *pys_raise(sparkc_error *err)
{
  PyObject *parameters = parameters_of(err), *contexts = contexts_of(err);
  PyObject *raised = NULL;
  if (parameters && contexts)
    raised = PyObject_CallFunction(state.raise, "sssssszOOi", sparkc_code_name(err->code),
                                   sparkc_code_kind(err->code), sparkc_error_message(err),
                                   err->hint, err->error_class, err->sqlstate,
                                   sparkc_error_stack(err), parameters, contexts, err->retryable);
  if (raised) PyErr_SetObject((PyObject *)(void *)Py_TYPE(raised), raised);
  Py_XDECREF(raised);
  Py_XDECREF(parameters);
  Py_XDECREF(contexts);
  sparkc_error_clear(err);
  return NULL;
}

/* ---- functions ------------------------------------------------------------------------------- */

static PyObject *version(PyObject *module, PyObject *none)
{
  (void)module;
  (void)none;
  return PyUnicode_FromString(sparkc_version());
}

static PyMethodDef functions[] = {
    {"relation", pys_relation, METH_VARARGS, "A Frame: of a session, a type and its fields."},
    {"expression", pys_expression, METH_VARARGS, "An Expr: of a type and its fields."},
    {"decode", pys_decode, METH_VARARGS, "A Frame of the bytes of a relation."},
    {"command", pys_command, METH_VARARGS, "Runs a command; its answer as JSON."},
    {"analyze", pys_analyze, METH_VARARGS, "Asks about a plan; the answer as JSON."},
    {"version", version, METH_NOARGS, "The library's version."},
    {"_reset_plan_ids", pys_reset_plan_ids, METH_NOARGS, "Plan ids begin anew, for tests."},
    {"_encode_command", pys_encode_command, METH_VARARGS, "A command's bytes, for tests."},
    {NULL, NULL, 0, NULL},
};

/* ---- the module ------------------------------------------------------------------------------ */

static PyObject *member_of(const char *module_name, const char *name)
{
  PyObject *module = PyImport_ImportModule(module_name);
  PyObject *member = module ? PyObject_GetAttrString(module, name) : NULL;
  Py_XDECREF(module);
  return member;
}

static int add_type(PyObject *module, const char *name, PyType_Spec *spec, PyTypeObject **type)
{
  if (!*type) *type = (PyTypeObject *)(void *)PyType_FromSpec(spec);
  if (!*type) return -1;
  Py_INCREF(*type); /* the module takes one of its own */
  int rc = PyModule_AddObject(module, name, (PyObject *)(void *)*type);
  if (rc < 0) Py_DECREF(*type);
  return rc;
}

static int fill(PyObject *module)
{
  pys_wait_init();
  if (!state.raise) state.raise = member_of("gnomon.spark._errors", "make");
  if (!state.values) state.values = PyImport_ImportModule("gnomon.spark._values");
  if (!state.raise || !state.values) return -1;
  int rc = add_type(module, "Session", &pys_session_spec, &state.session_type);
  if (rc == 0) rc = add_type(module, "Frame", &pys_frame_spec, &state.frame_type);
  if (rc == 0) rc = add_type(module, "Expr", &pys_expr_spec, &state.expr_type);
  return rc == 0 ? add_type(module, "Stream", &pys_stream_spec, &state.stream_type) : rc;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, PYS_SLOT(fill)}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gnomon.spark._spark",
    .m_doc = "libsparkconnect; see gnomon.spark.",
    .m_methods = functions,
    .m_slots = slots,
};

/* The name by which Python finds it. NOLINTBEGIN(readability-identifier-naming) */
PyMODINIT_FUNC PyInit__spark(void);
PyMODINIT_FUNC PyInit__spark(void)
{
  return PyModuleDef_Init(&definition);
}
/* NOLINTEND(readability-identifier-naming) */
