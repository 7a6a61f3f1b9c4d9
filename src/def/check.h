/* Between the files that check definitions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_DEF_CHECK_H
#define GNOMON_SRC_DEF_CHECK_H

#include "def/def_private.h"

typedef struct gnp_check {
  const gni_def *def;
  gni_problems *problems;
  gn_arena *arena; /* of the problems: for messages */
} gnp_check;

#define GNP_STRUCT(s) ((gni_spot){.node = &(s)->node})
#define GNP_MEMBER(s, name) ((gni_spot){.node = &(s)->node, .field = (name)})
#define GNP_ELEMENT(s, name, index)                                                                \
  ((gni_spot){.node = &(s)->node, .field = (name), .element = (index) + 1})
#define GNP_ENTRY(s, name, entry) ((gni_spot){.node = &(s)->node, .field = (name), .key = (entry)})

void gnp_error(gnp_check *c, const char *code, gni_spot spot, gn_str hint, const char *format, ...)
    GN_PRINTF(5, 6);
void gnp_warn(gnp_check *c, const char *code, gni_spot spot, gn_str hint, const char *format, ...)
    GN_PRINTF(5, 6);
/* "a, b, c", cut after some. */
gn_str gnp_listed(gn_arena *arena, const gn_str *names, size_t count);
/* The nearest of the columns, else what there is. */
gn_str gnp_column_hint(gnp_check *c, gn_str wrong, const gni_texts *columns);

/* A day; absent is fine. */
void gnp_check_day(gnp_check *c, gn_str text, gni_spot spot);
void gnp_check_metadata(gnp_check *c, const gni_metadata *metadata);
void gnp_check_source(gnp_check *c, const gni_source *source);
void gnp_check_query(gnp_check *c, const gni_query *query);
void gnp_check_group_by(gnp_check *c, const gni_group_by *group_by);
void gnp_check_join(gnp_check *c, const gni_join *join);
void gnp_check_staging_query(gnp_check *c, const gni_staging_query *query);
void gnp_check_model(gnp_check *c, const gni_model *model);
void gnp_check_aggregation(gnp_check *c, const gni_group_by *group_by,
                           const gni_aggregation_spec *aggregation, const gni_texts *columns);
/* Two outputs of a GroupBy with one name. */
void gnp_check_outputs(gnp_check *c, const gni_group_by *group_by);

/* `columns`: before derivations, keys left out; `keys`: what else expressions may read. */
typedef struct gnp_derivations {
  const gni_derivation *items;
  size_t count;
  gni_texts columns, keys;
} gnp_derivations;
void gnp_check_derivations(gnp_check *c, const gnp_derivations *derivations);

/* The text parses as an expression of Spark SQL; absent is fine. */
void gnp_check_expression(gnp_check *c, gni_spot spot, gn_str text);
/* The same, and every name that it reads is there. */
void gnp_check_derived_expression(gnp_check *c, const gnp_derivations *derivations,
                                  const gni_derivation *derivation);

/* The names that a source selects; items NULL when it selects everything. */
gni_texts gnp_selected(const gni_source *source);

#endif
