/* Rows into the bytes of one Parquet file, a column at a time. SPDX-License-Identifier: Apache-2.0
 *
 *   leaf        a column of numbers or texts: the page at hand, and the pages that are done
 *   dictionary  the distinct values of a column
 *   pack        small integers in few bits
 *   thrift      how Parquet writes what it says about itself
 *   encoder     rows into leaves, leaves into row groups, row groups into a file
 *
 * A page that is full is encoded and compressed at once, so that a file being written holds little
 * more than its compressed bytes. */
#ifndef GNOMON_SRC_TABLE_PARQUET_ENCODE_H
#define GNOMON_SRC_TABLE_PARQUET_ENCODE_H

#include "data/data.h"

#include <stdio.h>

/* What many encoders share, one at a time: room for a page, and the compressor. */
typedef struct gnp_press gnp_press;
int gnp_press_new(const gn_alloc *alloc, gnp_press **out, gn_error *err);
void gnp_press_free(gnp_press *press); /* NULL does nothing */

/* ---- thrift ---------------------------------------------------------------------------------- */

/* Thrift's compact protocol, as much as Parquet needs. A struct is opened with the number of the
 * field before, 0, in `*last`. */
void gnp_thrift_int(gn_buf *out, int *last, int field, int64_t value, bool is_long);
void gnp_thrift_text(gn_buf *out, int *last, int field, gn_str text);
void gnp_thrift_bool(gn_buf *out, int *last, int field, bool value);
void gnp_thrift_list(gn_buf *out, int *last, int field, int element, size_t count);
void gnp_thrift_struct(gn_buf *out, int *last, int field); /* its fields follow, then an end */
void gnp_thrift_end(gn_buf *out);
void gnp_thrift_varint(gn_buf *out, uint64_t value);
enum { GNP_VARINT_BYTES_MAX = 10 };
uint8_t *gnp_varint_put(uint8_t *to, uint64_t value); /* sevens of bits; gives the end */
uint64_t gnp_thrift_zigzag(int64_t value);
enum { GNP_THRIFT_I32 = 5, GNP_THRIFT_TEXT = 8, GNP_THRIFT_STRUCT = 12 };

/* ---- a column -------------------------------------------------------------------------------- */

/* Parquet's own numbers. */
enum gnp_physical {
  GNP_BOOLEAN = 0,
  GNP_INT32 = 1,
  GNP_INT64 = 2,
  GNP_FLOAT = 4,
  GNP_DOUBLE = 5,
  GNP_BYTE_ARRAY = 6,
  GNP_FIXED = 7
};
enum gnp_encoding { GNP_PLAIN = 0, GNP_RLE = 3, GNP_DIFFERENCES = 5, GNP_RLE_DICTIONARY = 8 };
enum { GNP_DECIMAL_BYTES = 16 };
/* Of a page before it is encoded; of a row group, where memory does not end it before. */
enum { GNP_PAGE_BYTES = 64 << 10, GNP_ROW_GROUP_ROWS = 122880 };

/* ---- bits ---- */

int gnp_bits_for(uint64_t most); /* 0 for 0 */
/* Runs of equal levels and packed ones, after their length in bytes. `levels` can be read, and
 * repeat the last, up to a multiple of 8. */
void gnp_pack_levels(gn_buf *out, const uint8_t *levels, uint32_t count, int bits);
/* The width in bits, then one packed run. */
void gnp_pack_positions(gn_buf *out, const uint32_t *positions, uint32_t count, int bits);
/* Integers of `width` 4 or 8 as DELTA_BINARY_PACKED: how much larger each is than the one before.
 */
void gnp_pack_differences(gn_buf *out, const char *bytes, uint32_t count, size_t width);

/* ---- the distinct values of a row group's column ---- */

typedef struct gnp_dictionary {
  uint32_t *slots, *starts; /* position + 1 by hash; where texts begin in `bytes` */
  size_t slot_count, start_capacity;
  uint32_t count;
  uint8_t width; /* bytes of a value; 0: texts */
  gn_buf bytes;  /* encoded plainly, one after another */
  const gn_alloc *alloc;
} gnp_dictionary;

void gnp_dictionary_init(gnp_dictionary *dictionary, size_t width, const gn_alloc *alloc);
void gnp_dictionary_deinit(gnp_dictionary *dictionary); /* it is empty again */
gn_str gnp_dictionary_get(const gnp_dictionary *dictionary, uint32_t id);
bool gnp_dictionary_add(gnp_dictionary *dictionary, gn_str value, uint32_t *id);

static inline size_t gnp_dictionary_hash(const gnp_dictionary *d, gn_str value)
{
  uint64_t bits = 0;
  if (d->width == 0 || d->width > sizeof bits) return gni_hash(value.ptr, value.len);
  memcpy(&bits, value.ptr, d->width);
  bits = (bits ^ bits >> 32) * UINT64_C(0x9E3779B97F4A7C15); /* round doubles differ at the top */
  return bits >> 32;
}

/* The position of a value, which is added when it is new; false without memory. Most are known, and
 * at their first slot. */
