/* The files of a table's folder. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/parquet_private.h"

#include <stdlib.h>

enum { LEVELS_MAX = 16, FOUND = 2 /* ends a walk that has what it wants */ };

static bool is_hidden(const char *name)
{
  return name[0] == '.' || name[0] == '_';
}

bool gnp_format_of(gn_str name, uint8_t *format)
{
  if (gni_str_ends(name, ".parquet"))
    *format = GNI_TABLE_PARQUET;
  else if (gni_str_ends(name, ".csv") || gni_str_ends(name, ".csv.gz"))
    *format = GNI_TABLE_CSV;
  else
    return false;
  return true;
}

/* ---- names of folders ------------------------------------------------------------------------ */

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool undo_percent(gn_str text, gn_arena *arena, gn_str *out)
{
  char *to = gni_arena_take(arena, text.len + 1);
  size_t len = 0;
  if (!to) return false;
  for (size_t i = 0; i < text.len; i++) {
    bool coded = text.ptr[i] == '%' && i + 2 < text.len && hex(text.ptr[i + 1]) >= 0 &&
                 hex(text.ptr[i + 2]) >= 0;
    to[len++] = coded ? (char)(hex(text.ptr[i + 1]) * 16 + hex(text.ptr[i + 2])) : text.ptr[i];
    if (coded) i += 2;
  }
  to[len] = '\0';
  *out = (gn_str){to, len};
  return true;
}

int gnp_partition_name(gn_str name, gn_arena *arena, gn_str *column, gn_str *value, gn_error *err)
{
  *column = *value = (gn_str){NULL, 0};
  const char *equals = name.len ? memchr(name.ptr, '=', name.len) : NULL;
  if (!equals || equals == name.ptr) return GN_ABSENT;
  gn_str rest = {equals + 1, name.len - (size_t)(equals + 1 - name.ptr)};
  *column = gni_str_take(arena, (gn_str){name.ptr, (size_t)(equals - name.ptr)});
  if (!column->ptr || !undo_percent(rest, arena, value)) return gnp_fail_arena(arena, err);
  return GN_OK;
}

bool gnp_is_level(const gni_table *table, gn_str column)
{
  for (size_t i = 0; i < table->partition_column_count; i++)
    if (gni_str_equal(table->partition_columns[i], column)) return true;
  return false;
}

/* ---- walking --------------------------------------------------------------------------------- */

struct walk {
  const gnp_lake *lake;
  const gni_table *table;
  const gni_scan *scan; /* NULL: only look at the first file */
  gn_arena *arena;
  gn_error *err;
  const char *path; /* of the folder at hand */
  int depth;
  gn_str levels[LEVELS_MAX]; /* columns of the folders down to here */
  gn_str values[LEVELS_MAX];
  bool has_day;
  int32_t day;
  uint8_t format; /* of the first file */
  bool any_ending;
  gnp_files files;
  size_t capacity;
};

static int walk_folder(struct walk *walk, const char *path);

/* Whether the scan wants a folder of this column and value. */
static bool wanted(struct walk *walk, gn_str column, gn_str value)
{
  const gni_scan *scan = walk->scan;
  if (!scan) return true;
  for (size_t i = 0; i < scan->filter_count; i++)
    if (gni_str_equal(scan->filters[i].column, column) &&
        !gni_str_equal(scan->filters[i].value, value))
      return false;
  if (!gni_str_equal(column, walk->table->partition_column)) return true;
  walk->has_day = gni_day_parse(value, walk->table->partition_format, &walk->day, NULL) == GN_OK;
  if (!walk->has_day) return scan->first_day == INT32_MIN && scan->last_day == INT32_MAX;
  return walk->day >= scan->first_day && walk->day <= scan->last_day;
}

static int enter(struct walk *walk, const char *name, const char *path)
{
  gn_str column, value;
  int rc = gnp_partition_name(gni_str(name), walk->arena, &column, &value, walk->err);
  if (rc != GN_OK) return rc == GN_ABSENT ? GN_OK : rc;
  if (walk->depth == LEVELS_MAX)
    return gni_fail_as(walk->err, "GT003", GN_E_LIMIT, "'%s' is deeper than %d folders", path,
                       LEVELS_MAX);
  bool had_day = walk->has_day;
  int32_t day = walk->day;
  if (wanted(walk, column, value)) {
    bool is_null = gni_str_is(value, "__HIVE_DEFAULT_PARTITION__");
    walk->values[walk->depth] = is_null ? (gn_str){NULL, 0} : value;
    walk->levels[walk->depth++] = column;
    rc = walk_folder(walk, path);
    if (rc != FOUND) walk->depth--;
  }
  if (rc != FOUND) {
    walk->has_day = had_day;
    walk->day = day;
  }
  return rc;
}

