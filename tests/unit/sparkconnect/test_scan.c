/* Responses read in place, and types as text. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "sparkconnect/scan.h"
#include "sparkconnect/type_text.h"

#define BYTES(literal) ((gn_str){(literal), sizeof(literal) - 1})

static void members_are_found(void)
{
  /* session_id "s", batch {rows 3, data "abc", start 0, chunk 1 of 2}, response_id "r", 15 "t" */
  gn_str m = BYTES("\x0a\x01s\x12\x0d\x08\x03\x12\x03"
                   "abc\x18\x00\x20\x01\x28\x02\x6a\x01r\x7a\x01t");
  sparkp_response r;
  CHECK_INT(sparkp_scan(m, &r), GN_OK);
  CHECK_STR(r.session_id, "s");
  CHECK_STR(r.response_id, "r");
  CHECK_STR(r.server_session, "t");
  CHECK(r.has_batch && !r.has_schema && !r.is_complete);
  CHECK_INT(r.batch.row_count, 3);
  CHECK_STR(r.batch.data, "abc");
  CHECK(r.batch.data.ptr > m.ptr && r.batch.data.ptr < m.ptr + m.len); /* borrowed */
  CHECK(r.batch.has_start_offset && r.batch.has_chunk_index);
  CHECK_INT(r.batch.chunk_index, 1);
  CHECK_INT(r.batch.chunk_count, 2);
}

static void unknown_members_are_skipped(void)
{
  /* 200: bytes, 201: varint, 202: 64 bits, 203: 32 bits, then result_complete {} */
  gn_str m = BYTES("\xc2\x0c\x02xx\xc8\x0c\x7f\xd1\x0c"
                   "12345678\xdd\x0c"
                   "1234\x72\x00");
  sparkp_response r;
  CHECK_INT(sparkp_scan(m, &r), GN_OK);
  CHECK(r.is_complete);
}

static void progress_is_summed(void)
{
  /* 18 {stage {tasks 4, done 1, bytes 10}, stage {tasks 6, done 6}, inflight 3} */
  gn_str m =
      BYTES("\x92\x01\x12\x0a\x06\x10\x04\x18\x01\x20\x0a\x0a\x06\x10\x06\x18\x06\x28\x01\x10\x03");
  sparkp_response r;
  CHECK_INT(sparkp_scan(m, &r), GN_OK);
  CHECK_INT(r.progress.stages, 2);
  CHECK_INT(r.progress.tasks_total, 10);
  CHECK_INT(r.progress.tasks_done, 7);
  CHECK_INT(r.progress.bytes_read, 10);
  CHECK_INT(r.progress.inflight, 3);
}

static void what_is_cut_short_is_damage_at_every_length(void)
{
  gn_str whole = BYTES("\x0a\x01s\x12\x07\x08\x03\x12\x03"
                       "abc");
  const size_t ends[] = {0, 3, 12};
  for (size_t len = 0; len <= whole.len; len++) {
    sparkp_response r;
    bool complete = false;
    for (size_t i = 0; i < 3; i++) complete = complete || ends[i] == len;
    CHECK_INT(sparkp_scan((gn_str){whole.ptr, len}, &r), complete ? GN_OK : GN_E_CORRUPT);
  }
}

static void the_arrow_bytes_are_found_for_their_alignment(void)
{
  gn_str m = BYTES("\x0a\x01s\x12\x86\x10\x08\x03\x12\x80\x10"
                   "abc"); /* the lengths point far behind this head */
  CHECK_INT(sparkp_payload_at(m), 11);
  CHECK_INT(sparkp_payload_at((gn_str){m.ptr, 9}), 0);
  CHECK_INT(sparkp_payload_at(BYTES("\x0a\x01s")), 0);
  CHECK_INT(sparkp_payload_at(BYTES("")), 0);
}

