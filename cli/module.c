/* Loading the modules of commands. SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loader looks beside the program and where it was installed (its run path). */
static void *load(const char *file, const char *variable)
{
  char path[4096];
  const char *named = getenv(variable);
  if (!named || !*named) return dlopen(file, RTLD_NOW | RTLD_LOCAL);
  snprintf(path, sizeof path, "%s/%s", named, file);
  return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int cmd_spark(const cli_args *args)
{
  static const char file[] = "gnomon-spark.so", variable[] = "GNOMON_SPARK_PATH";
  void *library = load(file, variable);
  const char *why = library ? NULL : dlerror();
  const cli_module *module = library ? dlsym(library, "cli_spark") : NULL;
  if (why)
    return cli_refuse("GC015", GN_E_NOTFOUND,
                      "install the whole package, or set GNOMON_SPARK_PATH to the module's folder",
                      "cannot load the Spark client: %.300s", why);
  if (!module || strcmp(module->version, GN_VERSION) != 0 || module->args_size != sizeof *args)
    return cli_refuse("GC015", GN_E_UNSUPPORTED, NULL, "'%s' is of another version of gnomon",
                      file);
  return module->run(args);
}
