/* Tables as files: where they are; the driver's table at the end. SPDX-License-Identifier:
 * Apache-2.0 */
#include "table/parquet/parquet_private.h"

#include <stdio.h>

/* ---- places ---------------------------------------------------------------------------------- */

const gni_table_entry *gnp_lake_entry(const gnp_lake *lake, gn_str ns, gn_str base)
{
  for (size_t i = lake->config->table_count; i-- > 0;) {
    const gni_table_entry *entry = &lake->config->tables[i];
    gn_str entry_ns, entry_base;
    if (gni_table_name_split(gni_str(entry->name), &entry_ns, &entry_base, NULL) == GN_OK &&
        gni_str_equal(entry_ns, ns) && gni_str_equal(entry_base, base))
      return entry;
  }
  return NULL;
}

const char *gnp_lake_folder(const gnp_lake *lake, gn_str ns, gn_str base, gn_arena *arena)
{
  const gni_table_entry *entry = gnp_lake_entry(lake, ns, base);
  if (entry && entry->path && entry->path[0] == '/') return gnp_path(arena, "%s", entry->path);
  if (entry && entry->path) return gnp_path(arena, "%s/%s", lake->config->root, entry->path);
  return gnp_path(arena, "%s/%.*s/%.*s", lake->config->root, GN_STR_ARGS(ns), GN_STR_ARGS(base));
}

/* Finds the folder or the file; GN_ABSENT when there is neither. */
static int locate(const char *path, bool configured, gn_arena *arena, gni_table *out,
                  gnp_place *place, gn_error *err)
{
  static const char *const endings[] = {".parquet", ".csv"};
  place->path = path;
  out->folder = gni_folder_exists(path);
  if (out->folder) return GN_OK;
  if (configured) return gni_file_exists(path) ? GN_OK : GN_ABSENT;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    place->path = gnp_path(arena, "%s%s", path, endings[i]);
    if (!place->path) return gnp_fail_arena(arena, err);
    if (gni_file_exists(place->path)) return GN_OK;
  }
  return GN_ABSENT;
}

