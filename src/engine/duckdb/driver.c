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
  snprintf(text, sizeof text, "%lldB", (long long)(given->memory_bytes / 2));
  if (rc == GN_OK) rc = set(config, "memory_limit", text, err);
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

/* A name as DuckDB prints it, `ns."a b" AS x`, without quotes and alias. */
static gn_str unquote(gn_str printed, gn_arena *arena)
{
  char *out = gni_arena_take(arena, printed.len + 1);
  size_t len = 0;
  bool quoted = false;
  if (!out) return (gn_str){NULL, 0};
  for (size_t i = 0; i < printed.len; i++) {
    char c = printed.ptr[i];
    bool doubled = quoted && c == '"' && i + 1 < printed.len && printed.ptr[i + 1] == '"';
    if (!quoted && c == ' ') break;
    if (c == '"' && !doubled) {
      quoted = !quoted;
      continue;
    }
    i += doubled;
    out[len++] = c;
  }
  out[len] = '\0';
  return (gn_str){out, len};
}

static int take_names(duckdb_value list, gn_arena *arena, gn_str **names, size_t *count,
                      gn_error *err)
{
  idx_t found = duckdb_get_list_size(list);
  *names = GN_TAKE(arena, gn_str, found);
  if (!*names) return gni_fail_nomem(err, found * sizeof **names);
  for (idx_t i = 0; i < found; i++) {
    duckdb_value child = duckdb_get_list_child(list, i);
    char *text = duckdb_get_varchar(child);
    (*names)[i] = unquote(gni_str(text), arena);
    duckdb_free(text);
    duckdb_destroy_value(&child);
    if (!(*names)[i].ptr) return gni_fail_nomem(err, 1);
  }
  *count = found;
  return GN_OK;
}

static int duck_tables(void *state, gn_str sql, gn_arena *arena, gn_str **names, size_t *count,
                       gn_error *err)
{
  gnp_duck *duck = state;
  char *text = gni_strdup(duck->alloc, sql.ptr, sql.len);
  if (!text) return gni_fail_nomem(err, sql.len);
  duckdb_value list = duckdb_get_table_names(duck->connection, text, true);
  gni_free(duck->alloc, text, sql.len + 1);
  if (!list) return gni_fail(err, GN_E_PARSE, "the statement cannot be read");
  int rc = take_names(list, arena, names, count, err);
  duckdb_destroy_value(&list);
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
