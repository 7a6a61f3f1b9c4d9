/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/sketch_kit.h"

#include <inttypes.h>

/* ---- values ---- */

static uint32_t scattered(int64_t i)
{
  return (uint32_t)((uint64_t)i * 2654435761);
}

static gni_value as_text(int64_t i)
{
  return gni_value_text(gni_str_format(worked_arena(), "v%" PRId64, i));
}

gni_value distinct_value(gn_str values, int64_t i)
{
  if (gni_str_is(values, "text")) return as_text(i);
  if (gni_str_is(values, "double")) return gni_value_real((double)i / 4 - 100);
  return gni_value_integer(3 * i);
}

gni_value frequent_value(gn_str values, int64_t i)
{
  uint32_t x = scattered(i), value = x >> 28 < 12 ? x % 5 : x % 1000;
  if (gni_str_is(values, "text")) return as_text(value);
  if (gni_str_is(values, "double")) return gni_value_real((double)value / 4);
  return gni_value_integer(value);
}

float real_value(int64_t i)
{
  return (float)(scattered(i) >> 8) / 256;
}

/* ---- lines ---- */

static int digit(char c)
{
  return c <= '9' ? c - '0' : c - 'a' + 10;
}

static gn_str from_hex(gn_str text)
{
  char *bytes = gni_arena_take(worked_arena(), text.len / 2 + 1);
  CHECK(bytes != NULL && text.len % 2 == 0);
  for (size_t i = 0; i < text.len; i += 2)
    bytes[i / 2] = (char)(digit(text.ptr[i]) << 4 | digit(text.ptr[i + 1]));
  return (gn_str){bytes, text.len / 2};
}

void add_hex(gn_buf *out, gn_str bytes)
{
  for (size_t i = 0; i < bytes.len; i++) gni_buf_add_format(out, "%02x", (uint8_t)bytes.ptr[i]);
}

bool is_java(const recorded *one)
{
  return gni_json_member(one->line, "java") != NULL;
}

static recorded read_line(const gni_json *line)
{
  const gni_json *count = gni_json_member(line, "count");
  const gni_json *values = gni_json_member(line, "values");
  return (recorded){.line = line,
                    .k = (int)gni_json_member(line, "k")->integer,
                    .count = count ? count->integer : 0,
                    .values = values ? values->text : GN_STR("float"),
                    .bytes = from_hex(gni_json_member(line, "bytes")->text)};
}

size_t for_each_recorded(const char *sketch, void (*each)(const recorded *one))
{
  gn_buf text;
  gn_str rest, line;
  gn_error err = {0};
  size_t count = 0;
  gni_buf_init(&text, &gni_libc_alloc, 4 << 20);
  CHECK_OK(gni_file_read(test_golden("sketch/oracle.jsonl"), &text, &err), &err);
  rest = gni_str_take(worked_arena(), gni_buf_view(&text));
  gni_buf_deinit(&text);
  CHECK(rest.ptr != NULL);
  while (gni_str_split(&rest, '\n', &line)) {
    const gni_json *node;
    if (line.len == 0) continue;
    CHECK_OK(gni_json_parse(line, 8, worked_arena(), &node, &err), &err);
    if (!gni_str_is(gni_json_member(node, "sketch")->text, sketch)) continue;
    const recorded one = read_line(node);
    each(&one);
    count++;
  }
  return count;
}

void check_bytes(const recorded *one, gn_str bytes)
{
  gn_buf hex;
  gn_str expected = gni_json_member(one->line, "bytes")->text;
  gni_buf_init(&hex, &gni_libc_alloc, 4 << 20);
  add_hex(&hex, bytes);
  bool same = gni_str_equal(gni_buf_view(&hex), expected);
  gn_str kept = gni_str_take(worked_arena(), gni_buf_view(&hex));
  gni_buf_deinit(&hex);
  if (!same)
    test_fail(__FILE__, __LINE__, "line %u, k %d, %" PRId64 " of %.*s:\n%.*s, expected\n%.*s",
              one->line->line, one->k, one->count, GN_STR_ARGS(one->values), GN_STR_ARGS(kept),
              GN_STR_ARGS(expected));
}
