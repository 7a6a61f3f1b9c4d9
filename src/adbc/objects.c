/* What is in the catalogs. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"

/* ---- the shape, as ADBC prescribes it -------------------------------------------------------- */

#define FIELD(text, type) {{(text), sizeof(text) - 1}, (type)}
#define STRUCT_OF(members)                                                                         \
  {.kind = GNI_STRUCT, .field_count = sizeof(members) / sizeof *(members), .fields = (members)}
#define LIST_OF(item) {.kind = GNI_LIST, .field_count = 1, .fields = (item)}

enum { COLUMN_FIELDS = 19 };
static const gni_field column_fields[COLUMN_FIELDS] = {
    FIELD("column_name", &gni_type_string),
    FIELD("ordinal_position", &gni_type_int),
    FIELD("remarks", &gni_type_string),
    FIELD("xdbc_data_type", &gni_type_short),
    FIELD("xdbc_type_name", &gni_type_string),
    FIELD("xdbc_column_size", &gni_type_int),
    FIELD("xdbc_decimal_digits", &gni_type_short),
    FIELD("xdbc_num_prec_radix", &gni_type_short),
    FIELD("xdbc_nullable", &gni_type_short),
    FIELD("xdbc_column_def", &gni_type_string),
    FIELD("xdbc_sql_data_type", &gni_type_short),
    FIELD("xdbc_datetime_sub", &gni_type_short),
    FIELD("xdbc_char_octet_length", &gni_type_int),
    FIELD("xdbc_is_nullable", &gni_type_string),
    FIELD("xdbc_scope_catalog", &gni_type_string),
    FIELD("xdbc_scope_schema", &gni_type_string),
    FIELD("xdbc_scope_table", &gni_type_string),
    FIELD("xdbc_is_autoincrement", &gni_type_boolean),
    FIELD("xdbc_is_generatedcolumn", &gni_type_boolean),
};
static const gni_type column_type = STRUCT_OF(column_fields);
static const gni_field column_item[] = {FIELD("item", &column_type)};
static const gni_type columns_type = LIST_OF(column_item);

static const gni_field usage_fields[] = {
    FIELD("fk_catalog", &gni_type_string), FIELD("fk_db_schema", &gni_type_string),
    FIELD("fk_table", &gni_type_string), FIELD("fk_column_name", &gni_type_string)};
static const gni_type usage_type = STRUCT_OF(usage_fields);
static const gni_field usage_item[] = {FIELD("item", &usage_type)};
static const gni_type usages_type = LIST_OF(usage_item);
static const gni_field name_item[] = {FIELD("item", &gni_type_string)};
static const gni_type names_type = LIST_OF(name_item);
static const gni_field constraint_fields[] = {
    FIELD("constraint_name", &gni_type_string), FIELD("constraint_type", &gni_type_string),
    FIELD("constraint_column_names", &names_type), FIELD("constraint_column_usage", &usages_type)};
static const gni_type constraint_type = STRUCT_OF(constraint_fields);
static const gni_field constraint_item[] = {FIELD("item", &constraint_type)};
static const gni_type constraints_type = LIST_OF(constraint_item);

static const gni_field table_fields[] = {
    FIELD("table_name", &gni_type_string), FIELD("table_type", &gni_type_string),
    FIELD("table_columns", &columns_type), FIELD("table_constraints", &constraints_type)};
static const gni_type table_type = STRUCT_OF(table_fields);
static const gni_field table_item[] = {FIELD("item", &table_type)};
static const gni_type tables_type = LIST_OF(table_item);
static const gni_field schema_fields[] = {FIELD("db_schema_name", &gni_type_string),
                                          FIELD("db_schema_tables", &tables_type)};
static const gni_type schema_type = STRUCT_OF(schema_fields);
static const gni_field schema_item[] = {FIELD("item", &schema_type)};
static const gni_type schemas_type = LIST_OF(schema_item);
static const gni_field catalog_fields[] = {FIELD("catalog_name", &gni_type_string),
                                           FIELD("catalog_db_schemas", &schemas_type)};
