/* Finding and reading compiled definitions. SPDX-License-Identifier: Apache-2.0 */
#include "flow/job.h"

static const char *const kinds[] = {"group_bys", "joins", "staging_queries", "models"};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static bool try_path(gn_arena *arena, gn_str *out, const char *folder, gn_str below)
{
  *out = gni_str_format(arena, "%s%s%.*s", folder, *folder ? "/" : "", GN_STR_ARGS(below));
  return out->ptr && gni_file_exists(out->ptr);
}

/* "team.file.var" and "team/file.var" lie in production/<kind>/team/file.var. */
static bool try_name(gn_session *session, gn_str name, gn_arena *arena, gn_str *out)
{
  const char *cut = name.len ? memchr(name.ptr, '/', name.len) : NULL;
  if (!cut) cut = name.len ? memchr(name.ptr, '.', name.len) : NULL;
  if (!cut) return false;
  gn_str team = {name.ptr, (size_t)(cut - name.ptr)}, rest = {cut + 1, name.len - team.len - 1};
  for (size_t i = 0; i < KIND_COUNT; i++) {
    gn_str below = gni_str_format(arena, "production/%s/%.*s/%.*s", kinds[i], GN_STR_ARGS(team),
                                  GN_STR_ARGS(rest));
    if (below.ptr && try_path(arena, out, session->repo, below)) return true;
  }
  return false;
}

struct names {
  gn_arena *arena;
  gn_str *items;
  size_t count, capacity;
};

/* "…/production/group_bys/team/file.var" -> "team.file.var" */
static gn_str name_of_path(gn_arena *arena, gn_str path)
{
  gn_str file = path;
  const char *slash = NULL;
  for (size_t i = path.len, seen = 0; i-- > 0 && seen < 2;)
    if (path.ptr[i] == '/' && ++seen == 2) slash = path.ptr + i;
  if (slash) file = (gn_str){slash + 1, path.len - (size_t)(slash + 1 - path.ptr)};
  gn_str name = gni_str_format(arena, "%.*s", GN_STR_ARGS(file));
  for (size_t i = 0; name.ptr && i < name.len; i++)
    if (name.ptr[i] == '/') ((char *)(uintptr_t)name.ptr)[i] = '.';
  return name;
}

static int collect_name(void *user, gn_str path, gn_error *err)
{
  struct names *names = user;
  if (names->count == names->capacity) {
    size_t capacity = names->capacity ? names->capacity * 2 : 64;
    names->items = gni_arena_grow(names->arena, names->items, names->count * sizeof *names->items,
                                  capacity * sizeof *names->items);
    if (!names->items) return gni_fail_nomem(err, capacity * sizeof *names->items);
    names->capacity = capacity;
  }
  names->items[names->count++] = name_of_path(names->arena, path);
  return GN_OK;
}

static int not_found(gn_session *session, const char *conf, gn_arena *arena, gn_error *err)
{
  struct names names = {.arena = arena};
  gn_str wanted = gni_str_format(arena, "%s", conf);
  gni_fail_as(err, "GC006", GN_E_NOTFOUND, "no compiled definition is called '%s'", conf);
  for (size_t i = 0; wanted.ptr && i < wanted.len; i++)
    if (wanted.ptr[i] == '/') ((char *)(uintptr_t)wanted.ptr)[i] = '.';
  if (gnp_conf_each(session, arena, collect_name, &names, NULL) == GN_OK && wanted.ptr) {
    gn_str near = gni_nearest(wanted, names.items, names.count);
    if (near.ptr) gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  }
  gni_error_hint(err, "compile it first: gnomon compile");
  return GN_E_NOTFOUND;
}

int gnp_conf_find(gn_session *session, const char *conf, gn_arena *arena, gn_str *path,
                  gn_error *err)
{
  gn_str text = gni_str(conf), below;
  if (try_path(arena, path, session->repo, text)) return GN_OK;
  if (try_path(arena, path, "", text)) return GN_OK;
  below = gni_str_format(arena, "production/%s", conf);
  if (below.ptr && try_path(arena, path, session->repo, below)) return GN_OK;
  if (try_name(session, text, arena, path)) return GN_OK;
  return not_found(session, conf, arena, err);
}

