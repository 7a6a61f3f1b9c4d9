/* Finds a driver's module and loads it; the library itself has no engine inside, so that a process
 * that only fetches starts in milliseconds. SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_private.h"

#include <unistd.h>

#include "base/module.h"

#ifndef GN_ENGINE_FOLDER
#define GN_ENGINE_FOLDER "/usr/local/lib/gnomon"
#endif

/* Programs that link the driver's archive have it; for the others this is NULL. */
#pragma weak gn_engine_duckdb

int gnp_driver_find(const char *name, const char *module_folder, const gni_engine_driver **out,
                    gn_error *err)
{
  *out = NULL;
  if (strcmp(name, "duckdb") != 0) {
    gni_fail_as(err, "GC015", GN_E_NOTFOUND, "there is no engine '%s'", name);
    gni_error_hint(err, "the engine that is offered is 'duckdb'");
    return GN_E_NOTFOUND;
  }
  if (&gn_engine_duckdb != NULL) {
    *out = &gn_engine_duckdb;
    return GN_OK;
  }
  const gni_module_places places = {.what = "engine",
                                    .file = "gnomon-engine-duckdb.so",
                                    .variable = "GNOMON_ENGINE_PATH",
                                    .beside = module_folder,
                                    .installed = GN_ENGINE_FOLDER};
  const void *driver;
  int rc = gni_module_open(&places, "gn_engine_duckdb", &driver, err);
  *out = driver;
  return rc;
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
