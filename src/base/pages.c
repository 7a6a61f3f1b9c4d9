/* Pages of memory, which Linux is asked for. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/base.h"

#include <sys/mman.h>
#include <unistd.h>

void gni_populate(void *block, size_t size)
{
#ifdef MADV_POPULATE_WRITE
  size_t page = (size_t)sysconf(_SC_PAGESIZE), cut = (uintptr_t)block % page;
  size_t skipped = cut ? page - cut : 0; /* its first page may hold something else, too */
  if (size < skipped + page) return;
  madvise((char *)block + skipped, (size - skipped) / page * page, MADV_POPULATE_WRITE);
#else
  (void)block;
  (void)size;
#endif
}
