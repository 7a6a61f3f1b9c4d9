/* Files and folders; publication that readers cannot see halfway. SPDX-License-Identifier:
 * Apache-2.0 */
#include "base/base.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base_private.h"

static int fail_errno(gn_error *err, const char *verb, const char *path)
{
  int number = errno;
  int code = number == ENOENT || number == ENOTDIR ? GN_E_NOTFOUND
             : number == EACCES || number == EPERM ? GN_E_AUTH
             : number == ENOMEM                    ? GN_E_NOMEM
             : number == EEXIST                    ? GN_E_EXISTS
                                                   : GN_E_IO;
  gni_fail_native(err, code, number, "cannot %s '%s': %s", verb, path, strerror(number));
  if (number == ENOSPC) gni_error_hint(err, "the disk is full: free space and run it again");
  return code;
}

static int close_file(int file, const char *path, int rc, gn_error *err)
{
  if (close(file) != 0 && rc == GN_OK) return fail_errno(err, "close", path);
  return rc;
}

int gni_file_read(const char *path, gn_buf *out, gn_error *err)
{
  enum { STEP_BYTES = 1 << 16 };
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (file < 0) return fail_errno(err, "open", path);
  if (fstat(file, &info) == 0 && S_ISDIR(info.st_mode)) {
    gni_fail(err, GN_E_ARG, "'%s' is a folder, not a file", path);
    return close_file(file, path, GN_E_ARG, err);
  }
  for (;;) {
    size_t before = out->len;
    char *room = gni_buf_extend(out, STEP_BYTES);
    if (!room) {
      gni_fail(err, out->rc, "'%s' is larger than %zu bytes", path, out->ceiling_bytes);
      return close_file(file, path, out->rc, err);
    }
    ssize_t got = read(file, room, STEP_BYTES);
    out->len = before + (got > 0 ? (size_t)got : 0);
    out->ptr[out->len] = '\0';
    if (got == 0) return close_file(file, path, GN_OK, err);
    if (got < 0 && errno != EINTR)
      return close_file(file, path, fail_errno(err, "read", path), err);
  }
}

int gni_file_head(const char *path, char *room, size_t size, gn_str *out, gn_error *err)
{
  int file = open(path, O_RDONLY | O_CLOEXEC);
  *out = (gn_str){room, 0};
  if (file < 0) return fail_errno(err, "open", path);
  while (out->len < size) {
    ssize_t got = read(file, room + out->len, size - out->len);
    if (got == 0) break;
    if (got > 0)
      out->len += (size_t)got;
    else if (errno != EINTR)
      return close_file(file, path, fail_errno(err, "read", path), err);
  }
  return close_file(file, path, GN_OK, err);
}

static int write_all(int file, gn_str content, const char *path, gn_error *err)
{
  while (content.len) {
    ssize_t put = write(file, content.ptr, content.len);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno(err, "write", path);
    content.ptr += put;
    content.len -= (size_t)put;
  }
  return fsync(file) == 0 ? GN_OK : fail_errno(err, "sync", path);
}

static int sync_folder(const char *path, gn_error *err)
{
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return fail_errno(err, "open", path);
  int rc = fsync(folder) == 0 ? GN_OK : fail_errno(err, "sync", path);
  return close_file(folder, path, rc, err);
}

/* The folder part of a path: "." for a bare name. */
static void parent_of(const char *path, char out[PATH_MAX])
{
  const char *slash = strrchr(path, '/');
  size_t len = slash ? (size_t)(slash - path) : 0;
  if (slash == path) len = 1;
  if (len >= PATH_MAX) len = PATH_MAX - 1;
  memcpy(out, slash ? path : ".", slash ? len : 1);
  out[slash ? len : 1] = '\0';
}

