/* What flows: types, single values, and columns (Arrow). SPDX-License-Identifier: Apache-2.0
 *
 *   types     gni_type, gni_field; written as Spark writes them ("map<string,bigint>")
 *   values    gni_value: one cell, untagged; its type says which member counts
 *   columns   gni_column: a borrowed view of an Arrow array; gni_builder: rows into Arrow arrays
 *   streams   gni_stream_from_batches: a callback as an ArrowArrayStream
 *   windows   gni_window
 *
 * nanoarrow is included in this folder only. */
#ifndef GNOMON_SRC_DATA_H
#define GNOMON_SRC_DATA_H

#include <gnomon/arrow.h>

#include "base/base.h"

/* ---- types ----------------------------------------------------------------------------------- */

/* Chronon's DataKind with its numbers, then what only expressions see. */
enum gni_kind {
  GNI_BOOLEAN = 0,
  GNI_BYTE = 1,
  GNI_SHORT = 2,
  GNI_INT = 3,
  GNI_LONG = 4,
  GNI_FLOAT = 5,
  GNI_DOUBLE = 6,
  GNI_STRING = 7,
  GNI_BINARY = 8,
  GNI_DATE = 9,       /* days since 1970-01-01 */
  GNI_TIMESTAMP = 10, /* microseconds since 1970-01-01T00:00Z */
  GNI_MAP = 11,       /* fields[0] is the key, fields[1] the value */
  GNI_LIST = 12,      /* fields[0] is the element */
  GNI_STRUCT = 13,
  GNI_DECIMAL = 14, /* precision 1..38, scale 0..precision */
  GNI_NULL = 15     /* the type of a bare NULL */
};

typedef struct gni_type gni_type;

typedef struct gni_field {
  gn_str name;
  const gni_type *type;
} gni_field;

/* Immutable; lives in an arena or is static. Everything may be null. */
struct gni_type {
  uint8_t kind; /* gni_kind */
  uint8_t precision, scale;
  uint32_t field_count;
  const gni_field *fields;
  gn_str name; /* of a struct; may be empty */
};

extern const gni_type gni_type_boolean, gni_type_byte, gni_type_short, gni_type_int, gni_type_long,
    gni_type_float, gni_type_double, gni_type_string, gni_type_binary, gni_type_date,
    gni_type_timestamp, gni_type_null;

/* NULL when the arena is full. */
const gni_type *gni_type_list(gn_arena *arena, const gni_type *element);
const gni_type *gni_type_map(gn_arena *arena, const gni_type *key, const gni_type *value);
const gni_type *gni_type_struct(gn_arena *arena, gn_str name, const gni_field *fields,
                                size_t count); /* copies the array of fields, not the names */
const gni_type *gni_type_decimal(gn_arena *arena, int precision, int scale);
bool gni_type_equal(const gni_type *a, const gni_type *b); /* struct names do not count */
/* The position of a field, or -1. */
int gni_type_find(const gni_type *structure, gn_str name);
/* "bigint", "array<string>", "struct<a:int,b:map<string,double>>": Spark's simpleString. */
int gni_type_format(const gni_type *type, gn_buf *out);
/* Reads what gni_type_format writes, and Spark's other spellings (LONG, INTEGER, …). */
int gni_type_parse(gn_str text, gn_arena *arena, const gni_type **out, gn_error *err);

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct gni_value gni_value;
struct gni_value {
  bool is_null; /* then nothing else counts */
  union {
    bool boolean;
    int64_t integer; /* byte, short, int, long, date (days), timestamp (microseconds) */
    double real;     /* float (exactly representable) and double */
    gn_str text;     /* string (UTF-8) and binary */
    struct {
      const gni_value *items; /* list: elements; struct: fields; map: key, value, key, value, … */
      size_t count;           /* list: elements; struct: fields; map: pairs */
    } list;
    struct {
      uint64_t low;
      int64_t high;
    } decimal; /* 128-bit two's complement, unscaled */
  };
};

#define GNI_NULL_VALUE ((gni_value){.is_null = true})
static inline gni_value gni_value_boolean(bool x)
{
  return (gni_value){.boolean = x};
}
static inline gni_value gni_value_integer(int64_t x)
{
  return (gni_value){.integer = x};
}
static inline gni_value gni_value_real(double x)
{
  return (gni_value){.real = x};
}
static inline gni_value gni_value_text(gn_str x)
{
  return (gni_value){.text = x};
}

/* Deep copy into the arena; GN_E_NOMEM or GN_E_LIMIT when it is full. */
int gni_value_copy(const gni_type *type, const gni_value *value, gn_arena *arena, gni_value *out);
/* Equality as a JVM set sees it: NaN equals NaN, 0.0 differs from -0.0, binary by bytes, maps
 * without order. Nulls are equal. */
