/* Writing partitions: what the columns must be, and the driver's writer behind it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/table_private.h"

#include "table/warehouse_private.h"

struct gni_table_writer {
  gni_warehouse *warehouse;
  const gni_table_driver *driver;
  void *writer; /* the driver's */
  gn_arena arena;
  gni_table table;
  const gni_type *columns; /* of the table afterwards, without the partition column */
  gn_str partition_column;
  const gni_type *given;          /* the columns of the rows */
  const gni_value *const **cells; /* of some rows, by the table's columns; a part after another */
  int *positions;                 /* of the table's columns in the rows, -1 where they have none */
};

/* ---- columns --------------------------------------------------------------------------------- */

/* The table's columns without its partition column; NULL when memory ran out. */
static const gni_type *without_partition(const gni_type *type, gn_str partition, gn_arena *arena)
{
  gni_field *fields = GN_TAKE(arena, gni_field, type->field_count);
  size_t count = 0;
  if (!fields) return NULL;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!gni_str_equal(type->fields[i].name, partition)) fields[count++] = type->fields[i];
  return gni_type_struct(arena, GN_STR(""), fields, count);
}

static int fail_type(const gni_table_writer *writer, const gni_field *has, const gni_field *gets,
                     gn_error *err)
{
  gn_buf old, new;
  gni_buf_init(&old, writer->arena.alloc, 4096);
  gni_buf_init(&new, writer->arena.alloc, 4096);
  gni_type_format(has->type, &old);
  gni_type_format(gets->type, &new);
  gni_fail_as(err, "GT013", GN_E_TYPE, "column '%.*s' of table '%.*s' is %.*s, the rows have %.*s",
              GN_STR_ARGS(has->name), GN_STR_ARGS(writer->table.name),
              GN_STR_ARGS(gni_buf_view(&old)), GN_STR_ARGS(gni_buf_view(&new)));
  gni_error_hint(err, "write to another table, or drop this one and fill it again");
  gni_buf_deinit(&new);
  gni_buf_deinit(&old);
  return GN_E_TYPE;
}

static int fail_column(const gni_table_writer *writer, gn_str column, const char *which,
                       gn_error *err)
{
  gni_fail_as(err, "GT013", GN_E_TYPE, "column '%.*s' is not in %s '%.*s'", GN_STR_ARGS(column),
              which, GN_STR_ARGS(writer->table.name));
  gni_error_hint(err, "write to another table, or drop this one and fill it again");
  return GN_E_TYPE;
}

/* What the table has stays in its place; what it lacks is added at the end. */
static int merge_columns(gni_table_writer *writer, const gni_type *has, const gni_table_spec *spec,
                         gn_error *err)
{
  const gni_type *gets = spec->columns;
  gni_field *fields = GN_TAKE(&writer->arena, gni_field, has->field_count + gets->field_count);
  size_t count = 0;
  if (!fields) return gnp_fail_arena(&writer->arena, err);
  for (uint32_t i = 0; i < has->field_count; i++) {
    int at = gni_type_find(gets, has->fields[i].name);
    if (at < 0 && !spec->auto_expand)
      return fail_column(writer, has->fields[i].name, "the rows for table", err);
    if (at >= 0 && !gni_type_equal(has->fields[i].type, gets->fields[at].type))
      return fail_type(writer, &has->fields[i], &gets->fields[at], err);
    fields[count++] = has->fields[i];
  }
  for (uint32_t i = 0; i < gets->field_count; i++) {
    if (gni_type_find(has, gets->fields[i].name) >= 0) continue;
    if (!spec->auto_expand) return fail_column(writer, gets->fields[i].name, "table", err);
    fields[count++] = gets->fields[i];
  }
  writer->columns = gni_type_struct(&writer->arena, GN_STR(""), fields, count);
  return writer->columns ? GN_OK : gnp_fail_arena(&writer->arena, err);
}

