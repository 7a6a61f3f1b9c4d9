/* Bytes that leave or enter the process: JSON with positions, Avro. No feature words in here.
 * Uses data and base. yyjson is included in this folder only. SPDX-License-Identifier: Apache-2.0
 */
#ifndef GNOMON_SRC_WIRE_H
#define GNOMON_SRC_WIRE_H

#include "data/data.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

enum gni_json_kind {
  GNI_JSON_NULL,
  GNI_JSON_BOOLEAN,
  GNI_JSON_INTEGER, /* no point, no exponent, fits int64 */
  GNI_JSON_REAL,
  GNI_JSON_TEXT,
  GNI_JSON_LIST,
  GNI_JSON_OBJECT
};

/* One node of a parsed document; lives in the arena it was parsed into. */
typedef struct gni_json gni_json;
struct gni_json {
  uint8_t kind;          /* gni_json_kind */
  uint32_t line, column; /* 1-based, of its first character; columns count characters */
  union {
    bool boolean;
    int64_t integer;
    double real;
    gn_str text;
    struct {
      const gni_json *items; /* list: elements; object: values */
      const gni_json *keys;  /* object: GNI_JSON_TEXT nodes with their own positions; list: NULL */
      size_t count;
    } list;
  };
};

/* Strict JSON (RFC 8259), UTF-8, at most `depth_max` levels. A failure names line and column and
 * puts the caret line in the hint. Duplicate keys are kept; the last one wins in gni_json_member.
 */
int gni_json_parse(gn_str text, int depth_max, gn_arena *arena, const gni_json **out,
                   gn_error *err);
/* NULL when absent or when `object` is no object. */
const gni_json *gni_json_member(const gni_json *object, const char *key);
double gni_json_number(const gni_json *node); /* of an integer or a real; NaN of others */
/* Adds the text in quotes with JSON escapes; `ascii` writes everything above 0x7E as \uXXXX. */
int gni_json_add_text(gn_buf *out, gn_str text, bool ascii);
/* Writes a node compactly (no spaces). */
int gni_json_write(const gni_json *node, gn_buf *out);
/* JSON as Chronon's fetch prints it: NaN and infinities as strings, binary as base64, dates and
 * timestamps as ISO text (outside of the years 0000 to 9999 as their number), decimals as text,
 * maps with their keys in byte order (of other types: as their JSON in quotes), structs by field
 * name. */
int gni_value_to_json(const gni_type *type, const gni_value *value, gn_buf *out);
/* The same for a struct whose fields are at hand. */
int gni_struct_to_json(const gni_type *structure, const gni_value *fields, gn_buf *out);
/* A JSON node as a value of a type: numbers for numbers (range-checked), text for strings, dates
 * and timestamps in ISO or as days and microseconds, base64 for binary, objects for maps and
 * structs (unknown members are an error, absent ones null); decimals as text or number. Reads what
 * gni_value_to_json writes. Texts borrow the node's. `where` in err names the path. */
int gni_json_to_value(const gni_json *node, const gni_type *type, gn_arena *arena, gni_value *out,
                      gn_error *err);

int gni_base64_encode(gn_str bytes, gn_buf *out);
int gni_base64_decode(gn_str text, gn_buf *out); /* GN_E_PARSE when it is not base64 */

/* ---- Avro ------------------------------------------------------------------------------------ */

/* Chronon's conventions: namespace ai.chronon.data, doc "", every field a union [null, T], list
 * elements and map values bare, byte and short as int with a logicalType, names cleaned to
 * [0-9A-Za-z_], one set of names for records and fields of the whole schema: a name used before
 * gets _REPEATED_NAME_<i>. A record's name is its struct's name. */
typedef struct gni_avro_schema gni_avro_schema;

/* Plans the encoding of a struct type. GN_E_UNSUPPORTED for dates, timestamps, decimals and maps
 * whose keys are not strings. */
int gni_avro_schema_from_type(const gni_type *record, gn_arena *arena, const gni_avro_schema **out,
                              gn_error *err);
/* The schema text: `pretty` as Java's toString(true) prints it (two spaces, " : "), else compact as
 * toString() does. */
int gni_avro_schema_to_json(const gni_avro_schema *schema, bool pretty, gn_buf *out);
/* Parses a schema text (ours, Chronon's, or any of records, unions with null, lists, maps and
 * scalars); suffixes _REPEATED_NAME_<i> are stripped from the names of the type. */
int gni_avro_schema_parse(gn_str text, gn_arena *arena, const gni_avro_schema **out, gn_error *err);
const gni_type *gni_avro_schema_type(const gni_avro_schema *schema);

/* Appends the raw binary of one record: no header, no fingerprint. Null where a bare value must be
 * (list element, map value) is GN_E_TYPE with its path. Maps are written in one block in the order
 * given, as are lists. Allocates nothing but the buffer's growth. */
int gni_avro_encode(const gni_avro_schema *schema, const gni_value *record, gn_buf *out,
                    gn_error *err);
/* Reads one record that fills `bytes` exactly, bounds checked; texts borrow `bytes`, lists come
 * from the arena. Damage is GN_E_CORRUPT. Blocks with byte counts (negative) are accepted. */
int gni_avro_decode(const gni_avro_schema *schema, gn_str bytes, gn_arena *arena, gni_value *out,
                    gn_error *err);
/* The same of a record that is never null, its fields into the caller's values. */
int gni_avro_decode_fields(const gni_avro_schema *schema, gn_str bytes, gn_arena *arena,
                           gni_value *fields, gn_error *err);

#endif