bool gni_file_exists(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool gni_folder_exists(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int gni_folder_make(const char *path, gn_error *err)
{
  char partial[PATH_MAX];
  size_t len = strlen(path);
  if (len >= sizeof partial) return gni_fail(err, GN_E_LIMIT, "path '%s' is too long", path);
  for (size_t i = 1; i <= len; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(partial, path, i);
    partial[i] = '\0';
    if (mkdir(partial, 0777) != 0 && errno != EEXIST)
      return fail_errno(err, "create folder", partial);
  }
  if (len && !gni_folder_exists(path))
    return gni_fail(err, GN_E_EXISTS, "'%s' exists and is not a folder", path);
  return GN_OK;
}

/* ---- listing ---- */

struct name_list {
  const gn_alloc *alloc;
  char **names;
  size_t count, capacity;
};

static int name_list_add(struct name_list *list, const char *name)
{
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    char **grown = gni_resize(list->alloc, list->names, list->capacity * sizeof *grown,
                              gni_size_mul(capacity, sizeof *grown));
    if (!grown) return GN_E_NOMEM;
    list->names = grown;
    list->capacity = capacity;
  }
  char *copy = gni_strdup(list->alloc, name, strlen(name));
  if (!copy) return GN_E_NOMEM;
  list->names[list->count++] = copy;
  return GN_OK;
}

static void name_list_deinit(struct name_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    gni_free(list->alloc, list->names[i], strlen(list->names[i]) + 1);
  if (list->names) gni_free(list->alloc, list->names, list->capacity * sizeof *list->names);
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dot(const char *name)
{
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int read_names(DIR *folder, struct name_list *list, const char *path, gn_error *err)
{
  const struct dirent *entry;
  errno = 0;
  while ((entry = readdir(folder)) != NULL) {
    if (!is_dot(entry->d_name) && name_list_add(list, entry->d_name) != GN_OK)
      return gni_fail_nomem(err, strlen(entry->d_name));
    errno = 0;
  }
  if (errno) return fail_errno(err, "list", path);
  if (list->count) qsort(list->names, list->count, sizeof *list->names, compare_names);
  return GN_OK;
}

static int join_path(char out[PATH_MAX], const char *folder, const char *name, gn_error *err)
{
  int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
  if (length < 0 || length >= PATH_MAX)
    return gni_fail(err, GN_E_LIMIT, "path '%s/%s' is too long", folder, name);
  return GN_OK;
}

int gni_folder_list(const gn_alloc *alloc, const char *path,
                    int (*each)(void *user, const char *name, bool is_folder), void *user,
                    gn_error *err)
{
  struct name_list list = {.alloc = alloc};
  char full[PATH_MAX];
  DIR *folder = opendir(path);
  if (!folder) return fail_errno(err, "open folder", path);
  int rc = read_names(folder, &list, path, err);
  closedir(folder);
  for (size_t i = 0; rc == GN_OK && i < list.count; i++) {
    rc = join_path(full, path, list.names[i], err);
    if (rc == GN_OK) rc = each(user, list.names[i], gni_folder_exists(full));
  }
  name_list_deinit(&list);
  return rc;
}

struct folder_walk {
  const char *path;
  gn_error *err;
};

static int remove_entry(void *user, const char *name, bool is_folder)
{
  const struct folder_walk *walk = user;
  char full[PATH_MAX];
  struct stat info;
  int rc = join_path(full, walk->path, name, walk->err);
  if (rc != GN_OK) return rc;
  bool link = lstat(full, &info) == 0 && S_ISLNK(info.st_mode);
  if (is_folder && !link) return gni_folder_remove(full, walk->err);
  return unlink(full) == 0 || errno == ENOENT ? GN_OK : fail_errno(walk->err, "remove", full);
}

int gni_folder_remove(const char *path, gn_error *err)
{
  struct folder_walk walk = {path, err};
  if (!gni_folder_exists(path)) return GN_OK;
  int rc = gni_folder_list(&gni_libc_alloc, path, remove_entry, &walk, err);
  if (rc != GN_OK) return rc;
  return rmdir(path) == 0 || errno == ENOENT ? GN_OK : fail_errno(err, "remove folder", path);
}

static int sync_entry(void *user, const char *name, bool is_folder)
{
  const struct folder_walk *walk = user;
  char full[PATH_MAX];
  int rc = join_path(full, walk->path, name, walk->err);
  if (rc != GN_OK) return rc;
  if (is_folder) return gni_folder_sync(full, walk->err);
  int file = open(full, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail_errno(walk->err, "open", full);
  rc = fsync(file) == 0 ? GN_OK : fail_errno(walk->err, "sync", full);
  return close_file(file, full, rc, walk->err);
}

int gni_folder_sync(const char *path, gn_error *err)
{
  struct folder_walk walk = {path, err};
  int rc = gni_folder_list(&gni_libc_alloc, path, sync_entry, &walk, err);
  return rc == GN_OK ? sync_folder(path, err) : rc;
}

/* ---- publication: written beside, synced, renamed ----
 *
 * What is beside is locked for as long as its writer lives, so that the next publication of the
 * same path can tell what a killed one left. */

static int create_beside(const char *path, char out[PATH_MAX], int *file, gn_error *err)
{
  enum { TRIES_MAX = 100 };
  struct stat info;
  for (int i = 0; i < TRIES_MAX; i++) {
    int length = snprintf(out, PATH_MAX, "%s.tmp-%ld-%d", path, (long)getpid(), i);
    if (length < 0 || length >= PATH_MAX)
      return gni_fail(err, GN_E_LIMIT, "path '%s' is too long", path);
    *file = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (*file < 0) return fail_errno(err, "create", out);
    bool ours = flock(*file, LOCK_EX | LOCK_NB) == 0 && fstat(*file, &info) == 0 &&
                info.st_nlink > 0 && ftruncate(*file, 0) == 0;
    if (ours) return GN_OK;
    close(*file); /* another thread's, or swept in this very moment */
  }
  return gni_fail(err, GN_E_BUSY, "'%s' is written by too many at once", path);
}

struct leftovers {
  const char *folder, *prefix;
};

static int remove_leftover(void *user, const char *name, bool is_folder)
{
  const struct leftovers *leftovers = user;
  char full[PATH_MAX];
  if (is_folder || strncmp(name, leftovers->prefix, strlen(leftovers->prefix)) != 0) return GN_OK;
  if (join_path(full, leftovers->folder, name, NULL) != GN_OK) return GN_OK;
  int file = open(full, O_WRONLY | O_CLOEXEC);
  if (file < 0) return GN_OK;
  if (flock(file, LOCK_EX | LOCK_NB) == 0) unlink(full);
  close(file);
  return GN_OK;
}

/* Their files harm nobody: what cannot be removed now is left for the next time. */
static void sweep_beside(const char *path, const char *folder)
{
  char prefix[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int length = snprintf(prefix, sizeof prefix, "%s.tmp-", slash ? slash + 1 : path);
  if (length < 0 || (size_t)length >= sizeof prefix) return;
  struct leftovers leftovers = {folder, prefix};
  gni_folder_list(&gni_libc_alloc, folder, remove_leftover, &leftovers, NULL);
}

static int write_and_rename(int file, const char *temporary, const char *path, gn_str content,
                            gn_error *err)
{
  assert(file >= 0);
  int rc = write_all(file, content, temporary, err);
  if (rc == GN_OK && (rc = GN_FAULT("file.before_rename")) != GN_OK)
    gni_fail(err, rc, "fault before renaming to '%s'", path);
  if (rc == GN_OK && rename(temporary, path) != 0) rc = fail_errno(err, "rename to", path);
  if (rc != GN_OK) unlink(temporary);
  return close_file(file, temporary, rc, err);
}

int gni_file_publish(const char *path, gn_str content, gn_error *err)
{
  char temporary[PATH_MAX], folder[PATH_MAX];
  int file = -1;
  int rc = create_beside(path, temporary, &file, err);
  if (rc == GN_OK) rc = write_and_rename(file, temporary, path, content, err);
  if (rc != GN_OK) return rc;
  parent_of(path, folder);
  sweep_beside(path, folder);
  return sync_folder(folder, err);
}

int gni_folder_publish(const char *fresh, const char *target, gn_error *err)
{
  char folder[PATH_MAX];
  int rc = gni_folder_sync(fresh, err);
  if (rc != GN_OK) return rc;
  rc = GN_FAULT("folder.before_exchange");
  if (rc != GN_OK) return gni_fail(err, rc, "fault before publishing '%s'", target);
  bool replaces = gni_folder_exists(target);
  if (replaces ? gnp_exchange(fresh, target) != 0 : rename(fresh, target) != 0)
    return fail_errno(err, "publish", target);
  rc = GN_FAULT("folder.after_exchange");
  if (rc != GN_OK) return gni_fail(err, rc, "fault after publishing '%s'", target);
  parent_of(target, folder);
  rc = sync_folder(folder, err);
  return rc == GN_OK && replaces ? gni_folder_remove(fresh, err) : rc;
}
