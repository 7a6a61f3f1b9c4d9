/* gnomon._gnomon.Session: looking at what is there. Every answer is JSON text.
 * SPDX-License-Identifier: Apache-2.0 */
#include "extension.h"

#include <gnomon/inspect.h>
#include <gnomon/test.h>

struct inspect_call {
  pyx_long head;
  union {
    gn_diff_args diff;
    gn_stats_args stats;
    gn_explain_args explain;
    gn_analyze_args analyze;
  } args;
  gn_text text;
};

static struct inspect_call *inspect(pyx_long *call)
{
  return (struct inspect_call *)call;
}

static int run_diff(pyx_long *call)
{
  gn_diff_report report;
  struct inspect_call *at = inspect(call);
  return gn_diff(call->shared->session, &at->args.diff, GN_FORM_JSON, &at->text, &report,
                 &call->err);
}

static int run_stats(pyx_long *call)
{
  struct inspect_call *at = inspect(call);
  return gn_stats(call->shared->session, &at->args.stats, GN_FORM_JSON, &at->text, &call->err);
}

static int run_explain(pyx_long *call)
{
  struct inspect_call *at = inspect(call);
  return gn_explain(call->shared->session, &at->args.explain, GN_FORM_JSON, &at->text, &call->err);
}

static int run_analyze(pyx_long *call)
{
  struct inspect_call *at = inspect(call);
  return gn_analyze(call->shared->session, &at->args.analyze, GN_FORM_JSON, &at->text, &call->err);
}

static PyObject *answer(PyObject *session, struct inspect_call *call)
{
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)session);
  if (!shared || !pyx_long_run(&call->head, shared, Py_None)) {
    gn_text_free(&call->text);
    return NULL;
  }
  return call->head.rc == GN_OK ? pyx_text(&call->text) : pyx_raise(&call->head.err);
}

/* (left, right, keys, tolerance, sample, examples) */
PyObject *pyx_session_diff(PyObject *session, PyObject *args)
{
  struct inspect_call call = {.head.run = run_diff, .args.diff.struct_size = sizeof(gn_diff_args)};
  gn_diff_args *at = &call.args.diff;
  if (!PyArg_ParseTuple(args, "sszddi", &at->left, &at->right, &at->keys, &at->tolerance,
                        &at->sample, &at->examples))
    return NULL;
  return answer(session, &call);
}

/* (table, start_ds, end_ds) */
PyObject *pyx_session_stats(PyObject *session, PyObject *args)
{
  struct inspect_call call = {.head.run = run_stats,
                              .args.stats.struct_size = sizeof(gn_stats_args)};
  gn_stats_args *at = &call.args.stats;
  if (!PyArg_ParseTuple(args, "szz", &at->table, &at->start_ds, &at->end_ds)) return NULL;
  return answer(session, &call);
}

/* (conf, key, at_ms, rows_max) */
PyObject *pyx_session_explain(PyObject *session, PyObject *args)
{
  struct inspect_call call = {.head.run = run_explain,
                              .args.explain.struct_size = sizeof(gn_explain_args)};
  gn_explain_args *at = &call.args.explain;
  long long at_ms;
  if (!PyArg_ParseTuple(args, "ssLi", &at->conf, &at->key, &at_ms, &at->rows_max)) return NULL;
  at->at_ms = at_ms;
  return answer(session, &call);
}

/* (conf, start_ds, end_ds, hitters_max) */
PyObject *pyx_session_analyze(PyObject *session, PyObject *args)
{
  struct inspect_call call = {.head.run = run_analyze,
                              .args.analyze.struct_size = sizeof(gn_analyze_args)};
  gn_analyze_args *at = &call.args.analyze;
  if (!PyArg_ParseTuple(args, "szzi", &at->conf, &at->start_ds, &at->end_ds, &at->hitters_max))
    return NULL;
  return answer(session, &call);
}

/* ---- tests ---- */

struct test_call {
  pyx_long head;
  gn_test_args args;
  int form;
  gn_text text, problems;
  gn_test_report report;
};

static int run_tests(pyx_long *call)
{
  struct test_call *at = (struct test_call *)call;
  return gn_test(call->shared->session, &at->args, at->form, &at->text, &at->problems, &at->report,
                 &call->err);
}

/* (path, only, form) -> (what was told, what is wrong in the files, passed, failed) */
PyObject *pyx_session_test(PyObject *session, PyObject *args)
{
  const char *path;
  PyObject *out = NULL;
  struct test_call call = {.head.run = run_tests, .args.struct_size = sizeof(gn_test_args)};
  pyx_shared *shared = pyx_session_shared((pyx_session *)(void *)session);
  if (!shared || !PyArg_ParseTuple(args, "zzi", &path, &call.args.only, &call.form)) return NULL;
  call.args.paths = &path;
  call.args.path_count = path != NULL;
  if (pyx_long_run(&call.head, shared, Py_None)) {
    bool wrong = call.head.rc == GN_E_INVALID && call.problems.len;
    if (call.head.rc != GN_OK && !wrong)
      pyx_raise(&call.head.err);
    else
      out = Py_BuildValue("(ssLL)", call.text.ptr ? call.text.ptr : "",
                          call.problems.ptr ? call.problems.ptr : "", (long long)call.report.passed,
                          (long long)call.report.failed);
  }
  gn_text_free(&call.text);
  gn_text_free(&call.problems);
  return out;
}
