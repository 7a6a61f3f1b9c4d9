/* Counts every allocation of the process, whoever makes it: malloc is this program's own and hands
 * on to the C library's. Included by one file of a program. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_BENCH_ALLOCATIONS_H
#define GNOMON_BENCH_ALLOCATIONS_H

#include <stddef.h>
#include <stdint.h>

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

static _Atomic int64_t allocations;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size)
{
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
  allocations++;
  return __libc_realloc(block, size);
}

#endif
