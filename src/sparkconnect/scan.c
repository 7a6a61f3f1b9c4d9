/* Responses, read in place. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/scan.h"

#include "wire/proto.h"

/* Field numbers of ExecutePlanResponse. */
enum {
  SESSION_ID = 1,
  ARROW_BATCH = 2,
  METRICS = 4,
  SQL_COMMAND_RESULT = 5,
  OBSERVED_METRICS = 6,
  SCHEMA = 7,
  OPERATION_ID = 12,
  RESPONSE_ID = 13,
  RESULT_COMPLETE = 14,
  SERVER_SESSION = 15,
  EXECUTION_PROGRESS = 18,
  CHECKPOINT_RESULT = 19
};

/* ArrowBatch: row_count 1, data 2, start_offset 3, chunk_index 4, num_chunks_in_batch 5 */
static int scan_batch(gn_str message, sparkp_batch *out)
{
  gni_proto_field field;
  int rc;
  while ((rc = gni_proto_next(&message, &field)) == GN_OK) {
    int64_t number = (int64_t)field.value;
    switch (field.number) {
    case 1:
      out->row_count = number;
      break;
    case 2:
      out->data = gni_proto_bytes(&field);
      break;
    case 3:
      out->start_offset = number;
      out->has_start_offset = true;
      break;
    case 4:
      out->chunk_index = number;
      out->has_chunk_index = true;
      break;
    case 5:
      out->chunk_count = number;
      break;
    default:
      break;
    }
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* StageInfo: stage_id 1, num_tasks 2, num_completed_tasks 3, input_bytes_read 4, done 5 */
static int scan_stage(gn_str message, sparkp_progress *out)
{
  gni_proto_field field;
  int rc;
  out->stages++;
  while ((rc = gni_proto_next(&message, &field)) == GN_OK) {
    int64_t number = (int64_t)field.value;
    int64_t *sum = field.number == 2   ? &out->tasks_total
                   : field.number == 3 ? &out->tasks_done
                   : field.number == 4 ? &out->bytes_read
                                       : NULL;
    if (sum && __builtin_add_overflow(*sum, number, sum)) return GN_E_CORRUPT;
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ExecutionProgress: stages 1, num_inflight_tasks 2 */
static int scan_progress(gn_str message, sparkp_progress *out)
{
  gni_proto_field field;
  int rc;
  while ((rc = gni_proto_next(&message, &field)) == GN_OK) {
    if (field.number == 2) out->inflight = (int64_t)field.value;
    if (field.number == 1 && (rc = scan_stage(gni_proto_bytes(&field), out)) != GN_OK) return rc;
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

static int first_bytes(gn_str message, gn_str *out)
{
  gni_proto_field field;
  int rc = gni_proto_find(message, 1, &field);
  *out = rc == GN_OK ? gni_proto_bytes(&field) : (gn_str){message.ptr, 0};
  return rc < 0 ? rc : GN_OK;
}

static int scan_field(const gni_proto_field *field, sparkp_response *out)
{
  gn_str bytes = gni_proto_bytes(field);
  switch (field->number) {
  case SESSION_ID:
    out->session_id = bytes;
    return GN_OK;
  case SERVER_SESSION:
    out->server_session = bytes;
    return GN_OK;
  case OPERATION_ID:
    out->operation_id = bytes;
    return GN_OK;
  case RESPONSE_ID:
    out->response_id = bytes;
    return GN_OK;
  case RESULT_COMPLETE:
    out->is_complete = true;
    return GN_OK;
  case SCHEMA:
    out->has_schema = true;
    out->schema = bytes;
    return GN_OK;
  case ARROW_BATCH:
    out->has_batch = true;
    return scan_batch(bytes, &out->batch);
  case SQL_COMMAND_RESULT:
    out->has_sql_relation = true;
    return first_bytes(bytes, &out->sql_relation);
  case EXECUTION_PROGRESS:
    out->has_progress = true;
    return scan_progress(bytes, &out->progress);
  case CHECKPOINT_RESULT:
    out->has_checkpoint = true;
    return first_bytes(bytes, &out->checkpoint);
  default:
    return GN_OK; /* of a newer server, or not for us */
  }
}

int sparkp_scan(gn_str message, sparkp_response *out)
{
  gni_proto_field field;
  int rc;
  *out = (sparkp_response){.whole = message};
  while ((rc = gni_proto_next(&message, &field)) == GN_OK)
    if ((rc = scan_field(&field, out)) != GN_OK) return rc;
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- observed metrics: name 1, values 2, keys 3 ---------------------------------------------- */

static bool nth(gn_str message, uint32_t number, size_t wanted, gn_str *out)
{
  gni_proto_field field;
  for (size_t i = 0; gni_proto_next(&message, &field) == GN_OK;)
    if (field.number == number && i++ == wanted) {
      *out = gni_proto_bytes(&field);
      return true;
    }
  return false;
}

static int64_t number_in(gn_str message, uint32_t number)
{
  gni_proto_field field;
  return gni_proto_find(message, number, &field) == GN_OK ? (int64_t)field.value : 0;
}

static gn_str bytes_in(gn_str message, uint32_t number)
{
  gni_proto_field field;
  bool there = gni_proto_find(message, number, &field) == GN_OK;
  gn_str bytes = there ? gni_proto_bytes(&field) : (gn_str){NULL, 0};
  return bytes.ptr ? bytes : (gn_str){"", 0};
}

int sparkp_scan_observed(gn_str whole, void *user, sparkp_metric_fn each)
{
  gni_proto_field field;
  int rc;
  while ((rc = gni_proto_next(&whole, &field)) == GN_OK) {
    gn_str metrics = gni_proto_bytes(&field);
    sparkp_metric metric = {.name = {"", 0}};
    if (field.number != OBSERVED_METRICS) continue;
    if ((rc = first_bytes(metrics, &metric.name)) != GN_OK) return rc;
    metric.plan_id = number_in(metrics, 4);
    for (size_t i = 0; nth(metrics, 2, i, &metric.literal); i++) {
      if (!nth(metrics, 3, i, &metric.key)) metric.key = (gn_str){NULL, 0};
      metric.value = (int64_t)i;
      each(user, &metric);
    }
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- metrics of a plan: objects 1 {name 1, plan_id 2, values 4 {key 1, value 2}} ---------------
 */

/* MetricValue: name 1, value 2, metric_type 3 */
static void scan_values(gn_str object, sparkp_metric *metric, void *user, sparkp_metric_fn each)
{
  gni_proto_field field;
  while (gni_proto_next(&object, &field) == GN_OK) {
    if (field.number != 4) continue;
    gn_str entry = gni_proto_bytes(&field), value = bytes_in(entry, 2);
    metric->key = bytes_in(entry, 1);
    metric->value = number_in(value, 2);
    metric->kind = bytes_in(value, 3);
    each(user, metric);
  }
}

int sparkp_scan_metrics(gn_str whole, void *user, sparkp_metric_fn each)
{
  gni_proto_field field, object;
  int rc;
  while ((rc = gni_proto_next(&whole, &field)) == GN_OK) {
    if (field.number != METRICS) continue;
    for (gn_str rest = gni_proto_bytes(&field); gni_proto_next(&rest, &object) == GN_OK;) {
      gn_str bytes = gni_proto_bytes(&object);
      if (object.number != 1) continue;
      sparkp_metric metric = {.name = bytes_in(bytes, 1), .plan_id = number_in(bytes, 2)};
      scan_values(bytes, &metric, user, each);
    }
  }
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- alignment ------------------------------------------------------------------------------- */

/* `head` ends anywhere, so a length may point past it: only where the data begins counts. */
static bool cut_head(gn_str *rest, uint32_t *number, uint8_t *type, uint64_t *value)
{
  uint64_t parts[2];
  size_t at = 0;
  for (int i = 0; i < 2; i++) {
    parts[i] = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (at == rest->len || shift > 63) return false;
      uint8_t byte = (uint8_t)rest->ptr[at++];
      parts[i] |= (uint64_t)(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
  }
  *number = (uint32_t)(parts[0] >> 3);
  *type = (uint8_t)(parts[0] & 7);
  *value = parts[1];
  *rest = (gn_str){rest->ptr + at, rest->len - at};
  return true;
}

size_t sparkp_payload_at(gn_str head)
{
  gn_str rest = head;
  uint32_t number, wanted = ARROW_BATCH;
  uint8_t type;
  uint64_t value;
  bool inside = false;
  while (cut_head(&rest, &number, &type, &value)) {
    if (number == wanted && type == GNI_PROTO_BYTES) {
      if (inside) return (size_t)(rest.ptr - head.ptr);
      inside = true; /* its own field 2 is the data */
      continue;
    }
    if (type == GNI_PROTO_VARINT) continue;
    if (type != GNI_PROTO_BYTES || value > rest.len) return 0;
    rest = (gn_str){rest.ptr + value, rest.len - (size_t)value};
  }
  return 0;
}
