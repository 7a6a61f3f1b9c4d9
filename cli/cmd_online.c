/* upload, metadata-upload, put, fetch: what works on the store. SPDX-License-Identifier: Apache-2.0
 */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cmd_upload(const cli_args *args)
{
  gn_session *session;
  gn_upload_report report;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  cli_note_skipped(args);
  gn_upload_args wanted = {.struct_size = sizeof wanted,
                           .conf = args->words[0],
                           .ds = args->ds ? args->ds : args->end_ds,
                           .from_table = args->from_table};
  rc = gn_upload(session, &wanted, &report, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0 && args->json)
    printf("{\"keys\":%" PRId64 ",\"bytes\":%" PRId64 ",\"batch_end_ms\":%" PRId64 "}\n",
           report.keys, report.bytes, report.batch_end_ms);
  else if (rc == 0)
    cli_note(args, "uploaded %" PRId64 " keys, %.1f MB; they hold everything before %" PRId64,
             report.keys, (double)report.bytes / 1e6, report.batch_end_ms);
  gn_session_close(session);
  return rc;
}

int cmd_metadata_upload(const cli_args *args)
{
  gn_session *session;
  gn_error err = {0};
  int64_t count;
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = gn_metadata_upload(session, args->words, args->word_count, &count, &err) == GN_OK
           ? 0
           : cli_fail(&err);
  if (rc == 0 && args->json)
    printf("{\"definitions\":%" PRId64 "}\n", count);
  else if (rc == 0)
    cli_note(args, "uploaded the metadata of %" PRId64 " definitions", count);
  gn_session_close(session);
  return rc;
}

int cmd_put(const cli_args *args)
{
  gn_session *session;
  gn_error err = {0};
  gn_text events = {0};
  int64_t rows;
  if (!args->events)
    return cli_usage("GC003", "see: gnomon put --help", "'put' wants --events FILE");
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = cli_read_file(args->events, &events);
  if (rc == 0) {
    rc = gn_put_events(session, args->words[0], events.ptr, events.len, &rows, &err) == GN_OK
             ? 0
             : cli_fail(&err);
    free(events.ptr);
    if (rc == 0 && args->json)
      printf("{\"rows\":%" PRId64 "}\n", rows);
    else if (rc == 0)
      cli_note(args, "put %" PRId64 " rows", rows);
  }
  gn_session_close(session);
  return rc;
}

/* ---- fetch ---- */

static int one_request(const cli_args *args, gn_text *out)
{
  size_t size = strlen(args->key) + 64;
  char *text = malloc(size);
  if (!text) return cli_refuse("GE009", GN_E_NOMEM, NULL, "the key does not fit in memory");
  int len = args->at_ms > 0 ? snprintf(text, size, "{\"keys\":%s,\"at_ms\":%" PRId64 "}", args->key,
                                       args->at_ms)
                            : snprintf(text, size, "{\"keys\":%s}", args->key);
  for (int i = 0; i < len; i++)
    if (text[i] == '\n') text[i] = ' ';
  *out = (gn_text){text, (size_t)len, NULL};
  return 0;
}

/* An answer that is a failure is told as every failure is; the answer itself is on stdout. */
static int tell_failure(const char *answer)
{
  gn_error err = {.code = GN_E_BUG};
  char result[32] = "";
  const char *from = strstr(answer, ",\"error\":");
  if (!from) return 0;
  cli_json_text(from, "error", err.message, sizeof err.message);
  cli_json_text(from, "code", err.diagnostic, sizeof err.diagnostic);
  cli_json_text(from, "result", result, sizeof result);
  cli_json_text(from, "where", err.where, sizeof err.where);
  cli_json_text(from, "hint", err.hint, sizeof err.hint);
  for (int code = GN_E_ARG; code >= GN_CODE_LAST_; code--)
    if (strcmp(gn_code_name(code), result) == 0) err.code = code;
  return cli_fail(&err);
}

static int fetch(const cli_args *args, gn_session *session, const gn_text *requests)
{
  gn_text answers = {0};
  gn_error err = {0};
  int mode = args->chronon ? GN_ANSWER_CHRONON : GN_ANSWER_EXPLICIT;
  if (gn_fetch_json(session, args->words[0], requests->ptr, requests->len, mode, &answers, &err) !=
      GN_OK)
    return cli_fail(&err);
  cli_print(answers.ptr, answers.len);
  int status = args->key ? tell_failure(answers.ptr) : 0;
  gn_text_free(&answers);
  return status;
}

int cmd_fetch(const cli_args *args)
{
  gn_session *session;
  gn_text requests = {0};
  if (!args->key == !args->requests)
    return cli_usage(args->key ? "GC005" : "GC003", "see: gnomon fetch --help",
                     "'fetch' wants either -k JSON or --requests FILE");
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = args->key ? one_request(args, &requests) : cli_read_file(args->requests, &requests);
  if (rc == 0) {
    rc = fetch(args, session, &requests);
    free(requests.ptr);
  }
  gn_session_close(session);
  return rc;
}
