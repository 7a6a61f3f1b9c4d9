/* Any relation, expression or command of Spark Connect, by the protocol's own names.
 * SPDX-License-Identifier: Apache-2.0
 *
 * column.h and dataframe.h name what is used every day; they are made of the calls below, which
 * reach the rest. A message is a list of fields, as the protocol's files spell them:
 *
 *   const sparkc_field sample[] = {
 *       {"input", SPARKC_DATAFRAME(df)},
 *       {"upper_bound", SPARKC_REAL(0.1)},
 *       {"seed", SPARKC_INT(42)},
 *   };
 *   sparkc_relation(session, "sample", sample, 3, &sampled, &err);
 *
 * A field is checked for its name and its type before anything is sent. */
#ifndef SPARKCONNECT_PROTOCOL_H
#define SPARKCONNECT_PROTOCOL_H

#include <sparkconnect/column.h>
#include <sparkconnect/dataframe.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sparkc_value_kind {
  SPARKC_VALUE_NONE = 0,      /* the field is left out */
  SPARKC_VALUE_INT = 1,       /* integers, bool, members of an enum */
  SPARKC_VALUE_REAL = 2,      /* double and float */
  SPARKC_VALUE_TEXT = 3,      /* string, or a member of an enum by its name */
  SPARKC_VALUE_BYTES = 4,     /* bytes, or a whole message that was encoded elsewhere */
  SPARKC_VALUE_COLUMN = 5,    /* an Expression, or the message that an expression consists of */
  SPARKC_VALUE_DATAFRAME = 6, /* a Relation; where a plan id is asked for, the id of its plan */
  SPARKC_VALUE_LIST = 7,      /* of a repeated field */
  SPARKC_VALUE_MESSAGE = 8    /* a message; of a map: the keys are the names */
};

typedef struct sparkc_field sparkc_field;

typedef struct sparkc_value {
  int32_t kind; /* a sparkc_value_kind */
  size_t count; /* bytes of a text or bytes; items; fields */
  union {
    int64_t integer;
    double real;
    const void *bytes;
    const sparkc_column *column;
    const sparkc_dataframe *dataframe;
    const struct sparkc_value *items;
    const sparkc_field *fields;
  } as;
} sparkc_value;

struct sparkc_field {
  const char *name;
  sparkc_value value;
};

/* Initialisers of a sparkc_value. A NULL text, column or data frame leaves the field out. */
#define SPARKC_INT(value)                                                                          \
  {                                                                                                \
    SPARKC_VALUE_INT, 0,                                                                           \
    {                                                                                              \
      .integer = (value)                                                                           \
    }                                                                                              \
  }
#define SPARKC_REAL(value)                                                                         \
  {                                                                                                \
    SPARKC_VALUE_REAL, 0,                                                                          \
    {                                                                                              \
      .real = (value)                                                                              \
    }                                                                                              \
  }
#define SPARKC_TEXT(value)                                                                         \
  {                                                                                                \
    SPARKC_VALUE_TEXT, SIZE_MAX,                                                                   \
    {                                                                                              \
      .bytes = (value)                                                                             \
    }                                                                                              \
  }
#define SPARKC_BYTES(value, size)                                                                  \
  {                                                                                                \
    SPARKC_VALUE_BYTES, (size),                                                                    \
    {                                                                                              \
      .bytes = (value)                                                                             \
    }                                                                                              \
  }
#define SPARKC_COLUMN(value)                                                                       \
  {                                                                                                \
    SPARKC_VALUE_COLUMN, 0,                                                                        \
    {                                                                                              \
      .column = (value)                                                                            \
    }                                                                                              \
  }
#define SPARKC_DATAFRAME(value)                                                                    \
  {                                                                                                \
    SPARKC_VALUE_DATAFRAME, 0,                                                                     \
    {                                                                                              \
      .dataframe = (value)                                                                         \
    }                                                                                              \
  }
#define SPARKC_LIST(values, length)                                                                \
  {                                                                                                \
    SPARKC_VALUE_LIST, (length),                                                                   \
    {                                                                                              \
      .items = (values)                                                                            \
    }                                                                                              \
  }
#define SPARKC_MESSAGE(values, length)                                                             \
  {                                                                                                \
    SPARKC_VALUE_MESSAGE, (length),                                                                \
    {                                                                                              \
      .fields = (values)                                                                           \
    }                                                                                              \
  }