int gnp_conf_read(gn_session *session, gn_str path, gn_arena *arena, const gni_def **out,
                  gni_problems *problems, gn_error *err)
{
  gn_buf text;
  gni_buf_init(&text, session->alloc, GN_DEF_FILE_BYTES_MAX);
  *out = NULL;
  int rc = gni_file_read(path.ptr, &text, err);
  if (rc == GN_OK) {
    rc = gni_def_read(gni_buf_view(&text), path.ptr, arena, out, problems);
    if (rc != GN_OK && gni_problems_result(problems, err) == GN_OK)
      gni_fail(err, rc, "'%s' cannot be read", path.ptr);
  }
  gni_buf_deinit(&text);
  return rc;
}

/* ---- walking production/ ---- */

struct walk {
  gn_session *session;
  gn_arena *arena;
  const char *folder;
  int (*each)(void *user, gn_str path, gn_error *err);
  void *user;
  gn_error *err;
};

static int walk_entry(void *user, const char *name, bool is_folder)
{
  struct walk *walk = user;
  gn_str path = gni_str_format(walk->arena, "%s/%s", walk->folder, name);
  if (!path.ptr) return gni_fail_nomem(walk->err, strlen(name));
  if (name[0] == '.' || strstr(name, ".tmp-")) return GN_OK;
  if (!is_folder) return walk->each(walk->user, path, walk->err);
  struct walk deeper = *walk;
  deeper.folder = path.ptr;
  return gni_folder_list(walk->session->alloc, path.ptr, walk_entry, &deeper, walk->err);
}

int gnp_conf_each(gn_session *session, gn_arena *arena,
                  int (*each)(void *user, gn_str path, gn_error *err), void *user, gn_error *err)
{
  bool any = false;
  for (size_t i = 0; i < KIND_COUNT; i++) {
    gn_str folder = gni_str_format(arena, "%s/production/%s", session->repo, kinds[i]);
    if (!folder.ptr) return gni_fail_nomem(err, 1);
    if (!gni_folder_exists(folder.ptr)) continue;
    any = true;
    struct walk walk = {session, arena, folder.ptr, each, user, err};
    int rc = gni_folder_list(session->alloc, folder.ptr, walk_entry, &walk, err);
    if (rc != GN_OK) return rc;
  }
  if (any) return GN_OK;
  gni_fail_as(err, "GC007", GN_E_NOTFOUND, "'%s' has no production/ folder with definitions",
              session->repo);
  gni_error_hint(err, "compile them first: gnomon compile");
  return GN_E_NOTFOUND;
}

/* ---- confs as arguments: names, files, folders, or nothing for all ---- */

static int walk_folder(gn_session *session, gn_arena *arena, const char *folder,
                       int (*each)(void *user, gn_str path, gn_error *err), void *user,
                       gn_error *err)
{
  struct walk walk = {session, arena, folder, each, user, err};
  return gni_folder_list(session->alloc, folder, walk_entry, &walk, err);
}

int gnp_conf_gather(gn_session *session, const char *const *confs, size_t count, gn_arena *arena,
                    int (*each)(void *user, gn_str path, gn_error *err), void *user, gn_error *err)
{
  if (!count) return gnp_conf_each(session, arena, each, user, err);
  for (size_t i = 0; i < count; i++) {
    gn_str path, folder = gni_str_format(arena, "%s/%s", session->repo, confs[i]);
    if (!folder.ptr) return gni_fail_nomem(err, 1);
    int rc;
    if (gni_folder_exists(folder.ptr))
      rc = walk_folder(session, arena, folder.ptr, each, user, err);
    else if (gni_folder_exists(confs[i]))
      rc = walk_folder(session, arena, confs[i], each, user, err);
    else if ((rc = gnp_conf_find(session, confs[i], arena, &path, err)) == GN_OK)
      rc = each(user, path, err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}