bool gni_value_equal(const gni_type *type, const gni_value *a, const gni_value *b);
/* The order of Chronon's MIN, MAX and the K lists: numbers, strings by UTF-16 code units. Nulls
 * last, NaN above all numbers; lists and structs by their first difference. */
int gni_value_compare(const gni_type *type, const gni_value *a, const gni_value *b);
uint64_t gni_value_hash(const gni_type *type, const gni_value *value);

/* ---- columns --------------------------------------------------------------------------------- */

/* A borrowed view of one Arrow array, offset applied, valid while the array lives. */
typedef struct gni_column {
  const gni_type *type;
  int64_t length;
  const uint8_t *validity; /* bits; NULL means no nulls */
  int64_t bit_offset;      /* of row 0, for validity and booleans */
  const void *values;      /* fixed-width values, or the bytes of texts */
  const void *offsets;     /* int32_t or int64_t (wide), length + 1; texts, lists, maps */
  bool wide;
  bool view; /* string views: `values` are 16-byte views, `buffers` the variadic ones */
  const void *const *buffers;
  uint32_t value_width; /* bytes of a stored fixed-width value; its unit is in `unit` */
  int64_t unit;         /* timestamps: multiply by this to get microseconds; negative: divide */
  uint8_t storage;      /* column.c's own: which of its readers applies */
  struct gni_column *children;
} gni_column;

static inline bool gni_column_is_null(const gni_column *column, int64_t row)
{
  int64_t bit = column->bit_offset + row;
  return column->validity && !(column->validity[bit >> 3] >> (bit & 7) & 1);
}

/* The cell as a value. Texts borrow the array's bytes; lists, maps and structs take their items
 * from the arena. */
int gni_column_get(const gni_column *column, int64_t row, gn_arena *arena, gni_value *out);
/* The cells [first, first + count) at once. */
int gni_column_get_many(const gni_column *column, int64_t first, size_t count, gn_arena *arena,
                        gni_value *out);

/* The cells of a column of 64-bit numbers without nulls, as they are stored, perhaps not aligned;
 * NULL for any other column. */
const char *gni_column_words(const gni_column *column);
/* Whether the cells [first, first + count) of a column of whole numbers are all the same, or all
 * null; false where it takes long to see. */
bool gni_column_is_constant(const gni_column *column, int64_t first, size_t count);

/* Arrow types that have no gni_type (unions, intervals, …) are GN_E_UNSUPPORTED with the name of
 * the column. Unsigned integers become the next wider signed type, uint64 decimal(20,0);
 * dictionaries are refused (decode first); time zones are dropped. */
int gni_type_from_arrow(const struct ArrowSchema *schema, gn_arena *arena, const gni_type **out,
                        gn_error *err);
/* `out` is the caller's to release. A map's entries struct is named "entries", key "key". */
int gni_type_to_arrow(const gni_type *type, gn_str name, struct ArrowSchema *out, gn_error *err);

/* Views a struct array (a batch) as columns. `schema_type` came from gni_type_from_arrow. */
int gni_batch_view(const gni_type *schema_type, const struct ArrowSchema *schema,
                   const struct ArrowArray *batch, gn_arena *arena, gni_column **columns,
                   gn_error *err);

/* Collects rows into a struct array. After a failed add only gni_builder_free is left. `structure`
 * and `alloc` outlive the builder. */
typedef struct gni_builder gni_builder;
int gni_builder_new(const gni_type *structure, const gn_alloc *alloc, gni_builder **out,
                    gn_error *err);
void gni_builder_free(gni_builder *builder);
/* `row` has one value a field. */
int gni_builder_add(gni_builder *builder, const gni_value *row, gn_error *err);
int64_t gni_builder_rows(const gni_builder *builder);
int64_t gni_builder_bytes(const gni_builder *builder); /* roughly, of the rows so far */
/* Moves the rows out; the builder is empty again. The array frees itself through `alloc`, which
 * must outlive it. */
int gni_builder_finish(gni_builder *builder, struct ArrowArray *out, gn_error *err);

/* ---- streams --------------------------------------------------------------------------------- */

/* Gives one more batch, or leaves out->release NULL at the end. */
typedef int (*gni_next_batch)(void *user, struct ArrowArray *out, gn_error *err);
/* A callback as a stream; `close` is called once on release. */
int gni_stream_new(const gni_type *structure, gni_next_batch next, void (*close)(void *user),
                   void *user, const gn_alloc *alloc, struct ArrowArrayStream *out, gn_error *err);
/* One pull with our error record; out->release is NULL at the end of the stream. */
int gni_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out, gn_error *err);
int gni_stream_type(struct ArrowArrayStream *stream, gn_arena *arena, struct ArrowSchema *schema,
                    const gni_type **out, gn_error *err);
void gni_stream_close(struct ArrowArrayStream *stream); /* released ones do nothing */
void gni_array_close(struct ArrowArray *array);
void gni_schema_close(struct ArrowSchema *schema);

#endif
