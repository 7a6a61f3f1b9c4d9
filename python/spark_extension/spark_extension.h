/* Between the files of the Spark Connect extension. SPDX-License-Identifier: Apache-2.0
 *
 * A thin layer over libsparkconnect's public headers, in Python's limited API (3.9): three types
 * (session, data frame, stream of rows) and one for columns, all of them handles. What a plan looks
 * like is said in Python: any relation, expression and command crosses as a dict of the protocol's
 * own field names (value.c).
 *
 * Calls that wait for the server run without the interpreter's lock, and Ctrl-C ends them (wait.c).
 */
#ifndef GNOMON_PYTHON_SPARK_EXTENSION_H
#define GNOMON_PYTHON_SPARK_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sparkconnect/sparkconnect.h>
#include <stdbool.h>

/* A function in a table of Python's, which holds pointers to data. */
#define PYS_SLOT(function) ((void *)(uintptr_t)(function))
/* A function that takes keywords, as such a table wants it. */
#define PYS_KEYWORDS(function) ((PyCFunction)(void (*)(void))(function))

/* ---- the module ------------------------------------------------------------------------------ */

typedef struct pys_module {
  PyObject *raise;  /* gnomon.spark._errors.make */
  PyObject *values; /* gnomon.spark._values: makes what has no type in the limited API */
  PyTypeObject *session_type, *frame_type, *expr_type, *stream_type;
} pys_module;

pys_module *pys_module_get(void);
/* Raises what a call reported and clears the record; gives NULL. */
PyObject *pys_raise(sparkc_error *err);
/* A new object of a type, its own members zero. NULL with an exception. */
void *pys_new(PyTypeObject *type);
/* Ends an object, from its dealloc. */
void pys_free(PyObject *object);
/* A text of the library as str; frees it. NULL is None. */
PyObject *pys_text(sparkc_session *session, char *text);

/* ---- objects --------------------------------------------------------------------------------- */

/* A session while calls use it: whoever is last closes it. */
typedef struct pys_shared {
  sparkc_session *session;
  _Atomic int users;
  PyObject *on_event; /* called with what the session tells; may be NULL */
} pys_shared;

typedef struct pys_session {
  PyObject_HEAD pys_shared *shared; /* NULL once closed */
} pys_session;

/* A frame keeps the session's memory alive, not the session open. */
typedef struct pys_frame {
  PyObject_HEAD sparkc_dataframe *df;
  sparkc_session *session;
} pys_frame;

typedef struct pys_expr {
  PyObject_HEAD sparkc_column *column;
} pys_expr;

extern PyType_Spec pys_session_spec, pys_frame_spec, pys_expr_spec, pys_stream_spec;

/* One more user of the session; NULL with an exception when it is closed. */
pys_shared *pys_session_use(PyObject *session);
void pys_session_leave(pys_shared *shared);
/* Take over what they get, also on failure. */
PyObject *pys_frame_new(sparkc_session *session, sparkc_dataframe *df);
PyObject *pys_stream_new(sparkc_result *result);

/* Methods of a session (artifact.c). */
PyObject *pys_artifacts_add(PyObject *session, PyObject *args);
PyObject *pys_copy_to_server(PyObject *session, PyObject *args);

/* ---- values (value.c) ------------------------------------------------------------------------ */

/* Memory of one call's values. */
typedef struct pys_values {
  struct pys_block *blocks;
  PyObject *handles; /* a list; NULL: none yet */
} pys_values;

/* The items of a dict as fields; what they hold is valid until the values are freed and while the
 * dict is. False with an exception. */
bool pys_fields(pys_values *values, PyObject *dict, const sparkc_field **fields, size_t *count);
void pys_values_free(pys_values *values);

PyObject *pys_relation(PyObject *module, PyObject *args);
PyObject *pys_expression(PyObject *module, PyObject *args);
PyObject *pys_command(PyObject *module, PyObject *args);
PyObject *pys_analyze(PyObject *module, PyObject *args);
PyObject *pys_decode(PyObject *module, PyObject *args);

/* For tests that compare plans (hooks.c). */
PyObject *pys_reset_plan_ids(PyObject *module, PyObject *none);
PyObject *pys_encode_command(PyObject *module, PyObject *args);

/* ---- waiting (wait.c) ------------------------------------------------------------------------ */

/* A call that waits for the server; its arguments stand behind this head in a larger struct. */
typedef struct pys_call {
  int (*run)(struct pys_call *call);
  void (*stop)(struct pys_call *call); /* ends `run` from another thread; NULL: it cannot */
  sparkc_error err;
  int rc;
} pys_call;

/* Runs without the interpreter's lock, which the caller holds. False with an exception: Ctrl-C was
 * pressed. Else `rc` says how it ended. */
bool pys_wait(pys_call *call);
/* Says which thread Python handles signals in: the one that calls. */
void pys_wait_init(void);

/* ---- rows (rows.c) --------------------------------------------------------------------------- */

/* A list of tuples, one a row; nested values by gnomon.spark._values. */
PyObject *pys_rows(const struct ArrowSchema *schema, const struct ArrowArray *batch);

#endif
