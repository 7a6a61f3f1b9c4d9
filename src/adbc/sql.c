/* Pieces of SQL, and small questions asked in it. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"
#include "data/data.h"

/* ---- text ------------------------------------------------------------------------------------ */

void adbcp_add_quoted(gn_buf *sql, gn_str name)
{
  gni_buf_add_char(sql, '`');
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == '`') gni_buf_add_char(sql, '`');
    gni_buf_add_char(sql, name.ptr[i]);
  }
  gni_buf_add_char(sql, '`');
}

void adbcp_add_table(gn_buf *sql, const char *catalog, const char *schema, const char *table)
{
  const char *parts[] = {catalog, schema, table};
  bool any = false;
  for (size_t i = 0; i < 3; i++) {
    if (!parts[i] || !parts[i][0]) continue;
    if (any) gni_buf_add_char(sql, '.');
    adbcp_add_quoted(sql, gni_str(parts[i]));
    any = true;
  }
}

static size_t character_len(gn_str text)
{
  size_t len = 1;
  while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) len++;
  return len;
}

static gn_str after(gn_str text, size_t len)
{
  return (gn_str){text.ptr + len, text.len - len};
}

/* Steps through both; after a mismatch the newest '%' takes one character more. */
bool adbcp_like(gn_str text, const char *pattern)
{
  if (!pattern) return true;
  gn_str p = gni_str(pattern), retry_pattern = {NULL, 0}, retry_text = {NULL, 0};
  for (;;) {
    if (p.len && p.ptr[0] == '%') {
      retry_pattern = p = after(p, 1);
      retry_text = text;
      continue;
    }
    if (text.len == 0 && p.len == 0) return true;
    bool escaped = p.len > 1 && p.ptr[0] == '\\';
    if (p.len && text.len && !escaped && p.ptr[0] == '_') {
      p = after(p, 1);
      text = after(text, character_len(text));
    } else if (p.len && text.len && p.ptr[escaped] == text.ptr[0]) {
      p = after(p, 1 + (size_t)escaped);
      text = after(text, 1);
    } else {
      if (!retry_pattern.ptr || retry_text.len == 0) return false;
      text = retry_text = after(retry_text, character_len(retry_text));
      p = retry_pattern;
    }
  }
}

/* ---- questions ------------------------------------------------------------------------------- */

static gn_str text_of(const gni_column *column, int64_t row, gn_arena *arena, sparkc_error *err)
{
  gni_value value;
  if (gni_column_get(column, row, arena, &value) != GN_OK) {
    adbcp_nomem(err);
    return (gn_str){NULL, 0};
  }
  if (value.is_null) return (gn_str){NULL, 0};
  gn_str text;
  if (column->type->kind == GNI_STRING)
    text = gni_str_take(arena, value.text);
  else if (column->type->kind == GNI_BOOLEAN)
    text = gni_str_take(arena, value.boolean ? GN_STR("true") : GN_STR("false"));
  else
    text = gni_str_format(arena, "%lld", (long long)value.integer);
  if (!text.ptr) adbcp_nomem(err);
  return text;
}

static int add_rows(adbcp_rows *out, const gni_column *columns, int64_t count, gn_arena *arena,
                    sparkc_error *err)
{
  size_t needed = (out->rows + (size_t)count) * out->columns;
  if (needed > out->room) {
    size_t room = needed > 2 * out->room ? needed : 2 * out->room;
    gn_str *cells = gni_arena_grow(arena, out->cells, out->room * sizeof *cells,
                                   gni_size_mul(room, sizeof *cells));
    if (!cells) return adbcp_nomem(err);
    out->cells = cells;
    out->room = room;
  }
  for (int64_t row = 0; row < count; row++) {
    for (size_t c = 0; c < out->columns; c++)
      out->cells[out->rows * out->columns + c] = text_of(&columns[c], row, arena, err);
    out->rows++;
  }
  return err->code;
}

static int read_rows(sparkc_result *result, gn_arena *arena, adbcp_rows *out, sparkc_error *err)
{
  struct ArrowSchema schema;
  struct ArrowArray batch;
  const gni_type *type;
  gni_column *columns;
  gn_error why = {0};
  int rc = sparkc_result_schema(result, &schema, err);
  if (rc != SPARKC_OK) return rc;
  if (gni_type_from_arrow(&schema, arena, &type, &why) != GN_OK) rc = adbcp_say_from(err, &why);
  if (rc == SPARKC_OK) out->columns = type->field_count;
  while (rc == SPARKC_OK && (rc = sparkc_result_next(result, &batch, err)) == SPARKC_OK &&
         batch.release) {
    if (gni_batch_view(type, &schema, &batch, arena, &columns, &why) == GN_OK)
      rc = add_rows(out, columns, batch.length, arena, err);
    else
      rc = adbcp_say_from(err, &why);
    gni_array_close(&batch);
  }
  gni_schema_close(&schema);
  return rc;
}

int adbcp_query(adbcp_link *link, const char *sql, gn_arena *arena, adbcp_rows *out,
                sparkc_error *err)
{
  sparkc_result *result = NULL;
  sparkc_dataframe *df;
  *out = (adbcp_rows){0};
  int rc = sparkc_sql(link->session, sql, &df, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkc_execute(df, NULL, &result, err);
  if (rc == SPARKC_OK) rc = read_rows(result, arena, out, err);
  sparkc_result_close(result);
  sparkc_dataframe_free(df);
  return rc;
}

int adbcp_query_schema(adbcp_link *link, const char *sql, struct ArrowSchema *out,
                       sparkc_error *err)
{
  sparkc_dataframe *df, *none = NULL;
  sparkc_result *result = NULL;
  *out = (struct ArrowSchema){.release = NULL};
  int rc = sparkc_sql(link->session, sql, &df, err);
  if (rc != SPARKC_OK) return rc;
  /* The server itself turns its types into Arrow's; of no rows it makes no job. */
  rc = sparkc_limit(df, 0, &none, err);
  if (rc == SPARKC_OK) rc = sparkc_execute(none, NULL, &result, err);
  if (rc == SPARKC_OK) rc = sparkc_result_schema(result, out, err);
  sparkc_result_close(result);
  sparkc_dataframe_free(none);
  sparkc_dataframe_free(df);
  return rc;
}