/* Whether the folders down to here are the table's. */
static bool is_usual(const struct walk *walk)
{
  const gni_table *table = walk->table;
  if ((size_t)walk->depth != table->partition_column_count) return false;
  for (int i = 0; i < walk->depth; i++)
    if (!gni_str_equal(walk->levels[i], table->partition_columns[i])) return false;
  return true;
}

static int take_file(struct walk *walk, const char *path)
{
  gnp_files *files = &walk->files;
  if (!is_usual(walk))
    return gni_fail_as(walk->err, "GT003", GN_E_CORRUPT,
                       "'%s' is in other folders than the table's first file", path);
  if (files->count == walk->capacity) {
    size_t capacity = walk->capacity ? walk->capacity * 2 : 64;
    gnp_file *grown = gni_arena_grow(walk->arena, files->list, files->count * sizeof *grown,
                                     capacity * sizeof *grown);
    if (!grown) return gnp_fail_arena(walk->arena, walk->err);
    files->list = grown;
    walk->capacity = capacity;
  }
  const gn_str *values =
      gni_arena_copy(walk->arena, walk->values, (size_t)walk->depth * sizeof *values);
  if (!values) return gnp_fail_arena(walk->arena, walk->err);
  files->list[files->count++] = (gnp_file){path, walk->has_day, walk->day, values};
  return GN_OK;
}

static int visit(void *user, const char *name, bool is_folder)
{
  struct walk *walk = user;
  uint8_t format = walk->format;
  if (is_hidden(name)) return GN_OK;
  const char *path = gnp_path(walk->arena, "%s/%s", walk->path, name);
  if (!path) return gnp_fail_arena(walk->arena, walk->err);
  if (is_folder) return enter(walk, name, path);
  bool known = gnp_format_of(gni_str(name), &format);
  if (!known && !walk->any_ending) return GN_OK;
  if (!walk->scan) {
    walk->format = format;
    return FOUND;
  }
  return format == walk->format || walk->any_ending ? take_file(walk, path) : GN_OK;
}

static int walk_folder(struct walk *walk, const char *path)
{
  const char *above = walk->path;
  walk->path = path;
  int rc = gni_folder_list(walk->lake->config->alloc, path, visit, walk, walk->err);
  walk->path = above;
  return rc;
}

static int compare_files(const void *a, const void *b)
{
  const gnp_file *x = a, *y = b;
  if (x->has_day != y->has_day) return x->has_day ? 1 : -1;
  if (x->has_day && x->day != y->day) return x->day < y->day ? -1 : 1;
  return strcmp(x->path, y->path);
}

static struct walk walk_of(const gnp_lake *lake, const gni_table *table, const gni_scan *scan,
                           gn_arena *arena, gn_error *err)
{
  const gnp_place *place = table->detail;
  return (struct walk){.lake = lake,
                       .table = table,
                       .scan = scan,
                       .arena = arena,
                       .err = err,
                       .format = table->format,
                       .any_ending = place->any_ending};
}

int gnp_files_list(const gnp_lake *lake, const gni_table *table, const gni_scan *scan,
                   gn_arena *arena, gnp_files *out, gn_error *err)
{
  const gnp_place *place = table->detail;
  struct walk walk = walk_of(lake, table, scan, arena, err);
  *out = (gnp_files){NULL, 0};
  int rc = table->folder ? walk_folder(&walk, place->path) : take_file(&walk, place->path);
  if (rc != GN_OK) return rc;
  if (walk.files.count)
    qsort(walk.files.list, walk.files.count, sizeof *walk.files.list, compare_files);
  *out = walk.files;
  return GN_OK;
}

int gnp_files_peek(const gnp_lake *lake, gni_table *table, gn_arena *arena, gn_error *err)
{
  const gnp_place *place = table->detail;
  struct walk walk = walk_of(lake, table, NULL, arena, err);
  int rc = walk_folder(&walk, place->path);
  if (rc != FOUND) return rc == GN_OK ? GN_ABSENT : rc;
  size_t count = (size_t)walk.depth;
  gn_str *columns = gni_arena_copy(arena, walk.levels, count * sizeof *columns);
  if (!columns) return gnp_fail_arena(arena, err);
  if (!place->any_ending) table->format = walk.format;
  table->partition_columns = columns;
  table->partition_column_count = count;
  return GN_OK;
}
