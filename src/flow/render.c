/* Rows as text: tables, JSON, CSV, Markdown. SPDX-License-Identifier: Apache-2.0 */
#include "flow/inspect.h"

enum { CELL_CHARACTERS_MAX = 40, TABLE_ROWS_MAX = 10000 };

struct rendering {
  struct ArrowArrayStream *rows;
  struct ArrowSchema schema;
  const gni_type *type;
  gn_arena types, batch_arena, cells;
  int form;
  int64_t rows_max, seen;
  /* a table is laid out when all rows are known */
  gn_str *table;
  size_t table_rows, table_capacity;
  gn_buf *out;
  gn_error *err;
};

/* Strings as they are, everything else as JSON writes it. */
static int cell_text(const gni_type *type, const gni_value *value, gn_buf *out)
{
  if (!value->is_null && type->kind == GNI_STRING) return gni_buf_add_str(out, value->text);
  return gni_value_to_json(type, value, out);
}

static void add_csv(gn_buf *out, gn_str text)
{
  bool quote = false;
  for (size_t i = 0; i < text.len; i++) quote = quote || strchr(",\"\r\n", text.ptr[i]);
  if (!quote) {
    gni_buf_add_str(out, text);
    return;
  }
  gni_buf_add_char(out, '"');
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '"') gni_buf_add_char(out, '"');
    gni_buf_add_char(out, text.ptr[i]);
  }
  gni_buf_add_char(out, '"');
}

static int render_json_row(struct rendering *at, const gni_column *columns, int64_t row,
                           gn_arena *arena)
{
  gni_buf_add_text(at->out, at->form == GN_RENDER_JSON ? (at->seen ? ",\n {" : "[\n {") : "{");
  for (size_t i = 0; i < at->type->field_count; i++) {
    gni_value value;
    if (gni_column_get(&columns[i], row, arena, &value) != GN_OK) return gni_fail_nomem(at->err, 1);
    if (i) gni_buf_add_char(at->out, ',');
    gni_json_add_text(at->out, at->type->fields[i].name, false);
    gni_buf_add_char(at->out, ':');
    gni_value_to_json(at->type->fields[i].type, &value, at->out);
  }
  gni_buf_add_text(at->out, at->form == GN_RENDER_JSON ? "}" : "}\n");
  return GN_OK;
}

static int render_csv_row(struct rendering *at, const gni_column *columns, int64_t row,
                          gn_arena *arena)
{
  gn_buf cell;
  gni_buf_init(&cell, arena->alloc, GN_VALUE_BYTES_MAX);
  for (size_t i = 0; i < at->type->field_count; i++) {
    gni_value value;
    if (gni_column_get(&columns[i], row, arena, &value) != GN_OK) break;
    if (i) gni_buf_add_char(at->out, ',');
    gni_buf_reset(&cell);
    if (!value.is_null) cell_text(at->type->fields[i].type, &value, &cell);
    if (cell.rc != GN_OK) at->out->rc = cell.rc;
    add_csv(at->out, gni_buf_view(&cell));
  }
  gni_buf_add_char(at->out, '\n');
  gni_buf_deinit(&cell);
  return GN_OK;
}

/* ---- tables ---- */

static size_t characters(gn_str text)
{
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
  return count;
}

/* Long cells end in "…"; line breaks would tear the table. */
static gn_str shortened(gn_arena *arena, gn_str text)
{
  size_t count = 0, end = 0;
  for (; end < text.len && text.ptr[end] != '\n'; end++) {
    count += ((unsigned char)text.ptr[end] & 0xC0) != 0x80;
    if (count > CELL_CHARACTERS_MAX) break;
  }
  if (end == text.len) return gni_str_take(arena, text);
  return gni_str_format(arena, "%.*s\xE2\x80\xA6", (int)end, text.ptr);
}

static int keep_table_row(struct rendering *at, const gni_column *columns, int64_t row,
                          gn_arena *arena)
{
  size_t width = at->type->field_count;
  if (at->table_rows == at->table_capacity) {
    size_t capacity = at->table_capacity ? at->table_capacity * 2 : 64;
    at->table = gni_arena_grow(&at->cells, at->table, at->table_rows * width * sizeof(gn_str),
                               capacity * width * sizeof(gn_str));
    if (!at->table)
      return gni_fail(at->err, GN_E_LIMIT, "the table is too large to lay out; use CSV");
    at->table_capacity = capacity;
  }
  gn_buf cell;
  gni_buf_init(&cell, arena->alloc, GN_VALUE_BYTES_MAX);
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < width; i++) {
    gni_value value;
    gni_buf_reset(&cell);
    rc = gni_column_get(&columns[i], row, arena, &value);
    if (rc == GN_OK)
      rc = value.is_null ? gni_buf_add_text(&cell, "NULL")
                         : cell_text(at->type->fields[i].type, &value, &cell);
    gn_str text = shortened(&at->cells, gni_buf_view(&cell));
    if (rc == GN_OK && !text.ptr) rc = GN_E_NOMEM;
    at->table[at->table_rows * width + i] = text;
  }
  gni_buf_deinit(&cell);
  at->table_rows++;
  return rc == GN_OK ? GN_OK : gni_fail(at->err, rc, "a row does not fit in memory");
}

static void add_padded(gn_buf *out, gn_str text, size_t width, bool right)
{
  size_t pad = width - characters(text);
  for (size_t i = 0; right && i < pad; i++) gni_buf_add_char(out, ' ');
  gni_buf_add_str(out, text);
  for (size_t i = 0; !right && i < pad; i++) gni_buf_add_char(out, ' ');
}

