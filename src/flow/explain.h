/* The account of one key's features at one time: made in explain.c, told in explain_write.c and
 * explain_picture.c. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_EXPLAIN_H
#define GNOMON_SRC_FLOW_EXPLAIN_H

#include <gnomon/inspect.h>

#include "flow/answer.h"
#include "flow/inspect.h"
#include "flow/produce.h"

/* Rows of a window that fall in one hop, [start, start + length). */
typedef struct gnp_hop {
  int64_t start_ms, length_ms;
  size_t rows;
} gnp_hop;

/* One window column. */
typedef struct gnp_window_account {
  gn_str name;
  const gni_window_column *column;
  int64_t start_ms, end_ms; /* rows with start <= ts < end; start INT64_MIN: all before */
  size_t row_count;
  const gnp_hop *hops; /* those with rows, ascending; none for unbounded windows */
  size_t hop_count;
} gnp_window_account;

typedef struct gnp_account {
  gnp_job job;
  const gni_group *group;
  const gni_json *key_json;
  gni_value *keys;
  int64_t at_ms, end_ms; /* asked for; up to which rows count */
  int32_t day;           /* whose partition the answer is in */
  gnp_rows rows;
  gnp_window_account *windows;
  gni_value *values;   /* before derivations, one a column of group->values */
  gni_value *features; /* one a column of group->features */
  /* What the store says; `online` is false when nothing was uploaded or the store cannot be read.
   */
  bool online;
  int64_t batch_end_ms;
  gni_answering answering;
  gni_answer answer;
  int32_t rows_max;
  gn_error *err;
} gnp_account;

/* The account as text, as one JSON object, as a timeline. */
int gnp_account_write_text(gnp_account *account, gn_buf *out);
void gnp_account_write_json(gnp_account *account, gn_buf *out);
void gnp_account_write_svg(gnp_account *account, gn_buf *out);

/* The value of a window column, NULL without one. */
const gni_value *gnp_account_online(const gnp_account *account, gn_str feature,
                                    const gni_type **type);

#endif
