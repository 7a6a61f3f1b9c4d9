/* Avro schemas: what is read is written so that it reads as the same; one can be planned from its
 * type, and read. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "wire/wire.h"

/* What was written is read, and written the same again. */
static const gni_type *check_text(const gni_avro_schema *schema, bool pretty, gn_arena *arena)
{
  gn_buf once, twice;
  const gni_avro_schema *again;
  gni_buf_init(&once, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gni_buf_init(&twice, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_avro_schema_to_json(schema, pretty, &once) == GN_OK);
  FUZZ_CHECK(gni_avro_schema_parse(gni_buf_view(&once), arena, &again, NULL) == GN_OK);
  FUZZ_CHECK(gni_avro_schema_to_json(again, pretty, &twice) == GN_OK);
  FUZZ_CHECK(gni_str_equal(gni_buf_view(&once), gni_buf_view(&twice)));
  gni_buf_deinit(&once);
  gni_buf_deinit(&twice);
  return gni_avro_schema_type(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gn_error err = {0};
  const gni_avro_schema *schema, *planned;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  int rc = gni_avro_schema_parse((gn_str){(const char *)bytes, size}, &arena, &schema, &err);
  FUZZ_CHECK(rc == err.code);
  if (rc == GN_OK) {
    const gni_type *type = gni_avro_schema_type(schema);
    FUZZ_CHECK(gni_type_equal(type, check_text(schema, false, &arena)));
    FUZZ_CHECK(gni_type_equal(type, check_text(schema, true, &arena)));
    rc = gni_avro_schema_from_type(type, &arena, &planned, &err);
    FUZZ_CHECK(rc == GN_OK || rc == GN_E_LIMIT);
    if (rc == GN_OK) check_text(planned, true, &arena);
  }
  gni_arena_deinit(&arena);
  return 0;
}
