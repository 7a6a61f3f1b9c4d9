/* The one file that asks for GNU extensions: swapping two folders is not in POSIX, and a rename
 * cannot replace a folder that holds files. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/base_private.h"

#include <fcntl.h>
#include <stdio.h>

int gnp_exchange(const char *a, const char *b)
{
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}
