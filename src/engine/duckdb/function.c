/* Functions of SQL that the caller computes: DuckDB's vectors to values, a call a row, and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

#define FUNCTION_ARENA_BYTES ((size_t)256 << 20) /* bytes of one row's values */

/* ---- types ----------------------------------------------------------------------------------- */

static duckdb_logical_type logical_type(const gni_type *type);

static duckdb_logical_type struct_type(const gni_type *type)
{
  duckdb_logical_type members[64];
  char names[64][128];
  const char *name_list[64];
  uint32_t count = type->field_count;
  if (count > 64) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    gn_str name = type->fields[i].name;
    size_t len = name.len < sizeof names[i] - 1 ? name.len : sizeof names[i] - 1;
    memcpy(names[i], name.ptr, len);
    names[i][len] = '\0';
    name_list[i] = names[i];
    members[i] = logical_type(type->fields[i].type);
  }
  duckdb_logical_type made = duckdb_create_struct_type(members, name_list, count);
  for (uint32_t i = 0; i < count; i++) duckdb_destroy_logical_type(&members[i]);
  return made;
}

static duckdb_logical_type nested_type(const gni_type *type)
{
  if (type->kind == GNI_STRUCT) return struct_type(type);
  duckdb_logical_type first = logical_type(type->fields[0].type), made = NULL;
  if (type->kind == GNI_LIST) {
    made = duckdb_create_list_type(first);
  } else {
    duckdb_logical_type second = logical_type(type->fields[1].type);
    made = duckdb_create_map_type(first, second);
    duckdb_destroy_logical_type(&second);
  }
  duckdb_destroy_logical_type(&first);
  return made;
}

