/* What every gnomon header shares: result codes, the error record, the allocator, visibility.
 * C99 and C++11 clean; includes nothing of ours. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_BASE_H
#define GNOMON_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GN_API __attribute__((visibility("default")))
#define GN_MUST_CHECK __attribute__((warn_unused_result))
#define GN_PRINTF(format_index, first_index)                                                       \
  __attribute__((format(printf, format_index, first_index)))
#else
#define GN_API
#define GN_MUST_CHECK
#define GN_PRINTF(format_index, first_index)
#endif

/* One row a code: name, number, may trying again help, HTTP status, exit status of the program,
 * what the caller can do next. The numbers are part of the binary interface and never reused. */
#define GN_CODES(X)                                                                                \
  X(OK, 0, 0, 200, 0, "nothing: the call succeeded")                                               \
  X(ABSENT, 1, 0, 200, 0, "nothing: the key is not there, which is an answer")                     \
  X(E_ARG, -1, 0, 400, 64, "fix the call")                                                         \
  X(E_PARSE, -2, 0, 400, 65, "fix the text at the place named")                                    \
  X(E_INVALID, -3, 0, 400, 65, "fix the definition at the place named")                            \
  X(E_TYPE, -4, 0, 400, 65, "give the type that is asked for")                                     \
  X(E_CORRUPT, -5, 0, 500, 65, "restore the data; it is not what was written")                     \
  X(E_IO, -6, 1, 503, 69, "try again; look at the device, the path and the permissions")           \
  X(E_BUSY, -7, 1, 503, 75, "try again later; something else holds it")                            \
  X(E_TIMEOUT, -8, 1, 504, 75, "try again, or allow more time")                                    \
  X(E_NOMEM, -9, 1, 503, 75, "free memory or raise the budget, then try again")                    \
  X(E_AUTH, -10, 0, 403, 77, "log in, or ask for the right")                                       \
  X(E_NOTFOUND, -11, 0, 404, 66, "check the name; the message lists near ones")                    \
  X(E_EXISTS, -12, 0, 409, 73, "choose another name or ask to replace")                            \
  X(E_UNSUPPORTED, -13, 0, 501, 65, "choose otherwise; this is not offered")                       \
  X(E_LIMIT, -14, 0, 413, 65, "stay under the ceiling that is named")                              \
  X(E_CONFLICT, -15, 1, 409, 75, "read the newer state, then try again")                           \
  X(E_REMOTE, -16, 0, 502, 69, "read the remote's own message")                                    \
  X(E_CANCELLED, -17, 0, 499, 130, "nothing: the caller asked for it")                             \
  X(E_BUG, -18, 0, 500, 70, "report it to us with the message")

enum gn_code {
#define GN_CODE_ENUM_(name, number, again, http, exit_status, advice) GN_##name = number,
  GN_CODES(GN_CODE_ENUM_)
#undef GN_CODE_ENUM_
      GN_CODE_LAST_ = -18
};

/* What went wrong, owned by the caller, 768 bytes, never allocates. It is touched only on failure;
 * the first failure wins, and frames on the way up may only add to `where`. Initialise with {0}. */
typedef struct gn_error {
  int32_t code;       /* a gn_code; 0 while nothing failed */
  int32_t native;     /* errno or the outside library's number; 0 when there is none */
  char where[184];    /* a path in the user's own words: "team.file.var: aggregations[2]" */
  char message[384];  /* lower case, what failed first, no full stop */
  char hint[184];     /* what to try; may be empty */
  char diagnostic[8]; /* "GO006": the page that explains it, see gn_explain_code */
} gn_error;

/* All memory of a session comes from here. `resize(user, NULL, 0, n)` allocates, `(block, old, n)`
 * moves, `(block, old, 0)` frees and returns NULL. The old size is always exact. Any thread. */
typedef struct gn_alloc {
  void *(*resize)(void *user, void *block, size_t old_size, size_t size);
  void *user;
} gn_alloc;

enum gn_log_level { GN_LOG_ERROR = 0, GN_LOG_WARN = 1, GN_LOG_INFO = 2, GN_LOG_DEBUG = 3 };

/* One piece of a log event; `text` is terminated and valid during the call only. */
typedef struct gn_log_field {
  const char *key;
  const char *text;
} gn_log_field;

/* Receives everything the library wants to say; it prints nothing itself. `component` is a fixed
 * name ("flow.backfill"). Called on the thread that works. */
typedef void (*gn_log_fn)(void *user, int level, const char *component, const char *event,
                          const gn_log_field *fields, size_t field_count);

/**
 * Names a code as it is written in the documentation: "GN_E_NOTFOUND".
 *
 * @own     the text is static
 * @err     none; an unknown number gives "GN_E_UNKNOWN"
 * @thread  any
 * @since   0.1
 */
GN_API const char *gn_code_name(int code);

/**
 * Tells whether calling again, unchanged, can succeed.
 *
 * @own     nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API int gn_code_retriable(int code);

/**
 * Maps a code to the exit status that the program uses for it.
 *
 * @unit    a process exit status, 0..255
 * @own     nothing
 * @err     none; an unknown number gives 70
 * @thread  any
 * @since   0.1
 */
GN_API int gn_code_exit_status(int code);

/**
 * Gives the version of the library that is linked: "0.1.0".
 *
 * @own     the text is static
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API const char *gn_version(void);

#ifdef __cplusplus
}
#endif
#endif
