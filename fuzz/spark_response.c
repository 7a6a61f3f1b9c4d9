/* What a Spark server may send: a response, an error's details, a type, a relation to be sent back.
 * Nothing is read past its end, and a relation comes out as it went in. SPDX-License-Identifier:
 * Apache-2.0 */
#include "fuzz.h"

#include "sparkconnect/plan.h"
#include "sparkconnect/scan.h"
#include "sparkconnect/type_text.h"

static void take_metric(void *user, const sparkp_metric *metric)
{
  char text[64];
  (void)user;
  sparkp_literal_text(metric->literal, text, sizeof text);
  FUZZ_CHECK(strlen(text) < sizeof text);
}

static void check_response(gn_str message)
{
  sparkp_response response;
  if (sparkp_scan(message, &response) != GN_OK) return;
  gn_str data = response.batch.data;
  if (data.len)
    FUZZ_CHECK(data.ptr >= message.ptr && data.ptr + data.len <= message.ptr + message.len);
  sparkp_scan_observed(message, NULL, take_metric);
  sparkp_scan_metrics(message, NULL, take_metric);
}

static void check_error(gn_str message)
{
  const gni_h2_status status = {13, message, message, true};
  sparkp_failure failure;
  sparkp_failure_from(&status, &gni_libc_alloc, &failure);
  FUZZ_CHECK(failure.error.code != SPARKC_OK);
  sparkp_error_enrich(&failure.error, message, &gni_libc_alloc, true);
  FUZZ_CHECK(strlen(failure.error.message) < sizeof failure.error.message);
  sparkc_error_clear(&failure.error);
}

static void check_type(gn_str message)
{
  gn_buf text;
  sparkc_error err = {0};
  gni_buf_init(&text, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  if (sparkp_type_text(message, &text, &err) == SPARKC_OK) FUZZ_CHECK(text.len > 0);
  gni_buf_deinit(&text);
}

/* Tags and lengths may be written longer than they need be: those are the only bytes to change. */
static void check_relation(gn_str message)
{
  sparkp_node *relation;
  if (sparkp_relation_opaque(&gni_libc_alloc, message, SPARKC_E_TRANSPORT, &relation, NULL) !=
      SPARKC_OK)
    return;
  size_t size = protobuf_c_message_get_packed_size(&relation->message.base);
  FUZZ_CHECK(size <= message.len);
  sparkp_node_unref(relation);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_str message = {(const char *)bytes, size};
  FUZZ_CHECK(sparkp_payload_at(message) <= size);
  check_response(message);
  check_error(message);
  check_type(message);
  check_relation(message);
  return 0;
}