static const gni_type catalog_type = STRUCT_OF(catalog_fields);

/* ---- looking --------------------------------------------------------------------------------- */

/* One walk: what is asked for, and where values are kept. */
typedef struct walk {
  adbcp_link *link;
  gn_arena arena;
  int depth;
  const char *catalog, *schema, *table, *column;
  const char *const *types;
  gn_str current; /* the current catalog, which has the temporary views */
  sparkc_error *err;
} walk;

/* A list that grows in the walk's arena. */
typedef struct values {
  gni_value *items;
  size_t count, room;
} values;

static gni_value *add_struct(walk *w, values *list, size_t fields)
{
  if (list->count == list->room) {
    size_t room = list->room ? 2 * list->room : 8;
    gni_value *items =
        gni_arena_grow(&w->arena, list->items, list->room * sizeof *items, room * sizeof *items);
    if (!items) {
      adbcp_nomem(w->err);
      return NULL;
    }
    list->items = items;
    list->room = room;
  }
  gni_value *members = GN_TAKE(&w->arena, gni_value, fields);
  if (!members) {
    adbcp_nomem(w->err);
    return NULL;
  }
  for (size_t i = 0; i < fields; i++) members[i] = GNI_NULL_VALUE;
  list->items[list->count++] = (gni_value){.list = {members, fields}};
  return members;
}

static gni_value as_list(const values *list)
{
  return (gni_value){.list = {list->items, list->count}};
}

/* Asks "<statement> `a`.`b`.`c`". */
static int ask(walk *w, const char *statement, gn_str catalog, gn_str schema, gn_str table,
               adbcp_rows *out)
{
  const gn_str parts[] = {catalog, schema, table};
  bool any = false;
  gn_buf sql;
  gni_buf_init(&sql, &w->link->alloc, ADBCP_TEXT_BYTES_MAX);
  gni_buf_add_text(&sql, statement);
  for (size_t i = 0; i < 3; i++) {
    if (parts[i].len == 0) continue;
    if (any) gni_buf_add_char(&sql, '.');
    adbcp_add_quoted(&sql, parts[i]);
    any = true;
  }
  int rc =
      sql.rc == GN_OK ? adbcp_query(w->link, sql.ptr, &w->arena, out, w->err) : adbcp_nomem(w->err);
  gni_buf_deinit(&sql);
  return rc;
}

/* What a listing wrote between back-quotes because it is no plain name. */
static gn_str unquoted(walk *w, gn_str name)
{
  if (name.len < 2 || name.ptr[0] != '`' || name.ptr[name.len - 1] != '`') return name;
  char *out = gni_arena_take(&w->arena, name.len);
  size_t len = 0;
  if (!out) {
    adbcp_nomem(w->err);
    return name;
  }
  for (size_t i = 1; i + 1 < name.len; i++) {
    out[len++] = name.ptr[i];
    i += name.ptr[i] == '`'; /* written twice */
  }
  return (gn_str){out, len};
}

/* ---- columns --------------------------------------------------------------------------------- */

/* java.sql.Types, by how Spark writes the type. */
static const struct {
  const char *name;
  int16_t code;
} codes[] = {
    {"boolean", 16}, {"tinyint", -6},  {"smallint", 5}, {"int", 4},        {"bigint", -5},
    {"float", 6},    {"double", 8},    {"string", 12},  {"varchar", 12},   {"char", 1},
    {"binary", -3},  {"decimal", 3},   {"date", 91},    {"timestamp", 93}, {"timestamp_ntz", 93},
    {"array", 2003}, {"struct", 2002}, {"map", 2000},
};

static int16_t code_of(gn_str type)
{
  size_t len = 0;
  while (len < type.len && type.ptr[len] != '(' && type.ptr[len] != '<') len++;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (gni_str_is((gn_str){type.ptr, len}, codes[i].name)) return codes[i].code;
  return 1111; /* OTHER */
}

