/* Tests of definitions: small rows in, the features expected of them. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef GNOMON_TEST_H
#define GNOMON_TEST_H

#include <gnomon/define.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which tests gn_test runs. Zero members take the defaults. */
typedef struct gn_test_args {
  size_t struct_size;
  const char *const *paths; /* files, and folders to look in; relative to the repository */
  size_t path_count;        /* 0: the whole repository */
  const char *only;         /* those whose name holds this text; NULL: all */
} gn_test_args;

typedef struct gn_test_report {
  int64_t passed, failed; /* failed: another answer than expected, or none */
} gn_test_report;

/**
 * Runs the tests of files named *.test.yaml: writes the rows that a test gives into tables of its
 * own, computes the days that it expects, uploads and fetches at the times that it asks for, and
 * compares. The warehouse and the store of the repository are not touched.
 *
 * @shape   `form`: gn_form. `out`: a line a test and the differences of those that failed, with
 *          lines of the file; in JSON one object a test {"test", "conf", "file", "line", "result",
 *          "differences"} and a last one with the counts. `problems`: what is wrong in the files
 * @own     `out` and `problems` are the caller's
 * @null    a feature that is expected to be null is written as null
 * @err     NOTFOUND  there is no test, or a path does not exist
 * @err     INVALID   a file says what a test cannot mean; `problems` holds all of it
 * @err     IO        a file could not be read or written
 * @err     NOMEM     out of memory
 * @err     CANCELLED gn_session_cancel was called
 * @thread  one call at a time a session
 * @cost    an engine is opened for each test, and for each day that is uploaded
 * @since   0.1
 */
GN_API int gn_test(gn_session *session, const gn_test_args *args, int form, gn_text *out,
                   gn_text *problems, gn_test_report *report, gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
