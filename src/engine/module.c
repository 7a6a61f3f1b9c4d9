/* Finds a driver's module and loads it; the library itself has no engine inside, so that a process
 * that only fetches starts in milliseconds. SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_private.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef GN_ENGINE_FOLDER
#define GN_ENGINE_FOLDER "/usr/local/lib/gnomon"
#endif

/* Programs that link the driver's archive have it; for the others this is NULL. */
#pragma weak gn_engine_duckdb

/* Reports the loader's reason, which names the file and what is wrong with it. */
static void *load(const char *path, gn_error *err)
{
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (module) return module;
  const char *why = dlerror();
  gni_fail(err, GN_E_NOTFOUND, "cannot load the engine: %.300s", why ? why : path);
  return NULL;
}

static void *load_in(const char *folder, const char *file, gn_error *err)
{
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/%s", folder, file);
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  return gni_file_exists(path) ? load(path, err) : NULL;
}

/* A place that was named must do: what is wrong with it is reported, not passed over. */
static void *load_named(const char *place, const char *file, gn_error *err)
{
  void *module = gni_folder_exists(place) ? load_in(place, file, err) : load(place, err);
  if (!module) gni_fail(err, GN_E_NOTFOUND, "there is no '%s' in the folder '%s'", file, place);
  return module;
}

static void *load_anywhere(const char *module_folder, const char *file, gn_error *err)
{
  const char *named = getenv("GNOMON_ENGINE_PATH");
  void *module = NULL;
  if (named && *named) return load_named(named, file, err);
  if (module_folder) module = load_in(module_folder, file, err);
  if (!module) module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!module) module = load_in(GN_ENGINE_FOLDER, file, err);
  if (!module)
    gni_fail(err, GN_E_NOTFOUND, "the engine's module '%s' is in none of the usual places", file);
  return module;
}

int gnp_driver_find(const char *name, const char *module_folder, const gni_engine_driver **out,
                    gn_error *err)
{
  static const char file[] = "gnomon-engine-duckdb.so";
  *out = NULL;
  if (strcmp(name, "duckdb") != 0) {
    gni_fail(err, GN_E_NOTFOUND, "there is no engine '%s'", name);
    gni_error_hint(err, "the engine that is offered is 'duckdb'");
    return GN_E_NOTFOUND;
  }
  if (&gn_engine_duckdb != NULL) {
    *out = &gn_engine_duckdb;
    return GN_OK;
  }
  void *module = load_anywhere(module_folder, file, err);
  if (!module) {
    gni_error_hint(err,
                   "set GNOMON_ENGINE_PATH to '%s' or to its folder; looked beside the library "
                   "and in " GN_ENGINE_FOLDER,
                   file);
    return GN_E_NOTFOUND;
  }
  *out = dlsym(module, "gn_engine_duckdb");
  if (*out) return GN_OK;
  dlclose(module);
  return gni_fail(err, GN_E_UNSUPPORTED, "'%s' is not an engine of gnomon", file);
}

/* ---- the machine ----------------------------------------------------------------------------- */

static int64_t memory_of_group(const char *path)
{
  int64_t bytes = INT64_MAX;
  gn_buf text;
  gni_buf_init(&text, &gni_libc_alloc, 1 << 17);
  if (gni_file_read(path, &text, NULL) != GN_OK ||
      gni_parse_int64(gni_str_trim(gni_buf_view(&text)), &bytes) != GN_OK || bytes <= 0)
    bytes = INT64_MAX; /* no group, or "max" */
  gni_buf_deinit(&text);
  return bytes;
}

int64_t gnp_machine_memory_bytes(void)
{
  enum { FALLBACK_BYTES = 1 << 30 };
  int64_t pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  int64_t bytes = pages > 0 && page_bytes > 0 ? pages * page_bytes : FALLBACK_BYTES;
  int64_t newer = memory_of_group("/sys/fs/cgroup/memory.max");
  int64_t older = memory_of_group("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  if (newer < bytes) bytes = newer;
  return older < bytes ? older : bytes;
}