static void random_bytes_are_never_believed_too_far(void)
{
  test_random random = test_random_new(18);
  for (int i = 0; i < 20000 * test_effort(); i++) {
    char bytes[64];
    sparkp_response r;
    size_t len = (size_t)test_random_in(&random, 0, sizeof bytes);
    for (size_t k = 0; k < len; k++) bytes[k] = (char)test_random_bits(&random);
    int rc = sparkp_scan((gn_str){bytes, len}, &r);
    CHECK(rc == GN_OK || rc == GN_E_CORRUPT);
    if (rc == GN_OK && r.has_batch && r.batch.data.len)
      CHECK(r.batch.data.ptr >= bytes && r.batch.data.ptr + r.batch.data.len <= bytes + len);
    CHECK(sparkp_payload_at((gn_str){bytes, len}) <= len);
  }
}

static void check_type(gn_str type, const char *expected)
{
  gn_buf text;
  sparkc_error err = {0};
  gni_buf_init(&text, test_alloc(), 1 << 20);
  CHECK_INT(sparkp_type_text(type, &text, &err), SPARKC_OK);
  CHECK_STR(gni_buf_view(&text), expected);
  gni_buf_deinit(&text);
}

static void types_are_written_as_spark_does(void)
{
  check_type(BYTES("\x3a\x00"), "bigint");
  check_type(BYTES("\x52\x04\x08\x02\x10\x0a"), "decimal(10,2)");
  check_type(BYTES("\x5a\x00"), "string");
  check_type(BYTES("\x6a\x02\x08\x14"), "varchar(20)");
  check_type(BYTES("\x92\x01\x04\x08\x00\x10\x01"), "interval year to month");
  check_type(BYTES("\x9a\x01\x04\x08\x00\x10\x03"), "interval day to second");
  check_type(BYTES("\xa2\x01\x04\x0a\x02\x32\x00"), "array<int>");
  check_type(BYTES("\xb2\x01\x08\x0a\x02\x5a\x00\x12\x02\x4a\x00"), "map<string,double>");
  check_type(BYTES("\xaa\x01\x09\x0a\x07\x0a\x01"
                   "a\x12\x02\x3a\x00"),
             "struct<a:bigint>");
  check_type(BYTES("\xca\x01\x00"), "variant");
}

static void a_type_of_endless_depth_is_refused(void)
{
  char bytes[2000];
  gn_buf text;
  sparkc_error err = {0};
  size_t at = sizeof bytes;
  bytes[--at] = 0;
  bytes[--at] = 0x32;
  while (at > 100) { /* array {element_type: …}, from the inside */
    size_t inner = sizeof bytes - at;
    bytes[--at] = (char)(inner >> 7);
    bytes[--at] = (char)((inner & 0x7F) | 0x80);
    bytes[--at] = 0x0a;
    size_t outer = sizeof bytes - at;
    bytes[--at] = (char)(outer >> 7);
    bytes[--at] = (char)((outer & 0x7F) | 0x80);
    bytes[--at] = 0x01;
    bytes[--at] = (char)0xa2;
  }
  gni_buf_init(&text, test_alloc(), 1 << 20);
  CHECK_INT(sparkp_type_text((gn_str){bytes + at, sizeof bytes - at}, &text, &err), SPARKC_E_LIMIT);
  CHECK_TEXT(err.message, "a type has more than 100 levels");
  gni_buf_deinit(&text);
}

int main(void)
{
  static const test_case cases[] = {
      {"members are found", members_are_found},
      {"unknown members are skipped", unknown_members_are_skipped},
      {"progress is summed", progress_is_summed},
      {"what is cut short is damage at every length", what_is_cut_short_is_damage_at_every_length},
      {"the Arrow bytes are found for their alignment",
       the_arrow_bytes_are_found_for_their_alignment},
      {"random bytes are never believed too far", random_bytes_are_never_believed_too_far},
      {"types are written as Spark does", types_are_written_as_spark_does},
      {"a type of endless depth is refused", a_type_of_endless_depth_is_refused},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
