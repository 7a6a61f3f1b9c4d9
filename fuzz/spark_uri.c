/* Connection strings: what is read has a place to go to, headers that can be sent, and never a
 * token in the clear to another machine. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "sparkconnect/client.h"

static const char *no_environment(const char *name)
{
  (void)name;
  return NULL;
}

static void check_address(const sparkp_address *a)
{
  FUZZ_CHECK(a->unix_path ? *a->unix_path : *a->host);
  FUZZ_CHECK(a->port >= 1);
  bool local = a->unix_path || strcmp(a->host, "localhost") == 0;
  if (a->token && !local && !a->allow_plaintext_token) FUZZ_CHECK(a->tls);
  FUZZ_CHECK(sparkp_is_uuid(gni_str(a->session_id)));
  for (size_t i = 0; i < a->header_count; i++) {
    FUZZ_CHECK(*a->headers[i].name && strcmp(a->headers[i].name, "te") != 0);
    for (const char *p = a->headers[i].value; *p; p++) FUZZ_CHECK((unsigned char)*p >= 0x20);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  const sparkc_session_args args = {.struct_size = sizeof args};
  gn_arena arena;
  sparkp_address address;
  sparkc_error err = {0};
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gn_str url = gni_str_take(&arena, (gn_str){(const char *)bytes, size});
  int rc = sparkp_uri_parse(url.ptr, &arena, &address, &err);
  if (rc == SPARKC_OK) rc = sparkp_address_complete(&args, no_environment, &arena, &address, &err);
  if (rc == SPARKC_OK)
    check_address(&address);
  else
    FUZZ_CHECK(err.code == rc && err.message[0]);
  gni_arena_deinit(&arena);
  return 0;
}
