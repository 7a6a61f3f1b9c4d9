/* A transport that follows a script: which call is expected next, and what it gets. Its clock moves
 * only by waiting. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_SPARKCONNECT_SCRIPT_H
#define GNOMON_TESTS_SPARKCONNECT_SCRIPT_H

#include "sparkconnect/client.h"

#define SCRIPT_SESSION "0b0e1d4c-95f2-4f5d-8c56-7d5a2d7c9a01"
#define SCRIPT_URL "sc://localhost/;user_id=ada;session_id=" SCRIPT_SESSION

enum { SCRIPT_MESSAGES_MAX = 12 };

/* One call. Releases are not in the script: they are written down, and answered well
 * unless they are to be lost. */
typedef struct script_answer {
  const char *method;
  gn_str messages[SCRIPT_MESSAGES_MAX]; /* until one without bytes */
  const char *text;                     /* at the end, with the details and gRPC's code */
  gn_str details;
  int code;
  bool unreachable; /* there is no connection */
} script_answer;

typedef struct script {
  const script_answer *answers;
  size_t count, at;
  const gn_alloc *alloc;
  int64_t now_us, waits_us[32];
  size_t wait_count;
  size_t sent_bytes;    /* of bodies that go on */
  int releases_lost;    /* so many are, with their connection */
  int64_t closes_after; /* frames of such a body after which the answer is given; 0: all */
  char request[8192];   /* the newest, as far as it fits; releases are none */
  size_t request_len;
  char log[4096]; /* the methods in order, releases as "all" or "until:<id>" */
} script;

extern const sparkp_transport script_transport;

/* ExecutePlanResponse with a batch of rows 0, 1, … of one bigint column "id", or a part of it. */
gn_str script_batch(const char *response_id, int64_t start, int64_t rows, bool with_offset);
/* The chunk `index` of `count` of such a batch. */
gn_str script_chunk(const char *response_id, int64_t rows, int64_t index, int64_t count);
/* Any one member of ExecutePlanResponse, beside its ids. */
gn_str script_member(const char *response_id, uint32_t field, gn_str bytes);
gn_str script_complete(const char *response_id);
/* A small answer: its session in field 1, the server's own in `field`. */
gn_str script_small(uint32_t field, const char *server_session);
/* ConfigResponse with names and values in turn, until NULL. */
gn_str script_settings(const char *const *pairs);
/* AddArtifactsResponse with these names, and whether each arrived well; until a name is NULL. */
typedef struct script_arrival {
  const char *name;
  bool good;
} script_arrival;
gn_str script_arrivals(const script_arrival *arrivals);
/* ArtifactStatusesResponse in which these exist; until NULL. */
gn_str script_statuses(const char *const *names);
/* google.rpc.Status with an ErrorInfo of these metadata (name, value, …, NULL), or a RetryInfo. */
gn_str script_error_info(const char *const *metadata);
gn_str script_retry_info(int64_t seconds);

#endif
