/* What DuckDB says, as our error record. SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

struct kind {
  const char *prefix; /* how DuckDB begins the text */
  int code;
};

static const struct kind kinds[] = {
    {"Parser Error: ", GN_E_PARSE},
    {"Syntax Error: ", GN_E_PARSE},
    {"Binder Error: ", GN_E_INVALID},
    {"Catalog Error: ", GN_E_NOTFOUND},
    {"Conversion Error: ", GN_E_TYPE},
    {"Mismatch Type Error: ", GN_E_TYPE},
    {"Invalid type Error: ", GN_E_TYPE},
    {"Out of Range Error: ", GN_E_TYPE},
    {"Invalid Input Error: ", GN_E_INVALID},
    {"Invalid Error: ", GN_E_INVALID},
    {"Invalid Configuration Error: ", GN_E_ARG},
    {"Not implemented Error: ", GN_E_UNSUPPORTED},
    {"Missing Extension Error: ", GN_E_UNSUPPORTED},
    {"Constraint Error: ", GN_E_INVALID},
    {"Out of Memory Error: ", GN_E_NOMEM},
    {"IO Error: ", GN_E_IO},
    {"HTTP Error: ", GN_E_IO},
    {"Permission Error: ", GN_E_AUTH},
    {"Interrupt Error: ", GN_E_CANCELLED},
    {"INTERRUPT Error: ", GN_E_CANCELLED},
    {"FATAL Error: ", GN_E_IO},
    {"INTERNAL Error: ", GN_E_BUG},
};

/* The first line, and the first of the lines after it that is advice. */
static void cut(gn_str text, gn_str *message, gn_str *advice)
{
  gn_str line;
  *advice = (gn_str){NULL, 0};
  gni_str_split(&text, '\n', message);
  while (!advice->len && gni_str_split(&text, '\n', &line)) {
    line = gni_str_trim(line);
    if (!gni_str_starts(line, "LINE ") && !gni_str_is(line, "^")) *advice = line;
  }
}

static bool has_words(gn_str text, const char *words)
{
  size_t len = strlen(words);
  for (; text.len >= len; text.ptr++, text.len--)
    if (memcmp(text.ptr, words, len) == 0) return true;
  return false;
}

static const char *page_of(int code, gn_str message)
{
  bool full = has_words(message, "No space left");
  return full ? "GR001" : code == GN_E_NOMEM ? "GR003" : code == GN_E_BUG ? "GE018" : "GT019";
}

int gnp_duck_fail(gnp_duck *duck, const char *text, gn_error *err)
{
  gn_error cause = {0};
  gn_str message, advice, all = gni_str(text ? text : "no reason given");
  int code = GN_E_INVALID;
  if (gnp_attached_failure(duck, &cause)) {
    if (err && err->code == GN_OK) *err = cause;
    return cause.code;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!gni_str_starts(all, kinds[i].prefix)) continue;
    size_t skip = strlen(kinds[i].prefix);
    all = (gn_str){all.ptr + skip, all.len - skip};
    code = kinds[i].code;
    break;
  }
  if (code == GN_E_CANCELLED) return gni_fail(err, code, "cancelled");
  cut(all, &message, &advice);
  gni_fail(err, code, "%.*s", GN_STR_ARGS(message));
  gni_error_diagnostic(err, page_of(code, message));
  if (code == GN_E_NOMEM)
    gni_error_hint(err, "give more memory, fewer threads, or room for temporary files");
  else if (advice.len)
    gni_error_hint(err, "%.*s", GN_STR_ARGS(advice));
  return code;
}

int gnp_duck_fail_data(gnp_duck *duck, duckdb_error_data *data, gn_error *err)
{
  int rc = GN_OK;
  if (*data && duckdb_error_data_has_error(*data))
    rc = gnp_duck_fail(duck, duckdb_error_data_message(*data), err);
  if (*data) duckdb_destroy_error_data(data);
  return rc;
}
