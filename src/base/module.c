/* SPDX-License-Identifier: Apache-2.0 */
#include "base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Reports the loader's reason, which names the file and what is wrong with it. */
static void *load(const gni_module_places *places, const char *path, gn_error *err)
{
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (module) return module;
  const char *why = dlerror();
  gni_fail_as(err, "GC015", GN_E_NOTFOUND, "cannot load the %s: %.300s", places->what,
              why ? why : path);
  return NULL;
}

static void *load_in(const gni_module_places *places, const char *folder, gn_error *err)
{
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/%s", folder, places->file);
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  return gni_file_exists(path) ? load(places, path, err) : NULL;
}

/* A place that was named must do: what is wrong with it is reported, not passed over. */
static void *load_named(const gni_module_places *places, const char *place, gn_error *err)
{
  void *module = gni_folder_exists(place) ? load_in(places, place, err) : load(places, place, err);
  if (!module)
    gni_fail_as(err, "GC015", GN_E_NOTFOUND, "there is no '%s' in the folder '%s'", places->file,
                place);
  return module;
}

static void *load_anywhere(const gni_module_places *places, gn_error *err)
{
  const char *named = getenv(places->variable);
  void *module = NULL;
  if (named && *named) return load_named(places, named, err);
  if (places->beside) module = load_in(places, places->beside, err);
  if (!module) module = dlopen(places->file, RTLD_NOW | RTLD_LOCAL);
  if (!module) module = load_in(places, places->installed, err);
  if (!module)
    gni_fail_as(err, "GC015", GN_E_NOTFOUND, "the %s's module '%s' is in none of the usual places",
                places->what, places->file);
  return module;
}

int gni_module_open(const gni_module_places *places, const char *symbol, const void **out,
                    gn_error *err)
{
  *out = NULL;
  void *module = load_anywhere(places, err);
  if (!module) {
    gni_error_hint(err, "set %s to '%s' or to its folder; looked beside the library and in %s",
                   places->variable, places->file, places->installed);
    return GN_E_NOTFOUND;
  }
  *out = dlsym(module, symbol);
  if (*out) return GN_OK;
  dlclose(module);
  return gni_fail_as(err, "GC015", GN_E_UNSUPPORTED, "'%s' is not a %s of gnomon", places->file,
                     places->what);
}
