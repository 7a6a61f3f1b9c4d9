/* Arrow schemas to types and back. SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

#include <errno.h>
#include <nanoarrow/nanoarrow.h>

int gnp_arrow_fail(gn_error *err, int native, const char *doing)
{
  switch (native) {
  case NANOARROW_OK:
    return GN_OK;
  case ENOMEM:
    return gni_fail_native(err, GN_E_NOMEM, native, "%s: out of memory", doing);
  case EOVERFLOW:
    return gni_fail_native(err, GN_E_LIMIT, native, "%s: more than 2 GiB in one column", doing);
  default:
    return gni_fail_native(err, GN_E_TYPE, native, "%s: the value does not fit", doing);
  }
}

/* ---- from Arrow ------------------------------------------------------------------------------ */

struct schema_reader {
  gn_arena *arena;
  gn_error *err;
  int depth;
};

static int read_schema(struct schema_reader *r, const struct ArrowSchema *schema,
                       const gni_type **out);

static const gni_type *scalar_of(enum ArrowType arrow)
{
  switch ((int)arrow) {
  case NANOARROW_TYPE_NA:
    return &gni_type_null;
  case NANOARROW_TYPE_BOOL:
    return &gni_type_boolean;
  case NANOARROW_TYPE_INT8:
    return &gni_type_byte;
  case NANOARROW_TYPE_UINT8:
  case NANOARROW_TYPE_INT16:
    return &gni_type_short;
  case NANOARROW_TYPE_UINT16:
  case NANOARROW_TYPE_INT32:
    return &gni_type_int;
  case NANOARROW_TYPE_UINT32:
  case NANOARROW_TYPE_INT64:
    return &gni_type_long;
  case NANOARROW_TYPE_FLOAT:
    return &gni_type_float;
  case NANOARROW_TYPE_DOUBLE:
    return &gni_type_double;
  case NANOARROW_TYPE_STRING:
  case NANOARROW_TYPE_LARGE_STRING:
  case NANOARROW_TYPE_STRING_VIEW:
    return &gni_type_string;
  case NANOARROW_TYPE_BINARY:
  case NANOARROW_TYPE_LARGE_BINARY:
  case NANOARROW_TYPE_FIXED_SIZE_BINARY:
  case NANOARROW_TYPE_BINARY_VIEW:
    return &gni_type_binary;
  case NANOARROW_TYPE_DATE32:
  case NANOARROW_TYPE_DATE64:
    return &gni_type_date;
  case NANOARROW_TYPE_TIMESTAMP:
    return &gni_type_timestamp;
  default:
    return NULL;
  }
}

static const char *name_of(const struct ArrowSchema *schema)
{
  return schema->name ? schema->name : "";
}

static int unsupported(struct schema_reader *r, const struct ArrowSchema *schema)
{
  return gni_fail(r->err, GN_E_UNSUPPORTED,
                  "column '%.100s': Arrow type '%.40s' has no counterpart", name_of(schema),
                  schema->format ? schema->format : "");
}

static int read_decimal(struct schema_reader *r, const struct ArrowSchema *schema, int precision,
                        int scale, const gni_type **out)
{
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
    return unsupported(r, schema);
  *out = gni_type_decimal(r->arena, precision, scale);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(0));
}

static int read_list(struct schema_reader *r, const struct ArrowSchema *schema,
                     const gni_type **out)
{
  const gni_type *element;
  int rc = read_schema(r, schema->children[0], &element);
  if (rc != GN_OK) return rc;
  *out = gni_type_list(r->arena, element);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(1));
}

static int read_map(struct schema_reader *r, const struct ArrowSchema *schema, const gni_type **out)
{
  const struct ArrowSchema *entries = schema->children[0];
  const gni_type *key, *value;
  int rc;
  if (entries->n_children != 2) return unsupported(r, schema);
  if ((rc = read_schema(r, entries->children[0], &key)) != GN_OK) return rc;
  if ((rc = read_schema(r, entries->children[1], &value)) != GN_OK) return rc;
  *out = gni_type_map(r->arena, key, value);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(2));
}

static int read_struct(struct schema_reader *r, const struct ArrowSchema *schema,
                       const gni_type **out)
{
  size_t count = (size_t)schema->n_children;
  if (count > GN_COLUMNS_MAX)
    return gni_fail(r->err, GN_E_LIMIT, "more than %d columns", GN_COLUMNS_MAX);
  gni_field *fields = GN_TAKE(r->arena, gni_field, count);
  if (!fields) return gni_fail_arena(r->err, r->arena, count * sizeof *fields);
  for (size_t i = 0; i < count; i++) {
    int rc = read_schema(r, schema->children[i], &fields[i].type);
    if (rc != GN_OK) return rc;
    gn_str name = gni_str(name_of(schema->children[i]));
    fields[i].name = gni_str_take(r->arena, name);
    if (!fields[i].name.ptr) return gni_fail_arena(r->err, r->arena, name.len + 1);
  }
  *out = gni_type_struct(r->arena, GN_STR(""), fields, count);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(count));
}

