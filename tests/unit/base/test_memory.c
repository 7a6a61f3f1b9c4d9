/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"

static void an_arena_gives_aligned_separate_pieces(void)
{
  gn_arena arena;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  char *a = gni_arena_take(&arena, 3), *b = gni_arena_take(&arena, 5000);
  CHECK(a && b && (uintptr_t)a % 16 == 0 && (uintptr_t)b % 16 == 0);
  memset(a, 1, 3);
  memset(b, 2, 5000);
  CHECK_INT(a[2], 1);
  gni_arena_deinit(&arena);
}

static void past_its_ceiling_an_arena_gives_nothing(void)
{
  gn_arena arena;
  gni_arena_init(&arena, test_alloc(), 100);
  CHECK(gni_arena_take(&arena, 90) != NULL);
  CHECK(gni_arena_take(&arena, 90) == NULL);
  CHECK(gni_arena_take(&arena, SIZE_MAX) == NULL);
  gni_arena_deinit(&arena);
}

static void a_reset_arena_asks_for_no_more_memory(void)
{
  gn_arena arena;
  gni_arena_init(&arena, test_alloc(), 1 << 24);
  for (int i = 0; i < 100; i++) CHECK(gni_arena_take(&arena, 10000) != NULL);
  size_t before = test_alloc_count();
  gni_arena_reset(&arena);
  for (int i = 0; i < 100; i++) CHECK(gni_arena_take(&arena, 10000) != NULL);
  CHECK_INT(test_alloc_count(), before);
  gni_arena_deinit(&arena);
}

static void the_newest_piece_grows_in_place_and_others_move(void)
{
  gn_arena arena;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  char *a = gni_arena_take(&arena, 16);
  memcpy(a, "hello", 6);
  CHECK(gni_arena_grow(&arena, a, 16, 64) == a);
  char *b = gni_arena_take(&arena, 16);
  char *moved = gni_arena_grow(&arena, a, 64, 128);
  CHECK(moved != a && b != moved);
  CHECK_TEXT(moved, "hello");
  gni_arena_deinit(&arena);
}

static void a_populated_block_holds_what_it_held(void)
{
  static const size_t sizes[] = {0, 1, 4096, 100000, 1 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t size = sizes[i], wrong = 0;
    uint8_t *block = gni_alloc(test_alloc(), size);
    CHECK(block != NULL);
    for (size_t at = 0; at < size; at += 2) block[at] = (uint8_t)(at / 2);
    gni_populate(block, size);
    for (size_t at = 0; at < size; at += 2) wrong += block[at] != (uint8_t)(at / 2);
    CHECK_INT(wrong, 0);
    gni_free(test_alloc(), block, size);
  }
}

static void take_until_it_fails(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  char *piece = gni_arena_take(&arena, 100);
  char *large = gni_arena_take(&arena, 100000);
  if (piece) memset(piece, 1, 100);
  if (large) memset(large, 1, 100000);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK_INT(test_each_oom(take_until_it_fails), 2);
}

int main(void)
{
  static const test_case cases[] = {
      {"an arena gives aligned, separate pieces", an_arena_gives_aligned_separate_pieces},
      {"past its ceiling an arena gives nothing", past_its_ceiling_an_arena_gives_nothing},
      {"a reset arena asks for no more memory", a_reset_arena_asks_for_no_more_memory},
      {"the newest piece grows in place, others move",
       the_newest_piece_grows_in_place_and_others_move},
      {"a populated block holds what it held", a_populated_block_holds_what_it_held},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
