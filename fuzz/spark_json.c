/* Messages of the server as JSON: what is printed can be read. SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "sparkconnect/message_json.h"
#include "sparkconnect/plan.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_error err = {0};
  gn_arena arena;
  gn_buf out;
  const gni_json *tree;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gni_buf_init(&out, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  const gn_str message = {(const char *)bytes, size};
  int rc = sparkp_message_json(message, &spark__connect__execute_plan_response__descriptor, &out);
  /* A server's text that is no UTF-8 stays what it is. */
  if (rc == GN_OK && gni_utf8_valid(gni_buf_view(&out)))
    FUZZ_CHECK(gni_json_parse(gni_buf_view(&out), 2 * SPARKP_JSON_DEPTH_MAX + 8, &arena, &tree,
                              &err) == GN_OK ||
               err.code == GN_E_LIMIT);
  gni_buf_deinit(&out);
  gni_arena_deinit(&arena);
  return 0;
}
