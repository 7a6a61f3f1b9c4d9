/* Relations: immutable nodes that share their inputs. SPDX-License-Identifier: Apache-2.0
 *
 * A node owns an arena with its own part of the plan, as the protobuf message that will be sent;
 * the messages of its inputs are pointed to, and their nodes kept alive. So a step costs what it
 * adds, encoding is one walk, and two plans may share their beginning. */
#ifndef GNOMON_SRC_SPARKCONNECT_PLAN_H
#define GNOMON_SRC_SPARKCONNECT_PLAN_H

#include "sparkconnect/client.h"

enum { SPARKP_INPUTS_MAX = 16 };

struct sparkp_relation {
  gn_alloc alloc;
  _Atomic int references;
  gn_arena arena;
  Spark__Connect__Relation message; /* with `common` and its plan id */
  Spark__Connect__RelationCommon common;
  int depth; /* protobuf levels below and with this one */
  sparkp_relation *inputs[SPARKP_INPUTS_MAX];
  size_t input_count;
};

/* A node with the next plan id and no content: the caller fills `message`, taking what it needs
 * from the arena with the SPARKP_TAKE macros, and adds inputs. NULL without memory. */
sparkp_relation *sparkp_relation_new(const gn_alloc *alloc);
void sparkp_relation_ref(sparkp_relation *relation);
void sparkp_relation_unref(sparkp_relation *relation); /* NULL does nothing */
/* The message of an input, kept alive from now on, to be pointed to. The depth grows by the two
 * levels that a relation inside a relation takes, or by `levels` where there are more. */
Spark__Connect__Relation *sparkp_relation_input(sparkp_relation *relation, sparkp_relation *input,
                                                int levels);
/* A relation the server gave, to be sent back byte for byte; its own plan id stays. */
int sparkp_relation_opaque(const gn_alloc *alloc, gn_str bytes, sparkp_relation **out,
                           sparkc_error *err);
/* PLAN when a server would refuse to read so many levels. */
int sparkp_relation_check(const sparkp_relation *relation, sparkc_error *err);

/* Plan ids count up in the process from 0; a test that compares plans begins anew. */
void sparkp_plan_id_reset(void);
int64_t sparkp_plan_id_next(void);

/* An initialised message in the node's arena; NULL without memory. */
#define SPARKP_TAKE(relation, Type, NAME) SPARKP_TAKE_IN(&(relation)->arena, Type, NAME)
#define SPARKP_TAKE_IN(arena, Type, NAME)                                                          \
  ((Spark__Connect__##Type *)sparkp_init(gni_arena_take((arena), sizeof(Spark__Connect__##Type)),  \
                                         &spark__connect__##NAME##__descriptor))
void *sparkp_init(void *message, const ProtobufCMessageDescriptor *descriptor);
char *sparkp_take_text(gn_arena *arena, const char *text); /* NULL without memory */

/* ---- the relations there are; each gives a node of its own reference --------------------------
 */

int sparkp_plan_sql(const gn_alloc *alloc, const char *sql, sparkp_relation **out,
                    sparkc_error *err);
int sparkp_plan_range(const gn_alloc *alloc, int64_t start, int64_t end, int64_t step,
                      int32_t partitions, sparkp_relation **out, sparkc_error *err);
int sparkp_plan_local(const gn_alloc *alloc, gn_str arrow_ipc, const char *schema,
                      sparkp_relation **out, sparkc_error *err);
int sparkp_plan_select_names(sparkp_relation *input, const char *const *names, size_t count,
                             sparkp_relation **out, sparkc_error *err);
int sparkp_plan_limit(sparkp_relation *input, int32_t rows, sparkp_relation **out,
                      sparkc_error *err);
int sparkp_plan_count(sparkp_relation *input, sparkp_relation **out, sparkc_error *err);
int sparkp_plan_show(sparkp_relation *input, int32_t rows, int32_t truncate, bool vertical,
                     sparkp_relation **out, sparkc_error *err);

#endif
