/* Tables in the engine's own memory, for tests: the simplest that keeps the laws. A table is a
 * table of the engine in a schema of its own; a write is a transaction. SPDX-License-Identifier:
 * Apache-2.0 */
#include "table/table_private.h"

#define SCHEMA "\"__gn_memory\""

struct memory_table {
  gn_str name; /* "ns.t" */
  const gni_type *columns;
  const gni_property *properties;
  size_t property_count;
  struct memory_table *next;
};

struct memory {
  gni_warehouse *warehouse;
  const gni_warehouse_config *config;
  gn_arena arena;
  struct memory_table *tables;
};

static struct memory_table *named(const struct memory *memory, gn_str name)
{
  struct memory_table *found = memory->tables;
  while (found && !gni_str_equal(found->name, name)) found = found->next;
  return found;
}

static int run(const struct memory *memory, gn_buf *sql, gn_error *err)
{
  gni_engine *engine = gnp_need_engine(memory->warehouse, err);
  int rc = !engine            ? GN_E_ARG
           : sql->rc != GN_OK ? gni_fail_nomem(err, sql->len)
                              : gni_engine_exec(engine, gni_buf_view(sql), err);
  gni_buf_deinit(sql);
  return rc;
}

static void add_table(gn_buf *sql, gn_str name)
{
  gni_buf_add_text(sql, SCHEMA ".");
  gni_sql_add_name(sql, name);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int memory_open(gni_warehouse *warehouse, const gni_warehouse_config *config, void **state,
                       gn_error *err)
{
  struct memory *memory = gni_alloc_zero(config->alloc, sizeof *memory);
  if (!memory) return gni_fail_nomem(err, sizeof *memory);
  *memory = (struct memory){.warehouse = warehouse, .config = config};
  gni_arena_init(&memory->arena, config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  *state = memory;
  return GN_OK;
}

static void memory_close(void *state)
{
  struct memory *memory = state;
  const gn_alloc *alloc = memory->config->alloc;
  gni_arena_deinit(&memory->arena);
  gni_free(alloc, memory, sizeof *memory);
}

static int memory_drop(void *state, const gni_table *table, gn_error *err)
{
  struct memory *memory = state;
  gn_buf sql;
  struct memory_table **place = &memory->tables;
  while (*place && !gni_str_equal((*place)->name, table->name)) place = &(*place)->next;
  if (*place) *place = (*place)->next;
  gnp_sql_init(&sql, memory->warehouse);
  gni_buf_add_text(&sql, "DROP TABLE ");
  add_table(&sql, table->name);
  return run(memory, &sql, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int memory_find(void *state, gn_str ns, gn_str base, gn_arena *arena, gni_table *out,
                       gn_error *err)
{
  const struct memory *memory = state;
  const struct memory_table *table = named(memory, out->name);
  (void)ns;
  (void)base;
  (void)arena;
  (void)err;
  if (!table) return GN_ABSENT;
  out->detail = table;
  out->location = GN_STR("memory");
  out->partitioned = true;
  out->format = GNI_TABLE_MEMORY;
  out->partition_column = gni_str(memory->config->partition_column);
  out->partition_format = gni_str(memory->config->partition_format);
  out->properties = table->properties;
  out->property_count = table->property_count;
  return GN_OK;
}

static int memory_list(void *state, int (*each)(void *user, gn_str name), void *user, gn_error *err)
{
  const struct memory *memory = state;
  int rc = GN_OK;
  (void)err;
  for (struct memory_table *i = memory->tables; rc == GN_OK && i; i = i->next)
    rc = each(user, i->name);
  return rc;
}

static int memory_type(void *state, const gni_table *table, gn_arena *arena, const gni_type **out,
                       gn_error *err)
{
  const struct memory_table *entry = table->detail;
  (void)state;
  *out = gnp_type_with_text(entry->columns, table->partition_column, arena);
  return *out ? GN_OK : gnp_fail_arena(arena, err);
}

static gnp_partition_column partition_of(const gni_table *table)
{
  return (gnp_partition_column){table->partition_column, GNI_STRING, table->partition_format,
                                table->partition_format};
}

/* " FROM <table> WHERE <days and filters>" */
static int add_from(const gni_table *table, const gni_scan *scan, gn_buf *sql, gn_error *err)
{
  gnp_partition_column partition = partition_of(table);
  const struct memory_table *entry = table->detail;
  gni_buf_add_text(sql, " FROM ");
  add_table(sql, table->name);
  gni_buf_add_text(sql, " WHERE ");
  gnp_add_partition_range(sql, &partition, scan->first_day, scan->last_day);
  for (size_t i = 0; i < scan->filter_count; i++) {
    gn_str column = scan->filters[i].column;
    if (gni_type_find(entry->columns, column) < 0 &&
        !gni_str_equal(column, table->partition_column))
      return gni_fail(err, GN_E_NOTFOUND, "there is no column '%.*s' to choose partitions by",
                      GN_STR_ARGS(column));
    gni_buf_add_text(sql, " AND CAST(");
    gni_sql_add_name(sql, column);
    gni_buf_add_text(sql, " AS VARCHAR) = ");
    gni_sql_add_text(sql, scan->filters[i].value);
  }
  return sql->rc == GN_OK ? GN_OK : gni_fail_nomem(err, sql->len);
}

static int memory_partitions(void *state, const gni_table *table,
                             const gni_partition_filter *filters, size_t filter_count,
                             gn_arena *arena, gni_days *out, gn_error *err)
{
  const struct memory *memory = state;
  gni_scan scan = GNI_SCAN_ALL;
  gnp_partition_column partition = partition_of(table);
  gn_buf sql;
  scan.filters = filters;
  scan.filter_count = filter_count;
  gnp_sql_init(&sql, memory->warehouse);
  gni_buf_add_text(&sql, "SELECT DISTINCT ");
  gnp_add_partition_day(&sql, &partition);
  int rc = add_from(table, &scan, &sql, err);
  if (rc == GN_OK)
    rc = gnp_query_days(gni_warehouse_engine(memory->warehouse), gni_buf_view(&sql), arena, out,
                        err);
  gni_buf_deinit(&sql);
  return rc;
}

static int memory_estimate(void *state, const gni_table *table, const gni_scan *scan,
                           gni_estimate *out, gn_error *err)
{
  const struct memory *memory = state;
  gn_buf sql;
  gnp_sql_init(&sql, memory->warehouse);
  gni_buf_add_text(&sql, "SELECT count(*)");
  int rc = add_from(table, scan, &sql, err);
  if (rc == GN_OK)
    rc = gni_engine_query_int64(gni_warehouse_engine(memory->warehouse), gni_buf_view(&sql),
                                &out->rows, err);
  gni_buf_deinit(&sql);
  return rc;
}

static int memory_scan(void *state, const gni_table *table, const gni_scan *scan, gn_buf *sql,
                       gn_error *err)
{
  (void)state;
  gnp_partition_column partition = partition_of(table);
  gni_buf_add_text(sql, "(SELECT *, ");
  gnp_add_partition_ds(sql, &partition);
  gni_buf_add_text(sql, " AS \"" GNI_SCAN_DS "\", ");
  gnp_add_partition_day(sql, &partition);
  gni_buf_add_text(sql, " AS \"" GNI_SCAN_DAY "\", rowid AS \"" GNI_SCAN_ORDER "\"");
  int rc = add_from(table, scan, sql, err);
  gni_buf_add_char(sql, ')');
  return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct memory_writer {
  struct memory *memory;
  struct memory_table *table;
};

static int create(struct memory *memory, const struct memory_table *table, gn_error *err)
{
  gn_buf sql;
  gnp_sql_init(&sql, memory->warehouse);
  gni_buf_add_text(&sql, "CREATE SCHEMA IF NOT EXISTS " SCHEMA "; CREATE OR REPLACE TABLE ");
  add_table(&sql, table->name);
  gni_buf_add_text(&sql, " (");
  for (uint32_t i = 0; i < table->columns->field_count; i++) {
    gni_sql_add_name(&sql, table->columns->fields[i].name);
    gni_buf_add_char(&sql, ' ');
    gni_sql_add_type(&sql, table->columns->fields[i].type);
    gni_buf_add_text(&sql, ", ");
  }
  gni_sql_add_name(&sql, gni_str(memory->config->partition_column));
  gni_buf_add_text(&sql, " VARCHAR)");
  return run(memory, &sql, err);
}

static int add_columns(struct memory *memory, const struct memory_table *table,
                       const gni_type *columns, gn_error *err)
{
  int rc = GN_OK;
  for (uint32_t i = 0; rc == GN_OK && i < columns->field_count; i++) {
    gn_buf sql;
    if (gni_type_find(table->columns, columns->fields[i].name) >= 0) continue;
    gnp_sql_init(&sql, memory->warehouse);
    gni_buf_add_text(&sql, "ALTER TABLE ");
    add_table(&sql, table->name);
    gni_buf_add_text(&sql, " ADD COLUMN ");
    gni_sql_add_name(&sql, columns->fields[i].name);
    gni_buf_add_char(&sql, ' ');
    gni_sql_add_type(&sql, columns->fields[i].type);
    rc = run(memory, &sql, err);
  }
  return rc;
}

/* What a record keeps must outlive the writer; a type goes through its text. */
static int keep(struct memory *memory, struct memory_table *table, const gni_type *columns,
                const gni_property *properties, size_t property_count, gn_error *err)
{
  gn_buf text;
  gni_property *kept = GN_TAKE(&memory->arena, gni_property, property_count);
  if (!kept) return gnp_fail_arena(&memory->arena, err);
  for (size_t i = 0; i < property_count; i++) {
    kept[i].name = gni_str_take(&memory->arena, properties[i].name);
    kept[i].value = gni_str_take(&memory->arena, properties[i].value);
    if (!kept[i].name.ptr || !kept[i].value.ptr) return gnp_fail_arena(&memory->arena, err);
  }
  gni_buf_init(&text, memory->config->alloc, GNP_RECORD_BYTES_MAX);
  int rc = gni_type_format(columns, &text);
  gn_str spelt = gni_str_take(&memory->arena, gni_buf_view(&text));
  if (rc != GN_OK || !spelt.ptr)
    rc = gni_fail_nomem(err, text.len);
  else
    rc = gni_type_parse(spelt, &memory->arena, &table->columns, err);
  gni_buf_deinit(&text);
  table->properties = kept;
  table->property_count = property_count;
  return rc;
}

static int memory_write_begin(void *state, const gni_table *table, const gni_type *columns,
                              const gni_property *properties, size_t property_count, void **out,
                              gn_error *err)
{
  struct memory *memory = state;
  struct memory_table *entry = named(memory, table->name);
  bool fresh = !entry;
  int rc = GN_OK;
  struct memory_writer *writer = gni_alloc(memory->config->alloc, sizeof *writer);
  if (!writer) return gni_fail_nomem(err, sizeof *writer);
  if (fresh) {
    entry = GN_TAKE_ZERO(&memory->arena, struct memory_table, 1);
    gn_str name = gni_str_take(&memory->arena, table->name);
    if (entry) entry->name = name;
    if (!entry || !name.ptr) rc = gnp_fail_arena(&memory->arena, err);
  } else {
    rc = add_columns(memory, entry, columns, err);
  }
  if (rc == GN_OK) rc = keep(memory, entry, columns, properties, property_count, err);
  if (rc == GN_OK && fresh) rc = create(memory, entry, err);
  if (rc != GN_OK) {
    gni_free(memory->config->alloc, writer, sizeof *writer);
    return rc;
  }
  if (fresh) {
    entry->next = memory->tables;
    memory->tables = entry;
  }
  *writer = (struct memory_writer){memory, entry};
  *out = writer;
  return GN_OK;
}

static void memory_write_end(void *state)
{
  struct memory_writer *writer = state;
  gni_free(writer->memory->config->alloc, writer, sizeof *writer);
}

static int exec(const struct memory *memory, const char *sql, gn_error *err)
{
  return gni_engine_exec(gni_warehouse_engine(memory->warehouse), gni_str(sql), err);
}

static int stage(const struct memory_writer *writer, gn_str rows, gn_error *err)
{
  gn_buf sql;
  gnp_sql_init(&sql, writer->memory->warehouse);
  gni_buf_add_text(&sql, "CREATE OR REPLACE TABLE " SCHEMA ".\"__gn_staged\" AS ");
  gni_buf_add_str(&sql, rows);
  return run(writer->memory, &sql, err);
}

static int look_at_days(const struct memory_writer *writer, gn_arena *arena, gni_table_written *out,
                        gn_error *err)
{
  const gni_warehouse_config *config = writer->memory->config;
  gnp_partition_column partition = {gni_str(config->partition_column), GNI_STRING,
                                    gni_str(config->partition_format),
                                    gni_str(config->partition_format)};
  gni_engine *engine = gni_warehouse_engine(writer->memory->warehouse);
  gn_buf sql;
  int64_t wrong = 0;
  gnp_sql_init(&sql, writer->memory->warehouse);
  gni_buf_add_text(&sql, "SELECT count(*) FROM " SCHEMA ".\"__gn_staged\" WHERE ");
  gnp_add_partition_day(&sql, &partition);
  int rc = gni_buf_add_text(&sql, " IS NULL");
  if (rc != GN_OK) rc = gni_fail_nomem(err, sql.len);
  if (rc == GN_OK) rc = gni_engine_query_int64(engine, gni_buf_view(&sql), &wrong, err);
  if (rc == GN_OK && wrong)
    rc = gni_fail_as(err, "GT016", GN_E_TYPE, "%lld rows have a '%s' that is no day",
                     (long long)wrong, config->partition_column);
  gni_buf_reset(&sql);
  gni_buf_add_text(&sql, "SELECT DISTINCT ");
  gnp_add_partition_day(&sql, &partition);
  gni_buf_add_text(&sql, " FROM " SCHEMA ".\"__gn_staged\"");
  if (rc == GN_OK && sql.rc != GN_OK) rc = gni_fail_nomem(err, sql.len);
  if (rc == GN_OK) rc = gnp_query_days(engine, gni_buf_view(&sql), arena, &out->days, err);
  if (rc == GN_OK)
    rc = gni_engine_query_int64(engine, GN_STR("SELECT count(*) FROM " SCHEMA ".\"__gn_staged\""),
                                &out->rows, err);
  gni_buf_deinit(&sql);
  return rc;
}

static int replace(const struct memory_writer *writer, gn_error *err)
{
  gn_str column = gni_str(writer->memory->config->partition_column);
  gn_buf sql;
  gnp_sql_init(&sql, writer->memory->warehouse);
  gni_buf_add_text(&sql, "DELETE FROM ");
  add_table(&sql, writer->table->name);
  gni_buf_add_text(&sql, " WHERE ");
  gni_sql_add_name(&sql, column);
  gni_buf_add_text(&sql, " IN (SELECT ");
  gni_sql_add_name(&sql, column);
  gni_buf_add_text(&sql, " FROM " SCHEMA ".\"__gn_staged\"); INSERT INTO ");
  add_table(&sql, writer->table->name);
  gni_buf_add_text(&sql, " BY NAME SELECT * FROM " SCHEMA ".\"__gn_staged\"");
  return run(writer->memory, &sql, err);
}

static int memory_write(void *state, gn_str sql, gn_arena *arena, gni_table_written *out,
                        gn_error *err)
{
  const struct memory_writer *writer = state;
  int rc = stage(writer, sql, err);
  if (rc == GN_OK) rc = look_at_days(writer, arena, out, err);
  if (rc == GN_OK && (rc = GN_FAULT("table.before_publish")) != GN_OK)
    gni_fail(err, rc, "fault before publishing '%.*s'", GN_STR_ARGS(writer->table->name));
  if (rc == GN_OK) rc = exec(writer->memory, "BEGIN TRANSACTION", err);
  if (rc == GN_OK) {
    rc = replace(writer, err);
    int ended = exec(writer->memory, rc == GN_OK ? "COMMIT" : "ROLLBACK", rc == GN_OK ? err : NULL);
    if (rc == GN_OK) rc = ended;
  }
  if (rc == GN_OK && (rc = GN_FAULT("table.after_publish")) != GN_OK)
    gni_fail(err, rc, "fault after publishing '%.*s'", GN_STR_ARGS(writer->table->name));
  if (rc != GN_OK) out->days.count = 0;
  return rc;
}

const gni_table_driver gni_table_memory = {
    .version = GN_TABLE_DRIVER_VERSION,
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .find = memory_find,
    .list = memory_list,
    .type = memory_type,
    .partitions = memory_partitions,
    .estimate = memory_estimate,
    .scan = memory_scan,
    .write_begin = memory_write_begin,
    .write = memory_write,
    .write_end = memory_write_end,
    .drop = memory_drop,
};