static inline bool gnp_dictionary_find(gnp_dictionary *d, gn_str value, uint32_t *id)
{
  uint64_t word, first;
  uint32_t known =
      d->slot_count ? d->slots[gnp_dictionary_hash(d, value) & (d->slot_count - 1)] : 0;
  if (!known) return gnp_dictionary_add(d, value, id);
  *id = known - 1;
  if (d->width == sizeof word) {
    memcpy(&word, value.ptr, sizeof word);
    memcpy(&first, d->bytes.ptr + (size_t)*id * sizeof first, sizeof first);
    if (word == first) return true;
  } else if (!d->width) {
    uint32_t len;
    const char *at = d->bytes.ptr + d->starts[*id];
    memcpy(&len, at, sizeof len);
    if (len == value.len && gni_same_bytes(at + sizeof len, value.ptr, len)) return true;
  }
  return gnp_dictionary_add(d, value, id);
}

/* A page that is done: its header and what it was pressed to. */
typedef struct gnp_page {
  struct gnp_page *next;
  size_t size;
  char bytes[];
} gnp_page;

/* A byte for each entry of the page at hand. */
typedef struct gnp_levels {
  uint8_t *of;
  uint32_t capacity;
} gnp_levels;

typedef struct gnp_leaf {
  /* What each entry needs comes first, on one line of the cache: rows go to many files in turn. */
  char *values; /* of the page at hand; positions of texts, as long as there is a dictionary */
  size_t used, capacity;
  uint32_t value_count, entry_count;
  gnp_levels defs, reps;   /* how deep each entry is defined, and where its list goes on */
  uint8_t physical, width; /* bytes of a value; 0: texts, each after its length */
  uint8_t max_def, max_rep;
  const gni_type *type;
  const gn_alloc *alloc;
  /* the row group at hand */
  gnp_dictionary dictionary;
  uint32_t known_before; /* values of it, when the page at hand began */
  bool is_plain;         /* values hardly repeat: no dictionary from here on */
  uint32_t encodings;    /* of the pages that are done: a bit each of enum gnp_encoding */
  gnp_page *pages, **last_page;
  size_t pages_bytes;
  int64_t entries, nulls, raw_bytes;
  int64_t least, most; /* of integers */
} gnp_leaf;

/* Whether a page that is done has positions in the dictionary. */
static inline bool gnp_leaf_has_dictionary(const gnp_leaf *leaf)
{
  return leaf->encodings & 1U << GNP_RLE_DICTIONARY;
}

void gnp_leaf_init(gnp_leaf *leaf, const gni_type *type, int max_def, int max_rep,
                   const gn_alloc *alloc);
void gnp_leaf_deinit(gnp_leaf *leaf);
/* One entry of the page at hand; `value` NULL: none at this depth. False without memory. */
bool gnp_leaf_put(gnp_leaf *leaf, const gni_value *value, int rep, int def);
/* The elements of one innermost list, all of which may be null, where there are some. */
bool gnp_leaf_put_items(gnp_leaf *leaf, const gni_value *items, size_t count, int rep, int def);
/* The entries of many rows, of a column that is in no list or struct. */
bool gnp_leaf_put_rows(gnp_leaf *leaf, const gni_value *const *rows, size_t count);
/* Ends the page at hand. */
int gnp_leaf_end_page(gnp_leaf *leaf, gnp_press *press, gn_error *err);
/* The page of the dictionary, which comes before all others; none when no page needs it. */
int gnp_leaf_dictionary_page(const gnp_leaf *leaf, gnp_press *press, gn_buf *out,
                             int64_t *raw_bytes, gn_error *err);
void gnp_leaf_reset(gnp_leaf *leaf); /* for the next row group */
size_t gnp_leaf_held_bytes(const gnp_leaf *leaf);

/* ---- a file ---------------------------------------------------------------------------------- */

typedef struct gnp_encoder gnp_encoder;

/* `structure` and `alloc` outlive it. */
int gnp_encoder_new(const gni_type *structure, size_t page_bytes, const gn_alloc *alloc,
                    gnp_encoder **out, gn_error *err);
void gnp_encoder_free(gnp_encoder *encoder); /* NULL does nothing */
/* The rows [first, first + count), field by field: columns[field][row], NULL for a field that the
 * rows have not. */
int gnp_encoder_add(gnp_encoder *encoder, const gni_value *const *const *columns, size_t first,
                    size_t count, gnp_press *press, gn_error *err);
int64_t gnp_encoder_rows(const gnp_encoder *encoder);      /* of the row group at hand */
size_t gnp_encoder_held_bytes(const gnp_encoder *encoder); /* until the next flush */
size_t gnp_encoder_leaves(const gni_type *structure);      /* how many columns a file will have */
/* Appends the row group at hand to a file, which the first of them begins. */
int gnp_encoder_flush(gnp_encoder *encoder, gnp_press *press, FILE *file, gn_error *err);
/* Appends what a file ends with. */
int gnp_encoder_end(gnp_encoder *encoder, FILE *file, gn_error *err);
int64_t gnp_encoder_file_bytes(const gnp_encoder *encoder);
int64_t gnp_encoder_file_rows(const gnp_encoder *encoder);

/* ---- the press ------------------------------------------------------------------------------- */

gn_buf *gnp_press_page(gnp_press *press);   /* room for a page, empty */
gn_buf *gnp_press_header(gnp_press *press); /* and for what is said of it */
/* Room for `count` positions; NULL without memory. */
uint32_t *gnp_press_indices(gnp_press *press, size_t count);
/* Compresses what gnp_press_page has; lives until the next call. */
int gnp_press_squeeze(gnp_press *press, gn_str *out, gn_error *err);

#endif
