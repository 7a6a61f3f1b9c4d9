/* Folders of one run, told from the leftovers of dead ones by a lock. SPDX-License-Identifier:
 * Apache-2.0
 *
 * A process id alone does not tell: containers start with the same one every time. The lock is the
 * kernel's and ends with the process, however it ends; flock, because it also holds against another
 * holder in the same process. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "/.lock"

enum { NAME_BYTES_MAX = 64, TRIES_MAX = 100 };

static int fail_errno(gn_error *err, const char *verb, const char *path)
{
  int number = errno;
  int code = number == EACCES || number == EPERM || number == EROFS ? GN_E_AUTH : GN_E_IO;
  return gni_fail_native(err, code, number, "cannot %s '%s': %s", verb, path, strerror(number));
}

/* Takes the lock of a folder; -1 when another holds it or the folder is gone. */
static int lock_folder(const char *folder)
{
  char path[PATH_MAX];
  struct stat held, named;
  int length = snprintf(path, sizeof path, "%s" LOCK_NAME, folder);
  if (length < 0 || (size_t)length >= sizeof path) return -1;
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock >= 0 && (flock(lock, LOCK_EX | LOCK_NB) != 0 || fstat(lock, &held) != 0 ||
                    stat(path, &named) != 0 || held.st_ino != named.st_ino)) {
    close(lock);
    lock = -1;
  }
  return lock;
}

int gni_run_folder_open(const gn_alloc *alloc, const char *parent, const char *prefix,
                        gni_run_folder *out, gn_error *err)
{
  *out = (gni_run_folder){.alloc = alloc, .lock = -1};
  int rc = GN_OK;
  size_t size = strlen(parent) + strlen(prefix) + NAME_BYTES_MAX;
  char *path = gni_alloc(alloc, size);
  if (!path) return gni_fail_nomem(err, size);
  for (int i = 0; i < TRIES_MAX && rc == GN_OK; i++) {
    /* Each time: another run may have taken the parent away because it was empty. */
    rc = gni_folder_make(parent, err);
    if (rc != GN_OK) break;
    snprintf(path, size, "%s/%s%ld-%llx", parent, prefix, (long)getpid(),
             (unsigned long long)gni_monotonic_us() + (unsigned)i);
    bool made = mkdir(path, 0777) == 0;
    if (!made && errno != EEXIST && errno != ENOENT) {
      rc = fail_errno(err, "create folder", path);
      break;
    }
    out->lock = lock_folder(path);
    if (out->lock < 0) { /* taken, or swept in this very moment */
      if (made) gni_folder_remove(path, NULL);
      continue;
    }
    out->path = path;
    out->size = size;
    return GN_OK;
  }
  if (rc == GN_OK) rc = gni_fail(err, GN_E_BUSY, "cannot lock a folder in '%s'", parent);
  gni_free(alloc, path, size);
  return rc;
}

void gni_run_folder_close(gni_run_folder *folder)
{
  if (!folder->path) return;
  gni_folder_remove(folder->path, NULL);
  close(folder->lock);
  gni_free(folder->alloc, folder->path, folder->size);
  *folder = (gni_run_folder){.lock = -1};
}

struct sweep {
  const gn_alloc *alloc;
  const char *parent, *prefix;
  gn_error *err;
};

static int sweep_entry(void *user, const char *name, bool is_folder)
{
  const struct sweep *sweep = user;
  if (!is_folder || strncmp(name, sweep->prefix, strlen(sweep->prefix)) != 0) return GN_OK;
  size_t size = strlen(sweep->parent) + strlen(name) + 2;
  char *path = gni_alloc(sweep->alloc, size);
  if (!path) return gni_fail_nomem(sweep->err, size);
  snprintf(path, size, "%s/%s", sweep->parent, name);
  int rc = GN_OK;
  int lock = lock_folder(path);
  if (lock >= 0) {
    rc = gni_folder_remove(path, sweep->err);
    close(lock);
  }
  gni_free(sweep->alloc, path, size);
  return rc;
}

int gni_run_folder_sweep(const gn_alloc *alloc, const char *parent, const char *prefix,
                         gn_error *err)
{
  struct sweep sweep = {alloc, parent, prefix, err};
  if (!gni_folder_exists(parent)) return GN_OK;
  gn_error failure = {0};
  sweep.err = &failure;
  int rc = gni_folder_list(alloc, parent, sweep_entry, &sweep, &failure);
  if (rc == GN_E_NOTFOUND) return GN_OK; /* it went while we looked */
  if (rc != GN_OK && err) *err = failure;
  return rc;
}
