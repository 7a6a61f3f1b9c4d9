/* What a server says of a failure: the status' details first, then FetchErrorDetails.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything here is read by hand from bytes that came over the network, bounded in depth and
 * number; what does not fit the pattern is left out, never an error of its own. */
#include <stdio.h>

#include "sparkconnect/error_details.h"
#include "wire/proto.h"
#include "wire/wire.h"

enum { JSON_DEPTH = 4, CAUSES_MAX = 16, STACK_LINES_MAX = 400 };

static void put(char *out, size_t size, gn_str text)
{
  size_t len = text.len < size - 1 ? text.len : size - 1;
  while (len && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) len--;
  if (len) memcpy(out, text.ptr, len);
  out[len] = '\0';
}

static void add_parameter(struct sparkc_error_details *details, gn_str name, gn_str value)
{
  if (details->parameter_count == SPARKP_PARAMETERS_MAX) return;
  gn_str key = gni_str_take(&details->arena, name), text = gni_str_take(&details->arena, value);
  if (!key.ptr || !text.ptr) return;
  details->parameters[details->parameter_count++] = (sparkp_parameter){key.ptr, text.ptr};
}

/* ---- google.rpc.Status ----------------------------------------------------------------------- */

static void read_parameters_json(gn_str json, sparkc_error *err, const gn_alloc *alloc)
{
  const gni_json *root;
  struct sparkc_error_details *details = sparkp_error_details(err, alloc);
  if (!details || gni_json_parse(json, JSON_DEPTH, &details->arena, &root, NULL) != GN_OK) return;
  if (root->kind != GNI_JSON_OBJECT) return;
  for (size_t i = 0; i < root->list.count; i++)
    if (root->list.items[i].kind == GNI_JSON_TEXT)
      add_parameter(details, root->list.keys[i].text, root->list.items[i].text);
}

static void read_metadata(gn_str entry, sparkp_failure *out, const gn_alloc *alloc)
{
  gni_proto_field key, value;
  if (gni_proto_find(entry, 1, &key) != GN_OK || gni_proto_find(entry, 2, &value) != GN_OK) return;
  gn_str name = gni_proto_bytes(&key), text = gni_proto_bytes(&value);
  if (gni_str_is(name, "errorClass"))
    put(out->error.error_class, sizeof out->error.error_class, text);
  if (gni_str_is(name, "sqlState")) put(out->error.sqlstate, sizeof out->error.sqlstate, text);
  if (gni_str_is(name, "errorId")) put(out->error_id, sizeof out->error_id, text);
  if (gni_str_is(name, "messageParameters")) read_parameters_json(text, &out->error, alloc);
}

/* google.rpc.ErrorInfo: reason 1, domain 2, metadata 3 */
static void read_error_info(gn_str info, sparkp_failure *out, const gn_alloc *alloc)
{
  gni_proto_field field;
  out->error.code = SPARKC_E_REMOTE;
  while (gni_proto_next(&info, &field) == GN_OK)
    if (field.number == 3) read_metadata(gni_proto_bytes(&field), out, alloc);
}

/* google.rpc.RetryInfo: retry_delay 1 {seconds 1, nanos 2} */
static void read_retry_info(gn_str info, sparkp_failure *out)
{
  gni_proto_field delay, part;
  out->has_retry_info = true;
  out->retry_us = 0;
  if (gni_proto_find(info, 1, &delay) != GN_OK) return;
  gn_str rest = gni_proto_bytes(&delay);
  while (gni_proto_next(&rest, &part) == GN_OK) {
    int64_t value = (int64_t)part.value;
    if (part.number == 1 && value > 0 && value < 1000000) out->retry_us += value * 1000000;
    if (part.number == 2 && value > 0 && value < 1000000000) out->retry_us += value / 1000;
  }
}

/* google.protobuf.Any: type_url 1, value 2 */
static void read_detail(gn_str any, sparkp_failure *out, const gn_alloc *alloc)
{
  gni_proto_field type, value;
  if (gni_proto_find(any, 1, &type) != GN_OK) return;
  gn_str body = gni_proto_find(any, 2, &value) == GN_OK ? gni_proto_bytes(&value) : GN_STR("");
  if (gni_str_ends(gni_proto_bytes(&type), "/google.rpc.ErrorInfo"))
    read_error_info(body, out, alloc);
  if (gni_str_ends(gni_proto_bytes(&type), "/google.rpc.RetryInfo")) read_retry_info(body, out);
}

static void keep_long_message(sparkc_error *err, gn_str text, const gn_alloc *alloc)
{
  put(err->message, sizeof err->message, text);
  if (text.len < sizeof err->message) return;
  struct sparkc_error_details *details = sparkp_error_details(err, alloc);
  if (details) details->message = gni_str_take(&details->arena, text).ptr;
}

