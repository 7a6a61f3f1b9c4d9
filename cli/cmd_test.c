/* test: definitions on small rows. SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/test.h>
#include <stdio.h>

#include "cli.h"

/* A failing test is a failure; a mistake in a file of tests is one of data. */
static int tell(const cli_args *args, int rc, gn_text *out, gn_text *problems,
                const gn_test_report *report, const gn_error *err)
{
  bool told = problems->len > 0;
  if (out->len) cli_print(out->ptr, out->len);
  if (told && args->json) cli_print(problems->ptr, problems->len);
  if (told && !args->json) {
    fflush(stdout);
    fwrite(problems->ptr, 1, problems->len, stderr);
  }
  if (rc == GN_E_INVALID && told) return gn_code_exit_status(rc);
  if (rc != GN_OK) return cli_fail(err);
  return report->failed ? 1 : 0;
}

int cmd_test(const cli_args *args)
{
  gn_session *session;
  gn_text out, problems;
  gn_test_report report;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  gn_test_args wanted = {.struct_size = sizeof wanted,
                         .paths = args->words,
                         .path_count = args->word_count,
                         .only = args->only};
  int form = args->json ? GN_FORM_JSON : cli_color(args) ? GN_FORM_COLOR : GN_FORM_TEXT;
  rc = gn_test(session, &wanted, form, &out, &problems, &report, &err);
  rc = tell(args, rc, &out, &problems, &report, &err);
  gn_text_free(&out);
  gn_text_free(&problems);
  gn_session_close(session);
  return rc;
}
