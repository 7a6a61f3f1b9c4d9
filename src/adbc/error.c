/* Failures as ADBC gives them: message, SQLSTATE, and the rest as details.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "adbc/driver.h"
#include "wire/wire.h"

/* ---- on the way up --------------------------------------------------------------------------- */

int adbcp_say(sparkc_error *err, int code, const char *format, ...)
{
  va_list args;
  if (!err || err->code != SPARKC_OK) return code;
  err->code = code;
  va_start(args, format);
  vsnprintf(err->message, sizeof err->message, format, args);
  va_end(args);
  return code;
}

int adbcp_nomem(sparkc_error *err)
{
  return adbcp_say(err, SPARKC_E_NOMEM, "out of memory");
}

int adbcp_say_from(sparkc_error *err, const gn_error *from)
{
  int code = SPARKC_E_PLAN;
  if (from->code == GN_E_NOMEM) code = SPARKC_E_NOMEM;
  if (from->code == GN_E_LIMIT) code = SPARKC_E_LIMIT;
  if (from->code == GN_E_UNSUPPORTED) code = SPARKC_E_UNSUPPORTED;
  if (from->where[0]) return adbcp_say(err, code, "%s: %s", from->where, from->message);
  return adbcp_say(err, code, "%s", from->message);
}

/* ---- what it is ------------------------------------------------------------------------------ */

/* By SQLSTATE, the longest that fits first: a class is its first two characters. */
static const struct {
  const char *sqlstate;
  AdbcStatusCode status;
} meanings[] = {
    {"HY008", ADBC_STATUS_CANCELLED},
    {"42P01", ADBC_STATUS_NOT_FOUND},
    {"42P08", ADBC_STATUS_NOT_FOUND},
    {"42704", ADBC_STATUS_NOT_FOUND},
    {"42883", ADBC_STATUS_NOT_FOUND},
    {"42P06", ADBC_STATUS_ALREADY_EXISTS},
    {"42P07", ADBC_STATUS_ALREADY_EXISTS},
    {"42710", ADBC_STATUS_ALREADY_EXISTS},
    {"42723", ADBC_STATUS_ALREADY_EXISTS},
    {"42501", ADBC_STATUS_UNAUTHORIZED},
    {"0A", ADBC_STATUS_NOT_IMPLEMENTED},
    {"22", ADBC_STATUS_INVALID_DATA},
    {"23", ADBC_STATUS_INTEGRITY},
    {"28", ADBC_STATUS_UNAUTHENTICATED},
    {"42", ADBC_STATUS_INVALID_ARGUMENT},
    {"07", ADBC_STATUS_INVALID_ARGUMENT},
    {"P0001", ADBC_STATUS_INVALID_DATA},
    {"XX", ADBC_STATUS_INTERNAL},
    {"56", ADBC_STATUS_NOT_IMPLEMENTED},
    {"58", ADBC_STATUS_IO},
    {"08", ADBC_STATUS_IO},
    {"55", ADBC_STATUS_INVALID_STATE},
    {"51", ADBC_STATUS_INVALID_STATE},
    {"21", ADBC_STATUS_INVALID_DATA},
};

enum { GRPC_PERMISSION_DENIED = 7, GRPC_UNIMPLEMENTED = 12, GRPC_UNAUTHENTICATED = 16 };

static AdbcStatusCode status_of_grpc(const sparkc_error *err, AdbcStatusCode otherwise)
{
  if (err->status == GRPC_UNAUTHENTICATED) return ADBC_STATUS_UNAUTHENTICATED;
  if (err->status == GRPC_PERMISSION_DENIED) return ADBC_STATUS_UNAUTHORIZED;
  if (err->status == GRPC_UNIMPLEMENTED) return ADBC_STATUS_NOT_IMPLEMENTED;
  return otherwise;
}

static AdbcStatusCode status_of_remote(const sparkc_error *err)
{
  for (size_t i = 0; err->sqlstate[0] && i < sizeof meanings / sizeof *meanings; i++)
    if (gni_str_starts(gni_str(err->sqlstate), meanings[i].sqlstate)) return meanings[i].status;
  return status_of_grpc(err, ADBC_STATUS_UNKNOWN);
}

