/* The bound tree as DuckDB SQL. Every node says itself by a template or an emitter of its own; what
 * DuckDB has no words for becomes a call to our evaluator (duckdb_function.c).
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "expr/bound.h"
#include "expr/decimal.h"

/* ---- names and types ------------------------------------------------------------------------- */

int gni_duckdb_identifier(gn_str name, gn_buf *out)
{
  gni_buf_add_char(out, '"');
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == '"') gni_buf_add_char(out, '"');
    gni_buf_add_char(out, name.ptr[i]);
  }
  return gni_buf_add_char(out, '"');
}

static int put_struct_type(const gni_type *type, gn_buf *out)
{
  gni_buf_add_text(out, "STRUCT(");
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i) gni_buf_add_text(out, ", ");
    gni_duckdb_identifier(type->fields[i].name, out);
    gni_buf_add_char(out, ' ');
    gni_type_to_duckdb(type->fields[i].type, out);
  }
  return gni_buf_add_char(out, ')');
}

int gni_type_to_duckdb(const gni_type *type, gn_buf *out)
{
  static const char *const names[] = {
      [GNI_BOOLEAN] = "BOOLEAN", [GNI_BYTE] = "TINYINT",       [GNI_SHORT] = "SMALLINT",
      [GNI_INT] = "INTEGER",     [GNI_LONG] = "BIGINT",        [GNI_FLOAT] = "FLOAT",
      [GNI_DOUBLE] = "DOUBLE",   [GNI_STRING] = "VARCHAR",     [GNI_BINARY] = "BLOB",
      [GNI_DATE] = "DATE",       [GNI_TIMESTAMP] = "TIMESTAMP"};
  switch (type->kind) {
  case GNI_LIST:
    gni_type_to_duckdb(type->fields[0].type, out);
    return gni_buf_add_text(out, "[]");
  case GNI_MAP:
    gni_buf_add_text(out, "MAP(");
    gni_type_to_duckdb(type->fields[0].type, out);
    gni_buf_add_text(out, ", ");
    gni_type_to_duckdb(type->fields[1].type, out);
    return gni_buf_add_char(out, ')');
  case GNI_STRUCT:
    return put_struct_type(type, out);
  case GNI_DECIMAL:
    return gni_buf_add_format(out, "DECIMAL(%d,%d)", type->precision, type->scale);
  case GNI_NULL:
    return gni_buf_add_text(out, "INTEGER");
  case GNP_MONTHS:
    return gni_buf_add_text(out, "INTEGER");
  case GNP_MICROS:
  case GNP_DAYS:
    return gni_buf_add_text(out, "BIGINT");
  default:
    return gni_buf_add_text(out, names[type->kind]);
  }
}

/* ---- constants ------------------------------------------------------------------------------- */

static void put_bytes(gn_buf *out, gn_str bytes)
{
  gni_buf_add_char(out, '\'');
  for (size_t i = 0; i < bytes.len; i++)
    gni_buf_add_format(out, "\\x%02X", (unsigned)(unsigned char)bytes.ptr[i]);
  gni_buf_add_text(out, "'::BLOB");
}

/* A NUL cannot stand in a statement's text, so such a string is said as bytes. */
static void put_text(gn_buf *out, gn_str text)
{
  if (text.len && memchr(text.ptr, '\0', text.len)) {
    gni_buf_add_text(out, "decode(");
    put_bytes(out, text);
    gni_buf_add_char(out, ')');
    return;
  }
  gni_buf_add_char(out, '\'');
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'') gni_buf_add_char(out, '\'');
    gni_buf_add_char(out, text.ptr[i]);
  }
  gni_buf_add_char(out, '\'');
}

static void put_real(gn_buf *out, const gni_type *type, double value)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  size_t len = type->kind == GNI_FLOAT ? gni_format_float((float)value, text)
                                       : gni_format_double(value, text);
  gni_buf_add_format(out, "'%.*s'", (int)len, text);
}

static void put_scalar(gn_buf *out, const gni_type *type, const gni_value *value)
{
  char text[GNP_DECIMAL_TEXT_BYTES];
  switch (type->kind) {
  case GNI_BOOLEAN:
    gni_buf_add_text(out, value->boolean ? "true" : "false");
    break;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    put_real(out, type, value->real);
    break;
  case GNI_STRING:
    put_text(out, value->text);
    break;
  case GNI_BINARY:
    put_bytes(out, value->text);
    break;
  case GNI_DATE: /* from its number: far dates have no text that DuckDB reads */
    gni_buf_add_format(out, "DATE '1970-01-01' + CAST(%lld AS INTEGER)", (long long)value->integer);
    break;
  case GNI_TIMESTAMP:
    gni_buf_add_format(out, "make_timestamp(%lld)", (long long)value->integer);
    break;
  case GNI_DECIMAL: {
    size_t len = gnp_wide_format(gnp_wide_of(value), type->scale, true, text);
    gni_buf_add_format(out, "'%.*s'", (int)len, text);
    break;
  }
  default:
    gni_buf_add_format(out, "%lld", (long long)value->integer);
    break;
  }
}

