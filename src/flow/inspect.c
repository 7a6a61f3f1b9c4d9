/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/inspect.h"

#include <stdarg.h>
#include <stdio.h>

int gnp_inspect_open(gn_session *session, gnp_job *job, gn_error *err)
{
  *job = (gnp_job){.session = session,
                   .threads = session->config.threads,
                   .memory_bytes = session->config.memory_bytes};
  gni_arena_init(&job->arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  return gnp_job_open_engine(job, err);
}

int gnp_inspect_def(gnp_job *job, const char *name, const gni_def **out, gn_error *err)
{
  gn_error absent = {0};
  gn_str path;
  gni_problems problems;
  *out = NULL;
  if (gnp_conf_find(job->session, name, &job->arena, &path, &absent) != GN_OK) return GN_ABSENT;
  gni_problems_init(&problems, &job->arena);
  return gnp_conf_read(job->session, path, &job->arena, out, &problems, err);
}

int gnp_inspect_table(gnp_job *job, const char *name, gni_table *out, const gni_def **def,
                      gn_error *err)
{
  gn_str table = gni_str(name);
  int rc = gnp_inspect_def(job, name, def, err);
  if (rc != GN_OK && rc != GN_ABSENT) return rc;
  if (rc == GN_OK) table = gni_output_table(&job->arena, (*def)->metadata);
  if (!table.ptr) return gni_fail_nomem(err, 1);
  return gni_table_need(job->warehouse, table, &job->arena, out, err);
}

void gnp_add_column(gn_buf *sql, const char *alias, gn_str name)
{
  gni_buf_add_text(sql, alias);
  gni_buf_add_char(sql, '.');
  gni_sql_add_name(sql, name);
}

bool gnp_is_number(const gni_type *type)
{
  return (type->kind >= GNI_BYTE && type->kind <= GNI_DOUBLE) || type->kind == GNI_DECIMAL;
}

void gnp_add_type_json(gn_buf *out, const gni_type *type)
{
  gn_buf text;
  if (!type) {
    gni_buf_add_text(out, "null");
    return;
  }
  gni_buf_init(&text, out->alloc, 1 << 20);
  gni_type_format(type, &text);
  gni_json_add_text(out, gni_buf_view(&text), false);
  gni_buf_deinit(&text);
}

gn_str gnp_instant_text(gn_arena *arena, int64_t ms)
{
  gn_buf text;
  gni_value instant = gni_value_integer(ms * 1000);
  gni_buf_init(&text, arena->alloc, 1 << 10);
  gni_value_to_json(&gni_type_timestamp, &instant, &text);
  gn_str quoted = gni_buf_view(&text);
  gn_str kept =
      quoted.len > 2 ? gni_str_take(arena, (gn_str){quoted.ptr + 1, quoted.len - 2}) : GN_STR("?");
  gni_buf_deinit(&text);
  return kept.ptr ? kept : GN_STR("?");
}

void gnp_add_xml(gn_buf *out, gn_str text)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '<')
      gni_buf_add_text(out, "&lt;");
    else if (c == '>')
      gni_buf_add_text(out, "&gt;");
    else if (c == '&')
      gni_buf_add_text(out, "&amp;");
    else if ((unsigned char)c >= ' ')
      gni_buf_add_char(out, c);
  }
}

/* ---- grids ---- */

void gnp_grid_begin(gnp_grid *grid, gn_arena *arena, size_t columns)
{
  *grid = (gnp_grid){.arena = arena, .columns = columns};
}

void gnp_grid_add(gnp_grid *grid, const char *format, ...)
{
  char text[256];
  va_list args;
  if (grid->rows == grid->capacity) {
    size_t capacity = grid->capacity ? grid->capacity * 2 : 64;
    grid->cells = gni_arena_grow(grid->arena, grid->cells, grid->capacity * sizeof *grid->cells,
                                 capacity * sizeof *grid->cells);
    grid->capacity = capacity;
  }
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!grid->cells || len < 0) return;
  size_t size = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
  grid->cells[grid->rows++] = gni_str_take(grid->arena, (gn_str){text, size});
}

static size_t characters(gn_str text)
{
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
  return count;
}

/* "12", "-0.5", "1e+06", "99.8 %". */
static bool is_number(gn_str text)
{
  bool digit = false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    digit = digit || (c >= '0' && c <= '9');
    if (!strchr("0123456789.+-e %", c)) return false;
  }
  return digit && !memchr(text.ptr + 1, '-', text.len - 1);
}

int gnp_grid_write(const gnp_grid *grid, gn_buf *out)
{
  size_t width[32] = {0};
  if (!grid->cells || grid->columns > 32) return GN_E_NOMEM;
  for (size_t i = 0; i < grid->rows; i++) {
    size_t len = characters(grid->cells[i]);
    if (!grid->cells[i].ptr) return GN_E_NOMEM;
    if (len > width[i % grid->columns]) width[i % grid->columns] = len;
  }
  for (size_t i = 0; i < grid->rows; i++) {
    size_t column = i % grid->columns;
    size_t space = width[column] - characters(grid->cells[i]);
    bool right = is_number(grid->cells[i]), last = column + 1 == grid->columns;
    gni_buf_add_text(out, "  ");
    if (right) gni_buf_add_format(out, "%*s", (int)space, "");
    gni_buf_add_str(out, grid->cells[i]);
    if (!right && !last) gni_buf_add_format(out, "%*s", (int)space, "");
    if (!last) continue;
    while (out->rc == GN_OK && out->len && out->ptr[out->len - 1] == ' ') out->len--;
    gni_buf_add_char(out, '\n');
  }
  return out->rc;
}
