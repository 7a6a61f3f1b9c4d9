/* Problems gathered and shown. SPDX-License-Identifier: Apache-2.0 */
#include "base/diagnostic.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes of a source line that are kept; compiled files may be one line of a megabyte. */
enum { LINE_BYTES_MAX = 400, LINE_BYTES_BEFORE = 100 };

/* ---- places in a text ------------------------------------------------------------------------ */

static bool is_continuation(char c)
{
  return ((unsigned char)c & 0xC0) == 0x80;
}

gn_str gni_text_line(gn_str text, uint32_t line)
{
  gn_str rest = text, part = {NULL, 0};
  for (uint32_t i = 0; i < line; i++)
    if (!gni_str_split(&rest, '\n', &part)) return (gn_str){NULL, 0};
  if (part.len && part.ptr[part.len - 1] == '\r') part.len--;
  return part;
}

/* The byte at which the nth character (from 1) of a line begins; its length past the end. */
static size_t byte_of_column(gn_str line, uint32_t column)
{
  size_t at = 0;
  for (uint32_t i = 1; i < column && at < line.len; i++) do
      at++;
    while (at < line.len && is_continuation(line.ptr[at]));
  return at;
}

static uint32_t characters_in(gn_str text)
{
  uint32_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += !is_continuation(text.ptr[i]);
  return count;
}

uint32_t gni_token_width(gn_str line, uint32_t column)
{
  size_t begin = byte_of_column(line, column), end = begin;
  if (begin >= line.len) return 1;
  if (line.ptr[begin] == '"') {
    for (end++; end < line.len && line.ptr[end] != '"'; end++)
      if (line.ptr[end] == '\\') end++;
    end = end < line.len ? end + 1 : line.len;
  } else {
    while (end < line.len && !strchr(" \t,:{}[]()", line.ptr[end])) end++;
  }
  return end > begin ? characters_in((gn_str){line.ptr + begin, end - begin}) : 1;
}

/* ---- gathering ------------------------------------------------------------------------------- */

void gni_problems_init(gni_problems *problems, gn_arena *arena)
{
  *problems = (gni_problems){.arena = arena};
}

/* Cuts a long line to a piece around the problem, at character boundaries. */
static void cut_source(gni_problem *problem)
{
  gn_str line = problem->source;
  if (line.len <= LINE_BYTES_MAX) return;
  size_t at = byte_of_column(line, problem->column), begin = 0, end;
  if (at > LINE_BYTES_BEFORE) begin = at - LINE_BYTES_BEFORE;
  while (begin > 0 && is_continuation(line.ptr[begin])) begin--;
  end = line.len - begin > LINE_BYTES_MAX ? begin + LINE_BYTES_MAX : line.len;
  while (end < line.len && is_continuation(line.ptr[end])) end++;
  problem->source = (gn_str){line.ptr + begin, end - begin};
  if (begin > 0) problem->source_from = 1 + characters_in((gn_str){line.ptr, begin});
}

static bool keep_text(gn_arena *arena, gn_str *text)
{
  if (!text->ptr) return true;
  *text = gni_str_take(arena, *text);
  return text->ptr != NULL;
}

static bool grow(gni_problems *problems)
{
  if (problems->count < problems->capacity) return true;
  size_t capacity = problems->capacity ? 2 * problems->capacity : 8;
  gni_problem *items = gni_arena_grow(problems->arena, problems->items,
                                      problems->capacity * sizeof *items, capacity * sizeof *items);
  if (!items) return false;
  problems->items = items;
  problems->capacity = capacity;
  return true;
}

void gni_problems_add(gni_problems *problems, const gni_problem *problem)
{
  gni_problem kept = *problem;
  assert(gni_diagnostic_find(gni_str(problem->code)));
  if (problem->severity == GNI_ERROR) problems->errors++;
  if (problem->severity == GNI_WARNING) problems->warnings++;
  if (problems->count == GN_PROBLEMS_MAX || problems->rc != GN_OK) return;
  cut_source(&kept);
  gn_arena *arena = problems->arena;
  if (!grow(problems) || !keep_text(arena, &kept.file) || !keep_text(arena, &kept.message) ||
      !keep_text(arena, &kept.label) || !keep_text(arena, &kept.hint) ||
      !keep_text(arena, &kept.source)) {
    problems->rc = GN_E_NOMEM;
    return;
  }
  problems->items[problems->count++] = kept;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
  return a < b ? -1 : a > b;
}

static int compare_problems(const void *left, const void *right)
{
  const gni_problem *a = left, *b = right;
  int order = gni_str_compare(a->file, b->file);
  if (!order) order = compare_numbers(a->line, b->line);
  if (!order) order = compare_numbers(a->column, b->column);
  if (!order) order = strcmp(a->code, b->code);
  if (!order) order = gni_str_compare(a->message, b->message);
  return order;
}

