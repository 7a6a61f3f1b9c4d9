/* What a fuzz target is. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_FUZZ_H
#define GNOMON_FUZZ_H

#include "base/base.h"

#include <stdlib.h>

enum { FUZZ_MEMORY_BYTES = 64 << 20 }; /* ceiling of arenas and buffers in a target */

/* NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What must hold of anything a reader accepts. */
#define FUZZ_CHECK(condition)                                                                      \
  do {                                                                                             \
    if (!(condition)) abort();                                                                     \
  } while (0)

#endif
