/* DuckDB as an engine: opening, settings, what it uses; the driver's table at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

#include <stdio.h>

static const char temp_prefix[] = ".engine-";

static const gni_engine_option options[] = {
    {"temp_bytes_max", "bytes", "90 % of the free disk", "room for temporary files"},
};

/* ---- settings -------------------------------------------------------------------------------- */

struct setting {
  const char *name, *value;
};

/* Nothing is fetched, nothing is written under the user's home, times are UTC. Files are read
 * through the system's cache alone, so that memory is for sorting. */
static const struct setting fixed_settings[] = {
    {"autoinstall_known_extensions", "false"},      {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},        {"allow_persistent_secrets", "false"},
    {"enable_external_file_cache", "false"},        {"preserve_insertion_order", "true"},
    {"partitioned_write_max_open_files", "100000"},
};

static int set(duckdb_config config, const char *name, const char *value, gn_error *err)
{
  if (duckdb_set_config(config, name, value) == DuckDBSuccess) return GN_OK;
  return gni_fail(err, GN_E_ARG, "the engine refuses '%s' as '%s'", value, name);
}

static int set_given(duckdb_config config, const gni_engine_config *given, gn_error *err)
{
  for (size_t i = 0; i < given->setting_count; i++) {
    const gni_engine_setting *one = &given->settings[i];
    if (strcmp(one->name, options[0].name) != 0) {
      gni_fail(err, GN_E_ARG, "engine 'duckdb' has no setting '%s'", one->name);
      gni_error_hint(err, "the settings are: %s", options[0].name);
      return GN_E_ARG;
    }
    int rc = set(config, "max_temp_directory_size", one->value, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* What grows with the budget, up to DuckDB's own choice. Rows of a partitioned write wait in memory
 * and do not spill: an eighth of DuckDB's share, when a row is a KiB. Freed memory is given back
 * early, or two sorts after each other would hold twice their share. */
static int set_sizes(duckdb_config config, int64_t memory_bytes, gn_error *err)
{
  enum { ROWS_MIN = 2048, ROWS_MAX = 524288, KEPT_BYTES_MAX = 128 << 20 };
  int64_t rows = memory_bytes / 8 / 1024, kept = memory_bytes / 16;
  char text[32];
  rows = rows < ROWS_MIN ? ROWS_MIN : rows > ROWS_MAX ? ROWS_MAX : rows;
  snprintf(text, sizeof text, "%lldB", (long long)memory_bytes);
  int rc = set(config, "memory_limit", text, err);
  snprintf(text, sizeof text, "%lld", (long long)rows);
  if (rc == GN_OK) rc = set(config, "partitioned_write_flush_threshold", text, err);
  snprintf(text, sizeof text, "%lldB", (long long)(kept < KEPT_BYTES_MAX ? kept : KEPT_BYTES_MAX));
  if (rc == GN_OK) rc = set(config, "allocator_flush_threshold", text, err);
  return rc == GN_OK ? set(config, "allocator_bulk_deallocation_flush_threshold", text, err) : rc;
}

/* Half of the budget is DuckDB's: the other half is for the windows and for slack. */
static int set_all(gnp_duck *duck, duckdb_config config, const gni_engine_config *given,
                   gn_error *err)
{
  char text[32];
  const char *temp = duck->temp.path ? duck->temp.path : "";
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < sizeof fixed_settings / sizeof *fixed_settings; i++)
    rc = set(config, fixed_settings[i].name, fixed_settings[i].value, err);
  if (rc == GN_OK) rc = set(config, "temp_directory", temp, err);
  if (rc == GN_OK) rc = set(config, "extension_directory", temp, err);
  if (rc == GN_OK) rc = set_sizes(config, given->memory_bytes / 2, err);
  snprintf(text, sizeof text, "%d", given->threads);
  if (rc == GN_OK && given->threads > 0) rc = set(config, "threads", text, err);
  return rc == GN_OK ? set_given(config, given, err) : rc;
}

static int open_database(gnp_duck *duck, const gni_engine_config *given, gn_error *err)
{
  duckdb_config config = NULL;
  char *why = NULL;
  if (duckdb_create_config(&config) != DuckDBSuccess) return gni_fail_nomem(err, sizeof config);
  int rc = set_all(duck, config, given, err);
  if (rc == GN_OK && duckdb_open_ext(NULL, &duck->database, config, &why) != DuckDBSuccess)
    rc = gnp_duck_fail(duck, why, err);
  duckdb_free(why);
  duckdb_destroy_config(&config);
  if (rc == GN_OK && duckdb_connect(duck->database, &duck->connection) != DuckDBSuccess)
    rc = gni_fail(err, GN_E_NOMEM, "cannot open a connection of the engine");
  return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

void gnp_duck_unref(gnp_duck *duck)
{
  pthread_mutex_lock(&duck->lock);
  bool last = --duck->references == 0;
  pthread_mutex_unlock(&duck->lock);
  if (!last) return;
  if (duck->connection) duckdb_disconnect(&duck->connection);
  if (duck->database) duckdb_close(&duck->database);
  gni_run_folder_close(&duck->temp);
  pthread_mutex_destroy(&duck->lock);
  gni_free(duck->alloc, duck, sizeof *duck);
}

static void duck_close(void *state)
{
  gnp_duck *duck = state;
  gnp_attached_clear(duck);
  gnp_duck_unref(duck);
}

static int make_temp(gnp_duck *duck, const char *parent, gn_error *err)
{
  int rc = gni_run_folder_sweep(duck->alloc, parent, temp_prefix, err);
  return rc == GN_OK ? gni_run_folder_open(duck->alloc, parent, temp_prefix, &duck->temp, err) : rc;
}

static int duck_open(const gni_engine_config *config, void **state, gn_error *err)
{
  gnp_duck *duck = gni_alloc_zero(config->alloc, sizeof *duck);
  int rc = GN_OK;
  if (!duck) return gni_fail_nomem(err, sizeof *duck);
  duck->alloc = config->alloc;
  duck->cancel = config->cancel;
  duck->references = 1;
  duck->temp.lock = -1;
  pthread_mutex_init(&duck->lock, NULL);
  if (config->temp_folder) rc = make_temp(duck, config->temp_folder, err);
  if (rc == GN_OK) rc = open_database(duck, config, err);
  if (rc == GN_OK)
    rc =
        gnp_duck_exec(duck, GN_STR("SET TimeZone = 'UTC'; SET parquet_metadata_cache = true"), err);
  if (rc == GN_OK) rc = gnp_attach_register(duck, err);
  if (rc == GN_OK) rc = gnp_duck_exec(duck, GN_STR("SET lock_configuration = true"), err);
  if (rc != GN_OK) {
    duck_close(duck);
    return rc;
  }
  *state = duck;
  return GN_OK;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void duck_interrupt(void *state)
{
  gnp_duck *duck = state;
  pthread_mutex_lock(&duck->lock);
  duckdb_interrupt(duck->connection);
  for (gnp_statement *i = duck->statements; i; i = i->next)
    if (i->connection) duckdb_interrupt(i->connection);
  pthread_mutex_unlock(&duck->lock);
}

static int duck_use(void *state, gni_engine_use *out, gn_error *err)
{
  gnp_statement *statement;
  duckdb_data_chunk chunk = NULL;
  int rc = gnp_statement_open(state,
                              GN_STR("SELECT CAST(sum(memory_usage_bytes) AS BIGINT), "
                                     "CAST(sum(temporary_storage_bytes) AS BIGINT) "
                                     "FROM duckdb_memory()"),
                              &statement, err);
  if (rc == GN_OK) rc = gnp_statement_fetch(statement, &chunk, err);
  if (rc == GN_OK && chunk) {
    const int64_t *memory = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const int64_t *temp = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    *out = (gni_engine_use){.memory_bytes = memory[0], .temp_bytes = temp[0]};
    duckdb_destroy_data_chunk(&chunk);
  }
  gnp_statement_close(statement);
  return rc;
}

/* ---- tables of a statement ------------------------------------------------------------------- */

/* Asked of the parser alone: the binder would want the tables to be there. */
static int build_names_query(gn_buf *query, gn_str sql)
{
  gni_buf_add_text(query,
                   "SELECT DISTINCT (node.value->>'schema_name'), (node.value->>'table_name') "
                   "FROM json_tree(CAST(json_serialize_sql(");
  gni_sql_add_text(query, sql);
  return gni_buf_add_text(query, ") AS JSON)) AS node WHERE node.type = 'OBJECT' AND "
                                 "(node.value->>'type') = 'BASE_TABLE' ORDER BY ALL");
}

static gn_str cell_text(duckdb_data_chunk chunk, idx_t column, idx_t row)
{
  duckdb_string_t *cells = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column));
  return (gn_str){duckdb_string_t_data(&cells[row]), duckdb_string_t_length(cells[row])};
}

static int take_names(duckdb_data_chunk chunk, gn_arena *arena, gn_str **names, size_t *count,
                      gn_error *err)
{
  size_t rows = duckdb_data_chunk_get_size(chunk), size = *count * sizeof **names;
  gn_str *grown = gni_arena_grow(arena, *names, size, size + rows * sizeof *grown);
  if (!grown) return gni_fail_nomem(err, size);
  *names = grown;
  for (idx_t i = 0; i < rows; i++) {
    gn_str ns = cell_text(chunk, 0, i), base = cell_text(chunk, 1, i);
    gn_str name =
        gni_str_format(arena, "%.*s%s%.*s", GN_STR_ARGS(ns), ns.len ? "." : "", GN_STR_ARGS(base));
    if (!name.ptr) return gni_fail_nomem(err, base.len);
    grown[(*count)++] = name;
  }
  return GN_OK;
}

static int duck_tables(void *state, gn_str sql, gn_arena *arena, gn_str **names, size_t *count,
                       gn_error *err)
{
  gnp_duck *duck = state;
  gnp_statement *statement = NULL;
  duckdb_data_chunk chunk;
  gn_buf query;
  gni_buf_init(&query, duck->alloc, GN_SQL_BYTES_MAX);
  int rc = build_names_query(&query, sql);
  if (rc != GN_OK) rc = gni_fail_nomem(err, sql.len);
  if (rc == GN_OK) rc = gnp_statement_open(duck, gni_buf_view(&query), &statement, err);
  while (rc == GN_OK) {
    if ((rc = gnp_statement_fetch(statement, &chunk, err)) != GN_OK || !chunk) break;
    rc = take_names(chunk, arena, names, count, err);
    duckdb_destroy_data_chunk(&chunk);
  }
  gnp_statement_close(statement);
  gni_buf_deinit(&query);
  return rc;
}

const gni_engine_driver gn_engine_duckdb = {
    .version = GN_ENGINE_DRIVER_VERSION,
    .name = "duckdb",
    .dialect = "duckdb",
    .library_version = "1.5.5",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .open = duck_open,
    .close = duck_close,
    .query = gnp_duck_query,
    .exec = gnp_duck_exec,
    .attach = gnp_duck_attach,
    .detach = gnp_duck_detach,
    .write_parquet = gnp_duck_write_parquet,
    .interrupt = duck_interrupt,
    .use = duck_use,
    .tables = duck_tables,
    .add_function = gnp_duck_add_function,
};
