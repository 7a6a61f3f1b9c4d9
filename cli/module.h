/* Commands that bring libraries of their own are modules: a process that does not run them does not
 * load those. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_CLI_MODULE_H
#define GNOMON_CLI_MODULE_H

#include "cli.h"

/* The one symbol of a module. It is of the program when both were compiled alike. */
typedef struct cli_module {
  const char *version; /* GN_VERSION */
  size_t args_size;    /* sizeof(cli_args) */
  int (*run)(const cli_args *args);
} cli_module;

/* gnomon-spark.so */
GN_API extern const cli_module cli_spark;

#endif
