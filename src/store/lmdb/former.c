/* Generations that were replaced: who removes their files, and when.
 *
 * Whoever closes a removed file last gives its pages back to the kernel: 0.2 ms a megabyte. Readers
 * answer requests, a load may wait. So readers hold a shared lock of a file for as long as they
 * have it open; a load waits a little for them to move on, and what is being read even then stays,
 * for the next load to remove. It takes no more space for that: the reader would have kept it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
  CLOSE_BYTES_MIN = 8 << 20, /* below that nobody notices */
  PATIENCE_MS = 500,         /* a reader that nobody asks does not move on */
  STEP_MS = 5
};

struct former {
  struct gnp_lmdb *store;
  const char *dataset;
  char newest[64]; /* the file that stays */
  int patience_ms;
};

/* A reader of our own may be this very thread's, and would be waited for in vain. */
static bool is_read_here(struct gnp_lmdb *store, const char *dataset, int64_t newest)
{
  bool found = false;
  pthread_mutex_lock(&store->lock);
  for (const struct gnp_generation *g = store->generations; g; g = g->next)
    found |= g->info.number < newest && strcmp(g->dataset, dataset) == 0;
  pthread_mutex_unlock(&store->lock);
  return found;
}

/* File systems without such locks say another error: then nobody is waited for. */
static bool is_free(int file)
{
  return flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static void remove_file(struct former *former, const char *path)
{
  const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
  struct stat info;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  bool is_large = file >= 0 && fstat(file, &info) == 0 && info.st_size >= CLOSE_BYTES_MIN;
  while (is_large && !is_free(file) && former->patience_ms > 0) {
    nanosleep(&step, NULL);
    former->patience_ms -= STEP_MS;
  }
  if (!is_large || is_free(file)) unlink(path);
  if (file >= 0) close(file);
}

static int remove_former(void *user, const char *name, bool is_folder)
{
  struct former *former = user;
  char path[GNP_LMDB_PATH_BYTES];
  bool ours = strncmp(name, "gen-", 4) == 0 || strncmp(name, ".tmp-", 5) == 0;
  if (is_folder || !ours || strcmp(name, former->newest) == 0) return GN_OK;
  if (gnp_lmdb_path(former->store, path, NULL, "%s/%s", former->dataset, name) == GN_OK)
    remove_file(former, path);
  return GN_OK;
}

void gnp_former_remove(struct gnp_lmdb *store, const char *dataset, int64_t newest)
{
  struct former former = {.store = store, .dataset = dataset};
  char folder[GNP_LMDB_PATH_BYTES];
  snprintf(former.newest, sizeof former.newest, "gen-%" PRId64 ".lmdb", newest);
  if (!is_read_here(store, dataset, newest)) former.patience_ms = PATIENCE_MS;
  if (gnp_lmdb_path(store, folder, NULL, "%s", dataset) == GN_OK)
    gni_folder_list(&gni_libc_alloc, folder, remove_former, &former, NULL);
}
