/* Plans: relations, expressions and commands as immutable nodes that share their inputs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A node owns an arena with its own part of the plan, as the protobuf message that will be sent;
 * the messages of its inputs are pointed to, and their nodes kept alive. So a step costs what it
 * adds, encoding is one walk, and two plans may share their beginning.
 *
 * Nodes are made from the protocol's descriptors (build.c): fields come by name, and are checked
 * for their type there. No relation has code of its own. */
#ifndef GNOMON_SRC_SPARKCONNECT_PLAN_H
#define GNOMON_SRC_SPARKCONNECT_PLAN_H

#include <sparkconnect/protocol.h>

#include "sparkconnect/client.h"

typedef struct sparkp_nodes {
  struct sparkp_node **items;
  size_t count, room;
} sparkp_nodes;

struct sparkp_node {
  gn_alloc alloc;
  _Atomic int references;
  gn_arena arena;
  union {
    ProtobufCMessage base;
    Spark__Connect__Relation relation; /* with `common` and its plan id */
    Spark__Connect__Expression expression;
    Spark__Connect__Command command;
  } message;
  Spark__Connect__RelationCommon common;
  int depth; /* protobuf levels below and with this one */
  sparkp_nodes inputs;
  sparkp_nodes subqueries; /* relations that an expression in here refers to by their plan ids */
  /* Called before the node goes; NULL for most. */
  void (*ended)(void *user, const sparkp_node *node);
  void *ended_user;
  int failure;            /* of an expression: the SPARKC_E_… that whoever uses it will meet */
  const char *why, *hint; /* of the failure; NULL without one */
};

/* ---- making (build.c) ------------------------------------------------------------------------ */

/* `session` may be NULL for tests; the node's memory is of `alloc`. */
int sparkp_relation_make(const gn_alloc *alloc, const char *type, const sparkc_field *fields,
                         size_t count, sparkp_node **out, sparkc_error *err);
int sparkp_command_make(const gn_alloc *alloc, const char *type, const sparkc_field *fields,
                        size_t count, sparkp_node **out, sparkc_error *err);
/* A message beside plans, an analysis: `message` is initialised, its memory of the node's arena. */
int sparkp_message_fill(sparkp_node *node, ProtobufCMessage *message, const sparkc_field *fields,
                        size_t count, sparkc_error *err);

/* The fields of a call, and how many there are. */
#define SPARKP_FIELDS(...)                                                                         \
  (const sparkc_field[]){__VA_ARGS__},                                                             \
      sizeof((const sparkc_field[]){__VA_ARGS__}) / sizeof(sparkc_field)

/* ---- nodes (plan.c) -------------------------------------------------------------------------- */

/* An empty node whose message is of that type. NULL without memory. */
sparkp_node *sparkp_node_new(const gn_alloc *alloc, const ProtobufCMessageDescriptor *type);
void sparkp_node_ref(sparkp_node *node);
/* A node that others only read, to be kept: nothing but its count of references changes. */
sparkp_node *sparkp_node_shared(const sparkp_node *node);
void sparkp_node_unref(sparkp_node *node); /* NULL does nothing */
/* Keeps another node alive from now on. False without memory (so for those that follow). */
bool sparkp_node_keep(sparkp_node *node, sparkp_node *other);
/* The same of a node whose message becomes part of this one's, at that level; 1 is the node's own.
 */
bool sparkp_node_input(sparkp_node *node, sparkp_node *input, int level);
bool sparkp_node_subquery(sparkp_node *node, sparkp_node *plan);
/* A relation the server or another client gave, to be sent back byte for byte; its own plan id
 * stays. `code` is what damaged bytes are. */
int sparkp_relation_opaque(const gn_alloc *alloc, gn_str bytes, int code, sparkp_node **out,
                           sparkc_error *err);
/* The bytes of an encoded message as the unknown fields of `message`, borrowed. */
int sparkp_message_opaque(gn_arena *arena, gn_str bytes, ProtobufCMessage *message);
/* PLAN when a server would refuse to read so many levels. */
int sparkp_node_check(const sparkp_node *node, sparkc_error *err);

/* Plan ids count up in the process from 0. */
int64_t sparkp_plan_id_next(void);

/* An order as it is; what is none yet ascends. The column is given away. */
sparkc_column *sparkp_column_order(sparkc_column *column);

/* ---- failed expressions ---------------------------------------------------------------------- */

/* The memory of expressions, which know no session: libc's unless a test says otherwise. */
extern const gn_alloc *sparkp_column_alloc;
/* Takes over `node` (NULL: a new one) and makes it the failure in `err`, which is emptied. */
sparkp_node *sparkp_column_fail(sparkp_node *node, sparkc_error *err);
/* What a failed expression says, as the failure of the call that uses it. */
int sparkp_column_check(const sparkp_node *node, sparkc_error *err);

/* Sends a command that nobody waits for; without memory it is not sent. */
void sparkp_command_send(sparkc_session *session, const char *type, const sparkc_field *fields,
                         size_t count);
/* A node that was just made, or the failure to make it, as a data frame; the node is taken over. */
int sparkp_dataframe_wrap(sparkc_session *session, int rc, sparkp_node *relation,
                          sparkc_dataframe **out, sparkc_error *err);
/* A new relation over `session`, or the failure to make it, as a data frame. */
int sparkp_dataframe_make(sparkc_session *session, const char *type, const sparkc_field *fields,
                          size_t count, sparkc_dataframe **out, sparkc_error *err);

#endif
