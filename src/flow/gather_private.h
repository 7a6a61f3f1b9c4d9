/* What gathering rows keeps: gather_take.c fills it, gather.c puts it in order and gives it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_GATHER_PRIVATE_H
#define GNOMON_SRC_FLOW_GATHER_PRIVATE_H

#include "flow/gather.h"

enum {
  GNP_CHUNK_ROWS = 1024, /* of a batch, taken at once */
  GNP_KEY_HERE_BYTES = 16,
  GNP_SHARED_TEXTS_MAX = 1 << 16,
  GNP_PREFETCH_ROWS = 8
};

/* One row; the slots of its inputs follow. */
struct row {
  int64_t time_ms;
  uint32_t key;   /* by first appearance */
  uint32_t nulls; /* a bit an input */
};

/* A text of a slot. */
struct text {
  uint32_t len;
  char bytes[];
};

/* A key: bytes that compare as keys are ordered, short ones where it is looked up. */
struct key {
  union {
    char here[GNP_KEY_HERE_BYTES];
    const char *there;
  };
  uint32_t len : 31, is_unordered : 1; /* a row came that is earlier than one before it */
  uint32_t rows;
  int64_t last_ms;
};

/* Rows in blocks of equal size. */
struct rows {
  char **blocks;
  size_t block_count, block_capacity;
  uint32_t count;
};

/* Rows of keys that follow each other. */
struct bucket {
  struct rows rows;
  uint32_t first_key, first_row; /* among all keys in order, among the rows of all keys */
};

/* Room for some rows of a batch, a column at a time. */
struct chunk {
  gni_value *cells; /* GNP_CHUNK_ROWS of a few columns */
  int64_t *times_ms;
  uint64_t *hashes; /* of keys */
  uint32_t *starts; /* of keys in `coded`, and where the last ends */
};

struct slots {
  uint32_t *ids; /* id + 1; 0 is free */
  uint32_t capacity, count;
};

struct gnp_gather {
  const gni_group *group;
  const gn_alloc *alloc;
  size_t ceiling_bytes, used_bytes;
  size_t key_count, input_count, row_bytes;
  unsigned block_shift; /* rows of a block, as a power of two */
  struct rows rows;     /* as they came */
  struct chunk chunk;
  gn_arena key_bytes, texts, cells;
  struct key *keys;
  uint32_t keys_capacity;
  struct slots key_slots, text_slots;
  const struct text **shared;   /* texts that are kept once */
  gn_buf coded;                 /* the keys being looked up */
  int64_t source, source_order; /* of the row before */
  int32_t day;
  /* after finishing */
  uint32_t *ranked;    /* keys in their order */
  uint32_t *rank_of;   /* a key: where it is in that order */
  uint16_t *bucket_of; /* a key: what its rows are brought to */
  struct bucket *buckets;
  uint32_t bucket_count, bucket_capacity, row_count, largest_key_rows;
  gnp_reader *whole; /* of all keys, one after another */
};

static inline gn_str gnp_key_bytes(const struct key *key)
{
  return (gn_str){key->len <= sizeof key->here ? key->here : key->there, key->len};
}

static inline struct row *gnp_row_at(const gnp_gather *g, const struct rows *rows, uint32_t index)
{
  size_t in_block = index & (((uint32_t)1 << g->block_shift) - 1);
  return (struct row *)(void *)(rows->blocks[index >> g->block_shift] + in_block * g->row_bytes);
}

static inline uint64_t *gnp_slots_of(struct row *row)
{
  return (uint64_t *)(row + 1);
}

/* One more block of rows, empty. */
int gnp_add_block(gnp_gather *g, struct rows *rows, gn_error *err);
/* More bytes are used; GN_ABSENT past the ceiling: then the engine sorts. */
int gnp_claim(gnp_gather *g, size_t bytes);

#endif