static duckdb_logical_type logical_type(const gni_type *type)
{
  static const duckdb_type types[] = {
      [GNI_BOOLEAN] = DUCKDB_TYPE_BOOLEAN,    [GNI_BYTE] = DUCKDB_TYPE_TINYINT,
      [GNI_SHORT] = DUCKDB_TYPE_SMALLINT,     [GNI_INT] = DUCKDB_TYPE_INTEGER,
      [GNI_LONG] = DUCKDB_TYPE_BIGINT,        [GNI_FLOAT] = DUCKDB_TYPE_FLOAT,
      [GNI_DOUBLE] = DUCKDB_TYPE_DOUBLE,      [GNI_STRING] = DUCKDB_TYPE_VARCHAR,
      [GNI_BINARY] = DUCKDB_TYPE_BLOB,        [GNI_DATE] = DUCKDB_TYPE_DATE,
      [GNI_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP};
  switch (type->kind) {
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    return nested_type(type);
  case GNI_DECIMAL:
    return duckdb_create_decimal_type(type->precision, type->scale);
  case GNI_NULL:
    return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
  default:
    return duckdb_create_logical_type(types[type->kind]);
  }
}

/* ---- vectors to values ----------------------------------------------------------------------- */

static int read_value(duckdb_vector vector, const gni_type *type, idx_t row, gn_arena *arena,
                      gni_value *out);

static gni_value wide_value(int64_t high, uint64_t low)
{
  gni_value value = {0};
  value.decimal.high = high;
  value.decimal.low = low;
  return value;
}

static gni_value read_decimal(const void *data, const gni_type *type, idx_t row)
{
  if (type->precision > 18) {
    duckdb_hugeint wide = ((const duckdb_hugeint *)data)[row];
    return wide_value(wide.upper, wide.lower);
  }
  int64_t narrow = type->precision > 9   ? ((const int64_t *)data)[row]
                   : type->precision > 4 ? ((const int32_t *)data)[row]
                                         : ((const int16_t *)data)[row];
  return wide_value(narrow < 0 ? -1 : 0, (uint64_t)narrow);
}

static int read_list(duckdb_vector vector, const gni_type *type, duckdb_list_entry entry,
                     gn_arena *arena, gni_value *out)
{
  bool map = type->kind == GNI_MAP;
  size_t per = map ? 2 : 1;
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  gni_value *items = GN_TAKE(arena, gni_value, gni_size_mul(entry.length, per));
  if (!items) return GN_E_NOMEM;
  for (idx_t i = 0; i < entry.length; i++) {
    for (size_t part = 0; part < per; part++) {
      duckdb_vector source = map ? duckdb_struct_vector_get_child(child, part) : child;
      int rc = read_value(source, type->fields[part].type, entry.offset + i, arena,
                          &items[i * per + part]);
      if (rc != GN_OK) return rc;
    }
  }
  *out = (gni_value){.list = {items, entry.length}};
  return GN_OK;
}

static int read_struct(duckdb_vector vector, const gni_type *type, idx_t row, gn_arena *arena,
                       gni_value *out)
{
  gni_value *items = GN_TAKE(arena, gni_value, type->field_count);
  if (!items) return GN_E_NOMEM;
  for (uint32_t i = 0; i < type->field_count; i++) {
    int rc = read_value(duckdb_struct_vector_get_child(vector, i), type->fields[i].type, row, arena,
                        &items[i]);
    if (rc != GN_OK) return rc;
  }
  *out = (gni_value){.list = {items, type->field_count}};
  return GN_OK;
}

/* Texts are borrowed from the vector. */
static int read_value(duckdb_vector vector, const gni_type *type, idx_t row, gn_arena *arena,
                      gni_value *out)
{
  uint64_t *validity = duckdb_vector_get_validity(vector);
  const void *data = duckdb_vector_get_data(vector);
  *out = GNI_NULL_VALUE;
  if (validity && !duckdb_validity_row_is_valid(validity, row)) return GN_OK;
  switch (type->kind) {
  case GNI_BOOLEAN:
    *out = gni_value_boolean(((const bool *)data)[row]);
    break;
  case GNI_BYTE:
    *out = gni_value_integer(((const int8_t *)data)[row]);
    break;
  case GNI_SHORT:
    *out = gni_value_integer(((const int16_t *)data)[row]);
    break;
  case GNI_INT:
  case GNI_DATE:
    *out = gni_value_integer(((const int32_t *)data)[row]);
    break;
  case GNI_FLOAT:
    *out = gni_value_real((double)((const float *)data)[row]);
    break;
  case GNI_DOUBLE:
    *out = gni_value_real(((const double *)data)[row]);
    break;
  case GNI_STRING:
  case GNI_BINARY: {
    duckdb_string_t *text = (duckdb_string_t *)(uintptr_t)data + row;
    *out = gni_value_text((gn_str){duckdb_string_t_data(text), duckdb_string_t_length(*text)});
    break;
  }
  case GNI_DECIMAL:
    *out = read_decimal(data, type, row);
    break;
  case GNI_LIST:
  case GNI_MAP:
    return read_list(vector, type, ((const duckdb_list_entry *)data)[row], arena, out);
  case GNI_STRUCT:
    return read_struct(vector, type, row, arena, out);
  case GNI_NULL:
    break;
  default:
    *out = gni_value_integer(((const int64_t *)data)[row]);
    break;
  }
  return GN_OK;
}

/* ---- values to vectors ----------------------------------------------------------------------- */

static int write_value(duckdb_vector vector, const gni_type *type, idx_t row,
                       const gni_value *value);

static void write_decimal(void *data, const gni_type *type, idx_t row, const gni_value *value)
{
  if (type->precision > 18)
    ((duckdb_hugeint *)data)[row] =
        (duckdb_hugeint){.lower = value->decimal.low, .upper = value->decimal.high};
  else if (type->precision > 9)
    ((int64_t *)data)[row] = (int64_t)value->decimal.low;
  else if (type->precision > 4)
    ((int32_t *)data)[row] = (int32_t)value->decimal.low;
  else
    ((int16_t *)data)[row] = (int16_t)value->decimal.low;
}

static int write_list(duckdb_vector vector, const gni_type *type, idx_t row, const gni_value *value)
{
  bool map = type->kind == GNI_MAP;
  size_t per = map ? 2 : 1, count = value->list.count;
  idx_t offset = duckdb_list_vector_get_size(vector);
  if (duckdb_list_vector_reserve(vector, offset + count) != DuckDBSuccess) return GN_E_NOMEM;
  if (duckdb_list_vector_set_size(vector, offset + count) != DuckDBSuccess) return GN_E_NOMEM;
  ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row] = (duckdb_list_entry){offset, count};
  duckdb_vector child = duckdb_list_vector_get_child(vector);
  for (idx_t i = 0; i < count; i++) {
    for (size_t part = 0; part < per; part++) {
      duckdb_vector target = map ? duckdb_struct_vector_get_child(child, part) : child;
      int rc = write_value(target, type->fields[part].type, offset + i,
                           &value->list.items[i * per + part]);
      if (rc != GN_OK) return rc;
    }
  }
  return GN_OK;
}

/* A null struct has null fields too: whoever takes a field of it must find null. */
static void write_null(duckdb_vector vector, const gni_type *type, idx_t row)
{
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
  if (type->kind == GNI_LIST || type->kind == GNI_MAP)
    ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row] = (duckdb_list_entry){0, 0};
  for (uint32_t i = 0; type->kind == GNI_STRUCT && i < type->field_count; i++)
    write_null(duckdb_struct_vector_get_child(vector, i), type->fields[i].type, row);
}

