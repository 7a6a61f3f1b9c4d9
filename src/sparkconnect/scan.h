/* One ExecutePlanResponse, read in place: nothing is copied, everything is bounds-checked, unknown
 * members are skipped. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_SCAN_H
#define GNOMON_SRC_SPARKCONNECT_SCAN_H

#include "base/base.h"

/* A chunk of a batch, or the whole of it. */
typedef struct sparkp_batch {
  int64_t row_count, start_offset, chunk_index, chunk_count;
  bool has_start_offset, has_chunk_index;
  gn_str data;
} sparkp_batch;

typedef struct sparkp_progress {
  int64_t stages, tasks_total, tasks_done, bytes_read, inflight;
} sparkp_progress;

typedef struct sparkp_response {
  gn_str session_id, server_session, operation_id, response_id;
  gn_str schema;       /* a DataType */
  gn_str sql_relation; /* a Relation */
  gn_str checkpoint;   /* the id of a cached remote relation */
  bool has_schema, has_batch, has_sql_relation, has_checkpoint, has_progress, is_complete;
  sparkp_batch batch;
  sparkp_progress progress;
  gn_str whole; /* for what is repeated: metrics 4, observed metrics 6 */
} sparkp_response;

/* GN_E_CORRUPT for what is no message; texts borrow `message`. */
int sparkp_scan(gn_str message, sparkp_response *out);
/* A metric of a plan's node, which has a value and its kind ("sum", "timing"); or an observed one,
 * which has a literal (an Expression.Literal). */
typedef struct sparkp_metric {
  gn_str name, key, kind, literal;
  int64_t plan_id, value;
} sparkp_metric;
typedef void (*sparkp_metric_fn)(void *user, const sparkp_metric *metric);
/* Every observed metric. A key that is missing is {NULL, 0}: `value` then says the how-manieth. */
int sparkp_scan_observed(gn_str whole, void *user, sparkp_metric_fn each);
/* Every metric of the plan's nodes. */
int sparkp_scan_metrics(gn_str whole, void *user, sparkp_metric_fn each);
/* Where the Arrow bytes of a response begin, for their alignment; 0 when `head` has none. */
size_t sparkp_payload_at(gn_str head);

#endif
