/* Long calls: Ctrl-C ends them, and they tell how far they are. SPDX-License-Identifier: Apache-2.0
 *
 * Python runs its signal handlers in the main thread, between two of its own instructions. So the
 * call runs in a thread of its own, and this one waits and looks for signals meanwhile. */
#include "extension.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { LOOK_EVERY_MS = 50 };

struct wait {
  pyx_long *call;
  pthread_mutex_t lock;
  pthread_cond_t ended;
  bool done;
};

static void *work(void *user)
{
  struct wait *wait = user;
  wait->call->rc = wait->call->run(wait->call);
  pthread_mutex_lock(&wait->lock);
  wait->done = true;
  pthread_cond_signal(&wait->ended);
  pthread_mutex_unlock(&wait->lock);
  return NULL;
}

/* Waits a moment without the interpreter's lock; tells whether the call has ended. */
static bool has_ended(struct wait *wait)
{
  bool done;
  struct timespec until;
  PyThreadState *released = PyEval_SaveThread();
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += LOOK_EVERY_MS * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_mutex_lock(&wait->lock);
  if (!wait->done) pthread_cond_timedwait(&wait->ended, &wait->lock, &until);
  done = wait->done;
  pthread_mutex_unlock(&wait->lock);
  PyEval_RestoreThread(released);
  return done;
}

/* Keeps the exception that is set, the first of a call, and asks the call to end. */
static void stop(pyx_shared *shared)
{
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  if (shared->raised[0]) {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return;
  }
  shared->raised[0] = type;
  shared->raised[1] = value;
  shared->raised[2] = traceback;
  gn_session_cancel(shared->session);
}

void pyx_tell_progress(void *user, const char *step, int64_t done, int64_t total, const char *unit)
{
  pyx_shared *shared = user;
  PyGILState_STATE lock = PyGILState_Ensure();
  if (shared->progress && !shared->raised[0]) {
    PyObject *result = PyObject_CallFunction(shared->progress, "sLLs", step, (long long)done,
                                             (long long)total, unit);
    if (!result) stop(shared);
    Py_XDECREF(result);
  }
  PyGILState_Release(lock);
}

static int wait_for(struct wait *wait)
{
  pthread_condattr_t monotonic;
  pthread_t thread;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&wait->lock, NULL);
  pthread_cond_init(&wait->ended, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int failed = pthread_create(&thread, NULL, work, wait);
  if (failed == 0) {
    while (!has_ended(wait))
      if (PyErr_CheckSignals() < 0) stop(wait->call->shared);
    pthread_join(thread, NULL);
  }
  pthread_cond_destroy(&wait->ended);
  pthread_mutex_destroy(&wait->lock);
  return failed;
}

bool pyx_long_run(pyx_long *call, pyx_shared *shared, PyObject *progress)
{
  struct wait wait = {.call = call};
  if (shared->busy) {
    gn_error err = {.code = GN_E_BUSY,
                    .message = "another call of this session is running",
                    .hint = "wait for it, or open a second session"};
    pyx_raise(&err);
    return false;
  }
  shared->busy = true;
  pyx_shared_ref(shared);
  call->shared = shared;
  shared->progress = progress == Py_None ? NULL : progress;
  Py_XINCREF(shared->progress);
  int failed = wait_for(&wait);
  Py_CLEAR(shared->progress);
  shared->busy = false;
  if (failed) {
    PyErr_SetString(PyExc_RuntimeError, "no thread can be started");
  } else if (shared->raised[0]) {
    PyErr_Restore(shared->raised[0], shared->raised[1], shared->raised[2]);
    memset(shared->raised, 0, sizeof shared->raised);
    gn_session_resume(shared->session);
    failed = 1;
  }
  pyx_shared_unref(shared);
  return !failed;
}