static int take_format(const gni_table_entry *entry, const gnp_place *place, gni_table *out,
                       gn_error *err)
{
  gn_str format = entry ? gni_str(entry->format) : GN_STR("");
  if (gni_str_is(format, "parquet"))
    out->format = GNI_TABLE_PARQUET;
  else if (gni_str_is(format, "csv"))
    out->format = GNI_TABLE_CSV;
  else if (format.len)
    return gni_fail_as(err, "GT012", GN_E_ARG,
                       "format '%s' is not offered; there are parquet and csv", entry->format);
  else if (!out->folder && !gnp_format_of(gni_str(place->path), &out->format))
    return gni_fail_as(err, "GT012", GN_E_ARG,
                       "'%s' ends neither in .parquet nor in .csv; say its format", place->path);
  return GN_OK;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* A folder is a table when it has data, or the record of one. */
static int look_into_folder(const gnp_lake *lake, const gnp_place *place, bool column_given,
                            gn_arena *arena, gni_table *out, gn_error *err)
{
  gnp_record record;
  int has_record = gnp_record_read(lake->config->alloc, place->path, arena, &record, err);
  if (has_record < 0) return has_record;
  if (has_record == GN_OK && !column_given) out->partition_column = record.partition_column;
  out->properties = record.properties;
  out->property_count = record.property_count;
  int rc = gnp_files_peek(lake, out, arena, err);
  if (rc < 0) return rc;
  if (rc == GN_ABSENT && has_record == GN_ABSENT) return GN_ABSENT;
  if (rc == GN_ABSENT) {
    gn_str *columns = gni_arena_copy(arena, &out->partition_column, sizeof *columns);
    if (!columns) return gnp_fail_arena(arena, err);
    out->partition_columns = columns;
    out->partition_column_count = 1;
  }
  out->by_folder = gnp_is_level(out, out->partition_column);
  return GN_OK;
}

static int describe(gnp_lake *lake, const gni_table_entry *entry, gnp_place *place, gn_arena *arena,
                    gni_table *out, gn_error *err)
{
  const gni_warehouse_config *config = lake->config;
  const gni_type *type;
  const char *column = entry ? entry->partition_column : NULL;
  const char *format = entry ? entry->partition_format : NULL;
  out->configured = entry != NULL;
  out->location = gni_str(place->path);
  out->detail = place;
  out->partition_column = gni_str(column ? column : config->partition_column);
  out->partition_format = gni_str(format ? format : config->partition_format);
  int rc = take_format(entry, place, out, err);
  place->any_ending = entry && entry->format;
  if (rc == GN_OK && out->folder)
    rc = look_into_folder(lake, place, column != NULL, arena, out, err);
  if (rc != GN_OK) return rc;
  out->partitioned = out->by_folder;
  if (out->by_folder) return GN_OK;
  rc = gni_table_type(lake->warehouse, out, arena, &type, err);
  if (rc == GN_OK) out->partitioned = gni_type_find(type, out->partition_column) >= 0;
  return rc;
}

static int lake_find(void *state, gn_str ns, gn_str base, gn_arena *arena, gni_table *out,
                     gn_error *err)
{
  gnp_lake *lake = state;
  const gni_table_entry *entry = gnp_lake_entry(lake, ns, base);
  const char *path = gnp_lake_folder(lake, ns, base, arena);
  gnp_place *place = GN_TAKE_ZERO(arena, gnp_place, 1);
  if (!path || !place) return gnp_fail_arena(arena, err);
  int rc = locate(path, entry && entry->path, arena, out, place, err);
  return rc == GN_OK ? describe(lake, entry, place, arena, out, err) : rc;
}

/* ---- listing --------------------------------------------------------------------------------- */

struct listing {
  const gnp_lake *lake;
  gn_arena arena;
  const char *ns; /* NULL: the folders at hand are namespaces */
  const char *path;
  int (*each)(void *user, gn_str name);
  void *user;
  gn_error *err;
};

static int give(struct listing *listing, gn_str base)
{
  gn_str name = gni_str_format(&listing->arena, "%s.%.*s", listing->ns, GN_STR_ARGS(base));
  return name.ptr ? listing->each(listing->user, name) : GN_E_NOMEM;
}

/* Anything that is not hidden, or the record of our writer. */
static int see_content(void *user, const char *name, bool is_folder)
{
  (void)is_folder;
  *(bool *)user |= (name[0] != '.' && name[0] != '_') || strcmp(name, GNP_RECORD_NAME) == 0;
  return GN_OK;
}

/* A folder without content is what a writer that was killed early leaves. */
static int list_folder(struct listing *listing, const char *name)
{
  bool content = false;
  const char *path = gnp_path(&listing->arena, "%s/%s/%s", listing->path, listing->ns, name);
  if (!path) return GN_E_NOMEM;
  int rc = gni_folder_list(listing->lake->config->alloc, path, see_content, &content, listing->err);
  return rc == GN_OK && content ? give(listing, gni_str(name)) : rc;
}

static int list_table(void *user, const char *name, bool is_folder)
{
  struct listing *listing = user;
  uint8_t format;
  gn_str base = gni_str(name);
  if (name[0] == '.' || name[0] == '_') return GN_OK;
  if (is_folder) return memchr(base.ptr, '=', base.len) ? GN_OK : list_folder(listing, name);
  if (!gnp_format_of(base, &format) || gni_str_ends(base, ".gz")) return GN_OK;
  while (base.len && base.ptr[base.len - 1] != '.') base.len--;
  return give(listing, (gn_str){base.ptr, base.len - 1});
}

static int list_namespace(void *user, const char *name, bool is_folder)
{
  struct listing *listing = user;
  if (!is_folder || name[0] == '.' || name[0] == '_') return GN_OK;
  const char *path = gnp_path(&listing->arena, "%s/%s", listing->path, name);
  if (!path) return GN_E_NOMEM;
  struct listing inner = *listing;
  inner.ns = name;
  int rc = gni_folder_list(listing->lake->config->alloc, path, list_table, &inner, listing->err);
  listing->arena = inner.arena;
  return rc;
}

static int lake_list(void *state, int (*each)(void *user, gn_str name), void *user, gn_error *err)
{
  const gnp_lake *lake = state;
  struct listing listing = {
      .lake = lake, .path = lake->config->root, .each = each, .user = user, .err = err};
  int rc = GN_OK;
  gni_arena_init(&listing.arena, lake->config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  if (listing.path && gni_folder_exists(listing.path))
    rc = gni_folder_list(lake->config->alloc, listing.path, list_namespace, &listing, err);
  for (size_t i = 0; rc == GN_OK && i < lake->config->table_count; i++) {
    gn_str ns, base;
    if (gni_table_name_split(gni_str(lake->config->tables[i].name), &ns, &base, NULL) != GN_OK)
      continue;
    gn_str name = gni_str_format(&listing.arena, "%.*s.%.*s", GN_STR_ARGS(ns), GN_STR_ARGS(base));
    rc = name.ptr ? each(user, name) : GN_E_NOMEM;
  }
  gni_arena_deinit(&listing.arena);
  return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int lake_open(gni_warehouse *warehouse, const gni_warehouse_config *config, void **state,
                     gn_error *err)
{
  gn_str ns, base;
  for (size_t i = 0; i < config->table_count; i++) {
    int rc = gni_table_name_split(gni_str(config->tables[i].name), &ns, &base, err);
    if (rc != GN_OK) return rc;
  }
  gnp_lake *lake = gni_alloc(config->alloc, sizeof *lake);
  if (!lake) return gni_fail_nomem(err, sizeof *lake);
  *lake = (gnp_lake){warehouse, config};
  *state = lake;
  return GN_OK;
}

static void lake_close(void *state)
{
  gnp_lake *lake = state;
  gni_free(lake->config->alloc, lake, sizeof *lake);
}

/* Moved out of sight in one step, beside where it was, then removed. */
static int hide(const gnp_lake *lake, const char *path, const char *parent, gn_arena *arena,
                gn_error *err)
{
  gni_run_folder hidden;
  int rc = gni_run_folder_sweep(lake->config->alloc, parent, GNP_RUN_PREFIX, err);
  if (rc == GN_OK)
    rc = gni_run_folder_open(lake->config->alloc, parent, GNP_RUN_PREFIX, &hidden, err);
  if (rc != GN_OK) return rc;
  const char *to = gnp_path(arena, "%s/dropped", hidden.path);
  if (!to)
    rc = gnp_fail_arena(arena, err);
  else if (rename(path, to) != 0)
    rc = gni_fail(err, GN_E_IO, "cannot move '%s' away", path);
  gni_run_folder_close(&hidden);
  return rc;
}

static int lake_sweep(void *state, const gni_table *table, gn_error *err)
{
  const gnp_lake *lake = state;
  const gnp_place *place = table->detail;
  if (!table->folder) return GN_OK;
  return gni_run_folder_sweep(lake->config->alloc, place->path, GNP_RUN_PREFIX, err);
}

static int lake_drop(void *state, const gni_table *table, gn_error *err)
{
  const gnp_lake *lake = state;
  const gnp_place *place = table->detail;
  const char *slash = strrchr(place->path, '/');
  gn_arena arena;
  gni_arena_init(&arena, lake->config->alloc, GNP_TABLE_ARENA_BYTES_MAX);
  const char *parent =
      slash ? gnp_path(&arena, "%.*s", (int)(slash - place->path), place->path) : ".";
  int rc = parent ? hide(lake, place->path, parent, &arena, err) : gnp_fail_arena(&arena, err);
  gni_arena_deinit(&arena);
  return rc;
}

const gni_table_driver gni_table_parquet = {
    .version = GN_TABLE_DRIVER_VERSION,
    .name = "parquet",
    .open = lake_open,
    .close = lake_close,
    .find = lake_find,
    .list = lake_list,
    .type = gnp_lake_type,
    .partitions = gnp_lake_partitions,
    .estimate = gnp_lake_estimate,
    .scan = gnp_lake_scan,
    .write_begin = gnp_lake_write_begin,
    .write = gnp_lake_write,
    .write_end = gnp_lake_write_end,
    .drop = lake_drop,
    .sweep = lake_sweep,
    .rows_begin = gnp_lake_rows_begin,
    .rows_add = gnp_lake_rows_add,
    .rows_end = gnp_lake_rows_end,
};
