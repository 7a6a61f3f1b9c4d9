/* Result codes and the error record. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>

_Static_assert(sizeof(gn_error) == 768, "gn_error is part of the binary interface");

struct code_row {
  int code, retriable, exit_status;
  const char *name;
};

static const struct code_row codes[] = {
#define GN_CODE_ROW(name, number, again, http, exit_status, advice)                                \
  {number, again, exit_status, "GN_" #name},
    GN_CODES(GN_CODE_ROW)
#undef GN_CODE_ROW
};

static const struct code_row *find_code(int code)
{
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].code == code) return &codes[i];
  return NULL;
}

const char *gn_code_name(int code)
{
  const struct code_row *row = find_code(code);
  return row ? row->name : "GN_E_UNKNOWN";
}

int gn_code_retriable(int code)
{
  const struct code_row *row = find_code(code);
  return row ? row->retriable : 0;
}

int gn_code_exit_status(int code)
{
  const struct code_row *row = find_code(code);
  return row ? row->exit_status : 70;
}

const char *gn_version(void)
{
  return GN_VERSION;
}

/* A cut must not leave half a character behind. */
static void drop_partial_utf8(char *text, size_t len)
{
  size_t start = len;
  while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
  if (start == 0) return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (len - (start - 1) < need) text[start - 1] = '\0';
}

GN_PRINTF(3, 0)
static void format_cut(char *out, size_t out_size, const char *format, va_list args)
{
  int length = vsnprintf(out, out_size, format, args);
  if (length < 0) out[0] = '\0';
  if (length >= 0 && (size_t)length >= out_size) drop_partial_utf8(out, out_size - 1);
}

/* What the kernel says of a disk or a right tells more than the result does. */
static void name_diagnostic(gn_error *err, const char *diagnostic)
{
  bool from_kernel = err->code == GN_E_IO || err->code == GN_E_AUTH;
  if (diagnostic)
    snprintf(err->diagnostic, sizeof err->diagnostic, "%s", diagnostic);
  else if (from_kernel && (err->native == ENOSPC || err->native == EDQUOT))
    name_diagnostic(err, "GR001");
  else if (from_kernel && (err->native == EACCES || err->native == EPERM || err->native == EROFS))
    name_diagnostic(err, "GR002");
  else
    snprintf(err->diagnostic, sizeof err->diagnostic, "GE%03d", -err->code % 1000);
}

GN_PRINTF(5, 0)
static void record(gn_error *err, const char *diagnostic, int code, int native, const char *format,
                   va_list args)
{
  if (!err || err->code != GN_OK) return;
  err->code = code;
  err->native = native;
  name_diagnostic(err, diagnostic);
  err->where[0] = err->hint[0] = '\0';
  format_cut(err->message, sizeof err->message, format, args);
}

int gni_fail(gn_error *err, int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  record(err, NULL, code, 0, format, args);
  va_end(args);
  return code;
}

int gni_fail_native(gn_error *err, int code, int native, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  record(err, NULL, code, native, format, args);
  va_end(args);
  return code;
}

int gni_fail_as(gn_error *err, const char *diagnostic, int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  record(err, diagnostic, code, 0, format, args);
  va_end(args);
  return code;
}

void gni_error_diagnostic(gn_error *err, const char *diagnostic)
{
  bool is_general = err && err->diagnostic[0] == 'G' && err->diagnostic[1] == 'E';
  if (err && err->code != GN_OK && (is_general || !err->diagnostic[0]))
    snprintf(err->diagnostic, sizeof err->diagnostic, "%s", diagnostic);
}

int gni_fail_nomem(gn_error *err, size_t size)
{
  return gni_fail(err, GN_E_NOMEM, "out of memory (%zu bytes)", size);
}

void gni_error_where(gn_error *err, const char *format, ...)
{
  char outer[sizeof err->where], joined[2 * sizeof err->where];
  va_list args;
  if (!err || err->code == GN_OK) return;
  va_start(args, format);
  format_cut(outer, sizeof outer, format, args);
  va_end(args);
  int length =
      snprintf(joined, sizeof joined, err->where[0] ? "%s: %s" : "%s%s", outer, err->where);
  size_t keep = length < 0 ? 0 : (size_t)length;
  if (keep >= sizeof err->where) keep = sizeof err->where - 1;
  memcpy(err->where, joined, keep);
  err->where[keep] = '\0';
  drop_partial_utf8(err->where, keep);
}

void gni_error_hint(gn_error *err, const char *format, ...)
{
  va_list args;
  if (!err || err->code == GN_OK || err->hint[0]) return;
  va_start(args, format);
  format_cut(err->hint, sizeof err->hint, format, args);
  va_end(args);
}
