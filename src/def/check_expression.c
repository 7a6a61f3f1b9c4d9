/* Rules of the SQL inside definitions: it parses, and derivations read what is there. What it means
 * over a table is plan's to say. SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"
#include "expr/expr.h"

/* Older queries leave the range to the engine by these words, which are no SQL. */
static bool has_range_words(gn_str text)
{
  static const char *const words[] = {"[START_PARTITION]", "[END_PARTITION]"};
  for (size_t w = 0; w < 2; w++)
    for (size_t i = 0; i < text.len; i++)
      if (gni_str_starts((gn_str){text.ptr + i, text.len - i}, words[w])) return true;
  return false;
}

/* The place of `at` inside the text's quotes, when the text stands there without escapes; else the
 * place of the text. */
static void point_into(const gnp_check *c, gn_str text, const gni_expr_place *at,
                       gnp_finding *finding)
{
  gn_str line = gni_text_line(c->def->text, finding->place.line);
  uint32_t column = 1;
  size_t i = 0;
  for (; i < line.len && column < finding->place.column; i++)
    if (((unsigned char)line.ptr[i] & 0xC0) != 0x80) column++;
  while (i < line.len && ((unsigned char)line.ptr[i] & 0xC0) == 0x80) i++;
  gn_str rest = {line.ptr + i, line.len - i};
  bool stands = rest.len > text.len && rest.ptr[0] == '"' && at->line == 1 &&
                gni_str_equal((gn_str){rest.ptr + 1, text.len}, text);
  if (!stands) return;
  finding->place.column += at->column;
  finding->width = 1;
  finding->label = (gn_str){NULL, 0};
}

static void report_parse(gnp_check *c, gni_spot spot, gn_str text, const gni_expr_place *at,
                         const gn_error *err)
{
  gnp_source source = {c->def->file, c->def->text};
  gnp_finding finding = {.code = "GX001", .severity = GNI_ERROR, .place = gnp_place_of_spot(&spot)};
  finding.label = gni_str(err->where); /* "column 15", where the caret cannot say it */
  if (finding.place.line) point_into(c, text, at, &finding);
  finding.message =
      gni_str_format(c->arena, "'%.*s' does not parse: %s", GN_STR_ARGS(text), err->message);
  finding.hint = gni_str(err->hint);
  gnp_report(&source, c->problems, &finding);
}

void gnp_check_expression(gnp_check *c, gni_spot spot, gn_str text)
{
  const gni_expr *expr;
  gni_expr_place at = {0};
  gn_error err = {0};
  if (!text.ptr || has_range_words(text)) return;
  int rc = gni_expr_parse(text, c->arena, &expr, &at, &err);
  if (rc == GN_E_NOMEM)
    c->problems->rc = rc;
  else if (rc == GN_E_PARSE)
    report_parse(c, spot, text, &at, &err);
}

/* ---- derivations ----------------------------------------------------------------------------- */

static bool is_same_name(gn_str a, gn_str b) /* as Spark sees names */
{
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++) {
    char x = a.ptr[i], y = b.ptr[i];
    if (x >= 'A' && x <= 'Z') x = (char)(x - 'A' + 'a');
    if (y >= 'A' && y <= 'Z') y = (char)(y - 'A' + 'a');
    if (x != y) return false;
  }
  return true;
}

static bool can_be_read(const gnp_derivations *all, gn_str name)
{
  if (is_same_name(name, GN_STR("ds")) || is_same_name(name, GN_STR("ts"))) return true;
  for (size_t i = 0; i < all->columns.count; i++)
    if (is_same_name(all->columns.items[i], name)) return true;
  for (size_t i = 0; i < all->keys.count; i++)
    if (is_same_name(all->keys.items[i], name)) return true;
  return false;
}

void gnp_check_derived_expression(gnp_check *c, const gnp_derivations *all,
                                  const gni_derivation *derivation)
{
  const gni_expr *expr;
  const gn_str *names;
  size_t count;
  size_t errors_before = c->problems->errors;
  gnp_check_expression(c, GNP_MEMBER(derivation, "expression"), derivation->expression);
  if (c->problems->errors > errors_before || c->problems->rc != GN_OK) return;
  if (gni_expr_parse(derivation->expression, c->arena, &expr, NULL, NULL) != GN_OK ||
      gni_expr_columns(expr, c->arena, &names, &count, NULL) != GN_OK)
    return;
  for (size_t i = 0; i < count; i++) {
    if (can_be_read(all, names[i])) continue;
    gnp_error(c, "GD053", GNP_MEMBER(derivation, "expression"),
              gnp_column_hint(c, names[i], &all->columns),
              "derivation '%.*s' reads '%.*s', which is no column", GN_STR_ARGS(derivation->name),
              GN_STR_ARGS(names[i]));
  }
}
