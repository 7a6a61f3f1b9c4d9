/* gnomon.toml and what flags put over it. SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_private.h"
#include "flow/toml.h"

#include <stdio.h>
#include <unistd.h>

/* Texts that a definition of ours cannot outlive: the arena is the session's. */
struct reading {
  gnp_config *config;
  gn_arena *arena;
  size_t table_capacity;
};

enum setting_kind { TEXT, INTEGER, BYTES, BOUNDARY };

struct setting {
  const char *table, *key;
  enum setting_kind kind;
  size_t offset;
};

static const struct setting settings[] = {
    {"warehouse", "root", TEXT, offsetof(gnp_config, warehouse_root)},
    {"warehouse", "partition_column", TEXT, offsetof(gnp_config, partition_column)},
    {"warehouse", "partition_format", TEXT, offsetof(gnp_config, partition_format)},
    {"store", "url", TEXT, offsetof(gnp_config, store_url)},
    {"engine", "threads", INTEGER, offsetof(gnp_config, threads)},
    {"engine", "memory", BYTES, offsetof(gnp_config, memory_bytes)},
    {"compat", "boundary", BOUNDARY, offsetof(gnp_config, boundary)},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings };

/* "512MB", "4 GiB", "1G" or a plain number of bytes. */
static int parse_bytes(gn_str text, int64_t *out)
{
  static const struct {
    const char *suffix;
    int64_t scale;
  } units[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1 << 10},
               {"MB", 1 << 20},  {"GB", 1 << 30},  {"K", 1 << 10},   {"M", 1 << 20},
               {"G", 1 << 30},   {"", 1}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (!gni_str_ends(text, units[i].suffix)) continue;
    gn_str digits = gni_str_trim((gn_str){text.ptr, text.len - strlen(units[i].suffix)});
    int64_t count;
    if (gni_parse_int64(digits, &count) != GN_OK || count <= 0) return GN_E_PARSE;
    return __builtin_mul_overflow(count, units[i].scale, out) ? GN_E_LIMIT : GN_OK;
  }
  return GN_E_PARSE;
}

static int parse_boundary(gn_str text, int *out)
{
  *out = gni_str_is(text, "exact") ? GNI_BOUNDARY_EXACT : GNI_BOUNDARY_CHRONON;
  return gni_str_is(text, "exact") || gni_str_is(text, "chronon") ? GN_OK : GN_E_INVALID;
}

static int wrong_value(const gnp_toml_entry *entry, const char *wanted, gn_error *err)
{
  return gni_fail_as(err, "GC011", GN_E_INVALID, "'%.*s' wants %s, not '%.*s'",
                     GN_STR_ARGS(entry->key), wanted, GN_STR_ARGS(entry->text));
}

static int apply(const struct setting *setting, const gnp_toml_entry *entry, gnp_config *config,
                 gn_error *err)
{
  char *member = (char *)config + setting->offset;
  switch (setting->kind) {
  case TEXT:
    if (entry->kind != GNP_TOML_TEXT) return wrong_value(entry, "a text in quotes", err);
    memcpy(member, &entry->text, sizeof entry->text);
    return GN_OK;
  case INTEGER:
    if (entry->kind != GNP_TOML_INTEGER || entry->integer < 1 || entry->integer > 1024)
      return wrong_value(entry, "a whole number from 1 to 1024", err);
    memcpy(member, &(int32_t){(int32_t)entry->integer}, sizeof(int32_t));
    config->threads_origin = "gnomon.toml";
    return GN_OK;
  case BYTES:
    config->memory_origin = "gnomon.toml";
    if (entry->kind == GNP_TOML_BOOLEAN ||
        parse_bytes(entry->text, (int64_t *)(void *)member) != GN_OK)
      return wrong_value(entry, "a size such as \"4GiB\"", err);
    return GN_OK;
  case BOUNDARY:
    break;
  }
  if (parse_boundary(entry->text, &config->boundary) != GN_OK)
    return wrong_value(entry, "\"chronon\" or \"exact\"", err);
  return GN_OK;
}

