/* Avro records: what is read can be written, and what is written reads as the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "wire/wire.h"

static const char *const types[] = {
    "struct<a:boolean,b:tinyint,c:smallint,d:int,e:bigint,f:float,g:double,h:string,i:binary>",
    "struct<a:array<bigint>,b:array<string>,c:array<array<double>>>",
    "struct<a:map<string,double>,b:map<string,array<int>>,c:map<string,map<string,boolean>>>",
    "struct<a:struct<sum:double,count:int>,b:array<struct<time:bigint,payload:string>>>",
    "struct<c:struct<x:array<struct<t:bigint,p:map<string,int>>>>,h:array<array<struct<x:long>>>>",
    "struct<>",
};

static void check_record(const gni_avro_schema *schema, const gni_value *record, gn_arena *arena)
{
  gn_buf out;
  gni_value again;
  gni_buf_init(&out, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_avro_encode(schema, record, &out, NULL) == GN_OK);
  FUZZ_CHECK(gni_avro_decode(schema, gni_buf_view(&out), arena, &again, NULL) == GN_OK);
  FUZZ_CHECK(gni_value_equal(gni_avro_schema_type(schema), record, &again));
  gni_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  gn_arena arena;
  const gni_type *type;
  const gni_avro_schema *schema;
  gni_value record;
  gn_error err = {0};
  if (size == 0) return 0;
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  const char *text = types[bytes[0] % (sizeof types / sizeof *types)];
  FUZZ_CHECK(gni_type_parse(gni_str(text), &arena, &type, NULL) == GN_OK);
  FUZZ_CHECK(gni_avro_schema_from_type(type, &arena, &schema, NULL) == GN_OK);
  gn_str rest = {(const char *)bytes + 1, size - 1};
  int rc = gni_avro_decode(schema, rest, &arena, &record, &err);
  FUZZ_CHECK(rc == err.code && (rc == GN_OK || rc == GN_E_CORRUPT || rc == GN_E_LIMIT));
  if (rc == GN_OK) check_record(schema, &record, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