/**
 * Makes a relation of the named type: "sample", "transpose", "catalog". An expression in it that is
 * a subquery brings its plan along.
 *
 * @own     the data frame is the caller's to free; the values are borrowed, what they hold is kept
 * @null    a value of kind NONE leaves its field out
 * @err     PLAN        no such relation or field, a value of another type, a failed column
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_relation(sparkc_session *session, const char *type,
                               const sparkc_field *fields, size_t count, sparkc_dataframe **out,
                               sparkc_error *err);

/**
 * Makes an expression of the named type: "unresolved_function", "window", "lambda_function".
 *
 * @own     the column is the caller's, to give away or to free; the values are borrowed
 * @null    a value of kind NONE leaves its field out
 * @err     none here: a failed column says why where it is used, and in sparkc_column_error
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API sparkc_column *sparkc_expression(const char *type, const sparkc_field *fields,
                                            size_t count);

/**
 * Runs a command of the named type: "write_operation", "streaming_query_command", "ml_command".
 *
 * @shape   `answer`, when it is not NULL, becomes what the server answered beside rows, as JSON in
 *          the protocol's names: {"checkpoint_command_result": {...}}; "{}" for nothing
 * @own     `answer` is the caller's to free with sparkc_text_free; the values are borrowed
 * @err     PLAN        no such command or field, a value of another type, a failed column
 *          TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_command(sparkc_session *session, const char *type, const sparkc_field *fields,
                              size_t count, char **answer, sparkc_error *err);

/**
 * The same with arguments of the operation: its id, to interrupt it by, and its deadline.
 *
 * @shape   `answer` as sparkc_command
 * @own     `answer` is the caller's to free with sparkc_text_free; the values are borrowed
 * @null    `args` NULL means defaults; `answer` may be NULL
 * @err     as sparkc_command
 *          CANCELLED   interrupted, by its operation's id for example
 * @thread  any
 * @since   0.1
 */
SPARKC_API int sparkc_command_run(sparkc_session *session, const char *type,
                                  const sparkc_field *fields, size_t count,
                                  const sparkc_execute_args *args, char **answer,
                                  sparkc_error *err);

/**
 * Encodes a command of the named type, to look at it or to send it by another way.
 *
 * @shape   a spark.connect.Command, as sparkc_relation_encode
 * @unit    `size` becomes how many bytes it has, `room` is how many `out` takes
 * @own     nothing
 * @null    `out` NULL only counts
 * @err     PLAN        no such command or field, a value of another type, a failed column
 *          LIMIT       `room` is too small
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_command_encode(sparkc_session *session, const char *type,
                                     const sparkc_field *fields, size_t count, void *out,
                                     size_t room, size_t *size, sparkc_error *err);

/**
 * Asks about a plan without running it, by the named type: "schema", "is_local", "persist",
 * "same_semantics", "ddl_parse".
 *
 *   sparkc_analyze(session, "input_files",
 *                  &(sparkc_field){"plan", SPARKC_DATAFRAME(df)}, 1, &answer, &err)
 *
 * @shape   `answer` becomes the server's answer as JSON in the protocol's names:
 *          {"session_id": "...", "input_files": {"files": [...]}}
 * @own     `answer` is the caller's to free with sparkc_text_free; the values are borrowed
 * @err     PLAN        no such question or field, a value of another type
 *          TRANSPORT, REMOTE, TIMEOUT, CLOSED, NOMEM
 * @thread  any
 * @cost    one round trip; nothing is run
 * @since   0.1
 */
SPARKC_API int sparkc_analyze(sparkc_session *session, const char *type, const sparkc_field *fields,
                              size_t count, char **answer, sparkc_error *err);

/**
 * Makes a relation of its bytes, as another client encoded them, its plan ids with them.
 *
 * @own     the bytes are copied; the data frame is the caller's to free
 * @err     PLAN        the bytes are no message
 *          NOMEM
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_relation_decode(sparkc_session *session, const void *bytes, size_t size,
                                      sparkc_dataframe **out, sparkc_error *err);

/**
 * Encodes the relation of a data frame.
 *
 * @shape   a spark.connect.Relation, fields in the order of their numbers, maps in that of their
 * keys
 * @unit    `size` becomes how many bytes it has, `room` is how many `out` takes
 * @own     nothing
 * @null    `out` NULL only counts
 * @err     PLAN        more levels than a server reads
 *          LIMIT       `room` is too small
 * @thread  any
 * @cost    no network
 * @since   0.1
 */
SPARKC_API int sparkc_relation_encode(const sparkc_dataframe *df, void *out, size_t room,
                                      size_t *size, sparkc_error *err);

/**
 * Gives the id by which columns and subqueries refer to a data frame's plan.
 *
 * @own     nothing
 * @err     none; -1 where the server made the plan and gave it no id
 * @thread  any
 * @since   0.1
 */
SPARKC_API int64_t sparkc_plan_id(const sparkc_dataframe *df);

/**
 * Lets plan ids, which count up in the process, begin at 0 again: for plans that are compared byte
 * for byte. Data frames that are used together must be of one count.
 *
 * @own     nothing
 * @err     none
 * @thread  any
 * @since   0.1
 */
SPARKC_API void sparkc_plan_ids_reset(void);

#ifdef __cplusplus
}
#endif
#endif
