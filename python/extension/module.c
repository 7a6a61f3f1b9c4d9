/* gnomon._gnomon: the module, its exception, and what needs no session.
 * SPDX-License-Identifier: Apache-2.0 */
#include "extension.h"

#include <string.h>

/* One interpreter a process: the module is found again where no object of ours is at hand. */
static pyx_module state;

pyx_module *pyx_module_get(void)
{
  return &state;
}

/* ---- errors ---- */

static const char *short_name(int code)
{
  const char *name = gn_code_name(code); /* "GN_E_NOTFOUND" */
  return strncmp(name, "GN_E_", 5) == 0 ? name + 5 : name;
}

PyObject *pyx_raise_at(const gn_error *err, const char *what, Py_ssize_t index)
{
  PyObject *where = index < 0       ? PyUnicode_FromString(err->where)
                    : err->where[0] ? PyUnicode_FromFormat("%s[%zd]: %s", what, index, err->where)
                                    : PyUnicode_FromFormat("%s[%zd]", what, index);
  if (!where) return NULL;
  PyObject *raised = PyObject_CallFunction(
      state.error, "ssNsOs", short_name(err->code), err->message, where, err->hint,
      gn_code_retriable(err->code) ? Py_True : Py_False, err->diagnostic);
  if (raised) PyErr_SetObject(state.error, raised);
  Py_XDECREF(raised);
  return NULL;
}

PyObject *pyx_raise(const gn_error *err)
{
  return pyx_raise_at(err, NULL, -1);
}

PyObject *pyx_text(gn_text *text)
{
  PyObject *out =
      PyUnicode_DecodeUTF8(text->ptr ? text->ptr : "", (Py_ssize_t)text->len, "replace");
  gn_text_free(text);
  return out;
}

/* ---- functions ---- */

static PyObject *with_text(PyObject *arg, int (*call)(const char *, gn_text *, gn_error *))
{
  gn_text text = {0};
  gn_error err = {0};
  PyObject *word = PyUnicode_AsUTF8String(arg);
  if (!word) return NULL;
  int rc = call(PyBytes_AsString(word), &text, &err);
  Py_DECREF(word);
  return rc == GN_OK ? pyx_text(&text) : pyx_raise(&err);
}

static PyObject *schema(PyObject *module, PyObject *kind)
{
  (void)module;
  return with_text(kind, gn_schema);
}

static PyObject *explain(PyObject *module, PyObject *code)
{
  (void)module;
  return with_text(code, gn_explain_code);
}

static PyObject *version(PyObject *module, PyObject *none)
{
  (void)module;
  (void)none;
  return PyUnicode_FromString(gn_version());
}

static PyMethodDef functions[] = {
    {"schema", schema, METH_O, "The JSON Schema of a kind of definition, as text."},
    {"explain", explain, METH_O, "The page of a diagnostic code, as text."},
    {"version", version, METH_NOARGS, "The version of the library."},
    {NULL, NULL, 0, NULL},
};

/* ---- the module ---- */

static PyObject *member_of(const char *module_name, const char *name)
{
  PyObject *module = PyImport_ImportModule(module_name);
  PyObject *member = module ? PyObject_GetAttrString(module, name) : NULL;
  Py_XDECREF(module);
  return member;
}

PyObject *pyx_json(const char *text, Py_ssize_t size)
{
  if (!state.loads) state.loads = member_of("json", "loads");
  return state.loads ? PyObject_CallFunction(state.loads, "s#", text, size) : NULL;
}

static PyTypeObject *make_type(PyType_Spec *spec)
{
  return (PyTypeObject *)(void *)PyType_FromSpec(spec);
}

static int make_state(void)
{
  if (!state.error) state.error = member_of("gnomon._errors", "GnomonError");
  if (!state.session_type) state.session_type = make_type(&pyx_session_spec);
  if (!state.fetcher_type) state.fetcher_type = make_type(&pyx_fetcher_spec);
  if (!state.stream_type) state.stream_type = make_type(&pyx_stream_spec);
  return state.error && state.session_type && state.fetcher_type && state.stream_type ? 0 : -1;
}

static int add_type(PyObject *module, const char *name, PyTypeObject *type)
{
  Py_INCREF(type); /* the module takes one of its own */
  int rc = PyModule_AddObject(module, name, (PyObject *)(void *)type);
  if (rc < 0) Py_DECREF(type);
  return rc;
}

static int fill(PyObject *module)
{
  int rc = make_state();
  if (rc == 0) rc = add_type(module, "Session", state.session_type);
  if (rc == 0) rc = add_type(module, "Fetcher", state.fetcher_type);
  return rc == 0 ? add_type(module, "Stream", state.stream_type) : rc;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, PYX_SLOT(fill)}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gnomon._gnomon",
    .m_doc = "gnomon's library; see gnomon.Session.",
    .m_methods = functions,
    .m_slots = slots,
};

/* The name by which Python finds it. NOLINTBEGIN(readability-identifier-naming) */
PyMODINIT_FUNC PyInit__gnomon(void);
PyMODINIT_FUNC PyInit__gnomon(void)
{
  return PyModuleDef_Init(&definition);
}
/* NOLINTEND(readability-identifier-naming) */
