/* Lists of values for one message. SPDX-License-Identifier: Apache-2.0
 *
 * Their memory lasts until sparkp_lists_end. Sticky: `whole` says whether all of it was found, and
 * is asked once, before the message is made. */
#ifndef GNOMON_SRC_SPARKCONNECT_LISTS_H
#define GNOMON_SRC_SPARKCONNECT_LISTS_H

#include "sparkconnect/plan.h"

typedef struct sparkp_lists {
  gn_arena arena;
  bool whole;
} sparkp_lists;

void sparkp_lists_begin(sparkp_lists *lists, const sparkc_session *session);
void sparkp_lists_end(sparkp_lists *lists);
/* Room for so many values; NULL without memory. */
sparkc_value *sparkp_list_room(sparkp_lists *lists, size_t count);
sparkc_value sparkp_list_columns(sparkp_lists *lists, sparkc_column *const *columns, size_t count);
sparkc_value sparkp_list_texts(sparkp_lists *lists, const char *const *texts, size_t count);
sparkc_value sparkp_map_options(sparkp_lists *lists, const sparkc_option *options, size_t count);

/* Columns that were given away; NULL ones do nothing. */
void sparkp_columns_free(sparkc_column *const *columns, size_t count);

#endif