void gni_problems_sort(gni_problems *problems)
{
  size_t kept = 0;
  if (problems->count < 2) return;
  qsort(problems->items, problems->count, sizeof *problems->items, compare_problems);
  for (size_t i = 0; i < problems->count; i++) {
    const gni_problem *problem = &problems->items[i];
    if (kept && compare_problems(&problems->items[kept - 1], problem) == 0) {
      if (problem->severity == GNI_ERROR) problems->errors--;
      if (problem->severity == GNI_WARNING) problems->warnings--;
    } else {
      problems->items[kept++] = *problem;
    }
  }
  problems->count = kept;
}

int gni_problems_result(const gni_problems *problems, gn_error *err)
{
  const gni_problem *first = NULL;
  if (problems->rc != GN_OK) return gni_fail(err, problems->rc, "out of memory");
  if (problems->errors == 0) return GN_OK;
  for (size_t i = 0; i < problems->count && !first; i++)
    if (problems->items[i].severity == GNI_ERROR) first = &problems->items[i];
  if (!first) return gni_fail(err, GN_E_INVALID, "%zu errors", problems->errors);
  if (problems->errors == 1)
    gni_fail_as(err, first->code, GN_E_INVALID, "%.*s", GN_STR_ARGS(first->message));
  else
    gni_fail_as(err, first->code, GN_E_INVALID, "%.*s (and %zu more)", GN_STR_ARGS(first->message),
                problems->errors - 1);
  if (first->hint.len) gni_error_hint(err, "%.*s", GN_STR_ARGS(first->hint));
  if (first->file.len && first->line)
    gni_error_where(err, "%.*s:%u:%u", GN_STR_ARGS(first->file), first->line, first->column);
  else if (first->file.len)
    gni_error_where(err, "%.*s", GN_STR_ARGS(first->file));
  return GN_E_INVALID;
}

/* ---- for people ------------------------------------------------------------------------------ */

static const char *const severity_names[] = {"error", "warning", "note"};
static const char *const severity_colors[] = {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m"};
static const char frame_color[] = "\x1b[1;34m", plain_color[] = "\x1b[0m", bold_color[] = "\x1b[1m";

struct page {
  gn_buf *out;
  bool color;
  int gutter; /* characters before the frame's bar */
};

static void paint(struct page *page, const char *color)
{
  if (page->color) gni_buf_add_text(page->out, color);
}

/* The text without control characters: a file must not be able to drive the terminal. */
static void add_plain(gn_buf *out, gn_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    bool control = ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
    gni_buf_add_char(out, control ? '?' : c);
  }
}

static void add_frame(struct page *page, const char *number, const char *bar)
{
  paint(page, frame_color);
  gni_buf_add_format(page->out, "%*s %s", page->gutter, number, bar);
  paint(page, plain_color);
}

static void add_note(struct page *page, const char *title, gn_str text)
{
  gn_str line;
  add_frame(page, "", "=");
  paint(page, bold_color);
  gni_buf_add_format(page->out, " %s", title);
  paint(page, plain_color);
  gni_buf_add_char(page->out, ':');
  for (bool first = true; gni_str_split(&text, '\n', &line); first = false) {
    if (!first) gni_buf_add_format(page->out, "%*s", page->gutter + 3 + (int)strlen(title) + 1, "");
    gni_buf_add_char(page->out, ' ');
    add_plain(page->out, line);
    gni_buf_add_char(page->out, '\n');
  }
}

static void add_carets(struct page *page, const gni_problem *problem)
{
  gn_str line = problem->source;
  uint32_t from = problem->source_from ? problem->source_from : 1;
  uint32_t width =
      problem->end_column > problem->column ? problem->end_column - problem->column : 1;
  size_t at = byte_of_column(line, problem->column - from + 1);
  uint32_t left = characters_in((gn_str){line.ptr + at, line.len - at});
  add_frame(page, "", "| ");
  if (problem->source_from) gni_buf_add_text(page->out, "   ");
  for (size_t i = 0; i < at; i++)
    if (!is_continuation(line.ptr[i]))
      gni_buf_add_char(page->out, line.ptr[i] == '\t' ? '\t' : ' ');
  paint(page, severity_colors[problem->severity]);
  if (width > left) width = left ? left : 1;
  for (uint32_t i = 0; i < width; i++) gni_buf_add_char(page->out, '^');
  if (problem->label.len) {
    gni_buf_add_char(page->out, ' ');
    add_plain(page->out, problem->label);
  }
  paint(page, plain_color);
  gni_buf_add_char(page->out, '\n');
}

static void add_place(struct page *page, const gni_problem *problem)
{
  paint(page, frame_color);
  gni_buf_add_format(page->out, "%*s--> ", page->gutter, "");
  paint(page, plain_color);
  add_plain(page->out, problem->file);
  if (problem->line) gni_buf_add_format(page->out, ":%u", problem->line);
  if (problem->line && problem->column) gni_buf_add_format(page->out, ":%u", problem->column);
  gni_buf_add_char(page->out, '\n');
}

static void add_source(struct page *page, const gni_problem *problem)
{
  char number[16];
  snprintf(number, sizeof number, "%u", problem->line);
  add_frame(page, "", "|\n");
  add_frame(page, number, "| ");
  if (problem->source_from) gni_buf_add_text(page->out, "...");
  add_plain(page->out, problem->source);
  gni_buf_add_char(page->out, '\n');
  if (problem->column) add_carets(page, problem);
}

