/* Artifacts on their way: names as the server knows them. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_UPLOAD_H
#define GNOMON_SRC_SPARKCONNECT_UPLOAD_H

#include "sparkconnect/client.h"

enum {
  SPARKP_HASH_BYTES = 65,
  SPARKP_CACHE_NAME_BYTES = SPARKP_HASH_BYTES + 6 /* "cache/" */
};

typedef struct sparkp_artifact {
  const char *name; /* "jars/a.jar", "cache/<hash>" */
  const char *path; /* of the file; NULL: the bytes */
  gn_str bytes;     /* borrowed */
} sparkp_artifact;

/* Sends them all, and again what arrived damaged. */
int sparkp_upload(sparkc_session *session, const sparkp_artifact *artifacts, size_t count,
                  sparkc_error *err);
/* The name of bytes in the cache. */
void sparkp_cache_name(gn_str bytes, char out[SPARKP_CACHE_NAME_BYTES]);
/* Sends those that the server's cache does not have, by their cache names. */
int sparkp_cache(sparkc_session *session, const sparkp_artifact *artifacts, size_t count,
                 sparkc_error *err);

#endif
