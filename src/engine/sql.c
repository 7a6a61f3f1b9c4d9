/* Names, texts and types as SQL. Every piece of text that comes from outside goes through here, so
 * none of it can end a quotation. SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

static int add_quoted(gn_buf *sql, gn_str text, char quote)
{
  const char twice[2] = {quote, quote};
  gni_buf_add_char(sql, quote);
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] == quote)
      gni_buf_add(sql, twice, sizeof twice);
    else
      gni_buf_add_char(sql, text.ptr[i]);
  return gni_buf_add_char(sql, quote);
}

int gni_sql_add_name(gn_buf *sql, gn_str name)
{
  return add_quoted(sql, name, '"');
}

/* A text with a zero byte cannot be written between quotes: the parser would end there. */
int gni_sql_add_text(gn_buf *sql, gn_str text)
{
  size_t done = 0;
  const char *zero;
  if (!text.len || !memchr(text.ptr, 0, text.len)) return add_quoted(sql, text, '\'');
  gni_buf_add_char(sql, '(');
  while ((zero = memchr(text.ptr + done, 0, text.len - done)) != NULL) {
    size_t end = (size_t)(zero - text.ptr);
    add_quoted(sql, (gn_str){text.ptr + done, end - done}, '\'');
    gni_buf_add_text(sql, " || chr(0) || ");
    done = end + 1;
  }
  add_quoted(sql, (gn_str){text.ptr + done, text.len - done}, '\'');
  return gni_buf_add_char(sql, ')');
}

static int add_struct(gn_buf *sql, const gni_type *type)
{
  gni_buf_add_text(sql, "STRUCT(");
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i) gni_buf_add_text(sql, ", ");
    gni_sql_add_name(sql, type->fields[i].name);
    gni_buf_add_char(sql, ' ');
    gni_sql_add_type(sql, type->fields[i].type);
  }
  return gni_buf_add_char(sql, ')');
}

static int add_map(gn_buf *sql, const gni_type *type)
{
  gni_buf_add_text(sql, "MAP(");
  gni_sql_add_type(sql, type->fields[0].type);
  gni_buf_add_text(sql, ", ");
  gni_sql_add_type(sql, type->fields[1].type);
  return gni_buf_add_char(sql, ')');
}

/* Depth is bounded by GN_TYPE_DEPTH_MAX, which the makers of types keep. */
int gni_sql_add_type(gn_buf *sql, const gni_type *type)
{
  static const char *const plain[] = {
      [GNI_BOOLEAN] = "BOOLEAN", [GNI_BYTE] = "TINYINT",        [GNI_SHORT] = "SMALLINT",
      [GNI_INT] = "INTEGER",     [GNI_LONG] = "BIGINT",         [GNI_FLOAT] = "FLOAT",
      [GNI_DOUBLE] = "DOUBLE",   [GNI_STRING] = "VARCHAR",      [GNI_BINARY] = "BLOB",
      [GNI_DATE] = "DATE",       [GNI_TIMESTAMP] = "TIMESTAMP", [GNI_NULL] = "\"NULL\"",
  };
  switch ((enum gni_kind)type->kind) {
  case GNI_LIST:
    gni_sql_add_type(sql, type->fields[0].type);
    return gni_buf_add_text(sql, "[]");
  case GNI_MAP:
    return add_map(sql, type);
  case GNI_STRUCT:
    return add_struct(sql, type);
  case GNI_DECIMAL:
    return gni_buf_add_format(sql, "DECIMAL(%d, %d)", type->precision, type->scale);
  case GNI_BOOLEAN:
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
  case GNI_LONG:
  case GNI_FLOAT:
  case GNI_DOUBLE:
  case GNI_STRING:
  case GNI_BINARY:
  case GNI_DATE:
  case GNI_TIMESTAMP:
  case GNI_NULL:
    return gni_buf_add_text(sql, plain[type->kind]);
  }
  return GN_E_BUG;
}
