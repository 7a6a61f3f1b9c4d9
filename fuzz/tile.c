/* Tiles of live rows: what can be read is answered from and gone on with, or told to be damaged.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "agg/agg.h"
#include "wire/wire.h"

#define BATCH_END_MS INT64_C(1710028800000) /* a midnight */

static const gni_layout *make_layout(gn_arena *arena)
{
  static const gn_str names[] = {{"k", 1}}, values[] = {{"3", 1}};
  static const gni_window windows[] = {
      {3600000, 1, true}, {GN_DAY_MS, 1, false}, {30 * GN_DAY_MS, 30, false}};
  static const int operations[] = {GNI_SUM, GNI_AVERAGE, GNI_LAST_K, GNI_UNIQUE_COUNT};
  const gni_field field = {GN_STR("x"), &gni_type_long};
  gni_aggregation aggregations[4];
  const gni_layout *layout;
  for (size_t i = 0; i < 4; i++)
    aggregations[i] = (gni_aggregation){.input_column = GN_STR("x"),
                                        .operation = operations[i],
                                        .argument_names = names,
                                        .argument_values = values,
                                        .argument_count = 1,
                                        .windows = windows,
                                        .window_count = 3};
  const gni_type *input = gni_type_struct(arena, GN_STR("Value"), &field, 1);
  FUZZ_CHECK(input && gni_layout_take(arena, aggregations, 4, input, &layout, NULL) == GN_OK);
  return layout;
}

static void use(const gni_layout *layout, const gni_value *tile, gn_arena *arena)
{
  gni_value outputs[12], more;
  int64_t until_ms, at_ms = BATCH_END_MS + GN_DAY_MS;
  gn_error err = {0};
  const gni_value one = {.integer = 1};
  if (gni_tile_until(tile, &until_ms, NULL) != GN_OK || until_ms > at_ms) return;
  const gni_row rows[] = {{&one, until_ms}, {&one, at_ms - 1}};
  int rc = gni_batch_answer_tiled(layout, NULL, BATCH_END_MS, tile, rows, 2, at_ms,
                                  GNI_BOUNDARY_EXACT, arena, outputs, &err);
  FUZZ_CHECK(rc == err.code && (rc == GN_OK || rc == GN_E_CORRUPT));
  err = (gn_error){0};
  rc = gni_tile_fold(layout, tile, rows, 2, at_ms, arena, &more, &err);
  FUZZ_CHECK(rc == err.code && (rc == GN_OK || rc == GN_E_CORRUPT));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  const gni_avro_schema *schema;
  gni_value tile;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  const gni_layout *layout = make_layout(&arena);
  const gni_type *type = gni_tile_type(layout, GN_STR("Tile"), &arena);
  FUZZ_CHECK(type && gni_avro_schema_from_type(type, &arena, &schema, NULL) == GN_OK);
  gn_str record = {(const char *)bytes, size};
  if (gni_avro_decode(schema, record, &arena, &tile, NULL) == GN_OK) use(layout, &tile, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
