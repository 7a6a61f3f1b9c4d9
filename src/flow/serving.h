/* What upload leaves and fetch needs: records of keys and values, and the serving info.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_SERVING_H
#define GNOMON_SRC_FLOW_SERVING_H

#include "flow/flow_private.h"
#include "plan/plan.h"

#define GNP_SERVING_KEY                                                                            \
  "group_by_serving_info" /* the key of the serving info beside the values                         \
                           */
#define GNP_METADATA_DATASET "ZIPLINE_METADATA"
#define GNP_TEAM_DATASET "CHRONON_ENTITY_BY_TEAM"

/* How keys and values of a group are encoded. */
typedef struct gnp_records {
  const gni_avro_schema *key;      /* "Key" */
  const gni_avro_schema *selected; /* "Value": the inputs */
  const gni_avro_schema *live; /* rows of a stream: the inputs; of entities with ts, is_before */
  const gni_avro_schema *tile; /* of live rows of events, by hop; NULL: there are no tiles */
  uint64_t digest;             /* of the definition and its inputs: what tiles depend on */
  const gni_avro_schema
      *value; /* final values (_OUTPUT), batch states (_IR), or the selected ones */
} gnp_records;

/* Whether live rows are changes of entities, in the order of the changes. */
bool gnp_is_mutated(const gni_group *group);

/* GN_E_UNSUPPORTED names a column whose type Avro cannot hold. */
int gnp_records_take(const gni_group *group, gn_arena *arena, gnp_records *out, gn_error *err);

/* A GroupBy as the store serves it now. Immutable; shared by counting. */
typedef struct gnp_serving {
  const gn_alloc *alloc;
  gn_arena arena;
  _Atomic int references;
  gni_generation_info generation;
  const gni_serving_info *info;
  const gni_group *group;
  gnp_records records;
} gnp_serving;

/* Reads the serving info that the reader sees between its begin and end. */
int gnp_serving_read(gn_session *session, gni_store_reader *reader, gn_str dataset,
                     const char *name, gnp_serving **out, gn_error *err);
gnp_serving *gnp_serving_ref(gnp_serving *serving);
void gnp_serving_unref(gnp_serving *serving); /* NULL does nothing */

/* "group_bys/team/file.var", "team/file.var", "team.file.var" or a compiled file's path ->
 * "TEAM_FILE_VAR" with the suffix. */
gn_str gnp_dataset_of(gn_arena *arena, const char *name, const char *suffix);

#endif
