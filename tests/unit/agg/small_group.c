/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/small_group.h"

static void close_arena(void *what)
{
  gni_arena_deinit(what);
}

gn_arena *small_arena(void)
{
  enum { MOST = 8, ARENA_BYTES = 16 << 20 };
  static gn_arena arenas[MOST];
  static size_t next;
  gn_arena *arena = &arenas[next++ % MOST];
  gni_arena_init(arena, test_alloc(), ARENA_BYTES);
  test_later(close_arena, arena);
  return arena;
}

const gni_layout *small_layout(gn_arena *arena, int operation, const gni_window *windows,
                               size_t window_count)
{
  static const gn_str names[] = {{"k", 1}}, values[] = {{"2", 1}};
  const gni_field field = {GN_STR("x"), &gni_type_long};
  const gni_type *input = gni_type_struct(arena, GN_STR("Value"), &field, 1);
  const gni_aggregation aggregation = {
      .input_column = GN_STR("x"),
      .operation = operation,
      .windows = windows,
      .window_count = window_count,
      .argument_names = names,
      .argument_values = values,
      .argument_count = operation >= GNI_LAST_K ? 1 : 0,
  };
  const gni_layout *layout = NULL;
  gn_error err = {0};
  CHECK_OK(gni_layout_take(arena, &aggregation, 1, input, &layout, &err), &err);
  return layout;
}

void small_rows(gn_arena *arena, const int64_t *times_ms, size_t count, gni_row *out)
{
  for (size_t i = 0; i < count; i++) {
    gni_value *value = GN_TAKE(arena, gni_value, 1);
    CHECK(value != NULL);
    *value = gni_value_integer((int64_t)1 << i);
    out[i] = (gni_row){value, times_ms[i]};
  }
}
