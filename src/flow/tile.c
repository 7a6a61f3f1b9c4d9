/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/tile.h"

enum { FORMAT = 1, HEADER_BYTES = 1 + 3 * 8 };

static uint64_t get_word(const char *at)
{
  uint64_t word = 0;
  for (int i = 7; i >= 0; i--) word = word << 8 | (uint8_t)at[i];
  return word;
}

static void put_word(gn_buf *out, uint64_t word)
{
  for (int i = 0; i < 8; i++) gni_buf_add_char(out, (char)(word >> (8 * i) & 0xFF));
}

static bool is_tile(gn_str stored)
{
  return stored.len > HEADER_BYTES && stored.ptr[0] == FORMAT;
}

bool gnp_tile_until(gn_str stored, int64_t *until_ms)
{
  if (!is_tile(stored)) return false;
  *until_ms = (int64_t)get_word(stored.ptr + 17);
  return true;
}

int gnp_tile_find(const gnp_serving *serving, gni_store_reader *reader, gn_str dataset, gn_str key,
                  gnp_tile *out, gn_error *err)
{
  gn_str stored;
  if (!serving->records.tile) return GN_ABSENT;
  int rc = gni_store_get(reader, dataset, key, &stored, err);
  if (rc != GN_OK) return rc;
  if (!is_tile(stored) || get_word(stored.ptr + 1) != serving->records.digest) return GN_ABSENT;
  out->from_ms = (int64_t)get_word(stored.ptr + 9);
  out->until_ms = (int64_t)get_word(stored.ptr + 17);
  out->bytes = (gn_str){stored.ptr + HEADER_BYTES, stored.len - HEADER_BYTES};
  return GN_OK;
}

int gnp_tile_load(const gnp_serving *serving, gnp_tile *tile, gn_arena *arena, gn_error *err)
{
  int rc = gni_avro_decode(serving->records.tile, tile->bytes, arena, &tile->value, err);
  if (rc != GN_OK) gni_error_where(err, "a tile of %.*s", GN_STR_ARGS(serving->group->name));
  return rc;
}

int gnp_tile_write(const gnp_serving *serving, const gnp_tile *tile, gn_buf *out, gn_error *err)
{
  gni_buf_reset(out);
  gni_buf_add_char(out, FORMAT);
  put_word(out, serving->records.digest);
  put_word(out, (uint64_t)tile->from_ms);
  put_word(out, (uint64_t)tile->until_ms);
  return gni_avro_encode(serving->records.tile, &tile->value, out, err);
}
