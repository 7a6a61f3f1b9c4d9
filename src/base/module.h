/* Parts of the library that are loaded when they are needed: engines, servers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_BASE_MODULE_H
#define GNOMON_SRC_BASE_MODULE_H

#include "base/base.h"

/* Where a module may be. It is looked for in this order. */
typedef struct gni_module_places {
  const char *what; /* "engine"; for messages */
  const char *file; /* "gnomon-engine-duckdb.so" */
  const char
      *variable; /* of the environment: the file or its folder; when set, nothing else counts */
  const char *beside;    /* a folder, tried first; may be NULL */
  const char *installed; /* a folder, tried after the loader's own search path */
} gni_module_places;

/* Loads a module and finds its one symbol; it stays loaded. GN_E_NOTFOUND with a hint when it is in
 * none of the places, GN_E_UNSUPPORTED when it has no such symbol. */
int gni_module_open(const gni_module_places *places, const char *symbol, const void **out,
                    gn_error *err);

#endif