static int read_schema_inside(struct schema_reader *r, const struct ArrowSchema *schema,
                              const gni_type **out)
{
  struct ArrowSchemaView view;
  if (schema->dictionary) {
    int rc = gni_fail(r->err, GN_E_UNSUPPORTED, "column '%.100s' is dictionary-encoded",
                      name_of(schema));
    gni_error_hint(r->err, "decode the dictionary first");
    return rc;
  }
  if (ArrowSchemaViewInit(&view, schema, NULL) != NANOARROW_OK) return unsupported(r, schema);
  switch ((int)view.type) {
  case NANOARROW_TYPE_UINT64:
    return read_decimal(r, schema, 20, 0, out);
  case NANOARROW_TYPE_DECIMAL32:
  case NANOARROW_TYPE_DECIMAL64:
  case NANOARROW_TYPE_DECIMAL128:
    return read_decimal(r, schema, view.decimal_precision, view.decimal_scale, out);
  case NANOARROW_TYPE_LIST:
  case NANOARROW_TYPE_LARGE_LIST:
  case NANOARROW_TYPE_FIXED_SIZE_LIST:
    return read_list(r, schema, out);
  case NANOARROW_TYPE_MAP:
    return read_map(r, schema, out);
  case NANOARROW_TYPE_STRUCT:
    return read_struct(r, schema, out);
  default:
    *out = scalar_of(view.type);
    return *out ? GN_OK : unsupported(r, schema);
  }
}

static int read_schema(struct schema_reader *r, const struct ArrowSchema *schema,
                       const gni_type **out)
{
  *out = NULL;
  if (r->depth == GN_TYPE_DEPTH_MAX)
    return gni_fail(r->err, GN_E_LIMIT, "a column of more than %d levels", GN_TYPE_DEPTH_MAX);
  r->depth++;
  int rc = read_schema_inside(r, schema, out);
  r->depth--;
  if (rc != GN_OK && r->depth > 0) gni_error_where(r->err, "%.60s", name_of(schema));
  return rc;
}

int gni_type_from_arrow(const struct ArrowSchema *schema, gn_arena *arena, const gni_type **out,
                        gn_error *err)
{
  struct schema_reader r = {.arena = arena, .err = err};
  return read_schema(&r, schema, out);
}

/* ---- to Arrow -------------------------------------------------------------------------------- */

static enum ArrowType arrow_of(const gni_type *type)
{
  static const enum ArrowType types[] = {
      [GNI_BOOLEAN] = NANOARROW_TYPE_BOOL,  [GNI_BYTE] = NANOARROW_TYPE_INT8,
      [GNI_SHORT] = NANOARROW_TYPE_INT16,   [GNI_INT] = NANOARROW_TYPE_INT32,
      [GNI_LONG] = NANOARROW_TYPE_INT64,    [GNI_FLOAT] = NANOARROW_TYPE_FLOAT,
      [GNI_DOUBLE] = NANOARROW_TYPE_DOUBLE, [GNI_STRING] = NANOARROW_TYPE_STRING,
      [GNI_BINARY] = NANOARROW_TYPE_BINARY, [GNI_DATE] = NANOARROW_TYPE_DATE32,
      [GNI_MAP] = NANOARROW_TYPE_MAP,       [GNI_LIST] = NANOARROW_TYPE_LIST,
      [GNI_NULL] = NANOARROW_TYPE_NA,
  };
  return types[type->kind];
}

static int set_name(struct ArrowSchema *schema, gn_str name)
{
  char *terminated = gni_strdup(&gni_libc_alloc, name.ptr, name.len);
  if (!terminated) return ENOMEM;
  int native = ArrowSchemaSetName(schema, terminated);
  gni_free(&gni_libc_alloc, terminated, name.len + 1);
  return native;
}

static int set_type(struct ArrowSchema *schema, const gni_type *type);

static int set_struct(struct ArrowSchema *schema, const gni_type *type)
{
  int native = ArrowSchemaSetTypeStruct(schema, type->field_count);
  for (uint32_t i = 0; i < type->field_count && native == NANOARROW_OK; i++) {
    native = set_type(schema->children[i], type->fields[i].type);
    if (native == NANOARROW_OK) native = set_name(schema->children[i], type->fields[i].name);
  }
  return native;
}

static int set_type(struct ArrowSchema *schema, const gni_type *type)
{
  int native;
  switch (type->kind) {
  case GNI_STRUCT:
    return set_struct(schema, type);
  case GNI_DECIMAL:
    return ArrowSchemaSetTypeDecimal(schema, NANOARROW_TYPE_DECIMAL128, type->precision,
                                     type->scale);
  case GNI_TIMESTAMP:
    return ArrowSchemaSetTypeDateTime(schema, NANOARROW_TYPE_TIMESTAMP, NANOARROW_TIME_UNIT_MICRO,
                                      NULL);
  default:
    native = ArrowSchemaSetType(schema, arrow_of(type));
  }
  if (native != NANOARROW_OK) return native;
  if (type->kind == GNI_LIST) return set_type(schema->children[0], type->fields[0].type);
  if (type->kind != GNI_MAP) return NANOARROW_OK;
  struct ArrowSchema *entries = schema->children[0];
  native = set_type(entries->children[0], type->fields[0].type);
  if (native != NANOARROW_OK) return native;
  return set_type(entries->children[1], type->fields[1].type);
}

int gni_type_to_arrow(const gni_type *type, gn_str name, struct ArrowSchema *out, gn_error *err)
{
  ArrowSchemaInit(out);
  int native = set_type(out, type);
  if (native == NANOARROW_OK) native = set_name(out, name);
  if (native != NANOARROW_OK) gni_schema_close(out);
  return gnp_arrow_fail(err, native, "making a schema");
}
