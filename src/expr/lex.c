/* Tokens of Spark's SQL. SPDX-License-Identifier: Apache-2.0 */
#include "expr/tree.h"

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Bytes above ASCII count as letters: Spark takes any Unicode letter in a name. */
static bool is_word(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (unsigned char)c >= 0x80;
}

static char at(gn_str text, size_t i)
{
  return i < text.len ? text.ptr[i] : '\0';
}

static int unterminated(gn_error *err, gnp_token *out, size_t begin, size_t end, const char *what)
{
  out->begin = begin;
  out->end = end;
  return gni_fail(err, GN_E_PARSE, "%s is not closed", what);
}

/* Behind a bracketed comment, or SIZE_MAX when it is not closed. */
static size_t skip_comment(gn_str text, size_t i)
{
  size_t depth = 1;
  for (i += 2; i < text.len && depth; i++) {
    bool closes = text.ptr[i] == '*' && at(text, i + 1) == '/';
    bool opens = text.ptr[i] == '/' && at(text, i + 1) == '*';
    if (closes) depth--;
    if (opens) depth++;
    if (closes || opens) i++;
  }
  return depth ? SIZE_MAX : i;
}

/* White space, -- comments to the end of the line, and bracketed comments, which nest. */
static int skip_blank(gn_str text, size_t *position, gnp_token *out, gn_error *err)
{
  size_t i = *position;
  while (i < text.len) {
    char c = text.ptr[i];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      i++;
    } else if (c == '-' && at(text, i + 1) == '-') {
      while (i < text.len && text.ptr[i] != '\n') i++;
    } else if (c == '/' && at(text, i + 1) == '*') {
      size_t begin = i;
      i = skip_comment(text, begin);
      if (i == SIZE_MAX) return unterminated(err, out, begin, begin + 2, "the comment");
    } else {
      break;
    }
  }
  *position = i;
  return GN_OK;
}

/* Digits, fraction, exponent, suffix. A word that merely begins with digits (`2nd_visit`) is a
 * name, as in Spark: the longest match wins. */
static bool scan_number(gn_str text, size_t *position)
{
  size_t i = *position, digits = 0;
  for (; is_digit(at(text, i)); i++) digits++;
  if (at(text, i) == '.' && (digits || is_digit(at(text, i + 1)))) {
    for (i++; is_digit(at(text, i)); i++) digits++;
  }
  if (!digits) return false;
  if (at(text, i) == 'e' || at(text, i) == 'E') {
    size_t j = i + 1;
    if (at(text, j) == '+' || at(text, j) == '-') j++;
    if (is_digit(at(text, j))) {
      while (is_digit(at(text, j))) j++;
      i = j;
    }
  }
  size_t suffix = i;
  if ((at(text, i) | 32) == 'b' && (at(text, i + 1) | 32) == 'd')
    suffix = i + 2;
  else if (at(text, i) && strchr("lLsSyYfFdD", text.ptr[i]))
    suffix = i + 1;
  if (!is_word(at(text, suffix))) i = suffix;
  if (is_word(at(text, i)) && !memchr(text.ptr + *position, '.', i - *position)) return false;
  *position = i;
  return true;
}

static int scan_text(gn_str text, size_t begin, gnp_token *out, gn_error *err)
{
  bool raw = text.ptr[begin] != '\'' && text.ptr[begin] != '"';
  size_t i = begin + raw;
  char quote = text.ptr[i++];
  for (; i < text.len; i++) {
    if (text.ptr[i] == '\\' && !raw)
      i++;
    else if (text.ptr[i] == quote && (raw || at(text, i + 1) != quote))
      break;
    else if (text.ptr[i] == quote)
      i++;
  }
  if (i >= text.len) return unterminated(err, out, begin, begin + 1, "the text");
  out->kind = GNP_TOKEN_TEXT;
  out->end = i + 1;
  return GN_OK;
}

static int scan_quoted(gn_str text, size_t begin, gnp_token *out, gn_error *err)
{
  size_t i = begin + 1;
  for (; i < text.len; i++) {
    if (text.ptr[i] != '`') continue;
    if (at(text, i + 1) != '`') break;
    i++;
  }
  if (i >= text.len) return unterminated(err, out, begin, begin + 1, "the quoted name");
  out->kind = GNP_TOKEN_QUOTED;
  out->end = i + 1;
  out->text = (gn_str){text.ptr + begin + 1, i - begin - 1};
  return GN_OK;
}

static size_t mark_length(gn_str rest)
{
  static const char *const marks[] = {">>>", "<=>", "->", "=>", "==", "!=", "<>",
                                      "<=",  ">=",  "||", "<<", ">>", "::"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (gni_str_starts(rest, marks[i])) return strlen(marks[i]);
  return strchr("()[]{},.+-*/%=<>!&|^~:?;@#$\\", rest.ptr[0]) ? 1 : 0;
}

int gnp_token_next(gn_str text, size_t position, gnp_token *out, gn_error *err)
{
  int rc = skip_blank(text, &position, out, err);
  if (rc != GN_OK) return rc;
  *out = (gnp_token){.kind = GNP_TOKEN_END, .begin = position, .end = position};
  if (position >= text.len) return GN_OK;
  char c = text.ptr[position];
  size_t end = position;
  if (c == '\'' || c == '"' ||
      ((c | 32) == 'r' && (at(text, position + 1) == '\'' || at(text, position + 1) == '"'))) {
    rc = scan_text(text, position, out, err);
  } else if (c == '`') {
    return scan_quoted(text, position, out, err);
  } else if (scan_number(text, &end)) {
    out->kind = GNP_TOKEN_NUMBER;
    out->end = end;
  } else if (is_word(c)) {
    while (is_word(at(text, end))) end++;
    out->kind = GNP_TOKEN_NAME;
    out->end = end;
  } else {
    size_t len = c ? mark_length((gn_str){text.ptr + position, text.len - position}) : 0;
    out->kind = GNP_TOKEN_MARK;
    out->end = position + (len ? len : 1);
    if (!len)
      return gni_fail(err, GN_E_PARSE, "character 0x%02x does not belong here", (unsigned char)c);
  }
  if (rc == GN_OK) out->text = (gn_str){text.ptr + position, out->end - position};
  return rc;
}