static int unknown_section(const gnp_toml_entry *entry, gn_error *err)
{
  static const char *const sections[] = {"warehouse", "store", "engine", "compat", "tables"};
  gn_str names[5];
  for (size_t i = 0; i < 5; i++) names[i] = gni_str(sections[i]);
  gn_str near = gni_nearest(entry->table, names, 5);
  if (!entry->table.len)
    gni_fail_as(err, "GC010", GN_E_INVALID, "'%.*s' stands before the first [section]",
                GN_STR_ARGS(entry->key));
  else
    gni_fail_as(err, "GC010", GN_E_INVALID, "there is no section [%.*s]",
                GN_STR_ARGS(entry->table));
  if (near.ptr)
    gni_error_hint(err, "did you mean [%.*s]?", GN_STR_ARGS(near));
  else
    gni_error_hint(err, "there are [warehouse], [store], [engine], [compat] and [tables.NAME]");
  return GN_E_INVALID;
}

static int unknown_setting(const gnp_toml_entry *entry, const gn_str *names, size_t count,
                           gn_error *err)
{
  gni_fail_as(err, "GC010", GN_E_INVALID, "unknown setting '%.*s' in [%.*s]",
              GN_STR_ARGS(entry->key), GN_STR_ARGS(entry->table));
  gn_str near = gni_nearest(entry->key, names, count);
  if (near.ptr) gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  return GN_E_INVALID;
}

static gni_table_entry *table_entry(struct reading *reading, const char *name)
{
  gnp_config *config = reading->config;
  for (size_t i = 0; i < config->table_count; i++)
    if (strcmp(config->tables[i].name, name) == 0) return &config->tables[i];
  if (config->table_count == reading->table_capacity) {
    size_t capacity = reading->table_capacity ? reading->table_capacity * 2 : 8;
    gni_table_entry *grown =
        gni_arena_grow(reading->arena, config->tables, config->table_count * sizeof *grown,
                       capacity * sizeof *grown);
    if (!grown) return NULL;
    config->tables = grown;
    reading->table_capacity = capacity;
  }
  config->tables[config->table_count] = (gni_table_entry){.name = name};
  return &config->tables[config->table_count++];
}

static int apply_table(struct reading *reading, const gnp_toml_entry *entry, gn_error *err)
{
  static const char *const keys[] = {"path", "format", "partition_column", "partition_format"};
  static const size_t offsets[] = {
      offsetof(gni_table_entry, path), offsetof(gni_table_entry, format),
      offsetof(gni_table_entry, partition_column), offsetof(gni_table_entry, partition_format)};
  gn_str names[4];
  gni_table_entry *table = table_entry(reading, entry->table.ptr + strlen("tables") + 1);
  if (!table) return gni_fail_nomem(err, sizeof *table);
  for (size_t i = 0; i < 4; i++) {
    names[i] = gni_str(keys[i]);
    if (!gni_str_is(entry->key, keys[i])) continue;
    if (entry->kind != GNP_TOML_TEXT) return wrong_value(entry, "a text in quotes", err);
    memcpy((char *)table + offsets[i], &entry->text.ptr, sizeof entry->text.ptr);
    return GN_OK;
  }
  return unknown_setting(entry, names, 4, err);
}

static int apply_entry(void *user, const gnp_toml_entry *entry, gn_error *err)
{
  struct reading *reading = user;
  gn_str names[SETTING_COUNT];
  size_t count = 0;
  if (gni_str_starts(entry->table, "tables\x1F")) return apply_table(reading, entry, err);
  for (size_t i = 0; i < SETTING_COUNT; i++) {
    if (!gni_str_is(entry->table, settings[i].table)) continue;
    if (gni_str_is(entry->key, settings[i].key))
      return apply(&settings[i], entry, reading->config, err);
    names[count++] = gni_str(settings[i].key);
  }
  return count ? unknown_setting(entry, names, count, err) : unknown_section(entry, err);
}