static int code_of(int status, bool from_server)
{
  switch (status) {
  case GNI_GRPC_CANCELLED:
    return SPARKC_E_CANCELLED;
  case GNI_GRPC_DEADLINE_EXCEEDED:
    return SPARKC_E_TIMEOUT;
  case GNI_GRPC_RESOURCE_EXHAUSTED:
    return SPARKC_E_LIMIT;
  case GNI_GRPC_UNIMPLEMENTED:
    return SPARKC_E_UNSUPPORTED;
  case GNI_GRPC_INVALID_ARGUMENT:
  case GNI_GRPC_NOT_FOUND:
  case GNI_GRPC_ALREADY_EXISTS:
  case GNI_GRPC_FAILED_PRECONDITION:
  case GNI_GRPC_INTERNAL:
    return from_server ? SPARKC_E_REMOTE : SPARKC_E_TRANSPORT;
  default:
    return SPARKC_E_TRANSPORT;
  }
}

/* Old servers put the class into the text only: "[CLASS.SUB] words" */
static void class_from_text(sparkc_error *err)
{
  size_t len = 1;
  if (err->error_class[0] || err->message[0] != '[') return;
  while (err->message[len] == '.' || err->message[len] == '_' ||
         (err->message[len] >= 'A' && err->message[len] <= 'Z') ||
         (err->message[len] >= '0' && err->message[len] <= '9'))
    len++;
  if (err->message[len] == ']')
    put(err->error_class, sizeof err->error_class, (gn_str){err->message + 1, len - 1});
}

static bool means_closed(const sparkc_error *err)
{
  static const char *const classes[] = {"INVALID_HANDLE.SESSION_CLOSED",
                                        "INVALID_HANDLE.SESSION_CHANGED",
                                        "INVALID_HANDLE.SESSION_NOT_FOUND"};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (sparkp_error_says(err, classes[i])) return true;
  return false;
}

void sparkp_failure_from(const gni_h2_status *status, const gn_alloc *alloc, sparkp_failure *out)
{
  gn_str details = status->details;
  gni_proto_field field;
  *out = (sparkp_failure){.retry_us = -1};
  out->error.status = status->code;
  out->error.code = code_of(status->code, status->from_server);
  keep_long_message(&out->error, status->message, alloc);
  if (status->message.len == 0)
    snprintf(out->error.message, sizeof out->error.message, "the server says %s and no more",
             gni_grpc_code_name(status->code));
  while (gni_proto_next(&details, &field) == GN_OK)
    if (field.number == 3) read_detail(gni_proto_bytes(&field), out, alloc);
  class_from_text(&out->error);
  if (strcmp(out->error.error_class, "OPERATION_CANCELED") == 0)
    out->error.code = SPARKC_E_CANCELLED;
  if (means_closed(&out->error)) {
    out->error.code = SPARKC_E_CLOSED;
    sparkp_hint(&out->error, "open a new session");
  }
  out->error.retryable = status->code == GNI_GRPC_UNAVAILABLE || out->has_retry_info ||
                         (status->code == GNI_GRPC_INTERNAL &&
                          sparkp_error_says(&out->error, "INVALID_CURSOR.DISCONNECTED"));
  if (status->code == GNI_GRPC_UNAUTHENTICATED || status->code == GNI_GRPC_PERMISSION_DENIED)
    sparkp_hint(&out->error, "look at the token");
}

/* ---- FetchErrorDetailsResponse --------------------------------------------------------------- */

static const char *take(struct sparkc_error_details *details, const gni_proto_field *field)
{
  return gni_str_take(&details->arena, gni_proto_bytes(field)).ptr;
}

/* QueryContext: context_type 10 (0 SQL, 1 DATAFRAME), object_type 1, object_name 2, start_index 3,
 * stop_index 4, fragment 5, call_site 6, summary 7 */
static void read_context(struct sparkc_error_details *details, gn_str bytes)
{
  sparkc_query_context context = {.start_index = -1, .stop_index = -1};
  gni_proto_field field;
  if (details->context_count == SPARKP_CONTEXTS_MAX) return;
  while (gni_proto_next(&bytes, &field) == GN_OK) {
    if (field.number == 1) context.object_type = take(details, &field);
    if (field.number == 2) context.object_name = take(details, &field);
    if (field.number == 3) context.start_index = (int32_t)field.value;
    if (field.number == 4) context.stop_index = (int32_t)field.value;
    if (field.number == 5) context.fragment = take(details, &field);
    if (field.number == 6) context.call_site = take(details, &field);
    if (field.number == 7) context.summary = take(details, &field);
    if (field.number == 10) context.is_dataframe = field.value == 1;
  }
  details->contexts[details->context_count++] = context;
}

