/* Tiles in the store: what put has folded of a key's live rows. SPDX-License-Identifier: Apache-2.0
 *
 * A setting under the key in <NAME>_TILES, its numbers little endian:
 *   format (1), digest of the definition (8), from_ms (8), until_ms (8), the tile as Avro
 * It holds every row of the stream with from_ms <= time < until_ms: a put of such a row makes it
 * anew, or removes it, in the same change. So it may be there or not; answers are the same. */
#ifndef GNOMON_SRC_FLOW_TILE_H
#define GNOMON_SRC_FLOW_TILE_H

#include "flow/live.h"

typedef struct gnp_tile {
  int64_t from_ms, until_ms;
  gn_str bytes;    /* the tile itself, in the store's memory */
  gni_value value; /* once it is opened */
} gnp_tile;

/* GN_ABSENT: the key has none, or one of another definition. */
int gnp_tile_find(const gnp_serving *serving, gni_store_reader *reader, gn_str dataset, gn_str key,
                  gnp_tile *out, gn_error *err);
/* Reads `bytes` into `value`. */
int gnp_tile_load(const gnp_serving *serving, gnp_tile *tile, gn_arena *arena, gn_error *err);
int gnp_tile_write(const gnp_serving *serving, const gnp_tile *tile, gn_buf *out, gn_error *err);
/* Until when a stored tile holds rows, whatever its definition; false: it is none. */
bool gnp_tile_until(gn_str stored, int64_t *until_ms);

#endif