static int write_value(duckdb_vector vector, const gni_type *type, idx_t row,
                       const gni_value *value)
{
  if (value->is_null) {
    write_null(vector, type, row);
    return GN_OK;
  }
  void *data = duckdb_vector_get_data(vector);
  switch (type->kind) {
  case GNI_BOOLEAN:
    ((bool *)data)[row] = value->boolean;
    break;
  case GNI_BYTE:
    ((int8_t *)data)[row] = (int8_t)value->integer;
    break;
  case GNI_SHORT:
    ((int16_t *)data)[row] = (int16_t)value->integer;
    break;
  case GNI_INT:
  case GNI_DATE:
    ((int32_t *)data)[row] = (int32_t)value->integer;
    break;
  case GNI_FLOAT:
    ((float *)data)[row] = (float)value->real;
    break;
  case GNI_DOUBLE:
    ((double *)data)[row] = value->real;
    break;
  case GNI_STRING:
  case GNI_BINARY:
    duckdb_vector_assign_string_element_len(vector, row, value->text.ptr ? value->text.ptr : "",
                                            value->text.len);
    break;
  case GNI_DECIMAL:
    write_decimal(data, type, row, value);
    break;
  case GNI_LIST:
  case GNI_MAP:
    return write_list(vector, type, row, value);
  case GNI_STRUCT:
    for (uint32_t i = 0; i < type->field_count; i++) {
      int rc = write_value(duckdb_struct_vector_get_child(vector, i), type->fields[i].type, row,
                           &value->list.items[i]);
      if (rc != GN_OK) return rc;
    }
    break;
  case GNI_NULL:
    write_null(vector, type, row);
    break;
  default:
    ((int64_t *)data)[row] = value->integer;
    break;
  }
  return GN_OK;
}

/* ---- calls ----------------------------------------------------------------------------------- */

typedef struct known_function {
  const gn_alloc *alloc;
  gni_engine_function what;
} known_function;

static void forget_function(void *pointer)
{
  known_function *function = pointer;
  gni_free(function->alloc, function, sizeof *function);
}

static int call_row(const known_function *function, duckdb_data_chunk input, idx_t row,
                    duckdb_vector output, gni_value *args, gn_arena *arena, gn_error *err)
{
  const gni_engine_function *what = &function->what;
  gni_value answer;
  for (uint32_t i = 0; i < what->inputs->field_count; i++) {
    int rc = read_value(duckdb_data_chunk_get_vector(input, i), what->inputs->fields[i].type, row,
                        arena, &args[i]);
    if (rc != GN_OK) return gni_fail_nomem(err, sizeof *args);
  }
  int rc = what->call(what->user, args, arena, &answer, err);
  if (rc != GN_OK) return rc;
  rc = write_value(output, what->output, row, &answer);
  return rc == GN_OK ? rc : gni_fail_nomem(err, sizeof answer);
}

/* Any of DuckDB's threads; what a row takes goes with the row. */
static void call_chunk(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
  const known_function *function = duckdb_scalar_function_get_extra_info(info);
  idx_t rows = duckdb_data_chunk_get_size(input);
  size_t count = function->what.inputs->field_count;
  gni_value *args = gni_alloc(function->alloc, (count + 1) * sizeof *args);
  gn_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, function->alloc, FUNCTION_ARENA_BYTES);
  int rc = args ? GN_OK : gni_fail_nomem(&err, count * sizeof *args);
  for (idx_t row = 0; rc == GN_OK && row < rows; row++) {
    gni_arena_reset(&arena);
    rc = call_row(function, input, row, output, args, &arena, &err);
  }
  if (rc != GN_OK) duckdb_scalar_function_set_error(info, err.message);
  gni_arena_deinit(&arena);
  gni_free(function->alloc, args, (count + 1) * sizeof *args);
}

static void describe(duckdb_scalar_function scalar, known_function *function, const char *name)
{
  const gni_type *inputs = function->what.inputs;
  duckdb_scalar_function_set_name(scalar, name);
  for (uint32_t i = 0; i < inputs->field_count; i++) {
    duckdb_logical_type type = logical_type(inputs->fields[i].type);
    duckdb_scalar_function_add_parameter(scalar, type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_logical_type type = logical_type(function->what.output);
  duckdb_scalar_function_set_return_type(scalar, type);
  duckdb_destroy_logical_type(&type);
  duckdb_scalar_function_set_special_handling(scalar);
  duckdb_scalar_function_set_extra_info(scalar, function, forget_function);
  duckdb_scalar_function_set_function(scalar, call_chunk);
}

int gnp_duck_add_function(void *state, const gni_engine_function *function, gn_error *err)
{
  gnp_duck *duck = state;
  char *name = gni_strdup(duck->alloc, function->name.ptr, function->name.len);
  known_function *known = gni_alloc(duck->alloc, sizeof *known);
  if (!name || !known) {
    gni_free(duck->alloc, name, function->name.len + 1);
    gni_free(duck->alloc, known, sizeof *known);
    return gni_fail_nomem(err, sizeof *known);
  }
  *known = (known_function){.alloc = duck->alloc, .what = *function};
  duckdb_scalar_function scalar = duckdb_create_scalar_function();
  describe(scalar, known, name);
  int rc = duckdb_register_scalar_function(duck->connection, scalar) == DuckDBSuccess
               ? GN_OK
               : gni_fail(err, GN_E_ARG, "the engine refuses function '%s'", name);
  duckdb_destroy_scalar_function(&scalar);
  gni_free(duck->alloc, name, function->name.len + 1);
  return rc;
}
