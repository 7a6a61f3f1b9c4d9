/* JSON: what is read can be written and read again; values read by a type have a JSON that gives
 * them back. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "wire/wire.h"

enum { DEPTH_MAX = 32 };

static void check_places(const gni_json *node, unsigned least_line)
{
  FUZZ_CHECK(node->line >= least_line && node->column >= 1);
  bool nested = node->kind == GNI_JSON_LIST || node->kind == GNI_JSON_OBJECT;
  for (size_t i = 0; nested && i < node->list.count; i++) {
    if (node->kind == GNI_JSON_OBJECT) check_places(&node->list.keys[i], node->line);
    check_places(&node->list.items[i], node->line);
  }
}

static void check_written(const gni_json *node, gn_arena *arena)
{
  gn_buf once, twice;
  const gni_json *again;
  gni_buf_init(&once, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gni_buf_init(&twice, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_json_write(node, &once) == GN_OK);
  FUZZ_CHECK(gni_json_parse(gni_buf_view(&once), DEPTH_MAX, arena, &again, NULL) == GN_OK);
  FUZZ_CHECK(gni_json_write(again, &twice) == GN_OK);
  FUZZ_CHECK(gni_str_equal(gni_buf_view(&once), gni_buf_view(&twice)));
  gni_buf_deinit(&once);
  gni_buf_deinit(&twice);
}

static void check_value(const gni_json *node, const char *type_text, gn_arena *arena)
{
  gn_buf text;
  const gni_type *type;
  const gni_json *again;
  gni_value value, back;
  FUZZ_CHECK(gni_type_parse(gni_str(type_text), arena, &type, NULL) == GN_OK);
  if (gni_json_to_value(node, type, arena, &value, NULL) != GN_OK) return;
  gni_buf_init(&text, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_value_to_json(type, &value, &text) == GN_OK);
  FUZZ_CHECK(gni_json_parse(gni_buf_view(&text), DEPTH_MAX, arena, &again, NULL) == GN_OK);
  FUZZ_CHECK(gni_json_to_value(again, type, arena, &back, NULL) == GN_OK);
  FUZZ_CHECK(gni_value_equal(type, &value, &back));
  gni_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static const char *const types[] = {
      "bigint",
      "float",
      "double",
      "string",
      "binary",
      "date",
      "timestamp",
      "decimal(38,10)",
      "array<double>",
      "map<string,bigint>",
      "map<double,tinyint>",
      "map<timestamp,boolean>",
      "struct<a:int,b:string,c:array<struct<a:decimal(5,2),b:binary>>>"};
  gn_arena arena;
  const gni_json *node;
  gn_error err = {0};
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  int rc = gni_json_parse((gn_str){(const char *)bytes, size}, DEPTH_MAX, &arena, &node, &err);
  if (rc == GN_OK) {
    check_places(node, 1);
    check_written(node, &arena);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) check_value(node, types[i], &arena);
  } else {
    FUZZ_CHECK(err.code == rc && gni_utf8_valid(gni_str(err.hint)));
  }
  gni_arena_deinit(&arena);
  return 0;
}