static int read_file(const char *repo, struct reading *reading, gn_error *err)
{
  gn_buf text;
  gn_str path = gni_str_format(reading->arena, "%s/gnomon.toml", repo);
  if (!path.ptr) return gni_fail_nomem(err, strlen(repo));
  if (!gni_file_exists(path.ptr)) return GN_OK;
  gni_buf_init(&text, reading->arena->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gni_file_read(path.ptr, &text, err);
  gn_str kept = rc == GN_OK ? gni_str_take(reading->arena, gni_buf_view(&text)) : (gn_str){NULL, 0};
  gni_buf_deinit(&text);
  if (rc == GN_OK && !kept.ptr) rc = gni_fail_nomem(err, 1);
  if (rc == GN_OK) rc = gnp_toml_read(kept, reading->arena, apply_entry, reading, err);
  if (rc != GN_OK && err) { /* file:line:column, as of every file */
    gn_str place =
        gni_str_format(reading->arena, "%s%s%s", path.ptr, err->where[0] ? ":" : "", err->where);
    err->where[0] = '\0';
    gni_error_where(err, "%s", place.ptr ? place.ptr : path.ptr);
  }
  return rc;
}

/* --table NAME=PATH goes over what the file says of that table. */
static int apply_table_flags(const gn_session_args *args, struct reading *reading, gn_error *err)
{
  for (size_t i = 0; i < args->table_count; i++) {
    gn_str rest = gni_str(args->tables[i]), name;
    if (!gni_str_split(&rest, '=', &name) || !rest.ptr || !name.len || !rest.len)
      return gni_fail_as(err, "GC004", GN_E_ARG, "--table wants NAME=PATH, not '%s'",
                         args->tables[i]);
    gn_str kept_name = gni_str_take(reading->arena, name),
           path = gni_str_take(reading->arena, rest);
    gni_table_entry *table = kept_name.ptr && path.ptr ? table_entry(reading, kept_name.ptr) : NULL;
    if (!table) return gni_fail_nomem(err, sizeof *table);
    table->path = path.ptr;
  }
  return GN_OK;
}

/* A relative folder is below the repository. */
static gn_str below(gn_arena *arena, const char *repo, gn_str path)
{
  if (path.len && path.ptr[0] == '/') return path;
  return gni_str_format(arena, "%s/%.*s", repo, GN_STR_ARGS(path));
}

/* Paths in flags are the caller's: relative to where the program was started. */
static gn_str from_here(gn_arena *arena, const char *path)
{
  char here[4096];
  if (path[0] == '/' || !getcwd(here, sizeof here)) return gni_str_take(arena, gni_str(path));
  return gni_str_format(arena, "%s/%s", here, path);
}

static int apply_flags(const gn_session_args *args, const char *repo, struct reading *reading,
                       gn_error *err)
{
  gnp_config *config = reading->config;
  config->warehouse_root = args->warehouse ? from_here(reading->arena, args->warehouse)
                                           : below(reading->arena, repo, config->warehouse_root);
  if (args->store) config->store_url = gni_str_take(reading->arena, gni_str(args->store));
  if (!config->warehouse_root.ptr || !config->store_url.ptr) return gni_fail_nomem(err, 1);
  if (args->threads > 0) {
    config->threads = args->threads;
    config->threads_origin = "flag";
  }
  if (args->memory_bytes > 0) {
    config->memory_bytes = args->memory_bytes;
    config->memory_origin = "flag";
  }
  if (args->boundary && parse_boundary(gni_str(args->boundary), &config->boundary) != GN_OK)
    return gni_fail_as(err, "GC011", GN_E_ARG, "boundary is 'chronon' or 'exact', not '%s'",
                       args->boundary);
  return apply_table_flags(args, reading, err);
}

int gnp_config_read(const gn_session_args *args, const char *repo, gn_arena *arena, gnp_config *out,
                    gn_error *err)
{
  struct reading reading = {.config = out, .arena = arena};
  *out = (gnp_config){.warehouse_root = GN_STR("warehouse"),
                      .partition_column = GN_STR("ds"),
                      .partition_format = GN_STR("yyyy-MM-dd"),
                      .store_url = GN_STR("lmdb:store"),
                      .boundary = GNI_BOUNDARY_CHRONON,
                      .threads_origin = "default",
                      .memory_origin = "default"};
  int rc = read_file(repo, &reading, err);
  return rc == GN_OK ? apply_flags(args, repo, &reading, err) : rc;
}
