/* gRPC's frames and texts, and protobuf read in place. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "wire/grpc.h"
#include "wire/proto.h"

#define BYTES(literal) ((gn_str){(literal), sizeof(literal) - 1})

static void timeouts_keep_eight_digits_and_round_up(void)
{
  static const struct {
    int64_t us;
    const char *text;
  } cases[] = {{0, "1u"},
               {1, "1u"},
               {1500, "1500u"},
               {99999998, "99999998u"},
               {100000000, "100000m"},
               {100000001, "100001m"},
               {INT64_C(99999998000), "99999998m"},
               {INT64_C(99999998001), "99999999m"},
               {INT64_C(99999999000), "100000S"},
               {INT64_C(600000000000), "600000S"},
               {INT64_MAX, "99999999H"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[GNI_GRPC_TIMEOUT_BYTES];
    gni_grpc_timeout(cases[i].us, text);
    CHECK_TEXT(text, cases[i].text);
  }
}

static void messages_are_unescaped(void)
{
  gn_buf out;
  gni_buf_init(&out, test_alloc(), 1000);
  CHECK_INT(gni_grpc_unescape(BYTES("50%25 of %C5%82 %zz %2"), &out), GN_OK);
  CHECK_STR(gni_buf_view(&out), "50% of \xC5\x82 %zz %2");
  gni_buf_deinit(&out);
}

static void details_are_decoded_with_or_without_padding(void)
{
  static const char *const texts[] = {"YWJjZA==", "YWJjZA"};
  for (size_t i = 0; i < 2; i++) {
    gn_buf out;
    gni_buf_init(&out, test_alloc(), 1000);
    CHECK_INT(gni_grpc_unbase64(gni_str(texts[i]), &out), GN_OK);
    CHECK_STR(gni_buf_view(&out), "abcd");
    gni_buf_deinit(&out);
  }
}

static void what_a_proxy_says_has_a_code(void)
{
  CHECK_INT(gni_grpc_code_of_http(401), GNI_GRPC_UNAUTHENTICATED);
  CHECK_INT(gni_grpc_code_of_http(403), GNI_GRPC_PERMISSION_DENIED);
  CHECK_INT(gni_grpc_code_of_http(404), GNI_GRPC_UNIMPLEMENTED);
  CHECK_INT(gni_grpc_code_of_http(503), GNI_GRPC_UNAVAILABLE);
  CHECK_INT(gni_grpc_code_of_http(500), GNI_GRPC_UNKNOWN);
  CHECK_INT(gni_grpc_code_of_h2(0x7), GNI_GRPC_UNAVAILABLE);
  CHECK_INT(gni_grpc_code_of_h2(0x8), GNI_GRPC_CANCELLED);
  CHECK_TEXT(gni_grpc_code_name(14), "UNAVAILABLE");
  CHECK_TEXT(gni_grpc_code_name(99), "UNKNOWN");
}

static const char three[] = "\0\0\0\0\3abc\0\0\0\0\0\0\0\0\0\2de";

/* Feeds the three messages in pieces of `step` bytes. */
static void check_pieces(size_t step)
{
  gni_grpc_assembler assembler;
  gn_error err = {0};
  gni_grpc_assembler_init(&assembler, test_alloc(), 100, NULL);
  for (size_t at = 0; at < sizeof three - 1; at += step) {
    size_t len = sizeof three - 1 - at < step ? sizeof three - 1 - at : step;
    CHECK_OK(gni_grpc_feed(&assembler, three + at, len, &err), &err);
  }
  static const char *const expected[] = {"abc", "", "de"};
  for (size_t i = 0; i < 3; i++) {
    gni_grpc_message *message = gni_grpc_take(&assembler);
    CHECK(message != NULL);
    CHECK_STR(((gn_str){message->ptr, message->len}), expected[i]);
    gni_grpc_message_unref(message);
  }
  CHECK(gni_grpc_take(&assembler) == NULL);
  CHECK(!gni_grpc_is_cut(&assembler));
  gni_grpc_assembler_deinit(&assembler);
}

static void messages_come_whole_from_pieces_of_any_size(void)
{
  for (size_t step = 1; step < sizeof three; step++) check_pieces(step);
}

