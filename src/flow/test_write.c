/* What is told of a test. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/test_case.h"

static const char *const green = "\x1B[32m", *const red = "\x1B[31m", *const plain = "\x1B[0m";

/* ---- for programs ---- */

static void add_member(gn_buf *out, const char *name, gn_str text)
{
  gni_buf_add_format(out, "\"%s\":", name);
  gni_json_add_text(out, text, false);
}

/* JSON as it is; nothing for what is not there. */
static void add_json(gn_buf *out, const char *name, gn_str json)
{
  if (json.len) gni_buf_add_format(out, ",\"%s\":%.*s", name, GN_STR_ARGS(json));
}

static void add_difference(gn_buf *out, const gnp_difference *difference)
{
  gni_buf_add_format(out, "{\"step\":\"%s\"", difference->online ? "online" : "batch");
  if (difference->line) gni_buf_add_format(out, ",\"line\":%" PRIu32, difference->line);
  add_json(out, "row", difference->row);
  if (difference->feature.len) {
    gni_buf_add_char(out, ',');
    add_member(out, "feature", difference->feature);
  }
  add_json(out, "expected", difference->expected);
  add_json(out, "actual", difference->actual);
  gni_buf_add_char(out, '}');
}

static void tell_json(const gnp_test *test, const gnp_outcome *outcome, gn_buf *out)
{
  bool passed = !outcome->count && outcome->failure.code == GN_OK;
  gni_buf_add_char(out, '{');
  add_member(out, "test", test->name);
  gni_buf_add_char(out, ',');
  add_member(out, "conf", test->conf);
  gni_buf_add_char(out, ',');
  add_member(out, "file", test->file->path);
  gni_buf_add_format(out, ",\"line\":%" PRIu32 ",\"result\":\"%s\",\"differences\":[",
                     test->node->line, passed ? "pass" : "fail");
  for (size_t i = 0; i < outcome->count; i++) {
    if (i) gni_buf_add_char(out, ',');
    add_difference(out, &outcome->differences[i]);
  }
  gni_buf_add_char(out, ']');
  if (outcome->failure.code != GN_OK) {
    gni_buf_add_text(out, ",\"error\":");
    gni_error_write_json(&outcome->failure, out);
    while (out->rc == GN_OK && out->ptr[out->len - 1] == '\n') out->len--;
  }
  gni_buf_add_text(out, "}\n");
}

/* ---- for people ---- */

struct telling {
  gn_buf *out;
  bool color;
};

/* " 20 - price_sum_3d: 6.0" */
static void tell_side(const struct telling *at, uint32_t line, char sign, gn_str feature,
                      gn_str value)
{
  if (!value.len) return;
  if (line)
    gni_buf_add_format(at->out, "%6" PRIu32 " ", line);
  else
    gni_buf_add_text(at->out, "       ");
  if (at->color) gni_buf_add_text(at->out, sign == '-' ? red : green);
  gni_buf_add_format(at->out, "%c ", sign);
  if (feature.len) gni_buf_add_format(at->out, "%.*s: ", GN_STR_ARGS(feature));
  gni_buf_add_str(at->out, value);
  if (at->color) gni_buf_add_text(at->out, plain);
  gni_buf_add_char(at->out, '\n');
}

static void tell_text(const gnp_test *test, const gnp_outcome *outcome, const struct telling *at)
{
  bool passed = !outcome->count && outcome->failure.code == GN_OK;
  gn_str row = {NULL, 0};
  if (at->color) gni_buf_add_text(at->out, passed ? green : red);
  gni_buf_add_text(at->out, passed ? "ok  " : "fail");
  if (at->color) gni_buf_add_text(at->out, plain);
  gni_buf_add_format(at->out, "  %.*s\n", GN_STR_ARGS(test->name));
  if (passed) return;
  gni_buf_add_format(at->out, "  --> %.*s:%" PRIu32 "\n", GN_STR_ARGS(test->file->path),
                     test->node->line);
  for (size_t i = 0; i < outcome->count; i++) {
    const gnp_difference *difference = &outcome->differences[i];
    if (!gni_str_equal(row, difference->row))
      gni_buf_add_format(at->out, "      %s %.*s%s\n", difference->online ? "online" : "batch",
                         GN_STR_ARGS(difference->row),
                         !difference->actual.len     ? ": no such row"
                         : !difference->expected.len ? ": not expected"
                                                     : "");
    row = difference->row;
    tell_side(at, difference->line, '-', difference->feature, difference->expected);
    tell_side(at, 0, '+', difference->feature, difference->actual);
  }
  if (outcome->failure.code != GN_OK) gni_error_write(&outcome->failure, at->color, at->out);
}

/* ---- entry ---- */

void gnp_test_tell(const gnp_test *test, const gnp_outcome *outcome, int form, gn_buf *out)
{
  if (form == GN_FORM_JSON)
    tell_json(test, outcome, out);
  else
    tell_text(test, outcome, &(struct telling){out, form == GN_FORM_COLOR});
}

void gnp_test_tell_sum(const gn_test_report *report, int form, gn_buf *out)
{
  gni_buf_add_format(out,
                     form == GN_FORM_JSON ? "{\"passed\":%" PRId64 ",\"failed\":%" PRId64 "}\n"
                                          : "%" PRId64 " passed, %" PRId64 " failed\n",
                     report->passed, report->failed);
}
