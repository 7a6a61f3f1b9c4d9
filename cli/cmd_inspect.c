/* analyze, diff, explain of a key, stats, store: looking at what is there. SPDX-License-Identifier:
 * Apache-2.0 */
#include <gnomon/inspect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Ends a text of the library with the line end that a terminal wants. */
static void print_text(gn_text *text)
{
  cli_print(text->ptr, text->len);
  if (text->len && text->ptr[text->len - 1] != '\n') cli_print("\n", 1);
  gn_text_free(text);
}

/* A part of one: "0.1". 0, or an exit status after it said what is wrong. */
static int read_part(const char *option, const char *text, double *out)
{
  char *end;
  *out = 0;
  if (!text) return 0;
  *out = strtod(text, &end);
  if (end != text && !*end && *out > 0 && *out <= 1) return 0;
  return cli_usage("GC004", "for instance 0.1 or 1e-9",
                   "--%s '%s' is not a number above 0 and up to 1", option, text);
}

int cmd_diff(const cli_args *args)
{
  gn_session *session;
  gn_text answer;
  gn_diff_report report;
  gn_error err = {0};
  double tolerance, sample;
  int rc = read_part("tolerance", args->tolerance, &tolerance);
  if (rc == 0) rc = read_part("sample", args->sample, &sample);
  if (rc == 0) rc = cli_open(args, &session);
  if (rc) return rc;
  gn_diff_args wanted = {.struct_size = sizeof wanted,
                         .left = args->words[0],
                         .right = args->words[1],
                         .keys = args->keys,
                         .tolerance = tolerance,
                         .sample = sample,
                         .examples = (int32_t)args->rows};
  int form = args->json ? GN_FORM_JSON : GN_FORM_TEXT;
  rc = gn_diff(session, &wanted, form, &answer, &report, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0) {
    print_text(&answer);
    rc = args->detailed_exitcode && report.differences ? 2 : 0;
  }
  gn_session_close(session);
  return rc;
}

int cmd_stats(const cli_args *args)
{
  gn_session *session;
  gn_text answer;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  gn_stats_args wanted = {.struct_size = sizeof wanted,
                          .table = args->words[0],
                          .start_ds = args->start_ds ? args->start_ds : args->ds,
                          .end_ds = args->end_ds ? args->end_ds : args->ds};
  int form = args->json ? GN_FORM_JSON : args->svg ? GN_FORM_SVG : GN_FORM_TEXT;
  rc = gn_stats(session, &wanted, form, &answer, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0) print_text(&answer);
  gn_session_close(session);
  return rc;
}

int cli_explain_key(const cli_args *args)
{
  gn_session *session;
  gn_text answer;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  gn_explain_args wanted = {.struct_size = sizeof wanted,
                            .conf = args->words[0],
                            .key = args->key,
                            .at_ms = args->at_ms,
                            .rows_max = (int32_t)args->rows};
  int form = args->json ? GN_FORM_JSON : args->svg ? GN_FORM_SVG : GN_FORM_TEXT;
  rc = gn_explain(session, &wanted, form, &answer, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0) print_text(&answer);
  gn_session_close(session);
  return rc;
}

int cmd_analyze(const cli_args *args)
{
  gn_session *session;
  gn_text answer;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  gn_analyze_args wanted = {.struct_size = sizeof wanted,
                            .conf = args->words[0],
                            .start_ds = args->start_ds ? args->start_ds : args->ds,
                            .end_ds = args->end_ds ? args->end_ds : args->ds,
                            .hitters_max = (int32_t)args->rows};
  int form = args->json ? GN_FORM_JSON : GN_FORM_TEXT;
  rc = gn_analyze(session, &wanted, form, &answer, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0) print_text(&answer);
  gn_session_close(session);
  return rc;
}

/* ---- store ---- */

struct store_call {
  const cli_args *args;
  gn_session *session;
  const char *name; /* what stands after the verb, or NULL */
  int form;
  gn_text answer;
  gn_error err;
};

static int store_ls(struct store_call *call)
{
  return gn_store_list(call->session, call->form, &call->answer, &call->err);
}

static int store_get(struct store_call *call)
{
  return gn_store_get(call->session, call->name, call->args->key, &call->answer, &call->err);
}

static int store_stats(struct store_call *call)
{
  return gn_store_stats(call->session, call->form, &call->answer, &call->err);
}

static int store_compact(struct store_call *call)
{
  return gn_store_compact(call->session, call->name, call->args->dry_run, call->form, &call->answer,
                          &call->err);
}

static int store_gc(struct store_call *call)
{
  return gn_store_gc(call->session, call->args->dry_run, call->form, &call->answer, &call->err);
}

int cmd_store(const cli_args *args)
{
  static const struct {
    const char *name;
    int (*run)(struct store_call *call);
  } verbs[] = {{"ls", store_ls},
               {"get", store_get},
               {"stats", store_stats},
               {"compact", store_compact},
               {"gc", store_gc}};
  enum { VERBS = sizeof verbs / sizeof *verbs };
  struct store_call call = {.args = args,
                            .name = args->word_count > 1 ? args->words[1] : NULL,
                            .form = args->json ? GN_FORM_JSON : GN_FORM_TEXT};
  size_t verb = 0;
  while (verb < VERBS && strcmp(args->words[0], verbs[verb].name) != 0) verb++;
  if (verb == VERBS)
    return cli_usage("GC001", "there are ls, get, stats, compact and gc",
                     "'store' does not know '%s'", args->words[0]);
  if (verbs[verb].run == store_get && (!call.name || !args->key))
    return cli_usage("GC003", "see: gnomon store --help", "'store get' wants NAME and -k JSON");
  int rc = cli_open(args, &call.session);
  if (rc) return rc;
  rc = verbs[verb].run(&call) == GN_OK ? 0 : cli_fail(&call.err);
  if (rc == 0) print_text(&call.answer);
  gn_session_close(call.session);
  return rc;
}