static void put_nested(gnp_emitter *e, const gni_type *type, const gni_value *value)
{
  size_t count = value->list.count;
  if (type->kind == GNI_MAP) {
    for (size_t part = 0; part < 2; part++) {
      gni_buf_add_text(e->out, part ? ", [" : "MAP([");
      for (size_t i = 0; i < count; i++) {
        if (i) gni_buf_add_text(e->out, ", ");
        gnp_emit_constant(e, type->fields[part].type, &value->list.items[2 * i + part]);
      }
      gni_buf_add_char(e->out, ']');
    }
    gni_buf_add_char(e->out, ')');
    return;
  }
  bool list = type->kind == GNI_LIST;
  gni_buf_add_char(e->out, list ? '[' : '{');
  for (size_t i = 0; i < count; i++) {
    if (i) gni_buf_add_text(e->out, ", ");
    if (!list) {
      gni_duckdb_identifier(type->fields[i].name, e->out);
      gni_buf_add_text(e->out, ": ");
    }
    gnp_emit_constant(e, type->fields[list ? 0 : i].type, &value->list.items[i]);
  }
  gni_buf_add_char(e->out, list ? ']' : '}');
}

int gnp_emit_constant(gnp_emitter *e, const gni_type *type, const gni_value *value)
{
  gni_buf_add_text(e->out, "CAST(");
  if (value->is_null)
    gni_buf_add_text(e->out, "NULL");
  else if (type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT)
    put_nested(e, type, value);
  else
    put_scalar(e->out, type, value);
  gni_buf_add_text(e->out, " AS ");
  gni_type_to_duckdb(type, e->out);
  return gni_buf_add_char(e->out, ')');
}

/* ---- templates ------------------------------------------------------------------------------- */

static const char *bits_of(const gni_type *type)
{
  return type->kind == GNI_BYTE    ? "8"
         : type->kind == GNI_SHORT ? "16"
         : type->kind == GNI_INT   ? "32"
                                   : "64";
}

