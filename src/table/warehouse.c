/* The warehouse over its driver: finding tables, what is remembered of them, views for SQL.
 * SPDX-License-Identifier: Apache-2.0 */
#include "table/table_private.h"
#include "table/warehouse_private.h"

#include <stdio.h>
#include <stdlib.h>

/* Asking for a type may open every file of a table; it is asked for once. */
struct kept_type {
  gn_str name;
  const gni_type *type;
  struct kept_type *next;
};

struct gni_warehouse {
  const gni_table_driver *driver;
  void *state;
  gni_warehouse_config config;
  gn_arena kept; /* of the types */
  struct kept_type *types;
};

/* ---- life ------------------------------------------------------------------------------------ */

int gni_warehouse_open_driver(const gni_table_driver *driver, const gni_warehouse_config *config,
                              gni_warehouse **out, gn_error *err)
{
  const gn_alloc *alloc = config->alloc ? config->alloc : &gni_libc_alloc;
  *out = NULL;
  if (driver->version != GN_TABLE_DRIVER_VERSION)
    return gni_fail(err, GN_E_UNSUPPORTED, "table driver '%s' has interface %u, not %u",
                    driver->name, (unsigned)driver->version, (unsigned)GN_TABLE_DRIVER_VERSION);
  gni_warehouse *warehouse = gni_alloc_zero(alloc, sizeof *warehouse);
  if (!warehouse) return gni_fail_nomem(err, sizeof *warehouse);
  warehouse->driver = driver;
  warehouse->config = *config;
  warehouse->config.alloc = alloc;
  if (!config->partition_column) warehouse->config.partition_column = "ds";
  if (!config->partition_format) warehouse->config.partition_format = "yyyy-MM-dd";
  gni_arena_init(&warehouse->kept, alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = driver->open(warehouse, &warehouse->config, &warehouse->state, err);
  if (rc != GN_OK) {
    warehouse->state = NULL;
    gni_warehouse_close(warehouse);
    return rc;
  }
  *out = warehouse;
  return GN_OK;
}

int gni_warehouse_open(const gni_warehouse_config *config, gni_warehouse **out, gn_error *err)
{
  return gni_warehouse_open_driver(&gni_table_parquet, config, out, err);
}

void gni_warehouse_close(gni_warehouse *warehouse)
{
  if (!warehouse) return;
  if (warehouse->state) warehouse->driver->close(warehouse->state);
  gni_arena_deinit(&warehouse->kept);
  gni_free(warehouse->config.alloc, warehouse, sizeof *warehouse);
}

void gni_warehouse_set_engine(gni_warehouse *warehouse, gni_engine *engine)
{
  warehouse->config.engine = engine;
}

gni_engine *gni_warehouse_engine(const gni_warehouse *warehouse)
{
  return warehouse->config.engine;
}

gni_engine *gnp_need_engine(const gni_warehouse *warehouse, gn_error *err)
{
  if (!warehouse->config.engine)
    gni_fail(err, GN_E_ARG, "the warehouse has no engine to look into files with");
  return warehouse->config.engine;
}

const gni_warehouse_config *gnp_warehouse_config(const gni_warehouse *warehouse)
{
  return &warehouse->config;
}

const gni_table_driver *gnp_warehouse_driver(const gni_warehouse *warehouse, void **state)
{
  *state = warehouse->state;
  return warehouse->driver;
}

int gnp_fail_arena(const gn_arena *arena, gn_error *err)
{
  if (arena->used_bytes < arena->ceiling_bytes / 2) return gni_fail_nomem(err, 1);
  return gni_fail(err, GN_E_LIMIT, "a listing takes more than %zu bytes", arena->ceiling_bytes);
}

void gnp_sql_init(gn_buf *sql, const gni_warehouse *warehouse)
{
  gni_buf_init(sql, warehouse->config.alloc, GN_SQL_BYTES_MAX);
}

const char *gnp_path(gn_arena *arena, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length >= 0 ? gni_arena_take(arena, (size_t)length + 1) : NULL;
  if (text) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

const gni_type *gnp_type_with_text(const gni_type *columns, gn_str name, gn_arena *arena)
{
  size_t count = columns->field_count;
  gni_field *fields = GN_TAKE(arena, gni_field, count + 1);
  if (!fields) return NULL;
  memcpy(fields, columns->fields, count * sizeof *fields);
  fields[count] = (gni_field){name, &gni_type_string};
  return gni_type_struct(arena, GN_STR(""), fields, count + 1);
}

/* ---- finding --------------------------------------------------------------------------------- */

int gni_table_find(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gni_table *out,
                   gn_error *err)
{
  gn_str ns, base;
  *out = (gni_table){0};
  int rc = gni_table_name_split(name, &ns, &base, err);
  if (rc != GN_OK) return rc;
  gn_str full = gni_str_format(arena, "%.*s.%.*s", GN_STR_ARGS(ns), GN_STR_ARGS(base));
  if (!full.ptr) return gnp_fail_arena(arena, err);
  out->name = full;
  rc = warehouse->driver->find(warehouse->state, ns, base, arena, out, err);
  if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(full));
  if (rc != GN_OK) *out = (gni_table){.name = full};
  return rc;
}

static const gni_table_entry *configured(const gni_warehouse *warehouse, gn_str name)
{
  for (size_t i = 0; i < warehouse->config.table_count; i++)
    if (gni_str_is(name, warehouse->config.tables[i].name) && warehouse->config.tables[i].path)
      return &warehouse->config.tables[i];
  return NULL;
}

/* The nearest name there is; without memory for it there is no hint. */
static void hint_near(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gn_error *err)
{
  const gn_str *names;
  size_t count;
  const gni_table_entry *entry = configured(warehouse, name);
  if (entry) {
    gni_error_hint(err, "gnomon.toml or --table names '%s' for it, which is not there",
                   entry->path);
    return;
  }
  if (gni_warehouse_tables(warehouse, GN_STR(""), arena, &names, &count, NULL) != GN_OK) return;
  gn_str near = gni_nearest(name, names, count);
  if (near.len)
    gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  else
    gni_error_hint(err, "looked for %.*s/ and %.*s.parquet under '%s'; --table %.*s=PATH names it",
                   GN_STR_ARGS(name), GN_STR_ARGS(name), warehouse->config.root, GN_STR_ARGS(name));
}

int gni_table_need(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gni_table *out,
                   gn_error *err)
{
  int rc = gni_table_find(warehouse, name, arena, out, err);
  if (rc != GN_ABSENT) return rc;
  gni_fail_as(err, "GT001", GN_E_NOTFOUND, "there is no table '%.*s'", GN_STR_ARGS(out->name));
  hint_near(warehouse, out->name, arena, err);
  return GN_E_NOTFOUND;
}

/* ---- types ----------------------------------------------------------------------------------- */

static struct kept_type *kept(gni_warehouse *warehouse, gn_str name)
{
  struct kept_type *found = warehouse->types;
  while (found && !gni_str_equal(found->name, name)) found = found->next;
  return found;
}

void gnp_warehouse_forget(gni_warehouse *warehouse, gn_str name)
{
  struct kept_type *found = kept(warehouse, name);
  if (found) found->type = NULL;
}

/* Depth is bounded by GN_TYPE_DEPTH_MAX, which the makers of types keep. */
const gni_type *gnp_type_copy(const gni_type *type, gn_arena *arena)
{
  gni_type *copy = gni_arena_copy(arena, type, sizeof *type);
  gni_field *fields = GN_TAKE(arena, gni_field, type->field_count);
  if (!copy || !fields) return NULL;
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i].name = gni_str_take(arena, type->fields[i].name);
    fields[i].type = gnp_type_copy(type->fields[i].type, arena);
    if (!fields[i].name.ptr || !fields[i].type) return NULL;
  }
  copy->fields = fields;
  return copy;
}