AdbcStatusCode adbcp_status(const sparkc_error *err)
{
  switch (err->code) {
  case SPARKC_OK:
    return ADBC_STATUS_OK;
  case SPARKC_E_TRANSPORT:
    return status_of_grpc(err, ADBC_STATUS_IO);
  case SPARKC_E_REMOTE:
    return status_of_remote(err);
  case SPARKC_E_PLAN:
  case SPARKC_E_LIMIT:
    return ADBC_STATUS_INVALID_ARGUMENT;
  case SPARKC_E_UNSUPPORTED:
    return ADBC_STATUS_NOT_IMPLEMENTED;
  case SPARKC_E_CANCELLED:
    return ADBC_STATUS_CANCELLED;
  case SPARKC_E_TIMEOUT:
    return ADBC_STATUS_TIMEOUT;
  case SPARKC_E_CLOSED:
    return ADBC_STATUS_INVALID_STATE;
  default:
    return ADBC_STATUS_INTERNAL;
  }
}

/* ---- details --------------------------------------------------------------------------------- */

enum { DETAILS_MAX = 8, DETAIL_BYTES_MAX = 4 << 20 };

/* Stands behind one AdbcError, whose message is its text; freed with it. */
typedef struct failure {
  gn_buf message;
  gn_buf details[DETAILS_MAX];
  const char *keys[DETAILS_MAX];
  int count;
} failure;

static gn_buf *add_detail(failure *f, const char *key)
{
  gn_buf *value = &f->details[f->count];
  gni_buf_init(value, &gni_libc_alloc, DETAIL_BYTES_MAX);
  f->keys[f->count++] = key;
  return value;
}

static void detail_text(failure *f, const char *key, const char *text)
{
  if (text && text[0]) gni_buf_add_text(add_detail(f, key), text);
}

static void add_member(gn_buf *json, const char *name, const char *value)
{
  if (!value) return;
  if (json->len && json->ptr[json->len - 1] != '{') gni_buf_add_text(json, ", ");
  gni_json_add_text(json, gni_str(name), false);
  gni_buf_add_text(json, ": ");
  gni_json_add_text(json, gni_str(value), false);
}

static void detail_parameters(failure *f, const sparkc_error *err)
{
  const char *name, *value;
  if (!sparkc_error_parameter(err, 0, &name, &value)) return;
  gn_buf *json = add_detail(f, "spark.message_parameters");
  gni_buf_add_char(json, '{');
  for (size_t i = 0; sparkc_error_parameter(err, i, &name, &value); i++)
    add_member(json, name, value);
  gni_buf_add_char(json, '}');
}

static void detail_context(failure *f, const sparkc_error *err)
{
  sparkc_query_context at;
  if (!sparkc_error_context(err, 0, &at)) return;
  gn_buf *json = add_detail(f, "spark.query_context");
  gni_buf_add_char(json, '[');
  for (size_t i = 0; sparkc_error_context(err, i, &at); i++) {
    gni_buf_add_text(json, i ? ", {" : "{");
    add_member(json, "object_type", at.object_type);
    add_member(json, "object_name", at.object_name);
    add_member(json, "fragment", at.fragment);
    add_member(json, "call_site", at.call_site);
    add_member(json, "summary", at.summary);
    if (json->ptr && json->ptr[json->len - 1] != '{') gni_buf_add_text(json, ", ");
    gni_buf_add_format(json, "\"start_index\": %d, \"stop_index\": %d}", at.start_index,
                       at.stop_index);
  }
  gni_buf_add_char(json, ']');
}

static void add_details(failure *f, const sparkc_error *err)
{
  detail_text(f, "spark.error_class", err->error_class);
  detail_parameters(f, err);
  detail_context(f, err);
  detail_text(f, "spark.stack_trace", sparkc_error_stack(err));
  detail_text(f, "spark.hint", err->hint);
  if (err->status) gni_buf_add_format(add_detail(f, "spark.grpc_status"), "%d", err->status);
  if (err->retryable) detail_text(f, "spark.retryable", "true");
}

/* ---- giving ---------------------------------------------------------------------------------- */

static void free_failure(failure *f)
{
  gni_buf_deinit(&f->message);
  for (int i = 0; i < f->count; i++) gni_buf_deinit(&f->details[i]);
  gni_free(&gni_libc_alloc, f, sizeof *f);
}