static void add_rule(struct rendering *at, const size_t *widths)
{
  bool markdown = at->form == GN_RENDER_MARKDOWN;
  for (size_t c = 0; c < at->type->field_count; c++) {
    gni_buf_add_char(at->out, markdown ? '|' : '+');
    for (size_t i = 0; i < widths[c] + 2; i++) gni_buf_add_char(at->out, '-');
  }
  gni_buf_add_text(at->out, markdown ? "|\n" : "+\n");
}

static void add_table_row(struct rendering *at, const size_t *widths, const gn_str *cells)
{
  for (size_t c = 0; c < at->type->field_count; c++) {
    gni_buf_add_text(at->out, "| ");
    gn_str text = cells ? cells[c] : at->type->fields[c].name;
    add_padded(at->out, text, widths[c], cells && gnp_is_number(at->type->fields[c].type));
    gni_buf_add_char(at->out, ' ');
  }
  gni_buf_add_text(at->out, "|\n");
}

static int lay_out(struct rendering *at)
{
  size_t columns = at->type->field_count;
  size_t *widths = GN_TAKE(&at->types, size_t, columns);
  bool box = at->form == GN_RENDER_TABLE;
  if (!widths) return gni_fail_nomem(at->err, columns * sizeof *widths);
  for (size_t c = 0; c < columns; c++) {
    widths[c] = characters(at->type->fields[c].name);
    for (size_t r = 0; r < at->table_rows; r++) {
      size_t width = characters(at->table[r * columns + c]);
      if (width > widths[c]) widths[c] = width;
    }
  }
  if (box) add_rule(at, widths);
  add_table_row(at, widths, NULL);
  add_rule(at, widths);
  for (size_t r = 0; r < at->table_rows; r++) add_table_row(at, widths, at->table + r * columns);
  if (box) add_rule(at, widths);
  if (box)
    gni_buf_add_format(at->out, "%zu row%s\n", at->table_rows, at->table_rows == 1 ? "" : "s");
  return GN_OK;
}

/* ---- the walk ---- */

static int render_row(struct rendering *at, const gni_column *columns, int64_t row, gn_arena *arena)
{
  switch (at->form) {
  case GN_RENDER_JSON:
  case GN_RENDER_JSONL:
    return render_json_row(at, columns, row, arena);
  case GN_RENDER_CSV:
    return render_csv_row(at, columns, row, arena);
  default:
    return keep_table_row(at, columns, row, arena);
  }
}

static int render_batches(struct rendering *at)
{
  struct ArrowArray batch = {0};
  gni_column *columns;
  int rc = GN_OK;
  while (rc == GN_OK && (at->rows_max <= 0 || at->seen < at->rows_max)) {
    rc = gni_stream_next(at->rows, &batch, at->err);
    if (rc != GN_OK || !batch.release) break;
    gni_arena_reset(&at->batch_arena);
    rc = gni_batch_view(at->type, &at->schema, &batch, &at->batch_arena, &columns, at->err);
    for (int64_t row = 0; rc == GN_OK && row < batch.length; row++) {
      if (at->rows_max > 0 && at->seen == at->rows_max) break;
      rc = render_row(at, columns, row, &at->batch_arena);
      at->seen++;
    }
    gni_array_close(&batch);
  }
  return rc;
}

static int render(struct rendering *at)
{
  int rc = gni_stream_type(at->rows, &at->types, &at->schema, &at->type, at->err);
  if (rc != GN_OK) return rc;
  for (size_t i = 0; at->form == GN_RENDER_CSV && i < at->type->field_count; i++) {
    if (i) gni_buf_add_char(at->out, ',');
    add_csv(at->out, at->type->fields[i].name);
  }
  if (at->form == GN_RENDER_CSV) gni_buf_add_char(at->out, '\n');
  rc = render_batches(at);
  if (rc != GN_OK) return rc;
  if (at->form == GN_RENDER_JSON) gni_buf_add_text(at->out, at->seen ? "\n]\n" : "[]\n");
  if (at->form == GN_RENDER_TABLE || at->form == GN_RENDER_MARKDOWN) rc = lay_out(at);
  return rc;
}

int gn_render(struct ArrowArrayStream *rows, int form, int64_t rows_max, gn_text *out,
              gn_error *err)
{
  gn_buf text;
  struct rendering at = {
      .rows = rows, .form = form, .rows_max = rows_max, .out = &text, .err = err};
  bool laid_out = form == GN_RENDER_TABLE || form == GN_RENDER_MARKDOWN;
  *out = (gn_text){0};
  if (laid_out && (rows_max <= 0 || rows_max > TABLE_ROWS_MAX)) at.rows_max = TABLE_ROWS_MAX;
  gni_buf_init(&text, &gni_libc_alloc, (size_t)1 << 32);
  gni_arena_init(&at.types, &gni_libc_alloc, GN_REQUEST_BYTES_MAX);
  gni_arena_init(&at.batch_arena, &gni_libc_alloc, (size_t)1 << 30);
  gni_arena_init(&at.cells, &gni_libc_alloc, (size_t)1 << 30);
  int rc = render(&at);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_stream_close(rows);
  gni_schema_close(&at.schema);
  gni_arena_deinit(&at.types);
  gni_arena_deinit(&at.batch_arena);
  gni_arena_deinit(&at.cells);
  gni_buf_deinit(&text);
  return rc;
}

int gn_write_parquet(struct ArrowArrayStream *rows, const char *path, int64_t *row_count,
                     int64_t *byte_count, gn_error *err)
{
  return gni_table_write_single(rows, path, &gni_libc_alloc, row_count, byte_count, err);
}
