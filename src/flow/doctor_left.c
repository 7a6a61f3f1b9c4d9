/* What runs that died left behind: told from what is at work by the locks that nobody holds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/doctor.h"

enum { DEPTH_MAX = 5 };

struct looking {
  gnp_examination *at;
  gn_str folder;
  int depth;
};

/* Whether somebody works under this lock: the kernel's, which ends with its process. */
static bool is_held(const char *path)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  bool held = flock(file, LOCK_EX | LOCK_NB) != 0 ||
              (fcntl(file, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK);
  close(file);
  return held;
}

static bool is_file(gn_str path)
{
  struct stat info;
  return path.ptr && stat(path.ptr, &info) == 0 && S_ISREG(info.st_mode);
}

/* A folder of one run has its lock in it; an upload in the making is beside the dataset's. */
static bool is_dead(struct looking *look, gn_str path, bool is_folder)
{
  gn_arena *arena = &look->at->arena;
  gn_str inside = gni_str_format(arena, "%.*s/.lock", GN_STR_ARGS(path));
  gn_str beside = gni_str_format(arena, "%.*s/LOCK", GN_STR_ARGS(look->folder));
  if (is_folder) return is_file(inside) && !is_held(inside.ptr);
  return !is_held(path.ptr) && !(is_file(beside) && is_held(beside.ptr));
}

static int look_into(gnp_examination *at, gn_str folder, int depth);

static int look_at(void *user, const char *name, bool is_folder)
{
  struct looking *look = user;
  gnp_examination *at = look->at;
  bool hidden = name[0] == '.', unfinished = strstr(name, ".tmp-") != NULL;
  gn_str path = gni_str_format(&at->arena, "%.*s/%s", GN_STR_ARGS(look->folder), name);
  if (!path.ptr) return gni_fail_arena(at->err, &at->arena, 1);
  at->looked[is_folder ? GNP_CHECK_RUNS : GNP_CHECK_LEFTOVERS]++;
  if (is_folder && hidden && is_dead(look, path, true)) {
    gnp_examine_tell(at, GNP_CHECK_RUNS, GN_VERDICT_WARNING, path,
                     "nothing: the next run of the same kind removes it; or remove it",
                     "a run that died left its folder and its lock");
    return GN_OK;
  }
  if (!is_folder && unfinished && is_dead(look, path, false))
    gnp_examine_tell(at, GNP_CHECK_LEFTOVERS, GN_VERDICT_WARNING, path,
                     "remove it: nobody is writing it", "a file that was never finished");
  return is_folder ? look_into(at, path, look->depth + 1) : GN_OK;
}

static int look_into(gnp_examination *at, gn_str folder, int depth)
{
  struct looking look = {at, folder, depth};
  if (depth >= DEPTH_MAX || !gni_folder_exists(folder.ptr)) return GN_OK;
  return gni_folder_list(at->session->alloc, folder.ptr, look_at, &look, at->err);
}

int gnp_examine_leftovers(gnp_examination *at)
{
  const gnp_config *config = &at->session->config;
  static const char *const places[] = {"production", ".gnomon/test"};
  int rc = look_into(at, config->warehouse_root, 0);
  gn_str store = config->store_url;
  if (rc == GN_OK && gni_str_starts(store, "lmdb:")) {
    const char *path = store.ptr + strlen("lmdb:");
    gn_str folder = path[0] == '/' ? gni_str(path)
                                   : gni_str_format(&at->arena, "%s/%s", at->session->repo, path);
    rc = folder.ptr ? look_into(at, folder, 0) : gni_fail_arena(at->err, &at->arena, 1);
  }
  for (size_t i = 0; rc == GN_OK && i < sizeof places / sizeof *places; i++) {
    gn_str folder = gni_str_format(&at->arena, "%s/%s", at->session->repo, places[i]);
    rc = folder.ptr ? look_into(at, folder, 0) : gni_fail_arena(at->err, &at->arena, 1);
  }
  return rc;
}
