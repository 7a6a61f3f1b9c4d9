/* The allocator behind everything, and arenas on top of it. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdlib.h>

static void *libc_resize(void *user, void *block, size_t old_size, size_t size)
{
  (void)user;
  (void)old_size;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

const gn_alloc gni_libc_alloc = {libc_resize, NULL};

void *gni_resize(const gn_alloc *alloc, void *block, size_t old_size, size_t size)
{
  if (size == SIZE_MAX) return NULL; /* an overflowed product */
  return alloc->resize(alloc->user, block, old_size, size);
}

void *gni_alloc(const gn_alloc *alloc, size_t size)
{
  return gni_resize(alloc, NULL, 0, size ? size : 1);
}

void *gni_alloc_zero(const gn_alloc *alloc, size_t size)
{
  void *block = gni_alloc(alloc, size);
  if (block) memset(block, 0, size);
  return block;
}

void gni_free(const gn_alloc *alloc, void *block, size_t size)
{
  if (block) alloc->resize(alloc->user, block, size ? size : 1, 0);
}

char *gni_strdup(const gn_alloc *alloc, const char *text, size_t len)
{
  char *copy = gni_alloc(alloc, gni_size_add(len, 1));
  if (!copy) return NULL;
  if (len) memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

/* ---- arenas ---- */

enum { ARENA_FIRST_BYTES = 4096, ARENA_LARGEST_BYTES = 1 << 20, ARENA_ALIGN = 16 };

struct gni_arena_block {
  struct gni_arena_block *next;
  size_t size; /* bytes of the whole block, header included */
};

static char *block_data(struct gni_arena_block *block)
{
  return (char *)block + ARENA_ALIGN;
}

_Static_assert(sizeof(struct gni_arena_block) <= ARENA_ALIGN, "the header fits before the data");

void gni_arena_init(gn_arena *arena, const gn_alloc *alloc, size_t ceiling_bytes)
{
  *arena = (gn_arena){.alloc = alloc, .ceiling_bytes = ceiling_bytes};
}

void gni_arena_deinit(gn_arena *arena)
{
  struct gni_arena_block *block = arena->first;
  while (block) {
    struct gni_arena_block *next = block->next;
    gni_free(arena->alloc, block, block->size);
    block = next;
  }
  arena->first = arena->current = NULL;
  arena->cursor = arena->limit = NULL;
  arena->used_bytes = 0;
}

static void enter_block(gn_arena *arena, struct gni_arena_block *block)
{
  arena->current = block;
  arena->cursor = block_data(block);
  arena->limit = (char *)block + block->size;
}

void gni_arena_reset(gn_arena *arena)
{
  arena->used_bytes = 0;
  if (arena->first) enter_block(arena, arena->first);
}

/* Makes room for `size` bytes: the next kept block that is large enough, or a new one. */
static bool next_block(gn_arena *arena, size_t size)
{
  size_t need = gni_size_add(size, ARENA_ALIGN);
  struct gni_arena_block *after = arena->current ? arena->current->next : arena->first;
  if (after && after->size >= need) {
    enter_block(arena, after);
    return true;
  }
  size_t wanted = arena->current ? arena->current->size * 2 : ARENA_FIRST_BYTES;
  if (wanted > ARENA_LARGEST_BYTES) wanted = ARENA_LARGEST_BYTES;
  if (wanted < need) wanted = need;
  struct gni_arena_block *block = gni_alloc(arena->alloc, wanted);
  if (!block) return false;
  *block = (struct gni_arena_block){.next = after, .size = wanted};
  if (arena->current)
    arena->current->next = block;
  else
    arena->first = block;
  enter_block(arena, block);
  return true;
}

void *gni_arena_take(gn_arena *arena, size_t size)
{
  size_t rounded = gni_size_add(size, ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
  if (size > SIZE_MAX - ARENA_ALIGN || arena->used_bytes + rounded > arena->ceiling_bytes)
    return NULL;
  if ((size_t)(arena->limit - arena->cursor) < rounded || !arena->cursor)
    if (!next_block(arena, rounded)) return NULL;
  void *taken = arena->cursor;
  arena->cursor += rounded;
  arena->used_bytes += rounded;
  return taken;
}

void *gni_arena_take_zero(gn_arena *arena, size_t size)
{
  void *taken = gni_arena_take(arena, size);
  if (taken) memset(taken, 0, size);
  return taken;
}

void *gni_arena_copy(gn_arena *arena, const void *bytes, size_t size)
{
  void *taken = gni_arena_take(arena, size);
  if (taken && size) memcpy(taken, bytes, size);
  return taken;
}

void *gni_arena_grow(gn_arena *arena, void *block, size_t old_size, size_t size)
{
  size_t old_rounded = (old_size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
  size_t rounded = gni_size_add(size, ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
  bool newest = block && (char *)block + old_rounded == arena->cursor;
  if (rounded <= old_rounded && block) return block;
  if (newest && size <= SIZE_MAX - ARENA_ALIGN &&
      (size_t)(arena->limit - (char *)block) >= rounded &&
      arena->used_bytes - old_rounded + rounded <= arena->ceiling_bytes) {
    arena->cursor = (char *)block + rounded;
    arena->used_bytes += rounded - old_rounded;
    return block;
  }
  void *moved = gni_arena_take(arena, size);
  if (moved && block) memcpy(moved, block, old_size);
  return moved;
}

int gni_fail_arena(gn_error *err, const gn_arena *arena, size_t size)
{
  size_t need = gni_size_add(size, ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
  if (need > arena->ceiling_bytes - arena->used_bytes)
    return gni_fail(err, GN_E_LIMIT, "more than the %zu bytes that this may take",
                    arena->ceiling_bytes);
  return gni_fail_nomem(err, size);
}
