/* Texts of types: what is read is written so that it reads as the same, and Arrow knows it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "data/data.h"

static void check_type(const gni_type *type, gn_arena *arena)
{
  gn_buf text;
  const gni_type *again;
  gni_buf_init(&text, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_type_format(type, &text) == GN_OK);
  FUZZ_CHECK(gni_type_parse(gni_buf_view(&text), arena, &again, NULL) == GN_OK);
  FUZZ_CHECK(gni_type_equal(type, again));
  gni_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  gn_error err = {0};
  const gni_type *type, *again;
  struct ArrowSchema schema;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  int rc = gni_type_parse((gn_str){(const char *)bytes, size}, &arena, &type, &err);
  FUZZ_CHECK(rc == err.code);
  if (rc == GN_OK) {
    check_type(type, &arena);
    FUZZ_CHECK(gni_type_to_arrow(type, GN_STR("x"), &schema, &err) == GN_OK);
    FUZZ_CHECK(gni_type_from_arrow(&schema, &arena, &again, &err) == GN_OK);
    /* Names with NUL in them end there in Arrow. */
    if (size && !memchr(bytes, 0, size)) FUZZ_CHECK(gni_type_equal(type, again));
    gni_schema_close(&schema);
  }
  gni_arena_deinit(&arena);
  return 0;
}
