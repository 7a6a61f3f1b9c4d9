/* Between the files of src/engine only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_ENGINE_PRIVATE_H
#define GNOMON_SRC_ENGINE_PRIVATE_H

#include "engine/engine.h"

/* The driver of that name: linked in, or in its module. */
int gnp_driver_find(const char *name, const char *module_folder, const gni_engine_driver **out,
                    gn_error *err);
/* What this process may use: the machine's memory, or less where a control group says so. */
int64_t gnp_machine_memory_bytes(void);

#endif