int gni_table_type(gni_warehouse *warehouse, const gni_table *table, gn_arena *arena,
                   const gni_type **out, gn_error *err)
{
  struct kept_type *entry = kept(warehouse, table->name);
  *out = NULL;
  if (!entry) {
    entry = GN_TAKE_ZERO(&warehouse->kept, struct kept_type, 1);
    gn_str name = gni_str_take(&warehouse->kept, table->name);
    if (!entry || !name.ptr) return gnp_fail_arena(&warehouse->kept, err);
    *entry = (struct kept_type){name, NULL, warehouse->types};
    warehouse->types = entry;
  }
  if (!entry->type) {
    const gni_type *type; /* its names may live in the caller's arena */
    int rc = warehouse->driver->type(warehouse->state, table, &warehouse->kept, &type, err);
    if (rc == GN_OK && !(entry->type = gnp_type_copy(type, &warehouse->kept)))
      rc = gnp_fail_arena(&warehouse->kept, err);
    if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(table->name));
    if (rc != GN_OK) return rc;
  }
  *out = gnp_type_copy(entry->type, arena);
  return *out ? GN_OK : gnp_fail_arena(arena, err);
}

/* ---- the driver's calls ---------------------------------------------------------------------- */

int gni_table_partitions(gni_warehouse *warehouse, const gni_table *table,
                         const gni_partition_filter *filters, size_t filter_count, gn_arena *arena,
                         gni_days *out, gn_error *err)
{
  *out = (gni_days){NULL, 0};
  if (!table->partitioned) return GN_OK;
  int rc = warehouse->driver->partitions(warehouse->state, table, filters, filter_count, arena, out,
                                         err);
  if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(table->name));
  return rc;
}

