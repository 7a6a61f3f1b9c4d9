/* Which definitions are compiled already, by the cache that compiling leaves behind: so that
 * nothing is started to find that nothing is to be done. SPDX-License-Identifier: Apache-2.0
 *
 * The format of the cache is at the top of python/gnomon/_cache.py; its objects have their members
 * in byte order. Whatever is not as described there makes the cache not count. */
#include <stdio.h>

#include "flow/flow_private.h"

enum { CACHE_FORMAT = 1, CACHE_DEPTH_MAX = 8, PATH_BYTES_MAX = 4096 };

struct fresh {
  const char *repo;
  const gni_json *files, *units;
  signed char *looked; /* of each of `files`: 1 as it was, -1 not, 0 not looked at yet */
  gn_arena arena;
  gn_buf content; /* of the file that is looked at */
  gn_buf *out;
  size_t found; /* definition files */
};

/* The path of what is below the repository; false when it does not fit. */
static bool path_of(const struct fresh *fresh, gn_str name, char out[PATH_BYTES_MAX])
{
  int len = snprintf(out, PATH_BYTES_MAX, "%s/%.*s", fresh->repo, GN_STR_ARGS(name));
  return len > 0 && len < PATH_BYTES_MAX;
}

/* ---- the cache ---- */

/* Position of a member, by halves; the count when there is none. */
static size_t member_index(const gni_json *object, gn_str key)
{
  size_t low = 0, high = object->list.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = gni_str_compare(object->list.keys[middle].text, key);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return object->list.count;
}

static const gni_json *object_member(const gni_json *object, const char *name)
{
  const gni_json *member = gni_json_member(object, name);
  return member && member->kind == GNI_JSON_OBJECT ? member : NULL;
}

static bool is_text(const gni_json *node, const char *text)
{
  return node && node->kind == GNI_JSON_TEXT && gni_str_is(node->text, text);
}

static bool read_cache(struct fresh *fresh)
{
  char path[PATH_BYTES_MAX];
  const gni_json *cache;
  if (!path_of(fresh, GN_STR(".gnomon/compile.json"), path)) return false;
  if (gni_file_read(path, &fresh->content, NULL) != GN_OK) return false;
  gn_str text = gni_str_take(&fresh->arena, gni_buf_view(&fresh->content));
  if (!text.ptr || gni_json_parse(text, CACHE_DEPTH_MAX, &fresh->arena, &cache, NULL) != GN_OK)
    return false;
  const gni_json *format = gni_json_member(cache, "format");
  fresh->files = object_member(cache, "files");
  fresh->units = object_member(cache, "units");
  if (!format || format->kind != GNI_JSON_INTEGER || format->integer != CACHE_FORMAT) return false;
  if (!is_text(gni_json_member(cache, "version"), gn_version())) return false;
  if (!is_text(gni_json_member(cache, "output_root"), "production")) return false;
  if (!fresh->files || !fresh->units) return false;
  fresh->looked = GN_TAKE_ZERO(&fresh->arena, signed char, fresh->files->list.count + 1);
  return fresh->looked != NULL;
}

/* ---- one file ---- */

static bool has_digest(gn_str content, gn_str digest)
{
  static const char hex[] = "0123456789abcdef";
  uint8_t now[32];
  if (digest.len != 2 * sizeof now) return false;
  gni_sha256(content.ptr, content.len, now);
  for (size_t i = 0; i < sizeof now; i++)
    if (digest.ptr[2 * i] != hex[now[i] >> 4] || digest.ptr[2 * i + 1] != hex[now[i] & 15])
      return false;
  return true;
}

static bool look(struct fresh *fresh, gn_str name, const gni_json *digest)
{
  char path[PATH_BYTES_MAX];
  if (digest->kind != GNI_JSON_TEXT || !path_of(fresh, name, path)) return false;
  gni_buf_reset(&fresh->content);
  if (gni_file_read(path, &fresh->content, NULL) != GN_OK) return false;
  return has_digest(gni_buf_view(&fresh->content), digest->text);
}

/* Whether each of the files that are named is as it was. */
static bool are_as_they_were(struct fresh *fresh, const gni_json *names)
{
  if (!names || names->kind != GNI_JSON_LIST) return false;
  for (size_t i = 0; i < names->list.count; i++) {
    const gni_json *name = &names->list.items[i];
    if (name->kind != GNI_JSON_TEXT) return false;
    size_t at = member_index(fresh->files, name->text);
    if (at == fresh->files->list.count) return false;
    if (fresh->looked[at] == 0)
      fresh->looked[at] = look(fresh, name->text, &fresh->files->list.items[at]) ? 1 : -1;
    if (fresh->looked[at] < 0) return false;
  }
  return true;
}

/* ---- one definition file ---- */

