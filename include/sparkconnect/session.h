/* A session with a Spark Connect server: where, who, under which conditions, and what it is told.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SPARKCONNECT_SESSION_H
#define SPARKCONNECT_SESSION_H

#include <sparkconnect/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sparkc_session sparkc_session;

/* What happens inside, for logs, progress bars and meters. */
enum sparkc_event_kind {
  SPARKC_EVENT_CALL = 1,     /* a call begins: method, attempt */
  SPARKC_EVENT_ANSWER = 2,   /* it is over: method, status, bytes, elapsed_us */
  SPARKC_EVENT_RETRY = 3,    /* it will be tried again after wait_us: method, attempt, status */
  SPARKC_EVENT_REATTACH = 4, /* a result goes on over a new stream: operation_id */
  SPARKC_EVENT_BATCH = 5,    /* rows came: rows, bytes */
  SPARKC_EVENT_PROGRESS = 6, /* tasks_done of tasks_total, bytes read; finished at the end */
  SPARKC_EVENT_OBSERVED = 7, /* an observed metric: name, key, text, plan_id */
  SPARKC_EVENT_WARNING = 8,  /* text */
  SPARKC_EVENT_UPLOAD = 9,   /* an artifact goes: name, bytes of bytes_total; finished with all */
  SPARKC_EVENT_METRIC = 10   /* of a plan's node: name, plan_id, key, value; text is its kind */
};

typedef struct sparkc_event {
  int32_t kind; /* a sparkc_event_kind; what does not apply to it is 0 or NULL */
  int32_t attempt, status, finished;
  const char *method, *operation_id, *name, *key, *text;
  int64_t rows, bytes, elapsed_us, wait_us, tasks_done, tasks_total, stages;
  int64_t bytes_total, plan_id, value;
} sparkc_event;

/* Called on the thread that works, without a lock held; texts are valid during the call only. */
typedef void (*sparkc_event_fn)(void *user, const sparkc_event *event);

typedef struct sparkc_header {
  const char *name, *value;
} sparkc_header;

/* A protobuf message for the server's plugins, carried in the user's context of a call. */
typedef struct sparkc_extension {
  const char *type_url; /* "type.googleapis.com/company.TraceContext" */
  const void *bytes;    /* the message, encoded */
  size_t size;
} sparkc_extension;

/* What is NULL or 0 is taken from the URL, then from the environment, then as noted. */
typedef struct sparkc_session_args {
  size_t struct_size;
  const char *url;        /* "sc://host:15002/;key=value"; NULL: $SPARK_REMOTE */
  const char *user_id;    /* else $SPARK_USER, then $USER */
  const char *user_agent; /* first word of what the server logs; else "gnomon/<version>" */
  const char *session_id; /* a UUID, to share a session; else a new one */
  const char *token;      /* bearer; else $SPARK_CONNECT_AUTHENTICATE_TOKEN */
  const char *ca_file, *cert_file, *key_file, *server_name; /* TLS; PEM files */
  const sparkc_header *headers;                             /* sent with every call */
  size_t header_count;
  int32_t allow_plaintext_token; /* send the token in the clear to a host other than localhost */
  int32_t want_stack;            /* keep the server's stack in errors */
  int32_t keep_session;          /* closing does not end the session on the server */
  int64_t connect_timeout_ms;    /* 20,000 */
  int64_t call_timeout_ms;       /* of one small call with all its attempts; 900,000 */
  int32_t retries_max;           /* 15; -1: never try again */
  size_t message_bytes_max;      /* 128 MiB: of one message, both ways */
  size_t window_bytes;           /* 8 MiB: what may be under way unread */
  int64_t keepalive_ms;          /* 0: never ask a silent server whether it lives */
  int64_t keepalive_timeout_ms;  /* 20,000 */
  const sparkc_alloc *alloc;     /* malloc and free */
  sparkc_event_fn on_event;
  void *event_user;
} sparkc_session_args;

#define SPARKC_SESSION_ARGS(...)                                                                   \
  (&(sparkc_session_args){.struct_size = sizeof(sparkc_session_args), __VA_ARGS__})

/**
 * Opens a session; nothing is sent before the first call that needs the server.
 *
 * @own     the session is the caller's to close; `args` and its texts are only read here
 * @null    `args` NULL takes everything from the environment
 * @err     PLAN        the URL or an option is wrong; the message says where
 *          TRANSPORT   a token would be sent in the clear
 *          NOMEM
 * @thread  any; the session may then be used from any number of threads
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_session_open(const sparkc_session_args *args, sparkc_session **out,
                                   sparkc_error *err);

/**
 * Closes a session, and ends it on the server unless `keep_session` or `session_id` was given. Data
 * frames and results that are still there keep what they need.
 *
 * @own     the session is gone
 * @null    NULL does nothing
 * @err     none; a server that does not answer within 5 seconds is left alone
 * @thread  one, after the last call on it
 * @since   0.1
 */
SPARKC_API void sparkc_session_close(sparkc_session *session);