static int digits_of(uint32_t number)
{
  int digits = 1;
  for (; number >= 10; number /= 10) digits++;
  return digits;
}

int gni_problem_write(const gni_problem *problem, bool color, gn_buf *out)
{
  int digits = digits_of(problem->line);
  struct page page = {out, color, digits < 2 ? 2 : digits};
  paint(&page, severity_colors[problem->severity]);
  gni_buf_add_format(out, "%s[%s]", severity_names[problem->severity], problem->code);
  paint(&page, bold_color);
  gni_buf_add_text(out, ": ");
  add_plain(out, problem->message);
  paint(&page, plain_color);
  gni_buf_add_char(out, '\n');
  if (problem->file.len) add_place(&page, problem);
  if (problem->line && problem->source.len)
    add_source(&page, problem);
  else if (problem->label.len)
    add_note(&page, "note", problem->label);
  if (problem->hint.len) add_note(&page, "help", problem->hint);
  char more[32];
  snprintf(more, sizeof more, "gnomon explain %s", problem->code);
  add_note(&page, "more", gni_str(more));
  return out->rc;
}

static void add_count(gn_buf *out, size_t count, const char *what)
{
  gni_buf_add_format(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

int gni_problems_write(const gni_problems *problems, bool color, gn_buf *out)
{
  size_t shown_errors = 0, errors = problems->errors, warnings = problems->warnings;
  if (problems->count == 0) return out->rc;
  for (size_t i = 0; i < problems->count; i++) {
    shown_errors += problems->items[i].severity == GNI_ERROR;
    gni_problem_write(&problems->items[i], color, out);
    gni_buf_add_char(out, '\n');
  }
  if (errors) add_count(out, errors, "error");
  if (errors && warnings) gni_buf_add_text(out, ", ");
  if (warnings) add_count(out, warnings, "warning");
  if (!errors && !warnings) add_count(out, problems->count, "note");
  if (shown_errors < errors) gni_buf_add_format(out, " (the first %d shown)", GN_PROBLEMS_MAX);
  return gni_buf_add_char(out, '\n');
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void add_json_text(gn_buf *out, gn_str text)
{
  bool valid = gni_utf8_valid(text);
  gni_buf_add_char(out, '"');
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '"' || c == '\\')
      gni_buf_add_format(out, "\\%c", c);
    else if ((unsigned char)c < 0x20)
      gni_buf_add_format(out, "\\u%04x", (unsigned)c);
    else
      gni_buf_add_char(out, (unsigned char)c >= 0x80 && !valid ? '?' : c);
  }
  gni_buf_add_char(out, '"');
}

static void add_text_member(gn_buf *out, const char *name, gn_str text)
{
  if (!text.len) return;
  gni_buf_add_format(out, ",\"%s\":", name);
  add_json_text(out, text);
}

static void add_number_member(gn_buf *out, const char *name, uint32_t number)
{
  if (number) gni_buf_add_format(out, ",\"%s\":%u", name, number);
}

int gni_problems_write_json(const gni_problems *problems, gn_buf *out)
{
  for (size_t i = 0; i < problems->count; i++) {
    const gni_problem *problem = &problems->items[i];
    gni_buf_add_format(out, "{\"code\":\"%s\",\"severity\":\"%s\"", problem->code,
                       severity_names[problem->severity]);
    add_text_member(out, "file", problem->file);
    add_number_member(out, "line", problem->line);
    add_number_member(out, "column", problem->column);
    add_number_member(out, "end_column", problem->end_column);
    add_text_member(out, "message", problem->message);
    add_text_member(out, "label", problem->label);
    add_text_member(out, "hint", problem->hint);
    add_text_member(out, "source", problem->source);
    add_number_member(out, "source_from", problem->source_from);
    gni_buf_add_text(out, "}\n");
  }
  return out->rc;
}

/* ---- a single failure ------------------------------------------------------------------------ */

static gni_problem problem_of(const gn_error *err)
{
  bool unnamed = !err->diagnostic[0];
  gni_problem problem = {.code = unnamed ? "GE018" : err->diagnostic,
                         .severity = GNI_ERROR,
                         .file = gni_str(err->where),
                         .message = gni_str(err->message),
                         .hint = gni_str(err->hint)};
  if (err->code == GN_E_BUG)
    problem.label = GN_STR("gnomon " GN_VERSION " is wrong here: please report it with this text");
  return problem;
}

int gni_error_write(const gn_error *err, bool color, gn_buf *out)
{
  gni_problem problem = problem_of(err);
  return gni_problem_write(&problem, color, out);
}

int gni_error_write_json(const gn_error *err, gn_buf *out)
{
  gni_problem problem = problem_of(err);
  gni_buf_add_format(out, "{\"code\":\"%s\",\"severity\":\"error\"", problem.code);
  add_text_member(out, "message", problem.message);
  add_text_member(out, "where", problem.file);
  add_text_member(out, "hint", problem.hint);
  return gni_buf_add_format(out, ",\"result\":\"%s\",\"exit_status\":%d}\n",
                            gn_code_name(err->code), gn_code_exit_status(err->code));
}
