/* Shared by the files of this folder only; names begin with sparkp_. The order of a call:
 *
 *   dataframe.c   what the user asks for
 *   build.c       messages by the protocol's own names
 *   plan.c        the nodes they are kept in, which share their parts
 *   execute.c     one operation: reattached until its result is complete
 *   call.c        one small call: sent, checked, tried again
 *   transport.h   the table behind which the network is (transport_http2.c), or a test's script
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_CLIENT_H
#define GNOMON_SRC_SPARKCONNECT_CLIENT_H

#include <pthread.h>
#include <sparkconnect/dataframe.h>
#include <stdatomic.h>

#include "base/base.h"
#include "spark_base.pb-c.h"
#include "sparkconnect/transport.h"
#include "sparkconnect/uri.h"

#define SPARKP_BASELINE "4.1.1" /* the Spark whose protocol this is */

enum {
  SPARKP_TAGS_MAX = 64,
  SPARKP_PLAN_DEPTH_MAX = 1000, /* protobuf levels; servers read 1,024 */
  SPARKP_LINGERING_MAX = 4,     /* releases on their way that nobody waits for */
  SPARKP_ERROR_ARENA_BYTES = 16 << 20,
  SPARKP_REQUEST_ARENA_BYTES = 1 << 20,
  SPARKP_TEXT_BYTES_MAX = 128 << 20,
  SPARKP_EXTENSIONS_MAX = 16,   /* of a session; a call may bring as many again */
  SPARKP_COMPRESS_UNKNOWN = -2, /* the server was not asked yet */
  SPARKP_COMPRESS_NEVER = -1
};

/* A message in the user's context, which travels with every call. */
typedef struct sparkp_extension {
  struct sparkp_extension *next; /* of all that there were */
  size_t block_size;
  bool gone; /* removed: kept for calls on their way until the session ends */
  Google__Protobuf__Any message;
} sparkp_extension;

/* ---- the session ----------------------------------------------------------------------------- */

struct sparkc_session {
  gn_alloc alloc;
  _Atomic int references; /* its owner, data frames, results */
  gn_arena texts;         /* of the address; read-only once it is open */
  sparkp_address address;
  int64_t call_timeout_us;
  int32_t retries_max;
  bool want_stack, keep;
  sparkc_event_fn on_event;
  void *event_user;
  const sparkp_transport *transport;
  void *channel;
  pthread_mutex_t lock; /* of what follows */
  char server_session[80];
  char *tags[SPARKP_TAGS_MAX];
  size_t tag_count;
  bool used, closed; /* the server has it; the server has ended it */
  char *version;
  sparkp_lingering *lingering[SPARKP_LINGERING_MAX];
  sparkp_extension *extensions;
  int64_t compress_from; /* bytes of a plan, or a SPARKP_COMPRESS_… */
  uint64_t random;
};

void sparkp_session_ref(sparkc_session *session);
void sparkp_session_unref(sparkc_session *session);
/* Opens over a transport that a test brings; the session closes its channel. */
int sparkp_session_open_over(const sparkc_session_args *args, const sparkp_transport *transport,
                             void *channel, sparkc_session **out, sparkc_error *err);
void sparkp_tell(const sparkc_session *session, const sparkc_event *event);
int sparkp_text_out(sparkc_session *session, gn_str text, char **out, sparkc_error *err);
bool sparkp_is_uuid(gn_str text);
int64_t sparkp_now_us(const sparkc_session *session);
/* A number below `bound`, for the jitter of waits. */
uint64_t sparkp_random_below(sparkc_session *session, uint64_t bound);

/* ---- errors (error.c, remote.c) -------------------------------------------------------------- */

/* Records the failure unless one is recorded already, and returns `code`. `err` may be NULL. */
int sparkp_fail(sparkc_error *err, int code, const char *format, ...) GN_PRINTF(3, 4);
void sparkp_hint(sparkc_error *err, const char *format, ...) GN_PRINTF(2, 3);
int sparkp_nomem(sparkc_error *err);
/* The record of a lower module as ours. */
int sparkp_fail_from(sparkc_error *err, const gn_error *from);

/* What a status means before any retry: Spark's class, SQLSTATE, parameters from its details. A
 * `retry_us` of -1: the server gave no delay. */
typedef struct sparkp_failure {
  sparkc_error error;
  char error_id[SPARKC_UUID_BYTES]; /* to fetch the whole of it by; "" when there is none */
  int64_t retry_us;
  bool has_retry_info;
} sparkp_failure;
void sparkp_failure_from(const gni_h2_status *status, const gn_alloc *alloc, sparkp_failure *out);
/* Puts what FetchErrorDetails told into the record. */
void sparkp_error_enrich(sparkc_error *err, gn_str answer, const gn_alloc *alloc, bool want_stack);
/* Moves a failure into the caller's record unless that holds one already. Returns the code. */
int sparkp_error_move(sparkc_error *from, sparkc_error *to);
bool sparkp_error_says(const sparkc_error *err, const char *text);

