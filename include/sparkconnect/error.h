/* What every header of the Spark Connect client shares: result codes, the error record, the
 * allocator. C99 and C++11 clean; includes nothing of gnomon. SPDX-License-Identifier: Apache-2.0
 */
#ifndef SPARKCONNECT_ERROR_H
#define SPARKCONNECT_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SPARKC_API __attribute__((visibility("default")))
#else
#define SPARKC_API
#endif

/* One row a code: name, number, which of the four kinds of failure it is, what the caller can do.
 * Whether trying again can help depends on more than the code: sparkc_error says it. */
#define SPARKC_CODES(X)                                                                            \
  X(OK, 0, "none", "nothing: the call succeeded")                                                  \
  X(E_TRANSPORT, -1, "transport", "look at the network, the server, the certificates, the token")  \
  X(E_REMOTE, -2, "remote", "read Spark's own message, class and SQLSTATE")                        \
  X(E_PLAN, -3, "invalid plan", "fix the call: what it asks for makes no sense")                   \
  X(E_UNSUPPORTED, -4, "unsupported", "choose otherwise: client or server do not offer it")        \
  X(E_LIMIT, -5, "invalid plan", "raise the ceiling that is named, or ask for less")               \
  X(E_NOMEM, -6, "transport", "free memory, then try again")                                       \
  X(E_CANCELLED, -7, "remote", "nothing: the caller asked for it")                                 \
  X(E_TIMEOUT, -8, "transport", "allow more time, then try again")                                 \
  X(E_CLOSED, -9, "remote", "open a new session: the server no longer knows this one")

enum sparkc_code {
#define SPARKC_CODE_ENUM_(name, number, kind, advice) SPARKC_##name = number,
  SPARKC_CODES(SPARKC_CODE_ENUM_)
#undef SPARKC_CODE_ENUM_
      SPARKC_CODE_LAST_ = -9
};

/* What went wrong. Begin with {0}: it is touched only on failure, and the first failure wins. Where
 * a server told more than fits, `details` holds it: sparkc_error_clear frees that. */
typedef struct sparkc_error {
  int32_t code;          /* a sparkc_code; 0 while nothing failed */
  int32_t status;        /* gRPC's number; 0 when no call was made */
  int32_t retryable;     /* 1 when the same call can succeed later */
  int32_t native;        /* errno or the outside library's number; 0 when there is none */
  char sqlstate[8];      /* "42703", or empty */
  char error_class[128]; /* "UNRESOLVED_COLUMN.WITH_SUGGESTION", or empty */
  char message[1024];    /* cut to fit; the whole text: sparkc_error_message */
  char hint[256];        /* what to try; may be empty */
  struct sparkc_error_details *details;
} sparkc_error;

/* Where in a query the failure is. Texts belong to the error; NULL where Spark says nothing. */
typedef struct sparkc_query_context {
  const char *object_type, *object_name;
  int32_t start_index, stop_index; /* characters of the SQL text, both included; -1: none */
  const char *fragment, *call_site, *summary;
  int32_t is_dataframe; /* 1: of a DataFrame's call; 0: of an SQL text */
} sparkc_query_context;

/* All memory of a session comes from here, but what OpenSSL, zstd and Arrow arrays take.
 * `resize(user, NULL, 0, n)` allocates, `(block, old, n)` moves, `(block, old, 0)` frees and
 * returns NULL. The old size is always exact. Called from any thread. */
typedef struct sparkc_alloc {
  void *(*resize)(void *user, void *block, size_t old_size, size_t size);
  void *user;
} sparkc_alloc;

/**
 * Names a code as it is written in the documentation: "SPARKC_E_REMOTE".
 *
 * @own     the text is static
 * @err     none; an unknown number gives "SPARKC_E_UNKNOWN"
 * @thread  any
 * @since   0.1
 */
SPARKC_API const char *sparkc_code_name(int code);

/**
 * Names the kind of failure a code is: "transport", "remote", "invalid plan", "unsupported".
 *
 * @own     the text is static
 * @err     none; an unknown number gives "remote"
 * @thread  any
 * @since   0.1
 */
SPARKC_API const char *sparkc_code_kind(int code);

/**
 * Frees what an error holds beside its record, and makes the record empty again.
 *
 * @own     the caller keeps the record
 * @null    NULL does nothing
 * @err     none
 * @thread  whoever holds the record
 * @since   0.1
 */
SPARKC_API void sparkc_error_clear(sparkc_error *err);

/**
 * Gives the whole message, however long.
 *
 * @own     the text belongs to the error
 * @err     none
 * @thread  whoever holds the record
 * @since   0.1
 */
SPARKC_API const char *sparkc_error_message(const sparkc_error *err);

/**
 * Gives the i-th parameter of the message: what stood in its template's place of that name.
 *
 * @own     the texts belong to the error
 * @null    0 when there is no i-th
 * @err     none; 1 when there is an i-th
 * @thread  whoever holds the record
 * @since   0.1
 */
SPARKC_API int sparkc_error_parameter(const sparkc_error *err, size_t i, const char **name,
                                      const char **value);

/**
 * Gives the i-th place of the query that the failure is about.
 *
 * @own     the texts belong to the error
 * @null    0 when there is no i-th
 * @err     none; 1 when there is an i-th
 * @thread  whoever holds the record
 * @since   0.1
 */
SPARKC_API int sparkc_error_context(const sparkc_error *err, size_t i, sparkc_query_context *out);

/**
 * Gives the server's stack as Java prints it, with its causes.
 *
 * @own     the text belongs to the error
 * @null    NULL when the server did not send one, or the session was not opened with `want_stack`
 * @err     none
 * @thread  whoever holds the record
 * @since   0.1
 */
SPARKC_API const char *sparkc_error_stack(const sparkc_error *err);

/**
 * Gives the version of the library that is linked: "0.1.0".
 *
 * @own     the text is static
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API const char *sparkc_version(void);

#ifdef __cplusplus
}
#endif
#endif
