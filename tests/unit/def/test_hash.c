/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/def/def_kit.h"

#include <stdio.h>

static void digests_are_the_first_ten_digits_of_base64_of_md5(void)
{
  char digest[GNI_DIGEST_BYTES];
  CHECK_INT(gni_digest_text(GN_STR(""), digest), GN_OK);
  CHECK_TEXT(digest, "1B2M2Y8Asg");
  CHECK_INT(gni_digest_text(GN_STR("hello"), digest), GN_OK);
  CHECK_TEXT(digest, "XUFAKrxLKn");
}

/* "fleet.fleet_sets_mixed" -> "joins/fleet/sets.mixed" */
static gn_str conf_of_table(gn_str table)
{
  char name[128];
  gn_str base = {table.ptr + sizeof "fleet.fleet_sets_" - 1,
                 table.len - (sizeof "fleet.fleet_sets_" - 1)};
  snprintf(name, sizeof name, "joins/fleet/sets.%.*s", GN_STR_ARGS(base));
  return gni_str_take(def_arena(), gni_str(name));
}

static int check_hashes(const gni_json *recorded)
{
  const gni_json *table = gni_json_member(recorded, "table"),
                 *hashes = gni_json_member(recorded, "hashes");
  const gni_def *def = def_golden(conf_of_table(table->text).ptr);
  gni_map ours;
  CHECK_INT(gni_join_hashes(def->join, false, def_arena(), &ours), GN_OK);
  CHECK_INT(ours.count, hashes->list.count);
  for (size_t i = 0; i < ours.count; i++) {
    const gni_json *theirs = gni_json_member(hashes, gni_str_take(def_arena(), ours.keys[i]).ptr);
    if (!theirs) test_fail(__FILE__, __LINE__, "upstream has no '%.*s'", GN_STR_ARGS(ours.keys[i]));
    CHECK_STR(ours.values[i], gni_str_take(def_arena(), theirs->text).ptr);
  }
  return (int)ours.count;
}

static void semantic_hashes_equal_upstreams(void)
{
  gn_str rest = def_file(test_golden("semantic_hashes.jsonl")), line;
  int joins = 0, hashes = 0;
  while (gni_str_split(&rest, '\n', &line) && line.len) {
    const gni_json *json;
    CHECK_INT(gni_json_parse(line, 8, def_arena(), &json, NULL), GN_OK);
    hashes += check_hashes(json);
    joins++;
  }
  printf("# %d hashes of %d joins\n", hashes, joins);
  CHECK(joins >= 11 && hashes >= 50);
}

static void metadata_does_not_count_and_topics_only_when_asked(void)
{
  static const char with[] =
      "{\"metaData\":{\"name\":\"t.f.v\"},\"sources\":[{\"events\":{\"table\":\"n.t\",\"topic\":"
      "\"a\","
      "\"query\":{\"timeColumn\":\"ts\",\"setups\":[]}}}],\"keyColumns\":[\"k\"]}";
  static const char without[] =
      "{\"metaData\":{\"name\":\"t.f.w\",\"online\":1},\"sources\":[{\"events\":{\"table\":\"n.t\","
      "\"query\":{\"timeColumn\":\"ts\",\"setups\":[]}}}],\"keyColumns\":[\"k\"]}";
  const gni_def *a = def_read(gni_str(with), "x"), *b = def_read(gni_str(without), "x");
  char first[GNI_DIGEST_BYTES], second[GNI_DIGEST_BYTES];
  CHECK_INT(gni_semantic_hash(a->node, false, &gni_libc_alloc, first), GN_OK);
  CHECK_INT(gni_semantic_hash(b->node, false, &gni_libc_alloc, second), GN_OK);
  CHECK_TEXT(first, second);
  CHECK_INT(gni_semantic_hash(a->node, true, &gni_libc_alloc, second), GN_OK);
  CHECK(strcmp(first, second) != 0);
}

static void the_order_of_selects_does_not_count(void)
{
  const gni_def *a = def_read(
      GN_STR("{\"metaData\":{\"name\":\"t.f.v\"},\"sources\":[{\"events\":{\"table\":\"n.t\","
             "\"query\":{"
             "\"selects\":{\"k\":\"1\",\"v\":\"2\",\"w\":\"3\"}}}}],\"keyColumns\":[\"k\"]}"),
      "x");
  const gni_def *b = def_read(
      GN_STR("{\"metaData\":{\"name\":\"t.f.v\"},\"sources\":[{\"events\":{\"table\":\"n.t\","
             "\"query\":{"
             "\"selects\":{\"w\":\"3\",\"k\":\"1\",\"v\":\"2\"}}}}],\"keyColumns\":[\"k\"]}"),
      "x");
  char first[GNI_DIGEST_BYTES], second[GNI_DIGEST_BYTES];
  CHECK_INT(gni_semantic_hash(a->node, false, &gni_libc_alloc, first), GN_OK);
  CHECK_INT(gni_semantic_hash(b->node, false, &gni_libc_alloc, second), GN_OK);
  CHECK_TEXT(first, second);
}

static const gni_def *oom_def;

static void hash_with(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_map hashes;
  gni_arena_init(&arena, alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = gni_join_hashes(oom_def->join, false, &arena, &hashes);
  CHECK(rc == GN_OK ? hashes.count == 12 : rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  oom_def = def_golden("joins/fleet/sets.mixed");
  CHECK(test_each_oom(hash_with) >= 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"digests are the first ten digits of Base64 of MD5",
       digests_are_the_first_ten_digits_of_base64_of_md5},
      {"semantic hashes equal upstream's", semantic_hashes_equal_upstreams},
      {"metadata does not count, and topics only when asked",
       metadata_does_not_count_and_topics_only_when_asked},
      {"the order of selects does not count", the_order_of_selects_does_not_count},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
