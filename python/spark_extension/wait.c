/* Calls that wait for a server, and Ctrl-C. SPDX-License-Identifier: Apache-2.0
 *
 * Python runs its signal handlers in its main thread, between two of its own instructions. So there
 * a call runs in a thread of its own, while this one waits and looks for signals; the first of them
 * ends the operation on the server. */
#include "spark_extension.h"

#include <pthread.h>
#include <time.h>

enum { LOOK_EVERY_MS = 50 };

typedef struct wait_state {
  pys_call *call;
  pthread_mutex_t lock;
  pthread_cond_t ended;
  bool done;
} wait_state;

static pthread_t main_thread;

void pys_wait_init(void)
{
  main_thread = pthread_self();
}

static void *work(void *user)
{
  wait_state *wait = user;
  wait->call->rc = wait->call->run(wait->call);
  pthread_mutex_lock(&wait->lock);
  wait->done = true;
  pthread_cond_signal(&wait->ended);
  pthread_mutex_unlock(&wait->lock);
  return NULL;
}

/* Waits a moment without the interpreter's lock; tells whether the call has ended. */
static bool has_ended(wait_state *wait)
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

static void stop(pys_call *call)
{
  if (!call->stop) return;
  PyThreadState *released = PyEval_SaveThread();
  call->stop(call);
  PyEval_RestoreThread(released);
}

/* False: a handler raised, which is what the caller will see once the call is over. */
static bool watch(wait_state *wait)
{
  PyObject *raised[3] = {NULL, NULL, NULL};
  while (!has_ended(wait)) {
    if (PyErr_CheckSignals() == 0) continue;
    if (raised[0]) {
      PyErr_Clear(); /* the first one counts */
      continue;
    }
    PyErr_Fetch(&raised[0], &raised[1], &raised[2]);
    stop(wait->call);
  }
  if (!raised[0]) return true;
  PyErr_Restore(raised[0], raised[1], raised[2]);
  return false;
}

static void run_here(pys_call *call)
{
  PyThreadState *released = PyEval_SaveThread();
  call->rc = call->run(call);
  PyEval_RestoreThread(released);
}

bool pys_wait(pys_call *call)
{
  wait_state wait = {.call = call};
  pthread_condattr_t monotonic;
  pthread_t thread;
  bool calm = true;
  if (!pthread_equal(pthread_self(), main_thread)) {
    run_here(call);
    return true;
  }
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&wait.lock, NULL);
  pthread_cond_init(&wait.ended, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(&thread, NULL, work, &wait) == 0) {
    calm = watch(&wait);
    pthread_join(thread, NULL);
  } else {
    run_here(call);
  }
  pthread_cond_destroy(&wait.ended);
  pthread_mutex_destroy(&wait.lock);
  if (!calm) sparkc_error_clear(&call->err);
  return calm;
}
