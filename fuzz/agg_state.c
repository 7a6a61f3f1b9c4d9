/* Saved states: what loads can be answered and saved again, and loads as the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "agg/agg.h"
#include "wire/wire.h"

static const char *const inputs[] = {
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "binary",
    "struct<a:int,b:array<string>>",
    "array<bigint>",
    "array<string>",
    "map<string,float>",
    "boolean",
};
enum { INPUTS = sizeof inputs / sizeof *inputs };

/* The first byte chooses the operation, the second the input type, the third the mode. */
static const gni_aggregator *choose(const uint8_t *bytes, gn_arena *arena)
{
  static const gn_str names[] = {{"k", 1}}, three = {"3", 1}, eight = {"8", 1};
  const gni_aggregation aggregation = {
      .operation = bytes[0] % GNI_OPERATION_COUNT,
      .element_wise = bytes[2] % 3 == 2,
      .argument_names = names,
      .argument_values = bytes[2] & 0x80 ? &eight : &three, /* sketches are not that small */
      .argument_count = 1,
  };
  const gni_type *type;
  const gni_aggregator *aggregator;
  FUZZ_CHECK(gni_type_parse(gni_str(inputs[bytes[1] % INPUTS]), arena, &type, NULL) == GN_OK);
  gni_aggregator_take(arena, &aggregation, type, bytes[2] % 3 == 1, &aggregator, NULL);
  return aggregator;
}

/* The rest is the state as Avro has it, in a record of one field. */
static bool read_state(const gni_type *type, gn_str bytes, gn_arena *arena, gni_value *out)
{
  const gni_avro_schema *schema;
  const gni_field field = {GN_STR("state"), type};
  const gni_type *record = gni_type_struct(arena, GN_STR("Record"), &field, 1);
  gni_value value;
  FUZZ_CHECK(record && gni_avro_schema_from_type(record, arena, &schema, NULL) == GN_OK);
  if (gni_avro_decode(schema, bytes, arena, &value, NULL) != GN_OK) return false;
  *out = value.list.items[0];
  return true;
}

static void check_state(const gni_aggregator *aggregator, void *state, gn_arena *arena)
{
  size_t size = gni_aggregator_state_size(aggregator);
  const gni_type *type = gni_aggregator_state_type(aggregator);
  void *again = gni_arena_take(arena, size), *sum = gni_arena_take(arena, size);
  gni_value answer, first, second;
  FUZZ_CHECK(again && sum);
  FUZZ_CHECK(gni_state_finish(aggregator, state, &answer, arena) == GN_OK);
  FUZZ_CHECK(gni_state_save(aggregator, state, &first, arena) == GN_OK);
  FUZZ_CHECK(gni_state_load(aggregator, again, &first, arena, NULL) == GN_OK);
  FUZZ_CHECK(gni_state_save(aggregator, again, &second, arena) == GN_OK);
  FUZZ_CHECK(gni_value_equal(type, &first, &second));
  FUZZ_CHECK(gni_state_clone(aggregator, sum, state, arena) == GN_OK);
  FUZZ_CHECK(gni_state_merge(aggregator, sum, again, arena) == GN_OK);
  FUZZ_CHECK(gni_state_finish(aggregator, sum, &answer, arena) == GN_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gni_value saved;
  if (size < 3) return 0;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  const gni_aggregator *aggregator = choose(bytes, &arena);
  gn_str rest = {(const char *)bytes + 3, size - 3};
  if (aggregator && read_state(gni_aggregator_state_type(aggregator), rest, &arena, &saved)) {
    gn_error err = {0};
    void *state = gni_arena_take(&arena, gni_aggregator_state_size(aggregator));
    FUZZ_CHECK(state);
    int rc = gni_state_load(aggregator, state, &saved, &arena, &err);
    FUZZ_CHECK(rc == err.code && (rc == GN_OK || rc == GN_E_CORRUPT));
    if (rc == GN_OK) check_state(aggregator, state, &arena);
  }
  gni_arena_deinit(&arena);
  return 0;
}