/* The old properties, then ours, which replace those of the same name. */
static int merge_properties(gni_table_writer *writer, const gni_table_spec *spec,
                            const gni_property **out, size_t *out_count, gn_error *err)
{
  size_t room = writer->table.property_count + spec->property_count, count = 0;
  gni_property *all = GN_TAKE(&writer->arena, gni_property, room);
  if (!all) return gnp_fail_arena(&writer->arena, err);
  for (size_t i = 0; i < writer->table.property_count; i++) {
    bool replaced = false;
    for (size_t k = 0; k < spec->property_count && !replaced; k++)
      replaced = gni_str_equal(spec->properties[k].name, writer->table.properties[i].name);
    if (!replaced) all[count++] = writer->table.properties[i];
  }
  for (size_t k = 0; k < spec->property_count; k++) all[count++] = spec->properties[k];
  *out = all;
  *out_count = count;
  return GN_OK;
}

static int take_columns(gni_table_writer *writer, bool exists, const gni_table_spec *spec,
                        gn_error *err)
{
  const gni_type *type = NULL;
  writer->given = writer->columns = spec->columns;
  if (gni_type_find(spec->columns, writer->partition_column) >= 0)
    return gni_fail(err, GN_E_ARG, "the partition column '%.*s' is among the columns",
                    GN_STR_ARGS(writer->partition_column));
  if (!exists) return GN_OK;
  int rc = gni_table_type(writer->warehouse, &writer->table, &writer->arena, &type, err);
  if (rc != GN_OK) return rc;
  const gni_type *has = without_partition(type, writer->partition_column, &writer->arena);
  return has ? merge_columns(writer, has, spec, err) : gnp_fail_arena(&writer->arena, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int begin(gni_table_writer *writer, const gni_table_spec *spec, gn_error *err)
{
  const gni_property *properties = NULL;
  size_t property_count = 0;
  void *state;
  writer->driver = gnp_warehouse_driver(writer->warehouse, &state);
  if (!gnp_need_engine(writer->warehouse, err)) return GN_E_ARG;
  int rc = gni_table_find(writer->warehouse, spec->name, &writer->arena, &writer->table, err);
  if (rc < 0) return rc;
  bool exists = rc == GN_OK;
  writer->partition_column =
      exists && writer->table.partitioned
          ? writer->table.partition_column
          : gni_str(gnp_warehouse_config(writer->warehouse)->partition_column);
  rc = take_columns(writer, exists, spec, err);
  if (rc == GN_OK) rc = merge_properties(writer, spec, &properties, &property_count, err);
  if (rc == GN_OK)
    rc = writer->driver->write_begin(state, &writer->table, writer->columns, properties,
                                     property_count, &writer->writer, err);
  gnp_warehouse_forget(writer->warehouse, writer->table.name);
  return rc;
}

int gni_table_writer_open(gni_warehouse *warehouse, const gni_table_spec *spec,
                          gni_table_writer **out, gn_error *err)
{
  const gn_alloc *alloc = gnp_warehouse_config(warehouse)->alloc;
  *out = NULL;
  gni_table_writer *writer = gni_alloc_zero(alloc, sizeof *writer);
  if (!writer) return gni_fail_nomem(err, sizeof *writer);
  writer->warehouse = warehouse;
  gni_arena_init(&writer->arena, alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = begin(writer, spec, err);
  if (rc != GN_OK) {
    gni_error_where(err, "table '%.*s'", GN_STR_ARGS(spec->name));
    gni_table_writer_close(writer);
    return rc;
  }
  *out = writer;
  return GN_OK;
}

void gni_table_writer_close(gni_table_writer *writer)
{
  if (!writer) return;
  if (writer->writer) writer->driver->write_end(writer->writer);
  const gn_alloc *alloc = writer->arena.alloc;
  gni_arena_deinit(&writer->arena);
  gni_free(alloc, writer, sizeof *writer);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The rows in the table's own columns: what they lack is null. The partition column is last. */
static int build_select(const gni_table_writer *writer, gn_str from, gn_buf *sql)
{
  gni_buf_add_text(sql, "SELECT ");
  for (uint32_t i = 0; i < writer->columns->field_count; i++) {
    const gni_field *field = &writer->columns->fields[i];
    gni_buf_add_text(sql, "CAST(");
    if (gni_type_find(writer->given, field->name) >= 0)
      gni_sql_add_name(sql, field->name);
    else
      gni_buf_add_text(sql, "NULL");
    gni_buf_add_text(sql, " AS ");
    gni_sql_add_type(sql, field->type);
    gni_buf_add_text(sql, ") AS ");
    gni_sql_add_name(sql, field->name);
    gni_buf_add_text(sql, ", ");
  }
  gni_buf_add_text(sql, "CAST(");
  gni_sql_add_name(sql, writer->partition_column);
  gni_buf_add_text(sql, " AS VARCHAR) AS ");
  gni_sql_add_name(sql, writer->partition_column);
  gni_buf_add_text(sql, " FROM ");
  return gni_sql_add_name(sql, from);
}

int gni_table_write(gni_table_writer *writer, struct ArrowArrayStream *rows, gn_arena *arena,
                    gni_table_written *out, gn_error *err)
{
  gni_engine *engine = gni_warehouse_engine(writer->warehouse);
  gn_str name = gni_str_format(&writer->arena, "__gn_rows %.*s", GN_STR_ARGS(writer->table.name));
  gn_buf sql;
  *out = (gni_table_written){0};
  gnp_sql_init(&sql, writer->warehouse);
  int rc = name.ptr ? build_select(writer, name, &sql) : GN_E_NOMEM;
  if (rc != GN_OK) gni_fail_nomem(err, sql.len);
  if (rc == GN_OK) rc = gni_engine_attach(engine, name, rows, err);
  gni_stream_close(rows);
  if (rc == GN_OK) {
    rc = writer->driver->write(writer->writer, gni_buf_view(&sql), arena, out, err);
    int detached = gni_engine_detach(engine, name, rc == GN_OK ? err : NULL);
    if (rc == GN_OK) rc = detached;
  }
  gnp_warehouse_forget(writer->warehouse, writer->table.name);
  gni_buf_deinit(&sql);
  if (rc != GN_OK) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(writer->table.name));
  return rc;
}

/* Through a stream, which has one reader: so the rows of each partition keep their order. */
int gni_table_write_sql(gni_table_writer *writer, gn_str sql, gn_arena *arena,
                        gni_table_written *out, gn_error *err)
{
  struct ArrowArrayStream rows;
  *out = (gni_table_written){0};
  int rc = gni_engine_query(gni_warehouse_engine(writer->warehouse), sql, &rows, err);
  return rc == GN_OK ? gni_table_write(writer, &rows, arena, out, err) : rc;
}

/* ---- rows as they come -------------------------------------------------------------------------
 */

int gni_table_rows_begin(gni_table_writer *writer, size_t day_count, size_t memory_bytes,
                         size_t parts, gn_error *err)
{
  uint32_t count = writer->columns->field_count;
  if (!writer->driver->rows_begin)
    return gni_fail(err, GN_E_UNSUPPORTED, "tables of '%s' are written by SQL only",
                    writer->driver->name);
  writer->cells = GN_TAKE_ZERO(&writer->arena, const gni_value *const *, parts *count);
  writer->positions = GN_TAKE(&writer->arena, int, count);
  if (!writer->cells || !writer->positions) return gnp_fail_arena(&writer->arena, err);
  for (uint32_t i = 0; i < count; i++)
    writer->positions[i] = gni_type_find(writer->given, writer->columns->fields[i].name);
  return writer->driver->rows_begin(writer->writer, day_count, memory_bytes, parts, err);
}

int gni_table_rows_add(gni_table_writer *writer, size_t part, int32_t day,
                       const gni_value *const *cells, size_t count, gn_error *err)
{
  const gni_value *const **columns = writer->cells + part * writer->columns->field_count;
  for (uint32_t i = 0; i < writer->columns->field_count; i++)
    columns[i] = writer->positions[i] < 0 ? NULL : cells + (size_t)writer->positions[i] * count;
  return writer->driver->rows_add(writer->writer, part, day, columns, count, err);
}

int gni_table_rows_end(gni_table_writer *writer, gn_arena *arena, gni_table_written *out,
                       gn_error *err)
{
  *out = (gni_table_written){0};
  int rc = writer->driver->rows_end(writer->writer, arena, out, err);
  gnp_warehouse_forget(writer->warehouse, writer->table.name);
  if (rc != GN_OK) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(writer->table.name));
  return rc;
}