/* "decimal(10,2)" */
static void fill_decimal(gn_str type, gni_value *field)
{
  int64_t precision, scale;
  gn_str rest = {type.ptr + 8, type.len - 9}, part;
  if (!gni_str_starts(type, "decimal(") || !gni_str_ends(type, ")")) return;
  if (!gni_str_split(&rest, ',', &part) || gni_parse_int64(part, &precision) != GN_OK) return;
  if (!gni_str_split(&rest, ',', &part) || gni_parse_int64(part, &scale) != GN_OK) return;
  field[5] = gni_value_integer(precision);
  field[6] = gni_value_integer(scale);
  field[7] = gni_value_integer(10);
}

static void add_column(walk *w, values *list, const adbcp_rows *rows, size_t row)
{
  const gn_str name = adbcp_cell(rows, row, 0), type = adbcp_cell(rows, row, 1);
  const gn_str remark = adbcp_cell(rows, row, 2);
  if (!adbcp_like(name, w->column)) return;
  gni_value *field = add_struct(w, list, COLUMN_FIELDS);
  if (!field) return;
  field[0] = gni_value_text(name);
  field[1] = gni_value_integer((int64_t)row + 1);
  if (remark.ptr) field[2] = gni_value_text(remark);
  field[3] = field[10] = gni_value_integer(code_of(type));
  field[4] = gni_value_text(type);
  fill_decimal(type, field);
}