static bool is_extended(const struct AdbcError *error)
{
  return error->vendor_code == ADBC_ERROR_VENDOR_CODE_PRIVATE_DATA;
}

static void clear(struct AdbcError *error)
{
  error->message = NULL;
  error->release = NULL;
  memset(error->sqlstate, 0, sizeof error->sqlstate);
  if (is_extended(error)) error->private_data = NULL;
}

static void release_extended(struct AdbcError *error)
{
  if (error->private_data) free_failure(error->private_data);
  clear(error);
}

/* The structure of 1.0.0 has no room for more than the text. */
static void release_plain(struct AdbcError *error)
{
  gni_free(&gni_libc_alloc, error->message, error->message ? strlen(error->message) + 1 : 0);
  clear(error);
}

static void fill_plain(struct AdbcError *out, const failure *f, int32_t vendor_code)
{
  out->message = gni_strdup(&gni_libc_alloc, f->message.ptr, f->message.len);
  out->vendor_code = vendor_code == ADBC_ERROR_VENDOR_CODE_PRIVATE_DATA ? 0 : vendor_code;
  out->release = release_plain;
}

static void fill(struct AdbcError *out, const sparkc_error *err, const char *sqlstate)
{
  failure *f = gni_alloc_zero(&gni_libc_alloc, sizeof *f);
  if (out->release) out->release(out);
  clear(out);
  if (!f) return; /* the status alone has to do */
  gni_buf_init(&f->message, &gni_libc_alloc, DETAIL_BYTES_MAX);
  gni_buf_add_text(&f->message, sparkc_error_message(err));
  if (f->message.len == 0) gni_buf_add_text(&f->message, sparkc_code_name(err->code));
  if (f->message.rc != GN_OK) {
    free_failure(f);
    return;
  }
  memcpy(out->sqlstate, sqlstate, sizeof out->sqlstate);
  if (!is_extended(out)) {
    fill_plain(out, f, err->status);
    free_failure(f);
    return;
  }
  add_details(f, err);
  out->message = f->message.ptr;
  out->private_data = f;
  out->release = release_extended;
}

/* Spark's own, or the standard's for what never reached it. */
static const char *sqlstate_of(const sparkc_error *err, AdbcStatusCode status)
{
  if (err->sqlstate[0] && strlen(err->sqlstate) >= 5) return err->sqlstate;
  if (status == ADBC_STATUS_CANCELLED) return "HY008";
  if (status == ADBC_STATUS_TIMEOUT) return "HYT00";
  if (status == ADBC_STATUS_IO) return "08000";
  if (status == ADBC_STATUS_UNAUTHENTICATED) return "28000";
  return "\0\0\0\0";
}

AdbcStatusCode adbcp_give(struct AdbcError *out, sparkc_error *err)
{
  AdbcStatusCode status = adbcp_status(err);
  if (status != ADBC_STATUS_OK && out) fill(out, err, sqlstate_of(err, status));
  sparkc_error_clear(err);
  return status;
}

AdbcStatusCode adbcp_fail(struct AdbcError *out, AdbcStatusCode status, const char *format, ...)
{
  sparkc_error err = {.code = SPARKC_E_PLAN};
  va_list args;
  va_start(args, format);
  vsnprintf(err.message, sizeof err.message, format, args);
  va_end(args);
  if (out) fill(out, &err, sqlstate_of(&err, status));
  return status;
}

/* ---- public ---------------------------------------------------------------------------------- */

int AdbcErrorGetDetailCount(const struct AdbcError *error)
{
  bool ours = is_extended(error) && error->release == release_extended && error->private_data;
  return ours ? ((const failure *)error->private_data)->count : 0;
}

struct AdbcErrorDetail AdbcErrorGetDetail(const struct AdbcError *error, int index)
{
  if (index < 0 || index >= AdbcErrorGetDetailCount(error)) return (struct AdbcErrorDetail){0};
  const failure *f = error->private_data;
  const gn_str value = gni_buf_view(&f->details[index]);
  return (struct AdbcErrorDetail){f->keys[index], (const uint8_t *)value.ptr, value.len};
}
