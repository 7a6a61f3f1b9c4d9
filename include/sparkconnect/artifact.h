/* Files and bytes that a session's operations use on the server: jars, Python files, archives.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_ARTIFACT_H
#define SPARKCONNECT_ARTIFACT_H

#include <sparkconnect/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sparkc_artifact_kind {
  SPARKC_ARTIFACT_FILE = 1,    /* found by SparkFiles.get on every executor */
  SPARKC_ARTIFACT_JAR = 2,     /* on the class path of the session; its name ends in .jar */
  SPARKC_ARTIFACT_PYFILE = 3,  /* on the PYTHONPATH: .py, .zip, .egg, .jar */
  SPARKC_ARTIFACT_ARCHIVE = 4, /* unpacked: .zip, .jar, .tar.gz, .tgz, .tar; "#name" renames it */
  SPARKC_ARTIFACT_CLASS = 5    /* one .class of the session */
};

/* A file of this process's machine, or bytes of its memory. */
typedef struct sparkc_artifact {
  int32_t kind;     /* a sparkc_artifact_kind */
  const char *name; /* what it is called there; NULL: the path's last part */
  const char *path; /* of the file; NULL: `bytes` are sent */
  const void *bytes;
  size_t size;
} sparkc_artifact;

/**
 * Sends artifacts in one call: small ones together, large ones in pieces of 1 MiB, each with its
 * checksum. What arrives damaged is sent again. Files are read piece by piece.
 *
 * A call that breaks is repeated from its beginning: a server keeps nothing of one that did not
 * come to its end, and cannot be asked for parts. Several large files are better sent in a call
 * each, so that a break costs one of them.
 *
 * @own     nothing; names, paths and bytes are only read here
 * @err     PLAN        no such kind, a name that goes up or has the wrong ending, no such file
 *          REMOTE      another jar of that name is there already (ARTIFACT_ALREADY_EXISTS)
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one call; memory of two pieces, whatever the size
 * @since   0.1
 */
SPARKC_API int sparkc_artifacts_add(sparkc_session *session, const sparkc_artifact *artifacts,
                                    size_t count, sparkc_error *err);

/**
 * Sends one file under its own name: sparkc_artifacts_add for the common case.
 *
 * @own     nothing
 * @err     as sparkc_artifacts_add
 * @thread  any
 * @cost    one call
 * @since   0.1
 */
SPARKC_API int sparkc_artifact_add(sparkc_session *session, int kind, const char *path,
                                   sparkc_error *err);

/**
 * Copies a file to where the server sees its file system, if that lets clients do so.
 *
 * @own     nothing
 * @err     PLAN        `destination` is no absolute path, or there is no such file
 *          REMOTE      the server does not allow it
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one call; memory of two pieces
 * @since   0.1
 */
SPARKC_API int sparkc_copy_to_server(sparkc_session *session, const char *path,
                                     const char *destination, sparkc_error *err);

/**
 * Keeps bytes in the session's cache under the SHA-256 of what they are, unless they are there:
 * then nothing is sent.
 *
 * @own     the bytes are only read here; `hash` gets 64 hexadecimal digits
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip, and the upload where it is needed
 * @since   0.1
 */
SPARKC_API int sparkc_cache_bytes(sparkc_session *session, const void *bytes, size_t size,
                                  char hash[65], sparkc_error *err);

/**
 * Asks which artifacts the session has, by their whole names: "cache/<hash>".
 *
 * @own     `exists` is the caller's, of `count` numbers: 1 for what is there
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip for all
 * @since   0.1
 */
SPARKC_API int sparkc_artifacts_exist(sparkc_session *session, const char *const *names,
                                      size_t count, int32_t *exists, sparkc_error *err);

#ifdef __cplusplus
}
#endif
#endif
