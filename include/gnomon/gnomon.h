/* gnomon, the feature store you can link. SPDX-License-Identifier: Apache-2.0
 *
 *   define   <gnomon/define.h>    what the definitions say; checks
 *   plan     <gnomon/backfill.h>  which partitions a run would read and write
 *   backfill <gnomon/backfill.h>  runs a plan: table partitions
 *   upload   <gnomon/upload.h>    one day's states to the online store; live rows
 *   fetch    <gnomon/fetch.h>     keys and a time in, features out
 *
 * Beside them <gnomon/serve.h> (HTTP), <gnomon/inspect.h> (looking at what is there) and
 * <gnomon/test.h> (definitions on small rows).
 * Everything hangs on a session: a repository of definitions, a warehouse of tables, a store. */
#ifndef GNOMON_GNOMON_H
#define GNOMON_GNOMON_H

#include <gnomon/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gn_session gn_session;

/* How far a long call is. `done` and `total` count `unit`s ("rows", "partitions"); total 0 is not
 * known. Called on the thread that works, at most ten times a second. */
typedef void (*gn_progress_fn)(void *user, const char *step, int64_t done, int64_t total,
                               const char *unit);

/* What a session is opened with. Zero members take the value of gnomon.toml, else the default. */
typedef struct gn_session_args {
  size_t struct_size;
  const char *repo;          /* folder with gnomon.toml, teams.json, production/; NULL: "." */
  const char *warehouse;     /* folder of tables; default "warehouse" in the repository */
  const char *store;         /* "lmdb:FOLDER", "memory:"; default "lmdb:store" in the repository */
  const char *const *tables; /* "NAME=PATH", table_count of them; the last of a name counts */
  size_t table_count;
  int32_t threads;       /* default: one a core */
  int64_t memory_bytes;  /* of the process; default: 80 % of the machine's */
  int64_t clock_ms;      /* what "now" is; 0: the system's clock */
  const gn_alloc *alloc; /* NULL: malloc */
  gn_log_fn log;         /* NULL: silent */
  void *log_user;
  gn_progress_fn progress; /* NULL: silent */
  void *progress_user;
  const char *boundary; /* "chronon", "exact"; NULL: as configured */
} gn_session_args;

/* Text that the library made. */
typedef struct gn_text {
  char *ptr; /* terminated */
  size_t len;
  const gn_alloc *alloc;
} gn_text;

/**
 * Opens a repository. Reads gnomon.toml; opens no engine and no store before they are needed.
 *
 * @own     `*out` is the caller's; close it with gn_session_close. `args` may go after the call,
 * its allocator and callbacks may not.
 * @null    no gnomon.toml: the defaults
 * @err     NOTFOUND  the repository's folder does not exist
 * @err     PARSE     gnomon.toml is not well formed; `where` is file, line and column
 * @err     INVALID   a setting is unknown or has a wrong value
 * @err     NOMEM     out of memory
 * @thread  any; the session may be shared by threads afterwards
 * @cost    one small file read
 * @since   0.1
 */
GN_API int gn_session_open(const gn_session_args *args, gn_session **out,
                           gn_error *err) GN_MUST_CHECK;

/**
 * Closes a session and what hangs on it. NULL does nothing.
 *
 * @own     fetchers of the session must be closed before
 * @err     none
 * @thread  one, when no other uses the session any more
 * @since   0.1
 */
GN_API void gn_session_close(gn_session *session);

/**
 * Asks the calls that run in this session to end soon with GN_E_CANCELLED, and so do later ones
 * until gn_session_resume. Safe in a signal handler.
 *
 * @own     nothing
 * @err     none
 * @thread  any, also a signal handler
 * @since   0.1
 */
GN_API void gn_session_cancel(gn_session *session);

/**
 * Forgets a cancellation, so that calls from now on run to their end.
 *
 * @own     nothing
 * @err     none
 * @thread  any, when no call that was to be cancelled runs any more
 * @since   0.1
 */
GN_API void gn_session_resume(gn_session *session);

/**
 * Frees what a call returned as text; empty ones do nothing.
 *
 * @own     the text is gone
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API void gn_text_free(gn_text *text);

#ifdef __cplusplus
}
#endif
#endif