static int emit_list(gnp_emitter *e, const gni_bound *node, size_t from, const char *between)
{
  for (size_t i = from; i < node->arg_count; i++) {
    if (i > from) gni_buf_add_text(e->out, between);
    int rc = gnp_emit_node(e, node->args[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

int gnp_emit_template(gnp_emitter *e, const gni_bound *node, const char *text)
{
  int rc = GN_OK;
  for (const char *p = text; rc == GN_OK && *p; p++) {
    if (*p != '$') {
      gni_buf_add_char(e->out, *p);
      continue;
    }
    switch (*++p) {
    case 't':
      gni_type_to_duckdb(node->type, e->out);
      break;
    case 'w':
      gni_buf_add_text(e->out, bits_of(node->type));
      break;
    case 'W':
      gni_buf_add_text(e->out, node->type->kind == GNI_LONG ? "HUGEINT" : "BIGINT");
      break;
    case '*':
      rc = emit_list(e, node, 0, ", ");
      break;
    case '|':
      rc = emit_list(e, node, 0, " || ");
      break;
    case '+':
      rc = emit_list(e, node, 1, ", ");
      break;
    default:
      if (*p < '1' || (size_t)(*p - '1') >= node->arg_count)
        return gni_fail(e->err, GN_E_BUG, "template of '%s' names argument %c",
                        node->function->name, *p);
      rc = gnp_emit_node(e, node->args[*p - '1']);
    }
  }
  return rc;
}

static int emit_lambda(gnp_emitter *e, const gni_bound *node)
{
  gni_buf_add_text(e->out, "lambda ");
  for (uint32_t i = 0; i < node->parameter_count; i++)
    gni_buf_add_format(e->out, "%sgn_v%u", i ? ", " : "", node->index + i);
  gni_buf_add_text(e->out, ": ");
  return gnp_emit_node(e, node->args[0]);
}

/* Spark stops at a null argument, and the divisor is computed first; DuckDB computes all. Where an
 * argument that may so be left out can fail, the order is kept by our evaluator. */
static bool order_matters(const gni_bound *node)
{
  bool strict = node->eval == gnp_eval_strict || node->eval == gnp_eval_all, nullable = false;
  bool division = node->function->flags & GNP_STRICT;
  if (!strict && !division) return false;
  if (division) return node->args[0]->can_fail;
  for (size_t i = 0; i < node->arg_count; i++) {
    if (nullable && node->args[i]->can_fail) return true;
    nullable |= node->args[i]->nullable;
  }
  return false;
}

/* DuckDB turns x - 3 = 1 into x = 4, and the overflow of x - 3 is not seen any more. */
static bool failure_matters(const gni_bound *node)
{
  return node->function->flags & GNP_COMPARES && node->can_fail;
}

int gnp_emit_node(gnp_emitter *e, const gni_bound *node)
{
  switch ((enum gnp_bound_kind)node->kind) {
  case GNP_CONSTANT:
    return gnp_emit_constant(e, node->type, &node->value);
  case GNP_COLUMN:
    return node->emit ? node->emit(e, node) : gni_duckdb_identifier(node->name, e->out);
  case GNP_VARIABLE:
    return gni_buf_add_format(e->out, "gn_v%u", node->index);
  case GNP_LAMBDA:
    return emit_lambda(e, node);
  case GNP_CALL:
    break;
  }
  if (order_matters(node) || failure_matters(node)) return gnp_emit_function(e, node);
  if (node->emit) return node->emit(e, node);
  if (node->sql) return gnp_emit_template(e, node, node->sql);
  return gnp_emit_function(e, node);
}

int gni_bound_to_duckdb(const gni_bound *bound, gni_expr_functions *functions, gn_buf *out,
                        gn_error *err)
{
  gnp_emitter e = {.out = out, .functions = functions, .err = err};
  int rc = gnp_emit_node(&e, bound);
  if (out->rc != GN_OK) /* an append says no more than its code */
    rc = gni_fail(err, out->rc, "the SQL of an expression does not fit its buffer");
  return rc;
}

/* ---- what the SQL relies on ------------------------------------------------------------------ */

const char *gni_expr_duckdb_setup(void)
{
  return
      /* two's complement, as Java's integers wrap */
      "CREATE OR REPLACE MACRO gn_wrap8(x) AS"
      " CAST(xor(x::BIGINT & 255, 128) - 128 AS TINYINT);"
      "CREATE OR REPLACE MACRO gn_wrap16(x) AS"
      " CAST(xor(x::BIGINT & 65535, 32768) - 32768 AS SMALLINT);"
      "CREATE OR REPLACE MACRO gn_wrap32(x) AS"
      " CAST(xor(x::BIGINT & 4294967295, 2147483648) - 2147483648 AS INTEGER);"
      "CREATE OR REPLACE MACRO gn_wrap64(x) AS"
      " CAST(xor(x & 18446744073709551615::HUGEINT, 9223372036854775808::HUGEINT)"
      " - 9223372036854775808::HUGEINT AS BIGINT);"
      /* the least integer divided by -1 overflows */
      "CREATE OR REPLACE MACRO gn_remainder(a, b) AS"
      " CASE WHEN b = -1 THEN a - a ELSE a % NULLIF(b, 0) END;"
      "CREATE OR REPLACE MACRO gn_remainder_ansi(a, b) AS"
      " CASE WHEN b = 0 AND a IS NOT NULL THEN error('[DIVIDE_BY_ZERO] division by zero')"
      " WHEN b = -1 THEN a - a ELSE a % NULLIF(b, 0) END;"
      "CREATE OR REPLACE MACRO gn_quotient(a, b) AS"
      " CASE WHEN b = -1 THEN gn_wrap64(-(a::HUGEINT)) ELSE a // NULLIF(b, 0) END;"
      "CREATE OR REPLACE MACRO gn_quotient_ansi(a, b) AS"
      " CASE WHEN b = 0 AND a IS NOT NULL THEN error('[DIVIDE_BY_ZERO] division by zero')"
      " WHEN b = -1 THEN -a ELSE a // NULLIF(b, 0) END;"
      "CREATE OR REPLACE MACRO gn_divide_ansi(a, b) AS"
      " CASE WHEN b = 0 AND a IS NOT NULL THEN error('[DIVIDE_BY_ZERO] division by zero')"
      " ELSE a / NULLIF(b, 0) END;"
      /* Java's (int) and (long): NaN is 0, the ends are sticky, narrower ones wrap the int */
      "CREATE OR REPLACE MACRO gn_real_to_integer32(x) AS CASE WHEN isnan(x) THEN 0::INTEGER"
      " WHEN x >= 2147483647 THEN 2147483647::INTEGER WHEN x <= -2147483648 THEN"
      " (-2147483648)::INTEGER ELSE CAST(trunc(x) AS INTEGER) END;"
      "CREATE OR REPLACE MACRO gn_real_to_integer64(x) AS CASE WHEN isnan(x) THEN 0::BIGINT"
      " WHEN x >= 9223372036854775808::DOUBLE THEN 9223372036854775807::BIGINT"
      " WHEN x <= (-9223372036854775808)::DOUBLE THEN (-9223372036854775808)::BIGINT"
      " ELSE CAST(trunc(x) AS BIGINT) END;"
      "CREATE OR REPLACE MACRO gn_real_to_integer16(x) AS"
      " gn_wrap16(gn_real_to_integer32(x)::BIGINT);"
      "CREATE OR REPLACE MACRO gn_real_to_integer8(x) AS"
      " gn_wrap8(gn_real_to_integer32(x)::BIGINT);"
      /* lists count from 0 and have nothing before it */
      "CREATE OR REPLACE MACRO gn_item(list, i) AS CASE WHEN i >= 0 THEN list[i::BIGINT + 1] END;";
}
