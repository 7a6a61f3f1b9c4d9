/* Rows on their way from the server. SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_RESULT_H
#define SPARKCONNECT_RESULT_H

#include <sparkconnect/arrow.h>
#include <sparkconnect/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sparkc_result sparkc_result;

/**
 * The schema of the rows, a struct with a field a column; waits for the first batch.
 *
 * @own     `out` is the caller's to release
 * @err     REMOTE, TRANSPORT, TIMEOUT, CANCELLED, CLOSED, NOMEM
 * @thread  one at a time
 * @since   0.1
 */
SPARKC_API int sparkc_result_schema(sparkc_result *result, struct ArrowSchema *out,
                                    sparkc_error *err);

/**
 * The next batch. At the end `out->release` is NULL.
 *
 * @own     `out` is the caller's to release, also after the session is closed
 * @err     LIMIT       more rows or bytes than asked for
 *          REMOTE, TRANSPORT, TIMEOUT, CANCELLED, CLOSED, NOMEM
 * @thread  one at a time
 * @cost    one copy from the socket's buffer, none after
 * @since   0.1
 */
SPARKC_API int sparkc_result_next(sparkc_result *result, struct ArrowArray *out, sparkc_error *err);

/**
 * The operation's UUID, for sparkc_session_interrupt.
 *
 * @own     the text belongs to the result
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API const char *sparkc_result_operation_id(const sparkc_result *result);

/**
 * Ends the operation on the server; whoever waits for the next batch gets CANCELLED.
 *
 * @own     nothing
 * @err     TRANSPORT, REMOTE, TIMEOUT, NOMEM; an operation that is over is no failure
 * @thread  any, while the result is open
 * @since   0.1
 */
SPARKC_API int sparkc_result_cancel(sparkc_result *result, sparkc_error *err);

/**
 * Frees a result; an operation that still runs is ended on the server.
 *
 * @own     the result is gone; batches that were given out stay
 * @null    NULL does nothing
 * @err     none
 * @thread  one
 * @since   0.1
 */
SPARKC_API void sparkc_result_close(sparkc_result *result);

/**
 * Makes a result an Arrow stream, which closes it on release.
 *
 * @own     the result is the stream's, also on failure
 * @err     NOMEM
 * @thread  one
 * @since   0.1
 */
SPARKC_API int sparkc_result_to_stream(sparkc_result *result, struct ArrowArrayStream *out,
                                       sparkc_error *err);

/**
 * The whole error behind a stream's last failure.
 *
 * @own     the record belongs to the stream
 * @null    NULL when the stream is not of this library
 * @err     none
 * @thread  whoever uses the stream
 * @since   0.1
 */
SPARKC_API const sparkc_error *sparkc_stream_error(struct ArrowArrayStream *stream);

#ifdef __cplusplus
}
#endif
#endif
