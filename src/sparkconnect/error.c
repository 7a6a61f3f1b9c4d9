/* The error record. SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "sparkconnect/error_details.h"

const char *sparkc_version(void)
{
  return GN_VERSION;
}

const char *sparkc_code_name(int code)
{
  switch (code) {
#define NAME(name, number, kind, advice)                                                           \
  case number:                                                                                     \
    return "SPARKC_" #name;
    SPARKC_CODES(NAME)
#undef NAME
  default:
    return "SPARKC_E_UNKNOWN";
  }
}

const char *sparkc_code_kind(int code)
{
  switch (code) {
#define KIND(name, number, kind, advice)                                                           \
  case number:                                                                                     \
    return kind;
    SPARKC_CODES(KIND)
#undef KIND
  default:
    return "remote";
  }
}

int sparkp_fail(sparkc_error *err, int code, const char *format, ...)
{
  va_list args;
  if (!err || err->code != SPARKC_OK) return code;
  err->code = code;
  va_start(args, format);
  vsnprintf(err->message, sizeof err->message, format, args);
  va_end(args);
  return code;
}

void sparkp_hint(sparkc_error *err, const char *format, ...)
{
  va_list args;
  if (!err || err->hint[0]) return;
  va_start(args, format);
  vsnprintf(err->hint, sizeof err->hint, format, args);
  va_end(args);
}

int sparkp_nomem(sparkc_error *err)
{
  return sparkp_fail(err, SPARKC_E_NOMEM, "out of memory");
}

static int code_from(int32_t code)
{
  switch (code) {
  case GN_E_NOMEM:
    return SPARKC_E_NOMEM;
  case GN_E_LIMIT:
    return SPARKC_E_LIMIT;
  case GN_E_ARG:
  case GN_E_PARSE:
  case GN_E_INVALID:
  case GN_E_TYPE:
    return SPARKC_E_PLAN;
  case GN_E_UNSUPPORTED:
    return SPARKC_E_UNSUPPORTED;
  case GN_E_TIMEOUT:
    return SPARKC_E_TIMEOUT;
  case GN_E_CANCELLED:
    return SPARKC_E_CANCELLED;
  default:
    return SPARKC_E_TRANSPORT;
  }
}

int sparkp_fail_from(sparkc_error *err, const gn_error *from)
{
  int code = code_from(from->code);
  if (!err || err->code != SPARKC_OK) return code;
  sparkp_fail(err, code, "%s%s%s", from->where, from->where[0] ? ": " : "", from->message);
  if (from->hint[0]) sparkp_hint(err, "%s", from->hint);
  err->native = from->native;
  err->retryable = code == SPARKC_E_TRANSPORT || code == SPARKC_E_TIMEOUT;
  if (from->code == GN_E_AUTH || from->code == GN_E_CORRUPT) err->retryable = 0;
  return code;
}

int sparkp_error_move(sparkc_error *from, sparkc_error *to)
{
  int code = from->code;
  if (to && to->code == SPARKC_OK)
    *to = *from;
  else
    sparkc_error_clear(from);
  *from = (sparkc_error){0};
  return code;
}

bool sparkp_error_says(const sparkc_error *err, const char *text)
{
  return strstr(sparkc_error_message(err), text) != NULL || strstr(err->error_class, text) != NULL;
}

/* ---- details --------------------------------------------------------------------------------- */

struct sparkc_error_details *sparkp_error_details(sparkc_error *err, const gn_alloc *alloc)
{
  if (err->details) return err->details;
  struct sparkc_error_details *details = gni_alloc_zero(alloc, sizeof *details);
  if (!details) return NULL;
  details->alloc = *alloc;
  gni_arena_init(&details->arena, &details->alloc, SPARKP_ERROR_ARENA_BYTES);
  err->details = details;
  return details;
}

void sparkc_error_clear(sparkc_error *err)
{
  if (!err) return;
  if (err->details) {
    const gn_alloc alloc = err->details->alloc;
    gni_arena_deinit(&err->details->arena);
    gni_free(&alloc, err->details, sizeof *err->details);
  }
  *err = (sparkc_error){0};
}

const char *sparkc_error_message(const sparkc_error *err)
{
  return err->details && err->details->message ? err->details->message : err->message;
}

int sparkc_error_parameter(const sparkc_error *err, size_t i, const char **name, const char **value)
{
  if (!err->details || i >= err->details->parameter_count) return 0;
  *name = err->details->parameters[i].name;
  *value = err->details->parameters[i].value;
  return 1;
}

int sparkc_error_context(const sparkc_error *err, size_t i, sparkc_query_context *out)
{
  if (!err->details || i >= err->details->context_count) return 0;
  *out = err->details->contexts[i];
  return 1;
}

const char *sparkc_error_stack(const sparkc_error *err)
{
  return err->details ? err->details->stack : NULL;
}