int gni_table_estimate(gni_warehouse *warehouse, const gni_table *table, const gni_scan *scan,
                       gni_estimate *out, gn_error *err)
{
  *out = (gni_estimate){.rows = -1};
  int rc = warehouse->driver->estimate(warehouse->state, table, scan, out, err);
  if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(table->name));
  return rc;
}

int gni_table_scan(gni_warehouse *warehouse, const gni_table *table, const gni_scan *scan,
                   gn_buf *sql, gn_error *err)
{
  int rc = warehouse->driver->scan(warehouse->state, table, scan, sql, err);
  if (rc == GN_OK && sql->rc != GN_OK)
    rc = gni_fail(err, sql->rc, "the statement that reads it is too long");
  if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(table->name));
  return rc;
}

int gni_table_sweep(gni_warehouse *warehouse, const gni_table *table, gn_error *err)
{
  if (!warehouse->driver->sweep) return GN_OK;
  int rc = warehouse->driver->sweep(warehouse->state, table, err);
  if (rc < 0) gni_error_where(err, "table '%.*s'", GN_STR_ARGS(table->name));
  return rc;
}

int gni_table_drop(gni_warehouse *warehouse, gn_str name, gn_error *err)
{
  gni_table table;
  gn_arena arena;
  gni_arena_init(&arena, warehouse->config.alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = gni_table_find(warehouse, name, &arena, &table, err);
  if (rc == GN_OK) rc = warehouse->driver->drop(warehouse->state, &table, err);
  gnp_warehouse_forget(warehouse, table.name);
  gni_arena_deinit(&arena);
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- all tables ------------------------------------------------------------------------------ */

struct name_list {
  gn_arena *arena;
  gn_str pattern, *names;
  size_t count, capacity;
};

static int take_name(void *user, gn_str name)
{
  struct name_list *list = user;
  if (!gnp_like(name, list->pattern)) return GN_OK;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 32;
    gn_str *grown = gni_arena_grow(list->arena, list->names, list->count * sizeof *grown,
                                   capacity * sizeof *grown);
    if (!grown) return GN_E_NOMEM;
    list->names = grown;
    list->capacity = capacity;
  }
  list->names[list->count] = gni_str_take(list->arena, name);
  return list->names[list->count++].ptr ? GN_OK : GN_E_NOMEM;
}

static int compare_names(const void *a, const void *b)
{
  return gni_str_compare(*(const gn_str *)a, *(const gn_str *)b);
}

int gni_warehouse_tables(gni_warehouse *warehouse, gn_str pattern, gn_arena *arena,
                         const gn_str **names, size_t *count, gn_error *err)
{
  struct name_list list = {.arena = arena, .pattern = pattern};
  *names = NULL;
  *count = 0;
  int rc = warehouse->driver->list(warehouse->state, take_name, &list, err);
  if (rc != GN_OK) return gni_fail(err, rc, "cannot list the tables");
  if (list.count) qsort(list.names, list.count, sizeof *list.names, compare_names);
  for (size_t i = 0; i < list.count; i++)
    if (i == 0 || !gni_str_equal(list.names[i], list.names[*count - 1]))
      list.names[(*count)++] = list.names[i];
  *names = list.names;
  return GN_OK;
}

/* ---- views ----------------------------------------------------------------------------------- */

static void add_view_head(gn_buf *sql, gn_str ns, gn_str base, bool qualified)
{
  gni_buf_add_text(sql, "CREATE OR REPLACE VIEW ");
  if (qualified) {
    gni_sql_add_name(sql, ns);
    gni_buf_add_char(sql, '.');
  }
  gni_sql_add_name(sql, base);
  gni_buf_add_text(sql, " AS SELECT * EXCLUDE (\"" GNI_SCAN_DS "\", \"" GNI_SCAN_DAY
                        "\", \"" GNI_SCAN_ORDER "\") FROM ");
}

/* Schemas that are the engine's own. */
static bool is_engines(gn_str ns)
{
  return gni_str_is(ns, "information_schema") || gni_str_is(ns, "pg_catalog") ||
         gni_str_is(ns, "main");
}

static int expose_one(gni_warehouse *warehouse, gn_str name, gn_arena *arena, gn_error *err)
{
  const gni_scan all = GNI_SCAN_ALL;
  gni_table table;
  gn_str ns, base;
  gn_buf sql;
  if (gni_table_name_split(name, &ns, &base, NULL) != GN_OK) return GN_OK; /* the engine's own */
  bool qualified = base.len != name.len;
  int rc = qualified && !is_engines(ns) ? gni_table_need(warehouse, name, arena, &table, err)
                                        : gni_table_find(warehouse, name, arena, &table, err);
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc; /* perhaps a query of its WITH */
  gnp_sql_init(&sql, warehouse);
  if (qualified) {
    gni_buf_add_text(&sql, "CREATE SCHEMA IF NOT EXISTS ");
    gni_sql_add_name(&sql, ns);
    gni_buf_add_text(&sql, "; ");
  }
  add_view_head(&sql, ns, base, qualified);
  rc = gni_table_scan(warehouse, &table, &all, &sql, err);
  if (rc == GN_OK) rc = gni_engine_exec(warehouse->config.engine, gni_buf_view(&sql), err);
  gni_buf_deinit(&sql);
  return rc;
}

int gni_warehouse_expose(gni_warehouse *warehouse, gn_str sql, gn_error *err)
{
  gn_arena arena;
  gn_str *names;
  size_t count;
  gni_engine *engine = gnp_need_engine(warehouse, err);
  if (!engine) return GN_E_ARG;
  gni_arena_init(&arena, warehouse->config.alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = gni_engine_tables(engine, sql, &arena, &names, &count, err);
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = expose_one(warehouse, names[i], &arena, err);
  gni_arena_deinit(&arena);
  return rc;
}