static void a_message_may_be_cut_compressed_or_too_long(void)
{
  gni_grpc_assembler assembler;
  gn_error err = {0};
  gni_grpc_assembler_init(&assembler, test_alloc(), 100, NULL);
  CHECK_OK(gni_grpc_feed(&assembler, three, 6, &err), &err);
  CHECK(gni_grpc_is_cut(&assembler));
  gni_grpc_assembler_deinit(&assembler);
  gni_grpc_assembler_init(&assembler, test_alloc(), 100, NULL);
  CHECK_INT(gni_grpc_feed(&assembler, "\1\0\0\0\1x", 6, &err), GN_E_UNSUPPORTED);
  gni_grpc_assembler_deinit(&assembler);
  err = (gn_error){0};
  gni_grpc_assembler_init(&assembler, test_alloc(), 100, NULL);
  CHECK_INT(gni_grpc_feed(&assembler, "\0\0\0\0\x65", 5, &err), GN_E_LIMIT);
  CHECK_TEXT(err.message, "a message of 101 bytes is above the limit of 100");
  gni_grpc_assembler_deinit(&assembler);
}

static size_t payload_at_seven(gn_str head)
{
  return head.len > 7 ? 7 : 0;
}

static void a_payload_lands_where_arrow_wants_it(void)
{
  char bytes[600] = {0};
  gni_grpc_assembler assembler;
  gn_error err = {0};
  gni_grpc_prefix(sizeof bytes - 5, (uint8_t *)bytes);
  gni_grpc_assembler_init(&assembler, test_alloc(), 1000, payload_at_seven);
  for (size_t i = 0; i < sizeof bytes; i++)
    CHECK_OK(gni_grpc_feed(&assembler, bytes + i, 1, &err), &err);
  gni_grpc_message *message = gni_grpc_take(&assembler);
  CHECK_INT(((uintptr_t)message->ptr + 7) % 64, 0);
  gni_grpc_message_unref(message);
  gni_grpc_assembler_deinit(&assembler);
}

static void protobuf_is_read_in_place(void)
{
  gn_str m = BYTES("\x08\x96\x01\x12\x03"
                   "abc\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\x88");
  gni_proto_field field;
  CHECK_INT(gni_proto_next(&m, &field), GN_OK);
  CHECK_INT(field.number, 1);
  CHECK_INT(field.value, 150);
  CHECK_INT(gni_proto_next(&m, &field), GN_OK);
  CHECK_STR(gni_proto_bytes(&field), "abc");
  CHECK_INT(gni_proto_next(&m, &field), GN_OK);
  CHECK_INT(field.value, 0x04030201);
  CHECK(gni_proto_bytes(&field).ptr == NULL);
  CHECK_INT(gni_proto_next(&m, &field), GN_OK);
  CHECK(field.value == UINT64_C(0x8807060504030201));
  CHECK_INT(gni_proto_next(&m, &field), GN_ABSENT);
}

static void damaged_protobuf_is_refused(void)
{
  const gn_str cases[] = {BYTES("\x08"),
                          BYTES("\x00\x01"),
                          BYTES("\x12\x05"
                                "ab"),
                          BYTES("\x0b\x0c"),
                          BYTES("\x1d\1\2"),
                          BYTES("\x21\1"),
                          BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_str m = cases[i];
    gni_proto_field field;
    CHECK_INT(gni_proto_next(&m, &field), GN_E_CORRUPT);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"timeouts keep eight digits and round up", timeouts_keep_eight_digits_and_round_up},
      {"messages are unescaped", messages_are_unescaped},
      {"details are decoded with or without padding", details_are_decoded_with_or_without_padding},
      {"what a proxy says has a code", what_a_proxy_says_has_a_code},
      {"messages come whole from pieces of any size", messages_come_whole_from_pieces_of_any_size},
      {"a message may be cut, compressed or too long", a_message_may_be_cut_compressed_or_too_long},
      {"a payload lands where Arrow wants it", a_payload_lands_where_arrow_wants_it},
      {"protobuf is read in place", protobuf_is_read_in_place},
      {"damaged protobuf is refused", damaged_protobuf_is_refused},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