/* A view over what is gone has no columns; the others are still listed. */
static int add_columns(walk *w, gn_str catalog, gn_str schema, gn_str table, values *list)
{
  adbcp_rows rows;
  int rc = ask(w, "DESCRIBE TABLE ", catalog, schema, table, &rows);
  if (rc == SPARKC_E_REMOTE) {
    sparkc_error_clear(w->err);
    return SPARKC_OK;
  }
  for (size_t i = 0; rc == SPARKC_OK && i < rows.rows && w->err->code == SPARKC_OK; i++) {
    const gn_str name = adbcp_cell(&rows, i, 0);
    if (name.len == 0 || name.ptr[0] == '#') break; /* how it is partitioned, and more */
    add_column(w, list, &rows, i);
  }
  return rc == SPARKC_OK ? w->err->code : rc;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static bool type_wanted(const walk *w, const char *type)
{
  if (!w->types) return true;
  for (size_t i = 0; w->types[i]; i++)
    if (strcmp(w->types[i], type) == 0) return true;
  return false;
}

static int add_table(walk *w, gn_str catalog, gn_str schema, gn_str name, const char *type,
                     values *tables)
{
  values columns = {0};
  if (!adbcp_like(name, w->table) || !type_wanted(w, type)) return SPARKC_OK;
  gni_value *field = add_struct(w, tables, 4);
  if (!field) return w->err->code;
  field[0] = gni_value_text(name);
  field[1] = gni_value_text(gni_str(type));
  if (w->depth == ADBC_OBJECT_DEPTH_TABLES) return SPARKC_OK;
  int rc = add_columns(w, catalog, schema, name, &columns);
  field[2] = as_list(&columns);
  field[3] = (gni_value){.list = {NULL, 0}};
  return rc;
}

static bool is_in(const adbcp_rows *rows, gn_str name)
{
  for (size_t i = 0; i < rows->rows; i++)
    if (gni_str_equal(adbcp_cell(rows, i, 1), name)) return true;
  return false;
}

/* Temporary views belong to no schema; they are listed with every one, and given as one of "". */
static int add_tables(walk *w, gn_str catalog, gn_str schema, bool temporary, values *tables)
{
  adbcp_rows rows, views;
  int rc = ask(w, "SHOW TABLES IN ", catalog, schema, (gn_str){NULL, 0}, &rows);
  if (rc != SPARKC_OK) return rc;
  rc = ask(w, "SHOW VIEWS IN ", catalog, schema, (gn_str){NULL, 0}, &views);
  if (rc == SPARKC_E_REMOTE) { /* the catalog cannot have any */
    sparkc_error_clear(w->err);
    views = (adbcp_rows){0};
    rc = SPARKC_OK;
  }
  const gn_str none = {NULL, 0};
  for (size_t i = 0; rc == SPARKC_OK && i < rows.rows; i++) {
    const gn_str name = adbcp_cell(&rows, i, 1);
    if (gni_str_is(adbcp_cell(&rows, i, 2), "true") != temporary) continue;
    if (temporary)
      rc = add_table(w, none, none, name, ADBCP_TEMPORARY, tables);
    else
      rc = add_table(w, catalog, schema, name, is_in(&views, name) ? ADBCP_VIEW : ADBCP_TABLE,
                     tables);
  }
  return rc;
}

/* ---- schemas and catalogs -------------------------------------------------------------------- */

static int add_schema(walk *w, gn_str catalog, gn_str name, bool temporary, values *schemas)
{
  values tables = {0};
  int rc = SPARKC_OK;
  if (w->depth != ADBC_OBJECT_DEPTH_DB_SCHEMAS)
    rc = add_tables(w, catalog, name, temporary, &tables);
  if (rc != SPARKC_OK || (temporary && tables.count == 0)) return rc;
  gni_value *field = add_struct(w, schemas, 2);
  if (!field) return w->err->code;
  field[0] = gni_value_text(temporary ? GN_STR("") : name);
  if (w->depth != ADBC_OBJECT_DEPTH_DB_SCHEMAS) field[1] = as_list(&tables);
  return rc;
}

static int add_schemas(walk *w, gn_str catalog, values *schemas)
{
  adbcp_rows rows;
  gn_str first = {NULL, 0};
  int rc = ask(w, "SHOW SCHEMAS IN ", catalog, first, first, &rows);
  for (size_t i = 0; rc == SPARKC_OK && i < rows.rows; i++) {
    const gn_str name = unquoted(w, adbcp_cell(&rows, i, 0));
    if (i == 0) first = name;
    if (adbcp_like(name, w->schema)) rc = add_schema(w, catalog, name, false, schemas);
  }
  bool has_temporary = gni_str_equal(catalog, w->current) && first.len &&
                       adbcp_like(GN_STR(""), w->schema) &&
                       w->depth != ADBC_OBJECT_DEPTH_DB_SCHEMAS;
  if (rc == SPARKC_OK && has_temporary) rc = add_schema(w, catalog, first, true, schemas);
  return rc;
}

static int add_catalog(walk *w, gn_str name, values *catalogs)
{
  values schemas = {0};
  int rc = SPARKC_OK;
  if (!adbcp_like(name, w->catalog)) return rc;
  for (size_t i = 0; i < catalogs->count; i++)
    if (gni_str_equal(catalogs->items[i].list.items[0].text, name)) return rc;
  gni_value *field = add_struct(w, catalogs, 2);
  if (!field) return w->err->code;
  field[0] = gni_value_text(name);
  if (w->depth == ADBC_OBJECT_DEPTH_CATALOGS) return rc;
  rc = add_schemas(w, name, &schemas);
  field[1] = as_list(&schemas);
  return rc;
}

/* Spark lists a catalog once it was used; the settings name the others. */
typedef struct configured {
  walk *walk;
  adbcp_rows names;
} configured;

static void take_configured(void *user, const char *key, const char *value)
{
  static const char prefix[] = "spark.sql.catalog.";
  configured *c = user;
  const gn_str name = gni_str(key + sizeof prefix - 1);
  gn_arena *arena = &c->walk->arena;
  (void)value;
  if (name.len == 0 || memchr(name.ptr, '.', name.len)) return;
  gn_str *cells = gni_arena_grow(arena, c->names.cells, c->names.rows * sizeof *cells,
                                 (c->names.rows + 1) * sizeof *cells);
  const gn_str copy = gni_str_take(arena, name);
  if (!cells || !copy.ptr) {
    adbcp_nomem(c->walk->err);
    return;
  }
  c->names.cells = cells;
  cells[c->names.rows++] = copy;
}

static int add_catalogs(walk *w, values *catalogs)
{
  const gn_str none = {NULL, 0};
  configured more = {w, {.columns = 1}};
  adbcp_rows rows;
  int rc = ask(w, "SELECT current_catalog()", none, none, none, &rows);
  if (rc != SPARKC_OK) return rc;
  w->current = adbcp_cell(&rows, 0, 0);
  rc = ask(w, "SHOW CATALOGS", none, none, none, &rows);
  for (size_t i = 0; rc == SPARKC_OK && i < rows.rows; i++)
    rc = add_catalog(w, unquoted(w, adbcp_cell(&rows, i, 0)), catalogs);
  if (rc == SPARKC_OK)
    rc = sparkc_config_list(w->link->session, "spark.sql.catalog.", take_configured, &more, w->err);
  for (size_t i = 0; rc == SPARKC_OK && i < more.names.rows; i++)
    rc = add_catalog(w, adbcp_cell(&more.names, i, 0), catalogs);
  return rc == SPARKC_OK ? w->err->code : rc;
}

static int give_rows(walk *w, const values *catalogs, struct ArrowArrayStream *out)
{
  gni_builder *builder = NULL;
  gn_error why = {0};
  int rc = gni_builder_new(&catalog_type, &w->link->alloc, &builder, &why);
  for (size_t i = 0; rc == GN_OK && i < catalogs->count; i++)
    rc = gni_builder_add(builder, catalogs->items[i].list.items, &why);
  rc = rc == GN_OK ? adbcp_batch_stream(&catalog_type, builder, &w->link->alloc, out, w->err)
                   : adbcp_say_from(w->err, &why);
  gni_builder_free(builder);
  return rc;
}

/* ---- public ---------------------------------------------------------------------------------- */

AdbcStatusCode AdbcConnectionGetObjects(struct AdbcConnection *connection, int depth,
                                        const char *catalog, const char *db_schema,
                                        const char *table_name, const char **table_types,
                                        const char *column_name, struct ArrowArrayStream *out,
                                        struct AdbcError *error)
{
  sparkc_error err = {0};
  values catalogs = {0};
  walk w = {.depth = depth,
            .catalog = catalog,
            .schema = db_schema,
            .table = table_name,
            .column = column_name,
            .types = table_types,
            .err = &err};
  *out = (struct ArrowArrayStream){.release = NULL};
  AdbcStatusCode status = adbcp_session_of(connection, &w.link, error);
  if (status != ADBC_STATUS_OK) return status;
  if (depth < ADBC_OBJECT_DEPTH_ALL || depth > ADBC_OBJECT_DEPTH_TABLES)
    return adbcp_fail(error, ADBC_STATUS_INVALID_ARGUMENT, "a depth is from 0 to 3, not %d", depth);
  gni_arena_init(&w.arena, &w.link->alloc, ADBCP_ARENA_BYTES_MAX);
  if (add_catalogs(&w, &catalogs) == SPARKC_OK) give_rows(&w, &catalogs, out);
  gni_arena_deinit(&w.arena);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcConnectionGetTableSchema(struct AdbcConnection *connection, const char *catalog,
                                            const char *db_schema, const char *table_name,
                                            struct ArrowSchema *schema, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  gn_buf sql;
  *schema = (struct ArrowSchema){.release = NULL};
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  if (!table_name || !table_name[0])
    return adbcp_fail(error, ADBC_STATUS_INVALID_ARGUMENT, "the table has no name");
  if (catalog && catalog[0] && !(db_schema && db_schema[0]))
    return adbcp_fail(error, ADBC_STATUS_INVALID_ARGUMENT, "a catalog is given without a schema");
  gni_buf_init(&sql, &link->alloc, ADBCP_TEXT_BYTES_MAX);
  gni_buf_add_text(&sql, "SELECT * FROM ");
  adbcp_add_table(&sql, catalog, db_schema, table_name);
  if (sql.rc == GN_OK)
    adbcp_query_schema(link, sql.ptr, schema, &err);
  else
    adbcp_nomem(&err);
  gni_buf_deinit(&sql);
  return adbcp_give(error, &err);
}