static void read_entry(struct sparkc_error_details *details, gn_str entry)
{
  gni_proto_field key, value;
  if (gni_proto_find(entry, 1, &key) == GN_OK && gni_proto_find(entry, 2, &value) == GN_OK)
    add_parameter(details, gni_proto_bytes(&key), gni_proto_bytes(&value));
}

/* SparkThrowable: error_class 1, message_parameters 2, query_contexts 3, sql_state 4 */
static void read_throwable(sparkc_error *err, gn_str bytes)
{
  struct sparkc_error_details *details = err->details;
  gni_proto_field field;
  details->parameter_count = 0; /* those of the status may have been cut */
  while (gni_proto_next(&bytes, &field) == GN_OK) {
    gn_str text = gni_proto_bytes(&field);
    if (field.number == 1) put(err->error_class, sizeof err->error_class, text);
    if (field.number == 2) read_entry(details, text);
    if (field.number == 3) read_context(details, text);
    if (field.number == 4) put(err->sqlstate, sizeof err->sqlstate, text);
  }
}

/* StackTraceElement: declaring_class 1, method_name 2, file_name 3, line_number 4 */
static void write_frame(gn_str bytes, gn_buf *out)
{
  gn_str parts[4] = {{0}};
  gni_proto_field field;
  int32_t line = 0;
  while (gni_proto_next(&bytes, &field) == GN_OK) {
    if (field.number >= 1 && field.number <= 3) parts[field.number] = gni_proto_bytes(&field);
    if (field.number == 4) line = (int32_t)field.value;
  }
  gni_buf_add_format(out, "\tat %.*s.%.*s(%.*s:%d)\n", GN_STR_ARGS(parts[1]), GN_STR_ARGS(parts[2]),
                     GN_STR_ARGS(parts[3]), (int)line);
}

/* Error: error_type_hierarchy 1, message 2, stack_trace 3, cause_idx 4. The cause, or -1. */
static int64_t write_error(gn_str bytes, int *lines, gn_buf *out)
{
  gni_proto_field field;
  gn_str rest = bytes;
  int64_t cause = -1;
  bool named = false;
  for (; gni_proto_next(&rest, &field) == GN_OK;) {
    if (field.number == 4) cause = (int64_t)field.value;
    if (field.number != 1 || named) continue;
    gni_buf_add_str(out, gni_proto_bytes(&field));
    named = true;
  }
  if (gni_proto_find(bytes, 2, &field) == GN_OK)
    gni_buf_add_format(out, ": %.*s", GN_STR_ARGS(gni_proto_bytes(&field)));
  gni_buf_add_char(out, '\n');
  for (rest = bytes; gni_proto_next(&rest, &field) == GN_OK && *lines < STACK_LINES_MAX;) {
    if (field.number != 3) continue;
    write_frame(gni_proto_bytes(&field), out);
    ++*lines;
  }
  return cause;
}

static bool nth_error(gn_str answer, int64_t wanted, gn_str *out)
{
  gni_proto_field field;
  for (int64_t i = 0; gni_proto_next(&answer, &field) == GN_OK;)
    if (field.number == 2 && i++ == wanted) {
      *out = gni_proto_bytes(&field);
      return true;
    }
  return false;
}

static void write_stack(struct sparkc_error_details *details, gn_str answer, int64_t root)
{
  gn_buf text;
  gn_str error;
  int lines = 0;
  gni_buf_init(&text, &details->alloc, SPARKP_ERROR_ARENA_BYTES / 4);
  for (int i = 0; i < CAUSES_MAX && root >= 0 && nth_error(answer, root, &error); i++) {
    if (i) gni_buf_add_text(&text, "Caused by: ");
    root = write_error(error, &lines, &text);
  }
  if (text.rc == GN_OK && text.len)
    details->stack = gni_str_take(&details->arena, gni_buf_view(&text)).ptr;
  gni_buf_deinit(&text);
}

void sparkp_error_enrich(sparkc_error *err, gn_str answer, const gn_alloc *alloc, bool want_stack)
{
  gni_proto_field root, field;
  gn_str error;
  if (gni_proto_find(answer, 1, &root) != GN_OK)
    return; /* unknown to the server, or asked before */
  if (!nth_error(answer, (int64_t)root.value, &error)) return;
  struct sparkc_error_details *details = sparkp_error_details(err, alloc);
  if (!details) return;
  if (gni_proto_find(error, 2, &field) == GN_OK)
    keep_long_message(err, gni_proto_bytes(&field), alloc);
  if (gni_proto_find(error, 5, &field) == GN_OK) read_throwable(err, gni_proto_bytes(&field));
  if (want_stack) write_stack(details, answer, (int64_t)root.value);
}
