/* The record of a table that we write: columns, types, properties. Its name begins with a dot, so
 * other readers of the folder pass it over. SPDX-License-Identifier: Apache-2.0
 *
 *   {"format": 1, "partition_column": "ds",
 *    "columns": [{"name": "user", "type": "bigint"}, …], "properties": {"name": "value", …}} */
#include "table/table_private.h"

#include "wire/wire.h"

enum { RECORD_FORMAT = 1, RECORD_DEPTH_MAX = 8 };

static int fail_corrupt(const char *what, gn_error *err)
{
  return gni_fail_as(err, "GT003", GN_E_CORRUPT, "the record '%s' has no %s", GNP_RECORD_NAME,
                     what);
}

static int read_columns(const gni_json *list, gn_arena *arena, const gni_type **out, gn_error *err)
{
  if (!list || list->kind != GNI_JSON_LIST) return fail_corrupt("columns", err);
  size_t count = list->list.count;
  gni_field *fields = GN_TAKE(arena, gni_field, count);
  if (!fields) return gnp_fail_arena(arena, err);
  for (size_t i = 0; i < count; i++) {
    const gni_json *name = gni_json_member(&list->list.items[i], "name");
    const gni_json *type = gni_json_member(&list->list.items[i], "type");
    if (!name || name->kind != GNI_JSON_TEXT || !type || type->kind != GNI_JSON_TEXT)
      return fail_corrupt("name and type of a column", err);
    fields[i].name = name->text;
    int rc = gni_type_parse(type->text, arena, &fields[i].type, err);
    if (rc != GN_OK) return rc;
  }
  *out = gni_type_struct(arena, GN_STR(""), fields, count);
  return *out ? GN_OK : gnp_fail_arena(arena, err);
}

static int read_properties(const gni_json *object, gn_arena *arena, gnp_record *out, gn_error *err)
{
  if (!object || object->kind != GNI_JSON_OBJECT) return GN_OK;
  size_t count = object->list.count;
  gni_property *properties = GN_TAKE(arena, gni_property, count);
  if (!properties) return gnp_fail_arena(arena, err);
  for (size_t i = 0; i < count; i++) {
    if (object->list.items[i].kind != GNI_JSON_TEXT) return fail_corrupt("text properties", err);
    properties[i] = (gni_property){object->list.keys[i].text, object->list.items[i].text};
  }
  out->properties = properties;
  out->property_count = count;
  return GN_OK;
}

static int read_record(gn_str text, gn_arena *arena, gnp_record *out, gn_error *err)
{
  const gni_json *root;
  gn_str kept = gni_str_take(arena, text);
  if (!kept.ptr) return gnp_fail_arena(arena, err);
  int rc = gni_json_parse(kept, RECORD_DEPTH_MAX, arena, &root, err);
  if (rc != GN_OK) return rc;
  const gni_json *format = gni_json_member(root, "format");
  const gni_json *partition = gni_json_member(root, "partition_column");
  if (!format || format->kind != GNI_JSON_INTEGER) return fail_corrupt("format", err);
  if (format->integer != RECORD_FORMAT)
    return gni_fail_as(err, "GT015", GN_E_UNSUPPORTED,
                       "the table is of format %lld, this version knows %d",
                       (long long)format->integer, RECORD_FORMAT);
  if (!partition || partition->kind != GNI_JSON_TEXT) return fail_corrupt("partition column", err);
  out->partition_column = partition->text;
  rc = read_columns(gni_json_member(root, "columns"), arena, &out->columns, err);
  return rc == GN_OK ? read_properties(gni_json_member(root, "properties"), arena, out, err) : rc;
}

static int path_of(const gn_alloc *alloc, const char *folder, gn_buf *path, gn_error *err)
{
  gni_buf_init(path, alloc, 1 << 16);
  gni_buf_add_format(path, "%s/%s", folder, GNP_RECORD_NAME);
  return path->rc == GN_OK ? GN_OK : gni_fail_nomem(err, strlen(folder));
}

int gnp_record_read(const gn_alloc *alloc, const char *folder, gn_arena *arena, gnp_record *out,
                    gn_error *err)
{
  gn_buf path, text;
  *out = (gnp_record){0};
  int rc = path_of(alloc, folder, &path, err);
  if (rc == GN_OK && !gni_file_exists(path.ptr)) rc = GN_ABSENT;
  gni_buf_init(&text, alloc, GNP_RECORD_BYTES_MAX);
  if (rc == GN_OK) rc = gni_file_read(path.ptr, &text, err);
  if (rc == GN_OK) rc = read_record(gni_buf_view(&text), arena, out, err);
  if (rc < 0) gni_error_where(err, "%s", folder);
  gni_buf_deinit(&text);
  gni_buf_deinit(&path);
  return rc;
}

static void add_column(gn_buf *text, gn_buf *type, const gni_field *field)
{
  gni_buf_reset(type);
  if (gni_type_format(field->type, type) != GN_OK) text->rc = type->rc; /* the next column resets */
  gni_buf_add_text(text, "\n    {\"name\": ");
  gni_json_add_text(text, field->name, false);
  gni_buf_add_text(text, ", \"type\": ");
  gni_json_add_text(text, gni_buf_view(type), false);
  gni_buf_add_char(text, '}');
}

static void add_record(gn_buf *text, gn_buf *type, const gnp_record *record)
{
  gni_buf_add_format(text, "{\n  \"format\": %d,\n  \"partition_column\": ", RECORD_FORMAT);
  gni_json_add_text(text, record->partition_column, false);
  gni_buf_add_text(text, ",\n  \"columns\": [");
  for (uint32_t i = 0; i < record->columns->field_count; i++) {
    if (i) gni_buf_add_char(text, ',');
    add_column(text, type, &record->columns->fields[i]);
  }
  gni_buf_add_text(text, "\n  ],\n  \"properties\": {");
  for (size_t i = 0; i < record->property_count; i++) {
    gni_buf_add_text(text, i ? ",\n    " : "\n    ");
    gni_json_add_text(text, record->properties[i].name, false);
    gni_buf_add_text(text, ": ");
    gni_json_add_text(text, record->properties[i].value, false);
  }
  gni_buf_add_text(text, "\n  }\n}\n");
}

int gnp_record_write(const gn_alloc *alloc, const char *folder, const gnp_record *record,
                     gn_error *err)
{
  gn_buf path, text, type;
  int rc = path_of(alloc, folder, &path, err);
  gni_buf_init(&text, alloc, GNP_RECORD_BYTES_MAX);
  gni_buf_init(&type, alloc, GNP_RECORD_BYTES_MAX);
  add_record(&text, &type, record);
  if (rc == GN_OK && (text.rc != GN_OK || type.rc != GN_OK)) rc = gni_fail_nomem(err, text.len);
  if (rc == GN_OK) rc = gni_file_publish(path.ptr, gni_buf_view(&text), err);
  gni_buf_deinit(&type);
  gni_buf_deinit(&text);
  gni_buf_deinit(&path);
  return rc;
}