static bool add_objects(struct fresh *fresh, const gni_json *objects)
{
  if (!objects || objects->kind != GNI_JSON_LIST) return false;
  for (size_t i = 0; i < objects->list.count; i++) {
    const gni_json *object = &objects->list.items[i];
    if (object->kind != GNI_JSON_LIST || object->list.count != 3) return false;
    for (size_t k = 0; k < 3; k++) {
      if (object->list.items[k].kind != GNI_JSON_TEXT) return false;
      gni_buf_add(fresh->out, object->list.items[k].text.ptr, object->list.items[k].text.len);
      gni_buf_add_char(fresh->out, k < 2 ? '\t' : '\n');
    }
  }
  return fresh->out->rc == GN_OK;
}

static bool unit_is_fresh(struct fresh *fresh, gn_str unit)
{
  size_t at = member_index(fresh->units, unit);
  if (at == fresh->units->list.count) return false;
  const gni_json *entry = &fresh->units->list.items[at];
  fresh->found++;
  return are_as_they_were(fresh, gni_json_member(entry, "inputs")) &&
         are_as_they_were(fresh, gni_json_member(entry, "outputs")) &&
         add_objects(fresh, gni_json_member(entry, "objects"));
}

/* ---- folders, in the compiler's order: files, then what is below ---- */

struct walk {
  struct fresh *fresh;
  const char *folder; /* below the repository */
  bool folders;       /* which of both is looked at now */
};

static int walk_folder(struct fresh *fresh, const char *folder);

static bool ends_in_py(gn_str name)
{
  return name.len > 3 && memcmp(name.ptr + name.len - 3, ".py", 3) == 0;
}

static int walk_entry(void *user, const char *name, bool is_folder)
{
  const struct walk *walk = user;
  bool passed_over =
      is_folder ? name[0] == '.' || strcmp(name, "__pycache__") == 0 : !ends_in_py(gni_str(name));
  if (is_folder != walk->folders || passed_over) return GN_OK;
  gn_str path = gni_str_format(&walk->fresh->arena, "%s/%s", walk->folder, name);
  if (!path.ptr) return GN_E_NOMEM;
  if (is_folder) return walk_folder(walk->fresh, path.ptr);
  return unit_is_fresh(walk->fresh, path) ? GN_OK : GN_ABSENT;
}

static int walk_folder(struct fresh *fresh, const char *folder)
{
  char path[PATH_BYTES_MAX];
  struct walk walk = {.fresh = fresh, .folder = folder};
  if (!path_of(fresh, gni_str(folder), path)) return GN_ABSENT;
  int rc = gni_folder_list(fresh->arena.alloc, path, walk_entry, &walk, NULL);
  walk.folders = true;
  return rc == GN_OK ? gni_folder_list(fresh->arena.alloc, path, walk_entry, &walk, NULL) : rc;
}

/* ---- what was asked for ---- */

static const char *const kind_folders[] = {"group_bys", "joins", "staging_queries"};

static bool is_folder_of(const struct fresh *fresh, const char *folder)
{
  char path[PATH_BYTES_MAX];
  return path_of(fresh, gni_str(folder), path) && gni_folder_exists(path);
}

/* Only paths as people write them: "group_bys/team", "group_bys/team/file.py". */
static bool is_plain(gn_str path)
{
  gn_str part, rest = path;
  bool below = false;
  gni_str_split(&rest, '/', &part);
  for (size_t i = 0; i < sizeof kind_folders / sizeof *kind_folders; i++)
    below = below || gni_str_is(part, kind_folders[i]);
  while (below && gni_str_split(&rest, '/', &part)) below = part.len > 0 && part.ptr[0] != '.';
  return below;
}

static int look_at(struct fresh *fresh, gn_str path)
{
  int rc = GN_OK;
  if (gni_str_is(path, ".")) {
    for (size_t i = 0; rc == GN_OK && i < sizeof kind_folders / sizeof *kind_folders; i++)
      if (is_folder_of(fresh, kind_folders[i])) rc = walk_folder(fresh, kind_folders[i]);
    return rc;
  }
  while (path.len > 1 && path.ptr[path.len - 1] == '/') path.len--;
  gn_str name = gni_str_take(&fresh->arena, path);
  if (!name.ptr) return GN_E_NOMEM;
  if (!is_plain(name)) return GN_ABSENT;
  if (is_folder_of(fresh, name.ptr)) return walk_folder(fresh, name.ptr);
  return ends_in_py(name) && unit_is_fresh(fresh, name) ? GN_OK : GN_ABSENT;
}

int gn_compiled_fresh(const char *repo, const char *path, gn_text *out, gn_error *err)
{
  gn_buf lines;
  struct fresh fresh = {.repo = repo, .out = &lines};
  *out = (gn_text){0};
  gni_buf_init(&lines, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_buf_init(&fresh.content, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_arena_init(&fresh.arena, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = read_cache(&fresh) ? look_at(&fresh, gni_str(path)) : GN_ABSENT;
  if (rc == GN_OK && !fresh.found) rc = GN_ABSENT;
  if (rc == GN_OK) rc = gnp_text_from(&lines, out, err);
  gni_arena_deinit(&fresh.arena);
  gni_buf_deinit(&fresh.content);
  gni_buf_deinit(&lines);
  if (rc == GN_E_NOMEM) return gni_fail_nomem(err, 1);
  return rc == GN_OK ? GN_OK : GN_ABSENT;
}