/**
 * Gives the session's UUID.
 *
 * @own     the text belongs to the session
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API const char *sparkc_session_id(const sparkc_session *session);

/**
 * Asks for the server's version: "4.1.1".
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip the first time, none later
 * @since   0.1
 */
SPARKC_API int sparkc_session_version(sparkc_session *session, char **out, sparkc_error *err);

/**
 * Frees a text that a call of this session gave.
 *
 * @own     the text is gone
 * @null    NULL does nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_text_free(sparkc_session *session, char *text);

/**
 * Ends the session on the server: its views, settings and running operations go. Every later call
 * gives CLOSED. Ending one that is not there is no failure.
 *
 * @own     nothing
 * @err     TRANSPORT, REMOTE, TIMEOUT, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_session_release(sparkc_session *session, sparkc_error *err);

/**
 * Copies a session on the server with its settings, temporary views and functions (Spark 4.1, which
 * takes the copy when the new session is first used).
 *
 * @own     the new session is the caller's to close
 * @null    `session_id` NULL makes up a new one
 * @err     UNSUPPORTED  the server is older than 4.1
 *          TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_session_clone(sparkc_session *session, const char *session_id,
                                    sparkc_session **out, sparkc_error *err);

/**
 * Reads a setting.
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @null    `out` is NULL where the setting exists without a value
 * @err     REMOTE      SQL_CONF_NOT_FOUND: there is no such setting
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_config_get(sparkc_session *session, const char *key, char **out,
                                 sparkc_error *err);

/**
 * Reads a setting that may not exist.
 *
 * @own     `out` is the caller's to free with sparkc_text_free
 * @null    `out` is NULL where there is no such setting or no value
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_config_find(sparkc_session *session, const char *key, char **out,
                                  sparkc_error *err);

/**
 * Changes a setting of this session.
 *
 * @own     nothing
 * @err     REMOTE      the setting is static, or takes no such value
 *          TRANSPORT, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_config_set(sparkc_session *session, const char *key, const char *value,
                                 sparkc_error *err);

/**
 * Takes a setting back to what the server was started with.
 *
 * @own     nothing
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_config_unset(sparkc_session *session, const char *key, sparkc_error *err);

/**
 * Asks whether a setting can be changed in a session.
 *
 * @own     nothing
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_config_is_modifiable(sparkc_session *session, const char *key,
                                           int32_t *modifiable, sparkc_error *err);

/**
 * Lists all settings whose name begins with `prefix` by calling `each`, with whole names.
 *
 * @own     the texts are valid during the call only
 * @null    `prefix` NULL lists all; `value` may be NULL
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any; `each` is called on the same
 * @since   0.1
 */
SPARKC_API int sparkc_config_list(sparkc_session *session, const char *prefix,
                                  void (*each)(void *user, const char *key, const char *value),
                                  void *user, sparkc_error *err);

enum { SPARKC_UUID_BYTES = 37 };

/**
 * Makes a random UUID: the id of an operation that is to be interrupted, or of a session.
 *
 * @shape   36 characters and a NUL
 * @own     nothing
 * @err     TRANSPORT   the system has no random bytes
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_uuid(char out[SPARKC_UUID_BYTES], sparkc_error *err);

/**
 * Adds a tag to every operation that begins from now on.
 *
 * @own     the text is copied
 * @err     PLAN        it is empty or holds a comma
 *          NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_tag_add(sparkc_session *session, const char *tag, sparkc_error *err);

/**
 * Removes a tag; NULL removes all.
 *
 * @own     nothing
 * @null    `tag` NULL means all
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_tag_remove(sparkc_session *session, const char *tag);

/**
 * Adds a message to the user's context of every call from now on; another of the same type takes
 * the place of the one before. What one operation alone is to carry: sparkc_execute_args.
 *
 * @own     the message is copied
 * @err     PLAN        there is no type URL
 *          LIMIT       a session carries at most 16
 *          NOMEM
 * @thread  any
 * @cost    no network; what was replaced is kept until the session ends
 * @since   0.1
 */
SPARKC_API int sparkc_extension_add(sparkc_session *session, const sparkc_extension *extension,
                                    sparkc_error *err);

/**
 * Removes the message of a type from the user's context.
 *
 * @own     nothing
 * @null    `type_url` NULL means all
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_extension_remove(sparkc_session *session, const char *type_url);

enum sparkc_interrupt_what {
  SPARKC_INTERRUPT_ALL = 1,      /* every operation of the session */
  SPARKC_INTERRUPT_TAG = 2,      /* those with this tag */
  SPARKC_INTERRUPT_OPERATION = 3 /* the one with this id */
};

/**
 * Interrupts operations on the server: whoever waits for one gets CANCELLED.
 *
 * @own     nothing
 * @null    `name` is a tag or an operation's id, NULL for all; `count` may be NULL
 * @err     TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM; none running is no failure
 * @thread  any, while others wait for results
 * @since   0.1
 */
SPARKC_API int sparkc_session_interrupt(sparkc_session *session, int what, const char *name,
                                        size_t *count, sparkc_error *err);

#ifdef __cplusplus
}
#endif
#endif
