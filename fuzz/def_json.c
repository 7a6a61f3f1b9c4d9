/* Definitions: what is read is written so that it reads back to the same bytes; whatever is wrong
 * is said in plain text. The first byte chooses the kind. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "def/def.h"

static void check_said(const gni_problems *problems, gn_arena *arena)
{
  gn_buf text, json;
  const gni_json *ignored;
  gni_buf_init(&text, arena->alloc, FUZZ_MEMORY_BYTES);
  gni_buf_init(&json, arena->alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_problems_write(problems, false, &text) == GN_OK);
  for (size_t i = 0; i < text.len; i++)
    FUZZ_CHECK((unsigned char)text.ptr[i] >= 0x20 || text.ptr[i] == '\n' || text.ptr[i] == '\t');
  FUZZ_CHECK(gni_problems_write_json(problems, &json) == GN_OK);
  gn_str rest = gni_buf_view(&json), line;
  while (gni_str_split(&rest, '\n', &line) && line.len)
    FUZZ_CHECK(gni_json_parse(line, 2, arena, &ignored, NULL) == GN_OK);
  gni_buf_deinit(&text);
  gni_buf_deinit(&json);
}

static void check_written(const gni_def *def, gn_arena *arena)
{
  gn_buf once, twice;
  const void *again;
  gni_problems problems;
  char hash[GNI_DIGEST_BYTES];
  gni_problems_init(&problems, arena);
  gni_buf_init(&once, arena->alloc, FUZZ_MEMORY_BYTES);
  gni_buf_init(&twice, arena->alloc, FUZZ_MEMORY_BYTES);
  FUZZ_CHECK(gni_def_write(def, &once) == GN_OK);
  FUZZ_CHECK(gni_node_read(def->node->type, gni_buf_view(&once), "again", arena, &again,
                           &problems) == GN_OK);
  FUZZ_CHECK(problems.count == 0);
  FUZZ_CHECK(gni_node_write(again, &twice) == GN_OK);
  FUZZ_CHECK(gni_str_equal(gni_buf_view(&once), gni_buf_view(&twice)));
  FUZZ_CHECK(gni_semantic_hash(def->node, false, arena->alloc, hash) == GN_OK);
  gni_buf_deinit(&once);
  gni_buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static const char *const files[] = {"group_bys/t/f.v", "joins/t/f.v", "staging_queries/t/f.v",
                                      "models/t/f.v"};
  gn_arena arena;
  const gni_def *def;
  gni_problems problems;
  const char *file = "case.json"; /* the kind is told by the members */
  if (size > 0 && bytes[0] < 4) {
    file = files[bytes[0]];
    bytes++;
    size--;
  }
  gni_arena_init(&arena, &gni_libc_alloc, FUZZ_MEMORY_BYTES);
  gni_problems_init(&problems, &arena);
  if (gni_def_read((gn_str){(const char *)bytes, size}, file, &arena, &def, &problems) == GN_OK) {
    gni_def_check(def, &problems);
    if (problems.rc == GN_OK) check_written(def, &arena);
  } else {
    FUZZ_CHECK(problems.errors > 0 || problems.rc != GN_OK);
  }
  gni_problems_sort(&problems);
  check_said(&problems, &arena);
  gni_arena_deinit(&arena);
  return 0;
}
