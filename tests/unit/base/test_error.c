/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/diagnostic.h"
#include "kit/kit.h"

static void the_first_failure_wins(void)
{
  gn_error err = {0};
  CHECK_INT(gni_fail(&err, GN_E_PARSE, "first %d", 1), GN_E_PARSE);
  CHECK_INT(gni_fail(&err, GN_E_IO, "second"), GN_E_IO);
  CHECK_INT(err.code, GN_E_PARSE);
  CHECK_TEXT(err.message, "first 1");
}

static void frames_on_the_way_up_add_where_it_was(void)
{
  gn_error err = {0};
  gni_error_where(&err, "nothing failed yet");
  CHECK_TEXT(err.where, "");
  gni_fail(&err, GN_E_PARSE, "bad");
  gni_error_where(&err, "windows[%d]", 1);
  gni_error_where(&err, "aggregations[2]");
  CHECK_TEXT(err.where, "aggregations[2]: windows[1]");
}

static void a_long_message_is_cut_between_characters(void)
{
  gn_error err = {0};
  char text[600];
  memset(text, 'x', sizeof text);
  memcpy(text + sizeof err.message - 2, "\xC3\xBC", 2); /* its second byte does not fit */
  text[sizeof text - 1] = '\0';
  gni_fail(&err, GN_E_PARSE, "%s", text);
  CHECK_INT(strlen(err.message), sizeof err.message - 2);
  CHECK(gni_utf8_valid(gni_str(err.message)));
}

static void no_record_is_needed(void)
{
  CHECK_INT(gni_fail(NULL, GN_E_IO, "lost"), GN_E_IO);
  gni_error_where(NULL, "x");
  gni_error_hint(NULL, "x");
}

static void codes_have_names_and_exit_statuses(void)
{
  CHECK_TEXT(gn_code_name(GN_E_NOTFOUND), "GN_E_NOTFOUND");
  CHECK_TEXT(gn_code_name(-1000), "GN_E_UNKNOWN");
  CHECK_INT(gn_code_exit_status(GN_E_CANCELLED), 130);
  CHECK_INT(gn_code_retriable(GN_E_IO), 1);
  CHECK_INT(gn_code_retriable(GN_E_PARSE), 0);
}

static void every_failure_has_a_code_of_the_register(void)
{
  gn_error general = {0}, named = {0}, late = {0}, full = {0}, forbidden = {0}, none = {0};
  gni_fail(&general, GN_E_NOTFOUND, "x");
  CHECK_TEXT(general.diagnostic, "GE011");
  CHECK_INT(gni_fail_as(&named, "GO006", GN_E_NOTFOUND, "'%s'", "x"), GN_E_NOTFOUND);
  gni_error_diagnostic(&named, "GO001");
  CHECK_TEXT(named.diagnostic, "GO006");
  CHECK_TEXT(named.message, "'x'");
  gni_fail(&late, GN_E_PARSE, "x");
  gni_error_diagnostic(&late, "GX001");
  CHECK_TEXT(late.diagnostic, "GX001");
  gni_fail_native(&full, GN_E_IO, ENOSPC, "x");
  CHECK_TEXT(full.diagnostic, "GR001");
  gni_fail_native(&forbidden, GN_E_AUTH, EACCES, "x");
  CHECK_TEXT(forbidden.diagnostic, "GR002");
  gni_error_diagnostic(&none, "GX001");
  CHECK_TEXT(none.diagnostic, "");
}

static gn_error general_failure(int code)
{
  gn_error err = {0};
  gni_fail(&err, code, "it failed");
  gni_error_where(&err, "there");
  gni_error_hint(&err, "try again");
  return err;
}

static void general_codes_are_numbered_as_the_results_are_and_explained(void)
{
  gn_buf text;
  gni_buf_init(&text, &gni_libc_alloc, 1 << 16);
  for (int code = GN_E_ARG; code >= GN_CODE_LAST_; code--) {
    gn_error err = general_failure(code);
    const gni_diagnostic *page = gni_diagnostic_find(gni_str(err.diagnostic));
    if (!page) test_fail(__FILE__, __LINE__, "%s has no page", err.diagnostic);
    CHECK(strstr(page->meaning, gn_code_name(code)) != NULL);
    CHECK_INT(gni_error_write(&err, false, &text), GN_OK);
  }
  test_check_golden("messages/general.txt", gni_buf_view(&text));
  gni_buf_deinit(&text);
}

static void a_failure_is_told_in_text_and_in_json(void)
{
  gn_error err = {0};
  gn_buf text;
  gni_buf_init(&text, &gni_libc_alloc, 1 << 16);
  gni_fail_as(&err, "GO006", GN_E_NOTFOUND, "'a.b' is not in the store");
  gni_error_hint(&err, "upload \"it\"");
  CHECK_INT(gni_error_write(&err, false, &text), GN_OK);
  CHECK_STR(gni_buf_view(&text), "error[GO006]: 'a.b' is not in the store\n"
                                 "   = help: upload \"it\"\n"
                                 "   = more: gnomon explain GO006\n");
  gni_buf_reset(&text);
  CHECK_INT(gni_error_write_json(&err, &text), GN_OK);
  CHECK_STR(gni_buf_view(&text),
            "{\"code\":\"GO006\",\"severity\":\"error\",\"message\":\"'a.b' is not in the store\","
            "\"hint\":\"upload \\\"it\\\"\",\"result\":\"GN_E_NOTFOUND\",\"exit_status\":66}\n");
  gni_buf_deinit(&text);
}

int main(void)
{
  static const test_case cases[] = {
      {"the first failure wins", the_first_failure_wins},
      {"frames on the way up add where it was", frames_on_the_way_up_add_where_it_was},
      {"a long message is cut between characters", a_long_message_is_cut_between_characters},
      {"no record is needed", no_record_is_needed},
      {"codes have names and exit statuses", codes_have_names_and_exit_statuses},
      {"every failure has a code of the register", every_failure_has_a_code_of_the_register},
      {"general codes are numbered as the results are, and explained",
       general_codes_are_numbered_as_the_results_are_and_explained},
      {"a failure is told in text and in JSON", a_failure_is_told_in_text_and_in_json},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
