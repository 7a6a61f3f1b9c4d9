/* gRPC's frames: the same messages whatever pieces the bytes come in; the first byte says how large
 * those are. And the texts of headers. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "wire/grpc.h"

enum { MESSAGE_BYTES_MAX = 1 << 16 };

static int feed(gni_grpc_assembler *assembler, gn_str bytes, size_t piece)
{
  gni_grpc_assembler_init(assembler, &gni_libc_alloc, MESSAGE_BYTES_MAX, NULL);
  for (size_t at = 0; at < bytes.len; at += piece) {
    size_t len = bytes.len - at < piece ? bytes.len - at : piece;
    int rc = gni_grpc_feed(assembler, bytes.ptr + at, len, NULL);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

static void check_same(gni_grpc_assembler *a, gni_grpc_assembler *b)
{
  gni_grpc_message *one, *other;
  do {
    one = gni_grpc_take(a);
    other = gni_grpc_take(b);
    FUZZ_CHECK(!one == !other);
    if (one) FUZZ_CHECK(one->len == other->len && memcmp(one->ptr, other->ptr, one->len) == 0);
    gni_grpc_message_unref(other);
    gni_grpc_message_unref(one);
  } while (one);
}

static void check_texts(gn_str text)
{
  gn_buf out;
  gni_buf_init(&out, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_grpc_unescape(text, &out) == GN_OK && out.len <= text.len);
  gni_buf_reset(&out);
  gni_grpc_unbase64(text, &out);
  gni_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gni_grpc_assembler whole, pieces;
  if (size == 0) return 0;
  gn_str rest = {(const char *)bytes + 1, size - 1};
  int rc = feed(&whole, rest, rest.len ? rest.len : 1);
  FUZZ_CHECK(feed(&pieces, rest, (size_t)bytes[0] % 17 + 1) == rc);
  if (rc == GN_OK) check_same(&whole, &pieces);
  gni_grpc_assembler_deinit(&whole);
  gni_grpc_assembler_deinit(&pieces);
  check_texts(rest);
  return 0;
}
