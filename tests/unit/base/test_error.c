/* SPDX-License-Identifier: Apache-2.0 */
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

int main(void)
{
  static const test_case cases[] = {
      {"the first failure wins", the_first_failure_wins},
      {"frames on the way up add where it was", frames_on_the_way_up_add_where_it_was},
      {"a long message is cut between characters", a_long_message_is_cut_between_characters},
      {"no record is needed", no_record_is_needed},
      {"codes have names and exit statuses", codes_have_names_and_exit_statuses},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
