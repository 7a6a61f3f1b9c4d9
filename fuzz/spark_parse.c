/* Small expressions: any text is a column or a failure with a place. SPDX-License-Identifier:
 * Apache-2.0 */
#include "fuzz.h"

#include "sparkconnect/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  sparkc_error err = {0};
  gn_arena arena;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str text = gni_str_take(&arena, (gn_str){(const char *)bytes, size});
  const sparkc_argument value = {"p", sparkc_lit_int(1)};
  sparkc_column *column = sparkc_parse(text.ptr, &value, 1);
  int rc = sparkc_column_error(column, &err);
  if (rc == SPARKC_OK)
    FUZZ_CHECK(column->message.expression.expr_type_case != 0 && column->depth > 0);
  else
    FUZZ_CHECK(gni_str_starts(gni_str(err.message), "character "));
  sparkc_error_clear(&err);
  sparkc_column_free(column);
  gni_arena_deinit(&arena);
  return 0;
}