/* ---- retries (retry.c) ----------------------------------------------------------------------- */

typedef struct sparkp_retry {
  int attempts; /* failures so far */
  int64_t next_us;
  const _Atomic bool *stop; /* set by who cancels; NULL: nobody can */
} sparkp_retry;
/* Waits before the next attempt when there is to be one. False: give up. */
bool sparkp_retry_wait(sparkc_session *session, sparkp_retry *retry, const sparkp_failure *failure,
                       const char *method, int64_t deadline_us);
/* How long to wait, before the server's wish and jitter; moves the clock of the policy on. */
int64_t sparkp_retry_next_us(sparkp_retry *retry);

/* ---- calls (call.c) -------------------------------------------------------------------------- */

/* A small call with all its attempts until `deadline_us` (INT64_MAX: the session's default). The
 * answer is the caller's to unref. `failure` may be NULL. */
int sparkp_call(sparkc_session *session, const char *method, const ProtobufCMessage *request,
                int64_t deadline_us, gni_grpc_message **answer, sparkc_error *err);
/* What a call that uploads sends: `send` gives frames to the transport until the last, or until the
 * call is over. It begins anew with every attempt; a failure of its own is for good. */
typedef struct sparkp_feed {
  int (*send)(void *user, const sparkp_transport *transport, void *call, sparkc_error *err);
  void *user;
} sparkp_feed;
/* The same for a call whose request is a stream of messages. */
int sparkp_call_fed(sparkc_session *session, const char *method, const sparkp_feed *feed,
                    int64_t deadline_us, gni_grpc_message **answer, sparkc_error *err);
/* Serialises with the five bytes of gRPC before it. */
int sparkp_frame(const ProtobufCMessage *message, size_t bytes_max, gn_buf *out, sparkc_error *err);
/* Learns the server's id of the session from an answer, and notices a server that started anew. */
int sparkp_check_session(sparkc_session *session, gn_str session_id, gn_str server_session,
                         sparkc_error *err);
/* Asks for what the failure's error id stands for, makes `err` the whole of it. Never fails. */
int sparkp_fail_remote(sparkc_session *session, sparkp_failure *failure, sparkc_error *err);
/* Sends a call nobody waits for; at most SPARKP_LINGERING_MAX are on their way. One that is lost
 * with its connection is sent once more when the list is full, or at the end. `method` is kept. */
void sparkp_send(sparkc_session *session, const char *method, const ProtobufCMessage *request);
void sparkp_lingering_end(sparkc_session *session, int64_t deadline_us);

/* Who is asking, in the members that every request has. Valid while the session is. */
typedef struct sparkp_who {
  char server_session[80];
  Spark__Connect__UserContext user;
  Google__Protobuf__Any *extensions[2 * SPARKP_EXTENSIONS_MAX];
  Google__Protobuf__Any own[SPARKP_EXTENSIONS_MAX]; /* of this call */
} sparkp_who;
void sparkp_who_fill(sparkc_session *session, sparkp_who *who);
void sparkp_extensions_free(sparkc_session *session);
/* Adds what only this call is to carry; borrowed. */
int sparkp_who_extend(sparkp_who *who, const sparkc_extension *extensions, size_t count,
                      sparkc_error *err);
/* A text for a message's member: protobuf-c forgot to say const, and never writes. */
char *sparkp_member(const char *text);
#define SPARKP_SIGN(request, session, who)                                                         \
  do {                                                                                             \
    sparkp_who_fill((session), (who));                                                             \
    (request)->session_id = sparkp_member((session)->address.session_id);                          \
    (request)->user_context = &(who)->user;                                                        \
    (request)->client_type = sparkp_member((session)->address.client_type);                        \
    if ((who)->server_session[0])                                                                  \
      (request)->client_observed_server_side_session_id = (who)->server_session;                   \
  } while (0)

/* A literal of the server (an Expression.Literal) as text, cut to fit. */
void sparkp_literal_text(gn_str literal, char *out, size_t size);

/* ---- plans and operations -------------------------------------------------------------------- */

typedef struct sparkp_node sparkp_node; /* plan.h */

struct sparkc_dataframe {
  sparkc_session *session;
  sparkp_node *relation;
};

/* What a caller gave, which may be NULL or of an older header, as ours. */
sparkc_execute_args sparkp_execute_args(const sparkc_execute_args *given);
/* Takes over the relation, even on failure. */
int sparkp_dataframe_new(sparkc_session *session, sparkp_node *relation, sparkc_dataframe **out,
                         sparkc_error *err);

#endif
