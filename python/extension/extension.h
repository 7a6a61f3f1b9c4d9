/* Between the files of the Python extension. SPDX-License-Identifier: Apache-2.0
 *
 * A thin layer: Python's values become the arguments of one public function, its answer becomes
 * Python's. Only Python's limited API (3.9) and gnomon's public headers are used, so one binary
 * serves every Python from 3.9 on.
 *
 * Every call of the library runs without the interpreter's lock. What a call gets is either copied
 * before or immutable and referenced, so other threads may run meanwhile. */
#ifndef GNOMON_PYTHON_EXTENSION_H
#define GNOMON_PYTHON_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <gnomon/backfill.h>
#include <gnomon/define.h>
#include <gnomon/fetch.h>
#include <gnomon/gnomon.h>
#include <gnomon/upload.h>

#include <stdbool.h>

/* A function in a table of Python's, which holds pointers to data. */
#define PYX_SLOT(function) ((void *)(uintptr_t)(function))
/* A function that takes keywords, as such a table wants it. */
#define PYX_KEYWORDS(function) ((PyCFunction)(void (*)(void))(function))

/* ---- what the module holds --------------------------------------------------------------------
 */

typedef struct pyx_module {
  PyObject *error; /* gnomon.GnomonError */
  PyObject *loads; /* json.loads; once it was needed */
  PyTypeObject *session_type, *fetcher_type, *stream_type;
} pyx_module;

pyx_module *pyx_module_get(void);
/* Raises what a call reported; gives NULL. */
PyObject *pyx_raise(const gn_error *err);
/* The same with a place before the one that the error names; `index` below 0: none. */
PyObject *pyx_raise_at(const gn_error *err, const char *what, Py_ssize_t index);
/* Text of the library as str; frees it. */
PyObject *pyx_text(gn_text *text);
/* What JSON text means; json is imported by the first. */
PyObject *pyx_json(const char *text, Py_ssize_t size);

/* ---- sessions ---------------------------------------------------------------------------------
 */

/* A session shared by the Session object, its fetchers and the streams it gave away: whoever is
 * last closes it. Streams may end in any thread, so the count is atomic. */
typedef struct pyx_shared {
  gn_session *session;
  _Atomic int users;
  PyObject *log;       /* called as log(level, component, event, fields); may be NULL */
  PyObject *progress;  /* of the long call that runs; may be NULL */
  PyObject *raised[3]; /* what `progress` raised: type, value, traceback */
  bool busy;           /* a long call runs; guarded by the interpreter's lock */
} pyx_shared;

typedef struct pyx_session {
  PyObject_HEAD pyx_shared *shared; /* NULL once closed */
} pyx_session;

pyx_shared *pyx_shared_ref(pyx_shared *shared);
/* Needs no interpreter's lock; takes it when it was the last. */
void pyx_shared_unref(pyx_shared *shared);
/* NULL and an exception when the session is closed. */
pyx_shared *pyx_session_shared(pyx_session *self);
extern PyType_Spec pyx_session_spec;
/* Its methods that look at what is there. */
PyObject *pyx_session_diff(PyObject *session, PyObject *args);
PyObject *pyx_session_stats(PyObject *session, PyObject *args);
PyObject *pyx_session_explain(PyObject *session, PyObject *args);
PyObject *pyx_session_analyze(PyObject *session, PyObject *args);
PyObject *pyx_session_test(PyObject *session, PyObject *args);

/* ---- long calls -------------------------------------------------------------------------------
 */

/* A call that may take minutes: it runs in a thread of its own, so that this one sees Ctrl-C. The
 * arguments stand behind this head in a larger struct. */
typedef struct pyx_long {
  int (*run)(struct pyx_long *call);
  pyx_shared *shared;
  gn_error err;
  int rc;
} pyx_long;

/* True when the call ran; its answer is `rc`. False with an exception: Ctrl-C was pressed,
 * `progress` raised, or another long call of the session runs. */
bool pyx_long_run(pyx_long *call, pyx_shared *shared, PyObject *progress);
/* What gn_session_args get as `progress`; the user is a pyx_shared. */
void pyx_tell_progress(void *user, const char *step, int64_t done, int64_t total, const char *unit);

/* ---- fetchers and streams ----------------------------------------------------------------------
 */

extern PyType_Spec pyx_fetcher_spec;
PyObject *pyx_fetcher_open(pyx_session *session, PyObject *name);

extern PyType_Spec pyx_stream_spec;
/* Takes the stream over, also on failure. */
PyObject *pyx_stream_new(pyx_shared *shared, struct ArrowArrayStream *stream);
/* Takes the stream of an object that has __arrow_c_stream__. */
int pyx_stream_take(PyObject *object, struct ArrowArrayStream *out);

#endif
